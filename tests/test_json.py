"""JSON: read exactly or refused with its place; tables and node-link graphs come back the same."""

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import networkx as nx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from strategies import networks

from supplynet.errors import ValidationError
from supplynet.examples import examples, load_example
from supplynet.io import check, examine, from_frames, from_networkx, jsonform, jsontext, load, save
from supplynet.io.csvtext import Refused
from supplynet.io.exchange import export
from supplynet.io.jsonform import json_text
from supplynet.io.jsontext import JsonNumber, read_json_text
from supplynet.io.nodelink import node_link_text
from supplynet.schema import TABLES, json_schema
from supplynet.view import build_view

HOSTILE = Path(__file__).parent / "hostile"


def refused(text):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    with pytest.raises(Refused) as caught:
        read_json_text(data, "a.json")
    return [str(finding) for finding in caught.value.findings]


def said(tmp_path, text, level=None):
    file = tmp_path / "net.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    findings = examine(file).findings
    return [str(f) for f in findings if level in (None, f.level)]


def filled(table):
    """Return the rows of a table without what is blank."""
    return [{k: v for k, v in row.items() if v not in (None, ())} for row in table.rows()]


def plain(value):
    """Return a value as Python's own reader gives it with exact numbers."""
    if isinstance(value, JsonNumber):
        return Decimal(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


# Text


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=200)
def test_json_is_read_as_python_reads_it(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    wanted = json.loads(text, parse_int=Decimal, parse_float=Decimal)
    assert plain(read_json_text(text.encode(), "x")) == wanted


def strict(text):
    """Return what Python's reader takes once it is told to be strict."""

    def pairs(items):
        if len(dict(items)) < len(items):
            raise ValueError("a key twice")
        return dict(items)

    def constant(name):
        raise ValueError(name)

    return json.loads(
        text,
        parse_int=Decimal,
        parse_float=Decimal,
        parse_constant=constant,
        object_pairs_hook=pairs,
    )


@given(
    VALUES,
    st.lists(st.tuples(st.integers(0, 99), st.sampled_from('{}[],:"0.e-+ \\nu')), max_size=3),
)
@settings(max_examples=300)
def test_broken_json_is_refused_where_python_refuses_it(value, changes):
    text = json.dumps(value)
    for place, character in changes:
        cut = place % (len(text) + 1)
        text = text[:cut] + character + text[cut + place % 2 :]
    if not text.strip():
        return
    try:
        wanted = strict(text)
    except ValueError:
        assert refused(text)
    else:
        try:
            assert plain(read_json_text(text.encode(), "x")) == wanted
        except Refused as refusal:
            # Beyond what JSON asks, NUL and halves of surrogates are refused.
            assert "no file can hold" in str(refusal.findings[0])  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 'a.json: the file is empty. It needs an object such as '
         '{"supplies": [{"supplier": "a", "consumer": "b"}]}.'),
        ('{"a": 1,\n "b": 2,\n  "a": 3}', "a.json:3:3: key 'a' is already used in line 1. Delete one."),
        ('{"x": {}, "a": {"a": 1,\n"b": 2, "a": {}}}', "a.json:2:9: key 'a' is already used in line 1. Delete one."),
        ('{"a": NaN}', "a.json:1:7: NaN is no number. Write null, or leave it out, if not known."),
        ("[-Infinity]", "a.json:1:2: -Infinity is no number. Write null, or leave it out, if not known."),
        ("[" + "9" * 61 + "]", "a.json:1:2: a number of 61 characters. At most 60 characters."),
        (
            '["\\ud800"]',
            "a.json:1:2: '\\ud800' holds a character that no file can hold. "
            "Delete NUL and halves of surrogate pairs.",
        ),
        (
            '["a\\u0000"]',
            "a.json:1:2: 'a\\x00' holds a character that no file can hold. "
            "Delete NUL and halves of surrogate pairs.",
        ),
        ("[" * 101 + "]" * 101, "a.json:1:101: nested more than 100 deep. Flatten it."),
        ('{"a":' * 200_000, "a.json:1:501: nested more than 100 deep. Flatten it."),
        ("[1", "a.json:1:3: the file ends where a comma or ] is wanted. It was cut short, or a bracket is not closed."),
        ("[1]\n [2]", "a.json:2:2: '[' follows the end. A file is one value: put several rows in a list, in square brackets."),
        ("[1,]", "a.json:1:4: ']' where a value is wanted. Delete the comma before it."),
        ('{"a":1,\n}', "a.json:2:1: '}' where a key in double quotes is wanted. Delete the comma before it."),
        ("[1}", "a.json:1:3: '}' where a comma or ] is wanted. Check the file as JSON."),
        ('{"a" 1}', "a.json:1:6: '1' where a colon is wanted. Check the file as JSON."),
        ("[1 2]", "a.json:1:4: '2' where a comma or ] is wanted. Check the file as JSON."),
        ("{a: 1}", "a.json:1:2: 'a' where a key in double quotes is wanted. Check the file as JSON."),
        ("[yes]", "a.json:1:2: 'yes' is no value. Put text in double quotes."),
        ("[,1]", "a.json:1:2: ',' where a value is wanted. Check the file as JSON."),
        ("[007]", "a.json:1:2: '007' is no value. Write a number as 0.5, -1 or 1e3, and an id in double quotes."),
        ("[1] // x", "a.json:1:5: '//' follows the end. A file is one value: put several rows in a list, in square brackets."),
        ("// x\n[1]", "a.json:1:1: '//' is no value. JSON has no comments: delete it."),
        ('["a\nb"]', "a.json:1:4: a text holds a line end, tab or other control character. Close the text, or write \\n or \\t."),
        ('["a]', "a.json:1:2: a double quote opens here and never closes. Close it."),
        (r'["C:\data"]', "a.json:1:5: a backslash that means nothing in JSON. Write it twice."),
        ("['a']", "a.json:1:2: \"'a'\" is no value. Put text in double quotes."),
        (b'["\xff"]', "a.json:1: not UTF-8 at byte offset 2. Save as UTF-8."),
        ("[1]".encode("utf-16"), "a.json:1: not UTF-8 at byte offset 0 (it looks like UTF-16). Save as UTF-8."),
        ("[1]".encode("utf-16-le"), "a.json:1: not UTF-8 at byte offset 1 (it looks like UTF-16). Save as UTF-8."),
    ],
)  # fmt: skip
def test_what_is_refused(text, found):
    assert refused(text) == [found]


