"""Put a home back as a backup has it: proved first, and then in this order: files, ledger, workbench.

A run that is killed leaves the old ledger or the new one, never a part; running it again completes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from mdi_engine.errors import Conflict, InputRefused, Locked, MdiError
from mdi_engine.jobs.archive import KEPT, LEDGER, Manifest, sync_folder, unpack, written_whole
from mdi_engine.jobs.arriving import home_folder
from mdi_engine.jobs.leftovers import RESTORE, clear_home, work_folder
from mdi_engine.jobs.progress import SILENT, Progress
from mdi_engine.jobs.rebuild import RebuildReport, rebuild_home
from mdi_engine.ledger.accesses import all_accesses
from mdi_engine.ledger.carrying import Standing, carry_forgotten, carry_over, leave_out_numbers, raise_numbers, standing
from mdi_engine.ledger.events import head
from mdi_engine.ledger.forgetting import scrub
from mdi_engine.ledger.snapshot import copy_all, state_of
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify, verify_chain
from mdi_engine.settings import Settings
from mdi_engine.workbench.database import open_workbench

_DAMAGED, _REPLACED = "damaged", "replaced"


@dataclass(frozen=True)
class RestoreReport:
    """What was restored: the ledger as of event `events` of the backup made at `made_at` (UTC), and so many files.

    `lost`: events of the ledger that was there which came after the backup. `forgotten`: records that were forgotten
    again, since their person had been forgotten after the backup. `set_aside`: what a damaged ledger is called now, or
    the file that the accesses of an unrelated ledger went to.
    `missing`: deliveries that the workbench could not be given again, and why.
    """

    made_at: str
    events: int
    files: int
    lost: int
    forgotten: int
    set_aside: str | None
    missing: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def restore_home(settings: Settings, backup: Path, *, yes: bool = False, progress: Progress = SILENT) -> RestoreReport:
    """Restore the home from a backup, to whichever kind of ledger the settings name.

    The backup is unpacked beside the home's files and proved (hashes, chain, fold) before anything is changed. A ledger
    that is there and sound is replaced in one transaction, and what must outlast it is carried over: who was forgotten,
    who looked, which numbers were issued; of an unrelated one, who was forgotten, and its accesses are set aside. A
    damaged one is set aside. `yes` lets events go that came after the backup.

    Raises NotFound or InputRefused for what is no sound backup, Conflict if the home is newer or another one, Locked if
    another process has its workbench.
    """
    with home_folder(settings.home), _unpacking(settings) as folder:
        progress.stage("unpack and compare")
        manifest = unpack(backup, folder)
        fresh = open_ledger(folder / LEDGER)
        try:
            progress.stage("verify the backup")
            _prove(fresh, backup, manifest)
            with _workbench_is_free(settings), _present(settings) as present:
                progress.stage("restore")
                if present is None:
                    found = _placed(settings, fresh, folder)
                else:
                    found = _replaced(settings, present, fresh, folder, yes=yes)
        finally:
            fresh.dispose()
        made = rebuild_home(settings, workbench=True, progress=progress)
    return _report(manifest, found, made)


@dataclass(frozen=True)
class _Found:
    """What became of the ledger that was there."""

    lost: int = 0
    forgotten: int = 0
    set_aside: str | None = None


def _prove(fresh: Engine, backup: Path, manifest: Manifest) -> None:
    with reading(fresh) as conn:
        findings, state = verify(conn), state_of(conn)
    if findings or (state.events, state.head) != (manifest.events, manifest.head):
        reason = findings[0].message if findings else "it is not the ledger that its manifest names."
        raise InputRefused(
            f"{backup} cannot be restored: its ledger does not verify. {reason}",
            hint="Nothing was changed. Use another backup.",
            path=str(backup),
        )


@contextmanager
def _present(settings: Settings) -> Iterator[Engine | None]:
    """The ledger that is there, if its events are what was written; None if there is none or it is damaged."""
    if settings.ledger_url is None and not settings.ledger_path.exists():
        yield None
        return
    engine = _sound(settings)
    try:
        yield engine
    finally:
        if engine is not None:
            engine.dispose()


def _sound(settings: Settings) -> Engine | None:
    engine = None
    try:
        engine = open_ledger(settings.ledger_url or settings.ledger_path)
        with reading(engine) as conn:
            if not verify_chain(conn):
                return engine
    except Locked:
        raise
    except InputRefused as error:
        if "revision" in error.facts:  # of a newer mdi-engine, and sound
            raise
    except MdiError:
        pass
    if engine is not None:
        engine.dispose()
    if settings.ledger_url is not None:
        raise MdiError(
            "The database that the ledger is to be restored to holds a damaged ledger, which cannot be set aside.",
            hint="Rename that database, make an empty one, and restore again.",
        )
    return None


def _placed(settings: Settings, fresh: Engine, folder: Path) -> _Found:
    """Nothing sound is there: the file takes its place. What is damaged stays beside it."""
    aside = _set_aside(settings.ledger_path)
    with writing(fresh) as conn:
        if head(conn) and (aside is None or not raise_numbers(conn, aside)):
            leave_out_numbers(conn)
    fresh.dispose()  # the last connection takes the log over into the file
    _place_files(folder, settings.home)
    (folder / LEDGER).replace(settings.ledger_path)
    sync_folder(settings.home)
    return _Found(set_aside=None if aside is None else aside.name)


def _set_aside(ledger: Path) -> Path | None:
    """Move a damaged ledger away, with its log: a log that stayed would be taken for that of the restored file."""
    aside = None
    for tail in ("", "-wal", "-shm"):
        path = ledger.with_name(ledger.name + tail)
        if path.exists():
            aside = aside or _unused(ledger, _DAMAGED)
            path.replace(aside.with_name(aside.name + tail))
    return aside


def _unused(like: Path, why: str) -> Path:
    names = (like.with_name(f"{like.stem}.{why}-{n}{like.suffix}") for n in range(1, 1_000_000))
    return next(path for path in names if not path.exists())


def _replaced(settings: Settings, present: Engine, fresh: Engine, folder: Path, *, yes: bool) -> _Found:
    """One transaction puts the backup in place of what is there; nobody writes in between."""
    with ExitStack() as undone:
        with writing(present) as old:
            how, forgotten = _carried(settings, old, fresh, yes=yes)
            aside = None if how.related else _accesses_aside(settings.home, old)
            if aside is not None:
                undone.callback(aside.unlink)
            _place_files(folder, settings.home)
            with reading(fresh) as new:
                copy_all(new, old)
        undone.pop_all()
    if forgotten:
        scrub(present)
    return _Found(how.lost, forgotten, None if aside is None else aside.name)


def _carried(settings: Settings, old: Connection, fresh: Engine, *, yes: bool) -> tuple[Standing, int]:
    with writing(fresh) as new:
        how = standing(old, new)
        _refuse_newer(settings, how, old, yes=yes)
        carry = carry_over if how.related else carry_forgotten
        forgotten = carry(old, new, actor=settings.actor)
    with reading(fresh) as new:
        if broken := verify(new):
            raise MdiError(f"What was carried over does not verify: {broken[0].message}", hint="Nothing was changed.")
    return how, forgotten


def _accesses_aside(home: Path, old: Connection) -> Path | None:
    """Who looked in a ledger of which nothing else stays: a new file of JSON lines; None if nobody did."""
    if not state_of(old).accesses:
        return None
    path = _unused(home / "accesses.jsonl", _REPLACED)
    with written_whole(path) as file:
        file.writelines(line.encode() for line in all_accesses(old))
    return path


def _refuse_newer(settings: Settings, how: Standing, old: Connection, *, yes: bool) -> None:
    if yes or not how.lost:
        return
    what = f"has {how.lost} events that came after this backup" if how.related else "is of another ledger"
    raise Conflict(
        f"The ledger of {settings.home} {what}; a restore would take away what they say.",
        hint="Back it up first (`mdi backup`); to restore all the same, run again with --yes.",
        lost=how.lost,
        events=head(old),
    )


def _place_files(folder: Path, home: Path) -> None:
    """Put the backup's files beside those there are. A kept extract that is there stays: people may have been forgotten
    in it since.
    """
    for kept in KEPT:
        for path in sorted((folder / kept).rglob("*")):
            to = home / path.relative_to(folder)
            if path.is_dir():
                to.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif kept != "extracts" or not to.exists():
                path.replace(to)


@contextmanager
def _unpacking(settings: Settings) -> Iterator[Path]:
    clear_home(settings)
    with work_folder(settings.home, RESTORE) as folder:
        yield folder


@contextmanager
def _workbench_is_free(settings: Settings) -> Iterator[None]:
    """Hold the workbench if there is a sound one: nobody takes in a delivery or links while the ledger is replaced."""
    with ExitStack() as held:
        if settings.workbench_path.exists():
            try:
                held.enter_context(open_workbench(settings.workbench_path))
            except Locked:
                raise
            except MdiError:
                pass  # damaged: it is made again at the end
        yield


def _report(manifest: Manifest, found: _Found, made: RebuildReport) -> RestoreReport:
    return RestoreReport(
        manifest.made_at,
        manifest.events,
        len(manifest.files),
        found.lost,
        found.forgotten,
        found.set_aside,
        made.missing,
    )
