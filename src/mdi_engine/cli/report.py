"""The command that shows a linkage in pictures: report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mdi_engine.cli.options import EntityName, Home, Json, settings_of
from mdi_engine.cli.output import as_json, note
from mdi_engine.cli.progress import watching

REPORT = "--report"
_OUTPUT = "--output"
ReportFile = Annotated[
    Path | None,
    typer.Option(REPORT, metavar="OUT.html", help="Write pictures of the linkage: a page that opens offline."),
]
ShowValues = Annotated[bool, typer.Option("--show-values", help="Show values in the report that could tell a person.")]


def report(
    entity: EntityName,
    output: Annotated[Path, typer.Option(_OUTPUT, metavar="OUT.html", help="Where the page goes.")],
    truth: Annotated[
        Path | None,
        typer.Option("--truth", metavar="FILE.csv", help="Columns source, source_key, entity: measure against it."),
    ] = None,
    show_values: ShowValues = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show how an entity of the home is linked, in pictures that open offline.

    \b
        mdi report facility --output report.html
        mdi report patient --output report.html --truth data/samples/truth/patient.csv

    One HTML file in Indonesian and English. Values of patients and practitioners are masked. --json prints its numbers.
    """
    from mdi_engine.jobs.report import figures_of_entity
    from mdi_engine.pages.report import write_report
    from mdi_engine.pages.shell import check_page

    check_page(output, _OUTPUT, [truth] if truth else [])
    with watching() as progress:
        found = figures_of_entity(settings_of(home), entity, truth=truth, show_values=show_values, progress=progress)
        write_report(found, output, _OUTPUT)
    if json:
        as_json(asdict(found))
    note(f"The report is in {output}.")
