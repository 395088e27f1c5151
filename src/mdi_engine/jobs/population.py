"""The pairs of an entity's records as they are linked now: what may be drawn, and what the model believes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.jobs.home import Projected, entity_named, home_ledger, in_force, projected
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.events import head_hash
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.belief import Band, Expected, band, expected
from mdi_engine.linkage.candidates.blocking import Ways, covers, prepare
from mdi_engine.linkage.clerical import belief, borders
from mdi_engine.linkage.drawing import draw
from mdi_engine.linkage.evaluate import true_pairs
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Scorer, score
from mdi_engine.settings import Settings

# Weak candidates that are drawn to learn what the model believes of all of them, and trials to find them.
_WEAK, _TRIALS = 5_000, 500_000


@dataclass(frozen=True)
class Looked:
    """Pairs of live records, by row: those within reach of the thresholds, and those of one master.

    `weak` candidates lie below the lowest border and have two masters; of them `weak_left`, `weak_right` are a random
    sample in random order, and `weak_expected` matches are believed to be among all. `uncovered` pairs are those no
    way covers, with `missed` matches believed among them (None: unknown, there is one way only).
    """

    version: int
    learned: Parameters
    data: Projected
    mark: str
    starts: tuple[int, ...]
    left: Ints
    right: Ints
    weight: Ints
    joined: npt.NDArray[np.bool_]
    weak: int
    weak_left: Ints
    weak_right: Ints
    weak_expected: float
    uncovered: int
    missed: float | None


def look(settings: Settings, entity: str, *, seed: int = 1, progress: Progress = SILENT) -> Looked:
    """Score the candidates with the parameters in force, and put the pairs of one master to them.

    Raises `NotFound` before the first link. Pairs below the lowest border are counted and sampled, never all kept.
    """
    entity_named(entity)
    progress.stage("read")
    with home_ledger(settings) as engine, reading(engine) as conn:
        version, learned = in_force(settings, conn, entity)
        data = projected(conn, entity, learned.model)
        label = _labels(read_state(conn, entity).memberships, data.ids)
        mark = head_hash(conn, data.event)
    records = data.records
    starts = borders(learned.match, learned.review)
    progress.stage("score")
    edges = score(records, learned, keep=starts[0], note=progress.advance)
    ways = prepare(records, learned.model, learned.blocking)
    scorer = Scorer(records, learned)
    left, right = _beside(label, edges.left, edges.right)
    covered = _covered(ways, left, right)
    weak = edges.candidate_pairs - len(edges) - int(covered.sum())
    progress.stage("draw")
    some = _weak(ways, scorer, label, starts[0], min(_WEAK, weak // 2 + 1), np.random.default_rng(seed))
    chance = belief(scorer.weights(*some)).mean() if len(some[0]) else 0.0
    return Looked(
        version=version,
        learned=learned,
        data=data,
        mark=mark,
        starts=starts,
        left=np.concatenate([edges.left, left]),
        right=np.concatenate([edges.right, right]),
        weight=np.concatenate([edges.weight, scorer.weights(left, right)]),
        joined=np.concatenate([label[edges.left] == label[edges.right], np.ones(len(left), bool)]),
        weak=weak,
        weak_left=some[0],
        weak_right=some[1],
        weak_expected=float(weak * chance),
        uncovered=_total(records, learned) - edges.candidate_pairs - int((~covered).sum()),
        missed=_missed(learned),
    )


def _labels(members: Mapping[int, str], ids: Ints) -> Ints:
    """A number per row, the same where two have one master; a record that waits for one is alone."""
    return np.unique([members.get(i, f"waiting {i}") for i in ids.tolist()], return_inverse=True)[1].reshape(-1)


def _beside(label: Ints, left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Pairs of one label that are not among the given ones (left < right)."""
    one, other = true_pairs(label)
    many = len(label)
    held = np.isin(one * many + other, left[label[left] == label[right]] * many + right[label[left] == label[right]])
    return one[~held], other[~held]


def _covered(ways: Ways, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
    """Whether some way makes each pair a candidate."""
    hit = np.zeros(len(left), dtype=np.bool_)
    for way in range(ways.count):
        hit |= covers(ways, way, left, right)
    return hit if ways.source is None else hit & (ways.source[left] != ways.source[right])


def _weak(
    ways: Ways, scorer: Scorer, label: Ints, below: int, wanted: int, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Distinct candidates of two masters and of less than `below` millibits, in random order: `wanted`, if found."""
    many, kept = len(label), np.empty(0, dtype=np.int64)
    for left, right in draw(ways, rng, most=_TRIALS):
        apart = label[left] != label[right]
        left, right = left[apart], right[apart]
        low = scorer.weights(left, right) < below
        codes = np.concatenate([kept, left[low] * many + right[low]])
        kept = codes[np.sort(np.unique(codes, return_index=True)[1])]
        if len(kept) >= wanted:
            break
    return kept[:wanted] // many, kept[:wanted] % many


def _total(records: Records, learned: Parameters) -> int:
    return records.total_pairs(learned.model.pairs == "between")


def _missed(learned: Parameters) -> float | None:
    found = learned.found
    return None if found.recall is None else found.matches * (1.0 - found.recall)


@dataclass(frozen=True)
class Believed:
    """What the model in force expects of itself; `band` are the thresholds it would choose for the errors admitted."""

    entity: str
    version: int
    records: int
    match: int
    review: int
    expected: tuple[Expected, ...]
    band: Band
    precision: float
    recall: float
    weak_pairs: int
    weak_expected: float
    uncovered_pairs: int
    uncovered_expected: float | None


def believe(
    settings: Settings, entity: str, *, precision: float = 0.99, recall: float = 0.99, progress: Progress = SILENT
) -> Believed:
    """The expected figures per threshold, and the band for a wanted precision and recall. Nobody was asked."""
    seen = look(settings, entity, progress=progress)
    args = (seen.weight, seen.weak_expected, seen.missed or 0.0)
    return Believed(
        entity,
        seen.version,
        len(seen.data.records),
        seen.learned.match,
        seen.learned.review,
        expected(*args, seen.starts),
        band(*args, precision, recall),
        precision,
        recall,
        seen.weak,
        seen.weak_expected,
        seen.uncovered,
        seen.missed,
    )
