"""What commands print: data on standard output, notes on standard error, and nothing raw from anybody's file."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mdi_engine.workbench.safe import safe_terminal

# A cell or line longer than this is cut on its way to a person; --json and files give it whole.
_LONGEST = 500
# What a terminal would act on although JSON lets it stand: C1 controls, marks of direction, lone surrogates.
_ACTING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Table:
    """Rows under named columns. Numbers stand to the right, as do the columns named in `right`; None is a dash."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str = ""
    right: frozenset[str] = frozenset()

    def texts(self) -> list[list[str]]:
        """Each row's cells as they are printed."""
        return [[text_of(value) for value in row] for row in self.rows]

    def to_the_right(self) -> list[bool]:
        """For each column, whether its cells stand to the right."""
        return [
            name in self.right or _numeric([row[place] for row in self.rows]) for place, name in enumerate(self.columns)
        ]


def text_of(value: object) -> str:
    """One value as a person reads it, safe on a terminal.

    >>> text_of(1174), text_of(0.98765), text_of(None), text_of(True)
    ('1,174', '0.988', '-', 'yes')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.3f}" if isinstance(value, float) else clean(str(value))


def clean(text: str) -> str:
    """One line without controls and marks of direction, cut at 500 characters."""

    return safe_terminal(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def show(*parts: str | Table) -> None:
    """Print lines and tables on standard output: drawn on a terminal, in plain columns elsewhere."""
    for part in parts:
        if isinstance(part, str):
            sys.stdout.write(clean(part).rstrip() + "\n")
        elif sys.stdout.isatty():
            _draw(part)
        else:
            sys.stdout.writelines(line + "\n" for line in _columns(part))


def facts(pairs: Iterable[tuple[str, object]], title: str = "") -> Table:
    """A table without heads: one named value a line."""
    return Table((), [(name, text_of(value)) for name, value in pairs], title)


def as_json(data: object) -> None:
    """Print one JSON value. What a terminal would act on is written as an escape, which reads back the same."""
    text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write(_ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def note(text: str) -> None:
    """Tell the person something that is not data, on standard error."""
    sys.stderr.writelines(clean(line) + "\n" for line in text.splitlines())


def _numeric(values: Sequence[object]) -> bool:
    return any(isinstance(value, int | float) for value in values) and not any(
        isinstance(value, str) for value in values
    )


def _columns(table: Table) -> Iterator[str]:
    """The table in columns two blanks apart."""
    from rich.cells import cell_len

    if table.title:
        yield clean(table.title)
    heads = [list(table.columns)] if table.columns else []
    rows = [*heads, *table.texts()]
    right = table.to_the_right() or [False] * (len(rows[0]) if rows else 0)
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            " " * (width - cell_len(cell)) + cell if end else cell + " " * (width - cell_len(cell))
            for cell, width, end in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(["", *cells] if table.title else cells).rstrip()


def _draw(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    drawn = Drawn(
        box=box.SIMPLE_HEAD,
        show_header=bool(table.columns),
        title=Text(clean(table.title)) if table.title else None,
        title_justify="left",
    )
    texts = table.texts()
    for name, right in zip(table.columns, table.to_the_right(), strict=True):
        drawn.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in texts:
        # Text, not str: a value in square brackets is a value, not markup.
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)
