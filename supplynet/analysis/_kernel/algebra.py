"""Families of minimal sets, each held once: union, join, thresholds, and the fixpoint over them.

A *family* is a number: ``0`` the empty family (nothing in the domain stops it), ``1`` that of the
empty set (down whatever is lost), else ascending codes in a pool, ``code[start[f]:start[f + 1]]``.
Union and join of two families are remembered by their numbers, so vertices alike in what stops
them cost one operation.
"""

from __future__ import annotations

from typing import Any

from supplynet.analysis._kernel.codes import (
    DIGIT,
    GAP_FROM,
    GAPS,
    JOIN,
    KNOWN,
    LIMIT,
    MODULUS,
    PAIRS,
    SPREAD,
    UNITS,
    WIDTH,
    WORDS,
    ZERO,
    above_seen,
    is_seen,
    items_in,
    joined,
    see,
    size_of,
    within,
)
from supplynet.analysis._kernel.directed import allowed
from supplynet.analysis._kernel.jit import Array, kernel

__all__ = [
    "CAPPED",
    "CODES",
    "CROWDED",
    "FAMILIES",
    "FULL",
    "SCRATCH",
    "STAMP",
    "STATES",
    "WORK",
    "rehash",
    "singles",
    "sweep",
]

#: The number of a family, or what is said instead of one.
Family = Any

#: What kernels return instead of a family: there is no room for more codes, for more families, for
#: unions of two families, for the states of a threshold; or there is no more work.
FULL, CROWDED, SCRATCH, STATES, CAPPED = -1, -2, -3, -4, -5

#: Positions in the array of counters.
FAMILIES, CODES, WORK, STAMP = range(4)

#: The lower half of a place in the table of families.
_LOWER = 0x7FFFFFFF


@kernel
def _intern(start: Array, code: Array, table: Array, count: Array, buffer: Array, n: int) -> Family:
    """Return the family of the first n codes of the buffer, ascending and minimal."""
    if n == 0:
        return 0
    mark = n
    for i in range(n):
        mark = ((mark ^ buffer[i] % MODULUS) * SPREAD) & 0x3FFFFFFFFFFFFFFF
        mark ^= mark >> 31
    # A place holds the upper half of the mark, which says where it is, and the family.
    mark ^= mark & _LOWER
    last = len(table) - 1
    at = (mark >> 31) & last
    while table[at] != 0:
        number = table[at] & _LOWER
        if table[at] ^ number == mark:
            first = start[number]
            if start[number + 1] - first == n:
                i = 0
                while i < n and code[first + i] == buffer[i]:
                    i += 1
                if i == n:
                    return number
        at = (at + 1) & last
    number, end = count[FAMILIES], count[CODES]
    if end + n > len(code):
        return FULL
    if number + 2 > len(start) or 2 * number > last:
        return CROWDED
    for i in range(n):
        code[end + i] = buffer[i]
    start[number + 1] = end + n
    table[at] = mark | number
    count[FAMILIES] = number + 1
    count[CODES] = end + n
    return number


@kernel
def rehash(old: Array, table: Array) -> None:
    """Move the families of one table to a larger one."""
    last = len(table) - 1
    for i in range(len(old)):
        if old[i] != 0:
            at = (old[i] >> 31) & last
            while table[at] != 0:
                at = (at + 1) & last
            table[at] = old[i]


