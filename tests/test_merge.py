"""Merging: the same thing is found, disagreements are findings, gaps stay gaps."""

from __future__ import annotations

import csv
import io
import itertools

import pytest
from strategies import Seeded

import supplynet
from supplynet.errors import QuestionError, UnknownNameError, ValidationError
from supplynet.io.merge import merge
from supplynet.schema import TABLES


def net(supplies=(), nodes=None, *, name="", **tables):
    """Return a network; its supplies as `supplier>consumer:material` or rows."""
    rows = [row if isinstance(row, dict) else _supply(row) for row in supplies]
    network = {"name": name, **tables.pop("network", {})}
    given = rows or {"supplier": [], "consumer": []}
    if nodes is not None:
        ids = [row["id"] for row in nodes]
        ends = dict.fromkeys(row[end] for row in rows for end in ("supplier", "consumer"))
        nodes = [*nodes, *({"id": end} for end in ends if end not in ids)]
    return supplynet.from_frames(given, nodes, network=network, **tables)


def _supply(text):
    ends, _, material = text.partition(":")
    supplier, _, consumer = ends.partition(">")
    return {"supplier": supplier, "consumer": consumer, "material": material}


def both(one, two, **options):
    return merge([one, two], names=["A", "B"], **options)


def merged(one, two, **options):
    return both(one, two, **options).network()


def row_of(network, table, key):
    return next(row for row in network.table(table).rows() if row["id"] == key)


def whats(found, level):
    return [finding.what for finding in found.findings if finding.level == level]


# The same thing


def test_tables_are_joined_and_blanks_are_filled():
    one = net(["mine>mill:ore"], [{"id": "mill", "country": "AU"}])
    two = net(["mill>plant:metal"], [{"id": "mill", "stage": "metal", "latitude": "1.50"}])
    found = merged(one, two)
    assert sorted(found.node_rows) == ["mill", "mine", "plant"]
    mill = found.node_rows["mill"]
    assert (mill["country"], mill["stage"], str(mill["latitude"])) == ("AU", "metal", "1.5")
    assert found.table("supplies").column("id") == ["mine>mill:ore", "mill>plant:metal"]


@pytest.mark.parametrize("name", supplynet.examples())
def test_a_network_merged_with_itself_is_itself(name):
    shipped = supplynet.load_example(name)
    found = merge([shipped, shipped])
    assert found.network().digest == shipped.digest
    assert found.conflicts == ()
    assert found.renamed == ()
    assert merge([shipped, shipped, shipped]).network().digest == shipped.digest
    assert merge([shipped]).network().digest == shipped.digest


def test_the_same_by_lei_everywhere_it_is_named():
    one = net(
        ["acme>plant:ore"],
        [{"id": "acme", "lei": "529900ABCDEFGHIJ1234", "operator": "acme_plc"}],
        entities=[{"id": "acme_plc", "lei": "111100ABCDEFGHIJ1234"}],
    )
    two = net(
        ["Q1>other:ore", "x>Q1:acid"],
        [{"id": "Q1", "lei": "529900abcdefghij1234 ", "operator": "E7"}],
        entities=[{"id": "E7", "lei": "111100ABCDEFGHIJ1234"}, {"id": "top"}],
        needs=[{"consumer": "Q1", "material": "acid", "suppliers": "partial"}],
        holdings=[{"owner": "top", "asset": "E7", "share": "0.6"}, {"owner": "E7", "asset": "Q1"}],
        measures=[{"id": "m", "authority": "top", "parties": "E7;Q1;unread"}],
        network={"targets": ["other", "Q1"]},
    )
    found = both(one, two)
    network = found.network()
    assert set(network.table("supplies").column("supplier")) == {"acme", "x"}
    assert "acme" in network.table("supplies").column("consumer")
    assert network.table("needs").column("consumer") == ["acme"]
    assert network.table("holdings").column("asset") == ["acme_plc", "acme"]
    assert network.table("holdings").column("owner") == ["top", "acme_plc"]
    assert network.table("measures").column("parties") == [("acme_plc", "acme", "unread")]
    assert network.node_rows["acme"]["operator"] == "acme_plc"
    assert network.meta.targets == ("other", "acme")
    assert network.node_rows["acme"]["aliases"] == ("Q1",)
    assert row_of(network, "entities", "acme_plc")["aliases"] == ("E7",)
    assert [(r.table, r.hand, r.old, r.new) for r in found.renamed if r.table != "supplies"] == [
        ("entities", "B", "E7", "acme_plc"),
        ("nodes", "B", "Q1", "acme"),
    ]
    assert "acme>other:ore" in network.table("supplies").column("id")


