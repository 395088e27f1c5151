"""Any tables as records: files or frames in, a model's fields out, each distinct value normalised once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mdi_engine.errors import InputRefused, ModelError, UsageError
from mdi_engine.linkage.model import Model
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench.extract import inspect
from mdi_engine.workbench.reader import read_chunks, read_names

_PARQUET = b"PAR1"


def read_table(path: Path, columns: Sequence[str], *, encoding: str = "utf-8", separator: str = ",") -> pa.Table:
    """The named columns of a CSV (also gzip) or Parquet file, as text; columns the file lacks are left out.

    Raises `InputRefused` if the file cannot be read as a whole: a row that is not a row would shift record numbers.
    """
    if path.is_file() and path.stat().st_size > 4:
        with path.open("rb") as file:
            if file.read(4) == _PARQUET:
                return _read_parquet(path, columns)
    extract = inspect(path, encoding)
    wanted = [name for name in read_names(extract, separator) if name in columns]
    tables = []
    for chunk in read_chunks(extract, separator, wanted, ()):
        if chunk.faults:
            fault = chunk.faults[0]
            raise InputRefused(
                f"{path}: data row {fault.row}: {fault.reason}",
                hint="Mend the row, or take it out: rows are numbered, so none may be passed over.",
                path=str(path),
                row=fault.row,
            )
        tables.append(chunk.table.select(wanted))
    return pa.concat_tables(tables) if tables else pa.table({name: pa.array([], pa.string()) for name in wanted})


def _read_parquet(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        held = set(pq.read_schema(path).names)
        return pq.read_table(path, columns=[name for name in columns if name in held])
    except (pa.ArrowException, OSError) as error:
        raise InputRefused(f"{path}: not a readable Parquet file ({type(error).__name__})", path=str(path)) from error


def source_names(paths: Sequence[Path]) -> list[str]:
    """What each file is called as a source: its name up to the first dot. Raises `UsageError` if two are alike."""
    names = [path.name.split(".", 1)[0] for path in paths]
    if len(set(names)) < len(names):
        raise UsageError(
            f"two files share a name: {', '.join(sorted(names))}; a source is called by its file's stem",
            hint="Rename one of them.",
        )
    return names


def columns_of(model: Model, source: str) -> list[str]:
    """The columns a model reads from a source, each once."""
    found = (field.column_in(source) for field in model.fields.values())
    return list(dict.fromkeys(name for name in found if name is not None))


def to_records(tables: Mapping[str, pa.Table], model: Model) -> Records:
    """Encode the tables (by source name) as the model's fields.

    Raises `ModelError` if a field's column or normaliser is not there, `InputRefused` if a key is missing or doubled.
    """
    _check(tables, model)
    sources = [source for source, table in tables.items() for _ in range(table.num_rows)]
    columns = {}
    for name, field in model.fields.items():
        parts = [_column(table, field.column_in(source)) for source, table in tables.items()]
        texts = pa.chunked_array([chunk for part in parts for chunk in part.chunks], type=pa.string())
        columns[name] = encode(texts, NORMALIZERS[field.normalize] if field.normalize else None)
    keys = _keys(columns[model.key].text, sources, model.key) if model.key else None
    return build(sources, keys, columns, sorted(model.used_fields()))


def _column(table: pa.Table, name: str | None) -> Any:
    if name is None:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    return table.column(name).cast(pa.string())


def _check(tables: Mapping[str, pa.Table], model: Model) -> None:
    faults = []
    for name, field in model.fields.items():
        if field.normalize is not None and field.normalize not in NORMALIZERS:
            known = ", ".join(sorted(NORMALIZERS))
            faults.append(f"field {name!r}: normaliser {field.normalize!r} is not one of {known}")
        for source, table in tables.items():
            column = field.column_in(source)
            if column is not None and column not in table.column_names:
                faults.append(f"field {name!r}: {source} has no column {column!r}; it has {_names(table)}")
        if isinstance(field.column, dict) and not set(field.column) & set(tables):
            faults.append(f"field {name!r} is mapped for {', '.join(field.column)}, none of which was given")
    if faults:
        raise ModelError(f"model {model.name}", faults)


def _names(table: pa.Table) -> str:
    return ", ".join(table.column_names) or "none of the model's columns"


def _keys(text: Any, sources: Sequence[str], field: str) -> list[str]:
    seen: set[tuple[str, str]] = set()
    keys = []
    for row, source in enumerate(sources):
        key = text(row)
        if key is None or (source, key) in seen:
            fault = "has no key" if key is None else "has a key that another row of its file has"
            raise InputRefused(
                f"{source}: row {row + 1} of all rows {fault} (field {field!r})",
                hint="A key names one row. Leave `key` out of the model to number the rows instead.",
                field=field,
                row=row + 1,
            )
        seen.add((source, key))
        keys.append(key)
    return keys


def frame_tables(frames: Mapping[str, Any] | Any) -> dict[str, pa.Table]:
    """Frames as Arrow tables by source name: pandas, Polars, Arrow, or anything with an Arrow stream."""
    named = frames if isinstance(frames, Mapping) else {"table": frames}
    return {name: frame if isinstance(frame, pa.Table) else _arrow(frame) for name, frame in named.items()}


def _arrow(frame: Any) -> pa.Table:
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    raise UsageError(
        f"a {type(frame).__module__}.{type(frame).__name__} is not a table that can be read",
        hint="Give a pandas, Polars or Arrow table, or a dictionary of them by source name.",
    )
