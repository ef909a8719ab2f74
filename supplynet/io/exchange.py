"""A network in the form of another tool, and what that form cannot hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supplynet.errors import OutputError, QuestionError, UnknownNameError
from supplynet.io.files import atomic_folder, write_bytes
from supplynet.io.graphs import DERIVED, attribute_text, beside
from supplynet.text import csv_cell, plural, xml_text

if TYPE_CHECKING:
    import networkx as nx

    from supplynet.model import SupplyNetwork

__all__ = [
    "FORMATS",
    "Export",
    "Format",
    "export",
    "export_files",
    "format_of",
    "make_export",
    "write_export",
]

_Date = date | str | None


@dataclass(frozen=True)
class Export:
    """What is written for another tool.

    Attributes
    ----------
    files
        Content by file name; a form that is one file has the single name ``""``.
    dropped
        What the form does not hold, a line each.
    """

    files: Mapping[str, bytes]
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A form that a network can be written in.

    Attributes
    ----------
    name, description
        How it is asked for, and what it is in a line.
    endings
        The endings of its file; none where it is a folder.
    dated
        Whether it is of one date, so that a date can be given.
    write
        Makes the export.
    """

    name: str
    description: str
    endings: tuple[str, ...]
    dated: bool
    write: Callable[[SupplyNetwork, _Date], Export]


def export(
    net: SupplyNetwork,
    path: str | os.PathLike[str],
    *,
    to: str | None = None,
    on: date | str | None = None,
    force: bool = False,
) -> tuple[str, ...]:
    """Write a network in the form of another tool, and return what that form does not hold.

    Parameters
    ----------
    net
        The network.
    path
        The file or folder. It comes into place whole.
    to
        The form, a key of ``FORMATS``; by default what the ending of `path` says, a folder of
        CSV files where it has none.
    on
        The date that a graph shows, that of the data by default. Forms that keep the rows of all
        dates take none.
    force
        Replace what is there.

    Returns
    -------
    tuple of str
        A line for each kind of thing left out or changed, such as ``needs: 3 rows``; none where
        the form holds the whole network.

    Raises
    ------
    UnknownNameError
        There is no form of that name.
    QuestionError
        The ending says no form, or a date is given or missing where it must not be.
    OutputError
        Something is there and `force` is not given, or it cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from supplynet.io import from_frames, load
    >>> net = from_frames([{"supplier": "mine", "consumer": "smelter", "material": "ore"}])
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "net.graphml"
    >>> export(net, file)
    ()
    >>> load(file).digest == net.digest
    True
    """
    form = FORMATS[_known(to)] if to is not None else FORMATS[format_of(path)]
    try:
        made = make_export(net, form.name, on=on)
    except OutputError as error:
        raise OutputError(f"{os.fspath(path)}: {error}") from error
    if form.name == "folder":
        # Not only written: tables of an older network in the folder must go.
        _save_folder(net, path, force=force)
    else:
        write_export(made, path, force=force)
    return made.dropped


def make_export(net: SupplyNetwork, to: str, *, on: date | str | None = None) -> Export:
    """Return a network in the form of another tool, without writing it.

    Parameters
    ----------
    net, to, on
        As for :func:`export`.
    """
    form = FORMATS[_known(to)]
    if on is not None and not form.dated:
        raise QuestionError(f"{form.name} keeps the rows of all dates: leave out the date")
    return form.write(net, on)


def export_files(net: SupplyNetwork, to: str, *, on: date | str | None = None) -> dict[str, bytes]:
    """Return the files of an export by name; a form that is one file has the name ``""``."""
    return dict(make_export(net, to, on=on).files)


def _known(to: str) -> str:
    if to not in FORMATS:
        kind = "form"
        raise UnknownNameError(kind, to, FORMATS)
    return to


#: What a folder is hardly called.
_FILE_ENDINGS = frozenset(
    {".csv", ".db", ".dot", ".gml", ".gv", ".gz", ".htm", ".html", ".jsonl", ".md", ".net"}
    | {".ods", ".parquet", ".pdf", ".svg", ".toml", ".tsv", ".txt", ".xls", ".xlsm"}
    | {".yaml", ".yml", ".zip"}
)


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the name of the form that the ending of a path says, ``folder`` where it has none.

    Raises
    ------
    QuestionError
        The ending is that of a file that is not made.

    Examples
    --------
    >>> format_of("net.gexf"), format_of("out/net.v2")
    ('gexf', 'folder')
    """
    place = Path(path)
    ending = place.suffix.lower()
    if not place.is_dir():
        for form in FORMATS.values():
            if ending in form.endings:
                return form.name
        if ending in _FILE_ENDINGS:
            made = ", ".join(sorted({e for form in FORMATS.values() for e in form.endings}))
            raise QuestionError(
                f"{path}: no {ending} file is made here. Give a folder or a file ({made}), or say "
                "what to write with --to"
            )
    return "folder"


def write_export(made: Export, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write an export, whole or not at all.

    Parameters
    ----------
    made
        The files.
    path
        The file, or the folder where the export has several files.
    force
        Replace a file, or write into a folder that is not empty.

    Raises
    ------
    OutputError
        If something is there and `force` is not given, or it cannot be written.
    """
    target = Path(path)
    if set(made.files) == {""}:
        if target.is_file() and not force:
            raise OutputError(_there(f"{target}: the file exists"))
        write_bytes(target, made.files[""])
        return
    if target.is_dir() and not force and any(target.iterdir()):
        raise OutputError(_there(f"{target}: the folder is not empty"))
    with atomic_folder(target) as folder:
        for name, data in made.files.items():
            (folder / name).write_bytes(data)


