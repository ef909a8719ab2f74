"""Families of minimal sets against brute force over all subsets, on small random programs."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from kernel_programs import SCALE, Case, draw, running, seeded

from supplynet.analysis._kernel import Chain, arrays_of, hits_of
from supplynet.analysis._kernel.minimal import Settings, all_targets, minimal_sets

MUCH = 10**9


def minimal(sets):
    return {s for s in sets if not any(other < s for other in sets)}


def by_hand(case: Case, first_gap: int, max_units: int, max_gaps: int):
    """Per vertex the minimal sets of the domain that stop it: every subset is tried."""
    found = [set() for _ in case.program.stopped]
    units, gaps = range(first_gap), range(first_gap, case.units)
    for n_units in range(min(max_units, len(units)) + 1):
        for n_gaps in range(min(max_gaps, len(gaps)) + 1):
            for some in combinations(units, n_units):
                for more in combinations(gaps, n_gaps):
                    lost = frozenset(some + more)
                    runs = running(case, lost)
                    for vertex, sets in enumerate(found):
                        if vertex not in runs:
                            sets.add(lost)
    return [minimal(sets) for sets in found]


def drawn(chance: random.Random, *, weighted=None, kind=None):
    """A case, where its gaps begin, and the limits: nodes as units, or units that overlap."""
    case = draw(chance, weighted=weighted)
    if (kind or chance.choice(["nodes", "units"])) == "nodes":
        n = len(case.program.stopped)
        case = Case(case.program, {v: [v] for v in range(n)}, {}, n)
    first_gap = case.units
    if chance.random() < 0.5:
        first_gap = chance.randint(0, case.units)
    return case, first_gap, chance.randint(0, 4), chance.choice([0, 0, 1, 1, 2])


def drawn_settings(chance: random.Random) -> Settings:
    """Whatever turns the ways round small networks off, so that the others are tried."""
    return Settings(
        packed=chance.random() < 0.6,
        pairs=chance.choice([0, 0, 1, 4, 256]),
        join=chance.choice([0, 0, 1, 400]),
        size=chance.choice([0, 1, 1, 2]),
    )


def prepared(case: Case, *, fast=False):
    program = arrays_of(case.program) if fast else case.program
    return program, hits_of(program, case.at_vertex, case.at_edge), Chain(program).run()[0]


def check(chance: random.Random, *, fast=False, **kinds):
    case, first_gap, max_units, max_gaps = drawn(chance, **kinds)
    expected = by_hand(case, first_gap, max_units, max_gaps)
    program, hits, order = prepared(case, fast=fast)
    limits = {"first_gap": first_gap, "max_units": max_units, "max_gaps": max_gaps}
    limits |= {"work_limit": MUCH, "settings": drawn_settings(chance)}
    found = all_targets(program, order, hits, **limits)
    for vertex, sets in enumerate(expected):
        assert_same(found.of(vertex), sets, (vertex, limits))
    target = chance.randrange(len(expected))
    known = [s for s in expected[target] if chance.random() < 0.4 and s]
    if chance.random() < 0.5:
        known.append(frozenset(chance.sample(range(case.units), min(case.units, 2))))
    left = {s for s in expected[target] if not any(k <= s for k in known)}
    for directed in (0, chance.choice([1, 3, 20, 256])):
        sets = minimal_sets(
            program, order, hits, target=target, known=known, directed=directed, **limits
        )
        assert_same(sets, left, (target, known, directed, limits))
    # As a caller asks who goes from layer to layer.
    units_of = [sum(item < first_gap for item in s) for s in expected[target]]
    known = [s for s, units in zip(expected[target], units_of, strict=True) if units < max_units]
    last = minimal_sets(
        program, order, hits, target=target, known=known, directed=20,
        complete_to=max_units - 1, **limits,
    )  # fmt: skip
    assert_same(last, expected[target] - set(known), (target, limits))


def assert_same(found, expected, what):
    assert len(found) == len(set(found)), what
    assert set(found) == expected, what


@pytest.mark.parametrize("chunk", range(8))
def test_families_are_the_minimal_sets_of_the_domain(chunk):
    for seed in range(250 * SCALE):
        check(seeded(100_000 * chunk + seed))


@pytest.mark.parametrize("chunk", range(4))
def test_compiled_families_are_the_same(chunk):
    pytest.importorskip("numba")
    for seed in range(100 * SCALE):
        check(seeded(5_000_000 + 100_000 * chunk + seed), fast=True)
