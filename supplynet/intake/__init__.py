"""The analyst's own spreadsheet to clean tables: proposed, asked, written down, repeatable."""

from __future__ import annotations

from supplynet.intake.conversion import Aside, Intake, convert
from supplynet.intake.mapping import ColumnMapping, Decision, Mapping, Merge, SheetMapping
from supplynet.intake.output import write
from supplynet.intake.proposal import Proposal, Question, answered, propose

__all__ = [
    "Aside",
    "ColumnMapping",
    "Decision",
    "Intake",
    "Mapping",
    "Merge",
    "Proposal",
    "Question",
    "SheetMapping",
    "answered",
    "convert",
    "propose",
    "write",
]
