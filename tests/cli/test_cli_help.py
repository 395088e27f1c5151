from __future__ import annotations

import json

import pytest
import typer
from cli_helpers import Shell

from mdi_engine import __version__
from mdi_engine.cli.main import app

pytest_plugins = ["cli_fixtures"]

COMMANDS = [str(command.name or command.callback.__name__) for command in app.registered_commands if command.callback]
HEAVY = {"numba", "pandas", "duckdb", "sqlalchemy", "numpy", "pyarrow", "pysqlite3", "alembic", "rapidfuzz"}

_WHAT_WAS_IMPORTED = """
import json, sys
from mdi_engine.cli.main import main
try:
    main()
except SystemExit as done:
    print(json.dumps({"code": done.code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def test_every_command_of_the_slice_is_there() -> None:
    expected = "demo ingest profile train link dukcapil dedupe suggest-blocking explain lookup evaluate report history "
    expected += "merge unmerge subject-report correct forget verify rebuild backup restore doctor generate"
    assert " ".join(COMMANDS) == expected


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=lambda name: " ".join(name) or "mdi")
def test_help_begins_with_an_example_then_says_in_a_sentence_what_it_does(
    command: tuple[str, ...], shell: Shell
) -> None:
    told = shell.mdi(*command, "--help")
    assert told.returncode == 0
    usage, example, sentence, *rest = told.stdout.split("\n\n")
    assert usage.startswith("Usage: mdi")
    assert sentence.strip().endswith(".")
    assert "\n" not in sentence
    assert example.splitlines()
    for line in example.splitlines():
        assert line.startswith(" ".join(["      mdi", *command])), line
    assert any("Options:" in part for part in rest)


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_of_the_help_are_understood(command: str) -> None:
    """Options that do not exist, or arguments that are missing, would be usage errors."""
    group = typer.main.get_command(app)
    for line in (group.get_help(typer.Context(group)) + _help_of(command)).splitlines():
        if line.startswith("      mdi "):
            _parse(line.split()[1:])


def _help_of(command: str) -> str:
    found = _commands()[command]
    return str(found.get_help(typer.Context(found)))


def _commands() -> dict[str, typer.core.TyperCommand]:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return {name: command for name, command in group.commands.items() if isinstance(command, typer.core.TyperCommand)}


def _parse(words: list[str]) -> None:
    import shlex

    name, *arguments = shlex.split(" ".join(words))
    _commands()[name].make_context(name, arguments)


def test_help_answers_without_the_heavy_libraries(shell: Shell) -> None:
    for arguments in (["--help"], ["dedupe", "--help"], ["--version"]):
        done = shell.python(f"import sys; sys.argv[1:] = {arguments!r}\n{_WHAT_WAS_IMPORTED}")
        told = json.loads(done.stderr.splitlines()[-1])
        assert told["code"] == 0
        assert not HEAVY & set(told["modules"])


def test_version(shell: Shell) -> None:
    assert shell.mdi("--version").stdout == f"mdi-engine {__version__}\n"


def test_bare_mdi_shows_the_help_as_a_usage_error(shell: Shell) -> None:
    done = shell.mdi()
    assert done.returncode == 2
    assert "Usage: mdi" in done.stdout + done.stderr


def test_a_mistyped_command_is_met_with_the_nearest(shell: Shell) -> None:
    done = shell.mdi("lookpu")
    assert done.returncode == 2
    assert "lookup" in done.stderr
