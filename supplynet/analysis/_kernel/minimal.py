"""Truncated families of minimal sets as a greatest fixpoint: what stops one target, or each.

For a set S of items, failure with S lost is pointwise in S, so the fixpoint over families of
minimal sets, cut to any down-closed domain, gives exactly the minimal sets of that domain, cycles
included. Three domains meet: at most so many units and gaps, above no known set, and of use to
the target (see ``directed.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from supplynet.analysis._kernel import algebra
from supplynet.analysis._kernel.codes import (
    DIGIT,
    GAP_FROM,
    GAPS,
    JOIN,
    KNOWN,
    LIMIT,
    PAIRS,
    ROOM,
    RULES,
    UNITS,
    WIDTH,
    WORDS,
    tabulate,
)
from supplynet.analysis._kernel.directed import (
    LANES,
    Aims,
    Proofs,
    aims_of,
    leave_out,
    sample_proofs,
)
from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program, Uses, uses_of

__all__ = ["AllSets", "Families", "all_targets", "minimal_sets"]

Set = frozenset[int]

#: Bits of a code in a compiled kernel.
_BITS = 62
#: Items up to which plain Python codes a set as a mask.
_MOST_BITS = 2_000
#: Codes that a pool holds at most, plain and compiled.
_MOST_CODES = 1 << 22, 1 << 26
#: Answers on missing proofs that are remembered.
_ANSWERS = 4_096
#: Different families of a slot that are joined at a time.
_TOGETHER = 64


class Settings(NamedTuple):
    """From which sizes on what is done how; only speed depends on them.

    Attributes
    ----------
    packed
        Whether sets are packed where masks would do.
    pairs
        Pairs of sets up to which two families are compared set by set, not by tables.
    join
        Pairs of sets from which only those are looked at that fit, by size or a common item.
    size
        Codes for which there is room at first.
    """

    packed: bool = False
    pairs: int = 256
    join: int = 400
    size: int = 0


def minimal_sets(
    program: Program,
    order: Sequence[int],
    hits: HitArrays,
    *,
    target: int,
    max_units: int,
    max_gaps: int = 0,
    first_gap: int,
    known: Iterable[Set] = (),
    work_limit: int,
    directed: int = 0,
    complete_to: int = 0,
    uses: Uses | None = None,
    settings: Settings | None = None,
) -> list[Set] | None:
    """Return the minimal sets of items that stop the target, above no known one; None if cut short.

    Parameters
    ----------
    program
        The cone of the target; may have thresholds.
    order
        Vertices that run with nothing lost, in the order they start.
    hits
        Items that stop vertices and cut edges: units below `first_gap`, gaps from there.
    max_units, max_gaps
        Most units and most gaps in a set.
    known
        Sets that none of those returned holds.
    work_limit
        Most unions of two sets, together with the sets looked at.
    directed
        Proofs sampled to leave out sets that are of no use to the target. The sets of one unit
        are then searched first, and known when those of two are: the family of a vertex is short
        where much is known. 0: one search for all sizes.
    complete_to
        Up to how many units (and `max_gaps` gaps) all sets are known: where a directed search
        begins after.
    uses
        The edges by supplier, if they are at hand.

    Notes
    -----
    The answer is complete or None: out of work or memory, or the items too many for codes of that
    many units (`fits` tells beforehand). A target that is down with nothing lost gives the empty
    set. Cost: two to four sweeps over the edges; what a family costs is bounded by the domain only.
    """
    found = Families(
        program, order, hits, target=target, first_gap=first_gap, uses=uses, settings=settings
    )
    known = list(known)
    if not directed:
        return found.sets(
            max_units=max_units, max_gaps=max_gaps, known=known, work_limit=work_limit
        )
    sets: list[Set] = []
    for units in range(min(complete_to + 1, max_units), max_units + 1):
        layer = found.sets(
            max_units=units,
            max_gaps=max_gaps,
            known=[*known, *sets],
            work_limit=work_limit - found.work,
            proofs=directed,
        )
        if layer is None:
            return None
        sets += layer
    return sets


class Families:
    """The search for what stops one target, for one domain after another.

    Parameters are those of :func:`minimal_sets`.

    Attributes
    ----------
    cut_short
        Why the last search gave None: ``work``, ``memory``, or ``width``, where codes of that
        many items do not fit into the integers of compiled kernels.
    work
        Unions of two sets, and sets looked at, in all searches so far.
    """

    def __init__(
        self,
        program: Program,
        order: Sequence[int],
        hits: HitArrays,
        *,
        target: int,
        first_gap: int,
        uses: Uses | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.program = program
        self.order = order
        self.hits = hits
        self.target = target
        self.first_gap = first_gap
        self.uses = uses_of(program) if uses is None else uses
        self.settings = Settings() if settings is None else settings
        self.cut_short: str | None = None
        self.work = 0
        self._items = 1 + max(int(_largest(hits.vertex_unit)), int(_largest(hits.edge_unit)))
        self._down = filled(len(program.stopped), 1, "int64", fast=program.fast)
        _clear(order, self._down)
        self._proofs: Proofs | None = None

    def sets(
        self,
        *,
        max_units: int,
        max_gaps: int = 0,
        known: Iterable[Set] = (),
        work_limit: int,
        proofs: int = 0,
    ) -> list[Set] | None:
        """Return the minimal sets of the domain that stop the target; None: see `cut_short`."""
        found = self.all_sets(
            max_units=max_units,
            max_gaps=max_gaps,
            known=known,
            work_limit=work_limit,
            proofs=proofs,
        )
        return None if found is None else found.of(self.target)

    def all_sets(
        self,
        *,
        max_units: int,
        max_gaps: int = 0,
        known: Iterable[Set] = (),
        work_limit: int,
        proofs: int = 0,
    ) -> AllSets | None:
        """Return the families of all vertices; with proofs or known sets, those of the target."""
        self.cut_short = None
        number = filled(self._items, 0, "int32", fast=self.program.fast)
        groups = []
        for group in known:
            if not group:
                return self._none(number, down=0)
            if len(group) > 1:
                groups.append(group)
            elif max(group) < self._items:
                number[max(group)] = -1
        _mark_items(
            self.program.slot_start, self.program.edge_start, self.order, *self.hits, number
        )
        domain = _Domain(number, self.first_gap, max_units, max_gaps, fast=self.program.fast)
        if proofs and self._down[self.target] == 0:
            domain.aim(self._sampled(proofs))
        if domain.size == 0:
            return self._none(number, down=1)
        if not domain.choose_codes(self.settings, packed=proofs > 0):
            self.cut_short = "width"
            return None
        domain.know(groups)
        return self._fixpoint(domain, work_limit)

    def _none(self, number: Array, *, down: int) -> AllSets:
        """Return that nothing stops what runs, and nothing (or what is known) what does not."""
        family = filled(len(self._down), 0, "int64", fast=self.program.fast)
        if down:
            family[:] = self._down
        start = filled(3, 0, "int64", fast=self.program.fast)
        start[2] = 1
        code = filled(1, 0, "int64", fast=self.program.fast)
        return AllSets(family, start, code, 0, number)

    def _sampled(self, number: int) -> Proofs:
        if self._proofs is None or len(self._proofs.start) <= number:
            self._proofs = sample_proofs(
                self.program, self.order, self.hits, self.target, self._items, number
            )
        return self._proofs

    def _fixpoint(self, domain: _Domain, work_limit: int) -> AllSets | None:
        program, hits, fast = self.program, self.hits, self.program.fast
        domain.rule[LIMIT] = work_limit
        n, edges = len(program.stopped), len(program.source)
        size = self.settings.size or min(max(64, n), 1 << 18)
        widest = max(int(_widest(hits.vertex_start)), int(_widest(hits.edge_start)))
        pool = _Pool(domain, size, widest)
        base = filled(n, 0, "int64", fast=fast)
        edge_base = filled(edges if len(hits.edge_start) else 0, 0, "int64", fast=fast)
        for start, unit, family in (
            (hits.vertex_start, hits.vertex_unit, base),
            (hits.edge_start, hits.edge_unit, edge_base),
        ):
            at = 0
            while at < len(family):
                at = algebra.singles(
                    pool.start, pool.code, pool.table, pool.count, domain.rule, pool.buffer,
                    start, unit, domain.number, family, at,
                )  # fmt: skip
                if at < len(family):
                    # Single items alone never fill a pool.
                    pool.grow(algebra.FULL)
                    pool.grow(algebra.CROWDED)
        found = filled(n, 1, "int64", fast=fast)
        waiting = filled(n, 0, "uint8", fast=fast)
        _wake(self.order, waiting)
        by_slot = filled(len(program.edge_start) - 1, -1, "int64", fast=fast)
        slot_width = int(_widest(program.edge_start)) if len(program.need) else 0
        together = filled(max(_TOGETHER, slot_width), 0, "int64", fast=fast)
        loads = filled(len(together), 0, "int64", fast=fast)
        while True:
            lacking = algebra.sweep(
                program.slot_start, program.edge_start, program.source, program.weight,
                program.need, self.order, tuple(self.uses), base, edge_base, found, waiting,
                by_slot, together, loads, pool.states, pool.start, pool.code, pool.table, pool.memo,
                pool.seen, pool.buffer, pool.spare, pool.mark, pool.pick, pool.head, pool.link,
                domain.known, domain.known_table, *domain.aims, domain.memo, pool.count,
                domain.rule,
            )  # fmt: skip
            if lacking == 0:
                break
            if lacking == algebra.CAPPED or not pool.grow(lacking):
                self.cut_short = "work" if lacking == algebra.CAPPED else "memory"
                break
        self.work += int(pool.count[algebra.WORK])
        if lacking:
            return None
        families, codes = int(pool.count[algebra.FAMILIES]), int(pool.count[algebra.CODES])
        return AllSets(
            found,
            pool.start[: families + 1],
            pool.code[:codes],
            int(domain.rule[WIDTH]),
            domain.item,
        )


class AllSets(NamedTuple):
    """The minimal sets of every vertex; vertices with the same sets share them.

    Attributes
    ----------
    family
        Per vertex which family is its own.
    start, code
        Codes of family f are ``code[start[f]:start[f + 1]]``, ascending.
    width
        Bits of a digit, or 0: codes are masks.
    item
        The item of each digit, from 1 on, or of each bit plus one.
    """

    family: Array
    start: Array
    code: Array
    width: int
    item: Array

    def of(self, vertex: int) -> list[Set]:
        """Return the sets that stop a vertex; the empty set alone where it is down anyway."""
        family = int(self.family[vertex])
        codes = self.code[self.start[family] : self.start[family + 1]]
        return [self.set_of(int(code)) for code in codes]

    def set_of(self, code: int) -> Set:
        """Return the items of a code."""
        members = []
        if self.width:
            ones = (1 << self.width) - 1
            while code:
                members.append(int(self.item[code & ones]))
                code >>= self.width
        else:
            while code:
                low = code & -code
                members.append(int(self.item[low.bit_length()]))
                code ^= low
        return frozenset(members)


def all_targets(
    program: Program,
    order: Sequence[int],
    hits: HitArrays,
    *,
    max_units: int,
    max_gaps: int = 0,
    first_gap: int,
    work_limit: int,
    uses: Uses | None = None,
    settings: Settings | None = None,
) -> AllSets | None:
    """Return the minimal sets that stop each vertex, its own items among them; None if cut short.

    Parameters are those of :func:`minimal_sets`; the program is the whole network. Vertices that
    are down with nothing lost have the empty set.
    """
    target = int(order[0]) if len(order) else 0
    search = Families(
        program, order, hits, target=target, first_gap=first_gap, uses=uses, settings=settings
    )
    return search.all_sets(max_units=max_units, max_gaps=max_gaps, work_limit=work_limit)


class _Domain:
    """The sets of one search: its items as digits, the limits, known sets and proofs.

    Parameters
    ----------
    number
        Per item 1 where it can matter, else 0 or less; becomes its digit, 0 for none.
    """

    def __init__(
        self, number: Array, first_gap: int, max_units: int, max_gaps: int, *, fast: bool
    ) -> None:
        self.fast = fast
        self.number = number
        self.first_gap = first_gap
        self.limits = max_units, max_gaps
        self.item = self.array(len(number) + 1, "int32")
        self.rule = self.array(RULES, "int64")
        self.known = self.array(1, "int64")
        self.known_table = self.array(1, "int64")
        self.aims = Aims(*(self.array(0, kind) for kind in ("int64", "int64", "int64", "int32")))
        self.memo = self.array(1, "int64")
        self._count_off()

    def array(self, length: int, kind: str) -> Array:
        return filled(length, 0, kind, fast=self.fast)

    def _count_off(self) -> None:
        self.units = int(_count_off(self.number, self.first_gap, *self.limits, self.item))
        self.digits = int(self.item[0])
        self.rule[UNITS] = min(self.limits[0], self.units)
        self.rule[GAPS] = min(self.limits[1], self.digits - self.units)

    @property
    def size(self) -> int:
        """Most items in a set."""
        return int(self.rule[UNITS] + self.rule[GAPS])

    def aim(self, proofs: Proofs) -> None:
        """Leave out the sets that cannot be completed to break all proofs."""
        total = len(proofs.start) - 1
        words = -(-total // LANES)
        self.rule[WORDS] = words
        self.rule[WIDTH], self.rule[DIGIT] = _BITS >> 1, (1 << (_BITS >> 1)) - 1
        self.memo = self.array(_ANSWERS * (words + 2) + words, "int64")
        while self.size:
            self.rule[GAP_FROM] = self.units
            self.aims = aims_of(proofs, self.number, self.digits, fast=self.fast)
            if self.aims.start[1] == 0:
                # Nothing is left that breaks the first proof, which has the fewest items.
                self.rule[UNITS] = self.rule[GAPS] = 0
            elif leave_out(*self.aims, self.memo, self.rule, self.number):
                self._count_off()
                self.memo = self.array(len(self.memo), "int64")
            else:
                break

    def choose_codes(self, settings: Settings, *, packed: bool) -> bool:
        """Choose the coding; False where codes do not fit into an integer."""
        rule = self.rule
        rule[PAIRS], rule[JOIN] = settings.pairs, settings.join
        packed = packed or settings.packed
        if not packed and self.digits <= (_BITS if self.fast else _MOST_BITS):
            rule[WIDTH], rule[GAP_FROM] = 0, (1 << self.digits) - (1 << self.units)
            return True
        width = self.digits.bit_length()
        rule[WIDTH], rule[DIGIT], rule[ROOM] = width, (1 << width) - 1, width * self.size
        rule[GAP_FROM] = self.units
        return not self.fast or width * self.size <= _BITS

    def know(self, groups: Iterable[Set]) -> None:
        """Leave out all sets that hold one of these."""
        width = int(self.rule[WIDTH])
        codes = []
        for group in groups:
            digits = sorted(int(self.number[m]) if m < len(self.number) else 0 for m in group)
            if digits[0] == 0 or len(digits) > self.size:
                continue
            if width:
                codes.append(sum(d << (i * width) for i, d in enumerate(digits)))
            else:
                codes.append(sum(1 << (d - 1) for d in digits))
        if codes:
            self.rule[KNOWN] = len(codes)
            self.known = self.array(len(codes), "int64")
            self.known[:] = codes
            self.known_table = self.array(_power(4 * len(codes)), "int64")
            tabulate(self.known, self.known_table)


def _power(least: int) -> int:
    """Return the smallest power of two that is not less."""
    return 1 << max(least - 1, 1).bit_length()


class _Pool:
    """The families of one search and the arrays to work with; grows when a kernel says so."""

    def __init__(self, domain: _Domain, size: int, widest: int) -> None:
        self.fast = domain.fast
        self.most = domain.size
        self.digits = domain.digits if domain.rule[WIDTH] else 0
        self.start = self._array(4 * size, "int64")
        self.start[2] = 1
        self.code = self._array(8 * size, "int64")
        self.table = self._array(_power(8 * size), "int64")
        self.memo = self._array(2 * _power(4 * size), "int64")
        self.count = self._array(4, "int64")
        self.count[algebra.FAMILIES], self.count[algebra.CODES] = 2, 1
        self.states = self._array(6 * 64, "int64")
        self._make_scratch(max(size >> 6, 64, _power(widest)))

    def _array(self, length: int, kind: str) -> Array:
        return filled(length, 0, kind, fast=self.fast)

    def _make_scratch(self, size: int) -> None:
        self.seen = self._array(_power(8 * size), "int64")
        self.buffer = self._array(size, "int64")
        self.spare = self._array(size, "int64")
        self.mark = self._array(size, "int32")
        self.pick = self._array(size, "int32")
        self.head = filled(self.digits + 1, -1, "int32", fast=self.fast)
        self.link = self._array(size * self.most if self.digits else 1, "int32")
        self.count[algebra.STAMP] = 0

    def grow(self, lacking: int) -> bool:
        """Enlarge what was too short; False where there is no more room, or no more work."""
        most = _MOST_CODES[self.fast]
        if lacking == algebra.FULL:
            if len(self.code) >= most:
                return False
            self.code = self._longer(self.code)
        elif lacking == algebra.CROWDED:
            if len(self.start) >= most >> 1:
                return False
            self.start = self._longer(self.start)
            table = self._array(4 * len(self.table), "int64")
            algebra.rehash(self.table, table)
            self.table = table
        elif lacking == algebra.SCRATCH:
            if len(self.buffer) >= most >> 2:
                return False
            self._make_scratch(4 * len(self.buffer))
        elif lacking == algebra.STATES:
            if len(self.states) >= most:
                return False
            self.states = self._array(4 * len(self.states), "int64")
        else:
            return False
        return True

    def _longer(self, old: Array) -> Array:
        new = self._array(4 * len(old), "int64")
        new[: len(old)] = old
        return new


@kernel
def _mark_items(
    slot_start: Array,
    edge_start: Array,
    order: Array,
    vertex_start: Array,
    vertex_unit: Array,
    edge_item_start: Array,
    edge_unit: Array,
    number: Array,
) -> None:
    """Set the number of each item that hits a running vertex, or an edge to one, from 0 to 1."""
    for i in range(len(order)):
        v = order[i]
        for k in range(vertex_start[v], vertex_start[v + 1]):
            if number[vertex_unit[k]] == 0:
                number[vertex_unit[k]] = 1
        if len(edge_item_start) > 0:
            first, end = edge_start[slot_start[v]], edge_start[slot_start[v + 1]]
            for k in range(edge_item_start[first], edge_item_start[end]):
                if number[edge_unit[k]] == 0:
                    number[edge_unit[k]] = 1


@kernel
def _count_off(number: Array, first_gap: int, units: int, gaps: int, digits: Array) -> int:
    """Give the marked items numbers from 1 on; return how many of them are units.

    All others get 0. Units are left out where no unit fits into a set, gaps likewise. `digits`
    holds the item of each number, and first how many there are.
    """
    n = among = 0
    for item in range(len(number)):
        if number[item] > 0 and (units if item < first_gap else gaps) > 0:
            n += 1
            digits[n] = item
            number[item] = n
            if item < first_gap:
                among += 1
        else:
            number[item] = 0
    digits[0] = n
    return among


@kernel
def _widest(start: Array) -> int:
    most = 0
    for i in range(len(start) - 1):
        most = max(most, start[i + 1] - start[i])
    return most


@kernel
def _largest(numbers: Array) -> int:
    most = -1
    for i in range(len(numbers)):
        most = max(most, numbers[i])
    return most


@kernel
def _wake(order: Array, waiting: Array) -> None:
    for i in range(len(order)):
        waiting[order[i]] = 1


@kernel
def _clear(order: Array, down: Array) -> None:
    for i in range(len(order)):
        down[order[i]] = 0
