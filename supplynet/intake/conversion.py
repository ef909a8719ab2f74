"""A file and a mapping to clean tables. Every cell ends in a table or among what is set aside."""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from supplynet.errors import Finding, ValidationError
from supplynet.intake.layout import ABOVE, Grid, grid, headings
from supplynet.intake.mapping import Mapping, SheetMapping
from supplynet.intake.rows import ORIGIN, SheetReader, Unread
from supplynet.intake.source import Book, open_book
from supplynet.intake.things import Registry, Thing
from supplynet.intake.values import says_no_end, shown
from supplynet.io.convert import Findings
from supplynet.io.csvtext import RawTable
from supplynet.io.meta import META_FILE
from supplynet.io.read import assemble
from supplynet.io.sheets import Cell, Sheet, column_number
from supplynet.io.tables import row_tables
from supplynet.model import Meta, SupplyNetwork
from supplynet.schema import TABLES
from supplynet.text import clamp, plural, safe_url

__all__ = ["MAPPING_FILE", "Aside", "Facts", "Intake", "convert", "convert_book", "missing"]

MAPPING_FILE = "mapping.toml"
#: Rows named in `sheet_row` where many rows speak of one thing.
_MAX_ORIGINS = 10
#: Sheets about things come before sheets that name them; who owns what comes last of all.
_ORDER = ("references", "materials", "nodes", "entities", "supplies", "needs", "measures")
_ACTORS = ("nodes", "entities")
#: Values of one thing that are kept side by side and never contradict each other.
_JOINED = frozenset({"note"})
_NO_VALUE = "formula_without_value"
_FILL_DOWN = "If a blank cell stands for the one above, set fill_down = true in the mapping"
#: What says whether a node runs.
_RUNS = ("status", "start", "end", "upstream")
_Naming = Callable[[str], str]


