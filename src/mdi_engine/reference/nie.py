"""Shapes of registration numbers (NIE): letters, kind, class, how many digits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class NieShape:
    """What stands behind a prefix: `digits` are the lengths allowed, `tailed` says that a letter and a digit follow."""

    kind: str
    words: str
    digits: tuple[int, ...]
    tailed: bool = False


@cache
def nie_shapes() -> Mapping[str, NieShape]:
    """By prefix in capitals (`DKL`, `AKD`, `TR` …)."""
    return dict(_shapes(read_toml("nie")))


def _shapes(tables: dict[str, Any]) -> Iterator[tuple[str, NieShape]]:
    for kind, table in tables.items():
        if kind != "drug":
            for prefix, word in table["class"].items():
                yield prefix, NieShape(kind, word, tuple(table["digits"]), tailed=kind == "emergency")
    drug = tables["drug"]
    for letters in product(drug["first"], drug["second"], drug["third"]):
        words = " ".join(
            drug[place][letter] for place, letter in zip(("first", "second", "third"), letters, strict=True)
        )
        yield "".join(letters), NieShape("drug", words, (drug["digits"],), tailed=True)
