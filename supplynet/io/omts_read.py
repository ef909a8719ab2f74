"""OMTS nodes and edges as our tables, whatever file they came from."""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial

from supplynet.io.convert import Findings, nearest
from supplynet.io.csvtext import RawTable
from supplynet.io.jsontext import JsonNumber
from supplynet.model import number_text
from supplynet.schema import TABLES, country, fold, unknown_country
from supplynet.text import clamp, plural

__all__ = [
    "AUTHORITY",
    "CONFIDENCE",
    "EXTENDED_HOLDING",
    "EXTENDED_SUPPLY",
    "HOLDINGS",
    "PREFIX",
    "SERVICES",
    "SUPPLIES",
    "Thing",
    "Values",
    "is_lei",
    "read_things",
    "service",
    "unquoted",
]

#: Before the names of what OMTS has no word for; other tools keep such properties as they are.
PREFIX = "org.supplynet."
#: Who gives the identifiers that hold our ids, where an id had to be another in the file.
AUTHORITY = "supplynet"
#: OMTS words for how well a thing is known, and ours. One of each: nothing is lost on the way back.
CONFIDENCE = {
    "verified": "high",
    "reported": "medium",
    "estimated": "low",
    "inferred": "illustrative",
}
SUPPLIES = ("supplies", "subcontracts", "sells_to", "tolls", "distributes", "brokers")
#: Relations that deliver work and no goods: a material of their own, so that a broker of bolts
#: never looks like a second source of bolts. The property that says which, and how it is named.
SERVICES = {
    "tolls": ("commodity", "toll processing"),
    "distributes": ("service_type", "distribution"),
    "brokers": ("commodity", "brokerage"),
}
HOLDINGS = ("ownership", "operational_control", "legal_parentage", "beneficial_ownership")
#: What OMTS has no type for: holdings of other kinds or only proposed, and supplies that do not
#: count today. Other tools keep such edges and take them for nothing else.
EXTENDED_HOLDING = f"{PREFIX}holding"
EXTENDED_SUPPLY = f"{PREFIX}supply"
_CONTROL = {
    "voting_rights": "votes",
    "capital": "equity",
    "other_means": "management",
    "senior_management": "board",
    "franchise": "contract",
    "licensed_manufacturing": "contract",
    "tolling": "contract",
}
#: Types of control that the kind of the holding says.
_PLAIN = {
    ("operational_control", "management"),
    *(("beneficial_ownership", word) for word in ("voting_rights", "capital", "other_means")),
    ("beneficial_ownership", "senior_management"),
}
_APPROVAL = {"blocked": "no", "pending": "unknown", "conditional": "unknown"}
_NODE_TYPES = (
    "organization",
    "facility",
    "good",
    "person",
    "attestation",
    "consignment",
    "boundary_ref",
)
#: Types of node that may stand at each end of an edge; a redacted node may stand at any.
_ENDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys((*SUPPLIES, "ownership"), (("organization",), ("organization",))),
    "tolls": (("organization", "facility"), ("organization",)),
    "operational_control": (("organization",), ("organization", "facility")),
    "legal_parentage": (("organization",), ("organization",)),
    "former_identity": (("organization",), ("organization",)),
    "beneficial_ownership": (("person",), ("organization",)),
    "operates": (("organization",), ("facility",)),
    "produces": (("facility",), ("good", "consignment")),
    "composed_of": (("good", "consignment"), ("good", "consignment")),
    "attested_by": (("organization", "facility", "good", "consignment"), ("attestation",)),
    "same_as": (_NODE_TYPES, _NODE_TYPES),
}
_HS = re.compile(r"[0-9]{2}(?:[0-9]{2}(?:\.?[0-9]{2}){0,3})?")
_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: Identifiers that may be shown to anybody where nothing else is said.
_OPEN = ("lei", "duns", "gln")
#: More than half of the votes, and no more is said.
_MAJORITY = "0.501"

Row = dict[str, str | tuple[str, ...]]


def service(kind: str, detail: str) -> str:
    """Return the material that a relation delivers which delivers work and no goods.

    Examples
    --------
    >>> service("distributes", "transport"), service("brokers", "")
    ('distribution: transport', 'brokerage')
    """
    name = SERVICES[kind][1]
    return f"{name}: {detail}" if detail else name


@dataclass(frozen=True, slots=True)
class Thing:
    """A node or an edge as it is written.

    Attributes
    ----------
    place, line
        The file or sheet, and the line.
    id, type
        As given; an edge of a workbook may have no id.
    data
        Its properties.
    source, target
        The ends of an edge.
    """

    place: str
    line: int
    id: str
    type: str
    data: Mapping[str, object]
    source: str = ""
    target: str = ""

    @property
    def where(self) -> str:
        """The place for messages."""
        return f"{self.place}:{self.line}"

    def __str__(self) -> str:
        return f"{self.type} {self.id!r}" if self.id else self.type


