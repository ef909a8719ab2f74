"""What was decided about a file: kept as TOML, to be read again or edited by hand."""

from __future__ import annotations

import json
import re
import tomllib
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from supplynet.errors import Finding, ValidationError, did_you_mean
from supplynet.intake.headings import roles, table_names
from supplynet.intake.values import Numbers

__all__ = ["ColumnMapping", "Decision", "Mapping", "Merge", "SheetMapping"]

_NUMBERS = ("fraction", "percent", "")


@dataclass(frozen=True)
class ColumnMapping:
    """What one column is.

    Attributes
    ----------
    column, heading
        Its letters and its heading; both are compared when the mapping is used again.
    role
        The field that it is; blank: kept as an extra column.
    numbers
        What numbers without a percent sign are, where the field is a fraction; blank: not known,
        and they are set aside.
    decimal_comma
        Whether numbers written as text have decimal commas.
    fill_down
        Whether a blank cell stands for the one above it.
    values
        What single texts are read as; blank: not known.
    comment, about_values
        What is said beside them in the file. No part of the decision.
    """

    column: str
    heading: str
    role: str = ""
    numbers: Numbers = "fraction"
    decimal_comma: bool = False
    fill_down: bool = False
    values: abc.Mapping[str, str] = field(default_factory=dict)
    comment: str = field(default="", compare=False)
    about_values: abc.Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class SheetMapping:
    """What one sheet is.

    Attributes
    ----------
    name
        Its name.
    table
        The table that it is; blank: set aside as a whole.
    header
        The rows that hold its headings.
    set_aside
        Row numbers below them that are no rows of the table, and why.
    fixed
        What holds for every row of the sheet: field to text.
    columns
        Its columns.
    comment
        What is said beside the table in the file. No part of the decision.
    """

    name: str
    table: str = ""
    header: tuple[int, ...] = ()
    set_aside: abc.Mapping[int, str] = field(default_factory=dict)
    fixed: abc.Mapping[str, str] = field(default_factory=dict)
    columns: tuple[ColumnMapping, ...] = ()
    comment: str = field(default="", compare=False)


@dataclass(frozen=True)
class Merge:
    """Names that may be one: `kind` is ``name`` (of a node or entity) or ``material``."""

    kind: str
    keep: str
    same: tuple[str, ...]
    yes: bool = False
    comment: str = field(default="", compare=False)


@dataclass(frozen=True)
class Decision:
    """The value to take where rows contradict each other; blank: not known."""

    name: str
    field_name: str
    value: str = ""
    comment: str = field(default="", compare=False)


