"""Source records: what each source said, version after version, and what it withdrew."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeVar

import pyarrow as pa
from sqlalchemy import Connection, bindparam, select

from mdi_engine.errors import UsageError
from mdi_engine.ledger import counters, versions
from mdi_engine.ledger.deliveries import DeliveryInfo, open_delivery
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.events import append_event, head, next_seq, to_ranges
from mdi_engine.ledger.payloads import Payload, Stated, chain_commitments, stated
from mdi_engine.ledger.schema import record_versions, source_records
from mdi_engine.ledger.tombstones import without_forgotten
from mdi_engine.ledger.versions import Batch, Known

RECORDS_APPENDED = "records-appended"
CHUNK = 2000
_BY_ID = (
    select(*(source_records.c[name] for name in ("id", "entity", "source", "source_key", "version")))
    .add_columns(record_versions.c.payload)
    .select_from(versions.newest())
    .where(source_records.c.id.in_(bindparam("ids", expanding=True)))
)
_ID = select(source_records.c.id).where(
    source_records.c.entity == bindparam("of"),
    source_records.c.source == bindparam("from"),
    source_records.c.source_key == bindparam("key"),
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class AppendCounts:
    """What `append_versions` did. `new` counts records that were not live before, returning ones included; `forgotten`
    rows that were passed over, since their person was forgotten.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    forgotten: int = 0

    def __add__(self, other: AppendCounts) -> AppendCounts:
        return AppendCounts(
            self.new + other.new,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.withdrawn + other.withdrawn,
            self.forgotten + other.forgotten,
        )


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """The newest version of one record. `payload` has no entry for a field that is NULL."""

    id: int
    entity: str
    source: str
    source_key: str
    version: int
    payload: Mapping[str, str]


def append_versions(
    conn: Connection,
    *,
    entity: str,
    source: str,
    delivery: DeliveryInfo,
    rows: Iterable[tuple[str, Payload]] | Stated,
    withdrawn: Iterable[str] = (),
) -> AppendCounts:
    """Append what `rows` (source key, canonical fields) change, and withdraw the live records with these keys.

    `rows` may be what `stated` made of them beforehand: it is one chunk then.

    Idempotent: rows that say what the ledger knows change nothing. Each `CHUNK` of rows that changes something is one
    event; a call that changes nothing writes none. Call it in `writing` with one chunk at a time to keep transactions
    short. A key must not be given twice in one call. Unknown keys in `withdrawn` are passed over, and so are rows of
    people who were forgotten (`tombstones`).
    """
    opened = open_delivery(conn, entity, source, delivery)
    counts = AppendCounts()
    for chunk in [rows] if isinstance(rows, Stated) else map(stated, _chunks(rows)):
        counts += _append_chunk(conn, entity, source, opened, chunk)
    for keys in _chunks(withdrawn):
        counts += _withdraw_chunk(conn, entity, source, opened, keys)
    return counts


def known_keys(conn: Connection, entity: str, source: str) -> dict[str, str]:
    """The hash of the newest payload by source key, live records only."""
    statement = select(source_records.c.source_key, record_versions.c.payload_hash).select_from(versions.newest())
    rows = conn.execute(statement.where(*versions.owned_by(entity, source), source_records.c.live))
    return dict(rows.all())


def live_records(conn: Connection, entity: str) -> Iterator[SourceRecord]:
    """The newest version of every live record, ordered by (source, source_key) in code point order."""
    columns = source_records.c
    statement = (
        select(columns.id, columns.source, columns.source_key, columns.version, record_versions.c.payload)
        .select_from(versions.newest())
        .where(columns.entity == entity, columns.live)
        .order_by(columns.source, columns.source_key)
    )
    for id_, source, key, version, payload in conn.execute(statement, execution_options=STREAMED):
        yield SourceRecord(id_, entity, source, key, version, json.loads(payload))


def records_by_id(conn: Connection, ids: Iterable[int]) -> list[SourceRecord]:
    """The newest version of these records, withdrawn or not, ordered by (source, source_key); unknown ids pass by."""
    found: list[SourceRecord] = []
    for some in _chunks(ids):
        rows = conn.execute(_BY_ID, {"ids": some})
        found += [SourceRecord(i, e, s, key, v, json.loads(payload or "{}")) for i, e, s, key, v, payload in rows]
    return sorted(found, key=lambda record: (record.source, record.source_key))


