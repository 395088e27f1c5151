"""Who looked at whom, or wrote about whom: a chain of its own, since reads are many and change no state.

A write notes its access in its own transaction (`record_accesses`). Reads are noted in groups (`AccessWriter`). What
was asked for stands there as a keyed hash only, and no text holds a number of 16 digits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Condition, Thread
from types import TracebackType

from sqlalchemy import Connection, Engine, bindparam, select

from mdi_engine.errors import MdiError, discreet
from mdi_engine.ledger import counters
from mdi_engine.ledger.dialect import STREAMED, for_eager, insert_rows
from mdi_engine.ledger.events import GENESIS, access_hash, canonical_json, now
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.schema import access_numbers, accesses
from mdi_engine.ledger.store import writing

FOUND, NOTHING, SEVERAL = "found", "nothing", "several"
_SECONDS = 0.4  # that a read waits for others at most; with the writing itself it stays below 1 s
_COLUMNS = ("seq", "at", "actor", "purpose", "action", "entity", "numbers", "asked", "outcome", "prev_hash", "hash")
_HASH = select(accesses.c.hash).where(accesses.c.seq == bindparam("of"))


@dataclass(frozen=True, slots=True)
class Access:
    """One look or one write. `numbers`: of the masters that were shown or written; `asked`: a keyed hash, or NULL.

    `action`: lookup, history, explain, subject-report, register, correct, forget …; `outcome`: found, nothing, several,
    or what a write did.
    """

    actor: str
    purpose: str
    action: str
    entity: str
    numbers: tuple[str, ...]
    asked: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """An access as it is written down: its place in the chain and its moment (UTC)."""

    seq: int
    at: str
    access: Access


def outcome_of(found: int) -> str:
    """What a search that found so many is said to have come to."""
    return (NOTHING, FOUND)[found] if found < 2 else SEVERAL


def record_accesses(conn: Connection, made: Sequence[Access]) -> int:
    """Append these accesses to their chain; returns the number of the last one, 0 if none is given.

    Call it in `writing`: in the transaction of the write itself, so that neither is there without the other.
    """
    if not made:
        return 0
    first = counters.take(conn, "access", len(made))
    prev_hash, at = access_head(conn, first - 1), now()
    rows: list[tuple[object, ...]] = []
    for seq, access in enumerate(made, first):
        actor, purpose = discreet(access.actor), discreet(access.purpose)
        numbers = canonical_json(sorted(set(access.numbers)))
        said = (seq, at, actor, purpose, access.action, access.entity, numbers, access.asked, access.outcome)
        digest = access_hash(*said, prev_hash)
        rows.append((*said, prev_hash, digest))
        prev_hash = digest
    insert_rows(conn, accesses, _COLUMNS, rows)
    named = [
        (access.entity, number, seq) for seq, access in enumerate(made, first) for number in sorted(set(access.numbers))
    ]
    insert_rows(conn, access_numbers, ("entity", "number", "seq"), named)
    return first + len(made) - 1


def access_head(conn: Connection, seq: int) -> str:
    """The hash of access `seq`; of access 0, which does not exist, 64 zeros."""
    if seq == 0:
        return GENESIS
    digest: str = conn.execute(_HASH, {"of": seq}).scalar_one()
    return digest


def all_accesses(conn: Connection) -> Iterator[str]:
    """The whole chain in order, each access as a line of JSON."""
    for row in conn.execute(select(accesses).order_by(accesses.c.seq), execution_options=STREAMED).mappings():
        yield canonical_json(dict(row)) + "\n"


def read_accesses(conn: Connection, entity: str, numbers: Sequence[str]) -> list[Recorded]:
    """Who looked at or wrote about any of these numbers, oldest first, each access once."""
    seqs: set[int] = set()
    columns = access_numbers.c
    for some in batches(sorted(set(numbers))):
        found = select(columns.seq).where(columns.entity == entity, columns.number.in_(some))
        seqs |= set(conn.execute(found).scalars())
    return sorted(_recorded(conn, sorted(seqs)), key=lambda one: one.seq)


def _recorded(conn: Connection, seqs: Sequence[int]) -> Iterator[Recorded]:
    columns = accesses.c
    for some in batches(seqs):
        for row in conn.execute(select(accesses).where(columns.seq.in_(some))):
            numbers = tuple(json.loads(row.numbers))
            access = Access(row.actor, row.purpose, row.action, row.entity, numbers, row.asked, row.outcome)
            yield Recorded(row.seq, row.at, access)


class AccessWriter:
    """Writes down reads in groups, in a thread of its own: each is on disk within 1 s. Use it as a context.

    A group that cannot be written is kept and tried again. Meanwhile `note` raises that error: a read that cannot be
    recorded must not be answered.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = for_eager(engine)
        self._waiting: list[Access] = []
        self._writing = 0
        self._error: MdiError | None = None
        self._asked_to_end = False
        self._asked_to_flush = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="mdi-accesses", daemon=True)
        self._thread.start()

    def note(self, access: Access) -> None:
        """Take in a read; call it before the answer is given. Raises the error that keeps accesses from being written,
        or MdiError once the writer was closed.
        """
        with self._changed:
            if self._error is not None:
                raise self._error
            if self._asked_to_end:
                raise MdiError("Accesses cannot be recorded any more: their writer was closed.")
            self._waiting.append(access)
            self._changed.notify_all()

    def flush(self) -> None:
        """Return once all that was noted is on disk. Raises the error if it cannot be written."""
        with self._changed:
            self._asked_to_flush, self._error = True, None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._error is not None or not (self._waiting or self._writing))
            self._asked_to_flush = False
            if self._error is not None:
                raise self._error

    def close(self) -> None:
        """Write what waits, and end. Raises the error if it cannot be written."""
        try:
            self.flush()
        finally:
            with self._changed:
                self._asked_to_end = True
                self._changed.notify_all()
            self._thread.join()

    def __enter__(self) -> AccessWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        while group := self._next_group():
            try:
                with writing(self._engine) as conn:
                    record_accesses(conn, group)
                done, error = True, None
            except MdiError as failed:
                done, error = False, failed
            except Exception as failed:  # noqa: BLE001  (a thread that died would let reads go unrecorded)
                done, error = False, MdiError(f"Accesses cannot be recorded: {type(failed).__name__}.")
            with self._changed:
                if not done:
                    self._waiting[:0] = group
                self._writing, self._error = 0, error
                self._changed.notify_all()

    def _next_group(self) -> list[Access]:
        """What waits, once it waited long enough or somebody flushes; empty when the writer is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._asked_to_end)
            self._changed.wait_for(lambda: self._asked_to_flush or self._asked_to_end, _SECONDS)
            if self._asked_to_end:  # `close` flushed before; what could not be written was told
                return []
            group, self._waiting = self._waiting, []
            self._writing = len(group)
            return group
