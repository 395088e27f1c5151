"""Commands for the rights of the people concerned (UU 27/2022): subject-report, correct, forget."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Actor, EntityName, Home, Json, Purpose, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.errors import UsageError, counted

if TYPE_CHECKING:
    from mdi_engine.jobs.forgetting import ForgetReport
    from mdi_engine.jobs.rights import SubjectReport
    from mdi_engine.ledger.subjects import Version

_STDIN = "-"
_WIDE = 400  # characters
Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The number of a master, in force or not.")]


def subject_report(
    what: Annotated[
        list[str], typer.Argument(metavar="[ENTITY] ID", help="A number that was issued at any time, and of what.")
    ],
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell a person all that is held about them, and who looked.

    \b
        mdi subject-report P10000012345
        mdi subject-report patient P10000012345 --json

    The data with their sources, every version of every record, what became of the number, decisions, and the trail of
    accesses. The report itself is recorded as an access.
    """
    from mdi_engine.jobs.rights import subject_report as run

    if len(what) > 2:
        raise UsageError("one number at a time", hint="For example: mdi subject-report patient P10000012345")
    entity, number = what if len(what) == 2 else (None, what[0])
    report = run(settings_of(home, actor=actor), number, entity, purpose=purpose)
    return as_json(report.to_dict()) if json else _show_report(report)


