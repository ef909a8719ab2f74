"""How much each unit counts for a target, by counting cut sets: no probability is assumed.

A unit is critical to a set S of other units when the target runs with S lost and stops with S and
the unit lost. Birnbaum's structural importance is the share of sets S to which it is critical.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import comb
from typing import TYPE_CHECKING, Any

from supplynet.analysis.cutsets import CutSets, minimal_cut_sets
from supplynet.analysis.rankings import Agreement, agreement
from supplynet.analysis.reading import ILLUSTRATIVE, Reading
from supplynet.units import Question, Unit, ask, compile_network, compile_units

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Importance", "UnitImportance", "importance"]

#: Units upstream up to which every set of them is looked at.
_ALL_SETS = 20
#: Sets that stop the target that are listed to count them; beyond, smaller sets are counted.
_LISTED = 500_000
#: Nodes times edges up to which betweenness is computed to compare with.
_VIEW_WORK = 20_000_000

_CERTAINTIES = ("certain", "assumed", "possible")
#: On which reading sets are critical: illustrative needs taken as met, or all as recorded.
_READINGS = ("certain", "recorded")
_VIEWS = ("betweenness", "pagerank", "degree")

Sets = Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class UnitImportance:
    """How much one unit counts.

    Attributes
    ----------
    unit, label
        Id and name.
    rank
        By `birnbaum` on the network as recorded; equal values share a rank. They are listed by
        that of certain sets, then by the smallest possible pair, then by id.
    smallest
        Certainty to the order of the smallest set that holds it: how few others must be lost with
        it, and itself. Of possible pairs, units are counted.
    shares
        Certainty to order to the share of all sets of that order that hold it.
    birnbaum
        Of all sets of other units that are counted, the share to which it is critical:
        ``certain`` with illustrative needs taken as met, ``recorded`` on the network as recorded.
        ``None`` where none could be counted.
    """

    unit: str
    label: str
    rank: int
    smallest: Mapping[str, int]
    shares: Mapping[str, Mapping[int, Fraction]]
    birnbaum: Mapping[str, Fraction | None]

    def to_dict(self) -> dict[str, Any]:
        """Return the unit as it stands in the JSON; fractions are text, exact."""
        return {
            "unit": self.unit,
            "label": self.label,
            "rank": self.rank,
            "smallest": dict(self.smallest),
            "shares": {
                certainty: {str(order): str(share) for order, share in shares.items()}
                for certainty, shares in self.shares.items()
            },
            "birnbaum": {k: None if v is None else str(v) for k, v in self.birnbaum.items()},
        }


@dataclass(frozen=True, eq=False)
class Importance:
    """How much each unit counts for one target. Made by :func:`importance`.

    Attributes
    ----------
    status, complete, complete_to, possible_complete
        As in :class:`CutSets`.
    sets
        Certainty to order to the number of minimal sets that were found.
    upstream
        Units that can reach the target; the target's own are none of them.
    counted_to
        Per reading the most units in a set S of those that Birnbaum's importance counts; the
        number of all other units upstream where every set is counted.
    units
        Those that are in a set of any certainty, most important first.
    without
        How many units upstream are in none of them.
    own, blind_spots
        As in :class:`CutSets`: not part of any count.
    agreements
        How far rankings of the plain graph agree, by node.
    not_compared
        Rankings of the plain graph that were left out, and why.
    """

    question: Question
    status: str
    complete: bool
    complete_to: int
    possible_complete: bool
    sets: Mapping[str, Mapping[int, int]]
    upstream: int
    counted_to: Mapping[str, int | None]
    units: tuple[UnitImportance, ...]
    without: int
    own: tuple[str, ...]
    blind_spots: tuple[str, ...]
    agreements: tuple[Agreement, ...]
    not_compared: Mapping[str, str]

    def counted(self, reading: str = "recorded") -> str:
        """Return in words which sets Birnbaum's importance counts."""
        most, others = self.counted_to[reading], max(0, self.upstream - 1)
        if most is None:
            return "not counted: the search did not get far enough"
        if most >= others:
            return f"all sets of the {others:,} other units upstream"
        return f"sets of at most {most:,} of the {others:,} other units upstream"

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "measure": "importance",
            "label": "by counting minimal cut sets; no probabilities",
            "note": self.counted(),
            "on": self.question.on.isoformat() if self.question.on else None,
            "status": self.status,
            "complete": self.complete,
            "complete_to": self.complete_to,
            "possible_complete": self.possible_complete,
            "sets": {
                certainty: {str(order): n for order, n in orders.items()}
                for certainty, orders in self.sets.items()
            },
            "upstream": self.upstream,
            "counted_to": dict(self.counted_to),
            "units": [unit.to_dict() for unit in self.units],
            "without": self.without,
            "own": list(self.own),
            "blind_spots": list(self.blind_spots),
            "agreements": [a.to_dict() for a in self.agreements],
            "not_compared": dict(self.not_compared),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per unit; fractions are exact text, `value` is the ranking's, rounded."""
        import pandas as pd

        rows = []
        for unit in self.units:
            recorded, certain = unit.birnbaum["recorded"], unit.birnbaum["certain"]
            row: dict[str, Any] = {
                "rank": unit.rank,
                "unit": unit.unit,
                "label": unit.label,
                "birnbaum": None if recorded is None else str(recorded),
                "birnbaum_certain": None if certain is None else str(certain),
                "value": None if recorded is None else round(float(recorded), 12),
            }
            for certainty in _CERTAINTIES:
                row[f"smallest_{certainty}"] = unit.smallest.get(certainty)
                row[f"shares_{certainty}"] = ";".join(
                    f"{order}: {share}" for order, share in unit.shares[certainty].items()
                )
            rows.append(row)
        columns = ["rank", "unit", "label", "birnbaum", "birnbaum_certain", "value"]
        columns += [f"{w}_{c}" for c in _CERTAINTIES for w in ("smallest", "shares")]
        frame = pd.DataFrame(rows, columns=columns, dtype="object")
        return frame.astype({"rank": "int64"})

    def __repr__(self) -> str:
        first = ", ".join(u.unit for u in self.units if u.rank == 1)
        bound = "complete" if self.complete else f"complete only to order {self.complete_to}"
        return (
            f"<Importance for {self.question.target!r} by {self.question.by}: {self.status}; "
            f"first of {len(self.units)}: {first or 'none'}; {bound}>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


def importance(
    net: SupplyNetwork,
    target: str | None = None,
    *,
    by: str = "node",
    on: date | str | None = None,
    max_order: int = 2,
    max_gaps: int = 1,
    coverage: Decimal | str | int | None = None,
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> Importance:
    """Return how much each unit counts for the target, by counting its minimal cut sets.

    Parameters
    ----------
    net, target, by, on, max_order, max_gaps, coverage, **later
        As in :func:`supplynet.minimal_cut_sets`, but for what cuts its list short.

    Returns
    -------
    Importance
        Per unit the smallest order it appears in, the share of the sets of each order that hold
        it, and Birnbaum's structural importance, all as exact fractions; by node also how far the
        rankings of the plain graph agree. Most important first.

    Raises
    ------
    UnknownNameError
        No node is called `target`.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    No probability is assumed: sets are counted, each alike. With up to 20 units upstream every
    set of other units is counted. With more, the sets S of at most ``k - 1`` units are, where `k`
    is the order to which the search is complete: whether the target stops with S and one more lost
    then hangs on cut sets of order `k` at most, so the count is exact, and of these sets alone.
    Units that are in no cut set up to that order are not shown to be safe: a unit may count in
    larger sets, and gaps are at their good end. Where listing all sets that stop the target would
    take too long, smaller ones are counted; `counted_to` says how far.

    A target that is down already has no minimal set but the empty one, and no unit counts.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> found = supplynet.importance(net, "missile")
    >>> [(u.rank, u.unit, str(u.birnbaum["recorded"])) for u in found.units][:3]
    [(1, 'cofe', '81/256'), (2, 'magnet_1', '27/256'), (2, 'magnet_2', '27/256')]
    >>> found.counted()
    'all sets of the 8 other units upstream'

    References
    ----------
    Birnbaum, Z. W. (1969), On the importance of different components in a multicomponent system.
    In: Krishnaiah (ed.), Multivariate analysis II. Academic Press.
    """
    asked: dict[str, Any] = {"by": by, "on": on, "coverage": coverage, **later}
    question = ask(net, target, max_order=max_order, max_gaps=max_gaps, **asked)
    found = minimal_cut_sets(net, target, max_order=max_order, max_gaps=max_gaps, **asked)
    upstream = _upstream(net, found)
    families, complete_to = _families(found), found.complete_to
    if found.status == "already_stopped":
        families = {"certain": [], "recorded": []}
    elif max_order < len(upstream) <= _ALL_SETS:
        whole = minimal_cut_sets(net, target, max_order=len(upstream), max_gaps=0, **asked)
        if whole.complete_to > complete_to:
            families, complete_to = _families(whole), whole.complete_to
    counts = {r: _critical(families[r], len(upstream), complete_to) for r in _READINGS}
    value = {r: shares for r, (shares, _) in counts.items()}
    units = _units(found, upstream, value)
    agreements: tuple[Agreement, ...] = ()
    left_out: dict[str, str] = {}
    if question.by == "node" and value["recorded"] is not None:
        agreements, left_out = _agreements(net, question, value["recorded"])
    return Importance(
        question=question,
        status=found.status,
        complete=found.complete,
        complete_to=found.complete_to,
        possible_complete=found.possible_complete,
        sets={
            certainty: dict(sorted(Counter(map(len, sets)).items()))
            for certainty, sets in _sets(found).items()
        },
        upstream=len(upstream),
        counted_to={r: most for r, (_, most) in counts.items()},
        units=units,
        without=len(upstream) - len(units),
        own=found.own,
        blind_spots=found.blind_spots,
        agreements=agreements,
        not_compared=left_out,
    )


def _upstream(net: SupplyNetwork, found: CutSets) -> dict[str, Unit]:
    """Return the units, by name, that can reach the target; its own are left out."""
    asked = found.question
    compiled = compile_network(net, asked.on, asked.coverage)
    reading = Reading(compiled, ILLUSTRATIVE, asked.target)
    units = compile_units(net, compiled, asked.by).units
    own = set(found.own)
    return {u.name: u for u in units if u.name not in own and reading.reaches(u)}


def _sets(found: CutSets) -> dict[str, Sets]:
    """Return the minimal sets of each certainty; of possible pairs the units."""
    return {
        "certain": [frozenset(s) for s in found.certain if s],
        "assumed": [frozenset(s) for s in found.assumed],
        "possible": [frozenset(p.units) for p in found.possible],
    }


def _families(found: CutSets) -> dict[str, Sets]:
    """Return the sets that stop the target on each reading, minimal ones and maybe others."""
    return {
        "certain": [frozenset(s) for s in found.certain],
        "recorded": [frozenset(s) for s in found.cut_sets],
    }


def _units(
    found: CutSets,
    upstream: Mapping[str, Unit],
    value: Mapping[str, Mapping[str, Fraction] | None],
) -> tuple[UnitImportance, ...]:
    sets = _sets(found)
    smallest: dict[str, dict[str, int]] = defaultdict(dict)
    shares: dict[str, dict[str, dict[int, Fraction]]] = defaultdict(
        lambda: {certainty: {} for certainty in _CERTAINTIES}
    )
    for certainty in _CERTAINTIES:
        totals = Counter(map(len, sets[certainty]))
        held = Counter((unit, len(s)) for s in sets[certainty] for unit in s)
        for (unit, order), count in sorted(held.items()):
            smallest[unit].setdefault(certainty, order)
            shares[unit][certainty][order] = Fraction(count, totals[order])
    recorded, certain = value["recorded"], value["certain"]
    zero = Fraction(0)
    named = set(smallest).union(*(v for v in value.values() if v is not None))

    def of(shares_of: Mapping[str, Fraction] | None, unit: str) -> Fraction | None:
        return None if shares_of is None else shares_of.get(unit, zero)

    def key(unit: str) -> tuple[Fraction, Fraction, int, str]:
        first = smallest[unit].get("possible", len(upstream) + 1)
        return (-(of(recorded, unit) or zero), -(of(certain, unit) or zero), first, unit)

    ordered = sorted(named, key=key)
    units: list[UnitImportance] = []
    for place, unit in enumerate(ordered, start=1):
        birnbaum = {"certain": of(certain, unit), "recorded": of(recorded, unit)}
        tied = bool(units) and units[-1].birnbaum["recorded"] == birnbaum["recorded"]
        rank = units[-1].rank if tied else place
        label = upstream[unit].label
        units.append(UnitImportance(unit, label, rank, smallest[unit], shares[unit], birnbaum))
    return tuple(units)


# Counting


def _critical(
    family: Sets, upstream: int, complete_to: int
) -> tuple[Mapping[str, Fraction] | None, int | None]:
    """Return per unit the share of sets to which it is critical, and the most units in a set.

    `family` are sets that stop the target, among them every minimal one of up to `complete_to`
    units; `upstream` is the number of all units.
    """
    relevant = sorted({unit for s in family for unit in s})
    if complete_to >= upstream and len(relevant) <= _ALL_SETS:
        return _by_table(family, relevant), max(0, upstream - 1)
    if complete_to < 1:
        return None, None
    return _by_size(family, upstream, complete_to)


def _by_table(family: Sets, relevant: Sequence[str]) -> Mapping[str, Fraction]:
    """Count among all sets of units: bit S of one large number says whether S stops the target.

    Units outside `relevant` change nothing, so the share among the sets of these is that of all.
    """
    n = len(relevant)
    place = {unit: i for i, unit in enumerate(relevant)}
    stops = 0
    for s in family:
        stops |= 1 << sum(1 << place[unit] for unit in s)
    # Bits whose set lacks unit i: 2^i ones, 2^i zeros, and again.
    lacking = [_repeated((1 << (1 << i)) - 1, 2 << i, 1 << n) for i in range(n)]
    for i in range(n):
        # A set with more in it stops the target too.
        stops |= (stops & lacking[i]) << (1 << i)
    shares = {}
    for unit, i in place.items():
        with_it = (stops >> (1 << i)) & lacking[i]
        critical = with_it & ~stops
        shares[unit] = Fraction(critical.bit_count(), 1 << (n - 1))
    return shares


def _repeated(pattern: int, period: int, length: int) -> int:
    """Return a bit pattern repeated every `period` bits up to `length`, a power of 2 times it."""
    while period < length:
        pattern |= pattern << period
        period *= 2
    return pattern


def _by_size(family: Sets, upstream: int, complete_to: int) -> tuple[Mapping[str, Fraction], int]:
    """Count among sets of few units, by how many running sets of each size hold the unit."""
    small = [s for s in family if len(s) <= complete_to]
    alone = {unit for s in small if len(s) == 1 for unit in s}
    others = sorted({unit for s in small if not s & alone for unit in s})
    stopping = _stopping(small, others, alone, complete_to)
    largest = len(stopping)
    n = len(others)
    # Sets of units other than those that stop the target alone, by size, that leave it running.
    running = [1] + [comb(n, size) - len(stopping[size - 1]) for size in range(1, largest + 1)]
    holding: list[Counter[str]] = [Counter()]
    holding += [Counter(unit for s in sets for unit in s) for sets in stopping]
    outside = upstream - n - len(alone)
    most = largest - 1
    room = [
        sum(comb(outside, more) for more in range(min(outside, most - size) + 1))
        for size in range(most + 1)
    ]
    counted = sum(comb(upstream - 1, size) for size in range(min(most, upstream - 1) + 1))
    shares = {}
    for unit in (*sorted(alone), *others):
        critical = 0
        for size in range(most + 1):
            without = running[size]
            if unit not in alone:
                with_it = comb(n - 1, size) - holding[size + 1][unit]
                without -= comb(n - 1, size - 1) - holding[size][unit] if size else 0
                without -= with_it
            critical += without * room[size]
        shares[unit] = Fraction(critical, counted)
    return shares, min(most, upstream - 1)


def _stopping(
    small: Sets, others: Sequence[str], alone: Iterable[str], largest: int
) -> list[set[frozenset[str]]]:
    """Return the sets of `others` that stop the target by size, 1 first, while few enough."""
    found: list[set[frozenset[str]]] = [set()]
    for size in range(2, largest + 1):
        if len(found[-1]) * len(others) > _LISTED:
            break
        sets = {s for s in small if len(s) == size and s.isdisjoint(alone)}
        sets |= {s | {unit} for s in found[-1] for unit in others if unit not in s}
        found.append(sets)
    return found


# Agreement with the plain graph


def _agreements(
    net: SupplyNetwork, question: Question, value: Mapping[str, Fraction]
) -> tuple[tuple[Agreement, ...], dict[str, str]]:
    """Compare with rankings of the plain graph, over the nodes that could be lost and are in both.

    A node in no cut set counts with 0: a ranking that puts it first is wrong about it.
    """
    from supplynet.analysis.centrality import centrality

    can_fail = {
        node
        for node, row in net.node_rows.items()
        if row.get("can_fail") != "no" and node != question.target
    }
    work = len(net.node_rows) * len(net.table("supplies"))
    found, left_out = [], {}
    for view in _VIEWS:
        if view == "betweenness" and work > _VIEW_WORK:
            left_out[view] = "it takes too long on a network of this size"
            continue
        scores = centrality(net, view, on=question.on).scores
        seen = {s.id: s.value for s in scores if s.id in can_fail}
        ours = {node: value.get(node, Fraction(0)) for node in seen}
        found.append(agreement(view, ours, seen))
    return tuple(found), left_out
