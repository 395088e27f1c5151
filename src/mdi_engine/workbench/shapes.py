"""The shapes of the tables that every workbench has, and how one of an older version gets the columns it lacks."""

from __future__ import annotations

import duckdb

from mdi_engine.workbench.database import quoted

FIXED = {
    "deliveries": {
        "delivery": "BIGINT",
        "source": "VARCHAR",
        "entity": "VARCHAR",
        "digest": "VARCHAR",
        "full_delivery": "BOOLEAN",
        "read": "BIGINT",
        "accepted": "BIGINT",
        "rejected": "BIGINT",
        "appended": "BOOLEAN",
        "forgotten": "BIGINT",
    },
    "files": {
        "delivery": "BIGINT",
        "file_no": "INTEGER",
        "name": "VARCHAR",
        "sha256": "VARCHAR",
        "size": "BIGINT",
        "encoding": "VARCHAR",
        "read": "BIGINT",
        "rejected": "BIGINT",
        "forgotten": "BIGINT",
    },
    "rejects": {
        "delivery": "BIGINT",
        "row_id": "BIGINT",
        "file_no": "INTEGER",
        "file_row": "BIGINT",
        "column_name": "VARCHAR",
        "value": "VARCHAR",
        "reason": "VARCHAR",
    },
    "withdrawals": {"delivery": "BIGINT", "source_key": "VARCHAR"},
}


def widen(con: duckdb.DuckDBPyConnection) -> bool:
    """Give tables of an older version the columns that they lack; False if nothing ever landed."""
    if not columns_of(con, "deliveries"):
        return False
    for table, columns in FIXED.items():
        ensure(con, table, columns)
    con.execute("CHECKPOINT")
    return True


def ensure(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
    """Make the table if it is absent; add the columns that it lacks."""
    present = columns_of(con, table)
    if not present:
        defined = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
        con.execute(f"CREATE TABLE {quoted(table)} ({defined})")
        return
    for name, kind in columns.items():
        if name.casefold() not in present:
            con.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} {kind}")


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Names of a lasting table's columns, folded; empty if there is no such table."""
    rows = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main' "
        "AND database_name = current_database()",
        [table],
    ).fetchall()
    return {name.casefold() for (name,) in rows}
