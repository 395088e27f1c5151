"""The fold: what follows from the events (`steps`) beside what the tables hold, made again from the events alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Result, Table, delete, select, update

from mdi_engine.ledger import schema
from mdi_engine.ledger.apply import insert_masters, insert_memberships
from mdi_engine.ledger.assignment import Master, resolve
from mdi_engine.ledger.dialect import STREAMED, insert_rows
from mdi_engine.ledger.events import Event, canonical_json, read_events
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.schema import (
    access_numbers,
    accesses,
    constraints,
    masters,
    memberships,
    parameters,
    review_tasks,
    source_records,
    tombstones,
)
from mdi_engine.ledger.steps import Folded, Task, step

_STATE = (source_records, parameters, masters, memberships, constraints, review_tasks, tombstones)
# Told by `canonical_dump` in this order; match keys are not state, and secrets are nobody's to read.
_DUMPED = (
    schema.events,
    schema.deliveries,
    source_records,
    schema.record_versions,
    parameters,
    masters,
    memberships,
    constraints,
    review_tasks,
    schema.notes,
    tombstones,
    accesses,
    access_numbers,
    schema.number_blocks,
)


def fold(all_events: Iterable[Event]) -> dict[str, Folded]:
    """The state after these events (all, in order, from the first), by entity."""
    entities: dict[str, Folded] = {}
    for event in all_events:
        step(entities.setdefault(event.entity, Folded()), event)
    for folded in entities.values():
        folded.masters = {number: _redirected(m, folded.masters) for number, m in folded.masters.items()}
    return {entity: folded for entity, folded in entities.items() if folded != Folded()}


def _redirected(master: Master, all_masters: dict[str, Master]) -> Master:
    end = resolve(all_masters, master.number)
    return master if end == master.number else replace(master, redirect_to=end)


def stored(conn: Connection) -> dict[str, Folded]:
    """The state as the tables hold it, by entity; an intact ledger's equals the fold of its events."""
    found = {entity for table in _STATE for entity in conn.execute(select(table.c.entity).distinct()).scalars()}
    return {entity: _stored(conn, entity) for entity in sorted(found)}


def _stored(conn: Connection, entity: str) -> Folded:
    def rows(table: Table, *names: str) -> Result[*tuple[Any, ...]]:
        return conn.execute(select(*(table.c[name] for name in names)).where(table.c.entity == entity))

    state = read_state(conn, entity)
    pairs = rows(constraints, "record_l", "record_r", "says", "event")
    trained = rows(parameters, "version", "digest", "event", "in_force_since")
    records = rows(source_records, "id", "version", "live", "source")
    return Folded(
        masters=dict(state.masters),
        memberships=dict(state.memberships),
        records={id_: (version, live, source) for id_, version, live, source in records},
        parameters={version: (digest, event, since) for version, digest, event, since in trained},
        constraints={(left, right): (says, event) for left, right, says, event in pairs},
        tasks={row[0]: Task(*row) for row in rows(review_tasks, *Task._fields)},
        tombstones=dict(rows(tombstones, "digest", "event").all()),
    )


def rebuild(conn: Connection) -> None:
    """Make again from the events what follows from them, and from the accesses which numbers they name.

    Run in `writing`. Values, keys of records and deliveries are in no event: those must be there. Whether a record that
    is there is live, its version, and which source's it is, are put right.
    """
    states = fold(read_events(conn))
    for table in (memberships, masters, parameters, constraints, review_tasks, tombstones, access_numbers):
        conn.execute(delete(table))
    for entity, folded in sorted(states.items()):
        insert_masters(conn, entity, folded.masters.values())
        insert_memberships(conn, entity, folded.memberships)
        _insert_others(conn, entity, folded)
        _mend_records(conn, entity, folded)
    insert_rows(conn, access_numbers, ("entity", "number", "seq"), list(named_numbers(conn)))


def named_numbers(conn: Connection) -> Iterator[tuple[str, str, int]]:
    """What `access_numbers` must hold: each number that an access names, once, with the access."""
    statement = select(accesses.c.entity, accesses.c.numbers, accesses.c.seq).order_by(accesses.c.seq)
    for entity, numbers, seq in conn.execute(statement, execution_options=STREAMED):
        yield from ((entity, number, seq) for number in sorted(set(json.loads(numbers))))


def _insert_others(conn: Connection, entity: str, folded: Folded) -> None:
    trained = ((entity, version, *facts) for version, facts in folded.parameters.items())
    insert_rows(conn, parameters, ("entity", "version", "digest", "event", "in_force_since"), trained)
    pairs = ((entity, *pair, *facts) for pair, facts in folded.constraints.items())
    insert_rows(conn, constraints, ("entity", "record_l", "record_r", "says", "event"), pairs)
    insert_rows(conn, review_tasks, ("entity", *Task._fields), ((entity, *task) for task in folded.tasks.values()))
    buried = ((entity, digest, event) for digest, event in folded.tombstones.items())
    insert_rows(conn, tombstones, ("entity", "digest", "event"), buried)


def _mend_records(conn: Connection, entity: str, folded: Folded) -> None:
    known = source_records.c
    columns = (known.id, known.version, known.live, known.source)
    held = {id_: tuple(facts) for id_, *facts in conn.execute(select(*columns).where(known.entity == entity))}
    wrong = [id_ for id_ in held if id_ in folded.records and folded.records[id_] != held[id_]]
    for record in wrong:  # out of the way first: two of them may bear each other's source
        conn.execute(update(source_records).where(known.id == record).values(source=f"record {record}"))
    for record in wrong:
        values = dict(zip(("version", "live", "source"), folded.records[record], strict=True))
        conn.execute(update(source_records).where(known.id == record).values(**values))


def canonical_dump(conn: Connection) -> Iterator[str]:
    """All that is held as lines of canonical JSON, equal byte for byte on every kind of ledger that holds the same."""
    for table in _DUMPED:
        for row in conn.execute(select(table).order_by(*table.primary_key)).mappings():
            yield canonical_json({"table": table.name, **row})
