from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import make_network

from supplynet.analysis.centrality import (
    LABEL,
    MEASURES,
    articulation_points,
    centrality,
    dominators,
    minimum_vertex_cut,
)
from supplynet.errors import QuestionError, UnknownNameError

#: Two of everything, and one cobalt-iron maker that both magnet plants need.
PAIRS = [
    *itertools.product(["mine_x", "mine_y"], ["sep_a", "sep_b"]),
    *itertools.product(["sep_a", "sep_b"], ["metal_a", "metal_b"]),
    *itertools.product(["metal_a", "metal_b"], ["magnet_1", "magnet_2"]),
    *itertools.product(["cofe"], ["magnet_1", "magnet_2"]),
    *itertools.product(["magnet_1", "magnet_2"], ["missile"]),
]


def network(pairs, nodes=(), **more):
    supplies = [
        {"id": f"{u}>{v}#{i}", "supplier": u, "consumer": v} for i, (u, v) in enumerate(pairs)
    ]
    return make_network(nodes=nodes, supplies=supplies, **more)


def test_the_real_chokepoint_is_in_none_of_the_views():
    net = network(PAIRS)
    between = centrality(net, "betweenness")
    assert between.rank("cofe").value == 0.0
    assert [s.id for s in between.scores if s.rank == 1] == ["metal_a", "metal_b"]
    assert {s.id for s in between.scores if s.value == 0} == {"cofe", "mine_x", "mine_y", "missile"}
    ranked = centrality(net, "pagerank")
    assert [s.id for s in ranked.scores if s.rank == 1] == ["mine_x", "mine_y"]
    assert [s.id for s in ranked.scores if s.rank == ranked.rank("cofe").rank] == [
        "cofe",
        "metal_a",
        "metal_b",
    ]
    assert ranked.rank("cofe").rank == 5
    assert dominators(net, "missile").nodes == ()
    assert minimum_vertex_cut(net, "missile").nodes == ("magnet_1", "magnet_2")
    assert articulation_points(net).nodes == ()


@pytest.mark.parametrize("measure", MEASURES)
def test_every_ranking_says_that_it_is_a_view(measure):
    found = centrality(network(PAIRS), measure)
    assert found.label == LABEL == found.to_dict()["label"]
    assert LABEL in repr(found)
    assert len(found.to_frame()) == 10
    assert "<table" in found._repr_html_()
    assert json.loads(json.dumps(found.to_dict()))["measure"] == measure


def test_equal_scores_share_a_rank():
    found = centrality(network([("a", "x"), ("b", "x"), ("x", "y")]), "degree")
    assert [(s.rank, s.id, s.value) for s in found.scores] == [
        (1, "x", 3.0), (2, "a", 1.0), (2, "b", 1.0), (2, "y", 1.0),
    ]  # fmt: skip


def test_degrees_count_partners_not_supplies():
    net = network([("a", "x"), ("a", "x"), ("x", "y"), ("x", "z")])
    assert centrality(net, "in_degree").rank("x").value == 1
    assert centrality(net, "out_degree").rank("x").value == 2
    assert centrality(net, "degree").rank("x").value == 3


def test_what_does_not_operate_is_named_and_left_out():
    net = network([("a", "x"), ("b", "x")], [{"id": "b", "status": "closed"}])
    found = centrality(net, "degree")
    assert found.not_running == ("b",)
    assert found.rank("x").value == 1
    with pytest.raises(QuestionError, match="'b' is not ranked"):
        found.rank("b")
    assert dominators(net, "x").nodes == ("a",)


def test_the_date_decides():
    net = make_network(
        supplies=[
            {"id": "1", "supplier": "a", "consumer": "x"},
            {"id": "2", "supplier": "b", "consumer": "x", "start": date(2026, 1, 1)},
        ]
    )
    assert dominators(net, "x", on="2025-12-31").nodes == ("a",)
    assert dominators(net, "x", on="2026-01-01").nodes == ()


def test_unknown_names_are_refused_with_the_nearest():
    net = network(PAIRS)
    with pytest.raises(QuestionError, match="Did you mean 'betweenness'"):
        centrality(net, "betweeness")
    with pytest.raises(UnknownNameError, match="Did you mean 'missile'"):
        dominators(net, "misile")


def test_no_node_at_all():
    net = make_network()
    for measure in MEASURES:
        assert centrality(net, measure).scores == ()


