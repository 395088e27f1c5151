"""How much the ledger holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from mdi_engine.ledger.assignment import ACTIVE, MERGED, RETIRED
from mdi_engine.ledger.events import head
from mdi_engine.ledger.schema import deliveries, masters, memberships, source_records


@dataclass(frozen=True, slots=True)
class EntitySummary:
    """Counts of one entity. `records`: live ones by source; `withdrawn`: records no longer live."""

    entity: str
    records: dict[str, int]
    withdrawn: int
    waiting: int
    masters: int
    redirects: int
    retired: int


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of the whole ledger; `events` is the number of the newest event."""

    events: int
    entities: tuple[EntitySummary, ...]


def waiting(conn: Connection, entity: str) -> int:
    """Live records that no link run has given a number yet."""
    statement = select(func.count()).select_from(source_records)
    placed = select(memberships.c.record_id).where(memberships.c.record_id == source_records.c.id).exists()
    return conn.execute(statement.where(source_records.c.entity == entity, source_records.c.live, ~placed)).scalar_one()


def summary(conn: Connection) -> Summary:
    """Counts of every entity that has records, by name."""
    entities = conn.execute(select(source_records.c.entity).distinct().order_by(source_records.c.entity)).scalars()
    return Summary(head(conn), tuple(_entity(conn, entity) for entity in entities.all()))


def entity_of(conn: Connection, source: str) -> str | None:
    """What a source feeds; None if nothing of it ever arrived."""
    return conn.execute(select(deliveries.c.entity).where(deliveries.c.source == source).limit(1)).scalar_one_or_none()


def _entity(conn: Connection, entity: str) -> EntitySummary:
    columns = source_records.c
    counted = select(columns.source, columns.live, func.count()).where(columns.entity == entity)
    rows = conn.execute(counted.group_by(columns.source, columns.live).order_by(columns.source)).all()
    by_status = select(masters.c.status, func.count()).where(masters.c.entity == entity).group_by(masters.c.status)
    status: dict[str, int] = dict(conn.execute(by_status).all())
    return EntitySummary(
        entity=entity,
        records={source: count for source, live, count in rows if live},
        withdrawn=sum(count for _, live, count in rows if not live),
        waiting=waiting(conn, entity),
        masters=status.get(ACTIVE, 0),
        redirects=status.get(MERGED, 0),
        retired=status.get(RETIRED, 0),
    )
