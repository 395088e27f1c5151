from __future__ import annotations

from pathlib import Path

import pytest

from mdi_engine.errors import InputRefused, NotFound, UsageError
from mdi_engine.jobs.ingest import ingest
from mdi_engine.jobs.profile import profile
from mdi_engine.settings import Settings
from mdi_engine.workbench.profile import ColumnProfile

FILE = """kode_kab,kode_instansi,unit_kerja
3171,3171001,RS A
3171,3171002,-
3172,3171003,RS Panjang Namanya
,3171004,RS A
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    path.write_text(FILE)
    return path


NAMES = ColumnProfile(
    name="unit_kerja",
    filled=3,
    placeholders=1,
    empty=0,
    completeness=0.75,
    distinct=2,
    shortest=4,
    longest=18,
    top=(("RS A", 2), ("RS Panjang Namanya", 1)),
)


def test_a_file_needs_no_contract(settings: Settings, file: Path) -> None:
    found = profile(settings, str(file))
    assert (found.rows, found.rejected, found.columns[2]) == (4, 0, NAMES)
    assert not settings.home.exists()


def test_a_source_is_its_newest_delivery(settings: Settings, file: Path) -> None:
    ingest(settings, "pusdatin", [file])
    assert profile(settings, "pusdatin").columns[2] == NAMES
    file.write_text(FILE.replace("RS A", "RS B").replace("\n,3171004", "\n3172,3171004") + "9999,few\n")
    ingest(settings, "pusdatin", [file])
    found = profile(settings, "pusdatin")
    assert (found.rows, found.rejected) == (4, 1)
    assert found.columns[2].top == (("RS B", 2), ("RS Panjang Namanya", 1))


def test_a_personal_column_shows_no_values(settings: Settings, file: Path) -> None:
    folder = settings.home / "pipelines" / "pusdatin"
    folder.mkdir(parents=True)
    for name in ("source.toml", "mapping.sql"):
        text = (Path(__file__).parents[2] / "pipelines" / "pusdatin" / name).read_text()
        (folder / name).write_text(text.replace("[columns.unit_kerja]", "[columns.unit_kerja]\npersonal = true"))
    ingest(settings, "pusdatin", [file])
    found = profile(settings, "pusdatin")
    assert found.columns[2].top is None
    assert found.columns[2].distinct == 2
    assert "RS A" not in str(found.to_dict())


@pytest.mark.parametrize("header", ["kode\n", 'file_row,other,"a""b",A,a\n'])
def test_any_header_will_do(settings: Settings, file: Path, header: str) -> None:
    file.write_text(header)
    found = profile(settings, str(file))
    assert found.rows == 0
    assert {column.completeness for column in found.columns} == {1.0}


def test_encoding_and_separator_of_a_file_can_be_stated(settings: Settings, file: Path) -> None:
    file.write_bytes("nama;kota\nÉmilie;Palu\n".encode("cp1252"))
    found = profile(settings, str(file), encoding="cp1252", separator=";")
    assert found.columns[0].top == (("Émilie", 1),)
    with pytest.raises(InputRefused, match="is not utf-8"):
        profile(settings, str(file))


def test_encoding_and_separator_that_are_none_are_usage(settings: Settings, file: Path) -> None:
    with pytest.raises(UsageError, match="no encoding 'utf-16x'"):
        profile(settings, str(file), encoding="utf-16x")
    with pytest.raises(UsageError, match="the separator ';;'"):
        profile(settings, str(file), separator=";;")


def test_neither_source_nor_file(settings: Settings) -> None:
    with pytest.raises(NotFound, match=r"neither a source \(pusdatin, sirs\) nor a file"):
        profile(settings, "absent.csv")
    with pytest.raises(NotFound, match="nothing was ingested yet"):
        profile(settings, "sirs")
    assert not settings.home.exists()
