"""Networks made from tables in memory: data frames, lists of rows, networkx graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from supplynet.errors import UnknownNameError, ValidationError
from supplynet.io.convert import Findings, cell_text
from supplynet.io.csvtext import RawTable
from supplynet.io.meta import meta_from_mapping
from supplynet.io.read import assemble
from supplynet.io.tables import row_tables
from supplynet.model import SupplyNetwork
from supplynet.schema import TABLES

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    Frame = pd.DataFrame | Mapping[str, Sequence[Any]] | Iterable[Mapping[str, Any]]

__all__ = ["from_frames", "from_networkx"]


#: What networkx's own readers leave in the attributes of a graph.
_BY_READERS = frozenset({"node_default", "edge_default"})
_DERIVED = frozenset({"owner", "controller", "operates"})


def from_frames(
    supplies: Frame,
    nodes: Frame | None = None,
    *,
    network: Mapping[str, Any] | None = None,
    **tables: Frame | None,
) -> SupplyNetwork:
    """Return the network in data frames, checked by the same rules as files.

    Parameters
    ----------
    supplies
        Who delivers what to whom: a DataFrame, a list of rows (dicts), or a dict of columns.
    nodes
        The nodes; made from the supplies where they are not given.
    network
        The keys of `network.toml`: title, as_of, targets, ...; and the `name` of the network.
    **tables
        The other tables, by name.

    Returns
    -------
    SupplyNetwork
        The network; warnings and notes are in its `findings`.

    Raises
    ------
    ValidationError
        If anything is wrong; all findings come at once.
    UnknownNameError
        If there is no table of a given name.

    Notes
    -----
    Missing values (``None``, NaN, NaT, NA) are blank. A float stands for its shortest decimal.

    Examples
    --------
    >>> net = from_frames([{"source": "mine", "target": "smelter", "percent": 40}])
    >>> net.table("supplies").column("share")
    [Decimal('0.40')]
    """
    given = {"supplies": supplies, "nodes": nodes, **tables}
    findings = Findings()
    raws = {}
    for table, frame in given.items():
        if table not in row_tables():
            kind = "table"
            raise UnknownNameError(kind, table, row_tables())
        if frame is not None:
            raws[table] = _raw(frame, table, findings)
    keys = dict(network or {})
    name = str(keys.pop("name", ""))
    meta = meta_from_mapping(keys, name, findings)
    return assemble(raws, meta, findings, meta_where="network").network()


def _raw(frame: Frame, name: str, findings: Findings) -> RawTable:
    # No rows have no headings: the table is there, and empty.
    columns = _columns(frame) or [(field.name, []) for field in TABLES[name].required]
    header = [str(heading).strip() for heading, _ in columns]
    for heading in {heading for heading in header if header.count(heading) > 1}:
        findings.add(name, f"two columns are named {heading!r}", "Rename one")
    for heading in header:
        if not heading:
            findings.add(name, "a column has no name", "Name it")
    texts = [[cell_text(value) for value in values] for _, values in columns]
    return RawTable(name="", header=tuple(header), columns=tuple(texts), lines=[])  # type: ignore[arg-type]


def _columns(frame: Frame) -> list[tuple[Any, list[Any]]]:
    """Return headings and values; a DataFrame may have several columns of one heading."""
    if not isinstance(frame, Mapping) and hasattr(frame, "iloc"):
        table = cast("pd.DataFrame", frame)
        if any(name is not None for name in table.index.names):
            table = table.reset_index()
        return [
            (heading, table.iloc[:, position].tolist())
            for position, heading in enumerate(table.columns)
        ]
    if isinstance(frame, Mapping):
        return [(heading, list(values)) for heading, values in frame.items()]
    rows = list(frame)
    headings = dict.fromkeys(heading for row in rows for heading in row)
    return [(heading, [row.get(heading) for row in rows]) for heading in headings]


def from_networkx(G: nx.Graph[Any]) -> SupplyNetwork:  # noqa: N803 - the name of the field
    """Return the network in a directed networkx graph, edges from supplier to consumer.

    Parameters
    ----------
    G
        A DiGraph or MultiDiGraph. Node and edge attributes are columns; the key of an edge is
        its id where it is text; graph attributes are the keys of `network.toml`.

    Returns
    -------
    SupplyNetwork
        The network; warnings and notes are in its `findings`.

    Raises
    ------
    ValidationError
        If the graph is undirected or anything in it is wrong.

    Examples
    --------
    >>> import networkx as nx
    >>> G = nx.DiGraph([("mine", "smelter", {"material": "ore"})])
    >>> from_networkx(G).table("supplies").column("id")
    ['mine>smelter:ore']
    """
    import networkx as nx

    findings = Findings()
    if not G.is_directed():
        findings.add("graph", "is undirected: it does not say who supplies whom", "Use a DiGraph")
        raise ValidationError(findings.all())
    names: dict[str, object] = {}
    for node in G.nodes:
        text = str(node)
        if text in names:
            findings.add(
                "graph", f"nodes {names[text]!r} and {node!r} have the same text", "Rename"
            )
        names[text] = node
    if findings.all():
        raise ValidationError(findings.all())
    network = {key: value for key, value in _plain(G.graph).items() if key not in _BY_READERS}
    derived: frozenset[str] = frozenset()
    if "digest" in network:
        # A graph that supplynet made says what follows from the tables; that is no data.
        derived = _DERIVED
        network = {key: value for key, value in network.items() if key not in ("digest", "on")}
        network.setdefault("as_of", G.graph.get("on") or None)
    nodes = [
        {key: value for key, value in _plain(data).items() if key not in derived}
        | {"id": str(node)}
        for node, data in G.nodes(data=True)
    ]
    supplies = []
    edges: Iterable[tuple[Any, ...]]
    if isinstance(G, nx.MultiDiGraph):
        edges = G.edges(keys=True, data=True)
    else:
        edges = ((first, second, None, data) for first, second, data in G.edges(data=True))
    for first, second, key, data in edges:
        row = {**_plain(data), "supplier": str(first), "consumer": str(second)}
        if isinstance(key, str) and "id" not in row:
            row["id"] = key
        supplies.append(row)
    return from_frames(supplies, nodes, network=network)


def _plain(data: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in data.items()}
