"""CSV files read by column: as strict as `read_csv`, and nothing kept that is not wanted."""

from __future__ import annotations

import csv
import io
import mmap
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from supplynet.io.coded import Cells, Doubt, Want
from supplynet.io.csvtext import MAX_CELL, Refused, find_header
from supplynet.io.sinks import restored, sink

__all__ = ["CsvColumns"]

_BATCH_ROWS = 1000
#: Bytes of a file without quotes that are taken at once.
_BLOCK = 8 << 20
#: Bytes within which the headings must stand.
_HEAD = 1 << 20
_LONE_RETURN = re.compile(rb"\r(?!\n)")
#: What Windows writes before the text of a file.
_MARK = b"\xef\xbb\xbf"


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
        sinks = [sink(want, pools.get(want.pool)) for want in wants]
        rows = 0
        try:
            for columns in self._batches(len(wants)):
                rows += len(columns[0])
                for one, cells in zip(sinks, columns, strict=True):
                    one.take(cells)
        except (csv.Error, UnicodeDecodeError) as error:
            raise Doubt from error
        return [one.cells() for one in sinks], rows

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
        return tuple(self.header[i] for i in named), [restored(chosen[i]) for i in named]

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
