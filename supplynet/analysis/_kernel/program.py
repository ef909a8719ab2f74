"""The network of needs as integer arrays, and forward chaining on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from supplynet.analysis._kernel.jit import Array, filled, kernel

__all__ = ["Chain", "Program", "Uses", "arrays_of", "chain", "uses_of"]


class Program(NamedTuple):
    """The network of needs, and what is down whatever is lost.

    Slots of vertex v are ``slot_start[v]:slot_start[v + 1]``, edges of slot s are
    ``edge_start[s]:edge_start[s + 1]``. All lists, or all numpy arrays (int32; `weight` and
    `need` int64; `stopped` uint8).

    Attributes
    ----------
    source
        Supplier vertex of each edge.
    stopped
        Per vertex, whether it never runs.
    weight, need
        Per edge what it brings, per slot how much of it meets the need, as exact integers; both
        empty where any one edge is enough. A slot whose need is 0 is always met.
    """

    slot_start: Array
    edge_start: Array
    source: Array
    stopped: Array
    weight: Array
    need: Array

    @property
    def fast(self) -> bool:
        """Whether the arrays are numpy's, for compiled kernels."""
        return type(self.source) is not list


def arrays_of(program: Program) -> Program:
    """Return the program with numpy arrays in place of lists."""
    import numpy as np

    if program.fast:
        return program
    kinds = ("int32", "int32", "int32", "uint8", "int64", "int64")
    return Program(*(np.array(a, dtype=k) for a, k in zip(program, kinds, strict=True)))


class Uses(NamedTuple):
    """The edges read from the supplier's side.

    Edges that leave vertex v are ``edge[start[v]:start[v + 1]]``; `slot` is the slot of each
    edge, `vertex` the vertex of each slot.
    """

    start: Array
    edge: Array
    slot: Array
    vertex: Array


def uses_of(program: Program) -> Uses:
    """Return the edges by supplier. Linear."""
    n, slots, edges = len(program.stopped), len(program.edge_start) - 1, len(program.source)
    fast = program.fast
    found = Uses(
        filled(n + 2, 0, "int32", fast=fast),
        filled(edges, 0, "int32", fast=fast),
        filled(edges, 0, "int32", fast=fast),
        filled(slots, 0, "int32", fast=fast),
    )
    if slots:
        _fill_uses(program.slot_start, program.edge_start, program.source, *found)
    return Uses(found.start[:-1], *found[1:])


@kernel
def _fill_uses(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    start: Array,
    edge: Array,
    slot: Array,
    vertex: Array,
) -> None:
    for v in range(len(slot_start) - 1):
        for s in range(slot_start[v], slot_start[v + 1]):
            vertex[s] = v
            for e in range(edge_start[s], edge_start[s + 1]):
                slot[e] = s
                start[source[e] + 2] += 1
    for v in range(2, len(start)):
        start[v] += start[v - 1]
    for e in range(len(source)):
        v = source[e] + 1
        edge[start[v]] = e
        start[v] += 1


@kernel
def chain(
    slot_start: Array,
    stopped: Array,
    weight: Array,
    need: Array,
    uses: tuple[Array, Array, Array, Array],
    lost: Array,
    cut: Array,
    room: Array,
    runs: Array,
    order: Array,
) -> int:
    """Fill `runs` and `order` with the vertices that run, in the order they start; return how many.

    `uses` is a tuple of the four arrays of :class:`Uses`; `lost` flags vertices and `cut` flags
    edges that are gone. `room` (per vertex: needs not met yet; then per slot: what is still
    lacking) and `runs` are overwritten. A vertex starts once: production is the least fixpoint.
    """
    start, edge, edge_slot, slot_vertex = uses
    n = len(stopped)
    weighted = len(need) > 0
    count = 0
    for v in range(n):
        room[v] = slot_start[v + 1] - slot_start[v]
        runs[v] = 0
    for s in range(len(slot_vertex)):
        lack = need[s] if weighted else 1
        room[n + s] = lack
        if lack <= 0:
            room[slot_vertex[s]] -= 1
    for v in range(n):
        if room[v] == 0 and not stopped[v] and not lost[v]:
            runs[v] = 1
            order[count] = v
            count += 1
    at = 0
    while at < count:
        v = order[at]
        at += 1
        for e in edge[start[v] : start[v + 1]]:
            s = edge_slot[e]
            lack = room[n + s]
            if lack <= 0 or cut[e]:
                continue
            lack -= weight[e] if weighted else 1
            room[n + s] = lack
            if lack > 0:
                continue
            owner = slot_vertex[s]
            left = room[owner] - 1
            room[owner] = left
            if left == 0 and not stopped[owner] and not lost[owner]:
                runs[owner] = 1
                order[count] = owner
                count += 1
    return count


class Chain:
    """Forward chaining on one program, ready to be asked for many losses. Linear in edges."""

    def __init__(self, program: Program) -> None:
        self.program = program
        n, slots, edges = len(program.stopped), len(program.edge_start) - 1, len(program.source)
        fast = program.fast
        self._lost = filled(n, 0, "uint8", fast=fast)
        self._cut = filled(edges, 0, "uint8", fast=fast)
        self._room = filled(n + slots, 0, "int64", fast=fast)

    @cached_property
    def uses(self) -> Uses:
        """The edges by supplier."""
        return uses_of(self.program)

    def run(self, lost: Iterable[int] = (), cut: Iterable[int] = ()) -> tuple[Any, Any]:
        """Return the vertices that run in the order they start, and per vertex whether it runs."""
        n = len(self.program.stopped)
        fast = self.program.fast
        runs = filled(n, 0, "uint8", fast=fast)
        order = filled(n, 0, "int32", fast=fast)
        lost, cut = list(lost), list(cut)
        for v in lost:
            self._lost[v] = 1
        for e in cut:
            self._cut[e] = 1
        p = self.program
        count = chain(
            p.slot_start, p.stopped, p.weight, p.need, tuple(self.uses),
            self._lost, self._cut, self._room, runs, order,
        )  # fmt: skip
        for v in lost:
            self._lost[v] = 0
        for e in cut:
            self._cut[e] = 0
        return order[:count], runs


