"""What the page is given: plain facts, and for every unit what its loss does.

Nothing here knows a browser or an engine. The rules of AND and OR stay in Python: the page gets
lists of positions and paints them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from supplynet.errors import QuestionError
from supplynet.text import clamp, clean_display, plural, safe_url
from supplynet.view.layout import NOT_RECORDED, Layout, place

__all__ = [
    "REDACTABLE",
    "Answer",
    "CutSet",
    "GapItem",
    "LinkItem",
    "NeedItem",
    "NodeItem",
    "ReferenceItem",
    "SupplyItem",
    "UnitItem",
    "ViewData",
    "aggregate",
    "categories",
    "payload",
    "redact",
    "vis_nodes",
]

#: What can be left out of a view; places, stages, links and results always stay.
REDACTABLE = ("facts", "levers", "note", "operator", "owner", "references", "share")

HUES = 7
OTHER = -1
UNKNOWN = -2


@dataclass(frozen=True, slots=True)
class NeedItem:
    """One need of a node: its name, who meets it, and whether the list of suppliers is open."""

    need: str
    suppliers: tuple[int, ...] = ()
    open: bool = False
    modelled: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the need as the page reads it."""
        return {
            "need": clean_display(self.need),
            "from": list(self.suppliers),
            "open": self.open,
            "modelled": self.modelled,
        }


@dataclass(frozen=True, slots=True)
class NodeItem:
    """One node: who, where, under whose hand, what it makes, and what is not known of it."""

    id: str
    name: str
    stage: str | None = None
    country: str | None = None
    operator: str | None = None
    owner: str | None = None
    controller: str | None = None
    kind: str = "site"
    confidence: str | None = None
    makes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    levers: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    note: str | None = None
    needs: tuple[NeedItem, ...] = ()
    gaps: tuple[str, ...] = ()
    idle: str | None = None
    target: bool = False
    members: int = 1


@dataclass(frozen=True, slots=True)
class SupplyItem:
    """One supply row of a link."""

    id: str
    material: str | None = None
    share: str | None = None
    confidence: str | None = None
    qualified: str | None = None
    period: str | None = None
    live: bool = True
    references: tuple[str, ...] = ()
    note: str | None = None

    def to_dict(self, positions: Mapping[str, int]) -> dict[str, Any]:
        """Return the row as the page reads it."""
        return {
            "material": _text(self.material),
            "share": _text(self.share),
            "confidence": _text(self.confidence),
            "qualified": _text(self.qualified),
            "period": _text(self.period),
            "live": self.live,
            "refs": [positions[r] for r in self.references if r in positions],
            "note": _text(self.note),
        }


