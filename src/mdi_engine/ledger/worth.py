"""What the answer to a review task is worth: how open the question is, times how many records the answer may move."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.review import ReviewTask
from mdi_engine.ledger.schema import memberships


@dataclass(frozen=True, slots=True)
class Stake:
    """What depends on a task: the numbers its records bear (None: waits for one), in the order of the records.

    `moves`: records that may get another number. `worth`: bits that the answer tells, times those records.
    """

    numbers: tuple[str | None, ...]
    moves: int
    worth: float


def stakes(conn: Connection, tasks: Iterable[ReviewTask]) -> dict[int, Stake]:
    """What depends on each of these tasks, by its id."""
    tasks = list(tasks)
    bears = _numbers(conn, sorted({record for task in tasks for record in task.records}))
    held = _sizes(conn, {(task.entity, bears[record]) for task in tasks for record in task.records if record in bears})
    return {task.id: _stake(task, bears, held) for task in tasks}


def uncertainty(weight: int | None) -> float:
    """Bits that an answer tells of a pair of this weight (millibits): 1 at even odds, or where nothing was weighed.

    >>> uncertainty(0), uncertainty(None), round(uncertainty(2000), 3), round(uncertainty(-2000), 3), uncertainty(10**9)
    (1.0, 1.0, 0.722, 0.722, 0.0)
    """
    odds = math.exp2(-min(abs(weight or 0) / 1000, 1000.0))
    p = odds / (1 + odds)
    return -(p * math.log2(p) + (1 - p) * math.log2(1 - p)) if p > 1e-300 and p < 1 else 0.0


def _stake(task: ReviewTask, bears: Mapping[int, str], held: Mapping[tuple[str, str], int]) -> Stake:
    numbers = tuple(bears.get(record) for record in task.records)
    sizes = [held[task.entity, number] for number in sorted({number for number in numbers if number is not None})]
    sizes += [1] * numbers.count(None)
    # Masters that become one keep the largest one's number; of a master that falls apart at most half moves.
    moves = sum(sizes) - max(sizes) if len(sizes) > 1 else max(sizes[0] // 2, 1)
    return Stake(numbers, moves, uncertainty(task.weight) * moves)


def _numbers(conn: Connection, records: Sequence[int]) -> dict[int, str]:
    bears: dict[int, str] = {}
    for some in batches(records):
        statement = select(memberships.c.record_id, memberships.c.number).where(memberships.c.record_id.in_(some))
        bears |= dict(conn.execute(statement).all())
    return bears


def _sizes(conn: Connection, masters: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """How many records each master (entity, number) holds."""
    held: Counter[tuple[str, str]] = Counter()
    by_entity: dict[str, set[str]] = {}
    for entity, number in masters:
        by_entity.setdefault(entity, set()).add(number)
    columns = memberships.c
    for entity, numbers in by_entity.items():
        for some in batches(sorted(numbers)):
            statement = select(columns.number, func.count()).where(columns.entity == entity, columns.number.in_(some))
            held.update({(entity, n): count for n, count in conn.execute(statement.group_by(columns.number))})
    return held
