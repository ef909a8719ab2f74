"""Fault trees as tables: gates are nodes that fail through their needs, events those that can.

A gate says what fails, a node what it needs to run. So the inputs of an OR gate are needs, each
with one supplier; those of an AND gate are one need that any of them meets. ``k of n`` becomes
such gates through helper nodes, one for each (inputs that are left, how many of them must fail).
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from supplynet.io.convert import Findings
from supplynet.io.csvtext import RawTable
from supplynet.io.graphs import NodeRow, beside, node_table
from supplynet.io.meta import meta_at
from supplynet.schema import fold
from supplynet.text import clamp, plural

if TYPE_CHECKING:
    from supplynet.io.openpsa import Event, Formula, Model
    from supplynet.io.read import Examination

__all__ = ["VOTES", "FreshNames", "State", "examine_tree", "helper_name", "need_name", "votes"]

#: The column that says of a gate that it fails when some of its inputs do, as ``2 of 3``.
VOTES = "fails_when"
#: Columns that are made here, in their order.
_COLUMNS = (
    "name", "can_fail", "upstream", "status", "probability", VOTES, "component", "ccf_group",
)  # fmt: skip
_META = ("title", "description", "as_of", "licence")
_WITHOUT = "without"
_SHOWN = 8
_MAX_JOINED = 3
_NAME_WIDTH = 60

#: The suppliers of a need.
Need = tuple[str, ...]

#: In :func:`votes`: how many inputs were looked at, how many of the rest must fail.
State = tuple[int, int]


def votes(minimum: int, count: int) -> dict[State, list[tuple[int | State, ...]]]:
    """Return needs that fail together when at least `minimum` of `count` inputs fail.

    Parameters
    ----------
    minimum, count
        1 < `minimum` < `count`.

    Returns
    -------
    dict
        A node for each state, that of the gate itself, ``(0, minimum)``, first; each has needs,
        and each need suppliers: inputs by number (from 0), or other states.

    Notes
    -----
    At least j of the inputs from i on fail: input i does and j - 1 of those behind it, or j of
    those behind it. At most ``minimum * (count - minimum + 1)`` states.

    Examples
    --------
    >>> votes(2, 3)
    {(0, 2): [(0, (1, 1)), (1, 2)], (1, 1): [(1,), (2,)]}
    """
    found: dict[State, list[tuple[int | State, ...]]] = {}
    waiting: deque[State] = deque([(0, minimum)])
    while waiting:
        state = waiting.popleft()
        if state in found:
            continue
        place, needed = state
        with_it: tuple[int | State, ...] = (place,)
        if needed > 1:
            with_it = (place, (place + 1, needed - 1))
            waiting.append((place + 1, needed - 1))
        without_it: tuple[int | State, ...] = ((place + 1, needed),)
        if needed == count - place - 1:
            without_it = tuple(range(place + 1, count))
        else:
            waiting.append((place + 1, needed))
        found[state] = [with_it, without_it]
    return found


def helper_name(gate: str, state: State, count: int) -> str:
    """Return the name of a helper node; a blank and a colon are in no name of the MEF.

    Examples
    --------
    >>> helper_name("top", (1, 1), 3)
    'top: 1 of last 2'
    """
    place, needed = state
    return f"{gate}: {needed} of last {count - place}"


def need_name(suppliers: Iterable[str]) -> str:
    """Return how a need is called that has no name but those of its suppliers.

    Examples
    --------
    >>> need_name(["e2", "e1"]), need_name(["e1"]), need_name(["e1", "e2", "e3", "e4"])
    ('e1 | e2', 'e1', 'e1 | 3 more')
    """
    names = sorted(suppliers)
    if len(names) > _MAX_JOINED:
        names = [names[0], f"{len(names) - 1:,} more"]
    return " | ".join(names)


class FreshNames:
    """Names that are told apart from those that are there, whatever case and blanks they have."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}
        self._numbers: dict[str, int] = {}

    def take(self, name: str) -> str:
        """Return the name, numbered if it is taken already, and take it."""
        found, number = name, self._numbers.get(name, 1)
        while _key(found) in self._taken:
            number += 1
            found = f"{name} ({number})"
        self._numbers[name] = number
        self._taken.add(_key(found))
        return found


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(plain.casefold().split())


