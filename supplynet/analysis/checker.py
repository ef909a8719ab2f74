"""What a certificate is, and whether it holds: read from the tables anew, without the engine.

The engine finds cut sets by compiling the tables to integers and searching. Nothing of that is
used here: this module reads the rows that a certificate names and checks them one by one, so that
an error in the engine does not pass its own check.

- A *stop certificate* is a set of things that are down, each with its reason: it is lost, it does
  not operate, or all supplies of one of its needs fail, each blocked or from something in the set.
  Failure is the greatest fixpoint of that rule, so every such set is down, loops included.
- A *run certificate* is an order of starting: each need of a thing is met by a supply from
  something that stands earlier. Production is the least fixpoint, so all of it runs; a loop that
  feeds only itself has no such order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = [
    "Certificates",
    "Met",
    "Place",
    "Run",
    "Started",
    "Stopped",
    "Verdict",
    "verify",
    "verify_all",
]

#: A node (None, False), a product of a node (its name, False), or any product of it (None, True).
Place = tuple[str, str | None, bool]

_UNNAMED = "unnamed material"
_UNCLEAR = frozenset({"country", "operator", "owner", "controller", "stage"})
_EDGE_UNITS = frozenset({"supply", "material", "controller"})
#: What an answer by these rests on besides the tables: read by `ownership`, not checked here.
_REGISTER = frozenset({"owner", "controller"})


@dataclass(frozen=True, slots=True)
class Stopped:
    """One thing that is down, and why.

    Attributes
    ----------
    node, product, any_product
        A node; with `product` only that product of it; with `any_product` all that it makes,
        where each product has needs of its own.
    why
        ``lost``, ``idle`` (does not operate on the date), ``need`` or ``products`` (each of them
        is down).
    of
        The unit or gap that takes it, where it is lost.
    need, supplies
        A need of it, and supplies that fail: all that deliver on the date, or so many that the
        rest does not reach the coverage asked for.
    blocked
        Those of `supplies` that fail themselves, whoever supplies: taken by a unit or a gap, or
        not active on the date. The others come from something that is down.
    """

    node: str
    product: str | None = None
    any_product: bool = False
    why: str = "need"
    of: str = ""
    need: str = ""
    supplies: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """What is down."""
        return (self.node, self.product, self.any_product)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "product": self.product,
            "any_product": self.any_product,
            "why": self.why,
            "of": self.of,
            "need": self.need,
            "supplies": list(self.supplies),
            "blocked": list(self.blocked),
        }


@dataclass(frozen=True, slots=True)
class Met:
    """One need that is met, and by which supplies; by none: by a supplier that nobody named."""

    need: str
    supplies: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the need as it stands in the JSON."""
        return {"need": self.need, "supplies": list(self.supplies)}


@dataclass(frozen=True, slots=True)
class Started:
    """One thing that runs, once all that stands before it in the order does."""

    node: str
    product: str | None = None
    any_product: bool = False
    met: tuple[Met, ...] = ()

    @property
    def place(self) -> Place:
        """What runs."""
        return (self.node, self.product, self.any_product)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "product": self.product,
            "any_product": self.any_product,
            "met": [m.to_dict() for m in self.met],
        }


