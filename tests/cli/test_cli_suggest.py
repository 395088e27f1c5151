"""`mdi suggest-blocking`, and what plan and dedupe say of a file in which nearly all rows share a value."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]

SIRS = SAMPLES / "sirs" / "sirs_2021.csv"
BARE = """
name = "people"
[fields.name]
column = "name"
type = "tokens"
[fields.born]
column = "born"
type = "date"
[fields.kab]
column = "kab"
[fields.person]
column = "person"
identifier = true
[[comparisons]]
field = "name"
levels = ["same", "subset"]
[[comparisons]]
field = "born"
levels = ["exact", "same_year"]
[[comparisons]]
field = "kab"
levels = ["exact"]
"""
SYLLABLES = [a + b for a in "bdgklmnprstw" for b in "aiueo"]


def write_people(folder: Path, count: int, *, born: str | None = None) -> Path:
    """Invented persons, a third of them twice; with `born`, 98 of 100 rows have that birth date."""
    rng = random.Random(5)
    words = ["".join(rng.choices(SYLLABLES, k=3)) for _ in range(900)]
    path = folder / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["person", "name", "born", "kab"])
        for number in range(count):
            name = " ".join(rng.choices(words, k=2))
            day = f"{rng.randint(1940, 2020)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
            kab = f"{3500 + rng.randrange(60)}"
            for _ in range(1 if number % 3 else 2):
                mistaken = name[1:] if rng.random() < 0.05 else name
                out.writerow([f"p{number}", mistaken, born if born and rng.random() < 0.98 else day, kab])
    return path


@pytest.fixture
def bare(shell: Shell) -> Path:
    path = shell.folder / "people.toml"
    path.write_text(BARE)
    return path


def test_what_it_prints_completes_a_model_and_finds_the_pairs(shell: Shell, bare: Path) -> None:
    write_people(shell.folder, 1500)
    told = shell.mdi("suggest-blocking", "people.csv", "--model", bare, "--pairs", "2e4")
    assert told.returncode == 0, told.stderr
    assert "of 20,000 allowed" in told.stderr
    assert "by assumed rates of error" in told.stderr
    bare.write_text(BARE + told.stdout)
    planned = json.loads(shell.mdi("dedupe", "people.csv", "--model", bare, "--plan", "--json").stdout)
    assert 0 < planned["distinct"] <= planned["pairs"] <= 20_000
    done = shell.mdi("dedupe", "people.csv", "--model", bare, "--truth", "person", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["candidate_recall"] >= 0.97
    assert found["candidate_pairs"] <= planned["pairs"]
    assert "person" not in told.stdout


def test_json_tells_the_same_and_more(shell: Shell, bare: Path) -> None:
    write_people(shell.folder, 600)
    text = shell.mdi("suggest-blocking", "people.csv", "--model", bare)
    told = json.loads(shell.mdi("suggest-blocking", "people.csv", "--model", bare, "--json").stdout)
    assert told["toml"].split() == text.stdout.split()
    assert told["budget"] == 50 * told["records"]
    assert told["pairs"] == sum(rule["pairs"] for rule in told["rules"]) <= told["budget"]
    assert told["learned"] is False


def test_a_file_without_a_model_and_an_entity_of_the_home(demo_home: Path) -> None:
    shell = Shell(demo_home)
    table = shell.mdi("suggest-blocking", SIRS)
    assert table.returncode == 0, table.stderr
    assert "nama_rs" in table.stdout
    entity = shell.mdi("suggest-blocking", "facility")
    assert entity.returncode == 0, entity.stderr
    assert "by what training learned" in entity.stderr
    assert entity.stdout.startswith("[[blocking]]\n")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.csv"], 4, "nowhere.csv"),
        (["people.csv", "--pairs", "0"], 2, "--pairs"),
        (["people.csv", "--pairs", "nan"], 2, "--pairs"),
        (["people.csv", "--field", "colour"], 2, "colour"),
        (["patient"], 4, "holds no ledger"),
        (["patient", "--model", "people.toml"], 2, "leave it out"),
        (["headless.csv"], 3, "no header"),
        (["people.csv", "empty.csv"], 2, "no column in common"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_asked(arguments: list[str], code: int, said: str, shell: Shell, bare: Path) -> None:
    write_people(shell.folder, 5)
    (shell.folder / "headless.csv").write_text("9900010101900001,SITI,1990-01-01\n")
    (shell.folder / "empty.csv").write_text("other\n")
    done = shell.mdi("suggest-blocking", *arguments)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert said in done.stderr
    assert "9900010101900001" not in done.stderr


def test_where_nothing_is_worth_a_rule_it_says_so(shell: Shell, bare: Path) -> None:
    (shell.folder / "people.csv").write_text("person,name,born,kab\n1,siti,1990-01-01,3578\n2,budi,1991-01-01,3579\n")
    done = shell.mdi("suggest-blocking", "people.csv", "--model", bare)
    assert (done.returncode, done.stdout) == (0, "")
    assert "No rule of" in done.stderr


@pytest.mark.slow
def test_a_file_of_one_birth_date_is_linked_and_it_is_said(shell: Shell, bare: Path) -> None:
    """8,000 rows would make 31 million pairs under the one date."""
    write_people(shell.folder, 6_000, born="1900-01-01")
    bare.write_text(BARE + '[[blocking]]\nkeys = ["born"]\n[[blocking]]\nkeys = ["name", "kab"]\n')
    plan = shell.mdi("dedupe", "people.csv", "--model", bare, "--plan")
    assert plan.returncode == 0, plan.stderr
    said = "rule 'born': 98.0% of the rows share one value of 'born'. The "
    assert said in plan.stdout
    assert "born: a 1 January" in plan.stdout
    assert "1900-01-01" not in plan.stdout
    done = shell.mdi("dedupe", "people.csv", "--model", bare, "--truth", "person", "--json")
    assert done.returncode == 0, done.stderr
    assert f"Uneven: {said}" in done.stderr
    found = json.loads(done.stdout)
    assert found["notes"][0].startswith(said)
    assert found["candidate_pairs"] < 2_000_000
    assert found["candidate_recall"] > 0.95
