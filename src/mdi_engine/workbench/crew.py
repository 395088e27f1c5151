"""Processes that map pieces of a delivery, so that normalisers, which are Python, run on all cores.

Each worker is a fresh interpreter that speaks Arrow over its standard input and output: nothing of this process is
forked, which DuckDB's threads would not survive, and its main program is not run again. A worker whose input ends
goes, however this process went.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue

import pyarrow as pa

from mdi_engine.errors import MdiError
from mdi_engine.workbench.functions import Normalizer

# In an answer: the kind of DuckDB's error, in place of rows.
FAULT = b"fault"

# Where modules are found is told, so that the worker finds what this process finds.
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from mdi_engine.workbench.worker import main; main()"
_AHEAD = 2  # pieces per worker that are under way, so that none waits for the next one to be read


class MappingFailedError(Exception):
    """A worker could not map a piece. It tells the kind of DuckDB's error alone: its text quotes values."""


def places(normalizers: Mapping[str, Normalizer]) -> dict[str, tuple[str, str]] | None:
    """Module and name of each normaliser; None if another process would not find every one of them by these."""
    found = {name: (each.__module__, each.__qualname__) for name, each in normalizers.items()}
    if "__main__" in {module for module, _ in found.values()}:
        return None
    same = (getattr(import_module(module), place, None) is normalizers[name] for name, (module, place) in found.items())
    return found if all(same) else None


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def crew(schema: pa.Schema, order: Mapping[str, object], spill: Path) -> Iterator[Crew]:
    """One worker for each core, each told the `order` (see `worker`) and the schema of what it will get."""
    with ThreadPoolExecutor(cores(), "mdi-crew") as threads:
        workers: list[_Worker] = []
        try:
            for number in range(cores()):
                told = {**order, "spill": f"{spill}.{number}"}
                workers.append(_Worker(schema.with_metadata({b"order": json.dumps(told).encode()})))
            yield Crew(threads, workers)
        finally:
            # Before the threads are waited for: those that wait for an answer get an end of file.
            for worker in workers:
                worker.end()


class Crew:
    """Workers and the threads that talk to them, one at a time each."""

    def __init__(self, threads: ThreadPoolExecutor, workers: list[_Worker]) -> None:
        self._threads = threads
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._ahead = _AHEAD * len(workers)
        for worker in workers:
            self._idle.put(worker)

    def mapped(self, pieces: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What the workers make of the pieces, in their order. Raises MappingFailedError, and MdiError if a worker is
        gone.
        """
        coming: deque[Future[pa.RecordBatch]] = deque()
        for piece in pieces:
            coming.append(self._threads.submit(self._map, piece))
            if len(coming) > self._ahead:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()

    def _map(self, piece: pa.RecordBatch) -> pa.RecordBatch:
        worker = self._idle.get()
        try:
            return worker.map(piece)
        finally:
            self._idle.put(worker)


class _Worker:
    def __init__(self, schema: pa.Schema) -> None:
        command = [sys.executable, "-c", _START, json.dumps(sys.path)]
        # What it would write on standard error might quote a value.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._schema = schema
        self._to: pa.RecordBatchStreamWriter | None = None
        self._back: pa.RecordBatchStreamReader | None = None

    def map(self, piece: pa.RecordBatch) -> pa.RecordBatch:
        try:
            answer, said = self._answer(piece)
        except (OSError, pa.ArrowInvalid, StopIteration):
            raise self._gone() from None
        if said and FAULT in said:
            raise MappingFailedError(said[FAULT].decode())
        return answer

    def _answer(self, piece: pa.RecordBatch) -> tuple[pa.RecordBatch, Mapping[bytes, bytes] | None]:
        if self._to is None:
            self._to = pa.ipc.new_stream(self._process.stdin, self._schema)
        self._to.write_batch(piece)
        self._process.stdin.flush()  # type: ignore[union-attr]
        if self._back is None:
            self._back = pa.ipc.open_stream(self._process.stdout)
        answer: tuple[pa.RecordBatch, Mapping[bytes, bytes] | None] = self._back.read_next_batch_with_custom_metadata()
        return answer

    def _gone(self) -> MdiError:
        code = self._process.wait()
        return MdiError(
            f"A process that maps rows ended before its work was done (exit code {code}).",
            hint="The system may have killed it for want of memory. Run again: nothing was half done.",
            exit_code_of_worker=code,
        )

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not flushed is not missed
                    pipe.close()
