"""A Parquet file. Whole numbers are exact at any size; floats as codes are judged like those of Excel.

Read batch by batch, and texts by the dictionary they are stored with, so that what is stored once is not held a
thousand times. Dates and times are ISO text; lists and structs are JSON text, in which numbers stand as strings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.chunks import (
    CHUNK_CHARS,
    CHUNK_ROWS,
    Cell,
    Chunk,
    Fault,
    Lost,
    checked_names,
    located,
    without_lost,
)
from mdi_engine.workbench.readers.extract import LIMITS, Extract, bearable_bytes
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.numbers import DOUBLE_DIGITS, HALF_DIGITS, SINGLE_DIGITS, number_cell, number_text

_PIECE = 1 << 20
# Of what Arrow writes, "2020-01-02 00:00:00.000+0700": a fraction that is nothing, an offset, and midnight.
_NO_FRACTION = re.compile(r"\.0+(?=\D|$)")
_OFFSET = re.compile(r"(:\d\d[+-]\d\d)(\d\d)$")
_MIDNIGHT = re.compile(r"T00:00:00(Z|[+-]\d\d:\d\d)?$")
_ODD = (pa.ArrowException, OSError, ValueError, OverflowError, TypeError)


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """Names of the top-level columns."""
    return checked_names(extract, _opened(extract).schema_arrow.names, wanted, "its schema")


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """NaN is NULL. Raises InputRefused if the file is damaged, or its values come to far more than its size."""
    names = read_names(extract, layout, wanted)
    header = located(extract, names, wanted, required)
    row, read = 0, 0
    for batch in _batches(extract):
        read += _bytes(batch) + batch.num_rows
        if read > bearable_bytes(extract.size):
            raise _refused(extract, f"its values come to more than {bearable_bytes(extract.size)} bytes")
        for part in _parts(extract, batch):
            numbers = range(row + 1, row + part.num_rows + 1)
            row += part.num_rows
            faults: list[Fault] = []
            texts = {
                name: _texts(extract, name, part.column(place), name in codes, numbers, faults)
                for place, name in enumerate(names)
            }
            others = [texts.pop(names[place]).to_pylist() for place in header.others]
            other = _others([names[place] for place in header.others], others, part.num_rows)
            columns = [texts.get(name, pa.nulls(part.num_rows, pa.string())) for name in wanted]
            table = pa.table([pa.array(numbers, pa.int64()), *columns, other], names=["file_row", *wanted, "other"])
            yield Chunk(table, faults, part.num_rows)


def _opened(extract: Extract) -> pq.ParquetFile:
    try:
        schema = pq.read_schema(extract.content)
        texts = [field.name for field in schema if _is_text(field.type)]
        return pq.ParquetFile(extract.content, read_dictionary=texts, buffer_size=_PIECE, pre_buffer=False)
    except _ODD as error:
        raise _refused(extract, type(error).__name__) from error


def _batches(extract: Extract) -> Iterator[pa.RecordBatch]:
    file = _opened(extract)
    try:
        yield from file.iter_batches(batch_size=CHUNK_ROWS)
    except _ODD as error:
        raise _refused(extract, type(error).__name__) from error
    finally:
        file.close()


def _parts(extract: Extract, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in parts that hold a bearable amount of text."""
    held = _bytes(batch)
    if held <= CHUNK_CHARS:
        yield batch
    elif batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _parts(extract, batch.slice(0, half))
        yield from _parts(extract, batch.slice(half))
    elif held <= LIMITS.line_chars:
        yield batch
    else:
        raise _refused(extract, f"a row of it is longer than {LIMITS.line_chars} bytes")


def _bytes(batch: pa.RecordBatch) -> int:
    """What the columns come to once texts are no longer shared."""
    held = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            lengths = pc.binary_length(column.dictionary).take(column.indices)
            held += pc.sum(lengths.cast(pa.int64())).as_py() or 0
        else:
            held += column.nbytes
    return held


