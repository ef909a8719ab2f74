"""Cut sets by decision diagrams against truth tables, on small random programs without loops."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from kernel_programs import SCALE, Case, running, seeded

from supplynet.analysis._kernel import arrays_of, make_program
from supplynet.analysis._kernel.hits import hits_of
from supplynet.analysis._kernel.gates import graph_of, is_acyclic
from supplynet.analysis._kernel.modules import gates_of
from supplynet.analysis._kernel.zbdd import Diagram, cut_sets_by_diagram

Set = frozenset[int]
LIMITS = (None, 0, 1, 2, 3, 4, 5)


class Draft:
    """A program in the making: blocks that share no units, and blocks upon blocks."""

    def __init__(self, chance: random.Random, *, weighted: bool) -> None:
        self.chance = chance
        self.weighted = weighted
        self.slots: list[tuple[int, list[int]]] = []
        self.source: list[int] = []
        self.weights: list[list[int]] = []
        self.needs: list[int] = []
        self.stopped: list[bool] = []
        self.at_vertex: dict[int, list[int]] = {}
        self.at_edge: dict[int, list[int]] = {}

    def block(self, below: list[int], units: list[int], size: int) -> int:
        """Add vertices over the given ones, hit by the given units; return the last of them."""
        chance = self.chance
        shared = chance.random() < 0.5
        leaves = [self.add_vertex([unit]) for unit in units]
        if shared and units:
            leaves += [self.add_vertex(chance.sample(units, min(2, len(units))))]
        sources = [*below, *leaves]
        for _ in range(size):
            vertex = self.add_vertex([])
            if units and shared and chance.random() < 0.1:
                self.at_vertex[vertex] = [chance.choice(units)]
            for _ in range(chance.choice([1, 2, 2, 3])):
                width = chance.choice([1, 2, 2, 2, 2, 3, 3, 4]) if chance.random() < 0.98 else 0
                self.add_slot(vertex, chance.choices(sources, k=width), units if shared else [])
            sources.append(vertex)
        vertex = self.add_vertex([])
        for _ in range(chance.choice([1, 2, 2])):
            last = sources[-4:]
            self.add_slot(
                vertex,
                chance.sample(last, min(len(last), chance.choice([1, 2, 2, 3]))),
                units if shared else [],
            )
        return vertex

    def add_vertex(self, units: list[int]) -> int:
        self.stopped.append(self.chance.random() < 0.01)
        vertex = len(self.stopped) - 1
        if units:
            self.at_vertex[vertex] = sorted(units)
        return vertex

    def add_slot(self, vertex: int, sources: list[int], units: list[int]) -> None:
        chance = self.chance
        edges = list(range(len(self.source), len(self.source) + len(sources)))
        self.source += sources
        for edge in edges:
            if units and chance.random() < 0.08:
                self.at_edge[edge] = sorted(set(chance.choices(units, k=chance.randint(1, 2))))
        brings = [chance.choice([0, 1, 1, 2, 3, 7]) for _ in edges]
        if chance.random() < 0.5:
            brings = [1 for _ in edges]
        least = 0 if chance.random() < 0.05 else 1
        self.slots.append((vertex, edges))
        self.weights.append(brings)
        self.needs.append(chance.randint(least, max(1, sum(brings) * 2 // 3)))

    def case(self, units: int) -> tuple[Case, int]:
        """Return the case with its vertices in random order, and the vertex that was last."""
        number = self.chance.sample(range(len(self.stopped)), len(self.stopped))
        stopped = [False] * len(number)
        for vertex, new in enumerate(number):
            stopped[new] = self.stopped[vertex]
        self.source = [number[v] for v in self.source]
        slots = [(number[v], edges) for v, edges in self.slots]
        options = {"weights": self.weights, "needs": self.needs} if self.weighted else {}
        program, edge_at, _ = make_program(slots, self.source, stopped, **options)
        at_edge = {e: self.at_edge[old] for e, old in enumerate(edge_at) if old in self.at_edge}
        at_vertex = {number[v]: hit for v, hit in self.at_vertex.items()}
        return Case(program, at_vertex, at_edge, units), number[-1]


def draw(seed: int) -> tuple[Case, int]:
    """Return a small case: everything may share everything."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=chance.random() < 0.4)
    units = chance.randint(1, 8)
    draft.block([], list(range(units)), chance.randint(2, 10))
    return draft.case(units)


def draw_modular(seed: int) -> tuple[Case, int]:
    """Return a case of blocks with their own units, some under others, joined by a last block."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=chance.random() < 0.3)
    roots: list[int] = []
    used = 0
    for _ in range(chance.randint(2, 3)):
        own = list(range(used, used + chance.randint(1, 4)))
        used += len(own)
        below = chance.sample(roots, chance.choice([0, 0, min(1, len(roots))]))
        roots = [r for r in roots if r not in below]
        roots.append(draft.block(below, own, chance.randint(1, 4)))
    top = list(range(used, used + chance.randint(0, 2)))
    draft.block(roots, top, chance.randint(1, 4))
    return draft.case(used + len(top))


def draw_layers(seed: int) -> tuple[Case, int]:
    """Return a case like a fault tree: gates over gates of the other kind, many sets."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=chance.random() < 0.2)
    units = chance.randint(5, 9)
    below = [draft.add_vertex([unit]) for unit in range(units)]
    if chance.random() < 0.5:
        below.append(draft.add_vertex(chance.sample(range(units), 2)))
    kind = chance.choice([0, 1])
    for width in chance.choice([(5, 1), (5, 4, 1), (6, 4, 3, 1), (3, 3, 2, 2, 1)]):
        layer = [draft.add_vertex([]) for _ in range(width)]
        for vertex in layer:
            mine = chance.sample(below, min(len(below), chance.choice([2, 2, 3, 3, 4])))
            for sources in [mine] if kind else [[v] for v in mine]:
                draft.add_slot(vertex, sources, [])
        below = [*layer, *chance.sample(below, min(len(below), chance.choice([0, 0, 1])))]
        kind = 1 - kind
    return draft.case(units)


