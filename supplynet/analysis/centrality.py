"""What the plain graph says: centrality, dominators, vertex cuts, articulation points.

Each is a view. The plain graph knows who supplies whom, not that a magnet needs its metal *and*
its cobalt; a node that stops everything can come last in every one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from supplynet.errors import QuestionError, did_you_mean
from supplynet.graph import graph
from supplynet.units import ask

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = [
    "LABEL",
    "MEASURES",
    "Centrality",
    "GraphView",
    "Score",
    "articulation_points",
    "centrality",
    "dominators",
    "minimum_vertex_cut",
]

#: What every result here says of itself.
LABEL = "a view on the plain graph, not criticality"

MEASURES = ("betweenness", "pagerank", "in_degree", "out_degree", "degree")

_NOTES = {
    "betweenness": "share of the shortest paths between two other nodes that run through the node",
    "pagerank": "PageRank on the reversed graph: consumers pass weight to their suppliers",
    "in_degree": "number of its suppliers",
    "out_degree": "number of its consumers",
    "degree": "number of its suppliers and consumers",
    "dominators": "nodes on every path from a source to the target, sources first; OR-only: "
    "a node that stops the target through an AND is not seen",
    "minimum_vertex_cut": "fewest nodes whose removal leaves no path from a source to the target; "
    "of several, the one nearest to the target",
    "articulation_points": "nodes whose removal splits the undirected graph",
}
#: Digits that are kept: what is equal on paper must not differ by the order of a sum.
_DIGITS = 12
_DAMPING = 0.85
_TOLERANCE = 1e-14
_ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Score:
    """One node in a ranking; equal values share a rank, and the next rank is skipped."""

    id: str
    label: str
    value: float
    rank: int


@dataclass(frozen=True)
class Centrality:
    """A ranking of the nodes by one measure. Made by :func:`centrality`.

    Attributes
    ----------
    measure
        Its name.
    on
        The date.
    scores
        All nodes that operate on the date, highest value first, equal ones by id.
    not_running
        Nodes that do not, and are therefore left out.
    """

    measure: str
    on: date | None
    scores: tuple[Score, ...]
    not_running: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the ranking is: a view."""
        return LABEL

    @property
    def note(self) -> str:
        """What the measure counts."""
        return _NOTES[self.measure]

    def rank(self, node: str) -> Score:
        """Return the score of one node.

        Raises
        ------
        QuestionError
            The ranking has no such node.
        """
        for score in self.scores:
            if score.id == node:
                return score
        ids = [score.id for score in self.scores]
        raise QuestionError(f"{node!r} is not ranked.{did_you_mean(node, ids)}")

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the command ``centrality``."""
        return {
            "measure": self.measure,
            "label": self.label,
            "note": self.note,
            "on": self.on.isoformat() if self.on else None,
            "nodes": [
                {"id": s.id, "label": s.label, "value": s.value, "rank": s.rank}
                for s in self.scores
            ],
            "not_running": list(self.not_running),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per node: rank, id, label, value."""
        import pandas as pd

        rows = [(s.rank, s.id, s.label, s.value) for s in self.scores]
        return pd.DataFrame(rows, columns=["rank", "id", "label", "value"])

    def __repr__(self) -> str:
        first = [s.id for s in self.scores if s.rank == 1]
        return f"<{self.measure} ({self.label}): first of {len(self.scores)}: {', '.join(first)}>"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


