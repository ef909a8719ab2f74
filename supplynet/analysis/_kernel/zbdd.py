"""Minimal cut sets of one target without loops: each module solved by a decision diagram.

A module's variables are units and smaller modules, these weighted with the least order of their
sets. Which variable comes first decides how large a diagram grows, so several orders are tried,
each with so much work, then with more.
"""

from __future__ import annotations

import time

from supplynet.analysis._kernel.diagram import Diagram
from supplynet.analysis._kernel.gates import OR, Node, graph_of, zeros
from supplynet.analysis._kernel.hits import HitArrays
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.modules import Gates, gates_of
from supplynet.analysis._kernel.program import Program
from supplynet.analysis._kernel.shape import UNKNOWN
from supplynet.analysis._kernel.zsets import (
    CUT,
    DONE,
    FULL,
    STATE,
    STEPS,
    UNITED,
    WORK,
    forget,
    least_of,
    run,
)

__all__ = ["NODES", "Diagram", "cut_sets_by_diagram"]

#: Most nodes of one diagram by default: about 1.5 GB.
NODES = 1 << 25

_MOST_GATES = 1_000_000
#: Nodes that there is room for to begin with.
_CAPACITY = 2048
#: Calls of an operation between two looks at the clock.
_SLICE = 10_000_000
#: Calls for the first order tried on a module, and how much more all orders get each round.
_FIRST_WORK = 2_000_000
_MORE_WORK = 8
_ORDERS = 4
_NO_LIMIT = 1 << 62

#: Positions in the state, behind those of `run`: the gate being solved, whether its diagram is
#: begun, the order tried and its work, work done before, the stamp of the plan, and where the
#: store ends.
_GATE, _BEGUN, _ORDER, _BUDGET, _SPENT, _STAMP, _STORED = range(STATE, STATE + 7)
_NO_ROOM = 3


def cut_sets_by_diagram(
    program: Program,
    hits: HitArrays,
    *,
    target: int,
    max_order: int | None,
    node_limit: int = NODES,
    work_limit: int | None = None,
    time_limit: float | None = None,
) -> Diagram | None:
    """Return the minimal cut sets of a target upstream of which there is no loop.

    Parameters
    ----------
    program, hits
        Of one kind, lists or arrays; :func:`is_acyclic` for the target.
    max_order
        Sets of more units are left out; None for all sets. Memory is needed for a number per
        gate and order.
    node_limit
        Most nodes of the diagram of one module, in each of the orders tried; rounded up to a
        power of two. Below 0 there is no answer.
    work_limit
        Most calls of an operation on two nodes, all in all: some ten million a second compiled,
        half a million in plain Python.
    time_limit
        Seconds, looked at every second or so. It makes the answer depend on the machine.

    Returns
    -------
    Diagram or None
        None when out of nodes, work or time, when thresholds take too many gates, or where sets of
        more units are possible than can be told apart (32,766); never a part of the sets.
    """
    limit = UNKNOWN - 1 if max_order is None else min(max_order, UNKNOWN - 1)
    stop = None if time_limit is None else time.monotonic() + time_limit
    graph = graph_of(program, hits, target=target, gate_limit=_MOST_GATES)
    if graph is None:
        return None
    gates = gates_of(graph, limit)
    if (max_order is None or max_order > limit) and gates.units > limit:
        return None
    if node_limit < 0:
        return None
    engine = _Engine(gates, fast=program.fast)
    modules = engine.solve(node_limit, _NO_LIMIT if work_limit is None else work_limit, stop)
    return None if modules is None else Diagram(gates, modules)


