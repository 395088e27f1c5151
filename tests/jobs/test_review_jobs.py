from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from cli_helpers import SAMPLES, Shell

from mdi_engine.errors import Conflict, UsageError
from mdi_engine.jobs.deciding import Decided, claim_review, decide_review, give_back_review, undo_review
from mdi_engine.jobs.following import following
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.review import Listed, list_reviews, show_review
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.accesses import read_accesses
from mdi_engine.ledger.events import head
from mdi_engine.ledger.neighbourhood import members_of
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.review import Task, open_tasks, task_by_id
from mdi_engine.ledger.store import reading, writing
from mdi_engine.settings import Settings

pytest_plugins = ["cli_fixtures"]


@pytest.fixture
def ani(facilities: Shell) -> Settings:
    return Settings(home=facilities.folder / "mdi-home", actor="Ani")


@pytest.fixture
def budi(ani: Settings) -> Settings:
    return ani.model_copy(update={"actor": "Budi"})


def events(settings: Settings) -> int:
    with home_ledger(settings) as engine, reading(engine) as conn:
        return head(conn)


def proved(settings: Settings) -> bool:
    """Whether the home is what its events say."""
    return verify_home(settings).findings == ()


def members(settings: Settings, task: Listed) -> dict[int, str]:
    """All records that bear one of the task's numbers, with their numbers."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        return members_of(conn, "facility", [number for number in task.numbers if number is not None])


def question(settings: Settings, *records: int) -> int:
    """Ask whether these records are one, as if two of them bore official numbers."""
    with home_ledger(settings) as engine, writing(engine) as conn:
        (task,) = open_tasks(conn, "facility", [Task("conflict", records)])
    return task


def test_decisions_move_masters_at_once_and_a_full_link_changes_nothing_more(ani: Settings) -> None:
    for answer in ("same", "different", "unsure", "same"):
        first = list_reviews(ani).tasks[0]
        done = decide_review(ani, first.task, answer)
        assert done.applied
        assert (len(set(done.task.numbers)) == 1) == (answer == "same")
    assert link_entity(ani, "facility", full=True).events_written == 0
    assert proved(ani)


def test_what_the_machine_joined_and_a_steward_parts_is_parted_at_once_and_taken_back_as_it_was(ani: Settings) -> None:
    one, other = joined(ani)
    task = question(ani, one, other)
    before = members(ani, show_review(ani, task).task)
    done = decide_review(ani, task, "different")
    assert done.applied
    assert len(set(done.task.numbers)) == 2
    assert link_entity(ani, "facility", full=True).events_written == 0
    undone = undo_review(ani, task)
    assert (undone.applied, undone.task.state, undone.task.answer) == (True, "open", None)
    assert members(ani, undone.task) == before
    assert proved(ani)


def joined(settings: Settings) -> tuple[int, int]:
    """Two records that the machine joined, of a master that is in doubt with another."""
    for task in list_reviews(settings).tasks:
        held: dict[str, list[int]] = {}
        for record, number in sorted(members(settings, task).items()):
            held.setdefault(number, []).append(record)
        for one, other, *_ in (records for records in held.values() if len(records) > 1):
            return one, other
    raise AssertionError("no master in doubt has two records")


def test_what_follows_from_a_decision_is_not_asked(ani: Settings) -> None:
    first = list_reviews(ani).tasks[0]
    decide_review(ani, first.task, "same")
    with home_ledger(ani) as engine, writing(engine) as conn:
        records = task_by_id(conn, first.task).records
        assert open_tasks(conn, "facility", [Task("conflict", records)]) == []


def test_of_two_stewards_at_once_one_is_refused_and_what_stands_is_the_others(ani: Settings, budi: Settings) -> None:
    first = list_reviews(ani).tasks[0]
    start = Barrier(2)

    def decide(settings: Settings, answer: str) -> Decided | Conflict:
        start.wait()
        try:
            return decide_review(settings, first.task, answer)
        except Conflict as refused:
            return refused

    with ThreadPoolExecutor(2) as pool:
        came = [each.result() for each in (pool.submit(decide, ani, "same"), pool.submit(decide, budi, "different"))]
    (done,) = (each for each in came if isinstance(each, Decided))
    (refused,) = (each for each in came if isinstance(each, Conflict))
    assert f"was decided: {done.task.answer}" in refused.message
    entry = show_review(ani, first.task).history[-1]
    assert (entry.seq, entry.actor) == (done.seq, "Ani" if done.task.answer == "same" else "Budi")


def test_what_was_worked_out_stands_only_until_its_entity_is_touched(ani: Settings) -> None:
    first, second, *_ = list_reviews(ani).tasks
    with home_ledger(ani) as engine:
        with reading(engine) as conn:
            records = task_by_id(conn, first.task).records
            then = following(ani, conn, "facility", [(records[0], records[1], "same")])
            assert then is not None
            assert then.stands(conn)
            before = head(conn)
        with reading(engine) as conn:
            assert not replace(then, version=then.version + 1).stands(conn), "other parameters judge otherwise"
        decide_review(ani, second.task, "different")
        with reading(engine) as conn:
            assert not then.stands(conn)
            assert head(conn) > before


def test_what_was_put_off_comes_last_and_asks_again(ani: Settings) -> None:
    first = list_reviews(ani).tasks[0]
    done = decide_review(ani, first.task, "nanti", note="tanya dinas")
    assert (done.task.state, done.task.answer, done.applied) == ("open", "later", True)
    tasks = list_reviews(ani, limit=1000).tasks
    assert tasks[-1].task == first.task
    worth = [task.worth for task in tasks[:-1]]
    assert worth == sorted(worth, reverse=True)


def test_claims_keep_others_away(ani: Settings, budi: Settings) -> None:
    first = list_reviews(ani).tasks[0]
    assert claim_review(ani, first.task, seen=first.changed).claimed_by == "Ani"
    for refused in (claim_review, give_back_review, undo_review):
        with pytest.raises(Conflict):
            refused(budi, first.task)
    with pytest.raises(Conflict, match="claimed by Ani"):
        decide_review(budi, first.task, "same")
    assert claim_review(budi, first.task, take_over=True).claimed_by == "Budi"
    assert decide_review(budi, first.task, "ragu").task.claimed_by is None


@pytest.mark.parametrize("answer", ["", "merge", "yes", "same different"])
def test_an_answer_that_is_none_changes_nothing(ani: Settings, answer: str) -> None:
    before = events(ani)
    with pytest.raises(UsageError, match="sama, beda, ragu, nanti"):
        decide_review(ani, list_reviews(ani).tasks[0].task, answer)
    assert events(ani) == before


def test_a_page_of_tasks_says_how_many_there_are(ani: Settings) -> None:
    found = list_reviews(ani, "facility", limit=2)
    assert len(found.tasks) == 2 < found.total
    assert list_reviews(ani, "patient").total == 0
    with pytest.raises(UsageError):
        list_reviews(ani, "hospital")


def test_who_looks_at_a_task_about_persons_and_who_decides_it_is_recorded(tmp_path: Path) -> None:
    ani = Settings(home=tmp_path / "mdi-home", actor="Ani")
    for source in ("sisdmk", "sirs_staff"):
        ingest(ani, source, sorted((SAMPLES / source).iterdir()))
    train_entity(ani, "practitioner")
    link_entity(ani, "practitioner")
    with home_ledger(ani) as engine:
        with writing(engine) as conn:
            one, other, *_ = sorted(record.id for record in live_records(conn, "practitioner"))
            (task,) = open_tasks(conn, "practitioner", [Task("conflict", (one, other))])
        view = show_review(ani, task)
        assert {"nik", "name", "birth_date"} <= view.fields.keys()
        assert not re.search(r"(?<![.\d])\d{16}(?!\d)", json.dumps(view.to_dict()))
        numbers = view.task.numbers
        decide_review(ani, task, "unsure")
        with reading(engine) as conn:
            looks = [each.access for each in read_accesses(conn, "practitioner", [str(numbers[0])])]
    assert [(look.actor, look.action, look.outcome) for look in looks] == [
        ("Ani", "review", "several"),
        ("Ani", "review", "unsure"),
    ]
    assert all(set(look.numbers) == set(numbers) for look in looks)
