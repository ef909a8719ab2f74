"""What a heading may mean: the names of the schema first, then the words that analysts use."""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from supplynet.schema import TABLES, FieldSpec, fold

__all__ = [
    "How",
    "Match",
    "is_heading",
    "key",
    "matches",
    "roles",
    "says_percent",
    "sheet_table",
    "table_names",
    "unit_in",
]

How = Literal["exact name", "known word", "ask", "close spelling", "by content"]

_PERCENT = re.compile(r"%|\bper ?cents?\b|\bpct\b|\bpercentage\b|\bprozent\b|\bpour ?cent\b")
_PARENTHESIS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_FOOTNOTE = re.compile(r"[\s*†‡:¹²³]+$")
#: What may stand between a word and the end of a supply it is about: "country of the supplier".
_BETWEEN = re.compile(r"(?:ofthe|of|der|des|du|de|by)$")
_DAYS = re.compile(r"day|tage|jour|\bd\b")
_HALVES = re.compile(r"[/|]|\s[-–]\s")
_MIN_CLOSE = 5
_CLOSE = 0.85
#: What is said of a node and cannot be said of an end of a supply in the same row.
_NOT_OF_ENDS = frozenset({"id", "name", "references", "note"})
_ENDS = {"supplies": ("supplier", "consumer"), "holdings": ("owner", "asset")}


@dataclass(frozen=True, slots=True)
class Match:
    """What a column may be.

    Attributes
    ----------
    role
        A field of the table, or what the row says of another row: ``supplier.country``.
    how
        How it is known. Only ``exact name`` and ``known word`` are taken without asking.
    percent
        Whether the heading says that its numbers are percent.
    """

    role: str
    how: How
    percent: bool = False

    @property
    def sure(self) -> bool:
        """Whether it may be taken without asking."""
        return self.how in ("exact name", "known word")


