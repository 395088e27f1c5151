"""Extracts that are written block by block: each file is opened when its first row comes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TextIO

from mdi_engine.population.writing.extracts import month_name


def place_of(source: str, month: int, file: str) -> Path:
    """Where a delivery stands: the first in the source's folder, later ones in a folder of the month."""
    return Path(source, month_name(month) if month else "", file)


class Files:
    """Text files under one folder, open until the `with` ends; `rows` counts by the first folder of their paths."""

    def __init__(self, out: Path) -> None:
        """Nothing is written before the first row."""
        self._out = out
        self._stack = ExitStack()
        self._streams: dict[Path, TextIO] = {}
        self._counts: Counter[str] = Counter()

    def __enter__(self) -> Files:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows were written for each source."""
        return {source: count for source, count in self._counts.items() if source != "truth"}

    def csv(self, path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]], separator: str = ",") -> None:
        """Append rows; a new file begins with the header."""
        new = path not in self._streams
        writer = csv.writer(self._stream(path), delimiter=separator, lineterminator="\n")
        if new:
            writer.writerow(columns)
        listed = list(rows)
        writer.writerows(listed)
        self._counts[path.parts[0]] += len(listed)

    def text(self, path: Path, rows: Sequence[str], first: str = "", last: str = "") -> None:
        """Append rows that are written already; a new file begins with `first`, and `last` ends it."""
        new = path not in self._streams
        stream = self._stream(path)
        if new:
            stream.write(first)
            self._stack.callback(stream.write, last)
        stream.writelines(rows)
        self._counts[path.parts[0]] += len(rows)

    def _stream(self, path: Path) -> TextIO:
        if path not in self._streams:
            place = self._out / path
            place.parent.mkdir(parents=True, exist_ok=True)
            self._streams[path] = self._stack.enter_context(place.open("w", encoding="utf-8", newline=""))
        return self._streams[path]
