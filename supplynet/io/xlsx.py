"""A network as a workbook: one sheet per table, and a sheet `network` of keys and values."""

from __future__ import annotations

import difflib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supplynet.errors import Finding, Level, OutputError
from supplynet.io.convert import Findings
from supplynet.io.csvtext import MAX_BYTES, RawTable, Refused
from supplynet.io.meta import META_FILE, meta_from_mapping
from supplynet.io.read import Examination, assemble
from supplynet.io.sheets import BLANK, Cell, Sheet, column_letters, merged_range, read_sheets
from supplynet.io.tables import known_headings, row_tables, which_table
from supplynet.model import Meta, SupplyNetwork, number_text
from supplynet.schema import TABLES, FieldSpec, country_codes, country_name, fold
from supplynet.text import clamp, plural

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell as BookCell
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "book_cell",
    "check_cells",
    "new_book",
    "new_sheet",
    "read_xlsx",
    "template_bytes",
    "undated",
    "workbook_bytes",
]

META_SHEET = "network"
_COUNTRIES = "countries (ignore)"
_MAX_ROWS = 1_048_576
_MAX_COLUMNS = 16_384
_MAX_TEXT = 32_767
#: Days before this one have other numbers in Excel than elsewhere: it knows a 29 February 1900.
_FIRST_DAY = date(1900, 3, 1)
#: A spreadsheet keeps so many digits of a number; more are written as text.
_MAX_DIGITS = 15
_DATE_FORMAT = "yyyy-mm-dd"
#: Sheets for people, whatever their columns are.
_FOR_PEOPLE = ("readme", "about", "info", "instructions", "legend", "notes", "cover", "changelog")
#: What XML cannot hold, a line end that it would change, and what would look like an escape.
_TO_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4})")


# Reading


def read_xlsx(place: Path, findings: Findings) -> Examination:
    """Return what reading a workbook brings up.

    Parameters
    ----------
    place
        The file.
    findings
        Takes what is wrong.

    Notes
    -----
    The first filled row of a sheet holds the column names; nothing is looked for further down.
    """
    size = place.stat().st_size
    if size > MAX_BYTES:
        what = f"larger than {MAX_BYTES // 1024**2} MiB"
        findings.add(place.name, what, "Save the tables as a folder of .csv files")
        return Examination(None, findings.all())
    try:
        sheets = read_sheets(place.read_bytes(), place.name)
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    source = str(place.resolve())
    from supplynet.io.omts_sheets import examine_omts_sheets, looks_like_omts

    if looks_like_omts([sheet.name for sheet in sheets]):
        return examine_omts_sheets(sheets, place.name, findings, source=source)
    by_table = _by_table(sheets, place.name, findings)
    meta = Meta(name=place.stem)
    where = place.name
    if META_SHEET in by_table:
        where = f"{place.name}[{by_table[META_SHEET].name}]"
        meta = _meta(by_table.pop(META_SHEET), where, meta.name, findings)
    raws = {
        name: _raw_table(sheet, f"{place.name}[{sheet.name}]", name, findings)
        for name, sheet in by_table.items()
    }
    if not by_table:
        return Examination(None, findings.all())
    return assemble(raws, meta, findings, meta_where=where, source=source)


def _by_table(sheets: Sequence[Sheet], file: str, findings: Findings) -> dict[str, Sheet]:
    """Return table name to its sheet; empty where the workbook holds no network."""
    named: dict[str, list[Sheet]] = {}
    others: list[Sheet] = []
    for sheet in sheets:
        if not sheet.rows:
            continue
        if "(ignore)" in sheet.name.casefold():
            findings.add(f"{file}[{sheet.name}]", "set aside, as its name asks", level="note")
        elif fold(sheet.name) in TABLES:
            named.setdefault(fold(sheet.name), []).append(sheet)
        else:
            others.append(sheet)
    for same in named.values():
        if len(same) > 1:
            names = " and ".join(repr(sheet.name) for sheet in same)
            findings.add(file, f"the sheets {names} are the same table", "Delete or rename one")
    found = {name: same[0] for name, same in named.items()}
    if "supplies" not in found:
        stand_in = _stand_in(found, others, file, findings)
        if stand_in is None:
            return {}
        table, chosen = stand_in
        found = {name: sheet for name, sheet in found.items() if sheet is not chosen}
        found[table] = chosen
        others = [sheet for sheet in others if sheet is not chosen]
    for sheet in others:
        _set_aside(sheet, file, findings)
    return _with_rows(found, file, findings)


def _stand_in(
    found: Mapping[str, Sheet], others: Sequence[Sheet], file: str, findings: Findings
) -> tuple[str, Sheet] | None:
    """Return the sheet that makes a network without a sheet `supplies`, and which table it is.

    That is Gephi's sheet of edges, or a single sheet whose columns say which table it is, just
    as a single CSV file is taken; ``None`` with a finding where there is no such sheet.
    """
    edges = [sheet for sheet in others if fold(sheet.name) in ("edges", "links")]
    if len(edges) == 1:
        where = f"{file}[{edges[0].name}]"
        findings.add(where, "is read as the table supplies", level="note")
        return "supplies", edges[0]
    tables = [sheet for name, sheet in found.items() if name != META_SHEET]
    tables += [sheet for sheet in others if not _is_for_people(sheet)]
    if len(tables) != 1:
        findings.extend([_no_supplies(tables, file)])
        return None
    sheet = tables[0]
    header = _headings(sheet)
    table, wanted = which_table(header, sheet.name)
    where = f"{file}[{sheet.name}]:{sheet.lines[0]}"
    if table is None:
        shown = ", ".join(repr(clamp(heading, 40)) for heading in header[:12])
        fix = f"{wanted[:1].upper()}{wanted[1:]}. {_intake(file)}"
        findings.add(where, f"no table has these columns: {shown}", fix)
        return None
    if fold(sheet.name) != table:
        findings.add(where, f"is read as the table {table}", level="note")
    return table, sheet


def _no_supplies(tables: Sequence[Sheet], file: str) -> Finding:
    what = "a workbook without a sheet 'supplies', the one table that a network needs"
    if not tables:
        return Finding(file, what, "Its sheets are empty")
    names = {fold(sheet.name): sheet.name for sheet in tables}
    near = difflib.get_close_matches("supplies", sorted(names), n=1, cutoff=0.6)
    if near:
        return Finding(file, what, f"Rename {names[near[0]]!r} to supplies")
    listed = ", ".join(repr(sheet.name) for sheet in tables[:8])
    return Finding(file, what, f"Found {listed}. {_intake(file)}")


def _intake(file: str) -> str:
    return f"`supplynet init --from {file} FOLDER` finds out what is where, and asks"


def _is_for_people(sheet: Sheet) -> bool:
    return fold(sheet.name).rstrip("0123456789") in _FOR_PEOPLE


def _set_aside(sheet: Sheet, file: str, findings: Findings) -> None:
    near = difflib.get_close_matches(fold(sheet.name), list(TABLES), n=1, cutoff=0.75)
    hint = f"Did you mean {near[0]!r}?" if near and not _is_for_people(sheet) else ""
    level: Level = "warning" if hint else "note"
    what = "no table of that name, set aside"
    findings.add(f"{file}[{sheet.name}]", what, hint, level)


def _with_rows(found: dict[str, Sheet], file: str, findings: Findings) -> dict[str, Sheet]:
    """Leave out tables that have only a header: an optional table need not be filled."""
    filled = {
        name: sheet for name, sheet in found.items() if name == META_SHEET or len(sheet.rows) > 1
    }
    if found and not set(filled) - {META_SHEET}:
        tables = [sheet for name, sheet in found.items() if name != META_SHEET]
        where = f"{file}[{tables[0].name}]" if tables else file
        findings.add(where, "no rows below the column names", "It needs a line per row")
        return {}
    if "supplies" in found:
        filled["supplies"] = found["supplies"]
    if "nodes" in found and "nodes" not in filled:
        where = f"{file}[{found['nodes'].name}]"
        findings.add(where, "has no rows: the nodes are those that supplies names", level="note")
    return filled


def _headings(sheet: Sheet) -> list[str]:
    return [cell.text.strip() for cell in sheet.rows[0]]


