from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Engine

from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.review import Task, list_tasks, open_tasks
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.worth import Stake, stakes, uncertainty

pytest_plugins = ["ledger_fixtures"]

# Masters of 5, 2 and 1 records; record 9 waits for a number.
CLUSTERS = [[1, 2, 3, 4, 5], [6, 7], [8]]


@pytest.mark.parametrize(
    ("records", "moves"),
    [
        ((1, 6), 2),  # the smaller master moves
        ((6, 8), 1),
        ((1, 6, 8), 3),  # all but the largest
        ((8, 9), 1),  # who waits for a number is as good as a master of its own
        ((1, 2), 2),  # of one that falls apart at most half
        ((6, 7), 1),
    ],
)
def test_what_a_decision_may_move(engine: Engine, records: tuple[int, ...], moves: int) -> None:
    add(engine, dict.fromkeys("abcdefghi", "RSUD"))
    apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=1, clusters=CLUSTERS)
    stake = stake_of(engine, Task("doubtful", records, 0))
    assert (stake.moves, stake.worth) == (moves, float(moves))
    assert stake_of(engine, Task("conflict", records)).worth == moves
    assert stake_of(engine, Task("cut", records, 2000)).worth == pytest.approx(0.7219 * moves, abs=1e-3)
    assert [number is None for number in stake.numbers] == [record == 9 for record in records]


def stake_of(engine: Engine, task: Task) -> Stake:
    with writing(engine) as conn:
        (opened,) = open_tasks(conn, "facility", [task])
    with reading(engine) as conn:
        return stakes(conn, list_tasks(conn, "facility"))[opened]


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_the_nearer_to_even_odds_the_more_an_answer_tells(one: int, other: int) -> None:
    near, far = sorted((one, other), key=abs)
    assert 0.0 <= uncertainty(far) <= uncertainty(near) <= 1.0
    assert uncertainty(one) == uncertainty(-one)
