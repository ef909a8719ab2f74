"""From a network and its analyses to the plain facts of a view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.analysis.cutsets import CutSets, minimal_cut_sets
from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Reading
from supplynet.ownership import Lever, controllers
from supplynet.schema import country_name
from supplynet.text import plural
from supplynet.units import (
    STRUCTURE,
    Compiled,
    Gap,
    Unit,
    Units,
    ask,
    compile_network,
    compile_units,
    resolve_targets,
)
from supplynet.view.payload import (
    Answer,
    CutSet,
    GapItem,
    LinkItem,
    NeedItem,
    NodeItem,
    ReferenceItem,
    SupplyItem,
    UnitItem,
    ViewData,
)

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork

__all__ = ["gather"]

#: Sets listed for one target and unit; the rest is counted, and is in the report.
LISTED = 60
#: Up to this many units of one kind each loss is worked out; beyond, those of a finding only.
EACH_UNIT = 1_000

_SHOWN = frozenset(
    {
        "id", "name", "kind", "stage", "country", "operator", "makes", "upstream", "confidence",
        "references", "note", "capacity", "capacity_low", "capacity_high", "capacity_unit",
        "capacity_basis", "inventory_days", "inventory_low", "inventory_high", "start", "end",
    }
)  # fmt: skip
_UNSPOKEN = {"status": "operating", "can_fail": "yes"}


def gather(
    net: SupplyNetwork,
    *,
    targets: Sequence[str] | str | None,
    on: date | str | None,
    by: Sequence[str],
    max_order: int,
    grouped: bool = False,
) -> ViewData:
    """Return everything that the view shows of a network.

    With `grouped` nothing is worked out for the loss of single nodes, which are not drawn.
    """
    from supplynet import __version__

    net = _in_order(net)
    asked = resolve_targets(net, targets)
    kinds = [kind for kind in dict.fromkeys(by) if not (grouped and kind == "node")]
    # Every `by` and the date are checked before anything is worked out.
    questions = [ask(net, asked[0], by=kind, on=on) for kind in (*kinds, "node")]
    compiled = compile_network(net, questions[0].on)
    effects = _Effects(net, compiled, asked)
    names = _names(net)
    gaps = _gaps(net, compiled, kinds)
    words = {gap.id: gap.text for gap in gaps}
    answers, units, unlisted = [], [], []
    for kind in kinds:
        known = compile_units(net, compiled, kind)
        found = {
            target: minimal_cut_sets(net, target, by=kind, on=on, max_order=max_order)
            for target in asked
        }
        answers += [effects.answer(known, cuts, words) for cuts in found.values()]
        shown = effects.units(known, found.values())
        units += shown
        if len(shown) < len(known.units):
            unlisted.append((kind, len(known.units) - len(shown)))
    return ViewData(
        title=net.meta.title or net.name or "Supply network",
        name=net.name,
        digest=net.digest,
        as_of=net.as_of.isoformat() if net.as_of else None,
        on=compiled.on.isoformat() if compiled.on else None,
        description=net.meta.description,
        licence=net.meta.licence,
        version=__version__,
        nodes=_nodes(net, compiled, effects, asked, gaps),
        links=effects.links,
        units=tuple(units),
        answers=tuple(answers),
        gaps=tuple(gaps),
        references=tuple(
            ReferenceItem(
                row["id"],
                row.get("title") or row["id"],
                row.get("publisher"),
                _plain(row.get("date")),
                row.get("url"),
            )
            for row in net.table("references").rows()
        ),
        unlisted=tuple(unlisted),
        limits=_limits(effects, len(gaps), kinds, max_order, unlisted),
        names=names,
    )


def _in_order(net: SupplyNetwork) -> SupplyNetwork:
    """Return the network with its rows sorted: their order in a file is no part of the data."""
    tables = {}
    for name, table in net.tables.items():
        heads = sorted(table.columns, key=lambda column: (column != "id", column))
        keys = [tuple(str(table.columns[c][i]) for c in heads) for i in range(len(table))]
        order = sorted(range(len(table)), key=keys.__getitem__)
        columns = {c: [values[i] for i in order] for c, values in table.columns.items()}
        tables[name] = replace(table, columns=columns, source=None, lines=None)
    return type(net)(tables, net.meta, net.findings)


class _Effects:
    """What losses do, as positions of nodes and links; one reading serves them all."""

    def __init__(self, net: SupplyNetwork, compiled: Compiled, targets: Sequence[str]) -> None:
        self.net = net
        self.compiled = compiled
        self.targets = targets
        self.strict = Reading(compiled, LOW)
        self.recorded = Reading(compiled, ILLUSTRATIVE)
        self.links = _links(net, compiled)
        self.link_of = _link_of_supply(net, compiled, self.links)
        self.before = {
            LOW: set(self.strict.down(self.strict.unharmed[1])),
            ILLUSTRATIVE: set(self.recorded.down(self.recorded.unharmed[1])),
        }
        self.all_bad = set(self.recorded.down(self.recorded.run(compiled.gaps)))
        self.cones: dict[str, frozenset[str]] = {}

    def positions(self, nodes: Iterable[str]) -> tuple[int, ...]:
        return tuple(sorted(self.compiled.index[node] for node in nodes))

    def _down(self, level: int, taken: Sequence[Unit | Gap]) -> set[str]:
        reading = self.strict if level == LOW else self.recorded
        return set(reading.down(reading.run(taken))) - self.before[level]

    def units(self, known: Units, found: Iterable[CutSets]) -> list[UnitItem]:
        """Return the effect of each unit; where units are very many, of those of a finding."""
        doubtful: dict[str, set[tuple[str, str]]] = defaultdict(set)
        named: set[str] = set()
        for cuts in found:
            named.update(name for members in cuts.cut_sets for name in members)
            for pair in cuts.possible:
                named.update(pair.units)
                if len(pair.units) == 1:
                    for gap in pair.gaps:
                        doubtful[pair.units[0]].add((gap, cuts.question.target))
        shown = [u for u in known.units if len(known.units) <= EACH_UNIT or u.name in named]
        gap_of = {gap.id: gap for gap in (*self.compiled.gaps, *_unclear(known, self.compiled))}
        return [self._unit(known.by, unit, doubtful[unit.name], gap_of) for unit in shown]

    def _unit(
        self,
        by: str,
        unit: Unit,
        doubtful: Iterable[tuple[str, str]],
        gap_of: Mapping[str, Gap],
    ) -> UnitItem:
        lost = {self.compiled.nodes[v] for v in unit.vertices}
        certain = self._down(LOW, [unit]) - lost
        assumed = self._down(ILLUSTRATIVE, [unit]) - lost - certain
        # With every gap at its bad end much is down before anything is lost; that is no effect
        # of this loss. What the search found with single gaps is, even where both are true.
        bad = set(self.recorded.down(self.recorded.run([unit, *self.compiled.gaps])))
        possibly = bad - self.all_bad
        for gap, target in doubtful:
            possibly |= self._down(ILLUSTRATIVE, [unit, gap_of[gap]]) - (
                self._down(ILLUSTRATIVE, [gap_of[gap]])
            )
            possibly.add(target)
        possibly -= lost | certain | assumed | self.before[LOW]
        asked = set(self.targets) - self.before[LOW]
        return UnitItem(
            by=by,
            unit=unit.name,
            label=unit.label,
            lost=self.positions(lost),
            blocked=tuple(sorted({self.link_of[s] for s in unit.supplies} - {-1})),
            dark=self.positions(certain),
            assumed=self.positions(assumed),
            possibly=self.positions(possibly),
            targets=self.positions(asked & (certain | lost)),
            targets_assumed=self.positions(asked & assumed),
            targets_possibly=self.positions(asked & possibly),
        )

    def answer(self, known: Units, cuts: CutSets, words: Mapping[str, str]) -> Answer:
        """Return the cut sets of one target, each with the nodes that go down on the way."""
        target = cuts.question.target
        assumed = set(cuts.assumed)
        gap_of = {gap.id: gap for gap in (*self.compiled.gaps, *_unclear(known, self.compiled))}
        listed: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [
            (members, "assumed" if members in assumed else "certain", ())
            for members in cuts.cut_sets
        ]
        # The certain first: the question is what stops it, not what might.
        listed.sort(key=lambda entry: (len(entry[0]), entry[1] == "assumed", entry[0]))
        listed += [(pair.units, "possible", pair.gaps) for pair in cuts.possible]
        sets = []
        for members, certainty, gaps in listed[:LISTED]:
            units = [known.named(name) for name in members]
            lost = {self.compiled.nodes[v] for unit in units for v in unit.vertices}
            taken: list[Unit | Gap] = [*units, *(gap_of[gap] for gap in gaps)]
            down = self._down(LOW if certainty == "certain" else ILLUSTRATIVE, taken)
            sets.append(
                CutSet(
                    certainty=certainty,
                    labels=tuple(unit.label for unit in units),
                    gaps=tuple(words.get(gap, gap) for gap in gaps),
                    lost=self.positions(lost),
                    blocked=tuple(
                        sorted({self.link_of[s] for u in units for s in u.supplies} - {-1})
                    ),
                    dark=self.positions((down & self._cone(target)) - lost),
                )
            )
        return Answer(
            target=self.compiled.index[target],
            by=known.by,
            status=cuts.status,
            complete=cuts.complete,
            complete_to=cuts.complete_to,
            possible_complete_to=cuts.possible_complete_to,
            max_order=cuts.max_order,
            sets=tuple(sets),
            blind_spots=tuple(words.get(gap, gap) for gap in cuts.blind_spots),
            own=tuple(
                known.by_name[name].label if name in known.by_name else name for name in cuts.own
            ),
            shortened=max(0, len(listed) - LISTED),
        )

    def _cone(self, target: str) -> frozenset[str]:
        if target not in self.cones:
            suppliers: dict[int, list[int]] = defaultdict(list)
            for link in self.links:
                suppliers[link.consumer].append(link.supplier)
            todo = [self.compiled.index[target]]
            seen = set(todo)
            for position in todo:
                for supplier in suppliers[position]:
                    if supplier not in seen:
                        seen.add(supplier)
                        todo.append(supplier)
            self.cones[target] = frozenset(self.compiled.nodes[p] for p in seen)
        return self.cones[target]


def _unclear(known: Units, compiled: Compiled) -> tuple[Gap, ...]:
    """Return the gaps of nodes of which it is unknown whether a unit takes them."""
    return tuple(Gap(f"unit:{compiled.nodes[vertex]}", (vertex,)) for vertex in known.unclear)


def _names(net: SupplyNetwork) -> dict[str, str]:
    """Return country codes, and entities that are no country, with what to call them."""
    codes = {*net.table("nodes").column("country"), *net.table("entities").column("country")}
    found = {code: country_name(code) or code for code in codes if code}
    for row in net.table("entities").rows():
        found.setdefault(row["id"], row.get("name") or row["id"])
    return found


def _plain(value: object) -> str | None:
    """Return a value as it is read in a panel; blank stays ``None``."""
    if value is None or value == ():
        return None
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(value)


def _number(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _share(row: Mapping[str, Any]) -> str | None:
    low, high = row.get("share_low"), row.get("share_high")
    share = row.get("share")
    parts = [] if share is None else [f"{_number(share * 100)} %"]
    if low is not None or high is not None:
        ends = [("?" if end is None else _number(end * 100)) for end in (low, high)]
        parts.append(f"{ends[0]} to {ends[1]} %")
    return ", ".join(parts) or None


def _period(row: Mapping[str, Any]) -> str | None:
    start, end = row.get("start"), row.get("end")
    status = row.get("status")
    text = "" if status in (None, "operating") else str(status)
    if start:
        text += f" from {start}"
    if end:
        text += f" until {end}"
    return text.strip() or None


def _links(net: SupplyNetwork, compiled: Compiled) -> tuple[LinkItem, ...]:
    index = compiled.index
    unevaluated = set(compiled.not_modelled)
    materials = _materials(net)
    rows: dict[tuple[int, int], list[SupplyItem]] = defaultdict(list)
    for position, row in enumerate(net.table("supplies").rows()):
        ends = index[row["supplier"]], index[row["consumer"]]
        live = bool(compiled.edges_of_supply[position])
        live = live or (ends[1], row.get("material")) in unevaluated
        rows[ends].append(
            SupplyItem(
                id=row["id"],
                material=materials.get(row.get("material") or "", row.get("material")),
                share=_share(row),
                confidence=row.get("confidence"),
                qualified=row.get("qualified"),
                period=_period(row),
                live=live,
                references=tuple(row.get("references") or ()),
                note=row.get("note"),
            )
        )
    return tuple(LinkItem(*ends, tuple(rows[ends])) for ends in sorted(rows))


def _link_of_supply(net: SupplyNetwork, compiled: Compiled, links: Sequence[LinkItem]) -> list[int]:
    at = {(link.supplier, link.consumer): k for k, link in enumerate(links)}
    supplies = net.table("supplies")
    return [
        at[compiled.index[supplier], compiled.index[consumer]] if edges else -1
        for supplier, consumer, edges in zip(
            supplies.column("supplier"),
            supplies.column("consumer"),
            compiled.edges_of_supply,
            strict=True,
        )
    ]


def _gaps(net: SupplyNetwork, compiled: Compiled, kinds: Sequence[str]) -> list[GapItem]:
    """Return the gaps in words, those of the unit kinds asked for among them."""
    names = {node: row.get("name") or node for node, row in net.node_rows.items()}
    materials = _materials(net)
    groups = _groups(net, materials)
    rows = list(net.table("supplies").rows())
    consumer = {row["id"]: row["consumer"] for row in rows}
    ends = {row["id"]: (row["supplier"], row.get("material")) for row in rows}
    blank: dict[str, list[str]] = defaultdict(list)
    for kind in kinds:
        for gap in _unclear(compile_units(net, compiled, kind), compiled):
            blank[gap.id].append(kind)
    found = []
    for gap_id in sorted({gap.id for gap in compiled.gaps} | set(blank)):
        kind, _, name = gap_id.partition(":")
        node = consumer.get(name) if kind == "supply" else _node_in(name, names)
        who = names.get(node or "", name)
        if kind == "upstream":
            text = f"{who}: what it needs is not recorded"
        elif kind == "suppliers":
            need = name[len(node or "") + 1 :]
            need = groups.get((node or "", need)) or materials.get(need, need)
            text = f"{who}: who else supplies {need} is not known"
        elif kind == "supply":
            supplier, material = ends[name]
            what = materials.get(material or "", material or "its material")
            text = f"{who}: whether {what} really comes from {names[supplier]} is not known"
        elif kind == "material":
            text = f"{who}: whether it needs all its unnamed materials, or any one, is not known"
        elif kind == "unit":
            text = f"{who}: {' and '.join(blank[gap_id])} not known"
        else:
            text = gap_id
        found.append(GapItem(gap_id, text, None if node is None else compiled.index[node]))
    return found


def _groups(net: SupplyNetwork, materials: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return the needs that any one of several materials meets, in words."""
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in net.table("needs").rows():
        if row.get("group"):
            label = f"{row['group']}/{row['product']}" if row.get("product") else row["group"]
            members[row["consumer"], label].add(materials.get(row["material"], row["material"]))
    return {need: " or ".join(sorted(found)) for need, found in members.items()}


