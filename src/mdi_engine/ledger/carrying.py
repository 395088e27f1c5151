"""What a restored ledger takes over from the one whose place it takes.

Who was forgotten stays forgotten, who looked stays on record, and no number is issued twice, although the events since
the backup are gone. From an unrelated ledger, whose numbers and accesses mean nothing here, only who was forgotten.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select, update

from mdi_engine.ledger import counters
from mdi_engine.ledger.dialect import STREAMED, insert_rows, sqlite_module
from mdi_engine.ledger.events import append_event, head, head_hash
from mdi_engine.ledger.forgetting import Subject, forget, was_forgotten
from mdi_engine.ledger.schema import (
    access_numbers,
    accesses,
    number_blocks,
    record_versions,
    secrets,
    source_records,
    tombstones,
)
from mdi_engine.ledger.schema import counters as counted
from mdi_engine.ledger.secrets import TOMBSTONES, adopt
from mdi_engine.ledger.steps import SUBJECT_FORGOTTEN
from mdi_engine.ledger.subjects import decisions_about, numbers_of
from mdi_engine.ledger.tombstones import Stones, read_stones, write_stones

_NUMBER = "number:"
_GIVEN = ("record", "delivery", "task")  # ids that nobody else may get
_LEFT_OUT = 10_000  # numbers, at most a tenth of what is left


@dataclass(frozen=True, slots=True)
class Standing:
    """How a ledger stands to a backup: `lost` events came after what they have in common; `related`: they share any."""

    lost: int
    related: bool


def standing(present: Connection, backup: Connection) -> Standing:
    """How many events of `present` a restore of `backup` takes away."""
    common, beyond = 0, min(head(present), head(backup)) + 1
    while beyond - common > 1:  # chains that differ at one event differ ever after
        middle = (common + beyond) // 2
        if head_hash(present, middle) == head_hash(backup, middle):
            common = middle
        else:
            beyond = middle
    return Standing(head(present) - common, common > 0)


def carry_over(present: Connection, to: Connection, *, actor: str) -> int:
    """Take over what must outlast a restore, from a related ledger; returns how many records were forgotten again.

    Run in `writing` of `to`.
    """
    _secrets(present, to)
    _counters(present, to)
    _blocks(present, to)
    _accesses(present, to)
    return _forget_all(present, to, actor)


def carry_forgotten(present: Connection, to: Connection, *, actor: str) -> int:
    """Forget here, too, who was forgotten in an unrelated ledger, with whose key the tombstones stay recognisable;
    returns how many records were. Numbers that `to` may have issued after it was backed up are left out.

    Run in `writing` of `to`.
    """
    adopt(to, TOMBSTONES, _stone_keys(present))
    if head(present):
        leave_out_numbers(to)
    return _forget_all(present, to, actor)


def _forget_all(present: Connection, to: Connection, actor: str) -> int:
    entities = present.execute(select(tombstones.c.entity).distinct().order_by(tombstones.c.entity)).scalars()
    return sum(_forget_again(to, entity, read_stones(present, entity), actor) for entity in entities.all())


def leave_out_numbers(conn: Connection) -> None:
    """Where nobody can say how many numbers were issued since the backup: go on well behind those it knows."""
    sizes = select(number_blocks.c.entity, func.sum(number_blocks.c.size)).group_by(number_blocks.c.entity)
    for entity, size in conn.execute(sizes).all():
        left = int(size) - counters.peek(conn, _NUMBER + entity)
        counters.take(conn, _NUMBER + entity, min(_LEFT_OUT, max(0, left) // 10))


def raise_numbers(conn: Connection, damaged: Path) -> bool:
    """Go on behind the numbers that a damaged SQLite ledger issued; False if it does not tell them any more."""
    module = sqlite_module()
    try:
        connection = module.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)
        try:
            told = connection.execute("SELECT name, value FROM counters WHERE name LIKE 'number:%'").fetchall()
        finally:
            connection.close()
    except module.Error:
        return False
    for name, value in told:
        _raise(conn, str(name), int(value))
    return bool(told)


def _raise(conn: Connection, name: str, value: int) -> None:
    conn.execute(update(counted).where(counted.c.name == name, counted.c.value < value).values(value=value))


def _secrets(present: Connection, to: Connection) -> None:
    """An older backup may have none: its upgrade drew new ones, by which nobody is known. By those of one that has
    tombstones somebody may be.
    """
    theirs = _stone_keys(to)
    to.execute(delete(secrets))
    rows = present.execute(select(secrets)).mappings().all()
    to.execute(insert(secrets), [dict(row) for row in rows])
    adopt(to, TOMBSTONES, theirs)


def _stone_keys(conn: Connection) -> list[str]:
    """The keys by which the tombstones were made, if there are any."""
    if conn.execute(select(tombstones.c.digest).limit(1)).first() is None:
        return []
    return list(conn.execute(select(secrets.c.key).where(secrets.c.name.startswith(TOMBSTONES))).scalars())


def _counters(present: Connection, to: Connection) -> None:
    """Others count what is there, or belong to a state that is gone."""
    known = set(to.execute(select(counted.c.name)).scalars())
    for name, value in present.execute(select(counted.c.name, counted.c.value)).all():
        if name in _GIVEN or name.startswith(_NUMBER):
            if name not in known:
                counters.create(to, name)
            _raise(to, name, value)


def _blocks(present: Connection, to: Connection) -> None:
    """Blocks that were reserved since: numbers of them may be in use."""
    columns = (number_blocks.c.entity, number_blocks.c.position)
    known = {tuple(row) for row in to.execute(select(*columns))}
    for row in present.execute(select(number_blocks)).mappings().all():
        if (row["entity"], row["position"]) not in known:
            to.execute(insert(number_blocks), [dict(row)])


def _accesses(present: Connection, to: Connection) -> None:
    """The longer chain, which is the present one unless the backup came after it."""
    seq = counters.peek(present, "access")
    if seq < counters.peek(to, "access"):
        return
    for table in (accesses, access_numbers):
        to.execute(delete(table))
        _append(present, to, table)
    to.execute(update(counted).where(counted.c.name == "access").values(value=seq))


def _append(present: Connection, to: Connection, table: Table) -> None:
    for some in present.execute(select(table), execution_options=STREAMED).partitions():
        insert_rows(to, table, table.columns.keys(), map(tuple, some))


def _forget_again(conn: Connection, entity: str, stones: Stones, actor: str) -> int:
    """Forget the records that these tombstones bar, by number, and set the tombstones that are still missing."""
    found = dict(_barred(conn, entity, stones))
    numbers = numbers_of(conn, found)
    by_number: dict[str, list[int]] = defaultdict(list)
    for record in sorted(found):
        by_number[numbers.get(record, "")].append(record)
    for number, records in sorted(by_number.items()):
        named = tuple((record, *found[record]) for record in records)
        noted = tuple(decisions_about(conn, entity, records))
        forget(conn, Subject(entity, number, named, frozenset(), 0, 0, noted), actor=actor)
    missing = sorted(stones.digests - read_stones(conn, entity).digests)
    if missing:
        body = {"records": [], "tombstones": missing, "notes": []}
        write_stones(
            conn, entity, missing, append_event(conn, kind=SUBJECT_FORGOTTEN, entity=entity, body=body, actor=actor)
        )
    return len(found)


def _barred(conn: Connection, entity: str, stones: Stones) -> Iterator[tuple[int, tuple[str, str]]]:
    """Records that came back, each with its source and key; any of their versions may bear a NIK that is barred."""
    known = source_records.c
    statement = (
        select(known.id, known.source, known.source_key, record_versions.c.payload)
        .join(record_versions, record_versions.c.record_id == known.id)
        .where(known.entity == entity)
    )
    for record, source, key, payload in conn.execute(statement, execution_options=STREAMED):
        nik = None if payload is None else json.loads(payload).get("nik")
        if not was_forgotten(key) and stones.bar(source, key, nik):
            yield record, (source, key)
