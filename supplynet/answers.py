"""An answer in words: headings, lines and grids, the same for a terminal and for Markdown."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supplynet.errors import QuestionError
from supplynet.text import clamp, clean_display, md_cell, plural

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    import pandas as pd

    from supplynet.analysis.centrality import Centrality, GraphView
    from supplynet.analysis.concentration import Concentration
    from supplynet.analysis.cutsets import Basis, Chokepoint, Chokepoints, CutSets
    from supplynet.analysis.explain import Explanation
    from supplynet.analysis.importance import Importance, UnitImportance
    from supplynet.analysis.proofs import Certificates, Place, Run, Stopped, Verdict
    from supplynet.analysis.reading import Because
    from supplynet.analysis.settle import NextCells
    from supplynet.analysis.sweeps import Sweep
    from supplynet.io import Examination
    from supplynet.io.merge import Merged
    from supplynet.model import ColumnUse, SupplyNetwork
    from supplynet.ownership import Control
    from supplynet.scenarios import Loss
    from supplynet.units import Question

__all__ = [
    "Block",
    "Grid",
    "Heading",
    "Items",
    "Line",
    "as_markdown",
    "as_text",
    "beside_the_table",
    "centrality_blocks",
    "certificate_blocks",
    "chokepoint_blocks",
    "concentration_blocks",
    "control_blocks",
    "conversion_blocks",
    "cut_set_blocks",
    "describe",
    "explanation_blocks",
    "gap_in_words",
    "graph_view_blocks",
    "ids_of_name",
    "importance_blocks",
    "info_blocks",
    "loss_blocks",
    "merge_blocks",
    "table_of",
    "validation_blocks",
    "verdict_blocks",
]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within an answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence or two."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: column titles and rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Line | Items | Grid

#: Widest cell of a table in a terminal.
_CELL = 60
#: Steps of a chain shown in a table.
_STEPS = 8
#: Names listed in one line.
_NAMES = 8
#: Targets, blind spots and cells to fill that `info` shows; JSON has all.
_FIRST = 10
_NO_DATE = "no date (no row is dated)"
_NOT_ON_RECORD = "a supplier not on record, if there is one"


def _width(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    marks = sum(unicodedata.combining(c) != 0 for c in text)
    return len(text) + wide - marks


def as_text(blocks: Iterable[Block], *, bold: bool = False) -> str:
    """Return the blocks as lines for a terminal; nothing from data reaches it as a control code.

    Examples
    --------
    >>> print(as_text([Line("One unit."), Grid(("unit", "why"), (("a", "no ore"),))]), end="")
    One unit.
      unit  why
      a     no ore
    """
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text):
                shown = clean_display(text)
                lines += ["", f"\x1b[1m{shown}\x1b[0m" if bold else shown]
            case Line(text):
                lines.append(clean_display(text))
            case Items(items):
                lines += [f"  - {clean_display(item)}" for item in items]
            case Grid(columns, rows):
                lines += _grid_lines(columns, rows)
    return "\n".join(lines) + "\n"


def _grid_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [list(columns)]
    # The last column is prose and may run on: cut, it would lose what it is there for.
    last = len(columns) - 1
    for row in rows:
        shown = [clean_display(cell) for cell in row]
        cells.append([c if i == last else clamp(c, _CELL) for i, c in enumerate(shown)])
    widths = [max(_width(row[i]) for row in cells) for i in range(len(columns))]
    lines = []
    for row in cells:
        padded = (c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(padded)}".rstrip())
    return lines


def as_markdown(blocks: Iterable[Block]) -> str:
    r"""Return the blocks as Markdown; nothing from data reaches it as markup.

    Examples
    --------
    >>> print(as_markdown([Heading("Why"), Grid(("unit",), (("a|b",),))]), end="")
    ## Why
    <BLANKLINE>
    | unit |
    | --- |
    | a\|b |
    """
    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(text):
                parts.append(f"## {md_cell(text)}")
            case Line(text):
                parts.append(md_cell(text))
            case Items(items):
                parts.append("\n".join(f"- {md_cell(item)}" for item in items))
            case Grid(columns, rows):
                table = [columns, ["---"] * len(columns), *rows]
                first, rule, *rest = table
                lines = [[md_cell(c) for c in first], rule]
                lines += [[md_cell(c) for c in row] for row in rest]
                parts.append("\n".join(f"| {' | '.join(row)} |" for row in lines))
    return "\n\n".join(parts) + "\n"


def gap_in_words(gap: str, by: str = "node") -> str:
    """Return what a gap is, in words.

    Examples
    --------
    >>> gap_in_words("suppliers:magnet_maker/neodymium")
    'who else supplies neodymium to magnet_maker is not known'
    """
    kind, _, name = gap.partition(":")
    if kind == "suppliers":
        consumer, _, need = name.partition("/")
        return f"who else supplies {need} to {consumer} is not known"
    if kind == "shares":
        consumer, _, need = name.partition("/")
        return f"who holds the unrecorded part of {need} at {consumer} is not known"
    words = {
        "upstream": f"what {name} needs is not recorded in full",
        "supply": f"whether {name} really delivers is not known",
        "material": f"whether {name} needs all its unnamed materials or any one is not known",
        "unit": f"the {by} of {name} is not known",
    }
    return words.get(kind, f"{gap} is not known")


def _label(net: SupplyNetwork, node: str) -> str:
    name = net.node_rows[node].get("name")
    return name if name and name != node else ""


def ids_of_name(net: SupplyNetwork, kind: str, name: str) -> list[str]:
    """Return the ids of a kind of unit that go by a name: ``CN`` for a country ``China``."""
    from supplynet.schema import country

    wanted = name.strip().casefold()
    tables = {"node": ("nodes",), "operator": ("entities",), "owner": ("entities",)}
    found = [
        row["id"]
        for table in tables.get(kind, ())
        for row in net.table(table).rows()
        if (row.get("name") or "").strip().casefold() == wanted
    ]
    if kind in ("country", "controller"):
        code, _ = country(name)
        found += [] if code is None or code == name else [code]
    return found


def question_blocks(
    net: SupplyNetwork, question: Question, basis: Basis | None = None
) -> list[Block]:
    """Return what was asked, of which data, on which date."""
    title = net.meta.title or net.name
    label = _label(net, question.target)
    date = question.on.isoformat() if question.on else _NO_DATE
    blocks: list[Block] = [
        Line(f"Network   {title}"),
        Line(f"Target    {' - '.join(filter(None, (question.target, label)))}"),
        Line(_asked(question, date)),
    ]
    if basis is not None:
        blocks.append(
            Line(
                f"Basis     {plural(basis.gaps, 'gap')}; "
                f"{plural(basis.supplier_lists_assumed_complete, 'supplier list')} taken as "
                "complete because nothing says otherwise; "
                f"{plural(basis.illustrative, 'need')} with illustrative evidence only; "
                f"{plural(basis.not_running, 'node')} down before anything is lost"
            )
        )
    return blocks


def _asked(question: Question, date: str) -> str:
    coverage = question.to_dict()["coverage"]
    return f"Question  by {question.by}, on {date}, measures: {question.measures}" + (
        "" if coverage is None else f", coverage: {coverage} of each intake"
    )


def _status_blocks(answer: Chokepoints | CutSets) -> list[Block]:
    target = answer.question.target
    if answer.status == "already_stopped":
        return [
            Line(
                f"{target} is stopped already, with nothing lost; so no unit is a single point "
                "of failure. See what is not running, below."
            )
        ]
    if answer.status == "possibly_stopped":
        needs = ", or if illustrative needs are right" if answer.basis.illustrative else ""
        return [
            Line(
                f"{target} may be stopped already, with nothing lost: if all gaps turn out "
                f"badly at once{needs}. What follows takes it to run."
            )
        ]
    return []


def _scope_blocks(answer: Chokepoints | CutSets) -> list[Block]:
    """Return what the answer leaves open: blind spots, the target's own, what was left out."""
    by = answer.question.by
    blocks: list[Block] = []
    if answer.blind_spots:
        blocks.append(Heading(f"Blind spots: each stops {answer.question.target} on its own"))
        blocks.append(Items(tuple(f"{g}: {gap_in_words(g, by)}" for g in answer.blind_spots)))
    if answer.own:
        blocks.append(Heading("The target's own: loss takes the target itself"))
        blocks.append(Items(answer.own))
    if answer.not_running:
        blocks.append(Heading("Not running before anything is lost: redundancy on paper"))
        blocks.append(Items(tuple(f"{n.node}: {n.why}" for n in answer.not_running)))
    if answer.not_upstream:
        outside = plural(len(answer.not_upstream), "node")
        path = f"without a recorded path to {answer.question.target}"
        blocks.append(Heading(f"Not upstream, so not judged: {outside} {path}"))
        blocks.append(Line(_some(answer.not_upstream)))
    return [*blocks, *_uninformative(answer), *_not_modelled(answer.not_modelled)]


