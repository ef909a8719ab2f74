"""CSV bytes to rows of text, each with its line. Every oddity is a finding, none a guess."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supplynet.errors import Finding
from supplynet.text import clamp, restore_cell

if TYPE_CHECKING:
    import _csv

__all__ = [
    "MAX_BYTES",
    "MAX_CELL",
    "MAX_COLUMNS",
    "RawTable",
    "Refused",
    "decode",
    "find_header",
    "read_csv",
]

MAX_BYTES = 256 * 1024 * 1024
MAX_CELL = 131_072
MAX_COLUMNS = 50_000
_MAX_RAGGED = 20
#: Few enough to stay in the cache of the processor; large batches take twice the time.
_BATCH_CELLS = 1000
_LINE_END = re.compile(r"\r\n|\r|\n")
# What Excel writes, or is told, above the column names.
_TOLD = re.compile(r"\s*\"?sep=(?P<separator>[,;\t])\"?[,;\t]*[ ]*(?=\r|\n|$)", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class RawTable:
    """The text of one file.

    Attributes
    ----------
    name
        The file name, for messages.
    header
        The column headings as written, blanks around them taken off.
    columns
        The cells of each column.
    lines
        The line on which each row starts.
    """

    name: str
    header: tuple[str, ...]
    columns: tuple[list[str], ...]
    lines: list[int]


class Refused(Exception):  # noqa: N818 - no error: the findings that end the reading of a file
    """The file cannot be read further."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__()


def read_csv(
    data: bytes, name: str, *, encoding: str, score: Callable[[list[str]], int]
) -> tuple[RawTable | None, list[Finding]]:
    """Return the rows of a CSV file, and what is wrong with it (then there are no rows).

    Parameters
    ----------
    data
        The content of the file.
    name
        Its name, for messages.
    encoding
        Name of the text encoding.
    score
        How many of the given headings are known; decides on the separator.
    """
    try:
        text = decode(data, name, encoding)
        header, separator, first = find_header(text, name, score)
        columns, lines, findings = _rows(text, name, separator, header, first)
        if findings and not score(header):
            findings = [_no_header(name, first, header)]
    except Refused as refused:
        return None, list(refused.findings)
    # An apostrophe guards a formula; most files have none.
    guarded = "'" in text
    kept = []
    for position, heading in enumerate(header):
        if heading:
            kept.append(position)
            if guarded:
                columns[position] = [restore_cell(cell) for cell in columns[position]]
        elif any(cell.strip() for cell in set(columns[position])):
            what = f"column {position + 1} has no heading"
            findings.append(Finding(f"{name}:1", what, "Name it, or delete it"))
    findings += _duplicates(header, name)
    if any(finding.level == "error" for finding in findings):
        return None, findings
    table = RawTable(
        name,
        tuple(header[position] for position in kept),
        tuple(columns[position] for position in kept),
        lines,
    )
    return table, findings


def decode(data: bytes, name: str, encoding: str) -> str:
    """Return the text of a file, or raise ``Refused`` with the place where it is none."""
    if len(data) > MAX_BYTES:
        raise Refused(Finding(name, f"larger than {MAX_BYTES // 1024**2} MiB", "Split the data"))
    if not data.strip():
        fix = "It needs a line of column names and a line per row"
        raise Refused(Finding(name, "the file is empty", fix))
    try:
        codec = codecs.lookup(encoding).name
        text = data.decode(codec)
    except LookupError:
        fix = "Use a name such as utf-8, latin-1 or cp1252"
        raise Refused(Finding(name, f"unknown encoding {encoding!r}", fix)) from None
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1
        label = "UTF-8" if codec == "utf-8" else encoding
        # What Windows writes in Western Europe; it is Latin-1 with the euro sign and dashes.
        other = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
        raise Refused(
            Finding(
                f"{name}:{line}",
                f"not {label} at byte offset {error.start}",
                f"Save as UTF-8 or give --encoding {other}",
            )
        ) from None
    except UnicodeError:
        fix = "Save as UTF-8"
        raise Refused(Finding(name, f"not {encoding} text", fix)) from None
    text = text.removeprefix("\ufeff")
    null = text.find("\0")
    if null >= 0:
        line = _line_at(text, null)
        fix = "Save it as plain CSV text in UTF-8"
        raise Refused(Finding(f"{name}:{line}", "holds a NUL character", fix))
    if not text.isascii() and _SURROGATE.search(text):
        raise Refused(Finding(name, "holds half of a surrogate pair", "Save as UTF-8"))
    return text


def _line_at(text: str, position: int) -> int:
    return len(_LINE_END.findall(text, 0, position)) + 1


