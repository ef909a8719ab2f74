"""What to find out next: the cells whose filling would settle the most open findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from supplynet.analysis.cutsets import CutSets, minimal_cut_sets
from supplynet.analysis.reading import ILLUSTRATIVE, Reading
from supplynet.errors import QuestionError
from supplynet.io import from_frames
from supplynet.model import SupplyNetwork, resolve_date
from supplynet.schema import TABLES, country_codes
from supplynet.text import plural
from supplynet.units import CONFIDENCES, UNNAMED, Slot, compile_network, resolve_targets

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NextCell", "NextCells", "OpenFinding", "Value", "next_cells"]

#: Work for all asking together. It is counted in rows and gaps, not in seconds, so that the same
#: input gives the same answer; past it the answer says what was left out. A row costs more on a
#: large network, and the first answer is to come in seconds.
_WORK = 25_000_000
_WORK_LARGE = 8_000_000
_LARGE = 2_000
#: Work per row of a question or of a changed network; with pairs, each gap adds one more.
_PER_ROW = 15
#: Gaps tried out for each cell that is listed.
_TRIED = 3
#: Units that a node with a blank country (operator, ...) is tried out in.
_TRIED_UNITS = 3


@dataclass(frozen=True, slots=True, order=True)
class OpenFinding:
    """A finding that hangs on a gap: a blind spot where `units` is empty, else a possible pair.

    `by` is blank for a blind spot that is the same whatever is lost.
    """

    target: str
    by: str
    units: tuple[str, ...]
    gaps: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON values."""
        return {
            "target": self.target,
            "by": self.by or None,
            "units": list(self.units),
            "gaps": list(self.gaps),
        }


@dataclass(frozen=True, slots=True)
class Value:
    """One thing that could be entered, and what it would settle.

    Attributes
    ----------
    value
        The value of the cell, or in words what the row would say.
    end
        ``good`` or ``bad``: the end of the gap that it stands for.
    rules_out, certain
        Open findings that would vanish, and that would be certain (or assumed).
    opens
        Findings that would be open instead, and are not now.
    """

    value: str
    end: str
    rules_out: int
    certain: int
    opens: int

    @property
    def settles(self) -> int:
        """How many open findings would be open no longer."""
        return self.rules_out + self.certain

    def to_dict(self) -> dict[str, Any]:
        """Return the value as JSON values."""
        return {
            "value": self.value,
            "end": self.end,
            "settles": self.settles,
            "rules_out": self.rules_out,
            "certain": self.certain,
            "opens": self.opens,
        }