def correct(
    entity: EntityName,
    number: Number,
    nik: Annotated[str | None, typer.Option("--nik", metavar="-", help="The NIK; - reads it from stdin.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The name, with its titles.")] = None,
    birthdate: Annotated[str | None, typer.Option("--birthdate", help="Date of birth, day first or ISO.")] = None,
    birthplace: Annotated[str | None, typer.Option("--birthplace", help="Place of birth.")] = None,
    gender: Annotated[str | None, typer.Option("--gender", help="male or female, L or P.")] = None,
    mother: Annotated[str | None, typer.Option("--mother", help="Name of the mother.")] = None,
    mother_nik: Annotated[str | None, typer.Option("--mother-nik", metavar="-", help="The mother's NIK.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Mobile phone.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Street and number.")] = None,
    kk: Annotated[str | None, typer.Option("--kk", metavar="-", help="Number of the family card.")] = None,
    bpjs: Annotated[str | None, typer.Option("--bpjs", help="Card number of the national insurance.")] = None,
    passport: Annotated[str | None, typer.Option("--passport", help="Passport number.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="E-mail address.")] = None,
    nip: Annotated[str | None, typer.Option("--nip", help="Number of a civil servant.")] = None,
    profession: Annotated[str | None, typer.Option("--profession", help="Profession, such as dokter.")] = None,
    str_: Annotated[str | None, typer.Option("--str", help="Registration certificate (STR).")] = None,
    sip: Annotated[str | None, typer.Option("--sip", help="Licence of practice (SIP).")] = None,
    nie: Annotated[str | None, typer.Option("--nie", help="Registration number of a product (NIE).")] = None,
    maker: Annotated[str | None, typer.Option("--maker", help="Who makes a product.")] = None,
    province: Annotated[str | None, typer.Option("--province", help="Its name, or its Kemendagri code.")] = None,
    kabkota: Annotated[str | None, typer.Option("--kabkota", help="Kab/kota, as Kemendagri code.")] = None,
    kode: Annotated[str | None, typer.Option("--kode", help="The hospital code (kode_rs).")] = None,
    code: Annotated[str | None, typer.Option("--code", help="KPTL, ICD-9-CM or LOINC code of a service.")] = None,
    why: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, and on what evidence.")] = None,
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """State what is right of a master; nothing that a source said is altered.

    \b
        mdi correct patient P10000012345 --name "Siti Aminah" --birthdate 17-08-1985
        mdi correct patient P10000012345 --nik - --note "KTP seen"

    The correction is a record of its own, of the source steward, and the golden record believes it first. A value of -
    is read from standard input. What an entity takes is told where something else is given.
    """
    from mdi_engine.jobs.rights import correct as run

    given = {
        "nik": nik, "name": name, "birthdate": birthdate, "birthplace": birthplace, "gender": gender, "mother": mother,
        "mother_nik": mother_nik, "phone": phone, "address": address, "kk": kk, "bpjs": bpjs, "passport": passport,
        "email": email, "nip": nip, "profession": profession,
        "str": str_, "sip": sip, "nie": nie, "maker": maker, "province": province, "kabkota": kabkota,
        "kode": kode, "code": code,
    }  # fmt: skip
    values = _from_stdin({name: value for name, value in given.items() if value is not None})
    report = run(settings_of(home, actor=actor), entity, number, values, note=why, purpose=purpose)
    if json:
        return as_json(report.to_dict())
    show(facts([("number", report.number), ("record", report.record), *report.fields.items()]))
    return None if report.event else note("It was said so before: nothing changed.")


def forget(
    entity: EntityName,
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this, only what it would do is told.")] = False,
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Take all values of a person out of the home, for good.

    \b
        mdi forget patient P10000012345
        mdi forget patient P10000012345 --yes --purpose "request 2026/17"

    All versions of all records go: from the ledger, the workbench and the kept extracts. Numbers, events and accesses
    stay, and tombstones (keyed hashes), so that no delivery brings the person back. It cannot be undone.
    """
    from mdi_engine.jobs.forgetting import forget_subject

    report = forget_subject(settings_of(home, actor=actor), entity, number, yes=yes, purpose=purpose)
    return as_json(report.to_dict()) if json else _show_forgotten(report)


def _from_stdin(values: dict[str, str]) -> dict[str, str | None]:
    asking = [name for name, value in values.items() if value == _STDIN]
    if len(asking) > 1:
        raise UsageError(f"only one value can come from standard input, not {' and '.join(asking)}")
    return {name: sys.stdin.readline().strip() if name in asking else value for name, value in values.items()}


def _show_report(report: SubjectReport) -> None:
    if report.via is not None:
        note(f"{report.via} redirects to {report.number}.")
    view = report.master
    show(facts([("number", report.number), ("entity", view.entity), ("status", view.status)]), "")
    golden = [(one.field, one.value, f"{one.source}:{one.key}", _second(one.date), one.rule) for one in report.golden]
    show(Table(("field", "value", "record", "since", "rule"), golden, "what is believed today"), "")
    for record in report.records:
        for said in record.versions:
            title = f"{record.source}:{record.source_key}, version {said.version}, {_second(said.at)}"
            show(Table(("field", "value"), list(_said(said)), " ".join([title, *said.files])), "")
    names = {record.id: f"{record.source}:{record.source_key}" for record in report.records}
    entries = [
        (entry.seq, _second(entry.at), entry.actor, entry.what, " ".join(entry.numbers),
         " ".join(names.get(id_, str(id_)) for id_ in entry.records))
        for entry in report.entries
    ]  # fmt: skip
    show(Table(("event", "at", "who", "what", "numbers", "records"), entries, "what became of the number"), "")
    decided = [(decision.seq, decision.note) for decision in report.decisions]
    if decided:
        show(Table(("event", "note"), decided, "what stewards decided"), "")
    looked = [
        (one.seq, _second(one.at), one.access.actor, one.access.purpose, one.access.action, one.access.outcome)
        for one in report.accesses
    ]
    show(Table(("access", "at", "who", "purpose", "action", "outcome"), looked, "who looked"))


def _said(version: Version) -> Iterator[tuple[str, str]]:
    if version.payload is None:
        yield "forgotten", "-"
        return
    for field, value in version.payload.items():
        # A cell is cut where it is too long; what is held about a person is told to the end.
        parts = [value[start : start + _WIDE] for start in range(0, len(value), _WIDE)]
        yield from ((field if place == 0 else "", part) for place, part in enumerate(parts))


def _show_forgotten(report: ForgetReport) -> None:
    records = [(f"records of {source}", count) for source, count in report.records.items()]
    show(
        facts(
            [
                ("number", report.number),
                *records,
                ("rows in the workbench", report.rows),
                ("kept extracts", report.extracts),
                ("notes", report.notes),
                ("NIKs barred", report.niks),
            ]
        )
    )
    for source in report.deleted:
        verb = "was" if report.applied else "would be"
        note(f"A kept extract of {source} {verb} deleted: rows cannot be taken out of a file of its format.")
    if report.elsewhere:
        note(f"{counted(report.elsewhere, 'NIK')} stands in another person's record too, and is not barred.")
    if report.mentioned:
        note(f"{counted(report.mentioned, 'record')} of other people names the NIK, as a child its mother's; it stays.")
    if not report.applied:
        note("Nothing was changed; --yes does it. It cannot be undone." if report.records else "It was done before.")
    elif not report.clean:
        note("Another process is reading the ledger: run the command again, so that no remains are left in its file.")
    else:
        note("Backups made before this hold the person still; restoring one forgets them again.")


def _second(moment: str) -> str:
    """A moment in UTC to the second, as a person reads it."""
    return moment[:19].replace("T", " ") + "Z"
