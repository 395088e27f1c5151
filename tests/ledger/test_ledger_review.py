from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Engine, insert

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.ledger import notes
from mdi_engine.ledger.answered import Answers, answers
from mdi_engine.ledger.events import append_event, head, read_events, sha256
from mdi_engine.ledger.payloads import commitment
from mdi_engine.ledger.review import (
    CLAIMED,
    DECIDED,
    MOOT,
    OPEN,
    Task,
    claim,
    close_tasks,
    give_back,
    list_tasks,
    mark_decided,
    mark_open,
    moot_tasks,
    open_tasks,
    task_by_id,
)
from mdi_engine.ledger.schema import constraints
from mdi_engine.ledger.schema import notes as notes_table
from mdi_engine.ledger.store import reading, writing

pytest_plugins = ["ledger_fixtures"]

DOUBT = Task("doubtful", (1, 2), 120)


@pytest.fixture
def asked(engine: Engine) -> Engine:
    """Six records, and task 1 about the first two."""
    add(engine, dict.fromkeys("abcdef", "RSUD"))
    assert ask(engine, DOUBT) == [1]
    return engine


def ask(engine: Engine, *tasks: Task) -> list[int]:
    with writing(engine) as conn:
        return open_tasks(conn, "facility", tasks)


def say(engine: Engine, *rows: tuple[int, int, str]) -> None:
    names = ("record_l", "record_r", "says")
    with writing(engine) as conn:
        told = [{"entity": "facility", "event": 1, **dict(zip(names, row, strict=True))} for row in rows]
        conn.execute(insert(constraints), told)


def moot(engine: Engine) -> list[int]:
    with writing(engine) as conn:
        return close_tasks(conn, "facility", moot_tasks(conn, "facility"))


def state(engine: Engine, task: int = 1) -> tuple[str, str | None, str | None]:
    with reading(engine) as conn:
        found = task_by_id(conn, task)
    return found.state, found.claimed_by, found.answer


def events(engine: Engine) -> int:
    with reading(engine) as conn:
        return head(conn)


def test_a_question_is_asked_once_whatever_it_weighs_and_however_its_records_stand(asked: Engine) -> None:
    before = events(asked)
    assert ask(asked, DOUBT, Task("doubtful", (2, 1), 90)) == []
    assert events(asked) == before
    assert ask(asked, Task("cut", (1, 2)), Task("doubtful", (1, 3)), Task("doubtful", (3, 1))) == [2, 3]
    assert events(asked) == before + 1


def test_the_event_holds_what_the_tasks_are(asked: Engine) -> None:
    with reading(asked) as conn:
        *_, last = read_events(conn)
    assert (last.kind, last.body) == ("tasks-opened", {"tasks": [[1, "doubtful", [1, 2], 120]]})


@pytest.mark.parametrize("task", [Task("guess", (1, 2)), Task("cut", (1,)), Task("cut", (1, 1))], ids=str)
def test_what_is_no_question_is_refused(asked: Engine, task: Task) -> None:
    with pytest.raises(UsageError):
        ask(asked, DOUBT, task)


def test_a_record_that_is_gone_makes_its_task_moot_and_its_return_asks_again_under_the_old_id(asked: Engine) -> None:
    assert moot(asked) == []
    add(asked, {}, withdrawn=["a"])
    assert ask(asked, Task("doubtful", (1, 3))) == []  # about a record that is gone nothing is asked
    assert moot(asked) == [1]
    assert moot(asked) == []
    assert state(asked) == (MOOT, None, None)
    with pytest.raises(Conflict, match="no answer any more"), writing(asked) as conn:
        claim(conn, 1, actor="ani")
    add(asked, {"a": "RSUD"})
    assert ask(asked, Task("doubtful", (1, 2), 77)) == [1]
    with reading(asked) as conn:
        assert [(task.id, task.state, task.weight) for task in list_tasks(conn, "facility")] == [(1, OPEN, 77)]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ([(1, 2, "same")], True),
        ([(1, 2, "different")], True),
        ([(1, 3, "same"), (2, 3, "same")], True),
        ([(1, 3, "same"), (3, 4, "same"), (2, 4, "different")], True),
        ([(1, 3, "different"), (2, 3, "different")], False),
        ([(1, 3, "same"), (2, 4, "same")], False),
    ],
    ids=str,
)
def test_decisions_answer_what_follows_from_them(
    asked: Engine, said: list[tuple[int, int, str]], answered: bool
) -> None:
    say(asked, *said)
    assert ask(asked, Task("cut", (1, 2))) == ([] if answered else [2])
    assert moot(asked) == ([1] if answered else [])


