"""What the tests of the readers share: a file of some format, read to its end, with its counts proven."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl

from mdi_engine.workbench.readers.chunks import Chunk, Fault
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.reader import read_chunks, read_names

HOSTILE = ['"', "'", "\x1b[2J", "\u202eRS", "=1+1", "<b>", "&amp;", "]]>", "a\nb", "  ", "'; DROP TABLE raw; --", "𝒳"]


@dataclass
class Read:
    """All rows of a file and all faults."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    read: int = 0

    def column(self, name: str) -> list[str | None]:
        return [row[name] for row in self.rows]


def read(
    folder: Path,
    content: bytes,
    layout: Layout,
    wanted: Sequence[str],
    required: Sequence[str] = (),
    codes: Collection[str] = (),
    encoding: str = "utf-8",
) -> Read:
    """Write the content to a file, read it and check that each row was either kept or faulted."""
    path = folder / f"a.{layout.format}"
    path.write_bytes(content)
    extract = inspect(path, encoding, format=layout.format)
    found = Read()
    for chunk in read_chunks(extract, layout, wanted, required, codes):
        check(chunk, found.read, wanted)
        found.rows += chunk.table.to_pylist()
        found.faults += chunk.faults
        found.read += chunk.read
    return found


def names(folder: Path, content: bytes, layout: Layout) -> tuple[str, ...]:
    path = folder / f"a.{layout.format}"
    path.write_bytes(content)
    return read_names(inspect(path, "utf-8", format=layout.format), layout)


def check(chunk: Chunk, before: int, wanted: Sequence[str]) -> None:
    """Rows are numbered on; each is in the table or has a fault of the whole row."""
    assert chunk.table.column_names == ["file_row", *wanted, "other"]
    kept = chunk.table.column("file_row").to_pylist()
    broken = [fault.row for fault in chunk.faults if fault.column is None]
    assert sorted(kept + broken) == list(range(before + 1, before + chunk.read + 1))
    assert {fault.row for fault in chunk.faults if fault.column is not None} <= set(kept)
    chunk.table.validate(full=True)


def workbook(rows: Iterable[Sequence[Any]], merged: Sequence[str] = (), **sheets: Iterable[Sequence[Any]]) -> bytes:
    """An .xlsx as openpyxl writes it: a sheet `Sheet` of these rows, and others by name."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    for name, content in {"Sheet": rows, **sheets}.items():
        sheet = first if name == "Sheet" else book.create_sheet(name)
        for row in content:
            sheet.append(list(row))
    for cells in merged:
        first.merge_cells(cells)
    return saved(book)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rezipped(content: bytes, changed: Mapping[str, bytes], left_out: Collection[str] = ()) -> bytes:
    """The zip with some parts put in place of others."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist() if name not in left_out}
        for name, part in {**parts, **changed}.items():
            new.writestr(name, part)
    return out.getvalue()
