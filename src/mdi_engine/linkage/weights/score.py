"""Weights of pairs, in whole millibits, from parameters alone.

The same functions serve a batch, one look-up and an incremental run, so all agree to the last bit. Few pairs go the
plain way, many the compiled one: `streaming` gives what `plain` gives, and is worth its start only for many.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mdi_engine.linkage.candidates.blocking import gross_pairs, prepare
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights import plain
from mdi_engine.linkage.weights.compare import Ints, blocks

if TYPE_CHECKING:
    from mdi_engine.linkage.weights.laid import Laid

# From so many pairs on the kernels are worth loading: all candidates of a run, or pairs that are asked for at once.
MANY = 1_000_000
MANY_AT_ONCE = 50_000


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
    records: Records,
    parameters: Parameters,
    *,
    keep: int | None = None,
    note: Callable[[int], None] = lambda _: None,
    threads: int | None = None,
) -> Edges:
    """Score every candidate pair and keep those of at least `keep` millibits (default: the review threshold).

    On at most `threads` threads (default: one per core). Neither they nor the order of rows change any weight.
    """
    least = parameters.review if keep is None else keep
    threads = threads or os.cpu_count() or 1
    ways = prepare(records, parameters.model, parameters.blocking, threads)
    pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
    if gross_pairs(ways) >= MANY:
        from mdi_engine.linkage.weights import streaming  # numba: loaded where it is worth it

        return Edges(*streaming.score_all(pairs, parameters.prior, ways, least, note, threads))
    return Edges(*plain.score_all(pairs, parameters.prior, ways, least, note))


class Scorer:
    """Weights of any pairs of these records."""

    def __init__(self, records: Records, parameters: Parameters) -> None:
        self._pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
        self._prior = parameters.prior
        self._plain = plain.PlainScorer(self._pairs, self._prior)
        self._laid: Laid | None = None

    def at_least(self, left: Ints, right: Ints, least: int) -> tuple[Ints, Ints, Ints]:
        """Pairs that reach `least` millibits, with their weights."""
        if len(left) < MANY_AT_ONCE and self._laid is None:
            return self._plain.at_least(left, right, least)
        weight = self.weights(left, right)
        reached = weight >= least
        return left[reached], right[reached], weight[reached]

    def weights(self, left: Ints, right: Ints) -> Ints:
        """Weights of all given pairs, in their order."""
        if self._laid is None:
            if len(left) < MANY_AT_ONCE:
                return self._plain.weights(left, right)
            from mdi_engine.linkage.weights.laid import Laid

            self._laid = Laid(self._pairs, self._prior)
        return self._laid.weights(left, right)
