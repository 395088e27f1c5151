"""Where people live, where they were registered first, and where else they have lived."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Ints, Mask, Strings
from mdi_engine.population.people.households import Kin
from mdi_engine.population.people.places import VILLAGES, districts, near, streets, villages
from mdi_engine.population.rates import Rates


@dataclass(frozen=True, slots=True)
class Homes:
    """Addresses as columns; `district` and `village` are positions, the other parts as one writes them."""

    district: Ints
    village: Ints
    street: Strings
    number: Ints
    rt: Ints
    rw: Ints

    def at(self, rows: Ints) -> Homes:
        """The addresses of some rows."""
        return Homes(
            self.district[rows],
            self.village[rows],
            self.street[rows],
            self.number[rows],
            self.rt[rows],
            self.rw[rows],
        )

    def where(self, rows: Mask, others: Homes) -> Homes:
        """These addresses, or those of `others` where `rows` says so; both have as many rows."""
        return Homes(
            np.where(rows, others.district, self.district),
            np.where(rows, others.village, self.village),
            np.where(rows, others.street, self.street),
            np.where(rows, others.number, self.number),
            np.where(rows, others.rt, self.rt),
            np.where(rows, others.rw, self.rw),
        )

    def village_name(self) -> Strings:
        """The name of each village."""
        return villages(self.district, self.village)


def addresses(rng: Generator, district: Ints) -> Homes:
    """An address in each of the districts."""
    n = len(district)
    return Homes(
        district,
        rng.integers(0, VILLAGES, n),
        streets(rng, n),
        np.minimum(rng.geometric(0.02, n), 250),
        np.minimum(rng.geometric(0.2, n), 30),
        np.minimum(rng.geometric(0.2, n), 20),
    )


def settle(rng: Generator, people: Kin, rates: Rates) -> tuple[Homes, Homes, Ints]:
    """For each person the address, one in another kab/kota (older or newer), and the district of first registration."""
    count = int(people.home.max()) + 1
    district = districts().by_weight.indices(rng, count)
    elsewhere = near(rng, district)
    origin = np.where(rng.random(count) < rates["moved_house"], elsewhere, district)[people.home]
    alone = ~people.child & (rng.random(len(people.home)) < rates["migrants"])
    own = near(rng, district[people.home])
    origin = np.where(alone, own, origin)
    here, there = addresses(rng, district), addresses(rng, elsewhere)
    return here.at(people.home), there.at(people.home), origin
