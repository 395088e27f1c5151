"""Expectation maximisation with u held: only m and lambda move, and what is asked to stand beside the matches.

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
class Kind:
    """A kind of pairs: how it agrees, `m` per block and level, and its share of the pairs of each way."""

    m: tuple[Floats, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Fit:
    """The result: m per block and level, lambda per way, the log2-likelihood after every step, and what became of the
    kind that stood beside the matches.
    """

    m: tuple[Floats, ...]
    lambdas: tuple[float, ...]
    history: tuple[float, ...]
    beside: Kind | None = None


def fit(
    ways: Sequence[Way],
    m: Sequence[Floats],
    classes: Sequence[Ints],
    lambdas: Sequence[float],
    *,
    beside: Kind | None = None,
    steps: int = 200,
    tolerance: float = 1e-7,
) -> Fit:
    """Run EM until the likelihood gains less than `tolerance` (relative) or `steps` are done.

    `classes[block][level]` groups levels with the same parts present; m sums to 1 within each class. `beside` are pairs
    that are neither matches nor strangers, like those of one family: where to begin with them.
    """
    shares = tuple(min(share, way.most) for share, way in zip(lambdas, ways, strict=True))
    kinds = [Kind(tuple(np.asarray(block, dtype=np.float64) for block in m), shares)]
    kinds += [] if beside is None else [beside]
    history: list[float] = []
    for _ in range(steps):
        seen = [posteriors(way, [(kind.m, kind.shares[n]) for kind in kinds]) for n, way in enumerate(ways)]
        held = [[found[k] * way.counts for (found, _), way in zip(seen, ways, strict=True)] for k in range(len(kinds))]
        kinds = [Kind(kind.m, _shares(ways, mine)) for kind, mine in zip(kinds, held, strict=True)]
        history.append(sum(gained for _, gained in seen))
        if len(history) > 1 and history[-1] - history[-2] <= tolerance * abs(history[-2]):
            break
        agreed = [_agrees(ways, mine, kind.m, classes) for kind, mine in zip(kinds, held, strict=True)]
        kinds = [Kind(m, kind.shares) for m, kind in zip(agreed, kinds, strict=True)]
    return Fit(kinds[0].m, kinds[0].shares, tuple(history), kinds[1] if beside else None)


def _shares(ways: Sequence[Way], held: Sequence[Floats]) -> tuple[float, ...]:
    """A kind's share of each way, from how much of each row is of it."""
    return tuple(min(float(h.sum()) / max(way.total, 1.0), way.most) for h, way in zip(held, ways, strict=True))


def _agrees(
    ways: Sequence[Way], held: Sequence[Floats], m: Sequence[Floats], classes: Sequence[Ints]
) -> tuple[Floats, ...]:
    """A kind's m, from how much of each row is of it."""
    return tuple(
        maximise(level_counts(ways, held, b, len(block)), block, kinds)
        for b, (block, kinds) in enumerate(zip(m, classes, strict=True))
    )


def level_counts(ways: Sequence[Way], held: Sequence[Floats], b: int, levels: int) -> Floats:
    """How much of `held`, beside the rows of each way, reaches each level of block `b`."""
    counts = np.zeros(levels)
    for way, weighted in zip(ways, held, strict=True):
        used = way.levels[:, b] >= 0
        counts += np.bincount(way.levels[used, b], weights=weighted[used], minlength=levels)
    return counts


def posteriors(way: Way, kinds: Sequence[tuple[Sequence[Floats], float]]) -> tuple[list[Floats], float]:
    """The posterior of each row for each kind (m and share), and the way's log2-likelihood. The rest are strangers."""
    logs = [_log_kind(way, m, share) for m, share in kinds]
    left = max(1.0 - sum(min(max(share, TINY), 1 - TINY) for _, share in kinds), TINY)
    whole = way.log_u + math.log2(left)
    for log in logs:
        whole = np.logaddexp2(whole, log)
    rest = max(way.total - float(way.counts.sum()), 0.0) * math.log2(left)
    return [np.exp2(log - whole) for log in logs], float((way.counts * whole).sum()) + rest


def _log_kind(way: Way, m: Sequence[Floats], share: float) -> Floats:
    log = np.full(len(way.counts), math.log2(min(max(share, TINY), 1 - TINY)))
    for b, block in enumerate(m):
        used = way.levels[:, b] >= 0
        log[used] += np.log2(np.maximum(block, TINY))[way.levels[used, b]]
    return log


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
