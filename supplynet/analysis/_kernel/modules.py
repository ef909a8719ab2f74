"""Failure of a target as a graph of gates: flattened, simplified, cut into independent modules.

Failure of an acyclic program is a monotone formula: a vertex fails when a unit hits it or some
slot fails (OR), a slot fails when every edge fails (AND), or enough of them where it is a
threshold. Here the formula is a graph of gates, each held once, so that what is said twice is one
gate, and a *module*, a gate that shares nothing with the rest, can be treated as one variable.
"""

from __future__ import annotations

from typing import NamedTuple

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program

__all__ = ["AND", "FALSE", "OR", "TRUE", "UNKNOWN", "Gates", "gates_of", "is_acyclic"]

# A gate's kind is also its neutral constant: OR drops FALSE, AND drops TRUE.
OR = FALSE = 0
AND = TRUE = 1
_FIRST = 2  # the first literal: unit u is node u + 2, gates come after the literals

#: Order of a gate that no set within the limit brings down.
UNKNOWN = 32767

_COUNT, _STAMP, _ROOT, _BASE = range(4)


class Gates(NamedTuple):
    """A graph of gates over units; arguments come before the gates that have them.

    Nodes are 0 (never fails), 1 (fails whatever is lost), ``u + 2`` for unit u, then gates from
    `base` on. Arguments of gate g are ``arg[start[g - base]:start[g - base + 1]]``.

    Attributes
    ----------
    kind
        Per gate, OR or AND.
    module
        Per node, whether it is a variable: a unit, or a gate that shares nothing with the rest
        but itself.
    parents
        Per node, how many gates have it as an argument.
    least
        Per node, no set smaller than this brings it down.
    limit
        Per node, no set of it that is larger than this is part of an answer; -1 where unreachable.
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


def is_acyclic(program: Program, target: int) -> bool:
    """Return whether no vertex that can matter to the target needs itself. Linear."""
    return _ordered(program, target)[1] >= 0


def _ordered(program: Program, target: int) -> tuple[Array, int]:
    """Return the target's cone, suppliers first, and its size, or -1 where there is a loop."""
    n, fast = len(program.stopped), program.fast
    order = filled(n, 0, "int32", fast=fast)
    seen = filled(n, 0, "int32", fast=fast)
    stack = filled(n, 0, "int32", fast=fast)
    count = _suppliers_first(
        program.slot_start, program.edge_start, program.source, program.stopped, target,
        order, seen, stack,
    )  # fmt: skip
    return order, count


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
    # `seen`: 0 not met; 1 + next edge while open (relative to the vertex); -1 done.
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


def gates_of(
    program: Program, hits: HitArrays, *, target: int, limit: int, gate_limit: int
) -> Gates | None:
    """Return the simplified gates of the target's failure, cut into modules.

    Parameters
    ----------
    program, hits
        Of one kind, lists or arrays; no loop in the target's cone.
    limit
        Sets of more units than this do not matter.
    gate_limit
        Most gates that thresholds may unfold into; ``None`` is returned above it.
    """
    fast = program.fast
    order, cone = _ordered(program, target)
    slots, edges = len(program.edge_start) - 1, len(program.source)
    base = _FIRST + 1 + max(_largest(hits.vertex_unit), _largest(hits.edge_unit))
    cut = len(hits.edge_unit)
    gates = cone + slots + edges + 1
    args = len(hits.vertex_unit) + slots + 2 * edges + cut
    weighted = len(program.need) > 0
    if weighted:
        gates, args = 2 * gates, 2 * args
    while True:
        graph = _Graph(base, gates, args, fast=fast)
        node_of = filled(len(program.stopped), 0, "int32", fast=fast)
        scratch = filled(2 * args + gates + 8, 0, "int32", fast=fast)
        wide = filled(2 * (args + gates) if weighted else 1, 0, "int64", fast=fast)
        done = _build(
            order, cone, tuple(program), tuple(hits), graph.arrays, node_of, scratch, wide
        )
        if done:
            break
        gates, args = 2 * gates, 2 * args
        if gates > gate_limit:
            return None
    return _simplified(graph, base, limit)


def _largest(units: Array) -> int:
    if not len(units):
        return -1
    return max(units) if type(units) is list else int(units.max())


