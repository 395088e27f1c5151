"""Forgetting a person wherever the home holds something of them: the workbench, the kept extracts, the ledger.

In this order: what killed runs left in the home goes, the extracts are rewritten, the rows leave the workbench, the
ledger lets go of the values in one transaction with its tombstones, and both stores are written anew, so that no
remains are left in their files. A run that is interrupted anywhere is completed by the next one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass

import duckdb
from sqlalchemy import Engine

from mdi_engine.errors import Conflict, ModelError, NotFound
from mdi_engine.jobs.access import record_write
from mdi_engine.jobs.arriving import PART
from mdi_engine.jobs.home import entity_named, home_ledger, master_rows
from mdi_engine.jobs.leftovers import clear_home
from mdi_engine.ledger.events import head
from mdi_engine.ledger.forgetting import Subject, forget, forgotten_in, scrub, still, subject
from mdi_engine.ledger.history import resolve
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.store import reading, writing
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench.contract import Contract, load_contract
from mdi_engine.workbench.copies import copy_masters
from mdi_engine.workbench.database import open_workbench, write_anew
from mdi_engine.workbench.forgotten import InFile, Landed, landed_rows, take_out
from mdi_engine.workbench.redaction import kept_extract, redact_kept
from mdi_engine.workbench.standing import deliveries


@dataclass(frozen=True)
class ForgetReport:
    """What was taken away, or, unless `applied`, would be. `records` counts them by source.

    `rows` landed in the workbench, in `extracts` kept files, of which `deleted` cannot be rewritten. `niks` get
    tombstones beside the records' keys; `elsewhere` do not, since another person's record bears them too. `mentioned`
    records of other people name a NIK of this one; they stay. `event` is the one that tells of it; `clean` is False if
    remains may be left in the ledger's file because another process was reading it.
    """

    entity: str
    number: str
    applied: bool
    records: Mapping[str, int]
    niks: int
    elsewhere: int
    mentioned: int
    notes: int
    rows: int
    extracts: int
    deleted: tuple[str, ...]
    event: int | None
    clean: bool

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def forget_subject(
    settings: Settings, entity: str, number: str, *, yes: bool = False, purpose: str | None = None
) -> ForgetReport:
    """Forget whom a number leads to; without `yes` only tell what that would take away.

    Once it was done, doing it again only cleans the files again. Raises `NotFound` if the number was never issued,
    `Conflict` if it has no records, if records changed meanwhile, or if the workbench is gone, which tells who is in
    which kept extract, `Locked` if another process has it.
    """
    entity_named(entity)
    with home_ledger(settings) as engine:
        clear_home(settings)
        with reading(engine) as conn:
            who = subject(conn, entity, resolve(conn, entity, number).number)
            before = forgotten_in(conn, entity, who.number)
        if not who.records and before is None:
            raise Conflict(f"{who.number} has no records: there is nothing to forget", entity=entity)
        with _workbench(settings) as con:
            contracts = _contracts(settings, con, entity)
            keys = [(source, key) for _, source, key in who.records]
            landed = Landed((), {})
            if con is not None and who.records:
                landed = landed_rows(con, entity, keys, who.niks, contracts, NORMALIZERS)
            if not yes:
                return _told(who, landed, list(_lost(landed.files, contracts)), event=before, applied=False)
            deleted = list(_redact(settings, landed, contracts, who))
            if con is not None:
                _drop_parts(settings)
                take_out(con, landed, keys)
            event = _forget(settings, engine, who, purpose) if who.records else before
            if con is not None:
                _copy(con, engine, entity)
        if settings.workbench_path.exists():
            write_anew(settings.workbench_path)
        return _told(who, landed, deleted, event=event, applied=True, clean=scrub(engine))


def _forget(settings: Settings, engine: Engine, who: Subject, purpose: str | None) -> int:
    with writing(engine) as conn:
        if not still(conn, who):
            raise Conflict("records of this number changed meanwhile", hint="Run the command again.")
        event = forget(conn, who, actor=settings.actor)
        record_write(conn, settings, "forget", who.entity, [who.number], "forgotten", purpose=purpose)
        return event


def _workbench(settings: Settings) -> AbstractContextManager[duckdb.DuckDBPyConnection | None]:
    path = settings.workbench_path
    if path.exists():
        return open_workbench(path)
    if any(kept.is_file() for kept in settings.extracts_path.rglob("*")):
        raise Conflict(
            f"{settings.home} has no workbench, which tells where somebody stands in the kept extracts.",
            hint="Run `mdi rebuild`, then forget.",
            home=str(settings.home),
        )
    return nullcontext()


def _drop_parts(settings: Settings) -> None:
    """Take away copies of extracts that a killed run left without a lasting name. Run under the workbench's lock."""
    for part in settings.extracts_path.rglob("*" + PART):
        part.unlink(missing_ok=True)


def _contracts(settings: Settings, con: duckdb.DuckDBPyConnection | None, entity: str) -> dict[str, Contract]:
    """The contracts of the entity's sources, those that there still are."""
    found: dict[str, Contract] = {}
    for source in sorted({landed.source for landed in deliveries(con) if landed.entity == entity} if con else ()):
        try:
            found[source] = load_contract(pipeline_folders(settings), source)
        except (NotFound, ModelError):
            continue
    return found


def _lost(files: Mapping[str, InFile], contracts: Mapping[str, Contract]) -> Iterator[str]:
    """Of which sources kept files would be deleted: those of which no row can be taken out."""
    for file in files.values():
        contract = contracts.get(file.source)
        if contract is None or contract.layout.format not in ("csv", "jsonl"):
            yield file.source


def _redact(settings: Settings, landed: Landed, contracts: Mapping[str, Contract], who: Subject) -> Iterator[str]:
    """Take the rows out of the kept extracts; gives the source of each file that had to be deleted."""
    for sha256, file in sorted(landed.files.items()):
        path = kept_extract(settings.extracts_path / file.source, sha256)
        if path is not None:
            contract = contracts.get(file.source)
            if redact_kept(path, sha256, contract, file.numbers, file.said, who.niks) == "deleted":
                yield file.source


def _copy(con: duckdb.DuckDBPyConnection, engine: Engine, entity: str) -> None:
    """The masters as they are now, so that no name of a forgotten record is left in the copy."""
    with reading(engine) as conn:
        state = read_state(conn, entity)
        if state.masters:
            copy_masters(con, entity, *master_rows(conn, state), head(conn))


def _told(
    who: Subject, landed: Landed, deleted: list[str], *, event: int | None, applied: bool, clean: bool = True
) -> ForgetReport:
    return ForgetReport(
        entity=who.entity,
        number=who.number,
        applied=applied,
        records=dict(sorted(Counter(source for _, source, _ in who.records).items())),
        niks=len(who.niks),
        elsewhere=who.elsewhere,
        mentioned=who.mentioned,
        notes=len(who.notes),
        rows=len(landed.rows),
        extracts=len(landed.files),
        deleted=tuple(deleted),
        event=event,
        clean=clean,
    )
