"""Link any tables, no home needed: read, train, score, cluster, and say how good it is where the truth is known."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.jobs.linked import Linked
from mdi_engine.jobs.output import check_output, write_table
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.tables import columns_of, frame_tables, read_table, source_names, to_records
from mdi_engine.linkage.candidates.blocking import covers, prepare
from mdi_engine.linkage.candidates.counts import thinned
from mdi_engine.linkage.candidates.plan import Plan, plan
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.evaluate import evaluate, true_pairs
from mdi_engine.linkage.models.model import FieldSpec, Model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.train import train as learn
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import score

_TRAINED_ON = 2_000  # rows, where only the speed is wanted


@dataclass
class _Clock:
    """Seconds per stage, told to whoever watches."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        self.progress.stage(name, total)
        begin = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begin


def dedupe(
    files: Sequence[Path],
    model: Model,
    *,
    truth: str | None = None,
    output: Path | None = None,
    encoding: str = "utf-8",
    separator: str = ",",
    progress: Progress = SILENT,
) -> Linked:
    """Link the rows of one or several files and write `output` (.parquet, .csv or .jsonl) with their clusters.

    `truth` is a field of the model that no rule and no comparison uses; NULL there is an entity of its own.
    Raises `UsageError`, `ModelError`, `InputRefused`; then nothing is written.
    """
    check_truth(model, truth)
    check_output(output)
    check_apart(output, files)
    clock = _Clock(progress)
    with clock.stage("read"):
        tables = read_tables(files, model, encoding=encoding, separator=separator)
    linked = _link(tables, model, truth, clock)
    if output is not None:
        with clock.stage("write"):
            write_table(linked.clusters_table(), output)
    return linked


def read_tables(
    files: Sequence[Path], model: Model, *, encoding: str = "utf-8", separator: str = ","
) -> dict[str, pa.Table]:
    """The files' columns that the model uses, by source name."""
    return {
        source: read_table(path, columns_of(model, source), encoding=encoding, separator=separator)
        for source, path in zip(source_names(files), files, strict=True)
    }


def train(frames: Mapping[str, Any] | Any, model: Model) -> Parameters:
    """Learn from tables in memory (as `link` takes them), without labels, what each agreement and disagreement says."""
    return learn(to_records(frame_tables(frames, model), model), model)


def link(
    frames: Mapping[str, Any] | Any,
    model: Model | None = None,
    *,
    parameters: Parameters | None = None,
    truth: str | None = None,
) -> Linked:
    """Link tables in memory: one table, or a dictionary of them by source name.

    A table is one of pandas, Polars or Arrow, a DuckDB relation, a list of dictionaries, or the path of a file. Trains
    on the tables themselves, without labels, unless `parameters` (from `train`) bring what was learned, and the model.
    `truth` as in `dedupe`. Values are compared as text: give dates as YYYY-MM-DD and identifiers as text.
    """
    if parameters is not None:
        model = parameters.model
    if model is None:
        raise UsageError("neither a model nor parameters were given", hint="load_model reads a model file.")
    check_truth(model, truth)
    return _link(frame_tables(frames, model), model, truth, _Clock(SILENT), parameters)


def plan_files(
    files: Sequence[Path], model: Model, *, encoding: str = "utf-8", separator: str = ","
) -> tuple[Records, Plan]:
    """What linking the files would cost, before any pair is made.

    Files have no stored training: what is found is assumed, and a training on a few of their rows tells the speed.
    """
    records = to_records(read_tables(files, model, encoding=encoding, separator=separator), model)
    try:
        timing: Parameters | None = learn(thinned(records, _TRAINED_ON)[0], model)
    except InputRefused:  # so few rows, and no pair among them
        timing = None
    return records, plan(records, model, timing=timing)


def _link(
    tables: Mapping[str, pa.Table],
    model: Model,
    truth: str | None,
    clock: _Clock,
    parameters: Parameters | None = None,
) -> Linked:
    with clock.stage("encode"):
        records = to_records(tables, model)
    if parameters is None:
        with clock.stage("train"):
            parameters = learn(records, model)
    with clock.stage("score"):
        edges = score(records, parameters, note=clock.progress.advance)
    with clock.stage("cluster"):
        clusters = cluster(records, edges, parameters)
    if truth is None:
        return Linked(records, parameters, edges, clusters, clock.seconds)
    with clock.stage("evaluate"):
        labels = records.columns[truth].codes.astype(np.int64)
        evaluation = evaluate(clusters.label, labels)
        recall = candidate_recall(records, parameters, labels)
    return Linked(records, parameters, edges, clusters, clock.seconds, evaluation, recall, truth)


def candidate_recall(records: Records, parameters: Parameters, truth: Ints) -> float | None:
    """Share of true pairs that some way covers, over all rows of all sources; None if there is no true pair."""
    left, right = true_pairs(truth)
    if not len(left):
        return None
    ways = prepare(records, parameters.model, parameters.blocking)
    hit = np.zeros(len(left), dtype=bool)
    for way in range(ways.count):
        hit |= covers(ways, way, left, right)
    if parameters.model.pairs == "between":
        hit &= records.source[left] != records.source[right]
    return float(hit.mean())


def check_apart(output: Path | None, files: Sequence[Path]) -> None:
    """Raise `UsageError` if `output` is one of the files to be read: the only copy of a list would be gone."""
    if output is None or not output.exists():
        return
    for path in files:
        if path.exists() and path.samefile(output):
            raise UsageError(f"output {output} is one of the files to be read", hint="Give it another name.")


def check_truth(model: Model, truth: str | None) -> None:
    """Raise `UsageError` if `truth` is no field of the model, or if the matcher sees its column under any name."""
    if truth is None:
        return
    if truth not in model.fields:
        raise UsageError(
            f"--truth {truth}: the model has no such field; it has {', '.join(model.fields)}",
            hint="Map the column that holds the truth as a field of the model.",
        )
    seen = model.used_fields() | ({model.key} if model.key else set())
    for name in sorted(seen):
        if name == truth or _same_column(model.fields[name], model.fields[truth]):
            raise UsageError(
                f"--truth {truth}: the model uses this column to link (field {name!r}); the matcher must not see "
                "what it is measured against",
                hint="Take it out of the rules and comparisons, or name another field.",
            )


def _same_column(one: FieldSpec, other: FieldSpec) -> bool:
    """Whether two fields read one column of some file."""
    if isinstance(one.column, str) and isinstance(other.column, str):
        return one.column == other.column
    columns = [field.column for field in (one, other) if isinstance(field.column, dict)]
    return any(one.column_in(source) == other.column_in(source) for found in columns for source in found)
