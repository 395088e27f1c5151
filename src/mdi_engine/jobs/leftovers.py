"""Folders to work in that hold people's data for a while, and those that runs which were killed left behind.

A folder is locked (flock) while it is in use: one whose lock is free is nobody's any more, and goes with the next run
of `backup`, `restore`, `rebuild` or `forget`. On a file system that knows no locks none is taken away: nobody can tell
whose it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from mdi_engine.settings import Settings

BACKUP, REBUILD, RESTORE = ".mdi-backup-", ".rebuilding-", ".restoring-"
OLD = "old.duckdb"  # the workbench that a rebuild is to take the place of


@contextmanager
def work_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new locked folder in `parent`, readable by its owner only; it goes at the end with all that is in it."""
    folder, handle = _made(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def clear_home(settings: Settings) -> None:
    """Take away what killed runs left in the home. A workbench that one had put away returns, if there is none now."""
    for prefix in (BACKUP, RESTORE):
        clear(settings.home, prefix)
    for folder in _left(settings.home, REBUILD):
        if (folder / OLD).exists() and not settings.workbench_path.exists():
            move(folder / OLD, settings.workbench_path)
        shutil.rmtree(folder, ignore_errors=True)


def clear(parent: Path, prefix: str) -> None:
    """Take away the folders in `parent` with this prefix that nobody uses any more."""
    for folder in _left(parent, prefix):
        shutil.rmtree(folder, ignore_errors=True)


def move(database: Path, to: Path) -> None:
    """With the log that belongs to it: a log that stayed would be taken for that of the next file of the name."""
    log = log_of(database)
    if log.exists():
        log.replace(log_of(to))
    database.replace(to)


def log_of(database: Path) -> Path:
    """Where DuckDB keeps the log of a file."""
    return database.with_name(database.name + ".wal")


def _made(parent: Path, prefix: str) -> tuple[Path, int]:
    while True:
        folder = Path(mkdtemp(prefix=prefix, dir=parent))
        with suppress(FileNotFoundError):
            handle = os.open(folder, os.O_RDONLY)
            if _lock(handle) is not False and folder.exists():
                return folder, handle
            os.close(handle)  # another run cleared it away before it was locked


def _left(parent: Path, prefix: str) -> Iterator[Path]:
    """The folders whose lock is free, each locked while it is looked at."""
    for folder in sorted(parent.glob(prefix + "*")):
        with suppress(OSError):  # gone meanwhile, or not ours to read
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if _lock(handle):
                    yield folder
            finally:
                os.close(handle)


def _lock(handle: int) -> bool | None:
    """Whether the lock was free; None where there are no locks."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
