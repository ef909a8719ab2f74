"""The schema is data: what is made from it holds together."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from supplynet.schema import (
    TABLES,
    country,
    country_codes,
    country_name,
    docs_page,
    fold,
    json_schema,
    unknown_country,
)

ROOT = Path(__file__).parent.parent
TYPES = {
    "id",
    "ref",
    "text",
    "number",
    "year",
    "date",
    "partial_date",
    "country",
    "enum",
    "list",
    "countries",
    "enums",
}


def test_all_tables_of_the_design():
    assert list(TABLES) == [
        "network",
        "nodes",
        "supplies",
        "needs",
        "materials",
        "entities",
        "holdings",
        "measures",
        "periods",
        "observations",
        "shares",
        "references",
    ]


@pytest.mark.parametrize(
    ("table", "required"),
    [
        ("nodes", {"id"}),
        ("supplies", {"supplier", "consumer"}),
        ("needs", {"consumer", "material"}),
        ("materials", {"id"}),
        ("entities", {"id"}),
        ("holdings", {"owner", "asset"}),
        ("measures", {"id"}),
        ("periods", {"measure", "start"}),
        ("observations", {"measure", "start", "observed"}),
        ("shares", {"material", "stage", "country", "year"}),
        ("references", {"id"}),
    ],
)
def test_required_fields(table, required):
    assert {field.name for field in TABLES[table].required} == required


def test_every_field_is_well_formed():
    for table in TABLES.values():
        for field in table:
            assert field.type in TYPES, field
            assert field.description.endswith("."), field
            assert (field.type in ("enum", "enums")) <= bool(field.allowed), field
            assert set(field.refers) <= {*TABLES, "country", "unread"}, field
            if field.default and not field.default.startswith("{") and field.allowed:
                assert field.default in field.allowed, field


def test_no_name_means_two_fields():
    for table in TABLES.values():
        seen = {}
        for field in table:
            for name in (field.name, *(alias.name for alias in field.aliases)):
                assert seen.setdefault(fold(name), field.name) == field.name, (table.name, name)


def test_shares_are_ranges_of_exact_numbers():
    assert TABLES["supplies"]["share"].range == (Decimal(0), Decimal(1))
    assert TABLES["nodes"]["capacity"].range == (Decimal(0), None)
    assert TABLES["nodes"]["name"].range == (None, None)


def test_docs_page_is_the_committed_one():
    page = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    assert page == docs_page(), "run: python -m supplynet.schema > docs/data-model.md"


def test_docs_page_names_every_field_and_escapes_cells():
    page = docs_page()
    for table in TABLES.values():
        for field in table:
            assert f"`{field.name}`" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert all(line.count("|") == 5 for line in rows)


def test_json_schema_is_a_schema_and_refuses_what_the_reader_refuses():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = {
        "network": {"title": "t", "as_of": "2026-01-01", "targets": ["b"]},
        "nodes": [{"id": "a", "country": "NA", "own": "x", "capacity": 5}, {"id": "b"}],
        "supplies": [{"supplier": "a", "consumer": "b", "share": 0.5, "qualified": None}],
    }
    assert not list(validator.iter_errors(good))
    for bad in (
        {},
        {"supplies": [{"supplier": "a"}]},
        {"supplies": [{"supplier": "a", "consumer": "b", "share": 1.3}]},
        {"supplies": [], "nodes": [{"id": "a", "country": "UK"}]},
        {"supplies": [], "nodes": [{"id": "a", "status": "open"}]},
        {"supplies": [], "suplies": []},
    ):
        assert list(validator.iter_errors(bad)), bad


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CN", "CN"),
        ("NA", "NA"),
        ("TW", "TW"),
        ("UK", "GB"),
        ("China", "CN"),
        ("CHN", "CN"),
        ("156", "CN"),
        ("4", "AF"),
        ("cn", "CN"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("cote d'ivoire", "CI"),
        ("XK", "XK"),
    ],
)
def test_countries_are_found(text, code):
    found, note = country(text)
    assert found == code
    assert (note is None) == (text == code and code != "XK")
    if note is not None:
        assert code in note


@pytest.mark.parametrize("text", ["XX", "AN", "EU", "NULL", "None", "nan", "Chnia", "", "ZZ"])
def test_what_is_no_country_is_never_guessed(text):
    assert country(text) == (None, None)
    what, fix = unknown_country(text)
    assert repr(text) in what
    assert fix


def test_unknown_country_names_the_nearest():
    assert "CN (China)" in unknown_country("Chnia")[1]
    assert "Netherlands Antilles" in unknown_country("AN")[0]


def test_there_are_249_countries_and_kosovo():
    assert len(country_codes()) == 250
    assert all(country(code)[0] == code and country_name(code) for code in country_codes())


def test_light_imports():
    code = (
        "import sys, supplynet.schema, supplynet.model, supplynet.io; "
        "print([m for m in ('pandas', 'numpy', 'networkx', 'click', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
