"""How many matches each way to candidates finds, and what share all of them find together."""

from __future__ import annotations

import math

import numpy as np

from mdi_engine.linkage.compare import Ints
from mdi_engine.linkage.guess import Floats, Guess, block_log_u
from mdi_engine.linkage.observe import Observed
from mdi_engine.linkage.parameters import Found


def found(seen: Observed, guess: Guess) -> Found:
    """Expected matches per way and, from how the ways overlap, the share of all matches that any way finds."""
    log_odds = np.full(len(seen.left), math.log2(guess.share / (1 - guess.share)))
    for b, cache in enumerate(seen.caches):
        log_m = np.log2(np.maximum(guess.m[b], 1e-300))
        ids = seen.ids[:, b]
        log_odds += log_m[cache.level[ids]] - block_log_u(cache, guess.u[b], guess.tables[b])[ids] / 1000.0
    # Beyond 1000 bits the odds are one or nothing, and exp2 would overflow.
    posterior = 1 / (1 + np.exp2(np.minimum(-log_odds, 1000.0)))
    count = int(seen.covered.max()).bit_length()
    by_way = [_sum(posterior[(seen.covered >> w) & 1 == 1]) for w in range(count)]
    new = [_sum(posterior[seen.first == w]) for w in range(count)]
    recall = _recall(seen.covered, posterior, count)
    everything = _sum(posterior)
    return Found(tuple(by_way), tuple(new), everything / recall if recall else everything, recall)


def _sum(shares: Floats) -> float:
    """An exactly rounded sum: pairs come in the order of rows, and no digit may depend on that."""
    return math.fsum(shares.tolist())


def _recall(covered: Ints, posterior: Floats, count: int) -> float | None:
    """Capture and recapture: a way's catch among what the other ways caught; the ways taken as independent.

    None (unknown) with fewer than two ways that overlap.
    """
    missed = 1.0
    for way in range(count):
        others = (covered & ~(1 << way)) != 0
        caught = _sum(posterior[others])
        if caught <= 0:
            continue
        missed *= 1.0 - _sum(posterior[others & ((covered >> way) & 1 == 1)]) / caught
    return None if count < 2 else max(1.0 - missed, 1e-6)
