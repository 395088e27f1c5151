"""Tables on their way out: CSV for people (safe in a spreadsheet), Parquet and JSON lines for programs (untouched)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from mdi_engine.workbench.safe import safe_cell


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


def _cells(values: list[object]) -> list[object]:
    return [safe_cell(value) if isinstance(value, str) else value for value in values]
