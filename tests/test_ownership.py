from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import make_network

from supplynet.errors import QuestionError
from supplynet.ownership import Control, NodeControl, controllers

D = Decimal
OPERATED = {"id": "plant", "country": "GB", "operator": "op"}


def entity(id_, kind="company", country=None):
    return {"id": id_, "kind": kind, "country": country}


def held(owner, asset, share=None, kind="equity", **more):
    number = None if share is None else D(share)
    return {"owner": owner, "asset": asset, "share": number, "kind": kind, **more}


def control(holdings, entities=(), nodes=(OPERATED,), on=None) -> Control:
    net = make_network(nodes=nodes, holdings=holdings, entities=entities)
    return controllers(net, on=on)


def plant(holdings, entities=(), node=OPERATED, on=None) -> NodeControl:
    return control(holdings, entities, (node,), on).by_id[node["id"]]


def levers(node: NodeControl):
    return {(v.government, v.kind, v.certainty) for v in node.levers}


GB_GROUND = ("GB", "territory", "yes")


def test_nothing_recorded_is_nothing_known():
    node = plant([], node={"id": "plant"})
    assert (node.operator, node.owner, node.controller, node.levers) == (None, None, None, ())


def test_place_only():
    node = plant([], node={"id": "plant", "country": "CN"})
    assert node.owner is None
    assert node.controller == "CN"
    assert [v.to_dict() for v in node.levers] == [
        {
            "government": "CN",
            "kind": "territory",
            "certainty": "yes",
            "path": ["CN", "territory", "plant"],
        }
    ]


def test_operator_is_its_own_owner_where_nothing_is_above_it():
    node = plant([held("fund", "op", "0.4")], [entity("op", country="JP")])
    assert (node.owner, node.controller) == ("op", "JP")
    assert levers(node) == {GB_GROUND, ("JP", "domicile", "yes")}


def test_chain_of_majorities_to_the_top():
    node = plant(
        [held("mid", "op", "1"), held("top", "mid", "0.51")],
        [entity("op", country="GB"), entity("mid", country="NL"), entity("top", country="US")],
    )
    assert (node.owner, node.controller) == ("top", "US")
    assert node.owner_path == ("top", "equity 0.51", "mid", "equity 1", "op", "operator", "plant")
    assert levers(node) == {
        GB_GROUND,
        ("GB", "domicile", "yes"),
        ("NL", "domicile", "yes"),
        ("US", "domicile", "yes"),
    }


def test_holdings_of_a_group_add_up():
    holdings = [
        held("top", "a", "1"),
        held("top", "b", "0.9"),
        held("a", "op", "0.3"),
        held("b", "op", "0.3"),
    ]
    node = plant(holdings, [entity(e, country=e.upper() * 2) for e in ("a", "b", "top")])
    assert node.owner == "top"
    assert node.owner_path == (
        "top",
        "equity 1",
        "a",
        "equity 0.3 (with b equity 0.3)",
        "op",
        "operator",
        "plant",
    )
    assert {v.government for v in node.levers} == {"GB", "TOPTOP"}


@pytest.mark.parametrize(
    ("band", "certainty"),
    [
        ({"share": D("0.5")}, "possibly"),
        ({"share": D("0.5000001")}, "yes"),
        ({"share": D("0.4999999")}, None),
        ({}, "possibly"),
        ({"share_low": D("0.4"), "share_high": D("0.6")}, "possibly"),
        ({"share": D("0.45"), "share_high": D("0.6")}, "possibly"),
        ({"share_low": D("0.3")}, "possibly"),
        ({"share_low": D("0.51"), "share_high": D("0.6")}, "yes"),
        ({"share_low": D("0.3"), "share_high": D("0.49")}, None),
        ({"share_high": D("0.49")}, None),
    ],
)
def test_what_is_known_of_a_share_decides(band, certainty):
    holding = {"owner": "top", "asset": "op", "kind": "equity", **band}
    node = plant([holding], [entity("top", country="US"), entity("op")])
    found = [v.certainty for v in node.levers if v.government == "US"]
    assert found == ([certainty] if certainty else [])
    if certainty == "possibly":
        assert node.owner is None
        assert node.possible_owners == ("top",)
        assert node.controller is None, "op's home is unknown, top is only possible"
    else:
        assert node.owner == ("top" if certainty else "op")
        assert node.possible_owners == ()


