"""What happens between the steps of a job: others write, train, hold the workbench, or the job ends half way."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import Conflict, InputRefused, Locked
from mdi_engine.jobs import keys as keys_job
from mdi_engine.jobs import link as link_job
from mdi_engine.jobs import train as train_job
from mdi_engine.jobs.demo import demo
from mdi_engine.jobs.home import holds, home_ledger, parameters_folder
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.lookup import lookup
from mdi_engine.jobs.merging import merge, unmerge
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.records import append_versions, record_id
from mdi_engine.ledger.schema import match_keys, parameters
from mdi_engine.ledger.store import reading, writing
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.training.train import train
from mdi_engine.settings import Settings

# Steps of a run, by the function that begins them, and the job that calls it.
STEPS = ["missing_records", "record_keys", "surroundings", "apply_clusters"]
JOBS: dict[str, Any] = dict.fromkeys(("surroundings", "apply_clusters"), link_job)

HOLD_IT = """
import sys
from pathlib import Path
from mdi_engine.workbench.database import open_workbench
with open_workbench(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home after the demo; tests change copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("linked") / "home")
    demo(settings, entities=["facility"])
    return settings


@pytest.fixture
def copy(linked: Settings, tmp_path: Path) -> Settings:
    """The same home, to be changed."""
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def arrive(settings: Settings, key: str, name: str) -> None:
    """A record comes straight into the ledger, as from a process that needs no workbench."""
    payload = dict(ENTITIES["facility"].canonical({"name": name, "province": "Aceh", "kode": key}))
    payload.pop("source_key", None)
    info = DeliveryInfo("delta", (DeliveredFile("late.csv", hashlib.sha256((key + name).encode()).hexdigest()),))
    with home_ledger(settings) as engine, writing(engine) as conn:
        append_versions(conn, entity="facility", source="sirs", delivery=info, rows=[(key, payload)])


def found(settings: Settings, name: str) -> dict[str, str | None]:
    """Records that a look-up by name gives, with their numbers."""
    return {m.record: m.number for m in lookup(settings, "facility", {"name": name, "province": "Aceh"}).matches}


def keys_of(settings: Settings, key: str) -> int:
    """How many match keys a record of sirs has."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        record = record_id(conn, "facility", "sirs", key)
        return conn.execute(select(func.count()).where(match_keys.c.record_id == record)).scalar_one()


def before(job: Any, name: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `act` happen once, just before the job calls its function `name`."""
    original, acts = getattr(job, name), [act]

    def hooked(*args: Any, **named: Any) -> Any:
        if acts:
            acts.pop()()
        return original(*args, **named)

    monkeypatch.setattr(job, name, hooked)


def event_now(settings: Settings) -> int:
    with home_ledger(settings) as engine, reading(engine) as conn:
        return head(conn)


@pytest.mark.parametrize(("step", "full"), [*((step, False) for step in STEPS), ("record_keys", True)])
def test_a_record_that_arrives_during_a_link_is_found_after_the_next(
    copy: Settings, monkeypatch: pytest.MonkeyPatch, step: str, full: bool
) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    late = partial(arrive, copy, "7000002", "RSU Kenanga Wiraguna")
    before(JOBS.get(step, keys_job), step, late, monkeypatch)
    link_entity(copy, "facility", full=full)
    assert "sirs:7000001" in found(copy, "RSUD Melati Qadarsyah")
    if step != "apply_clusters":
        assert found(copy, "RSU Kenanga Wiraguna")["sirs:7000002"] is not None
    link_entity(copy, "facility")
    assert found(copy, "RSU Kenanga Wiraguna")["sirs:7000002"] is not None


@pytest.mark.parametrize(
    ("step", "full"),
    [*((step, False) for step in STEPS), ("missing_records", True), ("mark_keyed_before", True)],
)
def test_a_record_that_changes_during_a_link_is_found_by_what_it_says_now(
    copy: Settings, monkeypatch: pytest.MonkeyPatch, step: str, full: bool
) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    change = partial(arrive, copy, "7000001", "RSU Kenanga Wiraguna")
    if step == "mark_keyed_before":
        _after_the_first_writing(change, monkeypatch)
    else:
        before(JOBS.get(step, keys_job), step, change, monkeypatch)
    link_entity(copy, "facility", full=full)
    assert "sirs:7000001" not in found(copy, "RSUD Melati Qadarsyah")
    link_entity(copy, "facility")
    assert "sirs:7000001" in found(copy, "RSU Kenanga Wiraguna")
    assert "sirs:7000001" not in found(copy, "RSUD Melati Qadarsyah")


