"""A network on a date as a fault tree of the Open-PSA Model Exchange Format (MEF)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from supplynet.io.faulttree import VOTES, FreshNames
from supplynet.io.graphs import attribute_text
from supplynet.io.openpsa import IDS_IN_LABELS, is_probability
from supplynet.io.openpsa_tree import Part, Tree
from supplynet.io.xmltext import escaped, quoted
from supplynet.model import resolve_date
from supplynet.text import clamp, plural, xml_text

if TYPE_CHECKING:
    from supplynet.io.exchange import Export
    from supplynet.model import SupplyNetwork

__all__ = ["openpsa_export"]

#: Names that every tool takes: ASCII letters, digits and `_`, single `-` within.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
#: Columns of nodes that the tree says otherwise: by its date, by what is a gate and what an event.
_IN_THE_TREE = frozenset(
    {"id", "can_fail", "upstream", "status", "start", "end", "probability", VOTES}
)
#: Columns that lead to tables that are left out.
_NOT_KEPT = frozenset({"makes", "references"})
_KEPT = {
    "supplies": frozenset({"supplier", "consumer", "material", "qualified", "status"}),
    "needs": frozenset({"consumer", "material", "product", "group", "suppliers"}),
    "materials": frozenset({"id"}),
}
_SHOWN = 5
_LINE_ENDS = str.maketrans({"\t": "\\u0009", "\n": "\\u000a", "\r": "\\u000d"})


def openpsa_export(net: SupplyNetwork, *, on: date | str | None = None) -> Export:
    """Return what stops the targets as an Open-PSA fault tree, and what that does not hold.

    Parameters
    ----------
    net
        The network.
    on
        The date; that of the data by default.

    Returns
    -------
    Export
        One file, the same bytes for the same network.

    Raises
    ------
    OutputError
        There is a loop, which no fault tree can have, or no target.
    QuestionError
        Rows are dated and no date is given or known.
    """
    from supplynet.io.exchange import Export
    from supplynet.io.write import in_order

    net = in_order(net)
    day = resolve_date(net, on)
    writer = _Writer(net, day, Tree(net, day))
    return Export({"": "".join(writer.lines()).encode()}, tuple(writer.dropped))


class _Writer:
    """Writes a tree, and lists what it leaves out."""

    def __init__(self, net: SupplyNetwork, day: date | None, tree: Tree) -> None:
        self.net = net
        self.day = day
        self.tree = tree
        self.rows = list(net.table("nodes").rows())
        fresh = FreshNames()
        self.labels = {vertex: fresh.take(_line(name)) for vertex, name in tree.ids.items()}
        self.columns = self._columns()
        self._name()
        self.ids_in_labels = any(
            name != tree.ids[vertex] for vertex, name in [*self.events.items(), *self._of_gates()]
        )
        self.dropped = [*self._dropped()]

    # Names

    def _name(self) -> None:
        """Give each event and gate a name of the MEF: a node's own id wherever that is one."""
        ids = self.tree.ids
        taken: set[str] = set()
        numbers: dict[str, int] = {}

        def take(wanted: str) -> str:
            name, number = wanted, numbers.get(wanted, 1)
            while name.casefold() in taken:
                number += 1
                name = f"{wanted}-{number}"
            numbers[wanted] = number
            taken.add(name.casefold())
            return name

        base = {vertex: take(name) for vertex, name in ids.items() if _NAME.fullmatch(name)}
        base |= {vertex: take(_plain(name)) for vertex, name in ids.items() if vertex not in base}
        parts = self.tree.parts
        self.events: dict[int, str] = {
            part[0]: base[part[0]]
            for part in parts
            if not self.tree.left_out(part) and (self._has_loss(part[0]) or not self._is_gate(part))
        }
        self.gates: dict[Part, str] = {}
        named = set(self.events)
        for part in filter(self._is_gate, parts):
            vertex, target = part
            if vertex in named or (target >= 0 and (vertex, -1) in parts):
                self.gates[part] = take(f"{base[vertex]}-{'down' if target < 0 else 'top'}")
            else:
                self.gates[part] = base[vertex]
                named.add(vertex)

    def _of_gates(self) -> Iterator[tuple[int, str]]:
        return ((vertex, name) for (vertex, _), name in self.gates.items())

    def _is_gate(self, part: Part) -> bool:
        return part[1] >= 0 or bool(self.tree.needs_of(part[0]))

    def _has_loss(self, vertex: int) -> bool:
        return self.tree.can_fail(vertex) and not self.tree.is_down(vertex)

    # Text

    def lines(self) -> Iterator[str]:
        """Yield the lines of the file."""
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<opsa-mef>\n'
        meta = self.net.meta
        yield from self._about("  ", meta.title, dict(self._of_the_model()))
        name = _plain(meta.name) if meta.name else "network"
        yield f'  <define-fault-tree name="{name}">\n'
        described = set(self.events)
        for part, name in self.gates.items():
            vertex = part[0]
            yield f'    <define-gate name="{name}">\n'
            said = {} if vertex in described else self._said(vertex)
            if vertex not in described and self.tree.can_fail(vertex) and vertex in self.tree.goals:
                said["can_fail"] = "yes"
            described.add(vertex)
            yield from self._about("      ", self._label(vertex, name), said)
            yield from self._formula(part)
            yield "    </define-gate>\n"
        yield "  </define-fault-tree>\n  <model-data>\n"
        for vertex, name in sorted(self.events.items(), key=lambda item: item[1]):
            yield from self._event(vertex, name)
        yield "  </model-data>\n</opsa-mef>\n"

    def _event(self, vertex: int, name: str) -> Iterator[str]:
        kind = "basic-event" if self._has_loss(vertex) else "house-event"
        inner = [*self._about("      ", self._label(vertex, name), self._said(vertex))]
        if kind == "house-event":
            inner.append(f"      {_constant(failed=self.tree.is_down(vertex))}\n")
        elif probability := self._probability(vertex):
            inner.append(f'      <float value="{probability}"/>\n')
        if not inner:
            yield f'    <define-{kind} name="{name}"/>\n'
            return
        yield f'    <define-{kind} name="{name}">\n'
        yield from inner
        yield f"    </define-{kind}>\n"

    def _about(self, indent: str, label: str, attributes: dict[str, str]) -> Iterator[str]:
        if label:
            yield f"{indent}<label>{escaped(_line(label))}</label>\n"
        if attributes:
            yield f"{indent}<attributes>\n"
            for name, value in attributes.items():
                yield f'{indent}  <attribute name="{name}" value="{quoted(_line(value))}"/>\n'
            yield f"{indent}</attributes>\n"

    def _of_the_model(self) -> Iterator[tuple[str, str]]:
        if self.ids_in_labels:
            yield IDS_IN_LABELS
        if self.day is not None:
            yield "as_of", self.day.isoformat()
        for key in ("description", "licence"):
            if value := getattr(self.net.meta, key):
                yield key, value
        if self.dropped:
            yield "without", "; ".join(self.dropped)

    def _label(self, vertex: int, name: str) -> str:
        if self.ids_in_labels:
            return "" if name == self.labels[vertex] else self.labels[vertex]
        return str(self.rows[vertex].get("name") or "") if self.tree.is_node(vertex) else ""

    def _said(self, vertex: int) -> dict[str, str]:
        """Return the attributes of a node."""
        if not self.tree.is_node(vertex):
            return {}
        row = self.rows[vertex]
        found = {column: attribute_text(row[column]) for column in self.columns}
        if not self.ids_in_labels:
            found.pop("name", None)
        if found.get("kind") == "site":
            del found["kind"]
        return {column: text for column, text in found.items() if text.strip()}

    def _formula(self, part: Part) -> Iterator[str]:
        inputs = self.tree.parts[part]
        vertex = part[0]
        terms: list[list[str]] = []
        if not self.tree.left_out(part) and vertex in self.events:
            terms.append([f'<basic-event name="{self.events[vertex]}"/>'])
        for need in inputs.needs:
            found = [self._reference(source) for source in need]
            if inputs.minimum:
                terms.append(_element("atleast", found, f' min="{inputs.minimum}"'))
            elif len(found) > 1:
                terms.append(_element("and", found))
            else:
                # A need without any supplier is never met.
                terms.append(found or [_constant(failed=True)])
        if not terms and vertex in self.events and not self._has_loss(vertex):
            terms = [[self._reference((vertex, -1))]]
        if not terms:
            terms = [[_constant(failed=self.tree.is_down(vertex))]]
        flat = [line for term in terms for line in term]
        for line in flat if len(terms) == 1 else _element("or", flat):
            yield f"      {line}\n"

    def _reference(self, part: Part) -> str:
        if part in self.gates:
            return f'<gate name="{self.gates[part]}"/>'
        kind = "basic-event" if self._has_loss(part[0]) else "house-event"
        return f'<{kind} name="{self.events[part[0]]}"/>'

    def _probability(self, vertex: int) -> str:
        text = str(self.rows[vertex].get("probability") or "").strip()
        return text if is_probability(text) else ""

    # What is left out

    def _columns(self) -> list[str]:
        """Return the columns of nodes that are written as attributes."""
        table = self.net.table("nodes")
        left_out = _IN_THE_TREE | _NOT_KEPT
        return [
            column
            for column in sorted(table.columns)
            if column not in left_out and _NAME.fullmatch(column)
        ]

    def _dropped(self) -> Iterator[str]:
        yield from self._unknown()
        yield from self._rows_left_out()
        yield from self._columns_left_out()
        for name, table in sorted(self.net.tables.items()):
            if len(table) and name not in ("nodes", *_KEPT):
                yield f"{name}: {plural(len(table), 'row')}"
        if extra := sorted(self.net.meta.extra):
            yield f"network.toml: {', '.join(extra)}"
        changed = sum(self.labels[vertex] != name for vertex, name in self.tree.ids.items())
        if changed:
            yield f"{plural(changed, 'id')} with a character written as its escape"
        for target in self.tree.targets:
            output = self.tree.compiled.output[self.tree.compiled.index[target]]
            if self.tree.ids[output] != target:
                yield f"the target {target!r} is called {self.tree.ids[output]!r}"

    def _unknown(self) -> Iterator[str]:
        """Yield what is not certain about the part of the network that the targets draw on."""
        tree, compiled = self.tree, self.tree.compiled
        reached = tree.reached()
        edges = {e for slot in compiled.slots if slot.vertex in reached for e in slot.edges}
        gaps = [
            gap.id
            for gap in compiled.gaps
            if not (reached.isdisjoint(gap.vertices) and edges.isdisjoint(gap.edges))
        ]
        if gaps:
            yield f"{plural(len(gaps), 'gap')}, taken at the good end: {', '.join(gaps)}"
        needs = [
            f"{compiled.nodes[n]}/{label}" for n, label in compiled.not_modelled if n in reached
        ]
        if needs:
            yield f"{plural(len(needs), 'need')} not modelled: {', '.join(needs)}"
        weak = [slot for slot in compiled.slots if slot.rank == 0 and slot.vertex in reached]
        if weak:
            needs = [f"{tree.node(slot.vertex)}/{slot.need}" for slot in weak]
            are = "that is illustrative" if len(weak) == 1 else "that are illustrative"
            yield f"{plural(len(needs), 'need')} {are}, taken as recorded: {', '.join(needs)}"

    def _rows_left_out(self) -> Iterator[str]:
        tree = self.tree
        written = {tree.node(vertex) for vertex in {v for v, _ in tree.parts} | tree.helpers}
        others = [node for node in tree.compiled.nodes if node not in written]
        if others:
            why = "which no target draws on, or only beside an unnamed supplier"
            yield f"nodes: {plural(len(others), 'row')}, {why}: {_some(others)}"
        idle = sum(not edges for edges in tree.compiled.edges_of_supply)
        if idle:
            do = "delivers" if idle == 1 else "deliver"
            yield f"supplies: {plural(idle, 'row')} that {do} nothing on the date"

    def _columns_left_out(self) -> Iterator[str]:
        tree = self.tree
        kept = _IN_THE_TREE | set(self.columns)
        if lost := [column for column in self._filled("nodes") if column not in kept]:
            yield f"nodes: {', '.join(lost)}"
        texts = self.net.table("nodes").column("probability")
        odd = sum(text is not None and not is_probability(text.strip()) for text in texts)
        if odd:
            yield f"nodes: probability, no number from 0 to 1 in {plural(odd, 'row')}"
        for name, known in _KEPT.items():
            lost = [column for column in self._filled(name) if column not in known]
            if name == "supplies" and self._made_ids():
                lost = [column for column in lost if column != "id"]
            if lost:
                yield f"{name}: {', '.join(lost)}"
        if names := tree.named_needs():
            yield f"{plural(names, 'name')} of what is needed: a gate has suppliers alone"

    def _filled(self, table: str) -> list[str]:
        columns = self.net.table(table).columns.items()
        return sorted(name for name, values in columns if any(v not in (None, ()) for v in values))

    def _made_ids(self) -> bool:
        """Whether the ids of supplies are those that reading makes."""
        table = self.net.table("supplies")
        names = ("supplier", "consumer", "material")
        rows = zip(table.column("id"), *(table.column(name) for name in names), strict=True)
        return all(key == f"{first}>{second}:{what or ''}" for key, first, second, what in rows)


def _plain(text: str) -> str:
    """Return text as a name of the MEF."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")
    return name if _NAME.fullmatch(name) else f"n_{name}".rstrip("_")


def _line(text: str) -> str:
    """Return text as one line without what XML cannot hold."""
    return xml_text(text).translate(_LINE_ENDS)


def _constant(*, failed: bool) -> str:
    return f'<constant value="{str(failed).lower()}"/>'


def _element(name: str, inner: Iterable[str], attributes: str = "") -> list[str]:
    return [f"<{name}{attributes}>", *(f"  {line}" for line in inner), f"</{name}>"]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(clamp(name, 40) for name in names[:_SHOWN])
    return f"{shown}, ..." if len(names) > _SHOWN else shown
