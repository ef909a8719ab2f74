"""Failure of a target without loops as a graph of AND and OR gates over units.

A vertex fails when a unit hits it or some slot fails (OR); a slot fails when every edge fails
(AND), or so many that what is left of them falls below a threshold, which unfolds into gates.
"""

from __future__ import annotations

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program

__all__ = ["AND", "BASE", "COUNT", "FALSE", "OR", "ROOT", "STAMP", "TRUE", "Graph"]
__all__ += ["graph_of", "is_acyclic", "make_gate", "zeros"]

# A gate's kind is also the constant that it can leave out: OR drops FALSE, AND drops TRUE.
OR = FALSE = 0
AND = TRUE = 1
_THRESHOLD = 2

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
def make_gate(tmp: Array, end: int, many: int, kind: int, graph: tuple[Array, ...]) -> int:
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
        # x or (x or y), the inner gate in use elsewhere too: the outer x says nothing.
        for i in range(first, last):
            a = arg[i]
            if a >= base and kinds[a - base] == kind:
                for j in range(start[a - base], start[a - base + 1]):
                    mark[arg[j]] = 0
        state[STAMP] += 1
        kept = first
        for i in range(first, last):
            a = arg[i]
            if mark[a] == stamp:
                mark[a] = stamp + 1
                arg[kept] = a
                kept += 1
        stamp += 1
        last = kept
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
    """Return the gates of the target's failure as they come; None above so many gates.

    The target's cone has no loop. Only thresholds make many gates: one for each edge of a slot
    and each sum of weights that the edges before it can leave.
    """
    fast = program.fast
    order, cone = _ordered(program, target)
    base = _FIRST + 1 + max(_largest(hits.vertex_unit), _largest(hits.edge_unit))
    n, edges = len(program.stopped), len(program.source)
    gates = n + len(program.edge_start) + edges
    args = gates + edges + len(hits.vertex_unit) + len(hits.edge_unit)
    graph = Graph(base, gates, args, fast=fast)
    position, gate_slot = zeros(args + 1, fast=fast), zeros(gates + 1, fast=fast)
    node_of, scratch = zeros(n, fast=fast), zeros(args, fast=fast)
    weighted = len(program.need) > 0
    _build(
        order, cone, tuple(program[:4]), tuple(hits), graph.arrays, node_of, scratch,
        position, gate_slot, weighted,
    )  # fmt: skip
    if not weighted:
        return graph
    gates, args = 2 * gates, 2 * args
    while True:
        new = Graph(base, gates, args, fast=fast)
        node_of = zeros(base + graph.size[0], fast=fast)
        wide = filled(4 * args, 0, "int64", fast=fast)
        done = _unfold(
            graph.arrays[0], graph.arrays, new.arrays, position, gate_slot,
            program.weight, program.need, node_of, scratch, wide,
        )  # fmt: skip
        if done:
            return new
        gates, args = 2 * gates, 2 * args
        if gates > gate_limit:
            return None


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
    position: Array,
    gate_slot: Array,
    weighted: bool,
) -> None:
    """Fill the graph with the gates of the cone.

    With thresholds a slot is a gate of its own kind, with its number in `gate_slot`; `position`
    has the edge of each of its arguments.
    """
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
            if weighted or end != first + 1:
                for i in range(first, end):
                    position[top] = edge_start[s] + i - first
                    arg[top] = tmp[i]
                    top += 1
                kinds[count] = _THRESHOLD if weighted else AND
                gate_slot[count] = s
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


@kernel
def _unfold(
    kinds: Array,
    graph: tuple[Array, ...],
    new: tuple[Array, ...],
    position: Array,
    gate_slot: Array,
    weight: Array,
    need: Array,
    node_of: Array,
    tmp: Array,
    wide: Array,
) -> bool:
    """Build the graph anew, thresholds as gates; False where there is no room."""
    _, start, arg, _, _, state = graph
    new_kinds, new_start, new_arg, _, _, new_state = new
    base = state[BASE]
    for a in range(base):
        node_of[a] = a
    for k in range(state[COUNT]):
        first = start[k]
        many = start[k + 1] - first
        if kinds[k] == _THRESHOLD:
            for i in range(many):
                tmp[i] = node_of[arg[first + i]]
                wide[i] = weight[position[first + i]]
            node = _threshold(tmp, many, need[gate_slot[k]], new, wide)
            if node < 0:
                return False
            node_of[base + k] = node
            continue
        count = new_state[COUNT]
        top = new_start[count]
        if count + 2 >= len(new_start) or top + many > len(new_arg):
            return False
        for i in range(many):
            new_arg[top + i] = node_of[arg[first + i]]
        new_kinds[count] = kinds[k]
        new_start[count + 1] = top + many
        new_state[COUNT] = count + 1
        node_of[base + k] = base + count
    new_state[ROOT] = node_of[state[ROOT]]
    return True


