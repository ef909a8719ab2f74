"""What, lost alone or together, stops this weapon system, and who can make it happen.

Everything public is listed in ``__all__`` and loaded when first used, so that importing the
package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

# These functions share their name with the module they live in. Importing them here, after their
# modules, makes the name the function's for good; the modules load nothing heavy.
from supplynet.examples import examples
from supplynet.graph import graph
from supplynet.view import view

__version__ = "0.1.0"

if TYPE_CHECKING:
    from supplynet.analysis.all_points import all_single_points
    from supplynet.analysis.centrality import (
        articulation_points,
        centrality,
        dominators,
        minimum_vertex_cut,
    )
    from supplynet.analysis.certificates import certificates
    from supplynet.analysis.checker import verify
    from supplynet.analysis.concentration import concentration
    from supplynet.analysis.cutsets import minimal_cut_sets, single_points_of_failure
    from supplynet.analysis.explain import explain
    from supplynet.analysis.importance import importance
    from supplynet.analysis.settle import next_cells
    from supplynet.analysis.sweeps import sweep
    from supplynet.arrays import load_arrays
    from supplynet.errors import (
        Finding,
        OutputError,
        QuestionError,
        SupplyNetError,
        UnknownNameError,
        ValidationError,
    )
    from supplynet.examples import load_example
    from supplynet.io import check, from_frames, from_networkx, load, save
    from supplynet.io.exchange import export
    from supplynet.io.merge import Merged, merge
    from supplynet.model import SupplyNetwork
    from supplynet.ownership import controllers
    from supplynet.report import chokepoint_report
    from supplynet.scenarios import lose
    from supplynet.units import Question
    from supplynet.viability import check_production_viability
    from supplynet.view import build_view

_HOMES = {
    "Finding": "errors",
    "OutputError": "errors",
    "Question": "units",
    "QuestionError": "errors",
    "SupplyNetError": "errors",
    "SupplyNetwork": "model",
    "UnknownNameError": "errors",
    "ValidationError": "errors",
    "all_single_points": "analysis.all_points",
    "articulation_points": "analysis.centrality",
    "build_view": "view",
    "centrality": "analysis.centrality",
    "certificates": "analysis.certificates",
    "check": "io",
    "check_production_viability": "viability",
    "chokepoint_report": "report",
    "concentration": "analysis.concentration",
    "controllers": "ownership",
    "dominators": "analysis.centrality",
    "explain": "analysis.explain",
    "export": "io.exchange",
    "from_frames": "io",
    "from_networkx": "io",
    "importance": "analysis.importance",
    "load": "io",
    "load_arrays": "arrays",
    "load_example": "examples",
    "Merged": "io.merge",
    "lose": "scenarios",
    "merge": "io.merge",
    "minimal_cut_sets": "analysis.cutsets",
    "minimum_vertex_cut": "analysis.centrality",
    "next_cells": "analysis.settle",
    "save": "io",
    "single_points_of_failure": "analysis.cutsets",
    "sweep": "analysis.sweeps",
    "verify": "analysis.checker",
}

__all__ = [
    "Finding",
    "Merged",
    "OutputError",
    "Question",
    "QuestionError",
    "SupplyNetError",
    "SupplyNetwork",
    "UnknownNameError",
    "ValidationError",
    "__version__",
    "all_single_points",
    "articulation_points",
    "build_view",
    "centrality",
    "certificates",
    "check",
    "check_production_viability",
    "chokepoint_report",
    "concentration",
    "controllers",
    "dominators",
    "examples",
    "explain",
    "export",
    "from_frames",
    "from_networkx",
    "graph",
    "importance",
    "load",
    "load_arrays",
    "load_example",
    "lose",
    "merge",
    "minimal_cut_sets",
    "minimum_vertex_cut",
    "next_cells",
    "save",
    "single_points_of_failure",
    "sweep",
    "verify",
    "view",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
