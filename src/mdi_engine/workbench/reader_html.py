"""The first table of an HTML page, which registers hand out as `.xls` because Excel opens it.

Read in pieces by Python's html.parser, as browsers do: entities decoded, runs of blanks one blank, cells and rows that
are never closed closed by the next. Spans are unfolded: each row has the cell. A table inside a cell is text of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import zip_longest

from mdi_engine.errors import InputRefused
from mdi_engine.workbench.chunks import MAX_COLUMNS, Broken, Chunk, Chunker, Record, checked_names, located
from mdi_engine.workbench.extract import LIMITS, Extract, open_text
from mdi_engine.workbench.formats import Layout

_PIECE = 1 << 16
# Markup between two pieces of text: a tag, a comment.
_MARKUP_CHARS = 1 << 20
# What spans may copy: so much, and so many times what was read. A person's 30 jobs repeat the person 30 times.
_COPIED_SPARED = 64 << 20
_COPIED_TIMES = 50
_MAX_COLSPAN, _MAX_ROWSPAN = 1_000, 65_534  # HTML standard, 4.9.11
_BLANKS = re.compile(r"[ \t\n\f\r]+")
_BREAK = "\ud800"  # half a character, which no decoded text holds
_BREAKS = frozenset({"br", "p", "div", "li"})
_JOINT = "\t"


def read_names(extract: Extract, layout: Layout, wanted: Collection[str]) -> tuple[str, ...]:
    """Names in the first row of the table, or of its first two rows (`joined`)."""
    return _header(extract, layout, wanted, _Rows(extract).grid())


def read_chunks(
    extract: Extract, layout: Layout, wanted: Sequence[str], required: Sequence[str], codes: Collection[str]
) -> Iterator[Chunk]:
    """Rows whose cells are all empty are no rows. Raises InputRefused if there is no table."""
    rows = _Rows(extract)
    grid = rows.grid()
    header = located(extract, _header(extract, layout, wanted, grid), wanted, required)
    chunker = Chunker(header, (), _JOINT)  # text cannot have lost digits unseen
    records = _records(grid)
    while chunk := chunker.next_chunk(records, rows.weighed):
        yield chunk


@dataclass
class _Cell:
    """A cell as it is written; columns and rows it spans."""

    columns: int
    rows: int
    parts: list[str] = field(default_factory=list)
    text: str = ""

    def close(self) -> None:
        lines = _BLANKS.sub(" ", "".join(self.parts)).split(_BREAK)
        self.text = "\n".join(filter(None, (line.strip(" ") for line in lines)))
        self.parts = []


def joined(top: Sequence[_Cell], bottom: Sequence[_Cell]) -> list[str]:
    """Names under two header rows: `group name`, and the one text of a cell that spans both.

    >>> both, group = _Cell(1, 2, text="No"), _Cell(2, 1, text="STR")
    >>> joined([both, group, group], [both, _Cell(1, 1, text="nomor"), _Cell(1, 1, text="tanggal")])
    ['No', 'STR nomor', 'STR tanggal']
    """
    pairs = zip_longest(top, bottom, fillvalue=_Cell(1, 1))
    return [a.text if a is b else " ".join(filter(None, (a.text, b.text))) for a, b in pairs]


def _header(
    extract: Extract, layout: Layout, wanted: Collection[str], grid: Iterator[list[_Cell] | Broken]
) -> tuple[str, ...]:
    found = (next(grid, None) for _ in range(layout.header_rows))
    rows = [row for row in found if row is not None and not isinstance(row, Broken)]
    if len(rows) < layout.header_rows:
        raise InputRefused(
            f"{extract.path}: has no HTML table with its {layout.header_rows} header rows.",
            hint="Open the file in a browser: it must show a table. Perhaps it is the page of an error or a login.",
            path=str(extract.path),
        )
    names = joined(rows[0], rows[1]) if layout.header_rows > 1 else [cell.text for cell in rows[0]]
    return checked_names(extract, names, wanted, "the first row of the table")


def _records(grid: Iterator[list[_Cell] | Broken]) -> Iterator[Record]:
    for row in grid:
        yield row if isinstance(row, Broken) else [cell.text for cell in row]


class _Rows:
    """The rows of a file's first table, one by one."""

    def __init__(self, extract: Extract) -> None:
        self.extract = extract
        self.carried: dict[int, _Cell] = {}  # by column, cells that reach down from above
        self.left: dict[int, int] = {}  # by column, how many rows further
        self.own = 0
        self.copied = 0

    def weighed(self) -> int:
        """Characters and cells so far."""
        return self.own + self.copied

    def grid(self) -> Iterator[list[_Cell] | Broken]:
        """Rows as they are seen: a cell stands in each column and row that it spans."""
        for cells in self._rows():
            row = self._unfolded(cells)
            if isinstance(row, Broken) or any(cell.text for cell in row):
                yield row

    def _rows(self) -> Iterator[list[_Cell]]:
        with open_text(self.extract) as text:
            table = _Table()
            while not table.ended and (piece := text.read(_PIECE)):
                table.feed(piece)
                self._refuse_beyond(len(table.rawdata), _MARKUP_CHARS, "a tag or comment")
                self._refuse_beyond(table.chars, LIMITS.line_chars, "a row")
                yield from table.taken()
        if not table.ended:
            table.close()
            table.end_table()
        yield from table.taken()

    def _refuse_beyond(self, chars: int, limit: int, what: str) -> None:
        if chars > limit:
            raise InputRefused(
                f"{self.extract.path}: {what} is longer than {limit} characters; this is not a table.",
                path=str(self.extract.path),
                limit=limit,
            )

    def _unfolded(self, cells: Sequence[_Cell]) -> list[_Cell] | Broken:
        row: list[_Cell] = []
        for cell in cells:
            self._carry_down(row)
            self.own += len(cell.text) + 1
            self.copied -= len(cell.text) + 1
            for place in range(len(row), len(row) + cell.columns):
                self._put(row, cell)
                if cell.rows > 1:
                    self.carried[place], self.left[place] = cell, cell.rows - 1
            if len(row) > MAX_COLUMNS:
                return Broken(None, f"more than {MAX_COLUMNS} cells")
        self._carry_down(row)
        return row

    def _carry_down(self, row: list[_Cell]) -> None:
        while (place := len(row)) in self.carried:
            self._put(row, self.carried[place])
            self.left[place] -= 1
            if not self.left[place]:
                del self.carried[place], self.left[place]

    def _put(self, row: list[_Cell], cell: _Cell) -> None:
        row.append(cell)
        self.copied += len(cell.text) + 1
        if self.copied > _COPIED_SPARED + _COPIED_TIMES * self.own:
            raise InputRefused(
                f"{self.extract.path}: colspan and rowspan copy its cells more than {_COPIED_TIMES} times.",
                hint="Export it without merged cells.",
                path=str(self.extract.path),
            )


