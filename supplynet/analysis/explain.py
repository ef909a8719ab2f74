"""Why a target stops, or what keeps it running: the chain of needs behind an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Because, Reading
from supplynet.units import (
    STRUCTURE,
    Gap,
    Question,
    Unit,
    ask,
    compile_network,
    compile_units,
)

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Explanation", "Held", "explain"]


@dataclass(frozen=True, slots=True)
class Held:
    """A need that is met, and the supplies that meet it.

    `delivered` is the part of the intake that they bring, as exact decimal text; ``None`` where
    no coverage is asked for.
    """

    node: str
    need: str
    supplies: tuple[str, ...]
    delivered: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the need as it stands in the JSON."""
        return {
            "node": self.node,
            "need": self.need,
            "supplies": list(self.supplies),
            "delivered": self.delivered,
        }


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why the target is down, or what it runs on, with units lost.

    Attributes
    ----------
    lost
        Units lost, by name.
    status
        ``runs``, ``possibly_stopped``, ``stopped``, or ``already_stopped`` (down with nothing
        lost).
    certainty
        Of the stop: ``certain``, ``assumed`` (only through illustrative needs), ``possible``
        (only if gaps turn out badly); ``None`` where the target runs.
    because
        The chain of unmet needs from the target to what was lost; empty where it runs.
    gaps
        Gaps at their bad end in a possible stop: all that matter to the target.
    held
        The target's own needs that are met, and by which supplies.
    not_upstream
        Units lost that reach the target by no recorded supply.
    uninformative
        ``node/need`` of upstream needs with less than half of the shares recorded, where a
        coverage is asked for: it says little about them.
    """

    question: Question
    lost: tuple[str, ...]
    status: str
    certainty: str | None
    because: tuple[Because, ...]
    gaps: tuple[str, ...]
    held: tuple[Held, ...]
    not_upstream: tuple[str, ...]
    uninformative: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "lost": list(self.lost),
            "status": self.status,
            "certainty": self.certainty,
            "because": [b.to_dict() for b in self.because],
            "gaps": list(self.gaps),
            "held": [h.to_dict() for h in self.held],
            "not_upstream": list(self.not_upstream),
            "uninformative": list(self.uninformative),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step of the chain."""
        import pandas as pd

        columns = ["node", "need", "failed_supplies", "delivered"]
        rows = [(b.node, b.need, ";".join(b.failed_supplies), b.delivered) for b in self.because]
        shown = columns if self.question.coverage is not None else columns[:-1]
        return pd.DataFrame(rows, columns=columns)[shown]

    def __repr__(self) -> str:
        return (
            f"<Explanation of {self.question.target!r} without {', '.join(self.lost) or 'nothing'}"
            f": {self.status}, {len(self.because)} unmet needs>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


def explain(
    net: SupplyNetwork,
    target: str | None = None,
    lost: Sequence[str] | str = (),
    *,
    by: str = "node",
    on: date | str | None = None,
    coverage: Decimal | str | int | None = None,
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> Explanation:
    """Return why the target stops with units lost, or what it runs on.

    Parameters
    ----------
    net, target, by, on, coverage, **later
        As in :func:`supplynet.minimal_cut_sets`.
    lost
        Names of units of `by`; none: as things stand.

    Returns
    -------
    Explanation
        The chain of unmet needs, in the order of distance from the target.

    Raises
    ------
    UnknownNameError
        No node is called `target`, or no unit of `by` has one of the names in `lost`.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    Of each node that is down one unmet need is followed, the one with the fewest supplies. With a
    coverage a need may be unmet although some supplies deliver: `failed_supplies` are the others. A
    possible stop is explained with all gaps at their bad end at once.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("worked_example")
    >>> for step in supplynet.explain(net, "missile", "cofe").because:
    ...     print(step.node, "lacks", step.need)
    missile lacks magnet
    magnet_1 lacks cobalt_iron
    magnet_2 lacks cobalt_iron
    """
    question = ask(net, target, by=by, on=on, coverage=coverage, **later)
    names = (lost,) if isinstance(lost, str) else tuple(dict.fromkeys(lost))
    compiled = compile_network(net, question.on, question.coverage)
    units = compile_units(net, compiled, by)
    taken: list[Unit | Gap] = [units.named(name) for name in names]
    strict = Reading(compiled, LOW, question.target)
    recorded = Reading(compiled, ILLUSTRATIVE, question.target)
    # Of which unit a node is part only matters where one is lost.
    gaps = (*compiled.gaps, *(units.gaps(compiled, question.target) if taken else ()))
    certainty: str | None = None
    reading = recorded
    assumed_bad: tuple[Gap, ...] = ()
    if strict.stops(taken):
        certainty, reading = "certain", strict
    elif recorded.stops(taken):
        certainty = "assumed"
    elif recorded.stops([*taken, *gaps]):
        certainty, assumed_bad = "possible", gaps
    losses = [*taken, *assumed_bad]
    status = {None: "runs", "certain": "stopped"}.get(certainty, "possibly_stopped")
    if strict.stops():
        status = "already_stopped"
    return Explanation(
        question=question,
        lost=names,
        status=status,
        certainty=certainty,
        because=reading.because(losses, question.target) if certainty else (),
        gaps=tuple(g.id for g in assumed_bad if recorded.reaches(g)),
        held=_held(reading, losses, question.target),
        not_upstream=tuple(
            name for name, unit in zip(names, taken, strict=True) if not recorded.reaches(unit)
        ),
        uninformative=recorded.uninformative,
    )


def _held(reading: Reading, losses: Sequence[Unit | Gap], target: str) -> tuple[Held, ...]:
    """Return the target's needs that are met, sorted by need."""
    compiled = reading.compiled
    runs = reading.run(losses)
    cut = frozenset(edge for item in losses for edge in item.edges)
    found = []
    for position in compiled.slots_of[compiled.index[target]]:
        slot = compiled.slots[position]
        if slot.rank == STRUCTURE or slot.rank < reading.level:
            continue
        if reading.met(position, runs, cut):
            edges = compiled.reached_by[position]
            delivering = [e for e in edges if reading.delivers(e, runs, cut)]
            share = reading.delivered(position, runs, cut)
            step = reading.step(position, delivering, share)
            found.append(Held(target, slot.need, step.failed_supplies, share))
    return tuple(sorted(found, key=lambda h: (h.need, h.supplies)))