def _uninformative(answer: Chokepoints | CutSets | Explanation | Loss) -> list[Block]:
    """Return the needs of which too few shares are recorded for a coverage to say much."""
    if not answer.uninformative:
        return []
    needs = plural(len(answer.uninformative), "need")
    title = f"Coverage is uninformative here: {needs} with less than half of the shares recorded"
    return [Heading(title), Line(_some(answer.uninformative))]


def beside_the_table(answer: Chokepoints | CutSets, *, complete: bool) -> str:
    """Return what a table of the findings has no place for, in one line; nothing: blank."""
    parts = [] if answer.status == "runs" else [f"status {answer.status}"]
    if not complete:
        parts.append("the list or the search was cut short")
    for names, one, many in (
        (answer.blind_spots, "blind spot", "blind spots"),
        (answer.not_running, "node already down", "nodes already down"),
        (answer.not_modelled, "need not modelled", "needs not modelled"),
        (answer.uninformative, "need with few shares recorded", "needs with few shares recorded"),
    ):
        if names:
            parts.append(plural(len(names), one, many))
    return f"{'; '.join(parts)} (--format json has all)" if parts else ""


def _not_modelled(needs: Sequence[str]) -> list[Block]:
    if not needs:
        return []
    return [Heading("Not modelled, so no part of this answer"), Items(tuple(needs))]


def _not_modelled_of(net: SupplyNetwork, question: Question) -> set[str]:
    """Return the needs upstream of a target that its data leave out on purpose."""
    from supplynet.analysis.reading import ILLUSTRATIVE, Reading
    from supplynet.units import compile_network

    compiled = compile_network(net, question.on, question.coverage)
    upstream = Reading(compiled, ILLUSTRATIVE, question.target).nodes
    named = ((compiled.nodes[node], need) for node, need in compiled.not_modelled)
    return {f"{node}/{need}" for node, need in named if node in upstream}


def _some(names: Sequence[str]) -> str:
    """Return names in one line; of a long list the first ones, and how many there are."""
    if len(names) <= _NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMES])}, and {len(names) - _NAMES:,} more; JSON lists all"


def _because(steps: Sequence[Because] | None) -> str:
    """Return the chain from the target to what is lost in one line."""
    if steps is None:
        return "left out for size; see explain"
    words = [
        f"{s.node} gets {'no' if s.delivered in (None, '0') else f'only {s.delivered} of its'} "
        f"{s.need}"
        for s in steps[:_STEPS]
    ]
    if len(steps) > _STEPS:
        words.append(f"and {len(steps) - _STEPS:,} more; see explain")
    return "; ".join(words) or "the target itself"


_CERTAINTY = {
    "certain": "Certain: stops the target however the gaps turn out",
    "assumed": "Assumed: stops the target if illustrative links are right",
    "possible": "Possible: stops the target if the gap beside it turns out badly",
}