def _after_the_first_writing(act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `act` happen once, when the first chunk of keys is committed and the marking has not begun."""
    original, acts = keys_job.parts, [act]

    def parts(rows: Any, size: int) -> Iterator[Any]:
        yield from original(rows, size)
        if acts:
            acts.pop()()

    monkeypatch.setattr(keys_job, "parts", parts)


@pytest.mark.parametrize("act", ["merge", "unmerge"])
def test_what_a_steward_decides_while_a_link_applies_holds(
    copy: Settings, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    together: dict[str, list[int]] = {}
    with home_ledger(copy) as engine, reading(engine) as conn:
        for record, number in sorted(read_state(conn, "facility").memberships.items()):
            together.setdefault(number, []).append(record)
    alone = sorted(number for number, records in together.items() if len(records) == 1)[:2]
    several = min(number for number, records in together.items() if len(records) > 1)
    records = [*together[alone[0]], *together[alone[1]]] if act == "merge" else together[several]

    def decide() -> None:
        if act == "merge":
            merge(copy, "facility", *alone, yes=True)
        else:
            unmerge(copy, "facility", several, yes=True)

    before(link_job, "apply_clusters", decide, monkeypatch)
    report = link_entity(copy, "facility", full=True)
    with home_ledger(copy) as engine, reading(engine) as conn:
        assert len({number_of(conn, record) for record in records}) == (1 if act == "merge" else len(records))
    assert report.churn == 0
    was = event_now(copy)
    assert not link_entity(copy, "facility").full
    assert link_entity(copy, "facility", full=True).events_written == 0
    assert event_now(copy) == was
    assert verify_home(copy).findings == ()


def test_a_newer_training_during_a_link_is_the_one_in_force(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    before(link_job, "score", lambda: train_entity(copy, "facility"), monkeypatch)
    assert link_entity(copy, "facility", full=True).version == 2


def test_a_newer_training_during_a_short_link_is_for_the_next(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    before(link_job, "surroundings", lambda: train_entity(copy, "facility"), monkeypatch)
    short, later = link_entity(copy, "facility"), link_entity(copy, "facility")
    assert [(run.version, run.full) for run in (short, later)] == [(1, False), (2, True)]


def test_keys_of_versions_no_longer_in_force_are_dropped(copy: Settings) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    train_entity(copy, "facility")
    link_entity(copy, "facility")
    with home_ledger(copy) as engine, reading(engine) as conn:
        assert set(conn.execute(select(match_keys.c.parameters_version)).scalars()) == {2}
    assert "sirs:7000001" in found(copy, "RSUD Melati Qadarsyah")


def test_a_link_that_cannot_have_the_workbench_writes_nothing(copy: Settings) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    was = event_now(copy)
    held = [sys.executable, "-c", HOLD_IT, str(copy.workbench_path)]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Locked) as caught:
            link_entity(copy, "facility")
        holder.communicate()
    assert caught.value.facts["pid"] == holder.pid
    assert event_now(copy) == was
    assert verify_home(copy).waiting == {"facility": 1}
    assert link_entity(copy, "facility").new == 1


def test_records_that_wait_for_a_number_are_each_a_match(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    arrive(copy, "7000002", "RSUD Melati Qadarsyah")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(link_job, "apply_clusters", killed)
    with pytest.raises(KeyboardInterrupt):
        link_entity(copy, "facility")
    numbers = found(copy, "RSUD Melati Qadarsyah")
    assert (numbers["sirs:7000001"], numbers["sirs:7000002"]) == (None, None)


def test_two_trainings_at_once_leave_every_version_readable(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")

    def overtaken(*args: Any, **named: Any) -> Parameters:
        """What was read is trained on; before it is recorded, another training on newer records is."""
        learned = train(*args, **named)
        monkeypatch.setattr(train_job, "train", train)
        arrive(copy, "7000002", "RSU Kenanga Wiraguna")
        assert train_entity(copy, "facility").version == 2
        return learned

    monkeypatch.setattr(train_job, "train", overtaken)
    report = train_entity(copy, "facility")
    assert (report.version, report.new) == (3, True)
    with home_ledger(copy) as engine, reading(engine) as conn:
        versions = conn.execute(select(parameters.c.version, parameters.c.digest)).all()
    assert [holds(parameters_folder(copy, "facility", version), digest) for version, digest in versions] == [True] * 3
    assert link_entity(copy, "facility").version == 3


def test_recorded_parameters_are_on_the_disk(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = parameters_folder(copy, "facility", 1)
    shutil.rmtree(folder)
    synced, fsync = set(), os.fsync

    def watched(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    train_entity(copy, "facility")
    assert {path.stat().st_ino for path in (*folder.iterdir(), folder, folder.parent)} <= synced


def test_a_training_that_is_not_recorded_leaves_no_files(copy: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")

    def refused(*_: object) -> None:
        raise Conflict("somebody else was faster")

    monkeypatch.setattr(train_job, "record_parameters", refused)
    with pytest.raises(Conflict):
        train_entity(copy, "facility")
    assert [path.name for path in (copy.parameters_path / "facility").iterdir()] == ["0001"]


def test_files_left_by_a_training_that_was_cut_off_are_replaced(copy: Settings) -> None:
    shutil.copytree(parameters_folder(copy, "facility", 1), parameters_folder(copy, "facility", 2))
    arrive(copy, "7000001", "RSUD Melati Qadarsyah")
    assert train_entity(copy, "facility").version == 2
    assert link_entity(copy, "facility").version == 2


@pytest.mark.parametrize("damage", ["lost", "cut", "other"])
def test_training_again_repairs_lost_and_damaged_parameters(copy: Settings, damage: str) -> None:
    folder = parameters_folder(copy, "facility", 1)
    numbers = folder / "parameters.toml"
    if damage == "lost":
        shutil.rmtree(folder)
    elif damage == "cut":
        (folder / "frequencies.parquet").write_bytes(b"PAR1")
    else:
        numbers.write_text(numbers.read_text().replace("prior = -", "prior = -1", 1))
    with pytest.raises(InputRefused):
        link_entity(copy, "facility")
    repaired = train_entity(copy, "facility")
    assert (repaired.version, repaired.new) == (1, False)
    assert link_entity(copy, "facility").churn == 0
