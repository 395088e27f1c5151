"""Where people live: real districts, with invented villages and streets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.random import Generator

from mdi_engine.population.draws import Bag, Floats, Ints, Strings, strings
from mdi_engine.population.words import words
from mdi_engine.reference.regions import kabkota, kecamatan, retired_kecamatan, sample_provinces

VILLAGES = 12  # in each district
CITY = 2.5  # so many times as many people live in a district of a city


@dataclass(frozen=True, slots=True)
class Districts:
    """All kecamatan (districts) as columns; a district is its position in them.

    `nik` are the six digits a NIK of an invented person begins with, with the sample province, `nik_before` those of
    people registered before the district got its present code.
    """

    code: Strings
    name: Strings
    kabkota: Ints
    nik: Ints
    nik_before: Ints
    by_weight: Bag
    first_of_kabkota: Ints
    count_of_kabkota: Ints


@dataclass(frozen=True, slots=True)
class Towns:
    """All kab/kota (regencies and cities) as columns; a kab/kota is its position in them."""

    code: Strings
    name: Strings
    province: Ints


@cache
def towns() -> Towns:
    """The 514 kab/kota in order of their code."""
    rows = [kabkota()[code] for code in sorted(kabkota())]
    return Towns(
        strings([row.code for row in rows]),
        strings([row.name for row in rows]),
        np.array([int(row.code[:2]) for row in rows]),
    )


@cache
def districts() -> Districts:
    """The 7,285 kecamatan in order of their code."""
    codes = [code for code in sorted(kecamatan()) if code[:4] in kabkota()]
    place_of = {code: at for at, code in enumerate(towns().code)}
    kab = np.array([place_of[code[:4]] for code in codes])
    before = {row.successor: code for code, row in retired_kecamatan().items() if row.successor}
    first = np.searchsorted(kab, np.arange(len(place_of)))
    count = np.bincount(kab, minlength=len(place_of))
    return Districts(
        strings(codes),
        strings([kecamatan()[code].name for code in codes]),
        kab,
        np.array([_sample_code(code) for code in codes]),
        np.array([_sample_code(before.get(code, code)) for code in codes]),
        Bag(codes, _weights(codes, kab, first)),
        first,
        count,
    )


def _weights(codes: list[str], kab: Ints, first: Ints) -> Floats:
    """How many people live in each: the province's share, more in cities, and skewed within a kab/kota."""
    rank = np.arange(len(codes)) - first[kab]
    city = np.array([code[2] >= "7" for code in codes])
    weight: Floats = np.where(city, CITY, 1.0) / (rank + 4.0) ** 0.5
    province = np.array([int(code[:2]) for code in codes])
    for code, facts in words("provinces").items():
        inside = province == int(code)
        weight[inside] *= facts["people"] / weight[inside].sum()
    return weight


def _sample_code(code: str) -> int:
    sample = {real: invented for invented, real in sample_provinces().items()}[code[:2]]
    return int(sample + code[2:])


def near(rng: Generator, district: Ints) -> Ints:
    """Another kab/kota to have come from, for each district: a district in the same province more often than not."""
    far = districts().by_weight.indices(rng, len(district))
    province = towns().province
    home = province[districts().kabkota[district]]
    for _ in range(6):  # six draws by weight find the own province for most; the rest come from afar
        again = (province[districts().kabkota[far]] != home) & (rng.random(len(far)) < 0.75)
        far[again] = districts().by_weight.indices(rng, int(again.sum()))
    same = districts().kabkota[far] == districts().kabkota[district]
    while same.any():
        far[same] = districts().by_weight.indices(rng, int(same.sum()))
        same = districts().kabkota[far] == districts().kabkota[district]
    return far


def villages(district: Ints, number: Ints) -> Strings:
    """The name of the `number`th village of each district: the same each time."""
    first, second = (strings(words("places")[name].split()) for name in ("village_first", "village_second"))
    name: Strings = first[(district * 7 + number * 13) % len(first)] + second[(district * 3 + number * 5) % len(second)]
    return name


def streets(rng: Generator, n: int) -> Strings:
    """Names of streets."""
    return Bag.by_rank(words("places")["streets"].split()).draw(rng, n)
