from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.intervals import Cell, combined, limits, part, share


def chance(x: int, drawn: int, marked: int, pairs: int) -> float:
    """The hypergeometric chance, with whole numbers."""
    return math.comb(marked, x) * math.comb(pairs - marked, drawn - x) / math.comb(pairs, drawn)


@given(pairs=st.integers(1, 40), data=st.data(), confidence=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
@settings(max_examples=150, deadline=None)
def test_limits_are_the_numbers_that_are_not_ruled_out(pairs: int, data: st.DataObject, confidence: float) -> None:
    drawn = data.draw(st.integers(0, pairs))
    same = data.draw(st.integers(0, drawn))
    tail = (1 - confidence) / 2
    possible = [
        k
        for k in range(same, pairs - (drawn - same) + 1)
        if sum(chance(x, drawn, k, pairs) for x in range(same, min(drawn, k) + 1)) > tail - 1e-9
        and sum(chance(x, drawn, k, pairs) for x in range(max(0, drawn - (pairs - k)), same + 1)) > tail - 1e-9
    ]
    lower, upper = limits(same, drawn, pairs, confidence)
    assert (lower, upper) == (possible[0], possible[-1])


@pytest.mark.parametrize(("pairs", "drawn"), [(30, 10), (12, 12), (100, 3)])
def test_one_stratum_is_covered_at_least_as_often_as_said(pairs: int, drawn: int) -> None:
    for marked in range(pairs + 1):
        covered = 0.0
        for x in range(max(0, drawn - (pairs - marked)), min(drawn, marked) + 1):
            lower, upper = limits(x, drawn, pairs, 0.9)
            covered += chance(x, drawn, marked, pairs) * (lower <= marked <= upper)
        assert covered >= 0.9 - 1e-9


def test_large_strata_are_no_trouble() -> None:
    lower, upper = limits(0, 20, 44_000_000, 0.95)
    assert lower == 0
    assert upper / 44_000_000 == pytest.approx(1 - 0.025 ** (1 / 20), rel=1e-3)


def test_no_event_has_a_width_and_a_census_has_none() -> None:
    none = share([Cell(1_000, 20, 0)], 0.95)
    assert none is not None
    assert (none.estimate, none.lower) == (0.0, 0.0)
    assert none.upper == pytest.approx(0.166)
    every = share([Cell(20, 20, 20), Cell(5, 5, 0)], 0.95)
    assert every is not None
    assert [every.estimate, every.lower, every.upper] == pytest.approx([0.8] * 3)
    assert share([], 0.95) is None
    assert part([Cell(10, 10, 0)], [Cell(5, 5, 0)], 0.95) is None


def test_a_difference_swaps_the_limits() -> None:
    cells = [Cell(100, 10, 9), Cell(100, 10, 1)]
    found = combined(cells, [1.0, -1.0], 0.95)
    mirrored = combined(cells, [-1.0, 1.0], 0.95)
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (-mirrored.estimate, -mirrored.upper, -mirrored.lower)
    )


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_parts_are_shares_and_add_up(rows: list[tuple[int, int, float]]) -> None:
    cells = [Cell(n, min(k, n), round(min(k, n) * s), 0.3) for n, k, s in rows]
    inside, outside = cells[::2], cells[1::2]
    one, other = part(inside, outside, 0.95), part(outside, inside, 0.95)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert 0 <= one.lower <= one.estimate + 1e-9
        assert one.estimate - 1e-9 <= one.upper <= 1
        assert np.allclose(
            [one.estimate, one.lower, one.upper], [1 - other.estimate, 1 - other.upper, 1 - other.lower], atol=1e-6
        )
