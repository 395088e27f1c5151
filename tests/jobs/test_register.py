"""One record at a time: linked, created or to review; created once, however many ask at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from crowd import numbers_in_use, per_person, person, processes, storm
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.interfaces import CacheStats

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.jobs import placing
from mdi_engine.jobs import register as job
from mdi_engine.jobs.forgetting import forget_subject
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.intake import accepted, canonical
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.placing import DECIDED
from mdi_engine.jobs.register import CREATED, LINKED, TO_REVIEW, Registrar, register
from mdi_engine.jobs.train import train_entity
from mdi_engine.ledger.accesses import read_accesses
from mdi_engine.ledger.constraints import decide
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.history import history, master
from mdi_engine.ledger.records import append_versions, record_id
from mdi_engine.ledger.review import list_tasks
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings, shipped

NEWBORN = {"name": "By. Ny. Sariningtyas Wulandari", "mother_nik": "9901014102900001", "birthdate": "03-03-2024"}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("register") / "home")
    ingest(settings, "dukcapil", [shipped("samples") / "dukcapil" / "dukcapil.csv"])
    ingest(settings, "simrs", [shipped("samples") / "simrs" / "simrs_sumatera.csv"])
    train_entity(settings, "patient")
    link_entity(settings, "patient")
    return settings


@pytest.fixture
def home(linked: Settings, tmp_path: Path) -> Settings:
    """The same home, to be changed."""
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


@pytest.fixture
def engine(home: Settings) -> Iterator[Engine]:
    with home_ledger(home) as engine:
        yield engine


@pytest.fixture
def registrar(home: Settings, engine: Engine) -> Registrar:
    return Registrar(home, engine, "patient")


def sound(engine: Engine) -> bool:
    with reading(engine) as conn:
        return verify(conn) == []


def newest(engine: Engine) -> int:
    with reading(engine) as conn:
        return head(conn)


def test_no_statement_is_compiled_again_for_the_next_one(registrar: Registrar, engine: Engine) -> None:
    for number in range(2):
        for source in ("rs", "klinik"):  # created, then linked
            registrar.register(source, str(number), person(number, nik=True), actor="loket")
    made: list[str] = []

    def seen(*told: Any) -> None:
        *_, statement, _, context, _ = told
        if context.compiled is not None and context.cache_hit is not CacheStats.CACHE_HIT:
            made.append(statement)

    event.listen(engine, "after_cursor_execute", seen)
    outcomes = [
        registrar.register(source, "3", person(3, nik=True), actor="loket").outcome for source in ("rs", "klinik")
    ]
    assert (outcomes, made) == ([CREATED, LINKED], [])


@pytest.mark.parametrize("nik", [True, False])
def test_the_first_is_created_and_the_next_is_linked_to_it(registrar: Registrar, engine: Engine, nik: bool) -> None:
    first, second = (registrar.register(source, "1", person(1, nik=nik), actor="loket") for source in ("rs", "klinik"))
    assert (first.outcome, second.outcome) == (CREATED, LINKED)
    assert first.number == second.number
    assert [near.number for near in second.explanation.near] == [first.number]
    assert second.explanation.near[0].why
    with reading(engine) as conn:
        records = master(conn, "patient", first.number).records
        assert {(record.source, record.source_key) for record in records} == {("rs", "1"), ("klinik", "1")}
        assert {entry.actor for entry in history(conn, "patient", first.number)} == {"loket"}
    assert sound(engine)


def test_a_person_of_the_registry_is_found(home: Settings, registrar: Registrar, engine: Engine) -> None:
    before = numbers_in_use(home)
    with reading(engine) as conn:
        known = next(view for number in sorted(before) if len((view := master(conn, "patient", number)).records) > 1)
    said = known.records[0].payload
    asked = {"nik": said["nik"], "name": said["name"], "birthdate": said["birth_date"], "gender": said["sex"]}
    told = registrar.register("klinik", "1", asked, actor="loket")
    assert (told.outcome, told.number) == (LINKED, known.number)
    assert numbers_in_use(home) == before


def test_the_same_again_is_answered_the_same_and_writes_nothing(registrar: Registrar, engine: Engine) -> None:
    said = person(1, nik=True)
    first = registrar.register("rs", "1", said, actor="loket")
    registrar.register("klinik", "1", said, actor="loket")
    was = newest(engine)
    again = registrar.register("rs", "1", {**said, "mother": f" {said['mother']} "}, actor="somebody else")
    assert (again.outcome, again.number) == (first.outcome, first.number)
    assert newest(engine) == was


def test_a_correction_moves_a_record_to_whom_it_is(registrar: Registrar, engine: Engine) -> None:
    registrar.register("rs", "1", person(1, nik=True), actor="loket")
    moved = registrar.register("klinik", "1", person(1, nik=True), actor="loket")
    other = registrar.register("rs", "2", person(2, nik=True), actor="loket")
    corrected = registrar.register("klinik", "1", person(2, nik=True), actor="loket")
    assert (corrected.outcome, corrected.number) == (LINKED, other.number)
    assert corrected.number != moved.number
    assert sound(engine)


def test_one_that_was_withdrawn_comes_back_alone(registrar: Registrar, engine: Engine) -> None:
    first = registrar.register("rs", "1", person(1, nik=True), actor="loket")
    registrar.register("klinik", "1", person(1, nik=True), actor="loket")
    info = DeliveryInfo("delta", (DeliveredFile("withdrawn.csv", "0" * 64),))
    with writing(engine) as conn:
        append_versions(conn, entity="patient", source="klinik", delivery=info, rows=[], withdrawn=["1"])
    back = registrar.register("klinik", "1", person(2, nik=True), actor="loket")
    assert back.outcome == CREATED
    with reading(engine) as conn:
        assert [record.source for record in master(conn, "patient", first.number).records] == ["rs"]
        assert [record.source for record in master(conn, "patient", back.number).records] == ["klinik"]
    assert sound(engine)


def test_a_person_who_was_forgotten_is_not_taken_in_again(home: Settings, registrar: Registrar, engine: Engine) -> None:
    told = registrar.register("rs", "1", person(1, nik=True), actor="loket")
    forget_subject(home, "patient", told.number, yes=True)
    was = newest(engine)
    for source, key in [("rs", "1"), ("klinik", "7")]:
        with pytest.raises(Conflict, match="forgotten"):
            registrar.register(source, key, person(1, nik=True), actor="loket")
    assert newest(engine) == was
    assert registrar.register("rs", "2", person(2, nik=True), actor="loket").outcome == CREATED


def test_what_a_steward_decided_holds(registrar: Registrar, engine: Engine) -> None:
    said = [person(number, nik=True) for number in (1, 1, 3)]
    keys = [("rs", "1"), ("klinik", "1"), ("rs", "3")]
    for (source, key), values in zip(keys, said, strict=True):
        registrar.register(source, key, values, actor="loket")
    with writing(engine) as conn:
        rs, klinik, third = (record_id(conn, "patient", *key) or 0 for key in keys)
        decide(conn, "patient", [(rs, klinik, "different")], answer="different", actor="steward")
        decide(conn, "patient", [(rs, third, "same")], answer="same", actor="steward")
    apart = registrar.register("klinik", "1", {**said[1], "address": "Jl. Melati 1"}, actor="loket")
    together = registrar.register("rs", "3", {**said[2], "address": "Jl. Melati 3"}, actor="loket")
    first = registrar.register("rs", "1", said[0], actor="loket")
    assert apart.number != first.number
    assert together.number == first.number
    assert together.explanation.reason == DECIDED
    assert sound(engine)


def test_what_differs_from_one_that_was_withdrawn_differs_from_all_that_are_the_same_as_it(
    registrar: Registrar, engine: Engine
) -> None:
    keys = [("rs", "1"), ("klinik", "1"), ("lab", "1")]
    for (source, key), number in zip(keys, (2, 4, 4), strict=True):
        registrar.register(source, key, person(number, nik=True), actor="loket")
    info = DeliveryInfo("delta", (DeliveredFile("withdrawn.csv", "0" * 64),))
    with writing(engine) as conn:
        rs, klinik, lab = (record_id(conn, "patient", *key) or 0 for key in keys)
        decide(conn, "patient", [(rs, klinik, "different"), (klinik, lab, "same")], answer="different", actor="steward")
        append_versions(conn, entity="patient", source="klinik", delivery=info, rows=[], withdrawn=["1"])
    apart = registrar.register("rs", "1", person(4, nik=True), actor="loket")
    assert apart.number != registrar.register("lab", "1", person(4, nik=True), actor="loket").number


def test_a_decision_that_comes_after_the_plan_holds(
    registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [("rs", "1"), ("klinik", "1")]
    for (source, key), number in zip(keys, (2, 4), strict=True):
        registrar.register(source, key, person(number, nik=True), actor="loket")
    plan, decisions = placing.make_plan, [True]

    def decided(conn: Connection, *args: Any, **named: Any) -> Any:
        made = plan(conn, *args, **named)
        if decisions and decisions.pop():
            with writing(engine) as other:
                rs, klinik = (record_id(other, "patient", *key) or 0 for key in keys)
                decide(other, "patient", [(rs, klinik, "different")], answer="different", actor="steward")
        return made

    monkeypatch.setattr(job, "make_plan", decided)
    apart = registrar.register("klinik", "1", person(2, nik=True), actor="loket")
    assert apart.number != registrar.register("rs", "1", person(2, nik=True), actor="loket").number


def test_who_is_told_of_others_is_recorded_also_when_it_is_told_again(registrar: Registrar, engine: Engine) -> None:
    first = registrar.register("rs", "1", person(2, nik=True), actor="9901014107850001")
    registrar.register("klinik", "1", person(4, nik=True), actor="loket")
    with writing(engine) as conn:
        rs, klinik = (record_id(conn, "patient", source, "1") or 0 for source in ("rs", "klinik"))
        decide(conn, "patient", [(rs, klinik, "different")], answer="different", actor="steward")
    told = [registrar.register("klinik", "1", person(2, nik=True), actor="loket") for _ in range(2)]
    assert told[0].explanation.near[0].number == first.number != told[0].number
    with reading(engine) as conn:
        looked = read_accesses(conn, "patient", [first.number])
        assert [entry.actor for entry in history(conn, "patient", first.number)] == ["#" * 16]
    assert [one.access.actor for one in looked] == ["#" * 16, "loket", "loket"]
    assert {number for one in looked[1:] for number in one.access.numbers} == {first.number, told[0].number}


def test_one_in_doubt_has_a_number_and_a_steward_is_asked(registrar: Registrar, engine: Engine) -> None:
    """One after the other says less of a person until the answer is in doubt."""
    said = person(1, nik=True)
    first = registrar.register("rs", "1", said, actor="loket")
    asked: list[dict[str, str | None]] = [{"name": said["name"]}, {"name": str(said["name"]).split()[0], "gender": "L"}]
    doubtful = [
        told
        for place, values in enumerate(asked)
        if (told := registrar.register("klinik", str(place), values, actor="loket")).outcome == TO_REVIEW
    ]
    assert doubtful
    assert all(told.number != first.number for told in doubtful)
    with reading(engine) as conn:
        tasks = list(list_tasks(conn, "patient"))
    assert tasks
    assert sound(engine)


def test_a_newborn_is_known_by_its_mothers_nik_and_twins_by_their_order(registrar: Registrar, engine: Engine) -> None:
    def born(key: str, **said: str) -> tuple[str, str]:
        told = registrar.register("rs", key, {**NEWBORN, "gender": "P", **said}, actor="loket")
        return told.outcome, told.number

    first = born("1", birth_order="1")
    assert first[0] == CREATED
    assert born("2", birth_order="1") == (LINKED, first[1])
    second = born("3", birth_order="2")
    assert second[0] == CREATED
    assert born("4", birth_order="2") == (LINKED, second[1])
    stranger = born("5", mother_nik="9901014102950009", birth_order="1")
    assert stranger[0] == TO_REVIEW
    assert stranger[1] not in (first[1], second[1])
    assert sound(engine)


def test_a_nik_is_shown_by_no_key_and_no_message(registrar: Registrar, engine: Engine) -> None:
    said = person(1, nik=True)
    told = registrar.register("rs", str(said["nik"]), said, actor="loket")
    with reading(engine) as conn:
        (record,) = master(conn, "patient", told.number).records
    assert record.source_key != said["nik"]
    with pytest.raises(UsageError) as caught:
        registrar.register("rs", "2", {"nik": "9901019999999999", "name": "Wiryo"}, actor="loket")
    assert "nik" in str(caught.value)
    assert "99010199" not in str(caught.value)


def test_what_is_no_registration_is_refused(registrar: Registrar, engine: Engine) -> None:
    was = newest(engine)
    refused: list[tuple[str, str, dict[str, str | None]]] = [
        ("rs", "1", {}),
        ("rs", "1", {"name": " "}),
        ("rs", "1", {"shoe": "43"}),
        ("", "1", {"name": "Wiryo"}),
        ("rs", " ", {"name": "Wiryo"}),
        ("rs", "1", {"name": "Wiryo", "birthdate": "soon"}),
        ("steward", "1", {"name": "Wiryo"}),
        (" Steward", "1", {"name": "Wiryo"}),
        ("r\0s", "1", {"name": "Wiryo"}),
        ("rs", "1\0", {"name": "Wiryo"}),
        ("rs", "1", {"name": "Wir\0yo"}),
    ]
    for source, key, values in refused:
        with pytest.raises(UsageError):
            registrar.register(source, key, values, actor="loket")
    assert newest(engine) == was


def test_before_the_first_link_nothing_is_registered(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(NotFound):
        register(settings, "patient", "rs", "1", {"name": "Wiryo"}, actor="loket")
    ingest(settings, "sirs", [shipped("samples") / "sirs" / "sirs_2021.csv"])
    with pytest.raises(NotFound, match="never linked"):
        register(settings, "facility", "rs", "1", {"name": "RSUD Melati"}, actor="loket")


def test_every_entity_says_what_a_registration_may_give() -> None:
    assert "mother_nik" in accepted("patient")
    assert canonical("service", {"name": "Rontgen Thorax"})["name_core"]
    both = {"name": "By. Ny. Sariningtyas", "nik": "9901014102900001", "mother_nik": "9901014102900001"}
    assert "nik" not in canonical("patient", both)


def test_after_a_training_a_registration_is_found_before_and_after_the_next_link(
    home: Settings, registrar: Registrar, engine: Engine
) -> None:
    for number in range(40):
        registrar.register("rs", f"before-{number}", person(number, nik=False), actor="loket")
    assert train_entity(home, "patient").version == 2
    between = registrar.register("rs", "between", person(77, nik=False), actor="loket")
    assert registrar.register("klinik", "between", person(77, nik=False), actor="loket").number == between.number
    link_entity(home, "patient")
    assert registrar.register("lab", "after", person(77, nik=False), actor="loket").number == between.number
    assert sound(engine)


def test_a_link_run_after_registrations_moves_no_number(home: Settings, registrar: Registrar) -> None:
    told = [
        registrar.register("rs", str(number), person(number, nik=number % 2 == 0), actor="x") for number in range(9)
    ]
    report = link_entity(home, "patient")
    assert (report.churn, report.new, report.merged) == (0, 0, 0)
    assert {each.number for each in told} <= numbers_in_use(home)


def test_who_is_overtaken_looks_again(
    home: Settings, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else registers the same person each time, after the plan was made and before the lock is taken."""
    said, other, plan = person(5, nik=False), Registrar(home, engine, "patient"), placing.make_plan
    faster = iter(range(10))

    def overtaken(conn: Connection, *args: Any, **named: Any) -> Any:
        made = plan(conn, *args, **named)
        if not conn.get_execution_options().get("mdi_write"):
            with monkeypatch.context() as undisturbed:
                undisturbed.setattr(job, "make_plan", plan)
                other.register("rs", str(next(faster)), said, actor="faster")
        return made

    before = numbers_in_use(home)
    monkeypatch.setattr(job, "make_plan", overtaken)
    told = registrar.register("klinik", "1", said, actor="slower")
    assert told.outcome == LINKED
    assert next(faster) == 4  # as often as it tried before it computed under the lock
    assert numbers_in_use(home) - before == {told.number}


def test_64_threads_create_each_person_once(home: Settings, registrar: Registrar, engine: Engine) -> None:
    before = numbers_in_use(home)
    answers = storm(registrar, 64, 2, client="klinik")
    given = list(per_person(answers))
    assert [len(numbers) for numbers in given] == [1] * 2
    assert numbers_in_use(home) - before == set.union(*given)
    assert [sum(told.outcome == CREATED for told in same) for same in zip(*answers, strict=True)] == [1] * 2
    assert sound(engine)


def test_processes_create_each_person_once(home: Settings, engine: Engine) -> None:
    before = numbers_in_use(home)
    given = [set(same) for same in zip(*processes(home, 4, 3), strict=True)]
    assert [len(numbers) for numbers in given] == [1] * 3
    assert numbers_in_use(home) - before == set.union(*given)
    assert sound(engine)
