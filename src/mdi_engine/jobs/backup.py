"""Back up a home into one file while others go on writing. The workbench is left out: `rebuild` makes it again."""

from __future__ import annotations

import tarfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Engine

from mdi_engine import __version__
from mdi_engine.errors import Conflict, MdiError, NotFound
from mdi_engine.jobs.archive import KEPT, LEDGER, Entry, Manifest, add, add_manifest, sync_folder, written_whole
from mdi_engine.jobs.home import home_ledger
from mdi_engine.jobs.leftovers import BACKUP, clear, clear_home, work_folder
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.ledger.events import now
from mdi_engine.ledger.snapshot import State, snapshot, state_of
from mdi_engine.ledger.store import open_ledger, reading
from mdi_engine.ledger.verify import verify
from mdi_engine.settings import Settings


@dataclass(frozen=True)
class BackupReport:
    """What was backed up: the ledger as of event `events`, whose hash is `head`, and so many files in `bytes`."""

    path: str
    events: int
    head: str
    files: int
    bytes: int
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def backup_home(settings: Settings, target: Path, *, progress: Progress = SILENT) -> BackupReport:
    """Write the home's ledger, extracts, parameters, models and pipelines to `target`: a new file, or a folder for one.

    The ledger comes first, so that all the files it names are there; and its copy is verified. Nobody has to wait.
    What killed runs left in the home, and killed backups beside the file, is taken away.
    Raises NotFound without a home or the folder, Conflict if the file exists, MdiError if the ledger does not verify.
    """
    begin = time.perf_counter()
    path = _free(target)
    with home_ledger(settings) as engine:
        clear_home(settings)
        clear(path.parent, BACKUP)
        with work_folder(path.parent, BACKUP) as folder:
            files, state = _written(settings, engine, folder, path.name, progress)
            (folder / path.name).replace(path)
            sync_folder(path.parent)
    size = path.stat().st_size
    return BackupReport(str(path), state.events, state.head, len(files), size, time.perf_counter() - begin)


def _written(
    settings: Settings, engine: Engine, folder: Path, name: str, progress: Progress
) -> tuple[dict[str, Entry], State]:
    """The backup's members, written to the file `name` in `folder`, and the state that its ledger is in."""
    copy = folder / "copy" / LEDGER
    copy.parent.mkdir()
    with written_whole(folder / name) as file:
        progress.stage("copy the ledger")
        snapshot(engine, copy)
        progress.stage("verify the copy")
        state = _proved(copy)
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            progress.stage("write the files")
            files = {LEDGER: add(tar, LEDGER, copy), **_add_beside(tar, settings.home, progress)}
            add_manifest(tar, _manifest(state, files))
    return files, state


def _free(target: Path) -> Path:
    """The file to write: `target`, or one in it that is named by the time, where it is a folder."""
    if not target.parent.is_dir():
        raise NotFound(f"{target.parent}: there is no such folder.", path=str(target.parent))
    path = target / f"mdi-{now()[:19].replace(':', '').replace('-', '')}Z.tar" if target.is_dir() else target
    if path.exists():
        raise Conflict(f"{path} exists already.", hint="Name another file, or a folder to make one in.", path=str(path))
    return path


def _proved(copy: Path) -> State:
    """The state that the copy holds. Raises MdiError if it does not verify: such a backup would promise too much."""
    engine = open_ledger(copy)
    try:
        with reading(engine) as conn:
            found = verify(conn)
            state = state_of(conn)
    finally:
        engine.dispose()
    if found:
        raise MdiError(
            f"The ledger does not verify ({found[0].message}), and no backup was written.",
            hint="Run `mdi verify`, then `mdi rebuild`, or restore an older backup. Keep those there are.",
        )
    return state


def _add_beside(tar: tarfile.TarFile, home: Path, progress: Progress) -> dict[str, Entry]:
    """What lies beside the ledger. What is still arriving has a name that begins with a dot, or ends in .part."""
    added: dict[str, Entry] = {}
    for folder in KEPT:
        for path in sorted((home / folder).rglob("*")):
            name = path.relative_to(home).as_posix()
            arriving = path.suffix == ".part" or any(part.startswith(".") for part in path.parts[len(home.parts) :])
            if path.is_symlink() or not path.is_file() or arriving:
                continue
            with suppress(FileNotFoundError):  # trained anew or forgotten since the folder was read
                added[name] = add(tar, name, path)
            progress.advance()
    return added


def _manifest(state: State, files: dict[str, Entry]) -> Manifest:
    return Manifest(
        made_at=now(),
        made_by=f"mdi-engine {__version__}",
        ledger_schema=state.schema,
        events=state.events,
        head=state.head,
        accesses=state.accesses,
        files=files,
    )
