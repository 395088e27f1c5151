"""The hospitals whose lists of patients are extracted: where they are, and how their systems write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.catalogue.facilities import houses
from mdi_engine.population.dates import FORMATS
from mdi_engine.population.draws import Ints, Mask, Strings, stream, strings
from mdi_engine.population.people.places import towns
from mdi_engine.population.streams import EVERYWHERE

PEOPLE_EACH = 150  # patients of a small house; large populations go to all houses
FEWEST = 8
FAR = 0.06  # of visits are to any house in the country
HABITS = 4  # one house in so many writes its own telephone number where it knows none

# Houses are extracted together, one file for each of these groups: name → provinces.
GROUPS = {
    "sumatera": ("11", "12", "13", "14", "15", "16", "17", "18", "19", "21"),
    "jawa_barat": ("31", "32", "36"),
    "jawa_tengah": ("33", "34"),
    "jawa_timur": ("35", "51"),
    "kalimantan": ("61", "62", "63", "64", "65"),
    "timur": ("52", "53", "71", "72", "73", "74", "75", "76", "81", "82", "91", "92", "93", "94", "95", "96"),
}


@dataclass(frozen=True, slots=True)
class Providers:
    """Hospitals as columns.

    `town` is a position among all kab/kota, `group` one in `GROUPS`, `form` one in the date formats; `capitals` says
    whether names are typed in capitals; `phone` is the hospital's own number, `habit` whether it is put where a
    patient's is missing.
    """

    code: Strings
    name: Strings
    town: Ints
    group: Ints
    form: Ints
    capitals: Mask
    phone: Strings
    habit: Mask


def providers(seed: int, people: int, hospitals: int, noise: float) -> Providers:
    """So many of the hospitals as the people fill."""
    known = houses(seed, hospitals, noise)
    rng = stream(seed, EVERYWHERE)
    n = min(len(known), max(FEWEST, people // PEOPLE_EACH))
    chosen = [known[at] for at in np.sort(rng.permutation(len(known))[:n])]
    number = {code: at for at, code in enumerate(towns().code.tolist())}
    group = {province: at for at, provinces in enumerate(GROUPS.values()) for province in provinces}
    return Providers(
        strings([house.code for house in chosen]),
        strings([house.name for house in chosen]),
        np.array([number[house.place.code] for house in chosen]),
        np.array([group[house.place.code[:2]] for house in chosen]),
        rng.integers(0, len(FORMATS), n),
        rng.random(n) < 0.6,
        strings([f"0866{code:07d}" for code in rng.integers(1_000_000, 9_999_999, n).tolist()]),
        rng.permutation(n) % HABITS == 0,
    )


class Nearest:
    """Finds a house for a patient: in the own kab/kota, else in the province, else anywhere."""

    def __init__(self, houses: Providers) -> None:
        """Sorts the houses by place once."""
        of_province = towns().province[houses.town]
        everywhere = np.arange(len(houses.town))
        near = [
            here
            if len(here := np.flatnonzero(houses.town == town))
            else there
            if len(there := np.flatnonzero(of_province == province))
            else everywhere
            for town, province in enumerate(towns().province)
        ]
        self._houses = np.concatenate(near)
        self._count = np.array([len(some) for some in near])
        self._first = np.cumsum(self._count) - self._count
        self._all = len(everywhere)

    def find(self, rng: Generator, town: Ints) -> Ints:
        """A house for each."""
        u = rng.random(len(town))
        near = self._houses[self._first[town] + (u * self._count[town]).astype(np.int64)]
        far = rng.random(len(town)) < FAR
        return np.where(far, rng.integers(0, self._all, len(town)), near)
