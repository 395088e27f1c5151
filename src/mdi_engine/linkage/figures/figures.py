"""Everything a report shows of a linkage, as numbers: nothing here is drawn, and nothing names a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.candidates.plan import WayPlan, plan
from mdi_engine.linkage.evaluate import Evaluation, cluster_sizes, evaluate
from mdi_engine.linkage.explaining.explain import Shown, Waterfall
from mdi_engine.linkage.explaining.sentences import Said, level_words
from mdi_engine.linkage.figures import curves
from mdi_engine.linkage.figures.curves import Histogram, Point, Unlinkable
from mdi_engine.linkage.figures.near import as_it_is, near_threshold
from mdi_engine.linkage.models.parameters import BlockParameters, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Block, Ints, blocks
from mdi_engine.linkage.weights.score import Edges, score

# So many candidate pairs are all weighed and counted; of more, only those that linking kept.
WEIGHED = 3_000_000
# So many levels of a group are shown: those that matches are at most often.
LEVELS = 12
_LEAST = -(1 << 40)


@dataclass(frozen=True)
class LevelBar:
    """One level: shares m and u (0..1) and log2(m/u) in bits. `per_value`: the bits are those of a typical value."""

    words: Said
    m: float
    u: float
    bits: float
    per_value: bool


@dataclass(frozen=True)
class ComparisonBars:
    """The levels of a comparison or group, best first; `omitted` more are too rare to show."""

    label: str
    levels: tuple[LevelBar, ...]
    omitted: int


@dataclass(frozen=True)
class Filled:
    """Share of records (0..1) in which a field holds a value: of all, and per source in the order of `sources`."""

    field: str
    share: float
    by_source: tuple[float, ...]


@dataclass(frozen=True)
class Figures:
    """The numbers of a report. Thresholds in bits; `measured` and `evaluation` only where a truth is known."""

    name: str
    sources: tuple[str, ...]
    records: int
    candidate_pairs: int
    match: float
    review: float
    expected_matches: float
    histogram: Histogram
    comparisons: tuple[ComparisonBars, ...]
    waterfalls: tuple[Waterfall, ...]
    expected: tuple[Point, ...]
    measured: tuple[Point, ...]
    evaluation: Evaluation | None
    ways: tuple[WayPlan, ...]
    recall_lost: float | None
    sizes: tuple[tuple[int, int], ...]
    unlinkable: tuple[Unlinkable, ...]
    below_match: int
    below_review: int
    completeness: tuple[Filled, ...]

    @property
    def clusters(self) -> int:
        """How many things the records are."""
        return sum(count for _, count in self.sizes)


def figures(
    records: Records,
    parameters: Parameters,
    edges: Edges,
    label: Ints,
    *,
    truth: Ints | None = None,
    shown: Shown = as_it_is,
    named: Callable[[int], str] | None = None,
) -> Figures:
    """Gather the numbers. `label[row]` is the cluster, `truth[row]` the entity (as `curves.measured` takes it).

    `shown(field, value)` gives how a value may be shown in waterfalls; `named(row)` what a record is called there
    (default: source and key).
    """
    planned = plan(records, parameters.model, parameters)
    alone = curves.self_weights(records, parameters)
    whole = edges.candidate_pairs <= WEIGHED
    weighed = score(records, parameters, keep=_LEAST) if whole else edges
    return Figures(
        name=parameters.model.name,
        sources=records.sources,
        records=len(records),
        candidate_pairs=edges.candidate_pairs,
        match=parameters.match / 1000,
        review=parameters.review / 1000,
        expected_matches=curves.expected_matches(records, edges, parameters),
        histogram=curves.histogram(weighed, whole),
        comparisons=_comparisons(records, parameters),
        waterfalls=near_threshold(records, edges, parameters, shown, named),
        expected=curves.expected(records, edges, parameters),
        measured=() if truth is None else curves.measured(records, edges, parameters, truth),
        evaluation=None if truth is None else evaluate(label[truth != curves.UNNAMED], truth[truth != curves.UNNAMED]),
        ways=planned.ways,
        recall_lost=planned.recall_lost,
        sizes=tuple(sorted(cluster_sizes(label).items())),
        unlinkable=curves.unlinkable(alone, parameters.review),
        below_match=int((alone < parameters.match).sum()),
        below_review=int((alone < parameters.review).sum()),
        completeness=tuple(_filled(records, field) for field in parameters.model.fields),
    )


def _comparisons(records: Records, parameters: Parameters) -> tuple[ComparisonBars, ...]:
    shaped = blocks(records, parameters.model)
    return tuple(_bars(block, learned) for block, learned in zip(shaped, parameters.blocks, strict=True))


def _bars(block: Block, learned: BlockParameters) -> ComparisonBars:
    """Levels with their average weight; level 0, missing, says nothing and is left out."""
    there = [n for n in range(1, len(learned.m)) if learned.m[n] > 0 and learned.u[n] > 0]
    kept = sorted(sorted(there, key=lambda n: (-learned.m[n], n))[:LEVELS], key=lambda n: (-_bits(learned, n), n))
    levels = tuple(
        LevelBar(_words(block, n), learned.m[n], learned.u[n], _bits(learned, n), learned.per_value[n]) for n in kept
    )
    return ComparisonBars(learned.label, levels, len(there) - len(kept))


def _bits(learned: BlockParameters, level: int) -> float:
    """The weight of a level, of a typical value where it depends on the value."""
    bits = learned.weight[level] / 1000
    return bits - float(np.log2(learned.u[level])) if learned.per_value[level] else bits


def _words(block: Block, level: int) -> Said:
    """What a level says; of a group, part by part."""
    told = []
    for part in block.parts:
        level, number = divmod(level, part.size)
        words = level_words(part.levels, number)
        label = f"{part.spec.label}: " if len(block.parts) > 1 else ""
        told.append((label + words.english, label + words.indonesian))
    english, indonesian = zip(*told, strict=True)
    return Said("; ".join(english), "; ".join(indonesian))


def _filled(records: Records, field: str) -> Filled:
    there = records.columns[field].codes >= 0
    rows = np.bincount(records.source, minlength=len(records.sources))
    held = np.bincount(records.source[there], minlength=len(records.sources))
    by_source = tuple((held / np.maximum(rows, 1)).tolist())
    return Filled(field, float(there.mean()) if len(there) else 0.0, by_source)
