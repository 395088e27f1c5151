"""Find the master of a number, or of what somebody knows of a thing: the same keys, levels and weights as the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial

from sqlalchemy import Connection

from mdi_engine.errors import NotFound, UsageError
from mdi_engine.jobs.access import record_read
from mdi_engine.jobs.asking import Asked, Asker, Standing
from mdi_engine.jobs.home import entity_named, home_ledger, in_force
from mdi_engine.ledger.history import MasterView, master, number_of, resolve
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.registrations import sharing
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.explaining.explain import Waterfall
from mdi_engine.settings import Settings

_ASKED = "?"
# What is accepted of things that have a form of their own.
_ACCEPTED = {
    "nik": "A NIK has 16 digits: region, day, month and year of birth (40 more for women), serial; `-` reads stdin.",
    "birthdate": "Day first, such as 17-08-1985 or 17 Agustus 1985; also 1985-08-17, 1985-08 or 1985.",
    "gender": "L or P, male or female, laki-laki or perempuan.",
    "phone": "An Indonesian number, such as 0812…, or one with + and its country.",
    "province": "Its name, or a Kemendagri code of two digits or more.",
    "kode": "7 or 8 digits, perhaps a letter behind them.",
    "nie": "A registration number, such as DKL9931519403A1 or AKL 21104023171.",
    "code": "A KPTL, ICD-9-CM or LOINC code.",
}


@dataclass(frozen=True)
class Match:
    """A master that may be the one asked for, by its best record. `weight` in millibits, `probability` 0..1.

    `number` is None for a record that no link run has given a number yet; each such record is a match of its own.
    """

    number: str | None
    weight: int
    probability: float
    verdict: str
    record: str
    fields: Mapping[str, str | None]
    why: tuple[str, ...]
    mengapa: tuple[str, ...]


@dataclass(frozen=True)
class Belongs:
    """Which master the values belong to, judged as a link job judges a record: all that it may be against each other.

    `standing` is its number, or `source:key` of a record that has none yet; None if it would become a master of its
    own. `weight`: odds of the best master against all else, in millibits, None if there is none it may join.
    """

    standing: str | None
    weight: int | None
    reason: str


@dataclass(frozen=True)
class LookupReport:
    """Masters best first; empty if none reaches the review threshold. `compared`: records that were scored."""

    entity: str
    compared: int
    matches: tuple[Match, ...]
    belongs: Belongs

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class MasterReport:
    """The master a number leads to. `via`: the number asked for, if it redirects."""

    number: str
    via: str | None
    master: MasterView

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def lookup_number(settings: Settings, entity: str, number: str, *, purpose: str | None = None) -> MasterReport:
    """The master of a number, through its redirect if it has one. That a person's was asked for is recorded.

    Raises `NotFound` if it was never issued.
    """
    entity_named(entity)
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            found = resolve(conn, entity, number)
            report = MasterReport(found.number, found.via, master(conn, entity, found.number))
        record_read(engine, settings, "lookup", entity, [report.number], purpose=purpose)
        return report


def lookup(
    settings: Settings, entity: str, query: Mapping[str, str | None], limit: int = 10, *, purpose: str | None = None
) -> LookupReport:
    """Masters that the given values could mean; a value not given says nothing. Who asked about people, what for, and
    what was shown, is recorded before it is returned.

    Raises `UsageError` if nothing was given, or a value that cannot be read (a province that is none), and `NotFound`
    if the entity was never linked.
    """
    named = entity_named(entity)
    unknown = sorted(set(query) - set(named.asked))
    if unknown or not any(query.values()):
        raise UsageError(
            f"{entity}: a look-up takes {', '.join(named.asked)}; got {', '.join(unknown) or 'no value'}",
            hint=f"For example: mdi lookup {entity} --name …",
        )
    asked = named.canonical(query)
    for name, value in query.items():
        if value and not any(asked[field] for field in named.asked[name]):
            raise UsageError(
                f"{entity}: the {name} that was given is not understood",
                hint=_ACCEPTED.get(name, f"Leave --{name} out."),
            )
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            report = _looked_up(settings, conn, entity, asked, limit)
        shown = [match.number for match in report.matches if match.number is not None]
        found = len(report.matches)
        record_read(engine, settings, "lookup", entity, shown, purpose=purpose, asked=asked, found=found)
        return report


def _looked_up(
    settings: Settings, conn: Connection, entity: str, asked: Mapping[str, str | None], limit: int
) -> LookupReport:
    asker = Asker(*in_force(settings, conn, entity))
    known = Asked(_ASKED, _ASKED, asked)  # as if it came from one more source
    found = sharing(conn, entity, asker.version, asker.keys(asked))
    masters = _standing(conn, entity, asker.near(known, found, partial(records_by_id, conn)))
    judged = asker.judge(known, masters)
    standing = None if judged.master is None else _name(masters[judged.master])
    shown = masters[:limit]
    matches = tuple(
        _match(one.number, one.best, why) for one, why in zip(shown, asker.explain(known, shown), strict=True)
    )
    return LookupReport(entity, len(found), matches, Belongs(standing, judged.weight, judged.reason))


def _standing(conn: Connection, entity: str, near: list[tuple[SourceRecord, int]]) -> list[Standing]:
    """The masters of these records, best first."""
    masters: dict[str, Standing] = {}
    for record, weight in near:
        number = number_of(conn, record.id)
        one = Standing(number, record, weight, (record,))
        if _name(one) not in masters:
            records = one.records if number is None else master(conn, entity, number).records
            masters[_name(one)] = replace(one, records=records)
    return list(masters.values())


def _name(one: Standing) -> str:
    return one.number or f"{one.best.source}:{one.best.source_key}"


def _match(number: str | None, record: SourceRecord, waterfall: Waterfall) -> Match:
    return Match(
        number=number,
        weight=waterfall.weight,
        probability=waterfall.probability,
        verdict=waterfall.verdict,
        record=f"{record.source}:{record.source_key}",
        fields=record.payload,
        why=tuple(step.english for step in waterfall.steps if step.weight),
        mengapa=tuple(step.indonesian for step in waterfall.steps if step.weight),
    )


def require_found(report: LookupReport) -> LookupReport:
    """The report itself; raises `NotFound` if it is empty, so that nobody takes silence for an answer."""
    if not report.matches:
        if report.compared:
            said = (
                f"{report.compared} records share something with that, too little to tell whether one of them is meant"
            )
        else:
            said = "nothing like that is known"
        raise NotFound(
            f"{report.entity}: {said}",
            hint="Give more of what you know; the whole name helps most, a birth date or a code beside it even more.",
            entity=report.entity,
            compared=report.compared,
        )
    return report
