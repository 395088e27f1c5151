"""Make again what follows from something else: the ledger's state from its events, the workbench from what was kept.

Nothing is invented: values that are damaged in the ledger, and parameters, come from a backup (`restore`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
from sqlalchemy import Connection, Engine

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import Conflict, InputRefused, Locked, MdiError, NotFound
from mdi_engine.jobs.home import home_ledger, master_rows
from mdi_engine.jobs.ingest import delivery_digest
from mdi_engine.jobs.keyproof import mend_keys
from mdi_engine.jobs.leftovers import OLD, REBUILD, clear_home, move, work_folder
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.verify import against_workbench
from mdi_engine.ledger.arrivals import Arrival, arrivals
from mdi_engine.ledger.events import head
from mdi_engine.ledger.fold import rebuild
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.tombstones import Stones, read_stones
from mdi_engine.ledger.touched import unmark_linked
from mdi_engine.ledger.verify import verify, verify_chain
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench import landing, staging
from mdi_engine.workbench.barred import leave_out_forgotten
from mdi_engine.workbench.contract import Contract, load_contract
from mdi_engine.workbench.copies import copy_masters
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.readers.extract import Extract, inspect
from mdi_engine.workbench.redaction import kept_extract, redact


@dataclass(frozen=True)
class RebuildReport:
    """What was made again. `workbench` is False if it was sound and was left alone.

    `deliveries` counts those that landed again; `missing` tells those that could not, and why. `keyed` counts the
    records whose match keys were wrong and were written again.
    """

    events: int
    workbench: bool
    deliveries: int
    missing: tuple[str, ...]
    keyed: int = 0

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def rebuild_home(settings: Settings, *, workbench: bool = False, progress: Progress = SILENT) -> RebuildReport:
    """Make the ledger's state again in one transaction; then the workbench, if it is gone, damaged, or `workbench`.

    The new workbench takes the place of the old one when it is whole. Raises NotFound if there is no ledger, MdiError
    if its events are damaged, Locked if another process has the workbench, Conflict if one made a new one meanwhile.
    """
    with home_ledger(settings) as engine:
        clear_home(settings)
        progress.stage("fold the events")
        with writing(engine) as conn:
            _refuse_broken(conn)
            rebuild(conn)
            events = head(conn)
        keyed = _keyed(settings, engine)
        if not workbench and _sound(settings, engine):
            return RebuildReport(events, workbench=False, deliveries=0, missing=(), keyed=keyed)
        with reading(engine) as conn, _in_place_of(settings.workbench_path) as path:
            deliveries, missing = _land_all(settings, conn, path, progress)
            _copy_all(conn, path)
        with writing(engine) as conn:
            unmark_linked(conn)
    return RebuildReport(events, workbench=True, deliveries=deliveries, missing=tuple(missing), keyed=keyed)


def _refuse_broken(conn: Connection) -> None:
    broken = verify_chain(conn)
    if broken:
        raise MdiError(
            f"The events are damaged, and nothing can be made of them: {broken[0].message}",
            hint="Restore the ledger: `mdi restore BACKUP`.",
        )


def _keyed(settings: Settings, engine: Engine) -> int:
    """Make match keys right again, but not of values that are damaged."""
    with reading(engine) as conn:
        damaged = bool(verify(conn))
    return 0 if damaged else mend_keys(settings, engine)


def _sound(settings: Settings, engine: Engine) -> bool:
    """Whether the workbench opens and agrees with the ledger. Raises Locked if another process has it."""
    if not settings.workbench_path.exists():
        return False
    try:
        with open_workbench(settings.workbench_path) as con, reading(engine) as conn:
            return not any(against_workbench(con, conn))
    except Locked:
        raise
    except MdiError:
        return False


@contextmanager
def _in_place_of(path: Path) -> Iterator[Path]:
    """Where to make a new workbench, which takes the place of the one at `path` at the end; that one returns on errors.

    Meanwhile there is none at `path`: who begins one there is not overwritten.
    """
    with work_folder(path.parent, REBUILD) as folder:
        new, old = folder / path.name, folder / OLD
        if path.exists():
            move(path, old)
        try:
            yield new
            if not new.exists():  # nothing ever arrived
                with open_workbench(new):
                    pass
            _put(new, path)
        except BaseException:
            if old.exists() and not path.exists():
                move(old, path)
            raise


def _put(new: Path, path: Path) -> None:
    try:
        path.hardlink_to(new)
    except FileExistsError:
        raise Conflict(
            f"Another process began a new {path.name} meanwhile; it was left as it is.",
            hint="Run `mdi rebuild --workbench` when nobody takes in a delivery.",
        ) from None


def _land_all(settings: Settings, conn: Connection, path: Path, progress: Progress) -> tuple[int, list[str]]:
    told = [arrival for arrival in arrivals(conn) if arrival.files]  # others were registered one by one
    landed, missing = 0, list[str]()
    progress.stage("land the kept extracts", len(told))
    for arrival in told:
        stones = read_stones(conn, arrival.entity)
        try:
            contract = replace(load_contract(pipeline_folders(settings), arrival.source), full=arrival.full)
            extracts = _kept(settings.extracts_path / arrival.source, contract, arrival, stones)
            with open_workbench(path) as con:
                _land(con, contract, arrival, extracts, stones)
            landed += 1
        except (NotFound, InputRefused) as error:
            missing.append(f"{arrival.source}, delivery {arrival.id}: {error.message}")
        progress.advance()
    return landed, missing


def _kept(folder: Path, contract: Contract, arrival: Arrival, stones: Stones) -> list[Extract]:
    """The kept extracts of a delivery. Raises NotFound or InputRefused if one is gone or is not what arrived."""
    extracts = []
    for file in arrival.files:
        content = kept_extract(folder, file.sha256)
        if content is None:
            raise NotFound(f"the extract {file.name} is not among those kept")
        extract = inspect(content, contract.encoding, format=contract.layout.format)
        # Forgetting takes rows out of kept extracts, which keep their names.
        if extract.sha256 != file.sha256 and not stones.digests:
            raise InputRefused(f"the kept extract {file.name} is not what arrived")
        extracts.append(replace(extract, path=Path(file.name), sha256=file.sha256))
    return extracts


def _land(
    con: duckdb.DuckDBPyConnection, contract: Contract, arrival: Arrival, extracts: list[Extract], stones: Stones
) -> None:
    staged = staging.stage(con, contract, extracts, NORMALIZERS)
    if stones.digests:
        staged, forgotten = leave_out_forgotten(con, staged, partial(stones.bar, contract.name))
        for number, rows in forgotten.items():  # an extract that a backup brought back
            redact(extracts[number], contract, rows)
    digest = delivery_digest(contract, extracts)
    landed = landing.land(con, contract, digest, staged, arrival.withdrawn)
    if arrival.complete:
        landing.mark_appended(con, landed.delivery)


def _copy_all(conn: Connection, path: Path) -> None:
    """The masters as they stand; what link runs decided about pairs, the next one tells."""
    with open_workbench(path) as con:
        for entity in ENTITIES:
            state = read_state(conn, entity)
            if state.masters:
                copy_masters(con, entity, *master_rows(conn, state), head(conn))
