"""Commands for the day something is lost: rebuild, backup, restore."""

from __future__ import annotations

from pathlib import Path
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
        landed = "1 delivery" if report.deliveries == 1 else f"{report.deliveries} deliveries"
        made = f"made again, {landed}" if report.workbench else "sound, left as it is"
        keyed = [("records keyed again", report.keyed)] if report.keyed else []
        show(facts([("events folded", report.events), *keyed, ("workbench", made), ("missing", len(report.missing))]))
    for missing in report.missing:
        note(f"Missing: {missing}")
    if report.missing:
        raise typer.Exit(FAILED)


def backup(
    target: Annotated[
        Path, typer.Argument(metavar="FILE|FOLDER", help="A new file, or a folder to make one in, named by the time.")
    ],
    home: Home = None,
    json: Json = False,
) -> None:
    """Write the home into one file, while others go on.

    \b
        mdi backup /media/disk

    In it are the ledger, kept extracts, parameters, models and pipelines of the home, and their hashes. It holds what
    the home holds about people: keep it as safe. The copy of the ledger is verified before it counts.
    """
    from mdi_engine.jobs.backup import backup_home

    with watching() as progress:
        report = backup_home(settings_of(home), target, progress=progress)
    if json:
        return as_json(report.to_dict())
    rows = [("file", report.path), ("events", report.events), ("head", report.head[:16]), ("files", report.files)]
    return show(facts([*rows, ("size", f"{report.bytes / 1e6:,.1f} MB")]))


def restore(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="A file that mdi backup wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Also where this takes away what came after the backup.")] = False,
    home: Home = None,
    pipelines: Pipelines = None,
    json: Json = False,
) -> None:
    """Put the home back as a backup has it.

    \b
        mdi restore /media/disk/mdi-20261124T224500Z.tar

    The backup is proved before anything is changed. People who were forgotten since stay forgotten, accesses stay on
    record, and no number is issued twice. A damaged ledger is set aside, and the workbench is made again.
    """
    from mdi_engine.jobs.restore import restore_home

    with watching() as progress:
        report = restore_home(settings_of(home, pipelines), backup, yes=yes, progress=progress)
    if json:
        as_json(report.to_dict())
    else:
        rows = [("made at", report.made_at), ("events", report.events), ("files", report.files), ("lost", report.lost)]
        show(facts([*rows, ("forgotten again", report.forgotten), ("set aside", report.set_aside)]))
    for missing in report.missing:
        note(f"Missing: {missing}")
    if report.missing:
        raise typer.Exit(FAILED)
