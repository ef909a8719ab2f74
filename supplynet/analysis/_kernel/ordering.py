"""A production order in which most edges lead forward."""

from __future__ import annotations

from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.program import Program, Uses

__all__ = ["forward_order"]


def forward_order(program: Program, uses: Uses, runs: Array) -> Array:
    """Return the running vertices in an order in which they can start one after the other.

    Notes
    -----
    Each slot of a vertex is met by vertices before it. A vertex waits for all its suppliers that
    run while any other can go first, so that without cycles every edge leads forward; where all
    that could start wait for one another, the one that could start first does. Linear.
    """
    n, slots = len(program.stopped), len(program.edge_start) - 1
    fast = program.fast
    room = filled(n + slots, 0, "int64", fast=fast)
    waits = filled(n, 0, "int32", fast=fast)
    ready = filled(n, 0, "int32", fast=fast)
    order = filled(n, 0, "int32", fast=fast)
    count = _order(
        program.slot_start, program.edge_start, program.source, program.weight, program.need,
        tuple(uses), runs, room, waits, ready, order,
    )  # fmt: skip
    return order[:count]


@kernel
def _order(
    slot_start: Array,
    edge_start: Array,
    source: Array,
    weight: Array,
    need: Array,
    uses: tuple[Array, Array, Array, Array],
    runs: Array,
    room: Array,
    waits: Array,
    ready: Array,
    order: Array,
) -> int:
    """Fill `order`; return how many vertices run.

    `waits` counts the edges of a vertex whose source runs and has no place yet; -1 once the vertex
    has its own. `ready` queues the vertices that could start while they wait.
    """
    start, edge, edge_slot, slot_vertex = uses
    n = len(slot_start) - 1
    weighted = len(need) > 0
    last_ready = 0
    count = 0
    for v in range(n):
        room[v] = slot_start[v + 1] - slot_start[v]
        for s in range(slot_start[v], slot_start[v + 1]):
            lack = need[s] if weighted else 1
            room[n + s] = lack
            if lack <= 0:
                room[v] -= 1
            for e in range(edge_start[s], edge_start[s + 1]):
                if runs[source[e]]:
                    waits[v] += 1
        if runs[v]:
            if waits[v] == 0:
                waits[v] = -1
                order[count] = v
                count += 1
            elif room[v] == 0:
                ready[last_ready] = v
                last_ready += 1
    at = 0
    first_ready = 0
    while True:
        if at == count:
            while first_ready < last_ready and waits[ready[first_ready]] < 0:
                first_ready += 1
            if first_ready == last_ready:
                return count
            waits[ready[first_ready]] = -1
            order[count] = ready[first_ready]
            count += 1
        v = order[at]
        at += 1
        for i in range(start[v], start[v + 1]):
            s = edge_slot[edge[i]]
            owner = slot_vertex[s]
            if not runs[owner] or waits[owner] < 0:
                continue
            waits[owner] -= 1
            if room[n + s] > 0:
                room[n + s] -= weight[edge[i]] if weighted else 1
                if room[n + s] <= 0:
                    room[owner] -= 1
                    if room[owner] == 0 and waits[owner] > 0:
                        ready[last_ready] = owner
                        last_ready += 1
            if waits[owner] == 0:
                waits[owner] = -1
                order[count] = owner
                count += 1
