"""Long files: rows are read in batches and distinct cells once, and nothing else may change."""

from __future__ import annotations

import random

import pytest

import supplynet
from supplynet.io import csvtext, rules
from supplynet.io.read import examine


def write(folder, rows, header="supplier,consumer,material,share,start,note"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "supplies.csv").write_bytes("\n".join([header, *rows, ""]).encode())
    return folder


def findings(folder):
    return [str(finding) for finding in examine(folder).findings]


def odd_rows(seed, count):
    chance = random.Random(seed)  # noqa: S311 - the same rows for the same seed
    cells = ("", "0.5", "0.7", "60%", "1.5")
    for i in range(count):
        row = (
            f"{chance.choice(('a', 'A', 'b '))}{chance.randrange(9)},"
            f"c{chance.randrange(9)},{chance.choice(('alphamix', 'alphamis', 'Alphamix', 'ore#2'))},"
            f"{chance.choice(cells)},{chance.choice(('', '2024', '2024-05', '2024-05-01'))},"
        )
        if i % 97 == 0:
            yield from ("", ",,,,,", " , ,,,,")
        if i % 89 == 0:
            row += '"two\nlines"'
        elif i % 211 == 0:
            row += "'=1+1"
        yield row


@pytest.mark.parametrize("cells", [1, 7, 60, 100_000])
def test_batches_do_not_show(tmp_path, monkeypatch, cells):
    folder = write(tmp_path, odd_rows(1, 900))
    expected = findings(folder)
    monkeypatch.setattr(csvtext, "_BATCH_CELLS", cells)
    assert len(expected) > 100
    assert findings(folder) == expected


def test_every_row_knows_its_line_and_equal_cells_are_one_text(tmp_path):
    rows = [f's{i % 5},c{i},ore,,,"{"x" * (i % 2)}\n{i}"' for i in range(1000)]
    table = supplynet.load(write(tmp_path, rows)).table("supplies")
    assert list(table.lines) == [2 * i + 2 for i in range(1000)]
    assert table.column("note")[3] == "x\n3"
    assert len({id(text) for text in table.column("supplier")}) == 5


def test_rows_of_another_width_are_counted_beyond_the_first(tmp_path):
    rows = ["a,b,ore,,,", *["a,b"] * 30, "c,d,ore,,,"]
    found = findings(write(tmp_path, rows))
    assert found[0].startswith("supplies.csv: 30 rows in all have too many or too few cells")
    assert sum("2 cells, but the header has 6" in text for text in found) == 20


def test_near_materials_are_the_same_where_too_many_to_compare_first(tmp_path, monkeypatch):
    rows = [f"s,c{i},alphamix,,," for i in range(40)]
    rows += [f"s,c{i},{'alphamis' if i % 3 else 'betamix'},,," for i in range(39, -1, -1)]
    folder = write(tmp_path, rows)
    expected = findings(folder)
    assert sum("Two needs, or one material spelt twice?" in text for text in expected) == 26
    monkeypatch.setattr(rules, "_MAX_PAIRS", -1)
    assert findings(folder) == expected


def test_numbered_ids_avoid_those_that_look_numbered(tmp_path):
    rows = ["a,b,m,,2024-01-01,", "a,b,m,,2023-01-01,", "a,b,m#2,,,"]
    table = supplynet.load(write(tmp_path, rows)).table("supplies")
    assert table.column("id") == ["a>b:m#2", "a>b:m", "a>b:m#2#2"]


def test_shares_above_one_are_found_among_many_that_are_not(tmp_path):
    rows = [f"s{i},c{i},ore,0.9,," for i in range(500)]
    rows += ["t,c7,ore,0.2,,", "t,c8,ore,0.1,,", "u,c9,ore,0.9,2024-01-01,"]
    found = findings(write(tmp_path, rows))
    wrong = [text for text in found if "sum to" in text]
    # The larger share is added last: it is the one that goes beyond 1.
    assert [text.split(":")[1] for text in wrong] == ["9", "504"]
