"""The planner: smallest sets, sets by cost, a limit of time, and what it says of itself."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from strategies import BYS, Seeded, build, make_network

from supplynet import QuestionError, UnknownNameError, load_example, minimal_cut_sets
from supplynet.analysis import planner
from supplynet.analysis.cutsets import _Search
from supplynet.analysis.reading import ILLUSTRATIVE
from supplynet.errors import ValidationError
from supplynet.io.costs import read_costs
from supplynet.units import ask


@pytest.fixture(scope="module")
def worked():
    return load_example("worked_example")


def cost_of(found, cost):
    return [sum(cost[unit] for unit in s) for s in found.cut_sets]


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_the_smallest_sets_are_those_of_the_smallest_order(first):
    for seed in range(70_000 + first, 70_000 + first + 100):
        c = Seeded(seed)
        net, target = build(c)
        by = c.pick(BYS)
        whole = minimal_cut_sets(net, target, by=by, max_order=4)
        if whole.status == "already_stopped":
            continue
        least = minimal_cut_sets(net, target, by=by, max_order=4, minimum=True)
        recorded = {s for s in whole.cut_sets if s in whole.assumed or _is_recorded(whole, s)}
        smallest = min((len(s) for s in recorded), default=4)
        assert least.max_order == smallest, seed
        assert set(least.cut_sets) == {s for s in whole.cut_sets if len(s) <= smallest}, seed
        assert least.complete, seed


def _is_recorded(whole, s):
    """Whether a certain set is minimal on the network as recorded: no assumed one below it."""
    return not any(set(a) < set(s) for a in whole.assumed)


def cheapest_differences(seed):
    """What MaxSAT and the fixpoint say differently: every cut of any order, by cost."""
    c = Seeded(seed)
    net, target = build(c)
    search = _Search(net, ask(net, target, by=c.pick(BYS)))
    if search.status == "already_stopped" or search.base_level != ILLUSTRATIVE:
        return []
    task = search.task(ILLUSTRATIVE)
    weights = [c.between(1, 9) for _ in range(task.first_gap)]
    full = planner.find(task, max_order=max(task.first_gap, 1), max_gaps=0)
    wanted = sorted((sum(weights[u] for u in s), sorted(s)) for s in full.sets if task.of_units(s))
    *found, last = planner._cheapest(task, weights, 10_000)
    costs = [cost for cost, _ in found]
    by_cost = sorted((cost, sorted(s)) for cost, s in found)
    checks = {
        "not ended": last == planner.ENDED,
        "not by cost": costs == sorted(costs),
        f"MaxSAT {by_cost}, fixpoint {wanted}": by_cost == wanted,
    }
    return [what for what, holds in checks.items() if not holds]


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_the_cheapest_sets_are_those_of_a_full_search(first):
    pytest.importorskip("pysat")
    for seed in range(80_000 + first, 80_000 + first + 100):
        assert not cheapest_differences(seed), seed


def test_weights_sort_by_cost_and_say_what_is_beyond(worked):
    cost = dict.fromkeys(worked.node_rows, 1) | {"cofe": 5, "sep_a": Decimal("0.5")}
    found = minimal_cut_sets(worked, "missile", weights=cost)
    assert cost_of(found, cost) == sorted(cost_of(found, cost)) == list(found.costs)
    assert found.cut_sets[0] == ("sep_a", "sep_b")
    assert found.cut_sets[-1] == ("cofe",)
    # Three units cost 2.5 at least.
    assert found.cost_bound == Decimal("2.5")
    assert found.complete


def test_a_limit_with_weights_keeps_the_cheapest(worked):
    cost = dict.fromkeys(worked.node_rows, 1) | {"cofe": 5}
    found = minimal_cut_sets(worked, "missile", weights=cost, limit=2)
    assert list(found.costs) == [2, 2]
    assert (found.cost_bound, found.count, found.complete) == (2, 5, False)


def test_a_limit_with_weights_brings_in_cheaper_sets_of_higher_order():
    pytest.importorskip("pysat")
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in "abcd"] + [{"id": "t"}],
        supplies=[{"supplier": s, "consumer": "t", "material": "x"} for s in "abc"]
        + [{"supplier": "d", "consumer": "t", "material": "y"}],
    )
    cost = {"a": 1, "b": 1, "c": 1, "d": 10, "t": 1}
    found = minimal_cut_sets(net, "t", weights=cost, limit=1)
    assert found.cut_sets == (("a", "b", "c"),)
    assert (list(found.costs), found.cost_bound) == ([3], 3)
    both = minimal_cut_sets(net, "t", weights=cost, limit=9)
    assert both.cut_sets == (("a", "b", "c"), ("d",))
    assert both.cost_bound is None


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"cofe": 1}, QuestionError, "no cost is given for 8 of 9 units that can matter: mag"),
        ({"nobody": 1}, UnknownNameError, "nobody"),
        ({"cofe": 0}, QuestionError, "the cost of cofe is 0; it must be above 0"),
        ({"cofe": "cheap"}, QuestionError, "the cost of cofe is 'cheap'"),
        ({"cofe": float("nan")}, QuestionError, "the cost of cofe is nan"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(worked, weights, error, message):
    others = {} if message.startswith("no cost") else dict.fromkeys(worked.node_rows, 1)
    with pytest.raises(error, match=message):
        minimal_cut_sets(worked, "missile", weights={**others, **weights})


def test_a_time_limit_gives_the_same_answer_where_there_is_time(worked):
    plain = minimal_cut_sets(worked, "missile", max_order=3)
    timed = minimal_cut_sets(worked, "missile", max_order=3, time_limit=60)
    assert timed.to_dict() == plain.to_dict()


def test_a_search_that_runs_out_of_time_says_so(worked):
    began = time.monotonic()
    found = minimal_cut_sets(worked, "missile", time_limit=1e-6)
    assert (found.complete, found.complete_to, found.count) == (False, 0, 0)
    assert not found.possible_complete
    assert found.status == "runs"
    assert time.monotonic() - began < 60
    with pytest.raises(QuestionError, match="time_limit must be above 0 seconds"):
        minimal_cut_sets(worked, "missile", time_limit=0)


def test_a_failing_second_process_is_an_error_and_no_answer(worked, monkeypatch):
    monkeypatch.setattr(planner.sys, "path", [])
    with pytest.raises(RuntimeError, match="the second process of the search failed"):
        minimal_cut_sets(worked, "missile", time_limit=60)


COSTS = [
    ("unit,cost\na,1\n", None),
    ("unit,price\na,1\n", "costs.csv:1: no column 'cost'"),
    ("unit,cost\na,-1\n", "costs.csv:2: the cost of a is '-1'"),
    ("unit,cost\na,\n", "costs.csv:2: the cost of a is ''"),
    ("unit,cost\na,1\na,2\n", "costs.csv:3: a is there twice"),
    ("unit,cost\n,2\n", "costs.csv:2: the unit is blank"),
]


@pytest.mark.parametrize(("text", "message"), COSTS)
def test_costs_are_read_strictly(tmp_path, text, message):
    file = tmp_path / "costs.csv"
    file.write_text(text)
    if message is None:
        assert read_costs(file) == {"a": Decimal(1)}
        return
    with pytest.raises(ValidationError) as refused:
        read_costs(file)
    assert str(refused.value.findings[0]).startswith(message)
