"""A graph of gates made smaller: what it says twice is said once, what cannot matter is gone."""

from __future__ import annotations

from supplynet.analysis._kernel.gates import (
    BASE,
    COUNT,
    FALSE,
    ROOT,
    TRUE,
    Graph,
    make_gate,
    zeros,
)
from supplynet.analysis._kernel.jit import Array, kernel
from supplynet.analysis._kernel.shape import Shape, shape_of, uses_only

__all__ = ["simplified"]

# What is to become of a gate while the graph is built anew, where it has no node yet.
_OPEN, _INLINE = -1, -2

#: Most rounds; each finds less.
_ROUNDS = 16
#: Steps up the graph, all in all, to see what decides a module.
_MOST_STEPS = 20_000_000
#: Arguments of one gate among which pairs with something in common are looked for.
_PAIRED = 64


def simplified(graph: Graph, limit: int) -> Graph:
    """Return a graph that says the same of sets of up to so many units, with fewer words."""
    # What comes in has constants and single arguments, which say nothing about orders.
    graph = _rewritten(graph, uses_only(graph))
    size = None
    for _ in range(_ROUNDS):
        graph = _rewritten(graph, shape_of(graph, limit))
        if size == graph.size:
            break
        size = graph.size
        graph = _factored(_lifted(graph, limit))
    return _merged(graph)


def _rewritten(graph: Graph, shape: Shape) -> Graph:
    """Return the graph without what it need not say and what is beyond the limits."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    new = Graph(graph.base, gates, args, fast=fast)
    node_of, scratch = zeros(nodes, fast=fast), zeros(args, fast=fast)
    _rewrite(graph.arrays[0], graph.arrays, tuple(shape[:4]), new.arrays, node_of, scratch)
    return new


def _lifted(graph: Graph, limit: int) -> Graph:
    """Return the graph with what brings down a whole module said once, at the module."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    new = Graph(graph.base, 2 * gates, 2 * args + gates, fast=fast)
    lengths = nodes + 1, args, nodes, nodes, nodes, nodes, nodes, nodes, nodes, args + 1
    work = tuple(zeros(n, fast=fast) for n in lengths)
    shape = shape_of(graph, limit)
    _lift(graph.arrays[0], graph.arrays, shape.module, shape.parents, new.arrays, work)
    return new


def _factored(graph: Graph) -> Graph:
    """Return the graph with what arguments of a gate have in common taken out of them."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    new = Graph(graph.base, 2 * gates + args, 3 * args + 2, fast=fast)
    node_of, met, scratch = (zeros(n, fast=fast) for n in (nodes, nodes, 2 * args + 2))
    parents = uses_only(graph).parents
    _factor(graph.arrays[0], graph.arrays, parents, new.arrays, node_of, met, scratch)
    return new


def _merged(graph: Graph) -> Graph:
    """Return the graph with arguments that always come together made one."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    new = Graph(graph.base, gates + args // 2, args + args // 2, fast=fast)
    work = tuple(zeros(n, fast=fast) for n in (nodes, args, nodes + 1, args, nodes, nodes, nodes))
    table = zeros(2 * len(graph.arrays[3]), fast=fast)
    _merge(graph.arrays[0], graph.arrays, uses_only(graph).parents, new.arrays, work, table)
    return new


@kernel
def _rewrite(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    node_of: Array,
    tmp: Array,
) -> None:
    """Build the graph anew, what is beyond the limits left out.

    A gate whose only use is in a gate of its own kind becomes part of that.
    """
    _, start, arg, _, _, state = graph
    _, parents, least, limit = shape[:4]
    base = state[BASE]
    count = state[COUNT]
    node_of[TRUE] = TRUE
    for a in range(2, base):
        node_of[a] = a if least[a] <= limit[a] else FALSE
    for g in range(base, base + count):
        node_of[g] = _OPEN if least[g] <= limit[g] else FALSE
    for g in range(base, base + count):
        if node_of[g] != _OPEN and node_of[g] != _INLINE:
            continue
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            if (
                a >= base
                and parents[a] == 1
                and kinds[a - base] == kinds[g - base]
                and node_of[a] == _OPEN
            ):
                node_of[a] = _INLINE
    for g in range(base, base + count):
        if node_of[g] != _OPEN:
            continue
        end = 0
        # Arguments grow up, what is still to be taken apart grows down from the other end.
        top = len(tmp)
        todo = g
        while True:
            for i in range(start[todo - base + 1] - 1, start[todo - base] - 1, -1):
                top -= 1
                tmp[top] = arg[i]
            todo = 0
            while top < len(tmp) and not todo:
                a = tmp[top]
                top += 1
                if node_of[a] == _INLINE:
                    todo = a
                else:
                    tmp[end] = a
                    end += 1
            if not todo:
                break
        for i in range(end):
            tmp[i] = node_of[tmp[i]]
        node_of[g] = make_gate(tmp, int(end), int(end), kinds[g - base], new)
    new[5][ROOT] = node_of[state[ROOT]]


