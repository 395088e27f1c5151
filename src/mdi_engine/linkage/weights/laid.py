"""Records and parameters as the kernels take them, with bounds on what each value can weigh."""

from __future__ import annotations

import numpy as np

from mdi_engine.linkage.kernels import brief, stream, weigh
from mdi_engine.linkage.kernels.brief import Briefs
from mdi_engine.linkage.kernels.scratch import Scratch, scratch
from mdi_engine.linkage.models.parameters import BlockParameters, FrequencyTable
from mdi_engine.linkage.weights.arrays import Pair, lay_tables, written
from mdi_engine.linkage.weights.compare import Block, Ints
from mdi_engine.linkage.weights.plain import in_order

_MOST = 1 << 60


class Laid:
    """Records and parameters as the kernels take them, with what each value can weigh at most."""

    def __init__(self, pairs: list[Pair], prior: int) -> None:
        self._pairs = in_order(pairs)
        rows = len(pairs[0][0].codes)
        self.tables, alphabet = lay_tables(self._pairs, rows)
        self._symbols = len(alphabet.points)
        self._prior = prior
        self.code = np.stack([block.codes.astype(np.int32) for block, _ in self._pairs])
        self._gains = [self._gain(place, block) for place, (block, _) in enumerate(self._pairs)]
        self.bound = np.zeros((len(self._pairs), rows), dtype=np.int32)
        for place, (block, learned) in enumerate(self._pairs):
            present = block.codes >= 0
            self.bound[place, present] = self._bound(place, block, learned)[block.codes[present]]
        self._dear = self._settling()
        self._briefs = [self._brief(place) for place in self._dear]

    def scratch(self, rows: int = 0) -> Scratch:
        """Fresh scratch for one thread; with `rows` for pairs made by rarity."""
        return scratch(self._symbols, len(self._pairs), rows)

    def weights(self, left: Ints, right: Ints) -> Ints:
        """Weights of all given pairs, in their order."""
        out, room = np.full(len(left), self._prior, dtype=np.int64), self.scratch()
        for place in range(len(self._pairs)):
            weigh.weigh(self.tables, place, left, right, room, out)
        return out

    def cuts(self, least: int) -> stream.Cuts:
        """What to add to a pair without looking at texts, and the weight to reach."""
        return stream.Cuts(
            np.cumsum([0, *map(len, self._gains)], dtype=np.int64)[:-1],
            np.concatenate(self._gains).astype(np.int32),
            np.array([learned.weight[0] for _, learned in self._pairs], dtype=np.int64),
            np.array([learned.weight[1] for _, learned in self._pairs], dtype=np.int64),
            np.array(self._dear, dtype=np.int64),
            self._prior,
            max(min(least, _MOST), -_MOST),
        )

    def briefs(self, rows: Ints) -> Briefs:
        """The briefs of these rows for each block whose unequal values need a comparison."""
        out = np.zeros((len(self._dear), len(rows), brief.SLOTS), dtype=np.uint64)
        for k, (place, of_value) in enumerate(zip(self._dear, self._briefs, strict=True)):
            if len(of_value):
                np.take(of_value, self.code[place, rows], axis=0, out=out[k], mode="clip")  # missing: never looked at
        return out

    def _settling(self) -> list[int]:
        """Blocks whose unequal values need a comparison, those with the most to lose first."""
        found = [(place, block, learned) for place, (block, learned) in enumerate(self._pairs) if _dear(block)]
        loss = {
            place: int((self.bound[place] - learned.weight[1])[block.codes >= 0].sum(dtype=np.int64))
            for place, block, learned in found
        }
        return sorted(loss, key=lambda place: (-loss[place], place))

    def _brief(self, place: int) -> Briefs:
        """The briefs of a block's values by code; none of a group."""
        block, t = self._pairs[place][0], self.tables
        if len(block.parts) > 1:
            return np.empty((0, brief.SLOTS), dtype=np.uint64)
        part = int(t.blocks.part[place])
        out = np.zeros((len(block.parts[0].values), brief.SLOTS), dtype=np.uint64)
        if block.bag:
            brief.of_bags(t.bags, t.words, int(t.levels.base[part]), out)
        else:
            brief.of_texts(t.texts, int(t.levels.base[part]), out)
        return np.asarray(out[block.members[0]])

    def _gain(self, place: int, block: Block) -> Ints:
        """What each value of a block adds when both records hold it."""
        present = np.flatnonzero(block.codes >= 0)
        row, out = np.empty(block.distinct, dtype=np.int64), np.zeros(block.distinct, dtype=np.int64)
        row[block.codes[present]] = present
        weigh.weigh(self.tables, place, row, row, self.scratch(), out)
        return out

    def _bound(self, place: int, block: Block, learned: BlockParameters) -> Ints:
        """The most that each value of a block can add with a partner that holds another value."""
        weight = np.array(learned.weight, dtype=np.int64)
        if len(block.parts) > 1:
            return _joint_bound(block, weight, learned.table)
        part, code = block.parts[0], block.members[0]
        open_ = [number for number, level in enumerate(reversed(part.levels), 2) if level.test != "exact"]
        best = np.full(len(code), weight[1])
        log_u = self.tables.blocks.log_u[slice(*self.tables.blocks.u_from[place : place + 2])]
        if learned.table is None:
            return np.full(len(code), weight[[1, *open_]].max())
        if not block.bag:
            for number in open_:
                own = log_u[(number - 2) * len(part.values) :][: len(part.values)].astype(np.int64)
                best = np.maximum(best, weight[number] - ((own[code] + own.min(initial=0)) >> 1))
            return np.asarray(best, dtype=np.int64)
        evidence = np.zeros(len(part.values), dtype=np.int64)
        lowest = [*log_u.reshape(3, -1).min(axis=1, initial=0), self._rarest_whole(place)]
        weigh.least_evidence(self.tables, place, np.array(lowest, dtype=np.int64), self.scratch(), evidence)
        return np.asarray(np.maximum(best, weight[2:].max() - evidence[code]), dtype=np.int64)

    def _rarest_whole(self, place: int) -> int:
        wholes = self.tables.wholes
        return int(wholes.bits[slice(*wholes.base[place : place + 2])].min(initial=wholes.floor[place]))


def _dear(block: Block) -> bool:
    """Whether unequal values of a block need a comparison."""
    return len(block.parts) > 1 or block.bag or written(block.parts[0])


def _joint_bound(block: Block, weight: Ints, table: FrequencyTable | None) -> Ints:
    """The most that each value can add at any joint level which its parts allow, with a partner of another value."""
    has = np.zeros(block.distinct, dtype=np.int64)
    for k, member in enumerate(block.members):
        has += (member >= 0).astype(np.int64) << k
    best = np.full(block.distinct, np.iinfo(np.int64).min)
    known: dict[tuple[int, ...], tuple[Ints, tuple[str, ...]]] = {}
    for level in range(block.size):
        needs = sum(1 << k for k, own in enumerate(block.digits(level)) if own > 0)
        able = np.flatnonzero((needs & ~has) == 0)
        gain = np.full(len(able), weight[level])
        alike = block.alike(level)
        if table is not None and alike:
            if alike not in known:
                known[alike] = block.shared(alike)
            codes, texts = known[alike]
            listed, floor = table.listed[level], table.floor[level]
            gain -= np.array([listed.get(text, floor) for text in texts], dtype=np.int64)[codes[able]]
        best[able] = np.maximum(best[able], gain)
    return best
