"""What takes the cells of a column as they are read, and keeps what is wanted of them."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import count
from typing import Protocol

from supplynet.io.coded import Cells, Doubt, Kind, Names, Want, read_texts
from supplynet.text import restore_cell

__all__ = ["Sink", "may_be_guarded", "restored", "sink", "takes_plain_numbers"]

#: Plain numbers and blanks, one a line: no sign, no exponent, nothing to look at twice.
_PLAIN_NUMBERS = re.compile(r"(?:(?:[0-9]{1,15}(?:\.[0-9]{1,15})?)?\n)*")


class Sink(Protocol):
    """Takes the cells of one column, some rows at a time."""

    def take(self, cells: Sequence[str]) -> None:
        """Take the cells of the next rows, or raise ``Doubt``."""

    def cells(self) -> Cells:
        """Return what is kept in the end, or raise ``Doubt``."""


def sink(want: Want, pool: defaultdict[str, int] | None = None) -> Sink:
    """Return what takes the cells of a column of which something is wanted."""
    if want.kind is Kind.CODED:
        return _Coding(pool)
    if want.kind is Kind.DISTINCT:
        return _Distinct()
    if want.kind is Kind.UNIQUE:
        return _Unique()
    if want.kind is Kind.CHECKED:
        return _Checked(want)
    return _Unread(want)


class _Coding:
    """Takes the cells of a column as numbers."""

    def __init__(self, pool: defaultdict[str, int] | None) -> None:
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

        return Cells(np.frombuffer(self._code, dtype=np.int32), restored(list(self._index)))


class _Distinct:
    """Takes the distinct cells of a column."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def take(self, cells: Sequence[str]) -> None:
        self._texts.update(cells)

    def cells(self) -> Cells:
        return _without_rows(restored(sorted(self._texts)))


class _Unique:
    """Takes texts of which none but blank may stand twice, and keeps them in one block."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._parts: list[str] = []

    def take(self, cells: Sequence[str]) -> None:
        texts = [cell.strip(" ") for cell in restored(cells)]
        self._hashes.extend(hash(text) for text in texts if text and not text.isspace())
        self._parts.append("\0".join(texts))

    def cells(self) -> Cells:
        import numpy as np

        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        if len(np.unique(hashes)) < len(hashes):
            raise Doubt
        if not len(hashes):
            return _without_rows([])
        texts = Names(self._parts)
        if len(texts) > len(hashes):
            # Some have an id and some have not: which of these take a number depends on both.
            raise Doubt
        return _without_rows(texts)


class _Checked:
    """Makes sure that every text can be read, and keeps none."""

    def __init__(self, want: Want) -> None:
        self._want = want
        self._plain = takes_plain_numbers(want)

    def take(self, cells: Sequence[str]) -> None:
        if self._plain:
            text = "\n".join([*cells, ""])
            if _PLAIN_NUMBERS.fullmatch(text) and text.count("\n") == len(cells):
                return
        read_texts(restored(list(dict.fromkeys(cells))), self._want)

    def cells(self) -> Cells:
        return _without_rows([])


class _Unread:
    """Takes any text: one longer than a cell may be has ended the reading before."""

    def __init__(self, want: Want) -> None:
        self._must_be_blank = want.kind is Kind.BLANK

    def take(self, cells: Sequence[str]) -> None:
        if self._must_be_blank and any(cell.strip() for cell in set(cells)):
            raise Doubt

    def cells(self) -> Cells:
        return _without_rows([])


def _without_rows(texts: Sequence[str]) -> Cells:
    import numpy as np

    return Cells(np.empty(0, dtype=np.int32), texts)


def restored(texts: Sequence[str]) -> Sequence[str]:
    """Return texts without the apostrophe that guards a formula."""
    return [restore_cell(text) for text in texts] if may_be_guarded(texts) else texts


def may_be_guarded(texts: Sequence[str]) -> bool:
    """Return whether any text begins with an apostrophe."""
    return "\0'" in "\0".join(["", *texts])


def takes_plain_numbers(want: Want) -> bool:
    """Return whether any number without a sign is within the range of a field."""
    return (
        want.field is not None
        and want.field.type == "number"
        and want.field.range in ((Decimal(0), None), (None, None))
    )
