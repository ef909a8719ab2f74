"""Text to typed values, field by field; what cannot be read is a finding and stays blank."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from supplynet.errors import Finding, Level, did_you_mean
from supplynet.model import number_text
from supplynet.schema import TABLES, FieldSpec, country, unknown_country
from supplynet.text import plural

__all__ = ["Findings", "cell_text", "convert_column", "nearest"]

MAX_CELL = 131_072
#: Findings of one kind that are listed one by one; the rest is counted.
MAX_OF_A_KIND = 50
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_NUMBER = 60
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_PARTIAL = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")
_YES_NO = {"true": "yes", "false": "no", "y": "yes", "n": "no", "1": "yes", "0": "no"}
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


class Findings:
    """Findings as they are collected; a kind that would flood the list is counted instead."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: dict[tuple[str, ...], int] = {}
        self._last: dict[tuple[str, ...], tuple[str, Level]] = {}

    def add(
        self,
        where: str,
        what: str,
        fix: str | Callable[[], str] = "",
        level: Level = "error",
        *,
        kind: tuple[str, ...] = (),
    ) -> None:
        """Add a finding; a `fix` that costs time to work out is given as a function."""
        if kind:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._last[kind] = (where.rpartition(":")[0] or where, level)
            if self._counts[kind] > MAX_OF_A_KIND:
                return
        self._found.append(Finding(where, what, fix if isinstance(fix, str) else fix(), level))

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings that are ready."""
        self._found.extend(findings)

    def all(self) -> tuple[Finding, ...]:
        """Return all findings, sorted by file and line, each once."""
        found = dict.fromkeys(self._found)
        for kind, count in self._counts.items():
            if count > MAX_OF_A_KIND:
                where, level = self._last[kind]
                more = plural(count - MAX_OF_A_KIND, "more finding")
                words = " ".join(kind[1:])
                found[Finding(where, f"{more} of this kind ({words})", "", level)] = None
        return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[str, int, str, str, str]:
    name, _, line = finding.where.rpartition(":")
    if line.isdecimal() and len(line) < 12:
        return name, int(line), finding.level, finding.what, finding.fix
    return finding.where, 0, finding.level, finding.what, finding.fix


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ``Did you mean 'x'?`` for the nearest known name, or an empty string.

    A long list is narrowed to names of like length and beginning first: it must not take
    minutes to say that a name is wrong.
    """
    if len(known) > 500:
        key = name.casefold()
        known = [
            other
            for other in known
            if abs(len(other) - len(name)) <= 2
            and (other[:2].casefold() == key[:2] or other[-3:].casefold() == key[-3:])
        ][:2000]
    return did_you_mean(name, known).strip()


