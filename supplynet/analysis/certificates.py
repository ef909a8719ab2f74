"""Why a cut set stops the target, and why each member is needed: proofs, made by the engine.

What is made here is checked by `checker`, which knows nothing of the engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.analysis import _kernel
from supplynet.analysis.proofs import Certificates, Met, Place, Run, Started, Stopped
from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Reading
from supplynet.errors import QuestionError, UnknownNameError
from supplynet.units import (
    STRUCTURE,
    Gap,
    Question,
    Unit,
    ask,
    compile_network,
    compile_units,
)

if TYPE_CHECKING:
    from supplynet.analysis.cutsets import CutSets
    from supplynet.model import SupplyNetwork

__all__ = ["certificates", "certificates_of"]


def certificates(
    net: SupplyNetwork,
    target: str | None = None,
    cut_set: Sequence[str] | str = (),
    *,
    by: str = "node",
    on: date | str | None = None,
    gaps: Sequence[str] | str = (),
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> Certificates:
    """Return why a cut set stops the target, and for each member how the target runs without it.

    Parameters
    ----------
    net, target, by, on, **later
        As in :func:`supplynet.minimal_cut_sets`.
    cut_set
        Names of units of `by`: one of its `cut_sets`, or the units of one of its pairs.
    gaps
        Ids of the gaps of a pair.

    Returns
    -------
    Certificates
        The proof that the set stops the target: what is down, and why each of it is. Per member
        the proof that it is needed: with the others lost, an order of starting that ends in the
        target. One need is followed per thing that is down; of what runs, only what the target
        uses is listed.

    Raises
    ------
    UnknownNameError
        No node is called `target`, or no unit or gap has one of the names.
    QuestionError
        The set does not stop the target, a member is not needed or is the target's own, or the
        question cannot be asked of this network.

    Notes
    -----
    The certificates are complete proofs: :func:`supplynet.verify` checks them without the engine.
    Linear in what is upstream of the target, once and once again per member.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("recycling_loop")
    >>> found = supplynet.certificates(net, "missile", "mine")
    >>> [(step.node, step.why, step.need) for step in found.stop]  # doctest: +NORMALIZE_WHITESPACE
    [('missile', 'need', 'magnet'), ('magnet', 'need', 'oxide'), ('sep', 'need', 'feed'),
     ('mine', 'lost', ''), ('recycler', 'need', 'scrap')]
    >>> [step.node for step in found.runs[0].order]
    ['mine', 'sep', 'magnet', 'missile']
    """
    question = ask(net, target, by=by, on=on, **later)
    units = (cut_set,) if isinstance(cut_set, str) else tuple(sorted(set(cut_set)))
    bad = (gaps,) if isinstance(gaps, str) else tuple(sorted(set(gaps)))
    maker = _Maker(net, question)
    maker.check(units, bad)
    return maker.certificates(units, bad)


def certificates_of(net: SupplyNetwork, found: CutSets) -> tuple[Certificates, ...]:
    """Return the certificates of every cut set and every possible pair of an answer.

    Parameters
    ----------
    net
        The network of the answer.
    found
        From :func:`supplynet.minimal_cut_sets`.

    Returns
    -------
    tuple of Certificates
        Cut sets first, then pairs, each in the order of the answer. Where a set does not stop the
        target, or a member is not needed, that proof is left out, so that no check passes.

    Examples
    --------
    >>> import supplynet
    >>> from supplynet.analysis.checker import verify_all
    >>> net = supplynet.load_example("worked_example")
    >>> found = supplynet.minimal_cut_sets(net, "missile")
    >>> for verdict in verify_all(net, certificates_of(net, found)):
    ...     print(verdict)
    cofe: verified
    magnet_1 + magnet_2: verified
    metal_a + metal_b: verified
    mine_x + mine_y: verified
    sep_a + sep_b: verified
    """
    count = len(found.cut_sets) + len(found.possible)
    maker = _Maker(net, found.question, sets=count)
    sets = [maker.certificates(units, ()) for units in found.cut_sets]
    return (*sets, *(maker.certificates(pair.units, pair.gaps) for pair in found.possible))


@dataclass(frozen=True, slots=True)
class _Supply:
    """One supply of a need, or what ties a product to its line (no name), with its edges."""

    name: str
    source: int
    blocked: bool
    edges: tuple[int, ...]


@dataclass(frozen=True)
class _State:
    """What runs at one level with some items lost."""

    reading: Reading
    order: Sequence[int]
    runs: Sequence[bool]
    taken_by: Mapping[int, str]
    cut: frozenset[int]


class _Maker:
    """One question on one network, ready for so many sets."""

    def __init__(self, net: SupplyNetwork, question: Question, *, sets: int = 1) -> None:
        self.question = question
        self.sets = sets
        self.compiled = compile_network(net, question.on, question.coverage)
        self.units = compile_units(net, self.compiled, question.by)
        self.own = self.units.own(question.target)
        unclear = self.units.gaps(self.compiled, question.target)
        self.gaps = {gap.id: gap for gap in (*self.compiled.gaps, *unclear)}
        self.goal = self.compiled.output[self.compiled.index[question.target]]
        self.unnamed = next(
            v
            for v, node in enumerate(self.compiled.vertex_node)
            if node < 0 and not self.compiled.helps(v)
        )
        self._readings: dict[int, Reading] = {}
        self._chains: dict[int, _kernel.Chain] = {}

    def reading(self, level: int) -> Reading:
        if level not in self._readings:
            self._readings[level] = Reading(self.compiled, level, self.question.target)
        return self._readings[level]

    def chain(self, level: int) -> _kernel.Chain:
        """Return forward chaining at one level, compiled where there is much to do."""
        if level not in self._chains:
            program = self.reading(level).program
            if len(program.source) * self.sets > _kernel.LARGE and _kernel.available():
                program = _kernel.arrays_of(program)
            self._chains[level] = _kernel.Chain(program)
        return self._chains[level]

    @cached_property
    def base_level(self) -> int:
        """The recorded network; where only illustrative needs hold it down, without those."""
        recorded, met = (self._goal_runs(self.state(at, {})) for at in (ILLUSTRATIVE, LOW))
        return LOW if met and not recorded else ILLUSTRATIVE

    def items(self, units: Iterable[str], gaps: Iterable[str]) -> dict[str, Unit | Gap]:
        found: dict[str, Unit | Gap] = {name: self.units.named(name) for name in units}
        for name in gaps:
            if name not in self.gaps:
                raise UnknownNameError("gap", name, self.gaps)
            found[name] = self.gaps[name]
        return found

    def check(self, units: Sequence[str], gaps: Sequence[str]) -> None:
        """Refuse what is no minimal cut set; see :func:`certificates`."""
        target, items = self.question.target, self.items(units, gaps)
        for name in units:
            if name in self.own:
                raise QuestionError(f"{name} is the target's own: its loss takes {target} itself")
        _, level = self._certainty(items, gaps)
        if self._goal_runs(self.state(level, items)):
            raise QuestionError(f"{_together(items)} does not stop {target}: no cut set")
        for name in items:
            others = _without(items, name)
            if not self._goal_runs(self.state(level, others)):
                raise QuestionError(
                    f"{name} is not needed: {_together(others)} stops {target} without it"
                )

    def certificates(self, units: tuple[str, ...], gaps: tuple[str, ...]) -> Certificates:
        """Return the proofs; what cannot be proved is left out."""
        items = self.items(units, gaps)
        certainty, level = self._certainty(items, gaps)
        state = self.state(level, items)
        kept: list[tuple[str | None, _State]] = [
            (name, self.state(level, _without(items, name))) for name in items
        ]
        if certainty == "assumed":
            kept.append((None, self.state(LOW, items)))
        asked = self.question
        return Certificates(
            target=asked.target,
            by=asked.by,
            on=asked.on,
            units=units,
            gaps=gaps,
            certainty=certainty,
            illustrative=level == ILLUSTRATIVE,
            stop=() if self._goal_runs(state) else self._stop(state),
            runs=tuple(Run(name, self._order(s)) for name, s in kept if self._goal_runs(s)),
            coverage=asked.coverage,
            measures=asked.measures,
            end_use=asked.end_use,
            destination=asked.destination,
        )

    def _certainty(self, items: Mapping[str, Unit | Gap], gaps: Sequence[str]) -> tuple[str, int]:
        if gaps:
            return "possible", self.base_level
        if self.base_level == LOW or not self._goal_runs(self.state(LOW, items)):
            return "certain", LOW
        return "assumed", ILLUSTRATIVE

    def state(self, level: int, items: Mapping[str, Unit | Gap]) -> _State:
        reading = self.reading(level)
        taken_by = {v: name for name, item in items.items() for v in item.vertices}
        cut = frozenset(e for item in items.values() for e in item.edges)
        order, runs = self.chain(level).run(
            [reading.vertex_number[v] for v in taken_by if v in reading.vertex_number],
            [reading.edge_number[e] for e in cut if e in reading.edge_number],
        )
        return _State(reading, list(map(int, order)), list(map(bool, runs)), taken_by, cut)

    def _goal_runs(self, state: _State) -> bool:
        return bool(state.runs[state.reading.vertex_number[self.goal]])

    # Why it stops

    def _stop(self, state: _State) -> tuple[Stopped, ...]:
        """Return what is down from the target on, one unmet need of each."""
        steps = []
        todo = [self._line_first(state, self.goal)]
        seen = set(todo)
        for vertex in todo:
            step, sources = self._down(state, vertex, seen)
            steps.append(step)
            for source in sources:
                if source not in seen:
                    seen.add(source)
                    todo.append(source)
        return tuple(steps)

    def _line_first(self, state: _State, vertex: int) -> int:
        """Return what to show of a thing that is down: its whole line, where that is down."""
        line = self.compiled.vertex_node[vertex]
        number = state.reading.vertex_number.get(line)
        return line if number is not None and not state.runs[number] else vertex

    def _down(self, state: _State, vertex: int, seen: set[int]) -> tuple[Stopped, Sequence[int]]:
        """Return why a thing is down, and what that rests on."""
        place = self._place(vertex)
        if vertex in state.taken_by:
            return Stopped(*place, why="lost", of=state.taken_by[vertex]), ()
        if self.compiled.idle[vertex] is not None:
            return Stopped(*place, why="idle"), ()
        unmet = [
            (position, self._supplies(position, state, failing=True))
            for position in state.reading.unmet(vertex, state.runs, state.cut)
        ]
        position, failing = min(
            unmet, key=lambda u: self._length(u[1], seen, self.compiled.slots[u[0]].need)
        )
        few = self._few_that_fail(position, failing, state, seen)
        sources = [f.source for f in few if not f.blocked]
        if place[2]:
            return Stopped(*place, why="products"), sources
        step = Stopped(
            *place,
            need=self.compiled.slots[position].need,
            supplies=tuple(sorted(f.name for f in few)),
            blocked=tuple(sorted(f.name for f in few if f.blocked)),
        )
        return step, sources

    @staticmethod
    def _length(failing: Sequence[_Supply], seen: set[int], need: str) -> tuple[int, int, str]:
        """Return how much a need adds to the proof: what is not in it yet, then its supplies."""
        new = {f.source for f in failing if not f.blocked} - seen
        return (len(new), len(failing), need)

    def _few_that_fail(
        self, position: int, failing: Sequence[_Supply], state: _State, seen: set[int]
    ) -> Sequence[_Supply]:
        """Return as many of the supplies that fail as it takes; without a coverage, all."""
        if self.compiled.coverage is None or not self.compiled.slots[position].weights:
            return failing
        delivering = set(self.compiled.reached_by[position]).difference(
            *(f.edges for f in failing), state.cut
        )
        kept = list(failing)
        # Given up first: what would make the proof longer.
        for one in sorted(failing, key=lambda f: (f.blocked or f.source in seen, f.name)):
            if not self._enough(position, delivering.union(one.edges)):
                delivering.update(one.edges)
                kept.remove(one)
        return kept

    # How it runs

    def _order(self, state: _State) -> tuple[Started, ...]:
        """Return what the target uses, in the order in which it starts."""
        reading = state.reading
        place_of = {reading.vertices[v]: i for i, v in enumerate(state.order)}
        used = {self.goal}
        steps = []
        for number in reversed(state.order):
            vertex = reading.vertices[number]
            if vertex not in used:
                continue
            met: set[Met] = set()
            # What leaves no choice comes first: others may then do with the same suppliers.
            for position in sorted(self._slots(reading, vertex), key=self._choices):
                slot = self.compiled.slots[position]
                chosen = self._few_that_deliver(position, state, used, place_of)
                used.update(supply.source for supply in chosen)
                if slot.rank != STRUCTURE:
                    met.add(Met(slot.need, tuple(sorted(supply.name for supply in chosen))))
            ordered = sorted(met, key=lambda m: (m.need, m.supplies))
            steps.append(Started(*self._place(vertex), met=tuple(ordered)))
        return tuple(reversed(steps))

    def _choices(self, position: int) -> tuple[int, int]:
        return (len(self.compiled.reached_by[position]), position)

    def _few_that_deliver(
        self, position: int, state: _State, used: set[int], place_of: Mapping[int, int]
    ) -> Sequence[_Supply]:
        """Return supplies that meet a need: named ones, in use already, that start before it."""
        before = place_of[self.compiled.slots[position].vertex]
        first = [
            supply
            for supply in self._supplies(position, state, failing=False)
            if place_of[supply.source] < before
        ]
        first.sort(key=lambda s: (s.source not in used, place_of[s.source], s.name))
        unnamed = {
            edge
            for edge in self.compiled.reached_by[position]
            if self.compiled.edge_source[edge] == self.unnamed and edge not in state.cut
        }
        chosen: list[_Supply] = []
        delivering: set[int] = set()
        for supply in first:
            if self._enough(position, delivering):
                break
            chosen.append(supply)
            delivering.update(supply.edges)
        if not self._enough(position, delivering):
            delivering |= unnamed
        for supply in list(chosen):
            if self._enough(position, delivering.difference(supply.edges)):
                delivering.difference_update(supply.edges)
                chosen.remove(supply)
        return chosen

    def _enough(self, position: int, delivering: Container[int]) -> bool:
        """Return whether a need is met where these edges deliver, and no others."""
        compiled = self.compiled
        slot = compiled.slots[position]
        brought = 0
        for edge, weight in zip(slot.edges, slot.weights or (1,) * len(slot.edges), strict=True):
            source = compiled.edge_source[edge]
            if compiled.helps(source):
                delivers = all(self._enough(p, delivering) for p in compiled.slots_of[source])
            else:
                delivers = edge in delivering
            brought += weight * delivers
        return brought >= slot.threshold

    def _supplies(self, position: int, state: _State, *, failing: bool) -> list[_Supply]:
        """Return the supplies of a need that fail, or those that deliver, the unnamed left out."""
        compiled = self.compiled
        found: dict[int, list[int]] = defaultdict(list)
        for edge in compiled.reached_by[position]:
            source = compiled.edge_source[edge]
            fails = not state.reading.delivers(edge, state.runs, state.cut)
            if source != self.unnamed and fails == failing:
                supply = compiled.edge_supply[edge]
                found[supply if supply >= 0 else -1 - edge].append(edge)
        return [
            _Supply(
                compiled.supply_ids[supply] if supply >= 0 else "",
                self._line_first(state, compiled.edge_source[edges[0]])
                if failing
                else compiled.edge_source[edges[0]],
                edges[0] in state.cut,
                tuple(edges),
            )
            for supply, edges in found.items()
        ]

    # Names

    def _slots(self, reading: Reading, vertex: int) -> list[int]:
        positions = self.compiled.slots_of[vertex]
        return [p for p in positions if self.compiled.slots[p].rank >= reading.level]

    def _place(self, vertex: int) -> Place:
        compiled = self.compiled
        node = compiled.vertex_node[vertex]
        name = compiled.nodes[node]
        if vertex == node:
            return (name, None, False)
        if vertex == compiled.output[node]:
            return (name, None, True)
        # A product is held by the slot that ties it to its line, which is named after it.
        slots = (compiled.slots[p] for p in compiled.slots_of[vertex])
        return (name, next(s.need for s in slots if s.rank == STRUCTURE), False)


def _without(items: Mapping[str, Unit | Gap], name: str) -> dict[str, Unit | Gap]:
    return {other: item for other, item in items.items() if other != name}


def _together(names: Iterable[str]) -> str:
    return " with ".join(names) or "nothing"
