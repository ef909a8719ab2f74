"""Columns of large tables: every distinct text once, and an integer per row.

`load` makes an object of every cell, which a million nodes and their supplies have no room for.
Here a column is its distinct texts and a number per row, read row by row from CSV or column by
column from parquet. What looks wrong is not judged here: :class:`Doubt` leaves it to the strict
readers, which word the findings.
"""

from __future__ import annotations

import csv
import io
import mmap
import re
from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from supplynet.io.convert import Findings, cell_text, convert_column
from supplynet.io.csvtext import MAX_CELL, RawTable, Refused, find_header
from supplynet.schema import FieldSpec
from supplynet.text import restore_cell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int32]

__all__ = [
    "Cells",
    "Coded",
    "Columns",
    "CsvColumns",
    "Doubt",
    "Kind",
    "Names",
    "ParquetColumns",
    "Want",
    "coded",
    "filled",
    "raw_parquet",
    "read_texts",
    "typed",
]

_BATCH_ROWS = 1000
#: Bytes of a file without quotes that are taken at once.
_BLOCK = 8 << 20
#: What Windows writes before the text of a file.
_MARK = b"\xef\xbb\xbf"
_LONE_RETURN = re.compile(rb"\r(?!\n)")
#: Bytes within which the headings must stand.
_HEAD = 1 << 20
#: Plain numbers and blanks, one a line: no sign, no exponent, nothing to look at twice.
_PLAIN_NUMBERS = re.compile(r"(?:(?:[0-9]{1,15}(?:\.[0-9]{1,15})?)?\n)*")


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


