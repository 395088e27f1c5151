"""Rows of any file as Arrow tables: what was read is a row, or a fault with its reason. Every reader ends here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from mdi_engine.errors import InputRefused, counted
from mdi_engine.workbench.readers.extract import Extract
from mdi_engine.workbench.readers.formats import other_separator

CHUNK_ROWS = 5_000
CHUNK_CHARS = 32 << 20
# What Excel has; more is no table, and every column of a row costs memory.
MAX_COLUMNS = 16_384


@dataclass(frozen=True)
class Fault:
    """Why a row is not accepted. `row` counts data rows of its file from 1; `column` is None for the whole row."""

    row: int
    column: str | None
    value: str | None
    reason: str


@dataclass
class Chunk:
    """Some consecutive rows of one file: `read` = rows in `table` + `faults` of whole rows.

    `table` has `file_row` (int64, counted from 1), the wanted columns (text, NULL where the file lacks the column)
    and `other` (JSON object of columns nobody asked for, NULL if there are none). A fault of one column is of a row
    that is in `table`, with NULL in that column.
    """

    table: pa.Table
    faults: list[Fault] = field(default_factory=list)
    read: int = 0


@dataclass(frozen=True)
class Broken:
    """A record that cannot be taken apart: its text, and why."""

    text: str | None
    reason: str


@dataclass(frozen=True)
class Lost:
    """A cell whose digits are gone: what is left of it, and why."""

    text: str
    reason: str


Cell: TypeAlias = str | Lost | None
Record: TypeAlias = Sequence[Cell] | Broken


@dataclass(frozen=True)
class Header:
    """Column names of a file, and the place of each wanted column among them (None = absent).

    `other` is the place of a column that holds the text of `other` ready made, where a reader makes it itself.
    """

    names: tuple[str, ...]
    places: tuple[tuple[str, int | None], ...]
    other: int | None = None

    @property
    def others(self) -> tuple[int, ...]:
        """Places of columns nobody asked for."""
        wanted = {place for _, place in self.places}
        return tuple(place for place in range(len(self.names)) if place not in wanted)


class Chunker:
    """Gathers records into chunks of bounded size, numbering them."""

    def __init__(self, header: Header, codes: Collection[str], joint: str) -> None:
        self.header = header
        self.joint = joint
        self.codes = [(name, place) for name, place in header.places if name in codes and place is not None]
        self.row = 0

    def next_chunk(self, records: Iterable[Record], chars: Callable[[], int]) -> Chunk | None:
        """As many of the records as one chunk takes, or None if there are none left; `chars` tells how much was read
        so far.
        """
        header, first, full = self.header, self.row, chars() + CHUNK_CHARS
        rows: list[Sequence[Cell]] = []
        numbers: list[int] = []
        faults: list[Fault] = []
        for record in records:
            self.row += 1
            if isinstance(record, Broken):
                faults.append(Fault(self.row, None, record.text, record.reason))
            elif len(record) != len(header.names):
                faults.append(self._misfit(record))
            else:
                rows.append(record)
                numbers.append(self.row)
            if self.row - first >= CHUNK_ROWS or chars() > full:
                break
        if self.row == first:
            return None
        fields: list[Sequence[Cell]] = list(zip(*rows, strict=True)) if rows else [()] * len(header.names)
        for name, place in self.codes:
            fields[place] = without_lost(name, numbers, fields[place], faults)
        return Chunk(_table(header, numbers, rows, fields), faults, self.row - first)

    def _misfit(self, record: Sequence[Cell]) -> Fault:
        reason = f"{counted(len(record), 'field')} where the header has {len(self.header.names)}"
        texts = (cell.text if isinstance(cell, Lost) else cell or "" for cell in record)
        return Fault(self.row, None, self.joint.join(texts), reason)


def without_lost(
    column: str, numbers: Sequence[int], cells: Sequence[Cell], faults: list[Fault]
) -> Sequence[str | None]:
    """The cells with None in place of lost ones, each of which adds a fault."""
    for number, cell in zip(numbers, cells, strict=True):
        if isinstance(cell, Lost):
            faults.append(Fault(number, column, cell.text, cell.reason))
    return [None if isinstance(cell, Lost) else cell for cell in cells]


def _table(header: Header, numbers: list[int], rows: list[Sequence[Cell]], fields: list[Sequence[Cell]]) -> pa.Table:
    nothing = pa.nulls(len(rows), pa.string())
    columns = [nothing if place is None else pa.array(fields[place], pa.string()) for _, place in header.places]
    names = [name for name, _ in header.places]
    if header.other is not None:
        others = pa.array(fields[header.other], pa.string())
    else:
        others = pa.array(_others(header, rows), pa.string()) if header.others else nothing
    return pa.table([pa.array(numbers, pa.int64()), *columns, others], names=["file_row", *names, "other"])


def _others(header: Header, rows: list[Sequence[Cell]]) -> list[str]:
    named = [(header.names[place], place) for place in header.others]
    return [json.dumps({name: row[place] for name, place in named}, ensure_ascii=False) for row in rows]


def checked_names(extract: Extract, names: Sequence[str], wanted: Collection[str], where: str) -> tuple[str, ...]:
    """The names, if each stands once. `where` says where a file of this format has them.

    A file without a header has a person's row in its place: of its names, messages show those `wanted` alone.
    """
    path = str(extract.path)
    doubled = {name for name, count in Counter(names).items() if count > 1}
    if doubled:
        known = sorted(doubled.intersection(wanted))
        shown = ", ".join(map(repr, known)) or f"{len(doubled)} of its {counted(len(names), 'column')}"
        raise InputRefused(
            f"{path}: the header names {shown} more than once; {_told(names, wanted)}.",
            hint=f"Each column needs a name of its own, in {where}.",
            path=path,
            doubled=known,
            columns=len(names),
        )
    if len(names) > MAX_COLUMNS:
        raise InputRefused(f"{path}: {len(names)} columns; accepted are {MAX_COLUMNS}.", path=path, columns=len(names))
    return tuple(names)


def located(extract: Extract, names: Sequence[str], wanted: Sequence[str], required: Sequence[str]) -> Header:
    """Where the wanted columns are. Raises InputRefused naming all required ones that are not there."""
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
    place = {name: number for number, name in enumerate(names)}
    return Header(tuple(names), tuple((name, place.get(name)) for name in wanted))


def _told(names: Sequence[str], wanted: Collection[str]) -> str:
    """What may be said of a first line: it is a person's row where a file has no header."""
    known = list(dict.fromkeys(name for name in names if name in wanted))
    if known:
        return f"of its {counted(len(names), 'column')}, known are {', '.join(known)}"
    other = other_separator(names)
    if other:
        return f"its one column holds {other[1]} {other[0]} in its name, so it is divided by another separator"
    none = f"none of its {len(names)} columns is known" if len(names) > 1 else "its one column is not known"
    return f"{none}, so the first line looks like data and no header"
