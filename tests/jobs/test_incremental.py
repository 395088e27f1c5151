"""Linking what changed gives what linking everything gives: clusters, decisions, questions, and no event more."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Connection, update

from mdi_engine.errors import Conflict
from mdi_engine.jobs import keys as keys_job
from mdi_engine.jobs import link as link_job
from mdi_engine.jobs import surroundings as surroundings_job
from mdi_engine.jobs.demo import demo
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.link import LinkReport, link_entity
from mdi_engine.ledger.constraints import decide, undo
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.neighbourhood import members_of, numbers_of, read_state
from mdi_engine.ledger.records import SourceRecord, append_versions, live_records, records_by_id
from mdi_engine.ledger.review import WAITING, ReviewTask, list_tasks
from mdi_engine.ledger.schema import record_versions
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import read_decisions
from mdi_engine.workbench.database import open_workbench

# With the sources that new records come from: of lists that name each thing once, and of lists that do not.
ENTITIES = {"facility": ("sirs", "pusdatin", "simada_sites"), "payer": ("payers",), "product": ("bpom", "lkpp")}


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the demo; tests change copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("linked") / "home")
    demo(settings, entities=list(ENTITIES))
    return settings


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few the records are, a run does not read them all; and it scores them in several goes."""
    monkeypatch.setattr(link_job, "_SHARE", 0)
    monkeypatch.setattr(surroundings_job, "SLICE", 3)


class Step(NamedTuple):
    """Something that happens to the record `one`, of all live ones in their order; `other` says how."""

    what: str
    one: int
    other: int


STEPS = st.builds(
    Step,
    st.sampled_from(["arrive", "change", "withdraw", "restore", "same", "different", "undo"]),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
)
DELIVERIES = st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=3)


class Outcome(NamedTuple):
    """What a run left: the number of each record, what was decided about fragments, the questions that wait."""

    numbers: dict[int, str]
    decisions: list[tuple[object, ...]]
    questions: list[tuple[int, str, tuple[int, ...]]]


class World:
    """A home to which things happen. `was`: its records as they were at first; `decided`: decisions that stand."""

    def __init__(self, settings: Settings, entity: str) -> None:
        self.settings, self.entity = settings, entity
        self.decided: list[int] = []
        with home_ledger(settings) as engine, reading(engine) as conn:
            self.was = list(live_records(conn, entity))

    def deliver(self, steps: Sequence[Step]) -> None:
        with home_ledger(self.settings) as engine:
            for step in steps:
                with suppress(Conflict), writing(engine) as conn:  # a decision that contradicts others
                    self._happen(conn, step)

    def link(self, *, full: bool = False) -> LinkReport:
        return link_entity(self.settings, self.entity, full=full)

    def outcome(self) -> Outcome:
        with home_ledger(self.settings) as engine, reading(engine) as conn:
            assert verify(conn) == []
            numbers = dict(read_state(conn, self.entity).memberships)
            waiting = list_tasks(conn, self.entity, states=WAITING)
            questions = [(task.id, task.kind, task.records) for task in waiting]
        with open_workbench(self.settings.workbench_path) as con:
            decisions = sorted(tuple(decision[1:]) for decision in read_decisions(con, self.entity))
        return Outcome(numbers, decisions, questions)

    def _happen(self, conn: Connection, step: Step) -> None:
        live = list(live_records(conn, self.entity))
        one, other = live[step.one % len(live)], live[step.other % len(live)]
        sources = ENTITIES[self.entity]
        match step.what:
            case "arrive":  # the twin of a record
                self.append(conn, sources[step.other % len(sources)], f"new{step.other % 20}", one.payload)
            case "change":  # a record says what another says
                self.append(conn, one.source, one.source_key, other.payload)
            case "withdraw":
                self.append(conn, one.source, None, {}, withdrawn=one.source_key)
            case "restore":
                first = self.was[step.one % len(self.was)]
                self.append(conn, first.source, first.source_key, first.payload)
            case "undo" if self.decided:
                undo(conn, self.entity, self.decided.pop(), actor="ani")
            case "same" | "different" as says:
                self._decide(conn, one, other, says)

    def _decide(self, conn: Connection, one: SourceRecord, other: SourceRecord, says: str) -> None:
        company = members_of(conn, self.entity, numbers_of(conn, [one.id]))
        beside = [held for held in records_by_id(conn, company) if held.id != one.id]
        chosen = beside[0] if says == "different" and beside else other
        if chosen.id != one.id:
            pairs = [(one.id, chosen.id, says)]
            self.decided.append(decide(conn, self.entity, pairs, answer=says, actor="ani"))

    def append(
        self,
        conn: Connection,
        source: str,
        key: str | None,
        payload: Mapping[str, str],
        withdrawn: str | None = None,
    ) -> None:
        info = DeliveryInfo("delta", (DeliveredFile("late.csv", f"{head(conn):064x}"),))
        rows = [] if key is None else [(key, dict(payload))]
        gone = [] if withdrawn is None else [withdrawn]
        append_versions(conn, entity=self.entity, source=source, delivery=info, rows=rows, withdrawn=gone)


