"""Networks into arrays: straight from files, or from the tables of a network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import Any

from supplynet.arrays.compiler import NOT_UNITS, Compiler, text_of
from supplynet.arrays.network import NetworkArrays
from supplynet.io.bulk import CodedNetwork, read_coded
from supplynet.io.coded import Coded, coded
from supplynet.model import SupplyNetwork, resolve_date
from supplynet.schema import TABLES

__all__ = ["arrays_of_network", "load_arrays"]

#: Columns of supplies that the compiler reads, besides their ends.
_OF_SUPPLIES = frozenset({"material", "share", "qualified", "status", "confidence", "start", "end"})


def load_arrays(path: str | os.PathLike[str], *, on: date | str | None = None) -> NetworkArrays:
    r"""Return a large network as arrays, straight from its files.

    Parameters
    ----------
    path
        A folder of CSV or parquet files (`supplies.csv` or `supplies.parquet`, and so on), or a
        single file of supplies; or whatever else `load` reads.
    on
        Date (ISO text or a date); ``None``: that of the data.

    Returns
    -------
    NetworkArrays
        The same needs, gaps and units as those of the network that `load` returns.

    Raises
    ------
    ValidationError
        If anything is wrong; all findings come at once, as from `load`.
    QuestionError
        Rows are dated and no date is known.

    Notes
    -----
    As strict as `load`: every distinct cell is read by the same rules, and whatever is in doubt
    is read again by `load` itself, which takes its time. Warnings and notes are not kept; `check`
    tells them.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "supplies.csv"
    >>> _ = file.write_text("supplier,consumer,material\nmine,smelter,ore\n")
    >>> arrays = load_arrays(file)
    >>> list(arrays.nodes), arrays.source.tolist()
    (['mine', 'smelter'], [0])
    """
    found = read_coded(path)
    if isinstance(found, SupplyNetwork):
        return arrays_of_network(found, resolve_date(found, on))
    stand_in = SupplyNetwork(found.dated, found.meta)
    return Compiler(found, resolve_date(stand_in, on)).compile()


def arrays_of_network(
    net: SupplyNetwork, on: date | None, *, by_name: bool = False
) -> NetworkArrays:
    """Return a network on a date as arrays. Linear in rows; nothing is made per need.

    Parameters
    ----------
    net
        The network.
    on
        The date, resolved.
    by_name
        Needs of a node in the order of their names, and supplies of a need in that of their ids,
        instead of the order in which the tables name them.
    """
    import numpy as np

    nodes, supplies = net.table("nodes"), net.table("supplies")
    ids = nodes.column("id")
    index = {name: i for i, name in enumerate(ids)}
    columns = {}
    for end in ("supplier", "consumer"):
        places = map(index.__getitem__, supplies.column(end))
        columns[end] = Coded(np.fromiter(places, np.int32, len(supplies)), ids)
    for name in _OF_SUPPLIES & supplies.columns.keys():
        columns[name] = coded(supplies.columns[name])
    network = CodedNetwork(
        ids=ids,
        nodes={
            name: coded(_as_written(name, column))
            for name, column in nodes.columns.items()
            if name == "makes" or name not in NOT_UNITS
        },
        supplies=columns,
        rows=len(supplies),
        needs=net.table("needs"),
        materials=net.table("materials"),
        meta=net.meta,
        dated={},
        supply_ids=supplies.column("id"),
        numbered={},
    )
    return Compiler(network, on, by_name=by_name).compile()


def _as_written(name: str, column: Sequence[Any]) -> Sequence[Any]:
    """Return numbers as their texts: 1.0 and 1.00 are one number, and two units."""
    schema = TABLES["nodes"]
    if name in schema and schema[name].is_number:
        return [text_of(value) for value in column]
    return column