def _raw_table(sheet: Sheet, where: str, table: str, findings: Findings) -> RawTable | None:
    """Return the text of one table, ``None`` where the sheet is wrong as a whole."""
    header = _headings(sheet)
    top = f"{where}:{sheet.lines[0]}"
    own = Findings()
    check_cells(sheet, where, own)
    if not known_headings(header, table):
        shown = ", ".join(repr(clamp(heading, 40)) for heading in header[:5])
        fix = f"Put them in the first row. {_intake(where.partition('[')[0])}"
        own.add(top, f"no known column name in {shown}", fix)
    _check_header(sheet, header, where, own)
    findings.extend(own.all())
    if any(finding.level == "error" for finding in own.all()):
        return None
    kept = [place for place, heading in enumerate(header) if heading]
    columns = []
    for place in kept:
        field, divisor = _field(table, header[place])
        cells = [row[place] if place < len(row) else BLANK for row in sheet.rows[1:]]
        if divisor != 1:
            _say_how_percent_is_read(cells, header[place], top, findings)
        if field is None or not field.is_number:
            _say_what_was_rounded(sheet, place, where, findings)
        columns.append([_cell_text(cell, field, divisor) for cell in cells])
    names = tuple(header[place] for place in kept)
    return RawTable(where, names, tuple(columns), list(sheet.lines[1:]))


def _check_header(sheet: Sheet, header: Sequence[str], where: str, findings: Findings) -> None:
    top = f"{where}:{sheet.lines[0]}"
    seen: dict[str, int] = {}
    for place, heading in enumerate(header, start=1):
        if heading and heading in seen:
            first = column_letters(seen[heading])
            what = f"columns {first} and {column_letters(place)} are both named {heading!r}"
            findings.add(top, what, "Rename or delete one")
        seen.setdefault(heading, place)
    headed = {place for place, heading in enumerate(header) if heading}
    bare: dict[int, int] = {}
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        for place, cell in enumerate(row):
            if cell and place not in headed:
                bare.setdefault(place, line)
    for place, line in sorted(bare.items()):
        letters = column_letters(place + 1)
        what = f"column {letters} has no heading, but cell {letters}{line} is filled"
        findings.add(top, what, "Name it, or delete it", kind=(where, "no heading"))


def check_cells(sheet: Sheet, where: str, findings: Findings) -> None:
    """Say what cells hold that is no plain value, and what the screen shows otherwise."""
    formulas = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        for place, cell in enumerate(row, start=1):
            address = f"{column_letters(place)}{line}"
            if cell.kind == "error":
                what = f"cell {address} holds the error {cell.text}"
                fix = "Correct it, or leave it blank if not known"
                findings.add(f"{where}:{line}", what, fix, kind=(where, "error value"))
            elif cell.kind == "formula_without_value":
                what = f"cell {address} holds a formula whose value was never stored"
                fix = "Open the workbook in a spreadsheet program and save it, or paste the value"
                findings.add(f"{where}:{line}", what, fix, kind=(where, "formula without value"))
            elif cell.formula:
                formulas.append(address)
    if formulas:
        what = f"{plural(len(formulas), 'formula')} ({_listed(formulas)}): the values stored count"
        findings.add(where, what, "Paste values to be sure of them", "warning")
    lines = dict(zip(sheet.lines, sheet.rows, strict=True))
    for merged in sheet.merged:
        first = merged_range(merged)
        if first is None:
            continue
        line, place = first[0], first[1]
        row = lines.get(line, ())
        if place <= len(row) and row[place - 1]:
            what = f"cells {merged} are merged: only the first of them holds the value"
            fix = f"Unmerge and fill them. {_intake(where.partition('[')[0])}"
            findings.add(f"{where}:{line}", what, fix, kind=(where, "merged cells"))
    _say_what_is_hidden(sheet, where, findings)


def _say_what_is_hidden(sheet: Sheet, where: str, findings: Findings) -> None:
    if sheet.hidden:
        findings.add(where, "the sheet is hidden, and read all the same", level="warning")
    rows = [str(line) for line in sheet.hidden_rows]
    if rows:
        what = f"{plural(len(rows), 'row')} hidden ({_listed(rows)}), and read all the same"
        findings.add(where, what, "Delete what should not count", "warning")
    columns = [column_letters(place) for place in sheet.hidden_columns]
    if columns:
        what = (
            f"{plural(len(columns), 'column')} hidden ({_listed(columns)}), and read all the same"
        )
        findings.add(where, what, level="note")


def _listed(items: Sequence[str], most: int = 10) -> str:
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more


def _field(table: str, heading: str) -> tuple[FieldSpec | None, int]:
    """Return the field that a heading means, and what its numbers are divided by."""
    schema = TABLES[table]
    own = schema.folded_names.get(fold(heading))
    if own is not None:
        return own, 1
    field, alias = schema.folded_aliases.get(fold(heading), (None, None))
    return field, alias.divisor if alias else 1


