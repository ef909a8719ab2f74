"""Spreadsheets as ministries have them: what cannot be read never makes a network look safer."""

import datetime
import re

import pytest
from openpyxl import Workbook, load_workbook

from supplynet.cli import main
from supplynet.intake import Mapping, convert, propose


def book(folder, rows, name="my.xlsx", sheet="Sheet1", **more):
    """Write a workbook, sheet by sheet, and return its path."""
    made = Workbook()
    made.remove(made.active)
    for title, lines in {sheet: rows, **more}.items():
        page = made.create_sheet(title)
        for line in lines:
            page.append(line)
    made.save(folder / name)
    return folder / name


def taken(path):
    """Return what is made of a file with what is sure and nothing else."""
    return propose(path).intake


HEAD = ["Supplier", "Customer", "Material"]


@pytest.mark.parametrize(
    ("heading", "cell", "qualified"),
    [
        ("Status", "phased out", "unknown"),
        ("Status", "under qualification", "unknown"),
        ("Status", "?", "unknown"),
        ("Status", "operating", "yes"),
        ("Qualified", "pending", "unknown"),
        ("Qualified", "tbd", "unknown"),
        ("Qualified", "no", "no"),
        ("Start", "Jan 2027", "unknown"),
        ("Start", "tbd", "unknown"),
        ("Start", "n/a", "yes"),
        ("End", "31.12.2019", "unknown"),
        ("End", "ongoing", "yes"),
        ("End", "-", "yes"),
        ("Status", None, "yes"),
    ],
)
def test_a_supply_whose_standing_is_not_understood_is_a_gap(tmp_path, heading, cell, qualified):
    path = book(tmp_path, [[*HEAD, heading], ["A", "B", "m", "" if cell is None else cell]])
    assert taken(path).net.table("supplies").column("qualified") == [qualified]


@pytest.mark.parametrize(
    ("heading", "cell", "upstream"),
    [
        ("status", "mothballed", "unknown"),
        ("status", "operating", None),
        ("status", "n/a", "unknown"),
        ("end", "mid 2024", "unknown"),
        ("upstream", "see annex", "unknown"),
        ("upstream", "none", "none"),
    ],
)
def test_a_plant_whose_standing_is_not_understood_is_a_gap(tmp_path, heading, cell, upstream):
    path = book(
        tmp_path,
        [HEAD, ["A", "B", "m"]],
        "my.xlsx",
        "Supplies",
        Nodes=[["id", "name", heading], ["A", "A", cell], ["B", "B", ""]],
    )
    assert taken(path).net.node_rows["A"].get("upstream") == upstream


def test_two_rows_that_disagree_on_whether_a_plant_runs_are_a_gap(tmp_path):
    rows = [[*HEAD, "Supplier status"], ["A", "B", "m", "closed"], ["A", "C", "m", "operating"]]
    intake = taken(book(tmp_path, [*rows, ["D", "A", "ore", ""]]))
    assert intake.net.node_rows["a"].get("upstream") == "unknown"


def test_a_need_whose_list_of_suppliers_is_not_understood_is_partial(tmp_path):
    path = book(
        tmp_path,
        [HEAD, ["A", "B", "m"]],
        "my.xlsx",
        "Supplies",
        Needs=[["consumer", "material", "suppliers"], ["B", "m", "3 firms"]],
    )
    assert taken(path).net.table("needs").column("suppliers") == ["partial"]


def test_a_row_without_a_consumer_leaves_open_what_the_one_above_needs(tmp_path):
    rows = [HEAD, ["A", "B", "m"], ["C", None, "n"], ["D", "E", "m"], [None, None, "a remark"]]
    intake = taken(book(tmp_path, rows))
    nodes = intake.net.node_rows
    assert nodes["b"].get("upstream") == "unknown"
    assert nodes["e"].get("upstream") is None
    (warning,) = [note for note in intake.notes if "what 'B' needs" in str(note)]
    assert "fill_down" in warning.fix


def role_of(intake_of, heading):
    (sheet,) = [sheet for sheet in intake_of.sheets if sheet.columns]
    return {column.heading: column.role for column in sheet.columns}[heading]


