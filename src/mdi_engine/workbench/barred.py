"""Rows of people who were forgotten, taken out of a delivery on trial before anything of it lasts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import duckdb

from mdi_engine.workbench.staging import StagedFile

_SIXTEEN = re.compile(r"(?<!\d)(?:\d[ .\-]?){15}\d(?!\d)")
# Whether a row, known by its key and NIK (either may be unknown), is one that must not come back.
Barred = Callable[[str | None, str | None], bool]


def leave_out_forgotten(
    con: duckdb.DuckDBPyConnection, files: Sequence[StagedFile], barred: Barred
) -> tuple[tuple[StagedFile, ...], dict[int, set[int]]]:
    """Take barred rows out of the staged delivery; gives the files with new counts, and rows by number of the file.

    Of a row that could not be taken apart, the numbers of 16 digits are asked about.
    """
    columns = {name for name, *_ in con.execute("DESCRIBE temp.staged").fetchall()}
    nik = "staged.nik" if "nik" in columns else "NULL"
    rows = con.execute(
        f"SELECT staged.row_id, file_no, file_row, staged.source_key, {nik} "  # noqa: S608
        "FROM temp.staged AS staged JOIN temp.raw AS raw ON raw.row_id = staged.row_id"
    ).fetchall()
    out = [(row_id, file, row) for row_id, file, row, key, number in rows if barred(key, number)]
    out += [
        (row_id, file, row)
        for row_id, file, row, text in con.execute(
            "SELECT row_id, file_no, file_row, value FROM temp.set_aside WHERE value IS NOT NULL "
            "AND row_id NOT IN (SELECT row_id FROM temp.raw)"
        ).fetchall()
        if any(barred(None, number) for number in _numbers(text))
    ]
    return _without(con, files, out)


def _numbers(text: str) -> Iterator[str]:
    for found in _SIXTEEN.finditer(text):
        yield re.sub(r"\D", "", found[0])


def _without(
    con: duckdb.DuckDBPyConnection, files: Sequence[StagedFile], out: Sequence[tuple[int, int, int]]
) -> tuple[tuple[StagedFile, ...], dict[int, set[int]]]:
    before = dict(con.execute("SELECT file_no, count(DISTINCT row_id) FROM temp.set_aside GROUP BY ALL").fetchall())
    ids = [row_id for row_id, _, _ in out]
    for table in ("raw", "staged", "set_aside"):
        con.execute(f"DELETE FROM temp.{table} WHERE row_id IN (SELECT unnest(?::BIGINT[]))", [ids])  # noqa: S608
    after = dict(con.execute("SELECT file_no, count(DISTINCT row_id) FROM temp.set_aside GROUP BY ALL").fetchall())
    rows: dict[int, set[int]] = {}
    for _, file, row in out:
        rows.setdefault(file, set()).add(row)
    counted = [
        replace(
            staged,
            rejected=staged.rejected - before.get(number, 0) + after.get(number, 0),
            forgotten=len(rows.get(number, ())),
        )
        for number, staged in enumerate(files)
    ]
    return tuple(counted), rows
