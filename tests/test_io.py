"""Reading, checking and writing of networks."""

from __future__ import annotations

import os
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import jsonschema
import networkx as nx
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from supplynet.errors import OutputError, UnknownNameError, ValidationError
from supplynet.examples import example_path, examples, load_example
from supplynet.io import (
    check,
    examine,
    from_frames,
    from_networkx,
    init,
    load,
    save,
)
from supplynet.io.files import atomic_folder, write_bytes, write_text
from supplynet.io.gephi import gephi_tables
from supplynet.io.graphml import graphml_text
from supplynet.model import SupplyNetwork, Table, number_text
from supplynet.schema import json_schema


def folder(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        ending = "network.toml" if name == "network" else f"{name}.csv"
        (path / ending).write_text(text, encoding="utf-8", newline="")
    return path


def errors(path, **options):
    return [str(f) for f in examine(path, **options).findings if f.level == "error"]


def warnings(path):
    return [str(f) for f in examine(path).findings if f.level == "warning"]


def one(found):
    assert len(found) == 1, found
    return found[0]


# Reading


def test_a_folder_is_read_with_types_defaults_and_places(tmp_path):
    net = load(
        folder(
            tmp_path / "n",
            network='title = "T"\nas_of = 2026-01-31\ntargets = ["c"]\nown = 1\n',
            nodes="id,name,country,makes,capacity,extra\na,A,NA,x; y,007.50,1\nc,,,,,\n",
            supplies="supplier,consumer,material,share,start\na,c,x,.5,2025-02-01\n",
        )
    )
    assert net.name == "n"
    assert net.meta.title == "T"
    assert net.as_of == date(2026, 1, 31)
    assert net.meta.targets == ("c",)
    assert net.meta.extra == {"own": 1}
    a, c = net.table("nodes").rows()
    assert a == {
        "id": "a",
        "name": "A",
        "kind": "site",
        "country": "NA",
        "makes": ("x", "y"),
        "capacity": Decimal("7.5"),
        "can_fail": "yes",
        "status": "operating",
        "extra": "1",
    }
    assert c["name"] is None
    assert c["makes"] == ()
    supply = net.table("supplies").row(0)
    assert supply["id"] == "a>c:x"
    assert supply["share"] == Decimal("0.5")
    assert supply["start"] == date(2025, 2, 1)
    assert (supply["qualified"], supply["status"]) == ("yes", "operating")
    assert net.table("supplies").where(0) == "supplies.csv:2"
    assert net.findings == ()


def test_text_that_looks_like_something_else_stays_text(tmp_path):
    net = load(
        folder(
            tmp_path / "n",
            materials="id,hs_codes\n007,0601;2805.30\nnan,\nNULL,\nTrue,\n",
            supplies="supplier,consumer,material\n007,1e5,nan\nnan,1e5,NULL\nNA,1e5,007\n",
        )
    )
    assert net.table("supplies").column("supplier") == ["007", "nan", "NA"]
    assert net.table("materials").column("hs_codes")[0] == ("0601", "2805.30")
    assert list(net.node_rows) == ["007", "1e5", "nan", "NA"]


def test_other_names_are_taken_and_listed(tmp_path):
    net = load(
        folder(
            tmp_path / "n",
            nodes="Node ID,Label,LON,Lat,own\na,A,10.5,-3,x\nb,B,,,\n",
            supplies="Source,TARGET,Material,Percent,lead-time\na,b,ore,62.5,30\n",
        )
    )
    assert net.table("supplies").row(0)["share"] == Decimal("0.625")
    assert net.table("supplies").row(0)["lead_time_days"] == 30
    assert net.table("nodes").row(0)["longitude"] == Decimal("10.5")
    uses = {(use.table, use.given): (use.used_as, use.how) for use in net.columns}
    assert uses["nodes", "own"] == ("own", "set aside")
    assert uses["nodes", "Label"] == ("name", "renamed")
    assert uses["supplies", "Percent"] == ("share", "renamed")
    assert uses["nodes", "LON"] == ("longitude", "renamed")
    assert any("divided by 100" in finding.what for finding in net.findings)
    assert {finding.level for finding in net.findings} == {"note"}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(tmp_path, separator, end):
    rows = [["supplier", "consumer", "note"], ["a", "b", '"x,;y"'], ["", "", ""], ["b", "c", ""]]
    file = tmp_path / "s.csv"
    file.write_bytes(end.join(separator.join(row) for row in rows).encode())
    supplies = load(file).table("supplies")
    assert supplies.column("note") == ["x,;y", None]
    assert supplies.where(1) == "s.csv:4"


def test_quoted_headings_and_line_ends_inside_cells(tmp_path):
    file = tmp_path / "s.csv"
    file.write_bytes(b'"supplier";"consumer";"note"\r\na;b;"one\r\ntwo ""x"""\r\nb;c;\r\n')
    table = load(file).table("supplies")
    assert table.column("note")[0] == 'one\r\ntwo "x"'
    assert table.where(1) == "s.csv:4"


def test_a_single_file_is_the_table_that_its_columns_say(tmp_path):
    for text, table in (
        ("id,country\na,CN\n", "nodes"),
        ("from,to\na,b\n", "supplies"),
        ("owner,asset,share\na,b,0.5\n", "holdings"),
        ("measure,start,status\nm,2025-01-01,in_force\n", "periods"),
        ("material,stage,country,year,share\nx,mine,CN,2024,0.7\n", "shares"),
        ("consumer,material,group\na,x,g\n", "needs"),
    ):
        file = tmp_path / "some.csv"
        file.write_text(text)
        assert len(load(file).table(table)) == 1, table
    entities = tmp_path / "entities.csv"
    entities.write_text("id,name,country\na,A,CN\n")
    assert len(load(entities).table("entities")) == 1


def test_encoding(tmp_path):
    file = tmp_path / "s.csv"
    file.write_bytes("supplier,consumer\nMüller,b\n".encode("latin-1"))
    message = one(errors(file))
    assert message == (
        "s.csv:2: not UTF-8 at byte offset 19. Save as UTF-8 or give --encoding cp1252."
    )
    assert load(file, encoding="latin-1").table("supplies").column("supplier") == ["Müller"]
    assert "unknown encoding 'klingon'" in one(errors(file, encoding="klingon"))
    assert "unknown encoding 'hex'" in one(errors(file, encoding="hex"))
    file.write_bytes("supplier,consumer\na,b\n".encode("utf-16"))
    assert "--encoding utf-16" in one(errors(file))
    assert len(load(file, encoding="utf-16").table("supplies")) == 1


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "has no column names"),
        (b"supplier,consumer\n", "no rows"),
        (b"supplier,consumer\na,\0b\n", ":2: holds a NUL character"),
        (b'supplier,consumer\na,b\nc,"d\ne,f\n', ":3: a double quote opens"),
        (b'supplier,consumer\n"a"x,b\n', ":2: text follows a closing double quote"),
        (b"supplier,consumer\na,b,c\n", ":2: 3 cells, but the header has 2"),
        (b"supplier,consumer\na\n", ":2: 1 cell, but the header has 2"),
        (b"supplier,consumer,\na,b,c\n", "column 3 has no heading"),
        (b"supplier,consumer,x,x\na,b,c,d\n", "columns 3 and 4 are both named 'x'"),
        (b"supplier,consumer,source\n a,b,c\n", None),
        (b"source,from,consumer\na,a,b\n", "both mean 'supplier'"),
        (b"supplier,Supplier ,consumer\na,a,b\n", "both mean 'supplier'"),
        (b"supplier,consumer\n,b\n", ":2: supplier is blank"),
        (b"supplier,consumer\n   ,b\n", ":2: supplier is blank"),
        (b"supplier,consumer,share\na,b," + b"1" * 5000 + b"\n", "not a number"),
        (b"supplier,consumer,volume\na,b,1e999\n", "out of any range"),
        (b"supplier,consumer,note\na,b," + b"x" * 200_000 + b"\n", "longer than 131,072"),
        (b"a" + b",b" * 60_000, "at most 50,000"),
        (b"My supplies 2026\nsupplier,consumer\na,b\n", ":1: no known column name in 'My supp"),
        (b"suplier,consumer\na,b\n", "a table of supplies needs 'supplier'"),
        (b"supplier,consumer\na,b,\n", "Delete the separators after its last cell"),
        (b"supplier,consumer\na,b,c\n", "Put text that holds the separator in double quotes"),
        (b"x,y\n1,2\n", "no table has these columns: 'x', 'y'"),
        (b"Source,Target,Type\na,b,Undirected\n", "does not say who supplies whom"),
    ],
)
def test_what_cannot_be_read_is_one_finding(tmp_path, data, what):
    file = tmp_path / "s.csv"
    file.write_bytes(data)
    found = errors(file)
    if what is None:
        assert found == []
    else:
        assert what in one(found)
        assert found[0].startswith("s.csv")


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("share", "1.3", "share is 1.3, must be 0-1. Shares are fractions, not percent."),
        ("share", "60%", "share is '60%', not a number. Write 60% as 0.6."),
        ("share", "-0.1", "share is -0.1, must be 0-1. Leave it blank if not known."),
        ("share", "0,5", "Write a decimal point"),
        ("volume", "1,234", "Write a decimal point, and no thousands separator"),
        ("volume", "1,234,567", "Write it without a thousands separator"),
        ("volume", "1.234.567", "Write it without a thousands separator"),
        ("volume", "nan", "Leave it blank if not known"),
        ("volume", "inf", "not a number"),
        ("volume", "12 t", "the unit has its own column"),
        ("volume", "٣", "not a number"),
        ("percent", "130", "percent is 130, must be 0-100."),
        ("qualified", "yse", "qualified is 'yse'. Did you mean 'yes'? Allowed: yes, no, unknown."),
        ("status", "closd", "Did you mean 'closed'?"),
        ("start", "01/02/2026", "ambiguous. Day and month cannot be told apart"),
        ("start", "01.02.2026", "ambiguous. Day and month cannot be told apart"),
        ("start", "13.02.2026", "start is '13.02.2026'. Write it as 2026-02-13."),
        ("start", "2/13/2026", "start is '2/13/2026'. Write it as 2026-02-13."),
        ("start", "31.02.2026", "there is no such day"),
        ("start", "13.02.26", "ambiguous"),
        ("start", "2025-13-01", "there is no such day"),
        ("start", "2026-02-30", "there is no such day"),
        ("start", "2026-13", "there is no such month"),
        ("start", "2026", "is 2026, a year. Write the day, such as 2026-01-01."),
        ("start", "2026-01-01T00:00", "not a date"),
        ("qualified", "2", "Allowed: yes, no, unknown"),
        ("confidence", "certain", "Allowed: high, medium, low, illustrative"),
    ],
)
def test_cells_that_break_a_rule(tmp_path, column, cell, message):
    file = tmp_path / "s.csv"
    file.write_text(f'supplier,consumer,{column}\na,b,"{cell}"\n', encoding="utf-8")
    found = one(errors(file))
    assert message in found
    assert found.startswith("s.csv:2: ")


