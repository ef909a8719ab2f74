"""On every shipped network chokepoints, cutsets at order 1, whatif and explain agree."""

import functools

import pytest

import supplynet
from supplynet.units import compile_network, compile_units, target_ids

UNITS = ("node", "operator", "owner", "country", "controller", "material", "stage", "supply")


@functools.cache
def network(name):
    return supplynet.load_example(name)


@functools.cache
def losses(name, by):
    """Return per unit how each target fares without it."""
    net = network(name)
    units = compile_units(net, compile_network(net, net.as_of), by).units
    return {
        unit.name: {t.target: t for t in supplynet.lose(net, None, unit.name, by=by).targets}
        for unit in units
    }


CASES = [(name, target) for name in supplynet.examples() for target in target_ids(network(name))]


@pytest.mark.parametrize("by", UNITS)
@pytest.mark.parametrize(("name", "target"), CASES)
def test_four_questions_agree(name, target, by):
    net = network(name)
    points = supplynet.single_points_of_failure(net, target, by=by)
    sets = supplynet.minimal_cut_sets(net, target, by=by, max_order=1)
    found = [*points.chokepoints, *points.aggregates]
    certain = {c.unit for c in found if c.certainty == "certain"}
    assumed = {c.unit for c in found if c.certainty == "assumed"}
    pairs = {((c.unit,), c.gaps) for c in found if c.certainty == "possible"}

    assert points.status == sets.status
    assert points.blind_spots == sets.blind_spots
    assert points.own == sets.own
    assert pairs == {(p.units, p.gaps) for p in sets.possible}
    if points.status == "already_stopped":
        assert found == []
        assert sets.cut_sets == ((),)
        return
    assert {u for (u,) in sets.certain} == certain
    assert {u for (u,) in sets.assumed} == assumed

    fates = {u: f[target].status for u, f in losses(name, by).items() if u not in points.own}
    assert {u for u, fate in fates.items() if fate == "stopped"} == certain
    doubtful = {u for u, fate in fates.items() if fate == "possibly_stopped"}
    assert doubtful >= assumed | {u for (u,), _ in pairs} - certain

    if supplynet.explain(net, target, by=by).certainty in (None, "possible"):
        for unit, fate in fates.items():
            found_why = supplynet.explain(net, target, unit, by=by)
            expected = {"stopped": {"certain"}, "possibly_stopped": {"assumed", "possible"}}
            assert found_why.certainty in expected.get(fate, {None})
            assert (found_why.certainty == "assumed") == (unit in assumed)
            assert bool(found_why.because) == (found_why.certainty is not None)


def test_the_law_is_tested_on_findings_of_each_kind():
    kinds = set()
    for name, target in CASES:
        points = supplynet.single_points_of_failure(network(name), target)
        kinds |= {c.certainty for c in (*points.chokepoints, *points.aggregates)}
    assert kinds == {"certain", "assumed", "possible"}
