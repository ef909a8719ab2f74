"""A messy spreadsheet becomes clean tables: nothing is guessed, and nothing that was given is lost."""

import csv
import json
import os
import pty
import re
import subprocess
import sys
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messy.make_messy import SHIPPED, messy
from openpyxl import Workbook

from supplynet.cli import main
from supplynet.cli.intake import ask
from supplynet.errors import OutputError, ValidationError
from supplynet.intake import (
    ColumnMapping,
    Decision,
    Mapping,
    Merge,
    SheetMapping,
    answered,
    convert,
    propose,
    write,
)
from supplynet.intake.headings import matches, roles, table_names
from supplynet.intake.names import alike, make_ids, slug
from supplynet.intake.values import read_cell
from supplynet.io import init, load
from supplynet.io.sheets import Cell, read_sheets
from supplynet.model import number_text
from supplynet.report import chokepoint_report
from supplynet.schema import TABLES, country
from supplynet.text import restore_cell


def sheet_file(folder, sheets, name="my.xlsx", merged=()):
    """Write a workbook of the given rows by sheet, and return its path."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row, values in enumerate(rows, start=1):
            for column, value in enumerate(values, start=1):
                if value not in (None, ""):
                    sheet.cell(row, column, value)
        for area in merged:
            sheet.merge_cells(area)
    path = folder / name
    book.save(path)
    return path


def csv_file(folder, text, name="my.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def table(intake, name):
    raw = intake.raws[name]
    return [dict(zip(raw.header, row, strict=True)) for row in zip(*raw.columns, strict=True)]


def proposed(proposal, sheet=0):
    return {column.heading: column.role for column in proposal.sheets[sheet].columns}


def kinds(proposal):
    return [question.kind for question in proposal.questions]


def edited(mapping, sheet, letters, **changes):
    """Return a mapping with one column changed, as an editor of the file would."""
    text = mapping.to_toml()
    place = text.index(f'name = "{sheet}"')
    place = text.index(f'column = "{letters}"', place)
    for key, value in changes.items():
        new, count = re.subn(
            rf"^{key} = .*$", f"{key} = {value}", text[place:], count=1, flags=re.MULTILINE
        )
        assert count, key
        text = text[:place] + new
    return Mapping.from_toml(text)


# The messy workbook, from sheet to report


def test_the_messy_workbook_is_as_messy_as_described():
    sheets = {sheet.name: sheet for sheet in read_sheets(messy(), "messy.xlsx")}
    assert list(sheets) == ["Working list", "Owners", "Notes"]
    first = sheets["Working list"]
    assert first.lines[0] == 1
    assert [cell.text for cell in first.rows[0]] == ["Falcon drone: who supplies whom (synthetic)"]
    assert {"A1:H1", "A4:B4", "C7:C8"} <= set(first.merged)
    texts = [cell.text for row in first.rows for cell in row]
    for text in ("China / PRC", "70 %", "60-70 %", ">90%", "n/a", "?", "1250,5", "Total"):
        assert text in texts
    assert {"Jiangbei Metals Co., Ltd.", "Jiangbei Metals Co Ltd"} <= set(texts)
    assert any(text.startswith("* of what") for text in texts)
    assert "percent" in {cell.kind for row in first.rows for cell in row}
    without_material = [row for row in first.rows[4:14] if len(row) > 3 and not any(row[4:5])]
    assert len(without_material) == 2


def test_the_shipped_workbook_is_the_one_that_is_made():
    assert SHIPPED.read_bytes() == messy()


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "messy.xlsx"
    path.write_bytes(messy())
    return path


def test_the_messy_workbook_is_understood(book):
    proposal = propose(book)
    assert [sheet.table for sheet in proposal.sheets] == ["supplies", "holdings", ""]
    assert proposal.sheets[0].header == (4, 5)
    assert proposed(proposal) == {
        "Supplier Name": "supplier",
        "Supplier Country": "supplier.country",
        "Buyer Name": "consumer",
        "Buyer Country": "consumer.country",
        "Delivery Commodity": "material",
        "Delivery Share*": "share",
        "Delivery Volume (t)": "volume",
        "Delivery Source": "",
    }
    assert proposed(proposal, 1) == {
        "Company": "asset",
        "Owned by": "owner",
        "Owner country": "owner.country",
        "% held": "share",
        "Since": "start",
    }
    assert [(row, why) for row, _, why in proposal.sheets[0].set_aside] == [
        (1, "above the column names"),
        (2, "above the column names"),
        (16, "a total"),
        (18, "a note"),
        (19, "a note"),
    ]
    assert kinds(proposal) == [
        "column", "decimal_comma", "value", "value", "merge", "targets", "as_of",
    ]  # fmt: skip


def test_what_is_sure_is_taken_and_the_rest_left_open(book):
    intake = propose(book).intake
    supplies = {(row["supplier"], row["consumer"]): row for row in table(intake, "supplies")}
    assert supplies["ostgrube_mining", "hafen_separation"]["share"] == "1"
    assert supplies["nordmagnet_gmbh", "motor_works"]["share"] == "0.7"
    assert supplies["kyoto_magnet_kk", "motor_works"]["share"] == "0.3"
    # The cell of the buyer is merged over both rows.
    assert supplies["bayan_north_mine", "jiangbei_metals_co_ltd_2"]["share"] == ""
    band = supplies["jiangbei_metals_co_ltd", "nordmagnet_gmbh"]
    assert (band["share"], band["share_low"], band["share_high"]) == ("", "0.6", "0.7")
    most = supplies["jiangbei_metals_co_ltd_2", "kyoto_magnet_kk"]
    assert (most["share"], most["share_low"], most["share_high"]) == ("", "0.9", "")
    assert supplies["motor_works", "falcon_drone"]["material"] == ""
    assert supplies["chip_trader", "falcon_drone"]["Delivery Source"] == "own estimate"
    # Decimal commas were not asked for; only 410 and 41 are numbers for sure.
    assert [row["volume"] for row in table(intake, "supplies") if row["volume"]] == ["410", "41"]
    assert [row["unit"] for row in table(intake, "supplies") if row["unit"]] == ["t", "t"]
    assert len(intake.facts.no_material) == 2
    countries = {row["id"]: row["country"] for row in table(intake, "nodes")}
    assert countries["jiangbei_metals_co_ltd"] == countries["jiangbei_metals_co_ltd_2"] == "CN"
    assert countries["bayan_north_mine"] == "CN"
    assert countries["chip_trader"] == ""
    owners = {row["asset"]: row for row in table(intake, "holdings")}
    assert owners["nordmagnet_gmbh"]["share"] == "0.51"
    assert owners["nordmagnet_gmbh"]["start"] == "2021-03-01"
    assert owners["kyoto_magnet_kk"]["share_low"] == "0.5"
    assert not intake.errors


def test_every_row_says_where_it_comes_from(book):
    intake = propose(book).intake
    for name in ("supplies", "holdings", "nodes", "materials", "entities"):
        for row in table(intake, name):
            assert row["references"], (name, row)
            assert re.match(r"(Working list|Owners)!\d+", row["sheet_row"]), (name, row)
    titles = {row["id"]: row["title"] for row in table(intake, "references")}
    assert titles["messy_xlsx_sheet_working_list"] == "messy.xlsx, sheet Working list"
    assert not any(row.get("date") for row in table(intake, "references"))


def everything(folder):
    """Return the mapping, which holds all headings, and all cells of the tables and their parts."""
    cells = set()
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for cell in (restore_cell(cell) for row in csv.reader(file) for cell in row):
                cells |= {cell, *cell.split(" | "), *cell.split(";")}
    return (folder / "mapping.toml").read_text(encoding="utf-8"), cells


def is_kept(cell, cells):
    """Return whether a cell stands in the tables as it was, or as the number that it is."""
    plain = cell.removesuffix("%").strip().replace(",", ".")
    forms = {cell, " ".join(cell.split())}
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        forms |= {number_text(Decimal(plain)), number_text(Decimal(plain) / 100)}
    return bool(forms & cells) or (
        ";" in cell and all(part.strip() in cells for part in cell.split(";"))
    )


@pytest.mark.parametrize("decimal_comma", [False, True])
def test_every_original_cell_is_kept(book, tmp_path, decimal_comma):
    write(propose(book, decimal_comma=decimal_comma).intake, tmp_path / "clean")
    mapping, cells = everything(tmp_path / "clean")
    for sheet in read_sheets(messy(), "messy.xlsx"):
        header = {"Working list": (4, 5), "Owners": (3,)}.get(sheet.name, ())
        for line, row in zip(sheet.lines, sheet.rows, strict=True):
            for cell in filter(None, row):
                kept = cell.text in mapping if line in header else is_kept(cell.text, cells)
                assert kept, f"{sheet.name}!{line}: {cell.text!r}"


HEADINGS = (
    "Part", "Share", "Share (%)", "Country", "Supplier country", "Source", "Owner",
    "Supplier owner", "Supplier owner share", "Supplier owner country", "Supplier operator country",
    "Buyer country", "Note", "Colour", "Volume (t)", "Qualified", "Start", "Lead time",
    "Supplier stage", "Status", "Evidence", "Supplier makes", "id",
)  # fmt: skip
CELLS = (
    "", "", "Alpha", "ALPHA", "Beta Ltd", "Gamma; Delta", "x", "70 %", "0.7", "0,7", "12", "ca. 5",
    "60-70 %", "China / PRC", "Japan", "CN", "NA", "EU", "n/a", "?", "Total", "yes", "2024-01-01",
    "03/2024", "=1+1", "-4", "'quoted", "Supplier",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    more=st.lists(st.sampled_from(HEADINGS), max_size=5, unique=True),
    rows=st.lists(st.lists(st.sampled_from(CELLS), min_size=7, max_size=7), min_size=1, max_size=6),
)
def test_no_cell_of_any_sheet_is_lost(tmp_path_factory, more, rows):
    headings = ["Supplier", "Buyer", *more]
    folder = tmp_path_factory.mktemp("any")
    file = folder / "my.csv"
    grid = [headings, *(row[: len(headings)] for row in rows)]
    with file.open("w", newline="") as out:
        csv.writer(out, delimiter=";").writerows(grid)
    proposal = propose(file)
    assert Mapping.from_toml(proposal.mapping.to_toml()) == proposal.mapping
    if proposal.intake is None:
        return
    write(proposal.intake, folder / "clean")
    mapping, cells = everything(folder / "clean")
    assert all(heading in mapping for heading in headings)
    for row in grid[1:]:
        for cell in filter(None, row):
            assert is_kept(cell, cells), (cell, row)
    if proposal.intake.net is not None:
        assert load(folder / "clean").digest == proposal.intake.net.digest


def test_three_corrections_and_one_command_lead_to_a_report(book, tmp_path):
    proposal = propose(book)
    text = proposal.mapping.to_toml()
    for old, new in (
        ("yes = false", "yes = true"),
        ('as_of = ""', 'as_of = "2026-01-31"'),
        ('heading = "Delivery Source"\nis = ""', 'heading = "Delivery Source"\nis = "references"'),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    intake = convert(book, Mapping.from_toml(text))
    write(intake, tmp_path / "falcon", mapping_text=text)
    net = load(tmp_path / "falcon")
    nodes = {row["id"]: row for row in net.table("nodes").rows()}
    firm = nodes["jiangbei_metals_co_ltd"]
    assert firm["name"] == "Jiangbei Metals Co., Ltd."
    assert firm["aliases"] == ("Jiangbei Metals Co Ltd",)
    cited = {row["title"]: row for row in net.table("references").rows()}
    assert cited["https://example.org/ndpr"]["url"] == "https://example.org/ndpr"
    assert net.as_of is not None
    assert "Falcon drone" in chokepoint_report(net).to_html()
    assert (tmp_path / "falcon" / "mapping.toml").read_text() == text
    # The spelling of each row is still there.
    rows = list(net.table("supplies").rows())
    assert [r["as given: Supplier Name"] for r in rows if r.get("as given: Supplier Name")] == [
        "Jiangbei Metals Co Ltd"
    ]


def test_the_mapping_repeats_it_to_the_same_bytes(book, tmp_path):
    proposal = propose(book)
    write(proposal.intake, tmp_path / "one")
    text = (tmp_path / "one" / "mapping.toml").read_text(encoding="utf-8")
    again = convert(book, Mapping.from_toml(text))
    write(again, tmp_path / "two", mapping_text=text)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "two").iterdir())
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_decimal_commas_are_read_on_request_only(book):
    asked = [q for q in propose(book).questions if q.kind == "decimal_comma"]
    assert "'1250,5' looks like a decimal comma" in asked[0].text
    proposal = propose(book, decimal_comma=True)
    assert "decimal_comma" not in kinds(proposal)
    volumes = [row["volume"] for row in table(proposal.intake, "supplies")]
    assert volumes[:4] == ["1250.5", "830.25", "355.8", "410"]
    by_hand = convert(
        book, edited(propose(book).mapping, "Working list", "G", decimal_comma="true")
    )
    assert table(by_hand, "supplies") == table(proposal.intake, "supplies")


# Headings


@pytest.mark.parametrize(
    ("heading", "table_name", "role", "sure"),
    [
        ("Supplier", "supplies", "supplier", True),
        ("supplier_id", "supplies", "supplier", True),
        ("Vendor", "supplies", "supplier", True),
        ("Name of supplier", "supplies", "supplier", True),
        ("Lieferant", "supplies", "supplier", True),
        ("Fournisseur", "supplies", "supplier", True),
        ("Buyer", "supplies", "consumer", True),
        ("Customer name", "supplies", "consumer", True),
        ("OEM", "supplies", "consumer", False),
        ("Part", "supplies", "material", True),
        ("Commodity", "supplies", "material", True),
        ("Input", "supplies", "material", True),
        ("Country of origin", "supplies", "supplier.country", False),
        ("Supplier country", "supplies", "supplier.country", True),
        ("Country of the supplier", "supplies", "supplier.country", True),
        ("Lieferantenland", "supplies", "supplier.country", True),
        ("Buyer country", "supplies", "consumer.country", True),
        ("Country", "supplies", "supplier.country", False),
        ("Parent company", "supplies", "supplier.owner", False),
        ("Supplier parent company", "supplies", "supplier.owner", True),
        ("Supplier stage", "supplies", "supplier.stage", True),
        ("% share", "supplies", "share", True),
        ("Share of supply (%)", "supplies", "share", True),
        ("Market share", "supplies", "share", False),
        ("Supplyer", "supplies", "supplier", False),
        ("Link", "supplies", "references", False),
        ("Evidence", "supplies", "references", True),
        ("Parent company", "holdings", "owner", True),
        ("% held", "holdings", "share", True),
        ("Plant", "nodes", "site", False),
        ("Pays", "nodes", "country", True),
    ],
)
def test_headings(heading, table_name, role, sure):
    found = matches(heading, table_name)
    assert found, heading
    assert (found[0].role, found[0].sure) == (role, sure)


def test_source_is_a_trap():
    assert [(m.role, m.sure) for m in matches("Source", "supplies")] == [
        ("supplier", False),
        ("references", False),
    ]
    # Beside a target it can only be the supplier, as `load` reads it.
    assert matches("Source", "supplies", ["Source", "Target"])[0].sure


@pytest.mark.parametrize("heading", ["Lead time (weeks)", "Favourite colour", "", "Total cost"])
def test_headings_that_mean_no_field(heading):
    assert not [match for match in matches(heading, "supplies") if match.sure]


def test_all_words_lead_to_fields():
    path = Path(sys.modules["supplynet.intake"].__file__).parent / "words.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    for row in rows:
        assert row["sure"] in ("known", "ask"), row
        if row["table"] == "sheet":
            assert row["role"] in table_names()
        else:
            assert row["role"] in roles(row["table"]), row
        for heading in row["headings"].split(";"):
            assert heading == heading.strip() != "", row
            if row["table"] != "sheet":
                assert row["role"] in {m.role for m in matches(heading, row["table"])}, heading


# Cells


def read(text, role="share", table_name="supplies", kind="text", **options):
    reading = read_cell(Cell(text, kind), roles(table_name)[role], table_name, **options)
    return dict(reading.fields), reading.why


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("70 %", {"share": "0.7"}),
        ("70%", {"share": "0.7"}),
        ("0.7", {"share": "0.7"}),
        ("60-70 %", {"share_low": "0.6", "share_high": "0.7"}),
        ("60 % – 70 %", {"share_low": "0.6", "share_high": "0.7"}),
        ("0.6 to 0.7", {"share_low": "0.6", "share_high": "0.7"}),
        (">90%", {"share_low": "0.9"}),
        ("at least 90 percent", {"share_low": "0.9"}),
        ("<10 %", {"share_high": "0.1"}),
        ("up to 10 %", {"share_high": "0.1"}),
        ("n/a", {}),
        ("-", {}),
        ("?", {}),
        ("unknown", {}),
    ],
)
def test_shares(text, fields):
    assert read(text) == (fields, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ca. 70 %", "not exact"),
        ("~70", "not exact"),
        ("70", "must be 0-1"),
        ("170 %", "must be 0-1"),
        ("0,7", "looks like a decimal comma"),
        ("70 % or so", "not a number"),
        ("most", "not a number"),
        ("-5 %", "must be 0-1"),
    ],
)
def test_shares_that_are_not_read(text, why):
    fields, said = read(text)
    assert fields == {}
    assert why in said


def test_plain_numbers_are_read_as_the_column_says():
    assert read("70", numbers="percent") == ({"share": "0.7"}, "")
    assert read("70", numbers="")[0] == {}
    assert read("70 %", numbers="") == ({"share": "0.7"}, "")
    assert read("0.7", kind="percent", numbers="percent") == ({"share": "0.7"}, "")
    assert read("0.7", kind="number", numbers="")[0] == {}
    assert read("60-70", numbers="percent") == ({"share_low": "0.6", "share_high": "0.7"}, "")


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("1250,5", True, "1250.5"),
        ("1.250,5", True, "1250.5"),
        ("1 250,5", True, "1250.5"),
        ("1250.5", True, None),
        ("1250.5", False, "1250.5"),
        ("1,250.5", False, "1250.5"),
        ("1 250", False, "1250"),
        ("1,250", False, None),
        ("1250,5", False, None),
        ("12.3.4", False, None),
    ],
)
def test_numbers_in_text(text, comma, number):
    fields, why = read(text, "volume", decimal_comma=comma)
    assert fields == ({"volume": number} if number else {})
    assert bool(why) == (number is None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("China / PRC", "CN"),
        ("P.R. China", "CN"),
        ("Mainland China", "CN"),
        ("USA", "US"),
        ("U.S.", "US"),
        ("South Korea", "KR"),
        ("Korea (South)", "KR"),
        ("Czech Republic", "CZ"),
        ("DRC", "CD"),
        ("Deutschland", "DE"),
        ("cn", "CN"),
        ("n/a", None),
        ("?", None),
    ],
)
def test_countries(text, code):
    expected = ({"country": code} if code else {}, "")
    assert read(text, "country", "nodes") == expected


@pytest.mark.parametrize(
    "text", ["EU", "various", "China/Japan", "Korea", "Chnia", "NA", "Taiwan, China", "Europe"]
)
def test_what_is_no_country_for_sure_stays_blank_and_is_said(text):
    fields, why = read(text, "country", "nodes")
    assert fields == {}
    assert why


def test_na_is_namibia_among_codes():
    assert read("NA", "country", "nodes", codes_only=True) == ({"country": "NA"}, "")


@pytest.mark.parametrize(("kind", "text"), [("error", "#REF!"), ("formula_without_value", "")])
def test_cells_without_a_value_are_said(kind, text):
    fields, why = read(text, kind=kind)
    assert fields == {}
    assert why


def test_what_a_text_is_read_as_can_be_said():
    said = {"ca. 70": "70 %", "lots": "", "0.5": ""}
    assert read("ca. 70", values=said) == ({"share": "0.7"}, "")
    fields, why = read("lots", values=said)
    assert fields == {}
    assert "not a number" in why
    fields, why = read("0.5", values=said)
    assert fields == {}
    assert why == "left out by the mapping"


# Names


def test_ids_are_readable_unique_and_stable():
    names = ["Lynas Corp.", "lynas corp", "Müller", "包头稀土", "!!!", "Lynas Corp."]
    ids = make_ids(names)
    assert ids == make_ids(reversed(names))
    assert ids["Müller"] == "muller"
    assert ids["包头稀土"] == "包头稀土"
    assert len(set(ids.values())) == 5
    assert {ids["Lynas Corp."], ids["lynas corp"]} == {"lynas_corp", "lynas_corp_2"}
    assert make_ids(["Lynas"], taken=["LYNAS"]) == {"Lynas": "lynas_2"}
    assert slug("Less Common Metals Ltd.") == "less_common_metals_ltd"


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Less Common Metals", "Less Common Metals Ltd.", "legal form"),
        ("Nordmagnet GmbH", "Nordmagnet", "legal form"),
        ("LESS COMMON METALS", "Less Common Metals", "case"),
        ("LCM", "Less Common Metals", "initials"),
        ("Shin-Etsu Chemical", "Shin Etsu Chemical", "punctuation"),
        ("Shenghe Resources", "Shenghe Ressources", "close spelling"),
        ("Baotou Rare Earth", "Batou Rare Earth", "close spelling"),
    ],
)
def test_near_equal_names_are_offered(one, other, why):
    found = alike({one: 1, other: 1})
    assert len(found) == 1
    assert why in found[0][2]
    assert {found[0][0], *found[0][1]} == {one, other}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mine 1", "Mine 2"), ("Lynas Malaysia", "Lynas Australia"), ("Nd", "Dy"), ("N42", "N48")],
)
def test_other_names_are_not_offered(one, other):
    assert alike({one: 1, other: 1}) == []


# Whole files


def test_a_csv_with_title_rows_and_any_separator(tmp_path):
    for separator in ",;\t|":
        lines = [
            ["Our list"], [], ["Vendor", "Buyer", "Part"], ["A", "B", "x"], ["C", "B", "y"],
        ]  # fmt: skip
        text = "\r\n".join(separator.join(line) for line in lines) + "\r\n"
        intake = propose(csv_file(tmp_path, text)).intake
        assert [
            (r["supplier"], r["consumer"], r["material"]) for r in table(intake, "supplies")
        ] == [
            ("a", "b", "x"),
            ("c", "b", "y"),
        ]
        assert [row["sheet_row"] for row in table(intake, "supplies")] == ["my!4", "my!5"]
        assert [row["title"] for row in table(intake, "references")] == ["my.csv"]


def test_the_encoding_of_a_csv(tmp_path):
    path = csv_file(tmp_path, "Lieferant;Kunde\nMüller;Søn\n", encoding="latin-1")
    with pytest.raises(ValidationError, match="cp1252"):
        propose(path)
    intake = propose(path, encoding="latin-1").intake
    assert {row["name"] for row in table(intake, "nodes")} == {"Müller", "Søn"}


@pytest.mark.parametrize("name", ["no.xlsx", "no.csv", "notes.docx"])
def test_files_that_cannot_be_read(tmp_path, name):
    with pytest.raises(ValidationError):
        propose(tmp_path / name)


def test_no_table_anywhere(tmp_path):
    proposal = propose(csv_file(tmp_path, "just a line\nand another\n"))
    assert proposal.intake is None
    assert [sheet.table for sheet in proposal.sheets] == [""]
    with pytest.raises(ValidationError, match="no sheet is taken as supplies"):
        convert(tmp_path / "my.csv", proposal.mapping)


def test_source_alone_is_asked_and_not_taken(tmp_path):
    path = csv_file(tmp_path, "Source,Buyer,Part\nUSGS 2024,B,x\nUSGS 2025,C,y\n")
    proposal = propose(path)
    assert proposal.intake is None
    assert kinds(proposal) == ["column"]
    with pytest.raises(ValidationError, match="no column is the supplier"):
        convert(path, proposal.mapping)
    said = answered(proposal.mapping, proposal.questions[0], "supplier")
    assert len(table(convert(path, said), "supplies")) == 2


@pytest.mark.parametrize(
    ("heading", "cells", "expected", "asked"),
    [
        ("Share", ["0.7", "0.3"], ["0.7", "0.3"], False),
        ("Share (%)", ["70", "30"], ["0.7", "0.3"], False),
        ("Share", ["70 %", "30 %"], ["0.7", "0.3"], False),
        ("Share", ["70", "30"], ["", ""], True),
        ("Share (%)", ["0.7", "0.3"], ["", ""], True),
        ("Share", ["70 %", "0.3"], ["0.7", ""], True),
    ],
)
def test_percent_by_heading_or_sign_else_asked(tmp_path, heading, cells, expected, asked):
    rows = "".join(f"S{n};B;x;{cell}\n" for n, cell in enumerate(cells))
    proposal = propose(csv_file(tmp_path, f"Supplier;Buyer;Part;{heading}\n{rows}"))
    got = [row.get("share", "") for row in table(proposal.intake, "supplies")]
    assert got == expected
    assert ("numbers" in kinds(proposal)) is asked
    if asked:
        question = next(q for q in proposal.questions if q.kind == "numbers")
        said = answered(proposal.mapping, question, "percent")
        assert table(convert(tmp_path / "my.csv", said), "supplies")[0]["share"] in ("0.7", "0.007")


def test_countries_that_contradict_each_other_are_a_question(tmp_path):
    path = csv_file(
        tmp_path,
        "Supplier;Supplier country;Buyer\nToda;Japan;A\nToda;Canada;B\nLynas;Malaysia;A\n",
    )
    proposal = propose(path)
    question = next(q for q in proposal.questions if q.kind == "decide")
    assert [value for value, _ in question.choices] == ["CA", "JP", ""]
    countries = {row["id"]: row["country"] for row in table(proposal.intake, "nodes")
                 if "country" in row}  # fmt: skip
    assert countries["toda"] == ""
    assert countries["lynas"] == "MY"
    assert {(a.row, a.text) for a in proposal.intake.set_aside} == {(2, "JP"), (3, "CA")}
    said = convert(path, answered(proposal.mapping, question, "JP"))
    assert {r["id"]: r["country"] for r in table(said, "nodes")}["toda"] == "JP"


def test_owner_columns_make_entities_and_holdings(tmp_path):
    path = csv_file(
        tmp_path,
        "Supplier;Supplier owner;Supplier owner country;Supplier owner share (%);Buyer\n"
        "Plant;Big Group;PRC;51 %;Drone\nPlant;Big Group;China;51 %;Other drone\n",
    )
    intake = propose(path).intake
    assert [(r["owner"], r["asset"], r["share"]) for r in table(intake, "holdings")] == [
        ("big_group", "plant", "0.51")
    ]
    entity = table(intake, "entities")[0]
    assert (entity["id"], entity["country"]) == ("big_group", "CN")
    assert entity["sheet_row"] == "my!2; my!3"


def test_an_owner_without_a_prefix_is_asked(tmp_path):
    proposal = propose(csv_file(tmp_path, "Supplier;Buyer;Owner\nPlant;Drone;Big Group\n"))
    assert proposed(proposal)["Owner"] == ""
    assert "holdings" not in proposal.intake.raws
    assert table(proposal.intake, "supplies")[0]["Owner"] == "Big Group"


def test_a_row_without_a_supplier_stays_a_gap(tmp_path):
    path = csv_file(tmp_path, "Supplier;Buyer;Part\nA;Drone;motor\n?;Drone;chip\n;Drone;\n")
    intake = propose(path).intake
    assert [(r["consumer"], r["material"], r["suppliers"]) for r in table(intake, "needs")] == [
        ("drone", "chip", "partial")
    ]
    drone = next(row for row in table(intake, "nodes") if row["id"] == "drone")
    assert drone["upstream"] == "unknown"
    assert [aside.row for aside in intake.set_aside] == [3, 4]
    net = intake.net
    assert net is not None
    assert list(net.table("needs").column("suppliers")) == ["partial"]


@pytest.mark.parametrize("word", ["various", "unknown", "n/a", "several"])
def test_a_word_for_nobody_in_particular_is_no_supplier(tmp_path, word):
    intake = propose(csv_file(tmp_path, f"Supplier;Buyer;Part\nA;B;x\n{word};B;x\n")).intake
    assert [row["id"] for row in table(intake, "nodes")] == ["a", "b"]
    assert table(intake, "needs")[0]["suppliers"] == "partial"


def test_a_row_without_a_consumer_is_set_aside_and_said(tmp_path):
    intake = propose(csv_file(tmp_path, "Supplier;Buyer;Part\nA;B;x\nC;;y\n")).intake
    assert [(a.row, a.text, a.why) for a in intake.set_aside] == [
        (3, "C | y", "no consumer in the row")
    ]
    assert any(note.where == "my.csv[my]:3" for note in intake.notes)


def test_blanks_are_filled_down_only_when_said(tmp_path):
    path = csv_file(tmp_path, "Supplier;Buyer;Part\nA;Drone;x\nB;;x\nC;Boat;y\n")
    proposal = propose(path)
    question = next(q for q in proposal.questions if q.kind == "fill_down")
    assert len(table(proposal.intake, "supplies")) == 2
    said = convert(path, answered(proposal.mapping, question, "yes"))
    assert [row["consumer"] for row in table(said, "supplies")] == ["drone", "drone", "boat"]


def test_a_list_for_one_product_takes_the_product_from_the_mapping(tmp_path):
    path = csv_file(tmp_path, "Supplier;Part\nA;x\nB;y\n")
    proposal = propose(path)
    question = next(q for q in proposal.questions if q.kind == "fixed")
    assert question.about == ("consumer",)
    with pytest.raises(ValidationError, match="no column is the consumer"):
        convert(path, proposal.mapping)
    said = convert(path, answered(proposal.mapping, question, "Drone X"))
    assert [row["consumer"] for row in table(said, "supplies")] == ["drone_x", "drone_x"]


def test_a_second_table_a_total_and_a_repeated_header_are_set_aside(tmp_path):
    path = csv_file(
        tmp_path,
        "Supplier;Buyer;Share\nA;B;0.5\nSupplier;Buyer;Share\nTotal Energy;B;0.5\nSum;;1\n"
        "* a note\n\nMaterial;HS code\nx;2805\n",
    )
    proposal = propose(path)
    assert [(row, why.partition(":")[0]) for row, _, why in proposal.sheets[0].set_aside] == [
        (3, "the column names again"),
        (5, "a total"),
        (6, "a note"),
        (8, "below the end of the table"),
        (9, "below the end of the table"),
    ]
    suppliers = [row["supplier"] for row in table(proposal.intake, "supplies")]
    assert suppliers == ["a", "total_energy"]


def test_nodes_are_told_from_entities_by_their_names(tmp_path):
    path = sheet_file(
        tmp_path,
        {
            "List": [["Supplier", "Buyer"], ["Alpha", "Beta"], ["Beta", "Gamma"]],
            "Data": [
                ["Name", "Country", "Stage"],
                ["Alpha", "Japan", "mine"],
                ["Beta", "China", ""],
            ],
        },
    )
    proposal = propose(path)
    assert [sheet.table for sheet in proposal.sheets] == ["supplies", "nodes"]
    nodes = {row["id"]: row for row in table(proposal.intake, "nodes")}
    assert (nodes["alpha"]["country"], nodes["alpha"]["stage"]) == ("JP", "mine")
    assert nodes["gamma"]["country"] == ""


def test_ids_of_the_sheet_are_kept(tmp_path):
    path = sheet_file(
        tmp_path,
        {
            "nodes": [["id", "name", "country"], ["007", "Bond", "GB"], ["NA", "Mine", "NA"]],
            "supplies": [["supplier", "consumer"], ["Mine", "007"], ["NA", "Bond"]],
        },
    )
    intake = propose(path).intake
    assert {row["id"]: row["country"] for row in table(intake, "nodes")} == {
        "007": "GB",
        "NA": "NA",
    }
    assert {(r["supplier"], r["consumer"]) for r in table(intake, "supplies")} == {("NA", "007")}


def test_a_sheet_that_is_not_sure_keeps_no_other_from_being_read(tmp_path):
    path = sheet_file(
        tmp_path,
        {
            "List": [["Supplier", "Buyer"], ["A", "B"]],
            "Codes": [["code", "name of it"], ["CN", "China"], ["JP", "Japan"]],
            "materials (ignore)": [["id", "name"], ["x", "X"]],
        },
    )
    proposal = propose(path)
    assert [sheet.table for sheet in proposal.sheets] == ["supplies", "", ""]
    assert proposal.sheets[2].why == "as its name asks"
    assert len(proposal.intake.set_aside) == 5


def test_the_template_is_taken_as_it_is(tmp_path):
    init(tmp_path / "template.xlsx")
    intake = propose(tmp_path / "template.xlsx").intake
    assert not intake.errors
    net = load(tmp_path / "template.xlsx")
    for name in ("nodes", "supplies", "needs"):
        assert len(table(intake, name)) == len(net.table(name))
    ends = {(row["supplier"], row["consumer"]) for row in table(intake, "supplies")}
    given = net.table("supplies")
    assert ends == set(zip(given.column("supplier"), given.column("consumer"), strict=True))


def test_extra_columns_never_pass_for_fields(tmp_path):
    path = csv_file(tmp_path, "Supplier;Buyer;Source;Remark on it;Statuss\nA;B;web;odd;good\n")
    intake = propose(path).intake
    write(intake, tmp_path / "clean")
    net = load(tmp_path / "clean")
    row = next(net.table("supplies").rows())
    assert row["as given: Source"] == "web"
    assert row["Remark on it"] == "odd"
    assert row["as given: Statuss"] == "good"
    assert not [f for f in net.findings if f.level != "note"]


def test_errors_name_the_sheet_and_the_row(tmp_path):
    path = sheet_file(
        tmp_path,
        {
            "Mine": [["a title"], [], ["Supplier", "Buyer", "Part", "Share"],
                     ["A", "C", "x", 0.7], ["B", "C", "x", 0.6]],
        },
    )  # fmt: skip
    intake = propose(path).intake
    assert intake.net is None
    (error,) = intake.errors
    assert error.where == "my.xlsx[Mine]:4"
    assert "my.xlsx[Mine]:4, my.xlsx[Mine]:5" in error.what
    write(intake, tmp_path / "clean")
    with pytest.raises(ValidationError):
        load(tmp_path / "clean")


def test_a_mapping_of_another_file_is_refused(tmp_path, book):
    mapping = propose(book).mapping
    other = sheet_file(tmp_path, {"Working list": [["Supplier", "Buyer"], ["A", "B"]]}, "o.xlsx")
    with pytest.raises(ValidationError) as caught:
        convert(other, mapping)
    text = str(caught.value)
    assert "no sheet 'Owners'" in text
    assert "column A is headed" in text


def test_names_merge_only_when_said(tmp_path):
    path = csv_file(tmp_path, "Supplier;Buyer\nArnold;Drone\nARNOLD;Boat\n")
    proposal = propose(path)
    assert len(table(proposal.intake, "nodes")) == 4
    assert proposal.mapping.merges == (Merge("name", "ARNOLD", ("Arnold",)),)
    question = next(q for q in proposal.questions if q.kind == "merge")
    said = convert(path, answered(proposal.mapping, question, "yes"))
    assert [row["id"] for row in table(said, "nodes")] == ["arnold", "boat", "drone"]
    assert table(said, "nodes")[0]["aliases"] == "Arnold"


def test_targets_go_by_name(tmp_path):
    path = csv_file(tmp_path, "Supplier;Buyer\nA;The drone\n")
    proposal = propose(path)
    question = next(q for q in proposal.questions if q.kind == "targets")
    assert question.about == ("The drone",)
    assert proposal.intake.meta.targets == ()
    assert convert(path, answered(proposal.mapping, question, "all")).meta.targets == ("the_drone",)
    wrong = convert(path, answered(proposal.mapping, question, "The dron"))
    assert any("Did you mean 'The drone'?" in str(note) for note in wrong.notes)


def test_formulas_and_controls_reach_no_csv(tmp_path):
    path = csv_file(tmp_path, 'Supplier;Buyer;Odd\n"=cmd|x";B;"+1-2"\n')
    write(propose(path).intake, tmp_path / "clean")
    with (tmp_path / "clean" / "nodes.csv").open() as file:
        assert any(row["name"] == "'=cmd|x" for row in csv.DictReader(file))
    assert load(tmp_path / "clean").table("nodes").column("name")[0] in ("=cmd|x", "B")


def test_a_folder_with_a_network_is_replaced_only_by_force(tmp_path):
    folder = tmp_path / "clean"
    write(propose(csv_file(tmp_path, "Supplier;Buyer;Item\nA;B;x\n")).intake, folder)
    (folder / "mine.txt").write_text("keep")
    again = propose(csv_file(tmp_path, "Supplier;Buyer\nA;C\n")).intake
    with pytest.raises(OutputError, match="--force"):
        write(again, folder)
    assert (folder / "materials.csv").exists()
    write(again, folder, force=True)
    assert not (folder / "materials.csv").exists()
    assert (folder / "mine.txt").read_text() == "keep"
    assert set(load(folder).node_rows) == {"a", "c"}


@pytest.mark.parametrize("name", ["nodes.csv", "network.toml", "needs.csv", "mapping.toml"])
def test_what_was_filled_in_by_hand_is_not_overwritten(tmp_path, name):
    intake = propose(csv_file(tmp_path, "Supplier;Buyer\nA;B\n")).intake
    folder = tmp_path / "clean"
    write(intake, folder)
    with (folder / name).open("a") as file:
        file.write("# mine\n")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(OutputError, match=rf"{name} changed since it was written here"):
        write(intake, folder, force=True)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_an_edited_mapping_that_is_used_is_kept(tmp_path):
    intake = propose(csv_file(tmp_path, "Supplier;Buyer\nA;B\n")).intake
    folder = tmp_path / "clean"
    write(intake, folder)
    edited = (folder / "mapping.toml").read_text() + "# mine\n"
    (folder / "mapping.toml").write_text(edited)
    write(intake, folder, mapping_text=edited, force=True)
    assert (folder / "mapping.toml").read_text() == edited


def test_a_network_from_elsewhere_is_not_replaced(tmp_path):
    intake = propose(csv_file(tmp_path, "Supplier;Buyer\nA;B\n")).intake
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "supplies.csv").write_text("supplier,consumer\nx,y\n")
    with pytest.raises(OutputError, match="came from elsewhere"):
        write(intake, folder, force=True)
    assert (folder / "supplies.csv").read_text() == "supplier,consumer\nx,y\n"


def test_a_country_beside_a_name_is_asked_for_that_end(tmp_path):
    path = csv_file(tmp_path, "Supplier;Country;Buyer;Country\nA;Japan;B;China\nC;USA;B;China\n")
    proposal = propose(path)
    columns = [q for q in proposal.questions if q.kind == "column"]
    assert [(q.column, q.choices[0][0]) for q in columns] == [
        ("B", "supplier.country"),
        ("D", "consumer.country"),
    ]
    assert "country" not in proposal.intake.raws["nodes"].header
    mapping = proposal.mapping
    for question in columns:
        mapping = answered(mapping, question, question.choices[0][0])
    countries = {row["id"]: row["country"] for row in table(convert(path, mapping), "nodes")}
    assert countries == {"a": "JP", "b": "CN", "c": "US"}


def test_several_names_in_a_cell_are_said(tmp_path):
    intake = propose(csv_file(tmp_path, "Supplier;Buyer\nLynas / MP;B\nA/B Corp;C\n")).intake
    assert [n.where for n in intake.notes if "may be several" in n.what] == ["my.csv[my]:2"]


def test_hidden_and_computed_cells_are_read_and_said(tmp_path):
    path = tmp_path / "my.xlsx"
    book = Workbook()
    sheet = book.active
    sheet.title = "List"
    for row in (["Supplier", "Buyer", "Share"], ["A", "B", "=1/2"], ["C", "D", 0.5]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True
    book.save(path)
    intake = propose(path).intake
    assert len(table(intake, "supplies")) == 2
    said = " ".join(str(note) for note in intake.notes)
    assert "1 row hidden: read all the same" in said
    # openpyxl stores no value with a formula.
    assert [(a.row, a.column) for a in intake.set_aside] == [(2, "Share")]


# The mapping file


def full_mapping():
    column = ColumnMapping(
        "C", 'Sh"are\n%', "share", "percent", decimal_comma=True, values={"ca. 1": "1 %", "é": ""}
    )
    name = ColumnMapping("A", "Who", "supplier", fill_down=True)
    sheet = SheetMapping(
        "S 1", "supplies", (3, 4), {9: "a total"}, {"consumer": "D"}, (name, column)
    )
    return Mapping(
        "my.xlsx", "T", "2026-01-31", ("D",), (sheet, SheetMapping("N")),
        (Merge("material", "a", ("b", "c"), True),), (Decision("A", "nodes.country", "CN"),),
    )  # fmt: skip


def test_a_mapping_file_is_read_as_it_was_written():
    mapping = full_mapping()
    assert Mapping.from_toml(mapping.to_toml()) == mapping
    assert mapping.to_toml() == Mapping.from_toml(mapping.to_toml()).to_toml()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('is = "share"', 'is = "sharre"', "Did you mean 'share'?"),
        ('table = "supplies"', 'table = "supply"', "no table 'supply'. Did you mean 'supplies'?"),
        ("fill_down", "filldown", "Did you mean 'fill_down'?"),
        ('numbers = "percent"', 'numbers = "procent"', "Did you mean 'percent'?"),
        ("decimal_comma = true", 'decimal_comma = "yes"', "Write true or false"),
        ('as_of = "2026-01-31"', 'as_of = "31.1.2026"', "not a date"),
        ('as_of = "2026-01-31"', "as_of = 2026-01-31", "text in double quotes"),
        ("header = [3, 4]", 'header = ["3"]', "row numbers"),
        ("header = [3, 4]", "header = []", "no header"),
        ('kind = "material"', 'kind = "firm"', "Write name or material"),
        ('column = "A"', 'column = "1"', "Write its letters"),
        ('is = "supplier"', 'is = "share"', "columns A and C are both share"),
        ('"consumer" = "D"', '"consumr" = "D"', "Did you mean 'consumer'?"),
        ('name = "N"', 'name = "S 1"', "is there twice"),
        ("yes = true", "yes = yes", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_said(old, new, said):
    text = full_mapping().to_toml()
    assert text.count(old) == 1
    with pytest.raises(ValidationError) as caught:
        Mapping.from_toml(text.replace(old, new))
    assert said in str(caught.value)
    assert "mapping.toml" in str(caught.value)


# Asking


def scripted(answers, log):
    """Return a prompt that answers by what the question says; it fails on what is not foreseen."""

    def prompt(text):
        log.append(text)
        for part, answer in answers.items():
            if part in text:
                return answer.pop(0) if isinstance(answer, list) else answer
        return ""

    return prompt


def test_questions_are_asked_one_by_one(book):
    log = []
    answers = {
        "Delivery Source": "references",
        "looks like a decimal comma": "yes",
        "ca. 30 %": "30 %",
        "one name?": "1",
        "What must not stop": "all",
        "Which date": ["soon", "2026-01-31"],
        "Write this?": "y",
    }
    intake = ask(propose(book), scripted(answers, log))
    assert intake.meta.targets == ("falcon_drone",)
    assert str(intake.meta.as_of) == "2026-01-31"
    assert len(table(intake, "nodes")) == 10
    assert table(intake, "supplies")[0]["volume"] == "1250.5"
    shares = {row["supplier"]: row["share"] for row in table(intake, "supplies")}
    assert shares["bayan_north_mine"] == "0.3"
    assert len(table(intake, "references")) > 2
    assert any("'soon' is no date" in text for text in log)
    assert Mapping.from_toml(intake.mapping.to_toml()) == intake.mapping
    # Each question once.
    assert sum("one name?" in text for text in log) == 1


def test_nothing_is_written_on_a_no(book):
    assert ask(propose(book), scripted({"Write this?": "no"}, [])) is None


def test_a_column_can_be_changed(book):
    answers = {
        "Write this?": ["edit", "yes"],
        "Sheet (": ["Working list", "Working list", ""],
        "column letters": ["H", "Z"],
        "is which field": "note",
    }
    log = []
    intake = ask(propose(book), scripted(answers, log))
    assert "own estimate" in [row["note"] for row in table(intake, "supplies")]
    assert any("no column Z" in text for text in log)


def test_a_sheet_that_may_be_two_tables_is_asked_and_then_its_columns(tmp_path):
    path = sheet_file(
        tmp_path,
        {
            "List": [["Supplier", "Buyer"], ["Alpha", "Beta"]],
            "Data": [
                ["Name", "Country", "Location"],
                ["Zeta", "Japan", "x"],
                ["Eta", "China", "y"],
            ],
        },
    )
    proposal = propose(path)
    assert [q.sheet for q in proposal.questions if q.kind == "table"] == ["Data"]
    assert proposal.sheets[1].table == ""
    intake = ask(proposal, scripted({"which table": "entities", "Write this?": "y"}, []))
    assert {row["id"]: row["country"] for row in table(intake, "entities")} == {
        "zeta": "JP",
        "eta": "CN",
    }


# Alias table


def test_new_names_of_countries_lead_to_one_country():
    for name, code in (("P.R. China", "CN"), ("S. Korea", "KR"), ("Südkorea", "KR"),
                       ("Vereinigte Staaten", "US"), ("Czech Rep.", "CZ")):  # fmt: skip
        assert country(name)[0] == code
    assert country("Korea")[0] is None
    assert country("Congo DRC")[0] == "CD"


def test_bands_are_fields():
    from supplynet.intake.values import BANDS

    for (name, _), ends in BANDS.items():
        assert set(ends) <= set(TABLES[name].by_name)


# The command


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_init_from_shows_takes_and_writes(book, run, tmp_path):
    code, out, err = run("init", "--from", "messy.xlsx", "falcon", "--yes")
    assert (code, err) == (0, "")
    for text in (
        "Sheet Working list: supplies",
        "row 16: Total | 2983,05 (a total)",
        "Not sure, and left open",
        "one name?",
        "falcon: 11 nodes, 10 supplies",
        "Rows are dated: every question needs a date.",
        "supplynet report falcon -o report.html",
    ):
        assert text in out
    again = run("init", "--from", "messy.xlsx", "two", "--mapping", "falcon/mapping.toml")
    assert again[0] == 0
    for path in (tmp_path / "falcon").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    code, _, err = run("init", "--from", "messy.xlsx", "two", "--yes")
    assert code == 2
    assert "--force" in err


def test_without_a_terminal_nothing_is_written_unasked(book, run, tmp_path):
    code, out, err = run("init", "--from", "messy.xlsx", "falcon", "--write-mapping", "m.toml")
    assert code == 2
    assert "Sheet Working list: supplies" in out
    assert "Give --yes" in err.splitlines()[-1]
    assert not (tmp_path / "falcon").exists()
    assert Mapping.from_toml((tmp_path / "m.toml").read_text()) == propose(book).mapping
    assert run("init", "--from", "messy.xlsx", "falcon", "--mapping", "m.toml")[0] == 0


def test_the_answer_as_json(book, run):
    code, out, _ = run("init", "--from", "messy.xlsx", "falcon", "--yes", "--format", "json")
    assert code == 0
    found = json.loads(out)
    schema = json.loads(files("supplynet").joinpath("schemas/answer.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["result"]["tables"]["supplies"] == 10
    assert len(found["result"]["set_aside"]) == 15


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--yes", "new"), "give one with --from"),
        (("--from", "messy.xlsx", "new.xlsx", "--yes"), "a folder of tables"),
        (("--from", "messy.xlsx", ".", "--yes", "--force"), "holds messy.xlsx itself"),
        (("--from", "no.xlsx", "new", "--yes"), "no such file"),
        (("--from", "messy.xlsx", "new", "--sheet", "Owner", "--yes"), "Did you mean 'Owners'?"),
        (("--from", "messy.xlsx", "new", "--mapping", "no.toml"), "cannot be read"),
        (
            ("--from", "messy.xlsx", "new", "--mapping", "no.toml", "--decimal-comma"),
            "Leave one out",
        ),
    ],
)
def test_wrong_usage_is_one_line(book, run, arguments, said, tmp_path):
    code, out, err = run("init", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_rows_that_break_a_rule_are_written_and_refused(tmp_path, run):
    csv_file(tmp_path, "Supplier;Buyer;Part;Share\nA;C;x;0.7\nB;C;x;0.6\n")
    code, out, err = run("init", "--from", "my.csv", "clean", "--yes")
    assert code == 2
    assert "no network yet" in out
    assert err.startswith("my.csv[my]:2: shares of 'x' at 'c' sum to 1.3")


def test_at_a_terminal_it_asks(book, tmp_path):
    """A pseudo-terminal answers each question with Enter, and the last one with yes."""
    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "supplynet", "init", "--from", str(book), str(tmp_path / "new")],
        stdin=secondary, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    os.close(secondary)
    os.write(primary, b"\n" * 7 + b"yes\n")
    out, _ = process.communicate(timeout=120)
    os.close(primary)
    assert process.returncode == 0, out
    assert "Delivery Source" in out
    assert "Write this?" in out
    assert len(load(tmp_path / "new").table("supplies")) == 10


@pytest.mark.parametrize("seed", ["0", "1", "77"])
def test_the_same_file_gives_the_same_bytes(book, tmp_path, seed):
    write(propose(book).intake, tmp_path / "here")
    subprocess.run(
        [sys.executable, "-m", "supplynet", "init", "--from", str(book), "there", "--yes"],
        cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, timeout=120,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes(), path.name


def test_a_workbook_that_is_a_network_already_is_not_taken_apart(tmp_path, capsys):
    book = tmp_path / "template.xlsx"
    assert main(["init", str(book)]) == 0
    capsys.readouterr()
    assert main(["init", "--from", str(book), str(tmp_path / "made"), "--yes"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is a network already: supplynet validate reads it as it is" in err
    assert not (tmp_path / "made").exists()
