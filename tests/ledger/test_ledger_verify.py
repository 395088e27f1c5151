"""Each kind of damage is found, and named."""

from __future__ import annotations

import pytest
from ledger_helpers import add
from sqlalchemy import Engine, text

from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.fold import rebuild
from mdi_engine.ledger.parameters import record_parameters, switch_parameters
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]


@pytest.fixture
def linked(engine: Engine) -> Engine:
    """Three records of two masters, after a merge: one number redirects."""
    add(engine, {"a": "A", "b": "B", "c": "C"})
    for clusters in ([[1], [2], [3]], [[1], [2, 3]]):
        apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=0, clusters=clusters)
    add(engine, {"a": "A2"})
    with writing(engine) as conn:
        for digest in ("one", "two"):
            switch_parameters(conn, "facility", record_parameters(conn, "facility", digest).version)
    return engine


def findings(engine: Engine, damage: str) -> set[str]:
    with writing(engine) as conn:
        assert verify(conn) == []
        assert conn.execute(text(damage)).rowcount > 0
    with reading(engine) as conn:
        return {finding.check for finding in verify(conn)}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 1",
        "UPDATE events SET actor = 'nobody' WHERE seq = 2",
        "UPDATE events SET body = replace(body, '1', '2') WHERE seq = 2",
        "UPDATE events SET prev_hash = hash WHERE seq = 3",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq = 4",
        "DELETE FROM events",
    ],
)
def test_a_changed_or_missing_event_breaks_the_chain(linked: Engine, damage: str) -> None:
    assert findings(linked, damage) == {"chain"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE record_versions SET payload = replace(payload, 'B', 'X') WHERE record_id = 2",
        "UPDATE record_versions SET payload_hash = salt WHERE record_id = 2",
        "UPDATE record_versions SET commitment = salt, payload = NULL WHERE record_id = 2",
        "UPDATE record_versions SET version = 7 WHERE record_id = 2",
        "DELETE FROM record_versions WHERE record_id = 1 AND version = 1",
    ],
)
def test_a_changed_value_is_found(linked: Engine, damage: str) -> None:
    assert findings(linked, damage) == {"payload"}


@pytest.mark.parametrize("record", [1, 2])
@pytest.mark.parametrize(("version", "event"), [("version + 7", "event"), ("0", "event"), ("9", "2"), ("9", "99")])
def test_a_version_that_no_event_names_is_found(linked: Engine, record: int, version: str, event: str) -> None:
    damage = (
        "INSERT INTO record_versions (record_id, version, delivery, event, payload, payload_hash, salt, commitment) "
        f"SELECT record_id, {version}, delivery, {event}, payload, payload_hash, salt, commitment "
        f"FROM record_versions WHERE record_id = {record} AND version = 1"
    )
    assert findings(linked, damage) == {"payload"}


@pytest.mark.parametrize(
    ("damage", "checks"),
    [
        ("UPDATE source_records SET live = false WHERE id = 1", {"fold"}),
        ("UPDATE parameters SET digest = 'other' WHERE version = 1", {"fold"}),
        ("UPDATE parameters SET in_force_since = NULL WHERE version = 2", {"fold"}),
        ("UPDATE source_records SET version = 1 WHERE id = 1", {"fold"}),
        ("UPDATE masters SET founder = 99 WHERE founder = 1", {"fold"}),
        ("UPDATE memberships SET number = '1000000000' WHERE record_id = 1", {"fold", "membership"}),
        ("DELETE FROM memberships WHERE record_id = 1", {"fold", "membership"}),
        ("DELETE FROM masters WHERE founder = 2", {"fold", "membership", "redirect"}),
        ("UPDATE masters SET redirect_to = number WHERE status = 'merged'", {"fold", "redirect"}),
        ("UPDATE masters SET redirect_to = number WHERE status = 'active'", {"fold", "redirect"}),
    ],
)
def test_a_state_that_does_not_follow_from_the_events_is_found(linked: Engine, damage: str, checks: set[str]) -> None:
    assert findings(linked, damage) == checks


def test_a_damaged_state_is_made_again_from_the_events(linked: Engine) -> None:
    with writing(linked) as conn:
        conn.execute(text("UPDATE masters SET founder = 99"))
        conn.execute(text("DELETE FROM memberships"))
        rebuild(conn)
    with reading(linked) as conn:
        assert verify(conn) == []


def test_forgotten_values_leave_chain_and_proof_whole(linked: Engine) -> None:
    with writing(linked) as conn:
        conn.execute(
            text("UPDATE record_versions SET payload = NULL, payload_hash = NULL, salt = NULL WHERE record_id = 1")
        )
    with reading(linked) as conn:
        assert verify(conn) == []
