"""Forgetting a person: the values of all versions go, the events stay and prove what they proved before.

What is left: numbers, events and accesses, which hold no value, and tombstones, so that nothing of it comes back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from mdi_engine.errors import Conflict, MdiError
from mdi_engine.ledger.apply import apply_now
from mdi_engine.ledger.dialect import BUSY_SECONDS, is_busy
from mdi_engine.ledger.events import append_event, head, to_ranges
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.review import close_tasks, moot_tasks
from mdi_engine.ledger.schema import events, masters, notes, record_versions, source_records
from mdi_engine.ledger.steps import SUBJECT_FORGOTTEN
from mdi_engine.ledger.subjects import bearers, decisions_about, mentions, numbers_of, subject_records
from mdi_engine.ledger.tombstones import read_stones, write_stones
from mdi_engine.ledger.versions import drop_keys, own_niks

# What a forgotten record is called in place of its source's name for it, which may be a medical record number.
FORGOTTEN = "forgotten-"
_CALLED = re.compile(FORGOTTEN + r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Subject:
    """What is to be forgotten: the records of a person, as (id, source, key), and the person's NIKs.

    `elsewhere`: NIKs of these records that a record of another master bears too, so that they are not known to be this
    person's; they get no tombstone. `mentioned`: records of other people that name a NIK of this one; they stay.
    `notes`: events whose notes go. All of it as of event `as_of`, when `members` were the number's records.
    """

    entity: str
    number: str
    records: tuple[tuple[int, str, str], ...]
    niks: frozenset[str]
    elsewhere: int
    mentioned: int
    notes: tuple[int, ...]
    as_of: int = 0
    members: frozenset[int] = frozenset()

    @property
    def ids(self) -> list[int]:
        """The ids of the records, ascending."""
        return [id_ for id_, _, _ in self.records]


def subject(conn: Connection, entity: str, number: str) -> Subject:
    """What forgetting the master `number`, which is in force, would take away; nothing is changed.

    Withdrawn records that nobody has any more and that bear the person's NIK belong to it. Raises Conflict if records
    that wait for a number do: nobody knows yet whose they are.
    """
    members = frozenset(subject_records(conn, entity, number))
    ids = set(members)
    said = own_niks(conn, sorted(ids))
    found = bearers(conn, entity, said)
    placed = numbers_of(conn, found)
    waiting = [id_ for id_, live in found.items() if live and id_ not in placed and id_ not in ids]
    if waiting:
        raise Conflict(
            f"{len(waiting)} records of {entity} that no link run has given a number yet bear the same NIK",
            hint=f"Run `mdi link {entity}` first.",
            waiting=len(waiting),
        )
    others = [id_ for id_, live in found.items() if live and id_ not in ids]
    shared = own_niks(conn, others) & said
    ids |= {id_ for id_ in _without_master(conn, found) if own_niks(conn, [id_]) & (said - shared)}
    names = _names(conn, sorted(ids))
    return Subject(
        entity,
        number,
        tuple(names),
        frozenset(said - shared),
        len(shared),
        len(mentions(conn, entity, said) - ids),
        tuple(decisions_about(conn, entity, ids)),
        head(conn),
        members,
    )


def still(conn: Connection, who: Subject) -> bool:
    """Whether nothing was said or decided since that concerns this person: what is needed under the writer's lock, in
    place of reading everything again.
    """
    ids, columns = set(who.ids), record_versions.c
    since = select(columns.record_id, columns.payload).where(columns.event > who.as_of)
    touched = any(
        record in ids or any(nik in (payload or "") for nik in who.niks) for record, payload in conn.execute(since)
    )
    members = frozenset(subject_records(conn, who.entity, who.number))
    return not touched and members == who.members and not decisions_about(conn, who.entity, ids, after=who.as_of)


def forget(conn: Connection, who: Subject, *, actor: str) -> int:
    """Take the values away, retire the master, close moot tasks; returns the event. Run in `writing`.

    `who` is what `subject` told in the same transaction, or before, if it is so `still`.
    """
    stones = read_stones(conn, who.entity)
    keys = {id_: stones.of_key(source, key) for id_, source, key in who.records}
    digests = {*keys.values(), *map(stones.of_nik, who.niks)} - stones.digests
    body = {"records": to_ranges(who.ids), "tombstones": sorted(digests), "notes": list(who.notes)}
    seq = append_event(conn, kind=SUBJECT_FORGOTTEN, entity=who.entity, body=body, actor=actor)
    _empty(conn, keys, who.notes)
    write_stones(conn, who.entity, digests, seq)
    in_force = parameters_in_force(conn, who.entity)
    apply_now(
        conn,
        entity=who.entity,
        parameters_version=in_force.version if in_force else 0,
        as_of_event=head(conn),
        clusters=(),
        left=(who.number,),
        actor=actor,
    )
    close_tasks(conn, who.entity, moot_tasks(conn, who.entity))
    return seq


def was_forgotten(source_key: str) -> bool:
    """Whether a record is called as one that was forgotten is: a source may call its own something like it."""
    return _CALLED.fullmatch(source_key) is not None


def forgotten_in(conn: Connection, entity: str, number: str) -> int | None:
    """The event that took the values of this number's founding record; None if they are there."""
    founder = select(masters.c.founder).where(masters.c.entity == entity, masters.c.number == number)
    columns = record_versions.c
    empty = select(columns.record_id).where(columns.record_id == founder.scalar_subquery(), columns.payload.is_(None))
    record = conn.execute(empty.limit(1)).scalar_one_or_none()
    if record is None:
        return None
    told = select(events.c.seq).where(events.c.entity == entity, events.c.kind == SUBJECT_FORGOTTEN)
    return conn.execute(told.order_by(events.c.seq.desc()).limit(1)).scalar_one_or_none()


