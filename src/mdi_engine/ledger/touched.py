"""What happened to the records of an entity after an event, and as of which event a link run knew them all.

That a run is through stands in a counter: its events tell what changed, and a run that changes nothing writes none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from mdi_engine.ledger.constraints import DECISION_TAKEN, DECISION_UNDONE
from mdi_engine.ledger.events import from_ranges, head
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.records import RECORDS_APPENDED, SourceRecord
from mdi_engine.ledger.schema import counters, events, record_versions, source_records
from mdi_engine.ledger.steps import SUBJECT_FORGOTTEN


@dataclass
class Touched:
    """Records about which something new is known after event `event`: what they say, whether they are live, or what
    a steward decided about them. `records` grows, and `event` moves on, whenever it looks.
    """

    entity: str
    event: int
    records: set[int] = field(default_factory=set)

    def look(self, conn: Connection) -> set[int]:
        """All that were touched until now."""
        columns = events.c
        statement = select(columns.kind, columns.body).where(columns.seq > self.event, columns.entity == self.entity)
        now = head(conn)
        for kind, body in conn.execute(statement.where(columns.kind.in_(_KINDS)).order_by(columns.seq)):
            self.records |= set(_told(kind, json.loads(body)))
        self.event = now
        return self.records


def before(conn: Connection, records: Iterable[int], event: int) -> tuple[list[SourceRecord], int]:
    """What these records said as of `event`, those that had arrived by then; and of how many that is forgotten."""
    found: list[SourceRecord] = []
    lost = 0
    for some in batches(sorted(records)):
        for id_, entity, source, key, version, payload in conn.execute(_versions(some, event)):
            if payload is None:
                lost += 1
            else:
                found.append(SourceRecord(id_, entity, source, key, version, json.loads(payload)))
    return found, lost


def linked_as_of(conn: Connection, entity: str, parameters_version: int) -> int | None:
    """The event as of which the last run that came to its end with these parameters knew all records; None: none did.

    Masters are since then what that run made of them, but for what later events say.
    """
    name = _mark(entity, parameters_version)
    return conn.execute(select(counters.c.value).where(counters.c.name == name)).scalar_one_or_none()


def mark_linked(conn: Connection, entity: str, parameters_version: int, event: int) -> None:
    """Note that a run is through which knew all records as of `event`."""
    conn.execute(delete(counters).where(counters.c.name.startswith(_mark(entity, ""), autoescape=True)))
    conn.execute(insert(counters).values(name=_mark(entity, parameters_version), value=event))


def unmark_linked(conn: Connection) -> None:
    """Let the next run of each entity judge everything: what stands in the workbench is not what the last one left."""
    conn.execute(delete(counters).where(counters.c.name.startswith("linked:")))


def _mark(entity: str, version: object) -> str:
    return f"linked:{entity}:{version}"


def _told(kind: str, body: Mapping[str, Any]) -> Iterable[int]:
    if kind == RECORDS_APPENDED:
        yield from from_ranges([*body["new"], *body["withdrawn"]])
        yield from (record for record, _ in body["changed"])
    elif kind == SUBJECT_FORGOTTEN:
        yield from from_ranges(body["records"])
    else:
        yield from (record for pair in body["pairs"] for record in pair[:2])


_KINDS = (RECORDS_APPENDED, DECISION_TAKEN, DECISION_UNDONE, SUBJECT_FORGOTTEN)


def _versions(records: Iterable[int], event: int) -> Any:
    versions, known = record_versions.c, source_records.c
    newest = (
        select(versions.record_id, func.max(versions.version).label("version"))
        .where(versions.record_id.in_(records), versions.event <= event)
        .group_by(versions.record_id)
        .subquery()
    )
    joined = record_versions.join(
        newest, (newest.c.record_id == versions.record_id) & (newest.c.version == versions.version)
    ).join(source_records, known.id == versions.record_id)
    columns = (known.id, known.entity, known.source, known.source_key, versions.version, versions.payload)
    return select(*columns).select_from(joined).order_by(known.id)
