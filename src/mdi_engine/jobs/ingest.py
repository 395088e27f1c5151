"""Ingest: extract files of one source, as one delivery, into the workbench and on to the ledger.

Everything that can be refused is refused before anything lasting is written. Then, in this order: the files are kept
verbatim, the rows land in the workbench in one transaction, the ledger gets its versions chunk by chunk. A run that
is interrupted anywhere is completed by the next one; running again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import duckdb
from sqlalchemy import Engine

from mdi_engine import __version__
from mdi_engine.entities import ENTITIES
from mdi_engine.errors import InputRefused, UsageError
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.deliveries import DeliveredFile, DeliveryInfo, finish_delivery
from mdi_engine.ledger.records import AppendCounts, append_versions, known_keys
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench import landing, staging
from mdi_engine.workbench.contract import Contract, load_contract
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.extract import Extract, inspect

CHUNK = 2_000


@dataclass(frozen=True)
class FileReport:
    """Counts of one file: read = accepted + rejected."""

    name: str
    sha256: str
    read: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class IngestReport:
    """What one call of `ingest` did. read = accepted + rejected; accepted = new + changed + unchanged.

    `outcome` is `taken` (a new delivery), `known` (the newest delivery of the source once more: nothing changed) or
    `superseded` (delivered before and followed by another one since: nothing was done, the ledger counts are 0).
    `reasons` counts faults by `column: reason`, most frequent first; a row may have several.
    """

    source: str
    entity: str
    outcome: Literal["taken", "known", "superseded"]
    files: tuple[FileReport, ...]
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

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

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "read": self.read, "accepted": self.accepted, "rejected": self.rejected}


def ingest(
    settings: Settings,
    source: str,
    files: Sequence[Path],
    *,
    yes: bool = False,
    progress: Progress | None = None,
) -> IngestReport:
    """Take in `files` as one delivery of `source`.

    `yes` lets a full delivery withdraw more than the contract's share, and lets an older delivery be taken in again
    over a newer one. Raises NotFound (source or file), ModelError (contract), Locked (workbench or ledger in use),
    and InputRefused, after which the home is as it was before.
    """
    progress = progress or SILENT
    contract = load_contract(pipeline_folders(settings), source)
    extracts = _inspected(contract, files, progress)
    digest = _digest(contract, extracts)
    with _home(settings.home), open_workbench(settings.workbench_path) as con:
        for unfinished in landing.pending(con, source):
            _append(settings, con, unfinished, progress)
        known = landing.find(con, source, digest)
        if known is not None and (known.newest or not yes):
            return _again(settings, con, known, progress)
        landed = _land(settings, con, contract, extracts, digest, yes=yes, progress=progress)
        return _report(con, landed, "taken", _append(settings, con, landed, progress))


def _inspected(contract: Contract, files: Sequence[Path], progress: Progress) -> list[Extract]:
    if not files:
        raise UsageError("no file was given.", hint=f"For example: mdi ingest {contract.name} FILE.csv")
    progress.stage("inspect", len(files))
    extracts: list[Extract] = []
    for path in files:
        extract = inspect(path, contract.encoding)
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


def _digest(contract: Contract, extracts: Sequence[Extract]) -> str:
    """Equal when the same files, in any order, would be read and mapped in the same way."""
    content = [__version__, contract.digest, sorted(extract.sha256 for extract in extracts)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _again(
    settings: Settings, con: duckdb.DuckDBPyConnection, known: landing.Landed, progress: Progress
) -> IngestReport:
    """The same delivery once more. The newest one is held against the ledger, which finds nothing to change."""
    if not known.newest:
        return _report(con, known, "superseded", AppendCounts())
    return _report(con, known, "known", _append(settings, con, known, progress))


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
    progress.stage("read and normalise")
    staged = staging.stage(con, contract, extracts, NORMALIZERS, progress.advance)
    withdrawn = _withdrawals(settings, con, contract, yes=yes) if contract.full else []
    progress.stage("land")
    for extract in extracts:
        _keep(extract, settings.extracts_path / contract.name)
    return landing.land(con, contract, digest, staged, withdrawn)


def _withdrawals(settings: Settings, con: duckdb.DuckDBPyConnection, contract: Contract, *, yes: bool) -> list[str]:
    """Live keys that this full delivery no longer names. Raises InputRefused above the contract's share."""
    if settings.ledger_url is None and not settings.ledger_path.exists():
        return []
    with _ledger(settings) as engine, reading(engine) as conn:
        known = known_keys(conn, contract.entity.name, contract.name)
    absent = staging.absent_keys(con, known)
    share = len(absent) / len(known) if known else 0.0
    if share > contract.max_withdrawn_share and not yes:
        raise InputRefused(
            f"{contract.name}: this full delivery would withdraw {len(absent)} of {len(known)} records "
            f"({share:.0%}); accepted without --yes is {contract.max_withdrawn_share:.0%}.",
            hint="Check that the extract is whole and of the right source; if it is, run again with --yes.",
            source=contract.name,
            withdrawn=len(absent),
            known=len(known),
            accepted_share=contract.max_withdrawn_share,
        )
    return absent


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
        for rows in landing.canonical_rows(con, entity, landed.delivery, fields, CHUNK):
            with writing(engine) as conn:
                counts += append_versions(conn, entity=entity, source=source, delivery=info, rows=rows)
            progress.advance(len(rows))
        with writing(engine) as conn:
            withdrawn = landing.withdrawn_keys(con, landed.delivery)
            counts += append_versions(conn, entity=entity, source=source, delivery=info, rows=(), withdrawn=withdrawn)
            finish_delivery(conn, entity, source, info)
    if not landed.appended:
        landing.mark_appended(con, landed.delivery)
    return counts


def _report(
    con: duckdb.DuckDBPyConnection,
    landed: landing.Landed,
    outcome: Literal["taken", "known", "superseded"],
    counts: AppendCounts,
) -> IngestReport:
    return IngestReport(
        source=landed.source,
        entity=landed.entity,
        outcome=outcome,
        files=tuple(
            FileReport(file.name, file.sha256, file.read, file.accepted, file.rejected) for file in landed.files
        ),
        new=counts.new,
        changed=counts.changed,
        unchanged=counts.unchanged,
        withdrawn=counts.withdrawn,
        reasons=landing.reasons(con, landed.delivery),
    )


def _keep(extract: Extract, folder: Path) -> None:
    """Copy the file verbatim to `<folder>/<sha256>.csv` or `.csv.gz`: whole or not at all."""
    target = folder / f"{extract.sha256}.csv{'.gz' if extract.compressed else ''}"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with extract.path.open("rb") as source, part.open("wb") as copy:
        part.chmod(0o600)
        shutil.copyfileobj(source, copy)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(target)


@contextmanager
def _ledger(settings: Settings) -> Iterator[Engine]:
    engine = open_ledger(settings.ledger_url or settings.ledger_path)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _home(path: Path) -> Iterator[None]:
    """The home folder, readable by its owner only; one made for a call that is refused goes again."""
    born = not path.exists()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        if born and not any(path.iterdir()):
            path.rmdir()
        raise
