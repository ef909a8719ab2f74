"""The facts of a report: everything it says, computed from a network and its analyses.

The facts come first, as plain values that JSON can hold; the renderers only lay them out. Numbers
are rounded here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supplynet.analysis.concentration import Concentration
    from supplynet.analysis.cutsets import Chokepoints, CutSets
    from supplynet.ownership import Control

__all__ = [
    "CERTAINTIES",
    "CUT_UNITS",
    "EVIDENCE",
    "POINT_UNITS",
    "RECORDED",
    "UNIT_WORDS",
    "Answers",
    "Cell",
    "Coverage",
    "Cut",
    "CutSearch",
    "Finding",
    "Limitation",
    "Link",
    "Member",
    "NotRunning",
    "Point",
    "Report",
    "Shared",
    "SharedSet",
    "Stop",
    "TargetFacts",
    "capital",
    "listed",
    "long_date",
    "plain",
    "rounded",
    "share_of",
]

#: Units whose single points of failure a report lists, and those whose cut sets it searches.
POINT_UNITS = ("node", "operator", "country", "controller")
CUT_UNITS = ("node", "country", "controller")

#: Singular and plural of each kind of unit, as the report counts them.
UNIT_WORDS: Mapping[str, tuple[str, str]] = {
    "node": ("plant", "plants"),
    "operator": ("operator", "operators"),
    "country": ("country", "countries"),
    "controller": ("government", "governments"),
}

CERTAINTIES = ("certain", "assumed", "possible")
#: What a finding is that states what was searched and not found.
RECORDED = "recorded"
EVIDENCE = ("high", "medium", "low", "illustrative")


@dataclass(frozen=True)
class Answers:
    """What the analyses said, by (target, unit kind).

    `evidence` grades a set of units for a target and a kind of unit.
    """

    points: Mapping[tuple[str, str], Chokepoints]
    cuts: Mapping[tuple[str, str], CutSets]
    control: Control
    concentration: Concentration
    evidence: Callable[[str, str, Sequence[str]], str]


@dataclass(frozen=True)
class Link:
    """One step of a chain of unmet needs: `supplier` no longer meets `need` of `consumer`."""

    supplier: str | None
    consumer: str
    need: str
    supply: str | None
    evidence: str


@dataclass(frozen=True)
class Point:
    """One unit whose loss alone stops one target, as sure as `certainty` says."""

    target: str
    by: str
    unit: str
    label: str
    certainty: str
    evidence: str
    aggregate: bool
    nodes: tuple[str, ...]
    stages: tuple[str, ...]
    stops: tuple[str, ...]
    chain: tuple[Link, ...]
    illustrative_needs: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """One unit of a group that stops the same targets."""

    by: str
    unit: str
    label: str
    aggregate: bool
    nodes: tuple[str, ...]
    stages: tuple[str, ...]
    countries: tuple[str, ...]
    operators: tuple[str, ...]
    controllers: tuple[str, ...]


@dataclass(frozen=True)
class Stop:
    """One target that a shared chokepoint stops."""

    target: str
    certainty: str
    evidence: str


@dataclass(frozen=True)
class Shared:
    """Units each of which alone stops the same targets, as surely and along the same chains."""

    members: tuple[Member, ...]
    targets: tuple[Stop, ...]
    certain: int
    assumed: int
    evidence: tuple[str, ...]
    chain: tuple[Link, ...]
    illustrative_needs: tuple[str, ...]


@dataclass(frozen=True)
class SharedSet:
    """Units that only together stop targets; `by` names the readings under which they do."""

    by: tuple[str, ...]
    units: tuple[str, ...]
    labels: tuple[str, ...]
    stages: tuple[str, ...]
    countries: tuple[str, ...]
    controllers: tuple[str, ...]
    targets: tuple[Stop, ...]
    certain: int
    assumed: int
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One sentence of the first page and the figures it is made of.

    `certainty` is that of its weakest part; where some targets are certain and others assumed,
    `figures` count both.
    """

    kind: str
    text: str
    certainty: str
    evidence: tuple[str, ...]
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One cell of the data whose filling settles a gap, and what hangs on it."""

    gap: str
    file: str
    row: str
    field: str
    now: str
    fill: str
    where: str
    targets: tuple[str, ...]
    possible: int
    blind_spots: int


@dataclass(frozen=True)
class Coverage:
    """How well the rows of one kind are documented; the first three counts add up to `total`."""

    what: str
    total: int
    sourced: int
    unsourced: int
    illustrative: int
    unknown: int
    unknown_means: str
    sourced_share: float | None
    unsourced_share: float | None
    illustrative_share: float | None
    unknown_share: float | None


@dataclass(frozen=True)
class Limitation:
    """One thing that the reader must know before believing the rest."""

    title: str
    text: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Cut:
    """One minimal cut set; `gaps` are those that also have to go badly."""

    units: tuple[str, ...]
    certainty: str
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class CutSearch:
    """The minimal cut sets of one target by one kind of unit, and how far the search went."""

    by: str
    status: str
    complete: bool
    complete_to: int
    max_order: int
    count: int
    by_order: Mapping[str, int]
    assumed: int
    method: str
    cuts: tuple[Cut, ...]
    possible: tuple[Cut, ...]
    possible_complete: bool
    possible_complete_to: int
    sentence: str


@dataclass(frozen=True)
class NotRunning:
    """A node that is down before anything is lost, and why."""

    node: str
    why: str


@dataclass(frozen=True)
class TargetFacts:
    """All that the report says of one target."""

    id: str
    name: str
    end_use: str | None
    country: str | None
    status: str
    strongest: str
    sentence: str
    counts: Mapping[str, Mapping[str, int]]
    points: tuple[Point, ...]
    aggregates: tuple[Point, ...]
    own: Mapping[str, tuple[str, ...]]
    blind_spots: Mapping[str, tuple[str, ...]]
    not_running: tuple[NotRunning, ...]
    not_modelled: tuple[str, ...]
    basis: Mapping[str, int]
    cut_sets: tuple[CutSearch, ...]


@dataclass(frozen=True)
class Report:
    """A chokepoint report: facts, and how to write them down.

    Made by :func:`supplynet.report.chokepoint_report`. `answer` is the one line that the rest
    explains. The forms are strings; writing files is left to the caller.
    """

    title: str
    version: str
    network: Mapping[str, Any]
    question: Mapping[str, Any]
    answer: str
    counts: Mapping[str, Any]
    findings: tuple[Finding, ...]
    shared: tuple[Shared, ...]
    shared_sets: tuple[SharedSet, ...]
    cells: tuple[Cell, ...]
    gaps: Mapping[str, str]
    coverage: tuple[Coverage, ...]
    unknowns: Mapping[str, int]
    limitations: tuple[Limitation, ...]
    targets: tuple[TargetFacts, ...]
    concentration: tuple[Mapping[str, Any], ...]
    market_shares: tuple[Mapping[str, Any], ...]
    provenance: tuple[Mapping[str, Any], ...]
    references: tuple[Mapping[str, Any], ...]
    labels: Mapping[str, Mapping[str, str]]
    nodes: Mapping[str, Mapping[str, Any]]
    reproduce: str

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values: the ``result`` object of the JSON envelope."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self)}

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return self.to_dict()

    def to_html(self) -> str:
        """Return the report as one HTML page: no script, no request, made to be printed."""
        from supplynet.report.render import to_html

        return to_html(self._facts)

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from supplynet.report.render import to_markdown

        return to_markdown(self._facts)

    def to_csvs(self) -> dict[str, str]:
        """Return the tables of the report as CSV, file name to text."""
        from supplynet.report.render import to_csvs

        return to_csvs(self._facts)

    def __repr__(self) -> str:
        return f"<Report {self.title!r}: {self.answer}>"


def plain(value: object) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a value as JSON holds it, with the keys of mappings in their given order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _number(value)
    return value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def rounded(value: Decimal | float | None) -> float | None:
    """Return a share or an index to three places: the one place where figures are rounded.

    What is not zero never becomes zero.

    Examples
    --------
    >>> rounded(Decimal("0.70349")), rounded(0.00012), rounded(None)
    (0.703, 0.0001, None)
    """
    if value is None:
        return None
    plain_value = float(value)
    return round(plain_value, 3) or float(f"{plain_value:.1g}")


def share_of(count: int, total: int) -> float | None:
    """Return a part of a total as a rounded share, ``None`` of nothing."""
    return rounded(count / total) if total else None


def listed(words: Sequence[str], limit: int = 4) -> str:
    """Return words as an English list, the rest counted.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], 2)
    ('a, b and c', 'a, b and 2 more')
    """
    if len(words) > limit + 1:
        return f"{', '.join(words[:limit])} and {len(words) - limit} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def long_date(day: date | None) -> str:
    """Return a date as it is written in a sentence.

    Examples
    --------
    >>> long_date(date(2026, 6, 29))
    '29 June 2026'
    """
    if day is None:
        return "no date"
    month = _MONTHS[day.month - 1]
    return f"{day.day} {month} {day.year}"


def capital(text: str) -> str:
    """Return a text with its first letter in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]
