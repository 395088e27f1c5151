"""What the columns of a table hold and what is wrong with them, computed by DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import open_scratch, quoted
from mdi_engine.workbench.functions import Normalizer, register
from mdi_engine.workbench.profiling.checks import column_findings
from mdi_engine.workbench.profiling.columns import ColumnProfile, column_profile, count_column, has_long_numbers
from mdi_engine.workbench.profiling.findings import Finding, by_severity, finding
from mdi_engine.workbench.profiling.rows import masks_of, row_findings
from mdi_engine.workbench.profiling.shapes import register_mask
from mdi_engine.workbench.readers.extract import Extract
from mdi_engine.workbench.readers.formats import Layout
from mdi_engine.workbench.readers.reader import read_chunks


@dataclass(frozen=True)
class Profile:
    """A source's newest delivery, or a file: how many rows were `read`; the `rows` among them that fit the header, and
    are profiled; how many were `rejected`, for not fitting the header, or the contract (these are profiled all the
    same); each column; and what is wrong, the gravest first.
    """

    target: str
    read: int
    rows: int
    rejected: int
    columns: tuple[ColumnProfile, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Asked:
    """What is to be profiled of one column: the name it is reported under, whether its values are kept to itself (or
    only if they turn out to hold long numbers, as a NIK, a card or a phone is one: `doubtful`), and the normalisers
    that say what is wrong with them.
    """

    name: str
    personal: bool = False
    doubtful: bool = False
    checks: tuple[str, ...] = ()


def profile_delivery(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    delivery: int,
    columns: Sequence[Asked],
    normalizers: Mapping[str, Normalizer],
    top: int = 5,
    each: Callable[[], None] = lambda: None,
) -> Profile:
    """Profile the raw rows of one landed delivery, by the columns of its contract. `each` is called after a column."""
    names = ", ".join(quoted(column.name) for column in columns)
    table = quoted("raw_" + contract.name)
    con.execute(f"CREATE TEMP TABLE profiled AS SELECT {names} FROM {table} WHERE delivery = ?", [delivery])  # noqa: S608
    ((read, rejected),) = con.execute("SELECT read, rejected FROM deliveries WHERE delivery = ?", [delivery]).fetchall()
    register(con, normalizers)
    return _profile(con, contract.name, read, rejected, {column.name: column for column in columns}, top, each)


@contextmanager
def scratch_table(
    extract: Extract, layout: Layout, names: Sequence[str]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, int]]:
    """A database in memory that holds the file's columns `names` for `profile_table`, and the number of rows that do
    not fit the header; gone when the block ends.
    """
    # Any text may be a header of a stranger's file; DuckDB sees the columns by number.
    columns, rejected = [f"c{number}" for number in range(len(names))], 0
    with TemporaryDirectory(prefix="mdi-") as spill, open_scratch(Path(spill)) as con:
        con.execute(f"CREATE TABLE profiled ({', '.join(f'{column} VARCHAR' for column in columns)})")
        for chunk in read_chunks(extract, layout, names, names):
            con.register("arrived", pa.table(chunk.table.columns[1:-1], names=columns))
            con.execute("INSERT INTO profiled SELECT * FROM arrived")
            con.unregister("arrived")
            rejected += chunk.read - chunk.table.num_rows
        yield con, rejected


def profile_table(
    con: duckdb.DuckDBPyConnection,
    target: str,
    rejected: int,
    asked: Sequence[Asked],
    normalizers: Mapping[str, Normalizer],
    top: int = 5,
    each: Callable[[], None] = lambda: None,
) -> Profile:
    """Profile the table that `scratch_table` made; `asked` says what to make of its columns, in their order."""
    register(con, normalizers)
    read = con.execute("SELECT count(*) FROM profiled").fetchall()[0][0] + rejected
    named = {f"c{number}": column for number, column in enumerate(asked)}
    return _profile(con, target, read, rejected, named, top, each)


def _profile(
    con: duckdb.DuckDBPyConnection,
    target: str,
    read: int,
    rejected: int,
    asked: Mapping[str, Asked],
    top: int,
    each: Callable[[], None],
) -> Profile:
    """`asked` says, by its name in the table `profiled`, what is asked of each column."""
    register_mask(con)
    rows = con.execute("SELECT count(*) FROM profiled").fetchall()[0][0]
    columns, masks, findings = [], [], []
    if rejected:
        findings.append(finding("rejected_rows", None, rejected, read))
    for at, of in asked.items():
        count_column(con, at)
        column = column_profile(con, of.name, rows, of.personal or (of.doubtful and has_long_numbers(con)), top)
        findings += column_findings(con, column, of.checks)
        masks.append(masks_of(con, at, column))
        columns.append(column)
        each()
    findings += row_findings(con, rows, list(asked), masks)
    return Profile(target, read, rows, rejected, tuple(columns), by_severity(findings))
