"""Match keys against a set, and the versions of parameters they belong to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_helpers import add
from sqlalchemy import Engine, func, select

from mdi_engine.errors import NotFound
from mdi_engine.ledger.events import head
from mdi_engine.ledger.matchkeys import (
    _signed,
    candidates,
    mark_keyed,
    missing_records,
    write_match_keys,
)
from mdi_engine.ledger.parameters import (
    newest_parameters,
    parameters_in_force,
    record_parameters,
    switch_parameters,
)
from mdi_engine.ledger.schema import match_keys
from mdi_engine.ledger.store import reading, writing

pytest_plugins = ["ledger_fixtures"]

LARGE = 2**64 - 1


@given(st.integers(0, 2**64 - 1))
def test_unsigned_keys_are_stored_as_the_signed_number_of_the_same_bits(key: int) -> None:
    assert _signed(key) % 2**64 == key
    assert -(2**63) <= _signed(key) < 2**63


def test_a_key_of_more_than_64_bits_is_an_error() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        _signed(2**64)


def test_records_are_found_by_any_shared_key_of_the_version_in_force(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C"})
    with writing(engine) as conn:
        for version, key in ((1, LARGE), (2, 5)):
            record_parameters(conn, "facility", f"digest{version}")
            write_match_keys(conn, "facility", version, [(0, key, 1), (0, key, 2), (1, key, 3)])
        assert candidates(conn, "facility", [(0, LARGE)]) == []  # none in force yet
        switch_parameters(conn, "facility", 1)
        assert candidates(conn, "facility", [(0, LARGE)]) == [1, 2]
        assert candidates(conn, "facility", [(0, LARGE), (1, LARGE), (1, 7)]) == [1, 2, 3]
        assert candidates(conn, "facility", [(0, 5)]) == []
        assert candidates(conn, "facility", [(0, 5)], parameters_version=2) == [1, 2]
        assert candidates(conn, "payer", [(0, LARGE)]) == []
        switch_parameters(conn, "facility", 2)
        assert candidates(conn, "facility", [(0, 5)]) == [1, 2]


def test_numpy_keys_of_all_64_bits_do(engine: Engine) -> None:
    add(engine, {"a": "A"})
    keys = np.array([LARGE, 2**63], dtype=np.uint64)
    with writing(engine) as conn:
        write_match_keys(conn, "facility", 1, [(0, key, 1) for key in keys])
        assert candidates(conn, "facility", [(0, keys[1])], parameters_version=1) == [1]
        assert candidates(conn, "facility", [(0, int(keys[0]))], parameters_version=1) == [1]


def test_changed_and_withdrawn_records_lose_their_keys(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C"})
    with writing(engine) as conn:
        assert missing_records(conn, "facility", 1) == [1, 2, 3]
        write_match_keys(conn, "facility", 1, [(0, 5, 1), (0, 5, 2)])
        mark_keyed(conn, 1, [1, 2, 3])  # record 3 has no key, and need not be asked again
        assert missing_records(conn, "facility", 1) == []
        assert missing_records(conn, "facility", 2) == [1, 2, 3]
    add(engine, {"a": "changed"}, withdrawn=["b"])
    with reading(engine) as conn:
        assert missing_records(conn, "facility", 1) == [1]
        assert candidates(conn, "facility", [(0, 5)], parameters_version=1) == []


def test_keys_written_twice_are_there_once(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B", "c": "C"})
    with writing(engine) as conn:
        for _ in range(2):
            write_match_keys(conn, "facility", 1, [(0, 5, 1), (0, 5, 2), (1, 5, 3)])
            mark_keyed(conn, 1, [1, 2, 3])
        assert conn.execute(select(func.count()).select_from(match_keys)).scalar_one() == 3
        assert missing_records(conn, "facility", 1) == []


def test_training_the_same_again_writes_no_version_and_no_event(engine: Engine) -> None:
    with writing(engine) as conn:
        first = record_parameters(conn, "facility", "digest")
        assert record_parameters(conn, "facility", "digest") == first
        assert newest_parameters(conn, "facility") == first
        assert parameters_in_force(conn, "facility") is None
        assert (first.version, head(conn)) == (1, 1)


def test_switching_is_one_event_and_back_is_possible(engine: Engine) -> None:
    with writing(engine) as conn:
        for digest in ("one", "two"):
            record_parameters(conn, "facility", digest)
        assert [switch_parameters(conn, "facility", version) for version in (1, 1, 2, 1)] == [True, False, True, True]
        in_force = parameters_in_force(conn, "facility")
        assert in_force is not None
        assert (in_force.version, head(conn)) == (1, 5)
        with pytest.raises(NotFound, match="no parameters version 3"):
            switch_parameters(conn, "facility", 3)
