"""A network as it is read at one level of confidence: what runs, what stops, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from supplynet.analysis import _kernel
from supplynet.units import CONFIDENCES, STRUCTURE, Compiled, Gap, Unit

__all__ = ["ILLUSTRATIVE", "LOW", "Because", "Reading"]

#: Levels of reading: needs of lower confidence are taken as met.
ILLUSTRATIVE = CONFIDENCES.index("illustrative")
LOW = CONFIDENCES.index("low")


@dataclass(frozen=True, slots=True)
class Because:
    """One step of why something is down: a need of a node, and the supplies that all fail."""

    node: str
    need: str
    failed_supplies: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "need": self.need,
            "failed_supplies": list(self.failed_supplies),
        }


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
        The arrays of the kernel, in its own numbering.
    vertices, edges
        Compiled vertex and edge at each position of the program.
    """

    def __init__(self, compiled: Compiled, level: int, target: str | None = None) -> None:
        self.compiled = compiled
        self.level = level
        slots = [(s.vertex, s.edges) for s in compiled.slots if s.rank >= level]
        stopped = [reason is not None for reason in compiled.idle]
        program, edge_at, _ = _kernel.make_program(slots, compiled.edge_source, stopped)
        vertices: Sequence[int] = range(len(stopped))
        if target is not None:
            goal = compiled.output[compiled.index[target]]
            vertices = _kernel.cone(program, goal)
            program, kept = _kernel.restrict(program, vertices)
            edge_at = [edge_at[e] for e in kept]
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
        """Return the needs of a compiled vertex none of whose supplies delivers."""
        found = []
        for position in self.compiled.slots_of[vertex]:
            slot = self.compiled.slots[position]
            if slot.rank >= self.level and not any(
                self.delivers(edge, runs, cut) for edge in slot.edges
            ):
                found.append(position)
        return found

    def delivers(self, edge: int, runs: Sequence[bool], cut: frozenset[int]) -> bool:
        """Return whether the source of a compiled edge runs and nothing cuts it."""
        source = self.vertex_number.get(self.compiled.edge_source[edge])
        return edge not in cut and source is not None and runs[source]

    def because(self, lost: Sequence[Unit | Gap], start: str) -> tuple[Because, ...]:
        """Return the chain of unmet needs from a node that is down to what was lost.

        Of each node that is down one unmet need is followed, the one with the fewest supplies.
        The steps come in the order of their distance from `start`.
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
            slot = min((compiled.slots[p] for p in positions), key=lambda s: (len(s.edges), s.need))
            if slot.rank != STRUCTURE:
                steps.append(self.step(slot.vertex, slot.need, slot.edges))
            for edge in slot.edges:
                source = compiled.edge_source[edge]
                if edge not in cut and source not in seen:
                    seen.add(source)
                    todo.append(source)
        return tuple(steps)

    def step(self, vertex: int, need: str, edges: Sequence[int]) -> Because:
        """Return one step of an explanation, the supplies by id."""
        compiled = self.compiled
        supplies = {compiled.edge_supply[e] for e in edges} - {-1}
        return Because(
            compiled.nodes[compiled.vertex_node[vertex]],
            need,
            tuple(sorted(compiled.supply_ids[s] for s in supplies)),
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
            suppliers = sorted(
                {
                    self.compiled.nodes[self.compiled.vertex_node[source]]
                    for source in (self.compiled.edge_source[e] for e in slot.edges)
                    if self.compiled.vertex_node[source] >= 0
                }
            )
            lack = (
                f"its suppliers do not run ({', '.join(suppliers)})"
                if suppliers
                else "no qualified supplier is active on the date"
            )
            reasons.append(f"needs {slot.need}: {lack}")
        return "; ".join(reasons) or "what it depends on does not run"
