"""Partial networks from different hands made one; what they disagree on is never chosen silently.

The rows of all hands are first put into common ids (`_Identities`), then paired by what makes two
rows the same (`_KEYS`), then merged field by field. The result is checked like any network.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from supplynet.errors import Finding, Level, QuestionError, UnknownNameError, ValidationError
from supplynet.io.convert import Findings
from supplynet.io.frames import from_frames
from supplynet.io.tables import row_tables
from supplynet.model import SupplyNetwork, number_text
from supplynet.schema import TABLES, FieldSpec, country_codes
from supplynet.text import csv_cell, plural

__all__ = ["Conflict", "Merged", "Renamed", "Statement", "merge"]

#: What makes two rows of a table the same; where a table is not named, its id.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "supplies": ("supplier", "consumer", "material", "start"),
    "needs": ("consumer", "material", "product", "start"),
    "holdings": ("owner", "asset", "kind", "start"),
    "periods": ("measure", "start"),
    "observations": ("measure", "supply", "supplier", "consumer", "material", "start"),
    "shares": ("material", "stage", "country", "year", "edition"),
}
#: Tables whose rows may go by other ids.
_ALIASED = ("nodes", "materials", "entities")
#: Lists of what supports or names a row: two hands add to each other. Other lists are one fact.
_ADDED_UP = frozenset({"references", "aliases"})
#: Figures that mean nothing without another field.
_UNITS: Mapping[str, tuple[str, ...]] = {
    "capacity_unit": ("capacity", "capacity_low", "capacity_high"),
    "unit": ("volume", "quantity"),
}
_GRADES = ("low", "medium", "high")
_LEGAL = frozenset({"ag", "co", "company", "corp", "corporation", "gmbh", "inc", "limited", "llc"})
_LEGAL_TOO = frozenset({"ltd", "plc", "pty", "sa", "sas", "nv", "bv", "kk"})
_NOTE = " | "


@dataclass(frozen=True, slots=True)
class Statement:
    """What one hand says: the value, where it stands, and what supports it."""

    hand: str
    value: str
    where: str
    references: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the statement as JSON values."""
        return {
            "hand": self.hand,
            "value": self.value,
            "where": self.where,
            "references": list(self.references),
        }

    def __str__(self) -> str:
        support = f", after {', '.join(self.references)}" if self.references else ""
        return f"{self.value} ({self.where}{support})"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Hands that disagree on one field of one row.

    Attributes
    ----------
    table, row, field
        Where: `row` is the id of the row, or what identifies it.
    statements
        What each hand says, in the order of the hands.
    taken
        The hand whose value was taken, ``None`` where nobody was preferred.
    """

    table: str
    row: str
    field: str
    statements: tuple[Statement, ...]
    taken: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the conflict as JSON values."""
        return {
            "table": self.table,
            "row": self.row,
            "field": self.field,
            "statements": [statement.to_dict() for statement in self.statements],
            "taken": self.taken,
        }


@dataclass(frozen=True, slots=True, order=True)
class Renamed:
    """An id of one hand that is another in the merged network."""

    table: str
    hand: str
    old: str
    new: str
    why: str

    def to_dict(self) -> dict[str, str]:
        """Return the renaming as JSON values."""
        return {
            "table": self.table,
            "hand": self.hand,
            "old": self.old,
            "new": self.new,
            "why": self.why,
        }


@dataclass(frozen=True, eq=False)
class Merged:
    """What merging brought up, whether it made a network or not.

    Attributes
    ----------
    net
        The merged network, ``None`` where hands disagree and none is preferred, or where the
        merged tables break a rule.
    findings
        Conflicts and broken rules (errors), and what else was done (warnings and notes).
    conflicts
        The conflicts, with every hand's statement.
    renamed
        Ids that are others now.
    hands
        The names of the hands, in order.
    """

    net: SupplyNetwork | None
    findings: tuple[Finding, ...]
    conflicts: tuple[Conflict, ...]
    renamed: tuple[Renamed, ...]
    hands: tuple[str, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stand against a merged network."""
        return tuple(finding for finding in self.findings if finding.level == "error")

    def network(self) -> SupplyNetwork:
        """Return the network, or raise ``ValidationError`` with all errors."""
        if self.net is None:
            raise ValidationError(self.errors)
        return self.net

    def conflicts_csv(self) -> str:
        """Return the conflicts as a CSV file: a line per statement, and whether it was taken."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(["table", "row", "field", "hand", "value", "taken", "where", "references"])
        for conflict in self.conflicts:
            for said in conflict.statements:
                taken = "yes" if said.hand == conflict.taken else "no"
                cells = [conflict.table, conflict.row, conflict.field, said.hand, said.value]
                cells += [taken, said.where, ";".join(said.references)]
                lines.writerow([csv_cell(cell) for cell in cells])
        return text.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "hands": list(self.hands),
            "findings": [finding.to_dict() for finding in self.findings],
            "conflicts": [conflict.to_dict() for conflict in self.conflicts],
            "renamed": [renamed.to_dict() for renamed in self.renamed],
        }

    def __repr__(self) -> str:
        made = repr(self.net) if self.net else "no network"
        return (
            f"<Merged {' + '.join(self.hands)}: {made}; "
            f"{plural(len(self.conflicts), 'conflict')}, {plural(len(self.renamed), 'id')} renamed>"
        )


