"""Invented people who are registered by many at once; run as a program, one process of those many."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import select

from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.register import Registered, Registrar
from mdi_engine.ledger.schema import masters
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings

_SYLLABLES = ("wi", "ra", "su", "ko", "ma", "di", "ning", "yo", "la", "tu", "ker", "ba")


def person(number: int, *, nik: bool) -> dict[str, str | None]:
    """What a client says of invented person `number`: the same in every process."""
    drawn = random.Random(number)
    first, second, mother = ("".join(drawn.choices(_SYLLABLES, k=4)).title() for _ in range(3))
    day, month, year = drawn.randint(1, 28), drawn.randint(1, 12), drawn.randint(1950, 2009)
    return {
        "name": f"{first} {second}",
        "birthdate": f"{day:02d}-{month:02d}-{year}",
        "gender": "L",
        "mother": f"{mother} {second}",
        "nik": f"990101{day:02d}{month:02d}{year % 100:02d}{number % 9999 + 1:04d}" if nik else None,
    }


def storm(registrar: Registrar, threads: int, people: int, *, client: str, first: int = 0) -> list[list[Registered]]:
    """Each of so many threads, which begin together, registers all people from `first` on; half have no NIK.

    Every thread is a client with keys of its own, and every other one knows an address of its own: nothing that is
    weighed, but no two of those say the same. Answers per thread, in the order of the people.
    """
    start = threading.Barrier(threads)

    def act(thread: int) -> list[Registered]:
        start.wait()
        own: dict[str, str | None] = {"address": f"Jl. Melati {thread}"} if thread % 2 else {}
        said = ((number, person(number, nik=number % 2 == 0) | own) for number in range(first, first + people))
        return [registrar.register(client, f"{thread}-{number}", values, actor=client) for number, values in said]

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, range(threads)))


def numbers_in_use(settings: Settings) -> set[str]:
    """The numbers of all patients' masters in use."""
    statement = select(masters.c.number).where(masters.c.entity == "patient", masters.c.status == "active")
    with home_ledger(settings) as engine, reading(engine) as conn:
        return set(conn.execute(statement).scalars())


def per_person(answers: list[list[Registered]]) -> Iterator[set[str]]:
    """The numbers that each person was given."""
    for same in zip(*answers, strict=True):
        yield {registered.number for registered in same}


def processes(settings: Settings, count: int, people: int, first: int = 0) -> list[list[str]]:
    """The numbers that each of so many processes, which begin together, got for all the people."""
    program = [sys.executable, str(Path(__file__)), str(settings.home)]
    running = [
        subprocess.Popen(
            [*program, settings.ledger_url or "", f"rs{each}", str(people), str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for each in range(count)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return [each.communicate()[0].split() for each in running]


if __name__ == "__main__":
    home, url, client, count, begin = sys.argv[1:]
    settings = Settings(home=Path(home), ledger_url=url or None)
    with home_ledger(settings) as engine:
        registrar = Registrar(settings, engine, "patient")
        print("ready", flush=True)
        sys.stdin.readline()
        for registered in storm(registrar, 1, int(count), client=client, first=int(begin))[0]:
            print(registered.number)
