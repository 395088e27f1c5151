"""A small linked home for test files that name this module in `pytest_plugins`, and what they ask of it.

PYTEST_DONT_REWRITE: the collection of doctests may import it before it is a plugin.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Run, Shell

from mdi_engine.ledger.fold import canonical_dump
from mdi_engine.ledger.store import open_ledger, reading

HOME = "mdi-home"
LEDGER, WORKBENCH = f"{HOME}/ledger.sqlite", f"{HOME}/workbench.duckdb"


@pytest.fixture(scope="session")
def linked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small home and its backup b.tar: two sources of facilities, linked, and a second delivery of one.

    Not to be changed: `home` gives a copy.
    """
    folder = tmp_path_factory.mktemp("linked")
    shell = Shell(folder)
    lines = (SAMPLES / "sirs" / "sirs_2021.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "first.csv").write_text("".join(lines), "utf-8")
    (folder / "second.csv").write_text("".join([*lines[:3], "broken row\n", *lines[8:]]), "utf-8")
    for arguments in (
        ("ingest", "sirs", "first.csv"),
        ("ingest", "pusdatin", SAMPLES / "pusdatin" / "pusdatin_2022.csv"),
        ("train", "facility"),
        ("link", "facility"),
        ("ingest", "sirs", "second.csv", "--yes"),
        ("backup", "b.tar"),
    ):
        done(shell.mdi(*arguments))
    return folder


@pytest.fixture
def home(linked_home: Path, tmp_path: Path) -> Shell:
    shutil.copytree(linked_home, tmp_path, dirs_exist_ok=True)
    return Shell(tmp_path)


def done(run: Run) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout


def failed(run: Run, code: int, *said: str) -> None:
    assert run.returncode == code, run.stdout + run.stderr
    assert "nobody foresaw" not in run.stderr
    for words in said:
        assert words in run.stderr


def findings(shell: Shell, home: str = HOME) -> list[str]:
    report = json.loads(shell.mdi("verify", "--home", home, "--json").stdout)
    return [finding["message"] for finding in report["findings"]]


def dump(ledger: Path) -> list[str]:
    engine = open_ledger(ledger)
    try:
        with reading(engine) as conn:
            return list(canonical_dump(conn))
    finally:
        engine.dispose()
