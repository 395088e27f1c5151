"""What a run would cost and miss, told before a single pair is made."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.candidates.blocking import find_blocking
from mdi_engine.linkage.candidates.keys import Posting, describe_key, groups, match_keys, rule_postings
from mdi_engine.linkage.candidates.rarity import LISTED_FROM, RarityTable, describe_feature, features
from mdi_engine.linkage.models.model import Model, RaritySpec
from mdi_engine.linkage.models.parameters import Blocking, Found, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import Scorer

HEAVIEST = 5
HIDDEN = "(identifier)"
RARE = f"(in fewer than {LISTED_FROM} records)"  # such a value could name a person
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


@dataclass(frozen=True)
class _Asked:
    """What a plan is asked about."""

    records: Records
    model: Model
    blocking: Blocking
    found: Found | None

    @property
    def between(self) -> bool:
        """Whether only rows of different sources are pairs."""
        return self.model.pairs == "between"


def plan(records: Records, model: Model, parameters: Parameters | None = None) -> Plan:
    """Plan a run over these records. Without parameters, heavy keys and rarity are taken from the records."""
    blocking = parameters.blocking if parameters else find_blocking(records, model)
    asked = _Asked(records, model, blocking, parameters.found if parameters else None)
    finals = match_keys(records, model, blocking.refinement)
    ways = [_rule_plan(asked, number, final) for number, final in enumerate(finals)]
    if model.rarity is not None and blocking.rarity is not None:
        ways.append(_rarity_plan(asked, model.rarity, blocking.rarity))
    pairs = sum(way.pairs for way in ways)
    lost = None if parameters is None or parameters.found.recall is None else 1.0 - parameters.found.recall
    seconds = pairs * _seconds_per_pair(records, parameters) if parameters else None
    return Plan(
        len(records), records.total_pairs(asked.between), tuple(ways), pairs * len(model.blocks()), lost, seconds
    )


def _rule_plan(asked: _Asked, number: int, final: Posting) -> WayPlan:
    rule = asked.model.blocking[number]
    plain = rule_postings(asked.records, rule, number)
    hidden = any(asked.model.fields[expression.field].identifier for expression in rule.expressions())

    def text(row: int, key: int) -> str:
        return HIDDEN if hidden else describe_key(asked.records, rule, number, row, key)

    start = groups(plain)[0]
    steps = asked.blocking.refinement.get(number, [])
    refined = int(np.isin(plain.keys[start], np.array(steps[0].keys, dtype=np.int64)).sum()) if steps else 0
    before = _pairs(asked, plain)
    return _way(asked, number, rule.label, _pairs(asked, final), before, refined, _heaviest(asked, plain, text))


def _rarity_plan(asked: _Asked, spec: RaritySpec, table: RarityTable) -> WayPlan:
    posting = features(asked.records, spec, table).posting
    pairs = _pairs(asked, posting)

    def text(row: int, key: int) -> str:
        expression, value = describe_feature(asked.records, spec, row, key)
        return HIDDEN if asked.model.fields[expression.field].identifier else f"{expression} = {value}"

    label = "rarity: " + ", ".join(spec.features)
    return _way(asked, len(asked.model.blocking), label, pairs, pairs, 0, _heaviest(asked, posting, text))


def _way(
    asked: _Asked, number: int, label: str, pairs: int, before: int, refined: int, heaviest: tuple[HeavyKey, ...]
) -> WayPlan:
    found = asked.found
    return WayPlan(
        label,
        pairs,
        heaviest,
        refined,
        before,
        _at(found.by_way, number) if found else None,
        _at(found.new_by_way, number) if found else None,
    )


def _heaviest(asked: _Asked, posting: Posting, text: Callable[[int, int], str]) -> tuple[HeavyKey, ...]:
    """The keys with the most records, those of more than one record only."""
    start, size = groups(posting)
    shown: list[HeavyKey] = []
    for group in np.argsort(-size, kind="stable")[:HEAVIEST].tolist():
        if size[group] < 2:
            break
        rows = posting.rows[start[group] : start[group] + size[group]]
        said = RARE if size[group] < LISTED_FROM else text(int(rows[0]), int(posting.keys[start[group]]))
        if said in (HIDDEN, RARE) and any(key.text == said for key in shown):
            continue  # a second key that may not be named tells nothing
        alone = Posting(rows, np.zeros(len(rows), dtype=np.int64))
        shown.append(HeavyKey(said, int(size[group]), _pairs(asked, alone)))
    return tuple(shown)


def _at(matches: tuple[float, ...], way: int) -> float:
    """The ways after the last that found anything are not listed: they found nothing."""
    return matches[way] if way < len(matches) else 0.0


def _pairs(asked: _Asked, posting: Posting) -> int:
    """Pairs under the keys, each key counted for itself."""
    size = groups(posting)[1]
    total = int((size * (size - 1) // 2).sum())
    if not asked.between or not len(size):
        return total
    group = np.repeat(np.arange(len(size)), size)
    held = np.bincount(group * len(asked.records.sources) + asked.records.source[posting.rows])
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
