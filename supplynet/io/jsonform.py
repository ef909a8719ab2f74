"""A network as JSON: its tables as lists of rows, or a node-link graph."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from supplynet.errors import Finding
from supplynet.io.convert import Findings
from supplynet.io.csvtext import RawTable, Refused
from supplynet.io.jsontext import JsonList, JsonNumber, JsonObject, read_json_text
from supplynet.io.meta import meta_from_mapping
from supplynet.io.read import Examination, Undirected, assemble
from supplynet.io.tables import row_tables
from supplynet.model import Meta, SupplyNetwork, number_text
from supplynet.schema import TABLES, FieldSpec, fold

__all__ = ["json_text", "kind_of", "meta_values", "plain", "raw_table", "read_json", "row_text"]

#: Keys by which other kinds of documents are known.
_OTHERS = {
    "statementId": "BODS",
    "statementID": "BODS",
    "schema": "FollowTheMoney",
}


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
        document = read_json_text(place.read_bytes(), name)
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    if not isinstance(document, JsonObject):
        findings.extend([_no_network(document, name)])
        return Examination(None, findings.all())
    folded = {fold(key) for key in document}
    if "supplies" in folded:
        return _read_tables(document, place, findings, source)
    if "omtsf_version" in document:
        from supplynet.io.omts import examine_omts_document

        return examine_omts_document(document, name, findings, source=source)
    if "nodes" in document and ("edges" in document or "links" in document):
        from supplynet.io.nodelink import read_node_link

        return read_node_link(document, place, findings, undirected=undirected)
    findings.extend([_no_network(document, name)])
    return Examination(None, findings.all())


def _no_network(document: object, name: str) -> Finding:
    what = f"holds {kind_of(document)}, no network"
    fix = "A network has the key 'supplies' with a list of rows, or 'nodes' and 'edges'"
    first = document[0] if isinstance(document, JsonList) and document else document
    if isinstance(first, JsonObject):
        other = next((_OTHERS[key] for key in _OTHERS if key in first), None)
        keys = ", ".join(repr(key) for key in list(first)[:8])
        if other:
            what = f"looks like {other}, which is not read in this form"
        elif first is document:
            near = difflib.get_close_matches("supplies", list(document), n=1, cutoff=0.6)
            what = f"no key 'supplies'; found {keys}" if keys else "holds an empty object"
            fix = f"Did you mean {near[0]!r} to be 'supplies'?" if near else fix
    return Finding(name, what, fix)


def kind_of(value: object) -> str:
    """Return in words what a JSON value is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, JsonNumber):
        return "a number"
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
            findings.add(
                name, f"keys {taken[table]!r} and {key!r} are the same table", "Delete one"
            )
            continue
        if table == "network":
            taken[table] = key
            meta_where = f"{name}[{key}]"
            if isinstance(value, JsonObject):
                meta = meta_from_mapping(
                    {name: plain(item) for name, item in value.items()}, meta.name, findings
                )
            else:
                findings.add(meta_where, f"is {kind_of(value)}", "Write an object of keys")
        elif table in row_tables():
            taken[table] = key
            raws[table] = _table(table, value, f"{name}[{key}]", findings)
        elif not key.startswith("$"):
            near = difflib.get_close_matches(table, [*row_tables(), "network"], n=1, cutoff=0.75)
            hint = f"Did you mean {near[0]!r}?" if near else ""
            what = f"no table is called {key!r}, set aside"
            findings.add(name, what, hint, "warning" if near else "note")
    return assemble(raws, meta, findings, meta_where=meta_where, source=source)


def plain(value: object) -> Any:  # noqa: ANN401 - any value that TOML can hold
    """Return a JSON value as `network.toml` would give it."""
    if isinstance(value, JsonNumber):
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    if isinstance(value, JsonObject):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, JsonList):
        return [plain(item) for item in value]
    return value


def _table(table: str, value: object, where: str, findings: Findings) -> RawTable | None:
    if not isinstance(value, JsonList):
        findings.add(where, f"is {kind_of(value)}", "Write a list of rows, each an object")
        return None
    rows: list[JsonObject] = []
    for line, row in zip(value.lines, value, strict=True):
        if isinstance(row, JsonObject):
            rows.append(row)
        else:
            what = f"a row is {kind_of(row)}"
            findings.add(f"{where}:{line}", what, "Write an object", kind=(where, "row"))
    if len(rows) < len(value):
        return None
    return raw_table(table, rows, where, findings)


