"""Rules between rows and tables. Each adds findings; none changes the data."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import combinations, pairwise
from typing import Any

from supplynet.io.convert import Findings, nearest
from supplynet.model import Meta, Table, number_text
from supplynet.schema import TABLES, country_codes
from supplynet.text import plural

__all__ = ["BANDS", "RuleSet", "check_errors", "check_rules"]

#: Estimates of one figure, low to high, by table.
BANDS = {
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
#: Pairs of materials that are compared before it is looked at who takes them.
_MAX_PAIRS = 1_000_000
#: Nearest names are looked up for so many names of a column: it takes time where there are many.
_MAX_HINTS = 20
_MIN_NEAR = 6
#: Below this, shares cannot exceed 1 however a sum of very long decimals was rounded.
_NEARLY_WHOLE = Decimal("0.999999")
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
        table = self.tables.get(name)
        return Table(name=name, columns={}, length=0) if table is None else table

    @cached_property
    def _texts(self) -> dict[tuple[str, str], _Texts]:
        return {}

    def texts(self, name: str, column: str) -> _Texts:
        """Return the distinct texts of a column; worked out once, for several rules ask."""
        if (name, column) not in self._texts:
            self._texts[name, column] = _Texts(self.table(name), column)
        return self._texts[name, column]

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
    check_errors(rules, findings)
    _duplicate_supplies(rules, findings)
    _duplicate_needs(rules, findings)
    _duplicate_shares(rules, findings)
    _near_materials(rules, findings)
    _hints(rules, findings)


def check_errors(rules: RuleSet, findings: Findings) -> None:
    """Add what breaks a rule whose breach refuses the network; some rules warn as well."""
    _duplicate_ids(rules, findings)
    _look_alikes(rules, findings)
    _references(rules, findings)
    for name, table in rules.tables.items():
        _bands(name, table, findings)
        _periods_end_after_start(table, findings)
    _measure_periods(rules, findings)
    _supply_shares(rules, findings)
    _products(rules, findings)
    _observations(rules, findings)


def _duplicate_ids(rules: RuleSet, findings: Findings) -> None:
    for name, ids in rules.ids.items():
        if len(set(ids)) == len(ids):
            continue
        table = rules.tables[name]
        seen: dict[str, int] = {}
        for index, value in enumerate(table.column("id")):
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
    if text.isascii() and text.isidentifier():
        # Most ids: no blanks, and folded in one step.
        return text.lower()
    # A tab or line end that starts an id was put there on purpose; elsewhere it is a blank.
    first = text[:1] if text[:1] in "\t\r\n" else ""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return first + "".join(text.casefold().split())


def _plainly_apart(texts: Set[str]) -> bool:
    """Return whether no two texts look alike, where that shows at once: ASCII without blanks."""
    # No text holds a NUL.
    together = "\0".join(texts)
    if not together.isascii() or together.split(maxsplit=1) != [together]:
        return False
    return len(set(together.lower().split("\0"))) == len(texts)


def _look_alikes(rules: RuleSet, findings: Findings) -> None:
    """Ids and materials that differ only in case, blanks or Unicode form are one thing mistyped."""
    for kind, uses in (
        ("node", _uses(rules, "nodes")),
        ("material", _uses(rules, "materials")),
        ("entity", _uses(rules, "entities")),
        ("measure", _uses(rules, "measures")),
        ("reference", _uses(rules, "references")),
    ):
        columns = list(uses)
        if _plainly_apart({text for texts in columns for text in texts.distinct}):
            continue
        first: dict[str, tuple[str, _Texts]] = {}
        seen: set[str] = set()
        for texts in columns:
            fresh = [text for text in texts.distinct if text not in seen]
            seen.update(fresh)
            for text in fresh:
                other, others = first.setdefault(_look_alike_key(text), (text, texts))
                if other == text:
                    continue
                place = others.where(other)
                what = (
                    f"{kind} {text!a} and {other!a} ({place}) differ only in case, blanks or "
                    "Unicode form"
                    if not (text.isascii() and other.isascii())
                    else f"{kind} {text!r} and {other!r} ({place}) differ only in case or blanks"
                )
                where = texts.where(text)
                findings.add(where, what, "Use one spelling", kind=(kind, "look alike"))


class _Texts:
    """The distinct texts of a column, and where each stands first."""

    def __init__(self, table: Table, column: str) -> None:
        self._table = table
        self._values = table.column(column)

    @cached_property
    def distinct(self) -> Sequence[str]:
        """The texts in order of their first mention, items of lists as well."""
        values = dict.fromkeys(self._values)
        values.pop(None, None)
        if set(map(type, values)) <= {str}:
            return list(values)
        found: dict[str, None] = {}
        for value in values:
            found |= dict.fromkeys(value if isinstance(value, tuple) else (value,))
        return list(found)

    @cached_property
    def _first(self) -> Mapping[str, int]:
        first: dict[str, int] = {}
        for index, value in enumerate(self._values):
            for text in value if isinstance(value, tuple) else (value,):
                if text is not None:
                    first.setdefault(text, index)
        return first

    def where(self, text: str) -> str:
        """Return the row of a text."""
        return self._table.where(self._first[text])


def _uses(rules: RuleSet, refers: str) -> Iterator[_Texts]:
    """Yield the columns that hold ids of one kind, its own table first."""
    yield rules.texts(refers, "id")
    for name, table in rules.tables.items():
        for field in TABLES[name]:
            if field.refers == (refers,) and field.name in table.columns:
                yield rules.texts(name, field.name)


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
    for target in rules.meta.targets:
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
    unknown = set(rules.texts(table.name, column).distinct) - known
    if not unknown:
        return
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
    ordered = sorted(known)
    hints: dict[str, str] = {}
    for index, value in enumerate(table.column(column)):
        for text in value if isinstance(value, tuple) else (value,):
            if text not in unknown:
                continue

            def fix(text: str = text) -> str:
                if text not in hints and len(hints) < _MAX_HINTS:
                    hints[text] = nearest(text, ordered)
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
    for names in BANDS.get(name, ()):
        if sum(column in table.columns for column in names) < 2:
            continue
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
    if "start" not in table.columns or "end" not in table.columns:
        return
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


def _keys(table: Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table.column(name) for name in names), strict=True)


def _repeated(table: Table, *names: str) -> dict[tuple[Any, ...], list[int]]:
    """Return the rows that share their values of some columns with another row."""
    seen: set[tuple[Any, ...]] = set()
    again: set[tuple[Any, ...]] = set()
    for key in _keys(table, names):
        (again if key in seen else seen).add(key)
    return _rows_of(table, names, again)


def _rows_of(
    table: Table, names: Sequence[str], wanted: Set[tuple[Any, ...]]
) -> dict[tuple[Any, ...], list[int]]:
    """Return the rows of some values of some columns."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for index, key in enumerate(_keys(table, names) if wanted else ()):
        if key in wanted:
            groups[key].append(index)
    return groups


