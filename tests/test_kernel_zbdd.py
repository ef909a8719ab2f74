"""Cut sets by decision diagrams against truth tables, on small random programs without loops."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import permutations

import pytest
from kernel_programs import SCALE, Case, running, seeded

from supplynet.analysis._kernel import (
    Chain,
    arrays_of,
    available,
    gates,
    make_program,
    minimal_sets,
    modules,
    simplify,
    zbdd,
)
from supplynet.analysis._kernel import diagram as kernel_diagram
from supplynet.analysis._kernel.gates import is_acyclic
from supplynet.analysis._kernel.hits import hits_of
from supplynet.analysis._kernel.shape import shape_of, uses_only
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
    """Return a case like a fault tree that shares much: gates over gates of the other kind."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=chance.random() < 0.2)
    units = chance.randint(7, 10)
    below = [draft.add_vertex([unit]) for unit in range(units)]
    kind = chance.choice([0, 1])
    for width in chance.choice([(5, 4, 1), (7, 5, 4, 1), (8, 6, 4, 2, 1), (6, 6, 6, 4, 3, 2)]):
        layer = [draft.add_vertex([]) for _ in range(width)]
        for vertex in layer:
            mine = chance.sample(below, min(len(below), chance.choice([2, 2, 3])))
            for sources in [mine] if kind else [[v] for v in mine]:
                draft.add_slot(vertex, sources, [])
        below = layer
        kind = 1 - kind
    return draft.case(units)


