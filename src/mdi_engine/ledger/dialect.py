"""All that differs between SQLite and PostgreSQL. Every other file of the ledger is the same on both."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from types import MappingProxyType, ModuleType
from typing import Any
from urllib.parse import quote

from sqlalchemy import BigInteger, Connection, Insert, Integer, NullPool, Table, Text, create_engine, event, exc, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Engine

from mdi_engine.errors import MdiError

# Keys sort by code point on both: SQLite compares bytes by default, PostgreSQL would follow the locale.
KEY_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

# On SQLite only INTEGER, never BIGINT, makes a primary key the row's own address; both hold 64 bits.
ID = BigInteger().with_variant(Integer, "sqlite")

# For statements whose rows would not fit in memory. For the statement only: set on a connection it stays there, and
# PostgreSQL cannot stream what a later DELETE returns.
STREAMED: Mapping[str, int] = MappingProxyType({"yield_per": 1000})

BUSY_SECONDS = 30
_VARIABLES = 32_766  # that SQLite takes in one statement
_WRITER_LOCK = 0x6D6469  # "mdi": the advisory lock that is on PostgreSQL what BEGIN IMMEDIATE is on SQLite
_WRITE = "mdi_write"
_BULK = "mdi_bulk"
_EAGER = "mdi_eager"
_ASKED_AGAIN = 0.0005  # seconds
_KEYS = "mdi_keys"
# Pages of the log after which a commit takes them over into the file: SQLite's own default.
_CHECKPOINT = 1_000


def sqlite_is_affected(version: tuple[int, ...]) -> bool:
    """True if this SQLite can lose commits when connections write and checkpoint at once (the WAL-reset bug).

    Affected are 3.7.0 to 3.51.2, except the repaired 3.50.7+ and 3.44.6+ of their own lines.

    >>> sqlite_is_affected((3, 53, 4)), sqlite_is_affected((3, 50, 6)), sqlite_is_affected((3, 44, 6))
    (False, True, False)
    """
    repaired = (version[:2] == (3, 50) and version >= (3, 50, 7)) or (version[:2] == (3, 44) and version >= (3, 44, 6))
    return (3, 7, 0) <= version < (3, 51, 3) and not repaired


def sqlite_module() -> ModuleType:
    """The DBAPI module to use: `pysqlite3`, else Python's own if its SQLite is not affected.

    Raises MdiError if neither will do.
    """
    found: dict[str, str] = {}
    for name in ("pysqlite3.dbapi2", "sqlite3.dbapi2"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if not sqlite_is_affected(tuple(module.sqlite_version_info)):
            return module
        found[name.partition(".")[0]] = module.sqlite_version
    stated = ", ".join(f"{name} carries SQLite {version}" for name, version in found.items()) or "none was found"
    raise MdiError(
        f"No safe SQLite: {stated}; 3.7.0 to 3.51.2 can lose commits when several connections write.",
        hint="Install pysqlite3 0.6.1 or newer, or use a Python whose SQLite is 3.51.3+, 3.50.7+ or 3.44.6+.",
        found=found,
    )


def listen(engine: Engine) -> None:
    """Set up each new connection of `engine` and how its transactions begin."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)


def sqlite_read_only(url: URL, module: ModuleType) -> Engine:
    """An engine whose connections cannot change the file at `url`, and run no pragma. Of an absent file: an error."""
    where = f"file:{quote(url.database or '')}?mode=ro"
    return create_engine(
        url, module=module, creator=lambda: module.connect(where, uri=True), poolclass=NullPool, hide_parameters=True
    )


def for_reading(conn: Connection) -> Connection:
    """`conn` with transactions that see one state of the ledger from beginning to end."""
    if conn.dialect.name == "postgresql":
        return conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return conn


def for_bulk(engine: Engine) -> Engine:
    """`engine` for many writing transactions that need not each be safe from a power cut: see `bulk`."""
    return engine.execution_options(**{_BULK: True})


