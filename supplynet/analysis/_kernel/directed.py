"""The domain of a search: sets above no known one, and sets that can still break every proof.

A *proof* is one way of running the target with nothing lost: vertices and edges in which every
need is met from vertices that start earlier. A set of items that stops the target breaks every
proof, so a set that cannot be completed within the limits to one that breaks all proofs sampled
is of no use to this target. "Can be completed" and "holds no known set" pass on to subsets, so
both make a down-closed domain, in which the fixpoint of families stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.codes import (
    DIGIT,
    GAP_FROM,
    GAPS,
    KNOWN,
    MODULUS,
    SPREAD,
    UNITS,
    WIDTH,
    WORDS,
)
from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program

__all__ = ["LANES", "Proofs", "allowed", "sample_proofs"]

#: Proofs to a word: an int64 without its sign, and one bit to spare.
LANES = 62

#: Known sets up to which each is tried instead of looking up the subsets of a code.
_FEW = 24


@kernel
def allowed(
    known: Array,
    known_table: Array,
    rule: Array,
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    memo: Array,
    code: int,
) -> bool:
    """Return whether a code is in the domain, its numbers of units and gaps apart.

    Parameters
    ----------
    known, known_table
        Codes of the sets that none may hold, and an open table of them (0: free).
    broken
        Per digit, ``rule[WORDS]`` words of the proofs that its item breaks.
    every
        The words of all proofs.
    proof_start, proof_digit
        Digits that break each proof, proofs with the fewest first.
    memo
        Rows of missing words, kind and answer (1 no, 2 yes); the last ``rule[WORDS]`` are scratch.
    """
    if rule[WORDS] > 0 and not _completes(
        broken, every, proof_start, proof_digit, memo, rule, code
    ):
        return False
    return rule[KNOWN] == 0 or not _holds_known(known, known_table, rule, code)


@kernel
def _completes(
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    memo: Array,
    rule: Array,
    code: int,
) -> bool:
    """Return whether a code can be completed to break all proofs; where two are left, yes."""
    width, digit, words = rule[WIDTH], rule[DIGIT], rule[WORDS]
    units_left, gaps_left = rule[UNITS], rule[GAPS]
    rest = code
    while rest > 0:
        if rest & digit > rule[GAP_FROM]:
            gaps_left -= 1
        else:
            units_left -= 1
        rest >>= width
    if units_left + gaps_left > 1:
        return True
    scratch = len(memo) - words
    spot = units_left
    missing = 0
    for word in range(words):
        unbroken = every[word]
        rest = code
        while rest > 0:
            unbroken &= ~broken[(rest & digit) * words + word]
            rest >>= width
        if unbroken:
            if units_left + gaps_left == 0:
                return False
            missing = 1
        memo[scratch + word] = unbroken
        spot = ((spot ^ unbroken) % MODULUS * SPREAD) >> 20 & 0xFFFFFFFFFF
    if missing == 0:
        return True
    row = spot % (scratch // (words + 2)) * (words + 2)
    same = memo[row + words] == units_left + 1
    for word in range(words):
        if memo[row + word] != memo[scratch + word]:
            same = False
    if not same:
        for word in range(words):
            memo[row + word] = memo[scratch + word]
        memo[row + words] = units_left + 1
        memo[row + words + 1] = 1
        if _one_breaks(memo, scratch, rule, broken, proof_start, proof_digit, units_left):
            memo[row + words + 1] = 2
    return bool(memo[row + words + 1] == 2)


@kernel
def _one_breaks(
    memo: Array,
    scratch: int,
    rule: Array,
    broken: Array,
    proof_start: Array,
    proof_digit: Array,
    units_left: int,
) -> bool:
    """Return whether one unit (or gap, with no unit left) breaks all proofs that are missing."""
    words = rule[WORDS]
    # The first proof that is missing has the fewest digits.
    proof = 0
    while memo[scratch + proof // LANES] >> (proof % LANES) & 1 == 0:
        proof += 1
    for i in range(proof_start[proof], proof_start[proof + 1]):
        d = proof_digit[i]
        if (d <= rule[GAP_FROM]) != (units_left > 0):
            continue
        all_broken = True
        for word in range(words):
            if memo[scratch + word] & ~broken[d * words + word]:
                all_broken = False
                break
        if all_broken:
            return True
    return False


@kernel
def _holds_known(known: Array, known_table: Array, rule: Array, code: int) -> bool:
    width, digit = rule[WIDTH], rule[DIGIT]
    last = len(known_table) - 1
    if width == 0:
        if rule[KNOWN] <= _FEW:
            i = 0
            while i < rule[KNOWN] and known[i] & code != known[i]:
                i += 1
            return bool(i < rule[KNOWN])
        part = code
        while part > 0:
            at = (part % MODULUS * SPREAD >> 32) & last
            while known_table[at] != 0:
                if known_table[at] == part:
                    return True
                at = (at + 1) & last
            part = (part - 1) & code
        return False
    size, rest = 0, code
    while rest > 0:
        size += 1
        rest >>= width
    for choice in range(1, 1 << size):
        part, shift, rest, chosen = 0, 0, code, choice
        while chosen > 0:
            if chosen & 1:
                part |= (rest & digit) << shift
                shift += width
            rest >>= width
            chosen >>= 1
        at = (part % MODULUS * SPREAD >> 32) & last
        while known_table[at] != 0:
            if known_table[at] == part:
                return True
            at = (at + 1) & last
    return False


class Proofs(NamedTuple):
    """Sampled proofs, as the items that break each.

    Items that break proof p are ``item[start[p]:start[p + 1]]``.
    """

    start: Array
    item: Array


def sample_proofs(
    program: Program, order: Sequence[int], hits: HitArrays, target: int, items: int, number: int
) -> Proofs:
    """Return proofs of the target, chosen to have few items in common. The same each time.

    Parameters
    ----------
    order
        Vertices that run with nothing lost, in the order they start; the target is one of them.
    items
        More than any item in `hits`.
    """
    n, edges = len(program.stopped), len(program.source)
    fast = program.fast
    rank = filled(n, n, "int32", fast=fast)
    _rank(order, rank)
    todo = filled(n, 0, "int32", fast=fast)
    in_proof = filled(n, -1, "int32", fast=fast)
    taken = filled(items + 1, -1, "int32", fast=fast)
    uses = filled(items + 1, 0, "int32", fast=fast)
    picked = filled(edges + 1, 0, "int32", fast=fast)
    in_slot = filled(edges + 1, -1, "int32", fast=fast)
    start = filled(number + 1, 0, "int64", fast=fast)
    item = filled(1024, 0, "int32", fast=fast)
    state = filled(1, 1, "int64", fast=fast)
    proof = 0
    while proof < number:
        end = _sample(
            program.slot_start, program.edge_start, program.source, program.weight, program.need,
            hits.vertex_start, hits.vertex_unit, hits.edge_start, hits.edge_unit,
            rank, target, proof, state, todo, in_proof, taken, uses, picked, in_slot,
            int(start[proof]), item,
        )  # fmt: skip
        if end < 0:
            longer = filled(2 * len(item) - end, 0, "int32", fast=fast)
            longer[: len(item)] = item
            item = longer
            continue
        proof += 1
        start[proof] = end
    return Proofs(start, item)


@kernel
def _rank(order: Array, rank: Array) -> None:
    for i in range(len(order)):
        rank[order[i]] = i


@kernel
def _sample(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    weight: Array,
    need: Array,
    vertex_start: Array,
    vertex_unit: Array,
    edge_item_start: Array,
    edge_unit: Array,
    rank: Array,
    target: int,
    proof: int,
    state: Array,
    todo: Array,
    in_proof: Array,
    taken: Array,
    uses: Array,
    picked: Array,
    in_slot: Array,
    end: int,
    item: Array,
) -> int:
    """Write the items of one more proof from `end` on; return their end, or minus the room needed.

    Per need a supplier that started earlier: best one in the proof already, then one whose items
    all are, then one whose items few proofs have, then whichever. With thresholds suppliers are
    taken until they are enough, and those that are then not needed put back.
    """
    if end + len(uses) > len(item):
        return -len(uses)
    weighted, cuttable = len(need) > 0, len(edge_item_start) > 0
    first = end
    in_proof[target] = proof
    end = _add_items(vertex_start, vertex_unit, target, taken, proof, item, end)
    todo[0] = target
    count, at = 1, 0
    while at < count:
        v = todo[at]
        at += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            lack = need[s] if weighted else 1
            chosen = 0
            while lack > 0:
                best, best_score = -1, -1
                for e in range(edge_start[s], edge_start[s + 1]):
                    u = source[e]
                    if rank[u] >= rank[v] or in_slot[e] == proof or (weighted and weight[e] <= 0):
                        continue
                    most = _most_uses(vertex_start, vertex_unit, u, taken, proof, uses)
                    if cuttable:
                        on_edge = _most_uses(edge_item_start, edge_unit, e, taken, proof, uses)
                        most = max(most, on_edge)
                    state[0] = (state[0] * 1103515245 + 12345) & 0x7FFFFFFF
                    score = state[0] >> 11
                    if most >= 0:
                        score += (1 << 20) - min(1 << 20, (most << 21) // (proof + 1))
                    else:
                        score += (2 if in_proof[u] == proof else 1) << 22
                    if score > best_score:
                        best, best_score = e, score
                in_slot[best] = proof
                picked[chosen] = best
                chosen += 1
                lack -= weight[best] if weighted else 1
            for i in range(chosen):
                e = picked[i]
                if weighted and lack + weight[e] <= 0:
                    # Enough without it.
                    lack += weight[e]
                    continue
                if cuttable:
                    end = _add_items(edge_item_start, edge_unit, e, taken, proof, item, end)
                if in_proof[source[e]] != proof:
                    in_proof[source[e]] = proof
                    end = _add_items(vertex_start, vertex_unit, source[e], taken, proof, item, end)
                    todo[count] = source[e]
                    count += 1
    for i in range(first, end):
        uses[item[i]] += 1
    return end


@kernel
def _add_items(
    start: Array, unit: Array, place: int, taken: Array, proof: int, item: Array, end: int
) -> int:
    for i in range(start[place], start[place + 1]):
        if taken[unit[i]] != proof:
            taken[unit[i]] = proof
            item[end] = unit[i]
            end += 1
    return end


@kernel
def _most_uses(start: Array, unit: Array, place: int, taken: Array, proof: int, uses: Array) -> int:
    """Return in how many proofs the commonest new item of a place is; -1 where none is new."""
    most = -1
    for i in range(start[place], start[place + 1]):
        if taken[unit[i]] != proof:
            most = max(most, uses[unit[i]])
    return most


class Aims(NamedTuple):
    """The proofs of one search, in its digits; those with the fewest digits come first.

    Attributes
    ----------
    broken
        Per digit the words of the proofs that its item breaks.
    every
        The words of all proofs.
    start, digit
        Digits that break each proof.
    """

    broken: Array
    every: Array
    start: Array
    digit: Array


def aims_of(proofs: Proofs, number: Array, digits: int, *, fast: bool) -> Aims:
    """Return the proofs in the digits that items have in `number`; 0 there: not in the search."""
    total = len(proofs.start) - 1
    sizes = filled(total, 0, "int64", fast=fast)
    _count_digits(proofs.start, proofs.item, number, sizes)
    place = filled(total, 0, "int64", fast=fast)
    start = filled(total + 1, 0, "int64", fast=fast)
    for at, proof in enumerate(sorted(range(total), key=lambda p: (sizes[p], p))):
        place[proof] = at
        start[at + 1] = start[at] + sizes[proof]
    words = -(-total // LANES)
    broken = filled((digits + 1) * words, 0, "int64", fast=fast)
    every = filled(words, 0, "int64", fast=fast)
    for at in range(total):
        every[at // LANES] |= 1 << (at % LANES)
    digit = filled(int(start[total]), 0, "int32", fast=fast)
    _write_digits(proofs.start, proofs.item, number, place, start, digit, broken, words)
    return Aims(broken, every, start, digit)


@kernel
def _count_digits(start: Array, item: Array, number: Array, sizes: Array) -> None:
    for proof in range(len(sizes)):
        for i in range(start[proof], start[proof + 1]):
            if number[item[i]] > 0:
                sizes[proof] += 1


@kernel
def _write_digits(
    start: Array,
    item: Array,
    number: Array,
    place: Array,
    new_start: Array,
    digit: Array,
    broken: Array,
    words: int,
) -> None:
    for proof in range(len(place)):
        at = place[proof]
        end = new_start[at]
        for i in range(start[proof], start[proof + 1]):
            d = number[item[i]]
            if d > 0:
                digit[end] = d
                end += 1
                broken[d * words + at // LANES] |= 1 << (at % LANES)


@kernel
def leave_out(
    broken: Array,
    every: Array,
    proof_start: Array,
    proof_digit: Array,
    memo: Array,
    rule: Array,
    number: Array,
) -> int:
    """Unnumber the items that cannot be completed to break all proofs; return how many."""
    out = 0
    for item in range(len(number)):
        if number[item] > 0 and not _completes(
            broken, every, proof_start, proof_digit, memo, rule, number[item]
        ):
            number[item] = 0
            out += 1
    return out
