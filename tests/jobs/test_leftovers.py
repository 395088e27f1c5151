"""What killed runs leave of people's data goes with the next run, and what somebody uses stays."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mdi_engine.errors import Conflict
from mdi_engine.jobs.backup import backup_home
from mdi_engine.jobs.forgetting import forget_subject
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.leftovers import BACKUP, OLD, REBUILD, RESTORE, clear, clear_home, work_folder
from mdi_engine.jobs.rebuild import rebuild_home
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "simrs"
KILLED = """
import os, signal, sys
from pathlib import Path
from mdi_engine.jobs import backup, rebuild, restore
from mdi_engine.settings import Settings

def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)

settings, job, file = Settings(home=Path(sys.argv[1])), sys.argv[2], Path(sys.argv[3])
backup.add_manifest = restore._prove = rebuild._put = die
if job == "backup":
    backup.backup_home(settings, file)
elif job == "restore":
    restore.restore_home(settings, file, yes=True)
else:
    rebuild.rebuild_home(settings, workbench=True)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with five patients, each a master of its own, whose names are theirs alone."""
    settings = Settings(home=tmp_path / "home", actor="siti")
    with sorted(SAMPLE.glob("*.csv"))[0].open(encoding="utf-8", newline="") as file:
        heads, *rows = csv.reader(file)
    name = heads.index("nama_pasien")
    with (tmp_path / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        people = [
            [*row[:name], f"ZUBAIDAH {'ABCDE'[place] * 5}", *row[name + 1 :]] for place, row in enumerate(rows[:5])
        ]
        csv.writer(file).writerows([heads, *people])
    ingest(settings, "simrs", [tmp_path / "patients.csv"])
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            clusters = [[record.id] for record in live_records(conn, "patient")]
        apply_clusters(engine, entity="patient", parameters_version=1, as_of_event=0, clusters=clusters)
    return settings


def somebody(settings: Settings) -> tuple[str, str]:
    """A patient's number and name."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        record = next(iter(live_records(conn, "patient")))
        number = number_of(conn, record.id)
    assert number is not None
    return number, str(record.payload["name"])


def hidden(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def held(folder: Path, name: str) -> list[Path]:
    """The files in which a name stands in clear."""
    return [path for path in folder.rglob("*") if path.is_file() and name.encode() in path.read_bytes()]


@pytest.mark.parametrize(("job", "left"), [("backup", BACKUP), ("restore", RESTORE), ("rebuild", REBUILD)])
def test_somebody_is_forgotten_where_a_run_was_killed_too(
    settings: Settings, tmp_path: Path, job: str, left: str
) -> None:
    file = settings.home / "new.tar" if job == "backup" else tmp_path / "b.tar"
    if job == "restore":
        backup_home(settings, file)
    run = subprocess.run([sys.executable, "-c", KILLED, settings.home, job, file], check=False)
    assert run.returncode == -signal.SIGKILL
    assert [name.startswith(left) for name in hidden(settings.home)] == [True]
    number, name = somebody(settings)
    assert held(settings.home, name)
    report = forget_subject(settings, "patient", number, yes=True)
    assert (report.rows, report.extracts, report.clean) == (1, 1, True)
    assert hidden(settings.home) == []
    assert held(settings.home, name) == []
    assert [one for one in verify_home(settings).findings if "link again" not in one.message] == []


@pytest.mark.parametrize("job", ["backup", "rebuild"])
def test_what_nobody_uses_goes_with_the_next_run_and_what_is_in_use_stays(
    settings: Settings, tmp_path: Path, job: str
) -> None:
    for prefix in (BACKUP, REBUILD, RESTORE):
        (settings.home / f"{prefix}killed").mkdir()
        (settings.home / f"{prefix}killed" / "ledger.sqlite").write_text("of people")
    (tmp_path / f"{BACKUP}killed").mkdir()
    with work_folder(settings.home, RESTORE) as used, work_folder(tmp_path, BACKUP) as copying:
        if job == "backup":
            backup_home(settings, tmp_path / "b.tar")
        else:
            rebuild_home(settings)
            clear(tmp_path, BACKUP)
        assert hidden(settings.home) == [used.name]
        assert hidden(tmp_path) == [copying.name]
    assert hidden(settings.home) == hidden(tmp_path) == []


def test_a_workbench_that_was_put_away_does_not_take_the_place_of_a_newer_one(settings: Settings) -> None:
    left = settings.home / f"{REBUILD}killed"
    left.mkdir()
    (left / OLD).write_text("old")
    newer = settings.workbench_path.read_bytes()
    clear_home(settings)
    assert settings.workbench_path.read_bytes() == newer
    assert not left.exists()


def test_nobody_is_forgotten_while_the_workbench_is_gone(settings: Settings) -> None:
    number, name = somebody(settings)
    settings.workbench_path.unlink()
    with pytest.raises(Conflict, match="no workbench") as refused:
        forget_subject(settings, "patient", number, yes=True)
    assert "mdi rebuild" in str(refused.value.hint)
    rebuild_home(settings)
    forget_subject(settings, "patient", number, yes=True)
    assert held(settings.home, name) == []


def test_copies_and_spills_of_killed_deliveries_go_too(settings: Settings) -> None:
    number, name = somebody(settings)
    for part in (settings.extracts_path / "simrs" / "x.csv.part", settings.home / "workbench.tmp.0" / "spilled"):
        part.parent.mkdir(exist_ok=True)
        part.write_text(name)
    assert len(held(settings.home, name)) > 2
    forget_subject(settings, "patient", number, yes=True)
    assert held(settings.home, name) == []
