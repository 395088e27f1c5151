"""Spellings of one Indonesian name folded to one form, word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from mdi_engine.reference.person_words import person_words

# Letters of before 1972; names keep them, and new names take them for style.
_OLD = re.compile("oe|dj|tj|sj")
# In order: what is on the left must be looked for before what it becomes is touched again.
_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        ("^ch(?=[rlei])", "k"),  # Christina, Chelsea; an Arabic kh stands before a, o, u
        ("kh|ch", "h"),
        ("sy(?=[aiueo])|sh", "s"),
        ("ph|v", "f"),
        ("(?<=[bdgjt])h", ""),
        ("dz|z", "s"),
        ("q", "k"),
        ("x", "ks"),
        ("ae", "ai"),
        ("ie", "i"),
        ("(?<=i)y", ""),
        ("(?<=[bcdfghjklmprstw])y|y$", "i"),
    )
)
_DOUBLED = re.compile(r"([^aiueo])\1+|(?<=.)([aiueo])\2+")
_FINAL_H = re.compile("(?<=[aiou])h$")
# Without one of these no fold above changes a word, nor does `modern_name`: most words are done with at one look.
_MAY_FOLD = re.compile(r"[hvzqxy]|[dts]j|^nj|oe|[ai]e|(.)\1")
_ABDUL = re.compile("abdu(?:l|r(?=r)|s(?=s)|z(?=z)|(?=[rsz]))([a-z]{4,})")
# A whole name has at most 60 letters (Permendagri 73/2022): a longer word is none.
_LONGEST = 60
_SHORTEST = 3
_SHORTEST_GLUED = 4


def modern_name(word: str) -> str:
    """A word of a name in the spelling of 1972: oe, dj, tj, sj, nj, and j for y where one of them stands beside it.

    >>> [modern_name(word) for word in ("widjaja", "njoman", "soedjono", "wijaya", "choerul")]
    ['wijaya', 'nyoman', 'sujono', 'wijaya', 'choirul']
    """
    if word.startswith("nj"):
        word = "ny" + word[2:]
    if not _OLD.search(word):
        return word
    word = word.replace("choe", "choi").replace("khoe", "khoi").replace("oe", "u")
    return word.replace("dj", "\0").replace("tj", "c").replace("j", "y").replace("\0", "j")


@lru_cache(maxsize=131_072)
def fold_name(word: str) -> str:
    """One form for the spellings of one word of a name; `word` is lower case without marks. Idempotent.

    Glued names come apart, so the answer may be several words. What would fold to a title or a mark stays as it is.

    >>> [fold_name(word) for word in ("mochammad", "dewie", "annisah", "achmad", "abdurrahman", "nurhayati", "rizky")]
    ['muhamad', 'dewi', 'anisa', 'ahmad', 'abdul rahman', 'nur hayati', 'riski']
    >>> [fold_name(word) for word in ("dwi", "dewi", "eka", "eko", "tri", "tria", "rohman", "rahman")]
    ['dwi', 'dewi', 'eka', 'eko', 'tri', 'tria', 'rohman', 'rahman']
    """
    if len(word) > _LONGEST:
        return word
    folded = _fold_name(word)
    while (again := " ".join(map(_fold_name, folded.split(" ")))) != folded:
        folded = again
    return folded


def _fold_name(word: str) -> str:
    firsts = []
    if word not in _families() and (modern := modern_name(word)) not in person_words().special:
        word = modern
    while (found := _glued(word)) is not None:
        first, word = found
        firsts.append(first)
    return " ".join((*firsts, _fold_word(word)))


def _glued(word: str) -> tuple[str, str] | None:
    if word.startswith("abdu") and (abdul := _ABDUL.fullmatch(word)):
        parts = "abdul", abdul[1]
    elif word.startswith(person_words().glued):
        first = next(first for first in person_words().glued if word.startswith(first))
        parts = first, word[len(first) :]
    else:
        return None
    fits = len(parts[1]) >= _SHORTEST_GLUED and _fold_word(parts[1]) not in person_words().special
    return parts if fits else None


def _fold_word(word: str) -> str:
    families = _families()
    known = families.get(word)
    if known is not None or len(word) < _SHORTEST:
        return known or word
    folded = _settled(word)
    folded = families.get(folded, folded)
    return word if folded in person_words().special else folded


def _settled(word: str) -> str:
    while (folded := _fold_once(word)) != word:
        word = folded
    return word


def _fold_once(word: str) -> str:
    if _MAY_FOLD.search(word) is None:
        return word
    word = modern_name(word)
    for pattern, plain in _FOLDS:
        word = pattern.sub(plain, word)
    return _FINAL_H.sub("", _DOUBLED.sub(r"\1\2", word))


@cache
def _families() -> Mapping[str, str]:
    """Each spelling of a family, as written and folded → the folded name of the family."""
    found = {word: _settled(name) for word, name in person_words().families.items()}
    return {_settled(word): name for word, name in found.items() if len(word) >= _SHORTEST} | found
