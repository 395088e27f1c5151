"""What the workbench holds, told to who checks it."""

from __future__ import annotations

from typing import NamedTuple

import duckdb


class Standing(NamedTuple):
    """A landed delivery: `appended` once the ledger has all of it, `newest` if no later one of its source landed."""

    delivery: int
    source: str
    entity: str
    appended: bool
    newest: bool


def deliveries(con: duckdb.DuckDBPyConnection) -> list[Standing]:
    """All landed deliveries in the order of their landing; empty before the first."""
    if "deliveries" not in table_names(con):
        return []
    rows = con.execute(
        "SELECT delivery, source, entity, appended, delivery = max(delivery) OVER (PARTITION BY source) "
        "FROM deliveries ORDER BY delivery"
    ).fetchall()
    return [Standing(*row) for row in rows]


def count_tables(con: duckdb.DuckDBPyConnection) -> int:
    """How many tables the workbench has."""
    return len(table_names(con))


def table_names(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of all tables."""
    return {name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
