"""The cells to fill next: what they would settle is what asking again says."""

from __future__ import annotations

import dataclasses
import json

import pytest
from strategies import Seeded

import supplynet
from supplynet.analysis import settle
from supplynet.analysis.settle import OpenFinding, next_cells
from supplynet.answers import as_text, describe, info_blocks
from supplynet.errors import QuestionError, UnknownNameError
from supplynet.schema import TABLES

CHAIN = [
    {"supplier": "mine", "consumer": "smelter", "material": "ore"},
    {"supplier": "smelter", "consumer": "plant", "material": "metal"},
]


def network(supplies, nodes=None, *, targets=("plant",), known=True, **tables):
    """Return a network in which everything upstream is known unless a row says otherwise."""
    ids = dict.fromkeys(row[end] for row in supplies for end in ("supplier", "consumer"))
    given = {row["id"]: row for row in nodes or ()}
    consumers = {row["consumer"] for row in supplies}
    upstream = {key: "recorded" if key in consumers else "none" for key in ids} if known else {}
    rows = [
        {"id": key, "upstream": upstream.get(key), **given.get(key, {})}
        for key in dict.fromkeys((*ids, *given))
    ]
    return supplynet.from_frames(supplies, rows, network={"targets": list(targets)}, **tables)


def one_cell(net, gap, **options):
    found = next_cells(net, **options)
    return next(cell for cell in found.cells if cell.gap == gap)


def fates(cell):
    return {value.end: (value.rules_out, value.certain, value.opens) for value in cell.values}


def test_inputs_that_nobody_has_looked_at():
    net = network(CHAIN, [{"id": "mine", "upstream": None}])
    found = next_cells(net)
    assert found.open == (OpenFinding("plant", "", (), ("upstream:mine",)),)
    (cell,) = found.cells
    assert (cell.table, cell.row, cell.field, cell.named) == ("nodes", "mine", "upstream", 1)
    assert [value.value for value in cell.values] == [
        "upstream=none",
        "a row in needs that nobody supplies",
    ]
    assert fates(cell) == {"good": (1, 0, 0), "bad": (0, 1, 0)}
    assert found.complete


def test_inputs_known_in_part_are_marked_recorded():
    cell = one_cell(network(CHAIN, [{"id": "smelter", "upstream": "unknown"}]), "upstream:smelter")
    assert cell.values[0].value == "upstream=recorded"
    assert fates(cell) == {"good": (1, 0, 0), "bad": (0, 1, 0)}


def test_a_list_of_suppliers_that_may_go_on():
    needs = [{"consumer": "plant", "material": "metal", "suppliers": "partial"}]
    net = network(CHAIN, needs=needs)
    cell = one_cell(net, "suppliers:plant/metal")
    # Mine and smelter each stop the plant if nobody else supplies metal.
    assert fates(cell) == {"good": (2, 0, 0), "bad": (0, 2, 0)}
    assert (cell.table, cell.field, cell.row) == ("needs", "suppliers", "plant")
    assert cell.where == "needs row 1"
    assert "suppliers=complete settles 2 (2 certain)" in cell.text


def test_a_list_left_open_by_shares_needs_a_new_row():
    supplies = [CHAIN[0], {**CHAIN[1], "share": "0.6"}]
    cell = one_cell(network(supplies), "suppliers:plant/metal")
    assert cell.where == "needs.csv"
    assert "a new row for plant" in cell.text
    assert fates(cell) == {"good": (2, 0, 0), "bad": (0, 2, 0)}


def test_a_list_of_suppliers_of_a_material_without_a_name():
    supplies = [CHAIN[0], {"supplier": "smelter", "consumer": "plant", "share": "0.6"}]
    cell = one_cell(network(supplies), "suppliers:plant/unnamed material")
    assert fates(cell) == {"good": (2, 0, 0), "bad": (0, 2, 0)}


def test_a_substitute_group_and_a_product():
    needs = [
        {"consumer": "plant", "material": material, "group": "metals", "product": "tank",
         "suppliers": "partial"}
        for material in ("metal", "alloy")
    ]  # fmt: skip
    net = network(CHAIN, [{"id": "plant", "makes": "tank"}], needs=needs)
    assert fates(one_cell(net, "suppliers:plant/metals/tank")) == {
        "good": (2, 0, 0),
        "bad": (0, 2, 0),
    }


