"""Which units hit which vertices and edges, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.jit import Array, filled
from supplynet.analysis._kernel.program import Program

__all__ = ["HitArrays", "hits_of"]


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


def _rows(length: int, items: Mapping[int, Sequence[int]], *, fast: bool) -> tuple[Array, Array]:
    start = filled(length + 1, 0, "int32", fast=fast)
    unit = filled(sum(map(len, items.values())), 0, "int32", fast=fast)
    at = 0
    for place in range(length):
        for number in sorted(items.get(place, ())):
            unit[at] = number
            at += 1
        start[place + 1] = at
    return start, unit
