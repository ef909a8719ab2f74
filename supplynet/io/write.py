"""A network written as CSV folder, workbook or JSON that loads to the same network again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from supplynet.errors import OutputError
from supplynet.io.files import atomic_folder, write_bytes, write_text
from supplynet.io.meta import META_FILE, meta_text
from supplynet.io.tables import row_tables
from supplynet.model import SupplyNetwork, Table, number_text
from supplynet.schema import TABLES, fold
from supplynet.text import csv_cell

__all__ = ["csv_line", "folder_files", "in_order", "network_files", "save", "table_csv"]

_QUOTED = frozenset(',;"\t\r\n')


def save(net: SupplyNetwork, path: str | os.PathLike[str], *, force: bool = False) -> None:
    """Write a network; :func:`load` gives the same digest back.

    Parameters
    ----------
    net
        The network.
    path
        A folder for CSV files, or a .xlsx or .json file. It comes into place whole, rows
        sorted; files of other names in a folder stay.
    force
        Replace a network that is already there (tables that `net` does not have are deleted).

    Raises
    ------
    OutputError
        If the folder holds a network and `force` is not given, or it cannot be written.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from supplynet.io import from_frames, load
    >>> net = from_frames([{"supplier": "mine", "consumer": "smelter", "material": "ore"}])
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
    >>> save(net, folder)
    >>> load(folder).digest == net.digest
    True
    """
    target = Path(path)
    net = in_order(net)
    if target.suffix.lower() in (".xlsx", ".json") and not target.is_dir():
        _save_file(net, target, force=force)
        return
    here = network_files(target)
    if here and not force:
        same = net.source is not None and os.path.realpath(target) == os.path.realpath(net.source)
        what = "this is the input itself" if same else "the folder already holds a network"
        message = f"{target}: {what}. Choose another folder, or give --force (force=True)."
        raise OutputError(message)
    files = folder_files(net)
    with atomic_folder(target) as folder:
        for name, text in files.items():
            (folder / name).write_bytes(text.encode())
    for stale in here:
        # A table that this network lacks would become part of it at the next load.
        if not any((target / name).samefile(stale) for name in files):
            stale.unlink()


def folder_files(net: SupplyNetwork) -> dict[str, str]:
    """Return the files of a folder of CSV files by name, rows as they stand in the network."""
    files = {META_FILE: meta_text(net.meta)}
    for name in row_tables():
        table = net.tables.get(name)
        # An empty list of nodes would say that every other node is unknown.
        if table is None or (name == "nodes" and not len(table)):
            continue
        if table.columns or name == "supplies":
            files[f"{name}.csv"] = table_csv(table)
    return files


def in_order(net: SupplyNetwork) -> SupplyNetwork:
    """Return the network with the rows of each table sorted, so that same data are same bytes."""
    tables = {name: _sorted_rows(table) for name, table in net.tables.items()}
    return SupplyNetwork(tables, net.meta, source=net.source)


def _sorted_rows(table: Table) -> Table:
    # Keys first: the fields that a table must have stand at its beginning.
    keys = [field.name for field in TABLES[table.name].required]
    names = [*keys, *(name for name in table.columns if name not in keys)]
    cells = list(
        zip(*([_cell(value) for value in table.column(name)] for name in names), strict=True)
    )
    order = sorted(range(len(table)), key=cells.__getitem__)
    columns = {name: [values[row] for row in order] for name, values in table.columns.items()}
    return replace(table, columns=columns, lines=None)


def _save_file(net: SupplyNetwork, target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        message = f"{target}: the file exists. Choose another name, or give --force (force=True)."
        raise OutputError(message)
    if target.suffix.lower() == ".xlsx":
        from supplynet.io.xlsx import workbook_bytes

        try:
            data = workbook_bytes(net)
        except OutputError as error:
            raise OutputError(f"{target}: {error}") from error
        write_bytes(target, data)
    else:
        from supplynet.io.jsonform import json_text

        write_text(target, json_text(net))


def network_files(folder: Path) -> list[Path]:
    """Return the files of a folder that are, or would become, part of a network."""
    if not folder.is_dir():
        return []
    return sorted(
        item
        for item in folder.iterdir()
        if item.name == META_FILE
        or (item.suffix.lower() in (".csv", ".tsv") and fold(item.stem) in row_tables())
    )


def table_csv(table: Table) -> str:
    """Return a table as CSV text: columns in order of the schema, extra ones after them."""
    schema = TABLES[table.name]
    columns = dict(table.columns) or {field.name: [] for field in schema.required}
    lines = [csv_line([csv_cell(name) for name in columns])]
    cells = [[_cell(value) for value in values] for values in columns.values()]
    lines += [csv_line(row) for row in zip(*cells, strict=True)]
    return "".join(lines)


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return csv_cell(";".join(value))
    return csv_cell(value)


def csv_line(cells: Sequence[str]) -> str:
    """Return one line of CSV, quoted where a reader could split or trim a cell."""
    return ",".join(_quoted(cell) for cell in cells) + "\n"


def _quoted(cell: str) -> str:
    if not cell:
        return cell
    if cell[0].isspace() or cell[-1].isspace() or not _QUOTED.isdisjoint(cell):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell
