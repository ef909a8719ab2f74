"""What is lost, loss by loss, and what is found to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program

__all__ = ["Listed", "Losses", "Swept", "hits_of_losses", "losses_of"]


class Losses(NamedTuple):
    """What is lost, row by row: all the vertices, and all the edges, of a row together.

    Vertices of row i are ``vertex[vertex_start[i]:vertex_start[i + 1]]``; the same for edges.
    """

    vertex_start: Array
    vertex: Array
    edge_start: Array
    edge: Array


class Swept(NamedTuple):
    """What stops, row by row.

    Attributes
    ----------
    count
        How many vertices stop that run with nothing lost; those that are lost are among them.
    start, vertex
        Those that were asked for: of row i ``vertex[start[i]:start[i + 1]]``, ascending.
    """

    count: Array
    start: Array
    vertex: Array


def losses_of(program: Program, hits: HitArrays, units: Sequence[int]) -> Losses:
    """Return, row by row, what each of the units hits. Linear."""
    fast = program.fast
    row = filled(max(units, default=-1) + 1, -1, "int32", fast=fast)
    for i, unit in enumerate(units):
        row[unit] = i
    at_vertices = _by_unit(hits.vertex_start, hits.vertex_unit, row, len(units))
    at_edges = _by_unit(hits.edge_start, hits.edge_unit, row, len(units))
    return Losses(*at_vertices, *at_edges)


def _by_unit(start: Array, unit: Array, row: Array, rows: int) -> tuple[Array, Array]:
    """Return places by row from units by place; `row` is the row of each unit, -1 for none."""
    fast = type(row) is not list
    new_start = filled(rows + 2, 0, "int32", fast=fast)
    place = filled(len(unit), 0, "int32", fast=fast)
    if len(start):
        _turn(start, unit, row, new_start, place)
    return new_start[:-1], place[: int(new_start[rows])]


def hits_of_losses(program: Program, losses: Losses) -> HitArrays:
    """Return the rows that hit each vertex and edge, as if they were units."""
    fast = program.fast
    vertices = _count_up(len(program.stopped), fast=fast)
    at_vertices = _by_unit(losses.vertex_start, losses.vertex, vertices, len(vertices))
    if not len(losses.edge):
        nothing = filled(0, 0, "int32", fast=fast)
        return HitArrays(*at_vertices, nothing, nothing)
    edges = _count_up(len(program.source), fast=fast)
    return HitArrays(*at_vertices, *_by_unit(losses.edge_start, losses.edge, edges, len(edges)))


def _count_up(length: int, *, fast: bool) -> Array:
    if not fast:
        return list(range(length))
    import numpy as np

    return np.arange(length, dtype="int32")


@kernel
def _turn(start: Array, unit: Array, row: Array, new_start: Array, place: Array) -> None:
    """Turn units by place into places by unit."""
    for j in range(start[0], start[len(start) - 1]):
        if unit[j] < len(row) and row[unit[j]] >= 0:
            new_start[row[unit[j]] + 2] += 1
    for i in range(2, len(new_start)):
        new_start[i] += new_start[i - 1]
    for p in range(len(start) - 1):
        for j in range(start[p], start[p + 1]):
            if unit[j] < len(row) and row[unit[j]] >= 0:
                place[new_start[row[unit[j]] + 1]] = p
                new_start[row[unit[j]] + 1] += 1


class Listed:
    """Pairs of a row and a vertex that stops in it, in room that grows."""

    def __init__(self, rows: int, wanted: Array, *, fast: bool) -> None:
        self.rows = rows
        self.wanted = wanted
        self.fast = fast
        self.row = filled(len(wanted), 0, "int32", fast=fast)
        self.vertex = filled(len(wanted), 0, "int32", fast=fast)
        # How many pairs there are.
        self.size = filled(1, 0, "int64", fast=fast)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What the kernels take."""
        return self.wanted, self.row, self.vertex, self.size

    def reserve(self, more: int) -> None:
        """See to it that there is room for so many more pairs."""
        needed = int(self.size[0]) + more
        if needed <= len(self.row):
            return
        length = max(needed, 2 * len(self.row))
        for name in ("row", "vertex"):
            old = getattr(self, name)
            new = filled(length, 0, "int32", fast=self.fast)
            new[: len(old)] = old
            setattr(self, name, new)

    def swept(self, count: Array) -> Swept:
        """Return the pairs by row, vertices ascending."""
        size = int(self.size[0])
        start = filled(self.rows + 2, 0, "int64", fast=self.fast)
        vertex = filled(size, 0, "int32", fast=self.fast)
        if size:
            by_vertex = filled(len(self.wanted) + 2, 0, "int64", fast=self.fast)
            middle = filled(size, 0, "int32", fast=self.fast)
            _sort(self.row, self.vertex, size, by_vertex, middle, start, vertex)
        return Swept(count, start[:-1], vertex)


@kernel
def _sort(
    row: Array,
    vertex: Array,
    size: int,
    by_vertex: Array,
    middle: Array,
    start: Array,
    sorted_vertex: Array,
) -> None:
    """Sort pairs by row and vertex: by vertex first, then by row, which keeps their order."""
    for i in range(size):
        by_vertex[vertex[i] + 2] += 1
        start[row[i] + 2] += 1
    for v in range(2, len(by_vertex)):
        by_vertex[v] += by_vertex[v - 1]
    for r in range(2, len(start)):
        start[r] += start[r - 1]
    for i in range(size):
        middle[by_vertex[vertex[i] + 1]] = row[i]
        by_vertex[vertex[i] + 1] += 1
    for v in range(len(by_vertex) - 2):
        for i in range(by_vertex[v], by_vertex[v + 1]):
            sorted_vertex[start[middle[i] + 1]] = v
            start[middle[i] + 1] += 1
