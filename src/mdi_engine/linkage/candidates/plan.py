"""What a run would cost and miss, told before a single pair is made."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.candidates.blocking import Ways, find_blocking, prepare
from mdi_engine.linkage.candidates.counts import apart, pairs_of
from mdi_engine.linkage.candidates.keys import Posting, describe_key, groups, rule_postings
from mdi_engine.linkage.candidates.kinds import kinds_of
from mdi_engine.linkage.candidates.rarity import describe_feature
from mdi_engine.linkage.candidates.skew import skews
from mdi_engine.linkage.candidates.trial import Tried, assumed_finds, seconds_per_pair, tried
from mdi_engine.linkage.models.model import Model, RaritySpec
from mdi_engine.linkage.models.parameters import Blocking, Found, Parameters
from mdi_engine.linkage.records import Records

HEAVIEST = 5


@dataclass(frozen=True)
class HeavyKey:
    """A key with many records, and the pairs under it before any refinement. `text` tells of what kind it is
    (`kinds`), never the value.
    """

    text: str
    records: int
    pairs: int


@dataclass(frozen=True)
class WayPlan:
    """One way to candidates. `pairs` counts every pair under a key, so a pair that shares two keys counts twice;
    `distinct` estimates the different pairs that no earlier way has, with its standard error.

    `refined_by` are the fields that divide its heavy keys; `left_out` records stand under keys that nothing divides.
    `matches` is the number of matches the last training expects this way to find, `new_matches` those that no
    earlier way finds, `missed` those it does not find, with a standard error; None before the first training. `finds`
    is the share of matches it finds, by assumed rates of error where there was no training.
    """

    label: str
    pairs: int
    distinct: float
    distinct_error: float
    heaviest: tuple[HeavyKey, ...]
    refined_keys: int
    refined_by: tuple[str, ...]
    left_out: int
    pairs_before_refinement: int
    matches: float | None
    new_matches: float | None
    missed: float | None
    missed_error: float | None
    finds: float


@dataclass(frozen=True)
class Plan:
    """The whole plan. `seconds` (to weigh the pairs) and `recall_lost` (0..1) are None ("unknown") before the first
    training; `recall_assumed` is the share of matches that some way finds by assumed rates of error. `memory`, in
    bytes, is for keys, layouts and the pairs kept, beside the records. `notes` are the sentences of `skew`.
    """

    records: int
    total_pairs: int
    ways: tuple[WayPlan, ...]
    comparisons: int
    recall_lost: float | None
    recall_assumed: float
    seconds: float | None
    memory: int
    notes: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """Pairs over all ways, an upper bound on the distinct candidate pairs."""
        return sum(way.pairs for way in self.ways)

    @property
    def distinct(self) -> float:
        """How many candidate pairs there will be, about."""
        return math.fsum(way.distinct for way in self.ways)

    @property
    def distinct_error(self) -> float:
        """The standard error of `distinct`."""
        return math.sqrt(math.fsum(way.distinct_error**2 for way in self.ways))


@dataclass(frozen=True)
class _Asked:
    """What a plan is asked about."""

    records: Records
    model: Model
    blocking: Blocking
    found: Found | None
    finds: list[float]
    tried: list[Tried]

    def pairs(self, posting: Posting) -> int:
        """Pairs under the keys, each key counted for itself."""
        return pairs_of(posting, apart(self.records, self.model))


def plan(
    records: Records, model: Model, parameters: Parameters | None = None, *, timing: Parameters | None = None
) -> Plan:
    """Plan a run over these records. Without parameters, heavy keys and rarity are taken from the records.

    `timing` are parameters of any training of the model, to time the weighing by; by default `parameters`.
    """
    blocking = parameters.blocking if parameters else find_blocking(records, model)
    found = parameters.found if parameters else None
    ways = prepare(records, model, blocking)
    finds, recall = assumed_finds(records, model, blocking.rarity)
    trials = [tried(ways, way) for way in range(ways.count)]
    asked = _Asked(records, model, blocking, found, finds, trials)
    plans = [_rule_plan(asked, number, final) for number, final in enumerate(ways.postings)]
    if model.rarity is not None and blocking.rarity is not None and ways.rarity is not None:
        plans.append(_rarity_plan(asked, model.rarity, ways.rarity.posting))
    timing = timing or parameters
    distinct = math.fsum(trial.distinct for trial in trials)
    return Plan(
        records=len(records),
        total_pairs=records.total_pairs(model.pairs == "between"),
        ways=tuple(plans),
        comparisons=sum(way.pairs for way in plans) * len(model.blocks()),
        recall_lost=None if found is None or found.recall is None else 1.0 - found.recall,
        recall_assumed=recall,
        seconds=distinct * seconds_per_pair(records, timing, ways, trials) if timing else None,
        memory=_memory(records, model, ways, found),
        notes=skews(records, model, blocking),
    )


def _rule_plan(asked: _Asked, number: int, final: Posting) -> WayPlan:
    rule = asked.model.blocking[number]
    plain = rule_postings(asked.records, rule, number)

    def text(row: int, key: int) -> str:
        return kinds_of(rule.expressions(), describe_key(asked.records, rule, number, row, key))

    start = groups(plain)[0]
    steps = asked.blocking.refinement.get(number, [])
    refined = int(np.isin(plain.keys[start], np.array(steps[0].keys, dtype=np.int64)).sum()) if steps else 0
    return dataclasses.replace(
        _way(asked, number, rule.label, final),
        heaviest=_heaviest(asked, plain, text),
        refined_keys=refined,
        refined_by=tuple(step.field for step in steps if step.field is not None),
        left_out=len(np.setdiff1d(plain.rows, final.rows)),
        pairs_before_refinement=asked.pairs(plain),
    )


def _rarity_plan(asked: _Asked, spec: RaritySpec, posting: Posting) -> WayPlan:
    def text(row: int, key: int) -> str:
        expression, value = describe_feature(asked.records, spec, row, key)
        return kinds_of((expression,), (value,))

    way = _way(asked, len(asked.model.blocking), "rarity: " + ", ".join(spec.features), posting)
    return dataclasses.replace(way, heaviest=_heaviest(asked, posting, text))


def _way(asked: _Asked, number: int, label: str, final: Posting) -> WayPlan:
    """A way without its heavy keys: what is known of rules and rarity alike."""
    found, trial, pairs = asked.found, asked.tried[number], asked.pairs(final)
    matches = _at(found.by_way, number) if found else None
    share = matches / found.matches if found and matches is not None and found.matches else None
    # Without an overlap of ways nothing is known of what all of them miss.
    missed = found.matches - matches if found and matches is not None and found.recall is not None else None
    return WayPlan(
        label=label,
        pairs=pairs,
        distinct=trial.distinct,
        distinct_error=trial.error,
        heaviest=(),
        refined_keys=0,
        refined_by=(),
        left_out=0,
        pairs_before_refinement=pairs,
        matches=matches,
        new_matches=_at(found.new_by_way, number) if found else None,
        missed=missed,
        missed_error=None if missed is None or found is None else _missed_error(found, missed),
        finds=asked.finds[number] if share is None else min(share, 1.0),
    )


def _missed_error(found: Found, missed: float) -> float:
    """The standard error of how many of all matches a way misses, as told by those that any way caught (binomial)."""
    caught = found.matches * (found.recall or 1.0)
    share = min(max(missed / found.matches, 0.0), 1.0) if found.matches else 0.0
    return found.matches * math.sqrt(share * (1.0 - share) / max(caught, 1.0))


def _memory(records: Records, model: Model, ways: Ways, found: Found | None) -> int:
    """Bytes of the keys by key and by row, of the largest way's layout, and of the pairs that are kept."""
    postings = [*ways.postings, *([ways.rarity.posting] if ways.rarity is not None else [])]
    arrays = [array for posting in postings for array in (posting.rows, posting.keys)]
    arrays += [array for held in ways.held for array in (held.start, held.place, held.code, held.joined)]
    entries = max((len(posting.rows) for posting in postings), default=0)
    kept = found.matches if found else len(records)
    return sum(array.nbytes for array in arrays) + entries * (8 + 12 * len(model.blocks())) + int(2 * 24 * kept)


def _heaviest(asked: _Asked, posting: Posting, text: Callable[[int, int], str]) -> tuple[HeavyKey, ...]:
    """The keys with the most records, of each kind one; those of more than one record only."""
    start, size = groups(posting)
    shown: list[HeavyKey] = []
    for group in np.argsort(-size, kind="stable")[:HEAVIEST].tolist():
        if size[group] < 2:
            break
        rows = posting.rows[start[group] : start[group] + size[group]]
        said = text(int(rows[0]), int(posting.keys[start[group]]))
        if not any(key.text == said for key in shown):
            alone = Posting(rows, np.zeros(len(rows), dtype=np.int64))
            shown.append(HeavyKey(said, int(size[group]), asked.pairs(alone)))
    return tuple(shown)


def _at(matches: tuple[float, ...], way: int) -> float:
    """The ways after the last that found anything are not listed: they found nothing."""
    return matches[way] if way < len(matches) else 0.0
