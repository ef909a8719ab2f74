"""Laws that every answer keeps, on random networks and on every shipped one."""

from __future__ import annotations

import json
import os
from pathlib import Path

import oracles
import pytest
from strategies import BYS, Seeded, build, describe, with_rows
from test_oracle import COVERAGES, SHARED

import supplynet
from supplynet import explain, lose, minimal_cut_sets, single_points_of_failure

GRAPHS = Path(__file__).parents[1] / "graphs"
SHIPPED = sorted(path.name for path in GRAPHS.iterdir() if (path / "network.toml").exists())
SHIPPED_BYS = ("node", "operator", "owner", "country", "controller", "material", "stage", "supply")
SEEDS = range(100_000, 100_400)
IN_CI = os.environ.get("SUPPLYNET_CI") == "1"


def drawn(seeds=SEEDS):
    for seed in seeds:
        c = Seeded(seed)
        net, target = build(c)
        yield seed, net, target, c.pick(BYS)


def drawn_with_coverage(seeds=SEEDS):
    for seed in seeds:
        c = Seeded(seed)
        net, target = build(c, likely=c.pick(SHARED))
        yield seed, net, target, c.pick(BYS), c.pick(COVERAGES)


def status(net, target, lost, by, coverage=None):
    loss = lose(net, [target], sorted(lost), by=by, coverage=coverage)
    return loss.to_dict()["targets"][0]["status"]


def rows(net, name):
    return [dict(row) for row in net.table(name).rows()]


# Random networks


def with_and_without_coverage():
    yield from ((*one, None) for one in drawn())
    yield from drawn_with_coverage()


def test_cut_sets_stop_the_target_and_no_part_of_one_does():
    checked = 0
    for seed, net, target, by, coverage in with_and_without_coverage():
        asked = {"by": by, "coverage": coverage}
        found = minimal_cut_sets(net, target, **asked, max_order=3, max_gaps=0).to_dict()
        if found["status"] == "already_stopped":
            assert found["cut_sets"] == [[]], seed
            continue
        before = status(net, target, (), **asked)
        for cut in found["cut_sets"]:
            assumed = cut in found["assumed"]
            wanted = "possibly_stopped" if assumed else "stopped"
            assert status(net, target, cut, **asked) == wanted, (seed, asked, cut, describe(net))
            for left_out in cut:
                rest = [unit for unit in cut if unit != left_out]
                assert status(net, target, rest, **asked) != "stopped", (seed, cut, rest)
                if assumed and before == "runs":
                    reason = explain(net, target, rest, **asked).to_dict()
                    assert reason["certainty"] in (None, "possible"), (seed, cut, rest, reason)
            checked += 1
    assert checked > 400


def test_pairs_with_a_gap_stop_the_target_only_together():
    checked = 0
    for seed, net, target, by in drawn():
        found = minimal_cut_sets(net, target, by=by, max_order=2, max_gaps=2)
        question = oracles.Question(net, target, by)
        at_least = "low" if question.stops() else "illustrative"
        for pair in found.to_dict()["possible"]:
            units, gaps = pair["units"], pair["gaps"]
            assert units, (seed, pair)
            assert gaps, (seed, pair)
            assert question.stops(units, gaps, at_least), (seed, by, pair)
            for part in (*units, *gaps):
                less = [u for u in units if u != part], [g for g in gaps if g != part]
                assert not question.stops(*less, at_least), (seed, by, pair, part)
            assert status(net, target, units, by) == "possibly_stopped", (seed, by, pair)
            checked += 1
    assert checked > 100


def smallest(net, target, by):
    """The smallest order on the network as recorded; None: no set up to order 4."""
    found = minimal_cut_sets(net, target, by=by, max_order=4, max_gaps=0).to_dict()
    return min((len(cut) for cut in found["cut_sets"]), default=None), found["status"]


