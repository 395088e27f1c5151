"""How good clusters are, where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.compare import Ints


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
    truth = _alone(truth)
    _, a = np.unique(found, return_inverse=True)
    _, b = np.unique(truth, return_inverse=True)
    size_a, size_b = np.bincount(a), np.bincount(b)
    joint, cell, both = np.unique(a * (b.max(initial=0) + 1) + b, return_inverse=True, return_counts=True)
    del joint
    right, claimed, real = _pairs(both), _pairs(size_a), _pairs(size_b)
    overlap = both[cell.reshape(-1)]
    pairwise = _score(right / claimed if claimed else 1.0, right / real if real else 1.0)
    if not len(a):
        return Evaluation(pairwise, _score(1.0, 1.0), 0, 0)
    rows = len(a)
    b_cubed = _score(float((overlap / size_a[a]).sum()) / rows, float((overlap / size_b[b]).sum()) / rows)
    return Evaluation(pairwise, b_cubed, real, claimed)


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


def _pairs(sizes: Ints) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _score(precision: float, recall: float) -> Score:
    total = precision + recall
    return Score(precision, recall, 2 * precision * recall / total if total else 0.0)