@kernel
def _threshold(tmp: Array, many: int, need: int, graph: tuple[Array, ...], wide: Array) -> int:
    """Return the node "what is left of the edges is less than the need"; -1 without room.

    The edges' nodes are ``tmp[:many]``, their weights ``wide[:many]``. With the heaviest first,
    an edge either fails, and so much less may be lost by the rest, or does not; states of the
    same edge and the same loss are one gate. `wide` holds per edge its weight, then what the
    edges from it on weigh, then where its states begin; then per state what may still be lost,
    ascending, and its node.
    """
    kinds, start, arg, _, _, state = graph
    base = state[BASE]
    if need <= 0:
        return FALSE
    loss = -need
    n = 0
    for i in range(many):
        w = wide[i]
        a = tmp[i]
        loss += w
        if a == TRUE:
            loss -= w
        elif w > 0 and a != FALSE:
            # Edges from one vertex fail together.
            j = 0
            while j < n and tmp[j] != a:
                j += 1
            if j < n:
                wide[j] += w
            else:
                tmp[n] = a
                wide[n] = w
                n += 1
    if loss < 0:
        return TRUE
    for i in range(1, n):
        a = tmp[i]
        w = wide[i]
        j = i
        while j > 0 and wide[j - 1] < w:
            wide[j] = wide[j - 1]
            tmp[j] = tmp[j - 1]
            j -= 1
        wide[j] = w
        tmp[j] = a
    rest = 0
    for i in range(n - 1, -1, -1):
        rest += wide[i]
        wide[n + i] = rest
    if rest <= loss:
        return FALSE
    # States that are decided neither way, edge by edge.
    end = 3 * n + 1
    wide[2 * n] = end
    wide[end] = loss
    end += 2
    for i in range(n):
        wide[2 * n + i + 1] = end
        if i + 1 == n:
            break
        one = wide[2 * n + i]
        two = one
        stop = end
        if end + 2 * (stop - one) > len(wide):
            return -1
        while two < stop:
            left = wide[two]
            if one < stop and wide[one] - wide[i] <= left:
                left = wide[one] - wide[i]
                one += 2
            else:
                two += 2
            if 0 <= left < wide[n + i + 1] and (end == stop or wide[end - 2] != left):
                wide[end] = left
                end += 2
    count = state[COUNT]
    top = start[count]
    # At most two gates for each state, of two arguments each.
    if count + (end - 3 * n) + 2 >= len(start) or top + 2 * (end - 3 * n) > len(arg):
        return -1
    for i in range(n - 1, -1, -1):
        # What the next edge's states are when this one fails, and when it does not.
        one = wide[2 * n + i + 1]
        two = one
        for at in range(wide[2 * n + i], wide[2 * n + i + 1], 2):
            left = wide[at] - wide[i]
            fails = TRUE
            if left >= 0:
                fails = FALSE
                if i + 1 < n and left < wide[n + i + 1]:
                    while wide[one] < left:
                        one += 2
                    fails = wide[one + 1]
            left = wide[at]
            holds = FALSE
            if i + 1 < n and left < wide[n + i + 1]:
                while wide[two] < left:
                    two += 2
                holds = wide[two + 1]
            wide[at + 1] = tmp[i]
            if fails != TRUE:
                kinds[count] = AND
                arg[top] = tmp[i]
                arg[top + 1] = fails
                top += 2
                count += 1
                start[count] = top
                wide[at + 1] = base + count - 1
            if holds != FALSE:
                kinds[count] = OR
                arg[top] = wide[at + 1]
                arg[top + 1] = holds
                top += 2
                count += 1
                start[count] = top
                wide[at + 1] = base + count - 1
    state[COUNT] = count
    return wide[3 * n + 2]