def _chokepoint_grid(found: Sequence[Chokepoint], *, graded: bool = False) -> Grid:
    """Return a row per chokepoint; columns that would be the same in all rows are left out."""
    cells: dict[str, list[str]] = {
        "unit": [c.unit for c in found],
        "name": ["" if c.label == c.unit else c.label for c in found],
        "certainty": [c.certainty for c in found] if graded else [],
        "evidence": [c.evidence for c in found],
        "stops": ["" if c.stops is None else plural(len(c.stops), "node") for c in found],
        "if": ["; ".join(c.gaps) for c in found] if any(c.gaps for c in found) else [],
        "why": [_because(c.because) for c in found],
    }
    shown = {title: column for title, column in cells.items() if any(column)}
    return Grid(tuple(shown), tuple(zip(*shown.values(), strict=True)))


def chokepoint_blocks(net: SupplyNetwork, found: Chokepoints) -> list[Block]:
    """Return the single points of failure of a target in words."""
    target, by = found.question.target, found.question.by
    counts = {
        c: sum(p.certainty == c for p in (*found.chokepoints, *found.aggregates))
        for c in _CERTAINTY
    }
    blocks = question_blocks(net, found.question, found.basis)
    blocks.append(Heading("Answer"))
    blocks += _status_blocks(found)
    unit = "node" if by == "node" else f"unit by {by}"
    sure = counts["certain"] + counts["assumed"]
    if sure:
        blocks.append(
            Line(
                f"{plural(sure, unit, None if by == 'node' else f'units by {by}')} "
                f"{'stops' if sure == 1 else 'stop'} {target} alone: {counts['certain']:,} "
                f"certain, {counts['assumed']:,} assumed (only if illustrative links are right)."
            )
        )
    elif found.status != "already_stopped":
        blocks.append(
            Line(
                f"No {unit} stops {target} alone on the network as recorded. "
                + _what_an_empty_answer_means(found, counts["possible"])
            )
        )
    industries = sum(c.certainty != "possible" for c in found.aggregates)
    if industries:
        blocks.append(
            Line(
                f"{industries} of them {'is' if industries == 1 else 'are'} no plant but a whole "
                "industry (an aggregate), listed apart."
            )
        )
    if counts["possible"]:
        blocks.append(
            Line(
                f"{plural(counts['possible'], 'more possible finding')}: a unit together with "
                "a gap that turns out badly."
            )
        )
    if not found.complete:
        blocks.append(
            Line(
                "THE SEARCH WAS CUT SHORT: findings are missing. Ask for fewer gaps at once "
                "(--max-gaps)."
            )
        )
    for certainty, words in _CERTAINTY.items():
        rows = [c for c in found.chokepoints if c.certainty == certainty]
        if rows:
            blocks += [Heading(words), _chokepoint_grid(rows)]
    if found.aggregates:
        blocks.append(Heading("Industries, not plants: as aggregates they stop the target alone"))
        blocks.append(_chokepoint_grid(found.aggregates, graded=True))
    return [*blocks, *_scope_blocks(found)]


def _what_an_empty_answer_means(answer: Chokepoints | CutSets, possible: int) -> str:
    """Return what stands between an empty answer and safety; there is always something."""
    unknown = []
    if answer.blind_spots:
        unknown.append(plural(len(answer.blind_spots), "blind spot"))
    if possible:
        unknown.append(plural(possible, "possible finding"))
    at_once = answer.question.max_gaps
    if answer.basis.gaps > at_once:
        unknown.append(
            f"{plural(answer.basis.gaps, 'gap')} upstream, with more than {at_once} of them "
            "turning out badly at once"
        )
    unknown.append("what is not recorded at all")
    return f"That is not to say that nothing does. Open: {'; '.join(unknown)}."


def cut_set_blocks(net: SupplyNetwork, found: CutSets, *, lists: bool = True) -> list[Block]:
    """Return the minimal cut sets of a target in words."""
    target = found.question.target
    blocks = question_blocks(net, found.question, found.basis)
    blocks.append(Heading("Answer"))
    blocks += _status_blocks(found)
    bound = _bound(found, lists=lists)
    if found.status == "already_stopped":
        blocks.append(Line("The one minimal cut set is the empty one."))
    elif found.count:
        orders = ", ".join(f"{n:,} of order {o}" for o, n in found.by_order.items())
        rests = found.assumed_count
        blocks.append(
            Line(
                f"{plural(found.count, 'minimal cut set')} of {target} by {found.question.by}: "
                f"{orders}; {found.count - rests:,} certain, {rests:,} assumed "
                f"(only if illustrative links are right); {bound}."
            )
        )
    else:
        blocks.append(
            Line(
                f"No cut set of order <= {found.max_order} by {found.question.by}; {bound}. "
                + _what_an_empty_answer_means(found, len(found.possible))
            )
        )
    if found.possible:
        blocks.append(
            Line(
                f"{plural(len(found.possible), 'more possible finding')}: units together with "
                "gaps that turn out badly."
            )
        )
    if not found.possible_complete:
        reached = found.possible_complete_to
        far = f"complete only up to order {reached}" if reached else "not complete at any order"
        blocks.append(Line(f"The search for units together with gaps was CUT SHORT: it is {far}."))
    blocks.append(Line(f"Method: {found.method}."))
    if found.costs is not None:
        blocks.append(
            Line("There is no other cut set, at any cost.")
            if found.cost_bound is None
            else Line(f"Any cut set that is not listed costs {found.cost_bound} or more.")
        )
    if lists:
        blocks += _cut_set_lists(found)
    return [*blocks, *_scope_blocks(found)]