def test_words_are_taken_in_any_case(tmp_path):
    file = tmp_path / "s.csv"
    file.write_text("supplier,consumer,qualified,confidence\na,b,YES,High\n")
    row = load(file).table("supplies").row(0)
    assert (row["qualified"], row["confidence"]) == ("yes", "high")
    file.write_text("supplier,consumer,qualified\na,b,1\nb,c,0\nc,d,TRUE\nd,e,n\n")
    assert load(file).table("supplies").column("qualified") == ["yes", "no", "yes", "no"]


def test_a_step_of_the_chain_is_no_kind_of_node(tmp_path):
    path = folder(
        tmp_path / "n", nodes="id,kind\na,mine\nb,\n", supplies="supplier,consumer\na,b\n"
    )
    found = one(errors(path))
    assert "Did you mean" not in found
    assert found.endswith("A step of the chain, such as mine, goes in the column stage.")


def test_a_government_that_is_no_entity_yet(tmp_path):
    path = folder(
        tmp_path / "n",
        supplies="supplier,consumer\na,b\n",
        entities="id,kind,country\nACo,company,CN\n",
        holdings="owner,asset,share\nCN,ACo,0.6\n",
    )
    assert "Add it to entities.csv: kind government, country CN." in one(errors(path))


def test_one_file_of_a_folder_says_what_it_leaves_unread(tmp_path):
    path = folder(tmp_path / "n", supplies="supplier,consumer\na,b\n")
    assert warnings(path / "supplies.csv") == []
    folder(path, nodes="id,country\na,CN\nb,US\n", network='title = "T"\n', own="x\n1\n")
    found = one(warnings(path / "supplies.csv"))
    assert found.startswith("supplies.csv: only this file is read, not network.toml, nodes.csv")
    assert "Give the folder to read them all." in found
    assert warnings(path) == []


