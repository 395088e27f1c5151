"""Register one record at a time: linked to a master, or a new one, or a new one with a question for a steward.

Read, score and judge first; then, under the writer's lock, see that nothing of it has changed, and write everything in
that one transaction. If something changed, begin again: the same person is created once, however many ask at once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from sqlalchemy import Connection, Engine

from mdi_engine.entities.survivorship import STEWARD
from mdi_engine.errors import Conflict, UsageError, discreet, storable
from mdi_engine.jobs.asking import Asked, Asker
from mdi_engine.jobs.home import entity_named, home_ledger, in_force, newest
from mdi_engine.jobs.intake import canonical
from mdi_engine.jobs.placing import Plan, Reason, look, make_plan
from mdi_engine.ledger.accesses import Access, record_accesses
from mdi_engine.ledger.bulk import uncollected
from mdi_engine.ledger.events import head
from mdi_engine.ledger.locks import RuleKey, planned
from mdi_engine.ledger.parameters import newest_parameters, parameters_in_force
from mdi_engine.ledger.payloads import Stated, stated
from mdi_engine.ledger.registrations import asked_about, standing_of, write_registered
from mdi_engine.ledger.secrets import ACCESSES, hasher
from mdi_engine.ledger.store import reading, writing
from mdi_engine.ledger.versions import lookup
from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.settings import Settings

CREATED, LINKED, TO_REVIEW = "created", "linked", "to-review"
REGISTER = "register"
_TURNS = 256
_TRIES = 4  # before computing under the writer's lock, where nobody can come in between


@dataclass(frozen=True)
class Registered:
    """Where a record stands. `outcome`: created (the number was issued for it), linked (to one that was there), or
    to-review (it has a number of its own, and a steward is asked whether it is another one).
    """

    number: str
    outcome: str
    explanation: Reason

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Wish:
    """A record to be registered, ready to be written; `actor` is who registers it, and `purpose` what for."""

    asked: Asked
    row: Stated
    actor: str
    purpose: str


def register(
    settings: Settings,
    entity: str,
    source: str,
    key: str,
    values: Mapping[str, str | None],
    *,
    actor: str,
    purpose: str = REGISTER,
) -> Registered:
    """Register one record; see `Registrar.register`. Who registers many keeps a `Registrar`."""
    entity_named(entity)
    with home_ledger(settings) as engine:
        return Registrar(settings, engine, entity).register(source, key, values, actor=actor, purpose=purpose)


class Registrar:
    """Registers records of one entity, with its parameters kept ready. For many threads, beside other processes.

    Raises `NotFound` if the entity was never linked.
    """

    def __init__(self, settings: Settings, engine: Engine, entity: str) -> None:
        self.entity = entity_named(entity).name
        self._settings, self._engine = settings, engine
        self._turns = [threading.Lock() for _ in range(_TURNS)]
        self._loading = threading.Lock()
        with reading(engine) as conn:
            self._askers = self._load(conn)
            self._keyed = hasher(conn, ACCESSES)

    def register(
        self, source: str, key: str, values: Mapping[str, str | None], *, actor: str, purpose: str = REGISTER
    ) -> Registered:
        """Take in what a source says of one thing now, and tell which master it is. Once it returns, it is on disk.

        `values` are raw, by the names that `intake.accepted` lists. The same (source, key) with the same values again
        gets the same answer, and no more than the access is written. Other values are a correction: it is judged anew.
        Raises `UsageError` for values that cannot be read and for the source of corrections, `Conflict` if the person
        was forgotten.
        """
        wish = self._wish(source, key, values, actor, purpose)
        # Threads that say the same would only overtake each other: one after the other does the work once.
        with self._turns[int(wish.row.hashes[0][:8], 16) % _TURNS]:
            for left in reversed(range(_TRIES)):
                with reading(self._engine) as conn:
                    askers = self._current(conn)
                    done = self._told(conn, wish, askers)
                if done:
                    with writing(self._engine) as conn:
                        self._note(conn, wish, done)
                    return done
                if done := self._try(wish, askers, last=not left):
                    return done
        raise AssertionError("the last try is under the writer's lock")

    def _wish(self, source: str, key: str, values: Mapping[str, str | None], actor: str, purpose: str) -> _Wish:
        if not source.strip() or not key.strip():
            raise UsageError("a registration needs a source and the key by which the source calls the record")
        if source.strip().casefold() == STEWARD:
            raise UsageError(
                f"{STEWARD!r} is the source of stewards' corrections, which come before all else",
                hint="Register under the name of the source; a steward corrects with `mdi correct`.",
            )
        for what, text in (("source", source), ("key", key), ("actor", actor), ("purpose", purpose)):
            storable(f"the {what} of a registration", text)
        payload = canonical(self.entity, values)
        if NORMALIZERS["nik"](key) is not None:  # no reference that is printed or logged shows a NIK
            key = NORMALIZERS["fingerprint"](key) or key
        return _Wish(Asked(source, key, payload), stated([(key, payload)]), discreet(actor), purpose)

    def _try(self, wish: _Wish, askers: tuple[Asker, ...], *, last: bool) -> Registered | None:
        """Register it; None if somebody else wrote something that matters meanwhile. The `last` try always does."""
        made_of = {asker.version: asker.keys(wish.asked.payload) for asker in askers}
        keys = {version: [(key.way, key.key) for key in of] for version, of in made_of.items()}
        sought = askers[0].seeking(made_of[askers[0].version])
        locked = [(key.way, key.key) for key in sought]
        plan = partial(make_plan, entity=self.entity, asker=askers[0], asked=wish.asked, sought=sought)
        with planned(self._engine, self.entity, locked, plan) as (conn, made), uncollected():
            if self._overtaken(conn, made, askers, wish):
                if not last:
                    return None
                if done := self._told(conn, wish, askers):
                    self._note(conn, wish, done)
                    return done
                made = plan(conn)
            return self._write(conn, made, keys, askers[0].version, wish)

    def _overtaken(self, conn: Connection, plan: Plan, askers: tuple[Asker, ...], wish: _Wish) -> bool:
        if head(conn) == plan.as_of:
            return False
        if self._versions(conn) != tuple(asker.version for asker in askers):
            return True
        return look(conn, self.entity, askers[0], wish.asked, plan) != plan.seen

    def _write(
        self, conn: Connection, plan: Plan, keys: Mapping[int, Sequence[RuleKey]], version: int, wish: _Wish
    ) -> Registered:
        record = write_registered(
            conn,
            entity=self.entity,
            source=wish.asked.source,
            row=wish.row,
            version=version,
            keys=keys,
            placed=plan.placed,
            actor=wish.actor,
        )
        number, outcome = self._standing(conn, record, new=plan.seen.itself is None and not plan.placed.doubts)
        done = Registered(number, outcome, plan.reason)
        self._note(conn, wish, done)
        return done

    def _note(self, conn: Connection, wish: _Wish, done: Registered) -> None:
        """Write down who was told what: also the masters beside it, whose values the explanation shows."""
        shown = {done.number, *(near.number for near in done.explanation.near if near.number is not None)}
        asked = self._keyed(f"{wish.asked.source}:{wish.asked.key}")
        access = Access(wish.actor, wish.purpose, REGISTER, self.entity, tuple(sorted(shown)), asked, done.outcome)
        record_accesses(conn, [access])

    def _told(self, conn: Connection, wish: _Wish, askers: tuple[Asker, ...]) -> Registered | None:
        """The answer if the record stands already and says the same; None if there is something to write."""
        asked = wish.asked
        known = lookup(conn, self.entity, asked.source, [asked.key]).get(asked.key)
        if known is None or not known.live or known.payload_hash != wish.row.hashes[0]:
            return None
        if standing_of(conn, known.id) is None:
            return None
        asker = askers[0]
        sought = asker.seeking(asker.keys(asked.payload))
        return Registered(*self._standing(conn, known.id), make_plan(conn, self.entity, asker, asked, sought).reason)

    def _standing(self, conn: Connection, record: int, *, new: bool = False) -> tuple[str, str]:
        """The number and the outcome as they are now. `new`: no question about the record can be there yet."""
        found = standing_of(conn, record)
        if found is None:
            raise Conflict("the record got no number", hint="Run `mdi verify`.")
        number, its_own = found
        if not its_own:
            return number, LINKED
        return number, TO_REVIEW if not new and asked_about(conn, self.entity, record) else CREATED

    def _current(self, conn: Connection) -> tuple[Asker, ...]:
        """Who asks under the parameters in force and, while newer ones wait for a link job, under those, too."""
        versions = self._versions(conn)
        with self._loading:
            if tuple(asker.version for asker in self._askers) != versions:
                self._askers = self._load(conn)
            return self._askers

    def _versions(self, conn: Connection) -> tuple[int, ...]:
        force, last = parameters_in_force(conn, self.entity), newest_parameters(conn, self.entity)
        if force is None or last is None:
            raise Conflict(f"{self.entity}: its parameters are gone", hint="Run `mdi verify`.")
        return (force.version,) if force.version == last.version else (force.version, last.version)

    def _load(self, conn: Connection) -> tuple[Asker, ...]:
        force = Asker(*in_force(self._settings, conn, self.entity))
        last = newest_parameters(conn, self.entity)
        if last is None or last.version == force.version:
            return (force,)
        return force, Asker(*newest(self._settings, conn, self.entity))
