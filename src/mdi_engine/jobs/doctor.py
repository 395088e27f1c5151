"""Is everything here that is needed, and is it sound? One line per question."""

from __future__ import annotations

import platform
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import duckdb

from mdi_engine import __version__
from mdi_engine.entities import ENTITIES
from mdi_engine.errors import MdiError, NotFound
from mdi_engine.jobs.home import home_ledger, in_force, require_ledger
from mdi_engine.ledger.dialect import sqlite_module
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.summary import summary
from mdi_engine.settings import Settings, pipeline_folders
from mdi_engine.workbench.contract import load_contract, sources
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.standing import count_tables


@dataclass(frozen=True)
class Check:
    """One question: `ok`, or not, and what was found."""

    name: str
    ok: bool
    detail: str

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def doctor(settings: Settings) -> tuple[Check, ...]:
    """Look at the installation and the home. A home that does not exist yet is no fault."""
    questions: dict[str, Callable[[], str]] = {
        "mdi-engine": lambda: f"{__version__} on Python {platform.python_version()}",
        "DuckDB": _duckdb,
        "SQLite": _sqlite,
        "pipelines": lambda: _pipelines(settings),
        "disk": lambda: _disk(settings),
        "home": lambda: _home(settings),
        "ledger": lambda: _ledger(settings),
        "workbench": lambda: _workbench(settings),
    }
    checks = [_ask(name, question) for name, question in questions.items()]
    return (*checks, *_parameters(settings))


def _ask(name: str, question: Callable[[], str]) -> Check:
    try:
        return Check(name, True, question())
    except NotFound as error:
        return Check(name, True, error.message)
    except (MdiError, OSError) as error:
        return Check(name, False, str(error))


def _duckdb() -> str:
    if not duckdb.__version__.startswith("2."):
        raise MdiError(f"{duckdb.__version__}; accepted is 2.x")
    return duckdb.__version__


def _sqlite() -> str:
    module = sqlite_module()
    return f"{module.sqlite_version} by {module.__name__.split('.')[0]} (not affected by the WAL-reset bug)"


def _pipelines(settings: Settings) -> str:
    folders = pipeline_folders(settings)
    names = sources(folders)
    for name in names:
        load_contract(folders, name)
    return ", ".join(names)


def _disk(settings: Settings) -> str:
    place = settings.home if settings.home.exists() else settings.home.absolute().parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**30
    if free < 1:
        raise MdiError(f"{free:.1f} GiB free; at least 1 GiB is wanted", hint="Make room, or move the home.")
    return f"{free:.0f} GiB free"


def _home(settings: Settings) -> str:
    if not settings.home.exists():
        raise NotFound(f"{settings.home} does not exist yet; `mdi ingest` makes it")
    mode = stat.S_IMODE(settings.home.stat().st_mode)
    if mode & 0o077:
        raise MdiError(f"{settings.home} is open to others (mode {mode:o})", hint=f"chmod 700 {settings.home}")
    return f"{settings.home}, closed to others"


def _ledger(settings: Settings) -> str:
    with home_ledger(settings) as engine, reading(engine) as conn:
        found = summary(conn)
    parts = [
        f"{e.entity}: {sum(e.records.values())} records, {e.masters} masters, {e.waiting} waiting"
        for e in found.entities
    ]
    return f"{found.events} events; " + ("; ".join(parts) or "empty")


def _workbench(settings: Settings) -> str:
    if not settings.workbench_path.exists():
        raise NotFound("there is none yet; `mdi ingest` makes it")
    with open_workbench(settings.workbench_path) as con:
        require_ledger(settings, con)
        return f"opens; {count_tables(con)} tables"


def _parameters(settings: Settings) -> Iterator[Check]:
    for entity in ENTITIES:
        yield _ask(f"parameters of {entity}", lambda entity=entity: _in_force(settings, entity))  # type: ignore[misc]


def _in_force(settings: Settings, entity: str) -> str:
    with home_ledger(settings) as engine, reading(engine) as conn:
        version, learned = in_force(settings, conn, entity)
    return f"version {version}, trained on {learned.records} records on {learned.trained_on}"
