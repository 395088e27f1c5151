"""What two sets share, as whole numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import kernel


@kernel
def shared(member: npt.NDArray[np.int32], a: int, a_end: int, b: int, b_end: int) -> int:
    """How many members the sets `member[a:a_end]` and `member[b:b_end]` have in common; both ascend.

    With the two sizes this is Jaccard (shared / (a + b - shared)), Dice (2 shared / (a + b)) and overlap
    (shared / the smaller), each an exact fraction.
    """
    found = 0
    while a < a_end and b < b_end:
        if member[a] == member[b]:
            found, a, b = found + 1, a + 1, b + 1
        elif member[a] < member[b]:
            a += 1
        else:
            b += 1
    return found
