"""The slow, obvious twin of the engine: sets, least fixpoints by hand, and every subset tried.

Written from the prose of the design (availability, failure units, question) and from nothing
else. No arrays, no pruning by theorem: where the engine and this file differ, one of them has
misread the design.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Any

from supplynet.model import SupplyNetwork

RANK = {"illustrative": 0, "low": 1, "medium": 2, "high": 3}
LEVELS = ("high", "medium", "low", "illustrative")

# Needs of this confidence or better count. As recorded, every need does; "illustrative needs
# taken as met" leaves those that are low or better.
AS_RECORDED = "illustrative"
ILLUSTRATIVE_MET = "low"

UNIT_GAP_COLUMNS = ("country", "operator", "owner", "controller", "stage")


@dataclass(frozen=True)
class Need:
    """One need of a consumer on the date."""

    consumer: str
    product: str | None
    label: str
    rows: tuple[dict[str, Any], ...]
    supplies: tuple[dict[str, Any], ...]  # every supply that has begun, live or not
    live: tuple[dict[str, Any], ...]
    confidence: str
    partial: bool
    modelled: bool
    alone: bool = False  # a supply of blank material, needed for itself

    @property
    def gap(self) -> str:
        return f"suppliers:{self.consumer}/{self.label}"

    @property
    def materials(self) -> set[str | None]:
        return {row["material"] for row in self.rows} or {self.supplies[0].get("material")}

    def shares_gap(self, material: str | None) -> str:
        several = f"/{material}" if len(self.materials) > 1 else ""
        return f"shares:{self.consumer}/{self.label}{several}"


@dataclass(frozen=True)
class Intake:
    """Who holds what of one material of a need, as the tables have it on the date."""

    shares: dict[str, Decimal]  # what each live supply holds at least
    blank: tuple[str, ...]  # live supplies of which the share is not recorded
    rest: Decimal  # what nobody is recorded to hold
    open: bool  # the list of suppliers is open for this material
    not_modelled: bool
    beyond_the_list: bool  # complete list, and yet it leaves a rest that it cannot hold

    @property
    def recorded(self) -> Decimal:
        return sum(self.shares.values(), Decimal(0))

    @property
    def unsettled(self) -> bool:
        """Whether the rest may be with this one or that one."""
        return self.rest > 0 and (
            self.beyond_the_list or len(self.blank) + (1 if self.open else 0) > 1
        )


class World:
    """A network on a date: who operates, which needs there are, and which gaps."""

    def __init__(
        self, net: SupplyNetwork, on: date | None = None, coverage: str | None = None
    ) -> None:
        self.net = net
        self.coverage = None if coverage is None else Decimal(coverage)
        self.on = on if on is not None else net.as_of
        self.nodes = {row["id"]: row for row in net.table("nodes").rows()}
        self.supplies = {row["id"]: row for row in net.table("supplies").rows()}
        self.operating = {n for n, row in self.nodes.items() if self._operates(row)}
        self.begun = {i for i, row in self.supplies.items() if self._has_begun(row)}
        self.live = {i for i in self.begun if self._is_live(self.supplies[i])}
        self.needs = [need for node in self.nodes for need in self._needs_of(node)]
        self.products = {
            node: {n.product for n in self.needs if n.consumer == node and n.product is not None}
            for node in self.nodes
        }
        self.makes = {node: self._makes(node) for node in self.nodes}
        self._memory: dict[Any, Any] = {}
        self.gaps = self._gaps()

    # Dates

    def _started(self, row: dict[str, Any]) -> bool:
        start = row.get("start")
        if row.get("status") == "planned" and start is None:
            return False
        return start is None or start <= self.on

    def _ended(self, row: dict[str, Any]) -> bool:
        end = row.get("end")
        return end is not None and end <= self.on

    def _in_force(self, row: dict[str, Any]) -> bool:
        return self._started(row) and not self._ended(row)

    def _operates(self, node: dict[str, Any]) -> bool:
        return self._in_force(node) and node.get("status") != "closed"

    def _has_begun(self, supply: dict[str, Any]) -> bool:
        return self._started(supply)

    def _is_live(self, supply: dict[str, Any]) -> bool:
        return (
            self._in_force(supply)
            and supply.get("status") != "closed"
            and supply.get("qualified") != "no"
        )

    # Needs

    def _needs_of(self, node: str) -> list[Need]:
        inbound = [self.supplies[i] for i in self.supplies if i in self.begun]
        inbound = [s for s in inbound if s["consumer"] == node]
        rows = [row for row in self.net.table("needs").rows() if row["consumer"] == node]
        governed = {row["material"] for row in rows}
        found = []

        keyed: dict[tuple[str | None, str], list[dict[str, Any]]] = {}
        for row in rows:
            if self._in_force(row):
                key = (row.get("product"), row.get("group") or row["material"])
                keyed.setdefault(key, []).append(row)
        for (product, group), same in keyed.items():
            materials = {row["material"] for row in same}
            supplies = [s for s in inbound if s.get("material") in materials]
            label = group if product is None else f"{group}/{product}"
            found.append(self._need(node, product, label, same, supplies))

        others = {s.get("material") for s in inbound} - governed
        for material in sorted(others, key=lambda m: (m is None, m or "")):
            label = "unnamed material" if material is None else material
            supplies = [s for s in inbound if s.get("material") == material]
            found.append(self._need(node, None, label, [], supplies))
        return found

    def _need(
        self,
        node: str,
        product: str | None,
        label: str,
        rows: list[dict[str, Any]],
        supplies: list[dict[str, Any]],
    ) -> Need:
        confidence = best_confidence(row.get("confidence") for row in [*rows, *supplies])
        if rows:
            cells = [row.get("suppliers") for row in rows]
            modelled = not all(cell == "not_modelled" for cell in cells)
            partial = modelled and any(
                cell in ("partial", "not_modelled")
                or (cell is None and self._blank_is_partial(row["material"], supplies))
                for cell, row in zip(cells, rows, strict=True)
            )
        else:
            modelled = True
            partial = self._blank_is_partial(supplies[0].get("material"), supplies)
        live = [s for s in supplies if s["id"] in self.live]
        return Need(
            node, product, label, tuple(rows), tuple(supplies), tuple(live),
            confidence, partial, modelled,
        )  # fmt: skip

    def _blank_is_partial(self, material: str | None, supplies: list[dict[str, Any]]) -> bool:
        if not supplies:
            return True
        shares = [
            s.get("share")
            for s in supplies
            if s["id"] in self.live and s.get("material") == material
        ]
        return bool(shares) and None not in shares and sum(shares) < 1

    def _split(self, need: Need) -> list[Need]:
        """The needs that the supplies of blank material are, if they are no alternatives."""
        return [
            Need(
                need.consumer, None, need.label, (), (s,), tuple(x for x in need.live if x is s),
                best_confidence([s.get("confidence")]), partial=False, modelled=True, alone=True,
            )
            for s in need.supplies
        ]  # fmt: skip

    def _is_unnamed(self, need: Need) -> bool:
        return not need.rows and need.supplies[0].get("material") is None

    # Coverage

    def intake(self, need: Need, material: str | None) -> Intake:
        key = ("intake", need.consumer, need.label, need.product, material)
        if key not in self._memory:
            self._memory[key] = self._intake(need, material)
        found: Intake = self._memory[key]
        return found

    def _intake(self, need: Need, material: str | None) -> Intake:
        live = [s for s in need.live if s.get("material") == material]
        shares, room = {}, Decimal(0)
        for s in live:
            share, low, high = (s.get(c) for c in ("share", "share_low", "share_high"))
            shares[s["id"]] = next((x for x in (share, low) if x is not None), Decimal(0))
            if share is None:
                # At most its upper end; without one, all there is.
                room += (Decimal(1) if high is None else high) - shares[s["id"]]
        rest = 1 - sum(shares.values(), Decimal(0))
        cells = [row.get("suppliers") for row in need.rows if row["material"] == material]
        is_open = any(
            cell in ("partial", "not_modelled")
            or (cell is None and self._blank_is_partial(material, list(need.supplies)))
            for cell in cells or [None]
        )
        return Intake(
            shares=shares,
            blank=tuple(s["id"] for s in live if s.get("share") is None),
            rest=rest,
            open=is_open,
            not_modelled="not_modelled" in cells,
            beyond_the_list=bool(live) and rest > 0 and not is_open and room < rest,
        )

    def delivered(
        self, need: Need, material: str | None, delivering: set[str], bad: Iterable[str]
    ) -> Decimal:
        """What part of its intake of one material a need gets while these supplies deliver."""
        intake = self.intake(need, material)
        bad = set(bad)
        unnamed = intake.open and need.gap not in bad
        if intake.not_modelled and unnamed:
            return Decimal(1)
        listed = [supply in delivering for supply in intake.shares]
        holders = [supply in delivering for supply in intake.blank]
        if intake.open:
            holders.append(unnamed)
        if not intake.unsettled:
            comes = all(holders) if holders else False
        elif need.shares_gap(material) not in bad:
            comes = any(listed) if intake.beyond_the_list else any(holders)
        else:
            comes = False if intake.beyond_the_list else all(holders)
        certain = sum((share for s, share in intake.shares.items() if s in delivering), Decimal(0))
        return certain + (intake.rest if comes else 0)

    def most_delivered(self, need: Need, delivering: set[str], bad: Iterable[str]) -> Decimal:
        """The same of the material of which most comes: any one of a group is enough."""
        return max(self.delivered(need, material, delivering, bad) for material in need.materials)

    def uninformative(self) -> set[tuple[str, str]]:
        """Needs with less than half of the shares on record and more than one possible holder."""
        found = set()
        for need in self.needs if self.coverage is not None else ():
            for material in need.materials if need.modelled else ():
                intake = self.intake(need, material)
                several = intake.unsettled or (intake.open and intake.rest > 0)
                if several and intake.recorded < Decimal("0.5"):
                    found.add((need.consumer, need.label))
        return found

    def _makes(self, node: str) -> set[str]:
        made = set(self.nodes[node].get("makes") or ())
        if not made:
            made = {
                self.supplies[i]["material"]
                for i in self.begun
                if self.supplies[i]["supplier"] == node and self.supplies[i].get("material")
            }
        return made | self.products[node]

    # Gaps

    def _gaps(self) -> set[str]:
        """Every gap but those that depend on what is lost (:meth:`unit_gaps`)."""
        gaps = set()
        for node, row in self.nodes.items():
            upstream = row.get("upstream")
            has_needs = any(need.consumer == node for need in self.needs)
            if upstream == "unknown" or (upstream is None and not has_needs):
                gaps.add(f"upstream:{node}")
        for need in self.needs:
            if not need.modelled:
                continue
            if need.partial:
                gaps.add(need.gap)
            if len(need.live) >= 2:
                for s in need.live:
                    if (
                        s.get("confidence") == "illustrative"
                        or s.get("qualified") == "unknown"
                        or s.get("status") == "planned"
                    ):
                        gaps.add(f"supply:{s['id']}")
            if self._is_unnamed(need) and len(need.supplies) >= 2:
                gaps.add(f"material:{need.consumer}")
            if self.coverage is not None:
                gaps |= {
                    need.shares_gap(material)
                    for material in need.materials
                    if self.intake(need, material).unsettled
                }
        return gaps

    @cached_property
    def control(self) -> dict[str, Any]:
        from supplynet.ownership import controllers

        return dict(controllers(self.net, on=self.on).by_id)

    def unit_gaps(self, by: str, targets: Iterable[str]) -> set[str]:
        if by not in UNIT_GAP_COLUMNS:
            return set()
        control = self.control if by in ("owner", "controller") else {}
        gaps = set()
        for node, row in self.nodes.items():
            if row.get("can_fail") == "no" or node in targets:
                continue
            if by == "controller":
                levers = control[node].levers
                sure = {lever.government for lever in levers if lever.certainty == "yes"}
                unknown = not levers or any(lever.government not in sure for lever in levers)
            elif by == "owner":
                unknown = control[node].owner is None
            else:
                unknown = row.get(by) is None
            if unknown:
                gaps.add(f"unit:{node}")
        return gaps

    # Units

    def units(self, by: str) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """Unit id to the nodes and the supplies that are lost with it."""
        nodes: dict[str, set[str]] = {}
        supplies: dict[str, set[str]] = {}
        can_fail = [n for n, row in self.nodes.items() if row.get("can_fail") != "no"]
        if by == "supply":
            supplies = {i: {i} for i in self.supplies}
        elif by == "material":
            for i, row in self.supplies.items():
                if row.get("material") is not None:
                    supplies.setdefault(row["material"], set()).add(i)
            supplied = set(supplies)
            for row in self.net.table("materials").rows():
                for element in row.get("contains") or ():
                    if row["id"] in supplied and element not in supplied:
                        supplies.setdefault(element, set()).update(supplies[row["id"]])
        elif by == "controller":
            control = self.control
            for government in {lv.government for c in control.values() for lv in c.levers}:
                sure = {n for n, c in control.items() if (government, "yes") in _levers(c)}
                any_lever = {
                    n for n, c in control.items() if government in {g for g, _ in _levers(c)}
                }
                supplies[government] = {
                    i
                    for i, row in self.supplies.items()
                    if row["supplier"] in sure and row["consumer"] not in any_lever
                }
        elif by == "owner":
            control = self.control
            for node in can_fail:
                if control[node].owner is not None:
                    nodes.setdefault(control[node].owner, set()).add(node)
        else:
            for node in can_fail:
                value = node if by == "node" else self.nodes[node].get(by)
                if value is not None:
                    nodes.setdefault(value, set()).add(node)
        return {
            unit: (frozenset(nodes.get(unit, ())), frozenset(supplies.get(unit, ())))
            for unit in {*nodes, *supplies}
        }

    def own(self, by: str, target: str) -> set[str]:
        if by == "controller":
            return {government for government, _ in _levers(self.control[target])}
        return {unit for unit, (nodes, _) in self.units(by).items() if target in nodes}

    # Production

    def down(
        self,
        lost: Iterable[str] = (),
        blocked: Iterable[str] = (),
        bad: Iterable[str] = (),
        at_least: str = AS_RECORDED,
    ) -> frozenset[str]:
        """Nodes that do not produce when these are lost and these gaps are at their bad end."""
        return self._fixpoint(frozenset(lost), frozenset(blocked), frozenset(bad), at_least)[0]

    def dry(
        self,
        target: str,
        lost: Iterable[str] = (),
        blocked: Iterable[str] = (),
        bad: Iterable[str] = (),
        at_least: str = AS_RECORDED,
    ) -> set[str]:
        """Nodes whose part in the target is down, though something else of theirs may run."""
        key = (frozenset(lost), frozenset(blocked), frozenset(bad), at_least)
        dead = self._fixpoint(*key)[1]
        return {node for node, part in self._parts_upstream_of(target) if (node, part) in dead}

    def _fixpoint(self, *key: Any) -> tuple[frozenset[str], frozenset[tuple[str, str | None]]]:
        if key not in self._memory:
            self._memory[key] = self._down(*key)
        return self._memory[key]

    def _down(
        self, lost: frozenset[str], blocked: frozenset[str], bad: frozenset[str], at_least: str
    ) -> tuple[frozenset[str], frozenset[tuple[str, str | None]]]:
        needs: dict[tuple[str, str | None], list[Need]] = {}
        for need in self.needs:
            split = self._is_unnamed(need) and f"material:{need.consumer}" in bad
            parts = self._split(need) if split else [need]
            if split and self.coverage is not None:
                # Each is needed, and the coverage of the whole besides: a bad end never helps.
                parts = [need, *parts]
            for one in parts:
                counts = one.modelled and RANK[one.confidence] >= RANK[at_least]
                unnamed_supplier = self.coverage is None and one.partial and one.gap not in bad
                if counts and not unnamed_supplier:
                    needs.setdefault((one.consumer, one.product), []).append(one)

        lines: set[str] = set()
        products: set[tuple[str, str]] = set()
        nodes: set[str] = set()

        def delivers(supply: dict[str, Any]) -> bool:
            supplier, material = supply["supplier"], supply.get("material")
            if supply["id"] in blocked or f"supply:{supply['id']}" in bad:
                return False
            if material is None:
                return supplier in nodes
            if material in self.products[supplier]:
                return (supplier, material) in products
            return supplier in lines

        def met(need: Need) -> bool:
            delivering = {s["id"] for s in need.live if delivers(s)}
            if self.coverage is None or need.alone:
                return bool(delivering)
            return self.most_delivered(need, delivering, bad) >= self.coverage

        def needs_met(consumer: str, product: str | None) -> bool:
            return all(met(need) for need in needs.get((consumer, product), ()))

        # The least fixpoint: nothing produces until something lets it.
        while True:
            before = (len(lines), len(products), len(nodes))
            for node in self.nodes:
                if (
                    node in self.operating
                    and node not in lost
                    and f"unit:{node}" not in bad
                    and f"upstream:{node}" not in bad
                    and needs_met(node, None)
                ):
                    lines.add(node)
                if node not in lines:
                    continue
                for product in self.products[node]:
                    if needs_met(node, product):
                        products.add((node, product))
                own_products = self.products[node]
                all_have_needs = bool(own_products) and self.makes[node] <= own_products
                if not all_have_needs or any((node, p) in products for p in own_products):
                    nodes.add(node)
            if before == (len(lines), len(products), len(nodes)):
                parts = {(n, p) for n, own in self.products.items() for p in (None, *own)}
                alive = products | {(node, None) for node in lines}
                return frozenset(set(self.nodes) - nodes), frozenset(parts - alive)

    def upstream_of(self, target: str, at_least: str = AS_RECORDED) -> set[str]:
        """The nodes that the target hangs on through live supplies, itself left out."""
        return {node for node, _ in self._parts_upstream_of(target, at_least)} - {target}

    def _parts_upstream_of(
        self, target: str, at_least: str = AS_RECORDED
    ) -> set[tuple[str, str | None]]:
        """Lines (None) and products. One that the target does not hang on leads nowhere."""
        found: set[tuple[str, str | None]] = set()
        ahead = {(target, product) for product in self._what_a_node_hangs_on(target)}
        while ahead:
            found |= ahead
            more = set()
            for node, product in ahead:
                more.add((node, None))
                for need in self.needs:
                    counts = need.modelled and RANK[need.confidence] >= RANK[at_least]
                    if counts and (need.consumer, need.product) == (node, product):
                        for s in need.live:
                            more |= {(s["supplier"], part) for part in self._made_by(s)}
            ahead = more - found
        return found

    def _what_a_node_hangs_on(self, node: str) -> set[str | None]:
        products = self.products[node]
        return {None, *products} if products and self.makes[node] <= products else {None}

    def _made_by(self, supply: dict[str, Any]) -> set[str | None]:
        supplier, material = supply["supplier"], supply.get("material")
        if material is None:
            return self._what_a_node_hangs_on(supplier)
        return {material} if material in self.products[supplier] else {None}


def _levers(control: Any) -> set[tuple[str, str]]:
    return {(lever.government, lever.certainty) for lever in control.levers}


def plain_text(share: Decimal) -> str:
    """The same number with no more digits than it needs."""
    text = f"{share:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def best_confidence(values: Iterable[str | None]) -> str:
    return max((value or "low" for value in values), key=RANK.__getitem__)


@dataclass(frozen=True)
class Answer:
    """What the brute force says of one question."""

    status: str
    certain: frozenset[frozenset[str]]
    assumed: frozenset[frozenset[str]]
    cut_sets: frozenset[frozenset[str]]
    possible: frozenset[tuple[frozenset[str], frozenset[str]]]
    blind_spots: frozenset[str]
    own: frozenset[str]
    not_running: frozenset[str]  # nodes that are down
    not_running_in_part: frozenset[str]  # and those of which only what the target uses is
    not_modelled: frozenset[tuple[str, str]]
    recorded_down: bool  # down with nothing lost, on the network as recorded


class Question:
    """One target, one `by`, one date: every subset of units and gaps is tried."""

    def __init__(
        self,
        net: SupplyNetwork,
        target: str,
        by: str = "node",
        on: date | None = None,
        coverage: str | None = None,
    ) -> None:
        self.world = World(net, on, coverage)
        self.target = target
        self.all_units = self.world.units(by)
        self.own = self.world.own(by, target)
        self.units = sorted(set(self.all_units) - self.own)
        self.unit_gaps = self.world.unit_gaps(by, [target])
        self.gaps = sorted(self.world.gaps | self.unit_gaps)

    def stops(
        self, units: Iterable[str] = (), gaps: Iterable[str] = (), at_least: str = AS_RECORDED
    ) -> bool:
        units = list(units)
        lost = {node for unit in units for node in self.all_units[unit][0]}
        blocked = {supply for unit in units for supply in self.all_units[unit][1]}
        return self.target in self.world.down(lost, blocked, gaps, at_least)

    def minimal(
        self, max_order: int, max_gaps: int, at_least: str
    ) -> set[tuple[frozenset[str], frozenset[str]]]:
        """Pairs (units, gaps) that stop the target and of which no smaller pair does."""
        found: set[tuple[frozenset[str], frozenset[str]]] = set()
        for units, gaps in _pairs(self.units, self.gaps, max_order, max_gaps):
            if any(u <= units and g <= gaps for u, g in found):
                continue
            if self.stops(units, gaps, at_least):
                found.add((units, gaps))
        return found

    def evidence(self, units: Iterable[str], gaps: Iterable[str] = ()) -> str:
        return next(level for level in LEVELS if self.stops(units, gaps, level))

    def answer(self, max_order: int = 2, max_gaps: int = 1) -> Answer:
        world = self.world
        illustrative_stop = self.stops()
        already = self.stops(at_least=ILLUSTRATIVE_MET)
        if already:
            status = "already_stopped"
        elif illustrative_stop or self.stops(gaps=world.gaps):
            status = "possibly_stopped"
        else:
            status = "runs"

        network = ILLUSTRATIVE_MET if illustrative_stop else AS_RECORDED
        certain = {u for u, _ in self.minimal(max_order, 0, ILLUSTRATIVE_MET)}
        recorded = {u for u, _ in self.minimal(max_order, 0, network)}
        pairs = set() if already else self.minimal(max_order, max_gaps, network)
        alone = set() if already else {g for g in self.gaps if self.stops((), [g], network)}
        down, dry = world.down(), world.dry(self.target)
        return Answer(
            status=status,
            certain=frozenset(certain),
            assumed=frozenset(recorded - certain),
            cut_sets=frozenset(recorded | certain),
            possible=frozenset((u, g) for u, g in pairs if u and g),
            blind_spots=frozenset(alone),
            own=frozenset(self.own),
            not_running=frozenset((down & dry) - {self.target}),
            not_running_in_part=frozenset(dry - {self.target}),
            not_modelled=frozenset((n.consumer, n.label) for n in world.needs if not n.modelled),
            recorded_down=illustrative_stop,
        )


def _pairs(
    units: list[str], gaps: list[str], max_order: int, max_gaps: int
) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """All pairs within the limits, the smaller first."""
    for size in range(max_order + max_gaps + 1):
        for order in range(min(size, max_order) + 1):
            if size - order > max_gaps:
                continue
            for some_units in combinations(units, order):
                for some_gaps in combinations(gaps, size - order):
                    yield frozenset(some_units), frozenset(some_gaps)


@dataclass(frozen=True)
class LossAnswer:
    """What the brute force says of a loss: all nodes, and each target."""

    lost: frozenset[str]
    blocked: frozenset[str]
    stopped: frozenset[str]
    possibly_stopped: frozenset[str]
    targets: tuple[tuple[str, str], ...]


def lose(
    net: SupplyNetwork,
    targets: Iterable[str],
    units: Iterable[str],
    by: str = "node",
    on: date | None = None,
    coverage: str | None = None,
) -> LossAnswer:
    world = World(net, on, coverage)
    targets = sorted(targets)
    all_units = world.units(by)
    units = list(units)
    lost = {node for unit in units for node in all_units[unit][0]}
    blocked = {supply for unit in units for supply in all_units[unit][1]}
    already = world.down(at_least=ILLUSTRATIVE_MET)
    stopped = world.down(lost, blocked, (), ILLUSTRATIVE_MET)

    def gaps(targets: Iterable[str]) -> set[str]:
        # A node of unknown place is in the lost unit or not: no unit lost, no such gap.
        return world.gaps | (world.unit_gaps(by, targets) if units else set())

    bad = gaps(())
    possibly = world.down(lost, blocked) | world.down(lost, blocked, bad)

    def status(target: str) -> str:
        if target in already:
            return "already_stopped"
        if target in stopped:
            return "stopped"
        bad = gaps([target])
        if target in world.down(lost, blocked) | world.down(lost, blocked, bad):
            return "possibly_stopped"
        return "runs"

    return LossAnswer(
        frozenset(lost),
        frozenset(blocked),
        frozenset(stopped - already - lost),
        frozenset(possibly - stopped - lost),
        tuple((target, status(target)) for target in targets),
    )
