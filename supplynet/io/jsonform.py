"""A network as JSON: its tables as lists of rows, or a node-link graph."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from supplynet.errors import Finding
from supplynet.io.convert import Findings
from supplynet.io.csvtext import MAX_COLUMNS, RawTable, Refused
from supplynet.io.jsontext import (
    JsonList,
    JsonNumber,
    JsonObject,
    check_size,
    read_json_text,
    written,
)
from supplynet.io.meta import meta_at
from supplynet.io.read import Examination, Undirected, assemble
from supplynet.io.tables import row_tables
from supplynet.model import Meta, SupplyNetwork, Table, number_text
from supplynet.schema import TABLES, FieldSpec, fold

__all__ = [
    "Misplaced",
    "cell_of",
    "check_width",
    "field_of",
    "json_cell",
    "json_text",
    "kind_of",
    "meta_values",
    "objects",
    "placed",
    "plain",
    "read_json",
    "row_text",
]

#: Rows times columns; a file that is small enough to be read has fewer, unless most are blank.
_MAX_CELLS = 50_000_000
_EXAMPLE = 'Write a list of rows, such as [{"supplier": "a", "consumer": "b"}]'


class Misplaced(Exception):  # noqa: N818 - carried to the finding, never seen outside
    """A value of a kind that its field cannot hold: what it is, and what to do."""

    def __init__(self, what: str, fix: str) -> None:
        self.what = what
        self.fix = fix
        super().__init__(what)


def read_json(place: Path, findings: Findings, *, undirected: Undirected) -> Examination:
    """Return what a JSON file brings up, and its network if there is no error.

    Parameters
    ----------
    place
        The file: tables, a node-link graph, or OMTS.
    findings
        Takes what is wrong.
    undirected
        What becomes of edges without a direction; see :func:`supplynet.load`.
    """
    name = place.name
    source = str(place.resolve())
    try:
        check_size(place.stat().st_size, name)
        document = read_json_text(place.read_bytes(), name)
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    if not isinstance(document, JsonObject):
        findings.extend([_no_network(document, name)])
        return Examination(None, findings.all())
    if "omts_version" in document or "omtsf_version" in document:
        from supplynet.io.omts import examine_omts_document

        return examine_omts_document(document, name, findings, source=source)
    graph = [key for key in ("edges", "links") if key in document]
    supplies = [key for key in document if fold(key) == "supplies"]
    if supplies and graph:
        what = f"has both {supplies[0]!r} and {graph[0]!r}"
        findings.add(name, what, "Keep the one that holds the supplies")
        return Examination(None, findings.all())
    if supplies:
        return _read_tables(document, place, findings, source)
    if graph and "nodes" in document:
        from supplynet.io.nodelink import read_node_link

        return read_node_link(document, place, findings, undirected=undirected)
    findings.extend([_no_network(document, name)])
    return Examination(None, findings.all())


def _no_network(document: object, name: str) -> Finding:
    what = f"holds {kind_of(document)}, no network"
    fix = "A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'"
    first = document[0] if isinstance(document, JsonList) and document else document
    if not isinstance(first, JsonObject):
        return Finding(name, what, fix)
    keys = ", ".join(repr(key) for key in list(first)[:8])
    if "statementId" in first or "statementID" in first:
        what = "looks like BODS, which is not read in this form"
    elif "schema" in first and "properties" in first:
        what = "looks like FollowTheMoney, which is not read in this form"
    elif first is not document:
        what = f"holds a list, and it is not said of what; its first item has {keys or 'no keys'}"
        fix = 'Write {"supplies": [...]} around it if its items are supplies'
    else:
        near = difflib.get_close_matches("supplies", list(first), n=1, cutoff=0.6)
        what = f"no key 'supplies'; found {keys}" if keys else "holds an empty object"
        fix = f"Did you mean {near[0]!r} to be 'supplies'?" if near else fix
    return Finding(name, what, fix)


def kind_of(value: object) -> str:
    """Return in words what a JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return f"{value}, a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"


def _read_tables(document: JsonObject, place: Path, findings: Findings, source: str) -> Examination:
    name = place.name
    meta = Meta(name=place.stem)
    meta_where = name
    raws: dict[str, RawTable | None] = {}
    taken: dict[str, str] = {}
    for key, value in document.items():
        table = fold(key)
        if table in taken:
            what = f"keys {taken[table]!r} and {key!r} are the same table"
            findings.add(name, what, "Delete one")
        elif table == "network":
            taken[table] = key
            meta_where = f"{name}[{key}]"
            if isinstance(value, JsonObject):
                meta = meta_at(plain(value), meta_where, meta.name, findings)
            else:
                findings.add(meta_where, f"is {kind_of(value)}", "Write an object of keys")
        elif table in row_tables():
            taken[table] = key
            if value == [] and table != "supplies":
                # As in a workbook: an optional table need not be filled.
                if table == "nodes":
                    what = "has no rows: the nodes are those that supplies names"
                    findings.add(f"{name}[{key}]", what, level="note")
            else:
                raws[table] = _raw_table(table, key, value, name, findings)
        elif not key.startswith("$"):
            near = difflib.get_close_matches(table, [*row_tables(), "network"], n=1, cutoff=0.75)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            what = f"no table is called {key!r}, set aside"
            findings.add(name, what, hint, "warning" if near else "note")
    return assemble(raws, meta, findings, meta_where=meta_where, source=source)


