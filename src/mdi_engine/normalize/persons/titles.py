"""Titles before and behind a person's name, in their normal spelling.

`dr.` (physician) and `Dr.` (doctorate) differ only in case. `DR` in capitals says neither: it is read as `dr.`, because
in health care physicians outnumber doctors of science by far, unless something speaks against it: another doctor's
title behind it (`DR. DR.`, `DR. DRG.`), or, without a medical speciality, a professor's, an engineer's, a degree of
another profession.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from mdi_engine.normalize.persons.tokens import Word
from mdi_engine.reference.person_words import person_words

UNSURE = "DR"
_DOCTORS = {"dr": "dr.", "Dr": "Dr."}
_OTHER_DOCTORS = frozenset({UNSURE, "dr.", "drg.", "drh."})
_LEARNED = frozenset({"Prof.", "Ir.", "Drs.", "Dra.", "Ns.", "Bd.", "apt."})
# Behind these a nurse's, midwife's, pharmacist's … degree stands: `DR. X, S.KEP., M.KES.` holds a doctorate.
_OTHER_DEGREES = ("S.K", "SKM", "S.Farm", "S.Si", "S.Gz", "S.Tr", "S.ST", "S.Psi", "S.Pd", "S.E", "S.H", "S.T", "A.Md")
_LONGEST = 4
_LONGEST_SHORT = 3
_LONGEST_TAIL = 12
_LONGEST_SPECIALITY = 7


def _joined(words: Sequence[Word]) -> str:
    return "".join([word.key for word in words])


@cache
def _beginnings() -> frozenset[str]:
    """What a title may begin with: most words of a name do not, and need not be joined with those behind them."""
    titles = (*person_words().prefixes, *person_words().suffixes)
    return frozenset(title[:end] for title in titles for end in range(1, len(title) + 1))


def prefix_at(words: Sequence[Word], start: int) -> tuple[str, int] | None:
    """The title that opens at `start` and how many words it takes; None without, or with no name behind it."""
    if words[start].key not in _beginnings():
        return None
    for length in (3, 2, 1):
        title = person_words().prefixes.get(_joined(words[start : start + length]))
        if title is not None and start + length < len(words) and _holds(words[start : start + length]):
            return in_case(title, words[start]), length
    return None


def _holds(words: Sequence[Word]) -> bool:
    """Whether several words are one title: dotted initials (`R.A.`) or words in full (`Raden Ajeng`); not `dr. H.`."""
    initials = all(len(word.key) == 1 for word in words)
    return len(words) == 1 or len(words[0].key) > _LONGEST_SHORT or (initials and words[1].dotted)


def in_case(title: str, word: Word) -> str:
    """The title as the case of its word makes it: `dr.`, `Dr.`, or `DR` for unsure; other titles as they are."""
    return title if title.lower() != "dr." or word.key != "dr" else _DOCTORS.get(word.text, UNSURE)


def tail_titles(words: Sequence[Word], first: int = 1) -> tuple[int, list[str]]:
    """Where the titles begin that no comma parts from the name, and which; at least `first` words stay a name."""
    for start in range(max(first, len(words) - _LONGEST_TAIL), len(words)):
        titles = read_titles(words[start:], bare=True)
        if titles is not None:
            return start, titles
    return len(words), []


def read_titles(words: Sequence[Word], *, bare: bool = False) -> list[str] | None:
    """The titles that the words are, None if one word is none. `bare`: no comma stood before them, so dots decide."""
    titles: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        if titles and ("~" in word.gap or (word.gap == "-" and word.key.startswith("k"))):
            titles[-1] += f"({word.text.upper()})" if "~" in word.gap else f"-{word.text.upper()}"
            length = 1
        elif (step := _speciality(words, position, bare) or _degree(words, position, bare)) is not None:
            titles.append(step[0])
            length = step[1]
        else:
            return None
        position += length
    return titles


def _speciality(words: Sequence[Word], start: int, bare: bool) -> tuple[str, int] | None:
    """`Sp.PD`, `Sp. PD`, `SpPD`, `Sp.T.H.T.K.L.`; an unknown one is kept as written."""
    key = words[start].key
    known = person_words().specialities
    if key.startswith("sp") and key[2:] in known and not (bare and key not in person_words().bare):
        return f"Sp.{known[key[2:]]}", 1
    if key not in ("sp", "subsp") or start + 1 == len(words):
        return None
    label = "Sp." if key == "sp" else "Subsp."
    after = start + 1
    for length in range(min(_LONGEST_SPECIALITY, len(words) - after), 0, -1):
        spelled = known.get(_joined(words[after : after + length]))
        if spelled is not None and all("~" not in word.gap for word in words[after : after + length]):
            return label + spelled, length + 1
    return (label + words[after].text, 2) if words[after].dotted else None


def _degree(words: Sequence[Word], start: int, bare: bool) -> tuple[str, int] | None:
    tables = person_words()
    if words[start].key not in _beginnings():
        return None
    for length in range(min(_LONGEST, len(words) - start), 0, -1):
        piece = words[start : start + length]
        key = _joined(piece)
        title = tables.suffixes.get(key) or (None if bare else tables.prefixes.get(key))
        if title is not None and (not bare or _counts_bare(piece, key, title)):
            return in_case(title, words[start]), length
    return None


def _counts_bare(piece: Sequence[Word], key: str, title: str) -> bool:
    """Dots make a title; without them it is a known word, or parted as its normal spelling is (`S Kep`, not `B BA`)."""
    if len(piece) == 1:
        return key in person_words().bare
    last = piece[-1].key
    return any(word.dotted for word in piece[1:]) or (len(last) > 1 and last == title.lower().rpartition(".")[2])


def unknown_title(words: Sequence[Word]) -> str | None:
    """Behind a comma: what is written like a title (`M.Xyz`) but is in no table, as written; None for a name.

    At most three words, hanging together by dots, the first of at most three letters.
    """
    dotted = 1 < len(words) <= 3 and all(word.gap == "." for word in words[1:])
    return ".".join(word.text for word in words) if dotted and len(words[0].text) <= 3 else None


def settle_doctors(titles: Sequence[str]) -> list[str]:
    """The titles with each `DR` read as `dr.` or `Dr.`.

    >>> settle_doctors(["DR", "H."]), settle_doctors(["DR", "DR", "Sp.PD"]), settle_doctors(["DR", "S.Kep", "M.Kes"])
    (['dr.', 'H.'], ['Dr.', 'dr.', 'Sp.PD'], ['Dr.', 'S.Kep', 'M.Kes'])
    """
    settled = list(titles)
    for place, title in enumerate(titles):
        if title == UNSURE:
            settled[place] = "Dr." if _is_doctorate(titles, place) else "dr."
    return settled


def _is_doctorate(titles: Sequence[str], place: int) -> bool:
    if not _OTHER_DOCTORS.isdisjoint(titles[place + 1 :]):
        return True
    if any(title.startswith("Sp.") for title in titles) or not {"dr.", UNSURE}.isdisjoint(titles[:place]):
        return False
    return any(title in _LEARNED or (title.startswith(_OTHER_DEGREES) and title != "S.Ked") for title in titles)
