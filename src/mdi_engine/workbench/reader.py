"""CSV text to Arrow tables, row by row exact: what was read is a row, or a reject with its reason.

Python's csv module reads here and DuckDB does not: DuckDB 2.0.0, told to keep rejects, loses or invents rows after
a row with a fault (and stops in an "invalid state" on others), so its counts would not add up.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO, get_args

import pyarrow as pa

from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.workbench.extract import LIMITS, Extract, open_text

Separator = Literal[",", ";", "\t", "|"]

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


def read_names(extract: Extract, separator: str, wanted: Collection[str] = ()) -> tuple[str, ...]:
    """Column names of the header line. Raises InputRefused if a name is doubled or the line is not readable.

    A file without a header has a person's row in its place: of its names, messages show those `wanted` alone.
    """
    with open_text(extract) as text:
        return _header(extract, _Reader(extract, text, separator), wanted)


def read_chunks(extract: Extract, separator: str, wanted: Sequence[str], required: Sequence[str]) -> Iterator[Chunk]:
    """All rows of the file in order, in chunks of bounded size. `wanted` columns, of which `required` must be there.

    Blank lines are no rows, but in a file of one column they are rows in which it is empty. Raises UsageError if the
    separator is not one of `Separator`; InputRefused if a required column is missing, a header name is doubled, or a
    quote is opened that is never closed. Of the header, messages show the `wanted` names alone.
    """
    with open_text(extract) as text:
        reader = _Reader(extract, text, separator)
        header = _locate(extract, _header(extract, reader, wanted), wanted, required)
        reader.blank_is_row = len(header.names) == 1
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
        if separator not in get_args(Separator):
            raise UsageError(
                f"the separator {separator!r} cannot be read by; accepted are a comma, a semicolon, a tab and |.",
                hint="Give the one character that stands between two columns of the file.",
                separator=separator,
                accepted=get_args(Separator),
            )
        csv.field_size_limit(LIMITS.line_chars)
        self.extract = extract
        self.blank_is_row = False
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
            if self.blank_is_row:
                return [""]

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


def _header(extract: Extract, reader: _Reader, wanted: Collection[str]) -> tuple[str, ...]:
    record = next(reader)
    path = str(extract.path)
    if isinstance(record, str):
        raise InputRefused(f"{path}: the header cannot be read: {record}.", path=path)
    names = tuple(name.strip() for name in record)
    doubled = {name for name, count in Counter(names).items() if count > 1}
    if doubled:
        known = sorted(doubled.intersection(wanted))
        shown = ", ".join(map(repr, known)) or f"{len(doubled)} of its {len(names)} columns"
        raise InputRefused(
            f"{path}: the header names {shown} more than once; {_told(names, wanted)}.",
            hint="Each column needs a name of its own, in the first line.",
            path=path,
            doubled=known,
            columns=len(names),
        )
    return names


def _told(names: Sequence[str], wanted: Collection[str]) -> str:
    """What may be said of a first line: it is a person's row where a file has no header."""
    known = list(dict.fromkeys(name for name in names if name in wanted))
    if known:
        return f"of its {len(names)} columns, known are {', '.join(known)}"
    return f"none of its {len(names)} columns is known, so the first line looks like data and no header"


def _locate(extract: Extract, names: tuple[str, ...], wanted: Sequence[str], required: Sequence[str]) -> Header:
    missing = [name for name in required if name not in names]
    if missing:
        path = str(extract.path)
        raise InputRefused(
            f"{path}: missing column {', '.join(missing)}; {_told(names, wanted)}.",
            hint="Check the header line, and that source and separator are the right ones, or correct source.toml.",
            path=path,
            missing=missing,
            found=[name for name in wanted if name in names],
            columns=len(names),
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
