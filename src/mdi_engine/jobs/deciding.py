"""Decisions of stewards: tasks are claimed, answered, and answers taken back. Masters follow at once where they can."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise
from typing import Literal

from sqlalchemy import Connection

from mdi_engine.errors import Conflict, UsageError
from mdi_engine.jobs.access import record_write
from mdi_engine.jobs.following import Following, Said, following
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.review import REVIEW, Listed, as_it_stands
from mdi_engine.jobs.sheet import answer_of
from mdi_engine.ledger import review
from mdi_engine.ledger.constraints import decide, read_decision, undo
from mdi_engine.ledger.review import ReviewTask
from mdi_engine.ledger.store import reading, writing
from mdi_engine.settings import Settings

Answer = Literal["same", "different", "unsure", "later"]
_TRIES = 5
_LATER = {"later", "nanti"}


@dataclass(frozen=True)
class Decided:
    """What a decision, or taking one back, came to: event `seq`, and the numbers its records bear after it.

    `applied`: whether masters follow it already. If not, the next link run makes them.
    """

    task: Listed
    seq: int
    applied: bool

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def claim_review(settings: Settings, task_id: int, *, seen: int | None = None, take_over: bool = False) -> Listed:
    """Take a task for `settings.actor`. `seen`: its `changed` when it was looked at.

    Raises `Conflict` if it was changed since, is another's (unless taken over), or waits for no answer.
    """
    with home_ledger(settings) as engine, writing(engine) as conn:
        return as_it_stands(conn, review.claim(conn, task_id, actor=settings.actor, seen=seen, take_over=take_over))


def give_back_review(settings: Settings, task_id: int, *, seen: int | None = None) -> Listed:
    """Let go of a claimed task. Raises `Conflict` as `claim_review` does."""
    with home_ledger(settings) as engine, writing(engine) as conn:
        return as_it_stands(conn, review.give_back(conn, task_id, actor=settings.actor, seen=seen))


def decide_review(
    settings: Settings, task_id: int, answer: str, *, note: str | None = None, seen: int | None = None
) -> Decided:
    """Answer a task: same, different, unsure or later (sama, beda, ragu, nanti), in the name of `settings.actor`.

    Same and different bind every later run until somebody undoes them; unsure ends the task and binds nothing; later
    puts it back. Of more than two records, same means all of them, different that no two are one.
    Raises `UsageError` for another answer, `Conflict` if the task was changed since `seen`, is claimed by another
    steward, or was decided.
    """
    said = answer_to(answer)
    actor = settings.actor

    def pairs(conn: Connection, task: ReviewTask) -> list[Said]:
        return _pairs(review.require_free(task, actor=actor, seen=seen), said)

    def write(conn: Connection, task: ReviewTask) -> int:
        return decide(conn, task.entity, pairs(conn, task), answer=said, actor=actor, task=task.id, note=note)

    return _settle(settings, task_id, pairs, write)


def undo_review(settings: Settings, task_id: int, *, note: str | None = None, seen: int | None = None) -> Decided:
    """Take back the decision on a task, which is open then.

    Raises `Conflict` if it is not decided, was changed since `seen`, or a later decision stands on its records.
    """

    def pairs(conn: Connection, task: ReviewTask) -> list[Said]:
        if task.state != review.DECIDED or seen not in (None, task.changed):
            raise Conflict(
                f"task {task.id} was not decided in event {seen or task.changed}; it is {task.state}",
                hint=f"Look at it: `mdi review show {task.id}`.",
                task=task.id,
            )
        decision = read_decision(conn, task.entity, task.changed)
        return [(left, right, before) for left, right, _, before in decision.body["pairs"]]

    def write(conn: Connection, task: ReviewTask) -> int:
        pairs(conn, task)
        return undo(conn, task.entity, task.changed, actor=settings.actor, note=note)

    return _settle(settings, task_id, pairs, write)


def _settle(
    settings: Settings,
    task_id: int,
    pairs: Callable[[Connection, ReviewTask], list[Said]],
    write: Callable[[Connection, ReviewTask], int],
) -> Decided:
    """Write a decision and what follows from it, in one transaction; what takes long was worked out before it began,
    and is worked out again if the entity was touched meanwhile.

    `pairs` and `write` raise Conflict if the task may not be settled so.
    """
    with home_ledger(settings) as engine:
        for _ in range(_TRIES):
            with reading(engine) as conn:
                task = review.task_by_id(conn, task_id)
                said = pairs(conn, task)
                then = following(settings, conn, task.entity, said) if said else None
            with writing(engine) as conn:
                if then is not None and not then.stands(conn):
                    continue
                settled, seq = _written(settings, conn, task_id, write, then)
            if then is not None:
                then.ask(engine)
            return Decided(settled, seq, then is not None or not said)
    raise Conflict(f"records of {task.entity} changed during every one of {_TRIES} tries", hint="Try again later.")


def _written(
    settings: Settings,
    conn: Connection,
    task_id: int,
    write: Callable[[Connection, ReviewTask], int],
    then: Following | None,
) -> tuple[Listed, int]:
    task = review.task_by_id(conn, task_id)
    before = as_it_stands(conn, task).numbers
    seq = write(conn, task)
    if then is not None:
        then.apply(conn, decision=seq, actor=settings.actor)
    settled = as_it_stands(conn, review.task_by_id(conn, task_id))
    numbers = {number for number in (*before, *settled.numbers) if number is not None}
    record_write(conn, settings, REVIEW, task.entity, sorted(numbers), settled.answer or "undone")
    return settled, seq


def answer_to(text: str) -> Answer:
    """The answer meant, in either language. Raises `UsageError` for a word that is none.

    >>> answer_to("Beda"), answer_to("nanti")
    ('different', 'later')
    """
    said = answer_of(text)
    if said is not None:
        return said
    if text.strip().casefold() in _LATER:
        return "later"
    raise UsageError("an answer is same, different, unsure or later (sama, beda, ragu, nanti)")


def _pairs(task: ReviewTask, answer: Answer) -> list[Said]:
    """What the answer binds. Same holds from one to the next, so a chain of all the records says it."""
    if answer == "same":
        return [(a, b, answer) for a, b in pairwise(task.records)]
    return [(a, b, answer) for a, b in combinations(task.records, 2)] if answer == "different" else []
