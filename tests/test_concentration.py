from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import make_network

from supplynet.analysis.concentration import concentration

D = Decimal


def mine(id_, country=None, **more):
    return {"id": id_, "stage": "mine", "country": country, **more}


def split(nodes, kind="country", basis="nodes", stage="mine", on=None, **tables):
    found = concentration(make_network(nodes=nodes, **tables), on=on)
    rows = [s for s in found.stages if (s.stage, s.kind, s.basis) == (stage, kind, basis)]
    return rows[0] if rows else None


def parts(found):
    return [(s.unit, s.share) for s in found.shares]


def test_by_count_of_nodes():
    found = split([mine("a", "CN"), mine("b", "CN"), mine("c", "AU"), mine("d", "US")])
    assert parts(found) == [("CN", 0.5), ("AU", 0.25), ("US", 0.25)]
    assert [s.nodes for s in found.shares] == [2, 1, 1]
    assert (found.top1, found.top3) == (0.5, 1.0)
    assert found.hhi_low == found.hhi_high == 0.375
    assert found.unknown == 0


def test_unknown_is_a_slice_and_the_index_a_band():
    found = split([mine("a", "CN"), mine("b", "AU"), mine("c"), mine("d")])
    assert parts(found) == [("AU", 0.25), ("CN", 0.25), (None, 0.5)]
    assert found.hhi_low == 0.125
    assert found.hhi_high == 0.625
    assert (found.top1, found.top3, found.unknown) == (0.25, 0.5, 0.5)


def test_nothing_known_is_anything():
    found = split([mine("a"), mine("b")])
    assert parts(found) == [(None, 1.0)]
    assert (found.hhi_low, found.hhi_high, found.top1) == (0.0, 1.0, 0.0)


def test_place_and_controller_are_told_apart():
    nodes = [mine("a", "MM", operator="x"), mine("b", "AU", operator="y")]
    tables = {
        "entities": [
            {"id": "x", "kind": "company", "country": "CN"},
            {"id": "y", "kind": "company", "country": "CN"},
        ]
    }
    assert parts(split(nodes, **tables)) == [("AU", 0.5), ("MM", 0.5)]
    assert parts(split(nodes, kind="controller", **tables)) == [("CN", 1.0)]


def test_capacity_where_it_is_recorded_in_one_unit():
    nodes = [
        mine("a", "CN", capacity=D(30), capacity_unit="t", capacity_basis="plan"),
        mine("b", "AU", capacity=D(10), capacity_unit="t", capacity_basis="output"),
        mine("c", "US", capacity=D(99), capacity_unit="kg"),
        mine("d", "US"),
    ]
    found = split(nodes, basis="capacity")
    assert parts(found) == [("CN", 0.75), ("AU", 0.25)]
    assert (found.nodes, found.without_capacity) == (4, 2)
    assert (found.capacity_unit, found.capacity_bases) == ("t", ("output", "plan"))
    assert parts(split(nodes)) == [("US", 0.5), ("AU", 0.25), ("CN", 0.25)]


def test_one_capacity_alone_is_no_split():
    assert split([mine("a", "CN", capacity=D(30), capacity_unit="t")], basis="capacity") is None


def test_capacity_of_a_node_without_a_country_is_the_unknown_slice():
    nodes = [
        mine("a", "CN", capacity=D(30), capacity_unit="t"),
        mine("b", capacity=D(10), capacity_unit="t"),
    ]
    assert parts(split(nodes, basis="capacity")) == [("CN", 0.75), (None, 0.25)]


def test_only_what_operates_on_the_date():
    nodes = [
        mine("a", "CN"),
        mine("b", "AU", start=date(2027, 1, 1)),
        mine("c", "US", status="closed"),
        mine("d", "FR", status="planned"),
    ]
    net = make_network(nodes=nodes)
    assert concentration(net).not_running == ("b", "c", "d")
    assert parts(split(nodes)) == [("CN", 1.0)]
    assert parts(split(nodes, on="2027-01-01")) == [("AU", 0.5), ("CN", 0.5)]


def test_nodes_without_a_stage_and_aggregates_are_named():
    nodes = [{"id": "a", "country": "CN", "kind": "aggregate"}, {"id": "b", "country": "US"}]
    found = split(nodes, stage=None)
    assert (found.nodes, found.aggregates) == (2, 1)
    frame = concentration(make_network(nodes=nodes)).to_frame()
    assert list(frame["of"]) == ["no stage on record"] * 2


