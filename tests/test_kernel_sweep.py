"""What stops when each unit is lost in turn: every method against sets and the least fixpoint."""

from __future__ import annotations

import pytest
from kernel_programs import SCALE, Case, draw, running, seeded

from supplynet.analysis._kernel import Chain, Program, arrays_of, make_program
from supplynet.analysis._kernel import sweep as kernel_sweep
from supplynet.analysis._kernel import undo as kernel_undo
from supplynet.analysis._kernel.hits import hits_of
from supplynet.analysis._kernel.ordering import forward_order
from supplynet.analysis._kernel.program import uses_of
from supplynet.analysis._kernel.sweep import METHODS, Losses, losses_of, sweep

DEFAULT = None


def rows_of(swept) -> list[list[int]]:
    start, vertex = swept.start, swept.vertex
    return [[int(v) for v in vertex[start[i] : start[i + 1]]] for i in range(len(start) - 1)]


def check(seed: int, monkeypatch, *, fast: bool) -> int:
    """Compare one case; return how many vertices stop in it."""
    chance = seeded(seed)
    case = draw(chance, most=chance.choice([8, 20]))
    monkeypatch.setattr(kernel_sweep, "_LANES_COST", chance.choice([0, 1]))
    monkeypatch.setattr(kernel_sweep, "_BLOCK_COST", 0)
    monkeypatch.setattr(kernel_undo, "_FEW_LATE", chance.choice([1, 1_000]))
    n = len(case.program.stopped)
    program = arrays_of(case.program) if fast else case.program
    hits = hits_of(program, case.at_vertex, case.at_edge)
    units = chance.sample(range(case.units), chance.randint(0, case.units))
    losses = losses_of(program, hits, units)
    runs = running(case, frozenset())
    stops = [sorted(runs - running(case, frozenset([unit]))) for unit in units]
    among = chance.sample(range(n), chance.randint(0, n))
    for method in (DEFAULT, *METHODS):
        plain = sweep(program, losses, method=method)
        every = sweep(program, losses, which=True, method=method)
        some = sweep(program, losses, among=among, method=method)
        for swept in (plain, every, some):
            assert [int(c) for c in swept.count] == [len(row) for row in stops], (seed, method)
        assert rows_of(plain) == [[]] * len(units), (seed, method)
        assert rows_of(every) == stops, (seed, method)
        assert rows_of(some) == [[v for v in row if v in among] for row in stops], (seed, method)
    return sum(map(len, stops))


def test_all_methods_say_what_stops(monkeypatch):
    stops = sum(check(seed, monkeypatch, fast=False) for seed in range(1_500 * SCALE))
    assert stops > 3_000 * SCALE


def test_compiled_kernels_say_the_same(monkeypatch):
    pytest.importorskip("numba")
    stops = sum(check(seed, monkeypatch, fast=True) for seed in range(150 * SCALE))
    assert stops > 300 * SCALE


def loop(*, outside: bool) -> Program:
    """Return a mine (0), a smelter (1) fed by mine or recycler, a recycler (2) fed by the smelter.

    With a supplier from outside (3), the smelter has one that starts after it and is no loop.
    """
    smelter = [0, 1, 3] if outside else [0, 1]
    slots = [(1, smelter), (2, [2])]
    return make_program(slots, [0, 2, 1, 3], [False] * 4)[0]


@pytest.mark.parametrize("method", [DEFAULT, *METHODS])
def test_a_loop_does_not_feed_itself(method):
    losses = Losses([0, 1], [0], [0, 0], [])
    assert rows_of(sweep(loop(outside=False), losses, which=True, method=method)) == [[0, 1, 2]]
    assert rows_of(sweep(loop(outside=True), losses, which=True, method=method)) == [[0]]