@pytest.mark.parametrize(
    ("doubt", "good"),
    [
        ({"qualified": "unknown"}, "qualified=yes"),
        ({"confidence": "illustrative"}, "confidence=low or better"),
        ({"status": "planned", "start": "2020-01-01"}, "status=operating"),
        (
            {"qualified": "unknown", "confidence": "illustrative"},
            "qualified=yes, confidence=low or better",
        ),
    ],
)
def test_a_supply_in_doubt(doubt, good):
    supplies = [*CHAIN, {"supplier": "other", "consumer": "plant", "material": "metal", **doubt}]
    net = network(supplies)
    cell = one_cell(net, "supply:other>plant:metal", on="2026-01-01")
    assert [value.value for value in cell.values] == [good, "qualified=no"]
    assert fates(cell) == {"good": (2, 0, 0), "bad": (0, 2, 0)}
    assert cell.field == good.partition("=")[0]


def test_materials_left_blank():
    supplies = [
        {"supplier": "a", "consumer": "plant"},
        {"supplier": "b", "consumer": "plant"},
    ]
    cell = one_cell(network(supplies), "material:plant")
    assert fates(cell) == {"good": (2, 0, 0), "bad": (0, 2, 0)}
    assert (cell.field, cell.table) == ("material", "supplies")


def test_a_blank_country_is_tried_where_it_would_matter():
    nodes = [
        {"id": "mine", "country": "AU"},
        {"id": "smelter", "country": "CN"},
        {"id": "other", "country": None},
        {"id": "plant", "country": "US"},
    ]
    supplies = [*CHAIN, {"supplier": "other", "consumer": "plant", "material": "metal"}]
    cell = one_cell(network(supplies, nodes), "unit:other")
    assert [value.value for value in cell.values] == [
        "country=AU",
        "country=CN",
        "country=any other",
    ]
    # Open: other with AU, other with CN. In AU it settles both: one certain, one gone.
    assert [(v.rules_out, v.certain) for v in cell.values] == [(1, 1), (1, 1), (2, 0)]


def test_a_blank_country_that_stops_the_target_alone():
    nodes = [
        {"id": "mine", "country": "AU"},
        {"id": "smelter", "country": None},
        {"id": "plant", "country": "US"},
    ]
    cell = one_cell(network(CHAIN, nodes), "unit:smelter")
    assert [(v.value, v.certain) for v in cell.values] == [("country=any other", 1)]


@pytest.mark.parametrize("by", ["operator", "stage"])
def test_other_blanks_that_hide_what_falls_together(by):
    nodes = [{"id": "smelter", by: "x"}, {"id": "mine", by: "y"}, {"id": "plant", by: "z"}]
    entities = [{"id": key} for key in "xyz"]
    supplies = [*CHAIN, {"supplier": "other", "consumer": "plant", "material": "metal"}]
    net = network(supplies, nodes, entities=entities)
    cell = one_cell(net, "unit:other", by=by)
    assert [v.value for v in cell.values] == [f"{by}=x", f"{by}=y", f"{by}=any other"]
    assert [(v.rules_out, v.certain) for v in cell.values] == [(1, 1), (1, 1), (2, 0)]


def test_owners_are_worked_out_so_they_are_named_and_not_tried():
    nodes = [{"id": "smelter", "operator": "x"}, {"id": "mine", "operator": "y"}]
    supplies = [*CHAIN, {"supplier": "other", "consumer": "plant", "material": "metal"}]
    cell = one_cell(network(supplies, nodes), "unit:other", by="owner")
    assert (cell.table, cell.field, cell.values) == ("nodes", "operator", ())
    assert "not tried" in cell.text


def test_a_stop_through_illustrative_links_is_no_vanishing():
    """A target that the bad end stops only through a guessed link is not taken for safe."""
    supplies = [CHAIN[0], {**CHAIN[1], "confidence": "illustrative"}]
    net = network(supplies, [{"id": "mine", "upstream": None}])
    assert fates(one_cell(net, "upstream:mine")) == {"good": (1, 0, 0), "bad": (0, 1, 0)}


def test_a_target_that_illustrative_links_hold_down_anyway():
    needs = [
        {"consumer": "plant", "material": "gas", "suppliers": "complete",
         "confidence": "illustrative"},
    ]  # fmt: skip
    net = network(CHAIN, [{"id": "mine", "upstream": None}], needs=needs)
    assert fates(one_cell(net, "upstream:mine")) == {"good": (1, 0, 0), "bad": (0, 1, 0)}


