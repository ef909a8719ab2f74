"""Many losses at once: one bit per loss.

Per vertex a word says in which of the losses it fails, so that AND and OR of words answer for all
of them. In plain Python a word is one integer of many bits; compiled kernels use several of 64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.ordering import forward_order
from supplynet.analysis._kernel.program import Program, chain, uses_of

__all__ = ["APART", "DOWN", "SAFE", "Block", "Lanes", "block_for", "lanes_of", "settle", "width"]

#: Instead of a number: never stopped by the units, down anyway, of no matter to the target.
SAFE, DOWN, APART = -1, -2, -3

#: Bits of a word in plain Python; up to here each operation costs about the same.
_PLAIN_BITS = 4096


class Lanes(NamedTuple):
    """The part of a program that units can touch, vertices numbered in production order.

    Attributes
    ----------
    number
        Per vertex of the program its number here, or SAFE, DOWN or APART.
    slot_start, tables
        Slots by vertex; edges by slot, their sources (one more vertex, the last, never fails);
        units by vertex, and by edge where any hits one, as positions in the list of units;
        consumers by vertex that come after it, and that come before or are the vertex itself.
    units
        How many units.
    """

    number: Array
    slot_start: Array
    tables: tuple[Array, ...]
    units: int

    @property
    def fast(self) -> bool:
        """Whether the arrays are numpy's, for compiled kernels."""
        return type(self.slot_start) is not list


class Block(NamedTuple):
    """Losses answered at once, and the answer.

    Attributes
    ----------
    lost, live
        Per unit, `words` words: the losses in which it is lost; the losses there are.
    failing
        Per vertex, `words` words: the losses in which it fails.
    waiting
        Per vertex, whether it is to be looked at.
    """

    lost: Array
    live: Array
    failing: Array
    waiting: Array
    words: int
    bits: int

    @property
    def width(self) -> int:
        """How many losses there is room for."""
        return self.words * self.bits


def width(*, fast: bool) -> int:
    """Return how many losses there is room for in a large block."""
    return 8 * 64 if fast else _PLAIN_BITS


def block_for(lanes: Lanes, losses: int, most: int = 8) -> Block:
    """Return room for so many losses at once, or for what up to `most` words hold."""
    fast = lanes.fast
    words, bits = 1, 64
    if not fast:
        bits = min(max(losses, 1), _PLAIN_BITS)
    while fast and words < most and words * 64 < losses:
        words *= 2
    vertices = len(lanes.slot_start) - 1
    return Block(
        filled(lanes.units * words, 0, "int64", fast=fast),
        filled(words, 0, "int64", fast=fast),
        filled((vertices + 1) * words, 0, "int64", fast=fast),
        filled(vertices, 0, "uint8", fast=fast),
        words,
        bits,
    )


