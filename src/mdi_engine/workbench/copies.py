"""Copies of the ledger's masters and memberships for analysts: everything in one file to query, never the truth.

masters       entity, number, status, redirect_to, split_from
memberships   entity, number, record_id, source, source_key
copies        entity, as_of_event          which state of the ledger the copy shows
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb
import pyarrow as pa

_TABLES = {
    "masters": "entity VARCHAR, number VARCHAR, status VARCHAR, redirect_to VARCHAR, split_from VARCHAR",
    "memberships": "entity VARCHAR, number VARCHAR, record_id BIGINT, source VARCHAR, source_key VARCHAR",
    "copies": "entity VARCHAR, as_of_event BIGINT",
}


class MasterRow(NamedTuple):
    """A number and what became of it."""

    number: str
    status: str
    redirect_to: str | None
    split_from: str | None


class MemberRow(NamedTuple):
    """A live record and its number."""

    number: str
    record_id: int
    source: str
    source_key: str


def copy_masters(
    con: duckdb.DuckDBPyConnection,
    entity: str,
    masters: Sequence[MasterRow],
    members: Sequence[MemberRow],
    as_of_event: int,
) -> None:
    """Put the state of an entity in place of the copy that was there, in one transaction."""
    for name, columns in _TABLES.items():
        con.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
    con.begin()
    try:
        for name in _TABLES:
            con.execute(f"DELETE FROM {name} WHERE entity = ?", [entity])  # noqa: S608
        _insert(con, "masters", entity, MasterRow._fields, masters)
        _insert(con, "memberships", entity, MemberRow._fields, members)
        con.execute("INSERT INTO copies VALUES (?, ?)", [entity, as_of_event])
        con.commit()
    except BaseException:
        con.rollback()
        raise


def read_copy(con: duckdb.DuckDBPyConnection, entity: str) -> tuple[int, list[MasterRow], list[MemberRow]] | None:
    """The copy of an entity with its event, rows in order of number and record; None if none was made."""
    tables = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "copies" not in tables:
        return None
    made = con.execute("SELECT as_of_event FROM copies WHERE entity = ?", [entity]).fetchall()
    if not made:
        return None
    masters = con.execute(
        "SELECT number, status, redirect_to, split_from FROM masters WHERE entity = ? ORDER BY number", [entity]
    ).fetchall()
    members = con.execute(
        "SELECT number, record_id, source, source_key FROM memberships WHERE entity = ? ORDER BY record_id", [entity]
    ).fetchall()
    return int(made[0][0]), [MasterRow(*row) for row in masters], [MemberRow(*row) for row in members]


def _insert(
    con: duckdb.DuckDBPyConnection,
    table: str,
    entity: str,
    names: Sequence[str],
    rows: Sequence[MasterRow] | Sequence[MemberRow],
) -> None:
    if not rows:
        return
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    kinds = {"record_id": pa.int64()}
    arrow = pa.table({name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()})
    con.register("arrived", arrow)
    con.execute(f"INSERT INTO {table} BY NAME SELECT ? AS entity, * FROM arrived", [entity])  # noqa: S608
    con.unregister("arrived")
