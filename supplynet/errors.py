"""The errors of supplynet.

::

    SupplyNetError
    +-- ValidationError (ValueError)     the data break a rule; .findings lists all of them
    +-- QuestionError (ValueError)       the question cannot be asked of this network
    +-- UnknownNameError (KeyError)      no node, unit, target or example of that name
    +-- OutputError (OSError)            a file could not be written; the old one is intact

Each also is the builtin that a caller would catch. A message says where, what and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Finding",
    "Level",
    "OutputError",
    "QuestionError",
    "SupplyNetError",
    "UnknownNameError",
    "ValidationError",
    "did_you_mean",
]

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that checking the data brought up: where, what, and what to do.

    Examples
    --------
    >>> print(Finding("supplies.csv:14", "share is 1.3, must be 0-1", "Shares are fractions"))
    supplies.csv:14: share is 1.3, must be 0-1. Shares are fractions.
    """

    where: str
    what: str
    fix: str = ""
    level: Level = "error"

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        sentences = [text, self.fix] if self.fix else [text]
        return " ".join(
            part if part.endswith((".", "?", "!")) else f"{part}." for part in sentences
        )

    def to_dict(self) -> dict[str, str]:
        """Return the finding as JSON values."""
        return {"where": self.where, "what": self.what, "fix": self.fix, "level": self.level}


class SupplyNetError(Exception):
    """Anything that supplynet refuses, with a message meant for the analyst."""


class ValidationError(SupplyNetError, ValueError):
    """The data break a rule; all findings come at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(f) for f in self.findings))


class QuestionError(SupplyNetError, ValueError):
    """The question cannot be asked of this network as it stands."""


class UnknownNameError(SupplyNetError, KeyError):
    """No node, unit, target, material or example has that name."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"no {kind} {name!r}.{did_you_mean(name, known)}")

    def __str__(self) -> str:  # KeyError would print the repr
        return str(self.args[0])


class OutputError(SupplyNetError, OSError):
    """A file could not be written; what stood there before is intact."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, or an empty string.

    Examples
    --------
    >>> did_you_mean("misile", ["missile", "magnet"])
    " Did you mean 'missile'?"
    >>> did_you_mean("zzz", ["missile"])
    ''
    """
    folded: dict[str, str] = {}
    for candidate in sorted(known):
        folded.setdefault(candidate.casefold(), candidate)
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""
