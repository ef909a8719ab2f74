"""Node-link JSON, as networkx and d3 write it: nodes, and edges (or links) between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supplynet.io.convert import Findings
from supplynet.io.graphs import (
    EdgeRow,
    NodeRow,
    edge_table,
    node_table,
    own_keys,
    sorted_edges,
    sorted_nodes,
    without_derived,
)
from supplynet.io.jsonform import kind_of, plain, row_text
from supplynet.io.jsontext import JsonList, JsonNumber, JsonObject
from supplynet.io.meta import meta_from_mapping
from supplynet.io.read import Examination, Undirected, assemble
from supplynet.schema import TABLES, fold

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["node_link_text", "read_node_link"]

#: Keys of an edge that are no attributes.
_ENDS = ("source", "target", "key")


def read_node_link(
    document: JsonObject, place: Path, findings: Findings, *, undirected: Undirected
) -> Examination:
    """Return what a node-link document brings up, and its network if there is no error.

    Parameters
    ----------
    document
        The document, with `nodes` and either `edges` or `links`.
    place
        Its file.
    findings
        Takes what is wrong.
    undirected
        What becomes of edges where the document says ``directed: false``.

    Notes
    -----
    Ids are text. Edges that name their ends by number, as d3 can, are refused: 0 might be the
    first node or the node 0.
    """
    name = place.name
    if "edges" in document and "links" in document:
        what = "has both 'edges' and 'links'"
        findings.add(name, what, "Keep the one that holds the supplies")
        return Examination(None, findings.all())
    key = "edges" if "edges" in document else "links"
    nodes = [
        _node(row, f"{name}[nodes]", findings) for row in _rows(document, "nodes", name, findings)
    ]
    directed = _directed(document, name, findings)
    edges = [
        _edge(row, f"{name}[{key}]", findings, directed=directed)
        for row in _rows(document, key, name, findings)
    ]
    network = _network(document, name, findings)
    found_nodes = [node for node in nodes if node is not None]
    found_edges = [edge for edge in edges if edge is not None]
    if "digest" in network:
        # A file of our own says besides what follows from the tables; that is no data.
        found_nodes = without_derived(found_nodes)
        network = own_keys(name, network, findings)
    meta = meta_from_mapping(
        {k: v for k, v in network.items() if v is not None}, place.stem, findings
    )
    if any(finding.level == "error" for finding in findings.all()):
        return Examination(None, findings.all())
    found_nodes = _one_name(found_nodes, name, findings)
    raws = {
        "nodes": node_table(name, found_nodes, _order(found_nodes)),
        "supplies": edge_table(
            name, found_edges, found_nodes, _order(found_edges), findings, undirected=undirected
        ),
    }
    return assemble(raws, meta, findings, meta_where=name, source=str(place.resolve()))


def _order(rows: Sequence[NodeRow] | Sequence[EdgeRow]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row.data))


def _rows(document: JsonObject, key: str, name: str, findings: Findings) -> list[JsonObject]:
    value = document[key]
    if not isinstance(value, JsonList):
        findings.add(name, f"{key!r} is {kind_of(value)}", "Write a list of objects")
        return []
    rows = []
    for line, row in zip(value.lines, value, strict=True):
        if isinstance(row, JsonObject):
            rows.append(row)
        else:
            where = f"{name}[{key}]:{line}"
            findings.add(where, f"is {kind_of(row)}", "Write an object", kind=(name, key, "row"))
    return rows


def _directed(document: JsonObject, name: str, findings: Findings) -> bool:
    value = document.get("directed")
    if value is None:
        if any(document[key] for key in ("edges", "links") if key in document):
            what = "does not say whether it is directed: the source of an edge is read as supplier"
            findings.add(name, what, 'Write "directed": true', "note")
        return True
    if isinstance(value, bool):
        return value
    findings.add(name, f"'directed' is {kind_of(value)}", "Write true or false")
    return True


def _node(row: JsonObject, where: str, findings: Findings) -> NodeRow | None:
    place = f"{where}:{row.line}"
    node = _text(row.get("id"), "id", place, findings)
    return None if node is None else NodeRow(row.line, node, _data(row, ("id",)))


def _edge(row: JsonObject, where: str, findings: Findings, *, directed: bool) -> EdgeRow | None:
    place = f"{where}:{row.line}"
    supplier = _text(row.get("source"), "source", place, findings)
    consumer = _text(row.get("target"), "target", place, findings)
    if supplier is None or consumer is None:
        return None
    data = _data(row, ("source", "target", "id"))
    given = row.get("id", row.get("key"))
    # networkx numbers parallel edges with `key`; only text names a supply.
    edge_id = given if isinstance(given, str) and not isinstance(given, JsonNumber) else ""
    if ("id" not in row and edge_id) or isinstance(row.get("key"), JsonNumber):
        data = {key: text for key, text in data.items() if key != "key"}
    return EdgeRow(row.line, edge_id, supplier, consumer, directed, data)


def _text(value: object, key: str, place: str, findings: Findings) -> str | None:
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        return value
    if value is None:
        findings.add(place, f"no {key}", "Every node and every end of an edge is named by its id")
        return None
    what = f"{key} is {kind_of(value)}"
    fix = "Write ids as text in double quotes"
    if isinstance(value, JsonNumber):
        what = f"{key} is {value}, a number"
        if key != "id":
            fix = "Write the id of the node as text; a place in the list is not read"
    findings.add(place, what, fix, kind=(place.rpartition(":")[0], key))
    return None


def _data(row: JsonObject, own: Sequence[str]) -> dict[str, str]:
    """Return the other keys of an object as text; null is left out."""
    found = {}
    for key, value in row.items():
        if key not in own and value is not None:
            found[key] = _attribute(value)
    return found


def _attribute(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, JsonList) and all(isinstance(item, str) for item in value):
        return ";".join(map(str, value))
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True)


def _one_name(nodes: Sequence[NodeRow], name: str, findings: Findings) -> list[NodeRow]:
    """Return nodes in which one attribute means `name`; others that could are kept as extras."""
    schema = TABLES["nodes"]
    meant = [
        key
        for key in _order(nodes)
        if fold(key) == "name" or schema.folded_aliases.get(fold(key), (None,))[0] == schema["name"]
    ]
    first = next((key for key in meant if fold(key) == "name"), meant[0] if meant else "")
    spare = [key for key in meant if key != first]
    for key in spare:
        what = (
            f"attributes {first!r} and {key!r} could both be the name: {key!r} is kept as an extra"
        )
        findings.add(name, what, "Rename one to name", "warning")
    return [
        replace(
            node,
            data={f"{key} (attribute)" if key in spare else key: v for key, v in node.data.items()},
        )
        for node in nodes
    ]


def _network(document: JsonObject, name: str, findings: Findings) -> dict[str, Any]:
    """Return the attributes of the graph; other keys of the document are set aside."""
    value = document.get("graph")
    known = {"directed", "multigraph", "graph", "nodes", "edges", "links"}
    for key in document:
        if key not in known:
            findings.add(name, f"key {key!r} is set aside", level="note")
    if isinstance(value, JsonList) and all(
        isinstance(pair, JsonList) and len(pair) == 2 and isinstance(pair[0], str) for pair in value
    ):
        # networkx 1 wrote the attributes of the graph as pairs.
        return {str(pair[0]): plain(pair[1]) for pair in value}  # type: ignore[index]
    if value is not None and not isinstance(value, JsonObject):
        findings.add(name, f"'graph' is {kind_of(value)}", "Write an object of keys")
    return (
        {key: plain(item) for key, item in value.items()} if isinstance(value, JsonObject) else {}
    )


# Writing


def node_link_text(G: nx.MultiDiGraph[str]) -> str:  # noqa: N803
    """Return a graph as node-link JSON that networkx (``edges="edges"``) and d3 read.

    Parameters
    ----------
    G
        A graph as :func:`supplynet.graph` gives it.

    Notes
    -----
    The key of an edge is the id of the supply. Attributes called `id`, `source`, `target` or
    `key` would overwrite these; they are written with ``(attribute)`` behind their name.
    """
    nodes = [{"id": node, **_values(data, ("id",))} for node, data in sorted_nodes(G)]
    edges = [
        {"source": first, "target": second, "key": key, **_values(data, (*_ENDS, "id"))}
        for first, second, key, data in sorted_edges(G)
    ]
    about = row_text(_values(G.graph, ()))
    parts = [f'  "directed": true,\n  "multigraph": true,\n  "graph": {about}']
    for name, rows in (("nodes", nodes), ("edges", edges)):
        lines = ",\n".join(f"    {row_text(row)}" for row in rows)
        parts.append(f'  "{name}": [\n{lines}\n  ]' if rows else f'  "{name}": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _values(data: Mapping[str, Any], own: Sequence[str]) -> dict[str, Any]:
    named = {f"{key} (attribute)" if key in own else key: value for key, value in data.items()}
    return dict(sorted(named.items()))
