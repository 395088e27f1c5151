"""Commands that look after things: verify, doctor, generate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mdi_engine.cli.options import Home, Json, Pipelines, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show

FAILED = 1


def verify(home: Home = None, json: Json = False) -> None:
    """Prove that the home is what its events say.

    \b
        mdi verify

    Nothing is repaired. The exit code is 1 if anything is wrong.
    """
    from mdi_engine.jobs.verify import verify_home

    report = verify_home(settings_of(home))
    if json:
        as_json(report.to_dict())
    else:
        waiting = [(f"{entity} records waiting", count) for entity, count in report.waiting.items()]
        show(facts([("events", report.events), *waiting, ("findings", len(report.findings))]))
        if report.findings:
            show("", Table(("check", "finding"), [(found.check, found.message) for found in report.findings]))
    if report.findings:
        raise typer.Exit(FAILED)


def doctor(home: Home = None, pipelines: Pipelines = None, json: Json = False) -> None:
    """Look whether all that is needed is here, and sound.

    \b
        mdi doctor

    It looks at versions, the disk, the home and its stores. The exit code is 1 if anything is wrong.
    """
    from mdi_engine.jobs.doctor import doctor as run

    checks = run(settings_of(home, pipelines))
    sound = all(check.ok for check in checks)
    if json:
        as_json({"ok": sound, "checks": [check.to_dict() for check in checks]})
    else:
        show(Table(("", "check", "found"), [("ok" if c.ok else "WRONG", c.name, c.detail) for c in checks]))
    if not sound:
        raise typer.Exit(FAILED)


def generate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write into; new or empty.")],
    people: Annotated[int, typer.Option("--people", min=1, max=50_000_000, help="How many people to invent.")] = 1_200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same files.")] = 1,
    noise: Annotated[
        float, typer.Option("--noise", min=0.0, max=20.0, help="So many times as many errors as usual.")
    ] = 1.0,
    months: Annotated[int, typer.Option("--months", min=1, max=24, help="Monthly deliveries of each source.")] = 1,
    hospitals: Annotated[
        int | None,
        typer.Option("--hospitals", min=1, max=500_000, help="How many hospitals; without it as the people need."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what mdi generate wrote there before.")] = False,
    json: Json = False,
) -> None:
    """Invent a population: every source's extracts, and the truth.

    \b
        mdi generate lists --people 10000 --seed 1
        mdi generate lists --people 10000 --months 3 --noise 2

    The extracts have the shapes and the defects of real ones; nobody in them is real.
    """
    from mdi_engine.cli.progress import watching
    from mdi_engine.population.generate import Order
    from mdi_engine.population.generate import generate as run

    order = Order(people, seed, noise, months, hospitals)
    with watching() as progress:
        progress.stage("generate", people)
        rows = run(out, order, force, progress.advance)
    if json:
        return as_json({"out": str(out), "people": people, "rows": rows})
    show(Table(("source", "rows"), list(rows.items())))
    return note(f"Next: mdi ingest simrs {out}/simrs/*.csv")