def test_a_target_without_a_path_is_not_answered():
    loop = network([("a", "b"), ("b", "a"), ("b", "x")])
    for found in (dominators(loop, "x"), minimum_vertex_cut(loop, "x")):
        assert not found.answered
        assert found.nodes == ()
        assert "nothing to work on" in repr(found)
    alone = make_network(nodes=[{"id": "x"}])
    assert dominators(alone, "x").answered
    assert not minimum_vertex_cut(alone, "x").answered


def test_dominators_run_from_source_to_target():
    net = network([("z", "m"), ("m", "a"), ("m", "b"), ("a", "k"), ("b", "k"), ("k", "x")])
    assert dominators(net, "x").nodes == ("z", "m", "k")
    assert dominators(net, "x").sources == ("z",)


def test_of_several_cuts_the_nearest_to_the_target():
    net = network([("a", "b"), ("b", "c"), ("c", "x")])
    assert minimum_vertex_cut(net, "x").nodes == ("c",)


def test_a_node_may_have_any_name():
    net = network([("source", "source'"), ("source'", "x")])
    assert dominators(net, "x").nodes == ("source", "source'")


# -- slow, obvious twins ----------------------------------------------------------------------

GRAPHS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=14, unique=True
).map(lambda pairs: [(f"n{u}", f"n{v}") for u, v in pairs])


def reaches(pairs, target, without):
    """Say whether a source still reaches the target when some nodes are gone."""
    nodes = {n for pair in pairs for n in pair}
    pairs = {(u, v) for u, v in pairs if u != v}
    reached = nodes - {v for _, v in pairs} - set(without)
    for _ in pairs:
        reached |= {v for u, v in pairs if u in reached and v not in without}
    return target in reached


@settings(max_examples=200, deadline=None)
@given(GRAPHS)
def test_dominators_and_cuts_equal_trying_everything(pairs):
    target = pairs[0][1]
    net = network(pairs)
    others = sorted({n for pair in pairs for n in pair} - {target})
    found, cut = dominators(net, target), minimum_vertex_cut(net, target)
    assert found.answered == reaches(pairs, target, ())
    if not found.answered:
        assert found.nodes == cut.nodes == ()
        return
    assert sorted(found.nodes) == [n for n in others if not reaches(pairs, target, (n,))]
    smallest = next(
        (
            size
            for size in range(len(others) + 1)
            if any(not reaches(pairs, target, c) for c in itertools.combinations(others, size))
        ),
        None,
    )
    if smallest is None:
        assert not cut.answered
        return
    assert len(cut.nodes) == smallest
    assert not reaches(pairs, target, cut.nodes)


@settings(max_examples=100, deadline=None)
@given(GRAPHS)
def test_pagerank_solves_its_equation(pairs):
    """Networkx needs scipy for PageRank; its matrix needs numpy only."""
    net = network(pairs)
    turned = nx.DiGraph()
    turned.add_nodes_from(sorted(net.node_rows))
    turned.add_edges_from((v, u) for u, v in pairs if u != v)
    matrix = nx.google_matrix(turned, alpha=0.85)
    found = {s.id: s.value for s in centrality(net, "pagerank").scores}
    vector = [found[n] for n in turned]
    assert list(vector @ matrix) == pytest.approx(vector, abs=1e-10)
    assert sum(vector) == pytest.approx(1)


@settings(max_examples=100, deadline=None)
@given(GRAPHS)
def test_articulation_points_equal_trying_everything(pairs):
    plain = nx.Graph((u, v) for u, v in pairs if u != v)
    plain.add_nodes_from(n for pair in pairs for n in pair)
    parts = nx.number_connected_components(plain)
    expected = sorted(
        n
        for n in plain
        if nx.number_connected_components(nx.restricted_view(plain, [n], []))
        > parts - (plain.degree(n) == 0)
    )
    assert list(articulation_points(network(pairs)).nodes) == expected


def test_same_bytes_whatever_the_hash_seed():
    code = (
        "import json; from test_centrality import *; net = network(PAIRS + [('r', 'mine_x')]);"
        "print(json.dumps([minimum_vertex_cut(net, 'sep_a').to_dict(),"
        "dominators(net, 'missile').to_dict(), articulation_points(net).to_dict(),"
        "centrality(net, 'pagerank').to_dict(), centrality(net, 'betweenness').to_dict()]))"
    )
    here = str(Path(__file__).parent)
    out = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": here},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(out) == 1
