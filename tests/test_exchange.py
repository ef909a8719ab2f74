"""Exchange with graph tools: files of others are read, ours are read by others."""

import csv
import io
from datetime import date
from pathlib import Path

import networkx as nx
import pytest
from defusedxml import ElementTree

from supplynet import examples, from_frames, load_example
from supplynet.errors import OutputError, QuestionError, UnknownNameError
from supplynet.io import examine, load
from supplynet.io.exchange import FORMATS, export, export_files, format_of, make_export

FILES = Path(__file__).parent / "exchange"
GRAPHS = ("graphml", "gexf")
NASTY = "=1+1 <&>\"' ]]> \x1b[2J\x07 \ufffe \u202e tab\tline\nend\r é 😀"
HEAD = {
    "graphml": '<?xml version="1.0"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n',
    "gexf": '<?xml version="1.0"?>\n<gexf xmlns="http://gexf.net/1.3" version="1.3">\n',
}


def levels(seen, level):
    return [str(f) for f in seen.findings if f.level == level]


def graphml(tmp_path, inner, edgedefault="directed", keys="", **options):
    """Examine a GraphML file; its nodes start on line 4 where there are no keys."""
    file = tmp_path / "x.graphml"
    graph = f'<graph edgedefault="{edgedefault}">\n{inner}\n</graph>'
    file.write_text(f"{HEAD['graphml']}{keys}{graph}</graphml>", encoding="utf-8")
    return examine(file, **options)


def gexf(tmp_path, inner, graph='defaultedgetype="directed"', **options):
    file = tmp_path / "x.gexf"
    file.write_text(f"{HEAD['gexf']}<graph {graph}>{inner}</graph></gexf>", encoding="utf-8")
    return examine(file, **options)


def error(seen):
    found = levels(seen, "error")
    assert seen.net is None
    assert len(found) == 1, found
    return found[0]


def key(name, domain="node", kind="string", key_id=None, default=None):
    inner = f"<default>{default}</default>" if default else ""
    return (
        f'<key id="{key_id or name}" for="{domain}" attr.name="{name}" attr.type="{kind}">'
        f"{inner}</key>\n"
    )


def small(**network):
    """A network with nothing but nodes and supplies, numbers that floats cannot hold."""
    nodes = [
        {"id": "007", "name": "Mine", "capacity": "0.1", "country": "NA", "own": "0601"},
        {
            "id": "b",
            "makes": "ore;gas",
            "capacity": "12345678901234567890.125",
            "start": "2020-01-01",
        },
        {"id": "c", "upstream": "recorded", "can_fail": "no"},
    ]
    supplies = [
        {"supplier": "007", "consumer": "b", "material": "ore", "share": "0.30", "own": "1.0"},
        {"supplier": "007", "consumer": "b", "material": "ore", "share": "0.1", "id": "s2"},
        {
            "supplier": "b",
            "consumer": "c",
            "id": "s=1",
            "material": "gas",
            "note": "a > b",
            "volume": "0.12345678901234567",
        },
    ]
    keys = {"title": "T & U", "as_of": date(2026, 1, 1), "targets": ["c"], "licence": "CC0"}
    return from_frames(supplies, nodes, network=keys | network)


# Files of other tools


def test_gephis_own_gexf():
    net = load(FILES / "gephi_data.gexf")
    assert net.meta.title == "A Web network"
    assert net.table("nodes").column("id") == ["0", "1", "2", "3"]
    assert net.table("nodes").column("name") == ["Gephi", "Webatlas", "RTGI", "BarabasiLab"]
    assert net.table("nodes").column("frog") == ["true", "true", "true", "false"]
    assert net.table("supplies").column("id") == ["0>1:", "0>2:", "1>0:", "2>1:", "0>3:"]
    assert net.table("supplies").where(0) == "gephi_data.gexf:43"
    assert "gephi_data.gexf: frog: 3 nodes take the default 'true'." in levels(net, "note")


def test_gephis_own_gexf_with_times():
    seen = examine(FILES / "gephi_dynamics.gexf")
    nodes, supplies = seen.net.table("nodes"), seen.net.table("supplies")
    assert [str(day) for day in supplies.column("start")][:3] == ["2009-03-01"] * 3
    # The last day of GEXF is the day before our end.
    assert str(supplies.column("end")[1]) == "2009-03-11"
    assert nodes.column("times")[2] == "[, 2009-03-01]; [2009-03-05, 2009-03-10]"
    assert nodes.column("indegree") == ["1", None, None, None]
    assert nodes.column("indegree over time")[1] == (
        "1 [, 2009-03-01]; 2 [2009-03-01, 2009-03-10]; 1 [2009-03-10, ]"
    )
    warnings = " ".join(levels(seen, "warning"))
    assert "gephi_dynamics.gexf:31: times that are not one span of days" in warnings
    assert "'indegree' changes with time" in warnings
    notes = " ".join(levels(seen, "note"))
    assert "gephi_dynamics.gexf:51: end 2009-03-10 is the last day" in notes


