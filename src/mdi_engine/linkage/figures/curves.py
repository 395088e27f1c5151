"""Curves over the threshold: pairs per weight, precision and recall, records that could be linked to nothing.

Thresholds are whole or half bits; weights come in as millibits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.evaluate import true_pairs
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.found import among_rivals
from mdi_engine.linkage.training.observe import Pairs
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges, Scorer

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# In a truth: a record that it does not name, left out of every figure.
UNNAMED = -2
BINS = 60
STEPS = 80
_SURE = 60_000  # millibits: beyond, the odds are one or nothing


@dataclass(frozen=True)
class Histogram:
    """Pairs per weight: bin k holds weights from `low + k * width` bits up to the next bin. Empty without pairs.

    `whole`: all candidate pairs are in it; else only those from the review threshold up, `left_out` being the others.
    """

    low: int
    width: int
    counts: tuple[int, ...]
    whole: bool
    left_out: int


@dataclass(frozen=True)
class Point:
    """At a threshold of `bits`: how many pairs reach it, and their precision and recall (0..1)."""

    bits: float
    pairs: int
    precision: float
    recall: float


@dataclass(frozen=True)
class Unlinkable:
    """Share (0..1) of records that do not reach a threshold of `bits` even when compared with themselves."""

    bits: float
    share: float


def histogram(edges: Edges, whole: bool) -> Histogram:
    """Count the edges by weight, in at most `BINS` bins of whole bits."""
    if not len(edges):
        return Histogram(0, 1, (), whole, edges.candidate_pairs)
    bits = np.floor_divide(edges.weight, 1000)
    low, high = int(bits.min()), int(bits.max())
    width = -(-(high - low + 1) // BINS)
    low = low // width * width
    counts = np.bincount((bits - low) // width)
    return Histogram(low, width, tuple(counts.tolist()), whole, edges.candidate_pairs - len(edges))


def expected(records: Records, edges: Edges, parameters: Parameters) -> tuple[Point, ...]:
    """Precision and recall per threshold as the fitted mixture expects them, without any truth.

    A pair is a match with the chance its weight says. Recall is of all matches that training expects, those among
    them that no way finds. Where each source names a thing once, rivals for one partner share their chances.
    """
    return _curve(edges.weight, *_chances(records, edges, parameters), parameters.review)


def expected_matches(records: Records, edges: Edges, parameters: Parameters) -> float:
    """How many pairs of these records are matches: as training expects, or, of other records than it saw, what their
    chances sum to and what no way finds.
    """
    return _chances(records, edges, parameters)[1]


def _chances(records: Records, edges: Edges, parameters: Parameters) -> tuple[Floats, float]:
    """The chance of each pair to be a match, and how many matches there are in all."""
    odds = np.exp2(np.clip(edges.weight, -_SURE, _SURE) / 1000.0)
    chance = odds / (1.0 + odds)
    if parameters.model.one_per_source is True:
        number = np.arange(len(edges), dtype=np.int32)
        rows = (edges.left.astype(np.int32), edges.right.astype(np.int32))
        chance = among_rivals(Pairs(number, *rows), odds, records.source)
    total = float(np.sort(chance).sum())  # in this order whatever the order of rows
    told = parameters.found
    seen = told.matches if parameters.records == len(records) else total / (told.recall or 1.0)
    return chance, max(seen, total)


def measured(records: Records, edges: Edges, parameters: Parameters, labels: Ints) -> tuple[Point, ...]:
    """Precision and recall of the pairs, before clustering, per threshold.

    A negative label is an entity of its own, `UNNAMED` is in no pair.
    """
    left, right = true_pairs(labels)
    if parameters.model.pairs == "between":
        left = left[records.source[left] != records.source[right]]
    one, other = labels[edges.left], labels[edges.right]
    named = (one != UNNAMED) & (other != UNNAMED)
    alike = ((one == other) & (one >= 0))[named].astype(np.float64)
    return _curve(edges.weight[named], alike, float(len(left)), parameters.review)


def _curve(weight: Ints, chance: Floats, total: float, review: int) -> tuple[Point, ...]:
    """Points in steps of half a bit or more; `total` matches there are, `chance` of each pair to be one."""
    if not len(weight):
        return ()
    order = np.argsort(-weight, kind="stable")
    reached, sums = -weight[order], np.concatenate([[0.0], np.cumsum(chance[order])])
    points = []
    for bits in _thresholds(review, int(weight.max())):
        pairs = int(np.searchsorted(reached, -round(bits * 1000), side="right"))
        hits = float(sums[pairs])
        if pairs:
            points.append(Point(bits, pairs, min(hits / pairs, 1.0), min(hits / total, 1.0) if total else 1.0))
    return tuple(points)


def self_weights(records: Records, parameters: Parameters) -> Ints:
    """The weight of each record compared with itself, in millibits: the most it could reach with anybody."""
    rows = np.arange(len(records), dtype=np.int64)
    return Scorer(records, parameters).weights(rows, rows)


def unlinkable(weights: Ints, review: int) -> tuple[Unlinkable, ...]:
    """The share of records below each threshold, from the review threshold to the best record."""
    if not len(weights):
        return ()
    ordered = np.sort(weights)
    return tuple(
        Unlinkable(bits, float(np.searchsorted(ordered, round(bits * 1000), side="left")) / len(ordered))
        for bits in _thresholds(review, int(ordered[-1]))
    )


def _thresholds(low: int, high: int) -> list[float]:
    """From `low` to `high` (millibits) in at most about `STEPS` steps of half a bit or a multiple, in bits."""
    begin, end = low // 500, high // 500
    step = max(1, -(-(end - begin) // STEPS))
    return [half / 2 for half in range(begin, end + 1, step)]
