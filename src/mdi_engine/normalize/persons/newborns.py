"""Names of newborns that nobody has named yet: `By. Ny. Siti Aminah`, `BAYI NY SITI II`, `Bayi Perempuan Ny. X`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mdi_engine.normalize.persons.tokens import Word
from mdi_engine.reference.person_words import person_words

_HIGHEST = 9


class Newborn(NamedTuple):
    """The words of the mother's name, and the order of birth (`1` to `9`) if the name says one."""

    mother: list[Word]
    order: str | None


def read_newborn(words: Sequence[Word]) -> Newborn | None:
    """The words as a newborn's; None where `By.` is how a named baby is spoken of (`By. Ahmad`).

    It is a newborn's if a parent is announced (Ny., Ibu, Tn., of), or sex or number stands in place of a name.
    """
    tables = person_words().newborn
    baby = next((place for place, word in enumerate(words) if word.key in tables["baby"]), None)
    if baby is None:
        return None
    rest = [*words[:baby], *words[baby + 1 :]]
    announced = any(word.key in tables[kind] for word in rest for kind in ("mother", "father", "of"))
    stated = any(word.key in tables["sex"] for word in rest[baby : baby + 1])
    counted = any(word.key.isdecimal() or word.key in tables["twin"] for word in rest)
    if not (announced or stated or counted):
        return None
    end = next((place for place, word in enumerate(rest) if word.key in tables["father"]), len(rest))
    return _without_order([word for word in rest[:end] if word.key not in tables["of"]], baby)


def _without_order(words: Sequence[Word], baby: int) -> Newborn:
    tables = person_words().newborn
    order: str | None = None
    mother: list[Word] = []
    for place, word in enumerate(words):
        number = _number(words, place, baby)
        if number is not None:
            order = order or number
        elif not (word.key in tables["mother"] or word.key.isdecimal() or _says(words, place, baby)):
            mother.append(word)
    return Newborn([word for word in mother if word.key not in tables["order"]], order)


def _says_new(words: Sequence[Word], place: int, baby: int) -> bool:
    """`Baru Lahir` right behind `Bayi`."""
    new = person_words().newborn["new"]
    return place - baby in (0, 1) and all(word.key in new for word in words[baby : place + 1])


def _says(words: Sequence[Word], place: int, baby: int) -> bool:
    """What is said of the baby, and is no name."""
    return _says_new(words, place, baby) or _says_sex(words, place, baby)


def _says_sex(words: Sequence[Word], place: int, baby: int) -> bool:
    """The sex stands right behind `Bayi`, or right before `Ny.`."""
    tables = person_words().newborn
    before_mother = place + 1 < len(words) and words[place + 1].key in tables["mother"]
    return words[place].key in tables["sex"] and (place in (baby, baby + 1) or before_mother)


def _number(words: Sequence[Word], place: int, baby: int) -> str | None:
    """A number counts wherever it stands; a roman one at the end, behind `kembar` (a letter, too), or before `Ny.`."""
    tables = person_words()
    key = words[place].key
    if key.isdecimal():
        return str(int(key)) if key.isascii() and len(key) < 3 and 0 < int(key) <= _HIGHEST else None
    after_order = place > 0 and words[place - 1].key in tables.newborn["order"]
    before_mother = place == baby and place + 1 < len(words) and words[place + 1].key in tables.newborn["mother"]
    last = place + 1 == len(words) and place > baby
    if key in tables.romans and (after_order or before_mother or (last and key in tables.newborn["lone"])):
        return str(tables.romans.index(key) + 1)
    return str(tables.letters.index(key) + 1) if key in tables.letters and after_order else None
