"""How concentrated each stage is: by place, by controller, and in published market shares.

What is not known is a share of its own, and the index then is a band.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from supplynet.graph import holds
from supplynet.model import resolve_date
from supplynet.ownership import controllers

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Concentration", "MarketConcentration", "Slice", "StageConcentration", "concentration"]

_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Slice:
    """One holder's part; `unit` is ``None`` for what is not recorded, `nodes` 0 in a market."""

    unit: str | None
    share: float
    nodes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the slice as plain values."""
        return {"unit": self.unit, "share": self.share, "nodes": self.nodes}


@dataclass(frozen=True)
class StageConcentration:
    """One stage of the network, split one way.

    Attributes
    ----------
    stage
        The stage, ``None`` for nodes without one.
    kind
        ``country`` (where the nodes stand) or ``controller`` (who prevails over them).
    basis
        ``nodes``: each counts one, whatever its size; ``capacity``: recorded capacity.
    capacity_unit, capacity_bases
        Unit of the capacity and what the figures are (nameplate, output, plan, quota); figures of
        several kinds are added up and all named.
    nodes
        Nodes of the stage that operate on the date.
    without_capacity
        Those of them with no capacity in this unit: how much they make is not known, and they
        are in no share. 0 where nodes are counted.
    aggregates
        Those of them that stand for an industry and not for a plant.
    shares
        0-1, largest first; what has no country or controller on record comes last. By capacity,
        shares of what is recorded.
    top1, top3
        Largest share, and sum of the three largest, of known holders: at least so much. ``None``
        where a node's capacity is not recorded: it may change everything.
    hhi_low, hhi_high
        Herfindahl-Hirschman index, 0-1: what is unknown spread to nothing, or all of it with the
        largest holder. ``None`` as above.
    """

    stage: str | None
    kind: str
    basis: str
    nodes: int
    shares: tuple[Slice, ...]
    top1: float | None
    top3: float | None
    hhi_low: float | None
    hhi_high: float | None
    without_capacity: int = 0
    aggregates: int = 0
    capacity_unit: str | None = None
    capacity_bases: tuple[str, ...] = ()

    @property
    def unknown(self) -> float:
        """Share without a country or controller on record."""
        return _unknown(self.shares)

    def to_dict(self) -> dict[str, Any]:
        """Return the stage as plain values."""
        return {
            "stage": self.stage,
            "kind": self.kind,
            "basis": self.basis,
            "capacity_unit": self.capacity_unit,
            "capacity_bases": list(self.capacity_bases),
            "nodes": self.nodes,
            "without_capacity": self.without_capacity,
            "aggregates": self.aggregates,
            "unknown": self.unknown,
            "hhi_low": self.hhi_low,
            "hhi_high": self.hhi_high,
            "top1": self.top1,
            "top3": self.top3,
            "shares": [s.to_dict() for s in self.shares],
        }


@dataclass(frozen=True)
class MarketConcentration:
    """Published shares of one material, stage, year and edition, by country.

    Attributes
    ----------
    material, stage, year, edition
        Which figures; the latest year on record that is not after the date. Editions are never
        mixed: each is an entry of its own.
    shares
        0-1, largest first, as published (a band without a share counts with its low end). The
        rest up to 1 comes last: not recorded.
    top1, top3
        Largest share, and sum of the three largest, of countries on record.
    hhi_low, hhi_high
        Herfindahl-Hirschman index, 0-1: the rest spread to nothing, or all with one unnamed
        country, and bands at their low or high ends. Bounds; exact where nothing is left open.
    overfull
        The published shares sum to more than 1.
    unquantified
        Countries on the list whose share is not recorded; theirs is part of the rest.
    """

    material: str
    stage: str
    year: int
    edition: str | None
    shares: tuple[Slice, ...]
    top1: float
    top3: float
    hhi_low: float
    hhi_high: float
    overfull: bool = False
    unquantified: tuple[str, ...] = ()

    @property
    def unknown(self) -> float:
        """Share that is not recorded."""
        return _unknown(self.shares)

    def to_dict(self) -> dict[str, Any]:
        """Return the market as plain values."""
        return {
            "material": self.material,
            "stage": self.stage,
            "year": self.year,
            "edition": self.edition,
            "overfull": self.overfull,
            "unquantified": list(self.unquantified),
            "unknown": self.unknown,
            "hhi_low": self.hhi_low,
            "hhi_high": self.hhi_high,
            "top1": self.top1,
            "top3": self.top3,
            "shares": [{"country": s.unit, "share": s.share} for s in self.shares],
        }


@dataclass(frozen=True)
class Concentration:
    """All stages and all markets. Made by :func:`concentration`.

    Attributes
    ----------
    on
        The date.
    stages
        Sorted by stage (none last), kind, and basis; `nodes` before `capacity`.
    markets
        Sorted by material, stage, edition.
    not_running
        Nodes that do not operate on the date and are in no share.
    """

    on: date | None
    stages: tuple[StageConcentration, ...]
    markets: tuple[MarketConcentration, ...]
    not_running: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the command ``concentration``."""
        return {
            "on": self.on.isoformat() if self.on else None,
            "stages": [s.to_dict() for s in self.stages],
            "markets": [m.to_dict() for m in self.markets],
            "not_running": list(self.not_running),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stage, kind and basis, and one per market."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for s in self.stages:
            basis = f"capacity, {s.capacity_unit}" if s.basis == "capacity" else "nodes"
            rows.append(
                {
                    "of": s.stage or "no stage on record",
                    "by": s.kind,
                    "basis": basis,
                    "nodes": s.nodes,
                    "without_capacity": s.without_capacity,
                    **_figures(s.shares, s.top1, s.top3, s.hhi_low, s.hhi_high),
                }
            )
        for m in self.markets:
            edition = f", {m.edition}" if m.edition else ""
            rows.append(
                {
                    "of": f"{m.material}, {m.stage}",
                    "by": "country",
                    "basis": f"market {m.year}{edition}",
                    "nodes": None,
                    "without_capacity": None,
                    **_figures(m.shares, m.top1, m.top3, m.hhi_low, m.hhi_high),
                }
            )
        columns = ["of", "by", "basis", "nodes", "without_capacity"]
        columns += ["hhi_low", "hhi_high", "largest", "top1", "top3", "unknown"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"nodes": "Int64", "without_capacity": "Int64"})

    def __repr__(self) -> str:
        return (
            f"<Concentration on {self.on or 'no date'}: {len(self.stages)} splits of stages, "
            f"{len(self.markets)} markets>"
        )

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


