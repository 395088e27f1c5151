"""Review by people: what waits and what its answer is worth, and a task with its evidence. See `deciding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import exp2

from sqlalchemy import Connection

from mdi_engine.entities import ENTITIES
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.explain import discreet_waterfall, explain_two
from mdi_engine.jobs.home import entity_named, home_ledger, in_force
from mdi_engine.jobs.sheet import hidden, telling
from mdi_engine.ledger import review
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.review import ReviewTask
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.taskhistory import TaskEntry, task_history
from mdi_engine.ledger.worth import Stake, stakes
from mdi_engine.linkage.explaining.explain import Waterfall
from mdi_engine.settings import Settings

REVIEW = "review"  # as accesses call it


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

    That persons were looked at is recorded. Raises `NotFound` for no such task, or if its entity was never linked.
    """
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            view = _view(settings, conn, review.task_by_id(conn, task_id))
        numbers = [number for number in view.task.numbers if number is not None]
        record_read(engine, settings, REVIEW, view.task.entity, numbers, found=len(view.task.records))
    return view


def _view(settings: Settings, conn: Connection, task: ReviewTask) -> ReviewView:
    _, learned = in_force(settings, conn, task.entity)
    first, *others = _records(conn, task)
    waterfalls = tuple(discreet_waterfall(explain_two(first, other, learned)) for other in others)
    return ReviewView(
        as_it_stands(conn, task), _fields(task.entity, first, others), waterfalls, tuple(task_history(conn, task))
    )


def as_it_stands(conn: Connection, task: ReviewTask) -> Listed:
    """A task with what depends on it."""
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
