"""Sums of odds in whole millibits: log2(sum of 2^x), by tables of whole numbers.

Floating point would do it faster and round otherwise on another machine, or in another order; where a merge hangs on
the last digit, clusters would depend on it. All results here are the same everywhere, whatever the order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

# 2^(-d/1000) for d millibits below the largest; beyond 32 bits nothing is left of it. One is 2^30.
_ONE = 1 << 30
_POWER = np.array([round(_ONE * 2 ** (-d / 1000)) for d in range(32_000)] + [0], dtype=np.int64)
# Half-way marks between neighbouring millibits: sums of up to a million numbers.
_HALF = np.array([round(_ONE * 2 ** ((2 * k + 1) / 2000)) for k in range(20_000)], dtype=np.int64)


def log_count(count: Ints) -> Ints:
    """log2 of whole numbers from 1 up, in millibits.

    >>> log_count(np.array([1, 2, 3])).tolist()
    [0, 1000, 1585]
    """
    return np.searchsorted(_HALF, count * _ONE, side="right").astype(np.int64)


def log_sums(values: Ints, start: Ints) -> Ints:
    """log2(sum of 2^x) over each stretch `start[k]:start[k + 1]` (the last to the end), none of them empty.

    >>> log_sums(np.array([1000, 1000, 5]), np.array([0, 2])).tolist()
    [2000, 5]
    """
    if not len(start):
        return np.empty(0, dtype=np.int64)
    most = np.maximum.reduceat(values, start)
    size = np.diff(np.append(start, len(values)))
    below = np.minimum(np.repeat(most, size) - values, len(_POWER) - 1)
    sums = np.add.reduceat(_POWER[below], start)
    return np.asarray(most + np.searchsorted(_HALF, sums, side="right"), dtype=np.int64)


def stretches(groups: Ints) -> Ints:
    """Where each stretch of equal numbers begins.

    >>> stretches(np.array([4, 4, 7])).tolist()
    [0, 2]
    """
    return np.flatnonzero(np.diff(groups, prepend=-1)) if len(groups) else np.empty(0, dtype=np.int64)
