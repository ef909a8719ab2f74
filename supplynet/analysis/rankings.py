"""How far two rankings of the same things agree; ties are counted as ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

__all__ = ["Agreement", "agreement"]

#: How many things at the top of both are compared.
_TOPS = (1, 3, 10)
#: Decimals of tau-b, which is a root.
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far another ranking agrees with that by importance.

    Attributes
    ----------
    view
        The other ranking.
    compared
        How many things are in both.
    concordant, discordant
        Pairs of things that both put in the same order, and in opposite orders.
    tied, tied_in_view
        Pairs that have the same importance, and the same value in the view.
    tau_b
        Kendall's tau-b, -1 to 1: concordant minus discordant pairs, divided by the root of the
        pairs not tied in one times those not tied in the other. Rounded to six decimals;
        ``None`` where one of them ties everything.
    overlap
        For the first 1, 3 and 10, as far as so many have any importance and others are left: the
        share of the most important that is among as many at the top of the view. Where a tie
        stands across the border, each of it counts with its chance to be inside: exact fractions.
    """

    view: str
    compared: int
    concordant: int
    discordant: int
    tied: int
    tied_in_view: int
    tau_b: Decimal | None
    overlap: Mapping[int, Fraction]

    def to_dict(self) -> dict[str, Any]:
        """Return the agreement as it stands in the JSON; numbers that are exact are text."""
        return {
            "view": self.view,
            "compared": self.compared,
            "concordant": self.concordant,
            "discordant": self.discordant,
            "tied": self.tied,
            "tied_in_view": self.tied_in_view,
            "tau_b": None if self.tau_b is None else str(self.tau_b),
            "overlap": {str(top): str(share) for top, share in self.overlap.items()},
        }


def agreement(view: str, ours: Mapping[str, Fraction], theirs: Mapping[str, float]) -> Agreement:
    """Return how far two rankings of the same keys agree; the highest value comes first.

    Examples
    --------
    >>> found = agreement("degree", {"a": Fraction(1), "b": Fraction(0)}, {"a": 2.0, "b": 3.0})
    >>> found.discordant, found.tau_b, found.overlap
    (1, Decimal('-1.000000'), {1: Fraction(0, 1)})
    """
    names = sorted(ours)
    rows = sorted((ours[name], theirs[name]) for name in names)
    pairs = _pairs(len(names))
    tied = sum(map(_pairs, Counter(ours.values()).values()))
    tied_in_view = sum(map(_pairs, Counter(theirs.values()).values()))
    tied_in_both = sum(map(_pairs, Counter(rows).values()))
    discordant = _inversions([other for _, other in rows])
    concordant = pairs - tied - tied_in_view + tied_in_both - discordant
    important = sum(value > 0 for value in ours.values())
    overlap = {}
    for top in _TOPS:
        if top <= important and top < len(names):
            inside, there = _chances(ours, top), _chances(theirs, top)
            both = (inside[name] * there[name] for name in inside.keys() & there.keys())
            overlap[top] = sum(both, Fraction(0)) / top
    return Agreement(
        view=view,
        compared=len(names),
        concordant=concordant,
        discordant=discordant,
        tied=tied,
        tied_in_view=tied_in_view,
        tau_b=_tau(concordant - discordant, (pairs - tied) * (pairs - tied_in_view)),
        overlap=overlap,
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _tau(difference: int, squared: int) -> Decimal | None:
    if not squared:
        return None
    exact = Context(prec=60)
    tau = exact.divide(Decimal(difference), exact.sqrt(Decimal(squared)))
    return tau.quantize(Decimal(1).scaleb(-_DECIMALS), rounding=ROUND_HALF_EVEN)


def _inversions(values: Sequence[float]) -> int:
    """Return how many pairs stand in falling order, by merging sorted runs.

    Rows are sorted by the first ranking and within its ties by the second, so that ties make none.
    """
    run, count, width = list(values), 0, 1
    while width < len(run):
        merged: list[float] = []
        for start in range(0, len(run), 2 * width):
            left = run[start : start + width]
            right = run[start + width : start + 2 * width]
            i = 0
            for value in right:
                while i < len(left) and left[i] <= value:
                    merged.append(left[i])
                    i += 1
                merged.append(value)
                count += len(left) - i
            merged += left[i:]
        run, width = merged, 2 * width
    return count


def _chances(values: Mapping[str, Any], top: int) -> dict[str, Fraction]:
    """Return the chance of each thing to be among the first, ties broken by lot."""
    border = sorted(values.values(), reverse=True)[top - 1]
    above = [name for name, value in values.items() if value > border]
    at = [name for name, value in values.items() if value == border]
    share = Fraction(top - len(above), len(at))
    return {**dict.fromkeys(above, Fraction(1)), **dict.fromkeys(at, share)}
