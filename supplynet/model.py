"""The network as checked tables. Unknown is a value: a blank cell is ``None``, never 0 or ""."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from supplynet.errors import Finding, QuestionError

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

__all__ = ["ColumnUse", "Meta", "SupplyNetwork", "Table", "number_text", "resolve_date"]


@dataclass(frozen=True, eq=False)
class Table:
    """One checked table: a list of values per column.

    Text is ``str``, a number an exact ``decimal.Decimal``, a date a ``datetime.date``, a list a
    ``tuple`` of ``str``. A blank cell is ``None``, a blank list the empty tuple. `columns` holds
    the columns that were given (and those filled with a default), extra ones as text.

    Attributes
    ----------
    name
        Name of the table, as in the schema.
    columns
        Column name to values, in the order of the schema, extra columns after them.
    length
        Number of rows.
    source, lines
        Where the rows came from: a file name and the line of each row, for messages and reports.
        They are no part of the data: the digest does not see them.
    list_fields
        Columns whose blank is the empty tuple.
    """

    name: str
    columns: Mapping[str, Sequence[Any]]
    length: int
    source: str | None = None
    lines: Sequence[int] | None = None
    list_fields: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return self.length

    def column(self, name: str) -> Sequence[Any]:
        """Return the values of one column, all blank where the table has no such column."""
        if name in self.columns:
            return self.columns[name]
        return [() if name in self.list_fields else None] * self.length

    def row(self, index: int) -> dict[str, Any]:
        """Return one row by its position (0 is the first), given columns only."""
        return {name: values[index] for name, values in self.columns.items()}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows in file order, given columns only."""
        for index in range(self.length):
            yield self.row(index)

    def where(self, index: int) -> str:
        """Return ``file:line`` of a row, or ``table row n`` for rows that came from no file."""
        if self.source is not None and self.lines is not None:
            return f"{self.source}:{self.lines[index]}"
        return f"{self.name} row {index + 1}"

    def frame(self) -> pd.DataFrame:
        """Return the table as a new DataFrame: text as ``str``, other fields as objects."""
        import pandas as pd

        return pd.DataFrame(
            {
                name: pd.Series(list(values), dtype=_dtype(values), index=range(self.length))
                for name, values in self.columns.items()
            },
            columns=list(self.columns),
        )


def _dtype(values: Sequence[Any]) -> str:
    return "str" if all(v is None or isinstance(v, str) for v in values) else "object"


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """What became of one column of a file.

    Attributes
    ----------
    table, file
        The table, and the file it was read from (blank for frames).
    given, used_as
        The heading as written, and the name of the column in the table.
    how
        ``used`` (its own name), ``renamed`` (another name of a known field) or ``set aside``
        (no known field: kept as text).
    """

    table: str
    file: str
    given: str
    used_as: str
    how: Literal["used", "renamed", "set aside"]

    def to_dict(self) -> dict[str, str]:
        """Return the column use as JSON values."""
        return {
            "table": self.table,
            "file": self.file,
            "given": self.given,
            "used_as": self.used_as,
            "how": self.how,
        }


@dataclass(frozen=True)
class Meta:
    """What `network.toml` says: title, description, date of the data, licence, targets."""

    name: str = ""
    title: str = ""
    description: str = ""
    as_of: date | None = None
    licence: str = ""
    targets: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


