"""Hand a merged number its records again: the inverse of a merge, exactly.

The rule of `assignment` would mostly come to the same. But it asks where the founding record is, which may have been
withdrawn, and which of several merged numbers is the oldest, while the one that was in force is to be in force again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection, bindparam, select, update

from mdi_engine.ledger.apply import MASTERS_ASSIGNED
from mdi_engine.ledger.assignment import ACTIVE, MERGED, Master, resolve
from mdi_engine.ledger.events import append_event, from_ranges, to_ranges
from mdi_engine.ledger.history import assigning_events
from mdi_engine.ledger.neighbourhood import batches, members_of
from mdi_engine.ledger.schema import masters, memberships


@dataclass(frozen=True)
class Merge:
    """How `number` was merged: the records it brought along, and the event as of which that was decided."""

    number: str
    records: frozenset[int]
    as_of: int


def last_merge(conn: Connection, entity: str, number: str) -> Merge | None:
    """The last merge that can be taken back: of this number, if it redirects, else of one that redirects to it.

    One of which no record is left there cannot. None if there is none.
    """
    columns = masters.c
    row = conn.execute(select(columns.redirect_to).where(columns.entity == entity, columns.number == number)).one()
    survivor = row.redirect_to or number
    held = members_of(conn, entity, [survivor]).keys()
    wanted = {number} if row.redirect_to else set(_redirecting(conn, entity, survivor)) - {survivor}
    for merge in reversed(list(_merges(conn, entity, number))):
        if merge.number in wanted and not merge.records.isdisjoint(held):
            return replace(merge, records=merge.records & held)
    return None


def _merges(conn: Connection, entity: str, number: str) -> Iterator[Merge]:
    """In order, the merges that this number was part of."""
    for event in assigning_events(conn, entity, number):
        for loser, _ in event.body["merged"]:
            brought = [ranges for old, _, ranges in event.body["moved"] if old == loser]
            records = frozenset(record for ranges in brought for record in from_ranges(ranges))
            yield Merge(loser, records, event.body["as_of"])


def give_back(
    conn: Connection, entity: str, number: str, records: Iterable[int], *, version: int, as_of: int, actor: str
) -> int:
    """Put a merged number in force again, with these records of the master that it redirects to; returns the event.

    Numbers whose path of merges leads through it redirect to it again. That master must keep a record. `version` (of
    parameters) and `as_of` are what the event is to name. Run in `writing`.
    """
    given = sorted(records)
    family = _redirecting(conn, entity, _end(conn, entity, number))
    survivor = family[number].redirect_to
    after = {**family, number: replace(family[number], status=ACTIVE, merged_into=None, redirect_to=None)}
    _redirect(conn, entity, after)
    its = masters.c
    back = update(masters).where(its.entity == entity, its.number == number)
    conn.execute(back.values(status=ACTIVE, merged_into=None, redirect_to=None))
    for some in batches(given):
        conn.execute(update(memberships).where(memberships.c.record_id.in_(some)).values(number=number))
    nothing: dict[str, list[object]] = {name: [] for name in ("founded", "left", "merged", "retired", "anchored")}
    moved = [[survivor, number, to_ranges(given)]]
    body = {"parameters": version, "as_of": as_of, "moved": moved, "restored": [number], **nothing}
    return append_event(conn, kind=MASTERS_ASSIGNED, entity=entity, body=body, actor=actor)


def issued_since(conn: Connection, entity: str, event: int, numbers: Iterable[str | None]) -> set[str]:
    """Those of these numbers that were issued after this event."""
    columns, issued = masters.c, set[str]()
    for some in batches(sorted({number for number in numbers if number is not None})):
        found = select(columns.number).where(columns.entity == entity, columns.number.in_(some))
        issued |= set(conn.execute(found.where(columns.founded > event)).scalars())
    return issued


def _redirect(conn: Connection, entity: str, after: dict[str, Master]) -> None:
    """Write where the merged numbers of a family lead now."""
    ends = {number: resolve(after, number) for number, master in after.items() if master.status == MERGED}
    rows = [{"of": number, "end": end} for number, end in sorted(ends.items()) if after[number].redirect_to != end]
    if rows:
        changed = update(masters).where(masters.c.entity == entity, masters.c.number == bindparam("of"))
        conn.execute(changed.values(redirect_to=bindparam("end")), rows)


def _end(conn: Connection, entity: str, number: str) -> str:
    columns = masters.c
    found = select(columns.redirect_to).where(columns.entity == entity, columns.number == number)
    end: str = conn.execute(found.where(columns.status == MERGED)).scalar_one()
    return end


def _redirecting(conn: Connection, entity: str, number: str) -> dict[str, Master]:
    """The master of this number and those that redirect to it."""
    c = masters.c
    columns = (c.number, c.founder, c.founded, c.status, c.anchor, c.merged_into, c.redirect_to, c.split_from)
    family: dict[str, Master] = {}
    for column in (c.number, c.redirect_to):  # as one OR, SQLite would walk all masters
        rows = conn.execute(select(*columns).where(c.entity == entity, column == number))
        family |= {row.number: Master(*row) for row in rows}
    return family
