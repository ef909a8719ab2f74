"""Minimal cut sets by trying all subsets of units, against sets and the least fixpoint."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import combinations

import pytest
from kernel_programs import SCALE, Case, draw, running, seeded

from supplynet.analysis._kernel import Chain, Program, arrays_of, make_program
from supplynet.analysis._kernel import subsets as kernel_subsets
from supplynet.analysis._kernel.hits import hits_of
from supplynet.analysis._kernel.subsets import minimal_sets_by_subsets

Set = frozenset[int]


def by_the_book(
    case: Case,
    target: int,
    units: Sequence[int],
    gaps: Sequence[int],
    limits: tuple[int, int],
    known: Iterable[Set],
) -> set[Set]:
    found = set(known)
    minimal = set()
    for size in range(sum(limits) + 1):
        for chosen in combinations([*units, *gaps], size):
            members = frozenset(chosen)
            of_gaps = len(members & set(gaps))
            if of_gaps > limits[1] or size - of_gaps > limits[0]:
                continue
            if not any(k <= members for k in found) and target not in running(case, members):
                found.add(members)
                minimal.add(members)
    return minimal


def check(seed: int, *, fast: bool) -> int:
    """Compare one case; return how many cut sets it has."""
    chance = seeded(seed)
    case = draw(chance)
    target = chance.randrange(len(case.program.stopped))
    items = chance.sample(range(case.units), case.units)
    gaps = items[: chance.choice([0, 0, 1, 2])]
    units = [u for u in items[len(gaps) :] if chance.random() < 0.95]
    limits = chance.randint(0, 4), chance.randint(0, 2) if gaps else 0
    known = draw_known(chance, items)
    program = arrays_of(case.program) if fast else case.program
    found = minimal_sets_by_subsets(
        program,
        Chain(program).run()[0],
        hits_of(program, case.at_vertex, case.at_edge),
        target=target,
        units=units,
        max_order=limits[0],
        gaps=gaps,
        max_gaps=limits[1],
        known=known,
        limit_subsets=10_000,
        by_supports=chance.choice([False, True]),
    )
    assert found is not None
    assert found == sorted(found, key=lambda s: (len(s), sorted(s))), seed
    assert len(found) == len(set(found)), seed
    assert set(found) == by_the_book(case, target, units, gaps, limits, known), seed
    return len(found)


def draw_known(chance: random.Random, items: Sequence[int]) -> list[Set]:
    least = 0 if chance.random() < 0.05 else 1
    sizes = [min(len(items), chance.randint(least, 3)) for _ in range(chance.choice([0, 0, 1, 2]))]
    return [frozenset(chance.sample(items, size)) for size in sizes]


def test_all_minimal_sets_are_found():
    found = sum(check(seed, fast=False) for seed in range(3_000 * SCALE))
    assert found > 1_000 * SCALE


def test_compiled_kernels_find_the_same():
    pytest.importorskip("numba")
    assert sum(check(seed, fast=True) for seed in range(300 * SCALE)) > 100 * SCALE


def wide(units: int, needs: int) -> tuple[Program, dict[int, list[int]]]:
    """Return a target with that many needs of two suppliers each, a unit at each supplier."""
    chance = seeded(needs)
    source = list(range(2 * needs))
    slots = [(2 * needs, [2 * i, 2 * i + 1]) for i in range(needs)]
    program, _, _ = make_program(slots, source, [False] * (2 * needs + 1))
    return program, {supplier: [chance.randrange(units)] for supplier in source}


@pytest.mark.parametrize("by_supports", [False, True, None])
@pytest.mark.parametrize("fast", [False, True])
def test_many_blocks(fast, by_supports, monkeypatch):
    """More subsets than a block holds, and supports looked for again and again."""
    if fast:
        pytest.importorskip("numba")
    monkeypatch.setattr(kernel_subsets, "_LOOK", (1, 1))
    monkeypatch.setattr("supplynet.analysis._kernel.lanes._PLAIN_BITS", 64)
    program, at_vertex = wide(units=24, needs=10)
    case = Case(program, at_vertex, {}, 24)
    program = arrays_of(program) if fast else program
    found = minimal_sets_by_subsets(
        program,
        Chain(program).run()[0],
        hits_of(program, at_vertex, {}),
        target=20,
        units=range(24),
        max_order=3,
        limit_subsets=10_000,
        by_supports=by_supports,
    )
    assert set(found) == by_the_book(case, 20, range(24), (), (3, 0), ())
    assert len(found) > 5


def test_too_many_subsets_give_no_answer_rather_than_a_part():
    program, at_vertex = wide(units=24, needs=10)
    order, hits = Chain(program).run()[0], hits_of(program, at_vertex, {})

    def search(limit):
        return minimal_sets_by_subsets(
            program, order, hits, target=20, units=range(24), max_order=2, limit_subsets=limit
        )

    subsets = 1 + 24 + 24 * 23 // 2
    assert search(subsets - 1) is None
    assert search(subsets)


def test_thresholds_too_hard_to_write_out_give_no_answer():
    chance = seeded(3)
    weights = [chance.randint(1, 10**9) for _ in range(40)]
    program, _, _ = make_program(
        [(40, list(range(40)))],
        list(range(40)),
        [False] * 41,
        weights=[weights],
        needs=[sum(weights) // 2],
    )
    hits = hits_of(program, {v: [v] for v in range(40)}, {})
    found = minimal_sets_by_subsets(
        program,
        list(range(41)),
        hits,
        target=40,
        units=range(40),
        max_order=1,
        limit_subsets=100,
    )
    assert found is None


def test_a_target_that_is_down_anyway_has_the_empty_set():
    program, _, _ = make_program([(0, [0])], [0], [False])
    hits = hits_of(program, {0: [0]}, {})
    found = minimal_sets_by_subsets(
        program, [], hits, target=0, units=[0], max_order=1, limit_subsets=10
    )
    assert found == [frozenset()]


def test_a_target_that_no_unit_touches_has_none():
    program, _, _ = make_program([(1, [0])], [0], [False, False])
    found = minimal_sets_by_subsets(
        program,
        [0, 1],
        hits_of(program, {}, {}),
        target=1,
        units=[0, 1, 2],
        max_order=3,
        limit_subsets=10,
    )
    assert found == []
