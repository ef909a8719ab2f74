"""The single points of failure of every node at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.analysis import _kernel
from supplynet.analysis.reading import ILLUSTRATIVE, LOW
from supplynet.analysis.whole import Whole, whole_of

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.arrays import NetworkArrays
    from supplynet.model import SupplyNetwork

__all__ = ["AllSinglePoints", "all_single_points"]


@dataclass(frozen=True, eq=False)
class AllSinglePoints:
    """The single points of failure of every node that runs.

    Attributes
    ----------
    certain, assumed
        Node to the units that stop it alone, sorted, the node's own units left out. Read from
        arrays when asked for: a million nodes may have tens of millions of them.
    down
        Nodes that are down with nothing lost and illustrative needs met: they have none.
    coverage
        Part of an intake that delivering suppliers must hold; ``None``: any one is enough.
    uninformative
        ``node/need`` with less than half of the shares recorded, where a coverage is asked for.
    """

    by: str
    on: date | None
    certain: Mapping[str, tuple[str, ...]]
    assumed: Mapping[str, tuple[str, ...]]
    down: tuple[str, ...]
    coverage: Decimal | None = None
    uninformative: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "nodes": {
                node: {"certain": list(units), "assumed": list(self.assumed[node])}
                for node, units in self.certain.items()
            },
            "down": list(self.down),
            "uninformative": list(self.uninformative),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per node, unit and certainty."""
        import pandas as pd

        rows = [
            (node, unit, certainty)
            for node in self.certain
            for certainty, found in (("certain", self.certain), ("assumed", self.assumed))
            for unit in found[node]
        ]
        return pd.DataFrame(rows, columns=["node", "unit", "certainty"])

    def __repr__(self) -> str:
        return (
            f"<AllSinglePoints by {self.by}: {len(self.certain):,} nodes that run, "
            f"{len(self.down):,} that are down>"
        )


class _Points:
    """Units that stop each vertex alone at one level, and which vertices run."""

    def __init__(self, program: _kernel.Program, hits: _kernel.HitArrays) -> None:
        chain = _kernel.Chain(program)
        order, self.runs = chain.run()
        self.start, self.items = _kernel.single_points_all(program, order, hits, chain.uses)

    def of(self, vertex: int) -> Sequence[int]:
        items: Sequence[int] = self.items[self.start[vertex] : self.start[vertex + 1]]
        return items


class _PointsOf(Mapping[str, tuple[str, ...]]):
    """Node to unit names, read from the arrays of one level."""

    def __init__(self, whole: Whole, points: _Points, but_not: _Points | None = None) -> None:
        self._whole = whole
        self._points = points
        self._but_not = but_not

    @cached_property
    def _places(self) -> dict[str, int]:
        """The nodes that run for sure, by id, sorted, each with its number."""
        whole = self._whole
        runs = (self._but_not or self._points).runs
        named = sorted((node, i) for i, node in enumerate(whole.nodes) if runs[whole.output[i]])
        return dict(named)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, node: str) -> tuple[str, ...]:
        number = self._places[node]
        whole = self._whole
        vertex = whole.output[number]
        left_out = set(whole.own[whole.own_start[number] : whole.own_start[number + 1]])
        if self._but_not is not None:
            # Down through illustrative needs alone: no single point is read off that.
            if not self._points.runs[vertex]:
                return ()
            left_out.update(self._but_not.of(vertex))
        found = (whole.names[i] for i in self._points.of(vertex) if i not in left_out)
        return tuple(sorted(found))


def all_single_points(
    net: SupplyNetwork | NetworkArrays,
    *,
    by: str = "node",
    on: date | str | None = None,
    coverage: Decimal | str | int | None = None,
) -> AllSinglePoints:
    """Return, for every node, the units that stop it when lost alone.

    Parameters
    ----------
    net
        A network, or arrays from :func:`supplynet.load_arrays`.
    by, on, coverage
        As in :func:`supplynet.minimal_cut_sets`.

    Returns
    -------
    AllSinglePoints
        Certain and assumed single points of failure per node, the node's own unit left out.

    Raises
    ------
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    One fixpoint over all nodes instead of one search per target. Gaps are at their good end:
    possible findings and blind spots are asked one target at a time.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("recycling_loop")
    >>> supplynet.all_single_points(net).certain["magnet"]
    ('mine', 'sep')
    """
    whole = whole_of(net, (LOW, ILLUSTRATIVE), by=by, on=on, coverage=coverage)
    sure = _Points(*whole.levels[0])
    recorded = _Points(*whole.levels[1]) if _differ(whole) else sure
    nodes = enumerate(whole.nodes)
    return AllSinglePoints(
        by,
        whole.on,
        _PointsOf(whole, sure),
        _PointsOf(whole, recorded, sure),
        tuple(sorted(node for i, node in nodes if not sure.runs[whole.output[i]])),
        whole.coverage,
        whole.uninformative,
    )


def _differ(whole: Whole) -> bool:
    """Return whether any need is illustrative: otherwise both levels are the same."""
    first, second = (program for program, _ in whole.levels)
    return len(first.edge_start) != len(second.edge_start)
