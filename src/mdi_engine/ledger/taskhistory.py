"""What happened to a review task: who claimed it, who answered what and why, who took it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from mdi_engine.ledger.constraints import DECISION_TAKEN, DECISION_UNDONE
from mdi_engine.ledger.events import Event, as_event
from mdi_engine.ledger.notes import read_note
from mdi_engine.ledger.review import TASK_CLAIMED, TASKS_CLOSED, TASKS_OPENED, ReviewTask
from mdi_engine.ledger.schema import events

_KINDS = (TASKS_OPENED, TASK_CLAIMED, DECISION_TAKEN, DECISION_UNDONE, TASKS_CLOSED)


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """One thing that happened to a task in event `seq` at `at` (UTC), done by `actor`.

    `what`: opened, claimed, given-back, decided (with `answer`), undone, closed (it was moot). `note`: what the steward
    wrote, None if nothing, or if it was forgotten.
    """

    seq: int
    at: str
    actor: str
    what: str
    answer: str | None = None
    note: str | None = None


def task_history(conn: Connection, task: ReviewTask) -> list[TaskEntry]:
    """What happened to the task since it was opened last, oldest first."""
    between = events.c.seq >= task.opened, events.c.seq <= task.changed
    statement = select(events).where(*between, events.c.entity == task.entity, events.c.kind.in_(_KINDS))
    rows = map(as_event, conn.execute(statement.order_by(events.c.seq)).mappings())
    return [_entry(conn, event) for event in rows if _names(event.kind, event.body, task.id)]


def _names(kind: str, body: Any, task: int) -> bool:
    if kind == TASKS_OPENED:
        return any(id_ == task for id_, *_ in body["tasks"])
    return task in body["tasks"] if kind == TASKS_CLOSED else body["task"] == task


def _entry(conn: Connection, event: Event) -> TaskEntry:
    answer = event.body["answer"] if event.kind == DECISION_TAKEN else None
    return TaskEntry(event.seq, event.at, event.actor, _what(event), answer, read_note(conn, event.seq))


def _what(event: Event) -> str:
    if event.kind == TASK_CLAIMED:
        return "given-back" if event.body["by"] is None else "claimed"
    names = {TASKS_OPENED: "opened", DECISION_TAKEN: "decided", DECISION_UNDONE: "undone"}
    return names.get(event.kind, "closed")
