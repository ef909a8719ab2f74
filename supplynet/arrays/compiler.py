"""Compiles coded columns to arrays by the rules of `compile_network`, whole columns at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from supplynet.arrays.network import (
    CONFIDENCES,
    MATERIAL,
    STRUCTURE,
    SUPPLIERS,
    SUPPLY,
    UNNAMED,
    UPSTREAM,
    GapArrays,
    NetworkArrays,
    starts_of,
)
from supplynet.io.bulk import CodedNetwork
from supplynet.io.coded import Coded, Names, share_totals

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int32]

__all__ = ["NOT_UNITS", "Compiler", "rank_of", "text_of"]

#: Columns of nodes that name no unit.
NOT_UNITS = frozenset({"id", "name", "note", "references", "makes", "aliases", "lei"})
#: Bits of an integer in which a row and what it is sorted by must fit.
_SORTABLE_BITS = 62


def text_of(value: object) -> str | None:
    """Return a value as the name of a unit, ``None`` where it is blank."""
    if value is None or value == ():
        return None
    return ";".join(value) if isinstance(value, tuple) else str(value)


def _unit_columns(nodes: Mapping[str, Coded]) -> dict[str, tuple[Names, Integers]]:
    """Return the columns of nodes by which units can be lost, names sorted."""
    import numpy as np

    found = {}
    for name, column in nodes.items():
        if name in NOT_UNITS:
            continue
        texts = [text_of(value) for value in column.values]
        names = sorted({text for text in texts if text is not None})
        place = {text: i for i, text in enumerate(names)}
        number = np.array([*(place.get(str(text), -1) for text in texts), -1], dtype=np.int32)
        found[name] = (Names(names), number[column.code])
    return found


def rank_of(confidence: str | None) -> int:
    """Return the rank of a confidence, the position among `CONFIDENCES`."""
    # Nobody has graded it, which is no reason to call it invented.
    return CONFIDENCES.index(confidence or "low")


class _Rows:
    """Which rows of a table hold on a date, and where a column holds a word."""

    def __init__(self, columns: Mapping[str, Coded], rows: int, on: date | None) -> None:
        self.columns = columns
        self.rows = rows
        self.on = on

    def look_up(self, name: str, test: Callable[[Any], Any], *, blank: Any) -> NDArray[Any]:  # noqa: ANN401
        """Return per row what a test says of its value; it sees each distinct value once."""
        import numpy as np

        column = self.columns.get(name)
        if column is None:
            return np.full(self.rows, blank)
        return np.array([*map(test, column.values), blank])[column.code]

    def holds(self, name: str, word: str) -> NDArray[Any]:
        return self.look_up(name, word.__eq__, blank=False)

    def blank(self, name: str) -> NDArray[Any]:
        return self.look_up(name, lambda _: False, blank=True)

    def begun(self) -> NDArray[Any]:
        on = self.on
        begun = self.look_up("start", lambda day: on is None or day <= on, blank=True)
        begun &= ~(self.holds("status", "planned") & self.blank("start"))
        return begun

    def ended(self) -> NDArray[Any]:
        on = self.on
        return self.look_up("end", lambda day: on is not None and day <= on, blank=False)


@dataclass(slots=True)
class _Ruled:
    """A need that has rows of its own."""

    consumer: int
    product: str | None
    label: str
    rows: list[int] = field(default_factory=list)
    materials: dict[str, None] = field(default_factory=dict)


class _Needs(NamedTuple):
    """Needs as arrays, and the pairs of a need and a supply that serves it.

    `apart` marks the need of supplies of blank material, which may be a need each.
    """

    consumer: NDArray[Any]
    label: NDArray[Any]
    rank: NDArray[Any]
    modelled: NDArray[Any]
    partial: NDArray[Any]
    assumed: NDArray[Any]
    apart: NDArray[Any]
    pair_need: NDArray[Any]
    pair_row: NDArray[Any]


class _Vertices(NamedTuple):
    """Vertices besides the nodes: products, nodes that make nothing else, the unnamed supplier.

    `lines` holds what ties them together: a vertex, a label, and the vertices of which one must
    run.
    """

    node: list[int]
    output: Integers
    product: dict[tuple[int, str], int]
    lines: list[tuple[int, str, list[int]]]
    unnamed: int


class _Edges(NamedTuple):
    """Some edges: the slot and the supplier vertex of each, its supply row, and its gap or -1."""

    slot: NDArray[Any]
    source: NDArray[Any]
    supply: NDArray[Any]
    gap: NDArray[Any]


class _Gaps:
    """Gaps as they are numbered."""

    def __init__(self) -> None:
        self.kind: list[NDArray[Any]] = []
        self.item: list[NDArray[Any]] = []
        self.count = 0

    def add(self, kind: int, items: NDArray[Any]) -> NDArray[Any]:
        """Return the numbers of new gaps, one for each item."""
        import numpy as np

        self.kind.append(np.full(len(items), kind, dtype=np.uint8))
        self.item.append(items.astype(np.int32))
        self.count += len(items)
        return np.arange(self.count - len(items), self.count, dtype=np.int32)

    def arrays(self, gap_of_edge: NDArray[Any]) -> GapArrays:
        import numpy as np

        edges = np.flatnonzero(gap_of_edge >= 0)
        gaps = gap_of_edge[edges]
        order = np.argsort(gaps, kind="stable")
        starts = starts_of(np.bincount(gaps, minlength=self.count))
        kind, item = np.concatenate(self.kind), np.concatenate(self.item)
        return GapArrays(kind, item, starts, edges[order].astype(np.int32))


class Compiler:
    """Compiles the columns of one network on one date.

    Parameters
    ----------
    net
        The network.
    on
        The date, resolved.
    by_name
        Needs of a node in the order of their names, and supplies of a need in that of their ids.
    """

    def __init__(self, net: CodedNetwork, on: date | None, *, by_name: bool = False) -> None:
        import numpy as np

        self.net = net
        self.on = on
        self.by_name = by_name
        self.n = len(net.ids)
        columns = net.supplies
        rows = _Rows(columns, net.rows, on)
        self.supplier, self.consumer = columns["supplier"].code, columns["consumer"].code
        blank = Coded(np.full(net.rows, -1, dtype=np.int32), ())
        self.material = columns.get("material", blank)
        self.share = columns.get("share", blank)
        self.begun = rows.begun()
        shut = rows.holds("status", "closed") | rows.holds("qualified", "no")
        self.live = self.begun & ~rows.ended() & ~shut
        self.doubtful = (
            rows.holds("confidence", "illustrative")
            | rows.holds("qualified", "unknown")
            | rows.holds("status", "planned")
        )
        self.rank = rows.look_up("confidence", rank_of, blank=rank_of(None)).astype(np.int8)
        self.code_of = {name: i for i, name in enumerate(self.material.values)}
        self.items = len(self.code_of) + 1
        # A number for each material of each consumer; the last material stands for blank.
        self.number = self.consumer.astype(np.int64) * self.items
        self.number += self.material.code % self.items
        self.labels = {**self.code_of}
        self.unnamed_label = self.labels.setdefault(UNNAMED, self.items - 1)

    def compile(self) -> NetworkArrays:
        """Return the arrays."""
        import numpy as np

        ruled, numbers = self._ruled()
        needs = _joined(self._free_needs(numbers), self._ruled_needs(ruled, numbers))
        del self.number
        if self.by_name:
            needs = self._by_name(needs, len(ruled))
        vertices = self._vertices(ruled)
        nodes = _Rows(self.net.nodes, self.n, self.on)
        stopped = np.zeros(len(vertices.node), dtype=np.uint8)
        stopped[: self.n] = ~nodes.begun() | nodes.ended() | nodes.holds("status", "closed")
        without = np.ones(self.n, dtype=bool)
        without[needs.consumer] = False
        upstream = nodes.holds("upstream", "unknown") | (nodes.blank("upstream") & without)
        gaps = _Gaps()
        gaps.add(UPSTREAM, np.flatnonzero(upstream))
        drawn = self._draw(needs, ruled, vertices, gaps)
        return NetworkArrays(
            on=self.on,
            nodes=Names(self.net.ids),
            vertex_node=np.array(vertices.node, dtype=np.int32),
            output=vertices.output,
            stopped=stopped,
            labels=Names(self.labels),
            supply_rows=self.net.rows,
            can_fail=(~nodes.holds("can_fail", "no")).astype(np.uint8),
            columns=_unit_columns(self.net.nodes),
            not_modelled=tuple(
                (need.consumer, need.label) for need in ruled if not self._modelled(need)
            ),
            materials=Names(self.material.values),
            supply_material=self.material.code,
            supply_ids=self.net.supply_ids,
            numbered=self.net.numbered,
            idle_rows=self._idle_rows(drawn["edge_supply"]),
            has_elements=self._has_elements(),
            **drawn,
        )

    def _idle_rows(self, edge_supply: Integers) -> dict[int, tuple[int, int]]:
        import numpy as np

        idle = np.ones(self.net.rows + 1, dtype=bool)
        idle[edge_supply] = False
        rows = np.flatnonzero(idle[:-1])
        ends = zip(self.supplier[rows].tolist(), self.consumer[rows].tolist(), strict=True)
        return dict(zip(rows.tolist(), ends, strict=True))

    def _has_elements(self) -> bool:
        materials = self.net.materials
        return any(
            name in self.code_of and not self.code_of.keys() >= set(elements)
            for name, elements in zip(
                materials.column("id"), materials.column("contains"), strict=True
            )
        )

    # Needs

    def _ruled(self) -> tuple[list[_Ruled], NDArray[Any]]:
        """Return the needs that have rows of their own, and the numbers that no other need takes.

        A row that does not hold on the date makes no need, yet its material makes none either.
        """
        import numpy as np

        table = self.net.needs
        index = {name: i for i, name in enumerate(self.net.ids)} if len(table) else {}
        found: dict[tuple[int, str | None, str], _Ruled] = {}
        numbers = set()
        names = ("consumer", "material", "product", "group", "start", "end")
        for row, (name, material, product, group, start, end) in enumerate(
            zip(*(table.column(c) for c in names), strict=True)
        ):
            consumer = index[name]
            if material in self.code_of:
                numbers.add(consumer * self.items + self.code_of[material])
            if self.on is not None and (
                (start is not None and start > self.on) or (end is not None and end <= self.on)
            ):
                continue
            key = (consumer, product, group or material)
            if key not in found:
                label = key[2] if product is None else f"{key[2]}/{product}"
                self.labels.setdefault(label, len(self.labels))
                found[key] = _Ruled(consumer, product, label)
            found[key].rows.append(row)
            found[key].materials[material] = None
        return list(found.values()), np.array(sorted(numbers), dtype=np.int64)

    def _modelled(self, need: _Ruled) -> bool:
        lists = self.net.needs.column("suppliers")
        return not all(lists[row] == "not_modelled" for row in need.rows)

    def _free_needs(self, numbers: NDArray[Any]) -> _Needs:
        """Return a need for every material of a consumer that no row names."""
        import numpy as np

        free = self.begun & ~np.isin(self.number, numbers) if len(numbers) else self.begun
        rows = self._sorted(np.flatnonzero(free))
        number = self.number[rows]
        first = np.flatnonzero(np.diff(number, prepend=-1))
        consumer, item = np.divmod(number[first], self.items)
        del number
        width = np.diff(first, append=len(rows))
        pair_need = np.repeat(np.arange(len(first), dtype=np.int32), width)
        unnamed = item == self.items - 1
        partial = self._open(pair_need, len(first), rows)
        return _Needs(
            consumer=consumer.astype(np.int32),
            label=np.where(unnamed, self.unnamed_label, item).astype(np.int32),
            rank=np.maximum.reduceat(self.rank[rows], first) if len(first) else self.rank[:0],
            modelled=np.ones(len(first), dtype=bool),
            partial=partial,
            assumed=~partial,
            apart=unnamed & (width > 1),
            pair_need=pair_need,
            pair_row=rows,
        )

    def _sorted(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return rows by consumer and material, otherwise in their order."""
        import numpy as np

        number = self.number[rows]
        bits = int(self.net.rows).bit_length()
        if (self.n * self.items) >> max(_SORTABLE_BITS - bits, 0):
            return rows[np.argsort(number, kind="stable")].astype(np.int32)
        # Numbers and rows in one integer sort far faster than rows by their numbers.
        both = (number << bits) | rows
        both.sort()
        np.bitwise_and(both, (1 << bits) - 1, out=both)
        return np.asarray(both, dtype=np.int32)

    def _open(self, group: NDArray[Any], groups: int, rows: NDArray[Any]) -> NDArray[Any]:
        """Return per group whether all its live supplies have a share and these sum below 1."""
        import numpy as np

        live = self.live[rows]
        group, code = group[live], self.share.code[rows[live]]
        given = np.bincount(group, minlength=groups) > 0
        given &= np.bincount(group[code < 0], minlength=groups) == 0
        whole = given[group]
        totals = share_totals(group[whole], groups, Coded(code[whole], self.share.values))
        given &= totals < 0
        return given

    def _ruled_needs(self, ruled: Sequence[_Ruled], numbers: NDArray[Any]) -> _Needs:
        import numpy as np

        rows = self._sorted(np.flatnonzero(self.begun & np.isin(self.number, numbers)))
        entries = [
            (place, material, need.consumer * self.items + self.code_of[material])
            for place, need in enumerate(ruled)
            for material in need.materials
            if material in self.code_of
        ]
        of_need = np.array([place for place, _, _ in entries], dtype=np.int32)
        wanted = np.array([number for _, _, number in entries], dtype=np.int64)
        low = np.searchsorted(self.number[rows], wanted)
        width = np.searchsorted(self.number[rows], wanted, side="right") - low
        entry = np.repeat(np.arange(len(entries)), width)
        pair_row = rows[np.arange(len(entry)) + np.repeat(low - np.cumsum(width) + width, width)]
        pair_need = of_need[entry]
        is_open = self._open(entry, len(entries), pair_row).tolist()
        open_lists = {entries[i][:2] for i, one in enumerate(is_open) if one}
        served = np.bincount(pair_need, minlength=len(ruled)).tolist()
        confidence = self.net.needs.column("confidence")
        rank = np.array(
            [max(rank_of(confidence[row]) for row in need.rows) for need in ruled], dtype=np.int8
        )
        np.maximum.at(rank, pair_need, self.rank[pair_row])
        lists = [
            self._list(place, need, served[place], open_lists) for place, need in enumerate(ruled)
        ]
        return _Needs(
            consumer=np.array([need.consumer for need in ruled], dtype=np.int32),
            label=np.array([self.labels[need.label] for need in ruled], dtype=np.int32),
            rank=rank,
            modelled=np.array([self._modelled(need) for need in ruled], dtype=bool),
            partial=np.array([partial for partial, _ in lists], dtype=bool),
            assumed=np.array([assumed for _, assumed in lists], dtype=bool),
            apart=np.zeros(len(ruled), dtype=bool),
            pair_need=pair_need,
            pair_row=pair_row,
        )

    def _by_name(self, needs: _Needs, ruled: int) -> _Needs:
        """Return the needs by consumer and name, and their supplies by id.

        Of two needs of one name the one with rows of its own comes first.
        """
        import numpy as np

        labels = list(self.labels)
        rank = np.empty(len(labels), dtype=np.int32)
        rank[sorted(range(len(labels)), key=labels.__getitem__)] = np.arange(len(labels))
        free = np.arange(len(needs.consumer)) < len(needs.consumer) - ruled
        order = np.lexsort((free, rank[needs.label], needs.consumer))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        pair_need = place[needs.pair_need]
        pairs = np.argsort(pair_need, kind="stable")
        pair_need, pair_row = pair_need[pairs], needs.pair_row[pairs]
        ids = self.net.supply_ids
        if ids is not None:
            starts = starts_of(np.bincount(pair_need, minlength=len(order)))
            several = np.flatnonzero(np.diff(starts) > 1)
            rows = pair_row.tolist()
            for first, last in zip(
                starts[several].tolist(), starts[several + 1].tolist(), strict=True
            ):
                rows[first:last] = sorted(rows[first:last], key=ids.__getitem__)
            pair_row = np.array(rows, dtype=np.int32)
        ordered = {name: getattr(needs, name)[order] for name in needs._fields[:-2]}
        return needs._replace(**ordered, pair_need=pair_need, pair_row=pair_row)

    def _list(
        self, place: int, need: _Ruled, served: int, open_lists: Set[tuple[int, str]]
    ) -> tuple[bool, bool]:
        """Return whether the list of suppliers is open, and whether it is complete by default."""
        table = self.net.needs
        lists = [table.column("suppliers")[row] for row in need.rows]
        if "partial" in lists or "not_modelled" in lists:
            return True, False
        if None not in lists:
            return False, False
        blank = {
            table.column("material")[row]
            for row, value in zip(need.rows, lists, strict=True)
            if value is None
        }
        partial = not served or any((place, material) in open_lists for material in blank)
        return partial, not partial

    # Vertices

    def _vertices(self, ruled: Sequence[_Ruled]) -> _Vertices:
        import numpy as np

        node = list(range(self.n))
        output = np.arange(self.n, dtype=np.int32)
        product: dict[tuple[int, str], int] = {}
        lines: list[tuple[int, str, list[int]]] = []
        made: dict[int, dict[str, None]] = {}
        for need in ruled:
            if need.product is not None:
                made.setdefault(need.consumer, {})[need.product] = None
        supplied = self._supplied_by(made)
        makes = self.net.nodes.get("makes")
        for maker, products in made.items():
            for name in products:
                product[maker, name] = len(node)
                lines.append((len(node), name, [maker]))
                node.append(maker)
            stated = (
                () if makes is None or makes.code[maker] < 0 else makes.values[makes.code[maker]]
            )
            if not set(stated or supplied.get(maker, ())) - products.keys():
                # A node that makes nothing but such products is down when none can be made.
                output[maker] = len(node)
                lines.append((len(node), "any product", [product[maker, p] for p in products]))
                node.append(maker)
        for _, label, _ in lines:
            self.labels.setdefault(label, len(self.labels))
        # One supplier that nobody has named and that delivers: the good end of a partial list.
        return _Vertices([*node, -1], output, product, lines, len(node))

    def _supplied_by(self, makers: Collection[int]) -> dict[int, set[str]]:
        """Return the materials of the supplies that have begun, of some suppliers."""
        import numpy as np

        found: dict[int, set[str]] = defaultdict(set)
        if makers:
            wanted = np.zeros(self.n, dtype=bool)
            wanted[list(makers)] = True
            rows = np.flatnonzero(self.begun & wanted[self.supplier] & (self.material.code >= 0))
            number = self.supplier[rows].astype(np.int64) * self.items + self.material.code[rows]
            for one in np.unique(number).tolist():
                found[one // self.items].add(self.material.values[one % self.items])
        return found

    def _sources(self, vertices: _Vertices) -> NDArray[Any]:
        """Return the vertex that each supply comes from: the product's where there is one."""
        import numpy as np

        if not vertices.product:
            return self.supplier
        source = np.where(self.material.code < 0, vertices.output[self.supplier], self.supplier)
        products = sorted(
            (maker * self.items + self.code_of[name], vertex)
            for (maker, name), vertex in vertices.product.items()
            if name in self.code_of
        )
        number = self.supplier.astype(np.int64) * self.items + self.material.code % self.items
        keys = np.array([key for key, _ in products], dtype=np.int64)
        rows = np.flatnonzero(np.isin(number, keys))
        of_key = np.array([vertex for _, vertex in products], dtype=np.int32)
        source[rows] = of_key[np.searchsorted(keys, number[rows])]
        return source

    # Slots and edges

    def _draw(
        self, needs: _Needs, ruled: Sequence[_Ruled], vertices: _Vertices, gaps: _Gaps
    ) -> dict[str, Any]:
        """Return the arrays of slots, edges and gaps.

        Slots are the needs, then each supply of blank material as a need of its own, then what
        ties products to their lines; in the end they stand by vertex.
        """
        import numpy as np

        lines = vertices.lines
        main = np.flatnonzero(needs.modelled).astype(np.int32)
        apart = np.flatnonzero(needs.apart[needs.pair_need])
        of_need = np.concatenate([main, needs.pair_need[apart]])
        vertex = needs.consumer.copy()
        for need, one in enumerate(ruled, start=len(vertex) - len(ruled)):
            if one.product is not None:
                vertex[need] = vertices.product[one.consumer, one.product]
        slot_vertex = _joined_up(vertex[of_need], [line[0] for line in lines])
        slot_label = _joined_up(needs.label[of_need], [self.labels[line[1]] for line in lines])
        slot_rank = np.concatenate([needs.rank[main], self.rank[needs.pair_row[apart]]])
        slot_rank = _joined_up(slot_rank, [STRUCTURE] * len(lines)).astype(np.int8)
        slot_assumed = np.zeros(len(slot_vertex), dtype=np.uint8)
        slot_assumed[: len(main)] = needs.assumed[main]

        order = np.lexsort((_joined_up(of_need, [-1] * len(lines)), slot_vertex))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        slot_of = np.full(len(vertex), -1, dtype=np.int32)
        slot_of[main] = place[: len(main)]
        edges = _Edges(
            *map(
                np.concatenate,
                zip(
                    *self._edges(needs, slot_of, place[len(main) : len(of_need)], vertices, gaps),
                    _line_edges(lines, place[len(of_need) :]),
                    strict=True,
                ),
            )
        )
        counts = np.bincount(edges.slot, minlength=len(order))
        edges = _by_slot(edges)
        return {
            "slot_start": starts_of(np.bincount(slot_vertex, minlength=len(vertices.node))),
            "edge_start": starts_of(counts),
            "source": edges.source,
            "edge_supply": edges.supply,
            "slot_rank": slot_rank[order],
            "slot_label": slot_label[order],
            "slot_assumed": slot_assumed[order],
            "gaps": gaps.arrays(edges.gap),
        }

    def _edges(
        self,
        needs: _Needs,
        slot_of: Integers,
        slot_apart: Integers,
        vertices: _Vertices,
        gaps: _Gaps,
    ) -> Iterator[_Edges]:
        """Yield the edges of needs, and of supplies of blank material as a need each."""
        import numpy as np

        live = self.live[needs.pair_row]
        gap_of_row = self._supply_gaps(needs, live, gaps)
        source = self._sources(vertices)

        def served(slots: Integers, rows: Integers) -> _Edges:
            return _Edges(slots, source[rows], rows, gap_of_row[rows])

        def unnamed(slots: Integers, gap: Integers) -> _Edges:
            none = np.full(len(slots), -1, dtype=np.int32)
            return _Edges(slots, none + np.int32(vertices.unnamed + 1), none, gap)

        slots = slot_of[needs.pair_need]
        delivers = live & (slots >= 0)
        yield served(slots[delivers], needs.pair_row[delivers])
        partial = np.flatnonzero(needs.partial & needs.modelled)
        key = needs.consumer[partial].astype(np.int64) * len(self.labels) + needs.label[partial]
        _, once, same = np.unique(key, return_index=True, return_inverse=True)
        yield unnamed(slot_of[partial], gaps.add(SUPPLIERS, slot_of[partial[once]])[same])
        apart = np.flatnonzero(needs.apart[needs.pair_need])
        delivers = live[apart]
        yield served(slot_apart[delivers], needs.pair_row[apart[delivers]])
        consumers, same = np.unique(needs.consumer[needs.pair_need[apart]], return_inverse=True)
        yield unnamed(slot_apart, gaps.add(MATERIAL, consumers)[same])

    def _supply_gaps(self, needs: _Needs, live: NDArray[Any], gaps: _Gaps) -> NDArray[Any]:
        """Return the gap of each supply in doubt that has others beside it in one of its needs."""
        import numpy as np

        alive = np.bincount(needs.pair_need[live], minlength=len(needs.consumer))
        beside = live & self.doubtful[needs.pair_row] & (alive[needs.pair_need] > 1)
        modelled = np.zeros(self.net.rows, dtype=bool)
        modelled[needs.pair_row[live & needs.modelled[needs.pair_need]]] = True
        rows = np.unique(needs.pair_row[beside])
        rows = rows[modelled[rows]]
        found = np.full(self.net.rows, -1, dtype=np.int32)
        found[rows] = gaps.add(SUPPLY, rows)
        return found


def _joined_up(array: NDArray[Any], more: Sequence[int]) -> Integers:
    import numpy as np

    return np.concatenate([array, np.array(more, dtype=array.dtype)]).astype(np.int32, copy=False)


def _line_edges(lines: Sequence[tuple[int, str, Sequence[int]]], slots: Integers) -> _Edges:
    """Return the edges from a line to its products, or from products to their node."""
    import numpy as np

    sources = np.array([source for line in lines for source in line[2]], dtype=np.int32)
    none = np.full(len(sources), -1, dtype=np.int32)
    return _Edges(np.repeat(slots, [len(line[2]) for line in lines]), sources, none, none)


def _by_slot(edges: _Edges) -> _Edges:
    import numpy as np

    if not (np.diff(edges.slot) < 0).any():
        return edges
    order = np.argsort(edges.slot, kind="stable")
    return _Edges(*(array[order] for array in edges))


def _joined(free: _Needs, ruled: _Needs) -> _Needs:
    """Return needs without rows of their own, and after them those that have rows."""
    import numpy as np

    if not len(ruled.consumer):
        return free
    later = ruled._replace(pair_need=ruled.pair_need + np.int32(len(free.consumer)))
    return _Needs(*map(np.concatenate, zip(free, later, strict=True)))