@kernel
def _compare(
    code: Array,
    seen: Array,
    mark: Array,
    count: Array,
    rule: Array,
    first: int,
    end: int,
    other: int,
    other_end: int,
    at: int,
) -> None:
    """Mark from `at` on which codes of one family hold a set of another: 1; are one of it: 2."""
    masks = rule[WIDTH] == 0
    if (end - first) * (other_end - other) <= rule[PAIRS]:
        for i in range(first, end):
            x, above = code[i], 0
            for j in range(other, other_end):
                y = code[j]
                if y >= x:
                    if y == x:
                        above = 2
                    break
                if (x & y == y) if masks else within(rule, y, x):
                    above = 1
                    break
            mark[at + i - first] = above
        return
    stamp = count[STAMP] + 1
    count[STAMP] = stamp
    sizes = rule[ZERO]
    for j in range(other, other_end):
        see(seen, stamp, code[j])
        sizes |= 1 << items_in(rule, code[j])
    for i in range(first, end):
        x, above = code[i], 0
        items = items_in(rule, x)
        if sizes >> items & 1 and is_seen(seen, stamp, x):
            above = 2
        elif above_seen(seen, rule, stamp, x, items, sizes):
            above = 1
        mark[at + i - first] = above


@kernel
def _either(
    start: Array,
    code: Array,
    table: Array,
    memo: Array,
    seen: Array,
    buffer: Array,
    mark: Array,
    count: Array,
    rule: Array,
    a: int,
    b: int,
) -> Family:
    """Return the family of the minimal sets of two families."""
    if a == b:
        return a
    if b == 0:
        return a
    if a == 0:
        return b
    if a == 1 or b == 1:
        return 1
    if a > b:
        a, b = b, a
    key = (a << 31 | b) << 1
    spot = (a * 0x9E3779B1 ^ b * 0x85EBCA77) >> 7 & ((len(memo) >> 1) - 1)
    if memo[2 * spot] == key:
        return memo[2 * spot + 1]
    i, i_end, j, j_end = start[a], start[a + 1], start[b], start[b + 1]
    left, right = i_end - i, j_end - j
    if left + right > len(buffer):
        return SCRATCH
    count[WORK] += left + right
    _compare(code, seen, mark, count, rule, i, i_end, j, j_end, rule[ZERO])
    _compare(code, seen, mark, count, rule, j, j_end, i, i_end, left)
    n = rule[ZERO]
    p, q = 0, left
    while i < i_end or j < j_end:
        if j == j_end or (i < i_end and code[i] <= code[j]):
            if mark[p] != 1:
                buffer[n] = code[i]
                n += 1
            i += 1
            p += 1
        else:
            if mark[q] == 0:
                buffer[n] = code[j]
                n += 1
            j += 1
            q += 1
    number = _intern(start, code, table, count, buffer, n)
    if number >= 0:
        memo[2 * spot] = key
        memo[2 * spot + 1] = number
    return number


@kernel
def _both(
    start: Array,
    code: Array,
    table: Array,
    memo: Array,
    seen: Array,
    buffer: Array,
    spare: Array,
    mark: Array,
    pick: Array,
    head: Array,
    link: Array,
    known: Array,
    known_table: Array,
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    proof_memo: Array,
    count: Array,
    rule: Array,
    a: int,
    b: int,
) -> Family:
    """Return the family of the minimal unions, in the domain, of a set of each of two families."""
    if a == b:
        return a
    if b == 1:
        return a
    if a == 1:
        return b
    if a == 0 or b == 0:
        return 0
    if a > b:
        a, b = b, a
    key = (a << 31 | b) << 1 | 1
    spot = (a * 0x9E3779B1 ^ b * 0x85EBCA77 ^ 0x5BD1) >> 7 & ((len(memo) >> 1) - 1)
    if memo[2 * spot] == key:
        return memo[2 * spot + 1]
    i, i_end, j, j_end = start[a], start[a + 1], start[b], start[b + 1]
    left, right = i_end - i, j_end - j
    if left + right > len(buffer):
        return SCRATCH
    count[WORK] += left + right
    _compare(code, seen, mark, count, rule, i, i_end, j, j_end, rule[ZERO])
    _compare(code, seen, mark, count, rule, j, j_end, i, i_end, left)
    # A set that holds one of the other side is its own union with it and absorbs all others.
    n = rest = rule[ZERO]
    for p in range(left):
        if mark[p]:
            buffer[n] = code[i + p]
            n += 1
        else:
            spare[rest] = code[i + p]
            rest += 1
    middle = rest
    for q in range(right):
        if mark[left + q] == 0:
            spare[rest] = code[j + q]
            rest += 1
        elif mark[left + q] == 1:
            buffer[n] = code[j + q]
            n += 1
    if 0 < middle < rest:
        n = _unions(
            seen, buffer, spare, mark, pick, head, link, known, known_table, broken, every,
            proof_start, proof_digit, proof_memo, count, rule, n, middle, rest,
        )  # fmt: skip
        if n < 0:
            return n
    elif n > 1:
        _sort(buffer, n)
    number = _intern(start, code, table, count, buffer, n)
    if number >= 0:
        memo[2 * spot] = key
        memo[2 * spot + 1] = number
    return number


