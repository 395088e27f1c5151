"""The first table of an HTML page, which registers hand out as `.xls` because Excel opens it.

Spans are unfolded: a cell stands in each row and column that it spans. A table inside a cell is text of that cell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.readers.chunks import MAX_COLUMNS, Broken, Chunk, Chunker, Record, checked_names, located
from mdi_engine.workbench.readers.extract import LIMITS, Extract, open_text
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.html_table import Cell, TableParser, joined

_PIECE = 1 << 16
# A tag or a comment.
_MARKUP_CHARS = 1 << 20
# What spans may copy: so much, and so many times what was read. A person's 30 jobs repeat the person 30 times.
_COPIED_SPARED = 16 << 20
_COPIED_TIMES = 50
_JOINT = "\t"


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """Names in the first row of the table, or of its first two rows: `group name` where a cell spans several names."""
    rows = _Rows(extract)
    return rows.header(rows.records(), layout, wanted)


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """Rows whose cells are all empty are no rows. Raises InputRefused if there is no table, or the page ends inside
    it, or inside a tag or comment.
    """
    rows = _Rows(extract)
    records = rows.records()
    header = located(extract, rows.header(records, layout, wanted), wanted, required)
    chunker = Chunker(header, (), _JOINT)  # text cannot have lost digits unseen
    while chunk := chunker.next_chunk(records, rows.weighed):
        yield chunk


class _Rows:
    """The rows of a file's first table, one by one."""

    def __init__(self, extract: Extract) -> None:
        self.extract = extract
        self.carried: dict[int, tuple[str, int]] = {}  # by column, the text that reaches down, and how many rows yet
        self.from_above: set[int] = set()  # columns of the newest row that came so
        self.own = self.copied = 0

    def weighed(self) -> int:
        """Characters and cells so far."""
        return self.own + self.copied

    def header(self, records: Iterator[Record], layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
        """The names in the first rows of the table."""
        found = (next(records, None) for _ in range(layout.header_rows))
        rows = [[str(name or "") for name in row] for row in found if row is not None and not isinstance(row, Broken)]
        if len(rows) < layout.header_rows:
            raise self._refused(
                "has no HTML table with a header" + (" of two rows" if layout.header_rows > 1 else ""),
                "Open the file in a browser: it must show a table. Perhaps it is the page of an error or a login.",
            )
        names = joined(rows[0], rows[1], self.from_above) if len(rows) > 1 else rows[0]
        return checked_names(self.extract, names, wanted, "the first row of the table")

    def records(self) -> Iterator[Record]:
        """Rows as they are seen, without empty ones."""
        for cells in self._rows():
            row = self._unfolded(cells)
            if isinstance(row, Broken) or any(row):
                yield row

    def _rows(self) -> Iterator[list[Cell]]:
        parser = TableParser()
        with open_text(self.extract) as text:
            while not parser.ended and (piece := text.read(_PIECE)):
                parser.feed(piece)
                if len(parser.waiting) > _MARKUP_CHARS:
                    raise self._refused(f"a tag or comment is longer than {_MARKUP_CHARS} characters")
                if parser.chars > LIMITS.line_chars:
                    raise self._refused(f"a row is longer than {LIMITS.line_chars} characters")
                rows, parser.rows = parser.rows, []
                yield from rows
        if not parser.close():
            where = "its table" if parser.whole_tags else "a tag, comment or script"
            raise self._refused(f"ends inside {where}", "It was cut off: fetch or export it again.")
        yield from parser.rows

    def _unfolded(self, cells: Sequence[Cell]) -> list[str] | Broken:
        self.from_above.clear()
        row: list[str] = []
        for text, columns, rows in cells:
            self._carry_down(row)
            self.own += len(text) + 1
            for place in range(len(row), len(row) + columns):
                if columns > 1:
                    self._count_copy(text)
                row.append(text)
                if rows > 1:
                    self.carried[place] = text, rows - 1
            if len(row) > MAX_COLUMNS:
                return Broken(None, f"more than {MAX_COLUMNS} cells")
        self._carry_down(row)
        return row

    def _carry_down(self, row: list[str]) -> None:
        while (place := len(row)) in self.carried:
            text, left = self.carried.pop(place)
            row.append(text)
            self.from_above.add(place)
            self._count_copy(text)
            if left > 1:
                self.carried[place] = text, left - 1

    def _count_copy(self, text: str) -> None:
        self.copied += len(text) + 1
        if self.copied > _COPIED_SPARED + _COPIED_TIMES * self.own:
            raise self._refused(
                f"colspan and rowspan copy its cells more than {_COPIED_TIMES} times", "Export it without merged cells."
            )

    def _refused(self, reason: str, hint: str = "Accepted is a page with a table of rows.") -> InputRefused:
        path = str(self.extract.path)
        return InputRefused(f"{path}: {reason}.", hint=hint, path=path)