class _Table(HTMLParser):
    """Gathers the rows of the first table; `ended` once it is over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[_Cell]] = []
        self.row: list[_Cell] = []
        self.cell: _Cell | None = None
        self.depth = 0  # of tables
        self.chars = 0  # of the row
        self.muted = False
        self.ended = False

    def taken(self) -> list[list[_Cell]]:
        """The rows finished since the last call."""
        rows, self.rows = self.rows, []
        return rows

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self.muted = True
        elif self.ended or not (self.depth or tag == "table"):
            return
        elif tag == "table":
            self._start_table()
        elif tag in _BREAKS:
            self._add(_BREAK)
        elif self.depth > 1:
            self._add(" ")
        elif tag in ("td", "th"):
            self._end_cell()
            spans = dict(attrs)
            columns = _span(spans.get("colspan"), _MAX_COLSPAN)
            self.cell = _Cell(columns, _span(spans.get("rowspan"), _MAX_ROWSPAN))
        elif tag in ("tr", "thead", "tbody", "tfoot"):
            self._end_row()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self.muted = False
        elif self.ended or not self.depth:
            return
        elif tag == "table":
            self.depth -= 1
            if not self.depth:
                self.end_table()
        elif self.depth == 1 and tag in ("td", "th"):
            self._end_cell()
        elif self.depth == 1 and tag == "tr":
            self._end_row()

    def handle_data(self, data: str) -> None:
        if not self.muted:
            self._add(data)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![if …]>` of Office, and `<![…` of anybody: a comment, as browsers take it. Python's own may raise."""
        return self.parse_bogus_comment(i, False)

    def end_table(self) -> None:
        """Everything that follows is no longer of the table."""
        self._end_row()
        self.depth, self.ended = 0, True

    def _start_table(self) -> None:
        if self.depth and self.cell is None:
            self.end_table()  # one that was never closed
        else:
            self.depth += 1

    def _add(self, text: str) -> None:
        if self.cell is not None:
            self.cell.parts.append(text)
            self.chars += len(text)

    def _end_cell(self) -> None:
        if self.cell is not None:
            self.cell.close()
            self.row.append(self.cell)
            self.cell = None
            self.chars += 1

    def _end_row(self) -> None:
        self._end_cell()
        if self.row:
            self.rows.append(self.row)
        self.row, self.chars = [], 0


def _span(text: str | None, most: int) -> int:
    """How far a cell reaches: 1 where nothing sound is said, at most `most`; 0 means to the end.

    >>> [_span(text, 1000) for text in (None, "", "3", "0", "2x", "99999999999", "-1", "٣")]
    [1, 1, 3, 1000, 2, 1000, 1, 1]
    """
    digits = re.match(r"\s*([0-9]{1,9})", text or "")
    found = int(digits.group(1)) if digits else 1
    return min(found, most) or most
