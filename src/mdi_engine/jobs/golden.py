"""The golden record of a number: what its records say, settled field by field, today or as of a date."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from mdi_engine.entities import ENTITIES
from mdi_engine.entities.survivorship import Chosen, Statement, survive
from mdi_engine.errors import UsageError
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.home import entity_named, home_ledger
from mdi_engine.ledger.as_of import event_at, master_at
from mdi_engine.ledger.history import MasterView, master, resolve
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings

_DATE = len("2026-11-24")  # the longest date; no time is as short


@dataclass(frozen=True)
class GoldenReport:
    """The golden record of `number`. `via`: the number asked for, if it redirects, or did then."""

    number: str
    via: str | None
    master: MasterView
    golden: tuple[Chosen, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def golden_record(
    settings: Settings, entity: str, number: str, *, as_of: str | None = None, purpose: str | None = None
) -> GoldenReport:
    """The golden record that a number leads to, today or as of a date (see `moment`). That a person's was asked for is
    recorded.

    Raises `NotFound` if the number was not issued by then, `UsageError` if the date cannot be read.
    """
    entity_named(entity)
    until = None if as_of is None else moment(as_of)
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            view = _today(conn, entity, number) if until is None else _then(conn, entity, number, until)
        record_read(engine, settings, "read", entity, [view.number], purpose=purpose)
    return GoldenReport(view.number, None if view.number == number else number, view, golden_of(view))


def _today(conn: Connection, entity: str, number: str) -> MasterView:
    return master(conn, entity, resolve(conn, entity, number).number)


def _then(conn: Connection, entity: str, number: str, until: str) -> MasterView:
    event = event_at(conn, until)
    view = master_at(conn, entity, number, event)
    return view if view.redirect_to is None else master_at(conn, entity, view.redirect_to, event)


def golden_of(view: MasterView) -> tuple[Chosen, ...]:
    """The golden record of a master as it was read; empty if it has no live record. Each value is dated by the event
    that brought the version of the record which says it.
    """
    live = (record for record in view.records if record.live)
    return survive(
        ENTITIES[view.entity],
        (Statement(record.source, record.source_key, record.at, record.payload) for record in live),
    )


def moment(text: str) -> str:
    """The last instant that a date (its end) or a time (the second it names) means, in UTC as events tell it.

    Without a zone it is UTC. Raises `UsageError` for anything else.

    >>> moment("2026-11-24"), moment("2026-11-24 10:30:05+07:00")
    ('2026-11-24T23:59:59.999999Z', '2026-11-24T03:30:05.999999Z')
    """
    try:
        said = datetime.fromisoformat(text)
        zoned = (said if said.tzinfo else said.replace(tzinfo=UTC)).astimezone(UTC)
        if len(text) <= _DATE:
            zoned = zoned.replace(hour=23, minute=59, second=59)
    except (ValueError, OverflowError):
        raise UsageError(
            "the date that was given is not understood", hint="Such as 2026-11-24, or 2026-11-24T10:30:00+07:00."
        ) from None
    last = zoned if zoned.microsecond else zoned.replace(microsecond=999_999)
    return last.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
