"""Single points of failure and minimal cut sets: what, lost alone or together, stops a target."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.analysis import _kernel, planner
from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Because, Reading
from supplynet.errors import QuestionError, UnknownNameError
from supplynet.units import (
    CONFIDENCES,
    Gap,
    Question,
    Unit,
    ask,
    compile_network,
    compile_units,
)

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = [
    "Basis",
    "Chokepoint",
    "Chokepoints",
    "CutSets",
    "NotRunning",
    "Possible",
    "minimal_cut_sets",
    "single_points_of_failure",
]

#: Seconds for cut sets in order of cost where no limit is given: MaxSAT has no measure of work.
_MAXSAT_SECONDS = 60.0
#: Chokepoints times nodes up to which each chokepoint carries what it stops and why.
_DETAIL_WORK = 200_000

_CERTAINTIES = ("certain", "assumed", "possible")


@dataclass(frozen=True, slots=True)
class Basis:
    """What an answer rests on, counted among the nodes upstream of the target.

    Attributes
    ----------
    gaps
        Unknowns that the search takes into account.
    supplier_lists_assumed_complete
        Needs whose list of suppliers is taken to be complete because nothing says otherwise.
    illustrative
        Needs that no better than an illustrative row speaks for.
    not_running
        Nodes that are down before anything is lost.
    """

    gaps: int
    supplier_lists_assumed_complete: int
    illustrative: int
    not_running: int

    def to_dict(self) -> dict[str, int]:
        """Return the ``basis`` object of the JSON envelope."""
        return {
            "gaps": self.gaps,
            "supplier_lists_assumed_complete": self.supplier_lists_assumed_complete,
            "illustrative": self.illustrative,
            "not_running": self.not_running,
        }


@dataclass(frozen=True, slots=True, order=True)
class Possible:
    """Units that stop the target if gaps, at least one, turn out badly; minimal in both."""

    units: tuple[str, ...]
    gaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the pair as it stands in the JSON."""
        return {"units": list(self.units), "gaps": list(self.gaps)}


@dataclass(frozen=True, slots=True, order=True)
class NotRunning:
    """A node upstream that is down before anything is lost: redundancy on paper."""

    node: str
    why: str

    def to_dict(self) -> dict[str, str]:
        """Return the node as it stands in the JSON."""
        return {"node": self.node, "why": self.why}