def share(country, value=None, year=2025, edition="usgs", **more):
    number = None if value is None else D(value)
    return {
        "material": "reo", "stage": "mine", "country": country, "year": year,
        "share": number, "edition": edition, **more,
    }  # fmt: skip


def market(*rows, on=None):
    return concentration(make_network(shares=rows), on=on).markets


def test_a_market_names_what_is_not_recorded():
    (found,) = market(share("CN", "0.7"), share("US", "0.2"))
    assert parts(found) == [("CN", 0.7), ("US", 0.2), (None, 0.1)]
    assert (found.hhi_low, found.hhi_high) == (0.53, 0.54)
    assert (found.top1, found.top3, found.unknown) == (0.7, 0.9, 0.1)
    assert found.overfull is False


def test_the_latest_year_up_to_the_date_and_each_edition_apart():
    rows = [
        share("CN", "0.5", 2023),
        share("CN", "0.6", 2024),
        share("CN", "0.7", 2024, "iea"),
        share("CN", "0.9", 2027),
        share("CN", "0.8", 2023, "old"),
    ]
    assert [(m.year, m.edition, m.top1) for m in market(*rows)] == [
        (2024, "iea", 0.7),
        (2024, "usgs", 0.6),
    ]
    assert [m.top1 for m in market(*rows, on="2023-06-01")] == [0.8, 0.5]
    assert [m.top1 for m in market(*rows, on="2027-01-01")] == [0.9]


def test_bands_widen_the_index():
    (found,) = market(share("CN", "0.6", low=D("0.5"), high=D("0.7")), share("US", "0.3"))
    assert parts(found)[0] == ("CN", 0.6)
    assert found.hhi_low == 0.34
    assert found.hhi_high == 0.62


def test_a_listed_country_of_unknown_share_may_hold_the_rest():
    (found,) = market(share("CN", "0.6"), share("US"))
    assert parts(found) == [("CN", 0.6), (None, 0.4)], "unknown is not 0"
    assert found.unquantified == ("US",)
    assert found.hhi_low == 0.36
    assert found.hhi_high == 1.0


def test_shares_of_more_than_one_are_said():
    (found,) = market(share("CN", "0.9"), share("US", "0.2"))
    assert found.overfull is True
    assert found.unknown == 0


def test_forms():
    net = make_network(
        nodes=[mine("a", "CN"), mine("b", "AU")], shares=[share("CN", "0.7"), share("AU", "0.3")]
    )
    found = concentration(net)
    data = json.loads(json.dumps(found.to_dict()))
    assert [s["kind"] for s in data["stages"]] == ["country", "controller"]
    assert data["markets"][0]["shares"][0] == {"country": "CN", "share": 0.7}
    frame = found.to_frame()
    assert list(frame["largest"]) == ["AU, CN", "AU, CN", "CN"]
    assert frame["nodes"].isna().tolist() == [False, False, True]
    assert repr(found) == "<Concentration on 2026-06-01: 2 splits of stages, 1 markets>"
    assert "<table" in found._repr_html_()
    assert len(concentration(make_network()).to_frame()) == 0


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["AA", "BB", "CC", None]), st.integers(1, 5)),
        min_size=2,
        max_size=7,
    ),
    st.data(),
)
def test_the_band_holds_whatever_the_unknown_turns_out_to_be(holders, data):
    """Fill in every blank country at will: the index of the filled network is in the band."""
    filled = [
        (country or data.draw(st.sampled_from(["AA", "BB", "CC", "DD", "EE"])), size)
        for country, size in holders
    ]
    for basis in ("nodes", "capacity"):
        nodes = [
            mine(f"n{i}", country, capacity=D(size), capacity_unit="t")
            for i, (country, size) in enumerate(holders)
        ]
        found = split(nodes, basis=basis)
        weights: dict[str, Fraction] = {}
        total = sum(size if basis == "capacity" else 1 for _, size in filled)
        for country, size in filled:
            part = Fraction(size if basis == "capacity" else 1, total)
            weights[country] = weights.get(country, Fraction(0)) + part
        index = float(sum(w * w for w in weights.values()))
        assert found.hhi_low - 1e-9 <= index <= found.hhi_high + 1e-9
        assert sum(s.share for s in found.shares) == pytest.approx(1)
