"""Statistics of a table's text columns, computed by DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import open_scratch, quoted
from mdi_engine.workbench.extract import Extract
from mdi_engine.workbench.functions import Normalizer, register
from mdi_engine.workbench.reader import read_chunks, read_names


@dataclass(frozen=True)
class ColumnProfile:
    """One column. `filled` + `placeholders` + `empty` = rows, `empty` being NULL; `completeness` = filled ÷ rows, 0 to
    1 (1 if there are no rows). `distinct`, `shortest`, `longest` (characters) and `top` (value, rows; most frequent
    first) are of filled values; `top` is None for a personal column, lengths are None if nothing is filled.
    """

    name: str
    filled: int
    placeholders: int
    empty: int
    completeness: float
    distinct: int
    shortest: int | None
    longest: int | None
    top: tuple[tuple[str, int], ...] | None


@dataclass(frozen=True)
class Profile:
    """A source's newest delivery, or a file: rows that could be read, `rejected` ones aside, and each column."""

    target: str
    rows: int
    rejected: int
    columns: tuple[ColumnProfile, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def profile_delivery(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    delivery: int,
    normalizers: Mapping[str, Normalizer],
    top: int = 5,
) -> Profile:
    """Profile the raw rows of one landed delivery; columns that the contract calls personal show no values."""
    register(con, normalizers)
    names = ", ".join(quoted(name) for name in contract.columns)
    table = quoted("raw_" + contract.name)
    con.execute(f"CREATE TEMP TABLE profiled AS SELECT {names} FROM {table} WHERE delivery = ?", [delivery])  # noqa: S608
    counted = con.execute("SELECT rejected FROM deliveries WHERE delivery = ?", [delivery]).fetchall()
    personal = {name for name, column in contract.columns.items() if column.personal}
    return _profile(con, contract.name, counted[0][0], {name: name for name in contract.columns}, personal, top)


def profile_extract(extract: Extract, separator: str, normalizers: Mapping[str, Normalizer], top: int = 5) -> Profile:
    """Profile a file as it stands, whatever its columns are. Rows that do not fit the header count as rejected."""
    names = read_names(extract, separator)
    # Any text may be a header of a stranger's file; DuckDB sees the columns by number.
    columns = [f"c{number}" for number in range(len(names))]
    rejected = 0
    with TemporaryDirectory(prefix="mdi-") as spill, open_scratch(Path(spill)) as con:
        register(con, normalizers)
        con.execute(f"CREATE TABLE profiled ({', '.join(f'{column} VARCHAR' for column in columns)})")
        for chunk in read_chunks(extract, separator, names, names):
            con.register("arrived", pa.table(chunk.table.columns[1:-1], names=columns))
            con.execute("INSERT INTO profiled SELECT * FROM arrived")
            con.unregister("arrived")
            rejected += len(chunk.faults)
        return _profile(con, extract.path.name, rejected, dict(zip(names, columns, strict=True)), (), top)


def _profile(
    con: duckdb.DuckDBPyConnection,
    target: str,
    rejected: int,
    columns: Mapping[str, str],
    personal: Collection[str],
    top: int,
) -> Profile:
    """`columns` gives the column of the table `profiled` by the name under which it is reported."""
    rows = con.execute("SELECT count(*) FROM profiled").fetchall()[0][0]
    profiles = (_column(con, name, at, rows, None if name in personal else top) for name, at in columns.items())
    return Profile(target, rows, rejected, tuple(profiles))


def _column(con: duckdb.DuckDBPyConnection, name: str, at: str, rows: int, top: int | None) -> ColumnProfile:
    """Values are counted first, so that each distinct one is asked once whether it is a placeholder."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE counted AS SELECT value, n, null_placeholder(value) IS NOT NULL AS filled "  # noqa: S608
        f"FROM (SELECT {quoted(at)} AS value, count(*) AS n FROM profiled GROUP BY value)"
    )
    filled, empty, distinct, shortest, longest = con.execute(
        "SELECT coalesce(sum(n) FILTER (filled), 0)::BIGINT, coalesce(sum(n) FILTER (value IS NULL), 0)::BIGINT, "
        "count(*) FILTER (filled), min(length(value)) FILTER (filled), max(length(value)) FILTER (filled) FROM counted"
    ).fetchall()[0]
    frequent = None
    if top is not None:
        query = "SELECT value, n FROM counted WHERE filled ORDER BY n DESC, value LIMIT ?"
        frequent = tuple((value, n) for value, n in con.execute(query, [top]).fetchall())
    completeness = filled / rows if rows else 1.0
    return ColumnProfile(
        name, filled, rows - filled - empty, empty, completeness, distinct, shortest, longest, frequent
    )
