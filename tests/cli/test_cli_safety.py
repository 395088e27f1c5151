"""The day something is lost: rebuild, backup and restore through a real shell."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import tarfile
import time
from pathlib import Path

import duckdb
import pytest
from cli_helpers import MDI, Shell
from cli_homes import HOME, LEDGER, WORKBENCH, done, dump, failed, findings

pytest_plugins = ["cli_homes"]


def workbench(shell: Shell) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the workbench by table, but what the last link run decided, and as of which event the copies are."""
    with duckdb.connect(shell.folder / WORKBENCH, read_only=True) as con:
        names = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        told = [name for name in names if name not in ("decisions", "copies")]
        return {name: sorted(con.execute(f'FROM "{name}"').fetchall(), key=repr) for name in told}


@pytest.mark.parametrize("damage", ["deleted", "truncated", "foreign", "of another state"])
def test_a_lost_or_damaged_workbench_is_made_again_as_it_was(home: Shell, damage: str) -> None:
    before, path = workbench(home), home.folder / WORKBENCH
    if damage == "deleted":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:300_000])
    elif damage == "foreign":
        path.write_text("Dear ministry" * 1000)
    else:
        with duckdb.connect(path) as con:
            con.execute("DELETE FROM canonical_facility WHERE row_id % 2 = 0; UPDATE masters SET status = 'retired'")
    done(home.mdi("rebuild"))
    assert findings(home) == []
    after = workbench(home)
    assert {name: after[name] for name in before} == before
    assert [each.name for each in (home.folder / HOME).glob(".*")] == []
    assert "unchanged" in done(home.mdi("ingest", "sirs", "second.csv"))


def test_rebuilding_what_is_sound_changes_nothing(home: Shell) -> None:
    before, bytes_before = dump(home.folder / LEDGER), (home.folder / WORKBENCH).read_bytes()
    assert "left as it is" in done(home.mdi("rebuild"))
    assert dump(home.folder / LEDGER) == before
    assert (home.folder / WORKBENCH).read_bytes() == bytes_before


def test_a_damaged_state_is_made_again_byte_for_byte(home: Shell) -> None:
    before = dump(home.folder / LEDGER)
    with sqlite3.connect(home.folder / LEDGER) as ledger:
        ledger.execute("UPDATE masters SET status = 'retired'")
        ledger.execute("DELETE FROM memberships")
        ledger.execute("DELETE FROM parameters")
        ledger.execute("UPDATE source_records SET live = 1 - live")
    ledger.close()
    assert findings(home)
    done(home.mdi("rebuild"))
    assert dump(home.folder / LEDGER) == before
    assert findings(home) == []


def test_broken_events_are_not_made_anything_of(home: Shell) -> None:
    with sqlite3.connect(home.folder / LEDGER) as ledger:
        ledger.execute("UPDATE events SET body = replace(body, '1', '2') WHERE seq = 2")
    ledger.close()
    failed(home.mdi("rebuild"), 1, "Event 2 is not what was written", "mdi restore")


def test_a_missing_or_changed_extract_is_named(home: Shell) -> None:
    first, second = sorted((home.folder / HOME / "extracts" / "sirs").iterdir(), key=lambda path: path.stat().st_mtime)
    first.unlink()
    second.write_bytes(second.read_bytes() + b"\n")
    (home.folder / WORKBENCH).unlink()
    failed(home.mdi("rebuild"), 1, "first.csv is not among those kept", "second.csv is not what arrived")
    assert "1 delivery" in home.mdi("rebuild", "--workbench").stdout


def test_a_rebuild_waits_for_nobody_and_says_who_has_the_workbench(home: Shell) -> None:
    with duckdb.connect(home.folder / WORKBENCH):
        failed(home.mdi("rebuild"), 5, f"is in use by process {os.getpid()}")


