"""Minimal cut sets of one target without loops, held and counted as decision diagrams.

A family of sets is a zero-suppressed binary decision diagram (Minato, Zero-suppressed BDDs for
set manipulation in combinatorial problems, DAC 1993): node (x, high, low) is the sets of `low`,
and those of `high` with x added. Union and product keep only minimal sets (Rauzy, New algorithms
for fault trees analysis, Reliability Engineering and System Safety 40, 1993) and drop at once
what is above the order asked for. Each module has its own diagram, whose variables are units and
smaller modules, weighted with the least order of what they stand for.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.gates import FALSE, TRUE, graph_of
from supplynet.analysis._kernel.modules import UNKNOWN, Gates, gates_of
from supplynet.analysis._kernel.program import Program

__all__ = ["NODES", "Diagram", "cut_sets_by_diagram"]

#: Most nodes of diagrams by default: about 3 GB.
NODES = 32_000_000

_MOST_GATES = 4_000_000
#: Sets written at a time.
_ROWS = 4096
#: Steps between two looks at the clock.
_SLICE = 20_000_000
#: Steps of the first attempt on a module; each round of orders is given eight times as many.
_FIRST_STEPS = 2_000_000
_ORDERS = 4

# Operations on families, and (from _UNITS on) what else a plan consists of.
_EITHER, _BOTH, _WITHOUT, _CUT, _UNITS = range(5)
# What a frame waits for.
_LOW_1, _LOW_OR, _LOW_1_AND, _LOW_AND, _EITHER_AND, _FIRST_AND, _LAST_AND, _ALL = range(8)
_LOW_OUT, _OUT, _HIGH = range(8, 11)
_CALL, _RETURN, _NEXT = range(3)
_NO_LIMIT = 65535
# State of the engine, kept between calls.
(
    _NODES, _SLOTS, _DEPTH, _MODE, _OP, _F, _G, _L, _RESULT, _STEPS, _AT, _PLAN, _GATE, _STORED,
    _STAGE, _ORDER, _BUDGET, _LITS, _SIZE,
) = range(19)  # fmt: skip
_DONE, _MORE_NODES, _MORE_STORE, _PAUSE, _SPENT = range(5)
_TERMINAL = 1 << 30


@kernel
def _clear(node: Array, unique: Array, cache: Array, state: Array) -> None:
    """Forget all nodes, with small tables again: emptying large ones for each module is dear."""
    size = 2048
    while size > len(unique):
        size //= 2
    for i in range(size):
        unique[i] = 0
    for i in range(4 * size):
        cache[i] = -1
    node[0] = 1 << 30
    node[3] = 32767 << 16
    node[4] = 1 << 30
    node[7] = 0
    state[0] = 2
    state[1] = size
    state[2] = 0


@kernel
def _widen(node: Array, unique: Array, cache: Array, state: Array) -> None:
    """Double both tables, keeping what they hold."""
    old = state[1]
    size = 2 * old
    state[1] = size
    mask = size - 1
    for i in range(size):
        unique[i] = 0
    for i in range(2, state[0]):
        h = node[4 * i] * 805306457 + node[4 * i + 1] * 402653189 + node[4 * i + 2] * 201326611
        h = (h ^ (h >> 29)) & mask
        while unique[h]:
            h = (h + 1) & mask
        unique[h] = i
    for i in range(4 * old, 4 * size):
        cache[i] = -1
    for i in range(old):
        f = cache[4 * i]
        if f >= 0:
            g = cache[4 * i + 1]
            k = cache[4 * i + 2]
            h = f * 805306457 + g * 402653189 + k * 201326611
            h = (h ^ (h >> 29)) & mask
            if h != i:
                for j in range(4):
                    cache[4 * h + j] = cache[4 * i + j]
                cache[4 * i] = -1


@kernel
def _node(
    node: Array, unique: Array, state: Array, weight: Array, level: int, high: int, low: int
) -> int:
    """Return the node (level, high, low); there must be room for it."""
    if high == 0:
        return low
    mask = state[1] - 1
    h = level * 805306457 + high * 402653189 + low * 201326611
    h = (h ^ (h >> 29)) & mask
    i = unique[h]
    while i:
        if node[4 * i] == level and node[4 * i + 1] == high and node[4 * i + 2] == low:
            return i
        h = (h + 1) & mask
        i = unique[h]
    i = state[0]
    state[0] = i + 1
    unique[h] = i
    node[4 * i] = level
    node[4 * i + 1] = high
    node[4 * i + 2] = low
    w = weight[level]
    least = min((node[4 * high + 3] >> 16) + w, node[4 * low + 3] >> 16)
    most = max((node[4 * high + 3] & 65535) + w, node[4 * low + 3] & 65535)
    node[4 * i + 3] = (min(least, 32767) << 16) | min(most, 65535)
    return i


@kernel
def _run(
    node: Array,
    unique: Array,
    cache: Array,
    stack: Array,
    weight: Array,
    plan: Array,
    lits: Array,
    regs: Array,
    state: Array,
    until: int,
) -> int:
    """Carry out the plan from where it stands; return whether done, or what there is too little of.

    Each step of the plan is (operation, destination, operand, operand, limit). Operands are
    registers, or for the union or product of single variables a range of `lits`, levels in
    descending order. A frame of the stack is (waits for, operation, f, g, limit, low, other,
    level); nodes hold level, high, low and (least order << 16 | largest order), both cautious.
    """
    depth = state[2]
    mode = state[3]
    op = state[4]
    f = state[5]
    g = state[6]
    limit = state[7]
    r = state[8]
    steps = state[9]
    at = state[10]
    end = state[11]
    code = 0
    spare = min(len(node) // 4, state[1] // 2) - 2
    while True:
        if state[0] >= spare or depth + 8 > len(stack) or steps >= until:
            room = True
            while room and state[0] >= state[1] // 2 - 2:
                room = 2 * state[1] <= len(unique)
                if room:
                    _widen(node, unique, cache, state)
            spare = min(len(node) // 4, state[1] // 2) - 2
            if state[0] >= spare or depth + 8 > len(stack):
                code = 1
                break
            if steps >= until:
                code = 3
                break
        if mode == 0:
            steps += 1
            mode = 1
            if op == 2:
                # Without: the sets of f that hold no set of g.
                level = node[4 * f]
                while node[4 * g] < level:
                    g = node[4 * g + 2]
                if f == 0 or f == g or g == 1:
                    r = 0
                    continue
                if g == 0 or f == 1 or node[4 * g + 3] >> 16 > node[4 * f + 3] & 65535:
                    r = f
                    continue
            elif op == 0:
                if f == g or g == 0:
                    r = f
                    continue
                if f == 0:
                    r = g
                    continue
                if f == 1 or g == 1:
                    r = 1
                    continue
                if node[4 * f] > node[4 * g] or (node[4 * f] == node[4 * g] and f > g):
                    r = f
                    f = g
                    g = r
            else:
                if op == 1:
                    if f == g or g == 1:
                        op = 3
                    elif f == 1:
                        op = 3
                        f = g
                    else:
                        least = max(node[4 * f + 3] >> 16, node[4 * g + 3] >> 16)
                        if least > limit or least == 32767:
                            r = 0
                            continue
                        if (node[4 * f + 3] & 65535) + (node[4 * g + 3] & 65535) <= limit:
                            limit = 65535
                        if node[4 * f] > node[4 * g] or (node[4 * f] == node[4 * g] and f > g):
                            r = f
                            f = g
                            g = r
                if op == 3:
                    if node[4 * f + 3] & 65535 <= limit:
                        r = f
                        continue
                    if node[4 * f + 3] >> 16 > limit:
                        r = 0
                        continue
                    g = 0
            k = limit * 4 + op
            if op == 0 or op == 2:
                k = op
            h = f * 805306457 + g * 402653189 + k * 201326611
            h = 4 * ((h ^ (h >> 29)) & (state[1] - 1))
            if cache[h] == f and cache[h + 1] == g and cache[h + 2] == k:
                r = cache[h + 3]
                continue
            level = node[4 * f]
            stack[depth + 1] = k
            stack[depth + 2] = f
            stack[depth + 3] = g
            stack[depth + 4] = limit
            stack[depth + 7] = level
            mode = 0
            if op == 3:
                stack[depth] = 0
            elif node[4 * g] != level:
                # Only f has the variable.
                stack[depth] = 1
            else:
                stack[depth] = 2
                if op != 2:
                    g = node[4 * g + 2]
                else:
                    g = node[4 * g + 2]
            f = node[4 * f + 2]
            depth += 8
        elif mode == 1:
            if depth == 0:
                regs[plan[5 * at + 1]] = r
                at += 1
                mode = 2
                continue
            top = depth - 8
            wait = stack[top]
            k = stack[top + 1]
            if wait == 9:
                # All there: r is the high side.
                high = r
                low = 0 + stack[top + 5]
                r = _node(node, unique, state, weight, stack[top + 7], high, low)
                f = stack[top + 2]
                g = stack[top + 3]
                h = f * 805306457 + g * 402653189 + k * 201326611
                h = 4 * ((h ^ (h >> 29)) & (state[1] - 1))
                cache[h] = f
                cache[h + 1] = g
                cache[h + 2] = k
                cache[h + 3] = r
                depth = top
                continue
            mode = 0
            op = k & 3
            f = stack[top + 2]
            g = stack[top + 3]
            limit = stack[top + 4]
            w = weight[stack[top + 7]] if limit != 65535 else 0
            if wait == 0:
                # Cut: the low side is there.
                stack[top + 5] = r
                stack[top] = 9
                f = node[4 * f + 1]
                limit -= w
            elif wait == 1:
                stack[top + 5] = r
                f = node[4 * f + 1]
                if op == 1:
                    stack[top] = 8
                    limit -= w
                else:
                    # A set of the high side holds none of the low side of f as it is.
                    stack[top] = 9
                    op = 2
            elif wait == 2:
                stack[top + 5] = r
                f1 = node[4 * f + 1]
                if op == 0:
                    stack[top] = 8
                    f = f1
                    g = node[4 * g + 1]
                elif op == 1 and f1 == node[4 * g + 1]:
                    # What both have with the variable absorbs all else with it.
                    stack[top] = 8
                    op = 3
                    f = f1
                    limit -= w
                elif op == 1:
                    stack[top] = 3
                    op = 0
                    f = node[4 * g + 2]
                    g = node[4 * g + 1]
                else:
                    stack[top] = 6
                    f = f1
                    g = node[4 * g + 1]
            elif wait == 3:
                # Both: f1 with g0 or g1 ...
                stack[top] = 4
                op = 1
                f = node[4 * f + 1]
                g = r
                limit -= w
            elif wait == 4:
                # ... or f0 with g1 ...
                stack[top + 6] = r
                stack[top] = 5
                op = 1
                f = node[4 * f + 2]
                g = node[4 * g + 1]
                limit -= w
            elif wait == 5:
                stack[top] = 8
                op = 0
                f = stack[top + 6]
                g = r
            elif wait == 6:
                # Without: the high side of f without g1 is there; without g0 too.
                stack[top] = 9
                op = 2
                f = r
                g = node[4 * g + 2]
            else:
                # The high side is there, but for what the low side absorbs.
                stack[top] = 9
                op = 2
                f = r
                g = stack[top + 5]
        else:
            if at == end:
                break
            kind = plan[5 * at]
            limit = plan[5 * at + 4]
            if kind < 4:
                op = kind
                f = regs[plan[5 * at + 2]]
                g = regs[plan[5 * at + 3]]
                mode = 0
                continue
            first = plan[5 * at + 2]
            last = plan[5 * at + 3]
            if state[0] + last - first >= spare:
                # Room for one node each, all at once.
                room = 2 * state[1] <= len(unique)
                if not room or state[0] + last - first + 2 >= len(node) // 4:
                    code = 1
                    break
                _widen(node, unique, cache, state)
                spare = min(len(node) // 4, state[1] // 2) - 2
                continue
            r = kind - 4
            total = 0
            for i in range(first, last):
                w = weight[lits[i]]
                total += w
                high = r
                low = 0
                if kind == 4:
                    if w > limit or w == 32767:
                        continue
                    high = 1
                    low = r
                elif total > limit or w == 32767:
                    r = 0
                    break
                r = _node(node, unique, state, weight, lits[i], high, low)
            mode = 1
    state[2] = depth
    state[3] = mode
    state[4] = op
    state[5] = f
    state[6] = g
    state[7] = limit
    state[8] = r
    state[9] = steps
    state[10] = at
    return code


@kernel
def _sizes(kinds: Array, gates: tuple[Array, ...], base: int, count: int, size: Array) -> None:
    """Fill how many variables are under each gate of its module, counted once for each path."""
    _, start, arg, module, _, _, _ = gates
    for a in range(base):
        size[a] = 1
    for g in range(count):
        total = 0
        for i in range(start[g], start[g + 1]):
            a = arg[i]
            total += 1 if module[a] else size[a]
        size[base + g] = min(total, 1_000_000)


@kernel
def _make_plan(
    plan: Array,
    lits: Array,
    weight: Array,
    gates: tuple[Array, ...],
    work: tuple[Array, ...],
    state: Array,
    root: int,
    base: int,
    order: int,
) -> int:
    """Fill the plan of one module, its variables ranked by an order; return how many there are."""
    kinds, start, arg, module, parents, least, allowed = gates
    size, level, seen, variable, stack, ranked = work
    state[13] += 1
    stamp = state[13]
    steps = 0
    used = 0
    levels = 0
    depth = 2
    stack[0] = root
    stack[1] = start[root - base]
    _rank(ranked, root - base, order, gates, size, base)
    while depth > 0:
        g = stack[depth - 2]
        at = stack[depth - 1]
        k = g - base
        if at < start[k + 1]:
            stack[depth - 1] = at + 1
            a = ranked[at]
            if seen[a] == stamp:
                continue
            seen[a] = stamp
            if module[a]:
                level[a] = levels
                variable[levels] = a
                weight[levels] = least[a]
                levels += 1
            else:
                stack[depth] = a
                stack[depth + 1] = start[a - base]
                depth += 2
                _rank(ranked, a - base, order, gates, size, base)
            continue
        depth -= 2
        room = allowed[g]
        plan[5 * steps] = 4 + kinds[k]
        plan[5 * steps + 1] = k
        plan[5 * steps + 2] = used
        for i in range(start[k], start[k + 1]):
            a = ranked[i]
            if module[a]:
                j = used
                # Descending.
                while j > plan[5 * steps + 2] and lits[j - 1] < level[a]:
                    lits[j] = lits[j - 1]
                    j -= 1
                lits[j] = level[a]
                used += 1
        plan[5 * steps + 3] = used
        plan[5 * steps + 4] = room
        steps += 1
        for i in range(start[k + 1] - 1, start[k] - 1, -1):
            a = ranked[i]
            if module[a]:
                continue
            operand = a - base
            if kinds[k] == 0 and allowed[a] > room:
                plan[5 * steps] = 3
                plan[5 * steps + 1] = len(kinds)
                plan[5 * steps + 2] = operand
                plan[5 * steps + 3] = operand
                plan[5 * steps + 4] = room
                steps += 1
                operand = len(kinds)
            plan[5 * steps] = kinds[k]
            plan[5 * steps + 1] = k
            plan[5 * steps + 2] = k
            plan[5 * steps + 3] = operand
            plan[5 * steps + 4] = room
            steps += 1
    state[11] = steps
    return levels


@kernel
def _rank(
    ranked: Array, k: int, order: int, gates: tuple[Array, ...], size: Array, base: int
) -> None:
    """Copy the arguments of a gate in the sequence in which an order visits them."""
    _, start, arg, module, parents, _, _ = gates
    first = start[k]
    for i in range(first, start[k + 1]):
        a = arg[i]
        j = i
        if order > 0:
            key = _key(a, order, module, parents, size)
            while j > first and _key(ranked[j - 1], order, module, parents, size) > key:
                ranked[j] = ranked[j - 1]
                j -= 1
        ranked[j] = a


@kernel
def _key(a: int, order: int, module: Array, parents: Array, size: Array) -> int:
    if order == 1:
        return 0 if module[a] else size[a]
    if order == 2:
        return -parents[a] if module[a] else size[a]
    if order == 3:
        return 0 if module[a] else -size[a]
    if order == 4:
        return -parents[a]
    if order == 5:
        return 1 << 30 if module[a] else size[a]
    return 1 << 30 if module[a] else -size[a]


@kernel
def _keep(
    node: Array,
    store: Array,
    number: Array,
    variable: Array,
    root: int,
    first: int,
) -> int:
    """Append what is under a root to the store; return where it ends, or -1 without room.

    The first two places stand for the empty family and that of the empty set, the last is the
    root; nodes are numbered from there.
    """
    for i in range(2, root):
        number[i] = 0
    number[root] = 1
    total = 2
    for i in range(root, 1, -1):
        if number[i]:
            total += 1
            for j in range(1, 3):
                a = node[4 * i + j]
                if a > 1:
                    number[a] = 1
    if 3 * (first + total) > len(store):
        return -1
    number[0] = 0
    number[1] = 1
    at = first + 2
    for i in range(2, root + 1):
        if number[i]:
            store[3 * at] = variable[node[4 * i]]
            store[3 * at + 1] = number[node[4 * i + 1]]
            store[3 * at + 2] = number[node[4 * i + 2]]
            number[i] = at - first
            at += 1
    return at


@kernel
def _solve(
    plan: Array,
    lits: Array,
    weight: Array,
    gates: tuple[Array, ...],
    work: tuple[Array, ...],
    tables: tuple[Array, ...],
    modules: tuple[Array, ...],
    state: Array,
    base: int,
    until: int,
) -> int:
    """Solve the modules from where the state stands; return whether done, or what is lacking.

    `modules` holds per gate where its diagram begins and ends in the store, -1 where the gate is
    plain: all its arguments are variables of its own; and the largest order, cautiously.
    """
    kinds, start, arg, module, parents, least, allowed = gates
    variable = work[3]
    node, unique, cache, stack, regs, number = tables
    store, begin, end, most = modules
    while state[12] < len(most):
        k = state[12]
        g = base + k
        if not module[g] or allowed[g] < least[g]:
            least[g] = 32767
            begin[k] = -1
            state[12] += 1
            continue
        if state[14] == 0:
            plain = True
            for i in range(start[k], start[k + 1]):
                a = arg[i]
                if not module[a] or parents[a] != 1:
                    plain = False
                    break
            if plain:
                low = 32767 if kinds[k] == 0 else 0
                high = 0
                for i in range(start[k], start[k + 1]):
                    a = arg[i]
                    size = 1 if a < base else most[a - base]
                    if kinds[k] == 0:
                        low = min(low, least[a])
                        high = max(high, size)
                    else:
                        low += least[a]
                        high += size
                least[g] = low if low <= allowed[g] else 32767
                most[k] = min(high, allowed[g])
                begin[k] = -1
                state[12] += 1
                continue
            _clear(node, unique, cache, state)
            _make_plan(plan, lits, weight, gates, work, state, g, base, state[15])
            state[3] = 2
            state[9] = 0
            state[10] = 0
            state[14] = 1
        if state[14] == 1:
            code = _run(
                node, unique, cache, stack, weight, plan, lits, regs, state, min(until, state[16])
            )
            if code:
                return code
            state[14] = 2
        root = regs[k]
        at = _keep(node, store, number, variable, root, state[13])
        if at < 0:
            return 2
        begin[k] = state[13]
        end[k] = at
        least[g] = node[4 * root + 3] >> 16
        # The largest order, for which variables count with their own largest.
        number[0] = 0
        number[1] = 0
        for i in range(2, at - begin[k]):
            row = 3 * (begin[k] + i)
            a = store[row]
            size = 1 if a < base else most[a - base]
            number[i] = max(number[store[row + 1]] + size, number[store[row + 2]])
        most[k] = min(number[at - begin[k] - 1], allowed[g])
        state[13] = at
        state[12] += 1
        state[14] = 0
        state[15] = state[19]
        state[16] = state[18]
        state[17] += state[9]
    return 0


@kernel
def _times(
    out: Array,
    at: int,
    left: Array,
    first: int,
    poly: Array,
    variable: int,
    width: int,
    ceiling: int,
    keep: int,
) -> bool:
    """Multiply a polynomial by a variable's, and add what stood there before if `keep`."""
    for j in range(width - 1, -1, -1):
        total = keep * out[at + j]
        if variable < 0:
            if j:
                total += left[first + j - 1]
        else:
            for i in range(1, j + 1):
                a = poly[variable * width + i]
                b = left[first + j - i]
                if a and b:
                    if ceiling and b > ceiling // a:
                        return False
                    total += a * b
                    if ceiling and total > ceiling:
                        return False
        if ceiling and total > ceiling:
            return False
        out[at + j] = total
    return True


