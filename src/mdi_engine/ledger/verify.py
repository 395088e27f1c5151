"""Proof that the ledger is what its events say. Each check reads; none repairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, and_, func, select

from mdi_engine.ledger import counters
from mdi_engine.ledger.assignment import ACTIVE, MERGED
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.events import GENESIS, access_hash, event_hash, from_ranges, read_events, sha256
from mdi_engine.ledger.fold import fold, named_numbers, stored
from mdi_engine.ledger.payloads import chain_commitments, commitment
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.schema import access_numbers, accesses, events, masters, memberships, notes, record_versions
from mdi_engine.ledger.steps import SUBJECT_FORGOTTEN, Folded


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `check`: chain, payload, note, fold, membership, redirect or access.

    There is no personal value in it.
    """

    check: str
    message: str


def verify(conn: Connection) -> list[Finding]:
    """Everything that is wrong; an empty list means that all holds. Run in `reading`.

    Checked: each event's hash and link; each payload and note against its hash, and that against its event; each
    version is named by its event; values are gone where they were forgotten, and nowhere else; what the tables hold
    against the fold of the events; each membership is of a master in use; each redirect takes one step; each access's
    hash and link, and the numbers it names.
    """
    chain = verify_chain(conn)
    if chain:
        return [*chain, *_accesses(conn)]  # what broken events say proves nothing
    forgotten = _forgotten(conn)
    return [
        *_payloads(conn, forgotten),
        *_notes(conn, forgotten.notes),
        *_folds(conn),
        *_members(conn),
        *_redirects(conn),
        *_accesses(conn),
    ]


def verify_chain(conn: Connection) -> list[Finding]:
    """Only whether the events are what was written, each linked to the one before. Run in a transaction."""
    return list(_chain(conn))


def _chain(conn: Connection) -> Iterator[Finding]:
    prev_hash, expected = GENESIS, 1
    for row in conn.execute(select(events).order_by(events.c.seq), execution_options=STREAMED):
        stated = event_hash(row.seq, row.at, row.kind, row.entity, row.actor, row.body, prev_hash)
        if row.seq != expected:
            yield Finding("chain", f"Event {expected} is missing.")
        elif row.prev_hash != prev_hash or row.hash != stated:
            yield Finding("chain", f"Event {row.seq} is not what was written.")
        prev_hash, expected = row.hash, row.seq + 1
    if counters.peek(conn, "event") != expected - 1:
        yield Finding("chain", f"{counters.peek(conn, 'event')} events were written, {expected - 1} are there.")


@dataclass
class _Forgotten:
    """What was forgotten: record ids and numbers of notes, each with the last event that says so."""

    records: dict[int, int] = field(default_factory=dict)
    notes: dict[int, int] = field(default_factory=dict)


def _forgotten(conn: Connection) -> _Forgotten:
    found = _Forgotten()
    for event in read_events(conn):
        if event.kind == SUBJECT_FORGOTTEN:
            found.records.update((record, event.seq) for record in from_ranges(event.body["records"]))
            found.notes.update((seq, event.seq) for seq in event.body["notes"])
    return found


def _payloads(conn: Connection, forgotten: _Forgotten) -> Iterator[Finding]:
    columns = record_versions.c
    statement = select(record_versions).order_by(columns.event)
    for row in conn.execute(statement, execution_options=STREAMED):
        which, gone = (
            f"ersion {row.version} of record {row.record_id}",
            forgotten.records.get(row.record_id, 0) > row.event,
        )
        if gone and (row.payload, row.payload_hash, row.salt) != (None, None, None):
            yield Finding("payload", f"V{which} was forgotten, and its values are still there.")
        elif row.payload is None and not gone:
            yield Finding("payload", f"The values of v{which} are gone, and nobody was forgotten.")
        elif row.payload is not None and not _vouched(row.payload, row.payload_hash, row.salt, row.commitment):
            yield Finding("payload", f"V{which} is not what was written.")
    appended: set[int] = set()
    for event in read_events(conn):
        if event.kind == RECORDS_APPENDED:
            appended.add(event.seq)
            if event.body["digest"] != _digest(conn, event.seq, event.body):
                yield Finding("payload", f"The versions of event {event.seq} are not those it names.")
    claimed = set(conn.execute(select(columns.event).distinct()).scalars())
    for seq in sorted(claimed - appended):
        yield Finding("payload", f"Versions of records claim event {seq}, which names none.")


def _vouched(text: str, digest: str, salt: str, bound: str) -> bool:
    return sha256(text) == digest and commitment(salt, digest) == bound


