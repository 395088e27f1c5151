"""Writing processes killed at random moments: what was acknowledged is there, nothing is half-written, all verifies.

    .venv/bin/python benchmarks/torture.py [--kills N] [--ledger URL]    # writes benchmarks/results/torture.json

Each round starts four processes on one home: two that register the same people under keys of their own, one that runs
`mdi ingest` and `mdi link` in turn, one that decides what waits for a person. Each gets SIGKILL after up to `LONGEST`
seconds. Then a fresh process opens the ledger, and looks: each acknowledged registration, delivery, link job and
decision; records that were registered and have no number, or no access written down with them; people with two
numbers; `verify` of the ledger. Then the commands that were broken off are run again, and `mdi verify` proves both
stores. `ready` is the time from the opening to the end of a first writing transaction; `idle` is the same once more,
when nobody was killed. URL names an empty database, which is emptied again; its figures go under `postgresql`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, func, inspect, select, text

import writers
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.register import Registrar
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger import counters
from mdi_engine.ledger.history import resolve
from mdi_engine.ledger.records import record_id
from mdi_engine.ledger.schema import access_numbers, deliveries, events, memberships, record_versions, source_records
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings
from measure import RESULTS, keep, machine
from writers import ENTITY, forked, heard

sys.path.append(str(Path(__file__).parents[1] / "tests" / "jobs"))
from crowd import person

LONGEST = 2.5  # seconds until the last of a round is killed
PEOPLE, MONTHS, ROWS = 150, 12, 25  # of the home, and rows in each file that is delivered during the rounds
ROUNDS = 25  # on one home, then a new one: else most of the time would go into verifying what was verified before
CLIENTS = ("rs-a", "rs-b")
Said = list[list[Any]]


class Home:
    """A home with some people, linked, and the files that are still to come."""

    def __init__(self, folder: Path, url: str | None, seed: int) -> None:
        self.settings = Settings(home=folder / "home", ledger_url=url)
        os.environ |= {"MDI_HOME": str(self.settings.home), **({"MDI_LEDGER_URL": url} if url else {})}
        if url:
            _empty(url)
        generate(folder / "lists", Order(PEOPLE, seed, months=MONTHS))
        later = sorted((folder / "lists" / "simrs").glob("*/*.csv"))
        self.files = list(_cut(later, folder / "files"))
        self.first, self.said = 0, list[list[Any]]()
        self._begin(sorted((folder / "lists" / "simrs").glob("*.csv")))

    def _begin(self, files: Sequence[Path]) -> None:
        """In this process: what is imported and compiled now, each writer has when it is forked."""
        ingest(self.settings, "simrs", files)
        train_entity(self.settings, ENTITY)
        link_entity(self.settings, ENTITY)
        writers.run("verify")
        writers.run("review", "list")
        with home_ledger(self.settings) as engine:
            Registrar(self.settings, engine, ENTITY).register("warm", "0", person(-1, nik=True), actor="warm")

    def round(self, drawn: random.Random) -> dict[str, Any]:
        """Start, kill, look, mend; what was found."""
        some = self.files[:3]
        works = [
            lambda ack: writers.register(self.settings, ack, CLIENTS[0], self.first),
            lambda ack: writers.register(self.settings, ack, CLIENTS[1], self.first),
            lambda ack: writers.deliver(self.settings, ack, some),
            lambda ack: writers.decide(self.settings, ack, self.first),
        ]
        running = [forked(work) for work in works]
        killed = _kill(running, drawn)
        said = [line for _, pipe in running for line in heard(pipe)]
        failed = [line for line in said if line[0] == "failed"]
        taken = [line[1] for line in said if line[0] == "ingested"]
        self.files = [path for path in self.files if str(path) not in taken]
        self.said += said
        self.first = max([self.first, *(int(line[2]) + 1 for line in said if line[0] == "registered")])
        found = _in_a_process(self._look)
        found["mended"] = _in_a_process(self._mend)
        self.files = self.files[1:]
        acknowledged = Counter(line[0] for line in said if line[0] != "failed")
        return {**found, "killed": killed, "acknowledged": acknowledged, "failed": failed}

    def _look(self) -> dict[str, Any]:
        began = time.perf_counter()
        self._write()
        ready = time.perf_counter() - began
        began = time.perf_counter()
        self._write()
        idle = time.perf_counter() - began
        with home_ledger(self.settings) as engine, reading(engine) as conn:
            return {
                "ready": ready,
                "idle": idle,
                "missing": list(_missing(conn, self.said)),
                "half": list(_half(conn)),
                "twice": list(_twice(conn)),
                "findings": [finding.check for finding in verify(conn)],
            }

    def _write(self) -> None:
        with home_ledger(self.settings) as engine, writing(engine) as conn:
            counters.take(conn, "delivery")  # what counts, and leaves no trace

    def _mend(self) -> list[str]:
        for path in self.files[:1]:
            ingest(self.settings, "simrs", [path])
        link_entity(self.settings, ENTITY)
        return [finding.check for finding in verify_home(self.settings).findings]


def _kill(running: Sequence[tuple[int, int]], drawn: random.Random) -> int:
    """SIGKILL to each at a moment of its own; how many were still at work then."""
    began, killed = time.perf_counter(), 0
    for moment, pid in sorted((drawn.uniform(0, LONGEST), pid) for pid, _ in running):
        time.sleep(max(0.0, began + moment - time.perf_counter()))
        os.kill(pid, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    return killed


def _missing(conn: Connection, said: Said) -> Iterator[str]:
    """Acknowledged writes that are not there."""
    for what, *words in said:
        if what == "registered":
            client, key, number = words
            record = record_id(conn, ENTITY, client, key)
            resolve(conn, ENTITY, number)  # raises if it was never issued
            if record is None or not _numbered(conn, [record]):
                yield f"{client} {key}"
        elif what in ("decided", "undone"):
            kind = conn.execute(select(events.c.kind).where(events.c.seq == int(words[0]))).scalar_one_or_none()
            if kind != {"decided": "decision-taken", "undone": "decision-undone"}[what]:
                yield f"{what} {words[0]}"
    linked = max((place for place, (what, *_) in enumerate(said) if what == "linked"), default=-1)
    for place, (what, *words) in enumerate(said):
        if what == "ingested":
            _, digest, written = words
            records = _delivered(conn, digest)
            if len(records) != int(written) or (place < linked and _numbered(conn, records) < len(records)):
                yield f"delivery {digest[:8]}"


def _delivered(conn: Connection, digest: str) -> list[int]:
    """The records that the delivery of this file changed; none if it is not complete."""
    of_file = select(deliveries.c.id).where(deliveries.c.files.contains(digest), deliveries.c.complete)
    written = record_versions.c
    return list(conn.execute(select(written.record_id).where(written.delivery.in_(of_file))).scalars())


def _half(conn: Connection) -> Iterator[str]:
    """Registered records without what is written in the same transaction: their number, and the access."""
    columns = source_records.c
    placed = source_records.outerjoin(memberships, memberships.c.record_id == columns.id)
    rows = select(columns.source, columns.source_key, memberships.c.number).select_from(placed)
    registered = conn.execute(rows.where(columns.entity == ENTITY, columns.source.in_(CLIENTS))).all()
    yield from (f"{source} {key} has no number" for source, key, number in registered if number is None)
    if conn.execute(select(func.count()).select_from(access_numbers)).scalar_one() == 0 and registered:
        yield "no access is written down"


def _twice(conn: Connection) -> Iterator[str]:
    """People whom both clients registered and who have two numbers."""
    columns = source_records.c
    rows = select(columns.source_key, memberships.c.number).join(memberships, memberships.c.record_id == columns.id)
    numbers: dict[str, set[str]] = {}
    for key, number in conn.execute(rows.where(columns.entity == ENTITY, columns.source.in_(CLIENTS))):
        numbers.setdefault(key, set()).add(number)
    return (key for key, several in numbers.items() if len(several) > 1)


def _numbered(conn: Connection, records: Sequence[int]) -> int:
    statement = select(func.count()).select_from(memberships).where(memberships.c.record_id.in_(records))
    return conn.execute(statement).scalar_one()


def _in_a_process(work: Callable[..., Any], *given: object) -> Any:
    """What the work gives, done in a process of its own, as fresh as the writers were."""
    pid, pipe = forked(lambda ack: ack("done", work(*given)))
    said = heard(pipe)
    os.waitpid(pid, 0)
    if [line[0] for line in said] != ["done"]:
        raise SystemExit(f"what looks and mends ended badly: {said}")
    return said[0][1]


def _cut(files: Sequence[Path], folder: Path) -> Iterator[Path]:
    """The rows of the files, in small files, no two of which say the same."""
    folder.mkdir()
    seen = set[str]()
    for path in files:
        head, *rows = path.read_text("utf-8").splitlines(keepends=True)
        for begin in range(0, len(rows), ROWS):
            body = "".join(rows[begin : begin + ROWS])
            part = folder / f"{path.parent.name}_{path.stem}_{begin}.csv"
            if body not in seen:
                part.write_text(head + body, "utf-8")
                yield part
            seen.add(body)


def _empty(url: str) -> None:
    """Take everything out of the database."""
    engine = create_engine(url)
    with engine.begin() as conn:
        conn.execute(text("DROP SCHEMA public CASCADE"))
        conn.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def _refuse_used(url: str) -> None:
    engine = create_engine(url)
    used = inspect(engine).get_table_names()
    engine.dispose()
    if used:
        raise SystemExit("the database is not empty: name another one")


def torture(kills: int, url: str | None, keep_so_far: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Rounds until so many were killed; the sums, which are handed on after each round, too."""
    drawn, rounds, sums = random.Random(1), list[dict[str, Any]](), Counter[str]()
    while sums["killed"] < kills:
        with tempfile.TemporaryDirectory() as folder:
            home = Home(Path(folder), url, seed=1 + len(rounds))
            for _ in range(ROUNDS):
                found = home.round(drawn)
                rounds.append(found)
                sums.update(found["acknowledged"])
                sums.update({"killed": found["killed"], "failed": len(found["failed"])})
                for name in ("missing", "half", "twice", "findings", "mended"):
                    sums[name] += len(found[name])
                    if found[name] or found["failed"]:
                        print(json.dumps(found), file=sys.stderr, flush=True)
                keep_so_far(_figures(rounds, sums))
                if sums["killed"] >= kills:
                    break
        print(json.dumps(sums), file=sys.stderr, flush=True)
    if url:
        _empty(url)
    return _figures(rounds, sums)


