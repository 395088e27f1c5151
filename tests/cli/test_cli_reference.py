from __future__ import annotations

import json
import shlex

import pytest
import typer
from cli_helpers import Shell

from mdi_engine.cli.main import app
from mdi_engine.cli.reference import COMMANDS

pytest_plugins = ["cli_fixtures"]

KFA = "kfa_id,kfa_new_id,kfa_new_name,reason\n93000001,93000002,B,Duplikat\n93000009,93000009,,\n"


@pytest.mark.parametrize("name", ["", *COMMANDS], ids=lambda name: name or "reference")
def test_help_begins_with_an_example_that_is_understood_then_says_in_a_sentence_what_it_does(
    name: str, shell: Shell
) -> None:
    told = shell.mdi("reference", *filter(None, [name]), "--help")
    usage, example, sentence, *_ = told.stdout.split("\n\n")
    assert usage.startswith("Usage: mdi reference")
    assert sentence.strip().endswith(".")
    assert "\n" not in sentence.strip()
    for line in example.splitlines():
        words = shlex.split(line)[1:]
        command = typer.main.get_command(app)
        while isinstance(command, typer.core.TyperGroup):
            command = command.commands[words.pop(0)]
        command.make_context(str(command.name), words)


def test_what_changes_is_shown_first_then_taken_in_listed_and_taken_back(shell: Shell) -> None:
    file = shell.folder / "kfa.csv"
    file.write_text(KFA, "utf-8")
    seen = shell.mdi("reference", "update", file)
    assert (seen.returncode, "Nothing was changed yet" in seen.stderr) == (0, True)
    assert "93000001  93000002" in seen.stdout
    assert "93000009 points to itself" in seen.stdout
    assert not (shell.folder / "mdi-home").exists()
    taken = shell.mdi("reference", "update", file, "--yes", "--source", "KFA, June")
    assert (taken.returncode, taken.stdout) == (0, seen.stdout)
    assert "version 1 is in force" in taken.stderr
    tables = {row["table"]: row for row in json.loads(shell.mdi("reference", "list", "--json").stdout)["tables"]}
    assert (tables["kfa_replacements"]["rows"], tables["kfa_replacements"]["source"]) == (1, "KFA, June")
    assert (tables["provinces"]["rows"], tables["villages"]["rows"]) == (38, 83_762)
    assert all(row["source"] for row in tables.values())
    back = shell.mdi("reference", "undo", "kfa_replacements")
    assert back.stdout == "kfa_replacements: version 0 is in force again (the one that ships), not 1\n"


def test_a_file_that_is_no_list_is_refused_without_quoting_a_nik_and_a_wrong_call_is_a_usage_error(
    shell: Shell,
) -> None:
    file = shell.folder / "list.csv"
    file.write_text("code,name\n9815014107850001,Siti\n", "utf-8")
    done = shell.mdi("reference", "update", file, "--yes", "--source", "x")
    assert (done.returncode, done.stdout) == (3, "")
    assert "line 2: the code has not" in done.stderr
    assert "9815014107850001" not in done.stderr
    assert shell.mdi("reference", "update", file, "--counts", "many").returncode == 2
    assert shell.mdi("reference", "update", "nowhere.csv").returncode == 1
