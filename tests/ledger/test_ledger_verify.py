"""Each kind of damage is found, and named."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ledger_helpers import DELIVERY, add
from sqlalchemy import Connection, Engine, insert, text

from mdi_engine.ledger import counters
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.events import GENESIS, access_hash, append_event, canonical_json, head, now
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.notes import write_note
from mdi_engine.ledger.parameters import record_parameters, switch_parameters
from mdi_engine.ledger.records import append_versions
from mdi_engine.ledger.schema import accesses
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
        ("UPDATE source_records SET source = 'pusdatin' WHERE id = 1", {"fold"}),
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


@pytest.fixture
def decided(linked: Engine) -> Engine:
    """The same after stewards decided, somebody looked, and record 3 was forgotten."""
    with writing(linked) as conn:
        opened = {"tasks": [[1, "doubtful", [1, 2], -250], [2, "cut", [1, 3], None], [3, "conflict", [2, 3], 9]]}
        tell(conn, "tasks-opened", opened)
        tell(conn, "task-claimed", {"task": 1, "by": "sari"})
        bound = write_note(conn, head(conn) + 1, "checked the letters")
        pairs = [[1, 2, "different", None], [1, 3, "different", None]]
        tell(conn, "decision-taken", {"task": 1, "answer": "different", "pairs": pairs, "note": bound})
        undone = {"of": head(conn), "task": 1, "pairs": [[1, 2, None, "different"]], "note": None}
        tell(conn, "decision-undone", undone)
        tell(conn, "decision-taken", {"task": 2, "answer": "later", "pairs": [], "note": None})
        written = write_note(conn, head(conn) + 1, "the mother of record 3 says so")
        tell(conn, "decision-taken", {"task": 3, "answer": "unsure", "pairs": [], "note": written})
        tell(conn, "tasks-closed", {"tasks": [2]})
        forgotten = {"records": [[3, 3]], "tombstones": ["ab" * 32], "notes": [head(conn) - 1]}
        conn.execute(text("UPDATE notes SET text = NULL, salt = NULL WHERE event = :event"), {"event": head(conn) - 1})
        empty = "UPDATE record_versions SET payload = NULL, payload_hash = NULL, salt = NULL WHERE record_id = 3"
        conn.execute(text(empty))
        tell(conn, "subject-forgotten", forgotten)
        look(conn, ["1000000001", "1000000002"])
        look(conn, [])
        conn.execute(text("UPDATE counters SET value = 3 WHERE name = 'task'"))
        rebuild(conn)
    return linked


def tell(conn: Connection, kind: str, body: Mapping[str, object]) -> None:
    append_event(conn, kind=kind, entity="facility", body=body, actor="sari")


def look(conn: Connection, numbers: list[str]) -> None:
    """Record an access as the ledger does."""
    seq = counters.take(conn, "access")
    prev = conn.execute(text("SELECT hash FROM accesses WHERE seq = :seq"), {"seq": seq - 1}).scalar() or GENESIS
    values = (seq, now(), "sari", "care", "lookup", "facility", canonical_json(numbers), None, "found", prev)
    row = dict(zip(accesses.columns.keys(), (*values, access_hash(*values)), strict=True))
    conn.execute(insert(accesses), [row])


def test_decisions_tasks_tombstones_and_accesses_follow_from_what_was_written(decided: Engine) -> None:
    with reading(decided) as conn:
        assert verify(conn) == []
        rows = conn.execute(text("SELECT record_l, record_r, says FROM constraints")).all()
        assert rows == [(1, 3, "different")]
        tasks = conn.execute(text("SELECT id, state, claimed_by, answer, weight FROM review_tasks ORDER BY id")).all()
        assert tasks == [
            (1, "open", None, None, -250),
            (2, "moot", None, "later", None),
            (3, "decided", None, "unsure", 9),
        ]
        assert conn.execute(text("SELECT live FROM source_records WHERE id = 3")).scalar() == 0
        assert conn.execute(text("SELECT count(*) FROM tombstones")).scalar() == 1
        assert conn.execute(text("SELECT count(*) FROM access_numbers")).scalar() == 2
        before = list(canonical_dump(conn))
    with writing(decided) as conn:
        for table in ("constraints", "review_tasks", "tombstones", "access_numbers", "parameters", "masters"):
            conn.execute(text(f"DELETE FROM {table}"))
        rebuild(conn)
    with reading(decided) as conn:
        assert list(canonical_dump(conn)) == before


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("DELETE FROM constraints", "fold"),
        ("UPDATE constraints SET says = 'same'", "fold"),
        ("UPDATE constraints SET event = 1", "fold"),
        ("INSERT INTO constraints VALUES ('facility', 1, 2, 'same', 9)", "fold"),
        ("INSERT INTO constraints VALUES ('payer', 1, 2, 'same', 9)", "fold"),
        ("DELETE FROM review_tasks WHERE id = 1", "fold"),
        ("UPDATE review_tasks SET state = 'decided' WHERE id = 1", "fold"),
        ("UPDATE review_tasks SET claimed_by = 'budi' WHERE id = 1", "fold"),
        ("UPDATE review_tasks SET weight = 1 WHERE id = 3", "fold"),
        ("UPDATE review_tasks SET changed = 1 WHERE id = 3", "fold"),
        ("DELETE FROM tombstones", "fold"),
        ("UPDATE tombstones SET event = 1", "fold"),
        ("UPDATE source_records SET live = true WHERE id = 3", "fold"),
        ("UPDATE notes SET text = 'something else' WHERE text IS NOT NULL", "note"),
        ("UPDATE notes SET text = NULL", "note"),
        ("UPDATE notes SET text = 'back', salt = 'again' WHERE text IS NULL", "note"),
        ("UPDATE notes SET commitment = 'other'", "note"),
        ("DELETE FROM notes WHERE text IS NOT NULL", "note"),
        ("INSERT INTO notes VALUES (1, 'x', 'y', 'z')", "note"),
        ("UPDATE record_versions SET payload = '{}' WHERE record_id = 3", "payload"),
        ("UPDATE record_versions SET salt = '00' WHERE record_id = 3", "payload"),
        ("UPDATE record_versions SET payload = NULL WHERE record_id = 1", "payload"),
        ("UPDATE accesses SET purpose = 'curiosity' WHERE seq = 1", "access"),
        ("UPDATE accesses SET numbers = '[]' WHERE seq = 1", "access"),
        ("DELETE FROM accesses WHERE seq = 1", "access"),
        ("DELETE FROM accesses WHERE seq = 2", "access"),
        ("DELETE FROM access_numbers WHERE number = '1000000002'", "access"),
        ("UPDATE access_numbers SET number = '1000000003' WHERE number = '1000000002'", "access"),
    ],
)
def test_damage_to_what_people_decided_and_saw_is_found(decided: Engine, damage: str, check: str) -> None:
    assert findings(decided, damage) == {check}


def test_a_damaged_state_is_made_again_from_the_events(linked: Engine) -> None:
    with writing(linked) as conn:
        conn.execute(text("UPDATE masters SET founder = 99"))
        conn.execute(text("DELETE FROM memberships"))
        conn.execute(text("UPDATE source_records SET source = 'pusdatin', live = false WHERE id = 2"))
        rebuild(conn)
    with reading(linked) as conn:
        assert verify(conn) == []


def test_two_records_that_bear_each_others_source_are_put_right(linked: Engine) -> None:
    with writing(linked) as conn:
        rows = [("a", {"name": "D"})]
        append_versions(conn, entity="facility", source="pusdatin", delivery=DELIVERY, rows=rows)
        before = list(canonical_dump(conn))
        for source, record in (("other", 1), ("sirs", 4), ("pusdatin", 1)):
            conn.execute(text(f"UPDATE source_records SET source = '{source}' WHERE id = {record}"))
        assert {finding.check for finding in verify(conn)} == {"fold"}
        rebuild(conn)
    with reading(linked) as conn:
        assert list(canonical_dump(conn)) == before
