"""Review by people: what waits and what its answer is worth, a task with its evidence, and decisions taken on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations, pairwise
from math import exp2
from typing import Literal

from sqlalchemy import Connection

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import Conflict, UsageError, discreet
from mdi_engine.jobs.explain import discreet_waterfall, explain_two
from mdi_engine.jobs.following import Said, following
from mdi_engine.jobs.home import entity_named, home_ledger, in_force
from mdi_engine.jobs.sheet import answer_of, hidden, telling
from mdi_engine.ledger import review
from mdi_engine.ledger.constraints import decide, read_decision, undo
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.review import ReviewTask
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.taskhistory import TaskEntry, task_history
from mdi_engine.ledger.worth import Stake, stakes
from mdi_engine.linkage.explaining.explain import Waterfall
from mdi_engine.settings import Settings

Answer = Literal["same", "different", "unsure", "later"]
_TRIES = 5
_LATER = {"later", "nanti"}


@dataclass(frozen=True)
class Listed:
    """A task and what depends on its answer.

    `records` are called source:key, `numbers` are those they bear (None: waits for one), in the same order. `weight` in
    millibits and `probability`, 0..1, that they are one; None where no pair was weighed. `moves`: records that may get
    another number; `worth`: bits that the answer tells, times those records. `answer`: the last one, None if undone.
    """

    task: int
    entity: str
    kind: str
    state: str
    claimed_by: str | None
    answer: str | None
    changed: int
    records: tuple[str, ...]
    numbers: tuple[str | None, ...]
    weight: int | None
    probability: float | None
    moves: int
    worth: float

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ReviewList:
    """The tasks that are worth most, best first, of `total` in the states asked for."""

    total: int
    tasks: tuple[Listed, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ReviewView:
    """A task with all that speaks for an answer.

    `fields`: what each record says, in the order of `task.records`, fields without any value left out. `waterfalls`:
    the first record against each other one. Numbers of 16 digits are hidden, but for one or two digits that differ.
    """

    task: Listed
    fields: Mapping[str, tuple[str, ...]]
    waterfalls: tuple[Waterfall, ...]
    history: tuple[TaskEntry, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON; weights in millibits."""
        told = [{**asdict(found), "probability": found.probability} for found in self.waterfalls]
        return {**asdict(self), "waterfalls": told}


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


def list_reviews(
    settings: Settings, entity: str | None = None, *, states: Sequence[str] = review.WAITING, limit: int = 20
) -> ReviewList:
    """Tasks of an entity, or of all, ordered by what their answer is worth; of the same worth, the older one first.

    What was put off with the answer later comes after all else.
    """
    if entity is not None:
        entity_named(entity)
    with home_ledger(settings) as engine, reading(engine) as conn:
        tasks = list(review.list_tasks(conn, entity, states=states))
        found = stakes(conn, tasks)
        tasks.sort(key=lambda task: (task.answer == review.LATER, -found[task.id].worth, task.id))
        return ReviewList(len(tasks), tuple(_listed(conn, task, found[task.id]) for task in tasks[:limit]))


def show_review(settings: Settings, task_id: int) -> ReviewView:
    """A task with its records side by side, why they weigh what they weigh, and what was done about it.

    Raises `NotFound` for no such task, or if its entity was never linked.
    """
    with home_ledger(settings) as engine, reading(engine) as conn:
        task = review.task_by_id(conn, task_id)
        _, learned = in_force(settings, conn, task.entity)
        first, *others = _records(conn, task)
        waterfalls = tuple(discreet_waterfall(explain_two(first, other, learned)) for other in others)
        fields = _fields(task.entity, first, others)
        happened = (replace(entry, note=entry.note and discreet(entry.note)) for entry in task_history(conn, task))
        return ReviewView(_as_it_stands(conn, task), fields, waterfalls, tuple(happened))


def claim_review(settings: Settings, task_id: int, *, seen: int | None = None, take_over: bool = False) -> Listed:
    """Take a task for `settings.actor`. `seen`: its `changed` when it was looked at.

    Raises `Conflict` if it was changed since, is another's (unless taken over), or waits for no answer.
    """
    with home_ledger(settings) as engine, writing(engine) as conn:
        return _as_it_stands(conn, review.claim(conn, task_id, actor=settings.actor, seen=seen, take_over=take_over))


def give_back_review(settings: Settings, task_id: int, *, seen: int | None = None) -> Listed:
    """Let go of a claimed task. Raises `Conflict` as `claim_review` does."""
    with home_ledger(settings) as engine, writing(engine) as conn:
        return _as_it_stands(conn, review.give_back(conn, task_id, actor=settings.actor, seen=seen))


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
    """Write a decision and what follows from it, in one transaction; what takes long was worked out before it began.

    Both raise Conflict if the task may not be settled so. Worked out again if its records were touched meanwhile.
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
                seq = write(conn, review.task_by_id(conn, task_id))
                if then is not None:
                    then.apply(conn, decision=seq, actor=settings.actor)
                settled = _as_it_stands(conn, review.task_by_id(conn, task_id))
            if then is not None:
                then.ask(engine)
            return Decided(settled, seq, then is not None or not said)
    raise Conflict(f"records of {task.entity} changed during every one of {_TRIES} tries", hint="Try again later.")


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


def _as_it_stands(conn: Connection, task: ReviewTask) -> Listed:
    return _listed(conn, task, stakes(conn, [task])[task.id])


def _listed(conn: Connection, task: ReviewTask, stake: Stake) -> Listed:
    return Listed(
        task=task.id,
        entity=task.entity,
        kind=task.kind,
        state=task.state,
        claimed_by=task.claimed_by,
        answer=task.answer,
        changed=task.changed,
        records=tuple(f"{record.source}:{record.source_key}" for record in _records(conn, task)),
        numbers=stake.numbers,
        weight=task.weight,
        probability=None if task.weight is None else 1 / (1 + exp2(min(-task.weight / 1000, 1000.0))),
        moves=stake.moves,
        worth=stake.worth,
    )


def _records(conn: Connection, task: ReviewTask) -> list[SourceRecord]:
    held = {record.id: record for record in records_by_id(conn, task.records)}
    return [held[record] for record in task.records]


def _fields(entity: str, first: SourceRecord, others: Sequence[SourceRecord]) -> dict[str, tuple[str, ...]]:
    told = {}
    for name in telling(ENTITIES[entity].field_names):
        pairs = [hidden(first.payload.get(name), other.payload.get(name)) for other in others]
        cells = (pairs[0][0], *(other for _, other in pairs))
        if any(cells):
            told[name] = cells
    return told
