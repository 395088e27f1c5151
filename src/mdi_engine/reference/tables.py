"""Reading the tables that ship beside this module, or newer ones in their place.

`MDI_REFERENCE` names folders, joined as in a PATH, that are searched first: a `kecamatan.csv` there stands in for the
one that ships. It is read when a table is first asked for, and processes that this one starts inherit it.
"""

from __future__ import annotations

import csv
import os
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

NEWER = "MDI_REFERENCE"
Row = dict[str, str | None]


def read_csv(name: str) -> Iterator[Row]:
    """The rows of `<name>.csv`, empty cells as None."""
    for row in csv.DictReader(_text(name).splitlines()):
        yield {column: value or None for column, value in row.items()}


def read_pairs(name: str) -> Iterator[tuple[str, str]]:
    """The first two cells of each row of `<name>.csv`: quicker than `read_csv` where a table is long."""
    rows = csv.reader(_text(name).splitlines())
    next(rows)
    return ((row[0], row[1]) for row in rows)


def read_toml(name: str) -> dict[str, Any]:
    """The content of `<name>.toml`."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))


def newer_folders() -> tuple[Path, ...]:
    """The folders that are searched before the shipped tables."""
    return tuple(Path(folder) for folder in os.environ.get(NEWER, "").split(os.pathsep) if folder)


def _text(name: str) -> str:
    for folder in newer_folders():
        path = folder / f"{name}.csv"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return shipped_csv(name)


def shipped_csv(name: str) -> str:
    """The text of `<name>.csv` as it ships, whatever a home has in its place."""
    return (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
