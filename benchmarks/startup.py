"""`mdi --help` beside `python -c pass`, each in a process of its own.

.venv/bin/python benchmarks/startup.py [--runs N]      # prints and writes benchmarks/results/startup.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from measure import keep, machine, quiet, run, spread

MORE_MOST = 0.4


def main() -> int:
    """Run both in turn, print, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    mdi = Path(sys.executable).with_name("mdi")
    pairs = [(run([sys.executable, "-c", "pass"]), run([mdi, "--help"])) for _ in range(asked.runs)]
    stopped = [ran.stopped for pair in pairs for ran in pair if ran.stopped]
    if stopped:
        print(stopped[0], file=sys.stderr)
        return 1
    result = {
        "runs": asked.runs,
        "python_seconds": spread([python.seconds for python, _ in pairs]),
        "mdi_seconds": spread([mdi.seconds for _, mdi in pairs]),
        "more_seconds": spread([round(mdi.seconds - python.seconds, 3) for python, mdi in pairs]),
        "more_bar": MORE_MOST,
        "quiet": quiet([ran for pair in pairs for ran in pair]),
        "machine": machine(),
    }
    keep("startup", result)
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