@pytest.mark.parametrize("method", [DEFAULT, *METHODS])
def test_losses_need_not_be_units(method):
    """Several vertices and edges together; what is listed twice is lost once."""
    program = loop(outside=True)
    losses = Losses([0, 2, 4, 4], [0, 0, 0, 3], [0, 0, 0, 2], [3, 3])
    swept = sweep(program, losses, which=True, method=method)
    assert rows_of(swept) == [[0], [0, 1, 2, 3], [2]]


@pytest.mark.parametrize("method", [DEFAULT, *METHODS])
def test_what_starts_again_starts_no_more_than_it_supplies(method, monkeypatch):
    """Two makers (5, 6) lose the mine (0) that they started on; the far mine (1) feeds them late.

    A user (7) needs one of the two and a part (4) that is lost; another (8) is cut off from 5.
    """
    monkeypatch.setattr(kernel_undo, "_FEW_LATE", 1)
    slots = [(2, [0]), (3, [1]), (5, [2, 3]), (6, [4, 5]), (7, [6, 7]), (7, [8]), (8, [9])]
    source = [1, 2, 0, 3, 0, 3, 5, 6, 4, 5]
    program, edge_at, _ = make_program(slots, source, [False] * 9)
    losses = Losses([0, 2], [0, 4], [0, 1], [edge_at.index(9)])
    assert rows_of(sweep(program, losses, which=True, method=method)) == [[0, 4, 7, 8]]


@pytest.mark.parametrize("fast", [False, True])
def test_room_for_what_stops_grows(fast):
    """A chain of 300: 45,150 pairs do not fit where there is room for 300."""
    if fast:
        pytest.importorskip("numba")
    n = 300
    slots = [(v, [v - 1]) for v in range(1, n)]
    program, _, _ = make_program(slots, list(range(n - 1)), [False] * n)
    program = arrays_of(program) if fast else program
    hits = hits_of(program, {v: [v] for v in range(n)}, {})
    losses = losses_of(program, hits, range(n))
    for method in (DEFAULT, *METHODS):
        swept = sweep(program, losses, which=True, method=method)
        assert rows_of(swept) == [list(range(v, n)) for v in range(n)]


def test_thresholds_too_hard_for_lanes_are_undone():
    chance = seeded(3)
    weights = [chance.randint(1, 10**9) for _ in range(40)]
    program, _, _ = make_program(
        [(40, list(range(40)))],
        list(range(40)),
        [False] * 41,
        weights=[weights],
        needs=[sum(weights) // 2],
    )
    losses = Losses([0, 1, 41], [0, *range(40)], [0, 0, 0], [])
    assert list(sweep(program, losses, method="lanes").count) == [1, 41]


def test_without_cycles_every_edge_leads_forward():
    for seed in range(300 * SCALE):
        chance = seeded(seed)
        n = chance.randint(2, 12)
        slots, source = [], []
        for vertex in range(1, n):
            for _ in range(chance.randint(0, 3)):
                width = chance.randint(1, 4)
                slots.append((vertex, list(range(len(source), len(source) + width))))
                source += [chance.randrange(vertex) for _ in range(width)]
        name = chance.sample(range(n), n)
        program, _, _ = make_program(
            [(name[v], edges) for v, edges in slots], [name[v] for v in source], [False] * n
        )
        order = forward_order(program, uses_of(program), [1] * n)
        rank = {vertex: i for i, vertex in enumerate(order)}
        assert sorted(order) == list(range(n))
        for vertex, edges in slots:
            assert all(rank[name[source[e]]] < rank[name[vertex]] for e in edges)


def test_each_vertex_can_start_in_the_forward_order():
    for seed in range(500 * SCALE):
        case: Case = draw(seeded(seed))
        program = case.program
        runs = running(case, frozenset())
        order = forward_order(
            program, uses_of(program), [int(v in runs) for v in range(len(program.stopped))]
        )
        assert set(order) == runs
        assert len(order) == len(runs)
        for i, vertex in enumerate(order):
            later = [v for v in range(len(program.stopped)) if v not in order[:i] and v != vertex]
            assert vertex in {int(v) for v in Chain(program).run(later)[0]}, seed
