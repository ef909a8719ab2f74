"""Cut sets in plain Python: truncated families as frozen sets, and branching over proofs."""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from supplynet.analysis._kernel.program import Chain, Program

Set = frozenset[int]
Family = tuple[Set, ...]
#: Units that stop each vertex, and units that cut each edge.
Hits = tuple[Mapping[int, Sequence[int]], Mapping[int, Sequence[int]]]

_EMPTY: Set = frozenset()


def single_points(
    program: Program,
    consumers: Sequence[Sequence[int]],
    order: Sequence[int],
    masks: tuple[Mapping[int, int], Mapping[int, int]],
    cut: Container[int] = (),
) -> list[int]:
    """Return per vertex the units (as a bit mask) that stop it alone; -1 where it is down anyway.

    D(v) = units at v, or over slots of the intersection over edges of (D(source) or units at the
    edge): the greatest fixpoint, started from "everything" (-1), which is neutral in
    intersections. `order` holds the running vertices in the order they start, with the edges in
    `cut` already gone; `masks` the units that stop each vertex and that cut each edge.
    """
    vertex_mask, edge_mask = masks
    slot_start, edge_start, source = program[:3]
    found = [-1] * len(program.stopped)
    waiting = bytearray(len(program.stopped))
    for vertex in order:
        waiting[vertex] = 1
    again = True
    while again:
        again = False
        for vertex in order:
            if not waiting[vertex]:
                continue
            waiting[vertex] = 0
            mask = vertex_mask.get(vertex, 0)
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                common = -1
                for edge in range(edge_start[slot], edge_start[slot + 1]):
                    if edge not in cut:
                        common &= found[source[edge]] | edge_mask.get(edge, 0)
                mask |= common
            if mask != found[vertex]:
                found[vertex] = mask
                again = True
                for consumer in consumers[vertex]:
                    waiting[consumer] = 1
    return found


def consumers_of(program: Program) -> list[list[int]]:
    """Return, per vertex, the vertices that it supplies."""
    slot_start, edge_start, source, stopped = program[:4]
    consumers: list[list[int]] = [[] for _ in stopped]
    for vertex in range(len(stopped)):
        for edge in range(edge_start[slot_start[vertex]], edge_start[slot_start[vertex + 1]]):
            consumers[source[edge]].append(vertex)
    return consumers


class Domain:
    """The sets worth carrying: at most `units` units and `gaps` gaps, above no known cut.

    Units are ``0 .. first_gap - 1``; larger integers are gaps.
    """

    def __init__(self, *, units: int, gaps: int, first_gap: int, known: Iterable[Set] = ()) -> None:
        self.units = units
        self.gaps = gaps
        self.first_gap = first_gap
        self.known = set(known)
        self.sizes = sorted({len(k) for k in self.known})
        self._holds: dict[Set, bool] = {_EMPTY: True}

    def holds(self, members: Set) -> bool:
        answer = self._holds.get(members)
        if answer is None:
            gaps = sum(1 for m in members if m >= self.first_gap)
            answer = self._holds[members] = (
                gaps <= self.gaps
                and len(members) - gaps <= self.units
                and not self._above_known(members)
            )
        return answer

    def _above_known(self, members: Set) -> bool:
        if not self.known:
            return False
        if len(members) > 6:
            return any(k <= members for k in self.known)
        return any(
            frozenset(part) in self.known
            for size in self.sizes
            if size <= len(members)
            for part in combinations(members, size)
        )


