"""What mapping.sql makes of the raw rows of a delivery: here, or, where there are many, by a crew on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from mdi_engine.errors import ModelError
from mdi_engine.workbench import crew
from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import gathered, quoted
from mdi_engine.workbench.functions import Normalizer
from mdi_engine.workbench.rowwise import is_rowwise, most_read

# From so many rows on, a crew saves more than the second that it takes to come.
CREW_ROWS = 20_000
_PIECE_ROWS = 16_384
_PIECE_BYTES = 64 << 20


def map_rows(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    normalizers: Mapping[str, Normalizer],
    read: int,
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Fill `staged` with what the view `mapped` gives of `raw`, whose rows are numbered up to `read`. The `normalizers`
    are functions of `con` already.

    Raises ModelError if a value does not fit, or if the rows of `mapped` are not the rows of `raw`.
    """
    fields = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in contract.entity.field_names)
    rows = f"SELECT row_id, {fields} FROM mapped"  # noqa: S608
    try:
        con.execute(f"CREATE TEMP TABLE staged AS {rows} LIMIT 0")
        places = crew.places(normalizers) if read >= CREW_ROWS and is_rowwise(con, contract.mapping) else None
        if places is None:
            con.execute(f"INSERT INTO staged {rows}")
            advance(read)
        else:
            order = {"mapping": contract.mapping, "rows": rows, "functions": places}
            _map_by_crew(con, order, most_read(con, contract.mapping, places, contract.columns), advance)
    except (duckdb.Error, RuntimeError) as error:
        if "KeyboardInterrupt" in str(error):  # somebody pressed Ctrl-C inside a normaliser: DuckDB wraps it
            raise KeyboardInterrupt from None
        if not isinstance(error, duckdb.DataError | duckdb.ProgrammingError):
            raise
        raise _does_not_fit(contract, type(error).__name__) from None
    except crew.MappingFailedError as error:
        raise _does_not_fit(contract, str(error)) from None
    _refuse_other_rows(con, contract)


def _map_by_crew(
    con: duckdb.DuckDBPyConnection, order: Mapping[str, object], first: str | None, advance: Callable[[int], None]
) -> None:
    """Equal values of the column `first` meet in one piece: they are normalised once, and with them what else the rows
    of one person have in common.
    """
    sorting = f" ORDER BY {quoted(first)}" if first else ""
    con.execute(f"CREATE TEMP TABLE sorted AS FROM raw{sorting}")
    schema = con.sql("FROM sorted LIMIT 0").to_arrow_table().schema
    spill = con.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    with crew.crew(schema, order, Path(spill)) as workers:
        answers = (pa.Table.from_batches([answer]) for answer in workers.mapped(_pieces(con, advance)))
        for table in gathered(answers):
            con.register("answer", table)
            con.execute("INSERT INTO staged FROM answer")
            con.unregister("answer")
    con.execute("DROP TABLE sorted")


def _pieces(con: duckdb.DuckDBPyConnection, advance: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
    rows = con.execute("SELECT count(*) FROM sorted").fetchall()[0][0]
    for start in range(0, rows, _PIECE_ROWS):
        piece = {"first": start, "last": start + _PIECE_ROWS - 1}
        table = con.sql("FROM sorted WHERE rowid BETWEEN $first AND $last", params=piece).to_arrow_table()
        for batch in table.combine_chunks().to_batches():
            yield from _halved(batch)
        advance(table.num_rows)


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in parts of bearable size: a row may hold megabytes."""
    half = batch.num_rows // 2
    if batch.nbytes <= _PIECE_BYTES or not half:
        yield batch
        return
    yield from _halved(batch.slice(0, half))
    yield from _halved(batch.slice(half))


def _does_not_fit(contract: Contract, kind: str) -> ModelError:
    """DuckDB's own text quotes the value, which may be a person's: only the kind of the error is told."""
    return ModelError(
        str(contract.mapping_path), [f"{kind} on a row of this delivery; write TRY_CAST where a value may not fit"]
    )


def _refuse_other_rows(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    rows = con.execute(
        "SELECT count(*), count(DISTINCT row_id), count(*) FILTER (row_id NOT IN (SELECT row_id FROM raw)) FROM staged"
    ).fetchall()[0]
    if rows[0] != rows[1] or rows[2]:
        raise ModelError(str(contract.mapping_path), ["one row of raw must give at most one row, with its own row_id"])
