"""The semantics case by case, each small enough to work out by hand."""

from __future__ import annotations

import pytest
from strategies import make_network

from supplynet import (
    QuestionError,
    UnknownNameError,
    explain,
    load_example,
    lose,
    minimal_cut_sets,
    single_points_of_failure,
)


def network(supplies, nodes=(), needs=(), **tables):
    """Build a network; nodes not given are sites that need nothing from outside."""
    given = {node["id"]: node for node in nodes}
    ends = dict.fromkeys(end for s in supplies for end in s[:2])
    rows = [
        {"upstream": "none" if all(s[1] != end for s in supplies) else None}
        | {"id": end}
        | given.get(end, {})
        for end in ends | dict.fromkeys(given)
    ]
    links = [
        {"supplier": s[0], "consumer": s[1], "material": s[2], **(s[3] if len(s) > 3 else {})}
        for s in supplies
    ]
    return make_network(nodes=rows, supplies=links, needs=list(needs), **tables)


def pairs(found):
    return [(p.units, p.gaps) for p in found.possible]


def test_unknown_inputs_are_a_blind_spot_where_the_node_stops_the_target_alone():
    net = network([("mine", "t", "ore")], [{"id": "mine", "upstream": "unknown"}])
    found = minimal_cut_sets(net, "t")
    assert found.cut_sets == (("mine",),)
    assert found.blind_spots == ("upstream:mine",)
    assert found.status == "possibly_stopped"


def test_unknown_inputs_beside_another_supplier_make_a_pair():
    net = network([("a", "t", "ore"), ("b", "t", "ore")], [{"id": "a", "upstream": "unknown"}])
    found = minimal_cut_sets(net, "t", max_order=1)
    assert found.cut_sets == ()
    assert pairs(found) == [(("b",), ("upstream:a",))]
    assert found.status == "runs"


def test_a_blank_upstream_is_a_gap_only_without_needs():
    net = network([("a", "b", "x"), ("b", "t", "y")], [{"id": "a", "upstream": None}])
    assert minimal_cut_sets(net, "t").blind_spots == ("upstream:a",)


def test_an_open_list_never_makes_a_certain_chokepoint():
    needs = [{"consumer": "t", "material": "ore", "suppliers": "partial"}]
    found = minimal_cut_sets(network([("a", "t", "ore")], needs=needs), "t")
    assert found.cut_sets == ()
    assert pairs(found) == [(("a",), ("suppliers:t/ore",))]


def test_a_need_nobody_supplies_is_a_gap_unless_its_list_is_complete():
    needs = [{"consumer": "t", "material": "gas"}]
    nodes = [{"id": "t"}]
    assert minimal_cut_sets(network([], nodes, needs), "t").blind_spots == ("suppliers:t/gas",)
    needs = [{"consumer": "t", "material": "gas", "suppliers": "complete"}]
    found = minimal_cut_sets(network([], nodes, needs), "t")
    assert (found.status, found.cut_sets, found.by_order) == ("already_stopped", ((),), {0: 1})


def test_shares_that_do_not_add_up_open_the_list():
    from decimal import Decimal

    net = network([("a", "t", "ore", {"share": Decimal("0.7")})])
    assert pairs(minimal_cut_sets(net, "t")) == [(("a",), ("suppliers:t/ore",))]
    net = network([("a", "t", "ore", {"share": Decimal(1)})])
    assert minimal_cut_sets(net, "t").cut_sets == (("a",),)


@pytest.mark.parametrize(
    "doubt", [{"confidence": "illustrative"}, {"qualified": "unknown"}, {"status": "planned"}]
)
def test_a_doubtful_second_supplier_is_no_redundancy_for_sure(doubt):
    from datetime import date

    doubt = doubt | ({"start": date(2026, 1, 1)} if "status" in doubt else {})
    net = network([("a", "t", "ore"), ("b", "t", "ore", doubt)])
    found = minimal_cut_sets(net, "t", on="2026-06-01", max_order=1)
    assert found.cut_sets == ()
    assert pairs(found) == [(("a",), ("supply:b>t:ore",))]