# Nothing is shrunk: each example takes seconds.
@pytest.mark.parametrize("entity", list(ENTITIES))
@examples(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(deliveries=DELIVERIES)
def test_linking_what_changed_is_linking_everything(
    linked: Settings, entity: str, deliveries: list[list[Step]]
) -> None:
    with TemporaryDirectory() as place:
        world = World(Settings(home=Path(shutil.copytree(linked.home, Path(place) / "home"))), entity)
        for steps in deliveries:
            world.deliver(steps)
            assert not world.link().full
        left = world.outcome()
        again, everything = world.link(), world.link(full=True)
        assert (again.full, again.judged, again.events_written) == (False, 0, 0)
        assert (everything.full, everything.events_written, everything.churn) == (True, 0, 0)
        assert world.outcome() == left


@pytest.fixture
def world(linked: Settings, tmp_path: Path) -> World:
    """The products of a copy of the home."""
    return World(Settings(home=Path(shutil.copytree(linked.home, tmp_path / "home"))), "product")


def tasks_of(world: World) -> list[ReviewTask]:
    with home_ledger(world.settings) as engine, reading(engine) as conn:
        return list(list_tasks(conn, world.entity))


def alone(world: World) -> tuple[SourceRecord, ReviewTask]:
    """A record that is alone with its number, and a question about it."""
    with home_ledger(world.settings) as engine, reading(engine) as conn:
        for task in list_tasks(conn, world.entity):
            for record in records_by_id(conn, task.records):
                if len(members_of(conn, world.entity, numbers_of(conn, [record.id]))) == 1:
                    return record, task
    raise AssertionError("the samples leave no such record")


def withdraw(world: World, record: SourceRecord, *, forgotten: bool = False) -> None:
    with home_ledger(world.settings) as engine, writing(engine) as conn:
        world.append(conn, record.source, None, {}, withdrawn=record.source_key)
        if forgotten:
            of = record_versions.c.record_id == record.id
            conn.execute(update(record_versions).where(of).values(payload=None, payload_hash=None, salt=None))


def test_who_was_next_to_a_withdrawn_record_is_judged_again(world: World) -> None:
    record, task = alone(world)
    withdraw(world, record)
    report = world.link()
    assert (report.full, report.retired) == (False, 1)
    assert report.judged > 0
    assert task.id not in {waiting.id for waiting in tasks_of(world)}
    left, everything = world.outcome(), world.link(full=True)
    assert everything.events_written == 0
    assert world.outcome() == left


def test_where_what_a_record_said_is_forgotten_everything_is_judged(world: World) -> None:
    withdraw(world, alone(world)[0], forgotten=True)
    assert [world.link().full, world.link().full] == [True, False]


def test_where_much_was_touched_everything_is_judged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    withdraw(world, alone(world)[0])
    monkeypatch.setattr(link_job, "_SHARE", 10_000)
    assert [world.link().full, world.link().full] == [True, False]


def test_where_the_workbench_is_lost_everything_is_judged(world: World) -> None:
    left = world.outcome()
    world.settings.workbench_path.unlink()
    report = world.link()
    assert (report.full, report.events_written) == (True, 0)
    assert world.outcome() == left


def test_two_masters_are_asked_about_once(world: World) -> None:
    with home_ledger(world.settings) as engine, reading(engine) as conn:
        asked = [frozenset(numbers_of(conn, task.records)) for task in list_tasks(conn, world.entity)]
    assert asked
    assert all(len(pair) == 2 for pair in asked)
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("answer", ["same", "different", "unsure"])
def test_a_decided_question_is_not_asked_again(world: World, answer: str) -> None:
    task, *others = tasks_of(world)
    left, right = task.records
    says = None if answer == "unsure" else answer
    with home_ledger(world.settings) as engine, writing(engine) as conn:
        decide(conn, world.entity, [(left, right, says)], answer=answer, actor="ani", task=task.id)
    short = world.link()
    everything = world.link(full=True)
    assert (short.full, everything.events_written, everything.asked) == (False, 0, 0)
    with home_ledger(world.settings) as engine, reading(engine) as conn:
        numbers = numbers_of(conn, task.records)
        asked = {frozenset(numbers_of(conn, held.records)) for held in list_tasks(conn, world.entity)}
    assert len(numbers) == (1 if answer == "same" else 2)
    assert frozenset(numbers) not in asked
    assert others


def test_where_much_arrives_while_a_run_computes_it_reads_everything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_job, "_MANY", 0)
    monkeypatch.setattr(link_job, "_SHARE", 10_000)
    original, late = keys_job.write_keys, [partial(withdraw, world, alone(world)[0])]

    def overtaken(*arguments: Any) -> None:
        original(*arguments)
        if late:
            late.pop()()

    monkeypatch.setattr(link_job, "write_keys", overtaken)
    report = world.link(full=True)
    assert (report.full, report.judged, report.retired) == (True, report.records, 1)
