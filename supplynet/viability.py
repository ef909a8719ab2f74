"""The check of a bill of materials: which items a restriction stops, and what stands behind them.

The flat check knows only where an item comes from. Beside it stands what a network knows: a part
from a friendly country may hang on material from another.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from supplynet.analysis.cutsets import Chokepoints, single_points_of_failure
from supplynet.analysis.reading import ILLUSTRATIVE, Reading
from supplynet.errors import Finding, QuestionError, ValidationError, did_you_mean
from supplynet.io.bom import BomRow, bom_rows, examine_bom
from supplynet.model import SupplyNetwork, Table, number_text, resolve_date
from supplynet.schema import country, country_name, unknown_country
from supplynet.text import clean_display, plural
from supplynet.units import STRUCTURE, UNNAMED, ask, compile_network, compile_units

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.units import Compiled, Slot

    Bom = pd.DataFrame | Iterable[Mapping[str, Any]] | str | os.PathLike[str] | SupplyNetwork

__all__ = ["Hidden", "Item", "Upstream", "Viability", "check_production_viability"]

THRESHOLD = Decimal("0.8")
BLOCKS, CLEAR, UNKNOWN = "blocks", "clear", "unknown"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A country asked about that stands upstream of an item, where the flat check does not look.

    Attributes
    ----------
    country
        Its code.
    certainty
        ``certain``, ``assumed`` or ``possible``: its loss alone stops the item, as in
        :func:`supplynet.single_points_of_failure`. ``upstream``: it takes part and no single
        point was found, which is not to say that the item does without it.
    evidence
        How well that is known; blank where `certainty` is ``upstream``.
    nodes
        Nodes upstream of the item that stand there.
    gaps
        Gaps that must turn out badly.
    """

    country: str
    certainty: str
    evidence: str
    nodes: tuple[str, ...]
    gaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the country as it stands in the JSON."""
        return {
            "country": self.country,
            "certainty": self.certainty,
            "evidence": self.evidence,
            "nodes": list(self.nodes),
            "gaps": list(self.gaps),
        }


@dataclass(frozen=True, slots=True)
class Upstream:
    """What the network knows of an item.

    Attributes
    ----------
    of
        The node, the material, or the target's need that the item is on the network.
    status
        ``runs``, ``possibly_stopped`` or ``already_stopped`` with nothing lost.
    hidden
        The countries asked about that stand upstream of it.
    own
        Those of them in which the item itself is made.
    blind_spots
        Gaps that stop the item alone.
    """

    of: str
    status: str
    hidden: tuple[Hidden, ...]
    own: tuple[str, ...]
    blind_spots: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what stands upstream as in the JSON."""
        return {
            "of": self.of,
            "status": self.status,
            "hidden": [h.to_dict() for h in self.hidden],
            "own": list(self.own),
            "blind_spots": list(self.blind_spots),
        }