def test_gephis_own_gexf_12_hierarchy_and_drawing():
    net = load(FILES / "gephi_openintervals.gexf")
    assert net.table("supplies").column("value over time") == [
        "15 [2000.0, 2005.0]; 20 (2005.0, 2010.0); 25 [2010.0, 2015.0)"
    ]
    net = load(FILES / "gephi_hierarchy4.gexf")
    assert net.table("nodes").column("pid") == ["e", None, "b", "a", "a", "b", "e"]
    assert net.table("supplies").column("id") == ["0", "1", "2", "3"]
    net = load(FILES / "gephi_viz.gexf")
    assert "drawings (colours, places, sizes): set aside" in " ".join(levels(net, "note"))


def test_yed():
    seen = examine(FILES / "yed.graphml")
    nodes, supplies = seen.net.table("nodes"), seen.net.table("supplies")
    assert nodes.column("name") == ["Mountain Pass", "Magnet plant"]
    assert nodes.column("country") == ["US", None]
    assert supplies.column("id") == ["e0"]
    assert supplies.column("label") == ["oxide"]
    assert str(supplies.column("share")[0]) == "0.4"
    assert seen.net.meta.description == "Mine to magnet"
    notes = " ".join(levels(seen, "note"))
    for what in ("drawings", "<port> of <node>", "'sourceport' of <edge>", "<data> of <graphml>"):
        assert what in notes
    assert levels(seen, "warning") == []


def test_gephis_graphml_and_tables():
    net = load(FILES / "gephi_style.graphml")
    assert net.table("nodes").column("id") == ["007", "2.0"]
    assert net.table("nodes").column("country") == ["CN", "JP"]
    assert net.table("supplies").column("Edge Label") == ["oxide"]
    assert "country: 1 node takes the default 'CN'" in " ".join(levels(net, "note"))
    net = load(FILES / "gephi_tables")
    supplies = net.table("supplies")
    assert supplies.column("id") == ["0"]
    assert supplies.column("Label") == ["ore by sea"]
    assert supplies.column("Weight") == ["1.0"]


def test_what_networkx_writes(tmp_path):
    G = nx.MultiDiGraph(title="T")
    G.add_node(1, label="Mine", capacity=1.5, Id="other")
    G.add_node("b", label="Mill")
    G.add_edge(1, "b", material="ore", share=0.25)
    G.add_edge(1, "b", material="gas")
    G.add_edge("b", 1, material="scrap")
    for ending, write in (("graphml", nx.write_graphml), ("gexf", nx.write_gexf)):
        write(G, tmp_path / f"g.{ending}")
        net = load(tmp_path / f"g.{ending}")
        assert net.table("nodes").column("name") == ["Mine", "Mill"]
        assert net.table("nodes").column("Id (attribute)") == ["other", None]
        supplies = net.table("supplies")
        assert sorted(supplies.column("material")) == ["gas", "ore", "scrap"]
        if ending == "graphml":
            # Its ids are 0, 1 and again 0: counters of each pair, no ids.
            assert sorted(supplies.column("id")) == ["1>b:gas", "1>b:ore", "b>1:scrap"]
            assert "start again for each pair" in " ".join(levels(net, "note"))
            assert net.meta.title == "T"
        else:
            assert sorted(supplies.column("id")) == ["0", "1", "2"]


def test_undirected_files_of_networkx(tmp_path):
    for ending, write in (("graphml", nx.write_graphml), ("gexf", nx.write_gexf)):
        file = tmp_path / f"g.{ending}"
        write(nx.Graph([("a", "b"), ("b", "c")]), file)
        text = error(examine(file))
        assert "2 undirected edges: it is not said who supplies whom" in text
        assert "--undirected as_written or both" in text
        seen = examine(file, undirected="as_written")
        assert len(seen.net.table("supplies")) == 2
        assert "the end named first" in " ".join(levels(seen, "warning"))
        seen = examine(file, undirected="both")
        ends = [(row["supplier"], row["consumer"]) for row in seen.net.table("supplies").rows()]
        assert sorted(ends) == [("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")]
        assert "a supply each way" in " ".join(levels(seen, "warning"))


# What is refused, and where it stands