def test_all_findings_come_at_once_and_end():
    assert len(refused('[{"a":1,"a":2},\nNaN,\n"\\u0000"]')) == 3
    assert len(refused("[" + ",".join(["NaN"] * 100) + "]")) == 20


def test_depth_up_to_the_limit_and_positions():
    assert read_json_text(b"[" + b"9" * 60 + b"]", "x") == ["9" * 60]
    found = read_json_text(b"[" * 100 + b"]" * 100, "x")
    for _ in range(99):
        (found,) = found
    assert found == []
    rows = read_json_text(b'[{},\n\n{"a": [1,\n2]}]', "x")
    assert [row.line for row in rows] == [1, 3]
    assert rows[1]["a"].lines == [3, 4]
    assert rows[1]["a"] == ["1", "2"]


# Tables


def test_tables_with_types_and_places(tmp_path):
    file = tmp_path / "net.json"
    file.write_text(
        '{"$schema": "x", "network": {"title": "T", "as_of": "2026-01-31", "targets": ["b"]},\n'
        '"nodes": [\n{"id": "007", "hs": null, "can_fail": false, "makes": ["x", "y"]},\n'
        '{"id": "b", "capacity": 0.10, "own": 5, "deep": {"k": [1, true]}}],\n'
        '"supplies": [{"source": "007", "consumer": "b", "material": "x", "percent": 12.5}]}\n',
    )
    net = load(file)
    first, second = net.table("nodes").rows()
    assert (first["id"], first["can_fail"], first["makes"]) == ("007", "no", ("x", "y"))
    assert (second["capacity"], second["own"]) == (Decimal("0.1"), "5")
    assert second["deep"] == '{"k": [1, true]}'
    assert net.table("supplies").row(0)["share"] == Decimal("0.125")
    assert net.table("nodes").where(1) == "net.json[nodes]:4"
    assert (net.name, net.meta.title, net.meta.targets) == ("net", "T", ("b",))
    assert [str(f) for f in net.findings] == [
        "net.json[nodes]:4: deep holds an object: kept as its JSON text.",
        "net.json[supplies]:1: column 'percent' is read as 'share', divided by 100.",
        "net.json[supplies]:1: column 'source' is read as 'supplier'.",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"supplies": [{"supplier": 1, "consumer": "b"}]}',
         "net.json[supplies]:1: supplier is 1, a number. Ids are text: write \"1\"."),
        ('{"supplies": [{"supplier": true, "consumer": "b"}]}',
         "net.json[supplies]:1: supplier is true. Write text in double quotes, or null if not known."),
        ('{"supplies": [{"supplier": ["a"], "consumer": "b"}]}',
         "net.json[supplies]:1: supplier is a list. Write one value."),
        ('{"supplies": [{"supplier": {"x": 1}, "consumer": "b"}]}',
         "net.json[supplies]:1: supplier is an object. Write one value."),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "references": 7}]}',
         'net.json[supplies]:1: references is 7, a number. Write a list of text, such as ["a", "b"].'),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "references": [7]}]}',
         'net.json[supplies]:1: references holds 7, a number. Items are text: write "7".'),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "references": ["x;y"]}]}',
         "net.json[supplies]:1: references holds the item 'x;y'. Items of a list cannot hold a semicolon."),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "share": "much"}]}',
         "net.json[supplies]:1: share is 'much', not a number. Write digits and a decimal point; the unit has its own column."),
        ('{"supplies": {"a": 1}}',
         'net.json[supplies]: is an object. Write a list of rows, such as [{"supplier": "a", "consumer": "b"}].'),
        ('{"supplies": ["a>b"]}', "net.json[supplies]:1: a row is text. Write an object."),
        ('{"supplies": [], "Supplies": []}',
         "net.json: keys 'supplies' and 'Supplies' are the same table. Delete one."),
        ('{"supplies": [], "network": []}', "net.json[network]: is a list. Write an object of keys."),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "": 1}]}',
         "net.json[supplies]: a key is blank. Name it."),
        ('{"supplies": [{"supplier": "a", "consumer": "b", "x": 1, "x ": 1}]}',
         "net.json[supplies]: keys 'x' and 'x ' differ in blanks. Rename."),
        ('{"suplies": []}',
         "net.json: no key 'supplies'; found 'suplies'. Did you mean 'suplies' to be 'supplies'?"),
        ("{}", "net.json: holds an empty object. A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'."),
        ("[]", "net.json: holds a list, no network. A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'."),
        ("7", "net.json: holds 7, a number, no network. A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'."),
        ("null", "net.json: holds null, no network. A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_tables(tmp_path, text, found):
    assert said(tmp_path, text, "error") == [found]


def test_other_keys_are_told(tmp_path):
    text = '{"supplies": [{"supplier": "a", "consumer": "b"}], "nods": [], "prices": []}'
    assert said(tmp_path, text, "warning") == [
        "net.json: no table is called 'nods', set aside. Did you mean 'nodes'?"
    ]
    assert said(tmp_path, text, "note") == ["net.json: no table is called 'prices', set aside."]


@pytest.mark.parametrize("name", examples())
def test_shipped_networks_come_back(tmp_path, name):
    net = load_example(name)
    save(net, tmp_path / "n.json")
    assert load(tmp_path / "n.json").digest == net.digest
    jsonschema.validate(json.loads((tmp_path / "n.json").read_text("utf-8")), json_schema())


@given(networks())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_drawn_networks_come_back(tmp_path_factory, drawn):
    net, _ = drawn
    # The strategy also draws what no file may say, such as a product that nobody makes.
    assume(not any(finding.level == "error" for finding in check(net)))
    file = tmp_path_factory.mktemp("json") / "n.json"
    file.write_text(json_text(net), encoding="utf-8")
    again = examine(file)
    assert again.net is not None, again.errors
    for name, table in net.tables.items():
        assert filled(again.net.table(name)) == filled(table)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.decimals(0, 10**15, places=12),
)
@settings(max_examples=60)
def test_text_and_numbers_survive_exactly(tmp_path_factory, text, number):
    row = {"supplier": "007", "consumer": "0601", "volume": number, "note": text, "own x": text}
    net = from_frames([row])
    file = tmp_path_factory.mktemp("json") / "n.json"
    save(net, file)
    assert load(file).digest == net.digest
    assert filled(load(file).table("supplies")) == filled(net.table("supplies"))


