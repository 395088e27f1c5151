from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.errors import Locked, MdiError
from mdi_engine.workbench import database
from mdi_engine.workbench.database import gathered, open_scratch, open_workbench, quoted

OPEN_IT = """
import sys
from pathlib import Path
from mdi_engine.workbench.database import open_workbench
try:
    with open_workbench(Path(sys.argv[1])): pass
except Exception as error:
    print(type(error).__name__, error.facts["pid"])
"""


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20))
@settings(deadline=None)
def test_any_name_is_safe_as_an_identifier(name: str) -> None:
    with duckdb.connect() as con:
        con.execute(f"CREATE TABLE t ({quoted(name)} VARCHAR)")
        assert con.execute("DESCRIBE t").fetchall()[0][0] == name


def test_a_second_process_is_told_who_holds_the_workbench(tmp_path: Path) -> None:
    path = tmp_path / "workbench.duckdb"
    with open_workbench(path):
        told = subprocess.run([sys.executable, "-c", OPEN_IT, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [Locked.__name__, str(os.getpid())]


def test_a_file_that_is_no_workbench_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "workbench.duckdb"
    path.write_bytes(b"something else" * 1_000)
    with pytest.raises(MdiError, match="cannot be opened as a workbench"), open_workbench(path):
        pass
    assert path.read_bytes() == b"something else" * 1_000


def test_a_workbench_born_in_a_failed_block_goes_again(tmp_path: Path) -> None:
    path = tmp_path / "workbench.duckdb"
    with pytest.raises(ZeroDivisionError), open_workbench(path) as con:
        1 / len(con.execute("CREATE TABLE t (a VARCHAR)").fetchall())
    assert not list(tmp_path.iterdir())


def test_an_error_of_the_store_is_told_without_the_value(tmp_path: Path) -> None:
    with (
        pytest.raises(MdiError, match="cannot be used: ConversionException") as caught,
        open_workbench(tmp_path / "w") as con,
    ):
        con.execute("SELECT CAST('Siti' AS INTEGER)")
    assert "Siti" not in str(caught.value)


def test_a_workbench_from_before_outlives_a_failed_block(tmp_path: Path) -> None:
    path = tmp_path / "workbench.duckdb"
    with open_workbench(path) as con:
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(ZeroDivisionError), open_workbench(path):
        raise ZeroDivisionError
    with open_workbench(path) as con:
        assert con.execute("SELECT a FROM t").fetchall() == [(1,)]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{folder}/a.csv')",
        "COPY (SELECT 1) TO '{folder}/b.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_sql_cannot_leave_the_database(tmp_path: Path, statement: str) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    with open_scratch(tmp_path / "spill") as con, pytest.raises(duckdb.Error):
        con.execute(statement.format(folder=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_sql_cannot_read_python_variables(tmp_path: Path) -> None:
    import pyarrow as pa

    secret = pa.table({"a": ["x"]})
    with open_scratch(tmp_path / "spill") as con, pytest.raises(duckdb.CatalogException):
        con.execute("SELECT * FROM secret")
    assert secret.num_rows == 1


@given(st.lists(st.integers(0, 25), max_size=12), st.integers(20, 400))
def test_rows_are_gathered_into_whole_groups(sizes: list[int], limit: int) -> None:
    tables = [pa.table({"a": pa.array(range(100 * n, 100 * n + size), pa.int64())}) for n, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_GROUP_ROWS", 10)
        found = list(gathered(tables))
        patch.setattr(database, "_GROUP_BYTES", limit)
        bounded = list(gathered(tables))
    rows = [row for table in tables for row in table.to_pylist()]
    assert [row for table in found for row in table.to_pylist()] == rows
    assert [row for table in bounded for row in table.to_pylist()] == rows
    assert all(table.num_rows % 10 == 0 for table in found[:-1])
    assert all(table.num_rows for table in found)
    assert all(table.nbytes <= limit + 2 * 25 * 8 for table in bounded)


def test_no_bar_is_drawn_among_the_data(tmp_path: Path) -> None:
    with open_scratch(tmp_path) as con:
        assert con.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
