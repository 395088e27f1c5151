"""Commands by which people decide what the machine cannot: review list, show, claim, decide, undo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from mdi_engine.cli.options import Actor, Home, Json, settings_of
from mdi_engine.cli.output import Table, as_json, facts, note, show
from mdi_engine.cli.waterfalls import bits, show_waterfall
from mdi_engine.errors import UsageError

if TYPE_CHECKING:
    from mdi_engine.jobs.deciding import Decided
    from mdi_engine.jobs.review import Listed, ReviewView

_STDIN = "-"
_STATES = {"waiting": ("open", "claimed"), "decided": ("decided",), "moot": ("moot",)}
TaskId = Annotated[int, typer.Argument(metavar="TASK", help="The task, as `mdi review list` numbers it.")]
Why = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why; - reads it from stdin.")]
Seen = Annotated[
    int | None,
    typer.Option("--seen", metavar="EVENT", help="Its event as you saw it; refused if it was changed since."),
]


def review() -> None:
    """Decide what the machine could not.

    \b
        mdi review list
        mdi review decide 17 same
    """


def list_(
    entity: Annotated[str | None, typer.Argument(metavar="ENTITY", help="Of what; all if left out.")] = None,
    state: Annotated[str, typer.Option("--state", help="waiting, decided or moot.")] = "waiting",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many tasks.")] = 20,
    home: Home = None,
    json: Json = False,
) -> None:
    """List what waits for a person, what is worth most first.

    \b
        mdi review list
        mdi review list patient --limit 5

    A task is worth the bits that its answer tells, which are most near even odds, times the records that may get
    another number by it.
    """
    from mdi_engine.jobs.review import list_reviews

    if state not in _STATES:
        raise UsageError(f"--state is {', '.join(_STATES)}")
    found = list_reviews(settings_of(home), entity, states=_STATES[state], limit=limit)
    if json:
        return as_json(found.to_dict())
    heads = ("task", "entity", "kind", "records", "bits", "moves", "worth", "state")
    show(Table(heads, [_row(task) for task in found.tasks], right=frozenset({"bits"})))
    if found.total > len(found.tasks):
        note(f"{found.total - len(found.tasks):,} more; --limit shows them.")
    return None


def show_(task: TaskId, home: Home = None, json: Json = False) -> None:
    """Show a task: its records side by side, and why they weigh what they weigh.

    \b
        mdi review show 17

    The words are in English and in Indonesian. Of numbers of 16 digits no more is shown than where they differ.
    """
    from mdi_engine.jobs.review import show_review

    found = show_review(settings_of(home), task)
    return as_json(found.to_dict()) if json else _show_view(found)


def claim(
    task: TaskId,
    back: Annotated[bool, typer.Option("--back", help="Give it back.")] = False,
    take_over: Annotated[bool, typer.Option("--take-over", help="Also from another steward.")] = False,
    seen: Seen = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Take a task, so that nobody else decides it.

    \b
        mdi review claim 17
        mdi review claim 17 --back
    """
    from mdi_engine.jobs.deciding import claim_review, give_back_review

    if back and take_over:
        raise UsageError("--back gives a task away, --take-over takes it; name one of them")
    settings = settings_of(home, actor=actor)
    found = (
        give_back_review(settings, task, seen=seen)
        if back
        else claim_review(settings, task, seen=seen, take_over=take_over)
    )
    return as_json(found.to_dict()) if json else show(facts(_standing(found)))


def decide(
    task: TaskId,
    answer: Annotated[
        str, typer.Argument(metavar="ANSWER", help="same, different, unsure or later; sama, beda, ragu.")
    ],
    why: Why = None,
    seen: Seen = None,
    actor: Actor = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Answer a task. No later run breaks the answer.

    \b
        mdi review decide 17 same --note "the same phone and mother"

    Same and different bind until somebody takes them back with `mdi review undo`. Unsure ends the task and binds
    nothing; later puts it back.
    """
    from mdi_engine.jobs.deciding import decide_review

    done = decide_review(settings_of(home, actor=actor), task, answer, note=_text(why), seen=seen)
    return as_json(done.to_dict()) if json else _show_decided(done)


def undo(
    task: TaskId, why: Why = None, seen: Seen = None, actor: Actor = None, home: Home = None, json: Json = False
) -> None:
    """Take back the decision on a task, which is open again.

    \b
        mdi review undo 17
    """
    from mdi_engine.jobs.deciding import undo_review

    done = undo_review(settings_of(home, actor=actor), task, note=_text(why), seen=seen)
    return as_json(done.to_dict()) if json else _show_decided(done)


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_,
    "show": show_,
    "claim": claim,
    "decide": decide,
    "undo": undo,
}


def _text(why: str | None) -> str | None:
    return sys.stdin.read() if why == _STDIN else why


def _row(task: Listed) -> tuple[object, ...]:
    state = f"{task.state} by {task.claimed_by}" if task.claimed_by else task.state
    weight = None if task.weight is None else bits(task.weight)
    records = " ".join(task.records)
    # The number of a task is its name: no comma within.
    return str(task.task), task.entity, task.kind, records, weight, task.moves, task.worth, state


def _standing(task: Listed) -> list[tuple[str, object]]:
    return [
        ("task", str(task.task)),
        ("entity", task.entity),
        ("kind", task.kind),
        ("state", task.state),
        ("claimed by", task.claimed_by),
        ("answer", task.answer),
        ("event", str(task.changed)),
        ("numbers", " ".join(number or "waiting" for number in task.numbers)),
    ]


def _show_view(found: ReviewView) -> None:
    task = found.task
    rows = [(name, *(cell or None for cell in cells)) for name, cells in found.fields.items()]
    rows.append(("number", *task.numbers))
    show(facts(_standing(task)), "", Table(("", *task.records), rows))
    for waterfall in found.waterfalls:
        show("")
        show_waterfall(waterfall)
    happened = [
        (str(entry.seq), entry.at[:19].replace("T", " ") + "Z", entry.actor, entry.what, entry.answer, entry.note)
        for entry in found.history
    ]
    show("", Table(("event", "at", "who", "what", "answer", "note"), happened))
    if task.state in _STATES["waiting"]:
        note(f"Answer it: mdi review decide {task.task} same|different|unsure|later --seen {task.changed}")


def _show_decided(done: Decided) -> None:
    show(facts(_standing(done.task)))
    if not done.applied:
        note(f"Masters follow when `mdi link {done.task.entity}` runs next.")
