"""What is asked, and what can be lost: the question, the failure units, and their compilation.

This is the one place where names become integers. `compile_network` reads the tables as they
stand on a date and gives the needs as arrays, with every gap named; `compile_units` says which
vertices and edges each unit of a `by` takes. The kernels know only that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, overload
from weakref import WeakKeyDictionary

from supplynet.arrays import (
    CONFIDENCES,
    NOT_UNITS,
    STRUCTURE,
    SUPPLIERS,
    SUPPLY,
    UNNAMED,
    UPSTREAM,
    arrays_of_network,
    rank_of,
    text_of,
)
from supplynet.errors import QuestionError, UnknownNameError, did_you_mean
from supplynet.model import number_text, resolve_date
from supplynet.shares import MOST_DECIMALS, Holding, Intake, coverage_of, decimals_of, divide

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from supplynet.arrays import NetworkArrays
    from supplynet.model import SupplyNetwork, Table

__all__ = [
    "CONFIDENCES",
    "STRUCTURE",
    "UNNAMED",
    "Compiled",
    "Gap",
    "Question",
    "Slot",
    "SlotColumns",
    "Unit",
    "Units",
    "ask",
    "compile_network",
    "compile_units",
    "resolve_targets",
    "target_ids",
]

#: Supplies beyond which a network is compiled column by column, which takes numpy.
_LARGE = 20_000

#: What `by` can be besides a column of `nodes`, and which blank makes a gap.
BUILT_IN = (
    "node",
    "operator",
    "owner",
    "country",
    "controller",
    "material",
    "stage",
    "supply",
)
_BLANK_IS_GAP = frozenset({"country", "operator", "owner", "controller", "stage"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a network; every analysis takes one and every answer repeats it.

    Attributes
    ----------
    target
        Id of the node that must not stop.
    by
        What is lost together: ``node``, ``operator``, ``owner``, ``country``, ``controller``,
        ``material``, ``stage``, ``supply``, or any column of `nodes`.
    on
        The date; rows are periods ``[start, end)``.
    coverage
        Part of an intake, above 0 and up to 1, that delivering suppliers must hold; ``None``: any
        one of them is enough.
    end_use, destination, measures, threshold
        Of measures, which this version does not evaluate; always their defaults.
    max_order
        Most units lost together.
    max_gaps
        Most gaps at their bad end together in a possible finding.
    """

    target: str
    by: str = "node"
    on: date | None = None
    end_use: str | None = None
    destination: str | None = None
    measures: str = "ignored"
    coverage: Decimal | None = None
    threshold: float = 0.8
    max_order: int = 2
    max_gaps: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return the ``question`` object of the JSON envelope."""
        return {
            "target": self.target,
            "by": self.by,
            "on": self.on.isoformat() if self.on else None,
            "end_use": self.end_use,
            "destination": self.destination,
            "measures": self.measures,
            "coverage": None if self.coverage is None else number_text(self.coverage),
            "threshold": self.threshold,
            "max_order": self.max_order,
            "max_gaps": self.max_gaps,
        }


def ask(
    net: SupplyNetwork,
    target: str | None = None,
    *,
    by: str = "node",
    on: date | str | None = None,
    end_use: str | None = None,
    destination: str | None = None,
    measures: str = "ignored",
    coverage: Decimal | str | int | None = None,
    max_order: int = 2,
    max_gaps: int = 1,
) -> Question:
    """Return the question with its defaults filled in from the network.

    Raises
    ------
    UnknownNameError
        No node is called `target`.
    QuestionError
        No single target is known, `by` is no unit, a limit is negative, `coverage` is not above 0
        and at most 1 or is a float, rows are dated and no date is known, or an option is asked
        for that this version does not evaluate.
    """
    _refuse_later_parts(by, end_use, destination, measures)
    if max_order < 1 or max_gaps < 0:
        raise QuestionError("max_order must be 1 or more and max_gaps 0 or more")
    if by not in BUILT_IN and by not in node_columns(net):
        columns = node_columns(net)
        raise QuestionError(
            f"nothing can be lost by {by!r}.{did_you_mean(by, (*BUILT_IN, *columns))} "
            f"Known: {', '.join((*BUILT_IN, *columns))}"
        )
    return Question(
        target=_one_target(net, target),
        by=by,
        on=resolve_date(net, on),
        coverage=coverage_of(coverage),
        max_order=max_order,
        max_gaps=max_gaps,
    )


def _refuse_later_parts(
    by: str,
    end_use: str | None,
    destination: str | None,
    measures: str,
) -> None:
    asked = {
        "by='measure'": by == "measure",
        "end_use": end_use is not None,
        "destination": destination is not None,
        f"measures={measures!r}": measures != "ignored",
    }
    refused = [name for name, given in asked.items() if given]
    if refused:
        raise QuestionError(
            f"{', '.join(refused)} cannot be answered by this version: it evaluates no measures. "
            "Leave it out; measures are then ignored"
        )


def node_columns(net: SupplyNetwork) -> tuple[str, ...]:
    """Return the columns of `nodes` that can serve as `by`, besides the built-in ones."""
    given = net.table("nodes").columns
    return tuple(c for c in given if c not in NOT_UNITS and c not in BUILT_IN)


def target_ids(net: SupplyNetwork) -> tuple[str, ...]:
    """Return the targets that `network.toml` lists, else the sinks: nodes that supply nobody."""
    if net.meta.targets:
        return net.meta.targets
    suppliers = set(net.table("supplies").column("supplier"))
    return tuple(sorted(n for n in net.table("nodes").column("id") if n not in suppliers))


def resolve_targets(net: SupplyNetwork, targets: Sequence[str] | str | None) -> tuple[str, ...]:
    """Return the targets asked for, checked; all of the network's own where none is given."""
    if targets is None:
        found = target_ids(net)
        if not found:
            raise QuestionError(
                "the network has no target: network.toml lists none and every node supplies "
                "another. Name one"
            )
        return found
    named = (targets,) if isinstance(targets, str) else tuple(dict.fromkeys(targets))
    ids = net.table("nodes").column("id")
    known = ids if len(named) == 1 else set(ids)
    for target in named:
        if target not in known:
            raise UnknownNameError("node", target, ids)
    return named


