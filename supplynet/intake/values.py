"""Cells to the text that a clean table holds. What cannot be read for sure is said, not guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from supplynet.io.convert import Findings, convert_column
from supplynet.io.sheets import Cell
from supplynet.model import number_text
from supplynet.schema import FieldSpec, country, country_codes, unknown_country

__all__ = ["BANDS", "Numbers", "Reading", "is_percent", "parse_number", "read_cell", "shown"]

_Parser = Callable[[str], tuple[Decimal | None, str]]
Numbers = Literal["fraction", "percent", ""]

#: Where the low and the high end of a band are kept, by table and field.
BANDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("supplies", "share"): ("share_low", "share_high"),
    ("holdings", "share"): ("share_low", "share_high"),
    ("shares", "share"): ("low", "high"),
    ("nodes", "capacity"): ("capacity_low", "capacity_high"),
    ("nodes", "inventory_days"): ("inventory_low", "inventory_high"),
}
#: Ways to write that something is not known.
_UNKNOWN = frozenset(
    {"n/a", "na", "n.a.", "n.a", "#n/a", "-", "--", "–", "—", "?", "??", "unknown", "unk", "tbd"}
    | {"tbc", "null", "none", "nan", "not known", "not available", "k.a.", "unbekannt", "inconnu"}
    | {"n.d.", "n/d", "no data", "not specified", "unspecified", "not disclosed", "undisclosed"}
    | {"tba", "confidential", "vertraulich", "other suppliers", "rest of world", "sonstige", "rest"}
    | {"xx", "various", "several", "multiple", "diverse", "divers", "mixed", "other", "others"}
)
#: Of a date: there is one, and it is not known.
_TO_COME = frozenset(
    {"tbd", "tbc", "?", "??", "unknown", "unk", "not known", "unbekannt", "inconnu"}
)
#: Of an end: there is none.
_NO_END = frozenset(
    {"ongoing", "on-going", "open", "open-ended", "open ended", "no end", "indefinite", "permanent"}
    | {"present", "current", "unbefristet", "laufend", "offen", "en cours", "indéterminé"}
)
_SIGN = r"(?:\s*(?:%|percent|per cent|pct\.?|prozent))"
_TIME = re.compile(r"T[\d:.]+$")
_PERCENT = re.compile(rf"(.*?){_SIGN}\s*", re.IGNORECASE)
_RANGE = re.compile(rf"(.+?){_SIGN}?\s*(?:-|–|—|to|bis|à|\.\.)\s*(.+)", re.IGNORECASE)
_AT_LEAST = re.compile(
    r"(?:>=?|≥|more than|over|above|at least|min\.?|minimum|mindestens|über|au moins|plus de)"
    r"\s*(.+)",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"(?:<=?|≤|less than|under|below|up to|at most|max\.?|maximum|höchstens|bis zu|unter"
    r"|jusqu'à|moins de)\s*(.+)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:~|≈|≃|ca\.?|c\.|circa|approx\.?|approximately|about|around|roughly|est\.?|etwa|rund"
    r"|environ)\s*.*\d",
    re.IGNORECASE,
)
_OR_FRACTION = "may be percent or a fraction"
#: What a reason says where a setting of the column would decide.
_SETTINGS = {"decimal_comma = true": "decimal_comma", _OR_FRACTION: "numbers"}
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+(?:\.\d+)?")
_GROUPED_COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|[+-]?\d{1,3},\d{3}\.\d+")
_COMMA = re.compile(r"[+-]?\d+(?:,\d+)?|[+-]?\d{1,3}(?:[. '’\u00a0\u202f]\d{3})+,\d+")
_LOOKS_COMMA = re.compile(r"[+-]?\d+,\d+")
_PARTS = re.compile(r"\s*[/,;()|&]\s*|\s+(?:and|or|und|et)\s+")


@dataclass(frozen=True)
class Reading:
    """What a cell was read as.

    Attributes
    ----------
    fields
        Field name to text for the table; empty where the value is not known.
    plain
        Whether the text of the cell says the same: otherwise the original is kept beside it.
    why
        Why it could not be read; blank where it could.
    setting
        What would decide it for the whole column: ``decimal_comma`` or ``numbers``.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    plain: bool = True
    why: str = ""
    setting: str = ""


def _unread(why: str) -> Reading:
    setting = next((name for words, name in _SETTINGS.items() if words in why), "")
    return Reading(plain=False, why=why, setting=setting)


def shown(cell: Cell) -> str:
    """Return the text of a cell without the blanks around and within it that say nothing."""
    return " ".join(cell.text.split())


def is_unknown(text: str) -> bool:
    """Return whether a text says that something is not known."""
    return text.casefold() in _UNKNOWN