def test_congo_is_one_of_two_countries(tmp_path):
    rows = [[*HEAD, "Supplier country"], ["A", "B", "cobalt", "Congo"], ["C", "B", "m", "DRC"]]
    found = propose(book(tmp_path, rows))
    assert found.intake.net.node_rows["a"]["country"] is None
    assert found.intake.net.node_rows["c"]["country"] == "CD"
    (question,) = [question.text for question in found.questions if "Congo" in question.text]
    assert "CD" in question
    assert "CG" in question


def test_where_goods_come_from_need_not_be_where_the_supplier_stands(tmp_path):
    rows = [[*HEAD, "Country of origin"], ["Swiss Trader", "B", "m", "Kazakhstan"]]
    found = propose(book(tmp_path, rows))
    assert role_of(found, "Country of origin") == ""
    assert [question.column for question in found.questions if question.kind == "column"] == ["D"]


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Lieferant / Supplier", "supplier"),
        ("Supplier | Fournisseur", "supplier"),
        ("Land des Lieferanten / Supplier country", "supplier.country"),
        ("Anteil (%) / Share (%)", "share"),
        ("Supplier / Customer", ""),
        ("Volume / year", ""),
    ],
)
def test_headings_in_two_languages(tmp_path, heading, role):
    rows = [["Vendor" if role != "supplier" else "x", "Customer", "Part", heading]]
    rows += [["A", "B", "m", "C"], ["D", "B", "m", "E"]]
    assert role_of(propose(book(tmp_path, rows, sheet="Supplies")), heading) == role


def hints_of(path):
    return " ".join(hint for sheet in propose(path).sheets for hint in sheet.hints)


def test_tiers_in_columns_are_told(tmp_path):
    rows = [["OEM", "Tier 1", "Tier 1 country", "Tier 2", "Tier 3", "Commodity"]]
    rows += [["M", "T", "France", "U", "V", "GaN"], ["M", "S", "Italy", "U", "W", "GaN"]]
    assert "Columns B, D, E hold several tiers" in hints_of(book(tmp_path, rows))


@pytest.mark.parametrize("mark", ["x", 80, "30 %"])
def test_a_matrix_is_told(tmp_path, mark):
    rows = [["Supplier", "Country", "Gallium", "Germanium", "Tungsten"]]
    rows += [["V", "China", mark, "", mark], ["U", "Belgium", "", mark, ""]]
    assert "Columns C, D, E look like a matrix" in hints_of(book(tmp_path, rows))


def test_two_tables_side_by_side_are_told(tmp_path):
    rows = [[*HEAD, None, "Company", "Country"], ["A", "B", "m", None, "A", "China"]]
    assert "Column D is empty" in hints_of(book(tmp_path, rows))


def test_a_sheet_named_as_a_country_is_told_and_its_advice_works(tmp_path):
    path = book(tmp_path, [HEAD, ["A", "B", "m"]], sheet="China", DE=[HEAD, ["C", "B", "m"]])
    assert "DE" not in hints_of(path)
    found = propose(path)
    (hint,) = [hint for sheet in found.sheets for hint in sheet.hints]
    line = hint.partition("write ")[2].partition(" under")[0]
    text = found.mapping.to_toml().replace("[sheet.fixed]", f"[sheet.fixed]\n{line}", 1)
    intake = convert(path, Mapping.from_toml(text))
    assert intake.net.node_rows["a"]["country"] == "CN"
    assert intake.net.node_rows["c"].get("country") is None


@pytest.mark.parametrize(
    "rows",
    [
        [HEAD, ["A", "B", "m"]],
        [[None, "Supplier", None, "Customer", None, "Part"], [None, "A", None, "B", None, "m"]],
        [["Material", None, *HEAD[:2]], ["m", None, "A", "B"]],
        [[*HEAD, "2021", "2022", "2023"], ["A", "B", "m", 1, 2, 3]],
    ],
)
def test_a_plain_table_has_no_hints(tmp_path, rows):
    assert not hints_of(book(tmp_path, rows))