def _one_target(net: SupplyNetwork, target: str | None) -> str:
    if target is not None:
        return resolve_targets(net, target)[0]
    found = target_ids(net)
    if len(found) == 1:
        return found[0]
    if not found:
        resolve_targets(net, None)
    origin = "network.toml lists" if net.meta.targets else "the nodes that supply nobody are"
    shown = ", ".join(found[:20]) + (", ..." if len(found) > 20 else "")
    raise QuestionError(f"which target? {origin} {len(found)}: {shown}. Name one")


@dataclass(frozen=True, slots=True)
class Slot:
    """One need as the kernel sees it: its vertex fails when all its edges fail.

    `rank` is the confidence of the need as an index into `CONFIDENCES`, or `STRUCTURE`.
    With a coverage, the slot of an intake has `weights`, one for each edge: it takes edges of
    together at least `threshold`, and `whole` is all of the intake (0 in other slots).
    """

    vertex: int
    need: str
    rank: int
    edges: tuple[int, ...]
    partial: bool = False
    assumed_complete: bool = False
    weights: tuple[int, ...] = ()
    threshold: int = 1
    whole: int = 0


class SlotColumns(Sequence[Slot]):
    """The needs of a large network as numpy arrays; each becomes a slot when it is asked for.

    Attributes
    ----------
    vertex, rank, partial, assumed_complete
        These fields of all slots. Their edges follow one another.
    edge_start
        First edge of each slot, and at last the number of edges.
    """

    def __init__(
        self,
        arrays: NetworkArrays,
        labels: Sequence[str],
        partial: NDArray[np.bool_],
    ) -> None:
        self.vertex = arrays.slot_vertex
        self.rank = arrays.slot_rank
        self.partial = partial
        self.assumed_complete = arrays.slot_assumed
        self.edge_start = arrays.edge_start
        self._label = arrays.slot_label
        self._labels = labels

    def __len__(self) -> int:
        return len(self.vertex)

    @overload
    def __getitem__(self, place: int) -> Slot: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Slot, ...]: ...

    def __getitem__(self, place: int | slice) -> Slot | tuple[Slot, ...]:
        if isinstance(place, slice):
            return tuple(self)[place]
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        return Slot(
            int(self.vertex[at]),
            self._labels[self._label[at]],
            int(self.rank[at]),
            tuple(range(self.edge_start[at], self.edge_start[at + 1])),
            bool(self.partial[at]),
            bool(self.assumed_complete[at]),
        )

    def __iter__(self) -> Iterator[Slot]:
        starts = self.edge_start.tolist()
        for vertex, label, rank, first, last, partial, assumed in zip(
            self.vertex.tolist(),
            self._label.tolist(),
            self.rank.tolist(),
            starts[:-1],
            starts[1:],
            self.partial.tolist(),
            self.assumed_complete.tolist(),
            strict=True,
        ):
            edges = tuple(range(first, last))
            yield Slot(vertex, self._labels[label], rank, edges, partial, bool(assumed))

    def __reversed__(self) -> Iterator[Slot]:
        return reversed(tuple(self))


