"""What stops in the whole program when units are lost, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.lanes import block_for, lanes_of, settle, width
from supplynet.analysis._kernel.ordering import forward_order
from supplynet.analysis._kernel.program import Chain, Program, Uses, chain
from supplynet.analysis._kernel.thresholds import expand_thresholds, expanded_hits

__all__ = ["METHODS", "Losses", "Swept", "losses_of", "sweep"]

METHODS = ("undo", "lanes", "scratch")

#: What preparing lanes costs, and each block of them, in edges touched per edge.
_LANES_COST = 8
_BLOCK_COST = 4
#: One edge in so many may lead to an earlier vertex before a better order is looked for.
_FEW_LATE = 20


class Losses(NamedTuple):
    """What is lost, row by row: all the vertices, and all the edges, of a row together.

    Vertices of row i are ``vertex[vertex_start[i]:vertex_start[i + 1]]``; the same for edges.
    """

    vertex_start: Array
    vertex: Array
    edge_start: Array
    edge: Array


class Swept(NamedTuple):
    """What stops, row by row.

    Attributes
    ----------
    count
        How many vertices stop that run with nothing lost; those that are lost are among them.
    start, vertex
        Those that were asked for: of row i ``vertex[start[i]:start[i + 1]]``, ascending.
    """

    count: Array
    start: Array
    vertex: Array


def losses_of(program: Program, hits: HitArrays, units: Sequence[int]) -> Losses:
    """Return, row by row, what each of the units hits. Linear."""
    fast = program.fast
    row = filled(max(units, default=-1) + 1, -1, "int32", fast=fast)
    for i, unit in enumerate(units):
        row[unit] = i
    at_vertices = _by_unit(hits.vertex_start, hits.vertex_unit, row, len(units))
    at_edges = _by_unit(hits.edge_start, hits.edge_unit, row, len(units))
    return Losses(*at_vertices, *at_edges)


def _by_unit(start: Array, unit: Array, row: Array, rows: int) -> tuple[Array, Array]:
    """Return places by row from units by place; `row` is the row of each unit, -1 for none."""
    fast = type(row) is not list
    new_start = filled(rows + 2, 0, "int32", fast=fast)
    place = filled(len(unit), 0, "int32", fast=fast)
    if len(start):
        _turn(start, unit, row, new_start, place)
    return new_start[:-1], place[: int(new_start[rows])]


@kernel
def _turn(start: Array, unit: Array, row: Array, new_start: Array, place: Array) -> None:
    """Turn units by place into places by unit."""
    for j in range(start[0], start[len(start) - 1]):
        if unit[j] < len(row) and row[unit[j]] >= 0:
            new_start[row[unit[j]] + 2] += 1
    for i in range(2, len(new_start)):
        new_start[i] += new_start[i - 1]
    for p in range(len(start) - 1):
        for j in range(start[p], start[p + 1]):
            if unit[j] < len(row) and row[unit[j]] >= 0:
                place[new_start[row[unit[j]] + 1]] = p
                new_start[row[unit[j]] + 1] += 1


def sweep(
    program: Program,
    losses: Losses,
    *,
    which: bool = False,
    among: Sequence[int] | None = None,
    method: str | None = None,
) -> Swept:
    """Return what stops for each row of losses, exactly.

    Parameters
    ----------
    which
        Whether to say which vertices stop, and not only how many.
    among
        Say it of these vertices only.
    method
        ``undo`` follows each loss through what it touches and takes it back; ``lanes`` answers for
        hundreds of losses in each reading of the network; ``scratch`` starts anew for each. All
        answer the same. By default losses are undone until that has cost as much as lanes would
        have; if as much is to come, the rest goes into lanes.

    Notes
    -----
    With ``undo``, vertices are numbered in production order, and a slot is safe while vertices
    before its own still meet it. Where they no longer do, the vertex is suspect and taken as
    stopped. What is not suspect runs, each by those before it. In the end suspects are started
    anew from what runs, supplies from later vertices included: what cannot start has stopped,
    however well a loop of suspects feeds itself. The cost is that of the edges at suspects.
    """
    rows = len(losses.vertex_start) - 1
    edges = len(program.source)
    forward = Chain(program)
    order, runs = forward.run()
    listed = _Listed(rows, _wanted(program, which=which, among=among), fast=program.fast)
    count = filled(rows, -1, "int32", fast=program.fast)
    if method == "scratch":
        _from_scratch(program, forward.uses, losses, runs, count, listed)
    elif method == "lanes" and _by_lanes(program, runs, losses, range(rows), count, listed):
        pass
    else:
        undo = _Undo(program, forward.uses, order, losses, listed)
        everything = (edges + 1) * (rows + 1)
        enough = _cost_of_lanes(program, rows)
        done = undo.run(0, count, everything if method else enough)
        # What is done cost as much as lanes would have for all: is more to come than lanes cost?
        left = range(done, rows)
        pays = len(left) * enough > done * _cost_of_lanes(program, len(left))
        if not (pays and _by_lanes(program, runs, losses, left, count, listed)):
            undo.run(done, count, everything)
    return listed.swept(count)


def _cost_of_lanes(program: Program, rows: int) -> int:
    """Return about how many edges could be touched instead."""
    blocks = -(-rows // width(fast=program.fast))
    return (len(program.source) + 1) * (_LANES_COST + _BLOCK_COST * blocks)


def _wanted(program: Program, *, which: bool, among: Sequence[int] | None) -> Array:
    """Return per vertex whether it is to be listed; empty where none is."""
    n = len(program.stopped)
    if among is None:
        return filled(n if which else 0, 1, "uint8", fast=program.fast)
    wanted = filled(n, 0, "uint8", fast=program.fast)
    for vertex in among:
        wanted[vertex] = 1
    return wanted


class _Listed:
    """Pairs of a row and a vertex that stops in it, in room that grows."""

    def __init__(self, rows: int, wanted: Array, *, fast: bool) -> None:
        self.rows = rows
        self.wanted = wanted
        self.fast = fast
        self.row = filled(len(wanted), 0, "int32", fast=fast)
        self.vertex = filled(len(wanted), 0, "int32", fast=fast)
        # How many pairs there are.
        self.size = filled(1, 0, "int64", fast=fast)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What the kernels take."""
        return self.wanted, self.row, self.vertex, self.size

    def reserve(self, more: int) -> None:
        """See to it that there is room for so many more pairs."""
        needed = int(self.size[0]) + more
        if needed <= len(self.row):
            return
        length = max(needed, 2 * len(self.row))
        for name in ("row", "vertex"):
            old = getattr(self, name)
            new = filled(length, 0, "int32", fast=self.fast)
            new[: len(old)] = old
            setattr(self, name, new)

    def swept(self, count: Array) -> Swept:
        """Return the pairs by row, vertices ascending."""
        size = int(self.size[0])
        start = filled(self.rows + 2, 0, "int64", fast=self.fast)
        vertex = filled(size, 0, "int32", fast=self.fast)
        if size:
            by_vertex = filled(len(self.wanted) + 2, 0, "int64", fast=self.fast)
            middle = filled(size, 0, "int32", fast=self.fast)
            _sort(self.row, self.vertex, size, by_vertex, middle, start, vertex)
        return Swept(count, start[:-1], vertex)