@kernel
def _list_uses(
    kinds: Array, graph: tuple[Array, ...], parents: Array, first: Array, above: Array
) -> None:
    """Fill the gates that node a is an argument of, above[first[a]:first[a + 1]], ascending."""
    _, start, arg, _, _, state = graph
    base = state[BASE]
    root = state[ROOT]
    nodes = base + state[COUNT]
    for a in range(nodes):
        first[a + 1] = first[a] + parents[a]
    for g in range(base, nodes):
        if parents[g] or g == root:
            for i in range(start[g - base], start[g - base + 1]):
                above[first[arg[i]]] = g
                first[arg[i]] += 1
    for a in range(nodes):
        first[a] -= parents[a]


@kernel
def _lift(
    kinds: Array,
    graph: tuple[Array, ...],
    module: Array,
    parents: Array,
    new: tuple[Array, ...],
    work: tuple[Array, ...],
) -> None:
    """Build the graph anew, with what decides a module taken out of it.

    If a module fails wherever x does, it is x or the module with x false; if it cannot fail
    without x, it is x and the module with x true. So x is said once, at the innermost such
    module: further out, it would leave behind a module that was found to hold all of what is
    under x.
    """
    _, start, arg, _, _, state = graph
    first, above, met, lacking, queue, instead, taken, then, node_of, tmp = work
    base = state[BASE]
    root = state[ROOT]
    nodes = base + state[COUNT]
    _list_uses(kinds, graph, parents, first, above)
    steps = 0
    stamp = 0
    # `instead` is 1 + the constant in the place of x; `taken` the first that is taken out of a
    # module, `then` the next one.
    for x in range(2, nodes):
        if parents[x] < 2 or steps > _MOST_STEPS:
            continue
        for kind in range(2):
            stamp += 1
            queue[0] = x
            end = 1
            at = 0
            innermost = 0
            while at < end:
                y = queue[at]
                at += 1
                steps += parents[y]
                for i in range(first[y], first[y + 1]):
                    g = above[i]
                    if met[g] != stamp:
                        met[g] = stamp
                        lacking[g] = 1
                        if kinds[g - base] != kind:
                            lacking[g] = start[g - base + 1] - start[g - base]
                    lacking[g] -= 1
                    if lacking[g] == 0:
                        queue[end] = g
                        end += 1
                        if module[g] and (innermost == 0 or g < innermost):
                            innermost = g
            if innermost:
                instead[x] = 1 + kind
                then[x] = taken[innermost]
                taken[innermost] = x
                break
    for a in range(base):
        node_of[a] = a
    for g in range(base, nodes):
        if not parents[g] and g != root:
            continue
        end = 0
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            tmp[end] = instead[a] - 1 if instead[a] else node_of[a]
            end += 1
        node_of[g] = make_gate(tmp, int(end), int(end), kinds[g - base], new)
        # What has another under it is nearer to what is left of the module.
        x = taken[g]
        while x:
            kind = instead[x] - 1
            tmp[0] = node_of[g]
            end = 1
            while x and instead[x] - 1 == kind:
                tmp[end] = node_of[x]
                end += 1
                x = then[x]
            node_of[g] = make_gate(tmp, int(end), int(end), kind, new)
    new[5][ROOT] = node_of[root]


