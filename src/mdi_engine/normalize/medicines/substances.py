"""Finding active substances and their salts among the words of a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mdi_engine.normalize.medicines.inn import english_acid, inn_key, print_key
from mdi_engine.reference.medicine_words import medicine_salts, medicine_stems, medicine_substances, medicine_words

# A word broken in print is mended from at most this many pieces, and only to at least so many letters.
_PIECES = 4
_MENDED = 6
# Shorter words are letters and numbers (vitamin E, factor IX), longer ones no names: no spelling to fold.
_SHORTEST_FOLDED, _LONGEST_FOLDED = 4, 60


@dataclass(frozen=True, slots=True)
class Index:
    """Keys of all names and synonyms to the English name; `longest` by the key of the first word; `printed` see inn."""

    names: Mapping[str, str]
    longest: Mapping[str, int]
    printed: Mapping[str, str]


def word_key(word: str) -> str:
    """The key of one word; short ones as they are, unless they are short for another.

    >>> word_key("salisilat"), word_key("salicylate"), word_key("ix"), word_key("vit")
    ('salisilat', 'salisilat', 'ix', 'fitamin')
    """
    if len(word) < _SHORTEST_FOLDED:
        word = medicine_words().shorts.get(word, word)
    return inn_key(word) or word if _SHORTEST_FOLDED <= len(word) <= _LONGEST_FOLDED else word


def make_index(table: Mapping[str, Sequence[str]]) -> Index:
    """The index of a table of names with their synonyms; the first to claim a key keeps it, names before synonyms."""
    names: dict[str, str] = {}
    longest: dict[str, int] = {}
    spellings = [(name, name) for name in table] + [(name, other) for name in table for other in table[name]]
    for name, spelling in spellings:
        keys = [word_key(word) for word in english_acid(tuple(spelling.split()))]
        names.setdefault("".join(keys), name)
        longest[keys[0]] = max(longest.get(keys[0], 0), len(keys))
    printed: dict[str, str] = {}
    for key, name in names.items():
        printed.setdefault(print_key(key), name)
    return Index(names, longest, printed)


@cache
def index() -> Index:
    """The index of `reference/medicine_substances.csv`."""
    return make_index(medicine_substances())


def substance_at(words: Sequence[str], position: int, known: Index) -> tuple[str, int] | None:
    """The English name of the substance that begins at a word, and how many words it takes; None if none begins there.

    `mended_at` finds more: words broken by a blank, or without the letters that print loses.

    >>> substance_at(["asam", "mefenamat"], 0, index()), substance_at(["vitamin", "b", "12"], 0, index())
    (('mefenamic acid', 2), ('cyanocobalamin', 3))
    """
    word = words[position]
    if word == "asam":
        return _acid_at(words, position, known)
    first = word_key(word)
    length = known.longest.get(first, 0)
    if length:
        keys = [first, *(word_key(other) for other in words[position + 1 : position + length])]
        for taken in range(len(keys), 1, -1):
            if (name := known.names.get("".join(keys[:taken]))) is not None:
                return name, taken
        if length > 1 and (name := _broken(words[position : position + length + 1], known)) is not None:
            return name, length + 1
        if (name := known.names.get(first)) is not None:
            return name, 1
    return None


def _broken(words: Sequence[str], known: Index) -> str | None:
    """A name of several words of which one is broken by a blank: `prokain benzilpenis ilin`."""
    joined = "".join(words)
    return known.names.get(inn_key(joined)) if len(joined) <= _LONGEST_FOLDED else None


def _acid_at(words: Sequence[str], position: int, known: Index) -> tuple[str, int] | None:
    for taken in range(min(len(words) - position, _PIECES), 1, -1):
        pieces = ("asam", "".join(words[position + 1 : position + taken])[:_LONGEST_FOLDED])
        key = "".join(word_key(word) for word in english_acid(pieces))
        plain = "".join(word_key(word) for word in pieces)
        name = known.names.get(key) or known.names.get(plain) or known.printed.get(print_key(key))
        if name is not None:
            return name, taken
    return None


def mended_at(words: Sequence[str], position: int, known: Index) -> tuple[str, int] | None:
    """As `substance_at`, for a word that is broken by blanks or lost the signs `fl` and `fi` in print.

    >>> mended_at(["siprofoksasin"], 0, index()), mended_at(["prazikuant", "el"], 0, index())
    (('ciprofloxacin', 1), ('praziquantel', 2))
    """
    joined = ""
    for taken, piece in enumerate(words[position : position + _PIECES], 1):
        joined += piece
        if not _MENDED <= len(joined) <= _LONGEST_FOLDED:
            continue
        key = inn_key(joined)
        name = known.names.get(key) or (known.printed.get(print_key(key)) if "f" in key else None)
        if name is not None:
            return name, taken
    return None


@cache
def _salt_words() -> frozenset[str]:
    return frozenset(words[0] for words in medicine_salts())


def salt_at(words: Sequence[str], position: int) -> tuple[str, int] | None:
    """The English name of the salt, ester or water that begins at a word, and how many words it takes.

    >>> salt_at(["natrium"], 0), salt_at(["hydrogen", "sulfate"], 0), salt_at(["forte"], 0)
    (('sodium', 1), ('bisulfate', 2), None)
    """
    if words[position] not in _salt_words():
        return None
    salts = medicine_salts()
    for phrase in (tuple(words[position : position + 2]), (words[position],)):
        if phrase in salts:
            return salts[phrase], len(phrase)
    return None


def has_inn_stem(word: str) -> bool:
    """Whether an unknown word ends (or begins) as an INN does.

    >>> has_inn_stem("tislelizumab"), has_inn_stem("sefozopran"), has_inn_stem("sanmol")
    (True, True, False)
    """
    begins, endings = medicine_stems()
    key = word_key(word)
    return len(key) >= _MENDED + 1 and (key.endswith(endings) or key.startswith(begins))