def is_to_come(text: str) -> bool:
    """Return whether a text says of a date that there is one which is not known yet."""
    return text.casefold() in _TO_COME


def says_no_end(text: str) -> bool:
    """Return whether a text says of an end that there is none."""
    return text.casefold() in _NO_END


def is_percent(text: str) -> bool:
    """Return whether a text ends in a percent sign."""
    return _PERCENT.fullmatch(text) is not None


def parse_number(text: str, *, decimal_comma: bool) -> tuple[Decimal | None, str]:
    """Return a number written as text, or why it is none for sure.

    Examples
    --------
    >>> parse_number("1 200.5", decimal_comma=False)
    (Decimal('1200.5'), '')
    >>> parse_number("0,7", decimal_comma=True)
    (Decimal('0.7'), '')
    >>> parse_number("1,200", decimal_comma=False)
    (None, "'1,200' may be 1.2 or 1200: say decimal_comma = true, or write the number plainly")
    """
    text = text.strip()
    if decimal_comma:
        if _COMMA.fullmatch(text):
            plain = re.sub(r"[. '’\u00a0\u202f]", "", text).replace(",", ".")
            return Decimal(plain), ""
        if _PLAIN.fullmatch(text) or "." in text:
            return None, f"{text!r} has a point where numbers have decimal commas"
    elif _PLAIN.fullmatch(text):
        return Decimal(text), ""
    elif _GROUPED.fullmatch(text) or _GROUPED_COMMAS.fullmatch(text):
        return Decimal(re.sub(r"[^\d.+-]", "", text)), ""
    elif _LOOKS_COMMA.fullmatch(text):
        whole, _, rest = text.partition(",")
        if len(rest) == 3 and whole.lstrip("+-0"):
            what = f"{text!r} may be {whole}.{rest.rstrip('0') or '0'} or {whole}{rest}"
            return None, f"{what}: say decimal_comma = true, or write the number plainly"
        return None, f"{text!r} looks like a decimal comma: say decimal_comma = true"
    return None, f"{text!r} is not a number"


def read_cell(
    cell: Cell,
    spec: FieldSpec,
    table: str,
    *,
    numbers: Numbers = "fraction",
    decimal_comma: bool = False,
    values: Mapping[str, str] | None = None,
    codes_only: bool = False,
) -> Reading:
    """Return what a cell says for a field.

    Parameters
    ----------
    cell
        The cell.
    spec, table
        The field, and the table that it belongs to.
    numbers
        What a number without a percent sign is, where the field is a fraction; blank: not known.
    decimal_comma
        Whether numbers in text have decimal commas.
    values
        What single texts of the column are to be read as; blank: not known.
    codes_only
        Whether the column holds country codes only, so that NA is Namibia.
    """
    text = shown(cell)
    if not text and cell.kind in ("blank", "text"):
        return Reading()
    if cell.kind == "error":
        return _unread(f"the cell holds the error {text}")
    if cell.kind == "formula_without_value":
        return _unread("a formula without a stored value: save the workbook again")
    given = dict(values or {})
    if text in given:
        replacement = given.pop(text)
        instead = cell if not replacement else Cell(replacement, "text")
        read = read_cell(
            instead, spec, table, numbers=numbers, decimal_comma=decimal_comma,
            values={} if replacement else given, codes_only=codes_only,
        )  # fmt: skip
        # Blank leaves out what could be read, and does not hide that the rest could not.
        why = read.why or ("" if replacement or not read.fields else "left out by the mapping")
        return replace(read, fields=read.fields if replacement else {}, plain=False, why=why)
    if spec.type in ("country", "countries"):
        return _country(text, spec, codes_only=codes_only)
    if is_unknown(text) and not (spec.allowed and text.casefold() in spec.allowed):
        return Reading(plain=False)
    if cell.kind == "date" and spec.type == "date" and _TIME.search(text):
        return Reading({spec.name: _TIME.sub("", text)}, plain=False)
    if spec.name == "end" and says_no_end(text):
        return Reading(plain=False)
    if spec.is_number:
        return _number(cell, text, spec, table, numbers, decimal_comma=decimal_comma)
    if spec.type in ("enum", "enums", "date", "partial_date"):
        why = _refused(spec, text)
        return _unread(why) if why else Reading({spec.name: text})
    return Reading({spec.name: text})