def test_adding_a_supplier_never_lowers_the_smallest_order():
    """The new supplier serves a complete, evaluated, named need and adds no unknown of its own.

    A supplier that makes a partial list complete may lower it: the unnamed one, which never
    fails, is gone. One of better confidence may turn an assumed set into a certain one, which
    changes no order, save where the target was down only through illustrative needs.
    """
    checked = raised = 0
    for seed, net, target, by in drawn():
        world = oracles.World(net)
        if target in world.down():
            continue
        before, _ = smallest(net, target, by)
        if before is None:
            continue
        for need in world.needs:
            if not need.modelled or need.partial or not need.supplies:
                continue
            material = need.supplies[0].get("material")
            if material is None:
                continue
            new = {
                "id": "added",
                "supplier": "new",
                "consumer": need.consumer,
                "material": material,
                "status": "operating",
                "qualified": "yes",
                "confidence": need.confidence,
            }
            maker = {
                "id": "new",
                "kind": "site",
                "status": "operating",
                "can_fail": "yes",
                "upstream": "none",
                "country": "AU",
                "operator": "o9",
                "stage": "new",
                "site": "s9",
            }
            wider = with_rows(
                net,
                nodes=[*rows(net, "nodes"), maker],
                supplies=[*rows(net, "supplies"), new],
            )
            after, state = smallest(wider, target, by)
            assert state != "already_stopped", (seed, by, need.label)
            assert after is None or after >= before, (seed, by, need, before, after)
            raised += after != before
            checked += 1
    assert checked > 200
    assert raised > 20


def relabelled(net, target):
    """The same network with other ids in another order, and how to read its answers."""
    names = sorted(net.node_rows)
    new = {name: f"z{len(names) - i}" for i, name in enumerate(names)}
    ids = sorted(row["id"] for row in rows(net, "supplies"))
    new_ids = {name: f"s{len(ids) - i}" for i, name in enumerate(ids)}

    def renamed(row, **columns):
        return {k: columns[k].get(v, v) if k in columns else v for k, v in row.items()}

    tables = {
        "nodes": [renamed(row, id=new) for row in rows(net, "nodes")],
        "supplies": [
            renamed(row, id=new_ids, supplier=new, consumer=new) for row in rows(net, "supplies")
        ],
        "needs": [renamed(row, consumer=new) for row in rows(net, "needs")],
        "holdings": [renamed(row, asset=new) for row in rows(net, "holdings")],
    }
    tables = {name: given[::-1] for name, given in tables.items() if given}

    def gap(name):
        kind, _, rest = name.partition(":")
        if kind == "supply":
            return f"supply:{new_ids[rest]}"
        node, slash, label = rest.partition("/")
        return f"{kind}:{new[node]}{slash}{label}"

    return with_rows(net, **tables), new[target], new, new_ids, gap


def test_relabelling_and_reordering_change_nothing():
    for seed, net, target, by in drawn():
        other, other_target, nodes, supplies, gap = relabelled(net, target)
        unit = {"node": nodes, "supply": supplies}.get(by, {})

        def names(units, unit=unit):
            return frozenset(unit.get(u, u) for u in units)

        one = minimal_cut_sets(net, target, by=by, max_order=2, max_gaps=1).to_dict()
        two = minimal_cut_sets(other, other_target, by=by, max_order=2, max_gaps=1).to_dict()
        assert one["status"] == two["status"], (seed, by)
        for what in ("cut_sets", "assumed"):
            assert {names(cut) for cut in one[what]} == {frozenset(cut) for cut in two[what]}, seed
        assert {
            (names(pair["units"]), frozenset(map(gap, pair["gaps"]))) for pair in one["possible"]
        } == {(frozenset(p["units"]), frozenset(p["gaps"])) for p in two["possible"]}, seed
        assert set(map(gap, one["blind_spots"])) == set(two["blind_spots"]), (seed, by)
        assert names(one["own"]) == set(two["own"]), (seed, by)