def _figures(rounds: Sequence[dict[str, Any]], sums: Counter[str]) -> dict[str, Any]:
    return {
        "kills": sums["killed"],
        "rounds": len(rounds),
        "acknowledged": {what: sums[what] for what in ("registered", "ingested", "linked", "decided", "undone")},
        "ended_by_themselves": sums["failed"],
        "acknowledged_and_missing": sums["missing"],
        "half_written": sums["half"],
        "people_with_two_numbers": sums["twice"],
        "findings": sums["findings"],
        "findings_once_run_again": sums["mended"],
        "ready_ms": _spread([found["ready"] for found in rounds]),
        "idle_ms": _spread([found["idle"] for found in rounds]),
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    ranks = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return {
        name: round(value * 1000, 1)
        for name, value in {"p50": ranks[49], "p99": ranks[98], "max": max(seconds)}.items()
    }


def main() -> int:
    """Torture, print, and keep the figures beside those of the other kind of ledger."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--ledger", metavar="URL", help="an empty PostgreSQL database; without it SQLite")
    asked = parser.parse_args()
    if asked.ledger:
        _refuse_used(asked.ledger)
    kept = RESULTS / "torture.json"
    before = json.loads(kept.read_text("utf-8")) if kept.exists() else {}

    def keep_so_far(figures: dict[str, Any]) -> None:
        keep("torture", before | {"postgresql" if asked.ledger else "sqlite": figures, "machine": machine()})

    figures = torture(asked.kills, asked.ledger, keep_so_far)
    print(json.dumps(figures, indent=2))
    wrong = (
        "acknowledged_and_missing",
        "half_written",
        "people_with_two_numbers",
        "findings",
        "findings_once_run_again",
    )
    return int(any(figures[name] for name in wrong))


if __name__ == "__main__":
    raise SystemExit(main())