class _Engine:
    """The arrays that solving takes, and the choice of orders."""

    def __init__(self, gates: Gates, *, fast: bool) -> None:
        self.fast = fast
        self.gates = gates
        count, args = len(gates.kind), len(gates.arg)
        nodes = gates.base + count
        self.plan = zeros(5 * (count + 2 * args), fast=fast)
        self.variables = filled(args, 0, "int64", fast=fast)
        self.weight = zeros(args, fast=fast)
        self.work = tuple(
            zeros(n, fast=fast) for n in (nodes, nodes, nodes, args, 2 * count + 2, args)
        )
        self.result = zeros(count + 1, fast=fast)
        self.modules = (
            zeros(3 * _CAPACITY // 2, fast=fast),
            filled(count, -1, "int32", fast=fast),
            zeros(count, fast=fast),
            zeros(count, fast=fast),
        )
        self.state = filled(_STORED + 1, 0, "int64", fast=fast)
        self.state[_BUDGET] = _FIRST_WORK
        self.capacity = _CAPACITY // 2
        self.tables: tuple[Array, ...] = ([], [], [], [], [])
        self._grow()

    def _grow(self) -> None:
        self.capacity *= 2
        sizes = (4, 2, 4, 1, 1)  # of nodes, their table, the results kept, numbers, the stack
        kinds = ("int32", "int32", "int32", "int32", "int64")
        self.tables = tuple(
            self._larger(old, size * self.capacity, kind)
            for old, size, kind in zip(self.tables, sizes, kinds, strict=True)
        )

    def _larger(self, old: Array, length: int, kind: str) -> Array:
        if not self.fast:
            return old + [0] * (length - len(old))
        import numpy as np

        # Left as it comes: what is not used takes no memory.
        new = np.empty(length, dtype=kind)
        new[: len(old)] = old
        return new

    def solve(
        self, node_limit: int, work_limit: int, stop: float | None
    ) -> tuple[Array, ...] | None:
        """Return the modules with their diagrams; None when out of nodes, work or time."""
        gates, state = self.gates, self.state
        if not len(gates.kind):
            return self.modules
        _measure(gates.kind, gates.lists, gates.base, self.work[0])
        failed: set[int] = set()
        gate = -1
        portion = _SLICE if self.fast else _SLICE // 50
        while True:
            until = min(int(state[_SPENT] + state[WORK]) + portion, work_limit)
            code = _solve(
                self.plan, self.variables, self.weight, gates.lists, self.work, self.tables,
                self.result, self.modules, state, gates.base, until, _FIRST_WORK,
            )  # fmt: skip
            if code == DONE:
                return self.modules
            if state[_SPENT] + state[WORK] >= work_limit:
                return None
            if stop is not None and time.monotonic() > stop:
                return None
            if gate != state[_GATE]:
                gate = int(state[_GATE])
                failed = set()
            if code == _NO_ROOM:
                store = self.modules[0]
                self.modules = (self._larger(store, 2 * len(store), "int32"), *self.modules[1:])
            elif code == FULL and self.capacity < node_limit:
                self._grow()
            elif code == FULL or state[WORK] >= state[_BUDGET]:
                if code == FULL:
                    failed.add(int(state[_ORDER]))
                if len(failed) == _ORDERS:
                    return None
                self._try_next(failed)

    def _try_next(self, failed: set[int]) -> None:
        state = self.state
        state[_SPENT] += state[WORK]
        state[WORK] = 0
        state[_BEGUN] = 0
        while True:
            state[_ORDER] += 1
            if state[_ORDER] == _ORDERS:
                state[_ORDER] = 0
                state[_BUDGET] *= _MORE_WORK
            if int(state[_ORDER]) not in failed:
                return


@kernel
def _measure(kinds: Array, gates: tuple[Array, ...], base: int, size: Array) -> None:
    """Fill how many variables are under each gate of its module, counted once for each path."""
    _, start, arg, module, _, _, _ = gates
    for k in range(len(kinds)):
        total = 0
        for i in range(start[k], start[k + 1]):
            total += 1 if module[arg[i]] else size[arg[i]]
        size[base + k] = min(total, 1_000_000)


@kernel
def _solve(
    plan: Array,
    variables: Array,
    weight: Array,
    gates: tuple[Array, ...],
    work: tuple[Array, ...],
    tables: tuple[Array, ...],
    result: Array,
    modules: tuple[Array, ...],
    state: Array,
    base: int,
    until: int,
    budget: int,
) -> int:
    """Solve the modules from where the state stands; return DONE, or what there is too little of.

    `modules` holds the store of diagrams; per gate where its diagram begins and ends there, -1
    where it has none, since all its arguments are variables of its own; and the largest order of
    its sets, or more. Exact least orders replace what was known of `least`.
    """
    kinds, start, arg, module, _, least, limit = gates
    node, unique, cache, number, stack = tables
    store, begin, end, most = modules
    while state[_GATE] < len(kinds):
        k = state[_GATE]
        g = base + k
        plain = True
        for i in range(start[k], start[k + 1]):
            plain = plain and module[arg[i]] != 0
        if not module[g] or limit[g] < least[g]:
            least[g] = UNKNOWN
        elif plain:
            low = UNKNOWN if kinds[k] == OR else 0
            for i in range(start[k], start[k + 1]):
                a = arg[i]
                size = 1 if a < base else most[a - base]
                if kinds[k] == OR:
                    low = min(low, least[a])
                    most[k] = max(most[k], size)
                else:
                    low += least[a]
                    most[k] = min(most[k] + size, limit[g])
            least[g] = low if low <= limit[g] else UNKNOWN
            most[k] = min(most[k], limit[g])
        else:
            if not state[_BEGUN]:
                forget(node, unique, cache, state)
                _make_plan(plan, variables, weight, gates, work, state, g, base)
                state[_BEGUN] = 1
            code: int = run(
                node, unique, cache, stack, weight, plan, variables, result, state,
                min(until - state[_SPENT], state[_BUDGET]),
            )  # fmt: skip
            if code != DONE:
                return code
            first = state[_STORED]
            last = _keep(node, store, number, work[3], result[k], first)
            if last < 0:
                return _NO_ROOM
            begin[k] = first
            end[k] = last
            least[g] = least_of(node, result[k])
            # For the largest order each variable counts with its own.
            number[0] = 0
            number[1] = 0
            for i in range(2, last - first):
                a = store[3 * (first + i)]
                size = 1 if a < base else most[a - base]
                high = number[store[3 * (first + i) + 1]] + size
                number[i] = max(high, number[store[3 * (first + i) + 2]])
            most[k] = min(number[last - first - 1], limit[g])
            state[_STORED] = last
            state[_SPENT] += state[WORK]
            state[WORK] = 0
            state[_BEGUN] = 0
            state[_ORDER] = 0
            state[_BUDGET] = budget
        state[_GATE] += 1
    return DONE


@kernel
def _make_plan(
    plan: Array,
    variables: Array,
    weight: Array,
    gates: tuple[Array, ...],
    work: tuple[Array, ...],
    state: Array,
    root: int,
    base: int,
) -> None:
    """Fill the steps that solve one module, its variables in the order that the state says.

    `work` has per node its size, its level and a stamp where it was met; per level its variable;
    a stack; and the arguments of gates as the order ranks them.
    """
    kinds, start, arg, module, _, least, limit = gates
    size, level, met, variable, stack, ranked = work
    state[_STAMP] += 1
    stamp = state[_STAMP]
    order = state[_ORDER]
    steps = 0
    used = 0
    levels = 0
    stack[0] = root
    stack[1] = start[root - base]
    depth = 2
    while depth > 0:
        g = stack[depth - 2]
        at = stack[depth - 1]
        k = g - base
        if at == start[k]:
            for i in range(start[k], start[k + 1]):
                j = i
                key = _key(size, arg[i], order, gates)
                while j > start[k] and key < _key(size, ranked[j - 1], order, gates):
                    ranked[j] = ranked[j - 1]
                    j -= 1
                ranked[j] = arg[i]
        if at < start[k + 1]:
            stack[depth - 1] = at + 1
            a = ranked[at]
            if met[a] != stamp:
                met[a] = stamp
                if module[a]:
                    level[a] = levels
                    variable[levels] = a
                    weight[levels] = least[a]
                    levels += 1
                else:
                    stack[depth] = a
                    stack[depth + 1] = start[a - base]
                    depth += 2
            continue
        depth -= 2
        # The gate's variables first, the lowest at the bottom.
        first = used
        for i in range(start[k], start[k + 1]):
            a = arg[i]
            if module[a]:
                j = used
                while j > first and variables[j - 1] < level[a]:
                    variables[j] = variables[j - 1]
                    j -= 1
                variables[j] = level[a]
                used += 1
        plan[5 * steps] = UNITED + kinds[k]
        plan[5 * steps + 1] = k
        plan[5 * steps + 2] = first
        plan[5 * steps + 3] = used
        plan[5 * steps + 4] = limit[g]
        steps += 1
        # Then the other arguments: an OR from the bottom up, an AND from the top down.
        for i in range(start[k + 1] - start[k]):
            a = ranked[start[k + 1] - 1 - i] if kinds[k] == OR else ranked[start[k] + i]
            if module[a]:
                continue
            operand = a - base
            if kinds[k] == OR and limit[a] > limit[g]:
                plan[5 * steps] = CUT
                plan[5 * steps + 1] = len(kinds)
                plan[5 * steps + 2] = operand
                plan[5 * steps + 3] = operand
                plan[5 * steps + 4] = limit[g]
                steps += 1
                operand = len(kinds)
            plan[5 * steps] = kinds[k]
            plan[5 * steps + 1] = k
            plan[5 * steps + 2] = k
            plan[5 * steps + 3] = operand
            plan[5 * steps + 4] = limit[g]
            steps += 1
    state[STEPS] = steps


@kernel
def _key(size: Array, a: int, order: int, gates: tuple[Array, ...]) -> Node:
    """Return what arguments are ranked by: as they come, or by uses, small or large ones first."""
    module, parents = gates[3:5]
    if order == 0:
        return 0
    if order == 1:
        return -parents[a]
    if order == 2:
        return -parents[a] if module[a] else size[a]
    return 0 if module[a] else -size[a]


@kernel
def _keep(node: Array, store: Array, number: Array, variable: Array, root: int, first: int) -> int:
    """Append what is under a root to the store; return where it ends, or -1 without room.

    The first two places stand for the empty family and that of the empty set, the last is the
    root; high and low count from there.
    """
    for i in range(2, root):
        number[i] = 0
    number[root] = 1
    many = 2
    for i in range(root, 1, -1):
        if number[i]:
            many += 1
            number[node[4 * i + 1]] = 1
            number[node[4 * i + 2]] = 1
    if 3 * (first + many) > len(store):
        return -1
    number[0] = 0
    number[1] = 1
    last = first + 2
    for i in range(2, root + 1):
        if number[i]:
            store[3 * last] = variable[node[4 * i]]
            store[3 * last + 1] = number[node[4 * i + 1]]
            store[3 * last + 2] = number[node[4 * i + 2]]
            number[i] = last - first
            last += 1
    return last
