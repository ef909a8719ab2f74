"""Lose each unit in turn: each node, each operator, each country, over the whole network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from supplynet.analysis._kernel.sweep import losses_of
from supplynet.analysis._kernel.sweep import sweep as lose_each
from supplynet.analysis.reading import ILLUSTRATIVE, LOW
from supplynet.analysis.whole import Whole, whole_of
from supplynet.arrays import NetworkArrays
from supplynet.errors import UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

    from supplynet.model import SupplyNetwork

__all__ = ["Sweep", "UnitLoss", "sweep"]


@dataclass(frozen=True, slots=True)
class UnitLoss:
    """What one unit takes with it.

    Attributes
    ----------
    lost
        Nodes that ran and are lost with the unit.
    stopped
        Nodes that go down besides, whatever the gaps and without illustrative needs.
    assumed
        Nodes that go down besides if illustrative needs are right.
    targets, assumed_targets
        Which of the targets asked for stop, for sure and only if illustrative needs are right.
    own
        Targets that the unit takes itself, or on which its government has a lever: it is no
        chokepoint of these.
    """

    unit: str
    lost: int
    stopped: int
    assumed: int
    targets: tuple[str, ...]
    assumed_targets: tuple[str, ...]
    own: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the loss as it stands in the JSON."""
        return {
            "unit": self.unit,
            "lost": self.lost,
            "stopped": self.stopped,
            "assumed": self.assumed,
            "targets": list(self.targets),
            "assumed_targets": list(self.assumed_targets),
            "own": list(self.own),
        }


