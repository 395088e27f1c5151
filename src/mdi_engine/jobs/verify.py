"""Prove that the home is what its events say: the chain, the fold, match keys, and that workbench and ledger agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass

import duckdb
from sqlalchemy import Connection

from mdi_engine.entities import ENTITIES
from mdi_engine.errors import counted
from mdi_engine.jobs.home import home_ledger, master_rows
from mdi_engine.jobs.keyproof import key_findings
from mdi_engine.ledger.arrivals import told_since
from mdi_engine.ledger.assignment import State
from mdi_engine.ledger.events import head, read_events
from mdi_engine.ledger.fold import fold
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.payloads import payload_hash
from mdi_engine.ledger.records import CHUNK, known_keys
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.summary import summary
from mdi_engine.ledger.verify import Finding, verify
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import read_copy
from mdi_engine.workbench.database import open_workbench
from mdi_engine.workbench.landing import canonical_rows
from mdi_engine.workbench.standing import Standing, deliveries


@dataclass(frozen=True)
class VerifyReport:
    """`findings` is empty if all holds. `waiting`: live records per entity that no link run has given a number yet."""

    events: int
    findings: tuple[Finding, ...]
    waiting: dict[str, int]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


def verify_home(settings: Settings) -> VerifyReport:
    """Check everything; nothing is repaired.

    Raises `NotFound` if there is no home, `Locked` if another process has the workbench: while it is held here,
    nobody takes in a delivery or links, so that the two stores belong to one state.
    """
    with home_ledger(settings) as engine, _workbench(settings) as con, reading(engine) as conn:
        # What damaged values say proves nothing of the keys.
        findings = verify(conn) or list(key_findings(settings, conn))
        findings += _lost() if con is None else against_workbench(con, conn)
        return VerifyReport(head(conn), tuple(findings), {each.entity: each.waiting for each in summary(conn).entities})


def _workbench(settings: Settings) -> AbstractContextManager[duckdb.DuckDBPyConnection | None]:
    path = settings.workbench_path
    return open_workbench(path) if path.exists() else nullcontext()


def _lost() -> Iterator[Finding]:
    yield Finding("workbench", "There is no workbench; `mdi rebuild` makes one.")


def against_workbench(con: duckdb.DuckDBPyConnection, conn: Connection) -> Iterator[Finding]:
    """Where the workbench does not agree with the ledger."""
    for delivery in deliveries(con):
        if not delivery.appended:
            what = f"{delivery.source}: delivery {delivery.delivery} landed, but the ledger has not all of it"
            yield Finding("workbench", f"{what}; ingest again.")
        elif delivery.newest:
            yield from _delivery(con, conn, delivery)
    for entity in ENTITIES:
        yield from _copy(con, conn, entity)


def _delivery(con: duckdb.DuckDBPyConnection, conn: Connection, newest: Standing) -> Iterator[Finding]:
    """The ledger's live records say what the rows of a source's newest files say, unless they were told anew since."""
    known, later = known_keys(conn, newest.entity, newest.source), told_since(conn, newest.entity, newest.source)
    fields = ENTITIES[newest.entity].field_names
    chunks = canonical_rows(con, newest.entity, newest.delivery, fields, CHUNK)
    wrong = sum(known.get(key) != payload_hash(row) for rows in chunks for key, row in rows if key not in later)
    if wrong:
        what = f"{newest.source}: in delivery {newest.delivery}, {counted(wrong, 'row')} not in the ledger as landed"
        yield Finding("workbench", f"{what}; ingest the newest extract again.")


def _copy(con: duckdb.DuckDBPyConnection, conn: Connection, entity: str) -> Iterator[Finding]:
    """Link runs make the copy: until the next one it tells how masters stood as of its event, whatever came since."""
    copy, state = read_copy(con, entity), read_state(conn, entity)
    if copy is None:
        if state.memberships:
            yield Finding("workbench", f"{entity}: the workbench has no copy of the masters; link again.")
    elif copy[1:] not in (master_rows(conn, each) for each in _states(conn, entity, state, copy[0])):
        yield Finding("workbench", f"{entity}: the copy as of event {copy[0]} is not the ledger's; link again.")


def _states(conn: Connection, entity: str, now: State, event: int) -> Iterator[State]:
    """How masters stand now, which is seen at once, and how they stood as of an event, which is folded."""
    yield now
    then = fold(read_events(conn, until=event)).get(entity)
    yield State() if then is None else State(then.masters, then.memberships)
