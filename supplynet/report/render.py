"""Lay out the facts of a report: one HTML page, Markdown, CSV files.

Renderers read the JSON form of a report and nothing else, so that all forms say the same. Whatever
comes from data is made safe here: HTML by autoescape, Markdown and CSV cell by cell.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

from supplynet.text import clamp, clean_display, csv_cell, md_cell, plural, safe_url

__all__ = ["to_csvs", "to_html", "to_markdown"]

Facts = Mapping[str, Any]

#: Entries shown before a list says how many more there are; JSON and CSV hold all of them.
POINTS_SHOWN = 10
POSSIBLE_SHOWN = 6
CUTS_SHOWN = 6
POSSIBLE_CUTS_SHOWN = 3
CELLS_SHOWN = 25
BLIND_SHOWN = 5
FIRST_PAGE_ROWS = 4
FIRST_PAGE_SETS = 2
FIRST_PAGE_CELLS = 3
FIRST_PAGE_LIMITATIONS = 3
MATRIX_SINGLES = 12
MATRIX_SETS = 12
#: Of units alone: industries and blind spots are told beside it.
NO_POSSIBLE = "No possible single point of failure by plant, operator, country or government."
SHARED_SHOWN = 20
COLOURS = 7
LONG_WORD = 28
#: Where the bars of a chart begin, and how wide one percent is, in its own units.
BAR_START = 150
BAR_UNIT = 7.5

UNIT_NAMES = {
    "node": "plant",
    "operator": "operator",
    "country": "country",
    "controller": "government",
}
#: A cut set by node may hold an industry; single points list those apart.
SET_NAMES = {**UNIT_NAMES, "node": "plant or industry"}
UNIT_PLURALS = {
    "node": "plants",
    "operator": "operators",
    "country": "countries",
    "controller": "governments",
}
STATUS_NAMES = {
    "runs": "runs",
    "possibly_stopped": "possibly stopped",
    "already_stopped": "already stopped",
}
STRONGEST_NAMES = {
    "already_stopped": "already stopped",
    "certain": "certain",
    "assumed": "assumed",
    "possible": "possible",
    "industry": "industry only",
    "blind_spot": "blind spot only",
    "none": "none on record",
    "recorded": "as recorded",
}

HOLDER = "Stops it alone, holder not on record"

KEY = (
    "Certain: holds with every gap read in the target's favour and without any illustrative link. "
    "Assumed: the same, but only if illustrative links are right. Possible: only if a named gap in "
    "the data also goes badly."
)

METHOD = (
    (
        "What running means",
        "A node runs when it is not lost, operates on the date, and all its needs are met. A need "
        "is met while at least one recorded supplier delivers. Production is the least fixpoint of "
        "that rule: a recycling loop that feeds only itself does not run.",
    ),
    (
        "Single points and cut sets",
        "A single point of failure is a unit whose loss alone stops the target. A minimal cut set "
        "is a set of units that stops it together and of which none can be left out. Both are "
        "exact on networks with loops and with needs that all must be met. Where a limit cut a "
        "search short, the section says so.",
    ),
    (
        "What is lost with a unit",
        "A plant is lost alone. With an operator go all its plants, with a country everything that "
        "stands there. A government denies: it stops each supply from a plant it has a lever on "
        "(by territory, ownership or the domicile of the operator or owner) to a consumer on which "
        "it has none. Units that would take the target itself are listed as its own and not "
        "counted.",
    ),
    (
        "Certain, assumed, possible",
        "Certain: stops the target with every gap at its good end, without any illustrative need. "
        "Assumed: the same, but only if illustrative needs are right. Possible: needs at least one "
        "named gap to go badly as well. A gap that would stop the target by itself is a blind "
        "spot.",
    ),
    (
        "Evidence",
        "The highest confidence (high, medium, low, illustrative) at which a finding still holds "
        "when only needs of that confidence or better count. A row without a grade counts as low.",
    ),
    (
        "What an empty answer does not mean",
        "No single point of failure means: none in these data, at this date, while any one "
        "recorded supplier is enough. It is no sign of resilience. Unrecorded suppliers can remove "
        "a chokepoint; unrecorded needs and shared inputs can add one.",
    ),
)

GLOSSARY = (
    ("aggregate", "A node that stands for an industry, not a plant; listed apart."),
    ("blind spot", "A gap in the data that would stop the target by itself if it went badly."),
    ("chokepoint", "A ranked single point of failure."),
    ("controller", "The government that prevails over a plant, by seizure, ownership or place."),
    ("cut set, minimal", "Units that together stop the target, none of which can be left out."),
    ("gap", "Something unknown with a good and a bad end; it has an id that names the cell."),
    ("HHI", "Sum of squared shares, 0 to 1; 1 is a single source."),
    ("illustrative", "A link that no source states; put in so that the model is complete."),
    ("lever", "What lets a government deny: territory, ownership, domicile, seizure or court."),
    ("order", "Number of units in a cut set."),
    ("own", "A unit that takes the target itself; no chokepoint of it."),
    ("stage", "Step of the chain, from mine to target."),
)


def percent(value: float | None) -> str:
    """Return a share as percent; what is not zero never reads as zero.

    Examples
    --------
    >>> percent(0.703), percent(0.5), percent(0.0001), percent(0), percent(None)
    ('70.3 %', '50 %', '<0.1 %', '0 %', 'unknown')
    """
    if value is None:
        return "unknown"
    if 0 < value < 0.001:
        return "<0.1 %"
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def band(low: float | None, high: float | None) -> str:
    """Return an index, or its bounds where they differ, or that it is not known.

    Examples
    --------
    >>> band(0.25, 0.25), band(0.058, 0.723), band(None, None)
    ('0.25', '0.058 to 0.723', 'not known')
    """
    if low is None or high is None:
        return "not known"
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


class _Words:
    """Turns ids in the facts into what a reader sees."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.labels = facts["labels"]
        self.nodes = facts["nodes"]
        self.reference_number = {r["id"]: i for i, r in enumerate(facts["references"], start=1)}

    def node(self, node: str) -> str:
        return str(self.labels["node"].get(node, node))

    def entity(self, entity: str | None) -> str:
        return "unknown" if entity is None else str(self.labels["entity"].get(entity, entity))

    def place(self, code: str | None) -> str:
        if code is None:
            return "unknown"
        return str(self.labels["country"].get(code) or self.entity(code))

    def material(self, material: str) -> str:
        return str(self.labels["material"].get(material, material))

    def unit(self, by: str, unit: str) -> str:
        if by == "node":
            return self.node(unit)
        return self.entity(unit) if by in ("operator", "owner") else self.place(unit)

    def gap(self, gap: str) -> str:
        return str(self.facts["gaps"].get(gap, gap))

    def nodes_text(self, nodes: Sequence[str], limit: int = 4) -> str:
        return more([self.node(n) for n in nodes], limit)

    def units_text(self, by: str, units: Sequence[str]) -> str:
        return " + ".join(self.unit(by, u) for u in units)

    def chain(self, chain: Sequence[Mapping[str, Any]]) -> str:
        """Return a chain of unmet needs in one line; a dashed arrow is an illustrative need."""
        if not chain:
            return ""
        first = chain[0]["supplier"]
        text = "no supplier on record" if first is None else self.node(first)
        for link in chain:
            arrow = "⇢" if link["evidence"] == "illustrative" else "→"
            need = self.need_name(link["consumer"], link["need"])
            text += f" {arrow} {self.node(link['consumer'])} (lacks {need})"
        return text

    def where(self, member: Mapping[str, Any]) -> str:
        return more([self.place(c) for c in member["countries"]], 3) or "unknown"

    def control(self, member: Mapping[str, Any]) -> str:
        if member["by"] == "controller":
            return str(member["label"])
        return more([self.place(c) for c in member["controllers"]], 3) or "unknown"

    def need(self, need: str) -> str:
        node, _, name = need.partition("/")
        return f"{self.node(node)}: {self.need_name(node, name)}"

    def need_name(self, node: str, need: str) -> str:
        return str(self.labels["need"].get(f"{node}/{need}") or self.material(need))


