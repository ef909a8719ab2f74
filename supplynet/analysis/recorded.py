"""What the tables say on a date, read for a check of the engine and without it.

The rules of needs, dates, gaps, units and shares are written here a second time, over names and
rows, so that an error in `units` does not pass its own check. Needs are put together only for the
nodes that are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.analysis.proofs import Place

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork

__all__ = ["Facts", "Intake", "Need"]

_UNNAMED = "unnamed material"
_UNCLEAR = frozenset({"country", "operator", "owner", "controller", "stage"})
_EDGE_UNITS = frozenset({"supply", "material", "controller"})


@dataclass(frozen=True, slots=True)
class Intake:
    """What is known of who holds a consumer's intake of one material.

    `parts` are the parts of the whole that single supplies hold; `holders` those that may hold
    any of the `rest`, and `gap` the gap of which of them does. Where `outside`, the list is
    complete and can yet not hold the rest. Where the list `is_open`, others may hold of it, and
    where it was `not_looked_at`, they may hold all that is needed.
    """

    parts: Mapping[str, Fraction]
    rest: Fraction
    holders: frozenset[str]
    outside: bool
    is_open: bool
    not_looked_at: bool
    gap: str


@dataclass(frozen=True, slots=True)
class Need:
    """One need that is evaluated: its label, the supplies that serve it, and what is unknown.

    `open_list` is the gap of a list that is not complete (`is_open`: of all materials together).
    Where `apart` is, the gap of unnamed materials, each supply may be a need of its own.
    """

    label: str
    illustrative: bool
    supplies: tuple[str, ...]
    live: frozenset[str]
    is_open: bool = False
    open_list: str = ""
    apart: str | None = None
    intakes: tuple[Intake, ...] = ()


class Facts:
    """What the tables say on a date; needs are put together only for nodes that are asked for."""

    def __init__(self, net: SupplyNetwork, on: date | None) -> None:
        self.net = net
        self.on = on
        nodes, supplies, needs = (net.table(name) for name in ("nodes", "supplies", "needs"))
        self.node_at = {node: i for i, node in enumerate(nodes.column("id"))}
        self.supply_at = {supply: i for i, supply in enumerate(supplies.column("id"))}
        self._node_cells = {
            name: nodes.column(name)
            for name in ("status", "start", "end", "can_fail", "upstream", "makes")
        }
        self._supply_ids = supplies.column("id")
        self._cells = {
            name: supplies.column(name)
            for name in (
                "supplier", "consumer", "material", "share", "share_low", "share_high", "qualified",
                "start", "end", "status", "confidence",
            )
        }  # fmt: skip
        self._need_cells = {
            name: needs.column(name)
            for name in (
                "consumer", "material", "product", "group", "suppliers", "start", "end",
                "confidence",
            )
        }  # fmt: skip
        self._inbound: dict[str, list[int]] = defaultdict(list)
        self._sent: dict[str, set[str]] = defaultdict(set)
        for i, consumer in enumerate(self._cells["consumer"]):
            if self._begun(self._cells, i):
                self._inbound[consumer].append(i)
                material = self._cells["material"][i]
                if material is not None:
                    self._sent[self._cells["supplier"][i]].add(material)
        self._need_rows: dict[str, list[int]] = defaultdict(list)
        for i, consumer in enumerate(self._need_cells["consumer"]):
            self._need_rows[consumer].append(i)
        self._needs: dict[str, dict[str | None, list[Need]]] = {}
        self._doubted: dict[str, set[str]] = {}
        self._unrecorded: dict[str, bool] = {}
        self._units: dict[tuple[str, str], tuple[frozenset[str], frozenset[str]]] = {}

    # Dates

    def _begun(self, cells: Mapping[str, Sequence[Any]], i: int) -> bool:
        start = cells["start"][i]
        if start is None:
            return "status" not in cells or cells["status"][i] != "planned"
        return bool(self.on is None or start <= self.on)

    def _ended(self, cells: Mapping[str, Sequence[Any]], i: int) -> bool:
        end = cells["end"][i]
        return end is not None and self.on is not None and end <= self.on

    def idle(self, node: str) -> bool:
        """Whether a node does not operate on the date."""
        i, cells = self.node_at[node], self._node_cells
        return cells["status"][i] == "closed" or not self._begun(cells, i) or self._ended(cells, i)

    def _is_live(self, i: int) -> bool:
        cells = self._cells
        shut = cells["status"][i] == "closed" or cells["qualified"][i] == "no"
        return not shut and not self._ended(cells, i)

    # Needs

    def needs(self, node: str, product: str | None) -> Sequence[Need]:
        """Return the needs of a node, or of one of its products, that are evaluated."""
        return self._of(node).get(product, ())

    def products(self, node: str) -> frozenset[str]:
        """Return the products of a node that have needs of their own."""
        return frozenset(p for p in self._of(node) if p is not None)

    def _of(self, node: str) -> dict[str | None, list[Need]]:
        if node not in self._needs:
            self._gather(node)
        return self._needs[node]

    def _gather(self, node: str) -> None:
        """Put together the needs of a node: its rows, and its materials that no row names."""
        cells, rows = self._need_cells, self._need_rows.get(node, ())
        inbound = self._inbound.get(node, ())
        groups: dict[tuple[str | None, str], list[int]] = defaultdict(list)
        for row in rows:
            if self._begun(cells, row) and not self._ended(cells, row):
                name = cells["group"][row] or cells["material"][row]
                groups[cells["product"][row], name].append(row)
        of_material: dict[str | None, list[int]] = defaultdict(list)
        for i in inbound:
            of_material[self._cells["material"][i]].append(i)

        found: dict[str | None, list[Need]] = {None: []}
        self._doubted[node] = set()
        for (product, name), same in groups.items():
            needs = found.setdefault(product, [])
            lists: dict[str | None, list[str | None]] = defaultdict(list)
            for row in same:
                lists[cells["material"][row]].append(cells["suppliers"][row])
            if any(cell != "not_modelled" for column in lists.values() for cell in column):
                label = name if product is None else f"{name}/{product}"
                graded = [cells["confidence"][row] for row in same]
                needs.append(self._need(node, label, lists, of_material, graded=graded))
        ruled = {cells["material"][row] for row in rows}
        for material, supplies in of_material.items():
            if material is not None and material in ruled:
                continue
            label = _UNNAMED if material is None else material
            need = self._need(node, label, {material: [None]}, of_material)
            if material is None and len(supplies) > 1:
                need = replace(need, apart=f"material:{node}")
            found[None].append(need)
        self._needs[node] = found
        has_needs = bool(groups) or len(found[None]) > 0
        upstream = self._node_cells["upstream"][self.node_at[node]]
        self._unrecorded[node] = upstream == "unknown" or (upstream is None and not has_needs)

    def _need(
        self,
        node: str,
        label: str,
        lists: Mapping[str | None, Sequence[str | None]],
        of_material: Mapping[str | None, Sequence[int]],
        *,
        graded: Iterable[str | None] = (),
    ) -> Need:
        ids = self._supply_ids
        supplies = [i for material in lists for i in of_material.get(material, ())]
        live = [i for i in supplies if self._is_live(i)]
        if len(live) > 1:
            self._doubted[node].update(ids[i] for i in live if self._is_doubtful(i))
        confidences = {*graded, *(self._cells["confidence"][i] for i in supplies)}
        intakes = []
        for material, column in lists.items():
            of_it = [i for i in live if self._cells["material"][i] == material]
            blank_is_open = not supplies or self._leaves_room(of_it)
            is_open = any(
                cell in ("partial", "not_modelled") or (cell is None and blank_is_open)
                for cell in column
            )
            gap = f"shares:{node}/{label}" + (f"/{material}" if len(lists) > 1 else "")
            unseen = "not_modelled" in column
            intakes.append(self._intake(of_it, gap, is_open=is_open, not_looked_at=unseen))
        return Need(
            label,
            illustrative=confidences == {"illustrative"},
            supplies=tuple(ids[i] for i in supplies),
            live=frozenset(ids[i] for i in live),
            is_open=any(intake.is_open for intake in intakes),
            open_list=f"suppliers:{node}/{label}",
            intakes=tuple(intakes),
        )

    def _leaves_room(self, live: Sequence[int]) -> bool:
        """Whether all shares of one material are known and there is more to it than they sum to."""
        shares = [self._cells["share"][i] for i in live]
        return bool(shares) and None not in shares and sum(shares) < 1

    def _intake(
        self, live: Sequence[int], gap: str, *, is_open: bool, not_looked_at: bool
    ) -> Intake:
        """Divide one material among its live supplies; a blank share with a low end holds that."""
        cells, ids = self._cells, self._supply_ids
        parts = {}
        for i in live:
            share = cells["share"][i] if cells["share"][i] is not None else cells["share_low"][i]
            parts[ids[i]] = Fraction(share or 0)
        rest = max(Fraction(0), 1 - sum(parts.values(), Fraction(0)))
        blank = [i for i in live if cells["share"][i] is None]
        most = [cells["share_high"][i] for i in blank]
        room = sum(
            (
                Fraction(high) - parts[ids[i]]
                for i, high in zip(blank, most, strict=True)
                if high is not None
            ),
            Fraction(0),
        )
        outside = bool(live) and not is_open and None not in most and room < rest
        if len(blank) == 1 and not is_open and not outside:
            parts[ids[blank[0]]] += rest
            rest = Fraction(0)
        holders = frozenset(ids[i] for i in blank) if rest else frozenset[str]()
        return Intake(parts, rest, holders, outside, is_open, not_looked_at, gap)

    def _is_doubtful(self, i: int) -> bool:
        cells = self._cells
        return bool(
            cells["confidence"][i] == "illustrative"
            or cells["qualified"][i] == "unknown"
            or cells["status"][i] == "planned"
        )

    def is_illustrative(self, supply: str) -> bool:
        """Whether nothing better than an illustrative row speaks for a supply."""
        return bool(self._cells["confidence"][self.supply_at[supply]] == "illustrative")

    # What a supply and a target come from

    def all_by_product(self, node: str) -> bool:
        """Whether all that a node makes has needs of its own, so that it may make nothing."""
        products = self.products(node)
        made = set(self._node_cells["makes"][self.node_at[node]] or ()) or self._sent[node]
        return bool(products) and made <= products

    def whole(self, node: str) -> Place:
        """Return what is down when a node makes nothing."""
        return (node, None, self.all_by_product(node))

    def source(self, supply: str) -> Place:
        """Return what a supply comes from."""
        i = self.supply_at[supply]
        node, material = self._cells["supplier"][i], self._cells["material"][i]
        if material is None:
            return self.whole(node)
        return (node, material if material in self.products(node) else None, False)

    # Units and gaps

    def can_fail(self, node: str) -> bool:
        """Whether a node can be lost itself."""
        return bool(self._node_cells["can_fail"][self.node_at[node]] != "no")

    def unit(self, by: str, name: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the nodes and the supplies that a unit takes; none at all: there is no such."""
        if (by, name) not in self._units:
            if by in _EDGE_UNITS:
                taken = frozenset[str](), frozenset(self._supplies_of(by, name))
            else:
                members = self._members(by).get(name, ())
                taken = frozenset(n for n in members if self.can_fail(n)), frozenset[str]()
            self._units[by, name] = taken
        return self._units[by, name]

    def _members(self, by: str) -> Mapping[str, Sequence[str]]:
        return {"node": self._nodes_alone, "owner": self._by_owner}.get(by) or self._by_column(by)

    @cached_property
    def _nodes_alone(self) -> Mapping[str, Sequence[str]]:
        return {node: (node,) for node in self.node_at}

    @cached_property
    def _by_owner(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for node, control in self._control.items():
            if control.owner is not None:
                found[control.owner].append(node)
        return found

    def _by_column(self, by: str) -> Mapping[str, Sequence[str]]:
        if by not in self._columns:
            found: dict[str, list[str]] = defaultdict(list)
            for node, value in zip(self.node_at, self.net.table("nodes").column(by), strict=True):
                if value is not None and value != ():
                    text = ";".join(value) if isinstance(value, tuple) else str(value)
                    found[text].append(node)
            self._columns[by] = found
        return self._columns[by]

    @cached_property
    def _columns(self) -> dict[str, Mapping[str, Sequence[str]]]:
        return {}

    def _supplies_of(self, by: str, name: str) -> Iterable[str]:
        if by == "supply":
            return [name] if name in self.supply_at else []
        if by == "material":
            return self._by_material.get(name, ())
        sure, maybe = self._levers.get(name, (frozenset(), frozenset()))
        suppliers, consumers = self._cells["supplier"], self._cells["consumer"]
        return [
            supply
            for supply, i in self.supply_at.items()
            if suppliers[i] in sure and consumers[i] not in sure and consumers[i] not in maybe
        ]

    @cached_property
    def _by_material(self) -> Mapping[str, Sequence[str]]:
        """Supplies of each material; of an element that nobody supplies, of all that contain it."""
        found: dict[str, list[str]] = defaultdict(list)
        for supply, i in self.supply_at.items():
            material = self._cells["material"][i]
            if material is not None:
                found[material].append(supply)
        supplied = frozenset(found)
        materials = self.net.table("materials")
        for material, elements in zip(
            materials.column("id"), materials.column("contains"), strict=True
        ):
            for element in elements or ():
                if material in supplied and element not in supplied:
                    found[element] += found[material]
        return found

    @cached_property
    def _control(self) -> Mapping[str, Any]:
        from supplynet.ownership import controllers

        return controllers(self.net, on=self.on).by_id

    @cached_property
    def _levers(self) -> Mapping[str, tuple[set[str], set[str]]]:
        """Nodes on which each government has a lever for sure, and possibly."""
        found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
        for node, control in self._control.items():
            for lever in control.levers:
                found[lever.government][lever.certainty != "yes"].add(node)
        return found

    def is_own(self, by: str, name: str, target: str) -> bool:
        """Whether a unit takes the target itself, or its government has a lever on it."""
        if by == "controller":
            return any(target in nodes for nodes in self._levers.get(name, ()))
        return target in self.unit(by, name)[0]

    def is_gap(self, gap: str, by: str, target: str) -> bool:
        """Whether a gap of that id is open on the date."""
        kind, _, name = gap.partition(":")
        if kind == "supply":
            return name in self.supply_at and name in self._doubts_of(
                self._cells["consumer"][self.supply_at[name]]
            )
        if kind in ("suppliers", "shares"):
            ends = [i for i, letter in enumerate(name) if letter == "/"]
            return any(
                (need.is_open and need.open_list == gap)
                or any(i.gap == gap and i.rest and (i.holders or i.outside) for i in need.intakes)
                for node in {name[:i] for i in ends} & self.node_at.keys()
                for needs in self._of(node).values()
                for need in needs
            )
        if name not in self.node_at:
            return False
        if kind == "upstream":
            self._of(name)
            return self._unrecorded[name]
        if kind == "material":
            return any(need.apart == gap for need in self.needs(name, None))
        return kind == "unit" and name != target and self._is_unclear(by, name)

    def _doubts_of(self, node: str) -> set[str]:
        self._of(node)
        return self._doubted[node]

    def _is_unclear(self, by: str, node: str) -> bool:
        if by not in _UNCLEAR or not self.can_fail(node):
            return False
        if by == "owner":
            return self._control[node].owner is None
        if by == "controller":
            levers = self._control[node].levers
            sure = {lever.government for lever in levers if lever.certainty == "yes"}
            return not levers or any(lever.government not in sure for lever in levers)
        return bool(self.net.table("nodes").column(by)[self.node_at[node]] is None)