def draw_deep(seed: int) -> tuple[Case, int]:
    """Return a case of many small gates, each over some that nothing has yet and some in use."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=chance.random() < 0.1)
    units = chance.randint(4, 9)
    nodes = [draft.add_vertex([unit]) for unit in range(units)]
    free = list(nodes)
    many = chance.randint(6, 20)
    share, both = chance.choice([0.2, 0.4, 0.6, 0.8]), chance.choice([0.3, 0.5, 0.7])
    for gate in range(many):
        vertex = draft.add_vertex([])
        mine = set(free[:6]) if gate == many - 1 else set()
        for i in range(chance.choice([2, 2, 2, 3, 3, 4])):
            if free and (i == 0 or chance.random() > share):
                mine.add(free.pop(chance.randrange(len(free))))
            else:
                mine.add(chance.choice(nodes[-10:] if chance.random() < 0.6 else nodes))
        together = chance.random() < both
        for sources in [sorted(mine)] if together else [[v] for v in sorted(mine)]:
            draft.add_slot(vertex, sources, [])
        nodes.append(vertex)
        free.append(vertex)
    return draft.case(units)


def unit_tables(units: int) -> list[int]:
    """Return for each unit one bit for each set of units: whether it is in the set."""
    holds = []
    for unit in range(units):
        block = ((1 << (1 << unit)) - 1) << (1 << unit)
        table = 0
        for i in range(1 << (units - unit - 1)):
            table |= block << (i << (unit + 1))
        holds.append(table)
    return holds


def by_truth_table(case: Case, target: int) -> set[Set]:
    """Return the minimal sets that stop the target: one bit for each set of units."""
    everything = (1 << (1 << case.units)) - 1
    holds = unit_tables(case.units)
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


def kinds():
    return [False, pytest.param(True, marks=pytest.mark.skipif(not available(), reason="plain"))]


def unsimplified(monkeypatch):
    """Leave most gates as they come: what is simplified away is never solved by a diagram."""

    def plain(graph, limit):
        graph = simplify._rewritten(graph, uses_only(graph))
        return simplify._rewritten(graph, shape_of(graph, limit))

    monkeypatch.setattr(modules, "simplified", plain)


CASES = [draw, draw_modular, draw_layers, draw_deep]


@pytest.mark.parametrize(("cases", "least"), [*zip(CASES, (2, 1.5, 3, 2), strict=True)])
def test_all_minimal_sets_are_found(cases, least):
    found = [check(*cases(seed), seed) for seed in range(250 * SCALE)]
    assert sum(found) > least * len(found)


@pytest.mark.parametrize("cases", CASES)
def test_all_minimal_sets_are_found_without_simplifying(cases, monkeypatch):
    unsimplified(monkeypatch)
    for seed in range(5_000, 5_000 + 80 * SCALE):
        check(*cases(seed), seed)


@pytest.mark.parametrize("cases", CASES)
def test_compiled_kernels_find_the_same(cases, monkeypatch):
    pytest.importorskip("numba")
    for seed in range(10_000, 10_000 + 150 * SCALE):
        check(*cases(seed), seed, fast=True)
    unsimplified(monkeypatch)
    for seed in range(15_000, 15_000 + 50 * SCALE):
        check(*cases(seed), seed, fast=True)


def draw_tree(seed: int) -> tuple[Case, int]:
    """Return a fault tree of tens of units and gates, a quarter of the arguments shared."""
    chance = seeded(seed)
    draft = Draft(chance, weighted=False)
    units = chance.randint(20, 40)
    nodes = [draft.add_vertex([unit]) for unit in range(units)]
    free = list(nodes)
    kind = 0
    while len(free) > 1 or kind == 0:
        vertex = draft.add_vertex([])
        kind = chance.choice([0, 0, 1])
        mine = {
            free.pop(chance.randrange(len(free)))
            if free and chance.random() < 0.75
            else chance.choice(nodes)
            for _ in range(chance.choice([2, 2, 3, 4]))
        }
        for sources in [sorted(mine)] if kind else [[v] for v in sorted(mine)]:
            draft.add_slot(vertex, sources, [])
        nodes.append(vertex)
        free.append(vertex)
    draft.stopped = [False for _ in draft.stopped]
    return draft.case(units)


@pytest.mark.parametrize("fast", kinds())
def test_trees_of_tens_of_gates_against_families(fast):
    many = 0
    for seed in range(120 * SCALE):
        case, target = draw_tree(seed)
        hits = hits_of(case.program, case.at_vertex, case.at_edge)
        expected = minimal_sets(
            case.program, Chain(case.program).run()[0], hits,
            target=target, max_units=3, first_gap=case.units, work_limit=10**7,
        )  # fmt: skip
        found = diagram(case, target, 3, fast=fast)
        assert set(found.sets()) == set(expected), seed
        assert sum(found.counts()) == len(expected), seed
        many += len(expected)
    assert many > 1_000 * SCALE


def test_the_truth_table_is_what_stops_the_target():
    """The twin used here against the one that the other kernels are tested with."""
    for seed in range(60):
        case, target = draw(seed)
        stops = [s for s in map(frozenset, _subsets(case.units)) if target not in running(case, s)]
        minimal = {s for s in stops if not any(other < s for other in stops)}
        assert by_truth_table(case, target) == minimal, seed


def _subsets(units: int) -> list[list[int]]:
    return [[u for u in range(units) if mask >> u & 1] for mask in range(1 << units)]


@pytest.mark.parametrize("fast", kinds())
def test_full_tables_are_enlarged_and_orders_tried_one_after_another(fast, monkeypatch):
    """Small cases fit the tables: make these tiny, stop all the time and change the order."""
    monkeypatch.setattr(zbdd, "_CAPACITY", 8)
    monkeypatch.setattr(zbdd, "_SLICE", 350)
    monkeypatch.setattr(zbdd, "_FIRST_WORK", 20)
    monkeypatch.setattr(zbdd, "_MORE_WORK", 2)
    monkeypatch.setattr(kernel_diagram, "_ROWS", 3)
    monkeypatch.setattr(kernel_diagram, "_ROOM", 4)
    unsimplified(monkeypatch)
    for seed in range(20_000, 20_000 + 60 * SCALE):
        check(*draw_layers(seed), seed, fast=fast)


def test_plain_and_compiled_kernels_list_the_same_sequence():
    pytest.importorskip("numba")
    for seed in range(30_000, 30_000 + 60 * SCALE):
        case, target = draw_layers(seed)
        found = [diagram(case, target, None, fast=fast) for fast in (False, True)]
        assert list(found[0].sets()) == list(found[1].sets()), seed


def chances(groups: int, size: int, *, seed: int) -> tuple[Case, int]:
    """Return a target that stops when each of some groups is down to fewer than two of a few."""
    chance = seeded(seed)
    units = groups * size // 2
    slots, source, weights, needs = [], [], [], []
    for group in range(groups):
        edges = list(range(len(source), len(source) + size))
        source += [groups + 1 + u for u in chance.sample(range(units), size)]
        slots.append((group, edges))
        weights.append([1] * size)
        needs.append(2)
    slots.append((groups, list(range(len(source), len(source) + groups))))
    source += list(range(groups))
    weights.append([1] * groups)
    needs.append(1)
    program, _, _ = make_program(
        slots, source, [False] * (groups + 1 + units), weights=weights, needs=needs
    )
    hits = {groups + 1 + u: [u] for u in range(units)}
    return Case(program, hits, {}, units), groups


@pytest.mark.parametrize("fast", kinds())
def test_out_of_nodes_or_time_is_no_answer(fast, monkeypatch):
    case, target = chances(4, 6, seed=1)
    program = arrays_of(case.program) if fast else case.program
    hits = hits_of(program, case.at_vertex, case.at_edge)
    options = {"target": target, "max_order": None}
    assert cut_sets_by_diagram(program, hits, **options) is not None
    monkeypatch.setattr(zbdd, "_CAPACITY", 8)
    assert cut_sets_by_diagram(program, hits, node_limit=64, **options) is None
    assert cut_sets_by_diagram(program, hits, work_limit=100, **options) is None
    assert cut_sets_by_diagram(program, hits, work_limit=100_000, **options) is not None
    assert cut_sets_by_diagram(program, hits, node_limit=-1, **options) is None
    monkeypatch.setattr(zbdd, "_SLICE", 500)
    assert cut_sets_by_diagram(program, hits, time_limit=0, **options) is None
    assert cut_sets_by_diagram(program, hits, **options) is not None


def test_too_many_gates_are_no_answer(monkeypatch):
    case, target = chances(2, 12, seed=1)
    assert diagram(case, target, 3) is not None
    monkeypatch.setattr(zbdd, "_MOST_GATES", 3)
    assert diagram(case, target, 3) is None


@pytest.mark.parametrize("fast", kinds())
@pytest.mark.parametrize("shared", [False, True])
def test_counts_are_exact_beyond_machine_words(fast, shared):
    """Ninety-nine pairs are down, or ninety-eight and one unit that is in two of them."""
    pairs = 99
    units = list(range(2 * pairs))
    if shared:
        units[2] = 0
    # Vertex p is pair p, stopped by its units; the last has one slot over all pairs.
    hits = {p: sorted(units[2 * p : 2 * p + 2]) for p in range(pairs)}
    program, _, _ = make_program([(pairs, list(range(pairs)))], list(range(pairs)), [False] * 100)
    found = diagram(Case(program, hits, {}, 2 * pairs), pairs, None, fast=fast)
    assert found is not None
    # {0, 1} and {0, 3}: unit 0 alone, or 1 and 3.
    expected = {99: 2**99} if not shared else {98: 2**97, 99: 2**97}
    assert found.counts() == [expected.get(n, 0) for n in range(100)]
    first = next(found.sets())
    assert len(first) == min(expected)
    assert all(first & set(units) for units in hits.values())


def sets_of(tree: list[tuple[int, list[int], str]], *, units: int, fast: bool) -> list[set[int]]:
    """Return the minimal sets of the last gate; numbers below `units` are the units."""
    slots: list[tuple[int, list[int]]] = []
    source: list[int] = []
    for gate, below, kind in tree:
        for sources in [below] if kind == "and" else [[v] for v in below]:
            slots.append((gate, list(range(len(source), len(source) + len(sources)))))
            source += sources
    top = tree[-1][0]
    program, _, _ = make_program(slots, source, [False] * (top + 1))
    found = diagram(Case(program, {u: [u] for u in range(units)}, {}, units), top, None, fast=fast)
    return sorted(map(set, found.sets()), key=lambda one: (len(one), sorted(one)))


@pytest.mark.parametrize("kind", [gates.OR, gates.AND])
def test_what_is_left_out_of_a_gate_does_not_make_it_equal_to_one_that_has_it(kind):
    """(0 or 1 or 1 and 2) is (0 or 1), and not (0 or 1 and 2), wherever the table has them."""
    for x, y, z in permutations(range(2, 9), 3):
        graph = gates.Graph(9, 3, 9, fast=False)
        graph.arrays = (*graph.arrays[:3], [0] * 4, *graph.arrays[4:])
        inner = gates.make_gate([y, z], 2, 2, 1 - kind, graph.arrays)
        outer = gates.make_gate([x, inner], 2, 2, kind, graph.arrays)
        assert gates.make_gate([inner, x], 2, 2, kind, graph.arrays) == outer
        assert gates.make_gate([x, y, inner], 3, 3, kind, graph.arrays) == outer + 1
        assert gates.make_gate([y, inner, x], 3, 3, kind, graph.arrays) == outer + 1
        assert graph.size == (3, 6)


@pytest.mark.parametrize("fast", kinds())
def test_what_decides_a_module_within_what_is_taken_out_of_a_larger_one(fast):
    """Unit 0 decides gate 9. Gate 5, 0 and 1, decides it too and the target, which is 9 or 4."""
    tree = [
        (5, [0, 1], "and"),
        (6, [0, 2], "and"),
        (7, [0, 3], "and"),
        (8, [5, 6], "or"),
        (10, [5, 7], "or"),
        (9, [8, 10], "and"),
        (11, [4, 9], "or"),
    ]
    assert sets_of(tree, units=5, fast=fast) == [{4}, {0, 1}, {0, 2, 3}]


@pytest.mark.parametrize("fast", kinds())
def test_long_chains_and_wide_gates(fast):
    """Nothing recurses: a chain of thousands, each link hit by its own unit and a common one."""
    n = 3_000
    program, _, _ = make_program(
        [(v, [2 * v - 2, 2 * v - 1]) for v in range(1, n)],
        [w for v in range(1, n) for w in (v - 1, n)],
        [False] * (n + 1),
    )
    hits = {v: [v] for v in range(n + 1)}
    found = diagram(Case(program, hits, {}, n + 1), n - 1, 2, fast=fast)
    assert found is not None
    assert found.counts() == [0, 1, n - 1]
    wide = diagram(
        Case(make_program([(n, [v]) for v in range(n)], list(range(n)), [False] * (n + 1))[0],
             {v: [v] for v in range(n)}, {}, n),
        n, 4, fast=fast,
    )  # fmt: skip
    assert wide is not None
    assert wide.counts() == [0, n]


def test_a_vote_of_many_needs_few_gates():
    n, need = 60, 58
    program, _, _ = make_program(
        [(n, list(range(n)))], list(range(n)), [False] * (n + 1), weights=[[1] * n], needs=[need]
    )
    found = diagram(Case(program, {v: [v] for v in range(n)}, {}, n), n, None)
    assert found is not None
    assert found.counts() == [0, 0, 0, math.comb(n, 3)]


def test_what_always_or_never_stops():
    never, _, _ = make_program([], [], [False])
    found = diagram(Case(never, {}, {}, 0), 0, 3)
    assert (found.counts(), list(found.sets())) == ([], [])
    always, _, _ = make_program([(0, [])], [], [False])
    found = diagram(Case(always, {0: [0]}, {}, 1), 0, 0)
    assert (found.counts(), list(found.sets())) == ([1], [frozenset()])
    found = diagram(Case(never, {0: [5]}, {}, 6), 0, 1)
    assert (found.counts(), list(found.sets())) == ([0, 1], [frozenset((5,))])
    found = diagram(Case(never, {0: [5]}, {}, 6), 0, 0)
    assert (found.counts(), list(found.sets())) == ([], [])


def test_loops_are_seen_where_they_can_matter():
    # 0 needs 1, 1 needs 0 or 2; 3 needs 2.
    loop, _, _ = make_program([(0, [0]), (1, [1, 2]), (3, [3])], [1, 0, 2, 2], [False] * 4)
    assert [is_acyclic(loop, v) for v in range(4)] == [False, False, True, True]
    assert is_acyclic(loop._replace(stopped=[1, 0, 0, 0]), 1)
    own, _, _ = make_program([(0, [0])], [0], [False])
    assert not is_acyclic(own, 0)


def test_the_drawn_programs_hold_what_they_must(monkeypatch):
    """Modules within modules, modules with several uses, and diagrams of some size."""
    unsimplified(monkeypatch)
    inner = uses = nodes = 0
    for seed in range(200):
        for cases in (draw_modular, draw_layers):
            case, target = cases(seed)
            assert is_acyclic(case.program, target)
            found = diagram(case, target, None)
            graph, diagrams = found._gates, found._modules
            many = range(graph.base, graph.base + len(graph.kind))
            inner += sum(graph.module[g] for g in many) > 2
            uses += any(graph.module[g] and graph.parents[g] > 1 for g in many)
            nodes = max(nodes, *diagrams[2], 0)
    assert (inner, uses, nodes) > (0, 0, 0)
    assert inner > 30
    assert uses > 20
    assert nodes > 20


@pytest.mark.parametrize("fast", kinds())
def test_modules_within_modules(fast, monkeypatch):
    """Two of three are lost: two units, and the same again of two other units and so on."""
    unsimplified(monkeypatch)
    depth = 6
    draft = Draft(seeded(1), weighted=False)
    below = draft.add_vertex([0])
    for level in range(depth):
        one, two = (draft.add_vertex([2 * level + i]) for i in (1, 2))
        top = draft.add_vertex([])
        for pair in ([one, two], [one, below], [two, below]):
            draft.add_slot(top, pair, [])
        below = top
    draft.stopped = [False for _ in draft.stopped]
    case, target = draft.case(2 * depth + 1)
    assert check(case, target, 1, fast=fast) == 2 ** (depth + 1) - 1
    diagrams = diagram(case, target, None)._modules
    assert sum(begin >= 0 for begin in diagrams[1]) == depth