class _Graph:
    """Gates under construction: kind, start, arg, a table to find equal gates, marks, state."""

    def __init__(self, base: int, gates: int, args: int, *, fast: bool) -> None:
        self.fast = fast
        size = 8
        while size < 2 * gates:
            size *= 2
        self.arrays = (
            filled(gates + 1, 0, "int32", fast=fast),
            filled(gates + 2, 0, "int32", fast=fast),
            filled(args + 1, 0, "int32", fast=fast),
            filled(size, -1, "int32", fast=fast),
            filled(base + gates + 1, 0, "int32", fast=fast),
            filled(4, 0, "int64", fast=fast),
        )
        self.arrays[5][_BASE] = base

    @property
    def root(self) -> int:
        return int(self.arrays[5][_ROOT])

    @property
    def count(self) -> int:
        return int(self.arrays[5][_COUNT])


def _simplified(graph: _Graph, base: int, limit: int) -> Gates:
    fast = graph.fast
    last = False
    shape = _shape(graph, limit, prune=False)
    for again in range(4):
        count = graph.count
        args = int(graph.arrays[1][count])
        last = again == 3
        new = _Graph(base, count + (args if last else 0), 3 * args if last else args, fast=fast)
        rewritten = filled(base + count, 0, "int32", fast=fast)
        scratch = filled(3 * args + 2 * count + 8, 0, "int32", fast=fast)
        _rewrite(graph.arrays[0], graph.arrays, shape, new.arrays, rewritten, scratch, int(last))
        graph = new
        shape = _shape(graph, limit, prune=True)
    kind, start, arg = graph.arrays[:3]
    module, parents, least, allowed = shape[:4]
    count = graph.count
    return Gates(
        kind[:count], start[: count + 1], arg[: int(start[count])], base, count, graph.root,
        module, parents, least, allowed,
    )  # fmt: skip


def _shape(graph: _Graph, limit: int, *, prune: bool) -> tuple[Array, ...]:
    """Return per node: module, parents, least, limit, enter, leave, low, high."""
    fast = graph.fast
    nodes = int(graph.arrays[5][_BASE]) + graph.count
    shape = tuple(filled(nodes, 0, "int32", fast=fast) for _ in range(8))
    stack = filled(2 * nodes + 2, 0, "int32", fast=fast)
    _visit(graph.arrays[0], graph.arrays, shape, stack)
    _bound(graph.arrays[0], graph.arrays, shape, limit if prune else UNKNOWN)
    return shape


@kernel
def _make(tmp: Array, low: int, high: int, kind: int, graph: tuple[Array, ...]) -> int:
    """Return the node that is the gate of the arguments ``tmp[low:high]``; -1 without room."""
    kinds, start, arg, table, mark, state = graph
    base = state[3]
    count = state[0]
    state[1] += 1
    stamp = state[1]
    first = start[count]
    if first + high - low >= len(arg) or count + 2 >= len(start):
        return -1
    end = first
    mixed = False
    for i in range(low, high):
        a = tmp[i]
        if a == 1 - kind:
            return a
        if a != kind and mark[a] != stamp:
            mark[a] = stamp
            arg[end] = a
            end += 1
            if a >= base:
                mixed = True
    if mixed:
        # x or (x and y) is x, and the same the other way round.
        kept = first
        for i in range(first, end):
            a = arg[i]
            absorbed = False
            if a >= base and kinds[a - base] != kind:
                for j in range(start[a - base], start[a - base + 1]):
                    if mark[arg[j]] == stamp:
                        absorbed = True
                        break
            if not absorbed:
                arg[kept] = a
                kept += 1
        end = kept
        # x or (x or y), where the inner gate is used elsewhere too: the outer x says nothing.
        for i in range(first, end):
            a = arg[i]
            if a >= base and kinds[a - base] == kind:
                for j in range(start[a - base], start[a - base + 1]):
                    mark[arg[j]] = 0
        kept = first
        state[1] += 1
        again = state[1]
        for i in range(first, end):
            a = arg[i]
            if mark[a] == stamp:
                mark[a] = again
                arg[kept] = a
                kept += 1
        stamp = again
        end = kept
    if end == first:
        return kind
    if end == first + 1:
        return arg[first]
    mask = len(table) - 1
    h = kind + 1
    for i in range(first, end):
        a = arg[i]
        h += (a * 668265263) ^ (a >> 3)
    h = (h ^ (h >> 17)) & mask
    while table[h] >= 0:
        g = table[h]
        if kinds[g] == kind and start[g + 1] - start[g] == end - first:
            same = True
            for j in range(start[g], start[g + 1]):
                if mark[arg[j]] != stamp:
                    same = False
                    break
            if same:
                return g + base
        h = (h + 1) & mask
    table[h] = count
    kinds[count] = kind
    start[count + 1] = end
    state[0] = count + 1
    return count + base


