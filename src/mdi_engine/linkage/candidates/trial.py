"""What is tried, before a run, on few pairs: how many are distinct, how fast they are weighed, what is found at all."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.blocking import Ways, covers, gross_pairs, shared_bits
from mdi_engine.linkage.candidates.imagined import IMAGINED, Bools, Imagined
from mdi_engine.linkage.candidates.keys import Keys, groups, shared
from mdi_engine.linkage.candidates.rarity import RarityTable, features
from mdi_engine.linkage.models.model import Model, RaritySpec
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import MANY, MANY_AT_ONCE, Scorer

TRIED = MANY_AT_ONCE  # pairs of each way; as many at once are weighed by kernels


@dataclass(frozen=True)
class Tried:
    """Some pairs of a way, evenly spaced among all under its keys, and how many distinct pairs belong to the way.

    `error` is the standard error of `distinct` (0 where all pairs were tried).
    """

    left: Keys
    right: Keys
    distinct: float
    error: float


def tried(ways: Ways, way: int) -> Tried:
    """Try a way. A pair that shares k of its keys stands there k times and counts 1/k; one that an earlier way covers,
    whose bits do not reach the cut, or of one source where two are wanted, counts nothing.
    """
    posting = [*ways.postings, *([] if ways.rarity is None else [ways.rarity.posting])][way]
    start, size = groups(posting)
    after = np.repeat(start + size, size) - np.arange(len(posting.keys)) - 1
    reach = np.cumsum(after)
    total = int(reach[-1]) if len(reach) else 0
    count = min(total, TRIED)
    if not count:
        return Tried(np.empty(0, np.int64), np.empty(0, np.int64), 0.0, 0.0)
    chosen = (np.arange(count, dtype=np.float64) * (total / count)).astype(np.int64)
    entry = np.searchsorted(reach, chosen, side="right")
    other = entry + 1 + chosen - (reach[entry] - after[entry])
    left, right = posting.rows[entry], posting.rows[other]
    worth = _worth(ways, way, left, right)
    mean = float(worth.mean())
    # One pair more than was seen: that none was is no proof that there is none.
    spread = (float((worth**2).sum()) + 1.0) / count - mean**2
    error = 0.0 if count == total else total * math.sqrt(spread / count)
    return Tried(left[worth > 0], right[worth > 0], total * mean, error)


def _worth(ways: Ways, way: int, left: Keys, right: Keys) -> npt.NDArray[np.float64]:
    many = np.zeros(len(left), dtype=np.int64)
    for pair, _ in shared(ways.held[way], left, right):
        many += np.bincount(pair, minlength=len(left))
    counts = np.ones(len(left), dtype=bool) if ways.source is None else ways.source[left] != ways.source[right]
    if way == len(ways.postings):
        counts &= shared_bits(ways, left, right) >= ways.cut
    for earlier in range(way):
        counts &= ~covers(ways, earlier, left, right)
    return np.where(counts, 1.0 / np.maximum(many, 1), 0.0)


def seconds_per_pair(records: Records, parameters: Parameters, ways: Ways, trials: list[Tried]) -> float:
    """Wall seconds to weigh one candidate pair on this machine now, all its cores together.

    Timed on the pairs that were tried, the way the run will go: plainly if there are few, by kernels if many.
    """
    none = np.empty(0, np.int64)
    left = np.concatenate([none, *(trial.left for trial in trials)])
    right = np.concatenate([none, *(trial.right for trial in trials)])
    if not len(left):
        return 0.0
    many = gross_pairs(ways) >= MANY
    times = -(-TRIED // len(left)) if many else 1
    left, right = (np.tile(rows, times)[: 4 * TRIED if many else MANY_AT_ONCE - 1] for rows in (left, right))
    scorer = Scorer(records, parameters)
    if many:
        scorer.weights(left, right)  # lays out the tables, and loads the kernels
    begin = time.perf_counter()
    scorer.weights(left, right)
    cores = (os.cpu_count() or 1) if many else 1
    return (time.perf_counter() - begin) / len(left) / cores


def assumed_finds(records: Records, model: Model, table: RarityTable | None) -> tuple[list[float], float]:
    """The share of matches that each way finds, and all of them together, by assumed rates of error.

    For rarity each imagined match has the features of one of the records: those that agree must reach the cut.
    """
    fields = sorted({e.field for rule in model.blocking for e in rule.expressions()} | _of_rarity(model.rarity))
    matches = Imagined(records, model, fields, None)
    hits = [np.logical_and.reduce([matches.agree(e) for e in rule.expressions()]) for rule in model.blocking]
    if model.rarity is not None and table is not None and len(records):
        hits.append(_rare_enough(records, model.rarity, table, matches))
    found = np.logical_or.reduce([np.zeros(IMAGINED, dtype=bool), *hits])
    return [float(hit.mean()) for hit in hits], float(found.mean())


def _of_rarity(spec: RaritySpec | None) -> set[str]:
    return {expression.field for expression in spec.expressions()} if spec else set()


def _rare_enough(records: Records, spec: RaritySpec, table: RarityTable, matches: Imagined) -> Bools:
    record = np.argsort(records.rank)[np.arange(IMAGINED) % len(records)]
    bits = np.zeros(IMAGINED)
    for expression in spec.expressions():
        held = features(records, spec.model_copy(update={"features": (str(expression),)}), table)
        of_record = np.bincount(held.posting.rows, weights=held.bits, minlength=len(records))
        bits += np.where(matches.agree(expression), of_record[record], 0.0)
    return np.asarray(bits >= table.cut, dtype=bool)
