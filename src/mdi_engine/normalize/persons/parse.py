"""The name of a person taken apart: titles, marks, the name, the father's name, a newborn's mother.

Folded words stand in the order of the name; they are compared as a set. Where a name leaves a choice: a leading `M`
stays an initial (Muhammad, Maria, Made …); `SIREGAR, BUDI` is read as Budi Siregar if neither part is a title; for `DR`
in capitals see `titles`; `By. Ahmad` is a baby called Ahmad.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from mdi_engine.normalize.persons.newborns import read_newborn
from mdi_engine.normalize.persons.spelling import fold_name
from mdi_engine.normalize.persons.titles import (
    in_case,
    prefix_at,
    read_titles,
    settle_doctors,
    tail_titles,
    unknown_title,
)
from mdi_engine.normalize.persons.tokens import Word, chunks, name_words, plain
from mdi_engine.normalize.text import MAX_CHARS, capped, null_placeholder
from mdi_engine.reference.person_words import person_words
from mdi_engine.reference.placeholders import is_placeholder


class PersonName(NamedTuple):
    """What a name says, each part NULL where it says nothing; see the functions of `names`."""

    display: str | None = None
    core: str | None = None
    titles: str | None = None
    father: str | None = None
    marks: str | None = None
    mother: str | None = None
    order: str | None = None


NOBODY = PersonName()


def parse_person_name(text: str | None) -> PersonName:
    """Read a name; NULL, placeholders and text without a letter give NULL parts. At most 10,000 characters are read.

    >>> parse_person_name("dr. Hj. Siti Aisyah binti H. Mohd. Noer, Sp.PD")[:4]
    ('SITI AISYAH BINTI MOHD NOER', 'siti aisa', 'dr. Hj. Sp.PD', 'muhamad nur')
    """
    return NOBODY if text is None else _parse(text[:MAX_CHARS])


@lru_cache(maxsize=65_536)
def _parse(text: str) -> PersonName:
    words = _simple(text)
    if words is not None:
        return PersonName(" ".join(words).upper(), capped(" ".join([fold_name(word) for word in words])))
    cleaned = null_placeholder(text)
    return NOBODY if cleaned is None else read_person_name(name_words(plain(cleaned)))


def _simple(text: str) -> list[str] | None:
    """The words of a name that holds nothing but letters and blanks, and no word with a meaning; None for others."""
    if not (text.isascii() and text.replace(" ", "").isalpha()):
        return None
    words = text.lower().split()
    return None if not person_words().special.isdisjoint(words) or is_placeholder(text) else words


def read_person_name(words: list[Word]) -> PersonName:
    """The long way, for any words; on a simple name it agrees with the short one."""
    return _newborn(words) or _read(chunks([word for word in words if not word.key.isdecimal()]))


def _newborn(words: Sequence[Word]) -> PersonName | None:
    newborn = read_newborn(words)
    if newborn is None:
        return None
    mother = _read(chunks(newborn.mother))
    said = {person_words().marks[word.key] for word in words if word.key in person_words().marks}
    return PersonName(marks=" ".join(sorted({"by", "newborn"} | said)), mother=mother.core, order=newborn.order)


class _Parts(NamedTuple):
    """Pieces of a name between commas, the words of bin or binti, and what stood around them."""

    names: list[list[Word]]
    father: list[Word]
    titles: list[str]
    marks: set[str]


def _read(pieces: Sequence[Sequence[Word]]) -> PersonName:
    parts = _Parts([], [], [], set())
    for piece in pieces:
        _take(piece, parts)
    own = _in_order(parts.names)
    if len(parts.names) > 1:  # put together, a title may stand where none stood: `SE, BUDI`
        whole = parts._replace(names=[])
        _take_name(own, whole)
        own = _in_order(whole.names)
        if (newborn := _newborn(own)) is not None:  # `BOY, BABY`
            return newborn
    if _is_nobody(own):
        own = []
    return PersonName(
        display=capped(" ".join([word.text for word in (*own, *parts.father)]).upper()),
        core=_core([word.key for word in own]),
        titles=" ".join(settle_doctors(parts.titles)) or None,
        father=_core([word.key for word in parts.father[1:]]),
        marks=" ".join(sorted(parts.marks)) or None,
    )


def _is_nobody(words: Sequence[Word]) -> bool:
    """Whether a whole name says that it is not known (`Mr X`, `Tanpa Nama`)."""
    tables = person_words()
    return " ".join([word.key for word in words if word.key not in tables.nobody_around]) in tables.nobody


def _take(piece: Sequence[Word], parts: _Parts) -> None:
    """Sort one piece: titles and marks alone, or a name with some around it."""
    tables = person_words()
    words = [word for word in piece if word.key not in tables.marks and word.key not in tables.dropped]
    marks = {tables.marks[word.key] for word in piece if word.key in tables.marks}
    first = not parts.names
    dotted = any(word.dotted for word in piece)
    titles = read_titles(piece) if not first or dotted else None
    if titles is None and len(words) < len(piece) and not (first and words):
        titles = read_titles(words)
    if titles is None and not first and (unknown := unknown_title(piece)) is not None:
        titles = [unknown]
    if titles is None or (first and len(words) == 1):
        _take_name(piece, parts)
    else:
        parts.titles.extend(titles)
        if not parts.father:  # `Siti binti Hasan (Alm)`: the father's
            parts.marks.update(marks)


def _take_name(piece: Sequence[Word], parts: _Parts) -> None:
    tables = person_words()
    if parts.names and "(" in piece[0].gap:
        return  # `Siti Aminah (Ibu Ani)`: a note
    fathers = (n for n, word in enumerate(piece) if word.key in tables.father and (n or parts.names))
    place = next(fathers, len(piece))
    start = _take_front(piece[:place], parts)
    own = _unmarked(piece[start:place], parts)
    start = _take_front(own, parts)
    own = _without_tail(own[start:], parts)
    if len(own) == 1 and own[0].key in tables.marks:
        parts.marks.add(tables.marks[own[0].key])
    elif own:
        parts.names.append(own)
    if not parts.father and place + 1 < len(piece):
        second = next(fathers, len(piece))
        end, behind = tail_titles(piece[:second], first=place + 2)
        parts.titles.extend(behind)
        parts.father.extend(_father(piece[place:end]))


def _without_tail(words: list[Word], parts: _Parts) -> list[Word]:
    """The words before the titles behind them, which go to `parts`; br. (boru) does not part a title."""
    places = [n for n, word in enumerate(words) if word.key not in person_words().clan] or list(range(len(words)))
    end, titles = tail_titles([words[place] for place in places])
    parts.titles.extend(titles)
    return words[: places[end]] if end < len(places) else words


def _unmarked(words: Sequence[Word], parts: _Parts) -> list[Word]:
    """The words without marks and titles that are no name wherever they stand; what is left out goes to `parts`."""
    tables = person_words()
    kept: list[Word] = []
    for word in words:
        if word.key in tables.anywhere:
            parts.titles.append(in_case(tables.prefixes[word.key], word))
        elif word.key in tables.marks and word.key != "an":
            parts.marks.add(tables.marks[word.key])
        elif word.key not in tables.dropped:
            kept.append(word)
    return kept


def _take_front(words: Sequence[Word], parts: _Parts) -> int:
    """Titles, marks and forms of address go to `parts`; gives where the name begins."""
    tables = person_words()
    start = 0
    while start + 1 < len(words):
        key, following = words[start].key, words[start + 1].key
        if (found := prefix_at(words, start)) is not None:
            parts.titles.append(found[0])
            start += found[1]
        elif key in tables.dropped_first or key in tables.clan:
            start += 1
        elif key in tables.marks and not (key == "an" and following in tables.an_before):
            parts.marks.add(tables.marks[key])
            start += 1
        else:
            break
    return start


def _father(words: Sequence[Word]) -> list[Word]:
    """Bin or binti and the father's name, his titles and marks off; empty without a name."""
    tables = person_words()
    named = [word for word in words[1:] if word.key not in tables.marks and word.key not in tables.anywhere]
    while len(named) > 1 and named[0].key in tables.prefixes:
        named = named[1:]
    return [words[0], *named] if named else []


def _in_order(names: Sequence[Sequence[Word]]) -> list[Word]:
    """`SIREGAR, BUDI` turned round; other pieces as they come."""
    if len(names) == 2 and "," in names[1][0].gap:
        names = names[::-1]
    return [word for name in names for word in name]


def _core(keys: Sequence[str]) -> str | None:
    """The folded words. I and Ni before a Balinese name, and boru before a clan, are left out."""
    tables = person_words()
    kept: list[str] = []
    for place in range(len(keys) - 1, -1, -1):
        key = keys[place]
        if place and keys[place - 1] in tables.bali_particles:
            key = tables.bali_short.get(key, key)
        leads = bool(kept) and kept[-1] in tables.bali_names
        if not ((key in tables.bali_particles and leads) or (key in tables.clan and kept)):
            kept.append("muhamad" if key == "md" and place == 0 and kept else key)
    return capped(" ".join([fold_name(key) for key in reversed(kept)]))
