"""Workbooks: what is read, what is refused and why, and that every network comes back the same."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import openpyxl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from openpyxl.comments import Comment
from strategies import make_network, networks

from supplynet.errors import OutputError
from supplynet.examples import examples, load_example
from supplynet.io import check, examine, from_frames, init, load, save
from supplynet.io.csvtext import Refused
from supplynet.io.sheets import (
    Cell,
    Limits,
    column_letters,
    column_number,
    merged_range,
    read_sheets,
)
from supplynet.io.xlsx import workbook_bytes
from supplynet.model import Meta, SupplyNetwork
from supplynet.schema import TABLES

HOSTILE = Path(__file__).parent / "hostile"
SUPPLIES = [["supplier", "consumer", "material"], ["mine", "smelter", "ore"]]


def book(path: Path, **sheets) -> Path:
    """Write a workbook as a spreadsheet program would; `Sheet__name` stands for `Sheet name`."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name.replace("__", " "))
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def parts(sheet: str, *, styles: str = "", name: str = "supplies", texts: str = "") -> dict:
    """Return the parts of a workbook whose one sheet has this XML."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    return {
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/>'
        f'<Relationship Id="r3" Type="{office}/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{sheet}</worksheet>',
    }


def packed(files: dict, **options) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def inline(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = "".join(inline(f"{c}1", t) for c, t in zip("ABC", SUPPLIES[0], strict=True))


def table(*rows: str, after: str = "", **options) -> bytes:
    """Return a workbook of supplies with these cells below the header."""
    body = "".join(f'<row r="{n}">{row}</row>' for n, row in enumerate(rows, start=2))
    sheet = f'<sheetData><row r="1">{HEAD}</row>{body}</sheetData>{after}'
    return packed(parts(sheet, **options))


def cells(data: bytes) -> list[list[Cell]]:
    return [list(row) for row in read_sheets(data, "t.xlsx")[0].rows]


def refusal(data: bytes, **options) -> str:
    with pytest.raises(Refused) as caught:
        read_sheets(data, "t.xlsx", **options)
    (finding,) = caught.value.findings
    return str(finding)


def found(path, level="error"):
    return [str(f) for f in examine(path).findings if f.level == level]


def one(texts):
    assert len(texts) == 1, texts
    return texts[0]


# Sheets: cells


def test_values_become_text_exactly(tmp_path):
    rows = [
        ["007", "0601", 7, 7.0, 0.1, 1e21, -0.0, 0.30000000000000004, 2**53],
        [date(2026, 1, 31), datetime(2026, 1, 31, 12, 30), time(1, 2), timedelta(hours=36)],
        [True, False, "TRUE", " a ", "a\nb"],
    ]
    path = book(tmp_path / "t.xlsx", x=rows)
    (sheet,) = read_sheets(path.read_bytes(), "t.xlsx")
    assert [[cell.text for cell in row] for row in sheet.rows] == [
        ["007", "0601", "7", "7", "0.1", "1" + "0" * 21, "0", "0.3", "9007199254740992"],
        ["2026-01-31", "2026-01-31T12:30:00", "01:02:00", "1 day, 12:00:00"],
        ["TRUE", "FALSE", "TRUE", " a ", "a\nb"],
    ]
    assert [cell.kind for cell in sheet.rows[0]] == ["text"] * 2 + ["number"] * 7
    assert {cell.kind for cell in sheet.rows[1]} == {"date"}
    assert [cell.kind for cell in sheet.rows[2]] == ["bool", "bool", "text", "text", "text"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1.0", "1"),
        ("0.69999999999999996", "0.7"),
        ("0.10000000000000001", "0.1"),
        ("1E-3", "0.001"),
        ("+.5", "0.5"),
        (" 7\n", "7"),
        ("12345678901234567890", "12345678901234567890"),
        ("0.1234567890123456789", "0.1234567890123456789"),
    ],
)
def test_a_number_is_the_shortest_that_its_float_stands_for(written, text):
    assert cells(table(f'<c r="A2"><v>{written}</v></c>'))[1] == [Cell(text, "number")]


@pytest.mark.parametrize("written", ["NaN", "1_0", "0x1", "", "1e999"])
def test_what_is_no_number_is_none(written):
    data = table(f'<c r="A2"><v>{written}</v></c>')
    if written == "":
        assert len(cells(data)) == 1
    elif written == "1e999":
        assert cells(data)[1][0].kind == "error"
    else:
        assert "damaged or truncated" in refusal(data)


def test_number_formats_tell_percent_from_date_from_text_that_looks_like_them():
    codes = ["0.0%", "yyyy\\-mm\\-dd", '0" % of sales"', "[h]:mm", "0\\%", "0.00;[Red]-0.00%"]
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
        for n, code in enumerate(codes, start=164)
    )
    styles = "".join(f'<xf numFmtId="{n}"/>' for n in [0, 9, 10, 14, 31, *range(164, 170)])
    row = "".join(f'<c r="{column_letters(n + 1)}2" s="{n}"><v>1</v></c>' for n in range(11))
    data = table(row, styles=f"<numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs>")
    assert [cell.kind for cell in cells(data)[1]] == [
        "number", "percent", "percent", "date", "date",
        "percent", "date", "number", "date", "number", "number",
    ]  # fmt: skip


def test_days_count_from_1904_where_the_workbook_says_so(tmp_path):
    made = openpyxl.Workbook()
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.active.append([date(2026, 1, 31)])
    made.save(tmp_path / "t.xlsx")
    assert cells((tmp_path / "t.xlsx").read_bytes()) == [[Cell("2026-01-31", "date")]]


@pytest.mark.parametrize("serial", ["-1", "1e9", "1e300"])
def test_no_such_day_is_an_error_cell(serial):
    data = table(
        f'<c r="A2" s="0"><v>{serial}</v></c>', styles='<cellXfs><xf numFmtId="14"/></cellXfs>'
    )
    assert cells(data)[1] == [Cell("#####", "error")]


def test_shared_texts_have_all_their_runs_and_no_pronunciation():
    texts = (
        "<si><r><t>so</t></r><r><t xml:space='preserve'>da </t></r>"
        "<rPh sb='0' eb='1'><t>xx</t></rPh></si><si><t>x005F_</t></si><si/>"
    )
    row = "".join(f'<c r="{c}2" t="s"><v>{n}</v></c>' for n, c in enumerate("ABC"))
    assert cells(table(row, texts=texts))[1] == [Cell("soda ", "text"), Cell("x005F_", "text")]
    assert "damaged" in refusal(table('<c r="A2" t="s"><v>-1</v></c>', texts=texts))
    assert "damaged" in refusal(table('<c r="A2" t="s"><v>3</v></c>', texts=texts))


def test_escaped_characters_are_restored():
    row = inline("A2", "a_x0001_b_x005F_x0041__xD83D_") + inline("B2", "_x000D_")
    assert [cell.text for cell in cells(table(row))[1]] == ["a\x01b_x0041__xD83D_", "\r"]


def test_formulas_have_their_stored_value_or_none():
    row = (
        '<c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A1</f><v>x</v></c>'
        '<c r="C2"><f>1+1</f></c><c r="D2"><f>1+1</f><v/></c>'
        '<c r="E2" t="str"><f>""</f><v></v></c><c r="F2" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    )
    assert cells(table(row))[1] == [
        Cell("2", "number", True),
        Cell("x", "text", True),
        Cell("", "formula_without_value", True),
        Cell("", "formula_without_value", True),
        Cell("", "blank", True),
        Cell("#DIV/0!", "error", True),
    ]


def test_a_far_cell_costs_what_it_holds(tmp_path):
    made = openpyxl.Workbook()
    made.active["A1"] = "near"
    made.active["XFD1048576"] = "far"
    made.save(tmp_path / "t.xlsx")
    (sheet,) = read_sheets((tmp_path / "t.xlsx").read_bytes(), "t.xlsx")
    assert sheet.lines == [1, 1048576]
    assert [len(row) for row in sheet.rows] == [1, 16384]
    assert sheet.addresses(bool) == ["A1", "XFD1048576"]


def test_rows_without_content_are_left_out_and_lines_say_where_the_others_are():
    data = table("", inline("A3", " "), inline("B4", "x"), '<c r="A5" s="0"/>')
    (sheet,) = read_sheets(data, "t.xlsx")
    assert sheet.lines == [1, 4]
    assert sheet.rows[1] == [Cell("", "blank"), Cell("x", "text")]
    assert sheet.width == 3


def test_rows_and_cells_need_not_say_their_place():
    rows = "<row><c><v>1</v></c><c/><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    (read,) = read_sheets(packed(parts(f"<sheetData>{rows}</sheetData>")), "t.xlsx")
    assert read.addresses(bool) == ["A1", "C1", "A2"]


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="2"/><row r="2"/>',
        '<row r="3"/><row r="2"/>',
        '<row r="x"/>',
        '<row r="1048577"/>',
        '<row r="1"><c r="A2"><v>1</v></c></row>',
        '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="1A"><v>1</v></c></row>',
        '<row r="1"><c r="A1" s="x"><v>1</v></c></row>',
        '<row r="1"><c r="A1" s="-1"><v>1</v></c></row>',
    ],
)
def test_cells_out_of_place_are_damage(sheet):
    assert "damaged or truncated" in refusal(packed(parts(f"<sheetData>{sheet}</sheetData>")))


def test_what_is_hidden_or_merged_is_told(tmp_path):
    made = openpyxl.Workbook()
    sheet = made.active
    for row in [[1, 2, 3], [4], [5]]:
        sheet.append(row)
    sheet.merge_cells("A1:B1")
    sheet.row_dimensions[2].hidden = True
    sheet.row_dimensions[9].hidden = True
    sheet.column_dimensions["C"].hidden = True
    sheet.column_dimensions["F"].hidden = True
    made.create_sheet("two").sheet_state = "veryHidden"
    made.create_chartsheet("chart")
    made.save(tmp_path / "t.xlsx")
    first, second = read_sheets((tmp_path / "t.xlsx").read_bytes(), "t.xlsx")
    assert (first.merged, first.hidden_rows, first.hidden_columns) == (("A1:B1",), (2,), (3,))
    assert (first.hidden, second.hidden, second.name) == (False, True, "two")


def test_columns_may_be_hidden_over_and_over():
    hidden = '<col min="-9" max="99999999" hidden="1"/>' * 50_000
    cols = f'<cols><col min="2" max="2" hidden="1"/>{hidden}</cols>'
    data = packed(parts(f'{cols}<sheetData><row r="1">{HEAD}</row></sheetData>'))
    assert read_sheets(data, "t.xlsx")[0].hidden_columns == (2, 3)


def test_column_letters_and_numbers():
    assert [column_letters(n) for n in (1, 26, 27, 52, 702, 703, 16384)] == [
        "A", "Z", "AA", "AZ", "ZZ", "AAA", "XFD",
    ]  # fmt: skip
    assert all(column_number(column_letters(n)) == n for n in range(1, 16385))
    assert merged_range("B3") == (3, 2, 3, 2)
    assert merged_range("") is None


@pytest.mark.parametrize("name", examples())
def test_openpyxl_reads_the_same(name):
    data = workbook_bytes(load_example(name))
    other = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in read_sheets(data, "t.xlsx"):
        rows = [[*row] for row in other[sheet.name].iter_rows(values_only=True)]
        assert sheet.lines == list(range(1, len(rows) + 1))
        for mine, theirs in zip(sheet.rows, rows, strict=True):
            assert len(mine) <= len(theirs)
            for place, value in enumerate(theirs):
                cell = mine[place] if place < len(mine) else Cell("", "blank")
                if isinstance(value, datetime):
                    assert (cell.text, cell.kind) == (value.date().isoformat(), "date")
                elif isinstance(value, (int, float)):
                    assert (float(cell.text), cell.kind) == (value, "number")
                else:
                    assert cell.text == (value or "")


# Sheets: what is refused


def test_limits_are_stated_and_can_be_changed():
    data = table(inline("A2", "x" * 100), inline("A3", "y"))
    assert "6 parts, at most 5 are read" in refusal(data, limits=Limits(parts=5))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        total = sum(info.file_size for info in archive.infolist())
    assert "unpacks to 0 MiB" in refusal(data, limits=Limits(total=total - 1))
    assert len(read_sheets(data, "t.xlsx", limits=Limits(total=total, parts=6))) == 1
    assert "more than 4 cells" in refusal(data, limits=Limits(cells=4))
    assert len(read_sheets(data, "t.xlsx", limits=Limits(cells=5))[0].rows) == 3
    assert refusal(data, limits=Limits(cell=99)).startswith(
        "t.xlsx[supplies]:2: cell A2 has 100 characters. At most 99"
    )


def test_a_large_part_is_refused_by_its_ratio_and_a_small_one_is_not():
    def spaces(count):
        return packed(parts(f"<sheetData>{' ' * count}</sheetData>"))

    assert "more than 100 times its packed size" in refusal(spaces(11 * 2**20))
    assert read_sheets(spaces(9 * 2**20), "t.xlsx")[0].rows == []
    assert read_sheets(spaces(11 * 2**20), "t.xlsx", limits=Limits(ratio=2000))[0].rows == []


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml",
                                  "_rels/.rels", "xl/worksheets/sheet1.xml"])  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_dtd_is_refused_in_every_part_whatever_its_encoding(part, encoding):
    files = parts("<sheetData/>")
    text = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x>{files[part]}'
    files[part] = text.encode(encoding)
    assert "holds a DTD or entities" in refusal(packed(files))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbfid;country\n", "looks like CSV"),
        (b"<html><table>", "looks like XML or HTML"),
        (b'{"a": 1}', "looks like JSON"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "not an .xlsx file."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "password, or an old .xls"),
        (b"PK\x03\x04rest", "damaged or truncated"),
        (packed({"content.xml": "<a/>", "mimetype": "x"}), "an OpenDocument file"),
        (packed({"a.txt": "x"}), "another archive"),
        (packed({**parts("<sheetData/>"), "xl/Styles.xml": "<a/>"}), "damaged or truncated"),
        (packed({**parts(""), "xl/workbook.xml": "<document/>"}), "not a workbook"),
        (packed({**parts(""), "xl/worksheets/sheet1.xml": "<a><b></a>"}), "damaged or truncated"),
        (packed(parts("")).replace(b"xl/worksheets/sheet1.xml", b"xl/worksheets/sheet9.xml"),
         "damaged or truncated"),
    ],
)  # fmt: skip
def test_other_files_are_told_apart(data, what):
    assert what in refusal(data)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_elements_without_end_are_refused(part):
    files = parts("<sheetData/>")
    files[part] = f"<x>{'<a/>' * 1_000_001}</x>"
    assert "damaged or truncated" in refusal(packed(files))
    files[part] = f"<x><y>{'<a/>' * 999_990}</y></x>"
    assert len(read_sheets(packed(files), "t.xlsx")) == 1


def test_no_link_is_followed():
    files = parts("<sheetData/>")
    place = "xl/_rels/workbook.xml.rels"
    files[place] = files[place].replace('Id="r1"', 'Id="r1" TargetMode="External"')
    assert "damaged or truncated" in refusal(packed(files))


def test_binary_and_encrypted_workbooks_are_named():
    files = parts("")
    files["_rels/.rels"] = files["_rels/.rels"].replace("workbook.xml", "workbook.bin")
    files["xl/workbook.bin"] = "x"
    assert "a binary workbook (.xlsb)" in refusal(packed(files))
    data = bytearray(packed(parts("")))
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1
    assert "an encrypted archive" in refusal(bytes(data))


def test_damage_anywhere_ends_in_one_clear_finding():
    data = table(inline("A2", "mine") + inline("B2", "smelter"))
    messages = set()
    for place in range(0, len(data), 3):
        for broken in (data[:place], data[:place] + b"\xff" + data[place + 1 :]):
            try:
                read_sheets(broken, "t.xlsx")
            except Refused as refused:
                messages |= {str(finding).partition(". ")[0] for finding in refused.findings}
    assert "t.xlsx: a damaged or truncated .xlsx file" in messages


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_changed_parts_end_in_nothing_but_findings(drawn):
    files = parts(f'<sheetData><row r="1">{HEAD}</row></sheetData><mergeCells/>')
    name = drawn.draw(st.sampled_from(sorted(files)))
    text = files[name]
    start = drawn.draw(st.integers(0, len(text)))
    end = drawn.draw(st.integers(start, min(len(text), start + 12)))
    files[name] = text[:start] + drawn.draw(st.text("<>/=\"'&; r1Ax_-.", max_size=8)) + text[end:]
    # Any error but this one fails the test.
    with suppress(Refused):
        read_sheets(packed(files), "t.xlsx")


# Networks from workbooks


def test_sheets_are_tables_whatever_the_case_of_their_names(tmp_path):
    path = book(
        tmp_path / "net.xlsx",
        Network=[["key", "value"], ["Title", "T"], ["as_of", date(2026, 1, 1)],
                 ["targets", "smelter; 007"], ["rank", 3], ["weight", 0.5], ["draft", True],
                 ["seen", date(2026, 2, 1)], ["odd", "x"]],
        SUPPLIES=[[*SUPPLIES[0], "share", "start"], ["007", "smelter", "0601", 0.1,
                  date(2026, 1, 31)]],
        N__odes=[["id", "country"], ["007", "NA"], ["smelter", "cn"]],
    )  # fmt: skip
    net = load(path)
    assert (net.meta.name, net.meta.title, net.as_of) == ("net", "T", date(2026, 1, 1))
    assert net.meta.targets == ("smelter", "007")
    extra = {"rank": 3, "weight": 0.5, "draft": True, "seen": date(2026, 2, 1), "odd": "x"}
    assert net.meta.extra == extra
    supplies = net.table("supplies")
    assert supplies.row(0)["supplier"] == "007"
    assert supplies.row(0)["material"] == "0601"
    assert supplies.row(0)["share"] == Decimal("0.1")
    assert supplies.row(0)["start"] == date(2026, 1, 31)
    assert supplies.where(0) == "net.xlsx[SUPPLIES]:2"
    assert net.table("nodes").column("country") == ["NA", "CN"]
    assert net.source == str(path)


def test_other_sheets_are_set_aside_with_a_word(tmp_path):
    path = book(
        tmp_path / "net.xlsx",
        README=[["Read me"]],
        supplies=SUPPLIES,
        lists__ignore=[["a"]],
        need=[["consumer", "material"], ["smelter", "ore"]],
        figures=[["x"]],
        Sheet9=[],
    )
    assert found(path) == []
    assert found(path, "warning") == [
        "net.xlsx[need]: no table of that name, set aside. Did you mean 'needs'?"
    ]
    assert found(path, "note") == [
        "net.xlsx[README]: no table of that name, set aside.",
        "net.xlsx[figures]: no table of that name, set aside.",
        "net.xlsx[lists ignore]: no table of that name, set aside.",
    ]
    made = openpyxl.load_workbook(path)
    made["lists ignore"].title = "lists (Ignore)"
    made.save(path)
    assert "net.xlsx[lists (Ignore)]: set aside, as its name asks." in found(path, "note")


def test_two_sheets_of_one_table_are_refused(tmp_path):
    path = book(tmp_path / "net.xlsx", supplies=SUPPLIES, sup_plies=SUPPLIES)
    what = "the sheets 'supplies' and 'sup_plies' are the same table. Delete or rename one."
    assert found(path) == [f"net.xlsx: {what}"]


def test_one_sheet_is_the_table_that_its_columns_say(tmp_path):
    path = book(tmp_path / "net.xlsx", About=[["who"]], Sheet1=[["From", "To"], ["a", "b"]])
    assert list(load(path).node_rows) == ["a", "b"]
    assert "net.xlsx[Sheet1]:1: is read as the table supplies." in found(path, "note")
    assert list(load(book(tmp_path / "n.xlsx", nodes=[["id"], ["a"]])).node_rows) == ["a"]
    path = book(tmp_path / "e.xlsx", edges=[["source", "target"], ["a", "b"]], x=[["y"]])
    assert list(load(path).node_rows) == ["a", "b"]
    path = book(tmp_path / "u.xlsx", Sheet1=[["Firm", "Turnover"], ["a", 1]])
    assert one(found(path)).startswith(
        "u.xlsx[Sheet1]:1: no table has these columns: 'Firm', 'Turnover'. A table of nodes"
    )
    assert "supplynet init --from u.xlsx FOLDER" in one(found(path))


def test_several_sheets_without_supplies_are_not_guessed_at(tmp_path):
    path = book(tmp_path / "net.xlsx", Firms=[["id"], ["a"]], Links2=[["a", "b"], ["a", "b"]])
    assert one(found(path)) == (
        "net.xlsx: a workbook without a sheet 'supplies', the one table that a network needs. "
        "Found 'Firms', 'Links2'. `supplynet init --from net.xlsx FOLDER` finds out what is "
        "where, and asks."
    )
    path = book(tmp_path / "n2.xlsx", Suplies=[["x"], ["a"]], nodes=[["id"], ["a"]])
    assert one(found(path)).endswith("Rename 'Suplies' to supplies.")
    assert "Its sheets are empty" in one(found(book(tmp_path / "n3.xlsx", a=[])))


def test_tables_with_only_a_header_are_not_there(tmp_path):
    path = book(tmp_path / "n.xlsx", supplies=SUPPLIES, nodes=[["id"]], materials=[["id"]])
    assert list(load(path).node_rows) == ["mine", "smelter"]
    assert "n.xlsx[nodes]: has no rows: the nodes are those that supplies names." in found(
        path, "note"
    )
    path = book(
        tmp_path / "e.xlsx", supplies=SUPPLIES[:1], nodes=[["id"]], network=[["title", "x"]]
    )
    assert found(path) == [
        "e.xlsx[supplies]: no rows below the column names. It needs a line per row."
    ]
    path = book(tmp_path / "o.xlsx", supplies=SUPPLIES[:1], nodes=[["id"], ["a"]])
    assert list(load(path).node_rows) == ["a"]


def test_the_header_is_the_first_filled_row_and_nothing_else(tmp_path):
    assert list(load(book(tmp_path / "a.xlsx", supplies=[[], *SUPPLIES])).node_rows) == [
        "mine",
        "smelter",
    ]
    path = book(tmp_path / "b.xlsx", supplies=[["Our suppliers 2026"], *SUPPLIES])
    texts = found(path)
    assert texts[0].startswith(
        "b.xlsx[supplies]:1: column B has no heading, but cell B2 is filled. Name it"
    )
    assert texts[-1].startswith(
        "b.xlsx[supplies]:1: no known column name in 'Our suppliers 2026'. Put them in the first "
        "row. `supplynet init --from b.xlsx FOLDER`"
    )


def test_headings_are_text_without_blanks_and_each_once(tmp_path):
    rows = [[" supplier ", "consumer", 2026, 2026.0], ["a", "b", "x", "y"]]
    assert found(book(tmp_path / "a.xlsx", supplies=rows)) == [
        "a.xlsx[supplies]:1: columns C and D are both named '2026'. Rename or delete one."
    ]
    rows = [[" supplier ", "consumer", None, 2026], ["a", "b", None, "y"]]
    net = load(book(tmp_path / "b.xlsx", supplies=rows))
    assert net.table("supplies").column("2026") == ["y"]


def test_wrong_values_are_named_by_row_and_rules_apply(tmp_path):
    rows = [
        ["id", "capacity", "start"],
        ["a", "many", 46053],
        [1, 2, "x"],
        ["1", 3, datetime(2026, 1, 1, 9)],
    ]
    assert found(book(tmp_path / "a.xlsx", nodes=rows)) == [
        "a.xlsx[nodes]:2: node 'a': capacity is 'many', not a number. Write digits and a decimal "
        "point; the unit has its own column.",
        "a.xlsx[nodes]:2: node 'a': start is '46053', not a date. Write it as YYYY-MM-DD.",
        "a.xlsx[nodes]:3: node '1': start is 'x', not a date. Write it as YYYY-MM-DD.",
        "a.xlsx[nodes]:4: id '1' is already used in line 3. Ids are unique.",
        "a.xlsx[nodes]:4: node '1': start is '2026-01-01T09:00:00', not a date. Write it as "
        "YYYY-MM-DD.",
    ]


def test_truth_values_are_yes_and_no(tmp_path):
    rows = [["id", "can_fail", "note"], ["a", True, True], ["b", False, "x"]]
    nodes = load(book(tmp_path / "a.xlsx", nodes=rows)).table("nodes")
    assert nodes.column("can_fail") == ["yes", "no"]
    assert nodes.column("note") == ["TRUE", "x"]


def test_formulas_count_by_their_stored_value_with_one_warning(tmp_path):
    path = tmp_path / "f.xlsx"
    row = '<c r="A{0}" t="str"><f>X1</f><v>mine{0}</v></c>' + inline("B{0}", "smelter")
    path.write_bytes(table(*(row.format(n) for n in range(2, 15))))
    assert load(path).table("supplies").column("supplier")[0] == "mine2"
    assert found(path, "warning") == [
        "f.xlsx[supplies]: 13 formulas (A2, A3, A4, A5, A6, A7, A8, A9, A10, A11 and 3 more): the "
        "values stored count. Paste values to be sure of them."
    ]


def test_formulas_without_a_value_and_errors_are_refused_with_their_cell(tmp_path):
    rows = [SUPPLIES[0], ["=A1", "smelter", "ore"], ["mine", "#REF!", "#N/A"]]
    path = book(tmp_path / "f.xlsx", supplies=rows)
    assert found(path) == [
        "f.xlsx[supplies]:2: cell A2 holds a formula whose value was never stored. Open the "
        "workbook in a spreadsheet program and save it, or paste the value.",
        "f.xlsx[supplies]:3: cell B3 holds the error #REF! Correct it, or leave it blank if not "
        "known.",
        "f.xlsx[supplies]:3: cell C3 holds the error #N/A. Correct it, or leave it blank if not "
        "known.",
    ]


def test_an_error_in_a_sheet_that_is_no_table_does_not_matter(tmp_path):
    path = book(tmp_path / "f.xlsx", supplies=SUPPLIES, sums=[["#REF!", "=1+1"]])
    assert found(path) == []


def percent_book(path, heading, *values, extra=()):
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = "supplies"
    sheet.append(["supplier", "consumer", heading, *extra])
    for number, value in enumerate(values, start=2):
        sheet.append([f"s{number}", "x", value, *(value for _ in extra)])
        if isinstance(value, float):
            sheet.cell(number, 3).number_format = "0%"
    made.save(path)
    return path


def test_a_percent_cell_is_the_share_that_it_shows(tmp_path):
    path = percent_book(tmp_path / "a.xlsx", "share", 0.7, 0.07)
    assert load(path).table("supplies").column("share") == [Decimal("0.7"), Decimal("0.07")]
    assert found(path, "note") == []


def test_a_percent_cell_is_not_divided_again_under_a_percent_heading(tmp_path):
    path = percent_book(tmp_path / "a.xlsx", "percent", 0.07, 33, "0.5")
    shares = [Decimal("0.07"), Decimal("0.33"), Decimal("0.005")]
    assert load(path).table("supplies").column("share") == shares
    assert (
        "a.xlsx[supplies]:1: percent: 1 cell with a percent sign, read as shown (70 % is 70)."
        in (found(path, "note"))
    )


def test_a_percent_cell_elsewhere_is_never_a_bare_number(tmp_path):
    path = percent_book(tmp_path / "a.xlsx", "volume", 0.7)
    assert one(found(path)).startswith("a.xlsx[supplies]:2: volume is '70%', not a number")
    path = percent_book(tmp_path / "b.xlsx", "Share of wallet", 0.7)
    assert load(path).table("supplies").column("Share of wallet") == ["70%"]
    path = percent_book(tmp_path / "c.xlsx", "share", 70.0)
    assert "share is 70, must be 0-1" in one(found(path))


def test_merged_cells_with_a_value_are_refused_and_empty_ones_are_not(tmp_path):
    path = book(tmp_path / "m.xlsx", supplies=[*SUPPLIES, ["mine", "x", "ore"]])
    made = openpyxl.load_workbook(path)
    sheet = made["supplies"]
    sheet.merge_cells("F7:G9")
    made.save(path)
    assert found(path) == []
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("C2:C3")
    made.save(path)
    merged = [text for text in found(path) if "merged" in text]
    assert [text.partition(". ")[0] for text in merged] == [
        "m.xlsx[supplies]:1: cells A1:B1 are merged: only the first of them holds the value",
        "m.xlsx[supplies]:2: cells C2:C3 are merged: only the first of them holds the value",
    ]


def test_hidden_sheets_rows_and_columns_are_read_and_said(tmp_path):
    path = book(tmp_path / "h.xlsx", supplies=[*SUPPLIES, ["mine", "x", "ore"]], first=[])
    made = openpyxl.load_workbook(path)
    sheet = made["supplies"]
    sheet.sheet_state = "hidden"
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    made.save(path)
    assert len(load(path).table("supplies")) == 2
    assert found(path, "warning") == [
        "h.xlsx[supplies]: 1 row hidden (3), and read all the same. Delete what should not count.",
        "h.xlsx[supplies]: the sheet is hidden, and read all the same.",
    ]
    assert "h.xlsx[supplies]: 1 column hidden (C), and read all the same." in found(path, "note")


def test_long_numbers_in_names_are_warned_of(tmp_path):
    rows = [["id", "capacity"], [1234567890123456, 1234567890123456], [123456789012345, 1]]
    path = book(tmp_path / "l.xlsx", nodes=rows)
    assert found(path, "warning")[1].startswith(
        "l.xlsx[nodes]:2: cell A2 holds the number 1234567890123456. Spreadsheets keep 15 digits"
    )


def test_what_is_wrong_in_the_sheet_network_is_said_there(tmp_path):
    rows = [["titel", "x"], ["as_of", "31.12.2026"], ["targets", "a"], ["targets", "b"],
            [None, "y"], ["licence", "=A1"], ["title", "t", "why"]]  # fmt: skip
    path = book(tmp_path / "n.xlsx", supplies=SUPPLIES, network=rows)
    assert [text.partition(". ")[0] for text in found(path)] == [
        "n.xlsx[network]: target 'a' is no node",
        "n.xlsx[network]:2: as_of is '31.12.2026'",
        "n.xlsx[network]:4: 'targets' is given twice (row 3)",
        "n.xlsx[network]:5: 'y' has no key",
        "n.xlsx[network]:6: cell B6 holds a formula whose value was never stored",
    ]
    assert found(path, "warning")[0].startswith("n.xlsx[network]:1: unknown key 'titel'")
    assert "n.xlsx[network]:7: what stands right of column B is set aside ('why')." in found(
        path, "note"
    )


def test_a_file_too_large_is_not_opened(tmp_path):
    path = tmp_path / "big.xlsx"
    with path.open("wb") as file:
        file.truncate(257 * 2**20)
    assert one(found(path)).startswith("big.xlsx: larger than 256 MiB")


# Hostile workbooks


def test_s01_is_refused_by_the_directory_alone():
    assert one(found(HOSTILE / "s01_zip_bomb.xlsx")).startswith(
        "s01_zip_bomb.xlsx: a part unpacks to 120 MiB, more than 100 times its packed size."
    )


def test_s03_entities_are_forbidden():
    assert "holds a DTD or entities" in one(found(HOSTILE / "s03_entity_bomb.xlsx"))


def test_s05_nothing_is_extracted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = one(found(HOSTILE / "s05_traversal_member.xlsx"))
    assert text == (
        "s05_traversal_member.xlsx[nodes]: no rows below the column names. It needs a line per row."
    )
    assert not list(tmp_path.parent.rglob("*PWNED*"))


def test_s07_and_s09_say_what_the_file_is():
    assert "not an .xlsx file (looks like CSV)" in one(found(HOSTILE / "s07_not_a_zip.xlsx"))
    assert "a damaged or truncated .xlsx file" in one(found(HOSTILE / "s09_truncated.xlsx"))


def test_s11_names_all_three_rows():
    assert found(HOSTILE / "s11_dates_floats.xlsx") == [
        "s11_dates_floats.xlsx[nodes]:3: id '1' is already used in line 2. Ids are unique.",
        "s11_dates_floats.xlsx[nodes]:4: id '1' is already used in line 2. Ids are unique.",
    ]


def test_s13_is_refused_unopened():
    assert ".gz files are not read" in one(found(HOSTILE / "s13_gzip_bomb.json.gz"))


# Writing


@pytest.mark.parametrize("name", examples())
def test_shipped_networks_come_back_the_same(name, tmp_path):
    net = load_example(name)
    save(net, tmp_path / "n.xlsx")
    again = load(tmp_path / "n.xlsx")
    assert again.digest == net.digest
    assert [use.used_as for use in again.columns if use.how != "used"] == [
        use.used_as for use in net.columns if use.how == "set aside"
    ]


NASTY = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "'=1", "#REF!", "007", "0601", "1e5",
         "TRUE", "2026-01-31", " a ", "a\r\nb", "_x0041_", "_x005F_", "_x0041\x01", "__x0041_",
         "\x01\x1f\x7f\x85", "\ufffe\uffff", "é\u202e😀", "70%", "NA", "a" * 32_767]  # fmt: skip


def test_text_comes_back_exactly_and_is_never_a_formula(tmp_path):
    net = from_frames(
        [{"supplier": f"n{i}", "consumer": "t", "note": text, "own; =x": text} for i, text in
         enumerate(NASTY)],
        nodes=[{"id": f"n{i}"} for i in range(len(NASTY))] + [{"id": "t"}],
    )  # fmt: skip
    save(net, tmp_path / "n.xlsx")
    again = load(tmp_path / "n.xlsx")
    assert again.digest == net.digest
    assert sorted(again.table("supplies").column("note")) == sorted(NASTY)
    made = openpyxl.load_workbook(tmp_path / "n.xlsx")
    types = {cell.data_type for sheet in made for row in sheet for cell in row if cell.value}
    assert types == {"s"}
    with zipfile.ZipFile(tmp_path / "n.xlsx") as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                assert b"<f>" not in archive.read(name)


NUMBERS = ["0.1", "7", "-3.25", "0", "123456789012345", "1234567890123456", "9.95",
           "0.30000000000000004", "8.41", "1e21", "1e-21",
           "0.1234567890123456789", "1e30", "99999999999999.9"]  # fmt: skip


def test_numbers_come_back_exactly_and_are_numbers_where_a_spreadsheet_keeps_them(tmp_path):
    nodes = [
        {"id": f"n{i}", "longitude" if Decimal(n) < 0 else "capacity": Decimal(n)}
        for i, n in enumerate(NUMBERS)
    ]
    net = from_frames([{"supplier": "n0", "consumer": "n1"}], nodes=nodes)
    save(net, tmp_path / "n.xlsx")
    assert load(tmp_path / "n.xlsx").digest == net.digest
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["nodes"]
    heads = [cell.value for cell in sheet[1]]
    types = {}
    for row in sheet.iter_rows(min_row=2):
        for name in ("longitude", "capacity"):
            cell = row[heads.index(name)]
            if cell.value is not None:
                types[row[0].value] = cell.data_type
    text = {NUMBERS[int(key[1:])] for key, kind in types.items() if kind == "s"}
    assert text == {"1234567890123456", "0.30000000000000004", "0.1234567890123456789"}


def test_dates_are_days_where_a_spreadsheet_counts_them_right(tmp_path):
    days = [
        date(1, 1, 1),
        date(1900, 2, 28),
        date(1900, 3, 1),
        date(2026, 1, 31),
        date(9999, 12, 31),
    ]
    supplies = [{"supplier": f"n{i}", "consumer": "t", "start": day} for i, day in enumerate(days)]
    net = from_frames(supplies)
    save(net, tmp_path / "n.xlsx")
    assert load(tmp_path / "n.xlsx").digest == net.digest
    sheet = openpyxl.load_workbook(tmp_path / "n.xlsx")["supplies"]
    column = [cell.value for cell in sheet[1]].index("start")
    written = [row[column] for row in sheet.iter_rows(min_row=2)]
    assert [cell.data_type for cell in written] == ["s", "s", "d", "d", "d"]
    assert written[3].number_format == "yyyy-mm-dd"


def test_network_keys_come_back(tmp_path):
    extra = {"rank": 3, "weight": 0.25, "draft": False, "seen": date(2026, 2, 1), "who": "=me"}
    meta = Meta("n", "=T", "a\nb", date(2026, 1, 1), "CC0", ("b", "a"), extra | {"tags": ["x"]})
    net = make_network(supplies=[{"supplier": "a", "consumer": "b"}])
    net = SupplyNetwork(net.tables, meta)
    save(net, tmp_path / "n.xlsx")
    again = load(tmp_path / "n.xlsx")
    assert again.meta == Meta(**{**vars(meta), "extra": extra | {"tags": '["x"]'}})
    assert again.digest == net.digest


def test_same_network_same_bytes_on_any_day(monkeypatch):
    net = load_example("worked_example")
    first = workbook_bytes(net)

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2031, 5, 5, tzinfo=tz)

    monkeypatch.setattr("time.localtime", lambda *_: (2031, 5, 5, 1, 2, 3, 0, 1, 0))
    monkeypatch.setattr("time.time", lambda: 1_900_000_000.0)
    monkeypatch.setattr("openpyxl.packaging.core.datetime.datetime", Tomorrow)
    assert workbook_bytes(net) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2000-01-01T00:00:00Z") == 2


def test_sheets_are_easy_to_work_with():
    made = openpyxl.load_workbook(io.BytesIO(workbook_bytes(load_example("worked_example"))))
    assert made.sheetnames[0] == "network"
    sheet = made["supplies"]
    assert sheet.freeze_panes == "A2"
    assert all(cell.font.bold and cell.comment for cell in sheet[1])
    assert 5 <= sheet.column_dimensions["A"].width <= 50
    assert sheet["A2"].number_format == "@"


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"note": "x" * 32_768}, "supplies, cell "),
        ({"note": "\x01" * 5_000}, "35,000 characters, a cell holds 32,767"),
        ({"x" * 32_768: "y"}, "a cell holds 32,767"),
    ],
)
def test_nothing_is_cut(row, where, tmp_path):
    net = from_frames([{"supplier": "a", "consumer": "b"} | row])
    with pytest.raises(OutputError, match=where):
        save(net, tmp_path / "n.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_table_larger_than_a_sheet_is_refused(monkeypatch, tmp_path):
    net = from_frames([{"supplier": f"n{i}", "consumer": "t"} for i in range(3)])
    monkeypatch.setattr("supplynet.io.xlsx._MAX_ROWS", 5)
    save(net, tmp_path / "n.xlsx")
    monkeypatch.setattr("supplynet.io.xlsx._MAX_ROWS", 4)
    with pytest.raises(
        OutputError, match=r"nodes: 4 rows and . columns, a sheet holds 3 and 16,384"
    ):
        save(net, tmp_path / "n.xlsx", force=True)
    monkeypatch.setattr("supplynet.io.xlsx._MAX_ROWS", 5)
    monkeypatch.setattr("supplynet.io.xlsx._MAX_COLUMNS", 3)
    with pytest.raises(OutputError, match="and 4 columns, a sheet holds 4 and 3"):
        save(net, tmp_path / "n.xlsx", force=True)
    assert load(tmp_path / "n.xlsx").digest == net.digest


def test_no_room_for_temporary_files_is_an_output_error(monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("openpyxl.worksheet._writer.create_temporary_file", full)
    with pytest.raises(OutputError, match="could not be put together: No space left"):
        workbook_bytes(load_example("worked_example"))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_drawn_networks_come_back_the_same(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("x") / "n.xlsx"
    net = drawn[0]
    # The strategy also draws what no file may say, such as a product that nobody makes.
    assume(not any(finding.level == "error" for finding in check(net)))
    save(net, path)
    assert load(path).digest == net.digest


TEXT = st.text(
    st.sampled_from("ax_0041F5\x01\r\n\t ='\"<&") | st.characters(exclude_categories=["Cs"],
    exclude_characters="\0"), min_size=1, max_size=12,
).filter(lambda text: not text.isspace())  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_any_text_comes_back(texts):
    net = from_frames([{"supplier": "a", "consumer": "b", "id": str(i), "note": text}
                       for i, text in enumerate(texts)])  # fmt: skip
    sheets = {sheet.name: sheet for sheet in read_sheets(workbook_bytes(net), "t.xlsx")}
    heads = [cell.text for cell in sheets["supplies"].rows[0]]
    rows = sheets["supplies"].rows[1:]
    assert [row[heads.index("note")].text for row in rows] == texts


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**18), st.integers(-20, 10))
def test_any_number_comes_back(digits, exponent):
    net = from_frames([{"supplier": "a", "consumer": "b", "volume": f"{digits}e{exponent}"}])
    sheets = {sheet.name: sheet for sheet in read_sheets(workbook_bytes(net), "t.xlsx")}
    heads = [cell.text for cell in sheets["supplies"].rows[0]]
    text = sheets["supplies"].rows[1][heads.index("volume")].text
    assert Decimal(text) == net.table("supplies").column("volume")[0]


# The template


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("t") / "mine.xlsx"
    assert init(path) == ("mine.xlsx",)
    return path


def test_the_template_is_that_of_the_folder(template, tmp_path):
    init(tmp_path / "folder")
    assert load(template).digest == load(tmp_path / "folder").digest
    assert found(template) == []
    assert found(template, "warning") == []
    sheet = openpyxl.load_workbook(template)["nodes"]
    heads = [cell.value for cell in sheet[1]]
    assert {row[heads.index("kind")].value for row in sheet.iter_rows(min_row=2)} == {None}
    assert sheet["A2"].value == "mine"
    supplies = openpyxl.load_workbook(template)["supplies"]
    share = [cell.value for cell in supplies[1]].index("share")
    assert [row[share].value for row in supplies.iter_rows(min_row=6, max_row=7)] == [0.7, 0.3]


def test_the_template_has_every_table_with_every_column_choice_and_note(template):
    made = openpyxl.load_workbook(template)
    tables = [name for name in TABLES if name != "network"]
    assert made.sheetnames == ["README", "network", *tables, "countries (ignore)"]
    for name in tables:
        sheet = made[name]
        fields = list(TABLES[name])
        assert [cell.value for cell in sheet[1]] == [field.name for field in fields]
        notes = [cell.comment.text for cell in sheet[1]]
        assert [n.partition("\n")[0] for n in notes] == [
            field.description.replace("`", "") for field in fields
        ]
        choices = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
        wanted = {}
        for place, field in enumerate(fields, start=1):
            cells = f"{column_letters(place)}2:{column_letters(place)}1048576"
            if field.type in ("enum", "enums"):
                wanted[cells] = f'"{",".join(field.allowed)}"'
            elif field.type in ("country", "countries"):
                wanted[cells] = "'countries (ignore)'!$A$2:$A$251"
        assert choices == wanted
        assert all(len(choice) <= 255 for choice in choices.values())
    codes = [row[0].value for row in made["countries (ignore)"].iter_rows(min_row=2)]
    assert len(codes) == 250
    assert {"CN", "NA", "TW"} < set(codes)


def test_a_choice_is_forced_only_where_one_word_is_wanted(template):
    made = openpyxl.load_workbook(template)
    rules = {
        made[name].cell(1, next(iter(rule.sqref.ranges)).min_col).value: rule
        for name in ("nodes", "measures")
        for rule in made[name].data_validations.dataValidation
    }
    assert (rules["kind"].showErrorMessage, rules["kind"].errorStyle) == (True, "stop")
    assert (rules["country"].showErrorMessage, rules["country"].errorStyle) == (True, "warning")
    assert rules["reach"].showErrorMessage is False


def test_ids_typed_into_the_template_stay_text_and_dates_days(template):
    sheet = openpyxl.load_workbook(template)["supplies"]
    looks = {
        cell.value: sheet.column_dimensions[cell.column_letter].number_format for cell in sheet[1]
    }
    assert looks["supplier"] == looks["material"] == "@"
    assert looks["start"] == "yyyy-mm-dd"
    assert looks["share"] == "General"


def test_no_file_is_overwritten_by_the_template(template):
    before = template.read_bytes()
    with pytest.raises(OutputError, match="the file exists"):
        init(template)
    assert template.read_bytes() == before


def test_a_comment_is_no_cell(tmp_path):
    path = book(tmp_path / "c.xlsx", supplies=SUPPLIES)
    made = openpyxl.load_workbook(path)
    made["supplies"]["A2"].comment = Comment("=1+1", "x")
    made.save(path)
    assert load(path).table("supplies").column("supplier") == ["mine"]
