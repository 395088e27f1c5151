"""One record against many, in process and warm, beside a point read of SQLite in the same run.

    .venv/bin/python benchmarks/lookup.py [--rows N] [--runs N]   # prints and writes benchmarks/results/lookup.json

The rows are hospitals' patient lists of invented people (`works.py`), the model is models/patients.toml. What is looked
up are rows of them, each written down again with an error or two. SQLite reads such a row by its primary key, all
columns, from a file that was read before. New records are rows kept back until then, put in a thousand at a time, with
all clusters that they touch judged anew. Each timing is taken on the wall and of this thread alone (`cpu`): on a busy
machine the tail of the first is the others'. The bar is for the 99th percentile, in medians of a point read.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.models.model import load_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.linkage.searching.growing import Growing, New
from mdi_engine.linkage.searching.searcher import Searcher
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import score
from measure import keep, machine, spread
from works import patients

MODEL = Path(__file__).parent / "models" / "patients.toml"
LOOKUPS, NEW, AT_ONCE, TRAINED = 2_000, 2_000, 1_000, 100_000
POINT_READS, LOOK_UPS = 50.0, 3.0  # the bars: a look-up in point reads, a new record in look-ups
Row = dict[str, str | None]


def written_again(row: Mapping[str, str | None], rng: random.Random) -> Row:
    """The same person, with one field lost or one character of it, and perhaps another."""
    again = dict(row)
    for _ in range(rng.randint(1, 2)):
        field = rng.choice(sorted(again))
        value = again[field]
        if value:
            at = rng.randrange(len(value))
            again[field] = None if rng.random() < 0.3 else value[:at] + value[at + 1 :] or None
    return again


def timed(work: Callable[[Any], object], things: Sequence[Any]) -> list[tuple[float, float]]:
    """Microseconds of each: on the wall, and of this thread alone, which other processes do not lengthen as much."""
    took = []
    for thing in things:
        own, began = time.thread_time_ns(), time.perf_counter_ns()
        work(thing)
        ended = time.perf_counter_ns()
        took.append(((ended - began) / 1e3, (time.thread_time_ns() - own) / 1e3))
    return took


def ranks(took: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and mean, in microseconds."""
    cut = statistics.quantiles(took, n=100)
    return {"p50": round(cut[49], 1), "p99": round(cut[98], 1), "mean": round(statistics.fmean(took), 1)}


def both(took: Sequence[tuple[float, float]]) -> dict[str, dict[str, float]]:
    """The ranks on the wall, and of this thread alone."""
    wall, own = zip(*took, strict=True)
    return {"wall": ranks(wall), "cpu": ranks(own)}


class PointReads:
    """The rows in a SQLite file, read by primary key."""

    def __init__(self, path: Path, rows: Sequence[Row]) -> None:
        names = sorted(rows[0])
        self._con = sqlite3.connect(path)
        self._con.execute(
            f"CREATE TABLE record (id INTEGER PRIMARY KEY, {', '.join(f'{name} TEXT' for name in names)})"
        )
        marks = ", ".join("?" * (len(names) + 1))
        self._con.executemany(
            f"INSERT INTO record VALUES ({marks})", ((k, *(row[n] for n in names)) for k, row in enumerate(rows))
        )
        self._con.commit()
        self._con.execute("SELECT sum(length(name)) FROM record").fetchone()

    def read(self, number: int) -> object:
        """One row."""
        return self._con.execute("SELECT * FROM record WHERE id = ?", (number,)).fetchone()


def records_of(table: pa.Table, fields: Sequence[str]) -> Records:
    """Rows as records of one source."""
    keys = table.column("record_id").to_pylist()
    return build(["simrs"] * len(keys), keys, {name: encode(table.column(name)) for name in fields}, ())


