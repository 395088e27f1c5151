"""Open the ledger: a SQLite file, or any database by SQLAlchemy URL, brought to the newest schema."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType, ModuleType

from sqlalchemy import Connection, Engine, create_engine, exc, inspect
from sqlalchemy.engine import URL, make_url

from mdi_engine.errors import Conflict, InputRefused, Locked, MdiError, UsageError
from mdi_engine.ledger import dialect, numbers
from mdi_engine.ledger.schema import HEAD

_MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE_MAGIC = b"SQLite format 3\x00"


def open_ledger(url_or_path: str | Path, *, blocks: numbers.Blocks = MappingProxyType({})) -> Engine:
    """The ledger at a path (SQLite, made if absent, readable by its owner only) or at an SQLAlchemy URL.

    An older schema is upgraded. `blocks` are what numbers are issued from, one after the other: those not reserved yet
    are reserved behind those that are. An entity without any gets the default block of `numbers` when it is first
    linked. Close with `engine.dispose()`.

    Raises InputRefused for a file or database that is not a ledger or that a newer mdi-engine wrote (unchanged then),
    UsageError for blocks that do not fit, Locked if another writer keeps it, MdiError if no safe SQLite is installed.
    """
    url = _url(url_or_path)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        _prepare_file(Path(url.database or ""))
    module = dialect.sqlite_module() if is_sqlite else None
    if module:
        _refuse_foreign(url, module)
    # hide_parameters: a driver's error would otherwise print the values it was given.
    engine = create_engine(url, hide_parameters=True, **({"module": module} if module else {}))
    dialect.listen(engine)
    try:
        _upgrade(engine)
        _reserve(engine, blocks)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the ledger throughout. Never waits for a writer on SQLite."""
    with _translated(), engine.connect() as conn, dialect.for_reading(conn).begin():
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one writing transaction: committed at the end, rolled back on any exception.

    Keep it short: there is one writer at a time, and others wait at most 30 s before Locked.
    Raises Conflict if what was read changed meanwhile, MdiError if the disk is full or read-only.
    """
    with _translated(), engine.connect() as conn, dialect.for_writing(conn).begin():
        yield conn


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, str) and "://" in url_or_path:
        return make_url(url_or_path)
    return URL.create("sqlite+pysqlite", database=str(Path(url_or_path).absolute()))


def _prepare_file(path: Path) -> None:
    """Make an absent file with narrow rights; refuse, before SQLite touches it, one that is not SQLite's."""
    try:
        if path.exists() and path.stat().st_size > 0:
            with path.open("rb") as file:
                if file.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
                    raise _foreign(path.name, "it is not an SQLite file")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise MdiError(
            f"The ledger {path.name or path} cannot be opened: {error.strerror}.",
            hint="Give the path of a file in a folder that can be written.",
        ) from error


def _refuse_foreign(url: URL, module: ModuleType) -> None:
    """Refuse a file that `_revision` refuses before it is opened for writing, which would make it a WAL file."""
    with _translated(), dialect.sqlite_read_only(url, module).connect() as conn:
        _revision(conn)


def _upgrade(engine: Engine) -> None:
    with reading(engine) as conn:
        if _revision(conn) == HEAD:
            return
    with writing(engine) as conn:
        if _revision(conn) != HEAD:  # another process may have upgraded while this one waited
            _migrate(conn)


def _reserve(engine: Engine, blocks: numbers.Blocks) -> None:
    with reading(engine) as conn:
        if not any(numbers.missing_blocks(conn, blocks)):
            return
    with writing(engine) as conn:
        for block in list(numbers.missing_blocks(conn, blocks)):
            numbers.reserve_block(conn, *block)


def _revision(conn: Connection) -> str | None:
    """The revision of the schema; None for an empty database. Refuses what is no ledger or is newer than this."""
    where = Path(conn.engine.url.database or "").name
    tables = set(inspect(conn).get_table_names())
    if not tables:
        return None
    if "alembic_version" not in tables or not {"events", "source_records"} <= tables:
        raise _foreign(where, "it holds other tables")
    revision = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    if not isinstance(revision, str) or revision > HEAD:
        raise InputRefused(
            f"{where} has schema {revision}; this mdi-engine knows schemas up to {HEAD}.",
            hint="Use the mdi-engine that wrote it, or a newer one.",
            revision=revision,
        )
    return revision


def _migrate(conn: Connection) -> None:
    # Imported late: only the first opening of a ledger pays for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, HEAD)


def _foreign(name: str, reason: str) -> InputRefused:
    return InputRefused(
        f"{name} is not a ledger: {reason}.",
        hint="Give the path of a ledger, or of a file that does not exist yet.",
        file=name,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Driver errors as ours, without the driver's text: it may quote a key."""
    try:
        yield
    except exc.IntegrityError as error:
        raise Conflict(
            "The ledger changed meanwhile: the same key was written twice.", hint="Run the command again."
        ) from _bare(error)
    except exc.DBAPIError as error:
        raise _as_ours(error) from _bare(error)
    except exc.TimeoutError:
        raise Locked(
            "No connection to the ledger came free in time: too many threads use it at once.", hint="Try again later."
        ) from None


def _as_ours(error: exc.DBAPIError) -> MdiError:
    if dialect.is_busy(error.orig):
        return Locked(
            f"Another process has been writing to the ledger for more than {dialect.BUSY_SECONDS} s.",
            hint="Run the command again when the other one is done.",
        )
    if dialect.is_full(error.orig):
        return MdiError(
            "The ledger cannot be written: the disk is full, read-only or failing. The step at hand was not written; "
            "what was committed before it stands.",
            hint="Free space or mend the permissions, then run the command again: it goes on from there.",
        )
    if dialect.is_unstorable(error.orig):
        return UsageError("There is a NUL character in what was given.", hint="Take it out, and try again.")
    return MdiError(
        f"The ledger cannot be used: {type(error.orig).__name__}.", hint="Run `mdi verify`; restore if it is damaged."
    )


def _bare(error: exc.DBAPIError) -> Exception:
    """Only the kind of a driver's error, so that a traceback shows no value."""
    return RuntimeError(f"{type(error).__name__} from {type(error.orig).__name__}")
