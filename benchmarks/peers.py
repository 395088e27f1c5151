"""Every program on every work: F1, B³, the largest cluster, seconds and memory.

    .venv/bin/python benchmarks/peers.py [--full] [--runs N] [WORK …]    # writes benchmarks/results/peers.json

A work that is named replaces its rows among those kept. Each program is run as its authors recommend (peers/).
One that cannot finish within the limits has a row that says so.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from contest import PROGRAMS, contest, splink_also
from measure import MEGABYTES_MOST, RESULTS, keep, machine

SMALL = ("fake_1000", "febrl1", "febrl3", "patients_10000")
FULL = ("fake_1000", "febrl1", "febrl2", "febrl3", "febrl4", "historical_50k", "patients_10000", "patients_100000")
SECONDS = 600


def main() -> int:
    """Run, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(FULL)}, or patients_N")
    parser.add_argument("--full", action="store_true", help="all works, not only the small ones")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="end what takes longer")
    parser.add_argument("--megabytes", type=int, default=MEGABYTES_MOST, help="end what holds more")
    asked = parser.parse_args()
    limits = {"seconds": asked.seconds, "megabytes": asked.megabytes}
    works = asked.works or (FULL if asked.full else SMALL)
    kept = json.loads((RESULTS / "peers.json").read_text("utf-8")) if (RESULTS / "peers.json").exists() else {}
    found: dict[str, Any] = kept.get("works", {})
    for work in works:
        rows = contest(work, PROGRAMS, asked.runs, **limits)
        found[work] = {"rows": rows, "limits": limits, "splink_at_thresholds": splink_also(work, **limits)}
        keep("peers", {"works": {name: found[name] for name in sorted(found)}, "machine": machine()})
    json.dump({work: found[work] for work in works}, sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
