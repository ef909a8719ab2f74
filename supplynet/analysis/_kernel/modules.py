"""A graph of gates simplified and cut into modules, which can be solved one by one.

A *module* is a gate that shares nothing with the rest but itself: its minimal sets can be found on
their own, and above it it is one variable. What is above the order asked for is left out.
"""

from __future__ import annotations

from typing import NamedTuple

from supplynet.analysis._kernel.gates import (
    AND,
    BASE,
    COUNT,
    FALSE,
    OR,
    ROOT,
    TRUE,
    Graph,
    is_acyclic,
    make_gate,
    zeros,
)
from supplynet.analysis._kernel.jit import Array, kernel

__all__ = ["UNKNOWN", "Gates", "gates_of", "is_acyclic"]

#: Order of what no set that matters brings down.
UNKNOWN = 32767

# What is to become of a gate while the graph is built anew, where it has no node yet.
_OPEN, _INLINE = -1, -2


class Gates(NamedTuple):
    """A graph of gates; arguments come before the gates that have them.

    Nodes are FALSE, TRUE, ``u + 2`` for unit u, then gates from `base` on. Arguments of gate g
    are ``arg[start[g - base]:start[g - base + 1]]``.

    Attributes
    ----------
    kind
        Per gate less base, OR or AND.
    root
        The node that stands for the target.
    module
        Per node, whether it is a variable: a unit, or a gate that is a module.
    parents
        Per node, how many gates have it as an argument.
    least
        Per node, no smaller set brings it down; UNKNOWN where none does.
    limit
        Per node, no larger set of it is part of an answer; -1 where it is not part of one.
    """

    kind: Array
    start: Array
    arg: Array
    base: int
    count: int
    root: int
    module: Array
    parents: Array
    least: Array
    limit: Array


def gates_of(graph: Graph, limit: int) -> Gates:
    """Return the gates simplified and cut into modules, for sets of up to so many units."""
    # What comes in has constants and single arguments, which say nothing about orders.
    graph = _rewritten(graph, UNKNOWN, group=False)
    size = None
    while size != graph.size:
        size = graph.size
        graph = _rewritten(graph, limit, group=False)
    graph = _rewritten(_merged(graph, limit), limit, group=True)
    gates, args = graph.size
    kind, start, arg = graph.arrays[:3]
    return Gates(
        kind[:gates], start[: gates + 1], arg[:args], graph.base, gates,
        int(graph.arrays[5][ROOT]), *_shape(graph, limit)[:4],
    )  # fmt: skip


def _shape(graph: Graph, limit: int) -> tuple[Array, ...]:
    """Return per node: module, parents, least, limit, and when it is entered, left, met."""
    nodes = graph.base + graph.size[0]
    shape = tuple(zeros(nodes, fast=graph.fast) for _ in range(8))
    kinds = graph.arrays[0]
    _visit(kinds, graph.arrays, shape, zeros(2 * nodes + 2, fast=graph.fast))
    _bound(kinds, graph.arrays, shape, limit)
    return shape


def _rewritten(graph: Graph, limit: int, *, group: bool) -> Graph:
    """Return the graph without what it need not say, or with groups of arguments as gates."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    shape = _shape(graph, limit)
    # A group for each argument at most, which is then in its group and that in its gate.
    room = args if group else 0
    new = Graph(graph.base, gates + room, args + 2 * room, fast=fast)
    node_of, gone = zeros(nodes, fast=fast), zeros(args, fast=fast)
    kinds = graph.arrays[0]
    if not group:
        assumed, stack = zeros(nodes, fast=fast), zeros(2 * gates + 2, fast=fast)
        _assume(kinds, graph.arrays, shape, gone, node_of, assumed, stack)
    scratch = zeros(3 * args + 4, fast=fast)
    _rewrite(kinds, graph.arrays, shape, new.arrays, node_of, gone, scratch, group)
    return new


def _merged(graph: Graph, limit: int) -> Graph:
    """Return the graph with arguments that always come together made one."""
    fast = graph.fast
    gates, args = graph.size
    nodes = graph.base + gates
    new = Graph(graph.base, gates + args // 2, args + args // 2, fast=fast)
    work = tuple(zeros(n, fast=fast) for n in (nodes, args, nodes + 1, args, nodes, nodes, nodes))
    table = zeros(2 * len(graph.arrays[3]), fast=fast)
    _merge(graph.arrays[0], graph.arrays, _shape(graph, limit), new.arrays, work, table)
    return new


@kernel
def _visit(kinds: Array, graph: tuple[Array, ...], shape: tuple[Array, ...], stack: Array) -> None:
    """Fill when each node is entered and left, when all under it is met, and what is a module.

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
        if kinds[g - base] == AND and most != UNKNOWN:
            own, shared, other = _parts(arg, start[g - base], start[g - base + 1], shape)
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            left = room - own
            if kinds[g - base] == AND and most != UNKNOWN and module[a]:
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


