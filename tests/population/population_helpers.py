"""Reading what was generated, the slow and plain way."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mdi_engine.population.generate import Order
from mdi_engine.population.people.people import People, blocks_of, make_people

Row = dict[str, str]


def rows(path: Path, separator: str = ",") -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=separator))


def all_bytes(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@dataclass
class Written:
    """A population that was generated, read again."""

    out: Path
    order: Order

    @cached_property
    def blocks(self) -> list[People]:
        sizes = blocks_of(self.order.people)
        world = self.order.world()
        return [make_people(self.order.seed, (n, len(sizes)), size, world.rates) for n, size in enumerate(sizes)]

    @cached_property
    def people(self) -> dict[str, tuple[People, int]]:
        return {str(entity): (some, at) for some in self.blocks for at, entity in enumerate(some.entity)}

    @cached_property
    def simrs(self) -> list[Row]:
        return [row for path in sorted((self.out / "simrs").glob("*.csv")) for row in rows(path)]

    @cached_property
    def dukcapil(self) -> list[Row]:
        return rows(self.out / "dukcapil" / "dukcapil.csv", "|")

    def truth(self, entity: str) -> list[Row]:
        return rows(self.out / "truth" / f"{entity}.csv")

    @cached_property
    def simrs_truth(self) -> dict[str, Row]:
        return {row["source_key"]: row for row in self.truth("patient") if row["source"] == "simrs"}

    def person_of(self, row: Row) -> tuple[People, int]:
        return self.people[self.simrs_truth[f"{row['kode_rs']}-{row['no_rm']}"]["entity"]]
