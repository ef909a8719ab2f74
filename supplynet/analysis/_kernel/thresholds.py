"""Thresholds written as plain AND/OR, by vertices that help."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program, arrays_of

__all__ = ["Expanded", "expand_thresholds", "expanded_hits"]


class Expanded(NamedTuple):
    """A program without thresholds that lets the same vertices run.

    Attributes
    ----------
    program
        The old vertices under their old numbers, then those that help. No helper is stopped.
    old_edge
        Per edge the edge of the old program that it stands for, -1 where its source is a helper.
        An old edge may stand in several places, or in none where it cannot matter.
    """

    program: Program
    old_edge: Array


def expand_thresholds(program: Program, limit: int = 1 << 30) -> Expanded | None:
    """Return the program with each threshold replaced by AND and OR; None beyond so many helpers.

    Notes
    -----
    "The edges from i on bring at least `lack`" is met(i, lack), the edges of a slot taken from the
    heaviest down. Less lacking is easier, so with w the weight of edge i::

        met(i, lack) = (edge i or met(i + 1, lack)) and met(i + 1, lack - w)

    which is a vertex with two slots. It holds always where lack <= 0, never where all edges left
    bring too little. Vertices of one slot are shared by i and the interval of lacks that come to
    the same (Abio et al. 2012); slots of equal weights and need share the work, not the vertices.
    A slot of k equal weights of which m must come costs about m (k - m) vertices; weights chosen
    to be hard cost exponentially many, hence the limit.
    """
    if not len(program.need):
        return Expanded(program, _numbers(len(program.source), fast=program.fast))
    writer = _Writer(program, limit)
    for vertex in range(len(program.stopped)):
        if not writer.add_vertex(vertex):
            return None
    return writer.finish()


def expanded_hits(expanded: Expanded, hits: HitArrays) -> HitArrays:
    """Return the hits of the old program as hits of the expanded one. Linear."""
    fast = expanded.program.fast
    vertices, edges = len(expanded.program.stopped), len(expanded.program.source)
    vertex_start = filled(vertices + 1, int(hits.vertex_start[-1]), "int32", fast=fast)
    vertex_start[: len(hits.vertex_start)] = hits.vertex_start
    if not len(hits.edge_start):
        return HitArrays(vertex_start, hits.vertex_unit, hits.edge_start, hits.edge_unit)
    start = filled(edges + 1, 0, "int32", fast=fast)
    if edges:
        _count_edge_units(expanded.old_edge, hits.edge_start, start)
    unit = filled(int(start[edges]), 0, "int32", fast=fast)
    if edges:
        _copy_edge_units(expanded.old_edge, hits.edge_start, hits.edge_unit, start, unit)
    return HitArrays(vertex_start, hits.vertex_unit, start, unit)


@kernel
def _count_edge_units(old_edge: Array, edge_start: Array, start: Array) -> None:
    for e in range(len(old_edge)):
        old = old_edge[e]
        start[e + 1] = start[e]
        if old >= 0:
            start[e + 1] += edge_start[old + 1] - edge_start[old]


@kernel
def _copy_edge_units(
    old_edge: Array, edge_start: Array, edge_unit: Array, start: Array, unit: Array
) -> None:
    for e in range(len(old_edge)):
        old = old_edge[e]
        if old >= 0:
            for i in range(edge_start[old + 1] - edge_start[old]):
                unit[start[e] + i] = edge_unit[edge_start[old] + i]


def _numbers(length: int, *, fast: bool) -> Array:
    if not fast:
        return list(range(length))
    import numpy as np

    return np.arange(length, dtype="int32")


_Slot = tuple[list[int], int]
"""Positions of edges, and the node that is one more alternative (-1: none)."""

_NEVER, _ALWAYS = -2, -1
#: Alternatives up to which they are repeated where they are used: a wide slot stays linear.
_INLINE = 8


class _Diagram:
    """How a slot of these weights, heaviest first, meets its need.

    Attributes
    ----------
    slots
        The slots that take the place of the threshold; none where it is always met.
    nodes
        Per node its slots, which refer to nodes of smaller numbers.
    never
        Whether the need cannot be met; then `slots` is one slot without edges.
    """

    def __init__(self, weights: Sequence[int], need: int, limit: int) -> None:
        self.weights = weights
        self.limit = limit
        self.left = [0] * (len(weights) + 1)
        for i in reversed(range(len(weights))):
            self.left[i] = self.left[i + 1] + weights[i]
        self.nodes: list[list[_Slot]] = []
        self._number: dict[tuple[int, int, int], int] = {}
        self._parts: list[tuple[int, int, int]] = []
        # Per level the nodes by interval of lacks: lower ends, upper ends, nodes.
        self._known: list[tuple[list[int], list[int], list[int]]] = [([], [], []) for _ in weights]
        root = self._build(need)
        self.complete = root is not None
        self.slots: list[_Slot] = []
        if root == _NEVER:
            self.slots = [([], -1)]
        elif root is not None and root >= 0:
            self._write()
            self.slots = self._slots_of(root)

    def _find(self, i: int, lack: int) -> tuple[int, int, int] | None:
        """Return a node and the lacks for which it stands, if it is known."""
        if lack <= 0:
            return _ALWAYS, -(1 << 62), 0
        if lack > self.left[i]:
            return _NEVER, self.left[i] + 1, 1 << 62
        low, high, node = self._known[i]
        at = bisect_right(low, lack) - 1
        if at < 0 or high[at] < lack:
            return None
        return node[at], low[at], high[at]

    def _build(self, need: int) -> int | None:
        """Return the node of the whole threshold; None beyond the limit."""
        todo = [(0, need)]
        while todo:
            i, lack = todo[-1]
            if self._find(i, lack) is not None:
                todo.pop()
                continue
            weight = self.weights[i]
            skipped, taken = self._find(i + 1, lack), self._find(i + 1, lack - weight)
            if skipped is None:
                todo.append((i + 1, lack))
            if taken is None:
                todo.append((i + 1, lack - weight))
            if skipped is None or taken is None:
                continue
            todo.pop()
            number = self._number_of(i, skipped[0], taken[0])
            if number >= self.limit:
                return None
            low, high = max(skipped[1], taken[1] + weight), min(skipped[2], taken[2] + weight)
            lows, highs, nodes = self._known[i]
            at = bisect_right(lows, low)
            lows.insert(at, low)
            highs.insert(at, high)
            nodes.insert(at, number)
        found = self._find(0, need)
        return found[0] if found else None

    def _number_of(self, i: int, skipped: int, taken: int) -> int:
        if skipped == taken:
            return skipped
        key = (i, skipped, taken)
        number = self._number.setdefault(key, len(self._parts))
        if number == len(self._parts):
            self._parts.append(key)
        return number

    def _write(self) -> None:
        """Turn nodes into slots; one that is a bare alternative goes into the slots that use it."""
        self._alternative: list[_Slot] = []
        for i, skipped, taken in self._parts:
            other = ([], -1) if skipped == _NEVER else self._alternative[skipped]
            either = ([i, *other[0]], other[1])
            if taken == _ALWAYS and len(either[0]) < _INLINE:
                self._alternative.append(either)
                continue
            self._alternative.append(([], len(self.nodes)))
            self.nodes.append([either] if taken == _ALWAYS else [either, self._alternative[taken]])

    def _slots_of(self, node: int) -> list[_Slot]:
        positions, helper = self._alternative[node]
        if positions or helper < 0:
            return [(positions, helper)]
        return self.nodes.pop()


class _Writer:
    """Writes the expanded program, vertex by vertex; helpers follow at the end."""

    def __init__(self, program: Program, limit: int) -> None:
        lists = (a if type(a) is list else a.tolist() for a in program)
        self.old = Program(*lists)
        self.fast = program.fast
        self.limit = limit
        self.slot_start = [0]
        self.edge_start = [0]
        self.source: list[int] = []
        self.old_edge: list[int] = []
        self.helpers: list[tuple[list[int], list[list[_Slot]], int]] = []
        self.next_helper = len(self.old.stopped)
        self._diagrams: dict[tuple[int, ...], _Diagram] = {}

    def add_vertex(self, vertex: int) -> bool:
        """Write the slots of an old vertex; False beyond the limit."""
        old = self.old
        for slot in range(old.slot_start[vertex], old.slot_start[vertex + 1]):
            first, last, need = old.edge_start[slot], old.edge_start[slot + 1], old.need[slot]
            if need <= 0:
                continue
            weight = old.weight[first:last]
            if weight and min(weight) >= need:
                self._add_slot(list(range(first, last)), ([*range(last - first)], -1), 0)
                continue
            edges = sorted(range(first, last), key=lambda e: -old.weight[e])
            diagram = self._diagram(tuple(old.weight[e] for e in edges), need)
            if diagram is None:
                return False
            for new in diagram.slots:
                self._add_slot(edges, new, self.next_helper)
            if diagram.nodes:
                self.helpers.append((edges, diagram.nodes, self.next_helper))
                self.next_helper += len(diagram.nodes)
        self.slot_start.append(len(self.edge_start) - 1)
        return self.next_helper - len(old.stopped) <= self.limit

    def _diagram(self, weights: tuple[int, ...], need: int) -> _Diagram | None:
        key = (need, *weights)
        diagram = self._diagrams.get(key)
        if diagram is None:
            diagram = self._diagrams[key] = _Diagram(weights, need, self.limit)
        return diagram if diagram.complete else None

    def _add_slot(self, edges: Sequence[int], slot: _Slot, first_helper: int) -> None:
        positions, helper = slot
        for position in positions:
            self.source.append(self.old.source[edges[position]])
            self.old_edge.append(edges[position])
        if helper >= 0:
            self.source.append(first_helper + helper)
            self.old_edge.append(-1)
        self.edge_start.append(len(self.source))

    def finish(self) -> Expanded:
        """Write the helpers."""
        for edges, nodes, first_helper in self.helpers:
            for slots in nodes:
                for slot in slots:
                    self._add_slot(edges, slot, first_helper)
                self.slot_start.append(len(self.edge_start) - 1)
        helpers = self.next_helper - len(self.old.stopped)
        stopped = [*self.old.stopped, *([0] * helpers)]
        program = Program(self.slot_start, self.edge_start, self.source, stopped, [], [])
        if not self.fast:
            return Expanded(program, self.old_edge)
        import numpy as np

        return Expanded(arrays_of(program), np.array(self.old_edge, dtype="int32"))