@kernel
def _build(
    order: Array,
    cone: int,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    graph: tuple[Array, ...],
    node_of: Array,
    tmp: Array,
    wide: Array,
) -> bool:
    """Fill the graph with the gates of the cone; False when it has no room."""
    slot_start, edge_start, source, stopped, weight, need = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    state = graph[5]
    cuts = len(cut_unit) > 0
    weighted = len(need) > 0
    node = 0
    for at in range(cone):
        v = order[at]
        top = 0
        if stopped[v]:
            node_of[v] = 1
            continue
        for i in range(vertex_start[v], vertex_start[v + 1]):
            tmp[top] = vertex_unit[i] + 2
            top += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            end = top
            for e in range(edge_start[s], edge_start[s + 1]):
                node = node_of[source[e]]
                if cuts and cut_start[e + 1] > cut_start[e]:
                    tmp[end] = node
                    last = end + 1
                    for i in range(cut_start[e], cut_start[e + 1]):
                        tmp[last] = cut_unit[i] + 2
                        last += 1
                    node = _make(tmp, end, last, 0, graph)
                    if node < 0:
                        return False
                tmp[end] = node
                end += 1
            if weighted:
                node = _threshold(tmp, top, end, weight, edge_start[s], need[s], graph, wide)
            else:
                node = _make(tmp, top, end, 1, graph)
            if node < 0:
                return False
            tmp[top] = node
            top += 1
        node = _make(tmp, 0, top, 0, graph)
        if node < 0:
            return False
        node_of[v] = node
    state[2] = node_of[order[cone - 1]]
    return True


@kernel
def _threshold(
    tmp: Array,
    low: int,
    high: int,
    weight: Array,
    first: int,
    need: int,
    graph: tuple[Array, ...],
    wide: Array,
) -> int:
    """Return the node "what is left of the edges is less than the need"; -1 without room.

    The edges' nodes are ``tmp[low:high]``, their weights start at ``weight[first]``. With the
    heaviest first, edge i either fails, and so much less may be lost by the rest, or does not;
    states of the same edge and the same loss are one gate.
    """
    if need <= 0:
        return 0
    state = graph[5]
    # Edges that are one node fail together; what never fails and what always fails is counted.
    loss = -need
    n = 0
    for i in range(low, high):
        w = weight[first + i - low]
        loss += w
        a = tmp[i]
        if w <= 0 or a == 0:
            continue
        if a == 1:
            loss -= w
            continue
        found = -1
        for j in range(n):
            if tmp[low + j] == a:
                found = j
                break
        if found < 0:
            tmp[low + n] = a
            wide[n] = w
            n += 1
        else:
            wide[found] += w
    if loss < 0:
        return 1
    for i in range(n):
        a = tmp[low + i]
        w = wide[i]
        j = i - 1
        while j >= 0 and wide[j] < w:
            wide[j + 1] = wide[j]
            tmp[low + j + 1] = tmp[low + j]
            j -= 1
        wide[j + 1] = w
        tmp[low + j + 1] = a
    # Losses left to the edges from i on: wide[begin(i):begin(i + 1)], ascending, for the states
    # that are decided neither way. wide[n:2n] holds what the edges from i on weigh together.
    rest = 0
    for i in range(n - 1, -1, -1):
        rest += wide[i]
        wide[n + i] = rest
    if n == 0 or wide[n] <= loss:
        return 0
    begin = 3 * n + 1
    wide[2 * n] = begin
    wide[begin] = loss
    end = begin + 1
    wide[2 * n + 1] = end
    for i in range(n - 1):
        # Merge l - w and l over the ascending losses l of this level.
        w = wide[i]
        one = wide[2 * n + i]
        two = one
        stop = wide[2 * n + i + 1]
        if end + 2 * (stop - one) >= len(wide):
            return -1
        while one < stop or two < stop:
            if one < stop and (two >= stop or wide[one] - w <= wide[two]):
                left = wide[one] - w
                one += 1
            else:
                left = wide[two]
                two += 1
            if left >= 0 and left < wide[n + i + 1]:
                if end == stop or wide[end - 1] != left:
                    wide[end] = left
                    end += 1
        wide[2 * n + i + 2] = end
    # Gates, from the last edge to the first; gate of a state in place of its loss would lose it,
    # so the gates of two levels stand behind the edges.
    above = low + n
    ahead = 0
    for i in range(n - 1, -1, -1):
        w = wide[i]
        begin = wide[2 * n + i]
        end = wide[2 * n + i + 1]
        here = above + ahead
        if here + (end - begin) + 4 >= len(tmp):
            return -1
        next_begin = end
        next_end = wide[2 * n + i + 2] if i + 1 < n else end
        one = next_begin
        two = next_begin
        for at in range(begin, end):
            left = wide[at] - w
            fails = 1
            if left >= 0:
                fails = 0
                if i + 1 < n and left < wide[n + i + 1]:
                    while wide[one] < left:
                        one += 1
                    fails = tmp[above + one - next_begin]
            left = wide[at]
            holds = 0
            if i + 1 < n and left < wide[n + i + 1]:
                while two < next_end and wide[two] < left:
                    two += 1
                holds = tmp[above + two - next_begin]
            spot = here + (end - begin)
            tmp[spot] = tmp[low + i]
            tmp[spot + 1] = fails
            node = _make(tmp, spot, spot + 2, 1, graph)
            if node < 0:
                return -1
            tmp[spot] = node
            tmp[spot + 1] = holds
            node = _make(tmp, spot, spot + 2, 0, graph)
            if node < 0:
                return -1
            tmp[here + at - begin] = node
        for j in range(end - begin):
            tmp[above + j] = tmp[here + j]
        ahead = end - begin
    return tmp[above]