@kernel
def _sort(
    row: Array,
    vertex: Array,
    size: int,
    by_vertex: Array,
    middle: Array,
    start: Array,
    sorted_vertex: Array,
) -> None:
    """Sort pairs by row and vertex: by vertex first, then by row, which keeps their order."""
    for i in range(size):
        by_vertex[vertex[i] + 2] += 1
        start[row[i] + 2] += 1
    for v in range(2, len(by_vertex)):
        by_vertex[v] += by_vertex[v - 1]
    for r in range(2, len(start)):
        start[r] += start[r - 1]
    for i in range(size):
        middle[by_vertex[vertex[i] + 1]] = row[i]
        by_vertex[vertex[i] + 1] += 1
    for v in range(len(by_vertex) - 2):
        for i in range(by_vertex[v], by_vertex[v + 1]):
            sorted_vertex[start[middle[i] + 1]] = v
            start[middle[i] + 1] += 1


def _from_scratch(
    program: Program, uses: Uses, losses: Losses, runs: Array, count: Array, listed: _Listed
) -> None:
    fast = program.fast
    n, slots, edges = len(program.stopped), len(program.edge_start) - 1, len(program.source)
    state = filled(1, 0, "int64", fast=fast)
    scratch = (
        filled(n, 0, "uint8", fast=fast),
        filled(edges, 0, "uint8", fast=fast),
        filled(n + slots, 0, "int64", fast=fast),
        filled(n, 0, "uint8", fast=fast),
        filled(n, 0, "int32", fast=fast),
    )
    while state[0] < listed.rows:
        _scratch(
            program.slot_start, program.stopped, program.weight, program.need, tuple(uses),
            tuple(losses), runs, scratch, count, listed.arrays, state,
        )  # fmt: skip
        if state[0] < listed.rows:
            listed.reserve(n)


