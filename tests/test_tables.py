"""Tables of text become typed tables, wherever they come from."""

from decimal import Decimal

import pytest

from supplynet.io.convert import Findings
from supplynet.io.tables import build_table, fill_supply_ids, known_headings, which_table
from supplynet.model import Table


def build(name, header, *rows, **place):
    findings = Findings()
    columns = [list(cells) for cells in zip(*rows, strict=True)] if rows else [[] for _ in header]
    table, uses = build_table(name, header, columns, findings, **place)
    return table, uses, [str(finding) for finding in findings.all()]


def test_each_column_says_what_became_of_it():
    _, uses, _ = build(
        "supplies", ["from", "consumer", "mine"], ["a", "b", "x"], source="x.csv", lines=[2]
    )
    assert [(use.file, use.given, use.used_as, use.how) for use in uses] == [
        ("x.csv", "from", "supplier", "renamed"),
        ("x.csv", "consumer", "consumer", "used"),
        ("x.csv", "mine", "mine", "set aside"),
    ]
    _, uses, _ = build("nodes", ["id"])
    assert [use.file for use in uses] == [""]


def test_a_table_of_no_file_names_its_rows():
    table, _, found = build("nodes", ["id", "country"], ["a", "XX"], ["", "CN"])
    assert len(table) == 2
    assert found == [
        "nodes row 1: node 'a': country 'XX' is no country (unknown or unstated). "
        "Use an ISO 3166-1 code such as CN, or leave it blank if not known.",
        "nodes row 2: id is blank. It is required.",
    ]
    _, _, found = build("nodes", [])
    assert found == ["nodes: no column 'id' (or node, node_id, identifier). Add it."]


@pytest.mark.parametrize(("extra", "said"), [(200, True), (201, False)])
def test_spelling_is_checked_where_a_file_is_not_wide_on_purpose(extra, said):
    header = ["id", "contry", *(f"x{i}" for i in range(extra - 1))]
    _, _, found = build("nodes", header, ["a"] * len(header))
    hint = "nodes: unknown column 'contry' is kept as an extra. Did you mean 'country'?"
    assert found == [hint] * said


def test_blank_cells_get_their_default():
    table, _, _ = build(
        "measures",
        ["id", "instrument", "end_uses"],
        ["m1", "", "civil"],
        ["m2", "Notice 46", ""],
    )
    assert table.column("instrument") == ["m1", "Notice 46"]
    assert table.column("end_uses") == [("civil",), ()]
    # A column that is not given is blank as a list, not as nothing.
    assert table.column("origins") == [(), ()]
    supplies, _, _ = build("supplies", ["supplier", "consumer"], ["a", "b"])
    assert fill_supply_ids(supplies).column("references") == [()]


def numbered(*rows, names=("supplier", "consumer", "material", "start", "note")):
    table, _, found = build("supplies", list(names), *rows, source="x.csv", lines=range(len(rows)))
    assert found == []
    filled = fill_supply_ids(table)
    return dict(zip(filled.column("note"), filled.column("id"), strict=True))


def test_rows_of_the_same_three_are_numbered_by_start_then_content():
    rows = [
        ["a", "b", "ore", "2025-01-01", "x"],
        ["a", "b", "ore", "2024-01-01", "z"],
        ["a", "b", "ore", "2024-01-01", "y"],
        ["a", "b", "ore", "", "w"],
        ["a", "b", "", "", "v"],
    ]
    expected = {"w": "", "y": "#2", "z": "#3", "x": "#4"}
    ids = {note: f"a>b:ore{number}" for note, number in expected.items()} | {"v": "a>b:"}
    assert numbered(*rows) == ids
    assert numbered(*reversed(rows)) == ids
    two = [["a", "b", "ore", "2025-01-01", "x"], ["a", "b", "ore", "2024-01-01", "y"]]
    assert numbered(*two) == {"y": "a>b:ore", "x": "a>b:ore#2"}


def test_numbers_are_content_however_they_are_written():
    names = ("supplier", "consumer", "share", "volume")
    rows = [["a", "b", "0.50", "1e0"], ["a", "b", "0.5", "2"]]
    for given in (rows, rows[::-1]):
        table, _, _ = build("supplies", list(names), *given)
        filled = fill_supply_ids(table)
        ids = dict(zip(filled.column("volume"), filled.column("id"), strict=True))
        assert ids == {Decimal(1): "a>b:", Decimal(2): "a>b:#2"}


def test_numbers_keep_clear_of_ids_that_look_like_them():
    names = ("id", "supplier", "consumer", "material", "note")
    rows = [
        ["a>b:ore#2", "c", "d", "ore", "given"],
        ["", "a", "b", "ore", "first"],
        ["", "a", "b", "ore", "second"],
        ["", "a", "b", "ore#2", "third"],
    ]
    assert numbered(*rows, names=names) == {
        "given": "a>b:ore#2",
        "first": "a>b:ore",
        "second": "a>b:ore#3",
        "third": "a>b:ore#2#2",
    }


def test_the_place_of_a_table_stays_when_its_ids_are_filled():
    table, _, _ = build("supplies", ["supplier", "consumer"], ["a", "b"], source="x.csv", lines=[7])
    filled = fill_supply_ids(table)
    assert isinstance(filled, Table)
    assert filled.where(0) == "x.csv:7"
    assert next(iter(filled.columns)) == "id"


def test_headings_are_counted_once_for_each_field():
    assert known_headings(["supplier", "from", "to", "x"], "supplies") == 2
    assert known_headings(["supplier", "country"], "nodes") == 1
    assert known_headings(["x"]) == 0


@pytest.mark.parametrize(
    ("header", "stem", "table"),
    [
        (["id"], "entities", "entities"),
        (["id"], "list", "nodes"),
        (["id", "country", "makes"], "list", "nodes"),
        (["from", "to"], "list", "supplies"),
        (["x"], "nodes", None),
    ],
)
def test_which_table_a_file_holds(header, stem, table):
    name, wanted = which_table(header, stem)
    assert name == table
    assert bool(wanted) == (table is None)


def test_a_share_in_percent_is_scaled_exactly():
    table, _, found = build("supplies", ["from", "to", "share_percent"], ["a", "b", "33.3"])
    assert table.column("share") == [Decimal("0.333")]
    assert found[-1] == "supplies: column 'to' is read as 'consumer'."
