"""A bill of materials as text: what a part is called, where it comes from, how restricted it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from supplynet.errors import Finding, did_you_mean
from supplynet.io.convert import Findings, cell_text, convert_column
from supplynet.io.csvtext import MAX_BYTES, RawTable, Refused, read_csv
from supplynet.schema.fields import Alias, FieldSpec, TableSchema, fold
from supplynet.text import clamp

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.io.sheets import Sheet

    Frame = pd.DataFrame | Iterable[Mapping[str, Any]]

__all__ = ["BomRow", "bom_rows", "examine_bom"]


def _names(*names: str) -> tuple[Alias, ...]:
    return tuple(Alias(name) for name in names)


BOM = TableSchema(
    "bom",
    (
        FieldSpec(
            "name",
            "id",
            required=True,
            aliases=_names("item", "part", "part name", "component", "item name", "product"),
        ),
        FieldSpec(
            "origin",
            "countries",
            aliases=_names("origins", "country", "country of origin", "origin country", "made in"),
        ),
        FieldSpec(
            "restriction_index",
            "number",
            allowed=("0", "1"),
            aliases=_names("index", "restriction", "restriction score"),
        ),
        FieldSpec("node", "id", aliases=_names("node id", "network id", "network node")),
    ),
)
_ENDINGS = (".csv", ".xlsx", ".xlsm")


@dataclass(frozen=True)
class BomRow:
    """One line of a bill of materials; what is not given is ``None`` or empty.

    Attributes
    ----------
    name
        What the part is called.
    origins
        Country codes; several where the cell names several.
    restriction_index
        How hard restrictions bite, 0-1.
    node
        The node or material that the part is on a network.
    where
        ``file:line``, or the number of the row.
    other
        Cells of all other columns, as text.
    """

    name: str
    origins: tuple[str, ...]
    restriction_index: Decimal | None
    node: str | None
    where: str
    other: Mapping[str, str]


def examine_bom(
    path: str | os.PathLike[str], *, encoding: str = "utf-8"
) -> tuple[tuple[BomRow, ...], tuple[Finding, ...]]:
    r"""Return the rows of a bill of materials and what reading it brings up.

    Parameters
    ----------
    path
        A .csv file, or a workbook: its first sheet with a column of names.
    encoding
        Encoding of a CSV file.

    Returns
    -------
    tuple
        The rows, none where there is an error; and all findings, by file and line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "bom.csv"
    >>> _ = file.write_text("part,country,index\nmotor,Chnia,0.9\n")
    >>> rows, findings = examine_bom(file)
    >>> rows, str(findings[-1])
    ((), "bom.csv:2: motor: country 'Chnia' is no country. Did you mean CN (China)?")
    >>> _ = file.write_text("part,country,index\nmotor,PRC,0.9\n")
    >>> examine_bom(file)[0][0].origins
    ('CN',)
    """
    place = Path(path)
    findings = Findings()
    raw = None
    try:
        raw = _read(place, encoding, findings)
    except Refused as refused:
        findings.extend(refused.findings)
    except OSError as error:
        reason = error.strerror or str(error)
        findings.add(str(path), f"cannot be read: {reason[:1].lower()}{reason[1:]}")
    if raw is None:
        return (), findings.all()
    lines, name = raw.lines, raw.name
    return _rows(raw.header, raw.columns, f"{name}:1", lambda row: f"{name}:{lines[row]}", findings)


def _read(place: Path, encoding: str, findings: Findings) -> RawTable | None:
    if place.suffix.lower() not in _ENDINGS:
        what = f"a bill of materials is one file ({', '.join(_ENDINGS)})"
        raise Refused(Finding(str(place), what, "Save it as .csv"))
    if place.stat().st_size > MAX_BYTES:
        what = f"larger than {MAX_BYTES // 1024**2} MiB"
        raise Refused(Finding(place.name, what, "Split the data"))
    data = place.read_bytes()
    if place.suffix.lower() != ".csv":
        return _from_workbook(data, place.name)
    raw, found = read_csv(data, place.name, encoding=encoding, score=_known)
    findings.extend(found)
    return raw


def bom_rows(bom: Frame) -> tuple[tuple[BomRow, ...], tuple[Finding, ...]]:
    """Return the rows of a bill of materials in memory and what reading it brings up.

    Parameters
    ----------
    bom
        A DataFrame, or a list of dicts; missing values (``None``, NaN, NA) are blank.

    Examples
    --------
    >>> rows, _ = bom_rows([{"name": "lens", "origin": "Belgium", "restriction_index": 0.2}])
    >>> rows[0].origins, rows[0].restriction_index
    (('BE',), Decimal('0.2'))
    """
    findings = Findings()
    if hasattr(bom, "iloc"):
        frame = cast("pd.DataFrame", bom)
        given = [
            dict(zip(frame.columns, row, strict=True)) for row in frame.itertuples(index=False)
        ]
        if len(set(frame.columns)) < len(frame.columns):
            findings.add("bom", "two columns have the same name", "Rename one")
    else:
        given = []
        for number, row in enumerate(bom, start=1):
            if isinstance(row, Mapping):
                given.append(dict(row))
            else:
                what = f"is {clamp(repr(row), 60)}, not a row of named values"
                findings.add(f"bom row {number}", what, "Give a dict with a name")
    headings = dict.fromkeys(heading for row in given for heading in row)
    columns = [[cell_text(row.get(heading)) for row in given] for heading in headings]
    header = [str(heading).strip() for heading in headings]
    return _rows(header, columns, "bom", lambda row: f"bom row {row + 1}", findings)


def _rows(
    header: Sequence[str],
    columns: Sequence[Sequence[str | tuple[str, ...]]],
    top: str,
    where: Callable[[int], str],
    findings: Findings,
) -> tuple[tuple[BomRow, ...], tuple[Finding, ...]]:
    used = _used(header, top, findings)
    count = len(columns[0]) if columns else 0
    if "name" not in used:
        if count or header:
            wanted = ", ".join(alias.name for alias in BOM["name"].aliases[:3])
            shown = ", ".join(repr(clamp(heading, 40)) for heading in header[:8])
            findings.add(top, f"no column of names in {shown}", f"Name it 'name' (or {wanted})")
        return (), findings.all()
    for field in ("origin", "restriction_index"):
        if field not in used:
            fix = "Every item is unknown without it"
            findings.add(top, f"no column {field!r}", fix, "warning")
    typed: dict[str, list[Any]] = {}
    told = Findings()
    names = convert_column(
        BOM["name"], header[used["name"]], columns[used["name"]], where, findings
    )
    for field, place in used.items():
        if field != "name":
            typed[field] = convert_column(
                BOM[field],
                header[place],
                columns[place],
                where,
                told,
                label=lambda row: str(names[row] or "the item"),
            )
    # Names of countries are how people write a list of parts: worth a note, no warning.
    findings.extend(replace(f, level="note") if f.level == "warning" else f for f in told.all())
    _check_names(names, where, findings)
    others = [place for place in range(len(header)) if place not in used.values()]
    for place in others:
        what = f"column {header[place]!r} is kept and not used"
        findings.add(top, what, level="note")
    if any(finding.level == "error" for finding in findings.all()):
        return (), findings.all()
    blank: list[Any] = [None] * count
    rows = tuple(
        BomRow(
            name=names[row],
            origins=typed.get("origin", [()] * count)[row],
            restriction_index=typed.get("restriction_index", blank)[row],
            node=typed.get("node", blank)[row],
            where=where(row),
            other={header[place]: _plain(columns[place][row]) for place in others},
        )
        for row in range(count)
    )
    return rows, findings.all()


def _plain(cell: str | tuple[str, ...]) -> str:
    return cell if isinstance(cell, str) else ";".join(cell)


def _known(header: Sequence[str]) -> int:
    folded = [fold(heading) for heading in header]
    return len({name for name in folded if name in BOM.folded_names or name in BOM.folded_aliases})


def _used(header: Sequence[str], top: str, findings: Findings) -> dict[str, int]:
    """Return field name to the place of its column; own names win over other names."""
    used: dict[str, int] = {}
    for place, heading in enumerate(header):
        own = BOM.folded_names.get(fold(heading))
        if own is not None:
            _take(used, own.name, place, header, findings, top=top)
    for place, heading in enumerate(header):
        field, alias = BOM.folded_aliases.get(fold(heading), (None, None))
        if field is None or alias is None:
            near = did_you_mean(heading, list(BOM.by_name)).strip()
            if near and fold(heading) not in BOM.folded_names and place not in used.values():
                findings.add(top, f"column {heading!r} is not used", near, "warning")
        elif field.name in used and BOM.folded_names.get(fold(header[used[field.name]])):
            continue  # kept beside the column that bears the name itself
        else:
            if field.name not in used:
                what = f"column {heading!r} is read as {field.name}"
                findings.add(top, what, level="note")
            _take(used, field.name, place, header, findings, top=top)
    return used


def _take(
    used: dict[str, int],
    field: str,
    place: int,
    header: Sequence[str],
    findings: Findings,
    *,
    top: str,
) -> None:
    if field in used:
        what = f"columns {header[used[field]]!r} and {header[place]!r} both say {field}"
        findings.add(top, what, f"Name the right one {field!r}, and the other something else")
        return
    used[field] = place


def _check_names(
    names: Sequence[str | None], where: Callable[[int], str], findings: Findings
) -> None:
    seen: dict[str, int] = {}
    for row, name in enumerate(names):
        if name is None:
            findings.add(where(row), "the item has no name", "Name it", kind=("bom", "no name"))
        elif fold(name) in seen:
            first = seen[fold(name)]
            what = f"{name!r} stands already in {where(first)}"
            fix = "One item, one row: several origins go in one cell, separated by semicolons"
            findings.add(where(row), what, fix, kind=("bom", "twice"))
        else:
            seen[fold(name)] = row


def _from_workbook(data: bytes, file: str) -> RawTable:
    """Return the first sheet whose first filled row has a column of names."""
    from supplynet.io.sheets import read_sheets

    sheets = [sheet for sheet in read_sheets(data, file) if sheet.rows]
    for sheet in sheets:
        header = [cell.text.strip() for cell in sheet.rows[0]]
        if "name" in _used(header, "", Findings()):
            return _from_sheet(sheet, header, f"{file}[{sheet.name}]")
    fix = "Put the column names in the first row, a column 'name' among them"
    raise Refused(Finding(file, "no sheet has a column of names", fix))


def _from_sheet(sheet: Sheet, header: Sequence[str], where: str) -> RawTable:
    from supplynet.io.sheets import BLANK

    wrong = []
    if sheet.merged:
        fix = "Unmerge and fill them: only the first of them holds a value"
        wrong.append(Finding(where, f"merged cells ({', '.join(sheet.merged[:5])})", fix))
    for kind, what in (
        ("error", "hold an error"),
        ("formula_without_value", "hold a formula without a stored value"),
    ):
        bad = sheet.addresses(lambda cell, kind=kind: cell.kind == kind)  # type: ignore[misc]
        if bad:
            shown = ", ".join(bad[:5])
            wrong.append(Finding(where, f"cells {what} ({shown})", "Paste the values"))
    width = len(header)
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        stray = [
            cell
            for place, cell in enumerate(row)
            if cell and not "".join(header[place : place + 1])
        ]
        if stray:
            wrong.append(Finding(f"{where}:{line}", "a cell stands in a column without a name"))
    if wrong:
        raise Refused(*wrong)
    kept = [place for place in range(width) if header[place]]
    columns = tuple(
        [(row[place] if place < len(row) else BLANK).text for row in sheet.rows[1:]]
        for place in kept
    )
    names = tuple(header[place] for place in kept)
    return RawTable(where, names, columns, list(sheet.lines[1:]))
