"""What every peer's script has in common: `run_NAME.py WORK FILE FOLDER`.

FILE is Parquet with `record_id`, `cluster` (the truth, which none may look at unless it says so) and the fields of the
work. Into FOLDER go `clusters.parquet` (`record_id`, `cluster_id`) and `report.json`: seconds of each stage, the
number of pairs compared, and what else there is to say.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]


class Run:
    """One run of a peer: what it was asked, and what it tells."""

    def __init__(self, package: str) -> None:
        self.work, file, folder = sys.argv[1:]
        self.file, self.folder = Path(file), Path(folder)
        self.report: dict[str, Any] = {"version": version(package), "cores": os.cpu_count(), "seconds": {}}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Keep the seconds of a stage."""
        began = time.perf_counter()
        yield
        self.report["seconds"][name] = round(time.perf_counter() - began, 3)

    def end(self, ids: Iterable[Any], clusters: Iterable[Any], **facts: Any) -> None:
        """Write what was found: the cluster of each record."""
        table = pa.table(
            {"record_id": [str(name) for name in ids], "cluster_id": [str(cluster) for cluster in clusters]}
        )
        pq.write_table(table, self.folder / "clusters.parquet")
        self.tell(**facts)

    def tell(self, **facts: Any) -> None:
        """Write the report alone."""
        text = json.dumps({**self.report, **facts}, indent=2)
        (self.folder / "report.json").write_text(text + "\n", encoding="utf-8")


def components(left: Any, right: Any, records: int) -> Any:
    """Connected components of pairs of row numbers, for peers that give pairs and no clusters."""
    graph = coo_array((np.ones(len(left), dtype=bool), (left, right)), shape=(records, records))
    return connected_components(graph, directed=False)[1]