@kernel
def _visit(kinds: Array, graph: tuple[Array, ...], shape: tuple[Array, ...], stack: Array) -> None:
    """Fill when each node is first entered, left and last met, and what is a module.

    A gate is a module when all that is under it is met between entering and leaving it
    (Dutuit and Rauzy, A linear-time algorithm to find modules of fault trees, IEEE Transactions
    on Reliability 45, 1996).
    """
    _, start, arg, _, _, state = graph
    module, parents, _, _, enter, leave, low, high = shape
    base = state[3]
    root = state[2]
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
    for g in range(base, base + state[0]):
        if enter[g] == 0:
            continue
        first = leave[g]
        last = 0
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            first = min(first, low[a])
            last = max(last, high[a])
        module[g] = 1 if first > enter[g] and last < leave[g] else 0
        low[g] = min(first, enter[g])
        high[g] = max(last, high[g])


@kernel
def _bound(kinds: Array, graph: tuple[Array, ...], shape: tuple[Array, ...], most: int) -> None:
    """Fill the least order of each node and the largest order of its sets that can matter."""
    _, start, arg, _, _, state = graph
    module, parents, least, limit, enter, _, _, _ = shape
    base = state[3]
    root = state[2]
    least[0] = 32767
    for a in range(2, base):
        least[a] = 1
        limit[a] = -1
    for g in range(base, base + state[0]):
        limit[g] = -1
        if enter[g] == 0:
            continue
        if kinds[g - base] == 0:
            size = 32767
            for i in range(start[g - base], start[g - base + 1]):
                size = min(size, least[arg[i]])
        else:
            own, shared, other = _parts(arg, start[g - base], start[g - base + 1], shape)
            size = min(own + max(shared, other), 32767)
        least[g] = size
    limit[root] = most
    for g in range(base + state[0] - 1, base - 1, -1):
        room = limit[g]
        if room < 0:
            continue
        if least[g] > room:
            continue
        if kinds[g - base] == 0:
            for i in range(start[g - base], start[g - base + 1]):
                limit[arg[i]] = max(limit[arg[i]], room)
        else:
            own, shared, other = _parts(arg, start[g - base], start[g - base + 1], shape)
            for i in range(start[g - base], start[g - base + 1]):
                a = arg[i]
                left = room - own
                if most == 32767:
                    left = most
                elif module[a] and parents[a] == 1:
                    left += least[a] - max(shared, other)
                elif module[a]:
                    left += least[a] - shared
                limit[a] = max(limit[a], left)