def test_an_unknown_share_is_bounded_by_what_others_hold():
    node = plant(
        [held("known", "op", "0.6"), held("unknown", "op")],
        [entity("known", country="FR"), entity("unknown", country="CN")],
    )
    assert node.owner == "known"
    assert "CN" not in {v.government for v in node.levers}


def test_two_halves_leave_the_owner_open():
    node = plant(
        [held("a", "plant", "0.5"), held("b", "plant", "0.5")],
        [entity("a", country="US"), entity("b", country="US"), entity("op", country="GB")],
    )
    assert (node.owner, node.possible_owners) == (None, ("a", "b"))
    assert node.controller is None
    assert ("US", "domicile", "possibly") in levers(node)


def test_open_owner_with_one_home_has_a_controller():
    node = plant([held("a", "op")], [entity("a", country="JP"), entity("op", country="JP")])
    assert (node.owner, node.controller) == (None, "JP")


def test_a_node_that_is_held_directly_goes_before_its_operator():
    node = plant(
        [held("jv", "plant", "0.8"), held("parent", "op", "1")],
        [entity("jv", country="KR"), entity("op", country="GB"), entity("parent", country="US")],
    )
    assert (node.owner, node.controller) == ("jv", "KR")
    assert levers(node) == {
        GB_GROUND,
        ("GB", "domicile", "yes"),
        ("KR", "domicile", "yes"),
        ("US", "domicile", "yes"),
    }


def test_a_small_stake_in_the_node_leaves_the_operator_as_owner():
    assert plant([held("jv", "plant", "0.2")]).owner == "op"
    assert plant([held("jv", "plant", "0.2")], node={"id": "plant"}).owner is None


def test_a_circle_has_no_top_and_is_one_group():
    holdings = [held("op", "abc", "1"), held("abc", "op", "1")]
    nodes = [OPERATED, {"id": "second", "operator": "abc"}]
    found = control(holdings, [], nodes).by_id
    assert found["plant"].owner == found["second"].owner == "abc"
    assert found["plant"].owner_path[0] == "owned in a circle: abc, op"


def test_a_circle_below_a_top():
    holdings = [held("a", "op", "0.6"), held("op", "a", "0.3"), held("top", "a", "0.6")]
    assert plant(holdings).owner == "top"


def test_a_firm_that_holds_itself():
    assert plant([held("op", "op", "0.7"), held("x", "op", "0.3")]).owner == "op"


def test_bodies_of_one_state_act_together():
    entities = [
        entity("body1", "government", "CN"),
        entity("body2", "government", "CN"),
        entity("op", country="CN"),
    ]
    node = plant([held("body1", "op", "0.31"), held("body2", "op", "0.22")], entities)
    assert (node.owner, node.controller) == ("CN", "CN")
    assert node.owner_path[:2] == ("CN", "government")
    assert ("CN", "state_owned", "yes") in levers(node)
    one = plant([held("body1", "op", "0.6"), held("body2", "op", "0.2")], entities)
    assert (one.owner, one.controller) == ("body1", "CN")


def test_two_states_do_not_act_together():
    entities = [entity("x", "government", "CN"), entity("y", "government", "FR"), entity("op")]
    node = plant([held("x", "op", "0.3"), held("y", "op", "0.3")], entities)
    assert levers(node) == {GB_GROUND}
    assert node.owner == "op"


