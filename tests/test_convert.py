"""Values of frames as text, and the nearest of many names."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from supplynet.io.convert import cell_text, nearest


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