def test_a_lei_that_two_sites_share_joins_nothing():
    lei = "529900ABCDEFGHIJ1234"
    one = net(["a>c:x", "b>c:y"], [{"id": "a", "lei": lei}, {"id": "b", "lei": lei}])
    two = net(["d>c:x"], [{"id": "d", "lei": lei}])
    found = both(one, two)
    assert "d" in found.network().node_rows
    assert any("a, b have one LEI" in what for what in whats(found, "note"))


@pytest.mark.parametrize("alias", ["Q1", "Quarry One", "quarry  ONE"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_same_by_a_declared_alias(alias, turned):
    one = net(["mine>plant:ore"], [{"id": "mine", "aliases": alias}])
    two = net(["Q1>mill:ore"], [{"id": "Q1", "name": "Quarry One", "country": "AU"}])
    first, second = (two, one) if turned else (one, two)
    network = merged(first, second)
    kept = "Q1" if turned else "mine"
    assert network.node_rows[kept]["country"] == "AU"
    assert len(network.node_rows) == 3
    assert set(network.node_rows[kept]["aliases"]) == {alias, "mine" if turned else "Q1"}


def test_an_alias_of_a_material_reaches_hands_without_a_table_of_materials():
    one = net(["a>b:neodymium"], materials=[{"id": "neodymium", "aliases": "Nd"}])
    two = net(["c>b:Nd"], [{"id": "c", "makes": "Nd"}, {"id": "b"}])
    network = merged(one, two)
    assert network.table("supplies").column("material") == ["neodymium", "neodymium"]
    assert network.node_rows["c"]["makes"] == ("neodymium",)


def test_an_alias_that_fits_two_rows_joins_neither():
    one = net(["mine>plant:ore"], [{"id": "mine", "aliases": "Quarry"}])
    two = net(["q1>p:ore", "q2>p:ore"], [{"id": "q1", "name": "Quarry"}, {"id": "q2", "name": "Quarry"}])  # fmt: skip
    found = both(one, two)
    assert len(found.network().node_rows) == 5
    assert any("fits q1, q2 in B" in what for what in whats(found, "warning"))


def test_what_one_hand_holds_apart_is_not_made_one():
    one = net(["a>c:x", "b>c:y"])
    two = net(["a>c:x"], [{"id": "a", "aliases": "b"}])
    found = both(one, two)
    assert {"a", "b"} <= set(found.network().node_rows)
    assert any("A holds 'a' and 'b' apart" in what for what in whats(found, "warning"))


def test_near_names_are_offered_and_never_merged():
    one = net(["lcm>plant:ore"], [{"id": "lcm", "name": "Less Common Metals Ltd"}])
    two = net(["x9>mill:ore"], [{"id": "x9", "name": "LESS COMMON METALS"}])
    found = both(one, two)
    assert {"lcm", "x9"} <= set(found.network().node_rows)
    note = next(f for f in found.findings if "look alike" in f.what)
    assert note.level == "note"
    assert note.fix == "If they are one, list 'x9' in the aliases of 'lcm'"


def test_every_field_that_refers_to_nodes_or_entities_is_renamed():
    """The schema says which fields hold ids; none of them may keep the old one."""
    rows = {
        "entities": [{"id": "OLD", "kind": "company"}, {"id": "gov"}],
        "nodes": [{"id": "OLDN", "operator": "OLD"}, {"id": "c"}],
        "needs": [{"consumer": "OLDN", "material": "OLDM", "product": "OLDP"}],
        "materials": [{"id": "OLDM", "contains": "OLDE"}, {"id": "OLDP"}, {"id": "OLDE"}],
        "holdings": [{"owner": "OLD", "asset": "OLDN"}],
        "measures": [
            {"id": "m", "authority": "OLD", "parties": "OLD;OLDN", "materials": "OLDM",
             "references": "OLDR"},
        ],
        "periods": [{"measure": "m", "start": "2020-01-01", "references": "OLDR"}],
        "observations": [
            {"measure": "m", "supplier": "OLDN", "consumer": "c", "material": "OLDM",
             "start": "2020-01-01", "observed": "flowed"},
            {"measure": "m", "supply": "OLDN>c:OLDP", "start": "2021-01-01",
             "observed": "blocked"},
        ],
        "shares": [{"material": "OLDM", "stage": "s", "country": "CN", "year": "2020"}],
        "references": [{"id": "OLDR", "title": "second"}],
    }  # fmt: skip
    rows["nodes"][0]["makes"] = "OLDP"
    two = net(["OLDN>c:OLDP", "c>OLDN:OLDM"], rows.pop("nodes"), **rows)
    one = net(
        ["n>x:p"],
        [{"id": "n", "aliases": "OLDN"}],
        entities=[{"id": "e", "aliases": "OLD"}],
        materials=[
            {"id": key, "aliases": f"OLD{key.upper()}"} for key in ("m", "p", "e")
        ],
        references=[{"id": "OLDR", "title": "first"}],
    )  # fmt: skip
    network = merged(one, two)
    for table in network.tables.values():
        for field in TABLES[table.name]:
            if field.refers and field.name in table.columns:
                for value in table.column(field.name):
                    for text in value if isinstance(value, tuple) else (value,):
                        assert not str(text).startswith("OLD") or text == "OLDR@B", field
    assert "n>c:p" in network.table("supplies").column("id")
    assert "n>c:p" in network.table("observations").column("supply")


# References


def test_references_of_one_id_that_differ_are_kept_apart_everywhere():
    one = net(
        [{**_supply("a>b:x"), "references": "r1"}], references=[{"id": "r1", "title": "USGS"}]
    )
    two = net(
        [{**_supply("a>b:x"), "references": "r1"}, {**_supply("c>b:x"), "references": "r1;r2"}],
        references=[{"id": "r1", "title": "BGS"}, {"id": "r2", "title": "EU"}],
    )
    network = merged(one, two)
    titles = {row["id"]: row["title"] for row in network.table("references").rows()}
    assert titles == {"r1": "USGS", "r1@B": "BGS", "r2": "EU"}
    assert network.table("supplies").column("references") == [("r1", "r1@B"), ("r1@B", "r2")]


def test_references_of_one_id_that_agree_are_one():
    one = net(["a>b:x"], references=[{"id": "r1", "title": "USGS"}])
    two = net(["a>b:x"], references=[{"id": "r1", "title": "USGS", "url": "https://x.org"}])
    network = merged(one, two)
    assert row_of(network, "references", "r1")["url"] == "https://x.org"
    assert len(network.table("references")) == 1


def test_a_reference_is_compared_with_all_that_is_known_of_it():
    hands = [
        net(["a>b:x"], references=[{"id": "r1", **row}])
        for row in ({"title": "USGS"}, {"url": "https://x.org"}, {"title": "BGS"})
    ]
    network = merge(hands, names=["A", "B", "C"]).network()
    titles = {row["id"]: row["title"] for row in network.table("references").rows()}
    assert titles == {"r1": "USGS", "r1@C": "BGS"}


def test_ids_of_a_hand_without_the_table_get_a_bare_row():
    one = net(
        ["a>b:x"],
        [{"id": "a", "operator": "acme"}],
        entities=[{"id": "acme", "country": "AU"}],
        references=[{"id": "r1", "title": "USGS"}],
    )
    two = net([{**_supply("c>b:x"), "references": "r9"}], [{"id": "c", "operator": "zeta"}])
    found = both(one, two)
    network = found.network()
    assert set(network.table("entities").column("id")) == {"acme", "zeta"}
    assert set(network.table("references").column("id")) == {"r1", "r9"}
    assert "1 id of entities without a row: zeta" in whats(found, "note")


# Conflicts


def test_a_conflict_refuses_and_names_both_rows_values_and_references():
    one = net(["a>b:x"], [{"id": "a", "country": "AU", "references": "r1;r2"}])
    two = net(["a>b:x"], [{"id": "a", "country": "CN", "references": "r3"}])
    found = both(one, two)
    assert found.net is None
    (conflict,) = found.conflicts
    assert (conflict.table, conflict.row, conflict.field) == ("nodes", "a", "country")
    assert [s.to_dict() for s in conflict.statements] == [
        {"hand": "A", "value": "AU", "where": "A/nodes row 1", "references": ["r1", "r2"]},
        {"hand": "B", "value": "CN", "where": "B/nodes row 1", "references": ["r3"]},
    ]
    assert str(found.errors[0]) == (
        "A/nodes row 1: nodes: a: country is AU, after r1, r2, elsewhere CN (B/nodes row 1, after "
        "r3). Correct one, or prefer one (A, B)."
    )
    with pytest.raises(ValidationError, match="country is AU"):
        found.network()


def test_conflicts_name_files_and_lines(tmp_path):
    for hand, country in (("a", "AU"), ("b", "CN")):
        folder = tmp_path / hand
        folder.mkdir()
        (folder / "supplies.csv").write_text("supplier,consumer\nmine,mill\n")
        (folder / "nodes.csv").write_text(f"id,country\nmill,\nmine,{country}\n")
    found = merge([supplynet.load(tmp_path / "a"), supplynet.load(tmp_path / "b")])
    assert found.errors[0].where == "a/nodes.csv:3"
    assert "elsewhere CN (b/nodes.csv:3)" in found.errors[0].what


@pytest.mark.parametrize(("prefer", "taken"), [("A", "AU"), ("B", "CN"), ("first", "AU")])
def test_the_preferred_value_is_taken_and_the_other_one_kept_in_a_note(prefer, taken):
    one = net(["a>b:x"], [{"id": "a", "country": "AU", "note": "seen"}])
    two = net(["a>b:x"], [{"id": "a", "country": "CN", "stage": "mine"}])
    found = both(one, two, prefer=prefer)
    row = found.network().node_rows["a"]
    other, hand = ("CN", "B") if taken == "AU" else ("AU", "A")
    assert row["country"] == taken
    assert row["note"] == f"seen | {hand}: country {other}"
    assert row["stage"] == "mine"
    assert any("country is AU" in what for what in whats(found, "warning"))
    lines = list(csv.DictReader(io.StringIO(found.conflicts_csv())))
    assert [(line["value"], line["taken"]) for line in lines] == [
        ("AU", "yes" if taken == "AU" else "no"),
        ("CN", "yes" if taken == "CN" else "no"),
    ]


def test_a_preferred_hand_settles_only_what_it_speaks_of():
    first, second, third = (
        net(["a>b:x"], [{"id": "a", "country": country}]) for country in (None, "AU", "CN")
    )
    found = merge([first, second, third], names=["A", "B", "C"], prefer="A")
    assert found.net is None
    assert found.conflicts[0].taken is None


def test_a_conflict_that_starts_a_formula_is_no_formula_in_the_file():
    one = net(["a>b:x"], [{"id": "a", "site": "=1+1"}])
    two = net(["a>b:x"], [{"id": "a", "site": "x"}])
    assert "'=1+1" in both(one, two).conflicts_csv()


def test_supplies_are_one_where_supplier_consumer_material_and_start_agree():
    one = net([{**_supply("a>b:x"), "start": "2020-01-01", "share": "0.50"}], network={"as_of": "2026-01-01"})  # fmt: skip
    two = net(
        [
            {**_supply("a>b:x"), "start": "2020-01-01", "share": "0.5", "unit": "t"},
            {**_supply("a>b:x"), "start": "2022-01-01", "status": "planned"},
            _supply("a>b:y"),
        ]
    )
    network = merged(one, two)
    supplies = network.table("supplies")
    assert len(supplies) == 3
    assert supplies.column("unit")[0] == "t"
    assert sorted(supplies.column("id")) == ["a>b:x", "a>b:x#2", "a>b:y"]
    two = net([{**_supply("a>b:x"), "start": "2020-01-01", "share": "0.4"}])
    found = both(one, two)
    assert [(c.table, c.row, c.field) for c in found.conflicts] == [("supplies", "a>b:x", "share")]


def test_supplies_that_start_at_different_times_are_two():
    one, two = (
        net(
            [{**_supply("a>b:x"), "start": start, "end": end, "share": share}],
            network={"as_of": "2026-01-01"},
        )
        for start, end, share in (("2020-01-01", "2022-01-01", "0.8"), ("2022-01-01", None, "0.9"))
    )
    supplies = merged(one, two).table("supplies")
    assert list(map(str, supplies.column("share"))) == ["0.8", "0.9"]
    assert supplies.column("id") == ["a>b:x", "a>b:x#2"]


def test_supplies_of_one_id_that_differ_are_both_kept_and_observed():
    observed = {"measure": "m", "supply": "s1", "start": "2020-01-01", "observed": "flowed"}
    one = net([{**_supply("a>b:x"), "id": "s1"}], measures=[{"id": "m"}], observations=[observed])
    two = net(
        [{**_supply("c>b:x"), "id": "s1"}],
        measures=[{"id": "m"}],
        observations=[{**observed, "observed": "blocked"}],
    )
    network = merged(one, two)
    assert network.table("supplies").column("id") == ["s1", "s1@B"]
    rows = {row["supply"]: row["observed"] for row in network.table("observations").rows()}
    assert rows == {"s1": "flowed", "s1@B": "blocked"}


def test_an_id_of_its_own_is_kept_over_the_default_one():
    one = net(["a>b:x"])
    two = net([{**_supply("a>b:x"), "id": "contract 7"}])
    assert merged(one, two).table("supplies").column("id") == ["contract 7"]
    assert merged(two, one).table("supplies").column("id") == ["contract 7"]


def test_two_contracts_in_one_hand_are_not_paired_by_guess():
    one = net([{**_supply("a>b:x"), "id": "s1"}, {**_supply("a>b:x"), "id": "s2"}])
    found = both(one, net(["a>b:x"]))
    assert len(found.network().table("supplies")) == 3
    assert any("several rows that cannot be paired" in what for what in whats(found, "warning"))


def test_shares_that_together_exceed_the_whole_name_the_rows_of_both():
    one = net([{**_supply("a>b:x"), "share": "0.6"}])
    two = net([{**_supply("c>b:x"), "share": "0.6"}])
    found = both(one, two)
    (error,) = found.errors
    assert "sum to 1.2" in error.what
    assert "A/supplies row 1" in str(error)
    assert "B/supplies row 1" in str(error)


def test_dates_that_differ_must_be_told():
    one = net(["a>b:x"], network={"as_of": "2026-01-01", "title": "One", "licence": "CC0"})
    two = net(["a>b:x"], network={"as_of": "2025-01-01", "title": "Two", "licence": "MIT"})
    found = both(one, two)
    assert "as_of differs: A 2026-01-01; B 2025-01-01" in whats(found, "error")
    told = both(one, two, on="2026-02-01")
    meta = told.network().meta
    assert (str(meta.as_of), meta.title, meta.licence) == ("2026-02-01", "One + Two", "CC0; MIT")
    assert any("licences differ" in what for what in whats(told, "warning"))
    assert str(merged(one, two, prefer="B").meta.as_of) == "2025-01-01"
    assert str(merged(one, net(["a>b:x"])).meta.as_of) == "2026-01-01"


def test_names_are_no_conflict_and_none_is_lost():
    one = net(["a>b:x"], [{"id": "a", "name": "Mount Weld"}])
    two = net(["a>b:x"], [{"id": "a", "name": "Mt Weld"}])
    row = merged(one, two).node_rows["a"]
    assert (row["name"], row["note"]) == ("Mount Weld", "named 'Mt Weld' by B")


def test_extra_columns_are_kept_and_compared():
    one = net(["a>b:x"], [{"id": "a", "quote": "q", "mine": "1"}])
    two = net(["a>b:x"], [{"id": "a", "quote": "q", "yours": "2"}])
    row = merged(one, two).node_rows["a"]
    assert (row["quote"], row["mine"], row["yours"]) == ("q", "1", "2")
    three = net(["a>b:x"], [{"id": "a", "quote": "p"}])
    assert [c.field for c in both(one, three).conflicts] == ["quote"]


def test_a_figure_that_takes_the_unit_of_another_hand_is_told():
    one = net(["a>b:x"], [{"id": "a", "capacity": "100"}])
    two = net(["a>b:x"], [{"id": "a", "capacity_unit": "t/yr"}])
    found = both(one, two)
    assert found.network().node_rows["a"]["capacity_unit"] == "t/yr"
    assert "nodes: a: capacity 100 has no unit here" in whats(found, "warning")
    same = net(["a>b:x"], [{"id": "a", "capacity": "100", "capacity_unit": "t/yr"}])
    assert not whats(both(one, same), "warning")


def test_the_order_of_a_list_is_no_conflict_but_what_it_holds_is():
    one = net(["a>b:x"], [{"id": "a", "makes": "x;y"}])
    assert merged(one, net(["a>b:x"], [{"id": "a", "makes": "y;x"}])).node_rows["a"]["makes"] == (
        "x",
        "y",
    )
    assert both(one, net(["a>b:x"], [{"id": "a", "makes": "x"}])).conflicts[0].field == "makes"


# Unknown stays unknown unless it is answered


@pytest.mark.parametrize(
    ("one", "two", "taken"),
    [
        (None, "unknown", "unknown"),
        ("unknown", "unknown", "unknown"),
        ("unknown", "none", "none"),
        (None, "none", "none"),
        (None, None, None),
    ],
)
def test_upstream(one, two, taken):
    first, second = (net(["a>b:x"], [{"id": "a", "upstream": value}]) for value in (one, two))
    for pair in ((first, second), (second, first)):
        assert merged(*pair).node_rows["a"].get("upstream") == taken


def test_inputs_recorded_by_one_answer_what_the_other_does_not_know():
    one = net(["a>b:x"], [{"id": "a", "upstream": "unknown"}])
    two = net(["z>a:ore"], [{"id": "a", "upstream": "recorded"}])
    found = both(one, two)
    assert found.network().node_rows["a"]["upstream"] == "recorded"
    assert "nodes: a: upstream is recorded here, unknown elsewhere" in whats(found, "note")


@pytest.mark.parametrize("says", [None, "recorded"])
def test_no_inputs_against_recorded_ones_is_a_conflict(says):
    one = net(["a>b:x"], [{"id": "a", "upstream": "none"}])
    two = net(["z>a:ore"], [{"id": "a", "upstream": says}])
    found = both(one, two)
    (conflict,) = found.conflicts
    assert (conflict.row, conflict.field) == ("a", "upstream")
    assert [s.value for s in conflict.statements] == ["none", "recorded"]
    assert conflict.statements[1].where == "B/supplies row 1"
    assert merged(one, two, prefer="B").node_rows["a"].get("upstream") == says
    assert merged(one, two, prefer="A").node_rows["a"]["upstream"] == "none"


def need(suppliers, **more):
    return [{"consumer": "b", "material": "x", "suppliers": suppliers, **more}]


def test_a_complete_list_and_a_further_supplier_are_a_conflict():
    one = net(["a>b:x"], needs=need("complete"))
    two = net(["c>b:x"])
    found = both(one, two)
    (conflict,) = found.conflicts
    assert (conflict.table, conflict.row, conflict.field) == ("needs", "b/x", "suppliers")
    assert [s.value for s in conflict.statements] == ["complete", "blank, with c"]
    assert merged(one, two, prefer="A").table("needs").column("suppliers") == ["complete"]
    assert merged(one, two, prefer="B").table("needs").column("suppliers") == [None]
    assert both(two, one).conflicts[0].field == "suppliers"


def test_a_complete_list_answers_a_partial_one_that_it_covers():
    one = net(["a>b:x", "c>b:x"], needs=need("complete"))
    two = net(["a>b:x"], needs=need("partial"))
    assert merged(one, two).table("needs").column("suppliers") == ["complete"]
    three = net(["a>b:x", "d>b:x"], needs=need("partial"))
    assert both(one, three).conflicts[0].statements[1].value == "partial, with d"


def test_what_one_hand_leaves_out_and_another_models_is_evaluated():
    one = net(["a>b:x"], needs=need("not_modelled"))
    for two in (net(["c>b:x"]), net(["c>b:x"], needs=need(None))):
        assert merged(one, two).table("needs").column("suppliers") == [None]
    two = net(["c>b:x"], needs=need("partial"))
    assert merged(one, two).table("needs").column("suppliers") == ["partial"]
    assert merged(one, net(["c>d:x"])).table("needs").column("suppliers") == ["not_modelled"]
    assert merged(one, one).table("needs").column("suppliers") == ["not_modelled"]


def test_a_need_that_another_hand_weakens_is_told():
    two = net(["a>b:x"], needs=need(None))
    for weaker in ({"group": "g"}, {"end": "2020-01-01"}):
        one = net(["a>b:x"], needs=need(None, **weaker), network={"as_of": "2026-01-01"})
        field = next(iter(weaker))
        assert any(f"b/x: {field} is" in what for what in whats(both(one, two), "warning"))
        implied = both(one, net(["a>b:x"]))
        assert any("now governs the supplies of B" in what for what in whats(implied, "warning"))


@pytest.mark.parametrize(
    ("field", "one", "two", "taken"),
    [
        ("qualified", "yes", "unknown", "unknown"),
        ("qualified", "yes", "no", "no"),
        ("qualified", "unknown", "no", "no"),
        ("status", "operating", "closed", "closed"),
        ("confidence", None, "illustrative", None),
        ("confidence", "illustrative", "low", "low"),
        ("confidence", "high", "medium", "medium"),
        ("confidence", None, "high", "high"),
    ],
)
def test_what_a_default_or_a_grade_gives_way_to(field, one, two, taken):
    first, second = (net([{**_supply("a>b:x"), field: value}]) for value in (one, two))
    for pair in ((first, second), (second, first)):
        found = both(*pair)
        assert found.network().table("supplies").column(field) == [taken]
        if (field, one) != ("confidence", None) or taken is None:
            assert [f for f in found.findings if field in f.what]


@pytest.mark.parametrize(
    ("table", "field", "one", "two"),
    [("nodes", "can_fail", "yes", "no"), ("holdings", "status", "held", "option")],
)
def test_a_default_stands_where_to_contradict_it_would_look_safer(table, field, one, two):
    rows = {"nodes": {"id": "a"}, "holdings": {"owner": "o", "asset": "a"}}[table]
    first, second = (
        net(["a>b:x"], **{table: [{**rows, field: value}, *([{"id": "b"}] * (table == "nodes"))]})
        for value in (one, two)
    )
    assert [c.field for c in both(first, second).conflicts] == [field]


def test_measures_that_are_not_fully_known_take_what_is_known():
    one = net(["a>b:x"], measures=[{"id": "m", "parties": "unread"}],
              periods=[{"measure": "m", "start": "2020-01-01", "status": "unknown"}])  # fmt: skip
    two = net(["a>b:x"], measures=[{"id": "m", "parties": "acme"}],
              periods=[{"measure": "m", "start": "2020-01-01", "status": "in_force"}])  # fmt: skip
    network = merged(one, two)
    assert network.table("measures").column("parties") == [("acme",)]
    assert network.table("periods").column("status") == ["in_force"]


def test_a_supply_without_a_material_is_not_taken_for_another():
    found = both(net(["a>b:"]), net(["a>b:x"]))
    assert len(found.network().table("supplies")) == 2
    assert any("has no material here and x in B" in what for what in whats(found, "warning"))


# Laws on drawn networks


def truth(seed):
    """Return the rows of a small network whose every cell is known."""
    choose = Seeded(seed)
    ids = [f"n{i}" for i in range(choose.between(4, 7))]
    nodes = [
        {
            "id": key,
            "country": choose.pick(["CN", "US", "AU"]),
            "upstream": choose.pick(["recorded", "none"]),
            "stage": choose.pick(["mine", "metal"]),
            "references": choose.pick(["r1", "r2"]),
        }
        for key in ids
    ]
    supplies = {}
    for _ in range(choose.between(3, 12)):
        supplier, consumer = choose.between(0, len(ids) - 1), choose.between(0, len(ids) - 1)
        if supplier < consumer:
            row = {
                "supplier": ids[supplier],
                "consumer": ids[consumer],
                "material": choose.pick(["m1", "m2"]),
                "qualified": choose.pick(["yes", "unknown", "no"]),
                "confidence": choose.pick([None, "high", "illustrative"]),
                "references": choose.pick(["r1", "r2"]),
            }
            supplies[row["supplier"], row["consumer"], row["material"]] = row
    taking = {row["consumer"] for row in supplies.values()}
    for node in nodes:
        node["upstream"] = "recorded" if node["id"] in taking else node["upstream"]
    needs = [
        {"consumer": consumer, "material": material, "suppliers": choose.pick([None, "partial"])}
        for _, consumer, material in supplies
        if choose.chance(50)
    ]
    needs = list({(row["consumer"], row["material"]): row for row in needs}.values())
    return choose, nodes, list(supplies.values()), needs


def part(choose, nodes, supplies, needs, *, blank=True):
    """Return what one hand knows of the truth: some rows, some cells of them."""

    def known(row, keys):
        return {
            key: value if key in keys or not blank or choose.chance(70) else None
            for key, value in row.items()
        }

    kept = [
        known(r, ("supplier", "consumer", "material", "qualified", "confidence"))
        for r in supplies
        if choose.chance(60)
    ]
    rows = [known(r, ("id", "upstream")) for r in nodes]
    taking = {r["consumer"] for r in kept}
    for row in rows:
        # A hand that saw no inputs says nothing of them.
        if row["upstream"] == "recorded" and row["id"] not in taking:
            row["upstream"] = choose.pick([None, "unknown"])
    some = [known(r, ("consumer", "material", "suppliers")) for r in needs if choose.chance(60)]
    return net(
        kept,
        rows,
        needs=some or None,
        references=[{"id": "r1", "title": "one"}, {"id": "r2", "title": "two"}],
    )


@pytest.mark.parametrize("seed", range(80))
def test_the_order_and_the_grouping_of_hands_change_nothing(seed):
    rows = truth(seed)
    parts = [part(*rows) for _ in range(3)]
    whole = merge(parts).network()
    for order in itertools.permutations(parts):
        assert merge(order).network().digest == whole.digest
    one, two, three = parts
    left = merge([merge([one, two]).network(), three]).network()
    right = merge([one, merge([two, three]).network()]).network()
    assert left.digest == right.digest == whole.digest
    assert merge([whole, one]).network().digest == whole.digest


def open_findings(network, target):
    found = supplynet.minimal_cut_sets(network, target, max_order=1)
    if found.status == "already_stopped":
        return None
    sure = {s[0] for s in found.cut_sets}
    return sure, {(p.units[0], p.gaps) for p in found.possible}, set(found.blind_spots)


@pytest.mark.parametrize("seed", range(150))
def test_a_hand_that_adds_nothing_about_a_gap_leaves_the_finding_open_or_certain(seed):
    """B knows other rows: what A finds possible stays possible, or becomes certain."""
    choose, nodes, supplies, needs = truth(seed)
    doubtful = [
        {**node, "upstream": choose.pick(["unknown", None, node["upstream"]])} for node in nodes
    ]
    one = net(supplies, doubtful, needs=needs or None)
    # B knows nothing but what the nodes are called, and a chain of its own.
    own = [{"supplier": "z1", "consumer": "z2", "material": "m1"}]
    two = net(own, [{"id": n["id"], "country": n["country"], "name": n["id"]} for n in nodes])
    network = merged(one, two)
    for target in [n["id"] for n in nodes]:
        before, after = open_findings(one, target), open_findings(network, target)
        if before is None or after is None:
            assert before == after
            continue
        sure, possible, blind = after
        assert before[0] <= sure
        assert before[2] <= blind
        for unit, gaps in before[1]:
            assert unit in sure or (unit, gaps) in possible


@pytest.mark.parametrize("seed", range(80))
def test_a_gap_in_both_stays_a_gap(seed):
    from supplynet.units import compile_network

    choose, nodes, supplies, needs = truth(seed)
    doubtful = [{**n, "upstream": choose.pick(["unknown", n["upstream"]])} for n in nodes]
    hands = [
        net(supplies, choose.pick([doubtful, doubtful]), needs=[*needs] or None) for _ in range(2)
    ]
    gaps = [{gap.id for gap in compile_network(hand, None).gaps} for hand in hands]
    both_gaps = {gap.id for gap in compile_network(merged(*hands), None).gaps}
    assert gaps[0] & gaps[1] <= both_gaps


# Use


def test_hands_need_names_of_their_own():
    one = net(["a>b:x"])
    with pytest.raises(QuestionError, match="different names"):
        merge([one, one], names=["A", "A"])
    with pytest.raises(QuestionError, match="nothing to merge"):
        merge([])
    with pytest.raises(QuestionError, match="no date"):
        merge([one, one], on="yesterday")
    with pytest.raises(UnknownNameError, match="no network to prefer 'C'"):
        both(one, one, prefer="C")
    assert merge([one, one]).hands == ("network_1", "network_2")
    named = net(["a>b:x"], name="n")
    assert merge([named, named, named]).hands == ("n", "n_2", "n_3")


def test_the_merged_network_is_written_and_read_again(tmp_path):
    first, second = map(supplynet.load_example, ("rare_earth_magnets", "gallium_germanium"))
    found = merge([first, second], prefer="first")
    network = found.network()
    assert found.conflicts
    supplynet.save(network, tmp_path / "both")
    again = supplynet.load(tmp_path / "both")
    assert again.digest == network.digest
    assert len(again.table("references")) >= len(first.table("references"))
    assert supplynet.minimal_cut_sets(again, "f35", max_order=1).status != "already_stopped"


def test_the_result_as_json_values_and_in_a_line():
    one = net(["a>b:x"], [{"id": "a", "country": "AU"}])
    two = net(["a>b:x"], [{"id": "a", "country": "CN"}])
    found = both(one, two)
    values = found.to_dict()
    assert values["hands"] == ["A", "B"]
    assert values["conflicts"][0]["taken"] is None
    assert values["findings"][0]["level"] == "error"
    assert repr(found) == "<Merged A + B: no network; 1 conflict, 0 ids renamed>"
