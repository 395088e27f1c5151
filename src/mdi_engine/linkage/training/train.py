"""Training: from records and a model to parameters, without labels (or with them).

u first: shares among all pairs, less what matches explain. Then EM for m and lambda with u held, u solved again
with the new m, and so on until both stand still. Then levels are made monotone and everything is rounded once.
How it is derived, and how it does against known parameters: docs/linkage.md.
"""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.candidates.blocking import find_blocking, prepare
from mdi_engine.linkage.clustering import hazard
from mdi_engine.linkage.evaluate import true_pairs
from mdi_engine.linkage.models.model import Model, millibits
from mdi_engine.linkage.models.parameters import Blocking, BlockParameters, FrequencyTable, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.em import Way, expect, fit, monotone
from mdi_engine.linkage.training.found import found
from mdi_engine.linkage.training.guess import Floats, Guess, Raw, block_log_u, count, per_value, solve, start
from mdi_engine.linkage.training.observe import Observed, distinct, observe
from mdi_engine.linkage.weights.compare import Block, Ints, blocks

ROUNDS = 8


@dataclass(frozen=True)
class _Task:
    """What stays the same through all rounds. `most` bounds lambda over the `total` pairs of `records` records."""

    model: Model
    shaped: tuple[Block, ...]
    raws: tuple[Raw, ...]
    seen: Observed
    records: int
    total: int
    most: float

    @property
    def classes(self) -> list[Ints]:
        """Per block, which levels compete with one another."""
        return [raw.classes for raw in self.raws]

    def solve(self, m: Sequence[Floats], share: float) -> Guess:
        """u and tables for these m and lambda."""
        return solve(self.shaped, self.raws, m, share, self.records, self.total)


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
    task = _Task(model, shaped, raws, seen, len(records), total, _most_matches(records, model) / total)
    learned = _count_labels(task, records, labels) if labels is not None else None
    finished = _finish(records, blocking, task, learned or _estimate(task))
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


def _estimate(task: _Task) -> Guess:
    """Rounds of solving u and fitting m, until m stands still."""
    share = min(task.most, 0.5 * task.records / task.total)
    m = tuple(start(block, raw) for block, raw in zip(task.shaped, task.raws, strict=True))
    lambdas: list[float] = []
    for _ in range(ROUNDS):
        guess = task.solve(m, share)
        bits = _log_u(task, guess)
        ways = _ways(task, bits)
        # A rule's pairs are few and rich in matches; rarity's lambda is over all pairs.
        lambdas = lambdas or [share if way.total > way.counts.sum() else 0.5 for way in ways]
        learned = fit(ways, m, task.classes, lambdas)
        moved = max(float(np.abs(new - old).max()) for new, old in zip(learned.m, m, strict=True))
        m, lambdas, share = learned.m, list(learned.lambdas), _settle(task, bits, learned.m, share)
        if moved < 1e-4:
            break
    guess = task.solve(m, share)
    return guess if _purity(_whole(task, _log_u(task, guess)), m, share) >= 0.5 else _nobody(task)


def _purity(way: Way, m: Sequence[Floats], share: float) -> float:
    """How sure the matches are that were found: the mean posterior of a pair drawn among them (0..1).

    A population of its own is told from the rest; one that cannot be is a slope of the rest.
    """
    posterior, _ = expect(way, m, share)
    matches = posterior * way.counts
    return float((matches * posterior).sum()) / max(float(matches.sum()), 1e-300)


def _nobody(task: _Task) -> Guess:
    """What to believe where no population of matches shows: half a match in all, which agrees as `start` says."""
    m = tuple(start(block, raw) for block, raw in zip(task.shaped, task.raws, strict=True))
    return task.solve(m, min(task.most, 0.5 / task.total))


def _log_u(task: _Task, guess: Guess) -> list[Ints]:
    """Per block, log2 u of every distinct value pair, in millibits."""
    blocks = zip(task.seen.caches, guess.u, guess.tables, strict=True)
    return [block_log_u(cache, u, table) for cache, u, table in blocks]


def _settle(task: _Task, bits: Sequence[Ints], m: Sequence[Floats], share: float) -> float:
    """Lambda over all pairs, from all blocks, with m and u as they are."""
    way = _whole(task, bits)
    for _ in range(50):
        posterior, _ = expect(way, m, share)
        new = min(max(float((posterior * way.counts).sum()) / task.total, 1e-12), task.most)
        if abs(new - share) <= 1e-6 * share:
            return new
        share = new
    return share


def _ways(task: _Task, bits: Sequence[Ints]) -> list[Way]:
    """One way per blocking rule, without the blocks it fixes; rarity sees every block over all pairs."""
    ways = []
    covered = task.seen.covered
    for number, rule in enumerate(task.model.blocking):
        held = {expression.field for expression in rule.expressions()}
        fixed = frozenset(
            b for b, block in enumerate(task.shaped) if any(part.spec.field in held for part in block.parts)
        )
        which = (covered >> number) & 1 == 1
        if which.any() and len(fixed) < len(task.shaped):
            levels, counts, log_u = _rows(task.seen, bits, which, fixed)
            ways.append(Way(levels, counts, log_u, float(counts.sum()), 1.0))
    if task.model.rarity is not None:
        levels, counts, log_u = _rows(task.seen, bits, (covered >> len(task.model.blocking)) & 1 == 1, frozenset())
        ways.append(Way(levels, counts, log_u, float(task.total), task.most))
    # A model whose every rule fixes every block has nothing else to learn from than the pairs as they are.
    return ways or [_whole(task, bits)]


def _whole(task: _Task, bits: Sequence[Ints]) -> Way:
    levels, counts, log_u = _rows(task.seen, bits, np.ones(len(task.seen), bool), frozenset())
    return Way(levels, counts, log_u, float(task.total), task.most)


def _rows(
    seen: Observed, bits: Sequence[Ints], which: npt.NDArray[np.bool_], left_out: frozenset[int]
) -> tuple[Ints, Floats, Floats]:
    """Distinct (levels, log2 u) rows of some pairs with their counts."""
    columns = []
    log_u = np.zeros(int(which.sum()), dtype=np.int64)
    for b, cache in enumerate(seen.caches):
        ids = seen.ids[b][which]
        if b in left_out:
            columns.append(np.full(len(ids), -1, dtype=np.int32))
            continue
        columns.append(cache.level[ids])
        log_u += bits[b][ids]
    first, inverse = distinct([*columns, log_u])
    counts = np.bincount(inverse, weights=seen.count[which]).astype(np.float64)
    return np.stack([c[first] for c in columns], axis=1).astype(np.int64), counts, log_u[first] / 1000.0


def _count_labels(task: _Task, records: Records, labels: Ints) -> Guess | None:
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


def _finish(records: Records, blocking: Blocking, task: _Task, guess: Guess) -> Parameters:
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
