"""Networks from data frames and graphs in memory."""

from datetime import date
from decimal import Decimal

import networkx as nx
import pandas as pd
import pytest

from supplynet.errors import UnknownNameError, ValidationError
from supplynet.graph import graph
from supplynet.io import from_frames, from_networkx

ROW = {"supplier": "a", "consumer": "b", "material": "ore"}


def refused(make):
    with pytest.raises(ValidationError) as wrong:
        make()
    return [str(finding) for finding in wrong.value.findings]


def test_columns_of_one_name_are_refused_and_none_is_lost():
    frame = pd.DataFrame([["a", "b", "x", "y"]], columns=["supplier", "consumer", "note", "note"])
    what = "supplies: two columns are named 'note'. Rename one."
    assert what in refused(lambda: from_frames(frame))
    assert what in refused(lambda: from_frames([ROW | {"note": "x", " note": "y"}]))


def test_a_column_without_a_name_is_refused():
    assert "supplies: a column has no name. Name it." in refused(
        lambda: from_frames([ROW | {" ": "x"}])
    )


def test_findings_name_the_table_and_row():
    found = refused(
        lambda: from_frames(
            [ROW, ROW | {"share": 2}], network={"as_of": "01/02/2026", "targets": ["x"]}
        )
    )
    assert (
        found
        == [
            "network: as_of is '01/02/2026', which is ambiguous. "
            "Day and month cannot be told apart: write YYYY-MM-DD.",
            "network: target 'x' is no node. Targets are ids of nodes.",
            "supplies row 2: share is 2, must be 0-1. Shares are fractions, not percent.",
        ][: len(found)]
    )
    assert len(found) == 3


def test_a_table_of_another_name_is_refused():
    with pytest.raises(UnknownNameError) as wrong:
        from_frames([ROW], node=[{"id": "a"}])
    assert str(wrong.value) == "no table 'node'. Did you mean 'nodes'?"


def test_every_form_of_frame_is_the_same_network():
    rows = [ROW | {"share": 0.1}, ROW | {"supplier": "c", "share": None}]
    digest = from_frames(rows).digest
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    assert from_frames(columns).digest == digest
    frame = pd.DataFrame(rows)
    assert from_frames(frame).digest == digest
    # A named index is a column, a numbered one is not.
    assert from_frames(frame.set_index(["supplier", "consumer"])).digest == digest
    assert list(from_frames(frame).table("supplies").columns) == [
        *("id", "supplier", "consumer", "material", "share", "qualified", "status")
    ]


def test_empty_tables_are_there():
    net = from_frames([], nodes=[], needs=[])
    assert list(net.table("supplies").columns)[:3] == ["id", "supplier", "consumer"]
    assert list(net.table("needs").columns) == ["consumer", "material"]


def test_an_undirected_graph_is_refused():
    assert refused(lambda: from_networkx(nx.Graph([("a", "b")]))) == [
        "graph: is undirected: it does not say who supplies whom. Use a DiGraph."
    ]


def test_nodes_of_one_text_are_refused():
    assert refused(lambda: from_networkx(nx.DiGraph([(1, "1"), (2, 3), ("2", 3)]))) == [
        "graph: nodes 1 and '1' have the same text. Rename.",
        "graph: nodes 2 and '2' have the same text. Rename.",
    ]


def test_a_graph_of_our_own_is_the_network_again():
    about = {"name": "net", "title": "T", "as_of": "2026-01-01"}
    nodes = [{"id": "a", "country": "CN"}, {"id": "b", "kind": "line"}]
    net = from_frames([ROW | {"share": 0.5, "start": "2025-01-01"}], nodes, network=about)
    again = from_networkx(graph(net))
    assert again.digest == net.digest
    assert (again.name, again.as_of) == ("net", date(2026, 1, 1))
    assert list(again.meta.extra) == []
    assert not {"operates", "owner", "controller"} & again.table("nodes").columns.keys()


def test_a_graph_of_others_keeps_all_its_attributes():
    made = nx.MultiDiGraph(title="T", on="2026-01-01", node_default={})
    made.add_node("a", owner="x")
    made.add_edge("a", 7, key="s1", share=0.5)
    made.add_edge("a", 7, key=3, material="ore", id="own")
    net = from_networkx(made)
    assert net.table("nodes").column("owner") == ["x", None]
    assert net.table("supplies").column("id") == ["s1", "own"]
    assert net.table("supplies").column("share") == [Decimal("0.5"), None]
    assert net.table("nodes").column("id") == ["a", "7"]
    assert (net.meta.title, net.as_of, dict(net.meta.extra)) == ("T", None, {"on": "2026-01-01"})
