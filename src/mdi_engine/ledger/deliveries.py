"""Deliveries: which files arrived from a source, in which mode, and whether all of it reached the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from mdi_engine.errors import NotFound
from mdi_engine.ledger import counters
from mdi_engine.ledger.events import canonical_json, now, sha256
from mdi_engine.ledger.schema import deliveries


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of a delivery: its name without folders, and the sha256 (hex) of its bytes as they arrived."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DeliveryInfo:
    """What arrives together. `mode` is `full` (absent keys are withdrawn) or `delta`."""

    mode: str
    files: tuple[DeliveredFile, ...]

    @property
    def digest(self) -> str:
        """Equal for the same mode and the same contents, whatever the files are called and in whatever order."""
        return sha256(canonical_json([self.mode, sorted(file.sha256 for file in self.files)]))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery as the ledger knows it. `complete` once `finish_delivery` was called."""

    id: int
    info: DeliveryInfo
    received_at: str
    complete: bool


def last_delivery(conn: Connection, entity: str, source: str) -> Delivery | None:
    """The newest delivery of a source, or None before the first."""
    return _newest(conn, _ALL, entity, source)


_ALL = (
    select(deliveries)
    .where(deliveries.c.entity == bindparam("of"), deliveries.c.source == bindparam("from"))
    .order_by(deliveries.c.id.desc())
    .limit(1)
)
_FILED = _ALL.where(deliveries.c.files != canonical_json([]))


def _newest(conn: Connection, among: Select[Any], entity: str, source: str) -> Delivery | None:
    row = conn.execute(among, {"of": entity, "from": source}).one_or_none()
    if row is None:
        return None
    files = tuple(DeliveredFile(name, digest) for name, digest in json.loads(row.files))
    return Delivery(row.id, DeliveryInfo(row.mode, files), row.received_at, row.complete)


def _going_on(conn: Connection, entity: str, source: str, info: DeliveryInfo) -> Delivery | None:
    """This delivery if it is the newest one, or if it is not complete and nothing but single records came since."""
    newest = last_delivery(conn, entity, source)
    if newest is not None and newest.info.digest == info.digest:
        return newest
    filed = _newest(conn, _FILED, entity, source) if info.files else None
    return filed if filed is not None and filed.info.digest == info.digest and not filed.complete else None


def open_delivery(conn: Connection, entity: str, source: str, info: DeliveryInfo) -> int:
    """The id of this delivery: the newest one's if it is the same, so that an interrupted one goes on, else a new one.

    The same file again after another one is a new delivery: it changes the records back. What is registered one by one
    while a file comes in does not part it in two; it has no file that could be left half read, and is always complete.
    """
    if (same := _going_on(conn, entity, source, info)) is not None:
        return same.id
    taken = counters.take(conn, "delivery")
    files = canonical_json([[file.name, file.sha256] for file in info.files])
    row = {"id": taken, "entity": entity, "source": source, "mode": info.mode, "digest": info.digest}
    conn.execute(insert(deliveries), [{**row, "files": files, "received_at": now(), "complete": not info.files}])
    return taken


def finish_delivery(conn: Connection, entity: str, source: str, info: DeliveryInfo) -> None:
    """Note that all of it is in the ledger. Raises NotFound if it is not the newest delivery of the source."""
    same = _going_on(conn, entity, source, info)
    if same is None:
        raise NotFound(f"{source}: this delivery is not the newest one.", hint="Append it first.", source=source)
    if not same.complete:
        conn.execute(update(deliveries).where(deliveries.c.id == same.id).values(complete=True))