VALUES_OF_A_FIELD = [
    None, "x", "", " ", 1, 0.5, -1, True, [], ["a"], [" "], ["a;b"], ["CN"], [None], {"a": 1},
    "2026-06-01", "2026-13-01", "2026", "CN", "yes", 1e30, 10**31, 2026.5,
]  # fmt: skip


@pytest.mark.parametrize("table", [name for name in TABLES if name != "network"])
def test_what_fits_the_schema_is_read(tmp_path, table):
    validator = jsonschema.Draft202012Validator(
        json_schema(), format_checker=jsonschema.FormatChecker()
    )
    samples = {"date": "2026-01-01", "country": "CN", "year": 2026, "number": 1}
    taken = 0
    for field in TABLES[table]:
        for value in VALUES_OF_A_FIELD:
            row = {
                other.name: samples.get(other.type, (other.allowed or ("x",))[0])
                for other in TABLES[table].required
            }
            document = {"supplies": [], table: [row | {field.name: value, "own": 1}]}
            if validator.is_valid(document):
                taken += 1
                found = said(tmp_path, json.dumps(document), "error")
                # What rows say of each other is not for a schema to tell.
                across = (": no supply ", "neither which supply")
                found = [line for line in found if not any(words in line for words in across)]
                assert found == [], (field.name, value)
    assert taken > len(TABLES[table].fields)


