"""Copies for analysts: masters, memberships, and the last link run's decisions. Never the truth, which is the ledger's.

masters       entity, number, status, redirect_to, split_from
memberships   entity, number, record_id, source, source_key
copies        entity, as_of_event          which state of the ledger the copy shows
decisions     entity, as_of_event, parameters_version, left_source, left_key, right_source, right_key, weight,
              merged, reason               what the last link run decided about two fragments, in that order
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from mdi_engine.workbench.standing import table_names

_TABLES = {
    "masters": "entity VARCHAR, number VARCHAR, status VARCHAR, redirect_to VARCHAR, split_from VARCHAR",
    "memberships": "entity VARCHAR, number VARCHAR, record_id BIGINT, source VARCHAR, source_key VARCHAR",
    "copies": "entity VARCHAR, as_of_event BIGINT",
    "decisions": "entity VARCHAR, as_of_event BIGINT, parameters_version BIGINT, left_source VARCHAR, "
    "left_key VARCHAR, right_source VARCHAR, right_key VARCHAR, weight BIGINT, merged BOOLEAN, reason VARCHAR",
}
_KINDS = {
    **dict.fromkeys(("record_id", "as_of_event", "parameters_version", "weight"), pa.int64()),
    "merged": pa.bool_(),
}


class MasterRow(NamedTuple):
    """A number and what became of it."""

    number: str
    status: str
    redirect_to: str | None
    split_from: str | None


class MemberRow(NamedTuple):
    """A record and the number that the last link run left it with; withdrawn since, it is still here."""

    number: str
    record_id: int
    source: str
    source_key: str


class DecisionRow(NamedTuple):
    """Two fragments, each named by one record, and what a link run decided about them: merged or not, and why.

    `weight` in millibits, as in `clustering.cluster.Decision`. `as_of_event` is the state the run read.
    """

    as_of_event: int
    parameters_version: int
    left_source: str
    left_key: str
    right_source: str
    right_key: str
    weight: int
    merged: bool
    reason: str


def copy_masters(
    con: duckdb.DuckDBPyConnection,
    entity: str,
    masters: Sequence[MasterRow],
    members: Sequence[MemberRow],
    as_of_event: int,
) -> None:
    """Put the state of an entity in place of the copy that was there, in one transaction."""
    with _replacing(con, entity, ("masters", "memberships", "copies")):
        _insert(con, "masters", entity, MasterRow._fields, masters)
        _insert(con, "memberships", entity, MemberRow._fields, members)
        _insert(con, "copies", entity, ("as_of_event",), [(as_of_event,)])


def copy_decisions(con: duckdb.DuckDBPyConnection, entity: str, decisions: Sequence[DecisionRow]) -> None:
    """Put the decisions of a link run in place of those of the run before, in one transaction."""
    with _replacing(con, entity, ("decisions",)):
        _insert(con, "decisions", entity, DecisionRow._fields, decisions)


def amend_decisions(
    con: duckdb.DuckDBPyConnection, entity: str, stale: Sequence[tuple[str, str]], decisions: Sequence[DecisionRow]
) -> None:
    """Put these decisions in place of those that concern one of the records `stale` (source, key)."""
    con.execute(f"CREATE TABLE IF NOT EXISTS decisions ({_TABLES['decisions']})")
    names = {name: pa.array([row[place] for row in stale], pa.string()) for place, name in enumerate(("source", "key"))}
    con.begin()
    try:
        con.register("stale", pa.table(names))
        con.execute(
            "DELETE FROM decisions WHERE entity = ? AND ((left_source, left_key) IN (SELECT (source, key) FROM stale) "
            "OR (right_source, right_key) IN (SELECT (source, key) FROM stale))",
            [entity],
        )
        con.unregister("stale")
        _insert(con, "decisions", entity, DecisionRow._fields, decisions)
        con.commit()
    except BaseException:
        con.rollback()
        raise


def copied_as_of(con: duckdb.DuckDBPyConnection, entity: str) -> int | None:
    """The event as of which the copy of an entity shows the ledger; None if there is none."""
    if "copies" not in table_names(con):
        return None
    made = con.execute("SELECT as_of_event FROM copies WHERE entity = ?", [entity]).fetchall()
    return int(made[0][0]) if made else None


def read_decisions(con: duckdb.DuckDBPyConnection, entity: str) -> list[DecisionRow]:
    """The decisions of the last link run in the order they were made; empty before the first."""
    if "decisions" not in table_names(con):
        return []
    names = ", ".join(DecisionRow._fields)
    rows = con.execute(f"SELECT {names} FROM decisions WHERE entity = ? ORDER BY rowid", [entity])  # noqa: S608
    return [DecisionRow(*row) for row in rows.fetchall()]


def read_copy(con: duckdb.DuckDBPyConnection, entity: str) -> tuple[int, list[MasterRow], list[MemberRow]] | None:
    """The copy of an entity with its event, rows in order of number and record; None if none was made."""
    made = copied_as_of(con, entity)
    if made is None:
        return None
    masters = con.execute(
        "SELECT number, status, redirect_to, split_from FROM masters WHERE entity = ? ORDER BY number", [entity]
    ).fetchall()
    members = con.execute(
        "SELECT number, record_id, source, source_key FROM memberships WHERE entity = ? ORDER BY record_id", [entity]
    ).fetchall()
    return made, [MasterRow(*row) for row in masters], [MemberRow(*row) for row in members]


@contextmanager
def _replacing(con: duckdb.DuckDBPyConnection, entity: str, tables: Sequence[str]) -> Iterator[None]:
    """A transaction in which the tables, made if absent, hold nothing of the entity any more."""
    for name in tables:
        con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({_TABLES[name]})")
    con.begin()
    try:
        for name in tables:
            con.execute(f"DELETE FROM {name} WHERE entity = ?", [entity])  # noqa: S608
        yield
        con.commit()
    except BaseException:
        con.rollback()
        raise


def _insert(
    con: duckdb.DuckDBPyConnection, table: str, entity: str, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    if not rows:
        return
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    arrow = pa.table({name: pa.array(values, _KINDS.get(name, pa.string())) for name, values in columns.items()})
    con.register("arrived", arrow)
    con.execute(f"INSERT INTO {table} BY NAME SELECT ? AS entity, * FROM arrived", [entity])  # noqa: S608
    con.unregister("arrived")
