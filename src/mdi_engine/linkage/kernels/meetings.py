"""Levels of pairs of rows, and which words met, kept: for training, which asks again and again what they are worth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels import bags as of_bags
from mdi_engine.linkage.kernels.compiled import kernel, whole
from mdi_engine.linkage.kernels.scratch import Scratch
from mdi_engine.linkage.kernels.weigh import Ints, Small, Tables, bag_level, value_level

# Columns of `Meetings.size` and rows of `Meetings.word`.
EXACT, MET, LEFT, RIGHT = range(4)
OF_LEFT, OF_RIGHT, HOW = range(3)


class Meetings(NamedTuple):
    """Pair k met in the words `word[:, start[k]:]`; `size[k]`: met exactly, met, and the words of each side."""

    start: Ints
    size: npt.NDArray[np.int16]
    word: Small


@kernel
def levels(t: Tables, block: int, left: Ints, right: Ints, room: Scratch, out: Small, kept: Meetings) -> None:
    """The (joint) level of a block for each pair of rows; a single bag's meetings into `kept`, which has the room."""
    first, last = whole(t.blocks.part[block]), whole(t.blocks.part[block + 1])
    for k in range(len(out)):
        level, radix = 0, 1
        for part in range(first, last):
            x, y = t.codes[part, left[k]], t.codes[part, right[k]]
            if x >= 0 and y >= 0:
                a, b = whole(min(x, y)), whole(max(x, y))
                if t.levels.bag[part]:
                    base = t.levels.base[part]
                    exact, met, na, nb = of_bags.match(t.bags, t.words, base + a, base + b, room)
                    level += radix * bag_level(t.levels, part, exact, met, na, nb)
                    if last - first == 1 and level > 1:
                        _keep(kept, k, exact, met, na, nb, room)
                else:
                    level += radix * value_level(t, part, a, b, room)
            radix *= t.levels.size[part]
        out[k] = level


@kernel
def _keep(kept: Meetings, k: int, exact: int, met: int, na: int, nb: int, room: Scratch) -> None:
    kept.size[k, EXACT], kept.size[k, MET], kept.size[k, LEFT], kept.size[k, RIGHT] = exact, met, na, nb
    for i in range(met):
        place = kept.start[k] + i
        kept.word[OF_LEFT, place] = room.bag[of_bags.MET_LEFT, i]
        kept.word[OF_RIGHT, place] = room.bag[of_bags.MET_RIGHT, i]
        kept.word[HOW, place] = room.bag[of_bags.HOW, i]


@kernel
def evidence(t: Tables, block: int, kept: Meetings, room: Scratch, out: Ints) -> None:
    """Millibits of log2 u of each pair's meetings by the block's table; 0 where nothing was kept."""
    log_u = t.blocks.log_u[t.blocks.u_from[block] : t.blocks.u_from[block + 1]]
    for k in range(len(out)):
        met = whole(kept.size[k, MET])
        if met == 0:
            out[k] = 0
            continue
        for i in range(met):
            place = kept.start[k] + i
            room.bag[of_bags.MET_LEFT, i] = kept.word[OF_LEFT, place]
            room.bag[of_bags.MET_RIGHT, i] = kept.word[OF_RIGHT, place]
            room.bag[of_bags.HOW, i] = kept.word[HOW, place]
        exact, na, nb = whole(kept.size[k, EXACT]), whole(kept.size[k, LEFT]), whole(kept.size[k, RIGHT])
        out[k] = of_bags.evidence(exact, met, na, nb, log_u, t.bonds, t.wholes, block, room)
