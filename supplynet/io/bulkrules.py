"""What the rules of `load` look at of large tables, and the rules that columns answer at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from supplynet.io.coded import Coded, Doubt, share_totals
from supplynet.io.rules import BANDS
from supplynet.model import Table
from supplynet.schema import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_columns", "nodes_to_check", "repeated", "supplies_to_check"]

#: Bits of an integer in which supplier, consumer and material of a supply must fit.
_KEY_BITS = 62


def check_columns(supplies: Mapping[str, Coded]) -> None:
    """Make sure that periods end after they start, and that low estimates are not above high.

    Raises
    ------
    Doubt
        In some row they do not.
    """
    _check_periods(supplies)
    _check_bands(supplies)


def _expanded(column: Coded) -> list[Any]:
    values = [*column.values, None]
    return [values[i] for i in column.code.tolist()]


def nodes_to_check(
    ids: Sequence[str], nodes: Mapping[str, Coded], references: Sequence[str]
) -> Table:
    """Return what the rules look at of the nodes: real rows, but references on any."""
    schema = TABLES["nodes"]
    wanted = {"operator", "makes", "start", "end"}
    for band in BANDS["nodes"]:
        wanted |= set(band) if len(set(band) & nodes.keys()) > 1 else set()
    columns: dict[str, Sequence[Any]] = {"id": ids}
    for name in wanted & nodes.keys():
        columns[name] = _expanded(nodes[name])
    if references:
        columns["references"] = [tuple(references), *[()] * (len(ids) - 1)]
    columns = {
        name: [() if value is None else value for value in column]
        if name in schema.list_fields
        else column
        for name, column in columns.items()
    }
    return Table("nodes", columns, len(ids), list_fields=schema.list_fields)


def supplies_to_check(
    supplies: Mapping[str, Coded],
    ids: Sequence[str],
    references: Sequence[str],
    needs: Table | None,
) -> Table:
    """Return what the rules look at of the supplies: every name once, and the rows in doubt.

    The ends are nodes, which is known by now. Rows of their own hold the names, so that no rule
    between columns takes two of them for a row.
    """
    rows: list[dict[str, Any]] = []
    if "material" in supplies:
        rows += [{"material": name} for name in supplies["material"].values]
    if references:
        rows.append({"references": tuple(references)})
    rows += _rows_of_products(supplies, ids, needs)
    rows += _rows_above_one(supplies, ids)
    names = dict.fromkeys(name for row in rows for name in row)
    schema = TABLES["supplies"]
    columns = {
        name: [row.get(name, () if name in schema.list_fields else None) for row in rows]
        for name in names
    }
    return Table("supplies", columns, len(rows), list_fields=schema.list_fields)


def _rows_of_products(
    supplies: Mapping[str, Coded], ids: Sequence[str], needs: Table | None
) -> list[dict[str, Any]]:
    """Return what the nodes supply that have needs of single products."""
    import numpy as np

    if needs is None or "material" not in supplies:
        return []
    consumers = {
        consumer
        for consumer, product in zip(needs.column("consumer"), needs.column("product"), strict=True)
        if product is not None
    }
    if not consumers:
        return []
    wanted = np.array([name in consumers for name in ids], dtype=bool)
    supplier, material = supplies["supplier"].code, supplies["material"]
    some = wanted[supplier] & (material.code >= 0)
    pairs = np.unique(np.stack([supplier[some], material.code[some]], axis=1), axis=0)
    return [{"supplier": ids[s], "material": material.values[m]} for s, m in pairs.tolist()]


def _rows_above_one(supplies: Mapping[str, Coded], ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows whose shares of one material at one consumer sum to more than 1."""
    import numpy as np

    share = supplies.get("share")
    if share is None:
        return []
    consumer, material = supplies["consumer"].code, supplies.get("material")
    key = consumer.astype(np.int64)
    if material is not None:
        key = key * (len(material.values) + 1) + material.code
    given = np.flatnonzero(share.code >= 0)
    keys, group = np.unique(key[given], return_inverse=True)
    above = share_totals(group, len(keys), Coded(share.code[given], share.values)) > 0
    rows = given[above[group]].tolist()
    names = ("share", "material", "status", "qualified", "start", "end")
    part = {name: [*supplies[name].values, None] for name in names if name in supplies}
    return [
        {"consumer": ids[consumer[row]]}
        | {name: values[supplies[name].code[row]] for name, values in part.items()}
        for row in rows
    ]


def _check_periods(supplies: Mapping[str, Coded]) -> None:
    import numpy as np

    if "start" not in supplies or "end" not in supplies:
        return
    start, end = supplies["start"], supplies["end"]
    first = np.array([*(day.toordinal() for day in start.values), -1], dtype=np.int64)
    last = np.array([*(day.toordinal() for day in end.values), 10**9], dtype=np.int64)
    if (last[end.code] <= first[start.code]).any():
        raise Doubt


def _check_bands(supplies: Mapping[str, Coded]) -> None:
    """Make sure that low, middle and high estimates stand in this order."""
    import numpy as np

    for band in BANDS["supplies"]:
        names = [name for name in band if name in supplies]
        if len(names) < 2:
            continue
        # Ranks in place of numbers: exact, whatever their digits.
        numbers = sorted({value for name in names for value in supplies[name].values})
        rank = {value: i for i, value in enumerate(numbers)}
        most = np.full(len(supplies[names[0]].code), -1, dtype=np.int64)
        for name in names:
            column = supplies[name]
            ranks = np.array([*(rank[value] for value in column.values), -1], dtype=np.int64)
            here = ranks[column.code]
            if ((here >= 0) & (here < most)).any():
                raise Doubt
            most = np.maximum(most, here)


def repeated(supplies: Mapping[str, Coded], nodes: int) -> NDArray[Any]:
    """Return the rows whose supplier, consumer and material stand in another row as well."""
    import numpy as np

    key = supplies["consumer"].code.astype(np.int64)
    size = nodes
    if "material" in supplies:
        size *= len(supplies["material"].values) + 1
        key = key * (size // nodes) + supplies["material"].code + 1
    supplier = supplies["supplier"].code
    if size * nodes >> _KEY_BITS:
        _, key = np.unique(key, return_inverse=True)
    key = key * nodes + supplier
    ordered = np.sort(key)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    return np.flatnonzero(np.isin(key, again)) if len(again) else again
