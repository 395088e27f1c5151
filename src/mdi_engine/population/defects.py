"""What ails a file rather than the people in it: planted at known rates and counted, for profiling to find."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from mdi_engine.population.dates import day_of
from mdi_engine.population.draws import Strings, choose, strings
from mdi_engine.population.people.providers import Providers
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources.simrs import Sheet, dated

# Column → what is written there for nothing.
_PLACEHOLDERS = {
    "nama_ibu": ("-", "(Tidak Tercatat)"),
    "no_kk": ("0", "-"),
    "no_hp": ("-", "0"),
    "rt_rw": ("-", "000/000"),
}
_PLANTED = ("hospital_phone", "default_date", "swapped_nik_kk", "scientific_nik")  # counted where they are planted
_DEFAULT_DAYS = (day_of(1900, 1, 1), day_of(1970, 1, 1))


def plant(rng: Generator, made: Sheet, houses: Providers, rates: Rates) -> Mapping[str, int]:
    """Plant defects in the sheet's cells; returns how often each was."""
    counts = {"hospital_phone": int(made.marks["hospital_phone"].sum())}
    counts |= {f"placeholder {name}": _placeholders(rng, made.cells[name], name, rates) for name in _PLACEHOLDERS}
    cells, n = made.cells, len(made.visits.person)
    everywhere = np.full(n, True)
    default = choose(rng, everywhere, rates["default_birth_date"])
    days = np.array(_DEFAULT_DAYS)[rng.integers(0, 2, n)]
    cells["tanggal_lahir"][default] = dated(days, houses.form[made.visits.house])[default]
    made.marks["default_date"] = default
    counts["default_birth_date"] = int(default.sum())
    filled = cells["nik"] != ""
    swap = choose(rng, filled & (cells["no_kk"] != "") & (cells["no_kk"] != "0"), rates["nik_kk_swapped"], n)
    swap &= cells["no_kk"] != "-"
    cells["nik"][swap], cells["no_kk"][swap] = cells["no_kk"][swap], cells["nik"][swap]
    apostrophe = choose(rng, filled & ~swap, rates["nik_apostrophe"], n)
    cells["nik"][apostrophe] = "'" + cells["nik"][apostrophe]
    number = choose(rng, filled & ~swap & ~apostrophe, rates["nik_scientific"], n)
    cells["nik"][number] = strings([f"{int(nik):.2E}".replace(".", ",") for nik in cells["nik"][number].tolist()])
    under = choose(rng, np.array([len(cell) > 9 for cell in cells["no_hp"].tolist()]), rates["phone_underscore"], n)
    cells["no_hp"][under] += "_"
    made.marks |= {"swapped_nik_kk": swap, "scientific_nik": number}
    counts |= {"nik_kk_swapped": int(swap.sum()), "nik_apostrophe": int(apostrophe.sum())}
    return counts | {"nik_scientific": int(number.sum()), "phone_underscore": int(under.sum())}


def marked(made: Sheet) -> Mapping[str, int]:
    """How many rows have each mark that is not a defect of the file."""
    return {name: int(rows.sum()) for name, rows in made.marks.items() if name not in _PLANTED}


def _placeholders(rng: Generator, cells: Strings, column: str, rates: Rates) -> int:
    """Write something for nothing in some of the empty cells: of all rows such a share."""
    rows = np.flatnonzero(choose(rng, cells == "", rates["placeholder"], len(cells)))
    cells[rows] = strings(_PLACEHOLDERS[column])[rng.integers(0, 2, len(rows))]
    return len(rows)
