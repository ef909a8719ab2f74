"""What readers and writers of graphs share: one order, exact numbers, edges that say their way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.io.convert import Findings, cell_text, nearest
from supplynet.io.csvtext import RawTable
from supplynet.io.meta import meta_at
from supplynet.schema import TABLES, fold
from supplynet.text import clamp, plural

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx

    from supplynet.io.read import Examination, Undirected

__all__ = [
    "DERIVED",
    "Edge",
    "EdgeRow",
    "Graph",
    "NodeRow",
    "attribute_text",
    "attribute_types",
    "beside",
    "edge_table",
    "examine_graph",
    "node_table",
    "one_name",
    "own_keys",
    "say_defaults",
    "say_what_is_missing",
    "sorted_edges",
    "sorted_nodes",
    "without_derived",
]

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")

#: Supplier, consumer, key and attributes.
Edge = tuple[str, str, str, dict[str, Any]]

#: What the graph of a network says beside its tables: it follows from them and is no data.
DERIVED = frozenset({"owner", "controller", "operates"})


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


def attribute_text(value: object) -> str:
    """Return an attribute as text: ``true``, ``0.1``, ``2026-01-31``, ``a;b``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = cell_text(value)
    return text if isinstance(text, str) else ";".join(text)


def beside(name: str, own: Collection[str]) -> str:
    """Return the name of an attribute, changed if a form has a name like it of its own.

    Examples
    --------
    >>> beside("Type", {"type"}), beside("stage", {"type"})
    ('Type (attribute)', 'stage')
    """
    return f"{name} (attribute)" if fold(name) in own else name


def attribute_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return attribute names, sorted, and the type that holds all their values.

    The types are those that GraphML and GEXF share: ``boolean``, ``double`` and ``string``.
    """
    types: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                types.setdefault(str(name), set()).add(_type(value))
    return {
        name: found.pop() if len(found) == 1 else "string" for name, found in sorted(types.items())
    }


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "double" if isinstance(value, (int, float, Decimal)) else "string"


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A node of a graph file: its line, id and attributes by name."""

    line: int
    id: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class EdgeRow:
    """An edge of a graph file: its line, id (blank: none), ends, and attributes by name."""

    line: int
    id: str
    supplier: str
    consumer: str
    directed: bool
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Graph:
    """What a graph file holds.

    Attributes
    ----------
    nodes, edges
        In the order of the file.
    network
        Attributes of the graph that are keys of `network.toml`.
    order, numbers
        For `node` and `edge`: attributes in the order of their columns, and those that the file
        declares as numbers.
    """

    nodes: Sequence[NodeRow]
    edges: Sequence[EdgeRow]
    network: Mapping[str, str]
    order: Mapping[str, Iterable[str]]
    numbers: Mapping[str, Collection[str]]


def examine_graph(
    place: Path, graph: Graph, findings: Findings, *, undirected: Undirected
) -> Examination:
    """Return what a graph file brings up, and its network if there is no error.

    Parameters
    ----------
    place
        The file.
    graph
        What was found in it.
    findings
        Takes what is wrong.
    undirected
        What becomes of edges without a direction; see :func:`supplynet.load`.
    """
    from supplynet.io.read import assemble

    name, order = place.name, graph.order
    _check_numbers(name, "nodes", graph.nodes, graph.numbers["node"], findings)
    _check_numbers(name, "supplies", graph.edges, graph.numbers["edge"], findings)
    nodes = one_name(graph.nodes, name, findings)
    raws = {
        "nodes": node_table(name, nodes, order["node"]),
        "supplies": edge_table(
            name, graph.edges, nodes, order["edge"], findings, undirected=undirected
        ),
    }
    meta = meta_at(graph.network, name, place.stem, findings)
    return assemble(raws, meta, findings, meta_where=name, source=str(place.resolve()))


