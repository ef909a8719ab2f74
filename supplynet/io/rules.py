"""Rules between rows and tables. Each adds findings; none changes the data."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any

from supplynet.io.convert import Findings, nearest
from supplynet.model import Meta, Table, number_text
from supplynet.schema import TABLES, country_codes
from supplynet.text import plural

__all__ = ["RuleSet", "check_rules"]

#: Estimates of one figure, low to high, by table.
_BANDS = {
    "nodes": (
        ("capacity_low", "capacity", "capacity_high"),
        ("inventory_low", "inventory_days", "inventory_high"),
    ),
    "supplies": (("share_low", "share", "share_high"),),
    "holdings": (("share_low", "share", "share_high"),),
    "periods": (("index_low", "restriction_index", "index_high"),),
    "shares": (("low", "share", "high"),),
}
_MAX_COMPARED = 200
#: Nearest names are looked up for so many names of a column: it takes time where there are many.
_MAX_HINTS = 20
_MIN_NEAR = 6
_DATED = ("nodes", "supplies", "needs", "holdings", "periods", "observations")


@dataclass(frozen=True)
class RuleSet:
    """The tables as they were read, and which of them were given.

    Attributes
    ----------
    tables
        The tables that could be read.
    given
        Names of the tables that the user gave, whether they could be read or not.
    meta
        What `network.toml` says.
    meta_where
        Name of that file, for messages.
    """

    tables: Mapping[str, Table]
    given: frozenset[str]
    meta: Meta
    meta_where: str

    def table(self, name: str) -> Table:
        """Return a table, an empty one if it was not given or not readable."""
        return self.tables.get(name) or Table(name=name, columns={}, length=0)

    @cached_property
    def ids(self) -> Mapping[str, Sequence[str]]:
        """Known ids by table, in file order."""
        return {
            name: [value for value in table.column("id") if value is not None]
            for name, table in self.tables.items()
            if "id" in TABLES[name]
        }


def check_rules(rules: RuleSet, findings: Findings) -> None:
    """Add to the findings whatever breaks a rule between rows or tables."""
    _duplicate_ids(rules, findings)
    _look_alikes(rules, findings)
    _references(rules, findings)
    for name, table in rules.tables.items():
        _bands(name, table, findings)
        _periods_end_after_start(table, findings)
    _measure_periods(rules, findings)
    _supply_shares(rules, findings)
    _duplicate_supplies(rules, findings)
    _duplicate_needs(rules, findings)
    _duplicate_shares(rules, findings)
    _near_materials(rules, findings)
    _products(rules, findings)
    _observations(rules, findings)
    _hints(rules, findings)


def _duplicate_ids(rules: RuleSet, findings: Findings) -> None:
    for name, table in rules.tables.items():
        seen: dict[str, int] = {}
        for index, value in enumerate(table.column("id") if "id" in TABLES[name] else ()):
            if value is None:
                continue
            if value in seen:
                what = f"id {value!r} is already used in {_at(table, seen[value])}"
                findings.add(table.where(index), what, "Ids are unique", kind=(name, "same id"))
            else:
                seen[value] = index


def _at(table: Table, index: int) -> str:
    """Return where another row of the same table is."""
    if table.source is not None and table.lines is not None:
        return f"line {table.lines[index]}"
    return table.where(index)


def _look_alike_key(text: str) -> str:
    # A tab or line end that starts an id was put there on purpose; elsewhere it is a blank.
    first = text[:1] if text[:1] in "\t\r\n" else ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return first + "".join(text.casefold().split())


def _look_alikes(rules: RuleSet, findings: Findings) -> None:
    """Ids and materials that differ only in case, blanks or Unicode form are one thing mistyped."""
    for kind, uses in (
        ("node", _uses(rules, "nodes")),
        ("material", _uses(rules, "materials")),
        ("entity", _uses(rules, "entities")),
        ("measure", _uses(rules, "measures")),
        ("reference", _uses(rules, "references")),
    ):
        first: dict[str, tuple[str, str]] = {}
        seen: set[str] = set()
        for text, where in uses:
            if text in seen:
                continue
            seen.add(text)
            key = _look_alike_key(text)
            if key in first:
                other, place = first[key]
                what = (
                    f"{kind} {text!a} and {other!a} ({place}) differ only in case, blanks or "
                    "Unicode form"
                    if not (text.isascii() and other.isascii())
                    else f"{kind} {text!r} and {other!r} ({place}) differ only in case or blanks"
                )
                findings.add(where, what, "Use one spelling", kind=(kind, "look alike"))
            else:
                first[key] = (text, where)


def _uses(rules: RuleSet, refers: str) -> Iterator[tuple[str, str]]:
    """Yield every id of one kind and where it stands, its own table first."""
    if refers in rules.tables and "id" in TABLES[refers]:
        yield from _values(rules.tables[refers], "id")
    for name, table in rules.tables.items():
        for field in TABLES[name]:
            if field.refers == (refers,) and field.name in table.columns:
                yield from _values(table, field.name)


def _values(table: Table, column: str) -> Iterator[tuple[str, str]]:
    for index, value in enumerate(table.column(column)):
        for text in value if isinstance(value, tuple) else (value,):
            if text is not None:
                yield text, table.where(index)


def _references(rules: RuleSet, findings: Findings) -> None:
    for name, table in rules.tables.items():
        for field in TABLES[name]:
            if not field.refers or field.name not in table.columns:
                continue
            known: set[str] | None = set()
            for place in field.refers:
                names = _known_names(rules, place)
                known = None if known is None or names is None else known | names
            if known is None:
                continue
            _unknown(rules, table, field.name, known, findings)
    nodes = _known_names(rules, "nodes")
    for target in rules.meta.targets if nodes is not None else ():
        if nodes is not None and target not in nodes:
            fix = nearest(target, sorted(nodes)) or "Targets are ids of nodes"
            findings.add(rules.meta_where, f"target {target!r} is no node", fix)


def _known_names(rules: RuleSet, place: str) -> set[str] | None:
    """Return the names that a reference may be, ``None`` where all of them may be."""
    if place == "country":
        return set(country_codes())
    if place not in TABLES:
        return {place}
    table = rules.tables.get(place)
    if table is None or (place not in rules.given and not len(table)):
        # Without the table its ids are free text; a broken one cannot be held against the others.
        return None
    return set(rules.ids[place])


def _unknown(
    rules: RuleSet,
    table: Table,
    column: str,
    known: set[str],
    findings: Findings,
) -> None:
    needed = [place for place in TABLES[table.name][column].refers if place in TABLES]
    singular = {
        "nodes": "node",
        "materials": "material",
        "entities": "entity",
        "measures": "measure",
        "references": "reference",
        "supplies": "supply",
    }
    words = " or ".join(singular[place] for place in needed)
    ordered: list[str] | None = None
    hints: dict[str, str] = {}
    for index, value in enumerate(table.column(column)):
        for text in value if isinstance(value, tuple) else (value,):
            if text is None or text in known:
                continue
            if ordered is None:
                ordered = sorted(known)
            pool = ordered

            def fix(text: str = text, pool: list[str] = pool) -> str:
                if text not in hints and len(hints) < _MAX_HINTS:
                    hints[text] = nearest(text, pool)
                place = _file_of(rules, needed[0])
                if needed[0] == "entities" and text in country_codes():
                    return f"Add it to {place}: kind government, country {text}"
                return hints.get(text) or f"Add it to {place}"

            findings.add(
                table.where(index),
                f"{column}: no {words} {text!r}",
                fix,
                "warning" if needed == ["materials"] else "error",
                kind=(table.name, column, "unknown name"),
            )


def _file_of(rules: RuleSet, name: str) -> str:
    return rules.table(name).source or f"{name}.csv"


def _bands(name: str, table: Table, findings: Findings) -> None:
    for names in _BANDS.get(name, ()):
        columns = [table.column(column) for column in names]
        for index, values in enumerate(zip(*columns, strict=True)):
            present = [
                (column, value)
                for column, value in zip(names, values, strict=True)
                if value is not None
            ]
            for (low_name, low), (high_name, high) in pairwise(present):
                if low > high:
                    what = (
                        f"{low_name} is {number_text(low)}, above {high_name} {number_text(high)}"
                    )
                    findings.add(table.where(index), what, "Check both", kind=(name, "band"))


def _periods_end_after_start(table: Table, findings: Findings) -> None:
    starts = table.column("start")
    for index, end in enumerate(table.column("end")):
        start = starts[index]
        if end is not None and start is not None and end <= start:
            what = f"end {end} is not after start {start}"
            fix = "A period runs up to, and not including, its end"
            findings.add(table.where(index), what, fix, kind=(table.name, "period"))


def _first(value: date | None) -> date:
    return value or date.min


def _last(value: date | None) -> date:
    return value or date.max


def _overlapping(table: Table, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield a row and the earlier one whose period it overlaps, rows in order of their start."""
    starts, ends = table.column("start"), table.column("end")
    ordered = sorted(rows, key=lambda index: (_first(starts[index]), index))
    widest = ordered[0]
    for index in ordered[1:]:
        if _first(starts[index]) < _last(ends[widest]):
            yield index, widest
        if _last(ends[index]) > _last(ends[widest]):
            widest = index


