"""Twelve monthly deliveries of a population that grows, corrects and withdraws: what becomes of the numbers.

    .venv/bin/python benchmarks/deliveries.py [--people N] [--months N] [--joins N]   # writes results/deliveries….json

Each month the civil registry delivers everything it has (who died is withdrawn) and hospitals deliver new rows and
mended ones; `mdi link` follows. Training is once, in the first month; with `--joins N` the registry joins N months
later, and training is once more then. `churn`, merges, splits and redirects are what
the link job reports. By the end of each month it is asked of every number ever issued:

- reused: was it founded a second time?
- unresolvable: does it lead nowhere, or farther than one step?
- moved: the person of a number in use is the true person of most of its records (where two have equally many, it has
  none and keeps the one it had). A number whose person is another than the last one it had has moved to another human.
- led_away: does a number that redirects lead to a number of another person than it had itself when it was last in use?

The last two are errors of linking as much as of numbering: two people taken for one are one master, and if the smaller
one is the older one, its number has moved. `records_moved` are the records of the numbers that moved.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import IngestReport, ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.assignment import ACTIVE
from mdi_engine.ledger.events import read_events
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.schema import source_records
from mdi_engine.ledger.store import reading
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings

ENTITY, SOURCES = "patient", ("dukcapil", "simrs")
FIGURES = (
    "records",
    "masters",
    "new",
    "merged",
    "split",
    "restored",
    "retired",
    "redirects",
    "churn",
    "events_written",
)
Truth = Mapping[tuple[str, str], str]


@dataclass
class Watch:
    """What was seen of each number so far: its person while it was in use."""

    truth: Truth
    person: dict[str, str] = field(default_factory=dict)

    def month(self, settings: Settings) -> dict[str, int]:
        """The four questions, asked of the ledger as it stands."""
        columns = source_records.c
        with home_ledger(settings) as engine, reading(engine) as conn:
            state = read_state(conn, ENTITY)
            named = {
                id_: self.truth[source, key]
                for id_, source, key in conn.execute(
                    select(columns.id, columns.source, columns.source_key).where(columns.entity == ENTITY)
                )
            }
            founded = Counter(number for event in read_events(conn) for number, *_ in event.body.get("founded", ()))
        people: dict[str, Counter[str]] = {}
        for record, number in state.memberships.items():
            people.setdefault(number, Counter())[named[record]] += 1
        ends = {number: master.redirect_to or number for number, master in state.masters.items()}
        moved = self._moved(people)
        return {
            "numbers": len(founded),
            "reused": sum(times > 1 for times in founded.values()),
            "unresolvable": sum(ends.get(ends.get(number, "")) != ends.get(number, number) for number in founded),
            "moved": len(moved),
            "records_moved": sum(people[number].total() for number in moved),
            "led_away": sum(
                self.person.get(number) != self.person.get(end)
                for number, end in ends.items()
                if number != end and state.masters[end].status == ACTIVE
            ),
        }

    def _moved(self, people: Mapping[str, Counter[str]]) -> list[str]:
        moved = []
        for number, counts in people.items():
            (first, most), *others = counts.most_common(2)
            if others and others[0][1] == most:
                continue
            if self.person.setdefault(number, first) != first:
                moved.append(number)
                self.person[number] = first
        return moved


def follow(folder: Path, people: int, months: int, joins: int = 0, seed: int = 1) -> dict[str, Any]:
    """Generate, take in month by month, and watch; the registry joins after so many months."""
    lists, settings = folder / "lists", Settings(home=folder / "home", ledger_url=None)
    generate(lists, Order(people, seed, months=months))
    with (lists / "truth" / "patient.csv").open(encoding="utf-8", newline="") as file:
        watch = Watch({(row["source"], row["source_key"]): row["entity"] for row in csv.DictReader(file)})
    told = []
    for place, month in enumerate(_folders(lists)):
        arrived = [_ingest(settings, source, lists, month) for source in SOURCES[place < joins :]]
        if place in (0, joins):
            train_entity(settings, ENTITY)
        told.append(_month(settings, month, arrived, watch))
    again = link_entity(settings, ENTITY, full=True)
    sums = {name: sum(month[name] for month in told) for name in ("merged", "split", "moved")}
    last = {name: told[-1][name] for name in ("numbers", "reused", "unresolvable", "led_away")}
    return {
        "people": people,
        "months": told,
        "totals": {**last, **sums},
        "events_of_a_full_run_afterwards": again.events_written,
        "findings": len(verify_home(settings).findings),
    }


def _folders(lists: Path) -> list[str]:
    """The first delivery's folder, which is the source's own, and those of the months after it."""
    return ["", *sorted({path.name for source in SOURCES for path in (lists / source).iterdir() if path.is_dir()})]


def _month(settings: Settings, month: str, arrived: Sequence[IngestReport | None], watch: Watch) -> dict[str, Any]:
    linked = link_entity(settings, ENTITY).to_dict()
    return {
        "month": month or "first",
        **{name: sum(getattr(each, name) for each in arrived if each) for name in ("new", "changed", "withdrawn")},
        **{("numbers_new" if name == "new" else name): linked[name] for name in FIGURES},
        **watch.month(settings),
    }


def _ingest(settings: Settings, source: str, lists: Path, month: str) -> IngestReport | None:
    files = sorted((lists / source / month).glob("*.csv"))
    return ingest(settings, source, files) if files else None


def main() -> int:
    """Follow the deliveries, print, and keep the figures."""
    from measure import keep, machine

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--joins", type=int, default=0, help="how many months before the registry joins")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = {**follow(Path(folder), asked.people, asked.months, asked.joins), "machine": machine()}
    keep(f"deliveries_joins_{asked.joins}" if asked.joins else "deliveries", result)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