def _country(text: str, spec: FieldSpec, *, codes_only: bool) -> Reading:
    if text == "NA" and not codes_only:
        why = "'NA' may be Namibia or mean that it is not known: write Namibia, or nothing"
        return _unread(why)
    if text.casefold() == "congo":
        # One of the two is called so by the standard, the other by everybody who buys cobalt.
        return _unread("'Congo' may be CD (Kinshasa) or CG (Brazzaville): write which")
    code, _ = country(text)
    if code is None and not is_unknown(text):
        # "China / PRC" and "Taiwan (Taipei)" differ: only what all parts agree on is taken.
        found = {country(part)[0] for part in _PARTS.split(text) if part}
        known = sorted(c for c in found if c is not None)
        if len(found) == 1 and known:
            code = known[0]
        elif len(known) > 1:
            why = f"{text!r} names several countries ({', '.join(known)})"
            return _unread(why)
    if code is None:
        if text.casefold() in ("n/a", "-", "?", "unknown") or _says_nothing(text):
            return Reading(plain=False)
        what, fix = unknown_country(text)
        return _unread(f"{what}. {fix}")
    return Reading({spec.name: code}, plain=text == code)


def _says_nothing(text: str) -> bool:
    vague = ("various", "several", "multiple", "diverse", "divers", "mixed", "other", "others")
    return is_unknown(text) and text.casefold() not in vague


def _number(
    cell: Cell, text: str, spec: FieldSpec, table: str, numbers: Numbers, *, decimal_comma: bool
) -> Reading:
    if cell.kind in ("number", "percent"):
        value = Decimal(cell.text)
        if cell.kind == "number" and spec.is_share and value not in (0,):
            if not numbers:
                return _unread(f"{text} {_OR_FRACTION}")
            value = value.scaleb(-2) if numbers == "percent" else value
        return _checked({spec.name: value}, spec, plain=True)
    if spec.is_share:
        return _share(text, spec, table, numbers, decimal_comma=decimal_comma)
    return _banded(text, spec, table, lambda part: parse_number(part, decimal_comma=decimal_comma))


def _share(
    text: str, spec: FieldSpec, table: str, numbers: Numbers, *, decimal_comma: bool
) -> Reading:
    signed = _PERCENT.fullmatch(text)

    def parse(part: str) -> tuple[Decimal | None, str]:
        # In "60-70 %" the sign holds for both ends.
        own = _PERCENT.fullmatch(part)
        value, why = parse_number(own[1] if own else part, decimal_comma=decimal_comma)
        if value is None or not value:
            return value, why
        if own or signed or numbers == "percent":
            return value.scaleb(-2), ""
        if not numbers:
            return None, f"{part!r} {_OR_FRACTION}"
        return value, ""

    return _banded(text, spec, table, parse)


def _banded(text: str, spec: FieldSpec, table: str, parse: _Parser) -> Reading:
    value, why = parse(text)
    if value is not None:
        return _checked({spec.name: value}, spec, plain=True)
    band = BANDS.get((table, spec.name))
    if _ABOUT.match(text):
        number = text.lstrip("~≈≃").strip()
        hint = re.sub(r"^[^\d]*", "", number)
        fix = f"write {hint} to take it as exact" + (", or a range" if band else "")
        return _unread(f"{text!r} is not exact: {fix}")
    low, high = "", ""
    if least := _AT_LEAST.fullmatch(text):
        low = least[1]
    elif most := _AT_MOST.fullmatch(text):
        high = most[1]
    elif span := _RANGE.fullmatch(text):
        low, high = span[1], span[2]
    if not (low or high):
        return _unread(why)
    ends = {}
    for place, part in enumerate((low, high)):
        if part:
            number_, why_ = parse(part)
            if number_ is None:
                return _unread(why_ if _OR_FRACTION in why_ else why)
            ends[place] = number_
    if band is None:
        return _unread(f"{text!r} is a range, and {spec.name} holds one number")
    return _checked({band[place]: number for place, number in ends.items()}, spec, plain=False)


def _checked(fields: Mapping[str, Decimal], spec: FieldSpec, *, plain: bool) -> Reading:
    written = {name: number_text(value) for name, value in fields.items()}
    for text in written.values():
        if why := _refused(spec, text):
            return _unread(why)
    return Reading(written, plain=plain)


@lru_cache(maxsize=65_536)
def _refused(spec: FieldSpec, text: str) -> str:
    """Return why the reader of clean tables would refuse a text, blank if it takes it."""
    findings = Findings()
    convert_column(spec, spec.name, [text], lambda _: "", findings)
    wrong = [finding for finding in findings.all() if finding.level == "error"]
    return str(wrong[0]).rstrip(".").removeprefix(": ") if wrong else ""


def holds_codes_only(texts: frozenset[str]) -> bool:
    """Return whether a column of countries holds two-letter codes and nothing else but blanks."""
    known = {text for text in texts if text != "NA" and not is_unknown(text)}
    return bool(known) and known <= country_codes()
