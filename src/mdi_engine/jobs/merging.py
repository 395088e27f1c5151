"""Merge and un-merge by hand: a decision that binds every later run, and its effect on the numbers, in one transaction.

Merging binds all records of both masters together. Un-merging takes the last merge back: of one made by hand the
decision is undone, against one that the machine made a decision is written. Either way the number that was merged is
in force again, with the records it had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

from sqlalchemy import Connection

from mdi_engine.errors import Conflict, NotFound, UsageError
from mdi_engine.jobs.home import entity_named, home_ledger
from mdi_engine.ledger.accesses import Access, record_accesses
from mdi_engine.ledger.answered import DIFFERENT, SAME, answers
from mdi_engine.ledger.apply import apply_now
from mdi_engine.ledger.constraints import decide, standing, standing_merge, undo
from mdi_engine.ledger.history import number_of, resolve
from mdi_engine.ledger.neighbourhood import living, members_of
from mdi_engine.ledger.parameters import parameters_in_force
from mdi_engine.ledger.parting import Merge, give_back, issued_since, last_merge
from mdi_engine.ledger.records import records_by_id
from mdi_engine.ledger.store import writing
from mdi_engine.settings import Settings

MERGE, UNMERGE = "merge", "unmerge"
SHOWN = "shown"
MOST = 200  # parts that one call tells apart: each two of them are a decision


@dataclass(frozen=True)
class Placed:
    """A record `source:key` with the number it bears and the one it is to bear; None for one yet to be issued."""

    record: str
    name: str | None
    before: str
    after: str | None


@dataclass(frozen=True)
class MergeReport:
    """What merging or un-merging does. Only if `applied` it was done; else it is what would be done.

    `event`: of the decision, None if it was not applied; `takes_back`: the earlier decision that it undoes;
    `overrules`: about how many pairs of records earlier decisions said otherwise.
    """

    entity: str
    action: str
    applied: bool
    event: int | None
    takes_back: int | None
    overrules: int
    records: tuple[Placed, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Done:
    event: int
    takes_back: int | None = None
    overrules: int = 0


def merge(
    settings: Settings, entity: str, one: str, other: str, *, note: str | None = None, yes: bool = False
) -> MergeReport:
    """Make two masters one, in the name of `settings.actor`; without `yes`, only tell what that would do.

    All records of both are together from then on, whatever an earlier decision said about them; which number stays is
    decided as after a link job. Raises `NotFound` for a number that was never issued, `Conflict` if they are one
    already, if one has no live record, or if decisions about other records stand against it.
    """
    return _by_hand(settings, entity, MERGE, (one, other), lambda hand: hand.merge(one, other), note, yes)


def unmerge(
    settings: Settings,
    entity: str,
    number: str,
    records: Sequence[str] = (),
    *,
    note: str | None = None,
    yes: bool = False,
) -> MergeReport:
    """Take a merge back or take a master apart, in the name of `settings.actor`; without `yes`, only tell about it.

    A number that redirects is in force again with the records it brought along; of a number in force, the last merge
    into it is taken back so. If nothing was ever merged into it, each of its records becomes a master of its own.
    `records` (`source:key`) instead leave it together. They are never together again, unless somebody merges them.
    Raises `NotFound` for a number or a record of it that is not there, `Conflict` if there is nothing to part, or a
    later decision stands against it.
    """
    return _by_hand(settings, entity, UNMERGE, (number,), lambda hand: hand.unmerge(number, records), note, yes)


def _by_hand(
    settings: Settings,
    entity: str,
    action: str,
    numbers: Iterable[str],
    work: Callable[[_Hand], _Done],
    note: str | None,
    yes: bool,
) -> MergeReport:
    """Do it, look at what came of it, and unless it is wanted take it back: a preview that cannot be wrong."""
    entity_named(entity)
    with home_ledger(settings) as engine, writing(engine) as conn:
        before = members_of(conn, entity, {resolve(conn, entity, number).number for number in numbers})
        trial = conn.begin_nested()
        done = work(_Hand(conn, entity, settings.actor, note))
        after = {record: number_of(conn, record) for record in before}
        fresh = set() if yes else issued_since(conn, entity, done.event, after.values())
        placed = _placed(conn, before, {record: None if now in fresh else now for record, now in after.items()})
        if yes:
            trial.commit()
        else:
            trial.rollback()
        shown = {number for one in placed for number in (one.before, one.after) if number is not None}
        outcome = f"{action}d" if yes else SHOWN
        access = Access(settings.actor, action, action, entity, tuple(sorted(shown)), None, outcome)
        record_accesses(conn, [access])
        return MergeReport(entity, action, yes, done.event if yes else None, done.takes_back, done.overrules, placed)


def _placed(conn: Connection, before: dict[int, str], after: dict[int, str | None]) -> tuple[Placed, ...]:
    return tuple(
        Placed(f"{record.source}:{record.source_key}", record.payload.get("name"), before[record.id], after[record.id])
        for record in records_by_id(conn, sorted(before))
    )


@dataclass(frozen=True)
class _Hand:
    """Whose hand is at work, and on what."""

    conn: Connection
    entity: str
    actor: str
    note: str | None

    def merge(self, one: str, other: str) -> _Done:
        numbers = sorted({resolve(self.conn, self.entity, number).number for number in (one, other)})
        if len(numbers) < 2:
            raise Conflict(f"{one} and {other} are one already: {numbers[0]}", number=numbers[0])
        records = [record for number in numbers for record in self._live(number)]
        done = self._decide([records], MERGE)
        self._apply([records], done.event)
        return done

    def unmerge(self, number: str, records: Sequence[str]) -> _Done:
        if records:
            return self._take_out(resolve(self.conn, self.entity, number).number, records)
        found = last_merge(self.conn, self.entity, number)
        if found is not None:
            return self._take_back(found)
        return self._part([[record] for record in self._live(number)])

    def _take_out(self, number: str, records: Sequence[str]) -> _Done:
        live = self._live(number)
        names = {f"{found.source}:{found.source_key}": found.id for found in records_by_id(self.conn, live)}
        if unknown := [record for record in records if record not in names]:
            raise NotFound(
                f"{len(unknown)} of the records named are none of {number}",
                hint=f"Its records: `mdi history {number}`.",
                number=number,
            )
        out = sorted({names[record] for record in records})
        return self._part([out, [record for record in live if record not in out]])

    def _part(self, parts: Sequence[Sequence[int]]) -> _Done:
        parts = [part for part in parts if part]
        if len(parts) < 2:
            raise Conflict("it is one record, or all of them: there is nothing to part")
        if len(parts) > MOST:
            raise UsageError(
                f"it has {len(parts)} records; at most {MOST} are told apart at once",
                hint="Name the records that are to leave it.",
            )
        done = self._decide(parts, UNMERGE)
        self._apply(parts, done.event)
        return done

    def _take_back(self, found: Merge) -> _Done:
        survivor = resolve(self.conn, self.entity, found.number).number
        held = members_of(self.conn, self.entity, [survivor])
        parts = [sorted(found.records), sorted(held.keys() - found.records)]
        if not parts[1]:
            raise Conflict(f"{survivor} holds nothing but what {found.number} brought along: there is nothing to part")
        decision = standing_merge(self.conn, self.entity, found.as_of)
        if decision is None:
            done = self._decide(parts, UNMERGE)
        else:
            done = _Done(undo(self.conn, self.entity, decision, actor=self.actor, note=self.note), decision)
            self._require_apart(parts)
        give_back(
            self.conn,
            self.entity,
            found.number,
            found.records,
            version=self._version(),
            as_of=done.event,
            actor=self.actor,
        )
        return done

    def _require_apart(self, parts: Sequence[Sequence[int]]) -> None:
        said = answers(self.conn, self.entity, [record for part in parts for record in part])
        one, other = ({said.end(record) for record in part} for part in parts)
        if one & other:
            raise Conflict(
                "another decision says that records on both sides are the same",
                hint="Take that back first: a later merge by `mdi unmerge`, a task by `mdi review undo`.",
            )

    def _decide(self, parts: Sequence[Sequence[int]], answer: str) -> _Done:
        """Decide that each part is one and that no two are."""
        of_part = {record: place for place, part in enumerate(parts) for record in part}
        said = standing(self.conn, self.entity, of_part)
        meant = {pair: SAME if of_part[pair[0]] == of_part[pair[1]] else DIFFERENT for pair in said}
        overruled = {pair: says for pair, says in meant.items() if says != said[pair]}
        wanted = overruled | {(min(part), record): SAME for part in parts for record in part if record != min(part)}
        wanted |= dict.fromkeys(combinations(sorted(map(min, parts)), 2), DIFFERENT)
        pairs = [(left, right, says) for (left, right), says in wanted.items()]
        seq = decide(self.conn, self.entity, pairs, answer=answer, actor=self.actor, note=self.note)
        return _Done(seq, overrules=len(overruled))

    def _apply(self, clusters: Sequence[Sequence[int]], decision: int) -> None:
        apply_now(
            self.conn,
            entity=self.entity,
            parameters_version=self._version(),
            as_of_event=decision,
            clusters=clusters,
            actor=self.actor,
        )

    def _live(self, number: str) -> list[int]:
        live = sorted(living(self.conn, members_of(self.conn, self.entity, [number])))
        if not live:
            raise Conflict(f"{number} holds no live record", number=number)
        return live

    def _version(self) -> int:
        """Of the parameters in force, which events of assignment name; 0 before the first link job."""
        found = parameters_in_force(self.conn, self.entity)
        return 0 if found is None else found.version
