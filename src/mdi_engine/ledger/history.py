"""What became of a number: where it leads today, what it holds, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from mdi_engine.errors import NotFound
from mdi_engine.ledger.apply import MASTERS_ASSIGNED
from mdi_engine.ledger.dated import DatedRecord, dated_records
from mdi_engine.ledger.events import Event, as_event, from_ranges, head
from mdi_engine.ledger.schema import events, masters, memberships


@dataclass(frozen=True, slots=True)
class Resolved:
    """The number in force, and the number asked for if that redirects to it."""

    number: str
    via: str | None


@dataclass(frozen=True, slots=True)
class MasterView:
    """A master with its records and the numbers that redirect to it. `status`: active, merged or retired.

    A record that was withdrawn is among them until the next link job.
    """

    entity: str
    number: str
    status: str
    redirect_to: str | None
    split_from: str | None
    founded_at: str
    redirects: tuple[str, ...]
    records: tuple[DatedRecord, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a number in event `seq` at `at` (UTC).

    `what`: founded, split-off (a new number was split from this one), restored, joined, moved-away, left (withdrawn),
    merged-into, absorbed, retired, anchored. `numbers`: the other numbers concerned, as whence records joined or
    whither they moved; `records`: the ids of those that came or went. Records that went to a number when this one
    merged into it are told as moved-away, those that came as joined.
    """

    seq: int
    at: str
    actor: str
    what: str
    numbers: tuple[str, ...] = ()
    records: tuple[int, ...] = ()


def resolve(conn: Connection, entity: str, number: str) -> Resolved:
    """The number to use for `number`, through at most one redirect. Raises NotFound if it was never issued."""
    statement = select(masters.c.redirect_to).where(masters.c.entity == entity, masters.c.number == number)
    row = conn.execute(statement).one_or_none()
    if row is None:
        raise NotFound(f"{entity} has no number {number}.", hint="Look it up by its fields.", entity=entity)
    return Resolved(number, None) if row.redirect_to is None else Resolved(row.redirect_to, number)


def master(conn: Connection, entity: str, number: str) -> MasterView:
    """The master with exactly this number, redirected or not. Raises NotFound if it was never issued."""
    resolve(conn, entity, number)
    columns = masters.c
    row = conn.execute(
        select(columns.status, columns.redirect_to, columns.split_from, events.c.at)
        .join(events, events.c.seq == columns.founded)
        .where(columns.entity == entity, columns.number == number)
    ).one()
    redirects = select(columns.number).where(columns.entity == entity, columns.redirect_to == number)
    members = select(memberships.c.record_id).where(memberships.c.entity == entity, memberships.c.number == number)
    return MasterView(
        entity,
        number,
        *row,
        redirects=tuple(sorted(conn.execute(redirects).scalars())),
        records=tuple(dated_records(conn, conn.execute(members).scalars())),
    )


def number_of(conn: Connection, record_id: int) -> str | None:
    """The number that a record bears, None while it waits."""
    statement = select(memberships.c.number).where(memberships.c.record_id == record_id)
    return conn.execute(statement).scalar_one_or_none()


def history(conn: Connection, entity: str, number: str) -> list[HistoryEntry]:
    """What happened to a number, oldest first. Raises NotFound if it was never issued."""
    resolve(conn, entity, number)
    return [entry for event in assigning_events(conn, entity, number) for entry in _entries(event, number)]


def assigning_events(conn: Connection, entity: str, number: str, *, until: int | None = None) -> Iterator[Event]:
    """The events that say something of this number, in order; all that ever became of it stands in them."""
    founded = select(masters.c.founded).where(masters.c.entity == entity, masters.c.number == number).scalar_subquery()
    last = head(conn) if until is None else until
    # The text search narrows millions of records to a few events.
    rows = conn.execute(
        select(events)
        .where(events.c.seq >= founded, events.c.seq <= last)
        .where(events.c.entity == entity, events.c.kind == MASTERS_ASSIGNED)
        .where(events.c.body.contains(f'"{number}"', autoescape=True))
        .order_by(events.c.seq)
    )
    return (as_event(row) for row in rows.mappings())


def _entries(event: Event, number: str) -> Iterator[HistoryEntry]:
    for what, numbers, ranges in _happenings(event.body, number):
        yield HistoryEntry(event.seq, event.at, event.actor, what, numbers, tuple(from_ranges(ranges)))


def _happenings(body: Any, number: str) -> Iterator[tuple[str, tuple[str, ...], list[list[int]]]]:
    yield from _foundings(body, number)
    if number in body["restored"]:
        yield "restored", (), []
    yield from _movements(body, number)
    for loser, survivor in body["merged"]:
        if number == loser:
            yield "merged-into", (survivor,), []
        elif number == survivor:
            yield "absorbed", (loser,), []
    if number in body["retired"]:
        yield "retired", (), []
    if number in (anchored for anchored, _ in body["anchored"]):
        yield "anchored", (), []


def _foundings(body: Any, number: str) -> Iterator[tuple[str, tuple[str, ...], list[list[int]]]]:
    """The founding of the number with all its first records, and of those split from it with what they took along."""
    for new, _, _, split_from in body["founded"]:
        if new == number:
            first = [span for _, to, ranges in body["moved"] if to == number for span in ranges]
            yield "founded", (split_from,) if split_from else (), sorted(first)
        elif split_from == number:
            taken = [span for old, to, ranges in body["moved"] if (old, to) == (number, new) for span in ranges]
            yield "split-off", (new,), taken


def _movements(body: Any, number: str) -> Iterator[tuple[str, tuple[str, ...], list[list[int]]]]:
    """Records that came or went, apart from those that `_foundings` tells of."""
    split_from = {new: origin for new, _, _, origin in body["founded"]}
    for old, to, ranges in body["moved"]:
        if to == number and number not in split_from:
            yield "joined", (old,) if old else (), ranges
        elif old == number and split_from.get(to) != number:
            yield "moved-away", (to,), ranges
    for old, ranges in body["left"]:
        if old == number:
            yield "left", (), ranges
