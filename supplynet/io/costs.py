"""What it costs to take out each unit, read from a CSV file of two columns."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from supplynet.errors import Finding, ValidationError
from supplynet.io.csvtext import read_csv

__all__ = ["read_costs"]

_COLUMNS = ("unit", "cost")


def read_costs(path: str | Path, *, encoding: str = "utf-8") -> dict[str, Decimal]:
    """Return the cost of each unit in a CSV file with the columns ``unit`` and ``cost``.

    Raises
    ------
    ValidationError
        The file cannot be read, a column is missing, a unit is blank or there twice, or a cost
        is no number above 0.
    """
    place = Path(path)
    try:
        data = place.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise ValidationError([Finding(place.name, what, "Give a CSV file")]) from None
    table, findings = read_csv(
        data,
        place.name,
        encoding=encoding,
        score=lambda heads: len(set(_COLUMNS).intersection(heads)),
    )
    if table is None:
        raise ValidationError(findings)
    missing = [name for name in _COLUMNS if name not in table.header]
    if missing:
        what = f"no column {missing[0]!r}"
        raise ValidationError(
            [Finding(f"{place.name}:1", what, "Name two columns 'unit' and 'cost'")]
        )
    units, costs = (table.columns[table.header.index(name)] for name in _COLUMNS)
    found: dict[str, Decimal] = {}
    wrong = []
    for unit, text, line in zip(units, costs, table.lines, strict=True):
        where = f"{place.name}:{line}"
        cost = _number(text)
        if not unit.strip():
            wrong.append(Finding(where, "the unit is blank", "Fill it in, or delete the row"))
        elif unit.strip() in found:
            wrong.append(Finding(where, f"{unit.strip()} is there twice", "Keep one row"))
        elif cost is None:
            what = f"the cost of {unit.strip()} is {text.strip()!r}"
            wrong.append(Finding(where, what, "Give a number above 0, with a decimal point"))
        else:
            found[unit.strip()] = cost
    if wrong:
        raise ValidationError(wrong)
    return found


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None