def test_mixed_edges(tmp_path):
    inner = (
        '<node id="a"/><node id="b"/>\n<edge source="a" target="b"/>\n'
        '<edge source="b" target="a" directed="false"/>'
    )
    assert error(graphml(tmp_path, inner)).startswith("x.graphml:6: 1 undirected edge among 2: ")
    assert graphml(tmp_path, inner.replace("false", "true"), "undirected").net is None
    one = '<node id="a"/><node id="b"/><edge source="a" target="b" directed="true"/>'
    assert graphml(tmp_path, one, "undirected").net is not None
    # A graph that does not say it is no directed graph.
    assert graphml(tmp_path, one.replace(' directed="true"', ""), "").net is None
    nodes = '<nodes><node id="a"/><node id="b"/></nodes>'
    edge = '<edges><edge source="a" target="b"%s/></edges>'
    assert gexf(tmp_path, nodes + edge % "", "").net is None
    assert gexf(tmp_path, nodes + edge % ' type="mutual"').net is None
    assert gexf(tmp_path, nodes + edge % ' type="directed"', "").net is not None


def test_edges_that_lead_nowhere_and_ids_that_are_there_twice(tmp_path):
    inner = '<node id="alpha"/>\n<edge source="alpha" target="alpa"/>'
    text = error(graphml(tmp_path, inner))
    assert text.startswith("x.graphml:5: edge 'alpha' -> 'alpa': there is no node 'alpa'. Did you")
    twice = '<node id="a"/>\n<node id="a"/>'
    assert "x.graphml:5: id 'a' is already used in line 4" in error(graphml(tmp_path, twice))
    edge = '<edge id="e" source="a" target="b"/>'
    twice = f'<node id="a"/><node id="b"/>\n{edge}\n{edge}'
    assert "x.graphml:6: id 'e' is already used in line 5" in error(graphml(tmp_path, twice))
    # The same counter twice between one pair is no counter.
    twice = twice.replace('"e"', '"0"')
    assert "id '0' is already used" in error(graphml(tmp_path, twice))
    nodes = '<nodes><node id="a"/>\n<node id="a"/></nodes>'
    assert "x.gexf:4: id 'a' is already used in line 3" in error(gexf(tmp_path, nodes))
    assert "<node> has no id" in " ".join(levels(graphml(tmp_path, "<node/>"), "error"))
    assert "<edge> has no target" in " ".join(
        levels(graphml(tmp_path, '<node id="a"/><edge source="a"/>'), "error")
    )


@pytest.mark.parametrize("text", ["NaN", "INF", "-Infinity", "1,5", "9" * 5000, "0x10"])
def test_what_is_declared_as_a_number_is_one(text, tmp_path):
    for name in ("capacity", "degree"):
        inner = f'\n<node id="a"><data key="{name}">{text}</data></node>'
        found = error(graphml(tmp_path, inner, keys=key(name, kind="double")))
        assert found.startswith("x.graphml:6: ")
        assert "not a number" in found
        assert len(found) < 300
    inner = (
        '<attributes class="node"><attribute id="0" title="degree" type="integer"/></attributes>'
        f'<nodes>\n<node id="a"><attvalues><attvalue for="0" value="{text}"/></attvalues></node>'
        "</nodes>"
    )
    assert error(gexf(tmp_path, inner)).startswith("x.gexf:4: 'a': degree is ")


def test_numbers_as_other_tools_write_them(tmp_path):
    inner = "".join(
        f'<node id="{i}"><data key="degree">{text}</data></node>'
        for i, text in enumerate(["1e-05", "1.0E10", " 2 ", "-3", "", "+.5"])
    )
    seen = graphml(tmp_path, inner, keys=key("degree", kind="float"))
    assert levels(seen, "error") == []
    # Text that happens to be called so is no number.
    inner = '<node id="a"><data key="degree">NaN</data></node>'
    assert graphml(tmp_path, inner, keys=key("degree")).net is not None


def test_keys(tmp_path):
    data = '<node id="a"><data key="%s">x</data></node>'
    seen = graphml(tmp_path, data % "lbl")
    assert seen.net.table("nodes").column("lbl") == ["x"]
    assert "x.graphml:4: data 'lbl' is declared by no key" in " ".join(levels(seen, "warning"))
    twice = key("x", key_id="d0") + key("x", key_id="d1")
    text = error(graphml(tmp_path, data % "d0", keys=twice))
    assert text == "x.graphml:4: keys 'd0' and 'd1' are both named 'x'. Rename or delete one."
    text = error(graphml(tmp_path, data % "d0", keys=key("x", key_id="d0") + key("y", key_id="d0")))
    assert text == "x.graphml:4: a second key 'd0'. Rename or delete one."
    # The same id and name for nodes and for edges are two keys.
    assert graphml(tmp_path, data % "x", keys=key("x") + key("x", "edge")).net is not None
    both = data.replace("</node>", '<data key="x">y</data></node>') % "x"
    assert "'x' is given twice in one node" in error(graphml(tmp_path, both, keys=key("x")))
    seen = graphml(tmp_path, data % "d0", keys=key("label", "all", key_id="d0"))
    assert seen.net.table("nodes").column("name") == ["x"]
    seen = graphml(tmp_path, data % "d0", keys='<key id="d0" for="node"/>')
    assert seen.net.table("nodes").column("d0") == ["x"]


