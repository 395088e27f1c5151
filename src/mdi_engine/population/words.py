"""The lists of words that stand beside this room's modules."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def words(name: str) -> dict[str, Any]:
    """The content of `<name>.toml`, read once."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
