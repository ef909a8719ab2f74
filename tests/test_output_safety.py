"""Nothing that data say becomes a formula in a spreadsheet or a command to a terminal."""

import csv
import io
import re

import openpyxl
import pytest

from supplynet.cli import cli, main

#: A first character by which a spreadsheet takes a cell for a formula (also in full width).
FORMULA = re.compile("^[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
NASTY = [
    "=1+1",
    "+cmd|'/C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\uff1d7+7",
    "\x1b[31mred\x1b[0m",
    "\u202egpj.exe",
    "a\x07b",
    "\x9b31m",
]
NUMBER = re.compile(r"-?[0-9.]+(e-?[0-9]+)?")


@pytest.fixture
def network(tmp_path):
    """Write a network in which every text is nasty."""
    folder = tmp_path / "net"
    folder.mkdir()
    rows = [["supplier", "consumer", "material", "note", "=extra"]]
    rows += [[text, "target", f"m {text}", text, text] for text in NASTY]
    nodes = [["id", "name", "stage", "operator", "country", "note", "confidence"]]
    nodes += [[text, text, text, text, "CN", text, "high"] for text in NASTY]
    nodes.append(["target", "=target", "@stage", "-op", "", "+note", ""])
    for name, table in (("supplies", rows), ("nodes", nodes)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(table)
    (folder / "network.toml").write_text('title = "=1+1"\ndescription = "@x"\n')
    return folder


def formats(name):
    return next((p.type.choices for p in cli.commands[name].params if p.name == "form"), ())


CASES = [
    (name, form)
    for name in ("validate", "info", "chokepoints", "cutsets", "whatif", "explain", "control", "centrality", "concentration", "report")
    for form in formats(name)
    if (name, form) != ("report", "csv")
]  # fmt: skip


def arguments(name, network):
    return [name, str(network), *(["--lose", "=1+1"] if name == "whatif" else [])]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_answers(name, form, network, capsys):
    code = main([*arguments(name, network), "--format", form])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert not HIDDEN.search(err)
    if form in ("text", "md", "html"):
        assert not HIDDEN.search(out)
    if form == "csv":
        assert_inert(out)


def assert_inert(text):
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not FORMULA.match(cell) or NUMBER.fullmatch(cell), cell


@pytest.mark.parametrize(
    ("to", "options"),
    [("report", ["--format", "csv", "-o"]), ("folder", []), ("gephi", []), ("neo4j", [])],
)
def test_folders_of_csv_files(to, options, network, tmp_path, capsys):
    out = tmp_path / "out"
    command = (
        ["report", str(network), *options, f"{out}/"]
        if to == "report"
        else ["convert", str(network), str(out), "--to", to]
    )
    assert main(command) == 0, capsys.readouterr().err
    files = list(out.rglob("*.csv"))
    assert files
    for file in files:
        assert_inert(file.read_text("utf-8"))
    assert not HIDDEN.search(capsys.readouterr().out)


def test_workbooks(network, tmp_path, capsys):
    out = tmp_path / "net.xlsx"
    assert main(["convert", str(network), str(out)]) == 0, capsys.readouterr().err
    book = openpyxl.load_workbook(out)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "b"}
    assert any(cell.value == "=1+1" for cell in cells)


def test_a_merge_and_a_spreadsheet(network, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    (other / "supplies.csv").write_text("supplier,consumer\n'=1+1,target\n")
    (other / "nodes.csv").write_text("id,name,country\n'=1+1,'=2+2,JP\ntarget,,\n")
    out = tmp_path / "all"
    assert main(["merge", str(network), str(other), "-o", str(out), "--prefer", "first"]) == 0
    assert not HIDDEN.search("".join(capsys.readouterr()))
    assert (out / "conflicts.csv").exists()
    for file in out.glob("*.csv"):
        assert_inert(file.read_text("utf-8"))
    sheet = tmp_path / "mine.csv"
    lines = [["Vendor", "Buyer", "Item", "@own"], *([text, "target", text, text] for text in NASTY)]
    with sheet.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*lines, ["Total", "=SUM(A1:A9)", "", ""]])
    main(["init", "--from", str(sheet), str(tmp_path / "made"), "--yes"])
    assert not HIDDEN.search("".join(capsys.readouterr()))
    written = list((tmp_path / "made").glob("*.csv"))
    assert {"supplies.csv", "set_aside.csv"} <= {file.name for file in written}
    for file in written:
        assert_inert(file.read_text("utf-8"))
