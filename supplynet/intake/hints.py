"""What a sheet looks like that no choice of columns can read: said, with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from supplynet.intake.headings import matches
from supplynet.intake.values import parse_number, shown
from supplynet.io.sheets import Cell, column_letters
from supplynet.schema import country, country_name

__all__ = ["hints"]

_MARKS = frozenset({"x", "✓", "✔", "•", "●", "yes", "y", "ja", "oui", "1", "0", "no", "-", "–"})
_TIER = re.compile(r"\btier[\s_-]*\d\b(?!.*\b(?:country|share|city|site|plant|location)\b)", re.I)
#: What makes headings those of a table of its own.
_ENDS = ({"supplier", "consumer"}, {"name", "country"}, {"owner", "asset"})
#: So many columns of marks make a matrix.
_COLUMNS = 3


def hints(
    sheet: str,
    table: str,
    heads: Sequence[str],
    columns: Mapping[int, Sequence[Cell]],
    roles: Mapping[int, str],
) -> tuple[str, ...]:
    """Return what to do about a sheet that is laid out otherwise than as one row per thing.

    Parameters
    ----------
    sheet, table
        The name of the sheet, and the table it is likely to be; blank: not known.
    heads
        The heading of each column.
    columns
        The filled cells of each column.
    roles
        What each column is likely to be, by its place.
    """
    return tuple(
        filter(
            None,
            (
                _country_sheet(sheet, table, set(roles.values())),
                _tiers(heads),
                _matrix(heads, columns, roles),
                _side_by_side(heads, columns),
                *_twice(heads, table, roles),
            ),
        )
    )


def _country_sheet(sheet: str, table: str, have: set[str]) -> str:
    code, _ = country(sheet)
    role = {"supplies": "supplier.country", "nodes": "country"}.get(table, "")
    if code is None or len(sheet.strip()) <= len(code) or not role or role in have:
        return ""
    return (
        f"The sheet is named as a country, {country_name(code)}, which is not read. If it holds "
        f'for all rows, write "{role}" = "{code}" under sheet.fixed in the mapping'
    )


def _tiers(heads: Sequence[str]) -> str:
    places = [place for place, heading in enumerate(heads) if _TIER.search(heading)]
    if len(places) < 2:
        return ""
    return (
        f"Columns {_letters(places)} hold several tiers side by side. A row is one supply: of each "
        "row only one link can be read. Write a row for each link, tier 2 to tier 1 and so on"
    )


def _matrix(
    heads: Sequence[str], columns: Mapping[int, Sequence[Cell]], roles: Mapping[int, str]
) -> str:
    if {"material", "share", "volume"} & {*roles.values()}:
        return ""
    places = [
        place
        for place, cells in columns.items()
        if heads[place] and place not in roles and cells and all(map(_mark_or_number, cells))
    ]
    if len(places) < _COLUMNS or not any(
        role in ("supplier", "consumer", "name", "id") for role in roles.values()
    ):
        return ""
    return (
        f"Columns {_letters(places)} look like a matrix: a mark or a number for each heading. "
        "As it stands they are kept and say nothing. Write a row for each mark, with supplier, "
        "consumer and material"
    )


def _mark_or_number(cell: Cell) -> bool:
    text = shown(cell)
    return (
        cell.kind in ("number", "percent")
        or text.casefold() in _MARKS
        or parse_number(text.rstrip("% "), decimal_comma=False)[0] is not None
    )


def _side_by_side(heads: Sequence[str], columns: Mapping[int, Sequence[Cell]]) -> str:
    """Tell of a second table: an empty column, and on either side the headings of a table."""
    for place in range(1, len(heads) - 1):
        empty = not heads[place] and not columns.get(place)
        if empty and _is_table(heads[:place]) and _is_table(heads[place + 1 :]):
            return (
                f"Column {column_letters(place + 1)} is empty, and to its right stands what looks "
                "like a second table, whose cells are kept as extra columns of the first. Move it "
                "to a sheet of its own"
            )
    return ""


def _twice(heads: Sequence[str], table: str, roles: Mapping[int, str]) -> list[str]:
    """Tell of columns that say what another column says already."""
    if not table:
        return []
    places = {role: place for place, role in roles.items()}
    found = []
    for place, heading in enumerate(heads):
        match = next(iter(matches(heading, table, heads)), None) if heading else None
        if place in roles or match is None or not match.sure or match.role not in places:
            continue
        first = places[match.role]
        found.append(
            f"Columns {_letters([first, place])} are both {match.role}: {column_letters(first + 1)}"
            f" is read, {column_letters(place + 1)} is kept as an extra column. Change it in the "
            "mapping if the other is meant"
        )
    return found


def _is_table(heads: Sequence[str]) -> bool:
    sure = {
        match.role
        for heading in heads
        for table in ("supplies", "nodes", "holdings")
        for match in matches(heading, table)
        if match.sure
    }
    return any(ends <= sure for ends in _ENDS)


def _letters(places: Sequence[int]) -> str:
    return ", ".join(column_letters(place + 1) for place in places)
