"""CSV text to Arrow tables, row by row exact: what was read is a row, or a reject with its reason.

Python's csv module reads here and DuckDB does not: DuckDB 2.0.0, told to keep rejects, loses or invents rows after
a row with a fault (and stops in an "invalid state" on others), so its counts would not add up.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

import pyarrow as pa

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.extract import LIMITS, Extract, open_text

_CHUNK_ROWS = 5_000
_CHUNK_CHARS = 32 << 20


@dataclass(frozen=True)
class Fault:
    """Why a row is not accepted. `row` counts data rows of its file from 1; `column` is None for the whole row."""

    row: int
    column: str | None
    value: str | None
    reason: str


@dataclass
class Chunk:
    """Some consecutive rows of one file: `read` = rows in `table` + `faults`.

    `table` has `file_row` (int64, counted from 1), the wanted columns (text, NULL where the file lacks the column)
    and `other` (JSON object of columns nobody asked for, NULL if there are none).
    """

    table: pa.Table
    faults: list[Fault] = field(default_factory=list)
    read: int = 0


@dataclass(frozen=True)
class Header:
    """Names in the first line, and the place of each wanted column among them (None = absent)."""

    names: tuple[str, ...]
    places: tuple[tuple[str, int | None], ...]

    @property
    def others(self) -> tuple[int, ...]:
        """Places of columns nobody asked for."""
        wanted = {place for _, place in self.places}
        return tuple(place for place in range(len(self.names)) if place not in wanted)


def read_names(extract: Extract, separator: str) -> tuple[str, ...]:
    """Column names of the header line. Raises InputRefused if one is empty of all, doubled or not readable."""
    with open_text(extract) as text:
        return _header(extract, _Reader(extract, text, separator))


def read_chunks(extract: Extract, separator: str, wanted: Sequence[str], required: Sequence[str]) -> Iterator[Chunk]:
    """All rows of the file in order, in chunks of bounded size. `wanted` columns, of which `required` must be there.

    Blank lines are no rows. Raises InputRefused if a required column is missing, a header name is doubled, or a
    quote is opened that is never closed.
    """
    with open_text(extract) as text:
        reader = _Reader(extract, text, separator)
        header = _locate(extract, _header(extract, reader), wanted, required)
        row = 0
        while True:
            first, rows, numbers, faults = row, [], [], []
            reader.lines.chars = 0
            for record in reader:
                row += 1
                if isinstance(record, str):
                    faults.append(Fault(row, None, reader.lines.last, record))
                elif len(record) != len(header.names):
                    faults.append(_misfit(row, record, header, separator))
                else:
                    rows.append(record)
                    numbers.append(row)
                if row - first >= _CHUNK_ROWS or reader.lines.chars > _CHUNK_CHARS:
                    break
            if row == first:
                return
            yield Chunk(_table(header, numbers, rows), faults, row - first)


class _Lines:
    """The lines of a text, remembering the last one and how much was read."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.last = ""
        self.chars = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.text.readline()
        if not line:
            self.ended = True
            raise StopIteration
        self.last = line
        self.chars += len(line)
        return line


class _Reader:
    """Records of a CSV: a list of fields, or the reason (text) why the record cannot be taken apart."""

    def __init__(self, extract: Extract, text: TextIO, separator: str) -> None:
        csv.field_size_limit(LIMITS.line_chars)
        self.extract = extract
        self.lines = _Lines(text)
        self.records = csv.reader(self.lines, delimiter=separator, strict=True)

    def __iter__(self) -> Iterator[list[str] | str]:
        return self

    def __next__(self) -> list[str] | str:
        while True:
            start = self.records.line_num + 1
            try:
                record = next(self.records)
            except csv.Error as error:
                self._refuse_if_lost(start, error)
                return f"quotes: {error} (line {self.records.line_num})"
            if record:
                return record

    def _refuse_if_lost(self, start: int, error: csv.Error) -> None:
        """After these faults nothing says where the next row begins."""
        if self.lines.ended or "field limit" in str(error):
            path = str(self.extract.path)
            raise InputRefused(
                f"{path}: a quote opened in the record at line {start} is never closed.",
                hint="The file was cut off, or a quote mark inside a value is not doubled. Fetch or export it again.",
                path=path,
                line=start,
            ) from error


def _header(extract: Extract, reader: _Reader) -> tuple[str, ...]:
    record = next(reader)
    path = str(extract.path)
    if isinstance(record, str):
        raise InputRefused(f"{path}: the header cannot be read: {record}.", path=path)
    names = tuple(name.strip() for name in record)
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputRefused(
            f"{path}: the header names {', '.join(map(repr, doubled))} more than once.",
            hint="Each column needs a name of its own.",
            path=path,
            doubled=doubled,
        )
    return names


def _locate(extract: Extract, names: tuple[str, ...], wanted: Sequence[str], required: Sequence[str]) -> Header:
    missing = [name for name in required if name not in names]
    if missing:
        path = str(extract.path)
        raise InputRefused(
            f"{path}: missing column {', '.join(missing)}; the header has {', '.join(names)[:500]}.",
            hint="Check that this is the right source and separator, or correct source.toml.",
            path=path,
            missing=missing,
            found=names,
        )
    return Header(names, tuple((name, names.index(name) if name in names else None) for name in wanted))


def _misfit(row: int, record: list[str], header: Header, separator: str) -> Fault:
    reason = f"{len(record)} fields where the header has {len(header.names)}"
    return Fault(row, None, separator.join(record), reason)


def _table(header: Header, numbers: list[int], rows: list[list[str]]) -> pa.Table:
    fields = list(zip(*rows, strict=True)) if rows else [()] * len(header.names)
    nothing = pa.nulls(len(rows), pa.string())
    columns = [nothing if place is None else pa.array(fields[place], pa.string()) for _, place in header.places]
    names = [name for name, _ in header.places]
    others = pa.array(_others(header, rows), pa.string()) if header.others else nothing
    return pa.table([pa.array(numbers, pa.int64()), *columns, others], names=["file_row", *names, "other"])


def _others(header: Header, rows: list[list[str]]) -> list[str]:
    named = [(header.names[place], place) for place in header.others]
    return [json.dumps({name: row[place] for name, place in named}, ensure_ascii=False) for row in rows]
