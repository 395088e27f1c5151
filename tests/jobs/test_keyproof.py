"""`mdi verify` tells who could not be found again, and so would be created twice; once rebuilt, they are found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from crowd import person
from sqlalchemy import text

from mdi_engine.jobs.home import home_ledger, parameters_folder
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.rebuild import rebuild_home
from mdi_engine.jobs.register import LINKED, register
from mdi_engine.jobs.rights import correct
from mdi_engine.jobs.train import train_entity
from mdi_engine.jobs.verify import verify_home
from mdi_engine.ledger.store import writing
from mdi_engine.settings import Settings, shipped

DOUBLE = person(4, nik=True)


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A linked registry, with somebody registered since."""
    settings = Settings(home=tmp_path_factory.mktemp("keyproof") / "home")
    ingest(settings, "dukcapil", [shipped("samples") / "dukcapil" / "dukcapil.csv"])
    train_entity(settings, "patient")
    link_entity(settings, "patient")
    register(settings, "patient", "rs", "1", DOUBLE, actor="loket")
    return settings


@pytest.fixture
def home(linked: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(linked.home, tmp_path / "home")
    return Settings(home=tmp_path / "home")


def damage(settings: Settings, *statements: str) -> None:
    with home_ledger(settings) as engine, writing(engine) as conn:
        for statement in statements:
            assert conn.execute(text(statement)).rowcount > 0


def test_new_changed_and_corrected_records_may_wait_for_their_keys(home: Settings) -> None:
    number = register(home, "patient", "rs", "2", person(6, nik=False), actor="loket").number
    correct(home, "patient", number, {"name": "Sariningtyas"})
    ingest(home, "simrs", [shipped("samples") / "simrs" / "simrs_sumatera.csv"])
    assert verify_home(home).findings == ()
    train_entity(home, "patient")
    register(home, "patient", "rs", "3", person(8, nik=False), actor="loket")
    assert verify_home(home).findings == ()
    assert rebuild_home(home).keyed == 0


@pytest.mark.parametrize(
    "lost",
    [
        ["DELETE FROM match_keys WHERE record_id = (SELECT max(id) FROM source_records)"],
        ["UPDATE match_keys SET key = key + 1"],
        ["DELETE FROM match_keys", "DELETE FROM keyed_records"],
        ["DELETE FROM keyed_records WHERE record_id = 1", "DELETE FROM match_keys"],
    ],
    ids=["one", "altered", "all", "marked"],
)
def test_lost_keys_are_found_and_written_again(home: Settings, lost: list[str]) -> None:
    damage(home, *lost)
    (finding,) = verify_home(home).findings
    assert finding.check == "keys"
    assert "`mdi rebuild`" in finding.message
    assert rebuild_home(home).keyed > 0
    assert verify_home(home).findings == ()
    assert rebuild_home(home).keyed == 0
    assert register(home, "patient", "klinik", "9", DOUBLE, actor="loket").outcome == LINKED


def test_keys_without_parameters_cannot_be_proved(home: Settings) -> None:
    shutil.rmtree(parameters_folder(home, "patient", 1))
    (finding,) = verify_home(home).findings
    assert finding.check == "keys"
    assert "cannot be proved" in finding.message
    assert rebuild_home(home).keyed == 0
