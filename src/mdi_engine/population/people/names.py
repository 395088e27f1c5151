"""What people are called, in many cultures: token frequencies as a public list counts them, lists where it has none."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Bag, Ints, Mask, Strings
from mdi_engine.population.words import words

Sex = Literal["male", "female"]

CULTURES = tuple(words("cultures"))
# A Javanese name is often composed: an opening, a root and an ending.
_STEMS: dict[Sex, tuple[str, str, str]] = {
    "male": (
        "Su Har Mar Ka War Sam Sar Kus Dar Jum Mur Wag Nga Pon Tu Wa Sla Par Tug Sis Pur Bud Mul Sun Kas Ras Tar Wir",
        "di ji ti ki na man min mi si no ya ri ba ni wi ta tri mo gi",
        "no to yo yanto man min wan di din jo so rno dono jono narto wito harjo",
    ),
    "female": (
        "Su Har Mar Ka War Sam Sar Kus Dar Jum Mur Wag Nga Pon Tu Wa Tum Par Tug Sis Pur Mul Sun Kas Ras Tar Wir Nur",
        "di ji ti ki na mi si ya ri ba ni wi ta tri mo gi ra",
        "ni ti yati nah yem wati ningsih nem sih yah ati tun kem yani lah",
    ),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a name may depend on, row by row: names of the family and of the father, and the order of birth (0, 1 …)."""

    family: Strings
    father: Strings
    order: Ints

    def at(self, rows: Mask | Ints) -> Known:
        """The same for some of the rows."""
        return Known(self.family[rows], self.father[rows], self.order[rows])


def culture_number(name: str) -> int:
    """Its position in `CULTURES`."""
    return CULTURES.index(name)


def mononym_inclination() -> Mapping[int, float]:
    """How much each culture, by number, inclines to names of one word; 0 = never."""
    return {at: float(words("cultures")[name]["mononym"]) for at, name in enumerate(CULTURES)}


@cache
def by_province() -> Mapping[int, Bag]:
    """The cultures of each province (its Kemendagri code as a number), weighted."""
    bags = {}
    for code, facts in words("provinces").items():
        shares = {name: facts.get(name, 0.0) for name in CULTURES}
        shares["javanese"] = 100.0 - sum(shares.values())
        bags[int(code)] = Bag(CULTURES, list(shares.values()))
    return bags


def family_names(rng: Generator, culture: Ints) -> Strings:
    """A name of a family for each row, empty where the culture has none."""
    names = np.full(len(culture), "", dtype=object)
    for number in np.unique(culture):
        rows = culture == number
        if "family" in words("cultures")[CULTURES[number]]:
            names[rows] = _bag(CULTURES[number], "male", "family").draw(rng, int(rows.sum()))
    return names


def names(rng: Generator, culture: Ints, male: Mask, mononym: Mask, known: Known) -> Strings:
    """A name for each row, words capitalised and joined by one blank."""
    result = np.empty(len(culture), dtype=object)
    for number in np.unique(culture):
        for sex in ("male", "female"):
            for one in (False, True):
                rows = np.flatnonzero((culture == number) & (male == (sex == "male")) & (mononym == one))
                if len(rows):
                    result[rows] = _named(rng, CULTURES[number], sex, one, known.at(rows))
    return result


def _named(rng: Generator, culture: str, sex: Any, one: bool, known: Known) -> Strings:
    patterns = words("cultures")[culture][sex]["one" if one else "more"]
    bag = Bag(list(patterns), list(patterns.values()))
    chosen = bag.indices(rng, len(known.order))
    result = np.empty(len(chosen), dtype=object)
    for at in np.unique(chosen):
        rows = np.flatnonzero(chosen == at)
        parts = [_part(rng, culture, sex, word, known.at(rows)) for word in str(bag.values[at]).split()]
        name = parts[0]
        for word, part in zip(str(bag.values[at]).split()[1:], parts[1:], strict=True):
            same = np.flatnonzero(part == name)  # the same word twice is no name
            part[same] = _part(rng, culture, sex, word, known.at(rows[same]))
            name = name + " " + part
        result[rows] = name
    return result


def _part(rng: Generator, culture: str, sex: Sex, word: str, known: Known) -> Strings:
    n = len(known.order)
    if not word[0].islower() or word in ("bin", "binti"):
        return np.full(n, word, dtype=object)
    if word == "family":
        return known.family
    if word == "father":
        return known.father
    if word == "order":
        return _by_birth(rng, n, known.order)
    return _bag(culture, sex, word).draw(rng, n)


def _by_birth(rng: Generator, n: int, order: Ints) -> Strings:
    """Balinese: first to fourth child, then from the beginning."""
    sets = [group.split("/") for group in words("cultures")["balinese"]["order"].split()]
    picks = rng.random(n)
    return np.array(
        [(group := sets[at % 4])[int(u * len(group))] for at, u in zip(order.tolist(), picks, strict=True)],
        dtype=object,
    )


@cache
def _bag(culture: str, sex: Sex, name: str) -> Bag:
    """The words a pattern means by `name`, for the culture, else for all."""
    if name in ("first", "later"):
        return _counted(f"{sex}_{name}")
    if name == "stem":
        return _stems(sex)
    for place in (words("cultures")[culture], words("cultures")["muslim"]):
        listed = place.get(sex, {}).get(name) or place.get(name)
        if listed:
            return Bag.by_rank(listed.split())
    raise KeyError(f"{culture}: no list {name!r}")


@cache
def _counted(column: str) -> Bag:
    text = (files(__package__) / "name_tokens.csv").read_text(encoding="utf-8")
    rows = [(row["token"], float(row[column])) for row in csv.DictReader(text.splitlines()) if int(row[column])]
    return Bag([token for token, _ in rows], [count for _, count in rows])


@cache
def _stems(sex: Sex) -> Bag:
    opening, root, ending = (part.split() for part in _STEMS[sex])
    composed = [(a + c, 8.0 / (i + 3)) for i, a in enumerate(opening) for c in ending]
    composed += [(a + b + c, 1.0 / (i + 3)) for i, a in enumerate(opening) for b in root for c in ending]
    return Bag([name for name, _ in composed], [weight for _, weight in composed])