def _bound(found: CutSets, *, lists: bool) -> str:
    """Return how far the search went, and whether the list holds all that it found."""
    if found.complete_to < found.max_order:
        return (
            f"SEARCH INCOMPLETE: cut short, complete only up to order {found.complete_to} of "
            f"{found.max_order}"
        )
    searched = f"search complete up to order {found.complete_to}"
    if lists and len(found.cut_sets) < found.count:
        return f"{searched}, LIST CUT SHORT: {len(found.cut_sets):,} of {found.count:,} are listed"
    return searched if found.complete else f"{searched}, LIST CUT SHORT"


def _cut_set_lists(found: CutSets) -> list[Block]:
    blocks: list[Block] = []
    assumed = set(found.assumed)
    costs = [()] * len(found.cut_sets) if found.costs is None else [(str(c),) for c in found.costs]
    titles = ("order", "lost together", *(() if found.costs is None else ("cost",)))
    for certainty in ("certain", "assumed"):
        rows = tuple(
            (str(len(s)), " + ".join(s), *cost)
            for s, cost in zip(found.cut_sets, costs, strict=True)
            if s and (s in assumed) == (certainty == "assumed")
        )
        if rows:
            blocks += [Heading(_CERTAINTY[certainty]), Grid(titles, rows)]
    if found.possible:
        pairs = tuple((", ".join(p.gaps), " + ".join(p.units)) for p in found.possible)
        blocks += [Heading(_CERTAINTY["possible"]), Grid(("if", "lost together"), pairs)]
    return blocks


def verdict_blocks(target: str, verdicts: Sequence[Verdict], *, unlisted: int = 0) -> list[Block]:
    """Return what the check of an answer came to, in words; `unlisted` sets are not in it."""
    blocks: list[Block] = [Heading("Check, without the engine")]
    left = Counter(v.not_checked for v in verdicts if v.not_checked)
    checked = len(verdicts) - left.total()
    if not verdicts and not unlisted:
        blocks.append(Line("Nothing to verify: no set was found."))
    elif checked:
        stop = sum(v.stops is True for v in verdicts)
        needed = sum(v.minimal is True for v in verdicts)
        verb = "stops" if stop == 1 else "stop"
        blocks.append(
            Line(
                f"Verified: {stop:,} of {plural(checked, 'set')} {verb} {target}, and in "
                f"{needed:,} each member is needed."
            )
        )
    if unlisted > 0:
        blocks.append(Line(f"NOT CHECKED: {plural(unlisted, 'set')}: not listed."))
    for reason in dict.fromkeys(v.rests_on for v in verdicts if v.rests_on):
        blocks.append(Line(f"Taken over unchecked: {reason}."))
    for reason, count in left.items():
        blocks.append(Line(f"NOT CHECKED: {plural(count, 'set')}: {reason}."))
    failed = [v for v in verdicts if not v.verified and not v.not_checked]
    if failed:
        blocks.append(Heading("FAILED THE CHECK: do not rely on these"))
        blocks.append(Items(tuple(map(str, failed))))
    return blocks


def certificate_blocks(net: SupplyNetwork, found: Sequence[Certificates]) -> list[Block]:
    """Return why each set stops the target, and how it runs without each member, in words."""
    supplies = net.table("supplies")
    supplier = dict(zip(supplies.column("id"), supplies.column("supplier"), strict=True))
    blocks: list[Block] = []
    for one in found:
        blocks.append(Heading(f"{' + '.join(one.members) or 'Nothing lost'}: {one.certainty}"))
        coverage = "" if one.coverage is None else str(one.coverage)
        steps = [_why_down(step, supplier, coverage) for step in one.stop]
        items = [f"stops because {_steps(steps)}"]
        for run in one.runs:
            if run.kept is None:
                kept = "if needs with illustrative evidence only are met in any case"
            elif run.kept in one.gaps:
                kept = f"if {run.kept} turns out well"
            else:
                kept = f"without {run.kept} lost"
            items.append(f"{kept}, it runs: {_steps(_how_run(run, supplier))}")
        blocks.append(Items(tuple(items)))
    return blocks


def _steps(steps: Sequence[str]) -> str:
    shown = list(steps[:_STEPS])
    if len(steps) > _STEPS:
        shown.append(f"and {len(steps) - _STEPS:,} more; JSON lists all")
    return "; ".join(shown) or "nothing else is needed"


def _place(place: Place) -> str:
    node, product, any_product = place
    if any_product:
        return f"all that {node} makes"
    return node if product is None else f"{product} of {node}"


def _why_down(step: Stopped, supplier: Mapping[str, str], coverage: str) -> str:
    place = _place(step.place)
    if step.why == "lost":
        return f"{place} is lost" + ("" if step.of == step.node else f" with {step.of}")
    if step.why == "idle":
        return f"{place} does not operate on the date"
    if step.why == "products":
        return f"{place} hangs on products that are down"
    failing = {supplier[s]: "" for s in step.supplies if s not in step.blocked}
    failing |= {supplier[s]: " (blocked)" for s in step.blocked}
    names = _listed([f"{name}{note}" for name, note in sorted(failing.items())])
    if coverage:
        left = f"without {names} less than {coverage} of it is sure" if names else "nobody does"
        return f"{place} needs {coverage} of its {step.need}: {left}"
    verb = "supplies" if len(failing) == 1 else "supply"
    who = f"only {names} {verb} it" if names else "nobody supplies it"
    return f"{place} needs {step.need}: {who}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _how_run(run: Run, supplier: Mapping[str, str]) -> list[str]:
    """Return what each thing lives on, the target first; what has no needs goes without saying."""
    steps = []
    for step in reversed(run.order):
        taken = []
        for met in step.met:
            names = _listed(sorted({supplier[s] for s in met.supplies}))
            taken.append(f"{met.need} from {names or 'somebody unnamed'}")
        if taken:
            steps.append(f"{_place(step.place)} takes {', '.join(taken)}")
    return steps


