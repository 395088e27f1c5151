"""Prove that the home is what its events say: the chain, the fold, and that workbench and ledger agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from mdi_engine.entities import ENTITIES
from mdi_engine.jobs.home import home_ledger, master_rows
from mdi_engine.ledger.events import head
from mdi_engine.ledger.neighbourhood import read_state
from mdi_engine.ledger.store import reading
from mdi_engine.ledger.summary import waiting
from mdi_engine.ledger.verify import Finding, verify
from mdi_engine.settings import Settings
from mdi_engine.workbench.copies import read_copy
from mdi_engine.workbench.database import open_workbench


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
    """Check everything; nothing is repaired."""
    with home_ledger(settings) as engine, reading(engine) as conn:
        findings = [*verify(conn), *_workbench(settings, conn)]
        return VerifyReport(head(conn), tuple(findings), {entity: waiting(conn, entity) for entity in ENTITIES})


def _workbench(settings: Settings, conn: Connection) -> Iterator[Finding]:
    if not settings.workbench_path.exists():
        yield Finding("workbench", "There is no workbench; ingesting and linking again makes one.")
        return
    with open_workbench(settings.workbench_path) as con:
        for entity in ENTITIES:
            copy = read_copy(con, entity)
            state = read_state(conn, entity)
            if copy is None:
                if state.memberships:
                    yield Finding("workbench", f"{entity}: the workbench has no copy of the masters; link again.")
                continue
            if copy[1:] != master_rows(conn, entity, state):
                yield Finding("workbench", f"{entity}: the copy as of event {copy[0]} is not the ledger's; link again.")
