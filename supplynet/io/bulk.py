"""Large networks read from CSV or parquet into coded columns, checked by the rules of `load`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from supplynet.errors import Finding, ValidationError
from supplynet.io import csvtext
from supplynet.io.bulkrules import check_columns, nodes_to_check, repeated, supplies_to_check
from supplynet.io.coded import Coded, Doubt, Kind, Want, filled, read_texts, typed
from supplynet.io.convert import Findings
from supplynet.io.csvcolumns import CsvColumns
from supplynet.io.csvtext import RawTable, read_csv
from supplynet.io.meta import META_FILE, read_meta
from supplynet.io.parquet import ParquetColumns, raw_parquet
from supplynet.io.read import assemble, examine
from supplynet.io.rules import BANDS, RuleSet, check_errors
from supplynet.io.sinks import may_be_guarded
from supplynet.io.tables import (
    Use,
    build_table,
    fill_supply_ids,
    heading_uses,
    known_headings,
    row_tables,
    which_table,
)
from supplynet.model import Meta, SupplyNetwork, Table
from supplynet.schema import TABLES, fold

__all__ = ["CodedNetwork", "read_coded"]

Columns = CsvColumns | ParquetColumns
_PARQUET = ".parquet"
#: What the compiler asks of a supply.
_SUPPLY_FIELDS = frozenset(
    (
        "supplier", "consumer", "material", "share", "qualified", "status", "confidence", "start",
        "end",
    )
)  # fmt: skip
#: Words of graph tools for edges that do not say who supplies whom.
_UNDIRECTED = frozenset({"undirected", "mixed"})
#: Columns of nodes that name no unit and take part in no rule.
_NODE_TEXTS = frozenset({"name", "note", "lei", "aliases"})


@dataclass(frozen=True, eq=False)
class CodedNetwork:
    """A checked network as coded columns.

    Attributes
    ----------
    ids
        Node ids, in file order.
    nodes, supplies
        Columns by name, blanks that have a default filled. `supplier` and `consumer` hold
        positions in `ids`.
    rows
        Number of supplies.
    needs, materials
        The tables of these names as they are.
    meta
        What `network.toml` says.
    dated
        Rows that are dated, one a table, for the message that a date is missing.
    supply_ids, numbered
        Ids of the supplies where they were given, and those of rows that repeat an earlier one.
    """

    ids: Sequence[str]
    nodes: Mapping[str, Coded]
    supplies: Mapping[str, Coded]
    rows: int
    needs: Table
    materials: Table
    meta: Meta
    dated: Mapping[str, Table]
    supply_ids: Sequence[str] | None = None
    numbered: Mapping[int, str] = field(default_factory=dict)


def read_coded(path: str | os.PathLike[str]) -> CodedNetwork | SupplyNetwork:
    """Return the network of a folder or file as coded columns, or as `load` returns it.

    Parameters
    ----------
    path
        A folder of CSV or parquet files, or a file.

    Returns
    -------
    CodedNetwork or SupplyNetwork
        The latter where something had to be looked at more closely.

    Raises
    ------
    ValidationError
        If anything is wrong; all findings come at once.
    """
    place = Path(path)
    files = _files(place)
    if files is None:
        return examine(path).network()
    try:
        return _Reader(place, files).network()
    except (Doubt, OSError):
        _refuse_too_large(files)
    if all(file.suffix.lower() != _PARQUET for file in files.values()):
        return examine(path).network()
    return _strict(place, files)


def _refuse_too_large(files: Mapping[str, Path]) -> None:
    """Refuse CSV files in which something has to be looked at, and that `load` does not take."""
    what = (
        f"a cell or row is not as it should be, and beyond {csvtext.MAX_BYTES // 1024**2} MiB "
        "the file is not looked through for it"
    )
    fix = "Check a part of it with validate, or save it as parquet"
    found = [
        Finding(file.name, what, fix)
        for file in files.values()
        if file.suffix.lower() != _PARQUET and file.stat().st_size > csvtext.MAX_BYTES
    ]
    if found:
        raise ValidationError(found)


def _files(place: Path) -> dict[str, Path] | None:
    """Return the file of each table, ``None`` where it takes `load` to tell."""
    try:
        if place.is_dir():
            return _files_of(place)
        if place.is_file() and place.suffix.lower() in (".csv", ".tsv", ".tab", ".txt", _PARQUET):
            name = _table_of(place)
            return {name: place} if name is not None else None
    except OSError:
        return None
    return None


def _files_of(place: Path) -> dict[str, Path] | None:
    found: dict[str, Path] = {}
    for item in sorted(place.iterdir()):
        table = fold(item.stem)
        ending = item.suffix.lower()
        known = table in row_tables() and ending in (".csv", ".tsv", _PARQUET)
        if item.name.startswith(".") or not known:
            continue
        if table in found and _PARQUET in (ending, found[table].suffix.lower()):
            names = f"{found[table].name} and {item.name}"
            raise ValidationError(
                [Finding(str(item), f"{names} are the same table", "Delete or rename one")]
            )
        if table in found or not item.is_file():
            return None
        found[table] = item
    return found if "supplies" in found else None


def _table_of(place: Path) -> str | None:
    """Return which table a single file holds: supplies, or ``None`` for all others."""
    if place.suffix.lower() == _PARQUET:
        return "supplies"
    try:
        header = CsvColumns(place, known_headings).header
    except Doubt:
        return None
    name, _ = which_table(header, place.stem)
    return name if name == "supplies" else None


def _columns(place: Path, table: str, *, alone: bool) -> Columns:
    """Return the columns of a file; a file that stands alone says by itself which table it is."""
    if place.suffix.lower() != _PARQUET:

        def score(header: list[str]) -> int:
            return known_headings(header, None if alone else table)

        return CsvColumns(place, score)
    return ParquetColumns(place)


def _raw(file: Path, name: str, findings: Findings) -> RawTable | None:
    """Return the texts of one table, ``None`` where the findings say why not."""
    if file.suffix.lower() == _PARQUET:
        return raw_parquet(file)

    def score(header: list[str]) -> int:
        return known_headings(header, name)

    raw, found = read_csv(file.read_bytes(), file.name, encoding="utf-8", score=score)
    findings.extend(found)
    return raw


def _strict(place: Path, files: Mapping[str, Path]) -> SupplyNetwork:
    """Return a network of which some tables are parquet, read as strictly as any other."""
    findings = Findings()
    raws = {name: _raw(file, name, findings) for name, file in files.items()}
    meta = _meta(place, findings)
    return assemble(
        raws, meta, findings, meta_where=META_FILE, source=str(place.resolve())
    ).network()


def _meta(place: Path, findings: Findings) -> Meta:
    if not place.is_dir():
        return Meta(name=place.stem)
    name = place.resolve().name
    toml = place / META_FILE
    if not toml.is_symlink() and not toml.exists():
        return Meta(name=name)
    if not toml.is_file():
        raise Doubt
    return read_meta(toml.read_bytes(), name, findings)


class _Reader:
    """Reads the tables of one network; raises ``Doubt`` where `load` has to look."""

    def __init__(self, place: Path, files: Mapping[str, Path]) -> None:
        self.place = place
        self.files = files
        self.findings = Findings()

    def network(self) -> CodedNetwork:
        meta = _meta(self.place, self.findings)
        small = {
            name: self._small(name) for name in self.files if name not in ("nodes", "supplies")
        }
        ids: Sequence[str] = ()
        nodes: dict[str, Coded] = {}
        sources: Sequence[str] = ()
        if "nodes" in self.files:
            ids, nodes, sources = self._nodes()
        found = self._supplies(ids)
        if "nodes" not in self.files:
            ids = found.nodes
        tables = {
            **small,
            "nodes": nodes_to_check(ids, nodes, sources),
            "supplies": supplies_to_check(found.columns, ids, found.references, small.get("needs")),
        }
        check_columns(found.columns)
        check_errors(RuleSet(tables, frozenset(self.files), meta, META_FILE), self.findings)
        self._no_errors()
        return CodedNetwork(
            ids=ids,
            nodes=_with_defaults("nodes", nodes, len(ids)),
            supplies=found.columns,
            rows=found.rows,
            needs=small.get("needs") or _empty("needs"),
            materials=small.get("materials") or _empty("materials"),
            meta=meta,
            dated={
                **{name: small[name] for name in ("needs", "holdings") if name in small},
                "nodes": _first_dated("nodes", nodes),
                "supplies": _first_dated("supplies", found.columns),
            },
            supply_ids=found.given_ids,
            numbered=found.numbered,
        )

    def _no_errors(self) -> None:
        if any(finding.level == "error" for finding in self.findings.all()):
            raise Doubt

    def _small(self, name: str) -> Table:
        raw = _raw(self.files[name], name, self.findings)
        self._no_errors()
        if raw is None:
            raise Doubt
        table, _ = build_table(
            name, raw.header, raw.columns, self.findings,
            source=raw.name or None, lines=raw.lines or None,
        )  # fmt: skip
        self._no_errors()
        if table is None:
            raise Doubt
        return table

    def _uses(self, columns: Columns, table: str) -> list[Use | None]:
        """Return what each heading is used as, ``None`` where a column has no heading."""
        named = [heading for heading in columns.header if heading]
        if len(set(named)) < len(named):
            raise Doubt
        uses = iter(heading_uses(TABLES[table], named, table, self.findings))
        found = [next(uses) if heading else None for heading in columns.header]
        fields = {use.name for use in found if use is not None and use.field is not None}
        if not {field.name for field in TABLES[table].required} <= fields:
            raise Doubt
        self._no_errors()
        return found

    def _nodes(self) -> tuple[Sequence[str], dict[str, Coded], Sequence[str]]:
        """Return the ids, the columns that may name units, and the references."""
        columns = _columns(self.files["nodes"], "nodes", alone=False)
        uses = self._uses(columns, "nodes")
        wants = [_node_want(use) for use in uses]
        cells, rows = columns.read(wants)
        if not rows:
            raise Doubt
        ids: Sequence[str] = ()
        nodes: dict[str, Coded] = {}
        references: Sequence[str] = ()
        for use, want, found in zip(uses, wants, cells, strict=True):
            if use is None or want.kind not in (Kind.CODED, Kind.DISTINCT):
                continue
            column = typed(found, want)
            if use.field is not None and use.name == "id":
                ids = _ids(column)
            elif want.kind is Kind.DISTINCT:
                references = _items(column)
            else:
                nodes[use.name] = column
        return ids, nodes, references

    def _supplies(self, ids: Sequence[str]) -> _Supplies:
        alone = not self.place.is_dir()
        columns = _columns(self.files["supplies"], "supplies", alone=alone)
        if alone and which_table(columns.header, self.place.stem)[0] != "supplies":
            raise Doubt
        uses = self._uses(columns, "supplies")
        names = {use.name for use in uses if use is not None}
        band = names.intersection(*BANDS["supplies"])
        wants = [_supply_want(use, band if len(band) > 1 else set()) for use in uses]
        # An id that looks guarded would be met by texts that mean another.
        first = () if may_be_guarded(ids) else ids
        cells, rows = columns.read(wants, first)
        if not rows:
            raise Doubt
        read: dict[str, Coded] = {}
        references: Sequence[str] = ()
        given_ids: Sequence[str] | None = None
        for use, want, found in zip(uses, wants, cells, strict=True):
            if use is not None and want.kind is Kind.UNIQUE:
                given_ids = found.texts if len(found.texts) else None
            if use is None or want.kind not in (Kind.CODED, Kind.DISTINCT):
                continue
            if want.pool:
                read[use.name] = Coded(found.code, found.texts)
            elif want.kind is Kind.CODED:
                read[use.name] = typed(found, want)
            elif use.field is not None:
                references = _items(typed(found, want))
            elif {text.strip().casefold() for text in found.texts} & _UNDIRECTED:
                raise Doubt
        known = _place_ends(read, ids, len(first))
        numbered = {} if given_ids is not None else _numbered(columns, read, known)
        return _Supplies(
            _with_defaults("supplies", read, rows), rows, references, known, given_ids, numbered
        )


@dataclass(frozen=True, eq=False)
class _Supplies:
    """The supplies as read.

    Attributes
    ----------
    columns, rows
        What the compiler reads, and the number of rows.
    references
        The references they name.
    nodes
        Ids of the nodes.
    given_ids, numbered
        Ids of the supplies where they have any, and of the rows that repeat an earlier one.
    """

    columns: Mapping[str, Coded]
    rows: int
    references: Sequence[str]
    nodes: Sequence[str]
    given_ids: Sequence[str] | None
    numbered: Mapping[int, str]


def _node_want(use: Use | None) -> Want:
    if use is None:
        return Want(Kind.BLANK)
    kind = Kind.CODED
    if use.field is not None and use.name in _NODE_TEXTS:
        kind = Kind.SKIPPED
    if use.field is not None and use.name == "references":
        kind = Kind.DISTINCT
    return Want(kind, use.field, use.divisor)


def _supply_want(use: Use | None, compared: Set[str]) -> Want:
    if use is None:
        return Want(Kind.BLANK)
    if use.field is None:
        return Want(Kind.DISTINCT if fold(use.heading) == "type" else Kind.SKIPPED)
    pool = "ends" if use.name in ("supplier", "consumer") else ""
    if use.name in _SUPPLY_FIELDS or use.name in compared:
        kind = Kind.CODED
    elif use.name == "id":
        kind = Kind.UNIQUE
    elif use.name == "references":
        kind = Kind.DISTINCT
    else:
        kind = Kind.SKIPPED if use.field.type == "text" else Kind.CHECKED
    return Want(kind, use.field, use.divisor, pool)


def _items(column: Coded) -> Sequence[str]:
    return list(dict.fromkeys(item for items in column.values for item in items))


def _ids(column: Coded) -> Sequence[str]:
    import numpy as np

    if (column.code < 0).any():
        raise Doubt
    ids = column.values
    if len(ids) != len(column.code) or (np.diff(column.code) != 1).any():
        ids = [ids[i] for i in column.code.tolist()]
    if len(set(ids)) < len(ids):
        raise Doubt
    return ids


def _place_ends(supplies: dict[str, Coded], ids: Sequence[str], first: int) -> Sequence[str]:
    """Make positions among the nodes of the ends of the supplies; return the ids of the nodes.

    The first texts of the pool are the ids themselves. Without ids, nodes stand in the order in
    which the rows first name them, the supplier before the consumer.
    """
    import numpy as np

    texts = supplies["supplier"].values
    want = Want(Kind.CODED, TABLES["supplies"]["supplier"])
    number = np.full(len(texts), -1, dtype=np.int32)
    number[:first] = np.arange(first, dtype=np.int32)
    index = {text: i for i, text in enumerate(ids)} if len(texts) > first else {}
    for place, value in enumerate(read_texts(texts[first:], want), start=first):
        if value is not None:
            number[place] = index.get(value, -1) if ids else index.setdefault(value, len(index))
    ends = [number[supplies[name].code] for name in ("supplier", "consumer")]
    if any((end < 0).any() for end in ends):
        raise Doubt
    if not ids:
        rows = np.arange(len(ends[0]), dtype=np.int64)[::-1]
        mention = np.zeros(len(index), dtype=np.int64)
        mention[:] = 2 * len(rows)
        for place, end in enumerate(ends):
            once = np.full(len(index), 2 * len(rows), dtype=np.int64)
            # Of several, the last to be written stays: the first row.
            once[end[::-1]] = 2 * rows + place
            np.minimum(mention, once, out=mention)
        order = np.argsort(mention)
        place_of = np.empty(len(order), dtype=np.int32)
        place_of[order] = np.arange(len(order), dtype=np.int32)
        names = list(index)
        ids = [names[i] for i in order[: int((mention < 2 * len(rows)).sum())].tolist()]
        ends = [place_of[end] for end in ends]
    supplies["supplier"], supplies["consumer"] = (Coded(end, ids) for end in ends)
    return ids


def _numbered(
    columns: Columns, supplies: Mapping[str, Coded], ids: Sequence[str]
) -> dict[int, str]:
    """Return the ids of rows of the same supplier, consumer and material as another row."""
    rows = repeated(supplies, len(ids))
    if not len(rows):
        return {}
    names = (*ids, *(supplies["material"].values if "material" in supplies else ()))
    if any("#" in name for name in names):
        # A name may look like one that was given a number.
        raise Doubt
    header, cells = columns.rows(rows.tolist())
    table, _ = build_table("supplies", header, cells, Findings())
    if table is None:
        raise Doubt
    return dict(zip(rows.tolist(), fill_supply_ids(table).column("id"), strict=True))


def _with_defaults(table: str, columns: Mapping[str, Coded], rows: int) -> dict[str, Coded]:
    found = dict(columns)
    for spec in TABLES[table]:
        if spec.default and not spec.default.startswith("{"):
            found[spec.name] = filled(found.get(spec.name), spec.default, rows)
    return found


def _empty(name: str) -> Table:
    return Table(name, {}, 0, list_fields=TABLES[name].list_fields)


def _first_dated(name: str, columns: Mapping[str, Coded]) -> Table:
    """Return the rows down to the first that is dated, for the message that a date is missing."""
    import numpy as np

    for heading in ("start", "end"):
        column = columns.get(heading)
        if column is not None and (column.code >= 0).any():
            row = int(np.argmax(column.code >= 0))
            value = column.values[column.code[row]]
            return Table(name, {heading: [*[None] * row, value]}, row + 1)
    return Table(name, {}, 0)