def examine_tree(
    place: Path, model: Model, events: Sequence[Event], findings: Findings
) -> Examination:
    """Return what the network of a fault tree brings up, and the network.

    Parameters
    ----------
    place
        The file.
    model
        What it says of itself.
    events
        Its events, names resolved.
    findings
        Takes what is wrong.
    """
    from supplynet.io.read import assemble

    name = place.name
    groups = {event.reference: [event] for event in events}
    if model.ids_in_labels:
        groups = _nodes(events, name, findings)
    ids = {id(event): node for node, members in groups.items() for event in members}
    tables = _Tables(name, ids, labels_are_names=not model.ids_in_labels)
    for node, members in groups.items():
        tables.add(node, members)
    inputs = {id(event) for gate in events if gate.formula for event in gate.formula.events()}
    tops = [event for event in events if event.kind == "gate" and id(event) not in inputs]
    targets = tuple(dict.fromkeys(ids[id(top)] for top in tops))
    if len(targets) > 1:
        more = ", ..." if len(targets) > _SHOWN else ""
        shown = ", ".join(clamp(target, 40) for target in targets[:_SHOWN])
        what = f"{plural(len(targets), 'gate')} that are input of no other: {shown}{more}"
        findings.add(f"{name}:{tops[0].line}", what, "Say with --target which is meant", "note")
    told = model.network
    if missing := told.get(_WITHOUT):
        what = f"written without what a fault tree cannot hold ({missing})"
        findings.add(name, what, "Ask the network itself where you have it", "warning")
    if aside := sorted(set(told) - {*_META, _WITHOUT}):
        what = f"attributes of the model: {', '.join(aside)}: set aside"
        findings.add(name, what, level="note")
    network = {key: told[key] for key in _META if told.get(key)}
    meta = meta_at({**network, "targets": targets}, name, place.stem, findings)
    raws = tables.raw()
    return assemble(raws, meta, findings, meta_where=name, source=str(place.resolve()))


def _nodes(events: Sequence[Event], name: str, findings: Findings) -> dict[str, list[Event]]:
    """Return the events that are one node each, by its id, which the label holds.

    A basic event and the gate of one label are one node, which stops when it is lost or a need
    is not met. Where that would not say the same, they stay apart.
    """
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[event.label if event.label.strip() else event.reference].append(event)
    users: dict[int, set[int]] = defaultdict(set)
    for gate in events:
        for event in gate.formula.events() if gate.formula else ():
            users[id(event)].add(id(gate))
    ids = {id(event): node for node, members in found.items() for event in members}
    names = FreshNames(found)
    apart: dict[str, list[Event]] = {}
    for node, members in found.items():
        if len(members) > 1 and not _are_one(members, users, ids):
            # The event is what can be lost, so it keeps the id.
            members.sort(key=lambda event: event.kind == "gate")
            fresh = {names.take(event.reference): [event] for event in members[1:]}
            del members[1:]
            apart |= fresh
            what = f"{members[0]} and others have the label {clamp(node, 40)!r} and are no one node"
            fix = f"The others are called {', '.join(fresh)}"
            where = f"{name}:{members[0].line}"
            findings.add(where, what, fix, "note", kind=(name, "same label"))
    return {**found, **apart}


