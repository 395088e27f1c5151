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

# So many distinct values a function remembers, and as many again from before; at first fewer. Where hardly a value ever
# returns (a NIK, a phone) it does not try to remember for a while: that costs more than it saves.
REMEMBERED = 100_000
_AT_FIRST = 10_000
_PAUSE = 20 * _AT_FIRST


def register(con: duckdb.DuckDBPyConnection, normalizers: Mapping[str, Normalizer]) -> None:
    """Make each normaliser an SQL function `name(VARCHAR) -> VARCHAR` of this connection.

    NULL is passed on as None: what a missing value means is for the normaliser to say.
    """
    for name, normalizer in normalizers.items():
        con.create_function(
            name, _vectorised(normalizer), [sqltypes.VARCHAR], sqltypes.VARCHAR, type=ARROW, null_handling=SPECIAL
        )


def _vectorised(normalizer: Normalizer) -> Callable[[Any], Any]:
    memory, lock = _Memory(normalizer), Lock()

    # ChunkedArray in, Array out; not annotated so, because DuckDB evaluates annotations and those types take no index.
    def function(values: Any) -> Any:
        coded = pa.concat_arrays(values.chunks).dictionary_encode("encode")
        texts = coded.dictionary.to_pylist()
        with lock:  # DuckDB calls from several threads
            known = memory.normalised(texts)
        return pa.array(known, pa.string()).take(coded.indices)

    return function


class _Memory:
    """What a normaliser made of the values it saw last."""

    def __init__(self, normalizer: Normalizer) -> None:
        self.normalizer = normalizer
        self.new: dict[str | None, str | None] = {}
        self.old: dict[str | None, str | None] = {}
        self.room = _AT_FIRST
        self.asked = 0
        self.pause = 0

    def normalised(self, texts: list[str | None]) -> list[str | None]:
        """Each of these distinct texts normalised."""
        normalizer = self.normalizer
        if self.pause > 0:
            self.pause -= len(texts)
            return [normalizer(text) for text in texts]
        new, old = self.new, self.old
        for text in texts:
            if text not in new:
                new[text] = old[text] if text in old else normalizer(text)
        self.asked += len(texts)
        known = [new[text] for text in texts]
        if len(new) >= self.room:
            self._turn()
        return known

    def _turn(self) -> None:
        """Begin anew, keeping the last ones. One value in ten that had been seen before pays for remembering."""
        pays = self.asked > 1.1 * len(self.new)
        self.room, self.pause = (REMEMBERED, 0) if pays else (_AT_FIRST, _PAUSE)
        self.old, self.new, self.asked = (self.new if pays else {}), {}, 0
