"""The two real hospital lists: our F1 without labels, beside a simple script whose threshold is chosen on the truth.

    .venv/bin/python benchmarks/hospitals.py            # prints a table, writes benchmarks/results/hospitals.json

The simple script: within a province, the token-sort ratio of the names in capitals; best pairs first, each row once;
every threshold is tried and the one with the best F1 kept. It sees the truth; `mdi dedupe` does not.
The lists are read from MDI_REAL_DATA (default ../shared/data).
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process

from mdi_engine.jobs.dedupe import dedupe
from mdi_engine.linkage.models.model import load_model
from mdi_engine.normalize.registry import NORMALIZERS
from measure import keep, spread

HERE = Path(__file__).parent
LISTS = Path(os.environ.get("MDI_REAL_DATA", HERE.parent.parent / "shared" / "data")) / "facilities"
RUNS = 3


def read(name: str) -> list[dict[str, str]]:
    """Rows of a list."""
    with (LISTS / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def simple_script() -> dict[str, float]:
    """Best F1 of the simple script over all thresholds."""
    left, right = read("rs_online_2021.csv"), read("sirs_rs_2022.csv")
    province = NORMALIZERS["province_code"]
    by_province: dict[str | None, list[int]] = defaultdict(list)
    for j, row in enumerate(right):
        by_province[province(row["kode_kab"])].append(j)
    scored = []
    for i, row in enumerate(left):
        rivals = by_province[province(row["nama_prop"])]
        names = [right[j]["unit_kerja"].upper() for j in rivals]
        scores = process.cdist([row["nama_rs"].upper()], names, scorer=fuzz.token_sort_ratio)[0]
        scored += [(float(score), i, j) for score, j in zip(scores, rivals, strict=True) if score >= 50]
    true = len({row["kode_rs"] for row in left} & {row["kode_instansi"] for row in right})
    used_left: set[int] = set()
    used_right: set[int] = set()
    best = {"f1": 0.0, "precision": 0.0, "recall": 0.0, "threshold": 0.0}
    found = good = 0
    for score, i, j in sorted(scored, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if i in used_left or j in used_right:
            continue
        used_left.add(i)
        used_right.add(j)
        found += 1
        good += left[i]["kode_rs"] == right[j]["kode_instansi"]
        precision, recall = good / found, good / true
        f1 = 2 * precision * recall / (precision + recall) if good else 0.0
        if f1 > best["f1"]:
            best = {"f1": f1, "precision": precision, "recall": recall, "threshold": score}
    return best


def main() -> int:
    """Run both, print, and keep the figures."""
    if not LISTS.is_dir():
        print(f"the real lists are not at {LISTS}: set MDI_REAL_DATA", file=sys.stderr)
        return 1
    model = load_model(HERE / "models" / "hospitals.toml")
    seconds, figures = [], {}
    for _ in range(RUNS):
        begin = time.perf_counter()
        linked = dedupe([LISTS / "rs_online_2021.csv", LISTS / "sirs_rs_2022.csv"], model, truth="code")
        seconds.append(time.perf_counter() - begin)
        figures = linked.to_dict()
    figures["seconds_total"] = spread(seconds)
    result = {"mdi_dedupe": figures, "simple_script_threshold_on_truth": simple_script(), "numpy": np.__version__}
    keep("hospitals", result)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
