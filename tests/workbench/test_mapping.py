"""Rows mapped by a crew are the rows mapped here; what goes wrong in a worker is told, and never waited for."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mdi_engine.entities import Entity, Field
from mdi_engine.errors import MdiError, ModelError
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench import crew, mapping
from mdi_engine.workbench.contract import Column, Contract
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.functions import Normalizer, register
from mdi_engine.workbench.mapping import map_rows
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.rowwise import is_rowwise, most_read

TEXTS = ["", "a", "  A  b ", "-", "é\u0301", "🏥", "\x00", "'; DROP TABLE raw; --", "x" * 5_000, None, None, "e", "die"]
CONTRACT = Contract(
    name="toko",
    title="Toko",
    entity=Entity("shop", (Field("source_key", ""), Field("name", ""))),
    full=False,
    key="kode",
    encoding="utf-8",
    layout=Layout(),
    max_withdrawn_share=0.1,
    columns={"kode": Column(meaning="", required=True), "nama": Column(meaning="")},
    mapping="SELECT row_id, clean_text(kode) AS source_key, "
    "CASE WHEN row_id % 3 > 0 THEN shout(coalesce(nama, kode)) END AS name FROM raw WHERE row_id % 7 > 0",
    mapping_path=Path("toko/mapping.sql"),
    digest="",
)


def shout(text: str | None) -> str | None:
    return f"nothing, in {len(str(text))}" if text is None else text.upper()


def fail_on_e(text: str | None) -> str | None:
    if text == "e":
        raise ValueError("Siti")
    return text


def end_on_die(text: str | None) -> str | None:
    if text == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return text


@contextmanager
def scratch(folder: Path, loud: Normalizer, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """2,000 raw rows, with the query on them as `mapped`."""
    with open_scratch(folder / "spill") as connection:
        register(connection, {**NORMALIZERS, "shout": loud})
        connection.execute("CREATE TABLE raw (row_id BIGINT, file_no INT, kode VARCHAR, nama VARCHAR, other VARCHAR)")
        connection.execute("INSERT INTO raw SELECT i, 0, 'k' || i, NULL, NULL FROM range(1, 2001) r(i)")
        connection.execute("UPDATE raw SET nama = $texts[1 + row_id % len($texts)]", {"texts": TEXTS})
        connection.execute("CREATE TEMP VIEW mapped AS " + query)
        yield connection


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes of the crews of a test, which work on small pieces from the first row on."""
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def popen(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        processes.append(start(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(mapping, "CREW_ROWS", 1)
    monkeypatch.setattr(mapping, "_PIECE_ROWS", 150)
    return processes


def mapped(folder: Path, loud: Normalizer, contract: Contract = CONTRACT) -> list[Any]:
    steps: list[int] = []
    with scratch(folder, loud, contract.mapping) as con:
        map_rows(con, contract, {**NORMALIZERS, "shout": loud}, 2_000, steps.append)
        assert sum(steps) == 2_000
        return con.execute("FROM staged ORDER BY row_id").fetchall()


def test_a_crew_maps_as_this_process_does(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "_PIECE_BYTES", 40_000)  # pieces are halved, too
    rows = mapped(tmp_path, shout)
    assert [process.returncode for process in started] == [-signal.SIGKILL] * crew.cores()
    monkeypatch.setattr(mapping, "CREW_ROWS", 2_001)
    assert mapped(tmp_path, shout) == rows
    assert len(started) == crew.cores()
    assert len(rows) == 1_715
    assert {row[2] for row in rows} >= {None, "A", "🏥", "\x00", "K1595"}


@pytest.mark.parametrize("many", [True, False])
def test_a_normaliser_that_fails_is_a_fault_of_the_mapping_without_the_value(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    if not many:
        monkeypatch.setattr(mapping, "CREW_ROWS", 2_001)
    with pytest.raises(ModelError, match="InvalidInputException on a row of this delivery") as caught:
        mapped(tmp_path, fail_on_e)
    assert "Siti" not in str(caught.value)
    assert len(started) == (crew.cores() if many else 0)
    assert all(process.returncode is not None for process in started)


def test_a_worker_that_is_killed_is_told_and_not_waited_for(
    tmp_path: Path, started: list[subprocess.Popen[bytes]]
) -> None:
    with pytest.raises(MdiError, match=r"ended before its work was done .*-9") as caught:
        mapped(tmp_path, end_on_die)
    assert "nothing was half done" in str(caught.value.hint)
    assert all(process.returncode is not None for process in started)


def test_an_interruption_ends_the_crew(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with scratch(tmp_path, shout, CONTRACT.mapping) as con, pytest.raises(KeyboardInterrupt):
        map_rows(con, CONTRACT, {**NORMALIZERS, "shout": shout}, 2_000, interrupt)
    assert len(started) == crew.cores()
    assert all(process.returncode is not None for process in started)


def test_what_a_crew_cannot_do_is_done_here(tmp_path: Path, started: list[subprocess.Popen[bytes]]) -> None:
    """A function that has no name to find it by, and a mapping that looks at many rows."""
    assert len(mapped(tmp_path, lambda text: text)) == 1_715
    ordered = CONTRACT.mapping + " ORDER BY kode LIMIT 10"
    assert len(mapped(tmp_path, shout, replace(CONTRACT, mapping=ordered))) == 10
    assert not started


@pytest.mark.parametrize(
    ("query", "rowwise"),
    [
        ("SELECT row_id, shout(nama) FROM raw", True),
        ("WITH w AS (SELECT *, shout(nama) AS n FROM raw) SELECT row_id, upper(n) FROM w WHERE n <> 'X'", True),
        ("SELECT row_id, array_to_string(list_distinct(string_split(nama, ' ')), ';') FROM raw", True),
        ("SELECT row_id, x FROM (SELECT row_id, unnest(string_split(nama, ' ')) AS x FROM raw)", True),
        ("SELECT row_id, list_transform([nama], lambda x: shout(x))[1] FROM raw", True),
        ("SELECT row_id, row_number() OVER () FROM raw", False),
        ("SELECT row_id, lag(nama) OVER (ORDER BY row_id) FROM raw", False),
        ("SELECT row_id, nama FROM raw QUALIFY row_number() OVER (PARTITION BY nama) = 1", False),
        ("SELECT row_id, nama FROM raw LIMIT 1000000", False),
        ("SELECT row_id, nama FROM raw USING SAMPLE 100%", False),
        ("SELECT DISTINCT row_id, nama FROM raw", False),
        ("SELECT any_value(row_id), nama FROM raw GROUP BY nama", False),
        ("SELECT max(row_id), max(nama) FROM raw", False),
        ("SELECT row_id, (SELECT max(nama) FROM raw) FROM raw", False),
        ("SELECT row_id, nama FROM raw WHERE nama IN (SELECT kode FROM raw)", False),
        ("SELECT row_id, n FROM raw, (SELECT count(*)::VARCHAR AS n FROM raw)", False),
        ("SELECT row_id, nama FROM raw UNION ALL SELECT row_id, kode FROM raw", False),
        ("SELECT row_id, rowid::VARCHAR FROM raw", False),
    ],
)
def test_a_mapping_of_one_row_at_a_time_is_told_from_others(tmp_path: Path, query: str, rowwise: bool) -> None:
    with scratch(tmp_path, shout, query) as con:
        assert is_rowwise(con, query) is rowwise


def test_the_column_that_most_functions_read(tmp_path: Path) -> None:
    columns, functions = ("kode", "nama"), {"shout", "clean_text"}
    with scratch(tmp_path, shout, CONTRACT.mapping) as con:
        assert most_read(con, CONTRACT.mapping, functions, columns) == "kode"
        thrice = "SELECT clean_text(NAMA), shout(raw.nama), shout(kode) FROM raw"
        assert most_read(con, thrice, functions, columns) == "nama"
        assert most_read(con, "SELECT upper(nama) FROM raw", functions, columns) is None