def concentration(net: SupplyNetwork, *, on: date | str | None = None) -> Concentration:
    """Return how concentrated each stage and each recorded market is.

    Parameters
    ----------
    net
        The network.
    on
        The date; that of the data by default.

    Returns
    -------
    Concentration
        Stages by country and by controller, counted in nodes and, where at least two nodes of a
        stage record a capacity in one unit, in capacity; markets by country.

    Raises
    ------
    QuestionError
        `on` is no date, or rows are dated and no date is known.

    Notes
    -----
    Only nodes that operate on the date count. Of several units of capacity in one stage the
    commonest is used (of equals the first by name); the rest counts as without capacity. Shares
    of capacity are shares of what is recorded: the more nodes are without, the less they say.
    Concentration is no criticality: a stage spread over ten countries can hang on one plant.

    Examples
    --------
    >>> import pandas as pd
    >>> import supplynet
    >>> net = supplynet.from_frames(
    ...     pd.DataFrame({"supplier": ["a", "b", "c", "d"], "consumer": ["m"] * 4}),
    ...     pd.DataFrame(
    ...         {
    ...             "id": ["a", "b", "c", "d", "m"],
    ...             "stage": ["mine"] * 4 + ["magnet"],
    ...             "country": ["CN", "CN", "AU", None, "JP"],
    ...         }
    ...     ),
    ... )
    >>> mines = next(s for s in supplynet.concentration(net).stages if s.stage == "mine")
    >>> [(s.unit, s.share) for s in mines.shares]
    [('CN', 0.5), ('AU', 0.25), (None, 0.25)]
    >>> mines.hhi_low, mines.hhi_high
    (0.3125, 0.625)
    """
    day = resolve_date(net, on)
    table = net.table("nodes")
    control = controllers(net, on=day).by_id
    by_stage: dict[str | None, list[Mapping[str, Any]]] = defaultdict(list)
    idle = []
    for index, row in enumerate(table.rows()):
        if holds(table, index, day):
            by_stage[row.get("stage")].append(row)
        else:
            idle.append(row["id"])
    stages = []
    for stage in sorted(by_stage, key=lambda s: (s is None, s or "")):
        rows = by_stage[stage]
        for kind in ("country", "controller"):
            holder = {
                row["id"]: (
                    row.get("country") if kind == "country" else control[row["id"]].controller
                )
                for row in rows
            }
            stages += _split(stage, kind, rows, holder)
    return Concentration(day, tuple(stages), _markets(net, day), tuple(sorted(idle)))


