"""The command that asks the civil registry: dukcapil."""

from __future__ import annotations

from typing import Annotated

import typer

from mdi_engine.cli.options import Actor, Home, Json, Purpose, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.errors import counted


def dukcapil(
    numbers: Annotated[
        list[str] | None, typer.Argument(metavar="NUMBER", help="Only the records of these patients, and at once.")
    ] = None,
    purpose: Purpose = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Ask the civil registry whether what records say of patients is so.

    \b
        mdi dukcapil
        mdi dukcapil P10000012345

    Without numbers, all records with a NIK are asked about that were not yet, have changed, or whose answer is out of
    date (MDI_DUKCAPIL_DAYS). The registry is its extract in the ledger, or the service at MDI_DUKCAPIL_URL. A record is
    verified, refused with the fields that disagree, or unverified with the reason; that is kept with its date.
    """
    from mdi_engine.cli.progress import watching
    from mdi_engine.jobs.dukcapil.check import check_patients

    with watching() as progress:
        report = check_patients(settings_of(home, actor=actor), numbers or (), purpose=purpose, progress=progress)
    if json:
        return as_json(report.to_dict())
    counts = [(name, getattr(report, name)) for name in ("asked", "verified", "refused", "unverified", "standing")]
    show(facts([("registry", report.by), *counts]))
    if report.wrong:
        show("", Table(("disagrees", "records"), list(report.wrong.items())))
    if report.reasons:
        show("", Table(("unverified because", "records"), list(report.reasons.items())))
    if report.records:
        rows = [(one.record, one.status, " ".join(one.wrong) or None, one.reason) for one in report.records]
        show("", Table(("record", "answer", "disagrees", "because"), rows))
    if report.left:
        note(f"The service does not answer: {counted(report.left, 'record')} not asked about. Run it again later.")
    return None