def test_a_home_comes_back_from_its_backup(home: Shell) -> None:
    before, rows = dump(home.folder / LEDGER), workbench(home)
    own = [home.folder / HOME / path for path in ("pipelines/own/source.toml", "reference/own/1/manifest.json")]
    for path in own:
        path.parent.mkdir(parents=True)
        path.write_text("# ours")
    report = json.loads(done(home.mdi("backup", "own.tar", "--json")))
    assert stat.S_IMODE((home.folder / "own.tar").stat().st_mode) == 0o600
    shutil.rmtree(home.folder / HOME)
    restored = json.loads(done(home.mdi("restore", "own.tar", "--json")))
    assert restored["events"] == report["events"]
    assert dump(home.folder / LEDGER) == before
    after = workbench(home)
    assert {name: after[name] for name in rows} == rows
    assert [path.read_text() for path in own] == ["# ours"] * 2
    assert findings(home) == []
    assert stat.S_IMODE((home.folder / LEDGER).stat().st_mode) == 0o600
    assert "churn" in done(home.mdi("link", "facility"))


def test_a_folder_gets_a_file_named_by_the_time_and_no_file_is_replaced(home: Shell) -> None:
    (home.folder / "kept").mkdir()
    done(home.mdi("backup", "kept"))
    (made,) = (home.folder / "kept").iterdir()
    assert made.name.startswith("mdi-2")
    failed(home.mdi("backup", made), 5, "exists already")
    failed(home.mdi("backup", "nowhere/b.tar"), 4, "no such folder")
    failed(home.mdi("backup", "c.tar", "--home", "nothing"), 4, "holds no ledger")


def test_a_damaged_ledger_is_set_aside_and_restored(home: Shell) -> None:
    before = dump(home.folder / LEDGER)
    ledger = home.folder / LEDGER
    damaged = ledger.read_bytes()[:50_000]
    ledger.write_bytes(damaged)
    assert home.mdi("verify").returncode != 0
    assert json.loads(done(home.mdi("restore", "b.tar", "--json")))["set_aside"] == "ledger.damaged-1.sqlite"
    assert dump(ledger) == before
    assert findings(home) == []
    assert (home.folder / HOME / "ledger.damaged-1.sqlite").read_bytes() == damaged


def test_a_stale_log_is_not_taken_for_that_of_the_restored_ledger(home: Shell) -> None:
    before = dump(home.folder / LEDGER)
    writer = sqlite3.connect(home.folder / LEDGER)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("DELETE FROM memberships")
    writer.commit()
    shutil.copy(home.folder / f"{LEDGER}-wal", home.folder / "wal")
    writer.close()
    (home.folder / LEDGER).unlink()
    shutil.copy(home.folder / "wal", home.folder / f"{LEDGER}-wal")
    done(home.mdi("restore", "b.tar"))
    assert dump(home.folder / LEDGER) == before


def test_a_newer_home_is_not_overwritten_unasked(home: Shell) -> None:
    older = dump(home.folder / LEDGER)
    (home.folder / "third.csv").write_text((home.folder / "first.csv").read_text("utf-8") + "\n", "utf-8")
    done(home.mdi("ingest", "sirs", "third.csv"))
    newer = dump(home.folder / LEDGER)
    assert newer != older
    failed(home.mdi("restore", "b.tar"), 5, "came after this backup", "--yes")
    assert dump(home.folder / LEDGER) == newer
    assert findings(home) == []
    done(home.mdi("restore", "b.tar", "--yes"))
    assert dump(home.folder / LEDGER) == older
    assert findings(home) == []


