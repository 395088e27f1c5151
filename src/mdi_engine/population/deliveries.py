"""A block of people in the extracts of its four sources, month by month, and in the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mdi_engine.population.defects import marked, plant
from mdi_engine.population.draws import Ints, Strings, choose, stream
from mdi_engine.population.people.people import People
from mdi_engine.population.people.providers import GROUPS, Nearest, Providers
from mdi_engine.population.people.visits import visits
from mdi_engine.population.people.workers import workers
from mdi_engine.population.rates import Rates
from mdi_engine.population.sources import dukcapil, simrs, sirs_staff, sisdmk
from mdi_engine.population.streams import DEFECTS, MENDING, RECORDS, REGISTRY, STAFF
from mdi_engine.population.truth import dukcapil_truth, flags_of, simrs_truth, staff_truth
from mdi_engine.population.writing.extracts import TRUTH_COLUMNS
from mdi_engine.population.writing.files import Files, place_of

MENDED = 0.02  # of the faulty rows that hospitals have sent so far are sent again each month
PATIENTS, WORKERS = Path("truth", "patient.csv"), Path("truth", "practitioner.csv")
Counts = Mapping[str, Counter[str]]


@dataclass(frozen=True, slots=True)
class World:
    """What is the same for all blocks: the seed, how many people and months, the rates, and the hospitals."""

    seed: int
    people: int
    months: int
    blocks: int
    rates: Rates
    houses: Providers
    nearest: Nearest


def deliver(files: Files, world: World, number: int, people: People) -> Counts:
    """Write the people of block `number`; counts by source how many rows there are and what is not right in them."""
    flags = flags_of(people)
    return {
        "simrs": _simrs(files, world, number, people, flags),
        "dukcapil": _dukcapil(files, world, number, people, flags),
        **_staff(files, world, number, people, flags),
    }


def _simrs(files: Files, world: World, number: int, people: People, flags: Strings) -> Counter[str]:
    """Each month's new rows, and rows of earlier months that are sent again."""
    counts, sheets = Counter[str](), list[simrs.Sheet]()
    for month in range(world.months):
        again = stream(world.seed, number, MENDING, month)
        for sent in sheets:
            rows = np.flatnonzero(choose(again, simrs.faulty(sent), MENDED))
            _by_group(files, world, month, sent.visits.house[rows], simrs.mended(sent, rows, people, world.houses))
        rng = stream(world.seed, number, RECORDS, month)
        come = visits(rng, people, world.nearest, month, (number, world.blocks), world.rates)
        made = simrs.sheet(rng, people, come, world.houses, world.rates)
        counts.update({"rows": len(come.person), **marked(made)})
        counts.update(plant(stream(world.seed, number, DEFECTS, month), made, world.houses, world.rates))
        _by_group(files, world, month, come.house, made.cells)
        files.csv(PATIENTS, TRUTH_COLUMNS, simrs_truth(people, flags, made))
        sheets.append(made)
    return counts


def _by_group(files: Files, world: World, month: int, house: Ints, cells: Mapping[str, Strings]) -> None:
    group = world.houses.group[house]
    for at, name in enumerate(GROUPS):
        rows = np.flatnonzero(group == at)
        if len(rows):
            columns = [cells[column][rows].tolist() for column in simrs.COLUMNS]
            files.csv(place_of("simrs", month, f"simrs_{name}.csv"), simrs.COLUMNS, zip(*columns, strict=True))


def _dukcapil(files: Files, world: World, number: int, people: People, flags: Strings) -> Counter[str]:
    """All that the registry has, each month; the truth once for whoever is ever in it."""
    known = dukcapil.registry(stream(world.seed, number, REGISTRY), people, world.rates)
    seen = np.zeros(len(flags), dtype=np.bool_)
    for month in range(world.months):
        rows, cells = dukcapil.delivered(known, people, month)
        seen[rows] = True
        columns = [cells[column].tolist() for column in dukcapil.COLUMNS]
        files.csv(place_of("dukcapil", month, "dukcapil.csv"), dukcapil.COLUMNS, zip(*columns, strict=True), "|")
    files.csv(PATIENTS, TRUTH_COLUMNS, dukcapil_truth(people, flags, np.flatnonzero(seen)))
    wrong = {"old_address": known.old, "misspelt": known.misspelt}
    return Counter({"rows": int(seen.sum()), **{name: int((rows & seen).sum()) for name, rows in wrong.items()}})


def _staff(files: Files, world: World, number: int, people: People, flags: Strings) -> Counts:
    """The health workers among the people, as two lists have them."""
    rng = stream(world.seed, number, STAFF)
    made = workers(rng, people, world.people, number, world.houses, world.nearest, world.rates)
    entries = sisdmk.entries(rng, people, made, world.rates)
    lines = sirs_staff.lines(rng, people, made, world.houses, (number, world.blocks), world.rates)
    for month in range(world.months):
        files.text(place_of("sisdmk", month, sisdmk.FILE), list(sisdmk.delivered(entries, people, month)))
        rows = list(sirs_staff.delivered(lines, people, month))
        files.text(place_of("sirs_staff", month, sirs_staff.FILE), rows, sirs_staff.first(), sirs_staff.LAST)
    ever = sisdmk.ever(entries, world.months), sirs_staff.ever(lines, world.months)
    files.csv(WORKERS, TRUTH_COLUMNS, staff_truth(people, flags, *ever))
    return {
        "sisdmk": _counted(one.flags for one in ever[0]),
        "sirs_staff": _counted(line.flags for line in ever[1]),
    }


def _counted(flags: Iterable[Sequence[str]]) -> Counter[str]:
    counts = Counter[str]()
    for words in flags:
        counts.update(("rows", *words))
    return counts