def test_deep_values_are_kept_digit_by_digit(tmp_path):
    text = """{"supplies": [{"supplier": "a", "consumer": "b",
    "deep": {"b": 0.10, "a": [1e400, null, true, "\\u00e9"]}, "list": ["x", "y"],
    "marked": ["x;y", "z"], "numbers": [1, 2.50], "yes": true, "big": 0.10, "none": []}]}"""
    file = tmp_path / "net.json"
    file.write_text(text)
    net = load(file)
    row = net.table("supplies").row(0)
    assert row["deep"] == '{"b": 0.10, "a": [1e400, null, true, "é"]}'
    assert (row["list"], row["marked"]) == ("x;y", '["x;y", "z"]')
    assert (row["numbers"], row["yes"], row["big"], row["none"]) == (
        "[1, 2.50]", "true", "0.10", None,
    )  # fmt: skip
    assert [str(f) for f in net.findings] == [
        "net.json[supplies]:1: deep holds an object: kept as its JSON text.",
        "net.json[supplies]:1: marked holds a list: kept as its JSON text.",
        "net.json[supplies]:1: numbers holds a list: kept as its JSON text.",
    ]
    save(net, tmp_path / "again.json")
    assert load(tmp_path / "again.json").digest == net.digest


def test_rows_on_one_line_are_told_apart_by_number(tmp_path):
    text = '{"supplies": [{"supplier": "a", "consumer": "b"}, 7, {"supplier": 1, "consumer": "c"}]}'
    assert said(tmp_path, text) == [
        "net.json[supplies row]:2: a row is 7, a number. Write an object.",
        'net.json[supplies row]:3: supplier is 1, a number. Ids are text: write "1".',
    ]
    text = '{"supplies": [{"supplier": "a", "consumer": "b", "share": 2},\n{"supplier": "a"}]}'
    assert [line.split(": ")[0] for line in said(tmp_path, text)] == [
        "net.json[supplies]:1",
        "net.json[supplies]:2",
    ]


def test_what_a_schema_calls_text_may_be_a_number_but_an_id_may_not(tmp_path):
    file = tmp_path / "net.json"
    file.write_text(
        '{"nodes": [{"id": "a", "tier": 2, "name": 747, "country": "156", "lead_time": "0.5",'
        ' "can_fail": true}, {"id": "b"}], "supplies": [{"supplier": "a", "consumer": "b",'
        ' "key": 0, "id": "x"}]}'
    )
    node = load(file).table("nodes").row(0)
    assert (node["stage"], node["name"], node["country"]) == ("2", "747", "CN")
    assert (node["lead_time_days"], node["can_fail"]) == (Decimal("0.5"), "yes")
    # `key` is another name of the id of a supply, and means nothing beside its own.
    assert load(file).table("supplies").row(0)["key"] == "0"


def test_a_table_of_few_cells_and_many_keys_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(jsonform, "_MAX_CELLS", 100)
    rows = [{"supplier": "a", "consumer": "b", f"k{i}": "x"} for i in range(10)]
    wanted = (
        "12 different keys in 10 rows, too many for a table. Write the same keys in every row; "
        "what differs is a value."
    )
    assert said(tmp_path, json.dumps({"supplies": rows})) == [f"net.json[supplies row]: {wanted}"]
    nodes = [{"id": f"n{i}", f"k{i}": "x"} for i in range(12)]
    assert said(tmp_path, graph_text(nodes=nodes, edges=[])) == [
        "net.json[nodes row]: 13 different keys in 12 rows, too many for a table. Write the same "
        "keys in every row; what differs is a value."
    ]
    monkeypatch.setattr(jsonform, "MAX_COLUMNS", 11)
    monkeypatch.setattr(jsonform, "_MAX_CELLS", 120)
    assert said(tmp_path, json.dumps({"supplies": rows})) == [f"net.json[supplies row]: {wanted}"]
    monkeypatch.setattr(jsonform, "MAX_COLUMNS", 12)
    assert said(tmp_path, json.dumps({"supplies": rows}), "error") == []


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(jsontext, "MAX_BYTES", 1024**2)
    (line,) = said(tmp_path, " " * 1024**2 + "{}")
    assert line == "net.json: larger than 1 MiB. Save the tables as a folder of .csv files."
    monkeypatch.setattr(Path, "read_bytes", None)
    assert said(tmp_path, " " * 1024**2 + "{}") == [line]