@dataclass(frozen=True, slots=True)
class Gap:
    """Something unknown, with what fails at its bad end."""

    id: str
    vertices: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Compiled:
    """A network on a date as integers, with the names to read an answer back.

    Vertices ``0 .. len(nodes) - 1`` are the nodes; after them come the (node, product) vertices,
    the outputs of nodes that make nothing but such products, and one vertex that never fails: the
    unnamed supplier of every incomplete list. With a coverage, more stand for one material of a
    group, and for what is left of an intake.

    Attributes
    ----------
    on
        The date.
    nodes
        Node ids by vertex.
    output
        Vertex that is down when the node makes nothing, per node.
    idle
        Per vertex why it does not operate on the date, or ``None``.
    slots
        All needs.
    edge_source, edge_supply
        Supplier vertex and supply row of each edge; -1 where the supplier is unnamed, or the edge
        only ties a product to its line.
    gaps
        Gaps that do not depend on what is lost, sorted by id.
    not_modelled
        Node and need of those that are named but not evaluated.
    coverage
        Part of each intake that delivering suppliers must hold; ``None``: any one is enough.
    uninformative
        Node and need of those with less than half of the shares recorded and more than one
        supplier that may hold the rest.
    """

    on: date | None
    nodes: tuple[str, ...]
    vertex_node: tuple[int, ...]
    output: tuple[int, ...]
    idle: tuple[str | None, ...]
    slots: Sequence[Slot]
    edge_source: tuple[int, ...]
    edge_supply: tuple[int, ...]
    supply_ids: tuple[str, ...]
    gaps: tuple[Gap, ...]
    not_modelled: tuple[tuple[int, str], ...]
    coverage: Decimal | None = None
    uninformative: tuple[tuple[int, str], ...] = ()

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Node id to vertex."""
        return {node: i for i, node in enumerate(self.nodes)}

    @cached_property
    def slots_of(self) -> tuple[tuple[int, ...], ...]:
        """Positions in `slots` of the needs of each vertex."""
        owned: list[list[int]] = [[] for _ in self.vertex_node]
        for position, slot in enumerate(self.slots):
            owned[slot.vertex].append(position)
        return tuple(tuple(s) for s in owned)

    @cached_property
    def reached_by(self) -> tuple[tuple[int, ...], ...]:
        """Per slot the edges that lead to it from suppliers, through helping vertices or not."""
        if self.coverage is None:
            return tuple(slot.edges for slot in self.slots)
        return tuple(tuple(dict.fromkeys(self._leaves(slot))) for slot in self.slots)

    def helps(self, vertex: int) -> bool:
        """Return whether a vertex stands for neither node nor product nor unnamed supplier."""
        return self.vertex_node[vertex] < 0 and bool(self.slots_of[vertex])

    def _leaves(self, slot: Slot) -> Iterator[int]:
        for edge in slot.edges:
            source = self.edge_source[edge]
            if self.helps(source):
                for position in self.slots_of[source]:
                    yield from self._leaves(self.slots[position])
            else:
                yield edge

    @cached_property
    def edges_of_supply(self) -> tuple[tuple[int, ...], ...]:
        """Edges of each supply row; a supply that serves two needs has two."""
        found: list[list[int]] = [[] for _ in self.supply_ids]
        for edge, supply in enumerate(self.edge_supply):
            if supply >= 0:
                found[supply].append(edge)
        return tuple(tuple(e) for e in found)


class _Columns:
    """The columns of a table, each looked up once: a blank one is a list of that length."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._known: dict[str, Sequence[Any]] = {}

    def column(self, name: str) -> Sequence[Any]:
        if name not in self._known:
            self._known[name] = self.table.column(name)
        return self._known[name]


class _Rows:
    """The columns of one table that the compiler reads, and which rows hold on the date."""

    def __init__(self, table: _Columns, on: date | None) -> None:
        self.start = table.column("start")
        self.end = table.column("end")
        self.status = table.column("status")
        self.on = on

    def begun(self, i: int) -> bool:
        start = self.start[i]
        if self.status[i] == "planned" and start is None:
            return False
        return start is None or self.on is None or start <= self.on

    def ended(self, i: int) -> bool:
        end = self.end[i]
        return end is not None and self.on is not None and end <= self.on

    def idle(self, i: int) -> str | None:
        """Return why a node does not operate on the date."""
        if self.status[i] == "closed":
            return "closed"
        if self.status[i] == "planned" and self.start[i] is None:
            return "planned, no start known"
        if not self.begun(i):
            return f"starts on {self.start[i]}"
        if self.ended(i):
            return f"ended on {self.end[i]}"
        return None


@dataclass(slots=True)
class _Need:
    """A need while it is gathered: its rows and the supplies that serve it."""

    node: int
    label: str
    product: str | None
    rows: list[int] = field(default_factory=list)
    materials: dict[str | None, None] = field(default_factory=dict)
    supplies: list[int] = field(default_factory=list)


#: A network never changes, so what was compiled from it holds as long as it lives.
_compiled: WeakKeyDictionary[SupplyNetwork, dict[tuple[date | None, Decimal | None], Compiled]]
_compiled = WeakKeyDictionary()


def compile_network(
    net: SupplyNetwork, on: date | None, coverage: Decimal | None = None
) -> Compiled:
    """Return the network as it stands on a date, as integers.

    Raises
    ------
    QuestionError
        With a coverage: shares of one intake are more than 1 in total, or have more decimals
        than are reckoned with.

    Notes
    -----
    Needs belong to the consumer: its rows in `needs` that are in force, and every material of its
    supplies that have begun and that no row names. A supply that has ended, is closed or is not
    qualified delivers nothing, yet its need stays. Linear in rows.
    """
    known = _compiled.setdefault(net, {})
    if (on, coverage) not in known:
        large = len(net.table("supplies")) > _LARGE
        if large and coverage is None and _is_plain(net):
            known[on, coverage] = _compile_columns(net, on)
        else:
            known[on, coverage] = _Compiler(net, on, coverage).compile()
    return known[on, coverage]


def _is_plain(net: SupplyNetwork) -> bool:
    """Return whether arrays number everything as `_Compiler` does: no products, one unnamed."""
    products = any(product is not None for product in net.table("needs").column("product"))
    return not products and UNNAMED not in net.table("supplies").column("material")


