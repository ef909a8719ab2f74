"""Names: ids made from them, and names that may be one name spelt twice."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from supplynet.intake.headings import key

__all__ = ["alike", "make_ids", "slug"]

#: Forms of firms: they tell no two firms apart for a reader, but may do so in law.
_LEGAL = re.compile(
    r"\b(?:(?:ltd|limited|llc|llp|lp|plc|inc|incorporated|corp|corporation|company|co|kg|kgaa|ohg"
    r"|gmbh|ag|se|sa|sas|sarl|spa|srl|bv|nv|ab|as|asa|oy|oyj|aps|kk|pty|pte|pvt|bhd|sdn|jsc|ojsc|pjsc"
    r"|ooo|holdings?|group)\b\.?)"
)
_CLOSE = 0.9
_MIN_CLOSE = 5
#: More names than this are only compared where they start alike.
_MAX_COMPARED = 1000
_MANY = 20_000


def slug(name: str) -> str:
    """Return a readable id made from a name.

    Examples
    --------
    >>> slug("Less Common Metals Ltd."), slug("Müller & Søn"), slug("包头")
    ('less_common_metals_ltd', 'muller_son', '包头')
    """
    name = name.translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    if not any(character.isalnum() for character in plain):
        plain = unicodedata.normalize("NFKC", name)
    return "_".join(re.findall(r"[^\W_]+", plain.casefold())) or "unnamed"


_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "Æ": "AE"})


def make_ids(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return an id for each name; the order in which they are given does not matter.

    Examples
    --------
    >>> make_ids(["LCM", "Lcm", "Lynas"])
    {'LCM': 'lcm', 'Lcm': 'lcm_2', 'Lynas': 'lynas'}
    """
    used = {key(text) for text in taken}
    ids: dict[str, str] = {}
    for name in sorted(set(names)):
        base = candidate = slug(name)[:80]
        number = 1
        while key(candidate) in used:
            number += 1
            candidate = f"{base}_{number}"
        used.add(key(candidate))
        ids[name] = candidate
    return ids


def _firm(name: str) -> str:
    """Return a name without what only says which form of firm it is."""
    words = unicodedata.normalize("NFKC", name).casefold().replace(".", "")
    return key(_LEGAL.sub(" ", words.replace(",", " ").replace("&", " and ")))


def _initials(name: str) -> str:
    words = [
        word for word in re.findall(r"[^\W\d_]+", name) if not _LEGAL.fullmatch(word.casefold())
    ]
    return "".join(word[0] for word in words).casefold() if len(words) > 2 else ""


def alike(names: Mapping[str, int]) -> list[tuple[str, tuple[str, ...], str]]:
    """Return groups of names that may be one: the one to keep, the others, and why.

    Parameters
    ----------
    names
        Each name and how often it occurs; the most frequent of a group is kept, then the longest.

    Examples
    --------
    >>> alike({"Lynas": 3, "LYNAS Ltd.": 1, "Toda": 1})
    [('Lynas', ('LYNAS Ltd.',), 'the same but for the legal form')]
    """
    listed = sorted(names)
    leader = {name: name for name in listed}
    reasons: dict[str, str] = {}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    def join(first: str, second: str, why: str) -> None:
        a, b = root(first), root(second)
        if a != b:
            leader[max(a, b)] = min(a, b)
            reasons.setdefault(min(a, b), reasons.pop(max(a, b), why))

    for why, form in (
        ("the same but for case, blanks or punctuation", key),
        ("the same but for the legal form", _firm),
    ):
        first: dict[str, str] = {}
        for name in listed:
            if word := form(name):
                join(first.setdefault(word, name), name, why)
    short = {key(name): name for name in listed if name.isupper() and 2 < len(key(name)) < 8}
    for name in listed:
        if (letters := _initials(name)) in short and short[letters] != name:
            join(short[letters], name, "the initials of the other")
    for one, other in _close(listed):
        join(one, other, "close spelling")
    groups: dict[str, list[str]] = {}
    for name in listed:
        groups.setdefault(root(name), []).append(name)
    found = []
    for head, group in sorted(groups.items()):
        if len(group) > 1:
            keep = min(group, key=lambda name: (-names[name], -len(name), name))
            others = tuple(name for name in group if name != keep)
            found.append((keep, others, reasons[head]))
    return found


def _close(listed: Sequence[str]) -> list[tuple[str, str]]:
    """Return pairs of names that differ by a slip of the pen."""
    letters = 0 if len(listed) <= _MAX_COMPARED else 2 if len(listed) <= _MANY else 4
    blocks: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for name in listed:
        form = _firm(name)
        if len(form) >= _MIN_CLOSE:
            # Numbers tell plants and grades apart: "Mine 1" is not "Mine 2".
            block = (form[:letters], *re.findall(r"\d+", form))
            blocks.setdefault(block, []).append((form, name))
    found = []
    for pairs in blocks.values():
        pairs.sort(key=lambda pair: (len(pair[0]), pair))
        for place, (form, name) in enumerate(pairs):
            matcher = difflib.SequenceMatcher(None, "", form, autojunk=False)
            for other_form, other in pairs[place + 1 :]:
                if 2 * len(form) < _CLOSE * (len(form) + len(other_form)):
                    break  # the others are longer still
                matcher.set_seq1(other_form)
                # The first is cheap and never below the second.
                if matcher.quick_ratio() >= _CLOSE and matcher.ratio() >= _CLOSE:
                    found.append((name, other))
    return found