def lanes_of(
    program: Program, hits: HitArrays, units: Sequence[int], *, runs: Array, target: int = -1
) -> Lanes:
    """Return the part of a program without thresholds that losing the units can touch. Linear.

    Parameters
    ----------
    units
        The units that may be lost; others are not looked at.
    runs
        Per vertex whether it runs with nothing lost.
    target
        Only what matters to this vertex is kept; -1 keeps the whole program.

    Notes
    -----
    A vertex that runs with all the units lost runs with any of them lost, and a slot that it meets
    is met: both are left out.
    """
    fast = program.fast
    slot_start, edge_start, source = program[:3]
    n, slots, edges = len(program.stopped), len(edge_start) - 1, len(source)

    def numbers(length: int, value: int = 0) -> Array:
        return filled(length, value, "int32", fast=fast)

    place = numbers(max(units, default=-1) + 1, -1)
    for i, unit in enumerate(units):
        place[unit] = i
    lost, cut, safe = (filled(size, 0, "uint8", fast=fast) for size in (n, edges, n))
    _flag(hits.vertex_start, hits.vertex_unit, place, lost)
    cutting = len(hits.edge_start) > 0 and _flag(hits.edge_start, hits.edge_unit, place, cut) > 0
    uses = uses_of(program)
    room = filled(n + slots, 0, "int64", fast=fast)
    todo = numbers(n)
    chain(
        slot_start, program.stopped, program.weight, program.need, tuple(uses),
        lost, cut, room, safe, todo,
    )  # fmt: skip
    number = numbers(n, APART)
    _choose(slot_start, edge_start, source, runs, safe, cut, target, number, todo)
    new = [
        numbers(n + 1),
        numbers(slots + 1), numbers(edges),
        numbers(n + 1), numbers(len(hits.vertex_unit)),
        numbers(edges + 1 if cutting else 0), numbers(len(hits.edge_unit) if cutting else 0),
    ]  # fmt: skip
    size = numbers(5)
    _copy(
        slot_start, (edge_start, source, cut, safe, runs), tuple(hits), place,
        forward_order(program, uses, runs), number, tuple(new), size,
    )  # fmt: skip
    vertices, kept_slots, kept_edges, at_vertices, at_edges = (int(s) for s in size)
    lengths = (
        vertices + 1, kept_slots + 1, kept_edges, vertices + 1, at_vertices,
        kept_edges + 1 if cutting else 0, at_edges,
    )  # fmt: skip
    new = [array[:length] for array, length in zip(new, lengths, strict=True)]
    after_start, before_start = numbers(vertices + 2), numbers(vertices + 2)
    _count_consumers(new[0], new[1], new[2], after_start, before_start)
    after, before = numbers(int(after_start[-1])), numbers(int(before_start[-1]))
    _fill_consumers(new[0], new[1], new[2], after_start, after, before_start, before)
    tables = (*new[1:], after_start[:-1], after, before_start[:-1], before)
    return Lanes(number, new[0], tables, len(units))


@kernel
def _flag(start: Array, unit: Array, place: Array, flags: Array) -> int:
    """Flag each vertex or edge that one of the units hits; return how many."""
    count = 0
    for i in range(len(start) - 1):
        for j in range(start[i], start[i + 1]):
            if unit[j] < len(place) and place[unit[j]] >= 0:
                flags[i] = 1
        count += flags[i]
    return count


@kernel
def _met(edge_start: Array, source: Array, safe: Array, cut: Array, slot: int) -> int:
    """Return whether a slot is met whatever is lost."""
    for e in range(edge_start[slot], edge_start[slot + 1]):
        if safe[source[e]] and not cut[e]:
            return 1
    return 0


@kernel
def _choose(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    runs: Array,
    safe: Array,
    cut: Array,
    target: int,
    number: Array,
    todo: Array,
) -> None:
    """Set `number` to SAFE, DOWN or, for what matters to the target and may fail, to 0."""
    count = 0
    for v in range(len(number)):
        if safe[v]:
            number[v] = -1
        elif not runs[v]:
            number[v] = -2
        elif target < 0 or target == v:
            number[v] = 0
            todo[count] = v
            count += 1
    at = 0
    while at < count:
        v = todo[at]
        at += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            if _met(edge_start, source, safe, cut, s):
                continue
            for e in range(edge_start[s], edge_start[s + 1]):
                if number[source[e]] == -3:
                    number[source[e]] = 0
                    todo[count] = source[e]
                    count += 1


@kernel
def _copy(
    slot_start: Array,
    old: tuple[Array, ...],
    hits: tuple[Array, ...],
    place: Array,
    order: Array,
    number: Array,
    new: tuple[Array, ...],
    size: Array,
) -> None:
    edge_start, source, cut, safe, runs = old
    vertex_start, vertex_unit, hit_start, hit_unit = hits
    new_slot_start, new_edge_start, new_source, own_start, own, cut_start, cut_unit = new
    vertices = slots = edges = at_vertices = at_edges = 0
    for i in range(len(order)):
        if number[order[i]] >= 0:
            number[order[i]] = vertices
            vertices += 1
    for i in range(len(order)):
        v = order[i]
        if number[v] < 0:
            continue
        for j in range(vertex_start[v], vertex_start[v + 1]):
            if vertex_unit[j] < len(place) and place[vertex_unit[j]] >= 0:
                own[at_vertices] = place[vertex_unit[j]]
                at_vertices += 1
        for s in range(slot_start[v], slot_start[v + 1]):
            if _met(edge_start, source, safe, cut, s):
                continue
            for e in range(edge_start[s], edge_start[s + 1]):
                x = source[e]
                if not runs[x]:
                    continue
                new_source[edges] = vertices if safe[x] else number[x]
                edges += 1
                if len(cut_start) > 0:
                    for j in range(hit_start[e], hit_start[e + 1]):
                        if hit_unit[j] < len(place) and place[hit_unit[j]] >= 0:
                            cut_unit[at_edges] = place[hit_unit[j]]
                            at_edges += 1
                    cut_start[edges] = at_edges
            slots += 1
            new_edge_start[slots] = edges
        own_start[number[v] + 1] = at_vertices
        new_slot_start[number[v] + 1] = slots
    size[0] = vertices
    size[1] = slots
    size[2] = edges
    size[3] = at_vertices
    size[4] = at_edges


