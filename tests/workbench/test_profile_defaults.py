from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.workbench.profiling.defaults import FAR, FEWEST, LEAST, NEAR, TIMES, TIMES_UNIQUE, excess, shared

COUNTS = st.lists(st.integers(1, 5_000), max_size=FAR).map(lambda counts: sorted(counts, reverse=True))


@pytest.mark.parametrize("slope", [0.0, 0.3, 0.7, 1.0, 1.5])
@pytest.mark.parametrize("times", [TIMES, TIMES_UNIQUE])
def test_what_lies_on_the_line_is_no_default(slope: float, times: int) -> None:
    assert excess([max(1, int(100_000 / rank**slope)) for rank in range(1, FAR + 1)], times) is None


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_a_value_far_above_the_line_is_one(slope: float) -> None:
    line = [max(1, int(1_000 / rank**slope)) for rank in range(1, FAR)]
    found = excess([50_000, *line], TIMES)
    assert found is not None
    assert (found.values, found.rows, found.most, found.least) == (1, 50_000, 50_000, 50_000)


@given(COUNTS, st.sampled_from([TIMES, TIMES_UNIQUE]))
def test_what_is_flagged_is_more_than_the_least_and_few(counts: list[int], times: int) -> None:
    found = excess(counts, times)
    if found is None:
        return
    assert len(counts) >= FEWEST
    assert 1 <= found.values < NEAR
    assert found.rows == sum(counts[: found.values])
    assert counts[0] == found.most >= found.least == counts[found.values - 1] > LEAST
    assert found.most > found.bound


@given(COUNTS)
def test_more_rows_of_the_first_never_hide_it(counts: list[int]) -> None:
    found = excess(counts, TIMES)
    if found is not None:
        more = excess([counts[0] + 1_000, *counts[1:]], TIMES)
        assert more is not None
        assert more.values == found.values


@pytest.mark.parametrize("planted", [1, 2, 20, 99])
def test_shared_numbers_are_found_however_many_they_are(planted: int) -> None:
    """As of the demo's phones: families share a few; whatever is planted does not move what is usual."""
    usual = [*[4] * 15, *[3] * 40, *[2] * 900, *[1] * 9_000]
    found = shared([54] * planted + usual, len(usual) + planted)
    assert found is not None
    assert (found.values, found.rows, found.bound) == (planted, 54 * planted, LEAST)


def test_shared_numbers_are_found_among_few() -> None:
    found = shared([30, 25, 3, 2, *[1] * 50], 54)
    assert found is not None
    assert (found.values, found.rows) == (2, 55)


@pytest.mark.parametrize("again", [0.1, 0.5, 0.7])
def test_numbers_that_return_by_chance_are_not_shared(again: float) -> None:
    """Of a million people who each return with the same odds, the most frequent one is no finding."""
    counts: list[int] = []
    people, seen = 1_000_000, 1
    while people:
        staying = int(people * again)
        counts += [seen] * (people - staying)
        people, seen = staying, seen + 1
    assert shared(sorted(counts, reverse=True), len(counts)) is None


@given(st.lists(st.integers(1, 500), max_size=400).map(lambda counts: sorted(counts, reverse=True)))
def test_what_is_shared_is_counted(counts: list[int]) -> None:
    found = shared(counts, len(counts))
    if found is None:
        return
    assert len(counts) >= FEWEST
    assert found.rows == sum(count for count in counts if count > found.bound)
    assert found.bound >= LEAST
