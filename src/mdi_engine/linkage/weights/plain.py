"""Weights in plain numpy, a chunk of pairs at a time: the readable truth, and the way of few pairs.

`streaming` gives the same to the last millibit, only sooner.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mdi_engine.linkage.candidates.blocking import Ways, candidates
from mdi_engine.linkage.models.expressions import words
from mdi_engine.linkage.models.parameters import BlockParameters
from mdi_engine.linkage.weights.compare import Block, Ints, PairCache, evidence
from mdi_engine.linkage.weights.tokens import WHOLE

Pair = tuple[Block, BlockParameters]


def in_order(pairs: list[Pair]) -> list[Pair]:
    """Blocks with their parameters, cheapest first."""
    return sorted(pairs, key=lambda pair: _cost(pair[0]))


def score_all(
    pairs: list[Pair], prior: int, ways: Ways, least: int, note: Callable[[int], None]
) -> tuple[Ints, Ints, Ints, int]:
    """Left rows, right rows and weights of the candidates that reach `least`, and how many candidates there were."""
    scorer = PlainScorer(pairs, prior)
    parts = []
    seen = 0
    for chunk in candidates(ways):
        seen += len(chunk)
        note(len(chunk))
        parts.append(scorer.at_least(chunk.left, chunk.right, least))
    joined = [np.concatenate([p[k] for p in parts]) if parts else np.empty(0, np.int64) for k in range(3)]
    return joined[0], joined[1], joined[2], seen


class PlainScorer:
    """Blocks and parameters laid together, cheapest block first."""

    def __init__(self, pairs: list[Pair], prior: int) -> None:
        self._order = in_order(pairs)
        # The most that the blocks from place k on can still add.
        best = [_most(block, learned) for block, learned in self._order]
        self._ahead = [sum(best[k:]) for k in range(len(best) + 1)]
        self._prior = prior

    def at_least(self, left: Ints, right: Ints, least: int) -> tuple[Ints, Ints, Ints]:
        """Pairs that reach `least` millibits, with their weights. A pair is given up once it cannot reach it."""
        weight = np.full(len(left), self._prior, dtype=np.int64)
        for place, (block, learned) in enumerate(self._order):
            alive = weight + self._ahead[place] >= least
            left, right, weight = left[alive], right[alive], weight[alive]
            weight = weight + _block_weight(block, learned, left, right)
        reached = weight >= least
        return left[reached], right[reached], weight[reached]

    def weights(self, left: Ints, right: Ints) -> Ints:
        """Weights of all given pairs, in their order."""
        weight = np.full(len(left), self._prior, dtype=np.int64)
        for block, learned in self._order:
            weight += _block_weight(block, learned, left, right)
        return weight


def _block_weight(block: Block, learned: BlockParameters, left: Ints, right: Ints) -> Ints:
    cache = PairCache(block)
    ids = cache.intern(left, right)
    per_id = np.array(learned.weight, dtype=np.int64)[cache.level]
    if learned.table is not None:
        per_id = per_id - evidence(cache, learned.table)
    result: Ints = per_id[ids]
    return result


def _cost(block: Block) -> tuple[int, int]:
    """Cheap blocks first: equality only, then text distances, then bags of words; groups by their dearest part."""
    cost = 0
    for part in block.parts:
        if part.kind == "tokens":
            cost = max(cost, 2)
        elif any(level.test != "exact" for level in part.levels):
            cost = max(cost, 1)
    return cost, len(block.parts)


def _most(block: Block, learned: BlockParameters) -> int:
    """An upper bound on what a pair of these records can weigh in a block."""
    if learned.table is None:
        return max(learned.weight)
    rarest = [
        min([floor, *listed.values()]) for floor, listed in zip(learned.table.floor, learned.table.listed, strict=True)
    ]
    if not block.bag:
        return max(w - r if alone else w for w, r, alone in zip(learned.weight, rarest, learned.per_value, strict=True))
    # Every word of the longest bag meets one of the rarest, or the whole bag is the rarest.
    part = block.parts[0]
    longest = max((len(words(part.values[code])) for code in block.members[0].tolist()), default=0)
    return max(learned.weight) - min(longest * min(rarest[:WHOLE]), rarest[WHOLE])
