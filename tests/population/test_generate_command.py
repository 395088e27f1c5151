"""`mdi generate` as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mdi_engine.population.generate import LARGEST, MOST_HOSPITALS, NOISIEST
from mdi_engine.population.people.people import LONGEST

MDI = str(Path(sys.executable).with_name("mdi"))


def mdi(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MDI, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_it_says_what_it_wrote_and_will_not_write_over_it(tmp_path: Path) -> None:
    made = mdi(tmp_path, "generate", "lists", "--people", "300", "--json")
    assert made.returncode == 0
    told = json.loads(made.stdout)
    lines = (tmp_path / "lists" / "dukcapil" / "dukcapil.csv").read_text("utf-8").splitlines()
    assert told["rows"]["dukcapil"] == len(lines) - 1
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == sorted([*told["rows"], "truth"])

    again = mdi(tmp_path, "generate", "lists", "--people", "300")
    assert (again.returncode, again.stdout) == (5, "")
    assert "--force" in again.stderr
    forced = mdi(tmp_path, "generate", "lists", "--people", "200", "--force")
    assert forced.returncode == 0
    assert "dukcapil" in forced.stdout


@pytest.mark.parametrize("wrong", [("--people", "0"), ("--months", "99"), ("--noise", "-1"), ("--noise", "1000")])
def test_what_cannot_be_served_is_2_and_leaves_nothing(tmp_path: Path, wrong: tuple[str, str]) -> None:
    done = mdi(tmp_path, "generate", "lists", *wrong)
    assert (done.returncode, done.stdout) == (2, "")
    assert list(tmp_path.iterdir()) == []


def test_help_tells_what_can_be_served(tmp_path: Path) -> None:
    told = " ".join(mdi(tmp_path, "generate", "--help").stdout.split())
    for least, most in ((1, LARGEST), (0.0, NOISIEST), (1, LONGEST), (1, MOST_HOSPITALS)):
        assert f"{least}<=x<={most}" in told