def _compile_columns(net: SupplyNetwork, on: date | None) -> Compiled:
    """Return what `_Compiler` would, made from whole columns."""
    import numpy as np

    arrays = arrays_of_network(net, on, by_name=True)
    nodes = list(arrays.nodes)
    supply_ids: list[str] = list(net.table("supplies").column("id"))
    rows = _Rows(_Columns(net.table("nodes")), on)
    idle: list[str | None] = [None] * len(arrays.vertex_node)
    for vertex in np.flatnonzero(arrays.stopped).tolist():
        idle[vertex] = rows.idle(vertex)
    labels = list(arrays.labels)
    gaps = arrays.gaps
    unnamed = gaps.edge[np.repeat(gaps.kind == SUPPLIERS, np.diff(gaps.edge_start))]
    partial = np.zeros(len(arrays.slot_rank), dtype=bool)
    partial[np.searchsorted(arrays.edge_start, unnamed, side="right") - 1] = True

    def name(kind: int, item: int) -> str:
        if kind == SUPPLY:
            return f"supply:{supply_ids[item]}"
        if kind == SUPPLIERS:
            need = labels[arrays.slot_label[item]]
            return f"suppliers:{nodes[arrays.slot_vertex[item]]}/{need}"
        return f"{'upstream' if kind == UPSTREAM else 'material'}:{nodes[item]}"

    edges, first_edge = gaps.edge.tolist(), gaps.edge_start.tolist()
    found = [
        Gap(
            name(kind, item),
            (item,) if kind == UPSTREAM else (),
            tuple(edges[first_edge[i] : first_edge[i + 1]]),
        )
        for i, (kind, item) in enumerate(zip(gaps.kind.tolist(), gaps.item.tolist(), strict=True))
    ]
    return Compiled(
        on=on,
        nodes=tuple(nodes),
        vertex_node=tuple(arrays.vertex_node.tolist()),
        output=tuple(arrays.output.tolist()),
        idle=tuple(idle),
        slots=SlotColumns(arrays, labels, partial),
        edge_source=tuple(arrays.source.tolist()),
        edge_supply=tuple(arrays.edge_supply.tolist()),
        supply_ids=tuple(supply_ids),
        gaps=tuple(sorted(found, key=lambda gap: gap.id)),
        not_modelled=tuple(sorted(arrays.not_modelled)),
    )