def find_header(
    text: str, name: str, score: Callable[[list[str]], int]
) -> tuple[list[str], str, int]:
    """Return the headings, the separator, and the line on which the rows start."""
    best: tuple[tuple[int, int], list[str], str, int] | None = None
    broken: Finding | None = None
    row: list[str]
    told = _TOLD.match(text)
    for separator in told["separator"] if told else ",;\t":
        reader = _reader(text, separator)
        if told:
            next(reader)
        try:
            row = next((row for row in reader if any(cell.strip() for cell in row)), [])
        except csv.Error as error:
            broken = broken or _syntax(name, 1, error)
            continue
        header = [restore_cell(cell.strip()) for cell in row]
        # The separator that makes the most known names wins; the header alone decides, because
        # commas and semicolons are common inside cells.
        rank = (score(header), len(header))
        if best is None or rank > best[0]:
            best = (rank, header, separator, reader.line_num)
    if best is None and broken is not None:
        raise Refused(broken)
    if best is None or not best[1]:
        raise Refused(Finding(name, "the file has no column names", "Give them in the first line"))
    _, header, separator, first = best
    if len(header) > MAX_COLUMNS:
        what = f"{len(header):,} columns, at most {MAX_COLUMNS:,} are read"
        raise Refused(Finding(f"{name}:1", what, "Look for line ends that were lost"))
    return header, separator, first


def _reader(text: str, separator: str) -> _csv.Reader:
    # A buffer of UTF-8: io.StringIO would hold four bytes for every character.
    lines = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline="")
    return csv.reader(lines, delimiter=separator, strict=True)


def _rows(
    text: str, name: str, separator: str, header: list[str], first: int
) -> tuple[list[list[str]], list[int], list[Finding]]:
    """Return the cells by column, the line of each row, and rows of another width.

    Rows become columns a batch at a time, and equal cells become one text: a file of a million
    rows repeats few texts, and its rows as lists would take more room than its cells.
    """
    reader = _reader(text, separator)
    columns: list[list[str]] = [[] for _ in header]
    known: dict[str, str] = {}
    batch: list[list[str]] = []
    lines: list[int] = []
    findings: list[Finding] = []
    ragged = 0
    width = len(header)
    batch_rows = max(1, _BATCH_CELLS // width)
    start = 1
    try:
        for row in reader:
            # The first cell alone mostly tells that a row is not blank.
            if start > first and (
                (row and row[0] and not row[0].isspace())
                or any(cell and not cell.isspace() for cell in row)
            ):
                if len(row) == width:
                    batch.append(row)
                    lines.append(start)
                    if len(batch) >= batch_rows:
                        _spread(batch, columns, known)
                        batch.clear()
                else:
                    ragged += 1
                    if ragged <= _MAX_RAGGED:
                        findings.append(_ragged(name, start, row, width))
            start = reader.line_num + 1
    except csv.Error as error:
        raise Refused(*findings, _syntax(name, start, error)) from None
    if ragged > _MAX_RAGGED:
        what = f"{ragged:,} rows in all have too many or too few cells"
        findings.append(Finding(name, what))
    _spread(batch, columns, known)
    return columns, lines, findings


def _spread(rows: list[list[str]], columns: list[list[str]], known: dict[str, str]) -> None:
    """Append rows of one width to the columns, each text as the object first seen of it."""
    # No rows, no columns of them: hence not strict.
    for column, cells in zip(columns, zip(*rows, strict=True), strict=False):
        column.extend(map(known.setdefault, cells, cells))


def _no_header(name: str, line: int, header: list[str]) -> Finding:
    """Return that no column is known and rows are of another width: the line is a title, say."""
    shown = ", ".join(repr(clamp(cell, 40)) for cell in header[:5])
    what = f"no known column name in {shown}, and the rows below have other cells"
    return Finding(f"{name}:{line}", what, "Put the column names first")


def _ragged(name: str, line: int, row: list[str], width: int) -> Finding:
    count = len(row)
    if count < width:
        fix = "Write a separator for every blank cell"
    elif any(cell.strip() for cell in row[width:]):
        fix = "Put text that holds the separator in double quotes"
    else:
        # Not simply dropped: one comma within a text would shift the row just as quietly.
        fix = "Delete the separators after its last cell, or quote text that holds one"
    cells = "1 cell" if count == 1 else f"{count:,} cells"
    return Finding(f"{name}:{line}", f"{cells}, but the header has {width:,}", fix)


def _syntax(name: str, line: int, error: csv.Error) -> Finding:
    reason = str(error)
    where = f"{name}:{line}"
    if "field larger" in reason:
        return Finding(
            where, f"a cell is longer than {MAX_CELL:,} characters", "Look for an open quote"
        )
    if "unexpected end" in reason:
        what = "a double quote opens in this row and never closes"
        return Finding(where, what, "Close it, or write a quote inside text twice")
    what = "text follows a closing double quote"
    return Finding(where, what, "Write a quote inside text twice, and quote the whole cell")


def _duplicates(header: list[str], name: str) -> list[Finding]:
    findings = []
    seen: dict[str, int] = {}
    for position, heading in enumerate(header, start=1):
        if heading and heading in seen:
            what = f"columns {seen[heading]} and {position} are both named {heading!r}"
            findings.append(Finding(f"{name}:1", what, "Rename or delete one"))
        seen.setdefault(heading, position)
    return findings