def _say_how_percent_is_read(
    cells: Sequence[Cell], heading: str, top: str, findings: Findings
) -> None:
    count = sum(1 for cell in cells if cell.kind == "percent")
    if count:
        shown = plural(count, "cell")
        what = f"{heading}: {shown} with a percent sign, read as shown (70 % is 70)"
        findings.add(top, what, level="note")


def _cell_text(cell: Cell, field: FieldSpec | None, divisor: int) -> str:
    if cell.kind != "percent":
        return cell.text
    # A cell that shows 70 % holds 0.7: right for a share, but not where percent are wanted.
    if field is not None and field.is_share and divisor == 1:
        return cell.text
    shown = number_text(Decimal(cell.text).scaleb(2))
    return shown if divisor == 100 else f"{shown}%"


def _say_what_was_rounded(sheet: Sheet, place: int, where: str, findings: Findings) -> None:
    """Warn of long numbers where names are wanted: spreadsheets keep 15 digits of them."""
    for line, row in zip(sheet.lines[1:], sheet.rows[1:], strict=True):
        cell = row[place] if place < len(row) else BLANK
        if cell.kind == "number" and _digits(cell.text) > _MAX_DIGITS:
            what = f"cell {column_letters(place + 1)}{line} holds the number {cell.text}"
            fix = "Spreadsheets keep 15 digits: type it again in a cell formatted as text"
            findings.add(f"{where}:{line}", what, fix, "warning", kind=(where, "long number"))


def _digits(number: str) -> int:
    return len(number.replace(".", "").strip("-0"))


def _meta(sheet: Sheet, where: str, name: str, findings: Findings) -> Meta:
    """Return what the sheet of keys and values says."""
    schema = TABLES["network"]
    own = Findings()
    check_cells(sheet, where, own)
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        key = row[0].text.strip()
        cell = row[1] if len(row) > 1 else BLANK
        if line == sheet.lines[0] and (fold(key), fold(cell.text)) == ("key", "value"):
            continue
        if any(row[2:]):
            what = f"what stands right of column B is set aside ({clamp(row[2].text, 40)!r})"
            own.add(f"{where}:{line}", what, level="note", kind=(where, "right of column B"))
        if not key:
            own.add(f"{where}:{line}", f"{cell.text!r} has no key", "Write the key in column A")
        elif key in values:
            fix = "Write several targets in one cell, separated by semicolons"
            own.add(f"{where}:{line}", f"{key!r} is given twice (row {lines[key]})", fix)
        else:
            known = fold(key) in schema.folded_names or fold(key) in schema.folded_aliases
            values[key] = cell.text if known else _plain(cell)
            lines[key] = line
    found = Findings()
    meta = meta_from_mapping(values, name, found, lines)
    findings.extend(own.all())
    # The messages name the file of a folder.
    findings.extend(
        replace(finding, where=finding.where.replace(META_FILE, where, 1))
        for finding in found.all()
    )
    return meta


def _plain(cell: Cell) -> object:
    """Return the value of a key that is only kept."""
    if cell.kind == "bool":
        return cell.text == "TRUE"
    if cell.kind in ("number", "percent"):
        return float(cell.text) if "." in cell.text else int(cell.text)
    if cell.kind == "date":
        with suppress(ValueError):
            return date.fromisoformat(cell.text)
    return cell.text


# Writing


def workbook_bytes(net: SupplyNetwork) -> bytes:
    """Return a network as a workbook that loads to the same network again.

    Parameters
    ----------
    net
        The network.

    Returns
    -------
    bytes
        The .xlsx file: the same bytes for the same network, whatever the day.

    Raises
    ------
    OutputError
        If a sheet cannot hold it: too many rows or columns, or a text that is too long.

    Notes
    -----
    No text becomes a formula. A number of more than 15 digits is written as text, because a
    spreadsheet would round it.

    Examples
    --------
    >>> from supplynet.io import from_frames
    >>> net = from_frames([{"supplier": "mine", "consumer": "smelter", "material": "ore"}])
    >>> workbook_bytes(net)[:2]
    b'PK'
    """
    tables: dict[str, Mapping[str, Sequence[Any]]] = {}
    for name in row_tables():
        table = net.tables.get(name)
        # An empty list of nodes would say that every other node is unknown.
        if table is None or (name == "nodes" and not len(table)):
            continue
        if table.columns or name == "supplies":
            required: dict[str, Sequence[Any]] = {field.name: [] for field in TABLES[name].required}
            tables[name] = dict(table.columns) or required
    return template_bytes(tables, net.meta)


