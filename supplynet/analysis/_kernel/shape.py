"""Where the nodes of a graph of gates are met, what of it is a module, and which orders matter."""

from __future__ import annotations

from typing import NamedTuple

from supplynet.analysis._kernel.gates import AND, BASE, COUNT, FALSE, OR, ROOT, Graph, zeros
from supplynet.analysis._kernel.jit import Array, kernel

__all__ = ["UNKNOWN", "Shape", "shape_of", "uses_only"]

#: Order of what no set that matters brings down.
UNKNOWN = 32767


class Shape(NamedTuple):
    """What there is to say about each node; all 0 where it was not looked at.

    Attributes
    ----------
    module
        Whether it is a variable: a unit, or a gate that shares nothing with the rest but itself.
    parents
        How many gates have it as an argument.
    least
        No smaller set brings it down; UNKNOWN where none does.
    limit
        No larger set of it is part of an answer; -1 where it is not part of one.
    enter, leave
        When it is met first, and left, going through the graph depth first.
    low, high
        When first and last anything that is under it, or itself, is met.
    """

    module: Array
    parents: Array
    least: Array
    limit: Array
    enter: Array
    leave: Array
    low: Array
    high: Array


def shape_of(graph: Graph, limit: int) -> Shape:
    """Return the shape of a graph without constants, for sets of up to so many units. Linear."""
    nodes = graph.base + graph.size[0]
    shape = Shape(*(zeros(nodes, fast=graph.fast) for _ in range(8)))
    kinds = graph.arrays[0]
    _visit(kinds, graph.arrays, tuple(shape), zeros(2 * nodes + 2, fast=graph.fast))
    _bound(kinds, graph.arrays, tuple(shape), limit)
    return shape


def uses_only(graph: Graph) -> Shape:
    """Return the shape as far as only `parents` is looked at. Linear."""
    nodes = graph.base + graph.size[0]
    nothing = zeros(nodes, fast=graph.fast)
    parents = zeros(nodes, fast=graph.fast)
    _count_uses(graph.arrays[0], graph.arrays, parents)
    return Shape(nothing, parents, nothing, nothing, nothing, nothing, nothing, nothing)


@kernel
def _count_uses(kinds: Array, graph: tuple[Array, ...], parents: Array) -> None:
    _, start, arg, _, _, state = graph
    base = state[BASE]
    root = state[ROOT]
    for g in range(base + state[COUNT] - 1, base - 1, -1):
        if parents[g] or g == root:
            for i in range(start[g - base], start[g - base + 1]):
                parents[arg[i]] += 1


@kernel
def _visit(kinds: Array, graph: tuple[Array, ...], shape: tuple[Array, ...], stack: Array) -> None:
    """Fill when nodes are met, and what is a module.

    A gate is a module when all that is under it is met between entering and leaving it
    (Dutuit and Rauzy, A linear-time algorithm to find modules of fault trees, IEEE Transactions
    on Reliability 45, 1996).
    """
    _, start, arg, _, _, state = graph
    module, parents, _, _, enter, leave, low, high = shape
    base = state[BASE]
    root = state[ROOT]
    for a in range(2, base):
        module[a] = 1
    if root < base:
        return
    time = 1
    enter[root] = 1
    stack[0] = root
    stack[1] = start[root - base]
    depth = 2
    while depth > 0:
        g = stack[depth - 2]
        at = stack[depth - 1]
        time += 1
        if at == start[g - base + 1]:
            leave[g] = time
            high[g] = time
            depth -= 2
            continue
        stack[depth - 1] = at + 1
        a = arg[at]
        parents[a] += 1
        high[a] = time
        if enter[a] == 0:
            enter[a] = time
            if a >= base:
                stack[depth] = a
                stack[depth + 1] = start[a - base]
                depth += 2
    for a in range(2, base):
        low[a] = enter[a]
    for g in range(base, base + state[COUNT]):
        if enter[g] == 0:
            continue
        first = leave[g]
        last = 0
        for i in range(start[g - base], start[g - base + 1]):
            first = min(first, low[arg[i]])
            last = max(last, high[arg[i]])
        if first > enter[g] and last < leave[g]:
            module[g] = 1
        low[g] = min(first, enter[g])
        high[g] = max(last, high[g])


@kernel
def _bound(kinds: Array, graph: tuple[Array, ...], shape: tuple[Array, ...], most: int) -> None:
    """Fill the least order of each node, and the largest order of its sets that can matter.

    In an AND, what is nowhere else adds to the order of whatever else there is.
    """
    _, start, arg, _, _, state = graph
    module, parents, least, limit, enter, _, _, _ = shape
    base = state[BASE]
    root = state[ROOT]
    least[FALSE] = UNKNOWN
    for a in range(2, base):
        least[a] = 1
        limit[a] = -1
    for g in range(base, base + state[COUNT]):
        limit[g] = -1
        if enter[g] == 0:
            continue
        if kinds[g - base] == OR:
            least[g] = UNKNOWN
            for i in range(start[g - base], start[g - base + 1]):
                least[g] = min(least[g], least[arg[i]])
        else:
            own, shared, other = _parts(arg, start[g - base], start[g - base + 1], shape)
            least[g] = min(own + max(shared, other), UNKNOWN)
    limit[root] = most
    for g in range(base + state[COUNT] - 1, base - 1, -1):
        room = limit[g]
        if room < least[g]:
            continue
        own, shared, other = 0, 0, 0
        if kinds[g - base] == AND:
            own, shared, other = _parts(arg, start[g - base], start[g - base + 1], shape)
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            left = room - own
            if kinds[g - base] == AND and module[a]:
                left += least[a] - (max(shared, other) if parents[a] == 1 else shared)
            limit[a] = max(limit[a], left)


@kernel
def _parts(arg: Array, first: int, end: int, shape: tuple[Array, ...]) -> tuple[int, int, int]:
    """Return the least orders of an AND's own variables and of shared ones, and of what else."""
    module, parents, least = shape[:3]
    own = 0
    shared = 0
    other = 0
    for i in range(first, end):
        a = arg[i]
        if not module[a]:
            other = max(other, least[a])
        elif parents[a] == 1:
            own += least[a]
        else:
            shared += least[a]
    return min(own, UNKNOWN), min(shared, UNKNOWN), other