@kernel
def _unions(
    seen: Array,
    buffer: Array,
    spare: Array,
    mark: Array,
    pick: Array,
    head: Array,
    link: Array,
    known: Array,
    known_table: Array,
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    proof_memo: Array,
    count: Array,
    rule: Array,
    kept: int,
    middle: int,
    rest: int,
) -> Family:
    """Add unions of the two halves of `spare` to the first codes of the buffer.

    Returns how many codes stand there then, minimal and ascending.
    """
    masks, filtered = rule[WIDTH] == 0, rule[KNOWN] > 0 or rule[WORDS] > 0
    units, gaps, gap_mask = rule[UNITS], rule[GAPS], rule[GAP_FROM]
    if middle * (rest - middle) > min(4, rule[JOIN]):
        # A set with no room left has no union but itself, and those are taken out.
        full = units + 256 * gaps
        n = end = rule[ZERO]
        for i in range(rest):
            if i == middle:
                end = n
            size = size_of(rule, spare[i])
            if size != full:
                spare[n] = spare[i]
                mark[n] = size
                n += 1
        middle, rest = end, n
    hashed = middle * (rest - middle) + kept > rule[PAIRS]
    by_item = not masks and middle * (rest - middle) > rule[JOIN]
    stamp = count[STAMP] + 1
    count[STAMP] = stamp
    last = (len(seen) >> 1) - 1
    inserted = kept
    sizes = rule[ZERO]
    if hashed:
        for i in range(kept):
            see(seen, stamp, buffer[i])
            sizes |= 1 << items_in(rule, buffer[i])
    if by_item:
        _link(head, link, spare, rule, middle, rest)
    else:
        for j in range(rest - middle):
            pick[j] = middle + j
    picked = rest - middle
    n = kept
    failed = 0
    for i in range(middle):
        x = spare[i]
        if by_item:
            picked = _choose(pick, head, link, spare, mark, rule, i, middle, rest)
        count[WORK] += picked
        if count[WORK] > rule[LIMIT]:
            failed = CAPPED
            break
        for p in range(picked):
            if masks:
                union = x | spare[pick[p]]
                part = union & gap_mask
                single = union ^ part
                left = gaps
                while part > 0 and left >= 0:
                    part &= part - 1
                    left -= 1
                if left < 0:
                    continue
                left = units
                while single > 0 and left >= 0:
                    single &= single - 1
                    left -= 1
                if left < 0:
                    continue
            else:
                union = joined(rule, x, spare[pick[p]])
                if union < 0:
                    continue
            if filtered and not allowed(
                known, known_table, rule, broken, every, proof_start, proof_digit, proof_memo, union
            ):
                continue
            if hashed:
                if not see(seen, stamp, union):
                    continue
                inserted += 1
                sizes |= 1 << items_in(rule, union)
            if n == len(buffer) or 2 * inserted > last:
                failed = SCRATCH
                break
            buffer[n] = union
            n += 1
        if failed:
            break
    if by_item:
        _unlink(head, spare, rule, middle, rest)
    if failed:
        return failed
    if hashed:
        end = n
        n = kept
        for i in range(kept, end):
            items = items_in(rule, buffer[i])
            if not above_seen(seen, rule, stamp, buffer[i], items, sizes):
                buffer[n] = buffer[i]
                n += 1
    _sort(buffer, n)
    if hashed:
        return n
    end = n
    n = 0
    for i in range(end):
        x = buffer[i]
        above = False
        for j in range(n):
            if (x & buffer[j] == buffer[j]) if masks else within(rule, buffer[j], x):
                above = True
                break
        if not above:
            buffer[n] = x
            n += 1
    return n