class SupplyNetwork:
    """A supply network: checked tables and what is said about them. Never changed in place.

    Make one with :func:`supplynet.load`, :func:`supplynet.from_frames` or
    :func:`supplynet.load_example`; they check the data, this class trusts it.

    Attributes
    ----------
    meta
        Title, date of the data, targets.
    tables
        Table name to :class:`Table`; `nodes` and `supplies` are always there.
    findings
        Warnings and notes that the check brought up (an error would have refused the network).
    columns
        What became of every column of the files that were read.
    source
        The file or folder that was read, ``None`` if there was none. No part of the digest.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        meta: Meta,
        findings: Sequence[Finding] = (),
        *,
        columns: Sequence[ColumnUse] = (),
        source: str | None = None,
    ) -> None:
        self.tables = dict(tables)
        self.meta = meta
        self.findings = tuple(findings)
        self.columns = tuple(columns)
        self.source = source

    @property
    def name(self) -> str:
        """The name of the folder or file that it was read from."""
        return self.meta.name

    @property
    def as_of(self) -> date | None:
        """The date that the data describe."""
        return self.meta.as_of

    def table(self, name: str) -> Table:
        """Return a table, an empty one where the network has none of that name."""
        if name in self.tables:
            return self.tables[name]
        return Table(name=name, columns={}, length=0)

    def frame(self, name: str) -> pd.DataFrame:
        """Return a table as a DataFrame that the caller may change freely."""
        if name not in self._frames:
            self._frames[name] = self.table(name).frame()
        return self._frames[name].copy(deep=False)

    @cached_property
    def _frames(self) -> dict[str, pd.DataFrame]:
        return {}

    @property
    def nodes(self) -> pd.DataFrame:
        """The table `nodes` as a DataFrame of your own."""
        return self.frame("nodes")

    @property
    def supplies(self) -> pd.DataFrame:
        """The table `supplies` as a DataFrame of your own."""
        return self.frame("supplies")

    @property
    def needs(self) -> pd.DataFrame:
        """The table `needs` as a DataFrame of your own."""
        return self.frame("needs")

    @property
    def materials(self) -> pd.DataFrame:
        """The table `materials` as a DataFrame of your own."""
        return self.frame("materials")

    @property
    def entities(self) -> pd.DataFrame:
        """The table `entities` as a DataFrame of your own."""
        return self.frame("entities")

    @property
    def holdings(self) -> pd.DataFrame:
        """The table `holdings` as a DataFrame of your own."""
        return self.frame("holdings")

    @property
    def measures(self) -> pd.DataFrame:
        """The table `measures` as a DataFrame of your own."""
        return self.frame("measures")

    @property
    def periods(self) -> pd.DataFrame:
        """The table `periods` as a DataFrame of your own."""
        return self.frame("periods")

    @property
    def observations(self) -> pd.DataFrame:
        """The table `observations` as a DataFrame of your own."""
        return self.frame("observations")

    @property
    def shares(self) -> pd.DataFrame:
        """The table `shares` as a DataFrame of your own."""
        return self.frame("shares")

    @property
    def references(self) -> pd.DataFrame:
        """The table `references` as a DataFrame of your own."""
        return self.frame("references")

    @property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The network as a graph at `as_of`; see :func:`supplynet.graph`."""
        from supplynet.graph import graph

        return graph(self)

    @cached_property
    def node_rows(self) -> Mapping[str, Mapping[str, Any]]:
        """Node id to its row, in file order."""
        return {row["id"]: row for row in self.table("nodes").rows()}

    @cached_property
    def digest(self) -> str:
        """The sha256 of the canonical typed tables.

        File form, row order, column order, blank columns and paths do not enter.
        """
        content: dict[str, Any] = {"meta": _canonical_meta(self.meta)}
        for name in sorted(self.tables):
            rows = sorted(
                json.dumps(
                    {
                        key: _canonical(value)
                        for key, value in row.items()
                        if value not in (None, ())
                    },
                    sort_keys=True,
                )
                for row in self.tables[name].rows()
            )
            if rows:
                content[name] = rows
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def __repr__(self) -> str:
        return (
            f"<SupplyNetwork {self.name or 'unnamed'!r}: {len(self.table('nodes'))} nodes, "
            f"{len(self.table('supplies'))} supplies, as of {self.as_of or 'no date'}>"
        )


def _canonical(value: object) -> object:
    """Return a value as it is hashed: type and exact value, whatever it was read from."""
    if isinstance(value, Decimal):
        return {"number": number_text(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, tuple):
        return list(value)
    return value


def number_text(value: Decimal) -> str:
    """Return an exact number in its shortest plain form.

    Examples
    --------
    >>> number_text(Decimal("1E+2")), number_text(Decimal("0.50")), number_text(Decimal("-0.0"))
    ('100', '0.5', '0')
    """
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _canonical_meta(meta: Meta) -> dict[str, Any]:
    return {
        "title": meta.title,
        "description": meta.description,
        "as_of": meta.as_of.isoformat() if meta.as_of else None,
        "licence": meta.licence,
        "targets": sorted(meta.targets),
    }


def resolve_date(net: SupplyNetwork, on: date | str | None) -> date | None:
    """Return the date of the answer: the one given, else that of the data.

    Raises
    ------
    QuestionError
        `on` is no ISO date, or rows are dated and neither date is known.
    """
    if isinstance(on, str):
        try:
            return date.fromisoformat(on)
        except ValueError as error:
            raise QuestionError(f"{on!r} is no date. Write it as 2026-06-29") from error
    if on is not None or net.as_of is not None:
        return on if on is not None else net.as_of
    for name in ("nodes", "supplies", "needs", "holdings"):
        table = net.table(name)
        for column in ("start", "end"):
            for index, value in enumerate(table.column(column)):
                if value is not None:
                    raise QuestionError(
                        f"rows are dated ({table.where(index)}: {column} {value}) and no date is "
                        "known. Give one, or as_of in network.toml"
                    )
    return None
