"""Losses followed through what they touch, and taken back."""

from __future__ import annotations

from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.losses import Listed, Losses
from supplynet.analysis._kernel.ordering import forward_order
from supplynet.analysis._kernel.program import Program, Uses

__all__ = ["Undo"]

#: One edge in so many may lead to an earlier vertex before a better order is looked for.
_FEW_LATE = 20


class Undo:
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
        self, program: Program, uses: Uses, order: Array, losses: Losses, listed: Listed
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
