"""Parquet files read by column; their values are read as the texts of cells would be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from supplynet.errors import Finding, ValidationError
from supplynet.io.coded import Cells, Doubt, Kind, Want, read_texts
from supplynet.io.convert import cell_text
from supplynet.io.csvtext import RawTable
from supplynet.io.sinks import sink, takes_plain_numbers

if TYPE_CHECKING:
    from supplynet.io.coded import Integers

__all__ = ["ParquetColumns", "raw_parquet"]


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    """Turn what is wrong with a file, or that nothing here reads it, into a finding."""
    try:
        import pyarrow
    except ImportError:
        fix = "pip install 'supplynet[parquet]', or save the data as CSV"
        raise ValidationError([Finding(place.name, "parquet needs pyarrow", fix)]) from None
    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        what = f"cannot be read as parquet: {reason}"
        raise ValidationError([Finding(place.name, what, "Write it anew")]) from error


class ParquetColumns:
    """A parquet file, read column by column; its values are read as their texts would be.

    Attributes
    ----------
    header
        The headings.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        with _readable(place):
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
            with _readable(self._place):
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
        if want.kind is Kind.CHECKED and pa.types.is_floating(kind) and takes_plain_numbers(want):
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
    with _readable(place):
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
    unique = sink(want)
    unique.take([cells.texts[i] for i in cells.code.tolist()])
    return unique.cells()
