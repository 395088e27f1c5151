from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.belief import Band, band, expected

WEIGHTS = st.lists(st.sampled_from([-40_000, -3_000, -1_000, 0, 500, 4_000, 30_000]), max_size=40)
MATCHES = st.floats(0, 20)


def chance(weight: int) -> float:
    return 2 ** (weight / 1000) / (1 + 2 ** (weight / 1000))


@given(WEIGHTS, MATCHES, MATCHES, st.integers(-50_000, 50_000))
@settings(max_examples=200, deadline=None)
def test_expected_figures_are_sums_of_chances(weights: list[int], beyond: float, missed: float, threshold: int) -> None:
    (row,) = expected(np.array(weights, dtype=np.int64), beyond, missed, [threshold])
    above = [chance(w) for w in weights if w >= threshold]
    everything = sum(map(chance, weights)) + beyond + missed
    assert row.pairs == len(above)
    assert row.precision == (pytest.approx(sum(above) / len(above)) if above else None)
    assert row.recall == (pytest.approx(sum(above) / everything) if everything else None)


@given(WEIGHTS, MATCHES, st.sampled_from([0.5, 0.9, 0.99, 1.0]), st.sampled_from([0.5, 0.9, 0.99]))
@settings(max_examples=200, deadline=None)
def test_a_band_promises_what_was_asked_and_no_better_one_does(
    weights: list[int], beyond: float, precision: float, recall: float
) -> None:
    held = np.array(weights, dtype=np.int64)
    found = band(held, beyond, 0.0, precision, recall)
    rows = expected(held, beyond, 0.0, sorted(set(weights)))
    pure = [row.threshold for row in rows if row.precision is not None and row.precision >= precision]
    kept = [row.threshold for row in rows if row.recall is not None and row.recall >= recall]
    assert found.match == (min(pure) if pure else None)
    assert found.review == (max(kept) if kept else None)


def test_what_no_way_finds_cannot_be_promised() -> None:
    assert band(np.array([30_000] * 9), 0.0, 1.5, 0.99, 0.99) == Band(30_000, None)
