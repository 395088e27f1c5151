"""The whole population: every source's extracts, month by month, and the truth; people streamed, block by block."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mdi_engine.errors import UsageError
from mdi_engine.population import dukcapil, simrs, sirs_staff, sisdmk
from mdi_engine.population.defects import plant
from mdi_engine.population.draws import Ints, Strings, stream
from mdi_engine.population.extracts import TRUTH_COLUMNS
from mdi_engine.population.files import Files, place_of
from mdi_engine.population.folder import prepare, sign
from mdi_engine.population.people import LONGEST, People, blocks_of, make_people
from mdi_engine.population.providers import GROUPS, Nearest, Providers, providers
from mdi_engine.population.rates import Rates, rates
from mdi_engine.population.streams import DEFECTS, MENDING, RECORDS, REGISTRY, STAFF
from mdi_engine.population.things import hospitals_for, write_things
from mdi_engine.population.truth import dukcapil_truth, flags_of, simrs_truth, staff_truth
from mdi_engine.population.visits import visits
from mdi_engine.population.workers import workers

LARGEST = 50_000_000
NOISIEST = 20.0
MENDED = 0.01  # of the rows that hospitals have sent so far are sent again each month
PATIENTS, WORKERS = Path("truth", "patient.csv"), Path("truth", "practitioner.csv")


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted: how many people, from which seed, how noisy, how many monthly deliveries, how many hospitals."""

    people: int
    seed: int
    noise: float = 1.0
    months: int = 1
    hospitals: int | None = None

    def check(self) -> None:
        """Raises UsageError for what cannot be served."""
        for name, value, least, most in (
            ("people", self.people, 1, LARGEST),
            ("noise", self.noise, 0, NOISIEST),
            ("months", self.months, 1, LONGEST),
            ("hospitals", self.hospitals or 1, 1, 500_000),
        ):
            if not least <= value <= most:
                hint = f"Anything from {least:,} to {most:,} will do."
                raise UsageError(f"{name}: {value} was asked for", hint=hint, **{name: value})


@dataclass(frozen=True, slots=True)
class _Block:
    """People of one block, what is said of them in the truth, and the numbers that its streams begin with."""

    people: People
    flags: Strings
    number: int
    blocks: int


def generate(
    out: Path, order: Order, replace: bool = False, advance: Callable[[int], None] = lambda people: None
) -> Mapping[str, int]:
    """Write every source's extracts to `out`/<source> and the truth to `out`/truth; gives rows by source, all months.

    The same order gives the same bytes, and more months leave the earlier deliveries as they are. `advance` hears how
    many people are done. Raises UsageError for an order that cannot be served, and for a folder that holds anything,
    unless it was made here before and may be replaced.
    """
    order.check()
    prepare(out, replace)
    known, sizes = rates(order.noise), blocks_of(order.people)
    hospitals = order.hospitals or hospitals_for(order.people)
    houses = providers(order.seed, order.people, hospitals, order.noise)
    nearest, defects = Nearest(houses), Counter[str]()
    things = write_things(out, order.people, order.seed, order.months, order.noise, order.hospitals)
    with Files(out) as files:
        for number, count in enumerate(sizes):
            people = make_people(order.seed, (number, len(sizes)), count, known)
            block = _Block(people, flags_of(people), number, len(sizes))
            defects.update(_simrs(files, order, block, houses, nearest, known))
            _dukcapil(files, order, block, known)
            _staff(files, order, block, houses, nearest, known)
            advance(count)
    text = json.dumps({"simrs": dict(sorted(defects.items()))}, indent=2)
    (out / "truth" / "defects.json").write_text(text + "\n", encoding="utf-8")
    sign(out, asdict(order))
    return dict(sorted({**things, **files.rows}.items()))


def _simrs(
    files: Files, order: Order, block: _Block, houses: Providers, nearest: Nearest, known: Rates
) -> Counter[str]:
    """Each month's new rows, and rows of earlier months that are sent again; counts what was planted."""
    counts, sheets = Counter[str](), list[simrs.Sheet]()
    for month in range(order.months):
        again = stream(order.seed, block.number, MENDING, month)
        for sent in sheets:
            rows = np.flatnonzero(again.random(len(sent.visits.person)) < MENDED)
            cells = simrs.mended(sent, rows, block.people, houses)
            _by_group(files, month, houses.group[sent.visits.house[rows]], cells)
        rng = stream(order.seed, block.number, RECORDS, month)
        come = visits(rng, block.people, nearest, month, (block.number, block.blocks), known)
        made = simrs.sheet(rng, block.people, come, houses, known)
        counts.update(plant(stream(order.seed, block.number, DEFECTS, month), made, houses, known))
        _by_group(files, month, houses.group[come.house], made.cells)
        files.csv(PATIENTS, TRUTH_COLUMNS, simrs_truth(block.people, block.flags, made))
        sheets.append(made)
    return counts


def _by_group(files: Files, month: int, group: Ints, cells: Mapping[str, Strings]) -> None:
    for at, name in enumerate(GROUPS):
        rows = np.flatnonzero(group == at)
        if len(rows):
            columns = [cells[column][rows].tolist() for column in simrs.COLUMNS]
            files.csv(place_of("simrs", month, f"simrs_{name}.csv"), simrs.COLUMNS, zip(*columns, strict=True))


def _dukcapil(files: Files, order: Order, block: _Block, known: Rates) -> None:
    """All that the registry has, each month; the truth once for whoever is ever in it."""
    registered = dukcapil.registry(stream(order.seed, block.number, REGISTRY), block.people, known)
    seen = np.zeros(len(block.flags), dtype=np.bool_)
    for month in range(order.months):
        rows, cells = dukcapil.delivered(registered, block.people, month)
        seen[rows] = True
        columns = [cells[column].tolist() for column in dukcapil.COLUMNS]
        files.csv(place_of("dukcapil", month, "dukcapil.csv"), dukcapil.COLUMNS, zip(*columns, strict=True), "|")
    files.csv(PATIENTS, TRUTH_COLUMNS, dukcapil_truth(block.people, block.flags, np.flatnonzero(seen)))


def _staff(files: Files, order: Order, block: _Block, houses: Providers, nearest: Nearest, known: Rates) -> None:
    """The health workers among the people, as two lists have them."""
    rng = stream(order.seed, block.number, STAFF)
    people, whole = block.people, (block.number, block.blocks)
    made = workers(rng, people, order.people, block.number, houses, nearest, known)
    entries = sisdmk.entries(rng, people, made, known)
    lines = sirs_staff.lines(rng, people, made, houses, whole, known)
    for month in range(order.months):
        files.text(place_of("sisdmk", month, sisdmk.FILE), list(sisdmk.delivered(entries, people, month)))
        rows = list(sirs_staff.delivered(lines, people, month))
        files.text(place_of("sirs_staff", month, sirs_staff.FILE), rows, sirs_staff.first(), sirs_staff.LAST)
    ever = sisdmk.ever(entries, order.months), sirs_staff.ever(lines, order.months)
    files.csv(WORKERS, TRUTH_COLUMNS, staff_truth(people, block.flags, *ever))
