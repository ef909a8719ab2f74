"""Thresholds written out as AND and OR let the same vertices run."""

from __future__ import annotations

import random

import pytest
from kernel_programs import SCALE, Case, draw, running, seeded

from supplynet.analysis._kernel import Chain, arrays_of, make_program
from supplynet.analysis._kernel.hits import HitArrays, hits_of
from supplynet.analysis._kernel.thresholds import expand_thresholds, expanded_hits


def runs_after(program, hits: HitArrays, lost: frozenset[int]) -> set[int]:
    def rows(start, unit):
        return [
            place
            for place in range(len(start) - 1)
            if lost & {*unit[start[place] : start[place + 1]]}
        ]

    lists = HitArrays(*(list(a) for a in hits))
    vertices = rows(lists.vertex_start, lists.vertex_unit)
    edges = rows(lists.edge_start, lists.edge_unit)
    return {int(v) for v in Chain(program).run(vertices, edges)[0]}


def check(case: Case, chance: random.Random, *, fast: bool) -> None:
    program = arrays_of(case.program) if fast else case.program
    hits = hits_of(program, case.at_vertex, case.at_edge)
    expanded = expand_thresholds(program)
    assert expanded is not None
    assert not len(expanded.program.need)
    assert len(expanded.old_edge) == len(expanded.program.source)
    new_hits = expanded_hits(expanded, hits)
    for _ in range(6):
        lost = frozenset(u for u in range(case.units) if chance.random() < 0.35)
        found = runs_after(expanded.program, new_hits, lost)
        assert {v for v in found if v < len(program.stopped)} == running(case, lost)


def test_the_same_vertices_run():
    for seed in range(600 * SCALE):
        chance = seeded(seed)
        check(draw(chance, weighted=seed % 10 > 0), chance, fast=False)


def test_the_same_vertices_run_in_compiled_kernels():
    pytest.importorskip("numba")
    for seed in range(100 * SCALE):
        chance = seeded(seed)
        check(draw(chance, weighted=seed % 10 > 0), chance, fast=True)


def one_slot(weights, need):
    count = len(weights)
    program, _, _ = make_program(
        [(count, list(range(count)))],
        list(range(count)),
        [False] * (count + 1),
        weights=[weights],
        needs=[need],
    )
    return program


def test_a_wide_slot_stays_small():
    """1,000 equal suppliers of which two must deliver: the helpers stay linear, and so the edges."""
    expanded = expand_thresholds(one_slot([1] * 1_000, 2))
    assert expanded is not None
    assert len(expanded.program.stopped) < 2_500
    assert len(expanded.program.source) < 10_000


def test_lacks_that_come_to_the_same_are_shared():
    """Weights that differ a little, of which any two must come, cost no more than equal ones."""
    expanded = expand_thresholds(one_slot([1_000 + i for i in range(100)], 1_500))
    same = expand_thresholds(one_slot([1] * 100, 2))
    assert expanded is not None
    assert same is not None
    assert len(expanded.program.stopped) == len(same.program.stopped)


def test_beyond_the_limit_there_is_no_answer():
    chance = seeded(1)
    program = one_slot([chance.randint(1, 10**6) for _ in range(24)], 12 * 10**6 // 2)
    assert expand_thresholds(program, 100) is None
    assert expand_thresholds(program) is not None