def test_attributes_that_are_called_as_the_ids(tmp_path):
    keys = key("Id") + key("supplier", "edge") + key("source", "edge", key_id="s")
    inner = (
        '<node id="a"><data key="Id">other</data></node><node id="b"/><edge source="a" target="b">'
        '<data key="supplier">x</data><data key="s">USGS</data></edge>'
    )
    net = graphml(tmp_path, inner, keys=keys).net
    assert net.table("nodes").column("id") == ["a", "b"]
    assert net.table("nodes").column("Id (attribute)") == ["other", None]
    assert net.table("supplies").column("supplier") == ["a"]
    assert net.table("supplies").column("supplier (attribute)") == ["x"]
    assert net.table("supplies").column("source") == ["USGS"]


def test_graphs_within_graphs(tmp_path):
    inner = '<node id="a"><graph edgedefault="directed">\n<node id="b"/></graph></node>'
    assert error(graphml(tmp_path, inner)).startswith(
        "x.graphml:5: <node> is not directly in the graph (a group, in yEd?)"
    )
    inner = '<hyperedge>\n<endpoint node="a"/></hyperedge><node id="a"/>'
    assert "x.graphml:4: a hyperedge" in error(graphml(tmp_path, inner))
    two = '<node id="a"/></graph>\n<graph edgedefault="directed">'
    assert "x.graphml:5: a second graph" in error(graphml(tmp_path, two))
    nested = '<nodes><node id="a">\n<nodes><node id="b"/></nodes></node></nodes>'
    assert "x.gexf:4: nodes within a node" in error(gexf(tmp_path, nested))
    assert "nodes within a node" in error(
        gexf(tmp_path, '<nodes><node id="a"><edges/></node></nodes>')
    )
    assert "x.gexf:3: <edge> within <graph> <nodes>" in error(
        gexf(tmp_path, '<nodes><edge source="a" target="a"/></nodes>')
    )
    (tmp_path / "x.gexf").write_text("<gexf><edges><edge/></edges></gexf>", encoding="utf-8")
    assert "<edge> within <edges>" in error(examine(tmp_path / "x.gexf"))
    (tmp_path / "x.graphml").write_text("<graphml><node id='a'/></graphml>", encoding="utf-8")
    assert "<node> is not directly in the graph" in error(examine(tmp_path / "x.graphml"))


def test_gexf_attributes(tmp_path):
    declared = (
        '<attributes class="node"><attribute id="0" title="%s" type="string"/>%s</attributes>'
    )
    node = '<nodes><node id="a" label="A"><attvalues>%s</attvalues></node></nodes>'
    value = '<attvalue %s="%s" value="x"/>'
    # 1.1 says id where later versions say for.
    for word in ("id", "for"):
        seen = gexf(tmp_path, declared % ("country_note", "") + node % (value % (word, "0")))
        assert seen.net.table("nodes").column("country_note") == ["x"]
    seen = gexf(tmp_path, node % (value % ("for", "7")))
    assert seen.net.table("nodes").column("7") == ["x"]
    assert "attvalue '7' is declared by no attribute" in " ".join(levels(seen, "warning"))
    seen = gexf(tmp_path, declared % ("Label", "") + node % (value % ("for", "0")))
    assert seen.net.table("nodes").column("name") == ["A"]
    assert seen.net.table("nodes").column("Label (attribute)") == ["x"]
    twice = value % ("for", "0") * 2
    assert "'x' is given twice" in error(gexf(tmp_path, declared % ("x", "") + node % twice))
    same = '<attribute id="1" title="x" type="string"/>'
    assert "two attributes are named 'x'" in error(
        gexf(tmp_path, declared % ("x", same) + node % "")
    )
    same = '<attribute id="0" title="y" type="string"/>'
    assert "a second attribute '0'" in error(gexf(tmp_path, declared % ("x", same) + node % ""))
    assert "attributes of class 'graph'" in error(
        gexf(tmp_path, declared.replace('"node"', '"graph"') % ("x", "") + node % "")
    )


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ('start="2020-01-01" end="2020-12-31"', "2020-01-01", "2021-01-01"),
        ('startopen="2020-01-01" endopen="2020-12-31"', "2020-01-02", "2020-12-31"),
        ('end="2020-02-29"', None, "2020-03-01"),
    ],
)
def test_gexf_times(times, start, end, tmp_path):
    for inner in (
        f'<node id="a" {times}/>',
        f'<node id="a"><spells><spell {times}/></spells></node>',
    ):
        nodes = gexf(tmp_path, f"<nodes>{inner}</nodes>").net.table("nodes")
        found = [nodes.column(name)[0] for name in ("start", "end")]
        assert [day and day.isoformat() for day in found] == [start, end]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ('start="2009.5"', "[2009.5, ]"),
        ('start="2020-02-30" end="2020-03-01"', "[2020-02-30, 2020-03-01]"),
        ('end="9999-12-31"', "[, 9999-12-31]"),
        ('timestamp="2020-01-01"', "at 2020-01-01"),
        ('start="2020-01-01T10:00:00"', "[2020-01-01T10:00:00, ]"),
    ],
)
def test_gexf_times_that_are_no_days_stay_text(times, text, tmp_path):
    seen = gexf(tmp_path, f'<nodes><node id="a" {times}/></nodes>')
    assert seen.net.table("nodes").column("times") == [text]
    assert seen.net.table("nodes").column("start") == [None]
    assert "kept as text in 'times'" in " ".join(levels(seen, "warning"))


