"""Counters that never give a value twice, however many processes ask."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from mdi_engine.ledger.schema import counters


def take(conn: Connection, name: str, count: int = 1) -> int:
    """The first of `count` consecutive values nobody else gets. Holds the counter until the transaction ends."""
    statement = update(counters).where(counters.c.name == name).values(value=counters.c.value + count)
    last: int = conn.execute(statement.returning(counters.c.value)).scalar_one()
    return last - count + 1


def peek(conn: Connection, name: str) -> int:
    """The last value taken; 0 if none was, or if there is no such counter."""
    return conn.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one_or_none() or 0


def create(conn: Connection, name: str) -> None:
    """Start a counter whose first value will be 1."""
    conn.execute(insert(counters).values(name=name, value=0))
