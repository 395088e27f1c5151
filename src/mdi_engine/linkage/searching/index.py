"""From keys to rows: sorted arrays, and beside them what came since, put in from time to time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mdi_engine.linkage.candidates.keys import Posting, groups, match_keys
from mdi_engine.linkage.candidates.rarity import features
from mdi_engine.linkage.kernels.one import Index
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.searching.asking import Key
from mdi_engine.linkage.weights.compare import Ints, Small

# So many new entries are held beside the arrays, and a share of those in them.
FEW, SHARE = 1 << 16, 8
_NONE = np.empty(0, dtype=np.int32)


class KeyIndex:
    """The rows under every key of every way."""

    def __init__(self, records: Records, parameters: Parameters, threads: int = 1) -> None:
        model, blocking = parameters.model, parameters.blocking
        postings = match_keys(records, model, blocking.refinement, threads)
        if model.rarity is not None and blocking.rarity is not None:
            postings.append(features(records, model.rarity, blocking.rarity).posting)
        self.arrays = _laid(postings)
        self._late: dict[tuple[int, int], list[int]] = {}
        self._count = 0

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return sum(array.nbytes for array in self.arrays)

    def late(self, keys: Sequence[Key]) -> tuple[Ints, Small]:
        """Per key the rows that the arrays do not know yet: `row[start[k]:start[k + 1]]`."""
        if not self._late:
            return np.zeros(len(keys) + 1, dtype=np.int64), _NONE
        start = [0]
        rows: list[int] = []
        for key in keys:
            rows += self._late.get(key[:2], ())
            start.append(len(rows))
        return np.array(start, dtype=np.int64), np.array(rows, dtype=np.int32)

    def add(self, row: int, keys: Sequence[Key]) -> None:
        """Put a row in, whose number is above all others."""
        for key in keys:
            self._late.setdefault(key[:2], []).append(row)
        self._count += len(keys)
        if self._count > max(FEW, len(self.arrays.row) // SHARE):
            self._merge()

    def _merge(self) -> None:
        postings = []
        for way, (begin, end) in enumerate(zip(self.arrays.first[:-1], self.arrays.first[1:], strict=True)):
            start = self.arrays.start[begin : end + 1]
            fresh = [(row, key) for (of, key), rows in self._late.items() if of == way for row in rows]
            more = np.array(fresh, dtype=np.int64).reshape(-1, 2)
            rows = np.concatenate([self.arrays.row[start[0] : start[-1]], more[:, 0]])
            keys = np.concatenate([np.repeat(self.arrays.keys[begin:end], np.diff(start)), more[:, 1]])
            order = np.lexsort((rows, keys))
            postings.append(Posting(rows[order], keys[order]))
        self.arrays = _laid(postings)
        self._late, self._count = {}, 0


def _laid(postings: Sequence[Posting]) -> Index:
    first, keys, starts, done = [0], [], [], 0
    for posting in postings:
        start, _ = groups(posting)
        keys.append(posting.keys[start])
        starts.append(start + done)
        first.append(first[-1] + len(start))
        done += len(posting.rows)
    return Index(
        np.array(first, dtype=np.int64),
        np.concatenate([np.empty(0, np.int64), *keys]),
        np.concatenate([*starts, [done]]).astype(np.int64),
        np.concatenate([np.empty(0, np.int32), *(posting.rows.astype(np.int32) for posting in postings)]),
    )
