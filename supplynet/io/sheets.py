"""Workbooks (.xlsx, .xlsm) to cells of text, each with its kind. Nothing in them is run.

The parts are read here, in one pass, not by openpyxl: a formula and its stored value are then
seen together, merged and hidden cells too, every part is read with DTDs forbidden whatever else
is installed, and a far cell costs what it holds. openpyxl knows the number formats.
"""

from __future__ import annotations

import io
import math
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from supplynet.errors import Finding
from supplynet.io.csvtext import MAX_BYTES, MAX_CELL, Refused
from supplynet.model import number_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = [
    "BLANK",
    "Cell",
    "Limits",
    "Sheet",
    "column_letters",
    "column_number",
    "merged_range",
    "read_sheets",
]

Kind = Literal[
    "blank", "text", "number", "percent", "date", "bool", "error", "formula_without_value"
]

_MAX_COLUMNS = 16_384
_MAX_ROWS = 1_048_576
#: Elements of a part that are held at a time; a row with all its columns has far fewer.
_MAX_HELD = 1_000_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: How Excel writes a character that XML cannot hold, and a text that looks like one.
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
#: What a number format shows as it is: quoted text, an escaped character, colours and conditions.
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
#: Characters of a number format that are looked at; spreadsheets write at most 255.
_MAX_FORMAT = 255
#: Built-in date formats whose look depends on the language (Chinese, Japanese, Korean).
_EAST_ASIAN_DATES = frozenset([*range(27, 37), *range(50, 59)])


@dataclass(frozen=True)
class Limits:
    """What a workbook may hold before it is refused.

    Attributes
    ----------
    total
        Bytes of all parts, unpacked.
    ratio
        How many times its packed size a part may unpack to; from 10 MiB on.
    parts
        Parts (files) in the workbook.
    cells
        Cells in all rows, blank ones left of a filled one included.
    cell
        Characters in a cell.
    """

    total: int = MAX_BYTES
    ratio: int = 100
    parts: int = 5_000
    cells: int = 5_000_000
    cell: int = MAX_CELL


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text
        Text as it stands; a number in its shortest exact form, with the noughts before it that a
        format such as 00000 shows; a percent cell as its value (0.7
        where 70 % is shown); a date as YYYY-MM-DD; TRUE or FALSE; an error such as #REF!.
    kind
        What the cell holds.
    formula
        Whether the value is that which a formula had when the workbook was saved.
    """

    text: str
    kind: Kind
    formula: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything in the cell but blanks."""
        return self.kind not in ("blank", "text") or not (not self.text or self.text.isspace())


#: A cell that was never filled.
BLANK = Cell("", "blank")


@dataclass(frozen=True)
class Sheet:
    """The filled rows of one sheet.

    Attributes
    ----------
    name
        Its name, as on the tab.
    rows
        The rows that hold anything, each up to its last filled cell.
    lines
        The row number of each of them in the sheet, from 1.
    merged
        Merged ranges, such as ``A1:C1``; only the first cell of each holds a value.
    hidden
        Whether the sheet is hidden.
    hidden_rows, hidden_columns
        Numbers (from 1) of hidden rows that hold anything, and of hidden columns.
    """

    name: str
    rows: Sequence[Sequence[Cell]]
    lines: Sequence[int]
    merged: tuple[str, ...] = ()
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """The number of columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)

    def addresses(self, wanted: Callable[[Cell], bool]) -> list[str]:
        """Return the addresses of the cells that fit, row by row, such as ``['B2']``."""
        return [
            f"{column_letters(place)}{line}"
            for line, row in zip(self.lines, self.rows, strict=True)
            for place, cell in enumerate(row, start=1)
            if wanted(cell)
        ]


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 1.

    Examples
    --------
    >>> column_letters(1), column_letters(27), column_letters(16384)
    ('A', 'AA', 'XFD')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """Return the number of a column, from 1: the reverse of :func:`column_letters`."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def merged_range(text: str) -> tuple[int, int, int, int] | None:
    """Return first row, first column, last row and last column of a range, from 1.

    Examples
    --------
    >>> merged_range("B2:C9")
    (2, 2, 9, 3)
    """
    first, _, last = text.partition(":")
    start, end = _ADDRESS.fullmatch(first), _ADDRESS.fullmatch(last or first)
    if start is None or end is None:
        return None
    return int(start[2]), column_number(start[1]), int(end[2]), column_number(end[1])


