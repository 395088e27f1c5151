"""Versions of source records, against a dictionary; and what must never depend on the values."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_helpers import DELIVERY, add
from sqlalchemy import Engine, select

from mdi_engine.errors import NotFound, UsageError
from mdi_engine.ledger.arrivals import arrivals
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo, finish_delivery, last_delivery
from mdi_engine.ledger.events import head
from mdi_engine.ledger.payloads import canonical_payload, commitment, payload_hash, stated
from mdi_engine.ledger.records import (
    AppendCounts,
    append_versions,
    as_of_event,
    known_keys,
    live_records,
    projection,
    record_id,
)
from mdi_engine.ledger.schema import events, record_versions
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]

HOSTILE = ["'; DROP TABLE events; --", '"', "\x00", "\u202eabc", "é", "=1+1", "%s :name ?", "", "\ud800"]
KEYS = st.sampled_from(["a", "b", "'; --", '"c"', "Ž", "🏥"])
VALUES = st.one_of(st.none(), st.sampled_from(HOSTILE))
STEPS = st.lists(st.tuples(st.dictionaries(KEYS, VALUES), st.lists(KEYS, unique=True)), max_size=5)


@settings(max_examples=50, deadline=None)
@given(STEPS)
def test_records_follow_a_dictionary(empty_ledger: Path, steps: list[tuple[dict[str, str | None], list[str]]]) -> None:
    model: dict[str, str | None] = {}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        shutil.copy(empty_ledger, path)
        engine = open_ledger(path)
        for rows, withdrawn in steps:
            counts = add(engine, rows, withdrawn=withdrawn)
            assert counts == _counts(model, rows, withdrawn)
            model = {key: value for key, value in {**model, **rows}.items() if key not in withdrawn}
        with reading(engine) as conn:
            assert [(r.source_key, r.payload.get("name")) for r in live_records(conn, "facility")] == sorted(
                model.items()
            )
            hashes = {key: payload_hash({"name": value}) for key, value in model.items()}
            assert known_keys(conn, "facility", "sirs") == hashes
            assert verify(conn) == []
        engine.dispose()


def _counts(model: dict[str, str | None], rows: dict[str, str | None], withdrawn: list[str]) -> AppendCounts:
    new = len(rows.keys() - model.keys())
    changed = sum(key in model and model[key] != value for key, value in rows.items())
    gone = sum(key in model or key in rows for key in withdrawn)
    return AppendCounts(new, changed, len(rows) - new - changed, gone)


def test_the_same_rows_again_write_no_event(engine: Engine) -> None:
    add(engine, {"a": "A", "b": None})
    counts = add(engine, {"b": None, "a": "A"})
    with reading(engine) as conn:
        assert (counts, head(conn)) == (AppendCounts(unchanged=2), 1)


def test_a_null_and_an_absent_field_are_the_same(engine: Engine) -> None:
    add(engine, {"a": None})
    with writing(engine) as conn:
        counts = append_versions(conn, entity="facility", source="sirs", delivery=DELIVERY, rows=[("a", {})])
    assert counts == AppendCounts(unchanged=1)


def test_many_rows_are_many_events_of_one_delivery(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdi_engine.ledger.records.CHUNK", 3)
    assert add(engine, {f"k{i}": "A" for i in range(8)}).new == 8
    with reading(engine) as conn:
        assert head(conn) == 3
        assert verify(conn) == []


def test_a_key_given_twice_is_refused_without_showing_it(engine: Engine) -> None:
    with pytest.raises(UsageError) as refusal, writing(engine) as conn:
        append_versions(conn, entity="facility", source="sirs", delivery=DELIVERY, rows=[("3171", {}), ("3171", {})])
    assert "3171" not in str(refusal.value)
    with reading(engine) as conn:
        assert (head(conn), last_delivery(conn, "facility", "sirs")) == (0, None)


def test_sources_and_entities_have_their_own_keys(engine: Engine) -> None:
    add(engine, {"a": "A"})
    add(engine, {"a": "A"}, entity="payer")
    with writing(engine) as conn:
        append_versions(conn, entity="facility", source="pusdatin", delivery=DELIVERY, rows=[("a", {"name": "A"})])
    with reading(engine) as conn:
        owners = (("facility", "sirs"), ("payer", "sirs"), ("facility", "pusdatin"))
        ids = [record_id(conn, entity, source, "a") for entity, source in owners]
        assert ids == [1, 2, 3]
        assert record_id(conn, "payer", "pusdatin", "a") is None


def test_projection_states_the_event_it_was_read_as_of(engine: Engine) -> None:
    add(engine, {"b": "B", "a": None, "c": "C"}, withdrawn=["c"])
    with reading(engine) as conn:
        table = projection(conn, "facility", ["name", "class"])
    assert table.to_pylist() == [
        {"record_id": 2, "source": "sirs", "source_key": "a", "name": None, "class": None},
        {"record_id": 1, "source": "sirs", "source_key": "b", "name": "B", "class": None},
    ]
    assert as_of_event(table) == 2


def test_projection_of_nothing_has_its_columns(engine: Engine) -> None:
    with reading(engine) as conn:
        table = projection(conn, "facility", ["name"])
    assert (table.num_rows, table.column_names) == (0, ["record_id", "source", "source_key", "name"])


def test_events_hold_no_value_and_no_key(engine: Engine) -> None:
    add(engine, {"3171234567890001": "Siti Rahayu"}, withdrawn=["3171234567890001"])
    with reading(engine) as conn:
        text = str(conn.execute(select(events)).all())
    assert "Siti" not in text
    assert "3171234567890001" not in text


def test_one_payload_in_two_ledgers_is_vouched_for_by_different_hashes(engine: Engine, tmp_path: Path) -> None:
    """Else somebody who can guess the person could find the person in the events, even after forgetting."""
    other = open_ledger(tmp_path / "other.sqlite")
    seen = set()
    for ledger in (engine, other):
        add(ledger, {"a": "A"})
        with reading(ledger) as conn:
            seen.add(conn.execute(select(record_versions.c.commitment)).scalar_one())
    other.dispose()
    assert len(seen) == 2


def test_a_delivery_is_the_same_until_another_one_came(engine: Engine) -> None:
    january, february = (DeliveryInfo("full", (DeliveredFile(f"{c}.csv", c * 64),)) for c in "ab")
    renamed = DeliveryInfo("full", (DeliveredFile("again.csv", "a" * 64),))
    seen = []
    for info in (january, renamed, february, january):
        with writing(engine) as conn:
            append_versions(conn, entity="facility", source="sirs", delivery=info, rows=[])
        with reading(engine) as conn:
            last = last_delivery(conn, "facility", "sirs")
            assert last is not None
            seen.append(last.id)
    assert seen == [1, 1, 2, 3]
    with writing(engine) as conn:
        finish_delivery(conn, "facility", "sirs", january)
        last = last_delivery(conn, "facility", "sirs")
        assert last is not None
        assert last.complete
        with pytest.raises(NotFound):
            finish_delivery(conn, "facility", "sirs", february)


@given(st.lists(st.tuples(KEYS, st.dictionaries(st.sampled_from(["name", "b"]), VALUES)), max_size=4))
def test_rows_stated_beforehand_say_what_each_row_says(rows: list[tuple[str, dict[str, str | None]]]) -> None:
    """Fields, or the canonical text of them."""
    for given_as in (rows, [(key, canonical_payload(fields)) for key, fields in rows]):
        made = stated(given_as)
        assert list(zip(made.keys, made.payloads, strict=True)) == [(key, canonical_payload(row)) for key, row in rows]
        assert made.hashes == [payload_hash(row) for _, row in rows]
        assert len({len(salt) for salt in made.salts} - {32}) == 0
        assert len(set(made.salts)) == len(rows)
        assert made.commitments == [commitment(*pair) for pair in zip(made.salts, made.hashes, strict=True)]


def test_more_rows_than_one_statement_takes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of them known: what is stated beforehand is one chunk, and one event."""
    monkeypatch.setattr("mdi_engine.ledger.dialect._VARIABLES", 100)
    add(engine, {f"k{i:03}": "A" for i in range(0, 90, 3)}, withdrawn=["k000"])
    rows = stated((f"k{i:03}", {"name": "A" if i % 2 else "B"}) for i in range(90))
    with writing(engine) as conn:
        counts = append_versions(conn, entity="facility", source="sirs", delivery=DELIVERY, rows=rows)
    assert counts == AppendCounts(new=61, changed=14, unchanged=15)
    with reading(engine) as conn:
        assert verify(conn) == []
        assert head(conn) == 3
        found = {record.source_key: record.payload["name"] for record in live_records(conn, "facility")}
        assert found == {f"k{i:03}": "A" if i % 2 else "B" for i in range(90)}


def test_what_is_registered_while_a_file_comes_in_does_not_part_it_in_two(engine: Engine) -> None:
    file, single = DeliveryInfo("delta", (DeliveredFile("jan.csv", "1" * 64),)), DeliveryInfo("delta", ())

    def come(delivery: DeliveryInfo, key: str) -> None:
        with writing(engine) as conn:
            append_versions(conn, entity="facility", source="sirs", delivery=delivery, rows=[(key, {"name": key})])

    def finish(delivery: DeliveryInfo) -> None:
        with writing(engine) as conn:
            finish_delivery(conn, "facility", "sirs", delivery)

    for delivery, key in [(file, "a"), (single, "b"), (file, "c"), (single, "d")]:
        come(delivery, key)
        if delivery is single:
            finish(single)
    finish(file)
    with reading(engine) as conn:
        told = list(arrivals(conn))
        came = select(record_versions.c.delivery).order_by(record_versions.c.record_id)
        assert list(conn.execute(came).scalars()) == [1, 2, 1, 2]
    assert [(each.files, each.complete) for each in told] == [(file.files, True), ((), True)]
    come(file, "e")
    with reading(engine) as conn:
        assert [each.id for each in arrivals(conn)] == [1, 2, 3], "the same file again after others is a new delivery"
