"""Names of the national formulary (Fornas) taken apart: drug, dosage form, strength, unit, as they stand there.

A name is these four, joined by blanks, some of them empty: `morphin tab lepas lambat 10 mg`, `desfluran ih`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, null_placeholder
from mdi_engine.reference.medicine_words import fornas_words, medicine_forms, medicine_words

# Numbers as a strength joins them: `400/80`, `300; 300; 50`, `0,02 ; 0,05`, `240-350`, `1,2 juta`.
_NUMBERS = re.compile(r"@?\d[\d.,]*(?: ?[/;\-,] ?\d[\d.,]*| \d{1,3}(?![\w/]))*(?: (?:juta|ribu)\b)?", re.IGNORECASE)
_ENDS = ",/+"


@dataclass(frozen=True, slots=True)
class FornasName:
    """The four parts of a name as they are written; NULL where one is empty."""

    drug: str | None = None
    form: str | None = None
    strength: str | None = None
    unit: str | None = None


def parse_fornas_name(text: str | None) -> FornasName:
    """Take a name apart; NULL and placeholders give NULL parts. Never raises.

    >>> parse_fornas_name("kotrimoksazol tab forte dewasa 800/160 mg")
    FornasName(drug='kotrimoksazol', form='tab forte dewasa', strength='800/160', unit='mg')
    >>> parse_fornas_name("air untuk injeksi cairan inj")
    FornasName(drug='air untuk injeksi', form='cairan inj', strength=None, unit=None)
    """
    return FornasName() if text is None else _parse(text[:MAX_CHARS])  # cut before it is remembered


@lru_cache(maxsize=65_536)
def _parse(text: str) -> FornasName:
    cleaned = null_placeholder(text)
    if cleaned is None:
        return FornasName()
    words = cleaned.split(" ")
    plain = [ascii_lower(word) for word in words]
    for begin in range(1, len(words)):
        end = None if plain[begin - 1] == "untuk" else _form_end(plain, begin)
        if end is not None:
            strength, unit = _strength(" ".join(words[end:]))
            return FornasName(" ".join(words[:begin]), " ".join(words[begin:end]), strength, unit)
    return _without_form(words)


@cache
def _vocabulary() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Words that begin a form, words that may follow, words that begin a unit."""
    phrases = medicine_forms().by_words
    tables = medicine_words()
    heads, extra = fornas_words()
    followers = {word for phrase in phrases for word in phrase[1:]}
    units = frozenset([*tables.mass, *tables.volume, *tables.other])
    return frozenset({phrase[0] for phrase in phrases} | heads), frozenset(followers | extra), units


def _form_end(words: Sequence[str], begin: int) -> int | None:
    """Where the form that begins at a word ends, if a number, a unit or nothing stands behind it."""
    heads, followers, _ = _vocabulary()
    if not _all_in(words[begin], heads):
        return None
    place = begin + 1
    while place < len(words) and not _ends_form(words, place):
        word, before = words[place], words[place - 1]
        if word.startswith("("):
            place = _behind_bracket(words, place)
            return place if place == len(words) or _ends_form(words, place) else None
        follows = _all_in(word, followers) and word != before
        # A device or a solvent may come with it (`serb inj + pelarut`); `bubuk, pasta` are two forms.
        another = before[-1] in _ENDS and _all_in(word, heads)
        if not follows and not another and "+" not in words[begin : place + 1]:
            return None
        place += 1
    return place


def _all_in(word: str, words: frozenset[str]) -> bool:
    parts = [part for part in re.split("[/,]", word) if part]
    return bool(parts) and all(part in words for part in parts)


def _behind_bracket(words: Sequence[str], place: int) -> int:
    while place < len(words) and not words[place].endswith(")"):
        place += 1
    return min(place + 1, len(words))


def _ends_form(words: Sequence[str], place: int) -> bool:
    """Whether the strength begins here: a number that no word of the form follows, or a unit without a number."""
    word = words[place]
    if word[0] in "@0123456789":
        _, followers, _ = _vocabulary()
        return place + 1 == len(words) or words[place + 1] not in followers
    return re.split("[/ ]", word)[0] in _vocabulary()[2]


def _strength(text: str) -> tuple[str | None, str | None]:
    found = _NUMBERS.match(text)
    if found is None:
        return None, text or None
    return found[0], text[found.end() :].strip() or None


def _without_form(words: list[str]) -> FornasName:
    """A name without a form: the strength is the first number on its own that something follows."""
    for place in range(1, len(words) - 1):
        if _NUMBERS.fullmatch(words[place]):
            strength, unit = _strength(" ".join(words[place:]))
            return FornasName(" ".join(words[:place]), None, strength, unit)
    return FornasName(" ".join(words))


def fornas_drug(text: str | None) -> str | None:
    """The drug (`nama_obat`) in a name of Fornas; NULL stays NULL.

    >>> fornas_drug("asam asetilsalisilat (asetosal) tab sal enterik 100 mg"), fornas_drug("OAT KDT Kategori 2")
    ('asam asetilsalisilat (asetosal)', 'OAT KDT Kategori 2')
    """
    return parse_fornas_name(text).drug


def fornas_form(text: str | None) -> str | None:
    """The dosage form (`sediaan`) in a name of Fornas; NULL if it names none.

    >>> fornas_form("desmopresin nasal spray 10 mcg/puff"), fornas_form("pirimetamin 25 mg")
    ('nasal spray', None)
    """
    return parse_fornas_name(text).form


def fornas_strength(text: str | None) -> str | None:
    """The strength (`kekuatan`) in a name of Fornas, as written; NULL if it names none.

    >>> fornas_strength("streptokinase inj 1,5 juta IU"), fornas_strength("desfluran ih")
    ('1,5 juta', None)
    """
    return parse_fornas_name(text).strength


def fornas_unit(text: str | None) -> str | None:
    """The unit of the strength (`satuan`) in a name of Fornas; NULL if it names none.

    >>> fornas_unit("ibuprofen susp 100 mg/5 mL"), fornas_unit("Lidokain gel 2")
    ('mg/5 mL', None)
    """
    return parse_fornas_name(text).unit


NORMALIZERS = (fornas_drug, fornas_form, fornas_strength, fornas_unit)
