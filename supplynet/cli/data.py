"""Commands about the data: what ships, what was read, how it is written."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supplynet.cli.intake import from_options, init_from, refuse_without_from
from supplynet.cli.shell import (
    Answer,
    command,
    dated,
    finding_values,
    force_option,
    keep_input,
    load_network,
    network_argument,
    network_path,
    on_option,
    target_option,
    undirected_option,
)

if TYPE_CHECKING:
    from supplynet.io.read import Undirected


@command("examples", "text", "json", "csv", "md")
def examples() -> Answer:
    """List the networks that ship with supplynet."""
    from supplynet.answers import Grid
    from supplynet.examples import examples as shipped
    from supplynet.examples import load_example

    found = [
        {
            "name": net.name,
            "title": net.meta.title,
            "nodes": len(net.table("nodes")),
            "supplies": len(net.table("supplies")),
            "targets": list(net.meta.targets),
        }
        for net in map(load_example, shipped())
    ]
    columns = ("name", "nodes", "supplies", "title")
    rows = [[str(entry[c]) for c in columns] for entry in found]
    return Answer(
        result={"examples": found},
        blocks=lambda: [Grid(columns, tuple(map(tuple, rows)))],
        table=lambda: (columns, rows),
    )


@command("init", "text", "json", to_file=False)
@click.argument("folder", metavar="DIR|FILE.xlsx", type=click.Path(path_type=Path))
@from_options
def init(*, folder: Path, source: Path | None, **options: Any) -> Answer:  # noqa: ANN401 - those of `from_options`
    """Write a small commented network to start from, or your own spreadsheet as tables."""
    from supplynet.answers import Heading, Line
    from supplynet.io import init as library_init

    if source is not None:
        return init_from(source, folder, **options)
    refuse_without_from(options)
    base = folder.parent if folder.suffix.lower() == ".xlsx" else folder
    files = [str(base / name) for name in library_init(folder)]
    after = f"supplynet validate {shlex.quote(str(folder))}"
    return Answer(
        result={"files": files},
        blocks=lambda: [*map(Line, files), Heading("Next"), Line(after)],
    )


@command("validate", "text", "json", "csv", "md")
@network_argument
@click.option(
    "--as",
    "kind",
    type=click.Choice(["network", "bom"]),
    default="network",
    show_default=True,
    help="What the file is: a network, or a bill of materials (name, origin, restriction_index).",
)
@click.option(
    "--origins",
    metavar="CODES",
    multiple=True,
    help="bom: countries whose restrictions count, as CN or CN,RU; repeatable.",
)
@click.option("--threshold", metavar="0-1", help="bom: an index above it blocks.  [default: 0.8]")
@click.option(
    "--network",
    "beside",
    metavar="NETWORK",
    help="bom: the network that shows what stands behind each item.",
)
@target_option
@on_option
@undirected_option
def validate(
    *,
    network: str,
    encoding: str,
    kind: str,
    origins: tuple[str, ...],
    threshold: str | None,
    beside: str | None,
    target: str | None,
    on: str | None,
    undirected: Undirected,
) -> Answer:
    """List every finding, and what each column was used as."""
    from supplynet.answers import validation_blocks
    from supplynet.io import examine

    codes = tuple(code.strip() for text in origins for code in text.split(",") if code.strip())
    if kind == "bom":
        from supplynet.cli.bom import check_bom

        return check_bom(
            network,
            encoding=encoding,
            origins=codes,
            threshold=threshold,
            beside=beside,
            target=target,
            on=on,
        )
    given = {
        "--origins": codes,
        "--threshold": threshold,
        "--network": beside,
        "--target": target,
        "--on": on,
    }
    for option, value in given.items():
        if value:
            raise click.UsageError(f"{option} belongs to --as bom.")
    found = examine(network_path(network), encoding=encoding, undirected=undirected)
    return Answer(
        result={
            "findings": [finding_values(f) for f in found.findings],
            "columns": [c.to_dict() for c in found.columns],
        },
        blocks=lambda: validation_blocks(network, found),
        table=lambda: (
            ("where", "what", "fix", "level"),
            [(f.where, f.what, f.fix, f.level) for f in found.findings],
        ),
        net=found.net,
        errors=found.errors,
    )


@command("info", "text", "json", "md")
@network_argument
@on_option
def info(*, network: str, encoding: str, on: str | None) -> Answer:
    """Say what was understood: sizes, targets, columns, gaps."""
    from supplynet.answers import describe, info_blocks

    net = load_network(network, encoding)
    facts = describe(net, on=on)
    target = f" --target {shlex.quote(facts['targets'][0])}" if len(facts["targets"]) > 1 else ""
    # Rows are dated and no date is known: without one there is no answer.
    date = " --on DATE" if facts["gaps"] is None else ""
    facts["next"] = f"supplynet chokepoints {shlex.quote(network)}{target}{date}"
    return Answer(
        result=facts,
        blocks=lambda: info_blocks(net, facts),
        net=net,
        question=dated(facts["on"]),
    )


@command("merge", "text", "json", to_file=False)
@click.argument("networks", metavar="NETWORK NETWORK...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="OUT", required=True, help="A folder, or a .xlsx or .json file."
)
@click.option(
    "--prefer",
    metavar="NAME",
    help="Where hands disagree, take the value of this network, or 'first'. Default: refuse.",
)
@on_option
@click.option("--encoding", default="utf-8", show_default=True, help="Encoding of text input.")
@force_option
def merge(
    *,
    networks: tuple[str, ...],
    output: str,
    prefer: str | None,
    on: str | None,
    encoding: str,
    force: bool,
) -> Answer:
    """Join partial networks from different hands; disagreements are findings."""
    from supplynet.answers import merge_blocks
    from supplynet.io import save
    from supplynet.io.files import write_text
    from supplynet.io.merge import merge as library_merge

    if len(networks) < 2:
        raise click.UsageError("Give two networks or more.")
    out = Path(output)
    if out.suffix and out.suffix.lower() not in (".xlsx", ".json") and not out.is_dir():
        raise click.UsageError(f"-o {out}: give a folder, or a .xlsx or .json file.")
    nets = []
    for network in networks:
        keep_input(network, out, force=force)
        nets.append(load_network(network, encoding))
    # Two folders of one name are told apart by their paths.
    alike = len({net.name for net in nets}) < len(nets)
    found = library_merge(nets, names=networks if alike else None, prefer=prefer, on=on)
    net = found.network()
    save(net, out, force=force)
    files = [str(out)]
    beside = out / "conflicts.csv" if out.is_dir() else Path(f"{out}.conflicts.csv")
    if found.conflicts:
        write_text(beside, found.conflicts_csv())
        files.append(str(beside))
    elif beside.is_file():
        # That of an earlier merge would speak of another network.
        beside.unlink()
    return Answer(
        result={**found.to_dict(), "files": files},
        blocks=lambda: merge_blocks(found, net, files),
        net=net,
    )


@command("convert", "text", "json", to_file=False)
@network_argument
@click.argument("destination", metavar="DESTINATION", type=click.Path(path_type=Path))
@click.option(
    "--to",
    metavar="FORM",
    help="folder, xlsx, json, graphml, gexf, node-link, gephi, omts, omts-xlsx, open-psa or neo4j. "
    "Default: by the ending of DESTINATION, else a folder of CSV files.",
)
@undirected_option
@on_option
@force_option
def convert(
    *,
    network: str,
    encoding: str,
    destination: Path,
    to: str | None,
    undirected: Undirected,
    on: str | None,
    force: bool,
) -> Answer:
    """Write a network in another form: workbook, JSON, graph tools, OMTS, fault tree."""
    from supplynet.answers import conversion_blocks
    from supplynet.io.exchange import export, format_of

    form = to or format_of(destination)
    keep_input(network, destination, force=force)
    net = load_network(network, encoding, undirected=undirected)
    dropped = list(export(net, destination, to=form, on=on, force=force))
    return Answer(
        result={"to": form, "file": str(destination), "dropped": dropped},
        blocks=lambda: conversion_blocks(str(destination), form, dropped),
        net=net,
    )
