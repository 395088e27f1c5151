"""`mdi evaluate` in a real shell: belief, a sample drawn, answered in the file or key by key, and weighed."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import subprocess
import termios
import time
from pathlib import Path

import pytest
from cli_helpers import MDI, SAMPLES, Shell, environment

pytest_plugins = ["cli_fixtures"]


def answered(path: Path, answer: str) -> None:
    """Give every pair the same answer."""
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "answer": answer} for row in rows)


def waiting(path: Path) -> list[str]:
    return [
        row["pair"] for row in csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")) if not row["answer"]
    ]


def test_without_a_file_the_model_is_asked_and_says_that_it_believes(demo: Shell) -> None:
    told = demo.mdi("evaluate", "practitioner")
    assert told.returncode == 0, told.stderr
    assert "nobody has looked" in told.stdout
    assert "expected precision" in told.stdout
    found = json.loads(demo.mdi("evaluate", "practitioner", "--json").stdout)
    assert found["belief_of_the_model"] is True
    assert [row["threshold"] for row in found["expected"]] == sorted(row["threshold"] for row in found["expected"])


def test_pairs_are_drawn_answered_and_weighed(demo: Shell) -> None:
    drawn = demo.mdi("evaluate", "patient", "--draw", "pairs.csv", "--pairs", "60", "--seed", "5")
    assert drawn.returncode == 0, drawn.stderr
    assert "personal data" in drawn.stderr
    path = demo.folder / "pairs.csv"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text("utf-8")
    assert "################" in text
    # No sample's NIK or family card, which begin with an invented province.
    assert not any(cell.isdigit() and len(cell) == 16 for row in csv.reader(io.StringIO(text)) for cell in row)
    early = demo.mdi("evaluate", "patient", "--answers", "pairs.csv")
    assert (early.returncode, "without an answer: 60" in early.stderr) == (3, True)
    answered(path, "sama")
    told = demo.mdi("evaluate", "patient", "--answers", "pairs.csv", "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["linked"]["precision"]["low"] == pytest.approx(1.0)
    assert found["linked"]["precision"]["lower"] < 0.95
    shown = demo.mdi("evaluate", "patient", "--answers", "pairs.csv").stdout
    assert "as linked" in shown
    assert "no nik" in shown
    assert "Not covered by any way" in shown
    again = demo.mdi("evaluate", "patient", "--draw", "pairs.csv")
    assert (again.returncode, "may hold answers" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--draw", "a.csv", "--answers", "b.csv"], "exclude one another"),
        (["--truth", "a.csv", "--draw", "b.csv"], "exclude one another"),
        (["--ask"], "needs a file"),
        (["--draw", "a.parquet"], "must end in .csv"),
        (["--draw", "a.csv", "--pairs", "3"], "--pairs"),
    ],
    ids=["draw and answers", "truth and draw", "ask alone", "no csv", "too few"],
)
def test_what_makes_no_sense_is_told(shell: Shell, options: list[str], words: str) -> None:
    told = shell.mdi("evaluate", "facility", *options)
    assert told.returncode == 2
    assert words in told.stderr


def test_asking_needs_a_terminal(demo: Shell) -> None:
    told = demo.mdi("evaluate", "practitioner", "--draw", "pairs.csv", "--pairs", "20", "--ask")
    assert (told.returncode, "needs a terminal" in told.stderr) == (2, True)


def typed(shell: Shell, keys: str, *arguments: str) -> str:
    """What a terminal shows while somebody types these keys, one for each pair that is shown."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [MDI, *arguments],
        cwd=shell.folder,
        env=environment(TERM="xterm-256color"),
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    received, asked = b"", 0
    while select.select([leader], [], [], 60)[0]:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how Linux says that the other end was closed
            break
        received += chunk
        if asked < len(keys) and received.count(b"q leave") > asked:
            # What is typed before the terminal gives single keys is thrown away.
            until = time.monotonic() + 30
            while termios.tcgetattr(leader)[3] & termios.ICANON and time.monotonic() < until:
                time.sleep(0.01)
            os.write(leader, keys[asked].encode())
            asked += 1
    os.close(leader)
    assert process.wait(timeout=30) == 0, received
    return received.decode()


@pytest.mark.slow
def test_pairs_are_asked_key_by_key_with_a_way_back_and_a_way_on(demo: Shell) -> None:
    path = demo.folder / "pairs.csv"
    # Same; different; back (takes the second away); unsure; a key that means nothing; next; leave.
    shown = typed(demo, "sbzrxnq", "evaluate", "facility", "--draw", "pairs.csv", "--pairs", "20", "--ask")
    assert "together:" in shown
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert [row["answer"] for row in rows[:4]] == ["same", "unsure", "", ""]
    left = len(waiting(path))
    assert left == len(rows) - 2
    assert f"{left} pairs left" in shown
    # It goes on where it ended, and weighs the answers at the end.
    shown = typed(demo, "d" * left, "evaluate", "facility", "--answers", "pairs.csv", "--ask")
    assert waiting(path) == []
    assert "as linked" in shown
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_truth_is_still_taken(demo: Shell) -> None:
    told = demo.mdi("evaluate", "facility", "--truth", SAMPLES / "truth" / "facility.csv")
    assert (told.returncode, "b_cubed" in told.stdout) == (0, True)