@dataclass(frozen=True, slots=True)
class LinkItem:
    """All supplies from one node to another; drawn as one line."""

    supplier: int
    consumer: int
    supplies: tuple[SupplyItem, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitItem:
    """What the loss of one unit does, as positions of nodes and links."""

    by: str
    unit: str
    label: str
    lost: tuple[int, ...] = ()
    blocked: tuple[int, ...] = ()
    dark: tuple[int, ...] = ()
    assumed: tuple[int, ...] = ()
    possibly: tuple[int, ...] = ()
    targets: tuple[int, ...] = ()
    targets_assumed: tuple[int, ...] = ()
    targets_possibly: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the unit as the page reads it."""
        return {
            "key": clean_display(self.unit),
            "label": clean_display(self.label),
            "lost": list(self.lost),
            "blocked": list(self.blocked),
            "dark": list(self.dark),
            "assumed": list(self.assumed),
            "maybe": list(self.possibly),
            "targets": list(self.targets),
            "targetsAssumed": list(self.targets_assumed),
            "targetsMaybe": list(self.targets_possibly),
        }


@dataclass(frozen=True, slots=True)
class CutSet:
    """One minimal set of units (and gaps) that stops a target, with what goes dark then."""

    certainty: str
    labels: tuple[str, ...]
    gaps: tuple[str, ...] = ()
    lost: tuple[int, ...] = ()
    blocked: tuple[int, ...] = ()
    dark: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the set as the page reads it."""
        return {
            "certainty": self.certainty,
            "labels": [clean_display(label) for label in self.labels],
            "gaps": [clean_display(gap) for gap in self.gaps],
            "lost": list(self.lost),
            "blocked": list(self.blocked),
            "dark": list(self.dark),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The cut sets of one target under one `by`, and how far the search went."""

    target: int
    by: str
    status: str
    complete: bool
    complete_to: int
    possible_complete_to: int
    max_order: int
    sets: tuple[CutSet, ...] = ()
    blind_spots: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    shortened: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as the page reads it."""
        return {
            "target": self.target,
            "by": self.by,
            "status": self.status,
            "complete": self.complete,
            "completeTo": self.complete_to,
            "possibleTo": self.possible_complete_to,
            "maxOrder": self.max_order,
            "sets": [s.to_dict() for s in self.sets],
            "blind": [clean_display(b) for b in self.blind_spots],
            "own": [clean_display(o) for o in self.own],
            "shortened": self.shortened,
        }


@dataclass(frozen=True, slots=True)
class GapItem:
    """One thing that is not known, in words, at the node it concerns."""

    id: str
    text: str
    node: int | None = None


@dataclass(frozen=True, slots=True)
class ReferenceItem:
    """One source."""

    id: str
    title: str
    publisher: str | None = None
    date: str | None = None
    url: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the source as the page reads it; a link only where it is plain http(s)."""
        return {
            "title": clean_display(self.title),
            "publisher": _text(self.publisher),
            "date": _text(self.date),
            "url": safe_url(self.url),
            "raw": _text(self.url) if self.url and safe_url(self.url) is None else None,
        }


@dataclass(frozen=True)
class ViewData:
    """Everything that one view shows. Nodes are known by their position in `nodes`."""

    title: str
    name: str = ""
    digest: str = ""
    as_of: str | None = None
    on: str | None = None
    description: str = ""
    licence: str = ""
    version: str = ""
    nodes: tuple[NodeItem, ...] = ()
    links: tuple[LinkItem, ...] = ()
    units: tuple[UnitItem, ...] = ()
    answers: tuple[Answer, ...] = ()
    gaps: tuple[GapItem, ...] = ()
    references: tuple[ReferenceItem, ...] = ()
    limits: tuple[str, ...] = ()
    #: Kinds of unit of which some are not in `units`, and how many: their loss was not worked out.
    unlisted: tuple[tuple[str, int], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    grouped: bool = False


def _text(value: str | None) -> str | None:
    return None if value is None else clean_display(value)


def redact(data: ViewData, fields: Iterable[str]) -> ViewData:
    """Return the data without some fields of nodes and supplies, and without what tells them.

    Raises
    ------
    QuestionError
        A field cannot be left out.
    """
    wanted = sorted(set(fields))
    if not wanted:
        return data
    unknown = [name for name in wanted if name not in REDACTABLE]
    if unknown:
        raise QuestionError(
            f"a view cannot leave out {', '.join(unknown)}. It can leave out: "
            f"{', '.join(REDACTABLE)}"
        )
    if "operator" in wanted and "owner" not in wanted:
        wanted = sorted([*wanted, "owner"])  # the owner is derived from the operator and tells it
    blank: dict[str, Any] = {
        "facts": (),
        "levers": (),
        "note": None,
        "operator": None,
        "owner": None,
        "references": (),
    }
    of_node = {name: blank[name] for name in wanted if name in blank}
    of_supply: dict[str, Any] = {
        name: None if name == "share" else blank[name]
        for name in wanted
        if name in ("share", "note", "references")
    }
    return replace(
        data,
        nodes=tuple(replace(node, **of_node) for node in data.nodes),
        links=tuple(
            replace(link, supplies=tuple(replace(s, **of_supply) for s in link.supplies))
            for link in data.links
        ),
        units=tuple(unit for unit in data.units if unit.by not in wanted),
        answers=tuple(answer for answer in data.answers if answer.by not in wanted),
        unlisted=tuple((by, left) for by, left in data.unlisted if by not in wanted),
        references=() if "references" in wanted else data.references,
        limits=(*data.limits, f"Left out on request: {', '.join(wanted)}."),
    )


def aggregate(data: ViewData) -> ViewData:
    """Return the data with one node for each stage and country, for networks too big to draw.

    Targets stay apart. A group counts as lost, dark or possibly dark when any of its members is.
    """
    group: list[int] = []
    number: dict[tuple[str, ...], int] = {}
    members: list[list[int]] = []
    for position, node in enumerate(data.nodes):
        key = ("target", node.id) if node.target else ("", node.stage or "", node.country or "")
        if key not in number:
            number[key] = len(members)
            members.append([])
        group.append(number[key])
        members[number[key]].append(position)
    nodes = tuple(_group(data, positions) for positions in members)
    rows: dict[tuple[int, int], dict[str, list[SupplyItem]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for link in data.links:
        ends = group[link.supplier], group[link.consumer]
        if ends[0] != ends[1]:
            for supply in link.supplies:
                rows[ends][supply.material or ""].append(supply)
    ends_at = {ends: k for k, ends in enumerate(sorted(rows))}
    links = tuple(
        LinkItem(
            *ends, tuple(_merged(material, rows[ends][material]) for material in sorted(rows[ends]))
        )
        for ends in sorted(rows)
    )
    line = [ends_at.get((group[k.supplier], group[k.consumer]), -1) for k in data.links]

    def nodes_of(positions: Sequence[int]) -> tuple[int, ...]:
        return tuple(sorted({group[p] for p in positions}))

    def links_of(positions: Sequence[int]) -> tuple[int, ...]:
        return tuple(sorted({line[p] for p in positions} - {-1}))

    def effect(one: UnitItem) -> UnitItem:
        lost = nodes_of(one.lost)
        dark = tuple(p for p in nodes_of(one.dark) if p not in lost)
        assumed = tuple(p for p in nodes_of(one.assumed) if p not in lost + dark)
        return replace(
            one,
            lost=lost,
            blocked=links_of(one.blocked),
            dark=dark,
            assumed=assumed,
            possibly=tuple(p for p in nodes_of(one.possibly) if p not in lost + dark + assumed),
            targets=nodes_of(one.targets),
            targets_assumed=nodes_of(one.targets_assumed),
            targets_possibly=nodes_of(one.targets_possibly),
        )

    return replace(
        data,
        nodes=nodes,
        links=links,
        units=tuple(effect(unit) for unit in data.units if unit.by != "node"),
        answers=tuple(
            replace(
                answer,
                target=group[answer.target],
                sets=tuple(
                    replace(
                        s,
                        lost=nodes_of(s.lost),
                        blocked=links_of(s.blocked),
                        dark=tuple(p for p in nodes_of(s.dark) if p not in nodes_of(s.lost)),
                    )
                    for s in answer.sets
                ),
            )
            for answer in data.answers
            if answer.by != "node"
        ),
        gaps=tuple(
            replace(gap, node=None if gap.node is None else group[gap.node]) for gap in data.gaps
        ),
        limits=(
            f"{plural(len(data.nodes), 'node')} are too many to draw one by one: this picture "
            f"shows {plural(len(nodes), 'group')} of one stage and country each, and marks a "
            "group when any of its members is lost or dark. Build it with full=True to see "
            "every node.",
            *data.limits,
        ),
        grouped=True,
    )


def _group(data: ViewData, positions: list[int]) -> NodeItem:
    first = data.nodes[positions[0]]
    if first.target:
        return replace(first, needs=())
    owners = {data.nodes[p].controller for p in positions}
    place_name = data.names.get(first.country or "", first.country or "country not recorded")
    makes = sorted({m for p in positions for m in data.nodes[p].makes})
    gaps = sorted({g for p in positions for g in data.nodes[p].gaps})
    return NodeItem(
        id=f"{first.stage or NOT_RECORDED} / {first.country or '?'}",
        name=f"{place_name}: {len(positions)}",
        stage=first.stage,
        country=first.country,
        controller=owners.pop() if len(owners) == 1 else None,
        kind="aggregate",
        makes=tuple(makes),
        facts=(("Nodes in this group", str(len(positions))),),
        gaps=tuple(gaps),
        members=len(positions),
    )


def _merged(material: str, supplies: list[SupplyItem]) -> SupplyItem:
    grades = {s.confidence for s in supplies}
    return SupplyItem(
        id=material,
        material=material or None,
        confidence=grades.pop() if len(grades) == 1 else None,
        live=any(s.live for s in supplies),
        note=plural(len(supplies), "supply"),
    )


def categories(
    values: Sequence[str | None], names: Mapping[str, str], members: Sequence[int] | None = None
) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the legend of one colouring, and the position in it of each node.

    `members` says for how many plants each node stands, where it is a group.

    At most seven values get a hue of their own, by how often they occur; the rest is one grey
    ``Other``, and what is not recorded stays apart from it.

    Examples
    --------
    >>> legend, of_node = categories(["CN", None, "CN", "US"], {"CN": "China"})
    >>> [(entry["label"], entry["count"], entry["hue"]) for entry in legend]
    [('China', 2, 0), ('US', 1, 1), ('not recorded', 1, -2)]
    >>> of_node
    [0, 2, 0, 1]
    """
    counts: Counter[str] = Counter()
    blank = 0
    for value, count in zip(values, members or [1] * len(values), strict=True):
        if value is None:
            blank += count
        else:
            counts[value] += count
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    shown = ranked[:HUES]
    legend: list[dict[str, Any]] = [
        {
            "key": clean_display(value),
            "label": clean_display(names.get(value, value)),
            "count": counts[value],
            "hue": hue,
        }
        for hue, value in enumerate(shown)
    ]
    where: dict[str | None, int] = {value: k for k, value in enumerate(shown)}
    rest = ranked[len(shown) :]
    if rest:
        where |= dict.fromkeys(rest, len(legend))
        legend.append(
            {
                "key": None,
                "label": f"{len(rest)} others"
                if len(rest) > 1
                else clean_display(names.get(rest[0], rest[0])),
                "count": sum(counts[value] for value in rest),
                "hue": OTHER,
            }
        )
    if blank:
        where[None] = len(legend)
        legend.append({"key": None, "label": "not recorded", "count": blank, "hue": UNKNOWN})
    return legend, [where[value] for value in values]


_SHAPES = {"aggregate": "hexagon", "firm": "square", "stock": "triangle", "programme": "star"}


def vis_nodes(data: ViewData, layout: Layout) -> list[dict[str, Any]]:
    """Return what the drawing library is told of each node: nothing else of it, ever."""
    found = []
    stops = _stops(data)
    for position, node in enumerate(data.nodes):
        x, y = layout.positions[position]
        where = " · ".join(part for part in (node.stage, node.country) if part)
        lines = [clamp(clean_display(node.name), 160)]
        if where:
            lines.append(clamp(clean_display(where), 160))
        if any(stops[position]):
            lines.append(_harm(*stops[position]))
        if node.gaps:
            lines.append(f"{plural(len(node.gaps), 'gap')} in the data")
        found.append(
            {
                "n_id": f"n{position}",
                "label": clamp(clean_display(node.name), 26),
                "title": "\n".join(lines),
                "x": x,
                "y": y,
                "shape": "diamond" if node.target else _SHAPES.get(node.kind, "dot"),
                "size": _size(node, sum(stops[position][:2])),
            }
        )
    return found


def _size(node: NodeItem, stops: int) -> int:
    if node.target:
        return 30
    return int(22 + min(16, 4.5 * stops**0.6))


def _harm(sure: int, assumed: int, possibly: int) -> str:
    parts = [
        f"{count} {word}"
        for count, word in ((sure, "certain"), (assumed, "assumed"), (possibly, "possible"))
        if count
    ]
    return f"targets stopped by its loss alone: {', '.join(parts)}"


def _stops(data: ViewData) -> list[tuple[int, int, int]]:
    """Return for each node how many targets its loss alone stops: certain, assumed, possible."""
    none = 0, 0, 0
    found = {
        unit.unit: (len(unit.targets), len(unit.targets_assumed), len(unit.targets_possibly))
        for unit in data.units
        if unit.by == "node"
    }
    return [none if node.target else found.get(node.id, none) for node in data.nodes]


def payload(data: ViewData) -> tuple[dict[str, Any], Layout]:
    """Return what the page reads, plain JSON values only, and where everything stands."""
    layout = place(
        [node.stage for node in data.nodes], [(k.supplier, k.consumer) for k in data.links]
    )
    members = [n.members for n in data.nodes]
    by_country, of_country = categories([n.country for n in data.nodes], data.names, members)
    by_control, of_control = categories([n.controller for n in data.nodes], data.names, members)
    refs = {reference.id: k for k, reference in enumerate(data.references)}
    stops = _stops(data)
    units: dict[str, list[dict[str, Any]]] = {}
    for unit in data.units:
        units.setdefault(unit.by, []).append(unit.to_dict())
    gap_words = {gap.id: clean_display(gap.text) for gap in data.gaps}

    def of_node(position: int, node: NodeItem) -> dict[str, Any]:
        country = data.names.get(node.country, node.country) if node.country else None
        control = data.names.get(node.controller, node.controller) if node.controller else None
        return {
            "id": clean_display(node.id),
            "name": clean_display(node.name),
            "stage": _text(node.stage),
            "country": _text(node.country),
            "countryName": _text(country),
            "operator": _text(node.operator),
            "owner": _text(node.owner),
            "controller": _text(node.controller),
            "controllerName": _text(control),
            "kind": _text(node.kind),
            "confidence": _text(node.confidence),
            "makes": [clean_display(m) for m in node.makes],
            "facts": [[clean_display(a), clean_display(b)] for a, b in node.facts],
            "levers": [clean_display(lever) for lever in node.levers],
            "refs": [refs[r] for r in node.references if r in refs],
            "note": _text(node.note),
            "needs": [need.to_dict() for need in node.needs],
            "gaps": [gap_words.get(gap, clean_display(gap)) for gap in node.gaps],
            "unknownInputs": any(g.startswith(("upstream:", "suppliers:")) for g in node.gaps),
            "idle": _text(node.idle),
            "target": node.target,
            "stops": list(stops[position]),
            "colour": [of_country[position], of_control[position]],
        }

    def of_link(link: LinkItem) -> dict[str, Any]:
        live = [s for s in link.supplies if s.live]
        shown = live or list(link.supplies)
        return {
            "from": link.supplier,
            "to": link.consumer,
            "back": (link.supplier, link.consumer) in layout.back,
            "live": bool(live),
            "illustrative": bool(shown) and all(s.confidence == "illustrative" for s in shown),
            "rows": [supply.to_dict(refs) for supply in link.supplies],
        }

    return {
        "title": clean_display(data.title),
        "name": clean_display(data.name),
        "digest": data.digest,
        "asOf": data.as_of,
        "on": data.on,
        "grouped": data.grouped,
        "lanes": [{**lane.to_dict(), "label": clean_display(lane.label)} for lane in layout.lanes],
        "colourings": {"country": by_country, "controller": by_control},
        "nodes": [of_node(k, node) for k, node in enumerate(data.nodes)],
        "links": [of_link(link) for link in data.links],
        "units": units,
        "unlisted": dict(data.unlisted),
        "answers": [answer.to_dict() for answer in data.answers],
        "gaps": [{"text": clean_display(g.text), "node": g.node} for g in data.gaps],
        "refs": [reference.to_dict() for reference in data.references],
    }, layout
