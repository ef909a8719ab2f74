"""Whether certificates hold: checked row by row on the tables, without the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from supplynet.analysis.proofs import Certificates, Place, Run, Started, Stopped, Verdict
from supplynet.analysis.recorded import Facts, Intake, Need

if TYPE_CHECKING:
    from supplynet.model import SupplyNetwork

__all__ = ["fault_of", "summary", "verify", "verify_all"]

#: What an answer by these rests on besides the tables: read by `ownership`, not checked here.
_REGISTER = frozenset({"owner", "controller"})


def verify(net: SupplyNetwork, certificates: Certificates) -> Verdict:
    """Return whether certificates hold, read from the tables without the engine.

    Parameters
    ----------
    net
        The network, on which nothing has been computed yet or anything: it makes no difference.
    certificates
        Made by :func:`supplynet.certificates`, or by anybody.

    Returns
    -------
    Verdict
        Whether the set stops the target and whether each member is needed, with the reason of
        each refusal. What cannot be checked is said not to be.

    Notes
    -----
    Linear in the rows of the network plus the size of the certificates. By owner and by
    controller, who holds what is taken from :func:`supplynet.controllers`; the verdict says so.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> found = supplynet.certificates(net, "missile", "cofe")
    >>> print(supplynet.verify(net, found))
    cofe: verified
    """
    return verify_all(net, [certificates])[0]


def verify_all(net: SupplyNetwork, certificates: Iterable[Certificates]) -> tuple[Verdict, ...]:
    """Return the verdict on each; the tables are read once for all of one date."""
    known: dict[date | None, Facts] = {}
    verdicts = []
    for one in certificates:
        if one.on not in known:
            known[one.on] = Facts(net, one.on)
        verdicts.append(_Check(known[one.on], one).verdict())
    return tuple(verdicts)


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the verdicts on an answer as its JSON counts them.

    Examples
    --------
    >>> good, bad = Verdict(("a",), (), True, True), Verdict(("b",), (), True, False, ("why",))
    >>> found = summary([good, bad])
    >>> found["sets"], found["stops"], found["minimal"], len(found["failed"])
    (2, 2, 1, 1)
    """
    return {
        "sets": len(verdicts),
        "stops": sum(v.stops is True for v in verdicts),
        "minimal": sum(v.minimal is True for v in verdicts),
        "failed": [v.to_dict() for v in verdicts if not v.verified and not v.not_checked],
        "not_checked": [v.to_dict() for v in verdicts if v.not_checked],
        "rests_on": next((v.rests_on for v in verdicts if v.rests_on), None),
    }


def fault_of(verdicts: Sequence[Verdict]) -> str:
    """Return in one line what failed the check; blank: nothing did."""
    failed = [v for v in verdicts if not v.verified and not v.not_checked]
    if not failed:
        return ""
    more = f", and {len(failed) - 1:,} more" if len(failed) > 1 else ""
    return f"{len(failed):,} of {len(verdicts):,} sets failed the check: {failed[0]}{more}"


class _Loss:
    """What fails from outside: nodes and supplies that units take, gaps at their bad end."""

    def __init__(
        self, facts: Facts, given: Certificates, *, kept: str | None = None, all_needs: bool
    ) -> None:
        self.facts = facts
        self.coverage = given.coverage
        self.gaps = frozenset(given.gaps) - {kept}
        self.all_needs = all_needs
        self.units = {name: facts.unit(given.by, name) for name in given.units if name != kept}
        self.nodes = frozenset(n for nodes, _ in self.units.values() for n in nodes)
        self.supplies = frozenset(s for _, supplies in self.units.values() for s in supplies)

    def takes(self, name: str, node: str) -> bool:
        """Whether a unit or a gap, by its id, takes a node."""
        if name in self.gaps and name in (f"unit:{node}", f"upstream:{node}"):
            return True
        return name in self.units and node in self.units[name][0]

    def lost(self, node: str) -> bool:
        """Whether anything takes a node."""
        return node in self.nodes or not self.gaps.isdisjoint((f"unit:{node}", f"upstream:{node}"))

    def blocks(self, supply: str) -> bool:
        """Whether a supply fails whoever supplies it."""
        return supply in self.supplies or f"supply:{supply}" in self.gaps

    def needs(self, node: str, product: str | None) -> list[Need]:
        """Return the needs that count: of unnamed materials each supply, if that gap is bad."""
        found: list[Need] = []
        for need in self.facts.needs(node, product):
            found.append(need)
            for supply in need.supplies if need.apart in self.gaps else ():
                illustrative = self.facts.is_illustrative(supply)
                live = need.live & {supply}
                found.append(Need(need.label, illustrative, (supply,), live))
        return [need for need in found if self.all_needs or not need.illustrative]

    def is_open(self, need: Need) -> bool:
        """Whether an unnamed supplier may deliver: the list is open, and not at its worst."""
        return need.is_open and need.open_list not in self.gaps

    def is_met(self, need: Need, delivering: frozenset[str]) -> bool:
        """Whether a need is met where of its supplies these deliver, and no others."""
        if self.coverage is None or not need.intakes:
            return self.is_open(need) or not delivering.isdisjoint(need.live)
        unnamed = need.open_list not in self.gaps
        return any(
            self._delivered(intake, delivering, unnamed=unnamed) >= self.coverage
            for intake in need.intakes
        )

    def _delivered(self, intake: Intake, delivering: frozenset[str], *, unnamed: bool) -> Fraction:
        """Return the part of one material that these supplies bring, and the unnamed one."""
        unnamed = unnamed and intake.is_open
        if unnamed and intake.not_looked_at:
            return Fraction(1)
        brought = sum((p for s, p in intake.parts.items() if s in delivering), Fraction(0))
        here = intake.holders & delivering
        if intake.gap in self.gaps and (intake.holders or intake.outside):
            # At its worst the rest hangs on each that may hold it; on nobody known, it is lost.
            has_rest = intake.holders <= delivering and not intake.outside
            has_rest = has_rest and (unnamed or not intake.is_open)
        elif intake.outside:
            has_rest = not delivering.isdisjoint(intake.parts)
        else:
            has_rest = bool(here) or unnamed
        return brought + intake.rest if has_rest else brought