def test_empty_tables_need_not_be_filled(tmp_path):
    text = '{"nodes": [], "materials": [], "supplies": [{"supplier": "a", "consumer": "b"}]}'
    assert said(tmp_path, text) == [
        "net.json[nodes]: has no rows: the nodes are those that supplies names."
    ]
    file = tmp_path / "net.json"
    file.write_text('{"supplies": []}')
    assert len(load(file).table("nodes")) == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"supplies": [], "nodes": [], "edges": []}',
         "net.json: has both 'supplies' and 'edges'. Keep the one that holds the supplies."),
        ('{"Supplies": [], "links": []}',
         "net.json: has both 'Supplies' and 'links'. Keep the one that holds the supplies."),
        ('[{"supplier": "a", "consumer": "b"}]',
         "net.json: holds a list, and it is not said of what; its first item has 'supplier', "
         '\'consumer\'. Write {"supplies": [...]} around it if its items are supplies.'),
        ('{"edges": [{"source": "a", "target": "b"}]}',
         "net.json: no key 'supplies'; found 'edges'. A network has the key 'supplies' with a list "
         "of rows, or 'nodes' and 'edges'."),
        ('{"id": "x", "schema": "Company", "properties": {}}',
         "net.json: looks like FollowTheMoney, which is not read in this form. A network has the "
         "key 'supplies' with a list of rows, or 'nodes' and 'edges'."),
    ],
)  # fmt: skip
def test_documents_of_two_kinds_and_of_none(tmp_path, text, found):
    assert said(tmp_path, text) == [found]


def test_keys_of_the_network(tmp_path):
    file = tmp_path / "net.json"
    about = '{"title": "T", "own": 0.1, "far": 1e400, "fine": 0.10000000000000000001, "no": null}'
    file.write_text(f'{{"network": {about}, "supplies": []}}')
    # A binary fraction only where it is exact: the rest is kept as text.
    assert load(file).meta.extra == {"own": 0.1, "far": "1e400", "fine": "0.10000000000000000001"}
    file.write_text('{"network": {"title": 7, "as_of": 2026, "titel": "T"}, "supplies": []}')
    assert [str(f) for f in examine(file).findings if f.where == "net.json[network]"] == [
        "net.json[network]: as_of is a number. Write a date, such as 2026-01-31.",
        "net.json[network]: title is a number. Write text in double quotes.",
        "net.json[network]: unknown key 'titel' is kept as an extra. Did you mean 'title'?",
    ]


def test_what_toml_can_say_and_json_cannot(tmp_path):
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "supplies.csv").write_text("supplier,consumer\na,b\n")
    (tmp_path / "n" / "network.toml").write_text(
        'title = "T"\nseen = 2026-01-31T12:00:00\nmost = inf\nparts = {a = [1, nan]}\n'
    )
    net = load(tmp_path / "n")
    save(net, tmp_path / "n.json")
    again = load(tmp_path / "n.json")
    assert again.digest == net.digest
    assert again.meta.extra == {
        "seen": "2026-01-31T12:00:00", "most": "inf", "parts": {"a": [1, "nan"]},
    }  # fmt: skip


def test_a_column_without_values_still_keeps_its_name(tmp_path):
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "supplies.csv").write_text("supplier,consumer\na,b\n")
    (tmp_path / "n" / "nodes.csv").write_text("id,name,Label,references,own\na,,Mine,,\nb,,,,\n")
    net = load(tmp_path / "n")
    save(net, tmp_path / "n.json")
    again = load(tmp_path / "n.json")
    # Without the blank column, `Label` would be taken for the name.
    assert again.table("nodes").column("Label") == ["Mine", None]
    assert again.digest == net.digest
    assert set(again.table("nodes").columns) == set(net.table("nodes").columns)
    jsonschema.validate(json.loads((tmp_path / "n.json").read_text("utf-8")), json_schema())


def test_text_of_a_network_line_by_line():
    net = from_frames(
        [{"supplier": "é", "consumer": 'b"', "share": "0.10", "references": "x;y"}],
        network={"title": "T", "targets": ["é"]},
    )
    assert json_text(net) == (
        '{\n  "network": {\n    "title": "T",\n    "targets": [\n      "é"\n    ]\n  },\n'
        '  "nodes": [\n    {"id": "é", "kind": "site", "can_fail": "yes", "status": "operating"},\n'
        '    {"id": "b\\"", "kind": "site", "can_fail": "yes", "status": "operating"}\n  ],\n'
        '  "supplies": [\n    {"id": "é>b\\":", "supplier": "é", "consumer": "b\\"", "share": 0.1, '
        '"qualified": "yes", "status": "operating", "references": ["x", "y"]}\n  ]\n}\n'
    )


