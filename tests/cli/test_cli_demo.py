from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]


def test_a_second_demo_writes_no_event_and_churns_nothing(demo: Shell) -> None:
    before = json.loads(demo.mdi("verify", "--json").stdout)
    told = json.loads(demo.mdi("demo", "--json").stdout)
    assert [report["outcome"] for report in told["ingested"]] == ["known"] * 12
    assert [report["new"] for report in told["trained"]] == [False] * 6
    assert {(report["events_written"], report["churn"], report["new"]) for report in told["linked"]} == {(0, 0, 0)}
    assert json.loads(demo.mdi("verify", "--json").stdout) == before
    assert before["findings"] == []


@pytest.mark.parametrize(
    ("entity", "least"),
    [
        ("patient", 0.97),
        ("practitioner", 0.99),
        ("facility", 0.99),
        ("product", 0.95),
        ("payer", 0.9),
        ("service", 0.85),
    ],
)
def test_the_demo_finds_what_is_the_same(demo_home: Path, entity: str, least: float) -> None:
    told = json.loads(Shell(demo_home).mdi("evaluate", entity, "--truth", _truth(entity), "--json").stdout)
    assert told["unnamed"] == 0
    assert told["evaluation"]["pairwise"]["f1"] >= least
    assert told["subgroups"]


def test_the_demo_takes_every_row_or_says_why_not(demo_home: Path) -> None:
    done = Shell(demo_home).mdi("demo", "--json")
    for report in json.loads(done.stdout)["ingested"]:
        assert report["read"] == report["accepted"] + report["rejected"]
        assert bool(report["rejected"]) == bool(report["reasons"]) == (report["source"] == "simrs")


def test_the_question_the_demo_suggests_has_an_answer(demo: Shell) -> None:
    note = demo.mdi("demo").stderr.splitlines()[-1]
    program, *arguments = shlex.split(note)
    assert program == "mdi"
    assert "match" in demo.mdi(*arguments).stdout


def test_the_home_is_where_it_is_wanted(shell: Shell) -> None:
    made = json.loads(shell.mdi("generate", "lists", "--hospitals", "9", "--seed", "7", "--json").stdout)
    sirs = f"{made['out']}/sirs/sirs_2021.csv"
    assert shell.mdi("ingest", "sirs", sirs, MDI_HOME="told").returncode == 0
    assert shell.mdi("ingest", "sirs", sirs, "--home", "flag", MDI_HOME="told").returncode == 0
    assert sorted(path.name for path in shell.folder.iterdir()) == ["flag", "lists", "told"]
    assert shell.mdi("verify", "--home", "flag", MDI_HOME="nowhere").returncode == 0


def _truth(entity: str) -> str:
    return str(SAMPLES / "truth" / f"{entity}.csv")
