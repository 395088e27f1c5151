"""How right the clusters are, without labels and at default thresholds, on every small list whose truth is known.

    .venv/bin/python benchmarks/accuracy.py                     # all; prints a table, writes results/accuracy.json
    .venv/bin/python benchmarks/accuracy.py febrl3 fake_1000    # some; the figures of the others stay

Each list is linked by `mdi_engine.link` with its model in models/; the truth only measures. Where records are drawn at
random, or persons invented, there is a run for each of several seeds, and a bar is held against the mean.
Where the lists come from: lists.py. What does not fit a bar is printed as such, and the exit code is 1.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import lists
import mdi_engine
import persons
from measure import RESULTS, keep, machine

MODELS = Path(__file__).parent / "models"
TRUTH = "cluster"
FILE = "accuracy"
Run = dict[str, Any]


@dataclass(frozen=True)
class Bar:
    """What a figure's mean must reach: at least, or at most."""

    figure: str
    bound: float
    most: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value <= self.bound if self.most else value >= self.bound

    def __str__(self) -> str:
        return f"{self.figure} {'≤' if self.most else '≥'} {self.bound:g}"


@dataclass(frozen=True)
class Work:
    """One row of the table: `run` gives the figures of one seed (None: there is nothing to draw)."""

    run: Callable[[int | None], Run]
    bars: tuple[Bar, ...]
    seeds: tuple[int | None, ...] = (None,)


def linked(model: str, tables: Callable[..., lists.Tables], seed: int | None) -> Run:
    """Link a list and measure. `false_merges`: how many records too few stand for themselves, where each should."""
    given = tables() if seed is None else tables(seed=seed)
    spec = mdi_engine.load_model(MODELS / f"{model}.toml")
    began = time.perf_counter()
    result = mdi_engine.link(given, spec, truth=TRUTH)
    seconds = time.perf_counter() - began
    found = result.evaluation
    assert found is not None  # a truth was given
    sizes = np.unique(result.clusters.label, return_counts=True)[1]
    true_sizes = np.unique(result.records.columns[TRUTH].codes, return_counts=True)[1]
    return {
        "seed": seed,
        "records": len(result.records),
        "true_pairs": found.true_pairs,
        **found.pairwise.to_dict(),
        "b_cubed": found.b_cubed.f1,
        "largest": int(sizes.max()),
        "largest_true": int(true_sizes.max()),
        "candidate_recall": result.candidate_recall,
        **({} if found.true_pairs else {"false_merges": len(result.records) - len(sizes)}),
        "seconds": round(seconds, 1),
    }


def _f1(bound: float) -> Bar:
    return Bar("f1", bound)


_HISTORICAL = partial(linked, "historical_50k")
_SEEDS = (1, 2, 3, 4, 5)
WORKS: Mapping[str, Work] = {
    **{
        f"febrl{number}": Work(partial(linked, "febrl", partial(lists.febrl, number)), (_f1(0.999),))
        for number in (1, 2, 3, 4)
    },
    "fake_1000": Work(partial(linked, "fake_1000", lists.fake_1000), (_f1(0.99),)),
    "persons": Work(lambda seed: persons.compare(seed or 1), (Bar("f1_lost", 0.005, most=True),), (1, 2, 3)),
    "historical_50k": Work(
        partial(_HISTORICAL, lists.historical_50k), (_f1(0.96), Bar("b_cubed", 0.96), Bar("largest", 26, most=True))
    ),
    "historical_30": Work(partial(_HISTORICAL, partial(lists.part_of_historical, 0.3)), (_f1(0.94),), _SEEDS),
    "historical_10": Work(partial(_HISTORICAL, partial(lists.part_of_historical, 0.1)), (_f1(0.90),), _SEEDS),
    "historical_single": Work(
        partial(_HISTORICAL, lists.one_of_each_historical), (Bar("false_merges", 20, most=True),), _SEEDS
    ),
}


def measure(work: Work) -> dict[str, Any]:
    """All runs of a work, and of each figure the mean and the spread over them."""
    runs = [work.run(seed) for seed in work.seeds]
    figures = {
        name: _spread([run[name] for run in runs]) for name in runs[0] if name not in ("seed", "candidate_recall")
    }
    return {
        "bars": {str(bar): bar.holds(figures[bar.figure]["mean"]) for bar in work.bars},
        **figures,
        "runs": runs,
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Least, mean and greatest."""
    return {"min": min(values), "mean": round(statistics.fmean(values), 6), "max": max(values)}


def row(name: str, result: Mapping[str, Any]) -> str:
    """One line of the table: means over the seeds."""
    mean = {figure: said["mean"] for figure, said in result.items() if isinstance(said, dict) and "mean" in said}
    spread = result["f1"]["max"] - result["f1"]["min"]
    bars = ", ".join(f"{bar}{'' if held else ' MISSED'}" for bar, held in result["bars"].items())
    also = "".join(f"  {figure} {mean[figure]:.4g}" for figure in ("f1_true", "false_merges") if figure in mean)
    return (
        f"{name:<18}{mean['f1']:7.4f} ±{spread / 2:.4f}{mean['precision']:8.4f}{mean['recall']:8.4f}"
        f"{mean['b_cubed']:8.4f}{mean['largest']:6.3g}/{mean['largest_true']:<4.3g}{mean['seconds']:6.1f}  {bars}{also}"
    )


def main(names: Sequence[str]) -> int:
    """Measure the works named, or all; keep the figures of the others as they are."""
    unknown = sorted(set(names) - set(WORKS))
    if unknown:
        print(f"no work is called {', '.join(unknown)}; there is {', '.join(WORKS)}", file=sys.stderr)
        return 2
    path = RESULTS / f"{FILE}.json"
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["works"] if path.exists() else {}
    print(f"{'':<18}{'F1':>7}{'':>8}{'prec.':>8}{'recall':>8}{'B³':>8}{'largest':>11}{'s':>6}  bar", flush=True)
    held = True
    for name in names or WORKS:
        try:
            kept[name] = measure(WORKS[name])
        except lists.Absent as absent:
            print(f"{name:<18}not measured: {absent}", flush=True)
            continue
        held &= all(kept[name]["bars"].values())
        print(row(name, kept[name]), flush=True)
        keep(FILE, {"machine": machine(), "works": {name: kept[name] for name in WORKS if name in kept}})
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