def _are_one(
    members: Sequence[Event], users: Mapping[int, set[int]], ids: Mapping[int, str]
) -> bool:
    """Return whether a node that is lost or short of a need says what events of one id say."""
    gates = [event for event in members if event.formula is not None]
    losses = [event for event in members if event.formula is None]
    if len(losses) > 1 or not gates:
        return False
    inner = [_without_own_loss(gate.formula, losses) for gate in gates if gate.formula]
    if len({None if part is None else _signature(part, ids) for part in inner}) > 1:
        return False
    own = {id(gate) for gate in gates}
    for loss in losses:
        if any(part is not None and loss in part.events() for part in inner):
            return False
        if inner[0] is not None and not users[id(loss)] <= own:
            return False
        for gate in gates:
            by_it = gate.formula is not None and loss in gate.formula.events()
            if not by_it and not users[id(gate)] <= own:
                return False
    return True


def _without_own_loss(formula: Formula, losses: Sequence[Event]) -> Formula | None:
    """Return what makes a gate fail besides a basic event; ``None`` where there is nothing."""
    from supplynet.io.openpsa import Formula

    if formula.event is not None and formula.event in losses:
        return None
    if formula.kind == "constant" and not formula.state:
        return None
    if formula.kind != "or":
        return formula
    args = tuple(part for part in formula.args if part.event is None or part.event not in losses)
    if not args:
        return None
    return args[0] if len(args) == 1 else Formula("or", formula.line, args)


def _signature(formula: Formula, ids: Mapping[int, str]) -> Hashable:
    if formula.event is not None:
        return ids[id(formula.event)]
    parts = frozenset(_signature(part, ids) for part in formula.args)
    return (formula.kind, formula.minimum, formula.state, len(formula.args), parts)


