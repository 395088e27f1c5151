"""Normalisers as SQL functions: callable by name in mapping.sql, run once for each distinct value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import sqltypes
from duckdb.func import ARROW, SPECIAL

Normalizer = Callable[[str | None], str | None]

# So many distinct values are remembered per function; beyond it the memory starts afresh.
REMEMBERED = 1_000_000


def register(con: duckdb.DuckDBPyConnection, normalizers: Mapping[str, Normalizer]) -> None:
    """Make each normaliser an SQL function `name(VARCHAR) -> VARCHAR` of this connection.

    NULL is passed on as None: what a missing value means is for the normaliser to say.
    """
    for name, normalizer in normalizers.items():
        con.create_function(
            name, _vectorised(normalizer), [sqltypes.VARCHAR], sqltypes.VARCHAR, type=ARROW, null_handling=SPECIAL
        )


def _vectorised(normalizer: Normalizer) -> Callable[[Any], Any]:
    seen: dict[str | None, str | None] = {}
    lock = Lock()

    # ChunkedArray in, Array out; not annotated so, because DuckDB evaluates annotations and those types take no index.
    def function(values: Any) -> Any:
        texts = values.to_pylist()
        with lock:  # DuckDB calls from several threads
            if len(seen) > REMEMBERED:
                seen.clear()
            for text in set(texts).difference(seen):
                seen[text] = normalizer(text)
            return pa.array([seen[text] for text in texts], pa.string())

    return function