def _measure_periods(rules: RuleSet, findings: Findings) -> None:
    table = rules.table("periods")
    for (measure,), rows in _repeated(table, "measure").items():
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
    whole = ("consumer", "material")
    totals: dict[tuple[Any, ...], Decimal] = {}
    for share, key in zip(shares, _keys(table, whole), strict=True):
        if share is not None:
            totals[key] = totals.get(key, Decimal(0)) + share
    # Only where all shares together reach 1, whatever their dates, can they exceed it on one.
    much = {key for key, total in totals.items() if total > _NEARLY_WHOLE}
    for (consumer, material), rows in _rows_of(table, whole, much).items():
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
    for key, rows in _repeated(table, "supplier", "consumer", "material").items():
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
    for key, rows in _repeated(table, "consumer", "material", "product").items():
        if key[0] is None or key[1] is None:
            continue
        for index, other in _overlapping(table, rows):
            what = f"duplicate need: {_at(table, other)} has the same consumer and material"
            findings.add(table.where(index), what, "Delete one", "warning", kind=("needs", "same"))


def _duplicate_shares(rules: RuleSet, findings: Findings) -> None:
    """One edition of a source has one share of a country; two would be counted twice."""
    table = rules.table("shares")
    names = ("material", "stage", "country", "year", "edition")
    for key, rows in _repeated(table, *names).items():
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
    given = (rules.table("needs"), rules.table("supplies"))
    names = {name for table in given for name in rules.texts(table.name, "material").distinct}
    likely = _nearly_alike(sorted(names), declared)
    takes: dict[str, set[str]] = defaultdict(set)
    for table in given if likely else ():
        for consumer, material in _keys(table, ("consumer", "material")):
            if material in likely and consumer is not None:
                takes[consumer].add(material)
    several = {consumer for consumer, materials in takes.items() if len(materials) > 1}
    at: dict[str, dict[str, tuple[Table, int]]] = defaultdict(dict)
    for table in given if several else ():
        for index, (consumer, material) in enumerate(_keys(table, ("consumer", "material"))):
            if consumer in several and material is not None:
                at[consumer].setdefault(material, (table, index))
    for consumer, places in at.items():
        if len(places) > _MAX_COMPARED:
            continue
        for first, second in _comparable(sorted(places)):
            if _nearly_one(first, second, declared):
                (table, one), (other_table, other) = places[first], places[second]
                what = f"{consumer!r} takes {first!r} ({table.where(one)}) and {second!r}"
                fix = "Two needs, or one material spelt twice?"
                kind = ("supplies", "near materials")
                findings.add(other_table.where(other), what, fix, "warning", kind=kind)


