"""Which way to search for cut sets: one place chooses, order by order, and says how far it got."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from math import comb
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, NamedTuple

from supplynet.analysis import _kernel

__all__ = ["MAXSAT", "Found", "Layer", "Task", "Wanted", "can_solve", "cheapest", "find", "layers"]


class _Work(NamedTuple):
    """A limit of work in plain Python, and where kernels are compiled."""

    plain: int
    compiled: int


#: Unions of two sets before another method is tried: for all orders at once, and for each.
_FIRST_WORK = _Work(100_000, 5_000_000)
_FAMILY_WORK = _Work(100_000, 20_000_000)
_DIRECTED_WORK = 200_000_000
#: The same for sets with gaps, which are many and matter less than what is certain.
_PAIR_WORK = _Work(100_000, 10_000_000)
#: Subsets that are all tried.
_MOST_SUBSETS = _Work(20_000, 5_000_000)
_SUBSET_EDGES = 40_000_000_000
#: Nodes of a decision diagram.
_MOST_NODES = _Work(200_000, 30_000_000)
#: Ways of running the target that are sampled.
_PROOFS = 256
#: Steps of branching, and the same for sets with gaps.
_TREE_WORK = 1_000_000
_PAIR_TREE_WORK = 200_000
#: Helper vertices for which thresholds are written out as AND and OR.
_MOST_HELPERS = 1_000_000

SINGLES = "single points as a fixpoint"
FAMILIES = "truncated families of minimal sets as a fixpoint, exact on cycles"
MAXSAT = "cheapest first by MaxSAT (RC2)"
SUBSETS = "all subsets, hundreds at a time"
DIAGRAM = "decision diagrams of the target's independent parts"
DIRECTED = "families of sets that break sampled ways of running the target"
BRANCHES = "branching over ways of running the target"
CUT_SHORT = "cut short: no method came to an end"

#: The last word of a second process that was not cut short.
ENDED = "ended"


@dataclass(frozen=True, eq=False)
class Task:
    """What is searched: which sets of items stop a vertex.

    Attributes
    ----------
    program
        The cone of the target.
    hits
        Items that stop each vertex and cut each edge: units below `first_gap`, gaps from there.
    items
        One more than the largest item.
    """

    program: _kernel.Program
    target: int
    hits: _kernel.HitArrays
    first_gap: int
    items: int

    @cached_property
    def chain(self) -> _kernel.Chain:
        """Forward chaining on the program."""
        return _kernel.Chain(self.program)

    @cached_property
    def order(self) -> Sequence[int]:
        """What runs with nothing lost, in the order it starts."""
        order: Sequence[int] = self.chain.run()[0]
        return order

    @cached_property
    def plain(self) -> Task | None:
        """The same task with lists, without thresholds; ``None``: these take too many helpers."""
        listed = self.listed
        if not len(listed.program.need):
            return listed
        expanded = _kernel.expand_thresholds(listed.program, _MOST_HELPERS)
        if expanded is None:
            return None
        hits = _kernel.expanded_hits(expanded, listed.hits)
        return Task(expanded.program, self.target, hits, self.first_gap, self.items)

    @cached_property
    def listed(self) -> Task:
        """The same task with lists, for plain Python."""
        if not self.program.fast:
            return self
        hits = _kernel.HitArrays(*(array.tolist() for array in self.hits))
        program = _kernel.Program(*(array.tolist() for array in self.program))
        return Task(program, self.target, hits, self.first_gap, self.items)

    @cached_property
    def compiled(self) -> Task:
        """The same task with numpy arrays, for compiled kernels."""
        if self.program.fast:
            return self
        import numpy as np

        hits = _kernel.HitArrays(*(np.array(a, dtype="int32") for a in self.hits))
        program = _kernel.arrays_of(self.program)
        return Task(program, self.target, hits, self.first_gap, self.items)

    @cached_property
    def present(self) -> tuple[list[int], list[int]]:
        """The units, and the gaps, that can matter to the target, ascending."""
        numbers = {int(n) for hit in (self.hits.vertex_unit, self.hits.edge_unit) for n in hit}
        units = sorted(n for n in numbers if n < self.first_gap)
        return units, sorted(n for n in numbers if n >= self.first_gap)

    def of_units(self, items: _kernel.Set) -> bool:
        """Return whether a set holds no gap."""
        return all(item < self.first_gap for item in items)

    def some_hits(self, leave_out: Iterable[int] = (), *, gaps: bool = True) -> _kernel.HitArrays:
        """Return the hits without some items, or without gaps."""
        keep = _kernel.filled(self.items, 1, "uint8", fast=self.program.fast)
        for number in leave_out:
            keep[number] = 0
        if not gaps:
            for number in range(self.first_gap, self.items):
                keep[number] = 0
        return _kernel.kept_hits(self.hits, keep)

    def fields(self) -> tuple[Any, ...]:
        """Return what makes an equal task: what was worked out already is left behind."""
        return tuple(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True, slots=True)
class Layer:
    """The minimal sets of so many units and gaps; ``None`` where they could not all be found.

    `counts`: all sets up to that order by size, counted and not listed.
    """

    units: int
    gaps: int
    sets: frozenset[_kernel.Set] | None
    method: str
    counts: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Minimal sets as integers, how far they are complete, and by which methods they were found.

    `max_order` is the order asked for, or the smallest that has a set where that was asked.
    `complete_to` counts units, and is 0 where not even single points were searched in time;
    `pairs_to` is the same for sets with gaps. `counts` is the number of sets of units by order,
    where only that was asked and it was found without listing them; `sets` is then not all.
    """

    sets: frozenset[_kernel.Set]
    max_order: int
    complete_to: int
    pairs_to: int
    methods: tuple[str, ...]
    counts: Mapping[int, int] | None = None