def template_bytes(
    tables: Mapping[str, Mapping[str, Sequence[Any]]], meta: Meta, readme: Sequence[str] = ()
) -> bytes:
    """Return a workbook of these tables.

    Parameters
    ----------
    tables
        Table name to column name to values, typed as in :class:`~supplynet.model.Table`.
    meta
        What the sheet `network` says.
    readme
        Lines of a sheet `README` that comes first; then there also is a list of countries to
        choose from.
    """
    from openpyxl.writer.excel import ExcelWriter

    packed = io.BytesIO()
    with new_book() as book:
        if readme:
            _readme_sheet(book, readme)
        _meta_sheet(book, meta)
        for name, columns in tables.items():
            _table_sheet(book, name, columns, countries=bool(readme))
        if readme:
            _country_sheet(book)
        ExcelWriter(book, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED)).save()
    return undated(packed)


@contextmanager
def new_book() -> Iterator[Workbook]:
    """Give a workbook to write to; its sheets go to temporary files first."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "supplynet"
    # The same network is the same bytes: the file tells nothing of when it was written.
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    try:
        yield book
    except BaseException as error:
        # A sheet left half written would complain on stderr when it is thrown away.
        for sheet in book.worksheets:
            with suppress(OSError, ValueError, RuntimeError):
                sheet.close()
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            reason = error.strerror or str(error)
            message = f"the workbook could not be put together: {reason}."
            raise OutputError(message) from error
        raise


def undated(packed: io.BytesIO) -> bytes:
    """Return an archive with the same parts, all of one day and made on no system."""
    plain = io.BytesIO()
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(plain, "w") as new:
        for part in old.infolist():
            info = zipfile.ZipInfo(part.filename, (2000, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o600 << 16
            new.writestr(info, old.read(part))
    return plain.getvalue()


def book_cell(sheet: Worksheet, value: object, where: str) -> BookCell | None:
    """Return a cell that holds exactly this value, ``None`` for a blank."""
    from openpyxl.cell import WriteOnlyCell

    if value is None or value in ("", ()):
        return None
    if isinstance(value, bool) or (type(value) is date and value >= _FIRST_DAY):
        cell = WriteOnlyCell(sheet)
        cell.value = value
        if isinstance(value, date):
            cell.number_format = _DATE_FORMAT
        return cell
    text, is_number = _plain_text(value)
    text = _escaped(text)
    if len(text) > _MAX_TEXT:
        what = f"{len(text):,} characters, a cell holds {_MAX_TEXT:,}"
        raise OutputError(f"{where}: {what}. Write a folder of CSV files instead.")
    cell = WriteOnlyCell(sheet, text)
    # Set after the value: openpyxl would take =1+1 for a formula and #REF! for an error.
    cell.data_type = "n" if is_number else "s"
    if not is_number:
        # As text, so that 007 and =1+1 stay what they are when somebody edits the cell.
        cell.number_format = "@"
    return cell


def _plain_text(value: object) -> tuple[str, bool]:
    """Return a value as text, and whether a spreadsheet keeps it exactly as a number."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        text = number_text(value)
        return text, _digits(text) <= _MAX_DIGITS
    if isinstance(value, tuple):
        return ";".join(value), False
    if isinstance(value, (date, time)):
        return value.isoformat(), False
    if isinstance(value, (list, Mapping)):
        return json.dumps(value, ensure_ascii=False, default=str), False
    return str(value), False


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def _heading(sheet: Worksheet, text: str, where: str, note: str = "") -> BookCell | None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font

    cell = book_cell(sheet, text, where)
    if cell is not None:
        cell.font = Font(bold=True)
        if note:
            cell.comment = Comment(note, "supplynet", height=120, width=280)
    return cell


