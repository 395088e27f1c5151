"""Pairs shown one by one, answered by single keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mdi_engine.cli.output import Table, clean, note, show
from mdi_engine.cli.waterfalls import bits
from mdi_engine.errors import UsageError, counted

if TYPE_CHECKING:
    from mdi_engine.jobs.judging import Judging
    from mdi_engine.linkage.clerical import Answer
    from mdi_engine.settings import Settings

_KEYS: dict[str, Answer] = {"s": "same", "d": "different", "b": "different", "u": "unsure", "r": "unsure"}
_BACK, _LATER, _LEAVE = "z", "n", "q"
_HELP = "s same/sama · d different, b beda · u unsure, r ragu · z back · n next · q leave"


def ask_all(settings: Settings, entity: str, path: Path) -> bool:
    """Ask for every pair that has no answer; True if none waits any more. What was answered stays, however it ends."""
    from mdi_engine.jobs.judging import judging

    if not sys.stdin.isatty():
        raise UsageError("--ask needs a terminal", hint="Fill in the column answer of the file instead.")
    session = judging(settings, entity, path)
    done: list[int] = []
    waiting = session.waiting()
    while waiting:
        place = waiting[0]
        _show_pair(session, place, len(waiting))
        key = _key()
        if key == _LEAVE:
            break
        if key == _LATER:
            waiting = [*waiting[1:], place]
        elif key == _BACK and done:
            waiting = [done[-1], *waiting]
            session.answer(done.pop(), None)
        elif key in _KEYS:
            session.answer(place, _KEYS[key])
            done.append(place)
            waiting = waiting[1:]
    if waiting:
        note(f"{counted(len(waiting), 'pair')} left. Go on: mdi evaluate {entity} --answers {path} --ask")
    return not waiting


def _key() -> str:
    """One key; the end of the input and an interrupt leave."""
    try:
        return typer.getchar().lower()[:1] or _LEAVE
    except (EOFError, KeyboardInterrupt):
        return _LEAVE


def _show_pair(session: Judging, place: int, left: int) -> None:
    cells = session.rows[place].cells
    names = [name.removesuffix("_a") for name in cells if name.endswith("_a")]
    rows = [(name, cells[f"{name}_a"], cells.get(f"{name}_b", "")) for name in names]
    rows = [row for row in rows if row[1] or row[2]]
    found = session.waterfall(place)
    show("", Table(("", "a", "b"), rows, f"{session.rows[place].pair}, {counted(left, 'pair')} to go"), "")
    show(*(f"  {step.english}" for step in found.steps), f"  before comparing: {bits(found.prior)} bits")
    show(f"  together: {bits(found.weight)} bits", "")
    sys.stdout.write(clean(_HELP) + "\n")
    sys.stdout.flush()
