"""What happens to targets when units are lost: one scenario at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.analysis.reading import ILLUSTRATIVE, LOW, Reading
from supplynet.units import (
    Compiled,
    Gap,
    Question,
    Unit,
    Units,
    ask,
    compile_network,
    compile_units,
    resolve_targets,
)

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Loss", "TargetStatus", "lose"]


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How one target fares.

    Attributes
    ----------
    status
        ``runs``; ``stopped``; ``possibly_stopped`` (down only through illustrative needs, or if
        gaps turn out badly); ``already_stopped`` (down with nothing lost).
    lost
        Whether the target itself is among what is lost.
    not_upstream
        Units lost that reach the target by no recorded supply: nothing is said of them.
    """

    target: str
    status: str
    lost: bool
    not_upstream: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the target as it stands in the JSON; amounts are not computed yet."""
        return {
            "target": self.target,
            "status": self.status,
            "shortfall": None,
            "lost": self.lost,
            "not_upstream": list(self.not_upstream),
        }


@dataclass(frozen=True, eq=False)
class Loss:
    """The network with units lost; the fields are those of the JSON ``result``.

    Attributes
    ----------
    units
        Units lost, by name.
    lost, blocked
        Nodes lost and supplies blocked with them, by id.
    stopped
        Nodes that go down, and ran before: whatever the gaps and without illustrative needs.
    possibly_stopped
        Nodes that go down as well if illustrative needs are right or all gaps turn out badly.
    targets
        The targets asked for, in the order asked.
    uninformative
        ``node/need`` upstream of these with less than half of the shares recorded, where a
        coverage is asked for: it says little about them.
    """

    questions: tuple[Question, ...]
    units: tuple[str, ...]
    lost: tuple[str, ...]
    blocked: tuple[str, ...]
    stopped: tuple[str, ...]
    possibly_stopped: tuple[str, ...]
    targets: tuple[TargetStatus, ...]
    uninformative: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {
            "lost": list(self.lost),
            "blocked": list(self.blocked),
            "stopped": list(self.stopped),
            "possibly_stopped": list(self.possibly_stopped),
            "targets": [t.to_dict() for t in self.targets],
            "uninformative": list(self.uninformative),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per target: its status with the units lost."""
        import pandas as pd

        rows = [(t.target, t.status) for t in self.targets]
        return pd.DataFrame(rows, columns=["target", "status"])

    def __repr__(self) -> str:
        down = sum(t.status == "stopped" for t in self.targets)
        return (
            f"<Loss of {', '.join(self.units) or 'nothing'}: {len(self.stopped)} nodes stop, "
            f"{down} of {len(self.targets)} targets>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


def lose(
    net: SupplyNetwork,
    targets: Sequence[str] | str | None,
    units: Sequence[str] | str,
    *,
    by: str = "node",
    on: date | str | None = None,
    coverage: Decimal | str | int | None = None,
    **later: Any,  # noqa: ANN401 - handed to `ask`, which checks them
) -> Loss:
    """Return what stops when units are lost together.

    Parameters
    ----------
    net
        The network.
    targets
        Nodes to report on; ``None``: the network's targets, else the nodes that supply nobody.
    units
        Names of units of `by`; none: as things stand.
    by, on, coverage, **later
        As in :func:`supplynet.minimal_cut_sets`.

    Returns
    -------
    Loss
        Nodes lost and stopped, and how each target fares.

    Raises
    ------
    UnknownNameError
        A target or a unit is not known by that name.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    A target is ``stopped`` when the units are a certain cut set of it or hold one, and
    ``possibly_stopped`` when they are an assumed one, or stop it if all gaps turn out badly.

    Examples
    --------
    >>> import supplynet
    >>> net = supplynet.load_example("recycling_loop")
    >>> supplynet.lose(net, "missile", "mine").stopped
    ('magnet', 'missile', 'recycler', 'sep')
    """
    names = (units,) if isinstance(units, str) else tuple(dict.fromkeys(units))
    asked = resolve_targets(net, targets)
    questions = tuple(
        ask(net, target, by=by, on=on, coverage=coverage, **later) for target in asked
    )
    compiled = compile_network(net, questions[0].on, questions[0].coverage)
    known = compile_units(net, compiled, by)
    taken: list[Unit | Gap] = [known.named(name) for name in names]
    strict, recorded = Reading(compiled, LOW), Reading(compiled, ILLUSTRATIVE)
    before = set(strict.down(strict.unharmed[1]))
    lost = sorted({compiled.nodes[v] for unit in taken for v in unit.vertices})
    down = {*strict.down(strict.run(taken)), *lost}
    # Of which unit a node is part only matters where one is lost.
    gaps = [*compiled.gaps, *(known.gaps(compiled) if taken else ())]
    doubtful = {
        *recorded.down(recorded.run(taken)),
        *recorded.down(recorded.run([*taken, *gaps])),
    } - down
    blocked = {s for unit in taken if isinstance(unit, Unit) for s in unit.supplies}
    return Loss(
        questions=questions,
        units=names,
        lost=tuple(lost),
        blocked=tuple(sorted(compiled.supply_ids[s] for s in blocked)),
        stopped=tuple(sorted(down - before - set(lost))),
        possibly_stopped=tuple(sorted(doubtful)),
        targets=tuple(_fares(compiled, known, target, names, taken) for target in asked),
        uninformative=_uninformative(compiled, asked),
    )


def _uninformative(compiled: Compiled, targets: Sequence[str]) -> tuple[str, ...]:
    if not compiled.uninformative:
        return ()
    readings = (Reading(compiled, ILLUSTRATIVE, target) for target in targets)
    return tuple(sorted({need for reading in readings for need in reading.uninformative}))


def _fares(
    compiled: Compiled,
    known: Units,
    target: str,
    names: Sequence[str],
    taken: Sequence[Unit | Gap],
) -> TargetStatus:
    strict = Reading(compiled, LOW, target)
    recorded = Reading(compiled, ILLUSTRATIVE, target)
    gaps = [*compiled.gaps, *(known.gaps(compiled, target) if taken else ())]
    if strict.stops():
        status = "already_stopped"
    elif strict.stops(taken):
        status = "stopped"
    elif recorded.stops(taken) or recorded.stops([*taken, *gaps]):
        status = "possibly_stopped"
    else:
        status = "runs"
    return TargetStatus(
        target,
        status,
        any(compiled.index[target] in unit.vertices for unit in taken),
        tuple(name for name, unit in zip(names, taken, strict=True) if not recorded.reaches(unit)),
    )
