"""Minimal cut sets held as diagrams of modules: how many there are, and which, one by one."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import NamedTuple

from supplynet.analysis._kernel.gates import FALSE, TRUE, zeros
from supplynet.analysis._kernel.jit import Array, filled, kernel
from supplynet.analysis._kernel.modules import Gates
from supplynet.analysis._kernel.shape import UNKNOWN

__all__ = ["Diagram"]

#: Sets written at a time.
_ROWS = 4096
#: Room for what is still to be chosen, to begin with.
_ROOM = 256


class _Counted(NamedTuple):
    """What there is, as lists or arrays, and how many sets of each order.

    `of_gate` has `width` numbers for each gate, for orders from 0 on; `of_node` the same for each
    node of the store, or of the largest diagram.
    """

    gates: tuple[Array, ...]
    modules: tuple[Array, ...]
    of_gate: Array
    of_node: Array


class Diagram:
    """The minimal cut sets of a target up to an order, as diagrams of its modules."""

    def __init__(self, gates: Gates, modules: tuple[Array, ...]) -> None:
        self._gates = gates
        self._modules = modules

    @functools.cached_property
    def _counts(self) -> tuple[int, ...]:
        root, base = self._gates.root, self._gates.base
        if root < base:
            return {FALSE: (), TRUE: (1,)}.get(root, (0, 1))
        if self._gates.least[root] == UNKNOWN:
            return ()
        width = int(self._modules[3][root - base]) + 1
        counted = self._count(width, all_nodes=False)
        found = counted.of_gate[(root - base) * width : (root - base + 1) * width]
        most = max(n for n in range(width) if found[n])
        return tuple(int(n) for n in found[: most + 1])

    def counts(self) -> list[int]:
        """Return how many sets there are of each order: at position n, of n units. Exact.

        The last number is not 0; without sets there is none.
        """
        return list(self._counts)

    def sets(self) -> Iterator[frozenset[int]]:
        """Yield the sets, smaller ones first, always in the same sequence."""
        root, base = self._gates.root, self._gates.base
        width = len(self._counts)
        if root < base:
            if root != FALSE:
                yield frozenset((root - 2,) if root != TRUE else ())
            return
        if not width:
            return
        counted = self._count(width, all_nodes=True)
        fast = type(counted.of_gate) is not list
        state = filled(2, 0, "int64", fast=fast)
        for size in range(1, width):
            if not self._counts[size]:
                continue
            stack, cells = (filled(_ROOM, -1, "int32", fast=fast) for _ in range(2))
            out = zeros((_ROWS if fast else 1) * size, fast=fast)
            cells[0], cells[2] = root, size
            stack[0], stack[2] = 0, 1
            state[0] = 1
            while state[0]:
                found = _list_sets(out, stack, cells, *counted, state, size, width, base)
                units = out[: found * size]
                if fast:
                    units = units.tolist()
                for i in range(0, found * size, size):
                    yield frozenset(units[i : i + size])
                if state[1]:
                    stack, cells = (_doubled(array, fast=fast) for array in (stack, cells))

    def _count(self, width: int, *, all_nodes: bool) -> _Counted:
        gates, modules = self._gates.lists, self._modules
        begin, end = (_list_of(array) for array in modules[1:3])
        # The last row is for work.
        rows = 1 + max(end) if all_nodes else 1 + max(map(operator.sub, end, begin))
        length = len(begin) * width, rows * width
        base = self._gates.base
        if type(gates[0]) is not list:
            of_gate, of_node = (filled(n, 0, "int64", fast=True) for n in length)
            counted = _Counted(gates, modules, of_gate, of_node)
            if _count(gates[0], *counted, width, base, 1 << 62, all_nodes):
                return counted
            # More than a machine word holds.
            gates, modules = (tuple(map(_list_of, arrays)) for arrays in (gates, modules))
        counted = _Counted(gates, modules, [0] * length[0], [0] * length[1])
        _count(gates[0], *counted, width, base, 0, all_nodes)
        return counted


def _list_of(array: Array) -> list[int]:
    found: list[int] = array if type(array) is list else array.tolist()
    return found


def _doubled(array: Array, *, fast: bool) -> Array:
    new = zeros(2 * len(array), fast=fast)
    new[: len(array)] = array
    return new


@kernel
def _count(
    kinds: Array,
    gates: tuple[Array, ...],
    modules: tuple[Array, ...],
    of_gate: Array,
    of_node: Array,
    width: int,
    base: int,
    ceiling: int,
    all_nodes: bool,
) -> bool:
    """Fill how many sets of each order there are; False where it is above the ceiling, if any."""
    _, start, arg, module, _, least, _ = gates
    store, begin, end, _ = modules
    work = len(of_node) - width
    for k in range(len(kinds)):
        if not module[base + k] or least[base + k] == UNKNOWN:
            continue
        here = k * width
        if begin[k] >= 0:
            first = begin[k] * width if all_nodes else 0
            for j in range(2 * width):
                of_node[first + j] = 0
            of_node[first + width] = 1
            for i in range(2, end[k] - begin[k]):
                row = 3 * (begin[k] + i)
                at = first + i * width
                low = first + store[row + 2] * width
                for j in range(width):
                    of_node[at + j] = of_node[low + j]
                high = first + store[row + 1] * width
                variable = store[row] - base
                if not _times(of_node, at, of_node, high, of_gate, variable, width, ceiling):
                    return False
            last = first + (end[k] - begin[k] - 1) * width
            for j in range(width):
                of_gate[here + j] = of_node[last + j]
            continue
        of_gate[here] = kinds[k]
        for i in range(start[k], start[k + 1]):
            # An OR adds the sets of its argument, an AND multiplies by them.
            for j in range(width):
                of_node[work + j] = of_gate[here + j] * kinds[k]
                of_gate[here + j] *= 1 - kinds[k]
            of_node[work] += 1 - kinds[k]
            variable = arg[i] - base
            if not _times(of_gate, here, of_node, work, of_gate, variable, width, ceiling):
                return False
    return True


@kernel
def _times(
    out: Array,
    at: int,
    left: Array,
    first: int,
    of_gate: Array,
    variable: int,
    width: int,
    ceiling: int,
) -> bool:
    """Add the product of numbers of sets and those of a variable; False above the ceiling."""
    for j in range(width - 1, 0, -1):
        total = out[at + j]
        if variable < 0:
            total += left[first + j - 1]
        else:
            for i in range(1, j + 1):
                a = of_gate[variable * width + i]
                b = left[first + j - i]
                if a and b:
                    if ceiling and b > ceiling // a:
                        return False
                    total += a * b
                    if ceiling and total > ceiling:
                        return False
        if ceiling and total > ceiling:
            return False
        out[at + j] = total
    return True


@kernel
def _list_sets(
    out: Array,
    stack: Array,
    cells: Array,
    gates: tuple[Array, ...],
    modules: tuple[Array, ...],
    of_gate: Array,
    of_node: Array,
    state: Array,
    size: int,
    width: int,
    base: int,
) -> int:
    """Fill `out` with the next sets of one size; return how many.

    What is still to be chosen is a chain of cells (what, place, order, next): a node of the gates,
    or -1 - k for what gate k has in its diagram at a place, or as an AND from an argument on. What
    is chosen is a chain (unit, -, -, next). An entry of the stack is one choice: (to be chosen,
    chosen, cells in use). `state` is (entries, whether there is too little room).
    """
    kinds, start, arg, _, _, _, _ = gates
    store, begin, end, _ = modules
    depth = state[0]
    found = 0
    state[1] = 0
    while depth > 0 and (found + 1) * size <= len(out):
        todo = stack[3 * depth - 3]
        chosen = stack[3 * depth - 2]
        top = stack[3 * depth - 1]
        choices = -1  # where the entries of this choice begin
        while choices < 0:
            if todo < 0:
                for i in range(size):
                    out[found * size + i] = cells[4 * chosen]
                    chosen = cells[4 * chosen + 3]
                found += 1
                depth -= 1
                break
            a = cells[4 * todo]
            place = cells[4 * todo + 1]
            order = cells[4 * todo + 2]
            todo = cells[4 * todo + 3]
            k = a - base if a >= base else -1 - a
            many = order + 2
            if a >= base or a < 0:
                if a >= base:
                    place = end[k] - begin[k] - 1 if begin[k] >= 0 else start[k]
                if begin[k] < 0:
                    many = max(many, start[k + 1] - start[k])
            if 4 * (top + 2 * many) > len(cells) or 3 * (depth + many) > len(stack):
                state[0] = depth
                state[1] = 1
                return found
            if 0 <= a < base:
                cells[4 * top] = a - 2
                cells[4 * top + 3] = chosen
                chosen = top
                top += 1
                continue
            if begin[k] >= 0 and place == 1:
                continue
            depth -= 1
            choices = depth
            if begin[k] >= 0:
                first = begin[k]
                at = 3 * (first + place)
                a = store[at]
                high = store[at + 1]
                low = store[at + 2]
                if of_node[(first + low) * width + order]:
                    cells[4 * top] = -1 - k
                    cells[4 * top + 1] = low
                    cells[4 * top + 2] = order
                    cells[4 * top + 3] = todo
                    stack[3 * depth] = top
                    depth += 1
                    top += 1
                for j in range(order, 0, -1):
                    mine = j == 1 if a < base else of_gate[(a - base) * width + j] > 0
                    if mine and of_node[(first + high) * width + order - j]:
                        cells[4 * top] = -1 - k
                        cells[4 * top + 1] = high
                        cells[4 * top + 2] = order - j
                        cells[4 * top + 3] = todo
                        cells[4 * top + 4] = a
                        cells[4 * top + 6] = j
                        cells[4 * top + 7] = top
                        stack[3 * depth] = top + 1
                        depth += 1
                        top += 2
            elif kinds[k] == 0:
                for i in range(start[k + 1] - 1, start[k] - 1, -1):
                    a = arg[i]
                    if order == 1 if a < base else of_gate[(a - base) * width + order] > 0:
                        cells[4 * top] = a
                        cells[4 * top + 2] = order
                        cells[4 * top + 3] = todo
                        stack[3 * depth] = top
                        depth += 1
                        top += 1
            else:
                a = arg[place]
                last = place + 1 == start[k + 1]
                for j in range(order, 0, -1):
                    mine = j == 1 if a < base else of_gate[(a - base) * width + j] > 0
                    if mine and (j == order) == last:
                        cells[4 * top] = -1 - k
                        cells[4 * top + 1] = place + 1
                        cells[4 * top + 2] = order - j
                        cells[4 * top + 3] = todo
                        cells[4 * top + 4] = a
                        cells[4 * top + 6] = j
                        cells[4 * top + 7] = todo if last else top
                        stack[3 * depth] = top + 1
                        depth += 1
                        top += 2
            for i in range(choices, depth):
                stack[3 * i + 1] = chosen
                stack[3 * i + 2] = top
    state[0] = depth
    return found
