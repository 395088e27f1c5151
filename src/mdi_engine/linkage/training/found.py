"""How many matches each way to candidates finds, and what share all of them find together."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.parameters import Found
from mdi_engine.linkage.training.guess import Floats, Guess, block_log_u
from mdi_engine.linkage.training.observe import Observed, Pairs, Whole

# Beyond this the odds are one or nothing, and their sums would overflow.
_SURE = 500.0


def found(seen: Observed, guess: Guess, source: npt.NDArray[np.int32]) -> Found:
    """Expected matches per way and, from how the ways overlap, the share of all matches that any way finds.

    `source[record]` counts where the pairs were kept (one record per source): then rivals share their chances.
    """
    odds = _odds(seen, guess)
    alone = odds / (1.0 + odds) * seen.count
    expected = alone
    if seen.pairs is not None:
        expected = _group_sums(seen.pairs.row, among_rivals(seen.pairs, odds[seen.pairs.row], source), len(seen))
    count = int(seen.covered.max()).bit_length()
    by_way = [_sum(expected[(seen.covered >> w) & 1 == 1]) for w in range(count)]
    new = [_sum(expected[seen.first == w]) for w in range(count)]
    # Rivals leave the sure pairs, which every way finds; what is lost lies among the weak ones, so here these count.
    recall = _recall(seen.covered, np.where(expected > 0, alone, 0.0), count)
    everything = _sum(expected)
    return Found(tuple(by_way), tuple(new), everything / recall if recall else everything, recall)


def _odds(seen: Observed, guess: Guess) -> Floats:
    """The odds of each row that its pairs are matches, each pair looked at alone."""
    log_odds = np.full(len(seen), math.log2(guess.share / (1 - guess.share)))
    for b, (cache, ids) in enumerate(zip(seen.caches, seen.ids, strict=True)):
        log_m = np.log2(np.maximum(guess.m[b], 1e-300))
        log_odds += (log_m[cache.level] - block_log_u(cache, guess.u[b], guess.tables[b]) / 1000.0)[ids]
    return np.asarray(np.exp2(np.clip(log_odds, -_SURE, _SURE)), dtype=np.float64)


def among_rivals(pairs: Pairs, odds: Floats, source: npt.NDArray[np.int32]) -> Floats:
    """Posterior of each pair where a record has at most one partner in each other source.

    Rivals of (i, j) are the pairs of i into j's source and of j into i's: `odds / (1 + all their odds)`. So the
    posteriors of one record into one source sum to less than one. Two records of one source are never a match.
    """
    odds = np.where(source[pairs.left] == source[pairs.right], 0.0, odds)
    sources = int(source.max(initial=0)) + 1
    of_left = pairs.left.astype(np.int64) * sources + source[pairs.right]
    of_right = pairs.right.astype(np.int64) * sources + source[pairs.left]
    sums = _group_sums(np.concatenate([of_left, of_right]), np.concatenate([odds, odds]), len(source) * sources)
    # In this order nothing changes when left and right change places.
    return np.asarray(odds / (1.0 + (sums[of_left] + sums[of_right] - odds)), dtype=np.float64)


def _group_sums(group: Whole, values: Floats, size: int) -> Floats:
    """Sums per group. Added in the order of size: pairs come in the order of rows, and no digit may depend on that."""
    order = np.argsort(values)
    return np.bincount(group[order], weights=values[order], minlength=size).astype(np.float64)


def _sum(shares: Floats) -> float:
    """An exactly rounded sum, whatever the order."""
    return math.fsum(shares.tolist())


def _recall(covered: Whole, expected: Floats, count: int) -> float | None:
    """Capture and recapture: a way's catch among what the other ways caught; the ways taken as independent.

    None (unknown) with fewer than two ways that overlap.
    """
    missed = 1.0
    for way in range(count):
        others = (covered & ~(1 << way)) != 0
        caught = _sum(expected[others])
        if caught <= 0:
            continue
        missed *= 1.0 - _sum(expected[others & ((covered >> way) & 1 == 1)]) / caught
    return None if missed >= 1.0 else max(1.0 - missed, 1e-6)
