"""Importance by counting: hand examples, and every set of units tried on small networks."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from itertools import combinations, permutations
from math import sqrt

import jsonschema
import oracles
import pytest
from strategies import BYS, Seeded, build, describe, make_network

import supplynet
from supplynet import importance
from supplynet.analysis.rankings import agreement
from supplynet.cli import main
from supplynet.errors import QuestionError, UnknownNameError

module = importlib.import_module("supplynet.analysis.importance")


def values(found, reading="recorded"):
    return {u.unit: u.birnbaum[reading] for u in found.units}


# By hand


def test_the_worked_example():
    """Alone it stops everything: critical wherever no pair is gone, 3 of 4 ways for each pair."""
    found = importance(supplynet.load_example("worked_example"), "missile")
    assert values(found)["cofe"] == Fraction(3, 4) ** 4
    # Its twin gone, no other pair gone, and cofe there: 1/2 x (3/4)^3 x 1/2.
    assert values(found)["mine_x"] == Fraction(1, 2) * Fraction(3, 4) ** 3 * Fraction(1, 2)
    assert len({values(found)[u] for u in values(found) if u != "cofe"}) == 1
    assert [(u.unit, u.rank) for u in found.units][:3] == [
        ("cofe", 1), ("magnet_1", 2), ("magnet_2", 2),
    ]  # fmt: skip
    assert found.units[0].smallest == {"certain": 1}
    assert found.units[0].shares == {"certain": {1: Fraction(1)}, "assumed": {}, "possible": {}}
    assert found.units[1].smallest == {"certain": 2}
    assert found.units[1].shares["certain"] == {2: Fraction(1, 4)}
    assert found.sets == {"certain": {1: 1, 2: 4}, "assumed": {}, "possible": {}}
    assert (found.upstream, found.without, found.own) == (9, 0, ("missile",))
    assert found.counted_to == {"certain": 8, "recorded": 8}
    assert found.counted() == "all sets of the 8 other units upstream"


def test_no_view_of_the_plain_graph_puts_the_one_first_that_stops_it_alone():
    found = importance(supplynet.load_example("worked_example"), "missile")
    by_view = {a.view: a for a in found.agreements}
    assert set(by_view) == {"betweenness", "pagerank", "degree"}
    for view in by_view.values():
        assert view.compared == 9
        assert view.overlap[1] == 0
        assert view.tied == 28
        assert view.tau_b < 0
    # cofe is last by betweenness, behind six and tied with the mines.
    assert (by_view["betweenness"].concordant, by_view["betweenness"].discordant) == (0, 6)
    assert by_view["betweenness"].tau_b == Decimal("-0.387298")  # -6 / sqrt(8 * 30)


def test_sets_of_few_units_are_counted_where_all_are_too_many(monkeypatch):
    net = supplynet.load_example("worked_example")
    monkeypatch.setattr(module, "_ALL_SETS", 0)
    found = importance(net, "missile", max_order=2)
    # The empty set and 8 of one; cofe is critical to all, a mine to its twin alone.
    assert found.counted() == "sets of at most 1 of the 8 other units upstream"
    assert values(found)["cofe"] == 1
    assert values(found)["mine_x"] == Fraction(1, 9)
    found = importance(net, "missile", max_order=1)
    assert values(found) == {"cofe": 1}
    assert found.counted_to == {"certain": 0, "recorded": 0}
    found = importance(net, "missile", max_order=3)
    # Of 36 pairs of others, the 4 of equals stop it already: without cofe 1 + 8 + 28 - 4.
    assert values(found)["cofe"] == Fraction(1 + 8 + 24, 1 + 8 + 28)
    # Its twin alone, or with one of the six others that are not cofe.
    assert values(found)["mine_x"] == Fraction(1 + 6, 37)
    monkeypatch.setattr(module, "_LISTED", 10)
    short = importance(net, "missile", max_order=3)
    assert short.counted_to == {"certain": 1, "recorded": 1}
    assert values(short)["mine_x"] == Fraction(1, 9)
    assert short.complete


def test_certain_and_assumed_are_counted_apart():
    """One supplier of an illustrative need, two of another, a gap that may take the second."""
    net = make_network(
        nodes=[{"id": n, "upstream": "none"} for n in ("a", "b", "c", "far")],
        supplies=[
            {"id": "a>t", "supplier": "a", "consumer": "t", "material": "x"},
            {"id": "b>t", "supplier": "b", "consumer": "t", "material": "x", "qualified": "unknown"},
            {
                "id": "c>t",
                "supplier": "c",
                "consumer": "t",
                "material": "y",
                "confidence": "illustrative",
            },
        ],
    )  # fmt: skip
    found = importance(net, "t")
    assert found.upstream == 3
    assert values(found, "certain") == {
        "a": Fraction(1, 2), "b": Fraction(1, 2), "c": Fraction(0),
    }  # fmt: skip
    assert values(found) == {"c": Fraction(3, 4), "a": Fraction(1, 4), "b": Fraction(1, 4)}
    first, second, third = found.units
    assert (first.unit, first.smallest) == ("c", {"assumed": 1})
    assert (second.unit, second.smallest) == ("a", {"certain": 2, "possible": 1})
    assert second.shares["possible"] == {1: Fraction(1)}
    assert third.smallest == {"certain": 2}
    # A node without any path to the target is compared, with importance 0.
    assert {a.compared for a in found.agreements} == {4}


def test_a_target_that_is_down_already_has_no_important_unit():
    net = make_network(
        nodes=[{"id": "m", "status": "closed"}, {"id": "t"}],
        supplies=[{"id": "m>t", "supplier": "m", "consumer": "t", "material": "x"}],
    )
    found = importance(net, "t")
    assert (found.status, found.units, found.without) == ("already_stopped", (), found.upstream)
    assert found.sets == {"certain": {}, "assumed": {}, "possible": {}}
    assert json.loads(json.dumps(found.to_dict()))["units"] == []
    assert len(found.to_frame()) == 0
    assert all(a.overlap == {} and a.tau_b is None for a in found.agreements)


def test_what_cannot_be_asked():
    net = supplynet.load_example("worked_example")
    with pytest.raises(UnknownNameError, match="no node 'missle'"):
        importance(net, "missle")
    with pytest.raises(QuestionError, match="max_order"):
        importance(net, "missile", max_order=0)
    with pytest.raises(TypeError):
        importance(net, "missile", limit=1)


def test_only_nodes_that_can_be_lost_are_compared():
    net = make_network(
        nodes=[
            *({"id": n, "upstream": "none"} for n in ("a", "b")),
            {"id": "hub", "can_fail": "no"},
        ],
        supplies=[
            {"id": "a>hub", "supplier": "a", "consumer": "hub", "material": "x"},
            {"id": "b>hub", "supplier": "b", "consumer": "hub", "material": "y"},
            {"id": "hub>t", "supplier": "hub", "consumer": "t", "material": "z"},
        ],
    )
    found = importance(net, "t")
    assert [u.unit for u in found.units] == ["a", "b"]
    assert {a.compared for a in found.agreements} == {2}


# Every set tried


def stopping_sets(question, units, at_least):
    return {
        frozenset(s)
        for size in range(len(units) + 1)
        for s in combinations(units, size)
        if question.stops(s, (), at_least)
    }


def critical_share(stopping, units, unit, most):
    others = [u for u in units if u != unit]
    sets = [frozenset(s) for n in range(most + 1) for s in combinations(others, n)]
    critical = sum(s not in stopping and s | {unit} in stopping for s in sets)
    return Fraction(critical, len(sets))


@pytest.mark.parametrize("limit", [20, 0])
def test_every_set_of_units_on_random_networks(limit, monkeypatch):
    monkeypatch.setattr(module, "_ALL_SETS", limit)
    checked = Counter()
    for seed in range(300_000, 300_350):
        c = Seeded(seed)
        net, target = build(c)
        by, order = c.pick(BYS), c.pick((1, 2, 3))
        question = oracles.Question(net, target, by)
        oracle = question.answer(1, 0)
        found = importance(net, target, by=by, max_order=order, max_gaps=0)
        where = (seed, by, order, describe(net))
        assert found.status == oracle.status, where
        if found.status == "already_stopped" or len(question.units) > 9:
            continue
        upstream = sorted(module._upstream(net, found_cut_sets(net, target, by)))
        assert found.upstream == len(upstream), where
        recorded = "low" if oracle.recorded_down else "illustrative"
        for reading, at_least in (("certain", "low"), ("recorded", recorded)):
            stopping = stopping_sets(question, upstream, at_least)
            most = found.counted_to[reading]
            if upstream and limit:
                assert most == len(upstream) - 1, where
            elif upstream:
                assert min(order, len(upstream)) - 1 <= most <= len(upstream) - 1, where
            got = values(found, reading)
            for unit in question.units:
                share = critical_share(stopping, upstream, unit, most) if unit in upstream else 0
                assert got.get(unit, 0) == share, (unit, reading, where)
                checked[reading, share > 0] += 1
    assert min(checked.values()) > 150, checked


def found_cut_sets(net, target, by):
    return supplynet.minimal_cut_sets(net, target, by=by, max_order=1, max_gaps=0)


def test_shares_and_orders_are_those_of_the_listed_sets():
    checked = 0
    for seed in range(301_000, 301_200):
        c = Seeded(seed)
        net, target = build(c)
        by = c.pick(BYS)
        cut = supplynet.minimal_cut_sets(net, target, by=by, max_order=2, max_gaps=1)
        found = importance(net, target, by=by, max_order=2, max_gaps=1)
        sets = {
            "certain": [s for s in cut.certain if s],
            "assumed": list(cut.assumed),
            "possible": [p.units for p in cut.possible],
        }
        named = {u for listed in sets.values() for s in listed for u in s}
        assert named <= {u.unit for u in found.units}
        for unit in found.units:
            for certainty, listed in sets.items():
                for order in (1, 2):
                    of_order = [s for s in listed if len(s) == order]
                    holding = sum(unit.unit in s for s in of_order)
                    share = unit.shares[certainty].get(order)
                    assert share == (Fraction(holding, len(of_order)) if holding else None)
                    checked += holding
                orders = [len(s) for s in listed if unit.unit in s]
                assert unit.smallest.get(certainty) == min(orders, default=None)
        ranks = [
            (u.rank, -u.birnbaum["certain"], u.smallest.get("possible", 99), u.unit)
            for u in found.units
        ]
        assert ranks == sorted(ranks)
        for u in found.units:
            better = sum(o.birnbaum["recorded"] > u.birnbaum["recorded"] for o in found.units)
            assert u.rank == better + 1
    assert checked > 150


# Agreement of rankings


def test_agreement_against_all_pairs_and_all_ways_of_breaking_ties():
    for seed in range(200):
        c = Seeded(seed)
        names = "abcdef"[: c.between(2, 6)]
        ours = {n: Fraction(c.between(0, 3), 4) for n in names}
        theirs = {n: float(c.between(0, 3)) for n in names}
        found = agreement("view", ours, theirs)
        signs = [
            (ours[a] - ours[b]) * Fraction(theirs[a] - theirs[b]) for a, b in combinations(names, 2)
        ]
        assert found.concordant == sum(s > 0 for s in signs)
        assert found.discordant == sum(s < 0 for s in signs)
        assert found.tied == sum(ours[a] == ours[b] for a, b in combinations(names, 2))
        assert found.tied_in_view == sum(theirs[a] == theirs[b] for a, b in combinations(names, 2))
        below = (len(signs) - found.tied) * (len(signs) - found.tied_in_view)
        if below:
            tau = (found.concordant - found.discordant) / sqrt(below)
            assert abs(float(found.tau_b) - tau) < 1e-6
        else:
            assert found.tau_b is None
        important = sum(v > 0 for v in ours.values())
        assert set(found.overlap) == {k for k in (1, 3) if k <= important and k < len(names)}
        for top, share in found.overlap.items():
            # Ties broken by lot, in both rankings apart.
            tops = [
                [
                    frozenset(sorted(order, key=lambda n: -value[n])[:top])
                    for order in permutations(names)
                ]
                for value in (ours, theirs)
            ]
            counted = [Counter(t) for t in tops]
            ways = len(tops[0]) * len(tops[1])
            both = sum(
                n * m * len(a & b) for a, n in counted[0].items() for b, m in counted[1].items()
            )
            assert share == Fraction(both, ways * top)


def test_tau_is_one_for_the_same_order_and_minus_one_for_the_other():
    ours = {str(i): Fraction(i, 100) for i in range(100)}
    same = agreement("same", ours, {n: float(v) for n, v in ours.items()})
    assert (same.tau_b, same.discordant, same.overlap[10]) == (1, 0, 1)
    other = agreement("other", ours, {n: -float(v) for n, v in ours.items()})
    assert (other.tau_b, other.concordant, other.overlap[10]) == (-1, 0, 0)


def test_a_view_that_takes_too_long_is_said_to_be_left_out(monkeypatch):
    monkeypatch.setattr(module, "_VIEW_WORK", 100)
    found = importance(supplynet.load_example("worked_example"), "missile")
    assert [a.view for a in found.agreements] == ["pagerank", "degree"]
    assert list(found.not_compared) == ["betweenness"]


def test_only_nodes_are_compared_with_views_of_nodes():
    found = importance(supplynet.load_example("worked_example"), "missile", by="country")
    assert found.agreements == ()
    assert found.not_compared == {}


# Forms


def test_forms():
    found = importance(supplynet.load_example("worked_example"), "missile")
    result = json.loads(json.dumps(found.to_dict()))
    assert result["units"][0] == {
        "unit": "cofe",
        "label": "Cobalt-iron plant",
        "rank": 1,
        "smallest": {"certain": 1},
        "shares": {"certain": {"1": "1"}, "assumed": {}, "possible": {}},
        "birnbaum": {"certain": "81/256", "recorded": "81/256"},
    }
    assert result["agreements"][0]["tau_b"] == "-0.387298"
    assert result["agreements"][0]["overlap"]["1"] == "0"
    frame = found.to_frame()
    assert list(frame["unit"])[:1] == ["cofe"]
    assert list(frame["birnbaum"])[:1] == ["81/256"]
    assert "first of 9: cofe; complete" in repr(found)
    assert "<table" in found._repr_html_()


# The command


def run(capsys, *args):
    code = main(["centrality", *args])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command(capsys):
    asked = ("worked_example", "--measure", "importance")
    code, out, err = run(capsys, *asked)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert [
        "1",
        "cofe",
        "Cobalt-iron",
        "plant",
        "81/256",
        "(0.316)",
        "1",
        "of",
        "order",
        "1",
    ] in lines
    assert ["betweenness", "9", "-0.387298", "0", "1/4"] in lines
    assert "Counted are all sets of the 8 other units upstream, each alike" in out
    code, out, _ = run(capsys, *asked, "--by", "country", "--max-order", "1", "--max-gaps", "0")
    assert code == 0
    assert "How far" not in out
    code, out, _ = run(capsys, *asked, "--format", "csv")
    assert out.splitlines()[1].startswith("1,cofe,Cobalt-iron plant,81/256,81/256,0.31640625,1,")


@pytest.mark.parametrize("name", sorted(supplynet.examples()))
@pytest.mark.parametrize("by", ["node", "country", "controller"])
def test_answers_of_shipped_networks_keep_to_the_schema(name, by, capsys):
    schema = json.loads(files("supplynet").joinpath("schemas/answer.json").read_text("utf-8"))
    target = supplynet.load_example(name).meta.targets[0]
    asked = (name, "--measure", "importance", "--target", target, "--by", by)
    code, out, _ = run(capsys, *asked, "--format", "json")
    assert code == 0
    answer = json.loads(out)
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert answer["question"]["by"] == by
    assert (answer["result"]["agreements"] == []) == (by != "node")
    assert run(capsys, *asked)[0] == 0


@pytest.mark.parametrize(
    "option", [("--by", "node"), ("--max-order", "2"), ("--max-gaps", "1"), ("--coverage", "0.5")]
)
def test_views_refuse_what_they_do_not_know(option, capsys):
    code, out, err = run(capsys, "worked_example", *option)
    assert (code, out) == (2, "")
    assert f"{option[0]}: betweenness is of the plain graph. Leave it out." in err


def test_what_is_cut_short_is_said(capsys, monkeypatch):
    whole = supplynet.minimal_cut_sets

    def short(*args, **options):
        found = whole(*args, **options)
        return replace(found, complete=False, complete_to=1, possible_complete_to=1)

    monkeypatch.setattr(module, "minimal_cut_sets", short)
    code, out, err = run(capsys, "worked_example", "--measure", "importance")
    assert code == 0
    assert "SEARCH INCOMPLETE: cut short, complete only up to order 1." in out
    assert "Counted are sets of at most 0 of the 8 other units upstream" in out
    found = importance(supplynet.load_example("worked_example"), "missile")
    assert values(found) == {"cofe": 1} | {u: 0 for u in values(found) if u != "cofe"}
    assert "complete only to order 1" in repr(found)
    code, out, err = run(capsys, "worked_example", "--measure", "importance", "--format", "csv")
    assert "not in the table: the search was cut short." in err
