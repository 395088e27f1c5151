"""Weights of pairs, in whole millibits, from parameters alone.

The same functions serve a batch, one look-up and an incremental run, so all agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.blocking import candidates, prepare
from mdi_engine.linkage.compare import Block, Ints, PairCache, blocks, evidence
from mdi_engine.linkage.expressions import words
from mdi_engine.linkage.parameters import BlockParameters, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.tokens import WHOLE


@dataclass(frozen=True)
class Edges:
    """Scored pairs: row numbers (left < right) and weights in millibits, prior included; 0 is even odds."""

    left: Ints
    right: Ints
    weight: Ints
    candidate_pairs: int

    def __len__(self) -> int:
        return len(self.left)


def score(
    records: Records, parameters: Parameters, *, keep: int | None = None, note: Callable[[int], None] = lambda _: None
) -> Edges:
    """Score every candidate pair and keep those of at least `keep` millibits (default: the review threshold)."""
    least = parameters.review if keep is None else keep
    scorer = Scorer(records, parameters)
    parts = []
    seen = 0
    for chunk in candidates(prepare(records, parameters.model, parameters.blocking)):
        seen += len(chunk)
        note(len(chunk))
        parts.append(scorer.at_least(chunk.left, chunk.right, least))
    joined = [np.concatenate([p[k] for p in parts]) if parts else np.empty(0, np.int64) for k in range(3)]
    return Edges(joined[0], joined[1], joined[2], seen)


class Scorer:
    """Blocks and parameters laid together, cheapest block first."""

    def __init__(self, records: Records, parameters: Parameters) -> None:
        shaped = blocks(records, parameters.model)
        pairs = list(zip(shaped, parameters.blocks, strict=True))
        self._order = sorted(pairs, key=lambda pair: _cost(pair[0]))
        # The most that the blocks from place k on can still add.
        best = [_most(block, learned) for block, learned in self._order]
        self._ahead = [sum(best[k:]) for k in range(len(best) + 1)]
        self._prior = parameters.prior

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
