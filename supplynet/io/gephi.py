"""Gephi: a table of nodes and a table of edges, with the headings that Gephi knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from supplynet.io.graphs import attribute_text, beside, sorted_edges, sorted_nodes
from supplynet.io.write import csv_line
from supplynet.text import csv_cell

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["OWN", "gephi_tables"]

#: Gephi's own headings.
OWN = {
    "node": frozenset({"id", "label"}),
    "edge": frozenset({"source", "target", "type", "id", "label"}),
}


def gephi_tables(G: nx.MultiDiGraph[str]) -> dict[str, str]:  # noqa: N803
    """Return the two tables as CSV text, by file name; same graph, same text.

    Parameters
    ----------
    G
        A graph whose attributes are text, numbers, truth values, or lists of text.
    """
    nodes = sorted_nodes(G)
    edges = sorted_edges(G)
    # The name of a node is its label.
    node_names = _names([data for _, data in nodes], OWN["node"], left_out={"name"})
    edge_names = _names([data for *_, data in edges], OWN["edge"])
    node_lines = [csv_line(["Id", "Label", *map(csv_cell, node_names.values())])]
    node_lines += [
        csv_line(
            [csv_cell(node), csv_cell(str(data.get("name") or node)), *_cells(data, node_names)]
        )
        for node, data in nodes
    ]
    edge_lines = [
        csv_line(["Source", "Target", "Type", "Id", "Label", *map(csv_cell, edge_names.values())])
    ]
    edge_lines += [
        csv_line(
            [
                csv_cell(first),
                csv_cell(second),
                "Directed",
                csv_cell(key),
                csv_cell(str(data.get("material") or "")),
                *_cells(data, edge_names),
            ]
        )
        for first, second, key, data in edges
    ]
    return {"nodes.csv": "".join(node_lines), "edges.csv": "".join(edge_lines)}


def _names(
    rows: Iterable[Mapping[str, Any]], own: Collection[str], left_out: Collection[str] = ()
) -> dict[str, str]:
    """Return the attributes and their headings; none is a heading of Gephi's own."""
    names = sorted({str(name) for row in rows for name in row} - set(left_out))
    return {name: beside(name, own) for name in names}


def _cells(data: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [_cell(data.get(name)) for name in names]


def _cell(value: object) -> str:
    text = attribute_text(value)
    return csv_cell(text) if isinstance(value, (str, list, tuple)) else text