def test_a_month_is_read_as_its_first_day_and_said(tmp_path):
    file = tmp_path / "s.csv"
    file.write_text("supplier,consumer,start\na,b,2026-03\nb,c,2026-03\n")
    net = load(file)
    assert net.table("supplies").column("start") == [date(2026, 3, 1)] * 2
    notes = [str(f) for f in net.findings if "2026-03" in f.what]
    assert notes == ["s.csv:2: start 2026-03 is read as 2026-03-01 (in 2 rows)."]


def test_all_findings_come_at_once_and_in_order(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id,country,capacity\na,XX,-1\na,CN,\nb,,\n",
        supplies="supplier,consumer,share\na,x,2\nb,a,\n",
    )
    with pytest.raises(ValidationError) as caught:
        load(path)
    where = [finding.where for finding in caught.value.findings]
    assert where == [
        "nodes.csv:2",
        "nodes.csv:2",
        "nodes.csv:3",
        "supplies.csv:2",
        "supplies.csv:2",
    ]
    assert all(finding.level == "error" for finding in caught.value.findings)


def test_a_flood_is_counted(tmp_path):
    file = tmp_path / "s.csv"
    rows = "".join(f"a,b{i},1.5\n" for i in range(300))
    file.write_text(f"supplier,consumer,share\n{rows}")
    found = errors(file)
    assert len(found) == 51
    assert any("250 more findings of this kind" in text for text in found)


def test_many_unknown_names_do_not_take_forever(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id\n" + "".join(f"node-{i:05}\n" for i in range(20_000)),
        supplies="supplier,consumer\n" + "".join(f"nod-{i:05},x{i}\n" for i in range(20_000)),
    )
    found = errors(path)
    assert any("Did you mean 'node-0000" in text for text in found)
    assert len(found) < 110


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_that_tells_excel_the_separator(tmp_path, line, ends):
    file = tmp_path / "s.csv"
    text = ends.join([line, "supplier;consumer;note", 'a;b;"x, y"', ""])
    file.write_text(text, encoding="utf-8-sig", newline="")
    net = load(file)
    assert net.table("supplies").column("note") == ["x, y"]
    assert net.table("supplies").where(0) == "s.csv:3"


def test_a_column_called_sep_is_a_column(tmp_path):
    file = tmp_path / "s.csv"
    file.write_text("sep,supplier,consumer\n1,a,b\n", encoding="utf-8")
    assert load(file).table("supplies").column("sep") == ["1"]


def test_a_required_column_spelt_wrong_is_named(tmp_path):
    path = folder(tmp_path / "n", supplies="suplier,consumer\na,b\n")
    assert "Rename 'suplier' to supplier; found 'suplier', 'consumer'." in one(errors(path))


def test_a_column_spelt_wrong_is_a_warning(tmp_path):
    path = folder(tmp_path / "n", supplies="supplier,consumer,shere\na,b,1\n")
    assert "Did you mean 'share'?" in one(warnings(path))


@pytest.mark.parametrize(
    ("column", "what"),
    [("owner", "who owns what is read from holdings.csv"), ("Controller", "holdings.csv")],
)
def test_an_owner_in_nodes_is_a_warning_that_says_what_to_do(tmp_path, column, what):
    path = folder(
        tmp_path / "n",
        nodes=f"id,{column}\na,X\nb,\n",
        supplies="supplier,consumer\na,b\n",
    )
    found = one(warnings(path))
    assert found.startswith(f"nodes.csv:1: column {column!r} is kept as an extra and answers no")
    assert what in found
    assert "rename the column to ask by it" in found
    assert load(path).table("nodes").column(column) == ["X", None]
    # An empty column claims nothing.
    empty = folder(
        tmp_path / "m", nodes=f"id,{column}\na,\nb,\n", supplies="supplier,consumer\na,b\n"
    )
    assert warnings(empty) == []


def test_supplies_without_rows_are_a_warning(tmp_path):
    path = folder(tmp_path / "n", nodes="id\na\n", supplies="supplier,consumer\n")
    assert one(warnings(path)).startswith("supplies.csv: no supplies: it is not recorded who")
    assert "no rows" not in str(load_example("worked_example").findings)


