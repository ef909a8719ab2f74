"""Text from data, made safe where it is shown: terminal, CSV, Markdown, XML, links."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

__all__ = [
    "clamp",
    "clean_display",
    "csv_cell",
    "md_cell",
    "plural",
    "restore_cell",
    "safe_url",
    "xml_text",
]

# Line and paragraph separators break a line as a control character does.
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks by category, but drawn with no width or ink: two ids could look the same.
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")

_FORMULA_STARTS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_NEEDS_GUARD = re.compile(f"'*[{_FORMULA_STARTS}]")
_IS_GUARDED = re.compile(f"'+[{_FORMULA_STARTS}]")

_MARKDOWN = str.maketrans(
    {character: f"\\{character}" for character in "\\|[]`*_#~"}
    # Entities, not backslashes: some renderers know no escape for the angle bracket.
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_URL = re.compile(r"""[\s"'<>\\^`{|}]""")


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN_CATEGORIES or character in _INVISIBLE_LETTERS


def _visible(character: str) -> str:
    if character in "\t\n":
        return " "
    if not _is_hidden(character):
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def clean_display(text: object) -> str:
    r"""Return `text` with every control, invisible and text-direction character made visible.

    A name from data can then neither drive a terminal nor pose as another name. Tabs and line
    breaks become spaces; all else that is printable stays as it is.

    Examples
    --------
    >>> clean_display("mag\u202enet\x1b[2J")
    'mag\\u202enet\\u001b[2J'
    >>> clean_display("two\nlines")
    'two lines'
    """
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(map(_visible, plain.replace("\r\n", "\n")))


def csv_cell(value: object) -> str:
    """Return a CSV cell that no spreadsheet takes for a formula; :func:`restore_cell` undoes it.

    Text that would start a formula gets a leading apostrophe, and so does text that is such a
    guarded text itself, so that nothing is lost on the way back. Numbers are written as they are.

    Parameters
    ----------
    value
        Text, or a number, date or ``None`` (an empty cell).

    Examples
    --------
    >>> csv_cell("=1+1"), csv_cell("'=1+1"), csv_cell(-3), csv_cell(None)
    ("'=1+1", "''=1+1", '-3', '')
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if _NEEDS_GUARD.match(value) else value


def restore_cell(cell: str) -> str:
    """Return the text that :func:`csv_cell` was given.

    Examples
    --------
    >>> restore_cell("'=1+1"), restore_cell("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    return cell[1:] if _IS_GUARDED.match(cell) else cell


def md_cell(value: object) -> str:
    r"""Return text for a Markdown table cell or sentence: no markup, no HTML, one line.

    Examples
    --------
    >>> md_cell("a|b <i>_c_</i>\nnext")
    'a\\|b &lt;i&gt;\\_c\\_&lt;/i&gt; next'
    """
    return "" if value is None else clean_display(value).translate(_MARKDOWN)


def safe_url(url: str | None) -> str | None:
    """Return `url` if it is a plain http or https address, else ``None``.

    An address with blanks, quotes, control characters or a user name is refused: it could break
    out of an attribute, or look like another host than it leads to.

    Examples
    --------
    >>> safe_url("https://example.org/a?b=1")
    'https://example.org/a?b=1'
    >>> safe_url("javascript:alert(1)") is None
    True
    """
    if not url:
        return None
    url = url.strip(" ")
    if _NOT_IN_URL.search(url) or any(map(_is_hidden, url)):
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return url


def xml_text(text: object) -> str:
    r"""Return `text` with the characters that XML 1.0 cannot hold made visible; nothing is escaped.

    They are shown, not dropped: two ids that differ in such a character must stay two.

    Examples
    --------
    >>> xml_text("a\x00b\ud800c")
    'a\\u0000b\\ud800c'
    """
    return _NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", str(text))


def plural(count: int, word: str, many: str | None = None) -> str:
    """Return the count with its noun in the right number.

    Examples
    --------
    >>> plural(1, "node"), plural(0, "supply"), plural(1200, "gap"), plural(2, "is", "are")
    ('1 node', '0 supplies', '1,200 gaps', '2 are')
    """
    if count == 1:
        return f"1 {word}"
    if many is None:
        consonant_y = word.endswith("y") and word[-2:-1] not in tuple("aeiou")
        many = f"{word[:-1]}ies" if consonant_y else f"{word}s"
    return f"{count:,} {many}"


def clamp(text: str, width: int) -> str:
    """Return `text`, cut to at most `width` characters with an ellipsis at the end.

    Examples
    --------
    >>> clamp("separation plant", 11), clamp("magnet", 11)
    ('separation…', 'magnet')
    """
    return text if len(text) <= width else f"{text[: max(width - 1, 0)].rstrip()}…"