def read_sheets(data: bytes, name: str, *, limits: Limits = Limits()) -> list[Sheet]:
    """Return the sheets of a workbook in their order; chart sheets are left out.

    Parameters
    ----------
    data
        The content of the file.
    name
        Its name, for messages.
    limits
        What the workbook may hold.

    Raises
    ------
    Refused
        If it is no workbook, is damaged, holds a DTD, or is larger than the limits.

    Notes
    -----
    A formula counts by the value that was stored with it. No part is written to disk, no link
    is followed, no macro is run.
    """
    try:
        archive = _open(data, name, limits)
        return _Workbook(archive, name, limits).sheets()
    except _BROKEN as error:
        raise Refused(_broken(name, error)) from None


#: What the archive and the XML in it raise where the file is damaged.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    SyntaxError,
    ValueError,
    LookupError,
    OverflowError,
)


def _broken(name: str, error: Exception) -> Finding:
    from defusedxml.common import DefusedXmlException

    if isinstance(error, DefusedXmlException):
        what = "the workbook holds a DTD or entities, which no spreadsheet program writes"
        return Finding(name, what, "Save the data as a new workbook")
    fix = "Open it in a spreadsheet program and save it again"
    return Finding(name, "a damaged or truncated .xlsx file", fix)


def _open(data: bytes, name: str, limits: Limits) -> zipfile.ZipFile:
    """Return the archive if its directory promises nothing dangerous; nothing is unpacked."""
    if data.startswith(_OLE):
        what = "a workbook with a password, or an old .xls file"
        fix = "Save it as .xlsx without a password"
        raise Refused(Finding(name, what, fix))
    if not data.startswith(b"PK"):
        raise Refused(_no_archive(data, name))
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = archive.infolist()
    fix = "Save the tables that are needed as a new workbook, or as .csv"
    if len(parts) > limits.parts:
        raise Refused(
            Finding(name, f"{len(parts):,} parts, at most {limits.parts:,} are read", fix)
        )
    total = sum(part.file_size for part in parts)
    if total > limits.total:
        most = limits.total / 1024**2
        what = f"unpacks to {total / 1024**2:,.0f} MiB, at most {most:,.0f} MiB are read"
        raise Refused(Finding(name, what, fix))
    for part in parts:
        if part.file_size > 10 * 1024**2 and part.file_size > limits.ratio * part.compress_size:
            what = (
                f"a part unpacks to {part.file_size / 1024**2:,.0f} MiB, "
                f"more than {limits.ratio} times its packed size"
            )
            raise Refused(Finding(name, what, fix))
        if part.flag_bits & 1:
            raise Refused(Finding(name, "an encrypted archive", "Save it without a password"))
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile
    return archive


