"""CSV text: Python's csv module says what a row is, Arrow reads the stretches on which they cannot differ.

DuckDB does not read here: DuckDB 2.0.0, told to keep rejects, loses or invents rows after a row with a fault (and stops
in an "invalid state" on others), so its counts would not add up.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from io import StringIO
from typing import TextIO, get_args

import pyarrow as pa

from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.workbench.readers.chunks import CHUNK_ROWS, Broken, Chunk, Chunker, Record, checked_names, located
from mdi_engine.workbench.readers.extract import LIMITS, Extract, open_text
from mdi_engine.workbench.readers.formats import Layout, Separator
from mdi_engine.workbench.readers.plain_csv import plain_table

_STRETCH = 1 << 20


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """Column names of the first line that is not blank."""
    with open_text(extract) as text:
        return _header(extract, _Reader(extract, text, layout.separator), wanted)


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """Blank lines are no rows, but in a file of one column they are rows in which it is empty. Raises InputRefused if a
    quote is opened that is never closed.
    """
    with open_text(extract) as text:
        reader = _Reader(extract, text, layout.separator)
        header = located(extract, _header(extract, reader, wanted), wanted, required)
        reader.blank_is_row = len(header.names) == 1
        chunker = Chunker(header, (), layout.separator)  # text cannot have lost digits unseen
        while stretch := reader.lines.stretch():
            table = plain_table(stretch, header, layout.separator, chunker.row)
            if table is not None:
                chunker.row += table.num_rows
                reader.lines_elsewhere += table.num_rows
                yield from _chunks(table)
                continue
            reader.lines.again(stretch)
            records = reader.of_stretch()
            while chunk := chunker.next_chunk(records, reader.lines.read_so_far):
                yield chunk


def numbered_lines(extract: Extract, text: TextIO, layout: Layout) -> Iterator[tuple[int, str]]:
    """The whole text in pieces, each with the number of its row as `read_chunks` counts them; 0 for what is no row."""
    reader = _Reader(extract, text, layout.separator)
    reader.lines.tape = []
    reader.blank_is_row = len(_header(extract, reader, ())) == 1
    yield 0, reader.lines.taped()
    for row, _ in enumerate(reader, start=1):
        yield row, reader.lines.taped()
    yield 0, reader.lines.taped()


def _chunks(table: pa.Table) -> Iterator[Chunk]:
    for first in range(0, table.num_rows, CHUNK_ROWS):
        part = table.slice(first, CHUNK_ROWS)
        yield Chunk(part, [], part.num_rows)


class _Lines:
    """The lines of a text, remembering the last one and how much was read."""

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.taken, self.taken_chars = StringIO(), 0
        self.last = ""
        self.chars = 0
        self.ended = False
        self.tape: list[str] | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.taken.readline() or self.text.readline()
        if not line:
            self.ended = True
            raise StopIteration
        self.last = line
        self.chars += len(line)
        if self.tape is not None:
            self.tape.append(line)
        return line

    def taped(self) -> str:
        """The lines since it was asked last."""
        self.tape, lines = [], self.tape or []
        return "".join(lines)

    def read_so_far(self) -> int:
        return self.chars

    def stretch(self) -> str:
        """Some of the lines at once, none in part; empty at the end."""
        return self.text.read(_STRETCH) + self.text.readline()

    def again(self, stretch: str) -> None:
        """Let these lines come once more, one by one."""
        self.taken, self.taken_chars = StringIO(stretch, newline=""), len(stretch)

    def within_stretch(self) -> bool:
        """Whether lines of the last stretch are still to come."""
        return self.taken.tell() < self.taken_chars


class _Reader:
    """Records of a CSV: a list of fields, or what cannot be taken apart."""

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
        self.lines_elsewhere = 0  # that did not pass through here
        self.records = csv.reader(self.lines, delimiter=separator, strict=True)

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        while True:
            start = self._line() + 1
            try:
                record = next(self.records)
            except csv.Error as error:
                self._refuse_if_lost(start, error)
                return Broken(self.lines.last, f"quotes: {error} (line {self._line()})")
            if record:
                return record
            if self.blank_is_row:
                return [""]

    def of_stretch(self) -> Iterator[Record]:
        """The records that begin in the stretch at hand; the last of them may end behind it."""
        while self.lines.within_stretch():
            try:
                record = next(self)
            except StopIteration:
                return
            yield record

    def _line(self) -> int:
        return self.records.line_num + self.lines_elsewhere

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
    record = next(iter(reader))
    if isinstance(record, Broken):
        path = str(extract.path)
        raise InputRefused(f"{path}: the header cannot be read: {record.reason}.", path=path)
    names = [str(name).strip() for name in record]
    return checked_names(extract, names, wanted, "the first line")