def test_names_that_are_taken_are_not_taken_again():
    supplies = [
        {"supplier": "another supplier", "consumer": "smelter", "material": "unrecorded input"},
        {"supplier": "smelter", "consumer": "plant", "material": "metal"},
    ]
    nodes = [{"id": "another supplier", "upstream": None}]
    needs = [{"consumer": "plant", "material": "metal", "suppliers": "partial"}]
    net = network(supplies, nodes, needs=needs)
    # Open: either node with the open list; what the mine needs with it is two gaps at once.
    assert fates(one_cell(net, "suppliers:plant/metal"))["good"] == (2, 0, 0)
    alone = network(supplies, [{"id": "smelter", "upstream": "unknown"}])
    assert fates(one_cell(alone, "upstream:smelter")) == {"good": (1, 0, 0), "bad": (0, 1, 0)}


def test_a_search_cut_short_rules_out_no_pair():
    needs = [{"consumer": "plant", "material": "metal", "suppliers": "partial"}]
    net = network(CHAIN, needs=needs)
    gone = supplynet.minimal_cut_sets(network(CHAIN[:1], targets=("smelter",)), "smelter")
    pair, blind = (OpenFinding("smelter", "node", units, ("g",)) for units in (("x",), ()))
    assert settle._fate(pair, gone, None) == "ruled out"
    short = dataclasses.replace(gone, possible_complete_to=0)
    assert settle._fate(pair, short, None) == "open"
    assert settle._fate(blind, short, None) == "ruled out"
    open_pair = next_cells(net).open[0]
    still = supplynet.minimal_cut_sets(net, "plant", max_order=1)
    assert settle._fate(open_pair, still, None) == "open"


def test_order_is_by_what_is_settled_whatever_is_true():
    found = next_cells(supplynet.load_example("rare_earth_magnets"))
    least = [min(v.settles for v in cell.values) for cell in found.cells]
    assert least == sorted(least, reverse=True)
    assert least[0] > least[-1]
    assert found.gaps > len(found.cells) == 10
    assert not found.complete


def test_values_of_the_flagship_agree_with_entering_them_by_hand(tmp_path):
    """The first cell, filled in the files: the open findings that it settles are gone."""
    net = supplynet.load_example("rare_earth_magnets")
    found = next_cells(net, max_cells=1)
    cell = found.cells[0]
    assert (cell.table, cell.field) == ("supplies", "qualified")
    supplynet.save(net, tmp_path / "copy")
    frame = supplynet.load(tmp_path / "copy").supplies
    frame.loc[frame["id"] == cell.row, "qualified"] = "no"
    tables = {name: net.frame(name) for name in net.tables if name != "supplies"}
    changed = supplynet.from_frames(
        frame, network={"as_of": net.as_of, "targets": net.meta.targets}, **tables
    )
    gap = cell.gap
    hanging = [f for f in found.open if gap in f.gaps]
    certain = 0
    for finding in hanging:
        after = supplynet.minimal_cut_sets(changed, finding.target, by=finding.by, max_order=1)
        certain += (finding.units in after.cut_sets) or after.status == "already_stopped"
    bad = next(value for value in cell.values if value.end == "bad")
    assert (bad.certain, bad.rules_out) == (certain, 0)
    assert certain == len(hanging) == cell.named


def test_every_gap_of_the_shipped_networks_has_its_cell():
    kinds = set()
    for name in supplynet.examples():
        net = supplynet.load_example(name)
        found = next_cells(net, max_cells=100)
        assert found.gaps == found.tried == len(found.cells)
        for cell in found.cells:
            kinds.add(cell.gap.partition(":")[0])
            assert cell.field in TABLES[cell.table]
            assert cell.values
            for value in cell.values:
                assert value.settles <= cell.named
                assert value.settles > 0, cell.text
    assert kinds >= {"upstream", "suppliers", "supply", "unit"}


@pytest.mark.parametrize("seed", range(60))
def test_drawn_networks_have_a_cell_for_every_gap(seed):
    """Whatever gap a network has, the cell is found and asking again raises nothing."""
    net = drawn(seed)
    found = next_cells(net, list(net.node_rows)[:3], by=("node", "country", "operator"))
    assert len(found.cells) == min(10, found.gaps)
    for cell in found.cells:
        for value in cell.values:
            assert 0 <= value.settles <= cell.named, cell.text


