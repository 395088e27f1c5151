"""Commands that ask: lookup, history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Actor, EntityName, Home, Json, Purpose, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.errors import UsageError, discreet

if TYPE_CHECKING:
    from mdi_engine.entities.survivorship import Chosen
    from mdi_engine.jobs.lookup import LookupReport, MasterReport
    from mdi_engine.ledger.dated import DatedRecord
    from mdi_engine.ledger.history import MasterView

# What a value on the command line must be to mean "read it from standard input".
_STDIN = "-"


def lookup(
    entity: EntityName,
    named: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="The number of a master, in force or not.")
    ] = None,
    number: Annotated[str | None, typer.Option("--number", help="The same; - reads it from stdin.")] = None,
    nik: Annotated[str | None, typer.Option("--nik", metavar="-", help="The NIK; - reads it from stdin.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="A name, as anybody would write it.")] = None,
    birthdate: Annotated[str | None, typer.Option("--birthdate", help="Date of birth, day first or ISO.")] = None,
    gender: Annotated[str | None, typer.Option("--gender", help="male or female, L or P.")] = None,
    mother: Annotated[str | None, typer.Option("--mother", help="Name of the mother.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Mobile phone.")] = None,
    str_: Annotated[str | None, typer.Option("--str", help="Registration certificate (STR).")] = None,
    sip: Annotated[str | None, typer.Option("--sip", help="Licence of practice (SIP).")] = None,
    nie: Annotated[str | None, typer.Option("--nie", help="Registration number of a product (NIE).")] = None,
    maker: Annotated[str | None, typer.Option("--maker", help="Who makes a product.")] = None,
    province: Annotated[str | None, typer.Option("--province", help="Its name, or its Kemendagri code.")] = None,
    kode: Annotated[str | None, typer.Option("--kode", help="The hospital code (kode_rs).")] = None,
    code: Annotated[str | None, typer.Option("--code", help="KPTL, ICD-9-CM or LOINC code of a service.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many masters.")] = 10,
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Find the master of a number, or of what you know.

    \b
        mdi lookup facility --name "RSUD Sidoarjo" --province "Jawa Timur"
        mdi lookup patient --name "Siti Aminah" --birthdate 17-08-1985 --gender P
        mdi lookup facility 1000123456

    A number gives its golden record: each value with the record that says it and since when, the rule that chose it,
    and what others say. A value of - is read from standard input, so that it stands in no list of processes and no
    history. What an entity can be asked by is told where something else is given.
    """
    from mdi_engine.jobs import lookup as job

    given = {"nik": nik, "name": name, "birthdate": birthdate, "gender": gender, "mother": mother, "phone": phone}
    given |= {"str": str_, "sip": sip, "nie": nie, "maker": maker, "province": province, "kode": kode, "code": code}
    query = _from_stdin({"NUMBER": named, "number": number, **given})
    _refuse_nik(named)
    numbers = [found for found in (query.pop("NUMBER"), query.pop("number")) if found is not None]
    settings = settings_of(home, actor=actor)
    if numbers:
        if len(numbers) > 1 or any(value is not None for value in query.values()):
            raise UsageError("--number says all; other values beside it have no meaning", hint="Give one or the other.")
        return _show_number(job.lookup_number(settings, entity, numbers[0], purpose=purpose), json=json)
    said = {field: value for field, value in query.items() if value is not None}
    report = job.lookup(settings, entity, said, limit, purpose=purpose)
    if json:
        as_json(report.to_dict())
        job.require_found(report)
        return None
    return _show_matches(job.require_found(report))


def history(
    number: Annotated[str, typer.Argument(metavar="ID", help="A number that was issued at any time.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="As it stood at the end of that day, or then; in UTC.")
    ] = None,
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell what became of a number, or what it was at a date.

    \b
        mdi history 1000123456
        mdi history 1000123456 --as-of 2026-11-24

    With a date: the master, its records and the golden record as the ledger had them then, and what had happened to
    the number by then. Whose history was asked for is recorded where it is a person's.
    """
    from mdi_engine.jobs.history import history_of

    found = history_of(settings_of(home, actor=actor), number, as_of=as_of, purpose=purpose)
    if json:
        return as_json(found.to_dict())
    rows = [
        (
            entry.seq,
            _second(entry.at),
            entry.what,
            " ".join(entry.numbers),
            " ".join(found.names[i] for i in entry.records),
        )
        for entry in found.entries
    ]
    show(facts(_standing(found.master)), "")
    if found.golden:
        show(_golden(found.golden), "")
    return show(Table(("event", "at", "what", "numbers", "records"), rows))


def _from_stdin(values: dict[str, str | None]) -> dict[str, str | None]:
    """The values, with the one that is `-` read from the first line of standard input."""
    asking = [name for name, value in values.items() if value == _STDIN]
    if len(asking) > 1:
        raise UsageError(f"only one value can come from standard input, not {' and '.join(asking)}")
    line = sys.stdin.readline().strip() if asking else ""
    return {name: line if name in asking else value for name, value in values.items()}


def _refuse_nik(number: str | None) -> None:
    """What stands on a command line is in the list of processes and the history, and a NIK should be in neither."""
    if number is not None and discreet(number) != number:
        raise UsageError(
            "no number of a master has 16 digits",
            hint="A NIK is asked by: `mdi lookup patient --nik -` reads it from stdin.",
        )


def _show_number(found: MasterReport, *, json: bool) -> None:
    from mdi_engine.jobs.golden import golden_of

    golden = golden_of(found.master)
    if json:
        return as_json({**found.to_dict(), "golden": [asdict(one) for one in golden]})
    if found.via is not None:
        note(f"{found.via} redirects to {found.number}.")
    records = [
        (_reference(record), record.payload.get("name"), record.payload.get("province"))
        for record in found.master.records
    ]
    return show(facts(_standing(found.master)), "", Table(("record", "name", "province"), records), "", _golden(golden))


def _golden(golden: Sequence[Chosen]) -> Table:
    rows = [
        (
            one.field,
            one.value,
            f"{one.source}:{one.key}",
            _second(one.date),
            one.rule,
            "; ".join(f"{said.value} ({said.source}:{said.key})" for said in one.beaten) or None,
        )
        for one in golden
    ]
    return Table(("field", "value", "record", "since", "rule", "others say"), rows)


def _second(moment: str) -> str:
    """A moment in UTC to the second, as a person reads it."""
    return moment[:19].replace("T", " ") + "Z"


def _reference(record: DatedRecord) -> str:
    return f"{record.source}:{record.source_key}{'' if record.live else ' (withdrawn)'}"


def _standing(view: MasterView) -> list[tuple[str, object]]:
    stated: list[tuple[str, object]] = [
        ("number", view.number),
        ("entity", view.entity),
        ("status", view.status),
        ("founded", _second(view.founded_at)),
        ("records", " ".join(_reference(record) for record in view.records) or None),
    ]
    if view.redirect_to:
        stated.append(("redirects to", view.redirect_to))
    if view.split_from:
        stated.append(("split from", view.split_from))
    if view.redirects:
        stated.append(("numbers redirected here", " ".join(view.redirects)))
    return stated


def _show_matches(report: LookupReport) -> None:
    rows = [
        (match.number or "waiting", match.fields.get("name"), match.record, match.verdict, match.probability)
        for match in report.matches
    ]
    show(Table(("number", "name", "record", "verdict", "probability"), rows))
    for match in report.matches:
        show("", match.number or "waiting", *(f"  {line}" for line in match.why))