def test_a_state_chain_is_told_from_domicile():
    entities = [
        entity("gov", "government", "CN"),
        entity("soe", country="CN"),
        entity("op", country="DE"),
    ]
    node = plant([held("gov", "soe", "1"), held("soe", "op", "0.9")], entities)
    assert levers(node) == {
        GB_GROUND,
        ("DE", "domicile", "yes"),
        ("CN", "domicile", "yes"),
        ("CN", "state_owned", "yes"),
    }
    state = next(v for v in node.levers if v.kind == "state_owned")
    assert state.path == (
        "CN", "government", "gov", "equity 1", "soe", "equity 0.9", "op", "operator", "plant",
    )  # fmt: skip


def test_a_state_that_operates_itself():
    node = plant([], [entity("op", "government", "CA")])
    assert levers(node) == {GB_GROUND, ("CA", "state_owned", "yes")}
    assert (node.owner, node.controller) == ("op", "CA")


def test_a_government_of_unknown_country_is_named_itself():
    node = plant([held("gov", "op", "1")], [entity("gov", "government"), entity("op")])
    assert ("gov", "state_owned", "yes") in levers(node)


@pytest.mark.parametrize("kind", ["board", "veto", "golden_share"])
def test_a_say_is_possibly_control_and_no_ownership(kind):
    entities = [entity("gov", "government", "FR"), entity("op", country="GB")]
    node = plant([held("gov", "op", kind=kind)], entities)
    assert ("FR", "state_owned", "possibly") in levers(node)
    assert (node.owner, node.controller, node.possible_owners) == ("op", "GB", ())


def test_a_contract_is_no_control():
    entities = [entity("gov", "government", "US"), entity("op", country="GB")]
    node = plant([held("gov", "op", "1", kind="contract")], entities)
    assert levers(node) == {GB_GROUND, ("GB", "domicile", "yes")}


def test_management_controls_whatever_the_share_and_is_not_ownership():
    entities = [entity("gov", "government", "CN"), entity("op", country="DE"), entity("sub")]
    node = plant(
        [held("gov", "op", kind="management"), held("op", "sub", "1")],
        entities,
        {"id": "plant", "country": "GB", "operator": "sub"},
    )
    assert ("CN", "management", "yes") in levers(node)
    assert (node.owner, node.controller) == ("op", "CN")


def test_seizure_prevails_while_it_lasts():
    entities = [
        entity("nl", "government", "NL"),
        entity("wing", country="CN"),
        entity("op", country="NL"),
    ]
    holdings = [
        held("wing", "op", "1"),
        held("nl", "op", kind="seizure", start=date(2025, 9, 30), end=date(2025, 11, 19)),
    ]
    on = {day: plant(holdings, entities, on=date(2025, *day)) for day in
          [(9, 29), (9, 30), (11, 18), (11, 19)]}  # fmt: skip
    assert [n.controller for n in on.values()] == ["CN", "NL", "NL", "CN"]
    assert {n.owner for n in on.values()} == {"wing"}
    assert {n.country for n in on.values()} == {"GB"}
    assert ("NL", "seizure", "yes") in levers(on[9, 30])
    assert ("NL", "seizure", "yes") not in levers(on[9, 29])


def test_the_latest_of_two_seizures_prevails_and_a_tie_names_nobody():
    entities = [entity("a", "government", "AA"), entity("b", "government", "BB")]
    early = held("a", "plant", kind="court", start=date(2024, 1, 1))
    late = held("b", "plant", kind="seizure", start=date(2025, 1, 1))
    assert plant([early, late], entities).controller == "BB"
    assert plant([early, {**late, "start": date(2024, 1, 1)}], entities).controller is None


def test_an_armed_group_holds_the_ground():
    node = plant(
        [held("kia", "plant", kind="territory", start=date(2024, 10, 1))],
        [entity("kia", "armed_group", "MM")],
        {"id": "plant", "country": "MM"},
        on=date(2026, 1, 1),
    )
    assert node.controller == "kia"
    assert levers(node) == {("kia", "territory", "yes"), ("MM", "territory", "possibly")}