@kernel
def _sort(buffer: Array, n: int) -> None:
    """Sort the first n codes: by insertion, over shrinking gaps where they are many (Ciura)."""
    gap = 1
    while gap * 9 < n * 4:
        gap = gap * 9 // 4 + 1
    while gap > 0:
        for i in range(gap, n):
            x = buffer[i]
            k = i
            while k >= gap and buffer[k - gap] > x:
                buffer[k] = buffer[k - gap]
                k -= gap
            buffer[k] = x
        gap = gap * 4 // 9 if gap > 1 else 0


@kernel
def _link(head: Array, link: Array, spare: Array, rule: Array, middle: int, rest: int) -> None:
    """Chain the places of each digit in the second half: place is (code, position in it)."""
    width, digit = rule[WIDTH], rule[DIGIT]
    most = rule[UNITS] + rule[GAPS]
    for j in range(middle, rest):
        y, place = spare[j], j * most
        while y > 0:
            link[place] = head[y & digit]
            head[y & digit] = place
            place += 1
            y >>= width


@kernel
def _unlink(head: Array, spare: Array, rule: Array, middle: int, rest: int) -> None:
    width, digit = rule[WIDTH], rule[DIGIT]
    for j in range(middle, rest):
        y = spare[j]
        while y > 0:
            head[y & digit] = -1
            y >>= width


@kernel
def _choose(
    pick: Array,
    head: Array,
    link: Array,
    spare: Array,
    mark: Array,
    rule: Array,
    i: int,
    middle: int,
    rest: int,
) -> Family:
    """Write which sets of the second half may have a union with set i; return how many.

    Sets that fit in beside it, and those that share an item with it. `mark` holds sizes; that of
    a set chosen is lifted by 65,536 until all are.
    """
    width, digit, units, gaps = rule[WIDTH], rule[DIGIT], rule[UNITS], rule[GAPS]
    most = units + gaps
    x, size = spare[i], mark[i]
    units_left, gaps_left = units - (size & 255), gaps - (size >> 8)
    bound = 1 << (width * (units_left + gaps_left))
    n = 0
    j = middle
    while j < rest and spare[j] < bound:
        if mark[j] & 255 <= units_left and mark[j] >> 8 <= gaps_left:
            pick[n] = j
            n += 1
            mark[j] |= 65536
        j += 1
    while x > 0:
        place = head[x & digit]
        while place >= 0:
            j = place // most
            if mark[j] < 65536:
                pick[n] = j
                n += 1
                mark[j] |= 65536
            place = link[place]
        x >>= width
    for p in range(n):
        mark[pick[p]] &= 65535
    return n


