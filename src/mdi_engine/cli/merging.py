"""Commands by which people make one master of two, or two of one: merge, unmerge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Actor, EntityName, Home, Json, settings_of
from mdi_engine.cli.output import Table, as_json, note, show
from mdi_engine.errors import counted

if TYPE_CHECKING:
    from mdi_engine.jobs.merging import MergeReport

_STDIN = "-"
Why = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why; - reads it from stdin.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only what it would do is told.")]


def merge(
    entity: EntityName,
    one: Annotated[str, typer.Argument(metavar="NUMBER", help="A number, in force or not.")],
    other: Annotated[str, typer.Argument(metavar="NUMBER", help="The other one.")],
    why: Why = None,
    yes: Yes = False,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make two masters one, whatever the machine thinks.

    \b
        mdi merge facility 1000123456 1000654321
        mdi merge facility 1000123456 1000654321 --note "same address" --yes

    No later link job parts their records. `mdi unmerge` takes it back.
    """
    from mdi_engine.jobs.merging import merge as run

    _show(run(settings_of(home, actor=actor), entity, one, other, note=_text(why), yes=yes), json=json)


def unmerge(
    entity: EntityName,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="A number, in force or not.")],
    records: Annotated[
        list[str] | None, typer.Argument(metavar="RECORD", help="Only these leave it, together; as source:key.")
    ] = None,
    why: Why = None,
    yes: Yes = False,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Take a merge back, or take a master apart.

    \b
        mdi unmerge facility 1000654321
        mdi unmerge facility 1000654321 sirs:3578012 --yes

    A number that was merged is in force again with the records it had. Of a number in force, the last merge into it is
    taken back; if there was none, each record becomes a master. No later link job puts them together again, unless a
    merge by hand was taken back: then the machine decides as it did before.
    """
    from mdi_engine.jobs.merging import unmerge as run

    _show(run(settings_of(home, actor=actor), entity, number, records or (), note=_text(why), yes=yes), json=json)


def _text(given: str | None) -> str | None:
    return sys.stdin.read() if given == _STDIN else given


def _show(report: MergeReport, *, json: bool) -> None:
    if json:
        return as_json(report.to_dict())
    rows = [(one.record, one.name, one.before, one.after or "a new one") for one in report.records]
    show(Table(("record", "name", "number now" if not report.applied else "number before", "number then"), rows))
    if report.takes_back is not None:
        note(f"It takes back the decision of event {report.takes_back}.")
    if report.overrules:
        note(f"It overrules earlier decisions about {counted(report.overrules, 'pair')} of records.")
    if not report.applied:
        note("Nothing was changed; --yes does it.")
    return None
