"""What a decision makes of the masters around its records: at once, and just what the next link job would make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from mdi_engine.jobs.home import in_force
from mdi_engine.jobs.judged import Judged, judged
from mdi_engine.jobs.questions import ask
from mdi_engine.jobs.surroundings import Forgotten, surroundings
from mdi_engine.ledger.answered import DIFFERENT, SAME
from mdi_engine.ledger.apply import apply_now
from mdi_engine.ledger.constraints import Constraints, read_constraints
from mdi_engine.ledger.events import head
from mdi_engine.ledger.matchkeys import missing_among
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.touched import Touched, linked_as_of
from mdi_engine.settings import Settings

MOST = 1_000  # records that may wait for the next link job while a decision is followed without one
Said = tuple[int, int, str | None]


@dataclass(frozen=True)
class Following:
    """The components around `touched` records as a decision makes them, judged as of event `event`.

    `version`: of the parameters in force.
    """

    entity: str
    version: int
    event: int
    touched: frozenset[int]
    found: Judged

    def stands(self, conn: Connection) -> bool:
        """Whether nothing of the entity was touched since, and the same parameters are in force; ask in the transaction
        that writes, before the decision.
        """
        now = parameters_in_force(conn, self.entity)
        return now is not None and now.version == self.version and not Touched(self.entity, self.event).look(conn)

    def apply(self, conn: Connection, *, decision: int, actor: str) -> None:
        """Give the clusters their numbers, in the transaction that wrote the decision as event `decision`."""
        apply_now(
            conn,
            entity=self.entity,
            parameters_version=self.version,
            as_of_event=decision,
            clusters=self.found.groups,
            actor=actor,
        )

    def ask(self, engine: Engine) -> None:
        """Ask what is in doubt now, and close what is not any more. Broken off, the next link job does it."""
        ask(engine, self.entity, self.found, self.touched)


def following(settings: Settings, conn: Connection, entity: str, pairs: Iterable[Said]) -> Following | None:
    """What becomes of the masters if these pairs of records say this (None: nothing) from now on. Writes nothing.

    None where only a link job can tell: before the first one, while more than `MOST` records wait for the next, or
    where what a waiting record said before was forgotten. Raises Conflict if other decisions stand against it.
    """
    pairs = list(pairs)
    if parameters_in_force(conn, entity) is None:
        return None
    version, learned = in_force(settings, conn, entity)
    since = linked_as_of(conn, entity, version)
    if since is None:
        return None
    # Without keys nobody finds them; the others are found wherever they belong.
    late = missing_among(conn, version, Touched(entity, since).look(conn))
    if len(late) > MOST:
        return None
    said, event = _told(read_constraints(conn, entity), pairs), head(conn)
    touched = frozenset(late | {record for left, right, _ in pairs for record in (left, right)})
    try:
        around = surroundings(conn, entity, version, learned, touched, since, said.same)
    except Forgotten:
        return None
    return Following(entity, version, event, touched, judged(around, learned, said, event, version))


def _told(said: Constraints, pairs: Iterable[Said]) -> Constraints:
    """What stands once these pairs say this."""
    every = {**dict.fromkeys(said.same, SAME), **dict.fromkeys(said.different, DIFFERENT)}
    now = {**every, **{(min(a, b), max(a, b)): says for a, b, says in pairs}}
    return Constraints(*(tuple(sorted(pair for pair in now if now[pair] == says)) for says in (SAME, DIFFERENT)))
