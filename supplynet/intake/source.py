"""The sheets of the analyst's file, as they are: a workbook, or a CSV file as its one sheet."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from supplynet.errors import Finding, ValidationError
from supplynet.intake.layout import known_cells
from supplynet.io.csvtext import MAX_BYTES, MAX_COLUMNS, Refused, decode
from supplynet.io.sheets import BLANK, Cell, Sheet, read_sheets
from supplynet.text import restore_cell

__all__ = ["Book", "open_book"]

_WORKBOOKS = (".xlsx", ".xlsm")
_TEXTS = (".csv", ".tsv", ".tab", ".txt")
_SEPARATORS = ",;\t|"


@dataclass(frozen=True)
class Book:
    """A file that was read.

    Attributes
    ----------
    name
        Its file name, for messages.
    sheets
        Its sheets.
    """

    name: str
    sheets: tuple[Sheet, ...]

    def where(self, sheet: str, line: int | None = None) -> str:
        """Return how a message names a sheet, or one row of it."""
        place = f"{self.name}[{sheet}]"
        return place if line is None else f"{place}:{line}"


def open_book(path: str | os.PathLike[str], *, encoding: str = "utf-8") -> Book:
    """Return the sheets of a workbook or CSV file.

    Parameters
    ----------
    path
        A .xlsx, .xlsm, .csv, .tsv, .tab or .txt file.
    encoding
        Encoding of a CSV file.

    Raises
    ------
    ValidationError
        If the file cannot be read.
    """
    place = Path(path)
    ending = place.suffix.lower()
    if ending not in (*_WORKBOOKS, *_TEXTS):
        what = f"{ending or 'such'} files are not read: give a workbook (.xlsx) or a .csv file"
        raise ValidationError([Finding(str(place), what, "Save it as .xlsx")])
    try:
        data = _bytes(place)
        if ending in _WORKBOOKS:
            return Book(place.name, tuple(read_sheets(data, place.name)))
        text = decode(data, place.name, encoding)
        return Book(place.name, (_sheet(text, place),))
    except Refused as refused:
        raise ValidationError(refused.findings) from None
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ValidationError([Finding(str(place), what)]) from error


def _bytes(place: Path) -> bytes:
    if not place.is_file():
        known = "not a file" if place.exists() else "no such file"
        raise Refused(Finding(str(place), known, "Check the path"))
    if place.stat().st_size > MAX_BYTES:
        what = f"larger than {MAX_BYTES // 1024**2} MiB"
        raise Refused(Finding(place.name, what, "Split the data"))
    return place.read_bytes()


def _sheet(text: str, place: Path) -> Sheet:
    """Return the rows of a CSV file; the separator is the one that makes most headings known."""
    best: tuple[tuple[int, int], list[list[str]], list[int]] | None = None
    broken = ""
    for separator in _SEPARATORS:
        try:
            rows, lines = _rows(text, separator)
        except csv.Error as error:
            broken = broken or str(error)
            continue
        known = max((known_cells([cell.strip() for cell in row]) for row in rows[:50]), default=0)
        rank = (known, sum(len(row) > 1 for row in rows))
        if best is None or rank > best[0]:
            best = (rank, rows, lines)
    if best is None:
        what = f"not readable as CSV: {broken}"
        raise Refused(Finding(place.name, what, "Look for a double quote that never closes"))
    _, rows, lines = best
    return Sheet(place.stem, [_cells(row) for row in rows], lines)


def _rows(text: str, separator: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    lines: list[int] = []
    start = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for row in reader:
        if any(cell and not cell.isspace() for cell in row):
            if len(row) > MAX_COLUMNS:
                message = f"more than {MAX_COLUMNS:,} columns"
                raise csv.Error(message)
            rows.append(row)
            lines.append(start)
        start = reader.line_num + 1
    return rows, lines


def _cells(row: Sequence[str]) -> list[Cell]:
    return [Cell(restore_cell(text), "text") if text.strip() else BLANK for text in row]
