"""What proves a cut set: what is down and why, and per member how the target runs without it.

- A *stop certificate* is a set of things that are down, each with its reason: it is lost, it does
  not operate, or so many supplies of one of its needs fail that it is not met, each blocked or
  from something in the set. Failure is the greatest fixpoint of that rule, so every such set is
  down, loops included.
- A *run certificate* is an order of starting: each need of a thing is met by supplies from things
  that stand earlier. Production is the least fixpoint, so all of it runs; a loop that feeds only
  itself has no such order.

`certificates` makes them with the engine, `checker` checks them without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Certificates", "Met", "Place", "Run", "Started", "Stopped", "Verdict"]

#: A node (None, False), a product of a node (its name, False), or any product of it (None, True).
Place = tuple[str, str | None, bool]


@dataclass(frozen=True, slots=True)
class Stopped:
    """One thing that is down, and why.

    Attributes
    ----------
    node, product, any_product
        A node; with `product` only that product of it; with `any_product` all that it makes,
        where each product has needs of its own.
    why
        ``lost``, ``idle`` (does not operate on the date), ``need`` or ``products`` (each of them
        is down).
    of
        The unit or gap that takes it, where it is lost.
    need, supplies
        A need of it, and supplies that fail: all that deliver on the date, or so many that the
        rest does not reach the coverage asked for.
    blocked
        Those of `supplies` that fail themselves, whoever supplies: taken by a unit or a gap, or
        not active on the date. The others come from something that is down.
    """

    node: str
    product: str | None = None
    any_product: bool = False
    why: str = "need"
    of: str = ""
    need: str = ""
    supplies: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """What is down."""
        return (self.node, self.product, self.any_product)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "product": self.product,
            "any_product": self.any_product,
            "why": self.why,
            "of": self.of,
            "need": self.need,
            "supplies": list(self.supplies),
            "blocked": list(self.blocked),
        }


@dataclass(frozen=True, slots=True)
class Met:
    """One need that is met, and by which supplies; by none: by a supplier that nobody named."""

    need: str
    supplies: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the need as it stands in the JSON."""
        return {"need": self.need, "supplies": list(self.supplies)}


@dataclass(frozen=True, slots=True)
class Started:
    """One thing that runs, once all that stands before it in the order does."""

    node: str
    product: str | None = None
    any_product: bool = False
    met: tuple[Met, ...] = ()

    @property
    def place(self) -> Place:
        """What runs."""
        return (self.node, self.product, self.any_product)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as it stands in the JSON."""
        return {
            "node": self.node,
            "product": self.product,
            "any_product": self.any_product,
            "met": [m.to_dict() for m in self.met],
        }


@dataclass(frozen=True, slots=True)
class Run:
    """An order of starting that ends in the target, with all members lost but one.

    Attributes
    ----------
    kept
        The member that is not lost; ``None``: all are lost, and illustrative needs are taken as
        met, which shows that an assumed set is no certain one.
    order
        What starts, each after what it lives on.
    """

    kept: str | None
    order: tuple[Started, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the run as it stands in the JSON."""
        return {"kept": self.kept, "order": [s.to_dict() for s in self.order]}


@dataclass(frozen=True)
class Certificates:
    """Why a cut set stops its target, and why no member of it can be left out.

    Attributes
    ----------
    target, by, on, coverage, measures, end_use, destination
        The question.
    units, gaps
        The members: what is lost, and which gaps are at their bad end.
    certainty
        ``certain``, ``assumed`` or ``possible``.
    illustrative
        Whether needs for which only illustrative rows speak count; if not, they are met.
    stop
        What is down, the target first; closed under the rule of failure.
    runs
        Per member an order of starting without it; for an assumed set one more.
    """

    target: str
    by: str
    on: date | None
    units: tuple[str, ...]
    gaps: tuple[str, ...]
    certainty: str
    illustrative: bool
    stop: tuple[Stopped, ...]
    runs: tuple[Run, ...]
    coverage: Decimal | None = None
    measures: str = "ignored"
    end_use: str | None = None
    destination: str | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """Units and gaps."""
        return (*self.units, *self.gaps)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificates as they stand in the JSON."""
        return {
            "units": list(self.units),
            "gaps": list(self.gaps),
            "certainty": self.certainty,
            "illustrative": self.illustrative,
            "stop": [s.to_dict() for s in self.stop],
            "runs": [r.to_dict() for r in self.runs],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per step and need: certificate, kept, step, node, product, need, ..."""
        import pandas as pd

        rows: list[tuple[Any, ...]] = [
            ("stop", None, i, s.node, s.product, s.why, s.need or s.of, ";".join(s.supplies))
            for i, s in enumerate(self.stop, start=1)
        ]
        for run in self.runs:
            for i, started in enumerate(run.order, start=1):
                for met in started.met or (Met(""),):
                    rows.append(
                        (
                            "run",
                            run.kept,
                            i,
                            started.node,
                            started.product,
                            "met" if met.need else "no needs",
                            met.need,
                            ";".join(met.supplies),
                        )
                    )
        columns = ["certificate", "kept", "step", "node", "product", "why", "what", "supplies"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        members = ", ".join(self.members) or "nothing"
        return (
            f"<Certificates of {members} by {self.by} for {self.target!r}: {self.certainty}; "
            f"{len(self.stop)} down, {len(self.runs)} runs>"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, escape=True))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether certificates hold.

    Attributes
    ----------
    units, gaps
        The set.
    stops
        Whether the stop certificate holds; ``None``: not checked.
    minimal
        Whether each member has a run certificate that holds; ``None``: not checked.
    reasons
        Why not, one sentence each.
    not_checked
        Why nothing was checked; blank where it was.
    rests_on
        What was taken over without a check of its own; blank: nothing.
    """

    units: tuple[str, ...]
    gaps: tuple[str, ...]
    stops: bool | None
    minimal: bool | None
    reasons: tuple[str, ...] = ()
    not_checked: str = ""
    rests_on: str = ""

    @property
    def verified(self) -> bool:
        """Whether the set stops the target and each member is needed."""
        return self.stops is True and self.minimal is True

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as it stands in the JSON."""
        return {
            "units": list(self.units),
            "gaps": list(self.gaps),
            "stops": self.stops,
            "minimal": self.minimal,
            "reasons": list(self.reasons),
            "not_checked": self.not_checked or None,
            "rests_on": self.rests_on or None,
        }

    def __str__(self) -> str:
        members = " + ".join((*self.units, *self.gaps)) or "nothing"
        if self.not_checked:
            return f"{members}: not checked: {self.not_checked}"
        return f"{members}: verified" if self.verified else f"{members}: {'; '.join(self.reasons)}"
