"""A bill of materials, for `supplynet validate --as bom`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supplynet.cli.shell import Answer, by_id, dated, finding_values, load_network

if TYPE_CHECKING:
    from supplynet.answers import Block
    from supplynet.model import SupplyNetwork
    from supplynet.viability import Viability

__all__ = ["check_bom"]


def check_bom(
    place: str,
    *,
    encoding: str,
    origins: tuple[str, ...],
    threshold: str | None,
    beside: str | None,
    target: str | None,
    on: str | None,
) -> Answer:
    """Answer `validate --as bom`: what reading it brings up; with origins, what they block.

    Parameters
    ----------
    place
        A file of items; with `target` a network, whose target's needs are the items.
    beside
        The network that shows what the flat check misses.
    """
    from supplynet.viability import THRESHOLD, check_production_viability

    if target is not None:
        if beside is not None:
            raise click.UsageError("--target: the needs come from NETWORK. Leave --network out.")
        if not origins:
            raise click.UsageError("--target: say whose restrictions count, as --origins CN.")
        net = load_network(place, encoding)
        with by_id(net):
            found = check_production_viability(
                net, target, origins=origins, threshold=threshold or THRESHOLD, on=on
            )
        return _answer(found, net, ())
    if not origins:
        if beside is not None or threshold is not None or on is not None:
            raise click.UsageError("--origins: say whose restrictions count, as --origins CN.")
        return _read(place, encoding)
    network = None if beside is None else load_network(beside, encoding)
    if network is None and on is not None:
        raise click.UsageError("--on: a bill of materials has no dates. Give --network with it.")
    found = check_production_viability(
        Path(place),
        origins=origins,
        threshold=threshold or THRESHOLD,
        network=network,
        on=on,
        encoding=encoding,
    )
    return _answer(found, network, _by_files(place, encoding))


def _read(place: str, encoding: str) -> Answer:
    from supplynet.answers import Line
    from supplynet.io.bom import examine_bom
    from supplynet.text import plural

    rows, findings = examine_bom(place, encoding=encoding)
    errors = tuple(finding for finding in findings if finding.level == "error")
    unknown = sum(not row.origins or row.restriction_index is None for row in rows)
    verdict = "cannot be used" if errors else f"can be used: {plural(len(rows), 'item')}"
    without = f", {unknown} without an origin or an index" if rows else ""
    return Answer(
        result={"findings": [finding_values(f) for f in findings], "columns": []},
        blocks=lambda: [
            Line(f"{place} {verdict}{without}."),
            *(Line(f"{finding.level}: {finding}") for finding in findings),
            Line("Say whose restrictions count, as --origins CN, and what they block is answered."),
        ],
        table=lambda: (
            ("where", "what", "fix", "level"),
            [(f.where, f.what, f.fix, f.level) for f in findings],
        ),
        errors=errors,
    )


def _by_files(place: str, encoding: str) -> tuple[dict[str, str], ...]:
    from supplynet.io.bom import examine_bom

    return tuple(finding_values(f) for f in examine_bom(place, encoding=encoding)[1])


def _answer(
    found: Viability, net: SupplyNetwork | None, findings: Sequence[dict[str, str]]
) -> Answer:
    from supplynet.answers import table_of

    return Answer(
        result={**found.to_dict(), "findings": list(findings), "columns": []},
        blocks=lambda: _blocks(found),
        table=lambda: table_of(found.to_frame()),
        net=net,
        question={**dated(found.on), "target": found.target},
    )


def _blocks(found: Viability) -> list[Block]:
    from supplynet.answers import Grid, Heading, Items, Line

    columns = ("item", "origin", "index", "verdict", "why")
    blocks: list[Block] = [Line(f"{found.headline}."), Grid(columns, found.rows())]
    if found.misses:
        blocks += [Heading("What the flat check misses, on the network"), Items(found.misses)]
    elif found.network is None:
        blocks.append(
            Line("This looks one step back. --network NETWORK shows what stands behind each item.")
        )
    if found.findings:
        blocks += [Heading("Findings"), *(Line(f"{f.level}: {f}") for f in found.findings)]
    return blocks
