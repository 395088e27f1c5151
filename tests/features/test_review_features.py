"""The scenarios of review.feature, acted out by two stewards in a real shell."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cli_helpers import Run, Shell
from pytest_bdd import given, parsers, scenarios, then, when

from mdi_engine.jobs.review import Listed, ReviewView, list_reviews, show_review
from mdi_engine.settings import Settings

pytest_plugins = ["cli_fixtures"]
pytestmark = pytest.mark.slow
scenarios("review.feature")

CONFLICT = 5


@dataclass
class Desk:
    """What two stewards share: a home, the task at hand as it stood at first, what each saw, and what happened last."""

    shell: Shell
    task: Listed
    seen: dict[str, str] = field(default_factory=dict)
    last: Run | None = None

    def act(self, *arguments: str, by: str) -> None:
        """A review command that succeeds."""
        done = self.try_to(*arguments, by=by)
        assert done.returncode == 0, done.stderr

    def try_to(self, *arguments: str, by: str) -> Run:
        """A review command that may be refused."""
        self.last = self.shell.mdi("review", *arguments, MDI_ACTOR=by)
        return self.last

    def view(self) -> ReviewView:
        """The task as it stands, with all that belongs to it."""
        return show_review(self.settings, self.task.task)

    def listed(self) -> list[dict[str, Any]]:
        """What the last command listed as JSON."""
        assert self.last is not None
        tasks: list[dict[str, Any]] = json.loads(self.last.stdout)["tasks"]
        return tasks

    def now(self) -> Listed:
        """The task as it stands."""
        return self.view().task

    def waiting(self) -> tuple[Listed, ...]:
        """All that waits, best first."""
        return list_reviews(self.settings, limit=1000).tasks

    @property
    def settings(self) -> Settings:
        """Of the home."""
        return Settings(home=self.shell.folder / "mdi-home")

    @property
    def id(self) -> str:
        """The task at hand, as commands name it."""
        return str(self.task.task)


@given("a home whose facilities are linked, with pairs in doubt", target_fixture="desk")
def _home(facilities: Shell) -> Desk:
    settings = Settings(home=facilities.folder / "mdi-home")
    return Desk(facilities, list_reviews(settings).tasks[0])


@given(parsers.parse("{who} has claimed the first task"))
def _claimed(desk: Desk, who: str) -> None:
    desk.act("claim", desk.id, by=who)


@given(parsers.parse("{who} has given it back"))
def _given_back(desk: Desk, who: str) -> None:
    desk.act("claim", desk.id, "--back", by=who)


@given(parsers.parse("{one} and {other} have both looked at the first task"))
def _both_looked(desk: Desk, one: str, other: str) -> None:
    desk.seen = {who: str(desk.now().changed) for who in (one, other)}


@given(parsers.re(r'(?P<who>\w+) has decided (it|the first task) to be "(?P<answer>\w+)"(?P<saw>, as she saw it)?'))
def _decided(desk: Desk, who: str, answer: str, saw: str | None) -> None:
    desk.act("decide", desk.id, answer, *(("--seen", desk.seen[who]) if saw else ()), by=who)


@when(parsers.parse("{who} lists what waits"))
def _lists(desk: Desk, who: str) -> None:
    desk.act("list", "--limit", "1000", "--json", by=who)


@when(parsers.parse("{who} looks at the first task"))
def _looks(desk: Desk, who: str) -> None:
    desk.act("show", desk.id, by=who)


@when(parsers.re(r'(?P<who>\w+) decides (it|the first task) to be "(?P<answer>\w+)"(?P<saw>, as he saw it)?'))
def _decides(desk: Desk, who: str, answer: str, saw: str | None) -> None:
    desk.try_to("decide", desk.id, answer, *(("--seen", desk.seen[who]) if saw else ()), by=who)


@when(parsers.parse('{who} decides the first task to be "{answer}", because "{why}"'))
def _decides_because(desk: Desk, who: str, answer: str, why: str) -> None:
    desk.act("decide", desk.id, answer, "--note", why, by=who)


@when(parsers.parse("{who} takes the decision back"))
def _takes_back(desk: Desk, who: str) -> None:
    desk.try_to("undo", desk.id, by=who)


@when("the facilities are linked again")
def _linked_again(desk: Desk) -> None:
    assert desk.shell.mdi("link", "facility").returncode == 0


@when("the home is rebuilt from its events")
def _rebuilt(desk: Desk) -> None:
    done = desk.shell.mdi("rebuild")
    assert done.returncode == 0, done.stdout + done.stderr


@then("the tasks are ordered by what their answers are worth")
def _ordered(desk: Desk) -> None:
    worth = [task["worth"] for task in desk.listed()]
    assert len(worth) > 1
    assert worth == sorted(worth, reverse=True)


@then("each names two records that bear different numbers")
def _two_records(desk: Desk) -> None:
    for task in desk.listed():
        assert len(set(task["records"])) == len(set(task["numbers"])) == 2


@then("she sees both records side by side with their numbers")
def _side_by_side(desk: Desk) -> None:
    assert desk.last is not None
    rows = desk.last.stdout.splitlines()
    assert any(all(record in row for record in desk.task.records) for row in rows)
    assert any(row.startswith("number ") and all(str(number) in row for number in desk.task.numbers) for row in rows)


@then("the evidence in English and in Indonesian")
def _evidence(desk: Desk) -> None:
    assert desk.last is not None
    (waterfall,) = desk.view().waterfalls
    for step in waterfall.steps:
        assert step.english in desk.last.stdout
        assert step.indonesian in desk.last.stdout


@then(parsers.parse("that is refused as a conflict, since it {reason}"))
def _refused(desk: Desk, reason: str) -> None:
    assert desk.last is not None
    assert desk.last.returncode == CONFLICT
    told = {"was changed meanwhile": "was changed in event", "was decided": "was decided: different"}
    assert told.get(reason, reason) in desk.last.stderr


@then(parsers.parse("the task is still claimed by {who}"))
def _still_claimed(desk: Desk, who: str) -> None:
    assert (desk.now().state, desk.now().claimed_by) == ("claimed", who)


@then(parsers.parse('the task is decided to be "{answer}"'))
def _is_decided(desk: Desk, answer: str) -> None:
    assert (desk.now().state, desk.now().answer) == ("decided", answer)


@then("the task is open")
def _is_open(desk: Desk) -> None:
    assert (desk.now().state, desk.now().answer) == ("open", None)


@then("the task waits again, after all others")
def _waits_last(desk: Desk) -> None:
    assert desk.waiting()[-1].task == desk.task.task


@then("the task does not come back")
def _does_not_come_back(desk: Desk) -> None:
    assert not [task for task in desk.waiting() if set(task.records) == set(desk.task.records)]


@then("its records bear different numbers")
def _different_numbers(desk: Desk) -> None:
    assert len(set(desk.now().numbers)) == 2


@then("its records bear one number, which one of them bore before")
def _one_number(desk: Desk) -> None:
    (number,) = set(desk.now().numbers)
    assert number in desk.task.numbers


@then("the number of the other leads to it")
def _leads_to_it(desk: Desk) -> None:
    (number,) = set(map(str, desk.now().numbers))
    for old in map(str, desk.task.numbers):
        assert number in desk.shell.mdi("lookup", "facility", "--number", old).stdout


@then("its records bear the numbers that they bore at first")
def _numbers_as_at_first(desk: Desk) -> None:
    assert desk.now().numbers == desk.task.numbers


@then("the note stands with the decision")
def _note_stands(desk: Desk) -> None:
    told = [(entry.what, entry.actor, entry.note) for entry in desk.view().history]
    assert told == [("opened", "mdi", None), ("decided", "Ani", "visited: one building")]


@then("linking again changes nothing")
def _changes_nothing(desk: Desk) -> None:
    done = desk.shell.mdi("link", "facility", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["linked"][0]["events_written"] == 0


@then("the home verifies")
def _verifies(desk: Desk) -> None:
    done = desk.shell.mdi("verify")
    assert done.returncode == 0, done.stdout + done.stderr