def find(
    task: Task,
    *,
    max_order: int,
    max_gaps: int,
    minimum: bool = False,
    count_only: bool = False,
    seconds: float | None = None,
) -> Found:
    """Return the minimal sets of up to `max_order` units and `max_gaps` gaps.

    Parameters
    ----------
    minimum
        Stop at the smallest order that has a set of units.
    count_only
        Sets need not be listed where they can be counted.
    seconds
        Time for the search; it is then made by a second process, which is ended after that.
    """
    # What is cut off in the middle of one search for all orders would have found nothing.
    wanted = Wanted(max_order, max_gaps, minimum, count_only, seconds is None)
    steps = layers(task, wanted) if seconds is None else _within("layers", task, (wanted,), seconds)
    sets: set[_kernel.Set] = set()
    complete_to = pairs_to = 0
    methods: dict[str, None] = {}
    counts = None
    for layer in steps:
        methods[layer.method] = None
        if layer.sets is None:
            continue
        sets |= layer.sets
        counts = layer.counts if counts is None else counts
        if layer.gaps == 0:
            complete_to = layer.units
        else:
            pairs_to = layer.units
    orders = [len(s) for s in sets if task.of_units(s)]
    if minimum and orders:
        max_order = min(orders)
    if complete_to >= min(max_order, task.first_gap):
        # No set holds more units than there are.
        complete_to = max_order
    if not task.present[1] or not max_gaps or pairs_to >= min(complete_to, task.first_gap):
        pairs_to = complete_to
    return Found(frozenset(sets), max_order, complete_to, pairs_to, tuple(methods), counts)


class Wanted(NamedTuple):
    """How far to search; `at_once`: all orders in one search, as long as that is little work."""

    max_order: int
    max_gaps: int
    minimum: bool = False
    count_only: bool = False
    at_once: bool = True


def layers(task: Task, wanted: Wanted) -> Iterator[Layer]:
    """Yield what was found, order by order: sets of units first, then those with gaps."""
    max_order, max_gaps, minimum, count_only, at_once = wanted
    search = _Layers(task)
    singles = search.singles()
    yield Layer(1, 0, frozenset(singles), SINGLES)
    known = set(singles)
    searched = 1
    largest = min(max_order, task.first_gap)
    if at_once and largest > 1 and not minimum:
        layer = search.all_at_once(largest, known, count_only=count_only)
        if layer.sets is not None:
            yield layer
            known |= layer.sets
            searched = largest
    for units in range(searched + 1, largest + 1):
        if minimum and any(map(task.of_units, known)):
            break
        layer = search.layer(units, 0, known)
        yield layer
        if layer.sets is None:
            break
        known |= layer.sets
        searched = units
    if not max_gaps or not task.present[1]:
        return
    search.spend(_PAIR_TREE_WORK)
    # A gap alone is among the singles already.
    for units in range(1 if max_gaps == 1 else 0, min(searched, task.first_gap) + 1):
        layer = search.layer(units, max_gaps, known)
        yield layer
        if layer.sets is None:
            return
        known |= layer.sets


