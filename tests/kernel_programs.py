"""Small random programs for the kernels, and what runs in them by the book: sets, least fixpoint."""

from __future__ import annotations

import os
import random
from typing import NamedTuple

from supplynet.analysis._kernel import Program, make_program

#: How many times as many cases are tried on the build server.
SCALE = 5 if os.environ.get("SUPPLYNET_CI") == "1" else 1


class Case(NamedTuple):
    """A program, the units at its vertices and edges, and how many units there are."""

    program: Program
    at_vertex: dict[int, list[int]]
    at_edge: dict[int, list[int]]
    units: int


def seeded(seed: int) -> random.Random:
    """Return a source of chance that gives the same each time."""
    return random.Random(seed)  # noqa: S311


def draw_program(chance: random.Random, *, weighted: bool, most: int = 9) -> Program:
    """Return a program with cycles, needs without suppliers and vertices that never run."""
    n = chance.randint(1, most)
    slots: list[tuple[int, list[int]]] = []
    source: list[int] = []
    weights: list[list[int]] = []
    needs: list[int] = []
    for vertex in range(n):
        # Some vertices need nothing, or nothing would run.
        for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
            width = chance.choice([0, 1, 1, 2, 2, 3, 3, 4, 5]) if chance.random() < 0.9 else 6
            edges = list(range(len(source), len(source) + width))
            # Mostly from lower numbers, so that much runs; the rest closes cycles.
            bound = vertex if vertex and chance.random() < 0.7 else n
            source += [chance.randrange(bound if chance.random() < 0.8 else n) for _ in edges]
            brings = [chance.randint(0, 6) for _ in edges]
            slots.append((vertex, edges))
            weights.append(brings)
            needs.append(chance.randint(0, max(1, sum(brings) - chance.randint(0, 5))))
    stopped = [chance.random() < 0.05 for _ in range(n)]
    if not weighted:
        return make_program(slots, source, stopped)[0]
    return make_program(slots, source, stopped, weights=weights, needs=needs)[0]


def draw(chance: random.Random, *, weighted: bool | None = None, most: int = 9) -> Case:
    """Return a program with units that may overlap, hit nothing, or cut edges alone."""
    weighted = chance.random() < 0.4 if weighted is None else weighted
    program = draw_program(chance, weighted=weighted, most=most)
    units = chance.randint(1, 6)
    # A unit that hits little leaves more to be worked out.
    touched = chance.choice([0.25, 1])
    at_vertex = {
        v: chance.sample(range(units), min(units, chance.choice([0, 1, 1, 1, 2])))
        for v in range(len(program.stopped))
        if chance.random() < touched
    }
    at_edge = {}
    if chance.random() < 0.6:
        at_edge = {
            e: chance.sample(range(units), min(units, chance.choice([1, 1, 2])))
            for e in range(len(program.source))
            if chance.random() < 0.3 * touched
        }
    return Case(
        program,
        {v: sorted(u) for v, u in at_vertex.items() if u},
        {e: sorted(u) for e, u in at_edge.items()},
        units,
    )


def running(case: Case, lost: frozenset[int]) -> set[int]:
    """Return the vertices that run when units are lost: start with none, add what can run."""
    program = case.program
    up = {
        v
        for v, stopped in enumerate(program.stopped)
        if not stopped and not lost & set(case.at_vertex.get(v, ()))
    }
    runs: set[int] = set()
    while True:
        now = {
            v
            for v in up
            if all(
                _met(case, slot, runs, lost)
                for slot in range(program.slot_start[v], program.slot_start[v + 1])
            )
        }
        if now == runs:
            return runs
        runs = now


def _met(case: Case, slot: int, runs: set[int], lost: frozenset[int]) -> bool:
    program = case.program
    coming = [
        edge
        for edge in range(program.edge_start[slot], program.edge_start[slot + 1])
        if program.source[edge] in runs and not lost & set(case.at_edge.get(edge, ()))
    ]
    if program.need:
        return sum(program.weight[edge] for edge in coming) >= program.need[slot]
    return bool(coming)