def test_a_foreign_state_holds_the_ground():
    node = plant(
        [held("ru", "plant", kind="territory")],
        [entity("ru", "government", "RU")],
        {"id": "plant", "country": "UA"},
    )
    assert node.controller == "RU"
    assert levers(node) == {("RU", "territory", "yes"), ("UA", "territory", "possibly")}


def test_votes_go_before_equity():
    entities = [entity("a", country="AA"), entity("b", country="BB"), entity("op")]
    holdings = [held("a", "op", "0.6", "votes"), held("b", "op", "0.7")]
    assert plant(holdings, entities).owner == "a"
    # b's votes are unknown where only a's are on record.
    open_ = plant([held("a", "op", "0.3", "votes"), held("b", "op", "0.7")], entities)
    assert (open_.owner, open_.possible_owners) == (None, ("b",))


def test_only_held_counts_and_only_on_the_date():
    entities = [entity("a", country="US"), entity("op")]
    for status in ("agreed", "option", "proposed"):
        assert plant([held("a", "op", "1", status=status)], entities).owner == "op"
    dated = [held("a", "op", "1", start=date(2025, 1, 1), end=date(2026, 1, 1))]
    for day, owner in [("2024-12-31", "op"), ("2025-01-01", "a"), ("2026-01-01", "op")]:
        assert plant(dated, entities, on=day).owner == owner


def test_dated_holdings_without_any_date_are_a_usage_error():
    holdings = [held("a", "op", "1", start=date(2020, 1, 1)), held("b", "op", "0.4")]
    net = make_network(as_of=None, nodes=[OPERATED], holdings=holdings)
    with pytest.raises(QuestionError, match="no date is known"):
        controllers(net)
    assert controllers(net, on="2021-01-01").by_id["plant"].owner == "a"


def test_undated_holdings_need_no_date():
    net = make_network(as_of=None, nodes=[OPERATED], holdings=[held("b", "op", "0.4")])
    found = controllers(net)
    assert found.on is None
    assert found.by_id["plant"].owner == "op"


def test_tranches_of_one_owner_add_up():
    assert plant([held("a", "op", "0.3"), held("a", "op", "0.3")]).owner == "a"


def test_shares_are_exact():
    thirds = [held(o, "op", "0.1") for o in "abcde"]
    top = [held("top", o, "1") for o in "abcde"]
    assert plant(thirds + top).owner is None, "five tenths are one half, exactly"


def test_no_date():
    with pytest.raises(QuestionError, match="'soon' is no date"):
        control([], on="soon")


def test_forms():
    found = control([held("a", "op", "1")], [entity("a", country="US")])
    assert found.to_dict()["nodes"][0]["controller"] == "US"
    frame = found.to_frame()
    assert list(frame["levers"]) == ["GB territory yes; US domicile yes"]
    assert repr(found) == "<Control on 2026-06-01: 1 of 1 nodes known>"
    assert "<table" in found._repr_html_()
    assert "levers" in control([], nodes=()).to_frame().columns


# -- the slow, obvious twin -------------------------------------------------------------------

NAMES = ["a", "b", "c", "d", "e"]


def slow_controls(actor, holdings):
    """Grow the group by whoever passes the threshold, checking everybody until nothing moves."""
    sure, maybe = {actor}, {actor}
    for group, reading in ((sure, "yes"), (maybe, "possibly")):
        moved = True
        while moved:
            moved = False
            for asset in sorted({h["asset"] for h in holdings} - group):
                low, high, outside = Fraction(0), Fraction(0), Fraction(0)
                for h in holdings:
                    if h["asset"] != asset:
                        continue
                    share = h["share"]
                    if h["owner"] in group:
                        low += Fraction(share or 0)
                        high += Fraction(1 if share is None else share)
                    else:
                        outside += Fraction(share or 0)
                high = max(low, min(high, 1 - outside))
                if (low > Fraction(1, 2)) if reading == "yes" else (high >= Fraction(1, 2)):
                    group.add(asset)
                    moved = True
    return sure, maybe