class CsvColumns:
    """A CSV file, read once, row by row, and as strictly as `read_csv` reads it.

    Parameters
    ----------
    place
        The file, in UTF-8.
    score
        How many of the given headings are known; decides on the separator.

    Attributes
    ----------
    header
        The headings, blank where a column has none.
    """

    def __init__(self, place: Path, score: Callable[[list[str]], int]) -> None:
        self._place = place
        with place.open("rb") as file:
            head = file.read(_HEAD + 1)
            if not head.strip():
                raise Doubt
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
                if whole.find(b"\0") >= 0:
                    raise Doubt
                #: Whether cells are what stands between separators, and lines what ends them.
                self._plain = whole.find(b'"') < 0 and not _LONE_RETURN.search(whole)
        self._mark = len(_MARK) if head.startswith(_MARK) else 0
        end = len(head) if len(head) <= _HEAD else head.rfind(b"\n")
        try:
            text = head[self._mark : end].decode()
            self.header, self._separator, self._first = find_header(text, place.name, score)
        except (Refused, UnicodeDecodeError) as error:
            raise Doubt from error

    def read(self, wants: Sequence[Want], pool: Sequence[str] = ()) -> tuple[list[Cells], int]:
        """Return what is wanted of each column, and the number of rows.

        Parameters
        ----------
        wants
            What is wanted of each column of the header.
        pool
            Texts that stand first in the texts of every pool.
        """
        pools: dict[str, defaultdict[str, int]] = {}
        for want in wants:
            if want.pool and want.pool not in pools:
                texts = {text: i for i, text in enumerate(pool)}
                pools[want.pool] = defaultdict(count(len(texts)).__next__, texts)
        sinks = [_SINKS[want.kind](want, pools.get(want.pool)) for want in wants]
        rows = 0
        try:
            for columns in self._batches(len(wants)):
                rows += len(columns[0])
                for sink, cells in zip(sinks, columns, strict=True):
                    sink.take(cells)
        except (csv.Error, UnicodeDecodeError) as error:
            raise Doubt from error
        return [sink.cells() for sink in sinks], rows

    def rows(self, wanted: Sequence[int]) -> tuple[tuple[str, ...], list[Sequence[str]]]:
        """Return the headings and the cells by column of some rows, which come ascending."""
        chosen: list[list[str]] = [[] for _ in self.header]
        left = deque(wanted)
        first = 0
        for columns in self._batches(len(self.header)):
            last = first + len(columns[0])
            while left and left[0] < last:
                row = left.popleft() - first
                for cells, column in zip(chosen, columns, strict=True):
                    cells.append(column[row])
            first = last
        named = [place for place, heading in enumerate(self.header) if heading]
        return tuple(self.header[i] for i in named), [_restored(chosen[i]) for i in named]

    def _batches(self, width: int) -> Iterator[list[Sequence[str]]]:
        """Yield the cells of some rows by column, rows without any text left out."""
        yield from self._plain_batches(width) if self._plain else self._quoted_batches(width)

    def _quoted_batches(self, width: int) -> Iterator[list[Sequence[str]]]:
        with self._place.open("rb") as file:
            file.seek(self._mark)
            lines = io.TextIOWrapper(file, encoding="utf-8", newline="")
            reader = csv.reader(lines, delimiter=self._separator, strict=True)
            while reader.line_num < self._first:
                next(reader)
            while rows := list(islice(reader, _BATCH_ROWS)):
                firsts = [row[0] if row else "" for row in rows]
                if not all(firsts) or any(map(str.isspace, firsts)):
                    rows = [row for row in rows if any(cell.strip() for cell in row)]
                if any(len(row) != width for row in rows):
                    raise Doubt
                if rows:
                    yield list(zip(*rows, strict=True))

    def _plain_batches(self, width: int) -> Iterator[list[Sequence[str]]]:
        """Yield the same of a file without quotes, some megabytes at a time."""
        with self._place.open("rb") as file:
            file.seek(self._mark)
            for _ in range(self._first):
                file.readline()
            rest = b""
            while block := file.read(_BLOCK):
                end = block.rfind(b"\n") + 1
                whole, rest = (rest + block[:end], block[end:]) if end else (b"", rest + block)
                if whole:
                    yield from self._cells(whole, width)
            if rest:
                yield from self._cells(rest + b"\n", width)

    def _cells(self, lines: bytes, width: int) -> Iterator[list[Any]]:
        import numpy as np
        import pandas as pd

        text = np.frombuffer(lines, dtype=np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        separators = np.flatnonzero(text == ord(self._separator))
        starts = np.concatenate([[0], ends[:-1] + 1])
        if (ends - starts).max() > MAX_CELL:
            cuts = np.sort(np.concatenate([ends, separators]))
            if np.diff(cuts, prepend=-1).max() > MAX_CELL:
                raise Doubt
        count = np.diff(np.searchsorted(separators, ends), prepend=0)
        odd = np.flatnonzero(count != width - 1).tolist()
        if any(lines[starts[i] : ends[i]].strip() for i in odd) or lines.startswith(_MARK):
            # Rows of another width; or a text that the parser takes for the mark of a file.
            raise Doubt
        if odd:
            kept = np.flatnonzero(count == width - 1).tolist()
            lines = b"".join(lines[starts[i] : ends[i] + 1] for i in kept)
        if not lines:
            return
        frame = pd.read_csv(
            io.BytesIO(lines), sep=self._separator, header=None, names=range(width), dtype=object,
            keep_default_na=False, na_filter=False, quoting=csv.QUOTE_NONE, encoding="utf-8",
            engine="c", low_memory=False, index_col=False, skip_blank_lines=False,
        )  # fmt: skip
        columns = [frame[place].to_numpy() for place in range(width)]
        firsts = columns[0].tolist()
        if not all(firsts) or any(map(str.isspace, firsts)):
            rows = zip(*columns, strict=True)
            given = np.array([any(cell.strip() for cell in row) for row in rows], dtype=bool)
            columns = [column[given] for column in columns]
        if len(columns[0]):
            yield columns


class _Coding:
    """Takes the cells of a column as numbers."""

    def __init__(self, want: Want, pool: defaultdict[str, int] | None) -> None:
        self.want = want
        self._index = defaultdict(count().__next__) if pool is None else pool
        self._number = self._index.__getitem__
        self._code = array("i")

    def take(self, cells: Sequence[str]) -> None:
        if not hasattr(cells, "dtype"):
            self._code.extend(map(self._number, cells))
            return
        import numpy as np
        import pandas as pd

        code, texts = pd.factorize(np.asarray(cells, dtype=object))
        number = np.fromiter(map(self._number, texts), dtype=np.int32, count=len(texts))
        self._code.frombytes(number[code].tobytes())

    def cells(self) -> Cells:
        import numpy as np

        return Cells(np.frombuffer(self._code, dtype=np.int32), _restored(list(self._index)))


class _Distinct:
    """Takes the distinct cells of a column."""

    def __init__(self, want: Want, _: object) -> None:
        self.want = want
        self._texts: set[str] = set()

    def take(self, cells: Sequence[str]) -> None:
        self._texts.update(cells)

    def cells(self) -> Cells:
        import numpy as np

        return Cells(np.empty(0, dtype=np.int32), _restored(sorted(self._texts)))


class _Unique:
    """Takes texts of which none but blank may stand twice, and keeps them in one block."""

    def __init__(self, want: Want, _: object) -> None:
        self.want = want
        self._hashes = array("q")
        self._parts: list[str] = []

    def take(self, cells: Sequence[str]) -> None:
        texts = [cell.strip(" ") for cell in _restored(cells)]
        self._hashes.extend(hash(text) for text in texts if text and not text.isspace())
        self._parts.append("\0".join(texts))

    def cells(self) -> Cells:
        import numpy as np

        nothing = np.empty(0, dtype=np.int32)
        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        if len(np.unique(hashes)) < len(hashes):
            raise Doubt
        if not len(hashes):
            return Cells(nothing, [])
        texts = Names(self._parts)
        if len(texts) > len(hashes):
            # Some have an id and some have not: which of these take a number depends on both.
            raise Doubt
        return Cells(nothing, texts)


class _Checked:
    """Makes sure that every text can be read, and keeps none."""

    def __init__(self, want: Want, _: object) -> None:
        self.want = want
        self._plain = _takes_plain_numbers(want)

    def take(self, cells: Sequence[str]) -> None:
        if self._plain:
            text = "\n".join(cells) + "\n"
            if _PLAIN_NUMBERS.fullmatch(text) and text.count("\n") == len(cells):
                return
        read_texts(_restored(list(dict.fromkeys(cells))), self.want)

    def cells(self) -> Cells:
        import numpy as np

        return Cells(np.empty(0, dtype=np.int32), [])


class _Skipped:
    """Takes any text: a longer one than a cell may hold has ended the reading before."""

    def __init__(self, want: Want, _: object) -> None:
        self.want = want

    def take(self, cells: Sequence[str]) -> None:
        if self.want.kind is Kind.BLANK and any(cell.strip() for cell in set(cells)):
            raise Doubt

    def cells(self) -> Cells:
        import numpy as np

        return Cells(np.empty(0, dtype=np.int32), [])


_SINKS: Mapping[Kind, Callable[[Want, defaultdict[str, int] | None], Any]] = {
    Kind.CODED: _Coding,
    Kind.DISTINCT: _Distinct,
    Kind.UNIQUE: _Unique,
    Kind.CHECKED: _Checked,
    Kind.SKIPPED: _Skipped,
    Kind.BLANK: _Skipped,
}


def _restored(texts: Sequence[str]) -> Sequence[str]:
    """Return texts without the apostrophe that guards a formula."""
    if any(text.startswith("'") for text in texts):
        return [restore_cell(text) for text in texts]
    return texts


def _takes_plain_numbers(want: Want) -> bool:
    """Return whether any number without a sign is within the range of a field."""
    from decimal import Decimal

    return (
        want.field is not None
        and want.field.type == "number"
        and want.field.range in ((Decimal(0), None), (None, None))
    )


class ParquetColumns:
    """A parquet file, read column by column; its values are read as their texts would be.

    Attributes
    ----------
    header
        The headings.
    """

    def __init__(self, place: Path) -> None:
        import pyarrow.parquet as pq

        names = pq.read_schema(place)
        texts = [field.name for field in names if _is_arrow_text(field.type)]
        self._file = pq.ParquetFile(place, read_dictionary=texts)
        self._names = list(names.names)
        self.header = [name.strip() for name in self._names]
        if len(set(self._names)) < len(self._names):
            raise Doubt

    def read(self, wants: Sequence[Want], pool: Sequence[str] = ()) -> tuple[list[Cells], int]:
        """Return what is wanted of each column, and the number of rows; see :class:`CsvColumns`."""
        import pyarrow as pa

        first = pa.array(pool, type=pa.large_string()) if len(pool) else None
        pools: dict[str, dict[str, int]] = {}
        cells = []
        for name, want in zip(self._names, wants, strict=True):
            if want.pool:
                more = pools.setdefault(want.pool, {})
                cells.append(Cells(self._pooled(name, first, more), ()))
            else:
                cells.append(self._column(name, want))
        texts = {name: [*pool, *more] for name, more in pools.items()}
        cells = [
            Cells(found.code, texts[want.pool]) if want.pool else found
            for found, want in zip(cells, wants, strict=True)
        ]
        return cells, int(self._file.metadata.num_rows)

    def _pooled(self, name: str, first: Any, more: dict[str, int]) -> Integers:  # noqa: ANN401
        """Return a column numbered by the first texts of a pool, and then by those added to it."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        code, dictionary = self._dictionary(name)
        number = np.full(len(dictionary) + 1, -1, dtype=np.int32)
        if first is not None and _is_arrow_text(dictionary.type):
            found = pc.index_in(dictionary.cast(first.type), value_set=first)
            number[:-1] = pc.fill_null(found, -1).to_numpy(zero_copy_only=False)
        start = 0 if first is None else len(first)
        other = np.flatnonzero(number < 0).tolist()
        texts = [*_texts(dictionary.take(pa.array(other[:-1], type=pa.int32())).to_pylist()), ""]
        used = np.unique(code[number[code] < 0]).tolist() if len(other) > 1 or code.size else []
        needed = set(used)
        for place, text in zip(other, texts, strict=True):
            if place in needed:
                number[place] = start + more.setdefault(text, len(more))
        return number[code]

    def _dictionary(self, name: str) -> tuple[Integers, Any]:
        """Return a column as numbers and their values as arrow's; one number more is blank."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self._file.read(columns=[name]).column(0)
        kind = column.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise Doubt
        if not pa.types.is_dictionary(kind):
            column = pc.dictionary_encode(column)
        column = column.unify_dictionaries()
        if not column.num_chunks:
            return np.empty(0, dtype=np.int32), pa.array([], type=pa.string())
        dictionary = column.chunk(0).dictionary
        codes = [
            chunk.indices.fill_null(len(dictionary)).to_numpy(zero_copy_only=False)
            for chunk in column.chunks
        ]
        return np.concatenate(codes).astype(np.int32, copy=False), dictionary

    def rows(self, wanted: Sequence[int]) -> tuple[tuple[str, ...], list[Sequence[str]]]:
        """Return the headings and the cells by column of some rows."""
        import pyarrow as pa

        table = self._file.read().take(pa.array(wanted, type=pa.int64()))
        named = [place for place, heading in enumerate(self.header) if heading]
        columns: list[Sequence[str]] = [_texts(table.column(i).to_pylist()) for i in named]
        return tuple(self.header[i] for i in named), columns

    def _column(self, name: str, want: Want) -> Cells:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        nothing = Cells(np.empty(0, dtype=np.int32), [])
        kind = self._file.schema_arrow.field(name).type
        if want.kind is Kind.CHECKED and pa.types.is_floating(kind) and _takes_plain_numbers(want):
            numbers = pc.drop_null(self._file.read(columns=[name]).column(0)).to_numpy()
            numbers = numbers[~np.isnan(numbers) & (numbers != 0)]
            # As texts, some of these would have too many digits to be read.
            if len(numbers) and not (numbers.min() > 1e-20 and numbers.max() < 1e20):
                raise Doubt
            return nothing
        code, dictionary = self._dictionary(name)
        texts = _texts(dictionary.to_pylist())
        if want.kind is Kind.SKIPPED:
            read_texts(texts, Want(Kind.SKIPPED))
            return nothing
        if (code == len(texts)).any():
            texts = [*texts, ""]
        return _kept(Cells(code, texts), want)


def _is_arrow_text(kind: Any) -> bool:  # noqa: ANN401 - a type of arrow's
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def raw_parquet(place: Path) -> RawTable:
    """Return a parquet file as the texts of its cells, for the strict path."""
    import pyarrow.parquet as pq

    table = pq.read_table(place)
    columns = [[cell_text(value) for value in column.to_pylist()] for column in table.columns]
    header = tuple(name.strip() for name in table.column_names)
    # Lists stay tuples, which the converter takes as well.
    return RawTable(name="", header=header, columns=tuple(columns), lines=[])  # type: ignore[arg-type]


def _texts(values: Iterable[object]) -> list[str]:
    """Return values as the texts of their cells; a list has none."""
    values = list(values)
    if set(map(type, values)) == {str}:
        return cast("list[str]", values)
    texts = []
    for value in values:
        text = cell_text(value)
        if not isinstance(text, str):
            raise Doubt
        texts.append(text)
    return texts


def _kept(cells: Cells, want: Want) -> Cells:
    """Return what is wanted of a column that is there as numbers."""
    import numpy as np

    if want.kind is Kind.CODED:
        return cells
    nothing = np.empty(0, dtype=np.int32)
    if want.kind is Kind.DISTINCT:
        return Cells(nothing, cells.texts)
    if want.kind is Kind.CHECKED:
        read_texts(cells.texts, want)
        return Cells(nothing, [])
    blank = np.array([not text or text.isspace() for text in cells.texts], dtype=bool)
    if want.kind is Kind.BLANK:
        if not blank[cells.code].all():
            raise Doubt
        return Cells(nothing, [])
    unique = _Unique(want, None)
    unique.take([cells.texts[i] for i in cells.code.tolist()])
    return unique.cells()


Columns = CsvColumns | ParquetColumns
