"""The workbooks of OMTS: the import template of many sheets, and the list of suppliers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from supplynet.io.convert import Findings
from supplynet.io.jsontext import JsonNumber
from supplynet.io.omts_read import (
    EXTENDED_HOLDING,
    EXTENDED_SUPPLY,
    PREFIX,
    Thing,
    read_things,
)
from supplynet.io.read import Examination, assemble
from supplynet.io.sheets import BLANK, Cell, Sheet, column_letters
from supplynet.model import Meta, number_text
from supplynet.text import clamp, plural

__all__ = [
    "HOLDINGS_SHEET",
    "OWNER_COLUMN",
    "QUALITY",
    "SUPPLIER_LIST",
    "SUPPLIES_SHEET",
    "examine_omts_sheets",
    "looks_like_omts",
]

SUPPLIER_LIST = "Supplier List"
#: Before the names of columns that hold how well a row is known; the template has none.
QUALITY = f"{PREFIX}quality."
#: A key of the sheet Metadata that says which column of Corporate Structure holds the owner.
OWNER_COLUMN = "owner_column"
_OWNER_COLUMNS = ("subsidiary_id", "parent_id")
_NODE_SHEETS = {
    "Organizations": "organization",
    "Facilities": "facility",
    "Goods": "good",
    "Persons": "person",
    "Attestations": "attestation",
    "Consignments": "consignment",
}
#: Sheets for what OMTS has no type for; the tool of OMTS leaves them alone.
SUPPLIES_SHEET = "Supplies (supplynet)"
HOLDINGS_SHEET = "Holdings (supplynet)"
_EDGE_SHEETS = ("Supply Relationships", "Corporate Structure", "Same As", SUPPLIES_SHEET)
_SHEETS = (*_NODE_SHEETS, *_EDGE_SHEETS, HOLDINGS_SHEET, "Metadata", "Identifiers")
_FOR_PEOPLE = ("README",)
#: Columns whose cells are numbers, whether they are typed as numbers or as text.
_NUMBERS = frozenset(
    {"latitude", "longitude", "quantity", "volume", "annual_value", "tier", "percentage"}
    | {"share_of_buyer_demand", "lead_time_days", "visibility_depth"}
    | {"direct_emissions_co2e", "indirect_emissions_co2e"}
)
_PERCENT = ("percentage", "share_of_buyer_demand")
#: Columns whose zeros are lost where they are typed as numbers: 7208.10 would be 7208.1.
_CODES = ("commodity", "commodity_code", "id", "node_id", "supplier_id", "duns", "gln", "gtin")
#: Columns of identifiers: scheme, and the column or the name of who issued them.
_IDENTIFIERS = {
    "lei": ("lei", ""),
    "duns": ("duns", ""),
    "gln": ("gln", ""),
    "gtin": ("org.gs1.gtin", ""),
    "nat_reg_value": ("nat-reg", "nat_reg_authority"),
    "vat_value": ("vat", "vat_country"),
    "vat": ("vat", "vat_country"),
    "internal_id": ("internal", "internal_system"),
}
_LABELS = {
    "risk_tier": "risk-tier",
    "kraljic_quadrant": "kraljic-quadrant",
    "approval_status": "approval-status",
    "business_unit": "business-unit",
}


def looks_like_omts(sheet_names: Iterable[str]) -> bool:
    """Return whether a workbook with these sheets is one of the two templates of OMTS.

    Examples
    --------
    >>> looks_like_omts(["README", "Metadata", "Organizations", "Supply Relationships"])
    True
    >>> looks_like_omts(["supplies", "nodes"])
    False
    """
    names = set(sheet_names)
    full = "Organizations" in names and bool(names & {"Supply Relationships", "Metadata"})
    return full or SUPPLIER_LIST in names


def examine_omts_sheets(
    sheets: Sequence[Sheet], name: str, findings: Findings, *, source: str | None
) -> Examination:
    """Return what a workbook of OMTS brings up, and its network if there is no error.

    Parameters
    ----------
    sheets
        The sheets of the workbook.
    name
        Name of the file, for messages.
    findings
        Takes what is wrong, what is read otherwise and what is set aside.
    source
        The file that was read.

    Notes
    -----
    The headings of the sheet `Corporate Structure` say one direction of ownership, and the tool
    of OMTS writes the other. Where it cannot be told who owns whom, the workbook is refused until
    its sheet `Metadata` says it: `owner_column` with the value `parent_id` or `subsidiary_id`.
    """
    book = _Book(name, findings)
    by_name = {sheet.name: sheet for sheet in sheets if sheet.rows}
    if SUPPLIER_LIST in by_name:
        book.supplier_list(by_name.pop(SUPPLIER_LIST))
    else:
        book.template(by_name)
    for other in by_name:
        if other not in _SHEETS and other not in _FOR_PEOPLE:
            what = "no sheet of OMTS has this name, set aside"
            near = difflib.get_close_matches(other, _SHEETS, n=1, cutoff=0.75)
            fix = f"Did you mean {near[0]!r}?" if near else ""
            findings.add(f"{name}[{other}]", what, fix, "warning" if near else "note")
    if any(finding.level == "error" for finding in findings.all()):
        return Examination(None, findings.all())
    tables, targets = read_things(
        book.nodes,
        book.edges,
        file=name,
        on=book.on,
        reporting=book.reporting,
        findings=findings,
    )
    stem = name.rpartition("/")[2].rpartition(".")[0] or name
    meta = Meta(name=stem, as_of=book.on, targets=targets, extra=book.extra)
    return assemble(tables, meta, findings, meta_where=name, source=source)


@dataclass
class _Book:
    name: str
    findings: Findings
    nodes: list[Thing] = field(default_factory=list)
    edges: list[Thing] = field(default_factory=list)
    on: date | None = None
    reporting: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    owner_column: str = ""
    quality: dict[str, object] = field(default_factory=dict)
    #: The ids of suppliers of a list by the id and by the name that its rows give.
    ids: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def place(self, sheet: str) -> str:
        return f"{self.name}[{sheet}]"

    # The template of many sheets

    def template(self, sheets: Mapping[str, Sheet]) -> None:
        self._metadata(sheets)
        more = self._identifiers(sheets.get("Identifiers"))
        for name, kind in _NODE_SHEETS.items():
            if name in sheets:
                for line, row in self._rows(sheets[name]):
                    self._node(name, kind, line, row, more)
        known = {node.id for node in self.nodes}
        for node_id, records in more.items():
            if node_id not in known:
                line = records[0][0]
                what = f"node_id {node_id!r} is on no other sheet"
                self.findings.add(f"{self.place('Identifiers')}:{line}", what, "Correct it")
        if "Supply Relationships" in sheets:
            self._relations(sheets["Supply Relationships"], "supplies", ("supplier_id", "buyer_id"))
        if "Corporate Structure" in sheets:
            self._structure(sheets["Corporate Structure"])
        if SUPPLIES_SHEET in sheets:
            ends = ("supplier_id", "buyer_id")
            self._relations(sheets[SUPPLIES_SHEET], EXTENDED_SUPPLY, ends)
        if HOLDINGS_SHEET in sheets:
            ends = ("owner_id", "asset_id")
            self._relations(sheets[HOLDINGS_SHEET], EXTENDED_HOLDING, ends)
        if "Same As" in sheets:
            self._relations(sheets["Same As"], "same_as", ("entity_a", "entity_b"))

    def _metadata(self, sheets: Mapping[str, Sheet]) -> None:
        sheet = sheets.get("Metadata")
        values: dict[str, Cell] = {}
        if sheet is not None:
            self._check(sheet)
            for row in sheet.rows:
                key = row[0].text.strip().casefold() if row else ""
                if key and key != "field":
                    values[key] = row[1] if len(row) > 1 else BLANK
        where = self.place("Metadata")
        self._date(values.pop("snapshot_date", BLANK), where)
        for key, cell in values.items():
            text = cell.text.strip()
            if not text:
                continue
            if key == "reporting_entity":
                self.reporting = text
            elif key == OWNER_COLUMN:
                self.owner_column = text
            elif key in ("default_confidence", "default_source", "default_last_verified"):
                self.quality[key.removeprefix("default_")] = text
            else:
                self.extra[key] = text
        if self.owner_column and self.owner_column not in _OWNER_COLUMNS:
            what = f"{OWNER_COLUMN} is {clamp(self.owner_column, 40)!r}"
            self.findings.add(where, what, f"It is {' or '.join(_OWNER_COLUMNS)}")

    def _date(self, cell: Cell, where: str) -> None:
        with suppress(ValueError):
            self.on = date.fromisoformat(cell.text.strip())
            return
        what = f"snapshot date is {clamp(cell.text, 40)!r}, no date" if cell else "no snapshot date"
        self.findings.add(where, what, "Write it as YYYY-MM-DD: dated rows need it")

    def _node(
        self,
        sheet: str,
        kind: str,
        line: int,
        row: dict[str, object],
        more: Mapping[str, list[tuple[int, dict[str, object]]]],
    ) -> None:
        name = str(row.get("name") or "")
        given = row.pop("id", None)
        node_id = str(given or name)
        where = f"{self.place(sheet)}:{line}"
        if not node_id:
            self.findings.add(where, "neither an id nor a name", "Fill in one", kind=(sheet, "id"))
            return
        records = _take_identifiers(row) + [record for _, record in more.get(node_id, ())]
        data = _with_labels(row)
        if records:
            data["identifiers"] = records
        self._grade(data)
        if kind == "facility":
            point = {"lat": data.pop("latitude", None), "lon": data.pop("longitude", None)}
            if any(point.values()):
                data["geo"] = point
            operator = data.pop("operator_id", None)
            data.setdefault("operator", operator)
        if kind == "person" and not data.get("jurisdiction"):
            data["jurisdiction"] = data.pop("nationality", None)
        self.nodes.append(Thing(self.place(sheet), line, node_id, kind, data))

    def _grade(self, data: dict[str, object]) -> None:
        """Make one property of the columns that say how well a row is known."""
        own = {k: data.pop(k) for k in list(data) if k.startswith(QUALITY)}
        quality = {key.removeprefix(QUALITY): value for key, value in own.items()} or self.quality
        if quality:
            data["data_quality"] = quality

    def _relations(self, sheet: Sheet, kind: str, ends: tuple[str, str]) -> None:
        for line, row in self._rows(sheet, ends):
            self.edges.append(self._edge(sheet.name, line, kind, ends, row))

    def _edge(
        self, sheet: str, line: int, kind: str, ends: tuple[str, str], row: dict[str, object]
    ) -> Thing:
        given = str(row.pop("type", None) or kind)
        edge_id = str(row.pop("id", None) or "")
        source, target = (str(row.pop(end, None) or "") for end in ends)
        for end, text in zip(ends, (source, target), strict=True):
            if not text:
                where = f"{self.place(sheet)}:{line}"
                self.findings.add(where, f"{end} is blank", "It is required", kind=(sheet, end))
        data = _with_labels(row)
        self._grade(data)
        return Thing(self.place(sheet), line, edge_id, given, data, source, target)

    def _structure(self, sheet: Sheet) -> None:
        """Read who owns whom, where the rows say it."""
        types = {node.id: node.type for node in self.nodes}
        ends = ("subsidiary_id", "parent_id")
        unclear: list[int] = []
        for line, row in self._rows(sheet, ends):
            edge = self._edge(sheet.name, line, "ownership", ends, row)
            child, parent = edge.source, edge.target
            owner = child
            if edge.type in ("ownership", "operational_control", "beneficial_ownership"):
                kinds = (types.get(child), types.get(parent))
                if kinds[0] == "person" or kinds[1] == "facility":
                    owner = child
                elif kinds[1] == "person" or kinds[0] == "facility":
                    owner = parent
                elif self.owner_column:
                    owner = parent if self.owner_column == "parent_id" else child
                else:
                    unclear.append(line)
            if owner == parent:
                child, parent = parent, child
            self.edges.append(Thing(edge.place, line, edge.id, edge.type, edge.data, child, parent))
        if unclear:
            count = plural(len(unclear), "row")
            what = f"{count} of ownership or control do not say who owns whom: the headings say "
            what += "parent_id, the tool of OMTS and its example put the owner under subsidiary_id"
            fix = f"Add to the sheet Metadata the row {OWNER_COLUMN} with the heading that holds "
            fix += "the owners, parent_id or subsidiary_id"
            self.findings.add(f"{self.place(sheet.name)}:{unclear[0]}", what, fix)

    def _identifiers(self, sheet: Sheet | None) -> dict[str, list[tuple[int, dict[str, object]]]]:
        found: dict[str, list[tuple[int, dict[str, object]]]] = {}
        for line, row in self._rows(sheet, ("node_id", "scheme", "value")) if sheet else ():
            node_id = str(row.pop("node_id", None) or "")
            record = {key: value for key, value in row.items() if value not in (None, "")}
            found.setdefault(node_id, []).append((line, record))
        return found

    # The list of suppliers

    def supplier_list(self, sheet: Sheet) -> None:
        """Read a list of suppliers: two rows about the list, headings, a row a supply."""
        self._check(sheet)
        place = self.place(sheet.name)
        top = {line: row for line, row in zip(sheet.lines, sheet.rows, strict=True) if line < 4}
        buyer = _at(top.get(1, ()), 1).text.strip()
        self._date(_at(top.get(1, ()), 3), place)
        if scope := _at(top.get(2, ()), 1).text.strip():
            self.extra["disclosure_scope"] = scope
        if not buyer:
            self.findings.add(f"{place}:1", "no reporting entity", "Write its name in B1")
        self.reporting = buyer
        self.nodes.append(Thing(place, 1, buyer, "organization", {"name": buyer}))
        body = [i for i, line in enumerate(sheet.lines) if line >= 4]
        rows = list(
            self._rows(
                Sheet(
                    sheet.name,
                    [sheet.rows[i] for i in body],
                    [sheet.lines[i] for i in body],
                ),
                ("supplier_name",),
                checked=True,
            )
        )
        ids, names = self.ids, self.names
        for line, row in rows:
            supplier, given = str(row.get("supplier_name") or ""), str(row.get("supplier_id") or "")
            if not supplier:
                self.findings.add(f"{place}:{line}", "supplier_name is blank", "It is required")
                continue
            node_id = ids.get(given) or (names.get(supplier) if not given else None)
            if node_id is None:
                node_id = given or supplier
                self.nodes.append(self._supplier(place, line, node_id, row))
            if given:
                ids[given] = node_id
            names.setdefault(supplier, node_id)
        for line, row in rows:
            self._supply(place, line, row)

    def _supplier(self, place: str, line: int, node_id: str, row: Mapping[str, object]) -> Thing:
        data: dict[str, object] = {"name": row.get("supplier_name")}
        data["jurisdiction"] = row.get("jurisdiction")
        records = _take_identifiers(dict(row) | {"internal_system": "supplier-list"})
        return Thing(place, line, node_id, "organization", data | {"identifiers": records})

    def _supply(self, place: str, line: int, row: dict[str, object]) -> None:
        ids, names = self.ids, self.names
        supplier, given, parent = (
            str(row.pop(key, None) or "")
            for key in ("supplier_name", "supplier_id", "parent_supplier")
        )
        tier = str(row.get("tier") or "1")
        where = f"{place}:{line}"
        if tier == "1" and parent:
            fix = "Direct suppliers have none: correct the tier, or leave the parent out"
            self.findings.add(where, f"tier is 1, and parent_supplier {parent!r} is given", fix)
        elif tier != "1" and not parent:
            fix = "Say which supplier it delivers to"
            self.findings.add(where, f"tier is {tier}, and there is no parent_supplier", fix)
        elif parent and parent not in ids and parent not in names:
            near = difflib.get_close_matches(parent, [*ids, *names], n=1)
            fix = f"Did you mean {near[0]!r}?" if near else "It must be in another row"
            self.findings.add(where, f"parent_supplier: no supplier {parent!r}", fix)
        elif supplier:
            source = ids[given] if given else names[supplier]
            target = (ids.get(parent) or names.get(parent, "")) if parent else self.reporting
            for key in ("jurisdiction", "lei", "duns", "vat", "vat_country", "internal_id"):
                row.pop(key, None)
            if notes := row.pop("notes", None):
                row[f"{PREFIX}note"] = notes
            data = _with_labels(row)
            self.edges.append(Thing(place, line, "", "supplies", data, source, target))

    # Sheets

    def _check(self, sheet: Sheet) -> None:
        from supplynet.io import xlsx

        xlsx.check_cells(sheet, self.place(sheet.name), self.findings)

    def _rows(
        self, sheet: Sheet, wanted: Iterable[str] = ("name",), *, checked: bool = False
    ) -> Iterable[tuple[int, dict[str, object]]]:
        """Yield the line and the cells by heading of every row of a sheet."""
        if not checked:
            self._check(sheet)
        place = self.place(sheet.name)
        header = [cell.text.strip() for cell in sheet.rows[0]] if sheet.rows else []
        top = f"{place}:{sheet.lines[0]}" if sheet.rows else place
        for heading in sorted({name for name in header if name and header.count(name) > 1}):
            self.findings.add(top, f"two columns are named {heading!r}", "Rename or delete one")
        for heading in wanted:
            if heading not in header:
                near = difflib.get_close_matches(heading, header, n=1)
                fix = f"Rename {near[0]!r}" if near else "Its name stands in the first row"
                self.findings.add(top, f"no column {heading!r}", fix)
        for line, cells in zip(sheet.lines[1:], sheet.rows[1:], strict=True):
            row: dict[str, object] = {}
            for place_, cell in enumerate(cells):
                heading = header[place_] if place_ < len(header) else ""
                if not cell:
                    continue
                if not heading:
                    address = f"{column_letters(place_ + 1)}{line}"
                    what = f"cell {address} is filled, but its column has no heading"
                    self.findings.add(f"{place}:{line}", what, "Name it", kind=(place, "heading"))
                    continue
                row[heading] = self._value(heading, cell, f"{place}:{line}")
            if row:
                yield line, row

    def _value(self, heading: str, cell: Cell, where: str) -> object:
        if cell.kind == "bool":
            return cell.text == "TRUE"
        text = cell.text
        if cell.kind == "percent":
            # A cell that shows 51 % holds 0.51.
            text = number_text(Decimal(text).scaleb(2)) if heading in _PERCENT else text
        if heading in _NUMBERS or (heading.startswith(PREFIX) and cell.kind == "number"):
            plain = text.strip()
            number = cell.kind in ("number", "percent") or _is_number(plain)
            return JsonNumber(plain) if number else text
        if cell.kind == "number" and heading in _CODES and "." in text:
            what = f"{heading} is the number {text}: a code typed as a number loses its zeros"
            fix = "Type it again in a cell formatted as text"
            self.findings.add(where, what, fix, "warning", kind=(where.partition("]")[0], heading))
        return text


def _at(row: Sequence[Cell], place: int) -> Cell:
    return row[place] if place < len(row) else BLANK


def _is_number(text: str) -> bool:
    whole, _, part = text.removeprefix("-").partition(".")
    return whole.isascii() and whole.isdecimal() and (not part or part.isdecimal())


def _take_identifiers(row: dict[str, object]) -> list[dict[str, object]]:
    """Return the identifiers of a row, and take their columns out of it."""
    records: list[dict[str, object]] = []
    issuers = set()
    for heading, (scheme, issuer) in _IDENTIFIERS.items():
        value = row.pop(heading, None)
        issuers.add(issuer)
        if value not in (None, ""):
            record: dict[str, object] = {"scheme": scheme, "value": str(value)}
            if issuer and row.get(issuer):
                record["authority"] = row[issuer]
            records.append(record)
    for issuer in issuers:
        row.pop(issuer, None)
    return records


def _with_labels(row: Mapping[str, object]) -> dict[str, object]:
    """Return the properties of a row, its columns of classes made labels."""
    data = {key: value for key, value in row.items() if key not in (*_LABELS, "labels")}
    labels: list[dict[str, object]] = [
        {"key": key, "value": str(row[heading])}
        for heading, key in _LABELS.items()
        if row.get(heading)
    ]
    for item in str(row.get("labels") or "").split(";"):
        key, _, value = item.partition("=")
        if key:
            labels.append({"key": key, "value": value} if value else {"key": key})
    return data | ({"labels": labels} if labels else {})
