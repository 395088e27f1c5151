"""Words of payers' names: kinds, segments of the national insurance, spellings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """A segment, the phrases that name it, and the words that name it only in company of the national insurance."""

    segment: str
    phrases: frozenset[str]
    alone: frozenset[str]


@dataclass(frozen=True, slots=True)
class PayerWords:
    """What `payer_words.toml` holds. Phrases are lower-case words; kinds and segments are in order."""

    kinds: tuple[tuple[str, frozenset[str]], ...]
    segments: tuple[SegmentRule, ...]
    spelled: Mapping[str, str]
    weak: frozenset[str]


@cache
def payer_words() -> PayerWords:
    """The tables, read once."""
    toml = read_toml("payer_words")
    return PayerWords(
        kinds=tuple((rule["kind"], frozenset(rule["phrases"])) for rule in toml["kinds"]),
        segments=tuple(
            SegmentRule(rule["segment"], frozenset(rule["phrases"]), frozenset(rule.get("alone", ())))
            for rule in toml["segments"]
        ),
        spelled=toml["spelled"],
        weak=frozenset(toml["weak"]["words"]),
    )
