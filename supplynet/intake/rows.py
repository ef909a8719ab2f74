"""The rows of one sheet, read by its mapping: fields, extra cells, and what could not be read."""

from __future__ import annotations

import difflib
import re
from collections import abc
from collections.abc import Sequence
from dataclasses import dataclass

from supplynet.intake.headings import roles
from supplynet.intake.layout import Grid
from supplynet.intake.mapping import ColumnMapping, SheetMapping
from supplynet.intake.values import Reading, holds_codes_only, is_to_come, read_cell, shown
from supplynet.io.sheets import BLANK, Cell, column_letters, column_number
from supplynet.schema import TABLES, fold

__all__ = ["ORIGIN", "UNITS", "SheetReader", "Unread"]

#: The extra column that says which row of the file a row comes from.
ORIGIN = "sheet_row"
#: Before the heading of a column whose cells say more than the field that was read from them.
AS_GIVEN = "as given: "
_NEAR_HEADING = 0.8
#: Where a unit that holds for a whole sheet goes, and the number that it is about.
UNITS = {"unit": "volume", "capacity_unit": "capacity"}


@dataclass(frozen=True)
class Unread:
    """A cell that gave no value: why, blank where it only says that nothing is known.

    `gap` is what is taken in its place, where a blank would say that all is well.
    """

    column: str
    heading: str
    text: str
    why: str
    setting: str
    gap: str = ""


#: Fields whose blank says that all is well: what is said where a cell of theirs is not understood.
_OPEN: abc.Mapping[str, tuple[str, str]] = {
    "supplies": ("qualified", "unknown"),
    "nodes": ("upstream", "unknown"),
    "needs": ("suppliers", "partial"),
}
_STANDING: abc.Mapping[str, frozenset[str]] = {
    "supplies": frozenset({"status", "qualified", "start", "end"}),
    "nodes": frozenset({"status", "upstream", "start", "end"}),
    "needs": frozenset({"suppliers"}),
}
_DATES = ("start", "end")
#: What stands between the names of several firms in one cell.
_SEVERAL = re.compile(r"\n|;|\s[/|+]\s|\band/or\b|,.+, ")