class _Compiler:
    def __init__(self, net: SupplyNetwork, on: date | None, coverage: Decimal | None) -> None:
        self.net = net
        self.on = on
        self.coverage = coverage
        nodes, supplies, needs = (_Columns(net.table(t)) for t in ("nodes", "supplies", "needs"))
        self.nodes = nodes
        self.ids: list[str] = list(nodes.column("id"))
        self.index = {node: i for i, node in enumerate(self.ids)}
        self.node_rows = _Rows(nodes, on)
        self.supplies = supplies
        self.supply_rows = _Rows(supplies, on)
        self.material = supplies.column("material")
        self.qualified = supplies.column("qualified")
        self.supply_confidence = supplies.column("confidence")
        self.shares = supplies.column("share")
        self.supply_ids: list[str] = list(supplies.column("id"))
        self.needs = needs
        self.need_rows = _Rows(needs, on)
        self.begun_of: dict[int, list[int]] = defaultdict(list)
        for i, consumer in enumerate(supplies.column("consumer")):
            if self.supply_rows.begun(i):
                self.begun_of[self.index[consumer]].append(i)
        self.rows_of: dict[int, list[int]] = defaultdict(list)
        for i, consumer in enumerate(needs.column("consumer")):
            self.rows_of[self.index[consumer]].append(i)

        self.vertex_node: list[int] = list(range(len(self.ids)))
        self.output: list[int] = list(range(len(self.ids)))
        self.product_vertex: dict[tuple[int, str], int] = {}
        self.slots: list[Slot] = []
        self.edge_source: list[int] = []
        self.edge_supply: list[int] = []
        self.gap_vertices: dict[str, list[int]] = defaultdict(list)
        self.gap_edges: dict[str, list[int]] = defaultdict(list)
        self.not_modelled: list[tuple[int, str]] = []
        self.uninformative: dict[tuple[int, str], None] = {}
        self.faults: dict[str, None] = {}

    def compile(self) -> Compiled:
        gathered = [self._needs_of(node) for node in range(len(self.ids))]
        for node, needs in enumerate(gathered):
            self._add_products(node, needs)
        self.doubts = self._doubts(gathered)
        # One supplier that nobody has named and that delivers: the good end of a partial list.
        self.unnamed = self._vertex(-1)
        for node, needs in enumerate(gathered):
            for need in needs:
                self._add_need(node, need)
            self._add_upstream_gap(node, has_needs=bool(needs))
        if self.faults:
            raise QuestionError("; ".join(self.faults))
        idle: list[str | None] = [self.node_rows.idle(i) for i in range(len(self.ids))]
        idle += [None] * (len(self.vertex_node) - len(self.ids))
        gaps = [
            Gap(
                name,
                tuple(self.gap_vertices.get(name, ())),
                tuple(sorted(set(self.gap_edges.get(name, ())))),
            )
            for name in sorted({*self.gap_vertices, *self.gap_edges})
        ]
        return Compiled(
            on=self.on,
            nodes=tuple(self.ids),
            vertex_node=tuple(self.vertex_node),
            output=tuple(self.output),
            idle=tuple(idle),
            slots=tuple(self.slots),
            edge_source=tuple(self.edge_source),
            edge_supply=tuple(self.edge_supply),
            supply_ids=tuple(self.supply_ids),
            gaps=tuple(gaps),
            not_modelled=tuple(self.not_modelled),
            coverage=self.coverage,
            uninformative=tuple(self.uninformative),
        )

    def _vertex(self, node: int) -> int:
        self.vertex_node.append(node)
        return len(self.vertex_node) - 1

    def _edge(self, source: int, supply: int, gap: str | None = None) -> int:
        self.edge_source.append(source)
        self.edge_supply.append(supply)
        edge = len(self.edge_source) - 1
        if gap is not None:
            self.gap_edges[gap].append(edge)
        return edge

    def _supply_edge(self, supply: int) -> int:
        return self._edge(self._source(supply), supply, self.doubts.get(supply))

    def _needs_of(self, node: int) -> list[_Need]:
        """Gather the needs of a node that hold on the date, the not modelled ones included."""
        materials = self.needs.column("material")
        products = self.needs.column("product")
        groups = self.needs.column("group")
        found: dict[tuple[str | None, str | None], _Need] = {}
        ruled: set[str] = set()
        of_material: dict[str | None, list[_Need]] = defaultdict(list)
        for row in self.rows_of.get(node, ()):
            material = materials[row]
            ruled.add(material)
            if not self.need_rows.begun(row) or self.need_rows.ended(row):
                continue
            group = groups[row] or material
            key = (products[row], group)
            if key not in found:
                label = group if products[row] is None else f"{group}/{products[row]}"
                found[key] = _Need(node, label, products[row])
            need = found[key]
            need.rows.append(row)
            if material not in need.materials:
                need.materials[material] = None
                of_material[material].append(need)
        for supply in self.begun_of.get(node, ()):
            material = self.material[supply]
            if material not in ruled and material not in of_material:
                label = UNNAMED if material is None else material
                need = found[None, f"\0{label}"] = _Need(node, label, None)
                need.materials[material] = None
                of_material[material].append(need)
            for need in of_material[material]:
                need.supplies.append(supply)
        for need in found.values():
            need.supplies.sort(key=self.supply_ids.__getitem__)
        return sorted(found.values(), key=lambda need: need.label)

    def _made_by(self, node: int, products: Iterable[str]) -> dict[str, None]:
        """Return what a node makes: as stated, else what it supplies; and its needs' products."""
        made = dict.fromkeys(self.nodes.column("makes")[node] or ())
        if not made:
            made = dict.fromkeys(self._supplied_by.get(node, ()))
        return made | dict.fromkeys(products)

    @cached_property
    def _supplied_by(self) -> dict[int, dict[str, None]]:
        found: dict[int, dict[str, None]] = defaultdict(dict)
        suppliers = self.supplies.column("supplier")
        for begun in self.begun_of.values():
            for supply in begun:
                material = self.material[supply]
                if material is not None:
                    found[self.index[suppliers[supply]]][material] = None
        return found

    def _add_products(self, node: int, needs: Sequence[_Need]) -> None:
        products = dict.fromkeys(n.product for n in needs if n.product is not None)
        for product in products:
            vertex = self._vertex(node)
            self.product_vertex[node, product] = vertex
            line = self._edge(node, -1)
            self.slots.append(Slot(vertex, product, STRUCTURE, (line,)))
        if products and not set(self._made_by(node, products)) - set(products):
            # A node that makes nothing but such products is down when none of them can be made.
            vertex = self.output[node] = self._vertex(node)
            edges = tuple(self._edge(self.product_vertex[node, p], -1) for p in products)
            self.slots.append(Slot(vertex, "any product", STRUCTURE, edges))

    def _source(self, supply: int) -> int:
        """Return the vertex a supply comes from: the product's where the supplier has one."""
        node = self.index[self.supplies.column("supplier")[supply]]
        material = self.material[supply]
        if material is not None and (node, material) in self.product_vertex:
            return self.product_vertex[node, material]
        return self.output[node] if material is None else node

    def _live(self, supply: int) -> bool:
        shut = self.supply_rows.status[supply] == "closed" or self.qualified[supply] == "no"
        return not shut and not self.supply_rows.ended(supply)

    def _doubts(self, gathered: Iterable[Sequence[_Need]]) -> dict[int, str]:
        """Return the gap of each doubtful supply that has others beside it in one of its needs."""
        found: dict[int, str] = {}
        for need in (need for needs in gathered for need in needs):
            live = [s for s in need.supplies if self._live(s)]
            if len(live) > 1:
                found |= {s: f"supply:{self.supply_ids[s]}" for s in live if self._doubtful(s)}
        return found

    def _doubtful(self, supply: int) -> bool:
        return bool(
            self.supply_confidence[supply] == "illustrative"
            or self.qualified[supply] == "unknown"
            or self.supply_rows.status[supply] == "planned"
        )

    def _add_need(self, node: int, need: _Need) -> None:
        lists = [self.needs.column("suppliers")[row] for row in need.rows]
        if lists and all(value == "not_modelled" for value in lists):
            self.not_modelled.append((node, need.label))
            return
        name = self.ids[node]
        confidences = [self.needs.column("confidence")[row] for row in need.rows]
        confidences += [self.supply_confidence[s] for s in need.supplies]
        live = [s for s in need.supplies if self._live(s)]
        partial, by_default = self._is_partial(need, lists, live)
        vertex = node if need.product is None else self.product_vertex[node, need.product]
        rank = max(rank_of(c) for c in confidences)
        assumed_complete = by_default and not partial
        if self.coverage is None:
            edges = [self._supply_edge(s) for s in live]
            if partial:
                edges.append(self._edge(self.unnamed, -1, f"suppliers:{name}/{need.label}"))
            self.slots.append(
                Slot(vertex, need.label, rank, tuple(edges), partial, assumed_complete)
            )
        else:
            slot = Slot(vertex, need.label, rank, (), partial, assumed_complete)
            self._add_intakes(slot, need, live, Fraction(self.coverage))
        if None in need.materials and len(need.supplies) > 1:
            self._add_material_gap(vertex, need)

    def _add_material_gap(self, vertex: int, need: _Need) -> None:
        """Add what blank materials may mean: each supply a need of its own."""
        gap = f"material:{self.ids[vertex]}"
        for supply in need.supplies:
            edges = []
            if self._live(supply):
                edges.append(self._supply_edge(supply))
            edges.append(self._edge(self.unnamed, -1, gap))
            rank = rank_of(self.supply_confidence[supply])
            self.slots.append(Slot(vertex, need.label, rank, tuple(edges)))

    def _add_intakes(self, slot: Slot, need: _Need, live: Sequence[int], least: Fraction) -> None:
        """Add a need that takes a coverage: of its material, or of one of several."""
        if len(need.materials) == 1:
            for material in need.materials:
                self.slots.append(self._intake(slot, need, material, live, least))
            return
        edges = []
        for material in need.materials:
            one = self._vertex(-1)
            part = Slot(one, need.label, STRUCTURE, ())
            self.slots.append(self._intake(part, need, material, live, least))
            edges.append(self._edge(one, -1))
        self.slots.append(replace(slot, edges=tuple(edges)))

    def _intake(
        self, slot: Slot, need: _Need, material: str | None, live: Sequence[int], least: Fraction
    ) -> Slot:
        """Return the slot of one material: who delivers must hold at least so much of it."""
        supplies = [s for s in live if self.material[s] == material]
        rows = [r for r in need.rows if self.needs.column("material")[r] == material]
        lists = [self.needs.column("suppliers")[r] for r in rows]
        name = f"{self.ids[need.node]}/{need.label}"
        is_open = self._list_is_open(need, material, lists, live)
        open_list = f"suppliers:{name}" if is_open else None
        intake = self._divided(need, material, supplies, partial=is_open)
        weights: dict[int, int] = {}
        for i, supply in enumerate(supplies):
            if intake.parts[i] or i not in intake.holders:
                weights[self._supply_edge(supply)] = intake.parts[i]
        if open_list and "not_modelled" in lists:
            # What nobody has looked at may be all that is needed.
            weights[self._edge(self.unnamed, -1, open_list)] = intake.whole
        if intake.rest and open_list and not intake.holders:
            weights[self._edge(self.unnamed, -1, open_list)] = intake.rest
        elif intake.rest and supplies:
            name += f"/{material}" if len(need.materials) > 1 else ""
            rest = self._rest(need.label, f"shares:{name}", supplies, intake, open_list)
            weights[self._edge(rest, -1)] = intake.rest
        if 2 * intake.recorded < intake.whole and intake.rest and (supplies or open_list):
            self.uninformative[need.node, need.label] = None
        return replace(
            slot,
            edges=tuple(weights),
            weights=tuple(weights.values()),
            threshold=ceil(least * intake.whole),
            whole=intake.whole,
        )

    def _divided(
        self, need: _Need, material: str | None, supplies: Sequence[int], *, partial: bool
    ) -> Intake:
        """Return an intake divided among its live supplies; what is wrong with it is noted."""
        columns = [self.supplies.column(c) for c in ("share", "share_low", "share_high")]
        holdings = [Holding(*(column[s] for column in columns)) for s in supplies]
        for i, supply in enumerate(supplies):
            if decimals_of(holdings[i].recorded) > MOST_DECIMALS:
                where = f"{self.supplies.table.where(supply)}: supply {self.supply_ids[supply]!r}"
                self.faults[
                    f"{where}: its share has more than {MOST_DECIMALS} decimals. Round it"
                ] = None
                holdings[i] = Holding(None)
        intake = divide(holdings, partial=partial)
        if intake.recorded > intake.whole:
            total = number_text(Decimal(intake.recorded) / intake.whole)
            what = UNNAMED if material is None else repr(material)
            places = ", ".join(self.supplies.table.where(s) for s in supplies[:10])
            self.faults[
                f"shares of {what} at {self.ids[need.node]!r} sum to {total} ({places}). "
                "Together they are at most 1"
            ] = None
        return intake

    def _rest(
        self,
        need: str,
        gap: str,
        supplies: Sequence[int],
        intake: Intake,
        open_list: str | None,
    ) -> int:
        """Return the vertex of what is left of an intake: it runs while that is delivered.

        At the good end any one of those who may hold it is enough, at the bad end all must
        deliver. Where the list is complete and yet leaves a rest to nobody on it, some of the list
        must deliver for the list to be right; at the bad end that rest is lost.
        """
        vertex = self._vertex(-1)
        holders = [supplies[i] for i in intake.holders]
        edges = [self._supply_edge(s) for s in (supplies if intake.outside else holders)]
        each = [] if intake.outside else [[self._supply_edge(s)] for s in holders]
        if open_list:
            edges.append(self._edge(self.unnamed, -1, open_list))
            each.append([self._edge(self.unnamed, -1, open_list)])
        self.slots.append(Slot(vertex, need, STRUCTURE, tuple(edges)))
        for alone in each or [[]]:
            alone.append(self._edge(self.unnamed, -1, gap))
            self.slots.append(Slot(vertex, need, STRUCTURE, tuple(alone)))
        return vertex

    def _list_is_open(
        self, need: _Need, material: str | None, lists: Sequence[str | None], live: Sequence[int]
    ) -> bool:
        """Return whether one material of a need may have suppliers that nobody has named."""
        if "partial" in lists or "not_modelled" in lists:
            return True
        if lists and None not in lists:
            return False
        return not need.supplies or self._shares_leave_room(material, live)

    def _shares_leave_room(self, material: str | None, live: Sequence[int]) -> bool:
        shares = [self.shares[s] for s in live if self.material[s] == material]
        return bool(shares) and None not in shares and sum(shares) < 1

    def _is_partial(
        self, need: _Need, lists: Sequence[str | None], live: Sequence[int]
    ) -> tuple[bool, bool]:
        """Return whether the list of suppliers is open, and whether a blank cell decided it."""
        if "partial" in lists or "not_modelled" in lists:
            return True, False
        if lists and None not in lists:
            return False, False
        if not need.supplies:
            return True, True
        blank_rows = [row for row, value in zip(need.rows, lists, strict=True) if value is None]
        materials = (
            {self.needs.column("material")[row] for row in blank_rows}
            if need.rows
            else need.materials
        )
        return any(self._shares_leave_room(material, live) for material in materials), True

    def _add_upstream_gap(self, node: int, *, has_needs: bool) -> None:
        upstream = self.nodes.column("upstream")[node]
        if upstream == "unknown" or (upstream is None and not has_needs):
            self.gap_vertices[f"upstream:{self.ids[node]}"].append(node)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is lost together: vertices (nodes) and edges (of supplies)."""

    name: str
    label: str
    kind: str
    vertices: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()
    supplies: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Units:
    """All units of one `by`, sorted by name, with the gaps that this `by` brings.

    Attributes
    ----------
    by
        What is lost together.
    units
        The units, sorted by name.
    unclear
        Vertices of nodes of which it is unknown whether they belong to a unit.
    nodes
        Node ids by vertex.
    levers
        Nodes on which each government has a lever, where units are their denials.
    """

    by: str
    units: tuple[Unit, ...]
    unclear: tuple[int, ...] = ()
    nodes: Sequence[str] = ()
    levers: Mapping[str, frozenset[str]] | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Unit]:
        """Unit name to unit."""
        return {unit.name: unit for unit in self.units}

    @cached_property
    def touches(self) -> Mapping[str, frozenset[str]]:
        """Unit name to the nodes that it takes itself, or on which its government has a lever."""
        if self.levers is not None:
            return self.levers
        return {u.name: frozenset(self.nodes[v] for v in u.vertices) for u in self.units}

    def named(self, name: str) -> Unit:
        """Return a unit by its name.

        Raises
        ------
        UnknownNameError
            No unit of this `by` has that name.
        """
        if name not in self.by_name:
            raise UnknownNameError(self.by, name, self.by_name)
        return self.by_name[name]

    def own(self, target: str) -> frozenset[str]:
        """Return the units that are the target's own: they take part in no cut set."""
        if self.levers is not None:
            return frozenset(name for name, nodes in self.levers.items() if target in nodes)
        nodes = self.nodes
        return frozenset(u.name for u in self.units if any(nodes[v] == target for v in u.vertices))

    def gaps(self, compiled: Compiled, target: str | None = None) -> tuple[Gap, ...]:
        """Return one gap per unclear node: searched as its loss, none for the target itself."""
        nodes = ((compiled.nodes[vertex], vertex) for vertex in self.unclear)
        return tuple(Gap(f"unit:{node}", (vertex,)) for node, vertex in nodes if node != target)


