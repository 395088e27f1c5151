"""Many short writing transactions in a row, without waiting for the disk after each."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from sqlalchemy import Engine

from mdi_engine.ledger.dialect import for_bulk, sqlite_module

_SECONDS = 0.02
_WORTH = 8 << 20  # bytes of the log that are worth taking over
_MOST = 96 << 20  # and from here on writers wait for once, so that the log begins anew


@contextmanager
def in_bulk(engine: Engine) -> Iterator[Engine]:
    """An engine for `writing`. A killed process loses none of its transactions; a power cut may lose the newest ones,
    never one before another. They all last once a transaction of the usual kind has committed, here or elsewhere.

    On SQLite a thread takes the log over into the file meanwhile, which else a commit does now and then.
    """
    if engine.dialect.name != "sqlite":
        yield for_bulk(engine)
        return
    done = Event()
    beside = Thread(target=_take_over, args=(Path(engine.url.database or ""), done), name="mdi-checkpoint")
    beside.start()
    try:
        yield for_bulk(engine)
    finally:
        done.set()
        beside.join()


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected meanwhile: with many records in memory that takes longer than a short transaction."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _take_over(path: Path, done: Event) -> None:
    """Until `done`, whenever it is worth it. What cannot be done here and now, a later commit does."""
    module, log = sqlite_module(), path.with_name(path.name + "-wal")
    with suppress(module.Error, OSError):
        connection = module.connect(path)
        try:
            while not done.wait(_SECONDS):
                size = log.stat().st_size
                if size > _WORTH:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                if size > _MOST:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
