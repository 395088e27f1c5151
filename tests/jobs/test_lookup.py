"""A look-up by what somebody knows: which master it belongs to, judged as a link job judges a record."""

from __future__ import annotations

import csv

import pytest

from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.link import link_entity
from mdi_engine.jobs.lookup import lookup
from mdi_engine.jobs.train import train_entity
from mdi_engine.settings import Settings, shipped

SIRS = shipped("samples") / "sirs" / "sirs_2021.csv"
PUSDATIN = shipped("samples") / "pusdatin" / "pusdatin_2022.csv"


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("lookup") / "home")
    ingest(settings, "sirs", [SIRS])
    ingest(settings, "pusdatin", [PUSDATIN])
    train_entity(settings, "facility")
    link_entity(settings, "facility")
    return settings


def rows() -> list[dict[str, str]]:
    with SIRS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_a_row_says_belongs_to_the_master_of_that_row(linked: Settings) -> None:
    told = []
    for row in rows()[:40]:
        asked = {"name": row["nama_rs"], "province": row["nama_prop"], "kode": row["kode_rs"]}
        report = lookup(linked, "facility", asked, limit=3)
        numbers = [match.number for match in report.matches]
        if report.belongs.standing is not None:
            assert report.belongs.standing in numbers
            assert report.belongs.weight is not None
            told.append(report.belongs.standing == numbers[0])
    assert len(told) > 20
    assert all(told)


def test_the_number_of_matches_shown_does_not_change_what_is_judged(linked: Settings) -> None:
    row = rows()[0]
    asked = {"name": row["nama_rs"], "province": row["nama_prop"]}
    one, many = (lookup(linked, "facility", asked, limit=limit) for limit in (1, 50))
    assert one.belongs == many.belongs
    assert one.matches == many.matches[:1]


def test_what_is_like_nothing_belongs_to_nothing(linked: Settings) -> None:
    report = lookup(linked, "facility", {"name": "zzqqxx"})
    assert (report.matches, report.belongs.standing, report.belongs.weight) == ((), None, None)


def test_a_word_that_many_names_hold_names_none_of_them(linked: Settings) -> None:
    report = lookup(linked, "facility", {"name": "RSUD"})
    assert report.belongs.standing is None
