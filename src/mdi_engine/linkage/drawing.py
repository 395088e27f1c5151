"""Candidate pairs drawn at random, each as likely as any other, without making them all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mdi_engine.linkage.candidates.blocking import Ways, covers
from mdi_engine.linkage.candidates.keys import Posting, groups, shared
from mdi_engine.linkage.weights.compare import Ints

CHUNK = 100_000


def draw(ways: Ways, rng: np.random.Generator, *, most: int) -> Iterator[tuple[Ints, Ints]]:
    """Pairs (left < right) in chunks, independent and uniform over the distinct candidates, out of `most` trials.

    A trial takes any two records under any key. A pair that k keys hold comes k times as often, so it is kept with
    chance 1 / k; one that shares features too weak for rarity blocking counts under the rules alone.
    """
    postings = [*ways.postings, *([ways.rarity.posting] if ways.rarity is not None else [])]
    sizes = [groups(posting) for posting in postings]
    pairs = np.array([int((size * (size - 1) // 2).sum()) for _, size in sizes], dtype=np.float64)
    if not pairs.sum():
        return
    for _ in range(-(-most // CHUNK)):
        per_way = rng.multinomial(CHUNK, pairs / pairs.sum())
        parts = [
            _pairs(posting, *of, int(n), rng) for posting, of, n in zip(postings, sizes, per_way.tolist(), strict=True)
        ]
        left, right = (np.concatenate([part[k] for part in parts]) for k in range(2))
        way = np.repeat(np.arange(len(postings)), per_way)
        kept = rng.random(len(left)) * _times(ways, left, right, way) < 1.0
        if ways.source is not None:
            kept &= ways.source[left] != ways.source[right]
        mixed = rng.permutation(np.flatnonzero(kept & _held(ways, left, right, way)))
        yield left[mixed], right[mixed]


def _pairs(posting: Posting, start: Ints, size: Ints, count: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Pairs of entries under one key, every pair of entries as likely as any other."""
    reach = np.cumsum(size * (size - 1) // 2)
    if not count:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    group = np.searchsorted(reach, rng.integers(0, reach[-1], count), side="right")
    one = rng.integers(0, size[group])
    other = rng.integers(0, size[group] - 1)
    other += other >= one
    first, second = posting.rows[start[group] + one], posting.rows[start[group] + other]
    return np.minimum(first, second), np.maximum(first, second)


def _held(ways: Ways, left: Ints, right: Ints, way: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the way that a pair was drawn from makes it a candidate: a rule always, rarity from its cut on."""
    rare = way == len(ways.postings)
    held = np.ones(len(left), dtype=np.bool_)
    held[rare] = covers(ways, len(ways.postings), left[rare], right[rare])
    return held


def _times(ways: Ways, left: Ints, right: Ints, way: Ints) -> Ints:
    """Under how many keys each pair could have been drawn and kept."""
    times = np.zeros(len(left), dtype=np.int64)
    for number, held in enumerate(ways.held):
        count = np.zeros(len(left), dtype=np.int64)
        for pair, _ in shared(held, left, right):
            count += np.bincount(pair, minlength=len(left))
        if number == len(ways.postings):
            count *= covers(ways, number, left, right)
        times += count
    return np.maximum(times, 1)
