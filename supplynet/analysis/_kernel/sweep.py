"""What stops in the whole program when units are lost, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.lanes import block_for, lanes_of, settle, width
from supplynet.analysis._kernel.losses import Listed, Losses, Swept, hits_of_losses, losses_of
from supplynet.analysis._kernel.program import Chain, Program, Uses, chain
from supplynet.analysis._kernel.thresholds import expand_thresholds, expanded_hits
from supplynet.analysis._kernel.undo import Undo

__all__ = ["METHODS", "Losses", "Swept", "losses_of", "sweep"]

METHODS = ("undo", "lanes", "scratch")

#: What preparing lanes costs, and each block of them, in edges touched per edge.
_LANES_COST = 8
_BLOCK_COST = 4


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
    With ``undo``, vertices keep their places in one production order. While vertices before its own
    still meet a slot, it is met. Where they no longer do, the vertex is suspect and taken as
    stopped; what is not suspect runs, each vertex by those before it. In the end suspects are
    started anew from what runs, supplies from later vertices included: what cannot start has
    stopped, however well a loop of suspects feeds itself. The cost is that of the suspects' edges.
    """
    rows = len(losses.vertex_start) - 1
    edges = len(program.source)
    forward = Chain(program)
    order, runs = forward.run()
    listed = Listed(rows, _wanted(program, which=which, among=among), fast=program.fast)
    count = filled(rows, -1, "int32", fast=program.fast)
    if method == "scratch":
        _from_scratch(program, forward.uses, losses, runs, count, listed)
    elif method == "lanes" and _by_lanes(program, runs, losses, range(rows), count, listed):
        pass
    else:
        undo = Undo(program, forward.uses, order, losses, listed)
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


def _from_scratch(
    program: Program, uses: Uses, losses: Losses, runs: Array, count: Array, listed: Listed
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
    listed: Listed,
) -> bool:
    """Answer for some of the rows, hundreds in each reading of the network.

    Return whether that was possible: thresholds may be too hard to write out.
    """
    n = len(program.stopped)
    hits = hits_of_losses(program, losses)
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
            vertex = 0
            while vertex < n:
                listed.reserve(len(some))
                number = lanes.number[:n]
                vertex = _list_lanes(failing, number, words, bits, some, listed.arrays, vertex)
    return True


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
    first: int,
) -> int:
    """List vertices from the first on; return the one for which there may not be enough room."""
    wanted, pair_row, pair_vertex, size = listed
    for v in range(first, len(number)):
        if number[v] < 0 or not wanted[v]:
            continue
        if len(pair_row) - size[0] < len(rows):
            return v
        for i in range(len(rows)):
            if failing[number[v] * words + i // bits] >> i % bits & 1:
                pair_row[size[0]] = rows[i]
                pair_vertex[size[0]] = v
                size[0] += 1
    return len(number)