def raw_table(
    table: str, rows: Sequence[JsonObject], where: str, findings: Findings
) -> RawTable | None:
    """Return rows of JSON as text, ``None`` where a value is of a wrong kind.

    Parameters
    ----------
    table
        Name of the table that the rows are of.
    rows
        Objects; keys are headings.
    where
        The file and the place in it, for messages.
    findings
        Takes what is wrong.
    """
    headings = list(dict.fromkeys(key for row in rows for key in row))
    if not headings:
        # No rows, no columns: the table is there, and empty.
        headings = [field.name for field in TABLES[table].required]
    before = len(findings.all())
    columns = []
    names: dict[str, str] = {}
    for heading in headings:
        shown = heading.strip()
        if not shown:
            findings.add(where, "a key is blank", "Name it")
        elif shown in names:
            findings.add(where, f"keys {names[shown]!r} and {heading!r} differ in blanks", "Rename")
        names[shown] = heading
        field = _field(table, heading)
        cells = []
        for row in rows:
            cell, what, fix = _cell(row.get(heading), field)
            if what:
                place = f"{where}:{row.line}"
                findings.add(place, f"{heading} is {what}", fix, kind=(where, heading, what))
            cells.append(cell)
        columns.append(cells)
    if any(finding.level == "error" for finding in findings.all()[before:]):
        return None
    lines = [row.line for row in rows]
    return RawTable(where, tuple(names), tuple(columns), lines)  # type: ignore[arg-type]


def _field(table: str, heading: str) -> FieldSpec | None:
    schema = TABLES[table]
    folded = fold(heading)
    if folded in schema.folded_names:
        return schema.folded_names[folded]
    return schema.folded_aliases[folded][0] if folded in schema.folded_aliases else None


def _cell(value: object, field: FieldSpec | None) -> tuple[str | tuple[str, ...], str, str]:
    """Return the text of a cell; else what it is instead, and what to do."""
    if value is None:
        return "", "", ""
    if isinstance(value, bool):
        return "yes" if value else "no", *_misplaced("yes or no", field, yes_no=True)
    if isinstance(value, JsonNumber):
        # 7 and 7.0 are one number and two ids: only text is an id.
        return str(value), *_misplaced("a number", field, number=True)
    if isinstance(value, str):
        return value, "", ""
    if isinstance(value, JsonList) and all(
        isinstance(item, str) and not isinstance(item, JsonNumber) for item in value
    ):
        if field is None:
            return ";".join(map(str, value)), "", ""
        if field.is_list:
            return tuple(map(str, value)), "", ""
        return "", "a list", "Write one value"
    if field is None:
        # What has no place in a table is kept as it was written.
        return json.dumps(plain(value), ensure_ascii=False, sort_keys=True), "", ""
    fix = 'Write a list of text, such as ["a", "b"]' if field.is_list else "Write one value"
    return "", kind_of(value), fix


def _misplaced(
    what: str, field: FieldSpec | None, *, number: bool = False, yes_no: bool = False
) -> tuple[str, str]:
    """Return what is wrong with a number or a truth value in a field, if anything is."""
    if field is None or (number and field.is_number) or (yes_no and "yes" in field.allowed):
        return "", ""
    if field.is_list:
        return what, 'Write a list of text, such as ["a", "b"]'
    return what, "Put it in double quotes: it is text"


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
        parts.append(f'  "network": {json.dumps(about, ensure_ascii=False)}')
    for name in row_tables():
        table = net.tables.get(name)
        if table is not None and (len(table) or name == "supplies"):
            rows = ",\n".join(f"    {row_text(table.row(index))}" for index in range(len(table)))
            parts.append(f'  "{name}": [\n{rows}\n  ]' if rows else f'  "{name}": []')
    return "{\n" + ",\n".join(parts) + "\n}\n"


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
    if isinstance(value, (str, int, float, bool)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def row_text(row: Mapping[str, Any]) -> str:
    """Return a row as a JSON object on one line; what is blank is left out."""
    cells = [
        f"{json.dumps(name, ensure_ascii=False)}: {_value(value)}"
        for name, value in row.items()
        if value is not None and value != ()
    ]
    return "{" + ", ".join(cells) + "}"


def _value(value: object) -> str:
    if isinstance(value, Decimal):
        # The digits as they are: a reader of exact numbers gets the number back.
        return number_text(value)
    return json.dumps(_json_value(value), ensure_ascii=False, allow_nan=False)
