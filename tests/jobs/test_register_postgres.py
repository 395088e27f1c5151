"""Registrations on PostgreSQL: locks on match keys make those of one person take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from crowd import numbers_in_use, per_person, person, processes, storm
from ledger_fixtures import new_database
from sqlalchemy import Connection, Engine

from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.register import CREATED, LINKED, Registrar
from mdi_engine.jobs.train import train_entity
from mdi_engine.ledger.locks import planned
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings, shipped

pytest_plugins = ["ledger_fixtures"]


@pytest.fixture(scope="module")
def home(server: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("register") / "home"
    settings = Settings(home=folder, ledger_url=f"{server}/{new_database(server)}")
    ingest(settings, "dukcapil", [shipped("samples") / "dukcapil" / "dukcapil.csv"])
    ingest(settings, "simrs", [shipped("samples") / "simrs" / "simrs_sumatera.csv"])
    train_entity(settings, "patient")
    link_entity(settings, "patient")
    return settings


@pytest.fixture
def engine(home: Settings) -> Iterator[Engine]:
    with home_ledger(home) as engine:
        yield engine


def test_threads_and_processes_create_each_person_once(home: Settings, engine: Engine) -> None:
    before = numbers_in_use(home)
    answers = storm(Registrar(home, engine, "patient"), 64, 2, client="klinik")
    given = list(per_person(answers))
    assert [len(numbers) for numbers in given] == [1] * 2
    assert [sum(told.outcome == CREATED for told in same) for same in zip(*answers, strict=True)] == [1] * 2
    later = [set(same) for same in zip(*processes(home, 3, 3), strict=True)]
    assert later[:2] == given
    assert [len(numbers) for numbers in later] == [1] * 3
    assert numbers_in_use(home) - before == set.union(*later)
    with reading(engine) as conn:
        assert verify(conn) == []


def test_whoever_shares_a_key_waits_and_all_others_plan_meanwhile(engine: Engine) -> None:
    """Inside of one plan on the keys 1 and 2, another on key 3 is made and written; one on key 2 is not even begun."""
    order: list[str] = []
    waiting: list[threading.Thread] = []

    def write(name: str, *keys: int) -> None:
        with planned(engine, "patient", [(0, key) for key in keys], lambda _: order.append(name)):
            pass

    def slow(_: Connection) -> None:
        waiting.append(threading.Thread(target=write, args=("same", 2)))
        waiting[0].start()
        write("other", 3)
        waiting[0].join(0.5)
        assert waiting[0].is_alive()
        order.append("first")

    with planned(engine, "patient", [(0, 1), (0, 2)], slow):
        pass
    waiting[0].join()
    assert order == ["other", "first", "same"]


def test_a_registration_plans_while_another_writer_is_at_work(home: Settings, engine: Engine) -> None:
    registrar = Registrar(home, engine, "patient")
    first = registrar.register("rs", "a", person(50, nik=False), actor="loket")
    done: list[str] = []

    def register() -> None:
        done.append(registrar.register("rs", "b", person(50, nik=False), actor="loket").outcome)

    thread = threading.Thread(target=register)
    with writing(engine):
        thread.start()
        thread.join(1)
        assert not done
    thread.join()
    assert (first.outcome, done) == (CREATED, [LINKED])