def node_table(name: str, rows: Sequence[NodeRow], order: Iterable[str]) -> RawTable:
    """Return the nodes of a file as text.

    Parameters
    ----------
    name
        The file, for messages.
    rows
        The nodes.
    order
        The attributes in order; those that no node has are left out.
    """
    own = [(row.line, {"id": row.id}, row.data) for row in rows]
    return _table(name, ("id",), own, order)


def edge_table(
    name: str,
    rows: Sequence[EdgeRow],
    nodes: Iterable[NodeRow],
    order: Iterable[str],
    findings: Findings,
    *,
    undirected: Undirected,
) -> RawTable:
    """Return the edges of a file as text, each from supplier to consumer.

    Parameters
    ----------
    name
        The file, for messages.
    rows
        The edges.
    nodes
        All nodes of the file.
    order
        The attributes in order; those that no edge has are left out.
    findings
        Takes what is said of edges that lead nowhere or have no direction, and of their ids.
    undirected
        What becomes of edges without a direction.
    """
    rows = _with_ends(name, rows, nodes, findings)
    rows = _with_direction(name, _with_ids(name, rows, findings), findings, undirected)
    own = [
        (row.line, {"supplier": row.supplier, "consumer": row.consumer, "id": row.id}, row.data)
        for row in rows
    ]
    names = ("supplier", "consumer", *(["id"] if any(row.id for row in rows) else []))
    return _table(name, names, own, order)


def _table(
    name: str,
    own: Sequence[str],
    rows: Sequence[tuple[int, Mapping[str, str], Mapping[str, str]]],
    order: Iterable[str],
) -> RawTable:
    given = {heading for _, _, data in rows for heading in data}
    extra = [heading for heading in dict.fromkeys(order) if heading in given]
    extra += sorted(given - set(extra))
    columns = [[cells.get(heading, "") for _, cells, _ in rows] for heading in own]
    columns += [[data.get(heading, "") for _, _, data in rows] for heading in extra]
    # An attribute called as the element's own id would make two columns of one name.
    taken = {fold(heading) for heading in own}
    header = [beside(heading, taken) for heading in extra]
    return RawTable(name, (*own, *header), tuple(columns), [line for line, _, _ in rows])


def _with_ends(
    name: str, rows: Sequence[EdgeRow], nodes: Iterable[NodeRow], findings: Findings
) -> Sequence[EdgeRow]:
    """Return the edges whose ends are nodes; the others are errors."""
    known = {node.id for node in nodes}
    ordered: list[str] = []
    found = []
    for row in rows:
        missing = [end for end in (row.supplier, row.consumer) if end and end not in known]
        if not missing:
            found.append(row)
            continue
        ordered = ordered or sorted(known)
        fix = nearest(missing[0], ordered) or "Add the node, or delete the edge"
        what = f"edge {row.supplier!r} -> {row.consumer!r}: there is no node {missing[0]!r}"
        findings.add(f"{name}:{row.line}", what, fix, kind=(name, "edges", "no node"))
    return found


def _with_ids(name: str, rows: Sequence[EdgeRow], findings: Findings) -> Sequence[EdgeRow]:
    """Return the edges without their ids where these are counters, 0 upwards in each pair.

    networkx writes the key of a parallel edge as its id. Such ids name no edge of the file; any
    other id that is there twice is an error that the rules report.
    """
    pairs: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        if row.id:
            pairs.setdefault(row.id, set()).add((row.supplier, row.consumer))
    repeated = any(len(ends) > 1 for ends in pairs.values())
    if not repeated or not all(edge_id.isdecimal() for edge_id in pairs):
        return rows
    what = "ids of edges start again for each pair of nodes and are set aside"
    findings.add(name, what, "Supplies are named supplier>consumer:material", "note")
    return [replace(row, id="") for row in rows]


