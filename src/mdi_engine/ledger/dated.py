"""Records with the date of what they say: today, or as they stood at an earlier event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, not_, or_, select

from mdi_engine.ledger.events import as_event, canonical_json
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.records import RECORDS_APPENDED, SourceRecord
from mdi_engine.ledger.schema import deliveries, events, record_versions, source_records
from mdi_engine.ledger.steps import SUBJECT_FORGOTTEN

_NO_FILES = canonical_json([])


@dataclass(frozen=True, slots=True)
class DatedRecord(SourceRecord):
    """A version of a record, brought by event `event`. `live`: its source has not withdrawn it.

    `at` (UTC) is when its delivery was received: rows of one delivery are of one age, however many events they took.
    What came one by one, without a file, is as old as its event.

    `payload` is empty once the person is forgotten, also where it is read as of an earlier event.
    """

    event: int
    at: str
    live: bool


def dated_records(conn: Connection, ids: Iterable[int], event: int | None = None) -> list[DatedRecord]:
    """The newest version of these records, or the newest as of `event`, ordered by (source, source_key).

    Withdrawn records are among them; unknown ids, and records that had not arrived by then, pass by.
    """
    found: list[DatedRecord] = []
    for some in batches(sorted(ids)):
        for id_, entity, source, key, version, payload, seq, at, live in conn.execute(_newest(some, event)):
            said = json.loads(payload or "{}")
            found.append(DatedRecord(id_, entity, source, key, version, said, seq, at, live))
    if event is not None:
        gone = _withdrawn(conn, {record.id: record.event for record in found}, event)
        found = [replace(record, live=record.id not in gone) for record in found]
    return sorted(found, key=lambda record: (record.source, record.source_key))


def _newest(ids: Sequence[int], event: int | None) -> Select[Any]:
    known, versions = source_records.c, record_versions.c
    version: Any = known.version
    if event is not None:
        earlier = record_versions.alias()
        until = earlier.c.record_id == known.id, earlier.c.event <= event
        version = select(func.max(earlier.c.version)).where(*until).scalar_subquery()
    at = case((deliveries.c.files == _NO_FILES, events.c.at), else_=deliveries.c.received_at)
    return (
        select(known.id, known.entity, known.source, known.source_key, versions.version, versions.payload)
        .add_columns(versions.event, at, known.live)
        .join_from(source_records, record_versions, and_(versions.record_id == known.id, versions.version == version))
        .join(events, events.c.seq == versions.event)
        .join(deliveries, deliveries.c.id == versions.delivery)
        .where(known.id.in_(ids))
    )


def _withdrawn(conn: Connection, brought: Mapping[int, int], event: int) -> set[int]:
    """Those of the records (id → the event that brought their version) that were withdrawn after it, up to `event`."""
    # Most deliveries withdraw nothing, and canonical JSON says so in one way: few bodies are looked into.
    took = and_(events.c.kind == RECORDS_APPENDED, not_(events.c.body.contains('"withdrawn":[]', autoescape=True)))
    later = events.c.seq > min(brought.values(), default=event), events.c.seq <= event
    rows = conn.execute(select(events).where(*later, or_(took, events.c.kind == SUBJECT_FORGOTTEN)))
    gone: set[int] = set()
    for row in rows.mappings():
        found = as_event(row)
        ranges = found.body["records" if found.kind == SUBJECT_FORGOTTEN else "withdrawn"]
        gone |= {id_ for id_, seq in brought.items() if seq < found.seq and any(a <= id_ <= b for a, b in ranges)}
    return gone