@kernel
def _count(
    kinds: Array,
    gates: tuple[Array, ...],
    modules: tuple[Array, ...],
    poly: Array,
    rows: Array,
    width: int,
    base: int,
    ceiling: int,
) -> bool:
    """Fill how many sets of each order each module has; False where one is above the ceiling.

    `poly` has `width` numbers for each gate, for orders from 0 on; `rows` the same for each node
    of the largest diagram. A ceiling of 0 is none.
    """
    _, start, arg, module, _, least, _ = gates
    store, begin, end, most = modules
    for k in range(len(most)):
        if not module[base + k] or least[base + k] == 32767:
            continue
        here = k * width
        if begin[k] < 0 and kinds[k] == 0:
            for i in range(start[k], start[k + 1]):
                a = arg[i]
                if a < base:
                    poly[here + 1] += 1
                    continue
                for j in range(width):
                    poly[here + j] += poly[(a - base) * width + j]
                    if 0 < ceiling < poly[here + j]:
                        return False
        elif begin[k] < 0:
            poly[here] = 1
            for i in range(start[k], start[k + 1]):
                a = arg[i]
                if not _times(poly, here, poly, here, poly, a - base, width, ceiling, 0):
                    return False
        else:
            for j in range(2 * width):
                rows[j] = 0
            rows[width] = 1
            first = begin[k]
            for i in range(first + 2, end[k]):
                at = (i - first) * width
                low = store[3 * i + 2] * width
                high = store[3 * i + 1] * width
                for j in range(width):
                    rows[at + j] = rows[low + j]
                a = store[3 * i] - base
                if not _times(rows, at, rows, high, poly, a, width, ceiling, 1):
                    return False
            at = (end[k] - first - 1) * width
            for j in range(width):
                poly[here + j] = rows[at + j]
    return True