def loss_blocks(net: SupplyNetwork, loss: Loss) -> list[Block]:
    """Return what goes down when units are lost, in words."""
    question = loss.questions[0]
    date = question.on.isoformat() if question.on else _NO_DATE
    fate = {
        "runs": "runs on",
        "possibly_stopped": "may stop: illustrative links or gaps decide",
        "stopped": "stops",
        "already_stopped": "is stopped already, with nothing lost",
    }
    rows = []
    for t in loss.targets:
        notes = ["it is lost itself"] if t.lost else []
        if t.not_upstream:
            notes.append(f"no recorded supply leads to it from {', '.join(t.not_upstream)}")
        rows.append((t.target, _label(net, t.target), fate[t.status], "; ".join(notes)))
    blocks: list[Block] = [
        Line(f"Network   {net.meta.title or net.name}"),
        Line(f"Lost      {', '.join(loss.units)}"),
        Line(_asked(question, date)),
        Heading("Answer"),
        Grid(("target", "name", "it", "note"), tuple(rows)),
    ]
    for title, names in (
        ("Nodes lost", loss.lost),
        ("Supplies blocked", loss.blocked),
        ("Stop in consequence", loss.stopped),
        ("May stop, if illustrative links are right or gaps turn out badly", loss.possibly_stopped),
    ):
        blocks.append(Heading(f"{title}: {len(names) or 'none'}"))
        if names:
            blocks.append(Items(names))
    left_out = {need for asked in loss.questions for need in _not_modelled_of(net, asked)}
    return [*blocks, *_uninformative(loss), *_not_modelled(sorted(left_out))]


def sweep_blocks(net: SupplyNetwork, found: Sweep) -> list[Block]:
    """Return what each unit takes with it, in words."""
    date = found.on.isoformat() if found.on else _NO_DATE
    share = "" if found.coverage is None else f", coverage {found.coverage}"
    rows = tuple(
        (
            loss.unit,
            f"{loss.lost:,}",
            f"{loss.stopped:,}",
            f"{loss.assumed:,}",
            ", ".join(loss.targets) or "-",
            ", ".join(loss.assumed_targets) or "-",
            ", ".join(loss.own) or "-",
        )
        for loss in found
        if loss.stopped or loss.assumed or loss.targets or loss.assumed_targets
    )
    titles = (
        "lost", "nodes lost", "stop", "more if illustrative", "targets that stop",
        "if illustrative", "its own targets",
    )  # fmt: skip
    blocks: list[Block] = [
        Line(f"Network   {net.meta.title or net.name}"),
        Line(f"Question  each unit lost in turn, by {found.by}, on {date}{share}"),
        Line("Gaps are at their good end: what they may add is asked with whatif --lose UNIT."),
        Heading("Answer"),
    ]
    if rows:
        blocks.append(Grid(titles, rows))
    rest = len(found) - len(rows)
    if rest:
        blocks.append(Line(f"The other {plural(rest, 'unit')} stop nothing else, on the record."))
    return blocks


def explanation_blocks(net: SupplyNetwork, found: Explanation) -> list[Block]:
    """Return why a target stops, or what it runs on, in words."""
    target = found.question.target
    lost = f"without {', '.join(found.lost)}" if found.lost else "with nothing lost"
    fate = {
        None: f"{target} runs {lost}.",
        "certain": f"{target} stops {lost}, however the gaps turn out.",
        "assumed": f"{target} stops {lost}, if illustrative links are right.",
        "possible": f"{target} runs {lost} on the network as recorded, but stops if the gaps "
        "below turn out badly.",
    }
    blocks = question_blocks(net, found.question)
    blocks.append(Heading("Answer"))
    if found.status == "already_stopped":
        blocks.append(Line(f"{target} is stopped already, with nothing lost."))
    else:
        blocks.append(Line(fate[found.certainty]))
    if found.not_upstream:
        blocks.append(
            Line(
                f"No recorded supply leads to {target} from {', '.join(found.not_upstream)}: "
                "nothing can be said of that loss, which is not to say that it is harmless."
            )
        )
    if found.because:
        blocks += [Heading("Why"), _why_grid(found)]
    if found.gaps:
        words = tuple(f"{g}: {gap_in_words(g, found.question.by)}" for g in found.gaps)
        blocks += [Heading("Gaps that decide"), Items(words)]
    if found.held:
        blocks += [Heading(f"What still reaches {target}"), _held_grid(found)]
    left_out = sorted(_not_modelled_of(net, found.question))
    return [*blocks, *_uninformative(found), *_not_modelled(left_out)]


def _why_grid(found: Explanation) -> Grid:
    """Return a row per unmet need, with what still comes of it where a coverage is asked for."""
    rows = [
        (s.node, s.need, s.delivered or "", ", ".join(s.failed_supplies) or "no supply is recorded")
        for s in found.because
    ]
    if found.question.coverage is None:
        return Grid(
            ("node", "gets no", "because these fail"), tuple((n, m, f) for n, m, _, f in rows)
        )
    return Grid(("node", "gets too little", "share", "because these fail"), tuple(rows))


def _held_grid(found: Explanation) -> Grid:
    rows = [
        (h.need, h.delivered or "", ", ".join(h.supplies) or _NOT_ON_RECORD) for h in found.held
    ]
    if found.question.coverage is None:
        return Grid(("need", "met by"), tuple((need, by) for need, _, by in rows))
    return Grid(("need", "share", "met by"), tuple(rows))


def control_blocks(net: SupplyNetwork, control: Control) -> list[Block]:
    """Return who has a lever on each node, in words."""
    rows = []
    for node in control.nodes:
        levers = "; ".join(
            f"{lever.government} {lever.kind}"
            + ("" if lever.certainty == "yes" else f" ({lever.certainty})")
            for lever in node.levers
        )
        rows.append(
            (
                node.id,
                *(value or "?" for value in (node.country, node.operator, node.owner)),
                node.controller or "?",
                levers or "none known",
            )
        )
    return [
        Line(f"Network   {net.meta.title or net.name}"),
        Line(f"Date      {control.on.isoformat() if control.on else _NO_DATE}"),
        Line("A question mark is unknown, not none."),
        Heading("Who controls what"),
        Grid(("node", "country", "operator", "owner", "controller", "levers"), tuple(rows)),
    ]


