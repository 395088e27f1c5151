"""Ingest: extract files of one source, as one delivery, into the workbench and on to the ledger.

The files are copied into the home first, and the copies are what is judged, read and kept. A refusal takes them away
again: it comes before anything lasting is written. Then, in this order: the copies get their lasting names, the rows
land in the workbench in one transaction, the ledger gets its versions chunk by chunk. A run that is interrupted
anywhere is completed by the next one; running again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
from sqlalchemy import Engine

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import Conflict, InputRefused, UsageError
from mdi_engine.jobs.arriving import PART, arriving, home_folder
from mdi_engine.jobs.home import require_ledger
from mdi_engine.jobs.mistaken import explained
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.withdrawals import absent_records
from mdi_engine.ledger.bulk import in_bulk
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo, finish_delivery
from mdi_engine.ledger.payloads import Stated, stated
from mdi_engine.ledger.records import AppendCounts, append_versions, known_keys
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.tombstones import read_stones
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench import landing, staging
from mdi_engine.workbench.barred import Barred, leave_out_forgotten
from mdi_engine.workbench.contract import Contract, load_contract
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.readers.extract import STDIN, Extract, receive
from mdi_engine.workbench.redaction import redact

CHUNK = 2_000


@dataclass(frozen=True)
class FileReport:
    """Counts of one file: read = accepted + rejected + forgotten."""

    name: str
    sha256: str
    read: int
    accepted: int
    rejected: int
    forgotten: int = 0


@dataclass(frozen=True)
class IngestReport:
    """What one call of `ingest` did. read = accepted + rejected + forgotten; accepted = new + changed + unchanged.

    `outcome` is `taken` (a new delivery, or what a broken-off run left to do of it) or `known` (the newest delivery of
    the source once more: nothing changed). `reasons` counts faults by `column: reason`, most frequent first; a row may
    have several. `healed` counts what this call did for earlier deliveries that had broken off.
    """

    source: str
    entity: str
    outcome: Literal["taken", "known"]
    files: tuple[FileReport, ...]
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    healed: AppendCounts = field(default_factory=AppendCounts)

    @property
    def read(self) -> int:
        """Data rows in the files."""
        return sum(file.read for file in self.files)

    @property
    def accepted(self) -> int:
        """Rows that became source records."""
        return sum(file.accepted for file in self.files)

    @property
    def rejected(self) -> int:
        """Rows set aside, each with its reasons in the workbench's table `rejects`."""
        return sum(file.rejected for file in self.files)

    @property
    def forgotten(self) -> int:
        """Rows of people who were forgotten: nothing of them was kept."""
        return sum(file.forgotten for file in self.files)

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        counts = ("read", "accepted", "rejected", "forgotten")
        return {**asdict(self), **{name: getattr(self, name) for name in counts}}


