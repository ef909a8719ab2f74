"""Commands about the data: what ships, what was read, how it is written."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

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
)


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
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(*, folder: Path) -> Answer:
    """Write a small commented network to start from."""
    from supplynet.answers import Heading, Line
    from supplynet.io import init as library_init

    files = [str(folder / name) for name in library_init(folder)]
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
    found = examine(network_path(network), encoding=encoding)
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
    facts["next"] = f"supplynet chokepoints {shlex.quote(network)}{target}"
    return Answer(
        result=facts,
        blocks=lambda: info_blocks(net, facts),
        net=net,
        question=dated(facts["on"]),
    )


@command("convert", "text", "json", to_file=False)
@network_argument
@click.argument("destination", metavar="DESTINATION", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Choice(["folder", "graphml", "gephi"]),
    help="Default: graphml for a .graphml file, else a folder of CSV files.",
)
@on_option
@force_option
def convert(
    *,
    network: str,
    encoding: str,
    destination: Path,
    to: str | None,
    on: str | None,
    force: bool,
) -> Answer:
    """Write a network as a CSV folder, GraphML or for Gephi."""
    from supplynet.answers import conversion_blocks, left_out

    if to is None:
        to = _conversion(destination)
    keep_input(network, destination, force=force)
    net = load_network(network, encoding)
    dropped: list[str] = []
    if to == "folder":
        from supplynet.io import save

        if on is not None:
            raise click.UsageError("--on: a folder keeps the rows of all dates. Leave it out.")
        save(net, destination, force=force)
    else:
        from supplynet.graph import graph

        G = graph(net, on=on)  # noqa: N806 - as networkx calls it
        dropped = left_out(net, G)
        if to == "graphml":
            from supplynet.io.graphml import write_graphml

            write_graphml(G, destination)
        else:
            from supplynet.io.gephi import write_gephi

            write_gephi(G, destination)
    return Answer(
        result={"to": to, "file": str(destination), "dropped": dropped},
        blocks=lambda: conversion_blocks(str(destination), to, dropped),
        net=net,
    )


_FILE_ENDINGS = frozenset(
    {".csv", ".db", ".dot", ".gexf", ".gml", ".gv", ".gz", ".htm", ".html", ".json", ".jsonl"}
    | {".md", ".net", ".ods", ".parquet", ".pdf", ".svg", ".toml", ".tsv", ".txt", ".xls"}
    | {".xlsx", ".xml", ".yaml", ".yml", ".zip"}
)


def _conversion(destination: Path) -> str:
    """Return what to write, by the name of what is written; a folder may have any other name."""
    ending = destination.suffix.lower()
    if ending == ".graphml":
        return "graphml"
    if ending in _FILE_ENDINGS and not destination.is_dir():
        raise click.UsageError(
            f"{destination}: no {ending} file is made here. Give a folder for CSV files or a "
            ".graphml file, or say what to write with --to."
        )
    return "folder"