# XML


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "the file is empty"),
        (b" \n ", "the file is empty"),
        (b"PK\x03\x04", "no well-formed XML at column"),
        (b"<graphml>\n<node>", "x.graphml:2: no well-formed XML at column 7: no element found"),
        (b"<graphml><a></graphml>", "mismatched tag"),
        (b"<graphml/><graphml/>", "junk after document element"),
        (b"<graphml>&a;</graphml>", "undefined entity"),
        (b"<graphml>\x00</graphml>", "not well-formed"),
        (b"<graphml>\xff</graphml>", "not well-formed"),
        (b"<y:graphml/>", "unbound prefix"),
        (b"<?xml version='1.0' encoding='klingon'?><graphml/>", "its encoding cannot be read"),
        (b"<?xml version='1.0' encoding='gb18030'?><graphml/>", "its encoding cannot be read"),
        (b"<?xml version='1.0' encoding='hex'?><graphml/>", "its encoding cannot be read"),
        (b"<!DOCTYPE graphml><graphml/>", "document type declaration (DTD)"),
        (b"<gexf/>", "the file holds <gexf>, not <graphml>"),
        (b"<graphml/>", "holds no <graph>"),
        (b"<graphml>" + b"<a>" * 100_000, "nested more than 64 deep"),
    ],
)
def test_what_is_no_graphml(data, text, tmp_path):
    (tmp_path / "x.graphml").write_bytes(data)
    assert text in error(examine(tmp_path / "x.graphml"))


def test_what_is_no_gexf(tmp_path):
    for data, text in (
        (b"<graphml><graph><node/></graph></graphml>", "not <gexf>"),
        (b"<gexf/>", "holds no <graph>"),
    ):
        (tmp_path / "x.gexf").write_bytes(data)
        assert text in error(examine(tmp_path / "x.gexf"))
    assert "a second graph" in error(gexf(tmp_path, "</graph><graph>"))


def test_a_file_that_is_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr("supplynet.io.xmltext.MAX_BYTES", 10)
    assert "larger than" in error(graphml(tmp_path, '<node id="a"/>'))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_encodings(encoding, tmp_path):
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = FILES.joinpath("gephi_style.graphml").read_text("utf-8")
    text = text.replace("UTF-8", declared).replace("Bayan Obo", "Müller")
    (tmp_path / "x.graphml").write_bytes(text.encode(encoding))
    assert load(tmp_path / "x.graphml").table("nodes").column("name")[0] == "Müller"


def test_a_dtd_reads_no_file(tmp_path, capfd):
    secret = tmp_path / "secret"
    secret.write_text("hunter2", encoding="utf-8")
    for form in GRAPHS:
        for head in (
            f'<!DOCTYPE x [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
            f'<!DOCTYPE x SYSTEM "{secret.as_uri()}">',
            f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>',
        ):
            file = tmp_path / f"x.{form}"
            file.write_text(f"{head}<{form}><graph>&x;</graph></{form}>", encoding="utf-8")
            assert "DTD" in error(examine(file))
    assert "hunter2" not in "".join(capfd.readouterr())


# What is written


@pytest.mark.parametrize("form", GRAPHS)
def test_nodes_and_supplies_come_back_to_the_digest(form, tmp_path):
    # GEXF has no place for the date, the targets and the licence.
    net = small() if form == "graphml" else small(as_of=None, targets=None, licence=None)
    on = None if form == "graphml" else "2026-01-01"
    file = tmp_path / f"n.{form}"
    assert export(net, file, on=on) == ()
    again = load(file)
    for table in net.tables:
        assert again.tables[table].columns.keys() == net.tables[table].columns.keys()
    assert again.digest == net.digest
    assert levels(again, "warning") == levels(net, "warning") == []