def merge(
    nets: Sequence[SupplyNetwork],
    *,
    names: Sequence[str] | None = None,
    prefer: str | None = None,
    on: date | str | None = None,
) -> Merged:
    """Return one network made of partial ones, with every disagreement as a finding.

    Parameters
    ----------
    nets
        The networks; their order decides which of two ids or names is kept, and nothing else.
    names
        What to call the hands that they come from; by default the names of the networks.
    prefer
        Name of the hand whose value is taken where hands disagree, or ``first``: that of the
        first of them. ``None``: a disagreement is an error.
    on
        The date that the merged data describe, where the networks do not agree on it.

    Returns
    -------
    Merged
        The network and the findings; `network()` raises where there is none.

    Raises
    ------
    QuestionError
        There is nothing to merge, names are not one each, or `on` is no date.
    UnknownNameError
        No hand is called as `prefer` says.

    Notes
    -----
    Rows of nodes, materials and entities are the same thing by the same id, by the same LEI, or
    where one lists the id or name of the other among its `aliases`. Names that only look alike
    are offered in a note and never merged. A blank takes the value of the other hand; `unknown`
    gives way to what is known, with a note; all else that differs is a conflict. A gap that no
    hand answers stays a gap.

    Examples
    --------
    >>> from supplynet.io import from_frames
    >>> one = from_frames([{"supplier": "mine", "consumer": "mill", "material": "ore"}])
    >>> two = from_frames(
    ...     [{"supplier": "mill", "consumer": "plant", "material": "metal"}],
    ...     [{"id": "mill", "country": "AU"}, {"id": "plant"}],
    ... )
    >>> merged = merge([one, two], names=["mines", "mills"]).network()
    >>> merged.table("nodes").column("id"), merged.node_rows["mill"]["country"]
    (['mine', 'mill', 'plant'], 'AU')
    """
    if not nets:
        raise QuestionError("there is nothing to merge. Give two networks or more")
    hands = _hands(nets, names)
    if prefer is not None and prefer not in (*hands, "first"):
        kind = "network to prefer"
        raise UnknownNameError(kind, prefer, (*hands, "first"))
    if isinstance(on, str):
        try:
            on = date.fromisoformat(on)
        except ValueError as error:
            raise QuestionError(f"{on!r} is no date. Write it as 2026-06-29") from error
    return _Merger(nets, hands, prefer, on).merge()


