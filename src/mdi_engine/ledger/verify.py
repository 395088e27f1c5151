"""Proof that the ledger is what its events say. Each check reads; none repairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, select

from mdi_engine.ledger import counters
from mdi_engine.ledger.assignment import ACTIVE, MERGED
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.events import GENESIS, event_hash, from_ranges, read_events, sha256
from mdi_engine.ledger.fold import Folded, fold, stored
from mdi_engine.ledger.payloads import chain_commitments, commitment
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.schema import events, masters, memberships, record_versions


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that should not be. `check`: chain, payload, fold, membership or redirect; no personal value in it."""

    check: str
    message: str


def verify(conn: Connection) -> list[Finding]:
    """Everything that is wrong; an empty list means that all holds. Run in `reading`.

    Checked: each event's hash and link; each payload against its hash, and that against its event; each version is
    named by its event; masters, memberships, versions of records and of parameters against the fold of the events;
    each membership is of a master in use; each redirect takes one step.
    """
    chain = list(_chain(conn))
    if chain:
        return chain  # what broken events say proves nothing
    return [*_payloads(conn), *_folds(conn), *_members(conn), *_redirects(conn)]


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


def _payloads(conn: Connection) -> Iterator[Finding]:
    columns = record_versions.c
    statement = select(record_versions).order_by(columns.event)
    for row in conn.execute(statement, execution_options=STREAMED):
        if row.payload is None:
            continue  # forgotten: the commitment alone stays
        if sha256(row.payload) != row.payload_hash or commitment(row.salt, row.payload_hash) != row.commitment:
            yield Finding("payload", f"Version {row.version} of record {row.record_id} is not what was written.")
    appended: set[int] = set()
    for event in read_events(conn):
        if event.kind == RECORDS_APPENDED:
            appended.add(event.seq)
            if event.body["digest"] != _digest(conn, event.seq, event.body):
                yield Finding("payload", f"The versions of event {event.seq} are not those it names.")
    claimed = set(conn.execute(select(columns.event).distinct()).scalars())
    for seq in sorted(claimed - appended):
        yield Finding("payload", f"Versions of records claim event {seq}, which names none.")


def _digest(conn: Connection, seq: int, body: Mapping[str, Any]) -> str | None:
    """The digest of the versions that the event names, as they are held; None if others claim the event too."""
    columns = record_versions.c
    rows = conn.execute(select(columns.record_id, columns.version, columns.commitment).where(columns.event == seq))
    found = {(record, version): value for record, version, value in rows}
    named = [*((record, 1) for record in from_ranges(body["new"])), *map(tuple, body["changed"])]
    if found.keys() - set(named):
        return None
    return chain_commitments(found.get(version, "missing") for version in named)


def _folds(conn: Connection) -> Iterator[Finding]:
    told, held = fold(read_events(conn)), stored(conn)
    for entity in sorted(told.keys() | held.keys()):
        one, other = told.get(entity, Folded()), held.get(entity, Folded())
        yield from _differences(entity, "records", one.records, other.records)
        yield from _differences(entity, "masters", one.masters, other.masters)
        yield from _differences(entity, "memberships", one.memberships, other.memberships)
        yield from _differences(entity, "versions of parameters", one.parameters, other.parameters)


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
