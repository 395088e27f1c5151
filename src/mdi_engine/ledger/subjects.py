"""All that the ledger holds of one person: records, also withdrawn ones, with every version of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from mdi_engine.ledger.apply import MASTERS_ASSIGNED
from mdi_engine.ledger.constraints import DECISION_TAKEN, DECISION_UNDONE
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.events import as_event, from_ranges
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.schema import (
    deliveries,
    events,
    masters,
    memberships,
    record_versions,
    review_tasks,
    source_records,
)
from mdi_engine.ledger.versions import newest


@dataclass(frozen=True, slots=True)
class Version:
    """What a source said of a record, and when it arrived (UTC). `payload` is None once it was forgotten."""

    record: int
    version: int
    at: str
    delivery: int
    files: tuple[str, ...]
    payload: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Held:
    """A record of a person: `live` unless it was withdrawn or forgotten. Versions from the first on."""

    id: int
    source: str
    source_key: str
    live: bool
    versions: tuple[Version, ...]


def family(conn: Connection, entity: str, number: str) -> list[str]:
    """The number and those that redirect to it, sorted."""
    columns = masters.c
    found = select(columns.number).where(columns.entity == entity)
    found = found.where(or_(columns.number == number, columns.redirect_to == number))
    return sorted(conn.execute(found).scalars())


def subject_records(conn: Connection, entity: str, number: str) -> list[int]:
    """The records of the master `number`, which is in force, and those it had when they were withdrawn; ascending."""
    numbers = family(conn, entity, number)
    columns = memberships.c
    members = select(columns.record_id).where(columns.entity == entity, columns.number.in_(numbers))
    found = set(conn.execute(members).scalars())
    left = _left(conn, entity, numbers)
    return sorted(found | _still_out(conn, left))


def _left(conn: Connection, entity: str, numbers: Sequence[str]) -> dict[int, int]:
    """Records that left one of these numbers since they were withdrawn, with the last event in which they did."""
    left: dict[int, int] = {}
    wanted, columns = set(numbers), events.c
    for number in numbers:  # the text search narrows millions of records to a few events
        rows = select(events).where(columns.entity == entity, columns.kind == MASTERS_ASSIGNED)
        for row in conn.execute(rows.where(columns.body.contains(f'"{number}"', autoescape=True))).mappings():
            event = as_event(row)
            for old, ranges in event.body["left"]:
                if old in wanted:
                    left.update((record, max(event.seq, left.get(record, 0))) for record in from_ranges(ranges))
    return left


def _still_out(conn: Connection, left: Mapping[int, int]) -> set[int]:
    """Those that are withdrawn since: no other number has them, and their source never named them again."""
    out: set[int] = set()
    columns = source_records.c
    for some in batches(sorted(left)):
        known = select(columns.id, record_versions.c.event).select_from(newest())
        known = known.where(columns.id.in_(some), columns.live.is_(False))
        placed = set(conn.execute(select(memberships.c.record_id).where(memberships.c.record_id.in_(some))).scalars())
        out |= {record for record, event in conn.execute(known) if event < left[record] and record not in placed}
    return out


def held(conn: Connection, records: Sequence[int]) -> list[Held]:
    """These records with all their versions, ordered by source and key."""
    columns, versions = source_records.c, _versions(conn, records)
    found: list[Held] = []
    for some in batches(records):
        rows = conn.execute(
            select(columns.id, columns.source, columns.source_key, columns.live).where(columns.id.in_(some))
        )
        found += [Held(*row, versions=tuple(versions.get(row.id, ()))) for row in rows]
    return sorted(found, key=lambda record: (record.source, record.source_key))


def _versions(conn: Connection, records: Sequence[int]) -> dict[int, list[Version]]:
    found: dict[int, list[Version]] = {}
    columns = record_versions.c
    for some in batches(records):
        statement = (
            select(
                columns.record_id, columns.version, events.c.at, columns.delivery, deliveries.c.files, columns.payload
            )
            .join(events, events.c.seq == columns.event)
            .join(deliveries, deliveries.c.id == columns.delivery)
            .where(columns.record_id.in_(some))
            .order_by(columns.record_id, columns.version)
        )
        for record, version, at, delivery, files, payload in conn.execute(statement):
            names = tuple(name for name, _ in json.loads(files))
            values = None if payload is None else json.loads(payload)
            found.setdefault(record, []).append(Version(record, version, at, delivery, names, values))
    return found


def bearers(conn: Connection, entity: str, niks: Collection[str]) -> dict[int, bool]:
    """Records of which a version bears one of these NIKs as its own; true for live ones whose newest version does."""
    found: dict[int, bool] = {}
    for record, version, newest_version, live, payload in _naming(conn, entity, niks):
        if payload.get("nik") in niks:
            found[record] = found.get(record, False) or (live and version == newest_version)
    return found


def mentions(conn: Connection, entity: str, niks: Collection[str]) -> set[int]:
    """Live records whose newest version names one of these NIKs in any field, such as a child its mother's."""
    return {
        record
        for record, version, newest_version, live, payload in _naming(conn, entity, niks)
        if live and version == newest_version and any(nik in value for nik in niks for value in payload.values())
    }


def _naming(
    conn: Connection, entity: str, niks: Iterable[str]
) -> Iterator[tuple[int, int, int, bool, Mapping[str, str]]]:
    """Versions whose text holds one of these NIKs. There is no index on values: this reads all of them."""
    known, columns = source_records.c, record_versions.c
    for nik in sorted(niks):
        statement = (
            select(known.id, columns.version, known.version, known.live, columns.payload)
            .join(source_records, known.id == columns.record_id)
            .where(known.entity == entity, columns.payload.contains(nik, autoescape=True))
        )
        for record, version, newest_version, live, payload in conn.execute(statement, execution_options=STREAMED):
            yield record, version, newest_version, live, json.loads(payload)


def numbers_of(conn: Connection, records: Collection[int]) -> dict[int, str]:
    """The number of each of these records that has one."""
    found: dict[int, str] = {}
    for some in batches(sorted(records)):
        statement = select(memberships.c.record_id, memberships.c.number).where(memberships.c.record_id.in_(some))
        found |= dict(conn.execute(statement).all())
    return found


def decisions_about(conn: Connection, entity: str, records: Collection[int], *, after: int = 0) -> list[int]:
    """The events after `after` in which somebody decided about one of these records, ascending; also those that bind
    nothing (unsure, later), which name no more than their task.
    """
    wanted, columns = set(records), events.c
    statement = select(events).where(columns.entity == entity, columns.kind.in_((DECISION_TAKEN, DECISION_UNDONE)))
    statement = statement.where(columns.seq > after).order_by(columns.seq)
    found: list[int] = []
    unbound: dict[int, list[int]] = {}
    for event in map(as_event, conn.execute(statement, execution_options=STREAMED).mappings()):
        if any(record in wanted for pair in event.body["pairs"] for record in pair[:2]):
            found.append(event.seq)
        elif not event.body["pairs"] and event.body["task"] is not None:
            unbound.setdefault(event.body["task"], []).append(event.seq)
    for some in batches(sorted(unbound)):
        asked = select(review_tasks.c.id, review_tasks.c.records).where(review_tasks.c.id.in_(some))
        for task, named in conn.execute(asked):
            found += [] if wanted.isdisjoint(json.loads(named)) else unbound[task]
    return sorted(found)
