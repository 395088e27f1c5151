"""Many transactions in a row: all there afterwards, in order when killed, the log taken over meanwhile."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ledger_helpers import add
from sqlalchemy import Engine

from mdi_engine.ledger import bulk
from mdi_engine.ledger.bulk import in_bulk
from mdi_engine.ledger.records import known_keys
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]


@pytest.fixture
def engine(sqlite_engine: Engine) -> Engine:
    return sqlite_engine


WRITER = """
import sys
sys.path.insert(0, {helpers!r})
from ledger_helpers import add
from mdi_engine.ledger.bulk import in_bulk
from mdi_engine.ledger.store import open_ledger
with in_bulk(open_ledger({path!r})) as many:
    for i in range(1000):
        add(many, {{f"{{i:04}}-{{j}}": "A" * 2000 for j in range(20)}})
        print(i, flush=True)
"""


def keys(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        assert verify(conn) == []
        return sorted(known_keys(conn, "facility", "sirs"))


def test_what_is_written_in_bulk_is_there_and_later_commits_are_safe_again(engine: Engine) -> None:
    with in_bulk(engine) as many:
        for number in range(5):
            add(many, {f"{number}": "A"})
        with writing(many) as conn:
            assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 1  # NORMAL
    with writing(engine) as conn:
        assert conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert conn.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar() == 1000
    assert keys(engine) == ["0", "1", "2", "3", "4"]


def test_a_failure_ends_the_thread_and_loses_nothing(engine: Engine) -> None:
    def fail() -> None:
        with in_bulk(engine) as many:
            add(many, {"a": "A"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert "mdi-checkpoint" not in {thread.name for thread in threading.enumerate()}
    assert keys(engine) == ["a"]


def test_the_log_begins_anew_and_others_write_meanwhile(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_WORTH", 1 << 16)
    monkeypatch.setattr(bulk, "_MOST", 1 << 20)
    written = 0
    with in_bulk(engine) as many:
        for number in range(60):
            add(many, {f"{number:02}-{row}": "A" * 4_000 for row in range(25)})
            add(engine, {f"other-{number:02}": "B"})
            written += 26
    assert len(keys(engine)) == written
    log = tmp_path / "ledger.sqlite-wal"
    assert log.stat().st_size < 4 << 20  # of 6 MB that went through it


@pytest.mark.parametrize("after", [1, 40])
def test_a_killed_process_loses_nothing_that_it_said_was_written(tmp_path: Path, after: int) -> None:
    path = tmp_path / "ledger.sqlite"
    script = WRITER.format(helpers=str(Path(__file__).parent), path=str(path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [int(next(writer.stdout)) for _ in range(after)][-1]
        writer.send_signal(signal.SIGKILL)
    again = open_ledger(path)
    found = keys(again)
    again.dispose()
    batches = sorted({key.partition("-")[0] for key in found})
    assert batches == [f"{number:04}" for number in range(len(batches))]
    assert len(batches) > said
    assert len(found) == 20 * len(batches)