@kernel
def _scratch(
    slot_start: Array,
    stopped: Array,
    weight: Array,
    need: Array,
    uses: tuple[Array, Array, Array, Array],
    losses: tuple[Array, Array, Array, Array],
    runs: Array,
    scratch: tuple[Array, Array, Array, Array, Array],
    count: Array,
    listed: tuple[Array, Array, Array, Array],
    state: Array,
) -> None:
    """Go through the rows, up to the first for which there may not be enough room."""
    vertex_start, vertex, edge_start, edge = losses
    lost, cut, room, now, order = scratch
    wanted, pair_row, pair_vertex, size = listed
    for row in range(state[0], len(count)):
        if len(pair_row) - size[0] < len(wanted):
            return
        for j in range(vertex_start[row], vertex_start[row + 1]):
            lost[vertex[j]] = 1
        for j in range(edge_start[row], edge_start[row + 1]):
            cut[edge[j]] = 1
        chain(slot_start, stopped, weight, need, uses, lost, cut, room, now, order)
        stops = 0
        for v in range(len(runs)):
            if runs[v] and not now[v]:
                stops += 1
                if len(wanted) > 0 and wanted[v]:
                    pair_row[size[0]] = row
                    pair_vertex[size[0]] = v
                    size[0] += 1
        count[row] = stops
        for j in range(vertex_start[row], vertex_start[row + 1]):
            lost[vertex[j]] = 0
        for j in range(edge_start[row], edge_start[row + 1]):
            cut[edge[j]] = 0
        state[0] = row + 1


def _by_lanes(
    program: Program,
    runs: Array,
    losses: Losses,
    rows: Sequence[int],
    count: Array,
    listed: _Listed,
) -> bool:
    """Answer for some of the rows, hundreds in each reading of the network.

    Return whether that was possible: thresholds may be too hard to write out.
    """
    n = len(program.stopped)
    hits = _hits_of_losses(program, losses)
    if len(program.need):
        expanded = expand_thresholds(program, 4 * len(program.source))
        if expanded is None:
            return False
        program, hits = expanded.program, expanded_hits(expanded, hits)
        runs = Chain(program).run()[1]
    lanes = lanes_of(program, hits, rows, runs=runs)
    block = block_for(lanes, len(rows))
    lost, live, failing, waiting, words, bits = block
    for first in range(0, len(rows), block.width):
        some = filled(min(block.width, len(rows) - first), 0, "int32", fast=program.fast)
        some[:] = rows[first : first + block.width]
        _lose_each(lost, live, words, bits, first, len(some))
        settle(lanes.slot_start, lanes.tables, lost, live, failing, waiting, words, -1)
        _count_lanes(failing, lanes.number[:n], words, bits, some, count)
        if len(listed.wanted):
            listed.reserve(sum(int(count[row]) for row in some))
            _list_lanes(failing, lanes.number[:n], words, bits, some, listed.arrays)
    return True


def _hits_of_losses(program: Program, losses: Losses) -> HitArrays:
    """Return the rows that hit each vertex and edge, as if they were units."""
    fast = program.fast
    vertices = _numbers(len(program.stopped), fast=fast)
    at_vertices = _by_unit(losses.vertex_start, losses.vertex, vertices, len(vertices))
    if not len(losses.edge):
        nothing = filled(0, 0, "int32", fast=fast)
        return HitArrays(*at_vertices, nothing, nothing)
    edges = _numbers(len(program.source), fast=fast)
    return HitArrays(*at_vertices, *_by_unit(losses.edge_start, losses.edge, edges, len(edges)))


def _numbers(length: int, *, fast: bool) -> Array:
    if not fast:
        return list(range(length))
    import numpy as np

    return np.arange(length, dtype="int32")