@pytest.mark.parametrize(
    "damage", ["foreign", "empty", "truncated", "cut at the manifest", "one byte", "another tar", "outside"]
)
def test_what_is_no_sound_backup_is_refused_and_changes_nothing(home: Shell, damage: str) -> None:
    path = home.folder / "b.tar"
    held = path.read_bytes()
    if damage == "foreign":
        path.write_bytes((home.folder / WORKBENCH).read_bytes())
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(held[: len(held) // 2])
    elif damage == "cut at the manifest":
        path.write_bytes(held[: held.index(b"manifest.json")])
    elif damage == "one byte":
        place = held.index(b"records-appended")
        path.write_bytes(held[:place] + b"R" + held[place + 1 :])
    elif damage == "another tar":
        with tarfile.open(path, "w") as tar:
            tar.add(home.folder / "first.csv", "first.csv")
    else:
        path.write_bytes(
            held.replace(b"parameters/facility/0001/parameters.toml", b"parameters/../../../01/parameters.to_")
        )
    shutil.copytree(home.folder / HOME, home.folder / "before")
    failed(home.mdi("restore", "b.tar"), 3, "cannot be restored")
    for path in sorted((home.folder / "before").rglob("*")):
        now = home.folder / HOME / path.relative_to(home.folder / "before")
        assert path.is_dir() or now.read_bytes() == path.read_bytes()
    assert len(list((home.folder / "before").rglob("*"))) == len(list((home.folder / HOME).rglob("*")))


def test_a_killed_restore_is_completed_by_the_next_one(home: Shell) -> None:
    before = dump(home.folder / LEDGER)
    for seconds in (1.0, 1.7, 2.4):
        with subprocess.Popen(
            [MDI, "restore", "b.tar"], cwd=home.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as run:
            time.sleep(seconds)
            run.kill()
        assert dump(home.folder / LEDGER) == before
    done(home.mdi("restore", "b.tar"))
    assert dump(home.folder / LEDGER) == before
    assert findings(home) == []
    assert [path.name for path in (home.folder / HOME).glob(".*")] == []


def test_a_refused_restore_makes_no_home(home: Shell) -> None:
    failed(home.mdi("restore", "first.csv", "--home", "new"), 3, "cannot be restored")
    failed(home.mdi("restore", "nothing.tar", "--home", "new"), 4, "no such file")
    assert not (home.folder / "new").exists()


def test_a_ledger_that_does_not_verify_is_not_backed_up(home: Shell) -> None:
    with sqlite3.connect(home.folder / LEDGER) as ledger:
        ledger.execute("UPDATE record_versions SET payload = '{}' WHERE record_id = 1")
    ledger.close()
    failed(home.mdi("backup", "c.tar"), 1, "does not verify", "no backup was written")
    assert not list(home.folder.glob("*c.tar*"))


def test_a_backup_while_others_write_is_one_state(home: Shell) -> None:
    code = (
        "import sys\n"
        "from mdi_engine.ledger.deliveries import DeliveryInfo\n"
        "from mdi_engine.ledger.records import append_versions\n"
        "from mdi_engine.ledger.store import open_ledger, writing\n"
        "engine, i, told = open_ledger(sys.argv[1]), 0, DeliveryInfo('delta', ())\n"
        "while True:\n"
        "    rows = [(f'w{i}-{j}', {'name': 'A'}) for j in range(50)]\n"
        "    with writing(engine) as conn:\n"
        "        append_versions(conn, entity='facility', source='sirs', delivery=told, rows=rows)\n"
        "    i += 1; print(i, flush=True)\n"
    )
    command = [str(Path(MDI).with_name("python")), "-c", code, str(home.folder / LEDGER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            begun = int(writer.stdout.readline())
            report = json.loads(done(home.mdi("backup", "c.tar", "--json")))
            assert writer.poll() is None
        finally:
            writer.kill()
        ended = int(writer.stdout.read().split()[-1])
    done(home.mdi("restore", "c.tar", "--home", "other"))
    assert findings(home, "other") == []
    with sqlite3.connect(home.folder / "other" / "ledger.sqlite") as ledger:
        (written,) = ledger.execute("SELECT count(*) FROM source_records WHERE source_key LIKE 'w%'").fetchone()
        (events,) = ledger.execute("SELECT max(seq) FROM events").fetchone()
    ledger.close()
    assert events == report["events"]
    assert written % 50 == 0
    assert begun <= written // 50 <= ended + 1