def test_reordering_rows_changes_no_byte():
    for seed, net, target, by in drawn(SEEDS[:150]):
        other = with_rows(net, **{name: rows(net, name)[::-1] for name in net.tables})
        for function in (minimal_cut_sets, single_points_of_failure):
            one, two = (function(n, target, by=by).to_dict() for n in (net, other))
            assert json.dumps(one) == json.dumps(two), (seed, by, function, describe(net))


def settled(net, gap, good, coverage=None):
    """Return the network in which one gap has become known, at its good or its bad end.

    A supply that turns out not to deliver keeps the share that is recorded of it.
    """
    kind, _, rest = gap.partition(":")
    nodes, supplies, needs = (rows(net, name) for name in ("nodes", "supplies", "needs"))
    if kind == "upstream":
        for row in nodes:
            if row["id"] == rest:
                row["upstream"] = "none" if good else "recorded"
        if not good:
            needs.append({"consumer": rest, "material": "unrecorded", "suppliers": "complete"})
    elif kind == "supply":
        for row in supplies:
            if row["id"] == rest:
                row["qualified"] = "yes" if good else "no"
                row["status"] = "operating"
                if good or row.get("confidence") == "illustrative":
                    row["confidence"] = "medium" if good else None
                if not good and coverage is not None:
                    row["qualified"], row["supplier"] = "yes", "closed"
                    nodes.append({**nodes[0], "id": "closed", "status": "closed"})
    elif kind == "material":
        products = oracles.World(net).products
        unnamed = [s for s in supplies if s["consumer"] == rest and s.get("material") is None]
        if any(products[row["supplier"]] for row in unnamed):
            return None  # a new name would also say that its maker makes something else
        for i, row in enumerate(supplies):
            if row["consumer"] == rest and row.get("material") is None:
                row["material"] = "named" if good else f"named{i}"
    elif kind == "suppliers":
        world = oracles.World(net)
        need = next(n for n in world.needs if n.gap == gap)
        material = need.supplies[0].get("material") if need.supplies else need.rows[0]["material"]
        others = (n for n in world.needs if n.consumer == need.consumer and n.gap != gap)
        if good and any(material in other.materials for other in others):
            return None  # a new supply of it would serve the other need as well
        if good:
            nodes.append(
                {
                    "id": "unnamed",
                    "kind": "site",
                    "status": "operating",
                    "can_fail": "no",
                    "upstream": "none",
                }
            )
            supplies.append(
                {
                    "id": "unnamed",
                    "supplier": "unnamed",
                    "consumer": need.consumer,
                    "material": material,
                    "status": "operating",
                    "qualified": "yes",
                    "confidence": None if need.confidence == "low" else need.confidence,
                }
            )
        elif need.rows:
            for row in needs:
                if row in need.rows:
                    row["suppliers"] = "complete"
        elif material is not None:
            needs.append(
                {
                    "consumer": need.consumer,
                    "material": material,
                    "suppliers": "complete",
                    "confidence": need.confidence,
                }
            )
        else:
            return None  # a list of unnamed materials has no row that could settle it
    return with_rows(net, nodes=nodes, supplies=supplies, needs=needs)


def test_a_gap_made_known_never_makes_a_certain_finding_impossible():
    checked = {"plain": 0, "coverage": 0}
    for seed, net, target, by, coverage in with_and_without_coverage():
        asked = {"by": by, "coverage": coverage}
        found = minimal_cut_sets(net, target, **asked, max_order=2, max_gaps=0).to_dict()
        certain = [cut for cut in found["cut_sets"] if cut not in found["assumed"]]
        if not certain:
            continue
        for gap in sorted(oracles.World(net, coverage=coverage).gaps):
            for good in (True, False):
                known = settled(net, gap, good, coverage)
                if known is None:
                    continue
                units = oracles.World(known).units(by)
                for cut in certain:
                    lost = [unit for unit in cut if unit in units]
                    after = status(known, target, lost, **asked)
                    assert after != "runs", (seed, asked, cut, gap, good, describe(net))
                    checked["plain" if coverage is None else "coverage"] += 1
    assert min(checked.values()) > 300, checked