def more(words: Sequence[str], limit: int) -> str:
    """Return words with commas, the rest counted."""
    if len(words) <= limit + 1:
        return ", ".join(words)
    return f"{', '.join(words[:limit])} and {len(words) - limit} more"


def evidence_text(evidence: Sequence[str]) -> str:
    """Return a range of evidence, best first."""
    return " to ".join(dict.fromkeys((evidence[0], evidence[-1]))) if evidence else ""


class _Layout:
    """Selections and groupings that every form shows the same."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.words = _Words(facts)

    @cached_property
    def top_shared(self) -> list[Mapping[str, Any]]:
        return [g for g in self.facts["shared"] if not g["members"][0]["aggregate"]]

    @cached_property
    def first_page(self) -> list[dict[str, Any]]:
        """Return the chokepoints of the first page: single points and sets, widest first."""
        singles = [self._single_row(g) for g in self.top_shared[:FIRST_PAGE_ROWS]]
        # A set is worth a line of the first page where it stops more than one target, or all, and
        # not only targets that a single unit or a wider set stops.
        wide = min(2, len(self.facts["targets"]))
        seen = [{s["target"] for s in g["targets"]} for g in self.top_shared]
        sets: list[dict[str, Any]] = []
        for found in self.facts["shared_sets"]:
            stops = {s["target"] for s in found["targets"]}
            if len(stops) >= wide and not any(stops <= other for other in seen):
                seen.append(stops)
                sets.append(self._set_row(found))
        sets = sets[:FIRST_PAGE_SETS]
        rows = sorted((*singles, *sets), key=lambda row: (-len(row["stops"]), -row["certain"]))
        return rows[:FIRST_PAGE_ROWS]

    def _single_row(self, group: Mapping[str, Any]) -> dict[str, Any]:
        lead = group["members"][0]
        return {
            "name": clamp(lead["label"], 60),
            "kind": UNIT_NAMES[lead["by"]],
            "stage": more(lead["stages"], 2) or "unknown",
            "country": self.words.where(lead),
            "controller": self.words.control(lead),
            "stops": [s["target"] for s in group["targets"]],
            "certain": group["certain"],
            "assumed": group["assumed"],
            "evidence": group["evidence"],
            "because": self.words.chain(group["chain"]),
        }

    def _set_row(self, found: Mapping[str, Any]) -> dict[str, Any]:
        place = [self.words.place(c) for c in found["countries"]]
        control = [self.words.place(c) for c in found["controllers"]]
        return {
            "name": " + ".join(clamp(label, 40) for label in found["labels"]),
            "kind": f"only together, {self.kinds_text(found)}",
            "stage": more(found["stages"], 2) or "all there",
            "country": more(place, 3) or "any",
            "controller": more(control, 3) or "any",
            "stops": [s["target"] for s in found["targets"]],
            "certain": found["certain"],
            "assumed": found["assumed"],
            "evidence": found["evidence"],
            "because": "",
        }

    @staticmethod
    def kinds_text(found: Mapping[str, Any]) -> str:
        return f"as {' or as '.join(UNIT_PLURALS[by] for by in found['by'])}"

    @staticmethod
    def also(group: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return list(group["members"][1:])

    def sure(self, target: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return certain and assumed points, those with one chain together, certain first."""
        groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
        for point in target["points"]:
            if point["certainty"] != "possible":
                chain = tuple(tuple(link.values()) for link in point["chain"])
                groups[point["certainty"], point["evidence"], chain].append(point)
        found = [{"lead": points[0], "likewise": points[1:]} for points in groups.values()]
        return sorted(found, key=lambda g: g["lead"]["certainty"] != "certain")

    def likewise_text(self, points: Sequence[Mapping[str, Any]]) -> str:
        return more([self.point_text(p["by"], p["unit"]) for p in points], 6)

    def point_text(self, by: str, unit: str) -> str:
        return f"{self.words.unit(by, unit)} ({UNIT_NAMES[by]})"

    def possible(self, target: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return possible points by the gaps that must go badly, most units first."""
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for point in target["points"]:
            if point["certainty"] == "possible":
                groups[tuple(point["gaps"])].append(self.point_text(point["by"], point["unit"]))
        return [
            {"gaps": gaps, "units": more(units, 6)}
            for gaps, units in sorted(groups.items(), key=lambda g: (-len(g[1]), g[0]))
        ]

    @staticmethod
    def badges(finding: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return how sure a finding is: where that differs by target, each with its count."""
        figures = finding["figures"]
        counts = [(c, figures.get(c) or 0) for c in ("certain", "assumed")]
        if all(n for _, n in counts):
            return [(c, str(n)) for c, n in counts]
        return [(finding["certainty"], "")]

    def gaps_text(self, gaps: Sequence[str]) -> str:
        return " and ".join(self.words.gap(gap) for gap in gaps)

    def settled(self, cell: Mapping[str, Any]) -> str:
        parts = []
        if cell["blind_spots"]:
            parts.append(plural(cell["blind_spots"], "blind spot"))
        if cell["possible"]:
            parts.append(plural(cell["possible"], "possible chokepoint"))
        return f"{', '.join(parts)} in {plural(len(cell['targets']), 'target')}"

    @property
    def no_gap_text(self) -> str:
        most = self.facts["question"]["max_gaps"]
        if most == 0:
            return "What gaps could add was not searched (at most 0 gaps at their bad end)."
        if most == 1:
            return "No gap in the data adds one by going badly."
        gaps = f"No gaps in the data, up to {most} together,"
        return f"{gaps} add one by going badly."

    @cached_property
    def matrix(self) -> dict[str, Any]:
        """Return targets by shared chokepoints: how sure each stop is."""
        singles = self.top_shared[:MATRIX_SINGLES]
        sets = self.facts["shared_sets"][:MATRIX_SETS]
        groups = [*singles, *sets]
        rows = []
        for target in self.facts["targets"]:
            cells = []
            for group in groups:
                stop = next((s for s in group["targets"] if s["target"] == target["id"]), None)
                cells.append(stop["certainty"] if stop else "")
            rows.append({"id": target["id"], "name": target["name"], "cells": cells})
        heads = [(str(i), g["members"][0]["label"]) for i, g in enumerate(singles, start=1)]
        heads += [(self.set_mark(i), " + ".join(g["labels"])) for i, g in enumerate(sets)]
        return {"heads": heads, "rows": rows}

    @staticmethod
    def counts_text(counts: Mapping[str, int]) -> str:
        """Return certain / assumed / possible, a dash where there is none."""
        if not any(counts.values()):
            return "–"
        return f"{counts['certain']} / {counts['assumed']} / {counts['possible']}"

    @staticmethod
    def set_mark(index: int) -> str:
        return chr(ord("A") + index)

    @cached_property
    def colour_of(self) -> dict[str, int]:
        """Return a colour number per country of the charts; the rest share the last one."""
        weight: dict[str, float] = defaultdict(float)
        for row in self.facts["concentration"]:
            for share in row["shares"]:
                if share["unit"] is not None:
                    weight[share["unit"]] += share["share"]
        ranked = sorted(weight, key=lambda c: (-weight[c], c))
        return {c: min(i, COLOURS) for i, c in enumerate(ranked)}

    def bars(self, shares: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return the pieces of one stacked bar, 0 to 100 wide."""
        pieces = []
        at = 0.0
        for share in shares:
            width = 100 * share["share"]
            unit = share["unit"]
            pieces.append(
                {
                    "x": f"{at:.2f}",
                    "middle": f"{BAR_START + (at + width / 2) * BAR_UNIT:.1f}",
                    "width": f"{width:.2f}",
                    "colour": "u" if unit is None else self.colour_of[unit],
                    "unit": "?" if unit is None else unit,
                    "fits": width * BAR_UNIT > 9 * len(unit or "?") + 6,
                }
            )
            at += width
        return pieces

    @staticmethod
    def counted_text(row: Mapping[str, Any]) -> str:
        if row["basis"] == "nodes":
            return "nodes"
        counted = row["nodes"] - row["without_capacity"]
        bases = ", ".join(row["capacity_bases"])
        return f"capacity, {row['capacity_unit']} ({counted} of {row['nodes']} nodes; {bases})"

    @staticmethod
    def stage_text(row: Mapping[str, Any]) -> str:
        return str(row["stage"] or "no stage")

    @cached_property
    def latest_shares(self) -> list[Mapping[str, Any]]:
        return [m for m in self.facts["market_shares"] if m["latest"]]

    def member_text(self, member: Mapping[str, Any]) -> str:
        kind = "an industry" if member["aggregate"] else UNIT_NAMES[member["by"]]
        return f"{member['label']} ({kind})"

    def also_text(self, group: Mapping[str, Any], limit: int) -> str:
        return more([self.member_text(m) for m in self.also(group)], limit)

    def lost_text(self, point: Mapping[str, Any]) -> str:
        """Return what goes with a unit: the facts of a plant, the plants of a larger unit."""
        if point["by"] == "node":
            facts = self.words.nodes.get(point["unit"], {})
            parts = [
                facts.get("stage") or "stage unknown",
                self.words.place(facts.get("country")),
                f"operator {self.words.entity(facts.get('operator'))}",
                f"controller {self.words.place(facts.get('controller'))}",
            ]
            return "; ".join(parts)
        names = [self.words.node(n) for n in point["nodes"]]
        what = "supplies of " if point["by"] == "controller" else ""
        return f"{what}{plural(len(names), 'plant')}: {more(names, 3)}"

    def aggregates_text(self, target: Mapping[str, Any]) -> str:
        found: dict[tuple[str, str], int] = defaultdict(int)
        for point in target["aggregates"]:
            found[point["label"], point["certainty"]] += 1
        texts = [f"{label} ({certainty})" for label, certainty in found]
        return more(texts, 6)

    def blind_text(self, target: Mapping[str, Any]) -> str:
        """Return the gaps that stop the target alone."""
        gaps = [g for g in self._blind(target) if not g.startswith("unit:")]
        if not gaps:
            return ""
        rest = len(gaps) - BLIND_SHOWN
        text = "; or if ".join(map(self.words.gap, gaps[:BLIND_SHOWN]))
        return f"stops, with nothing lost, if {text}" + (f"; or {rest} more" if rest > 0 else "")

    def holder_text(self, target: Mapping[str, Any]) -> str:
        """Return the nodes that stop the target and of which only the holder is unknown."""
        nodes = [g.partition(":")[2] for g in self._blind(target) if g.startswith("unit:")]
        return self.words.nodes_text(nodes, 5)

    @staticmethod
    def _blind(target: Mapping[str, Any]) -> list[str]:
        return list(dict.fromkeys(g for found in target["blind_spots"].values() for g in found))

    def own_text(self, by: str, units: Sequence[str]) -> str:
        return more([self.words.unit(by, u) for u in units], 6)

    def down_text(self, target: Mapping[str, Any]) -> str:
        if not target["not_running"]:
            return "nothing upstream"
        texts = [f"{self.words.node(n['node'])} ({n['why']})" for n in target["not_running"]]
        return more(texts, 5)

    def not_modelled_text(self, target: Mapping[str, Any]) -> str:
        return more([self.words.need(n) for n in target["not_modelled"]], 6)

    def basis_text(self, target: Mapping[str, Any]) -> str:
        basis = target["basis"]
        return "; ".join(
            (
                plural(basis["gaps"], "gap"),
                plural(basis["supplier_lists_assumed_complete"], "supplier list")
                + " assumed complete",
                plural(basis["illustrative"], "illustrative need"),
            )
        )

    def cuts_text(self, search: Mapping[str, Any]) -> str:
        """Return the larger sets; those of order 1 are the single points above."""
        larger = [c for c in search["cuts"] if len(c["units"]) > 1]
        parts = []
        for certainty in ("certain", "assumed"):
            found = [c for c in larger if c["certainty"] == certainty]
            if found:
                texts = [self.words.units_text(search["by"], c["units"]) for c in found]
                parts.append(f"{certainty}: {_semicolons(texts, CUTS_SHOWN)}")
        if search["possible"]:
            units = [tuple(c["units"]) for c in search["possible"]]
            # The same units may stop the target with one gap or with another: named once.
            larger_units = [u for u in dict.fromkeys(units) if len(u) > 1]
            singles = len({u for u in units if len(u) == 1})
            texts = [self.words.units_text(search["by"], u) for u in larger_units]
            named = f": {_semicolons(texts, POSSIBLE_CUTS_SHOWN)}" if texts else ""
            parts.append(
                f"possible, with a gap: {singles} of order 1, {len(texts)} of larger order{named}"
            )
        return ". ".join(parts) if parts else "none"

    def shares_text(self, shares: Sequence[Mapping[str, Any]], limit: int) -> str:
        texts = [f"{s['label']} {percent(s['share'])}" for s in shares]
        return more(texts, limit)

    def market_text(self, shares: Sequence[Mapping[str, Any]]) -> str:
        texts = []
        for share in shares:
            bounds = [percent(share[k]) for k in ("low", "high") if share[k] is not None]
            name = self.words.place(share["country"])
            if share["share"] is not None:
                text = f"{name} {percent(share['share'])}"
                text += f" ({' to '.join(bounds)})" if bounds else ""
            else:
                text = f"{name} {' to '.join(bounds) or 'unknown'}"
            texts.append(text)
        return more(texts, 8)

    def concentration(self, kind: str) -> list[Mapping[str, Any]]:
        return [c for c in self.facts["concentration"] if c["kind"] == kind]

    @cached_property
    def concentration_kinds(self) -> list[tuple[str, str]]:
        return [
            ("country", "Where the plants stand, by stage"),
            ("controller", "Which government prevails over the plants, by stage"),
        ]

    @property
    def concentration_note(self) -> str:
        if not self.facts["concentration"]:
            return "No node operates on this date, so there is no concentration to measure."
        return (
            "Every node of the network that operates on the date, by stage: counted one each, "
            "whatever its size, and by capacity where at least two record it in one unit: shares "
            "of what is recorded, whose index is known only if every node records it. What has "
            "no country or controller on record is a share of its own, and the HHI (sum of squared "
            "shares, 0 to 1) is then a band. Concentration is no criticality: a stage spread over "
            "ten countries can hang on one plant."
        )

    @property
    def unknowns_text(self) -> str:
        u = self.facts["unknowns"]
        return (
            f"{_capital(plural(u['gaps'], 'gap'))} in the whole network on this date: "
            f"{plural(u['upstream'], 'node')} with unknown inputs, "
            f"{plural(u['suppliers'], 'open supplier list')}, "
            f"{plural(u['supply'], 'doubtful supply')}, "
            f"{plural(u['material'], 'consumer')} of unnamed materials. Upstream of the targets, "
            f"{plural(u['nodes_without_country'], 'node')} without a country, "
            f"{u['nodes_without_operator']} without an operator, "
            f"{u['nodes_without_controller']} without a known controller. "
            f"{_capital(plural(u['supplier_lists_assumed_complete'], 'supplier list'))} taken as "
            "complete because nothing says otherwise."
        )

    @property
    def provenance(self) -> list[tuple[str, list[Mapping[str, Any]]]]:
        tables: dict[str, list[Mapping[str, Any]]] = {}
        for row in self.facts["provenance"]:
            tables.setdefault(row["table"], []).append(row)
        return list(tables.items())

    @property
    def share_rows(self) -> int:
        return sum(row["table"] == "shares" for row in self.facts["provenance"])

    @property
    def shipped(self) -> bool:
        return "path/to/" not in self.facts["reproduce"]

    @cached_property
    def long_words(self) -> bool:
        """Tell whether an id or a name holds a word that would push a column off the page."""
        names = (
            text for key, facts in self.facts["nodes"].items() for text in (key, facts["name"])
        )
        return any(len(word) > LONG_WORD for name in names for word in name.split())

    @staticmethod
    def valid_text(row: Mapping[str, Any]) -> str:
        if row["start"] and row["end"]:
            return f"{row['start']} to {row['end']}"
        if row["start"]:
            return f"from {row['start']}"
        return f"to {row['end']}" if row["end"] else "undated"

    def referenced(self, references: Iterable[str]) -> list[int]:
        numbers = self.words.reference_number
        return sorted(numbers[r] for r in references if r in numbers)


def to_html(facts: Facts) -> str:
    """Return the report as one HTML page without script, picture files or requests."""
    import jinja2
    from markupsafe import Markup

    folder = files("supplynet.report") / "templates"
    css = (folder / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()

    def shown(value: object) -> object:
        is_text = isinstance(value, str) and not hasattr(value, "__html__")
        return clean_display(value) if is_text else value

    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"report.html": (folder / "report.html").read_text("utf-8")}),
        autoescape=True,
        finalize=shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(percent=percent, safe_url=safe_url, evidence=evidence_text)
    layout = _Layout(facts)
    page = environment.get_template("report.html").render(
        r=facts,
        l=layout,
        w=layout.words,
        # Our own file, no data in it.
        css=Markup(css),  # noqa: S704
        css_hash=digest,
        plural=plural,
        band=band,
        more=more,
        units=UNIT_NAMES,
        set_names=SET_NAMES,
        unit_plurals=UNIT_PLURALS,
        status_names=STATUS_NAMES,
        strongest_names=STRONGEST_NAMES,
        key=KEY,
        holder=HOLDER,
        shared_shown=SHARED_SHOWN,
        sets_shown=MATRIX_SETS,
        method=METHOD,
        glossary=GLOSSARY,
        points_shown=POINTS_SHOWN,
        possible_shown=POSSIBLE_SHOWN,
        cuts_shown=CUTS_SHOWN,
        no_possible=NO_POSSIBLE,
        cells_shown=CELLS_SHOWN,
        first_cells=FIRST_PAGE_CELLS,
        first_limitations=FIRST_PAGE_LIMITATIONS,
    )
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


def _semicolons(words: Sequence[str], limit: int) -> str:
    rest = len(words) - limit
    return "; ".join(words[:limit]) + (f"; {rest} more in cut_sets.csv" if rest > 0 else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def to_markdown(facts: Facts) -> str:
    """Return the report as Markdown; its annexes are the CSV files and the JSON."""
    layout = _Layout(facts)
    question, network = facts["question"], facts["network"]
    out: list[str] = []

    def paragraph(text: str) -> None:
        out.extend((text, ""))

    def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        out.append(f"| {' | '.join(head)} |")
        out.append(f"|{'---|' * len(head)}")
        out.extend(f"| {' | '.join(md_cell(cell) for cell in row)} |" for row in rows)
        out.append("")

    def bullets(items: Iterable[str]) -> None:
        out.extend(f"- {item}" for item in items)
        out.append("")

    paragraph(f"# {md_cell(facts['title'])}")
    paragraph(
        f"Answer for {question['on'] or 'no date'}; data as of {network['as_of'] or 'no date'}; "
        f"digest {network['digest'][:12]}; supplynet {facts['version']}."
    )
    paragraph(
        f"**Question.** {md_cell(question['sentence'])} {md_cell(question['end_use_sentence'])}"
    )
    paragraph(f"> **{md_cell(facts['answer'])}**")
    paragraph("## Findings")
    for number, finding in enumerate(facts["findings"], start=1):
        marks = layout.badges(finding)
        certainty = ", ".join(f"{n} {STRONGEST_NAMES[c]}".strip() for c, n in marks)
        out.append(f"{number}. *{certainty}*: {md_cell(finding['text'])}")
    out.append("")
    paragraph(KEY)
    if layout.first_page:
        paragraph("Most shared chokepoints: what stops most targets, alone or together.")
        table(
            (
                *("Chokepoint", "Stage", "Country", "Controller", "Stops"),
                *("Certainty", "Evidence", "Because (one chain)"),
            ),
            (_md_shared(row) for row in layout.first_page),
        )
        paragraph("→ a need with a source, ⇢ an illustrative need.")
    else:
        paragraph(
            f"No plant, operator, country or government, and no {question['max_order']} of them "
            "together, is on record as stopping a target. That says nothing about what is not "
            "recorded."
        )
    paragraph("## What would settle most")
    if facts["cells"]:
        table(
            ("Cell", "Row", "Field", "Now", "What to write", "Would settle"),
            (
                (
                    *(c["where"] or c["file"], c["row"], c["field"], c["now"], c["fill"]),
                    layout.settled(c),
                )
                for c in facts["cells"][:CELLS_SHOWN]
            ),
        )
        paragraph(md_cell(layout.unknowns_text))
    else:
        paragraph(f"No gap bears on an answer. {layout.no_gap_text}")
    paragraph("## How well the data are documented")
    table(
        ("Rows upstream", "All", "Sourced", "Assumed", "Illustrative", "Unknown", "Unknown means"),
        (
            (
                *(c["what"], c["total"]),
                *(
                    f"{c[kind]} ({percent(c[f'{kind}_share'])})"
                    for kind in ("sourced", "unsourced", "illustrative", "unknown")
                ),
                c["unknown_means"],
            )
            for c in facts["coverage"]
        ),
    )
    paragraph("## Limitations")
    bullets(f"**{md_cell(x['title'])}.** {md_cell(x['text'])}" for x in facts["limitations"])
    paragraph("## Targets")
    table(
        (
            *("Target", "End use", "Status", "Surest point"),
            *(f"{UNIT_PLURALS[by]} (certain / assumed / possible)" for by in question["units"]),
        ),
        (
            (
                *(t["name"], t["end_use"] or "not stated", STATUS_NAMES[t["status"]]),
                STRONGEST_NAMES[t["strongest"]],
                *(layout.counts_text(t["counts"][by]) for by in question["units"]),
            )
            for t in facts["targets"]
        ),
    )
    for target in facts["targets"]:
        paragraph(f"### {md_cell(target['name'])} ({md_cell(target['id'])})")
        paragraph(md_cell(target["sentence"]))
        sure = layout.sure(target)
        if sure:
            table(
                ("Unit", "What is lost", "Certainty", "Evidence", "Because (one chain)"),
                (_md_point(layout, g) for g in sure[:POINTS_SHOWN]),
            )
            if len(sure) > POINTS_SHOWN:
                paragraph(f"{len(sure) - POINTS_SHOWN} more in chokepoints.csv.")
        elif target["status"] != "already_stopped":
            paragraph(
                "No certain or assumed single point of failure by plant, operator, country or "
                "government."
            )
        possible = layout.possible(target)
        if possible:
            table(
                ("If this goes badly", "each of these alone stops the target"),
                ((layout.gaps_text(p["gaps"]), p["units"]) for p in possible[:POSSIBLE_SHOWN]),
            )
            if len(possible) > POSSIBLE_SHOWN:
                paragraph(f"{len(possible) - POSSIBLE_SHOWN} more in chokepoints.csv.")
        elif target["status"] != "already_stopped":
            paragraph(f"{NO_POSSIBLE} {layout.no_gap_text}")
        bullets(f"{md_cell(name)}: {md_cell(text)}" for name, text in _target_lines(layout, target))
        table(
            ("Minimal cut sets by", "Found, and bound of the search", "Of order 2 and more"),
            ((SET_NAMES[s["by"]], s["sentence"], layout.cuts_text(s)) for s in target["cut_sets"]),
        )
    _md_concentration(layout, paragraph, table)
    paragraph("## Method")
    bullets(f"**{word}.** {text}" for word, text in METHOD)
    paragraph("## Glossary")
    bullets(f"**{word}**: {text}" for word, text in GLOSSARY)
    paragraph("## References")
    if facts["references"]:
        for number, reference in enumerate(facts["references"], start=1):
            out.append(f"{number}. {_md_reference(reference)}")
        out.append("")
    else:
        paragraph("No row upstream of the targets cites a reference.")
    paragraph(
        f"{plural(len(facts['provenance']), 'row')} of the data stand behind these answers; each, "
        "with its references, is in provenance.csv and in the JSON."
    )
    paragraph("## Make it again")
    out.extend(("```", clean_display(facts["reproduce"]).replace("`", "'"), "```", ""))
    paragraph(f"supplynet {facts['version']}; sha256 of the data {network['digest']}.")
    return "\n".join(out).rstrip("\n") + "\n"


def _md_shared(row: Mapping[str, Any]) -> tuple[object, ...]:
    sure = [f"{row[c]} {c}" for c in ("certain", "assumed") if row[c]]
    return (
        f"{row['name']} ({row['kind']})",
        row["stage"],
        row["country"],
        row["controller"],
        f"{len(row['stops'])}: {more(row['stops'], 8)}",
        ", ".join(sure),
        evidence_text(row["evidence"]),
        row["because"],
    )


def _md_point(layout: _Layout, group: Mapping[str, Any]) -> tuple[str, ...]:
    lead = group["lead"]
    name = layout.point_text(lead["by"], lead["unit"])
    if group["likewise"]:
        name += f"; likewise {layout.likewise_text(group['likewise'])}"
    return (
        name,
        layout.lost_text(lead),
        lead["certainty"],
        lead["evidence"],
        layout.words.chain(lead["chain"]),
    )


def _target_lines(layout: _Layout, target: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = []
    if target["aggregates"]:
        lines.append(("Industries, not plants", layout.aggregates_text(target)))
    if layout.blind_text(target):
        lines.append(("Blind spots", layout.blind_text(target)))
    if layout.holder_text(target):
        lines.append((HOLDER, layout.holder_text(target)))
    if target["own"]:
        own = (f"{UNIT_NAMES[by]}: {layout.own_text(by, u)}" for by, u in target["own"].items())
        lines.append(("Its own, not counted", "; ".join(own)))
    lines.append(("Down before anything is lost", layout.down_text(target)))
    if target["not_modelled"]:
        lines.append(("Named, not evaluated", layout.not_modelled_text(target)))
    lines.append(("Rests on", layout.basis_text(target)))
    return lines


def _md_concentration(
    layout: _Layout,
    paragraph: Callable[[str], None],
    table: Callable[[Sequence[str], Iterable[Sequence[object]]], None],
) -> None:
    paragraph("## Concentration")
    paragraph(layout.concentration_note)
    for kind, title in layout.concentration_kinds:
        rows = layout.concentration(kind)
        if rows:
            paragraph(f"{title}.")
            table(
                ("Stage", "Counted in", "HHI", "Largest", "Three largest", "Shares"),
                (
                    (
                        *(layout.stage_text(r), layout.counted_text(r)),
                        band(r["hhi_low"], r["hhi_high"]),
                        *(percent(r["top1"]), percent(r["top3"])),
                        layout.shares_text(r["shares"], 6),
                    )
                    for r in rows
                ),
            )
    market = layout.latest_shares
    if not market:
        paragraph("No market shares up to this date are recorded in this network.")
        return
    paragraph("Published market shares, latest year of each market on record.")
    table(
        ("Material", "Stage", "Year", "Edition", "HHI", "Shares", "Not recorded", "References"),
        (
            (
                *(layout.words.material(m["material"]), m["stage"], m["year"], m["edition"]),
                band(m["hhi_low"], m["hhi_high"]),
                layout.market_text(m["shares"]),
                percent(m["unknown"]),
                ", ".join(f"[{n}]" for n in layout.referenced(m["references"])),
            )
            for m in market
        ),
    )
    earlier = len(layout.facts["market_shares"]) - len(market)
    if earlier:
        paragraph(f"{plural(earlier, 'other year')} in market_shares.csv.")


def _md_reference(reference: Mapping[str, Any]) -> str:
    text = md_cell(reference["title"] or "(not in references.csv)")
    text += "".join(f", {md_cell(reference[k])}" for k in ("publisher", "date") if reference[k])
    url = safe_url(reference["url"])
    if url:
        text += f". <{url}>"
    elif reference["url"]:
        text += f". {md_cell(reference['url'])}"
    return f"{text} ({md_cell(reference['id'])})"


def to_csvs(facts: Facts) -> dict[str, str]:
    """Return the tables of the report as CSV, file name to text; lists are joined by ``;``."""
    chokepoints = [
        {"target": t["id"], **{k: v for k, v in p.items() if k not in ("target", "chain")}}
        | {"because": " ; ".join(_link_text(x) for x in p["chain"])}
        for t in facts["targets"]
        for p in (*t["points"], *t["aggregates"])
    ]
    cuts = [
        {"target": t["id"], "by": s["by"], "order": len(c["units"]), **c}
        for t in facts["targets"]
        for s in t["cut_sets"]
        for c in (*s["cuts"], *s["possible"])
    ]
    searches = [
        {"target": t["id"], **{k: v for k, v in s.items() if k not in ("cuts", "possible")}}
        | {"possible": len(s["possible"])}
        for t in facts["targets"]
        for s in t["cut_sets"]
    ]
    shared = [
        {
            "rank": rank,
            "units": [f"{m['by']}={m['unit']}" for m in g["members"]],
            "label": g["members"][0]["label"],
            "targets": [s["target"] for s in g["targets"]],
            "certain": g["certain"],
            "assumed": g["assumed"],
            "evidence": g["evidence"],
            "illustrative_needs": g["illustrative_needs"],
        }
        for rank, g in enumerate(facts["shared"], start=1)
    ]
    shared_sets = [
        {k: g[k] for k in ("units", "by", "certain", "assumed", "evidence")}
        | {"targets": [s["target"] for s in g["targets"]]}
        for g in facts["shared_sets"]
    ]
    targets = [
        {k: t[k] for k in ("id", "name", "end_use", "country", "status", "strongest")}
        | {f"{by}_{c}": n for by, counts in t["counts"].items() for c, n in counts.items()}
        | {f"own_{by}": t["own"].get(by, []) for by in facts["question"]["units"]}
        | {"blind_spots": sorted({g for found in t["blind_spots"].values() for g in found})}
        | {"not_modelled": t["not_modelled"], "sentence": t["sentence"]}
        for t in facts["targets"]
    ]
    not_running = [{"target": t["id"], **n} for t in facts["targets"] for n in t["not_running"]]
    concentration = [
        {k: v for k, v in row.items() if k != "shares"}
        | {"unit": s["unit"], "share": s["share"], "nodes_of_unit": s["nodes"]}
        for row in facts["concentration"]
        for s in row["shares"]
    ]
    market = [
        {k: m[k] for k in ("material", "stage", "year", "edition")}
        | s
        | {"references": m["references"]}
        for m in facts["market_shares"]
        for s in m["shares"]
    ]
    question = {k: v for k, v in facts["question"].items() if not isinstance(v, (dict, list))}
    summary = [
        {"item": key, "value": value}
        for key, value in (
            ("title", facts["title"]),
            ("answer", facts["answer"]),
            *question.items(),
            ("targets", facts["question"]["targets"]),
            ("digest", facts["network"]["digest"]),
            ("as_of", facts["network"]["as_of"]),
            ("supplynet", facts["version"]),
            ("reproduce", facts["reproduce"]),
            *((f"finding {i}", f["text"]) for i, f in enumerate(facts["findings"], start=1)),
            *((f"limitation: {x['title']}", x["text"]) for x in facts["limitations"]),
        )
    ]
    tables: dict[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]] = {
        "summary.csv": (("item", "value"), summary),
        "targets.csv": (("id",), targets),
        "chokepoints.csv": (_POINT_COLUMNS, chokepoints),
        "shared_chokepoints.csv": (("rank", "units", "label", "targets"), shared),
        "shared_sets.csv": (("units", "by", "targets"), shared_sets),
        "cut_sets.csv": (("target", "by", "order", "units", "certainty", "gaps"), cuts),
        "cut_set_searches.csv": (("target", "by", "status", "complete"), searches),
        "cells.csv": (("gap", "file", "row", "field", "now", "fill"), facts["cells"]),
        "coverage.csv": (("what", "total"), facts["coverage"]),
        "not_running.csv": (("target", "node", "why"), not_running),
        "concentration.csv": (("kind", "stage", "unit", "share"), concentration),
        "market_shares.csv": (("material", "stage", "year", "country", "share"), market),
        "provenance.csv": (("table", "id", "where", "says"), facts["provenance"]),
        "references.csv": (("id", "title", "publisher", "url", "date"), facts["references"]),
    }
    return {name: _csv(columns, rows) for name, (columns, rows) in tables.items()}


_POINT_COLUMNS = ("target", "by", "unit", "label", "certainty", "evidence", "aggregate")


def _link_text(link: Mapping[str, Any]) -> str:
    return f"{link['consumer']} needs {link['need']} from {link['supplier'] or 'nobody recorded'}"


def _csv(first: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys((*first, *(key for row in rows for key in row))))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_value(row.get(column)) for column in columns])
    return text.getvalue()


def _csv_value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return csv_cell(";".join(str(item) for item in value))
    if isinstance(value, dict):
        return csv_cell(";".join(f"{k}={v}" for k, v in value.items()))
    return csv_cell(value)