def validation_blocks(place: str, found: Examination) -> list[Block]:
    """Return what checking a network brought up, in words."""
    counts = {level: sum(f.level == level for f in found.findings) for level in _LEVELS}
    summary = ", ".join(plural(n, level) for level, n in counts.items())
    verdict = "cannot be used" if found.net is None else "can be used"
    blocks: list[Block] = [Line(f"{place} {verdict}: {summary}.")]
    for level, title in _LEVELS.items():
        lines = [Line(str(f)) for f in found.findings if f.level == level]
        if lines:
            blocks += [Heading(title), *lines]
    if found.columns:
        blocks += [Heading("Columns"), _column_grid(found.columns)]
    return blocks


_LEVELS = {"error": "Errors", "warning": "Warnings", "note": "Notes"}


def _column_grid(columns: Sequence[ColumnUse]) -> Grid:
    """Return a row per file: the columns used as they are, renamed, and set aside."""
    files: dict[str, dict[str, list[str]]] = {}
    for c in columns:
        ways = files.setdefault(c.file or c.table, {"used": [], "renamed": [], "set aside": []})
        ways[c.how].append(c.given if c.how != "renamed" else f"{c.given} as {c.used_as}")
    rows = tuple((f, *(", ".join(ways[w]) for w in reversed(ways))) for f, ways in files.items())
    return Grid(("file", "set aside as text", "renamed", "used"), rows)


def describe(net: SupplyNetwork, *, on: str | None = None) -> dict[str, Any]:
    """Return what was understood of a network, as JSON values.

    `gaps` counts what is unknown by kind on the date. `certain`, `blind_spots` and `next_cells`
    are the first answer, for the targets of the network, by node and by country. All four are
    ``None`` where rows are dated and no date is known, the last three where no node is a target.
    """
    from supplynet.model import resolve_date
    from supplynet.units import compile_network, target_ids

    date, gaps, first = None, None, None
    try:
        date = resolve_date(net, on)
    except QuestionError:
        if on is not None:
            raise
    else:
        gaps = _counts(g.id.partition(":")[0] for g in compile_network(net, date).gaps)
        if target_ids(net):
            from supplynet.analysis.settle import next_cells

            first = next_cells(net, on=date)
    nodes = net.table("nodes")
    graded = [net.table(name).column("confidence") for name in ("nodes", "supplies", "needs")]
    return {
        "description": net.meta.description,
        "licence": net.meta.licence,
        "targets": list(target_ids(net)),
        "targets_from": "network.toml" if net.meta.targets else "nodes that supply nobody",
        "on": date.isoformat() if date else None,
        "tables": {name: len(table) for name, table in sorted(net.tables.items())},
        "kinds": _counts(nodes.column("kind")),
        "stages": _counts(nodes.column("stage")),
        "countries": _counts(nodes.column("country")),
        "gaps": gaps,
        "illustrative": sum(column.count("illustrative") for column in map(list, graded)),
        "columns": [c.to_dict() for c in net.columns],
        "findings": _counts(f.level for f in net.findings),
        "understood": _understood(net),
        "certain": None if first is None else _certain(first),
        "blind_spots": None if first is None else _blind_spots(first),
        "next_cells": None if first is None else first.to_dict(),
    }


def _understood(net: SupplyNetwork) -> dict[str, int]:
    """Return how much was read, and what became of the columns."""
    from supplynet.units import target_ids

    columns = Counter(c.how for c in net.columns)
    return {
        "nodes": len(net.table("nodes")),
        "supplies": len(net.table("supplies")),
        "targets": len(target_ids(net)),
        "columns_used": columns["used"],
        "columns_renamed": columns["renamed"],
        "columns_set_aside": columns["set aside"],
    }


def _certain(first: NextCells) -> list[dict[str, Any]]:
    """Return what stops each target alone, by each `by` that was asked."""
    return [
        {
            "target": answer.question.target,
            "by": answer.question.by,
            "status": answer.status,
            "certain": [unit for found in answer.certain for unit in found],
            "assumed": [unit for found in answer.assumed for unit in found],
            "own": list(answer.own),
            "complete": answer.complete,
        }
        for answer in first.answers
    ]


