from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mdi_engine.entities import Entity, Field
from mdi_engine.errors import InputRefused, ModelError
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench.contract import Column, Contract
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.readers.extract import inspect
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.staging import StagedFile, absent_keys, rows_without_key, stage

MAPPING = "SELECT row_id, null_placeholder(kode) AS source_key, null_placeholder(nama) AS name FROM raw"
CONTRACT = Contract(
    name="toko",
    title="Toko",
    entity=Entity("shop", (Field("source_key", ""), Field("name", ""))),
    full=True,
    key="kode",
    encoding="utf-8",
    layout=Layout(),
    max_withdrawn_share=0.1,
    columns={"kode": Column(meaning="", required=True, pattern=r"\d+"), "nama": Column(meaning="")},
    mapping=MAPPING,
    mapping_path=Path("toko/mapping.sql"),
    digest="",
)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_scratch(tmp_path / "spill") as connection:
        yield connection


def staged(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, *contents: str, contract: Contract = CONTRACT
) -> tuple[StagedFile, ...]:
    extracts = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.csv"
        path.write_text(content, encoding="utf-8", newline="")
        extracts.append(inspect(path, "utf-8"))
    return stage(con, contract, extracts, NORMALIZERS)


def set_aside(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    query = "SELECT file_no, file_row, column_name, value, reason FROM set_aside ORDER BY row_id, column_name"
    return con.execute(query).fetchall()


def mapped(mapping: str) -> Contract:
    return replace(CONTRACT, mapping=mapping)


def test_rows_are_mapped_and_counted_per_file(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    files = staged(con, tmp_path, "kode,nama\n1,A\n2, - \n", "nama,kode\nC,3\nfew\nD,x4\n")
    assert [(file.read, file.accepted, file.rejected) for file in files] == [(2, 2, 0), (3, 1, 2)]
    assert con.execute("SELECT * FROM staged ORDER BY row_id").fetchall() == [
        (1, "1", "A"),
        (2, "2", None),
        (3, "3", "C"),
        (5, "x4", "D"),
    ]
    assert set_aside(con) == [
        (1, 2, None, "few", "1 field where the header has 2"),
        (1, 3, "kode", "x4", r"does not match \d+"),
    ]


@pytest.mark.parametrize("missing", ["", " ", "-", "NULL", "(Tidak Tercatat)"])
def test_a_row_without_key_is_set_aside_with_its_raw_value(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, missing: str
) -> None:
    (file,) = staged(con, tmp_path, f"kode,nama\n{missing},A\n2,B\n{missing},C\n")
    assert (file.accepted, file.rejected) == (1, 2)
    assert set_aside(con) == [
        (0, 1, "kode", missing, "the key is missing"),
        (0, 3, "kode", missing, "the key is missing"),
    ]


def test_a_doubled_key_refuses_the_delivery_without_telling_the_key(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(InputRefused, match="2 values of the key kode in more than one row") as caught:
        staged(con, tmp_path, "kode,nama\n777,A\n888,B\n 777 ,C\n", "kode,nama\n1,D\n888,E\n")
    assert "0.csv row 1, 0.csv row 3; 0.csv row 2, 1.csv row 2." in caught.value.message
    assert "777" not in str(caught.value)
    assert caught.value.facts["doubled"] == 2


def test_a_full_delivery_without_rows_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="has a header and no row"):
        staged(con, tmp_path, "kode,nama\n")


def test_a_delta_may_be_without_rows(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (file,) = staged(con, tmp_path, "kode,nama\n", contract=replace(CONTRACT, full=False))
    assert file.read == 0


def test_rows_that_the_mapping_leaves_out_are_counted(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (file,) = staged(con, tmp_path, "kode,nama\n1,A\n2,B\n", contract=mapped(MAPPING + " WHERE nama <> 'A'"))
    assert (file.accepted, file.rejected) == (1, 1)
    assert set_aside(con) == [(0, 1, None, None, "left out by mapping.sql")]


@pytest.mark.parametrize(
    ("mapping", "faults"),
    [
        ("SELECT row_id, kode AS source_key, nam AS name FROM raw", ["nam"]),
        ("SELECT row_id, kode AS key FROM raw", ["source_key is missing", "name is missing", "key is not a field"]),
        ("SELECT row_id, kode AS source_key, length(nama) AS name FROM raw", ["name is BIGINT; canonical fields"]),
        ("SELECT kode AS row_id, kode AS source_key, nama AS name FROM raw", ["row_id must be the row_id of raw"]),
        ("SELECT 1::BIGINT AS row_id, '' AS source_key, '' AS name FROM range(3)", ["it reads no table"]),
        (MAPPING + ", set_aside", ["raw, set_aside", "Ambiguous"]),
        ("SELECT row_id, nothing_such(kode) AS source_key, nama AS name FROM raw", ["nothing_such"]),
        (MAPPING + " UNION ALL " + MAPPING, ["at most one row"]),
        ("SELECT row_id + 9 AS row_id, kode AS source_key, nama AS name FROM raw", ["at most one row"]),
    ],
)
def test_faults_of_a_mapping_are_told(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, mapping: str, faults: list[str]
) -> None:
    with pytest.raises(ModelError) as caught:
        staged(con, tmp_path, "kode,nama\n1,A\n", contract=mapped(mapping))
    assert any(fault in " ".join(caught.value.faults) for fault in faults)


def test_a_cast_that_fails_does_not_tell_the_value(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    mapping = "SELECT row_id, kode AS source_key, CAST(CAST(nama AS INTEGER) AS VARCHAR) AS name FROM raw"
    with pytest.raises(ModelError, match="TRY_CAST") as caught:
        staged(con, tmp_path, "kode,nama\n1,Siti\n", contract=mapped(mapping))
    assert "Siti" not in str(caught.value)


def test_a_rejected_row_still_names_its_key(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    staged(con, tmp_path, "kode,nama\n1,A\nx2,B\n")
    assert absent_keys(con, {"1", "x2", "4", "3"}) == ["3", "4"]
    assert rows_without_key(con) == 0


def test_rows_whose_key_cannot_be_read_are_counted_once(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    rows = 'kode,nama\n1,A\nfew\n2,"B" C\n-,D\nx2,E\n7,omit\n'
    staged(con, tmp_path, rows, contract=mapped(MAPPING + " WHERE nama IS DISTINCT FROM 'omit'"))
    assert rows_without_key(con) == 3


CODES = replace(CONTRACT, columns={"kode": Column(meaning="", required=True, code=True), "nama": Column(meaning="")})
IN_KEY = "the key holds a NIK, which would stand in every reference: make the key with fingerprint() in mapping.sql"


@pytest.mark.parametrize("before", ["", "RS1-", "'", "RM", "1234567890123456-", "35080550 ", "3508.0550.10-"])
@pytest.mark.parametrize(
    "number", ["3815104101900003", "3815 1041 0190 0003", "381510-410190-0003", "9900004101900003/2"]
)
def test_a_key_that_holds_a_nik_is_set_aside_and_the_reason_does_not_tell_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, before: str, number: str
) -> None:
    (file,) = staged(con, tmp_path, f"kode,nama\n1,A\n{before}{number},B\n2,C\n", contract=CODES)
    assert (file.accepted, file.rejected) == (2, 1)
    assert set_aside(con) == [(0, 2, "kode", before + number, IN_KEY)]
    assert rows_without_key(con) == 0


OTHERS = """3815104101900000 23815104101900003 35080550-00123456 3815104101900003f1ab 31.1.1.100.2.14.123456
35080550-1041-0190-0003 9999999999999999 1381-5104-1019-0000-3"""


@pytest.mark.parametrize("number", OTHERS.split())
def test_a_key_of_other_numbers_is_a_key(con: duckdb.DuckDBPyConnection, tmp_path: Path, number: str) -> None:
    (file,) = staged(con, tmp_path, f"kode,nama\n{number},A\n", contract=CODES)
    assert file.accepted == 1


def test_a_fingerprint_is_what_becomes_of_a_nik(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    contract = replace(CODES, mapping=MAPPING.replace("null_placeholder(kode)", "fingerprint(kode)"))
    (file,) = staged(con, tmp_path, "kode,nama\n3815104101900003,A\n", contract=contract)
    assert file.accepted == 1


EXPONENT = "written as a number with an exponent: its digits are lost"
DECIMAL = "written as a number with a decimal point: its digits may be lost; export this column as text"


@pytest.mark.parametrize(
    "code", ["3.2E+15", "3,2E+15", "9.27106E+15", "3.2e15", "'3.2E+15", " 3E+15 ", "-1.5E-3", "﻿3.2E+15"]
)
def test_a_code_written_with_an_exponent_is_set_aside(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, code: str
) -> None:
    (file,) = staged(con, tmp_path, f'kode,nama\n"{code}","{code}"\n2,B\n', contract=CODES)
    assert (file.accepted, file.rejected) == (1, 1)
    assert set_aside(con) == [(0, 1, "kode", code, EXPONENT)]


@pytest.mark.parametrize(
    "code", ["381510410190003.0", "3508055,0", "'81234567801.00", " +7.0 ", "-0.0", "12345678901234567890.000"]
)
def test_a_code_written_with_a_decimal_point_is_set_aside(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, code: str
) -> None:
    (file,) = staged(con, tmp_path, f'kode,nama\n"{code}","{code}"\n2,B\n', contract=CODES)
    assert (file.accepted, file.rejected) == (1, 1)
    assert set_aside(con) == [(0, 1, "kode", code, DECIMAL)]


@pytest.mark.parametrize("code", ["31.71", "1.0.0", ".0", "12.", "A.0", "1.05"])
def test_a_code_with_dots_is_a_code(con: duckdb.DuckDBPyConnection, tmp_path: Path, code: str) -> None:
    (file,) = staged(con, tmp_path, f"kode,nama\n{code},A\n", contract=CODES)
    assert file.accepted == 1


@pytest.mark.parametrize(
    "code", ["0101E003", "3E5", "'3.2", "31.1.1.100.2.14.123456", "E+15", "DKL9931519403A1", "3.2E+"]
)
def test_a_code_with_an_e_among_its_digits_is_a_code(con: duckdb.DuckDBPyConnection, tmp_path: Path, code: str) -> None:
    (file,) = staged(con, tmp_path, f"kode,nama\n{code},A\n", contract=CODES)
    assert file.accepted == 1


def test_a_key_that_lost_its_digits_cannot_be_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"kode": [9971060312000001.0, 7.0], "nama": ["A", "B"]}), path)
    contract = replace(CODES, layout=Layout("parquet"))
    (file,) = stage(con, contract, [inspect(path, "utf-8", format="parquet")], NORMALIZERS)
    assert (file.read, file.accepted) == (2, 1)
    reason = "a number of 16 digits lost its last digits in the file; export this column as text"
    assert (0, 1, "kode", "9971060312000000.0", reason) in set_aside(con)
    assert rows_without_key(con) == 1
    assert absent_keys(con, ["7", "9971060312000000"]) == ["9971060312000000"]