def shares_made_known(net, coverage):
    """Yield the network with one blank share recorded, for each and for several values."""
    world = oracles.World(net, coverage=coverage)
    for need in world.needs:
        for material in need.materials:
            intake = world.intake(need, material)
            for supply in intake.blank:
                row = world.supplies[supply]
                low = intake.shares[supply]
                most = low + intake.rest
                if row.get("share_high") is not None:
                    most = min(most, row["share_high"])
                for share in sorted({low, (low + most) / 2, most}):
                    supplies = [
                        {**s, "share": share} if s["id"] == supply else s
                        for s in rows(net, "supplies")
                    ]
                    yield supply, share, with_rows(net, supplies=supplies)


def test_a_share_made_known_never_makes_a_certain_finding_impossible():
    checked = 0
    for seed, net, target, by, coverage in drawn_with_coverage():
        asked = {"by": by, "coverage": coverage}
        found = minimal_cut_sets(net, target, **asked, max_order=2, max_gaps=0).to_dict()
        for supply, share, known in shares_made_known(net, coverage):
            for cut in found["cut_sets"]:
                after = status(known, target, cut, **asked)
                assert after != "runs", (seed, asked, cut, supply, share, describe(net))
                checked += 1
    assert checked > 300


def test_a_higher_coverage_never_helps_and_none_is_the_lowest():
    """What stops the target while any one supplier is enough stops it under every coverage."""
    worse = ("runs", "possibly_stopped", "stopped", "already_stopped")
    stricter = 0
    for seed, net, target, by, _ in drawn_with_coverage():
        units = sorted(oracles.World(net).units(by))
        for lost in [(), *((unit,) for unit in units[:3]), units]:
            before = 0
            for coverage in (None, *COVERAGES):
                after = worse.index(status(net, target, lost, by, coverage))
                assert after >= before, (seed, by, lost, coverage, describe(net))
                stricter += after > before > 0
                before = after
    assert stricter > 20


def assert_the_four_agree(net, target, by, max_gaps=1, coverage=None):
    """`chokepoints`, `cutsets` at order 1, `whatif` of each unit and `explain`."""
    where = (net.name, target, by, coverage)
    asked = {"by": by, "coverage": coverage}
    points = single_points_of_failure(net, target, **asked, max_gaps=max_gaps).to_dict()
    sets = minimal_cut_sets(net, target, **asked, max_order=1, max_gaps=max_gaps).to_dict()
    assert points["uninformative"] == sets["uninformative"], where
    listed = [*points["chokepoints"], *points["aggregates"]]
    for what in ("status", "own", "blind_spots"):
        assert points[what] == sets[what], (where, what)
    kinds = {kind: set() for kind in ("certain", "assumed", "possible")}
    for point in listed:
        kinds[point["certainty"]].add((point["unit"], tuple(point["gaps"])))
    assumed = {(unit, ()) for (unit,) in sets["assumed"]}
    assert kinds["assumed"] == assumed, where
    singles = {(cut[0], ()) for cut in sets["cut_sets"] if cut}
    assert kinds["certain"] == singles - assumed, where
    assert kinds["possible"] == {
        (unit, tuple(pair["gaps"])) for pair in sets["possible"] for unit in pair["units"]
    }, where

    already = points["status"] == "already_stopped"
    certain = {unit for unit, _ in kinds["certain"]}
    other = {unit for kind in ("assumed", "possible") for unit, _ in kinds[kind]} - certain
    nothing_lost = status(net, target, (), **asked)
    assert (nothing_lost == "already_stopped") == already, where
    assert (nothing_lost == "runs") == (points["status"] == "runs"), where
    for unit in sorted(oracles.World(net).units(by)):
        loss = status(net, target, [unit], **asked)
        reason = explain(net, target, [unit], **asked).to_dict()["status"]
        assert loss == reason, (*where, unit)
        if already:
            assert loss == "already_stopped", (*where, unit)
        elif unit not in points["own"]:
            # Certain in one is certain in all; what only may stop it is never shown as running.
            assert (loss == "stopped") == (unit in certain), (*where, unit)
            assert unit not in other or loss == "possibly_stopped", (*where, unit)


