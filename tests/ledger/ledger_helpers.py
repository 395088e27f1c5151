from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.records import AppendCounts, append_versions
from mdi_engine.ledger.store import writing

DELIVERY = DeliveryInfo("full", (DeliveredFile("a.csv", "0" * 64),))


def add(
    engine: Engine, names: dict[str, str | None], *, withdrawn: Sequence[str] = (), entity: str = "facility"
) -> AppendCounts:
    """Append records of source `sirs`, key → name; those named without a value have a NULL name."""
    rows = [(key, {"name": name}) for key, name in names.items()]
    with writing(engine) as conn:
        return append_versions(conn, entity=entity, source="sirs", delivery=DELIVERY, rows=rows, withdrawn=withdrawn)
