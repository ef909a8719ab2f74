"""Single points of failure: the units that stop a vertex when lost alone.

With D(v) the units that stop v alone, and N(v), E(e) those that hit a vertex and an edge::

    D(v) = N(v), or over the slots of v: the intersection over edges e of (D(source of e) or E(e))

and for a slot with a threshold the units x for which the edges that x takes away leave less than
the need. Failure is the greatest fixpoint, taken apart for each lost unit, so narrowing down from
"all units" is exact, cycles included. Vertices are visited in the order they start: a supplier not
visited yet is at "all units", which is neutral among the edges of a slot, and so is for good a
vertex that is down with nothing lost.
"""

from __future__ import annotations

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program, Uses, uses_of

__all__ = ["single_points_all", "single_points_of_one"]

#: Stamp at which stamps start again, of 32 bits.
_LAST_STAMP = 1_000_000_000
#: Units of a row that there is room for at first, on average.
_ROOM = 4
#: Lanes of a word in compiled kernels.
_LANES = 62
#: Most proofs of one target that are looked at to narrow down the candidates.
_PROOFS = 3
#: In place of the number of a proof: hits what nothing can stand in for.
_NEEDED = 255


def single_points_all(
    program: Program, order: Array, hits: HitArrays, uses: Uses | None = None
) -> tuple[Array, Array]:
    """Return for every vertex the units that stop it alone.

    Parameters
    ----------
    order
        The vertices that run with nothing lost, in the order they start.
    uses
        The edges by supplier, where the caller has them.

    Returns
    -------
    start, items
        Units of vertex v are ``items[start[v]:start[v + 1]]``, ascending; no units for a vertex
        that is not in `order`, as it is down anyway.

    Notes
    -----
    Costs sweeps (two to four are the rule) times edges times the length of a row, and the memory
    of all rows twice. Rows are as long as there are single points: along a chain of sole
    suppliers the sum of all rows is quadratic.
    """
    fast = program.fast
    n = len(program.stopped)
    uses = uses_of(program) if uses is None else uses
    units = _unit_count(hits)
    weighted = len(program.need) > 0
    begin = filled(n, 0, "int64", fast=fast)
    size = filled(n, -1, "int32", fast=fast)
    slots = len(program.edge_start) - 1
    visits = (
        filled(slots, -1, "int32", fast=fast),
        filled(slots, 0, "uint8", fast=fast),
        filled(len(order), 1, "uint8", fast=fast),
        filled(5, 0, "int64", fast=fast),
    )
    scratch = (
        filled(units, 0, "int32", fast=fast),
        filled(units, 0, "int32", fast=fast),
        filled(units if weighted else 0, 0, "int64", fast=fast),
        filled(units if weighted else 0, 0, "int32", fast=fast),
    )
    _rank_slots(order, program.slot_start, visits[0])
    visits[3][2] = len(order) - 1
    visits[3][3] = len(order)
    visits[3][4] = -1
    pool = filled(_ROOM * n + units, 0, "int32", fast=fast)
    while not _narrow_rows(
        order, tuple(program), tuple(hits), (uses.start, uses.edge, uses.slot),
        visits, scratch, begin, size, pool,
    ):  # fmt: skip
        pool = _longer(pool, len(pool) // 2 + units)
    start = filled(n + 1, 0, "int64", fast=fast)
    by_unit = filled(units + 2, 0, "int64", fast=fast)
    total = _count_rows(begin, size, pool, start, by_unit)
    vertex = filled(total, 0, "int32", fast=fast)
    _rows_by_unit(begin, size, pool, by_unit, vertex)
    _rows_by_vertex(by_unit, vertex, start, pool)
    return start, pool[:total]


def _unit_count(hits: HitArrays) -> int:
    """Return one more than the largest unit."""
    largest = -1
    for units in (hits.vertex_unit, hits.edge_unit):
        if len(units):
            largest = max(largest, int(max(units) if type(units) is list else units.max()))
    return largest + 1


def _longer(pool: Array, more: int) -> Array:
    if type(pool) is list:
        pool.extend([0] * more)
        return pool
    import numpy as np

    return np.concatenate((pool, np.zeros(more, dtype=pool.dtype)))


@kernel
def _rank_slots(order: Array, slot_start: Array, slot_rank: Array) -> None:
    for i in range(len(order)):
        for s in range(slot_start[order[i]], slot_start[order[i] + 1]):
            slot_rank[s] = i


@kernel
def _narrow_rows(
    order: Array,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    uses: tuple[Array, ...],
    visits: tuple[Array, ...],
    scratch: tuple[Array, ...],
    begin: Array,
    size: Array,
    pool: Array,
) -> bool:
    """Narrow the rows ``pool[begin[v]:begin[v] + size[v]]`` down to the fixpoint.

    Size -1 is "all units". Returns False where the pool is too short, to be called again with a
    longer one: the ranks left to visit are flagged in `waiting`, and `at` holds the first free
    place of the pool, the ranks to look at in this sweep, and those in the next. `void` flags
    slots that no unit stops alone; they stay so.
    """
    slot_start, edge_start, source, _, weight, need = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    use_start, use_edge, edge_slot = uses
    slot_rank, void, waiting, at = visits
    held, mark, _, _ = scratch
    weighted = len(need) > 0
    cuts = len(cut_start) > 0
    free, low, high, next_low, next_high = at[0], at[1], at[2], at[3], at[4]
    stamp = _LAST_STAMP
    while low <= high:
        if stamp >= _LAST_STAMP:
            stamp = 0
            for x in range(len(held)):
                held[x] = 0
                mark[x] = 0
        i = low - 1
        while i < high:
            i += 1
            if not waiting[i]:
                continue
            if free + len(held) > len(pool):
                at[0], at[1], at[2], at[3], at[4] = free, i, high, next_low, next_high
                return False
            waiting[i] = 0
            v = order[i]
            stamp += 1
            turn = stamp
            end = _add(vertex_unit, vertex_start[v], vertex_start[v + 1], held, turn, pool, free)
            unmet = False
            late = False
            for s in range(slot_start[v], slot_start[v + 1]):
                if void[s] or (weighted and need[s] <= 0):
                    continue
                a = edge_start[s]
                b = edge_start[s + 1]
                partial = False
                if weighted:
                    total = 0
                    least = need[s]
                    for e in range(a, b):
                        if size[source[e]] < 0:
                            partial = True
                        else:
                            total += weight[e]
                            least = min(least, weight[e])
                    if total < need[s]:
                        unmet = True
                        break
                    if least < need[s]:
                        end, stamp, stays = _add_lacking(
                            pool, source, (a, b, least, total, need[s]), weight, hits,
                            (begin, size), scratch, (turn, stamp), end,
                        )  # fmt: skip
                        if not stays:
                            void[s] = 1
                        elif partial:
                            late = True
                        continue
                # Any edge will do: the units that all of them fail for.
                stamp += 1
                first = -1
                left = 0
                stays = False
                for e in range(a, b):
                    u = source[e]
                    if size[u] < 0:
                        partial = True
                        continue
                    c = begin[u]
                    d = c + size[u]
                    if first < 0 and e == b - 1:
                        # The only edge that delivers.
                        first = e
                        stays = True
                        end = _add(pool, c, d, held, turn, pool, end)
                        if cuts:
                            c = cut_start[e]
                            d = cut_start[e + 1]
                            end = _add(cut_unit, c, d, held, turn, pool, end)
                    elif first < 0:
                        first = e
                        left = _mark(pool, c, d, held, turn, mark, stamp)
                        stays = left < size[u]
                        if cuts:
                            c = cut_start[e]
                            d = cut_start[e + 1]
                            more = _mark(cut_unit, c, d, held, turn, mark, stamp)
                            stays = stays or more < d - c
                            left += more
                    else:
                        left = _keep(pool, c, d, mark, stamp)
                        if cuts:
                            left += _keep(cut_unit, cut_start[e], cut_start[e + 1], mark, stamp)
                        stamp += 1
                    if left == 0:
                        break
                if first < 0:
                    unmet = True
                    break
                if left == 0 and not stays:
                    void[s] = 1
                    continue
                if partial:
                    late = True
                if left > 0:
                    u = source[first]
                    end = _add_marked(
                        pool, begin[u], begin[u] + size[u], mark, stamp, held, turn, pool, end
                    )
                    if cuts:
                        c = cut_start[first]
                        d = cut_start[first + 1]
                        end = _add_marked(cut_unit, c, d, mark, stamp, held, turn, pool, end)
            if unmet:
                continue
            count = end - free
            if size[v] < 0:
                # Consumers that started before saw this vertex missing, and wait by themselves.
                begin[v] = free
                size[v] = count
                free = end
                if late:
                    waiting[i] = 1
                    next_low = min(next_low, i)
                    next_high = max(next_high, i)
            elif count < size[v]:
                for k in range(count):
                    pool[begin[v] + k] = pool[free + k]
                size[v] = count
                for k in range(use_start[v], use_start[v + 1]):
                    s = edge_slot[use_edge[k]]
                    rank = slot_rank[s]
                    if rank < 0 or void[s] or waiting[rank]:
                        continue
                    waiting[rank] = 1
                    if rank > i:
                        high = max(high, rank)
                    else:
                        next_low = min(next_low, rank)
                        next_high = max(next_high, rank)
        low, high = next_low, next_high
        next_low, next_high = len(order), -1
    return True


@kernel
def _add_lacking(
    pool: Array,
    source: Array,
    slot: tuple[int, int, int, int, int],
    weight: Array,
    hits: tuple[Array, ...],
    rows: tuple[Array, Array],
    scratch: tuple[Array, ...],
    stamps: tuple[int, int],
    end: int,
) -> tuple[int, int, bool]:
    """Append the units that take more away from a slot than it can spare.

    `slot` is its first edge, the one after its last, the least weight, the total and the need.
    Returns the new end of the row, the last stamp, and whether there are such units.
    """
    _, _, cut_start, cut_unit = hits
    begin, size = rows
    held, mark, lost, touched = scratch
    first, after, least, total, need = slot
    turn, stamp = stamps
    cuts = len(cut_start) > 0
    spare = total - need
    slot_stamp = stamp + 1
    ahead = total
    count = 0
    most = 0
    c = 0
    d = 0
    for e in range(first, after):
        u = source[e]
        if size[u] < 0:
            continue
        a = begin[u]
        b = a + size[u]
        if cuts:
            c = cut_start[e]
            d = cut_start[e + 1]
        if spare < least:
            # Every edge is needed.
            end = _add(pool, a, b, held, turn, pool, end)
            end = _add(cut_unit, c, d, held, turn, pool, end)
            continue
        if most + ahead <= spare:
            break
        stamp += 1
        # Units of this edge and of edges ahead alone no longer matter where that is too little.
        now = (slot_stamp, stamp, weight[e], ahead > spare)
        count, most = _weigh(pool, a, b, now, mark, lost, touched, count, most)
        if cuts:
            count, most = _weigh(cut_unit, c, d, now, mark, lost, touched, count, most)
        ahead -= weight[e]
    stays = spare < least
    for k in range(count):
        x = touched[k]
        if lost[x] > spare:
            stays = True
            if held[x] != turn:
                held[x] = turn
                pool[end] = x
                end += 1
    return end, stamp, stays


@kernel
def _add(items: Array, a: int, b: int, held: Array, turn: int, pool: Array, end: int) -> int:
    """Append the items at a to b that the row does not hold yet; return its new end."""
    for k in range(a, b):
        x = items[k]
        if held[x] != turn:
            held[x] = turn
            pool[end] = x
            end += 1
    return end


@kernel
def _mark(items: Array, a: int, b: int, held: Array, turn: int, mark: Array, stamp: int) -> int:
    """Mark the items at a to b that the row does not hold yet; return how many."""
    count = 0
    for k in range(a, b):
        x = items[k]
        if held[x] != turn:
            mark[x] = stamp
            count += 1
    return count


@kernel
def _keep(items: Array, a: int, b: int, mark: Array, stamp: int) -> int:
    """Mark the marked items at a to b with the next stamp; return how many."""
    count = 0
    for k in range(a, b):
        x = items[k]
        if mark[x] == stamp:
            mark[x] = stamp + 1
            count += 1
    return count


@kernel
def _add_marked(
    items: Array,
    a: int,
    b: int,
    mark: Array,
    stamp: int,
    held: Array,
    turn: int,
    pool: Array,
    end: int,
) -> int:
    """Append the marked items at a to b; return the new end of the row."""
    for k in range(a, b):
        x = items[k]
        if mark[x] == stamp and held[x] != turn:
            held[x] = turn
            pool[end] = x
            end += 1
    return end


@kernel
def _weigh(
    items: Array,
    a: int,
    b: int,
    now: tuple[int, int, int, bool],
    mark: Array,
    lost: Array,
    touched: Array,
    count: int,
    most: int,
) -> tuple[int, int]:
    """Add the weight of an edge to what is lost with each of the items at a to b.

    `now` is the stamp that the slot began with, that of the edge, its weight, and whether items
    not met in this slot before count; these are appended to `touched`. Returns how many there are
    by now, and the most that is lost with any.
    """
    slot_stamp, stamp, weight, fresh = now
    for k in range(a, b):
        x = items[k]
        if mark[x] == stamp:
            continue
        if mark[x] < slot_stamp:
            if not fresh:
                continue
            lost[x] = 0
            touched[count] = x
            count += 1
        mark[x] = stamp
        lost[x] += weight
        most = max(most, lost[x])
    return count, most


@kernel
def _count_rows(begin: Array, size: Array, pool: Array, start: Array, by_unit: Array) -> int:
    """Fill the starts of the rows, and at x + 2 of `by_unit` where the vertices of x + 1 start."""
    total = 0
    for v in range(len(size)):
        if size[v] > 0:
            total += size[v]
            for k in range(begin[v], begin[v] + size[v]):
                by_unit[pool[k] + 2] += 1
        start[v + 1] = total
    for x in range(2, len(by_unit)):
        by_unit[x] += by_unit[x - 1]
    return total


@kernel
def _rows_by_unit(begin: Array, size: Array, pool: Array, by_unit: Array, vertex: Array) -> None:
    """Fill in the vertices of each unit."""
    for v in range(len(size)):
        if size[v] > 0:
            for k in range(begin[v], begin[v] + size[v]):
                x = pool[k] + 1
                vertex[by_unit[x]] = v
                by_unit[x] += 1


@kernel
def _rows_by_vertex(by_unit: Array, vertex: Array, start: Array, items: Array) -> None:
    """Fill in the units of each vertex, ascending."""
    for x in range(len(by_unit) - 2):
        for k in range(by_unit[x], by_unit[x + 1]):
            v = vertex[k]
            items[start[v]] = x
            start[v] += 1
    for v in range(len(start) - 1, 0, -1):
        start[v] = start[v - 1]
    start[0] = 0


def single_points_of_one(
    program: Program, order: Array, hits: HitArrays, target: int, uses: Uses | None = None
) -> list[int]:
    """Return the units that stop the target alone, ascending.

    Parameters
    ----------
    order
        The vertices that run with nothing lost, in the order they start.
    target
        A vertex; where it is not in `order` no unit is returned, as it is down anyway.
    uses
        The edges by supplier, where the caller has them.

    Notes
    -----
    A unit that stops the target breaks every proof that it runs, so only units that a few proofs
    share are candidates. Those that hit what nothing can stand in for are found at once. The others
    are lanes of bit masks, worked out only for vertices on which a lane of the target hangs: the
    cost is that of the order, and of the part of the network that has candidates in common.
    """
    fast = program.fast
    n = len(program.stopped)
    rank = filled(n, -1, "int32", fast=fast)
    _rank(order, rank)
    if rank[target] < 0:
        return []
    uses = uses_of(program) if uses is None else uses
    arrays, on, consumers = tuple(program), tuple(hits), tuple(uses)
    seen = filled(n, 0, "uint8", fast=fast)
    taken = filled(len(program.weight), 0, "uint8", fast=fast)
    stack = filled(n, 0, "int32", fast=fast)
    proofs = filled(_unit_count(hits), 0, "uint8", fast=fast)
    shared = proof = 0
    for proof in range(1, _PROOFS + 1):
        before = shared
        shared = _prove(rank, arrays, on, target, proof, seen, taken, stack, proofs)
        if shared == before:
            break
    found = _mark_needed(rank, arrays, on, target, seen, stack, proofs)
    number = filled(len(proofs), -1, "int32", fast=fast)
    units = filled(shared, 0, "int32", fast=fast)
    _number(proofs, proof, found, number, units)
    points = [int(x) for x in units[:found]]
    if shared == found:
        return points
    lanes = _LANES if fast else shared - found
    every = (1 << lanes) - 1
    masks = (
        filled(n, every, "int64", fast=fast),
        filled(n, 0, "int64", fast=fast),
        filled(n + 1, 0, "int64", fast=fast),
        filled(n + 1, 0, "int64", fast=fast),
    )
    places = (
        filled(n + 1, 0, "int32", fast=fast),
        filled(n + 1, 0, "int32", fast=fast),
        filled(n, 0, "int32", fast=fast),
        filled(n, 0, "int32", fast=fast),
        filled(n, 0, "uint8", fast=fast),
    )
    for low in range(found, shared, lanes):
        high = min(low + lanes, shared)
        last = _narrow_lanes(
            rank, arrays, on, consumers, target, (low, high), every, number, masks, places
        )
        points += [int(units[k]) for k in range(low, high) if last >> (k - low) & 1]
    return sorted(points)


@kernel
def _rank(order: Array, rank: Array) -> None:
    for i in range(len(order)):
        rank[order[i]] = i


@kernel
def _prove(
    rank: Array,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    target: int,
    proof: int,
    seen: Array,
    taken: Array,
    stack: Array,
    proofs: Array,
) -> int:
    """Prove that the target runs, and spare the units that all earlier proofs share.

    Proofs are counted from 1. A unit that all of them so far share has the number of the last one
    in `proofs`; returns how many there are. A supplier proves nothing to what started before it.
    """
    slot_start, edge_start, source, _, weight, need = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    n = len(rank)
    weighted = len(need) > 0
    cuts = len(cut_start) > 0
    shared = 0
    seen[target] = proof
    stack[0] = target
    depth = 1
    while depth > 0:
        depth -= 1
        v = stack[depth]
        for k in range(vertex_start[v], vertex_start[v + 1]):
            x = vertex_unit[k]
            if proofs[x] == proof - 1:
                proofs[x] = proof
                shared += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            lack = need[s] if weighted else 1
            while lack > 0:
                best = -1
                best_cost = 0
                for e in range(edge_start[s], edge_start[s + 1]):
                    u = source[e]
                    if rank[u] < 0 or rank[u] >= rank[v] or (weighted and taken[e] == proof):
                        continue
                    cost = 0
                    if seen[u] != proof:
                        for k in range(vertex_start[u], vertex_start[u + 1]):
                            if proofs[vertex_unit[k]] == proof - 1:
                                cost += n
                        cost += rank[u] + 1
                    if cuts:
                        for k in range(cut_start[e], cut_start[e + 1]):
                            if proofs[cut_unit[k]] == proof - 1:
                                cost += n
                    if best < 0 or cost < best_cost:
                        best = e
                        best_cost = cost
                if weighted:
                    lack -= weight[best]
                    taken[best] = proof
                else:
                    lack = 0
                if cuts:
                    for k in range(cut_start[best], cut_start[best + 1]):
                        x = cut_unit[k]
                        if proofs[x] == proof - 1:
                            proofs[x] = proof
                            shared += 1
                u = source[best]
                if seen[u] != proof:
                    seen[u] = proof
                    stack[depth] = u
                    depth += 1
    return shared


@kernel
def _mark_needed(
    rank: Array,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    target: int,
    seen: Array,
    stack: Array,
    proofs: Array,
) -> int:
    """Mark the units that hit what nothing can stand in for; return how many.

    That is the target, and the supplies without which a need of such a vertex is not met.
    """
    slot_start, edge_start, source, _, weight, need = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    weighted = len(need) > 0
    count = 0
    seen[target] = _NEEDED
    stack[0] = target
    depth = 1
    while depth > 0:
        depth -= 1
        v = stack[depth]
        for k in range(vertex_start[v], vertex_start[v + 1]):
            x = vertex_unit[k]
            if proofs[x] != _NEEDED:
                proofs[x] = _NEEDED
                count += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            enough = need[s] if weighted else 1
            total = 0
            for e in range(edge_start[s], edge_start[s + 1]):
                if rank[source[e]] >= 0:
                    total += weight[e] if weighted else 1
            for e in range(edge_start[s], edge_start[s + 1]):
                u = source[e]
                if rank[u] < 0 or total - (weight[e] if weighted else 1) >= enough:
                    continue
                if len(cut_start) > 0:
                    for k in range(cut_start[e], cut_start[e + 1]):
                        x = cut_unit[k]
                        if proofs[x] != _NEEDED:
                            proofs[x] = _NEEDED
                            count += 1
                if seen[u] != _NEEDED:
                    seen[u] = _NEEDED
                    stack[depth] = u
                    depth += 1
    return count


@kernel
def _number(proofs: Array, proof: int, found: int, number: Array, units: Array) -> None:
    """List the units that are needed, then those that all proofs share, which get numbers."""
    needed = 0
    count = found
    for x in range(len(proofs)):
        if proofs[x] == _NEEDED:
            units[needed] = x
            needed += 1
        elif proofs[x] == proof and count < len(units):
            units[count] = x
            number[x] = count
            count += 1


@kernel
def _narrow_lanes(
    rank: Array,
    program: tuple[Array, ...],
    hits: tuple[Array, ...],
    uses: tuple[Array, ...],
    target: int,
    lanes: tuple[int, int],
    every: int,
    number: Array,
    masks: tuple[Array, ...],
    places: tuple[Array, ...],
) -> int:
    """Return the mask of the units, of those numbered `lanes`, that stop the target alone.

    A mask holds at least the lanes that stop its vertex alone, `every` lane at first. Lanes are
    asked of a vertex when a consumer still has them, and worked out, depth first, from suppliers
    that started before it: `done` holds these lanes. Then vertices with lanes that the target
    still has are worked out from all their suppliers, again whenever a supplier loses such a lane.
    What is left holds itself up: a vertex with a lane is hit, or has a slot all edges of which
    have it. `masks` and `places` come back as they were.
    """
    slot_start, edge_start, source, _, weight, need = program
    vertex_start, vertex_unit, cut_start, cut_unit = hits
    use_start, use_edge, edge_slot, slot_vertex = uses
    mask, done, wanted_at, now_at = masks
    stack, slot_at, queue, known, waiting = places
    n = len(rank)
    weighted = len(need) > 0
    cuts = len(cut_start) > 0
    count = 0
    head = 0
    queued = 0
    stack[0] = target
    slot_at[0] = -1
    wanted_at[0] = (1 << (lanes[1] - lanes[0])) - 1
    depth = 1
    again = False
    while depth > 0:
        v = stack[depth - 1]
        s = slot_at[depth - 1]
        wanted = wanted_at[depth - 1]
        now = now_at[depth - 1]
        if s < 0:
            s = slot_start[v]
            now = _lanes_at(vertex_unit, vertex_start[v], vertex_start[v + 1], number, lanes)
        late = again and depth == 1
        ask = -1
        asked = 0
        while s < slot_start[v + 1]:
            common = wanted & ~now
            if common == 0:
                break
            a = edge_start[s]
            b = edge_start[s + 1]
            if weighted:
                common = _short(weight, a, b, need[s], common, source, mask, hits, number, lanes)
            else:
                for e in range(a, b):
                    bits = mask[source[e]]
                    if cuts:
                        bits |= _lanes_at(cut_unit, cut_start[e], cut_start[e + 1], number, lanes)
                    common &= bits
            if common != 0:
                for e in range(a, b):
                    u = source[e]
                    if rank[u] < 0 or (rank[u] >= rank[v] and not late):
                        continue
                    bits = common & ~done[u]
                    if cuts and bits:
                        bits &= ~_lanes_at(cut_unit, cut_start[e], cut_start[e + 1], number, lanes)
                    if bits and (ask < 0 or rank[u] < rank[ask]):
                        ask = u
                        asked = wanted & ~done[u]
                if ask >= 0:
                    break
                now |= common
            s += 1
        if ask >= 0:
            slot_at[depth - 1] = s
            now_at[depth - 1] = now
            stack[depth] = ask
            slot_at[depth] = -1
            wanted_at[depth] = asked
            depth += 1
            continue
        depth -= 1
        gone = wanted & ~now
        if late:
            gone &= mask[v]
        elif done[v] == 0:
            known[count] = v
            count += 1
        mask[v] &= ~gone
        if not late:
            done[v] |= wanted
            if wanted & now and not waiting[v]:
                waiting[v] = 1
                queue[(head + queued) % n] = v
                queued += 1
        elif gone:
            for k in range(use_start[v], use_start[v + 1]):
                u = slot_vertex[edge_slot[use_edge[k]]]
                if mask[u] & done[u] & gone and not waiting[u]:
                    waiting[u] = 1
                    queue[(head + queued) % n] = u
                    queued += 1
        while depth == 0 and queued > 0:
            v = queue[head]
            head = (head + 1) % n
            queued -= 1
            waiting[v] = 0
            wanted = mask[v] & done[v] & mask[target]
            if wanted:
                again = True
                stack[0] = v
                slot_at[0] = -1
                wanted_at[0] = wanted
                depth = 1
    last: int = mask[target] & done[target]
    for k in range(count):
        mask[known[k]] = every
        done[known[k]] = 0
    return last


@kernel
def _lanes_at(units: Array, a: int, b: int, number: Array, lanes: tuple[int, int]) -> int:
    """Return the mask of the units at a to b."""
    mask = 0
    for k in range(a, b):
        lane = number[units[k]]
        if lanes[0] <= lane < lanes[1]:
            mask |= 1 << (lane - lanes[0])
    return mask


@kernel
def _short(
    weight: Array,
    a: int,
    b: int,
    need: int,
    rest: int,
    source: Array,
    mask: Array,
    hits: tuple[Array, ...],
    number: Array,
    lanes: tuple[int, int],
) -> int:
    """Return those lanes, of `rest`, without which the edges a to b bring less than the need."""
    if need <= 0:
        return 0
    _, _, cut_start, cut_unit = hits
    found = 0
    # Units that take the same edges away are weighed together.
    while rest != 0:
        lane = rest & -rest
        alike = rest
        left = 0
        for e in range(a, b):
            bits = mask[source[e]]
            if len(cut_start) > 0:
                bits |= _lanes_at(cut_unit, cut_start[e], cut_start[e + 1], number, lanes)
            if bits & lane:
                alike &= bits
            else:
                alike &= ~bits
                left += weight[e]
        if left < need:
            found |= alike
        rest ^= alike
    return found
