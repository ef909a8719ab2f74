"""Where the table stands on a sheet: its headings, its rows, and what is none of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from supplynet.intake.headings import is_heading
from supplynet.io.sheets import BLANK, Cell, Sheet, merged_range

__all__ = ["ABOVE", "Grid", "Layout", "find_layout", "grid", "headings", "known_cells"]

#: Rows in which the headings are looked for.
_SEARCHED = 40
#: A cell longer than this is a sentence, not a name.
_SENTENCE = 80
_TOTAL = re.compile(
    r"(?:(?:(?:grand|sub|overall)[ -]?)?totals?|sums?|overall|subtotals?|gesamt|gesamtsumme|summe"
    r"|zwischensumme|insgesamt|total général|sous-total|somme|Σ)(?!\w)",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"[*†‡§#¹²³]|\d{1,2}\)|\(?[a-z0-9]\)\s|(?:notes?|sources?|quellen?|n\.b\.)\s*:", re.I
)
_NUMBER = re.compile(r"[-+~]?\s*[\d.,' ]+\s*%?")

ABOVE = "above the column names"


@dataclass(frozen=True)
class Layout:
    """What was found on a sheet.

    Attributes
    ----------
    header
        Row numbers of the headings, one or two; none where the sheet holds no table.
    set_aside
        Row numbers below them that are no rows of the table, and why.
    by_shape
        Whether no heading is known, and the row was chosen because it looks like one.
    """

    header: tuple[int, ...]
    set_aside: Mapping[int, str]
    by_shape: bool = False


@dataclass(frozen=True)
class Grid:
    """The cells of a sheet by row number, merged cells filled down, all rows equally wide.

    Attributes
    ----------
    rows
        Row number to cells.
    filled
        What was filled: the range and the text.
    """

    rows: Mapping[int, Sequence[Cell]]
    filled: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        """The number of columns."""
        return max((len(row) for row in self.rows.values()), default=0)


def known_cells(texts: Sequence[str]) -> int:
    """Return how many cells of a row are known headings, each once."""
    return len({text for text in texts if is_heading(text)})


def grid(sheet: Sheet, header: Sequence[int] = ()) -> Grid:
    """Return the cells of a sheet; a cell merged over several rows below the headings fills all.

    Merged cells across columns keep their value in the first of them only.
    """
    width = sheet.width
    rows = {
        line: [*row, *[BLANK] * (width - len(row))]
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
    }
    below = max(header, default=0)
    filled = []
    for text in sheet.merged:
        area = merged_range(text)
        if area is None or area[0] <= below or area[2] == area[0] or area[1] > width:
            continue
        top, column, bottom, _ = area
        cell = rows[top][column - 1] if top in rows else BLANK
        if not cell:
            continue
        for line in range(top + 1, bottom + 1):
            if line in rows:
                rows[line][column - 1] = cell
        filled.append((text, cell.text.strip()))
    return Grid(rows, tuple(sorted(filled)))


def find_layout(sheet: Sheet) -> Layout:
    """Return where the table stands on a sheet."""
    place, by_shape = _header(sheet)
    if place is None:
        return Layout((), {})
    first, last = place, place
    if _groups(sheet, place):
        last = place + 1
    elif place and _groups(sheet, place - 1):
        first = place - 1
    last = min(last, len(sheet.rows) - 1)
    header = tuple(sheet.lines[first : last + 1])
    return Layout(header, _aside(sheet, last), by_shape)


def _texts(row: Sequence[Cell]) -> list[str]:
    return [" ".join(cell.text.split()) for cell in row]


def _filled(row: Sequence[Cell]) -> int:
    return sum(map(bool, row))


def _header(sheet: Sheet) -> tuple[int | None, bool]:
    """Return the position of the row of headings, and whether it only looks like one."""
    searched = sheet.rows[:_SEARCHED]
    known = [known_cells(_texts(row)) if _filled(row) > 1 else 0 for row in searched]
    most = max(known, default=0)
    if most >= 2:
        return known.index(most), False
    for place, row in enumerate(searched[:-1]):
        words = [cell for cell in row if cell]
        if (
            len(words) > 1
            and all(cell.kind == "text" and len(cell.text) < _SENTENCE for cell in words)
            and not any(_NUMBER.fullmatch(cell.text.strip()) for cell in words)
            and _filled(sheet.rows[place + 1]) > 1
        ):
            return place, True
    return None, False


def _groups(sheet: Sheet, place: int) -> bool:
    """Return whether a row holds headings over several columns, with more headings below it."""
    if place + 1 >= len(sheet.rows) or sheet.lines[place + 1] != sheet.lines[place] + 1:
        return False
    upper, lower = sheet.rows[place], sheet.rows[place + 1]
    if _filled(upper) < 2:
        return False
    line = sheet.lines[place]
    areas = [area for area in map(merged_range, sheet.merged) if area and area[0] == line]
    if any(area[3] > area[1] or area[2] == line + 1 for area in areas):
        return True
    # A CSV file knows no merged cells: a group is a heading with blanks to its right, above
    # headings that are alike.
    below = [text for text in _texts(lower) if text]
    return (
        len(set(below)) < len(below) and _filled(upper) < _filled(lower) and known_cells(below) > 0
    )


def headings(sheet: Sheet, header: Sequence[int]) -> list[str]:
    """Return the heading of each column; those in two rows are joined."""
    by_line = dict(zip(sheet.lines, sheet.rows, strict=True))
    width = sheet.width
    merged = [area for area in map(merged_range, sheet.merged) if area]
    joined = [""] * width
    for position, line in enumerate(header):
        texts = _texts(by_line.get(line, ()))
        texts += [""] * (width - len(texts))
        if len(header) > 1 and position == 0:
            texts = _spread(texts, line, merged, _texts(by_line.get(header[-1], ())))
        for column, text in enumerate(texts):
            if text and text != joined[column]:
                joined[column] = f"{joined[column]} {text}".strip()
    return joined


def _spread(
    texts: list[str],
    line: int,
    merged: Sequence[tuple[int, int, int, int]],
    below: Sequence[str],
) -> list[str]:
    """Write a heading that stands over several columns over each of them."""
    spread = list(texts)
    across = [area for area in merged if area[0] == line]
    for _, first, _, last in across:
        for column in range(first, min(last, len(spread))):
            spread[column] = spread[first - 1]
    if not across:
        for column in range(1, len(spread)):
            if not spread[column] and column < len(below) and below[column]:
                spread[column] = spread[column - 1]
    return spread


def _aside(sheet: Sheet, last: int) -> dict[int, str]:
    """Return the rows below the headings that are no rows of the table, and why."""
    found: dict[int, str] = {}
    header = _texts(sheet.rows[last])
    previous = sheet.lines[last]
    second = ""
    across = {area[0] for area in map(merged_range, sheet.merged) if area and area[3] > area[1]}
    for line, row in list(zip(sheet.lines, sheet.rows, strict=True))[last + 1 :]:
        texts = _texts(row)
        gap = line > previous + 1
        previous = line
        if (
            gap
            and _filled(row) > 1
            and known_cells(texts) > 1
            and known_cells(texts) == _filled(row)
        ):
            second = f"below the end of the table: a second one starts in row {line}"
        if second:
            found[line] = second
        elif texts == header:
            found[line] = "the column names again"
        elif why := _why_aside(row, texts, gap=gap, merged=line in across):
            found[line] = why
    return found


def _why_aside(row: Sequence[Cell], texts: Sequence[str], *, gap: bool, merged: bool) -> str:
    filled = [text for text in texts if text]
    first = filled[0]
    others = filled[1:]
    total = _TOTAL.match(first)
    words = [text for text in others if not _NUMBER.fullmatch(text)]
    # A row that names others beside it may be of the firm Total.
    if (
        total
        and len(words) < 2
        and (first[total.end() :].strip() in ("", ":") or (others and not words))
    ):
        return "a total"
    if not others:
        if merged:
            return "a line across the table"
        if _NOTE.match(first) or len(first) > _SENTENCE:
            return "a note"
        if gap:
            return "a line below the table"
    return ""