@kernel
def _factor(
    kinds: Array,
    graph: tuple[Array, ...],
    parents: Array,
    new: tuple[Array, ...],
    node_of: Array,
    met: Array,
    tmp: Array,
) -> None:
    """Build the graph anew, what several arguments of a gate have in common taken out of them.

    In place of (x and a) or (x and b) it says x and (a or b), and the same the other way round.
    """
    _, start, arg, _, _, state = graph
    base = state[BASE]
    root = state[ROOT]
    stamp = 0
    for a in range(base):
        node_of[a] = a
    for g in range(base, base + state[COUNT]):
        if not parents[g] and g != root:
            continue
        kind = kinds[g - base]
        other = 1 - kind
        end = 0
        # Arguments that stay, then those that may have something in common.
        several = 0
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            paired = False
            if a >= base and parents[a] == 1 and kinds[a - base] == other and several < _PAIRED:
                for m in range(start[a - base], start[a - base + 1]):
                    paired = paired or parents[arg[m]] > 1
            if paired:
                several += 1
                tmp[len(tmp) - several] = a
            else:
                tmp[end] = node_of[a]
                end += 1
        first = len(tmp) - several
        while first < len(tmp):
            # The two that have most in common.
            most = 0
            one = 0
            two = 0
            for i in range(first, len(tmp)):
                stamp += 1
                a = tmp[i] - base
                if start[a + 1] - start[a] <= most:
                    continue
                for m in range(start[a], start[a + 1]):
                    met[arg[m]] = stamp
                for j in range(i + 1, len(tmp)):
                    b = tmp[j] - base
                    common = 0
                    for m in range(start[b], start[b + 1]):
                        common += met[arg[m]] == stamp
                    if common > most:
                        most = common
                        one = i
                        two = j
            if most == 0:
                break
            stamp += 2
            a = tmp[one] - base
            b = tmp[two] - base
            for m in range(start[a], start[a + 1]):
                met[arg[m]] = stamp - 1
            top = end
            for m in range(start[b], start[b + 1]):
                if met[arg[m]] == stamp - 1:
                    met[arg[m]] = stamp
                    tmp[top] = node_of[arg[m]]
                    top += 1
            shared = top
            kept = len(tmp)
            for i in range(len(tmp) - 1, first - 1, -1):
                a = tmp[i] - base
                common = 0
                for m in range(start[a], start[a + 1]):
                    common += met[arg[m]] == stamp
                if common < most:
                    kept -= 1
                    tmp[kept] = a + base
                    continue
                rest = top
                for m in range(start[a], start[a + 1]):
                    if met[arg[m]] != stamp:
                        tmp[rest] = node_of[arg[m]]
                        rest += 1
                tmp[top] = make_gate(tmp, int(rest), int(rest - top), other, new)
                top += 1
            first = kept
            tmp[shared] = make_gate(tmp, int(top), int(top - shared), kind, new)
            tmp[end] = make_gate(tmp, int(shared + 1), int(shared + 1 - end), other, new)
            end += 1
        for i in range(first, len(tmp)):
            tmp[end] = node_of[tmp[i]]
            end += 1
        node_of[g] = make_gate(tmp, int(end), int(end), kind, new)
    new[5][ROOT] = node_of[root]


@kernel
def _merge(
    kinds: Array,
    graph: tuple[Array, ...],
    parents: Array,
    new: tuple[Array, ...],
    work: tuple[Array, ...],
    table: Array,
) -> None:
    """Build the graph anew, arguments that are in the very same gates of one kind made a gate.

    Units made a gate that way are a module, which has several uses.
    """
    _, start, arg, _, _, state = graph
    node_of, tmp, first, above, leader, alike, together = work
    base = state[BASE]
    count = state[COUNT]
    root = state[ROOT]
    for a in range(base + count):
        node_of[a] = a
    _list_uses(kinds, graph, parents, first, above)
    mask = len(table) - 1
    for g in range(base, base + count):
        if not parents[g] and g != root:
            continue
        kind = kinds[g - base]
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            many = parents[a]
            if many < 2 or above[first[a]] != g:
                continue
            # Met for the first time: look for one that is like it.
            leader[a] = a
            alike[a] = 1
            h = 0
            searched = True
            for j in range(first[a], first[a] + many):
                h = (h * 668265263 + above[j]) & 1073741823
                searched = searched and kinds[above[j] - base] == kind
            h = (h ^ (h >> 13)) & mask
            while searched:
                b = table[h] - 1
                if b < 0:
                    table[h] = a + 1
                    break
                same = parents[b] == many
                if same:
                    for j in range(many):
                        same = same and above[first[b] + j] == above[first[a] + j]
                if same:
                    leader[a] = b
                    alike[b] += 1
                    break
                h = (h + 1) & mask
        end = 0
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            if parents[a] < 2 or alike[leader[a]] < 2:
                tmp[end] = node_of[a]
                end += 1
            elif leader[a] == a:
                if above[first[a]] == g:
                    top = end
                    for j in range(i, start[g - base + 1]):
                        b = arg[j]
                        if parents[b] > 1 and leader[b] == a:
                            tmp[top] = node_of[b]
                            top += 1
                    together[a] = make_gate(tmp, int(top), int(top - end), kind, new)
                tmp[end] = together[a]
                end += 1
        node_of[g] = make_gate(tmp, int(end), int(end), kind, new)
    new[5][ROOT] = node_of[root]