def test_an_unqualified_or_ended_supplier_delivers_nothing_and_leaves_the_need():
    net = network([("a", "t", "ore", {"qualified": "no"})])
    assert minimal_cut_sets(net, "t").status == "already_stopped"
    from datetime import date

    net = network([("a", "t", "ore", {"end": date(2026, 1, 1)})])
    assert minimal_cut_sets(net, "t", on="2025-12-31").status == "runs"
    assert minimal_cut_sets(net, "t", on="2026-01-01").status == "already_stopped"


def test_blank_materials_are_alternatives_or_a_need_each():
    found = minimal_cut_sets(network([("a", "t", None), ("b", "t", None)]), "t")
    assert found.cut_sets == (("a", "b"),)
    assert pairs(found) == [(("a",), ("material:t",)), (("b",), ("material:t",))]


def test_a_blank_country_may_be_the_lost_one():
    nodes = [{"id": "a", "country": "CN"}, {"id": "b"}, {"id": "t", "country": "US"}]
    net = network([("a", "t", "ore"), ("b", "t", "ore")], nodes)
    found = minimal_cut_sets(net, "t", by="country")
    assert (found.cut_sets, found.own) == ((), ("US",))
    assert pairs(found) == [(("CN",), ("unit:b",))]
    assert lose(net, "t", "CN", by="country").targets[0].status == "possibly_stopped"
    assert lose(net, "t", (), by="country").targets[0].status == "runs"


def test_assumed_and_certain_do_not_hide_each_other():
    """x is needed for sure; y only on an illustrative row, and one plant makes both."""
    net = network(
        [
            ("a", "t", "x"),
            ("b", "t", "x"),
            ("a", "t", "y", {"confidence": "illustrative"}),
        ]
    )
    found = minimal_cut_sets(net, "t")
    assert found.cut_sets == (("a",), ("a", "b"))
    assert found.assumed == (("a",),)
    assert found.certain == (("a", "b"),)
    assert lose(net, "t", "a").targets[0].status == "possibly_stopped"
    assert lose(net, "t", ["a", "b"]).targets[0].status == "stopped"


def test_down_through_illustrative_needs_alone_is_possibly_stopped():
    net = network(
        [("a", "t", "x"), ("b", "t", "y", {"confidence": "illustrative", "qualified": "no"})]
    )
    found = minimal_cut_sets(net, "t")
    assert (found.status, found.cut_sets, found.assumed) == ("possibly_stopped", (("a",),), ())
    assert [n.node for n in found.not_running] == ["t"]


def test_evidence_is_the_weakest_need_on_the_best_way():
    net = network(
        [("mine", "sep", "ore", {"confidence": "high"}), ("sep", "t", "ox", {"confidence": "low"})]
    )
    points = {c.unit: c.evidence for c in single_points_of_failure(net, "t").chokepoints}
    assert points == {"mine": "low", "sep": "low"}


def test_a_loop_that_feeds_only_itself_does_not_start():
    net = network([("a", "b", "x"), ("b", "a", "y"), ("a", "t", "z")])
    found = single_points_of_failure(net, "t")
    assert found.status == "already_stopped"
    assert [n.node for n in found.not_running] == ["a", "b", "t"]


def test_an_industry_is_listed_apart():
    net = network([("a", "t", "ore")], [{"id": "a", "kind": "aggregate"}])
    found = single_points_of_failure(net, "t")
    assert found.chokepoints == ()
    assert [c.unit for c in found.aggregates] == ["a"]
    assert minimal_cut_sets(net, "t").cut_sets == (("a",),)


