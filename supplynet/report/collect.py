"""Collects the facts of a report: one pass over the answers and the tables, no sentence yet."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.graph import holds
from supplynet.report.facts import (
    CERTAINTIES,
    CUT_UNITS,
    EVIDENCE,
    POINT_UNITS,
    UNIT_WORDS,
    Answers,
    Cell,
    Coverage,
    Cut,
    CutSearch,
    Link,
    Member,
    NotRunning,
    Point,
    Shared,
    SharedSet,
    Stop,
    TargetFacts,
    listed,
    rounded,
    share_of,
)
from supplynet.text import plural
from supplynet.units import CONFIDENCES, STRUCTURE, Compiled, compile_network

if TYPE_CHECKING:
    from supplynet.analysis.cutsets import Chokepoint, CutSets
    from supplynet.analysis.reading import Because
    from supplynet.model import SupplyNetwork, Table

__all__ = ["Collector"]

#: Sets of units that are summed up over targets; every set stands under its target.
TOP_SETS = 40

_FILES_OF_PROVENANCE = ("nodes", "supplies", "needs", "entities", "holdings", "shares")


class Collector:
    """Collects what the sections share: labels, attributes of nodes, confidence of needs."""

    def __init__(
        self,
        net: SupplyNetwork,
        targets: Sequence[str],
        on: date | None,
        answers: Answers,
        *,
        max_order: int,
        max_gaps: int,
        version: str,
        all_targets: bool,
    ) -> None:
        self.net = net
        self.target_ids = tuple(targets)
        self.on = on
        self.answers = answers
        self.max_order = max_order
        self.max_gaps = max_gaps
        self.version = version
        self.all_targets = all_targets
        self.compiled: Compiled = compile_network(net, on)
        self.supply_row = {s: i for i, s in enumerate(net.table("supplies").column("id"))}
        self.reference_rows = {row["id"]: row for row in net.table("references").rows()}

    # -- names ------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Mapping[str, Mapping[str, str]]:
        """Return what to call nodes, entities, materials and countries, where not by their id."""
        from supplynet.schema import country_name

        found: dict[str, dict[str, str]] = {}
        for kind, table in (("node", "nodes"), ("entity", "entities"), ("material", "materials")):
            rows = self.net.table(table)
            found[kind] = {
                key: name
                for key, name in sorted(zip(rows.column("id"), rows.column("name"), strict=True))
                if name
            }
        used = {row.get("country") for row in self.net.node_rows.values()}
        used |= set(self.net.table("entities").column("country"))
        used |= set(self.net.table("shares").column("country"))
        used |= {self.answers.control.by_id[n].controller for n in self.scope}
        found["need"] = self._need_labels(found["material"])
        codes = sorted(c for c in used if c)
        found["country"] = {c: name for c in codes if (name := country_name(c)) != c}
        return found

    def node_label(self, node: str) -> str:
        """Return what to call a node."""
        return self.labels["node"].get(node, node)

    def place(self, code: str) -> str:
        """Return what to call a country, or an authority that is none."""
        return self.labels["country"].get(code, self.labels["entity"].get(code, code))

    def material_label(self, material: str) -> str:
        """Return what to call a material."""
        return self.labels["material"].get(material, material)

    def need_label(self, node: str, need: str) -> str:
        """Return what to call a need of a node."""
        return self.labels["need"].get(f"{node}/{need}") or self.material_label(need)

    def _need_labels(self, materials: Mapping[str, str]) -> dict[str, str]:
        """Return what to call the needs that are no plain material: groups and needs of a line."""
        members: dict[str, list[str]] = defaultdict(list)
        for row in self.net.table("needs").rows():
            group, product = row.get("group") or row["material"], row.get("product")
            if group != row["material"] or product:
                need = f"{group}/{product}" if product else group
                members[f"{row['consumer']}/{need}"].append(row["material"])
        return {
            need: " or ".join(sorted({materials.get(m, m) for m in found}))
            for need, found in sorted(members.items())
        }

    def unit_label(self, by: str, unit: str) -> str:
        """Return what to call a unit of a kind."""
        if by == "node":
            return self.node_label(unit)
        if by in ("operator", "owner"):
            return self.labels["entity"].get(unit, unit)
        if by in ("country", "controller"):
            return self.place(unit)
        return unit

    # -- scope ------------------------------------------------------------------------------

    @cached_property
    def scope(self) -> tuple[str, ...]:
        """Return the targets and all nodes upstream of them, whatever the date, sorted."""
        suppliers: dict[str, list[str]] = defaultdict(list)
        supplies = self.net.table("supplies")
        ends = zip(supplies.column("supplier"), supplies.column("consumer"), strict=True)
        for supplier, consumer in ends:
            suppliers[consumer].append(supplier)
        distance = dict.fromkeys(self.target_ids, 0)
        queue = deque(self.target_ids)
        while queue:
            node = queue.popleft()
            for supplier in suppliers[node]:
                if supplier not in distance:
                    distance[supplier] = distance[node] + 1
                    queue.append(supplier)
        self._distance = distance
        return tuple(sorted(distance))

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """Return the stages in scope, the one furthest from the targets first."""
        far: dict[str, list[int]] = defaultdict(list)
        for node in self.scope:
            stage = self.net.node_rows[node].get("stage")
            if stage is not None:
                far[stage].append(self._distance[node])
        return tuple(sorted(far, key=lambda s: (-sum(far[s]) / len(far[s]), s)))

    @cached_property
    def node_facts(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of each node in scope, control as of the date."""
        facts = {}
        for node in self.scope:
            row = self.net.node_rows[node]
            control = self.answers.control.by_id[node]
            facts[node] = {
                "name": self.node_label(node),
                "kind": row.get("kind"),
                "stage": row.get("stage"),
                "country": row.get("country"),
                "operator": row.get("operator"),
                "owner": control.owner,
                "controller": control.controller,
                "end_use": row.get("end_use"),
                "confidence": row.get("confidence"),
                "references": tuple(row.get("references") or ()),
            }
        return facts

    def attributes(self, nodes: Iterable[str], name: str) -> tuple[str, ...]:
        """Return the known values of one attribute among nodes, sorted."""
        values = {self.node_facts[n][name] for n in nodes if n in self.node_facts}
        return tuple(sorted(v for v in values if v is not None))

    # -- needs ------------------------------------------------------------------------------

    @cached_property
    def need_confidence(self) -> dict[tuple[str, str], str]:
        """Return the best confidence of each need, as the engine grades evidence."""
        found: dict[tuple[str, str], str] = {}
        for slot in self.compiled.slots:
            if slot.rank < STRUCTURE:
                node = self.compiled.nodes[self.compiled.vertex_node[slot.vertex]]
                found[node, slot.need] = CONFIDENCES[slot.rank]
        return found

    def is_sourced(self, references: Iterable[str] | None) -> bool:
        """Tell whether a reference leads to something published: an assumption has no address."""
        return any(self.reference_rows.get(r, {}).get("url") for r in references or ())

    # -- points -----------------------------------------------------------------------------

    def point(self, target: str, by: str, choke: Chokepoint, *, aggregate: bool) -> Point:
        """Return a chokepoint of the engine as the report shows it."""
        weak = sorted(
            f"{b.node}/{b.need}"
            for b in choke.because or ()
            if self.need_confidence.get((b.node, b.need)) == "illustrative"
        )
        suppliers = self.net.table("supplies").column("supplier")
        nodes = choke.nodes or sorted({suppliers[self.supply_row[s]] for s in choke.supplies})
        return Point(
            target=target,
            by=by,
            unit=choke.unit,
            label=self.unit_label(by, choke.unit),
            certainty=choke.certainty,
            evidence=choke.evidence,
            aggregate=aggregate,
            nodes=tuple(nodes),
            stages=tuple(choke.stages),
            stops=tuple(choke.stops or ()),
            chain=self.chain(target, choke),
            illustrative_needs=tuple(dict.fromkeys(weak)),
            gaps=tuple(choke.gaps),
        )

    def chain(self, target: str, choke: Chokepoint) -> tuple[Link, ...]:
        """Return a shortest chain of unmet needs from what is lost to the target.

        A need fails with all of its suppliers; the chain follows one of them.
        """
        unmet: dict[str, list[Because]] = defaultdict(list)
        for because in choke.because or ():
            unmet[because.node].append(because)
        lost, denied = set(choke.nodes), set(choke.supplies)
        supplies = self.net.table("supplies")
        supplier_of = supplies.column("supplier")
        came: dict[str, tuple[str, Link] | None] = {target: None}
        queue = deque([target])
        while queue:
            node = queue.popleft()
            for because in sorted(unmet[node], key=lambda b: str(b.need)):
                grade = self.need_confidence.get((node, because.need), "low")
                if not because.failed_supplies:
                    return (
                        Link(None, node, because.need, None, grade),
                        *_backwards(came, node),
                    )
                for supply in sorted(because.failed_supplies):
                    supplier = supplier_of[self.supply_row[supply]]
                    link = Link(supplier, node, because.need, supply, grade)
                    # A denial cuts the supply of a supplier that itself goes on.
                    if supply in denied or supplier in lost or supplier not in unmet:
                        return (link, *_backwards(came, node))
                    if supplier not in came:
                        came[supplier] = (node, link)
                        queue.append(supplier)
        return ()

    @cached_property
    def points(self) -> dict[str, tuple[Point, ...]]:
        """Return the single points of failure of each target, industries left out."""
        return {
            target: tuple(
                self.point(target, by, choke, aggregate=False)
                for by in POINT_UNITS
                for choke in self.answers.points[target, by].chokepoints
            )
            for target in self.target_ids
        }

    @cached_property
    def aggregates(self) -> dict[str, tuple[Point, ...]]:
        """Return the industries that stop each target alone."""
        return {
            target: tuple(
                self.point(target, "node", choke, aggregate=True)
                for choke in self.answers.points[target, "node"].aggregates
            )
            for target in self.target_ids
        }

    # -- shared chokepoints -----------------------------------------------------------------

    @cached_property
    def shared(self) -> tuple[Shared, ...]:
        """Return groups of units that stop the same targets the same way, most targets first."""
        sure: dict[tuple[str, str], list[Point]] = defaultdict(list)
        for target in self.target_ids:
            for point in (*self.points[target], *self.aggregates[target]):
                if point.certainty != "possible":
                    sure[point.by, point.unit].append(point)
        # One chain of unmet needs means one way to stop: a plant, its operator, its country.
        groups: dict[tuple[Any, ...], list[list[Point]]] = defaultdict(list)
        for points in sure.values():
            groups[tuple((p.target, p.certainty, p.chain) for p in points)].append(points)
        return tuple(sorted((self._group(g) for g in groups.values()), key=_shared_order))

    def _group(self, group: Sequence[Sequence[Point]]) -> Shared:
        ordered = sorted(
            group,
            key=lambda ps: (ps[0].aggregate, POINT_UNITS.index(ps[0].by), ps[0].unit),
        )
        lead = ordered[0]
        best = sorted({p.evidence for p in lead}, key=EVIDENCE.index)
        weak = sorted({n for p in lead for n in p.illustrative_needs})
        # What a sentence says of the first unit is graded by that unit: the loss of its whole
        # country may hold on better evidence.
        stops = tuple(Stop(p.target, p.certainty, p.evidence) for p in lead)
        return Shared(
            members=tuple(self._member(points) for points in ordered),
            targets=stops,
            certain=sum(p.certainty == "certain" for p in lead),
            assumed=sum(p.certainty == "assumed" for p in lead),
            evidence=tuple(best),
            chain=max((p.chain for p in lead), key=len),
            illustrative_needs=tuple(weak),
        )

    def _member(self, points: Sequence[Point]) -> Member:
        point = points[0]
        return Member(
            by=point.by,
            unit=point.unit,
            label=point.label,
            aggregate=point.aggregate,
            nodes=tuple(sorted({n for p in points for n in p.nodes})),
            stages=tuple(s for s in self.stages if any(s in p.stages for p in points)),
            countries=self.attributes((n for p in points for n in p.nodes), "country"),
            operators=self.attributes((n for p in points for n in p.nodes), "operator"),
            controllers=self.attributes((n for p in points for n in p.nodes), "controller"),
        )

    @cached_property
    def shared_sets(self) -> tuple[SharedSet, ...]:
        """Return the sets of two and more units that stop most targets."""
        found: dict[tuple[str, ...], dict[str, list[tuple[str, str]]]] = defaultdict(dict)
        for target in self.target_ids:
            for by in CUT_UNITS:
                search = self.answers.cuts[target, by]
                assumed = set(search.assumed)
                for units in search.cut_sets:
                    if len(units) > 1:
                        certainty = "assumed" if units in assumed else "certain"
                        found[units].setdefault(by, []).append((target, certainty))
        merged: dict[tuple[tuple[str, ...], tuple[tuple[str, str], ...]], list[str]]
        merged = defaultdict(list)
        for units, kinds in found.items():
            for by, stops in kinds.items():
                merged[units, tuple(stops)].append(by)
        ranked = sorted(
            merged.items(),
            key=lambda item: (
                -len(item[0][1]),
                -sum(c == "certain" for _, c in item[0][1]),
                len(item[0][0]),
                -CUT_UNITS.index(item[1][0]),
                item[0][0],
            ),
        )
        return tuple(
            self._shared_set(units, stops, kinds) for (units, stops), kinds in ranked[:TOP_SETS]
        )

    def _shared_set(
        self,
        units: tuple[str, ...],
        stops: tuple[tuple[str, str], ...],
        kinds: Sequence[str],
    ) -> SharedSet:
        by = kinds[0]
        graded = tuple(
            Stop(target, certainty, self.answers.evidence(target, by, units))
            for target, certainty in stops
        )
        nodes = units if by == "node" else ()
        return SharedSet(
            by=tuple(kinds),
            units=units,
            labels=tuple(self.unit_label(by, u) for u in units),
            stages=tuple(s for s in self.stages if s in self.attributes(nodes, "stage")),
            countries=self.attributes(nodes, "country") or (units if "country" in kinds else ()),
            controllers=self.attributes(nodes, "controller")
            or (units if "controller" in kinds else ()),
            targets=graded,
            certain=sum(s.certainty == "certain" for s in graded),
            assumed=sum(s.certainty == "assumed" for s in graded),
            evidence=tuple(sorted({s.evidence for s in graded}, key=EVIDENCE.index)),
        )

    # -- gaps and the cells that settle them --------------------------------------------------

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Return the cells whose filling settles gaps of the answers, most at stake first."""
        possible: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        blind: dict[str, set[str]] = defaultdict(set)
        kinds: dict[str, set[str]] = defaultdict(set)
        for target in self.target_ids:
            for by in POINT_UNITS:
                answer = self.answers.points[target, by]
                for choke in (*answer.chokepoints, *answer.aggregates):
                    for gap in choke.gaps:
                        possible[gap].add((target, by, choke.unit))
                        kinds[gap].add(by)
                for gap in answer.blind_spots:
                    blind[gap].add(target)
                    kinds[gap].add(by)
        found = []
        for gap, bys in kinds.items():
            kind, _, rest = gap.partition(":")
            file, row, column, now, fill, where = _CELL_KINDS[kind](self, rest, bys)
            concerned = {t for t, _, _ in possible[gap]} | blind[gap]
            targets = tuple(t for t in self.target_ids if t in concerned)
            counts = len(possible[gap]), len(blind[gap])
            found.append(Cell(gap, file, row, column, now, fill, where, targets, *counts))
        return tuple(
            sorted(found, key=lambda c: (-len(c.targets), -c.possible - c.blind_spots, c.gap))
        )

    def _where(self, table: str, indices: Sequence[int]) -> str:
        rows = self.net.table(table)
        if not indices:
            return ""
        return rows.where(min(indices, key=lambda i: rows.lines[i] if rows.lines else i))

    def _upstream_cell(self, node: str, _by: set[str]) -> tuple[str, str, str, str, str, str]:
        index = list(self.net.node_rows).index(node)
        now = self.net.node_rows[node].get("upstream") or "blank"
        fill = "record its suppliers in supplies.csv and write recorded, or none if it has none"
        return "nodes.csv", node, "upstream", now, fill, self._where("nodes", [index])

    def _suppliers_cell(self, rest: str, _by: set[str]) -> tuple[str, str, str, str, str, str]:
        consumer, _, need = rest.partition("/")
        rows = self._need_rows(consumer, need)
        stated = self.net.table("needs").column("suppliers")
        # Of several rows of one need the open one counts; it also sorts last.
        now = max((stated[i] or "blank" for i in rows), default="no row")
        fill = "name the missing suppliers in supplies.csv, then write complete"
        return (
            "needs.csv",
            f"{consumer} / {need}",
            "suppliers",
            now,
            fill,
            self._where("needs", rows),
        )

    def _need_rows(self, consumer: str, need: str) -> list[int]:
        table = self.net.table("needs")
        found = []
        for i, row in enumerate(table.rows()):
            label = row.get("group") or row["material"]
            if row.get("product"):
                label = f"{label}/{row['product']}"
            if row["consumer"] == consumer and label == need:
                found.append(i)
        return found

    def _supply_cell(self, supply: str, _by: set[str]) -> tuple[str, str, str, str, str, str]:
        index = self.supply_row[supply]
        row = self.net.table("supplies").row(index)
        doubts = []
        if row.get("confidence") == "illustrative":
            doubts.append(
                ("confidence", "illustrative", "find a source for the link, and grade it")
            )
        if row.get("qualified") == "unknown":
            doubts.append(("qualified", "unknown", "write yes or no"))
        if row.get("status") == "planned":
            doubts.append(("status", "planned", "write operating once it delivers"))
        return (
            "supplies.csv",
            supply,
            " and ".join(d[0] for d in doubts) or "confidence",
            ", ".join(d[1] for d in doubts) or "blank",
            "; ".join(d[2] for d in doubts) or "grade the link",
            self._where("supplies", [index]),
        )

    def _material_cell(self, consumer: str, _by: set[str]) -> tuple[str, str, str, str, str, str]:
        supplies = self.net.table("supplies")
        rows = [
            i
            for i, (c, m) in enumerate(
                zip(supplies.column("consumer"), supplies.column("material"), strict=True)
            )
            if c == consumer and m is None
        ]
        fill = "say what each supply delivers"
        return (
            "supplies.csv",
            f"supplies of {consumer}",
            "material",
            "blank",
            fill,
            self._where("supplies", rows),
        )

    def _unit_cell(self, node: str, by: set[str]) -> tuple[str, str, str, str, str, str]:
        row = self.net.node_rows[node]
        where = self._where("nodes", [list(self.net.node_rows).index(node)])
        wanted = sorted(by - {"controller", "owner"})
        if "controller" in by:
            wanted += [c for c in ("country", "operator") if not row.get(c) and c not in wanted]
        if not wanted:
            asset = row.get("operator") or node
            fill = "record who owns or controls it, with shares"
            return "holdings.csv", str(asset), "owner, share", "control unclear", fill, ""
        fill = f"write the {listed(sorted(wanted))}"
        return "nodes.csv", node, ", ".join(sorted(wanted)), "blank", fill, where

    def gap_words(self) -> dict[str, str]:
        """Return what must go badly for each gap that an answer names, to follow an "if"."""
        named: set[str] = set()
        for answer in self.answers.points.values():
            named |= set(answer.blind_spots)
        for target in self.target_ids:
            for point in (*self.points[target], *self.aggregates[target]):
                named |= set(point.gaps)
        for cut in self.answers.cuts.values():
            named |= set(cut.blind_spots)
            for entry in cut.possible:
                named |= set(entry.gaps)
        return {gap: self._gap_text(gap) for gap in sorted(named)}

    def _gap_text(self, gap: str) -> str:
        kind, _, rest = gap.partition(":")
        if kind == "upstream":
            return f"the unrecorded inputs of {self.node_label(rest)} fail"
        if kind == "suppliers":
            node, _, need = rest.partition("/")
            return (
                f"no unnamed supplier of {self.need_label(node, need)} to {self.node_label(node)} "
                "exists"
            )
        if kind == "supply":
            row = self.net.table("supplies").row(self.supply_row[rest])
            what = self.material_label(row["material"]) if row.get("material") else "supply"
            return (
                f"the {what} from {self.node_label(row['supplier'])} to "
                f"{self.node_label(row['consumer'])} does not deliver"
            )
        if kind == "material":
            return f"{self.node_label(rest)} needs each of its unnamed materials"
        return f"{self.node_label(rest)}, whose holder is not on record, goes with it"

    # -- coverage ---------------------------------------------------------------------------

    @cached_property
    def coverage(self) -> tuple[Coverage, ...]:
        """Return how nodes, supplies and needs in scope are documented."""
        inside = set(self.scope)
        nodes = [self.net.node_rows[n] for n in self.scope]
        supplies = [r for r in self.net.table("supplies").rows() if r["consumer"] in inside]
        blind = {g.id.partition(":")[2] for g in self.compiled.gaps if g.id.startswith("upstream:")}
        return (
            self._coverage(
                "Nodes",
                nodes,
                sum(n["id"] in blind for n in nodes),
                "what they are made from is not known",
            ),
            self._coverage(
                "Supplies",
                supplies,
                sum(r.get("qualified") == "unknown" for r in supplies),
                "not known whether the supplier is qualified",
            ),
            self._need_coverage(inside),
        )

    def _coverage(
        self, what: str, rows: Sequence[Mapping[str, Any]], unknown: int, means: str
    ) -> Coverage:
        illustrative = sum(r.get("confidence") == "illustrative" for r in rows)
        sourced = sum(
            r.get("confidence") != "illustrative" and self.is_sourced(r.get("references"))
            for r in rows
        )
        return _coverage(
            what,
            len(rows),
            sourced=sourced,
            illustrative=illustrative,
            unknown=unknown,
            means=means,
        )

    def _need_coverage(self, inside: set[str]) -> Coverage:
        """Count each need once: its own row, or the supplies that imply it, document it."""
        supplies = self.net.table("supplies")
        needs = self.net.table("needs")
        cited: dict[tuple[str, str], bool] = {}
        graded: dict[tuple[str, str], int] = {}
        open_lists = 0
        for slot in self.compiled.slots:
            if slot.rank >= STRUCTURE:
                continue
            node = self.compiled.nodes[self.compiled.vertex_node[slot.vertex]]
            if node not in inside:
                continue
            key = (node, slot.need)
            rows = [needs.row(i) for i in self._need_rows(node, slot.need)]
            rows += [
                supplies.row(self.compiled.edge_supply[e])
                for e in slot.edges
                if self.compiled.edge_supply[e] >= 0
            ]
            open_lists += slot.partial
            graded[key] = max(slot.rank, graded.get(key, 0))
            cited[key] = cited.get(key, False) or any(
                r.get("confidence") != "illustrative" and self.is_sourced(r.get("references"))
                for r in rows
            )
        illustrative = sum(rank == 0 for rank in graded.values())
        sourced = sum(cited[key] and graded[key] > 0 for key in graded)
        return _coverage(
            "Needs",
            len(graded),
            sourced=sourced,
            illustrative=illustrative,
            unknown=open_lists,
            means="the list of suppliers is open",
        )

    @cached_property
    def unknowns(self) -> dict[str, int]:
        """Return counts of what is unknown or assumed, all of the network as it stands."""
        gaps: dict[str, int] = defaultdict(int)
        for gap in self.compiled.gaps:
            gaps[gap.id.partition(":")[0]] += 1
        inside = [self.node_facts[n] for n in self.scope]
        return {
            "gaps": len(self.compiled.gaps),
            "upstream": gaps["upstream"],
            "suppliers": gaps["suppliers"],
            "supply": gaps["supply"],
            "material": gaps["material"],
            "nodes_without_country": sum(f["country"] is None for f in inside),
            "nodes_without_operator": sum(f["operator"] is None for f in inside),
            "nodes_without_controller": sum(f["controller"] is None for f in inside),
            "supplier_lists_assumed_complete": sum(
                slot.assumed_complete for slot in self.compiled.slots
            ),
            "not_modelled": len(self.compiled.not_modelled),
        }

    # -- targets ----------------------------------------------------------------------------

    @cached_property
    def targets(self) -> tuple[TargetFacts, ...]:
        """Return what the report says of each target."""
        return tuple(self._target(t) for t in self.target_ids)

    def strongest(self, target: str) -> str:
        """Return how sure the surest single point of a target is."""
        if self.answers.points[target, POINT_UNITS[0]].status == "already_stopped":
            return "already_stopped"
        found = {p.certainty for p in self.points[target]}
        for certainty in CERTAINTIES:
            if certainty in found:
                return certainty
        if self.aggregates[target]:
            return "industry"
        return "blind_spot" if self.blind_spots(target) else "none"

    def blind_spots(self, target: str) -> tuple[str, ...]:
        """Return the gaps that could stop a target alone.

        Not those of a node that stops the target and of which only the holder is unknown: they
        say that a known chokepoint belongs to nobody on record.
        """
        return tuple(
            sorted(
                {
                    gap
                    for by in POINT_UNITS
                    for gap in self.answers.points[target, by].blind_spots
                    if not gap.startswith("unit:")
                }
            )
        )

    def _target(self, target: str) -> TargetFacts:
        row = self.net.node_rows[target]
        answers = {by: self.answers.points[target, by] for by in POINT_UNITS}
        first = answers[POINT_UNITS[0]]
        points = self.points[target]
        counts: dict[str, dict[str, int]] = {
            by: {
                c: len({p.unit for p in points if p.by == by and p.certainty == c})
                for c in CERTAINTIES
            }
            for by in POINT_UNITS
        }
        return TargetFacts(
            id=target,
            name=self.node_label(target),
            end_use=row.get("end_use"),
            country=row.get("country"),
            status=first.status,
            strongest=self.strongest(target),
            sentence=self._target_sentence(target, first.status, counts),
            counts=counts,
            points=points,
            aggregates=self.aggregates[target],
            own={by: tuple(a.own) for by, a in answers.items() if a.own},
            blind_spots={by: tuple(a.blind_spots) for by, a in answers.items() if a.blind_spots},
            not_running=tuple(NotRunning(item.node, item.why) for item in first.not_running),
            not_modelled=tuple(first.not_modelled),
            basis=first.basis.to_dict(),
            cut_sets=tuple(self._cut_search(target, by) for by in CUT_UNITS),
        )

    def _target_sentence(
        self, target: str, status: str, counts: Mapping[str, Mapping[str, int]]
    ) -> str:
        name = self.node_label(target)
        day = " on this date" if self.on else ""
        if status == "already_stopped":
            return (
                f"{name} is already stopped{day}: a need is unmet with nothing lost. "
                "Flow only; stocks may still carry it."
            )
        lead = {
            "runs": f"{name} runs{day} with nothing lost.",
            "possibly_stopped": (
                f"{name} may already be stopped{day}: if all gaps in the data go badly at "
                "once, or through illustrative needs. What follows takes it to run."
            ),
        }.get(status, f"{name}: status {status}.")
        parts = []
        for certainty in CERTAINTIES:
            words = [
                plural(counts[by][certainty], *UNIT_WORDS[by])
                for by in POINT_UNITS
                if counts[by][certainty]
            ]
            if words:
                parts.append(f"{certainty}: {listed(words)}")
        if parts:
            text = f"{lead} Single points of failure, {'; '.join(parts)}."
        else:
            with_gaps = (
                f", not even with {plural(self.max_gaps, 'gap')} at its bad end"
                if self.max_gaps
                else "; what gaps could add was not searched"
            )
            text = (
                f"{lead} No single plant, operator, country or government stops it in the data as "
                f"recorded{with_gaps}."
            )
        industries = {
            certainty: len({p.unit for p in self.aggregates[target] if p.certainty == certainty})
            for certainty in CERTAINTIES
        }
        if any(industries.values()):
            words = [f"{n} {certainty}" for certainty, n in industries.items() if n]
            count = sum(industries.values())
            noun = "An industry" if count == 1 else "Industries"
            text += f" {noun} taken as one node would stop it alone: {listed(words)}."
        if not parts and not any(industries.values()):
            text += " That is no sign of safety: it says nothing of what is not recorded."
        return text

    def _cut_search(self, target: str, by: str) -> CutSearch:
        found = self.answers.cuts[target, by]
        assumed = {tuple(c) for c in found.assumed}
        cuts = tuple(
            Cut(tuple(c), "assumed" if tuple(c) in assumed else "certain") for c in found.cut_sets
        )
        possible = tuple(Cut(p.units, "possible", p.gaps) for p in found.possible)
        return CutSearch(
            by=by,
            status=found.status,
            complete=found.complete,
            complete_to=found.complete_to,
            max_order=found.max_order,
            count=found.count,
            by_order={str(k): v for k, v in sorted(found.by_order.items())},
            assumed=len(assumed),
            method=found.method,
            cuts=tuple(sorted(cuts, key=_cut_order)),
            possible=possible,
            possible_complete=found.possible_complete,
            possible_complete_to=found.possible_complete_to,
            sentence=self._cut_sentence(found),
        )

    @staticmethod
    def _cut_sentence(found: CutSets) -> str:
        bound = (
            f"search complete up to order {found.complete_to}"
            if found.complete
            else f"search cut short: complete only up to order {found.complete_to} "
            f"of {found.max_order}, so more sets may exist"
        )
        if found.complete and not found.possible_complete:
            bound += (
                f"; sets that also need a gap only up to order {found.possible_complete_to}, so "
                "more of those may exist"
            )
        if found.status == "already_stopped":
            return "Already stopped: the empty set is the one cut set."
        if not found.count:
            return f"No cut set of order {found.max_order} or less; {bound}."
        orders = ", ".join(
            f"{count} of order {order}" for order, count in sorted(found.by_order.items())
        )
        sure = found.count - len(found.assumed)
        return (
            f"{plural(found.count, 'minimal cut set')} ({orders}): {sure} certain, "
            f"{len(found.assumed)} assumed; {bound}."
        )

    # -- provenance -------------------------------------------------------------------------

    @cached_property
    def provenance(self) -> tuple[dict[str, Any], ...]:
        """Return every row that the answers used, with what it says and where that is from."""
        inside = set(self.scope)
        # Concentration counts every node that operates, upstream of a target or not.
        counted = inside | self._operating
        assets = self._assets(counted)
        keep: dict[str, Callable[[Mapping[str, Any]], bool]] = {
            "nodes": lambda r: r["id"] in counted,
            "supplies": lambda r: r["consumer"] in inside,
            "needs": lambda r: r["consumer"] in inside,
            "entities": lambda r: r["id"] in assets,
            "holdings": lambda r: r["asset"] in assets,
            "shares": lambda r: True,
        }
        found = []
        for name in _FILES_OF_PROVENANCE:
            table = self.net.table(name)
            for index, row in enumerate(table.rows()):
                if keep[name](row):
                    found.append(self._source_row(table, index, row))
        return tuple(
            sorted(
                found, key=lambda r: (_FILES_OF_PROVENANCE.index(r["table"]), r["id"], r["says"])
            )
        )

    @cached_property
    def _operating(self) -> set[str]:
        """Return the nodes that the concentration counts."""
        table = self.net.table("nodes")
        return {n for i, n in enumerate(table.column("id")) if holds(table, i, self.on)}

    def _assets(self, inside: set[str]) -> set[str]:
        """Return nodes, their operators, and all that owns those."""
        owners: dict[str, list[str]] = defaultdict(list)
        for row in self.net.table("holdings").rows():
            owners[row["asset"]].append(row["owner"])
        operators = {self.net.node_rows[node].get("operator") for node in inside}
        reached = set(inside) | {operator for operator in operators if operator is not None}
        queue = deque(sorted(reached))
        while queue:
            for owner in owners[queue.popleft()]:
                if owner not in reached:
                    reached.add(owner)
                    queue.append(owner)
        return reached

    def _source_row(self, table: Table, index: int, row: Mapping[str, Any]) -> dict[str, Any]:
        says = [
            f"{key} {_cell_text(value)}"
            for key, value in row.items()
            if value not in (None, ()) and key not in _NOT_SAID and value != _USUAL.get(key)
        ]
        if table.name == "supplies":
            ends = f"{self.node_label(row['supplier'])} to {self.node_label(row['consumer'])}"
            material = row.get("material")
            what = self.material_label(material) if material else "material not stated"
            says = [f"{ends}: {what}", *(s for s in says if s.split()[0] not in _ENDS)]
        return {
            "table": table.name,
            "id": _row_id(table.name, row),
            "where": table.where(index),
            "says": "; ".join(says),
            "start": row.get("start"),
            "end": row.get("end"),
            "confidence": row.get("confidence"),
            "references": tuple(row.get("references") or ()),
            "note": row.get("note"),
        }

    def references(self) -> tuple[dict[str, Any], ...]:
        """Return every reference that a used row cites, sorted by id."""
        used = {r for row in self.provenance for r in row["references"]}
        known = [
            {
                key: row.get(key)
                for key in ("id", "title", "publisher", "url", "date", "accessed", "licence")
            }
            for name, row in sorted(self.reference_rows.items())
            if name in used
        ]
        missing = [
            {"id": name, "title": None, "publisher": None, "url": None}
            | {"date": None, "accessed": None, "licence": None}
            for name in sorted(used - set(self.reference_rows))
        ]
        return (*known, *missing)

    def concentration(self) -> tuple[dict[str, Any], ...]:
        """Return the stages split by place and by controller, first stage of the chain first."""
        order = {stage: i for i, stage in enumerate(self.stages)}
        found = []
        for stage in self.answers.concentration.stages:
            entry = stage.to_dict()
            for key in ("hhi_low", "hhi_high", "top1", "top3", "unknown"):
                entry[key] = rounded(entry[key])
            entry["shares"] = [
                {
                    **share,
                    "share": rounded(share["share"]),
                    "label": "unknown" if share["unit"] is None else self.place(share["unit"]),
                }
                for share in entry["shares"]
            ]
            found.append(entry)
        return tuple(
            sorted(
                found,
                key=lambda e: (
                    e["kind"],
                    e["stage"] is None,
                    order.get(e["stage"], len(order)),
                    e["stage"] or "",
                    e["basis"] != "nodes",
                ),
            )
        )

    def market_shares(self) -> tuple[dict[str, Any], ...]:
        """Return recorded market shares by material, stage, year and edition, largest first.

        The latest year of each market carries its concentration.
        """
        groups: dict[tuple[str, str, int, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in self.net.table("shares").rows():
            key = (row["material"], row["stage"], int(row["year"]), row.get("edition") or "")
            groups[key].append(row)
        measured = {
            (m.material, m.stage, m.year, m.edition or ""): m
            for m in self.answers.concentration.markets
        }
        found = []
        for key, rows in sorted(groups.items()):
            market = measured.get(key)
            ordered = sorted(
                rows, key=lambda r: (-(r.get("share") or r.get("low") or 0), r["country"])
            )
            found.append(
                {
                    **dict(zip(("material", "stage", "year", "edition"), key, strict=True)),
                    "latest": market is not None,
                    "hhi_low": rounded(market.hhi_low) if market else None,
                    "hhi_high": rounded(market.hhi_high) if market else None,
                    "top1": rounded(market.top1) if market else None,
                    "top3": rounded(market.top3) if market else None,
                    "unknown": rounded(market.unknown) if market else None,
                    "shares": [
                        {
                            "country": r["country"],
                            "share": rounded(r.get("share")),
                            "low": rounded(r.get("low")),
                            "high": rounded(r.get("high")),
                            "confidence": r.get("confidence"),
                        }
                        for r in ordered
                    ],
                    "references": sorted({x for r in rows for x in r.get("references") or ()}),
                }
            )
        return tuple(found)


_CELL_KINDS: Mapping[
    str, Callable[[Collector, str, set[str]], tuple[str, str, str, str, str, str]]
] = {
    "upstream": Collector._upstream_cell,
    "suppliers": Collector._suppliers_cell,
    "supply": Collector._supply_cell,
    "material": Collector._material_cell,
    "unit": Collector._unit_cell,
}

_NOT_SAID = frozenset({"id", "start", "end", "confidence", "references", "note", "can_fail"})

#: What nearly every row says, by default; a row that says otherwise is told apart.
_USUAL = {"status": "operating", "qualified": "yes", "kind": "site"}
_ENDS = frozenset({"supplier", "consumer", "material"})

_ROW_IDS: Mapping[str, tuple[str, ...]] = {
    "nodes": ("id",),
    "supplies": ("id",),
    "needs": ("consumer", "material", "product"),
    "entities": ("id",),
    "holdings": ("owner", "asset"),
    "shares": ("material", "stage", "country", "year"),
}


def _row_id(table: str, row: Mapping[str, Any]) -> str:
    return " / ".join(str(row[c]) for c in _ROW_IDS[table] if row.get(c) is not None)


def _cell_text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(v) for v in value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)


def _coverage(
    what: str, total: int, *, sourced: int, illustrative: int, unknown: int, means: str
) -> Coverage:
    unsourced = total - sourced - illustrative
    return Coverage(
        what=what,
        total=total,
        sourced=sourced,
        unsourced=unsourced,
        illustrative=illustrative,
        unknown=unknown,
        unknown_means=means,
        sourced_share=share_of(sourced, total),
        unsourced_share=share_of(unsourced, total),
        illustrative_share=share_of(illustrative, total),
        unknown_share=share_of(unknown, total),
    )


def _shared_order(group: Shared) -> tuple[int, int, int, int, str]:
    lead = group.members[0]
    return (
        -len(group.targets),
        -group.certain,
        EVIDENCE.index(group.evidence[0]),
        POINT_UNITS.index(lead.by),
        lead.unit,
    )


def _cut_order(cut: Cut) -> tuple[int, int, tuple[str, ...]]:
    return (len(cut.units), CERTAINTIES.index(cut.certainty), cut.units)


def _backwards(came: Mapping[str, tuple[str, Link] | None], node: str) -> tuple[Link, ...]:
    """Return the links from `node` down to the target."""
    links = []
    step = came[node]
    while step is not None:
        links.append(step[1])
        step = came[step[0]]
    return tuple(links)
