"""A sheet of an Excel workbook (.xlsx), taken apart by calamine once `xlsx_guard` has found it bearable.

Excel keeps a number as a float of 15 digits. One that is a code is accepted only if all its digits are there; other
numbers are the shortest text that gives them again. Dates are ISO text. Of a formula, the value is taken that Excel
last computed; an error such as #N/A is an empty cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mdi_engine.errors import InputRefused, counted
from mdi_engine.workbench.readers.chunks import Cell, Chunk, Chunker, Record, checked_names, located
from mdi_engine.workbench.readers.extract import Extract
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.numbers import DOUBLE_DIGITS, number_cell, number_text
from mdi_engine.workbench.readers.xlsx_guard import WorkbookGuard

if TYPE_CHECKING:
    from python_calamine import CalamineSheet


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """Texts of the first row that is not empty, or of it and the next (`_joined`)."""
    return _Sheet(extract, layout).header(wanted)


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """Empty rows are no rows. Raises InputRefused if the file is no bearable workbook, or has no such sheet."""
    sheet = _Sheet(extract, layout)
    header = located(extract, sheet.header(wanted), wanted, required)
    strict = {place for name, place in header.places if name in codes and place is not None}
    chunker = Chunker(header, codes, "\t")
    records = sheet.records(strict)
    while chunk := chunker.next_chunk(records, lambda: sheet.chars):
        yield chunk


class _Sheet:
    """The rows of one sheet that are not empty."""

    def __init__(self, extract: Extract, layout: Layout) -> None:
        self.extract = extract
        self.layout = layout
        self.sheet = _open(extract, layout)
        start = self.sheet.start or (0, 0)
        self.left = start[1]
        self.rows = ((n, row) for n, row in enumerate(self.sheet.iter_rows()) if any(cell != "" for cell in row))
        self.width = 0
        self.chars = 0

    def header(self, wanted: Collection[str]) -> tuple[str, ...]:
        """The names; columns right of the last name are none."""
        found = [row for row in (next(self.rows, None) for _ in range(self.layout.header_rows)) if row is not None]
        if len(found) < self.layout.header_rows:
            raise InputRefused(
                f"{self.extract.path}: the sheet {self.sheet.name!r} has no header.",
                hint="Its first row that is not empty must have the names of the columns.",
                path=str(self.extract.path),
            )
        rows = [[str(_text(cell) or "").strip() for cell in row] for _, row in found]
        names = rows[0] if len(rows) == 1 else self._joined(found[0][0], rows[0], rows[1])
        while not names[-1]:
            names.pop()
        self.width = len(names)
        return checked_names(self.extract, names, wanted, "the first row of the sheet")

    def _joined(self, at: int, top: list[str], bottom: list[str]) -> list[str]:
        """Names under two header rows: `group name`, the group being a merged cell, and of a cell over both rows its
        one text, for the lower half of it is empty.
        """
        for (first, left), (last, right) in self.sheet.merged_cell_ranges or ():
            places = range(max(left - self.left, 0), min(right - self.left + 1, len(top)))
            if first <= at <= last and places:
                group = top[places[0]]
                for place in places:
                    top[place] = group
        return [" ".join(filter(None, pair)) for pair in zip(top, bottom, strict=True)]

    def records(self, strict: Collection[int]) -> Iterator[Record]:
        """Cells as text; in the places `strict`, numbers that may have lost digits are lost. What stands right of the
        last name makes the row too wide.
        """
        for _, row in self.rows:
            while len(row) > self.width and row[-1] == "":
                row.pop()
            record: list[Cell] = [
                number_cell(cell, DOUBLE_DIGITS, "spreadsheet")
                if place in strict and type(cell) is float
                else _text(cell)
                for place, cell in enumerate(row)
            ]
            self.chars += sum(len(cell) + 1 if isinstance(cell, str) else 1 for cell in record)
            yield record


def _open(extract: Extract, layout: Layout) -> CalamineSheet:
    # Imported here: a command that reads no workbook does without it.
    from python_calamine import CalamineError, CalamineWorkbook

    with extract.content.open("rb") as file:
        guard = WorkbookGuard(extract, file)
        sheets = guard.sheets()
        name = _chosen(extract, layout, list(sheets))
        guard.refuse_large(sheets[name])
        file.seek(0)
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            if workbook.sheet_names != list(sheets):
                raise _unreadable(extract, "its list of sheets is read in two ways")
            return workbook.get_sheet_by_name(name)
        except CalamineError as error:
            raise _unreadable(extract, type(error).__name__) from error
        except BaseException as error:
            # What calamine did not think of is a panic of Rust, which is no Exception.
            if type(error).__name__ != "PanicException":
                raise
            raise _unreadable(extract, "calamine gave up") from error


def _chosen(extract: Extract, layout: Layout, names: Sequence[str]) -> str:
    if not names:
        raise _unreadable(extract, "it has no sheet")
    if layout.sheet is None:
        return names[0]
    if layout.sheet not in names:
        path = str(extract.path)
        raise InputRefused(
            f"{path}: there is no sheet {layout.sheet!r} among its {counted(len(names), 'sheet')}.",
            hint="Correct `sheet` in source.toml, or leave it out for the first sheet.",
            path=path,
            sheets=len(names),
        )
    return layout.sheet


def _unreadable(extract: Extract, reason: str) -> InputRefused:
    path = str(extract.path)
    return InputRefused(
        f"{path}: not a readable .xlsx workbook ({reason}).",
        hint="Open it in Excel or LibreOffice, and save as .xlsx.",
        path=path,
    )


def _text(cell: Any) -> str | None:
    """What the cell shows, as text; an empty one is NULL. Of a date the time goes if it is midnight."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return number_text(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat()
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