@dataclass(frozen=True, order=True)
class Aside:
    """A row or a cell that is in no table, and why; `column` is blank for a whole row."""

    sheet: str
    row: int
    column: str
    text: str
    why: str

    def to_dict(self) -> dict[str, str | int]:
        """Return it as JSON values."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "text": self.text,
            "why": self.why,
        }


@dataclass
class Facts:
    """What came up while a file was converted and only its owner can decide.

    Attributes
    ----------
    unread
        Sheet and column letters to the texts that could not be read: the first row, and why.
    blank
        Sheet and column letters to the texts that say that something is not known: their rows.
    conflicts
        Name and field to the values that rows give it, each with its rows.
    names, materials
        Names of nodes and entities, and of materials, with the number of rows.
    sinks
        Nodes that supply nobody.
    no_supplier, no_material
        Sheet rows without a supplier, and without a material.
    merged
        Merged cells that were filled down, as sentences.
    """

    unread: dict[tuple[str, str], dict[str, tuple[int, Unread]]] = field(default_factory=dict)
    blank: dict[tuple[str, str], dict[str, list[int]]] = field(default_factory=dict)
    conflicts: dict[tuple[str, str], dict[str, list[str]]] = field(default_factory=dict)
    names: Counter[str] = field(default_factory=Counter)
    materials: Counter[str] = field(default_factory=Counter)
    sinks: list[str] = field(default_factory=list)
    no_supplier: list[str] = field(default_factory=list)
    no_material: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Intake:
    """Clean tables made from a file, and what became of the rest.

    Attributes
    ----------
    raws
        Table name to its text.
    meta
        What goes to `network.toml`.
    set_aside
        Rows and cells that are in no table, in order of sheet and row.
    notes
        What was read otherwise than it stands, or is missing.
    findings
        Errors and warnings about the clean tables, in terms of the file they came from.
    net
        The network, ``None`` where there is an error.
    mapping
        The decisions that it rests on.
    facts
        What is left to decide.
    """

    raws: Dict[str, RawTable]
    meta: Meta
    set_aside: tuple[Aside, ...]
    notes: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    net: SupplyNetwork | None
    mapping: Mapping
    facts: Facts = field(repr=False, compare=False)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the tables from being a network."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    def to_dict(self) -> dict[str, object]:
        """Return what was made as JSON values, without the rows of the tables."""
        return {
            "tables": {name: len(raw.lines) for name, raw in self.raws.items()},
            "set_aside": [aside.to_dict() for aside in self.set_aside],
            "notes": [note.to_dict() for note in self.notes],
            "findings": [finding.to_dict() for finding in self.findings],
        }


def convert(path: str | os.PathLike[str], mapping: Mapping, *, encoding: str = "utf-8") -> Intake:
    """Return the clean tables that a file and a mapping make.

    Parameters
    ----------
    path
        The workbook or CSV file.
    mapping
        What was decided about it.
    encoding
        Encoding of a CSV file.

    Raises
    ------
    ValidationError
        If the file cannot be read, or the mapping is of another file.
    """
    return convert_book(open_book(path, encoding=encoding), mapping)


def convert_book(book: Book, mapping: Mapping) -> Intake:
    """Return the clean tables of sheets that were read already; see :func:`convert`."""
    _check(book, mapping)
    builder = _Builder(book, mapping)
    by_name = {sheet.name: sheet for sheet in book.sheets}
    used = [sheet for sheet in mapping.sheets if sheet.table]
    if not any(sheet.table == "supplies" for sheet in used):
        what = "no sheet is taken as supplies, the one table that a network needs"
        fix = 'Write table = "supplies" at the sheet that says who supplies whom'
        if used:
            held = " and ".join(sorted({sheet.table for sheet in used}))
            fix += f", or put {held} on a sheet beside it, in one workbook"
        raise ValidationError([Finding(book.name, what, fix)])
    rank = {name: place for place, name in enumerate(_ORDER)}
    last = {"holdings": 2}
    for sheet in sorted(used, key=lambda s: last.get(s.table, 0) * 100 + rank.get(s.table, 99)):
        builder.sheet(by_name[sheet.name], sheet)
    for sheet_ in book.sheets:
        known = mapping.sheet(sheet_.name)
        if known is None or not known.table:
            for line, row in zip(sheet_.lines, sheet_.rows, strict=True):
                builder.aside(sheet_.name, line, "", _row_text(row), "the sheet is no table")
    return builder.finish()


def _check(book: Book, mapping: Mapping) -> None:
    """Refuse a mapping of another file: columns would be taken for what they are not."""
    wrong = []
    by_name = {sheet.name: sheet for sheet in book.sheets}
    for sheet in mapping.sheets:
        if not sheet.table:
            continue
        if sheet.name not in by_name:
            what = f"no sheet {sheet.name!r}, which the mapping names"
            known = ", ".join(repr(name) for name in by_name)
            wrong.append(Finding(book.name, what, f"Sheets: {known}"))
            continue
        found = headings(by_name[sheet.name], sheet.header)
        where = book.where(sheet.name, max(sheet.header, default=1))
        for column in sheet.columns:
            place = column_number(column.column) - 1
            heading = found[place] if place < len(found) else ""
            if heading != column.heading:
                what = f"column {column.column} is headed {heading!r}, not {column.heading!r}"
                wrong.append(Finding(where, what, "The mapping is of another file: make it anew"))
        have = {column.role for column in sheet.columns}
        have |= {role for role, text in sheet.fixed.items() if text}
        for role in missing(sheet.table, have):
            what = f"no column is the {role}, which {sheet.table} needs"
            fix = f'In the mapping write is = "{role}" at its column, or {role} under sheet.fixed'
            wrong.append(Finding(where, what, fix))
    if wrong:
        raise ValidationError(wrong)


def missing(table: str, have: set[str]) -> list[str]:
    """Return what a sheet of that table lacks; an id can be made where there is a name."""
    missing = []
    for spec in TABLES[table].required:
        names = {"id": {"id", "name", "title", "url"}}.get(spec.name, {spec.name})
        if not names & have:
            missing.append("name" if spec.name == "id" and "name" in TABLES[table] else spec.name)
    return missing


def _some(addresses: Sequence[str]) -> str:
    return ", ".join(addresses[:5]) + (" ..." if len(addresses) > 5 else "")


def _row_text(row: Sequence[Cell]) -> str:
    return " | ".join(text for text in map(shown, row) if text)


@dataclass(frozen=True)
class _Place:
    """A row of the file: where it stands, its cells, and the reference that it goes by."""

    sheet: str
    line: int
    reference: str
    cells: Sequence[Cell]

    @property
    def origin(self) -> str:
        """The row as `sheet_row` names it."""
        return f"{self.sheet}!{self.line}"


class _Builder:
    """Collects the rows of all sheets, then gives ids and writes the tables."""

    def __init__(self, book: Book, mapping: Mapping) -> None:
        self.book = book
        self.mapping = mapping
        self.facts = Facts()
        self.asides: list[Aside] = []
        self.notes = Findings()
        merges: dict[str, dict[str, str]] = {"name": {}, "material": {}}
        for merge in mapping.merges:
            if merge.yes:
                merges[merge.kind] |= dict.fromkeys(merge.same, merge.keep)
        self.actors = Registry(merges["name"])
        self.materials = Registry(merges["material"])
        self.references = Registry({})
        #: Sheet to the consumer that was named last.
        self.consumers: dict[str, str] = {}
        self.rows: dict[str, list[dict[str, str]]] = {}
        #: Who owns what by the owner columns of other sheets.
        self.owned: dict[tuple[str, str], Thing] = {}

    # Reading

    def aside(self, sheet: str, row: int, column: str, text: str, why: str) -> None:
        self.asides.append(Aside(sheet, row, column, text, why))

    def _row_aside(self, place: _Place, why: str) -> None:
        self.aside(place.sheet, place.line, "", _row_text(place.cells), why)

    def sheet(self, sheet: Sheet, mapping: SheetMapping) -> None:
        """Read the rows of one sheet."""
        cells = grid(sheet, mapping.header)
        self._say_what_is_hidden(sheet)
        self._say_what_was_filled(sheet, cells, mapping)
        title = self.book.name if len(self.book.sheets) == 1 else (
            f"{self.book.name}, sheet {sheet.name}"
        )  # fmt: skip
        reference = self.references.named(title)
        reference.mention("references", sheet.name, "")
        first = min(mapping.header, default=1)
        merged = {**self.actors.merges, **self.materials.merges}
        known = {*self.actors.things, *self.materials.things}
        reader = SheetReader(mapping, cells, merged=merged, known=known)
        for line, row in cells.rows.items():
            if line in mapping.header:
                continue
            if line < first or line in mapping.set_aside:
                why = mapping.set_aside.get(line, ABOVE)
                self.aside(sheet.name, line, "", _row_text(row), why)
                continue
            several = len(reader.several)
            values, extras, unread = reader.read(row)
            if len(reader.several) > several:
                name = list(reader.several)[-1]
                what = f"{clamp(name, 60)!r} is taken as one name; it may be several"
                fix = "Write a row for each"
                self.notes.add(self.book.where(sheet.name, line), what, fix, "warning")
            for cell in unread:
                place = (sheet.name, cell.column)
                if cell.gap:
                    about = f"column {cell.column} {cell.heading!r}: {clamp(cell.text, 40)!r} is"
                    what = f"{about} not understood: kept as a gap, {cell.gap}"
                    fix = "Say what it is to be read as in the mapping"
                    where = self.book.where(sheet.name, line)
                    self.notes.add(where, what, fix, "warning", kind=(*place, cell.text))
                if not cell.why:
                    texts = self.facts.blank.setdefault(place, {})
                    texts.setdefault(cell.text, []).append(line)
                    continue
                self.aside(sheet.name, line, cell.heading, cell.text, cell.why)
                open_ = self.facts.unread.setdefault(place, {})
                open_.setdefault(cell.text, (line, cell))
            self._row(mapping.table, values, extras, _Place(sheet.name, line, title, row))

    def _say_what_is_hidden(self, sheet: Sheet) -> None:
        """Say that hidden cells are read all the same, and formulas by their stored values."""
        where = self.book.where(sheet.name)
        hidden = [
            text
            for text in (
                "the sheet is hidden" if sheet.hidden else "",
                f"{plural(len(sheet.hidden_rows), 'row')} hidden" if sheet.hidden_rows else "",
                f"{plural(len(sheet.hidden_columns), 'column')} hidden"
                if sheet.hidden_columns
                else "",
            )
            if text
        ]
        if hidden:
            self.notes.add(where, f"{', '.join(hidden)}: read all the same", level="note")
        stored = sheet.addresses(lambda cell: cell.formula and cell.kind != _NO_VALUE)
        if stored:
            what = f"{plural(len(stored), 'formula')} ({_some(stored)}): the stored value is read"
            self.notes.add(where, what, level="note")
        without = sheet.addresses(lambda cell: cell.kind == _NO_VALUE)
        if without:
            what = f"{plural(len(without), 'formula')} without a stored value ({_some(without)})"
            fix = "Open the workbook in a spreadsheet program and save it: till then they are blank"
            self.notes.add(where, what, fix, "warning")

    def _say_what_was_filled(self, sheet: Sheet, cells: Grid, mapping: SheetMapping) -> None:
        letters = {column.column for column in mapping.columns}
        for area, text in cells.filled:
            if re.sub(r"\d.*", "", area) in letters:
                what = f"merged cells {area}: {clamp(text, 60)!r} stands for each of these rows"
                self.facts.merged.append(f"{sheet.name}: {what}")
                self.notes.add(self.book.where(sheet.name), what, level="note")

    def _row(
        self,
        table: str,
        values: dict[str, str],
        extras: dict[str, str],
        place: _Place,
    ) -> None:
        if table in (*_ACTORS, "materials", "references"):
            self._thing_row(table, values, extras, place)
            return
        lacking = [
            spec.name for spec in TABLES[table].required
            if spec.name != "id" and not values.get(spec.name)
        ]  # fmt: skip
        cited = [place.reference, *self._cited(values.pop("references", ""))]
        above = self.consumers.get(place.sheet, "")
        self.consumers[place.sheet] = values.get("consumer", above)
        if lacking == ["supplier"]:
            self._unnamed_supplier(values, place)
            return
        if lacking:
            missing = " and ".join(lacking)
            self._row_aside(place, f"no {missing} in the row")
            what = f"no {missing}: the row is set aside"
            fix = "Fill it in"
            if table == "supplies" and above and sum(map(bool, place.cells)) > 1:
                # The row may be one of what the consumer above takes in.
                consumer = self.actors.named(above)
                consumer.give("nodes", "upstream", "unknown", place.origin)
                what += f", and what {clamp(above, 60)!r} needs is kept as not recorded in full"
                fix = (
                    "If a blank cell stands for the one above, set fill_down = true in the mapping"
                )
            self.notes.add(self.book.where(place.sheet, place.line), what, fix, "warning")
            return
        made = dict(extras)
        for name, value in values.items():
            if "." not in name:
                made[name] = value
        if table == "supplies" and not values.get("material"):
            self.facts.no_material.append(place.origin)
            what = "no material: it stays blank, which is a gap"
            kind = (place.sheet, "no material")
            self.notes.add(self.book.where(place.sheet, place.line), what, level="note", kind=kind)
        self._names(table, made, values, place)
        made["references"] = "\n".join(cited)
        made[ORIGIN] = place.origin
        self.rows.setdefault(table, []).append(made)

    def _names(
        self,
        table: str,
        made: dict[str, str],
        values: dict[str, str],
        place: _Place,
    ) -> None:
        """Register what a row names, and what it says about it."""
        for spec in TABLES[table]:
            text = made.get(spec.name, "")
            if not text or spec.name == "references":
                continue
            parts = _parts(text) if spec.is_list else [text]
            if "materials" in spec.refers:
                for part in parts:
                    self.materials.named(part).mention("materials", place.origin, place.reference)
                    self.facts.materials[part] += 1
            elif "nodes" in spec.refers and "entities" not in spec.refers:
                thing = self.actors.named(text)
                thing.mention("nodes", place.origin, place.reference)
                self.facts.names[text] += 1
                about = {
                    name.partition(".")[2]: value for name, value in values.items()
                    if name.startswith(f"{spec.name}.")
                }  # fmt: skip
                self._about(thing, "nodes", about, place)
            elif spec.refers in (("entities", "nodes"), ("entities",)):
                thing = self.actors.named(text)
                self.facts.names[text] += 1
                about = {
                    name.partition(".")[2]: value for name, value in values.items()
                    if name.startswith(f"{spec.name}.")
                }  # fmt: skip
                if spec.name == "owner" or about or "nodes" not in thing.origins:
                    thing.mention("entities", place.origin, place.reference)
                    self._about(thing, "entities", about, place)

    def _thing_row(
        self,
        table: str,
        values: dict[str, str],
        extras: dict[str, str],
        place: _Place,
    ) -> None:
        name = values.pop("name", "") or values.pop("title", "")
        given_id = values.pop("id", "")
        if not name and not given_id:
            name = values.get("url", "") if table == "references" else ""
        if not name and not given_id:
            self._row_aside(place, "no name in the row")
            what = "no name: the row is set aside"
            self.notes.add(self.book.where(place.sheet, place.line), what, "Fill it in", "warning")
            return
        registry = {"materials": self.materials, "references": self.references}.get(
            table, self.actors
        )
        thing = registry.declare(given_id, name)
        if table in _ACTORS:
            self.facts.names[name or given_id] += 1
        elif table == "materials":
            self.facts.materials[name or given_id] += 1
        thing.mention(table, place.origin, place.reference if table != "references" else "")
        for cited in self._cited(values.pop("references", "")):
            thing.mention(table, place.origin, cited)
        self._about(thing, table, values, place)
        for heading, text in extras.items():
            known = thing.extras.setdefault(table, {}).setdefault(heading, [])
            if text not in known:
                known.append(text)

    def _about(self, thing: Thing, table: str, values: Dict[str, str], place: _Place) -> None:
        """Note what a row says of a node, an entity or a material."""
        owner = values.get("owner", "")
        for name, value in values.items():
            head, _, rest = name.partition(".")
            if name == "owner" or head == "owner":
                continue
            if rest:
                continue
            spec = TABLES[table][name]
            if name == "operator":
                entity = self.actors.named(value)
                entity.mention("entities", place.origin, place.reference)
                self.facts.names[value] += 1
                if country := values.get("operator.country"):
                    entity.give("entities", "country", country, place.origin)
            for part in _parts(value) if spec.is_list else [value]:
                if "materials" in spec.refers:
                    self.materials.named(part).mention("materials", place.origin, place.reference)
                    self.facts.materials[part] += 1
                thing.give(table, name, part, place.origin)
        if owner:
            self._owned(thing, values, place)

    def _owned(self, thing: Thing, values: Dict[str, str], place: _Place) -> None:
        owner = self.actors.named(values["owner"])
        self.facts.names[values["owner"]] += 1
        owner.mention("entities", place.origin, place.reference)
        if country := values.get("owner.country"):
            owner.give("entities", "country", country, place.origin)
        if owner is thing:
            text = " ".join(filter(None, (owner.name, values.get("owner.share"))))
            self.aside(place.sheet, place.line, "owner", text, "its own owner")
            return
        what = f"{owner.name} in {thing.name}"
        holding = self.owned.setdefault((owner.label, thing.label), Thing(what, what))
        holding.mention("holdings", place.origin, place.reference)
        if share := values.get("owner.share"):
            holding.give("holdings", "share", share, place.origin)

    def _unnamed_supplier(
        self,
        values: dict[str, str],
        place: _Place,
    ) -> None:
        """Keep the need of a row that names no supplier: a gap must not look like resilience."""
        consumer, material = values["consumer"], values.get("material", "")
        thing = self.actors.named(consumer)
        thing.mention("nodes", place.origin, place.reference)
        self.facts.names[consumer] += 1
        self.facts.no_supplier.append(place.origin)
        if material:
            self.materials.named(material).mention("materials", place.origin, place.reference)
            self.facts.materials[material] += 1
            self.rows.setdefault("needs", []).append(
                {
                    "consumer": consumer,
                    "material": material,
                    "suppliers": "partial",
                    "references": place.reference,
                    ORIGIN: place.origin,
                }
            )
            kept = f"{consumer!r} needs {material!r} and its list of suppliers is partial"
        else:
            thing.give("nodes", "upstream", "unknown", place.origin)
            kept = f"what {consumer!r} needs is not recorded in full"
        self._row_aside(place, f"no supplier: kept as a gap, {kept}")
        what = f"no supplier is named: kept as a gap, {kept}"
        fix = _FILL_DOWN
        kind = (place.sheet, "no supplier")
        self.notes.add(self.book.where(place.sheet, place.line), what, fix, "warning", kind=kind)

    def _cited(self, text: str) -> list[str]:
        """Register the references that a cell names, and return them."""
        found = []
        for part in _parts(text):
            thing = self.references.named(part)
            thing.mention("references", "", "")
            url = safe_url(part)
            if url:
                thing.give("references", "url", url, "")
            found.append(part)
        return found

    # Writing

    def finish(self) -> Intake:
        """Return the tables with their ids."""
        self._say_what_is_not_known()
        self._finish_owned()
        actor_ids, material_ids = self.actors.ids(), self.materials.ids()
        reference_ids = self.references.ids()
        self.reference_id = {
            text: reference_ids[self.references.named(text).label]
            for text in [*self.references.things, *self.references.by_name]
        }

        def actor(text: str) -> str:
            return actor_ids[self.actors.named(text).label]

        def material(text: str) -> str:
            return material_ids[self.materials.named(text).label]

        tables: dict[str, list[dict[str, str]]] = {}
        for table in _ACTORS:
            tables[table] = self._things(self.actors, table, actor_ids, actor, material)
        tables["materials"] = self._things(
            self.materials, "materials", material_ids, actor, material
        )
        tables["references"] = self._things(
            self.references, "references", reference_ids, actor, material
        )
        for table, rows in self.rows.items():
            tables[table] = [self._with_ids(table, row, actor, material) for row in rows]
        tables["needs"] = _each_need_once(tables.get("needs", []))
        raws = {
            name: _raw(name, rows)
            for name in row_tables()
            if (rows := tables.get(name, [])) or name == "supplies"
        }
        self._sinks(raws)
        targets = tuple(dict.fromkeys(actor(name) for name in self._known_targets()))
        as_of = date.fromisoformat(self.mapping.as_of) if self.mapping.as_of else None
        meta = Meta(
            name=Path(self.book.name).stem,
            title=self.mapping.title,
            as_of=as_of,
            targets=targets,
        )
        net, findings = self._checked(raws, meta)
        return Intake(
            raws=raws,
            meta=meta,
            set_aside=tuple(sorted(self.asides, key=self._aside_order)),
            notes=self.notes.all(),
            findings=findings,
            net=net,
            mapping=self.mapping,
            facts=self.facts,
        )

    def _say_what_is_not_known(self) -> None:
        for (sheet, letters), texts in self.facts.blank.items():
            for text, lines in texts.items():
                meaning = "no end" if says_no_end(text) else "not known"
                what = f"column {letters}: {clamp(text, 40)!r} is read as {meaning}"
                rows = f" (in {len(lines):,} rows)" if len(lines) > 1 else ""
                self.notes.add(self.book.where(sheet, lines[0]), what + rows, level="note")

    def _aside_order(self, aside: Aside) -> tuple[int, int, str, str, str]:
        place = [sheet.name for sheet in self.book.sheets].index(aside.sheet)
        return (place, aside.row, aside.column, aside.text, aside.why)

    def _known_targets(self) -> list[str]:
        known = []
        for name in self.mapping.targets:
            kept = self.actors.merges.get(name, name)
            if kept in self.actors.things or kept in self.actors.by_name:
                known.append(name)
            else:
                near = difflib.get_close_matches(name, sorted(self.actors.by_name), n=1)
                fix = f"Did you mean {near[0]!r}?" if near else "Targets are names of the file"
                self.notes.add(MAPPING_FILE, f"target {name!r} is no node", fix, "warning")
        return known

    def _finish_owned(self) -> None:
        """Add the holdings that owner columns make, but for those that a sheet of its own gives."""
        told = {
            (
                self.actors.named(row["owner"]).label,
                self.actors.named(row["asset"]).label,
            ): row
            for row in self.rows.get("holdings", [])
        }
        for (owner, asset), holding in sorted(self.owned.items()):
            share = self._one(holding, "holdings", "share", holding.name)
            row = told.get((owner, asset))
            if row is not None:
                if share and share != row.get("share", ""):
                    for origin in holding.origins["holdings"]:
                        sheet, _, line = origin.rpartition("!")
                        why = f"the row {row[ORIGIN]} says otherwise"
                        self.aside(sheet, int(line), "owner.share", share, why)
                continue
            made = {
                "owner": owner,
                "asset": asset,
                "references": "\n".join(holding.references["holdings"]),
                ORIGIN: _origins(holding.origins["holdings"]),
            }
            if share:
                made["share"] = share
            self.rows.setdefault("holdings", []).append(made)

    def _one(self, thing: Thing, table: str, name: str, label: str) -> str:
        """Return the value of a field; blank where rows contradict each other, till decided."""
        values = thing.values.get(table, {}).get(name, {})
        if not values:
            return ""
        if name in _JOINED:
            return " | ".join(values)
        if name == "upstream" and "unknown" in values:
            return "unknown"  # a row that leaves it open is no contradiction
        if len(values) == 1:
            return next(iter(values))
        for decision in self.mapping.decisions:
            if decision.name == label and decision.field_name == f"{table}.{name}":
                if decision.value:
                    return decision.value
                break
        said = dict(sorted(values.items()))
        self.facts.conflicts[(label, f"{table}.{name}")] = said
        text = ", ".join(f"{value} ({_origins(rows)})" for value, rows in said.items())
        what = f"{name} of {label!r} is {text}: left blank"
        self.notes.add(self.book.name, what, "Decide it in the mapping", "warning")
        for value, rows in said.items():
            for origin in rows:
                sheet, _, line = origin.rpartition("!")
                why = f"other rows give {label!r} another {name}"
                self.aside(sheet, int(line), f"{table}.{name}", value, why)
        return ""

    def _things(
        self,
        registry: Registry,
        table: str,
        ids: Dict[str, str],
        actor: _Naming,
        material: _Naming,
    ) -> list[dict[str, str]]:
        rows = []
        for label, thing in registry.things.items():
            if table not in thing.origins:
                continue
            row = {"id": ids[label]}
            title = "title" if table == "references" else "name"
            row[title] = thing.name
            if thing.spellings and table != "references":
                row["aliases"] = "\n".join(sorted(thing.spellings))
            for name in thing.values.get(table, {}):
                spec = TABLES[table][name]
                if spec.is_list:
                    row[name] = "\n".join(thing.values[table][name])
                elif value := self._one(thing, table, name, thing.name):
                    row[name] = value
            if any((thing.name, f"nodes.{name}") in self.facts.conflicts for name in _RUNS):
                # Left blank, these would say that the node runs.
                row["upstream"] = "unknown"
            if table != "references":
                row["references"] = "\n".join(thing.references.get(table, []))
            for heading, texts in thing.extras.get(table, {}).items():
                row[heading] = " | ".join(texts)
            origins = [origin for origin in thing.origins[table] if "!" in origin]
            if origins:
                row[ORIGIN] = _origins(origins)
            rows.append(self._with_ids(table, row, actor, material))
        return sorted(rows, key=lambda row: row["id"])

    def _with_ids(
        self, table: str, row: dict[str, str], actor: _Naming, material: _Naming
    ) -> dict[str, str]:
        """Return a row with ids in place of names; lists get their separator."""
        made = dict(row)
        for spec in TABLES[table]:
            text = row.get(spec.name, "")
            if not text:
                continue
            parts = text.split("\n") if spec.is_list else [text]
            if spec.name == "references":
                parts = list(dict.fromkeys(self.reference_id[p] for p in parts if p))
            elif "materials" in spec.refers and spec.name != "product":
                parts = [material(part) for part in (_parts(text) if spec.is_list else [text])]
            elif spec.refers and set(spec.refers) <= {"nodes", "entities"}:
                parts = [actor(part) for part in parts]
            if spec.is_list:
                # An item that holds the separator would become two.
                parts = [part.replace(";", ",") for part in parts]
            made[spec.name] = ";".join(parts)
        return made

    def _sinks(self, raws: Dict[str, RawTable]) -> None:
        supplies = dict(zip(raws["supplies"].header, raws["supplies"].columns, strict=True))
        suppliers = set(supplies.get("supplier", []))
        if "nodes" not in raws:
            return
        nodes = dict(zip(raws["nodes"].header, raws["nodes"].columns, strict=True))
        consumers = set(supplies.get("consumer", []))
        self.facts.sinks = [
            name
            for node, name in zip(nodes["id"], nodes["name"], strict=True)
            if node in consumers and node not in suppliers
        ]

    def _checked(
        self, raws: Dict[str, RawTable], meta: Meta
    ) -> tuple[SupplyNetwork | None, tuple[Finding, ...]]:
        """Return the network, and what `load` finds in it in terms of the file it came from."""
        found = assemble(raws, meta, Findings(), meta_where=META_FILE)
        origins = {
            name: dict(zip(raw.header, raw.columns, strict=True)).get(ORIGIN, [])
            for name, raw in raws.items()
        }
        findings = [
            self._in_her_words(finding, origins)
            for finding in found.findings
            if finding.level != "note" or finding.where == META_FILE
        ]
        return found.net, tuple(dict.fromkeys(findings))

    def _in_her_words(self, finding: Finding, origins: Dict[str, Sequence[str]]) -> Finding:
        table = finding.where.partition(".csv")[0]

        def place(name: str, line: int) -> str:
            rows = origins.get(name, [])
            if 2 <= line < len(rows) + 2 and rows[line - 2]:
                sheet, _, row = rows[line - 2].partition(";")[0].rpartition("!")
                return self.book.where(sheet, int(row)) if row.isdecimal() else self.book.name
            return self.book.name

        def line(match: re.Match[str]) -> str:
            if match["line"]:
                return place(table, int(match["line"]))
            if match["file"]:
                return place(match["file"], int(match["row"]))
            return match[0]

        # What stands in quotes is data and stays as it is.
        pattern = re.compile(
            r"'[^']*'|\bline (?P<line>\d+)\b|\b(?P<file>[a-z]+)\.csv:(?P<row>\d+)\b"
        )
        where = pattern.sub(line, finding.where)
        return Finding(where, pattern.sub(line, finding.what), finding.fix, finding.level)


def _parts(text: str) -> list[str]:
    """Return the items of a list in a cell; only what no name holds separates them."""
    return [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]


def _origins(origins: Iterable[str]) -> str:
    listed = list(dict.fromkeys(origins))
    shown_ = listed[:_MAX_ORIGINS]
    if len(listed) > _MAX_ORIGINS:
        shown_.append(f"{plural(len(listed) - _MAX_ORIGINS, 'more row')}")
    return "; ".join(shown_)


def _each_need_once(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the needs, those made from rows without a supplier only where no other row is."""
    kept: dict[tuple[str, str, str], dict[str, str]] = {}
    others = []
    for row in rows:
        key = (row["consumer"], row["material"], row.get("product", ""))
        known = kept.get(key)
        if known is None:
            kept[key] = row
        elif row.get("suppliers") == "partial" and len(row) == 5:
            known.setdefault("suppliers", "partial")
        else:
            others.append(row)
    return [*kept.values(), *others]


def _raw(name: str, rows: Sequence[Dict[str, str]]) -> RawTable:
    """Return rows as a table of text: fields in the order of the schema, then the extra columns."""
    schema = TABLES[name]
    given = dict.fromkeys(column for row in rows for column in row)
    names = [spec.name for spec in schema if spec.name in given or spec.required]
    names += [column for column in given if column not in names and column != ORIGIN]
    if ORIGIN in given:
        names.append(ORIGIN)
    columns = tuple([row.get(column, "") for row in rows] for column in names)
    return RawTable(f"{name}.csv", tuple(names), columns, list(range(2, len(rows) + 2)))