@st.composite
def registers(draw):
    holdings = []
    for asset in NAMES:
        left = 10
        for owner in draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True)):
            share = draw(st.sampled_from([None, 1, 2, 3, 4, 5, 6, 10]))
            if share is not None and share > left:
                continue
            left -= share or 0
            holdings.append(held(owner, asset, None if share is None else str(share / 10)))
    return holdings


@settings(max_examples=300, deadline=None)
@given(registers())
def test_levers_equal_the_slow_twin(holdings):
    entities = [entity(n, country=n.upper() * 2) for n in NAMES]
    nodes = [{"id": f"plant_{n}", "operator": n} for n in NAMES]
    found = control(holdings, entities, nodes)
    groups = {n: slow_controls(n, holdings) for n in NAMES}
    for name in NAMES:
        node = found.by_id[f"plant_{name}"]
        expected = {
            (actor.upper() * 2, "domicile", "yes" if name in sure else "possibly")
            for actor, (sure, maybe) in groups.items()
            if name in maybe
        }
        assert levers(node) == expected
        above = {a for a in NAMES if name in groups[a][0]}
        if node.owner is not None:
            assert node.owner in above
            # Nobody stands surely above the owner but those it owns in turn.
            for a in above:
                if node.owner in groups[a][0]:
                    assert a in groups[node.owner][0]
        else:
            assert node.possible_owners
            for a in node.possible_owners:
                assert name in groups[a][1]


@settings(max_examples=200, deadline=None)
@given(registers(), st.data())
def test_learning_a_share_keeps_what_was_certain(holdings, data):
    unknown = [i for i, h in enumerate(holdings) if h["share"] is None]
    if not unknown:
        return
    i = data.draw(st.sampled_from(unknown))
    asset = holdings[i]["asset"]
    room = 10 - sum(int(h["share"] * 10) for h in holdings if h["asset"] == asset and h["share"])
    share = data.draw(st.integers(0, room))
    learned = [*holdings[:i], {**holdings[i], "share": D(share) / 10}, *holdings[i + 1 :]]
    for a, b in itertools.product(NAMES, NAMES):
        before, after = certainty(a, b, holdings), certainty(a, b, learned)
        assert before in (after, "possibly")


def certainty(actor, name, holdings):
    """Return what the library says of `actor` over `name`."""
    entities = [entity(actor, country="XX")]
    node = control(holdings, entities, [{"id": "p", "operator": name}]).by_id["p"]
    return next((v.certainty for v in node.levers if v.government == "XX"), None)


@settings(max_examples=50, deadline=None)
@given(registers(), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(holdings, shuffler):
    entities = [entity(n, country=n.upper() * 2) for n in NAMES]
    nodes = [{"id": f"plant_{n}", "operator": n} for n in NAMES]
    before = control(holdings, entities, nodes).to_dict()
    for rows in (holdings, entities, nodes):
        shuffler.shuffle(rows)
    assert control(holdings, entities, nodes).to_dict() == before


def test_three_thousand_firms_resolve():
    """A long chain, a wide holding and many small circles; nobody waits, nothing recurses."""
    holdings = [held(f"f{i}", f"f{i + 1}", "0.6") for i in range(300)]
    holdings += [held(f"g{i}", f"g{i ^ 1}", "0.6") for i in range(1000)]
    holdings += [held("top", f"h{i}", "1") for i in range(1700)]
    nodes = [{"id": f"n{i}", "operator": f"h{i}"} for i in range(1700)]
    nodes += [{"id": "low", "operator": "f300"}]
    found = control(holdings, nodes=nodes).by_id
    assert found["low"].owner == "f0"
    assert found["n7"].owner == "top"