def _no_archive(data: bytes, name: str) -> Finding:
    start = data[:2000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if not start:
        return Finding(name, "the file is empty", "Save the workbook again")
    fix = "Save it as .xlsx"
    if start[:1] == b"<":
        return Finding(name, "not an .xlsx file (looks like XML or HTML)", fix)
    if start[:1] in (b"{", b"["):
        return Finding(name, "not an .xlsx file (looks like JSON)", "Name it .json")
    if b"\0" not in start and any(mark in start for mark in b",;\t"):
        return Finding(name, "not an .xlsx file (looks like CSV)", "Name it .csv, or save as .xlsx")
    return Finding(name, "not an .xlsx file", fix)


class _Workbook:
    """The parts of one workbook."""

    def __init__(self, archive: zipfile.ZipFile, name: str, limits: Limits) -> None:
        self.archive = archive
        self.name = name
        self.limits = limits
        self.cells_left = limits.cells
        # Part names are compared without case; some writers pack backslashes.
        self.parts = {_part(info.filename): info for info in archive.infolist()}
        if len(self.parts) < len(archive.infolist()):
            raise zipfile.BadZipFile
        self.known: dict[tuple[str, Kind, bool], Cell] = {}

    def sheets(self) -> list[Sheet]:
        main = self._main_part()
        targets = self._targets(main)
        listed: list[tuple[str, str, bool]] = []
        base_1904 = False
        for element in self._elements(main):
            tag = _local(element.tag)
            if tag == "sheet":
                values = {_local(key): value for key, value in element.attrib.items()}
                hidden = values.get("state", "visible") != "visible"
                listed.append((values["name"], values["id"], hidden))
            elif tag == "workbookPr":
                base_1904 = element.get("date1904") in ("1", "true", "on")
            elif tag == "workbook":
                break
        else:
            raise Refused(Finding(self.name, "not a workbook", "Save it as .xlsx"))
        by_type = dict(targets.values())
        self.texts = self._texts(by_type.get("sharedStrings"))
        self.styles = self._styles(by_type.get("styles"))
        self.dates = _Dates(base_1904)
        return [
            self._sheet(title, targets[key][1], hidden)
            for title, key, hidden in listed
            if targets[key][0] == "worksheet"
        ]

    def _elements(self, part: str) -> Iterator[Element]:
        """Yield the elements of a part as they end."""
        from xml.etree import ElementTree as Fast

        from defusedxml.ElementTree import iterparse

        with self.archive.open(self.parts[part]) as file:
            # A DTD, the home of entities, can stand only before the first element.
            next(iterparse(file, events=("start",), forbid_dtd=True), None)
        with self.archive.open(self.parts[part]) as file:
            held = 0
            for _, element in Fast.iterparse(file):  # noqa: S314 - it has no DTD, as was just seen
                held += 1
                if held > _MAX_HELD:
                    raise ValueError
                yield element
                if _local(element.tag) in ("row", "si"):
                    # Read, and of no further use; a sheet of a million rows must fit in memory.
                    element.clear()
                    held = 0

    def _targets(self, part: str) -> dict[str, tuple[str, str]]:
        """Return relation id to the kind and name of the part that it leads to."""
        folder, file = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        if relations not in self.parts:
            return {}
        return {
            element.get("Id", ""): (
                element.get("Type", "").rpartition("/")[2],
                _part(posixpath.join("/", folder, element.get("Target", ""))),
            )
            for element in self._elements(relations)
            if _local(element.tag) == "Relationship" and element.get("TargetMode") != "External"
        }

    def _main_part(self) -> str:
        targets = self._targets("")
        main = next((t for kind, t in targets.values() if kind == "officeDocument"), None)
        if main is None and "content.xml" in self.parts:
            raise Refused(Finding(self.name, "an OpenDocument file", "Save it as .xlsx"))
        if main is None or main not in self.parts:
            raise Refused(Finding(self.name, "not an .xlsx file, but another archive"))
        if main.endswith(".bin"):
            raise Refused(Finding(self.name, "a binary workbook (.xlsb)", "Save it as .xlsx"))
        return main

    def _texts(self, part: str | None) -> list[str]:
        if part is None:
            return []
        texts = []
        for element in self._elements(part):
            if _local(element.tag) == "si":
                texts.append(_text(element))
                if len(texts) > self.limits.cells:
                    raise ValueError
        return texts

    def _styles(self, part: str | None) -> list[_Format]:
        """Return what each cell style makes of a number."""
        if part is None:
            return []
        formats: dict[int, str] = {}
        styles: list[int] = []
        for element in self._elements(part):
            tag = _local(element.tag)
            if tag == "numFmt" and element.get("numFmtId"):
                formats[int(element.get("numFmtId", ""))] = element.get("formatCode", "")
            elif tag == "cellXfs":
                styles = [int(style.get("numFmtId", "0")) for style in element]
        looks = {number: _format(number, formats) for number in set(styles)}
        return [looks[number] for number in styles]

    def _sheet(self, title: str, part: str, hidden: bool) -> Sheet:
        rows: list[list[Cell]] = []
        lines: list[int] = []
        merged: list[str] = []
        hidden_rows: list[int] = []
        hidden_columns: list[int] = []
        line = last_hidden = 0
        for element in self._elements(part):
            tag = _local(element.tag)
            if tag == "row":
                number = int(element.get("r") or line + 1)
                if not line < number <= _MAX_ROWS:
                    raise ValueError
                line = number
                row = self._row(element, line, title)
                if any(row):
                    rows.append(row)
                    lines.append(line)
                    if _is_on(element.get("hidden")):
                        hidden_rows.append(line)
            elif tag == "mergeCell":
                merged.append(element.get("ref", ""))
            elif tag == "col" and _is_on(element.get("hidden")):
                # From left to right, so that no file makes this count the same columns for ever.
                first = max(int(element.get("min", "1")), last_hidden + 1)
                last = min(int(element.get("max", "0")), _MAX_COLUMNS)
                hidden_columns += range(first, last + 1)
                last_hidden = max(last, last_hidden)
        width = max((len(row) for row in rows), default=0)
        return Sheet(
            name=title,
            rows=rows,
            lines=lines,
            merged=tuple(merged),
            hidden=hidden,
            hidden_rows=tuple(hidden_rows),
            hidden_columns=tuple(place for place in hidden_columns if place <= width),
        )

    def _row(self, row: Element, line: int, title: str) -> list[Cell]:
        cells: list[Cell] = []
        last = 0
        for element in row:
            if _local(element.tag) != "c":
                continue
            place = last + 1
            if address := element.get("r"):
                found = _ADDRESS.fullmatch(address)
                if found is None or int(found[2]) != line or column_number(found[1]) < place:
                    raise ValueError
                place = column_number(found[1])
            if place > _MAX_COLUMNS:
                raise ValueError
            last = place
            cell = self._cell(element)
            if len(cell.text) > self.limits.cell:
                where = f"{self.name}[{title}]:{line}"
                what = f"cell {column_letters(place)}{line} has {len(cell.text):,} characters"
                raise Refused(Finding(where, what, f"At most {self.limits.cell:,} are read"))
            if cell is not BLANK:
                cells += [BLANK] * (place - 1 - len(cells))
                cells.append(cell)
        self.cells_left -= len(cells)
        if self.cells_left < 0:
            what = f"more than {self.limits.cells:,} cells"
            raise Refused(Finding(self.name, what, "Save the tables as a folder of .csv files"))
        return cells

    def _cell(self, element: Element) -> Cell:
        kind = element.get("t", "n")
        value: str | None = None
        text = ""
        formula = False
        for child in element:
            tag = _local(child.tag)
            if tag == "v":
                value = child.text or ""
            elif tag == "is":
                text = _text(child)
            elif tag == "f":
                formula = True
        if kind == "inlineStr":
            return self._made(text, "text", formula)
        if formula and (value is None or (not value and kind != "str")):
            return self._made("", "formula_without_value", True)
        if not value:
            return self._made("", "blank", formula)
        if kind == "str":
            return self._made(_unescaped(value), "text", formula)
        value = value.strip()
        if kind == "s":
            if not value.isdecimal():
                raise ValueError
            return self._made(self.texts[int(value)], "text", formula)
        if kind == "b":
            return self._made("TRUE" if _is_on(value) else "FALSE", "bool", formula)
        if kind == "e":
            return self._made(value, "error", formula)
        if kind == "d":
            return self._made(value.removesuffix("Z").removesuffix("T00:00:00"), "date", formula)
        return self._made(*self._number(value, element.get("s", "0")), formula)

    def _number(self, value: str, style: str) -> tuple[str, Kind]:
        """Return what a number is shown as, and the kind of the cell."""
        if not _NUMBER.fullmatch(value) or not style.isdecimal():
            raise ValueError
        number = float(value)
        if not math.isfinite(number):
            return value, "error"
        look = self.styles[int(style)] if int(style) < len(self.styles) else "number"
        if look in ("date", "duration"):
            text = self.dates.text(number, look)
            # What a spreadsheet shows for a day that there is not.
            return (text, "date") if text else ("#####", "error")
        text = _number_text(value, number)
        if isinstance(look, int) and text.isdecimal():
            text = text.zfill(look)
        return text, "percent" if look == "percent" else "number"

    def _made(self, text: str, kind: Kind, formula: bool) -> Cell:
        """Return one object for all cells that are the same: columns repeat themselves."""
        if not text and not formula:
            return BLANK
        key = (text, kind, formula)
        cell = self.known.get(key)
        if cell is None:
            cell = self.known[key] = Cell(text, kind, formula)
        return cell


def _part(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lower().lstrip("/")


@lru_cache(maxsize=1024)
def _local(tag: str) -> str:
    """Return a name without its namespace: the strict form of the format has others."""
    return tag.rpartition("}")[2]


def _is_on(value: str | None) -> bool:
    return value in ("1", "true", "on")


def _text(element: Element) -> str:
    """Return the text of a shared or inline string, of all its runs; not how it is pronounced."""
    parts = []
    for child in element:
        tag = _local(child.tag)
        if tag == "t":
            parts.append(child.text or "")
        elif tag == "r":
            parts += [part.text or "" for part in child if _local(part.tag) == "t"]
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    # Half of a pair is no character: such text was never meant as an escape.
    return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)


def _number_text(text: str, number: float) -> str:
    """Return the number that a cell stands for, in its shortest form.

    Spreadsheets hold binary floats and write them with 17 digits, 0.1 as 0.10000000000000001.
    More digits than that were not written from a float and are kept.
    """
    exact = Decimal(text)
    if len(exact.as_tuple().digits) > 17:
        return number_text(exact)
    return number_text(Decimal(repr(number)))


#: A format of noughts only, such as 00000, shows a number with them before it.
_Format = Literal["number", "percent", "date", "duration"] | int


def _format(number: int, formats: Mapping[int, str]) -> _Format:
    """Return what the number format of this id shows a number as: a number of digits if padded."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

    if number in _EAST_ASIAN_DATES and number not in formats:
        return "date"
    code = (formats.get(number) or BUILTIN_FORMATS.get(number, "General"))[:_MAX_FORMAT]
    if len(code) > 1 and not code.strip("0"):
        return len(code)
    if is_timedelta_format(code):
        return "duration"
    if is_date_format(code):
        return "date"
    return "percent" if "%" in _LITERAL.sub("", code.split(";")[0]) else "number"


class _Dates:
    """Day numbers to dates; the first day depends on the workbook."""

    def __init__(self, base_1904: bool) -> None:
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

        self.epoch = MAC_EPOCH if base_1904 else WINDOWS_EPOCH

    def text(self, number: float, look: _Format) -> str:
        """Return a day as YYYY-MM-DD, a time as it is written in ISO; blank for no such day."""
        from openpyxl.utils.datetime import from_excel

        if number < 0:
            return ""
        try:
            value = from_excel(number, self.epoch, timedelta=look == "duration")
        except OverflowError:
            return ""
        if isinstance(value, datetime):
            midnight = value.time() == value.time().min
            return value.date().isoformat() if midnight else value.isoformat()
        return str(value)
