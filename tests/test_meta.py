"""`network.toml`: what is read, and that all of it is written again."""

from datetime import date, datetime

import pytest

from supplynet.errors import OutputError
from supplynet.io import from_frames, load, save
from supplynet.io.convert import Findings
from supplynet.io.meta import meta_from_mapping, meta_text, read_meta
from supplynet.model import Meta

FULL = Meta(
    name="n",
    title='A "quoted" title\n\twith lines\x7f',
    description="Ümläut",
    as_of=date(2026, 1, 31),
    licence="CC0",
    targets=("b", "a"),
    extra={
        "plain-key_1": "text",
        "a key": 7,
        "ü": True,
        "no": False,
        "half": 0.5,
        "day": date(2025, 1, 2),
        "at": datetime(2025, 1, 2, 3, 4, 5),
        "list": [1, "x", [True]],
        "table": {"k": "v", "sub.key": [{"x": 1}]},
    },
)
TEXT = """\
title = "A \\"quoted\\" title\\n\\twith lines\\u007f"
description = "Ümläut"
as_of = 2026-01-31
licence = "CC0"
targets = ["b", "a"]
plain-key_1 = "text"
"a key" = 7
"ü" = true
no = false
half = 0.5
day = 2025-01-02
at = 2025-01-02T03:04:05
list = [1, "x", [true]]
table = {k = "v", "sub.key" = [{x = 1}]}
"""


def read(data):
    findings = Findings()
    meta = read_meta(data, "n", findings)
    return meta, [str(finding) for finding in findings.all()]


def test_every_key_is_written():
    assert meta_text(FULL) == TEXT
    assert meta_text(Meta(name="n")) == ""
    assert meta_text(Meta(title="T")) == 'title = "T"\n'


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT])
def test_every_key_is_read(text):
    assert read(text.encode()) == (FULL, [])


def test_other_names_of_keys_and_values_that_are_no_list():
    meta, found = read(b'Title = "T"\nlicense = "MIT"\ntargets = "b; a"\nas_of = "2026-01-31"\n')
    assert (meta.title, meta.licence, meta.targets) == ("T", "MIT", ("b", "a"))
    assert meta.as_of == date(2026, 1, 31)
    assert found == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"x = " + b"[" * 3000 + b"]" * 3000, 'nested too deeply. Write key = "value".'),
        (b"title = \xff\n", "not UTF-8 at byte offset 8. Save as UTF-8."),
        (b"title = 7\n", "title is a number. Write text in double quotes."),
        (b"title = 2026-01-31\n", "title is a date. Write text in double quotes."),
        (b"targets = [[1]]\n", 'targets is a list. Write a list of text, such as ["a", "b"].'),
        (b"title = 10:00:00\n", "title is of no use. Write text in double quotes."),
    ],
)
def test_what_is_wrong(data, found):
    meta, lines = read(data)
    assert [line.partition(": ")[2] for line in lines] == [found]
    assert meta == Meta(name="n")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("\n\ntitle = 1\n", "network.toml:3"),
        ('a = "x = y"\n  "title"  = 1\n', "network.toml:2"),
        ("a = 1\n[title]\nb = 2\n", "network.toml:2"),
        ("  [ title ]\n", "network.toml:1"),
        ("[other]\nb = 1\n[title]\nc = 2\n", "network.toml"),
    ],
)
def test_the_line_of_a_key(text, place):
    assert [line.partition(": ")[0] for line in read(text.encode())[1]] == [place]


def test_the_first_byte_of_a_line_that_is_not_utf_8():
    assert read(b'\na = 1\n\xffb = "x"\n')[1][0].startswith("network.toml:3: ")


def test_a_mapping_stands_for_the_file():
    findings = Findings()
    assert meta_from_mapping({"titel": "T", "as_of": None}, "n", findings).extra == {"titel": "T"}
    assert [str(finding) for finding in findings.all()] == [
        "network: unknown key 'titel' is kept as an extra. Did you mean 'title'?"
    ]


def test_a_network_keeps_what_is_said_about_it(tmp_path):
    about = {"title": "T", "description": "D", "licence": "L", "targets": ["b"], "own": 1}
    net = from_frames([{"supplier": "a", "consumer": "b"}], network={"name": "n", **about})
    save(net, tmp_path / "n")
    assert load(tmp_path / "n").meta == net.meta


def test_saving_over_something(tmp_path):
    net = from_frames([{"supplier": "a", "consumer": "b"}])
    save(net, tmp_path / "n")
    again = load(tmp_path / "n")
    place = tmp_path / "n"
    told = "Choose another folder, or give --force (force=True)."
    with pytest.raises(OutputError) as caught:
        save(net, place)
    assert str(caught.value) == f"{place}: the folder already holds a network. {told}"
    with pytest.raises(OutputError) as caught:
        save(again, place)
    assert str(caught.value) == f"{place}: this is the input itself. {told}"
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "Nodes.TSV").write_text("id\n")
    with pytest.raises(OutputError):
        save(net, tmp_path / "tables")
    (tmp_path / "other").mkdir()
    for name in ("nodes.md", "prices.csv"):
        (tmp_path / "other" / name).write_text("mine")
    save(net, tmp_path / "other")
    assert (tmp_path / "other" / "nodes.md").read_text() == "mine"
    assert (tmp_path / "other" / "prices.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["n.xlsx", "n.JSON", "n.XLSX", "n.json"])
def test_saving_as_one_file(tmp_path, name):
    net = from_frames([{"supplier": "a", "consumer": "b", "material": "ore"}])
    save(net, tmp_path / name)
    assert (tmp_path / name).is_file()
    assert load(tmp_path / name).digest == net.digest
    with pytest.raises(OutputError) as caught:
        save(net, tmp_path / name)
    told = "Choose another name, or give --force (force=True)."
    assert str(caught.value) == f"{tmp_path / name}: the file exists. {told}"
    save(net, tmp_path / name, force=True)
