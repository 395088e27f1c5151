"""Expectation maximisation with u held: only m and lambda move.

After Fellegi and Sunter (1969) and Winkler (1988), on counted rows instead of pairs. Several **ways** are fitted at
once: they share m, each has a lambda of its own, and each leaves out the blocks that its own blocking rule fixes
(a composite likelihood; every step raises it or leaves it).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TINY = 1e-12


@dataclass(frozen=True)
class Way:
    """Counted rows of one way: `levels[row, block]` (-1 = left out), `log_u[row]` = sum of log2 u over its blocks.

    `total` is the number of pairs lambda refers to; what exceeds the counts are pairs that were no candidates, taken
    as non-matches. `most` bounds lambda from above (for instance one to one).
    """

    levels: Ints
    counts: Floats
    log_u: Floats
    total: float
    most: float = 0.5


@dataclass(frozen=True)
class Fit:
    """The result: m per block and level, lambda per way, and the log2-likelihood after every step."""

    m: tuple[Floats, ...]
    lambdas: tuple[float, ...]
    history: tuple[float, ...]


def fit(
    ways: Sequence[Way],
    m: Sequence[Floats],
    classes: Sequence[Ints],
    lambdas: Sequence[float],
    *,
    steps: int = 200,
    tolerance: float = 1e-7,
) -> Fit:
    """Run EM until the likelihood gains less than `tolerance` (relative) or `steps` are done.

    `classes[block][level]` groups levels with the same parts present; m sums to 1 within each class.
    """
    m = [np.asarray(block, dtype=np.float64) for block in m]
    shares = [min(share, way.most) for share, way in zip(lambdas, ways, strict=True)]
    history: list[float] = []
    for _ in range(steps):
        held = [np.zeros_like(block) for block in m]
        likelihood = 0.0
        for index, way in enumerate(ways):
            posterior, gained = expect(way, m, shares[index])
            likelihood += gained
            weighted = posterior * way.counts
            shares[index] = min(float(weighted.sum()) / max(way.total, 1.0), way.most)
            for b, block in enumerate(held):
                used = way.levels[:, b] >= 0
                block += np.bincount(way.levels[used, b], weights=weighted[used], minlength=len(block))
        history.append(likelihood)
        if len(history) > 1 and history[-1] - history[-2] <= tolerance * abs(history[-2]):
            break
        m = [maximise(counts, old, kinds) for counts, old, kinds in zip(held, m, classes, strict=True)]
    return Fit(tuple(m), tuple(shares), tuple(history))


def expect(way: Way, m: Sequence[Floats], share: float) -> tuple[Floats, float]:
    """Posterior of each row and the way's log2-likelihood under m and lambda = `share`."""
    share = min(max(share, TINY), 1 - TINY)
    log_m = np.full(len(way.counts), math.log2(share))
    for b, block in enumerate(m):
        used = way.levels[:, b] >= 0
        log_m[used] += np.log2(np.maximum(block, TINY))[way.levels[used, b]]
    log_non = way.log_u + math.log2(1 - share)
    both = np.logaddexp2(log_m, log_non)
    rest = max(way.total - float(way.counts.sum()), 0.0) * math.log2(1 - share)
    return np.exp2(log_m - both), float((way.counts * both).sum()) + rest


def maximise(counts: Floats, old: Floats, classes: Ints) -> Floats:
    """m from expected counts, normalised within each class; a class nobody fell into keeps its old m."""
    sums = np.bincount(classes, weights=counts)[classes]
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), old)


def monotone(m: Floats, u: Floats, order: Ints) -> Floats:
    """An m whose m/u never falls from a level to a better one: violators are pooled, the worst first, till none is.

    `order` holds rows (worse, better). A pool's m/u is its m over its u, so the sum of m stays, in each class of
    levels too. In a chain this is the nearest such m (pool adjacent violators; Ayer et al., 1955), whatever is pooled
    first; in a lattice of joint levels it is near, not always the nearest.
    """
    worse, better = order[:, 0], order[:, 1]
    pool, held, chance = np.arange(len(m)), m.copy(), u.copy()
    while True:
        ratio = (held / chance)[pool]
        excess = ratio[worse] - ratio[better]
        if not (excess > 0).any():
            return np.asarray(ratio * u, dtype=np.float64)
        worst = int(np.argmax(excess))
        kept, gone = pool[worse[worst]], pool[better[worst]]
        held[kept] += held[gone]
        chance[kept] += chance[gone]
        pool[pool == gone] = kept