class SheetReader:
    """Reads the rows of one sheet by its mapping."""

    def __init__(
        self,
        mapping: SheetMapping,
        cells: Grid,
        *,
        merged: abc.Mapping[str, str],
        known: abc.Container[str],
    ) -> None:
        self.mapping = mapping
        self.merged = merged
        self.known = known
        self.by_place = {column_number(column.column) - 1: column for column in mapping.columns}
        self.width = cells.width
        self.names = _extra_names(mapping, self.width)
        self.above: dict[int, Cell] = {}
        #: Cells that may hold several names: how often each.
        self.several: dict[str, int] = {}
        first = max(mapping.header, default=0)
        self.codes_only = {}
        for place, column in self.by_place.items():
            if column.role and roles(mapping.table)[column.role].type in ("country", "countries"):
                texts = frozenset(
                    shown(row[place])
                    for line, row in cells.rows.items()
                    if line > first and line not in mapping.set_aside and place < len(row)
                )
                self.codes_only[place] = holds_codes_only(texts - {""})

    def read(self, row: Sequence[Cell]) -> tuple[dict[str, str], dict[str, str], list[Unread]]:
        """Return fields, extra cells, and what could not be read or says that nothing is known."""
        values: dict[str, str] = {}
        bands: dict[str, str] = {}
        extras: dict[str, str] = {}
        gaps: dict[str, str] = {}
        unread = []
        for place, given in enumerate(row):
            cell = given
            column = self.by_place.get(place)
            if column is not None and column.fill_down:
                cell = cell if cell else self.above.get(place, BLANK)
                self.above[place] = cell
            if not cell:
                continue
            if column is None or not column.role:
                extras[self.names[place]] = cell.text
                continue
            reading = self._read(cell, place, column)
            prefix = column.role.rpartition(".")[0]
            name = roles(self.mapping.table)[column.role].name
            is_name = roles(self.mapping.table)[column.role].type == "ref"
            for found, text in reading.fields.items():
                if found == name:
                    values[column.role] = text
                else:
                    bands[f"{prefix}.{found}" if prefix else found] = text
            if reading.why or not reading.fields:
                gap = self._gap(column.role, cell, reading)
                gaps |= dict([gap] if gap else [])
                unread.append(
                    Unread(
                        column.column,
                        column.heading,
                        shown(cell),
                        reading.why,
                        reading.setting,
                        " = ".join(gap or ()),
                    )
                )
            if is_name and reading.fields and _SEVERAL.search(cell.text.strip()):
                self.several.setdefault(shown(cell), 0)
                self.several[shown(cell)] += 1
            if not reading.plain or shown(cell) in self.merged:
                extras[self.names[place]] = shown(cell)
        for role, text in bands.items():
            values.setdefault(role, text)
        for role, text in gaps.items():
            if values.get(role, "").casefold() != "no":  # a supply that is none anyway
                values[role] = text
        for column in self.mapping.columns:
            if column.role in values and self._about_nobody(column.role, values):
                del values[column.role]
                place = column_number(column.column) - 1
                text = extras[self.names[place]] = shown(row[place])
                why = f"no {column.role.split('.')[-2]} in the row"
                unread.append(Unread(column.column, column.heading, text, why, ""))
        for role, text in self.mapping.fixed.items():
            number = UNITS.get(role)
            if text and (number is None or {number, f"{number}_low", f"{number}_high"} & {*values}):
                values.setdefault(role, text)
        return values, extras, unread

    def _gap(self, role: str, cell: Cell, reading: Reading) -> tuple[str, str] | None:
        """Return the field that keeps a gap where a cell is not understood, and its value.

        A blank status is operating, a blank date is always: "phased out" must not become that.
        """
        prefix, _, name = role.rpartition(".")
        table = self._about(role)
        if name not in _STANDING.get(table, ()):
            return None
        if name in _DATES and not reading.why and not is_to_come(shown(cell)):
            return None  # "n/a" says that there is no such date
        field, value = _OPEN[table]
        return (f"{prefix}.{field}" if prefix else field), value

    def _about_nobody(self, role: str, values: abc.Mapping[str, str]) -> bool:
        """Return whether a value is about an owner or operator whom the row does not name."""
        whom = role.rpartition(".")[0]
        return whom.rpartition(".")[2] in ("owner", "operator") and not values.get(whom)

    def _about(self, role: str) -> str:
        """Return the table of the row that a column is about."""
        _, _, rest = role.partition(".")
        if rest and self.mapping.table == "supplies" and not rest.startswith("owner"):
            return "nodes"
        return self.mapping.table

    def _read(self, cell: Cell, place: int, column: ColumnMapping) -> Reading:
        spec = roles(self.mapping.table)[column.role]
        if spec.type == "id" or (spec.type == "ref" and shown(cell) in self.known):
            # An id that looks like "not known", such as NA, is an id where the file says so.
            return Reading({spec.name: shown(cell)})
        return read_cell(
            cell,
            spec,
            self._about(column.role),
            numbers=column.numbers,
            decimal_comma=column.decimal_comma,
            values=column.values,
            codes_only=self.codes_only.get(place, False),
        )


def _extra_names(mapping: SheetMapping, width: int) -> dict[int, str]:
    """Return the name under which each column is kept where it is no field, or differs from it."""
    schema = TABLES[mapping.table]
    known = [*schema.folded_names, *schema.folded_aliases]
    by_place = {column_number(column.column) - 1: column for column in mapping.columns}
    names: dict[int, str] = {}
    used = {fold(ORIGIN)}
    for place in range(width):
        letters = column_letters(place + 1)
        column = by_place.get(place)
        heading = (column.heading if column is not None else "") or f"column {letters}"
        near = difflib.get_close_matches(fold(heading), known, n=1, cutoff=_NEAR_HEADING)
        name = heading
        if (column is not None and column.role) or fold(heading) in known or near:
            # Under its own name the column would be read as a field.
            name = f"{AS_GIVEN}{heading}"
        if fold(name) in used:
            name = f"{name} ({letters})"
        used.add(fold(name))
        names[place] = name
    return names
