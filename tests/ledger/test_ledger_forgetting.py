"""Forgetting a person: the values are gone to the last byte, the proof stands, and nothing brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from mdi_engine.errors import Conflict
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.constraints import decide
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.forgetting import Subject, forget, forgotten_in, scrub, still, subject
from mdi_engine.ledger.history import master, number_of
from mdi_engine.ledger.matchkeys import write_match_keys
from mdi_engine.ledger.records import AppendCounts, append_versions, live_records
from mdi_engine.ledger.review import Task, list_tasks, open_tasks
from mdi_engine.ledger.schema import match_keys, notes
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.subjects import decisions_about, held
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]
FIRST, SECOND, THIRD = "9901014107850001", "9901014107850002", "9901014107850003"
Row = dict[str, str | None]


def deliver(
    engine: Engine, rows: dict[str, Row], *, source: str = "simrs", file: str = "a", withdrawn: Sequence[str] = ()
) -> AppendCounts:
    delivery = DeliveryInfo("delta", (DeliveredFile(f"{file}.csv", file * 64),))
    with writing(engine) as conn:
        return append_versions(
            conn, entity="patient", source=source, delivery=delivery, rows=rows.items(), withdrawn=withdrawn
        )


def number(engine: Engine, clusters: Sequence[Sequence[int]]) -> None:
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters)


def number_for(engine: Engine, record: int) -> str:
    with reading(engine) as conn:
        found = number_of(conn, record)
    assert found is not None
    return found


def told(engine: Engine, number: str) -> Subject:
    with reading(engine) as conn:
        return subject(conn, "patient", number)


def away(engine: Engine, number: str) -> int:
    with writing(engine) as conn:
        return forget(conn, subject(conn, "patient", number), actor="tester")


@pytest.fixture
def people(engine: Engine) -> Engine:
    """Two people: records 1 and 2 of one, in two versions, and record 3 of another, whose mother the first is."""
    deliver(engine, {"RM-77-1": {"nik": FIRST, "name": "Zubaidah Wrong"}})
    deliver(engine, {"RM-77-1": {"nik": FIRST, "name": "Zubaidah Ngarso"}}, file="b")
    deliver(engine, {"k2": {"nik": FIRST, "name": "Zubaidah Narso"}}, source="dukcapil")
    deliver(engine, {"k3": {"nik": SECOND, "nik_mother": FIRST, "name": "Tono"}}, source="dukcapil", file="c")
    number(engine, [[1, 2], [3]])
    return engine


def test_what_would_go_is_told_and_nothing_changes(people: Engine) -> None:
    before = list_of(people)
    found = told(people, number_for(people, 1))
    assert (found.ids, found.niks, found.elsewhere, found.mentioned) == ([1, 2], frozenset({FIRST}), 0, 1)
    assert list_of(people) == before


def list_of(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        return list(canonical_dump(conn))


def test_the_values_go_and_the_proof_stands(people: Engine, tmp_path: Path) -> None:
    with writing(people) as conn:
        write_match_keys(conn, "patient", 1, [(0, 5, 1), (0, 6, 3)])
    mine, other = number_for(people, 1), number_for(people, 3)
    away(people, mine)
    with reading(people) as conn:
        assert verify(conn) == []
        assert master(conn, "patient", mine).status == "retired"
        assert [record.id for record in live_records(conn, "patient")] == [3]
        assert {version.payload is None for record in held(conn, [1, 2]) for version in record.versions} == {True}
        assert list(conn.execute(select(match_keys.c.record_id)).scalars()) == [3]
        assert number_of(conn, 3) == other
        assert forgotten_in(conn, "patient", mine) is not None
        assert forgotten_in(conn, "patient", other) is None
    assert scrub(people)
    left = stored_bytes(people, tmp_path)
    assert not any(word in left for word in (b"Zubaidah", b"Ngarso", b"RM-77-1"))
    assert left.count(FIRST.encode()) == 1, "in the child's own record alone"


def stored_bytes(engine: Engine, folder: Path) -> bytes:
    """All bytes of the files that the values lay in."""
    if engine.dialect.name == "sqlite":
        return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    found = b""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("CHECKPOINT"))
        for table in ("record_versions", "source_records", "source_records_key", "notes"):
            found += conn.execute(text(f"SELECT pg_read_binary_file(pg_relation_filepath('{table}'))")).scalar_one()
    return found


def test_rebuilding_makes_the_same_again(people: Engine) -> None:
    away(people, number_for(people, 1))
    before = list_of(people)
    with writing(people) as conn:
        rebuild(conn)
    assert list_of(people) == before


def test_neither_the_key_nor_the_nik_comes_back(people: Engine) -> None:
    away(people, number_for(people, 1))
    assert deliver(people, {"RM-77-1": {"name": "Zubaidah Ngarso"}}, file="d") == AppendCounts(forgotten=1)
    again: dict[str, Row] = {"new": {"nik": FIRST, "name": "Z. Ngarso"}, "other": {"nik": THIRD, "name": "Wati"}}
    assert deliver(people, again, source="elsewhere") == AppendCounts(new=1, forgotten=1)
    assert deliver(people, {"RM-77-1": {"name": "Somebody"}}, source="elsewhere", file="e") == AppendCounts(new=1)
    with reading(people) as conn:
        assert {record.payload["name"] for record in live_records(conn, "patient")} == {"Tono", "Wati", "Somebody"}
        assert verify(conn) == []


def test_forgetting_again_finds_nothing_and_writes_no_second_stone(people: Engine) -> None:
    mine = number_for(people, 1)
    away(people, mine)
    assert told(people, mine).records == ()


def test_what_was_withdrawn_goes_too(people: Engine) -> None:
    mine = number_for(people, 1)
    deliver(people, {}, withdrawn=["RM-77-1"], file="f")
    number(people, [[2], [3]])
    assert told(people, mine).ids == [1, 2]
    away(people, mine)
    with reading(people) as conn:
        assert verify(conn) == []
        assert [version.payload for record in held(conn, [1]) for version in record.versions] == [None, None]


def test_a_nik_that_another_person_bears_too_bars_nobody(people: Engine) -> None:
    """A hospital wrote the mother's NIK for the child's own: the mother must not be shut out with it."""
    deliver(people, {"k4": {"nik": SECOND, "name": "Zubaidah Ngarso"}}, file="g")
    number(people, [[1, 2], [3], [4]])
    found = told(people, number_for(people, 4))
    assert (found.niks, found.elsewhere) == (frozenset(), 1)
    away(people, number_for(people, 4))
    counts = deliver(people, {"k3": {"nik": SECOND, "name": "Tono Tejo"}}, source="dukcapil", file="h")
    assert counts == AppendCounts(changed=1)


def test_records_that_wait_with_the_same_nik_are_to_be_linked_first(people: Engine) -> None:
    deliver(people, {"w": {"nik": FIRST, "name": "Zubaidah"}}, file="i")
    with pytest.raises(Conflict, match="given a number"):
        told(people, number_for(people, 1))


def test_it_is_seen_under_the_lock_whether_all_is_still_so(people: Engine) -> None:
    mine = number_for(people, 1)

    def still_so(who: Subject) -> bool:
        with writing(people) as conn:
            return still(conn, who)

    assert still_so(told(people, mine))
    who = told(people, mine)
    deliver(people, {"z1": {"nik": THIRD, "name": "Wati"}}, file="k")
    assert still_so(who), "of others there may be news"
    deliver(people, {"z2": {"nik_mother": FIRST, "name": "Tini"}}, file="l")
    assert not still_so(who)
    who = told(people, mine)
    deliver(people, {"RM-77-1": {"nik": FIRST, "name": "Zubaidah N."}}, file="m")
    assert not still_so(who)
    who = told(people, mine)
    number(people, [[1], [2], [3]])
    assert not still_so(who)
    who = told(people, number_for(people, 1))
    with writing(people) as conn:
        decide(conn, "patient", [(1, 3, "different")], answer="different", actor="siti", note="asked")
    assert not still_so(who)


def test_notes_about_the_person_go_and_tasks_close(people: Engine) -> None:
    with writing(people) as conn:
        open_tasks(conn, "patient", [Task("doubtful", (2, 3), 10)])
        decide(conn, "patient", [(1, 2, "same")], answer="same", actor="siti", note="Zubaidah, asked her")
        decide(conn, "patient", [], answer="unsure", actor="siti", note="of nobody")
    away(people, number_for(people, 1))
    with reading(people) as conn:
        assert list(conn.execute(select(notes.c.text).order_by(notes.c.event)).scalars()) == [None, "of nobody"]
        assert list(list_tasks(conn, "patient")) == []
        assert verify(conn) == []


@pytest.mark.parametrize("answer", ["unsure", "later"])
def test_a_note_to_an_answer_that_binds_nothing_goes_too(people: Engine, answer: str) -> None:
    with writing(people) as conn:
        (task,) = open_tasks(conn, "patient", [Task("doubtful", (2, 3), 10)])
        noted = decide(conn, "patient", [], answer=answer, actor="siti", task=task, note="Zubaidah calls back")
        assert decisions_about(conn, "patient", [1]) == []
    assert told(people, number_for(people, 1)).notes == (noted,)
    away(people, number_for(people, 1))
    with reading(people) as conn:
        assert list(conn.execute(select(notes.c.text)).scalars()) == [None]
        assert verify(conn) == []


def test_a_name_that_looks_forgotten_keeps_nobody_from_being_forgotten(people: Engine) -> None:
    deliver(people, {"forgotten-card": {"nik": THIRD, "name": "Zubaidah Third"}}, file="d")
    number(people, [[1, 2], [3], [4]])
    away(people, number_for(people, 4))
    with reading(people) as conn:
        assert [version.payload for record in held(conn, [4]) for version in record.versions] == [None]
        assert verify(conn) == []


def test_other_entities_are_not_touched(people: Engine) -> None:
    away(people, number_for(people, 1))
    delivery = DeliveryInfo("delta", ())
    rows = [("k2", {"nik": FIRST, "name": "dr. Zubaidah"})]
    with writing(people) as conn:
        counts = append_versions(conn, entity="practitioner", source="dukcapil", delivery=delivery, rows=rows)
    assert counts == AppendCounts(new=1)


def test_a_reader_keeps_the_log_and_is_told(people: Engine) -> None:
    if people.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no log of SQLite's")
    away(people, number_for(people, 1))
    with reading(people) as conn:
        conn.execute(select(func.count()).select_from(notes)).scalar_one()
        deliver(people, {"z": {"name": "Late"}}, file="j")
        assert not quick_scrub(people)
    assert scrub(people)


def quick_scrub(engine: Engine) -> bool:
    """Without the 30 s that a real one waits for readers."""
    raw = engine.raw_connection()
    raw.driver_connection.execute("PRAGMA busy_timeout = 50")  # type: ignore[union-attr]
    raw.close()  # back to the pool, which gives it out next
    return scrub(engine)
