"""Limits of CSV text; what is said about small files is in the catalogue."""

import csv

import pytest

from supplynet.io import csvtext
from supplynet.io.csvtext import Refused, decode, read_csv
from supplynet.io.tables import known_headings

HEAD = "supplier,consumer,material\n"


def read(text):
    return read_csv(text.encode(), "x.csv", encoding="utf-8", score=known_headings)


def said(findings):
    return [str(finding) for finding in findings]


def test_a_file_of_the_greatest_size_is_read_and_a_byte_more_is_not(monkeypatch):
    monkeypatch.setattr(csvtext, "MAX_BYTES", 2 * 1024**2)
    data = HEAD.encode().ljust(2 * 1024**2)
    assert decode(data, "x.csv", "utf-8").strip() == HEAD.strip()
    with pytest.raises(Refused) as refused:
        decode(data + b" ", "x.csv", "utf-8")
    assert said(refused.value.findings) == ["x.csv: larger than 2 MiB. Split the data."]


def test_the_greatest_number_of_columns_is_read_and_one_more_is_not(monkeypatch):
    monkeypatch.setattr(csvtext, "MAX_COLUMNS", 3)
    assert read(HEAD + "a,b,ore\n")[1] == []
    table, findings = read("supplier,consumer,material,share\na,b,ore,1\n")
    assert table is None
    what = "x.csv:1: 4 columns, at most 3 are read. Look for line ends that were lost."
    assert said(findings) == [what]


def test_a_cell_of_the_greatest_length_is_read_and_a_longer_one_is_not():
    assert csv.field_size_limit() == csvtext.MAX_CELL
    longest = "x" * csvtext.MAX_CELL
    table, findings = read(f"{HEAD}a,b,{longest}\n")
    assert findings == []
    assert table.columns[2] == [longest]
    table, findings = read(f"{HEAD}a,b,{longest}x\n")
    assert table is None
    assert said(findings) == [
        "x.csv:2: a cell is longer than 131,072 characters. Look for an open quote."
    ]


def test_rows_of_another_width_are_listed_up_to_twenty():
    table, findings = read(HEAD + "a,b\n" * 20)
    assert table is None
    assert [finding.where for finding in findings] == [f"x.csv:{line}" for line in range(2, 22)]
    _, findings = read(HEAD + "a,b\n" * 21)
    assert len(findings) == 21
    assert str(findings[-1]) == "x.csv: 21 rows in all have too many or too few cells."


@pytest.mark.parametrize("count", [332, 333, 334, 1000, 1001])
def test_rows_keep_their_order_and_lines_whatever_their_number(count):
    rows = [(f"s{row}", f"c{row % 7}", "ore") for row in range(count)]
    # A blank row in the middle takes a line and is no row.
    lines = [",".join(row) for row in rows]
    lines.insert(count // 2, " , ,")
    table, findings = read(HEAD + "\n".join(lines) + "\n")
    assert findings == []
    assert list(zip(*table.columns, strict=True)) == rows
    assert table.lines == [row + 2 + (row >= count // 2) for row in range(count)]
