"""A block's levels and evidence on many pairs of rows at once, by kernels; the truth is `PairCache`."""

from __future__ import annotations

import numpy as np

from mdi_engine.linkage.kernels import meetings
from mdi_engine.linkage.kernels.scratch import scratch
from mdi_engine.linkage.models.parameters import BlockParameters, FrequencyTable
from mdi_engine.linkage.weights.arrays import lay_words, with_tables
from mdi_engine.linkage.weights.compare import Block, Ints, PairCache, Small


class Compared(PairCache):
    """One id per given pair of rows: nothing is looked up, and of bags the words that met are kept as numbers."""

    def __init__(self, block: Block, left: Small, right: Small) -> None:
        super().__init__(block)
        self._tables, letters, self._number = lay_words([(block, _bare(block))], len(block.codes))
        self._room = scratch(len(letters.points))
        self._kept = _room_for(block, self._tables.bags.start, left, right)
        self.level = self._levels(left, right, self._kept)
        if not block.bag:
            self.left, self.right = block.codes[left].astype(np.int32), block.codes[right].astype(np.int32)

    def levels(self, left: Ints, right: Ints) -> Ints:
        """Level numbers of the value pairs that any rows hold."""
        some = _room_for(self.block, self._tables.bags.start, left, right)
        return self._levels(left, right, some).astype(np.int64)

    def evidence(self, table: FrequencyTable) -> Ints:
        """Millibits of log2 u per pair; 0 for missing and else, which have no per-value u."""
        if len(self.block.parts) > 1:
            return super().evidence(table)
        tables = with_tables(self._tables, [(self.block, _bare(self.block, table))], self._number)
        bits = np.zeros(len(self.level), dtype=np.int64)
        if self.block.bag:
            meetings.evidence(tables, 0, self._kept, self._room, bits)
            return bits
        some = np.flatnonzero(self.level > 1)
        log_u = tables.blocks.log_u.reshape(-1, int(tables.blocks.values[0])).astype(np.int64)
        code, level = self.block.members[0], self.level[some] - 2
        # Two unequal values have a u each; the mean of both keeps the weight symmetric.
        bits[some] = (log_u[level, code[self.left[some]]] + log_u[level, code[self.right[some]]]) >> 1
        return bits

    def _levels(self, left: Ints | Small, right: Ints | Small, kept: meetings.Meetings) -> Small:
        out = np.zeros(len(left), dtype=np.int32)
        meetings.levels(self._tables, 0, left.astype(np.int64), right.astype(np.int64), self._room, out, kept)
        return out


def _bare(block: Block, table: FrequencyTable | None = None) -> BlockParameters:
    """Parameters that weigh nothing, for the tables."""
    nothing = (0.0,) * block.size
    return BlockParameters(
        block.label, block.level_names, nothing, nothing, 0.0, (0,) * block.size, (False,) * block.size, table
    )


def _room_for(block: Block, start: Ints, left: Ints | Small, right: Ints | Small) -> meetings.Meetings:
    """Room for the words that meet in each pair: no more than the shorter bag holds."""
    most = np.zeros(len(left), dtype=np.int64)
    if block.bag:
        words = np.append(np.diff(start), 0)  # of a missing value
        codes = block.parts[0].codes
        most = np.minimum(words[codes[left]], words[codes[right]])
    offsets = np.concatenate([[0], np.cumsum(most)]).astype(np.int64)
    size = np.zeros((len(left) if block.bag else 0, 4), dtype=np.int16)
    return meetings.Meetings(offsets, size, np.zeros((3, int(offsets[-1])), dtype=np.int32))
