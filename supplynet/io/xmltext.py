"""XML read to elements with their line (no DTD, no entities, no depth), and text made XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from supplynet.errors import Finding
from supplynet.io.csvtext import MAX_BYTES, Refused
from supplynet.text import xml_text

__all__ = ["MAX_DEPTH", "Element", "escaped", "quoted", "read_xml"]

#: yEd's drawings of a node are eight deep; a network needs no more.
MAX_DEPTH = 64
_FLAT = "A network is flat: take nested graphs apart"


@dataclass(slots=True)
class Element:
    """An element of an XML file.

    Attributes
    ----------
    namespace, name
        Both parts of its name; the namespace is blank where there is none.
    attributes
        Attributes by name (a name with a namespace stands as ``{namespace}name``).
    line
        The line on which it starts.
    children
        The elements in it that were not taken while the file was read.
    """

    namespace: str
    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text before and between its children, as written."""
        return "".join(self._texts)

    def walk(self) -> Iterator[Element]:
        """Yield the elements in it, at any depth, in order of the file."""
        for child in self.children:
            yield child
            yield from child.walk()


#: Called with each element that is complete and the elements around it, outermost first; says
#: whether it was taken. What was taken is forgotten, so that a large file needs little memory.
Take = Callable[[Element, Sequence[Element]], bool]


def read_xml(data: bytes, name: str, take: Take, *, deep: str = _FLAT) -> Element:
    """Return the root of an XML file, without the elements that were taken on the way.

    Parameters
    ----------
    data
        The content of the file.
    name
        Its name, for messages.
    take
        Gets each element when it is complete.
    deep
        What to do about elements that are nested too deeply.

    Raises
    ------
    Refused
        The file is no XML, holds a document type declaration (entities can read other files or
        grow without end), is nested too deeply or too large.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if len(data) > MAX_BYTES:
        raise Refused(Finding(name, f"larger than {MAX_BYTES // 1024**2} MiB", "Split the data"))
    if not data.strip():
        raise Refused(Finding(name, "the file is empty", "Export it again"))
    builder = _Builder(name, take, deep)
    # The DTD is refused where it begins, so no entity of it is ever looked at.
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.line = lambda: int(parser.parser.CurrentLineNumber)
    try:
        parser.feed(data)
        parser.close()
    except DefusedXmlException:
        what = "holds a document type declaration (DTD), which can pull in other files"
        fix = "Delete the <!DOCTYPE ...> part"
        raise Refused(Finding(f"{name}:{builder.line()}", what, fix)) from None
    except ParseError as error:
        line, column = error.position
        reason = str(error).partition(": line ")[0]
        what = f"no well-formed XML at column {column + 1}: {reason}"
        fix = "Export it again, or repair this place"
        raise Refused(Finding(f"{name}:{line}", what, fix)) from None
    except (LookupError, ValueError) as error:
        # What Python's codecs say to an encoding that the parser asks them for.
        what = f"its encoding cannot be read: {error}"
        raise Refused(Finding(f"{name}:1", what, "Save it as UTF-8")) from None
    return builder.root


class _Builder:
    """Makes elements of what the parser reports."""

    root: Element

    def __init__(self, name: str, take: Take, deep: str) -> None:
        self.name = name
        self.take = take
        self.deep = deep
        self.open: list[Element] = []
        self.line: Callable[[], int] = lambda: 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) == MAX_DEPTH:
            what = f"elements are nested more than {MAX_DEPTH} deep"
            where = f"{self.name}:{self.line()}"
            raise Refused(Finding(where, what, self.deep))
        namespace, _, name = tag.rpartition("}")
        element = Element(namespace.removeprefix("{"), name, attributes, self.line())
        if not self.open:
            self.root = element
        self.open.append(element)

    def data(self, text: str) -> None:
        self.open[-1]._texts.append(text)

    def end(self, _tag: str) -> None:
        element = self.open.pop()
        if self.open and not self.take(element, self.open):
            self.open[-1].children.append(element)

    def close(self) -> Element:
        return self.root


def escaped(text: str) -> str:
    r"""Return text for the content of an element; what XML cannot hold is made visible.

    Examples
    --------
    >>> escaped("a < b\x00")
    'a &lt; b\\u0000'
    """
    return escape(xml_text(text), {"\r": "&#13;"})


def quoted(text: str) -> str:
    r"""Return text for an attribute in double quotes; what XML cannot hold is made visible.

    Examples
    --------
    >>> quoted('say "a"\n')
    'say &quot;a&quot;&#10;'
    """
    # A reader makes blanks of line ends in an attribute unless they are written as references.
    blanks = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
    return escape(xml_text(text), {'"': "&quot;", **blanks})
