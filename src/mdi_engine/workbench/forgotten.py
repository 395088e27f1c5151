"""People who are forgotten: their rows are found among all that landed, the rejected ones included, and taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import quoted
from mdi_engine.workbench.functions import Normalizer, register
from mdi_engine.workbench.redaction import Row, names_one
from mdi_engine.workbench.shapes import columns_of, widen
from mdi_engine.workbench.standing import table_names

_TEXT = pa.string()


@dataclass
class InFile:
    """Rows of one kept file: their numbers, and what the raw rows say (the columns of the contract, in order)."""

    source: str
    numbers: set[int] = field(default_factory=set)
    said: set[Row] = field(default_factory=set)


@dataclass(frozen=True)
class Landed:
    """Rows of forgotten people that landed: (delivery, row) pairs, and by hash of a file what of it they are."""

    rows: tuple[tuple[int, int], ...]
    files: Mapping[str, InFile]


def landed_rows(
    con: duckdb.DuckDBPyConnection,
    entity: str,
    keys: Collection[tuple[str, str]],
    niks: Collection[str],
    contracts: Mapping[str, Contract],
    normalizers: Mapping[str, Normalizer],
) -> Landed:
    """All rows with one of these keys (source, source key) or NIKs, the rejected ones included.

    A rejected row is known by what the mapping makes of it now, or, if it could not be taken apart, by a NIK in it.
    The `normalizers` become functions of `con`, which must not have them yet.
    """
    found = set(_canonical(con, entity, keys, niks))
    if "deliveries" in table_names(con):
        register(con, normalizers)
        of_entity = "SELECT DISTINCT source FROM deliveries WHERE entity = ?"
        for (source,) in con.execute(of_entity, [entity]).fetchall():
            found |= set(_rejected(con, source, contracts.get(source), keys, niks))
    return Landed(tuple(sorted(found)), _files(con, found, contracts))


def _canonical(
    con: duckdb.DuckDBPyConnection, entity: str, keys: Collection[tuple[str, str]], niks: Collection[str]
) -> list[tuple[int, int]]:
    table = "canonical_" + entity
    if table not in table_names(con):
        return []
    by_nik = "OR nik IN (SELECT unnest($niks::VARCHAR[]))" if "nik" in columns_of(con, table) else ""
    with _named(con, "wanted", ("source", "source_key"), keys):
        return con.execute(
            f"SELECT delivery, row_id FROM {quoted(table)} "  # noqa: S608
            f"WHERE (source, source_key) IN (SELECT (source, source_key) FROM wanted) {by_nik}",
            {"niks": sorted(niks)} if by_nik else None,
        ).fetchall()


def _rejected(
    con: duckdb.DuckDBPyConnection,
    source: str,
    contract: Contract | None,
    keys: Collection[tuple[str, str]],
    niks: Collection[str],
) -> Iterator[tuple[int, int]]:
    rejected = con.execute(
        "SELECT delivery, row_id, value FROM rejects WHERE value IS NOT NULL "
        "AND delivery IN (SELECT delivery FROM deliveries WHERE source = ?)",
        [source],
    ).fetchall()
    for delivery, row_id, text in rejected:
        if names_one(text, niks):
            yield delivery, row_id
    if contract is None or "raw_" + source not in table_names(con):
        return
    wanted = {key for of, key in keys if of == source}
    for (delivery, row_id), key, nik in _mapped(con, contract):
        if key in wanted or nik in niks:
            yield delivery, row_id


def _mapped(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[tuple[tuple[int, int], str | None, str | None]]:
    """What the mapping makes of the rejected rows of a source: their place, key and NIK."""
    table = "raw_" + contract.name
    columns = ", ".join(
        quoted(name) if name.casefold() in columns_of(con, table) else f"NULL::VARCHAR AS {quoted(name)}"
        for name in contract.columns
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE raw AS "  # noqa: S608
        f"SELECT row_number() OVER () AS row_id, delivery, row_id AS row, file_no, file_row, {columns}, other "
        f"FROM main.{quoted(table)} WHERE (delivery, row_id) IN (SELECT (delivery, row_id) FROM rejects)"
    )
    nik = "nik" if "nik" in contract.entity.field_names else "NULL"
    try:
        rows = con.execute(
            f"SELECT delivery, row, mapped.source_key, mapped.{nik} "  # noqa: S608
            f"FROM ({contract.mapping}) AS mapped JOIN temp.raw USING (row_id)".replace("mapped.NULL", "NULL")
        ).fetchall()
    except duckdb.Error:  # a mapping that a rejected row breaks knows nothing of it
        rows = []
    finally:
        con.execute("DROP TABLE temp.raw")
    return [((delivery, row), key, number) for delivery, row, key, number in rows]


def _files(
    con: duckdb.DuckDBPyConnection, rows: Collection[tuple[int, int]], contracts: Mapping[str, Contract]
) -> dict[str, InFile]:
    """The rows by the hash of the file they came in."""
    files: dict[str, InFile] = {}
    with _named(con, "taken", ("delivery", "row_id"), rows, pa.int64()):
        known = (
            con.execute(
                "SELECT DISTINCT f.sha256, d.source, r.file_row FROM taken JOIN rejects r USING (delivery, row_id) "
                "JOIN deliveries d USING (delivery) JOIN files f ON f.delivery = d.delivery AND f.file_no = r.file_no"
            ).fetchall()
            if rows
            else []
        )
        for sha256, source, number in known:
            files.setdefault(sha256, InFile(source)).numbers.add(number)
        for source in sorted({name.removeprefix("raw_") for name in table_names(con) if name.startswith("raw_")}):
            for sha256, number, said in _raw(con, source, contracts.get(source)):
                at = files.setdefault(sha256, InFile(source))
                at.numbers.add(number)
                at.said.add(said)
    return files


def _raw(con: duckdb.DuckDBPyConnection, source: str, contract: Contract | None) -> Iterator[tuple[str, int, Row]]:
    table = "raw_" + source
    names = [name for name in contract.columns if name.casefold() in columns_of(con, table)] if contract else []
    columns = "".join(f", r.{quoted(name)}" for name in names)
    rows = con.execute(
        f"SELECT f.sha256, r.file_row{columns} FROM taken JOIN {quoted(table)} r USING (delivery, row_id) "  # noqa: S608
        "JOIN files f ON f.delivery = r.delivery AND f.file_no = r.file_no"
    ).fetchall()
    for sha256, number, *values in rows:
        told = dict(zip(names, values, strict=True))
        yield sha256, number, tuple(told.get(name) for name in (contract.columns if contract else ()))


def take_out(con: duckdb.DuckDBPyConnection, found: Landed, keys: Collection[tuple[str, str]]) -> None:
    """Delete landed rows, and what else the workbench says of the records with these keys, in one transaction."""
    if not widen(con):
        return
    tables = table_names(con)
    landed = sorted(name for name in tables if name.startswith(("raw_", "canonical_")) or name == "rejects")
    con.begin()
    try:
        with _named(con, "taken", ("delivery", "row_id"), found.rows, pa.int64()):
            _recount(con)
            for table in landed:
                con.execute(
                    f"DELETE FROM {quoted(table)} "  # noqa: S608
                    "WHERE (delivery, row_id) IN (SELECT (delivery, row_id) FROM taken)"
                )
        with _named(con, "wanted", ("source", "source_key"), keys):
            for table, condition in _NAMING.items():
                if table in tables:
                    con.execute(f"DELETE FROM {table} WHERE {condition}")  # noqa: S608
        con.commit()
    except BaseException:
        con.rollback()
        raise


_WANTED = "IN (SELECT (source, source_key) FROM wanted)"
_NAMING = {
    "withdrawals": "EXISTS (FROM deliveries AS d JOIN wanted USING (source) WHERE d.delivery = withdrawals.delivery "
    "AND wanted.source_key = withdrawals.source_key)",
    "memberships": f"(source, source_key) {_WANTED}",
    "decisions": f"(left_source, left_key) {_WANTED} OR (right_source, right_key) {_WANTED}",
}


def _recount(con: duckdb.DuckDBPyConnection) -> None:
    """Count what is `taken` as forgotten, and no more as accepted or rejected."""
    told: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
    for table in sorted(name for name in table_names(con) if name.startswith("raw_") or name == "rejects"):
        for delivery, file, row in con.execute(
            f"SELECT DISTINCT delivery, file_no, row_id FROM {quoted(table)} "  # noqa: S608
            "WHERE (delivery, row_id) IN (SELECT (delivery, row_id) FROM taken)"
        ).fetchall():
            gone, rejected = told.setdefault((delivery, file), (set(), set()))
            gone.add(row)
            if table == "rejects":
                rejected.add(row)
    for (delivery, file), (gone, rejected) in told.items():
        counted = {"gone": len(gone), "rejected": len(rejected), "delivery": delivery}
        change = "forgotten = coalesce(forgotten, 0) + $gone, rejected = rejected - $rejected"
        of_file = f"UPDATE files SET {change} WHERE delivery = $delivery AND file_no = $file"  # noqa: S608
        con.execute(of_file, {**counted, "file": file})
        accepted = "accepted = read - rejected + $rejected - coalesce(forgotten, 0) - $gone"
        con.execute(f"UPDATE deliveries SET {change}, {accepted} WHERE delivery = $delivery", counted)  # noqa: S608


@contextmanager
def _named(
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: tuple[str, str],
    rows: Collection[tuple[Any, Any]],
    kind: pa.DataType = _TEXT,
) -> Iterator[None]:
    """The pairs as a table of this name."""
    ordered = sorted(rows)
    con.register(
        name, pa.table({column: pa.array([row[n] for row in ordered], kind) for n, column in enumerate(columns)})
    )
    try:
        yield
    finally:
        con.unregister(name)