def _grouped(table: Table, *names: str) -> dict[tuple[Any, ...], list[int]]:
    """Return rows by the values of some columns."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, key in enumerate(zip(*(table.column(name) for name in names), strict=True)):
        groups[key].append(index)
    return groups


def _measure_periods(rules: RuleSet, findings: Findings) -> None:
    table = rules.table("periods")
    for (measure,), rows in _grouped(table, "measure").items():
        if measure is None:
            continue
        for index, other in _overlapping(table, rows):
            what = f"overlaps the period of {measure!r} in {_at(table, other)}"
            fix = "A measure has one status at a time: end one where the other starts"
            findings.add(table.where(index), what, fix, kind=("periods", "overlap"))


def _supply_shares(rules: RuleSet, findings: Findings) -> None:
    """Shares of one material at one consumer are parts of one whole, on every date."""
    table = rules.table("supplies")
    if "share" not in table.columns:
        return
    shares, status = table.column("share"), table.column("status")
    qualified = table.column("qualified")
    starts, ends = table.column("start"), table.column("end")
    for (consumer, material), rows in _grouped(table, "consumer", "material").items():
        changes: list[tuple[date, int, Decimal, int]] = []
        for index in rows:
            share = shares[index]
            live = status[index] == "operating" or (
                status[index] == "planned" and starts[index] is not None
            )
            if share is None or not live or qualified[index] == "no":
                continue
            changes.append((_first(starts[index]), 1, share, index))
            if ends[index] is not None:
                changes.append((ends[index], 0, -share, index))
        total = Decimal(0)
        open_rows: set[int] = set()
        # Ends come before starts of the same day: a period does not include its end.
        for day, begins, share, index in sorted(changes):
            total += share
            if not begins:
                open_rows.discard(index)
                continue
            open_rows.add(index)
            if total > 1:
                since = "" if day == date.min else f" from {day}"
                places = ", ".join(_at(table, row) for row in sorted(open_rows)[:10])
                item = f"{material!r} at {consumer!r}" if material else f"{consumer!r}"
                what = f"shares of {item} sum to {number_text(total)}{since} ({places})"
                fix = "Together they are at most 1; end the rows that were replaced"
                findings.add(table.where(index), what, fix, kind=("supplies", "shares"))
                break


def _duplicate_supplies(rules: RuleSet, findings: Findings) -> None:
    table = rules.table("supplies")
    ids = table.column("id")
    for key, rows in _grouped(table, "supplier", "consumer", "material").items():
        if len(rows) < 2 or key[0] is None or key[1] is None:
            continue
        base = f"{key[0]}>{key[1]}:{key[2] or ''}"
        for index, other in _overlapping(table, rows):
            # Two rows with ids of their own are meant to be two.
            if all(str(ids[row]).split("#")[0] == base for row in (index, other)):
                what = (
                    f"duplicate supply: {_at(table, other)} has the same supplier, consumer "
                    "and material at the same time; they are not summed"
                )
                fix = "Delete one, or give each an id if they are two contracts"
                findings.add(table.where(index), what, fix, "warning", kind=("supplies", "same"))


def _duplicate_needs(rules: RuleSet, findings: Findings) -> None:
    table = rules.table("needs")
    for key, rows in _grouped(table, "consumer", "material", "product").items():
        if len(rows) < 2 or key[0] is None or key[1] is None:
            continue
        for index, other in _overlapping(table, rows):
            what = f"duplicate need: {_at(table, other)} has the same consumer and material"
            findings.add(table.where(index), what, "Delete one", "warning", kind=("needs", "same"))


def _duplicate_shares(rules: RuleSet, findings: Findings) -> None:
    """One edition of a source has one share of a country; two would be counted twice."""
    table = rules.table("shares")
    names = ("material", "stage", "country", "year", "edition")
    for key, rows in _grouped(table, *names).items():
        if None in key[:4]:
            continue
        for index in rows[1:]:
            what = f"duplicate share: {_at(table, rows[0])} has the same material, stage, country, "
            what += "year and edition"
            fix = "Delete one, or tell the editions apart"
            findings.add(table.where(index), what, fix, "warning", kind=("shares", "same"))


def _near_materials(rules: RuleSet, findings: Findings) -> None:
    """Two nearly equal materials at one consumer may be one, and would then be two needs."""
    declared = set(rules.ids.get("materials", ()))
    at: dict[str, dict[str, str]] = defaultdict(dict)
    for name in ("needs", "supplies"):
        table = rules.table(name)
        pairs = zip(table.column("consumer"), table.column("material"), strict=True)
        for index, (consumer, material) in enumerate(pairs):
            if consumer is not None and material is not None:
                at[consumer].setdefault(material, table.where(index))
    for consumer, places in at.items():
        names = sorted(places)
        if len(names) < 2 or len(names) > _MAX_COMPARED or declared.issuperset(names):
            continue
        for position, first in enumerate(names):
            for second in names[position + 1 :]:
                if first in declared and second in declared:
                    continue
                if _look_alike_key(first) != _look_alike_key(second) and _near(first, second):
                    what = f"{consumer!r} takes {first!r} ({places[first]}) and {second!r}"
                    fix = "Two needs, or one material spelt twice?"
                    kind = ("supplies", "near materials")
                    findings.add(places[second], what, fix, "warning", kind=kind)


def _near(first: str, second: str) -> bool:
    a, b = (re.sub(r"[\W_]", "", text.casefold()) for text in (first, second))
    if a == b or a.rstrip("s") == b.rstrip("s"):
        return True
    if min(len(a), len(b)) < _MIN_NEAR or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    # A different beginning is another element ("dy_metal", "y_metal"), not a slip.
    if start < 2:
        return False
    rest_a, rest_b = a[start:], b[start:]
    # Grades are told apart by digits: "n42" and "n48" are no slip of the pen.
    if any(character.isdigit() for character in rest_a[:1] + rest_b[:1]):
        return False
    one_other = len(a) == len(b) and rest_a[1:] == rest_b[1:]
    one_more = rest_a[1:] == rest_b or rest_b[1:] == rest_a
    swapped = rest_a[:2] == rest_b[:2][::-1] and rest_a[2:] == rest_b[2:]
    return one_other or one_more or swapped


def _made(rules: RuleSet) -> Mapping[str, set[str]]:
    """Return what each node makes: what it says, else what it supplies."""
    nodes, supplies = rules.table("nodes"), rules.table("supplies")
    made: dict[str, set[str]] = defaultdict(set)
    for supplier, material in zip(
        supplies.column("supplier"), supplies.column("material"), strict=True
    ):
        if material is not None:
            made[supplier].add(material)
    for node, makes in zip(nodes.column("id"), nodes.column("makes"), strict=True):
        if makes:
            made[node] = set(makes)
    return made


def _products(rules: RuleSet, findings: Findings) -> None:
    needs, nodes, supplies = rules.table("needs"), rules.table("nodes"), rules.table("supplies")
    made = _made(rules)
    known = set(rules.ids.get("nodes", ()))
    for index, (consumer, product) in enumerate(
        zip(needs.column("consumer"), needs.column("product"), strict=True)
    ):
        if product is None or consumer not in known:
            continue
        own = made.get(consumer, set())
        if product not in own:
            what = f"product {product!r} is not made by {consumer!r}"
            listed = ", ".join(sorted(own)[:10])
            fix = nearest(product, sorted(own)) or (
                f"It makes {listed}" if listed else "Say in nodes.makes what it makes"
            )
            findings.add(needs.where(index), what, fix, kind=("needs", "product"))
    says = {
        node: makes
        for node, makes in zip(nodes.column("id"), nodes.column("makes"), strict=True)
        if makes
    }
    for index, (supplier, material) in enumerate(
        zip(supplies.column("supplier"), supplies.column("material"), strict=True)
    ):
        if material is not None and supplier in says and material not in says[supplier]:
            what = f"{supplier!r} supplies {material!r}, which its `makes` does not list"
            fix = nearest(material, sorted(says[supplier])) or "Add it to makes, or check the row"
            kind = ("supplies", "not made")
            findings.add(supplies.where(index), what, fix, "warning", kind=kind)


def _observations(rules: RuleSet, findings: Findings) -> None:
    table = rules.table("observations")
    names = ("supply", "supplier", "consumer")
    for index, (supply, supplier, consumer) in enumerate(
        zip(*(table.column(name) for name in names), strict=True)
    ):
        if supply is None and (supplier is None or consumer is None):
            what = "says neither which supply nor which supplier and consumer"
            findings.add(
                table.where(index), what, "Fill in supply", kind=("observations", "supply")
            )


def _hints(rules: RuleSet, findings: Findings) -> None:
    """Add what is allowed but probably not meant."""
    nodes, supplies, needs = (rules.table(name) for name in ("nodes", "supplies", "needs"))
    if "supplies" in rules.tables and "supplies" in rules.given and not len(supplies):
        what = "no rows: it is not recorded who supplies whom"
        findings.add(_file_of(rules, "supplies"), what, "Write a row per supply", "warning")
    needing = set(supplies.column("consumer")) | set(needs.column("consumer"))
    for index, (node, upstream, status, start) in enumerate(
        zip(*(nodes.column(name) for name in ("id", "upstream", "status", "start")), strict=True)
    ):
        if upstream == "none" and node in needing:
            what = f"node {node!r} has upstream none, but needs are on record"
            findings.add(nodes.where(index), what, "Write recorded or unknown", "warning")
        if status == "planned" and start is None:
            what = f"node {node!r} is planned without a start, so it never runs"
            kind = ("nodes", "planned")
            findings.add(nodes.where(index), what, "Give a start if it has one", "note", kind=kind)
    for index, (supplier, consumer) in enumerate(
        zip(supplies.column("supplier"), supplies.column("consumer"), strict=True)
    ):
        if supplier is not None and supplier == consumer:
            what = f"{supplier!r} supplies itself"
            fix = "A loop that feeds only itself does not run"
            kind = ("supplies", "itself")
            findings.add(supplies.where(index), what, fix, "warning", kind=kind)
    if rules.meta.as_of is None:
        dated = sum(
            1
            for name in _DATED
            for start, end in zip(
                rules.table(name).column("start"), rules.table(name).column("end"), strict=True
            )
            if start is not None or end is not None
        )
        if dated:
            what = f"{plural(dated, 'row')} with dates, and no as_of"
            fix = "Add as_of to network.toml, or give the date with each question"
            findings.add(rules.meta_where, what, fix, "note")