def test_edges_stand_for_supplies_where_there_are_none(tmp_path):
    path = folder(tmp_path / "n", edges="Source,Target\na,b\n")
    net = load(path)
    assert net.table("supplies").where(0) == "edges.csv:2"
    assert "edges.csv: is read as the table supplies." in map(str, net.findings)
    folder(path, supplies="supplier,consumer\nc,d\n")
    net = load(path)
    assert net.table("supplies").column("supplier") == ["c"]
    assert "edges.csv: no table of that name, set aside." in map(str, net.findings)


# Paths


def test_paths_that_hold_no_network(tmp_path):
    (tmp_path / "magnets").mkdir()
    assert "Did you mean 'magnets'?" in one(errors(tmp_path / "magnet"))
    assert "no such file or folder" in one(errors(tmp_path / "x" / "y"))
    assert "The folder is empty" in one(errors(tmp_path / "magnets"))
    (tmp_path / "magnets" / "supply.csv").write_text("a,b\n")
    assert "Rename 'supply.csv' to supplies.csv" in one(errors(tmp_path / "magnets"))
    (tmp_path / "dir.csv").mkdir()
    assert "dir.csv: a folder without supplies.csv" in one(errors(tmp_path / "dir.csv"))
    for name in ("a.xlsx", "a.json", "a.yaml", "a.graphml", "a"):
        (tmp_path / name).write_bytes(b"\0\1")
        message = one(errors(tmp_path / name))
        assert name in message
    link = tmp_path / "dangling.csv"
    link.symlink_to("/nonexistent/x")
    assert "a link to nothing" in one(errors(link))
    assert "no file can have this name" in one(errors("a\0b.csv"))
    os.mkfifo(tmp_path / "pipe.csv")
    assert "not a regular file" in one(errors(tmp_path / "pipe.csv"))


def test_files_of_a_folder(tmp_path):
    path = folder(
        tmp_path / "n",
        supplies="supplier,consumer\na,b\n",
        refrences="id\nx\n",
        old="x\n1\n",
    )
    found = {(f.where, f.level): f.fix for f in load(path).findings}
    assert found["refrences.csv", "warning"] == "Did you mean 'references.csv'?"
    assert ("old.csv", "note") in found
    (path / "Supplies.csv").write_text("supplier,consumer\na,b\n")
    assert "are the same table" in one(errors(path))
    (path / "Supplies.csv").unlink()
    (path / "nodes.csv").mkdir()
    assert "a folder stands where a file is wanted" in one(errors(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('title = "x\n', "not valid TOML"),
        ("title = 3\n", "network.toml:1: title is a number. Write text in double quotes."),
        ('\nas_of = "01/02/2026"\n', "network.toml:2: as_of is '01/02/2026', which is ambiguous"),
        ("as_of = 2026-01-01T00:00:00\n", "as_of is a time"),
        ("targets = [1]\n", "targets is a list"),
        ('targets = ["c"]\n', "no node"),
        ('targets = ["bb"]\n', "Did you mean 'b'?"),
        ("x = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)
def test_network_toml(tmp_path, text, message):
    path = folder(tmp_path / "n", supplies="supplier,consumer\na,b\n", network=text)
    if message == "Did you mean 'b'?":
        message = "target 'bb' is no node"
    found = one(errors(path))
    assert message.replace("no node", "is no node") in found or message in found
    assert found.startswith("network.toml")


def test_network_toml_of_odd_bytes_and_near_keys(tmp_path):
    path = folder(tmp_path / "n", supplies="supplier,consumer\na,b\n", network='target = ["b"]\n')
    assert "Did you mean 'targets'?" in one(warnings(path))
    (path / "network.toml").write_bytes(b'a = 1\ntitle = "\xff"\n')
    assert "network.toml:2: not UTF-8 at byte offset" in one(errors(path))


# Rules between rows


def test_an_end_that_is_no_node(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id\nmissile\nmagnet\n",
        supplies="supplier,consumer\nmagnet,misile\nghost,missile\n",
        needs="consumer,material\nmissle,ore\n",
    )
    assert errors(path) == [
        "needs.csv:2: consumer: no node 'missle'. Did you mean 'missile'?",
        "supplies.csv:2: consumer: no node 'misile'. Did you mean 'missile'?",
        "supplies.csv:3: supplier: no node 'ghost'. Add it to nodes.csv.",
    ]


def test_a_broken_table_is_not_held_against_the_others(tmp_path):
    path = folder(
        tmp_path / "n",
        network='targets = ["z"]\n',
        nodes="id,name\na,A\nz\n",
        supplies="supplier,consumer\na,b\n",
        needs="consumer,material\nz,ore\n",
    )
    assert one(errors(path)).startswith("nodes.csv:3: 1 cell, but the header has 2")


def test_duplicate_ids_name_both_lines(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id\na\n\nb\na\n",
        supplies="supplier,consumer,id\na,b,s\nb,a,s\n",
    )
    assert errors(path) == [
        "nodes.csv:5: id 'a' is already used in line 2. Ids are unique.",
        "supplies.csv:3: id 's' is already used in line 2. Ids are unique.",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Mount Weld", "mount weld"),
        ("a b", "ab"),
        ("Müller", "Mu\u0308ller"),
        ("ﬁ", "fi"),
        ("ß", "SS"),
    ],
)
def test_names_that_look_alike(tmp_path, first, second):
    file = tmp_path / "s.csv"
    file.write_text(f"supplier,consumer\n{first},x\n{second},x\n", encoding="utf-8")
    found = one(errors(file))
    assert found.startswith("s.csv:3: node ")
    assert "s.csv:2" in found
    file.write_text(f"supplier,consumer,material\na,x,{first}\nb,x,{second}\n", encoding="utf-8")
    assert "material" in one(errors(file))


def test_blanks_around_ids_do_not_count(tmp_path):
    path = folder(tmp_path / "n", nodes="id\n a\nb \n", supplies="supplier, consumer\na, b\n")
    assert list(load(path).node_rows) == ["a", "b"]


def test_shares_of_one_need_are_parts_of_one_whole(tmp_path):
    def shares(rows):
        file = tmp_path / "s.csv"
        head = "supplier,consumer,material,share,qualified,status,start,end\n"
        file.write_text(head + rows)
        return errors(file)

    assert "shares of 'x' at 'c' sum to 1.01 (line 2, line 3)" in one(
        shares("a,c,x,0.6,,,,\nb,c,x,0.41,,,,\n")
    )
    assert shares("a,c,x,0.1,,,,\nb,c,x,0.2,,,,\nd,c,x,0.7,,,,\n") == []
    assert shares("a,c,x,0.6,,,,2025-01-01\nb,c,x,0.6,,,2025-01-01,\n") == []
    assert "from 2024-12-31" in one(shares("a,c,x,0.6,,,,2025-01-01\nb,c,x,0.6,,,2024-12-31,\n"))
    assert shares("a,c,x,0.6,,,,\nb,c,x,0.6,no,,,\n") == []
    assert shares("a,c,x,0.6,,,,\nb,c,x,0.6,,closed,,\n") == []
    assert shares("a,c,x,0.6,,,,\nb,c,x,0.6,,planned,,\n") == []
    assert shares("a,c,x,0.6,,,,\nb,c,y,0.6,,,,\n") == []
    assert len(shares("a,c,x,0.6,,,,\nb,c,x,0.6,,planned,2027-01-01,\n")) == 1


def test_duplicate_supplies_warn_unless_they_are_named(tmp_path):
    def rows(text):
        file = tmp_path / "s.csv"
        file.write_text("supplier,consumer,material,id,start,end\n" + text)
        return warnings(file)

    assert "line 2 has the same supplier" in one(rows("a,b,x,,,\na,b,x,,,\n"))
    assert rows("a,b,x,one,,\na,b,x,two,,\n") == []
    assert rows("a,b,x,,,2025-01-01\na,b,x,,2025-01-01,\n") == []
    assert len(rows("a,b,x,,,2025-01-02\na,b,x,,2025-01-01,\n")) == 1


def test_ids_of_supplies_do_not_depend_on_row_order(tmp_path):
    lines = [
        "a,b,x,2025-01-01,2026-01-01\n",
        "a,b,x,2024-01-01,2025-01-01\n",
        "a,b,x,,2024-01-01\n",
        "a,b,,,\n",
    ]
    digests = set()
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]):
        file = tmp_path / "s.csv"
        head = "supplier,consumer,material,start,end\n"
        file.write_text(head + "".join(lines[i] for i in order))
        net = load(file)
        by_start = {
            (row["material"], row.get("start")): row["id"] for row in net.table("supplies").rows()
        }
        assert by_start == {
            ("x", None): "a>b:x",
            ("x", date(2024, 1, 1)): "a>b:x#2",
            ("x", date(2025, 1, 1)): "a>b:x#3",
            (None, None): "a>b:",
        }
        digests.add(net.digest)
    assert len(digests) == 1


