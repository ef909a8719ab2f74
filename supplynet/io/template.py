"""The template that `supplynet init` writes: a small synthetic network to replace row by row."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from supplynet.errors import OutputError
from supplynet.io.convert import Findings
from supplynet.io.csvtext import read_csv
from supplynet.io.files import atomic_folder, write_bytes
from supplynet.io.meta import META_FILE, read_meta
from supplynet.io.tables import build_table, known_headings, row_tables
from supplynet.schema import TABLES

__all__ = ["init"]

_FILES = {
    "network.toml": """\
# What the network shows. Say "synthetic" as long as the data are invented.
title = "Template: motor of a demonstration drone (synthetic)"
description = "Eight invented nodes from mine to drone, to be replaced by your own."
# The date that the data describe. Supplies, ownership and status are read as of this day,
# unless a question gives another one.
as_of = 2026-01-01
licence = "CC0"
# The nodes whose stop is the question.
targets = ["drone"]
""",
    "README.txt": """\
A network is a folder of tables. Only supplies.csv is required. Replace the rows by your own.

  network.toml     title, date of the data, targets
  nodes.csv        who makes something, where, run by whom
  supplies.csv     who delivers what to whom
  needs.csv        only where the supplies do not say it all: substitutes (one group),
                   incomplete lists of suppliers
  references.csv   where it is written; the other tables name these ids

Further tables: materials, entities, holdings, measures, periods, observations, shares.
Every field: docs/data-model.md. Extra columns are kept.

A blank cell means "not known". What is not known is shown as a gap, never as safety.
Dates are YYYY-MM-DD, shares are fractions, lists are separated by semicolons.

In this template:
  - The drone needs a motor and a battery (both: AND). Two magnet makers can serve the motor
    (either one: OR), but both take their alloy from one smelter: a single point of failure.
  - Nobody has looked at what the battery plant needs: `upstream` is unknown. That is a gap,
    and the report names it.

Try:
  supplynet validate .
  supplynet chokepoints .
  supplynet report . -o report.html
""",
    "nodes.csv": """\
id,name,stage,country,operator,upstream,confidence,references,note
mine,North mine,mine,AU,,none,high,made_up,
separator,Coast separation plant,separation,MY,,recorded,high,made_up,
smelter,River alloy smelter,alloy,CN,,recorded,medium,made_up,the only source of alloy here
magnet_a,Magnet maker A,magnet,JP,,recorded,medium,made_up,
magnet_b,Magnet maker B,magnet,DE,,recorded,medium,made_up,
motor,Motor plant,component,US,,recorded,medium,made_up,
battery,Battery plant,component,KR,,unknown,low,made_up,inputs not looked at yet: a gap
drone,Demonstration drone,product,US,,recorded,high,made_up,the target
""",
    "supplies.csv": """\
supplier,consumer,material,share,qualified,start,end,confidence,references,note
mine,separator,concentrate,1,yes,,,high,made_up,
separator,smelter,oxide,1,yes,,,high,made_up,
smelter,magnet_a,alloy,1,yes,,,medium,made_up,
smelter,magnet_b,alloy,,yes,,,medium,made_up,share not known: left blank
magnet_a,motor,magnet,0.7,yes,,,medium,made_up,
magnet_b,motor,magnet,0.3,yes,2024-07-01,,medium,made_up,second source since July 2024
motor,drone,motor,,yes,,,medium,made_up,
battery,drone,battery,,yes,,,low,made_up,
""",
    "needs.csv": """\
consumer,material,group,suppliers,confidence,references,note
drone,motor,,complete,medium,made_up,nobody else makes it
drone,battery,,complete,low,made_up,
""",
    "references.csv": """\
id,title,publisher,url,date,accessed,licence
made_up,Invented for this template (synthetic),you,,2026-01-01,2026-01-01,CC0
""",
}


_SHEET_README = """\
A network is a workbook of tables, one sheet each. Only supplies is required. Replace the rows \
by your own, and keep the names of the sheets and the column names in their first row.

network: title, date of the data, targets
nodes: who makes something, where, run by whom
supplies: who delivers what to whom
needs: only where the supplies do not say it all: substitutes (one group), incomplete lists of \
suppliers
references: where it is written; the other tables name these ids

Further tables: materials, entities, holdings, measures, periods, observations, shares.
Leave empty what you do not need. Every column name tells what it is when you point at it.
Columns of your own are kept. Columns may be deleted, or moved.

A blank cell means "not known". What is not known is shown as a gap, never as safety.
Dates are YYYY-MM-DD, shares are fractions (0.7 or 70 %), lists are separated by semicolons.
Write values, not formulas.

In this template:
- The drone needs a motor and a battery (both: AND). Two magnet makers can serve the motor \
(either one: OR), but both take their alloy from one smelter: a single point of failure.
- Nobody has looked at what the battery plant needs: upstream is unknown. That is a gap, and \
the report names it.

Try, where FILE.xlsx is this file:
supplynet validate FILE.xlsx
supplynet chokepoints FILE.xlsx
supplynet report FILE.xlsx -o report.html
"""


def init(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Write a small commented template network, and return the names of its files.

    Parameters
    ----------
    path
        A folder that does not exist yet or is empty, or a new .xlsx file: a workbook with a
        sheet for every table, with choices to pick from and a note at every column name.

    Returns
    -------
    tuple of str
        Names of the files, sorted.

    Raises
    ------
    OutputError
        If the folder is not empty, the file exists, or it cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from supplynet.io import load
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "mine"
    >>> _ = init(folder)
    >>> len(load(folder).table("nodes"))
    8
    >>> init(folder / "mine.xlsx")
    ('mine.xlsx',)
    """
    target = Path(path)
    if target.suffix.lower() == ".xlsx":
        if os.path.lexists(target):
            raise OutputError(f"{target}: the file exists. Choose a new name.")
        write_bytes(target, _workbook())
        return (target.name,)
    with atomic_folder(target, keep=False) as folder:
        for name, text in _FILES.items():
            (folder / name).write_bytes(text.encode())
    return tuple(sorted(_FILES))


def _workbook() -> bytes:
    """Return the template as a workbook: the same rows, and every table with all its columns."""
    from supplynet.io.xlsx import template_bytes

    findings = Findings()
    tables = {}
    for name in row_tables():
        columns: dict[str, Any] = {field.name: [] for field in TABLES[name]}
        if text := _FILES.get(f"{name}.csv"):
            raw, _ = read_csv(text.encode(), name, encoding="utf-8", score=known_headings)
            if raw is not None:
                table, _ = build_table(name, raw.header, raw.columns, findings)
                if table is not None:
                    # Not the defaults: a cell left blank shows that it may be.
                    given = set(raw.header)
                    blank = [None] * len(table)
                    columns = {key: table.column(key) if key in given else blank for key in columns}
        tables[name] = columns
    meta = read_meta(_FILES[META_FILE].encode(), "template", findings)
    return template_bytes(tables, meta, _SHEET_README.splitlines())