def _with_direction(
    name: str, rows: Sequence[EdgeRow], findings: Findings, undirected: Undirected
) -> Sequence[EdgeRow]:
    loose = [row for row in rows if not row.directed]
    if not loose:
        return rows
    where = f"{name}:{loose[0].line}"
    those = plural(len(loose), "undirected edge")
    if len(loose) < len(rows):
        those = f"{those} among {len(rows):,}"
    if undirected == "refuse":
        what = f"{those}: it is not said who supplies whom"
        fix = "Direct them from supplier to consumer, or give --undirected as_written or both"
        findings.add(where, what, fix)
        return rows
    if undirected == "as_written":
        what = f"{those}: the end named first is read as the supplier"
        findings.add(where, what, "Check them: a turned edge is another network", "warning")
        return rows
    what = f"{those}: read as a supply each way"
    findings.add(where, what, "Check them: hardly any supply goes both ways", "warning")
    found = []
    for row in rows:
        found.append(row)
        if not row.directed and row.supplier != row.consumer:
            found.append(replace(row, id="", supplier=row.consumer, consumer=row.supplier))
    return found


def _check_numbers(
    name: str,
    table: str,
    rows: Iterable[NodeRow | EdgeRow],
    numbers: Collection[str],
    findings: Findings,
) -> None:
    """Report what is no number in attributes that their file declares as numbers.

    Fields of the schema are left to its own rules; this is for extra columns, where ``NaN``
    would otherwise pass as text.
    """
    schema = TABLES[table]
    extra = {
        heading
        for heading in numbers
        if fold(heading) not in schema.folded_names and fold(heading) not in schema.folded_aliases
    }
    for row in rows:
        for heading in sorted(extra & row.data.keys()):
            text = row.data[heading].strip()
            if text and (len(text) > 60 or not _NUMBER.fullmatch(text)):
                shown = clamp(text, 40)
                findings.add(
                    f"{name}:{row.line}",
                    f"{row.id!r}: {heading} is {shown!r}, not a number",
                    "Leave it out if not known",
                    kind=(name, heading, "no number"),
                )


def without_derived(rows: Iterable[NodeRow]) -> list[NodeRow]:
    """Return nodes without what follows from the tables of the network they were written from."""
    return [
        replace(row, data={key: text for key, text in row.data.items() if key not in DERIVED})
        for row in rows
    ]


def say_defaults(name: str, counts: Mapping[tuple[str, str, str], int], findings: Findings) -> None:
    """Note which values stand at no node or edge but in the head of the file.

    Parameters
    ----------
    name
        The file.
    counts
        How many take a default: by ``node`` or ``edge``, attribute and value.
    findings
        Takes the notes.
    """
    for (domain, heading, text), count in sorted(counts.items()):
        if domain != "graph":
            take = "takes" if count == 1 else "take"
            what = f"{heading}: {plural(count, domain)} {take} the default {clamp(text, 40)!r}"
            findings.add(name, what, level="note")


def own_keys(name: str, network: Mapping[str, Any], findings: Findings) -> dict[str, Any]:
    """Return the keys of `network.toml` among the attributes of a graph that we wrote.

    Parameters
    ----------
    name
        The file.
    network
        The attributes; besides those keys the name, date and digest of the network and what the
        graph lacks of it.
    findings
        Takes the warning that the network held more.
    """
    say_what_is_missing(name, attribute_text(network.get("without")), findings)
    keys = {key: network[key] for key in network if key not in _OF_OUR_OWN}
    return {"as_of": network["on"], **keys} if "on" in network else keys


#: What a graph of our own says of itself, besides the keys of `network.toml`.
_OF_OUR_OWN = frozenset({"digest", "name", "on", "without"})


def say_what_is_missing(name: str, missing: str, findings: Findings) -> None:
    """Warn that a file of our own was made from a network that held more."""
    if missing:
        what = f"written without what a graph cannot hold ({missing.replace(';', '; ')})"
        findings.add(name, what, "Ask the network itself where you have it", "warning")


def one_name(nodes: Sequence[NodeRow], name: str, findings: Findings) -> list[NodeRow]:
    """Return nodes in which one attribute means `name`; others that could are kept as extras."""
    schema = TABLES["nodes"]
    meant = [
        key
        for key in dict.fromkeys(key for node in nodes for key in node.data)
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