@dataclass(frozen=True, slots=True)
class Item:
    """One item, what the flat check says of it, and what stands upstream.

    Attributes
    ----------
    origins
        Country codes, those of all suppliers where the item is a need of a target.
    restriction_index
        As given; ``None`` where there is none, or not one for all suppliers.
    verdict, why
        ``blocks``, ``clear`` or ``unknown``, and why.
    upstream
        ``None`` where no network was given or the item is not on it.
    where
        ``file:line``, or the row of the list, or the need.
    other
        What else the bill of materials says of it.
    """

    name: str
    origins: tuple[str, ...]
    restriction_index: Decimal | None
    verdict: str
    why: str
    upstream: Upstream | None
    where: str
    other: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the item as it stands in the JSON."""
        index = self.restriction_index
        return {
            "name": self.name,
            "origins": list(self.origins),
            "restriction_index": None if index is None else float(index),
            "verdict": self.verdict,
            "why": self.why,
            "upstream": None if self.upstream is None else self.upstream.to_dict(),
            "where": self.where,
            "other": dict(self.other),
        }

    def misses(self) -> str:
        """Return in a sentence what the flat check misses; empty where no network knows it."""
        return "" if self.upstream is None else _misses(self.upstream)


@dataclass(frozen=True, eq=False)
class Viability:
    """The answer; the fields are those of the JSON ``result``.

    Attributes
    ----------
    verdict
        ``viable`` (every item is clear), ``stopped`` (an item blocks) or ``unknown``. It speaks
        of the flat check only: see `misses`.
    origins, threshold
        The countries asked about; an item from them blocks where its index is above it.
    items
        In the order of the bill of materials.
    network, target, on
        The network looked at, the target whose needs they are, the date; ``None`` without.
    findings
        Warnings and notes about the bill of materials.
    """

    verdict: str
    origins: tuple[str, ...]
    threshold: Decimal
    items: tuple[Item, ...]
    network: str | None
    target: str | None
    on: date | None
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of items that block, are clear and are unknown."""
        verdicts = [item.verdict for item in self.items]
        return {verdict: verdicts.count(verdict) for verdict in (BLOCKS, CLEAR, UNKNOWN)}

    @property
    def headline(self) -> str:
        """The answer in a sentence."""
        counts = self.counts
        found = f"{counts[BLOCKS]} block, {counts[CLEAR]} clear, {counts[UNKNOWN]} unknown"
        asked = ", ".join(country_name(code) for code in self.origins)
        test = f"asked about {asked}, threshold {number_text(self.threshold)}"
        words = {
            "viable": "no item blocks and none is unknown",
            "stopped": "at least one item blocks",
            "unknown": "no item blocks, but not every one is known",
        }
        count = plural(len(self.items), "item")
        hanging = [i for i in self.items if i.verdict == CLEAR and i.upstream and i.upstream.hidden]
        more = ""
        if hanging:
            does = plural(len(hanging), "clear item has", "clear items have")
            more = f". On the network {does} one of them upstream"
        return f"{self.verdict}: {words[self.verdict]}. {count}: {found}; {test}{more}"

    @property
    def misses(self) -> tuple[str, ...]:
        """What the flat check misses, a sentence per item; none without a network."""
        if self.network is None:
            return ()
        nothing = "not on the network: nothing is said of what is behind it"
        return tuple(f"{item.name}: {item.misses() or nothing}" for item in self.items)

    def rows(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Return item, origin, index, verdict and why of each item, as text."""
        return tuple(
            (
                item.name,
                "; ".join(item.origins),
                "" if item.restriction_index is None else number_text(item.restriction_index),
                item.verdict,
                item.why,
            )
            for item in self.items
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "verdict": self.verdict,
            "origins": list(self.origins),
            "threshold": float(self.threshold),
            "target": self.target,
            "counts": dict(self.counts),
            "items": [item.to_dict() for item in self.items],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per item; `misses` says what the flat check misses."""
        import pandas as pd

        rows = [(*row, item.misses()) for row, item in zip(self.rows(), self.items, strict=True)]
        columns = ["name", "origins", "restriction_index", "verdict", "why", "misses"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return f"<Viability {clean_display(self.headline)}>"

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


def check_production_viability(
    bom: Bom,
    target: str | None = None,
    *,
    origins: str | Sequence[str],
    threshold: Decimal | float | str = THRESHOLD,
    network: SupplyNetwork | None = None,
    on: date | str | None = None,
    max_gaps: int = 2,
    encoding: str = "utf-8",
) -> Viability:
    """Return which items of a bill of materials a restriction blocks, and what stands behind them.

    Parameters
    ----------
    bom
        A list of dicts or a DataFrame with `name`, `origin`, `restriction_index` (0-1) and, to
        place an item on `network`, `node`; the path of such a file; or a network, whose `target`
        then gives the items: its needs.
    target
        The node whose needs are the items; only with a network.
    origins
        The countries whose restrictions count: names or codes.
    threshold
        An item from those countries blocks where its index is above this; exactly it does not.
    network
        A network that shows beside each item what the flat check misses. An item is found on it
        by its `node`, else where its name is the id or name of one node or material.
    on
        The date; by default that of the network.
    max_gaps
        Gaps that may turn out badly together with a country.
    encoding
        Encoding of a CSV file.

    Returns
    -------
    Viability
        A verdict, and per item what the flat check says and what it misses.

    Raises
    ------
    ValidationError
        The bill of materials is wrong; all findings come at once.
    QuestionError
        No country to ask about, an unknown one, or a threshold that is no number from 0 to 1.
    UnknownNameError
        The network has no node `target`.

    Notes
    -----
    A missing origin or index makes an item ``unknown``, never ``clear``. An item with several
    origins blocks if all of them are asked about and is unknown if some are: the list does not
    say whether one can do without the other.

    Of a target's need, each supplier is judged by its country and by the measures of that
    country that are in force on the date and list the material; what is no plain yes or no is
    unknown. Measures are taken as recorded: recipients, content and reach are not worked out.

    Examples
    --------
    >>> part = {"name": "GaN amplifier", "origin": "Japan", "restriction_index": 0.3}
    >>> check_production_viability([part], origins=["China"])  # doctest: +ELLIPSIS
    <Viability viable: no item blocks and none is unknown. 1 item: 0 block, 1 clear, 0 unknown; ...>

    What that misses:

    >>> import supplynet
    >>> net = supplynet.load_example("gallium_germanium")
    >>> part["node"] = "jp_gan_amp"
    >>> found = check_production_viability([part], origins=["China"], network=net)
    >>> [(h.country, h.certainty, h.nodes) for h in found.items[0].upstream.hidden]
    [('CN', 'possible', ('cn_gallium',))]
    """
    asked = _asked(origins)
    limit = _threshold(threshold)
    if isinstance(bom, SupplyNetwork):
        if network is not None:
            raise QuestionError("the items come from a network: give no second one")
        look = _Look(bom, asked, resolve_date(bom, on), max_gaps)
        name = ask(bom, target, on=on).target
        items = _needs_of(look, name, limit)
        return Viability(_overall(items), asked, limit, items, bom.name, name, look.on, ())
    if target is not None:
        raise QuestionError("a bill of materials has no target: it is the list of items itself")
    if isinstance(bom, (str, os.PathLike)):
        rows, findings = examine_bom(bom, encoding=encoding)
    else:
        rows, findings = bom_rows(bom)
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        raise ValidationError(errors)
    beside = None if network is None else _Look(network, asked, resolve_date(network, on), max_gaps)
    more: list[Finding] = []
    items = tuple(_item(row, asked, limit, beside, more) for row in rows)
    return Viability(
        _overall(items),
        asked,
        limit,
        items,
        None if network is None else network.name,
        None,
        None if beside is None else beside.on,
        (*findings, *more),
    )


def _asked(origins: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(origins, str):
        # A name may hold a comma: Korea, Republic of.
        whole = country(origins.strip())[0] is not None
        origins = [origins] if whole else origins.replace(",", ";").split(";")
    texts = [str(text) for text in origins]
    codes = set()
    for text in texts:
        if not text.strip():
            continue
        code, _ = country(text.strip())
        if code is None:
            what, fix = unknown_country(text.strip())
            raise QuestionError(f"{what}. {fix}")
        codes.add(code)
    if not codes:
        raise QuestionError("which origins? Name at least one country, such as CN")
    return tuple(sorted(codes))


def _threshold(threshold: Decimal | float | str) -> Decimal:
    try:
        value = Decimal(str(threshold))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= 1:
        raise QuestionError(f"threshold is {threshold}, must be a number from 0 to 1")
    return value


def _overall(items: Sequence[Item]) -> str:
    verdicts = {item.verdict for item in items}
    if BLOCKS in verdicts:
        return "stopped"
    return "viable" if verdicts == {CLEAR} else UNKNOWN


def _judge(
    origins: Sequence[str], index: Decimal | None, asked: Sequence[str], limit: Decimal
) -> tuple[str, str]:
    """Return the verdict of the flat check and why."""
    if not origins and index is None:
        return UNKNOWN, "neither its origin nor its restriction index is known"
    if not origins:
        return UNKNOWN, f"its origin is not known (index {number_text(index or Decimal(0))})"
    places = " and ".join(country_name(code) for code in origins)
    if index is None:
        return UNKNOWN, f"from {places}; its restriction index is not known"
    inside = [code for code in origins if code in asked]
    value = f"index {number_text(index)}"
    if not inside:
        return CLEAR, f"from {places}, which is not asked about ({value})" if len(
            origins
        ) == 1 else f"from {places}, none of them asked about ({value})"
    if index <= limit:
        return CLEAR, f"from {places}; {value} is not above {number_text(limit)}"
    if len(inside) == len(origins):
        return BLOCKS, f"from {places}; {value} is above {number_text(limit)}"
    told = "the list does not say whether one of them is enough"
    return UNKNOWN, f"from {places}; {value} is above {number_text(limit)}, and {told}"


# Items of a bill of materials


def _item(
    row: BomRow,
    asked: Sequence[str],
    limit: Decimal,
    beside: _Look | None,
    findings: list[Finding],
) -> Item:
    verdict, why = _judge(row.origins, row.restriction_index, asked, limit)
    return Item(
        name=row.name,
        origins=row.origins,
        restriction_index=row.restriction_index,
        verdict=verdict,
        why=why,
        upstream=None if beside is None else beside.item(row, findings),
        where=row.where,
        other=row.other,
    )


class _Look:
    """Looks upstream of items on one network."""

    def __init__(
        self, net: SupplyNetwork, asked: Sequence[str], on: date | None, max_gaps: int
    ) -> None:
        self.net = net
        self.asked = asked
        self.on = on
        self.max_gaps = max_gaps
        self.names: dict[str, set[tuple[str, str]]] = {}
        for table in ("nodes", "materials"):
            rows = net.table(table)
            for key in ("id", "name"):
                for text, found in zip(rows.column(key), rows.column("id"), strict=True):
                    if text:
                        self.names.setdefault(_plain(text), set()).add((table, found))
        for material in net.table("supplies").column("material"):
            if material:
                self.names.setdefault(_plain(material), set()).add(("materials", material))

    def item(self, row: BomRow, findings: list[Finding]) -> Upstream | None:
        """Return what stands upstream of a part, ``None`` with a finding where it is not here."""
        text = row.node or row.name
        found = self.names.get(_plain(text), set())
        if len(found) > 1:
            names = ", ".join(f"{table[:-1]} {name!r}" for table, name in sorted(found))
            own = {(table, name) for table, name in found if name == text}
            if len(own) != 1:
                what = f"{text!r} is {names} on the network"
                findings.append(
                    Finding(row.where, what, "Give the id in the column 'node'", "warning")
                )
                return None
            found = own
        if not found:
            fix = did_you_mean(_plain(text), self.names).strip()
            if fix:
                fix = f"{fix} Then give it in the column 'node'"
            what = f"{row.name!r} is not on the network: nothing is said of what is behind it"
            findings.append(Finding(row.where, what, fix, "warning" if row.node else "note"))
            return None
        table, name = next(iter(found))
        if table == "nodes":
            return self.node(self.net, name, f"node {name}")
        return self._material(row, name, findings)

    def node(self, net: SupplyNetwork, node: str, of: str) -> Upstream:
        """Return what stands upstream of a node."""
        points = single_points_of_failure(
            net, node, by="country", on=self.on, max_gaps=self.max_gaps
        )
        compiled = compile_network(net, points.question.on)
        units = compile_units(net, compiled, "country").by_name
        reading = Reading(compiled, ILLUSTRATIVE, node)
        hidden = [_as_hidden(point) for point in _first(points) if point.unit in self.asked]
        seen = {h.country for h in hidden} | set(points.own)
        for code in self.asked:
            if code not in seen and code in units and reading.reaches(units[code]):
                there = sorted(
                    compiled.nodes[v]
                    for v in units[code].vertices
                    if v < len(compiled.nodes) and compiled.nodes[v] in reading.nodes
                )
                hidden.append(Hidden(code, "upstream", "", tuple(there), ()))
        return Upstream(
            of,
            points.status,
            tuple(hidden),
            tuple(code for code in points.own if code in self.asked),
            points.blind_spots,
        )

    def _material(self, row: BomRow, material: str, findings: list[Finding]) -> Upstream | None:
        """Return what stands upstream of a part that is bought as a material."""
        supplies = self.net.table("supplies")
        there = self.net.node_rows
        sellers = {
            seller
            for seller, sold in zip(
                supplies.column("supplier"), supplies.column("material"), strict=True
            )
            if sold == material
        }
        if row.origins:
            sellers = {s for s in sellers if there[s].get("country") in (None, *row.origins)}
        if not sellers:
            places = " or ".join(country_name(code) for code in row.origins)
            what = f"no supplier of {material!r} in {places} is on the network"
            if not row.origins:
                what = f"no supplier of {material!r} is on the network"
            findings.append(Finding(row.where, what, "Nothing is said of it", "note"))
            return None
        buyer = row.name
        while buyer in there:
            buyer = f"{buyer} (item)"
        net = _with_buyer(self.net, buyer, material, sorted(sellers))
        return self.node(net, buyer, f"material {material}")


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").replace("-", " ").casefold().split())


def _first(points: Chokepoints) -> list[Any]:
    """Return the first, that is the surest finding of each country."""
    found: dict[str, Any] = {}
    for point in points.chokepoints:
        found.setdefault(point.unit, point)
    return list(found.values())


def _as_hidden(point: Any) -> Hidden:  # noqa: ANN401
    return Hidden(point.unit, point.certainty, point.evidence, point.nodes, point.gaps)


def _added(table: Table, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return a table with rows more; what they do not say is blank."""
    names = list(dict.fromkeys([*table.columns, *(name for row in rows for name in row)]))
    columns = {
        name: [
            *table.column(name),
            *(row.get(name, () if name in table.list_fields else None) for row in rows),
        ]
        for name in names
    }
    length = table.length + len(rows)
    return replace(table, columns=columns, length=length, source=None, lines=None)


def _with_buyer(
    net: SupplyNetwork, buyer: str, material: str, sellers: Sequence[str]
) -> SupplyNetwork:
    """Return the network with one node more that buys a material; its list is left open."""
    tables = dict(net.tables)
    node = {"id": buyer, "kind": "line", "status": "operating", "can_fail": "yes"}
    tables["nodes"] = _added(net.table("nodes"), [{**node, "upstream": "recorded"}])
    tables["supplies"] = _added(
        net.table("supplies"),
        [
            {
                "id": f"{seller}>{buyer}:{material}",
                "supplier": seller,
                "consumer": buyer,
                "material": material,
                "status": "operating",
                "qualified": "yes",
            }
            for seller in sellers
        ],
    )
    need = {"consumer": buyer, "material": material, "suppliers": "partial"}
    tables["needs"] = _added(net.table("needs"), [need])
    return SupplyNetwork(tables, net.meta)


# The needs of a target


def _needs_of(look: _Look, target: str, limit: Decimal) -> tuple[Item, ...]:
    net = look.net
    compiled = compile_network(net, look.on)
    place = compiled.index[target]
    slots: dict[str, Slot] = {}
    for vertex, node in enumerate(compiled.vertex_node):
        for position in compiled.slots_of[vertex] if node == place else ():
            slot = compiled.slots[position]
            if slot.rank != STRUCTURE:
                slots.setdefault(slot.need, slot)
    items = [_need(look, compiled, slot, target, limit) for slot in slots.values()]
    for node, need in compiled.not_modelled:
        if node == place:
            items.append(_blank_item(need, "a need on record that is not modelled", target))
    if any(gap.id == f"upstream:{target}" for gap in compiled.gaps):
        items.append(_blank_item("(not recorded)", "what else it needs is not known", target))
    return tuple(sorted(items, key=lambda item: item.name))


def _blank_item(name: str, why: str, target: str) -> Item:
    return Item(name, (), None, UNKNOWN, why, None, f"{target}/{name}", {})


def _need(look: _Look, compiled: Compiled, slot: Slot, target: str, limit: Decimal) -> Item:
    net = look.net
    supplies = net.table("supplies")
    rows = sorted({compiled.edge_supply[edge] for edge in slot.edges} - {-1})
    verdicts, origins, indexes, reasons = [], [], [], []
    for row in rows:
        supplier = supplies.column("supplier")[row]
        code = net.node_rows[supplier].get("country")
        index, basis = _index(look, supplies.column("material")[row], code, target, limit)
        verdict, why = _judge([code] if code else [], index, look.asked, limit)
        guess = supplies.column("confidence")[row] == "illustrative"
        if verdict == CLEAR and (guess or supplies.column("qualified")[row] == "unknown"):
            verdict, why = UNKNOWN, f"{why}, but the supply is not sure"
        verdicts.append(verdict)
        origins += [code] if code else []
        indexes.append(index)
        reasons.append(f"{supplier}: {why}{basis}")
    if slot.partial:
        verdicts.append(UNKNOWN)
        reasons.append("other suppliers are not on record")
    if not verdicts:
        verdicts, reasons = [BLOCKS], ["nobody on record supplies it on the date"]
    # One supplier that is clear is enough; all must block to block.
    kinds = set(verdicts)
    verdict = CLEAR if CLEAR in kinds else BLOCKS if kinds == {BLOCKS} else UNKNOWN
    return Item(
        name=slot.need,
        origins=tuple(sorted(set(origins))),
        restriction_index=indexes[0] if len(set(indexes)) == 1 else None,
        verdict=verdict,
        why="; ".join(reasons),
        upstream=look.node(_only(net, target, slot), target, f"need {target}/{slot.need}"),
        where=f"{target}/{slot.need}",
        other={},
    )


def _only(net: SupplyNetwork, target: str, slot: Slot) -> SupplyNetwork:
    """Return the network in which the target has this need only."""
    supplies, needs = net.table("supplies"), net.table("needs")
    columns = ("consumer", "material", "group", "product")
    ruled = [
        (material, consumer == target, _label(material, group, product) == slot.need)
        for consumer, material, group, product in zip(
            *(needs.column(name) for name in columns), strict=True
        )
    ]
    materials = {material for material, own, this in ruled if own and this}
    if not materials:
        materials = {None if slot.need == UNNAMED else slot.need}
    kept = [
        row
        for row, consumer in enumerate(supplies.column("consumer"))
        if consumer != target or supplies.column("material")[row] in materials
    ]
    rules = [row for row, (_, own, this) in enumerate(ruled) if this or not own]
    tables = dict(net.tables)
    tables["supplies"] = _picked(supplies, kept)
    tables["needs"] = _picked(needs, rules)
    return SupplyNetwork(tables, net.meta)


def _label(material: str, group: str | None, product: str | None) -> str:
    return (group or material) + (f"/{product}" if product else "")


def _picked(table: Table, rows: Sequence[int]) -> Table:
    columns = {name: [values[row] for row in rows] for name, values in table.columns.items()}
    return replace(table, columns=columns, length=len(rows), source=None, lines=None)


def _index(
    look: _Look, material: str | None, origin: str | None, target: str, limit: Decimal
) -> tuple[Decimal | None, str]:
    """Return how hard measures of the country of origin bite on a material, and whose.

    The hardest index counts. A measure that may apply and says no index makes it unknown, unless
    another is known to be above the limit.
    """
    net, on = look.net, look.on
    if material is None or origin is None:
        return None, ""
    entities = {row["id"]: row.get("country") for row in net.table("entities").rows()}
    known: list[tuple[Decimal, str]] = []
    open_ones: list[str] = []
    for measure in net.table("measures").rows():
        authority = measure.get("authority")
        if (
            material in (measure.get("materials") or ())
            and measure.get("kind") != "procurement_rule"
            and origin in (entities.get(authority, authority), *(measure.get("origins") or ()))
        ):
            state = _in_force(net, measure["id"], on)
            fits = _fits(net, measure, target)
            if state is None or fits == "no":
                continue
            if fits == "yes" and isinstance(state, Decimal):
                known.append((state, measure["id"]))
            else:
                open_ones.append(measure["id"])
    if known and (max(known)[0] > limit or not open_ones):
        index, name = max(known)
        return index, f" ({name})"
    if open_ones:
        return None, f" (open: {', '.join(sorted(open_ones))})"
    return None, " (no measure on record lists it)"


def _in_force(net: SupplyNetwork, measure: str, on: date | None) -> Decimal | str | None:
    """Return the index of the period in force, ``"unknown"``, or ``None`` where none is."""
    for period in net.table("periods").rows():
        if period["measure"] != measure:
            continue
        if on is None:
            return UNKNOWN
        end = period.get("end")
        if period["start"] <= on and (end is None or on < end):
            if period.get("status") == "suspended":
                return None
            index: Decimal | None = period.get("restriction_index")
            return UNKNOWN if index is None or period.get("status") != "in_force" else index
    return None


def _fits(net: SupplyNetwork, measure: Mapping[str, Any], target: str) -> str:
    """Return whether a measure is meant for this target, ``unknown`` where that is not plain."""
    row = net.node_rows[target]
    found = "yes"
    for wanted, has in (
        (measure.get("destinations"), row.get("country")),
        (measure.get("end_uses"), row.get("end_use")),
    ):
        if not wanted:
            continue
        if has is None or has == "dual":
            found = UNKNOWN
        elif has not in wanted:
            return "no"
    if measure.get("parties") or "territory" not in (measure.get("reach") or ("territory",)):
        return UNKNOWN
    return found


# Sentences


def _misses(upstream: Upstream) -> str:
    told = []
    if upstream.status == "already_stopped":
        told.append("it does not run on the date, with nothing lost")
    for code in upstream.own:
        told.append(f"it is itself made in {country_name(code)}")
    for hidden in upstream.hidden:
        name, nodes = country_name(hidden.country), ", ".join(hidden.nodes)
        through = f" ({nodes})" if nodes else ""
        if hidden.certainty == "upstream":
            told.append(f"{name} stands upstream{through}; no single point was found")
        elif hidden.certainty == "possible":
            turn = "turns" if len(hidden.gaps) == 1 else "turn"
            gaps = " and ".join(hidden.gaps)
            told.append(f"{name} alone stops it{through}, if {gaps} {turn} out badly")
        else:
            sure = f"{hidden.certainty}, evidence {hidden.evidence}"
            told.append(f"{name} alone stops it{through}: {sure}")
    if upstream.blind_spots:
        told.append(f"not known, and enough to stop it: {', '.join(upstream.blind_spots)}")
    return "; ".join(told) or "none of the countries asked about is on record upstream of it"
