"""Training: from records and a model to parameters, without labels (or with them).

u first: shares among all pairs, less what matches explain. Then EM for m and lambda with u held, u solved again
with the new m, and so on until both stand still. Then levels are made monotone and everything is rounded once.
How it is derived, and how it does against known parameters: docs/linkage.md.
"""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.candidates.blocking import find_blocking, prepare
from mdi_engine.linkage.clustering import hazard
from mdi_engine.linkage.evaluate import true_pairs
from mdi_engine.linkage.models.model import Model, millibits
from mdi_engine.linkage.models.parameters import Blocking, BlockParameters, FrequencyTable, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.em import monotone
from mdi_engine.linkage.training.estimate import Task, estimate
from mdi_engine.linkage.training.found import found
from mdi_engine.linkage.training.guess import Floats, Guess, Raw, count, per_value
from mdi_engine.linkage.training.observe import observe
from mdi_engine.linkage.weights.compare import Block, Ints, blocks


def train(
    records: Records,
    model: Model,
    *,
    labels: Ints | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> Parameters:
    """Learn parameters. `labels[row]` (-1 unknown), if given, name the true entity: then m and lambda are counted.

    Raises `InputRefused` if there is no pair to compare, or no way finds a single candidate pair.
    """
    between = model.pairs == "between"
    total = records.total_pairs(between)
    if total < 1:
        raise InputRefused(
            f"training needs a pair to compare; got {len(records)} record(s) in {len(records.sources)} source(s)",
            hint='With pairs = "between", give records of two sources.',
        )
    note("counting values")
    shaped = blocks(records, model)
    raws = tuple(count(block, records, between) for block in shaped)
    blocking = find_blocking(records, model)
    note("comparing candidate pairs")
    seen = observe(prepare(records, model, blocking), shaped, keep_pairs=model.one_per_source is True)
    if not len(seen):
        raise InputRefused(
            "no way to candidates finds a single pair: nothing to learn from",
            hint="Loosen the blocking rules or the rarity cut; `--plan` shows how many pairs each would make.",
        )
    note("estimating")
    task = Task(model, blocking, shaped, raws, seen, len(records), total, _most_matches(records, model) / total)
    learned = _count_labels(task, records, labels) if labels is not None else None
    finished = _finish(records, blocking, task, learned or estimate(task))
    note("judging fragments")
    return replace(finished, completeness=hazard.learn(records, finished))


def _most_matches(records: Records, model: Model) -> float:
    """An upper bound on matches: with one record per source, no two sources share more than the smaller holds.

    Half a match where none is possible (one source only): lambda must stay above 0.
    """
    if model.one_per_source is not True:
        return 0.5 * records.total_pairs(model.pairs == "between")
    counts = np.bincount(records.source).tolist()
    return max(float(sum(min(a, b) for i, a in enumerate(counts) for b in counts[i + 1 :])), 0.5)


def _count_labels(task: Task, records: Records, labels: Ints) -> Guess | None:
    """m counted on labelled matches, lambda on all pairs of labelled rows; None if the labels name no match."""
    left, right = true_pairs(labels)
    known = records.source[labels >= 0]
    total = len(known) * (len(known) - 1) // 2
    if task.model.pairs == "between":
        across = records.source[left] != records.source[right]
        left, right = left[across], right[across]
        held = np.bincount(known)
        total -= int((held * (held - 1) // 2).sum())
    if not len(left):
        return None
    m = []
    for cache, raw in zip(task.seen.caches, task.raws, strict=True):
        seen = np.bincount(cache.levels(left, right), minlength=cache.block.size) + 0.5
        m.append(seen / np.bincount(raw.classes, weights=seen)[raw.classes])
    return task.solve(m, min(len(left) / total, task.most))


def _finish(records: Records, blocking: Blocking, task: Task, guess: Guess) -> Parameters:
    matches = guess.share * task.total
    done = tuple(
        _round(block, raw, u, m, table, matches)
        for block, raw, u, m, table in zip(task.shaped, task.raws, guess.u, guess.m, guess.tables, strict=True)
    )
    return Parameters(
        model=task.model,
        data_digest=data_digest(records, task.model),
        records=len(records),
        total_pairs=task.total,
        lambda_=guess.share,
        prior=millibits(math.log2(guess.share / (1 - guess.share))),
        match=millibits(task.model.thresholds.match),
        review=millibits(task.model.thresholds.review),
        blocks=done,
        blocking=blocking,
        found=found(task.seen, guess, records.source),
        completeness=hazard.even(len(records)),
        trained_on=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _round(
    block: Block, raw: Raw, u: Floats, m: Floats, table: FrequencyTable | None, matches: float
) -> BlockParameters:
    """Smooth m by one imagined match, make the levels monotone, and round every weight once."""
    size = np.bincount(raw.classes)[raw.classes]
    smooth = (m * matches + 1.0 / size) / (matches + 1.0)
    if table is None:  # with a table the weights rest on u per value, and the order of u per level says nothing
        smooth = monotone(smooth, u, raw.order)
    smooth = np.where(raw.classes == 0, 1.0, smooth)
    by_value = [table is not None and told for told in per_value(block).tolist()]
    weight = [
        millibits(math.log2(share) if alone else math.log2(share / chance_))
        for share, chance_, alone in zip(smooth.tolist(), u.tolist(), by_value, strict=True)
    ]
    return BlockParameters(
        block.label,
        block.level_names,
        tuple(smooth.tolist()),
        tuple(u.tolist()),
        raw.shares.error,
        tuple(weight),
        tuple(by_value),
        table,
    )


def data_digest(records: Records, model: Model) -> str:
    """SHA-256 over the rows in rank order and the fields the model uses: row order and other columns do not count."""
    order = np.argsort(records.rank)
    state = hashlib.sha256()
    dictionaries = [(records.sources, records.source)]
    dictionaries += [(records.columns[f].values, records.columns[f].codes) for f in sorted(model.used_fields())]
    for values, codes in dictionaries:
        state.update(len(values).to_bytes(8, "big"))
        for value in values:
            text = value.encode("utf-8", "surrogatepass")
            state.update(len(text).to_bytes(8, "big") + text)
        state.update(codes[order].astype("<i4").tobytes())
    return state.hexdigest()
