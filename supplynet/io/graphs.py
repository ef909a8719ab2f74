"""What the writers of graphs share: nodes and edges in one order, whatever the graph's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["Edge", "sorted_edges", "sorted_nodes"]

#: Supplier, consumer, key and attributes.
Edge = tuple[str, str, str, dict[str, Any]]


def sorted_nodes(G: nx.MultiDiGraph[str]) -> list[tuple[str, dict[str, Any]]]:  # noqa: N803
    """Return nodes with their attributes, by id."""
    return sorted((str(node), dict(data)) for node, data in G.nodes(data=True))


def sorted_edges(G: nx.MultiDiGraph[str]) -> list[Edge]:  # noqa: N803
    """Return edges with their key and attributes, by ends and key."""
    found: list[Edge] = []
    for first, neighbours in G.adjacency():
        for second, keyed in neighbours.items():
            found += [(str(first), str(second), str(key), data) for key, data in keyed.items()]
    return sorted(found, key=lambda edge: edge[:3])
