"""Why a cut set stops the target, and why each member is needed: proofs, made by the engine.

What is made here is checked by `checker`, which knows nothing of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.analysis.checker import Certificates, Met, Place, Run, Started, Stopped
from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Reading
from supplynet.errors import QuestionError, UnknownNameError
from supplynet.units import (
    STRUCTURE,
    Gap,
    Question,
    Slot,
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
    return _Maker(net, question).certificates(units, bad)


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
        Cut sets first, then pairs, each in the order of the answer.

    Raises
    ------
    QuestionError
        A set of the answer does not stop the target, or a member of it is not needed.

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
    maker = _Maker(net, found.question)
    sets = [maker.certificates(units, ()) for units in found.cut_sets]
    return (*sets, *(maker.certificates(pair.units, pair.gaps) for pair in found.possible))


@dataclass(frozen=True)
class _State:
    """What runs at one level with some items lost."""

    reading: Reading
    order: Sequence[int]
    runs: Sequence[bool]
    taken_by: Mapping[int, str]
    cut: frozenset[int]


class _Maker:
    """One question on one network, ready for many sets."""

    def __init__(self, net: SupplyNetwork, question: Question) -> None:
        self.question = question
        self.compiled = compile_network(net, question.on)
        self.units = compile_units(net, self.compiled, question.by)
        self.own = self.units.own(question.target)
        unclear = self.units.gaps(self.compiled, question.target)
        self.gaps = {gap.id: gap for gap in (*self.compiled.gaps, *unclear)}
        self.goal = self.compiled.output[self.compiled.index[question.target]]
        self._readings: dict[int, Reading] = {}

    def reading(self, level: int) -> Reading:
        if level not in self._readings:
            self._readings[level] = Reading(self.compiled, level, self.question.target)
        return self._readings[level]

    @cached_property
    def base_level(self) -> int:
        """The recorded network; where only illustrative needs hold it down, without those."""
        stopped = self.reading(ILLUSTRATIVE).stops() and not self.reading(LOW).stops()
        return LOW if stopped else ILLUSTRATIVE

    def items(self, units: Iterable[str], gaps: Iterable[str]) -> dict[str, Unit | Gap]:
        found: dict[str, Unit | Gap] = {name: self.units.named(name) for name in units}
        for name in gaps:
            if name not in self.gaps:
                raise UnknownNameError("gap", name, self.gaps)
            found[name] = self.gaps[name]
        return found

    def certificates(self, units: tuple[str, ...], gaps: tuple[str, ...]) -> Certificates:
        target = self.question.target
        items = self.items(units, gaps)
        for name in units:
            if name in self.own:
                raise QuestionError(f"{name} is the target's own: its loss takes {target} itself")
        certainty, level = self._certainty(items, gaps)
        together = " and ".join(items) or "with nothing lost"
        state = self.state(level, items)
        if state.runs[self._number(state.reading, self.goal)]:
            raise QuestionError(f"{together} does not stop {target}: no cut set")
        runs = []
        for left_out in items:
            others = {name: item for name, item in items.items() if name != left_out}
            runs.append(self._run(left_out, self.state(level, others), others))
        if certainty == "assumed":
            runs.append(self._run(None, self.state(LOW, items), items))
        asked = self.question
        return Certificates(
            target=target,
            by=asked.by,
            on=asked.on,
            units=units,
            gaps=gaps,
            certainty=certainty,
            illustrative=level == ILLUSTRATIVE,
            stop=self._stop(state),
            runs=tuple(runs),
            coverage=asked.coverage,
            measures=asked.measures,
            end_use=asked.end_use,
            destination=asked.destination,
        )

    def _certainty(self, items: Mapping[str, Unit | Gap], gaps: Sequence[str]) -> tuple[str, int]:
        if gaps:
            return "possible", self.base_level
        if self.base_level == LOW or self.reading(LOW).stops(items.values()):
            return "certain", LOW
        return "assumed", ILLUSTRATIVE

    def state(self, level: int, items: Mapping[str, Unit | Gap]) -> _State:
        reading = self.reading(level)
        taken_by = {v: name for name, item in items.items() for v in item.vertices}
        cut = frozenset(e for item in items.values() for e in item.edges)
        order, runs = reading.forward.run(
            [reading.vertex_number[v] for v in taken_by if v in reading.vertex_number],
            [reading.edge_number[e] for e in cut if e in reading.edge_number],
        )
        return _State(reading, order, runs, taken_by, cut)

    @staticmethod
    def _number(reading: Reading, vertex: int) -> int:
        return reading.vertex_number[vertex]

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
                place = self._line_first(state, source)
                if place not in seen:
                    seen.add(place)
                    todo.append(place)
        return tuple(steps)

    def _line_first(self, state: _State, vertex: int) -> int:
        """Return what to show of a thing that is down: its whole line, where that is down."""
        line = self.compiled.vertex_node[vertex]
        number = state.reading.vertex_number.get(line)
        return line if number is not None and not state.runs[number] else vertex

    def _down(self, state: _State, vertex: int, seen: set[int]) -> tuple[Stopped, Sequence[int]]:
        place = self._place(vertex)
        if vertex in state.taken_by:
            return Stopped(*place, why="lost", of=state.taken_by[vertex]), ()
        if self.compiled.idle[vertex] is not None:
            return Stopped(*place, why="idle"), ()
        slots = [s for s in self._slots(state.reading, vertex) if self._fails(state, s)]
        slot = min(slots, key=lambda s: self._length(state, s, seen))
        blocked = [e for e in slot.edges if e in state.cut]
        sources = [self.compiled.edge_source[e] for e in slot.edges if e not in state.cut]
        if place[2]:
            return Stopped(*place, why="products"), sources
        step = Stopped(
            *place,
            need=slot.need,
            supplies=self._supplies(slot.edges),
            blocked=self._supplies(blocked),
        )
        return step, sources

    def _fails(self, state: _State, slot: Slot) -> bool:
        return not any(self._delivers(state, edge) for edge in slot.edges)

    def _delivers(self, state: _State, edge: int) -> bool:
        return state.reading.delivers(edge, state.runs, state.cut)

    def _length(self, state: _State, slot: Slot, seen: set[int]) -> tuple[int, int, str]:
        """Return how much a need adds to the proof: what is not in it yet, then its supplies."""
        sources = {self.compiled.edge_source[e] for e in slot.edges if e not in state.cut}
        return (len(sources - seen), len(slot.edges), slot.need)

    # How it runs

    def _run(self, left_out: str | None, state: _State, lost: Mapping[str, Unit | Gap]) -> Run:
        """Return what the target uses, in the order in which it starts."""
        target, reading = self.question.target, state.reading
        if not state.runs[self._number(reading, self.goal)]:
            without = f"{' and '.join(lost) or 'nothing'} lost"
            raise QuestionError(
                f"{left_out} is not needed: with {without}, {target} stops without it"
            )
        position = {reading.vertices[v]: i for i, v in enumerate(state.order)}
        used = {self.goal}
        steps = []
        for number in reversed(state.order):
            vertex = reading.vertices[number]
            if vertex not in used:
                continue
            met = []
            for slot in self._slots(reading, vertex):
                edge = min(
                    (e for e in slot.edges if self._starts_before(state, e, vertex, position)),
                    key=lambda e: self._preference(e, used, position),
                )
                source = self.compiled.edge_source[edge]
                if self.compiled.vertex_node[source] >= 0:
                    used.add(source)
                if slot.rank != STRUCTURE:
                    met.append(Met(slot.need, self._supplies([edge])))
            place = self._place(vertex)
            steps.append(Started(*place, met=() if place[2] else tuple(dict.fromkeys(met))))
        return Run(left_out, tuple(reversed(steps)))

    def _starts_before(
        self, state: _State, edge: int, vertex: int, position: Mapping[int, int]
    ) -> bool:
        source = self.compiled.edge_source[edge]
        return self._delivers(state, edge) and position[source] < position[vertex]

    def _preference(
        self, edge: int, used: set[int], position: Mapping[int, int]
    ) -> tuple[bool, bool, int, str]:
        """Return the order of suppliers in a proof: named, in use already, the first to start."""
        source, supply = self.compiled.edge_source[edge], self.compiled.edge_supply[edge]
        unnamed = self.compiled.vertex_node[source] < 0
        name = self.compiled.supply_ids[supply] if supply >= 0 else ""
        return (unnamed, source not in used, position[source], name)

    # Names

    def _slots(self, reading: Reading, vertex: int) -> list[Slot]:
        slots = (self.compiled.slots[p] for p in self.compiled.slots_of[vertex])
        return [s for s in slots if s.rank >= reading.level]

    def _supplies(self, edges: Iterable[int]) -> tuple[str, ...]:
        supplies = {self.compiled.edge_supply[e] for e in edges} - {-1}
        return tuple(sorted(self.compiled.supply_ids[s] for s in supplies))

    def _place(self, vertex: int) -> Place:
        compiled = self.compiled
        node = compiled.vertex_node[vertex]
        name = compiled.nodes[node]
        if vertex == node:
            return (name, None, False)
        if vertex == compiled.output[node]:
            return (name, None, True)
        # A product is held by the slot that ties it to its line, which is named after it.
        line = next(s for s in self._slots_of(vertex) if s.rank == STRUCTURE)
        return (name, line.need, False)

    def _slots_of(self, vertex: int) -> Iterable[Slot]:
        return (self.compiled.slots[p] for p in self.compiled.slots_of[vertex])