_units: WeakKeyDictionary[Compiled, dict[str, Units]] = WeakKeyDictionary()


def compile_units(net: SupplyNetwork, compiled: Compiled, by: str) -> Units:
    """Return the units of `by`, and the nodes of which it is unknown whether they belong to one."""
    known = _units.setdefault(compiled, {})
    if by not in known:
        special = {
            "supply": _supply_units,
            "material": _material_units,
            "controller": _controller_units,
        }
        known[by] = special[by](net, compiled) if by in special else _node_units(net, compiled, by)
    return known[by]


def _can_fail(net: SupplyNetwork) -> list[bool]:
    return [value != "no" for value in net.table("nodes").column("can_fail")]


def _node_units(net: SupplyNetwork, compiled: Compiled, by: str) -> Units:
    can_fail = _can_fail(net)
    values = _values(net, compiled, by)
    members: dict[str, list[int]] = defaultdict(list)
    unclear = []
    for vertex, value in enumerate(values):
        if not can_fail[vertex]:
            continue
        if value is not None:
            members[value].append(vertex)
        elif by in _BLANK_IS_GAP:
            unclear.append(vertex)
    label = _labels(net, by)
    kinds = net.table("nodes").column("kind")
    units = [
        Unit(
            name,
            label.get(name, name),
            str(kinds[members[name][0]] or "site") if by == "node" else by,
            vertices=tuple(members[name]),
        )
        for name in sorted(members)
    ]
    return Units(by, tuple(units), tuple(unclear), compiled.nodes)