@dataclass(frozen=True, eq=False)
class CutSets:
    """The minimal cut sets of one target; the fields are those of the JSON ``result``.

    Attributes
    ----------
    status
        ``runs``, ``possibly_stopped`` or ``already_stopped`` with nothing lost.
    complete, complete_to
        Whether all cut sets within the limits were found and are listed; the largest order fully
        searched.
    possible_complete, possible_complete_to
        The same for the pairs with gaps, which are searched less far.
    cut_sets
        Certain and assumed sets, members sorted, sets sorted by size and then members.
    assumed
        Those of `cut_sets` that rest on illustrative needs.
    possible
        Minimal pairs of units and gaps.
    blind_spots
        Gaps that stop the target alone, by id.
    own
        Units that take the target itself, or whose government has a lever on it.
    not_running
        Nodes upstream that are down with nothing lost, and why.
    not_modelled
        ``node/need`` of upstream needs that are named in the data but not evaluated.
    not_upstream
        Nodes that reach the target by no recorded supply: nothing is said of them.
    uninformative
        ``node/need`` of upstream needs with less than half of the shares recorded, where a
        coverage is asked for: it says little about them.
    assumed_count
        How many cut sets are assumed, listed or not.
    costs, cost_bound
        Where weights were given, the cost of each cut set, and what a cut set that is not listed
        costs at least (``None``: there is none).
    """

    question: Question
    basis: Basis
    status: str
    complete: bool
    complete_to: int
    possible_complete_to: int
    max_order: int
    count: int
    by_order: Mapping[int, int]
    cut_sets: tuple[tuple[str, ...], ...]
    assumed: tuple[tuple[str, ...], ...]
    method: str
    possible: tuple[Possible, ...]
    blind_spots: tuple[str, ...]
    own: tuple[str, ...]
    not_running: tuple[NotRunning, ...]
    not_modelled: tuple[str, ...]
    not_upstream: tuple[str, ...]
    assumed_count: int = 0
    costs: tuple[Decimal, ...] | None = None
    cost_bound: Decimal | None = None
    uninformative: tuple[str, ...] = ()

    @property
    def possible_complete(self) -> bool:
        """Whether all pairs of units and gaps within the limits were found."""
        return self.possible_complete_to == self.max_order

    @property
    def certain(self) -> tuple[tuple[str, ...], ...]:
        """The cut sets that rest on no illustrative need."""
        assumed = set(self.assumed)
        return tuple(s for s in self.cut_sets if s not in assumed)

    def first(self, limit: int) -> CutSets:
        """Return the same answer with at most so many cut sets listed."""
        if self.count <= limit:
            return self
        listed = self.cut_sets[:limit]
        shown = set(listed)
        assumed = tuple(s for s in self.assumed if s in shown)
        return replace(self, cut_sets=listed, assumed=assumed, complete=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        bound = None if self.cost_bound is None else str(self.cost_bound)
        costs = (
            {}
            if self.costs is None
            else {
                "costs": [str(cost) for cost in self.costs],
                "cost_bound": bound,
            }
        )
        return {
            "status": self.status,
            "complete": self.complete,
            "complete_to": self.complete_to,
            "possible_complete": self.possible_complete,
            "possible_complete_to": self.possible_complete_to,
            "max_order": self.max_order,
            "count": self.count,
            "by_order": {str(order): n for order, n in self.by_order.items()},
            "cut_sets": [list(s) for s in self.cut_sets],
            "assumed": [list(s) for s in self.assumed],
            "assumed_count": self.assumed_count,
            **costs,
            "method": self.method,
            "possible": [p.to_dict() for p in self.possible],
            "blind_spots": list(self.blind_spots),
            "own": list(self.own),
            "not_running": [n.to_dict() for n in self.not_running],
            "not_modelled": list(self.not_modelled),
            "not_upstream": list(self.not_upstream),
            "uninformative": list(self.uninformative),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per set: units, order, certainty, gaps."""
        import pandas as pd

        assumed = set(self.assumed)
        rows = [
            (";".join(s), len(s), "assumed" if s in assumed else "certain", "")
            for s in self.cut_sets
        ]
        rows += [
            (";".join(p.units), len(p.units), "possible", ";".join(p.gaps)) for p in self.possible
        ]
        frame = pd.DataFrame(rows, columns=["units", "order", "certainty", "gaps"])
        if self.costs is not None:
            frame["cost"] = [str(c) for c in self.costs] + [""] * len(self.possible)
        return frame

    def __repr__(self) -> str:
        found = ", ".join(f"{n} of order {order}" for order, n in self.by_order.items())
        bound = f"complete to order {self.complete_to}, with gaps to {self.possible_complete_to}"
        return (
            f"<CutSets of {self.question.target!r} by {self.question.by}: {self.status}; "
            f"{found or 'none'}, {len(self.possible)} possible; {bound}>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


@dataclass(frozen=True, slots=True)
class Chokepoint:
    """A unit that stops the target alone, how sure that is, and why.

    Attributes
    ----------
    unit, label, kind
        Id, name and what it is: the kind of a node, or the `by`.
    certainty
        ``certain``, ``assumed`` (only if illustrative needs are right) or ``possible`` (only if
        `gaps` turn out badly).
    evidence
        Highest confidence at which it still stops the target using only needs of that confidence
        or better.
    nodes
        Nodes upstream of the target that are lost with it.
    supplies
        Supplies that are blocked with it.
    stages
        Stages of those nodes, or of the suppliers of those supplies.
    stops
        Nodes that go down in consequence, the target among them; ``None`` where left out.
    because
        The chain of unmet needs from the target on; ``None`` where left out.
    gaps
        Gaps that must be at their bad end.
    """

    unit: str
    label: str
    kind: str
    certainty: str
    evidence: str
    nodes: tuple[str, ...]
    supplies: tuple[str, ...]
    stages: tuple[str, ...]
    stops: tuple[str, ...] | None
    because: tuple[Because, ...] | None
    gaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the chokepoint as it stands in the JSON."""
        return {
            "unit": self.unit,
            "label": self.label,
            "kind": self.kind,
            "certainty": self.certainty,
            "evidence": self.evidence,
            "nodes": list(self.nodes),
            "supplies": list(self.supplies),
            "stages": list(self.stages),
            "stops": None if self.stops is None else list(self.stops),
            "because": None if self.because is None else [b.to_dict() for b in self.because],
            "gaps": list(self.gaps),
        }


@dataclass(frozen=True, eq=False)
class Chokepoints:
    """The single points of failure of one target, ranked; the fields of the JSON ``result``.

    Sorted certain, assumed, possible, then by evidence, then by unit. By node, industries
    (``kind=aggregate``) stand apart under `aggregates`. An empty list says that no unit alone
    stops the target on the record as it stands, not that the target is safe: see `blind_spots`,
    `own` and `not_modelled`.
    """

    question: Question
    basis: Basis
    status: str
    chokepoints: tuple[Chokepoint, ...]
    own: tuple[str, ...]
    aggregates: tuple[Chokepoint, ...]
    blind_spots: tuple[str, ...]
    not_running: tuple[NotRunning, ...]
    not_modelled: tuple[str, ...]
    not_upstream: tuple[str, ...]
    complete: bool
    without_details: int
    uninformative: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "status": self.status,
            "chokepoints": [c.to_dict() for c in self.chokepoints],
            "own": list(self.own),
            "aggregates": [c.to_dict() for c in self.aggregates],
            "blind_spots": list(self.blind_spots),
            "not_running": [n.to_dict() for n in self.not_running],
            "not_modelled": list(self.not_modelled),
            "not_upstream": list(self.not_upstream),
            "uninformative": list(self.uninformative),
            "complete": self.complete,
            "without_details": self.without_details,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per chokepoint, aggregates included."""
        import pandas as pd

        columns = ["unit", "label", "kind", "certainty", "evidence", "nodes", "stages", "gaps"]
        rows = [
            (
                c.unit,
                c.label,
                c.kind,
                c.certainty,
                c.evidence,
                ";".join(c.nodes),
                ";".join(c.stages),
                ";".join(c.gaps),
            )
            for c in (*self.chokepoints, *self.aggregates)
        ]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        found = Counter(c.certainty for c in (*self.chokepoints, *self.aggregates))
        counts = ", ".join(f"{found[c]} {c}" for c in _CERTAINTIES)
        return (
            f"<Chokepoints of {self.question.target!r} by {self.question.by}: {self.status}; "
            f"{counts}; {len(self.blind_spots)} blind spots>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


class _Search:
    """One question on one network: the readings, the numbering of units and gaps, the searches."""

    def __init__(
        self,
        net: SupplyNetwork,
        question: Question,
        *,
        minimum: bool = False,
        count_only: bool = False,
        seconds: float | None = None,
    ) -> None:
        self.net = net
        self.question = question
        self.compiled = compile_network(net, question.on, question.coverage)
        self.units = compile_units(net, self.compiled, question.by)
        self.own = self.units.own(question.target)
        members = [u for u in self.units.units if u.name not in self.own]
        self.first_gap = len(members)
        unclear = self.units.gaps(self.compiled, question.target)
        gaps = sorted((*self.compiled.gaps, *unclear), key=lambda g: g.id)
        self.items: list[Unit | Gap] = [*members, *gaps]
        self._readings: dict[int, Reading] = {}
        self._whole: dict[int, Reading] = {}
        self.methods: dict[str, None] = {}
        self.minimum = minimum
        self.count_only = count_only
        self.ends = None if seconds is None else time.monotonic() + seconds

    def reading(self, level: int) -> Reading:
        if level not in self._readings:
            self._readings[level] = Reading(self.compiled, level, self.question.target)
        return self._readings[level]

    def whole(self, level: int) -> Reading:
        if level not in self._whole:
            self._whole[level] = Reading(self.compiled, level)
        return self._whole[level]

    @cached_property
    def base_level(self) -> int:
        """The recorded network; where only illustrative needs hold it down, without those."""
        stopped = self.reading(ILLUSTRATIVE).stops() and not self.reading(LOW).stops()
        return LOW if stopped else ILLUSTRATIVE

    @cached_property
    def status(self) -> str:
        if self.reading(LOW).stops():
            return "already_stopped"
        if self.base_level == LOW:
            return "possibly_stopped"
        if self.reading(ILLUSTRATIVE).stops(self.compiled.gaps):
            return "possibly_stopped"
        return "runs"

    def name(self, item: int) -> str:
        found = self.items[item]
        return found.name if isinstance(found, Unit) else found.id

    def lost(self, members: Iterable[int]) -> list[Unit | Gap]:
        return [self.items[m] for m in sorted(members)]

    def _hits(self, reading: Reading) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """Return the items that stop each vertex and cut each edge, in the reading's numbers."""
        vertex_items: dict[int, list[int]] = defaultdict(list)
        edge_items: dict[int, list[int]] = defaultdict(list)
        for number, item in enumerate(self.items):
            for vertex in item.vertices:
                if vertex in reading.vertex_number:
                    vertex_items[reading.vertex_number[vertex]].append(number)
            for edge in item.edges:
                if edge in reading.edge_number:
                    edge_items[reading.edge_number[edge]].append(number)
        return vertex_items, edge_items

    def singles(self, level: int) -> frozenset[int]:
        """Return the units and gaps that stop the target alone at one level."""
        reading = self.reading(level)
        if reading.stops():
            return frozenset()
        task = self.task(level)
        found = _kernel.single_points_of_one(
            task.program, task.order, task.hits, task.target, task.chain.uses
        )
        return frozenset(found)

    def task(self, level: int) -> planner.Task:
        """Return what the planner searches at one level."""
        reading = self.reading(level)
        if reading.target is None:
            raise ValueError("a search has a target")
        hits = _kernel.hits_of(reading.program, *self._hits(reading))
        return planner.Task(reading.program, reading.target, hits, self.first_gap, len(self.items))

    def minimal(self, level: int, *, max_order: int, max_gaps: int) -> planner.Found:
        """Return the minimal sets of up to `max_order` units and `max_gaps` gaps."""
        found = planner.find(
            self.task(level),
            max_order=max_order,
            max_gaps=max_gaps,
            minimum=self.minimum,
            count_only=self.count_only and not self.rests_on_illustrative,
            seconds=self.seconds_left(),
        )
        self.methods.update(dict.fromkeys(found.methods))
        return found

    def cheapest(
        self, cost: Mapping[str, Decimal], limit: int, bound: Decimal
    ) -> tuple[dict[tuple[str, ...], Decimal], Decimal | None]:
        """Return the cheapest cut sets of any order, and what any other costs at least.

        `bound` is what is known before, and stays where python-sat is not installed.
        """
        if not planner.can_solve():
            return {}, bound
        scale = Decimal(10) ** max(0, *(-int(c.as_tuple().exponent) for c in cost.values()))
        weights = [int(cost.get(self.name(i), 0) * scale) for i in range(self.first_gap)]
        seconds = self.seconds_left()
        found: dict[tuple[str, ...], Decimal] = {}
        bounds: list[Decimal] = []
        levels = {self.base_level, LOW} if self.rests_on_illustrative else {self.base_level}
        for level in sorted(levels):
            sets, ended = planner.cheapest(
                self.task(level), weights, limit, _MAXSAT_SECONDS if seconds is None else seconds
            )
            found |= {self.split([s])[0][0]: total / scale for total, s in sets}
            if not ended or len(sets) == limit:
                bounds.append(max(bound, sets[-1][0] / scale) if sets else bound)
        self.methods[planner.MAXSAT] = None
        return found, min(bounds, default=None)

    def surely_stops(self, names: Iterable[str]) -> bool:
        """Return whether units stop the target without any illustrative need."""
        return self.reading(LOW).stops([self.units.named(name) for name in names])

    def seconds_left(self) -> float | None:
        """Return the time left for the search; ``None`` where it has no limit."""
        return None if self.ends is None else max(0.0, self.ends - time.monotonic())

    @property
    def method(self) -> str:
        """The methods used, in the order in which they were tried."""
        return "; ".join(self.methods) or "nothing to search"

    def split(self, sets: Iterable[_kernel.Set]) -> tuple[list[tuple[str, ...]], list[Possible]]:
        """Return the sets of units, and the pairs of units and gaps, by name and sorted."""
        plain, pairs = [], []
        for members in sets:
            units = tuple(sorted(self.name(m) for m in members if m < self.first_gap))
            gaps = tuple(sorted(self.name(m) for m in members if m >= self.first_gap))
            if not gaps:
                plain.append(units)
            elif units:
                pairs.append(Possible(units, gaps))
        plain.sort(key=lambda s: (len(s), s))
        pairs.sort(key=lambda p: (len(p.units), p.units, p.gaps))
        return plain, pairs

    @cached_property
    def not_running(self) -> tuple[NotRunning, ...]:
        return tuple(NotRunning(*row) for row in self.reading(ILLUSTRATIVE).not_running())

    @cached_property
    def not_upstream(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.compiled.nodes) - self.reading(ILLUSTRATIVE).nodes))

    @cached_property
    def not_modelled(self) -> tuple[str, ...]:
        cone = self.reading(ILLUSTRATIVE).nodes
        named = ((self.compiled.nodes[node], need) for node, need in self.compiled.not_modelled)
        return tuple(sorted(f"{node}/{need}" for node, need in named if node in cone))

    @cached_property
    def uninformative(self) -> tuple[str, ...]:
        return self.reading(ILLUSTRATIVE).uninformative

    @cached_property
    def basis(self) -> Basis:
        reading = self.reading(ILLUSTRATIVE)
        gaps = sum(reading.reaches(item) for item in self.items[self.first_gap :])
        return Basis(
            gaps=gaps,
            supplier_lists_assumed_complete=reading.assumed_complete,
            illustrative=reading.illustrative,
            not_running=len(self.not_running),
        )

    @cached_property
    def rests_on_illustrative(self) -> bool:
        return self.reading(ILLUSTRATIVE).illustrative > 0


