"""GraphML, the form of yEd, Gephi, Cytoscape and networkx, read and written.

It has a reader of its own: that of networkx makes a node for an edge that leads nowhere, keeps
the last of two nodes of one id, takes NaN for a number, and tells no line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from supplynet.errors import Finding
from supplynet.io.convert import Findings
from supplynet.io.csvtext import Refused
from supplynet.io.graphs import (
    EdgeRow,
    Graph,
    NodeRow,
    attribute_text,
    attribute_types,
    examine_graph,
    own_keys,
    say_defaults,
    sorted_edges,
    sorted_nodes,
    without_derived,
)
from supplynet.io.xmltext import Element, escaped, quoted, read_xml
from supplynet.schema import fold

if TYPE_CHECKING:
    import networkx as nx

    from supplynet.io.read import Examination, Undirected

__all__ = ["graphml_text", "read_graphml"]

_NUMBERS = frozenset({"int", "long", "float", "double"})
_OWN = frozenset({"id", "source", "target", "directed", "edgedefault"})


def read_graphml(place: Path, findings: Findings, *, undirected: Undirected) -> Examination:
    """Return what a GraphML file brings up, and its network if there is no error.

    Parameters
    ----------
    place
        The file.
    findings
        Takes what is wrong.
    undirected
        What becomes of edges without a direction; see :func:`supplynet.load`.
    """
    from supplynet.io.read import Examination

    name = place.name
    reader = _Reader(name, findings)
    try:
        reader.read(place.read_bytes())
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    nodes, network = reader.nodes, reader.network
    if "digest" in network:
        # A file of our own says besides what follows from the tables; that is no data.
        nodes = without_derived(nodes)
        network = own_keys(name, network, findings)
    given = {key: text for key, text in network.items() if text.strip()}
    graph = Graph(nodes, reader.edges, given, reader.order, reader.numbers)
    return examine_graph(place, graph, findings, undirected=undirected)


@dataclass(frozen=True, slots=True)
class _Key:
    """A declared attribute."""

    name: str
    type: str
    default: str


class _Reader:
    """Takes nodes and edges from a file as they come."""

    def __init__(self, name: str, findings: Findings) -> None:
        self.name = name
        self.findings = findings
        self.keys: dict[tuple[str, str], _Key] = {}
        self.nodes: list[NodeRow] = []
        self.edges: list[EdgeRow] = []
        self.network: dict[str, str] = {}
        self.aside: dict[str, int] = {}
        self.defaulted: Counter[tuple[str, str, str]] = Counter()
        self.graphs = 0

    def read(self, data: bytes) -> None:
        root = read_xml(data, self.name, self.take)
        if root.name != "graphml":
            self._refuse(root, f"the file holds <{root.name}>, not <graphml>", "Export as GraphML")
        if not self.graphs:
            self._refuse(root, "holds no <graph>", "Export it again")
        for child in root.children:
            self.aside.setdefault(f"<{child.name}> of <graphml>", child.line)
        for what, line in sorted(self.aside.items()):
            self.findings.add(f"{self.name}:{line}", f"{what}: set aside", level="note")
        say_defaults(self.name, self.defaulted, self.findings)

    @property
    def numbers(self) -> dict[str, frozenset[str]]:
        """The attributes of nodes and edges that are declared to be numbers."""
        return {
            domain: frozenset(
                key.name
                for (scope, _), key in self.keys.items()
                if scope == domain and key.type in _NUMBERS
            )
            for domain in ("node", "edge")
        }

    @property
    def order(self) -> dict[str, list[str]]:
        """The attributes of nodes and edges in the order in which they are declared."""
        return {
            domain: [key.name for (scope, _), key in self.keys.items() if scope == domain]
            for domain in ("node", "edge")
        }

    def take(self, element: Element, around: Sequence[Element]) -> bool:
        root = around[0]
        if element.namespace != root.namespace or root.name != "graphml":
            return False
        match element.name:
            case "key":
                self._declare(element)
            case "node" | "edge":
                if [outer.name for outer in around] != ["graphml", "graph"]:
                    what = f"<{element.name}> is not directly in the graph (a group, in yEd?)"
                    self._refuse(element, what, "A network is flat: take it out of there")
                if element.name == "node":
                    self._node(element)
                else:
                    self._edge(element, around[-1])
            case "hyperedge":
                what = "a hyperedge: it is not said who supplies whom"
                self._error(element, what, "Draw an edge for each supply")
            case "graph":
                self.graphs += 1
                if self.graphs > 1:
                    what = "a second graph: a file is one network"
                    self._refuse(element, what, "Keep one graph, or save each to a file of its own")
                self.network |= self._data(element, "graph")
            case _:
                return False
        return True

    def _declare(self, element: Element) -> None:
        key_id = element.attributes.get("id", "")
        drawing = any(name.startswith("yfiles.") for name in element.attributes)
        name = element.attributes.get("attr.name", "").strip() or ("" if drawing else key_id)
        default = "".join(child.text for child in element.children if child.name == "default")
        key = _Key(name, element.attributes.get("attr.type", "string").strip(), default)
        scope = element.attributes.get("for", "all")
        for domain in ("node", "edge", "graph") if scope == "all" else (scope,):
            if (domain, key_id) in self.keys:
                self._error(element, f"a second key {key_id!r}", "Rename or delete one")
            same = [
                other_id
                for (other, other_id), found in self.keys.items()
                if other == domain and name and found.name == name
            ]
            if same:
                what = f"keys {same[0]!r} and {key_id!r} are both named {name!r}"
                self._error(element, what, "Rename or delete one")
            self.keys[domain, key_id] = key

    def _node(self, element: Element) -> None:
        node = self._attribute(element, "id")
        self.nodes.append(NodeRow(element.line, node, self._data(element, "node")))

    def _edge(self, element: Element, graph: Element) -> None:
        said = element.attributes.get("directed", "").strip().lower()
        default = graph.attributes.get("edgedefault", "").strip().lower()
        self.edges.append(
            EdgeRow(
                line=element.line,
                id=element.attributes.get("id", ""),
                supplier=self._attribute(element, "source"),
                consumer=self._attribute(element, "target"),
                directed=said in ("true", "1") if said else default == "directed",
                data=self._data(element, "edge"),
            )
        )

    def _attribute(self, element: Element, name: str) -> str:
        if not element.attributes.get(name, "").strip():
            self._error(element, f"<{element.name}> has no {name}", "Export it again")
        return element.attributes.get(name, "")

    def _data(self, element: Element, domain: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in element.attributes:
            if name not in _OWN and "." not in name and not name.startswith("{"):
                self.aside.setdefault(f"attribute {name!r} of <{element.name}>", element.line)
        for child in element.children:
            if child.name != "data":
                self.aside.setdefault(f"<{child.name}> of <{element.name}>", child.line)
                continue
            heading, text = self._value(child, domain)
            if not text or text.isspace():
                continue
            if heading in found:
                self._error(child, f"{heading!r} is given twice in one {domain}", "Delete one")
            found[heading] = text
        for (scope, _), key in self.keys.items():
            if scope == domain and key.default and key.name and key.name not in found:
                found[key.name] = key.default
                self.defaulted[domain, key.name, key.default] += 1
        return found

    def _value(self, element: Element, domain: str) -> tuple[str, str]:
        """Return the heading and the text of a `data` element, blank if it is set aside."""
        key_id = element.attributes.get("key", "")
        key = self.keys.get((domain, key_id))
        if element.children or (key is not None and not key.name):
            self.aside.setdefault("drawings (colours, places, sizes)", element.line)
            return self._label(domain), _drawn_text(element)
        if key is None:
            what = f"data {key_id!r} is declared by no key before it: read under this name"
            kind = (self.name, "data without a key", key_id)
            self.findings.add(f"{self.name}:{element.line}", what, "", "warning", kind=kind)
            return key_id, element.text
        return key.name, element.text

    def _label(self, domain: str) -> str:
        """Return how the text of a drawing is called: `label`, where no key has that name."""
        names = {fold(key.name) for (scope, _), key in self.keys.items() if scope == domain}
        return "label (drawn)" if "label" in names else "label"

    def _error(self, element: Element, what: str, fix: str) -> None:
        self.findings.add(f"{self.name}:{element.line}", what, fix)

    def _refuse(self, element: Element, what: str, fix: str) -> NoReturn:
        raise Refused(Finding(f"{self.name}:{element.line}", what, fix))


def _drawn_text(element: Element) -> str:
    """Return the first text that yEd draws at a node or an edge."""
    labels = [child for child in element.walk() if child.name in ("NodeLabel", "EdgeLabel")]
    texts = (" ".join(label.text.split()) for label in labels)
    return next((text for text in texts if text), "")


_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""


def graphml_text(G: nx.MultiDiGraph[str]) -> str:  # noqa: N803
    """Return a graph as GraphML text: same graph, same text.

    Parameters
    ----------
    G
        A graph whose attributes are text, numbers, truth values, or lists of text.

    Notes
    -----
    Edges run from supplier to consumer; the id of an edge is the id of the supply. A character
    that XML cannot hold is written as its escape. Blank attributes are left out.
    """
    edges = sorted_edges(G)
    nodes = sorted_nodes(G)
    keys: dict[tuple[str, str], str] = {}
    lines = [_HEAD]
    for domain, rows in (
        ("graph", [G.graph]),
        ("node", [data for _, data in nodes]),
        ("edge", [data for *_, data in edges]),
    ):
        for name, kind in attribute_types(rows).items():
            key = keys[domain, name] = f"d{len(keys)}"
            lines.append(
                f'<key id="{key}" for="{domain}" attr.name="{quoted(name)}" attr.type="{kind}"/>\n'
            )
    lines.append('<graph edgedefault="directed">\n')
    lines.append(_data("graph", G.graph, keys))
    for node, data in nodes:
        lines.append(f'<node id="{quoted(node)}">{_data("node", data, keys)}</node>\n')
    for first, second, key, data in edges:
        ends = f'source="{quoted(first)}" target="{quoted(second)}"'
        lines.append(f'<edge id="{quoted(key)}" {ends}>{_data("edge", data, keys)}</edge>\n')
    lines.append("</graph>\n</graphml>\n")
    return "".join(lines)


def _data(domain: str, data: Mapping[str, Any], keys: Mapping[tuple[str, str], str]) -> str:
    return "".join(
        f'<data key="{keys[domain, str(name)]}">{escaped(attribute_text(value))}</data>'
        for name, value in sorted(data.items(), key=lambda item: str(item[0]))
        if value is not None
    )
