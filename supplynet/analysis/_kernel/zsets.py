"""Families of minimal sets as zero-suppressed binary decision diagrams: union, product, and less.

Node 0 is the empty family, node 1 that of the empty set; node (level, high, low) is the sets of
`low`, and those of `high` with the variable of that level added (Minato, Zero-suppressed BDDs for
set manipulation in combinatorial problems, DAC 1993). Operations keep minimal sets only (Rauzy,
New algorithms for fault trees analysis, Reliability Engineering and System Safety 40, 1993) and
drop at once what is above a limit: variables have weights, the order of a set is their sum.
"""

from __future__ import annotations

from typing import Any

from supplynet.analysis._kernel.jit import Array, kernel

__all__ = ["BOTH", "CUT", "DONE", "EITHER", "FULL", "PAUSE", "UNITED", "forget", "run"]
__all__ += ["DEPTH", "MODE", "NEXT", "NODES", "STATE", "STEP", "STEPS", "WORK", "least_of"]

# Operations: union, product, sets of f that hold none of g, sets of f within the limit; and the
# union and the product of single variables (UNITED + kind of gate).
EITHER, BOTH, WITHOUT, CUT, UNITED = range(5)

# What a frame of the stack waits for: the low side (of one operand, of both), the parts of the
# high side of a product, the high side of a difference without g1, the high side before what the
# low side absorbs is taken out, the high side.
_LOW, _LOWS, _OTHERS, _FIRST, _SECOND, _LESS, _RAW, _HIGH = range(8)
_CALL, _RETURN, NEXT = range(3)

# What `run` returns.
DONE, FULL, PAUSE = range(3)

#: Positions in the state: nodes, places in the table of nodes, depth of the stack, what to do
#: next with which operation, operands, limit and result, steps of the plan done and there, and
#: calls so far.
NODES, PLACES, DEPTH, MODE, _OP, _F, _G, _LIMIT, _RESULT, STEP, STEPS, WORK = range(12)
STATE = 12

#: A limit that cuts nothing, and the level of the two nodes that have none.
_UNLIMITED = 65535
_BOTTOM = 1 << 30
#: A least order of this is no set at all.
_NOTHING = 32767
#: A number that an array holds.
Node = Any
#: Places of the tables to begin with.
_SMALL = 2048


@kernel
def forget(node: Array, unique: Array, cache: Array, state: Array) -> None:
    """Begin anew, with small tables: emptying large ones for each module would be dear."""
    places = min(_SMALL, len(unique))
    state[NODES] = 2
    state[PLACES] = places
    state[DEPTH] = 0
    state[MODE] = NEXT
    state[STEP] = 0
    state[WORK] = 0
    for i in range(places):
        unique[i] = 0
    for i in range(2 * places):
        cache[i] = -1
    for i in range(2):
        node[4 * i] = _BOTTOM
        node[4 * i + 1] = i
        node[4 * i + 2] = i
    node[3] = _NOTHING << 16
    node[7] = 0


@kernel
def _widen(node: Array, unique: Array, cache: Array, state: Array) -> None:
    """Double both tables, keeping what they hold."""
    places = 2 * state[PLACES]
    state[PLACES] = places
    for i in range(places):
        unique[i] = 0
    for i in range(2, state[NODES]):
        h = node[4 * i] * 805306457 + node[4 * i + 1] * 402653189 + node[4 * i + 2] * 201326611
        h = (h ^ (h >> 29)) & (places - 1)
        while unique[h]:
            h = (h + 1) & (places - 1)
        unique[h] = i
    old = places // 4
    for i in range(4 * old, 8 * old):
        cache[i] = -1
    for i in range(old):
        if cache[4 * i] >= 0:
            h = cache[4 * i] * 805306457 + cache[4 * i + 1] * 402653189
            h += cache[4 * i + 2] * 201326611
            h = (h ^ (h >> 29)) & (2 * old - 1)
            if h != i:
                for j in range(4):
                    cache[4 * h + j] = cache[4 * i + j]
                cache[4 * i] = -1