def _hands(nets: Sequence[SupplyNetwork], names: Sequence[str] | None) -> tuple[str, ...]:
    if names is not None:
        if len(names) != len(nets) or len(set(names)) != len(names) or not all(names):
            raise QuestionError(
                f"{plural(len(nets), 'network')} need as many different names, not {list(names)}"
            )
        return tuple(names)
    found: list[str] = []
    for number, net in enumerate(nets, 1):
        base = name = net.name or f"network_{number}"
        again = 1
        while name in found:
            again += 1
            name = f"{base}_{again}"
        found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of one hand in common ids.

    `old_id` is the id that its hand gives it.
    """

    hand: int
    values: Mapping[str, Any]
    where: str
    old_id: str | None = None

    def get(self, name: str) -> Any:  # noqa: ANN401 - any value of a table
        """Return what the hand says of a field: ``None`` for a blank, and for a default."""
        value = self.values.get(name)
        return None if value == () or isinstance(value, _Default) else value


class _Default(str):
    """A value that stands for a blank cell: it says nothing against another hand."""

    __slots__ = ()


class _Identities:
    """Which ids of different hands are one thing, and the id that it goes by from now on."""

    def __init__(
        self, nets: Sequence[SupplyNetwork], hands: Sequence[str], findings: Findings
    ) -> None:
        self.nets = nets
        self.hands = hands
        self.findings = findings
        #: By table, hand and id: the id from now on.
        self.ids: dict[str, list[dict[str, str]]] = {}
        self.renamed: list[Renamed] = []
        for table in ("nodes", "materials", "entities", "measures"):
            self._table(table)
        self.ids["references"] = self._references()

    def _table(self, table: str) -> None:
        used = [dict.fromkeys(_used(net, table)) for net in self.nets]
        # A class holds the one id that each hand has for it.
        classes: dict[tuple[int, str], dict[int, str]] = {}
        by_id: dict[str, dict[int, str]] = {}
        for hand, ids in enumerate(used):
            for key in ids:
                same = by_id.setdefault(key, {})
                same[hand] = key
                classes[hand, key] = same
        why: dict[tuple[int, str], str] = {}
        if table in _ALIASED:
            for first, second, reason in (*self._by_lei(table), *self._by_alias(table, used)):
                self._join(classes, first, second)
                why.setdefault(second, reason)
                why.setdefault(first, reason)
        self.ids[table] = [
            {key: classes[hand, key][min(classes[hand, key])] for key in ids}
            for hand, ids in enumerate(used)
        ]
        for hand, common in enumerate(self.ids[table]):
            self.renamed += [
                Renamed(table, self.hands[hand], old, new, why.get((hand, old), "same id"))
                for old, new in common.items()
                if old != new
            ]
        if table in _ALIASED:
            self._offer(table)

    def _join(
        self,
        classes: dict[tuple[int, str], dict[int, str]],
        first: tuple[int, str],
        second: tuple[int, str],
    ) -> None:
        one, two = classes[first], classes[second]
        if one is two:
            return
        both = [hand for hand in one if hand in two]
        if both:
            hand = both[0]
            what = (
                f"{first[1]!r} and {second[1]!r} are said to be one, but "
                f"{self.hands[hand]} holds {one[hand]!r} and {two[hand]!r} apart"
            )
            fix = "They are not merged. Make them one row there, or delete the alias or LEI"
            self.findings.add(self.hands[hand], what, fix, "warning")
            return
        one.update(two)
        for hand, key in two.items():
            classes[hand, key] = one

    def _by_lei(self, table: str) -> Iterator[tuple[tuple[int, str], tuple[int, str], str]]:
        found: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for hand, net in enumerate(self.nets):
            by_lei: dict[str, list[str]] = defaultdict(list)
            for row in net.table(table).rows():
                if row.get("lei"):
                    by_lei[_lei(row["lei"])].append(row["id"])
            for lei, ids in by_lei.items():
                if len(ids) == 1:
                    found[lei].append((hand, ids[0]))
                else:
                    what = f"{', '.join(ids)} have one LEI, {lei}: {table} are not matched by it"
                    self.findings.add(self.hands[hand], what, level="note")
        for lei, things in found.items():
            for other in things[1:]:
                yield things[0], other, f"LEI {lei}"

    def _by_alias(
        self, table: str, used: Sequence[Mapping[str, None]]
    ) -> Iterator[tuple[tuple[int, str], tuple[int, str], str]]:
        names: list[dict[str, list[str]]] = []
        for net in self.nets:
            by_name: dict[str, list[str]] = defaultdict(list)
            for row in net.table(table).rows():
                if row.get("name"):
                    by_name[_plain(row["name"])].append(row["id"])
            names.append(by_name)
        for hand, net in enumerate(self.nets):
            for index, row in enumerate(net.table(table).rows()):
                for alias in row.get("aliases") or ():
                    for other, ids in enumerate(used):
                        if other == hand:
                            continue
                        found = [alias] if alias in ids else names[other].get(_plain(alias), [])
                        if len(found) > 1:
                            what = f"alias {alias!r} fits {', '.join(found)} in {self.hands[other]}"
                            where = f"{self.hands[hand]}/{net.table(table).where(index)}"
                            fix = "Nothing is merged by it. List the id that is meant"
                            self.findings.add(where, what, fix, "warning")
                        elif found:
                            reason = f"alias {alias!r} of {row['id']!r} ({self.hands[hand]})"
                            yield (hand, row["id"]), (other, found[0]), reason

    def _offer(self, table: str) -> None:
        """Note names that look alike in different hands; they are never merged by that."""
        first: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for hand, net in enumerate(self.nets):
            for row in net.table(table).rows():
                for text in filter(None, (row["id"], row.get("name"))):
                    key = _bare(text)
                    if key:
                        first[key].setdefault(self.ids[table][hand][row["id"]], (hand, text))
        offered = set()
        for things in first.values():
            ids = sorted(things)
            if len(ids) < 2 or tuple(ids) in offered or len({h for h, _ in things.values()}) < 2:
                continue
            offered.add(tuple(ids))
            shown = " and ".join(f"{things[i][1]!r} ({self.hands[things[i][0]]})" for i in ids[:4])
            what = f"{table}: {shown} look alike and stay apart"
            fix = f"If they are one, list {ids[1]!r} in the aliases of {ids[0]!r}"
            self.findings.add(
                self.hands[things[ids[0]][0]], what, fix, "note", kind=(table, "near")
            )

    def _references(self) -> list[dict[str, str]]:
        """Return the ids of references: one that means two sources is two from now on."""
        known: dict[str, dict[str, Any]] = {}
        found = []
        for hand, net in enumerate(self.nets):
            ids: dict[str, str] = {key: key for key in _used(net, "references")}
            taken: set[str] = set()
            for row in net.table("references").rows():
                said = {
                    name: value
                    for name, value in row.items()
                    if value not in (None, ()) and name not in ("id", "note")
                }
                old = new = row["id"]
                number = 1
                while new in taken or not _compatible(known.get(new, {}), said):
                    number += 1
                    new = f"{old}@{self.hands[hand]}" + (f"_{number}" if number > 2 else "")
                taken.add(new)
                known[new] = {**said, **known.get(new, {})}
                ids[old] = new
                if old != new:
                    why = "the id stands for another source in another network"
                    self.renamed.append(Renamed("references", self.hands[hand], old, new, why))
            found.append(ids)
        return found

    def rename(self, hand: int, refers: Sequence[str], value: str) -> str:
        """Return the id that a reference of one hand leads to from now on."""
        for table in refers:
            ids = self.ids.get(table)
            if ids is not None and value in ids[hand]:
                return ids[hand][value]
        return value


def _used(net: SupplyNetwork, table: str) -> Iterator[str]:
    """Yield every id of a kind: those of its table, then those that only others refer to."""
    yield from net.table(table).column("id")
    other: set[str] = set(country_codes()) | {"unread"}
    for name, rows in net.tables.items():
        for spec in TABLES[name]:
            if not spec.refers or spec.refers[0] != table or spec.name not in rows.columns:
                continue
            for place in spec.refers[1:]:
                if place in TABLES:
                    other |= set(net.table(place).column("id"))
            for value in rows.column(spec.name):
                for text in value if isinstance(value, tuple) else (value,):
                    if text is not None and (len(spec.refers) == 1 or text not in other):
                        yield text


def _lei(text: str) -> str:
    return "".join(text.split()).upper()


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _bare(name: str) -> str:
    words = re.findall(r"[^\W_]+", name.casefold())
    kept = [word for word in words if word not in _LEGAL and word not in _LEGAL_TOO]
    return "".join(kept or words)


def _compatible(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return all(two[name] == value for name, value in one.items() if name in two)


class _Merger:
    def __init__(
        self,
        nets: Sequence[SupplyNetwork],
        hands: tuple[str, ...],
        prefer: str | None,
        on: date | None,
    ) -> None:
        self.nets = nets
        self.hands = hands
        self.prefer = prefer
        self.on = on
        self.findings = Findings()
        self.conflicts: list[Conflict] = []
        self.identities = _Identities(nets, hands, self.findings)
        self.renamed = self.identities.renamed
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.places: dict[str, list[str]] = {}
        #: Per hand: consumer to where it is said to take something; and the suppliers of a need.
        self.takes: list[dict[str, str]] = []
        self.suppliers: list[dict[tuple[str, str | None], dict[str, str]]] = []

    def merge(self) -> Merged:
        rows = {name: self._rows(name) for name in row_tables() if name != "observations"}
        self._record_what_is_taken(rows)
        for name, given in rows.items():
            self._merge_table(name, given)
        # Supplies have their ids now, so what was observed of them can be paired.
        self._merge_table("observations", self._rows("observations"))
        self._keep_old_ids()
        self._add_stubs()
        self._say_what_rules_what(rows)
        network = self._meta()
        return self._checked(network)

    # Rows in common ids

    def _rows(self, name: str) -> list[_Row]:
        """Return the rows of a table of all hands, in common ids, defaults blank again."""
        schema = TABLES[name]
        found = []
        for hand, net in enumerate(self.nets):
            table = net.table(name)
            for index, row in enumerate(table.rows()):
                values = {
                    key: self._common(hand, schema[key], value, row) if key in schema else value
                    for key, value in row.items()
                }
                if name in self.identities.ids and name != "supplies":
                    values["id"] = self.identities.ids[name][hand][row["id"]]
                if name == "supplies":
                    values["id"] = _supply_id(row, values)
                where = f"{self.hands[hand]}/{table.where(index)}"
                found.append(_Row(hand, values, where, row.get("id")))
        return found

    def _common(self, hand: int, spec: FieldSpec, value: Any, row: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Return a value with the ids of all hands; a default is marked as one."""
        if value is None or spec.name == "id":
            return value
        if spec.refers and isinstance(value, tuple):
            renamed = (self.identities.rename(hand, spec.refers, text) for text in value)
            return tuple(dict.fromkeys(renamed))
        if spec.refers:
            return self.identities.rename(hand, spec.refers, value)
        # A default is no statement, except where to contradict it would make the network look
        # safer: then a person decides.
        stated = spec in (TABLES["nodes"]["can_fail"], TABLES["holdings"]["status"])
        if spec.default and not stated and value == spec.default.format(**row):
            return _Default(value)
        return value

    def _record_what_is_taken(self, rows: Mapping[str, Sequence[_Row]]) -> None:
        self.takes = [{} for _ in self.nets]
        self.suppliers = [defaultdict(dict) for _ in self.nets]
        for name in ("supplies", "needs"):
            for row in rows[name]:
                self.takes[row.hand].setdefault(row.values["consumer"], row.where)
        for row in rows["supplies"]:
            need = row.values["consumer"], row.values.get("material")
            self.suppliers[row.hand][need].setdefault(row.values["supplier"], row.where)

    # Pairing

    def _merge_table(self, name: str, rows: Sequence[_Row]) -> None:
        keys = _KEYS.get(name, ("id",))
        groups: dict[tuple[Any, ...], list[_Row]] = defaultdict(list)
        for row in rows:
            groups[tuple(row.get(key) for key in keys)].append(row)
        merged: list[list[_Row]] = []
        for group in groups.values():
            merged += self._paired(name, group)
        ids = self._supply_ids(merged) if name == "supplies" else None
        self.tables[name] = []
        self.places[name] = []
        for place, group in enumerate(merged):
            made = self._merged_row(name, group)
            if ids is not None:
                made["id"] = ids[place]
            self.tables[name].append(made)
            self.places[name].append(" and ".join(dict.fromkeys(one.where for one in group)))

    def _paired(self, name: str, rows: Sequence[_Row]) -> list[list[_Row]]:
        """Pair the rows of one key; where a hand has several, those that are equal."""
        counts: dict[int, int] = defaultdict(int)
        for row in rows:
            counts[row.hand] += 1
        if max(counts.values()) == 1:
            return [list(rows)]
        groups: dict[tuple[str, int], list[_Row]] = defaultdict(list)
        seen: dict[tuple[int, str], int] = defaultdict(int)
        for row in rows:
            content = str(row.values["id"]) if name == "supplies" else _content(row)
            groups[content, seen[row.hand, content]].append(row)
            seen[row.hand, content] += 1
        if any(len(group) < len(counts) for group in groups.values()) and len(counts) > 1:
            what = f"{name}: {_label(name, rows[0])} has several rows that cannot be paired"
            places = " and ".join(row.where for row in rows[1:4])
            fix = f"All are kept; compare with {places}"
            self.findings.add(rows[0].where, what, fix, "warning", kind=(name, "not paired"))
        return list(groups.values())

    def _supply_ids(self, groups: Sequence[Sequence[_Row]]) -> list[str]:
        """Return an id for each merged supply, and remember what each hand called it."""
        found: list[str] = []
        used: set[str] = set()
        common: list[dict[str, str]] = [{} for _ in self.nets]
        for group in groups:
            own = [str(row.get("id")) for row in group if row.get("id") is not None]
            name = own[0] if own else str(group[0].values["id"])
            base = f"{own[0]}@{self.hands[group[0].hand]}" if own else _label("supplies", group[0])
            number = 1
            while name in used:
                number += 1
                name = base if own and number == 2 else f"{base}#{number}"
            used.add(name)
            found.append(name)
            for row in group:
                old = str(row.old_id)
                common[row.hand][old] = name
                if old != name:
                    hand = self.hands[row.hand]
                    self.renamed.append(Renamed("supplies", hand, old, name, "one id a supply"))
        self.identities.ids["supplies"] = common
        return found

    # Fields

    def _merged_row(self, name: str, group: Sequence[_Row]) -> dict[str, Any]:
        if len(group) == 1 and name != "needs":
            # Nobody else speaks of it. (A need depends on the supplies of the others too.)
            values = group[0].values
            return {k: str(v) if isinstance(v, _Default) else v for k, v in values.items()}
        schema = TABLES[name]
        columns = dict.fromkeys(
            [spec.name for spec in schema if any(spec.name in row.values for row in group)]
            + [key for row in group for key in row.values]
        )
        notes: list[str] = []
        made = {key: self._value(name, key, group, notes) for key in columns if key != "note"}
        self._say_whose_unit(name, group)
        said = [row.get("note") for row in group if row.get("note")]
        made["note"] = _joined([*said, *notes])
        return made

    def _say_whose_unit(self, name: str, group: Sequence[_Row]) -> None:
        """Warn of a figure without a unit that takes the unit of another hand."""
        for unit, figures in _UNITS.items():
            giving = [row for row in group if row.get(unit) is not None]
            for figure in figures if giving else ():
                values = {row.get(figure) for row in giving}
                for row in group:
                    value = row.get(figure)
                    if row not in giving and value is not None and value not in values:
                        what = (
                            f"{name}: {_label(name, row)}: {figure} {_text(value)} has no unit here"
                        )
                        fix = f"It takes that of {giving[0].where}: {giving[0].values[unit]}"
                        self.findings.add(row.where, what, fix, "warning", kind=(name, "unit"))

    def _value(self, table: str, key: str, group: Sequence[_Row], notes: list[str]) -> Any:  # noqa: ANN401
        """Return one field of a merged row; what was set aside goes to its notes."""
        said = [row for row in group if row.get(key) is not None]
        if (table, key) == ("nodes", "upstream"):
            return self._upstream(group, said, notes)
        if (table, key) == ("needs", "suppliers"):
            return self._supplier_list(group, said, notes)
        values = _distinct(row.values[key] for row in said)
        if key == "confidence":
            return self._confidence(table, group, values)
        if not values:
            defaults = [row.values[key] for row in group if row.values.get(key)]
            return str(defaults[0]) if defaults else None
        known = [row for row in said if not _is_unknown(row.values[key])]
        if known and len(known) < len(said):
            self._note_unknown(table, key, known[0])
            said, values = known, _distinct(row.values[key] for row in known)
        if key == "lei" and len({_lei(value) for value in values}) == 1:
            values = values[:1]
        if len(values) == 1:
            self._over_default(table, key, group, said[0])
            same = {row.values[key] for row in said}
            return values[0] if len(same) == 1 else _sorted(values[0])
        if key in _ADDED_UP:
            return tuple(sorted({text for value in values for text in value}))
        if key == "name" and table in _ALIASED:
            others = (row for row in said if row.values[key] != values[0])
            notes += [f"named {row.values[key]!r} by {self.hands[row.hand]}" for row in others]
            return values[0]
        return self._conflict(table, key, said, notes)

    def _over_default(self, table: str, key: str, group: Sequence[_Row], row: _Row) -> None:
        """Tell that a blank of one hand takes a value that changes what its row means."""
        default = next((r for r in group if isinstance(r.values.get(key), _Default)), None)
        value = _text(row.values[key])
        if default is not None:
            what = f"{table}: {_label(table, row)}: {key} is {value} here, {default.values[key]} "
            what += f"by default in {default.where}"
            level: Level = "note" if key in ("kind", "instrument") else "warning"
            fix = f"{value} is taken"
            self.findings.add(row.where, what, fix, level, kind=(table, key, "default"))
        blank = next((r for r in group if r.get(key) is None), None)
        if table == "needs" and key in ("group", "end") and blank is not None:
            # A substitute, or an end, takes away a need that the other hand states without it.
            what = f"needs: {_label(table, row)}: {key} is {value} here, blank in {blank.where}"
            fix = f"{value} is taken: the need is weaker than one of the two says"
            self.findings.add(row.where, what, fix, "warning", kind=(table, key, "weaker"))

    def _note_unknown(self, table: str, key: str, row: _Row) -> None:
        value = _text(row.values[key])
        what = f"{table}: {_label(table, row)}: {key} is {value} here, unknown elsewhere"
        self.findings.add(
            row.where, what, f"{value} is taken", "note", kind=(table, key, "unknown")
        )

    def _confidence(self, table: str, group: Sequence[_Row], values: Sequence[str]) -> str | None:
        """Return the lowest grade given; a guessed link that another hand states is no guess."""
        grades = sorted((value for value in values if value in _GRADES), key=_GRADES.index)
        blank = any(row.get("confidence") is None for row in group)
        taken = grades[0] if grades else None if blank or not values else values[0]
        if len(values) > 1 or (values and taken is None):
            listed = ", ".join([*values, "blank"] if blank else values)
            what = f"{table}: {_label(table, group[0])}: confidence differs ({listed})"
            fix = f"{taken or 'blank'} is taken"
            self.findings.add(group[0].where, what, fix, "note", kind=(table, "confidence"))
        return taken

    def _conflict(self, table: str, key: str, said: Sequence[_Row], notes: list[str]) -> Any:  # noqa: ANN401
        statements = [
            (self._statement(row, _text(row.values[key])), row.values[key]) for row in said
        ]
        return self._settled(table, _label(table, said[0]), key, statements, notes)

    def _statement(self, row: _Row, value: str) -> Statement:
        references = tuple(row.get("references") or ())
        return Statement(self.hands[row.hand], value, row.where, references)

    def _settled(
        self,
        table: str,
        label: str,
        key: str,
        said: Sequence[tuple[Statement, Any]],
        notes: list[str],
    ) -> Any:  # noqa: ANN401 - any value of a table
        """Add a conflict; return the value of the hand that is preferred, else the first one."""
        statements = tuple(statement for statement, _ in said)
        taken = self._preferred([statement.hand for statement in statements])
        self._add_conflict(Conflict(table, label, key, statements, taken))
        values = {statement.hand: value for statement, value in reversed(said)}
        if taken is None:
            return said[0][1]
        notes += [f"{s.hand}: {key} {s.value}" for s in statements if s.hand != taken]
        return values[taken]

    def _preferred(self, hands: Sequence[str]) -> str | None:
        if self.prefer == "first":
            return hands[0]
        return self.prefer if self.prefer in hands else None

    def _add_conflict(self, conflict: Conflict) -> None:
        self.conflicts.append(conflict)
        first, *others = conflict.statements
        rest = "; ".join(map(str, others))
        where, value = first.where, f"{first.value}"
        if first.references:
            value += f", after {', '.join(first.references)}"
        what = f"{conflict.table}: {conflict.row}: {conflict.field} is {value}, elsewhere {rest}"
        if conflict.taken is not None:
            fix = f"That of {conflict.taken} is taken"
            self.findings.add(where, what, fix, "warning")
        else:
            fix = f"Correct one, or prefer one ({', '.join(s.hand for s in conflict.statements)})"
            self.findings.add(where, what, fix)

    # Fields with rules of their own

    def _upstream(
        self, group: Sequence[_Row], said: Sequence[_Row], notes: list[str]
    ) -> str | None:
        known = [row for row in said if not _is_unknown(row.values["upstream"])]
        if known and len(known) < len(said):
            self._note_unknown("nodes", "upstream", known[0])
        said = known or said
        node = group[0].values["id"]
        deny = [
            row
            for row in said
            if row.values["upstream"] == "none" and node not in self.takes[row.hand]
        ]
        grant = [row for row in group if node in self.takes[row.hand]]
        if deny and grant:
            statements: list[tuple[Statement, Any]] = []
            for row in sorted((*deny, *grant), key=lambda row: row.hand):
                if row in deny:
                    statements.append((self._statement(row, "none"), "none"))
                    continue
                where = self.takes[row.hand][node]
                statement = Statement(self.hands[row.hand], "recorded", where)
                statements.append((statement, row.values.get("upstream")))
            taken = self._settled("nodes", node, "upstream", statements, notes)
            return None if taken is None else str(taken)
        if len(_distinct(row.values["upstream"] for row in said)) > 1:
            return str(self._conflict("nodes", "upstream", said, notes))
        return said[0].values["upstream"] if said else None

    def _supplier_list(
        self, group: Sequence[_Row], said: Sequence[_Row], notes: list[str]
    ) -> str | None:
        """Return whether the suppliers of a need are all on record, from all hands."""
        need = group[0].values["consumer"], group[0].values["material"]
        looked = [row for row in said if row.values["suppliers"] != "not_modelled"]
        aside = [row for row in said if row not in looked]
        stating = {row.hand for row in group}
        # A hand with a row or suppliers of its own has modelled what another left out.
        modelled = len(aside) < len(group) or any(
            need in suppliers
            for hand, suppliers in enumerate(self.suppliers)
            if hand not in stating
        )
        if aside and modelled:
            what = f"needs: {_label('needs', group[0])}: not modelled here, modelled elsewhere"
            where = aside[0].where
            self.findings.add(where, what, "It is evaluated", "note", kind=("needs", "modelled"))
            said = looked
        closed = [row for row in said if row.values["suppliers"] == "complete"]
        for row in closed:
            more = self._further_suppliers(row.hand, need)
            if more:
                return self._list_goes_on(row, group, more, notes)
        if closed and len(closed) < len(said):
            what = f"needs: {_label('needs', group[0])}: the list is complete here, open elsewhere"
            fix = "No hand has a supplier that it lacks, so it is taken as complete"
            self.findings.add(closed[0].where, what, fix, "note", kind=("needs", "complete"))
        chosen = closed or said
        return str(chosen[0].values["suppliers"]) if chosen else None

    def _further_suppliers(self, hand: int, need: tuple[str, str]) -> dict[int, dict[str, str]]:
        """Return the suppliers of a need that other hands have and this one lacks, with where."""
        own = self.suppliers[hand].get(need, {})
        found = {}
        for other, suppliers in enumerate(self.suppliers):
            more = {s: where for s, where in suppliers.get(need, {}).items() if s not in own}
            if more:
                found[other] = more
        return found

    def _list_goes_on(
        self,
        row: _Row,
        group: Sequence[_Row],
        more: Mapping[int, Mapping[str, str]],
        notes: list[str],
    ) -> str | None:
        """Add the conflict of a list that one hand calls complete and others go on with."""
        said: list[tuple[Statement, Any]] = [(self._statement(row, "complete"), "complete")]
        for hand, suppliers in more.items():
            value = next((r.get("suppliers") for r in group if r.hand == hand), None)
            names = sorted(suppliers)
            words = f"{value or 'blank'}, with {', '.join(names)}"
            said.append((Statement(self.hands[hand], words, suppliers[names[0]]), value))
        said.sort(key=lambda pair: self.hands.index(pair[0].hand))
        taken = self._settled("needs", _label("needs", row), "suppliers", said, notes)
        return None if taken is None else str(taken)

    # After all rows

    def _keep_old_ids(self) -> None:
        """Record ids that are used no more among the aliases of what they were."""
        for name in _ALIASED:
            old: dict[str, set[str]] = defaultdict(set)
            for renamed in self.renamed:
                if renamed.table == name:
                    old[renamed.new].add(renamed.old)
            for row in self.tables[name]:
                aliases = row.get("aliases") or ()
                more = old.get(row["id"], set()) - set(aliases)
                if more:
                    row["aliases"] = tuple(sorted({*aliases, *more}))

    def _add_stubs(self) -> None:
        """Add a bare row for ids of a hand that has no table of them, where another hand has."""
        for name in ("entities", "measures", "references"):
            if not self.tables[name]:
                continue
            known = {row["id"] for row in self.tables[name]}
            for hand, net in enumerate(self.nets):
                if len(net.table(name)):
                    continue
                ids = {self.identities.ids[name][hand][old] for old in _used(net, name)}
                new = sorted(ids - known)
                known.update(new)
                self.tables[name] += [{"id": key} for key in new]
                self.places[name] += [self.hands[hand]] * len(new)
                if new:
                    what = f"{plural(len(new), 'id')} of {name} without a row: {', '.join(new[:8])}"
                    fix = f"{self.hands[hand]} has no {name}; each gets a row that says no more"
                    self.findings.add(self.hands[hand], what, fix, "note")

    def _say_what_rules_what(self, rows: Mapping[str, Sequence[_Row]]) -> None:
        """Warn where a need of one hand governs the supplies of another that states no need."""
        stated: dict[tuple[str, str | None], set[int]] = defaultdict(set)
        for row in rows["needs"]:
            stated[row.values["consumer"], row.values["material"]].add(row.hand)
        for row in rows["needs"]:
            need = row.values["consumer"], row.values["material"]
            narrow = [
                f"{key} {_text(row.get(key))}"
                for key in ("product", "group", "end")
                if row.get(key) is not None and row.get(key) != need[1]
            ]
            ruled = [
                self.hands[hand]
                for hand, suppliers in enumerate(self.suppliers)
                if need in suppliers and hand not in stated[need]
            ]
            if narrow and ruled:
                what = (
                    f"needs: {_label('needs', row)} ({', '.join(narrow)}) now governs the supplies"
                )
                what += f" of {', '.join(ruled)}, which states no need"
                kind = ("needs", "governs")
                self.findings.add(
                    row.where, what, "Check that it holds there too", "warning", kind=kind
                )
        self._say_what_has_no_material(rows["supplies"])

    def _say_what_has_no_material(self, supplies: Sequence[_Row]) -> None:
        """Warn of supplies without a material where another hand names one."""
        named: dict[tuple[str, str], dict[int, _Row]] = defaultdict(dict)
        for row in supplies:
            if row.get("material") is not None:
                named[row.values["supplier"], row.values["consumer"]].setdefault(row.hand, row)
        for row in supplies:
            if row.get("material") is not None:
                continue
            ends = row.values["supplier"], row.values["consumer"]
            for hand, other in named.get(ends, {}).items():
                if hand != row.hand:
                    what = f"supplies: {'>'.join(ends)} has no material here and "
                    what += f"{other.values['material']} in {self.hands[hand]}"
                    fix = "Both are kept, as two needs. Fill in the material if they are one"
                    kind = ("supplies", "blank material")
                    self.findings.add(row.where, what, fix, "warning", kind=kind)

    def _meta(self) -> dict[str, Any]:
        metas = [net.meta for net in self.nets]
        targets = [
            self.identities.rename(hand, ("nodes",), target)
            for hand, meta in enumerate(metas)
            for target in meta.targets
        ]
        network: dict[str, Any] = {}
        keys = dict.fromkeys(key for meta in metas for key in meta.extra)
        for key in keys:
            given = {self.hands[h]: m.extra[key] for h, m in enumerate(metas) if key in m.extra}
            network[key] = self._one_of(key, given)
        licences = {self.hands[h]: m.licence for h, m in enumerate(metas) if m.licence}
        if len(set(licences.values())) > 1:
            what = f"licences differ: {'; '.join(f'{h}: {v}' for h, v in licences.items())}"
            self.findings.add(
                "network.toml", what, "Both are named; check what they allow", "warning"
            )
        dates = {self.hands[h]: m.as_of for h, m in enumerate(metas) if m.as_of is not None}
        if self.on is not None:
            as_of: Any = self.on
        else:
            as_of = self._one_of("as_of", dates, "give the date that the merged data describe (on)")
        return {
            **network,
            "name": "+".join(dict.fromkeys(net.name for net in self.nets if net.name)),
            "title": " + ".join(dict.fromkeys(meta.title for meta in metas if meta.title)),
            "description": " ".join(dict.fromkeys(m.description for m in metas if m.description)),
            "licence": "; ".join(dict.fromkeys(licences.values())),
            "as_of": as_of,
            "targets": tuple(dict.fromkeys(targets)),
        }

    def _one_of(self, key: str, given: Mapping[str, Any], fix: str = "") -> Any:  # noqa: ANN401
        """Return a key of `network.toml` that all hands agree on, else that of the preferred."""
        values = list(given.values())
        if all(value == values[0] for value in values):
            return values[0] if values else None
        statements = tuple(
            Statement(hand, _text(value), f"{hand}/network.toml") for hand, value in given.items()
        )
        taken = self._preferred(list(given))
        conflict = Conflict("network", "network.toml", key, statements, taken)
        if taken is None and fix:
            self.conflicts.append(conflict)
            what = f"{key} differs: {'; '.join(f'{s.hand} {s.value}' for s in statements)}"
            self.findings.add(statements[0].where, what, fix[:1].upper() + fix[1:])
        else:
            self._add_conflict(conflict)
        return values[0] if taken is None else given[taken]

    def _checked(self, network: Mapping[str, Any]) -> Merged:
        """Return the result, checked like any network; messages name the rows that were merged."""
        frames: dict[str, Any] = {name: rows for name, rows in self.tables.items() if rows}
        frames.setdefault("supplies", {"supplier": [], "consumer": []})
        net: SupplyNetwork | None = None
        try:
            net = from_frames(network=network, **frames)
            found = net.findings
        except ValidationError as error:
            found = error.findings
        self.findings.extend(self._placed(finding) for finding in found)
        findings = self.findings.all()
        if any(finding.level == "error" for finding in findings):
            net = None
        if net is not None:
            net = SupplyNetwork(net.tables, net.meta, findings, columns=net.columns)
        renamed = tuple(sorted(self.renamed))
        return Merged(net, findings, tuple(self.conflicts), renamed, self.hands)

    def _placed(self, finding: Finding) -> Finding:
        def place(found: re.Match[str]) -> str:
            rows = self.places.get(found[1], [])
            number = int(found[2])
            return rows[number - 1] if 0 < number <= len(rows) else found[0]

        row = re.compile(r"\b(\w+) row (\d+)\b")
        return replace(
            finding, where=row.sub(place, finding.where), what=row.sub(place, finding.what)
        )