def minimal_cut_sets(
    net: SupplyNetwork,
    target: str | None = None,
    *,
    by: str = "node",
    on: date | str | None = None,
    max_order: int = 2,
    max_gaps: int = 1,
    minimum: bool = False,
    weights: Mapping[str, Decimal | float | str] | None = None,
    limit: int | None = None,
    time_limit: float | None = None,
    coverage: Decimal | str | int | None = None,
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> CutSets:
    """Return the minimal sets of units whose loss stops the target, up to an order.

    Parameters
    ----------
    net
        The network.
    target
        Node that must not stop; ``None``: the one that `network.toml` names.
    by
        What is lost together: ``node``, ``operator``, ``owner``, ``country``, ``controller``,
        ``material``, ``stage``, ``supply`` or a column of `nodes`.
    on
        Date (ISO text or a date); ``None``: that of the data.
    max_order
        Most units in a set, 1 or more.
    max_gaps
        Most gaps in a possible pair, 0 or more.
    minimum
        Only the sets of the smallest order that has any, up to `max_order`.
    weights
        Cost of taking out each unit that can matter, above 0: sets are then sorted by cost.
    limit
        Most cut sets listed, the cheapest where there are `weights`; a list cut short says
        ``complete=False``. With `weights`, a limit also brings in cheaper sets of a higher order
        where python-sat is installed.
    time_limit
        Seconds for the search, which is then made by a second process and ended in time; what was
        not searched by then is said in `complete_to`. ``None``: a fixed amount of work, which
        gives the same answer each time.
    coverage
        Part of an intake, above 0 and up to 1, that delivering suppliers must hold, as exact text
        (``"0.9"``) or a decimal; ``None``: any one supplier is enough.
    **later
        `measures`, `end_use`, `destination`: only their defaults are answered.

    Returns
    -------
    CutSets
        Certain, assumed and possible sets, blind spots, and how far the search is complete.

    Raises
    ------
    UnknownNameError
        No node is called `target`.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    Exact on cyclic AND/OR networks. Certain sets are minimal with illustrative needs taken as
    met, assumed ones on the network as recorded. An empty list up to the bound does not say that
    the target is safe: gaps, unlisted suppliers and needs that are not modelled remain. The cost
    grows with the number of sets; past a fixed amount of work the answer says how far it got.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> found = supplynet.minimal_cut_sets(net, "missile")
    >>> found.cut_sets[0]
    ('cofe',)
    >>> found.by_order, found.complete
    ({1: 1, 2: 4}, True)
    """
    question = ask(
        net,
        target,
        by=by,
        on=on,
        max_order=max_order,
        max_gaps=max_gaps,
        coverage=coverage,
        **later,
    )
    if limit is not None and limit < 0:
        raise QuestionError("limit must be 0 or more")
    if time_limit is not None and not time_limit > 0:
        raise QuestionError("time_limit must be above 0 seconds")
    search = _Search(net, question, minimum=minimum, count_only=limit == 0, seconds=time_limit)
    found = _cut_sets(search)
    if weights is None:
        return found if limit is None else found.first(limit)
    return _by_cost(search, found, weights, limit)


def _cut_sets(search: _Search) -> CutSets:
    question = search.question
    cut_sets: list[tuple[str, ...]] = [()]
    assumed: list[tuple[str, ...]] = []
    pairs: list[Possible] = []
    blind: list[str] = []
    counts: Mapping[int, int] | None = None
    max_order = complete_to = possible_to = question.max_order
    if search.status != "already_stopped":
        base = search.minimal(search.base_level, max_order=max_order, max_gaps=question.max_gaps)
        max_order, complete_to, possible_to = base.max_order, base.complete_to, base.pairs_to
        recorded, pairs = search.split(base.sets)
        blind = _blind_spots(search)
        certain = recorded
        if search.base_level == ILLUSTRATIVE and search.rests_on_illustrative:
            search.minimum = False
            strict = search.minimal(LOW, max_order=max_order, max_gaps=0)
            certain = search.split(strict.sets)[0]
            complete_to = min(complete_to, strict.complete_to)
        sure = set(certain)
        cut_sets = sorted(sure.union(recorded), key=lambda s: (len(s), s))
        assumed = [s for s in recorded if s not in sure]
        counts = base.counts
    if counts is None:
        counts = Counter(len(s) for s in cut_sets)
    else:
        cut_sets = []
    return CutSets(
        question=question,
        basis=search.basis,
        status=search.status,
        complete=complete_to == max_order,
        complete_to=complete_to,
        possible_complete_to=possible_to,
        max_order=max_order,
        count=sum(counts.values()),
        by_order=dict(sorted(counts.items())),
        cut_sets=tuple(cut_sets),
        assumed=tuple(assumed),
        assumed_count=len(assumed),
        method=search.method,
        possible=tuple(pairs),
        blind_spots=tuple(blind),
        own=tuple(sorted(search.own)),
        not_running=search.not_running,
        not_modelled=search.not_modelled,
        not_upstream=search.not_upstream,
        uninformative=search.uninformative,
    )


def _by_cost(
    search: _Search,
    found: CutSets,
    weights: Mapping[str, Decimal | float | str],
    limit: int | None,
) -> CutSets:
    """Return the cut sets sorted by cost, and what one that is not listed costs at least."""
    cost = _costs(search, weights)
    priced = {s: sum((cost[unit] for unit in s), Decimal(0)) for s in found.cut_sets}
    # A set above the orders that were searched holds at least so many units.
    fewest = sorted(cost.values())[: found.complete_to + 1]
    bound = sum(fewest, Decimal(0)) if len(fewest) > found.complete_to else None
    enough = limit is not None and sorted(priced.values())[limit - 1 : limit]
    if limit and bound is not None and not (enough and enough[0] <= bound):
        further, bound = search.cheapest(cost, limit, bound)
        priced |= further
    ordered = sorted(priced, key=lambda s: (priced[s], len(s), s))
    listed = ordered if limit is None else ordered[:limit]
    beyond = [priced[s] for s in ordered[len(listed) :][:1]] + ([] if bound is None else [bound])
    sure = set(found.certain)
    assumed_sets = [s for s in ordered if s not in sure and not search.surely_stops(s)]
    return replace(
        found,
        complete=found.complete and len(listed) == len(ordered),
        count=len(ordered),
        by_order=dict(sorted(Counter(map(len, ordered)).items())),
        cut_sets=tuple(listed),
        assumed=tuple(s for s in assumed_sets if s in set(listed)),
        assumed_count=len(assumed_sets),
        method=search.method,
        costs=tuple(priced[s] for s in listed),
        cost_bound=min(beyond, default=None),
    )


def _costs(search: _Search, weights: Mapping[str, Decimal | float | str]) -> dict[str, Decimal]:
    """Return the cost of each unit that can matter, checked."""
    reading = search.reading(ILLUSTRATIVE)
    units = [u for u in search.units.units if u.name not in search.own and reading.reaches(u)]
    unknown = sorted(set(weights) - set(search.units.by_name))
    if unknown:
        raise UnknownNameError(search.question.by, unknown[0], search.units.by_name)
    missing = [u.name for u in units if u.name not in weights]
    if missing:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise QuestionError(
            f"weights: no cost is given for {len(missing):,} of {len(units):,} units that can "
            f"matter: {shown}. Give one for each"
        )
    return {u.name: _cost(u.name, weights[u.name]) for u in units}


def _cost(unit: str, given: Decimal | float | str) -> Decimal:
    try:
        cost = Decimal(str(given))
    except InvalidOperation:
        cost = Decimal(0)
    if not (cost.is_finite() and cost > 0):
        raise QuestionError(f"weights: the cost of {unit} is {given!r}; it must be above 0")
    return cost


def _blind_spots(search: _Search) -> list[str]:
    return sorted(
        search.name(item) for item in search.singles(search.base_level) if item >= search.first_gap
    )


def single_points_of_failure(
    net: SupplyNetwork,
    target: str | None = None,
    *,
    by: str = "node",
    on: date | str | None = None,
    max_gaps: int = 1,
    coverage: Decimal | str | int | None = None,
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> Chokepoints:
    """Return the units that stop the target when lost alone, ranked, each with why.

    Parameters
    ----------
    net, target, by, on, max_gaps, coverage, **later
        As in :func:`minimal_cut_sets`.

    Returns
    -------
    Chokepoints
        Sorted certain, assumed, possible, then by evidence, then by unit.

    Raises
    ------
    UnknownNameError
        No node is called `target`.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    The same sets as :func:`minimal_cut_sets` at order 1. Where very many chokepoints meet a very
    large network, the last ones carry no `stops` and `because`; `without_details` counts them and
    `explain` gives them one at a time.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> [c.unit for c in supplynet.single_points_of_failure(net, "missile").chokepoints]
    ['cofe']
    """
    question = ask(
        net, target, by=by, on=on, max_order=1, max_gaps=max_gaps, coverage=coverage, **later
    )
    search = _Search(net, question)
    found = _cut_sets(search)
    number = {search.name(i): i for i in range(len(search.items))}
    assumed = set(found.assumed)
    singles: list[tuple[str, str, tuple[str, ...]]] = [
        (unit, "assumed" if (unit,) in assumed else "certain", ())
        for s in found.cut_sets
        for unit in s
    ]
    singles += [(p.units[0], "possible", p.gaps) for p in found.possible]
    evidence = _Evidence(search)
    graded = sorted(
        (_CERTAINTIES.index(certainty), -evidence.level((unit, *gaps), number), unit, gaps)
        for unit, certainty, gaps in singles
    )
    size = max(1, len(search.reading(search.base_level).program.stopped))
    detailed = _DETAIL_WORK // size
    points = [
        _chokepoint(search, number, row, with_details=place < detailed)
        for place, row in enumerate(graded)
    ]
    apart = question.by == "node"
    return Chokepoints(
        question=question,
        basis=found.basis,
        status=found.status,
        chokepoints=tuple(p for p in points if not (apart and p.kind == "aggregate")),
        own=found.own,
        aggregates=tuple(p for p in points if apart and p.kind == "aggregate"),
        blind_spots=found.blind_spots,
        not_running=found.not_running,
        not_modelled=found.not_modelled,
        not_upstream=found.not_upstream,
        uninformative=found.uninformative,
        complete=found.complete and found.possible_complete,
        without_details=max(0, len(points) - detailed),
    )


class _Evidence:
    """The highest level of confidence at which a set still stops the target."""

    def __init__(self, search: _Search) -> None:
        self.search = search
        levels = range(len(CONFIDENCES))
        self.singles = {level: search.singles(level) for level in levels}
        self.down = {level: search.reading(level).stops() for level in levels}

    def level(self, names: Sequence[str], number: Mapping[str, int]) -> int:
        members = [number[name] for name in names]
        for level in reversed(range(len(CONFIDENCES))):
            if len(members) == 1 and not self.down[level]:
                holds = members[0] in self.singles[level]
            else:
                holds = self.search.reading(level).stops(self.search.lost(members))
            if holds:
                return level
        return ILLUSTRATIVE


def _chokepoint(
    search: _Search,
    number: Mapping[str, int],
    row: tuple[int, int, str, tuple[str, ...]],
    *,
    with_details: bool,
) -> Chokepoint:
    certainty, evidence, name, gaps = row
    unit = search.units.named(name)
    level = LOW if _CERTAINTIES[certainty] == "certain" else search.base_level
    reading = search.reading(level)
    compiled = search.compiled
    nodes = [compiled.nodes[v] for v in unit.vertices if v in reading.vertex_number]
    supplies = [
        compiled.supply_ids[s]
        for s in unit.supplies
        if any(e in reading.edge_number for e in compiled.edges_of_supply[s])
    ]
    stops: tuple[str, ...] | None = None
    because: tuple[Because, ...] | None = None
    if with_details:
        lost = search.lost([number[name], *(number[g] for g in gaps)])
        whole = search.whole(level)
        down = set(whole.down(whole.run(lost))) - set(whole.down(whole.unharmed[1]))
        stops = tuple(sorted((down & reading.nodes) - set(nodes)))
        because = reading.because(lost, search.question.target)
    return Chokepoint(
        unit=unit.name,
        label=unit.label,
        kind=unit.kind,
        certainty=_CERTAINTIES[certainty],
        evidence=CONFIDENCES[-evidence],
        nodes=tuple(sorted(nodes)),
        supplies=tuple(sorted(supplies)),
        stages=_stages(search.net, nodes, supplies),
        stops=stops,
        because=because,
        gaps=gaps,
    )


def _stages(net: SupplyNetwork, nodes: Sequence[str], supplies: Sequence[str]) -> tuple[str, ...]:
    concerned = set(nodes)
    if supplies:
        blocked = set(supplies)
        table = net.table("supplies")
        concerned |= {
            supplier
            for key, supplier in zip(table.column("id"), table.column("supplier"), strict=True)
            if key in blocked
        }
    stages = {net.node_rows[node].get("stage") for node in concerned} - {None}
    return tuple(sorted(str(stage) for stage in stages))