@dataclass(frozen=True)
class GraphView:
    """Nodes that a graph method singles out. Made by the functions of this module.

    Attributes
    ----------
    view
        ``dominators``, ``minimum_vertex_cut`` or ``articulation_points``.
    target
        The target, ``None`` for a view on the whole graph.
    on
        The date.
    nodes
        What the method gives: dominators from source to target, others sorted by id. Empty is no
        sign of safety.
    sources
        Nodes upstream of the target that nobody supplies, where paths start.
    answered
        False where the method has nothing to work on: no source reaches the target, or the
        target is a source itself.
    """

    view: str
    target: str | None
    on: date | None
    nodes: tuple[str, ...]
    sources: tuple[str, ...] = ()
    answered: bool = True

    @property
    def label(self) -> str:
        """What the result is: a view."""
        return LABEL

    @property
    def note(self) -> str:
        """What the method looks for."""
        return _NOTES[self.view]

    def to_dict(self) -> dict[str, Any]:
        """Return the view as plain values."""
        return {
            "view": self.view,
            "label": self.label,
            "note": self.note,
            "target": self.target,
            "on": self.on.isoformat() if self.on else None,
            "answered": self.answered,
            "nodes": list(self.nodes),
            "sources": list(self.sources),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per node of the view."""
        import pandas as pd

        rows = [(self.view, self.target, node) for node in self.nodes]
        return pd.DataFrame(rows, columns=["view", "target", "id"], dtype="str")

    def __repr__(self) -> str:
        found = ", ".join(self.nodes) if self.nodes else "none"
        return f"<{self.view} ({self.label}): {found if self.answered else 'nothing to work on'}>"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


def centrality(
    net: SupplyNetwork, measure: str = "betweenness", *, on: date | str | None = None
) -> Centrality:
    """Return the nodes ranked by a centrality of the plain graph: a view, not criticality.

    Parameters
    ----------
    net
        The network.
    measure
        ``betweenness`` (0-1), ``pagerank`` (on the reversed graph; sums to 1), ``in_degree``
        (suppliers), ``out_degree`` (consumers) or ``degree`` (both together).
    on
        The date; that of the data by default.

    Returns
    -------
    Centrality
        Scores, highest first. Equal scores share a rank.

    Raises
    ------
    QuestionError
        There is no such measure, `on` is no date, or rows are dated and no date is known.

    Notes
    -----
    Taken on the simple directed graph of the nodes that operate and the supplies that hold on the
    date: several supplies between the same two nodes count once, shares do not count. PageRank
    is iterated here, with numpy, because that of networkx needs scipy, which nothing else here
    does; damping 0.85, until the sum of changes is below 1e-14. Betweenness costs nodes x edges.

    A low rank says nothing about what stops when the node is lost.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["mine", "plant"], "consumer": ["plant", "missile"]})
    ... )
    >>> ranking = supplynet.centrality(net, "betweenness")
    >>> ranking.label
    'a view on the plain graph, not criticality'
    >>> [(s.rank, s.id, s.value) for s in ranking.scores]
    [(1, 'plant', 0.5), (2, 'mine', 0.0), (2, 'missile', 0.0)]

    References
    ----------
    Freeman, L. C. (1977), A set of measures of centrality based on betweenness. Sociometry 40.
    Page, L., Brin, S., Motwani, R., Winograd, T. (1999), The PageRank citation ranking.
    """
    if measure not in MEASURES:
        raise QuestionError(
            f"no centrality {measure!r}.{did_you_mean(measure, MEASURES)} "
            f"Known: {', '.join(MEASURES)}"
        )
    simple, day, idle = _simple(net, on)
    values = _values(simple, measure)
    rounded = {node: round(float(value), _DIGITS) for node, value in values.items()}
    scores: list[Score] = []
    for place, node in enumerate(sorted(rounded, key=lambda n: (-rounded[n], n)), start=1):
        value = rounded[node]
        rank = scores[-1].rank if scores and scores[-1].value == value else place
        scores.append(Score(node, net.node_rows[node].get("name") or node, value, rank))
    return Centrality(measure, day, tuple(scores), idle)


def dominators(
    net: SupplyNetwork, target: str | None = None, *, on: date | str | None = None
) -> GraphView:
    """Return the nodes on every path from a source to the target: OR-only, a view.

    Parameters
    ----------
    net
        The network.
    target
        Id of the target; that of the network by default.
    on
        The date; that of the data by default.

    Returns
    -------
    GraphView
        Its `nodes` from source to target, without the target. ``answered`` is False where no
        source reaches it.

    Raises
    ------
    QuestionError, UnknownNameError
        As :func:`supplynet.single_points_of_failure`.

    Notes
    -----
    A source is a node that nobody supplies on the date. A dominator reads every need as if any
    input could stand in for any other, so it is weaker than a single point of failure: where
    two inputs are both needed, neither dominates and both stop the target.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame(
    ...         {"supplier": ["a", "b", "plant"], "consumer": ["plant", "plant", "missile"]}
    ...     )
    ... )
    >>> supplynet.dominators(net, "missile").nodes
    ('plant',)
    """
    import networkx as nx

    upstream, asked, day, sources = _upstream(net, target, on)
    if not sources:
        return GraphView("dominators", asked, day, (), answered=False)
    start = _start(upstream, sources)
    above = nx.immediate_dominators(upstream, start)
    chain = []
    step = asked
    # networkx leaves out the start from 3.6 on and maps it to itself before.
    while (step := above[step]) != start:
        chain.append(step)
    return GraphView("dominators", asked, day, tuple(reversed(chain)), sources)


def minimum_vertex_cut(
    net: SupplyNetwork, target: str | None = None, *, on: date | str | None = None
) -> GraphView:
    """Return the fewest nodes that separate the target from all sources: OR-only, a view.

    Parameters
    ----------
    net
        The network.
    target
        Id of the target; that of the network by default.
    on
        The date; that of the data by default.

    Returns
    -------
    GraphView
        Its `nodes`, sorted by id, the target not among them. Of several smallest cuts the one
        nearest to the target, which is unique. ``answered`` is False where no source reaches the
        target, or the target is a source.

    Raises
    ------
    QuestionError, UnknownNameError
        As :func:`supplynet.single_points_of_failure`.

    Notes
    -----
    A source may be cut itself. An upper bound at best: removing these nodes stops the target,
    but where inputs are joined by AND far fewer may do.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["a", "b"], "consumer": ["missile", "missile"]})
    ... )
    >>> supplynet.minimum_vertex_cut(net, "missile").nodes
    ('a', 'b')
    """
    import networkx as nx

    upstream, asked, day, sources = _upstream(net, target, on)
    if not sources or asked in sources:
        return GraphView("minimum_vertex_cut", asked, day, (), sources, answered=False)
    # Each node becomes an arc of capacity 1; arcs without a capacity carry anything.
    split: nx.DiGraph[tuple[int, str]] = nx.DiGraph()
    for node in upstream:
        if node != asked:
            split.add_edge((0, node), (1, node), capacity=1)
    for supplier, consumer in upstream.edges:
        if supplier != asked:
            split.add_edge((1, supplier), (0, consumer))
    split.add_edges_from(((2, ""), (0, source)) for source in sources)
    # networkx splits at the arcs nearest to the sink, whichever way it found the flow.
    _, (far, near) = nx.minimum_cut(split, (2, ""), (0, asked))
    cut = sorted(node for side, node in far if side == 0 and (1, node) in near)
    return GraphView("minimum_vertex_cut", asked, day, tuple(cut), sources)


def articulation_points(net: SupplyNetwork, *, on: date | str | None = None) -> GraphView:
    """Return the nodes whose removal splits the undirected graph: a view.

    Parameters
    ----------
    net
        The network.
    on
        The date; that of the data by default.

    Returns
    -------
    GraphView
        Its `nodes`, sorted by id.

    Raises
    ------
    QuestionError
        `on` is no date, or rows are dated and no date is known.

    Notes
    -----
    Direction is ignored, and with it who feeds whom.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["mine", "plant"], "consumer": ["plant", "missile"]})
    ... )
    >>> supplynet.articulation_points(net).nodes
    ('plant',)
    """
    import networkx as nx

    simple, day, _ = _simple(net, on)
    found = sorted(nx.articulation_points(simple.to_undirected()))
    return GraphView("articulation_points", None, day, tuple(found))


def _simple(
    net: SupplyNetwork, on: date | str | None
) -> tuple[nx.DiGraph[str], date | None, tuple[str, ...]]:
    """Return the simple graph of what operates on the date, the date, and what does not."""
    import networkx as nx

    full = graph(net, on=on)
    running = [node for node, data in full.nodes(data=True) if data["operates"]]
    simple: nx.DiGraph[str] = nx.DiGraph()
    simple.add_nodes_from(running)
    simple.add_edges_from(
        sorted({(u, v) for u, v in full.edges() if u != v and u in simple and v in simple})
    )
    text = full.graph["on"]
    day = date.fromisoformat(text) if text else None
    return simple, day, tuple(sorted(set(full) - set(running)))


def _upstream(
    net: SupplyNetwork, target: str | None, on: date | str | None
) -> tuple[nx.DiGraph[str], str, date | None, tuple[str, ...]]:
    """Return what lies upstream of the target, the target, the date, and the sources there."""
    import networkx as nx

    question = ask(net, target, on=on)
    simple, day, _ = _simple(net, question.on)
    asked = question.target
    if asked not in simple:
        return nx.DiGraph(), asked, day, ()
    # Copied in sorted order: a subgraph view would iterate in the order of a set's hashes.
    inside = nx.ancestors(simple, asked) | {asked}
    upstream: nx.DiGraph[str] = nx.DiGraph()
    upstream.add_nodes_from(sorted(inside))
    upstream.add_edges_from((u, v) for u, v in simple.edges if u in inside and v in inside)
    sources = tuple(sorted(node for node, degree in upstream.in_degree() if degree == 0))
    return upstream, asked, day, sources


def _start(upstream: nx.DiGraph[str], sources: Iterable[str]) -> str:
    """Add a start before all sources, under a name that no node has."""
    start = "source"
    while start in upstream:
        start += "'"
    upstream.add_edges_from((start, source) for source in sources)
    return start


def _values(simple: nx.DiGraph[str], measure: str) -> Mapping[str, float]:
    import networkx as nx

    if measure == "betweenness":
        found: Mapping[str, float] = nx.betweenness_centrality(simple)
        return found
    if measure == "pagerank":
        return _reverse_pagerank(simple)
    into = dict(simple.in_degree())
    out = dict(simple.out_degree())
    if measure == "in_degree":
        return into
    if measure == "out_degree":
        return out
    return {node: into[node] + out[node] for node in simple}


def _reverse_pagerank(simple: nx.DiGraph[str]) -> dict[str, float]:
    """Return PageRank with every edge turned round; a node without suppliers gives to all."""
    import numpy as np

    nodes = sorted(simple)
    if not nodes:
        return {}
    index = {node: i for i, node in enumerate(nodes)}
    edges = sorted((index[v], index[u]) for u, v in simple.edges)
    giver = np.array([g for g, _ in edges], dtype=np.intp)
    taker = np.array([t for _, t in edges], dtype=np.intp)
    count = len(nodes)
    given = np.bincount(giver, minlength=count)
    part = 1.0 / given[giver]
    idle = given == 0
    rank = np.full(count, 1.0 / count)
    for _ in range(_ROUNDS):
        flow = np.bincount(taker, weights=rank[giver] * part, minlength=count)
        moved = _DAMPING * (flow + rank[idle].sum() / count) + (1 - _DAMPING) / count
        change = np.abs(moved - rank).sum()
        rank = moved
        if change < _TOLERANCE:
            break
    return dict(zip(nodes, (rank / rank.sum()).tolist(), strict=True))
