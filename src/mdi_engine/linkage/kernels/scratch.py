"""What one thread writes on while it compares; empty again, or not read before written, whenever a kernel returns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.letters import WORDS
from mdi_engine.linkage.models.expressions import MOST_WORDS

# Pairs bounded in one go: their bounds fit into the smallest cache.
TILE = 256
# Value pairs remembered per block and thread: what fits beside the data in a core's own cache.
REMEMBERED = 1 << 10


class Scratch(NamedTuple):
    """`bits[symbol * WORDS + w]` where a symbol stands in a text; `rows` the vectors of a bit-parallel run.

    `bag` holds word ids, `near` word pairs by how they meet. `known[block, slot]` is a value pair and its weight.
    `open` are blocks still to be weighed; `total`, `taken` are a tile of pairs; `stamp`, `partner` serve rarity.
    """

    bits: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint64]
    bag: npt.NDArray[np.int64]
    near: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]
    open: npt.NDArray[np.int64]
    total: npt.NDArray[np.int32]
    taken: npt.NDArray[np.uint8]
    stamp: npt.NDArray[np.int32]
    partner: npt.NDArray[np.int32]


def scratch(symbols: int, blocks: int = 1, rows: int = 0) -> Scratch:
    """Fresh scratch for an alphabet of so many symbols; `rows` where pairs are made by rarity."""
    return Scratch(
        np.zeros(max(symbols, 1) * WORDS, dtype=np.uint64),
        np.zeros((4, WORDS), dtype=np.uint64),
        np.zeros((7, MOST_WORDS), dtype=np.int64),
        np.zeros((3, MOST_WORDS * MOST_WORDS), dtype=np.int64),
        np.full((blocks, REMEMBERED, 2), -1, dtype=np.int64),
        np.zeros(blocks, dtype=np.int64),
        np.zeros(TILE, dtype=np.int32),
        np.zeros(TILE, dtype=np.uint8),
        np.full(rows, -1, dtype=np.int32),
        np.zeros(rows, dtype=np.int32),
    )