@pytest.mark.parametrize("form", GRAPHS)
def test_nodes_made_from_supplies_come_back(form, tmp_path):
    net = from_frames([{"supplier": "a", "consumer": "b"}])
    export(net, tmp_path / f"n.{form}")
    assert load(tmp_path / f"n.{form}").digest == net.digest


@pytest.mark.parametrize("name", examples())
def test_each_shipped_network_goes_out_and_says_what_is_lost(name, tmp_path):
    net = load_example(name)
    for form in (*GRAPHS, "node-link"):
        file = tmp_path / f"n{FORMATS[form].endings[0]}"
        dropped = export(net, file, to=form)
        again = examine(file).net
        assert again.table("nodes").column("id") == sorted(net.table("nodes").column("id"))
        lost = len(net.table("supplies")) - len(again.table("supplies"))
        assert any(line.startswith(f"supplies: {lost} row") for line in dropped) == bool(lost)
        for table, rows in net.tables.items():
            if table not in ("nodes", "supplies") and len(rows):
                assert any(line.startswith(f"{table}: {len(rows)} row") for line in dropped)
        # Whoever reads the file alone is told, too.
        assert bool(dropped) == any("written without" in text for text in levels(again, "warning"))
        # What follows from the tables is no data.
        assert not {"owner", "controller", "operates"} & set(again.table("nodes").columns)
        kept = set(again.table("supplies").column("id"))
        for table in ("nodes", "supplies"):
            rows = {
                row["id"]: {k: v for k, v in row.items() if v not in (None, ())}
                for row in net.table(table).rows()
                if table == "nodes" or row["id"] in kept
            }
            assert rows == {
                row["id"]: {k: v for k, v in row.items() if v not in (None, ())}
                for row in again.table(table).rows()
            }


def test_dropped_is_a_line_for_each_kind_of_loss(tmp_path):
    net = from_frames(
        [
            {"supplier": "a", "consumer": "b", "end": "2020-01-01", "key": "k", "id": "s1"},
            {"supplier": "a", "consumer": "b", "material": "x\x07", "id": "s2", "key": "m"},
        ],
        [{"id": "a", "owner": "me"}, {"id": "b"}],
        needs=[{"consumer": "b", "material": "x\x07"}],
        network={"title": "T", "description": "D", "extra": 1},
    )
    assert make_export(net, "graphml", on="2026-01-01").dropped == (
        "supplies: 1 row that does not hold on the date",
        "needs: 1 row",
        "network.toml: extra",
        "nodes: column 'owner' is called 'owner_'",
        "supplies: column 'key' is called 'key_'",
        "1 text with a character that XML cannot hold, written as its escape",
    )
    assert (
        make_export(net, "gexf", on="2026-01-01").dropped[2] == "network.toml: description, extra"
    )
    assert make_export(net, "gephi", on="2026-01-01").dropped[2] == (
        "network.toml: title, description, extra"
    )
    assert make_export(net, "neo4j").dropped == ("needs: 1 row", "network.toml: description, extra")
    for form in ("folder", "xlsx"):
        assert make_export(net, form).dropped == ()


def nasty():
    return from_frames(
        [{"supplier": NASTY, "consumer": "b", "material": "]]>", NASTY: "<x>", "id": "=s"}],
        [{"id": NASTY, "name": "-a\nb"}, {"id": "b", "references": "@x;y", "capacity": "5"}],
        network={"title": NASTY},
    )


@pytest.mark.parametrize("form", GRAPHS)
def test_nasty_text_makes_well_formed_xml(form, tmp_path):
    file = tmp_path / f"n.{form}"
    dropped = export(nasty(), file)
    assert "with a character that XML cannot hold, written as its escape" in dropped[-1]
    ElementTree.parse(file)
    assert b"\x1b" not in file.read_bytes()
    again = load(file)
    shown = NASTY.replace("\x1b", "\\u001b").replace("\x07", "\\u0007").replace("\ufffe", "\\ufffe")
    assert again.table("nodes").column("id") == [shown, "b"]
    assert again.table("nodes").column("name") == ["-a\nb", None]
    assert again.table("supplies").column("material") == ["]]>"]
    assert again.meta.title == shown
    read = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[form]
    assert set(read(file).nodes) == {shown, "b"}


@pytest.mark.parametrize("form", GRAPHS)
def test_networkx_reads_what_we_write(form, tmp_path):
    file = tmp_path / f"n.{form}"
    export(small(), file)
    if form == "graphml":
        G = nx.read_graphml(file, force_multigraph=True)
        assert G.edges["b", "c", "s=1"]["note"] == "a > b"
        assert G.nodes["007"]["name"] == "Mine"
        assert G.graph["title"] == "T & U"
    else:
        G = nx.read_gexf(file)
        assert G.nodes["007"]["label"] == "Mine"
    assert G.is_directed()
    assert sorted(G.edges()) == [("007", "b"), ("007", "b"), ("b", "c")]
    assert G.nodes["007"]["capacity"] == 0.1
    assert G.nodes["007"]["own"] == "0601"


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode())))


