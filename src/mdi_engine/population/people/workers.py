"""Health workers: which people they are, what they are registered for, and where they work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import day_text
from mdi_engine.population.draws import Bag, choose
from mdi_engine.population.people.licences import FOR_LIFE, new_str, nip, old_str, sip
from mdi_engine.population.people.people import BLOCK, LONGEST, People
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.people.providers import Nearest, Providers
from mdi_engine.population.rates import Rates
from mdi_engine.population.words import words
from mdi_engine.reference.regions import kabkota

FEWEST = 100  # of a small population more people are health workers, so that there is something to link
JOBS = (0.7, 0.22, 0.08)
IN_HOSPITAL = 0.6
# Registrations: an old number only, an old and a new one, a new one only.
REGISTERED = (0.45, 0.25, 0.3)
STATUSES = {"PNS": 0.3, "PPPK": 0.12, "Tetap": 0.28, "Kontrak": 0.2, "Honorer": 0.1}
CIVIL_SERVICE = ("PNS", "PPPK")
LEAVING, ARRIVING, SECOND_JOB = 0.006, 0.008, 0.01  # each month


@dataclass(frozen=True, slots=True)
class Unit:
    """A place of work: `house` is a position among the hospitals, -1 for a puskesmas (community health centre)."""

    code: str
    name: str
    town: int
    house: int = -1


@dataclass(frozen=True, slots=True)
class Job:
    """Work at one unit from a month on (0 = from the first delivery): the licence for it and its years."""

    unit: Unit
    sip: str
    sip_year: int
    started: int
    status: str
    month: int = 0


@dataclass(frozen=True, slots=True)
class Registration:
    """An STR: `expires` is a year, None for a number that holds for life."""

    number: str
    year: int
    expires: int | None

    @property
    def until(self) -> str:
        """The last day, or the words for none."""
        return f"{self.expires}-12-31" if self.expires else FOR_LIFE


@dataclass(frozen=True, slots=True)
class Worker:
    """A health worker: `person` is a position in the block; `enters` and `leaves` are months of deliveries."""

    person: int
    own: int
    profession: Mapping[str, Any]
    front: str
    back: str
    strs: tuple[Registration, ...]
    nip: str
    jobs: tuple[Job, ...]
    enters: int
    leaves: int

    def jobs_in(self, month: int) -> list[Job]:
        """The jobs held when a month's delivery is made."""
        return [job for job in self.jobs if job.month <= month]

    @property
    def flags(self) -> Iterator[str]:
        """What the truth says of the worker."""
        if len(self.jobs) > 1:
            yield "two_jobs" if len(self.jobs) == 2 else "three_jobs"
        yield {(True, True): "old_and_new_str", (True, False): "old_str", (False, True): "new_str"}[
            any(one.expires for one in self.strs), any(not one.expires for one in self.strs)
        ]
        if self.nip:
            yield "civil_servant"


@cache
def _professions() -> Bag:
    table = words("professions")
    return Bag(list(table), [facts["share"] for facts in table.values()])


@cache
def _statuses() -> Bag:
    return Bag(list(STATUSES), list(STATUSES.values()))


def workers(
    rng: Generator, people: People, everybody: int, block: int, houses: Providers, nearest: Nearest, rates: Rates
) -> list[Worker]:
    """The health workers of a block, of a population of `everybody`."""
    age = people.kin.age
    able = (age >= 22) & (age <= 66) & ~people.foreign & (people.leaves > 0)
    share = max(rates["health_workers"], FEWEST / everybody)
    chosen = np.flatnonzero(choose(rng, able, share, people.count))
    names = _professions().draw(rng, len(chosen))
    return [
        _worker(rng, people, int(person), block * BLOCK + int(person), str(name), houses, nearest)
        for person, name in zip(chosen, names, strict=True)
    ]


def _worker(
    rng: Generator, people: People, person: int, own: int, name: str, houses: Providers, nearest: Nearest
) -> Worker:
    male = bool(people.kin.male[person])
    table = words("professions")
    profession = table["perawat" if male and table[name]["women"] == 1.0 else name]
    born = day_text(int(people.kin.born[person])).replace("-", "")
    started = min(2025, int(born[:4]) + int(rng.integers(22, 30)))
    status = str(_statuses().draw(rng, 1)[0])
    province = str(districts().code[people.home.district[person]])[:2]
    jobs = _jobs(rng, profession, people, person, own, status, started, houses, nearest)
    enters = int(rng.integers(1, LONGEST)) if rng.random() < ARRIVING * LONGEST else 0
    leaves = int(rng.integers(1, LONGEST)) if rng.random() < LEAVING * LONGEST else LONGEST + 1
    return Worker(
        person,
        own,
        profession,
        _title(rng, profession["front"]),
        _title(rng, profession["back"]),
        _registrations(rng, profession, province, own, started),
        nip(born, started, male, own) if status in CIVIL_SERVICE else "",
        tuple(jobs),
        enters,
        min(leaves, int(people.leaves[person])),
    )


def _title(rng: Generator, titles: list[str]) -> str:
    title = titles[int(rng.integers(len(titles)))]
    return "" if title == "none" else title


def _registrations(
    rng: Generator, profession: Mapping[str, Any], province: str, own: int, started: int
) -> tuple[Registration, ...]:
    kind = 2 if started >= 2024 else int(rng.choice(len(REGISTERED), p=REGISTERED))
    expires = int(rng.integers(2024, 2029))
    old = Registration(old_str(rng, profession, province, own, expires), expires - 5, expires)
    new = Registration(new_str(own), int(rng.integers(2024, 2026)), None)
    return ((old,), (old, new), (new,))[kind]


def _jobs(
    rng: Generator, profession: Mapping[str, Any], people: People, person: int, own: int, status: str, started: int,
    houses: Providers, nearest: Nearest,
) -> Iterator[Job]:  # fmt: skip
    """Jobs near home; only the first one is in the civil service, and some take up a second one later."""
    count = int(rng.choice(len(JOBS), p=JOBS)) + 1
    months = [0] * count
    if count == 1 and rng.random() < SECOND_JOB * LONGEST:
        months.append(int(rng.integers(1, LONGEST)))
    for at, month in enumerate(months):
        unit = _unit(rng, int(people.home.district[person]), houses, nearest, at)
        year = 2026 if month else max(started, int(rng.integers(2019, 2026)))
        licence = sip(rng, profession, str(towns().code[unit.town]), own * 3 + at, year)
        kept = "Kontrak" if at and status in CIVIL_SERVICE else status
        yield Job(unit, licence, year, 2026 if month else min(started + 2 * at, year), kept, month)


def _unit(rng: Generator, district: int, houses: Providers, nearest: Nearest, at: int) -> Unit:
    town = int(districts().kabkota[district])
    if rng.random() < IN_HOSPITAL:
        house = int(nearest.find(rng, np.array([town]))[0])
        return Unit("R" + str(houses.code[house]), str(houses.name[house]), int(houses.town[house]), house)
    # Second and third jobs may be in a neighbouring district.
    first, count = int(districts().first_of_kabkota[town]), int(districts().count_of_kabkota[town])
    place = first + (district - first + at) % count
    bps = kabkota()[str(towns().code[town])].bps
    code = f"P{bps}{(place - first + 1) * 10:03d}{1 + place % 2}01"
    return Unit(code, f"Puskesmas {districts().name[place]}", town)
