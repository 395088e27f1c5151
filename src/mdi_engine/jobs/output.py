"""Write a table where the user wants it, in the form the name asks for."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.workbench.export import write_csv, write_json_lines, write_parquet

_FORMS = (".parquet", ".csv", ".jsonl")


def check_output(path: Path | None) -> None:
    """Raise `UsageError` early if the form of `path` is not known: not after an hour of work."""
    if path is not None and str(path) != "-" and path.suffix not in _FORMS:
        raise UsageError(f"output {path}: the name must end in {', '.join(_FORMS)}, or be - for CSV on standard output")


def write_table(table: pa.Table, path: Path) -> None:
    """Write by suffix: .parquet and .jsonl with values untouched, .csv (and `-`) safe for spreadsheets.

    A file is written whole or not at all. Raises `InputRefused` if the place cannot be written.
    """
    check_output(path)
    if str(path) == "-":
        write_csv(table.to_batches(), table.column_names, sys.stdout)
        return
    part = path.with_name(path.name + ".part")
    try:
        _write(table, path, part)
    except OSError as error:
        raise InputRefused(f"output {path}: cannot be written: {error.strerror or error}", path=str(path)) from error
    finally:
        with suppress(OSError):  # as a rule it has its lasting name by now
            part.unlink()


def _write(table: pa.Table, path: Path, part: Path) -> None:
    if path.suffix == ".parquet":
        write_parquet(table, path)  # by way of the same part
        return
    with part.open("w", encoding="utf-8", newline="") as out:
        if path.suffix == ".csv":
            write_csv(table.to_batches(), table.column_names, out)
        else:
            write_json_lines(table.to_batches(), out)
    part.replace(path)
