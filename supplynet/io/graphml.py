"""GraphML, for graph tools: nodes, supplies and all their attributes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from supplynet.io.files import write_text
from supplynet.io.graphs import sorted_edges, sorted_nodes

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["graphml_text", "write_graphml"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A reader turns these into blanks unless they are written as references.
_BLANKS = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
"""


def write_graphml(G: nx.MultiDiGraph[str], path: str | os.PathLike[str]) -> None:  # noqa: N803
    """Write a graph as GraphML, whole or not at all.

    Parameters
    ----------
    G
        A graph as :func:`supplynet.graph` gives it.
    path
        The file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write_text(path, graphml_text(G))


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
        for name, kind in _attributes(rows).items():
            key = keys[domain, name] = f"d{len(keys)}"
            lines.append(
                f'<key id="{key}" for="{domain}" attr.name="{_quoted(name)}" attr.type="{kind}"/>\n'
            )
    lines.append('<graph edgedefault="directed">\n')
    lines.append(_data("graph", G.graph, keys))
    for node, data in nodes:
        lines.append(f'<node id="{_quoted(node)}">{_data("node", data, keys)}</node>\n')
    for first, second, key, data in edges:
        ends = f'source="{_quoted(first)}" target="{_quoted(second)}"'
        lines.append(f'<edge id="{_quoted(key)}" {ends}>{_data("edge", data, keys)}</edge>\n')
    lines.append("</graph>\n</graphml>\n")
    return "".join(lines)


def _attributes(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return attribute names, sorted, and the type that holds all their values."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds.setdefault(str(name), set()).add(_kind(value))
    return {
        name: found.pop() if len(found) == 1 else "string" for name, found in sorted(kinds.items())
    }


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "double" if isinstance(value, (int, float)) else "string"


def _data(domain: str, data: Mapping[str, Any], keys: Mapping[tuple[str, str], str]) -> str:
    return "".join(
        f'<data key="{keys[domain, str(name)]}">{_text(_plain(value))}</data>'
        for name, value in sorted(data.items(), key=lambda item: str(item[0]))
        if value is not None
    )


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ";".join(str(item) for item in value)
    return str(value)


def _text(text: str) -> str:
    return escape(_NOT_XML.sub(_visible, text), {"\r": "&#13;"})


def _quoted(text: str) -> str:
    return escape(_NOT_XML.sub(_visible, text), {'"': "&quot;", **_BLANKS})


def _visible(match: re.Match[str]) -> str:
    # Visible rather than dropped: two ids that differ in such a character must stay two.
    return f"\\u{ord(match[0]):04x}"
