"""How far a job is, drawn on standard error: bars on a terminal, a line per stage elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Drawing
    from rich.progress import TaskID

    from mdi_engine.jobs.progress import Progress


@contextmanager
def watching() -> Iterator[Progress]:
    """A progress that shows itself while the block runs."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as drawing:
        bars = _Bars(drawing)
        yield bars
        bars.finish()


class _Lines:
    """One line as each stage begins."""

    def stage(self, name: str, total: int | None = None) -> None:
        sys.stderr.write(f"{name} …\n")

    def advance(self, n: int = 1) -> None:
        """Say nothing: a log wants no bar."""


class _Bars:
    """One bar per stage; the one before is filled when the next begins."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._task: TaskID | None = None

    def stage(self, name: str, total: int | None = None) -> None:
        self.finish()
        self._task = self._drawing.add_task(name, total=total)

    def advance(self, n: int = 1) -> None:
        if self._task is not None:
            self._drawing.advance(self._task, n)

    def finish(self) -> None:
        """Fill the bar of the stage that ran last."""
        if self._task is not None:
            done = max(1, int(next(task.completed for task in self._drawing.tasks if task.id == self._task)))
            self._drawing.update(self._task, total=done, completed=done)
            self._drawing.stop_task(self._task)