def formulas(files):
    return [
        cell
        for name, data in files.items()
        if name.endswith(".csv")
        for line in csv.reader(io.StringIO(data.decode()))
        for cell in line
        if cell[:1] in tuple("=+-@\t\r")
    ]


def test_gephi_tables(tmp_path):
    made = make_export(nasty(), "gephi")
    assert formulas(made.files) == []
    assert "what could be a formula" in made.dropped[-1]
    export(nasty(), tmp_path / "g", to="gephi")
    again = load(tmp_path / "g")
    assert again.table("nodes").column("id") == [NASTY, "b"]
    assert again.table("nodes").column("name") == ["-a\nb", "b"]
    net = from_frames([{"supplier": "a", "consumer": "b", "Type": "mine", "label": "x"}])
    made = make_export(net, "gephi")
    assert made.dropped == (
        "supplies: column 'Type' is called 'Type (attribute)'",
        "supplies: column 'label' is called 'label (attribute)'",
        "2 nodes without a name: its id is its label",
    )
    edge = rows(made.files["edges.csv"])[0]
    assert (edge["Type"], edge["Type (attribute)"]) == ("Directed", "mine")
    assert (edge["Label"], edge["label (attribute)"]) == ("", "x")


def test_a_name_that_is_the_id_is_lost_in_gexf_and_said(tmp_path):
    net = from_frames([{"supplier": "a", "consumer": "b"}], [{"id": "a", "name": "a"}, {"id": "b"}])
    assert export(net, tmp_path / "g.gexf") == (
        "1 node with its id for a name: the label alone shows it",
    )
    assert load(tmp_path / "g.gexf").table("nodes").column("name") == [None, None]
    assert export(net, tmp_path / "g.graphml") == ()
    assert load(tmp_path / "g.graphml").digest == net.digest


def test_gexf_keeps_columns_that_are_called_as_its_own(tmp_path):
    net = from_frames([{"supplier": "a", "consumer": "b", "Weight": "2", "material": "ore"}])
    assert export(net, tmp_path / "g.gexf") == (
        "supplies: column 'Weight' is called 'Weight (attribute)'",
    )
    assert load(tmp_path / "g.gexf").table("supplies").column("Weight (attribute)") == ["2"]


def test_neo4j():
    net = load_example("rare_earth_magnets")
    made = make_export(net, "neo4j")
    files = {name: rows(data) for name, data in made.files.items() if name.endswith(".csv")}
    things = {row[":ID"] for name in ("nodes.csv", "entities.csv") for row in files[name]}
    assert len(things) == len(files["nodes.csv"]) + len(files["entities.csv"])
    for name in ("supplies.csv", "holdings.csv", "operators.csv"):
        assert {row[end] for row in files[name] for end in (":START_ID", ":END_ID")} <= things
    assert len(files["supplies.csv"]) == len(net.table("supplies"))
    assert len(files["holdings.csv"]) == len(net.table("holdings"))
    assert {row[":TYPE"] for row in files["supplies.csv"]} == {"SUPPLIES"}
    header = made.files["supplies.csv"].decode().partition("\n")[0].split(",")
    assert {"share:double", "start:date", "references:string[]", "material"} <= set(header)
    readme = made.files["README.txt"].decode()
    for name in files:
        assert f"={name}" in readme
    assert "entities" not in " ".join(made.dropped)
    assert "needs: 102 rows" in made.dropped


def test_neo4j_names_and_ends_without_a_row():
    net = from_frames(
        [{"supplier": "a", "consumer": "b", "x:y": "1", "x_y": "2"}],
        [{"id": "a", "operator": "b"}, {"id": "b"}],
        holdings=[{"owner": "gov", "asset": "b", "share": "0.5"}, {"owner": "b", "asset": "a"}],
    )
    made = make_export(net, "neo4j")
    assert "supplies: column 'x:y' is called 'x_y'" in made.dropped
    edge = rows(made.files["supplies.csv"])[0]
    assert (edge["x_y"], edge["x_y_"]) == ("1", "2")
    # `b` is a node, and an entity that operates another: two things of one id.
    assert [row[":ID"] for row in rows(made.files["nodes.csv"])] == ["node/a", "node/b"]
    assert [row[":ID"] for row in rows(made.files["entities.csv"])] == ["entity/b", "entity/gov"]
    held = [(row[":START_ID"], row[":END_ID"]) for row in rows(made.files["holdings.csv"])]
    assert held == [("entity/b", "node/a"), ("entity/gov", "entity/b")]
    made = make_export(nasty(), "neo4j")
    assert formulas(made.files) == []
    assert rows(made.files["nodes.csv"])[0]["id"] == f"'{NASTY}"


