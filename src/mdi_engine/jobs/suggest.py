"""Propose blocking rules for any files, with a model or without, or for an entity of the home."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mdi_engine.errors import InputRefused, NotFound, UsageError
from mdi_engine.jobs.dedupe import read_tables
from mdi_engine.jobs.home import entity_model, entity_named, home_ledger, newest, projected
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.tables import frame_tables, read_table, source_names, to_records
from mdi_engine.ledger.store import reading
from mdi_engine.linkage.candidates.suggest import Suggestion, suggest
from mdi_engine.linkage.models.model import ComparisonSpec, FieldSpec, Model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.settings import Settings
from mdi_engine.workbench.readers.formats import format_of
from mdi_engine.workbench.readers.reader import inspect_any, read_names

_DATE = r"^\d{4}-\d\d-\d\d$"
_LOOKED_AT = 10_000  # values of a column that its type is guessed from


def suggest_files(
    files: Sequence[Path],
    model: Model | None = None,
    *,
    budget: int | None = None,
    fields: Sequence[str] = (),
    encoding: str = "utf-8",
    separator: str = ",",
    progress: Progress = SILENT,
) -> Suggestion:
    """Rules for the files. Without a model every column is a field, its type guessed from its values.

    Raises `UsageError`, `ModelError`, `InputRefused`.
    """
    progress.stage("read")
    if model is None:
        model, tables = _guessed(files, encoding, separator)
    else:
        tables = read_tables(files, model, encoding=encoding, separator=separator)
    _check(model, fields)
    records = to_records(tables, model)
    progress.stage("count")
    return suggest(records, model, budget=budget, fields=fields)


def suggest_blocking(
    frames: Mapping[str, Any] | Any, model: Model, *, budget: int | None = None, fields: Sequence[str] = ()
) -> Suggestion:
    """Rules for tables in memory (as `mdi_engine.link` takes them); `toml()` gives them as a piece of a model file.

    `budget` in pairs, by default 50 a record; `fields` to block on beside those that the model looks at. The model may
    lack ways to candidates: `load_model(path, ways=False)`. Raises `UsageError`, `ModelError`, `InputRefused`.
    """
    _check(model, fields)
    return suggest(to_records(frame_tables(frames, model), model), model, budget=budget, fields=fields)


def suggest_entity(
    settings: Settings,
    entity: str,
    *,
    budget: int | None = None,
    fields: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Suggestion:
    """Rules for the live records of an entity, by what its newest training learned, if there was one.

    Raises `UsageError`, `NotFound`, `InputRefused`.
    """
    entity_named(entity)
    progress.stage("read")
    with home_ledger(settings) as engine, reading(engine) as conn:
        model = entity_model(settings, entity)
        _check(model, fields)
        data = projected(conn, entity, model)
        try:
            learned: Parameters | None = newest(settings, conn, entity)[1]
        except NotFound:
            learned = None
    progress.stage("count")
    return suggest(data.records, model, budget=budget, fields=fields, parameters=learned)


def _check(model: Model, fields: Sequence[str]) -> None:
    for field in fields:
        if field not in model.fields:
            known = ", ".join(model.fields)
            raise UsageError(f"--field {field}: there is no such field; there are {known}", hint="Name one of them.")


def _guessed(files: Sequence[Path], encoding: str, separator: str) -> tuple[Model, dict[str, pa.Table]]:
    """A model of all columns that every file has, and the files."""
    names = [_columns(path, encoding, separator) for path in files]
    shared = [name for name in names[0] if all(name in others for others in names)]
    if not shared:
        raise UsageError("the files have no column in common", hint="Give --model, which maps columns to fields.")
    tables = {
        source: read_table(path, shared, encoding=encoding, separator=separator)
        for source, path in zip(source_names(files), files, strict=True)
    }
    fields = {_field(name): _spec(name, list(tables.values())) for name in shared}
    compared = tuple(
        ComparisonSpec(field=name, levels=("same" if s.type == "tokens" else "exact",)) for name, s in fields.items()
    )
    return Model(name="guessed", fields=fields, comparisons=compared), tables


def _columns(path: Path, encoding: str, separator: str) -> tuple[str, ...]:
    """A file's column names. Raises `InputRefused` where the header seems to be a row: it could be a person's."""
    if format_of(path) == "parquet":
        try:
            names = tuple(pq.read_schema(path).names)
        except (pa.ArrowException, OSError) as error:
            raise InputRefused(
                f"{path}: not a readable Parquet file ({type(error).__name__})", path=str(path)
            ) from error
    else:
        names = read_names(*inspect_any(path, encoding, separator))
    if any(re.search(r"\d{5}|\d-\d", name) or not re.search(r"\w", name) for name in names):
        raise InputRefused(
            f"{path}: a column is named by a number, so the first line may be data and no header",
            hint="Add a header, or take out what stands above it.",
            path=str(path),
        )
    return names


def _field(column: str) -> str:
    """A column's name as a model may call a field."""
    return re.sub(r"\W+", "_", column.strip()) or "_"


def _spec(column: str, tables: Sequence[pa.Table]) -> FieldSpec:
    """What a column's values look like: dates, small numbers, codes (digits, mostly once), several words, or text."""
    parts = [chunk for table in tables for chunk in table.column(column).cast(pa.string()).chunks]
    values = pa.chunked_array(parts, type=pa.string()).drop_null()
    distinct = pc.unique(values)
    if not len(distinct):
        return FieldSpec(column=column)
    some = distinct.slice(0, _LOOKED_AT)
    if _share(pc.match_substring_regex(some, _DATE)) > 0.9:
        return FieldSpec(column=column, type="date")
    if _share(pc.match_substring_regex(some, r"^\d{1,4}$")) > 0.9:
        return FieldSpec(column=column, type="number")
    if len(distinct) > 0.3 * len(values) and _share(pc.match_substring_regex(some, r"\d{5}")) > 0.5:
        return FieldSpec(column=column, identifier=True)
    if _share(pc.match_substring_regex(some, r"\S\s+\S")) > 0.4:
        return FieldSpec(column=column, type="tokens")
    return FieldSpec(column=column)


def _share(hits: pa.Array) -> float:
    return float(pc.mean(hits).as_py() or 0.0)
