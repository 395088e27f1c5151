"""One state of a ledger in a file of its own, which is SQLite whatever the ledger is, and the way back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select

from mdi_engine.errors import MdiError
from mdi_engine.ledger import counters
from mdi_engine.ledger.dialect import BUSY_SECONDS, STREAMED, insert_rows, is_full, sqlite_module
from mdi_engine.ledger.events import head, head_hash
from mdi_engine.ledger.schema import HEAD, metadata
from mdi_engine.ledger.store import open_ledger, reading, writing

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class State:
    """Which state a ledger is in: its schema, its newest event (0: none) with its hash, and how many accesses."""

    schema: str
    events: int
    head: str
    accesses: int


def state_of(conn: Connection) -> State:
    """The state that a connection sees."""
    events = head(conn)
    return State(HEAD, events, head_hash(conn, events), counters.peek(conn, "access"))


def snapshot(engine: Engine, path: Path) -> None:
    """Write the state that the ledger is in now to `path`, a new file readable by its owner only. Nobody has to wait.

    Raises FileExistsError if it is there, MdiError if the ledger cannot be read or the file not be written.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    if engine.dialect.name == "sqlite":
        _vacuum_into(Path(engine.url.database or ""), path)
        return
    copy = open_ledger(path)
    try:
        with reading(engine) as conn, writing(copy) as to:
            copy_all(conn, to)
    finally:
        copy.dispose()


def _vacuum_into(ledger: Path, path: Path) -> None:
    module = sqlite_module()
    try:
        with closing(module.connect(ledger, timeout=BUSY_SECONDS)) as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
    except module.Error as error:
        what = "the disk is full or read-only" if is_full(error) else type(error).__name__
        raise MdiError(
            f"The ledger cannot be copied: {what}.",
            hint="Free space where the copy is to be, or run `mdi verify`: the ledger may be damaged.",
        ) from None


def copy_all(source: Connection, to: Connection) -> None:
    """Put all that `source` holds in place of what `to` holds, both of the newest schema. Run in `writing` of `to`."""
    for table in metadata.sorted_tables:
        to.execute(delete(table))
        rows = iter(source.execute(select(table), execution_options=STREAMED))
        for some in _chunks(rows):
            insert_rows(to, table, table.columns.keys(), some)


def _chunks(rows: Iterator[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    while some := [tuple(row) for row in islice(rows, _CHUNK)]:
        yield some