def measure(searcher: Searcher, rows: Sequence[Row], reads: PointReads, run: int) -> dict[str, Any]:
    """Point reads and look-ups, some of each in turn, so that both have the same weather."""
    rng = random.Random(run)
    wanted = [rng.randrange(len(rows)) for _ in range(LOOKUPS)]
    asked = [written_again(rows[k], rng) for k in wanted]
    of_reads: list[tuple[float, float]] = []
    of_lookups: list[tuple[float, float]] = []
    for begin in range(0, LOOKUPS, 100):
        of_reads += timed(reads.read, wanted[begin : begin + 100])
        of_lookups += timed(searcher.search, asked[begin : begin + 100])
    compared = [searcher.search(row).compared for row in asked]
    return {
        "sqlite_us": both(of_reads),
        "lookup_us": both(of_lookups),
        "compared": {"mean": statistics.fmean(compared), "p99": statistics.quantiles(compared, n=100)[98]},
    }


def put_in(growing: Growing, table: pa.Table, fields: Sequence[str]) -> float:
    """Mean microseconds that one new record takes."""
    fresh = [New("simrs", row["record_id"], {name: row[name] for name in fields}) for row in table.to_pylist()]
    began = time.perf_counter()
    for begin in range(0, len(fresh), AT_ONCE):
        growing.add(fresh[begin : begin + AT_ONCE])
    return (time.perf_counter() - began) * 1e6 / len(fresh)


def same_partition(growing: Growing, records: Records, parameters: Parameters) -> bool:
    """Whether a full job over all records gives the clusters that grew."""
    full = cluster(records, score(records, parameters), parameters).label
    grown = growing.label
    pairs = np.unique(np.stack([full, grown]), axis=1).shape[1]
    return bool(pairs == len(np.unique(full)) == len(np.unique(grown)))


def main() -> int:
    """Make the rows, train, build, measure, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    model = load_model(MODEL)
    table = patients(asked.rows + NEW)
    fields = sorted(model.used_fields())
    old = table.slice(0, asked.rows)
    records = records_of(old, fields)
    rows: list[Row] = old.select(fields).to_pylist()
    # Weights are a function of two records and the parameters: of which rows these were learned changes no timing.
    parameters = train(records_of(old.slice(0, TRAINED), fields), model)
    edges = score(records, parameters)
    label = cluster(records, edges, parameters).label
    began = time.perf_counter()
    searcher = Searcher(records, parameters)
    built = time.perf_counter() - began
    searcher.search(rows[0])
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as folder:
        reads = PointReads(Path(folder) / "rows.sqlite", rows)
        runs = [measure(searcher, rows, reads, run) for run in range(asked.runs)]
    held = searcher.nbytes
    growing = Growing(searcher, edges, label)
    each = put_in(growing, table.slice(asked.rows), fields)
    lookup = statistics.median(run["lookup_us"]["wall"]["mean"] for run in runs)
    result = {
        "rows": asked.rows,
        "lookups": LOOKUPS,
        "runs": asked.runs,
        "p99_in_point_reads": {
            clock: spread([round(r["lookup_us"][clock]["p99"] / r["sqlite_us"][clock]["p50"], 1) for r in runs])
            for clock in ("wall", "cpu")
        },
        "point_reads_bar": POINT_READS,
        **{
            f"{what}_us": {
                clock: {
                    rank: spread([run[f"{what}_us"][clock][rank] for run in runs]) for rank in ("p50", "p99", "mean")
                }
                for clock in ("wall", "cpu")
            }
            for what in ("sqlite", "lookup")
        },
        "compared": runs[0]["compared"],
        "new_record_us": round(each, 1),
        "new_records_at_once": AT_ONCE,
        "new_record_in_lookups": round(each / lookup, 2),
        "lookups_bar": LOOK_UPS,
        "same_partition_as_full_job": same_partition(growing, records_of(table, fields), parameters),
        "build_seconds": round(built, 2),
        "bytes_per_record": round(held / asked.rows),
        "load_before": [round(number, 2) for number in load],
        "machine": machine(),
    }
    keep("lookup", result)
    print(result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
