from __future__ import annotations

import json
import shlex

import pytest
import typer
from cli_helpers import Shell

from mdi_engine.cli.main import app
from mdi_engine.cli.review import COMMANDS

pytest_plugins = ["cli_fixtures"]


@pytest.mark.parametrize("name", ["", *COMMANDS], ids=lambda name: name or "review")
def test_help_begins_with_an_example_that_is_understood_then_says_in_a_sentence_what_it_does(
    name: str, shell: Shell
) -> None:
    told = shell.mdi("review", *filter(None, [name]), "--help")
    usage, example, sentence, *_ = told.stdout.split("\n\n")
    assert usage.startswith("Usage: mdi review")
    assert sentence.strip().endswith(".")
    assert "\n" not in sentence.strip()
    for line in example.splitlines():
        _parse(shlex.split(line)[1:])


def _parse(words: list[str]) -> None:
    """Options that do not exist, or arguments that are missing, would be usage errors."""
    command = typer.main.get_command(app)
    while isinstance(command, typer.core.TyperGroup):
        command = command.commands[words.pop(0)]
    command.make_context(str(command.name), words)


def test_nothing_waits_where_nothing_was_linked(shell: Shell) -> None:
    done = shell.mdi("review", "list")
    assert done.returncode == 4
    assert "no ledger" in done.stderr


def test_a_task_that_is_none_is_not_found_and_an_answer_that_is_none_a_usage_error(facilities: Shell) -> None:
    listed = facilities.mdi("review", "list", "facility", "--limit", "1", "--json")
    (task,) = json.loads(listed.stdout)["tasks"]
    for words, code in (
        (("decide", "9999", "same"), 4),
        (("decide", str(task["task"]), "maybe"), 2),
        (("claim", str(task["task"]), "--back", "--take-over"), 2),
        (("list", "9815014107850001"), 2),
        (("undo", str(task["task"])), 5),
    ):
        done = facilities.mdi("review", *words)
        assert (words, done.returncode) == (words, code)
        assert done.stdout == ""
        assert "9815014107850001" not in done.stderr


def test_a_note_comes_from_standard_input_and_the_task_tells_it(facilities: Shell) -> None:
    listed = json.loads(facilities.mdi("review", "list", "--json").stdout)["tasks"]
    task = str(listed[0]["task"])
    done = facilities.mdi("review", "decide", task, "ragu", "--note", "-", "--as", "Ani", stdin="sudah ditelepon\n")
    assert done.returncode == 0, done.stderr
    told = facilities.mdi("review", "show", task).stdout
    assert [line.split()[3:] for line in told.splitlines() if "sudah ditelepon" in line] == [
        ["Ani", "decided", "unsure", "sudah", "ditelepon"]
    ]
    decided = json.loads(facilities.mdi("review", "list", "--state", "decided", "--json").stdout)
    assert [(one["task"], one["answer"]) for one in decided["tasks"]] == [(int(task), "unsure")]
