"""Fixtures of the ledger's tests. A plugin, since mypy takes a second conftest.py for a second module of one name.

PYTEST_DONT_REWRITE: it asserts nothing, and the second test file that names it would be warned of that.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import Engine, create_engine, text

from mdi_engine.ledger.store import open_ledger

_NUMBERS = count(1)
_TEMPLATE = "template_ledger"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """A new ledger, once of each kind. A file of tests of one kind has a fixture `engine` of its own."""
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    """A new ledger in `ledger.sqlite` of the test's folder."""
    engine = open_ledger(tmp_path / "ledger.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_engine(server: str, ledger_template: str) -> Iterator[Engine]:
    """A new ledger in a database of its own."""
    name = new_database(server, ledger_template)
    engine = open_ledger(f"{server}/{name}")
    yield engine
    engine.dispose()
    administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def ledger_template(server: str) -> str:
    """The name of a database with an empty ledger: a copy of it is made sooner than the migrations run."""
    administer(server, f"CREATE DATABASE {_TEMPLATE}")
    open_ledger(f"{server}/{_TEMPLATE}").dispose()
    return _TEMPLATE


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger without records, to be copied where a test needs many."""
    path = tmp_path_factory.mktemp("empty") / "ledger.sqlite"
    open_ledger(path).dispose()
    return path


def new_database(server: str, template: str = "template0") -> str:
    """The name of a new database."""
    name = f"ledger_{next(_NUMBERS)}"
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE {template}')
    return name


def administer(server: str, statement: str) -> None:
    """Run a statement outside of any ledger."""
    admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(statement))
    admin.dispose()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a fresh cluster on a free loopback port, without its database's name; gone at the end."""
    pytest.importorskip("psycopg", exc_type=ImportError, reason="psycopg is not installed (the extra `postgres`)")
    binaries, before = _binaries(), _as_owner()
    folder = Path(mkdtemp(prefix="mdi-postgres-"))  # not tmp_path: another user must get in
    if before:
        shutil.chown(folder, "postgres")

    def run(*command: str) -> None:
        subprocess.run(
            [*before, str(binaries / command[0]), *command[1:]], check=True, stdout=subprocess.DEVNULL, cwd=folder
        )

    data, log, port = str(folder / "data"), str(folder / "log"), _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    try:
        # A collation of the language, not of code points: keys must not follow it.
        language = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=id-ID", "--locale=C")
        run("initdb", "-D", data, "-U", "mdi", "--auth=trust", "--no-sync", *language)
        run("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")
        try:
            yield f"postgresql+psycopg://mdi@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _as_owner() -> list[str]:
    """What to put before a command of PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("runuser") is None or "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it as")
    return ["runuser", "-u", "postgres", "--"]


def _binaries() -> Path:
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "pg_ctl").is_file():
            return folder
    pytest.skip("PostgreSQL is not installed: no initdb on the path or under /usr/lib/postgresql")
