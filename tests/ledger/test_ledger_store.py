"""Opening, refusing, upgrading; several processes; a process killed while it writes."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledger_helpers import add
from sqlalchemy import Engine

from mdi_engine.errors import InputRefused, Locked, MdiError
from mdi_engine.ledger import dialect, schema, store
from mdi_engine.ledger.dialect import sqlite_is_affected, sqlite_module
from mdi_engine.ledger.records import known_keys
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.summary import summary
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


WRITER = """
import sys
sys.path.insert(0, {helpers!r})
from ledger_helpers import add
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import open_ledger, reading
engine = open_ledger({path!r})
for i in range({times}):
    add(engine, {{f"{name}{{i}}-{{j}}": "A" for j in range(20)}})
    if {linking}:
        with reading(engine) as conn:
            ids = [record.id for record in live_records(conn, "facility")]
        apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=0, clusters=[ids[::2], ids[1::2]])
    print(i, flush=True)
"""


def start_writer(path: Path, name: str, times: int, *, linking: bool) -> subprocess.Popen[str]:
    script = WRITER.format(helpers=str(Path(__file__).parent), path=str(path), name=name, times=times, linking=linking)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def test_migrations_lead_to_the_schema_in_force(engine: Engine) -> None:
    with reading(engine) as conn:
        assert compare_metadata(MigrationContext.configure(conn), schema.metadata) == []
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_a_new_ledger_is_safe_and_readable_by_its_owner_only(engine: Engine, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "ledger.sqlite").stat().st_mode) == 0o600
    with reading(engine) as conn:
        assert conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert verify(conn) == []


def test_a_second_opening_finds_what_the_first_wrote(engine: Engine, tmp_path: Path) -> None:
    add(engine, {"a": "A"})
    again = open_ledger(tmp_path / "ledger.sqlite")
    with reading(again) as conn:
        assert list(known_keys(conn, "facility", "sirs")) == ["a"]
    again.dispose()


def test_a_file_that_is_not_sqlite_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear ministry" * 100)
    before = path.read_bytes()
    with pytest.raises(InputRefused, match=r"letter\.txt is not a ledger"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MdiError, match="cannot be opened"):
        open_ledger(tmp_path)
    with pytest.raises(MdiError, match="cannot be opened"):
        open_ledger("sqlite://")  # a ledger in memory would lose what it promised to keep


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_foreign_database_is_refused_and_unchanged(tmp_path: Path, journal: str) -> None:
    path = tmp_path / "other 100%?.sqlite"
    foreign = sqlite3.connect(path)
    foreign.execute(f"PRAGMA journal_mode = {journal}")
    foreign.execute("CREATE TABLE patients (nik TEXT)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(InputRefused, match=r"^other 100%\?\.sqlite is not a ledger: it holds other tables"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_a_newer_ledger_is_refused_and_unchanged(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    path = tmp_path / "ledger.sqlite"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA journal_mode = delete")  # as a newer mdi-engine might have it
    newer.close()
    before = path.read_bytes()
    with pytest.raises(InputRefused, match="schema 9999"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_a_truncated_ledger_says_so_without_a_driver_error(empty_ledger: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.sqlite"
    path.write_bytes(empty_ledger.read_bytes()[:6000])
    with pytest.raises(MdiError, match="cannot be used"):
        open_ledger(path)


def test_a_writer_that_waits_too_long_is_told_so(
    empty_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "BUSY_SECONDS", 0)
    path = tmp_path / "ledger.sqlite"
    shutil.copy(empty_ledger, path)
    engine = open_ledger(path)
    with writing(engine), pytest.raises(Locked, match="Another process"), writing(engine):
        pass
    engine.dispose()


def test_an_exception_rolls_everything_back(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt), writing(engine) as conn:
        _write_and_interrupt(conn)
    with reading(engine) as conn:
        assert summary(conn).events == 0
        assert verify(conn) == []


def _write_and_interrupt(conn: object) -> None:
    from mdi_engine.ledger.events import append_event

    append_event(conn, kind="test", entity="facility", body={})  # type: ignore[arg-type]
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
    ],
)
def test_which_sqlite_is_affected(version: tuple[int, ...], affected: bool) -> None:
    assert sqlite_is_affected(version) is affected


def test_only_affected_modules_is_an_error_that_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not sqlite_is_affected(sqlite_module().sqlite_version_info)
    monkeypatch.setattr(dialect, "sqlite_is_affected", lambda _version: True)
    with pytest.raises(MdiError, match=r"No safe SQLite: .*carries SQLite"):
        sqlite_module()


def test_two_processes_write_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    writers = [start_writer(path, name, 15, linking=name == "a") for name in ("a", "b")]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    for writer in writers:
        writer.communicate()
    engine = open_ledger(path)
    with reading(engine) as conn:
        assert len(known_keys(conn, "facility", "sirs")) == 2 * 15 * 20
        assert verify(conn) == []
    engine.dispose()


def test_a_killed_writer_leaves_all_it_acknowledged_and_a_ledger_that_verifies(
    empty_ledger: Path, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    shutil.copy(empty_ledger, path)
    for attempt in range(3):
        writer = start_writer(path, f"run{attempt}-", 10_000, linking=True)
        assert writer.stdout is not None
        acknowledged = [writer.stdout.readline() for _ in range(3)]
        time.sleep(0.013 * attempt)
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.readlines()
        writer.communicate()
        engine = open_ledger(path)
        with reading(engine) as conn:
            keys = {key for key in known_keys(conn, "facility", "sirs") if key.startswith(f"run{attempt}-")}
            assert verify(conn) == []
        engine.dispose()
        assert {f"run{attempt}-{line.strip()}-{j}" for line in acknowledged for j in range(20)} <= keys
        assert len(keys) % 20 == 0  # nothing half-written