def _materials(net: SupplyNetwork) -> dict[str, str]:
    return {row["id"]: row.get("name") or row["id"] for row in net.table("materials").rows()}


def _node_in(name: str, nodes: Mapping[str, str]) -> str | None:
    """Return the node that a gap id names: all of it, or what stands before a slash."""
    if name in nodes:
        return name
    for position, character in enumerate(name):
        if character == "/" and name[:position] in nodes:
            return name[:position]
    return None


def _nodes(
    net: SupplyNetwork,
    compiled: Compiled,
    effects: _Effects,
    targets: Sequence[str],
    gaps: Sequence[GapItem],
) -> tuple[NodeItem, ...]:
    control = controllers(net, on=compiled.on).by_id
    entity = {row["id"]: row.get("name") or row["id"] for row in net.table("entities").rows()}
    materials = _materials(net)
    sure = dict(effects.strict.not_running())
    doubtful = dict(effects.recorded.not_running())
    of_node: dict[int, list[str]] = defaultdict(list)
    for gap in gaps:
        if gap.node is not None:
            of_node[gap.node].append(gap.id)
    needs = _needs(compiled, materials)
    found = []
    for position, (node, row) in enumerate(net.node_rows.items()):
        under = control[node]
        facts = _facts(row)
        if node in doubtful and node not in sure:
            facts.insert(
                0, ("On this date", f"down if illustrative needs are right: {doubtful[node]}")
            )
        found.append(
            NodeItem(
                id=node,
                name=row.get("name") or node,
                stage=row.get("stage"),
                country=row.get("country"),
                operator=entity.get(under.operator or "", under.operator),
                owner=entity.get(under.owner or "", under.owner),
                controller=under.controller,
                kind=row.get("kind") or "site",
                confidence=row.get("confidence"),
                makes=tuple(materials.get(m, m) for m in row.get("makes") or ()),
                facts=tuple(facts),
                levers=tuple(_lever(lever, entity) for lever in under.levers),
                references=tuple(row.get("references") or ()),
                note=row.get("note"),
                needs=tuple(needs[position]),
                gaps=tuple(of_node[position]),
                idle=sure.get(node),
                target=node in targets,
            )
        )
    return tuple(found)


