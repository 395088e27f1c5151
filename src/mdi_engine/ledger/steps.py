"""What each kind of event does to the state of its entity: the steps of the fold. No store, no clock.

The kinds by which people decide, and by which a person is forgotten, have these bodies:

    decision-taken      task (id | null), answer, pairs, note (commitment | null)
    decision-undone     of (seq of the decision), task, pairs (which take the decision back), note
    tasks-opened        tasks: [[id, kind, [record ids], weight | null], …]
    task-claimed        task, by (actor | null: given back)
    tasks-closed        tasks: [id, …]
    subject-forgotten   records (ranges), tombstones (digests), notes (seqs of the events whose notes are emptied)

A pair is [smaller record id, greater, says now, said before]; says is `same`, `different` or null (nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from mdi_engine.ledger.apply import MASTERS_ASSIGNED
from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED, Master
from mdi_engine.ledger.constraints import DECISION_TAKEN, DECISION_UNDONE
from mdi_engine.ledger.events import Event, canonical_json, from_ranges
from mdi_engine.ledger.parameters import PARAMETERS_SWITCHED, PARAMETERS_TRAINED
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.review import CLAIMED, DECIDED, LATER, MOOT, OPEN, TASK_CLAIMED, TASKS_CLOSED, TASKS_OPENED
from mdi_engine.ledger.review import Task as Question

SUBJECT_FORGOTTEN = "subject-forgotten"


class Task(NamedTuple):
    """A review task, its columns as the table holds them (`schema.review_tasks`), the entity aside."""

    id: int
    kind: str
    records: str
    digest: str
    weight: int | None
    state: str
    claimed_by: str | None
    answer: str | None
    opened: int
    changed: int


@dataclass
class Folded:
    """The state of one entity: masters by number, number by record, (version, live, source) by record, parameters by
    version.

    Of parameters: digest, the event that recorded them, and the last event that put them in force. Constraints: what
    two records (the smaller id first) must be, and the event that said so. Tombstones: the event by digest.
    """

    masters: dict[str, Master] = field(default_factory=dict)
    memberships: dict[int, str] = field(default_factory=dict)
    records: dict[int, tuple[int, bool, str]] = field(default_factory=dict)
    parameters: dict[int, tuple[str, int, int | None]] = field(default_factory=dict)
    constraints: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    tombstones: dict[str, int] = field(default_factory=dict)


def step(state: Folded, event: Event) -> None:
    """Change `state` by what the event says. Kinds that change no state pass by."""
    if event.kind in _STEPS:
        _STEPS[event.kind](state, event)


def _records_appended(state: Folded, event: Event) -> None:
    body, source = event.body, event.body["source"]
    state.records.update((record, (1, True, source)) for record in from_ranges(body["new"]))
    state.records.update((record, (version, True, source)) for record, version in body["changed"])
    _withdraw(state, body["withdrawn"])


def _withdraw(state: Folded, ranges: list[list[int]]) -> None:
    for record in from_ranges(ranges):
        version, _, source = state.records[record]
        state.records[record] = (version, False, source)


def _masters_assigned(state: Folded, event: Event) -> None:
    body: Mapping[str, Any] = event.body
    for number, founder, anchor, split_from in body["founded"]:
        state.masters[number] = Master(number, founder, event.seq, anchor=anchor, split_from=split_from)
    for _, number, records in body["moved"]:
        state.memberships.update((record, number) for record in from_ranges(records))
    for _, records in body["left"]:
        for record in from_ranges(records):
            state.memberships.pop(record, None)
    for number, into in body["merged"]:
        _set(state, number, status=MERGED, merged_into=into)
    for number in body["restored"]:
        _set(state, number, status=ACTIVE, merged_into=None)
    for number in body["retired"]:
        _set(state, number, status=RETIRED)
    for number, anchor in body["anchored"]:
        _set(state, number, anchor=anchor)


def _set(state: Folded, number: str, **changes: Any) -> None:
    state.masters[number] = replace(state.masters[number], **changes)


def _parameters_trained(state: Folded, event: Event) -> None:
    state.parameters[event.body["version"]] = (event.body["digest"], event.seq, None)


def _parameters_switched(state: Folded, event: Event) -> None:
    digest, trained, _ = state.parameters[event.body["version"]]
    state.parameters[event.body["version"]] = (digest, trained, event.seq)


def _decision_taken(state: Folded, event: Event) -> None:
    _constrain(state, event)
    answer = event.body["answer"]
    _change(state, event, event.body["task"], state=OPEN if answer == LATER else DECIDED, answer=answer)


def _decision_undone(state: Folded, event: Event) -> None:
    _constrain(state, event)
    _change(state, event, event.body["task"], state=OPEN, answer=None)


def _constrain(state: Folded, event: Event) -> None:
    for left, right, says, _ in event.body["pairs"]:
        if says is None:
            state.constraints.pop((left, right), None)
        else:
            state.constraints[left, right] = (says, event.seq)


def _tasks_opened(state: Folded, event: Event) -> None:
    for id_, kind, records, weight in event.body["tasks"]:
        held, digest = canonical_json(records), Question(kind, tuple(records)).digest
        state.tasks[id_] = Task(id_, kind, held, digest, weight, OPEN, None, None, event.seq, event.seq)


def _task_claimed(state: Folded, event: Event) -> None:
    by = event.body["by"]
    _change(state, event, event.body["task"], state=OPEN if by is None else CLAIMED, claimed_by=by)


def _tasks_closed(state: Folded, event: Event) -> None:
    for id_ in event.body["tasks"]:
        _change(state, event, id_, state=MOOT)


def _change(folded: Folded, event: Event, task: int | None, **changes: Any) -> None:
    if task is not None:
        folded.tasks[task] = folded.tasks[task]._replace(**{"claimed_by": None, "changed": event.seq, **changes})


def _subject_forgotten(state: Folded, event: Event) -> None:
    _withdraw(state, event.body["records"])
    state.tombstones.update((digest, event.seq) for digest in event.body["tombstones"])


_STEPS: Mapping[str, Callable[[Folded, Event], None]] = {
    RECORDS_APPENDED: _records_appended,
    MASTERS_ASSIGNED: _masters_assigned,
    PARAMETERS_TRAINED: _parameters_trained,
    PARAMETERS_SWITCHED: _parameters_switched,
    DECISION_TAKEN: _decision_taken,
    DECISION_UNDONE: _decision_undone,
    TASKS_OPENED: _tasks_opened,
    TASK_CLAIMED: _task_claimed,
    TASKS_CLOSED: _tasks_closed,
    SUBJECT_FORGOTTEN: _subject_forgotten,
}