class _Layers:
    """The methods, tried in turn for each layer: which goes on where another gave up."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.given_up: set[str] = set()
        self.spend(_TREE_WORK)

    def spend(self, work: int) -> None:
        """Begin anew, with so many steps for branching."""
        self.work_left = work
        self.given_up.clear()

    def singles(self) -> list[_kernel.Set]:
        """Return the units and gaps that stop the target alone."""
        task = self.task
        found = _kernel.single_points_of_one(
            task.program, task.order, task.hits, task.target, task.chain.uses
        )
        return [frozenset((item,)) for item in found]

    def all_at_once(self, units: int, known: set[_kernel.Set], *, count_only: bool) -> Layer:
        """Return the minimal sets of up to so many units above no known one."""
        step = _Step(units, 0, known)
        found = self._families(step, _FIRST_WORK)
        if found is not None:
            return Layer(units, 0, frozenset(found), FAMILIES)
        diagram = self._diagram(units)
        if diagram is not None and count_only and not self.task.present[1]:
            counts = {order: n for order, n in enumerate(diagram.counts()) if n}
            return Layer(units, 0, frozenset(), DIAGRAM, counts)
        if diagram is not None:
            return Layer(units, 0, frozenset(diagram.sets()) - known, DIAGRAM)
        found = self._subsets(step)
        if found is None:
            self.given_up.add(SUBSETS)
        return Layer(units, 0, None if found is None else frozenset(found), SUBSETS)

    def layer(self, units: int, gaps: int, known: set[_kernel.Set]) -> Layer:
        """Return the minimal sets of `units` units above no known one."""
        step = _Step(units, gaps, known)
        methods: tuple[tuple[str, Callable[[_Step], Iterable[_kernel.Set] | None]], ...] = (
            (FAMILIES, self._families),
            (SUBSETS, self._subsets),
            (DIRECTED, self._directed),
            (BRANCHES, self._branches),
        )
        for name, method in methods:
            if name in self.given_up:
                continue
            found = method(step)
            if found is not None:
                return Layer(units, gaps, frozenset(found), name)
            # What is too much for one order is too much for those above.
            self.given_up.add(name)
        return Layer(units, gaps, None, CUT_SHORT)

    def _families(self, step: _Step, work: _Work | None = None) -> list[_kernel.Set] | None:
        if work is None:
            work = _FAMILY_WORK if step.gaps == 0 else _PAIR_WORK
        task = self.task
        if not task.program.fast:
            found = self._minimal_sets(task, step, work.plain)
            if found is not None or not _kernel.available():
                return found
        return self._minimal_sets(task.compiled, step, work.compiled)

    def _diagram(self, units: int) -> _kernel.Diagram | None:
        """Return the sets of up to so many units of a target upstream of which is no loop."""
        task = self.task.compiled if _kernel.available() else self.task
        most = _MOST_NODES.compiled if task.program.fast else _MOST_NODES.plain
        if most < 0 or not _kernel.is_acyclic(task.program, task.target):
            return None
        return _kernel.cut_sets_by_diagram(
            task.program,
            task.some_hits(gaps=False),
            target=task.target,
            max_order=units,
            node_limit=most,
        )

    def _directed(self, step: _Step) -> list[_kernel.Set] | None:
        """Search for sets that are of use to the target only; worth it where compiled."""
        if not _kernel.available():
            return None
        work = _DIRECTED_WORK if step.gaps == 0 else _PAIR_WORK.compiled
        return self._minimal_sets(self.task.compiled, step, work, directed=_PROOFS)

    def _minimal_sets(
        self, task: Task, step: _Step, work: int, directed: int = 0
    ) -> list[_kernel.Set] | None:
        return _kernel.minimal_sets(
            task.program,
            task.order,
            task.some_hits(step.singles, gaps=step.gaps > 0),
            target=task.target,
            max_units=step.units,
            max_gaps=step.gaps,
            first_gap=task.first_gap,
            known=step.above_singles,
            work_limit=work,
            directed=directed,
            uses=task.chain.uses,
        )

    def _subsets(self, step: _Step) -> list[_kernel.Set] | None:
        """Try all subsets, where units are so few that this is no great number."""
        task = self.task.compiled if _kernel.available() else self.task
        units, gaps = ([n for n in numbers if n not in step.singles] for numbers in task.present)
        most = _MOST_SUBSETS.plain
        if task.program.fast:
            # Some hundred subsets together take a reading of the network or more.
            most = min(_MOST_SUBSETS.compiled, _SUBSET_EDGES // (1 + len(task.program.source)))
        if _subset_count(len(units), step.units) * _subset_count(len(gaps), step.gaps) > most:
            return None
        return _kernel.minimal_sets_by_subsets(
            task.program,
            task.order,
            task.some_hits(step.singles, gaps=step.gaps > 0),
            target=task.target,
            units=units,
            max_order=step.units,
            gaps=gaps,
            max_gaps=step.gaps,
            limit_subsets=most,
            known=step.above_singles,
        )

    def _branches(self, step: _Step) -> Iterable[_kernel.Set] | None:
        task = self.task.plain
        if task is None:
            return None
        hits = task.some_hits(step.singles, gaps=step.gaps > 0)
        items = (
            _kernel.items_of(hits.vertex_start, hits.vertex_unit),
            _kernel.items_of(hits.edge_start, hits.edge_unit),
        )
        tree = _kernel.HittingTree(task.chain, task.target, items, task.first_gap, step.known)
        cuts = tree.cuts(units=step.units, gaps=step.gaps, work_limit=self.work_left)
        self.work_left -= tree.work
        return cuts


@dataclass(frozen=True)
class _Step:
    """What one layer looks for: sets of so many units and up to so many gaps."""

    units: int
    gaps: int
    known: set[_kernel.Set]

    @cached_property
    def singles(self) -> frozenset[int]:
        """Items that stop the target alone: no other set holds one."""
        return frozenset(item for s in self.known if len(s) == 1 for item in s)

    @cached_property
    def above_singles(self) -> list[_kernel.Set]:
        """Known sets of more than one item."""
        return [s for s in self.known if len(s) > 1]


def _subset_count(items: int, most: int) -> int:
    return sum(comb(items, size) for size in range(min(most, items) + 1))


def can_solve() -> bool:
    """Return whether python-sat is installed, which :func:`cheapest` needs."""
    return find_spec("pysat") is not None


def cheapest(
    task: Task, weights: Sequence[int], count: int, seconds: float
) -> tuple[list[tuple[int, _kernel.Set]], bool]:
    """Return the `count` cheapest minimal cuts by MaxSAT, of any order, and whether these are all.

    Parameters
    ----------
    weights
        Cost of each unit, 1 or more.
    seconds
        Time for it; the cuts found until then are the cheapest, fewer than asked for.
    """
    found = list(_within("cheapest", task, (weights, count), seconds))
    ended = ENDED in found
    return [item for item in found if item != ENDED], ended


def _cheapest(
    task: Task, weights: Sequence[int], count: int
) -> Iterator[tuple[int, _kernel.Set] | str]:
    from supplynet.analysis.maxsat import cheapest_cuts

    task = task.listed
    runs = [False] * len(task.program.stopped)
    for vertex in task.order:
        runs[vertex] = True
    hits = task.some_hits(gaps=False)
    cuts = cheapest_cuts(task.program, runs, hits, task.target, weights)
    yield from islice(cuts, count)
    yield ENDED


# A search with a limit of time: by a second process, which can be ended at any moment


def _within(what: str, task: Task, arguments: tuple[Any, ...], seconds: float) -> Iterator[Any]:
    """Yield what a second process finds in time."""
    ends = time.monotonic() + seconds
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; "
        "from supplynet.analysis.planner import serve; serve()"
    )
    with subprocess.Popen(  # noqa: S603 - this Python, our own code
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        if other.stdin is None or other.stdout is None:
            raise RuntimeError("no pipe to the second process")
        found: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=_listen, args=(other.stdout, found), daemon=True).start()
        try:
            with other.stdin as pipe:
                pickle.dump((what, task.fields(), arguments), pipe)
            while True:
                try:
                    item = found.get(timeout=max(0, ends - time.monotonic()))
                except Empty:
                    return
                if item is None:
                    other.wait()
                    break
                yield item
        finally:
            other.kill()
    if other.returncode:
        raise RuntimeError("the second process of the search failed; see its message above")


def _listen(pipe: BinaryIO, found: SimpleQueue[Any]) -> None:
    try:
        while True:
            found.put(pickle.load(pipe))  # noqa: S301 - written by the process that we started
    except (EOFError, pickle.UnpicklingError, ValueError):
        found.put(None)


def serve() -> None:
    """Search as the second process: the task comes in on stdin, what is found goes out."""
    what, given, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - from who started us
    searches: dict[str, Callable[..., Iterator[Any]]] = {"layers": layers, "cheapest": _cheapest}
    for item in searches[what](Task(*given), *arguments):
        pickle.dump(item, sys.stdout.buffer)
        sys.stdout.buffer.flush()