def record_id(conn: Connection, entity: str, source: str, source_key: str) -> int | None:
    """The id of a record, withdrawn or not; None if it never arrived."""
    return conn.execute(_ID, {"of": entity, "from": source, "key": source_key}).scalar_one_or_none()


def projection(conn: Connection, entity: str, fields: Sequence[str]) -> pa.Table:
    """Live records as columns: record_id int64, source, source_key, then `fields` as text or NULL.

    Rows are ordered by (source, source_key). The number of the newest event is the table's metadata `as_of_event`
    (see `as_of_event`); call it in `reading`, so that number and rows belong to one state.
    """
    columns: list[pa.Field[Any]] = [pa.field(name, pa.string()) for name in ("source", "source_key", *fields)]
    schema = pa.schema(
        [pa.field("record_id", pa.int64()), *columns], metadata={"as_of_event": str(head(conn)).encode()}
    )
    batches = (
        pa.RecordBatch.from_pylist([_flat(record, fields) for record in chunk], schema=schema)
        for chunk in _chunks(live_records(conn, entity))
    )
    return pa.Table.from_batches(batches, schema=schema)


def _flat(record: SourceRecord, fields: Sequence[str]) -> dict[str, object]:
    row: dict[str, object] = {field: record.payload.get(field) for field in fields}
    return {**row, "record_id": record.id, "source": record.source, "source_key": record.source_key}


def as_of_event(table: pa.Table) -> int:
    """The event as of which `projection` read `table`."""
    return int(table.schema.metadata[b"as_of_event"])


def _append_chunk(conn: Connection, entity: str, source: str, delivery: int, rows: Stated) -> AppendCounts:
    _refuse_doubled(rows.keys)
    given = len(rows.keys)
    rows = without_forgotten(conn, entity, source, rows)
    known = versions.lookup(conn, entity, source, rows.keys)
    new = [place for place, key in enumerate(rows.keys) if key not in known]
    changed = [place for place, key in enumerate(rows.keys) if key in known and not _same(known[key], rows, place)]
    returned = sum(not known[rows.keys[place]].live for place in changed)
    if new or changed:
        first = counters.take(conn, "record", len(new)) if new else 0
        fresh = Batch(range(first, first + len(new)), [1] * len(new), rows.at(new))
        changed.sort(key=lambda place: known[rows.keys[place]].id)
        before = [known[rows.keys[place]] for place in changed]
        later = Batch([each.id for each in before], [each.version + 1 for each in before], rows.at(changed))
        _write(conn, entity, source, delivery, fresh, later)
    unchanged = len(rows.keys) - len(new) - len(changed)
    return AppendCounts(len(new) + returned, len(changed) - returned, unchanged, forgotten=given - len(rows.keys))


def _refuse_doubled(keys: Sequence[str]) -> None:
    doubled = len(keys) - len(set(keys))
    if doubled:
        raise UsageError(
            f"{doubled} source keys occur twice in one delivery.",
            hint="A key belongs to one row; reject the file, or the doubled rows, before appending.",
        )


def _same(known: Known, rows: Stated, place: int) -> bool:
    return known.live and known.payload_hash == rows.hashes[place]


def _write(conn: Connection, entity: str, source: str, delivery: int, fresh: Batch, later: Batch) -> None:
    event = next_seq(conn)
    versions.insert_versions(conn, fresh, delivery, event)
    versions.insert_versions(conn, later, delivery, event)
    versions.insert_records(conn, entity, source, fresh)
    versions.raise_records(conn, later)
    body = {
        "source": source,
        "delivery": delivery,
        "new": to_ranges(fresh.ids),
        "changed": [list(pair) for pair in zip(later.ids, later.versions, strict=True)],
        "withdrawn": [],
        "digest": chain_commitments(chain(fresh.rows.commitments, later.rows.commitments)),
    }
    append_event(conn, kind=RECORDS_APPENDED, entity=entity, body=body, seq=event)


def _withdraw_chunk(conn: Connection, entity: str, source: str, delivery: int, keys: Sequence[str]) -> AppendCounts:
    ids = sorted(known.id for known in versions.lookup(conn, entity, source, keys).values() if known.live)
    if ids:
        versions.withdraw_records(conn, ids)
        body = {
            "source": source,
            "delivery": delivery,
            "new": [],
            "changed": [],
            "withdrawn": to_ranges(ids),
            "digest": chain_commitments(()),
        }
        append_event(conn, kind=RECORDS_APPENDED, entity=entity, body=body)
    return AppendCounts(withdrawn=len(ids))


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
