"""Other processes are timed, ended where they cost too much, and judged by one evaluator."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest
from benchmark_scripts import load

measure, judge = load("measure"), load("judge")
PROC = pytest.mark.skipif(not Path("/proc/stat").exists(), reason="memory is watched through /proc")


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_that_ends_well() -> None:
    ran = measure.run(python("pass"))
    assert ran.stopped is None
    assert ran.seconds > 0
    assert ran.peak_mb > 0


def test_why_a_process_failed_is_its_last_line(tmp_path: Path) -> None:
    ran = measure.run(python("print('first'); raise SystemExit('no such column')"), log=tmp_path / "log")
    assert ran.stopped == "failed with 1: no such column"
    assert measure.run(python("raise SystemExit(3)")).stopped == "failed with 3: it said nothing"


@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "while True: pass"], ids=["idle", "busy"])
def test_who_takes_too_long_is_ended(code: str) -> None:
    assert measure.run(python(code), seconds=0.3).stopped == "not done within 0 s"


@PROC
def test_who_holds_too_much_is_ended() -> None:
    ran = measure.run(python("import time; held = bytearray(200 << 20); time.sleep(60)"), megabytes=100)
    assert ran.stopped == "more than 100 MB"


@PROC
def test_memory_of_children_counts_and_they_end_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    told = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid()))"
    child = f"{told}; held = bytearray(150 << 20); time.sleep(60)"
    ran = measure.run(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"), megabytes=120
    )
    assert ran.stopped == "more than 120 MB"
    until = time.monotonic() + 10
    while alive(int(note.read_text())):
        assert time.monotonic() < until
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@PROC
def test_peak_memory_is_that_of_the_child_and_not_of_who_measures() -> None:
    assert measure.run(python("held = bytearray(120 << 20)")).peak_mb >= 120


def test_spread() -> None:
    assert measure.spread([3.0, 1.0, 2.0]) == {"min": 1.0, "median": 2.0, "max": 3.0}


@pytest.mark.parametrize(
    ("others", "quiet"),
    [([0.0, 0.1], True), ([0.0, 0.5], False), ([None, None], None)],
    ids=["quiet", "busy", "untold"],
)
def test_quiet(others: list[float | None], quiet: bool | None) -> None:
    assert measure.quiet([measure.Ran(1.0, 1, other, None) for other in others]) is quiet


WORK = pa.table({"record_id": ["a", "b", "c", "d"], "cluster": ["1", "1", "2", "2"]})


def test_clusters_are_judged_by_record_in_any_order() -> None:
    found = pa.table({"record_id": ["d", "b", "c", "a"], "cluster_id": ["x", "y", "x", "y"]})
    quality = judge.judge(WORK, found)
    assert quality["pairwise"]["f1"] == quality["b_cubed"]["f1"] == 1.0
    assert (quality["largest"], quality["clusters"]) == (2, 2)


def test_a_record_that_was_left_out_stands_alone() -> None:
    quality = judge.judge(WORK, pa.table({"record_id": ["a", "b"], "cluster_id": ["c", "c"]}))
    assert quality["clusters"] == 3
    assert quality["pairwise"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}


def test_our_own_clusters_are_in_the_order_of_the_rows() -> None:
    found = pa.table(
        {"source": ["w"] * 4, "record_id": ["1", "2", "3", "4"], "cluster_id": ["w:1", "w:1", "w:3", "w:4"]}
    )
    assert judge.judge(WORK, found)["pairwise"]["recall"] == 0.5


@pytest.mark.parametrize("names", [["a", "z"], ["a", "a"]], ids=["unknown", "twice"])
def test_clusters_of_other_records_are_refused(names: list[str]) -> None:
    with pytest.raises(SystemExit, match="not of the work"):
        judge.judge(WORK, pa.table({"record_id": names, "cluster_id": ["c", "d"]}))


def test_rows_without_truth_are_entities_of_their_own() -> None:
    work = pa.table({"record_id": ["a", "b"], "cluster": pa.array([None, None], pa.string())})
    assert (
        judge.judge(work, pa.table({"record_id": ["a", "b"], "cluster_id": ["c", "c"]}))["pairwise"]["precision"] == 0.0
    )
