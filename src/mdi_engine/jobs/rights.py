"""What the people concerned may ask for (UU 27/2022): what is held about them, and that it be put right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from mdi_engine.entities.survivorship import STEWARD, Chosen
from mdi_engine.errors import Conflict
from mdi_engine.jobs.access import record_read, record_write
from mdi_engine.jobs.golden import golden_of
from mdi_engine.jobs.home import entity_named, entity_of_number, home_ledger
from mdi_engine.jobs.intake import canonical
from mdi_engine.ledger.accesses import Recorded, read_accesses
from mdi_engine.ledger.answered import SAME
from mdi_engine.ledger.apply import apply_now
from mdi_engine.ledger.constraints import decide
from mdi_engine.ledger.deliveries import DeliveryInfo, finish_delivery
from mdi_engine.ledger.events import head
from mdi_engine.ledger.history import HistoryEntry, MasterView, history, master, number_of, resolve
from mdi_engine.ledger.notes import read_note
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.payloads import stated
from mdi_engine.ledger.records import append_versions, record_id, records_by_id
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.subjects import Held, decisions_about, family, held, subject_records
from mdi_engine.settings import Settings

_DELIVERY = DeliveryInfo("delta", ())


@dataclass(frozen=True)
class Decision:
    """What a steward decided about records of a person in event `seq`, with what was noted of it, if it is there."""

    seq: int
    note: str | None


@dataclass(frozen=True)
class SubjectReport:
    """All that is held about a person. `via`: the number asked for, if it redirects.

    `records` with all versions, withdrawn ones included; `entries` is what happened to the number, oldest first;
    `accesses` who looked at or wrote about it or a number that redirects to it, before this report.
    """

    number: str
    via: str | None
    master: MasterView
    golden: tuple[Chosen, ...]
    records: tuple[Held, ...]
    entries: tuple[HistoryEntry, ...]
    decisions: tuple[Decision, ...]
    accesses: tuple[Recorded, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def subject_report(
    settings: Settings, number: str, entity: str | None = None, *, purpose: str | None = None
) -> SubjectReport:
    """What is held about whom a number leads to, of any entity if none is named. That it was asked for is recorded.

    Raises `NotFound` if the number was never issued.
    """
    if entity is not None:
        entity_named(entity)
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            report = _report(conn, entity or entity_of_number(conn, number), number)
        record_read(engine, settings, "subject-report", report.master.entity, [report.number], purpose=purpose)
        return report


def _report(conn: Connection, entity: str, number: str) -> SubjectReport:
    found = resolve(conn, entity, number)
    view = master(conn, entity, found.number)
    ids, numbers = subject_records(conn, entity, found.number), family(conn, entity, found.number)
    return SubjectReport(
        found.number,
        found.via,
        view,
        golden_of(view),
        tuple(held(conn, ids)),
        tuple(history(conn, entity, found.number)),
        tuple(Decision(seq, read_note(conn, seq)) for seq in decisions_about(conn, entity, ids)),
        tuple(read_accesses(conn, entity, numbers)),
    )


@dataclass(frozen=True)
class CorrectReport:
    """What a correction did: `fields` are the canonical ones that the steward now states, with the earlier ones.

    `event` is the decision that ties them to the number; None if they said so already.
    """

    entity: str
    number: str
    record: str
    fields: Mapping[str, str]
    event: int | None

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def correct(
    settings: Settings,
    entity: str,
    number: str,
    values: Mapping[str, str | None],
    *,
    note: str | None = None,
    purpose: str | None = None,
) -> CorrectReport:
    """State what is right of a master: a record of the source `steward` says it, and no record of a source is altered.

    `values` as `intake` takes them. Raises `UsageError` for one that cannot be read, `NotFound` for a number that was
    never issued, `Conflict` for one without live records, or if corrections made for it belong to another number now.
    """
    entity_named(entity)
    fields = canonical(entity, values)
    with home_ledger(settings) as engine, writing(engine) as conn:
        found = resolve(conn, entity, number).number
        live = sorted(record.id for record in master(conn, entity, found).records if record.live)
        if not live:
            raise Conflict(f"{found} has no live record: there is nothing to correct", entity=entity)
        said = {**_stated_before(conn, entity, found), **fields}
        event = _state(conn, settings, entity, found, said, live, note)
        record_write(conn, settings, "correct", entity, [found], "corrected" if event else "unchanged", purpose=purpose)
        return CorrectReport(entity, found, f"{STEWARD}:{found}", said, event)


def _stated_before(conn: Connection, entity: str, number: str) -> Mapping[str, str]:
    known = record_id(conn, entity, STEWARD, number)
    if known is None:
        return {}
    now = number_of(conn, known)
    if now not in (None, number):
        raise Conflict(
            f"the corrections that were made for {number} belong to {now} now",
            hint=f"Correct {now}; or take these records apart first: `mdi unmerge`.",
            number=now,
        )
    return records_by_id(conn, [known])[0].payload


def _state(
    conn: Connection,
    settings: Settings,
    entity: str,
    number: str,
    said: Mapping[str, str],
    live: list[int],
    note: str | None,
) -> int | None:
    """Append what the steward says, tie it to the oldest live record, and give it the number."""
    counts = append_versions(conn, entity=entity, source=STEWARD, delivery=_DELIVERY, rows=stated([(number, said)]))
    finish_delivery(conn, entity, STEWARD, _DELIVERY)
    if counts.forgotten:
        raise Conflict("the NIK that was given is that of somebody who was forgotten", entity=entity)
    record = record_id(conn, entity, STEWARD, number)
    if not (counts.new or counts.changed) or record is None:
        return None
    others = [id_ for id_ in live if id_ != record]
    pairs = [(record, others[0], SAME)] if others else []
    event = decide(conn, entity, pairs, answer="correct", actor=settings.actor, note=note)
    in_force = parameters_in_force(conn, entity)
    apply_now(
        conn,
        entity=entity,
        parameters_version=in_force.version if in_force else 0,
        as_of_event=head(conn),
        clusters=[{record, *others}],
        actor=settings.actor,
    )
    return event