def test_a_product_stops_alone_and_the_rest_goes_on():
    needs = [{"consumer": "plant", "material": "dy", "product": "magnet"}]
    supplies = [
        ("mine", "plant", "dy"),
        ("plant", "car", "magnet"),
        ("plant", "lamp", "alloy"),
    ]
    net = network(supplies, needs=needs)
    down = lose(net, ["car", "lamp"], "mine")
    assert [t.status for t in down.targets] == ["stopped", "runs"]
    assert "plant" not in down.stopped


def test_a_need_that_is_not_modelled_is_named_and_not_evaluated():
    needs = [{"consumer": "t", "material": "chip", "suppliers": "not_modelled"}]
    found = minimal_cut_sets(network([("a", "t", "x"), ("b", "t", "chip")], needs=needs), "t")
    assert found.cut_sets == (("a",),)
    assert found.not_modelled == ("t/chip",)
    assert found.not_upstream == ("b",)


def test_what_is_not_upstream_is_said_not_passed_over():
    net = network([("a", "b", "x"), ("c", "t", "y")])
    assert minimal_cut_sets(net, "t").not_upstream == ("a", "b")
    assert explain(net, "t", "a").not_upstream == ("a",)
    assert lose(net, "t", "a").targets[0].not_upstream == ("a",)


def test_a_can_fail_no_node_is_lost_only_through_its_needs():
    net = network([("a", "gate", "x"), ("gate", "t", "y")], [{"id": "gate", "can_fail": "no"}])
    assert minimal_cut_sets(net, "t").cut_sets == (("a",),)
    with pytest.raises(UnknownNameError, match="no node 'gate'"):
        lose(net, "t", "gate")


def test_a_government_denies_what_leaves_its_reach():
    nodes = [
        {"id": "a", "country": "CN"},
        {"id": "b", "country": "CN"},
        {"id": "t", "country": "US"},
    ]
    net = network([("a", "b", "x"), ("b", "t", "y")], nodes)
    point = single_points_of_failure(net, "t", by="controller").chokepoints[0]
    assert (point.unit, point.supplies) == ("CN", ("b>t:y",)), "a to b stays inside"


def test_an_element_that_nobody_supplies_stands_for_what_contains_it():
    net = network([("a", "t", "oxide")], materials=[{"id": "oxide", "contains": ("dy",)}])
    assert minimal_cut_sets(net, "t", by="material").cut_sets == (("dy",), ("oxide",))


def test_what_is_down_already_does_not_keep_the_search_from_ending():
    net = load_example("rare_earth_magnets")
    found = single_points_of_failure(net, "f35", on="2025-12-01")
    assert found.not_running
    assert found.complete


def test_a_bound_on_disjoint_ways_settles_small_orders_at_once():
    """Eight suppliers for each of sixteen needs, all of one: nothing small can stop it."""
    supplies = [(f"x{i}", "s", "q") for i in range(8)] + [("s", "t", "r"), ("z", "t", "r")]
    found = minimal_cut_sets(network(supplies), "t", max_order=9)
    assert found.complete
    assert found.by_order == {2: 1, 9: 1}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"by": "measure"}, "by='measure'"),
        ({"measures": "in_force"}, "measures='in_force'"),
        ({"end_use": "defence"}, "end_use"),
        ({"coverage": 0.5}, "coverage"),
        ({"by": "contry"}, "Did you mean 'country'"),
        ({"max_order": 0}, "max_order"),
        ({"on": "01/02/2026"}, "is no date"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked, message):
    with pytest.raises(QuestionError, match=message):
        minimal_cut_sets(network([("a", "t", "x")]), "t", **asked)


def test_several_targets_are_listed_not_guessed():
    with pytest.raises(QuestionError, match=r"which target.*t1, t2"):
        minimal_cut_sets(network([("a", "t1", "x"), ("a", "t2", "x")]))


def test_an_order_beyond_the_number_of_units_is_complete_at_once():
    found = minimal_cut_sets(network([("a", "t", "x"), ("b", "t", "x")]), "t", max_order=10**9)
    assert found.cut_sets == (("a", "b"),)
    assert (found.complete, found.complete_to) == (True, 10**9)
