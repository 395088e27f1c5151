"""One delivery on trial: its rows in temporary tables, mapped and judged, before anything lasting is touched.

Temporary tables live in memory and spill beside the workbench, so a refused delivery leaves no trace in its file.

    raw         row_id, file_no, file_row, <columns of the contract>, other      verbatim text
    staged      row_id, <canonical fields>                                       what mapping.sql makes of raw
    set_aside   row_id, file_no, file_row, column_name, value, reason            one row per fault
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mdi_engine.errors import InputRefused, ModelError, counted
from mdi_engine.workbench.contract import Contract
from mdi_engine.workbench.database import gathered, quoted
from mdi_engine.workbench.functions import Normalizer, register
from mdi_engine.workbench.mapping import map_rows
from mdi_engine.workbench.readers.chunks import Fault
from mdi_engine.workbench.readers.extract import Extract
from mdi_engine.workbench.readers.reader import read_chunks

_REJECTS = "row_id BIGINT, file_no INTEGER, file_row BIGINT, column_name VARCHAR, value VARCHAR, reason VARCHAR"
_LEFT_OUT = "left out by mapping.sql"
# As spreadsheets (3.2E+15, with a comma in Indonesia), Python (3.2e+15) and Java (3.2E15) write it; a sign or a
# fraction tells it from a code with an E among its digits. 381510410190003.0 is what pandas makes of a column of whole
# numbers in which one is missing.
_NUMBER = r"[\s\p{Z}\p{C}'’]*[+-]?\d+([.,](0+|\d+[Ee][+-]?\d+)|[Ee][+-]\d+)[\s\p{Z}\p{C}]*"
_EXPONENT_REASON = "written as a number with an exponent: its digits are lost"
_DECIMAL_REASON = "written as a number with a decimal point: its digits may be lost; export this column as text"
# A number of 16 digits and no more, bare or in groups; and what is matched before, so that it is not taken for one: the
# hexadecimal digits of a fingerprint.
_GROUPS = r"\d{4}([ .\-]\d{4}){3}|\d{6}[ .\-]\d{6}[ .\-]\d{4}"
_SIXTEEN = rf"\d{{16}}|{_GROUPS}"
_NUMBERS = rf"[0-9a-f]{{20}}|{_GROUPS}|\d+"
_NIK_REASON = (
    "the key holds a NIK, which would stand in every reference: make the key with fingerprint() in mapping.sql"
)
# What cleaning leaves as it is, so that most values need not go through Python to be matched.
_CLEAN = "[!-~]+( [!-~]+)*"


@dataclass(frozen=True)
class StagedFile:
    """Counts of one file: read = accepted + rejected + forgotten (see `barred`)."""

    extract: Extract
    read: int
    rejected: int
    forgotten: int = 0

    @property
    def accepted(self) -> int:
        """Rows that became canonical rows."""
        return self.read - self.rejected - self.forgotten


def stage(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    extracts: Sequence[Extract],
    normalizers: Mapping[str, Normalizer],
    advance: Callable[[int], None] = lambda _: None,
    normalising: Callable[[int], None] = lambda _: None,
) -> tuple[StagedFile, ...]:
    """Read, map and judge the files as one delivery into the temporary tables of `con`.

    `advance` gets rows read; then `normalising` gets the number of them all, and `advance` rows mapped.

    Raises ModelError if mapping.sql does not work, InputRefused if a file or the delivery as a whole cannot be taken.
    """
    register(con, normalizers)
    _make_tables(con, contract)
    read = _load(con, contract, extracts, advance)
    normalising(sum(read))
    _reject_numbers(con, contract)
    _reject_patterns(con, contract)
    map_rows(con, contract, normalizers, sum(read), advance)
    _reject_unmapped(con, contract)
    _reject_niks(con, contract)
    _refuse_doubled(con, contract, extracts)
    counted = con.execute("SELECT file_no, count(DISTINCT row_id) FROM set_aside GROUP BY file_no").fetchall()
    rejected = dict(counted)
    return tuple(StagedFile(extract, read[n], rejected.get(n, 0)) for n, extract in enumerate(extracts))


def absent_keys(con: duckdb.DuckDBPyConnection, known: Iterable[str]) -> list[str]:
    """Those of the `known` keys that the staged delivery does not name, sorted; a rejected row still names its key."""
    present = {key for (key,) in con.execute("SELECT source_key FROM staged").fetchall()}
    return sorted(set(known) - present)


def rows_without_key(con: duckdb.DuckDBPyConnection) -> int:
    """Rows set aside whose key nobody can read, so that it counts as absent. Rows that the mapping leaves out are not
    among them: that they are absent is its decision.
    """
    rows = con.execute(
        "SELECT count(DISTINCT row_id) FROM set_aside WHERE reason <> $left_out AND row_id NOT IN "
        "(SELECT row_id FROM staged WHERE source_key IS NOT NULL)",
        {"left_out": _LEFT_OUT},
    ).fetchall()
    return int(rows[0][0])


def _make_tables(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    columns = ", ".join(f"{quoted(name)} VARCHAR" for name in contract.columns)
    con.execute(f"CREATE TEMP TABLE raw (row_id BIGINT, file_no INTEGER, file_row BIGINT, {columns}, other VARCHAR)")
    con.execute(f"CREATE TEMP TABLE set_aside ({_REJECTS})")
    try:
        con.execute("CREATE TEMP VIEW mapped AS " + contract.mapping)
        described = con.execute("DESCRIBE mapped").fetchall()
        read = con.get_table_names(contract.mapping)
    except duckdb.Error as error:
        # The table is empty still, so DuckDB's text quotes the query and no value.
        raise ModelError(str(contract.mapping_path), [str(error)]) from error
    faults = _shape_faults(contract, [(row[0], row[1]) for row in described])
    if read != {"raw"}:
        faults.append(f"it reads {', '.join(sorted(read)) or 'no table'}; accepted is raw alone")
    if faults:
        raise ModelError(str(contract.mapping_path), faults)


def _shape_faults(contract: Contract, found: Sequence[tuple[str, str]]) -> list[str]:
    wanted = ("row_id", *contract.entity.field_names)
    types = dict(found)
    faults = [f"column {name} is missing; a mapping gives {', '.join(wanted)}" for name in wanted if name not in types]
    faults += [f"column {name} is not a field of {contract.entity.name}" for name in types if name not in wanted]
    # A bare NULL has DuckDB's own type for it, shown as INTEGER in views of older versions.
    faults += [
        f"column {name} is {kind}; canonical fields are text: write CAST({name} AS VARCHAR)"
        for name, kind in found
        if name in wanted[1:] and kind not in ("VARCHAR", '"NULL"', "NULL", "INTEGER")
    ]
    if types.get("row_id", "BIGINT") != "BIGINT":
        faults.append("column row_id must be the row_id of raw, unchanged")
    return faults


def _load(
    con: duckdb.DuckDBPyConnection, contract: Contract, extracts: Sequence[Extract], advance: Callable[[int], None]
) -> list[int]:
    """Land the files one after the other, row_id counting through all of them. Returns the rows read of each."""
    required = [name for name, column in contract.columns.items() if column.required]
    codes = [name for name, column in contract.columns.items() if column.code]
    read = [0] * len(extracts)

    def tables() -> Iterator[pa.Table]:
        for number, extract in enumerate(extracts):
            before = sum(read)
            for chunk in read_chunks(extract, contract.layout, list(contract.columns), required, codes):
                _add_rejects(con, number, before, chunk.faults)
                read[number] += chunk.read
                advance(chunk.read)
                yield _numbered(chunk.table, number, before)
            if contract.full and not read[number]:
                raise _no_rows(extract)

    for table in gathered(tables()):
        con.register("arrived", table)
        con.execute("INSERT INTO raw FROM arrived")
        con.unregister("arrived")
    return read


def _numbered(table: pa.Table, number: int, before: int) -> pa.Table:
    numbers = pa.repeat(pa.scalar(number, pa.int32()), table.num_rows)
    rows = pc.add(table.column("file_row"), before)
    return table.add_column(0, "file_no", numbers).add_column(0, "row_id", rows)


def _add_rejects(con: duckdb.DuckDBPyConnection, number: int, before: int, faults: Sequence[Fault]) -> None:
    if not faults:
        return
    rows = pa.table(
        {
            "row_id": pa.array([before + fault.row for fault in faults], pa.int64()),
            "file_no": pa.array([number] * len(faults), pa.int32()),
            "file_row": pa.array([fault.row for fault in faults], pa.int64()),
            "column_name": pa.array([fault.column for fault in faults], pa.string()),
            "value": pa.array([fault.value for fault in faults], pa.string()),
            "reason": pa.array([fault.reason for fault in faults], pa.string()),
        }
    )
    con.register("faults", rows)
    con.execute("INSERT INTO set_aside SELECT * FROM faults")
    con.unregister("faults")


def _reject_numbers(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Codes that some program took for numbers. 3.2E+15 says 3.2 × 10^15, and no longer whose it is; 3815.0 lost its
    leading zeros, if it had any, and without its point it would be another code.
    """
    for name, column in contract.columns.items():
        if column.code:
            con.execute(
                "INSERT INTO set_aside SELECT row_id, file_no, file_row, $name, value, "  # noqa: S608
                "if(regexp_matches(value, '[Ee]'), $exponent, $decimal) FROM "
                f"(SELECT row_id, file_no, file_row, {quoted(name)} AS value FROM raw) "
                "WHERE regexp_full_match(value, $number)",
                {"name": name, "exponent": _EXPONENT_REASON, "decimal": _DECIMAL_REASON, "number": _NUMBER},
            )


