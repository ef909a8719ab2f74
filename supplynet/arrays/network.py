"""A large network as the arrays of the kernel; names are looked up when an answer needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from supplynet.errors import QuestionError, UnknownNameError
from supplynet.io.coded import Names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int32]
    Flags = NDArray[np.uint8]

__all__ = [
    "CONFIDENCES",
    "MATERIAL",
    "STRUCTURE",
    "SUPPLIERS",
    "SUPPLY",
    "UNNAMED",
    "UPSTREAM",
    "GapArrays",
    "NeedArrays",
    "NetworkArrays",
    "UnitArrays",
    "starts_of",
]

#: Confidence from weakest to strongest; a need's rank is its index here.
CONFIDENCES = ("illustrative", "low", "medium", "high")
#: Rank of a slot that is no need but part of how a plant is drawn (a product hangs on its line).
STRUCTURE = len(CONFIDENCES)
#: The need of supplies whose material is blank.
UNNAMED = "unnamed material"
#: A blank of these columns leaves it open whether a node is lost with a unit.
_BLANK_IS_GAP = frozenset({"country", "operator", "stage"})
#: Kinds of gaps, and what their ids begin with.
UPSTREAM, SUPPLIERS, SUPPLY, MATERIAL = range(4)
_GAP_WORDS = ("upstream", "suppliers", "supply", "material")


class NeedArrays(NamedTuple):
    """The needs of at least one level of confidence; the first six are a program of the kernel.

    Attributes
    ----------
    slot_start, edge_start, source, stopped, weight, need
        As in the kernel's program; `weight` and `need` are empty: any one supply is enough.
    slot, edge
        Position of each need and edge among those of all levels.
    """

    slot_start: Integers
    edge_start: Integers
    source: Integers
    stopped: Flags
    weight: NDArray[Any]
    need: NDArray[Any]
    slot: Integers
    edge: Integers


class UnitArrays(NamedTuple):
    """The units of one `by`: their names, in no order, and which each node belongs to.

    Attributes
    ----------
    names
        Unit names; every unit has a node or a supply row.
    code
        Per node its unit, -1 where it is in none: it cannot fail, or the cell is blank. For
        ``supply`` and ``material``: per supply row.
    unclear
        Nodes of which it is unknown whether they belong to a unit.
    """

    names: Sequence[str]
    code: Integers
    unclear: Integers


class GapArrays(NamedTuple):
    """Gaps that do not depend on what is lost.

    Attributes
    ----------
    kind
        `UPSTREAM`, `SUPPLIERS`, `SUPPLY` or `MATERIAL`.
    item
        What the gap is about: a node (`UPSTREAM`, `MATERIAL`), a need, or a supply row. The node
        of `UPSTREAM` is all that fails at the bad end.
    edge_start, edge
        Edges of gap g that fail at its bad end are ``edge[edge_start[g]:edge_start[g + 1]]``.
    """

    kind: Flags
    item: Integers
    edge_start: Integers
    edge: Integers


@dataclass(frozen=True, eq=False)
class NetworkArrays:
    """A network on a date as arrays; vertices are the nodes first, then what `vertex_node` says.

    Attributes
    ----------
    on
        The date.
    nodes
        Node ids.
    vertex_node, output
        Node of each vertex, -1 for the unnamed supplier of incomplete lists; vertex that is down
        when a node makes nothing.
    slot_start, edge_start, source, stopped
        Needs of each vertex, supplies of each need, supplier vertex of each supply, vertices that
        do not operate on the date.
    slot_rank, slot_label, slot_assumed
        Of each need its confidence (position in illustrative, low, medium, high; 4 for what is no
        need), its name among `labels`, and whether its list of suppliers is complete by default.
    labels
        Names of needs.
    edge_supply
        Supply row of each edge, -1 where the supplier is unnamed or a product hangs on its line.
    supply_rows
        Number of supplies.
    gaps
        Gaps that do not depend on what is lost.
    can_fail
        Per node, whether it can be lost.
    columns
        Column of `nodes` to the texts in it, sorted, and a number per node, -1 where it is blank.
    not_modelled
        Node and need of needs that are named but not evaluated.
    materials, supply_material
        Names of materials, and the one of each supply row, -1 where it is blank.
    supply_ids
        Ids of the supply rows where they were given; otherwise ``supplier>consumer:material``.
    numbered
        Ids of further rows of the same three.
    idle_rows
        Supplier and consumer of the supply rows that deliver nothing on the date.
    has_elements
        Whether a material that is supplied contains one that nobody supplies.
    """

    on: date | None
    nodes: Names
    vertex_node: Integers
    output: Integers
    slot_start: Integers
    edge_start: Integers
    source: Integers
    stopped: Flags
    slot_rank: NDArray[np.int8]
    slot_label: Integers
    slot_assumed: Flags
    labels: Names
    edge_supply: Integers
    supply_rows: int
    gaps: GapArrays
    can_fail: Flags
    columns: Mapping[str, tuple[Names, Integers]]
    not_modelled: tuple[tuple[int, str], ...]
    materials: Names
    supply_material: Integers
    supply_ids: Sequence[str] | None
    numbered: Mapping[int, str]
    idle_rows: Mapping[int, tuple[int, int]]
    has_elements: bool

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the arrays and names take."""
        arrays: list[NDArray[Any]] = [
            self.vertex_node, self.output, self.slot_start, self.edge_start, self.source,
            self.stopped, self.slot_rank, self.slot_label, self.slot_assumed, self.edge_supply,
            self.can_fail, self.supply_material, *self.gaps,
        ]  # fmt: skip
        names = [self.nodes, self.labels, self.materials]
        for texts, code in self.columns.values():
            names.append(texts)
            arrays.append(code)
        return sum(array.nbytes for array in arrays) + sum(part.nbytes for part in names)

    def needs(self, level: int = 0) -> NeedArrays:
        """Return the needs of at least a level of confidence; the rest is taken as met."""
        import numpy as np

        nothing = np.empty(0, dtype=np.int64)
        keep = self.slot_rank >= level
        if keep.all():
            return NeedArrays(
                self.slot_start, self.edge_start, self.source, self.stopped, nothing, nothing,
                np.arange(len(keep), dtype=np.int32),
                np.arange(len(self.source), dtype=np.int32),
            )  # fmt: skip
        slot = np.flatnonzero(keep).astype(np.int32)
        width = np.diff(self.edge_start)
        edge = np.flatnonzero(np.repeat(keep, width)).astype(np.int32)
        before = np.concatenate([[0], np.cumsum(keep)])
        return NeedArrays(
            before[self.slot_start].astype(np.int32), starts_of(width[keep]), self.source[edge],
            self.stopped, nothing, nothing, slot, edge,
        )  # fmt: skip

    def units(self, by: str) -> UnitArrays:
        """Return the units of one `by`: ``node``, ``supply`` or a column of `nodes`.

        Raises
        ------
        QuestionError
            The nodes have no such column, or the units take more than the arrays hold.
        """
        import numpy as np

        none = np.empty(0, dtype=np.int32)
        if by == "supply":
            return UnitArrays(_SupplyIds(self), np.arange(self.supply_rows, dtype=np.int32), none)
        if by in ("owner", "controller") or (by == "material" and self.has_elements):
            raise QuestionError(
                f"by={by!r} is not read into arrays. Use load and ask of the network it returns"
            )
        if by == "material":
            return UnitArrays(*_in_use(self.materials, self.supply_material), none)
        everywhere = np.arange(len(self.nodes), dtype=np.int32)
        nowhere = np.full(len(self.nodes), -1, dtype=np.int32)
        columns = {"node": (self.nodes, everywhere), **self.columns}
        if by not in columns and by not in _BLANK_IS_GAP:
            known = ", ".join(dict.fromkeys((*columns, *_BLANK_IS_GAP, "supply", "material")))
            raise QuestionError(f"nothing can be lost by {by!r}. Known: {known}")
        names, found = columns.get(by, (Names(()), nowhere))
        unclear = (found < 0) & (self.can_fail > 0) if by in _BLANK_IS_GAP else none
        code = np.where(self.can_fail, found, np.int32(-1))
        return UnitArrays(*_in_use(names, code), np.flatnonzero(unclear).astype(np.int32))

    def vertex_of(self, node: str) -> int:
        """Return the vertex of a node.

        Raises
        ------
        UnknownNameError
            No node has that id.
        """
        try:
            return self.nodes.index(node)
        except ValueError:
            raise UnknownNameError("node", node, self.nodes) from None

    @cached_property
    def slot_vertex(self) -> Integers:
        """Vertex of each need."""
        import numpy as np

        vertices = np.arange(len(self.vertex_node), dtype=np.int32)
        return np.repeat(vertices, np.diff(self.slot_start))

    @cached_property
    def _edge_of_supply(self) -> Integers:
        """Some edge of each supply row, -1 where it has none."""
        import numpy as np

        found = np.full(self.supply_rows + 1, -1, dtype=np.int32)
        found[self.edge_supply] = np.arange(len(self.edge_supply), dtype=np.int32)
        return found[:-1]

    def supply_id(self, row: int) -> str:
        """Return the id of a supply by its row."""
        import numpy as np

        if self.supply_ids is not None:
            return self.supply_ids[row]
        if row in self.numbered:
            return self.numbered[row]
        if row in self.idle_rows:
            supplier, consumer = self.idle_rows[row]
        else:
            edge = self._edge_of_supply[row]
            slot = int(np.searchsorted(self.edge_start, edge, side="right")) - 1
            supplier = int(self.vertex_node[self.source[edge]])
            consumer = int(self.vertex_node[self.slot_vertex[slot]])
        material = int(self.supply_material[row])
        name = self.materials[material] if material >= 0 else ""
        return f"{self.nodes[supplier]}>{self.nodes[consumer]}:{name}"

    def gap_id(self, gap: int) -> str:
        """Return the id of a gap, as `compile_network` names it."""
        kind, item = int(self.gaps.kind[gap]), int(self.gaps.item[gap])
        if kind == SUPPLY:
            return f"supply:{self.supply_id(item)}"
        if kind == SUPPLIERS:
            node = int(self.vertex_node[self.slot_vertex[item]])
            return f"suppliers:{self.nodes[node]}/{self.labels[int(self.slot_label[item])]}"
        return f"{_GAP_WORDS[kind]}:{self.nodes[item]}"


def starts_of(counts: NDArray[Any]) -> Integers:
    """Return where each of several runs begins, and where the last ends."""
    import numpy as np

    starts = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=starts[1:])
    return starts


def _in_use(names: Names, code: Integers) -> tuple[Names, Integers]:
    """Return the names that some code stands for, and the codes renumbered."""
    import numpy as np

    used = np.bincount(code[code >= 0], minlength=len(names)) > 0
    if used.all():
        return names, code
    number = np.full(len(names) + 1, -1, dtype=np.int32)
    number[:-1][used] = np.arange(used.sum(), dtype=np.int32)
    return Names(names[i] for i in np.flatnonzero(used).tolist()), number[code]


class _SupplyIds(Sequence[str]):
    """Ids of supply rows, made when they are asked for."""

    def __init__(self, arrays: NetworkArrays) -> None:
        self._arrays = arrays

    def __len__(self) -> int:
        return self._arrays.supply_rows

    def __getitem__(self, row: Any) -> Any:  # noqa: ANN401 - an integer, as of a list
        return self._arrays.supply_id(row)
