"""Opening DuckDB: one file, one process, locked down, rebuildable.

DuckDB 2.0 can leave an unopenable file after many kills in the middle of checkpoints, and secondary indexes have
lost rows; so the workbench has no index and no constraint, is checkpointed on opening, and is never the only copy.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from mdi_engine.errors import Locked, MdiError

MEMORY_LIMIT = "2GB"
TEMP_LIMIT = "64GB"
_GROUP_ROWS = 122_880
_GROUP_BYTES = 64 << 20

_HOLDER = re.compile(r"\(PID (\d+)\)")
# The order matters: after external access is off, nothing can be turned back on; the last line seals it.
_LOCK_DOWN = (
    "SET enable_progress_bar = false",  # it would be drawn on standard output, among the data
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET lock_configuration = true",
)


def quoted(identifier: str) -> str:
    """An identifier as SQL text; any character is allowed in it. The only way a name becomes SQL in this room."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def open_workbench(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The workbench at `path`, made if absent, with its process lock held until the block ends.

    A file that did not exist before and whose block raises is removed again: a refusal leaves nothing behind.
    Raises Locked (with the PID) if another process has it open, MdiError if the file cannot be opened, and MdiError in
    place of any error of DuckDB that leaves the block.
    """
    born = not path.exists()
    con = _connect(path)
    if born:
        path.chmod(0o600)
    try:
        for spilled in path.parent.glob(path.stem + ".tmp*"):  # by a process that was killed
            shutil.rmtree(spilled, ignore_errors=True)
        con.execute("CHECKPOINT")
        _seal(con, path.with_suffix(".tmp"))
        yield con
    except BaseException as error:
        con.close()
        if born:
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".wal").unlink(missing_ok=True)
        if isinstance(error, duckdb.Error):
            raise _as_ours(path, error) from None
        raise
    con.close()


def write_anew(path: Path) -> None:
    """Put a copy of the workbench in its place that holds what it holds now, and no remains of what was deleted.

    Raises Locked if another process has it open, MdiError if the copy cannot be written; nothing changed then.
    """
    new = path.with_name(f".{path.stem}.anew.duckdb")
    new.unlink(missing_ok=True)
    _connect(path).close()  # which takes the log over, and tells who has it open
    con = duckdb.connect()
    try:
        con.execute("SET enable_progress_bar = false")
        con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        con.execute("SET temp_directory = " + literal(str(path.with_suffix(".tmp"))))
        con.execute(f"ATTACH {literal(str(path))} AS old (READ_ONLY)")
        con.execute(f"ATTACH {literal(str(new))} AS new")
        con.execute("COPY FROM DATABASE old TO new")
        con.execute("DETACH new")
        new.chmod(0o600)
        new.replace(path)  # while the old one is held: nobody can have begun to write into it
    except (duckdb.Error, OSError) as error:
        raise (_as_ours(path, error) if isinstance(error, duckdb.Error) else error) from None
    finally:
        con.close()
        new.unlink(missing_ok=True)


@contextmanager
def open_scratch(spill: Path, threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that spills into the folder `spill`; gone when the block ends. `threads`: else all cores."""
    con = duckdb.connect(config={} if threads is None else {"threads": threads})
    try:
        _seal(con, spill)
        yield con
    finally:
        con.close()


def gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of whole row groups: DuckDB compresses a group that is not full again at each INSERT.

    Only the last table has fewer rows, and one that would be too large.
    """
    waiting: list[pa.Table] = []
    rows = size = 0
    for table in tables:
        waiting.append(table)
        rows, size = rows + table.num_rows, size + table.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            joined = pa.concat_tables(waiting)
            full = rows // _GROUP_ROWS * _GROUP_ROWS or rows
            yield joined.slice(0, full)
            waiting = [joined.slice(full)]
            rows, size = waiting[0].num_rows, waiting[0].nbytes
    if rows:
        yield pa.concat_tables(waiting)


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(path)
    except duckdb.IOException as error:
        holder = _HOLDER.search(str(error))
        if "lock" in str(error) and holder:
            pid = int(holder.group(1))
            raise Locked(
                f"{path} is in use by process {pid}.",
                hint="The workbench admits one process at a time: wait for that one to end, then run again.",
                path=str(path),
                pid=pid,
            ) from error
        raise MdiError(
            f"{path} cannot be opened as a workbench: {error}",
            hint="`mdi rebuild` makes it again from the ledger and the kept extracts.",
            path=str(path),
        ) from error


def _as_ours(path: Path, error: duckdb.Error) -> MdiError:
    """Only these two kinds say what they say without quoting values, which may be a person's."""
    telling = isinstance(error, duckdb.OutOfMemoryException | duckdb.IOException)
    return MdiError(
        f"{path} cannot be used: {error if telling else type(error).__name__}.",
        hint="Free memory and disk space, then run again: nothing was half done. The workbench can be rebuilt.",
        path=str(path),
    )


def _seal(con: duckdb.DuckDBPyConnection, spill: Path) -> None:
    """Set the limits, then take away every way out of this database."""
    con.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    con.execute("SET temp_directory = " + literal(str(spill)))
    con.execute(f"SET max_temp_directory_size = '{TEMP_LIMIT}'")
    for statement in _LOCK_DOWN:
        con.execute(statement)


def literal(text: str) -> str:
    """A string as SQL text, for the few statements (SET) that take no bound value."""
    return "'" + text.replace("'", "''") + "'"
