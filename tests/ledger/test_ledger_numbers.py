from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import MdiError, UsageError
from mdi_engine.ledger.apply import insert_masters
from mdi_engine.ledger.assignment import Master
from mdi_engine.ledger.damm import damm_digit, is_valid
from mdi_engine.ledger.numbers import issue, reserve_block
from mdi_engine.ledger.permutation import Permutation
from mdi_engine.ledger.store import open_ledger, writing

pytest_plugins = ["ledger_fixtures"]


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


FORMATS = {
    "patient": r"P[78]\d{10}",
    "practitioner": r"100[5-8]\d{7}",
    "facility": r"1000[5-8]\d{5}",
    "product": r"93[5-8]\d{5}",
    "payer": r"PB[5-8]\d{7}",
    "service": r"LY[5-8]\d{7}",
}


@pytest.mark.parametrize(("entity", "form"), FORMATS.items())
def test_numbers_have_their_format_and_lie_in_the_block(engine: Engine, entity: str, form: str) -> None:
    with writing(engine) as conn:
        numbers = issue(conn, entity, 200)
    assert len(set(numbers)) == 200
    assert all(re.fullmatch(form, number) for number in numbers)
    if entity in ("patient", "practitioner"):
        assert all(is_valid(number.removeprefix("P")) for number in numbers)


def test_every_entity_has_a_format() -> None:
    assert list(FORMATS) == list(ENTITIES)


DIGITS = st.text("0123456789", min_size=1, max_size=12)


@given(DIGITS, st.data())
def test_a_check_digit_finds_one_wrong_digit_and_swapped_neighbours(digits: str, data: st.DataObject) -> None:
    number = digits + damm_digit(digits)
    assert is_valid(number)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    assert not is_valid(number[:place] + wrong + number[place + 1 :])
    swap = data.draw(st.integers(0, len(number) - 2))
    swapped = number[:swap] + number[swap + 1] + number[swap] + number[swap + 2 :]
    assert is_valid(swapped) == (number[swap] == number[swap + 1])


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
        for first, size in ((1_000_000_009, 5), (999_999_999, 2), (1_000_999_999, 2), (1_000_000_500, 0), (-1, 5)):
            with pytest.raises(UsageError):
                reserve_block(conn, "facility", first, size)
    with pytest.raises(UsageError, match="entities are"), writing(engine) as conn:
        issue(conn, "ghost", 1)


def test_configured_blocks_are_reserved_once_and_further_ones_behind_them(tmp_path: Path) -> None:
    path, one, two = tmp_path / "ledger.sqlite", (1_000_700_000, 3), (1_000_100_000, 2)
    issued = []
    for blocks in ([one], [one], [one, two]):
        engine = open_ledger(path, blocks={"facility": blocks})
        with writing(engine) as conn:
            issued += issue(conn, "facility", 1)
        engine.dispose()
    engine = open_ledger(path)
    with writing(engine) as conn:
        issued += issue(conn, "facility", 2)
    engine.dispose()
    assert set(issued[:3]) == {"1000700000", "1000700001", "1000700002"}
    assert set(issued[3:]) == {"1000100000", "1000100001"}


def test_configured_blocks_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not lie within"):
        open_ledger(tmp_path / "ledger.sqlite", blocks={"facility": [(1, 10)]})


def test_two_ledgers_issue_in_different_order(engine: Engine, tmp_path: Path) -> None:
    other = open_ledger(tmp_path / "other.sqlite")
    issued = []
    for ledger in (engine, other):
        with writing(ledger) as conn:
            issued.append(issue(conn, "facility", 20))
    other.dispose()
    assert issued[0] != issued[1]
