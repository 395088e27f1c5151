"""What the civil registry has of the people: nearly clean, one row for each living person, anew each month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import DASHES, text
from mdi_engine.population.draws import Ints, Mask, Strings, choose, strings
from mdi_engine.population.people.homes import Homes
from mdi_engine.population.people.households import FATHER, MOTHER, PARENT, SIBLING
from mdi_engine.population.people.people import LONGEST, People
from mdi_engine.population.people.places import districts, towns
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources.noise import apply, typo

COLUMNS = (
    "NIK", "NO_KK", "NAMA_LGKP", "JENIS_KLMIN", "TMPT_LHR", "TGL_LHR", "STAT_HBKEL", "NAMA_LGKP_IBU", "NAMA_LGKP_AYAH",
    "NIK_IBU", "ALAMAT", "NO_RT", "NO_RW", "NO_PROP", "NO_KAB", "NO_KEC", "KEL_NAME", "TGL_MATI",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Registry:
    """What the registry knows of a block: all that its extracts of any month say, as columns.

    `enters` is the month of the first extract with the person, `leaves` of the first without; `old` marks addresses
    that were not brought up to date, until the month `moves`, and `misspelt` names, until the month `mends`.
    """

    cells: Mapping[str, Strings]
    enters: Ints
    leaves: Ints
    old: Mask
    old_cells: Mapping[str, Strings]
    moves: Ints
    misspelt: Mask
    mends: Ints


def registry(rng: Generator, people: People, rates: Rates) -> Registry:
    """The registry's rows for a block of people."""
    n = len(people.entity)
    kin = people.kin
    missing = (rng.random(n) < rates["registry_missing"]) | people.foreign
    late = (kin.born > kin.born.max() - 10_000) & (kin.age == 0) & (rng.random(n) < 0.3)
    enters = np.where(missing, LONGEST + 1, kin.arrives + late * rng.integers(1, 4, n))
    old = rng.random(n) < rates["registry_old_address"]
    name = people.called.name.copy()
    misspelt = apply(rng, name, choose(rng, np.full(n, True), rates["registry_typo"]), typo)
    cells = _person(rng, people, name) | _address(people.home)
    moves, mends = rng.geometric(0.1, n), rng.geometric(0.1, n)
    return Registry(cells, enters, people.leaves, old, _address(people.elsewhere), moves, misspelt, mends)


def delivered(known: Registry, people: People, month: int) -> tuple[Ints, Mapping[str, Strings]]:
    """Which people the extract of a month has, and its columns."""
    rows = np.flatnonzero((known.enters <= month) & (known.leaves > month))
    cells = {column: values[rows] for column, values in known.cells.items()}
    old = (known.old & (known.moves > month))[rows]
    for column, values in known.old_cells.items():
        cells[column] = np.where(old, values[rows], cells[column])
    mended = (known.misspelt & (known.mends <= month))[rows]
    cells["NAMA_LGKP"][mended] = strings([name.upper() for name in people.called.name[rows[mended]].tolist()])
    return rows, cells


def _person(rng: Generator, people: People, name: Strings) -> dict[str, Strings]:
    kin, called, numbers = people.kin, people.called, people.numbers
    n = len(name)
    mothers = np.where((kin.mother >= 0) & (rng.random(n) < 0.7), numbers.nik[kin.mother], 0)
    return {
        "NIK": _texts(numbers.nik),
        "NO_KK": _texts(numbers.kk),
        "NAMA_LGKP": _upper(name),
        "JENIS_KLMIN": np.where(kin.male, "1", "2").astype(object),
        "TMPT_LHR": _upper(towns().name[districts().kabkota[people.origin]]),
        "TGL_LHR": text(kin.born, DASHES),
        "STAT_HBKEL": _standing(people),
        "NAMA_LGKP_IBU": _upper(called.mother),
        "NAMA_LGKP_AYAH": _upper(called.father),
        "NIK_IBU": _texts(mothers),
        "TGL_MATI": np.full(n, "", dtype=object),
    }


def _standing(people: People) -> Strings:
    seat = people.kin.seat
    standing = np.full(len(seat), "ANAK", dtype=object)
    standing[seat == FATHER] = "KEPALA KELUARGA"
    standing[seat == MOTHER] = np.where(people.kin.husband[seat == MOTHER] >= 0, "ISTRI", "KEPALA KELUARGA")
    standing[seat == PARENT] = "ORANG TUA"
    standing[seat == SIBLING] = "FAMILI LAIN"
    return standing


def _address(home: Homes) -> dict[str, Strings]:
    code = districts().code[home.district].tolist()
    lines = zip(home.street.tolist(), home.number.tolist(), strict=True)
    return {
        "ALAMAT": strings([f"JL. {street.upper()} NO. {number}" for street, number in lines]),
        "NO_RT": strings([f"{rt:03d}" for rt in home.rt.tolist()]),
        "NO_RW": strings([f"{rw:03d}" for rw in home.rw.tolist()]),
        "NO_PROP": strings([one[:2] for one in code]),
        "NO_KAB": strings([one[2:4] for one in code]),
        "NO_KEC": strings([one[4:] for one in code]),
        "KEL_NAME": _upper(home.village_name()),
    }


def _texts(numbers: Ints) -> Strings:
    return strings([str(one) if one else "" for one in numbers.tolist()])


def _upper(cells: Strings) -> Strings:
    return strings([cell.upper() for cell in cells.tolist()])
