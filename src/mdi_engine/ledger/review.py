"""Review tasks: questions that only a person can answer, each asked once and claimed by one steward at a time.

A task is open, claimed, decided, or moot: its records are gone, or other decisions answer it. Each change is an event,
whose number the task bears as `changed`: who has seen an older one is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.ledger import counters
from mdi_engine.ledger.answered import answers
from mdi_engine.ledger.events import append_event, canonical_json, next_seq, sha256
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.schema import review_tasks, source_records

TASKS_OPENED = "tasks-opened"
TASK_CLAIMED = "task-claimed"
TASKS_CLOSED = "tasks-closed"
DOUBTFUL, CUT, CONFLICT = "doubtful", "cut", "conflict"
OPEN, CLAIMED, DECIDED, MOOT = "open", "claimed", "decided", "moot"
WAITING = (OPEN, CLAIMED)
LATER = "later"


@dataclass(frozen=True, slots=True)
class Task:
    """A question: are these records, two or more, the same? `kind` says why it is asked.

    doubtful: a pair between the thresholds; cut: two masters of one component that were parted on evidence near the
    line; conflict: two official numbers on one cluster, or one on two. `weight` in millibits, None if no pair was
    weighed.
    """

    kind: str
    records: tuple[int, ...]
    weight: int | None = None

    @property
    def digest(self) -> str:
        """By this the same question is known again, whatever it weighs meanwhile."""
        return sha256(canonical_json([self.kind, sorted(self.records)]))


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """A task as it stands. `records` ascending; `answer` is the last one given, also while it is open again."""

    id: int
    entity: str
    kind: str
    records: tuple[int, ...]
    weight: int | None
    state: str
    claimed_by: str | None
    answer: str | None
    opened: int
    changed: int


def open_tasks(conn: Connection, entity: str, tasks: Iterable[Task]) -> list[int]:
    """Ask these questions; gives the ids of the tasks that are open now and were not, ascending. At most one event.

    Passed over: what was asked before, unless it had become moot (then the task opens again, under its old id); what
    decisions answer already; what names a record that is not live. Asking the same again therefore writes nothing.
    Raises UsageError for a kind that is none, or a question about fewer than two records.
    """
    asked = {task.digest: task for task in tasks}
    _check(asked.values())
    known = _known(conn, entity, asked)
    wanted = {digest: task for digest, task in asked.items() if digest not in known or known[digest].state == MOOT}
    told = sorted({record for task in wanted.values() for record in task.records})
    live, said = _live(conn, told), answers(conn, entity, told)
    wanted = {d: task for d, task in wanted.items() if live.issuperset(task.records) and not said.settle(task.records)}
    if not wanted:
        return []
    again = {known[digest].id: task for digest, task in wanted.items() if digest in known}
    new = [task for digest, task in wanted.items() if digest not in known]
    first = counters.take(conn, "task", len(new)) if new else 0
    numbered = {**again, **{first + place: task for place, task in enumerate(new)}}
    _write_opened(conn, entity, numbered, set(again))
    return sorted(numbered)


def claim(
    conn: Connection, task_id: int, *, actor: str, seen: int | None = None, take_over: bool = False
) -> ReviewTask:
    """Take a task, so that nobody else decides it; gives it as it stands then. Claiming it twice changes nothing.

    `seen`: the task's `changed` as the steward saw it. `take_over`: also from another steward.
    Raises NotFound, or Conflict if it was seen older, is another's, or waits for no answer.
    """
    task = require_free(task_by_id(conn, task_id), actor=actor, seen=seen, take_over=take_over)
    return task if task.claimed_by == actor else _write_claim(conn, task, actor, actor)


def give_back(conn: Connection, task_id: int, *, actor: str, seen: int | None = None) -> ReviewTask:
    """Let go of a claimed task; one that is open stays so. Raises as `claim` does."""
    task = require_free(task_by_id(conn, task_id), actor=actor, seen=seen)
    return task if task.claimed_by is None else _write_claim(conn, task, None, actor)


def require_free(task: ReviewTask, *, actor: str, seen: int | None = None, take_over: bool = False) -> ReviewTask:
    """The task itself; raises Conflict unless this steward may answer it now. Ask in the transaction that writes."""
    facts = {"task": task.id, "state": task.state, "changed": task.changed}
    if seen is not None and seen != task.changed:
        raise Conflict(
            f"task {task.id} was changed in event {task.changed}; you saw it as of event {seen}", hint=_LOOK, **facts
        )
    if task.state not in WAITING:
        how = f"was decided: {task.answer}" if task.state == DECIDED else "waits for no answer any more"
        raise Conflict(f"task {task.id} {how}", hint=_LOOK, **facts)
    if task.claimed_by not in (None, actor) and not take_over:
        raise Conflict(
            f"task {task.id} is claimed by {task.claimed_by}",
            hint="Take another one, or, if they agree, `mdi review claim --take-over`.",
            **facts,
        )
    return task


def close_tasks(conn: Connection, entity: str, ids: Iterable[int]) -> list[int]:
    """Tasks that are moot; gives those that waited until now, ascending. At most one event; others are passed over."""
    columns, closed = review_tasks.c, list[int]()
    for some in batches(sorted(ids)):
        statement = select(columns.id).where(columns.id.in_(some), columns.entity == entity)
        closed += conn.execute(statement.where(columns.state.in_(WAITING)).order_by(columns.id)).scalars()
    if closed:
        seq = append_event(conn, kind=TASKS_CLOSED, entity=entity, body={"tasks": closed})
        for some in batches(closed):
            change = update(review_tasks).where(columns.id.in_(some))
            conn.execute(change.values(state=MOOT, claimed_by=None, changed=seq))
    return closed


def moot_tasks(conn: Connection, entity: str) -> list[int]:
    """Waiting tasks that nobody needs to answer: a record is gone, or decisions answer them. For `close_tasks`."""
    waiting = list(list_tasks(conn, entity))
    told = sorted({record for task in waiting for record in task.records})
    live, said = _live(conn, told), answers(conn, entity, told)
    return [task.id for task in waiting if not live.issuperset(task.records) or said.settle(task.records)]


def mark_decided(conn: Connection, task_id: int, *, answer: str, seq: int) -> None:
    """What `decision-taken` in event `seq` makes of its task: decided, or with the answer later open again."""
    state = OPEN if answer == LATER else DECIDED
    _change(conn, task_id, state=state, answer=answer, claimed_by=None, changed=seq)


def mark_open(conn: Connection, task_id: int, *, seq: int) -> None:
    """What `decision-undone` in event `seq` makes of its task: open, without an answer."""
    _change(conn, task_id, state=OPEN, answer=None, claimed_by=None, changed=seq)


def task_by_id(conn: Connection, task_id: int) -> ReviewTask:
    """The task. Raises NotFound if there was never one of this id."""
    row = conn.execute(_tasks().where(review_tasks.c.id == task_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no task {task_id}", hint="`mdi review list` tells those that wait.", task=task_id)
    return _task(row)


def list_tasks(conn: Connection, entity: str | None = None, *, states: Sequence[str] = WAITING) -> Iterator[ReviewTask]:
    """Tasks in these states by id, of one entity or of all."""
    statement = _tasks().where(review_tasks.c.state.in_(states)).order_by(review_tasks.c.id)
    if entity is not None:
        statement = statement.where(review_tasks.c.entity == entity)
    return map(_task, conn.execute(statement))


_LOOK = "Look at it again: `mdi review show`."


def _check(tasks: Iterable[Task]) -> None:
    wrong = [t for t in tasks if t.kind not in (DOUBTFUL, CUT, CONFLICT) or len(set(t.records)) < 2]
    if wrong:
        raise UsageError(
            f"{len(wrong)} tasks are none: a task is {DOUBTFUL}, {CUT} or {CONFLICT}, and about two records or more"
        )


def _known(conn: Connection, entity: str, digests: Iterable[str]) -> dict[str, ReviewTask]:
    known: dict[str, ReviewTask] = {}
    for some in batches(sorted(digests)):
        statement = _tasks().where(review_tasks.c.entity == entity, review_tasks.c.digest.in_(some))
        known |= {Task(task.kind, task.records).digest: task for task in map(_task, conn.execute(statement))}
    return known


def _live(conn: Connection, records: Sequence[int]) -> set[int]:
    live: set[int] = set()
    for some in batches(records):
        statement = select(source_records.c.id).where(source_records.c.id.in_(some), source_records.c.live)
        live |= set(conn.execute(statement).scalars())
    return live


def _write_opened(conn: Connection, entity: str, tasks: dict[int, Task], again: set[int]) -> None:
    seq = next_seq(conn)
    fresh = []
    for id_, task in tasks.items():
        row = {"weight": task.weight, "state": OPEN, "claimed_by": None, "answer": None, "opened": seq, "changed": seq}
        if id_ in again:
            _change(conn, id_, **row)
        else:
            told = {"kind": task.kind, "records": canonical_json(sorted(task.records)), "digest": task.digest}
            fresh.append({"id": id_, "entity": entity, **told, **row})
    if fresh:
        conn.execute(insert(review_tasks), fresh)
    rows = [[id_, task.kind, sorted(task.records), task.weight] for id_, task in sorted(tasks.items())]
    append_event(conn, kind=TASKS_OPENED, entity=entity, body={"tasks": rows}, seq=seq)


def _write_claim(conn: Connection, task: ReviewTask, by: str | None, actor: str) -> ReviewTask:
    body = {"task": task.id, "by": by}
    seq = append_event(conn, kind=TASK_CLAIMED, entity=task.entity, body=body, actor=actor)
    _change(conn, task.id, state=CLAIMED if by else OPEN, claimed_by=by, changed=seq)
    return task_by_id(conn, task.id)


def _change(conn: Connection, task_id: int, **values: Any) -> None:
    conn.execute(update(review_tasks).where(review_tasks.c.id == task_id).values(values))


def _tasks() -> Select[Any]:
    c = review_tasks.c
    return select(c.id, c.entity, c.kind, c.records, c.weight, c.state, c.claimed_by, c.answer, c.opened, c.changed)


def _task(row: Any) -> ReviewTask:
    id_, entity, kind, records, *rest = row
    return ReviewTask(id_, entity, kind, tuple(json.loads(records)), *rest)
