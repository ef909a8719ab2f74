"""Failure of a target without loops as a graph of AND and OR gates over units.

A vertex fails when a unit hits it or some slot fails (OR); a slot fails when every edge fails
(AND). Thresholds are written out first.
"""

from __future__ import annotations

from typing import Any

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program
from supplynet.analysis._kernel.thresholds import expand_thresholds, expanded_hits

__all__ = ["AND", "BASE", "COUNT", "FALSE", "OR", "ROOT", "STAMP", "TRUE", "Graph"]
__all__ += ["graph_of", "is_acyclic", "make_gate", "zeros"]

# A gate's kind is also the constant that it can leave out: OR drops FALSE, AND drops TRUE.
OR = FALSE = 0
AND = TRUE = 1

#: The number of a node, as an array holds it.
Node = Any

#: The first literal: unit u is node u + 2, gates come after the literals.
_FIRST = 2

# State of a graph.
COUNT, STAMP, ROOT, BASE = range(4)


def zeros(length: int, *, fast: bool) -> Array:
    """Return a list, or where `fast` a numpy array of int32, of zeros."""
    if not fast:
        return [0] * length
    import numpy as np

    return np.zeros(length, dtype=np.int32)


class Graph:
    """Gates under construction; arguments come before the gates that have them.

    Nodes are FALSE (never fails), TRUE (fails whatever is lost), ``u + 2`` for unit u, then gates
    from `base` on. `arrays` are, by gate less base: its kind, where its arguments start, these
    arguments; a table to find equal gates; a mark per node; and the state.
    """

    def __init__(self, base: int, gates: int, args: int, *, fast: bool) -> None:
        self.fast = fast
        self.base = base
        size = 8
        while size < 2 * gates:
            size *= 2
        self.arrays = (
            zeros(gates + 1, fast=fast),
            zeros(gates + 2, fast=fast),
            zeros(args + 1, fast=fast),
            zeros(size, fast=fast),
            zeros(base + gates + 1, fast=fast),
            filled(4, 0, "int64", fast=fast),
        )
        self.arrays[5][BASE] = base

    @property
    def size(self) -> tuple[int, int]:
        """How many gates there are, and arguments of them."""
        gates = int(self.arrays[5][COUNT])
        return gates, int(self.arrays[1][gates])


@kernel
def make_gate(tmp: Array, end: int, many: int, kind: int, graph: tuple[Array, ...]) -> Node:
    """Return the node that is the gate of the `many` arguments before ``tmp[end]``.

    Constants, repeated arguments and what other arguments imply are left out, and a gate that is
    there already is found.
    """
    kinds, start, arg, table, mark, state = graph
    base = state[BASE]
    count = state[COUNT]
    state[STAMP] += 1
    stamp = state[STAMP]
    first = start[count]
    last = first
    mixed = False
    for i in range(end - many, end):
        a = tmp[i]
        if a == 1 - kind:
            return a
        if a != kind and mark[a] != stamp:
            mark[a] = stamp
            arg[last] = a
            last += 1
            mixed = mixed or a >= base
    if mixed:
        # x or (x and y) is x, and the same the other way round.
        kept = first
        for i in range(first, last):
            a = arg[i]
            absorbed = False
            if a >= base and kinds[a - base] != kind:
                for j in range(start[a - base], start[a - base + 1]):
                    absorbed = absorbed or mark[arg[j]] == stamp
            if not absorbed:
                arg[kept] = a
                kept += 1
        last = kept
        state[STAMP] += 1
        stamp = state[STAMP]
        for i in range(first, last):
            mark[arg[i]] = stamp
    if last == first:
        return kind
    if last == first + 1:
        return arg[first]
    h = kind + 1
    for i in range(first, last):
        h += (arg[i] * 668265263) ^ (arg[i] >> 3)
    mask = len(table) - 1
    h = (h ^ (h >> 17)) & mask
    while table[h]:
        g = table[h] - 1
        if kinds[g] == kind and start[g + 1] - start[g] == last - first:
            same = True
            for j in range(start[g], start[g + 1]):
                same = same and mark[arg[j]] == stamp
            if same:
                return g + base
        h = (h + 1) & mask
    table[h] = count + 1
    kinds[count] = kind
    start[count + 1] = last
    state[COUNT] = count + 1
    return count + base