@kernel
def _count_consumers(
    slot_start: Array, edge_start: Array, source: Array, after_start: Array, before_start: Array
) -> None:
    vertices = len(slot_start) - 1
    for v in range(vertices):
        for e in range(edge_start[slot_start[v]], edge_start[slot_start[v + 1]]):
            if source[e] < v:
                after_start[source[e] + 2] += 1
            elif source[e] < vertices:
                before_start[source[e] + 2] += 1
    for v in range(2, vertices + 2):
        after_start[v] += after_start[v - 1]
        before_start[v] += before_start[v - 1]


@kernel
def _fill_consumers(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    after_start: Array,
    after: Array,
    before_start: Array,
    before: Array,
) -> None:
    vertices = len(slot_start) - 1
    for v in range(vertices):
        for e in range(edge_start[slot_start[v]], edge_start[slot_start[v + 1]]):
            x = source[e]
            if x < v:
                after[after_start[x + 1]] = v
                after_start[x + 1] += 1
            elif x < vertices:
                before[before_start[x + 1]] = v
                before_start[x + 1] += 1


@kernel
def settle(
    slot_start: Array,
    tables: tuple[Array, ...],
    lost: Array,
    live: Array,
    failing: Array,
    waiting: Array,
    words: int,
    target: int,
) -> int:
    """Fill `failing` for the losses of a block; return how many vertices were looked at.

    All start as failing in all losses and only shrink, in production order, to the greatest
    fixpoint. Where the target (-1: none) fails in no loss any more, the rest does not matter:
    `failing` is then right for the target alone.
    """
    (
        edge_start, source, own_start, own, cut_start, cut_unit,
        after_start, after, before_start, before,
    ) = tables  # fmt: skip
    vertices = len(slot_start) - 1
    cutting = len(cut_start) > 0
    for v in range(vertices):
        waiting[v] = 1
        for w in range(words):
            failing[v * words + w] = live[w]
    first = 0
    looked = 0
    sweep = 0
    while first < vertices:
        again = vertices
        for v in range(first, vertices):
            if not waiting[v]:
                continue
            waiting[v] = 0
            looked += 1
            changed = 0
            for w in range(words):
                now = 0
                for i in range(own_start[v], own_start[v + 1]):
                    now |= lost[own[i] * words + w]
                for s in range(slot_start[v], slot_start[v + 1]):
                    common = live[w]
                    for e in range(edge_start[s], edge_start[s + 1]):
                        part = failing[source[e] * words + w]
                        if cutting:
                            for i in range(cut_start[e], cut_start[e + 1]):
                                part |= lost[cut_unit[i] * words + w]
                        common &= part
                    now |= common
                changed |= now ^ failing[v * words + w]
                failing[v * words + w] = now
            if changed == 0:
                continue
            for i in range(before_start[v], before_start[v + 1]):
                waiting[before[i]] = 1
                again = min(again, before[i])
            if sweep > 0:
                for i in range(after_start[v], after_start[v + 1]):
                    waiting[after[i]] = 1
        if target >= 0:
            still = 0
            for w in range(words):
                still |= failing[target * words + w]
            if still == 0:
                break
        first = again
        sweep += 1
    return looked