def test_what_is_sure_may_not_be_enough(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [["Product", "Vendor"], ["Amplifier", "Qorvo"], ["Magnet", "VAC"]]
    book(tmp_path, rows, sheet="Supplies")
    run = ["init", "--from", "my.xlsx", "net"]
    assert main([*run, "--yes"]) == 2
    said = capsys.readouterr()
    assert "Vendor" in said.out  # what was understood
    advice = re.findall(r"supplynet (init [^;.]*(?:\.\w+[^;.]*)*)", said.err)
    assert len(advice) == 2
    assert not (tmp_path / "net").exists()
    assert main(advice[0].split()) == 2  # it writes the mapping and says the rest
    text = (tmp_path / "mapping.toml").read_text(encoding="utf-8")
    text = text.replace('"consumer" = ""', '"consumer" = "Drone"')
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    capsys.readouterr()
    assert main(advice[1].split()) == 0
    assert (tmp_path / "net" / "supplies.csv").exists()


def test_two_columns_of_one_meaning_are_told(tmp_path):
    rows = [["Supplier", "Vendor", *HEAD[1:]], ["A", "A1", "B", "m"]]
    assert "Columns A, B are both supplier: A is read" in hints_of(book(tmp_path, rows))


def test_a_firm_called_total_is_no_total(tmp_path):
    rows = [HEAD, ["Total", "B", "crude"], ["A", "B", "crude"], ["Total", "", 12]]
    intake = taken(book(tmp_path, rows))
    assert intake.net.table("supplies").column("supplier") == ["total", "a"]
    assert [(aside.row, aside.why) for aside in intake.set_aside] == [(4, "a total")]


@pytest.mark.parametrize("name", ["Other suppliers", "Rest of world", "Sonstige", "confidential"])
def test_the_rest_of_the_suppliers_is_no_supplier(tmp_path, name):
    intake = taken(book(tmp_path, [HEAD, ["A", "B", "m"], [name, "B", "m"]]))
    assert intake.net.table("supplies").column("supplier") == ["a"]
    assert intake.net.table("needs").column("suppliers") == ["partial"]


def test_days_are_not_taken_for_granted(tmp_path):
    rows = [[*HEAD, "Lead time", "Lead time (days)"], ["A", "B", "m", 12, 84]]
    found = propose(book(tmp_path, rows))
    assert (role_of(found, "Lead time"), role_of(found, "Lead time (days)")) == (
        "",
        "lead_time_days",
    )


def test_a_day_with_a_time_is_a_day(tmp_path):
    rows = [[*HEAD, "Start"], ["A", "B", "m", datetime.datetime(2021, 5, 1, 13, 30)]]
    intake = taken(book(tmp_path, rows))
    assert intake.net.table("supplies").column("start") == [datetime.date(2021, 5, 1)]
    assert intake.net.table("supplies").column("qualified") == ["yes"]


def test_numbers_keep_the_noughts_that_their_format_shows(tmp_path):
    path = book(tmp_path, [HEAD, [34, 601, "m"], ["00034", "B", "m"], [1234567, "B", 2.5]])
    made = load_workbook(path)
    for cell in ("A2", "A4", "C4"):
        made["Sheet1"][cell].number_format = "00000"
    made.save(path)
    supplies = taken(path).net.table("supplies")
    assert supplies.column("supplier") == ["00034", "00034", "1234567"]
    assert supplies.column("consumer") == ["601", "b", "b"]


def test_formulas_without_a_value_are_said_once_and_not_asked(tmp_path):
    rows = [[*HEAD, "Share"], ["A", "B", "m", "=0.4+0.3"], ["C", "B", "m", "=1-D2"]]
    found = propose(book(tmp_path, rows))
    assert not [question for question in found.questions if question.kind == "value"]
    assert [str(note) for note in found.intake.notes] == [
        "my.xlsx[Sheet1]: 2 formulas without a stored value (D2, D3). Open the workbook in a "
        "spreadsheet program and save it: till then they are blank."
    ]


@pytest.mark.parametrize("names", ["Wolfspeed, Qorvo, UMS", "VAC / Shin-Etsu", "Umicore; Vital"])
def test_several_firms_in_a_cell_are_told(tmp_path, names):
    intake = taken(book(tmp_path, [HEAD, [names, "B", "m"], ["Vital Co., Ltd.", "B", "m"]]))
    (note,) = [note for note in intake.notes if "may be several" in note.what]
    assert note.where == "my.xlsx[Sheet1]:2"
