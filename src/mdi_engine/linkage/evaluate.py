"""How good clusters are, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.weights.compare import Ints

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean, each 0..1. Nothing found: precision 1; nothing to find: recall 1."""

    precision: float
    recall: float
    f1: float

    def to_dict(self) -> dict[str, float]:
        """The three numbers by name."""
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1}


@dataclass(frozen=True)
class Evaluation:
    """Quality over pairs and over records (B-cubed; Bagga and Baldwin, 1998)."""

    pairwise: Score
    b_cubed: Score
    true_pairs: int
    found_pairs: int


def evaluate(found: Ints, truth: Ints) -> Evaluation:
    """Compare two labellings of the same rows. A negative truth is an entity of its own.

    Pairs are counted over all rows, of all sources.
    """
    right, claimed, real = _joint(found, truth), _count(found), _count(_alone(truth))
    pairwise = _score(right / claimed if claimed else 1.0, right / real if real else 1.0)
    if not len(found):
        return Evaluation(pairwise, _score(1.0, 1.0), 0, 0)
    precision, recall = _b_cubed(found, truth)
    return Evaluation(
        pairwise, _score(float(precision.sum()) / len(found), float(recall.sum()) / len(found)), real, claimed
    )


def evaluate_part(found: Ints, truth: Ints, part: npt.NDArray[np.bool_]) -> Evaluation:
    """As `evaluate`, over the pairs with at least one row of `part`, and over the rows of `part` (B-cubed).

    A false match of a twin and a stranger counts among the twins, also where the stranger is none.
    """
    whole, rest = evaluate(found, truth), evaluate(found[~part], truth[~part])
    both = _joint(found, truth) - _joint(found[~part], truth[~part])
    claimed, real = whole.found_pairs - rest.found_pairs, whole.true_pairs - rest.true_pairs
    pairwise = _score(both / claimed if claimed else 1.0, both / real if real else 1.0)
    precision, recall = _b_cubed(found, truth)
    rows = max(int(part.sum()), 1)
    b_cubed = _score(float(precision[part].sum()) / rows, float(recall[part].sum()) / rows)
    return Evaluation(pairwise, b_cubed, real, claimed)


def _joint(found: Ints, truth: Ints) -> int:
    """Pairs of one label in both labellings."""
    _, a = np.unique(found, return_inverse=True)
    _, b = np.unique(_alone(truth), return_inverse=True)
    return _pairs(np.unique(a * (b.max(initial=0) + 1) + b, return_counts=True)[1])


def _b_cubed(found: Ints, truth: Ints) -> tuple[Floats, Floats]:
    """Precision and recall of each row."""
    _, a = np.unique(found, return_inverse=True)
    _, b = np.unique(_alone(truth), return_inverse=True)
    _, cell, both = np.unique(a * (b.max(initial=0) + 1) + b, return_inverse=True, return_counts=True)
    overlap = both[cell.reshape(-1)]
    return overlap / np.bincount(a)[a], overlap / np.bincount(b)[b]


def true_pairs(truth: Ints) -> tuple[Ints, Ints]:
    """All pairs of rows of one entity (left < right)."""
    order = np.argsort(_alone(truth), kind="stable")
    labels = _alone(truth)[order]
    left, right = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for group in np.split(order, np.flatnonzero(np.diff(labels)) + 1):
        if len(group) > 1:
            i, j = np.triu_indices(len(group), 1)
            left.append(np.minimum(group[i], group[j]))
            right.append(np.maximum(group[i], group[j]))
    return np.concatenate(left), np.concatenate(right)


def cluster_sizes(labels: Ints) -> dict[int, int]:
    """How many clusters there are of each size."""
    _, counts = np.unique(labels, return_counts=True)
    sizes, many = np.unique(counts, return_counts=True)
    return dict(zip(sizes.tolist(), many.tolist(), strict=True))


def _alone(truth: Ints) -> Ints:
    truth = np.asarray(truth, dtype=np.int64)
    unknown = truth < 0
    alone = truth.copy()
    alone[unknown] = truth.max(initial=0) + 1 + np.arange(int(unknown.sum()))
    return alone


def _count(labels: Ints) -> int:
    """Pairs of one label."""
    return _pairs(np.unique(labels, return_counts=True)[1])


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _score(precision: float, recall: float) -> Score:
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)