def make_program(
    slots: Sequence[tuple[int, Sequence[int]]],
    source: Sequence[int],
    stopped: Sequence[bool],
    *,
    weights: Sequence[Sequence[int]] | None = None,
    needs: Sequence[int] | None = None,
) -> tuple[Program, list[int], list[int]]:
    """Return a program from (vertex, edges) pairs, and the edge and slot at each position.

    `weights` and `needs`, of each pair, make a program of thresholds.
    """
    by_vertex: list[list[int]] = [[] for _ in stopped]
    for position, (vertex, _) in enumerate(slots):
        by_vertex[vertex].append(position)
    slot_start, edge_start, sources = [0], [0], []
    edge_at: list[int] = []
    slot_at: list[int] = []
    for owned in by_vertex:
        for position in owned:
            slot_at.append(position)
            for edge in slots[position][1]:
                edge_at.append(edge)
                sources.append(source[edge])
            edge_start.append(len(sources))
        slot_start.append(len(slot_at))
    weight: list[int] = []
    need: list[int] = []
    if weights is not None and needs is not None:
        weight = [w for position in slot_at for w in weights[position]]
        need = [needs[position] for position in slot_at]
    program = Program(slot_start, edge_start, sources, [int(s) for s in stopped], weight, need)
    return program, edge_at, slot_at


def cone(program: Program, target: int) -> list[int]:
    """Return the vertices that can matter to the target, itself included, ascending."""
    n = len(program.stopped)
    fast = program.fast
    seen = filled(n, 0, "uint8", fast=fast)
    todo = filled(n, 0, "int32", fast=fast)
    count = _reach(program.slot_start, program.edge_start, program.source, target, seen, todo)
    found = todo[:count]
    found.sort()
    vertices: list[int] = found.tolist() if fast else found
    return vertices


@kernel
def _reach(
    slot_start: Array, edge_start: Array, source: Array, target: int, seen: Array, todo: Array
) -> int:
    seen[target] = 1
    todo[0] = target
    count = 1
    at = 0
    while at < count:
        v = todo[at]
        at += 1
        for e in range(edge_start[slot_start[v]], edge_start[slot_start[v + 1]]):
            if not seen[source[e]]:
                seen[source[e]] = 1
                todo[count] = source[e]
                count += 1
    return count


def restrict(program: Program, vertices: Sequence[int]) -> tuple[Program, Array]:
    """Return the program on a set of vertices closed under sources, and the old edge of each."""
    fast = program.fast
    slot_start, edge_start = program.slot_start, program.edge_start
    number = filled(len(program.stopped), -1, "int32", fast=fast)
    chosen: Array
    if fast:
        import numpy as np

        chosen = np.array(vertices, dtype=np.int32)
        number[chosen] = np.arange(len(chosen), dtype=np.int32)
        first, last = slot_start[chosen], slot_start[chosen + 1]
        slots = int((last - first).sum())
        edges = int((edge_start[last] - edge_start[first]).sum())
    else:
        chosen = list(vertices)
        slots = edges = 0
        for i, vertex in enumerate(vertices):
            number[vertex] = i
            slots += slot_start[vertex + 1] - slot_start[vertex]
            edges += edge_start[slot_start[vertex + 1]] - edge_start[slot_start[vertex]]
    weighted = len(program.need) > 0
    part = Program(
        filled(len(vertices) + 1, 0, "int32", fast=fast),
        filled(slots + 1, 0, "int32", fast=fast),
        filled(edges, 0, "int32", fast=fast),
        filled(len(vertices), 0, "uint8", fast=fast),
        filled(edges if weighted else 0, 0, "int64", fast=fast),
        filled(slots if weighted else 0, 0, "int64", fast=fast),
    )
    old_edge = filled(edges, 0, "int32", fast=fast)
    _copy_part(slot_start, tuple(program[1:]), chosen, number, tuple(part), old_edge)
    return part, old_edge


@kernel
def _copy_part(
    slot_start: Array,
    whole: tuple[Array, ...],
    chosen: Array,
    number: Array,
    part: tuple[Array, ...],
    old_edge: Array,
) -> None:
    edge_start, source, stopped, weight, need = whole
    new_slot_start, new_edge_start, new_source, new_stopped, new_weight, new_need = part
    slot = edge = 0
    for i in range(len(chosen)):
        v = chosen[i]
        new_stopped[i] = stopped[v]
        for s in range(slot_start[v], slot_start[v + 1]):
            if len(need) > 0:
                new_need[slot] = need[s]
            for e in range(edge_start[s], edge_start[s + 1]):
                new_source[edge] = number[source[e]]
                if len(need) > 0:
                    new_weight[edge] = weight[e]
                old_edge[edge] = e
                edge += 1
            slot += 1
            new_edge_start[slot] = edge
        new_slot_start[i + 1] = slot