@kernel
def _assume(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    gone: Array,
    constant: Array,
    assumed: Array,
    stack: Array,
) -> None:
    """Find what gates that have only one use need not say, since a gate above says it.

    In x or f(x), f may take x to be false; in x and f(x), to be true. Flags arguments that are
    neutral then, and fills `constant` with 1 + what a gate always is then, else 0.
    """
    _, start, arg, _, _, state = graph
    parents = shape[1]
    base = state[BASE]
    root = state[ROOT]
    for top in range(base, base + state[COUNT]):
        if top != root and parents[top] < 2:
            continue
        stack[0] = top
        stack[1] = start[top - base]
        depth = 2
        while depth > 0:
            g = stack[depth - 2]
            at = stack[depth - 1]
            k = g - base
            value = 1 + kinds[k]
            if at == start[k]:
                for i in range(start[k], start[k + 1]):
                    known = assumed[arg[i]]
                    if known == value:
                        gone[i] = 1
                    elif known:
                        constant[g] = known
                if constant[g]:
                    depth -= 2
                    continue
                # From here on, that is below the arguments.
                for i in range(start[k], start[k + 1]):
                    if not gone[i]:
                        assumed[arg[i]] = value
            if at == start[k + 1]:
                for i in range(start[k], start[k + 1]):
                    if not gone[i]:
                        assumed[arg[i]] = 0
                depth -= 2
                continue
            stack[depth - 1] = at + 1
            a = arg[at]
            if a >= base and parents[a] == 1 and not gone[at]:
                stack[depth] = a
                stack[depth + 1] = start[a - base]
                depth += 2


@kernel
def _rewrite(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    node_of: Array,
    gone: Array,
    tmp: Array,
    group: bool,
) -> None:
    """Build the graph anew, what is beyond the limit gone.

    `node_of` comes with 1 + the constant that a gate is, else 0. Without `group`, a gate whose
    only use is in a gate of its own kind becomes part of that. With it, arguments that share
    nothing with the others become gates of their own, so that they are modules.
    """
    _, start, arg, _, _, state = graph
    _, parents, least, limit = shape[:4]
    base = state[BASE]
    count = state[COUNT]
    node_of[TRUE] = TRUE
    for a in range(2, base):
        node_of[a] = a if least[a] <= limit[a] else FALSE
    for g in range(base, base + count):
        node_of[g] = node_of[g] - 1 if least[g] <= limit[g] else FALSE
    if not group:
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
                if not gone[i]:
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
        if group:
            end = _grouped(tmp, end, kinds[g - base], g, shape, new, node_of)
        else:
            for i in range(end):
                tmp[i] = node_of[tmp[i]]
        node_of[g] = make_gate(tmp, end, end, kinds[g - base], new)
    new[5][ROOT] = node_of[state[ROOT]]


@kernel
def _grouped(
    tmp: Array,
    end: int,
    kind: int,
    g: int,
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    node_of: Array,
) -> int:
    """Put the arguments ``tmp[:end]`` of gate g in groups; return how many there are then.

    Arguments share something only if the times between which all that is under them is met
    overlap. Behind the arguments stand the groups that share nothing with what is outside.
    """
    _, _, _, _, enter, leave, low, high = shape
    for i in range(1, end):
        a = tmp[i]
        j = i
        while j > 0 and low[tmp[j - 1]] > low[a]:
            tmp[j] = tmp[j - 1]
            j -= 1
        tmp[j] = a
    kept = 0
    private = end
    i = 0
    while i < end:
        until = high[tmp[i]]
        j = i + 1
        while j < end and low[tmp[j]] <= until:
            until = max(until, high[tmp[j]])
            j += 1
        if low[tmp[i]] > enter[g] and until < leave[g] and j - i < end:
            for m in range(i, j):
                tmp[private + m - i] = node_of[tmp[m]]
            tmp[private] = make_gate(tmp, private + j - i, j - i, kind, new)
            private += 1
        else:
            for m in range(i, j):
                tmp[kept] = node_of[tmp[m]]
                kept += 1
        i = j
    if kept > 0 and private > end:
        tmp[kept] = make_gate(tmp, private, private - end, kind, new)
        return kept + 1
    for m in range(end, private):
        tmp[kept] = tmp[m]
        kept += 1
    return kept


@kernel
def _merge(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    work: tuple[Array, ...],
    table: Array,
) -> None:
    """Build the graph anew, arguments that are in the very same gates of one kind made a gate.

    Units made a gate that way are a module, which has several uses.
    """
    _, start, arg, _, _, state = graph
    parents = shape[1]
    node_of, tmp, first, above, leader, alike, together = work
    base = state[BASE]
    count = state[COUNT]
    root = state[ROOT]
    # Gates that have node a as an argument: above[first[a]:first[a + 1]], ascending.
    for a in range(base + count):
        node_of[a] = a
        first[a + 1] = first[a] + parents[a]
    for g in range(base, base + count):
        if parents[g] or g == root:
            for i in range(start[g - base], start[g - base + 1]):
                above[first[arg[i]]] = g
                first[arg[i]] += 1
    for a in range(base + count):
        first[a] -= parents[a]
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
                    together[a] = make_gate(tmp, top, top - end, kind, new)
                tmp[end] = together[a]
                end += 1
        node_of[g] = make_gate(tmp, end, end, kind, new)
    new[5][ROOT] = node_of[root]
