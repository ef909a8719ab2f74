"""Composes the report: the answer, the findings and the limitations, each from its figures."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supplynet.examples import examples
from supplynet.report.collect import Collector
from supplynet.report.facts import (
    CERTAINTIES,
    CUT_UNITS,
    EVIDENCE,
    POINT_UNITS,
    RECORDED,
    UNIT_WORDS,
    Answers,
    Finding,
    Limitation,
    Member,
    Report,
    Shared,
    SharedSet,
    Stop,
    capital,
    listed,
    long_date,
)
from supplynet.text import plural

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork

__all__ = ["assemble"]

#: Findings of the first page, and those among them about what is widely shared.
TOP_FINDINGS = 5
TOP_WIDE = 3


def assemble(
    net: SupplyNetwork,
    targets: Sequence[str],
    on: date | None,
    answers: Answers,
    *,
    max_order: int,
    max_gaps: int,
    version: str,
    all_targets: bool,
) -> Report:
    """Return the report of what the analyses answered; computes no analysis itself."""
    return _Writer(
        net,
        targets,
        on,
        answers,
        max_order=max_order,
        max_gaps=max_gaps,
        version=version,
        all_targets=all_targets,
    ).report()


class _Writer(Collector):
    """Puts what was collected into sentences."""

    # -- first page -------------------------------------------------------------------------

    @cached_property
    def counts(self) -> dict[str, Any]:
        strongest = [t.strongest for t in self.targets]
        by_unit = {
            by: {
                c: sum(
                    any(p.by == by and p.certainty == c for p in self.points[t])
                    for t in self.target_ids
                )
                for c in CERTAINTIES
            }
            for by in POINT_UNITS
        }
        order = ("already_stopped", *CERTAINTIES, "industry", "blind_spot", "none")
        return {
            "targets": len(self.target_ids),
            "strongest": {kind: strongest.count(kind) for kind in order},
            "possibly_stopped": sum(t.status == "possibly_stopped" for t in self.targets),
            "by_unit": by_unit,
        }

    def answer(self) -> str:
        strongest = self.counts["strongest"]
        total = self.counts["targets"]
        if total == 1:
            leads = [self.member_text(g.members[0]) for g in self.points_shared]
            first = f" Foremost: {listed(leads, 2)}." if leads else ""
            return self.targets[0].sentence + first
        only = "" if not strongest["certain"] else "only "
        phrases = {
            "already_stopped": "{} already stopped",
            "certain": "{} a certain single point of failure",
            "assumed": f"{{}} {only}an assumed one, as good as the illustrative links under it",
            "possible": "{} only a possible one, which takes a gap in the data going badly",
            "industry": "{} no plant, firm or state but a whole industry as one",
            "blind_spot": "{} none on record but a gap that alone could stop it",
            "none": "{} none on record, which is no sign of safety",
        }
        parts = []
        for kind, phrase in phrases.items():
            count = strongest[kind]
            if count or kind == "certain":
                one, many = ("is", "are") if kind == "already_stopped" else ("has", "have")
                number = str(count) if count else "none"
                parts.append(phrase.format(f"{number} {many if count > 1 else one}"))
        text = f"Of {total} targets, {'; '.join(parts)}."
        shaky = self.counts["possibly_stopped"]
        if shaky:
            text += (
                f" {shaky} may already be stopped, should all gaps go badly at once or "
                "illustrative needs go unmet."
            )
        single = next(iter(self.points_shared), None)
        pair = next(iter(self.shared_sets), None)
        if pair and len(pair.targets) > (len(single.targets) if single else 0):
            return (
                f"{text} Most shared: {self.set_text(pair)}, which only together stop "
                f"{plural(len(pair.targets), 'target')} ({_sure_text(pair)})."
            )
        if single:
            text += (
                f" Most shared: {self.member_text(single.members[0])}, which alone stops "
                f"{plural(len(single.targets), 'target')} ({_sure_text(single)})."
            )
        return text

    @cached_property
    def points_shared(self) -> tuple[Shared, ...]:
        """Return the groups with a real plant, firm or government: an industry is no point."""
        return tuple(g for g in self.shared if not g.members[0].aggregate)

    @staticmethod
    def set_text(found: SharedSet) -> str:
        names = listed(found.labels, 6)
        if found.by == ("controller",):
            return f"the governments of {names}"
        return names

    def member_text(self, member: Member) -> str:
        if member.by == "country":
            return f"{member.label} (everything that stands there)"
        if member.by == "controller":
            return f"the government of {member.label} (denying what it has a lever on)"
        if member.by == "operator":
            return f"{member.label} (all its plants)"
        facts = [*member.stages, *(self.place(c) for c in member.countries)]
        if member.controllers and member.controllers != member.countries:
            facts.append(f"controlled from {listed([self.place(c) for c in member.controllers])}")
        return f"{member.label} ({', '.join(facts)})" if facts else member.label

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the first page: the widest first, what gaps could add last."""
        least = min(2, len(self.target_ids))
        points = [self._shared_finding(g) for g in self.points_shared]
        sets = [self._set_finding(g) for g in self._telling_sets]
        wide = sorted(
            (f for f in (*points, *sets) if len(f.figures["targets"]) >= least),
            key=lambda f: -len(f.figures["targets"]),
        )[:TOP_WIDE]
        found = [*wide, *filter(None, (self._country_finding(), self._unknown_finding()))]
        spare = [
            self._down_finding(),
            self._sets_finding(wide),
            *(f for f in points if f not in wide),
        ]
        found += [f for f in spare if f is not None][: max(0, TOP_FINDINGS - 1 - len(found))]
        return tuple(found[:TOP_FINDINGS] or [self._empty_finding()])

    @property
    def _telling_sets(self) -> list[SharedSet]:
        """Return the sets worth a sentence: no wider set, and no single unit, stops all of it."""
        seen = [{s.target for s in group.targets} for group in self.points_shared]
        found = []
        for candidate in self.shared_sets:
            stops = {s.target for s in candidate.targets}
            if not any(stops <= other for other in seen):
                seen.append(stops)
                found.append(candidate)
        return found

    def _set_finding(self, found: SharedSet) -> Finding:
        names = [self.node_label(s.target) for s in found.targets]
        words = [UNIT_WORDS[by][1] for by in found.by]
        alone = "neither does alone" if len(found.units) == 2 else "no part of the set does"
        text = (
            f"{listed(found.labels, 6)} together (as {' or as '.join(words)}) stop "
            f"{self._of_all(len(names))}; {alone}: {listed(names, 6)}. "
        )
        text += self._sure_sentence(found)
        return Finding(
            kind="shared_set",
            text=text,
            certainty="certain" if not found.assumed else "assumed",
            evidence=found.evidence,
            figures={
                "by": found.by,
                "units": found.units,
                "targets": [s.target for s in found.targets],
                "certain": found.certain,
                "assumed": found.assumed,
            },
        )

    def _shared_finding(self, group: Shared) -> Finding:
        lead = group.members[0]
        names = [self.node_label(s.target) for s in group.targets]
        text = f"{capital(self.member_text(lead))} alone stops "
        text += f"{self._of_all(len(names))}: {listed(names, 6)}."
        others = [
            f"{m.label} ({UNIT_WORDS[m.by][0]})"
            for m in group.members[1:]
            if not m.aggregate and (m.by, m.label) != (lead.by, lead.label)
        ]
        if others:
            text += f" So does, each alone: {listed(others, 4)}."
        text += f" {self._sure_sentence(group)}"
        if group.illustrative_needs:
            weak = [self._need_text(n) for n in group.illustrative_needs]
            needs = plural(len(weak), "illustrative need")
            text += f" It rests on {needs} that no source states: {listed(weak, 2)}."
        return Finding(
            kind="shared_chokepoint",
            text=text,
            certainty="certain" if not group.assumed else "assumed",
            evidence=group.evidence,
            figures={
                "by": lead.by,
                "unit": lead.unit,
                "targets": [s.target for s in group.targets],
                "certain": group.certain,
                "assumed": group.assumed,
                "illustrative_needs": group.illustrative_needs,
            },
        )

    def _sets_finding(self, told: Sequence[Finding]) -> Finding | None:
        """Count the sets that stop something only together, beyond those told already."""
        counts = {
            by: sum(
                sum(n for order, n in self.answers.cuts[t, by].by_order.items() if order > 1)
                for t in self.target_ids
            )
            for by in CUT_UNITS
        }
        if not any(counts.values()) or any(f.kind == "shared_set" for f in told):
            return None
        lead = self.shared_sets[0]
        parts = [
            f"{plural(counts[by], 'set')} of {UNIT_WORDS[by][1]}" for by in CUT_UNITS if counts[by]
        ]
        complete = all(
            self.answers.cuts[t, by].complete for t in self.target_ids for by in CUT_UNITS
        )
        bound = f"complete up to order {self.max_order}" if complete else "cut short"
        text = (
            f"Only together stop {'a' if len(self.target_ids) > 1 else 'the'} target: "
            f"{listed(parts)} (order 2 and more; search {bound}), for example "
            f"{listed(lead.labels, 6)} (as {' or as '.join(UNIT_WORDS[by][1] for by in lead.by)})."
        )
        return Finding(
            kind="sets",
            text=text,
            certainty=RECORDED,
            evidence=(),
            figures={"counts": counts, "example": lead.units, "complete": complete},
        )

    def _sure_sentence(self, found: Shared | SharedSet) -> str:
        """Say for which targets a finding is certain and for which assumed, each with evidence."""
        by_kind = {
            kind: [s for s in found.targets if s.certainty == kind]
            for kind in ("certain", "assumed")
        }
        if not (found.certain and found.assumed):
            return (
                f"{'Certain' if found.certain else 'Assumed'}; evidence {_range(found.evidence)}."
            )
        few, many = sorted(by_kind, key=lambda kind: (len(by_kind[kind]), kind != "certain"))
        names = listed([self.node_label(s.target) for s in by_kind[few]], 3)
        return (
            f"{capital(few)} for {names} (evidence {_evidence_of(by_kind[few])}), {many} for the "
            f"rest (evidence {_evidence_of(by_kind[many])})."
        )

    def _of_all(self, count: int) -> str:
        total = len(self.target_ids)
        return f"{count} of {plural(total, 'target')}" if total > 1 else "the target"

    def _need_text(self, need: str) -> str:
        node, _, name = need.partition("/")
        return f"{self.need_label(node, name)} of {self.node_label(node)}"

    def _country_finding(self) -> Finding | None:
        """Say which targets no single country stops on record, and how far that was searched."""
        searches = {t: self.answers.cuts[t, "country"] for t in self.target_ids}
        without = [
            t
            for t, search in searches.items()
            if search.status != "already_stopped" and not search.by_order.get(1)
        ]
        if not without:
            return None
        several = [t for t in without if searches[t].count]
        complete = all(searches[t].complete for t in without)
        subject = f"{self._of_all(len(without))} {'has' if len(without) == 1 else 'have'}"
        them = "it" if len(without) == 1 else "them"
        text = f"{capital(subject)} no single country on record that stops {them}"
        if self.max_order > 1:
            together = "two" if self.max_order == 2 else f"up to {self.max_order}"
            if not several:
                text += f", nor do {together} together"
            elif len(several) == len(without):
                text += f"; {together} together do" + (" for each" if len(without) > 1 else "")
            else:
                text += f"; {together} together do for {len(several)} of these"
        text += (
            f" (search complete up to order {self.max_order})."
            if complete
            else " (search cut short: more may exist)."
        )
        text += " Any one recorded supplier, however small, counts as enough here."
        doubtful = [
            t
            for t in without
            if any(p.by == "country" and p.certainty == "possible" for p in self.points[t])
        ]
        if doubtful:
            gap = "a gap" if self.max_gaps == 1 else "gaps"
            verb = "goes" if self.max_gaps == 1 else "go"
            subject = f"{len(doubtful)} of these" if len(without) > 1 else "it"
            text += f" If {gap} in the data {verb} badly, a single country could stop {subject}."
        return Finding(
            kind="countries",
            text=text,
            certainty=RECORDED,
            evidence=(),
            figures={
                "without_single_country": without,
                "with_larger_set": several,
                "with_a_gap": doubtful,
                "max_order": self.max_order,
                "complete": complete,
            },
        )

    def _unknown_finding(self) -> Finding | None:
        """Say what the gaps could add."""
        if not self.cells:
            return None
        adds: dict[str, set[tuple[str, str]]] = {
            target: {(p.by, p.unit) for p in points if p.certainty == "possible"}
            for target, points in self.points.items()
        }
        touched = [t for t in self.target_ids if adds[t]]
        blind = [t for t in self.target_ids if self.blind_spots(t)]
        if not touched and not blind:
            return None
        units = {unit for found in adds.values() for unit in found}
        parts = []
        if touched:
            gaps = "one named gap" if self.max_gaps == 1 else f"up to {self.max_gaps} named gaps"
            parts.append(
                f"gaps in the data could make {plural(len(units), 'further unit')} a single point "
                f"of failure, of {self._of_all(len(touched))}, each with {gaps} at its bad end"
            )
        if blind:
            names = [self.node_label(t) for t in blind]
            parts.append(
                f"{self._of_all(len(blind))} could be stopped by a gap alone: {listed(names, 2)}"
                if len(self.target_ids) > 1
                else "a gap alone could stop the target"
            )
        text = f"{capital('; '.join(parts))}."
        most = self.cells[0]
        text += f" The cell that would settle most: {most.field} of {most.row} in {most.file}" + (
            f" ({plural(len(most.targets), 'target')})." if len(self.target_ids) > 1 else "."
        )
        return Finding(
            kind="gaps",
            text=text,
            certainty="possible",
            evidence=(),
            figures={
                "units": sorted([by, unit] for by, unit in units),
                "targets": touched,
                "blind_spot_targets": blind,
                "cells": len(self.cells),
                "most_telling": most.gap,
            },
        )

    def _down_finding(self) -> Finding | None:
        """Say what is down before anything is lost."""
        down = sorted({n.node for t in self.targets for n in t.not_running})
        if not down:
            return None
        names = [self.node_label(n) for n in down]
        return Finding(
            kind="not_running",
            text=(
                f"{plural(len(down), 'recorded source')} upstream "
                f"{'does' if len(down) == 1 else 'do'} not run on this date with nothing lost "
                f"({listed(names, 3)}): redundancy on paper, not counted as an alternative."
            ),
            certainty=RECORDED,
            evidence=(),
            figures={"nodes": down},
        )

    def _empty_finding(self) -> Finding:
        return Finding(
            kind="already_stopped",
            text=(
                "Every target is already stopped on this date with nothing lost, so nothing can "
                "stop it: see the targets for what is down and why."
            ),
            certainty=RECORDED,
            evidence=(),
            figures={"targets": len(self.target_ids)},
        )

    def limitations(self) -> tuple[Limitation, ...]:
        """Return all limitations, the gravest first."""
        nodes, supplies, _ = self.coverage
        measures = len(self.net.table("measures"))
        shares = sum(s is not None for s in self.net.table("supplies").column("share"))
        unknowns = self.unknowns
        found = []
        if supplies.illustrative:
            found.append(
                Limitation(
                    "Illustrative links",
                    f"{supplies.illustrative} of {supplies.total} supplies and "
                    f"{nodes.illustrative} of {nodes.total} nodes are illustrative: no source "
                    "states them. Every finding marked assumed is only as good as they are.",
                    {"supplies": supplies.illustrative, "nodes": nodes.illustrative},
                )
            )
        found.append(
            Limitation(
                "Any one supplier is enough",
                "A need counts as met while any recorded supplier delivers, however small; "
                "amounts, shares and stocks are not weighed. A country that makes nearly "
                "everything is no chokepoint while one small line elsewhere is on record: read "
                "section 3 too.",
                {"supplies_with_share": shares, "supplies": len(self.net.table("supplies"))},
            )
        )
        found.append(
            Limitation(
                "Export controls ignored",
                "No export control, sanction or procurement rule is applied"
                + (f" ({plural(measures, 'measure')} on record)" if measures else "")
                + ": a route that a ban has closed still counts as open.",
                {"measures": measures},
            )
        )
        if unknowns["supplier_lists_assumed_complete"]:
            found.append(
                Limitation(
                    "Supplier lists taken as complete",
                    f"{plural(unknowns['supplier_lists_assumed_complete'], 'list')} of suppliers "
                    "taken as complete because nothing says otherwise. An unrecorded supplier "
                    "would remove the chokepoints that rest on its list.",
                    {"lists": unknowns["supplier_lists_assumed_complete"]},
                )
            )
        if unknowns["not_modelled"]:
            found.append(
                Limitation(
                    "Needs left out",
                    f"{plural(unknowns['not_modelled'], 'need')} named in the data and not "
                    "evaluated, listed under each target.",
                    {"needs": unknowns["not_modelled"]},
                )
            )
        searches = list(self.answers.cuts.values())
        short = sum(not s.complete for s in searches)
        open_pairs = sum(s.complete and not s.possible_complete for s in searches)
        cut = ""
        if short:
            cut += f" {short} of {plural(len(searches), 'search', 'searches')} were cut short."
        if open_pairs:
            cut += (
                f" In {open_pairs} of {plural(len(searches), 'search', 'searches')} the sets "
                "that also need a gap were cut short: more of those may exist."
            )
        found.append(
            Limitation(
                "Bound of the search",
                f"Sets of up to {plural(self.max_order, 'unit')} with at most "
                f"{plural(self.max_gaps, 'gap')} at its bad end were searched. Larger "
                f"combinations were not.{cut}",
                {
                    "max_order": self.max_order,
                    "max_gaps": self.max_gaps,
                    "searches": len(searches),
                    "cut_short": short,
                    "cut_short_with_gaps": open_pairs,
                },
            )
        )
        found.append(
            Limitation(
                "Flow, not time",
                "Status and findings speak of flow on one date. How long stocks would last and "
                "how long recovery would take is not computed.",
                {},
            )
        )
        return tuple(found)

    # -- the whole --------------------------------------------------------------------------

    def reproduce(self) -> str:
        name = self.net.name or "NETWORK"
        # A network of the reader's own is not found by its name; where it lies is not ours to say.
        words = ["supplynet", "report", name if name in examples() else f"path/to/{name}"]
        if not self.all_targets:
            for target in self.target_ids:
                words += ["--target", target]
        if self.on is not None:
            words += ["--on", self.on.isoformat()]
        if self.max_order != 2:
            words += ["--max-order", str(self.max_order)]
        if self.max_gaps != 1:
            words += ["--max-gaps", str(self.max_gaps)]
        words += ["-o", "report.html"]
        return shlex.join(words)

    def question(self) -> dict[str, Any]:
        names = [self.node_label(t) for t in self.target_ids]
        uses: dict[str, list[str]] = defaultdict(list)
        for target in self.targets:
            uses[target.end_use or "not stated"].append(target.id)
        what = names[0] if len(names) == 1 else f"any of {len(names)} targets"
        together = (
            f", or which {'two' if self.max_order == 2 else f'up to {self.max_order}'} together,"
            if self.max_order > 1
            else ""
        )
        when = (
            f"as they stand on {long_date(self.on)}"
            if self.on
            else "as they stand, no row of which is dated"
        )
        end_uses = listed([f"{len(ts)} {use}" for use, ts in sorted(uses.items())])
        return {
            "sentence": (
                f"Which single plant, operator, country or government{together} would stop {what}, "
                f"on the data {when}, with export controls ignored?"
            ),
            "end_use_sentence": f"End use of the targets: {end_uses}.",
            "targets": self.target_ids,
            "target_names": names,
            "on": self.on,
            "measures": "ignored",
            "end_uses": dict(sorted(uses.items())),
            "units": POINT_UNITS,
            "cut_set_units": CUT_UNITS,
            "max_order": self.max_order,
            "max_gaps": self.max_gaps,
        }

    def report(self) -> Report:
        meta = self.net.meta
        subject = meta.title or self.net.name or "supply network"
        return Report(
            title=f"Chokepoint report: {subject}",
            version=self.version,
            network={
                "name": self.net.name,
                "title": meta.title,
                "description": meta.description,
                "as_of": self.net.as_of,
                "licence": meta.licence,
                "digest": self.net.digest,
                "nodes": len(self.net.table("nodes")),
                "supplies": len(self.net.table("supplies")),
                "nodes_in_scope": len(self.scope),
            },
            question=self.question(),
            answer=self.answer(),
            counts=self.counts,
            findings=self.findings(),
            shared=self.shared,
            shared_sets=self.shared_sets,
            cells=self.cells,
            gaps=self.gap_words(),
            coverage=self.coverage,
            unknowns=self.unknowns,
            limitations=self.limitations(),
            targets=self.targets,
            concentration=self.concentration(),
            market_shares=self.market_shares(),
            provenance=self.provenance,
            references=self.references(),
            labels=self.labels,
            nodes=self.node_facts,
            reproduce=self.reproduce(),
        )


def _evidence_of(stops: Sequence[Stop]) -> str:
    return _range(sorted({s.evidence for s in stops}, key=EVIDENCE.index))


def _range(evidence: Sequence[str]) -> str:
    return " to ".join(dict.fromkeys((evidence[0], evidence[-1])))


def _sure_text(group: Shared | SharedSet) -> str:
    if not group.assumed:
        return "certain"
    if not group.certain:
        return "assumed"
    return f"{group.certain} certain, {group.assumed} assumed"
