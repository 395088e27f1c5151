"""What became of a number, up to now or up to a date."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from mdi_engine.entities.survivorship import Chosen
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.golden import golden_of, moment
from mdi_engine.jobs.home import entity_of_number, home_ledger
from mdi_engine.ledger.as_of import event_at, master_at
from mdi_engine.ledger.history import HistoryEntry, MasterView, history, master
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class HistoryReport:
    """A number as it stands, or stood at a date, and what had happened to it, oldest first.

    `golden` is its golden record as of the date; of a number in the present, see `lookup_number`. `names` calls each
    record `source:key` by id.
    """

    master: MasterView
    entries: tuple[HistoryEntry, ...]
    names: dict[int, str]
    golden: tuple[Chosen, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def history_of(
    settings: Settings, number: str, *, as_of: str | None = None, purpose: str | None = None
) -> HistoryReport:
    """The history of a number of any entity, up to a date (see `golden.moment`) if one is given. That a person's was
    asked for is recorded.

    Raises `NotFound` if no entity ever issued it, or none by then, `UsageError` if the date cannot be read.
    """
    until = None if as_of is None else moment(as_of)
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            entity = entity_of_number(conn, number)
            report = _report(conn, entity, number) if until is None else _report_at(conn, entity, number, until)
        record_read(engine, settings, "history", entity, [number], purpose=purpose)
    return report


def _report(conn: Connection, entity: str, number: str) -> HistoryReport:
    entries = history(conn, entity, number)
    return HistoryReport(master(conn, entity, number), tuple(entries), _names(conn, entries))


def _report_at(conn: Connection, entity: str, number: str, until: str) -> HistoryReport:
    event = event_at(conn, until)
    view = master_at(conn, entity, number, event)
    entries = [entry for entry in history(conn, entity, number) if entry.seq <= event]
    return HistoryReport(view, tuple(entries), _names(conn, entries), golden_of(view))


def _names(conn: Connection, entries: list[HistoryEntry]) -> dict[int, str]:
    ids = sorted({record for entry in entries for record in entry.records})
    return {record.id: f"{record.source}:{record.source_key}" for record in records_by_id(conn, ids)}