def _split(
    stage: str | None,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    holder: Mapping[str, str | None],
) -> list[StageConcentration]:
    """Return one stage by one kind of holder: by nodes, and by capacity where that is recorded."""
    units = Counter(
        row["capacity_unit"]
        for row in rows
        if row.get("capacity_unit") is not None and row.get("capacity")
    )
    found = [_stage(stage, kind, rows, holder, dict.fromkeys(holder, Fraction(1)))]
    unit = min(units, key=lambda u: (-units[u], u), default=None)
    if unit is not None and units[unit] > 1:
        size = {
            row["id"]: Fraction(row["capacity"])
            for row in rows
            if row.get("capacity") and row.get("capacity_unit") == unit
        }
        found.append(_stage(stage, kind, rows, holder, size, unit=unit))
    return found


def _stage(
    stage: str | None,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    holder: Mapping[str, str | None],
    size: Mapping[str, Fraction],
    *,
    unit: str | None = None,
) -> StageConcentration:
    total = sum(size.values())
    parts: dict[str | None, Fraction] = defaultdict(Fraction)
    members: Counter[str | None] = Counter()
    for node, amount in size.items():
        parts[holder[node]] += amount / total
        members[holder[node]] += 1
    unknown = parts.pop(None, Fraction(0))
    known = sorted(parts.values(), reverse=True)
    low = sum((p * p for p in known), Fraction(0))
    # Who stands nowhere on record may belong to whoever is largest already.
    largest = known[0] if known else Fraction(0)
    high = low - largest * largest + (largest + unknown) ** 2
    measured = len(size) == len(rows)
    bases = {row.get("capacity_basis") or "not recorded" for row in rows if row["id"] in size}
    return StageConcentration(
        stage=stage,
        kind=kind,
        basis="nodes" if unit is None else "capacity",
        nodes=len(rows),
        shares=_slices(parts, unknown, members),
        top1=_float(sum(known[:1])) if measured else None,
        top3=_float(sum(known[:3])) if measured else None,
        hhi_low=_float(low) if measured else None,
        hhi_high=_float(high) if measured else None,
        without_capacity=len(rows) - len(size),
        aggregates=sum(row.get("kind") == "aggregate" for row in rows),
        capacity_unit=unit,
        capacity_bases=() if unit is None else tuple(sorted(bases)),
    )


