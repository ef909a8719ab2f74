from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import networkx as nx
import pytest
from strategies import make_network

from supplynet.errors import QuestionError
from supplynet.graph import graph

ON = date(2026, 6, 1)


def edges(net, on=None):
    return [key for _, _, key in graph(net, on=on).edges(keys=True)]


def test_edges_run_from_supplier_to_consumer_keyed_by_supply_id():
    net = make_network(
        supplies=[
            {"id": "two", "supplier": "a", "consumer": "b", "share": Decimal("0.3")},
            {"id": "one", "supplier": "a", "consumer": "b", "material": "y"},
        ]
    )
    found = graph(net)
    assert isinstance(found, nx.MultiDiGraph)
    assert list(found.edges(keys=True)) == [("a", "b", "one"), ("a", "b", "two")]
    assert found.edges["a", "b", "two"]["share"] == 0.3
    assert found.edges["a", "b", "one"]["material"] == "y"
    assert "share" not in found.edges["a", "b", "one"], "unknown is no attribute, not 0"


def test_nodes_carry_place_and_control_as_they_stand_on_the_date():
    net = make_network(
        nodes=[{"id": "plant", "country": "NL", "operator": "nex", "capacity": Decimal(5)}],
        entities=[
            {"id": "nex", "kind": "company", "country": "NL"},
            {"id": "wing", "kind": "company", "country": "CN"},
            {"id": "nl", "kind": "government", "country": "NL"},
        ],
        holdings=[
            {"owner": "wing", "asset": "nex", "share": Decimal(1), "kind": "equity"},
            {"owner": "nl", "asset": "nex", "kind": "seizure", "start": date(2025, 9, 30)},
        ],
    )
    before = graph(net, on="2025-09-29").nodes["plant"]
    after = graph(net, on=date(2025, 9, 30)).nodes["plant"]
    assert (before["country"], before["owner"], before["controller"]) == ("NL", "wing", "CN")
    assert (after["country"], after["owner"], after["controller"]) == ("NL", "wing", "NL")
    assert after["capacity"] == 5.0
    assert after["operator"] == "nex"


def test_unknown_control_is_no_attribute():
    data = graph(make_network(nodes=[{"id": "x"}])).nodes["x"]
    assert "owner" not in data
    assert "controller" not in data


@pytest.mark.parametrize(
    ("row", "there"),
    [
        ({}, True),
        ({"start": date(2026, 6, 1)}, True),
        ({"start": date(2026, 6, 2)}, False),
        ({"end": date(2026, 6, 1)}, False),
        ({"end": date(2026, 6, 2)}, True),
        ({"status": "closed"}, False),
        ({"status": "planned"}, False),
        ({"status": "planned", "start": date(2026, 1, 1)}, True),
        ({"qualified": "no"}, True),
    ],
)
def test_supplies_that_hold_on_the_date(row, there):
    supply = {"id": "s", "supplier": "a", "consumer": "b", **row}
    net = make_network(
        supplies=[supply], nodes=[{"id": "a", **{k: v for k, v in row.items() if k != "qualified"}}]
    )
    assert edges(net) == (["s"] if there else [])
    assert graph(net).nodes["a"]["operates"] is there, "the node itself always stays"


def test_own_columns_that_networkx_needs_do_not_break_it():
    extra = {"source": "file 1", "target": "x", "key": "k", "key_": "mine", "weight": "9"}
    net = make_network(
        supplies=[{"id": "s", "supplier": "a", "consumer": "b", **extra}],
        nodes=[{"id": "a", "owner": "own column", "key": "k"}, {"id": "b"}],
    )
    found = graph(net)
    data = found.edges["a", "b", "s"]
    assert data["source_"] == "file 1"
    assert data["target_"] == "x"
    assert (data["key_"], data["key__"]) == ("mine", "k")
    assert found.nodes["a"]["owner_"] == "own column"
    frame = nx.to_pandas_edgelist(found)
    assert list(frame["source"]) == ["a"]
    again = nx.node_link_graph(nx.node_link_data(found, edges="edges"), edges="edges")
    assert list(again.edges(keys=True)) == [("a", "b", "s")]


def test_every_value_can_be_written_to_graphml_and_gexf():
    net = make_network(
        nodes=[
            {"id": "a", "makes": ("x", "y"), "start": date(2020, 1, 1), "capacity": Decimal("1.5")},
            {"id": "b"},
        ],
        supplies=[{"id": "s", "supplier": "a", "consumer": "b", "references": ("r1", "r2")}],
    )
    found = graph(net)
    assert found.nodes["a"]["makes"] == "x;y"
    assert found.nodes["a"]["start"] == "2020-01-01"
    buffer = io.BytesIO()
    nx.write_graphml(found, buffer)
    buffer.seek(0)
    again = nx.read_graphml(buffer, force_multigraph=True)
    assert again.nodes["a"]["makes"] == "x;y"
    assert again.nodes["a"]["operates"] is True


def test_dated_rows_without_any_date_are_refused():
    net = make_network(
        as_of=None, supplies=[{"id": "s", "supplier": "a", "consumer": "b", "end": ON}]
    )
    with pytest.raises(QuestionError, match="no date is known"):
        graph(net)
    assert edges(net, on="2026-05-31") == ["s"]
    undated = make_network(as_of=None, supplies=[{"id": "s", "supplier": "a", "consumer": "b"}])
    assert edges(undated) == ["s"]
    assert graph(undated).graph["on"] == ""


def test_the_graph_is_the_callers_own():
    net = make_network(supplies=[{"id": "s", "supplier": "a", "consumer": "b"}])
    mine = graph(net)
    mine.remove_node("a")
    mine.nodes["b"]["country"] = "XX"
    assert sorted(graph(net)) == ["a", "b"]
    assert "country" not in graph(net).nodes["b"]
    assert sorted(net.graph) == ["a", "b"]
    assert "country" not in net.node_rows["b"] or net.node_rows["b"]["country"] is None


def test_row_order_changes_nothing():
    supplies = [
        {"id": f"s{i}", "supplier": f"n{i % 3}", "consumer": f"n{i % 4 + 3}"} for i in range(9)
    ]
    one, two = (graph(make_network(supplies=rows)) for rows in (supplies, supplies[::-1]))
    assert list(one.nodes(data=True)) == list(two.nodes(data=True))
    assert list(one.edges(keys=True, data=True)) == list(two.edges(keys=True, data=True))
