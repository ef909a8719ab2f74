"""Small networks with everything that can go wrong in them, seeded or drawn by hypothesis.

One generator, two sources of choice: :class:`Seeded` (fast, thousands a run) and
:class:`Drawn` (hypothesis, which shrinks what it finds). Each network switches on a few features
only, so that those few meet often.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from supplynet.model import Meta, SupplyNetwork, Table

ON = date(2026, 6, 1)
LISTS = frozenset({"makes", "references", "contains", "hs_codes", "materials", "stages", "origins"})

FEATURES = (
    "dates", "status", "qualified", "confidence", "shares", "bands", "upstream", "blank_material",
    "needs", "groups", "products", "cannot_fail", "aggregate", "blank_columns", "holdings",
    "contains", "duplicates", "cycles", "no_supply", "lists", "dead_target",
)  # fmt: skip
BYS = (
    "node", "operator", "country", "stage", "material", "supply", "controller", "owner", "site",
)  # fmt: skip


class Seeded:
    """Choices from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - test data

    def pick(self, options: Sequence[Any]) -> Any:
        return options[int(self._random.random() * len(options))]

    def chance(self, percent: int) -> bool:
        return self._random.random() * 100 < percent

    def between(self, low: int, high: int) -> int:
        return low + int(self._random.random() * (high - low + 1))