def _markets(net: SupplyNetwork, on: date | None) -> tuple[MarketConcentration, ...]:
    groups: dict[tuple[str, str, str | None], dict[int, list[Mapping[str, Any]]]] = {}
    latest: dict[tuple[str, str], int] = {}
    for row in net.table("shares").rows():
        year = int(row["year"])
        if on is not None and year > on.year:
            continue
        key = (row["material"], row["stage"])
        latest[key] = max(year, latest.get(key, year))
        of_edition = groups.setdefault((*key, row.get("edition")), {})
        of_edition.setdefault(year, []).append(row)
    markets = []
    for (material, stage, edition), years in groups.items():
        year = latest[material, stage]
        # Of the latest year, every edition that has it.
        if year in years:
            markets.append(_market(material, stage, year, edition, years[year]))
    return tuple(sorted(markets, key=lambda m: (m.material, m.stage, m.edition or "")))


def _market(
    material: str, stage: str, year: int, edition: str | None, rows: Iterable[Mapping[str, Any]]
) -> MarketConcentration:
    parts: dict[str | None, Fraction] = defaultdict(Fraction)
    lows: dict[str, Fraction] = defaultdict(Fraction)
    highs: dict[str, Fraction] = defaultdict(Fraction)
    unbounded = False
    unquantified: set[str] = set()
    for row in rows:
        share, low, high = row.get("share"), row.get("low"), row.get("high")
        country = row["country"]
        bounds = [Fraction(v) for v in (share, low, high) if v is not None]
        floor = min(bounds) if share is not None or low is not None else Fraction(0)
        if share is None and low is None:
            unquantified.add(country)
        else:
            parts[country] += Fraction(share) if share is not None else floor
        lows[country] += floor
        if share is not None or high is not None:
            highs[country] += max(bounds)
        else:
            # A country on the list with no upper end may hold all that is left.
            unbounded = True
            highs[country] += floor
    rest = max(Fraction(0), 1 - sum(parts.values(), Fraction(0)))
    spare = max(Fraction(0), 1 - sum(lows.values(), Fraction(0)))
    known = sorted(parts.values(), reverse=True)
    low_hhi = sum((v * v for v in lows.values()), Fraction(0))
    if unbounded:
        largest = max(highs.values())
        high_hhi = sum((v * v for v in highs.values()), Fraction(0))
        high_hhi += (largest + spare) ** 2 - largest**2
    else:
        high_hhi = sum((v * v for v in highs.values()), Fraction(0)) + spare**2
    return MarketConcentration(
        material=material,
        stage=stage,
        year=year,
        edition=edition,
        shares=_slices(parts, rest, Counter()),
        top1=_float(sum(known[:1])),
        top3=_float(sum(known[:3])),
        hhi_low=_float(low_hhi),
        hhi_high=_float(min(Fraction(1), high_hhi)),
        overfull=sum(parts.values()) > 1,
        unquantified=tuple(sorted(unquantified)),
    )


def _slices(
    parts: Mapping[str | None, Fraction], unknown: Fraction, members: Mapping[str | None, int]
) -> tuple[Slice, ...]:
    ordered = sorted(parts.items(), key=lambda item: (-item[1], item[0] or ""))
    slices = [Slice(unit, _float(part), members.get(unit, 0)) for unit, part in ordered]
    if unknown:
        slices.append(Slice(None, _float(unknown), members.get(None, 0)))
    return tuple(slices)


def _unknown(shares: Sequence[Slice]) -> float:
    return next((s.share for s in shares if s.unit is None), 0.0)


def _figures(
    shares: Sequence[Slice],
    top1: float | None,
    top3: float | None,
    low: float | None,
    high: float | None,
) -> dict[str, Any]:
    first = [s.unit for s in shares if s.unit is not None and s.share == top1]
    return {
        "hhi_low": low,
        "hhi_high": high,
        "largest": ", ".join(first),
        "top1": top1,
        "top3": top3,
        "unknown": _unknown(shares),
    }


def _float(value: Fraction | int) -> float:
    return round(float(value), _DIGITS)
