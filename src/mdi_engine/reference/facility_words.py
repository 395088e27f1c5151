"""Words of Indonesian facility names: heads, qualifiers, types, titles, synonyms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The type of a hospital whose name holds the qualifier `needs` (None: any hospital), and its label for display."""

    type: str
    label: str
    needs: str | None


@dataclass(frozen=True, slots=True)
class FacilityWords:
    """What `facility_words.toml` holds, ready for look-up. All words are lower-case ASCII.

    Keys of `heads`, `qualifiers`, `silent` and `forces` may be several words, joined by a space. `types` are in order.
    """

    heads: Mapping[str, tuple[str, ...]]
    head_joins: Mapping[tuple[str, str], str]
    hints: Mapping[str, str]
    qualifiers: Mapping[str, str]
    silent: Mapping[str, frozenset[str]]
    forces: frozenset[str]
    grades: frozenset[str]
    police: str
    types: tuple[TypeRule, ...]
    dropped: frozenset[str]
    titles: frozenset[str]
    region: Mapping[str, str]
    region_kept: frozenset[str]
    weak: frozenset[str]
    weak_elsewhere: frozenset[str]
    fallback: frozenset[str]
    expansions: Mapping[str, str]
    synonyms: Mapping[str, str]
    compound_first: frozenset[str]
    articles: frozenset[str]
    ordinary_places: frozenset[str]
    slips: tuple[str, ...]


@cache
def facility_words() -> FacilityWords:
    """The tables, read once."""
    toml = read_toml("facility_words")
    return FacilityWords(
        heads={form: tuple(words.split()) for form, words in (toml["heads"] | toml["head_pairs"]).items()},
        head_joins={(pair.split()[0], pair.split()[1]): base for pair, base in toml["head_joins"].items()},
        hints=toml["hints"],
        qualifiers=toml["qualifiers"],
        silent={base: frozenset(phrases) for base, phrases in toml["silent"].items()},
        forces=frozenset(toml["forces"]["words"]),
        grades=frozenset(toml["forces"]["grades"]),
        police=toml["forces"]["police"],
        types=tuple(
            TypeRule(rule["type"], rule["label"], rule["needs"][0] if rule["needs"] else None) for rule in toml["types"]
        ),
        dropped=frozenset(word for words in toml["dropped"].values() for word in words),
        titles=frozenset(toml["dropped"]["titles"]),
        region=toml["region"],
        region_kept=frozenset(toml["region_kept"]["words"]),
        weak=frozenset(toml["weak"]["words"]),
        weak_elsewhere=frozenset(toml["weak"]["elsewhere"]),
        fallback=frozenset(toml["weak"]["fallback"]),
        expansions=toml["expansions"],
        synonyms=toml["synonyms"],
        compound_first=frozenset(toml["compounds"]["first"]),
        articles=frozenset(toml["compounds"]["articles"]),
        ordinary_places=frozenset(toml["places"]["ordinary"]),
        slips=tuple(toml["slips"]["words"]),
    )
