"""GEXF, the form of Gephi: 1.1, 1.2 and 1.3 are read, 1.3 is written.

It has a reader of its own, as GraphML has and for the same reasons; besides, networkx finds no
graph in a file whose namespace it does not know, though it be Gephi's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from supplynet.errors import Finding
from supplynet.io.convert import Findings
from supplynet.io.csvtext import Refused
from supplynet.io.graphs import (
    EdgeRow,
    Graph,
    NodeRow,
    attribute_text,
    attribute_types,
    beside,
    examine_graph,
    say_defaults,
    say_what_is_missing,
    sorted_edges,
    sorted_nodes,
    without_derived,
)
from supplynet.io.xmltext import Element, escaped, quoted, read_xml

if TYPE_CHECKING:
    import networkx as nx

    from supplynet.io.read import Examination, Undirected

__all__ = ["OWN", "gexf_text", "read_gexf"]

_Row = TypeVar("_Row", NodeRow, EdgeRow)

_NUMBERS = frozenset({"integer", "long", "float", "double", "short", "byte", "bigdecimal"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: XML attributes that are columns.
OWN = {"node": ("label", "pid"), "edge": ("label", "kind", "weight")}
_SPAN = frozenset({"start", "startopen", "end", "endopen", "timestamp"})
_KNOWN = _SPAN | {"id", "source", "target", "type", "for"}
#: What its `<meta>` says of a file of our own, by which the derived attributes are known.
_CREATOR = "supplynet"
_WITHOUT = "without "


def read_gexf(place: Path, findings: Findings, *, undirected: Undirected) -> Examination:
    """Return what a GEXF file brings up, and its network if there is no error.

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
    nodes, edges = reader.nodes, reader.edges
    if reader.creator == _CREATOR:
        say_what_is_missing(name, reader.without, findings)
        # A file of our own says besides what follows from the tables; that is no data.
        nodes = [_without_label(node, node.id) for node in without_derived(nodes)]
        edges = [_without_label(edge, edge.data.get("material", "")) for edge in edges]
    graph = Graph(nodes, edges, reader.network, reader.order, reader.numbers)
    return examine_graph(place, graph, findings, undirected=undirected)


def _without_label(row: _Row, label: str) -> _Row:
    """Return a node or edge without the label that was made of its id or material."""
    if row.data.get("label", "") != label:
        return row
    data = {name: text for name, text in row.data.items() if name != "label"}
    return replace(row, data=data)