def _texts(
    extract: Extract, name: str, column: pa.Array, code: bool, numbers: Sequence[int], faults: list[Fault]
) -> pa.Array:
    """The column as text; what is no text, or has lost digits, is NULL and a fault."""
    try:
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if isinstance(column.type, pa.BaseExtensionType):
            column = column.storage
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            if _is_sound(column):
                return column.cast(pa.string())
            column = column.cast(pa.large_binary())
        elif pa.types.is_temporal(kind):
            if pa.types.is_timestamp(kind):
                column = column.cast(pa.timestamp("us", kind.tz), safe=False)
            column = column.cast(pa.string())
            return pa.array([_moment(text) for text in column.to_pylist()], pa.string())
        elif not any(test(kind) for test in _TAKEN_ONE_BY_ONE):
            return column.cast(pa.string())
        digits = _digits(kind)
        cells = [_cell(value, digits, code) for value in column.to_pylist()]
        return pa.array(without_lost(name, numbers, cells, faults), pa.string())
    except _ODD as error:
        raise _refused(extract, f"the column {name!r} holds {column.type}, which is no text") from error


_TAKEN_ONE_BY_ONE = (pa.types.is_floating, pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary)
_DIGITS = {pa.float16(): HALF_DIGITS, pa.float32(): SINGLE_DIGITS}


def _digits(kind: pa.DataType) -> int:
    """The digits that every float of this type, or in lists and structs of it, keeps."""
    inner = [_digits(kind.field(place).type) for place in range(kind.num_fields)]
    return min([_DIGITS.get(kind, DOUBLE_DIGITS), *inner])


def _cell(value: Any, digits: int, code: bool) -> Cell:
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float):
        return number_cell(value, digits, "file") if code else number_text(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return Lost(value.decode(errors="backslashreplace"), "bytes that are not UTF-8")
    lost: list[Lost] = []
    text = json.dumps(_plain(value, digits, lost), ensure_ascii=False, default=str)
    return lost[0] if lost and code else text


def _plain(value: Any, digits: int, lost: list[Lost]) -> Any:
    """A nested value with numbers as strings, as JSON has no whole numbers that everybody reads alike. A whole float
    of more than so many digits is null and goes to `lost`: which column of a list holds codes no contract says.
    """
    if isinstance(value, dict):
        return {str(name): _plain(inner, digits, lost) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, digits, lost) for inner in value]
    if isinstance(value, float):
        return _plain_float(value, digits, lost)
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, bool) else str(value)


def _plain_float(value: float, digits: int, lost: list[Lost]) -> str | None:
    """A fraction may stand in a list of codes too: it is a measure beside them."""
    if value != value:
        return None
    if isfinite(value) and value != int(value):
        return number_text(value)
    cell = number_cell(value, digits, "file")
    if isinstance(cell, Lost):
        lost.append(cell)
        return None
    return cell


def _moment(text: str | None) -> str | None:
    """A date and time as Arrow writes it, in ISO form; of midnight the date alone.

    >>> [_moment(f"2020-01-02 {time}") for time in ("00:00:00.000", "03:04:05.000000+0700", "03:04:05.500Z")]
    ['2020-01-02', '2020-01-02T03:04:05+07:00', '2020-01-02T03:04:05.500Z']
    """
    return text and _MIDNIGHT.sub("", _OFFSET.sub(r"\1:\2", _NO_FRACTION.sub("", text)).replace(" ", "T"))


def _others(names: Sequence[str], columns: Sequence[Sequence[str | None]], rows: int) -> pa.Array:
    if not names:
        return pa.nulls(rows, pa.string())
    dumps = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in zip(*columns, strict=True))
    return pa.array(dumps, pa.string())


def _is_text(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary))


def _is_sound(column: pa.Array) -> bool:
    """Whether it is UTF-8, which nobody has checked so far."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _refused(extract: Extract, reason: str) -> InputRefused:
    path = str(extract.path)
    hint = "It was probably cut off in transfer, or written by a program that stopped: fetch or export it again."
    return InputRefused(f"{path}: not a readable Parquet file ({reason}).", hint=hint, path=path)
