"""Numbers of invented people: none can be anybody's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import day_of, parts
from mdi_engine.population.draws import Ints, Mask, Strings, rank_within, strings
from mdi_engine.population.people.households import TODAY, Kin
from mdi_engine.population.people.places import districts

ADULT = 17
SPLIT = day_of(2022, 7, 25)  # the provinces of Papua were divided, and codes changed
SIAK = day_of(2004, 1, 1)  # family cards are numbered as they are since about then
SERIALS = 9_999
OTHER_DATE = 0.004  # NIKs that keep a date of birth that was corrected later
# No operator has been given 086x; the shape is that of a mobile phone.
FIRST_PHONE, PHONES = 86_100_000_000, 900_000_000
FIRST_CARD, CARDS = 7_000_000_000, 2_999_999_929
_SPREAD = 7_919_017  # prime, so that neighbours do not have neighbouring numbers
_BORN_LATER, _OTHER = 400_000_000, 200_000_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """Identifiers as columns. `nik`, `kk` are 0 for foreigners, `passport` is empty for citizens.

    `phone` and `other_phone` (an older or newer one) are without the 0 or 62 before it; children have their mother's.
    """

    nik: Ints
    kk: Ints
    passport: Strings
    phone: Ints
    other_phone: Ints
    bpjs: Ints


def number(
    rng: Generator, people: Kin, origin: Ints, district: Ints, foreign: Mask, start: int, block: tuple[int, int]
) -> Numbers:
    """Numbers for people who are `start` + 0, 1 … in the population; `block` is this block and how many there are."""
    own = start + 1 + np.arange(len(origin)) + np.where(people.arrives > 0, _BORN_LATER, 0)
    # Children have their mother's telephone.
    owner = np.where((people.age < ADULT) & (people.mother >= 0), own[people.mother], own)
    return Numbers(
        np.where(foreign, 0, _niks(rng, people, origin, block)),
        np.where(foreign, 0, _cards(rng, people.home, district, block)),
        strings([f"X{n % 10_000_000:07d}" if f else "" for n, f in zip(own.tolist(), foreign.tolist(), strict=True)]),
        FIRST_PHONE + owner * _SPREAD % PHONES,
        FIRST_PHONE + (owner + _OTHER) * _SPREAD % PHONES,
        FIRST_CARD + own * _SPREAD % CARDS,
    )


def _niks(rng: Generator, people: Kin, origin: Ints, block: tuple[int, int]) -> Ints:
    """Region, date (+40 on the day for women), serial: no two alike, in any block."""
    born = np.where(rng.random(len(origin)) < OTHER_DATE, people.born - rng.integers(1, 400, len(origin)), people.born)
    year, month, day = parts(born)
    date = (day + 40 * ~people.male) * 10_000 + month * 100 + year % 100
    region = np.where(people.born < SPLIT, districts().nik_before[origin], districts().nik[origin])
    return _serial(region, date, block)


def _cards(rng: Generator, home: Ints, district: Ints, block: tuple[int, int]) -> Ints:
    """The family card of each household: region, date of issue, serial."""
    _, first = np.unique(home, return_index=True)
    year, month, day = parts(rng.integers(SIAK, TODAY, len(first)))
    cards = _serial(districts().nik[district[first]], day * 10_000 + month * 100 + year % 100, block)
    return cards[home]


def _serial(region: Ints, date: Ints, block: tuple[int, int]) -> Ints:
    """Region (6 digits), date (6) and the next serial (4) of this block; blocks take turns, so that none repeat."""
    this, blocks = block
    while True:
        serial = 1 + this + blocks * rank_within(date, region)
        over = serial > SERIALS
        if not over.any():
            return region * 10_000_000_000 + date * 10_000 + serial
        # A day's numbers of a district are used up: the neighbours register the rest.
        region = np.where(over, np.roll(region, 1), region)