def test_default_ids_keep_clear_of_given_ones(tmp_path):
    file = tmp_path / "s.csv"
    file.write_text("supplier,consumer,material,id\na,b,x,\na,c,x,a>b:x\n")
    assert load(file).table("supplies").column("id") == ["a>b:x#2", "a>b:x"]


def test_rules_on_needs(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id,makes,upstream\na,,\nb,good;fine,none\nc,,\n",
        supplies="supplier,consumer,material\na,b,ore\nb,c,good\nb,c,bad\n",
        needs="consumer,material,product\nb,ore,god\nb,ore,good\nb,ore,good\na,x,y\n",
    )
    assert errors(path) == [
        "needs.csv:2: product 'god' is not made by 'b'. Did you mean 'good'?",
        "needs.csv:5: product 'y' is not made by 'a'. It makes ore.",
    ]
    found = warnings(path)
    assert any("needs.csv:4: duplicate need: line 3" in text for text in found)
    assert any("'b' supplies 'bad', which its `makes` does not list" in text for text in found)
    assert any("has upstream none, but needs are on record" in text for text in found)


def test_references_between_tables(tmp_path):
    path = folder(
        tmp_path / "n",
        network='as_of = "2026-01-01"\n',
        nodes="id,operator,references,makes\na,acme,r1,\nb,acne,r1;r3,\nc,,,ores\n",
        supplies="supplier,consumer,material,references\na,b,oar,r2\n",
        materials="id\nore\n",
        entities="id,country\nacme,US\n",
        references="id\nr1\n",
        holdings="owner,asset\nacme,a\nother,acme\n",
        measures="id,authority,materials,parties\nm,CN,ore,unread\nm2,acme,,nobody\n",
        periods="measure,start,end\nm,2025-01-01,2025-06-01\nm,2025-05-01,\nn,2025-01-01,\n",
        observations="measure,supply,supplier,start,observed\nm,a>b:oar,,2025-01-01,flowed\n"
        "m,b>a:x,,2025-01-01,blocked\nm,,a,2025-01-01,blocked\n",
    )
    found = errors(path)
    expected = [
        "holdings.csv:3: owner: no entity or node 'other'",
        "measures.csv:3: parties: no entity or node 'nobody'",
        "nodes.csv:3: operator: no entity 'acne'. Did you mean 'acme'?",
        "nodes.csv:3: references: no reference 'r3'",
        "observations.csv:3: supply: no supply 'b>a:x'",
        "observations.csv:4: says neither which supply nor",
        "periods.csv:3: overlaps the period of 'm' in line 2",
        "periods.csv:4: measure: no measure 'n'",
        "supplies.csv:2: references: no reference 'r2'",
    ]
    assert len(found) == len(expected)
    for text, start in zip(found, expected, strict=True):
        assert text.startswith(start), (text, start)
    found = warnings(path)
    assert "nodes.csv:4: makes: no material 'ores'. Did you mean 'ore'?" in found
    assert any("supplies.csv:2: material: no material 'oar'" in text for text in found)


