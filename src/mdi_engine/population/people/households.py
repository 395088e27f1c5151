"""Who lives together: parents, children, twins, a grandparent, a brother or sister; seats first, people later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Ints, Mask
from mdi_engine.population.rates import Rates

# Days are counted as numpy counts them, from 1970-01-01. The first delivery tells of the last day of 2025.
TODAY = int(np.datetime64("2025-12-31").astype("datetime64[D]").astype(np.int64))
YEAR = 365.25
OLDEST = 97  # so that two digits of a year are enough

# Seats of a household: father, mother, four births with room for a twin, a parent and a sibling of the head.
FATHER, MOTHER, FIRST_CHILD, PARENT, SIBLING, SEATS = 0, 1, 2, 10, 11, 14
# Two more seats for a birth in a later month.
LATER = 12
BIRTHS = 4
# How often there is a couple, a mother alone with children, a father alone, one old woman, one man.
KINDS = (0.76, 0.09, 0.03, 0.07, 0.05)
COUPLE, MOTHER_ONLY, FATHER_ONLY, OLD_WOMAN, MAN = range(5)
HAS_PARENT, HAS_SIBLING = 0.08, 0.05
BIRTH_A_MONTH = 0.008  # of couples of an age to have children


@dataclass(frozen=True, slots=True)
class Seats:
    """Households as rows, seats as columns: whether somebody sits there, male or not, and the day of birth.

    `twin` is 1 and 2 for twins by order of birth, else 0; `order` how many elder children the family has had.
    Every household has seats for children of a later month, `arrives`.
    """

    taken: Mask
    male: Mask
    born: Ints
    twin: Ints
    order: Ints
    arrives: Ints


@dataclass(frozen=True, slots=True)
class Kin:
    """People as columns: the household and the seat of each, and who is whose.

    `mother`, `father` and `husband` are positions, -1 where nobody is there. Children of later months stand last;
    `arrives` is their month, 0 for all others.
    """

    home: Ints
    seat: Ints
    male: Mask
    born: Ints
    twin: Ints
    order: Ints
    mother: Ints
    father: Ints
    husband: Ints
    arrives: Ints

    @property
    def child(self) -> Mask:
        """Whether the person is a child of the head of the household."""
        return ((self.seat >= FIRST_CHILD) & (self.seat < PARENT)) | (self.seat >= LATER)

    @property
    def age(self) -> Ints:
        """Years of age at the first delivery; 0 also for those born later."""
        return np.maximum(0, (TODAY - self.born) / YEAR).astype(np.int64)


def kin(rng: Generator, people: int, months: int, rates: Rates) -> Kin:
    """So many people in households, and after them the children born to them in the `months` after the first."""
    seats = _with_births(rng, households(rng, people, rates), months, rates["twins"])
    now, then = np.nonzero(seats.taken[:, :LATER]), np.nonzero(seats.taken[:, LATER:])
    home, seat = np.concatenate((now[0], then[0])), np.concatenate((now[1], then[1] + LATER))
    at = np.full(seats.taken.shape, -1)
    at[home, seat] = np.arange(len(home))
    child = ((seat >= FIRST_CHILD) & (seat < PARENT)) | (seat >= LATER)
    return Kin(
        home,
        seat,
        seats.male[home, seat],
        seats.born[home, seat],
        seats.twin[home, seat],
        seats.order[home, seat],
        mother=np.where(child, at[home, MOTHER], -1),
        father=np.where(child, at[home, FATHER], -1),
        husband=np.where(seat == MOTHER, at[home, FATHER], -1),
        arrives=np.where(seat >= LATER, seats.arrives[home], 0),
    )


def households(rng: Generator, people: int, rates: Rates) -> Seats:
    """Households of so many people in all."""
    count = people // 2 + 50  # households have three people on average
    seats = _fill(rng, count, rates)
    ends = np.cumsum(seats.taken.sum(axis=1))
    whole = int(np.searchsorted(ends, people)) + 1
    taken = seats.taken[:whole].copy()
    surplus = int(ends[whole - 1]) - people
    last = np.flatnonzero(taken[-1])
    taken[-1, last[len(last) - surplus :]] = False
    return Seats(
        taken, seats.male[:whole], seats.born[:whole], seats.twin[:whole], seats.order[:whole], seats.arrives[:whole]
    )


def _fill(rng: Generator, n: int, rates: Rates) -> Seats:
    kind = rng.choice(len(KINDS), n, p=KINDS)
    taken = np.zeros((n, SEATS), dtype=np.bool_)
    male = rng.random((n, SEATS)) < 0.507
    born = np.zeros((n, SEATS), dtype=np.int64)
    taken[:, FATHER] = np.isin(kind, (COUPLE, FATHER_ONLY, MAN))
    taken[:, MOTHER] = np.isin(kind, (COUPLE, MOTHER_ONLY, OLD_WOMAN))
    male[:, FATHER], male[:, MOTHER] = True, False
    age = np.where(kind == OLD_WOMAN, rng.uniform(55, 92, n), 20 + 55 * rng.beta(1.4, 2.4, n))
    born[:, MOTHER] = _days_ago(age)
    born[:, FATHER] = _days_ago(np.clip(age + rng.normal(3.5, 3.5, n), 19, OLDEST))
    twin, order = _children(rng, kind, taken, born, rates["twins"])
    _relatives(rng, kind, taken, born, age)
    return Seats(taken, male, born, twin, order, np.zeros(n, dtype=np.int64))


def _days_ago(years: np.ndarray) -> Ints:
    return (TODAY - years * YEAR).astype(np.int64)


def _children(rng: Generator, kind: np.ndarray, taken: Mask, born: Ints, twins: float) -> tuple[Ints, Ints]:
    """Fill the children's seats: born in turn, gone from home as adults; returns twin numbers and orders of birth."""
    n = len(kind)
    twin, order = np.zeros((n, SEATS), dtype=np.int64), np.zeros((n, SEATS), dtype=np.int64)
    has = np.isin(kind, (COUPLE, MOTHER_ONLY, FATHER_ONLY))
    wanted = rng.choice(BIRTHS + 1, n, p=(0.1, 0.24, 0.38, 0.2, 0.08))
    age = (TODAY - born[:, MOTHER]) / YEAR
    at_birth = rng.uniform(19, 27, n)
    leaving = rng.uniform(18, 32, (n, BIRTHS))
    for birth in range(BIRTHS):
        seat = FIRST_CHILD + 2 * birth
        there = has & (birth < wanted) & (at_birth < age) & (age - at_birth < leaving[:, birth]) & (at_birth < 46)
        born[:, seat] = born[:, seat + 1] = np.minimum(born[:, MOTHER] + (at_birth * YEAR).astype(np.int64), TODAY)
        double = there & (rng.random(n) < twins)
        taken[:, seat], taken[:, seat + 1] = there, double
        twin[double, seat], twin[double, seat + 1] = 1, 2
        order[:, seat] = birth + (twin[:, FIRST_CHILD:seat] == 2).sum(axis=1)
        order[:, seat + 1] = order[:, seat] + 1
        at_birth = at_birth + 1.2 + rng.gamma(2.0, 1.2, n)
    return twin, order


