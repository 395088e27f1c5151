"""What the jobs write down about who looked at whom: people are persons, a hospital or a medicine is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Engine

from mdi_engine.entities import ENTITIES
from mdi_engine.ledger.accesses import Access, outcome_of, record_accesses
from mdi_engine.ledger.events import canonical_json
from mdi_engine.ledger.secrets import ACCESSES, keyed
from mdi_engine.ledger.store import writing
from mdi_engine.settings import Settings

# Who has a NIK is a person.
PERSONS = frozenset(name for name, entity in ENTITIES.items() if "nik" in entity.field_names)


def record_read(
    engine: Engine,
    settings: Settings,
    action: str,
    entity: str,
    numbers: Iterable[str],
    *,
    purpose: str | None = None,
    asked: Mapping[str, str | None] | None = None,
    found: int | None = None,
) -> None:
    """Write down that somebody was shown these numbers; call it before they are shown. On disk when it returns.

    `purpose`: without one, the action. `asked` is kept as a keyed hash. `found`: how many were, where some of them
    have no number yet. Raises as `writing` does: what cannot be recorded must not be shown.
    """
    if entity not in PERSONS:
        return
    with writing(engine) as conn:
        shown = tuple(numbers)
        outcome = outcome_of(len(set(shown)) if found is None else found)
        record_write(conn, settings, action, entity, shown, outcome, purpose=purpose, asked=asked)


def record_write(
    conn: Connection,
    settings: Settings,
    action: str,
    entity: str,
    numbers: Iterable[str],
    outcome: str,
    *,
    purpose: str | None = None,
    asked: Mapping[str, str | None] | None = None,
) -> None:
    """Write down, in the transaction that writes, that somebody wrote about these numbers and what came of it."""
    if entity in PERSONS:
        said = None if asked is None else keyed(conn, ACCESSES, canonical_json(dict(asked)))
        access = Access(settings.actor, purpose or action, action, entity, tuple(numbers), said, outcome)
        record_accesses(conn, [access])