def cell_text(value: object) -> str | tuple[str, ...]:
    """Return a value of a frame as the text that a cell would hold; a list stays a tuple."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, float):
        # A float stands for its shortest decimal, 0.1 and not 0.1000000000000000055.
        return "" if math.isnan(value) else repr(float(value))
    if isinstance(value, datetime):
        # pandas marks a missing time with a value that differs from itself.
        if value != value:  # noqa: PLR0124 - only NaN differs from itself
            return ""
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [cell_text(item) for item in value]
        texts = tuple(item for item in items if isinstance(item, str) and item.strip())
        return tuple(sorted(texts)) if isinstance(value, (set, frozenset)) else texts
    if type(value).__module__.partition(".")[0] in ("pandas", "numpy"):
        if type(value).__name__ == "NAType":
            return ""
        plain = getattr(value, "tolist", None)
        if plain is not None:
            return cell_text(plain())
    return str(value)


def convert_column(
    field: FieldSpec | None,
    heading: str,
    cells: Sequence[str | tuple[str, ...]],
    where: Callable[[int], str],
    findings: Findings,
    *,
    label: Callable[[int], str] | None = None,
    divisor: int = 1,
) -> list[Any]:
    """Return the values of one column.

    Parameters
    ----------
    field
        The field, ``None`` for an extra column (text).
    heading
        The column heading as written, for messages.
    cells
        Text, or tuples of text for lists that came as lists.
    where
        Gives ``file:line`` of a row.
    findings
        Takes what is wrong.
    label
        Gives the id of a row, for messages.
    divisor
        100 for percent.
    """
    reader = _Reader(field, divisor)
    known: dict[str | tuple[str, ...], Any] = {}
    wrong: dict[str | tuple[str, ...], tuple[str, str]] = {}
    notes: dict[str | tuple[str, ...], str] = {}
    # Every distinct cell is read once: a long column repeats few of them.
    for cell in dict.fromkeys(cells):
        try:
            known[cell], note = reader.read(cell)
        except _Bad as bad:
            known[cell] = reader.blank
            wrong[cell] = (bad.what, bad.fix)
        else:
            if note:
                notes[cell] = note
    for index, cell in enumerate(cells if wrong else ()):
        if cell in wrong:
            what, fix = wrong[cell]
            subject = heading if label is None else f"{label(index)}: {heading}"
            kind: tuple[str, ...] = (where(index).rpartition(":")[0], heading)
            findings.add(where(index), f"{subject} {what}", fix, kind=kind)
    noted: dict[str | tuple[str, ...], tuple[int, int]] = {}
    for index, cell in enumerate(cells if notes else ()):
        if cell in notes:
            first, count = noted.get(cell, (index, 0))
            noted[cell] = (first, count + 1)
    for cell, (first, count) in noted.items():
        rows = f" (in {count:,} rows)" if count > 1 else ""
        level: Level = "note" if field is not None and field.type == "date" else "warning"
        kind = (where(first).rpartition(":")[0], heading, "read otherwise")
        findings.add(where(first), f"{heading} {notes[cell]}{rows}", level=level, kind=kind)
    if all(value is cell for cell, value in known.items()):
        return list(cells)
    return [known[cell] for cell in cells]


class _Bad(Exception):  # noqa: N818 - carried to the finding, never seen outside
    def __init__(self, what: str, fix: str = "") -> None:
        self.what = what
        self.fix = fix
        super().__init__()


class _Reader:
    """Reads the cells of one field."""

    def __init__(self, field: FieldSpec | None, divisor: int) -> None:
        self.field = field
        self.divisor = divisor
        self.blank: tuple[()] | None = () if field is not None and field.is_list else None

    def read(self, cell: str | tuple[str, ...]) -> tuple[Any, str | None]:
        field = self.field
        if isinstance(cell, tuple):
            if field is not None and field.is_list and any(";" in item for item in cell):
                bad = next(item for item in cell if ";" in item)
                raise _Bad(
                    f"holds the item {_show(bad)}", "Items of a list cannot hold a semicolon"
                )
            cell = ";".join(cell)
        if len(cell) > MAX_CELL:
            raise _Bad(f"is longer than {MAX_CELL:,} characters", "Shorten it")
        if _UNREADABLE.search(cell):
            raise _Bad("holds a character that no file can hold", "Delete NUL and surrogates")
        if not cell or cell.isspace():
            return self.blank, None
        if field is None or field.type == "text":
            return cell, None
        cell = cell.strip(" ")
        if field.is_list:
            return self._list(field, cell)
        return self._value(field, cell)

    def _list(self, field: FieldSpec, cell: str) -> tuple[tuple[str, ...], str | None]:
        items: dict[str, None] = {}
        notes = []
        for part in cell.split(";"):
            item = part.strip(" ")
            if item and not item.isspace():
                value, note = self._value(field, item)
                items[value] = None
                if note:
                    notes.append(note)
        return tuple(items), "; ".join(notes) or None

    def _value(self, field: FieldSpec, text: str) -> tuple[Any, str | None]:
        match field.type:
            case "number" | "year":
                return self._number(field, text), None
            case "date":
                return _date(text)
            case "partial_date":
                return _partial_date(text), None
            case "country" | "countries":
                code, note = country(text)
                if code is None:
                    what, fix = unknown_country(text)
                    raise _Bad(what, fix)
                return code, note
            case "enum" | "enums":
                return _enum(text, field), None
            case _:
                return text, None

    def _number(self, field: FieldSpec, text: str) -> Decimal:
        if not _NUMBER.fullmatch(text) or len(text) > _MAX_NUMBER:
            raise _Bad(f"is {_show(text)}, not a number", _number_fix(text, field))
        value = Decimal(text)
        if value and abs(value.adjusted()) > 30:
            raise _Bad(f"is {_show(text)}, out of any range", "Check the exponent")
        if field.type == "year" and value != int(value):
            raise _Bad(f"is {_show(text)}, not a year", "Write it as 2026")
        low, high = field.range
        if self.divisor != 1:
            low = None if low is None else low * self.divisor
            high = None if high is None else high * self.divisor
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"{low} or more" if high is None else f"{low}-{high}"
            if low is not None and low < 0:
                bounds = f"{low} to {high}"
            fix = ""
            if field.is_share and value > 0:
                fix = "Shares are fractions, not percent" if self.divisor == 1 else "Check it"
            elif value < 0:
                fix = "Leave it blank if not known"
            raise _Bad(f"is {number_text(value)}, must be {bounds}", fix)
        # Scaled exactly: a decimal division would round to the precision of the context.
        return value.scaleb(-2) if self.divisor == 100 else value


def _show(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")


def _number_fix(text: str, field: FieldSpec) -> str:
    if text.casefold() in ("nan", "null", "none", "na", "n/a", "-", "?", "unknown", "#n/a"):
        return "Leave it blank if not known"
    if text.endswith("%"):
        return "Write 60% as 0.6" if field.is_share else "Write the number alone"
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text):
        return "Write a decimal point, and no thousands separator"
    if re.search(r"[0-9][,' \u00a0\u202f][0-9]{3}", text) or text.count(".") > 1:
        return "Write it without a thousands separator"
    if len(text) > _MAX_NUMBER:
        return f"At most {_MAX_NUMBER} characters"
    return "Write digits and a decimal point; the unit has its own column"


def _date(text: str) -> tuple[date, str | None]:
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text), None
        except ValueError:
            raise _Bad(f"is {text}: there is no such day") from None
    if _MONTH.fullmatch(text):
        try:
            first = date.fromisoformat(f"{text}-01")
        except ValueError:
            raise _Bad(f"is {text}: there is no such month") from None
        return first, f"{text} is read as {first.isoformat()}"
    if re.fullmatch(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-](?:[0-9]{2}|[0-9]{4})", text):
        raise _turned_date(text)
    if re.fullmatch(r"[0-9]{4}", text):
        raise _Bad(f"is {text}, a year", f"Write the day, such as {text}-01-01")
    raise _Bad(f"is {_show(text)}, not a date", "Write it as YYYY-MM-DD")


def _turned_date(text: str) -> _Bad:
    """Return what to do about a date as spreadsheets show it, its year last."""
    first, second, year = map(int, re.split("[/.-]", text))
    day, month = max(first, second), min(first, second)
    if len(re.split("[/.-]", text)[2]) == 4 and (day > 12 or day == month):
        try:
            written = date(year, month, day).isoformat()
        except ValueError:
            return _Bad(f"is {_show(text)}: there is no such day")
        return _Bad(f"is {_show(text)}", f"Write it as {written}")
    fix = "Day and month cannot be told apart: write YYYY-MM-DD"
    return _Bad(f"is {_show(text)}, which is ambiguous", fix)


def _partial_date(text: str) -> str:
    if not _PARTIAL.fullmatch(text):
        raise _Bad(f"is {_show(text)}, not a date", "Write YYYY-MM-DD, YYYY-MM or YYYY")
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        raise _Bad(f"is {text}: there is no such date") from None
    return text


def _enum(text: str, field: FieldSpec) -> str:
    allowed = field.allowed
    plain = "_".join(text.casefold().replace("-", " ").split())
    if "yes" in allowed:
        # What spreadsheets and graph tools make of yes and no.
        plain = _YES_NO.get(plain, plain)
    if plain in allowed:
        return plain
    if field is TABLES["nodes"]["kind"]:
        # Not "did you mean 'line'?" to one who writes what the plant does.
        words = ", ".join(allowed)
        fix = f"Allowed: {words}. A step of the chain, such as mine, goes in the column stage"
        raise _Bad(f"is {_show(text)}", fix)
    near = difflib.get_close_matches(plain, allowed, n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    words = ", ".join(allowed)
    raise _Bad(f"is {_show(text)}", f"{hint}Allowed: {words}")
