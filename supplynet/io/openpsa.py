"""Fault trees of the Open-PSA Model Exchange Format (MEF), read as networks.

Elements become definitions here, and what is no coherent fault tree is refused;
:mod:`supplynet.io.openpsa_names` ties them together and :mod:`supplynet.io.faulttree` makes
tables of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from supplynet.errors import Finding, Level
from supplynet.io.convert import Findings
from supplynet.io.csvtext import Refused
from supplynet.io.xmltext import Element, read_xml
from supplynet.text import clamp, plural

if TYPE_CHECKING:
    from supplynet.io.read import Examination

__all__ = [
    "IDS_IN_LABELS",
    "WORDS",
    "Event",
    "Formula",
    "Group",
    "Model",
    "is_probability",
    "read_openpsa",
]

#: The attribute of the root, and its value, by which a file says that labels are ids: names of
#: the MEF hold letters, digits, `_` and single `-`, ids of a network anything.
IDS_IN_LABELS = ("labels", "ids")
#: What the kinds of events are called.
WORDS = {"gate": "gate", "basic-event": "basic event", "house-event": "house event"}

_CONTAINERS = ("define-fault-tree", "define-component")
_NOT_COHERENT = frozenset({"cardinality", "iff", "imply", "nand", "nor", "not", "xor"})
_BESIDE = frozenset({"label", "attributes"})
_NUMBERS = frozenset({"float", "int", "bool"})
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_NUMBER = 60
#: Helper nodes that an ``atleast`` may come to.
_MAX_HELPERS = 100_000


@dataclass(slots=True)
class Formula:
    """What makes a gate fail, as it is written.

    Attributes
    ----------
    kind
        ``and``, ``or``, ``atleast``, ``constant``, or ``event`` for a reference.
    line
        The line on which it starts.
    args
        The formulas in it.
    minimum
        How many of them must hold, in ``atleast``.
    state
        The value of a constant.
    name, refers
        Of a reference: the name as written, and what it must be (blank: anything).
    event
        Of a reference: what it means, once names are resolved.
    """

    kind: str
    line: int
    args: tuple[Formula, ...] = ()
    minimum: int = 0
    state: bool = False
    name: str = ""
    refers: str = ""
    event: Event | None = None

    def walk(self) -> Iterator[Formula]:
        """Yield the formula and those in it; the XML reader bounds their depth."""
        yield self
        for argument in self.args:
            yield from argument.walk()

    def events(self) -> Iterator[Event]:
        """Yield what it refers to, in order of the file."""
        return (part.event for part in self.walk() if part.event is not None)


@dataclass(slots=True, eq=False)
class Event:
    """A gate, basic event or house event as it is defined.

    Attributes
    ----------
    kind
        ``gate``, ``basic-event`` or ``house-event``.
    name, path
        Its name, and the names of the fault tree and components it is defined in.
    line
        The line of the definition; of the first reference where there is none.
    private
        Whether only its path tells it from others.
    label, attributes
        What is said of it, as written.
    formula
        Of a gate.
    state
        Of a house event: whether it has happened.
    probability
        Of a basic event, as written; blank if it is not a number.
    groups
        Of a basic event: the common cause groups it is a member of.
    """

    kind: str
    name: str
    path: tuple[str, ...]
    line: int
    private: bool = False
    label: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    formula: Formula | None = None
    state: bool = False
    probability: str = ""
    groups: list[str] = field(default_factory=list)

    @property
    def full_path(self) -> str:
        """Its name behind those of the fault tree and components."""
        return ".".join((*self.path, self.name))

    @property
    def reference(self) -> str:
        """The name by which it is known in the whole model."""
        return self.full_path if self.private else self.name

    def __str__(self) -> str:
        return f"{WORDS[self.kind]} {self.name!r}"


@dataclass(frozen=True, slots=True)
class Group:
    """A common cause group: its name, where it is defined, and its members."""

    name: str
    path: tuple[str, ...]
    line: int
    members: Sequence[Formula]


@dataclass(frozen=True)
class Model:
    """The definitions of a file.

    Attributes
    ----------
    events, groups
        In order of the file.
    network
        Attributes of the root by name, and its label as `title`.
    ids_in_labels
        Whether labels hold the ids, as in a file of our own.
    """

    events: Sequence[Event]
    groups: Sequence[Group]
    network: dict[str, str]
    ids_in_labels: bool


def read_openpsa(place: Path, findings: Findings) -> Examination:
    """Return what an Open-PSA file brings up, and its network if there is no error.

    Parameters
    ----------
    place
        The file.
    findings
        Takes what is wrong.
    """
    from supplynet.io.faulttree import examine_tree
    from supplynet.io.openpsa_names import tie_together
    from supplynet.io.read import Examination

    reader = _Reader(place.name, findings)
    try:
        model = reader.read(place.read_bytes())
    except Refused as refused:
        findings.extend(refused.findings)
        return Examination(None, findings.all())
    events = tie_together(model, place.name, findings)
    if any(finding.level == "error" for finding in findings.all()):
        return Examination(None, findings.all())
    return examine_tree(place, model, events, findings)


def is_probability(text: str) -> bool:
    """Return whether a text is a number from 0 to 1.

    Examples
    --------
    >>> is_probability("1e-3"), is_probability("2.5"), is_probability("nan")
    (True, False, False)
    """
    number = len(text) <= _MAX_NUMBER and _NUMBER.fullmatch(text)
    return bool(number) and 0 <= Decimal(text) <= 1


class _Reader:
    """Takes definitions from a file as they come."""

    def __init__(self, name: str, findings: Findings) -> None:
        self.name = name
        self.findings = findings
        self.events: list[Event] = []
        self.groups: list[Group] = []
        self.trees: list[str] = []
        self.aside: dict[str, list[int]] = defaultdict(list)

    def read(self, data: bytes) -> Model:
        root = read_xml(data, self.name, self.take, deep="Give inner formulas gates of their own")
        if root.name != "opsa-mef":
            ending = {"graphml": ".graphml", "gexf": ".gexf"}.get(root.name)
            fix = f"Let its name end in {ending}" if ending else "Of XML, Open-PSA models are read"
            self._refuse(root.line, f"the file holds <{root.name}>, not <opsa-mef>", fix)
        if not any(event.kind == "gate" for event in self.events):
            self._refuse(root.line, "holds no gate", "A fault tree is made of <define-gate>")
        for what, lines in sorted(self.aside.items()):
            count = f" ({len(lines):,} of them)" if len(lines) > 1 else ""
            level: Level = "note"
            fix = ""
            if what == "<define-substitution>":
                level, fix = "warning", "Cut sets are those before any substitution"
            self.findings.add(f"{self.name}:{lines[0]}", f"{what}: set aside{count}", fix, level)
        network = self._about_the_model(root)
        marker, value = IDS_IN_LABELS
        own = network.pop(marker, "") == value
        return Model(self.events, self.groups, network, own)

    def take(self, element: Element, around: Sequence[Element]) -> bool:
        root = around[0]
        if element.namespace != root.namespace or root.name != "opsa-mef":
            return False
        inner = around[1:]
        in_data = [outer.name for outer in inner] == ["model-data"]
        if element.name == "include":
            what = "<include> names another file, and other files are not read"
            self._error(element.line, what, "Put what it holds in its place")
        elif element.name in _BESIDE or not (
            in_data or all(outer.name in _CONTAINERS for outer in inner)
        ):
            return False
        elif element.name in ("define-gate", "define-basic-event", "define-house-event"):
            self._define(element, around)
        elif element.name == "define-CCF-group":
            self._group(element, _path(around))
        elif element.name in _CONTAINERS:
            name = self._name(element)
            if element.name == "define-fault-tree":
                self.trees.append(name)
        elif element.name != "model-data":
            self.aside[f"<{element.name}>"].append(element.line)
        return True

    def _define(self, element: Element, around: Sequence[Element]) -> None:
        kind = element.name.removeprefix("define-")
        event = Event(kind, self._name(element), _path(around), element.line)
        event.private = _role(element, around) == "private"
        event.label, event.attributes = self._about(element)
        parts = [child for child in element.children if child.name not in _BESIDE]
        if kind == "gate":
            if not event.path:
                fix = "Put it in a <define-fault-tree>"
                self._error(element.line, f"{event} is in no fault tree", fix)
            event.formula = self._gate_formula(event, parts)
        elif kind == "house-event":
            event.state = self._house_state(event, parts)
        else:
            event.probability = self._probability(event, parts)
        self.events.append(event)

    def _name(self, element: Element) -> str:
        name = element.attributes.get("name", "").strip()
        if not name:
            self._error(element.line, f"<{element.name}> has no name", "Name it")
        elif "." in name and element.name.startswith("define-"):
            what = f"<{element.name}> is named {name!r}, and a dot stands between names of a path"
            self._error(element.line, what, "Rename it")
        return name

    def _about(self, element: Element) -> tuple[str, dict[str, str]]:
        """Return the label of an element as written, and its attributes."""
        label = "".join(child.text for child in element.children if child.name == "label")
        found: dict[str, str] = {}
        for child in element.children:
            for part in child.children if child.name == "attributes" else ():
                name = part.attributes.get("name", "").strip()
                if name in found:
                    self._error(part.line, f"attribute {name!r} is given twice", "Delete one")
                elif part.name == "attribute" and name:
                    found[name] = part.attributes.get("value", "")
        return label, found

    def _about_the_model(self, root: Element) -> dict[str, str]:
        label, network = self._about(root)
        title = " ".join(label.split()) or root.attributes.get("name", "").strip()
        if not title and len(self.trees) == 1:
            title = self.trees[0]
        return {"title": title, **network}

    def _gate_formula(self, gate: Event, parts: Sequence[Element]) -> Formula | None:
        if len(parts) != 1:
            many = f"{len(parts)} formulas" if parts else "no formula"
            fix = "Write one: <or>, <and>, <atleast>, or a reference"
            self._error(gate.line, f"{gate} has {many}", fix)
            return None
        refused: dict[str, int] = {}
        formula = self._formula(parts[0], gate, refused)
        for word, line in refused.items():
            at = "" if line == gate.line else f" (line {line})"
            what = f"{gate} has <{word}>{at}: with it a further failure can repair something"
            fix = "Only coherent trees are read, of <and>, <or> and <atleast>"
            self._error(gate.line, what, fix, "not coherent")
        return formula

    def _formula(self, element: Element, gate: Event, refused: dict[str, int]) -> Formula | None:
        kind, line = element.name, element.line
        if kind in _NOT_COHERENT:
            refused.setdefault(kind, line)
            return None
        if kind in ("and", "or", "atleast"):
            found = [self._formula(child, gate, refused) for child in element.children]
            args = tuple(argument for argument in found if argument is not None)
            if not element.children:
                self._error(line, f"{gate}: <{kind}> has no input", "Name what it depends on")
                return None
            minimum = self._minimum(element, gate) if kind == "atleast" else 0
            self._inputs_differ(args, gate, kind)
            return Formula(kind, line, args, minimum=minimum)
        if kind == "constant":
            return Formula(kind, line, state=self._constant(element, gate))
        if kind in WORDS or kind == "event":
            refers = element.attributes.get("type", "").strip() if kind == "event" else kind
            return Formula("event", line, name=self._name(element), refers=refers)
        fix = "A gate is <or>, <and>, <atleast>, <constant> or a reference to an event"
        self._error(line, f"{gate}: <{kind}> is no formula", fix, "no formula")
        return None

    def _minimum(self, element: Element, gate: Event) -> int:
        text = element.attributes.get("min", "").strip()
        count = len(element.children)
        if re.fullmatch("[0-9]{1,9}", text) and 1 <= int(text) <= count:
            minimum = int(text)
            if minimum * (count - minimum + 1) > _MAX_HELPERS:
                what = f"{gate}: <atleast> of {minimum:,} of {count:,} inputs is too large"
                self._error(element.line, what, "Write it as smaller gates")
            return minimum
        said = f"min is {clamp(text, 20)!r}" if text else "no min is given"
        what = f"{gate}: <atleast> of {plural(count, 'input')}: {said}"
        self._error(element.line, what, f"Write how many must fail, 1 to {count}", "min")
        return 1

    def _inputs_differ(self, args: Sequence[Formula], gate: Event, kind: str) -> None:
        seen: set[str] = set()
        for argument in args:
            if argument.kind == "event" and argument.name in seen:
                what = f"{gate}: <{kind}> has {argument.name!r} twice"
                self._error(argument.line, what, "Delete one", "twice")
            elif argument.kind == "event":
                seen.add(argument.name)

    def _constant(self, element: Element, event: Event) -> bool:
        text = element.attributes.get("value", "").strip()
        if text not in _TRUTH:
            what = f"{event}: <constant> is {clamp(text, 20)!r}"
            self._error(element.line, what, "Write true (it has failed) or false")
        return _TRUTH.get(text, False)

    def _house_state(self, event: Event, parts: Sequence[Element]) -> bool:
        if not parts:
            # As the standard has it: what is not said to have happened has not.
            return False
        if len(parts) > 1 or parts[0].name != "constant":
            fix = 'Write <constant value="true"/> or <constant value="false"/>'
            self._error(event.line, f"{event} is not a constant", fix)
            return False
        return self._constant(parts[0], event)

    def _probability(self, event: Event, parts: Sequence[Element]) -> str:
        """Return the probability as written, blank if it is an expression or not given."""
        if not parts:
            return ""
        if len(parts) > 1 or parts[0].name not in _NUMBERS:
            what = "probabilities that are worked out from others"
            self.aside[what].append(parts[0].line)
            return ""
        text = parts[0].attributes.get("value", "").strip()
        text = str(int(_TRUTH[text])) if text in _TRUTH else text
        if not is_probability(text):
            number = len(text) <= _MAX_NUMBER and _NUMBER.fullmatch(text)
            what = f"{text}, must be 0-1" if number else f"{clamp(text, 40)!r}, not a number"
            fix = "" if number else "Leave it out if it is not known"
            self._error(parts[0].line, f"{event}: probability is {what}", fix, "probability")
        return text

    def _group(self, element: Element, path: tuple[str, ...]) -> None:
        members = [
            Formula("event", part.line, name=self._name(part), refers="basic-event")
            for child in element.children
            if child.name == "members"
            for part in child.children
        ]
        self.groups.append(Group(self._name(element), path, element.line, members))

    def _error(self, line: int, what: str, fix: str = "", kind: str = "") -> None:
        where = f"{self.name}:{line}"
        self.findings.add(where, what, fix, kind=(self.name, kind) if kind else ())

    def _refuse(self, line: int, what: str, fix: str) -> NoReturn:
        raise Refused(Finding(f"{self.name}:{line}", what, fix))


def _path(around: Sequence[Element]) -> tuple[str, ...]:
    """Return the names of the fault tree and components around a definition."""
    names = (outer.attributes.get("name", "").strip() for outer in around[1:])
    return tuple(name for name in names if name)


def _role(element: Element, around: Sequence[Element]) -> str:
    """Return `private` or `public`: its own role, else that of what is around it."""
    for outer in (element, *reversed(around)):
        if role := outer.attributes.get("role", "").strip():
            return role
    return "public"