# Node-link


def graph_text(**changes):
    document = {
        "directed": True,
        "multigraph": False,
        "graph": {},
        "nodes": [{"id": "a"}, {"id": "b"}],
        "edges": [{"source": "a", "target": "b"}],
    } | changes
    return json.dumps({key: value for key, value in document.items() if value is not None})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"links": []}, "net.json: has both 'edges' and 'links'. Keep the one that holds the supplies."),
        ({"nodes": [{"id": 1}, {"id": "b"}]}, 'net.json[nodes row]:1: id is 1, a number. Ids are text: write "1".'),
        ({"nodes": [{"id": True}]}, 'net.json[nodes]:1: id is true. Ids are text: write "true".'),
        ({"nodes": [{"x": 1}]}, "net.json[nodes]:1: no id. Every node and every end of an edge is named by its id."),
        ({"nodes": ["a"]}, "net.json[nodes]:1: a row is text. Write an object."),
        ({"nodes": {}}, 'net.json[nodes]: is an object. Write a list of rows, such as [{"supplier": "a", "consumer": "b"}].'),
        ({"edges": [{"source": 0, "target": "b"}]}, 'net.json[edges]:1: source is 0, a number. Ids are text: write "0".'),
        ({"edges": [{"source": "a"}]}, "net.json[edges]:1: no target. Every node and every end of an edge is named by its id."),
        ({"edges": [{"source": "a", "target": "c"}]}, "net.json[edges]:1: edge 'a' -> 'c': there is no node 'c'. Add the node, or delete the edge."),
        ({"nodes": [{"id": "a"}, {"id": "a"}, {"id": "b"}]}, "net.json[nodes row]:2: id 'a' is already used in line 1. Ids are unique."),
        ({"directed": False}, "net.json[edges]:1: 1 undirected edge: it is not said who supplies whom. Direct them from supplier to consumer, or give --undirected as_written or both."),
        ({"directed": "yes"}, "net.json: 'directed' is text. Write true or false."),
        ({"graph": 7}, "net.json: 'graph' is 7, a number. Write an object of keys."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_node_link(tmp_path, changes, found):
    assert said(tmp_path, graph_text(**changes), "error") == [found]


def test_node_link_that_says_less(tmp_path):
    assert said(tmp_path, graph_text(directed=None, more=1)) == [
        "net.json: does not say whether it is directed: the source of an edge is read as supplier. "
        'Write "directed": true.',
        "net.json: key 'more' is set aside.",
    ]


@pytest.mark.parametrize("key", ["edges", "links"])
def test_node_link_of_networkx(tmp_path, key):
    G = nx.MultiDiGraph(title="T", targets=["b"])
    G.add_node("a", label="Mine", country="CN", makes=["ore", "gas"], own={"x": 1})
    G.add_node("b", country="US", capacity=0.1)
    G.add_edge("a", "b", material="ore", share=0.5)
    G.add_edge("a", "b", key="second", material="gas")
    file = tmp_path / "net.json"
    file.write_text(json.dumps(nx.node_link_data(G, edges=key)))
    net = load(file)
    rows = {row["id"]: row for row in net.table("supplies").rows()}
    assert rows["a>b:ore"]["share"] == Decimal("0.5")
    assert rows["second"]["material"] == "gas"
    assert "key" not in rows["a>b:ore"]
    assert net.node_rows["a"]["name"] == "Mine"
    assert net.node_rows["a"]["makes"] == ("ore", "gas")
    assert net.node_rows["a"]["own"] == '{"x": 1}'
    assert net.node_rows["b"]["capacity"] == Decimal("0.1")
    assert (net.meta.title, net.meta.targets) == ("T", ("b",))


def test_an_edge_may_say_its_direction_itself(tmp_path):
    file = tmp_path / "net.json"
    edges = [
        {"source": "a", "target": "b", "directed": True},
        {"source": "b", "target": "a", "directed": False},
    ]
    file.write_text(graph_text(edges=edges, directed=False))
    net = load(file, undirected="both")
    assert net.table("supplies").column("supplier") == ["a", "b", "a"]
    assert "directed" not in net.table("supplies").columns


def test_undirected_edges_as_told(tmp_path):
    file = tmp_path / "net.json"
    file.write_text(graph_text(directed=False))
    assert load(file, undirected="as_written").table("supplies").column("supplier") == ["a"]
    assert load(file, undirected="both").table("supplies").column("supplier") == ["a", "b"]
    with pytest.raises(ValidationError):
        load(file)


@pytest.mark.parametrize("name", examples())
def test_networkx_reads_what_is_written(name):
    G = load_example(name).graph
    again = nx.node_link_graph(json.loads(node_link_text(G)), edges="edges")
    assert set(again) == set(G)
    assert {(u, v, k) for u, v, k in again.edges(keys=True)} == {
        (u, v, k) for u, v, k in G.edges(keys=True)
    }


@pytest.mark.parametrize("name", [None, *examples()])
def test_node_link_files_come_back_and_say_what_they_lack(tmp_path, name):
    if name is None:
        net = from_frames(
            [
                {
                    "supplier": "007",
                    "consumer": "b",
                    "share": "0.10",
                    "volume": "12345678901234567890.5",
                }
            ],
            [{"id": "007", "makes": ["x"], "capacity": "1e-7"}, {"id": "b", "own": "é;1"}],
            network={"title": "T", "as_of": "2026-01-31", "targets": ["b"], "licence": "L"},
        )
    else:
        net = load_example(name)
    file = tmp_path / "net.json"
    dropped = export(net, file, to="node-link")
    again = load(file)
    assert again.table("nodes").column("id") == sorted(net.table("nodes").column("id"))
    ours = {row["id"]: filled_row(row) for row in net.table("nodes").rows()}
    assert {row["id"]: filled_row(row) for row in again.table("nodes").rows()} == ours
    live = {row["id"]: filled_row(row) for row in net.table("supplies").rows()}
    here = {row["id"]: filled_row(row) for row in again.table("supplies").rows()}
    assert here == {key: live[key] for key in here}
    gone = len(live) - len(here)
    assert any(line.startswith(f"supplies: {gone} row") for line in dropped) == (gone > 0)
    warned = [f for f in again.findings if "without what a graph cannot hold" in f.what]
    assert len(warned) == (1 if dropped else 0)
    assert all(line in warned[0].what for line in dropped)
    if not dropped:
        assert again.digest == net.digest


def filled_row(row):
    return {key: value for key, value in row.items() if value not in (None, ())}


def test_attributes_do_not_overwrite_what_names_an_edge():
    G = nx.MultiDiGraph()
    G.add_node("a", **{"id": "other"})
    G.add_edge("a", "b", key="x", source="s", target="t", id="i", note="n")
    written = json.loads(node_link_text(G))
    assert written["nodes"][0] == {"id": "a", "id (attribute)": "other"}
    assert written["edges"] == [
        {
            "source": "a",
            "target": "b",
            "key": "x",
            "id (attribute)": "i",
            "note": "n",
            "source (attribute)": "s",
            "target (attribute)": "t",
        }
    ]


def test_columns_that_a_graph_keeps_for_itself_survive(tmp_path):
    columns = {"source": "s", "target": "t", "key": "k", "directed": "d", "own": "o"}
    net = from_frames(
        [{"supplier": "a", "consumer": "b", "id": "i", **columns}],
        [{"id": "a", "key": "k", "owner_": "o", "controller": "c"}, {"id": "b"}],
    )
    file = tmp_path / "net.json"
    dropped = export(net, file, to="node-link")
    row = load(file).table("supplies").row(0)
    assert (row["supplier"], row["consumer"], row["id"]) == ("a", "b", "i")
    assert set(columns.values()) <= set(row.values())
    assert {"k", "o", "c"} <= set(load(file).node_rows["a"].values())
    for name, column in (("supplies", "source"), ("supplies", "key"), ("nodes", "controller")):
        assert any(line.startswith(f"{name}: column {column!r} is called") for line in dropped)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"nodes": [{"name": "a"}]}, "net.json[nodes]:1: no id. Rename 'name' to 'id' if it is the id."),
        ({"edges": [{"source_id": "a", "target": "b"}]}, "net.json[edges]:1: no source. Rename 'source_id' to 'source' if it is the id."),
        ({"edges": [{"id": 0, "source": "a", "target": "b"}]}, 'net.json[edges]:1: id is 0, a number. Ids are text: write "0".'),
        ({"edges": [{"source": {"id": "a"}, "target": "b"}]}, "net.json[edges]:1: source is an object. Ids are text."),
        ({"edges": [{"source": "a", "target": "b", "directed": False}]}, "net.json[edges]:1: 1 undirected edge: it is not said who supplies whom. Direct them from supplier to consumer, or give --undirected as_written or both."),
        ({"nodes": [{"id": "a", "makes": ["x;y"]}, {"id": "b"}]}, "net.json[nodes row]:1: makes holds the item 'x;y'. Items of a list cannot hold a semicolon."),
        ({"nodes": [{"id": "a", "country": ["CN", "US"]}, {"id": "b"}]}, "net.json[nodes row]:1: country is a list. Write one value."),
        ({"nodes": [{"id": "a", "operator": 5}, {"id": "b"}]}, 'net.json[nodes row]:1: operator is 5, a number. Ids are text: write "5".'),
        ({"graph": {"as_of": "soon"}}, "net.json[graph]: as_of is 'soon', not a date. Write it as YYYY-MM-DD."),
    ],
)  # fmt: skip
def test_what_else_is_wrong_with_node_link(tmp_path, changes, found):
    assert said(tmp_path, graph_text(**changes), "error") == [found]