class _Reader:
    """Takes nodes and edges from a file as they come."""

    def __init__(self, name: str, findings: Findings) -> None:
        self.name = name
        self.findings = findings
        self.titles: dict[tuple[str, str], str] = {}
        self.defaults: dict[str, dict[str, str]] = {"node": {}, "edge": {}}
        self.numbers: dict[str, set[str]] = {"node": set(), "edge": set()}
        self.order = {domain: list(names) for domain, names in OWN.items()}
        self.nodes: list[NodeRow] = []
        self.edges: list[EdgeRow] = []
        self.network: dict[str, str] = {}
        self.creator = self.without = ""
        self.aside: dict[str, int] = {}
        self.defaulted: Counter[tuple[str, str, str]] = Counter()
        self.graphs = 0

    def read(self, data: bytes) -> None:
        root = read_xml(data, self.name, self.take)
        if root.name != "gexf":
            self._refuse(root, f"the file holds <{root.name}>, not <gexf>", "Export as GEXF")
        if not self.graphs:
            self._refuse(root, "holds no <graph>", "Export it again")
        for what, line in sorted(self.aside.items()):
            self.findings.add(f"{self.name}:{line}", f"{what}: set aside", level="note")
        say_defaults(self.name, self.defaulted, self.findings)

    def take(self, element: Element, around: Sequence[Element]) -> bool:
        root = around[0]
        if element.namespace != root.namespace or root.name != "gexf":
            return False
        match element.name:
            case "attributes":
                self._declare(element)
            case "node" | "edge":
                names = [outer.name for outer in around]
                if names != ["gexf", "graph", f"{element.name}s"]:
                    what = f"<{element.name}> within {' '.join(f'<{name}>' for name in names[1:])}"
                    if "node" in names:
                        what = "nodes within a node"
                    self._refuse(element, what, "A network is flat: take it out of there")
                if element.name == "node":
                    self._node(element)
                else:
                    self._edge(element, around[1])
            case "meta":
                self._meta(element)
            case "graph":
                self.graphs += 1
                if self.graphs > 1:
                    what = "a second graph: a file is one network"
                    self._refuse(element, what, "Keep one graph, or save each to a file of its own")
            case _:
                return False
        return True

    def _meta(self, element: Element) -> None:
        said = {child.name: child.text.strip() for child in element.children}
        self.creator = said.get("creator", "")
        self.without = said.get("keywords", "").removeprefix(_WITHOUT)
        if said.get("description"):
            self.network["title"] = said["description"]

    def _declare(self, element: Element) -> None:
        domain = element.attributes.get("class", "")
        if domain not in self.defaults:
            self._error(element, f"attributes of class {domain!r}", "Write node or edge")
            return
        for child in element.children:
            key = child.attributes.get("id", "")
            title = child.attributes.get("title", "").strip() or key
            title = beside(title, OWN[domain])
            type_ = child.attributes.get("type", "string").lower()
            if (domain, key) in self.titles:
                self._error(child, f"a second attribute {key!r}", "Rename or delete one")
            if title in self.order[domain]:
                self._error(child, f"two attributes are named {title!r}", "Rename or delete one")
            self.titles[domain, key] = title
            self.order[domain].append(title)
            if type_ in _NUMBERS:
                self.numbers[domain].add(title)
            default = "".join(item.text for item in child.children if item.name == "default")
            if default:
                self.defaults[domain][title] = default

    def _node(self, element: Element) -> None:
        node = self._attribute(element, "id")
        self.nodes.append(NodeRow(element.line, node, self._data(element, "node")))

    def _edge(self, element: Element, graph: Element) -> None:
        default = graph.attributes.get("defaultedgetype", "undirected")
        said = element.attributes.get("type", default).strip().lower()
        self.edges.append(
            EdgeRow(
                line=element.line,
                id=element.attributes.get("id", ""),
                supplier=self._attribute(element, "source"),
                consumer=self._attribute(element, "target"),
                directed=said == "directed",
                data=self._data(element, "edge"),
            )
        )

    def _data(self, element: Element, domain: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, text in element.attributes.items():
            if name in OWN[domain]:
                found[name] = text
            elif name not in _KNOWN and not name.startswith("{"):
                self.aside.setdefault(f"attribute {name!r} of <{element.name}>", element.line)
        spans = [element.attributes] if not _SPAN.isdisjoint(element.attributes) else []
        values: dict[str, list[Element]] = {}
        for child in element.children:
            match child.name:
                case "attvalues":
                    for item in child.children:
                        values.setdefault(self._title(item, domain), []).append(item)
                case "spells" | "slices":
                    spans += [item.attributes for item in child.children]
                case "nodes" | "edges":
                    self._refuse(child, "nodes within a node", "Take them out of it")
                case "parents":
                    found["parents"] = ";".join(
                        item.attributes.get("for", "") for item in child.children
                    )
                case _ if child.namespace != element.namespace:
                    self.aside.setdefault("drawings (colours, places, sizes)", child.line)
                case _:
                    self.aside.setdefault(f"<{child.name}> of <{element.name}>", child.line)
        for title, items in values.items():
            self._value(title, items, found)
        for title, text in self.defaults[domain].items():
            if title not in values:
                found[title] = text
                self.defaulted[domain, title, text] += 1
        if spans:
            self._span(element, spans, found)
        return {name: text for name, text in found.items() if text and not text.isspace()}

    def _title(self, item: Element, domain: str) -> str:
        # 1.1 says `id` where later versions say `for`.
        key = item.attributes.get("for") or item.attributes.get("id", "")
        if (domain, key) in self.titles:
            return self.titles[domain, key]
        what = f"attvalue {key!r} is declared by no attribute before it: read under this name"
        kind = (self.name, "attvalue without an attribute", key)
        self.findings.add(f"{self.name}:{item.line}", what, "", "warning", kind=kind)
        return beside(key, OWN[domain])

    def _value(self, title: str, items: Sequence[Element], found: dict[str, str]) -> None:
        timed = any(not _SPAN.isdisjoint(item.attributes) for item in items)
        if not timed:
            if len(items) > 1:
                self._error(items[1], f"{title!r} is given twice", "Delete one")
            found[title] = items[0].attributes.get("value", "")
            return
        # One row holds one value; which of them is meant is not ours to choose.
        found[f"{title} over time"] = "; ".join(
            f"{item.attributes.get('value', '')} {_span_text(item.attributes)}" for item in items
        )
        what = f"{title!r} changes with time: kept as text in {title + ' over time'!r}"
        kind = (self.name, title, "over time")
        self.findings.add(f"{self.name}:{items[0].line}", what, "", "warning", kind=kind)

    def _span(
        self, element: Element, spans: Sequence[Mapping[str, str]], found: dict[str, str]
    ) -> None:
        """Turn one span of days into start and end; keep any other as text."""
        days = _days(spans[0]) if len(spans) == 1 else None
        if days is None or {"start", "end"} & found.keys():
            found["times"] = "; ".join(map(_span_text, spans))
            what = "times that are not one span of days are kept as text in 'times'"
            kind = (self.name, element.name, "times")
            self.findings.add(f"{self.name}:{element.line}", what, "", "warning", kind=kind)
            return
        found.update(days)
        if "end" in spans[0]:
            what = f"end {spans[0]['end']} is the last day (as GEXF says): read as {days['end']}"
            kind = (self.name, element.name, "last day")
            self.findings.add(f"{self.name}:{element.line}", what, "", "note", kind=kind)

    def _attribute(self, element: Element, name: str) -> str:
        if not element.attributes.get(name, "").strip():
            self._error(element, f"<{element.name}> has no {name}", "Export it again")
        return element.attributes.get(name, "")

    def _error(self, element: Element, what: str, fix: str) -> None:
        self.findings.add(f"{self.name}:{element.line}", what, fix)

    def _refuse(self, element: Element, what: str, fix: str) -> NoReturn:
        raise Refused(Finding(f"{self.name}:{element.line}", what, fix))


def _days(span: Mapping[str, str]) -> dict[str, str] | None:
    """Return the first day and the first day after, ``None`` where these are no days."""
    found = {}
    for name, shift in (("start", 0), ("startopen", 1), ("end", 1), ("endopen", 0)):
        if name in span:
            if not _DAY.fullmatch(span[name]):
                return None
            try:
                day = date.fromisoformat(span[name]) + timedelta(days=shift)
            except (ValueError, OverflowError):
                return None
            found[name.removesuffix("open")] = day.isoformat()
    return found if "timestamp" not in span else None


def _span_text(span: Mapping[str, str]) -> str:
    """Return a span as GEXF means it: `[` and `]` with the end, `(` and `)` without it."""
    if "timestamp" in span:
        return f"at {span['timestamp']}"
    first = f"({span['startopen']}" if "startopen" in span else f"[{span.get('start', '')}"
    last = f"{span['endopen']})" if "endopen" in span else f"{span.get('end', '')}]"
    return f"{first}, {last}"


def gexf_text(G: nx.MultiDiGraph[str]) -> str:  # noqa: N803
    """Return a graph as GEXF 1.3 text: same graph, same text, no date of today.

    Parameters
    ----------
    G
        A graph whose attributes are text, numbers, truth values, or lists of text.

    Notes
    -----
    Edges run from supplier to consumer; the id of an edge is the id of the supply. The label of a
    node is its name, or its id; the label of an edge its material. A character that XML cannot
    hold is written as its escape. Blank attributes are left out.
    """
    nodes, edges = sorted_nodes(G), sorted_edges(G)
    types = {
        "node": attribute_types(data for _, data in nodes),
        "edge": attribute_types(data for *_, data in edges),
    }
    types["node"].pop("name", None)
    missing = attribute_text(G.graph.get("without"))
    without = f"<keywords>{escaped(_WITHOUT + missing)}</keywords>" if missing else ""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        '<gexf xmlns="http://gexf.net/1.3" version="1.3">\n',
        f"<meta><creator>{_CREATOR}</creator>{without}",
        f"<description>{escaped(attribute_text(G.graph.get('title')))}</description></meta>\n",
        '<graph defaultedgetype="directed" mode="static">\n',
    ]
    for domain in ("node", "edge"):
        lines.append(f'<attributes class="{domain}">\n')
        for number, (name, kind) in enumerate(types[domain].items()):
            title = quoted(beside(name, OWN[domain]))
            lines.append(f'<attribute id="{number}" title="{title}" type="{kind}"/>\n')
        lines.append("</attributes>\n")
    lines.append("<nodes>\n")
    for node, data in nodes:
        label = quoted(attribute_text(data.get("name") or node))
        values = _values(data, types["node"])
        lines.append(f'<node id="{quoted(node)}" label="{label}">{values}</node>\n')
    lines.append("</nodes>\n<edges>\n")
    for first, second, key, data in edges:
        ends = f'source="{quoted(first)}" target="{quoted(second)}"'
        label = quoted(attribute_text(data.get("material")))
        values = _values(data, types["edge"])
        lines.append(f'<edge id="{quoted(key)}" {ends} label="{label}">{values}</edge>\n')
    lines.append("</edges>\n</graph>\n</gexf>\n")
    return "".join(lines)


def _values(data: Mapping[str, Any], types: Mapping[str, str]) -> str:
    values = "".join(
        f'<attvalue for="{number}" value="{quoted(attribute_text(data[name]))}"/>'
        for number, name in enumerate(types)
        if data.get(name) is not None
    )
    return f"<attvalues>{values}</attvalues>" if values else ""