def test_without_a_table_its_ids_are_free_text(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id,operator,references\na,acme,r1\nb,,\n",
        supplies="supplier,consumer,material\na,b,ore\n",
        holdings="owner,asset\nx,acme\n",
    )
    assert errors(path) == []


def test_bands_and_periods(tmp_path):
    path = folder(
        tmp_path / "n",
        nodes="id,capacity_low,capacity,capacity_high,latitude\na,5,4,,91\nb,5,,4,\n",
        supplies="supplier,consumer,start,end\na,b,2025-01-01,2025-01-01\n",
    )
    assert [text.split(". ")[0] for text in errors(path)] == [
        "nodes.csv:2: capacity_low is 5, above capacity 4",
        "nodes.csv:2: node 'a': latitude is 91, must be -90 to 90.",
        "nodes.csv:3: capacity_low is 5, above capacity_high 4",
        "supplies.csv:2: end 2025-01-01 is not after start 2025-01-01",
    ]


def test_duplicate_market_shares_warn(tmp_path):
    file = tmp_path / "shares.csv"
    rows = "x,mine,CN,2024,0.7,{}\nx,mine,CN,2024,0.6,{}\n"
    head = "material,stage,country,year,share,edition\n"
    file.write_text(head + rows.format("a", "a"))
    alone, twice = warnings(file)
    assert alone.startswith("shares.csv: no supplies")
    assert "shares.csv:3: duplicate share: line 2" in twice
    file.write_text(head + rows.format("a", "b"))
    assert warnings(file) == [alone]


def test_near_materials_at_one_consumer_warn(tmp_path):
    def found(*names, declared=()):
        files = {
            "supplies": "supplier,consumer,material\n"
            + "".join(f"a{i},c,{name}\n" for i, name in enumerate(names))
        }
        if declared:
            files["materials"] = "id\n" + "".join(f"{name}\n" for name in declared)
        path = tmp_path / f"n{len(list(tmp_path.iterdir()))}"
        return [w for w in warnings(folder(path, **files)) if "spelt twice" in w]

    assert len(found("ndfeb_magnet", "ndfeb-magnet")) == 1
    assert len(found("magnets", "magnet")) == 1
    assert len(found("gallium", "galium")) == 1
    assert found("dy_oxide", "tb_oxide") == []
    assert found("dy_metal", "y_metal") == []
    assert found("grade_n42", "grade_n48") == []
    assert found("magnets", "magnet", declared=("magnets", "magnet")) == []


def test_a_table_without_supplies_says_so(tmp_path):
    file = tmp_path / "plants.csv"
    file.write_text("id,upstream\na,none\n")
    assert one(warnings(file)) == (
        "plants.csv: no supplies: it is not recorded who supplies whom. Put it in a "
        "folder with supplies.csv."
    )


def test_misspelt_columns_are_kept_and_said(tmp_path):
    file = tmp_path / "n.csv"
    file.write_text("id,contry\na,CN\n")
    net = load(file)
    assert "Did you mean 'country'?" in warnings(file)[1]
    assert net.table("nodes").column("contry") == ["CN"]


# Writing


def sample() -> SupplyNetwork:
    return from_frames(
        [
            {"supplier": "a", "consumer": "b", "material": "x", "share": 0.1, "own": "-5"},
            {"supplier": "b", "consumer": "c", "start": date(2025, 1, 2), "volume": 1e20},
        ],
        [
            {"id": "a", "makes": ["x"], "name": "=1+1", "capacity": Decimal("-0"), "latitude": -5},
            {"id": "b", "country": "CN", "note": "' @x"},
            {"id": "c", "name": "'=x", "references": "r;s"},
        ],
        network={"title": 'Ti"tle', "as_of": date(2026, 1, 1), "targets": ["c"], "own": {"k": [1]}},
        references=[{"id": "r", "date": "2025"}, {"id": "s"}],
    )