def test_node_link_values_that_are_more_than_text(tmp_path):
    file = tmp_path / "net.json"
    file.write_text(
        '{"directed": true, "multigraph": true, "graph": [["title", "T"], ["node_default", {}]],\n'
        '"nodes": [{"id": "a", "pos": {"x": 0.10}, "tags": ["p", "q"], "yes": true},\n'
        '{"id": "b"}],\n'
        '"edges": [{"source": "a", "target": "b", "key": 0, "from": "x"},\n'
        '{"source": "a", "target": "b", "key": "k", "material": "m", "volume": 1e2}], "nods": 1}'
    )
    net = load(file)
    node = net.node_rows["a"]
    assert (node["pos"], node["tags"], node["yes"]) == ('{"x": 0.10}', "p;q", "true")
    assert net.table("supplies").column("id") == ["a>b:", "k"]
    assert net.table("supplies").column("from") == ["x", None]
    assert net.table("supplies").column("volume") == [None, Decimal("100")]
    assert (net.meta.title, net.meta.extra) == ("T", {})
    assert [str(f) for f in net.findings] == [
        "net.json: key 'nods' is set aside. Did you mean 'nodes'?",
        "net.json[edges]: keys of edges that are numbers count parallel edges, and are set aside. "
        "Supplies are named supplier>consumer:material.",
        "net.json[edges]:1: column 'from' is kept as an extra, 'supplier' is used. Delete or "
        "rename one if they mean the same.",
        "net.json[nodes]:2: pos holds an object: kept as its JSON text.",
    ]
    assert net.table("supplies").where(1) == "net.json[edges]:5"


