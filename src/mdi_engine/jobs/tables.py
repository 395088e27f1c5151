"""Any tables as records: files or frames in, a model's fields out, each distinct value normalised once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mdi_engine.errors import InputRefused, ModelError, UsageError
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench.readers.formats import SUFFIXES, format_of
from mdi_engine.workbench.readers.reader import inspect_any, read_chunks, read_names


def read_table(path: Path, columns: Sequence[str], *, encoding: str = "utf-8", separator: str = ",") -> pa.Table:
    """The named columns of a file of any format: of Parquet as typed, of others as text, of a workbook the first sheet;
    columns the file lacks are left out.

    Raises `UsageError` for an encoding or separator that is none, `InputRefused` if the file cannot be read as a
    whole: a row that is not a row would shift record numbers.
    """
    if format_of(path) == "parquet":
        return _read_parquet(path, columns)
    extract, layout = inspect_any(path, encoding, separator)
    wanted = [name for name in read_names(extract, layout, columns) if name in columns]
    tables = []
    for chunk in read_chunks(extract, layout, wanted, ()):
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
    """What each file is called as a source: its stem (`source_name`). Raises `UsageError` if two are alike."""
    names = [source_name(path) for path in paths]
    if len(set(names)) < len(names):
        raise UsageError(
            f"two files share a name: {', '.join(sorted(names))}; a source is called by its file's stem",
            hint="Rename one of them.",
        )
    return names


def source_name(path: Path) -> str:
    """The file's name without `.gz` and without the suffix of its form; other dots belong to the name.

    >>> [source_name(Path(name)) for name in ("in/list.2021.csv", "LIST.CSV.GZ", "list.parquet", "list.old")]
    ['list.2021', 'LIST', 'list', 'list.old']
    """
    inner = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return inner.stem if inner.suffix.lower() in SUFFIXES else inner.name


def columns_of(model: Model, source: str) -> list[str]:
    """The columns a model reads from a source, each once."""
    found = (field.column_in(source) for field in model.fields.values())
    return list(dict.fromkeys(name for name in found if name is not None))


def to_records(tables: Mapping[str, pa.Table], model: Model) -> Records:
    """Encode the tables (by source name) as the model's fields.

    Raises `ModelError` if a field's column or normaliser is not there, `UsageError` if a column holds what is no text
    (lists), `InputRefused` if a key is missing or doubled, or a column of floats is to be text.
    """
    _check(tables, model)
    sources = [source for source, table in tables.items() for _ in range(table.num_rows)]
    columns = {}
    for name, field in model.fields.items():
        floats = field.type == "number" and not field.identifier and name != model.key
        parts = [_column(source, table, field.column_in(source), floats) for source, table in tables.items()]
        texts = pa.chunked_array([chunk for part in parts for chunk in part.chunks], type=pa.string())
        columns[name] = encode(texts, NORMALIZERS[field.normalize] if field.normalize else None)
    keys = _keys(columns[model.key].text, sources, model.key) if model.key else None
    return build(sources, keys, columns, sorted(model.used_fields()))


def _column(source: str, table: pa.Table, name: str | None, floats: bool) -> Any:
    """A column as text; `floats` says whether it may hold floating-point numbers, which change what digits they had."""
    if name is None:
        return pa.chunked_array([pa.nulls(table.num_rows, pa.string())])
    column = table.column(name)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_floating(kind) and not floats and column.null_count < len(column):
        raise InputRefused(
            f"{source}: the column {name!r} holds floating-point numbers ({kind}); a code of 16 digits loses some so.",
            hint='Read the column as text (pandas: dtype=str), or give its field type = "number" if it is a quantity.',
            source=source,
            column=name,
        )
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        # Its text may quote the value.
        raise UsageError(
            f"{source}: the column {name!r} holds {kind}, which is not text; accepted are text, numbers and dates.",
            hint="Turn it into text, one value in a row, before linking.",
            source=source,
            column=name,
        ) from None


def _check(tables: Mapping[str, pa.Table], model: Model) -> None:
    faults = []
    for name, field in model.fields.items():
        if field.normalize is not None and field.normalize not in NORMALIZERS:
            known = ", ".join(sorted(NORMALIZERS))
            faults.append(f"field {name!r}: normaliser {field.normalize!r} is not one of {known}")
        for source, table in tables.items():
            column = field.column_in(source)
            if column is not None and column not in table.column_names:
                known = _known(table, columns_of(model, source))
                faults.append(f"field {name!r}: {source} has no column {column!r}; {known}")
        if isinstance(field.column, dict) and not set(field.column) & set(tables):
            faults.append(f"field {name!r} is mapped for {', '.join(field.column)}, none of which was given")
    for source in tables:
        if not columns_of(model, source):
            mapped = sorted(
                {name for field in model.fields.values() if isinstance(field.column, dict) for name in field.column}
            )
            faults.append(
                f"{source} is named by no field, so all its rows would be left out; mapped are {', '.join(mapped)}"
            )
    if faults:
        raise ModelError(f"model {model.name}", faults)


def _known(table: pa.Table, wanted: Sequence[str]) -> str:
    """What may be said of column names: where a header was missing, they are a person's row."""
    held = [name for name in wanted if name in table.column_names]
    if held:
        return f"of the model's columns it has {', '.join(held)}"
    return "it has none of the model's columns, so its first line may be data and no header"


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


def frame_tables(frames: Mapping[str, Any] | Any, model: Model) -> dict[str, pa.Table]:
    """Tables by source name, as Arrow: from pandas, Polars, Arrow, DuckDB (a relation), or anything with an Arrow
    stream; a list of dictionaries; the path of a file, of which the columns are read that the model uses.

    One table alone is called `table`, one file alone by its stem. Raises `UsageError` for what is no table.
    """
    if isinstance(frames, str | Path):
        frames = {source_name(Path(frames)): frames}
    named = frames if isinstance(frames, Mapping) else {"table": frames}
    return {name: _table(frame, columns_of(model, name)) for name, frame in named.items()}


def _table(frame: Any, columns: Sequence[str]) -> pa.Table:
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, str | Path):
        return read_table(Path(frame), columns)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    if isinstance(frame, list) and frame and all(isinstance(row, Mapping) for row in frame):
        return pa.table({name: _cells(frame, name) for name in dict.fromkeys(name for row in frame for name in row)})
    raise UsageError(
        f"a {type(frame).__module__}.{type(frame).__name__} is not a table that can be read",
        hint="Give a pandas, Polars, Arrow or DuckDB table, a list of dictionaries, the path of a file, or a "
        "dictionary of them by source name. Of a lazy one, what it collects.",
    )


def _cells(rows: Sequence[Mapping[str, Any]], name: str) -> Any:
    """One column of a list of dictionaries; what a row lacks is NULL."""
    try:
        return pa.array([row.get(name) for row in rows])
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        # Its text may quote the value.
        raise UsageError(
            f"the column {name!r} holds values of several types",
            hint="Turn them into text before linking.",
            column=name,
        ) from None