def for_eager(engine: Engine) -> Engine:
    """`engine` for one thread whose writing transactions must not wait long for their turn.

    SQLite lets a waiting writer ask more and more seldom, up to every 100 ms: between the transactions of a link job it
    would not come in for seconds. Many such threads would only keep the machine busy with asking.
    """
    return engine.execution_options(**{_EAGER: True})


def for_writing(conn: Connection) -> Connection:
    """`conn` with transactions that may write: they take the one writer's lock when they begin, and wait for it."""
    return conn.execution_options(**{_WRITE: True})


def for_keys(engine: Engine, keys: Sequence[int]) -> Engine:
    """`engine` for writing transactions on PostgreSQL that lock these 64-bit keys when they begin, in this order, and
    the writer's lock only when `take_writer` says so.
    """
    return engine.execution_options(**{_KEYS: tuple(keys)})


def take_writer(conn: Connection) -> None:
    """Wait for the one writer's lock, in a transaction on PostgreSQL that began without it."""
    conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def insert_missing(conn: Connection, table: Table) -> Insert:
    """INSERT into `table` that passes over rows whose primary key is there already."""
    return _insert_missing(conn.dialect.name, table)


@cache
def _insert_missing(dialect: str, table: Table) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_rows(conn: Connection, table: Table, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    """INSERT `rows`, if there are any; their values stand in the order of `columns`.

    On SQLite as few statements as can be: the driver lets other threads run within a statement, and after each one
    it waits until they let it go on.
    """
    if conn.dialect.name != "sqlite":
        if named := [dict(zip(columns, row, strict=True)) for row in rows]:
            conn.execute(insert(table), named)
        return
    names, one = ", ".join(columns), f"({', '.join('?' * len(columns))})"
    values, most = chain.from_iterable(rows), _VARIABLES // len(columns) * len(columns)
    while some := tuple(islice(values, most)):
        places = ", ".join([one] * (len(some) // len(columns)))
        conn.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES {places}", some)  # noqa: S608


def is_busy(error: BaseException | None) -> bool:
    """True if the driver's error says that another writer would not let go in time."""
    text = str(error).lower()
    return "database is locked" in text or "lock timeout" in text or "deadlock detected" in text


def is_full(error: BaseException | None) -> bool:
    """True if the driver's error says that there is no room or no permission to write."""
    return bool(re.search(r"disk is full|readonly|disk i/o error|no space left|unable to open", str(error).lower()))


def is_unstorable(error: BaseException | None) -> bool:
    """True if the driver's error says that a text has a NUL character, which PostgreSQL cannot hold."""
    return "cannot contain nul" in str(error).lower()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "trusted_schema = OFF",
        "cache_size = -65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    if options.get(_WRITE):
        bulk = options.get(_BULK)
        conn.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if bulk else 'FULL'}")
        conn.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {0 if bulk else _CHECKPOINT}")
        if options.get(_EAGER):
            _begin_eagerly(conn)
            return
    # A deferred transaction that turns writer late fails at once when somebody wrote meanwhile; IMMEDIATE waits.
    conn.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITE) else "BEGIN")


def _begin_eagerly(conn: Connection) -> None:
    conn.exec_driver_sql("PRAGMA busy_timeout = 0")
    end = time.monotonic() + BUSY_SECONDS
    try:
        while True:
            try:
                conn.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except exc.OperationalError as error:
                if not is_busy(error.orig) or time.monotonic() > end:
                    raise
            time.sleep(_ASKED_AGAIN)
    finally:
        conn.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def _begin_postgresql(conn: Connection) -> None:
    # What a writer reads before it decides must not change under it; row locks alone would come too late.
    options = conn.get_execution_options()
    if options.get(_WRITE):
        conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        if (keys := options.get(_KEYS)) is None:
            take_writer(conn)
        for key in keys or ():
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key:d})")
        if options.get(_BULK):
            conn.exec_driver_sql("SET LOCAL synchronous_commit = off")
