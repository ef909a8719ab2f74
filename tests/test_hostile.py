"""Hostile files: each behaves as tests/hostile/INDEX.tsv says, and none ends in a traceback."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from supplynet.errors import ValidationError
from supplynet.io import examine, load, save

HOSTILE = Path(__file__).parent / "hostile"
with (HOSTILE / "INDEX.tsv").open(encoding="utf-8", newline="") as index_file:
    INDEX = {row["file"]: row for row in csv.DictReader(index_file, delimiter="\t")}


def found(name, level="error"):
    return [str(f) for f in examine(HOSTILE / name).findings if f.level == level]


def one(name):
    texts = found(name)
    assert len(texts) == 1, texts
    return texts[0]


def test_every_file_is_in_the_index():
    beside = {"INDEX.tsv", ".gitattributes"}
    assert {file.name for file in HOSTILE.iterdir()} - beside == set(INDEX)


@pytest.mark.parametrize("name", sorted(INDEX))
def test_verdict(name):
    seen = examine(HOSTILE / name)
    if INDEX[name]["verdict"] == "REJECT":
        assert seen.net is None
    if INDEX[name]["verdict"] in ("ACCEPT", "WARN", "SAFE-OUT"):
        assert seen.net is not None, seen.errors
    for finding in seen.errors:
        assert name in finding.where
        assert "\x1b" not in str(finding)


def test_c01_formulas_are_written_inert_and_come_back(tmp_path):
    net = load(HOSTILE / "c01_formula.csv")
    ids = net.table("nodes").column("id")
    assert ids[0] == "=cmd|'/C calc'!A0"
    assert {text[0] for text in ids} == {"=", "+", "-", "@", "\t", "\r"}
    save(net, tmp_path / "n")
    with (tmp_path / "n" / "nodes.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["id"] for row in csv.DictReader(file)]
    assert all(cell.startswith("'") for cell in cells)
    again = load(tmp_path / "n")
    assert sorted(again.table("nodes").column("id")) == sorted(ids)
    assert again.digest == net.digest


def test_c03_byte_order_mark_is_no_part_of_the_heading():
    net = load(HOSTILE / "c03_bom.csv")
    assert [use.given for use in net.columns] == ["Id", "Label", "Country"]
    assert list(net.node_rows) == ["a"]


def test_c05_latin1_is_named_with_line_and_offset():
    assert one("c05_latin1.csv") == (
        "c05_latin1.csv:2: not UTF-8 at byte offset 20. Save as UTF-8 or give --encoding cp1252."
    )
    net = load(HOSTILE / "c05_latin1.csv", encoding="latin-1")
    assert net.table("nodes").column("name") == ["Müller GmbH"]


def test_c07_every_kind_of_line_end_ends_a_row():
    table = load(HOSTILE / "c07_mixed_eol.csv").table("nodes")
    assert table.column("id") == ["a", "b", "c"]
    assert [table.where(i) for i in range(3)] == [f"c07_mixed_eol.csv:{n}" for n in (2, 3, 4)]


def test_c09_namibia_is_a_country_and_null_is_none():
    texts = found("c09_namibia.csv")
    assert [text.split(" is no country")[0] for text in texts] == [
        "c09_namibia.csv:3: node 'n2': country 'NULL'",
        "c09_namibia.csv:4: node 'n3': country 'None'",
    ]


def test_c09_text_is_kept_verbatim(tmp_path):
    lines = (HOSTILE / "c09_namibia.csv").read_text().splitlines(keepends=True)
    (tmp_path / "n.csv").write_text("".join(lines[i] for i in (0, 1, 4)))
    nodes = load(tmp_path / "n.csv").table("nodes")
    assert nodes.column("country") == ["NA", "CN"]
    assert nodes.column("name") == ["Namib mine", "nan"]


def test_c12_duplicate_id_names_both_lines():
    text = one("c12_duplicate_id.csv")
    assert "c12_duplicate_id.csv:3: id 'a' is already used in line 2" in text


def test_c14_ragged_rows_are_named():
    texts = found("c14_ragged.csv")
    assert [text.split(": ")[0] for text in texts] == ["c14_ragged.csv:3", "c14_ragged.csv:4"]


def test_c16_empty_file():
    assert "c16_empty.csv: the file is empty" in one("c16_empty.csv")


def test_c18_columns_found_and_expected_are_listed():
    text = one("c18_no_id_column.csv")
    assert "'name', 'ctry'" in text
    assert "'id' (or node, node_id" in text


def test_c19_is_fine_alone_and_refused_beside_nodes(tmp_path):
    assert list(load(HOSTILE / "c19_edge_dangling.csv").node_rows) == ["a", "b", "c"]
    shutil.copy(HOSTILE / "c19_edge_dangling.csv", tmp_path / "supplies.csv")
    (tmp_path / "nodes.csv").write_text("id\na\nb\n")
    with pytest.raises(ValidationError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith("supplies.csv:3: consumer: no node 'c'.")


def test_c22_names_both_spellings_and_lines():
    text = one("c22_nfc_nfd.csv")
    assert "c22_nfc_nfd.csv:3" in text
    assert "c22_nfc_nfd.csv:2" in text
    assert "Mu\\u0308ller" in text
    assert "M\\xfcller" in text


def test_c26_markdown_is_kept_as_it_is(tmp_path):
    net = load(HOSTILE / "c26_markdown_injection.csv")
    assert net.table("nodes").column("name")[0].startswith("x | y | z\n| --- | --- |\n[click]")
    save(net, tmp_path / "n")
    assert load(tmp_path / "n").digest == net.digest


def test_c28_each_node_and_field_is_named():
    texts = found("c28_negative_capacity.csv")
    assert [text.split(",")[0] for text in texts] == [
        "c28_negative_capacity.csv:2: node 'a': capacity is -5",
        "c28_negative_capacity.csv:3: node 'b': lead_time is -3",
        "c28_negative_capacity.csv:4: node 'c': inventory is -1",
    ]


def test_c34_country_names_and_codes():
    texts = found("c34_country_codes.csv")
    assert ["'XX'" in texts[0], "'AN'" in texts[1], "'EU'" in texts[2]] == [True] * 3
    assert len(texts) == 3
    warnings = found("c34_country_codes.csv", "warning")
    mapped = [text.split("country ")[1] for text in warnings if "country " in text]
    assert mapped == [
        "'UK' is read as GB (United Kingdom).",
        "'China' is read as CN (China).",
        "'cn' is read as CN (China).",
        "'CHN' is read as CN (China).",
        "'156' is read as CN (China).",
        "XK (Kosovo) is in wide use but not an ISO 3166-1 code.",
    ]


def test_c36_twenty_thousand_columns():
    net = load(HOSTILE / "c36_wide.csv")
    assert len(net.table("nodes").columns) > 20_000


def test_c38_and_c40_separators():
    semicolons = load(HOSTILE / "c38_semicolon.csv")
    assert semicolons.table("nodes").column("name") == ["Mine; East", "B"]
    assert semicolons.table("nodes").column("country") == ["CN", "US"]
    assert load(HOSTILE / "c40_tab.csv").table("nodes").column("name") == ["A, Inc."]


def test_c42_duplicate_supply_is_said_and_not_summed():
    net = load(HOSTILE / "c42_dup_edge.csv")
    assert len(net.table("supplies")) == 2
    warning = [str(f) for f in net.findings if f.level == "warning"]
    assert len(warning) == 1
    assert warning[0].startswith("c42_dup_edge.csv:3: duplicate supply: line 2")
    assert "not summed" in warning[0]


def test_c43_surrogate_is_refused_with_its_line():
    assert one("c43_surrogate.csv").startswith("c43_surrogate.csv:2: not UTF-8 at byte offset")


def test_m_large_and_deep_files():
    assert len(load(HOSTILE / "m02_long_chain.csv").table("nodes")) == 20_001
    assert len(load(HOSTILE / "m04_complete_bipartite.csv").table("supplies")) == 14_400
    assert list(load(HOSTILE / "m08_disconnected_target.csv").node_rows) == ["a", "b", "c", "d"]


def test_a_folder_named_like_a_file(tmp_path):
    (tmp_path / "dir_as_file.csv").mkdir()
    texts = [str(f) for f in examine(tmp_path / "dir_as_file.csv").errors]
    assert len(texts) == 1
    assert "dir_as_file.csv: a folder without supplies.csv" in texts[0]


def test_a_link_to_nothing(tmp_path):
    (tmp_path / "dangling_symlink.csv").symlink_to("/nonexistent/x")
    texts = [str(f) for f in examine(tmp_path / "dangling_symlink.csv").errors]
    assert len(texts) == 1
    assert "dangling_symlink.csv: a link to nothing" in texts[0]
