"""Words in and around names of persons: titles, marks, particles, families of spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from mdi_engine.reference.tables import read_toml


@dataclass(frozen=True, slots=True)
class PersonWords:
    """What `person_words.toml` holds, ready for look-up. Keys are lower-case ASCII without dots and blanks.

    `prefixes`, `suffixes` and `specialities` lead to the normal spelling of a title. `bare` are titles that count
    behind a name also without comma and dot. `special` are all words by which a name is more than its words: a name
    without them, of letters and blanks only, needs no reading.
    """

    prefixes: Mapping[str, str]
    suffixes: Mapping[str, str]
    specialities: Mapping[str, str]
    bare: frozenset[str]
    anywhere: frozenset[str]
    marks: Mapping[str, str]
    dropped: frozenset[str]
    dropped_first: frozenset[str]
    an_before: frozenset[str]
    father: frozenset[str]
    clan: frozenset[str]
    nobody: frozenset[str]
    nobody_around: frozenset[str]
    newborn: Mapping[str, frozenset[str]]
    romans: tuple[str, ...]
    letters: tuple[str, ...]
    bali_particles: frozenset[str]
    bali_names: frozenset[str]
    bali_short: Mapping[str, str]
    families: Mapping[str, str]
    glued: tuple[str, ...]
    special: frozenset[str]


def title_key(title: str) -> str:
    """The letters of a title in lower case.

    >>> title_key("S.Tr.Keb")
    'strkeb'
    """
    return "".join(character for character in title.lower() if character.isalpha())


@cache
def person_words() -> PersonWords:
    """The tables, read once."""
    toml = read_toml("person_words")
    prefixes = {word: title for title, words in toml["prefixes"].items() for word in words.split()}
    titles = toml["suffixes"]["degrees"].split()
    suffixes = {title_key(title): title for title in titles} | toml["also"]
    specialities = {title_key(word): word for word in toml["suffixes"]["specialities"].split()}
    marks = {word: mark for mark, words in toml["marks"].items() for word in words.split()}
    newborn = {kind: frozenset(words.split()) for kind, words in toml["newborn"].items()}
    words = {
        name: frozenset(toml[table][key].split())
        for name, table, key in (
            ("anywhere", "anywhere", "titles"),
            ("dropped", "dropped", "anywhere"),
            ("dropped_first", "dropped", "first"),
            ("an_before", "article", "an_before"),
            ("father", "father", "words"),
            ("clan", "clan", "words"),
            ("nobody_around", "nobody", "around"),
            ("bali_particles", "bali", "particles"),
            ("bali_names", "bali", "names"),
        )
    }
    bare = _bare([*suffixes, *(f"sp{word}" for word in specialities if len(word) > 1)], toml["bare"])
    special = {*prefixes, *marks, *bare, *_last_pieces(titles), "md", "st", "sp", "subsp"}
    nobody = frozenset(toml["nobody"]["names"])
    special.update(*(name.split() for name in nobody))
    special.update(*(newborn[kind] for kind in ("baby", "mother", "father", "of", "sex", "twin")))
    for name in ("anywhere", "dropped", "dropped_first", "father", "clan", "bali_particles"):
        special |= words[name]
    return PersonWords(
        prefixes=prefixes,
        suffixes=suffixes,
        specialities=specialities,
        bare=bare,
        marks=marks,
        nobody=nobody,
        newborn=newborn,
        romans=tuple(toml["newborn"]["romans"].split()),
        letters=tuple(toml["newborn"]["letters"].split()),
        bali_short=toml["bali"]["short"],
        families={word: name for name, words in toml["families"].items() for word in words.split()},
        glued=tuple(toml["glued"]["first"].split()),
        special=frozenset(special),
        **words,
    )


def _bare(keys: list[str], table: Mapping[str, str]) -> frozenset[str]:
    names = frozenset(table["names"].split())
    return frozenset(table["short"].split()) | {key for key in keys if len(key) > 2 and key not in names}


def _last_pieces(titles: list[str]) -> Iterator[str]:
    """`keb` of `S.Tr.Keb`: by it a title that is written with blanks is found."""
    for title in titles:
        pieces = re.split(r"[.\-]+", title.strip(".").lower())
        if len(pieces) > 1 and len(pieces[-1]) > 1:
            yield pieces[-1]
