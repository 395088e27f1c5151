"""Words of hospitals' price lists: abbreviations, words of no weight, categories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """What `service_words.toml` holds. Phrases are lower-case words joined by a blank; categories are in order."""

    spelled: Mapping[str, str]
    stop: frozenset[str]
    categories: tuple[tuple[str, frozenset[str]], ...]


@cache
def service_words() -> ServiceWords:
    """The tables, read once."""
    toml = read_toml("service_words")
    return ServiceWords(
        spelled=toml["spelled"],
        stop=frozenset(toml["stop"]["words"]),
        categories=tuple((rule["category"], frozenset(rule["phrases"])) for rule in toml["categories"]),
    )
