"""Who holds which part of an intake: recorded shares as exact integers, and who holds the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from math import gcd

from supplynet.errors import QuestionError
from supplynet.model import number_text

__all__ = ["MOST_DECIMALS", "Holding", "Intake", "coverage_of", "decimals_of", "divide"]

#: Decimals of a share that are reckoned with: twice a whole intake then stays within 62 bits.
MOST_DECIMALS = 18


def coverage_of(value: object) -> Decimal | None:
    """Return a coverage as an exact decimal, above 0 and at most 1; none given: ``None``.

    Raises
    ------
    QuestionError
        It is no such number, or a float, which is no exact decimal.

    Examples
    --------
    >>> coverage_of("0.90")
    Decimal('0.9')
    """
    if value is None:
        return None
    if isinstance(value, float):
        raise QuestionError(
            f"coverage={value!r} is a float, which is no exact decimal. "
            f'Give it as text: coverage="{value!r}"'
        )
    number = Decimal("nan")
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("nan")
    if not number.is_finite() or not 0 < number <= 1 or decimals_of(number) > MOST_DECIMALS:
        raise QuestionError(
            f"coverage is {value}, must be above 0 and at most 1, as 0.9 for 90 %, with at most "
            f"{MOST_DECIMALS} decimals"
        )
    return Decimal(number_text(number))


@lru_cache(maxsize=4096)
def decimals_of(number: Decimal) -> int:
    """Return how many decimals a number has, trailing zeros left out."""
    _, digits, exponent = number.as_tuple()
    if not any(digits) or not isinstance(exponent, int):
        return 0
    zeros = next(i for i, digit in enumerate(reversed(digits)) if digit)
    return max(0, -(exponent + zeros))


@dataclass(frozen=True, slots=True)
class Holding:
    """What is recorded of one supply's part of an intake: a share, a band, or nothing."""

    share: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def recorded(self) -> Decimal:
        """What it holds at least."""
        return self.share if self.share is not None else self.low or Decimal(0)


@dataclass(frozen=True, slots=True)
class Intake:
    """One consumer's intake of one material, divided among its suppliers.

    Attributes
    ----------
    whole
        The whole intake in exact units.
    recorded
        Units on record, of all supplies together.
    parts
        Units that each supply is known to hold.
    rest
        Units of which it is not known who holds them.
    holders
        Positions of the supplies that may hold any of the rest: those with a blank share.
    outside
        Whether the rest, though the list of suppliers is complete, is more than these can hold.
    """

    whole: int
    recorded: int
    parts: tuple[int, ...]
    rest: int
    holders: tuple[int, ...]
    outside: bool


def divide(holdings: Sequence[Holding], *, partial: bool) -> Intake:
    """Return the intake divided among the supplies; `partial`: others may hold some of the rest.

    What is not recorded belongs to the supplies with a blank share. One alone holds all of it, if
    there can be no other. No number may have more than `MOST_DECIMALS` decimals.

    Examples
    --------
    >>> divide([Holding(Decimal("0.9")), Holding(None)], partial=False)
    Intake(whole=10, recorded=9, parts=(9, 1), rest=0, holders=(), outside=False)
    """
    recorded = [h.recorded for h in holdings]
    places = max(map(decimals_of, recorded), default=0)
    parts = [_units(share, places) for share in recorded]
    common = gcd(10**places, *parts)
    whole = 10**places // common
    parts = [part // common for part in parts]
    total = sum(parts)
    rest = max(0, whole - total)
    blank = [i for i, h in enumerate(holdings) if h.share is None]
    asked = rest > 0 and bool(holdings) and not partial
    outside = asked and _room(holdings, blank) < Fraction(rest, whole)
    if len(blank) == 1 and not partial and not outside:
        parts[blank[0]] += rest
        rest = 0
    return Intake(whole, total, tuple(parts), rest, tuple(blank) if rest else (), outside)


def _room(holdings: Sequence[Holding], blank: Sequence[int]) -> Fraction:
    """Return how much of the rest those with a blank share can hold by their upper ends."""
    room = Fraction(0)
    for holding in (holdings[i] for i in blank):
        if holding.high is None:
            return Fraction(1)
        room += Fraction(holding.high) - Fraction(holding.recorded)
    return room


def _units(number: Decimal, places: int) -> int:
    """Return a number times ten to the power of `places`, exactly."""
    _, digits, exponent = number.as_tuple()
    mantissa = int("".join(map(str, digits)))
    power = int(exponent) + places
    scale: int = 10 ** abs(power)
    return mantissa * scale if power >= 0 else mantissa // scale
