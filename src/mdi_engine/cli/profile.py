"""The command that tells what a source or a file holds: profile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Encoding, Home, Json, Pipelines, Separator, separator_of, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.cli.progress import watching

if TYPE_CHECKING:
    from mdi_engine.workbench.profiling.columns import ColumnProfile
    from mdi_engine.workbench.profiling.overview import Profile

# A cell of several values is cut here, so that a table of many columns keeps to a terminal.
_CELL = 70


def profile(
    target: Annotated[
        str, typer.Argument(metavar="SOURCE|FILE", help="A source's newest delivery, or any file; - is CSV from stdin.")
    ],
    top: Annotated[int, typer.Option("--top", min=0, help="How many values and formats to show per column.")] = 5,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT.html", help="Write a page that opens offline.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Show values of columns that look personal, of a file.")
    ] = False,
    encoding: Encoding = "utf-8",
    separator: Separator = ",",
    home: Home = None,
    pipelines: Pipelines = None,
    json: Json = False,
) -> None:
    """Tell what a source or a file holds, and what is wrong with it.

    \b
        mdi profile sirs
        mdi profile data/samples/sirs/sirs_2021.csv --html profile.html

    No value is shown of a column that is personal: by its contract, or in a file by its name.
    """
    from mdi_engine.cli.profile_page import check_page, write_page
    from mdi_engine.jobs.profile import profile as run

    if html is not None:
        check_page(html, target)
    with watching() as progress:
        found = run(
            settings_of(home, pipelines),
            target,
            encoding=encoding,
            separator=separator_of(separator),
            top=top,
            show_values=show_values,
            progress=progress,
        )
    if html is not None:
        write_page(found, html)
    if json:
        as_json(found.to_dict())
    else:
        _show(found)
    for each in found.findings:
        if each.code == "other_separator":
            mark, times = each.facts["separator"], each.facts["times"]
            note(f"One column, whose name holds {times} {mark}: try --separator {mark}.")
    if html is not None:
        note(f"The page is in {html}.")


def _show(found: Profile) -> None:
    counts = [("read", found.read), ("fit the header", found.rows), ("rejected", found.rejected)]
    show(facts(counts, f"profile {found.target}"), "")
    heads = ("column", "full", "empty", "placeholders", "distinct", "most on", "length", "format")
    right = frozenset(("full", "length"))
    show(Table(heads, [_column(column) for column in found.columns], right=right))
    told = [(column.name, *_told(column)) for column in found.columns]
    if any(values or words for _, values, words in told):
        show("", Table(("column", "most frequent (rows)", "placeholders (rows)"), told))
    if found.findings:
        rows = [(each.severity, each.column, each.rows, each.english) for each in found.findings]
        show("", Table(("severity", "column", "rows", "finding"), rows))
    else:
        show("", "Nothing suspicious was found.")


def _column(column: ColumnProfile) -> tuple[object, ...]:
    length = None if column.shortest is None else f"{column.shortest}..{column.longest}"
    main = next((f"{form.shape} {form.share:.0%}" for form in column.formats), None)
    return (
        column.name,
        f"{column.completeness:.1%}",
        column.empty,
        column.placeholders,
        column.distinct,
        column.most_frequent,
        length,
        main,
    )


def _told(column: ColumnProfile) -> tuple[str, str]:
    """The values that may be told, and what stands there for nothing."""
    values = "personal" if column.top is None else _listed(column.top)
    return values, _listed(column.placeholder_values)


def _listed(values: tuple[tuple[str, int], ...]) -> str:
    text = " · ".join(f"{value} ({rows:,})" for value, rows in values)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
