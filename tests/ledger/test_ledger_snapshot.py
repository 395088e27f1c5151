"""One state of a ledger in a file, and back into a ledger of either kind; what outlasts a restore."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from mdi_engine.errors import MdiError
from mdi_engine.ledger.accesses import Access, record_accesses
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.carrying import Standing, carry_forgotten, carry_over, leave_out_numbers, raise_numbers, standing
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.dialect import sqlite_module
from mdi_engine.ledger.events import head
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.forgetting import forget, subject
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import append_versions, live_records
from mdi_engine.ledger.schema import accesses, masters, record_versions
from mdi_engine.ledger.snapshot import copy_all, snapshot, state_of
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]

Rows = dict[str, dict[str, str | None]]
NIK = "9901014107850001"
PEOPLE: Rows = {
    "a": {"name": "Zubaidah", "nik": NIK},
    "b": {"name": "Siti Zubaidah", "nik": NIK},
    "c": {"name": "Ngarso", "nik": "9901014107850002"},
    "Ž": {"name": "Žofie", "nik": None},
}


def deliver(engine: Engine, rows: Rows, name: str = "a") -> None:
    info = DeliveryInfo("delta", (DeliveredFile(f"{name}.csv", name * 64),))
    with writing(engine) as conn:
        append_versions(conn, entity="patient", source="simrs", delivery=info, rows=rows.items())


def link(engine: Engine, *clusters: list[int]) -> None:
    apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters)


def look(engine: Engine, *numbers: str) -> None:
    with writing(engine) as conn:
        record_accesses(conn, [Access("sari", "care", "lookup", "patient", numbers, None, "found")])


def forget_record(engine: Engine, record: int) -> None:
    with writing(engine) as conn:
        number = number_of(conn, record)
        assert number is not None
        forget(conn, subject(conn, "patient", number), actor="sari")


def numbers(engine: Engine) -> set[str]:
    with reading(engine) as conn:
        return set(conn.execute(select(masters.c.number)).scalars())


def dump(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        assert verify(conn) == []
        return list(canonical_dump(conn))


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    engine = open_ledger(path)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def people(engine: Engine) -> Engine:
    deliver(engine, PEOPLE)
    link(engine, [1, 2], [3], [4])
    look(engine, *sorted(numbers(engine)))
    return engine


def test_a_snapshot_holds_the_same_byte_for_byte_and_comes_back(people: Engine, tmp_path: Path) -> None:
    before, path = dump(people), tmp_path / "copy.sqlite"
    snapshot(people, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_name(path.name + "-wal").exists()
    with opened(path) as copy:
        assert dump(copy) == before
        with writing(copy) as conn:
            rebuild(conn)
        assert dump(copy) == before
        deliver(people, {"d": {"name": "Late", "nik": None}}, "d")
        link(people, [1], [2], [3, 4], [5])
        assert dump(people) != before
        with reading(copy) as source, writing(people) as to:
            copy_all(source, to)
            assert state_of(to) == state_of(source)
    assert dump(people) == before
    deliver(people, {"e": {"name": "After", "nik": None}}, "e")
    link(people, [1, 2], [3], [4], [5])
    assert dump(people) != before


def test_a_snapshot_overwrites_nothing(people: Engine, tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite"
    path.write_text("a letter")
    with pytest.raises(FileExistsError):
        snapshot(people, path)
    assert path.read_text() == "a letter"


def test_a_snapshot_of_what_cannot_be_read_says_so(sqlite_engine: Engine, tmp_path: Path) -> None:
    deliver(sqlite_engine, PEOPLE)
    sqlite_engine.dispose()
    ledger = tmp_path / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:20_000])
    with pytest.raises(MdiError, match="cannot be copied"):
        snapshot(sqlite_engine, tmp_path / "copy.sqlite")


def test_how_a_ledger_stands_to_a_backup(people: Engine, tmp_path: Path) -> None:
    snapshot(people, tmp_path / "copy.sqlite")
    with opened(tmp_path / "copy.sqlite") as copy, opened(tmp_path / "other.sqlite") as other:
        with reading(people) as one, reading(copy) as two:
            assert standing(one, two) == Standing(0, related=True)
        deliver(people, {"d": {"name": "D", "nik": None}}, "d")
        with reading(people) as one, reading(copy) as two:
            assert standing(one, two) == Standing(1, related=True)
            assert standing(two, one) == Standing(0, related=True)
        for n in range(3):
            deliver(copy, {f"f{n}": {"name": "F", "nik": None}}, f"f{n}")
        deliver(other, PEOPLE)
        with reading(people) as one, reading(copy) as two, reading(other) as three:
            assert standing(one, two) == Standing(1, related=True)
            assert standing(two, one) == Standing(3, related=True)
            assert standing(one, three) == Standing(head(one), related=False)


def test_who_was_forgotten_after_the_backup_stays_forgotten(people: Engine, tmp_path: Path) -> None:
    snapshot(people, tmp_path / "copy.sqlite")
    forget_record(people, 1)
    look(people, "P70000000011")
    with opened(tmp_path / "copy.sqlite") as copy:
        deliver(copy, {"z": {"name": "Zubaidah again", "nik": NIK}}, "z")  # only the backup knows this record
        with writing(copy) as to, reading(people) as present:
            assert carry_over(present, to, actor="mdi") == 3
        with reading(copy) as conn:
            assert verify(conn) == []
            assert [record.source_key for record in live_records(conn, "patient")] == ["c", "Ž"]
            values = select(record_versions.c.payload).where(record_versions.c.payload.contains("Zubaidah"))
            assert conn.execute(values).all() == []
            assert conn.execute(select(accesses.c.numbers).order_by(accesses.c.seq)).scalars().all()[-1] == (
                '["P70000000011"]'
            )
        deliver(copy, {"a": PEOPLE["a"], "y": {"name": "Zubaidah", "nik": NIK}}, "y")
        with reading(copy) as conn:
            assert [record.source_key for record in live_records(conn, "patient")] == ["c", "Ž"]
        again = dump(copy)
        with writing(copy) as conn:
            rebuild(conn)
        assert dump(copy) == again


def test_who_was_forgotten_in_an_unrelated_ledger_stays_forgotten(people: Engine, tmp_path: Path) -> None:
    forget_record(people, 1)  # and with it "b", of the same person
    with opened(tmp_path / "other.sqlite") as other:
        deliver(other, {"c": PEOPLE["c"], "d": {"name": "Dewi", "nik": None}, "z": {"name": "Zubaidah", "nik": NIK}})
        link(other, [1], [2], [3])
        forget_record(other, 2)
        snapshot(other, tmp_path / "older.sqlite")
        deliver(other, {"a": {"name": "Zubaidah", "nik": None}}, "b")
        late = snapshot_of_next_numbers(other, tmp_path / "late.sqlite")
        with reading(people) as present, writing(other) as to:
            assert carry_forgotten(present, to, actor="mdi") == 2
        again = {"a": PEOPLE["a"], "b": PEOPLE["b"], "d": {"name": "Dewi", "nik": None}, "y": PEOPLE["b"]}
        deliver(other, again, "c")
        with reading(other) as conn:
            assert verify(conn) == []
            assert [record.source_key for record in live_records(conn, "patient")] == ["c"]
            values = select(record_versions.c.payload).where(record_versions.c.payload.contains("Zubaidah"))
            assert conn.execute(values).all() == []
        dumped = dump(other)
        with writing(other) as conn:
            rebuild(conn)
        assert dump(other) == dumped
        deliver(other, {"e": {"name": "E", "nik": None}}, "e")
        with reading(other) as conn:
            (record,) = (one.id for one in live_records(conn, "patient") if one.source_key == "e")
        link(other, [1], [record])
        assert late
        assert not numbers(other) & late
        with opened(tmp_path / "older.sqlite") as older:  # restored over it, or it over what was restored
            with reading(other) as present, writing(older) as to:
                carry_over(present, to, actor="mdi")
            deliver(older, again, "d")
            with reading(older) as conn:
                assert [record.source_key for record in live_records(conn, "patient")] == ["c"]


def test_keys_of_tombstones_are_kept_whichever_of_two_ledgers_comes_back(people: Engine, tmp_path: Path) -> None:
    snapshot(people, tmp_path / "older.sqlite")
    with opened(tmp_path / "other.sqlite") as other:
        deliver(other, PEOPLE)
        link(other, [1, 2], [3], [4])
        forget_record(other, 3)
        with reading(other) as present, writing(people) as to:
            assert carry_forgotten(present, to, actor="mdi") == 1
    with opened(tmp_path / "older.sqlite") as older:
        with reading(older) as present, writing(people) as to:
            assert carry_over(present, to, actor="mdi") == 0
        deliver(people, {"c": PEOPLE["c"], "x": PEOPLE["c"]}, "x")
        with reading(people) as conn:
            assert [record.source_key for record in live_records(conn, "patient")] == ["a", "b", "Ž"]


def snapshot_of_next_numbers(engine: Engine, path: Path) -> set[str]:
    """Numbers that a ledger would issue next, told by a copy of it."""
    snapshot(engine, path)
    with opened(path) as copy:
        before = numbers(copy)
        deliver(copy, {f"n{n}": {"name": "N", "nik": None} for n in range(5)}, "n")
        with reading(copy) as conn:
            fresh = [record.id for record in live_records(conn, "patient") if record.source_key.startswith("n")]
        link(copy, [1], *[[record] for record in fresh])
        return numbers(copy) - before


def test_numbers_and_ids_given_since_the_backup_are_not_given_again(people: Engine, tmp_path: Path) -> None:
    early = numbers(people)
    snapshot(people, tmp_path / "copy.sqlite")
    deliver(people, {f"n{n}": {"name": "N", "nik": None} for n in range(20)}, "n")
    link(people, *[[record] for record in range(5, 25)])
    late = numbers(people) - early
    assert len(late) == 20
    with opened(tmp_path / "copy.sqlite") as copy:
        with reading(people) as present, writing(copy) as to:
            assert carry_over(present, to, actor="mdi") == 0
        deliver(copy, {f"m{n}": {"name": "M", "nik": None} for n in range(20)}, "m")
        with reading(copy) as conn:
            fresh = [record.id for record in live_records(conn, "patient") if record.source_key.startswith("m")]
        assert min(fresh) > 24
        link(copy, *[[record] for record in fresh])
        assert len(numbers(copy) - early) == 20
        assert not numbers(copy) & late
        assert dump(copy)


@pytest.mark.parametrize("readable", [True, False])
def test_where_the_ledger_is_lost_numbers_go_on_well_behind(
    sqlite_engine: Engine, tmp_path: Path, readable: bool
) -> None:
    people = sqlite_engine
    deliver(people, PEOPLE)
    link(people, [1, 2], [3], [4])
    snapshot(people, tmp_path / "copy.sqlite")
    link(people, [1], [2], [3], [4])
    late = numbers(people)
    people.dispose()
    damaged = tmp_path / "ledger.sqlite"
    if readable:
        connection = sqlite_module().connect(damaged)
        connection.execute("DELETE FROM events")
        connection.commit()
        connection.close()
    else:
        damaged.write_bytes(damaged.read_bytes()[:9_000])
    with opened(tmp_path / "copy.sqlite") as copy:
        with writing(copy) as conn:
            assert raise_numbers(conn, damaged) is readable
            if not readable:
                leave_out_numbers(conn)
        before = numbers(copy)
        link(copy, [1], [2], [3], [4])
        assert len(numbers(copy) - before) == 1
        assert not (numbers(copy) - before) & late
