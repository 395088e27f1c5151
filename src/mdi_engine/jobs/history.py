"""What became of a number."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import NotFound
from mdi_engine.jobs.home import home_ledger
from mdi_engine.ledger.history import HistoryEntry, MasterView, history, master
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class HistoryReport:
    """A number as it stands, and what happened to it, oldest first. `names` calls each record `source:key` by id."""

    master: MasterView
    entries: tuple[HistoryEntry, ...]
    names: dict[int, str]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def history_of(settings: Settings, number: str) -> HistoryReport:
    """The history of a number of any entity. Raises `NotFound` if no entity ever issued it."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        for entity in ENTITIES:
            try:
                view = master(conn, entity, number)
            except NotFound:
                continue
            entries = tuple(history(conn, entity, number))
            ids = sorted({record for entry in entries for record in entry.records})
            names = {record.id: f"{record.source}:{record.source_key}" for record in records_by_id(conn, ids)}
            return HistoryReport(view, entries, names)
    raise NotFound(f"no number {number} was ever issued", hint="Look it up by what you know: `mdi lookup`.")
