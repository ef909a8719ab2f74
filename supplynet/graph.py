"""The network as a networkx graph: for whoever wants to go on with graph tools."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.model import resolve_date
from supplynet.ownership import controllers

if TYPE_CHECKING:
    import networkx as nx

    from supplynet.model import SupplyNetwork, Table

__all__ = ["graph"]

#: Names that networkx readers and writers use themselves; an own column of that name gets an
#: underscore, or it would overwrite the ends of an edge.
_RESERVED_NODE = frozenset({"id", "key", "owner", "controller", "operates"})
_RESERVED_EDGE = frozenset({"id", "key", "source", "target", "supplier", "consumer"})


def graph(net: SupplyNetwork, *, on: date | str | None = None) -> nx.MultiDiGraph[str]:
    """Return the network on a date as a graph: supplier -> consumer, keyed by supply id.

    Parameters
    ----------
    net
        The network.
    on
        The date; that of the data (`as_of`) by default.

    Returns
    -------
    networkx.MultiDiGraph
        A new graph that the caller may change. All nodes, and the supplies that hold on the date,
        both sorted by id. An edge carries the columns of its supply, a node those of its row
        and besides ``owner`` and ``controller`` as they stand on the date and ``operates``
        (False: closed, not begun, ended). Numbers are float, dates ISO text, lists text with
        ``;`` between. What is unknown has no attribute: ask ``.get``. The graph itself carries
        ``name``, ``title``, ``on`` and ``digest``.

    Raises
    ------
    QuestionError
        `on` is no date, or rows are dated and no date is known.

    Notes
    -----
    A supply holds while it has begun and not ended, is not closed, and, where planned, from its
    start. One that is not qualified is there, with its attribute. Nothing here knows that needs
    are joined by AND: a path is no proof that anything runs.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> from supplynet.graph import graph
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["mine"], "consumer": ["magnet"], "material": ["ndpr"]})
    ... )
    >>> G = graph(net)
    >>> [(u, v, key, data["material"]) for u, v, key, data in G.edges(keys=True, data=True)]
    [('mine', 'magnet', 'mine>magnet:ndpr', 'ndpr')]
    """
    import networkx as nx

    day = resolve_date(net, on)
    control = controllers(net, on=day).by_id
    supplies = net.table("supplies")
    graph_: nx.MultiDiGraph[str] = nx.MultiDiGraph(
        name=net.name,
        title=net.meta.title,
        on=day.isoformat() if day else "",
        digest=net.digest,
    )
    nodes = net.table("nodes")
    running = {row["id"]: holds(nodes, i, day) for i, row in enumerate(nodes.rows())}
    for node in sorted(net.node_rows):
        data = _attributes(net.node_rows[node], {"id"}, _RESERVED_NODE)
        stands = control[node]
        data |= {
            name: value
            for name, value in (("owner", stands.owner), ("controller", stands.controller))
            if value is not None
        }
        graph_.add_node(node)
        graph_.nodes[node].update(data, operates=running[node])
    live = [row for i, row in enumerate(supplies.rows()) if holds(supplies, i, day)]
    for row in sorted(live, key=lambda r: str(r["id"])):
        data = _attributes(row, {"id", "supplier", "consumer"}, _RESERVED_EDGE)
        key = graph_.add_edge(row["supplier"], row["consumer"], key=row["id"])
        graph_.edges[row["supplier"], row["consumer"], key].update(data)
    return graph_


def holds(table: Table, index: int, on: date | None) -> bool:
    """Say whether a row of `nodes` or `supplies` holds on a date."""
    status = table.column("status")[index]
    start, end = table.column("start")[index], table.column("end")[index]
    if status == "closed" or (status == "planned" and start is None):
        return False
    return on is None or ((start is None or start <= on) and (end is None or on < end))


def _attributes(
    row: Mapping[str, Any], left_out: Collection[str], reserved: Collection[str]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for column, value in row.items():
        if column in left_out or value is None or value == ():
            continue
        name = column
        while name in reserved or (name != column and name in row):
            name += "_"
        data[name] = _plain(value)
    return data


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return ";".join(value)
    return value
