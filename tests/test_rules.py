"""What is said of many rows at once; what is said of each is in the catalogue."""

import pytest

from supplynet.io import examine, rules
from supplynet.io.convert import MAX_OF_A_KIND

SUPPLY = "supplier,consumer,material\na,b,ore\n"
NODES = "id\na\nb\n"
AS_OF = {"network.toml": "as_of = 2026-01-01\n"}


def said(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [f"{finding.level}: {finding}" for finding in examine(folder).findings]


def rows(head, row, count=MAX_OF_A_KIND + 2):
    """Return a table with a row, or the rows, for each number."""
    return head + "".join(row.format(i=i) for i in range(count))


MANY = {
    "one id": (
        {"supplies.csv": SUPPLY, "nodes.csv": rows(NODES, "a\n")},
        "error: nodes.csv: 2 more findings of this kind (same id)",
    ),
    "ids that look alike": (
        {"supplies.csv": rows("supplier,consumer\n", "s{i},c\nS{i},d\n")},
        "error: supplies.csv: 2 more findings of this kind (look alike)",
    ),
    "names that are not listed": (
        {"supplies.csv": rows("supplier,consumer\n", "a,x{i}\n"), "nodes.csv": NODES},
        "error: supplies.csv: 2 more findings of this kind (consumer unknown name)",
    ),
    "estimates out of order": (
        {"supplies.csv": rows("supplier,consumer,share_low,share\n", "a,c{i},0.5,0.4\n")},
        "error: supplies.csv: 2 more findings of this kind (band)",
    ),
    "ends before their start": (
        {"supplies.csv": rows("supplier,consumer,start,end\n", "a,c{i},2025-01-01,2024-01-01\n")}
        | AS_OF,
        "error: supplies.csv: 2 more findings of this kind (period)",
    ),
    "periods of measures that overlap": (
        {
            "supplies.csv": SUPPLY,
            "measures.csv": "id\nm\n",
            "periods.csv": rows("measure,start\nm,2020-01-01\n", "m,2024-01-01\n"),
        }
        | AS_OF,
        "error: periods.csv: 2 more findings of this kind (overlap)",
    ),
    "shares above the whole": (
        {"supplies.csv": rows("supplier,consumer,share\n", "a,c{i},0.5\nb,c{i},0.6\n")},
        "error: supplies.csv: 2 more findings of this kind (shares)",
    ),
    "supplies twice": (
        {"supplies.csv": rows("supplier,consumer\na,b\n", "a,b\n")},
        "warning: supplies.csv: 2 more findings of this kind (same)",
    ),
    "needs twice": (
        {"supplies.csv": SUPPLY, "needs.csv": rows("consumer,material\nb,ore\n", "b,ore\n")},
        "warning: needs.csv: 2 more findings of this kind (same)",
    ),
    "market shares twice": (
        {
            "supplies.csv": SUPPLY,
            "shares.csv": rows(
                "material,stage,country,year,share\nore,mine,CN,2024,0.5\n",
                "ore,mine,CN,2024,0.{i}\n",
            ),
        },
        "warning: shares.csv: 2 more findings of this kind (same)",
    ),
    "materials spelt nearly alike": (
        {"supplies.csv": rows("supplier,consumer,material\n", "a,c{i},magnet\na,c{i},magnets\n")},
        "warning: supplies.csv: 2 more findings of this kind (near materials)",
    ),
    "products that are not made": (
        {
            "supplies.csv": rows("supplier,consumer,material\n", "a,c{i},ore\n"),
            "needs.csv": rows("consumer,material,product\n", "c{i},ore,gun\n"),
        },
        "error: needs.csv: 2 more findings of this kind (product)",
    ),
    "supplies that are not made": (
        {
            "supplies.csv": rows("supplier,consumer,material\n", "a,c{i},ore\n"),
            "nodes.csv": rows("id,makes\na,gas\n", "c{i},\n"),
        },
        "warning: supplies.csv: 2 more findings of this kind (not made)",
    ),
    "observations of nothing": (
        {
            "supplies.csv": SUPPLY,
            "measures.csv": "id\nm\n",
            "observations.csv": rows("measure,start,observed\n", "m,2024-01-01,blocked\n"),
        }
        | AS_OF,
        "error: observations.csv: 2 more findings of this kind (supply)",
    ),
    "nodes planned without a start": (
        {
            "supplies.csv": rows("supplier,consumer\n", "a,c{i}\n"),
            "nodes.csv": rows("id,status\na,\n", "c{i},planned\n"),
        },
        "note: nodes.csv: 2 more findings of this kind (planned)",
    ),
    "nodes that supply themselves": (
        {"supplies.csv": rows("supplier,consumer\n", "c{i},c{i}\n")},
        "warning: supplies.csv: 2 more findings of this kind (itself)",
    ),
    "required cells that are blank": (
        {"supplies.csv": rows("supplier,consumer\n", ",c{i}\n")},
        "error: supplies.csv: 2 more findings of this kind (supplier blank)",
    ),
    "edges without a direction": (
        {"supplies.csv": rows("supplier,consumer,Type\n", "a,c{i},undirected\n")},
        "error: supplies.csv: 2 more findings of this kind (Type)",
    ),
}


@pytest.mark.parametrize(("files", "more"), MANY.values(), ids=MANY)
def test_many_findings_of_a_kind_are_counted(tmp_path, files, more):
    found = said(tmp_path, files)
    assert [line for line in found if "of this kind" in line] == [f"{more}."]
    assert len(found) == MAX_OF_A_KIND + 1


def test_names_nearly_right_are_looked_up_for_the_first_twenty(tmp_path):
    # Each is nearly the same node; every second row repeats the one before.
    names = [f"smelter{letter}{letter}" for letter in "abcdefghijklmnopqrstu"]
    rows = "".join(f"smelter,{name}\n" * 2 for name in names)
    found = said(
        tmp_path, {"supplies.csv": f"supplier,consumer\n{rows}", "nodes.csv": "id\nsmelter\n"}
    )
    unknown = [line for line in found if "no node" in line]
    assert len(unknown) == 42
    assert all(line.endswith("Did you mean 'smelter'?") for line in unknown[:40])
    assert all(line.endswith("Add it to nodes.csv.") for line in unknown[40:])


def test_the_first_ten_rows_of_a_sum_above_the_whole_are_named(tmp_path):
    rows = "".join(f"s{i},c,ore,0.1\n" for i in range(12))
    found = said(tmp_path, {"supplies.csv": f"supplier,consumer,material,share\n{rows}"})
    lines = ", ".join(f"line {line}" for line in range(2, 12))
    assert found == [
        f"error: supplies.csv:12: shares of 'ore' at 'c' sum to 1.1 ({lines}). "
        "Together they are at most 1; end the rows that were replaced."
    ]


def test_a_consumer_of_very_many_materials_is_left_out_and_the_next_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(rules, "_MAX_COMPARED", 2)
    supplies = "a,c,magnet\na,c,magnets\na,c,ore\na,d,magnet\na,d,magnets\n"
    found = said(tmp_path, {"supplies.csv": f"supplier,consumer,material\n{supplies}"})
    assert found == [
        "warning: supplies.csv:6: 'd' takes 'magnet' (supplies.csv:5) and 'magnets'. "
        "Two needs, or one material spelt twice?"
    ]