class _Families:
    """Families of minimal sets, each held once; union and cross-join memoised by number."""

    def __init__(self, domain: Domain, work_limit: int) -> None:
        self.domain = domain
        self.work = 0
        self.work_limit = work_limit
        self.sets: list[Family] = [(), (_EMPTY,)]
        self.number: dict[Family, int] = {(): 0, (_EMPTY,): 1}
        self.either_memo: dict[tuple[int, int], int] = {}
        self.both_memo: dict[tuple[int, int], int] = {}

    def of(self, sets: Iterable[Set]) -> int:
        family = _minimal(s for s in sets if self.domain.holds(s))
        number = self.number.get(family)
        if number is None:
            number = self.number[family] = len(self.sets)
            self.sets.append(family)
        return number

    def either(self, a: int, b: int) -> int:
        """Return the family of sets that are in a or in b."""
        if b in (a, 0):
            return a
        if a == 0:
            return b
        if a == 1 or b == 1:
            return 1
        key = (a, b) if a < b else (b, a)
        number = self.either_memo.get(key)
        if number is None:
            left, right = self.sets[a], self.sets[b]
            self.work += len(left) + len(right)
            number = self.either_memo[key] = self.of((*left, *right))
        return number

    def both(self, a: int, b: int) -> int:
        """Return the family of unions of a set of a and a set of b."""
        if b in (a, 1):
            return a
        if a == 1:
            return b
        if a == 0 or b == 0:
            return 0
        key = (a, b) if a < b else (b, a)
        number = self.both_memo.get(key)
        if number is None:
            number = self.both_memo[key] = self.of(self._unions(self.sets[a], self.sets[b]))
        return number

    def _unions(self, left: Family, right: Family) -> Iterable[Set]:
        # A set that holds one of the other side is its own union with it and absorbs all others.
        own_left = [x for x in left if any(y <= x for y in right)]
        own_right = [y for y in right if any(x <= y for x in left)]
        absorbed = set(own_left), set(own_right)
        rest_left = [x for x in left if x not in absorbed[0]]
        rest_right = [y for y in right if y not in absorbed[1]]
        self.work += len(left) * len(right) + 1
        holds = self.domain.holds
        unions = {x | y for x in rest_left for y in rest_right}
        return [*own_left, *own_right, *(s for s in unions if holds(s))]


def _minimal(sets: Iterable[Set]) -> Family:
    """Return the sets that hold no other, in a canonical order."""
    kept: list[Set] = []
    known: set[Set] = set()
    by_size = sorted(set(sets), key=len)
    smallest = len(by_size[0]) if by_size else 0
    for members in by_size:
        if len(members) > smallest:
            if len(members) <= 6:
                above = any(
                    frozenset(part) in known
                    for size in range(smallest, len(members))
                    for part in combinations(members, size)
                )
            else:
                above = any(k < members for k in kept)
            if above:
                continue
        kept.append(members)
        known.add(members)
    return tuple(sorted(kept, key=lambda s: (len(s), sorted(s))))


def families(
    program: Program,
    order: Sequence[int],
    hits: Hits,
    domain: Domain,
    *,
    target: int,
    work_limit: int,
) -> Family | None:
    """Return the minimal sets of the domain that stop the target; None when out of work.

    Parameters
    ----------
    order
        Running vertices in the order they start: suppliers come before those they let start,
        so two to four sweeps are the rule.
    hits
        Units that stop each vertex, and units that cut each edge.
    work_limit
        Most unions of two sets.

    Notes
    -----
    Every vertex starts at the family of the empty set ("fails whatever is lost") and only shrinks
    towards the greatest fixpoint; the order of visits does not change the answer. A vertex that
    is down with nothing lost stays there, which is neutral among the edges of a slot.
    """
    slot_start, edge_start, source = program[:3]
    table = _Families(domain, work_limit)
    base, on_edge = (
        {place: table.of(frozenset((u,)) for u in units) for place, units in hit.items()}
        for hit in hits
    )
    found = [1] * len(program.stopped)
    consumers = consumers_of(program)
    waiting = bytearray(len(program.stopped))
    for vertex in order:
        waiting[vertex] = 1
    again = True
    while again:
        again = False
        for vertex in order:
            if not waiting[vertex]:
                continue
            waiting[vertex] = 0
            now = base.get(vertex, 0)
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                parts = {
                    table.either(found[source[edge]], on_edge.get(edge, 0))
                    for edge in range(edge_start[slot], edge_start[slot + 1])
                }
                parts.discard(1)
                if 0 in parts:
                    continue
                common = 1
                for part in sorted(parts, key=lambda p: (len(table.sets[p]), p)):
                    common = table.both(common, part)
                    if common == 0 or table.work > work_limit:
                        break
                now = table.either(now, common)
            if table.work > work_limit:
                return None
            if now != found[vertex]:
                found[vertex] = now
                again = True
                for consumer in consumers[vertex]:
                    waiting[consumer] = 1
    return table.sets[found[target]]


