"""Tables and networks: what a caller sees, and digests that stay from release to release."""

import json
from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest

from supplynet.errors import QuestionError
from supplynet.io import from_frames
from supplynet.model import ColumnUse, Meta, SupplyNetwork, Table, number_text, resolve_date

ROWS = [
    {
        "supplier": "a",
        "consumer": "b",
        "material": "ore",
        "share": "0.50",
        "start": "2025-01-01",
        "references": ["r2", "r1"],
        "own": "x",
    }
]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1E+2", "100"),
        ("0.50", "0.5"),
        ("-0.0", "0"),
        ("-0", "0"),
        ("0", "0"),
        ("1.0", "1"),
        ("1E-2", "0.01"),
        ("100", "100"),
        ("Infinity", "Infinity"),
    ],
)
def test_numbers_in_their_shortest_form(number, text):
    assert number_text(Decimal(number)) == text


def test_a_digest_is_the_same_in_every_release():
    # It stands in answers and reports: if it changes, they seem to be about other data.
    supplies = {
        "supplier": ["b", "a"],
        "consumer": ["c", "c"],
        "share": [None, Decimal("0.50")],
        "start": [None, date(2025, 1, 1)],
        "references": [(), ("r2", "r1")],
    }
    meta = Meta(
        name="x",
        title="T",
        description="D",
        as_of=date(2026, 1, 1),
        licence="L",
        targets=("c", "b"),
    )
    tables = {"supplies": Table("supplies", supplies, 2), "nodes": Table("nodes", {"id": []}, 0)}
    rows = [
        '{"consumer": "c", "references": ["r2", "r1"], "share": {"number": "0.5"}, '
        '"start": {"date": "2025-01-01"}, "supplier": "a"}',
        '{"consumer": "c", "supplier": "b"}',
    ]
    content = (
        '{"meta": {"as_of": "2026-01-01", "description": "D", "licence": "L", '
        f'"targets": ["b", "c"], "title": "T"}}, "supplies": {json.dumps(rows)}}}'
    )
    assert SupplyNetwork(tables, meta).digest == sha256(content.encode()).hexdigest()
    blank = (
        '{"meta": {"as_of": null, "description": "", "licence": "", "targets": [], "title": ""}}'
    )
    assert SupplyNetwork({}, Meta(name="x")).digest == sha256(blank.encode()).hexdigest()


def test_a_table_has_a_value_for_every_column():
    table = Table("nodes", {"id": ["a", "b"]}, 2, list_fields=frozenset({"makes"}))
    assert table.column("makes") == [(), ()]
    assert table.column("name") == [None, None]
    assert table.where(0) == "nodes row 1"
    assert Table("nodes", {"id": ["a"]}, 1, source="x.csv").where(0) == "nodes row 1"
    assert Table("nodes", {"id": ["a"]}, 1, source="x.csv", lines=[7]).where(0) == "x.csv:7"


def test_a_table_that_is_not_there_is_empty():
    net = from_frames(ROWS)
    assert (net.table("measures").name, len(net.table("measures"))) == ("measures", 0)
    assert net.table("measures").column("id") == []


def test_frames_hold_text_as_text_and_numbers_as_they_are():
    net = from_frames(ROWS)
    frame = net.frame("supplies")
    assert list(frame.columns) == list(net.table("supplies").columns)
    assert frame["supplier"].dtype == "str"
    assert frame["share"].dtype == "object"
    assert frame["share"][0] == Decimal("0.5")
    # A change of one copy is not seen in the next.
    frame["supplier"] = ["z"]
    assert list(net.frame("supplies")["supplier"]) == ["a"]
    empty = net.frame("measures")
    assert (len(empty), len(empty.columns)) == (0, 0)


def test_a_network_tells_its_size():
    assert repr(from_frames(ROWS)) == (
        "<SupplyNetwork 'unnamed': 2 nodes, 1 supplies, as of no date>"
    )
    net = from_frames(ROWS, network={"name": "x", "as_of": "2026-01-01"})
    assert repr(net) == "<SupplyNetwork 'x': 2 nodes, 1 supplies, as of 2026-01-01>"


def test_a_column_use_as_json_values():
    use = ColumnUse("nodes", "x.csv", "plant", "id", "renamed")
    assert use.to_dict() == {
        "table": "nodes",
        "file": "x.csv",
        "given": "plant",
        "used_as": "id",
        "how": "renamed",
    }


def test_the_date_of_a_question():
    net = from_frames(ROWS, network={"as_of": "2026-01-01"})
    assert resolve_date(net, None) == date(2026, 1, 1)
    assert resolve_date(net, "2025-02-03") == date(2025, 2, 3)
    assert resolve_date(net, date(2025, 2, 3)) == date(2025, 2, 3)
    with pytest.raises(QuestionError) as wrong:
        resolve_date(net, "03/02/2025")
    assert str(wrong.value) == "'03/02/2025' is no date. Write it as 2026-06-29"


@pytest.mark.parametrize("name", ["nodes", "supplies", "needs", "holdings"])
@pytest.mark.parametrize("column", ["start", "end"])
def test_dated_rows_need_a_date(name, column):
    dated = Table(name, {column: [None, date(2025, 1, 1)]}, 2)
    net = SupplyNetwork({name: dated}, Meta(name="x"))
    with pytest.raises(QuestionError) as wrong:
        resolve_date(net, None)
    assert str(wrong.value) == (
        f"rows are dated ({name} row 2: {column} 2025-01-01) and no date is known. "
        "Give one, or as_of in network.toml"
    )
    undated = SupplyNetwork({name: Table(name, {column: [None]}, 1)}, Meta(name="x"))
    assert resolve_date(undated, None) is None