def scrub(engine: Engine) -> bool:
    """Write the store anew, so that no byte of what was taken away is left in its files; whether that was done.

    It is not while another process reads or writes: run it again later then. Raises MdiError if there is no room: the
    store is copied beside itself.
    """
    raw = engine.raw_connection()
    try:
        driver: Any = raw.driver_connection
        if engine.dialect.name != "sqlite":
            _scrub_postgresql(driver)
            return True
        driver.execute("VACUUM")
        (busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
    except engine.dialect.loaded_dbapi.Error as error:
        if is_busy(error):
            return False
        raise MdiError(
            f"The ledger could not be written anew: {type(error).__name__}.",
            hint="Free as much room as it takes, then run the command again: what it took away is gone, but for "
            "remains in the file that no query shows.",
        ) from None
    finally:
        raw.close()


def _scrub_postgresql(driver: Any) -> None:
    driver.rollback()
    driver.autocommit = True  # no transaction may hold a VACUUM
    try:
        driver.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'")
        for table in (record_versions, source_records, notes):
            driver.execute(f"VACUUM (FULL) {table.name}")
        driver.execute("RESET lock_timeout")
    finally:
        driver.autocommit = False


def _without_master(conn: Connection, ids: Collection[int]) -> set[int]:
    """Those that were withdrawn and that no master has."""
    out: set[int] = set()
    for some in batches(sorted(ids)):
        known = select(source_records.c.id).where(source_records.c.id.in_(some), source_records.c.live.is_(False))
        out |= set(conn.execute(known).scalars())
    return out - numbers_of(conn, out).keys()


def _names(conn: Connection, ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """Records as (id, source, key), by id; those that were forgotten before are left out."""
    found: list[tuple[int, str, str]] = []
    columns = source_records.c
    for some in batches(ids):
        rows = conn.execute(select(columns.id, columns.source, columns.source_key).where(columns.id.in_(some)))
        found += [(id_, source, key) for id_, source, key in rows if not was_forgotten(key)]
    return sorted(found)


def _empty(conn: Connection, keys: dict[int, str], noted: Sequence[int]) -> None:
    """Values, salts, match keys and notes away; of the records' names, digests are left."""
    ids = sorted(keys)
    for some in batches(ids):
        gone = update(record_versions).where(record_versions.c.record_id.in_(some))
        conn.execute(gone.values(payload=None, payload_hash=None, salt=None))
    if ids:
        named = update(source_records).where(source_records.c.id == bindparam("of"))
        named = named.values(live=False, source_key=bindparam("called"))
        conn.execute(named, [{"of": id_, "called": FORGOTTEN + keys[id_]} for id_ in ids])
        drop_keys(conn, ids)
    for some in batches(noted):
        conn.execute(update(notes).where(notes.c.event.in_(some)).values(text=None, salt=None))