# Forms and places


def test_which_form_is_meant(tmp_path):
    for name, form in FORMATS.items():
        assert form.name == name
        assert form.description
    for name, form in (
        ("a.graphml", "graphml"),
        ("a.GEXF", "gexf"),
        ("a.xlsx", "xlsx"),
        ("a", "folder"),
    ):
        assert format_of(tmp_path / name) == form
    with pytest.raises(QuestionError, match=r"no \.csv file is made here"):
        format_of("a.csv")
    (tmp_path / "a.csv").mkdir()
    assert format_of(tmp_path / "a.csv") == "folder"
    with pytest.raises(UnknownNameError, match="Did you mean 'graphml'"):
        export(small(), tmp_path / "x", to="graphm")
    for form in ("folder", "xlsx", "json", "neo4j"):
        with pytest.raises(QuestionError, match="leave out the date"):
            make_export(small(), form, on="2026-01-01")
    with pytest.raises(OutputError, match="name of a file"):
        export(small(), tmp_path / "x.json", to="folder")
    assert not (tmp_path / "x.json").exists()


def test_nothing_is_overwritten_unless_told(tmp_path):
    for to in ("graphml", "gephi", "neo4j", "folder", "xlsx", "node-link"):
        path = tmp_path / f"{to}{(FORMATS[to].endings or ('',))[0]}"
        export(small(), path, to=to)
        before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
        with pytest.raises(OutputError, match="--force"):
            export(from_frames([{"supplier": "x", "consumer": "y"}]), path, to=to)
        assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before
        export(from_frames([{"supplier": "x", "consumer": "y"}]), path, to=to, force=True)
        assert {f: f.read_bytes() for f in before} != before


def test_the_order_of_rows_does_not_matter():
    net = load_example("worked_example")
    turned = {
        name: [dict(row) for row in reversed(list(net.table(name).rows()))] for name in net.tables
    }
    other = from_frames(
        network={"name": net.name, "title": net.meta.title, "as_of": net.as_of}, **turned
    )
    same = from_frames(
        network={"name": net.name, "title": net.meta.title, "as_of": net.as_of},
        **{name: [dict(row) for row in net.table(name).rows()] for name in net.tables},
    )
    assert other.digest == same.digest
    for form in ("folder", "xlsx", "json", "graphml", "gexf", "node-link", "gephi", "neo4j"):
        assert export_files(other, form) == export_files(same, form)


def test_exported_folder_is_the_saved_folder(tmp_path):
    net = load_example("worked_example")
    export(net, tmp_path / "a")
    assert {f.name: f.read_bytes() for f in (tmp_path / "a").iterdir()} == export_files(
        net, "folder"
    )
    assert load(tmp_path / "a").digest == net.digest


# The hostile files of graph tools


HOSTILE = Path(__file__).parent / "hostile"


@pytest.mark.parametrize(
    ("name", "where", "what"),
    [
        ("x01_billion_laughs.graphml", 2, "document type declaration (DTD)"),
        ("x03_xxe_file.graphml", 2, "document type declaration (DTD)"),
        ("x05_param_entity.gexf", 2, "document type declaration (DTD)"),
        ("x07_deep_nesting.graphml", 1, "nested more than 64 deep"),
        ("x09_edge_to_missing_node.graphml", 2, "edge 'a' -> 'ghost': there is no node 'ghost'"),
        ("x11_duplicate_node_id.graphml", 2, "id 'a' is already used in line 2"),
        ("x13_int_overflow.graphml", 2, "not a number. At most 60 characters"),
        ("x17_control_char.graphml", 2, "at column 167: reference to invalid character number"),
    ],
)
def test_hostile(name, where, what):
    text = error(examine(HOSTILE / name))
    assert text.startswith(f"{name}:{where}: ")
    assert what in text
    assert "root:" not in text
    assert len(text) < 250


def test_hostile_files_that_are_fine():
    net = load(HOSTILE / "x15_utf16_bom.graphml")
    assert (len(net.table("nodes")), len(net.table("supplies"))) == (2, 1)
    net = load(HOSTILE / "x19_yed_style.graphml")
    assert net.table("nodes").column("name") == ["Mountain Pass", None]


def test_other_xml_is_named_in_one_line(tmp_path):
    (tmp_path / "x.xml").write_text("<svg/>", encoding="utf-8")
    assert error(examine(tmp_path / "x.xml")) == (
        "x.xml:1: the file holds <svg>, not <opsa-mef>. Of XML, Open-PSA models are read."
    )