def _table_sheet(
    book: Workbook, name: str, columns: Mapping[str, Sequence[Any]], *, countries: bool
) -> None:
    schema = TABLES[name]
    count = max((len(values) for values in columns.values()), default=0)
    if count >= _MAX_ROWS or len(columns) > _MAX_COLUMNS:
        size = f"{plural(count, 'row')} and {plural(len(columns), 'column')}"
        most = f"a sheet holds {_MAX_ROWS - 1:,} and {_MAX_COLUMNS:,}"
        raise OutputError(f"{name}: {size}, {most}. Write a folder of CSV files instead.")
    sheet = new_sheet(book, name)
    sheet.freeze_panes = "A2"
    for place, (heading, values) in enumerate(columns.items(), start=1):
        letters = column_letters(place)
        longest = max(len(_plain_text(value)[0]) for value in (heading, *values[:200]))
        sheet.column_dimensions[letters].width = min(longest + 3, 50)
        field = schema.by_name.get(heading)
        if field is not None:
            _add_choice(sheet, field, f"{letters}2:{letters}{_MAX_ROWS}", countries=countries)
        if field is not None and field.type == "date":
            sheet.column_dimensions[letters].number_format = _DATE_FORMAT
        elif field is None or not field.is_number:
            sheet.column_dimensions[letters].number_format = "@"
    heads = [
        _heading(sheet, heading, f"{name}, column {heading!r}", _note(schema.by_name.get(heading)))
        for heading in columns
    ]
    sheet.append(heads)
    letters_of = [column_letters(place) for place in range(1, len(columns) + 1)]
    for number, row in enumerate(zip(*columns.values(), strict=True), start=2):
        sheet.append(
            [
                book_cell(sheet, value, f"{name}, cell {letters}{number}")
                for letters, value in zip(letters_of, row, strict=True)
            ]
        )


def new_sheet(book: Workbook, name: str) -> Worksheet:
    """Return a new sheet at the end of a workbook."""
    sheet: Worksheet = book.create_sheet(name)
    return sheet


def _note(field: FieldSpec | None) -> str:
    """Return what a field is, for whoever points at its heading."""
    if field is None:
        return ""
    lines = [field.description.replace("`", "")]
    if field.required:
        lines.append("Required.")
    if field.unit:
        lines.append(f"Unit: {field.unit}.")
    if field.allowed and not field.is_number:
        lines.append(f"One of: {', '.join(field.allowed)}.")
    if field.is_list:
        lines.append("Several are separated by semicolons.")
    return "\n".join(lines)


def _add_choice(sheet: Worksheet, field: FieldSpec, cells: str, *, countries: bool) -> None:
    """Let the cells be chosen from a list, where the field has one."""
    from openpyxl.worksheet.datavalidation import DataValidation

    if field.type in ("enum", "enums"):
        choice = f'"{",".join(field.allowed)}"'
    elif field.type in ("country", "countries") and countries:
        choice = f"'{_COUNTRIES}'!$A$2:$A${len(country_codes()) + 1}"
    else:
        return
    rule = DataValidation(type="list", formula1=choice, allow_blank=True)
    # A list of values is typed: the choice offers one of them only.
    rule.showErrorMessage = not field.is_list
    rule.errorStyle = "stop" if field.type == "enum" else "warning"
    rule.error = "Choose from the list, or leave it blank if not known."
    rule.add(cells)
    sheet.data_validations.append(rule)


def _meta_sheet(book: Workbook, meta: Meta) -> None:
    sheet = new_sheet(book, META_SHEET)
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["A"].width = 16
    sheet.column_dimensions["B"].width = 80
    sheet.append([_heading(sheet, "key", META_SHEET), _heading(sheet, "value", META_SHEET)])
    for field in TABLES["network"]:
        value = getattr(meta, field.name)
        where = f"{META_SHEET}, {field.name}"
        sheet.append(
            [_heading(sheet, field.name, where, _note(field)), book_cell(sheet, value, where)]
        )
    for key, value in meta.extra.items():
        where = f"{META_SHEET}, {key}"
        sheet.append([book_cell(sheet, key, where), book_cell(sheet, value, where)])


def _readme_sheet(book: Workbook, lines: Sequence[str]) -> None:
    sheet = new_sheet(book, "README")
    sheet.column_dimensions["A"].width = 110
    for line in lines:
        sheet.append([book_cell(sheet, line, "README")])


def _country_sheet(book: Workbook) -> None:
    sheet = new_sheet(book, _COUNTRIES)
    sheet.freeze_panes = "A2"
    sheet.column_dimensions["B"].width = 40
    sheet.append([_heading(sheet, text, _COUNTRIES) for text in ("code", "country")])
    for code in sorted(country_codes()):
        sheet.append([book_cell(sheet, text, _COUNTRIES) for text in (code, country_name(code))])
