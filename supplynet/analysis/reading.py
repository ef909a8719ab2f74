"""A network as it is read at one level of confidence: what runs, what stops, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from supplynet.analysis import _kernel
from supplynet.model import number_text
from supplynet.units import CONFIDENCES, STRUCTURE, Compiled, Gap, Slot, SlotColumns, Unit

__all__ = ["ILLUSTRATIVE", "LOW", "Because", "Reading"]

#: Levels of reading: needs of lower confidence are taken as met.
ILLUSTRATIVE = CONFIDENCES.index("illustrative")
LOW = CONFIDENCES.index("low")


@dataclass(frozen=True, slots=True)
class Because:
    """One step of why something is down: a need of a node, and the supplies that fail.

    `delivered` is the part of the intake that the others still bring, as exact decimal text;
    ``None`` where no coverage is asked for: then all supplies fail.
    """

    node: str
    need: str
    failed_supplies: tuple[str, ...]
    delivered: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "need": self.need,
            "failed_supplies": list(self.failed_supplies),
            "delivered": self.delivered,
        }


def _small_program(compiled: Compiled, level: int) -> tuple[_kernel.Program, list[int]]:
    slots = [slot for slot in compiled.slots if slot.rank >= level]
    weighted = compiled.coverage is not None
    program, edge_at, _ = _kernel.make_program(
        [(slot.vertex, slot.edges) for slot in slots],
        compiled.edge_source,
        [reason is not None for reason in compiled.idle],
        weights=[s.weights or (1,) * len(s.edges) for s in slots] if weighted else None,
        needs=[s.threshold for s in slots] if weighted else None,
    )
    return program, edge_at


def _large_program(compiled: Compiled, level: int) -> tuple[_kernel.Program, Any]:
    """Return the same as :func:`_small_program`, as numpy arrays for compiled kernels."""
    import numpy as np

    drawn = _drawn(compiled)
    kept = np.flatnonzero(drawn.rank >= level)
    kept = kept[np.argsort(drawn.vertex[kept], kind="stable")]
    width = drawn.width[kept]
    edge_start = np.concatenate(([0], np.cumsum(width))).astype(np.int32)
    place = np.repeat(drawn.first[kept] - edge_start[:-1], width) + np.arange(edge_start[-1])
    edge_at = drawn.edge[place]
    owned = np.bincount(drawn.vertex[kept], minlength=len(compiled.vertex_node))
    weighted = compiled.coverage is not None
    nothing = np.empty(0, dtype=np.int64)
    program = _kernel.Program(
        np.concatenate(([0], np.cumsum(owned))).astype(np.int32),
        edge_start,
        drawn.source[edge_at],
        drawn.stopped,
        drawn.weight[place] if weighted else nothing,
        drawn.threshold[kept] if weighted else nothing,
    )
    return program, edge_at


class _Drawn(NamedTuple):
    """A compiled network as numpy arrays: of each slot, of its edges one after the other."""

    vertex: Any
    rank: Any
    first: Any
    width: Any
    threshold: Any
    edge: Any
    weight: Any
    source: Any
    stopped: Any


_drawn_of: WeakKeyDictionary[Compiled, _Drawn] = WeakKeyDictionary()


def _drawn(compiled: Compiled) -> _Drawn:
    if compiled not in _drawn_of:
        _drawn_of[compiled] = _draw(compiled)
    return _drawn_of[compiled]


def _draw(compiled: Compiled) -> _Drawn:
    import numpy as np

    def array(values: Iterable[int], kind: str) -> Any:  # noqa: ANN401 - a numpy array
        return np.fromiter(values, dtype=kind)

    slots = compiled.slots
    source = np.array(compiled.edge_source, dtype="int32")
    stopped = array((reason is not None for reason in compiled.idle), "uint8")
    if isinstance(slots, SlotColumns):
        first, width = slots.edge_start[:-1], np.diff(slots.edge_start)
        edge, nothing = np.arange(len(source), dtype="int32"), np.empty(0, dtype="int64")
        return _Drawn(
            slots.vertex, slots.rank, first, width, nothing, edge, nothing, source, stopped
        )
    width = array((len(slot.edges) for slot in slots), "int32")
    weighted = compiled.coverage is not None
    weights = (s.weights or (1,) * len(s.edges) for s in slots if weighted)
    return _Drawn(
        array((slot.vertex for slot in slots), "int32"),
        array((slot.rank for slot in slots), "int8"),
        np.cumsum(width) - width,
        width,
        array((slot.threshold for slot in slots if weighted), "int64"),
        array((edge for slot in slots for edge in slot.edges), "int32"),
        array((weight for part in weights for weight in part), "int64"),
        source,
        stopped,
    )


class Reading:
    """The needs of at least one level of confidence, of one target's cone or of all nodes.

    Parameters
    ----------
    compiled
        The network on a date.
    level
        Index into `CONFIDENCES`; needs below it are taken as met.
    target
        Node to whose cone the reading is cut; ``None``: the whole network.

    Attributes
    ----------
    program
        The arrays of the kernel, in its own numbering; with thresholds where a coverage is asked.
        Numpy's, for compiled kernels, where the network is large.
    vertices, edges
        Compiled vertex and edge at each position of the program.
    """

    def __init__(self, compiled: Compiled, level: int, target: str | None = None) -> None:
        self.compiled = compiled
        self.level = level
        if len(compiled.edge_source) > _kernel.LARGE and _kernel.available():
            program, edge_at = _large_program(compiled, level)
        else:
            program, edge_at = _small_program(compiled, level)
        vertices: Sequence[int] = range(len(compiled.vertex_node))
        if target is not None:
            goal = compiled.output[compiled.index[target]]
            vertices = _kernel.cone(program, goal)
            program, kept = _kernel.restrict(program, vertices)
            edge_at = [edge_at[e] for e in kept] if type(kept) is list else edge_at[kept]
        if type(edge_at) is not list:
            edge_at = edge_at.tolist()
        self.program = program
        self.vertices = vertices
        self.edges = edge_at
        self.vertex_number = {vertex: i for i, vertex in enumerate(vertices)}
        self.edge_number = {edge: i for i, edge in enumerate(edge_at)}
        self.target = None if target is None else self.vertex_number[goal]

    @cached_property
    def forward(self) -> _kernel.Chain:
        """Forward chaining on the program."""
        return _kernel.Chain(self.program)

    @cached_property
    def unharmed(self) -> tuple[list[int], list[bool]]:
        """What runs with nothing lost: the order of starting, and per vertex."""
        return self.forward.run()

    @cached_property
    def assumed_complete(self) -> int:
        """How many needs have a list of suppliers that is complete because nothing denies it."""
        slots = self.compiled.slots
        if isinstance(slots, SlotColumns):
            return int(slots.assumed_complete[self._holds(slots)].sum())
        return sum(s.assumed_complete for s in slots if s.vertex in self.vertex_number)

    @cached_property
    def illustrative(self) -> int:
        """How many needs no better than an illustrative row speaks for."""
        slots = self.compiled.slots
        if isinstance(slots, SlotColumns):
            return int((slots.rank[self._holds(slots)] == ILLUSTRATIVE).sum())
        return sum(s.rank == ILLUSTRATIVE for s in slots if s.vertex in self.vertex_number)

    def _holds(self, slots: SlotColumns) -> Any:  # noqa: ANN401 - a numpy array
        """Return per slot whether its vertex is in this reading."""
        import numpy as np

        inside = np.zeros(len(self.compiled.vertex_node), dtype=bool)
        inside[list(self.vertices)] = True
        return inside[slots.vertex]

    @cached_property
    def uninformative(self) -> tuple[str, ...]:
        """``node/need`` with less than half of the shares recorded, sorted."""
        compiled = self.compiled
        named = ((compiled.nodes[node], need) for node, need in compiled.uninformative)
        return tuple(sorted(f"{node}/{need}" for node, need in named if node in self.nodes))

    def reaches(self, item: Unit | Gap) -> bool:
        """Return whether a unit or gap touches anything that this reading holds."""
        return any(v in self.vertex_number for v in item.vertices) or any(
            e in self.edge_number for e in item.edges
        )

    def run(self, lost: Iterable[Unit | Gap]) -> list[bool]:
        """Return per vertex of the program whether it runs with units lost and gaps gone bad."""
        vertices, edges = [], []
        for item in lost:
            vertices += [self.vertex_number[v] for v in item.vertices if v in self.vertex_number]
            edges += [self.edge_number[e] for e in item.edges if e in self.edge_number]
        runs: list[bool] = self.forward.run(vertices, edges)[1]
        return runs

    def stops(self, lost: Iterable[Unit | Gap] = ()) -> bool:
        """Return whether the target is down."""
        if self.target is None:
            raise ValueError("this reading is of the whole network, not of one target")
        return not self.run(lost)[self.target]

    def down(self, runs: Sequence[bool]) -> list[str]:
        """Return the nodes that make nothing, sorted; asked of the whole network."""
        ends = zip(self.compiled.nodes, self.compiled.output, strict=True)
        return sorted(node for node, output in ends if not runs[self.vertex_number[output]])

    @cached_property
    def nodes(self) -> frozenset[str]:
        """The nodes of which anything is in this reading."""
        places = {self.compiled.vertex_node[vertex] for vertex in self.vertices} - {-1}
        return frozenset(self.compiled.nodes[place] for place in places)

    def unmet(self, vertex: int, runs: Sequence[bool], cut: frozenset[int]) -> list[int]:
        """Return the needs of a compiled vertex that too little is delivered of."""
        return [
            position
            for position in self.compiled.slots_of[vertex]
            if self.compiled.slots[position].rank >= self.level
            and not self.met(position, runs, cut)
        ]

    def met(self, position: int, runs: Sequence[bool], cut: frozenset[int]) -> bool:
        """Return whether a need, by its position, gets enough."""
        slot = self.compiled.slots[position]
        if not slot.weights:
            return any(self.delivers(edge, runs, cut) for edge in slot.edges)
        return self._weight(slot, runs, cut) >= slot.threshold

    def _weight(self, slot: Slot, runs: Sequence[bool], cut: frozenset[int]) -> int:
        brought = zip(slot.edges, slot.weights, strict=True)
        return sum(weight for edge, weight in brought if self.delivers(edge, runs, cut))

    def delivered(self, position: int, runs: Sequence[bool], cut: frozenset[int]) -> str | None:
        """Return the part of its intake that a need gets, of its best supplied material."""
        slots = [self.compiled.slots[position]]
        if not slots[0].whole:
            helpers = filter(self.compiled.helps, self._sources(slots[0]))
            slots = [self.compiled.slots[p] for v in helpers for p in self.compiled.slots_of[v]]
        shares = [Decimal(self._weight(s, runs, cut)) / s.whole for s in slots]
        return number_text(min(Decimal(1), max(shares))) if shares else None

    def _sources(self, slot: Slot) -> list[int]:
        return [self.compiled.edge_source[edge] for edge in slot.edges]

    def delivers(self, edge: int, runs: Sequence[bool], cut: frozenset[int]) -> bool:
        """Return whether the source of a compiled edge runs and nothing cuts it."""
        source = self.vertex_number.get(self.compiled.edge_source[edge])
        return edge not in cut and source is not None and runs[source]

    def because(self, lost: Sequence[Unit | Gap], start: str) -> tuple[Because, ...]:
        """Return the chain of unmet needs from a node that is down to what was lost.

        Of each node that is down one unmet need is followed, the one with the fewest supplies;
        of its supplies those that fail. The steps come in the order of their distance from `start`.
        """
        compiled = self.compiled
        runs = self.run(lost)
        cut = frozenset(edge for item in lost for edge in item.edges)
        gone = {vertex for item in lost for vertex in item.vertices}
        todo = [compiled.output[compiled.index[start]]]
        seen = set(todo)
        steps = []
        for vertex in todo:
            number = self.vertex_number.get(vertex)
            if number is None or runs[number] or vertex in gone or compiled.idle[vertex]:
                continue
            positions = self.unmet(vertex, runs, cut)
            if not positions:
                continue
            position = min(
                positions, key=lambda p: (len(compiled.reached_by[p]), compiled.slots[p].need)
            )
            failed = [e for e in compiled.reached_by[position] if not self.delivers(e, runs, cut)]
            if compiled.slots[position].rank != STRUCTURE:
                share = self.delivered(position, runs, cut)
                steps.append(self.step(position, failed, share))
            for edge in failed:
                source = compiled.edge_source[edge]
                if edge not in cut and source not in seen:
                    seen.add(source)
                    todo.append(source)
        return tuple(steps)

    def step(self, position: int, edges: Iterable[int], delivered: str | None) -> Because:
        """Return one step of an explanation, the supplies by id."""
        compiled = self.compiled
        slot = compiled.slots[position]
        supplies = {compiled.edge_supply[e] for e in edges} - {-1}
        return Because(
            compiled.nodes[compiled.vertex_node[slot.vertex]],
            slot.need,
            tuple(sorted(compiled.supply_ids[s] for s in supplies)),
            delivered,
        )

    def not_running(self) -> tuple[tuple[str, str], ...]:
        """Return the nodes that are down with nothing lost, each with why, sorted by node."""
        compiled = self.compiled
        runs = self.unharmed[1]
        found: dict[str, str] = {}
        for number, vertex in enumerate(self.vertices):
            node = compiled.vertex_node[vertex]
            if runs[number] or node < 0:
                continue
            name = compiled.nodes[node]
            reason = compiled.idle[vertex] or self._lack(vertex, runs)
            # The line itself comes before its products and says more than they do.
            if vertex == node or name not in found:
                found[name] = reason if vertex == node else f"not all it makes: {reason}"
        return tuple(sorted(found.items()))

    def _lack(self, vertex: int, runs: Sequence[bool]) -> str:
        reasons = []
        for position in self.unmet(vertex, runs, frozenset()):
            slot = self.compiled.slots[position]
            if slot.rank == STRUCTURE:
                continue
            edges = self.compiled.reached_by[position]
            failed = [e for e in edges if not self.delivers(e, runs, frozenset())]
            nodes = {self.compiled.vertex_node[self.compiled.edge_source[e]] for e in failed}
            suppliers = ", ".join(sorted(self.compiled.nodes[node] for node in nodes - {-1}))
            share = self.delivered(position, runs, frozenset())
            if share not in (None, "0"):
                lack = f"{share} of it is delivered"
                if suppliers:
                    lack += f" (not running: {suppliers})"
            elif suppliers:
                lack = f"its suppliers do not run ({suppliers})"
            else:
                lack = "no qualified supplier is active on the date"
            reasons.append(f"needs {slot.need}: {lack}")
        return "; ".join(reasons) or "what it depends on does not run"