@kernel
def _orders(
    has: Array,
    rows: Array,
    gates: tuple[Array, ...],
    modules: tuple[Array, ...],
    width: int,
    base: int,
) -> None:
    """Fill which orders below `width` each gate that is a module has, and each stored node."""
    kinds, start, arg, module, _, least, _ = gates
    store, begin, end, most = modules
    for k in range(len(most)):
        if not module[base + k] or least[base + k] == 32767:
            continue
        here = k * width
        if begin[k] < 0 and kinds[k] == 0:
            for i in range(start[k], start[k + 1]):
                a = arg[i] - base
                if a < 0:
                    has[here + 1] = 1
                else:
                    for j in range(width):
                        has[here + j] |= has[a * width + j]
        elif begin[k] < 0:
            has[here] = 1
            for i in range(start[k], start[k + 1]):
                a = arg[i] - base
                for j in range(width - 1, -1, -1):
                    any_way = 0
                    if a < 0:
                        any_way = has[here + j - 1] if j else 0
                    else:
                        for m in range(1, j + 1):
                            any_way |= has[a * width + m] & has[here + j - m]
                    has[here + j] = any_way
        else:
            first = begin[k]
            rows[(first + 1) * width] = 1
            for i in range(first + 2, end[k]):
                at = i * width
                a = store[3 * i] - base
                low = (first + store[3 * i + 2]) * width
                high = (first + store[3 * i + 1]) * width
                for j in range(width):
                    any_way = rows[low + j]
                    if a < 0:
                        any_way |= rows[high + j - 1] if j else 0
                    else:
                        for m in range(1, j + 1):
                            any_way |= has[a * width + m] & rows[high + j - m]
                    rows[at + j] = any_way
            for j in range(width):
                has[here + j] = rows[(end[k] - 1) * width + j]


