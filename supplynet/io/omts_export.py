"""A network as OMTS, JSON or workbook, and what OMTS does not hold."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.errors import QuestionError
from supplynet.io.omts_read import (
    AUTHORITY,
    CONFIDENCE,
    EXTENDED_HOLDING,
    EXTENDED_SUPPLY,
    HOLDINGS,
    PREFIX,
    SERVICES,
    SUPPLIES,
    is_lei,
    service,
    unquoted,
)
from supplynet.io.omts_sheets import HOLDINGS_SHEET, OWNER_COLUMN, QUALITY, SUPPLIES_SHEET
from supplynet.model import SupplyNetwork, number_text, resolve_date
from supplynet.schema import TABLES
from supplynet.text import plural

if TYPE_CHECKING:
    from supplynet.io.exchange import Export

__all__ = ["omts_export", "omts_workbook_export"]

_VERSION = "0.1.0"
_WORDS = {ours: theirs for theirs, ours in CONFIDENCE.items()}
#: Extra columns that are properties of OMTS, as its reader keeps them, and the JSON kind of each.
_OWN_TEXT = frozenset(
    {"address", "governance_structure", "role", "status", "unit", "contract_ref"}
    | {"value_currency", "control_type", "consolidation_basis"}
)
_OWN_NUMBER = frozenset({"annual_value", "tier", "visibility_depth"})
_OWN_FLAG = frozenset({"direct", "sole_source"})
_CONTROL = {
    ("person", "equity"): ("beneficial_ownership", "capital"),
    ("person", "votes"): ("beneficial_ownership", "voting_rights"),
    ("person", "management"): ("beneficial_ownership", "other_means"),
    ("person", "board"): ("beneficial_ownership", "senior_management"),
    ("organization", "equity"): ("ownership", ""),
    ("organization", "management"): ("operational_control", "management"),
}
#: Tables of which OMTS holds nothing.
_LEFT_OUT = ("measures", "periods", "observations", "shares", "references")
_DEFAULTS = {("nodes", "status"): "operating", ("nodes", "can_fail"): "yes"}
_DEFAULTS |= {("supplies", "status"): "operating", ("supplies", "qualified"): "yes"}
_DEFAULTS |= {("holdings", "status"): "held", ("entities", "kind"): "company"}

_Row = Mapping[str, Any]
_Item = dict[str, Any]


def omts_export(net: SupplyNetwork, *, on: date | str | None = None) -> Export:
    """Return a network as an OMTS document (version 0.1.0), and what that does not hold.

    Parameters
    ----------
    net
        The network.
    on
        Date of the snapshot; that of the data by default. Rows of all dates are written.

    Returns
    -------
    Export
        One file, the same bytes for the same network.

    Raises
    ------
    QuestionError
        No date is given or known: OMTS demands one.

    Notes
    -----
    What OMTS has no word for is written as properties that begin with ``org.supplynet.``. Other
    tools keep and do not read them; supplynet reads them back. The salt of the file is made from
    its content and not drawn at random, so that the bytes do not change: draw a new one before
    nodes are redacted.

    Examples
    --------
    >>> from supplynet.io import from_frames
    >>> net = from_frames([{"supplier": "mine", "consumer": "smelter", "material": "ore"}])
    >>> made = omts_export(net, on="2026-11-22")
    >>> made.files[""].splitlines()[1]
    b'  "omts_version": "0.1.0",'
    >>> for line in made.dropped:
    ...     print(line)
    nodes: 2 without an operator, written as organisations
    nodes: kind, under names that only supplynet reads
    supplies: 1 without a start, the date of the snapshot stands in for it
    """
    from supplynet.io.exchange import Export
    from supplynet.io.write import in_order

    writing = _Writing(in_order(net), _snapshot(net, on))
    text = "\n".join(_json(writing.document())) + "\n"
    return Export({"": text.encode()}, tuple(writing.dropped()))


def omts_workbook_export(net: SupplyNetwork, *, on: date | str | None = None) -> Export:
    """Return a network as a workbook in the import template of OMTS.

    Parameters
    ----------
    net, on
        As for :func:`omts_export`.

    Raises
    ------
    QuestionError
        No date is given or known: OMTS demands one.
    OutputError
        A sheet cannot hold it.
    """
    from supplynet.io.exchange import Export
    from supplynet.io.write import in_order

    writing = _Writing(in_order(net), _snapshot(net, on))
    sheets = _sheets(writing.document())
    return Export({"": _book(sheets)}, tuple(writing.dropped()))


def _snapshot(net: SupplyNetwork, on: date | str | None) -> date:
    day = resolve_date(net, on)
    if day is None:
        raise QuestionError(
            "OMTS demands the date of the snapshot and none is known. Give one, or as_of in "
            "network.toml"
        )
    return day


@dataclass
class _Writing:
    net: SupplyNetwork
    on: date
    nodes: list[_Item] = field(default_factory=list)
    edges: list[_Item] = field(default_factory=list)
    #: The id in the file by (table, our id).
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    edge_ids: set[str] = field(default_factory=set)
    #: The organisation that stands at the end of the supplies of a node, by our id of the node.
    trades_as: dict[str, str] = field(default_factory=dict)
    kept: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    counts: Counter[str] = field(default_factory=Counter)
    renamed: list[str] = field(default_factory=list)

    def document(self) -> _Item:
        self._name_everything()
        self._entities()
        self._places()
        self._goods()
        self._relations()
        self._shareholders()
        meta = self.net.meta
        seed = f"{self.net.digest} {self.on.isoformat()}"
        head: _Item = {
            "omts_version": _VERSION,
            "snapshot_date": self.on,
            # The standard draws it at random; the same network has to give the same file.
            "file_salt": hashlib.sha256(seed.encode()).hexdigest(),
            # Nothing is known here about who may see what.
            "disclosure_scope": "internal",
        }
        if len(meta.targets) == 1 and self.types[self._org_of(meta.targets[0])] == "organization":
            head["reporting_entity"] = self._org_of(meta.targets[0])
        for key in ("title", "description", "licence"):
            if getattr(meta, key):
                head[f"{PREFIX}{key}"] = getattr(meta, key)
        if meta.targets:
            head[f"{PREFIX}targets"] = ";".join(meta.targets)
        order = ("organization", "facility", "good", "person")
        head["nodes"] = sorted(self.nodes, key=lambda n: (order.index(n["type"]), n["id"]))
        # Within a type as they came: what a plant makes keeps its order.
        head["edges"] = sorted(self.edges, key=lambda e: str(e["type"]))
        return head

    # Names

    def _name_everything(self) -> None:
        """Give every entity, node and material an id of its own: in OMTS all share one space."""
        net = self.net
        entities = {row["id"]: row for row in net.table("entities").rows()}
        nodes = {row["id"]: row for row in net.table("nodes").rows()}
        named = {row.get("operator") for row in nodes.values()}
        for row in net.table("holdings").rows():
            named |= {end for end in (row["owner"], row["asset"]) if end not in nodes}
        self.entity_rows: dict[str, _Row] = dict(entities)
        for name in sorted(name for name in named if name and name not in entities):
            self.entity_rows[name] = {"id": name}
            self.counts["named only"] += 1
        for name in self.entity_rows:
            self.ids["entities", name] = name
        self.kinds = {name: self._kind_of(row) for name, row in nodes.items()}
        taken = set(self.entity_rows)
        for name in sorted(nodes):
            if self.kinds[name] == "both":
                self.ids["nodes", name] = name
            else:
                self.ids["nodes", name] = self._free(name, taken, "node")
        materials = set(net.table("materials").column("id"))
        for table, column in (("nodes", "makes"), ("materials", "contains")):
            for items in net.table(table).column(column):
                materials |= set(items)
        for name in sorted(materials):
            self.ids["materials", name] = self._free(name, taken, "good")

    def _free(self, name: str, taken: set[str], word: str) -> str:
        found, number = name, 1
        while found in taken:
            found = f"{name} ({word})" if number == 1 else f"{name} ({word} {number})"
            number += 1
        taken.add(found)
        if found != name:
            self.renamed.append(found)
        return found

    def _kind_of(self, row: _Row) -> str:
        """Return what a node is written as: a facility, or an organisation (and an entity)."""
        operator = row.get("operator")
        if operator is None:
            return "organization"
        return "both" if operator == row["id"] and row.get("kind") == "firm" else "facility"

    def _org_of(self, node: str) -> str:
        """Return the organisation that trades for a node."""
        if self.kinds[node] == "facility":
            return self.ids["entities", self.net.node_rows[node]["operator"]]
        return self.ids["nodes", node]

    def _edge(self, kind: str, name: str, source: str, target: str, properties: _Item) -> None:
        found, number = name, 1
        while found in self.edge_ids:
            number += 1
            found = f"{name}#{number}"
        self.edge_ids.add(found)
        edge: _Item = {"id": found, "type": kind, "source": source, "target": target}
        self.edges.append(edge | {"properties": properties})

    def _add(self, kind: str, ids: tuple[str, str], row: _Row, item: _Item) -> None:
        """Add a node, with the identifiers, labels and grade of its row."""
        node: _Item = {"id": self.ids[ids], "type": kind, "name": row.get("name") or ids[1]}
        records = [_record(text) for text in _split(row.get("identifiers"))]
        if node["id"] != ids[1]:
            records.append({"scheme": "internal", "value": ids[1], "authority": AUTHORITY})
        lei = row.get("lei")
        if lei and is_lei(lei):
            records.insert(0, {"scheme": "lei", "value": lei})
        elif lei:
            item[f"{PREFIX}lei"] = lei
            self.counts["no lei"] += 1
        if records:
            node["identifiers"] = records
        self.types[node["id"]] = kind
        node |= _common(row) | item
        self.nodes.append({key: value for key, value in node.items() if value != {}})

    def _rest(self, table: str, row: _Row, used: Iterable[str], prefix: str = PREFIX) -> _Item:
        """Return what OMTS has no word for, as properties of our own."""
        item: _Item = {}
        taken = {"identifiers", "labels", "confidence", "references", "last_verified", *used}
        for name, value in row.items():
            if name in taken or value in (None, ()) or _DEFAULTS.get((table, name)) == value:
                continue
            plain = name.removesuffix(" (OMTS)")
            if name not in TABLES[table]:
                native = _native(plain, value)
                if native is not None:
                    item[plain] = native
                    continue
            self.kept[table][name] = None
            item[f"{prefix}{name}"] = ";".join(value) if isinstance(value, tuple) else value
        return item

    # Nodes

    def _entities(self) -> None:
        for name, row in self.entity_rows.items():
            kind = "person" if row.get("kind") == "person" else "organization"
            self.counts["person"] += kind == "person"
            used = ("id", "name", "lei", "country", *(("kind",) if kind == "person" else ()))
            item = self._rest("entities", row, used)
            if row.get("country"):
                item["jurisdiction"] = row["country"]
            if self.kinds.get(name) == "both":
                node = self.net.node_rows[name]
                if node.get("name") == row.get("name"):
                    node = {key: value for key, value in node.items() if key != "name"}
                used = ("id", "kind", "operator")
                item |= self._rest("nodes", node, used, f"{PREFIX}node.")
                if row.get("references"):
                    item[f"{PREFIX}references"] = ";".join(row["references"])
                # Grade and sources in the file are those of the node.
                item |= {"data_quality": {}} | _common(self.net.node_rows[name])
            self._add(kind, ("entities", name), row, item)

    def _places(self) -> None:
        for row in self.net.table("nodes").rows():
            kind, name = self.kinds[row["id"]], row["id"]
            if kind == "both":
                continue
            used = ["id", "name", "lei", "country", "operator"]
            item: _Item = {}
            if row.get("country"):
                item["jurisdiction"] = row["country"]
            if kind == "facility":
                item["operator"] = self.ids["entities", row["operator"]]
                used += ["makes", *(["kind"] if row.get("kind") == "site" else [])]
                if row.get("latitude") is not None and row.get("longitude") is not None:
                    item["geo"] = {"lat": row["latitude"], "lon": row["longitude"]}
                    used += ["latitude", "longitude"]
            else:
                self.counts["bare"] += 1
            self._add(kind, ("nodes", name), row, item | self._rest("nodes", row, used))
            for made in row.get("makes", ()) if kind == "facility" else ():
                ends = (self.ids["nodes", name], self.ids["materials", made])
                properties = {"valid_from": self.on}
                self._edge("produces", f"{name} makes {made}", *ends, properties)

    def _goods(self) -> None:
        rows = {row["id"]: row for row in self.net.table("materials").rows()}
        for name in sorted(name for table, name in self.ids if table == "materials"):
            row = rows.get(name, {"id": name})
            codes = row.get("hs_codes", ())
            used = ["id", "name", "contains", *(["hs_codes"] if len(codes) == 1 else [])]
            item = self._rest("materials", row, used)
            if codes:
                item["commodity_code"] = codes[0]
            self._add("good", ("materials", name), row, item)
            for part in row.get("contains", ()):
                ends = (self.ids["materials", name], self.ids["materials", part])
                self._edge("composed_of", f"{name} contains {part}", *ends, {})

    # Edges

    def _valid(self, row: _Row, item: _Item) -> bool:
        """Write the period of a row; return whether its start had to be made up."""
        start, end = row.get("start"), row.get("end")
        last = None if end is None else end - timedelta(days=1)
        item["valid_from"] = start or (self.on if last is None else min(self.on, last))
        if last is not None:
            item["valid_to"] = last
        if start is None:
            item[f"{PREFIX}start_unknown"] = True
        return start is None

    def _relations(self) -> None:
        supplies = self.net.table("supplies")
        needs = self._complete_needs()
        rows = Counter((row["consumer"], row.get("material")) for row in supplies.rows())
        for row in supplies.rows():
            item: _Item = {}
            self.counts["no start"] += self._valid(row, item)
            used = ["id", "supplier", "consumer", "material", "share", "volume", "unit"]
            used += ["lead_time_days", "start", "end", "omts_type"]
            given = row.get("omts_type")
            kind = given if given in SUPPLIES else "supplies"
            if row.get("status") != "operating" or row.get("qualified") == "no":
                # To other tools this would be a supply like any other.
                kind = EXTENDED_SUPPLY
                self.counts["no supply"] += 1
            material = row.get("material")
            if kind in SERVICES and material and material.startswith(service(kind, "")):
                detail = material.removeprefix(service(kind, "")).removeprefix(": ")
                if detail:
                    item[SERVICES[kind][0]] = detail
            elif material:
                kind = "supplies" if kind in SERVICES else kind
                item["commodity"] = self.ids.get(("materials", material), material)
            if row.get("share") is not None:
                item["share_of_buyer_demand"] = row["share"].scaleb(2)
            for ours, theirs in (("volume", "volume"), ("unit", "volume_unit")):
                if row.get(ours) is not None:
                    item[theirs] = row[ours]
            if row.get("lead_time_days") is not None:
                item["lead_time_days"] = row["lead_time_days"]
            ends = []
            for end in ("supplier", "consumer"):
                ends.append(self._org_of(row[end]))
                if self.kinds[row[end]] == "facility":
                    item[f"{PREFIX}{end}"] = row[end]
            self.counts["plants"] += "facility" in {
                self.kinds[row["supplier"]],
                self.kinds[row["consumer"]],
            }
            key = (row["consumer"], material)
            if key in needs and rows[key] == 1:
                item["sole_source"] = True
                self.counts["needs kept"] += 1
            item |= _common(row) | self._rest("supplies", row, used)
            self._edge(kind, row["id"], ends[0], ends[1], item)

    def _complete_needs(self) -> set[tuple[str, str]]:
        """Return the needs that say nothing but that all suppliers are on record."""
        found = set()
        for row in self.net.table("needs").rows():
            plain = {key for key, value in row.items() if value not in (None, ())}
            if plain == {"consumer", "material", "suppliers"} and row["suppliers"] == "complete":
                found.add((row["consumer"], row["material"]))
        return found

    def _shareholders(self) -> None:
        for row in self.net.table("holdings").rows():
            item: _Item = {}
            self.counts["no start"] += self._valid(row, item)
            used = ["owner", "asset", "share", "kind", "start", "end", "omts_type", "control_type"]
            ends = [self._holder(row["owner"]), self._holder(row["asset"])]
            kind, control = self._kind_of_holding(row, ends)
            if row.get("share") is not None:
                item["percentage"] = row["share"].scaleb(2)
            elif kind == "ownership":
                item["percentage"] = Decimal(0)
            if row.get("share") == 0:
                # Nothing is held, where 0 says that the share is not known.
                item[f"{PREFIX}share"] = row["share"]
            if kind == "legal_parentage":
                ends.reverse()
                used.append("share_low")
            elif kind == EXTENDED_HOLDING and row.get("kind"):
                item[f"{PREFIX}kind"] = row["kind"]
                self.counts["no holding"] += 1
            if control or row.get("control_type"):
                item["control_type"] = row.get("control_type") or control
            item |= _common(row) | self._rest("holdings", row, used)
            name = f"{row['owner']} holds {row['asset']}"
            self._edge(kind, name, ends[0], ends[1], item)

    def _holder(self, name: str) -> str:
        return self.ids.get(("entities", name)) or self.ids["nodes", name]

    def _kind_of_holding(self, row: _Row, ends: Sequence[str]) -> tuple[str, str]:
        """Return the type of edge for a holding, and its type of control."""
        owner, asset = (self.types[end] for end in ends)
        given = row.get("omts_type")
        if row.get("status") != "held":
            # An option or a proposal would be a holding like any other.
            return EXTENDED_HOLDING, ""
        if given in HOLDINGS and asset in _ASSETS[given] and owner in _OWNERS[given]:
            return given, ""
        kind, control = _CONTROL.get((owner, row.get("kind") or "equity"), (EXTENDED_HOLDING, ""))
        if kind != EXTENDED_HOLDING and asset not in _ASSETS[kind]:
            return EXTENDED_HOLDING, ""
        return kind, control

    # What is lost

    def dropped(self) -> list[str]:
        """Return what another tool does not get, a line each."""
        net, counts = self.net, self.counts
        lines = [f"{name}: {plural(len(net.table(name)), 'row')}" for name in _LEFT_OUT]
        lines = [line for line in lines if not line.endswith(": 0 rows")]
        needs = len(net.table("needs")) - counts["needs kept"]
        if needs:
            lines.append(f"needs: {plural(needs, 'row')}")
        told = (
            ("bare", "nodes: {:,} without an operator, written as organisations"),
            ("named only", "entities: {:,} that only other tables name, written as organisations"),
            ("plants", "supplies: {:,} of plants, written as supplies of their operators"),
            ("no start", "{}: {:,} without a start, the date of the snapshot stands in for it"),
            (
                "no supply",
                "supplies: {:,} closed, planned or not qualified, hidden from other tools",
            ),
            (
                "no holding",
                "holdings: {:,} of a kind that OMTS does not know, hidden from other tools",
            ),
            ("no lei", "lei: {:,} with wrong check digits, hidden from other tools"),
            ("person", "entities: natural persons ({:,}) are in the file, confidential in OMTS"),
        )
        for key, text in told:
            if counts[key]:
                where = "supplies" if not len(net.table("holdings")) else "supplies and holdings"
                lines.append(text.format(*((where,) if key == "no start" else ()), counts[key]))
        if self.renamed:
            names = ", ".join(self.renamed[:5])
            lines.append(
                f"{plural(len(self.renamed), 'id')} changed, as all share one space: {names}"
            )
        for table, kept in sorted(self.kept.items()):
            names = ", ".join(sorted(kept))
            lines.append(f"{table}: {names}, under names that only supplynet reads")
        extra = sorted(net.meta.extra)
        if extra:
            lines.append(f"network.toml: {', '.join(extra)}")
        return sorted(lines)


_OWNERS = {
    "ownership": ("organization",),
    "operational_control": ("organization",),
    "legal_parentage": ("organization",),
    "beneficial_ownership": ("person",),
}
_ASSETS = {
    "ownership": ("organization",),
    "operational_control": ("organization", "facility"),
    "legal_parentage": ("organization",),
    "beneficial_ownership": ("organization",),
}


def _common(row: _Row) -> _Item:
    """Return grade, sources and labels of a row."""
    item: _Item = {}
    quality: _Item = {}
    if row.get("confidence") in _WORDS:
        quality["confidence"] = _WORDS[row["confidence"]]
    if row.get("references"):
        quality["source"] = ";".join(row["references"])
    if row.get("last_verified"):
        quality["last_verified"] = row["last_verified"]
    if quality:
        item["data_quality"] = quality
    labels = []
    for text in _split(row.get("labels")):
        key, _, value = text.partition("=")
        labels.append({"key": key, "value": value} if value else {"key": key})
    if labels:
        item["labels"] = labels
    return item


def _split(value: object) -> list[str]:
    return [part for part in str(value or "").split(";") if part]


def _record(text: str) -> _Item:
    """Return an identifier from the form in which the reader keeps it."""
    parts = [unquoted(part) for part in text.split(":")]
    record: _Item = {"scheme": parts[0], "value": parts[-1]}
    if len(parts) > 2:
        record["authority"] = parts[1]
    return record | {"sensitivity": "public"}


def _native(name: str, value: object) -> object:
    """Return an extra column as the property of OMTS that it was, ``None`` if it was none."""
    text = str(value)
    if name in _OWN_TEXT:
        return text
    if name in _OWN_FLAG and text in ("yes", "no"):
        return text == "yes"
    if name in _OWN_NUMBER and text.isascii() and text.replace(".", "", 1).isdecimal():
        return Decimal(text)
    return text if name.count(".") > 1 else None


def _json(document: Mapping[str, object]) -> Iterator[str]:
    """Yield the lines of a document: each node and each edge is one, numbers are exact."""
    yield "{"
    parts = list(document.items())
    for place, (key, item) in enumerate(parts):
        comma = "," if place < len(parts) - 1 else ""
        if isinstance(item, list):
            yield f"  {_text(key)}: ["
            for number, row in enumerate(item):
                yield f"    {_flat(row)}{',' if number < len(item) - 1 else ''}"
            yield f"  ]{comma}"
        else:
            yield f"  {_text(key)}: {_flat(item)}{comma}"
    yield "}"


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    return _text(value.isoformat() if isinstance(value, date) else str(value))


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


# The workbook

_README = (
    "A supply network in the import template of OMTS (Open Multi-Tier Supply-chain format).",
    "Columns and sheets with 'supplynet' in their names hold what OMTS has no word for.",
    "Corporate Structure: the owner stands under subsidiary_id, as the tool of OMTS reads it;",
    "in rows of legal_parentage the subsidiary does.",
)
_COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(headings.split())
    for name, headings in {
        "Organizations": "id name jurisdiction status lei labels",
        "Facilities": "id name operator_id address latitude longitude labels",
        "Goods": "id name commodity_code unit labels",
        "Persons": "id name jurisdiction role labels",
        "Attestations": "id name attestation_type standard issuer valid_from",
        "Consignments": "id name lot_id quantity unit installation_id",
        "Supply Relationships": "id type supplier_id buyer_id valid_from valid_to commodity tier "
        "volume volume_unit annual_value value_currency contract_ref share_of_buyer_demand "
        "service_type labels",
        "Corporate Structure": "id type subsidiary_id parent_id valid_from valid_to percentage "
        "direct control_type consolidation_basis labels",
        "Same As": "entity_a entity_b confidence basis",
        "Identifiers": "node_id scheme value authority sensitivity",
        SUPPLIES_SHEET: "id type supplier_id buyer_id valid_from valid_to",
        HOLDINGS_SHEET: "id type owner_id asset_id valid_from valid_to",
    }.items()
}
_SHEET_OF = {
    "organization": "Organizations",
    "facility": "Facilities",
    "good": "Goods",
    "person": "Persons",
    EXTENDED_SUPPLY: SUPPLIES_SHEET,
    EXTENDED_HOLDING: HOLDINGS_SHEET,
} | dict.fromkeys(HOLDINGS, "Corporate Structure")


def _sheets(document: _Item) -> dict[str, list[Sequence[object]]]:
    """Return the rows of each sheet, the headings first."""
    found: dict[str, list[_Item]] = {name: [] for name in _COLUMNS}
    for node in document["nodes"]:
        row = _plain_row(node)
        if node["type"] == "facility":
            row["operator_id"] = row.pop("operator")
        for record in node.get("identifiers", ()):
            if record["scheme"] == "lei" and node["type"] == "organization":
                row["lei"] = record["value"]
            else:
                found["Identifiers"].append({"node_id": node["id"]} | record)
        row.pop("type")
        found[_SHEET_OF[node["type"]]].append(row)
    for edge in document["edges"]:
        sheet = _SHEET_OF.get(edge["type"], "Supply Relationships")
        row = _plain_row(edge["properties"])
        ends = _COLUMNS[sheet][2:4]
        row |= {"id": edge["id"], "type": edge["type"]}
        row |= {ends[0]: edge["source"], ends[1]: edge["target"]}
        found[sheet].append(row)
    sheets: dict[str, list[Sequence[object]]] = {"README": [(line,) for line in _README]}
    sheets["Metadata"] = [("Field", "Value"), *_metadata(document)]
    for name, rows in found.items():
        if name in (SUPPLIES_SHEET, HOLDINGS_SHEET) and not rows:
            continue
        columns = [*_COLUMNS[name]]
        columns += sorted({key for row in rows for key in row} - set(columns))
        sheets[name] = [columns, *([row.get(key) for key in columns] for row in rows)]
    return sheets


def _metadata(document: _Item) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if key not in ("omts_version", "file_salt", "nodes", "edges"):
            yield key, value
    yield OWNER_COLUMN, "subsidiary_id"


def _plain_row(item: _Item) -> _Item:
    """Return properties as cells: what is nested has columns of its own."""
    row = {key: value for key, value in item.items() if not isinstance(value, (dict, list))}
    row = {k: (str(v).upper() if isinstance(v, bool) else v) for k, v in row.items()}
    for key, value in item.get("data_quality", {}).items():
        row[f"{QUALITY}{key}"] = value
    if "geo" in item:
        row |= {"latitude": item["geo"]["lat"], "longitude": item["geo"]["lon"]}
    if "labels" in item:
        labels = item["labels"]
        row["labels"] = ";".join(
            f"{label['key']}={label['value']}" if "value" in label else label["key"]
            for label in labels
        )
    return row


def _book(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    import zipfile

    from openpyxl.writer.excel import ExcelWriter

    from supplynet.io import xlsx

    packed = io.BytesIO()
    with xlsx.new_book() as book:
        for name, rows in sheets.items():
            sheet = xlsx.new_sheet(book, name)
            sheet.freeze_panes = "A2"
            for number, row in enumerate(rows, start=1):
                where = f"{name}, row {number}"
                # Dates as text: the tool of OMTS reads nothing else as a date.
                plain = [v.isoformat() if isinstance(v, date) else v for v in row]
                sheet.append([xlsx.book_cell(sheet, value, where) for value in plain])
        ExcelWriter(book, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED)).save()
    return xlsx.undated(packed)