def test_a_graph_without_nodes():
    for G in (nx.DiGraph(), nx.MultiDiGraph(title="T")):
        net = from_networkx(G)
        assert (len(net.table("nodes")), len(net.table("supplies"))) == (0, 0)
    assert net.meta.title == "T"
    assert len(from_frames([]).table("supplies")) == 0
    with pytest.raises(ValidationError, match="no node 'a'"):
        from_frames([{"supplier": "a", "consumer": "b"}], nodes=[])


# Hostile files


def hostile(name):
    return [str(f) for f in examine(HOSTILE / name).findings if f.level == "error"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("j01_duplicate_keys.json", "1:36: key 'country' is already used in line 1"),
        ("j03_deep.json", "1:101: nested more than 100 deep"),
        ("j04_huge_int.json", "1:32: a number of 5,000 characters"),
        ("j08_both_keys.json", "has both 'edges' and 'links'"),
        ("j12_lone_surrogate.json", "'\\ud800' holds a character that no file can hold"),
        ("j18_ftm_bad_schema.ftm.json", "2:1: '{' follows the end. A file is one value"),
        ("j20_bods_v02.json", "looks like BODS"),
        *(
            (file.name, ".yaml files are not read: a network is a folder of CSV files or one file")
            for file in sorted(HOSTILE.glob("*.yaml"))
        ),
    ],
)
def test_hostile_files_are_refused_in_one_line(name, words):
    (line,) = hostile(name)
    assert name in line
    assert words in line


def test_j06_links():
    net = load(HOSTILE / "j06_links_key.json")
    assert net.table("supplies").column("id") == ["a>b:"]


def test_j10_places_in_a_list_are_no_ids():
    assert hostile("j10_d3_index.json") == [
        "j10_d3_index.json[links]:1: the edges name their ends by place in the list of nodes, as "
        "d3 can. Give each node an id, and name the ends by it: whether 0 is a place is not "
        "guessed."
    ]


def test_j14_no_markup_reaches_a_page(tmp_path):
    net = load(HOSTILE / "j14_script_close.json")
    assert net.node_rows["a"]["name"] == "</script><script>alert(1)</script>"
    page = build_view(net, targets=["a"])
    assert "</script><script>alert" not in page
    assert "<!--<script" not in page
    assert "<b onmouseover" not in page


def test_j16_byte_order_mark():
    assert list(load(HOSTILE / "j16_bom.json").node_rows) == ["a"]