def _lever(lever: Lever, entity: Mapping[str, str]) -> str:
    government = entity.get(lever.government) or country_name(lever.government)
    doubt = "" if lever.certainty == "yes" else ", possibly"
    return f"{government or lever.government}: {lever.kind.replace('_', ' ')}{doubt}"


def _facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the figures of a node in words, columns of the user's own among them."""
    facts = []
    capacity = _band(row, "capacity", "capacity_low", "capacity_high", row.get("capacity_unit"))
    if capacity:
        basis = row.get("capacity_basis")
        facts.append(("Capacity", f"{capacity} ({basis})" if basis else capacity))
    stock = _band(row, "inventory_days", "inventory_low", "inventory_high", "days")
    if stock:
        facts.append(("Inventory", stock))
    period = _period({"start": row.get("start"), "end": row.get("end")})
    if period:
        facts.append(("Period", period))
    for column, value in row.items():
        text = _plain(value)
        if text is None or column in _SHOWN or _UNSPOKEN.get(column) == text:
            continue
        facts.append((column.replace("_", " ").capitalize(), text))
    return facts


def _band(row: Mapping[str, Any], middle: str, low: str, high: str, unit: str | None) -> str | None:
    parts = []
    if row.get(middle) is not None:
        parts.append(_plain(row[middle]) or "")
    if row.get(low) is not None or row.get(high) is not None:
        ends = [_plain(row.get(end)) or "?" for end in (low, high)]
        band = f"{ends[0]} to {ends[1]}"
        parts.append(f"({band})" if parts else band)
    if not parts:
        return None
    return " ".join([*parts, unit or ""]).strip()


