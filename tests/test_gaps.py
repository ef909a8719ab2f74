"""Readers where changed code once went unnoticed: short rows, lone sheets, endings, checks."""

from decimal import Decimal

import openpyxl
import pytest
from test_xlsx import SUPPLIES, book, cells, found, inline, packed, parts, table

from supplynet.errors import Finding
from supplynet.io import Examination, check, examine, from_frames, init, load
from supplynet.io.bom import examine_bom
from supplynet.io.csvtext import Refused
from supplynet.io.tables import which_table
from supplynet.io.xmltext import read_xml


def bom(tmp_path, rows, *, merge=None):
    place = book(tmp_path / "bom.xlsx", parts=rows)
    if merge:
        made = openpyxl.load_workbook(place)
        made["parts"].merge_cells(merge)
        made.save(place)
    return examine_bom(place)


def test_a_bill_of_materials_with_short_rows(tmp_path):
    head = ["name", "origin", "restriction_index"]
    rows, _ = bom(tmp_path, [head, ["coil"], ["lens", "DE"], ["magnet", "CN", 0.9]])
    assert [(r.name, r.origins, r.restriction_index) for r in rows] == [
        ("coil", (), None),
        ("lens", ("DE",), None),
        ("magnet", ("CN",), Decimal("0.9")),
    ]


@pytest.mark.parametrize(
    ("rows", "merge", "said"),
    [
        (
            [["name", "origin"], ["a", "CN"], ["b", None]],
            "B2:B3",
            "bom.xlsx[parts]: merged cells (B2:B3). Unmerge and fill them: only the first of them holds a value.",
        ),
        (
            [["name", "origin"], ["a", "#N/A"]],
            None,
            "bom.xlsx[parts]: cells hold an error (B2). Paste the values.",
        ),
        (
            [["name", "origin"], ["a", "=A1"]],
            None,
            "bom.xlsx[parts]: cells hold a formula without a stored value (B2). Paste the values.",
        ),
        (
            [["what", "origin"], ["a", "CN"]],
            None,
            "bom.xlsx: no sheet has a column of names. Put the column names in the first row, a column 'name' among them.",
        ),
    ],
)
def test_a_bill_of_materials_that_is_refused(tmp_path, rows, merge, said):
    made, findings = bom(tmp_path, rows, merge=merge)
    assert made == ()
    assert [str(finding) for finding in findings] == [said]


def test_items_without_a_name_are_counted_past_fifty(tmp_path):
    place = tmp_path / "bom.csv"
    place.write_text("name,origin\n" + ",CN\n" * 52)
    texts = [str(finding) for finding in examine_bom(place)[1]]
    assert texts[0] == "bom.csv: 2 more findings of this kind (no name)."
    assert texts[2] == "bom.csv:2: the item has no name. Name it."


def test_a_workbook_with_the_sheet_network_only(tmp_path):
    place = book(tmp_path / "n.xlsx", network=[["title", "T"]])
    assert found(place) == [
        "n.xlsx: a workbook without a sheet 'supplies', the one table that a network needs. Its sheets are empty."
    ]


def test_dates_as_text_with_and_without_a_zone():
    rows = [
        inline("A2", "m") + inline("B2", "s") + f'<c r="C2" t="d"><v>{text}</v></c>'
        for text in ("2026-01-31", "2026-01-31T00:00:00", "2026-01-31T00:00:00Z")
    ]
    assert [cells(table(row))[1][2].text for row in rows] == ["2026-01-31"] * 3


def test_parts_may_be_named_with_backslashes(tmp_path):
    sheet = "".join(
        f'<row r="{n}">{"".join(inline(f"{c}{n}", t) for c, t in zip("ABC", row, strict=True))}</row>'
        for n, row in enumerate(SUPPLIES, start=1)
    )
    files = parts(f"<sheetData>{sheet}</sheetData>")
    turned = {
        name.replace("/", "\\") if "sheet1" in name else name: text for name, text in files.items()
    }
    place = tmp_path / "n.xlsx"
    place.write_bytes(packed(turned))
    assert load(place).table("supplies").column("supplier") == ["mine"]