def ingest(
    settings: Settings,
    source: str,
    files: Sequence[Path],
    *,
    yes: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Take in `files` as one delivery of `source`; `-` among them is standard input.

    `yes` lets a full delivery withdraw more than the contract's share, or withdraw at all though the keys of some rows
    cannot be read, lets an older delivery be taken in again over a newer one, and begins a new ledger where the old one
    is gone. Raises NotFound (source or file), ModelError (contract), Locked (workbench or ledger in use), Conflict (an
    older delivery; a ledger that is gone), and InputRefused, after which the home is as it was before.
    """
    progress = progress or SILENT
    contract = load_contract(pipeline_folders(settings), source)
    if not files:
        raise UsageError("no file was given.", hint=f"For example: mdi ingest {source} FILE.csv")
    if files.count(STDIN) > 1:
        raise UsageError("standard input can be one file only.", hint="Give `-` once, or the files by their names.")
    with (
        home_folder(settings.home),
        open_workbench(settings.workbench_path) as con,
        arriving(settings.extracts_path / source) as folder,
    ):
        if not yes:
            require_ledger(settings, con)
        extracts = _received(contract, files, folder, progress)
        digest = delivery_digest(contract, extracts)
        healed = {late.delivery: _append(settings, con, late, progress) for late in landing.pending(con, source)}
        landed = landing.find(con, source, digest)
        if landed is not None and not landed.newest and not yes:
            raise _superseded(source)
        new = landed is None or not landed.newest
        if landed is None or new:
            landed = _land(settings, con, contract, extracts, digest, yes=yes, progress=progress)
        counts = healed.pop(landed.delivery, None) or _append(settings, con, landed, progress)
        return _report(con, landed, new, counts, sum(healed.values(), AppendCounts()))


def _received(contract: Contract, files: Sequence[Path], folder: Path, progress: Progress) -> list[Extract]:
    progress.stage("inspect", len(files))
    extracts: list[Extract] = []
    for number, path in enumerate(files):
        extract = receive(path, folder / f"{number}{PART}", contract.encoding, format=contract.layout.format)
        twin = next((other for other in extracts if other.sha256 == extract.sha256), None)
        if twin is not None:
            raise InputRefused(
                f"{path} has the same content as {twin.path}.",
                hint="Give each file of a delivery once.",
                path=str(path),
            )
        extracts.append(extract)
        progress.advance()
    return extracts


def delivery_digest(contract: Contract, extracts: Sequence[Extract]) -> str:
    """Equal when the same files, in any order, would be read and mapped in the same way."""
    content = [contract.digest, sorted(extract.sha256 for extract in extracts)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _superseded(source: str) -> Conflict:
    return Conflict(
        f"{source}: these files were delivered before and others have followed them; they were not taken in.",
        hint="If the source did go back to them, run again with --yes; if not, look why it hands in old files.",
        source=source,
    )


def _land(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    extracts: Sequence[Extract],
    digest: str,
    *,
    yes: bool,
    progress: Progress,
) -> landing.Landed:
    progress.stage("read")
    try:
        staged = staging.stage(
            con, contract, extracts, NORMALIZERS, progress.advance, lambda rows: progress.stage("normalise", rows)
        )
    except InputRefused as refused:
        raise explained(refused, pipeline_folders(settings), contract, extracts) from refused
    known, barred = _known(settings, contract)
    staged, forgotten = leave_out_forgotten(con, staged, barred) if barred else (staged, {})
    withdrawn = absent_records(con, contract, known, yes=yes) if contract.full else []
    progress.stage("land")
    for number, extract in enumerate(extracts):
        if redact(extract, contract, forgotten.get(number, ())) != "deleted":
            lasting = f"{extract.sha256}.{extract.format}{'.gz' if extract.compressed else ''}"
            extract.content.replace(extract.content.with_name(lasting))
    return landing.land(con, contract, digest, staged, withdrawn)


def _known(settings: Settings, contract: Contract) -> tuple[Mapping[str, str], Barred | None]:
    """What the ledger knows of the source, by key, if that is asked for: live records of a source whose deliveries are
    full, and which rows must not come back, None if there are none.
    """
    if settings.ledger_url is None and not settings.ledger_path.exists():
        return {}, None
    entity, source = contract.entity.name, contract.name
    with _ledger(settings) as engine, reading(engine) as conn:
        known = known_keys(conn, entity, source) if contract.full else {}
        stones = read_stones(conn, entity)
    return known, (lambda key, nik: stones.bar(source, key, nik)) if stones.digests else None


def _append(
    settings: Settings, con: duckdb.DuckDBPyConnection, landed: landing.Landed, progress: Progress
) -> AppendCounts:
    """Bring the ledger to what this delivery says, in short transactions; safe to repeat."""
    info = DeliveryInfo(
        "full" if landed.full else "delta", tuple(DeliveredFile(file.name, file.sha256) for file in landed.files)
    )
    entity, source = landed.entity, landed.source
    counts = AppendCounts()
    progress.stage("append to the ledger", sum(file.accepted for file in landed.files))
    with _ledger(settings) as engine:
        fields = ENTITIES[entity].field_names
        chunks = map(stated, landing.canonical_texts(con, entity, landed.delivery, fields, CHUNK))
        with in_bulk(engine) as many:
            for rows in _made_ahead(chunks):
                with writing(many) as conn:
                    counts += append_versions(conn, entity=entity, source=source, delivery=info, rows=rows)
                progress.advance(len(rows.keys))
        with writing(engine) as conn:
            withdrawn = landing.withdrawn_keys(con, landed.delivery)
            counts += append_versions(conn, entity=entity, source=source, delivery=info, rows=(), withdrawn=withdrawn)
            finish_delivery(conn, entity, source, info)
    if not landed.appended:
        landing.mark_appended(con, landed.delivery)
    return counts


def _made_ahead(chunks: Iterator[Stated]) -> Iterator[Stated]:
    """The chunks, each made in a thread of its own while the one before is written."""
    with ThreadPoolExecutor(1, "mdi-state") as thread:
        coming = thread.submit(next, chunks, None)
        while (chunk := coming.result()) is not None:
            coming = thread.submit(next, chunks, None)
            yield chunk


def _report(
    con: duckdb.DuckDBPyConnection,
    landed: landing.Landed,
    new: bool,
    counts: AppendCounts,
    healed: AppendCounts,
) -> IngestReport:
    changed = counts.new or counts.changed or counts.withdrawn
    return IngestReport(
        source=landed.source,
        entity=landed.entity,
        outcome="taken" if new or changed else "known",
        files=tuple(
            FileReport(file.name, file.sha256, file.read, file.accepted, file.rejected, file.forgotten)
            for file in landed.files
        ),
        new=counts.new,
        changed=counts.changed,
        unchanged=counts.unchanged,
        withdrawn=counts.withdrawn,
        reasons=landing.reasons(con, landed.delivery),
        healed=healed,
    )


@contextmanager
def _ledger(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.ledger_url or settings.ledger_path, blocks=settings.number_blocks)
    try:
        yield engine
    finally:
        engine.dispose()
