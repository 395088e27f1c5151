"""mdi-engine as the peers are run (peers/peer.py): run_mdi.py WORK FILE FOLDER, Parquet in, clusters in Parquet out."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import mdi_engine

MODELS = Path(__file__).parent / "models"


def model_of(work: str) -> Path:
    """The model of a work, or of its kind: patients_1000000_tight has patients_tight.toml, febrl3 has febrl.toml."""
    kinds = (work, re.sub(r"_[0-9]+(?=_tight$|$)", "", work), work.rstrip("0123456789"))
    return next(path for kind in kinds if (path := MODELS / f"{kind}.toml").exists())


def main() -> int:
    """Link, and write what was found."""
    work, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    linked = mdi_engine.dedupe([file], mdi_engine.load_model(model_of(work)), output=folder / "clusters.parquet")
    report = {
        "version": mdi_engine.__version__,
        "cores": os.cpu_count(),
        "seconds": {stage: round(seconds, 3) for stage, seconds in linked.seconds.items()},
        "candidate_pairs": linked.edges.candidate_pairs,
        "pairs_kept": len(linked.edges),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
