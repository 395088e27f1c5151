"""The two tables of what arrived, source_records and record_versions: looked up and written by the chunk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat

from sqlalchemy import ColumnElement, Connection, Join, and_, bindparam, delete, select, update

from mdi_engine.ledger.dialect import insert_rows
from mdi_engine.ledger.payloads import Stated
from mdi_engine.ledger.schema import keyed_records, match_keys, record_versions, source_records

_IN_LIST = 5_000


@dataclass(frozen=True, slots=True)
class Known:
    """A record as the ledger has it: its newest version, whether it is live, and what it said last."""

    id: int
    version: int
    live: bool
    payload_hash: str | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Versions to be written: the records they are of, the numbers of the versions, and what they say."""

    ids: Sequence[int]
    versions: Sequence[int]
    rows: Stated


def newest() -> Join:
    """Records beside their newest version."""
    joined = and_(
        record_versions.c.record_id == source_records.c.id, record_versions.c.version == source_records.c.version
    )
    return source_records.join(record_versions, joined)


def owned_by(entity: str, source: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions that a record is of this entity and source."""
    return source_records.c.entity == entity, source_records.c.source == source


_OURS = source_records.c.entity == bindparam("of"), source_records.c.source == bindparam("from")
_BETWEEN = (
    select(source_records.c.id)
    .where(*_OURS, source_records.c.source_key >= bindparam("least"), source_records.c.source_key <= bindparam("most"))
    .limit(1)
)
_KNOWN = (
    select(*(source_records.c[name] for name in ("source_key", "id", "version", "live")))
    .add_columns(record_versions.c.payload_hash)
    .select_from(newest())
    .where(*_OURS, source_records.c.source_key.in_(bindparam("keys", expanding=True)))
)


def lookup(conn: Connection, entity: str, source: str, keys: Iterable[str]) -> dict[str, Known]:
    """The records of a source by those of these keys it has had, withdrawn ones included."""
    wanted, ours = list(keys), {"of": entity, "from": source}
    # Of a first delivery, sorted by key, one seek tells that nothing lies between the least and the greatest key.
    between = {"least": min(wanted, default=""), "most": max(wanted, default="")}
    if len(wanted) > 1 and conn.execute(_BETWEEN, {**ours, **between}).first() is None:
        return {}
    rows = conn.execute(_KNOWN, {**ours, "keys": wanted})
    return {key: Known(*rest) for key, *rest in rows}


def insert_versions(conn: Connection, batch: Batch, delivery: int, event: int) -> None:
    """Write these versions, which arrived with `delivery` and of which `event` tells."""
    columns = ("record_id", "version", "delivery", "event", "payload", "payload_hash", "salt", "commitment")
    rows = zip(batch.ids, batch.versions, repeat(delivery), repeat(event), *batch.rows[1:], strict=False)
    insert_rows(conn, record_versions, columns, rows)


def insert_records(conn: Connection, entity: str, source: str, batch: Batch) -> None:
    """Write the records whose first versions these are."""
    columns = ("id", "entity", "source", "source_key", "version", "live")
    rows = zip(batch.ids, repeat(entity), repeat(source), batch.rows.keys, batch.versions, repeat(True), strict=False)
    insert_rows(conn, source_records, columns, rows)


def raise_records(conn: Connection, batch: Batch) -> None:
    """Records that have these further versions: they are live, and their match keys are to be made again."""
    if not batch.ids:
        return
    change = update(source_records).where(source_records.c.id == bindparam("record"))
    change = change.values(version=bindparam("to"), live=True)
    conn.execute(change, [{"record": id_, "to": to} for id_, to in zip(batch.ids, batch.versions, strict=True)])
    drop_keys(conn, batch.ids)


def withdraw_records(conn: Connection, ids: Sequence[int]) -> None:
    """Records that their source no longer names."""
    conn.execute(update(source_records).where(source_records.c.id.in_(ids)).values(live=False))
    drop_keys(conn, ids)


def drop_keys(conn: Connection, ids: Sequence[int]) -> None:
    """Match keys of an older version would make candidates that the record no longer is."""
    conn.execute(delete(match_keys).where(match_keys.c.record_id.in_(ids)))
    conn.execute(delete(keyed_records).where(keyed_records.c.record_id.in_(ids)))


def own_niks(conn: Connection, ids: Sequence[int]) -> set[str]:
    """The NIKs that the newest versions of these records bear as their own."""
    found: set[str] = set()
    for start in range(0, len(ids), _IN_LIST):
        some = ids[start : start + _IN_LIST]
        texts = conn.execute(
            select(record_versions.c.payload).select_from(newest()).where(source_records.c.id.in_(some))
        ).scalars()
        found |= {nik for text in texts if text is not None and (nik := json.loads(text).get("nik")) is not None}
    return found
