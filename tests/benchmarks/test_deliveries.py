"""Three monthly deliveries of a few people: numbers last, and what is counted is counted rightly."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from benchmark_scripts import load

deliveries = load("deliveries")


@pytest.mark.slow
def test_numbers_last_through_monthly_deliveries(tmp_path: Path) -> None:
    found = deliveries.follow(tmp_path, people=200, months=3)
    assert [month["month"] for month in found["months"]] == ["first", "2026-02", "2026-03"]
    assert all(month["changed"] + month["withdrawn"] > 0 for month in found["months"][1:])
    last = found["months"][-1]
    assert (last["reused"], last["unresolvable"]) == (0, 0)
    assert (found["totals"]["moved"], found["totals"]["led_away"]) == (0, 0)
    assert (found["events_of_a_full_run_afterwards"], found["findings"]) == (0, 0)


def test_a_number_moves_when_most_of_its_records_are_of_another_person() -> None:
    watch = deliveries.Watch({})
    for counts, moved in (
        ({"a": 2, "b": 1}, []),
        ({"a": 2, "b": 2}, []),  # of nobody: it keeps the one it had
        ({"a": 2, "b": 3}, ["N"]),
        ({"b": 1}, []),
        ({"a": 1}, ["N"]),
    ):
        assert watch._moved({"N": Counter(counts)}) == moved
