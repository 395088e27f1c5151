"""Review tasks of a link run: each question about two clusters is asked once, and closed when it answers itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import NamedTuple

from sqlalchemy import Engine

from mdi_engine.jobs.judged import Judged
from mdi_engine.jobs.keys import parts
from mdi_engine.ledger.bulk import uncollected
from mdi_engine.ledger.review import (
    CLAIMED,
    CUT,
    DECIDED,
    DOUBTFUL,
    OPEN,
    ReviewTask,
    close_tasks,
    list_tasks,
    moot_tasks,
    open_tasks,
)
from mdi_engine.ledger.store import reading, writing

_AT_ONCE = 25  # tasks in one transaction: a few milliseconds under the writer's lock
_Clusters = frozenset[int]


class Asked(NamedTuple):
    """How many tasks were opened, and closed as moot, and how many events that wrote."""

    opened: int
    closed: int
    events: int


def ask(engine: Engine, entity: str, found: Judged, touched: Set[int]) -> Asked:
    """Open the tasks for what is in doubt, and close those of the judged components that are not in doubt any more.

    A task that waits, or was decided, about two records answers for the clusters in which these are now.
    """
    group_of = {record: number for number, group in enumerate(found.groups) for record in group}
    wanted = {_clusters(task.records, group_of): task for task in found.questions}
    with reading(engine) as conn:
        known = list(list_tasks(conn, entity, states=(OPEN, CLAIMED, DECIDED)))
        moot = set(moot_tasks(conn, entity))
    moot |= {task.id for task in known if _answered(task, found, touched, wanted.keys(), group_of)}
    standing = {_clusters(task.records, group_of) for task in known if task.id not in moot}
    fresh = [task for clusters, task in wanted.items() if clusters not in standing]
    opened, closed, events = 0, 0, 0
    for ids in parts(sorted(moot), _AT_ONCE):
        with uncollected(), writing(engine) as conn:
            now = len(close_tasks(conn, entity, ids))
        closed, events = closed + now, events + bool(now)
    for tasks in parts(fresh, _AT_ONCE):
        with uncollected(), writing(engine) as conn:
            now = len(open_tasks(conn, entity, tasks))
        opened, events = opened + now, events + bool(now)
    return Asked(opened, closed, events)


def _answered(
    task: ReviewTask, found: Judged, touched: Set[int], wanted: Set[_Clusters], group_of: Mapping[int, int]
) -> bool:
    """Whether a waiting task is about components that were judged, and they leave nothing to ask."""
    if task.state == DECIDED or task.kind not in (DOUBTFUL, CUT):
        return False
    concerned = any(record in found.scope or record in touched for record in task.records)
    return concerned and _clusters(task.records, group_of) not in wanted


def _clusters(records: Iterable[int], group_of: Mapping[int, int]) -> _Clusters:
    """The clusters in which these records are; of one that was not judged, a number that no cluster has."""
    return frozenset(group_of.get(record, -1 - record) for record in records)
