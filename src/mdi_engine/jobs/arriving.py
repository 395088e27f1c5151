"""The folders that a delivery arrives in: what is refused leaves none of them behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part"


@contextmanager
def arriving(folder: Path) -> Iterator[Path]:
    """The folder of a source's kept extracts. Copies without a lasting name go at the end, also those of a run that
    was killed, and so do folders in which nothing is kept. To be used under the lock of the workbench.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        for part in folder.glob("*" + PART):
            part.unlink()
        with suppress(OSError):  # not empty
            folder.rmdir()
            folder.parent.rmdir()


@contextmanager
def home_folder(path: Path) -> Iterator[None]:
    """The home folder, readable by its owner only; one made for a call that is refused goes again."""
    born = not path.exists()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if born and not any(path.iterdir()):
            path.rmdir()
        raise