def is_acyclic(program: Program, target: int) -> bool:
    """Return whether no vertex that can matter to the target needs itself. Linear."""
    return _ordered(program, target)[1] >= 0


def _ordered(program: Program, target: int) -> tuple[Array, int]:
    """Return the target's cone, suppliers first, and its size, or -1 where there is a loop."""
    n, fast = len(program.stopped), program.fast
    order, seen, stack = (zeros(n, fast=fast) for _ in range(3))
    count = _suppliers_first(
        program.slot_start, program.edge_start, program.source, program.stopped, target,
        order, seen, stack,
    )  # fmt: skip
    return order, int(count)


@kernel
def _suppliers_first(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    stopped: Array,
    target: int,
    order: Array,
    seen: Array,
    stack: Array,
) -> int:
    # `seen` is 0 where not met, 1 + edges done while open, -1 when done.
    count = 0
    stack[0] = target
    depth = 1
    while depth > 0:
        v = stack[depth - 1]
        first = edge_start[slot_start[v]]
        edges = edge_start[slot_start[v + 1]] - first
        if seen[v] == 0:
            seen[v] = 1 + edges if stopped[v] else 1
        at = seen[v] - 1
        pushed = False
        while at < edges and not pushed:
            w = source[first + at]
            at += 1
            if seen[w] > 0:
                return -1
            if seen[w] == 0:
                stack[depth] = w
                depth += 1
                pushed = True
        seen[v] = 1 + at
        if not pushed:
            seen[v] = -1
            order[count] = v
            count += 1
            depth -= 1
    return count


def graph_of(program: Program, hits: HitArrays, *, target: int, gate_limit: int) -> Graph | None:
    """Return the gates of the target's failure as they come; the target's cone has no loop.

    ``None`` where thresholds would take more than so many gates.
    """
    expanded = expand_thresholds(program, gate_limit)
    if expanded is None:
        return None
    hits = expanded_hits(expanded, hits)
    program = expanded.program
    fast = program.fast
    order, cone = _ordered(program, target)
    base = _FIRST + 1 + max(_largest(hits.vertex_unit), _largest(hits.edge_unit))
    edges = len(program.source)
    gates = len(program.stopped) + len(program.edge_start) + edges
    args = gates + edges + len(hits.vertex_unit) + len(hits.edge_unit)
    graph = Graph(base, gates, args, fast=fast)
    node_of, scratch = zeros(len(program.stopped), fast=fast), zeros(args, fast=fast)
    _build(order, cone, tuple(program[:4]), tuple(hits), graph.arrays, node_of, scratch)
    return graph


def _largest(units: Array) -> int:
    if not len(units):
        return -1
    return max(units) if type(units) is list else int(units.max())


@kernel
def _build(
    order: Array,
    cone: int,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    graph: tuple[Array, ...],
    node_of: Array,
    tmp: Array,
) -> None:
    """Fill the graph with the gates of the cone, suppliers first."""
    slot_start, edge_start, source, stopped = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    kinds, start, arg, _, _, state = graph
    base = state[BASE]
    cuts = len(cut_unit) > 0
    count = 0
    top = 0
    for at in range(cone):
        v = order[at]
        if stopped[v]:
            node_of[v] = TRUE
            continue
        end = 0
        for i in range(vertex_start[v], vertex_start[v + 1]):
            tmp[end] = vertex_unit[i] + _FIRST
            end += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            first = end
            for e in range(edge_start[s], edge_start[s + 1]):
                tmp[end] = node_of[source[e]]
                if cuts and cut_start[e + 1] > cut_start[e]:
                    arg[top] = tmp[end]
                    top += 1
                    for i in range(cut_start[e], cut_start[e + 1]):
                        arg[top] = cut_unit[i] + _FIRST
                        top += 1
                    kinds[count] = OR
                    tmp[end] = base + count
                    count += 1
                    start[count] = top
                end += 1
            if end != first + 1:
                for i in range(first, end):
                    arg[top] = tmp[i]
                    top += 1
                kinds[count] = AND
                tmp[first] = base + count
                count += 1
                start[count] = top
            end = first + 1
        if end == 1:
            node_of[v] = tmp[0]
            continue
        for i in range(end):
            arg[top] = tmp[i]
            top += 1
        kinds[count] = OR
        node_of[v] = base + count
        count += 1
        start[count] = top
    state[COUNT] = count
    state[ROOT] = node_of[order[cone - 1]]