def drawn(seed):
    """Return a small network with gaps of all kinds that passes the checks."""
    choose = Seeded(seed)
    names = [f"n{i}" for i in range(choose.between(3, 7))]
    nodes = [
        {
            "id": name,
            "upstream": choose.pick([None, "recorded", "unknown", "none"]),
            "country": choose.pick([None, "CN", "US"]),
            "operator": choose.pick([None, "e1", "e2"]),
        }
        for name in names
    ]
    supplies = {}
    for _ in range(choose.between(2, 12)):
        row = {
            "supplier": choose.pick(names),
            "consumer": choose.pick(names),
            "material": choose.pick([None, None, "m1", "m2"]),
            "qualified": choose.pick(["yes", "unknown", "no"]),
            "confidence": choose.pick([None, "illustrative", "high"]),
            "share": choose.pick([None, None, "0.1"]),
        }
        supplies[row["supplier"], row["consumer"], row["material"]] = row
    needs = {}
    for _ in range(choose.between(0, 4)):
        row = {
            "consumer": choose.pick(names),
            "material": choose.pick(["m1", "m2", "m3"]),
            "group": choose.pick([None, "g"]),
            "suppliers": choose.pick([None, "partial", "complete", "not_modelled"]),
        }
        needs[row["consumer"], row["material"]] = row
    tables = {"entities": [{"id": "e1"}, {"id": "e2"}]}
    if needs:
        tables["needs"] = list(needs.values())
    return supplynet.from_frames(list(supplies.values()), nodes, **tables)


def test_the_work_is_bounded_and_what_is_left_out_is_said(monkeypatch):
    net = supplynet.load_example("rare_earth_magnets")
    sizes = {}
    for work in (100, 200_000, 800_000, 3_000_000):
        monkeypatch.setattr(settle, "_WORK", work)
        found = next_cells(net)
        assert found.targets + found.not_asked == net.meta.targets
        assert set(found.without_pairs) <= set(found.targets)
        assert not found.complete
        sizes[work] = (len(found.targets), len(found.without_pairs), found.tried)
    assert sizes[100] == (0, 0, 0)
    assert 0 < sizes[200_000][0] < len(net.meta.targets)
    assert sizes[800_000][1] > 0
    assert sizes[3_000_000][1] < sizes[800_000][1]
    assert sizes[3_000_000][2] < 30


def test_bad_questions_are_refused():
    net = network(CHAIN)
    with pytest.raises(QuestionError, match="max_cells"):
        next_cells(net, max_cells=-1)
    with pytest.raises(UnknownNameError):
        next_cells(net, "plants")
    with pytest.raises(QuestionError):
        next_cells(net, by="nod")


def test_the_same_input_gives_the_same_answer():
    one, two = (
        json.dumps(next_cells(supplynet.load_example("uav_components")).to_dict()) for _ in range(2)
    )
    assert one == two


def test_frame_and_words():
    found = next_cells(network(CHAIN, [{"id": "mine", "upstream": None}]))
    frame = found.to_frame()
    assert list(frame["settles"]) == [1, 1]
    assert list(frame["gap"].unique()) == ["upstream:mine"]
    assert "1 cell to fill" in repr(found)
    assert "upstream=none" in found._repr_html_()


def test_info_says_what_is_certain_what_is_blind_and_what_to_fill():
    net = network(CHAIN, [{"id": "mine", "upstream": None, "country": "AU"}])
    facts = {**describe(net), "next": "supplynet chokepoints x"}
    assert facts["understood"]["nodes"] == 3
    by_node = next(entry for entry in facts["certain"] if entry["by"] == "node")
    assert by_node["certain"] == ["mine", "smelter"]
    assert [spot["gap"] for spot in facts["blind_spots"]] == ["unit:smelter", "upstream:mine"]
    assert facts["next_cells"]["open"] == 2
    json.dumps(facts)
    text = as_text(info_blocks(net, facts))
    assert "plant   mine, smelter  AU" in text
    assert "what mine needs is not recorded in full (plant)" in text
    assert "upstream=none settles 1 of 2 open findings (1 ruled out)" in text


def test_info_names_what_was_left_out(monkeypatch):
    net = supplynet.load_example("rare_earth_magnets")
    monkeypatch.setattr(settle, "_WORK", 400_000)
    text = as_text(info_blocks(net, {**describe(net), "next": ""}))
    assert "NOT ASKED, for the size of the network" in text
    assert "NOT SEARCHED, for the size of the network" in text
    assert "gaps that open findings hang on" in text


def test_info_without_a_date_or_a_target_has_no_first_answer():
    dated = supplynet.from_frames([{**CHAIN[0], "start": "2020-01-01"}])
    assert describe(dated)["next_cells"] is None
    loop = supplynet.from_frames([{"supplier": "a", "consumer": "a", "material": "x"}])
    facts = describe(loop)
    assert facts["certain"] is None
    assert "Cells to fill" not in as_text(info_blocks(loop, {**facts, "next": ""}))
