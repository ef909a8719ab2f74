"""A graph of gates cut into modules, which can be solved one by one.

A *module* is a gate that shares nothing with the rest but itself: its minimal sets can be found on
their own, and above it it is one variable.
"""

from __future__ import annotations

from typing import NamedTuple

from supplynet.analysis._kernel.gates import BASE, COUNT, ROOT, Graph, is_acyclic, make_gate, zeros
from supplynet.analysis._kernel.jit import Array, kernel
from supplynet.analysis._kernel.shape import UNKNOWN, shape_of
from supplynet.analysis._kernel.simplify import simplified

__all__ = ["UNKNOWN", "Gates", "gates_of", "is_acyclic"]


class Gates(NamedTuple):
    """A graph of gates and its shape; arguments come before the gates that have them.

    Nodes are FALSE, TRUE, ``u + 2`` for unit u, then gates from `base` on; `root` stands for the
    target. `kind` is per gate less base; its arguments are ``arg[start[g - base]:start[g - base +
    1]]``. For the rest see :class:`Shape`.
    """

    kind: Array
    start: Array
    arg: Array
    base: int
    root: int
    module: Array
    parents: Array
    least: Array
    limit: Array

    @property
    def units(self) -> int:
        """How many units there are in the graph."""
        uses = self.parents[2 : self.base]
        return sum(map(bool, uses if type(uses) is list else uses.tolist()))

    @property
    def lists(self) -> tuple[Array, ...]:
        """The arrays, as kernels take them."""
        return (*self[:3], *self[5:])


def gates_of(graph: Graph, limit: int) -> Gates:
    """Return the gates simplified and cut into modules, for sets of up to so many units."""
    graph = _grouped(simplified(graph, limit), limit)
    gates, args = graph.size
    kind, start, arg = graph.arrays[:3]
    return Gates(
        kind[:gates], start[: gates + 1], arg[:args], graph.base, int(graph.arrays[5][ROOT]),
        *shape_of(graph, limit)[:4],
    )  # fmt: skip


def _grouped(graph: Graph, limit: int) -> Graph:
    """Return the graph with arguments that share nothing with others made gates of their own."""
    fast = graph.fast
    gates, args = graph.size
    # A group for each argument at most, which is then in its group and that in its gate.
    new = Graph(graph.base, gates + args, 3 * args, fast=fast)
    node_of, scratch = zeros(graph.base + gates, fast=fast), zeros(3 * args + 4, fast=fast)
    shape = shape_of(graph, limit)
    _group(graph.arrays[0], graph.arrays, tuple(shape), new.arrays, node_of, scratch)
    return new


@kernel
def _group(
    kinds: Array,
    graph: tuple[Array, ...],
    shape: tuple[Array, ...],
    new: tuple[Array, ...],
    node_of: Array,
    tmp: Array,
) -> None:
    """Build the graph anew, arguments that share nothing with the others in gates of their own.

    Arguments share something only if the times between which all that is under them is met
    overlap. Behind the arguments stand the groups that share nothing with what is outside.
    """
    _, start, arg, _, _, state = graph
    _, _, _, _, enter, leave, low, high = shape
    base = state[BASE]
    for a in range(base):
        node_of[a] = a
    for g in range(base, base + state[COUNT]):
        if not enter[g]:
            continue
        kind = kinds[g - base]
        end = 0
        for i in range(start[g - base], start[g - base + 1]):
            a = arg[i]
            j = end
            while j > 0 and low[tmp[j - 1]] > low[a]:
                tmp[j] = tmp[j - 1]
                j -= 1
            tmp[j] = a
            end += 1
        kept = 0
        private = end
        i = 0
        while i < end:
            until = high[tmp[i]]
            j = i + 1
            while j < end and low[tmp[j]] <= until:
                until = max(until, high[tmp[j]])
                j += 1
            if low[tmp[i]] > enter[g] and until < leave[g] and j - i < end:
                for m in range(i, j):
                    tmp[private + m - i] = node_of[tmp[m]]
                tmp[private] = make_gate(tmp, int(private + j - i), int(j - i), kind, new)
                private += 1
            else:
                for m in range(i, j):
                    tmp[kept] = node_of[tmp[m]]
                    kept += 1
            i = j
        if kept > 0 and private > end:
            tmp[kept] = make_gate(tmp, int(private), int(private - end), kind, new)
            kept += 1
        else:
            for m in range(end, private):
                tmp[kept] = tmp[m]
                kept += 1
        node_of[g] = make_gate(tmp, int(kept), int(kept), kind, new)
    new[5][ROOT] = node_of[state[ROOT]]
