"""JSON as it is written: every object knows its line, every number its digits.

Python's own reader keeps the last of two equal keys, takes NaN, turns 0.10 into a binary fraction
and cannot say where an object stood. Here each of these is text or a finding.
"""

from __future__ import annotations

import json
import re

from supplynet.errors import Finding
from supplynet.io.csvtext import MAX_BYTES, Refused
from supplynet.text import clamp

__all__ = ["JsonList", "JsonNumber", "JsonObject", "check_size", "read_json_text", "written"]

MAX_DEPTH = 100
_MAX_NUMBER = 60
_MAX_FINDINGS = 20
_BLANK = re.compile(r"[ \t\r\n]*")
_MARK = re.compile(r"[ \t\r\n]*([]},:])[ \t\r\n]*")
_PLAIN_TEXT = re.compile(r'"([^"\\\x00-\x1f]*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
#: What stands where a value is wanted and is neither text, list nor object.
_WORD = re.compile(r"[^ \t\r\n\[\]{},:\"]*")
_WORDS = {"true": True, "false": False, "null": None}
_UNREADABLE = re.compile("[\0\ud800-\udfff]")
_FIRST_READER = json.JSONDecoder()


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
    """A list, and the line on which each item begins."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines: list[int] = []
        super().__init__()


def check_size(size: int, name: str) -> None:
    """Raise ``Refused`` where a file has more bytes than are read."""
    if size > MAX_BYTES:
        what = f"larger than {MAX_BYTES // 1024**2} MiB"
        raise Refused(Finding(name, what, "Save the tables as a folder of .csv files"))


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
    check_size(len(data), name)
    return _Parser(_text(data, name), name).document()


def _text(data: bytes, name: str) -> str:
    if not data.strip():
        fix = 'It needs an object such as {"supplies": [{"supplier": "a", "consumer": "b"}]}'
        raise Refused(Finding(name, "the file is empty", fix))
    place = data.find(b"\0")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = error.start
    if place < 0:
        return text
    line = data.count(b"\n", 0, place) + 1
    what = f"not UTF-8 at byte offset {place}"
    if b"\0" in data[:4]:
        what += " (it looks like UTF-16)"
    raise Refused(Finding(f"{name}:{line}", what, "Save as UTF-8"))


class _Parser:
    """Reads values from left to right; a list or object calls for its items, to a set depth."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.findings: list[Finding] = []
        self._line = 1
        self._counted = 0
        #: One text object for all equal keys and short texts: a file repeats few of them.
        self._known: dict[str, str] = {}

    def document(self) -> object:
        value, position = self._value(self._next(0), 0)
        position = self._next(position)
        if position < len(self.text):
            fix = "A file is one value: put several rows in a list, in square brackets"
            raise self._stop(position, f"{self._shown(position)} follows the end", fix)
        if self.findings:
            raise Refused(*self.findings)
        return value

    def _value(self, position: int, depth: int) -> tuple[object, int]:
        match self.text[position : position + 1]:
            case '"':
                return self._string(position)
            case "{":
                return self._object(position, depth + 1)
            case "[":
                return self._list(position, depth + 1)
        return self._word(position)

    def _object(self, position: int, depth: int) -> tuple[JsonObject, int]:
        self._check_depth(position, depth)
        found = JsonObject(self._line_at(position))
        places: list[int] = []
        position = self._next(position + 1)
        if self.text[position : position + 1] == "}":
            return found, position + 1
        while True:
            if self.text[position : position + 1] != '"':
                raise self._wanted(position, "a key in double quotes")
            key, end = self._string(position)
            if key in found:
                first = self.text.count("\n", 0, places[list(found).index(key)]) + 1
                what = f"key {clamp(key, 60)!r} is already used in line {first}"
                self._say(position, what, "Delete one")
            else:
                places.append(position)
            _, end = self._mark(end, ":", "a colon")
            found[key], position = self._value(end, depth)
            mark, end = self._mark(position, ",}", "a comma or }")
            if mark == "}":
                return found, end
            position = end

    def _list(self, position: int, depth: int) -> tuple[JsonList, int]:
        self._check_depth(position, depth)
        found = JsonList()
        position = self._next(position + 1)
        if self.text[position : position + 1] == "]":
            return found, position + 1
        while True:
            found.lines.append(self._line_at(position))
            value, position = self._value(position, depth)
            found.append(value)
            mark, position = self._mark(position, ",]", "a comma or ]")
            if mark == "]":
                return found, position

    def _mark(self, position: int, allowed: str, wanted: str) -> tuple[str, int]:
        """Return the mark that stands next, and the place of what follows it."""
        match = _MARK.match(self.text, position)
        if match is None or match[1] not in allowed:
            raise self._wanted(self._next(position), wanted)
        return match[1], match.end()

    def _check_depth(self, position: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._stop(position, f"nested more than {MAX_DEPTH} deep", "Flatten it")

    def _string(self, position: int) -> tuple[str, int]:
        plain = _PLAIN_TEXT.match(self.text, position)
        if plain is not None:
            value, end = plain[1], plain.end()
        else:
            try:
                value, end = _FIRST_READER.raw_decode(self.text, position)
            except json.JSONDecodeError as error:
                raise self._no_text(position, error) from None
        if (not value.isascii() or "\0" in value) and _UNREADABLE.search(value):
            what = f"{clamp(ascii(value), 60)} holds a character that no file can hold"
            self._say(position, what, "Delete NUL and halves of surrogate pairs")
        return self._known.setdefault(value, value), end

    def _no_text(self, position: int, error: json.JSONDecodeError) -> Refused:
        if error.msg.startswith("Unterminated"):
            return self._stop(position, "a double quote opens here and never closes", "Close it")
        if error.msg.startswith("Invalid control"):
            what = "a text holds a line end, tab or other control character"
            return self._stop(error.pos, what, "Close the text, or write \\n or \\t")
        what = "a backslash that means nothing in JSON"
        return self._stop(error.pos, what, "Write it twice")

    def _word(self, position: int) -> tuple[object, int]:
        match = _WORD.match(self.text, position)
        word = match[0] if match else ""
        end = position + len(word)
        if word in _WORDS:
            return _WORDS[word], end
        if _NUMBER.fullmatch(word):
            if len(word) > _MAX_NUMBER:
                what = f"a number of {len(word):,} characters"
                self._say(position, what, f"At most {_MAX_NUMBER} characters")
            return JsonNumber(word), end
        if word.lstrip("+-").casefold() in ("nan", "infinity", "inf"):
            self._say(position, f"{word} is no number", "Write null, or leave it out, if not known")
            return None, end
        if not word:
            raise self._wanted(position, "a value")
        fix = "Put text in double quotes"
        if word[0] in "+-.0123456789":
            fix = "Write a number as 0.5, -1 or 1e3, and an id in double quotes"
        elif word[0] in "/#":
            fix = "JSON has no comments: delete it"
        raise self._stop(position, f"{self._shown(position)} is no value", fix)

    def _next(self, position: int) -> int:
        """Return the place of what is not blank from here on."""
        match = _BLANK.match(self.text, position)
        return position if match is None else match.end()

    def _line_at(self, position: int) -> int:
        """Return the line of a place that does not lie before the last one asked for."""
        self._line += self.text.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def _where(self, position: int) -> str:
        line = self.text.count("\n", 0, position) + 1
        return f"{self.name}:{line}:{position - self.text.rfind(chr(10), 0, position)}"

    def _shown(self, position: int) -> str:
        """Return what stands at a place, as a message shows it."""
        match = _WORD.match(self.text, position)
        return repr(clamp(match[0], 40)) if match and match[0] else repr(self.text[position])

    def _wanted(self, position: int, wanted: str) -> Refused:
        if position >= len(self.text):
            what = f"the file ends where {wanted} is wanted"
            return self._stop(position, what, "It was cut short, or a bracket is not closed")
        fix = "Check the file as JSON"
        if self.text[position] in "]}" and self.text[:position].rstrip().endswith(","):
            fix = "Delete the comma before it"
        return self._stop(position, f"{self._shown(position)} where {wanted} is wanted", fix)

    def _say(self, position: int, what: str, fix: str) -> None:
        self.findings.append(Finding(self._where(position), what, fix))
        if len(self.findings) >= _MAX_FINDINGS:
            raise Refused(*self.findings)

    def _stop(self, position: int, what: str, fix: str) -> Refused:
        return Refused(*self.findings, Finding(self._where(position), what, fix))


def written(value: object) -> str:
    """Return a value as JSON text on one line; numbers keep their digits.

    Examples
    --------
    >>> written(read_json_text(b'{"a": [0.10,null]}', "a.json"))
    '{"a": [0.10, null]}'
    """
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, JsonList):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, JsonObject):
        pairs = (f"{written(key)}: {written(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return json.dumps(value, ensure_ascii=False)