def _values(net: SupplyNetwork, compiled: Compiled, by: str) -> list[str | None]:
    if by == "node":
        return list(compiled.nodes)
    if by == "owner":
        from supplynet.ownership import controllers

        owners = controllers(net, on=compiled.on).by_id
        return [owners[node].owner for node in compiled.nodes]
    return [text_of(value) for value in net.table("nodes").column(by)]


def _labels(net: SupplyNetwork, by: str) -> Mapping[str, str]:
    """Return what to call a unit beside its id."""
    table = {"node": "nodes", "operator": "entities", "owner": "entities", "material": "materials"}
    if by in ("country", "controller"):
        from supplynet.schema import country_codes, country_name

        labels = {code: country_name(code) for code in country_codes()}
        if by == "controller":
            labels |= _named_rows(net, "entities")
        return labels
    return _named_rows(net, table[by]) if by in table else {}


def _named_rows(net: SupplyNetwork, table: str) -> dict[str, str]:
    rows = net.table(table)
    return {
        key: name
        for key, name in zip(rows.column("id"), rows.column("name"), strict=True)
        if name is not None
    }


def _supply_units(net: SupplyNetwork, compiled: Compiled) -> Units:
    units = [
        Unit(name, name, "supply", edges=compiled.edges_of_supply[i], supplies=(i,))
        for i, name in enumerate(compiled.supply_ids)
    ]
    return Units("supply", tuple(sorted(units, key=lambda u: u.name)))


