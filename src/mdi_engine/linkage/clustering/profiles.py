"""How well two fragments go together, judged by all their records at once.

A record is held against the **profile** of the other fragment: per block, the mean over that fragment's records of
the Bayes factor. One spelling of a name, one of two addresses is enough to explain what a record holds, and a value
that no record of the fragment shares speaks against it once, not once per record.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.clustering.decisions import Members
from mdi_engine.linkage.clustering.logs import log_count, log_sums, stretches
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Block, Ints, blocks
from mdi_engine.linkage.weights.plain import PlainScorer

if TYPE_CHECKING:
    from mdi_engine.linkage.weights.laid import Laid

# From so many pairs of records on the kernels are worth loading.
MANY = 50_000
# Records pairs looked at in one go; changes nothing but the memory.
CHUNK = 500_000
# A fragment speaks through at most so many records, those of lowest rank: two of 1,000 would be a million pairs.
SPEAKERS = 50


class Profiles:
    """Evidence between fragments of these records, in millibits."""

    def __init__(self, records: Records, parameters: Parameters) -> None:
        self._pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
        self._plain = [PlainScorer([pair], 0) for pair in self._pairs]
        self._laid: list[Laid] = []

    def scores(self, members: Members, left: Ints, right: Ints) -> Ints:
        """The evidence that fragments `left[k]` and `right[k]` are one, without any prior.

        The mean over the records of either side of what they say about the other side, and the mean of both sides.
        """
        size = np.minimum(members.size, SPEAKERS)
        if self._cost(size, left, right) >= MANY and not self._laid:
            from mdi_engine.linkage.weights.laid import Laid  # numba: loaded where it is worth it

            self._laid = [Laid([pair], 0) for pair in self._pairs]
        parts = [self._some(members, size, left[some], right[some]) for some in _chunks(size[left] * size[right])]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    @staticmethod
    def _cost(size: Ints, left: Ints, right: Ints) -> int:
        return int((size[left] * size[right]).sum())

    def _some(self, members: Members, size: Ints, left: Ints, right: Ints) -> Ints:
        a, b = size[left], size[right]
        pair = np.repeat(np.arange(len(left)), a * b)
        place = np.arange(len(pair)) - np.repeat(np.cumsum(a * b) - a * b, a * b)
        i, j = np.divmod(place, b[pair])
        x, y = members.rows[members.start[left[pair]] + i], members.rows[members.start[right[pair]] + j]
        of_x, of_y = (np.cumsum(a) - a)[pair] + i, (np.cumsum(b) - b)[pair] + j
        said_x, said_y = np.zeros(int(a.sum()), dtype=np.int64), np.zeros(int(b.sum()), dtype=np.int64)
        low, high = np.minimum(x, y), np.maximum(x, y)
        by_y = np.argsort(of_y, kind="stable")
        for number, (block, _) in enumerate(self._pairs):
            present = _present(block, x, y)
            weight = self._weights(number, low, high)
            _add_means(said_x, of_x[present], weight[present])
            in_order = by_y[present[by_y]]
            _add_means(said_y, of_y[in_order], weight[in_order])
        sum_x = np.add.reduceat(said_x, np.cumsum(a) - a)
        sum_y = np.add.reduceat(said_y, np.cumsum(b) - b)
        return np.asarray((sum_x * b + sum_y * a) // (2 * a * b), dtype=np.int64)

    def _weights(self, number: int, left: Ints, right: Ints) -> Ints:
        scorer = self._laid[number] if self._laid else self._plain[number]
        return scorer.weights(left, right)


def _present(block: Block, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
    """Whether a block has something to compare: a part that both records hold."""
    there = np.zeros(len(left), dtype=bool)
    for part in block.parts:
        there |= (part.codes[left] >= 0) & (part.codes[right] >= 0)
    return there


def _add_means(said: Ints, of: Ints, weight: Ints) -> None:
    """Add to each record the mean Bayes factor of its pairs; `of` is sorted."""
    start = stretches(of)
    count = np.diff(np.append(start, len(of)))
    said[of[start]] += log_sums(weight, start) - log_count(count)


def _chunks(cost: Ints) -> Iterator[slice]:
    """Stretches of about the same cost."""
    part = np.cumsum(cost) // CHUNK
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(cost)]
    for a, b in itertools.pairwise(edges):
        if b > a:
            yield slice(a, b)
