"""GoldenMatch without any configuration, as its authors begin: run_goldenmatch.py WORK FILE FOLDER (see peer.py).

The truth and the name of a record are taken out first. From 100,000 rows on it refuses where it doubts its own choice;
it is told to go on.
"""

from __future__ import annotations

import goldenmatch as gm  # type: ignore[import-not-found]
import pyarrow.parquet as pq
from peer import Run

ADDED = {"fake_1000": ["name"]}  # what works.py puts together of other fields


def main() -> int:
    """Link, and write what was found."""
    run = Run("goldenmatch")
    with run.stage("load"):
        table = pq.read_table(run.file)
        ids = table.column("record_id").to_pylist()
        hidden = ["record_id", "cluster", *ADDED.get(run.work, ())]
    with run.stage("link"):
        found = gm.dedupe_df(table.drop_columns(hidden), confidence_required=False)
    members = [(ids[row], number) for number, cluster in found.clusters.items() for row in cluster["members"]]
    run.end((name for name, _ in members), (number for _, number in members))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