def _edge_unit(
    compiled: Compiled, name: str, label: str, kind: str, supplies: Sequence[int]
) -> Unit:
    edges = sorted(e for s in supplies for e in compiled.edges_of_supply[s])
    return Unit(name, label, kind, edges=tuple(edges), supplies=tuple(supplies))


def _material_units(net: SupplyNetwork, compiled: Compiled) -> Units:
    members: dict[str, list[int]] = defaultdict(list)
    for i, material in enumerate(net.table("supplies").column("material")):
        if material is not None:
            members[material].append(i)
    contents = dict(
        zip(
            net.table("materials").column("id"),
            net.table("materials").column("contains"),
            strict=True,
        )
    )
    elements: dict[str, list[int]] = defaultdict(list)
    for material, supplies in members.items():
        for element in contents.get(material) or ():
            if element not in members:
                elements[element] += supplies
    label = _labels(net, "material")
    found = {**members, **elements}
    units = [
        _edge_unit(compiled, name, label.get(name, name), "material", sorted(found[name]))
        for name in sorted(found)
    ]
    return Units("material", tuple(units))


def _controller_units(net: SupplyNetwork, compiled: Compiled) -> Units:
    """Return each government's denial: supplies from under its levers to where it has none.

    A government whose only lever on a node is a possible one neither denies its supplies for sure
    nor those to it: the node is a gap, as is one on which nobody is known to have a lever.
    """
    from supplynet.ownership import controllers

    control = controllers(net, on=compiled.on).by_id
    sure: dict[str, set[str]] = defaultdict(set)
    any_lever: dict[str, set[str]] = defaultdict(set)
    can_fail = _can_fail(net)
    unclear = []
    for vertex, node in enumerate(compiled.nodes):
        levers = control[node].levers
        for lever in levers:
            any_lever[lever.government].add(node)
            if lever.certainty == "yes":
                sure[lever.government].add(node)
        settled = levers and all(node in sure[lever.government] for lever in levers)
        if not settled and can_fail[vertex]:
            unclear.append(vertex)
    label = _labels(net, "controller")
    ends = list(
        zip(
            net.table("supplies").column("supplier"),
            net.table("supplies").column("consumer"),
            strict=True,
        )
    )
    units = []
    for name in sorted(any_lever):
        denied = [
            i
            for i, (supplier, consumer) in enumerate(ends)
            if supplier in sure[name] and consumer not in any_lever[name]
        ]
        units.append(_edge_unit(compiled, name, label.get(name, name), "controller", denied))
    under = {name: frozenset(nodes) for name, nodes in any_lever.items()}
    return Units("controller", tuple(units), tuple(unclear), compiled.nodes, under)
