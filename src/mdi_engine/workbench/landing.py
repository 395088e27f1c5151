"""What stays in the workbench: deliveries, their files, raw and canonical rows, rejects. No index, no constraint.

    deliveries           delivery (from 1), source, entity, digest, read, accepted, rejected, appended, forgotten
    files                delivery, file_no, name, sha256, size, encoding, read, rejected, forgotten
    raw_<source>         delivery, row_id, file_no, file_row, <columns of the contract>, other      verbatim text
    canonical_<entity>   delivery, source, row_id, <canonical fields>                               accepted rows
    rejects              delivery, row_id, file_no, file_row, column_name, value, reason            one per fault
    withdrawals          delivery, source_key          keys that a full delivery no longer names

A delivery is written in one transaction; `appended` turns true once the ledger has all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from mdi_engine.errors import discreet
from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import literal, quoted
from mdi_engine.workbench.shapes import FIXED, columns_of, ensure
from mdi_engine.workbench.staging import StagedFile

# Printable ASCII without the quote and the backslash: what JSON holds as it is.
_NO_ESCAPES = r"[ !#-\[\]-~]*"


@dataclass(frozen=True)
class LandedFile:
    """One file of a landed delivery: read = accepted + rejected + forgotten."""

    name: str
    sha256: str
    read: int
    rejected: int
    forgotten: int = 0

    @property
    def accepted(self) -> int:
        """Rows that became canonical rows."""
        return self.read - self.rejected - self.forgotten


@dataclass(frozen=True)
class Landed:
    """A delivery in the workbench; `newest` of its source or followed by another; `appended` to the ledger or not."""

    delivery: int
    source: str
    entity: str
    full: bool
    appended: bool
    newest: bool
    files: tuple[LandedFile, ...]


def find(con: duckdb.DuckDBPyConnection, source: str, digest: str) -> Landed | None:
    """The newest landed delivery of the source with this digest, or None."""
    found = [landed for landed, landed_digest in _landed(con, source) if landed_digest == digest]
    return found[-1] if found else None


def pending(con: duckdb.DuckDBPyConnection, source: str) -> list[Landed]:
    """Deliveries of the source that an interruption kept from the ledger, oldest first."""
    return [landed for landed, _ in _landed(con, source) if not landed.appended]


def land(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    digest: str,
    files: Sequence[StagedFile],
    withdrawn: Sequence[str],
) -> Landed:
    """Keep what is staged in the temporary tables of `con` as one delivery, the newest of its source."""
    _ensure_tables(con, contract)
    con.begin()
    try:
        number = int(con.execute("SELECT coalesce(max(delivery), 0) + 1 FROM deliveries").fetchall()[0][0])
        _keep_counts(con, contract, digest, number, files)
        _keep_rows(con, contract, number)
        con.execute("INSERT INTO withdrawals SELECT $number, unnest($keys)", {"number": number, "keys": [*withdrawn]})
        con.commit()
    except BaseException:
        con.rollback()
        raise
    return _landed(con, contract.name)[-1][0]


def mark_appended(con: duckdb.DuckDBPyConnection, delivery: int) -> None:
    """The ledger has all of this delivery."""
    con.execute("UPDATE deliveries SET appended = true WHERE delivery = ?", [delivery])


def canonical_rows(
    con: duckdb.DuckDBPyConnection, entity: str, delivery: int, fields: Sequence[str], chunk: int
) -> Iterator[list[tuple[str, dict[str, str | None]]]]:
    """Accepted rows as (source key, other fields), ordered by key in code point order, in lists of `chunk`."""
    others = [name for name in fields if name != "source_key"]
    names = ", ".join(quoted(name) for name in ("source_key", *others))
    cursor = con.cursor()
    try:
        cursor.execute(
            f"SELECT {names} FROM {quoted('canonical_' + entity)} WHERE delivery = ? ORDER BY source_key",  # noqa: S608
            [delivery],
        )
        while rows := cursor.fetchmany(chunk):
            yield [(row[0], dict(zip(others, row[1:], strict=True))) for row in rows]
    finally:
        cursor.close()


def canonical_texts(
    con: duckdb.DuckDBPyConnection, entity: str, delivery: int, fields: Sequence[str], chunk: int
) -> Iterator[list[tuple[str, str | dict[str, str | None]]]]:
    """`canonical_rows`, most of them as the ledger writes them down: JSON with sorted keys, without the NULL fields.

    That text is made here, on all cores, of values that need no escapes; of other rows the fields are given.
    """
    names = sorted(name for name in fields if name != "source_key")
    values = ", ".join(quoted(name) for name in names)
    members = ", ".join(literal(f'"{name}":"') + f" || {quoted(name)} || '\"'" for name in names)
    named = ", ".join(f"{quoted(name)} := {quoted(name)}" for name in names)
    cursor = con.cursor()
    try:
        cursor.execute(
            f"SELECT source_key, if(plain, '{{' || concat_ws(',', {members}) || '}}', NULL), "  # noqa: S608
            f"if(plain, NULL, struct_pack({named})) "
            f"FROM (SELECT *, regexp_full_match(concat({values}), $plain) AS plain "
            f"FROM {quoted('canonical_' + entity)} WHERE delivery = $delivery) ORDER BY source_key",
            {"delivery": delivery, "plain": _NO_ESCAPES},
        )
        while rows := cursor.fetchmany(chunk):
            yield [(key, given if text is None else text) for key, text, given in rows]
    finally:
        cursor.close()


def withdrawn_keys(con: duckdb.DuckDBPyConnection, delivery: int) -> list[str]:
    """Keys that this delivery withdraws, sorted."""
    rows = con.execute("SELECT source_key FROM withdrawals WHERE delivery = ? ORDER BY 1", [delivery]).fetchall()
    return [key for (key,) in rows]


def reasons(con: duckdb.DuckDBPyConnection, delivery: int) -> dict[str, int]:
    """Why rows of this delivery were rejected: `column: reason` to the number of faults, most frequent first."""
    rows = con.execute(
        "SELECT coalesce(column_name || ': ', '') || reason AS why, count(*) FROM rejects WHERE delivery = ? "
        "GROUP BY why ORDER BY count(*) DESC, why",
        [delivery],
    ).fetchall()
    return dict(rows)


def newest_delivery(con: duckdb.DuckDBPyConnection, source: str) -> int | None:
    """Number of the newest landed delivery of the source, None before the first."""
    landed = _landed(con, source)
    return landed[-1][0].delivery if landed else None


def _landed(con: duckdb.DuckDBPyConnection, source: str) -> list[tuple[Landed, str]]:
    if not columns_of(con, "deliveries"):
        return []
    rows = con.execute(
        "SELECT delivery, entity, full_delivery, appended, digest FROM deliveries WHERE source = ? ORDER BY delivery",
        [source],
    ).fetchall()
    newest = rows[-1][0] if rows else 0
    return [
        (Landed(number, source, entity, full, appended, number == newest, _files(con, number)), digest)
        for number, entity, full, appended, digest in rows
    ]


def _files(con: duckdb.DuckDBPyConnection, delivery: int) -> tuple[LandedFile, ...]:
    forgotten = "coalesce(forgotten, 0)" if "forgotten" in columns_of(con, "files") else "0"
    statement = f"SELECT name, sha256, read, rejected, {forgotten} FROM files WHERE delivery = ? ORDER BY file_no"  # noqa: S608
    rows = con.execute(statement, [delivery]).fetchall()
    return tuple(LandedFile(*row) for row in rows)


def _keep_counts(
    con: duckdb.DuckDBPyConnection, contract: Contract, digest: str, number: int, files: Sequence[StagedFile]
) -> None:
    read, rejected = sum(file.read for file in files), sum(file.rejected for file in files)
    accepted = sum(file.accepted for file in files)
    con.execute(
        "INSERT INTO deliveries BY NAME SELECT $delivery AS delivery, $source AS source, $entity AS entity, "
        "$digest AS digest, $full AS full_delivery, $read AS read, $accepted AS accepted, $rejected AS rejected, "
        "false AS appended, $forgotten AS forgotten",
        {
            "delivery": number,
            "source": contract.name,
            "entity": contract.entity.name,
            "digest": digest,
            "full": contract.full,
            "read": read,
            "accepted": accepted,
            "rejected": rejected,
            "forgotten": read - rejected - accepted,
        },
    )
    for file_no, file in enumerate(files):
        extract = file.extract
        values = [number, file_no, discreet(extract.path.name), extract.sha256, extract.size, extract.encoding]
        values += [file.read, file.rejected, file.forgotten]
        con.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)


def _keep_rows(con: duckdb.DuckDBPyConnection, contract: Contract, number: int) -> None:
    raw, canonical = _raw_table(contract), _canonical_table(contract)
    con.execute(f"INSERT INTO {raw} BY NAME SELECT ? AS delivery, * FROM temp.raw", [number])  # noqa: S608
    con.execute(
        f"INSERT INTO {canonical} BY NAME SELECT ? AS delivery, ? AS source, * FROM temp.staged "  # noqa: S608
        "WHERE row_id NOT IN (SELECT row_id FROM temp.set_aside)",
        [number, contract.name],
    )
    con.execute("INSERT INTO rejects BY NAME SELECT ? AS delivery, * FROM temp.set_aside", [number])


def _raw_table(contract: Contract) -> str:
    return quoted("raw_" + contract.name)


def _canonical_table(contract: Contract) -> str:
    return quoted("canonical_" + contract.entity.name)


def _ensure_tables(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make what is absent, widen what a newer contract widened. Checkpointed, so no ALTER shares the log with data."""
    text = dict.fromkeys(contract.columns, "VARCHAR")
    fields = dict.fromkeys(contract.entity.field_names, "VARCHAR")
    raw = {"delivery": "BIGINT", "row_id": "BIGINT", "file_no": "INTEGER", "file_row": "BIGINT", **text}
    canonical = {"delivery": "BIGINT", "source": "VARCHAR", "row_id": "BIGINT", **fields}
    wanted = {
        **FIXED,
        "raw_" + contract.name: {**raw, "other": "VARCHAR"},
        "canonical_" + contract.entity.name: canonical,
    }
    for table, columns in wanted.items():
        ensure(con, table, columns)
    con.execute("CHECKPOINT")