def _there(what: str) -> str:
    return f"{what}. Choose another name, or give --force (force=True)."


# Forms that keep the whole network


def _save_folder(net: SupplyNetwork, path: str | os.PathLike[str], *, force: bool) -> None:
    from supplynet.io.write import save

    if Path(path).suffix.lower() in (".xlsx", ".json") and not Path(path).is_dir():
        raise OutputError(f"{os.fspath(path)}: the name of a file. Give that of a folder.")
    save(net, path, force=force)


def _folder(net: SupplyNetwork, _on: _Date) -> Export:
    from supplynet.io.write import folder_files, in_order

    return Export({name: text.encode() for name, text in folder_files(in_order(net)).items()})


def _xlsx(net: SupplyNetwork, _on: _Date) -> Export:
    from supplynet.io.write import in_order
    from supplynet.io.xlsx import workbook_bytes

    return Export({"": workbook_bytes(in_order(net))})


def _json(net: SupplyNetwork, _on: _Date) -> Export:
    from supplynet.io.jsonform import json_text
    from supplynet.io.write import in_order

    return Export({"": json_text(in_order(net)).encode()})


# Forms that hold a graph

_KEYS = ("title", "description", "as_of", "licence", "targets")


def _graphml(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.graphml import graphml_text

    found, dropped = _graph(net, on, keeps=_KEYS)
    dropped += _escaped(found, xml_text, "a character that XML cannot hold, written as its escape")
    return Export({"": graphml_text(_noting(found, dropped)).encode()}, tuple(dropped))


def _gexf(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.gexf import OWN, gexf_text

    found, dropped = _graph(net, on, keeps=("title",))
    dropped += _beside(found, OWN)
    same = sum(data.get("name") == node for node, data in found.nodes(data=True))
    if same:
        dropped.append(f"{plural(same, 'node')} with its id for a name: the label alone shows it")
    dropped += _escaped(found, xml_text, "a character that XML cannot hold, written as its escape")
    return Export({"": gexf_text(_noting(found, dropped)).encode()}, tuple(dropped))


def _node_link(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.nodelink import node_link_text

    found, dropped = _graph(net, on, keeps=_KEYS)
    return Export({"": node_link_text(_noting(found, dropped)).encode()}, tuple(dropped))


def _gephi(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.gephi import OWN, gephi_tables

    found, dropped = _graph(net, on, keeps=())
    dropped += _beside(found, OWN)
    unnamed = sum("name" not in data for _, data in found.nodes(data=True))
    if unnamed:
        dropped.append(f"{plural(unnamed, 'node')} without a name: its id is its label")
    dropped += _escaped(found, csv_cell, _GUARDED)
    tables = gephi_tables(found)
    return Export({name: text.encode() for name, text in tables.items()}, tuple(dropped))


_GUARDED = "what could be a formula, written with an apostrophe before it"


def _neo4j(net: SupplyNetwork, _on: _Date) -> Export:
    from supplynet.io.neo4j import neo4j_files
    from supplynet.io.write import in_order

    made = neo4j_files(in_order(net))
    dropped = [*_tables_left_out(net, {"nodes", "supplies", "entities", "holdings"})]
    dropped += [*_meta_left_out(net, ("title",)), *made.renamed]
    texts = (
        value
        for name in ("nodes", "supplies", "entities", "holdings")
        for values in net.table(name).columns.values()
        for value in values
        if isinstance(value, (str, tuple))
    )
    dropped += _changed(texts, csv_cell, _GUARDED)
    return Export({name: text.encode() for name, text in made.files.items()}, tuple(dropped))


def _graph(
    net: SupplyNetwork, on: _Date, *, keeps: Iterable[str]
) -> tuple[nx.MultiDiGraph[str], list[str]]:
    """Return the graph on a date with exact numbers, and what of the network it does not hold."""
    from supplynet.graph import graph

    found = graph(net, on=on)
    nodes, supplies = net.table("nodes"), net.table("supplies")
    for row in nodes.rows():
        found.nodes[row["id"]].update(_numbers(row))
    edges = {key: data for *_, key, data in found.edges(keys=True, data=True)}
    for row in supplies.rows():
        if row["id"] in edges:
            edges[row["id"]].update(_numbers(row))
    meta = net.meta
    found.graph.update(description=meta.description, licence=meta.licence, targets=meta.targets)
    # What is unknown has no attribute.
    for key in [key for key, value in found.graph.items() if not value]:
        del found.graph[key]
    dropped = []
    absent = len(supplies) - found.number_of_edges()
    if absent:
        do = "does" if absent == 1 else "do"
        dropped.append(f"supplies: {plural(absent, 'row')} that {do} not hold on the date")
    dropped += _tables_left_out(net, {"nodes", "supplies"})
    dropped += _meta_left_out(net, keeps)
    for name, table, kept in (
        ("nodes", nodes, {key for _, data in found.nodes(data=True) for key in data}),
        ("supplies", supplies, {key for data in edges.values() for key in data}),
    ):
        reserved = DERIVED if name == "nodes" else frozenset()
        for column in table.columns:
            # `graph` adds an underscore to what graph tools need for themselves.
            if f"{column}_" in kept and (column not in kept or column in reserved):
                dropped.append(_renamed(name, column, f"{column}_"))
    return found, dropped


def _beside(found: nx.MultiDiGraph[str], own: Mapping[str, Collection[str]]) -> list[str]:
    """Return what is renamed because the form has a name like it of its own."""
    names = {
        "node": {name for _, data in found.nodes(data=True) for name in data},
        "edge": {name for *_, data in found.edges(data=True) for name in data},
    }
    return [
        _renamed({"node": "nodes", "edge": "supplies"}[domain], name, beside(name, own[domain]))
        for domain in ("node", "edge")
        for name in sorted(names[domain])
        if beside(name, own[domain]) != name
    ]


def _renamed(table: str, column: str, name: str) -> str:
    return f"{table}: column {column!r} is called {name!r}"


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if isinstance(value, Decimal)}


def _tables_left_out(net: SupplyNetwork, kept: Iterable[str]) -> list[str]:
    return [
        f"{name}: {plural(len(table), 'row')}"
        for name, table in sorted(net.tables.items())
        if len(table) and name not in kept
    ]


def _meta_left_out(net: SupplyNetwork, kept: Iterable[str]) -> list[str]:
    meta = net.meta
    keys = [
        *(key for key in _KEYS if getattr(meta, key)),
        *sorted(meta.extra),
    ]
    lost = [key for key in keys if key not in set(kept)]
    return [f"network.toml: {', '.join(lost)}"] if lost else []


def _noting(found: nx.MultiDiGraph[str], dropped: Iterable[str]) -> nx.MultiDiGraph[str]:
    """Return the graph with a note of what it lacks, for whoever reads the file later."""
    if dropped := list(dropped):
        found.graph["without"] = dropped
    return found


def _escaped(found: nx.MultiDiGraph[str], write: Callable[[str], str], why: str) -> list[str]:
    """Return how many texts of a graph are written otherwise than they are."""
    rows = [(node, dict(data)) for node, data in found.nodes(data=True)]
    rows += [(key, data) for *_, key, data in found.edges(keys=True, data=True)]
    names = {name for _, data in rows for name in data}
    values = [key for key, _ in rows] + [value for _, data in rows for value in data.values()]
    texts = [*names, *values, *found.graph.values()]
    return _changed((t for t in texts if isinstance(t, (str, list, tuple))), write, why)


def _changed(texts: Iterable[object], write: Callable[[str], str], why: str) -> list[str]:
    count = sum(1 for text in map(attribute_text, texts) if write(text) != text)
    return [f"{plural(count, 'text')} with {why}"] if count else []


# Forms of another data model


def _omts(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.omts import omts_export

    return omts_export(net, on=on)


def _omts_xlsx(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.omts import omts_workbook_export

    return omts_workbook_export(net, on=on)


def _open_psa(net: SupplyNetwork, on: _Date) -> Export:
    from supplynet.io.openpsa_export import openpsa_export

    return openpsa_export(net, on=on)


#: Every form by name. Of two with the same ending the first is meant.
FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format("folder", "a folder of CSV files: the whole network", (), False, _folder),
        Format(
            "xlsx",
            "a workbook, a sheet for each table: the whole network",
            (".xlsx",),
            False,
            _xlsx,
        ),
        Format("json", "tables as JSON: the whole network", (".json",), False, _json),
        Format(
            "graphml", "GraphML for yEd, Gephi, Cytoscape, networkx", (".graphml",), True, _graphml
        ),
        Format("gexf", "GEXF 1.3 for Gephi", (".gexf",), True, _gexf),
        Format("node-link", "node-link JSON for networkx and d3", (".json",), True, _node_link),
        Format("gephi", "nodes.csv and edges.csv for Gephi's data laboratory", (), True, _gephi),
        Format("omts", "OMTS, version 0.1.0, as JSON", (".omts", ".json"), True, _omts),
        Format("omts-xlsx", "the import workbook of OMTS", (".xlsx",), True, _omts_xlsx),
        Format("open-psa", "an Open-PSA fault tree for SCRAM, XFTA", (".xml",), True, _open_psa),
        Format("neo4j", "CSV files for the bulk import of Neo4j", (), False, _neo4j),
    )
}
