"""Linking what changed gives what linking everything gives: clusters, decisions, questions, and no event more."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Connection

from mdi_engine.errors import Conflict
from mdi_engine.jobs import link as link_job
from mdi_engine.jobs import surroundings as surroundings_job
from mdi_engine.jobs.demo import demo
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.link import link_entity
from mdi_engine.ledger.constraints import decide, undo
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.neighbourhood import members_of, numbers_of, read_state
from mdi_engine.ledger.records import SourceRecord, append_versions, live_records, records_by_id
from mdi_engine.ledger.review import WAITING, list_tasks
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import read_decisions
from mdi_engine.workbench.database import open_workbench

ENTITY = "facility"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the demo; tests change copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("linked") / "home")
    demo(settings, entities=[ENTITY])
    return settings


@pytest.fixture
def copy(linked: Settings, tmp_path: Path) -> Settings:
    """The same home, to be changed."""
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


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


def happen(conn: Connection, step: Step, was: list[SourceRecord], decided: list[int]) -> None:
    """Let a step happen. `was`: the records as they were at first; `decided`: the events of decisions that stand."""
    live = list(live_records(conn, ENTITY))
    one, other = live[step.one % len(live)], live[step.other % len(live)]
    match step.what:
        case "arrive":  # the twin of a record, in another source
            source = ("pusdatin", "simada_sites", "sirs")[step.other % 3]
            append(conn, source, f"new{step.other % 20}", dict(one.payload))
        case "change":  # a record says what another says
            append(conn, one.source, one.source_key, {**other.payload, "kode": one.payload.get("kode")})
        case "withdraw":
            append(conn, one.source, None, {}, withdrawn=one.source_key)
        case "restore":
            first = was[step.one % len(was)]
            append(conn, first.source, first.source_key, dict(first.payload))
        case "undo" if decided:
            undo(conn, ENTITY, decided.pop(), actor="ani")
        case "same" | "different" as says:
            company = [record for record in records_by_id(conn, companions(conn, one.id)) if record.id != one.id]
            chosen = company[0] if says == "different" and company else other
            if chosen.id != one.id:
                decided.append(decide(conn, ENTITY, [(one.id, chosen.id, says)], answer=says, actor="ani"))


def companions(conn: Connection, record: int) -> list[int]:
    """The records of a record's master."""
    return sorted(members_of(conn, ENTITY, numbers_of(conn, [record])))


def append(
    conn: Connection, source: str, key: str | None, payload: dict[str, str | None], withdrawn: str | None = None
) -> None:
    info = DeliveryInfo("delta", (DeliveredFile("late.csv", f"{head(conn):064x}"),))
    rows = [] if key is None else [(key, payload)]
    gone = [] if withdrawn is None else [withdrawn]
    append_versions(conn, entity=ENTITY, source=source, delivery=info, rows=rows, withdrawn=gone)


class Outcome(NamedTuple):
    """What a run left: the number of each record, what was decided about fragments, the questions that wait."""

    numbers: dict[int, str]
    decisions: list[tuple[object, ...]]
    questions: list[tuple[int, str, tuple[int, ...]]]


def outcome(settings: Settings) -> Outcome:
    with home_ledger(settings) as engine, reading(engine) as conn:
        numbers = dict(read_state(conn, ENTITY).memberships)
        questions = [(task.id, task.kind, task.records) for task in list_tasks(conn, ENTITY, states=WAITING)]
    with open_workbench(settings.workbench_path) as con:
        decisions = sorted(tuple(decision[1:]) for decision in read_decisions(con, ENTITY))
    return Outcome(numbers, decisions, questions)


def deliver(settings: Settings, steps: Sequence[Step], was: list[SourceRecord], decided: list[int]) -> None:
    with home_ledger(settings) as engine:
        for step in steps:
            with suppress(Conflict), writing(engine) as conn:  # a decision that contradicts others
                happen(conn, step, was, decided)


def at_first(settings: Settings) -> list[SourceRecord]:
    with home_ledger(settings) as engine, reading(engine) as conn:
        return list(live_records(conn, ENTITY))


# Nothing is shrunk: each example takes seconds.
@examples(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(deliveries=DELIVERIES)
def test_linking_what_changed_is_linking_everything(linked: Settings, deliveries: list[list[Step]]) -> None:
    with TemporaryDirectory() as place:
        settings = Settings(home=Path(shutil.copytree(linked.home, Path(place) / "home")))
        was, decided = at_first(settings), list[int]()
        for steps in deliveries:
            deliver(settings, steps, was, decided)
            assert not link_entity(settings, ENTITY).full
        left = outcome(settings)
        again, everything = link_entity(settings, ENTITY), link_entity(settings, ENTITY, full=True)
        assert (again.full, again.judged, again.events_written) == (False, 0, 0)
        assert (everything.full, everything.events_written, everything.churn) == (True, 0, 0)
        assert outcome(settings) == left
        with home_ledger(settings) as engine, reading(engine) as conn:
            assert list(verify(conn)) == []