class _Check:
    """One set of certificates against the facts."""

    def __init__(self, facts: Facts, given: Certificates) -> None:
        self.facts = facts
        self.given = given

    def verdict(self) -> Verdict:
        given = self.given
        members = given.units, given.gaps
        why_not = self._beyond()
        if why_not:
            return Verdict(*members, None, None, not_checked=why_not)
        wrong = self._members()
        if wrong:
            return Verdict(*members, stops=False, minimal=False, reasons=tuple(wrong))
        not_down = self._stop()
        not_needed = self._runs()
        return Verdict(
            *members,
            stops=not not_down,
            minimal=not not_needed,
            reasons=(*not_down, *not_needed),
            rests_on="ownership and control as computed from holdings"
            if given.by in _REGISTER
            else "",
        )

    def _beyond(self) -> str:
        """Return what the question asks that this check does not know."""
        given = self.given
        if given.by == "measure" or given.measures != "ignored":
            return "export controls and other measures are not read here"
        if given.end_use is not None or given.destination is not None:
            return "end use and destination are not read here"
        return ""

    def _members(self) -> list[str]:
        given, facts = self.given, self.facts
        if given.target not in facts.node_at:
            return [f"there is no node {given.target!r}"]
        wrong = []
        if len(set(given.members)) < len(given.members):
            wrong.append("a member is named twice")
        if given.certainty == "possible" and not given.gaps:
            wrong.append("a possible finding names at least one gap")
        if given.certainty != "possible" and given.gaps:
            wrong.append(f"a {given.certainty} finding rests on no gap")
        if given.certainty == "certain" and given.illustrative:
            wrong.append("a certain finding uses no illustrative need")
        if given.certainty == "assumed" and not given.illustrative:
            wrong.append("an assumed finding uses illustrative needs")
        for name in given.units:
            if facts.is_own(given.by, name, given.target):
                wrong.append(f"{name} is the target's own")
        wrong += [f"there is no gap {g}" for g in given.gaps if not self._is_gap(g)]
        return wrong

    def _is_gap(self, gap: str) -> bool:
        return self.facts.is_gap(gap, self.given.by, self.given.target)

    # That it stops

    def _stop(self) -> list[str]:
        given = self.given
        loss = _Loss(self.facts, given, all_needs=given.illustrative)
        down = {step.place for step in given.stop}
        wrong = (
            []
            if self._down(self.facts.whole(given.target), down)
            else [f"{given.target} is not among what is down"]
        )
        for step in given.stop:
            reason = self._stands(step, loss, down)
            if reason:
                wrong.append(f"{_in_words(step.place)} is not shown to stop: {reason}")
        return wrong

    @staticmethod
    def _down(place: Place, down: set[Place]) -> bool:
        """Whether a thing is in the set; what is made on a line is down when the line is."""
        return place in down or (place[0], None, False) in down

    def _stands(self, step: Stopped, loss: _Loss, down: set[Place]) -> str:
        """Return why one step does not hold; blank: it does."""
        node, product, any_product = step.place
        if node not in self.facts.node_at:
            return f"there is no node {node!r}"
        if any_product:
            if step.why != "products" or not self.facts.all_by_product(node):
                return "what it makes does not hang on the needs of its products alone"
            running = [
                p for p in self.facts.products(node) if not self._down((node, p, False), down)
            ]
            return f"its product {min(running)} is not among what is down" if running else ""
        if step.why == "need":
            return self._unmet(step, loss, down)
        if product is not None:
            return f"{step.why!r} says nothing of a single product"
        if step.why == "idle":
            return "" if self.facts.idle(node) else "it operates on the date"
        if step.why == "lost":
            return "" if loss.takes(step.of, node) else f"{step.of or 'nothing'} does not take it"
        return f"{step.why!r} is no reason"

    def _unmet(self, step: Stopped, loss: _Loss, down: set[Place]) -> str:
        node, product, _ = step.place
        named = [need for need in loss.needs(node, product) if need.label == step.need]
        if not named:
            return f"it has no need of {step.need} that counts"
        claimed = frozenset(step.supplies)
        strange = claimed.difference(*(need.supplies for need in named))
        if strange:
            return f"{min(strange)} is no supply of its {step.need}"
        for need in named:
            if claimed.issubset(need.supplies) and not loss.is_met(need, need.live - claimed):
                return self._all_fail(step, need, loss, down)
        left = frozenset[str]().union(*(need.live for need in named)) - claimed
        if left and self.given.coverage is None:
            return f"{min(left)} supplies {step.need} and is left out"
        if any(loss.is_open(need) for need in named):
            return f"somebody unnamed may supply {step.need}"
        return f"what is left of {step.need} is enough"

    def _all_fail(self, step: Stopped, need: Need, loss: _Loss, down: set[Place]) -> str:
        """Return the first of the supplies that does not fail."""
        blocked = frozenset(step.blocked)
        for supply in step.supplies:
            if supply in blocked:
                if supply in need.live and not loss.blocks(supply):
                    return f"nothing blocks {supply}"
            elif not self._down(self.facts.source(supply), down):
                source = _in_words(self.facts.source(supply))
                return f"{supply} comes from {source}, which is not among what is down"
        return ""

    # That each member is needed

    def _runs(self) -> list[str]:
        given = self.given
        wrong = []
        wanted: set[str | None] = set(given.members)
        if given.certainty == "assumed":
            wanted.add(None)
        shown: set[str | None] = set()
        for run in given.runs:
            if run.kept not in wanted:
                wrong.append(f"{run.kept} is no member, so nothing follows from a run without it")
                continue
            counts = given.illustrative and run.kept is not None
            loss = _Loss(self.facts, given, kept=run.kept, all_needs=counts)
            reason = self._starts(run, loss)
            if reason:
                without = "illustrative needs" if run.kept is None else run.kept
                wrong.append(f"{without} is not shown to be needed: {reason}")
            else:
                shown.add(run.kept)
        missing = wanted - shown - {run.kept for run in given.runs}
        for name in sorted(missing, key=str):
            without = "that it rests on illustrative needs" if name is None else f"{name} is needed"
            wrong.append(f"no run shows {without if name is None else 'that ' + without}")
        return wrong

    def _starts(self, run: Run, loss: _Loss) -> str:
        """Return the first step of an order that does not hold; blank: the target runs."""
        running: set[Place] = set()
        for step in run.order:
            reason = self._can_start(step, loss, running)
            if reason:
                return f"{_in_words(step.place)} is not shown to run: {reason}"
            running.add(step.place)
        goal = self.facts.whole(self.given.target)
        if not run.order or run.order[-1].place != goal:
            return f"the order does not end in {self.given.target}"
        return ""

    def _can_start(self, step: Started, loss: _Loss, running: set[Place]) -> str:
        node, product, any_product = step.place
        if node not in self.facts.node_at:
            return f"there is no node {node!r}"
        if any_product:
            made = any((node, p, False) in running for p in self.facts.products(node))
            return "" if made else "none of its products is made before it"
        if product is not None:
            if product not in self.facts.products(node):
                return f"no need of it is for {product} alone"
            if (node, None, False) not in running:
                return f"{node} does not run before it"
        elif self.facts.idle(node):
            return "it does not operate on the date"
        elif loss.lost(node):
            return "it is lost"
        met: dict[str, set[str]] = defaultdict(set)
        for one in step.met:
            met[one.need].update(one.supplies)
        needs = loss.needs(node, product)
        for need in needs:
            reason = self._is_met(need, need.live & met.get(need.label, set()), loss, running)
            if reason:
                return reason
        for label, supplies in met.items():
            of_label = [need for need in needs if need.label == label]
            if not of_label:
                return f"it has no need of {label} that counts"
            strange = supplies.difference(*(need.live for need in of_label))
            if strange:
                return f"{min(strange)} is no active supply of its {label}"
        return ""

    def _is_met(self, need: Need, named: frozenset[str], loss: _Loss, running: set[Place]) -> str:
        for supply in sorted(named):
            source = self.facts.source(supply)
            if loss.blocks(supply):
                return f"{supply} is blocked"
            if source not in running:
                return f"{supply} comes from {_in_words(source)}, which does not stand before it"
        if loss.is_met(need, named):
            return ""
        if not named:
            return f"no active supply of {need.label} is named"
        return f"what is named of {need.label} is not enough"


def _in_words(place: Place) -> str:
    node, product, any_product = place
    if any_product:
        return f"all that {node} makes"
    return node if product is None else f"{product} of {node}"