def _digest(conn: Connection, seq: int, body: Mapping[str, Any]) -> str | None:
    """The digest of the versions that the event names, as they are held; None if others claim the event too."""
    columns = record_versions.c
    rows = conn.execute(select(columns.record_id, columns.version, columns.commitment).where(columns.event == seq))
    found = {(record, version): value for record, version, value in rows}
    named = [*((record, 1) for record in from_ranges(body["new"])), *map(tuple, body["changed"])]
    if found.keys() - set(named):
        return None
    return chain_commitments(found.get(version, "missing") for version in named)


def _notes(conn: Connection, forgotten: Mapping[int, int]) -> Iterator[Finding]:
    bound = {event.seq: event.body["note"] for event in read_events(conn) if event.body.get("note") is not None}
    for row in conn.execute(select(notes).order_by(notes.c.event)):
        if bound.pop(row.event, None) != row.commitment:
            yield Finding("note", f"The note of event {row.event} is not the one that the event names.")
        elif row.event in forgotten:
            if (row.text, row.salt) != (None, None):
                yield Finding("note", f"The note of event {row.event} was forgotten, and is still there.")
        elif row.text is None or not _vouched(row.text, sha256(row.text), row.salt, row.commitment):
            yield Finding("note", f"The note of event {row.event} is not what was written.")
    for seq in sorted(bound):
        yield Finding("note", f"The note of event {seq} is missing.")


def _folds(conn: Connection) -> Iterator[Finding]:
    told, held = fold(read_events(conn)), stored(conn)
    for entity in sorted(told.keys() | held.keys()):
        one, other = told.get(entity, Folded()), held.get(entity, Folded())
        for what in fields(Folded):
            yield from _differences(entity, what.name, getattr(one, what.name), getattr(other, what.name))


def _differences(entity: str, what: str, folded: Mapping[Any, Any], stored: Mapping[Any, Any]) -> Iterator[Finding]:
    wrong = sorted(key for key in folded.keys() | stored.keys() if folded.get(key) != stored.get(key))
    if wrong:
        some = ", ".join(map(str, wrong[:5])) + (", …" if len(wrong) > 5 else "")
        yield Finding("fold", f"{entity}: {len(wrong)} {what} are not what the events say: {some}.")


def _members(conn: Connection) -> Iterator[Finding]:
    joined = and_(masters.c.entity == memberships.c.entity, masters.c.number == memberships.c.number)
    astray = select(func.count()).select_from(memberships.outerjoin(masters, joined))
    count = conn.execute(astray.where(func.coalesce(masters.c.status, "") != ACTIVE)).scalar_one()
    if count:
        yield Finding("membership", f"{count} records belong to a master that is not in use.")
    empty = select(func.count()).select_from(masters.outerjoin(memberships, joined))
    count = conn.execute(empty.where(masters.c.status == ACTIVE, memberships.c.record_id.is_(None))).scalar_one()
    if count:
        yield Finding("membership", f"{count} masters in use have no record.")


def _redirects(conn: Connection) -> Iterator[Finding]:
    end = masters.alias()
    joined = and_(end.c.entity == masters.c.entity, end.c.number == masters.c.redirect_to)
    found = select(func.count()).select_from(masters.outerjoin(end, joined))
    count = conn.execute(
        found.where(masters.c.status == MERGED, func.coalesce(end.c.status, MERGED) == MERGED)
    ).scalar_one()
    if count:
        yield Finding("redirect", f"{count} merged numbers do not resolve in one step.")
    stray = select(func.count()).select_from(masters).where(masters.c.status != MERGED)
    if count := conn.execute(stray.where(masters.c.redirect_to.is_not(None))).scalar_one():
        yield Finding("redirect", f"{count} numbers redirect though they were not merged.")


def _accesses(conn: Connection) -> Iterator[Finding]:
    prev_hash, expected = GENESIS, 1
    for row in conn.execute(select(accesses).order_by(accesses.c.seq), execution_options=STREAMED):
        if row.seq != expected:
            yield Finding("access", f"Access {expected} is missing.")
        elif row.prev_hash != prev_hash or row.hash != access_hash(*row[:-1]):
            yield Finding("access", f"Access {row.seq} is not what was written.")
        prev_hash, expected = row.hash, row.seq + 1
    if counters.peek(conn, "access") != expected - 1:
        yield Finding("access", f"{counters.peek(conn, 'access')} accesses were written, {expected - 1} are there.")
    columns = access_numbers.c
    found = select(columns.entity, columns.number, columns.seq).order_by(columns.seq, columns.number)
    held = map(tuple, conn.execute(found, execution_options=STREAMED))
    # All the way: a cursor that is left open on PostgreSQL is complained of.
    if sum(one != other for one, other in zip_longest(named_numbers(conn), held)):
        yield Finding("access", "The numbers by which accesses are found are not those that the accesses name.")
