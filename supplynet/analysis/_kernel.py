"""AND/OR reachability on integer arrays. No names, no tables: the caller has checked.

A *program* has vertices; a vertex owns slots (AND), a slot owns edges (OR), an edge has a source
vertex. A vertex runs when it is not stopped and each of its slots has an edge that is not cut and
whose source runs. Running is the least fixpoint, so failing is the greatest::

    F(v) = stopped(v) or some slot of v whose edges all are cut or have a failing source

A *unit* is an integer; it hits vertices and edges. For a set S of units, F with S lost is
pointwise in S, so it can be computed for all S at once as a family of minimal sets. Restricting
the sets to a down-closed domain (at most k units, at most g gaps, none that holds a known cut)
commutes with union and intersection, hence the truncated families are exact, cycles included.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

Set = frozenset[int]
Family = tuple[Set, ...]
#: Units that stop each vertex, and units that cut each edge.
Hits = tuple[Mapping[int, Sequence[int]], Mapping[int, Sequence[int]]]

_EMPTY: Set = frozenset()


class Program(NamedTuple):
    """The network of needs as three arrays, and what is down whatever is lost.

    Slots of vertex v are ``slot_start[v]:slot_start[v + 1]``, edges of slot s are
    ``edge_start[s]:edge_start[s + 1]``.
    """

    slot_start: Sequence[int]
    edge_start: Sequence[int]
    source: Sequence[int]
    stopped: Sequence[bool]


def make_program(
    slots: Sequence[tuple[int, Sequence[int]]], source: Sequence[int], stopped: Sequence[bool]
) -> tuple[Program, list[int], list[int]]:
    """Return a program from (vertex, edges) pairs, and the edge and slot at each position."""
    by_vertex: list[list[int]] = [[] for _ in stopped]
    for position, (vertex, _) in enumerate(slots):
        by_vertex[vertex].append(position)
    slot_start, edge_start, sources = [0], [0], []
    edge_at: list[int] = []
    slot_at: list[int] = []
    for owned in by_vertex:
        for position in owned:
            slot_at.append(position)
            for edge in slots[position][1]:
                edge_at.append(edge)
                sources.append(source[edge])
            edge_start.append(len(sources))
        slot_start.append(len(slot_at))
    return Program(slot_start, edge_start, sources, list(stopped)), edge_at, slot_at


def cone(program: Program, target: int) -> list[int]:
    """Return the vertices that can matter to the target, itself included, ascending."""
    slot_start, edge_start, source, _ = program
    seen = {target}
    todo = [target]
    while todo:
        vertex = todo.pop()
        for edge in range(edge_start[slot_start[vertex]], edge_start[slot_start[vertex + 1]]):
            if source[edge] not in seen:
                seen.add(source[edge])
                todo.append(source[edge])
    return sorted(seen)


def restrict(program: Program, vertices: Sequence[int]) -> tuple[Program, list[int]]:
    """Return the program on a set of vertices closed under sources, and the old edge of each."""
    number = {vertex: i for i, vertex in enumerate(vertices)}
    slot_start, edge_start, sources, old_edge = [0], [0], [], []
    for vertex in vertices:
        for slot in range(program.slot_start[vertex], program.slot_start[vertex + 1]):
            for edge in range(program.edge_start[slot], program.edge_start[slot + 1]):
                sources.append(number[program.source[edge]])
                old_edge.append(edge)
            edge_start.append(len(sources))
        slot_start.append(len(edge_start) - 1)
    stopped = [program.stopped[vertex] for vertex in vertices]
    return Program(slot_start, edge_start, sources, stopped), old_edge


class Forward:
    """Forward chaining on one program, ready to be asked for many losses."""

    def __init__(self, program: Program) -> None:
        self.program = program
        slot_start, edge_start, source, _ = program
        n = len(program.stopped)
        self.slots = [slot_start[v + 1] - slot_start[v] for v in range(n)]
        self.owner = [0] * slot_start[n]
        self.uses: list[list[tuple[int, int]]] = [[] for _ in range(n)]
        for vertex in range(n):
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                self.owner[slot] = vertex
                for edge in range(edge_start[slot], edge_start[slot + 1]):
                    self.uses[source[edge]].append((edge, slot))

    def run(
        self, lost: Iterable[int] = (), cut: Iterable[int] = ()
    ) -> tuple[list[int], list[bool]]:
        """Return the vertices that run in the order they start, and which of all run."""
        program = self.program
        runs = [False] * len(program.stopped)
        down = set(lost)
        gone = set(cut)
        open_slots = list(self.slots)
        met = [False] * len(self.owner)
        order = []
        for vertex, count in enumerate(open_slots):
            if count == 0 and not program.stopped[vertex] and vertex not in down:
                runs[vertex] = True
                order.append(vertex)
        for vertex in order:
            for edge, slot in self.uses[vertex]:
                if met[slot] or edge in gone:
                    continue
                met[slot] = True
                owner = self.owner[slot]
                open_slots[owner] -= 1
                if open_slots[owner] == 0 and not program.stopped[owner] and owner not in down:
                    runs[owner] = True
                    order.append(owner)
        return order, runs


def single_points(
    program: Program,
    order: Sequence[int],
    vertex_mask: Mapping[int, int],
    edge_mask: Mapping[int, int],
) -> list[int]:
    """Return per vertex the units (as a bit mask) that stop it alone; -1 where it is down anyway.

    D(v) = units at v, or over slots of the intersection over edges of (D(source) or units at the
    edge): the greatest fixpoint, started from "everything", which is neutral in intersections.
    `order` holds the running vertices in the order they start.
    """
    slot_start, edge_start, source, _ = program
    found = [-1] * len(program.stopped)
    consumers = _consumers(program)
    dirty = [False] * len(program.stopped)
    for vertex in order:
        dirty[vertex] = True
    again = True
    while again:
        again = False
        for vertex in order:
            if not dirty[vertex]:
                continue
            dirty[vertex] = False
            mask = vertex_mask.get(vertex, 0)
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                common = -1
                for edge in range(edge_start[slot], edge_start[slot + 1]):
                    above = found[source[edge]]
                    if above != -1:
                        common &= above | edge_mask.get(edge, 0)
                mask |= common
            if mask != found[vertex]:
                found[vertex] = mask
                for consumer in consumers[vertex]:
                    dirty[consumer] = True
                again = True
    return found


def _consumers(program: Program) -> list[list[int]]:
    slot_start, edge_start, source, stopped = program
    consumers: list[list[int]] = [[] for _ in stopped]
    for vertex in range(len(stopped)):
        for edge in range(edge_start[slot_start[vertex]], edge_start[slot_start[vertex + 1]]):
            consumers[source[edge]].append(vertex)
    return consumers


class Domain:
    """The sets worth carrying: at most `units` units and `gaps` gaps, above no known cut.

    Units are ``0 .. first_gap - 1``; larger integers are gaps. With `proofs`, ways of running the
    target, a set is also dropped that cannot be completed to meet every one of them: each cut
    of the target must, so none within the limits is lost.
    """

    def __init__(
        self,
        *,
        units: int,
        gaps: int,
        first_gap: int,
        known: Iterable[Set] = (),
        proofs: Mapping[int, int] | None = None,
        proof_count: int = 0,
    ) -> None:
        self.units = units
        self.gaps = gaps
        self.first_gap = first_gap
        self.known = set(known)
        self.sizes = sorted({len(k) for k in self.known})
        self.proofs = proofs or {}
        self.all_proofs = (1 << proof_count) - 1
        self._holds: dict[Set, bool] = {_EMPTY: True}
        self._completes: dict[tuple[int, bool], bool] = {}

    def holds(self, members: Set) -> bool:
        answer = self._holds.get(members)
        if answer is None:
            answer = self._holds[members] = self._check(members)
        return answer

    def _check(self, members: Set) -> bool:
        gaps = sum(1 for m in members if m >= self.first_gap)
        units = len(members) - gaps
        if units > self.units or gaps > self.gaps or self._above_known(members):
            return False
        missing = self.all_proofs
        if not missing:
            return True
        for member in members:
            missing &= ~self.proofs.get(member, 0)
        room = self.units - units, self.gaps - gaps
        if not missing or sum(room) > 1:
            return True
        return sum(room) == 1 and self._one_meets(missing, of_gaps=room[1] == 1)

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

    def _one_meets(self, missing: int, *, of_gaps: bool) -> bool:
        key = missing, of_gaps
        answer = self._completes.get(key)
        if answer is None:
            answer = self._completes[key] = any(
                not missing & ~met
                for member, met in self.proofs.items()
                if (member >= self.first_gap) == of_gaps
            )
        return answer


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
    slot_start, edge_start, source, _ = program
    table = _Families(domain, work_limit)
    base, on_edge = (
        {place: table.of(frozenset((u,)) for u in units) for place, units in hit.items()}
        for hit in hits
    )
    found = [1] * len(program.stopped)
    consumers = _consumers(program)
    dirty = set(order)
    while dirty:
        for vertex in order:
            if vertex not in dirty:
                continue
            dirty.discard(vertex)
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
                dirty.update(consumers[vertex])
    return table.sets[found[target]]


def sample_proofs(
    program: Program,
    order: Sequence[int],
    target: int,
    hits: Hits,
    count: int,
) -> dict[int, int]:
    """Return, per unit, the sampled ways of running the target that it breaks, as a bit mask.

    A proof takes for each need one supplier that starts before its consumer; suppliers already in
    the proof come first, the others at random from a fixed seed.
    """
    slot_start, edge_start, source, _ = program
    rank = {vertex: i for i, vertex in enumerate(order)}
    met: dict[int, int] = {}
    for number in range(count):
        chance = random.Random(number)  # noqa: S311 - a fixed seed, for the same answer each time
        used = {target}
        todo = [target]
        units: set[int] = set()
        while todo:
            vertex = todo.pop()
            units.update(hits[0].get(vertex, ()))
            for slot in range(slot_start[vertex], slot_start[vertex + 1]):
                choices = [
                    edge
                    for edge in range(edge_start[slot], edge_start[slot + 1])
                    if rank.get(source[edge], len(order)) < rank[vertex]
                ]
                edge = min(choices, key=_prefer(source, used, chance))
                units.update(hits[1].get(edge, ()))
                if source[edge] not in used:
                    used.add(source[edge])
                    todo.append(source[edge])
        for unit in units:
            met[unit] = met.get(unit, 0) | 1 << number
    return met


def _prefer(
    source: Sequence[int], used: set[int], chance: random.Random
) -> Callable[[int], tuple[bool, float]]:
    return lambda edge: (source[edge] not in used, chance.random())