def _nearly_alike(names: Sequence[str], declared: Set[str]) -> Set[str]:
    """Return the materials that are nearly another one, all where that takes long to find out."""
    groups = _groups(names)
    if sum(len(group) ** 2 for group in groups) > _MAX_PAIRS:
        return set(names)
    pairs = ((names[a], names[b]) for group in groups for a, b in combinations(group, 2))
    return {name for pair in pairs if _nearly_one(*pair, declared) for name in pair}


def _nearly_one(first: str, second: str, declared: Set[str]) -> bool:
    """Whether two materials may be one spelt twice, and nothing says otherwise."""
    if first in declared and second in declared:
        return False
    return _near(first, second) and _look_alike_key(first) != _look_alike_key(second)


def _groups(names: Sequence[str]) -> list[list[int]]:
    """Return the positions of names that :func:`_near` may take for one, in groups.

    They are equal but for an s at the end, or long and of like beginning.
    """
    groups: dict[tuple[bool, str], list[int]] = defaultdict(list)
    for position, name in enumerate(names):
        text = _plain(name)
        groups[True, text.rstrip("s")].append(position)
        if len(text) >= _MIN_NEAR:
            groups[False, text[:2]].append(position)
    return [group for group in groups.values() if len(group) > 1]


def _comparable(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of names worth a closer look, in order."""
    pairs = {pair for group in _groups(names) for pair in combinations(group, 2)}
    return [(names[first], names[second]) for first, second in sorted(pairs)]


@lru_cache(maxsize=65_536)
def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


@lru_cache(maxsize=65_536)
def _near(first: str, second: str) -> bool:
    a, b = _plain(first), _plain(second)
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
    made = _made(rules) if "product" in needs.columns else {}
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
        _keys(supplies, ("supplier", "material")) if says else ()
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
    nodes, supplies = rules.table("nodes"), rules.table("supplies")
    if "supplies" in rules.tables and not len(supplies):
        # One table alone is fine to look at; it must not look like a network without needs.
        given = "supplies" in rules.given
        place = (
            "supplies" if given else next(iter(sorted(rules.given & set(rules.tables))), "nodes")
        )
        what = "no supplies: it is not recorded who supplies whom"
        fix = "Write a row per supply" if given else "Put it in a folder with supplies.csv"
        findings.add(_file_of(rules, place), what, fix, "warning")
    needing: set[str] = set()
    if "upstream" in nodes.columns:
        needing.update(rules.texts("supplies", "consumer").distinct)
        needing.update(rules.texts("needs", "consumer").distinct)
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
