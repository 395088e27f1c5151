"""All that ever arrived, delivery by delivery: what a workbench is made again from, beside the kept extracts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from mdi_engine.ledger.deliveries import DeliveredFile
from mdi_engine.ledger.events import canonical_json, from_ranges, read_events
from mdi_engine.ledger.records import RECORDS_APPENDED
from mdi_engine.ledger.schema import deliveries, record_versions, source_records
from mdi_engine.ledger.versions import newest, owned_by


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery, its files in the order in which they were given, and the source keys it withdrew, sorted.

    `complete` is False if a run broke off before the ledger had all of it.
    """

    id: int
    entity: str
    source: str
    full: bool
    files: tuple[DeliveredFile, ...]
    complete: bool
    withdrawn: tuple[str, ...]


def arrivals(conn: Connection) -> Iterator[Arrival]:
    """All deliveries, oldest first. Run in `reading`."""
    withdrawn = _withdrawn(conn)
    for row in conn.execute(select(deliveries).order_by(deliveries.c.id)).all():
        files = tuple(DeliveredFile(name, digest) for name, digest in json.loads(row.files))
        keys = tuple(sorted(withdrawn.get(row.id, ())))
        yield Arrival(row.id, row.entity, row.source, row.mode == "full", files, row.complete, keys)


def told_since(conn: Connection, entity: str, source: str) -> set[str]:
    """Keys of records whose newest version came after the source's newest files: registered or corrected one by one."""
    ours = (deliveries.c.entity == entity, deliveries.c.source == source)
    filed = select(func.max(deliveries.c.id)).where(*ours, deliveries.c.files != canonical_json([])).scalar_subquery()
    keys = select(source_records.c.source_key).select_from(newest()).where(*owned_by(entity, source))
    return set(conn.execute(keys.where(record_versions.c.delivery > filed)).scalars())


def _withdrawn(conn: Connection) -> dict[int, list[str]]:
    """The keys that each delivery withdrew."""
    records: dict[int, list[int]] = defaultdict(list)
    for event in read_events(conn):
        if event.kind == RECORDS_APPENDED and event.body["withdrawn"]:
            records[event.body["delivery"]] += from_ranges(event.body["withdrawn"])
    if not records:
        return {}
    named = select(source_records.c.id, source_records.c.source_key)
    keys: dict[int, str] = dict(conn.execute(named).all())
    return {delivery: [keys[id_] for id_ in ids if id_ in keys] for delivery, ids in records.items()}