@dataclass(frozen=True, slots=True)
class Run:
    """An order of starting that ends in the target, with all members lost but one.

    Attributes
    ----------
    kept
        The member that is not lost; ``None``: all are lost, and illustrative needs are taken as
        met, which shows that an assumed set is no certain one.
    order
        What starts, each after what it lives on.
    """

    kept: str | None
    order: tuple[Started, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the run as it stands in the JSON."""
        return {"kept": self.kept, "order": [s.to_dict() for s in self.order]}


@dataclass(frozen=True)
class Certificates:
    """Why a cut set stops its target, and why no member of it can be left out.

    Attributes
    ----------
    target, by, on, coverage, measures, end_use, destination
        The question.
    units, gaps
        The members: what is lost, and which gaps are at their bad end.
    certainty
        ``certain``, ``assumed`` or ``possible``.
    illustrative
        Whether needs for which only illustrative rows speak count; if not, they are met.
    stop
        What is down, the target first; closed under the rule of failure.
    runs
        Per member an order of starting without it; for an assumed set one more.
    """

    target: str
    by: str
    on: date | None
    units: tuple[str, ...]
    gaps: tuple[str, ...]
    certainty: str
    illustrative: bool
    stop: tuple[Stopped, ...]
    runs: tuple[Run, ...]
    coverage: Decimal | None = None
    measures: str = "ignored"
    end_use: str | None = None
    destination: str | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """Units and gaps."""
        return (*self.units, *self.gaps)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificates as they stand in the JSON."""
        return {
            "units": list(self.units),
            "gaps": list(self.gaps),
            "certainty": self.certainty,
            "illustrative": self.illustrative,
            "stop": [s.to_dict() for s in self.stop],
            "runs": [r.to_dict() for r in self.runs],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step and need: certificate, kept, step, node, product, need, ..."""
        import pandas as pd

        rows: list[tuple[Any, ...]] = [
            ("stop", None, i, s.node, s.product, s.why, s.need or s.of, ";".join(s.supplies))
            for i, s in enumerate(self.stop, start=1)
        ]
        for run in self.runs:
            for i, started in enumerate(run.order, start=1):
                for met in started.met or (Met(""),):
                    rows.append(
                        (
                            "run",
                            run.kept,
                            i,
                            started.node,
                            started.product,
                            "met" if met.need else "no needs",
                            met.need,
                            ";".join(met.supplies),
                        )
                    )
        columns = ["certificate", "kept", "step", "node", "product", "why", "what", "supplies"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        members = ", ".join(self.members) or "nothing"
        return (
            f"<Certificates of {members} by {self.by} for {self.target!r}: {self.certainty}; "
            f"{len(self.stop)} down, {len(self.runs)} runs>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether certificates hold.

    Attributes
    ----------
    units, gaps
        The set.
    stops
        Whether the stop certificate holds; ``None``: not checked.
    minimal
        Whether each member has a run certificate that holds; ``None``: not checked.
    reasons
        Why not, one sentence each.
    not_checked
        Why nothing was checked; blank where it was.
    rests_on
        What was taken over without a check of its own; blank: nothing.
    """

    units: tuple[str, ...]
    gaps: tuple[str, ...]
    stops: bool | None
    minimal: bool | None
    reasons: tuple[str, ...] = ()
    not_checked: str = ""
    rests_on: str = ""

    @property
    def verified(self) -> bool:
        """Whether the set stops the target and each member is needed."""
        return self.stops is True and self.minimal is True

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as it stands in the JSON."""
        return {
            "units": list(self.units),
            "gaps": list(self.gaps),
            "stops": self.stops,
            "minimal": self.minimal,
            "reasons": list(self.reasons),
            "not_checked": self.not_checked or None,
            "rests_on": self.rests_on or None,
        }

    def __str__(self) -> str:
        members = " + ".join((*self.units, *self.gaps)) or "nothing"
        if self.not_checked:
            return f"{members}: not checked: {self.not_checked}"
        return f"{members}: verified" if self.verified else f"{members}: {'; '.join(self.reasons)}"


def verify(net: SupplyNetwork, certificates: Certificates) -> Verdict:
    """Return whether certificates hold, read from the tables without the engine.

    Parameters
    ----------
    net
        The network, on which nothing has been computed yet or anything: it makes no difference.
    certificates
        Made by :func:`supplynet.certificates`, or by anybody.

    Returns
    -------
    Verdict
        Whether the set stops the target and whether each member is needed, with the reason of
        each refusal. What cannot be checked is said not to be.

    Notes
    -----
    Linear in the rows of the network plus the size of the certificates. By owner and by
    controller, who holds what is taken from :func:`supplynet.controllers`; the verdict says so.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> found = supplynet.certificates(net, "missile", "cofe")
    >>> print(supplynet.verify(net, found))
    cofe: verified
    """
    return verify_all(net, [certificates])[0]


def verify_all(net: SupplyNetwork, certificates: Iterable[Certificates]) -> tuple[Verdict, ...]:
    """Return the verdict on each; the tables are read once for all of one date."""
    known: dict[date | None, _Facts] = {}
    verdicts = []
    for one in certificates:
        if one.on not in known:
            known[one.on] = _Facts(net, one.on)
        verdicts.append(_Check(known[one.on], one).verdict())
    return tuple(verdicts)


# The facts on a date


@dataclass(frozen=True, slots=True)
class _Need:
    """One need that is evaluated: its label, the supplies that serve it, and what is unknown.

    `open_list` is the gap of a list that is not complete. Where `apart` is, the gap of unnamed
    materials, each supply may be a need of its own.
    """

    label: str
    illustrative: bool
    supplies: tuple[str, ...]
    live: frozenset[str]
    open_list: str | None = None
    apart: str | None = None


class _Facts:
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
                "supplier", "consumer", "material", "share", "qualified", "start", "end", "status",
                "confidence",
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
        self._needs: dict[str, dict[str | None, list[_Need]]] = {}
        self._doubted: dict[str, frozenset[str]] = {}
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

    def needs(self, node: str, product: str | None) -> Sequence[_Need]:
        """Return the needs of a node, or of one of its products, that are evaluated."""
        return self._of(node).get(product, ())

    def products(self, node: str) -> frozenset[str]:
        """Return the products of a node that have needs of their own."""
        return frozenset(p for p in self._of(node) if p is not None)

    def _of(self, node: str) -> dict[str | None, list[_Need]]:
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

        found: dict[str | None, list[_Need]] = {None: []}
        doubted: set[str] = set()
        for (product, name), same in groups.items():
            needs = found.setdefault(product, [])
            cell = [cells["suppliers"][row] for row in same]
            if all(value == "not_modelled" for value in cell):
                continue
            materials = dict.fromkeys(cells["material"][row] for row in same)
            supplies = [i for material in materials for i in of_material.get(material, ())]
            label = name if product is None else f"{name}/{product}"
            is_open = any(
                value in ("partial", "not_modelled")
                or (value is None and self._blank_is_partial(cells["material"][row], supplies))
                for value, row in zip(cell, same, strict=True)
            )
            graded = [cells["confidence"][row] for row in same]
            needs.append(self._need(node, label, supplies, graded, doubted, is_open=is_open))
        ruled = {cells["material"][row] for row in rows}
        for material, supplies in of_material.items():
            if material is None or material not in ruled:
                label = _UNNAMED if material is None else material
                is_open = self._blank_is_partial(material, supplies)
                need = self._need(node, label, supplies, (), doubted, is_open=is_open)
                if material is None and len(supplies) > 1:
                    need = replace(need, apart=f"material:{node}")
                found[None].append(need)
        self._needs[node] = found
        self._doubted[node] = frozenset(doubted)
        has_needs = bool(groups) or len(found[None]) > 0
        upstream = self._node_cells["upstream"][self.node_at[node]]
        self._unrecorded[node] = upstream == "unknown" or (upstream is None and not has_needs)

    def _need(
        self,
        node: str,
        label: str,
        supplies: Sequence[int],
        graded: Iterable[str | None],
        doubted: set[str],
        *,
        is_open: bool,
    ) -> _Need:
        ids = self._supply_ids
        live = [i for i in supplies if self._is_live(i)]
        if len(live) > 1:
            doubted.update(ids[i] for i in live if self._is_doubtful(i))
        confidences = {*graded, *(self._cells["confidence"][i] for i in supplies)}
        return _Need(
            label,
            illustrative=confidences == {"illustrative"},
            supplies=tuple(ids[i] for i in supplies),
            live=frozenset(ids[i] for i in live),
            open_list=f"suppliers:{node}/{label}" if is_open else None,
        )

    def _is_doubtful(self, i: int) -> bool:
        cells = self._cells
        return bool(
            cells["confidence"][i] == "illustrative"
            or cells["qualified"][i] == "unknown"
            or cells["status"][i] == "planned"
        )

    def _blank_is_partial(self, material: str | None, supplies: Sequence[int]) -> bool:
        if not supplies:
            return True
        shares = [
            self._cells["share"][i]
            for i in supplies
            if self._cells["material"][i] == material and self._is_live(i)
        ]
        return bool(shares) and None not in shares and sum(shares) < 1

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
        if kind == "suppliers":
            ends = [i for i, letter in enumerate(name) if letter == "/"]
            return any(
                need.open_list == gap
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

    def _doubts_of(self, node: str) -> frozenset[str]:
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


# The check


class _Loss:
    """What fails from outside: nodes and supplies that units take, gaps at their bad end."""

    def __init__(
        self, facts: _Facts, by: str, units: Iterable[str], gaps: Iterable[str], *, all_needs: bool
    ) -> None:
        self.facts = facts
        self.gaps = frozenset(gaps)
        self.all_needs = all_needs
        self.units = {name: facts.unit(by, name) for name in units}
        self.nodes = frozenset(n for nodes, _ in self.units.values() for n in nodes)
        self.supplies = frozenset(s for _, supplies in self.units.values() for s in supplies)

    def takes(self, name: str, node: str) -> bool:
        """Whether a unit or a gap, by its id, takes a node."""
        if name in self.gaps and name in (f"unit:{node}", f"upstream:{node}"):
            return True
        return name in self.units and node in self.units[name][0]

    def lost(self, node: str) -> bool:
        """Whether anything takes a node."""
        return node in self.nodes or not self.gaps.isdisjoint((f"unit:{node}", f"upstream:{node}"))

    def blocks(self, supply: str) -> bool:
        """Whether a supply fails whoever supplies it."""
        return supply in self.supplies or f"supply:{supply}" in self.gaps

    def needs(self, node: str, product: str | None) -> list[_Need]:
        """Return the needs that count: of unnamed materials each supply, if that gap is bad."""
        found = []
        for need in self.facts.needs(node, product):
            if need.apart is None or need.apart not in self.gaps:
                found.append(need)
                continue
            for supply in need.supplies:
                illustrative = self.facts.is_illustrative(supply)
                live = need.live & {supply}
                found.append(_Need(need.label, illustrative, (supply,), live))
        return [need for need in found if self.all_needs or not need.illustrative]

    def is_open(self, need: _Need) -> bool:
        """Whether an unnamed supplier meets a need: its list is open, and not at its worst."""
        return need.open_list is not None and need.open_list not in self.gaps


class _Check:
    """One set of certificates against the facts."""

    def __init__(self, facts: _Facts, given: Certificates) -> None:
        self.facts = facts
        self.given = given

    def verdict(self) -> Verdict:
        given = self.given
        members = given.units, given.gaps
        why_not = self._beyond()
        if why_not:
            return Verdict(*members, None, None, not_checked=why_not)
        wrong = self._members()
        if wrong:
            return Verdict(*members, stops=False, minimal=False, reasons=tuple(wrong))
        not_down = self._stop()
        not_needed = self._runs()
        return Verdict(
            *members,
            stops=not not_down,
            minimal=not not_needed,
            reasons=(*not_down, *not_needed),
            rests_on="ownership and control as computed from holdings"
            if given.by in _REGISTER
            else "",
        )

    def _beyond(self) -> str:
        """Return what the question asks that this check does not know."""
        given = self.given
        if given.by == "measure" or given.measures != "ignored":
            return "export controls and other measures are not read here"
        if given.end_use is not None or given.destination is not None:
            return "end use and destination are not read here"
        if given.coverage is not None:
            return "coverage is not read here"
        return ""

    def _members(self) -> list[str]:
        given, facts = self.given, self.facts
        if given.target not in facts.node_at:
            return [f"there is no node {given.target!r}"]
        wrong = []
        if len(set(given.members)) < len(given.members):
            wrong.append("a member is named twice")
        if given.certainty == "possible" and not given.gaps:
            wrong.append("a possible finding names at least one gap")
        if given.certainty != "possible" and given.gaps:
            wrong.append(f"a {given.certainty} finding rests on no gap")
        if given.certainty == "certain" and given.illustrative:
            wrong.append("a certain finding uses no illustrative need")
        if given.certainty == "assumed" and not given.illustrative:
            wrong.append("an assumed finding uses illustrative needs")
        for name in given.units:
            if facts.is_own(given.by, name, given.target):
                wrong.append(f"{name} is the target's own")
        wrong += [f"there is no gap {g}" for g in given.gaps if not self._is_gap(g)]
        return wrong

    def _is_gap(self, gap: str) -> bool:
        return self.facts.is_gap(gap, self.given.by, self.given.target)

    # That it stops

    def _stop(self) -> list[str]:
        given = self.given
        loss = _Loss(self.facts, given.by, given.units, given.gaps, all_needs=given.illustrative)
        down = {step.place for step in given.stop}
        wrong = (
            []
            if self._down(self.facts.whole(given.target), down)
            else [f"{given.target} is not among what is down"]
        )
        for step in given.stop:
            reason = self._stands(step, loss, down)
            if reason:
                wrong.append(f"{_in_words(step.place)} is not shown to stop: {reason}")
        return wrong

    @staticmethod
    def _down(place: Place, down: set[Place]) -> bool:
        """Whether a thing is in the set; what is made on a line is down when the line is."""
        return place in down or (place[0], None, False) in down

    def _stands(self, step: Stopped, loss: _Loss, down: set[Place]) -> str:
        """Return why one step does not hold; blank: it does."""
        node, product, any_product = step.place
        if node not in self.facts.node_at:
            return f"there is no node {node!r}"
        if any_product:
            if step.why != "products" or not self.facts.all_by_product(node):
                return "what it makes does not hang on the needs of its products alone"
            running = [
                p for p in self.facts.products(node) if not self._down((node, p, False), down)
            ]
            return f"its product {min(running)} is not among what is down" if running else ""
        if step.why == "need":
            return self._unmet(step, loss, down)
        if product is not None:
            return f"{step.why!r} says nothing of a single product"
        if step.why == "idle":
            return "" if self.facts.idle(node) else "it operates on the date"
        if step.why == "lost":
            return "" if loss.takes(step.of, node) else f"{step.of or 'nothing'} does not take it"
        return f"{step.why!r} is no reason"

    def _unmet(self, step: Stopped, loss: _Loss, down: set[Place]) -> str:
        node, product, _ = step.place
        of_label = [need for need in loss.needs(node, product) if need.label == step.need]
        if not of_label:
            return f"it has no need of {step.need} that counts"
        named = [need for need in of_label if not loss.is_open(need)]
        if not named:
            return f"somebody unnamed may supply {step.need}"
        claimed = frozenset(step.supplies)
        for need in named:
            if need.live <= claimed <= frozenset(need.supplies):
                return self._all_fail(step, need, loss, down)
        strange = claimed.difference(*(need.supplies for need in named))
        if strange:
            return f"{min(strange)} is no supply of its {step.need}"
        left = frozenset[str]().union(*(need.live for need in named)) - claimed
        return f"{min(left)} supplies {step.need} and is left out"

    def _all_fail(self, step: Stopped, need: _Need, loss: _Loss, down: set[Place]) -> str:
        """Return the first of the supplies that does not fail."""
        blocked = frozenset(step.blocked)
        for supply in step.supplies:
            if supply in blocked:
                if supply in need.live and not loss.blocks(supply):
                    return f"nothing blocks {supply}"
            elif not self._down(self.facts.source(supply), down):
                source = _in_words(self.facts.source(supply))
                return f"{supply} comes from {source}, which is not among what is down"
        return ""

    # That each member is needed

    def _runs(self) -> list[str]:
        given = self.given
        wrong = []
        wanted: set[str | None] = set(given.members)
        if given.certainty == "assumed":
            wanted.add(None)
        shown: set[str | None] = set()
        for run in given.runs:
            if run.kept not in wanted:
                wrong.append(f"{run.kept} is no member, so nothing follows from a run without it")
                continue
            loss = _Loss(
                self.facts,
                given.by,
                (u for u in given.units if u != run.kept),
                (g for g in given.gaps if g != run.kept),
                all_needs=given.illustrative and run.kept is not None,
            )
            reason = self._starts(run, loss)
            if reason:
                without = "illustrative needs" if run.kept is None else run.kept
                wrong.append(f"{without} is not shown to be needed: {reason}")
            else:
                shown.add(run.kept)
        missing = wanted - shown - {run.kept for run in given.runs}
        for name in sorted(missing, key=str):
            without = "that it rests on illustrative needs" if name is None else f"{name} is needed"
            wrong.append(f"no run shows {without if name is None else 'that ' + without}")
        return wrong

    def _starts(self, run: Run, loss: _Loss) -> str:
        """Return the first step of an order that does not hold; blank: the target runs."""
        running: set[Place] = set()
        for step in run.order:
            reason = self._can_start(step, loss, running)
            if reason:
                return f"{_in_words(step.place)} is not shown to run: {reason}"
            running.add(step.place)
        goal = self.facts.whole(self.given.target)
        if not run.order or run.order[-1].place != goal:
            return f"the order does not end in {self.given.target}"
        return ""

    def _can_start(self, step: Started, loss: _Loss, running: set[Place]) -> str:
        node, product, any_product = step.place
        if node not in self.facts.node_at:
            return f"there is no node {node!r}"
        if any_product:
            made = any((node, p, False) in running for p in self.facts.products(node))
            return "" if made else "none of its products is made before it"
        if product is not None:
            if product not in self.facts.products(node):
                return f"no need of it is for {product} alone"
            if (node, None, False) not in running:
                return f"{node} does not run before it"
        elif self.facts.idle(node):
            return "it does not operate on the date"
        elif loss.lost(node):
            return "it is lost"
        met: dict[str, set[str]] = defaultdict(set)
        for one in step.met:
            met[one.need].update(one.supplies)
        needs = loss.needs(node, product)
        for need in needs:
            named = need.live & met.get(need.label, set())
            if not named and loss.is_open(need):
                continue
            reason = self._is_met(need, named, loss, running)
            if reason:
                return reason
        for label, supplies in met.items():
            of_label = [need for need in needs if need.label == label]
            strange = supplies.difference(*(need.live for need in of_label))
            if strange:
                return f"{min(strange)} is no active supply of its {label}"
            if not supplies and not any(loss.is_open(need) for need in of_label):
                return f"nobody unnamed supplies {label}"
        return ""

    def _is_met(self, need: _Need, named: Iterable[str], loss: _Loss, running: set[Place]) -> str:
        if not named:
            return f"no active supply of {need.label} is named"
        for supply in sorted(named):
            source = self.facts.source(supply)
            if loss.blocks(supply):
                return f"{supply} is blocked"
            if source not in running:
                return f"{supply} comes from {_in_words(source)}, which does not stand before it"
        return ""


def _in_words(place: Place) -> str:
    node, product, any_product = place
    if any_product:
        return f"all that {node} makes"
    return node if product is None else f"{product} of {node}"