def test_claiming_keeps_others_away_until_it_is_given_back_or_taken_over(asked: Engine) -> None:
    with writing(asked) as conn:
        seen = claim(conn, 1, actor="ani")
        assert claim(conn, 1, actor="ani") == seen
    assert state(asked) == (CLAIMED, "ani", None)
    for refused in (claim, give_back):
        with pytest.raises(Conflict, match="claimed by ani"), writing(asked) as conn:
            refused(conn, 1, actor="budi")
    with writing(asked) as conn:
        claim(conn, 1, actor="budi", take_over=True)
    assert state(asked) == (CLAIMED, "budi", None)
    with writing(asked) as conn:
        give_back(conn, 1, actor="budi", seen=seen.changed + 1)
        assert give_back(conn, 1, actor="budi").state == OPEN
    assert state(asked) == (OPEN, None, None)


def test_who_saw_an_older_state_is_refused(asked: Engine) -> None:
    with reading(asked) as conn:
        seen = task_by_id(conn, 1).changed
    with writing(asked) as conn:
        claim(conn, 1, actor="ani", seen=seen)
        give_back(conn, 1, actor="ani")
    with pytest.raises(Conflict, match=f"as of event {seen}"), writing(asked) as conn:
        claim(conn, 1, actor="budi", seen=seen)


def test_a_decided_task_waits_no_more_and_is_not_asked_again(asked: Engine) -> None:
    decided(asked, "unsure")
    assert state(asked) == (DECIDED, None, "unsure")
    assert ask(asked, DOUBT) == []
    with pytest.raises(Conflict, match="was decided: unsure"), writing(asked) as conn:
        claim(conn, 1, actor="budi")
    with writing(asked) as conn:
        mark_open(conn, 1, seq=9)
    assert state(asked) == (OPEN, None, None)


def test_later_leaves_the_task_open_and_remembers_it(asked: Engine) -> None:
    decided(asked, "later")
    assert state(asked) == (OPEN, None, "later")


def decided(engine: Engine, answer: str) -> None:
    with writing(engine) as conn:
        seq = append_event(conn, kind="decision-taken", entity="facility", body={"task": 1})
        mark_decided(conn, 1, answer=answer, seq=seq)


def test_closing_passes_over_what_waits_not_or_is_of_another_entity(asked: Engine) -> None:
    with writing(asked) as conn:
        assert close_tasks(conn, "patient", [1]) == []
        assert close_tasks(conn, "facility", [1, 7]) == [1]
        assert close_tasks(conn, "facility", [1, 7]) == []


def test_no_such_task(asked: Engine) -> None:
    with reading(asked) as conn, pytest.raises(NotFound, match="no task 5"):
        task_by_id(conn, 5)


def test_a_note_lies_outside_of_the_chain_which_vouches_for_it(asked: Engine) -> None:
    with writing(asked) as conn:
        bound = notes.write_note(conn, 7, "  telepon ibu Siti: satu orang \n")
        assert notes.write_note(conn, 8, " \n") is None
        notes.write_note(conn, 9, "NIK 9901014107850001 is hers")
    with reading(asked) as conn:
        assert notes.read_note(conn, 7) == "telepon ibu Siti: satu orang"
        assert notes.read_note(conn, 8) is None
        assert notes.read_note(conn, 9) == "NIK ################ is hers"
        row = conn.execute(notes_table.select().where(notes_table.c.event == 7)).one()
    assert bound == row.commitment == commitment(row.salt, sha256(row.text))
    with pytest.raises(UsageError, match="2001 characters"), writing(asked) as conn:
        notes.write_note(conn, 10, "x" * 2001)
    with pytest.raises(UsageError, match="NUL"), writing(asked) as conn:
        notes.write_note(conn, 10, "telepon\0ibu")


Pairs = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from(("same", "different"))), max_size=12)


@given(pairs=Pairs, question=st.sets(st.integers(1, 8), min_size=2, max_size=4))
def test_answers_are_what_plain_closure_gives(pairs: list[tuple[int, int, str]], question: set[int]) -> None:
    groups = [{record} for record in range(1, 9)]
    for a, b, says in pairs:
        if says == "same":
            joined = _group(groups, a) | _group(groups, b)
            groups = [group for group in groups if not group & joined] + [joined]
    apart = [(a, b) for a, b, says in pairs if says == "different"]
    told = Answers()
    for a, b, says in pairs:
        if says == "same":
            told.parent[told.end(b)] = told.end(a)
    told.apart = {(min(x, y), max(x, y)) for x, y in ((told.end(a), told.end(b)) for a, b in apart)}
    known = all(
        b in _group(groups, a)
        or any({_key(groups, x), _key(groups, y)} == {_key(groups, a), _key(groups, b)} for x, y in apart)
        for a in question
        for b in question
    )
    assert told.settle(question) == known


def _group(groups: Sequence[set[int]], record: int) -> set[int]:
    return next(group for group in groups if record in group)


def _key(groups: Sequence[set[int]], record: int) -> int:
    return min(_group(groups, record))


def test_answers_of_an_entity_are_its_own(asked: Engine) -> None:
    say(asked, (1, 2, "same"))
    with reading(asked) as conn:
        assert answers(conn, "facility", [1]).settle([1, 2])
        assert not answers(conn, "patient", [1]).settle([1, 2])