@kernel
def _parts(arg: Array, first: int, end: int, shape: tuple[Array, ...]) -> tuple[int, int, int]:
    """Return the least orders of an AND's own variables, shared ones, and the largest other."""
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
    return min(own, 32767), min(shared, 32767), other


@kernel
def _rewrite(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    rewritten: Array,
    tmp: Array,
    group: int,
) -> None:
    """Build the graph anew, what is beyond the limit gone.

    Without `group`, a gate whose only use is in a gate of its own kind becomes part of that.
    With it, arguments that share nothing with the others become gates of their own, so that they
    are modules.
    """
    _, start, arg, _, _, state = graph
    module, parents, least, limit, enter, leave, low, high = shape
    base = state[3]
    count = state[0]
    for a in range(base):
        rewritten[a] = a if least[a] <= limit[a] or a < 2 else 0
    for g in range(base, base + count):
        rewritten[g] = -1
        if limit[g] < least[g]:
            rewritten[g] = 0
    if not group:
        for g in range(base, base + count):
            if rewritten[g] == -1:
                for i in range(start[g - base], start[g - base + 1]):
                    a = arg[i]
                    if a >= base and parents[a] == 1 and kinds[a - base] == kinds[g - base]:
                        if rewritten[a] == -1:
                            rewritten[a] = -2
    for g in range(base, base + count):
        if rewritten[g] != -1:
            continue
        kind = kinds[g - base]
        end = 0
        # tmp: a stack of nodes to take apart grows down from the top, arguments grow up.
        top = len(tmp)
        for i in range(start[g - base + 1] - 1, start[g - base] - 1, -1):
            top -= 1
            tmp[top] = arg[i]
        while top < len(tmp):
            a = tmp[top]
            top += 1
            if rewritten[a] == -2:
                for i in range(start[a - base + 1] - 1, start[a - base] - 1, -1):
                    top -= 1
                    tmp[top] = arg[i]
            else:
                tmp[end] = a
                end += 1
        if group:
            end = _grouped(tmp, end, kind, g, graph, shape, new, rewritten)
        else:
            for i in range(end):
                tmp[i] = rewritten[tmp[i]]
        rewritten[g] = _make(tmp, 0, end, kind, new)
    root = state[2]
    new[5][2] = rewritten[root]


@kernel
def _grouped(
    tmp: Array,
    end: int,
    kind: int,
    g: int,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    rewritten: Array,
) -> int:
    """Rewrite the arguments ``tmp[:end]`` of gate g, grouped; return how many there are then.

    Arguments share something only if the times between which all that is under them is met
    overlap. Behind the arguments: those of the present group, then those of all private groups.
    """
    _, _, _, _, enter, leave, low, high = shape
    # By the time when what is under them is first met.
    for i in range(1, end):
        a = tmp[i]
        j = i - 1
        while j >= 0 and low[tmp[j]] > low[a]:
            tmp[j + 1] = tmp[j]
            j -= 1
        tmp[j + 1] = a
    kept = 0  # arguments that share with what is outside g, rewritten, at tmp[:kept]
    private = end  # groups of their own, at tmp[end:private]
    i = 0
    while i < end:
        until = high[tmp[i]]
        j = i + 1
        while j < end and low[tmp[j]] <= until:
            until = max(until, high[tmp[j]])
            j += 1
        inside = low[tmp[i]] > enter[g] and until < leave[g]
        if inside and not (i == 0 and j == end):
            for m in range(i, j):
                tmp[private + m - i] = rewritten[tmp[m]]
            tmp[private] = _make(tmp, private, private + j - i, kind, new)
            private += 1
        else:
            for m in range(i, j):
                tmp[kept] = rewritten[tmp[m]]
                kept += 1
        i = j
    if private > end:
        if kept > 0 and private - end > 1:
            tmp[kept] = _make(tmp, end, private, kind, new)
            kept += 1
        else:
            for m in range(end, private):
                tmp[kept] = tmp[m]
                kept += 1
    return kept