def plain(value: object) -> Any:  # noqa: ANN401 - any value that TOML can hold
    """Return a JSON value as `network.toml` would give it; what is null is left out."""
    if isinstance(value, JsonNumber):
        if value.lstrip("-").isdecimal():
            return int(value)
        # A binary fraction only where it stands for the very digits.
        near = float(value)
        return near if math.isfinite(near) and Decimal(repr(near)) == Decimal(value) else str(value)
    if isinstance(value, JsonObject):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, JsonList):
        return [plain(item) for item in value]
    return value


def placed(file: str, key: str, lines: Sequence[int]) -> tuple[str, list[int]]:
    """Return how the rows of a list are named in messages: the list, and a number for each row.

    The number is the line; where lines hold several rows, as in most files that programs write,
    it is that of the row, and the name says so.
    """
    if len(set(lines)) == len(lines):
        return f"{file}[{key}]", list(lines)
    return f"{file}[{key} row]", list(range(1, len(lines) + 1))


def objects(
    value: object, file: str, key: str, findings: Findings
) -> tuple[str, list[int], list[JsonObject]]:
    """Return the name of a list, and the number and object of each row; see :func:`placed`."""
    if not isinstance(value, JsonList):
        findings.add(f"{file}[{key}]", f"is {kind_of(value)}", _EXAMPLE)
        return f"{file}[{key}]", [], []
    name, numbers = placed(file, key, value.lines)
    found = []
    for number, row in zip(numbers, value, strict=True):
        if isinstance(row, JsonObject):
            found.append((number, row))
        else:
            what = f"a row is {kind_of(row)}"
            findings.add(f"{name}:{number}", what, "Write an object", kind=(name, "rows"))
    return name, [number for number, _ in found], [row for _, row in found]


def check_width(name: str, rows: int, columns: int) -> None:
    """Raise ``Refused`` where rows have so many different keys that their table would not fit."""
    if columns > MAX_COLUMNS or rows * columns > _MAX_CELLS:
        what = f"{columns:,} different keys in {rows:,} rows, too many for a table"
        fix = "Write the same keys in every row; what differs is a value"
        raise Refused(Finding(name, what, fix))


def _raw_table(
    table: str, key: str, value: object, file: str, findings: Findings
) -> RawTable | None:
    """Return a list of objects as text, ``None`` where a value is of a wrong kind."""
    own = Findings()
    raw = None
    try:
        name, numbers, rows = objects(value, file, key, own)
        raw = _text_of(table, name, numbers, rows, own)
    except Refused as refused:
        own.extend(refused.findings)
    found = own.all()
    findings.extend(found)
    return None if any(finding.level == "error" for finding in found) else raw


def _text_of(
    table: str, name: str, numbers: list[int], rows: Sequence[JsonObject], findings: Findings
) -> RawTable:
    headings = list(dict.fromkeys(key for row in rows for key in row))
    check_width(name, len(rows), len(headings))
    if not headings:
        # No rows, no columns: the table is there, and empty.
        headings = [field.name for field in TABLES[table].required]
    taken = {fold(heading) for heading in headings}
    header: dict[str, str] = {}
    columns = []
    for heading in headings:
        shown = heading.strip()
        if not shown:
            findings.add(name, "a key is blank", "Name it")
        elif shown in header:
            findings.add(name, f"keys {header[shown]!r} and {heading!r} differ in blanks", "Rename")
        header[shown] = heading
        field = field_of(table, heading, taken)
        cells = []
        for number, row in zip(numbers, rows, strict=True):
            value = row.get(heading)
            where = f"{name}:{number}"
            cells.append(cell_of(value, field, heading, where, findings))
        columns.append(cells)
    return RawTable(name, tuple(header), tuple(columns), numbers)  # type: ignore[arg-type]


def field_of(table: str, heading: str, taken: Collection[str]) -> FieldSpec | None:
    """Return the field that a key means, ``None`` for an extra one.

    Parameters
    ----------
    table, heading
        Name of the table, and the key.
    taken
        All keys, folded: another name of a field means nothing beside its own name.
    """
    schema = TABLES[table]
    folded = fold(heading)
    if folded in schema.folded_names:
        return schema.folded_names[folded]
    field, _ = schema.folded_aliases.get(folded, (None, None))
    return None if field is None or fold(field.name) in taken else field


