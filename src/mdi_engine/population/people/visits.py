"""Which hospitals a block of people is registered at, when, and under which number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import day_of
from mdi_engine.population.draws import Ints, Mask, rank_within
from mdi_engine.population.people.households import TODAY
from mdi_engine.population.people.people import People
from mdi_engine.population.people.places import districts
from mdi_engine.population.people.providers import Nearest
from mdi_engine.population.rates import RECORDS, Rates
from mdi_engine.population.writing.extracts import month_name

RETURNING = 0.015  # of people are registered once more each month
NEWBORN_DAYS = 365
EARLIEST = day_of(2018, 1, 1)


@dataclass(frozen=True, slots=True)
class Visits:
    """Registrations as columns, of one month.

    `person` and `house` are positions; `moved` says that the older or newer address was given, `unnamed` that a child
    had no name yet; `record` is the number within the house.
    """

    month: int
    person: Ints
    house: Ints
    day: Ints
    moved: Mask
    unnamed: Mask
    record: Ints


def visits(
    rng: Generator, people: People, nearest: Nearest, month: int, block: tuple[int, int], rates: Rates
) -> Visits:
    """The registrations that the delivery of `month` has for the first time."""
    new = np.flatnonzero(people.kin.arrives == month)
    times = rng.choice(len(RECORDS), len(new), p=RECORDS) + 1
    person = np.repeat(new, times)
    first = rank_within(person) == 0
    if month:
        back = (people.kin.arrives < month) & (people.leaves > month) & (rng.random(len(people.leaves)) < RETURNING)
        person = np.concatenate((person, np.flatnonzero(back)))
        first = np.concatenate((first, np.zeros(int(back.sum()), dtype=np.bool_)))
    moved = rng.random(len(person)) < rates["moved"]
    unnamed = _unnamed(rng, people, person, first, rates["born_unnamed"])
    at = np.where(moved, people.elsewhere.district[person], people.home.district[person])
    house = nearest.find(rng, districts().kabkota[at])
    record = 1 + block[0] + block[1] * rank_within(house)
    return Visits(month, person, house, _days(rng, people, person, month, unnamed), moved, unnamed, record)


def _unnamed(rng: Generator, people: People, person: Ints, first: Mask, share: float) -> Mask:
    kin = people.kin
    chance = np.where(TODAY - kin.born[person] < NEWBORN_DAYS, share, np.where(kin.age[person] < 6, share / 5, 0.0))
    return np.asarray(first & (kin.mother[person] >= 0) & (rng.random(len(person)) < chance))


def _days(rng: Generator, people: People, person: Ints, month: int, unnamed: Mask) -> Ints:
    """The day of registration: for newborns within a week, for the others before they die."""
    born = people.kin.born[person]
    if month:
        year, number = (int(part) for part in month_name(month - 1).split("-"))
        start = day_of(year, number, 1)
        day = start + rng.integers(0, 28, len(person))
    else:
        earliest = np.maximum(born, EARLIEST)
        last = np.minimum(TODAY, np.where(people.leaves[person] == 0, people.died[person], TODAY))
        day = earliest + (rng.random(len(person)) * np.maximum(1, last - earliest + 1)).astype(np.int64)
    return np.where(unnamed, born + rng.integers(0, 7, len(person)), np.maximum(day, born))
