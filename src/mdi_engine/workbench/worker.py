"""A process of the crew: it reads raw rows from standard input and writes what mapping.sql makes of them.

The schema of what it reads carries its order, as JSON: `mapping` (the query), `rows` (the query on it), `functions`
(name to module and name there) and `spill` (a folder).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa

from mdi_engine.workbench.crew import FAULT
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.functions import register


def main() -> None:
    """Map one batch after the other until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    source, answers = pa.ipc.open_stream(sys.stdin.buffer), _kept_for_answers()
    order = json.loads(source.schema.metadata[b"order"])
    with open_scratch(Path(order["spill"]), threads=1) as con:
        functions = order["functions"].items()
        register(con, {name: getattr(import_module(module), place) for name, (module, place) in functions})
        con.register("raw", source.schema.empty_table())
        con.execute("CREATE TEMP VIEW mapped AS " + order["mapping"])
        schema = con.sql(order["rows"]).to_arrow_table().schema
        with pa.ipc.new_stream(answers, schema) as sink:
            for batch in source:
                answer, said = _mapped(con, batch, order["rows"], schema)
                sink.write_batch(answer, custom_metadata=said)
                answers.flush()


def _kept_for_answers() -> BinaryIO:
    """Standard output, which nothing else writes to from now on: a library that prints would break the stream."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _mapped(
    con: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, rows: str, schema: pa.Schema
) -> tuple[pa.RecordBatch, Mapping[bytes, bytes] | None]:
    con.register("raw", pa.Table.from_batches([batch]))
    try:
        table = con.sql(rows).to_arrow_table().combine_chunks()
    except (duckdb.Error, RuntimeError) as error:
        return pa.RecordBatch.from_pylist([], schema), {FAULT: type(error).__name__.encode()}
    batches = table.to_batches()
    return (batches[0] if batches else pa.RecordBatch.from_pylist([], schema)), None