def _supply_id(row: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the id of a supply; one that only says supplier, consumer and material is none."""
    old, new = (
        f"{of['supplier']}>{of['consumer']}:{of.get('material') or ''}" for of in (row, values)
    )
    given = str(row["id"])
    rest = given.removeprefix(old)
    if given.startswith(old) and re.fullmatch(r"(#[0-9]+)?", rest):
        return _Default(new + rest)
    return given


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Return the different values, in order; a list is the same in any order."""
    found: dict[Any, Any] = {}
    for value in values:
        found.setdefault(frozenset(value) if isinstance(value, tuple) else value, value)
    return list(found.values())


def _sorted(value: Any) -> Any:  # noqa: ANN401 - any value of a table
    return tuple(sorted(value)) if isinstance(value, tuple) else value


def _joined(texts: Iterable[str]) -> str | None:
    return _NOTE.join(dict.fromkeys(texts)) or None


def _content(row: _Row) -> str:
    said = {key: _text(row.get(key)) for key in row.values if row.get(key) is not None}
    return json.dumps(said, sort_keys=True)


def _label(table: str, row: _Row) -> str:
    if table == "supplies":
        supplier, consumer = row.values["supplier"], row.values["consumer"]
        return f"{supplier}>{consumer}:{row.get('material') or ''}"
    if table not in _KEYS:
        return str(row.values["id"])
    said = (row.get(key) for key in _KEYS[table])
    return "/".join(_text(value) for value in said if value is not None)


def _text(value: object) -> str:
    if value is None:
        return "blank"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, tuple):
        return ";".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _is_unknown(value: object) -> bool:
    return value in ("unknown", ("unread",))