def _needs(compiled: Compiled, materials: Mapping[str, str]) -> dict[int, list[NeedItem]]:
    # Readings of a blank material as a need of its own are one gap, not further needs to list.
    either = {edge for gap in compiled.gaps if gap.id.startswith("material:") for edge in gap.edges}
    found: dict[int, list[NeedItem]] = defaultdict(list)
    for slot in compiled.slots:
        node = compiled.vertex_node[slot.vertex]
        if slot.rank == STRUCTURE or node < 0 or either.intersection(slot.edges):
            continue
        suppliers = dict.fromkeys(
            compiled.vertex_node[compiled.edge_source[edge]] for edge in slot.edges
        )
        need = materials.get(slot.need, slot.need)
        if slot.vertex != node:
            product = next(
                (
                    compiled.slots[p].need
                    for p in compiled.slots_of[slot.vertex]
                    if compiled.slots[p].rank == STRUCTURE
                ),
                None,
            )
            if product is not None and not need.endswith(f"/{product}"):
                need = f"{need}/{product}"
        found[node].append(NeedItem(need, tuple(n for n in suppliers if n >= 0), open=slot.partial))
    for node, label in compiled.not_modelled:
        found[node].append(NeedItem(label, modelled=False))
    return found


def _limits(
    effects: _Effects,
    gaps: int,
    kinds: Sequence[str],
    max_order: int,
    unlisted: Iterable[tuple[str, int]],
) -> tuple[str, ...]:
    net, compiled = effects.net, effects.compiled
    supplies = net.table("supplies").column("confidence")
    illustrative = sum(value == "illustrative" for value in supplies)
    down = len(effects.all_bad & set(effects.targets))
    lines = [
        "This file holds the whole data set that it was made from, not only what is on the "
        "screen. Pass it on as you would pass on the data.",
        "A node runs while it has every need met; a need is met while one of its recorded "
        "suppliers delivers. What stops here is the flow: stocks, amounts and time are not "
        "counted, and export controls are not applied.",
        f"{illustrative:,} of {plural(len(supplies), 'supply')} are illustrative: assumed, not "
        "documented. What is found only through them is called assumed, never certain.",
        f"{plural(gaps, 'gap')} in the data: unknown inputs, open lists of suppliers, doubtful "
        "supplies, unknown places and owners. A gap is never read as strength: possible means "
        "that it takes one gap turning out badly.",
    ]
    if down:
        lines.append(
            f"If all gaps turned out badly at once, {down} of "
            f"{plural(len(effects.targets), 'target')} would be down before anything is lost; "
            "that is not counted again in each loss."
        )
    lines.append(
        f"Sets are searched by {', '.join(kinds)} up to {max_order} lost together, on "
        f"{compiled.on or 'the data as they stand (no row is dated)'}. That no set is listed "
        "means that none was found within that bound on the data as recorded, not that the "
        "target is safe."
    )
    for kind, left in unlisted:
        lines.append(
            f"By {kind} there are more than {EACH_UNIT:,} units: what goes dark with one was "
            f"worked out only for those named in a set; {left:,} are not listed."
        )
    if compiled.not_modelled:
        lines.append(
            f"{plural(len(compiled.not_modelled), 'need')} are named in the data and not "
            "evaluated; the panel of the node says which."
        )
    if net.meta.licence:
        lines.append(f"Licence of the data: {net.meta.licence}")
    return tuple(lines)
