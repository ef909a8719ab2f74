"""Sets of items as integers, in one of two codings; a proper subset is always the smaller number.

*Masks*: bit i stands for item i. *Packed*: items + 1 as digits of a fixed width, ascending from
the lowest digit on. 0 is the empty set in both. Compiled kernels hold 62 bits; in plain Python
integers have no bound. Gaps come after the units, so they are the high bits or the large digits.
"""

from __future__ import annotations

from supplynet.analysis._kernel.jit import Array, kernel

__all__ = [
    "DIGIT",
    "GAPS",
    "GAP_FROM",
    "JOIN",
    "KNOWN",
    "LIMIT",
    "MODULUS",
    "PAIRS",
    "ROOM",
    "RULES",
    "SPREAD",
    "UNITS",
    "WIDTH",
    "WORDS",
    "ZERO",
    "above_seen",
    "is_seen",
    "items_in",
    "joined",
    "see",
    "size_of",
    "tabulate",
    "within",
]

#: Positions in the array of rules of one search.
#: WIDTH of a digit, 0 for masks; DIGIT, all ones of that width; most UNITS and GAPS in a set;
#: GAP_FROM, the largest digit of a unit, or the mask of all gaps; ROOM, bits of the largest code;
#: PAIRS up to which two families are compared set by set, JOIN from which they are joined by
#: item; KNOWN, how many known sets; WORDS of proofs; LIMIT of work; ZERO, which
#: is 0: numba would compile a function once more for arguments that begin as a literal.
WIDTH, DIGIT, UNITS, GAPS, GAP_FROM, ROOM, PAIRS, JOIN, KNOWN, WORDS, LIMIT, ZERO = range(12)
RULES = 12

# Codes are spread over tables by a product with an odd constant. Masks of many bits are folded
# first, by a modulus that no small power of two leaves at 1.
MODULUS = (1 << 61) - 31
SPREAD = 0x1D8E4E27C47D124F


@kernel
def within(rule: Array, x: int, y: int) -> bool:
    """Return whether packed x is a subset of packed y."""
    width, digit = rule[WIDTH], rule[DIGIT]
    while x > 0:
        low = x & digit
        while y > 0 and y & digit < low:
            y >>= width
        if y & digit != low:
            return False
        x >>= width
        y >>= width
    return True


@kernel
def joined(rule: Array, x: int, y: int) -> int:
    """Return the union of packed x and y; -1 where it has too many units or gaps."""
    width, digit, room = rule[WIDTH], rule[DIGIT], rule[ROOM]
    both, shift = 0, 0
    while x > 0 and y > 0:
        if shift >= room:
            return -1
        a, b = x & digit, y & digit
        if a <= b:
            both |= a << shift
            x >>= width
            if a == b:
                y >>= width
        else:
            both |= b << shift
            y >>= width
        shift += width
    rest = x | y
    if rest >> (room - shift) > 0:
        return -1
    both |= rest << shift
    if rule[GAPS] == 0:
        return both
    units, gap_from = rule[UNITS], rule[GAP_FROM]
    rest = both
    while rest > 0 and rest & digit <= gap_from:
        rest >>= width
        units -= 1
    if units < 0 or rest >> (rule[GAPS] * width) > 0:
        return -1
    return both


@kernel
def size_of(rule: Array, code: int) -> int:
    """Return how many units a set holds, and 256 times how many gaps."""
    width, gap_from = rule[WIDTH], rule[GAP_FROM]
    size = 0
    if width == 0:
        gaps = code & gap_from
        units = code ^ gaps
        while units > 0:
            units &= units - 1
            size += 1
        while gaps > 0:
            gaps &= gaps - 1
            size += 256
        return size
    while code > 0:
        size += 1 if code & rule[DIGIT] <= gap_from else 256
        code >>= width
    return size


@kernel
def items_in(rule: Array, code: int) -> int:
    """Return how many items a set holds."""
    width = rule[WIDTH]
    items = 0
    if width == 0:
        while code > 0:
            code &= code - 1
            items += 1
        return items
    while code > 0:
        code >>= width
        items += 1
    return items


@kernel
def is_seen(seen: Array, stamp: int, code: int) -> bool:
    """Return whether a code is in an open table of pairs, code and stamp, with this stamp."""
    last = (len(seen) >> 1) - 1
    at = (code % MODULUS * SPREAD >> 32) & last
    while seen[2 * at + 1] == stamp:
        if seen[2 * at] == code:
            return True
        at = (at + 1) & last
    return False


@kernel
def see(seen: Array, stamp: int, code: int) -> bool:
    """Put a code into an open table of pairs; return whether it is new. The table has room."""
    last = (len(seen) >> 1) - 1
    at = (code % MODULUS * SPREAD >> 32) & last
    while seen[2 * at + 1] == stamp:
        if seen[2 * at] == code:
            return False
        at = (at + 1) & last
    seen[2 * at] = code
    seen[2 * at + 1] = stamp
    return True


@kernel
def above_seen(seen: Array, rule: Array, stamp: int, code: int, items: int, sizes: int) -> bool:
    """Return whether a proper subset, other than the empty set, is in the table with this stamp.

    `items` is how many items the code has; bit s of `sizes` says that the table has sets of s.
    """
    width, digit = rule[WIDTH], rule[DIGIT]
    below = sizes & ((1 << items) - 1)
    if below == 0:
        return False
    singles = below & 2 > 0
    all_but_one = items > 2 and below >> (items - 1) > 0
    others = below & ~2
    if all_but_one:
        others ^= 1 << (items - 1)
    if others == 0:
        rest, shift = code, 0
        while rest > 0:
            if width == 0:
                single = rest & -rest
                part = code ^ single
                rest ^= single
            else:
                single = rest & digit
                part = code & ((1 << shift) - 1) | code >> (shift + width) << shift
                rest >>= width
                shift += width
            if singles and is_seen(seen, stamp, single):
                return True
            if all_but_one and is_seen(seen, stamp, part):
                return True
        return False
    if width == 0:
        part = (code - 1) & code
        while part > 0:
            if is_seen(seen, stamp, part):
                return True
            part = (part - 1) & code
        return False
    for choice in range(1, (1 << items) - 1):
        part, shift, rest, chosen = 0, 0, code, choice
        while chosen > 0:
            if chosen & 1:
                part |= (rest & digit) << shift
                shift += width
            rest >>= width
            chosen >>= 1
        if is_seen(seen, stamp, part):
            return True
    return False


@kernel
def tabulate(codes: Array, table: Array) -> None:
    """Put codes into an open table, longer than they are many; 0 is free."""
    last = len(table) - 1
    for i in range(len(codes)):
        at = (codes[i] % MODULUS * SPREAD >> 32) & last
        while table[at] != 0 and table[at] != codes[i]:
            at = (at + 1) & last
        table[at] = codes[i]
