"""Registrations: created once however many ask at once, and how long they take while a link job writes.

    .venv/bin/python benchmarks/registering.py once [--threads N] [--people N] [--processes N] [--each N] [--ledger URL]
    .venv/bin/python benchmarks/registering.py link [--rows N] [--ledger URL]

`once`: threads, then processes, that begin together register the same invented people, half of whom have no NIK, each
client under keys of its own; on the home of the samples. There must be one master per person.
`link`: one client registers one person after another; first alone, then while a link job of so many records works.
Everything was trained anew before it, so that the job writes all match keys and gives most records their first number.
`held` is how long a transaction kept other writers from the ledger, of the job and of the client.
Writes benchmarks/results/registering_once.json and registering_link.json, with `_postgresql` where URL is one: it
names an empty database.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from mdi_engine.jobs.demo import demo
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.register import CREATED, Registrar
from mdi_engine.jobs.train import train_entity
from mdi_engine.ledger.history import resolve
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.verify import verify
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings
from measure import keep, machine

sys.path.append(str(Path(__file__).parents[1] / "tests" / "jobs"))
from crowd import numbers_in_use, per_person, person, processes, storm

ROWS_PER_PERSON = 1.55  # of hospitals' lists
IDLE = 300  # registrations
BARS = {"held_p99_ms": 10.0, "p99_times_idle": 5.0}


class Held:
    """How long each writing transaction of this process held the writer's lock, up to the end of its commit."""

    def __init__(self) -> None:
        self.seconds: list[tuple[float, float, float]] = []  # when it ended, how long it was held, of that on a core
        own, commit = threading.local(), DefaultDialect.do_commit

        def taken(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
            if statement == "BEGIN IMMEDIATE" or statement.startswith("SELECT pg_advisory_xact_lock(7169129)"):
                own.began = time.perf_counter(), time.thread_time()

        def done(dialect: Any, connection: Any) -> None:
            commit(dialect, connection)  # type: ignore[no-untyped-call]
            if began := getattr(own, "began", None):
                wall, cpu = began
                self.seconds.append((time.time(), time.perf_counter() - wall, time.thread_time() - cpu))
                own.began = None

        event.listen(Engine, "after_cursor_execute", taken)
        DefaultDialect.do_commit = done  # type: ignore[method-assign]


class Stages:
    """A progress that keeps when each stage began."""

    def __init__(self) -> None:
        self.began: list[tuple[str, float]] = []

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin this one."""
        self.began.append((name, time.time()))

    def advance(self, n: int = 1) -> None:
        """Nothing is drawn."""


def once(settings: Settings, threads: int, people: int, count: int, each: int) -> dict[str, Any]:
    """Storms of threads and of processes; whether each person was created once."""
    demo(settings, entities=["patient"])
    before = numbers_in_use(settings)
    with home_ledger(settings) as engine:
        began = time.perf_counter()
        answers = storm(Registrar(settings, engine, "patient"), threads, people, client="klinik")
        took = time.perf_counter() - began
    given = list(per_person(answers))
    created = [sum(told.outcome == CREATED for told in same) for same in zip(*answers, strict=True)]
    began = time.perf_counter()
    later = [set(same) for same in zip(*processes(settings, count, each, people), strict=True)]
    lasted = time.perf_counter() - began
    return {
        "threads": {
            "threads": threads,
            "people": people,
            "masters": len(set.union(*given)),
            "people_with_one_master": sum(len(numbers) == 1 for numbers in given),
            "created_once": created.count(1),
            "seconds": round(took, 1),
            "per_second": round(threads * people / took, 1),
        },
        "processes": {
            "processes": count,
            "people": each,
            "masters": len(set.union(*later)),
            "people_with_one_master": sum(len(numbers) == 1 for numbers in later),
            "seconds": round(lasted, 1),
            "per_second": round(count * each / lasted, 1),
        },
        "new_masters": len(numbers_in_use(settings) - before),
        "findings": findings(settings),
    }


def findings(settings: Settings) -> int:
    """What `mdi verify` would find in the ledger."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        return len(verify(conn))


def beside_a_link(settings: Settings, rows: int) -> dict[str, Any]:
    """A client's registrations, alone and beside a link job."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "lists", Order(int(rows / ROWS_PER_PERSON), seed=1))
        files = sorted(Path(folder).glob("lists/simrs/*.csv"))
        demo(settings, entities=["patient"])
        for file in files:
            ingest(settings, "simrs", [file])
        train_entity(settings, "patient")
    held = Held()
    with home_ledger(settings) as engine:
        registrar = Registrar(settings, engine, "patient")
        told: dict[int, str] = {}
        register_one(registrar, told)  # what is loaded once is loaded
        idle = [register_one(registrar, told) for _ in range(IDLE)]
        alone = list(held.seconds)
        held.seconds.clear()
        report = Path(settings.home) / "link.json"
        command = [sys.executable, __file__, "job", str(settings.home), settings.ledger_url or "", str(report)]
        with subprocess.Popen(command) as job:
            beside = []
            while job.poll() is None:
                beside.append(register_one(registrar, told))
        if job.returncode:
            raise SystemExit("the link job failed")
        lost = [number for number, given in told.items() if not stands(engine, registrar, number, given)]
    linked = json.loads(report.read_text())
    began = next(at for name, at in linked["stages"] if name == "write match keys")
    writing = [one for one in beside if one[0] >= began]
    return {
        "rows": rows,
        "link": linked["report"],
        "idle_ms": ranks([seconds for _, seconds in idle]),
        "while_it_computes_ms": ranks([seconds for at, seconds in beside if at < began]),
        "while_it_writes_ms": ranks([seconds for _, seconds in writing]),
        "p99_times_idle": round(p99(writing) / p99(idle), 2) if writing else None,
        "held_by_link_ms": clocks(linked["held"]),
        "held_by_client_alone_ms": clocks(alone),
        "held_by_client_beside_ms": clocks(held.seconds),
        "lost": len(lost),
        "findings": findings(settings),
    }


def register_one(registrar: Registrar, told: dict[int, str]) -> tuple[float, float]:
    """Register one more person; when it was begun, and how long it took."""
    number, at, began = len(told), time.time(), time.perf_counter()
    said = person(number, nik=number % 2 == 0)
    told[number] = registrar.register("klinik", str(number), said, actor="benchmark").number
    return at, time.perf_counter() - began


def stands(engine: Engine, registrar: Registrar, number: int, given: str) -> bool:
    """Whether what was answered holds: asked again, the person is who it was."""
    with reading(engine) as conn:
        now = resolve(conn, "patient", given).number
    said = person(number, nik=number % 2 == 0)
    return registrar.register("klinik", str(number), said, actor="benchmark").number == now


def p99(timed: Sequence[tuple[float, float]]) -> float:
    """Of what `register_one` gave, in seconds."""
    return float(np.percentile([seconds for _, seconds in timed], 99))


def ranks(seconds: Sequence[float]) -> dict[str, float]:
    """How many, and milliseconds."""
    if not seconds:
        return {"count": 0}
    p50, p99, most = np.percentile(np.array(seconds) * 1000, [50, 99, 100]).round(2).tolist()
    return {"count": len(seconds), "p50": p50, "p99": p99, "max": most}


def clocks(held: Sequence[Sequence[float]]) -> dict[str, dict[str, float]]:
    """On the wall, and on a core: the first counts what other programs of the machine took away."""
    return {"wall": ranks([wall for _, wall, _ in held]), "cpu": ranks([cpu for _, _, cpu in held])}


def job(home: str, url: str, report: str) -> None:
    """The link job, in a process of its own."""
    held, stages = Held(), Stages()
    done = link_entity(Settings(home=Path(home), ledger_url=url or None), "patient", progress=stages)
    told = {"report": asdict(done), "stages": stages.began, "held": held.seconds}
    Path(report).write_text(json.dumps(told), encoding="utf-8")


def main() -> int:
    """Run, print, and keep the figures."""
    if sys.argv[1:2] == ["job"]:
        job(*sys.argv[2:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=("once", "link"))
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--each", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ledger", help="URL of an empty PostgreSQL database; without it SQLite")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", ledger_url=asked.ledger)
        if asked.what == "once":
            result = once(settings, asked.threads, asked.people, asked.processes, asked.each)
        else:
            result = {**beside_a_link(settings, asked.rows), "bars": BARS}
    suffix = "_postgresql" if asked.ledger else ""
    result["load"] = [round(number, 2) for number in os.getloadavg()]
    keep(f"registering_{asked.what}{suffix}", {**result, "machine": machine()})
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
