"""Node-link JSON, as networkx and d3 write it: nodes, and edges (or links) between them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supplynet.io.convert import Findings
from supplynet.io.csvtext import Refused
from supplynet.io.graphs import (
    EdgeRow,
    NodeRow,
    edge_table,
    node_table,
    one_name,
    own_keys,
    sorted_edges,
    sorted_nodes,
    without_derived,
)
from supplynet.io.jsonform import (
    cell_of,
    check_width,
    field_of,
    kind_of,
    objects,
    plain,
    row_text,
)
from supplynet.io.jsontext import JsonNumber, JsonObject, written
from supplynet.io.meta import meta_at
from supplynet.io.read import Examination, Undirected, assemble
from supplynet.schema import fold

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["node_link_text", "read_node_link"]

#: Keys of an edge that are no attributes.
_ENDS = ("source", "target", "key")
_IDS = "Every node and every end of an edge is named by its id"


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
    nodes_name, node_numbers, node_rows = objects(document["nodes"], name, "nodes", findings)
    edges_name, edge_numbers, edge_rows = objects(document[key], name, key, findings)
    if _by_place(node_rows, edge_rows):
        what = "the edges name their ends by place in the list of nodes, as d3 can"
        fix = "Give each node an id, and name the ends by it: whether 0 is a place is not guessed"
        findings.add(f"{edges_name}:{edge_numbers[0]}", what, fix)
        return Examination(None, findings.all())
    try:
        nodes = _nodes(nodes_name, node_numbers, node_rows, findings)
        directed = _directed(document, name, findings)
        edges = _edges(edges_name, edge_numbers, edge_rows, findings, directed=directed)
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    network = _network(document, name, findings)
    if "digest" in network:
        # A file of our own says besides what follows from the tables; that is no data.
        nodes = without_derived(nodes)
        network = own_keys(name, network, findings)
    meta = meta_at(network, f"{name}[graph]", place.stem, findings)
    if any(finding.level == "error" for finding in findings.all()):
        return Examination(None, findings.all())
    nodes = one_name(nodes, nodes_name, findings)
    raws = {
        "nodes": node_table(nodes_name, nodes, _order(nodes)),
        "supplies": edge_table(
            edges_name, edges, nodes, _order(edges), findings, undirected=undirected
        ),
    }
    return assemble(raws, meta, findings, meta_where=f"{name}[graph]", source=str(place.resolve()))


def _order(rows: Sequence[NodeRow] | Sequence[EdgeRow]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row.data))


def _by_place(nodes: Sequence[JsonObject], edges: Sequence[JsonObject]) -> bool:
    """Say whether ends of edges are numbers and no node has an id."""
    numbered = any(isinstance(row.get(end), JsonNumber) for row in edges for end in _ENDS[:2])
    return numbered and not any("id" in row for row in nodes)


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


def _nodes(
    name: str, numbers: Sequence[int], rows: Sequence[JsonObject], findings: Findings
) -> list[NodeRow]:
    attributes = _Attributes("nodes", name, ("id",), rows, findings)
    found = []
    for number, row in zip(numbers, rows, strict=True):
        where = f"{name}:{number}"
        node = _id(row, "id", where, findings)
        data = attributes.of(row, where, ("id",))
        if node is not None:
            found.append(NodeRow(number, node, data))
    return found


def _edges(
    name: str,
    numbers: Sequence[int],
    rows: Sequence[JsonObject],
    findings: Findings,
    *,
    directed: bool,
) -> list[EdgeRow]:
    attributes = _Attributes("supplies", name, ("id", "supplier", "consumer"), rows, findings)
    found = []
    counted = False
    for number, row in zip(numbers, rows, strict=True):
        where = f"{name}:{number}"
        supplier = _id(row, "source", where, findings)
        consumer = _id(row, "target", where, findings)
        own = [*_ENDS[:2], "id"]
        edge = None if row.get("id") is None else _id(row, "id", where, findings)
        key = row.get("key")
        if isinstance(key, JsonNumber):
            # networkx counts parallel edges by their key; only text names a supply.
            own.append("key")
            counted = True
        elif edge is None and isinstance(key, str):
            own.append("key")
            edge = key
        said = row.get("directed")
        if isinstance(said, bool):
            own.append("directed")
        data = attributes.of(row, where, own)
        if supplier is not None and consumer is not None:
            one_way = said if isinstance(said, bool) else directed
            found.append(EdgeRow(number, edge or "", supplier, consumer, one_way, data))
    if counted:
        what = "keys of edges that are numbers count parallel edges, and are set aside"
        findings.add(name, what, "Supplies are named supplier>consumer:material", "note")
    return found


def _id(row: JsonObject, key: str, where: str, findings: Findings) -> str | None:
    """Return the id that a key holds, ``None`` with a finding where it is no text."""
    value = row.get(key)
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        return value
    kind = (where.rpartition(":")[0], key)
    if value is not None:
        text = written(value)
        fix = f"Ids are text: write {json.dumps(text, ensure_ascii=False)}"
        if not isinstance(value, (JsonNumber, bool)):
            fix = "Ids are text"
        findings.add(where, f"{key} is {kind_of(value)}", fix, kind=kind)
        return None
    others = ("node_id", "name", "label") if key == "id" else (f"{key}_id", f"{key}Id")
    other = next((other for other in others if isinstance(row.get(other), str)), None)
    fix = f"Rename {other!r} to {key!r} if it is the id" if other else _IDS
    findings.add(where, f"no {key}", fix, kind=kind)
    return None


class _Attributes:
    """Gives the other keys of nodes or edges as text."""

    def __init__(
        self,
        table: str,
        name: str,
        given: Sequence[str],
        rows: Sequence[JsonObject],
        findings: Findings,
    ) -> None:
        headings = {key for row in rows for key in row}
        check_width(name, len(rows), len(headings))
        taken = {fold(heading) for heading in (*headings, *given)}
        self.fields = {heading: field_of(table, heading, taken) for heading in headings}
        self.findings = findings

    def of(self, row: JsonObject, where: str, own: Sequence[str]) -> dict[str, str]:
        """Return the attributes of one row but for its own keys; null is left out."""
        found = {}
        for key, value in row.items():
            if key in own or value is None:
                continue
            cell = cell_of(value, self.fields[key], key, where, self.findings)
            if isinstance(cell, tuple):
                bad = next((item for item in cell if ";" in item), None)
                if bad is not None:
                    what = f"{key} holds the item {bad!r}"
                    fix = "Items of a list cannot hold a semicolon"
                    kind = (where.rpartition(":")[0], key)
                    self.findings.add(where, what, fix, kind=kind)
                cell = ";".join(cell)
            found[key] = cell
        return found


def _network(document: JsonObject, name: str, findings: Findings) -> dict[str, Any]:
    """Return the attributes of the graph; other keys of the document are set aside."""
    value = document.get("graph")
    known = ("directed", "multigraph", "graph", "nodes", "edges", "links")
    for key in document:
        if key not in known and not key.startswith("$"):
            near = difflib.get_close_matches(key.casefold(), known, n=1, cutoff=0.75)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            findings.add(name, f"key {key!r} is set aside", hint, "warning" if near else "note")
    pairs = plain(value)
    if isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    ):
        # networkx 1 wrote the attributes of the graph as pairs.
        pairs = dict(pairs)
    if pairs is not None and not isinstance(pairs, dict):
        findings.add(name, f"'graph' is {kind_of(value)}", "Write an object of keys")
    # What the readers of networkx leave there.
    left = ("node_default", "edge_default")
    return {k: v for k, v in pairs.items() if k not in left} if isinstance(pairs, dict) else {}


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
