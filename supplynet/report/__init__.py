"""The chokepoint report: the answer, what it rests on, and how to check it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from supplynet.model import resolve_date
from supplynet.report.compose import assemble
from supplynet.report.facts import CUT_UNITS, POINT_UNITS, Answers, Report
from supplynet.units import (
    CONFIDENCES,
    Units,
    compile_network,
    compile_units,
    resolve_targets,
)

if TYPE_CHECKING:
    from supplynet.analysis.reading import Reading
    from supplynet.model import SupplyNetwork

__all__ = ["Report", "chokepoint_report"]


def chokepoint_report(
    net: SupplyNetwork,
    targets: Sequence[str] | str | None = None,
    *,
    on: date | str | None = None,
    max_order: int = 2,
    max_gaps: int = 1,
) -> Report:
    """Return the chokepoint report of one or several targets.

    Parameters
    ----------
    net
        The network.
    targets
        Node ids. Default: the targets that the network names, else its sinks.
    on
        Date of the answer, a date or ISO text. Default: the date of the data.
    max_order
        Most units lost together in the cut sets, 1 or more.
    max_gaps
        Most gaps at their bad end together in a possible finding, 0 or more.

    Returns
    -------
    Report
        Facts that JSON can hold (``to_dict``) and their forms (``to_html``, ``to_markdown``,
        ``to_csvs``). The same input gives the same bytes.

    Raises
    ------
    UnknownNameError
        A target is no node of the network.
    QuestionError
        There is no target, a limit is out of range, or rows are dated and no date is known.

    Notes
    -----
    Single points of failure are asked by node, operator, country and controller, minimal cut sets
    by node, country and controller, each target under its own question. Measures are ignored. A
    finding that is missing is missing from the data as recorded; it never shows resilience: read
    it with the gaps, the assumed lists and the bound of the search that the report states.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("recycling_loop")
    >>> report = supplynet.chokepoint_report(net)
    >>> len(report.targets)
    1
    """
    from supplynet import __version__
    from supplynet.analysis.concentration import concentration
    from supplynet.analysis.cutsets import minimal_cut_sets, single_points_of_failure
    from supplynet.ownership import controllers

    wanted = resolve_targets(net, targets)
    day = resolve_date(net, on)
    points = {
        (target, by): single_points_of_failure(net, target, by=by, on=day, max_gaps=max_gaps)
        for target in wanted
        for by in POINT_UNITS
    }
    cuts = {
        (target, by): minimal_cut_sets(
            net, target, by=by, on=day, max_order=max_order, max_gaps=max_gaps
        )
        for target in wanted
        for by in CUT_UNITS
    }
    answers = Answers(
        points=points,
        cuts=cuts,
        control=controllers(net, on=day),
        concentration=concentration(net, on=day),
        evidence=_Evidence(net, day).grade,
    )
    return assemble(
        net,
        wanted,
        day,
        answers,
        max_order=max_order,
        max_gaps=max_gaps,
        version=__version__,
        all_targets=not targets or tuple(wanted) == tuple(resolve_targets(net, None)),
    )


class _Evidence:
    """Grades sets of units: the highest confidence at which they still stop a target."""

    def __init__(self, net: SupplyNetwork, on: date | None) -> None:
        self.net = net
        self.compiled = compile_network(net, on)
        self.readings: dict[tuple[str, int], Reading] = {}
        self.units: dict[str, Units] = {}

    def grade(self, target: str, by: str, names: Sequence[str]) -> str:
        from supplynet.analysis.reading import Reading

        if by not in self.units:
            self.units[by] = compile_units(self.net, self.compiled, by)
        lost = [self.units[by].named(name) for name in names]
        for level in reversed(range(1, len(CONFIDENCES))):
            if (target, level) not in self.readings:
                self.readings[target, level] = Reading(self.compiled, level, target)
            if self.readings[target, level].stops(lost):
                return CONFIDENCES[level]
        return CONFIDENCES[0]
