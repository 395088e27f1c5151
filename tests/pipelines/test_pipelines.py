from __future__ import annotations

import os
from pathlib import Path

import duckdb
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mdi_engine.normalize.codes import hospital_code
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.normalize.text import null_placeholder
from mdi_engine.settings import shipped
from mdi_engine.workbench.contract import load_contract, sources
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.staging import stage

PIPELINES = [shipped("pipelines")]
REAL = Path(os.environ.get("MDI_REAL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "facilities"
LISTS = [("sirs", "rs_online_2021.csv", 2_925), ("pusdatin", "sirs_rs_2022.csv", 3_116)]

SIRS = """kode_rs,nama_rs,nama_prop,jenis_rs,kelas,pemilik,total_tt
9471020,RS Umum Daerah Melati II,PAPUA TENGAH,RSU,Belum Ditetapkan,Pemkab,-
3504089s,RS Lapangan,JAWA TIMUR,RSU,C,Pemprop,0
"""
PUSDATIN = """"kode_kab","kode_instansi","unit_kerja"
"9471","9471020","RSUD MELATI II"
"""


def canonical(con: duckdb.DuckDBPyConnection, folder: Path, source: str, content: str) -> list[dict[str, str | None]]:
    path = folder / "a.csv"
    path.write_text(content)
    stage(con, load_contract(PIPELINES, source), [inspect(path, "utf-8")], NORMALIZERS)
    rows: list[dict[str, str | None]] = (
        con.sql("SELECT * EXCLUDE row_id FROM staged ORDER BY row_id").to_arrow_table().to_pylist()
    )
    return rows


def test_every_folder_is_a_source_without_faults_and_with_a_page() -> None:
    folders = sorted(path.name for path in PIPELINES[0].iterdir() if path.is_dir())
    assert folders == list(sources(PIPELINES))
    for name in folders:
        assert load_contract(PIPELINES, name).columns
        page = (PIPELINES[0] / name / "README.md").read_text()
        assert all(f"`{column}`" in page for column in load_contract(PIPELINES, name).columns)


def test_sirs_becomes_canonical(tmp_path: Path) -> None:
    with open_scratch(tmp_path / "spill") as con:
        first, second = canonical(con, tmp_path, "sirs", SIRS)
    assert first == {
        "source_key": "9471020",
        "name": "RS Umum Daerah Melati II",
        "name_type": "rsud",
        "house": "rs",
        "name_core": "melati",
        "name_number": "2",
        "name_place": None,
        "province": "91",
        "kabkota": None,
        "kode": "9471020",
        "class": None,
        "owner": "Pemkab",
        "beds": None,
    }
    assert (second["source_key"], second["class"], second["beds"]) == ("3504089S", "C", "0")


codes = st.text(st.sampled_from("0123456789RrSs .-'xX\t\u00a0"), max_size=14) | st.builds(
    "{}{:07d}{}{}".format,
    st.sampled_from(["", "R", "r", " R-", "R.35"]),
    st.integers(0, 99_999_999),
    st.sampled_from(["", "s", "S", " s", "RS", "."]),
    st.sampled_from(["", " ", "\u200b", "'"]),
)


@given(code=codes)
@pytest.mark.parametrize(("source", "key"), [("sirs", "kode_rs"), ("pusdatin", "kode_instansi")])
def test_a_code_that_the_normaliser_folds_matches_the_pattern_and_no_other(source: str, key: str, code: str) -> None:
    cleaned = null_placeholder(code)
    assume(cleaned is not None)
    pattern = load_contract(PIPELINES, source).columns[key].pattern
    (matches,) = duckdb.execute("SELECT regexp_full_match(?, ?)", [cleaned, pattern]).fetchall()
    assert matches == (hospital_code(code) is not None,)


@pytest.mark.parametrize("code", ["3504089s", "R3508055", " 35-08.055\u00a0", "'3508055", "35080551S"])
def test_a_code_in_another_spelling_is_no_fault(tmp_path: Path, code: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(SIRS.replace("3504089s", code))
    with open_scratch(tmp_path / "spill") as con:
        (staged,) = stage(con, load_contract(PIPELINES, "sirs"), [inspect(path, "utf-8")], NORMALIZERS)
    assert (staged.accepted, staged.rejected) == (2, 0)


def test_pusdatin_becomes_canonical_and_compares_with_sirs(tmp_path: Path) -> None:
    with open_scratch(tmp_path / "spill") as con:
        (row,) = canonical(con, tmp_path, "pusdatin", PUSDATIN)
    assert row["source_key"] == row["kode"] == "9471020"
    assert (row["name_type"], row["name_core"], row["name_number"]) == ("rsud", "melati", "2")
    assert row["province"] == "91"
    assert row["class"] is row["owner"] is row["beds"] is None


@pytest.mark.real_data
@pytest.mark.skipif(not REAL.is_dir(), reason=f"the public lists are not at {REAL}; set MDI_REAL_DATA")
@pytest.mark.parametrize(("source", "file", "rows"), LISTS)
def test_the_real_lists_are_accepted_whole(tmp_path: Path, source: str, file: str, rows: int) -> None:
    contract = load_contract(PIPELINES, source)
    with open_scratch(tmp_path / "spill") as con:
        (staged,) = stage(con, contract, [inspect(REAL / file, contract.encoding)], NORMALIZERS)
        unplaced = con.execute("SELECT count(*) FROM staged WHERE province IS NULL OR name IS NULL").fetchall()
    assert (staged.accepted, staged.rejected) == (rows, 0)
    assert unplaced == [(0,)]
