"""Networks read from CSV folders and single files, every finding in one go."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from supplynet.errors import Finding, Level, ValidationError
from supplynet.io.convert import Findings
from supplynet.io.csvtext import RawTable, read_csv
from supplynet.io.meta import META_FILE, read_meta
from supplynet.io.rules import RuleSet, check_rules
from supplynet.io.tables import (
    build_table,
    fill_supply_ids,
    known_headings,
    row_tables,
    which_table,
)
from supplynet.model import ColumnUse, Meta, SupplyNetwork, Table
from supplynet.schema import TABLES, fold

__all__ = ["Examination", "Undirected", "assemble", "check", "examine", "load"]

_CSV_ENDINGS = (".csv", ".tsv", ".tab", ".txt")
_ENDINGS = (*_CSV_ENDINGS, ".xlsx", ".xlsm", ".json", ".omts", ".graphml", ".gexf", ".xml")

#: What becomes of edges that do not say who supplies whom.
Undirected = Literal["refuse", "as_written", "both"]


@dataclass(frozen=True)
class Examination:
    """What reading some data brought up, whether they make a network or not.

    Attributes
    ----------
    net
        The network, ``None`` where there is an error.
    findings
        All errors, warnings and notes, by file and line.
    columns
        What became of every column, also where there are errors.
    """

    net: SupplyNetwork | None
    findings: tuple[Finding, ...]
    columns: tuple[ColumnUse, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that refuse the network."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    def network(self) -> SupplyNetwork:
        """Return the network, or raise ``ValidationError`` with all errors."""
        if self.net is None:
            raise ValidationError(self.errors)
        return self.net


def load(
    path: str | os.PathLike[str], *, encoding: str = "utf-8", undirected: Undirected = "refuse"
) -> SupplyNetwork:
    r"""Return the network in a folder of CSV files or in a single file, checked.

    Parameters
    ----------
    path
        A folder of CSV files, of which only `supplies.csv` is required, or a file: CSV, a
        workbook (.xlsx), .json (tables, node-link or OMTS), .graphml, .gexf or .xml (an
        Open-PSA fault tree).
    encoding
        Encoding of the CSV files.
    undirected
        What becomes of edges of a graph file that do not say who supplies whom: `refuse` the
        file; take them `as_written`, the end named first supplying the other; or make a supply
        `both` ways.

    Returns
    -------
    SupplyNetwork
        The network; warnings and notes are in its `findings`.

    Raises
    ------
    ValidationError
        If anything is wrong; all findings come at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "supplies.csv"
    >>> _ = file.write_text("supplier,consumer,material\nmine,smelter,ore\n")
    >>> load(file).table("nodes").column("id")
    ['mine', 'smelter']
    """
    return examine(path, encoding=encoding, undirected=undirected).network()


def check(
    net: SupplyNetwork | str | os.PathLike[str], *, encoding: str = "utf-8"
) -> tuple[Finding, ...]:
    """Return all findings about a network: errors, warnings and notes, by file and line.

    Parameters
    ----------
    net
        A network, or the path of one that need not be valid.
    encoding
        Encoding of the CSV files.

    Returns
    -------
    tuple of Finding
        Empty if there is nothing to say; that does not mean that the data are complete.
    """
    if not isinstance(net, SupplyNetwork):
        return examine(net, encoding=encoding).findings
    findings = Findings()
    # Nodes and supplies are always there; empty and from no file, they were not given.
    given = frozenset(
        name
        for name, table in net.tables.items()
        if len(table)
        or name not in ("nodes", "supplies")
        or (name == "supplies" and table.source is not None)
    )
    check_rules(RuleSet(net.tables, given, net.meta, META_FILE), findings)
    # What was found when the network was read knows its place better.
    known = {finding.what for finding in net.findings}
    fresh = [finding for finding in findings.all() if finding.what not in known]
    findings = Findings()
    findings.extend([*net.findings, *fresh])
    return findings.all()


def examine(
    path: str | os.PathLike[str], *, encoding: str = "utf-8", undirected: Undirected = "refuse"
) -> Examination:
    """Return everything that reading a path brings up; nothing about the data is raised.

    Parameters
    ----------
    path
        A folder of CSV files, or a file: CSV, .xlsx, .json, .graphml, .gexf or .xml.
    encoding
        Encoding of the CSV files.
    undirected
        What becomes of edges that do not say who supplies whom; see :func:`load`.
    """
    findings = Findings()
    place = Path(path)
    try:
        wrong = _wrong_path(place)
        if wrong is None:
            if place.is_dir():
                return _read_folder(place, encoding, findings)
            return _read_file(place, encoding, findings, undirected)
    except OSError as error:
        reason = error.strerror or str(error)
        wrong = Finding(str(path), f"cannot be read: {reason[:1].lower()}{reason[1:]}")
    findings.extend([wrong])
    return Examination(None, findings.all())


def _wrong_path(place: Path) -> Finding | None:
    """Return why a path holds no network that can be read, ``None`` if it may hold one."""
    where = str(place)
    if "\0" in where:
        return Finding(repr(where), "no file can have this name")
    if place.is_symlink() and not place.exists():
        return Finding(where, f"a link to nothing: there is no {place.readlink()}")
    if not place.exists():
        return Finding(where, "no such file or folder", _other_names(place))
    if place.is_dir():
        return None
    if not place.is_file():
        return Finding(where, "not a regular file", "Save the data to a file first")
    if place.suffix.lower() not in _ENDINGS:
        kind = f"{place.suffix} files are not read" if place.suffix else "the kind is not known"
        what = f"{kind}: a network is a folder of CSV files or one file ({', '.join(_ENDINGS)})"
        return Finding(where, what, "Save the data as .xlsx or .csv")
    return None


def _other_names(place: Path) -> str:
    parent = place.parent
    if not parent.is_dir():
        return f"There is no folder {str(parent)!r} either"
    names = sorted(item.name for item in parent.iterdir())[:2000]
    near = difflib.get_close_matches(place.name, names, n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(repr(name) for name in near)}?" if near else "Check the path"


def _read_file(
    place: Path, encoding: str, findings: Findings, undirected: Undirected
) -> Examination:
    ending = place.suffix.lower()
    if ending in (".xlsx", ".xlsm"):
        from supplynet.io.xlsx import read_xlsx

        return read_xlsx(place, findings)
    if ending in (".json", ".omts"):
        from supplynet.io.jsonform import read_json

        return read_json(place, findings, undirected=undirected)
    if ending == ".graphml":
        from supplynet.io.graphml import read_graphml

        return read_graphml(place, findings, undirected=undirected)
    if ending == ".gexf":
        from supplynet.io.gexf import read_gexf

        return read_gexf(place, findings, undirected=undirected)
    if ending == ".xml":
        from supplynet.io.openpsa import read_openpsa

        return read_openpsa(place, findings)
    return _read_csv_file(place, encoding, findings)


def _read_csv_file(place: Path, encoding: str, findings: Findings) -> Examination:
    meta = Meta(name=place.stem)
    raw, found = read_csv(_bytes(place), place.name, encoding=encoding, score=known_headings)
    findings.extend(found)
    if raw is None:
        return Examination(None, findings.all())
    name, wanted = which_table(raw.header, place.stem)
    if name is None:
        shown = ", ".join(repr(heading) for heading in raw.header[:12])
        findings.add(f"{raw.name}:1", f"no table has these columns: {shown}", _sentence(wanted))
        return Examination(None, findings.all())
    if not raw.lines:
        findings.add(raw.name, "no rows below the column names", "It needs a line per row")
        return Examination(None, findings.all())
    if fold(place.stem) == name:
        _say_what_is_beside(place, findings)
    return assemble({name: raw}, meta, findings, meta_where=raw.name, source=str(place.resolve()))


def _say_what_is_beside(place: Path, findings: Findings) -> None:
    """Warn that one table of a folder was named where the folder was probably meant."""
    names: list[str] = []
    # A folder may let its files be read and not be listed.
    with suppress(PermissionError):
        names = sorted(item.name for item in place.parent.iterdir() if item.name != place.name)
    beside = [
        name
        for name in names
        if name == META_FILE
        or (Path(name).suffix.lower() in (".csv", ".tsv") and fold(Path(name).stem) in row_tables())
    ]
    if beside:
        what = f"only this file is read, not {', '.join(beside)} beside it"
        findings.add(place.name, what, "Give the folder to read them all", "warning")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _bytes(place: Path) -> bytes:
    return place.read_bytes()


def _read_folder(place: Path, encoding: str, findings: Findings) -> Examination:
    files = sorted(item for item in place.iterdir() if not item.name.startswith("."))
    by_table: dict[str, list[Path]] = {}
    others: list[Path] = []
    for item in files:
        if item.suffix.lower() in (".csv", ".tsv"):
            stem = fold(item.stem)
            if stem in row_tables():
                by_table.setdefault(stem, []).append(item)
            else:
                others.append(item)
    for items in by_table.values():
        if len(items) > 1:
            names = " and ".join(item.name for item in items)
            findings.add(str(items[0]), f"{names} are the same table", "Delete or rename one")
    if "supplies" not in by_table:
        edges = [item for item in others if fold(item.stem) in ("edges", "links")]
        if len(edges) == 1:
            # Gephi's name; a graph tool keeps its nodes and edges in two such files.
            by_table["supplies"] = edges
            others.remove(edges[0])
            findings.add(edges[0].name, "is read as the table supplies", level="note")
    if "supplies" not in by_table:
        findings.extend([_no_supplies(place, others, files)])
        return Examination(None, findings.all())
    for item in others:
        near = difflib.get_close_matches(fold(item.stem), row_tables(), n=1, cutoff=0.75)
        hint = f"Did you mean '{near[0]}.csv'?" if near else ""
        level: Level = "warning" if near else "note"
        findings.extend([Finding(item.name, "no table of that name, set aside", hint, level)])
    raws: dict[str, RawTable | None] = {}
    for name in row_tables():
        if name not in by_table:
            continue
        item = by_table[name][0]

        def score(header: list[str], name: str = name) -> int:
            return known_headings(header, name)

        wrong = _no_file(item)
        raws[name] = None
        if wrong is not None:
            findings.extend([wrong])
            continue
        raw, found = read_csv(_bytes(item), item.name, encoding=encoding, score=score)
        findings.extend(found)
        raws[name] = raw
    meta = Meta(name=place.resolve().name)
    toml = place / META_FILE
    if toml.is_symlink() or toml.exists():
        wrong = _no_file(toml)
        if wrong is None:
            meta = read_meta(_bytes(toml), meta.name, findings)
        else:
            findings.extend([wrong])
    return assemble(raws, meta, findings, meta_where=META_FILE, source=str(place.resolve()))


def _no_file(item: Path) -> Finding | None:
    if item.is_file():
        return None
    what = "a folder stands where a file is wanted" if item.is_dir() else "not a regular file"
    return Finding(item.name, what, "Replace it with the file")


def _no_supplies(place: Path, others: Sequence[Path], files: Sequence[Path]) -> Finding:
    what = "a folder without supplies.csv, the one table that a network needs"
    names = {fold(item.stem): item.name for item in others}
    likely = [*difflib.get_close_matches("supplies", sorted(names), n=1, cutoff=0.6)]
    likely += [name for name in ("edges", "links") if name in names and not likely]
    if likely:
        return Finding(str(place), what, f"Rename {names[likely[0]]!r} to supplies.csv")
    listed = ", ".join(item.name for item in files[:8])
    return Finding(str(place), what, f"Found {listed}" if listed else "The folder is empty")


def assemble(
    raws: Mapping[str, RawTable | None],
    meta: Meta,
    findings: Findings,
    *,
    meta_where: str,
    source: str | None = None,
) -> Examination:
    """Return the network made of tables of text, and what came up on the way.

    Parameters
    ----------
    raws
        The tables of text by name, ``None`` for one that could not be read.
    meta
        What `network.toml` says.
    findings
        Takes what is wrong, and gives the network its warnings and notes.
    meta_where
        Where the keys of `meta` stand, for messages.
    source
        The file or folder that was read.
    """
    tables: dict[str, Table] = {}
    columns: list[ColumnUse] = []
    for name in row_tables():
        raw = raws.get(name)
        if raw is not None:
            table, uses = build_table(
                name,
                raw.header,
                raw.columns,
                findings,
                source=raw.name or None,
                lines=raw.lines or None,
            )
            columns += uses
            if table is not None:
                tables[name] = table
    if "supplies" in tables:
        tables["supplies"] = fill_supply_ids(tables["supplies"])
    elif "supplies" not in raws:
        tables["supplies"] = _empty("supplies")
    if "nodes" not in raws and "supplies" in tables:
        tables["nodes"] = _nodes_from(tables["supplies"])
    check_rules(RuleSet(tables, frozenset(raws), meta, meta_where), findings)
    found = findings.all()
    if any(finding.level == "error" for finding in found):
        return Examination(None, found, tuple(columns))
    ordered = {name: tables[name] for name in row_tables() if name in tables}
    net = SupplyNetwork(ordered, meta, found, columns=columns, source=source)
    return Examination(net, found, tuple(columns))


def _empty(name: str) -> Table:
    schema = TABLES[name]
    columns: dict[str, list[Any]] = {field.name: [] for field in schema if field.required}
    return Table(name=name, columns=columns, length=0, list_fields=schema.list_fields)


def _nodes_from(supplies: Table) -> Table:
    """Return the nodes that the supplies name, in order of their first mention."""
    seen: dict[str, int] = {}
    ends = zip(supplies.column("supplier"), supplies.column("consumer"), strict=True)
    for index, (supplier, consumer) in enumerate(ends):
        if supplier not in seen and supplier is not None:
            seen[supplier] = index
        if consumer not in seen and consumer is not None:
            seen[consumer] = index
    findings = Findings()
    table, _ = build_table("nodes", ["id"], [list(seen)], findings)
    if table is None:  # pragma: no cover - the required column is there
        message = "nodes without an id column"
        raise AssertionError(message)
    if supplies.source is None or supplies.lines is None:
        return table
    lines = [supplies.lines[index] for index in seen.values()]
    return replace(table, source=supplies.source, lines=lines)