@kernel
def _node(
    node: Array, unique: Array, state: Array, weight: Array, level: int, high: int, low: int
) -> Node:
    """Return the node (level, high, low); there must be room for it."""
    if high == 0:
        return low
    mask = state[PLACES] - 1
    h = level * 805306457 + high * 402653189 + low * 201326611
    h = (h ^ (h >> 29)) & mask
    i = unique[h]
    while i:
        if node[4 * i] == level and node[4 * i + 1] == high and node[4 * i + 2] == low:
            return i
        h = (h + 1) & mask
        i = unique[h]
    i = state[NODES]
    state[NODES] = i + 1
    unique[h] = i
    node[4 * i] = level
    node[4 * i + 1] = high
    node[4 * i + 2] = low
    least = min((node[4 * high + 3] >> 16) + weight[level], node[4 * low + 3] >> 16)
    most = max((node[4 * high + 3] & 65535) + weight[level], node[4 * low + 3] & 65535)
    node[4 * i + 3] = (min(least, _NOTHING) << 16) | min(most, 65535)
    return i


@kernel
def least_of(node: Array, f: int) -> Node:
    """Return the least order of a family."""
    return node[4 * f + 3] >> 16


@kernel
def run(
    node: Array,
    unique: Array,
    cache: Array,
    stack: Array,
    weight: Array,
    plan: Array,
    variables: Array,
    result: Array,
    state: Array,
    until: int,
) -> int:
    """Carry out the plan from where it stands; return DONE, FULL, or PAUSE after so many calls.

    A step of the plan is (operation, destination, operand, operand, limit). Operands are places
    in `result`; for variables a range of `variables`, levels in descending order. A frame of the
    stack is (waits for, operation and limit, f, g, limit, low side, part of the high side, level).
    A node is (level, high, low, least order << 16 | largest order), the orders cautious.
    """
    depth = state[DEPTH]
    mode = state[MODE]
    op = state[_OP]
    f = state[_F]
    g = state[_G]
    limit = state[_LIMIT]
    r = state[_RESULT]
    at = state[STEP]
    calls = state[WORK]
    code = DONE
    room = 0
    short = 0  # nodes that the next step makes all at once
    while True:
        if state[NODES] + short >= room or depth + 8 > len(stack) or calls >= until:
            room = state[PLACES] // 2 - 2
            while state[NODES] + short >= room and 2 * state[PLACES] <= len(unique):
                _widen(node, unique, cache, state)
                room = state[PLACES] // 2 - 2
            if state[NODES] + short >= room or depth + 8 > len(stack):
                code = FULL
                break
            if calls >= until:
                code = PAUSE
                break
        if mode == _CALL:
            calls += 1
            mode = _RETURN
            level = node[4 * f]
            if op == WITHOUT:
                while f > 1 and node[4 * g] < level:
                    g = node[4 * g + 2]
                if g in (f, 1):
                    r = 0
                    continue
                if f < 2 or g == 0 or node[4 * g + 3] >> 16 > node[4 * f + 3] & 65535:
                    r = f
                    continue
            elif op == EITHER:
                if f == 1 or g in (f, 0):
                    r = f
                    continue
                if f == 0 or g == 1:
                    r = g
                    continue
            elif op == BOTH:
                if f == 0 or g == 0:
                    r = 0
                    continue
                if g in (f, 1):
                    op = CUT
                elif f == 1:
                    op = CUT
                    f = g
                    level = node[4 * f]
                elif max(node[4 * f + 3] >> 16, node[4 * g + 3] >> 16) > limit:
                    r = 0
                    continue
                elif (node[4 * f + 3] & 65535) + (node[4 * g + 3] & 65535) <= limit:
                    limit = _UNLIMITED
            if op == CUT:
                if f == 0 or node[4 * f + 3] & 65535 <= limit:
                    r = f
                    continue
                if node[4 * f + 3] >> 16 > limit:
                    r = 0
                    continue
                g = 0
            elif op != WITHOUT and (node[4 * g] < level or (node[4 * g] == level and g < f)):
                # Either way round is the same: the higher variable first, then the older node.
                r = f
                f = g
                g = r
                level = node[4 * f]
            key = op if op in (EITHER, WITHOUT) else 4 * limit + op
            h = f * 805306457 + g * 402653189 + key * 201326611
            h = 4 * ((h ^ (h >> 29)) & (state[PLACES] // 2 - 1))
            if cache[h] == f and cache[h + 1] == g and cache[h + 2] == key:
                r = cache[h + 3]
                continue
            stack[depth] = _LOW
            stack[depth + 1] = key
            stack[depth + 2] = f
            stack[depth + 3] = g
            stack[depth + 4] = limit
            stack[depth + 7] = level
            if node[4 * g] == level:
                stack[depth] = _LOWS
                g = node[4 * g + 2]
            f = node[4 * f + 2]
            depth += 8
            mode = _CALL
        elif mode == _RETURN:
            if depth == 0:
                result[plan[5 * at + 1]] = r
                at += 1
                mode = NEXT
                continue
            top = depth - 8
            wait = stack[top]
            f = stack[top + 2]
            g = stack[top + 3]
            if wait == _HIGH:
                r = _node(node, unique, state, weight, stack[top + 7], r, stack[top + 5])
                key = stack[top + 1]
                h = f * 805306457 + g * 402653189 + key * 201326611
                h = 4 * ((h ^ (h >> 29)) & (state[PLACES] // 2 - 1))
                cache[h] = f
                cache[h + 1] = g
                cache[h + 2] = key
                cache[h + 3] = r
                depth = top
                continue
            mode = _CALL
            op = stack[top + 1] & 3
            limit = stack[top + 4]
            if limit != _UNLIMITED:
                limit -= weight[stack[top + 7]]
            if wait == _LOW:
                stack[top + 5] = r
                stack[top] = _RAW if op == BOTH else _HIGH
                f = node[4 * f + 1]
                if op == EITHER:
                    # The high side of f holds nothing of its low side as it is.
                    op = WITHOUT
            elif wait == _LOWS:
                stack[top + 5] = r
                stack[top] = _RAW
                if op == WITHOUT:
                    stack[top] = _LESS
                    f = node[4 * f + 1]
                    g = node[4 * g + 1]
                elif op == EITHER:
                    f = node[4 * f + 1]
                    g = node[4 * g + 1]
                elif node[4 * f + 1] == node[4 * g + 1]:
                    # What both have with the variable absorbs all else with it.
                    op = CUT
                    f = node[4 * f + 1]
                else:
                    stack[top] = _OTHERS
                    op = EITHER
                    f = node[4 * g + 1]
                    g = node[4 * g + 2]
            elif wait == _OTHERS:
                # With the variable: f1 and (g0 or g1), or f0 and g1.
                stack[top] = _FIRST
                f = node[4 * f + 1]
                g = r
            elif wait == _FIRST:
                stack[top + 6] = r
                stack[top] = _SECOND
                f = node[4 * f + 2]
                g = node[4 * g + 1]
            elif wait == _SECOND:
                stack[top] = _RAW
                op = EITHER
                f = stack[top + 6]
                g = r
            elif wait == _LESS:
                stack[top] = _HIGH
                f = r
                g = node[4 * g + 2]
            else:
                stack[top] = _HIGH
                op = WITHOUT
                f = r
                g = stack[top + 5]
        else:
            if at == state[STEPS]:
                break
            op = plan[5 * at]
            first = plan[5 * at + 2]
            last = plan[5 * at + 3]
            limit = plan[5 * at + 4]
            if op < UNITED:
                f = result[first]
                g = result[last]
                mode = _CALL
                continue
            short = last - first
            if state[NODES] + short >= room:
                continue
            short = 0
            r = op - UNITED
            total = 0
            for i in range(first, last):
                level = variables[i]
                total += weight[level]
                high = r
                low = 0
                if op == UNITED:
                    if weight[level] > limit:
                        continue
                    high = 1
                    low = r
                elif total > limit:
                    r = 0
                    break
                r = _node(node, unique, state, weight, level, high, low)
            mode = _RETURN
    state[DEPTH] = depth
    state[MODE] = mode
    state[_OP] = op
    state[_F] = f
    state[_G] = g
    state[_LIMIT] = limit
    state[_RESULT] = r
    state[STEP] = at
    state[WORK] = calls
    return code