def _blind_spots(first: NextCells) -> list[dict[str, Any]]:
    """Return the gaps that stop targets on their own, those of most targets first."""
    targets: dict[str, dict[str, None]] = {}
    by: dict[str, str] = {}
    for answer in first.answers:
        for gap in answer.blind_spots:
            targets.setdefault(gap, {})[answer.question.target] = None
            by.setdefault(gap, answer.question.by)
    return [
        {"gap": gap, "targets": list(found), "words": gap_in_words(gap, by[gap])}
        for gap, found in sorted(targets.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _counts(values: Iterable[str | None]) -> dict[str, int]:
    """Return how often each value occurs, by name; what is unknown comes last, as ``unknown``."""
    found = Counter(values)
    unknown = found.pop(None, 0)
    counts = {str(value): found[value] for value in sorted(v for v in found if v is not None)}
    return {**counts, "unknown": counts.get("unknown", 0) + unknown} if unknown else counts


def info_blocks(net: SupplyNetwork, facts: Mapping[str, Any]) -> list[Block]:
    """Return what was understood of a network and the first answer, in words."""

    def listed(counts: Mapping[str, int]) -> str:
        return ", ".join(f"{n:,} {name}" for name, n in counts.items()) or "none"

    gaps = facts["gaps"]
    about = [
        ("Network", " - ".join(filter(None, (net.name, net.meta.title)))),
        ("About", facts["description"]),
        ("Date", facts["on"] or (_NO_DATE if gaps is not None else "rows are dated: give --on")),
        ("Targets", f"{', '.join(facts['targets']) or 'none'} ({facts['targets_from']})"),
        ("Tables", ", ".join(_rows_of(k, n) for k, n in sorted(facts["tables"].items()) if n)),
        ("Columns", _columns_in_words(facts["understood"])),
        ("Nodes", listed(facts["kinds"])),
        ("Stages", listed(facts["stages"])),
        ("Countries", listed(facts["countries"])),
        ("Gaps", "not counted without a date" if gaps is None else listed(gaps)),
        ("Illustrative", plural(facts["illustrative"], "row")),
        ("Findings", listed(facts["findings"])),
        ("Digest", net.digest),
    ]
    width = max(len(name) for name, _ in about)
    blocks: list[Block] = [Line(f"{name:<{width}}  {text}") for name, text in about if text]
    if facts["next_cells"] is not None:
        blocks += _first_answer(facts)
    if net.columns:
        blocks += [Heading("Columns"), _column_grid(net.columns)]
    return [*blocks, Heading("Next"), Line(facts["next"])]


def _columns_in_words(understood: Mapping[str, int]) -> str:
    counts = {how: understood[f"columns_{how}"] for how in ("used", "renamed", "set_aside")}
    if not any(counts.values()):
        return ""
    kept = "" if not counts["set_aside"] else " (kept as text)"
    return (
        f"{counts['used']:,} used, {counts['renamed']:,} renamed, "
        f"{counts['set_aside']:,} set aside{kept}"
    )


def _first_answer(facts: Mapping[str, Any]) -> list[Block]:
    """Return what is certain, what is blind, and what to find out next."""
    cells = facts["next_cells"]
    blocks: list[Block] = [Heading("What stops each target alone, for certain")]
    rows: dict[str, dict[str, str]] = {}
    for entry in facts["certain"]:
        rows.setdefault(entry["target"], {})[entry["by"]] = _sure(entry)
    grid = [(target, *(found[by] for by in cells["by"])) for target, found in rows.items()]
    if grid:
        titles = ("target", *(f"by {by}" for by in cells["by"]))
        blocks.append(Grid(titles, tuple(grid[:_FIRST])))
    blocks += _more(len(grid) - _FIRST, "target")
    if cells["not_asked"]:
        left = plural(len(cells["not_asked"]), "target")
        blocks.append(
            Line(f"NOT ASKED, for the size of the network: {left}. Ask them with chokepoints.")
        )
    blind = facts["blind_spots"]
    if blind:
        blocks.append(Heading("Blind spots: each stops a target on its own if it turns out badly"))
        words = (f"{b['words']} ({_some(b['targets'])})" for b in blind[:_FIRST])
        blocks += [Items(tuple(words)), *_more(len(blind) - _FIRST, "blind spot")]
    return [*blocks, *_cells_to_fill(cells)]


def _sure(entry: Mapping[str, Any]) -> str:
    if entry["status"] == "already_stopped":
        return "stopped already, with nothing lost"
    parts = [_some(entry["certain"])] if entry["certain"] else []
    if entry["assumed"]:
        parts.append(f"{len(entry['assumed']):,} more if illustrative links are right")
    return "; ".join(parts) or "none on record"


def _more(count: int, word: str) -> list[Block]:
    return [Line(f"  and {plural(count, f'more {word}')}; JSON lists all")] if count > 0 else []


def _cells_to_fill(cells: Mapping[str, Any]) -> list[Block]:
    """Return the cells whose filling would settle most, or why there are none."""
    found = cells["cells"]
    blocks: list[Block] = [Heading("Cells to fill next, by what they would settle")]
    if found:
        blocks.append(Items(tuple(cell["text"] for cell in found)))
    elif not cells["open"]:
        blocks.append(
            Line("None: no single gap decides what one loss does. Gaps may still decide together.")
        )
    if cells["without_pairs"]:
        count = plural(len(cells["without_pairs"]), "target")
        blocks.append(
            Line(
                f"NOT SEARCHED, for the size of the network: what one loss and one gap do together "
                f"to {count}. Ask with chokepoints."
            )
        )
    if len(found) < cells["gaps"]:
        blocks.append(
            Line(
                f"{len(found):,} of {plural(cells['gaps'], 'gap')} that open findings hang on "
                f"{'is' if len(found) == 1 else 'are'} listed; {cells['tried']:,} were tried out, "
                "those that most findings hang on."
            )
        )
    return blocks


def _rows_of(table: str, count: int) -> str:
    """Return how many things a table lists, in the right number: 1 entity, 2 supplies."""
    one = f"{table[:-3]}y" if table.endswith("ies") else table.removesuffix("s")
    return plural(count, one, table)


def merge_blocks(found: Merged, net: SupplyNetwork, files: Sequence[str]) -> list[Block]:
    """Return what merging brought up, in words."""
    nodes, supplies = len(net.table("nodes")), len(net.table("supplies"))
    size = f"{plural(nodes, 'node')}, {plural(supplies, 'supply')}"
    blocks: list[Block] = [Line(f"{' and '.join(found.hands)} are merged: {size}.")]
    blocks += [Line(f"wrote {file}") for file in files]
    for level, title in _LEVELS.items():
        lines = [Line(str(finding)) for finding in found.findings if finding.level == level]
        if lines:
            blocks += [Heading(title), *lines]
    return blocks


def conversion_blocks(place: str, to: str, dropped: Sequence[str]) -> list[Block]:
    """Return what was written, and what did not fit into it."""
    blocks: list[Block] = [Line(f"wrote {place} ({to})")]
    if dropped:
        blocks.append(Heading("Left out: this form has no place for these"))
        blocks.append(Items(tuple(dropped)))
    return blocks


def _about(net: SupplyNetwork, on: date | None, note: str) -> list[Block]:
    return [
        Line(f"Network   {net.meta.title or net.name}"),
        Line(f"Date      {on.isoformat() if on else _NO_DATE}"),
        Line(f"What      {note}"),
    ]


def _frame_grid(frame: pd.DataFrame) -> Grid:
    columns, rows = table_of(frame)
    return Grid(tuple(columns), tuple(tuple(_cell(v) for v in row) for row in rows))


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def centrality_blocks(net: SupplyNetwork, found: Centrality) -> list[Block]:
    """Return a ranking in words."""
    blocks = _about(net, found.on, f"{found.measure}: {found.note}; {found.label}")
    blocks += [Heading("Ranking"), _frame_grid(found.to_frame())]
    return [*blocks, *_idle(found.not_running)]


def graph_view_blocks(net: SupplyNetwork, found: GraphView) -> list[Block]:
    """Return the nodes that a graph method singles out in words."""
    of = f" of {found.target}" if found.target else ""
    blocks = _about(net, found.on, f"{found.view}{of}: {found.note}; {found.label}")
    blocks.append(Heading("Nodes"))
    if not found.answered:
        blocks.append(
            Line("Nothing to work on: no source reaches the target, or it is one itself.")
        )
    elif found.nodes:
        blocks.append(
            Grid(("node", "name"), tuple((node, _label(net, node)) for node in found.nodes))
        )
    else:
        blocks.append(Line("None; which is no sign of safety: the plain graph knows no AND."))
    return blocks


def importance_blocks(net: SupplyNetwork, found: Importance) -> list[Block]:
    """Return how much each unit counts, and how far the plain graph agrees, in words."""
    target, by = found.question.target, found.question.by
    blocks = [*question_blocks(net, found.question), Heading("Answer")]
    if found.status == "already_stopped":
        blocks.append(Line(f"{target} is stopped already, with nothing lost: no unit counts."))
    elif not found.units:
        blocks.append(Line(f"No unit by {by} is in a minimal cut set up to the order asked for."))
    if not found.complete:
        blocks.append(
            Line(f"SEARCH INCOMPLETE: cut short, complete only up to order {found.complete_to}.")
        )
    if not found.possible_complete:
        blocks.append(Line("The search for units together with gaps was CUT SHORT."))
    if found.units:
        blocks.append(
            Line(
                "A unit is critical to a set of others if the target runs with the set lost and "
                f"stops with the unit lost as well. Counted are {found.counted()}, each alike; no "
                "probability is assumed."
            )
        )
        blocks.append(Heading("Critical to, of all sets counted; and in which minimal sets"))
        blocks.append(_importance_grid(found.units))
    if found.without:
        left = plural(found.without, "more unit")
        verb = "is" if found.without == 1 else "are"
        blocks.append(
            Line(
                f"{left} upstream {verb} in none of these sets. That is not to say that nothing "
                "hangs on them: larger sets and gaps remain."
            )
        )
    if found.blind_spots:
        blocks.append(Heading(f"Blind spots: each stops {target} on its own"))
        blocks.append(Items(tuple(f"{g}: {gap_in_words(g, by)}" for g in found.blind_spots)))
    if found.agreements:
        blocks.append(
            Heading("How far rankings of the plain graph agree: 1 wholly, 0 not, -1 contrary")
        )
        blocks.append(_agreement_grid(found))
    blocks += [Line(f"Left out: {view}: {why}.") for view, why in found.not_compared.items()]
    return blocks


def _importance_grid(units: Sequence[UnitImportance]) -> Grid:
    def fraction(value: Fraction | None) -> str:
        if value is None:
            return "?"
        return str(value) if value.denominator == 1 else f"{value} ({float(value):.3g})"

    cells: dict[str, list[str]] = {
        "rank": [str(u.rank) for u in units],
        "unit": [u.unit for u in units],
        "name": ["" if u.label == u.unit else u.label for u in units],
        "critical to": [fraction(u.birnbaum["recorded"]) for u in units],
        "certain": [fraction(u.birnbaum["certain"]) for u in units],
    }
    if cells["certain"] == cells["critical to"]:
        del cells["certain"]
    for certainty in _CERTAINTY:
        shares = [u.shares[certainty] for u in units]
        column = ["; ".join(f"{v} of order {o}" for o, v in of.items()) for of in shares]
        cells[f"{certainty} sets"] = column
    shown = {title: column for title, column in cells.items() if any(column)}
    return Grid(tuple(shown), tuple(zip(*shown.values(), strict=True)))


def _agreement_grid(found: Importance) -> Grid:
    tops = sorted({top for a in found.agreements for top in a.overlap})
    titles = ("ranking", "nodes", "tau-b", *(f"of the first {top}" for top in tops))
    rows = [
        (
            a.view,
            f"{a.compared:,}",
            "all tied" if a.tau_b is None else str(a.tau_b),
            *(str(a.overlap.get(top, "")) for top in tops),
        )
        for a in found.agreements
    ]
    return Grid(titles, tuple(rows))


def concentration_blocks(net: SupplyNetwork, found: Concentration) -> list[Block]:
    """Return how concentrated stages and markets are, in words."""
    note = (
        "Herfindahl-Hirschman index (HHI), 0-1, between two bounds: what is unknown spread to "
        "nothing, or all of it with the largest holder"
    )
    blocks = _about(net, found.on, note)
    blocks += [Heading("Concentration"), _frame_grid(found.to_frame())]
    return [*blocks, *_idle(found.not_running)]


def _idle(nodes: Sequence[str]) -> list[Block]:
    if not nodes:
        return []
    return [Heading("Not operating on the date, so left out"), Line(", ".join(nodes))]


def table_of(frame: pd.DataFrame) -> tuple[list[str], list[list[Any]]]:
    """Return the columns and rows of a frame, blank cells as ``None``."""
    plain = frame.astype(object).where(frame.notna(), None)
    rows = [list(row) for row in plain.itertuples(index=False, name=None)]
    return [str(c) for c in frame.columns], rows
