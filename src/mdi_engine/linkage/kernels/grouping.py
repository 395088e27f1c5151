"""Equal numbers found by hashing: sooner than by sorting where few of many are distinct. The truth: `np.unique`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import kernel, whole

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


@kernel
def number(keys: Ints, slot: Small, first: Ints, group: Ints) -> int:
    """Number equal keys from 0 on, in the order in which they first appear; how many are distinct.

    `group[k]` is the number of key k and `first[n]` the place where number n appears first. `slot` holds -1 only, and
    has a power of two of places, more than there are keys.
    """
    last, count = np.uint64(len(slot) - 1), 0
    for k in range(len(keys)):
        z = np.uint64(keys[k]) * np.uint64(0x9E3779B97F4A7C15)
        place = (z ^ (z >> np.uint64(32))) & last
        while slot[place] >= 0 and keys[first[slot[place]]] != keys[k]:
            place = (place + np.uint64(1)) & last
        if slot[place] < 0:
            slot[place] = count
            first[count] = k
            count += 1
        group[k] = whole(slot[place])
    return count
