"""Tables on their way out: CSV for people (safe in a spreadsheet), Parquet and JSON lines for programs (untouched)."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq

# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Marks that turn the direction of what follows on a terminal, beside the controls themselves.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def safe_cell(text: str) -> str:
    """The text with `'` before it where a spreadsheet would run it.

    >>> safe_cell("=1+1"), safe_cell("RSUD Blora")
    ("'=1+1", 'RSUD Blora')
    """
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def safe_terminal(text: str) -> str:
    """One line that a terminal shows as it is: controls become blanks, marks of direction and lone surrogates go.

    >>> safe_terminal("RS\\x1b[2J \\u202eUmum\\n")
    'RS [2J Umum '
    """
    kept = (character for character in text if character not in _DIRECTION)
    return "".join(" " if _is_control(c) else c for c in kept if unicodedata.category(c) != "Cs")


def write_csv(batches: Iterable[pa.RecordBatch], names: Iterable[str], out: TextIO) -> int:
    """Write a header and all rows as CSV for people; returns the number of rows.

    Text cells go through `safe_cell`; NULL is an empty cell. Open `out` with newline="".
    """
    writer = csv.writer(out)
    writer.writerow([safe_cell(name) for name in names])
    rows = 0
    for batch in batches:
        columns = [_cells(column.to_pylist()) for column in batch.columns]
        writer.writerows(zip(*columns, strict=True))
        rows += batch.num_rows
    return rows


def write_json_lines(batches: Iterable[pa.RecordBatch], out: TextIO) -> int:
    """Write one JSON object per row, values untouched; returns the number of rows."""
    rows = 0
    for batch in batches:
        for row in batch.to_pylist():
            out.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        rows += batch.num_rows
    return rows


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table as Parquet, values untouched; whole or not at all."""
    part = path.with_name(path.name + ".part")
    pq.write_table(table, part)
    part.replace(path)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp")


def _cells(values: list[object]) -> list[object]:
    return [safe_cell(value) if isinstance(value, str) else value for value in values]
