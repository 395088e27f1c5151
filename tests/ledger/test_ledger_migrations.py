"""A ledger of every earlier schema, with a life behind it, is upgraded when it is opened, and nothing of it is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from ledger_fixtures import new_database
from ledger_helpers import add
from sqlalchemy import Connection, Engine, MetaData, create_engine, inspect, select

from mdi_engine.ledger import dialect, schema, store
from mdi_engine.ledger.apply import apply_clusters
from mdi_engine.ledger.fold import canonical_dump, rebuild
from mdi_engine.ledger.parameters import record_parameters, switch_parameters
from mdi_engine.ledger.review import DOUBTFUL, Task, open_tasks
from mdi_engine.ledger.secrets import ACCESSES, ANCHORS, TOMBSTONES, keyed
from mdi_engine.ledger.store import open_ledger, reading, writing
from mdi_engine.ledger.verify import verify

pytest_plugins = ["ledger_fixtures"]


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    return config


EARLIER = sorted(
    script.revision
    for script in ScriptDirectory.from_config(migrations()).walk_revisions()
    if script.revision != schema.HEAD
)


@pytest.fixture
def lived(engine: Engine) -> Engine:
    """A ledger of today's schema after three link runs: a redirect, a withdrawal, two versions of parameters."""
    add(engine, {"a": "A", "b": "B", "c": "Č", "d": None})
    for clusters in ([[1], [2], [3], [4]], [[1], [2, 3], [4]]):
        apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=0, clusters=clusters)
    add(engine, {"a": "A2"}, withdrawn=["d"])
    apply_clusters(engine, entity="facility", parameters_version=1, as_of_event=0, clusters=[[1], [2, 3]])
    with writing(engine) as conn:
        for digest in ("one", "two"):
            switch_parameters(conn, "facility", record_parameters(conn, "facility", digest).version)
    return engine


@pytest.fixture
def earlier(request: pytest.FixtureRequest, lived: Engine, tmp_path: Path) -> str:
    """The URL of a ledger that the migrations up to `revision` made, with what such a ledger could hold of `lived`."""
    url = f"sqlite:///{tmp_path / 'earlier.sqlite'}"
    if lived.dialect.name == "postgresql":
        server = request.getfixturevalue("server")
        url = f"{server}/{new_database(server)}"
    module = {"module": dialect.sqlite_module()} if lived.dialect.name == "sqlite" else {}
    old = create_engine(url, **module)
    with old.begin() as conn, reading(lived) as source:
        config = migrations()
        config.attributes["connection"] = conn
        command.upgrade(config, request.param)
        _fill(source, conn)
    old.dispose()
    return url


def _fill(source: Connection, conn: Connection) -> None:
    """Copy the rows of the tables that the older schema has, in the columns that it has."""
    held = MetaData()
    held.reflect(conn)
    for table in held.sorted_tables:
        today = schema.metadata.tables.get(table.name)
        if today is None:
            continue
        names = [column.name for column in table.columns if column.name in today.columns]
        rows = source.execute(select(*(today.c[name] for name in names))).mappings().all()
        if table.name == "counters":
            known = set(conn.execute(select(table.c.name)).scalars())
            rows = [row for row in rows if row["name"] in known or row["name"].startswith("number:")]
        conn.execute(table.delete())
        if rows:
            conn.execute(table.insert(), [dict(row) for row in rows])


@pytest.mark.parametrize("earlier", EARLIER, indirect=True)
def test_an_earlier_ledger_is_upgraded_and_loses_nothing(earlier: str, lived: Engine) -> None:
    before = create_engine(earlier)
    assert inspect(before).has_table("secrets") is False, "which the newest migration adds"
    before.dispose()
    engine = open_ledger(earlier)
    try:
        with reading(engine) as conn:
            assert verify(conn) == []
            assert list(canonical_dump(conn)) == dump(lived)
            assert len({keyed(conn, name, "x") for name in (ACCESSES, ANCHORS, TOMBSTONES)}) == 3
        add(engine, {"e": "E"})
        with writing(engine) as conn:
            assert open_tasks(conn, "facility", [Task(DOUBTFUL, (1, 5))]) == [1]
            rebuild(conn)
        apply_clusters(engine, entity="facility", parameters_version=2, as_of_event=0, clusters=[[1], [2, 3], [5]])
        with reading(engine) as conn:
            assert verify(conn) == []
    finally:
        engine.dispose()


def test_there_is_an_earlier_schema_to_come_from() -> None:
    assert EARLIER[0] == "0001"
    assert all(revision < schema.HEAD for revision in EARLIER)


def dump(engine: Engine) -> list[str]:
    with reading(engine) as conn:
        told = list(canonical_dump(conn))
    assert {json.loads(line)["table"] for line in told} >= {"events", "masters", "memberships", "number_blocks"}
    return told