@kernel
def _lose_each(lost: Array, live: Array, words: int, bits: int, first: int, count: int) -> None:
    """Lose one unit in each of the losses of a block, beginning with the first."""
    for i in range(len(lost)):
        lost[i] = 0
    for w in range(words):
        live[w] = 0
    for lane in range(count):
        bit = 1 << lane % bits
        lost[(first + lane) * words + lane // bits] |= bit
        live[lane // bits] |= bit


@kernel
def _count_lanes(
    failing: Array, number: Array, words: int, bits: int, rows: Array, count: Array
) -> None:
    for row in rows:
        count[row] = 0
    for v in range(len(number)):
        if number[v] < 0:
            continue
        for w in range(words):
            word = failing[number[v] * words + w]
            if word:
                for i in range(w * bits, min(w * bits + bits, len(rows))):
                    count[rows[i]] += word >> i % bits & 1


@kernel
def _list_lanes(
    failing: Array,
    number: Array,
    words: int,
    bits: int,
    rows: Array,
    listed: tuple[Array, Array, Array, Array],
) -> None:
    wanted, pair_row, pair_vertex, size = listed
    for v in range(len(number)):
        if number[v] < 0 or not wanted[v]:
            continue
        for i in range(len(rows)):
            if failing[number[v] * words + i // bits] >> i % bits & 1:
                pair_row[size[0]] = rows[i]
                pair_vertex[size[0]] = v
                size[0] += 1


class _Undo:
    """Follows each loss through what it touches, and takes it back.

    Attributes
    ----------
    rank
        Per vertex its place in the production order, -1 where it does not run.
    spare
        Per slot what suppliers before its vertex bring beyond the need.
    late
        Per slot whether suppliers after its vertex might meet it.
    leads
        Per use of a vertex where it leads: to the consumer, as -1 - consumer, where its slot is
        not met without it; else to the slot. One by an earlier vertex leads nowhere: past the
        last slot.
    mark
        Per vertex 1 while it is suspect, 2 while what it lacks is counted, 3 while it is lost
        itself, 4 where it does not run anyway.
    """

    def __init__(
        self, program: Program, uses: Uses, order: Array, losses: Losses, listed: _Listed
    ) -> None:
        fast = program.fast
        self.program = program
        self.losses = losses
        self.uses = uses
        self.listed = listed
        n, slots, edges = len(program.stopped), len(program.edge_start) - 1, len(program.source)
        weighted = len(program.need) > 0
        self.rank = filled(n, -1, "int32", fast=fast)
        self.mark = filled(n, 4, "uint8", fast=fast)
        self.spare = filled(slots, 0, "int64" if weighted else "int32", fast=fast)
        self.late = filled(slots, 0, "uint8", fast=fast)
        late_edges = self._read_slots(order)
        if late_edges * _FEW_LATE > edges:
            runs = [not mark for mark in self.mark] if not fast else self.mark == 0
            forward = forward_order(program, uses, runs)
            if self._read_slots(forward) > late_edges:
                late_edges = self._read_slots(order)
        if fast and not weighted and slots and self.spare.max() < 1 << 7:
            # A quarter of the memory that is read in no order.
            self.spare = self.spare.astype("int8")
        self.leads = filled(edges, slots, "int32", fast=fast)
        self.use_of_edge = filled(edges if len(losses.edge) else 0, 0, "int32", fast=fast)
        self.cut = filled(edges, 0, "uint8", fast=fast)
        some = late_edges > 0
        self.scratch = (
            filled(n, 0, "int32", fast=fast),
            filled(edges, 0, "int32", fast=fast),
            filled(n if some else 0, 0, "int32", fast=fast),
            filled(n if some else 0, 0, "int32", fast=fast),
        )
        _read_uses(
            self.rank, program.edge_start, program.source, tuple(uses), program.weight, self.spare,
            self.late, self.leads, self.use_of_edge, self.scratch[0],
        )  # fmt: skip
        self.lack = filled(slots if some else 0, 0, "int64", fast=fast)

    def _read_slots(self, order: Array) -> int:
        p = self.program
        return int(
            _read_slots(
                order, p.edge_start, p.source, p.weight, p.need, self.uses.vertex,
                self.rank, self.mark, self.spare, self.late,
            )
        )  # fmt: skip

    def run(self, first: int, count: Array, most_edges: int) -> int:
        """Fill `count` from a row on; return the next row, when so many edges are touched."""
        p = self.program
        # The next row, edges touched, room needed.
        state = filled(3, 0, "int64", fast=p.fast)
        state[0] = first
        while state[0] < len(count) and state[1] <= most_edges:
            _undo(
                count, tuple(self.losses), tuple(self.uses),
                (p.slot_start, p.edge_start, p.source), (p.weight, p.need),
                (self.rank, self.leads, self.use_of_edge), self.spare,
                (self.late, self.mark, self.cut), self.scratch, self.lack, self.listed.arrays,
                most_edges, state,
            )  # fmt: skip
            self.listed.reserve(int(state[2]))
            state[2] = 0
        return int(state[0])


@kernel
def _read_slots(
    order: Array,
    edge_start: Array,
    source: Array,
    weight: Array,
    need: Array,
    slot_vertex: Array,
    rank: Array,
    mark: Array,
    spare: Array,
    late: Array,
) -> int:
    """Read a production order; return how many edges lead to earlier vertices."""
    for i in range(len(order)):
        rank[order[i]] = i
        mark[order[i]] = 0
    weighted = len(need) > 0
    late_edges = 0
    for s in range(len(slot_vertex)):
        at = rank[slot_vertex[s]]
        late[s] = 0
        left = -need[s] if weighted else -1
        for e in range(edge_start[s], edge_start[s + 1]):
            x = rank[source[e]]
            if 0 <= x < at:
                left += weight[e] if weighted else 1
            elif x >= at:
                late[s] = 1
                late_edges += 1
        spare[s] = left
    return late_edges


@kernel
def _read_uses(
    rank: Array,
    edge_start: Array,
    source: Array,
    uses: tuple[Array, Array, Array, Array],
    weight: Array,
    spare: Array,
    late: Array,
    leads: Array,
    use_of_edge: Array,
    following: Array,
) -> None:
    """Fill `leads`. Slot by slot, since the uses of a vertex are in the order of the edges."""
    start, _, _, slot_vertex = uses
    for x in range(len(rank)):
        following[x] = start[x]
    for s in range(len(slot_vertex)):
        for e in range(edge_start[s], edge_start[s + 1]):
            x = source[e]
            i = following[x]
            following[x] += 1
            if len(use_of_edge) > 0:
                use_of_edge[e] = i
            brings = weight[e] if len(weight) > 0 else 1
            leads[i] = _lead(rank, x, s, slot_vertex[s], len(slot_vertex), brings, spare, late)


@kernel
def _lead(
    rank: Array, x: int, s: int, v: int, nowhere: int, brings: int, spare: Array, late: Array
) -> int:
    """Return where a use of vertex x in slot s of vertex v leads, nothing being lost."""
    if rank[x] < 0 or rank[v] <= rank[x]:
        return nowhere
    return -1 - v if brings > spare[s] and not late[s] else s


@kernel
def _undo(
    count: Array,
    losses: tuple[Array, Array, Array, Array],
    uses: tuple[Array, Array, Array, Array],
    edges: tuple[Array, Array, Array],
    weights: tuple[Array, Array],
    places: tuple[Array, Array, Array],
    spare: Array,
    flags: tuple[Array, Array, Array],
    scratch: tuple[Array, Array, Array, Array],
    lack: Array,
    listed: tuple[Array, Array, Array, Array],
    most_edges: int,
    state: Array,
) -> None:
    """Go through the rows, until enough edges are touched or there is not enough room."""
    vertex_start, vertex, edge_start, edge = losses
    start, use_edge, edge_slot, slot_vertex = uses
    source = edges[2]
    rank, leads, use_of_edge = places
    late, mark, cut = flags
    suspect, log, hopeful, short = scratch
    wanted, pair_row, pair_vertex, size = listed
    weight = weights[0]
    weighted = len(weight) > 0
    nowhere = len(slot_vertex)
    for row in range(state[0], len(count)):
        if state[1] > most_edges:
            return
        suspects = 0
        logged = 0
        hopes = 0
        for j in range(vertex_start[row], vertex_start[row + 1]):
            v = vertex[j]
            if mark[v] == 0:
                mark[v] = 3
                suspect[suspects] = v
                suspects += 1
        cutting = edge_start[row] < edge_start[row + 1]
        for j in range(edge_start[row], edge_start[row + 1]):
            e = edge[j]
            if cut[e]:
                continue
            cut[e] = 1
            s = edge_slot[e]
            v = slot_vertex[s]
            if leads[use_of_edge[e]] == nowhere:
                continue
            leads[use_of_edge[e]] = nowhere
            spare[s] -= weight[e] if weighted else 1
            log[logged] = e if weighted else s
            logged += 1
            if spare[s] < 0 and mark[v] == 0:
                if late[s]:
                    hopeful[hopes] = v
                    hopes += 1
                mark[v] = 1
                suspect[suspects] = v
                suspects += 1
        at = 0
        while at < suspects:
            x = suspect[at]
            at += 1
            for i in range(start[x], start[x + 1]):
                s = leads[i]
                v = -1 - s
                if s >= 0:
                    if s == nowhere:
                        continue
                    spare[s] -= weight[use_edge[i]] if weighted else 1
                    log[logged] = use_edge[i] if weighted else s
                    logged += 1
                    if spare[s] >= 0:
                        continue
                    v = slot_vertex[s]
                    if late[s] and mark[v] == 0:
                        hopeful[hopes] = v
                        hopes += 1
                if mark[v] == 0:
                    mark[v] = 1
                    suspect[suspects] = v
                    suspects += 1
            state[1] += start[x + 1] - start[x]
        stops = suspects
        if hopes > 0:
            stops -= _restart(hopeful, hopes, uses, edges, weights, mark, cut, cutting, lack, short)
        full = len(wanted) > 0 and len(pair_row) - size[0] < stops
        if full:
            state[2] = stops
        else:
            count[row] = stops
            state[0] = row + 1
        for j in range(suspects if len(wanted) > 0 and not full else 0):
            v = suspect[j]
            if mark[v] and wanted[v]:
                pair_row[size[0]] = row
                pair_vertex[size[0]] = v
                size[0] += 1
        for j in range(logged):
            if weighted:
                spare[edge_slot[log[j]]] += weight[log[j]]
            else:
                spare[log[j]] += 1
        for j in range(suspects):
            mark[suspect[j]] = 0
        for j in range(edge_start[row], edge_start[row + 1]):
            e = edge[j]
            if cut[e]:
                cut[e] = 0
                brings = weight[e] if weighted else 1
                s = edge_slot[e]
                leads[use_of_edge[e]] = _lead(
                    rank, source[e], s, slot_vertex[s], nowhere, brings, spare, late
                )
        if full:
            return


@kernel
def _restart(
    hopeful: Array,
    hopes: int,
    uses: tuple[Array, Array, Array, Array],
    edges: tuple[Array, Array, Array],
    weights: tuple[Array, Array],
    mark: Array,
    cut: Array,
    cutting: int,
    lack: Array,
    short: Array,
) -> int:
    """Start what can start among the suspects and take its mark away; return how many that are.

    The first to start has all it needs from what is not suspect, and some of it from later
    vertices, or it would not be suspect: so it is among the hopeful. The others start because of
    them. `hopeful` is overwritten.
    """
    start, use_edge, edge_slot, slot_vertex = uses
    weight = weights[0]
    weighted = len(weight) > 0
    started = 0
    for j in range(hopes):
        v = hopeful[j]
        if _lacking(lack, v, edges, weights, mark, cut, cutting, 1) == 0:
            mark[v] = 2
            short[v] = 0
            hopeful[started] = v
            started += 1
    at = 0
    while at < started:
        x = hopeful[at]
        at += 1
        for i in range(start[x], start[x + 1]):
            e = use_edge[i]
            s = edge_slot[e]
            v = slot_vertex[s]
            if mark[v] == 1:
                # x is marked still, so that each of its edges is counted below, once.
                mark[v] = 2
                short[v] = _lacking(lack, v, edges, weights, mark, cut, cutting, len(lack))
            if mark[v] != 2 or short[v] == 0 or lack[s] <= 0 or (cutting and cut[e]):
                continue
            lack[s] -= weight[e] if weighted else 1
            if lack[s] <= 0:
                short[v] -= 1
                if short[v] == 0:
                    hopeful[started] = v
                    started += 1
        mark[x] = 0
    return started


@kernel
def _lacking(
    lack: Array,
    v: int,
    edges: tuple[Array, Array, Array],
    weights: tuple[Array, Array],
    mark: Array,
    cut: Array,
    cutting: int,
    enough: int,
) -> int:
    """Count the slots of a vertex that lack something, up to `enough`; fill in what they lack."""
    slot_start, edge_start, source = edges
    weight, need = weights
    weighted = len(need) > 0
    count = 0
    for s in range(slot_start[v], slot_start[v + 1]):
        lacking = need[s] if weighted else 1
        for e in range(edge_start[s], edge_start[s + 1]):
            if lacking <= 0:
                break
            if not mark[source[e]] and not (cutting and cut[e]):
                lacking -= weight[e] if weighted else 1
        lack[s] = lacking
        if lacking > 0:
            count += 1
            if count == enough:
                break
    return count
