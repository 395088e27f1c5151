"""The golden record on the command line: of a number today, and as of a moment before the last delivery."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import NamedTuple

import pytest
from cli_helpers import SAMPLES, Shell

pytest_plugins = ["cli_fixtures"]

CODE = "3522543"


class Told(NamedTuple):
    """A home whose hospital `CODE` has `number`, and had 99 beds until a delivery after `before` (to the second)."""

    shell: Shell
    number: str
    before: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    shell = Shell(tmp_path_factory.mktemp("golden"))
    deliver(shell, beds="99")
    for words in (
        ["ingest", "pusdatin", str(SAMPLES / "pusdatin" / "pusdatin_2022.csv")],
        ["train", "facility"],
        ["link", "facility"],
    ):
        done = shell.mdi(*words)
        assert done.returncode == 0, done.stderr
    number = str(json.loads(shell.mdi("lookup", "facility", "--kode", CODE, "--json").stdout)["matches"][0]["number"])
    before = shell.mdi("history", number).stdout.splitlines()[-1].split("  ")
    time.sleep(1)  # a moment is named to the second
    deliver(shell, beds="100")
    return Told(shell, number, next(word for word in before if word.endswith("Z")))


def deliver(shell: Shell, *, beds: str) -> None:
    """Take in the sample with other beds for one hospital."""
    with (SAMPLES / "sirs" / "sirs_2021.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    changed = [{**row, "total_tt": beds} if row["kode_rs"] == CODE else row for row in rows]
    path = Path(shell.folder) / "sirs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(changed)
    assert shell.mdi("ingest", "sirs", path).returncode == 0


def line_of(output: str, field: str) -> str:
    return next(" ".join(line.split()) for line in output.splitlines() if line.startswith(f"{field} "))


def test_a_number_shows_its_golden_record(told: Told) -> None:
    done = told.shell.mdi("lookup", "facility", told.number)
    assert done.stdout == told.shell.mdi("lookup", "facility", "--number", "-", stdin=told.number).stdout
    assert line_of(done.stdout, "beds").startswith(f"beds 100 sirs:{CODE} 20")
    name = line_of(done.stdout, "name")
    assert f"sirs:{CODE}" in name
    assert " source " in name
    assert name.endswith(f"(pusdatin:{CODE})")


def test_the_golden_record_is_json_too(told: Told) -> None:
    found = json.loads(told.shell.mdi("lookup", "facility", told.number, "--json").stdout)
    golden = {one["field"]: one for one in found["golden"]}
    assert (golden["beds"]["value"], golden["beds"]["source"], golden["beds"]["key"]) == ("100", "sirs", CODE)
    assert golden["beds"]["date"] in {record["at"] for record in found["master"]["records"]}
    assert [beaten["source"] for beaten in golden["name"]["beaten"]] == ["pusdatin"]


def test_history_as_of_shows_what_was(told: Told) -> None:
    assert line_of(told.shell.mdi("history", told.number, "--as-of", told.before).stdout, "beds").startswith("beds 99 ")
    now = told.shell.mdi("history", told.number, "--as-of", "2999-01-01")
    assert line_of(now.stdout, "beds").startswith("beds 100 ")
    found = json.loads(told.shell.mdi("history", told.number, "--as-of", told.before, "--json").stdout)
    assert {one["field"]: one["value"] for one in found["golden"]}["beds"] == "99"


@pytest.mark.parametrize(
    ("code", "as_of", "said"), [(4, "2001-01-01", "then"), (2, "9901014510900001", "date"), (2, "", "date")]
)
def test_a_date_before_the_number_is_4_and_no_date_is_2(told: Told, code: int, as_of: str, said: str) -> None:
    done = told.shell.mdi("history", told.number, "--as-of", as_of)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "9901014510900001" not in done.stderr


def test_a_nik_in_place_of_a_number_is_refused_and_not_repeated(told: Told) -> None:
    done = told.shell.mdi("lookup", "patient", "9901014510900001")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--nik -" in done.stderr
    assert "9901014510900001" not in done.stderr


def test_two_numbers_are_one_too_many(told: Told) -> None:
    assert told.shell.mdi("lookup", "facility", told.number, "--number", told.number).returncode == 2