@dataclass(frozen=True)
class Mapping:
    """Everything that was decided about a file.

    Attributes
    ----------
    file
        Its name.
    title, as_of, targets
        Go to `network.toml`; targets by name, `as_of` blank where it is not known.
    sheets, merges, decisions
        See there.
    comment
        What is said beside the targets in the file. No part of the decision.

    Examples
    --------
    >>> mapping = Mapping("my.xlsx", sheets=(SheetMapping("Notes"),))
    >>> Mapping.from_toml(mapping.to_toml()) == mapping
    True
    """

    file: str
    title: str = ""
    as_of: str = ""
    targets: tuple[str, ...] = ()
    sheets: tuple[SheetMapping, ...] = ()
    merges: tuple[Merge, ...] = ()
    decisions: tuple[Decision, ...] = ()
    comment: str = field(default="", compare=False)

    def sheet(self, name: str) -> SheetMapping | None:
        """Return the mapping of a sheet, ``None`` if it is not named."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)

    def with_sheet(self, sheet: SheetMapping) -> Mapping:
        """Return the mapping with another one for the sheet of that name."""
        return replace(
            self, sheets=tuple(sheet if old.name == sheet.name else old for old in self.sheets)
        )

    def to_toml(self) -> str:
        """Return the file that says it; :meth:`from_toml` reads it again."""
        return "\n".join(_written(self)) + "\n"

    @classmethod
    def from_toml(cls, text: str, name: str = "mapping.toml") -> Mapping:
        """Return what a mapping file says.

        Parameters
        ----------
        text
            Its content.
        name
            Its name, for messages.

        Raises
        ------
        ValidationError
            With everything in it that is not understood, and what was probably meant.
        """
        return _Reader(name).mapping(text)


# Writing


def _text(value: str) -> str:
    # TOML's basic strings are JSON's, but for the delete character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: abc.Iterable[object]) -> str:
    return "[" + ", ".join(_text(v) if isinstance(v, str) else str(v) for v in values) + "]"


def _say(comment: str) -> str:
    """Return a comment for the end of a line; a line end or control character would break it."""
    plain = "".join(c if c.isprintable() else " " for c in comment)
    return f"  # {plain}" if plain else ""


def _written(mapping: Mapping) -> Iterator[str]:
    yield f"# How {_one_line(mapping.file)} is read. Edit what is wrong, and run"
    yield "#   supplynet init --from FILE DIR --mapping THIS_FILE   (--force if DIR is there)"
    yield "# What is blank is not known. Nothing here is taken that you did not write or agree to."
    yield ""
    yield f"file = {_text(mapping.file)}"
    yield f"title = {_text(mapping.title)}"
    yield f"as_of = {_text(mapping.as_of)}" + _say(
        "the date that the data describe, such as 2026-01-31"
    )
    yield f"targets = {_list(mapping.targets)}" + _say(mapping.comment)
    for sheet in mapping.sheets:
        yield ""
        yield "[[sheet]]"
        yield f"name = {_text(sheet.name)}"
        yield f"table = {_text(sheet.table)}" + _say(sheet.comment)
        if sheet.table or sheet.columns:
            yield f"header = {_list(sheet.header)}" + _say("rows that hold the column names")
            yield from _tables(sheet)
    for merge in mapping.merges:
        yield ""
        yield "[[merge]]" + _say(f"one {merge.kind} spelt twice?")
        yield f"kind = {_text(merge.kind)}"
        yield f"keep = {_text(merge.keep)}"
        yield f"same = {_list(merge.same)}"
        yield f"yes = {'true' if merge.yes else 'false'}" + _say(merge.comment)
    for decision in mapping.decisions:
        yield ""
        yield "[[decide]]" + _say(decision.comment)
        yield f"name = {_text(decision.name)}"
        yield f"field = {_text(decision.field_name)}"
        yield f"value = {_text(decision.value)}"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _tables(sheet: SheetMapping) -> Iterator[str]:
    yield "[sheet.set_aside]" + _say("rows that are no rows of the table, and why")
    for line, why in sorted(sheet.set_aside.items()):
        yield f"{line} = {_text(why)}"
    yield "[sheet.fixed]" + _say('what holds for every row, such as consumer = "Drone X"')
    for role, value in sheet.fixed.items():
        yield f"{_text(role)} = {_text(value)}"
    for column in sheet.columns:
        yield ""
        yield "[[sheet.column]]"
        yield f"column = {_text(column.column)}"
        yield f"heading = {_text(column.heading)}"
        yield f"is = {_text(column.role)}" + _say(column.comment)
        spec = roles(sheet.table).get(column.role) if sheet.table else None
        if column.numbers != "fraction" or (spec is not None and spec.is_share):
            about = "percent or fraction: what a number without a % sign is"
            yield f"numbers = {_text(column.numbers)}" + _say(about)
        if column.decimal_comma or (spec is not None and spec.is_number):
            yield f"decimal_comma = {'true' if column.decimal_comma else 'false'}"
        if column.fill_down or column.role in ("supplier", "consumer", "owner", "asset"):
            about = "true: a blank cell stands for the one above it"
            yield f"fill_down = {'true' if column.fill_down else 'false'}" + _say(about)
        if column.values:
            yield "[sheet.column.values]" + _say('what these cells are read as; "": not known')
            for text, value in sorted(column.values.items()):
                about = column.about_values.get(text, "")
                yield f"{_text(text)} = {_text(value)}" + _say(about)


# Reading


_TOP = {
    "file": str, "title": str, "as_of": str, "targets": list, "sheet": list, "merge": list,
    "decide": list,
}  # fmt: skip
_SHEET = {
    "name": str, "table": str, "header": list, "set_aside": dict, "fixed": dict, "column": list,
}  # fmt: skip
_COLUMN = {
    "column": str, "heading": str, "is": str, "numbers": str, "decimal_comma": bool,
    "fill_down": bool, "values": dict,
}  # fmt: skip
_MERGE = {"kind": str, "keep": str, "same": list, "yes": bool}
_DECIDE = {"name": str, "field": str, "value": str}
_WORDS = {str: 'text in double quotes ("" if blank)', list: "a list, such as [1, 2]",
          dict: "a table", bool: "true or false"}  # fmt: skip


class _Reader:
    """Reads a mapping file and collects what is wrong in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.wrong: list[Finding] = []

    def mapping(self, text: str) -> Mapping:
        try:
            values = tomllib.loads(text.replace("\r\n", "\n"))
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            fix = 'Write key = "value", and each key once'
            raise ValidationError([Finding(self.name, f"not valid TOML: {error}", fix)]) from None
        top = self._keys(values, _TOP, "")
        as_of = top.get("as_of", "")
        if as_of:
            try:
                date.fromisoformat(as_of)
            except ValueError:
                self._wrong("", f"as_of is {as_of!r}, not a date", "Write it as 2026-01-31")
        found = Mapping(
            file=top.get("file", ""),
            title=top.get("title", ""),
            as_of=as_of,
            targets=self._texts(top.get("targets", []), "targets"),
            sheets=tuple(self._sheet(entry) for entry in self._entries(top, "sheet")),
            merges=tuple(self._merge(entry) for entry in self._entries(top, "merge")),
            decisions=tuple(self._decision(entry) for entry in self._entries(top, "decide")),
        )
        names = [sheet.name for sheet in found.sheets]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._wrong("", f"sheet {name!r} is there twice", "Delete one")
        if self.wrong:
            raise ValidationError(self.wrong)
        return found

    def _wrong(self, where: str, what: str, fix: str = "") -> None:
        place = f"{self.name}, {where}" if where else self.name
        self.wrong.append(Finding(place, what, fix))

    def _keys(
        self, values: abc.Mapping[str, Any], known: abc.Mapping[str, type], where: str
    ) -> dict[str, Any]:
        kept = {}
        for name, value in values.items():
            if name not in known:
                fix = did_you_mean(name, known).strip() or f"Known: {', '.join(known)}"
                self._wrong(where, f"no key {name!r}", fix)
            elif type(value) is not known[name]:
                shown = value.isoformat() if isinstance(value, date) else repr(value)
                self._wrong(where, f"{name} is {shown}", f"Write {_WORDS[known[name]]}")
            else:
                kept[name] = value
        return kept

    def _entries(self, top: abc.Mapping[str, Any], name: str) -> list[dict[str, Any]]:
        entries = top.get(name, [])
        if not all(isinstance(entry, dict) for entry in entries):
            self._wrong("", f"{name} is no list of tables", f"Write [[{name}]]")
            return []
        return list(entries)

    def _texts(self, values: list[Any], where: str) -> tuple[str, ...]:
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        self._wrong("", f"{where} holds other things than text", "Write each in double quotes")
        return ()

    def _sheet(self, entry: dict[str, Any]) -> SheetMapping:
        where = f"sheet {entry.get('name', '')!r}"
        kept = self._keys(entry, _SHEET, where)
        table = kept.get("table", "")
        if table and table not in table_names():
            fix = did_you_mean(table, table_names()).strip()
            known = ", ".join(table_names())
            self._wrong(where, f"no table {table!r}", fix or f"Known: {known}")
            table = ""
        header = kept.get("header", [])
        if not all(type(line) is int and line > 0 for line in header):
            self._wrong(where, "header holds other things than row numbers", "Write [4]")
            header = []
        if table and not header:
            self._wrong(where, "no header", "Say which row holds the column names: header = [4]")
        aside = {}
        for line, why in kept.get("set_aside", {}).items():
            if line.isdecimal() and isinstance(why, str):
                aside[int(line)] = why
            else:
                self._wrong(where, f"set_aside: {line}", 'Write a row and why: 17 = "a total"')
        fixed = self._text_pairs(kept.get("fixed", {}), f"{where}, fixed")
        for role in fixed if table else ():
            self._role(role, table, f"{where}, fixed")
        columns = tuple(
            self._column(column, table, where) for column in self._entries(kept, "column")
        )
        taken: dict[str, str] = {}
        for column in columns:
            if table and column.role and column.role in taken:
                what = f"columns {taken[column.role]} and {column.column} are both {column.role}"
                self._wrong(where, what, 'Write is = "" for one')
            taken.setdefault(column.role, column.column)
        return SheetMapping(kept.get("name", ""), table, tuple(header), aside, fixed, columns)

    def _text_pairs(self, values: abc.Mapping[str, Any], where: str) -> dict[str, str]:
        for name, value in values.items():
            if not isinstance(value, str):
                self._wrong(where, f"{name} is {value!r}", f"Write {_WORDS[str]}")
        return {name: value for name, value in values.items() if isinstance(value, str)}

    def _role(self, role: str, table: str, where: str) -> None:
        if role not in roles(table):
            fix = did_you_mean(role, roles(table)).strip()
            own = ", ".join(name for name in roles(table) if "." not in name)
            self._wrong(where, f"{table} has no field {role!r}", fix or f"Known: {own}")

    def _column(self, entry: dict[str, Any], table: str, sheet: str) -> ColumnMapping:
        where = f"{sheet}, column {entry.get('column', '')}"
        kept = self._keys(entry, _COLUMN, where)
        if not re.fullmatch("[A-Z]{1,3}", kept.get("column", "")):
            self._wrong(where, "no column", 'Write its letters: column = "A"')
        role = kept.get("is", "")
        if role and table:
            known = len(self.wrong)
            self._role(role, table, where)
            if len(self.wrong) > known:
                role = ""
        numbers = kept.get("numbers", "fraction")
        if numbers not in _NUMBERS:
            fix = did_you_mean(numbers, _NUMBERS).strip() or "Write percent or fraction"
            self._wrong(where, f"numbers is {numbers!r}", fix)
            numbers = ""
        return ColumnMapping(
            column=kept.get("column", ""),
            heading=kept.get("heading", ""),
            role=role,
            numbers=numbers,
            decimal_comma=kept.get("decimal_comma", False),
            fill_down=kept.get("fill_down", False),
            values=self._text_pairs(kept.get("values", {}), f"{where}, values"),
        )

    def _merge(self, entry: dict[str, Any]) -> Merge:
        where = f"merge {entry.get('keep', '')!r}"
        kept = self._keys(entry, _MERGE, where)
        kind = kept.get("kind", "name")
        if kind not in ("name", "material"):
            self._wrong(where, f"kind is {kind!r}", "Write name or material")
        if not kept.get("keep"):
            self._wrong(where, "keep is missing", "Write the name that stays")
        return Merge(
            kind,
            kept.get("keep", ""),
            self._texts(kept.get("same", []), where),
            kept.get("yes", False),
        )

    def _decision(self, entry: dict[str, Any]) -> Decision:
        kept = self._keys(entry, _DECIDE, f"decide {entry.get('name', '')!r}")
        return Decision(kept.get("name", ""), kept.get("field", ""), kept.get("value", ""))
