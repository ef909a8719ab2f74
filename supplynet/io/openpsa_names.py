"""Definitions of an Open-PSA model tied together: what each name means, and no loops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from supplynet.io.convert import Findings, nearest
from supplynet.io.openpsa import WORDS, Event, Formula
from supplynet.text import clamp, plural

if TYPE_CHECKING:
    from supplynet.errors import Level
    from supplynet.io.openpsa import Model

__all__ = ["tie_together"]

_SHOWN = 5
_MAX_LOOP = 12


def tie_together(model: Model, name: str, findings: Findings) -> list[Event]:
    """Return the events of a model, those that are declared nowhere included.

    Every reference gets the event it means. A name means what is defined in the same fault tree
    or component, else what is public in the whole model; a path means what stands there.

    Parameters
    ----------
    model
        The definitions.
    name
        The file, for messages.
    findings
        Takes names that mean nothing, definitions that are there twice, gates that are their own
        inputs, and what is said of undeclared and unused events.
    """
    names = _Names(model, name, findings)
    for event in model.events:
        if event.formula is not None:
            names.resolve(event.formula.walk(), event.path)
    for group in model.groups:
        names.resolve(group.members, group.path)
        for member in group.members:
            if member.event is not None:
                member.event.groups.append(group.name)
                if len(member.event.groups) == 2:
                    what = f"{member.event} is in two common cause groups"
                    findings.add(f"{name}:{member.line}", what, "Take it out of one")
    events = [*model.events, *names.undeclared]
    names.say_what_is_undeclared()
    _common_causes(model, name, findings)
    if all(event.formula for event in model.events if event.kind == "gate"):
        _say_what_is_unused(model, name, findings)
    for loop in _loops(events):
        names_of = [gate.name for gate in loop]
        if len(names_of) > _MAX_LOOP:
            names_of[_MAX_LOOP - 1 : -1] = ["..."]
        what = f"{loop[0]} is among its own inputs: {' -> '.join(names_of)}"
        fix = "A fault tree has no loops: take one of these inputs out"
        findings.add(f"{name}:{loop[0].line}", what, fix, kind=(name, "loops"))
    return events


class _Names:
    """What is defined under which name, and what is referred to and not defined."""

    def __init__(self, model: Model, name: str, findings: Findings) -> None:
        self.name = name
        self.findings = findings
        self.public: dict[str, Event] = {}
        self.at: dict[str, Event] = {}
        self.anywhere: dict[str, Event] = {}
        self.undeclared: list[Event] = []
        self.declares = any(event.kind == "basic-event" for event in model.events)
        for event in model.events:
            if event.name:
                self._add(event)

    def _add(self, event: Event) -> None:
        places = [(self.at, event.full_path)]
        if not event.private:
            places.append((self.public, event.name))
        first = next((table[key] for table, key in places if key in table), None)
        if first is not None:
            what = f"{event} is defined twice"
            if first.kind != event.kind:
                what = f"{event} has the name of a {WORDS[first.kind]}"
            fix = f"Line {first.line} defines it: delete or rename one"
            where = f"{self.name}:{event.line}"
            self.findings.add(where, what, fix, kind=(self.name, "defined twice"))
            return
        for table, key in places:
            table[key] = event
        self.anywhere.setdefault(event.name, event)

    def _find(self, name: str, path: tuple[str, ...]) -> Event | None:
        own = self.at.get(".".join((*path, name)))
        if own is not None:
            return own
        return self.at.get(name) if "." in name else self.public.get(name)

    def resolve(self, parts: Iterable[Formula], path: tuple[str, ...]) -> None:
        """Give references the events that they mean within a fault tree or component."""
        for part in parts:
            if part.kind != "event" or not part.name:
                continue
            found = self._find(part.name, path)
            fresh = "." not in part.name and part.name not in self.anywhere
            if found is None and part.refers == "basic-event" and fresh:
                found = self.public[part.name] = Event("basic-event", part.name, (), part.line)
                self.undeclared.append(found)
            if found is None:
                self._not_defined(part)
            elif part.refers and part.refers != found.kind:
                what = f"<{part.refers}> names {part.name!r}, which is a {WORDS[found.kind]}"
                fix = f"Write <{found.kind}>, or check the name"
                where = f"{self.name}:{part.line}"
                self.findings.add(where, what, fix, kind=(self.name, "another kind"))
            else:
                part.event = found

    def _not_defined(self, part: Formula) -> None:
        def fix() -> str:
            other = self.anywhere.get(part.name)
            if other is not None:
                return f"{other.full_path!r} (line {other.line}) is private: give its path"
            return nearest(part.name, sorted(self.public)) or "Define it"

        what = f"no {WORDS.get(part.refers, 'event')} {part.name!r} is defined"
        where = f"{self.name}:{part.line}"
        self.findings.add(where, what, fix, kind=(self.name, "not defined"))

    def say_what_is_undeclared(self) -> None:
        """Note the basic events that only references name; warn where others are declared."""
        if self.undeclared:
            count = plural(len(self.undeclared), "basic event")
            what = f"{count} without a declaration: {_some(self.undeclared)}"
            fix = "Each is taken for an event of its own"
            fix += ": check the spelling" if self.declares else ""
            level: Level = "warning" if self.declares else "note"
            where = f"{self.name}:{self.undeclared[0].line}"
            self.findings.add(where, what, fix, level)


def _some(events: Sequence[Event]) -> str:
    shown = ", ".join(clamp(event.name, 40) for event in events[:_SHOWN])
    return f"{shown}, ..." if len(events) > _SHOWN else shown


def _say_what_is_unused(model: Model, name: str, findings: Findings) -> None:
    formulas = [event.formula for event in model.events if event.formula is not None]
    used = {id(event) for formula in formulas for event in formula.events()}
    idle = [event for event in model.events if event.kind != "gate" and id(event) not in used]
    if idle:
        what = f"{plural(len(idle), 'event')} in no gate: {_some(idle)}"
        findings.add(f"{name}:{idle[0].line}", what, level="note")


def _common_causes(model: Model, name: str, findings: Findings) -> None:
    """Warn of common causes: they stop several events at once, and no cut set shows it."""
    if model.groups:
        what = f"{plural(len(model.groups), 'common cause group')}: not part of the cut sets"
        fix = "Ask --by ccf_group for what stops when all of a group fail together"
        findings.add(f"{name}:{model.groups[0].line}", what, fix, "warning")


def _loops(events: Sequence[Event]) -> list[list[Event]]:
    """Return loops of gates, each from a gate to itself; no gate stands in two of them."""
    done: set[int] = set()
    told: set[int] = set()
    found: list[list[Event]] = []
    for root in events:
        if root.formula is None or id(root) in done:
            continue
        path = [root]
        place = {id(root): 0}
        open_inputs = [root.formula.events()]
        while path:
            following = next(open_inputs[-1], None)
            if following is None:
                open_inputs.pop()
                done.add(id(path[-1]))
                del place[id(path.pop())]
            elif id(following) in place:
                loop = path[place[id(following)] :]
                if told.isdisjoint(map(id, loop)):
                    told.update(map(id, loop))
                    found.append([*loop, following])
            elif following.formula is not None and id(following) not in done:
                place[id(following)] = len(path)
                path.append(following)
                open_inputs.append(following.formula.events())
    return found