def _reject_patterns(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Values that are there and, cleaned, do not match: the normalisers read the cleaned value too. NULL is spared."""
    for name, column in contract.columns.items():
        if column.pattern is not None:
            con.execute(
                "INSERT INTO set_aside SELECT row_id, file_no, file_row, $name, value, $reason FROM "  # noqa: S608
                f"(SELECT row_id, file_no, file_row, {quoted(name)} AS value FROM raw) "
                "WHERE CASE WHEN regexp_full_match(value, $clean) AND regexp_full_match(value, $pattern) THEN false "
                "ELSE NOT regexp_full_match(null_placeholder(value), $pattern) END",
                {
                    "name": name,
                    "reason": f"does not match {column.pattern}",
                    "pattern": column.pattern,
                    "clean": _CLEAN,
                },
            )


def _reject_unmapped(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    con.execute(
        "INSERT INTO set_aside SELECT row_id, file_no, file_row, $key, value, 'the key is missing' FROM "  # noqa: S608
        f"(SELECT raw.row_id, file_no, file_row, raw.{quoted(contract.key)} AS value FROM raw "
        "JOIN staged ON staged.row_id = raw.row_id WHERE staged.source_key IS NULL) "
        "WHERE row_id NOT IN (SELECT row_id FROM set_aside WHERE column_name = $key)",
        {"key": contract.key},
    )
    con.execute(
        "INSERT INTO set_aside SELECT row_id, file_no, file_row, NULL, NULL, $left_out FROM raw "
        "WHERE row_id NOT IN (SELECT row_id FROM staged)",
        {"left_out": _LEFT_OUT},
    )


def _reject_niks(con: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Keys stand in references, on screens and in files, and a NIK may not. By chance one number of 16 digits in
    fifteen has the form of one; whoever has such a key is told what to do.
    """
    con.execute(
        "INSERT INTO set_aside WITH suspect AS (SELECT DISTINCT source_key FROM staged "  # noqa: S608
        "WHERE length(source_key) >= 16 AND regexp_matches(source_key, $sixteen)), "
        "numbered AS (SELECT source_key, unnest(regexp_extract_all(source_key, $numbers)) AS number FROM suspect), "
        "found AS (SELECT source_key FROM numbered WHERE nik(number) IS NOT NULL) "
        f"SELECT row_id, file_no, file_row, $key, {quoted(contract.key)}, $reason FROM raw "
        "WHERE row_id IN (SELECT row_id FROM staged WHERE source_key IN (FROM found))",
        {"key": contract.key, "reason": _NIK_REASON, "sixteen": _SIXTEEN, "numbers": _NUMBERS},
    )


def _refuse_doubled(con: duckdb.DuckDBPyConnection, contract: Contract, extracts: Sequence[Extract]) -> None:
    doubled = con.execute(
        "WITH doubled AS (SELECT source_key FROM staged GROUP BY source_key HAVING count(*) > 1) "
        "SELECT count(*) OVER (), places FROM (SELECT list([file_no, file_row] ORDER BY raw.row_id) AS places "
        "FROM doubled JOIN staged USING (source_key) JOIN raw USING (row_id) GROUP BY source_key) "
        "ORDER BY places LIMIT 3"
    ).fetchall()
    if not doubled:
        return
    places = [", ".join(f"{extracts[file].path.name} row {row}" for file, row in places[:4]) for _, places in doubled]
    raise InputRefused(
        f"{contract.name}: {counted(doubled[0][0], 'value')} of the key {contract.key} in more than one row: "
        + "; ".join(places)
        + (" …" if doubled[0][0] > len(doubled) else "."),
        hint="One delivery names each key once. Ask the source which row holds, or remove the others.",
        source=contract.name,
        column=contract.key,
        doubled=doubled[0][0],
    )


def _no_rows(extract: Extract) -> InputRefused:
    return InputRefused(
        f"{extract.path}: has a header and no row; a full delivery without rows would withdraw everything.",
        hint="Ask the source for the extract again.",
        path=str(extract.path),
    )
