"""Rows of an extract, month by month, and the files they stand in."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from mdi_engine.population.writing.workbooks import Cell, write_workbook

# Of a list's rows, each month: these come anew (for so many months), are withdrawn, are corrected.
ARRIVING, ARRIVALS, WITHDRAWN, CORRECTED = 0.015, 12, 0.01, 0.02
FIRST_YEAR = 2026
TRUTH_COLUMNS = ("source", "source_key", "entity", "flags")

Cells = Mapping[str, Cell]
Months = npt.NDArray[np.int64]
Writer = Callable[[Path, Sequence[str], Iterable[Sequence[Cell]]], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an extract: what it says, which thing it is, and what is odd about it.

    `key` is the row's source_key; `correction` the cells that a later delivery would set right.
    """

    key: str
    entity: str
    cells: Cells
    flags: tuple[str, ...] = ()
    correction: Cells = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extract:
    """All rows a source will ever deliver, the file it delivers them in, and whether it sends only what changed."""

    source: str
    file: str
    columns: tuple[str, ...]
    write: Writer
    rows: Sequence[Row]
    delta: bool = False


@dataclass(frozen=True, slots=True)
class Lives:
    """For each row the months, from 0, of its first and last delivery, and of the first one that corrects it."""

    first: Months
    last: Months
    mended: Months


def draw_lives(rng: Generator, rows: int) -> Lives:
    """Lives that do not depend on how many months are asked for: more of them leave the earlier ones as they are."""
    first = np.where(rng.random(rows) < ARRIVING * ARRIVALS, rng.integers(1, ARRIVALS + 1, rows), 0)
    return Lives(first, first + rng.geometric(WITHDRAWN, rows) - 1, first + rng.geometric(CORRECTED, rows))


def write_extract(out: Path, extract: Extract, lives: Lives, months: int) -> int:
    """Write the first delivery to `out`/<source>/<file>, later ones to `out`/<source>/<YYYY-MM>/<file>; rows in all."""
    written = 0
    for month in range(months):
        rows = delivery(extract, lives, month)
        folder = out / extract.source / (month_name(month) if month else "")
        folder.mkdir(parents=True, exist_ok=True)
        extract.write(folder / extract.file, extract.columns, ([row.get(c) for c in extract.columns] for row in rows))
        written += len(rows)
    return written


def delivery(extract: Extract, lives: Lives, month: int) -> list[Cells]:
    """The cells of a month: everything that stands then, or (`delta`) what is new and what changed."""
    sent = (lives.first <= month) & (month <= lives.last)
    if extract.delta:
        sent = (lives.first == month) | (lives.mended == month)
    return [
        {**row.cells, **row.correction} if month >= mended else row.cells
        for row, mended, goes in zip(extract.rows, lives.mended.tolist(), sent.tolist(), strict=True)
        if goes
    ]


def month_name(month: int) -> str:
    """The month of a delivery, from 0: 2026-01, 2026-02 …"""
    return f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}"


def write_truth(path: Path, extracts: Iterable[tuple[Extract, Lives]], months: int) -> None:
    """Write which thing each delivered row is, with the flags of its subgroups."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = (
        (extract.source, row.key, row.entity, " ".join(sorted(set(row.flags))))
        for extract, lives in extracts
        for row, first in zip(extract.rows, lives.first.tolist(), strict=True)
        if first < months
    )
    write_csv(path, TRUTH_COLUMNS, sorted(rows))


def write_csv(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    separator: str = ",",
    quote_all: bool = False,
) -> None:
    """Write a CSV file in UTF-8 with a header; None is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        quoting: Literal[0, 1] = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


write_semicolons: Writer = partial(write_csv, separator=";")
write_quoted: Writer = partial(write_csv, quote_all=True)


def write_json(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write {"data": [...]}, an object on each line."""
    objects = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    path.write_text('{"data": [\n' + ",\n".join(objects) + "\n]}\n", encoding="utf-8")


def write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """Write text columns to a Parquet file."""
    import pyarrow as pa  # slow to load, and only this format needs it
    import pyarrow.parquet as pq

    values = list(rows)
    table = pa.table({name: pa.array([row[at] for row in values], pa.string()) for at, name in enumerate(columns)})
    pq.write_table(table, path, compression="zstd")


write_xlsx: Writer = write_workbook
