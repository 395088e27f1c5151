"""Patient rows linked by the same rules, comparisons and levels: mdi-engine beside Splink 5.

    .venv/bin/python benchmarks/linking.py [--rows N] [--runs N]   # writes benchmarks/results/linking_N.json

Pairs per second: distinct candidate pairs over the seconds from loaded records to scored edges of even odds or better,
for Splink those of `predict`. The whole job is a fresh process, Parquet in to clusters in Parquet; compiled kernels are
there from a run before, and in a row of their own they are not.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from typing import Any

from contest import MDI, SPLINK, contest, splink_also
from measure import MEGABYTES_MOST, SECONDS_MOST, keep, machine

BARS = {"pairs_per_second": 40.0, "whole_job": 15.0, "peak_memory": 0.5, "whole_job_tight": 3.0}


def compare(work: str, runs: int, limits: dict[str, Any], alone: bool) -> dict[str, Any]:
    """Both programs on one work, and how much faster and smaller ours is."""
    contest(work, [MDI], 1, **limits)  # compiles the kernels
    rows = contest(work, [MDI] if alone else [MDI, SPLINK], runs, **limits)
    also = {} if alone else splink_also(work, **limits)
    if not alone and not rows[1]["stopped"]:
        rows[1]["candidate_pairs"] = also.get("candidate_pairs")
    for row in rows:
        if not row["stopped"] and row["candidate_pairs"]:
            row["pairs_per_second"] = round(row["candidate_pairs"] / row["stages"]["score"]["median"])
    return {"rows": rows, "splink_at_thresholds": also.get("at_thresholds"), "ratios": ratios(rows)}


def ratios(rows: list[dict[str, Any]]) -> dict[str, float] | None:
    """Ours against theirs, of medians; None unless both finished."""
    if len(rows) < 2 or any(row["stopped"] or not row.get("pairs_per_second") for row in rows):
        return None
    ours, theirs = rows
    return {
        "pairs_per_second": round(ours["pairs_per_second"] / theirs["pairs_per_second"], 2),
        "whole_job": round(theirs["seconds"]["median"] / ours["seconds"]["median"], 2),
        "peak_memory": round(ours["peak_mb"]["median"] / theirs["peak_mb"]["median"], 3),
    }


def cold(work: str, runs: int, limits: dict[str, Any]) -> list[dict[str, Any]]:
    """Our whole job where no kernel was compiled before."""
    rows = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as empty:
            rows += contest(work, [replace(MDI, env={"NUMBA_CACHE_DIR": empty})], 1, **limits)
    return rows


def main() -> int:
    """Run, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="without Splink, for sizes that are beyond it")
    parser.add_argument("--seconds", type=float, default=SECONDS_MOST, help="end what takes longer")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES_MOST, help="end what holds more")
    asked = parser.parse_args()
    limits = {"seconds": asked.seconds, "megabytes": asked.megabytes}
    work = f"patients_{asked.rows}"
    result = {
        "rows": asked.rows,
        "runs": asked.runs,
        "limits": limits,
        "bars": BARS,
        "wide": compare(work, asked.runs, limits, asked.alone),
        "tight": compare(f"{work}_tight", asked.runs, limits, asked.alone),
        "kernels_not_compiled": [] if asked.alone else cold(work, asked.runs, limits),
        "machine": machine(),
    }
    keep(f"linking_{asked.rows}", result)
    json.dump(result, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
