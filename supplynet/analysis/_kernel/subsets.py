"""Cut sets by trying all subsets of few units, hundreds at a time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from math import comb

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.lanes import SAFE, Lanes, block_for, lanes_of, settle
from supplynet.analysis._kernel.program import Chain, Program
from supplynet.analysis._kernel.thresholds import expand_thresholds, expanded_hits

__all__ = ["minimal_sets_by_subsets"]

Set = frozenset[int]

#: Supports looked for at a time, and times at most.
_SUPPORTS = 64
_ROUNDS = 16
#: Subsets whose trial costs as much as a look for supports, per item: compiled, in plain Python.
_LOOK = (128, 4096)
#: Blocks between two looks at whether it pays.
_BLOCKS = 4


def minimal_sets_by_subsets(
    program: Program,
    order: Sequence[int],
    hits: HitArrays,
    *,
    target: int,
    units: Sequence[int],
    max_order: int,
    limit_subsets: int,
    known: Iterable[Set] = (),
    gaps: Sequence[int] = (),
    max_gaps: int = 0,
    by_supports: bool | None = None,
) -> list[Set] | None:
    """Return all minimal sets of units whose loss stops the target; None where too many to try.

    Parameters
    ----------
    order
        The vertices that run with nothing lost.
    units, gaps
        Units that may be lost, and further ones of which at most `max_gaps` may be lost besides
        `max_order` of the units; sets are minimal in both together.
    limit_subsets
        Most subsets to go through. Each takes a byte; trying 512 of them (4096 in plain Python)
        takes one to eight readings of the network.
    known
        Sets that are not looked for, nor any that holds one of them.
    by_supports
        Whether to look first for sets of units that keep the target running while all others are
        lost: a subset that misses one of them stops nothing and is not tried. By default, where
        subsets are so many that little is lost if cut sets are many too.

    Notes
    -----
    Subsets are tried by size; those above a cut set are passed over, so that what is found is
    minimal. Sorted by size and members. None also where thresholds are too hard to write out.
    """
    units, gaps = list(units), list(gaps)
    levels = [
        (r, g)
        for size in range(max_order + max_gaps + 1)
        for g in range(min(size, max_gaps, len(gaps)) + 1)
        if (r := size - g) <= min(max_order, len(units))
    ]
    subsets = sum(comb(len(units), r) * comb(len(gaps), g) for r, g in levels)
    if subsets > limit_subsets:
        return None
    known = set(known)
    if frozenset() in known:
        return []
    if target not in order:
        return [frozenset()]
    if len(program.need):
        expanded = expand_thresholds(program, 4 * len(program.source))
        if expanded is None:
            return None
        program, hits = expanded.program, expanded_hits(expanded, hits)
        order = Chain(program).run()[0]
    lanes = lanes_of(program, hits, [*units, *gaps], runs=_flags(program, order), target=target)
    if lanes.number[target] == SAFE:
        return []
    goal = int(lanes.number[target])
    trial = _Trial(lanes, goal, units, gaps, max(max_order, max_gaps))
    look = _LOOK[0 if program.fast else 1] * lanes.units
    if by_supports is None:
        by_supports = subsets > 2 * look
    supports = _Supports(lanes, goal, 2 * look) if by_supports else None
    found = [s for level in levels[1:] for s in trial.run(level, known, supports)]
    return sorted(found, key=lambda s: (len(s), sorted(s)))


def _flags(program: Program, vertices: Sequence[int]) -> Array:
    flags = filled(len(program.stopped), 0, "uint8", fast=program.fast)
    if not program.fast:
        for vertex in vertices:
            flags[vertex] = 1
        return flags
    import numpy as np

    flags[np.asarray(vertices, dtype="int64")] = 1
    return flags


class _Trial:
    """The subsets of each level, so many units and so many gaps, and what is known of each.

    Subsets of a level are numbered in colexicographic order, gaps running fastest, and marked:
    0 stops nothing as far as is known, 1 is known or above a cut set, 2 is a minimal cut set.
    """

    def __init__(
        self, lanes: Lanes, target: int, units: Sequence[int], gaps: Sequence[int], largest: int
    ) -> None:
        self.lanes = lanes
        self.target = target
        self.units, self.gaps = units, gaps
        self.stride = largest + 1
        rows = max(len(units), len(gaps)) + 1
        self.choose = filled(rows * self.stride, 0, "int64", fast=lanes.fast)
        for a in range(rows):
            for b in range(self.stride):
                # What does not fit is beyond any limit, and not read.
                self.choose[a * self.stride + b] = min(comb(a, b), 1 << 62)
        self.marks: dict[tuple[int, int], Array] = {}
        self.marked: set[tuple[int, int]] = set()

    def run(
        self, level: tuple[int, int], known: Iterable[Set], supports: _Supports | None
    ) -> list[Set]:
        """Return the minimal cut sets of a level; the smaller levels have been run."""
        r, g = level
        size = r + g
        fast = self.lanes.fast
        total = comb(len(self.units), r) * comb(len(self.gaps), g)
        marks = filled(total, 0, "uint8", fast=fast)
        self._mark_known(level, known, marks)
        nothing = filled(0, 0, "uint8", fast=fast)
        below = [(r - 1, g), (r, g - 1)]
        check = any(smaller in self.marked for smaller in below)
        block = block_for(self.lanes, total)
        shape = (
            len(self.units), len(self.gaps), r, g, self.stride, block.words, block.bits, int(check)
        )  # fmt: skip
        members = self._first(r, g)
        chosen = filled(block.width * size, 0, "int32", fast=fast)
        ranks = filled(block.width, 0, "int64", fast=fast)
        # The next subset, cut sets found, subsets tried in vain, losses in the last block.
        state = filled(4, 0, "int64", fast=fast)
        looked_at = 0
        while state[0] < total:
            _try(
                marks, tuple(self.marks.get(smaller, nothing) for smaller in below), self.choose,
                shape, members, state, self.lanes.slot_start, self.lanes.tables,
                (block.lost, block.live, block.failing), block.waiting, self.target,
                chosen, ranks, supports.holds if supports else members[:0],
                supports.full if supports else members[:0], _BLOCKS,
            )  # fmt: skip
            if supports and state[2] - looked_at > supports.pause:
                looked_at = state[2]
                supports.add(
                    [
                        chosen[lane * size : (lane + 1) * size]
                        for lane in range(state[3])
                        if not marks[ranks[lane]]
                    ]
                )
        self.marks[level] = marks
        if _any(marks):
            self.marked.add(level)
        members = self._first(r, g)
        cuts = filled(int(state[1]) * size, 0, "int32", fast=fast)
        _read(marks, shape, members, cuts)
        items = [*self.units, *self.gaps]
        rows = cuts if not fast else cuts.tolist()
        return [
            frozenset(items[i] for i in rows[at : at + size]) for at in range(0, len(rows), size)
        ]

    def _first(self, r: int, g: int) -> Array:
        members = filled(r + g, 0, "int64", fast=self.lanes.fast)
        for i in range(r + g):
            members[i] = i if i < r else i - r
        return members

    def _mark_known(self, level: tuple[int, int], known: Iterable[Set], marks: Array) -> None:
        unit_place = {unit: i for i, unit in enumerate(self.units)}
        gap_place = {gap: i for i, gap in enumerate(self.gaps)}
        for members in known:
            units = sorted(unit_place[m] for m in members if m in unit_place)
            gaps = sorted(gap_place[m] for m in members if m in gap_place)
            if (len(units), len(gaps)) == level and sum(level) == len(members):
                rank = sum(comb(place, i + 1) for i, place in enumerate(units))
                rank *= comb(len(self.gaps), level[1])
                marks[rank + sum(comb(place, i + 1) for i, place in enumerate(gaps))] = 1


class _Supports:
    """Minimal sets of items that keep the target running while all others are lost.

    A subset that stops the target has an item of each.

    Attributes
    ----------
    pause
        Subsets tried in vain until another look pays.
    holds, full
        For each round of looking, per item a word that says which supports hold it; and the word
        of all supports of the round.
    """

    def __init__(self, lanes: Lanes, target: int, pause: int) -> None:
        self.pause = pause
        self.lanes = lanes
        self.target = target
        self.chance = random.Random(0)  # noqa: S311 - a fixed seed, for the same work each time
        self.rounds = 0
        self.holds = filled(lanes.units * _ROUNDS, 0, "int64", fast=lanes.fast)
        self.words = filled(_ROUNDS, 0, "int64", fast=lanes.fast)
        self.add([])

    @property
    def full(self) -> Array:
        """Per round the word of all its supports."""
        return self.words[: self.rounds]

    def add(self, harmless: Sequence[Sequence[int]]) -> None:
        """Look for more supports, such as miss given sets that stop nothing."""
        if self.rounds == _ROUNDS:
            return
        lanes, n = self.lanes, self.lanes.units
        block = block_for(lanes, _SUPPORTS, most=1)
        size = len(harmless[0]) if harmless else 0
        starts = filled(size * len(harmless), 0, "int32", fast=lanes.fast)
        for i, members in enumerate(harmless):
            starts[i * size : (i + 1) * size] = members
        turns = filled(n * _SUPPORTS, 0, "int32", fast=lanes.fast)
        for lane in range(_SUPPORTS):
            turns[lane * n : (lane + 1) * n] = self.chance.sample(range(n), n)
        _grow(
            lanes.slot_start, lanes.tables, (block.lost, block.live, block.failing),
            block.waiting, self.target, turns, starts, size,
            self.holds, self.words, self.rounds, _SUPPORTS,
        )  # fmt: skip
        self.rounds += 1


@kernel
def _grow(
    slot_start: Array,
    tables: tuple[Array, ...],
    block: tuple[Array, Array, Array],
    waiting: Array,
    target: int,
    turns: Array,
    starts: Array,
    size: int,
    holds: Array,
    full: Array,
    row: int,
    count: int,
) -> None:
    """Lose one more item at a time, each loss in its own turn, and take back what was too much."""
    lost, live, failing = block
    n = len(lost)
    for lane in range(count):
        live[0] |= 1 << lane
        if size > 0:
            first = lane * size % len(starts)
            for i in range(first, first + size):
                lost[starts[i]] |= 1 << lane
    for turn in range(n):
        for lane in range(count):
            lost[turns[lane * n + turn]] |= 1 << lane
        settle(slot_start, tables, lost, live, failing, waiting, 1, target)
        for lane in range(count):
            if failing[target] >> lane & 1:
                lost[turns[lane * n + turn]] &= ~(1 << lane)
    for item in range(n):
        holds[row * n + item] = live[0] & ~lost[item]
    full[row] = live[0]


@kernel
def _next(members: Array, first: int, size: int, n: int) -> int:
    """Go on to the next subset of 0..n-1; return 0, back at the first, where there is none."""
    i = first
    last = first + size - 1
    while i < last and members[i] + 1 == members[i + 1]:
        members[i] = i - first
        i += 1
    if i <= last and (members[i] + 1 < n):
        members[i] += 1
        return 1
    if i <= last:
        members[i] = i - first
    return 0


@kernel
def _advance(members: Array, shape: tuple[int, ...]) -> None:
    if _next(members, shape[2], shape[3], shape[1]) == 0:
        _next(members, 0, shape[2], shape[0])


@kernel
def _rank(members: Array, choose: Array, stride: int, first: int, size: int, without: int) -> int:
    """Return the number of a subset less one of its members, -1 for none."""
    rank = 0
    place = 1
    for i in range(first, first + size):
        if i != without:
            rank += choose[members[i] * stride + place]
            place += 1
    return rank


@kernel
def _above(
    members: Array, below: tuple[Array, Array], choose: Array, shape: tuple[int, ...]
) -> int:
    """Return whether a subset with one member less is marked."""
    _, gaps, r, g, stride = shape[:5]
    if len(below[0]) > 0:
        rest = _rank(members, choose, stride, r, g, -1)
        for i in range(r):
            rank = _rank(members, choose, stride, 0, r, i) * choose[gaps * stride + g]
            if below[0][rank + rest]:
                return 1
    if len(below[1]) > 0:
        rest = _rank(members, choose, stride, 0, r, -1) * choose[gaps * stride + g - 1]
        for i in range(r, r + g):
            if below[1][rest + _rank(members, choose, stride, r, g, i)]:
                return 1
    return 0


@kernel
def _try(
    marks: Array,
    below: tuple[Array, Array],
    choose: Array,
    shape: tuple[int, ...],
    members: Array,
    state: Array,
    slot_start: Array,
    tables: tuple[Array, ...],
    block: tuple[Array, Array, Array],
    waiting: Array,
    target: int,
    chosen: Array,
    ranks: Array,
    holds: Array,
    full: Array,
    blocks: int,
) -> None:
    """Go through the next subsets of a level until so many blocks have been tried."""
    units, gaps, r, g, _, words, bits, check = shape
    lost, live, failing = block
    size = r + g
    for _ in range(blocks):
        for i in range(len(lost)):
            lost[i] = 0
        for w in range(words):
            live[w] = 0
        count = 0
        while count < words * bits and state[0] < len(marks):
            rank = state[0]
            if marks[rank] == 0 and check and _above(members, below, choose, shape):
                marks[rank] = 1
            good = marks[rank] == 0
            for row in range(len(full)):
                if good:
                    hit = 0
                    for i in range(size):
                        item = members[i] if i < r else units + members[i]
                        hit |= holds[row * (units + gaps) + item]
                    good = hit == full[row]
            if good:
                bit = 1 << count % bits
                for i in range(size):
                    item = members[i] if i < r else units + members[i]
                    chosen[count * size + i] = item
                    lost[item * words + count // bits] |= bit
                live[count // bits] |= bit
                ranks[count] = rank
                count += 1
            state[0] += 1
            _advance(members, shape)
        state[3] = count
        if count == 0:
            return
        settle(slot_start, tables, lost, live, failing, waiting, words, target)
        for lane in range(count):
            if failing[target * words + lane // bits] >> lane % bits & 1:
                marks[ranks[lane]] = 2
                state[1] += 1
            else:
                state[2] += 1


@kernel
def _any(marks: Array) -> int:
    for i in range(len(marks)):
        if marks[i]:
            return 1
    return 0


@kernel
def _read(marks: Array, shape: tuple[int, ...], members: Array, cuts: Array) -> None:
    """Write out the members of the subsets that are marked as minimal cuts."""
    units, _, r, g = shape[:4]
    at = 0
    for rank in range(len(marks)):
        if marks[rank] == 2:
            for i in range(r + g):
                cuts[at + i] = members[i] if i < r else units + members[i]
            at += r + g
        _advance(members, shape)