class Values:
    """Reads properties; one of a wrong kind is a finding and counts as not given."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def _wrong(self, thing: Thing, key: str, what: str, fix: str) -> None:
        kind = (thing.place, thing.type, key)
        self.findings.add(thing.where, f"{thing}: {key} {what}", fix, kind=kind)

    def text(self, thing: Thing, key: str) -> str:
        """Return a text, an empty one where there is none."""
        value = thing.data.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or isinstance(value, JsonNumber):
            self._wrong(thing, key, f"is {_kind(value)}", "Write text")
            return ""
        return "" if value.isspace() else value

    def number(
        self, thing: Thing, key: str, low: int | None = None, high: int | None = None
    ) -> str:
        """Return a number as text, exactly as written; an empty text where there is none."""
        value = thing.data.get(key)
        if value is None or value == "":
            return ""
        if not isinstance(value, JsonNumber):
            shown = f" {clamp(value, 40)!r}" if isinstance(value, str) else ""
            self._wrong(
                thing, key, f"is {_kind(value)}{shown}, no number", "Leave it out if not known"
            )
            return ""
        number = _decimal(value)
        if number is None:
            self._wrong(
                thing, key, f"is {clamp(value, 40)}, out of any range", "Check the exponent"
            )
            return ""
        if (low is not None and number < low) or (high is not None and number > high):
            bounds = f"{low} or more" if high is None else f"{low} to {high}"
            self._wrong(thing, key, f"is {number_text(number)}, must be {bounds}", "Check it")
            return ""
        return number_text(number)

    def percent(self, thing: Thing, key: str) -> str:
        """Return a percentage as an exact fraction."""
        text = self.number(thing, key, 0, 100)
        return number_text(Decimal(text).scaleb(-2)) if text else ""

    def flag(self, thing: Thing, key: str) -> bool | None:
        """Return a truth value, ``None`` where there is none."""
        value = thing.data.get(key)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().casefold() in ("true", "false", ""):
            return None if not value.strip() else value.strip().casefold() == "true"
        self._wrong(thing, key, f"is {_kind(value)}", "Write true or false")
        return None

    def day(self, thing: Thing, key: str) -> date | None:
        """Return a date, ``None`` where there is none."""
        text = self.text(thing, key)
        if not text:
            return None
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            self._wrong(thing, key, f"is {text}: there is no such day", "Check it")
            return None
        self._wrong(thing, key, f"is {clamp(text, 40)!r}, not a date", "Write it as YYYY-MM-DD")
        return None

    def period(self, thing: Thing) -> tuple[date | None, date | None]:
        """Return the first day of a relation, and the first on which it no longer holds.

        `valid_to` is the last day: it may equal `valid_from`, and the ends in the standard's
        examples are ends of months and years.
        """
        first, last = self.day(thing, "valid_from"), self.day(thing, "valid_to")
        if first is not None and last is not None and last < first:
            self._wrong(thing, "valid_to", f"is {last}, before valid_from {first}", "Check both")
            return None, None
        # The last day there is means: no end.
        return first, None if last in (None, date.max) else last + timedelta(days=1)

    def country(self, thing: Thing, key: str) -> str:
        """Return a country code, an empty text where there is none."""
        text = self.text(thing, key)
        if not text:
            return ""
        code, note = country(text)
        if code is None:
            what, fix = unknown_country(text)
            self._wrong(thing, key, what, fix)
            return ""
        if note:
            self.findings.add(thing.where, f"{thing}: {key} {note}", level="warning")
        return code

    def objects(self, thing: Thing, key: str) -> list[Mapping[str, object]]:
        """Return a list of objects, an empty one where there is none."""
        value = thing.data.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            self._wrong(thing, key, "is no list of objects", 'Write [{"key": "value"}]')
            return []
        return value


def _kind(value: object) -> str:
    if isinstance(value, JsonNumber):
        return "a number"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and (not number or abs(number.adjusted()) <= 30) else None


def read_things(
    nodes: Sequence[Thing],
    edges: Sequence[Thing],
    *,
    file: str,
    on: date | None,
    reporting: str,
    findings: Findings,
) -> tuple[dict[str, RawTable | None], tuple[str, ...]]:
    """Return the tables, and the targets, that OMTS nodes and edges make.

    Parameters
    ----------
    nodes, edges
        As they are written.
    file
        Name of the file, for messages.
    on
        Date of the snapshot: who operates a plant, and what it makes, is read on that day.
    reporting
        Id of the organisation whose view the file is; blank: not said.
    findings
        Takes what is wrong, what is read otherwise and what is set aside.
    """
    reading = _Reading(file, on, findings)
    reading.take_nodes(nodes)
    reading.take_edges(edges)
    return reading.tables(reporting)


@dataclass
class _Reading:
    file: str
    on: date | None
    findings: Findings
    nodes: dict[str, Thing] = field(default_factory=dict)
    edges: list[Thing] = field(default_factory=list)
    #: The id in the file of the node that another one is the same as.
    same: dict[str, str] = field(default_factory=dict)
    aside: Counter[str] = field(default_factory=Counter)
    rows: dict[str, list[tuple[Thing, Row]]] = field(default_factory=lambda: defaultdict(list))
    #: Ids in the file of the organisations and redacted nodes that supply or are supplied.
    traders: set[str] = field(default_factory=set)
    #: Ids in the file of redacted nodes that own, are owned or operate.
    holders: set[str] = field(default_factory=set)
    #: Our ids of nodes at the ends of supplies.
    linked: set[str] = field(default_factory=set)
    #: Our ids of nodes that are said to have suppliers that are not known.
    unseen: set[str] = field(default_factory=set)
    #: Materials by each name that a supply may give.
    goods: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    unknown_shares: int = 0

    def __post_init__(self) -> None:
        self.values = Values(self.findings)

    # What is there

    def take_nodes(self, nodes: Iterable[Thing]) -> None:
        for node in nodes:
            if node.id in self.nodes:
                what = f"id {node.id!r} is already used in {self.nodes[node.id].where}"
                self.findings.add(
                    node.where, what, "Ids of nodes are unique", kind=(node.place, "id")
                )
                continue
            self.nodes[node.id] = node
            if node.type not in _NODE_TYPES:
                near = difflib.get_close_matches(node.type, _NODE_TYPES, n=1, cutoff=0.8)
                if near and "." not in node.type:
                    fix = f"Did you mean {near[0]!r}?"
                    what = f"node {node.id!r}: there is no type {node.type!r}"
                    self.findings.add(node.where, what, fix, kind=(node.place, "type"))
                else:
                    self.aside[f"node of the type {clamp(node.type, 60)!r}"] += 1
            elif node.type in ("attestation", "consignment"):
                self.aside[node.type] += 1
            elif node.type == "boundary_ref":
                self._check_redacted(node)

    def _check_redacted(self, node: Thing) -> None:
        schemes = [record.get("scheme") for record in self.values.objects(node, "identifiers")]
        if schemes != ["opaque"]:
            what = f"{node}: a redacted node has one identifier, of the scheme 'opaque'"
            self.findings.add(
                node.where, what, "Check how it was redacted", kind=(node.place, "ref")
            )

    def take_edges(self, edges: Iterable[Thing]) -> None:
        seen: dict[str, Thing] = {}
        for edge in edges:
            if edge.id and edge.id in seen:
                what = f"id {edge.id!r} is already used in {seen[edge.id].where}"
                self.findings.add(
                    edge.where, what, "Ids of edges are unique", kind=(edge.place, "id")
                )
                continue
            seen[edge.id] = edge
            if self._ends_are_right(edge):
                self.edges.append(edge)
        self._join_same()
        for edge in self.edges:
            ends = [self._one(edge.source), self._one(edge.target)]
            if edge.type in (*SUPPLIES, EXTENDED_SUPPLY):
                for end, ours in zip(ends, ("supplier", "consumer"), strict=True):
                    if not edge.data.get(f"{PREFIX}{ours}"):
                        self.traders.add(end)
            elif edge.type in (*HOLDINGS, "operates", EXTENDED_HOLDING):
                self.holders.update(ends)

    def _ends_are_right(self, edge: Thing) -> bool:
        right = True
        for name, end in (("source", edge.source), ("target", edge.target)):
            if end not in self.nodes:
                what = f"{edge}: {name} {end!r} is no node"
                kind = (edge.place, name, "no node")
                self.findings.add(edge.where, what, partial(self._near, end), kind=kind)
                right = False
        if edge.type not in _ENDS:
            if "." not in edge.type:
                near = difflib.get_close_matches(edge.type, sorted(_ENDS), n=1, cutoff=0.6)
                fix = f"Did you mean {near[0]!r}?" if near else f"Types: {', '.join(sorted(_ENDS))}"
                what = f"edge {edge.id!r}: there is no type {edge.type!r}"
                self.findings.add(edge.where, what, fix, kind=(edge.place, "type"))
            elif edge.type not in (EXTENDED_HOLDING, EXTENDED_SUPPLY):
                self.aside[f"edge of the type {clamp(edge.type, 60)!r}"] += 1
            return right and edge.type in (EXTENDED_HOLDING, EXTENDED_SUPPLY)
        if not right:
            return False
        for name, end, allowed in zip(
            ("source", "target"), (edge.source, edge.target), _ENDS[edge.type], strict=True
        ):
            given = self.nodes[end].type
            if given not in allowed and given != "boundary_ref" and "." not in given:
                what = f"{edge}: its {name} {end!r} is of the type {given}"
                fix = f"It must be {' or '.join(allowed)}"
                self.findings.add(edge.where, what, fix, kind=(edge.place, edge.type, "end"))
                right = False
        return right

    def _near(self, node: str) -> str:
        return nearest(node, sorted(self.nodes)) or "Add the node, or delete the edge"

    def _join_same(self) -> None:
        """Read nodes that are surely the same as one, and warn of those that may be."""
        order = {name: place for place, name in enumerate(self.nodes)}
        for edge in self.edges:
            if edge.type != "same_as":
                continue
            first, second = self._one(edge.source), self._one(edge.target)
            sure = self.values.text(edge, "confidence") == "definite"
            if first == second:
                continue
            if not sure or self.nodes[first].type != self.nodes[second].type:
                may = "are" if sure else "may be"
                what = f"{first!r} and {second!r} {may} the same, and are read as two"
                fix = "Join them if they are one: two names of one firm look like two suppliers"
                self.findings.add(edge.where, what, fix, "warning", kind=(edge.place, "same_as"))
                continue
            first, second = sorted((first, second), key=order.__getitem__)
            self.same[second] = first
            what = f"{second!r} is read as {first!r}: they are said to be the same for sure"
            self.findings.add(edge.where, what, level="warning", kind=(edge.place, "same as"))

    def _one(self, node: str) -> str:
        while node in self.same:
            node = self.same[node]
        return node

    def own(self, node: str) -> str:
        """Return our id of a node of the file."""
        thing = self.nodes[self._one(node)]
        for record in self.values.objects(thing, "identifiers"):
            if (record.get("scheme"), record.get("authority")) == ("internal", AUTHORITY):
                return str(record.get("value") or thing.id)
        return thing.id

    # The tables

    def tables(self, reporting: str) -> tuple[dict[str, RawTable | None], tuple[str, ...]]:
        self._materials()
        self._supplies()
        self._holdings()
        self._places()
        self._entities()
        self._say()
        targets = self._targets(reporting)
        tables: dict[str, RawTable | None] = {
            name: self._raw(name) for name in TABLES if self.rows.get(name)
        }
        return tables, targets

    def _targets(self, reporting: str) -> tuple[str, ...]:
        if not reporting:
            return ()
        if reporting not in self.nodes or self.nodes[reporting].type != "organization":
            what = f"reporting_entity {reporting!r} is no organization of the file"
            fix = nearest(reporting, sorted(self.nodes)) or "Give the id of one, or leave it out"
            self.findings.add(self.file, what, fix)
            return ()
        target = self.own(reporting)
        if all(row["id"] != target for _, row in self.rows["nodes"]):
            return ()
        what = f"the reporting entity {target!r} is taken for the target"
        self.findings.add(self.file, what, level="note")
        return (target,)

    def _raw(self, name: str) -> RawTable:
        rows = self.rows[name]
        schema = TABLES[name]
        given = {heading for _, row in rows for heading, cell in row.items() if cell}
        given |= {spec.name for spec in schema.required}
        header = [spec.name for spec in schema if spec.name in given]
        header += sorted(given - set(header))
        columns = tuple([row.get(heading, "") for _, row in rows] for heading in header)
        places = sorted({thing.place for thing, _ in rows})
        place = places[0]
        if len(places) > 1:
            sheets = ", ".join(part.partition("[")[2].rstrip("]") for part in places)
            place = f"{self.file}[{sheets}]"
        lines = [thing.line for thing, _ in rows]
        # Lists stay lists: an item may hold anything but a semicolon.
        return RawTable(place, tuple(header), columns, lines)  # type: ignore[arg-type]

    def _extra(self, thing: Thing, table: str, used: Iterable[str]) -> Row:
        """Return what no field of ours holds as columns; count what cannot be a column."""
        row: Row = {}
        schema = TABLES[table]
        taken = {*schema.folded_names, *schema.folded_aliases}
        known = {"identifiers", "labels", "data_quality", *used}
        for key, value in thing.data.items():
            if key in known or value in (None, "", []):
                continue
            if isinstance(value, (Mapping, list)) or key.startswith("_"):
                self.aside[f"property {clamp(key, 60)!r}"] += 1
                continue
            text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
            if key.startswith(PREFIX):
                row[key.removeprefix(PREFIX)] = text
            else:
                row[f"{key} (OMTS)" if fold(key) in taken else key] = text
        labels = [
            f"{label.get('key')}={label['value']}" if label.get("value") else str(label.get("key"))
            for label in self.values.objects(thing, "labels")
        ]
        if labels:
            row["labels"] = ";".join(labels)
        return row

    def _quality(self, thing: Thing) -> Row:
        """Return how well a thing is known, and from where."""
        value = thing.data.get("data_quality")
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.findings.add(
                thing.where, f"{thing}: data_quality is {_kind(value)}", "Write an object"
            )
            return {}
        part = Thing(thing.place, thing.line, thing.id, thing.type, value)
        word = self.values.text(part, "confidence")
        if word and word not in CONFIDENCE:
            what = f"{thing}: confidence is {clamp(word, 40)!r}"
            fix = f"Known words: {', '.join(CONFIDENCE)}"
            self.findings.add(thing.where, what, fix, "warning", kind=(thing.place, "confidence"))
        sources = [part.strip() for part in self.values.text(part, "source").split(";")]
        row: Row = {"confidence": CONFIDENCE.get(word, "")}
        row["references"] = tuple(dict.fromkeys(filter(None, sources)))
        row["last_verified"] = self.values.text(part, "last_verified")
        return row

    def _identity(self, thing: Thing) -> Row:
        """Return the LEI and the open identifiers of a node; closed ones are counted."""
        row: Row = {}
        open_: list[str] = []
        for record in self.values.objects(thing, "identifiers"):
            scheme, value = record.get("scheme"), record.get("value")
            authority = record.get("authority")
            if not (isinstance(scheme, str) and scheme and isinstance(value, str) and value):
                what = f"{thing}: an identifier without a scheme or a value"
                self.findings.add(
                    thing.where, what, "Write both as text", kind=(thing.place, "ids")
                )
                continue
            if scheme == "opaque" or (scheme, authority) == ("internal", AUTHORITY):
                continue
            if scheme in ("nat-reg", "vat", "internal") and not authority:
                what = f"{thing}: an identifier of the scheme {scheme} without its authority"
                self.findings.add(thing.where, what, "Say who issued it", kind=(thing.place, "ids"))
                continue
            closed = thing.type == "person" or not (scheme in _OPEN or "." in scheme)
            default = "restricted" if closed else "public"
            if (record.get("sensitivity") or default) != "public":
                self.aside["identifier that is not public"] += 1
            elif scheme == "lei" and is_lei(value) and "lei" not in row:
                row["lei"] = value
            else:
                if scheme == "lei":
                    what = f"{thing}: {clamp(value, 40)!r} is no LEI, or a second one"
                    fix = "20 letters and digits, the last two check the others"
                    self.findings.add(thing.where, what, fix, "warning", kind=(thing.place, "lei"))
                parts = (scheme, authority, value) if authority else (scheme, value)
                open_.append(":".join(_quoted(str(part)) for part in parts))
        if open_:
            row["identifiers"] = ";".join(open_)
        return row

    def _materials(self) -> None:
        contains: dict[str, list[str]] = defaultdict(list)
        for edge in self.edges:
            if edge.type != "composed_of":
                continue
            ends = [self.nodes[self._one(end)].type for end in (edge.source, edge.target)]
            if ends == ["good", "good"]:
                contains[self._one(edge.source)].append(self.own(edge.target))
                if edge.data.get("quantity") is not None:
                    self.aside["quantity of a component"] += 1
            else:
                self.aside["'composed_of' of a consignment"] += 1
        for node in self._each("good"):
            own = self.own(node.id)
            code = self.values.text(node, "commodity_code")
            row: Row = self._quality(node) | self._identity(node)
            row |= {
                "id": own,
                "name": self._name(node),
                "hs_codes": (code,) if code else (),
            }
            row["contains"] = tuple(dict.fromkeys(contains.get(node.id, ())))
            row |= self._extra(node, "materials", ("name", "commodity_code"))
            self.rows["materials"].append((node, row))
            for name in {node.id, own, self.values.text(node, "name"), _digits(code)} - {""}:
                self.goods[name].append(own)

    def _material(self, edge: Thing, text: str) -> str:
        """Return the material that a supply names by id, name or customs code."""
        own = self.goods.get(text) or (
            self.goods.get(_digits(text)) if _HS.fullmatch(text) else None
        )
        if own is not None and len(own) == 1:
            named = self.nodes.get(text)
            if text != own[0] and (named is None or named.type != "good"):
                what = f"{text!r} is read as {own[0]!r}, the one good of that name or code"
                self.findings.add(self.file, what, level="note")
            return own[0]
        if own is None or text not in own:
            row: Row = {"id": text, "hs_codes": (text,) if _HS.fullmatch(text) else ()}
            self.rows["materials"].append((edge, row))
            self.goods[text] = [text]
        return text

    def _work(self, edge: Thing, material: str) -> str:
        """Return a material that is work, listed once."""
        if material not in self.goods:
            self.rows["materials"].append((edge, {"id": material}))
            self.goods[material] = [material]
        return material

    def _supplies(self) -> None:
        sole: dict[tuple[str, str], Thing] = {}
        services: dict[tuple[str, str], Thing] = {}
        sources: dict[tuple[str, str], set[str]] = defaultdict(set)
        for edge in self.edges:
            if edge.type not in (*SUPPLIES, EXTENDED_SUPPLY):
                continue
            start, end = self.values.period(edge)
            ends = {}
            for ours, given in (("supplier", edge.source), ("consumer", edge.target)):
                ends[ours] = self.values.text(edge, f"{PREFIX}{ours}") or self.own(given)
            supplier, consumer = ends["supplier"], ends["consumer"]
            self.linked |= {supplier, consumer}
            row: Row = {"id": edge.id, "supplier": supplier, "consumer": consumer}
            used = ["valid_from", "valid_to", "volume", "volume_unit", "share_of_buyer_demand"]
            used += ["lead_time_days", "commodity", f"{PREFIX}supplier", f"{PREFIX}consumer"]
            if edge.type in SERVICES:
                key = SERVICES[edge.type][0]
                used.append(key)
                row["material"] = self._work(edge, service(edge.type, self.values.text(edge, key)))
                if edge.type != "tolls":
                    services[consumer, str(row["material"])] = edge
            elif commodity := self.values.text(edge, "commodity"):
                row["material"] = self._material(edge, commodity)
            if edge.type not in ("supplies", EXTENDED_SUPPLY):
                row["omts_type"] = edge.type
            row["share"] = self.values.percent(edge, "share_of_buyer_demand")
            row["volume"] = self.values.number(edge, "volume", 0)
            row["unit"] = self.values.text(edge, "volume_unit")
            row["lead_time_days"] = self.values.number(edge, "lead_time_days", 0)
            row["start"], row["end"] = _iso(start), _iso(end)
            row["qualified"] = self._qualified(edge)
            row |= self._quality(edge)
            key_of = (consumer, str(row.get("material", "")))
            sources[key_of].add(supplier)
            if self.values.flag(edge, "sole_source") and key_of[1]:
                sole[key_of] = edge
                used.append("sole_source")
            if self.values.number(edge, "visibility_depth") == "0":
                # Nothing below this supplier is seen: its inputs are a gap, not absent.
                self.unseen.add(supplier)
            row |= self._extra(edge, "supplies", used)
            if row.pop("start_unknown", None):
                row["start"] = ""
            self.rows["supplies"].append((edge, row))
        for (consumer, material), edge in sole.items():
            row = {"consumer": consumer, "material": material, "suppliers": "complete"}
            self.rows["needs"].append((edge, row))
            if len(sources[consumer, material]) > 1:
                others = ", ".join(sorted(sources[consumer, material]))
                what = f"{edge}: sole_source, but {consumer!r} gets {material!r} from {others}"
                fix = "Correct one of them"
                self.findings.add(edge.where, what, fix, "warning", kind=(edge.place, "sole"))
        for (consumer, material), edge in services.items():
            # Who carries or arranges goods can mostly be replaced by one who is not on record.
            row = {"consumer": consumer, "material": material, "suppliers": "partial"}
            self.rows["needs"].append((edge, row))

    def _qualified(self, edge: Thing) -> str:
        """Return whether a supplier counts: a blocked one is none, a suspended one may be."""
        for thing in (edge, self.nodes[self._one(edge.source)]):
            for label in self.values.objects(thing, "labels"):
                if label.get("key") == "approval-status":
                    return _APPROVAL.get(str(label.get("value")), "yes")
        supplier = self.nodes[self._one(edge.source)]
        status = self.values.text(supplier, "status") if supplier.type == "organization" else ""
        return "unknown" if status in ("suspended", "merged") else ""

    def _holdings(self) -> None:
        direct: dict[str, set[str]] = defaultdict(set)
        owned: set[tuple[str, str]] = set()
        for edge in self.edges:
            if edge.type in ("ownership", "beneficial_ownership"):
                ends = (self.own(edge.source), self.own(edge.target))
                owned.add(ends)
                if self.values.flag(edge, "direct") is not False:
                    direct[ends[0]].add(ends[1])
        kept = parents = 0
        for edge in self.edges:
            if edge.type not in (*HOLDINGS, EXTENDED_HOLDING):
                if edge.type == "former_identity":
                    self.aside["'former_identity'"] += 1
                continue
            start, end = self.values.period(edge)
            owner, asset = self.own(edge.source), self.own(edge.target)
            used = ["valid_from", "valid_to", "percentage"]
            word = self.values.text(edge, "control_type")
            row: Row = {"start": _iso(start), "end": _iso(end)}
            row["kind"] = "" if edge.type == EXTENDED_HOLDING else "equity"
            if edge.type == "legal_parentage":
                # The one edge that runs from the child to its parent.
                owner, asset = asset, owner
                row |= {"kind": "votes", "share_low": _MAJORITY}
                parents += 1
                if (asset, owner) in owned:
                    what = f"{edge}: {asset!r} is the child of {owner!r}, but also owns it"
                    fix = "The source of legal_parentage is the child: is it turned?"
                    self.findings.add(edge.where, what, fix, "warning", kind=(edge.place, "turned"))
            elif edge.type == "operational_control":
                row["kind"] = _CONTROL.get(word, "management")
            elif edge.type == "beneficial_ownership":
                row["kind"] = _CONTROL.get(word, "equity")
            if (edge.type, word) in _PLAIN:
                used.append("control_type")
            elif edge.type not in ("ownership", "beneficial_ownership", EXTENDED_HOLDING):
                row["omts_type"] = edge.type
            row |= {"owner": owner, "asset": asset}
            row |= self._quality(edge)
            row["share"] = self._share(edge)
            if self.values.flag(edge, "direct"):
                used.append("direct")
            elif self.values.flag(edge, "direct") is False:
                if _leads(direct, owner, asset):
                    self.aside["indirect holding that follows from direct ones"] += 1
                    continue
                kept += 1
            row |= self._extra(edge, "holdings", used)
            if row.pop("start_unknown", None):
                row["start"] = ""
            self.rows["holdings"].append((edge, row))
        if kept:
            what = f"{plural(kept, 'indirect holding')} whose direct ones are not on record"
            fix = "They count as direct: record what lies between, if it is known"
            self.findings.add(self.file, what, fix, "warning")
        if parents:
            what = f"{plural(parents, 'legal parent')}: read as more than half of the votes"
            self.findings.add(
                self.file, f"{what} (share_low {_MAJORITY}), share not known", level="note"
            )
        if self.unknown_shares:
            count = plural(self.unknown_shares, "holding")
            what = f"{count} of 0 percent: in OMTS that is a share not known, left blank"
            self.findings.add(self.file, what, level="note")

    def _share(self, edge: Thing) -> str:
        share = self.values.percent(edge, "percentage")
        if share == "0":
            self.unknown_shares += 1
            return ""
        return share

    def _each(self, *types: str) -> Iterable[Thing]:
        return (
            node for node in self.nodes.values() if node.type in types and node.id not in self.same
        )

    def _live(self, edge: Thing) -> bool:
        start, end = self.values.period(edge)
        if self.on is None or (
            (start is None or start <= self.on) and (end is None or self.on < end)
        ):
            return True
        self.aside[f"{edge.type!r} that does not hold on the date of the snapshot"] += 1
        return False

    def _places(self) -> None:
        """Make nodes of the plants, and of the organisations that supply or are supplied."""
        makes: dict[str, list[str]] = defaultdict(list)
        runs: dict[str, dict[str, None]] = defaultdict(dict)
        for plant in self._each("facility"):
            operator = self.values.text(plant, "operator")
            if operator and self._is_operator(plant, operator):
                runs[plant.id][self._one(operator)] = None
        for edge in self.edges:
            if edge.type == "operates" and self._live(edge):
                runs[self._one(edge.target)][self._one(edge.source)] = None
            elif edge.type == "produces":
                if self.nodes[self._one(edge.target)].type != "good":
                    self.aside["'produces' of a consignment"] += 1
                elif self._live(edge):
                    makes[self._one(edge.source)].append(self.own(edge.target))
        self.holders.update(operator for plant in runs.values() for operator in plant)
        with_plants: dict[str, list[str]] = defaultdict(list)
        idle = 0
        for node in self._each("facility", "organization", "boundary_ref"):
            own = self.own(node.id)
            if node.type == "facility":
                row = self._plant(node, makes.get(node.id, ()), list(runs.get(node.id, ())))
                for operator in runs.get(node.id, ()):
                    if own not in self.linked:
                        with_plants[operator].append(own)
                idle += own not in self.linked and any(
                    o in self.traders for o in runs.get(node.id, ())
                )
                self.rows["nodes"].append((node, row))
        for node in self._each("organization", "boundary_ref"):
            if node.type == "organization" and self._is_bare(node):
                self.rows["nodes"].append((node, self._bare_node(node)))
            elif node.id in self.traders:
                row = self._firm(node)
                if (
                    node.type == "boundary_ref"
                    or node.id in with_plants
                    or row["id"] in self.unseen
                ):
                    row.setdefault("upstream", "unknown")
                self.rows["nodes"].append((node, row))
        if idle and self.rows["supplies"]:
            what = (
                f"{plural(idle, 'facility')} in no supply: OMTS has supplies between organisations"
            )
            fix = (
                "Say in supplies which plant delivers: until then the loss of a plant stops nothing"
            )
            self.findings.add(self.file, what, fix, "warning")

    def _name(self, node: Thing) -> str:
        """Return the name of a node; where it is its id again, it has none."""
        name = self.values.text(node, "name")
        return "" if name == self.own(node.id) else name

    def _is_bare(self, node: Thing) -> bool:
        """Return whether an organisation stands for a node of ours, and for no entity."""
        return self.values.text(node, f"{PREFIX}kind") in TABLES["nodes"]["kind"].allowed

    def _is_operator(self, plant: Thing, operator: str) -> bool:
        if self.nodes.get(operator, plant).type in ("organization", "boundary_ref"):
            return True
        what = f"{plant}: operator {operator!r} is no organization of the file"
        fix = nearest(operator, sorted(self.nodes)) or "Add it, or leave the operator out"
        self.findings.add(plant.where, what, fix, kind=(plant.place, "operator"))
        return False

    def _plant(self, node: Thing, makes: Iterable[str], operators: Sequence[str]) -> Row:
        row: Row = self._quality(node) | self._identity(node)
        row |= {"id": self.own(node.id), "name": self._name(node), "kind": "site"}
        row["country"] = self.values.country(node, "jurisdiction")
        row["makes"] = tuple(dict.fromkeys(makes))
        if len(operators) == 1:
            row["operator"] = self.own(operators[0])
        elif operators:
            names = ", ".join(sorted(map(repr, map(self.own, operators))))
            what = f"{node} has several operators on the date ({names}): left blank"
            self.findings.add(node.where, what, "Say which one decides", "warning")
        geo = node.data.get("geo")
        used = ["name", "jurisdiction", "operator"]
        if isinstance(geo, Mapping) and "lat" in geo:
            point = Thing(node.place, node.line, node.id, node.type, geo)
            row["latitude"] = self.values.number(point, "lat", -90, 90)
            row["longitude"] = self.values.number(point, "lon", -180, 180)
            used.append("geo")
        return row | self._extra(node, "nodes", used)

    def _firm(self, node: Thing) -> Row:
        """Return an organisation as a node: where it produces is not known from its register."""
        own = self.own(node.id)
        row: Row = {"id": own, "name": self._name(node), "kind": "firm"}
        if node.type == "organization":
            row |= self._quality(node)
            row["operator"] = own
            if self.values.text(node, "status") == "dissolved":
                row["status"] = "closed"
        elif node.id in self.holders:
            row["operator"] = own
        ours = {k: value for k, value in node.data.items() if k.startswith(f"{PREFIX}node.")}
        part = Thing(node.place, node.line, node.id, node.type, ours)
        found = self._extra(part, "nodes", ())
        return row | {key.removeprefix("node."): value for key, value in found.items()}

    def _bare_node(self, node: Thing) -> Row:
        """Return an organisation that stands for a node of ours without an operator."""
        row: Row = self._quality(node) | self._identity(node)
        row |= {"id": self.own(node.id), "name": self._name(node)}
        row["country"] = self.values.country(node, "jurisdiction")
        return row | self._extra(node, "nodes", ("name", "jurisdiction"))

    def _entities(self) -> None:
        firms = 0
        people = 0
        for node in self._each("organization", "person", "boundary_ref"):
            if node.type == "organization" and self._is_bare(node):
                continue
            if node.type == "boundary_ref" and node.id not in self.holders:
                if node.id not in self.traders:
                    self.aside["redacted node without a relation"] += 1
                continue
            row: Row = self._identity(node)
            row |= {"id": self.own(node.id), "name": self._name(node)}
            row["country"] = self.values.country(node, "jurisdiction")
            if node.type != "organization":
                row["kind"] = "person" if node.type == "person" else "other"
            people += node.type == "person"
            firms += bool(row["country"]) and node.id in self.traders
            if node.id not in self.traders:
                # Grade and sources of the others are with their nodes.
                row |= self._quality(node)
            used = ["name", "jurisdiction"]
            used += [key for key in node.data if key.startswith(f"{PREFIX}node.")]
            row |= self._extra(node, "entities", used)
            self.rows["entities"].append((node, row))
        if firms:
            what = f"the country of {plural(firms, 'organisation')} is where it is registered"
            fix = "OMTS does not say where a firm produces: fill nodes.country where you know it"
            self.findings.add(self.file, what, fix, "note")
        if people:
            verb = "is a natural person" if people == 1 else "are natural persons"
            what = f"{people:,} of the entities {verb}: confidential in OMTS unless said otherwise"
            self.findings.add(self.file, what, "Mind to whom you give the tables", "note")

    def _say(self) -> None:
        if not self.rows["supplies"]:
            what = "no supply in the file: there is nothing that could stop"
            self.findings.add(
                self.file, what, "Add supplies, or merge it with a file of some", "warning"
            )
        for kind, count in sorted(self.aside.items()):
            what = f"set aside, as no table has a place for it: {kind} ({count:,})"
            self.findings.add(self.file, what, level="note")


def _leads(direct: Mapping[str, set[str]], owner: str, asset: str) -> bool:
    """Return whether direct holdings lead from an owner to an asset through others."""
    seen: set[str] = set()
    open_ = [owner]
    while open_:
        for below in direct.get(open_.pop(), ()):
            if below == asset:
                return True
            if below not in seen:
                seen.add(below)
                open_.append(below)
    return False


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _digits(code: str) -> str:
    """Return a customs code by its digits, to compare it; another text as it is."""
    return code.replace(".", "") if _HS.fullmatch(code) else code


def is_lei(text: str) -> bool:
    """Return whether a text is a LEI whose check digits are right (ISO 7064, 97-10)."""
    return bool(_LEI.fullmatch(text)) and int("".join(str(int(c, 36)) for c in text)) % 97 == 1


_MARKS = "%:;\n\r"


def _quoted(part: str) -> str:
    """Return a part of an identifier as the standard writes it; a semicolon would end it here."""
    for mark in _MARKS:
        part = part.replace(mark, f"%{ord(mark):02X}")
    return part


def unquoted(part: str) -> str:
    """Return a part of an identifier as it was before it was quoted."""
    for mark in reversed(_MARKS):
        part = part.replace(f"%{ord(mark):02X}", mark)
    return part
