"""Who registers the same thing at once takes turns, and computes before the one writer's lock is taken.

On PostgreSQL a transaction locks its match keys in sorted order, reads and computes, and then turns writer: two that
share a key follow each other, all others compute side by side. SQLite has no such locks; there the reading
transaction ends before the writing one begins. On both, somebody else may have written in between: the plan must be
checked under the writer's lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine

from mdi_engine.ledger import dialect
from mdi_engine.ledger.store import reading, writing

P = TypeVar("P")
RuleKey = tuple[int, int]


@contextmanager
def planned(
    engine: Engine, entity: str, keys: Iterable[RuleKey], plan: Callable[[Connection], P]
) -> Iterator[tuple[Connection, P]]:
    """A writing transaction, and what `plan` made of the ledger before the writer's lock was taken.

    `keys` (rule, key) are what two must have in common to be taken for one. Committed at the end, rolled back on any
    exception. Raises what `reading` and `writing` raise.
    """
    if engine.dialect.name == "postgresql":
        with writing(dialect.for_keys(engine, lock_ids(entity, keys))) as conn:
            made = plan(conn)
            dialect.take_writer(conn)
            yield conn, made
    else:
        with reading(engine) as conn:
            made = plan(conn)
        with writing(engine) as conn:
            yield conn, made


def lock_ids(entity: str, keys: Iterable[RuleKey]) -> list[int]:
    """The signed 64-bit names of the locks on these keys, each once, ascending: the order that excludes a deadlock.

    >>> lock_ids("patient", [(1, 5), (0, 5), (1, 5)]) == sorted({*lock_ids("patient", [(0, 5)])} | {
    ...     *lock_ids("patient", [(1, 5)])})
    True
    """
    names = {f"{entity} {rule} {key}".encode() for rule, key in keys}
    return sorted(int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True) for name in names)