@dataclass(frozen=True, slots=True)
class NextCell:
    """A cell to fill, for one gap.

    Attributes
    ----------
    gap
        Id of the gap.
    table, row, field
        Where the cell is: the id of the row (of the consumer, in `needs`).
    where
        ``file:line``, or the table for a row that is still to be written.
    values
        What could be entered, each tried out; none where the engine cannot try it.
    named
        Open findings that hang on the gap.
    text
        The same in one sentence.
    """

    gap: str
    table: str
    row: str
    field: str
    where: str
    values: tuple[Value, ...]
    named: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Return the cell as JSON values."""
        return {
            "gap": self.gap,
            "table": self.table,
            "row": self.row,
            "field": self.field,
            "where": self.where,
            "values": [value.to_dict() for value in self.values],
            "named": self.named,
            "text": self.text,
        }


@dataclass(frozen=True, eq=False)
class NextCells:
    """Cells to fill, those first that settle most whatever turns out to be true.

    Attributes
    ----------
    on, by
        The date, and what is lost together in the questions asked.
    targets, not_asked
        Targets that were asked about, and those left out because the network is large.
    without_pairs
        Targets of which, for the same reason, only the blind spots were looked for.
    open
        The open findings, sorted.
    cells
        The cells, by what they would settle.
    gaps, tried
        How many gaps the open findings name, and how many of them were tried out.
    complete
        Whether every target was asked, no search was cut short, and every gap was tried and
        is listed.
    answers
        What was found for each target and `by`; no part of the JSON.
    """

    on: date | None
    by: tuple[str, ...]
    targets: tuple[str, ...]
    not_asked: tuple[str, ...]
    without_pairs: tuple[str, ...]
    open: tuple[OpenFinding, ...]
    cells: tuple[NextCell, ...]
    gaps: int
    tried: int
    complete: bool
    answers: tuple[CutSets, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return {
            "by": list(self.by),
            "targets": list(self.targets),
            "not_asked": list(self.not_asked),
            "without_pairs": list(self.without_pairs),
            "open": len(self.open),
            "gaps": self.gaps,
            "tried": self.tried,
            "complete": self.complete,
            "cells": [cell.to_dict() for cell in self.cells],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per cell and value."""
        import pandas as pd

        columns = ["where", "table", "row", "field", "value", "end"]
        columns += ["settles", "rules_out", "certain", "opens", "open", "gap"]
        rows = [
            (c.where, c.table, c.row, c.field, *v.to_dict().values(), len(self.open), c.gap)
            for c in self.cells
            for v in c.values
        ]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return (
            f"<NextCells: {plural(len(self.cells), 'cell')} to fill, "
            f"{plural(len(self.open), 'open finding')}, {plural(self.gaps, 'gap')}>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


@dataclass(frozen=True, slots=True)
class _Fill:
    """A value to try: the cells that it sets, as (table, row, field, value), and its new rows.

    `unit` is the failure unit that the value puts a node into.
    """

    value: str
    end: str
    cells: tuple[tuple[str, int, str, str], ...] = ()
    rows: tuple[tuple[str, Mapping[str, str]], ...] = ()
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class _Cell:
    """The place of a gap in the tables; `index` is ``None`` for a row still to be written."""

    table: str
    row: str
    field: str
    index: int | None
    fills: tuple[_Fill, ...]


def next_cells(
    net: SupplyNetwork,
    targets: Sequence[str] | str | None = None,
    *,
    by: Sequence[str] | str = ("node", "country"),
    on: date | str | None = None,
    max_cells: int = 10,
) -> NextCells:
    """Return the cells to fill next, in order of how many open findings they would settle.

    Parameters
    ----------
    net
        The network.
    targets
        Nodes that must not stop; ``None``: those of `network.toml`, else the sinks.
    by
        What is lost together; `country` is left out where no node has one.
    on
        Date (ISO text or a date); ``None``: that of the data.
    max_cells
        Most cells listed.

    Returns
    -------
    NextCells
        The cells, sorted by what they settle at least, then at best, then by gap.

    Raises
    ------
    UnknownNameError
        No node is called like one of the targets.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    An open finding is a blind spot or a possible chokepoint: one unit and one gap. For each gap
    that they name, most named first, each value is entered in a copy of the tables, the copy is
    checked like any network, and the targets concerned are asked again. So the figures are what
    the next run would say if that value alone were entered. They do not foresee what new rows
    would bring: inputs that are found out have gaps of their own.

    The work is bounded: on large networks fewer targets are asked and fewer gaps tried, and
    `not_asked`, `tried` and `complete` say so. No cell to fill does not mean that nothing is
    unknown, only that no single gap decides a single loss.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.from_frames([
    ...     {"supplier": "mine", "consumer": "smelter", "material": "ore"},
    ...     {"supplier": "smelter", "consumer": "plant", "material": "metal"},
    ... ])
    >>> cell = next_cells(net).cells[0]
    >>> cell.gap, cell.field, [(v.value, v.rules_out, v.certain) for v in cell.values][0]
    ('upstream:mine', 'upstream', ('upstream=none', 1, 0))
    """
    if max_cells < 0:
        raise QuestionError("max_cells must be 0 or more")
    when = resolve_date(net, on)
    wanted = resolve_targets(net, targets)
    kinds = (by,) if isinstance(by, str) else tuple(dict.fromkeys(by))
    if "country" in kinds and len(kinds) > 1 and not any(net.table("nodes").column("country")):
        kinds = tuple(kind for kind in kinds if kind != "country")
    plan = _Plan(net, when, wanted, kinds)
    answers = {key: plan.ask(net, key) for key in plan.questions}
    found = {key: _open_findings(answer) for key, answer in answers.items()}
    named: dict[str, set[OpenFinding]] = defaultdict(set)
    asked_by: dict[str, dict[_Key, None]] = defaultdict(dict)
    for key, findings in found.items():
        for finding in findings:
            named[finding.gaps[0]].add(finding)
            asked_by[finding.gaps[0]][key] = None
    order = sorted(named, key=lambda gap: (-len(named[gap]), gap))
    every = frozenset().union(*found.values()) if found else frozenset()
    tried: list[NextCell] = []
    untried: list[NextCell] = []
    for gap in order[: _TRIED * max_cells]:
        place = _cell_of(net, when, gap, named[gap], kinds)
        if untried or not plan.affords(len(place.fills), asked_by[gap]):
            # Named all the same: what most findings hang on is worth a look.
            untried.append(_next_cell(net, gap, place, (), (len(named[gap]), len(every))))
            continue
        values = tuple(
            _try(net, fill, (named[gap], every), plan, asked_by[gap]) for fill in place.fills
        )
        tried.append(_next_cell(net, gap, place, values, (len(named[gap]), len(every))))
    tried.sort(key=_rank)
    return NextCells(
        on=when,
        by=kinds,
        targets=plan.asked,
        not_asked=wanted[len(plan.asked) :],
        without_pairs=plan.asked[plan.with_pairs :],
        open=tuple(sorted(every)),
        cells=tuple([*tried, *untried][:max_cells]),
        gaps=len(order),
        tried=len(tried),
        complete=plan.with_pairs == len(wanted)
        and len(order) == len(tried) <= max_cells
        and all(answer.complete and answer.possible_complete for answer in answers.values()),
        answers=tuple(answers.values()),
    )


#: A target and what is lost together.
_Key = tuple[str, str]


class _Plan:
    """What is asked within the work allowed: half of it finds what is open, half tries values."""

    def __init__(
        self, net: SupplyNetwork, on: date | None, wanted: Sequence[str], kinds: Sequence[str]
    ) -> None:
        self.on = on
        self.size = 1 + sum(len(net.table(name)) for name in ("nodes", "supplies", "needs"))
        plain = _PER_ROW * self.size * len(kinds)
        half = (_WORK if self.size <= _LARGE else _WORK_LARGE) // 2
        self.asked = tuple(wanted[: half // plain])
        self.gaps = 0
        if self.asked:
            self.gaps = len(compile_network(net, on).gaps)
            # A node without a country is one gap more, by country.
            blank = list(net.table("nodes").column("country"))
            self.gaps += blank.count(None) if "country" in kinds else 0
        pairs = max(1, self.gaps * self.size * len(kinds))
        self.with_pairs = min(len(self.asked), (half - plain * len(self.asked)) // pairs)
        self.left = half
        self.paired = frozenset(self.asked[: self.with_pairs])
        self.questions = tuple((target, kind) for target in self.asked for kind in kinds)

    def ask(self, net: SupplyNetwork, key: _Key) -> CutSets:
        """Ask one question, of the network or of a changed one."""
        target, by = key
        gaps = 1 if target in self.paired else 0
        return minimal_cut_sets(net, target, by=by, on=self.on, max_order=1, max_gaps=gaps)

    def affords(self, fills: int, keys: Iterable[_Key]) -> bool:
        """Return whether so many values can be tried on these questions, and set that aside."""
        each = _PER_ROW + sum(
            _PER_ROW + (self.gaps if target in self.paired else 0) for target, _ in keys
        )
        cost = fills * self.size * each
        if cost > self.left:
            return False
        self.left -= cost
        return True


def _rank(cell: NextCell) -> tuple[int, int, str]:
    settled = [value.settles for value in cell.values] or [0]
    return -min(settled), -max(settled), cell.gap


def _open_findings(answer: CutSets) -> frozenset[OpenFinding]:
    target, by = answer.question.target, answer.question.by
    blind = (
        OpenFinding(target, by if gap.startswith("unit:") else "", (), (gap,))
        for gap in answer.blind_spots
    )
    pairs = (OpenFinding(target, by, pair.units, pair.gaps) for pair in answer.possible)
    return frozenset((*blind, *pairs))


def _try(
    net: SupplyNetwork,
    fill: _Fill,
    findings: tuple[Iterable[OpenFinding], frozenset[OpenFinding]],
    plan: _Plan,
    keys: Iterable[_Key],
) -> Value:
    """Enter a value, ask again, and count what became of the findings that hang on the gap."""
    changed = _filled(net, fill)
    answers = {key: plan.ask(changed, key) for key in keys}
    concerned, known = findings
    fates: Counter[str] = Counter()
    for finding in concerned:
        asked = [a for key, a in answers.items() if key == (finding.target, finding.by)]
        # A blind spot that is the same by anything: any of the answers tells.
        asked = asked or [a for (target, _), a in answers.items() if target == finding.target]
        stops = _down(changed, finding.target, plan.on)
        stops = stops and not _down(net, finding.target, plan.on)
        fates["certain" if stops else _fate(finding, asked[0], fill.unit)] += 1
    now = frozenset().union(*map(_open_findings, answers.values()))
    return Value(fill.value, fill.end, fates["ruled out"], fates["certain"], len(now - known))


def _down(net: SupplyNetwork, target: str, on: date | None) -> bool:
    """Return whether a target is down on the network as recorded, illustrative needs included."""
    return Reading(compile_network(net, on), ILLUSTRATIVE, target).stops()


def _fate(finding: OpenFinding, answer: CutSets, entered: str | None) -> str:
    """Return what became of an open finding: certain, ruled out, or open still."""
    # A node that stops the target alone does so as part of the unit it turns out to belong to.
    units = set(finding.units or filter(None, [entered]))
    if answer.status == "already_stopped" or any(units.issuperset(s) for s in answer.cut_sets):
        return "certain"
    gaps = set(finding.gaps)
    stays = any(gap in gaps for gap in answer.blind_spots) or any(
        units.issuperset(pair.units) and gaps.issuperset(pair.gaps) for pair in answer.possible
    )
    # Where the search for pairs was cut short, not to be found is not to be gone.
    searched = answer.possible_complete or not finding.units
    return "open" if stays or not searched else "ruled out"


def _filled(net: SupplyNetwork, fill: _Fill) -> SupplyNetwork:
    """Return the network with a value entered, checked like one that was read."""
    tables: dict[str, Mapping[str, Sequence[Any]]] = {
        name: table.columns for name, table in net.tables.items() if table.columns
    }
    for name, row, field, value in fill.cells:
        column = list(net.table(name).column(field) if field not in tables[name] else ())
        column = column or list(tables[name][field])
        column[row] = value
        tables[name] = {**tables[name], field: column}
    for name, new in fill.rows:
        old = tables.get(name, {})
        length = len(next(iter(old.values()), ()))
        tables[name] = {
            field: [*old.get(field, [None] * length), new.get(field)]
            for field in dict.fromkeys((*old, *new))
        }
    meta = net.meta
    network = {
        **meta.extra,
        "name": meta.name,
        "as_of": meta.as_of,
        "targets": meta.targets,
    }
    return from_frames(network=network, **tables)


def _cell_of(
    net: SupplyNetwork,
    on: date | None,
    gap: str,
    findings: Iterable[OpenFinding],
    kinds: Sequence[str],
) -> _Cell:
    """Return the cell that a gap leaves blank, and the values that it could have."""
    kind, _, name = gap.partition(":")
    if kind == "upstream":
        return _upstream(net, name)
    if kind == "suppliers":
        return _suppliers(net, on, gap)
    if kind == "supply":
        return _supply(net, name)
    if kind == "material":
        return _material(net, name)
    return _unit(net, name, findings, kinds)


def _upstream(net: SupplyNetwork, node: str) -> _Cell:
    row = _row(net, "nodes", node)
    takes = any(node in net.table(name).column("consumer") for name in ("supplies", "needs"))
    good = "recorded" if takes else "none"
    missing = {
        "consumer": node,
        "material": _fresh(net, "materials", "unrecorded input"),
        "suppliers": "complete",
    }
    return _Cell(
        "nodes",
        node,
        "upstream",
        row,
        (
            _Fill(f"upstream={good}", "good", (("nodes", row, "upstream", good),)),
            _Fill(
                "a row in needs that nobody supplies",
                "bad",
                (("nodes", row, "upstream", "recorded"),),
                (("needs", missing),),
            ),
        ),
    )


def _suppliers(net: SupplyNetwork, on: date | None, gap: str) -> _Cell:
    compiled = compile_network(net, on)
    node, slot = next(
        (name, slot)
        for slot in compiled.slots
        if slot.partial
        for name in (compiled.nodes[compiled.vertex_node[slot.vertex]],)
        if gap == f"suppliers:{name}/{slot.need}"
    )
    rows = _need_rows(net, on, node, slot)
    needs = net.table("needs")
    named: list[tuple[str, int, str, str]] = []
    if rows:
        material = str(needs.column("material")[rows[0]])
        closed = [("needs", row, "suppliers", "complete") for row in rows]
        added = []
    else:
        material = slot.need
        if material == UNNAMED:
            # A list of suppliers can only be closed for a material that has a name.
            material = _fresh(net, "materials", UNNAMED)
            named = _name_materials(net, node, lambda _: material)
        closed = []
        confidence = CONFIDENCES[slot.rank]
        new = {"consumer": node, "material": material, "suppliers": "complete"}
        added = [("needs", {**new, "confidence": confidence})]
    other = _fresh(net, "nodes", "another supplier")
    source = {"id": other, "upstream": "none", "country": _free_country(net)}
    supply = {"supplier": other, "consumer": node, "material": material}
    return _Cell(
        "needs",
        node,
        "suppliers",
        rows[0] if rows else None,
        (
            _Fill(
                f"a further supplier of {slot.need} in supplies",
                "good",
                tuple(named),
                (("nodes", source), ("supplies", supply)),
            ),
            _Fill("suppliers=complete", "bad", (*named, *closed), tuple(added)),
        ),
    )


def _need_rows(net: SupplyNetwork, on: date | None, node: str, slot: Slot) -> list[int]:
    """Return the rows of `needs`, in force on the date, that a need is made of."""
    rows = []
    for index, row in enumerate(net.table("needs").rows()):
        if row["consumer"] != node:
            continue
        start, end, product = row.get("start"), row.get("end"), row.get("product")
        begun = start is None or on is None or start <= on
        ended = end is not None and on is not None and end <= on
        group = row.get("group") or row["material"]
        label = group if product is None else f"{group}/{product}"
        if begun and not ended and label == slot.need:
            rows.append((str(row["material"]), index))
    # By material, not by place: the row that is named must not hang on the order of the file.
    return [index for _, index in sorted(rows)]


def _supply(net: SupplyNetwork, supply: str) -> _Cell:
    table = net.table("supplies")
    row = _row(net, "supplies", supply)
    good: list[tuple[str, int, str, str]] = []
    if table.column("qualified")[row] == "unknown":
        good.append(("supplies", row, "qualified", "yes"))
    if table.column("status")[row] == "planned":
        good.append(("supplies", row, "status", "operating"))
    if table.column("confidence")[row] == "illustrative":
        good.append(("supplies", row, "confidence", "low"))
    field = good[0][2]
    words = ", ".join(f"{name}={value}" for _, _, name, value in good)
    if good[-1][2] == "confidence":
        words += " or better"
    return _Cell(
        "supplies",
        supply,
        field,
        row,
        (
            _Fill(words, "good", tuple(good)),
            _Fill("qualified=no", "bad", (("supplies", row, "qualified", "no"),)),
        ),
    )


def _material(net: SupplyNetwork, consumer: str) -> _Cell:
    one = _fresh(net, "materials", "material")
    alike = _name_materials(net, consumer, lambda _: one)
    apart = _name_materials(net, consumer, lambda place: f"{one} {place}")
    return _Cell(
        "supplies",
        consumer,
        "material",
        alike[0][1],
        (
            _Fill(f"one material in all {len(alike)} rows", "good", tuple(alike)),
            _Fill(f"{len(apart)} different materials", "bad", tuple(apart)),
        ),
    )


def _name_materials(
    net: SupplyNetwork, consumer: str, name: Callable[[int], str]
) -> list[tuple[str, int, str, str]]:
    table = net.table("supplies")
    ends = zip(table.column("consumer"), table.column("material"), strict=True)
    blank = [row for row, end in enumerate(ends) if end == (consumer, None)]
    return [("supplies", row, "material", name(place)) for place, row in enumerate(blank, 1)]


def _unit(
    net: SupplyNetwork, node: str, findings: Iterable[OpenFinding], kinds: Sequence[str]
) -> _Cell:
    """Return the blank cell that puts a node into a unit: the paired units are tried, and none."""
    asked = Counter(finding.by for finding in findings if finding.by)
    by = min(asked, key=lambda kind: (-asked[kind], kind)) if asked else kinds[0]
    row = _row(net, "nodes", node)
    if by not in TABLES["nodes"]:
        # Owner and controller are worked out from the operator and its holdings.
        operator = net.table("nodes").column("operator")[row]
        if operator is not None:
            return _Cell("holdings", operator, "owner", None, ())
        return _Cell("nodes", node, "operator", row, ())
    paired = Counter(
        unit for finding in findings if finding.by == by for unit in finding.units
    ).most_common()
    units = [unit for unit, _ in sorted(paired, key=lambda pair: (-pair[1], pair[0]))]
    fills = [
        _Fill(f"{by}={unit}", "bad", (("nodes", row, by, unit),), unit=unit)
        for unit in units[:_TRIED_UNITS]
    ]
    other = _free_country(net) if by == "country" else _fresh(net, "entities", f"another {by}")
    entity = (("entities", {"id": other}),)
    known = by == "operator" and len(net.table("entities"))
    fills.append(
        _Fill(
            f"{by}=any other",
            "good",
            (("nodes", row, by, other),),
            entity if known else (),
            unit=other,
        )
    )
    return _Cell("nodes", node, by, row, tuple(fills))


def _row(net: SupplyNetwork, table: str, key: str) -> int:
    return list(net.table(table).column("id")).index(key)


def _fresh(net: SupplyNetwork, kind: str, name: str) -> str:
    """Return a name that no row of a kind has, nor anything that refers to the kind."""
    used = set(net.table(kind).column("id"))
    if kind == "materials":
        used |= {m for t in ("supplies", "needs") for m in net.table(t).column("material")}
    while name in used:
        name += "'"
    return name


def _free_country(net: SupplyNetwork) -> str:
    """Return a country in which no node stands: it shares no fate with any."""
    taken = set(net.table("nodes").column("country"))
    return next(code for code in sorted(country_codes()) if code not in taken)


def _next_cell(
    net: SupplyNetwork, gap: str, cell: _Cell, values: tuple[Value, ...], counts: tuple[int, int]
) -> NextCell:
    named, of = counts
    table = net.table(cell.table)
    file = table.source or f"{cell.table}.csv"
    where = file if cell.index is None else table.where(cell.index)
    tried = "; ".join(
        _in_words(value, of if place == 0 else None) for place, value in enumerate(values)
    )
    tried = (
        tried or f"{cell.field}: {named:,} of {plural(of, 'open finding')} hang on it, not tried"
    )
    return NextCell(
        gap=gap,
        table=cell.table,
        row=cell.row,
        field=cell.field,
        where=where,
        values=values,
        named=named,
        text=f"{where}: {_row_in_words(net, cell)}: {tried}.",
    )


def _row_in_words(net: SupplyNetwork, cell: _Cell) -> str:
    name = _name(net, cell.row)
    if cell.table == "needs":
        if cell.index is None:
            return f"a new row for {name}"
        return f"{net.table('needs').column('material')[cell.index]} at {name}"
    if cell.table == "holdings":
        return f"who owns {name}"
    if cell.field == "material":
        return f"supplies to {name} without a material"
    return name


def _name(net: SupplyNetwork, key: str) -> str:
    name = net.node_rows.get(key, {}).get("name")
    return f"{key} ({name})" if name and name != key else key


def _in_words(value: Value, of: int | None) -> str:
    total = "" if of is None else f" of {plural(of, 'open finding')}"
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (value.rules_out, "ruled out"),
            (value.certain, "certain"),
            (value.opens, "opened instead"),
        )
        if count
    ]
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{value.value} settles {value.settles:,}{total}{detail}"
