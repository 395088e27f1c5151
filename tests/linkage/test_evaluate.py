from __future__ import annotations

import itertools
from statistics import mean

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.evaluate import cluster_sizes, evaluate, evaluate_part, true_pairs

labellings = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), max_size=14)


def pairs_of(labels: list[int]) -> set[tuple[int, int]]:
    """Pairs of one label; a negative label is nobody else's."""
    return {(i, j) for i, j in itertools.combinations(range(len(labels)), 2) if labels[i] == labels[j] >= 0}


def plain_f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@given(rows=labellings)
@example(rows=[])
@example(rows=[(0, -1), (0, -1)])
@settings(max_examples=300, deadline=None)
def test_scores_are_those_of_counting_pairs_and_records(rows: list[tuple[int, int]]) -> None:
    found, truth = [a for a, _ in rows], [b for _, b in rows]
    result = evaluate(np.array(found, dtype=np.int64), np.array(truth, dtype=np.int64))
    claimed, real = pairs_of(found), pairs_of(truth)
    precision = len(claimed & real) / len(claimed) if claimed else 1.0
    recall = len(claimed & real) / len(real) if real else 1.0
    assert (result.found_pairs, result.true_pairs) == (len(claimed), len(real))
    assert result.pairwise.to_dict() == pytest.approx(
        {"precision": precision, "recall": recall, "f1": plain_f1(precision, recall)}
    )
    precisions, recalls = [], []
    for i in range(len(rows)):
        mine = {j for j in range(len(rows)) if found[j] == found[i]}
        theirs = {j for j in range(len(rows)) if j == i or truth[j] == truth[i] >= 0}
        precisions.append(len(mine & theirs) / len(mine))
        recalls.append(len(mine & theirs) / len(theirs))
    p, r = (mean(precisions), mean(recalls)) if rows else (1.0, 1.0)
    assert result.b_cubed.to_dict() == pytest.approx({"precision": p, "recall": r, "f1": plain_f1(p, r)})


@given(rows=st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4), st.booleans()), max_size=14))
@example(rows=[])
@example(rows=[(0, 1, False), (0, 1, False)])
@settings(max_examples=300, deadline=None)
def test_a_part_has_the_pairs_that_touch_it(rows: list[tuple[int, int, bool]]) -> None:
    found, truth = [a for a, _, _ in rows], [b for _, b, _ in rows]
    part = {i for i, (_, _, inside) in enumerate(rows) if inside}
    result = evaluate_part(np.array(found, np.int64), np.array(truth, np.int64), np.array([r[2] for r in rows], bool))
    claimed, real = ({pair for pair in pairs_of(labels) if part & set(pair)} for labels in (found, truth))
    precision = len(claimed & real) / len(claimed) if claimed else 1.0
    recall = len(claimed & real) / len(real) if real else 1.0
    assert (result.found_pairs, result.true_pairs) == (len(claimed), len(real))
    assert (result.pairwise.precision, result.pairwise.recall) == pytest.approx((precision, recall))


def test_of_everything_a_part_has_the_figures_of_the_whole() -> None:
    found, truth = np.array([1, 1, 2, 2, 3]), np.array([1, 1, 1, 2, 2])
    assert evaluate_part(found, truth, np.ones(5, bool)) == evaluate(found, truth)


@given(labels=st.lists(st.integers(-1, 4), max_size=14))
@settings(max_examples=200, deadline=None)
def test_true_pairs_are_all_pairs_of_one_label(labels: list[int]) -> None:
    left, right = true_pairs(np.array(labels, dtype=np.int64))
    found = list(zip(left.tolist(), right.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == pairs_of(labels)


def test_cluster_sizes() -> None:
    assert cluster_sizes(np.array([7, 7, 7, 1, 2, 2, 9])) == {1: 2, 2: 1, 3: 1}
    assert cluster_sizes(np.array([], dtype=np.int64)) == {}
