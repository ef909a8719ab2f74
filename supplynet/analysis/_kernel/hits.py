"""Which units hit which vertices and edges, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.jit import Array, filled
from supplynet.analysis._kernel.program import Program

__all__ = ["HitArrays", "hits_of", "items_of", "kept_hits"]


class HitArrays(NamedTuple):
    """Units that stop each vertex, and units that cut each edge; a place may have several.

    Units of vertex v are ``vertex_unit[vertex_start[v]:vertex_start[v + 1]]``, ascending; the same
    for edges. Where no unit cuts an edge, `edge_start` and `edge_unit` are empty.
    """

    vertex_start: Array
    vertex_unit: Array
    edge_start: Array
    edge_unit: Array


def hits_of(
    program: Program,
    vertex_items: Mapping[int, Sequence[int]],
    edge_items: Mapping[int, Sequence[int]],
) -> HitArrays:
    """Return the hits as arrays of the program's kind, from units by vertex and by edge."""
    vertex_start, vertex_unit = _rows(len(program.stopped), vertex_items, fast=program.fast)
    edges = len(program.source) if edge_items else -1
    edge_start, edge_unit = _rows(edges, edge_items, fast=program.fast)
    return HitArrays(vertex_start, vertex_unit, edge_start, edge_unit)


def kept_hits(hits: HitArrays, keep: Array) -> HitArrays:
    """Return the hits of those units that are flagged in `keep`. Linear."""
    vertices = _kept(hits.vertex_start, hits.vertex_unit, keep)
    edges = _kept(hits.edge_start, hits.edge_unit, keep)
    return HitArrays(*vertices, *edges) if len(edges[1]) else HitArrays(*vertices, *_none(keep))


def _kept(start: Array, unit: Array, keep: Array) -> tuple[Array, Array]:
    if not len(start):
        return start, unit
    if type(keep) is list:
        new_start, new_unit = [0], []
        for place in range(len(start) - 1):
            for number in unit[start[place] : start[place + 1]]:
                if keep[number]:
                    new_unit.append(number)
            new_start.append(len(new_unit))
        return new_start, new_unit
    import numpy as np

    kept = keep[unit] > 0
    before = np.concatenate(([0], np.cumsum(kept)))
    return before[start].astype("int32"), unit[kept]


def _none(keep: Array) -> tuple[Array, Array]:
    fast = type(keep) is not list
    return filled(0, 0, "int32", fast=fast), filled(0, 0, "int32", fast=fast)


def items_of(start: Array, unit: Array) -> dict[int, list[int]]:
    """Return the units by place, without the places that have none."""
    return {
        place: [int(n) for n in unit[start[place] : start[place + 1]]]
        for place in range(len(start) - 1)
        if start[place] < start[place + 1]
    }


def _rows(length: int, items: Mapping[int, Sequence[int]], *, fast: bool) -> tuple[Array, Array]:
    if fast:
        return _arrays(length, items)
    start = [0] * (length + 1)
    unit: list[int] = []
    for place in range(length):
        unit += sorted(items.get(place, ()))
        start[place + 1] = len(unit)
    return start, unit


def _arrays(length: int, items: Mapping[int, Sequence[int]]) -> tuple[Array, Array]:
    import numpy as np

    places = sorted(items)
    start = np.zeros(length + 1, dtype=np.int32)
    start[np.array(places, dtype=np.int64) + 1] = [len(items[place]) for place in places]
    unit = [number for place in places for number in sorted(items[place])]
    return np.cumsum(start, dtype=np.int32), np.array(unit, dtype=np.int32)