def test_save_and_load_give_the_same_network(tmp_path):
    net = sample()
    save(net, tmp_path / "n")
    again = load(tmp_path / "n")
    assert again.digest == net.digest
    assert again.meta.extra == {"own": {"k": [1]}}
    for name, table in net.tables.items():
        assert list(again.table(name).rows()) == list(table.rows())
    text = (tmp_path / "n" / "nodes.csv").read_text()
    assert ",'=1+1," in text
    assert ",''=x," in text
    assert ",-5," in text  # a number is no formula
    save(again, tmp_path / "m")
    for file in (tmp_path / "n").iterdir():
        assert file.read_bytes() == (tmp_path / "m" / file.name).read_bytes()


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12
) | st.sampled_from(
    [
        "=1",
        "'=1",
        "''+x",
        "-",
        "@",
        "\t=",
        "\r\n",
        '"',
        "'",
        ",",
        ";",
        "\ufeff",
        " x ",
        "'",
        "\x1b[",
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(TEXT, min_size=1, max_size=4),
    notes=st.lists(TEXT, min_size=4, max_size=4),
    title=TEXT,
    heading=TEXT,
)
def test_odd_text_survives(tmp_path, names, notes, title, heading):
    rows = [
        {"supplier": f"{name}.{i}", "consumer": "c", "note": note, f"x{heading}".strip(): note}
        for i, (name, note) in enumerate(zip(names, notes, strict=False))
    ]
    nodes = [{"id": row["supplier"], "name": row["note"]} for row in rows] + [{"id": "c"}]
    try:
        net = from_frames(rows, nodes, network={"title": title})
    except ValidationError as error:
        assert any("differ only" in f.what or "both mean" in f.what for f in error.findings)  # noqa: PT017
        return
    save(net, tmp_path / "n", force=True)
    again = load(tmp_path / "n")
    assert again.digest == net.digest
    by_id = {row["id"]: row for row in again.table("supplies").rows()}
    assert by_id == {row["id"]: row for row in net.table("supplies").rows()}


def test_saved_bytes_do_not_depend_on_the_order_of_rows(tmp_path):
    rows = [{"supplier": a, "consumer": "t", "material": m} for a in "cab" for m in "yx"]
    written = []
    for name, turned in (("one", rows), ("two", rows[::-1])):
        save(from_frames(turned), tmp_path / name)
        written.append({f.name: f.read_bytes() for f in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    lines = written[0]["supplies.csv"].decode().splitlines()[1:]
    assert [line.split(",")[1:4] for line in lines] == [[a, "t", m] for a in "abc" for m in "xy"]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**15))
@settings(max_examples=50)
def test_numbers_are_exact(value):
    supplies = [{"supplier": "a", "consumer": "b", "volume": value}]
    assert from_frames(supplies).table("supplies").column("volume") == [value]


def test_saving_over_something(tmp_path):
    net = sample()
    save(net, tmp_path / "n")
    loaded = load(tmp_path / "n")
    with pytest.raises(OutputError, match="this is the input itself"):
        save(loaded, tmp_path / "n")
    with pytest.raises(OutputError, match="already holds a network"):
        save(net, tmp_path / "n")
    (tmp_path / "n" / "mine.txt").write_text("keep")
    smaller = from_frames([{"supplier": "a", "consumer": "b"}])
    save(smaller, tmp_path / "n", force=True)
    assert load(tmp_path / "n").digest == smaller.digest
    assert (tmp_path / "n" / "mine.txt").read_text() == "keep"
    assert not (tmp_path / "n" / "references.csv").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="not a folder"):
        save(net, tmp_path / "file")
    with pytest.raises(OutputError, match="there is no folder"):
        save(net, tmp_path / "x" / "y")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["file", "n"]


def test_one_table_alone_is_saved_and_read_again(tmp_path):
    for name, text in (
        ("needs", "consumer,material\na,x\n"),
        ("holdings", "owner,asset\na,b\n"),
        ("nodes", "id\na\n"),
    ):
        file = tmp_path / "one.csv"
        file.write_text(text)
        net = load(file)
        assert check(net) == net.findings
        save(net, tmp_path / name)
        assert load(tmp_path / name).digest == net.digest


def test_what_digests_see(tmp_path):
    base = [{"supplier": "a", "consumer": "b", "share": "0.5", "note": None}]
    digest = from_frames(base).digest
    assert from_frames([{"source": "a", "target": "b", "percent": "50.0"}]).digest == digest
    assert from_frames(base, network={"name": "x"}).digest == digest
    assert from_frames([{**base[0], "share": "0.51"}]).digest != digest
    assert from_frames([{**base[0], "own": "x"}]).digest != digest
    assert from_frames(base, network={"title": "x"}).digest != digest
    assert number_text(Decimal("1E+2")) == number_text(Decimal("100.0")) == "100"
    many = Decimal("0.1234567890123456789012345678901234567891")
    assert number_text(many) == str(many)


def test_files_are_written_whole(tmp_path):
    file = tmp_path / "a.txt"
    write_text(file, "one\n")
    assert file.read_bytes() == b"one\n"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~mask
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(file)
    write_text(link, "two")
    assert link.is_symlink()
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    with pytest.raises(OutputError, match="it is a folder"):
        write_text(tmp_path, "x")
    with pytest.raises(OutputError, match="there is no folder"):
        write_text(tmp_path / "no" / "a", "x")
    with pytest.raises(OutputError, match="no file can have this name"):
        write_text("a\0b", "x")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.txt", "link"]


