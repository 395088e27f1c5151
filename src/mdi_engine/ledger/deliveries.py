"""Deliveries: which files arrived from a source, in which mode, and whether all of it reached the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

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
    statement = select(deliveries).where(deliveries.c.entity == entity, deliveries.c.source == source)
    row = conn.execute(statement.order_by(deliveries.c.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    files = tuple(DeliveredFile(name, digest) for name, digest in json.loads(row.files))
    return Delivery(row.id, DeliveryInfo(row.mode, files), row.received_at, row.complete)


def open_delivery(conn: Connection, entity: str, source: str, info: DeliveryInfo) -> int:
    """The id of this delivery: the newest one's if it is the same, so that an interrupted one goes on, else a new one.

    The same file again after another one is a new delivery: it changes the records back.
    """
    newest = last_delivery(conn, entity, source)
    if newest is not None and newest.info.digest == info.digest:
        return newest.id
    taken = counters.take(conn, "delivery")
    files = canonical_json([[file.name, file.sha256] for file in info.files])
    row = {"id": taken, "entity": entity, "source": source, "mode": info.mode, "digest": info.digest}
    conn.execute(insert(deliveries), [{**row, "files": files, "received_at": now(), "complete": False}])
    return taken


def finish_delivery(conn: Connection, entity: str, source: str, info: DeliveryInfo) -> None:
    """Note that all of it is in the ledger. Raises NotFound if it is not the newest delivery of the source."""
    newest = last_delivery(conn, entity, source)
    if newest is None or newest.info.digest != info.digest:
        raise NotFound(f"{source}: this delivery is not the newest one.", hint="Append it first.", source=source)
    if not newest.complete:
        conn.execute(update(deliveries).where(deliveries.c.id == newest.id).values(complete=True))