class _Tables:
    """Nodes, needs and supplies as they are made of one event after another."""

    def __init__(self, name: str, ids: Mapping[int, str], *, labels_are_names: bool) -> None:
        self.name = name
        self.ids = ids
        self.labels_are_names = labels_are_names
        self.names = FreshNames(ids.values())
        self.nodes: list[NodeRow] = []
        self.attributes: dict[str, None] = {}
        self.known: set[tuple[str, str]] = set()
        self.needs: list[tuple[int, str, str]] = []
        self.supplies: list[tuple[int, str, str, str]] = []
        self.materials: dict[frozenset[str], str] = {}
        self.materials_at: list[int] = []
        self.constants: dict[bool, str] = {}

    def add(self, node: str, members: Sequence[Event]) -> None:
        """Add the events that are one node."""
        gate = next((event for event in members if event.formula is not None), None)
        losses = [event for event in members if event.formula is None]
        data: dict[str, str] = {"upstream": "none"}
        for event in reversed(members):
            data |= self._said(event)
        if not any(event.kind == "basic-event" for event in members):
            data.setdefault("can_fail", "no")
        self.nodes.append(NodeRow((gate or members[0]).line, node, data))
        formula = None if gate is None else gate.formula
        if formula is not None and len(members) > 1:
            formula = _without_own_loss(formula, losses)
        if formula is not None and formula.kind == "constant":
            data["status"] = "closed" if formula.state else ""
        elif formula is not None:
            data["upstream"] = "recorded"
            self._fill(node, formula, data)

    def _said(self, event: Event) -> dict[str, str]:
        """Return what is said of an event, by column."""
        taken = {fold(column) for column in ("upstream", "status", "probability", VOTES)}
        if self.labels_are_names:
            taken.add(fold("name"))
        data = {}
        for name, value in event.attributes.items():
            column = beside(name, taken)
            self.attributes[column] = None
            data[column] = value
        if self.labels_are_names and event.label.strip():
            data["name"] = " ".join(event.label.split())
        if event.probability:
            data["probability"] = event.probability
        if event.state:
            data["status"] = "closed"
        if len(event.path) > 1:
            data["component"] = ".".join(event.path)
        if event.groups:
            data["ccf_group"] = event.groups[0]
        return data

    def _fill(self, node: str, formula: Formula, data: dict[str, str]) -> None:
        """Give a node the needs that a formula comes to."""
        kind = _kind(formula)
        if kind == "vote":
            data[VOTES] = f"{formula.minimum} of {len(formula.args)}"
            self._vote(node, formula)
            return
        # Of several needs any stops the node; of several suppliers of a need only all do.
        for part in _flat(formula) if kind == "or" else (formula,):
            inputs = _flat(part) if _kind(part) == "and" else (part,)
            self._need(node, formula.line, [self._single(node, item) for item in inputs])

    def _single(self, node: str, formula: Formula) -> str:
        """Return a node that stands for a formula, a helper where it is no reference."""
        if formula.event is not None:
            return self.ids[id(formula.event)]
        if formula.kind == "constant":
            return self._constant(formula)
        helper = self.names.take(f"{node}: {formula.kind}")
        data = {"can_fail": "no", "upstream": "recorded"}
        self.nodes.append(NodeRow(formula.line, helper, data))
        self._fill(helper, formula, data)
        return helper

    def _constant(self, formula: Formula) -> str:
        if formula.state not in self.constants:
            name = self.names.take(f"constant {str(formula.state).lower()}")
            self.constants[formula.state] = name
            status = "closed" if formula.state else ""
            data = {"can_fail": "no", "upstream": "none", "status": status}
            self.nodes.append(NodeRow(formula.line, name, data))
        return self.constants[formula.state]

    def _vote(self, node: str, formula: Formula) -> None:
        line = formula.line
        # In order of their ids, so that the same inputs make the same helpers whatever the file.
        inputs = sorted(self._single(node, part) for part in formula.args)
        count = len(inputs)
        states = votes(formula.minimum, count)
        names = {state: self.names.take(helper_name(node, state, count)) for state in [*states][1:]}
        names[0, formula.minimum] = node
        for state, needs in states.items():
            place, needed = state
            if place:
                shown = clamp(f"{needed} of {', '.join(inputs[place:])}", _NAME_WIDTH)
                data = {"name": shown, "can_fail": "no", "upstream": "recorded"}
                self.nodes.append(NodeRow(line, names[state], data))
            for need in needs:
                suppliers = [
                    inputs[item] if isinstance(item, int) else names[item] for item in need
                ]
                self._need(names[state], line, suppliers)

    def _need(self, node: str, line: int, suppliers: Sequence[str]) -> None:
        suppliers = list(dict.fromkeys(suppliers))
        key = frozenset(suppliers)
        if key not in self.materials:
            name = need_name(suppliers)
            self.materials_at.append(line)
            self.materials[key] = name if len(suppliers) == 1 else self.names.take(name)
        material = self.materials[key]
        if (node, material) in self.known:
            return
        self.known.add((node, material))
        self.needs.append((line, node, material))
        self.supplies += [(line, supplier, node, material) for supplier in suppliers]

    def raw(self) -> dict[str, RawTable | None]:
        """Return the tables as text."""
        order = [*_COLUMNS, *self.attributes]
        needs = list(zip(*self.needs, strict=True)) or [()] * 3
        supplies = list(zip(*self.supplies, strict=True)) or [()] * 4
        return {
            "nodes": node_table(self.name, self.nodes, order),
            "supplies": RawTable(
                self.name,
                ("supplier", "consumer", "material"),
                tuple(list(column) for column in supplies[1:]),
                list(supplies[0]),
            ),
            "needs": RawTable(
                self.name,
                ("consumer", "material", "suppliers"),
                (*(list(column) for column in needs[1:]), ["complete"] * len(self.needs)),
                list(needs[0]),
            ),
            "materials": RawTable(
                self.name, ("id",), (list(self.materials.values()),), self.materials_at
            ),
        }


def _kind(formula: Formula) -> str:
    """Return `and` or `or` also for ``atleast`` that comes to one, `vote` for any other."""
    if formula.kind != "atleast":
        return formula.kind
    if formula.minimum == 1:
        return "or"
    return "and" if formula.minimum == len(formula.args) else "vote"


def _flat(formula: Formula) -> Iterable[Formula]:
    """Yield the inputs of an AND or OR, those of an input of the same kind in its place."""
    for part in formula.args:
        if _kind(part) == _kind(formula):
            yield from _flat(part)
        else:
            yield part
