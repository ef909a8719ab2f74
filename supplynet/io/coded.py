"""Columns of large tables as numbers: every distinct value once, and an integer per row.

`load` makes an object of every cell, which a million nodes and their supplies have no room for.
What looks wrong is not judged here: :class:`Doubt` leaves it to the strict readers, which word
the findings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from supplynet.io.convert import Findings, convert_column
from supplynet.io.csvtext import MAX_CELL
from supplynet.schema import FieldSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int32]

__all__ = [
    "Cells",
    "Coded",
    "Doubt",
    "Kind",
    "Names",
    "Want",
    "coded",
    "filled",
    "read_texts",
    "share_totals",
    "typed",
]


class Doubt(Exception):  # noqa: N818 - no error: the strict readers take over
    """Something that the fast readers do not judge."""


class Names(Sequence[str]):
    """Texts in one block of memory, each decoded when it is asked for.

    Examples
    --------
    >>> names = Names(["mine", "magnet"])
    >>> names[1], names.index("mine"), len(names)
    ('magnet', 0, 2)
    """

    def __init__(self, texts: Iterable[str]) -> None:
        import numpy as np

        # No text of a network holds a NUL.
        self._block = "\0".join(["", *texts, ""]).encode()
        ends = np.flatnonzero(np.frombuffer(self._block, dtype=np.uint8) == 0)
        self._start = (ends + 1).astype(np.int32 if len(self._block) < 2**31 - 1 else np.int64)

    def __len__(self) -> int:
        return len(self._start) - 1

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401 - an integer or a slice, as of a list
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        return self._block[self._start[at] : self._start[at + 1] - 1].decode()

    def __iter__(self) -> Iterator[str]:
        for first in range(0, len(self), 4096):
            part = self._start[first : first + 4097]
            yield from self._block[part[0] : part[-1] - 1].decode().split("\0")

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:  # noqa: ANN401
        """Return the position of a text."""
        import numpy as np

        at = self._block.find(b"\0" + str(value).encode() + b"\0")
        place = int(np.searchsorted(self._start, at + 1)) if at >= 0 else -1
        if not start <= place < (len(self) if stop is None else stop):
            raise ValueError(value)
        return place

    @property
    def nbytes(self) -> int:
        """Bytes of memory."""
        return len(self._block) + int(self._start.nbytes)


class Coded(NamedTuple):
    """A column as numbers: row r holds ``values[code[r]]``, or is blank where its code is -1."""

    code: Integers
    values: Sequence[Any]


def coded(column: Sequence[Any]) -> Coded:
    """Return a column of values as numbers; ``None`` and the empty tuple are blank."""
    import numpy as np

    index: defaultdict[Any, int] = defaultdict(count().__next__, {None: -1, (): -1})
    code = np.fromiter(map(index.__getitem__, column), dtype=np.int32, count=len(column))
    return Coded(code, list(index)[2:])


def filled(column: Coded | None, default: str, rows: int) -> Coded:
    """Return a column with its blanks filled; where there is none, one that is all default."""
    import numpy as np

    if column is None:
        return Coded(np.zeros(rows, dtype=np.int32), [default])
    blank = column.code < 0
    if not blank.any():
        return column
    code = np.where(blank, np.int32(len(column.values)), column.code)
    return Coded(code, [*column.values, default])


class Kind(Enum):
    """What is wanted of a column."""

    CODED = "its distinct texts, and a number per row"
    DISTINCT = "its distinct texts"
    UNIQUE = "its texts, of which none may stand twice"
    CHECKED = "that every text can be read"
    SKIPPED = "nothing: any text will do"
    BLANK = "that it is blank: it has no heading"


class Want(NamedTuple):
    """What is wanted of one column, and as which field its texts are read.

    Columns of one `pool` share their texts: both ends of a supply are nodes.
    """

    kind: Kind
    field: FieldSpec | None = None
    divisor: int = 1
    pool: str = ""


class Cells(NamedTuple):
    """The distinct texts of a column, and where they were asked for a number per row."""

    code: Integers
    texts: Sequence[str]


def typed(cells: Cells, want: Want) -> Coded:
    """Return the column with its distinct texts read as values of its field, blanks as -1.

    Equal texts become one value; numbers stay apart as they are written, 1.0 and 1.00.

    Raises
    ------
    Doubt
        Some text cannot be read.
    """
    import numpy as np

    read = read_texts(cells.texts, want)
    if _is_text(want) and None not in read and len(set(read)) == len(read):
        return Coded(cells.code, read)
    index: dict[str, int] = {}
    values: list[Any] = []
    number = np.full(len(read) + 1, -1, dtype=np.int32)
    for place, value in enumerate(read):
        if value is not None and value != ():
            text = value if isinstance(value, str) else repr(value)
            number[place] = known = index.setdefault(text, len(values))
            if known == len(values):
                values.append(value)
    return Coded(number[cells.code], values)


def read_texts(texts: Sequence[str], want: Want) -> Sequence[Any]:
    """Return texts read as values of a field, or raise ``Doubt``."""
    if _is_text(want) and max(map(len, texts), default=0) <= MAX_CELL:
        # As `convert_column` reads text: a NUL is none, and no UTF-8 holds half a surrogate pair.
        together = "\0".join(["", *texts, ""])
        if together.count("\0") == len(texts) + 1:
            blanks = "\0\0" in together or any(map(str.isspace, texts))
            kept = want.field is None or want.field.type == "text"
            if not kept and ("\0 " in together or " \0" in together):
                texts = [text.strip(" ") for text in texts]
            if blanks:
                return [text if text and not text.isspace() else None for text in texts]
            return texts
    findings = Findings()
    name = want.field.name if want.field is not None else "extra"
    values = convert_column(want.field, name, texts, str, findings, divisor=want.divisor)
    if any(finding.level == "error" for finding in findings.all()):
        raise Doubt
    return values


def _is_text(want: Want) -> bool:
    return want.field is None or want.field.type in ("text", "id", "ref")


def share_totals(group: NDArray[Any], groups: int, share: Coded) -> NDArray[Any]:
    """Return per group whether its shares sum to less than 1 (-1), to 1 (0) or to more (1).

    Parameters
    ----------
    group
        Group of each row.
    groups
        Number of groups.
    share
        Share of each row, none blank.

    Notes
    -----
    Exact: sums that floats cannot tell from 1 are done again in integers, those of more than 18
    decimals one by one.
    """
    import numpy as np

    floats = np.array([float(value) for value in share.values], dtype=np.float64)
    total = np.bincount(group, weights=floats[share.code], minlength=groups)
    sign = np.sign(total - 1).astype(np.int8)
    near = np.abs(total - 1) < 1e-6
    rows = np.flatnonzero(near[group])
    if not len(rows):
        return sign
    code, of = share.code[rows], group[rows]
    high = np.zeros(len(floats))
    low = np.zeros(len(floats))
    long = np.zeros(len(floats), dtype=bool)
    for i in np.unique(code).tolist():
        parts = share.values[i].as_tuple()
        if parts.exponent < -18:
            long[i] = True
        else:
            digits = int("".join(map(str, parts.digits)))
            high[i], low[i] = divmod(digits * 10 ** (parts.exponent + 18), 10**9)
    # Sums of integers below 2^53: exact as floats.
    carry, rest = np.divmod(np.bincount(of, weights=low[code], minlength=groups), 10**9)
    whole = np.bincount(of, weights=high[code], minlength=groups) + carry
    exact = np.sign(np.where(whole == 10**9, rest, whole - 10**9))
    sign[near] = exact[near].astype(np.int8)
    for one in np.unique(of[long[code]]).tolist():
        values = [share.values[i] for i in share.code[group == one].tolist()]
        sign[one] = (sum(values) > 1) - (sum(values) < 1)
    return sign