@kernel
def sweep(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    weight: Array,
    need: Array,
    order: Array,
    uses: tuple[Array, Array, Array, Array],
    base: Array,
    edge_base: Array,
    found: Array,
    waiting: Array,
    by_slot: Array,
    together: Array,
    loads: Array,
    states: Array,
    start: Array,
    code: Array,
    table: Array,
    memo: Array,
    seen: Array,
    buffer: Array,
    spare: Array,
    mark: Array,
    pick: Array,
    head: Array,
    link: Array,
    known: Array,
    known_table: Array,
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    proof_memo: Array,
    count: Array,
    rule: Array,
) -> Family:
    """Shrink the families of all vertices to the fixpoint; 0, or what is lacking.

    Nothing is lost where an array is too short: what was worked out stands, the vertex in hand is
    still waiting.
    """
    use_start, use_edge, use_slot, slot_vertex = uses
    weighted, cuttable = len(need) > 0, len(edge_base) > 0
    again = True
    while again:
        again = False
        for i in range(len(order)):
            v = order[i]
            if not waiting[v]:
                continue
            now = base[v]
            for s in range(slot_start[v], slot_start[v + 1]):
                # A slot none of whose sources changed is as it was.
                common, loss, n = by_slot[s], 0, rule[ZERO]
                if common >= 0:
                    now = _either(
                        start, code, table, memo, seen, buffer, mark, count, rule, now, common
                    )
                    if now < 0:
                        return now
                    continue
                common = 1
                e, end = edge_start[s], edge_start[s + 1]
                if weighted:
                    # What may be lost beside what is down anyway.
                    loss = -need[s]
                    for k in range(e, end):
                        loss += weight[k]
                while e < end and common > 0:
                    n = rule[ZERO]
                    while e < end and n < len(together):
                        family = found[source[e]]
                        if family != 1 and cuttable and edge_base[e] != 0:
                            family = _either(
                                start, code, table, memo, seen, buffer, mark, count, rule,
                                family, edge_base[e],
                            )  # fmt: skip
                            if family < 0:
                                return family
                        if weighted:
                            if family == 1:
                                loss -= weight[e]
                            elif family != 0:
                                n = _add_load(together, loads, n, family, weight[e])
                        elif family == 0:
                            common = 0
                            break
                        elif family != 1:
                            n = _insert(together, start, n, family)
                        e += 1
                    if weighted:
                        continue
                    for k in range(n):
                        if common == 0:
                            break
                        common = _both(
                            start, code, table, memo, seen, buffer, spare, mark, pick, head, link,
                            known, known_table, broken, every, proof_start, proof_digit,
                            proof_memo, count, rule, common, together[k],
                        )  # fmt: skip
                        if common < 0:
                            return common
                if weighted:
                    common = _threshold(
                        together, loads, states, start, code, table, memo, seen, buffer, spare,
                        mark, pick, head, link, known, known_table, broken, every, proof_start,
                        proof_digit, proof_memo, count, rule, n, loss,
                    )  # fmt: skip
                    if common < 0:
                        return common
                by_slot[s] = common
                now = _either(
                    start, code, table, memo, seen, buffer, mark, count, rule, now, common
                )
                if now < 0:
                    return now
            if count[WORK] > rule[LIMIT]:
                return CAPPED
            waiting[v] = 0
            if now != found[v]:
                found[v] = now
                again = True
                for k in range(use_start[v], use_start[v + 1]):
                    s = use_slot[use_edge[k]]
                    by_slot[s] = -1
                    waiting[slot_vertex[s]] = 1
    return 0


@kernel
def _insert(together: Array, start: Array, n: int, family: int) -> Family:
    """Put a family among the first n, smallest first, unless it is there; return how many."""
    size = start[family + 1] - start[family]
    at = n
    while at > 0 and start[together[at - 1] + 1] - start[together[at - 1]] > size:
        at -= 1
    k = at
    while k > 0 and start[together[k - 1] + 1] - start[together[k - 1]] == size:
        if together[k - 1] == family:
            return n
        k -= 1
    for k in range(n, at, -1):
        together[k] = together[k - 1]
    together[at] = family
    return n + 1


@kernel
def _add_load(group: Array, load: Array, n: int, family: int, weight: int) -> Family:
    """Add the weight to the load of a family, which may be new; return how many there are."""
    if weight == 0:
        return n
    k = 0
    while k < n and group[k] != family:
        k += 1
    if k < n:
        load[k] += weight
        return n
    group[n], load[n] = family, weight
    return n + 1


