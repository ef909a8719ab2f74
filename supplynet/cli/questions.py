"""Commands that ask a question of a network: one library call each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from supplynet.cli.shell import (
    Answer,
    by_id,
    by_option,
    command,
    coverage_option,
    dated,
    fail_on_option,
    keep_input,
    later,
    load_network,
    max_gaps_option,
    max_order_option,
    network_argument,
    no_coverage,
    no_measures,
    on_option,
    once,
    several,
    target_option,
    targets_option,
)
from supplynet.errors import did_you_mean

if TYPE_CHECKING:
    from supplynet.answers import Block
    from supplynet.model import SupplyNetwork


@command("chokepoints", "text", "json", "csv", "md")
@network_argument
@target_option
@by_option
@on_option
@max_gaps_option
@coverage_option
@no_measures
@fail_on_option("certain", "assumed", "possible", "incomplete")
def chokepoints(
    *,
    network: str,
    encoding: str,
    target: str | None,
    by: str,
    on: str | None,
    max_gaps: int,
    coverage: str | None,
) -> Answer:
    """List what stops a target alone, ranked."""
    from supplynet.analysis.cutsets import single_points_of_failure
    from supplynet.answers import beside_the_table, chokepoint_blocks, table_of

    net = load_network(network, encoding)
    with by_id(net):
        found = single_points_of_failure(
            net, target, by=by, on=on, max_gaps=max_gaps, coverage=coverage
        )
    certainties = {c.certainty for c in (*found.chokepoints, *found.aggregates)}
    return Answer(
        result=found.to_dict(),
        blocks=lambda: chokepoint_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=found.question.to_dict(),
        basis=found.basis.to_dict(),
        levels=_levels(certainties, found.status, found.blind_spots, complete=found.complete),
        beside=beside_the_table(found, complete=found.complete),
    )


def _levels(
    certainties: set[str], status: str, blind_spots: Sequence[str], *, complete: bool
) -> frozenset[str]:
    """Return what ``--fail-on`` may name; what is certain counts as assumed and possible too."""
    found = set() if complete else {"incomplete"}
    if "certain" in certainties or status == "already_stopped":
        found |= {"certain", "assumed", "possible"}
    if "assumed" in certainties:
        found |= {"assumed", "possible"}
    if "possible" in certainties or blind_spots or status == "possibly_stopped":
        found.add("possible")
    return frozenset(found)


@command("cutsets", "text", "json", "csv", "md")
@network_argument
@target_option
@by_option
@on_option
@max_order_option
@max_gaps_option
@coverage_option
@click.option("--minimum", is_flag=True, help="Only the smallest sets there are.")
@click.option(
    "--weights",
    metavar="FILE",
    callback=once,
    multiple=True,
    help="CSV of unit and cost: sort by what it costs to take them out.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), help="Most cut sets to list; a cut list says so."
)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="End the search after so long; the answer says how far it got.",
)
@click.option("--count", is_flag=True, help="Count the sets, without listing them.")
@click.option(
    "--verify",
    is_flag=True,
    help="Prove each set and have the proofs checked without the engine.",
)
@click.option(
    "--certificates",
    is_flag=True,
    help="Print why each set stops the target, and why each member is needed.",
)
@no_measures
@fail_on_option("certain", "assumed", "possible", "incomplete")
def cutsets(
    *,
    network: str,
    encoding: str,
    target: str | None,
    by: str,
    on: str | None,
    max_order: int,
    max_gaps: int,
    coverage: str | None,
    minimum: bool,
    weights: str | None,
    limit: int | None,
    time_limit: float | None,
    count: bool,
    verify: bool,
    certificates: bool,
) -> Answer:
    """List what stops a target together: minimal cut sets."""
    from supplynet.analysis.certificates import certificates_of
    from supplynet.analysis.checker import fault_of, summary, verify_all
    from supplynet.analysis.cutsets import minimal_cut_sets
    from supplynet.answers import (
        beside_the_table,
        certificate_blocks,
        cut_set_blocks,
        table_of,
        verdict_blocks,
    )
    from supplynet.io.costs import read_costs

    if count and limit is not None:
        raise click.UsageError("--limit: with --count no sets are listed. Leave one out.")
    if count and certificates:
        raise click.UsageError("--certificates: with --count no sets are listed. Leave one out.")
    net = load_network(network, encoding)
    with by_id(net):
        found = minimal_cut_sets(
            net,
            target,
            by=by,
            on=on,
            max_order=max_order,
            max_gaps=max_gaps,
            coverage=coverage,
            minimum=minimum,
            weights=None if weights is None else read_costs(weights, encoding=encoding),
            limit=0 if count and not verify else None if weights is None else limit,
            time_limit=time_limit,
        )
    # What --fail-on asks does not hang on how much of the list is shown.
    certainties = {"assumed"} if found.assumed_count else set()
    if found.assumed_count < found.count:
        certainties.add("certain")
    if found.possible:
        certainties.add("possible")
    if limit is not None:
        found = found.first(limit)
    if count:
        found = replace(found, complete=found.complete_to == found.max_order)
    result = found.to_dict()
    if count:
        for name in ("cut_sets", "assumed", "possible"):
            del result[name]
    proofs = certificates_of(net, found) if verify or certificates else ()
    verdicts = verify_all(net, proofs) if verify else ()
    if verify:
        result["verified"] = summary(verdicts)
    if certificates:
        result["certificates"] = [proof.to_dict() for proof in proofs]

    def blocks() -> list[Block]:
        unlisted = found.count - len(found.cut_sets)
        checked = verdict_blocks(found.question.target, verdicts, unlisted=unlisted)
        return [
            *cut_set_blocks(net, found, lists=not count),
            *(checked if verify else ()),
            *(certificate_blocks(net, proofs) if certificates else ()),
        ]

    return Answer(
        result=result,
        blocks=blocks,
        table=(
            (lambda: (["order", "cut_sets"], list(found.by_order.items())))
            if count
            else (lambda: table_of(found.to_frame()))
        ),
        net=net,
        question=found.question.to_dict(),
        basis=found.basis.to_dict(),
        levels=_levels(certainties, found.status, found.blind_spots, complete=found.complete),
        beside=beside_the_table(found, complete=found.complete and found.possible_complete),
        fault=fault_of(verdicts),
    )


@command("whatif", "text", "json", "csv", "md")
@network_argument
@click.option("--lose", "units", metavar="UNIT", multiple=True, help="Unit lost; repeatable.")
@click.option("--each", is_flag=True, help="Lose each unit in turn, the one that takes most first.")
@targets_option
@by_option
@on_option
@coverage_option
@no_measures
@fail_on_option("certain", "possible")
def whatif(
    *,
    network: str,
    encoding: str,
    units: tuple[str, ...],
    each: bool,
    targets: tuple[str, ...],
    by: str,
    on: str | None,
    coverage: str | None,
) -> Answer:
    """Tell what goes down when units are lost together, or each in turn."""
    from supplynet.answers import loss_blocks, table_of
    from supplynet.scenarios import lose

    if bool(units) == each:
        raise click.UsageError(
            "--each: it loses one unit at a time. Leave out --lose."
            if each
            else "what is lost? Give --lose UNIT, or --each for one unit at a time."
        )
    net = load_network(network, encoding)
    if each:
        return _lose_each(net, targets, by=by, on=on, coverage=coverage)
    with by_id(net):
        loss = lose(net, targets or None, units, by=by, on=on, coverage=coverage)
    statuses = {t.status for t in loss.targets}
    certainties = {"certain"} if "stopped" in statuses else set()
    status = next((s for s in ("already_stopped", "possibly_stopped") if s in statuses), "runs")
    return Answer(
        result=loss.to_dict(),
        blocks=lambda: loss_blocks(net, loss),
        table=lambda: table_of(loss.to_frame()),
        net=net,
        question={
            **loss.questions[0].to_dict(),
            **several([q.target for q in loss.questions]),
        },
        levels=_levels(certainties, status, (), complete=True),
    )


def _lose_each(
    net: SupplyNetwork,
    targets: tuple[str, ...],
    *,
    by: str,
    on: str | None,
    coverage: str | None,
) -> Answer:
    from supplynet.analysis.sweeps import sweep
    from supplynet.answers import sweep_blocks, table_of
    from supplynet.units import ask, resolve_targets

    with by_id(net):
        asked = resolve_targets(net, targets or None)
        questions = [ask(net, t, by=by, on=on, coverage=coverage) for t in asked]
        found = sweep(net, asked, by=by, on=on, coverage=coverage)
    certainties = {"certain"} if any(loss.targets for loss in found) else set()
    assumed = any(loss.assumed_targets for loss in found)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: sweep_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question={**questions[0].to_dict(), **several(asked)},
        levels=_levels(certainties, "possibly_stopped" if assumed else "runs", (), complete=True),
    )


@command("explain", "text", "json", "csv", "md")
@network_argument
@click.option("--lose", "units", metavar="UNIT", multiple=True, help="Unit lost; repeatable.")
@target_option
@by_option
@on_option
@coverage_option
@no_measures
def explain(
    *,
    network: str,
    encoding: str,
    units: tuple[str, ...],
    target: str | None,
    by: str,
    on: str | None,
    coverage: str | None,
) -> Answer:
    """Print why a target stops, or what it runs on."""
    from supplynet.analysis.explain import explain as library_explain
    from supplynet.answers import explanation_blocks, table_of

    net = load_network(network, encoding)
    with by_id(net):
        found = library_explain(net, target, units, by=by, on=on, coverage=coverage)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: explanation_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=found.question.to_dict(),
    )


@command("centrality", "text", "json", "csv", "md")
@network_argument
@click.option(
    "--measure",
    default="betweenness",
    show_default=True,
    metavar="NAME",
    help="betweenness, pagerank, degree, in_degree, out_degree, dominators, minimum_vertex_cut "
    "or articulation_points: views. importance: by counting cut sets.",
)
@click.option(
    "--target",
    metavar="ID",
    multiple=True,
    callback=once,
    help="For importance, dominators and minimum_vertex_cut.",
)
@by_option
@on_option
@max_order_option
@max_gaps_option
@coverage_option
def centrality(
    *,
    network: str,
    encoding: str,
    measure: str,
    target: str | None,
    by: str,
    on: str | None,
    max_order: int,
    max_gaps: int,
    coverage: str | None,
) -> Answer:
    """Rank nodes on the plain graph, a view; or units by importance."""
    from supplynet.analysis import centrality as views
    from supplynet.answers import centrality_blocks, graph_view_blocks, table_of

    of_target = {"dominators": views.dominators, "minimum_vertex_cut": views.minimum_vertex_cut}
    known = (*views.MEASURES, *of_target, "articulation_points", "importance")
    if measure not in known:
        hint = did_you_mean(measure, known) or f" Known: {', '.join(known)}."
        raise click.UsageError(f"no measure {measure!r}.{hint}")
    if measure == "importance":
        limits = {"max_order": max_order, "max_gaps": max_gaps}
        return _importance(network, encoding, target, by=by, on=on, coverage=coverage, **limits)
    _only_for_importance(measure)
    if target is not None and measure not in of_target:
        raise click.UsageError(f"--target: {measure} looks at the whole graph. Leave it out.")
    net = load_network(network, encoding)
    if measure in views.MEASURES:
        ranking = views.centrality(net, measure, on=on)
        return Answer(
            result=ranking.to_dict(),
            blocks=lambda: centrality_blocks(net, ranking),
            table=lambda: table_of(ranking.to_frame()),
            net=net,
            question=dated(ranking.on),
        )
    if measure in of_target:
        with by_id(net):
            found = of_target[measure](net, target, on=on)
    else:
        found = views.articulation_points(net, on=on)
    return Answer(
        result={"measure": measure, **found.to_dict()},
        blocks=lambda: graph_view_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question={**dated(found.on), "target": found.target},
    )


def _importance(network: str, encoding: str, target: str | None, **asked: Any) -> Answer:  # noqa: ANN401 - keywords of `importance`
    from supplynet.analysis.importance import importance
    from supplynet.answers import importance_blocks, table_of

    net = load_network(network, encoding)
    with by_id(net):
        found = importance(net, target, **asked)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: importance_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=found.question.to_dict(),
        beside="" if found.complete else "the search was cut short",
    )


def _only_for_importance(measure: str) -> None:
    """Refuse options of counting cut sets: an answer that ignored them would look as if not."""
    ctx = click.get_current_context()
    for name in ("by", "max_order", "max_gaps", "coverage"):
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option}: {measure} is of the plain graph. Leave it out.")


@command("control", "text", "json", "csv", "md")
@network_argument
@on_option
def control(*, network: str, encoding: str, on: str | None) -> Answer:
    """List operator, owner, controller and levers of each node."""
    from supplynet.answers import control_blocks, table_of
    from supplynet.ownership import controllers

    net = load_network(network, encoding)
    found = controllers(net, on=on)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: control_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=dated(found.on),
    )


@command("concentration", "text", "json", "csv", "md")
@network_argument
@on_option
def concentration(*, network: str, encoding: str, on: str | None) -> Answer:
    """Measure how concentrated each stage is."""
    from supplynet.analysis.concentration import concentration as library_concentration
    from supplynet.answers import concentration_blocks, table_of

    net = load_network(network, encoding)
    found = library_concentration(net, on=on)
    return Answer(
        result=found.to_dict(),
        blocks=lambda: concentration_blocks(net, found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question=dated(found.on),
    )


@command("report", "md", "html", "json", "csv", folder="csv")
@network_argument
@targets_option
@on_option
@max_order_option
@max_gaps_option
@no_coverage
@no_measures
def report(
    *,
    network: str,
    encoding: str,
    targets: tuple[str, ...],
    on: str | None,
    max_order: int,
    max_gaps: int,
) -> Answer:
    """Write the chokepoint report: HTML, Markdown, JSON or CSVs."""
    from supplynet.report import chokepoint_report

    net = load_network(network, encoding)
    with by_id(net):
        found = chokepoint_report(
            net, targets or None, on=on, max_order=max_order, max_gaps=max_gaps
        )
    return Answer(
        result=found.to_dict(),
        documents={"md": found.to_markdown, "html": found.to_html, "csv": found.to_csvs},
        net=net,
        question={
            **dated(found.question["on"]),
            **several(list(found.question["targets"])),
            "max_order": max_order,
            "max_gaps": max_gaps,
        },
        summary=found.answer,
    )


@command("view", "text", "json", to_file=False)
@network_argument
@targets_option
@click.option(
    "--by",
    "units",
    metavar="UNIT",
    multiple=True,
    callback=later,
    help="Unit whose loss can be switched on; repeatable. Default: node, country, controller.",
)
@on_option
@max_order_option
@click.option(
    "--redact",
    metavar="FIELD",
    multiple=True,
    help="Leave out facts, levers, note, operator, owner, references or share; repeatable.",
)
@click.option("--full", is_flag=True, help="Draw every node of a very large network.")
@click.option("-o", "--output", metavar="FILE", required=True, help="The HTML file to write.")
@click.option("--force", is_flag=True, help="Overwrite a file that is no view, even an input.")
@no_coverage
@no_measures
def view(
    *,
    network: str,
    encoding: str,
    targets: tuple[str, ...],
    units: tuple[str, ...],
    on: str | None,
    max_order: int,
    redact: tuple[str, ...],
    full: bool,
    output: str,
    force: bool,
) -> Answer:
    """Write the interactive view: one HTML file that works offline."""
    from supplynet.answers import Line
    from supplynet.view import UNITS
    from supplynet.view import view as library_view

    ending = Path(output).suffix.lower()
    if ending not in ("", ".html", ".htm"):
        raise click.UsageError(f"-o {output}: a view is an HTML file. Write it to a .html file.")
    keep_input(network, Path(output), force=force)
    net = load_network(network, encoding)
    with by_id(net):
        written = library_view(
            net,
            output,
            targets=targets or None,
            on=on,
            by=units or UNITS,
            max_order=max_order,
            redact=redact,
            full=full,
            force=force,
        )
    return Answer(result={"file": str(written)}, blocks=lambda: [Line(f"wrote {written}")], net=net)
