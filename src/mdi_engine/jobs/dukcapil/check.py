"""Ask the civil registry about the patients of the home, and keep what it answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from mdi_engine.entities.patient import PATIENT
from mdi_engine.entities.survivorship import STEWARD
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.dukcapil.checks import keep_checks, read_checks
from mdi_engine.jobs.dukcapil.local import LocalDukcapil
from mdi_engine.jobs.dukcapil.port import CIRCUIT, REFUSED, UNVERIFIED, VERIFIED, Answer, Dukcapil, claim_of
from mdi_engine.jobs.dukcapil.remote import HttpDukcapil
from mdi_engine.jobs.dukcapil.wire import load_wire
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.history import master, resolve
from mdi_engine.ledger.records import SourceRecord, live_records, records_by_id
from mdi_engine.ledger.store import reading, writing
from mdi_engine.settings import Settings

LOCAL, HTTP = "local", "http"
_CHUNK = 200  # records in one event
_AT_ONCE = 4  # questions that the service gets at a time

Asked = tuple[SourceRecord, Answer]


@dataclass(frozen=True)
class CheckedRecord:
    """What was answered about one record: `source:key`, and the fields of `Answer`."""

    record: str
    status: str
    wrong: tuple[str, ...]
    reason: str | None


@dataclass
class CheckReport:
    """What was asked, of whom (`by`: local or http), and answered: records by status.

    `standing`: not asked, since an earlier answer holds. `left`: not asked, since the service does not answer; they are
    due still. `wrong`: records by field that disagrees. `reasons`: unverified ones by reason. `records`: each answer,
    where numbers were named.
    """

    by: str
    asked: int = 0
    verified: int = 0
    refused: int = 0
    unverified: int = 0
    standing: int = 0
    left: int = 0
    wrong: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    records: tuple[CheckedRecord, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)

    def count(self, answers: Sequence[Asked]) -> None:
        """Add these answers."""
        status = Counter(answer.status for _, answer in answers)
        self.asked += len(answers)
        self.verified += status[VERIFIED]
        self.refused += status[REFUSED]
        self.unverified += status[UNVERIFIED]
        self.wrong = dict(sorted((Counter(self.wrong) + Counter(w for _, a in answers for w in a.wrong)).items()))
        self.reasons = dict(
            sorted((Counter(self.reasons) + Counter(a.reason for _, a in answers if a.reason is not None)).items())
        )


def registry_of(settings: Settings, engine: Engine) -> Dukcapil:
    """Who answers for the civil registry in this home: its service if there is a URL, else its extract in the ledger.

    Keep it: the service's has a breaker, which must outlive a question. Raises as `load_wire` and `HttpDukcapil` do.
    """
    if settings.dukcapil_url is None:
        return LocalDukcapil(engine, complete=settings.dukcapil_complete)
    return HttpDukcapil(
        settings.dukcapil_url,
        load_wire(settings.dukcapil_wire),
        credentials={name: value.get_secret_value() for name, value in settings.dukcapil_credentials.items()},
        headers={name: value.get_secret_value() for name, value in settings.dukcapil_headers.items()},
        seconds=settings.dukcapil_seconds,
        attempts=settings.dukcapil_attempts,
    )


def check_patients(
    settings: Settings, numbers: Sequence[str] = (), *, purpose: str | None = None, progress: Progress = SILENT
) -> CheckReport:
    """Ask about the live records of these numbers, or about all whose answer is missing or no longer holds.

    An answer holds for `dukcapil_days`, for the version of the record that was asked about, and unless the registry
    could not be asked. The registry's own records, corrections, and records without a NIK are not asked about. Stops
    where the service does not answer. Answers are kept as they come, so it may be interrupted and repeated.
    Raises `NotFound` for a number that was never issued.
    """
    report = CheckReport(LOCAL if settings.dukcapil_url is None else HTTP)
    with home_ledger(settings) as engine:
        registry = registry_of(settings, engine)
        with reading(engine) as conn:
            of = [resolve(conn, PATIENT.name, number).number for number in numbers]
            due = _named(conn, of) if numbers else _due(conn, settings, report)
        if numbers:
            record_read(engine, settings, "dukcapil", PATIENT.name, of, purpose=purpose)
        progress.stage("ask the civil registry", len(due))
        for place in range(0, len(due), _CHUNK):
            answers = _ask(engine, settings, registry, due[place : place + _CHUNK])
            heard = [asked for asked in answers if asked[1].reason != CIRCUIT]
            with writing(engine) as conn:
                keep_checks(conn, heard, by=report.by, actor=settings.actor)
            report.count(heard)
            progress.advance(len(heard))
            if numbers:
                report.records += tuple(_told(asked) for asked in answers)
            if len(heard) < len(answers):
                report.left = len(due) - place - len(heard)
                break
    return report


def _askable(record: SourceRecord) -> bool:
    return bool(record.payload.get("nik")) and record.source not in (*PATIENT.verifiers, STEWARD)


def _named(conn: Connection, numbers: Sequence[str]) -> list[int]:
    views = [master(conn, PATIENT.name, number) for number in dict.fromkeys(numbers)]
    return [record.id for view in views for record in view.records if record.live and _askable(record)]


def _due(conn: Connection, settings: Settings, report: CheckReport) -> list[int]:
    """The ids alone, by source and key; what is not due is counted."""
    since = (datetime.now(UTC) - timedelta(days=settings.dukcapil_days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    checks, due = read_checks(conn), []
    for record in filter(_askable, live_records(conn, PATIENT.name)):
        check = checks.get(record.id)
        if check is not None and check.stands(record, since):
            report.standing += 1
        else:
            due.append(record.id)
    return due


def _ask(engine: Engine, settings: Settings, registry: Dukcapil, ids: Sequence[int]) -> list[Asked]:
    """The answers about these records as they now read; outside of any transaction, for it may take long."""
    with reading(engine) as conn:
        records = [record for record in records_by_id(conn, ids) if _askable(record)]
    claims = [claim for record in records if (claim := claim_of(record.payload, settings.dukcapil_fields))]
    if isinstance(registry, LocalDukcapil):
        return list(zip(records, registry.check_all(claims), strict=True))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(zip(records, pool.map(registry.check, claims), strict=True))


def _told(asked: Asked) -> CheckedRecord:
    record, answer = asked
    return CheckedRecord(f"{record.source}:{record.source_key}", answer.status, answer.wrong, answer.reason)
