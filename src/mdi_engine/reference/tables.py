"""Reading the tables that ship beside this module."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any


def read_csv(name: str) -> Iterator[dict[str, str | None]]:
    """The rows of `<name>.csv`, empty cells as None."""
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield {column: value or None for column, value in row.items()}


def read_toml(name: str) -> dict[str, Any]:
    """The content of `<name>.toml`."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