#: What an exact look costs beside a step of the tree, roughly.
_LOOK = 500
_FIRST_PROOFS = 32
#: Candidates up to which trying each is cheaper than reading off all of them.
_TRY_EACH = 2


class HittingTree:
    """Minimal cuts of one target by branching over proofs: each cut must break every proof.

    A *proof* is one way of running the target: a set of vertices and edges in which every need
    has a supplier. Proofs found on the way are kept as masks of the units that break them and
    prune later branches: more proofs without a common unit than units left to choose end a branch.
    Gaps are chosen first, since there are few; the last unit of a set is read off the single
    points of what is left. Bounded by about (units in a proof) to the power of (units - 1) steps
    for each choice of gaps, however many sets the vertices between carry.
    """

    def __init__(
        self, forward: Chain, target: int, hits: Hits, first_gap: int, known: Iterable[Set]
    ) -> None:
        self.forward = forward
        self.target = target
        self.consumers = consumers_of(forward.program)
        self.masks: list[dict[int, int]] = []
        self.places: list[dict[int, list[int]]] = []
        gaps: set[int] = set()
        for hit in hits:
            mask: dict[int, int] = {}
            places: dict[int, list[int]] = {}
            for place, units in hit.items():
                for unit in units:
                    mask[place] = mask.get(place, 0) | 1 << unit
                    places.setdefault(unit, []).append(place)
                    if unit >= first_gap:
                        gaps.add(unit)
            self.masks.append(mask)
            self.places.append(places)
        self.gaps = sorted(gaps)
        self.unit_bits = (1 << first_gap) - 1
        self.proofs: list[int] = []
        self.usage = [0] * len(forward.program.stopped)
        # A known cut, less one of its units: the mask of units that would complete it.
        self.completes: dict[Set, int] = {}
        self.sizes: set[int] = set()
        for members in known:
            self._know(members)
        self.found: set[Set] = set()
        self.work = 0
        self.chance = random.Random(0)  # noqa: S311 - a fixed seed, for the same answer each time

    def _know(self, members: Set) -> None:
        for unit in members:
            rest = members - {unit}
            self.sizes.add(len(rest))
            self.completes[rest] = self.completes.get(rest, 0) | 1 << unit

    def cuts(self, *, units: int, gaps: int, work_limit: int) -> set[Set] | None:
        """Return the minimal cuts of so many units and up to so many gaps, none above a known one.

        The minimal cuts of fewer units must be known. ``None`` when out of work.
        """
        self.work_limit = self.work + work_limit
        order, runs = self.forward.run()
        if not runs[self.target]:
            return {_EMPTY}
        while len(self.proofs) < _FIRST_PROOFS:
            self._add_proof(order, ())
        found: set[Set] = set()
        for size in range(gaps + 1):
            self.found = set()
            for chosen in combinations(self.gaps, size):
                mask = sum(1 << gap for gap in chosen)
                if not any(self._completing(chosen) & 1 << gap for gap in chosen):
                    self._grow(chosen, mask, 0, units)
            if self.work > self.work_limit:
                return None
            for members in self.found:
                self._know(members)
            found |= self.found
        return found

    def _completing(self, members: Sequence[int]) -> int:
        """Return the mask of units that make a known cut together with some of the members."""
        mask = 0
        for size in self.sizes:
            for part in combinations(members, size):
                mask |= self.completes.get(frozenset(part), 0)
        return mask

    def _run(self, members: Sequence[int]) -> tuple[list[int], list[bool], set[int]]:
        self.work += _LOOK
        vertices, edges = (
            {place for member in members for place in places.get(member, ())}
            for places in self.places
        )
        order, runs = self.forward.run(vertices, edges)
        return order, runs, edges

    def _grow(self, members: tuple[int, ...], mask: int, excluded: int, left: int) -> None:
        self.work += 1
        if self.work > self.work_limit:
            return
        unbroken = [proof for proof in self.proofs if not proof & mask]
        if not unbroken:
            order, runs, cut = self._run(members)
            if not runs[self.target]:
                self.found.add(frozenset(members))
                return
            unbroken = [self._add_proof(order, cut)]
        if _disjoint(unbroken, left + 1) > left:
            return
        allowed = self.unit_bits & ~excluded & ~self._completing(members)
        if left == 1:
            self._complete(members, unbroken, allowed)
        elif left > 1:
            for unit in bits(min(unbroken, key=int.bit_count) & allowed):
                self._grow((*members, unit), mask | 1 << unit, excluded, left - 1)
                # Sets with this unit have all been seen in its own branch.
                excluded |= 1 << unit

    def _complete(self, members: tuple[int, ...], unbroken: Sequence[int], allowed: int) -> None:
        """Add every set of the members and one more that stops the target."""
        for proof in unbroken:
            allowed &= proof
            if not allowed:
                return
        while 0 < allowed.bit_count() <= _TRY_EACH:
            unit = next(bits(allowed))
            order, runs, cut = self._run((*members, unit))
            if runs[self.target]:
                allowed &= self._add_proof(order, cut)
            else:
                self.found.add(frozenset((*members, unit)))
                allowed &= ~(1 << unit)
        if not allowed:
            return
        order, runs, cut = self._run(members)
        if not runs[self.target]:
            self.found.add(frozenset(members))
            return
        masks = single_points(
            self.forward.program, self.consumers, order, (self.masks[0], self.masks[1]), cut
        )
        last = masks[self.target] & allowed
        if last != allowed:
            self._add_proof(order, cut)
        self.found.update(frozenset((*members, unit)) for unit in bits(last))

    def _add_proof(self, order: Sequence[int], cut: Container[int]) -> int:
        """Sample a proof among what runs, keep it as the mask of the units that break it."""
        slot_start, edge_start, source = self.forward.program[:3]
        rank = {vertex: i for i, vertex in enumerate(order)}
        used = {self.target}
        todo = [self.target]
        mask = 0
        while todo:
            vertex = todo.pop()
            mask |= self.masks[0].get(vertex, 0)
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                # Only a supplier that started earlier: a loop does not prove itself.
                choices = [
                    edge
                    for edge in range(edge_start[slot], edge_start[slot + 1])
                    if edge not in cut and rank.get(source[edge], len(order)) < rank[vertex]
                ]
                edge = min(choices, key=self._prefer(used))
                mask |= self.masks[1].get(edge, 0)
                if source[edge] not in used:
                    used.add(source[edge])
                    todo.append(source[edge])
        for vertex in used:
            self.usage[vertex] += 1
        self.proofs.append(mask)
        return mask

    def _prefer(self, used: set[int]) -> Callable[[int], tuple[bool, int, float]]:
        """Prefer a supplier that this proof has already, then one that few others have."""
        source, usage = self.forward.program.source, self.usage
        return lambda edge: (
            source[edge] not in used,
            usage[source[edge]],
            self.chance.random(),
        )


def _disjoint(proofs: Iterable[int], enough: int) -> int:
    """Return how many proofs without a common unit were found, looking no further than `enough`."""
    taken, count = 0, 0
    for proof in proofs:
        if not proof & taken:
            taken |= proof
            count += 1
            if count == enough:
                break
    return count


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the ones of a non-negative mask, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
