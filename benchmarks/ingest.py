"""A million patient rows through `mdi ingest`, beside the time DuckDB takes to read the same CSV and write Parquet.

    .venv/bin/python benchmarks/ingest.py [--people N] [--runs N]   # prints and writes benchmarks/results/ingest.json

The rows are what hospitals keep of invented people (`mdi generate`). DuckDB reads every column as text and writes
Parquet; `mdi ingest simrs` reads, normalises, lands, sets aside and appends to the ledger, without match keys, into a
home that does not exist yet. Both run in turn, each time in a process of its own; the ratio is of neighbours. `hold`
is how long a transaction kept other writers from the ledger.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from sqlalchemy import Connection, Engine

from mdi_engine.jobs import ingest as job
from mdi_engine.ledger.store import writing
from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import Settings
from mdi_engine.workbench import crew
from measure import keep, machine, spread

PEOPLE = 626_000  # about a million rows of hospitals
BAR = 15.0


class Clock:
    """A progress that keeps the seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ("", 0.0)

    def stage(self, name: str, total: int | None = None) -> None:
        """End the stage before, begin this one."""
        self.end()
        self._stage = (name, time.perf_counter())

    def advance(self, n: int = 1) -> None:
        """Nothing is drawn."""

    def end(self) -> None:
        """End the last stage."""
        name, began = self._stage
        if name:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - began, 3)


def read_and_write(files: Sequence[Path], scratch: Path) -> dict[str, Any]:
    """DuckDB alone, with its defaults."""
    began = time.perf_counter()
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        source = con.read_csv([str(path) for path in files], all_varchar=True)
        source.write_parquet(str(scratch / "all.parquet"))
    return {"seconds": round(time.perf_counter() - began, 3)}


def take_in(files: Sequence[Path], scratch: Path) -> dict[str, Any]:
    """All that `mdi ingest` does, and what it cost."""
    held: list[float] = []

    @contextmanager
    def timed(engine: Engine) -> Iterator[Connection]:
        with writing(engine) as conn:
            began = time.perf_counter()
            yield conn
        held.append(time.perf_counter() - began)

    peaks: list[int] = []
    end = crew._Worker.end

    def measured(worker: crew._Worker) -> None:
        # RUSAGE_CHILDREN would count what this process held when it started the worker.
        status = Path(f"/proc/{worker._process.pid}/status").read_text(encoding="ascii")
        peaks.append(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
        end(worker)

    clock, began = Clock(), time.perf_counter()
    with patch.object(job, "writing", timed), patch.object(crew._Worker, "end", measured):
        report = job.ingest(Settings(home=scratch / "home"), "simrs", files, progress=clock)
    clock.end()
    ranks = statistics.quantiles(held, n=100)
    return {
        "seconds": round(time.perf_counter() - began, 3),
        "stages": clock.seconds,
        "hold_ms": {"p50": round(ranks[49] * 1000, 1), "p99": round(ranks[98] * 1000, 1)},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "peak_mb_of_a_worker": max(peaks, default=0),
        "rows": report.read,
        "rejected": report.rejected,
    }


STEPS = {"duckdb": read_and_write, "mdi": take_in}


def in_a_process(step: str, files: Sequence[Path]) -> dict[str, Any]:
    """One of the steps in a fresh process and a fresh folder."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, __file__, "--step", step, "--scratch", scratch, *map(str, files)]
        answer: dict[str, Any] = json.loads(subprocess.check_output(command))
    return answer


def compare(files: Sequence[Path], runs: int) -> dict[str, Any]:
    """Both in turn, so often; the figures of all runs together."""
    pairs = [(in_a_process("duckdb", files), in_a_process("mdi", files)) for _ in range(runs)]
    ours = [mdi for _, mdi in pairs]
    ratio = spread([round(mdi["seconds"] / duck["seconds"], 2) for duck, mdi in pairs])
    return {
        "rows": ours[0]["rows"],
        "rejected": ours[0]["rejected"],
        "csv_mb": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "runs": runs,
        "ratio": ratio,
        "ratio_bar": BAR,
        "seconds": {
            "duckdb": spread([d["seconds"] for d, _ in pairs]),
            "mdi_ingest": spread([m["seconds"] for m in ours]),
        },
        "stages_seconds": {name: spread([mdi["stages"][name] for mdi in ours]) for name in ours[0]["stages"]},
        "hold_ms": {rank: spread([mdi["hold_ms"][rank] for mdi in ours]) for rank in ("p50", "p99")},
        "peak_mb": max(mdi["peak_mb"] for mdi in ours),
        "peak_mb_of_a_worker": max(mdi["peak_mb_of_a_worker"] for mdi in ours),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "machine": machine(),
        "versions": {name: version(name) for name in ("duckdb", "pyarrow")},
    }


def main() -> int:
    """Generate, run, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--people", type=int, default=PEOPLE, help="how many people to invent")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("files", nargs="*", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked.files, asked.scratch)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder) / "lists", Order(asked.people, seed=1))
        result = compare(sorted(Path(folder).glob("lists/simrs/*.csv")), asked.runs)
    keep("ingest", result)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
