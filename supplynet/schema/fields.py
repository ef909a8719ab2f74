"""The tables and fields of a network, read from `fields.csv`: the one source of every rule."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files

__all__ = ["Alias", "FieldSpec", "TableSchema", "fold", "tables"]

_IGNORED = str.maketrans("", "", "_-")


def fold(name: str) -> str:
    """Return a column or file name as it is compared: no case, blanks, underscores or hyphens.

    Examples
    --------
    >>> fold("Lead-Time_Days "), fold("lead time days")
    ('leadtimedays', 'leadtimedays')
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(plain.split()).translate(_IGNORED)


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of a field, and what its numbers are divided by (100 for percent)."""

    name: str
    divisor: int = 1


@dataclass(frozen=True)
class FieldSpec:
    """One field of a table.

    Attributes
    ----------
    type
        ``id``, ``ref`` (the id of another row), ``text``, ``number``, ``year``, ``date``,
        ``partial_date`` (a day, month or year, kept as text), ``country``, ``enum``, or a list of
        them: ``list`` (text), ``countries``, ``enums``.
    default
        What a blank cell is filled with; ``{field}`` stands for another field of the row.
    allowed
        The values of an enumeration, or the two ends of a range (blank: open).
    refers
        Where a reference may lead: table names, and ``country`` or a literal word.
    """

    name: str
    type: str
    unit: str = ""
    required: bool = False
    default: str = ""
    allowed: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    description: str = ""
    refers: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether a cell holds several values, separated by semicolons."""
        return self.type in ("list", "countries", "enums")

    @property
    def is_number(self) -> bool:
        """Whether a value is a ``Decimal``."""
        return self.type in ("number", "year")

    @cached_property
    def range(self) -> tuple[Decimal | None, Decimal | None]:
        """The least and the greatest number allowed, ``None`` where there is no bound."""
        if not self.is_number or not self.allowed:
            return None, None
        low, high = self.allowed
        return (Decimal(low) if low else None), (Decimal(high) if high else None)

    @property
    def is_share(self) -> bool:
        """Whether the field is a fraction of one."""
        return self.range == (Decimal(0), Decimal(1))


@dataclass(frozen=True)
class TableSchema:
    """One table: its fields in order."""

    name: str
    fields: tuple[FieldSpec, ...]

    def __iter__(self) -> Iterator[FieldSpec]:
        return iter(self.fields)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __getitem__(self, name: str) -> FieldSpec:
        return self.by_name[name]

    @cached_property
    def by_name(self) -> Mapping[str, FieldSpec]:
        """Field name to field."""
        return {field.name: field for field in self.fields}

    @cached_property
    def required(self) -> tuple[FieldSpec, ...]:
        """The fields that no row may leave blank."""
        return tuple(field for field in self.fields if field.required)

    @cached_property
    def list_fields(self) -> frozenset[str]:
        """The names of the fields whose values are tuples."""
        return frozenset(field.name for field in self.fields if field.is_list)

    @cached_property
    def folded_names(self) -> Mapping[str, FieldSpec]:
        """Folded own name to field."""
        return {fold(field.name): field for field in self.fields}

    @cached_property
    def folded_aliases(self) -> Mapping[str, tuple[FieldSpec, Alias]]:
        """Folded other name to the field and the alias; own names win over other names."""
        found: dict[str, tuple[FieldSpec, Alias]] = {}
        for field in self.fields:
            for alias in field.aliases:
                if fold(alias.name) not in self.folded_names:
                    found.setdefault(fold(alias.name), (field, alias))
        return found


@cache
def tables() -> Mapping[str, TableSchema]:
    """Return all tables by name, `network` (the keys of `network.toml`) first."""
    fields: dict[str, list[FieldSpec]] = {}
    text = files("supplynet.schema").joinpath("fields.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        fields.setdefault(row["table"], []).append(
            FieldSpec(
                name=row["field"],
                type=row["type"],
                unit=row["unit"],
                required=row["required"] == "yes",
                default=row["default"],
                allowed=_allowed(row["allowed"]),
                aliases=tuple(_alias(text) for text in row["aliases"].split(";") if text),
                description=row["description"],
                refers=tuple(name for name in row["refers"].split("|") if name),
            )
        )
    return {name: TableSchema(name, tuple(specs)) for name, specs in fields.items()}


def _allowed(text: str) -> tuple[str, ...]:
    if ".." in text:
        low, high = text.split("..")
        return low, high
    return tuple(value for value in text.split(";") if value)


def _alias(text: str) -> Alias:
    name, _, divisor = text.partition("/")
    return Alias(name, int(divisor or 1))
