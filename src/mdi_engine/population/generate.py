"""The whole population: every source's extracts, month by month, and the truth; people streamed, block by block."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mdi_engine.errors import UsageError
from mdi_engine.population.deliveries import World, deliver
from mdi_engine.population.people.people import LONGEST, blocks_of, make_people
from mdi_engine.population.people.providers import Nearest, providers
from mdi_engine.population.rates import rates
from mdi_engine.population.things import hospitals_for, write_things
from mdi_engine.population.writing.files import Files
from mdi_engine.population.writing.folder import prepare, sign

LARGEST = 50_000_000
NOISIEST = 20.0
MOST_HOSPITALS = 500_000


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
            ("hospitals", self.hospitals or 1, 1, MOST_HOSPITALS),
        ):
            if not least <= value <= most:
                hint = f"Anything from {least:,} to {most:,} will do."
                raise UsageError(f"{name}: {value} was asked for", hint=hint, **{name: value})

    def world(self) -> World:
        """What all blocks of people share."""
        houses = providers(self.seed, self.people, self.hospitals or hospitals_for(self.people), self.noise)
        blocks = len(blocks_of(self.people))
        return World(self.seed, self.people, self.months, blocks, rates(self.noise), houses, Nearest(houses))


def generate(
    out: Path, order: Order, replace: bool = False, advance: Callable[[int], None] = lambda people: None
) -> Mapping[str, int]:
    """Write every source's extracts to `out`/<source> and the truth to `out`/truth; gives rows by source, all months.

    The same order gives the same bytes, and more months leave the earlier deliveries as they are. `advance`
    hears how many people are done. Raises UsageError for an order that cannot be served, and Conflict for a folder
    that holds anything, unless it was made here before and may be replaced.
    """
    order.check()
    others = prepare(out, replace)
    things = write_things(out, order.people, order.seed, order.months, order.noise, order.hospitals)
    world, defects = order.world(), defaultdict[str, Counter[str]](Counter)
    with Files(out) as files:
        for number, count in enumerate(blocks_of(order.people)):
            people = make_people(order.seed, (number, world.blocks), count, world.rates)
            for source, counts in deliver(files, world, number, people).items():
                defects[source].update(counts)
            advance(count)
    text = json.dumps(defects, indent=2, sort_keys=True)
    (out / "truth" / "defects.json").write_text(text + "\n", encoding="utf-8")
    sign(out, asdict(order), others)
    return dict(sorted({**things, **files.rows}.items()))
