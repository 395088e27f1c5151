"""The invented people, block by block, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Ints, Mask, Strings, choose, stream, strings
from mdi_engine.population.people.homes import Homes, settle
from mdi_engine.population.people.households import MOTHER, TODAY, Kin, kin
from mdi_engine.population.people.identifiers import Numbers, number
from mdi_engine.population.people.names import (
    Known,
    by_province,
    culture_number,
    family_names,
    mononym_inclination,
    names,
)
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.rates import Rates
from mdi_engine.population.streams import FATES, HOUSEHOLDS, NAMES, NUMBERS, PLACES

# People are made so many at a time, so that memory does not grow with their number.
BLOCK = 20_000
LONGEST = 24  # months of deliveries at most
MONTHLY_DEATHS = 0.0012  # of people of 30 and more
SAME_CULTURE = 0.9  # of couples


@dataclass(frozen=True, slots=True)
class Called:
    """Names as columns; `father_son` marks a son who has his father's."""

    culture: Ints
    name: Strings
    mother: Strings
    father: Strings
    father_son: Mask

    @property
    def mononym(self) -> Mask:
        """Whether the name is one word."""
        return np.array([" " not in name for name in self.name.tolist()])


@dataclass(frozen=True, slots=True)
class People:
    """A block of people: the first `count` are there at the first delivery, the others are born in later months.

    `elsewhere` is an older or newer address; `leaves` the month in which a person has died (0: before the first
    delivery; LONGEST and more: not in our time), and `died` the day.
    """

    count: int
    entity: Strings
    kin: Kin
    home: Homes
    elsewhere: Homes
    origin: Ints
    foreign: Mask
    called: Called
    numbers: Numbers
    leaves: Ints
    died: Ints

    @property
    def migrant(self) -> Mask:
        """Whether the person was registered first in another kab/kota than that of the address."""
        kab = districts().kabkota
        return np.asarray(kab[self.origin] != kab[self.home.district])


def blocks_of(people: int) -> list[int]:
    """How many people are in each block."""
    return [min(BLOCK, people - start) for start in range(0, people, BLOCK)]


def make_people(seed: int, block: tuple[int, int], count: int, rates: Rates) -> People:
    """The people of a block: `block` is its number, from 0, and how many there are."""

    def rng(purpose: int) -> Generator:
        return stream(seed, block[0], purpose)

    family = kin(rng(HOUSEHOLDS), count, LONGEST, rates)
    homes = rng(PLACES)
    home, elsewhere, origin = settle(homes, family, rates)
    foreign = (homes.random(int(family.home.max()) + 1) < rates["foreign"])[family.home]
    called = _call(rng(NAMES), family, origin, foreign, rates)
    numbers = number(rng(NUMBERS), family, origin, home.district, foreign, block[0] * BLOCK, block)
    leaves, died = _fates(rng(FATES), family, rates)
    entity = _labels(block[0] * BLOCK, count, family)
    return People(count, entity, family, home, elsewhere, origin, foreign, called, numbers, leaves, died)


def _labels(start: int, count: int, family: Kin) -> Strings:
    """P and a number; children of later months add the month to their mother's, and the order of birth to that."""
    first = [f"P{start + at:07d}" for at in range(count)]
    mothers, months, twins = family.mother[count:], family.arrives[count:], family.twin[count:]
    born = zip(mothers.tolist(), months.tolist(), twins.tolist(), strict=True)
    return strings([*first, *(f"{first[mother]}-{month:02d}{max(1, twin)}" for mother, month, twin in born)])


def _call(rng: Generator, family: Kin, origin: Ints, foreign: Mask, rates: Rates) -> Called:
    culture = _cultures(rng, family, origin)
    culture[foreign] = culture_number("foreign")
    households = int(family.home.max()) + 1
    of_home = np.zeros(households, dtype=np.int64)
    of_home[family.home[::-1]] = culture[::-1]
    surname = family_names(rng, of_home)[family.home]
    # Who married in has a name of another family, or of another culture.
    wed = (family.husband >= 0) | (culture != of_home[family.home])
    surname = np.where(wed, family_names(rng, culture), surname)
    mononym = _mononyms(rng, culture, family.age, rates["mononyms"], family.arrives == 0)
    men, women = _elders(rng, culture, male=True), _elders(rng, culture, male=False)
    name = names(rng, culture, family.male, mononym, Known(surname, _first_word(men), family.order))
    young = np.flatnonzero(family.father >= 0)
    fathers = _first_word(name[family.father[young]])
    name[young] = names(
        rng, culture[young], family.male[young], mononym[young], Known(surname[young], fathers, family.order[young])
    )
    father_son = _namesakes(rng, family, name, rates["father_son"])
    mother, father = (
        np.where(kin >= 0, name[kin], made) for kin, made in ((family.mother, women), (family.father, men))
    )
    return Called(culture, name, mother, father, father_son)


def _cultures(rng: Generator, family: Kin, origin: Ints) -> Ints:
    """That of the head for all of the household, save for some spouses."""
    province = towns().province[districts().kabkota[origin]]
    own = np.empty(len(origin), dtype=np.int64)
    for code, bag in by_province().items():
        there = province == code
        own[there] = bag.indices(rng, int(there.sum()))
    households = int(family.home.max()) + 1
    head = np.zeros(households, dtype=np.int64)
    head[family.home[::-1]] = own[::-1]  # the first of a household sits last, and stays
    apart = (family.seat == MOTHER) & (rng.random(len(origin)) > SAME_CULTURE)
    return np.where(apart, own, head[family.home])


def _mononyms(rng: Generator, culture: Ints, age: Ints, share: float, of: Mask) -> Mask:
    """Names of one word: such a share of the people `of`, more among elders and where the culture inclines to them."""
    inclined = mononym_inclination()
    weight = np.array([inclined[number] for number in range(len(inclined))])[culture] * (0.6 + age / 40.0)
    chance = weight * share / weight[of].mean()
    for _ in range(4):  # what is cut off above is spread over the others
        chance = np.minimum(chance, 0.95)
        chance *= share / chance[of].mean()
    return np.asarray(rng.random(len(weight)) < chance)


def _elders(rng: Generator, culture: Ints, male: bool) -> Strings:
    """Names for parents who live elsewhere."""
    n = len(culture)
    everyone = np.full(n, True)
    known = Known(family_names(rng, culture), np.full(n, "Ahmad", dtype=object), rng.integers(0, 4, n))
    return names(rng, culture, np.full(n, male), _mononyms(rng, culture, np.full(n, 60), 0.35, everyone), known)


def _first_word(name: Strings) -> Strings:
    return strings([text.split()[0] if text else "" for text in name.tolist()])


def _namesakes(rng: Generator, family: Kin, name: Strings, share: float) -> Mask:
    """Some sons get the name of their father; says which."""
    pairs = family.male & (family.father >= 0)
    same = choose(rng, pairs, share)
    same[np.flatnonzero(same)[1:]] &= np.diff(family.home[same]) != 0  # one son of a father is enough
    name[same] = name[family.father[same]]
    return same


def _fates(rng: Generator, family: Kin, rates: Rates) -> tuple[Ints, Ints]:
    """The month in which somebody has died, and the day."""
    n = len(family.home)
    mortal = family.age >= 30
    dead = choose(rng, mortal, rates["dead"])
    month = np.where(dead, 0, np.minimum(rng.geometric(MONTHLY_DEATHS, n), LONGEST + 1))
    month[~mortal] = LONGEST + 1
    died = np.where(dead, TODAY - rng.integers(1, 700, n), TODAY + (month * 30.4).astype(np.int64) - 15)
    return month, died
