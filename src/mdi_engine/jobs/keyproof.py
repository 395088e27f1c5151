"""Whether records are found again by the match keys that they have: who is not found would be created a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import InputRefused, counted
from mdi_engine.jobs.home import from_columns, in_force, newest
from mdi_engine.jobs.keys import parts, record_keys
from mdi_engine.ledger.matchkeys import (
    Row,
    drop_keys_of,
    keys_of,
    live_ids,
    mark_keyed,
    missing_among,
    missing_records,
    missing_registered,
    write_match_keys,
)
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.registrations import live_among
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.touched import Touched, linked_as_of
from mdi_engine.ledger.verify import Finding
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.settings import Settings

_CHUNK = 2_000  # records looked at in one go: bounds memory
_MENDED = 50  # records in one transaction, which holds the writer's lock for some milliseconds


def key_findings(settings: Settings, conn: Connection) -> Iterator[Finding]:
    """Per entity, how many records have other match keys than those written, or lack them though they were linked.

    Looked at are the parameters in force and, while they wait for a link job, the newest ones. Run in `reading`, on
    a ledger whose values are what was written.
    """
    for entity in ENTITIES:
        try:
            for version, learned in _versions(settings, conn, entity):
                if count := sum(map(len, _wrong(conn, entity, version, learned))):
                    what = f"{entity}: {counted(count, 'record')} cannot be found by their match keys, or by wrong ones"
                    yield Finding("keys", f"{what}; `mdi rebuild` writes them again.")
        except InputRefused:
            what = f"{entity}: match keys cannot be proved, since the parameters are gone or are not what was trained"
            yield Finding("keys", f"{what}; restore them, or train and link again.")


def mend_keys(settings: Settings, engine: Engine) -> int:
    """Write the match keys again of all records that `key_findings` counts; returns how many.

    Some in each transaction, so that others register meanwhile. Entities whose parameters are gone are passed over.
    """
    return sum(_mend(settings, engine, entity) for entity in ENTITIES)


def _mend(settings: Settings, engine: Engine, entity: str) -> int:
    try:
        with reading(engine) as conn:
            found = [
                (version, learned, [id_ for some in _wrong(conn, entity, version, learned) for id_ in some])
                for version, learned in _versions(settings, conn, entity)
            ]
    except InputRefused:
        return 0
    for version, learned, ids in found:
        for some in parts(ids, _MENDED):
            with writing(engine) as conn:
                live = sorted(one.id for one in live_among(conn, some))
                drop_keys_of(conn, entity, version, live)
                write_match_keys(conn, entity, version, sorted(_keys(conn, learned, live)))
                mark_keyed(conn, version, live)
    return sum(len(ids) for _, _, ids in found)


def _versions(settings: Settings, conn: Connection, entity: str) -> list[tuple[int, Parameters]]:
    """The parameters in force, and the newest if they are others; none before the first link job.

    Raises InputRefused if they are not what was trained.
    """
    if parameters_in_force(conn, entity) is None:
        return []
    return list({each[0]: each for each in (in_force(settings, conn, entity), newest(settings, conn, entity))}.values())


def _wrong(conn: Connection, entity: str, version: int, learned: Parameters) -> Iterator[list[int]]:
    """Live records without the match keys that they have, chunk by chunk."""
    lost, after = _lost(conn, entity, version), 0
    while ids := live_ids(conn, entity, after, _CHUNK):
        after = ids[-1]
        unmarked = missing_among(conn, version, ids)
        marked = [id_ for id_ in ids if id_ not in unmarked]
        differ = {row[2] for row in _keys(conn, learned, marked) ^ keys_of(conn, entity, version, marked)}
        yield sorted(differ | (unmarked & lost))


def _lost(conn: Connection, entity: str, version: int) -> set[int]:
    """Records without the mark that they have keys, though they were registered, or are as the last link run knew them.

    Of parameters that are not in force none: a link job is still to write those keys.
    """
    force, event = parameters_in_force(conn, entity), linked_as_of(conn, entity, version)
    if force is None or force.version != version:
        return set()
    found = set(missing_registered(conn, entity, version))
    if event is not None:
        found |= set(missing_records(conn, entity, version)) - Touched(entity, event).look(conn)
    return found


def _keys(conn: Connection, learned: Parameters, ids: Sequence[int]) -> set[Row]:
    """The keys that these records have, by what they say last."""
    if not ids:
        return set()
    found = records_by_id(conn, ids)
    columns = {
        name: [one.payload.get(str(field.column_in(""))) for one in found]
        for name, field in learned.model.fields.items()
    }
    records = from_columns([one.source for one in found], [one.source_key for one in found], columns)
    return {(rule, key, found[row].id) for rule, key, row in record_keys(records, learned)}
