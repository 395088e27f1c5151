"""What the fitted mixture itself expects at a threshold: precision, recall, and the band it would choose.

A weight w is the log2 odds of a match, prior included, so among pairs of weight w the share 1 / (1 + 2^-w) should be
matches. Sums of these shares are what the model believes: no more than the model knows of itself (docs/evaluation.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.clerical import belief
from mdi_engine.linkage.weights.compare import Ints


@dataclass(frozen=True)
class Expected:
    """At `threshold` (millibits): pairs that reach it, and precision and recall as the model expects them, 0..1.

    Precision is None where no pair reaches the threshold, recall where no match is expected at all.
    """

    threshold: int
    pairs: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Band:
    """Thresholds for admissible errors (Fellegi and Sunter, 1969), millibits; None: no threshold can promise it.

    Of the pairs from `match` up at most the admitted share is wrong; below `review` at most the admitted share of the
    matches is lost.
    """

    match: int | None
    review: int | None


def expected(weight: Ints, beyond: float, missed: float, thresholds: Sequence[int]) -> tuple[Expected, ...]:
    """Figures per threshold, in the order given.

    `weight` (millibits) of all candidates within reach; `beyond` matches are believed among the weaker candidates, and
    `missed` where no way to candidates leads.
    """
    weight, above = _from_the_top(weight)
    everything = float(above[-1]) + beyond + missed
    rows = []
    for threshold in thresholds:
        pairs = int(np.searchsorted(-weight, -threshold, side="right"))
        right = float(above[pairs])
        rows.append(
            Expected(threshold, pairs, right / pairs if pairs else None, right / everything if everything else None)
        )
    return tuple(rows)


def band(weight: Ints, beyond: float, missed: float, precision: float, recall: float) -> Band:
    """The lowest match threshold of this expected precision, and the highest review threshold of this recall.

    Arguments as in `expected`. Thresholds are weights that occur, and what is lost where no way leads counts as lost.
    """
    weight, above = _from_the_top(weight)
    everything = float(above[-1]) + beyond + missed
    # A threshold takes all pairs of its weight: only the last of equal weights can be one.
    ends = np.flatnonzero(np.append(weight[1:] != weight[:-1], True)) if len(weight) else np.empty(0, np.int64)
    pure = ends[above[ends + 1] >= precision * (ends + 1)]
    found = ends[above[ends + 1] >= recall * everything]
    return Band(
        int(weight[pure[-1]]) if len(pure) else None,
        int(weight[found[0]]) if len(found) else None,
    )


def _from_the_top(weight: Ints) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Weights, the highest first, and the matches believed among the first k of them, k from 0."""
    ordered = np.sort(weight)[::-1]
    return ordered, np.concatenate([[0.0], np.cumsum(belief(ordered))])
