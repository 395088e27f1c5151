"""Write the figures of benchmarks/results/*.json into docs/benchmarks.md: `.venv/bin/python benchmarks/render.py`.

What stands between `<!-- figures: NAME -->` and `<!-- end -->` is made here and nowhere else; a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results"
SIZES = (50_000, 1_000_000, 10_000_000)
BARS_AT = 1_000_000
NOISY = " †"
NOT_RUN = "not run yet"
_FIGURES = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(page: str, results: Path = RESULTS) -> str:
    """The page with the figures that are kept."""
    return _FIGURES.sub(lambda found: found[1] + "\n" + PARTS[found[2]](results) + "\n\n" + found[3], page)


def linking(results: Path) -> str:
    """mdi-engine beside Splink: a table of runs and one of ratios."""
    runs: list[list[str]] = []
    against: list[list[str]] = []
    for size in SIZES:
        kept = _read(results / f"linking_{size}.json")
        if kept is None:
            runs.append([f"{size:,}", NOT_RUN, *[""] * 8])
            continue
        for rules in ("wide", "tight"):
            runs += [[f"{size:,}", rules, *_linked(row)] for row in kept[rules]["rows"]]
            against += _against(size, rules, kept)
        runs += [
            [f"{size:,}", "wide", *_linked(row | {"program": f"{row['program']}, kernels not compiled"})]
            for row in kept["kernels_not_compiled"][:1]
        ]
    heads = ["rows", "rules", "program", "pairs", "pairs/s", "scoring s", "whole job s", "peak MB", "F1", "B³"]
    ratios = ["rows", "rules", "pairs/s", "whole job", "peak memory", "F1 ours", "Splink's F1, at its best threshold"]
    return _table(heads, runs) + "\n\n" + _table(ratios, against)


def _linked(row: dict[str, Any]) -> list[str]:
    name = _name(row)
    if row["stopped"]:
        return [name, row["stopped"], *[""] * 6]
    return [
        name,
        f"{row['candidate_pairs']:,}",
        f"{row['pairs_per_second']:,}" if "pairs_per_second" in row else "",
        _spread(row["stages"]["score"]),
        _spread(row["seconds"]),
        f"{row['peak_mb']['median']:,.0f}",
        f"{row['f1']['median']:.4f}",
        f"{row['b_cubed']['median']:.4f}",
    ]


def _against(size: int, rules: str, kept: dict[str, Any]) -> Iterator[list[str]]:
    """How many times faster, and which part of the memory; with the bars where the size is that of the bars."""
    ratios, bars = kept[rules]["ratios"], kept["bars"]
    if ratios is None:
        return
    asked = size == BARS_AT
    wide, whole = rules == "wide", bars["whole_job" if rules == "wide" else "whole_job_tight"]
    yield [
        f"{size:,}",
        rules,
        f"{ratios['pairs_per_second']:.1f} ×" + (f" (bar {bars['pairs_per_second']:.0f})" if asked and wide else ""),
        f"{ratios['whole_job']:.1f} ×" + (f" (bar {whole:.0f})" if asked else ""),
        f"{ratios['peak_memory']:.2f} ×" + (f" (bar {bars['peak_memory']})" if asked and wide else ""),
        f"{kept[rules]['rows'][0]['f1']['median']:.4f}",
        _best(kept[rules]["splink_at_thresholds"]),
    ]


def _best(at: dict[str, Any] | None) -> str:
    if not at:
        return ""
    threshold = max(at, key=lambda name: float(at[name]["f1"]))
    return f"{at[threshold]['f1']:.4f} (at {threshold})"


def peers(results: Path) -> str:
    """Every program on every work."""
    kept = _read(results / "peers.json")
    if kept is None:
        return NOT_RUN
    rows = []
    for work, found in kept["works"].items():
        rows += [[work, *_judged(row)] for row in found["rows"]]
        at = found["splink_at_thresholds"].get("at_thresholds")
        if at:
            threshold = max(at, key=lambda name: float(at[name]["f1"]))
            best = at[threshold]
            label = f"Splink at {threshold}, the best of {len(at)} on the truth"
            rows.append([work, label, f"{best['f1']:.4f}", f"{best['b_cubed']:.4f}", f"{best['largest']}", "", ""])
    return _table(["work", "program", "F1", "B³", "largest (true)", "seconds", "peak MB"], rows)


def _judged(row: dict[str, Any]) -> list[str]:
    if row["stopped"]:
        return [_name(row), row["stopped"], *[""] * 4]
    return [
        _name(row) + (" (with labels)" if "labelled_pairs" in row else ""),
        _range(row["f1"]),
        _range(row["b_cubed"]),
        f"{row['largest']} ({row['quality']['true_largest']})",
        _spread(row["seconds"]),
        f"{row['peak_mb']['median']:,.0f}",
    ]


def startup(results: Path) -> str:
    """One line."""
    kept = _read(results / "startup.json")
    if kept is None:
        return NOT_RUN
    noisy = "" if kept["quiet"] else NOISY
    return (
        f"`python -c pass` takes {_spread(kept['python_seconds'])} s, `mdi --help` {_spread(kept['mdi_seconds'])} s: "
        f"{_spread(kept['more_seconds'])} s more (bar {kept['more_bar']}).{noisy}"
    )


PARTS: dict[str, Callable[[Path], str]] = {"linking": linking, "peers": peers, "startup": startup}


def _name(row: dict[str, Any]) -> str:
    """The program with its version, and whether something else ran meanwhile."""
    version = "" if row["stopped"] else f" {row['version']}"
    return f"{row['program']}{version}{'' if row['quiet'] else NOISY}"


def _spread(figures: dict[str, float]) -> str:
    """The median, and from where to where."""
    if figures["min"] == figures["max"]:
        return _short(figures["median"])
    return f"{_short(figures['median'])} ({_short(figures['min'])}–{_short(figures['max'])})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def _range(figures: dict[str, float]) -> str:
    """The median of a quality, with its range where runs differ."""
    middle = f"{figures['median']:.4f}"
    alike = figures["min"] == figures["max"]
    return middle if alike else f"{middle} ({figures['min']:.4f}–{figures['max']:.4f})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return kept


def main() -> int:
    """Write the page anew."""
    PAGE.write_text(render(PAGE.read_text("utf-8")), encoding="utf-8")
    print(f"the figures are in {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