def cell_of(
    value: object, field: FieldSpec | None, heading: str, where: str, findings: Findings
) -> str | tuple[str, ...]:
    """Return the text of a value; one of a wrong kind is a finding, and then what is written."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    kind = (where.rpartition(":")[0], heading)
    try:
        cell = json_cell(value, field)
    except Misplaced as bad:
        findings.add(where, f"{heading} {bad.what}", bad.fix, kind=(*kind, "kind of value"))
        return written(value)
    if isinstance(value, JsonObject) or (isinstance(value, JsonList) and cell == written(value)):
        what = f"{heading} holds {kind_of(value)}: kept as its JSON text"
        findings.add(where, what, level="note", kind=(*kind, "JSON text"))
    return cell


def json_cell(value: object, field: FieldSpec | None) -> str | tuple[str, ...]:
    """Return a value as the text of a cell; a list of a list field stays one.

    Raises
    ------
    Misplaced
        The field cannot hold a value of this kind.
    """
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        return value
    is_list = field is not None and field.is_list
    if isinstance(value, JsonList) and (is_list or field is None):
        wrong = [item for item in value if isinstance(item, JsonNumber) or type(item) is not str]
        if field is None:
            # In text the items of a list stand between semicolons; others keep their brackets.
            simple = not wrong and not any(";" in str(item) for item in value)
            return ";".join(map(str, value)) if simple else written(value)
        if wrong:
            fix = f"Items are text: write {json.dumps(written(wrong[0]), ensure_ascii=False)}"
            if not isinstance(wrong[0], JsonNumber):
                fix = 'Write a list of text, such as ["a", "b"]'
            raise Misplaced(f"holds {kind_of(wrong[0])}", fix)
        return tuple(map(str, value))
    text = written(value)
    if field is None:
        return text
    if is_list:
        raise Misplaced(f"is {kind_of(value)}", 'Write a list of text, such as ["a", "b"]')
    if isinstance(value, (JsonList, JsonObject)):
        raise Misplaced(f"is {kind_of(value)}", "Write one value")
    if isinstance(value, JsonNumber) and field.type in ("id", "ref"):
        # 7 and 7.0 are one number and two ids: only text is an id.
        raise Misplaced(f"is {kind_of(value)}", f'Ids are text: write "{text}"')
    if isinstance(value, bool) and "yes" not in field.allowed:
        wanted = "a number" if field.is_number else "text in double quotes"
        raise Misplaced(f"is {text}", f"Write {wanted}, or null if not known")
    return text


# Writing


def json_text(net: SupplyNetwork) -> str:
    """Return a network as JSON text, a row a line; :func:`supplynet.load` gives the same digest.

    Examples
    --------
    >>> from supplynet.io import from_frames
    >>> print(json_text(from_frames([{"supplier": "mine", "consumer": "smelter"}])), end="")
    {
      "nodes": [
        {"id": "mine", "kind": "site", "can_fail": "yes", "status": "operating"},
        {"id": "smelter", "kind": "site", "can_fail": "yes", "status": "operating"}
      ],
      "supplies": [
        {"id": "mine>smelter:", "supplier": "mine", "consumer": "smelter", "qualified": "yes", \
"status": "operating"}
      ]
    }
    """
    parts = []
    about = meta_values(net.meta)
    if about:
        # No text holds a line end as such, so every line is one of the object.
        lines = json.dumps(about, ensure_ascii=False, indent=2, allow_nan=False)
        parts.append('  "network": ' + lines.replace("\n", "\n  "))
    for name in row_tables():
        table = net.tables.get(name)
        if table is not None and (len(table) or name == "supplies"):
            rows = ",\n".join(f"    {text}" for text in _rows(table))
            parts.append(f'  "{name}": [\n{rows}\n  ]' if rows else f'  "{name}": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _rows(table: Table) -> list[str]:
    """Return the rows as text; the first also names the columns that no row fills.

    A name that is gone could not keep another column, such as `Label`, from being read as it.
    """
    bare = {
        name: "[]" if name in table.list_fields else "null"
        for name, values in table.columns.items()
        if all(value is None or value == () for value in values)
    }
    rows = [row_text(row) for row in table.rows()]
    if bare and rows:
        named = ", ".join(f"{_text(name)}: {blank}" for name, blank in bare.items())
        rows[0] = f"{rows[0][:-1]}, {named}}}"
    return rows


def meta_values(meta: Meta) -> dict[str, Any]:
    """Return what `network.toml` says as JSON values; dates are ISO text."""
    known = {
        "title": meta.title,
        "description": meta.description,
        "as_of": meta.as_of,
        "licence": meta.licence,
        "targets": list(meta.targets),
    }
    values = {key: value for key, value in known.items() if value} | dict(meta.extra)
    return {key: _json_value(value) for key, value in values.items()}


def _json_value(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        # TOML can say this, JSON cannot.
        return str(value)
    if isinstance(value, (str, int, float)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def row_text(row: Mapping[str, Any]) -> str:
    """Return a row as a JSON object on one line; what is blank is left out."""
    cells = [
        f"{_text(name)}: {_value(value)}"
        for name, value in row.items()
        if value is not None and value != ()
    ]
    return "{" + ", ".join(cells) + "}"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Decimal):
        # The digits as they are: a reader of exact numbers gets the number back.
        return number_text(value)
    return json.dumps(_json_value(value), ensure_ascii=False, allow_nan=False)
