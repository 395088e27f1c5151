"""What a number was at an earlier event: folded from the events that name it, and no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from mdi_engine.errors import NotFound
from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED
from mdi_engine.ledger.dated import dated_records
from mdi_engine.ledger.events import Event, from_ranges, head
from mdi_engine.ledger.history import MasterView, assigning_events
from mdi_engine.ledger.schema import events


@dataclass
class Past:
    """A number after some events. `status` is empty before it is founded; `absorbed`: numbers that ever merged into it.

    `founded_at` is UTC; `records` are ids.
    """

    status: str = ""
    founded_at: str = ""
    split_from: str | None = None
    merged_into: str | None = None
    records: set[int] = field(default_factory=set)
    absorbed: set[str] = field(default_factory=set)


def event_at(conn: Connection, moment: str) -> int:
    """The number of the last event at or before `moment` (UTC, in the form of `events.now`); 0 if there is none.

    By halving: times grow along the chain. Where a clock was set back, it is one of the places that fit.
    """
    before, after = 0, head(conn) + 1
    while after - before > 1:
        middle = (before + after) // 2
        at = conn.execute(select(events.c.at).where(events.c.seq == middle)).scalar_one()
        before, after = (middle, after) if at <= moment else (before, middle)
    return before


def master_at(conn: Connection, entity: str, number: str, event: int) -> MasterView:
    """The master with exactly this number as it stood after `event`, its records in the versions of then.

    Raises NotFound if the number had not been issued by then.
    """
    past = _past(conn, entity, number, event)
    if not past.status:
        raise NotFound(
            f"{entity} had no number {number} then.",
            hint="`mdi history NUMBER` tells when it was founded.",
            entity=entity,
        )
    return MasterView(
        entity,
        number,
        status=past.status,
        redirect_to=_end(conn, entity, past, event),
        split_from=past.split_from,
        founded_at=past.founded_at,
        redirects=tuple(sorted(_redirected(conn, entity, number, past, event))),
        records=tuple(dated_records(conn, past.records, event)),
    )


def fold_number(all_events: Iterable[Event], number: str) -> Past:
    """What a number is after these events: all that name it, in order; others among them change nothing."""
    past = Past()
    for event in all_events:
        _found(past, event, number)
        _move(past, event.body, number)
        _merge(past, event.body, number)
    return past


def _past(conn: Connection, entity: str, number: str, event: int) -> Past:
    return fold_number(assigning_events(conn, entity, number, until=event), number)


def _found(past: Past, event: Event, number: str) -> None:
    for new, _, _, split_from in event.body["founded"]:
        if new == number:
            past.status, past.founded_at, past.split_from = ACTIVE, event.at, split_from


def _move(past: Past, body: Any, number: str) -> None:
    for old, to, ranges in body["moved"]:
        if to == number:
            past.records.update(from_ranges(ranges))
        elif old == number:
            past.records.difference_update(from_ranges(ranges))
    for old, ranges in body["left"]:
        if old == number:
            past.records.difference_update(from_ranges(ranges))


def _merge(past: Past, body: Any, number: str) -> None:
    for loser, survivor in body["merged"]:
        if loser == number:
            past.status, past.merged_into = MERGED, survivor
        elif survivor == number:
            past.absorbed.add(loser)
    if number in body["restored"]:
        past.status, past.merged_into = ACTIVE, None
    if number in body["retired"]:
        past.status = RETIRED


def _end(conn: Connection, entity: str, past: Past, event: int) -> str | None:
    """Where the path of merges ended then; None for a number that was not merged."""
    onward = past.merged_into
    while onward is not None and (further := _past(conn, entity, onward, event).merged_into) is not None:
        onward = further
    return onward


def _redirected(conn: Connection, entity: str, number: str, past: Past, event: int) -> set[str]:
    """The numbers whose path of merges ended at this one then."""
    found: set[str] = set()
    for loser in past.absorbed:
        merged = _past(conn, entity, loser, event)
        if merged.merged_into == number:
            found |= {loser} | _redirected(conn, entity, loser, merged, event)
    return found