@dataclass(frozen=True, eq=False)
class Sweep(Sequence[UnitLoss]):
    """Each unit lost in turn, the one that takes most first; counts are of nodes.

    Gaps are at their good end: what may stop besides is asked one loss at a time, with
    :func:`supplynet.lose`.
    """

    by: str
    on: date | None
    coverage: Decimal | None
    targets: tuple[str, ...]
    _names: Sequence[str]
    _order: Sequence[int]
    _lost: Sequence[int]
    _stopped: Sequence[int]
    _recorded: Sequence[int]
    _targets: Sequence[Sequence[int]]
    _recorded_targets: Sequence[Sequence[int]]
    _own: Sequence[frozenset[int]]

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[UnitLoss]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an integer or a slice
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        unit = self._order[place]
        own = {i for i, units in enumerate(self._own) if unit in units}
        sure = set(self._targets[unit])
        return UnitLoss(
            self._names[unit],
            int(self._lost[unit]),
            int(self._stopped[unit]),
            int(self._recorded[unit] - self._stopped[unit]),
            tuple(self.targets[i] for i in self._targets[unit] if i not in own),
            tuple(self.targets[i] for i in self._recorded_targets[unit] if i not in sure | own),
            tuple(self.targets[i] for i in sorted(own)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the ``result`` object of the JSON."""
        return {"each": [loss.to_dict() for loss in self]}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per unit, the one that takes most first."""
        import pandas as pd

        rows = [
            (
                x.unit,
                x.lost,
                x.stopped,
                x.assumed,
                *(";".join(names) for names in (x.targets, x.assumed_targets, x.own)),
            )
            for x in self
        ]
        columns = ["unit", "lost", "stopped", "assumed", "targets", "assumed_targets", "own"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        return f"<Sweep of {len(self):,} units by {self.by}>"


def sweep(
    net: SupplyNetwork | NetworkArrays,
    targets: Sequence[str] | str | None = None,
    *,
    by: str = "node",
    on: date | str | None = None,
    coverage: Decimal | str | int | None = None,
) -> Sweep:
    """Return what each unit takes with it when it is lost alone, over the whole network.

    Parameters
    ----------
    net
        A network, or arrays from :func:`supplynet.load_arrays`.
    targets
        Nodes of which it is said whether they stop; ``None``: those that `network.toml` lists.
    by, on, coverage
        As in :func:`supplynet.minimal_cut_sets`.

    Raises
    ------
    UnknownNameError
        A target is not known by that name.
    QuestionError
        The question cannot be asked of this network.

    Notes
    -----
    Exact on cycles. A loss that touches little is followed through what it touches and taken
    back; losses that touch much are read together, hundreds at a time.

    Examples
    --------
    >>> import supplynet
    >>> first = supplynet.sweep(supplynet.load_example("worked_example"))[0]
    >>> first.unit, first.stopped, first.targets
    ('cofe', 3, ('missile',))
    """
    whole = whole_of(net, (LOW, ILLUSTRATIVE), by=by, on=on, coverage=coverage)
    if targets is None:
        targets = () if isinstance(net, NetworkArrays) else net.meta.targets
    named = (targets,) if isinstance(targets, str) else tuple(dict.fromkeys(targets))
    place = _places(whole, named)
    outputs = [int(whole.output[i]) for i in place]
    sure = _Level(whole, 0, outputs)
    recorded = _Level(whole, 1, outputs)
    units = range(len(whole.names))
    order = sorted(units, key=lambda u: (-sure.down[u], -recorded.down[u], whole.names[u]))
    return Sweep(
        by,
        whole.on,
        whole.coverage,
        named,
        whole.names,
        order,
        sure.lost,
        [down - lost for down, lost in zip(sure.down, sure.lost, strict=True)],
        [down - lost for down, lost in zip(recorded.down, recorded.lost, strict=True)],
        sure.targets,
        recorded.targets,
        [frozenset(whole.own[whole.own_start[i] : whole.own_start[i + 1]]) for i in place],
    )


def _places(whole: Whole, names: Sequence[str]) -> list[int]:
    wanted = set(names)
    found = {node: i for i, node in enumerate(whole.nodes) if node in wanted} if wanted else {}
    for name in names:
        if name not in found:
            raise UnknownNameError("node", name, whole.nodes)
    return [found[name] for name in names]


class _Level:
    """The sweep at one level of confidence.

    Attributes
    ----------
    lost, down
        Per unit the nodes that run before: those it takes itself, and all that are down then.
    targets
        Per unit the positions of the targets that stop.
    """

    def __init__(self, whole: Whole, level: int, outputs: Sequence[int]) -> None:
        program, hits = whole.levels[level]
        losses = losses_of(program, hits, range(len(whole.names)))
        # A vertex is a node, unless products or the unnamed supplier have vertices of their own.
        alike = list(whole.output) == list(range(len(whole.nodes)))
        plain = alike and len(program.stopped) <= len(whole.nodes) + 1
        among = outputs if plain else [int(v) for v in whole.output]
        found = lose_each(program, losses, among=among)
        rows = range(len(whole.names))
        self.targets: Sequence[Sequence[int]] = [()] * len(rows)
        if outputs or not plain:
            listed = [found.vertex[found.start[u] : found.start[u + 1]] for u in rows]
            number = {vertex: i for i, vertex in enumerate(outputs)}
            self.targets = [sorted(number[v] for v in map(int, r) if v in number) for r in listed]
        self.down = _plain(found.count) if plain else [len(row) for row in listed]
        self.lost = _lost(whole, program, losses)


def _plain(values: Any) -> list[int]:  # noqa: ANN401 - a list or a numpy array
    return values if isinstance(values, list) else [int(n) for n in values.tolist()]


def _lost(whole: Whole, program: Any, losses: Any) -> list[int]:  # noqa: ANN401 - kernel tuples
    from supplynet.analysis._kernel import Chain

    runs = Chain(program).run()[1]
    nodes = len(whole.nodes)
    start, vertices = losses.vertex_start, losses.vertex
    if program.fast:
        import numpy as np

        makes = runs[np.asarray(whole.output)] > 0
        counted = vertices < nodes
        counted[counted] = makes[vertices[counted]]
        before = np.concatenate(([0], np.cumsum(counted)))
        return _plain(np.diff(before[start]))
    return [
        sum(1 for v in vertices[start[u] : start[u + 1]] if v < nodes and runs[whole.output[v]])
        for u in range(len(whole.names))
    ]
