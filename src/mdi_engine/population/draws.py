"""Seeded draws for whole columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Strings = NDArray[np.object_]

MOST = 0.95  # no share of rows grows beyond this, whatever the noise


def stream(seed: int, *path: int) -> Generator:
    """The generator of random numbers for one purpose: the same seed and path give the same numbers."""
    return Generator(PCG64(SeedSequence((seed, *path))))


def strings(values: Sequence[str]) -> Strings:
    """The texts as an array of objects, so that they can be picked by index."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


class Bag:
    """Values with weights, to draw from."""

    def __init__(self, values: Sequence[str], weights: Sequence[float] | NDArray[np.floating[Any]]) -> None:
        """Weights need not add up to one; those of zero are never drawn."""
        self.values = strings(values)
        total = np.cumsum(np.asarray(weights, dtype=np.float64))
        self._up_to = total / total[-1]

    @classmethod
    def by_rank(cls, values: Sequence[str]) -> Bag:
        """The first value is the commonest; the others fall off as names do (Zipf, with a shoulder)."""
        return cls(values, 1.0 / (np.arange(len(values)) + 3.0))

    def indices(self, rng: Generator, n: int) -> Ints:
        """`n` positions in `values`."""
        return np.searchsorted(self._up_to, rng.random(n), side="right").astype(np.int64)

    def draw(self, rng: Generator, n: int) -> Strings:
        """`n` values."""
        return self.values[self.indices(rng, n)]


def choose(rng: Generator, able: Mask, share: float, of: int | None = None) -> Mask:
    """Rows chosen at random among those that are `able`, so that they make up `share` of `of` rows (None: of the able).

    Never more than 95 % of the able ones.
    """
    count = int(able.sum())
    if not count:
        return np.zeros(len(able), dtype=np.bool_)
    chance = min(MOST, share * (count if of is None else of) / count)
    return able & (rng.random(len(able)) < chance)


def pick(rng: Generator, options: Strings, n: int) -> Strings:
    """`n` of the options, each as likely as the next."""
    return options[rng.integers(0, len(options), n)]


def rank_within(*keys: NDArray[Any]) -> Ints:
    """For each row, how many earlier rows have the same keys.

    >>> rank_within(np.array([7, 8, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    if not len(keys[0]):
        return np.zeros(0, dtype=np.int64)
    order = np.lexsort((np.arange(len(keys[0])), *keys))
    new = np.ones(len(order), dtype=np.bool_)
    for key in keys:
        later = key[order]
        new[1:] = (later[1:] != later[:-1]) if key is keys[0] else new[1:] | (later[1:] != later[:-1])
    starts = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order)) - starts
    return ranks
