"""Values of frames as text, and the nearest of many names."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from supplynet.errors import Finding
from supplynet.io.convert import (
    MAX_CELL,
    MAX_OF_A_KIND,
    Findings,
    cell_text,
    convert_column,
    nearest,
)
from supplynet.schema import TABLES


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("007", "007"),
        (True, "yes"),
        (False, "no"),
        (7, "7"),
        (0.1, "0.1"),
        (float("nan"), ""),
        (Decimal("0.50"), "0.5"),
        (Decimal("NaN"), "NaN"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 0, 0, 1), "2026-01-31T00:00:01"),
        (datetime(2026, 1, 31, 1), "2026-01-31T01:00:00"),
        (pd.NaT, ""),
        (pd.NA, ""),
        (Decimal("-Infinity"), "-Infinity"),
        (pd.Period("2026-01"), "2026-01"),
        (pd.Timestamp("2026-01-31"), "2026-01-31"),
        (np.float64(0.25), "0.25"),
        (np.float64("nan"), ""),
        (np.int64(7), "7"),
        (np.bool_(True), "yes"),
        (np.array(["b", "a"]), ("b", "a")),
        (["b", " ", None, "a"], ("b", "a")),
        (("b", "a"), ("b", "a")),
        ({"b", "a", "c"}, ("a", "b", "c")),
        (frozenset({"b", "a"}), ("a", "b")),
    ],
)
def test_a_value_of_a_frame_as_text(value, text):
    assert cell_text(value) == text
    assert type(cell_text(value)) is type(text)


def test_the_nearest_of_a_few_names():
    assert nearest("smeltr", ["mine", "smelter"]) == "Did you mean 'smelter'?"
    assert nearest("xyz", ["mine", "smelter"]) == ""


@pytest.mark.parametrize(
    "meant",
    ["Smelter 7", "smelter 77", "melter 07x", "xxelter 07"],
    ids=["case", "longer by one", "same end", "same end only"],
)
def test_the_nearest_of_many_names(meant):
    many = [f"node number {i}" for i in range(600)]
    name = {"melter 07x": "smelter 07x", "xxelter 07": "smelter 07"}.get(meant, "smelter 7")
    assert nearest(name, [*many, meant]) == f"Did you mean {meant!r}?"


def test_a_name_of_another_length_is_not_looked_for_among_many():
    many = [f"node number {i}" for i in range(600)]
    assert nearest("smelter", [*many, "smelter 1"]) == "Did you mean 'smelter 1'?"
    assert nearest("smelter", [*many, "smelter 12"]) == ""


def convert(table, name, *cells):
    findings = Findings()
    field = TABLES[table][name] if table else None
    values = convert_column(field, name, cells, lambda index: f"x:{index}", findings)
    return values, [str(finding) for finding in findings.all()]


def test_lists_in_fields_that_are_none_are_joined():
    assert convert("nodes", "note", ("a", "b")) == (["a;b"], [])
    assert convert(None, "extra", ("a", "b"), "c") == (["a;b", "c"], [])
    assert convert("nodes", "makes", ("a", "b"), "c; d;\te") == (
        [("a", "b"), ("c", "d", "\te")],
        [],
    )


def test_an_item_of_a_list_holds_no_semicolon():
    _, found = convert("nodes", "makes", ("a", "b;c"))
    assert found == ["x:0: makes holds the item 'b;c'. Items of a list cannot hold a semicolon."]


def test_text_keeps_the_blanks_around_it_and_an_id_does_not():
    assert convert("nodes", "note", " a ", "  ") == ([" a ", None], [])
    assert convert("nodes", "id", " a ") == (["a"], [])


def test_the_longest_cell_is_taken_and_a_longer_one_is_not():
    assert convert("nodes", "note", "x" * MAX_CELL) == (["x" * MAX_CELL], [])
    values, found = convert("nodes", "note", "x" * (MAX_CELL + 1))
    assert values == [None]
    assert found == ["x:0: note is longer than 131,072 characters. Shorten it."]


@pytest.mark.parametrize("cell", ["a\0", "\ud800", "x\udfff"], ids=["nul", "high", "low"])
def test_characters_that_no_file_can_hold_are_refused(cell):
    _, found = convert("nodes", "note", cell)
    assert found == [
        "x:0: note holds a character that no file can hold. Delete NUL and surrogates."
    ]


def test_a_bad_cell_leaves_a_blank_of_its_kind():
    assert convert("nodes", "latitude", "x")[0] == [None]
    assert convert("measures", "origins", "XX", "CN")[0] == [(), ("CN",)]


def test_findings_of_a_kind_are_counted_beyond_fifty_and_each_file_by_itself():
    findings = Findings()
    for line in range(2, MAX_OF_A_KIND + 2):
        findings.add(f"a:b.csv:{line}", "odd", kind=("a:b.csv", "share"))
    assert len(findings.all()) == MAX_OF_A_KIND
    assert [finding.where for finding in findings.all()][:10] == [
        f"a:b.csv:{line}" for line in range(2, 12)
    ]
    for line in range(1000, 1002):
        findings.add(f"a:b.csv:{line}", "odd", level="warning", kind=("a:b.csv", "share"))
    findings.add("network", "odd", kind=("network", "share"))
    assert len(findings.all()) == MAX_OF_A_KIND + 2
    what = "2 more findings of this kind (share)"
    assert findings.all()[0] == Finding("a:b.csv", what, "", "warning")


def test_bad_cells_of_two_files_are_two_kinds():
    findings = Findings()
    for name in ("x", "y"):
        convert_column(
            TABLES["supplies"]["share"],
            "share",
            [f"{i}z" for i in range(30)],
            lambda index, name=name: f"{name}:{index}",
            findings,
        )
        convert_column(
            TABLES["nodes"]["country"],
            "country",
            ["China", "Germany", "France", "Japan", "Chile", "Peru"] * 6,
            lambda index, name=name: f"{name}:{index}",
            findings,
        )
    assert len(findings.all()) == 2 * (30 + 6)
