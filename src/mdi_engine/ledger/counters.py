"""Counters that never give a value twice, however many processes ask."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select, update

from mdi_engine.ledger.schema import counters

# Statements that every registration runs are made once: SQLAlchemy then also knows them again at once.
_NAMED = counters.c.name == bindparam("of")
_TAKE = update(counters).where(_NAMED).values(value=counters.c.value + bindparam("count")).returning(counters.c.value)
_PEEK = select(counters.c.value).where(_NAMED)


def take(conn: Connection, name: str, count: int = 1) -> int:
    """The first of `count` consecutive values nobody else gets. Holds the counter until the transaction ends."""
    last: int = conn.execute(_TAKE, {"of": name, "count": count}).scalar_one()
    return last - count + 1


def peek(conn: Connection, name: str) -> int:
    """The last value taken; 0 if none was, or if there is no such counter."""
    return conn.execute(_PEEK, {"of": name}).scalar_one_or_none() or 0


def create(conn: Connection, name: str) -> None:
    """Start a counter whose first value will be 1."""
    conn.execute(insert(counters).values(name=name, value=0))
