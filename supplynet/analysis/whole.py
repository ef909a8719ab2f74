"""The whole network as one question to the kernels: all nodes, all units of one `by`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.analysis import _kernel
from supplynet.analysis.reading import Reading
from supplynet.arrays import NetworkArrays, arrays_of_network
from supplynet.errors import QuestionError
from supplynet.model import SupplyNetwork
from supplynet.units import ask, compile_network, compile_units

if TYPE_CHECKING:
    from supplynet.units import Compiled, Units

__all__ = ["Whole", "whole_of"]

#: Units that cannot be read off a column: who has a lever, and what a firm owns.
_OF_OBJECTS = frozenset({"owner", "controller"})
#: Units that are sets of supplies.
_OF_SUPPLIES = frozenset({"supply", "material"})


@dataclass(frozen=True, eq=False)
class Whole:
    """All nodes and all units of one `by`, with gaps at their good end.

    Attributes
    ----------
    nodes, output
        Node ids, and per node the vertex that is down when it makes nothing.
    names
        Unit names.
    levels
        Per level of confidence the program and what the units hit.
    own_of
        Units of which each node is part itself, by node: ``own[own_start[i]:own_start[i + 1]]``.
    uninformative
        ``node/need`` with less than half of the shares recorded, where a coverage is asked for.
    """

    by: str
    on: date | None
    coverage: Decimal | None
    nodes: Sequence[str]
    output: Any
    names: Sequence[str]
    levels: tuple[tuple[_kernel.Program, _kernel.HitArrays], ...]
    own_start: Any
    own: Any
    uninformative: tuple[str, ...]


def whole_of(
    net: SupplyNetwork | NetworkArrays,
    levels: Sequence[int],
    *,
    by: str,
    on: date | str | None = None,
    coverage: Decimal | str | int | None = None,
) -> Whole:
    """Return a network as the kernels read it, at some levels of confidence.

    A large network goes straight into arrays; a small one is compiled need by need, as every
    other question compiles it.

    Raises
    ------
    QuestionError
        The question cannot be asked of this network.
    """
    if isinstance(net, NetworkArrays):
        if on is not None:
            raise QuestionError("arrays stand for one date: give it to load_arrays")
        if coverage is not None:
            raise QuestionError("arrays hold no shares: ask a coverage of a loaded network")
        return _of_arrays(net, levels, by)
    first = next(iter(net.table("nodes").column("id")), None)
    if first is None:
        raise QuestionError("the network has no nodes")
    question = ask(net, first, by=by, on=on, coverage=coverage)
    large = len(net.table("supplies")) > _kernel.LARGE and _kernel.available()
    # An element is lost with all that contains it: a supply may then be part of several units.
    apart = by not in _OF_OBJECTS and not (
        by == "material" and any(net.table("materials").column("contains"))
    )
    if large and apart and question.coverage is None:
        return _of_arrays(arrays_of_network(net, question.on), levels, by)
    compiled = compile_network(net, question.on, question.coverage)
    return _of_compiled(compiled, compile_units(net, compiled, by), levels)


def _of_compiled(compiled: Compiled, units: Units, levels: Sequence[int]) -> Whole:
    read = []
    for level in levels:
        reading = Reading(compiled, level)
        vertex_items: dict[int, list[int]] = defaultdict(list)
        edge_items: dict[int, list[int]] = defaultdict(list)
        for number, unit in enumerate(units.units):
            for vertex in unit.vertices:
                vertex_items[vertex].append(number)
            for edge in unit.edges:
                if edge in reading.edge_number:
                    edge_items[reading.edge_number[edge]].append(number)
        hits = _kernel.hits_of(reading.program, vertex_items, edge_items)
        read.append((reading.program, hits))
    position = {unit.name: i for i, unit in enumerate(units.units)}
    own: dict[str, list[int]] = defaultdict(list)
    for name, nodes in units.touches.items():
        for node in nodes:
            own[node].append(position[name])
    own_start, flat = [0], []
    for node in compiled.nodes:
        flat += sorted(own[node])
        own_start.append(len(flat))
    named = ((compiled.nodes[node], need) for node, need in compiled.uninformative)
    return Whole(
        units.by,
        compiled.on,
        compiled.coverage,
        compiled.nodes,
        list(compiled.output),
        tuple(position),
        tuple(read),
        own_start,
        flat,
        tuple(sorted(f"{node}/{need}" for node, need in named)),
    )


def _of_arrays(arrays: NetworkArrays, levels: Sequence[int], by: str) -> Whole:
    import numpy as np

    units = arrays.units(by)
    nothing = np.zeros(0, dtype=np.int32)
    of_nodes = by not in _OF_SUPPLIES
    vertices = np.full(len(arrays.vertex_node), -1, dtype=np.int32)
    if of_nodes:
        vertices[: len(arrays.nodes)] = units.code
    own_start, own = _rows(vertices[: len(arrays.nodes)])
    read = []
    for level in levels:
        needs = arrays.needs(level)
        program = _kernel.Program(*needs[:6])
        if of_nodes:
            hits = _kernel.HitArrays(*_rows(vertices), nothing, nothing)
        else:
            supply = arrays.edge_supply[needs.edge]
            code = np.where(supply >= 0, units.code[supply], np.int32(-1)).astype(np.int32)
            hits = _kernel.HitArrays(*_rows(vertices), *_rows(code))
        if not _kernel.available():
            lists = (a.tolist() for a in program)
            program = _kernel.Program(*lists)
            hits = _kernel.HitArrays(*(a.tolist() for a in hits))
        read.append((program, hits))
    output = arrays.output
    return Whole(
        by,
        arrays.on,
        None,
        arrays.nodes,
        output,
        units.names,
        tuple(read),
        own_start,
        own,
        (),
    )


def _rows(code: Any) -> tuple[Any, Any]:  # noqa: ANN401 - numpy arrays
    """Return start and items of rows of at most one item, -1 for none."""
    import numpy as np

    start = np.concatenate(([0], np.cumsum(code >= 0))).astype(np.int32)
    return start, code[code >= 0].astype(np.int32)
