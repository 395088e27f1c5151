"""The one evaluator: how good the clusters are that some program found. Prints JSON.

    .venv/bin/python benchmarks/judge.py WORK.parquet CLUSTERS.parquet

A record that a program leaves out of its clusters stands alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from mdi_engine.linkage.evaluate import cluster_sizes, evaluate

Labels = npt.NDArray[np.int64]


def found_labels(ids: list[str], clusters: pa.Table) -> Labels:
    """The cluster of each record, as numbers. A table with a `source` is our own: its rows are in the work's order."""
    if "source" in clusters.column_names and clusters.num_rows == len(ids):
        return numbered(clusters.column("cluster_id").to_pylist())
    found = dict(zip(*(clusters.column(name).to_pylist() for name in ("record_id", "cluster_id")), strict=True))
    unknown = found.keys() - set(ids)
    if unknown or len(found) < clusters.num_rows:
        raise SystemExit(f"{len(unknown)} records of the clusters are not of the work, or stand in two clusters")
    return numbered([("found", found[name]) if name in found else ("alone", name) for name in ids])


def numbered(labels: list[Any]) -> Labels:
    """Labels as whole numbers, in order of first appearance; NULL is -1."""
    numbers: dict[Any, int] = {}
    given = (-1 if label is None else numbers.setdefault(label, len(numbers)) for label in labels)
    return np.fromiter(given, np.int64, len(labels))


def judge(work: pa.Table, clusters: pa.Table) -> dict[str, Any]:
    """Quality over pairs and records, and the sizes of clusters beside the true ones."""
    truth = numbered(work.column("cluster").to_pylist())
    found = found_labels(work.column("record_id").to_pylist(), clusters)
    quality = evaluate(found, truth)
    return {
        "records": len(truth),
        "pairwise": quality.pairwise.to_dict(),
        "b_cubed": quality.b_cubed.to_dict(),
        "clusters": len(np.unique(found)),
        "true_clusters": len(np.unique(truth)),
        "largest": max(cluster_sizes(found)),
        "true_largest": max(cluster_sizes(truth)),
    }


def main() -> int:
    """Judge two files."""
    work, clusters = (pq.read_table(Path(name)) for name in sys.argv[1:])
    print(json.dumps(judge(work, clusters)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
