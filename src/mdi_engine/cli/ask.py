"""Commands that ask: lookup, history."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import (
    EntityName,
    Home,
    Json,
    settings_of,
)
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.lookup import LookupReport, MasterReport
    from mdi_engine.ledger.history import MasterView

# What a value on the command line must be to mean "read it from standard input".
_STDIN = "-"


def lookup(
    entity: EntityName,
    number: Annotated[str | None, typer.Option("--number", help="The number of a master, in force or not.")] = None,
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
    home: Home = None,
    json: Json = False,
) -> None:
    """Find the master of a number, or of what you know.

    \b
        mdi lookup facility --name "RSUD Sidoarjo" --province "Jawa Timur"
        mdi lookup patient --name "Siti Aminah" --birthdate 17-08-1985 --gender P
        mdi lookup facility --number 1000123456

    A value of - is read from standard input, so that it stands in no list of processes and no history. What an
    entity can be asked by is told where something else is given.
    """
    from mdi_engine.jobs import lookup as job

    given = {"nik": nik, "name": name, "birthdate": birthdate, "gender": gender, "mother": mother, "phone": phone}
    given |= {"str": str_, "sip": sip, "nie": nie, "maker": maker, "province": province, "kode": kode, "code": code}
    query = _from_stdin({"number": number, **given})
    asked = query.pop("number")
    settings = settings_of(home)
    if asked is not None:
        if any(value is not None for value in query.values()):
            raise UsageError("--number says all; other values beside it have no meaning", hint="Give one or the other.")
        found = job.lookup_number(settings, entity, asked)
        return as_json(found.to_dict()) if json else _show_master(found)
    report = job.lookup(settings, entity, {field: value for field, value in query.items() if value is not None}, limit)
    if json:
        as_json(report.to_dict())
        job.require_found(report)
        return None
    return _show_matches(job.require_found(report))


def history(
    number: Annotated[str, typer.Argument(metavar="ID", help="A number that was issued at any time.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell what became of a number.

    \b
        mdi history 1000123456
    """
    from mdi_engine.jobs.history import history_of

    found = history_of(settings_of(home), number)
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
    return show(Table(("event", "at", "what", "numbers", "records"), rows))


def _from_stdin(values: dict[str, str | None]) -> dict[str, str | None]:
    """The values, with the one that is `-` read from the first line of standard input."""
    asking = [name for name, value in values.items() if value == _STDIN]
    if len(asking) > 1:
        raise UsageError(f"only one value can come from standard input, not {' and '.join(asking)}")
    line = sys.stdin.readline().strip() if asking else ""
    return {name: line if name in asking else value for name, value in values.items()}


def _show_master(found: MasterReport) -> None:
    if found.via is not None:
        note(f"{found.via} redirects to {found.number}.")
    records = [
        (f"{record.source}:{record.source_key}", record.payload.get("name"), record.payload.get("province"))
        for record in found.master.records
    ]
    show(facts(_standing(found.master)), "", Table(("record", "name", "province"), records))


def _second(moment: str) -> str:
    """A moment in UTC to the second, as a person reads it."""
    return moment[:19].replace("T", " ") + "Z"


def _standing(view: MasterView) -> list[tuple[str, object]]:
    stated: list[tuple[str, object]] = [
        ("number", view.number),
        ("entity", view.entity),
        ("status", view.status),
        ("founded", _second(view.founded_at)),
        ("records", " ".join(f"{record.source}:{record.source_key}" for record in view.records) or None),
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