@kernel
def _enumerate(
    out: Array,
    stack: Array,
    cells: Array,
    has: Array,
    rows: Array,
    gates: tuple[Array, ...],
    modules: tuple[Array, ...],
    state: Array,
    size: int,
    width: int,
    base: int,
) -> int:
    """Fill `out` with the next sets of one size; return how many.

    What is still to be chosen is a chain of cells (what, place, order, next): a node of the gates,
    or -1 - k for what gate k has in its diagram at a place, or as an AND from an argument on. What
    is chosen is a chain (unit, -, -, next). An entry of the stack is one choice: (to be chosen,
    chosen, cells in use). `state` is (entries, whether there is too little room).
    """
    kinds, start, arg, _, _, _, _ = gates
    store, begin, end, _ = modules
    depth = state[0]
    found = 0
    state[1] = 0
    while depth > 0 and (found + 1) * size <= len(out):
        todo = stack[3 * depth - 3]
        chosen = stack[3 * depth - 2]
        top = stack[3 * depth - 1]
        choices = -1  # where the entries of this choice begin
        while choices < 0:
            if todo < 0:
                for i in range(size):
                    out[found * size + i] = cells[4 * chosen]
                    chosen = cells[4 * chosen + 3]
                found += 1
                depth -= 1
                break
            a = cells[4 * todo]
            place = cells[4 * todo + 1]
            order = cells[4 * todo + 2]
            todo = cells[4 * todo + 3]
            k = a - base if a >= base else -1 - a
            many = order + 2
            if a >= base or a < 0:
                if a >= base:
                    place = end[k] - begin[k] - 1 if begin[k] >= 0 else start[k]
                if begin[k] < 0:
                    many = max(many, start[k + 1] - start[k])
            if 4 * (top + 2 * many) > len(cells) or 3 * (depth + many) > len(stack):
                state[0] = depth
                state[1] = 1
                return found
            if 0 <= a < base:
                cells[4 * top] = a - 2
                cells[4 * top + 3] = chosen
                chosen = top
                top += 1
                continue
            if begin[k] >= 0 and place == 1:
                continue
            depth -= 1
            choices = depth
            if begin[k] >= 0:
                first = begin[k]
                at = 3 * (first + place)
                a = store[at]
                high = store[at + 1]
                low = store[at + 2]
                if rows[(first + low) * width + order]:
                    cells[4 * top] = -1 - k
                    cells[4 * top + 1] = low
                    cells[4 * top + 2] = order
                    cells[4 * top + 3] = todo
                    stack[3 * depth] = top
                    depth += 1
                    top += 1
                for j in range(order, 0, -1):
                    mine = j == 1 if a < base else has[(a - base) * width + j] != 0
                    if mine and rows[(first + high) * width + order - j]:
                        cells[4 * top] = -1 - k
                        cells[4 * top + 1] = high
                        cells[4 * top + 2] = order - j
                        cells[4 * top + 3] = todo
                        cells[4 * top + 4] = a
                        cells[4 * top + 6] = j
                        cells[4 * top + 7] = top
                        stack[3 * depth] = top + 1
                        depth += 1
                        top += 2
            elif kinds[k] == 0:
                for i in range(start[k + 1] - 1, start[k] - 1, -1):
                    a = arg[i]
                    if order == 1 if a < base else has[(a - base) * width + order] != 0:
                        cells[4 * top] = a
                        cells[4 * top + 2] = order
                        cells[4 * top + 3] = todo
                        stack[3 * depth] = top
                        depth += 1
                        top += 1
            else:
                a = arg[place]
                last = place + 1 == start[k + 1]
                for j in range(order, 0, -1):
                    mine = j == 1 if a < base else has[(a - base) * width + j] != 0
                    if mine and (j == order) == last:
                        cells[4 * top] = -1 - k
                        cells[4 * top + 1] = place + 1
                        cells[4 * top + 2] = order - j
                        cells[4 * top + 3] = todo
                        cells[4 * top + 4] = a
                        cells[4 * top + 6] = j
                        cells[4 * top + 7] = todo if last else top
                        stack[3 * depth] = top + 1
                        depth += 1
                        top += 2
            for i in range(choices, depth):
                stack[3 * i + 1] = chosen
                stack[3 * i + 2] = top
    state[0] = depth
    return found


