"""JSON as it is written: every object knows its line, every number its digits.

Python's own reader keeps the last of two equal keys, takes NaN, turns 0.10 into a binary fraction
and cannot say where an object stood. Here each of these is text or a finding.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise

from supplynet.errors import Finding
from supplynet.io.csvtext import Refused, decode
from supplynet.text import clamp

__all__ = ["MAX_DEPTH", "JsonList", "JsonNumber", "JsonObject", "read_json_text"]

MAX_DEPTH = 100
_MAX_NUMBER = 60
_MAX_FINDINGS = 20
_TOKEN = re.compile(
    r"[ \t\r\n]*(?:"
    r"(?P<mark>[][{},:])"
    r'|(?P<text>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.+-])"
    r"|(?P<word>[A-Za-z+-][A-Za-z0-9_.+-]*)"
    r")"
)
_BLANK = re.compile(r"[ \t\r\n]*")
_WORDS = {"true": True, "false": False, "null": None}
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


class JsonNumber(str):
    """A number as its digits stand in the file."""

    __slots__ = ()


class JsonObject(dict[str, object]):
    """An object, and the line on which it begins."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__()


class JsonList(list[object]):
    """A list, the line on which it begins, and the line of each item."""

    __slots__ = ("line", "lines")

    def __init__(self, line: int) -> None:
        self.line = line
        self.lines: list[int] = []
        super().__init__()


def read_json_text(data: bytes, name: str) -> object:
    r"""Return the value of a JSON file, or raise ``Refused`` with all that is wrong.

    Parameters
    ----------
    data
        The content of the file, UTF-8.
    name
        Its name, for messages.

    Returns
    -------
    object
        A ``JsonObject``, ``JsonList``, ``JsonNumber``, ``str``, ``bool`` or ``None``.

    Raises
    ------
    Refused
        The text is no JSON, nests more than 100 deep, repeats a key, or holds NaN, a number of
        more than 60 characters, NUL or half a surrogate pair.

    Examples
    --------
    >>> found = read_json_text(b'[{"id": "007",\n  "share": 0.10}]', "a.json")
    >>> found[0], found[0].line
    ({'id': '007', 'share': '0.10'}, 1)
    """
    return _Parser(decode(data, name, "utf-8"), name).document()


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.findings: list[Finding] = []
        #: Keys and where they stand, of each object that is still open.
        self.keys: list[dict[str, int]] = []

    def line(self, position: int) -> int:
        return bisect_right(self.starts, position)

    def where(self, position: int) -> str:
        line = self.line(position)
        return f"{self.name}:{line}:{position - self.starts[line - 1] + 1}"

    def note(self, position: int, what: str, fix: str) -> None:
        self.findings.append(Finding(self.where(position), what, fix))
        if len(self.findings) >= _MAX_FINDINGS:
            raise Refused(*self.findings)

    def stop(self, position: int, what: str, fix: str = "Check the file as JSON") -> Refused:
        return Refused(*self.findings, Finding(self.where(position), what, fix))

    def tokens(self) -> Iterator[tuple[int, str, str]]:
        """Yield position, kind and text of each token, and a last one of the kind ``end``."""
        position = 0
        while True:
            position = _end(_BLANK, self.text, position)
            if position == len(self.text):
                yield position, "end", ""
                return
            match = _TOKEN.match(self.text, position)
            if match is None or match.lastgroup is None:
                raise self.stop(position, _no_token(self.text, position))
            yield position, match.lastgroup, match[match.lastgroup]
            position = match.end()

    def document(self) -> object:
        """Return the value; iterative, so that no depth of nesting ends in an overflow."""
        top = JsonList(1)
        open_: list[JsonObject | JsonList] = [top]
        keys: list[str] = [""]
        # What may come next: a value, a key, a colon, or what follows a value.
        state = "value"
        empty = False
        for (position, kind, text), (_, _, after) in pairwise([*self.tokens(), (0, "", "")]):
            where = open_[-1]
            if kind == "end":
                if len(open_) > 1 or state != "after":
                    what = "the text ends within a value: brackets or braces are still open"
                    raise self.stop(position, what)
                break
            if state == "after" and len(open_) == 1:
                raise self.stop(position, f"{clamp(text, 40)} follows the end of the document")
            if state == "colon":
                if text != ":" or kind != "mark":
                    raise self.stop(position, f"{clamp(text, 40)} where a colon is wanted")
                state = "value"
                continue
            if kind == "mark" and text in "]}":
                ends = "]" if isinstance(where, JsonList) else "}"
                if text != ends or not (state == "after" or empty):
                    raise self.stop(position, f"{text} where it cannot stand")
                if isinstance(open_.pop(), JsonObject):
                    self.keys.pop()
                keys.pop()
                state, empty = "after", False
                continue
            if state == "after":
                if text != "," or kind != "mark":
                    raise self.stop(position, f"{clamp(text, 40)} where a comma is wanted")
                state = "key" if isinstance(where, JsonObject) else "value"
                continue
            empty = False
            if state == "key":
                if kind != "text":
                    raise self.stop(position, f"{clamp(text, 40)} where a key in quotes is wanted")
                keys[-1] = self.string(position, text)
                self.check_key(position, keys[-1])
                state = "colon"
                continue
            value = self.value(position, kind, text)
            if isinstance(where, JsonObject):
                where[keys[-1]] = value
            else:
                where.append(value)
                where.lines.append(self.line(position))
            state = "after"
            if isinstance(value, (JsonObject, JsonList)):
                open_.append(value)
                keys.append("")
                if len(open_) > MAX_DEPTH + 1:
                    raise self.stop(position, f"nested more than {MAX_DEPTH} deep", "Flatten it")
                if isinstance(value, JsonObject):
                    self.keys.append({})
                state = "key" if isinstance(value, JsonObject) else "value"
                empty = after in ("]", "}")
        if self.findings:
            raise Refused(*self.findings)
        return top[0]

    def check_key(self, position: int, key: str) -> None:
        seen = self.keys[-1]
        if key in seen:
            what = f"key {clamp(key, 60)!r} is already used in line {self.line(seen[key])}"
            self.note(position, what, "Delete one")
        seen.setdefault(key, position)

    def value(self, position: int, kind: str, text: str) -> object:
        if kind == "mark":
            if text == "{":
                return JsonObject(self.line(position))
            if text == "[":
                return JsonList(self.line(position))
            raise self.stop(position, f"{text} where a value is wanted")
        if kind == "text":
            return self.string(position, text)
        if kind == "number":
            if len(text) > _MAX_NUMBER:
                what = f"a number of {len(text):,} characters"
                self.note(position, what, f"At most {_MAX_NUMBER} characters")
            return JsonNumber(text)
        if text in _WORDS:
            return _WORDS[text]
        if text.lstrip("+-").casefold() in ("nan", "infinity", "inf"):
            self.note(position, f"{text} is no number", "Write null, or leave it out, if not known")
            return None
        raise self.stop(position, f"{clamp(text, 40)} is no value", "Put text in double quotes")

    def string(self, position: int, text: str) -> str:
        value: str = json.loads(text)
        if _UNREADABLE.search(value):
            what = f"{clamp(ascii(value), 60)} holds a character that no file can hold"
            self.note(position, what, "Delete NUL and halves of surrogate pairs")
        return value


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return position if match is None else match.end()


def _no_token(text: str, position: int) -> str:
    character = text[position]
    if character == '"':
        return "a text that does not end on its line, or holds a backslash that means nothing"
    if character in "-.0123456789":
        return "no number as JSON writes it (0.5, -1, 1e3)"
    return f"{character!r} where it cannot stand"