def test_an_interrupt_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def interrupted(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(file, "new")
    assert file.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_device_is_reported_and_stays_a_device():
    with pytest.raises(OutputError, match="no space left"):
        write_bytes("/dev/full", b"x" * 100_000)
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def test_folders_come_whole_or_not_at_all(tmp_path):
    def fail():
        with atomic_folder(tmp_path / "n") as made:
            (made / "a").write_text("x")
            message = "stop"
            raise ValueError(message)

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert list(tmp_path.iterdir()) == []
    with atomic_folder(tmp_path / "n") as made:
        (made / "sub").mkdir()
        (made / "sub" / "a").write_text("x")
    with atomic_folder(tmp_path / "n") as made:
        (made / "sub").mkdir()
        (made / "sub" / "b").write_text("y")
    assert sorted(item.name for item in (tmp_path / "n" / "sub").iterdir()) == ["a", "b"]


# Frames and graphs


def test_data_frames(tmp_path):
    supplies = pd.DataFrame(
        {
            "supplier": ["a", "b"],
            "consumer": ["b", "c"],
            "share": [0.1, None],
            "volume": [5, 6],
            "start": pd.to_datetime(["2025-01-01", None]),
            "own": [True, False],
        }
    )
    nodes = pd.DataFrame(
        {"country": ["CN", None, "US"]}, index=pd.Index(["a", "b", "c"], name="id")
    )
    net = from_frames(supplies, nodes)
    assert net.table("supplies").column("share") == [Decimal("0.1"), None]
    assert net.table("supplies").column("volume") == [5, 6]
    assert net.table("supplies").column("start") == [date(2025, 1, 1), None]
    assert net.table("supplies").column("own") == ["yes", "no"]
    assert net.table("nodes").column("country") == ["CN", None, "US"]
    frame = net.supplies
    assert list(frame["supplier"]) == ["a", "b"]
    frame.loc[0, "supplier"] = "zzz"
    assert list(net.supplies["supplier"]) == ["a", "b"]
    assert from_frames(net.supplies, net.nodes).digest == net.digest


def test_frames_are_checked_like_files():
    with pytest.raises(ValidationError, match=r"supplies row 1: share is 1\.3, must be 0-1"):
        from_frames([{"supplier": "a", "consumer": "b", "share": 1.3}])
    with pytest.raises(ValidationError, match="surrogates"):
        from_frames([{"supplier": "a\ud800", "consumer": "b"}])
    with pytest.raises(ValidationError, match="cannot hold a semicolon"):
        from_frames([{"supplier": "a", "consumer": "b", "references": ["r;s"]}])
    with pytest.raises(UnknownNameError, match="Did you mean 'needs'"):
        from_frames([{"supplier": "a", "consumer": "b"}], need=[])


def test_graphs(tmp_path):
    G = nx.MultiDiGraph(title="T", targets=["c"])
    G.add_node("a", country="CN")
    G.add_edge("a", "c", key="s1", material="x", share=0.5)
    G.add_edge("a", "c", material="y")
    net = from_networkx(G)
    assert net.table("supplies").column("id") == ["s1", "a>c:y"]
    assert net.meta.targets == ("c",)
    assert net.node_rows["a"]["country"] == "CN"
    with pytest.raises(ValidationError, match="undirected"):
        from_networkx(nx.Graph([("a", "b")]))
    with pytest.raises(ValidationError, match="have the same text"):
        from_networkx(nx.DiGraph([(1, "1")]))


def test_graph_formats_can_be_read_back(tmp_path):
    G = nx.MultiDiGraph(title='<T> & "x"')
    G.add_node("=a\x1b\n<&", name="A\r\n", capacity=1.5, can_fail=True, makes=("x", "y"))
    G.add_node("b", country=None)
    G.add_edge("=a\x1b\n<&", "b", key="k1", material="x")
    G.add_edge("=a\x1b\n<&", "b", key="k2", material="]]>")
    write_text(tmp_path / "g.graphml", graphml_text(G))
    H = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    assert sorted(H.nodes) == ["=a\\u001b\n<&", "b"]
    assert H.nodes["=a\\u001b\n<&"] == {
        "name": "A\r\n",
        "capacity": 1.5,
        "can_fail": True,
        "makes": "x;y",
    }
    assert sorted((key, data["material"]) for *_, key, data in H.edges(keys=True, data=True)) == [
        ("k1", "x"),
        ("k2", "]]>"),
    ]
    assert H.graph["title"] == '<T> & "x"'
    assert "\x1b" not in graphml_text(G)
    tables = gephi_tables(G)
    assert sorted(tables) == ["edges.csv", "nodes.csv"]
    assert tables["nodes.csv"].startswith("Id,Label,")
    (tmp_path / "gephi").mkdir()
    for name, text in tables.items():
        (tmp_path / "gephi" / name).write_bytes(text.encode())
    net = load(tmp_path / "gephi" / "nodes.csv")
    assert "=a\x1b\n<&" in net.node_rows
    assert len(load(tmp_path / "gephi" / "edges.csv").table("supplies")) == 2


# Template, examples, model


def test_init_writes_a_network_that_validates(tmp_path):
    files = init(tmp_path / "new")
    assert set(files) == {item.name for item in (tmp_path / "new").iterdir()}
    net = load(tmp_path / "new")
    assert net.findings == ()
    assert "synthetic" in net.meta.title
    assert len(net.table("nodes")) == 8
    assert "unknown" in net.table("nodes").column("upstream")
    with pytest.raises(OutputError, match="not empty"):
        init(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    init(tmp_path / "empty")
    assert load(tmp_path / "empty").digest == net.digest


def test_examples():
    assert {"rare_earth_magnets", "worked_example", "recycling_loop"} <= set(examples())
    for name in examples():
        net = load_example(name)
        assert net.name == name
        assert net.meta.targets
    with pytest.raises(UnknownNameError, match="Did you mean 'worked_example'"):
        load_example("worked_exmple")
    with pytest.raises(UnknownNameError):
        example_path("../graphs/worked_example")


@pytest.mark.parametrize("name", examples())
def test_shipped_networks_fit_the_json_schema_and_round_trip(name, tmp_path):
    net = load_example(name)
    rows = {
        table: [
            {key: plain(value) for key, value in row.items()} for row in net.table(table).rows()
        ]
        for table in net.tables
    }
    errors = list(jsonschema.Draft202012Validator(json_schema()).iter_errors(rows))
    assert errors == []
    save(net, tmp_path / name)
    assert load(tmp_path / name).digest == net.digest


def plain(value):
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def test_check_of_a_network_and_of_a_path(tmp_path):
    path = folder(tmp_path / "n", supplies="supplier,consumer,id\na,b,x\na,a,y\n")
    net = load(path)
    assert check(net) == check(path) == net.findings
    assert "supplies itself" in check(net)[0].what
    bare = SupplyNetwork(
        {
            "nodes": Table("nodes", {"id": ["a"]}, 1),
            "supplies": Table("supplies", {"supplier": ["a"], "consumer": ["b"]}, 1),
        },
        net.meta,
    )
    assert one(check(bare)).what == "consumer: no node 'b'"
    broken = examine(folder(tmp_path / "m", supplies="source,consumer,share\na,b,9\n"))
    assert broken.net is None
    assert [use.how for use in broken.columns] == ["renamed", "used", "used"]
