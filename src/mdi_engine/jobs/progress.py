"""How a job tells what it is doing, without knowing who watches."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a job calls while it works. Implementations draw, log, or do nothing; they never raise."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin the stage `name`; `total` is the number of steps it will take, None if that is not known."""

    def advance(self, n: int = 1) -> None:
        """`n` further steps of the current stage are done."""


class _Silent:
    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, n: int = 1) -> None:
        """Say nothing."""


SILENT: Progress = _Silent()