class Diagram:
    """The minimal cut sets of a target up to an order, as diagrams of its modules.

    Without sets, no set up to that order stops the target.
    """

    def __init__(self, gates: Gates, modules: tuple[Array, ...]) -> None:
        self._gates = gates
        self._modules = modules

    @property
    def nodes(self) -> int:
        """How many nodes the diagrams have."""
        begin, end = self._modules[1:3]
        return sum(int(e - b) - 2 for b, e in zip(begin, end, strict=True) if b >= 0)

    @functools.cached_property
    def _counts(self) -> tuple[int, ...]:
        root, base = self._gates.root, self._gates.base
        if root < base:
            return {FALSE: (), TRUE: (1,)}.get(root, (0, 1))
        if self._gates.least[root] == UNKNOWN:
            return ()
        width = int(self._modules[3][root - base]) + 1
        found = self._polynomials(width)[(root - base) * width : (root - base + 1) * width]
        while not found[-1]:
            found.pop()
        return tuple(found)

    def _polynomials(self, width: int) -> list[int]:
        """Return how many sets of each order below `width` each gate that is a module has."""
        kinds, lists, modules, base = self._gates.kind, _lists(self._gates), self._modules, 0
        base = self._gates.base
        rows = max((int(e - b) for b, e in zip(*modules[1:3], strict=True) if b >= 0), default=0)
        count = len(modules[3])
        if type(kinds) is not list:
            poly = filled(count * width, 0, "int64", fast=True)
            row = filled(rows * width, 0, "int64", fast=True)
            if _count(kinds, lists, modules, poly, row, width, base, 1 << 62):
                return [int(n) for n in poly.tolist()]
            kinds = kinds.tolist()
            lists = tuple(a.tolist() for a in lists)
            modules = tuple(a.tolist() for a in modules)
        poly = [0] * (count * width)
        _count(kinds, lists, modules, poly, [0] * (rows * width), width, base, 0)
        return poly

    def counts(self) -> list[int]:
        """Return how many sets there are of each order: at position n, of n units. Exact."""
        return list(self._counts)

    def sets(self) -> Iterator[frozenset[int]]:
        """Yield the sets, smaller ones first, always in the same sequence."""
        root, base = self._gates.root, self._gates.base
        width = len(self._counts)
        if root < base:
            if root != FALSE:
                yield frozenset((root - 2,) if root != TRUE else ())
            return
        if not width:
            return
        fast = type(self._gates.kind) is not list
        lists, modules = _lists(self._gates), self._modules
        has = filled(self._gates.count * width, 0, "uint8", fast=fast)
        rows = filled(len(modules[0]) // 3 * width, 0, "uint8", fast=fast)
        _orders(has, rows, lists, modules, width, base)
        state = filled(2, 0, "int64", fast=fast)
        for size in range(1, width):
            if not self._counts[size]:
                continue
            room = 64
            stack = filled(3 * room, -1, "int32", fast=fast)
            cells = filled(4 * room, -1, "int32", fast=fast)
            out = filled((_ROWS if fast else 1) * size, 0, "int32", fast=fast)
            cells[0], cells[2] = root, size
            stack[0], stack[2] = 0, 1
            state[0] = 1
            while state[0]:
                found = _enumerate(
                    out, stack, cells, has, rows, lists, modules, state, size, width, base
                )
                units = out[: found * size] if not fast else out[: found * size].tolist()
                for i in range(0, found * size, size):
                    yield frozenset(units[i : i + size])
                if state[1]:
                    stack = _doubled(stack, fast=fast)
                    cells = _doubled(cells, fast=fast)


def _lists(gates: Gates) -> tuple[Array, ...]:
    return (
        gates.kind, gates.start, gates.arg, gates.module, gates.parents, gates.least, gates.limit,
    )  # fmt: skip


def cut_sets_by_diagram(
    program: Program,
    hits: HitArrays,
    *,
    target: int,
    max_order: int | None,
    node_limit: int = NODES,
    time_limit: float | None = None,
) -> Diagram | None:
    """Return the minimal cut sets of a target whose cone has no loop; None when out of budget."""
    limit = UNKNOWN if max_order is None else min(max_order, UNKNOWN - 1)
    graph = graph_of(program, hits, target=target, gate_limit=_MOST_GATES)
    if graph is None:
        return None
    gates = gates_of(graph, limit)
    fast = program.fast
    count = gates.count
    args = int(gates.start[count])
    modules = (
        filled(3 * 4096, 0, "int32", fast=fast),
        filled(count, -1, "int32", fast=fast),
        filled(count, 0, "int32", fast=fast),
        filled(count, 0, "int32", fast=fast),
    )
    if gates.root < gates.base:
        return Diagram(gates, modules)
    engine = _Engine(gates, args, fast=fast)
    stop = None if time_limit is None else time.monotonic() + time_limit
    modules = engine.solve(modules, node_limit, stop)
    return None if modules is None else Diagram(gates, modules)


class _Engine:
    """The arrays that solving takes, and the choice of orders."""

    def __init__(self, gates: Gates, args: int, *, fast: bool) -> None:
        self.fast = fast
        self.gates = gates
        self.lists = _lists(gates)
        nodes = gates.base + gates.count

        def array(length: int) -> Array:
            return filled(length, 0, "int32", fast=fast)

        self.plan = array(5 * (gates.count + 2 * args) + 5)
        self.lits = array(args + 1)
        self.weight = array(args + 1)
        self.work = (
            array(nodes), array(nodes), array(nodes), array(args + 1), array(2 * nodes + 4),
            array(args + 1),
        )  # fmt: skip
        self.regs = array(gates.count + 1)
        _sizes(gates.kind, self.lists, gates.base, gates.count, self.work[0])
        self.state = filled(20, 0, "int64", fast=fast)
        self.state[_BUDGET] = self.state[_SIZE] = _FIRST_STEPS
        self.tables = self._tables(4096, 8192)

    def _tables(self, nodes: int, depth: int) -> tuple[Array, ...]:
        fast = self.fast
        if fast:
            import numpy as np

            def array(length: int) -> Array:
                return np.empty(length, dtype=np.int32)
        else:

            def array(length: int) -> Array:
                return [0] * length

        return (
            array(4 * nodes), array(4 * nodes), array(16 * nodes), array(depth), self.regs,
            array(nodes),
        )  # fmt: skip

    def _grow(self) -> None:
        node, unique, cache, stack, regs, number = self.tables
        grown = self._tables(len(node) // 2, 2 * len(stack))
        for old, new in zip((node, unique, cache, stack), grown, strict=False):
            new[: len(old)] = old
        self.tables = grown

    def solve(
        self, modules: tuple[Array, ...], node_limit: int, stop: float | None
    ) -> tuple[Array, ...] | None:
        state = self.state
        tried = 0
        while True:
            until = int(state[_STEPS]) + _SLICE if state[_STAGE] == 1 else _SLICE
            code = _solve(
                self.plan, self.lits, self.weight, self.lists, self.work, self.tables, modules,
                state, self.gates.base, until,
            )  # fmt: skip
            if code == _DONE:
                return modules
            if stop is not None and time.monotonic() > stop:
                return None
            if code == _MORE_STORE:
                modules = (_doubled(modules[0], fast=self.fast), *modules[1:])
                continue
            spent = state[_STEPS] >= state[_BUDGET]
            if code == _MORE_NODES:
                if len(self.tables[0]) // 4 < node_limit:
                    self._grow()
                    continue
                tried |= 1 << int(state[_ORDER])
                spent = True
                if tried == (1 << _ORDERS) - 1:
                    return None
            if spent:
                state[_STAGE] = 0
                state[_ORDER] += 1
                if state[_ORDER] == _ORDERS:
                    state[_ORDER] = 0
                    state[_BUDGET] *= 8


def _doubled(array: Array, *, fast: bool) -> Array:
    grown = filled(2 * len(array), 0, "int32", fast=fast)
    grown[: len(array)] = array
    return grown
