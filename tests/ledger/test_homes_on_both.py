"""A whole home with either kind of ledger: backed up, restored, rebuilt, and moved from one kind to the other."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from ledger_fixtures import new_database

from mdi_engine.errors import Conflict
from mdi_engine.jobs.backup import backup_home
from mdi_engine.jobs.forgetting import forget_subject
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.rebuild import rebuild_home
from mdi_engine.jobs.restore import restore_home
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.accesses import all_accesses
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.fold import canonical_dump
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import live_records
from mdi_engine.ledger.store import reading
from mdi_engine.settings import Settings

pytest_plugins = ["ledger_fixtures"]

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "simrs"


@dataclass(frozen=True)
class Place:
    """Where homes of one kind are made."""

    folder: Path
    server: str | None

    def home(self, name: str) -> Settings:
        url = None if self.server is None else f"{self.server}/{new_database(self.server)}"
        return Settings(home=self.folder / name, ledger_url=url)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.getfixturevalue("server") if request.param == "postgresql" else None)


@pytest.fixture
def settings(place: Place) -> Settings:
    """A home with forty patients of a hospital, each a master of its own."""
    settings = place.home("home")
    deliver(settings, place.folder, 0, 40)
    number_all(settings)
    return settings


def sample() -> tuple[list[str], list[list[str]]]:
    with sorted(SAMPLE.glob("*.csv"))[0].open(encoding="utf-8", newline="") as file:
        heads, *rows = csv.reader(file)
    return heads, rows


def deliver(settings: Settings, folder: Path, first: int, last: int) -> None:
    heads, rows = sample()
    path = folder / f"patients-{first}-{last}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heads, *rows[first:last]])
    ingest(settings, "simrs", [path])


def number_all(settings: Settings) -> None:
    with home_ledger(settings) as engine:
        with reading(engine) as conn:
            ids = [record.id for record in live_records(conn, "patient")]
        apply_clusters(
            engine, entity="patient", parameters_version=1, as_of_event=0, clusters=[[record] for record in ids]
        )


def dump(settings: Settings) -> list[str]:
    with home_ledger(settings) as engine, reading(engine) as conn:
        return list(canonical_dump(conn))


def sound(settings: Settings) -> bool:
    """Whether all holds; that the masters were not copied, as a link job does, is left aside."""
    found = verify_home(settings).findings
    return [finding for finding in found if "link again" not in finding.message] == []


def test_a_home_is_rebuilt_and_restored_on_either_kind(place: Place, settings: Settings) -> None:
    before = dump(settings)
    settings.workbench_path.unlink()
    assert rebuild_home(settings).deliveries == 1
    assert dump(settings) == before
    backup_home(settings, place.folder / "b.tar")
    deliver(settings, place.folder, 40, 60)
    number_all(settings)
    with pytest.raises(Conflict, match="came after this backup"):
        restore_home(settings, place.folder / "b.tar")
    assert sound(settings)
    report = restore_home(settings, place.folder / "b.tar", yes=True)
    assert (report.lost, report.forgotten, report.missing) == (2, 0, ())
    assert dump(settings) == before
    assert verify_home(settings).findings == ()
    deliver(settings, place.folder, 40, 60)
    number_all(settings)
    assert sound(settings)


def test_a_home_moves_from_one_kind_to_the_other_byte_for_byte(
    place: Place, settings: Settings, request: pytest.FixtureRequest
) -> None:
    other = Place(place.folder, request.getfixturevalue("server") if place.server is None else None)
    backup_home(settings, place.folder / "b.tar")
    moved = other.home("moved")
    restore_home(moved, place.folder / "b.tar")
    assert dump(moved) == dump(settings)
    assert verify_home(moved).findings == ()


def test_somebody_forgotten_since_the_backup_is_nowhere_after_a_restore(place: Place, settings: Settings) -> None:
    _, name = somebody_alone()
    backup_home(settings, place.folder / "b.tar")
    with home_ledger(settings) as engine, reading(engine) as conn:
        (record,) = (
            each.id for each in live_records(conn, "patient") if each.payload["name"].casefold() == name.casefold()
        )
        number = number_of(conn, record)
    assert number is not None
    assert held(settings, name)
    forget_subject(settings, "patient", number, yes=True)
    assert not held(settings, name)
    report = restore_home(settings, place.folder / "b.tar", yes=True)
    assert report.forgotten == 1
    assert not held(settings, name)
    assert verify_home(settings).findings == ()
    path = next((settings.extracts_path / "simrs").iterdir())
    path.unlink()
    restore_home(settings, place.folder / "b.tar", yes=True)
    assert not held(settings, name)
    deliver(settings, place.folder, 0, 40)
    assert not held(settings, name)


def test_somebody_forgotten_in_another_ledger_is_nowhere_after_a_restore_over_it(
    place: Place, settings: Settings
) -> None:
    row, name = somebody_alone()
    backup_home(settings, place.folder / "b.tar")
    other = place.home("other")
    deliver(other, place.folder, row, row + 1)
    number_all(other)
    with home_ledger(other) as engine, reading(engine) as conn:
        number = number_of(conn, 1)
    assert number is not None
    forget_subject(other, "patient", number, yes=True)
    with home_ledger(other) as engine, reading(engine) as conn:
        looked = [json.loads(line) for line in all_accesses(conn)]
    with pytest.raises(Conflict, match="of another ledger"):
        restore_home(other, place.folder / "b.tar")
    assert list(other.home.glob("accesses*")) == []
    report = restore_home(other, place.folder / "b.tar", yes=True)
    assert report.forgotten == 1
    assert report.set_aside == "accesses.replaced-1.jsonl"
    aside = other.home / report.set_aside
    assert [json.loads(line) for line in aside.read_text("utf-8").splitlines()] == looked != []
    assert aside.stat().st_mode & 0o777 == 0o600
    assert not held(other, name)
    assert verify_home(other).findings == ()
    deliver(other, place.folder, 0, 40)
    assert not held(other, name)


def somebody_alone() -> tuple[int, str]:
    """The first patient whose name and NIK stand in no other row: which row, and the name."""
    heads, rows = sample()
    names, niks = ([row[heads.index(column)] for row in rows[:40]] for column in ("nama_pasien", "nik"))
    row = next(
        row for row, (name, nik) in enumerate(zip(names, niks, strict=True)) if alone(name, names) and alone(nik, niks)
    )
    return row, names[row]


def alone(text: str, among: list[str]) -> bool:
    return bool(text) and sum(text in other for other in among) == 1


def held(settings: Settings, name: str) -> bool:
    """Whether somebody's name stands in the ledger's rows, the workbench's rows or a kept extract."""
    extracts = [path.read_text("utf-8") for path in settings.extracts_path.rglob("*.csv")]
    with duckdb.connect(settings.workbench_path, read_only=True) as con:
        tables = [table for (table,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        rows = [repr(con.execute(f'FROM "{table}"').fetchall()) for table in tables]
    return any(name in text for text in [*extracts, *rows, *dump(settings)])