class Drawn:
    """Choices drawn by hypothesis: it shrinks towards the first option, no, and low."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def pick(self, options: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(list(options)))

    def chance(self, percent: int) -> bool:
        return self._draw(st.integers(0, 99)) >= 100 - percent

    def between(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))


def make_network(
    *, as_of: date | None = ON, targets: Sequence[str] = (), **tables: Sequence[Mapping[str, Any]]
) -> SupplyNetwork:
    """Return a network of these rows, with the defaults filled that a loaded one has."""
    rows = {name: [dict(row) for row in given] for name, given in tables.items()}
    rows.setdefault("nodes", [])
    rows.setdefault("supplies", [])
    ids = {row["id"] for row in rows["nodes"]}
    for supply in rows["supplies"]:
        for end in ("supplier", "consumer"):
            if supply[end] not in ids:
                ids.add(supply[end])
                rows["nodes"].append({"id": supply[end]})
    for node in rows["nodes"]:
        _fill(node, kind="site", status="operating", can_fail="yes")
    taken: dict[str, int] = {}
    for supply in rows["supplies"]:
        _fill(supply, status="operating", qualified="yes")
        if supply.get("id") is None:
            name = f"{supply['supplier']}>{supply['consumer']}:{supply.get('material') or ''}"
            taken[name] = taken.get(name, 0) + 1
            supply["id"] = name if taken[name] == 1 else f"{name}#{taken[name]}"
    for row in rows.get("entities", ()):
        _fill(row, kind="company")
    for row in rows.get("holdings", ()):
        _fill(row, status="held")
    return SupplyNetwork(
        {name: _table(name, given) for name, given in rows.items()},
        Meta(name="drawn", title="drawn (synthetic)", as_of=as_of, targets=tuple(targets)),
    )


def _fill(row: dict[str, Any], **defaults: str) -> None:
    for name, value in defaults.items():
        if row.get(name) is None:
            row[name] = value


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = {key: [row.get(key, () if key in LISTS else None) for row in rows] for key in names}
    return Table(name=name, columns=columns, length=len(rows), list_fields=LISTS)


def with_rows(net: SupplyNetwork, **tables: Sequence[Mapping[str, Any]]) -> SupplyNetwork:
    """Return a copy of the network in which these tables hold these rows."""
    new = {name: _table(name, rows) for name, rows in tables.items()}
    return SupplyNetwork({**net.tables, **new}, net.meta)


def describe(net: SupplyNetwork) -> str:
    """Return the network as text that builds it again, for the message of a failed comparison."""
    lines = [f"make_network(as_of={net.as_of!r},"]
    for name, table in sorted(net.tables.items()):
        lines.append(f"  {name}=[")
        for row in table.rows():
            shown = {k: v for k, v in row.items() if v not in (None, ())}
            lines.append(f"    {shown!r},")
        lines.append("  ],")
    return "\n".join([*lines, ")"])


def build(
    c: Seeded | Drawn, largest: int = 7, likely: Sequence[str] = ()
) -> tuple[SupplyNetwork, str]:
    """Return a network and one of its nodes to ask about, by the choices of `c`."""
    often = c.pick((0, 10, 25) if likely else (10, 20, 35))
    on = {f for f in FEATURES if c.chance(often)}
    on |= {f for f in likely if c.chance(75)}
    if "groups" in on or "products" in on or "lists" in on or "no_supply" in on:
        on.add("needs")
    count = c.between(3, largest)
    names = [f"n{i}" for i in range(count)]
    target = names[-1] if not c.chance(15) else c.pick(names)
    nodes = [_node(c, name, on, name == target) for name in names]
    supplies = _supplies(c, names, on)
    if on & {"shares", "bands"}:
        _keep_shares_within_one(c, supplies)
    tables: dict[str, list[dict[str, Any]]] = {"nodes": nodes, "supplies": supplies}
    if "needs" in on:
        tables["needs"] = _needs(c, names, supplies, on)
    if "holdings" in on:
        tables["entities"], tables["holdings"] = _holdings(c, names)
    if "contains" in on:
        tables["materials"] = [
            {"id": m, "contains": ("e", "b")[: c.between(0, 2)]} for m in ("a", "b", "c")
        ]
    undated = not on & {"dates", "status"}
    return make_network(as_of=None if undated and c.chance(20) else ON, **tables), target


def _start(c: Seeded | Drawn) -> date | None:
    return c.pick((None, None, date(2025, 1, 1), ON, date(2027, 1, 1)))


def _end(c: Seeded | Drawn) -> date | None:
    return c.pick((None, None, None, date(2027, 1, 1), ON, date(2025, 6, 1)))


def _confidence(c: Seeded | Drawn) -> str | None:
    return c.pick((None, "high", "medium", "low", "illustrative", "illustrative"))


def _node(c: Seeded | Drawn, name: str, on: set[str], is_target: bool) -> dict[str, Any]:
    blanks = (None,) if "blank_columns" in on else ()
    row: dict[str, Any] = {
        "id": name,
        "country": c.pick(("CN", "JP", "US", *blanks)),
        "operator": c.pick(("o1", "o2", "o3", *blanks)),
        "stage": c.pick(("mine", "magnet", "use", *blanks)),
        "site": c.pick(("s1", "s2", None)),
    }
    if "upstream" in on:
        row["upstream"] = c.pick((None, "recorded", "none", "unknown"))
    elif c.chance(80):
        row["upstream"] = "none"
    fragile = not is_target or "dead_target" in on
    if "status" in on and fragile and c.chance(20):
        row["status"] = c.pick(("planned", "closed"))
        row["start"] = c.pick((None, date(2025, 1, 1), date(2027, 1, 1)))
    if "dates" in on and fragile and c.chance(25):
        row["start"], row["end"] = _start(c), _end(c)
    if "cannot_fail" in on and c.chance(30):
        row["can_fail"] = "no"
    if "aggregate" in on and c.chance(40):
        row["kind"] = "aggregate"
    if "products" in on and c.chance(40):
        row["makes"] = c.pick(((), ("a",), ("a", "b"), ("p",)))
    return row


def _supplies(c: Seeded | Drawn, names: list[str], on: set[str]) -> list[dict[str, Any]]:
    materials = ("a", "b", "c", None, None) if "blank_material" in on else ("a", "b", "c")
    rows = []
    for place, consumer in enumerate(names):
        late = place >= len(names) // 2
        for _ in range(c.pick((1, 1, 2)) if late else c.pick((0, 0, 1))):
            material = c.pick(materials)
            weak = "confidence" in on and c.chance(40)
            for _ in range(c.pick((1, 2, 2, 3))):
                backward = "cycles" in on and c.chance(35)
                before = names[:place]
                if not before and not backward:
                    continue
                row = {
                    "supplier": c.pick(names if backward else before),
                    "consumer": consumer,
                    "material": material,
                }
                rows.append(row)
                if "dates" in on and c.chance(40):
                    row["start"], row["end"] = _start(c), _end(c)
                if "status" in on and c.chance(20):
                    row["status"] = c.pick(("planned", "planned", "closed"))
                    row.setdefault("start", c.pick((None, date(2025, 1, 1), date(2027, 1, 1))))
                if "qualified" in on and c.chance(40):
                    row["qualified"] = c.pick(("unknown", "unknown", "no"))
                if "confidence" in on:
                    row["confidence"] = "illustrative" if weak else _confidence(c)
                if "shares" in on and c.chance(70):
                    row["share"] = Decimal(c.pick(("0.5", "0.25", "0.3", "0.94", "0")))
                elif "bands" in on and c.chance(50):
                    row["share_low"] = Decimal(c.pick(("0.2", "0.4", "0.05")))
                    if c.chance(60):
                        row["share_high"] = row["share_low"] + Decimal(c.pick(("0.2", "0", "0.5")))
                if "duplicates" in on and c.chance(30):
                    rows.append(dict(row))
    return rows


def _keep_shares_within_one(c: Seeded | Drawn, supplies: list[dict[str, Any]]) -> None:
    """Shares are parts of one whole: what would be too much is blank, some sum to 1 exactly."""
    left: dict[tuple[str, str | None], Decimal] = {}
    for row in supplies:
        key = row["consumer"], row["material"]
        room = left.setdefault(key, Decimal(1))
        if max(row.get("share") or 0, row.get("share_low") or 0) > room:
            for name in ("share", "share_low", "share_high"):
                row.pop(name, None)
            if c.chance(50):
                row["share"] = room
        left[key] -= row.get("share") or row.get("share_low") or 0
    last = {(row["consumer"], row["material"]): row for row in supplies if "share" in row}
    for key, row in last.items():
        if c.chance(40):
            row["share"] += left[key]


def _needs(
    c: Seeded | Drawn, names: list[str], supplies: list[dict[str, Any]], on: set[str]
) -> list[dict[str, Any]]:
    rows = []
    cells: dict[tuple[Any, ...], str | None] = {}
    for consumer in names:
        got = {s["material"] for s in supplies if s["consumer"] == consumer} - {None}
        sent = {s["material"] for s in supplies if s["supplier"] == consumer} - {None}
        materials = sorted(got)
        if "no_supply" in on and c.chance(30):
            materials.append("d")
        for material in materials:
            for _ in range(c.pick((0, 1, 1, 1, 2))):
                row: dict[str, Any] = {"consumer": consumer, "material": material}
                rows.append(row)
                if "groups" in on and c.chance(60):
                    row["group"] = c.pick(("g", "g", "h"))
                if "products" in on and c.chance(60):
                    row["product"] = c.pick((*sorted(sent), "p"))
                # Two rows of one need and material do not contradict each other.
                key = (consumer, material, row.get("product"), row.get("group"))
                if key not in cells and "lists" in on:
                    cells[key] = c.pick((None, "complete", "complete", "partial", "not_modelled"))
                elif key not in cells and material == "d":
                    cells[key] = c.pick((None, "complete"))
                row["suppliers"] = cells.get(key)
                if "dates" in on and c.chance(30):
                    row["start"], row["end"] = _start(c), _end(c)
                if "confidence" in on:
                    row["confidence"] = c.pick(("illustrative", _confidence(c)))
    return rows


def _holdings(
    c: Seeded | Drawn, names: list[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    entities = [
        {"id": "gov.cn", "kind": "government", "country": "CN"},
        {"id": "gov.us", "kind": "government", "country": "US"},
        *(
            {"id": o, "kind": "company", "country": c.pick(("CN", "US", "JP", None))}
            for o in ("o1", "o2", "o3")
        ),
    ]
    holdings: dict[tuple[str, str, str], dict[str, Any]] = {}
    for _ in range(c.between(1, 4)):
        owner, asset, kind = c.pick(
            (
                ("gov.cn", "o1", "equity"),
                ("gov.us", "o2", "equity"),
                ("gov.cn", "o2", "votes"),
                ("o1", "o2", "equity"),
                ("o1", "o3", "equity"),
                ("o2", "o3", "equity"),
                ("o3", c.pick(names), "equity"),
                ("gov.us", c.pick(names), "seizure"),
                ("gov.cn", c.pick(names), "territory"),
            )
        )
        share = None if kind in ("seizure", "territory") else c.pick(("0.6", "0.5", "0.3", None))
        holdings[owner, asset, kind] = {
            "owner": owner,
            "asset": asset,
            "kind": kind,
            "share": None if share is None else Decimal(share),
            "status": c.pick(("held", "held", "agreed")),
        }
    return entities, list(holdings.values())


@st.composite
def networks(draw: Any, largest: int = 5) -> tuple[SupplyNetwork, str]:
    return build(Drawn(draw), largest)
