"""How often a golden record is right, field by field, beside the records that it is made of.

    .venv/bin/python benchmarks/golden.py [--people N] [--seed S]     # prints, writes benchmarks/results/golden.json

The same invented people are written down twice: with errors as usual, and without any. Records are put together by the
truth, so that nothing but the choice of values is measured; the civil registry without errors says what is right. Asked
are people with two records or more: of all sources, and of the hospitals' lists alone, where nobody verifies. Each
source delivers once, so `recent` decides nothing among the hospitals.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mdi_engine.entities import ENTITIES
from mdi_engine.entities.survivorship import Statement, survive
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings
from measure import keep, run

PATIENT = ENTITIES["patient"]
FIELDS = ("nik", "kk", "name_core", "birth_date", "birth_place", "sex", "mother_name", "address_core", "kabkota")
People = Mapping[str, Sequence[Statement]]
Share = dict[str, float | int]


def people(folder: Path, asked: argparse.Namespace, noise: int) -> People:
    """By the truth's name of a person, all that the lists of the population say of it."""
    lists = folder / f"noise{noise}"
    order = ["--people", asked.people, "--seed", asked.seed, "--noise", noise]
    ran = run([Path(sys.executable).with_name("mdi"), "generate", lists, *map(str, order)])
    if ran.stopped:
        raise SystemExit(ran.stopped)
    settings = Settings(home=folder / f"home{noise}", ledger_url=None)
    for source in ("dukcapil", "simrs"):
        ingest(settings, source, sorted((lists / source).iterdir()))
    with (lists / "truth" / "patient.csv").open(encoding="utf-8") as file:
        truth = {(row["source"], row["source_key"]): row["entity"] for row in csv.DictReader(file)}
    found: dict[str, list[Statement]] = defaultdict(list)
    with home_ledger(settings) as engine, reading(engine) as conn:
        for record in live_records(conn, "patient"):
            person = truth.get((record.source, record.source_key))
            if person is not None:
                found[person].append(Statement(record.source, record.source_key, "", record.payload))
    return found


def registered(said: People) -> dict[str, Mapping[str, str | None]]:
    """What the civil registry says of each person."""
    return {person: one.payload for person, all_ in said.items() for one in all_ if one.source == "dukcapil"}


def measure(
    said: People, right: Mapping[str, Mapping[str, str | None]], wanted: Callable[[Statement], bool]
) -> dict[str, dict[str, Share]]:
    """By field: of the values that golden records give, and of those that records give, how many are right."""
    golden: dict[str, list[bool]] = {field: [] for field in FIELDS}
    records: dict[str, list[bool]] = {field: [] for field in FIELDS}
    for person, all_ in said.items():
        some = [one for one in all_ if wanted(one)]
        if len(some) < 2 or person not in right:
            continue
        chosen = {one.field: one.value for one in survive(PATIENT, some)}
        for field in FIELDS:
            if (true := right[person].get(field)) is None:
                continue
            golden[field] += [value == true for value in [chosen.get(field)] if value]
            records[field] += [value == true for one in some if (value := one.payload.get(field))]
    return {field: {"golden": share(golden[field]), "records": share(records[field])} for field in FIELDS}


def share(right: Sequence[bool]) -> Share:
    """How many there are, and the share that is right."""
    return {"values": len(right), "right": round(sum(right) / max(len(right), 1), 4)}


def main() -> int:
    """Make both populations, compare, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        right = registered(people(Path(folder), asked, noise=0))
        said = people(Path(folder), asked, noise=1)
    result = {
        "people": asked.people,
        "seed": asked.seed,
        "all_sources": measure(said, right, lambda one: True),
        "hospitals_alone": measure(said, right, lambda one: one.source == "simrs"),
    }
    keep("golden", result)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
