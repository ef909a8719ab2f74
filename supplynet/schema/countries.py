"""Countries of the world: ISO 3166-1 codes, frozen in `countries.csv`, and how they are found."""

from __future__ import annotations

import csv
import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

__all__ = ["Country", "country", "country_codes", "country_name", "unknown_country"]


@dataclass(frozen=True, slots=True)
class Country:
    """One row of `countries.csv`.

    `kind` is ``current``, ``unofficial`` (in wide use, not in the standard), ``retired`` or
    ``no country``.
    """

    alpha2: str
    alpha3: str
    numeric: str
    name: str
    other_names: tuple[str, ...]
    kind: str


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in plain if character.isalnum())


@cache
def _rows() -> tuple[Country, ...]:
    text = files("supplynet.schema").joinpath("countries.csv").read_text(encoding="utf-8")
    return tuple(
        Country(
            row["alpha2"],
            row["alpha3"],
            row["numeric"],
            row["name"],
            tuple(name for name in row["other_names"].split(";") if name),
            row["kind"],
        )
        for row in csv.DictReader(text.splitlines())
    )


#: Ways to say that a country is not known. Only NA itself, in capitals, is Namibia.
_NOT_KNOWN = frozenset(
    {"na", "n/a", "n.a.", "n.a", "null", "none", "nan", "unknown", "unk", "tbd", "tbc", "-", "?"}
)


@cache
def _by_code() -> dict[str, Country]:
    return {row.alpha2: row for row in _rows()}


@cache
def _by_name() -> dict[str, str]:
    """Return every folded code and name of a current country, and its code."""
    found: dict[str, str] = {}
    for row in _rows():
        if row.kind in ("current", "unofficial"):
            for text in (row.alpha2, row.alpha3, row.numeric, row.name, *row.other_names):
                if text:
                    found.setdefault(_fold(text), row.alpha2)
    return found


@cache
def country_codes() -> frozenset[str]:
    """Return the codes that a `country` field may hold."""
    return frozenset(row.alpha2 for row in _rows() if row.kind in ("current", "unofficial"))


@lru_cache(maxsize=4096)
def country(text: str) -> tuple[str | None, str | None]:
    """Return the ISO 3166-1 alpha-2 code of a country, and a note where it was not given so.

    Parameters
    ----------
    text
        A code (two or three letters, or the number) or a name.

    Returns
    -------
    tuple
        The code, ``None`` if there is no such country; and what was read as what, ``None`` if
        the text was the code already.

    Examples
    --------
    >>> country("CN")
    ('CN', None)
    >>> country("UK")
    ('GB', "'UK' is read as GB (United Kingdom)")
    >>> country("EU")
    (None, None)
    """
    known = _by_code().get(text)
    if known is not None and known.kind == "current":
        return text, None
    if text.strip().casefold() in _NOT_KNOWN:
        return None, None
    folded = _fold(text)
    if folded.isdecimal():
        folded = folded.zfill(3)
    code = _by_name().get(folded)
    if code is None:
        return None, None
    if code == text:
        return code, f"{code} ({country_name(code)}) is in wide use but not an ISO 3166-1 code"
    return code, f"{text!r} is read as {code} ({country_name(code)})"


def country_name(code: str) -> str:
    """Return the usual English name of a country code, the code itself if it is not known.

    Examples
    --------
    >>> country_name("KR"), country_name("CN")
    ('South Korea', 'China')
    """
    row = _by_code().get(code)
    if row is None:
        return code
    # The standard sorts by the telling word ("Korea, Republic of"); people say it otherwise.
    return row.other_names[0] if "," in row.name and row.other_names else row.name


def unknown_country(text: str) -> tuple[str, str]:
    """Return what is wrong with a text that names no country, and what to write instead.

    Examples
    --------
    >>> unknown_country("AN")
    ("'AN' is a retired code (Netherlands Antilles)", 'Use the code of the country of today')
    >>> unknown_country("Chnia")
    ("'Chnia' is no country", 'Did you mean CN (China)?')
    """
    known = _by_code().get(text.upper())
    if known is not None and known.kind == "retired":
        what = f"{text!r} is a retired code ({known.name})"
        return what, "Use the code of the country of today"
    if known is not None and known.kind == "no country":
        what = f"{text!r} is no country ({known.name})"
        return what, "Use an ISO 3166-1 code such as CN, or leave it blank if not known"
    if text == "*":
        return f"{text!r} is no country", "Leave the cell blank: blank means all"
    if text.strip().casefold() in _NOT_KNOWN:
        hint = " (Namibia is NA)" if _fold(text) == "na" else ""
        return f"{text!r} is no country", f"Leave it blank if not known{hint}"
    if len(_fold(text)) <= 3:
        near = difflib.get_close_matches(text.upper(), sorted(country_codes()), n=1, cutoff=0.6)
    else:
        close = difflib.get_close_matches(_fold(text), sorted(_by_name()), n=1, cutoff=0.7)
        near = [_by_name()[name] for name in close]
    if near:
        return f"{text!r} is no country", f"Did you mean {near[0]} ({country_name(near[0])})?"
    what = f"{text!r} is no country"
    return what, "Use an ISO 3166-1 code such as CN, or leave it blank if not known"