def key(text: str) -> str:
    """Return letters and digits only, without case: how headings are compared.

    Examples
    --------
    >>> key("Supplier-Name:")
    'suppliername'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in plain if character.isalnum())


@cache
def table_names() -> tuple[str, ...]:
    """Return the tables that a sheet can be, those tried first first."""
    first = ("supplies", "holdings", "nodes", "entities", "needs", "materials", "references")
    return (*first, *(name for name in TABLES if name not in (*first, "network")))


@cache
def roles(table: str) -> Mapping[str, FieldSpec]:
    """Return what a column of a sheet of that table can be, and the field that reads its cells.

    Beside the fields of the table these are fields of the rows that it names: a sheet of supplies
    says ``supplier.country``, and ``supplier.owner`` makes a row of `holdings`.
    """
    found = {field.name: field for field in TABLES[table]}
    if table in ("nodes", "entities"):
        found["owner"] = TABLES["holdings"]["owner"]
        found["owner.country"] = TABLES["entities"]["country"]
        found["owner.share"] = TABLES["holdings"]["share"]
    if table == "nodes":
        found["operator.country"] = TABLES["entities"]["country"]
    if table == "supplies":
        for end in _ENDS[table]:
            for name, field in roles("nodes").items():
                if name not in _NOT_OF_ENDS:
                    found[f"{end}.{name}"] = field
    if table == "holdings":
        found["owner.country"] = TABLES["entities"]["country"]
        found["owner.kind"] = TABLES["entities"]["kind"]
        found["asset.country"] = TABLES["entities"]["country"]
    return found


@cache
def _words() -> tuple[tuple[str, str, str, tuple[str, ...]], ...]:
    """Return table, role, how sure, and headings, as in the data file."""
    text = files("supplynet.intake").joinpath("words.csv").read_text(encoding="utf-8")
    return tuple(
        (row["table"], row["role"], row["sure"], tuple(row["headings"].split(";")))
        for row in csv.DictReader(text.splitlines())
    )


@cache
def _lookup(table: str) -> Mapping[str, tuple[Match, ...]]:
    """Return every known heading of a table and what it may mean."""
    found: dict[str, dict[str, Match]] = {}
    exact = {key(field.name): field.name for field in TABLES[table]}
    for word, name in exact.items():
        found[word] = {name: Match(name, "exact name")}
    for field in TABLES[table]:
        for alias in field.aliases:
            if key(alias.name) not in exact:
                match = Match(field.name, "known word", alias.divisor == 100)
                found.setdefault(key(alias.name), {}).setdefault(field.name, match)
    doubtful = set()
    for place, role, sure, headings in _words():
        if place != table:
            continue
        for heading in headings:
            if key(heading) not in exact:
                found.setdefault(key(heading), {}).setdefault(role, Match(role, "known word"))
                if sure == "ask":
                    doubtful.add(key(heading))
    return {
        word: tuple(
            Match(match.role, "ask", match.percent)
            if word in doubtful or len(by_role) > 1
            else match
            for match in by_role.values()
        )
        for word, by_role in found.items()
    }


@cache
def _end_words(table: str) -> tuple[tuple[str, str], ...]:
    """Return the words for the two ends of a row, the longest first: "vendor" is a supplier."""
    ends = _ENDS.get(table, ())
    pairs = {
        (word, match.role)
        for word, found in _lookup(table).items()
        for match in found
        if match.role in ends and (match.sure or word in ("source", "target"))
    }
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[0]), pair)))


def _composed(word: str, table: str) -> tuple[Match, ...]:
    """Return the meaning of headings of two parts: "Vendor country", "Country of the buyer"."""
    about = _lookup("nodes" if table == "supplies" else "entities")
    for end_word, end in _end_words(table):
        if word.startswith(end_word):
            rest = word[len(end_word) :]
        elif word.endswith(end_word):
            rest = _BETWEEN.sub("", word[: -len(end_word)])
        else:
            continue
        if rest in ("name", "names", "company", "id"):
            return (Match(end, "known word"),)
        found = tuple(
            Match(f"{end}.{match.role}", "known word" if match.sure else "ask", match.percent)
            for match in about.get(rest, ())
            if f"{end}.{match.role}" in roles(table)
        )
        if found:
            return found
    return ()


def _variants(heading: str) -> Iterator[str]:
    """Yield the forms in which a heading is looked up, the most telling first."""
    text = _FOOTNOTE.sub("", " ".join(heading.split())).casefold()
    seen = set()
    for form in (
        _PERCENT.sub(" percent ", text),
        _PERCENT.sub(" ", text),
        _PARENTHESIS.sub(" ", text),
        _PERCENT.sub(" ", _PARENTHESIS.sub(" ", text)),
    ):
        word = key(form)
        if word and word not in seen:
            seen.add(word)
            yield word


def unit_in(heading: str) -> str:
    """Return what stands in parentheses after a heading, blank if nothing does.

    Examples
    --------
    >>> unit_in("Volume (t/yr)"), unit_in("Lead time [weeks]"), unit_in("Volume")
    ('t/yr', 'weeks', '')
    """
    found = _PARENTHESIS.findall(heading)
    return found[-1][1:-1].strip() if found else ""


def _other_unit(heading: str, spec: FieldSpec) -> bool:
    """Return whether a heading names another unit than that of the field: weeks are no days."""
    unit = unit_in(heading).casefold()
    return spec.unit == "days" and bool(unit) and unit not in ("d", "day", "days", "tage", "jours")


def _in_no_unit(heading: str, spec: FieldSpec) -> bool:
    """Return whether a heading does not say that its numbers are days: they may be weeks."""
    return spec.unit == "days" and not _DAYS.search(heading.casefold())


def says_percent(heading: str) -> bool:
    """Return whether a heading says that its numbers are percent."""
    return _PERCENT.search(heading.casefold()) is not None


def matches(heading: str, table: str, beside: Sequence[str] = ()) -> tuple[Match, ...]:
    """Return what a heading may mean in a sheet of that table, the likeliest first.

    Parameters
    ----------
    heading
        The heading as written.
    table
        The table.
    beside
        All headings of the sheet: `Source` beside `Target` is a supplier, alone it may be where
        something is written.

    Examples
    --------
    >>> matches("Vendor country", "supplies")
    (Match(role='supplier.country', how='known word', percent=False),)
    >>> [match.role for match in matches("Source", "supplies")]
    ['supplier', 'references']
    >>> matches("Share of supply (%)", "supplies")
    (Match(role='share', how='known word', percent=True),)
    """
    percent = says_percent(heading)
    words = list(_variants(heading))
    if not words:
        return (Match("share", "ask", True),) if percent and "share" in roles(table) else ()
    if table == "supplies" and words[0] in ("source", "target"):
        others = {key(other) for other in beside}
        if {"source", "target"} <= others:
            return (Match("supplier" if words[0] == "source" else "consumer", "known word"),)
    for word in words:
        found = _lookup(table).get(word) or _composed(word, table)
        kept = tuple(
            Match(match.role, match.how, match.percent or percent)
            for match in found
            if (not percent or roles(table)[match.role].is_share)
            and not _other_unit(heading, roles(table)[match.role])
        )
        if kept:
            if kept[0].how == "known word" and _in_no_unit(heading, roles(table)[kept[0].role]):
                return tuple(Match(match.role, "ask", match.percent) for match in kept)
            if word != words[0] and kept[0].how == "exact name":
                return (Match(kept[0].role, "known word", kept[0].percent), *kept[1:])
            return kept
    if twice := _in_two_languages(heading, table):
        return twice
    if len(words[-1]) >= _MIN_CLOSE:
        near = difflib.get_close_matches(words[-1], sorted(_lookup(table)), n=1, cutoff=_CLOSE)
        if near:
            return tuple(
                Match(match.role, "close spelling", percent)
                for match in _lookup(table)[near[0]]
                if not percent or roles(table)[match.role].is_share
            )
    return ()


def _in_two_languages(heading: str, table: str) -> tuple[Match, ...]:
    """Return what both halves of a heading mean: "Lieferant / Supplier"."""
    parts = [part for part in _HALVES.split(heading) if key(part)]
    if len(parts) != 2:
        return ()
    one, other = (matches(part, table) for part in parts)
    both = [
        (match, twin)
        for match in one
        for twin in other
        if match.role == twin.role and "close spelling" not in (match.how, twin.how)
    ]
    sure = len(both) == 1 and any(match.sure for match in both[0])
    return tuple(
        Match(match.role, "known word" if sure else "ask", match.percent or twin.percent)
        for match, twin in both
    )


@cache
def is_heading(text: str) -> bool:
    """Return whether a cell is a known heading of any table."""
    if not text or len(text) > 60:
        return False
    words = list(_variants(text))
    return any(
        any(word in _lookup(table) or _composed(word, table) for word in words)
        or _in_two_languages(text, table)
        for table in table_names()
    )


@cache
def sheet_table(name: str) -> str | None:
    """Return the table that the name of a sheet says it is."""
    if fold(name) in table_names():
        return fold(name)
    word = re.sub(r"\d+$", "", key(name))
    for place, table, _, headings in _words():
        if place == "sheet" and word in {key(heading) for heading in headings}:
            return table
    return word if word in table_names() else None