def by_truth_table(case: Case, target: int) -> set[Set]:
    """Return the minimal sets that stop the target: one bit for each set of units."""
    everything = (1 << (1 << case.units)) - 1
    holds = []
    for unit in range(case.units):
        block = ((1 << (1 << unit)) - 1) << (1 << unit)
        table = 0
        for i in range(1 << (case.units - unit - 1)):
            table |= block << (i << (unit + 1))
        holds.append(table)
    program = case.program
    fails: dict[int, int] = {}

    def hit(units: list[int]) -> int:
        table = 0
        for unit in units:
            table |= holds[unit]
        return table

    def fail(v: int) -> int:
        if v in fails:
            return fails[v]
        table = everything if program.stopped[v] else hit(case.at_vertex.get(v, []))
        for s in range(program.slot_start[v], program.slot_start[v + 1]):
            coming = {0: everything}
            for e in range(program.edge_start[s], program.edge_start[s + 1]):
                gone = fail(program.source[e]) | hit(case.at_edge.get(e, []))
                brings = program.weight[e] if program.need else 1
                after: dict[int, int] = {}
                for total, where in coming.items():
                    after[total] = after.get(total, 0) | where & gone
                    after[total + brings] = after.get(total + brings, 0) | where & ~gone
                coming = after
            need = program.need[s] if program.need else 1
            for total, where in coming.items():
                if total < need:
                    table |= where
        fails[v] = table
        return table

    table = fail(target)
    return {
        frozenset(u for u in range(case.units) if mask >> u & 1)
        for mask in range(1 << case.units)
        if table >> mask & 1
        and not any(table >> (mask & ~(1 << u)) & 1 for u in range(case.units) if mask >> u & 1)
    }


def diagram(case: Case, target: int, limit: int | None, *, fast: bool = False) -> Diagram | None:
    program = arrays_of(case.program) if fast else case.program
    hits = hits_of(program, case.at_vertex, case.at_edge)
    return cut_sets_by_diagram(program, hits, target=target, max_order=limit)


def check(case: Case, target: int, seed: int, *, fast: bool = False) -> int:
    """Compare counts and sets at each limit; return how many sets there are."""
    everything = by_truth_table(case, target)
    for limit in LIMITS:
        expected = {s for s in everything if limit is None or len(s) <= limit}
        found = diagram(case, target, limit, fast=fast)
        assert found is not None
        sets = list(found.sets())
        assert set(sets) == expected, (seed, limit)
        assert len(sets) == len(expected), (seed, limit)
        assert [len(s) for s in sets] == sorted(len(s) for s in sets), (seed, limit)
        sizes = Counter(map(len, expected))
        most = max(sizes, default=-1)
        assert found.counts() == [sizes[n] for n in range(most + 1)], (seed, limit)
    return len(everything)


@pytest.mark.parametrize(("cases", "least"), [(draw, 2), (draw_modular, 1.5), (draw_layers, 3)])
def test_all_minimal_sets_are_found(cases, least):
    found = [check(*cases(seed), seed) for seed in range(400 * SCALE)]
    assert sum(found) > least * len(found)


@pytest.mark.parametrize("cases", [draw, draw_modular, draw_layers])
def test_compiled_kernels_find_the_same(cases):
    pytest.importorskip("numba")
    for seed in range(10_000, 10_000 + 200 * SCALE):
        check(*cases(seed), seed, fast=True)


def test_the_truth_table_is_what_stops_the_target():
    """The twin used here against the one that the other kernels are tested with."""
    for seed in range(60):
        case, target = draw(seed)
        stops = [s for s in map(frozenset, _subsets(case.units)) if target not in running(case, s)]
        minimal = {s for s in stops if not any(other < s for other in stops)}
        assert by_truth_table(case, target) == minimal, seed


def _subsets(units: int) -> list[list[int]]:
    return [[u for u in range(units) if mask >> u & 1] for mask in range(1 << units)]


def test_the_drawn_programs_hold_what_they_must():
    modules = shared = 0
    for seed in range(100):
        case, target = draw_modular(seed)
        assert is_acyclic(case.program, target)
        hits = hits_of(case.program, case.at_vertex, case.at_edge)
        graph = graph_of(case.program, hits, target=target, gate_limit=10_000)
        assert graph is not None
        gates = gates_of(graph, 9)
        inner = range(gates.base, gates.base + gates.count)
        modules += sum(gates.module[g] for g in inner) > 1
        shared += any(not gates.module[g] for g in inner)
    assert modules > 20
    assert shared > 20
