"""The fold: masters, memberships, versions of records and of parameters, made again from the events alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, delete, select

from mdi_engine.ledger.apply import MASTERS_ASSIGNED, insert_masters, insert_memberships
from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED, Master, resolve
from mdi_engine.ledger.events import Event, canonical_json, from_ranges, read_events
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.parameters import PARAMETERS_SWITCHED, PARAMETERS_TRAINED
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.schema import events, masters, memberships, parameters, record_versions, source_records


@dataclass
class Folded:
    """The state of one entity: masters by number, number by record, (version, live) by record, parameters by version.

    Of parameters: digest, the event that recorded them, and the last event that put them in force.
    """

    masters: dict[str, Master] = field(default_factory=dict)
    memberships: dict[int, str] = field(default_factory=dict)
    records: dict[int, tuple[int, bool]] = field(default_factory=dict)
    parameters: dict[int, tuple[str, int, int | None]] = field(default_factory=dict)


def fold(all_events: Iterable[Event]) -> dict[str, Folded]:
    """The state after these events (all, in order, from the first), by entity. Kinds that change no state pass by."""
    entities: dict[str, Folded] = {}
    for event in all_events:
        if event.kind in _STEPS:
            _STEPS[event.kind](entities.setdefault(event.entity, Folded()), event)
    for folded in entities.values():
        folded.masters = {number: _redirected(m, folded.masters) for number, m in folded.masters.items()}
    return entities


def stored(conn: Connection) -> dict[str, Folded]:
    """The state as the tables hold it, by entity; an intact ledger's equals the fold of its events."""
    tables = (source_records, parameters, masters, memberships)
    found = {entity for table in tables for entity in conn.execute(select(table.c.entity).distinct()).scalars()}
    return {entity: _stored(conn, entity) for entity in sorted(found)}


def _stored(conn: Connection, entity: str) -> Folded:
    state, known, trained = read_state(conn, entity), source_records.c, parameters.c
    records = select(known.id, known.version, known.live).where(known.entity == entity)
    versions = select(trained.version, trained.digest, trained.event, trained.in_force_since)
    return Folded(
        dict(state.masters),
        dict(state.memberships),
        {id_: (version, live) for id_, version, live in conn.execute(records)},
        {
            v: (digest, event, since)
            for v, digest, event, since in conn.execute(versions.where(trained.entity == entity))
        },
    )


def rebuild(conn: Connection) -> None:
    """Make masters and memberships again from the events. Run in `writing`.

    No command runs it: the tests do, to prove that state is the fold of events and source records.
    """
    states = fold(read_events(conn))
    conn.execute(delete(memberships))
    conn.execute(delete(masters))
    for entity, folded in sorted(states.items()):
        insert_masters(conn, entity, folded.masters.values())
        insert_memberships(conn, entity, folded.memberships)


def canonical_dump(conn: Connection) -> Iterator[str]:
    """The state as lines of canonical JSON, equal byte for byte on every kind of ledger that holds the same.

    No command runs it: the tests compare it before and after `rebuild`.
    """
    tables = (
        (events, (events.c.seq,)),
        (source_records, (source_records.c.id,)),
        (record_versions, (record_versions.c.record_id, record_versions.c.version)),
        (parameters, (parameters.c.entity, parameters.c.version)),
        (masters, (masters.c.entity, masters.c.number)),
        (memberships, (memberships.c.record_id,)),
    )
    for table, order in tables:
        for row in conn.execute(select(table).order_by(*order)).mappings():
            yield canonical_json({"table": table.name, **row})


def _records_appended(state: Folded, event: Event) -> None:
    body = event.body
    state.records.update((record, (1, True)) for record in from_ranges(body["new"]))
    state.records.update((record, (version, True)) for record, version in body["changed"])
    for record in from_ranges(body["withdrawn"]):
        state.records[record] = (state.records[record][0], False)


def _masters_assigned(state: Folded, event: Event) -> None:
    body: Mapping[str, Any] = event.body
    for number, founder, anchor, split_from in body["founded"]:
        state.masters[number] = Master(number, founder, event.seq, anchor=anchor, split_from=split_from)
    for _, number, records in body["moved"]:
        state.memberships.update((record, number) for record in from_ranges(records))
    for _, records in body["left"]:
        for record in from_ranges(records):
            state.memberships.pop(record, None)
    for number, into in body["merged"]:
        _set(state, number, status=MERGED, merged_into=into)
    for number in body["restored"]:
        _set(state, number, status=ACTIVE, merged_into=None)
    for number in body["retired"]:
        _set(state, number, status=RETIRED)
    for number, anchor in body["anchored"]:
        _set(state, number, anchor=anchor)


def _parameters_trained(state: Folded, event: Event) -> None:
    state.parameters[event.body["version"]] = (event.body["digest"], event.seq, None)


def _parameters_switched(state: Folded, event: Event) -> None:
    digest, trained, _ = state.parameters[event.body["version"]]
    state.parameters[event.body["version"]] = (digest, trained, event.seq)


def _set(state: Folded, number: str, **changes: Any) -> None:
    state.masters[number] = replace(state.masters[number], **changes)


def _redirected(master: Master, all_masters: Mapping[str, Master]) -> Master:
    end = resolve(all_masters, master.number)
    return master if end == master.number else replace(master, redirect_to=end)


_STEPS: Mapping[str, Callable[[Folded, Event], None]] = {
    RECORDS_APPENDED: _records_appended,
    MASTERS_ASSIGNED: _masters_assigned,
    PARAMETERS_TRAINED: _parameters_trained,
    PARAMETERS_SWITCHED: _parameters_switched,
}
