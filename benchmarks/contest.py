"""Programs on works, in turn, each run a process of its own, judged by one evaluator: for linking.py and peers.py."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measure import HERE, MEGABYTES_MOST, SECONDS_MOST, Ran, quiet, run, spread

DATA = HERE.parent / "build" / "benchmarks" / "data"
OURS, PEERS = Path(sys.executable), HERE / ".venv-peers" / "bin" / "python"
US = "mdi-engine"


@dataclass(frozen=True)
class Program:
    """A script that links (peers/peer.py says what it takes), and the Python that it runs in."""

    name: str
    script: str
    python: Path = PEERS
    env: Mapping[str, str] = field(default_factory=dict)

    def command(self, work: str, folder: Path) -> list[str | Path]:
        """How it is called."""
        return [self.python, HERE / self.script, work, file_of(work), folder]


MDI = Program(US, "run_mdi.py", OURS)
SPLINK = Program("Splink", "peers/run_splink.py")
PROGRAMS = (
    MDI,
    SPLINK,
    Program("GoldenMatch", "peers/run_goldenmatch.py"),
    Program("recordlinkage", "peers/run_recordlinkage.py"),
    Program("dedupe", "peers/run_dedupe.py"),
)


def file_of(work: str) -> Path:
    """The rows of a work. They are made once; `_tight` names other rules for the same rows."""
    path = DATA / f"{work.removesuffix('_tight')}.parquet"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        if work.startswith("febrl"):
            made: list[str | Path] = [PEERS, HERE / "peers" / "write_febrl.py", work.removeprefix("febrl"), path]
        else:
            made = [OURS, HERE / "works.py", path.stem, path]
        subprocess.run(made, check=True)
    return path


def judged(work: str, clusters: Path) -> dict[str, Any]:
    """What the evaluator says; in a process of its own, which leaves this one small."""
    said = subprocess.check_output([OURS, HERE / "judge.py", file_of(work), clusters])
    quality: dict[str, Any] = json.loads(said)
    return quality


@dataclass
class _Kept:
    """The runs of a program so far, with what it reported."""

    runs: list[Ran] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    qualities: list[dict[str, Any]] = field(default_factory=list)


def contest(
    work: str,
    programs: Sequence[Program],
    runs: int,
    *,
    seconds: float = SECONDS_MOST,
    megabytes: int = MEGABYTES_MOST,
) -> list[dict[str, Any]]:
    """A row for each program. They take turns, so that what slows the machine slows all of them; who could not finish
    is not asked again.
    """
    file_of(work)
    kept = {program.name: _Kept() for program in programs}
    for _ in range(runs):
        for program in programs:
            mine = kept[program.name]
            if not any(ran.stopped for ran in mine.runs):
                _once(work, program, mine, seconds, megabytes)
    return [_row(work, program.name, kept[program.name]) for program in programs]


def _once(work: str, program: Program, mine: _Kept, seconds: float, megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ran = run(
            program.command(work, folder),
            env=program.env,
            seconds=seconds,
            megabytes=megabytes,
            log=folder / "log.txt",
        )
        mine.runs.append(ran)
        print(f"{work}  {program.name}  {ran.seconds} s  {ran.peak_mb} MB  {ran.stopped or ''}", file=sys.stderr)
        if ran.stopped is None:
            mine.reports.append(json.loads((folder / "report.json").read_text("utf-8")))
            mine.qualities.append(judged(work, folder / "clusters.parquet"))


def _row(work: str, name: str, mine: _Kept) -> dict[str, Any]:
    stopped = next((ran.stopped for ran in mine.runs if ran.stopped), None)
    row: dict[str, Any] = {"work": work, "program": name, "stopped": stopped, "quiet": quiet(mine.runs)}
    if stopped:
        last = mine.runs[-1]
        return row | {"seconds_until_stopped": last.seconds, "peak_mb_until_stopped": last.peak_mb}
    stages = mine.reports[0]["seconds"]
    facts = {key: value for key, value in mine.reports[-1].items() if key not in {"seconds", "cores"}}
    return row | {
        "runs": len(mine.runs),
        "seconds": spread([ran.seconds for ran in mine.runs]),
        "peak_mb": spread([ran.peak_mb for ran in mine.runs]),
        "stages": {stage: spread([report["seconds"][stage] for report in mine.reports]) for stage in stages},
        "f1": spread([round(quality["pairwise"]["f1"], 4) for quality in mine.qualities]),
        "b_cubed": spread([round(quality["b_cubed"]["f1"], 4) for quality in mine.qualities]),
        "largest": max(quality["largest"] for quality in mine.qualities),
        "quality": mine.qualities[-1],
        **facts,
    }


def splink_also(work: str, *, seconds: float = SECONDS_MOST, megabytes: int = MEGABYTES_MOST) -> dict[str, Any]:
    """How many pairs its rules make, and how good Splink is at each of several thresholds. Nothing of it is timed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ran = run(
            SPLINK.command(work, folder),
            env={"SPLINK_ALSO": "1"},
            seconds=seconds,
            megabytes=megabytes,
            log=folder / "log.txt",
        )
        if ran.stopped:
            return {"stopped": ran.stopped}
        at = {}
        for path in sorted(folder.glob("clusters_*.parquet")):
            quality = judged(work, path)
            at[path.stem.removeprefix("clusters_")] = {
                "f1": round(quality["pairwise"]["f1"], 4),
                "b_cubed": round(quality["b_cubed"]["f1"], 4),
                "largest": quality["largest"],
            }
        pairs = json.loads((folder / "report.json").read_text("utf-8"))["candidate_pairs"]
    return {"candidate_pairs": pairs, "at_thresholds": at}