@kernel
def _threshold(
    group: Array,
    load: Array,
    states: Array,
    start: Array,
    code: Array,
    table: Array,
    memo: Array,
    seen: Array,
    buffer: Array,
    spare: Array,
    mark: Array,
    pick: Array,
    head: Array,
    link: Array,
    known: Array,
    known_table: Array,
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    proof_memo: Array,
    count: Array,
    rule: Array,
    n: int,
    loss: int,
) -> Family:
    """Return the family of the sets by which groups of edges fail that weigh more than `loss`.

    Groups are taken from the heaviest down. A state is what may still be lost and the sets by
    which the rest is lost already; those that come to the same are united, those that can not
    or need not go on are dropped. A state whose family has become empty is dropped, so of many
    groups only those few matter whose failures fit into one set.
    """
    if loss < 0:
        return 1
    left = 0
    for i in range(n):
        left += load[i]
        g, w = group[i], load[i]
        k = i
        while k > 0 and load[k - 1] < w:
            group[k], load[k] = group[k - 1], load[k - 1]
            k -= 1
        group[k], load[k] = g, w
    if left <= loss:
        return 0
    # Thirds of `states`: what is at hand, what comes next, what has just lost this group. Each
    # holds pairs of loss and family, the largest loss first.
    room = len(states) // 6
    here, there, moved = 0, 2 * room, 4 * room
    states[0], states[1] = loss, 1
    size = 1
    result = rule[ZERO]
    for i in range(n):
        g, w = group[i], load[i]
        n_moved = 0
        for k in range(size):
            allowance, family = states[here + 2 * k], states[here + 2 * k + 1]
            count[WORK] += 1
            lost = _both(
                start, code, table, memo, seen, buffer, spare, mark, pick, head, link, known,
                known_table, broken, every, proof_start, proof_digit, proof_memo, count, rule,
                family, g,
            )  # fmt: skip
            if lost < 0:
                return lost
            if lost == 0:
                continue
            if allowance < w:
                result = _either(
                    start, code, table, memo, seen, buffer, mark, count, rule, result, lost
                )
                if result < 0:
                    return result
            else:
                states[moved + 2 * n_moved] = allowance - w
                states[moved + 2 * n_moved + 1] = lost
                n_moved += 1
        left -= w
        if size + n_moved > room:
            return STATES
        p = q = kept = 0
        while p < size or q < n_moved:
            if q == n_moved or (p < size and states[here + 2 * p] >= states[moved + 2 * q]):
                allowance, family = states[here + 2 * p], states[here + 2 * p + 1]
                p += 1
                if q < n_moved and states[moved + 2 * q] == allowance:
                    family = _either(
                        start, code, table, memo, seen, buffer, mark, count, rule,
                        family, states[moved + 2 * q + 1],
                    )  # fmt: skip
                    if family < 0:
                        return family
                    q += 1
            else:
                allowance, family = states[moved + 2 * q], states[moved + 2 * q + 1]
                q += 1
            if allowance < left:
                states[there + 2 * kept] = allowance
                states[there + 2 * kept + 1] = family
                kept += 1
        here, there = there, here
        size = kept
        if count[WORK] > rule[LIMIT]:
            return CAPPED
    return result


@kernel
def singles(
    start: Array,
    code: Array,
    table: Array,
    count: Array,
    rule: Array,
    buffer: Array,
    item_start: Array,
    unit: Array,
    number: Array,
    base: Array,
    todo: int,
) -> Family:
    """Write the family of each place's own items, from the place `todo` on.

    Return at which place the pool was full, or the number of places.
    """
    for place in range(todo, len(base)):
        n = rule[ZERO]
        for k in range(item_start[place], item_start[place + 1]):
            d = number[unit[k]]
            if d > 0:
                buffer[n] = d if rule[WIDTH] > 0 else 1 << (d - 1)
                n += 1
        family = _intern(start, code, table, count, buffer, n)
        if family < 0:
            return place
        base[place] = family
    return len(base)