def test_choices_stop_at_words_and_warn_at_countries(tmp_path):
    init(tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["nodes"]
    column = {cell.value: cell.column_letter for cell in sheet[1]}
    styles = {
        name: {
            rule.errorStyle or "stop"
            for rule in sheet.data_validations.dataValidation
            if any(part.coord.startswith(f"{column[name]}2") for part in rule.sqref.ranges)
        }
        for name in ("status", "country")
    }
    assert styles == {"status": {"stop"}, "country": {"warning"}}


def test_the_template_is_the_same_as_folder_and_workbook(tmp_path):
    init(tmp_path / "folder")
    init(tmp_path / "t.xlsx")
    assert load(tmp_path / "t.xlsx").digest == load(tmp_path / "folder").digest
    notes = {f.what for f in examine(tmp_path / "t.xlsx").findings if f.level != "note"}
    assert notes == set()


@pytest.mark.parametrize(
    ("ending", "made"), [(".xlsm", "xlsx"), (".XLSX", "xlsx"), (".omts", "json")]
)
def test_other_endings_of_the_same_form(tmp_path, ending, made):
    net = from_frames([{"supplier": "a", "consumer": "b"}])
    from supplynet.io import save

    save(net, tmp_path / f"n.{made}")
    (tmp_path / f"n.{made}").rename(tmp_path / f"m{ending}")
    assert load(tmp_path / f"m{ending}").digest == net.digest


def test_columns_are_told_of_a_network_that_is_sound(tmp_path):
    place = tmp_path / "s.csv"
    place.write_text("source,consumer,own\na,b,c\n")
    told = [(use.given, use.used_as, use.how) for use in examine(place).columns]
    assert told == [
        ("source", "supplier", "renamed"),
        ("consumer", "consumer", "used"),
        ("own", "own", "set aside"),
    ]
    assert examine(place).columns == load(place).columns


def test_an_examination_without_a_network_raises_its_errors_only():
    findings = (Finding("a", "x"), Finding("a", "y", "", "warning"))
    assert Examination(None, findings).errors == findings[:1]


def test_check_of_a_network_in_memory_knows_what_was_given():
    nodes = [{"id": "a"}, {"id": "b"}]
    full = from_frames([{"supplier": "a", "consumer": "b"}], nodes)
    assert check(full) == ()
    bare = from_frames([{"supplier": "a", "consumer": "b"}])
    assert check(bare) == ()
    empty = from_frames([], nodes)
    assert [f.what for f in check(empty)] == [f.what for f in empty.findings]
    assert [f.what for f in empty.findings] == ["no supplies: it is not recorded who supplies whom"]


@pytest.mark.parametrize(
    ("header", "stem", "name"),
    [
        (["id", "name"], "entities", "entities"),
        (["id", "name"], "list", "nodes"),
        (["source", "target"], "list", "supplies"),
        (["owner", "asset"], "list", "holdings"),
        (["id", "hs_codes", "contains"], "list", "materials"),
        (["consumer", "material"], "list", "needs"),
    ],
)
def test_which_table_some_headings_are(header, stem, name):
    assert which_table(header, stem)[0] == name


def xml_refusal(data):
    with pytest.raises(Refused) as caught:
        read_xml(data, "a.xml", lambda element: False)
    return [str(finding) for finding in caught.value.findings]


def test_xml_beyond_its_limits(monkeypatch):
    (deep,) = xml_refusal(b"<a>" * 65 + b"</a>" * 65)
    assert deep.endswith("A network is flat: take nested graphs apart.")
    monkeypatch.setattr("supplynet.io.xmltext.MAX_BYTES", 1024**2)
    assert xml_refusal(b"<a>" + b" " * 1024**2 + b"</a>") == [
        "a.xml: larger than 1 MiB. Split the data."
    ]
    read_xml(b"<a>" + b" " * (1024**2 - 7) + b"</a>", "a.xml", lambda element: False)
