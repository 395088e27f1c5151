"""What a run would cost and miss, told before a single pair is made."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.compare import Ints
from mdi_engine.linkage.keys import (
    Posting,
    describe_key,
    find_refinement,
    groups,
    match_keys,
    refining_fields,
    rule_postings,
)
from mdi_engine.linkage.model import BlockingSpec, Model
from mdi_engine.linkage.parameters import Blocking, Parameters
from mdi_engine.linkage.rarity import features, find_rarity
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.score import Scorer

HEAVIEST = 5
_TRIAL = 20_000


@dataclass(frozen=True)
class HeavyKey:
    """A key with many records, and the pairs under it before any refinement."""

    text: str
    records: int
    pairs: int


@dataclass(frozen=True)
class WayPlan:
    """One way to candidates. `pairs` counts every pair under a key, so a pair that shares two keys counts twice.

    `matches` is the number of matches the last training expects this way to find, `new_matches` those that no
    earlier way finds; None before the first training.
    """

    label: str
    pairs: int
    heaviest: tuple[HeavyKey, ...]
    refined_keys: int
    pairs_before_refinement: int
    matches: float | None
    new_matches: float | None


@dataclass(frozen=True)
class Plan:
    """The whole plan. `recall_lost` (0..1) and `seconds` are None ("unknown") before the first training."""

    records: int
    total_pairs: int
    ways: tuple[WayPlan, ...]
    comparisons: int
    recall_lost: float | None
    seconds: float | None

    @property
    def pairs(self) -> int:
        """Pairs over all ways, an upper bound on the distinct candidate pairs."""
        return sum(way.pairs for way in self.ways)


def plan(records: Records, model: Model, parameters: Parameters | None = None) -> Plan:
    """Plan a run over these records. Without parameters, heavy keys and rarity are taken from the records."""
    blocking = (
        parameters.blocking
        if parameters
        else Blocking(find_refinement(records, model), find_rarity(records, model.rarity) if model.rarity else None)
    )
    between = model.pairs == "between"
    finals = match_keys(records, model, blocking.refinement)
    ways = [
        _rule_plan(records, model, rule, number, final, between, parameters)
        for number, (rule, final) in enumerate(zip(model.blocking, finals, strict=True))
    ]
    if model.rarity is not None and blocking.rarity is not None:
        posting = features(records, model.rarity, blocking.rarity).posting
        label = "rarity: " + ", ".join(model.rarity.features)
        ways.append(_way(records, label, posting, [], 0, between, parameters, len(model.blocking)))
    pairs = sum(way.pairs for way in ways)
    lost = None if parameters is None or parameters.found.recall is None else 1.0 - parameters.found.recall
    seconds = pairs * _seconds_per_pair(records, parameters) if parameters else None
    return Plan(len(records), records.total_pairs(between), tuple(ways), pairs * len(model.blocks()), lost, seconds)


def _rule_plan(
    records: Records,
    model: Model,
    rule: BlockingSpec,
    number: int,
    final: Posting,
    between: bool,
    parameters: Parameters | None,
) -> WayPlan:
    plain = rule_postings(records, rule, number)
    start, size = groups(plain)
    order = np.argsort(-size, kind="stable")[:HEAVIEST]
    shown = []
    for group in order.tolist():
        if size[group] < 2:
            break
        rows = plain.rows[start[group] : start[group] + size[group]]
        hidden = any(model.fields[e.field].identifier for e in rule.expressions())
        text = "(identifier)" if hidden else describe_key(records, rule, int(rows[0]))
        shown.append(HeavyKey(text, int(size[group]), _group_pairs(records, rows, between)))
    refined = int((size > model.heavy).sum()) if refining_fields(model, rule) else 0
    return _way(records, rule.label, final, shown, refined, between, parameters, number, plain)


def _way(
    records: Records,
    label: str,
    posting: Posting,
    shown: list[HeavyKey],
    refined: int,
    between: bool,
    parameters: Parameters | None,
    number: int,
    plain: Posting | None = None,
) -> WayPlan:
    pairs = _pairs(records, posting, between)
    found = parameters.found if parameters and number < len(parameters.found.by_way) else None
    return WayPlan(
        label,
        pairs,
        tuple(shown),
        refined,
        _pairs(records, plain, between) if plain is not None and refined else pairs,
        found.by_way[number] if found else None,
        found.new_by_way[number] if found else None,
    )


def _pairs(records: Records, posting: Posting, between: bool) -> int:
    size = groups(posting)[1]
    total = int((size * (size - 1) // 2).sum())
    if not between or not len(size):
        return total
    group = np.repeat(np.arange(len(size)), size)
    held = np.bincount(group * len(records.sources) + records.source[posting.rows])
    return total - int((held * (held - 1) // 2).sum())


def _group_pairs(records: Records, rows: Ints, between: bool) -> int:
    total = len(rows) * (len(rows) - 1) // 2
    if not between:
        return total
    held = np.bincount(records.source[rows])
    return total - int((held * (held - 1) // 2).sum())


def _seconds_per_pair(records: Records, parameters: Parameters) -> float:
    """Timed on arbitrary row pairs of this file, on this machine, now."""
    n = len(records)
    if n < 2:
        return 0.0
    left = np.arange(_TRIAL, dtype=np.int64) * 7919 % (n - 1)
    right = left + 1 + (np.arange(_TRIAL, dtype=np.int64) * 104729) % (n - 1 - left)
    scorer = Scorer(records, parameters)
    begin = time.perf_counter()
    scorer.at_least(left, right, parameters.review)
    return (time.perf_counter() - begin) / _TRIAL
