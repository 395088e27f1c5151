from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mdi_engine.errors import MdiError, UsageError
from mdi_engine.ledger import damm
from mdi_engine.ledger.apply import insert_masters
from mdi_engine.ledger.assignment import Master
from mdi_engine.ledger.numbers import FORMATS, issue, remaining, reserve_block
from mdi_engine.ledger.permutation import Permutation
from mdi_engine.ledger.store import open_ledger, reading, writing

pytest_plugins = ["ledger_fixtures"]

DIGITS = st.text("0123456789", min_size=1, max_size=12)


@given(DIGITS)
def test_a_checked_number_is_valid(digits: str) -> None:
    assert damm.is_valid(digits + damm.check_digit(digits))


@given(DIGITS, st.data())
def test_one_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    number = digits + damm.check_digit(digits)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    assert not damm.is_valid(number[:place] + wrong + number[place + 1 :])


@given(DIGITS, st.data())
def test_swapped_neighbours_are_found(digits: str, data: st.DataObject) -> None:
    number = digits + damm.check_digit(digits)
    place = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert damm.is_valid(swapped) == (number[place] == number[place + 1])


@given(st.binary(min_size=1, max_size=32), st.integers(1, 400))
def test_the_permutation_takes_each_value_once(key: bytes, size: int) -> None:
    assert sorted(map(Permutation(key, size), range(size))) == list(range(size))


def test_the_permutation_shows_no_order_and_depends_on_the_key() -> None:
    one, other = (list(map(Permutation(key, 400_000), range(100))) for key in (b"one", b"other"))
    assert one != other
    assert len({later - earlier for earlier, later in pairwise(one)}) > 95


def test_the_permutation_refuses_what_is_outside() -> None:
    for index in (-1, 5):
        with pytest.raises(ValueError, match="outside"):
            Permutation(b"key", 5)(index)


@pytest.mark.parametrize(
    ("entity", "shape"),
    [
        ("patient", r"P\d{11}"),
        ("practitioner", r"100\d{8}"),
        ("facility", r"1000\d{6}"),
        ("payer", r"PB\d{8}"),
        ("service", r"LY\d{8}"),
    ],
)
def test_numbers_have_their_format(engine: Engine, entity: str, shape: str) -> None:
    with writing(engine) as conn:
        numbers = issue(conn, entity, 200)
        left = remaining(conn, entity)
    assert len(set(numbers)) == 200
    assert all(re.fullmatch(shape, number) for number in numbers)
    assert left == FORMATS[entity].size - 200
    if FORMATS[entity].checked:
        assert all(damm.is_valid(number.removeprefix("P")) for number in numbers)


def test_numbers_run_through_the_blocks_pass_over_official_ones_and_end(engine: Engine) -> None:
    with writing(engine) as conn:
        reserve_block(conn, "facility", 1_000_000_000, 6)
        reserve_block(conn, "facility", 1_000_000_010, 4)
        insert_masters(conn, "facility", [Master("1000000002", 1, 1), Master("1000000011", 2, 1)])
        numbers = [number for _ in range(4) for number in issue(conn, "facility", 2)]
    expected = {f"100000000{i}" for i in (0, 1, 3, 4, 5)} | {f"100000001{i}" for i in (0, 2, 3)}
    assert set(numbers) == expected
    with pytest.raises(MdiError, match="used up"), writing(engine) as conn:
        issue(conn, "facility", 1)


def test_a_rolled_back_number_is_issued_again(engine: Engine) -> None:
    taken = []
    with writing(engine) as conn:
        reserve_block(conn, "facility", 1_000_000_000, 1)
    for _ in range(2):
        with engine.connect() as conn:  # closed without commit
            taken += issue(conn, "facility", 1)
    assert taken == ["1000000000", "1000000000"]


def test_blocks_must_fit_and_not_overlap(engine: Engine) -> None:
    with writing(engine) as conn:
        reserve_block(conn, "facility", 1_000_000_000, 10)
        for first, size in ((1_000_000_009, 5), (9_999_999_999, 2), (5, 0), (-1, 5)):
            with pytest.raises(UsageError):
                reserve_block(conn, "facility", first, size)
    with pytest.raises(UsageError, match="entities are"), reading(engine) as conn:
        remaining(conn, "ghost")


def test_two_ledgers_issue_in_different_order(engine: Engine, tmp_path: Path) -> None:
    other = open_ledger(tmp_path / "other.sqlite")
    issued = []
    for ledger in (engine, other):
        with writing(ledger) as conn:
            issued.append(issue(conn, "facility", 20))
    other.dispose()
    assert issued[0] != issued[1]