def test_the_four_commands_agree_on_random_networks():
    for _, net, target, by, coverage in with_and_without_coverage():
        assert_the_four_agree(net, target, by, coverage=coverage)


# Shipped networks


def targets_of(net):
    consumers = {row["supplier"] for row in rows(net, "supplies")}
    return net.meta.targets or tuple(sorted(set(net.node_rows) - consumers))


def test_networks_are_shipped():
    assert set(SHIPPED) == set(supplynet.examples())
    assert {"rare_earth_magnets", "recycling_loop", "worked_example"} <= set(SHIPPED)


SHIPPED_QUESTIONS = [
    *((by, None) for by in SHIPPED_BYS),
    *((by, "0.5") for by in (SHIPPED_BYS if IN_CI else ("country",))),
]


@pytest.mark.parametrize(("by", "coverage"), SHIPPED_QUESTIONS)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_four_commands_agree_on_shipped_networks(name, by, coverage):
    net = supplynet.load_example(name)
    assert targets_of(net)
    for target in targets_of(net):
        assert_the_four_agree(net, target, by, coverage=coverage)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_give_the_answers_worked_out_by_hand(name):
    net = supplynet.load_example(name)
    cases = json.loads((GRAPHS / name / "expected.json").read_text(encoding="utf-8"))["cases"]
    assert cases
    for case in cases:
        where = (name, case["target"], case["by"])
        assert case["why"], where
        on = oracles.date.fromisoformat(case["on"]) if case.get("on") else None
        found = minimal_cut_sets(
            net,
            case["target"],
            by=case["by"],
            on=on,
            max_order=case["max_order"],
            max_gaps=case.get("max_gaps", 1),
        ).to_dict()
        assert found["complete"], where
        assert found["status"] == case["status"], where
        certain = [cut for cut in found["cut_sets"] if cut not in found["assumed"]]
        assert as_sets(certain) == as_sets(case["certain"]), where
        assert as_sets(found["assumed"]) == as_sets(case["assumed"]), where
        pairs = {(frozenset(p["units"]), frozenset(p["gaps"])) for p in found["possible"]}
        for pair in case.get("possible_contains", ()):
            assert (frozenset(pair["units"]), frozenset(pair["gaps"])) in pairs, (*where, pair)
        for what in ("blind_spots", "own"):
            if what in case:
                assert sorted(found[what]) == sorted(case[what]), (*where, what)


@pytest.mark.parametrize("coverage", [None, "0.5"])
@pytest.mark.parametrize("by", ["node", "country", "material"])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_networks_against_the_oracle(name, by, coverage):
    """Every unit and every gap of the whole network, each tried alone."""
    net = supplynet.load_example(name)
    for target in targets_of(net)[:3]:
        question = oracles.Question(net, target, by, coverage=coverage)
        oracle = question.answer(1, 0)
        asked = {"by": by, "coverage": coverage, "max_order": 1, "max_gaps": 0}
        found = minimal_cut_sets(net, target, **asked).to_dict()
        assert found["status"] == oracle.status, target
        assert as_sets(found["cut_sets"]) == oracle.cut_sets, target
        assert as_sets(found["assumed"]) == oracle.assumed, target
        assert set(found["own"]) == oracle.own, target
        assert set(found["blind_spots"]) == oracle.blind_spots, target


def as_sets(cuts):
    return {frozenset(cut) for cut in cuts}
