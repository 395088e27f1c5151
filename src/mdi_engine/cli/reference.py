"""Commands on the lists that a home goes by: reference list, update, undo."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Actor, Home, Json, settings_of
from mdi_engine.cli.output import Table, as_json, note, show
from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.reference import Updated
    from mdi_engine.reference.change import Change

_SHOWN = 10


def reference() -> None:
    """See and renew the lists of regions, types of facilities and replaced codes.

    \b
        mdi reference list
        mdi reference update regions_2026.csv
    """


def list_(home: Home = None, json: Json = False) -> None:
    """List the tables in force, as of when, and where they come from.

    \b
        mdi reference list

    Version 0 is what ships with the software.
    """
    from mdi_engine.jobs.reference import tables_in_force

    found = tables_in_force(settings_of(home))
    if json:
        from dataclasses import asdict

        return as_json({"tables": [asdict(table) for table in found]})
    heads = ("list", "table", "rows", "as of", "version", "source")
    rows = [(row.list, row.table, row.rows, row.as_of, row.version, row.source) for row in found]
    return show(Table(heads, rows))


def update(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A newer list, as CSV with a header.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Take it in; without it, only what would change is shown.")
    ] = False,
    source: Annotated[
        str | None, typer.Option("--source", metavar="TEXT", help="Where it comes from, such as the decree.")
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="Since when it is valid.")] = None,
    counts: Annotated[
        str | None, typer.Option("--counts", metavar="N/N/…", help="Rows that it must have, level by level.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Show every change, not the first ten of a kind.")] = False,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what a newer list changes, and with --yes take it into the home.

    \b
        mdi reference update regions_2026.csv --counts 38/514/7285/83762
        mdi reference update regions_2026.csv --source "Kepmendagri 1/2026" --yes

    Its columns tell which list it is: code, name (regions); code, name, status (types of facilities); kfa_id,
    kfa_new_id (replaced codes). Codes and their parents are checked; a list that lacks more than 5 % of a level is
    refused unless its --counts are stated. `mdi reference undo` is the way back.
    """
    from mdi_engine.jobs.reference import update_reference

    settings = settings_of(home, actor=actor)
    done = update_reference(settings, file, source=source, as_of=as_of, counts=_counts(counts), take=yes)
    return as_json(done.to_dict()) if json else _show(done, None if all_ else _SHOWN)


def undo(
    name: Annotated[str, typer.Argument(metavar="LIST", help="Which, as `mdi reference list` names it.")],
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Go back to the list that was in force before.

    \b
        mdi reference undo regions
    """
    from mdi_engine.jobs.reference import undo_reference

    then, now = undo_reference(settings_of(home, actor=actor), name)
    if json:
        return as_json({"list": name, "before": then, "version": now})
    return show(f"{name}: version {now} is in force again{' (the one that ships)' if not now else ''}, not {then}")


COMMANDS: dict[str, Callable[..., None]] = {"list": list_, "update": update, "undo": undo}


def _counts(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip().replace(",", "") for part in text.split("/")]
    if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
        raise UsageError("--counts are whole numbers with / between them, such as 38/514/7285/83762")
    return [int(part) for part in parts]


def _show(done: Updated, most: int | None) -> None:
    rows = [
        (table, *done.counts[table], len(change.added), len(change.gone), _followed(change), len(change.renamed))
        for table, change in done.changes.items()
    ]
    show(Table(("table", "now", "then", "new", "gone", "followed", "renamed"), rows))
    for table, change in done.changes.items():
        for title, pairs in (("new", _added(change)), ("gone", _gone(change)), ("renamed", _renamed(change))):
            _show_some(f"{table}: {title}", list(pairs), most)
    _show_some("notes", [(told,) for told in done.notes], most)
    if done.taken:
        note(f"{done.list}: version {done.version} is in force. mdi reference undo {done.list} goes back.")
    elif done.changed:
        note("Nothing was changed yet. Take it in with --source TEXT --yes.")
    else:
        note("It is what is in force already.")


def _followed(change: Change) -> int:
    return sum(then is not None for then in change.follows.values())


def _added(change: Change) -> Iterator[tuple[object, ...]]:
    return ((code, name) for code, name in change.added.items())


def _gone(change: Change) -> Iterator[tuple[object, ...]]:
    return ((code, name, "to", change.follows.get(code)) for code, name in change.gone.items())


def _renamed(change: Change) -> Iterator[tuple[object, ...]]:
    return ((code, *names) for code, names in change.renamed.items())


def _show_some(title: str, rows: list[tuple[object, ...]], most: int | None) -> None:
    if not rows:
        return
    show("", Table((), rows[:most], title))
    if most is not None and len(rows) > most:
        show(f"  … and {len(rows) - most:,} more; --all shows them")
