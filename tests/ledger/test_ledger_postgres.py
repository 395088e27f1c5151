"""The ledger on PostgreSQL: what `dialect` does differently there. Other tests of the ledger run on both kinds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from ledger_fixtures import new_database
from ledger_helpers import DELIVERY, add
from sqlalchemy import Engine, create_engine, text

from mdi_engine.errors import InputRefused, Locked, MdiError, UsageError
from mdi_engine.ledger import dialect
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.events import head
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.history import history, number_of, resolve
from mdi_engine.ledger.matchkeys import candidates, mark_keyed, missing_records, write_match_keys
from mdi_engine.ledger.records import append_versions, live_records
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify
from mdi_engine.ledger.versions import lookup

pytest_plugins = ["ledger_fixtures"]


@pytest.fixture
def engine(postgresql_engine: Engine) -> Engine:
    return postgresql_engine


def link(engine: Engine, clusters: list[list[int]]) -> int:
    return apply_clusters(
        engine, entity="facility", parameters_version=1, as_of_event=0, clusters=clusters
    ).events_written


def test_a_life_is_told_proved_and_made_again(engine: Engine) -> None:
    add(engine, {"a": "A", "B": None, "Ž": "Ž", "c": "C"})
    assert link(engine, [[1], [2, 3], [4]]) == 1
    assert link(engine, [[1, 2, 3], [4]]) == 1
    add(engine, {"a": "changed"}, withdrawn=["c"])
    assert link(engine, [[1, 2, 3]]) == 1
    assert link(engine, [[3, 2, 1]]) == 0
    with reading(engine) as conn:
        assert [record.source_key for record in live_records(conn, "facility")] == ["B", "a", "Ž"]
        number = number_of(conn, 1)
        assert number is not None
        assert resolve(conn, "facility", number).via is None
        assert [entry.what for entry in history(conn, "facility", number)] == ["founded", "joined", "absorbed"]
        assert verify(conn) == []
        before = list(canonical_dump(conn))
    with writing(engine) as conn:
        rebuild(conn)
    with reading(engine) as conn:
        assert list(canonical_dump(conn)) == before


def test_match_keys_are_written_once(engine: Engine) -> None:
    add(engine, {"a": "A", "b": "B"})
    with writing(engine) as conn:
        for _ in range(2):
            write_match_keys(conn, "facility", 1, [(0, 2**64 - 1, 1), (0, 2**64 - 1, 2)])
            mark_keyed(conn, 1, [1])
        assert candidates(conn, "facility", [(0, 2**64 - 1)], parameters_version=1) == [1, 2]
        assert missing_records(conn, "facility", 1) == [2]


def test_writers_take_turns_and_lose_nothing(engine: Engine) -> None:
    def write(name: str) -> None:
        for i in range(5):
            add(engine, {f"{name}{i}": "A"})
            with reading(engine) as conn:
                ids = [record.id for record in live_records(conn, "facility")]
            link(engine, [ids[::2], ids[1::2]] if len(ids) > 1 else [ids])

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, "abc"))
    with reading(engine) as conn:
        assert len(list(live_records(conn, "facility"))) == 15
        assert verify(conn) == []


def test_a_writer_that_waits_too_long_is_told_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "BUSY_SECONDS", 1)
    with writing(engine), pytest.raises(Locked, match="Another process"), writing(engine):
        pass


def test_a_nul_character_is_refused_with_words(engine: Engine) -> None:
    with pytest.raises(UsageError, match="NUL"), reading(engine) as conn:
        lookup(conn, "facility", "sirs", ["1\0"])
    with pytest.raises(UsageError, match="NUL"):
        add(engine, {"1\0": "A"})


def test_a_reader_sees_one_state_and_cannot_write(engine: Engine) -> None:
    add(engine, {"a": "A"})
    with reading(engine) as conn:
        assert head(conn) == 1
        add(engine, {"b": "B"})
        assert head(conn) == 1
    with pytest.raises(MdiError), reading(engine) as conn:
        append_versions(conn, entity="facility", source="sirs", delivery=DELIVERY, rows=[("c", {})])


def test_a_second_opening_finds_what_the_first_wrote(engine: Engine) -> None:
    add(engine, {"a": "A"})
    again = open_ledger(engine.url.render_as_string())
    with reading(again) as conn:
        assert [record.source_key for record in live_records(conn, "facility")] == ["a"]
    again.dispose()


def test_a_foreign_database_is_refused(server: str) -> None:
    name = new_database(server)
    url = f"{server}/{name}"
    foreign = create_engine(url)
    with foreign.begin() as conn:
        conn.execute(text("CREATE TABLE patients (nik TEXT)"))
    foreign.dispose()
    with pytest.raises(InputRefused, match=f"{name} is not a ledger: it holds other tables"):
        open_ledger(url)
