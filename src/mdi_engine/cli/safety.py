"""Commands for the day something is lost: rebuild, backup, restore."""

from __future__ import annotations

from typing import Annotated

import typer

from mdi_engine.cli.options import Home, Json, Pipelines, settings_of
from mdi_engine.cli.output import as_json, facts, note, show
from mdi_engine.cli.progress import watching

FAILED = 1


def rebuild(
    workbench: Annotated[
        bool, typer.Option("--workbench", help="Make the workbench again although it is sound.")
    ] = False,
    home: Home = None,
    pipelines: Pipelines = None,
    json: Json = False,
) -> None:
    """Make again what follows from events and kept extracts.

    \b
        mdi rebuild

    The ledger's state is made again from its events, and the workbench, if it is gone or damaged, from the kept
    extracts and the ledger. The exit code is 1 if an extract that once arrived is not among those kept.
    """
    from mdi_engine.jobs.rebuild import rebuild_home

    with watching() as progress:
        report = rebuild_home(settings_of(home, pipelines), workbench=workbench, progress=progress)
    if json:
        as_json(report.to_dict())
    else:
        made = f"made again, {report.deliveries} deliveries" if report.workbench else "sound, left as it is"
        show(facts([("events folded", report.events), ("workbench", made), ("missing", len(report.missing))]))
    for missing in report.missing:
        note(f"Missing: {missing}")
    if report.missing:
        raise typer.Exit(FAILED)