def _relatives(rng: Generator, kind: np.ndarray, taken: Mask, born: Ints, age: np.ndarray) -> None:
    """A parent of the head, and a sibling about as old."""
    n = len(kind)
    elder = age + rng.uniform(18, 35, n)
    taken[:, PARENT] = (kind == COUPLE) & (elder < OLDEST) & (rng.random(n) < HAS_PARENT)
    born[:, PARENT] = _days_ago(np.minimum(elder, OLDEST))
    taken[:, SIBLING] = (kind != OLD_WOMAN) & (rng.random(n) < HAS_SIBLING)
    born[:, SIBLING] = _days_ago(np.clip(age + rng.uniform(-9, 9, n), 17, OLDEST))


def _with_births(rng: Generator, seats: Seats, months: int, twins: float) -> Seats:
    """The same households, with children to be born in later months."""
    n = len(seats.taken)
    age = (TODAY - seats.born[:, MOTHER]) / YEAR
    may = seats.taken[:, MOTHER] & seats.taken[:, FATHER] & (age > 20) & (age < 43)
    arrives = 1 + rng.integers(0, months, n)
    birth = may & (rng.random(n) < BIRTH_A_MONTH * months)
    double = birth & (rng.random(n) < twins)
    day = TODAY + 1 + ((arrives - 1) * YEAR / 12).astype(np.int64) + rng.integers(0, 28, n)
    for seat, there, number in ((LATER, birth, 1), (LATER + 1, double, 2)):
        seats.taken[:, seat], seats.born[:, seat] = there, day
        seats.twin[double, seat] = number
        seats.order[:, seat] = seats.taken[:, FIRST_CHILD:PARENT].sum(axis=1) + number - 1
    return Seats(seats.taken, seats.male, seats.born, seats.twin, seats.order, arrives)
