"""What the registry answered, kept in the ledger with its date: events that name records, fields and no value.

An answer holds for the version of the record that was asked about. What is done about it, others decide: nothing here
links, parts or refuses a record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, or_, select

from mdi_engine.entities.patient import PATIENT
from mdi_engine.jobs.dukcapil.port import NIK, PASSING, VERIFIED, Answer
from mdi_engine.ledger.dialect import STREAMED
from mdi_engine.ledger.events import append_event, as_event
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.schema import events
from mdi_engine.ledger.secrets import ANCHORS, hasher

CHECKED = "dukcapil-checked"
_FEW = 50  # records for which searching the texts of the events is faster than reading them all


@dataclass(frozen=True, slots=True)
class Check:
    """What was answered about a version of a record; `at` in UTC, `by` the adapter: local or http."""

    record: int
    version: int
    answer: Answer
    at: str
    by: str

    def stands(self, record: SourceRecord, since: str) -> bool:
        """Whether the record need not be asked about: it is the same version, and was answered at `since` or later."""
        return self.version == record.version and self.at >= since and self.answer.reason not in PASSING


def keep_checks(conn: Connection, answers: Iterable[tuple[SourceRecord, Answer]], *, by: str, actor: str) -> None:
    """Append one event with these answers; call it in `writing`, with a few hundred at a time."""
    told = [
        [record.id, record.version, answer.status, list(answer.wrong), list(answer.confirmed), answer.reason]
        for record, answer in answers
    ]
    if told:
        append_event(conn, kind=CHECKED, entity=PATIENT.name, body={"by": by, "answers": told}, actor=actor)


def read_checks(
    conn: Connection, records: Collection[int] | None = None, *, until: int | None = None
) -> dict[int, Check]:
    """The newest answer by record, of these records or of all; with `until`, as of that event."""
    found: dict[int, Check] = {}
    for check in _told(conn, records, until):
        if records is None or check.record in records:
            found[check.record] = check
    return found


def confirmed(
    conn: Connection, records: Iterable[SourceRecord], *, until: int | None = None
) -> dict[int, frozenset[str]]:
    """By record that is verified as it now reads, the fields that the registry confirmed; the NIK is among them."""
    wanted = {record.id: record.version for record in records}
    checks = read_checks(conn, wanted.keys(), until=until)
    return {
        id_: frozenset(check.answer.confirmed)
        for id_, check in checks.items()
        if check.answer.status == VERIFIED and check.version == wanted[id_]
    }


def verified_anchors(conn: Connection, records: Iterable[int]) -> dict[int, str]:
    """The keyed hash of each verified NIK, by live record: what `apply_clusters` takes as `anchors`.

    Verified are records of the registry itself, and those that it verified as they now read.
    """
    found = [record for record in records_by_id(conn, records) if record.payload.get(NIK)]
    sure = confirmed(conn, found).keys()
    hashed = hasher(conn, ANCHORS)
    return {
        record.id: hashed(record.payload[NIK])
        for record in found
        if record.source in PATIENT.verifiers or record.id in sure
    }


def _told(conn: Connection, records: Collection[int] | None, until: int | None) -> Iterator[Check]:
    """What the events tell, the oldest first; of other records, too."""
    c = events.c
    conditions: list[ColumnElement[bool]] = [
        c.kind == CHECKED,
        c.entity == PATIENT.name,
        *([] if until is None else [c.seq <= until]),
    ]
    if records is None or len(records) > _FEW:
        yield from _read(conn, conditions)
    elif records:
        # Canonical JSON: an answer begins with its record, and nothing else does.
        names = or_(*(c.body.contains(f"[{record},", autoescape=True) for record in sorted(records)))
        yield from _read(conn, [*conditions, names])


def _read(conn: Connection, conditions: Sequence[ColumnElement[bool]]) -> Iterator[Check]:
    statement = select(events).where(*conditions).order_by(events.c.seq)
    for row in conn.execute(statement, execution_options=STREAMED).mappings():
        event = as_event(row)
        for record, version, status, wrong, agreed, reason in event.body["answers"]:
            yield Check(
                record, version, Answer(status, tuple(wrong), tuple(agreed), reason), event.at, event.body["by"]
            )
