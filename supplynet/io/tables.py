"""Columns of text to checked tables: which table it is, which field a heading means, defaults."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from supplynet.io.convert import Findings, convert_column
from supplynet.model import ColumnUse, Table, number_text
from supplynet.schema import TABLES, FieldSpec, TableSchema, fold

__all__ = [
    "Use",
    "build_table",
    "fill_supply_ids",
    "heading_uses",
    "known_headings",
    "row_tables",
    "which_table",
]

#: With more extra columns than this, the file is wide on purpose and not misspelt.
_MAX_SPELLCHECKED = 200
_SINGULAR = {
    "nodes": "node",
    "materials": "material",
    "entities": "entity",
    "measures": "measure",
    "references": "reference",
}


@dataclass(frozen=True)
class Use:
    """What one heading is used as; `field` is ``None`` for an extra column."""

    heading: str
    name: str
    field: FieldSpec | None
    divisor: int = 1


@cache
def row_tables() -> tuple[str, ...]:
    """Return the names of the tables of rows: all but `network`."""
    return tuple(name for name in TABLES if name != "network")


def known_headings(header: Sequence[str], table: str | None = None) -> int:
    """Return how many headings are known to a table, or to the table that knows most."""
    names = row_tables() if table is None else (table,)
    folded = {fold(heading) for heading in header}
    return max(_known(folded, TABLES[name]) for name in names)


def _known(folded: set[str], schema: TableSchema) -> int:
    fields = set()
    for name in folded:
        if name in schema.folded_names:
            fields.add(schema.folded_names[name].name)
        elif name in schema.folded_aliases:
            fields.add(schema.folded_aliases[name][0].name)
    return len(fields)


def which_table(header: Sequence[str], stem: str) -> tuple[str | None, str]:
    """Return which table a file holds, and what was expected where that cannot be told.

    Parameters
    ----------
    header
        The column headings.
    stem
        The file name without its ending; `entities.csv` is a table of entities.
    """
    folded = {fold(heading) for heading in header}
    fitting = []
    for place, name in enumerate(row_tables()):
        schema = TABLES[name]
        named = fold(stem) == name
        if not _missing(folded, schema):
            own = len(folded & set(schema.folded_names))
            fitting.append((named, _known(folded, schema), own, -place, name))
    if fitting:
        return max(fitting)[-1], ""
    wanted = []
    for name in ("nodes", "supplies"):
        fields = " and ".join(_expected(field) for field in _missing(folded, TABLES[name]))
        wanted.append(f"a table of {name} needs {fields}")
    return None, "; ".join(wanted)


def _missing(folded: set[str], schema: TableSchema) -> list[FieldSpec]:
    have = {
        schema.folded_names[name].name
        if name in schema.folded_names
        else schema.folded_aliases[name][0].name
        for name in folded
        if name in schema.folded_names or name in schema.folded_aliases
    }
    return [field for field in schema.required if field.name not in have]


def _expected(field: FieldSpec) -> str:
    others = ", ".join(alias.name for alias in field.aliases[:3])
    return f"{field.name!r} (or {others})" if others else repr(field.name)


def build_table(
    name: str,
    header: Sequence[str],
    columns: Sequence[Sequence[str | tuple[str, ...]]],
    findings: Findings,
    *,
    source: str | None = None,
    lines: Sequence[int] | None = None,
) -> tuple[Table | None, list[ColumnUse]]:
    """Return a checked table with its defaults filled in, and what each column was used as.

    Parameters
    ----------
    name
        Name of the table.
    header, columns
        Headings, and the cells of each.
    findings
        Takes what is wrong; the table is ``None`` where a required column is missing.
    source, lines
        The file, and the line of each row.
    """
    schema = TABLES[name]
    place = source or name
    top = f"{source}:1" if source else name
    uses = heading_uses(schema, header, top, findings)
    count = len(columns[0]) if columns else 0
    given = [
        ColumnUse(
            name,
            source or "",
            use.heading,
            use.name,
            "set aside"
            if use.field is None
            else ("used" if use.heading == use.name else "renamed"),
        )
        for use in uses
    ]
    missing = [field for field in schema.required if all(use.field is not field for use in uses)]
    if missing:
        for field in missing:
            found = ", ".join(repr(heading) for heading in header[:12])
            what = f"no column {_expected(field)}"
            near = _nearest_heading(field, uses)
            fix = f"Rename {near!r} to {field.name}" if near else "Add it"
            findings.add(top, what, f"{fix}; found {found}" if found else fix)
        return None, given

    def where(index: int) -> str:
        if source is not None and lines is not None:
            return f"{source}:{lines[index]}"
        return f"{name} row {index + 1}"

    label = _labels(name, uses, columns)
    values: dict[str, list[Any]] = {}
    for use, cells in zip(uses, columns, strict=True):
        values[use.name] = convert_column(
            use.field, use.heading, cells, where, findings, label=label, divisor=use.divisor
        )
    for use, cells in zip(uses, columns, strict=True):
        if use.field is not None and use.field.required:
            blanks = {
                cell
                for cell in set(cells)
                if not cell or (isinstance(cell, str) and cell.isspace())
            }
            for index, cell in enumerate(cells if blanks else ()):
                if cell in blanks:
                    kind = (place, use.heading, "blank")
                    findings.add(
                        where(index), f"{use.heading} is blank", "It is required", kind=kind
                    )
    _check_direction(name, uses, columns, where, findings)
    _check_control(name, uses, columns, top, findings)
    _fill_defaults(schema, values, count)
    ordered = {field.name: values[field.name] for field in schema if field.name in values}
    ordered |= {use.name: values[use.name] for use in uses if use.field is None}
    table = Table(
        name=name,
        columns=ordered,
        length=count,
        source=source,
        lines=lines,
        list_fields=schema.list_fields,
    )
    return table, given


def _nearest_heading(field: FieldSpec, uses: Sequence[Use]) -> str | None:
    """Return the unused heading that is most likely meant for a field."""
    spare = {fold(use.heading): use.heading for use in uses if use.field is None}
    near = difflib.get_close_matches(fold(field.name), sorted(spare), n=1, cutoff=0.7)
    return spare[near[0]] if near else None


def heading_uses(
    schema: TableSchema, header: Sequence[str], top: str, findings: Findings
) -> list[Use]:
    """Return what each heading is used as, own names before other names."""
    uses: list[Use | None] = [None] * len(header)
    taken: dict[str, str] = {}
    # A heading that is the exact name wins over one that only folds to it, and that over aliases.
    for exact in (True, False):
        for index, heading in enumerate(header):
            field = schema.folded_names.get(fold(heading))
            if uses[index] is None and field is not None and (not exact or heading == field.name):
                if field.name in taken:
                    _taken_twice(field, taken[field.name], heading, top, findings)
                else:
                    taken[field.name] = heading
                    uses[index] = Use(heading, field.name, field)
    by_alias: dict[str, str] = {}
    told: set[int] = set()
    for index, heading in enumerate(header):
        found = schema.folded_aliases.get(fold(heading))
        if uses[index] is not None or found is None:
            continue
        field, alias = found
        if field.name in by_alias:
            _taken_twice(field, by_alias[field.name], heading, top, findings)
        elif field.name in taken:
            told.add(index)
            what = f"column {heading!r} is kept as an extra, {taken[field.name]!r} is used"
            findings.add(top, what, "Delete or rename one if they mean the same", "note")
        else:
            by_alias[field.name] = heading
            uses[index] = Use(heading, field.name, field, alias.divisor)
            scaled = f", divided by {alias.divisor}" if alias.divisor != 1 else ""
            findings.add(top, f"column {heading!r} is read as {field.name!r}{scaled}", level="note")
    extra = [
        heading for index, heading in enumerate(header) if uses[index] is None and index not in told
    ]
    if len(extra) <= _MAX_SPELLCHECKED:
        for heading in extra:
            _spellcheck(schema, heading, {*taken, *by_alias}, top, findings)
    return [
        use if use is not None else Use(heading, heading, None)
        for use, heading in zip(uses, header, strict=True)
    ]


def _taken_twice(field: FieldSpec, first: str, second: str, top: str, findings: Findings) -> None:
    what = f"columns {first!r} and {second!r} both mean {field.name!r}"
    findings.add(top, what, "Delete or rename one")


def _spellcheck(
    schema: TableSchema, heading: str, used: set[str], top: str, findings: Findings
) -> None:
    names = {fold(field.name): field.name for field in schema if field.name not in used}
    names |= {
        folded: field.name
        for folded, (field, _) in schema.folded_aliases.items()
        if field.name not in used
    }
    near = difflib.get_close_matches(fold(heading), sorted(names), n=1, cutoff=0.8)
    if near:
        what = f"unknown column {heading!r} is kept as an extra"
        findings.add(top, what, f"Did you mean {names[near[0]]!r}?", "warning")


def _labels(
    name: str, uses: Sequence[Use], columns: Sequence[Sequence[str | tuple[str, ...]]]
) -> Callable[[int], str] | None:
    for use, cells in zip(uses, columns, strict=True):
        if use.name == "id" and name in _SINGULAR:
            return lambda index: f"{_SINGULAR[name]} {cells[index]!r}"
    return None


def _check_direction(
    name: str,
    uses: Sequence[Use],
    columns: Sequence[Sequence[str | tuple[str, ...]]],
    where: Callable[[int], str],
    findings: Findings,
) -> None:
    """Refuse undirected edges (Gephi writes the column `Type`): who supplies whom is the point."""
    if name != "supplies":
        return
    for use, cells in zip(uses, columns, strict=True):
        if use.field is None and fold(use.heading) == "type":
            for index, cell in enumerate(cells):
                if isinstance(cell, str) and cell.strip().casefold() in ("undirected", "mixed"):
                    what = f"{use.heading} is {cell.strip()!r}: it does not say who supplies whom"
                    fix = "Put the supplier first and write Directed"
                    findings.add(where(index), what, fix, kind=(where(0), use.heading))


_CONTROL = {
    "owner": (
        "who owns what is read from holdings.csv",
        "Add rows there (owner, asset, share), or rename the column to ask by it as it stands",
    ),
    "controller": (
        "who controls what is worked out from country, operator, entities.csv and holdings.csv",
        "Add rows to holdings.csv, or rename the column to ask by it as it stands",
    ),
}


def _check_control(
    name: str,
    uses: Sequence[Use],
    columns: Sequence[Sequence[str | tuple[str, ...]]],
    top: str,
    findings: Findings,
) -> None:
    """Warn that `nodes` has no owner or controller: both change with time and run in chains."""
    if name != "nodes":
        return
    for use, cells in zip(uses, columns, strict=True):
        told = _CONTROL.get(fold(use.heading)) if use.field is None else None
        if told and any(cell and not (isinstance(cell, str) and cell.isspace()) for cell in cells):
            what = f"column {use.heading!r} is kept as an extra and answers no question: {told[0]}"
            findings.add(top, what, told[1], "warning")


def _fill_defaults(schema: TableSchema, values: dict[str, list[Any]], count: int) -> None:
    for field in schema:
        if not field.default or (schema.name == "supplies" and field.name == "id"):
            continue
        column = values.get(field.name, [None] * count)
        if field.default.startswith("{"):
            other = values[field.default.strip("{}")]
            column = [b if a is None else a for a, b in zip(column, other, strict=True)]
        else:
            column = [field.default if value is None else value for value in column]
        values[field.name] = column


def fill_supply_ids(table: Table) -> Table:
    """Return `supplies` with an id in every row: ``supplier>consumer:material``, then `#2`...

    Rows of the same three are numbered by their content (start first), not by their place, so
    that sorting a file changes no id.
    """
    names = ("id", "supplier", "consumer", "material")
    ids = [
        f"{supplier}>{consumer}:{material or ''}"
        if value is None and supplier is not None and consumer is not None
        else value
        for value, supplier, consumer, material in zip(
            *(table.column(name) for name in names), strict=True
        )
    ]
    given = table.column("id")
    used = {value for value in given if value is not None}
    # Most are unique as they are. The rest are those that meet another, or that a number could.
    shared = {
        base
        for base, count in Counter(ids).items()
        if base is not None and (count > 1 or "#" in base)
    }
    open_rows: dict[str, list[int]] = {}
    for index, base in enumerate(ids if shared else ()):
        if base in shared and given[index] is None:
            open_rows.setdefault(base, []).append(index)
    for base in sorted(open_rows):
        rows = open_rows[base]
        if len(rows) > 1:
            rows.sort(key=lambda index: _content_key(table.row(index)))
        number = 1
        for index in rows:
            name = base
            while name in used:
                number += 1
                name = f"{base}#{number}"
            ids[index] = name
            used.add(name)
    columns = {"id": ids} | {key: column for key, column in table.columns.items() if key != "id"}
    return Table(
        name=table.name,
        columns=columns,
        length=table.length,
        source=table.source,
        lines=table.lines,
        list_fields=table.list_fields,
    )


def _content_key(row: Mapping[str, Any]) -> tuple[str, str]:
    start = row.get("start")
    plain = {
        key: number_text(value) if isinstance(value, Decimal) else str(value)
        for key, value in row.items()
        if value not in (None, ())
    }
    return (start.isoformat() if start else "", json.dumps(plain, sort_keys=True))
