"""Where one record belongs, as the ledger stands: judged as a link job judges, a steward's decision first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from mdi_engine.jobs.asking import Asked, Asker, Standing
from mdi_engine.jobs.newborns import another, the_same
from mdi_engine.ledger.answered import Answers, Told
from mdi_engine.ledger.events import head
from mdi_engine.ledger.history import number_of
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.registrations import Found, Placed, live_among, members_of, said_of, sharing
from mdi_engine.ledger.review import CUT, DOUBTFUL
from mdi_engine.ledger.versions import Known, lookup
from mdi_engine.linkage.clustering.collective import Judgement
from mdi_engine.linkage.explaining.explain import Waterfall
from mdi_engine.linkage.searching.asking import Key

DECIDED = "a decision"
NEWBORN = "mother's NIK, birth date, sex and birth order"
_EXPLAINED = 3  # masters


@dataclass(frozen=True)
class Near:
    """A master that it may be, by its best record. `weight` in millibits, `probability` 0..1 of that pair.

    `number` is None for a record that waits for one.
    """

    number: str | None
    record: str
    weight: int
    probability: float
    verdict: str
    why: tuple[str, ...]
    mengapa: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """Why a record stands where it does. `compared`: records that were scored. `reason` as in a job's decisions.

    `weight`: odds of the best master against all else, in millibits; None if there was none it might join, or where a
    decision left nothing to judge. `near`: the masters that were nearest, best first, none left out that it joined.
    """

    compared: int
    weight: int | None
    reason: str
    near: tuple[Near, ...]


@dataclass(frozen=True)
class Seen:
    """Everything of the ledger that a plan depends on; `said` is what stewards said of the record, and of it and all
    the others.
    """

    itself: Known | None
    others: frozenset[Found]
    said: tuple[Told, Told]


@dataclass(frozen=True)
class Plan:
    """Where the record shall stand, and why. It holds as long as `look` gives what was `seen`; surely as of event
    `as_of`. `sought` are the keys and `numbers` the masters that it looked at.
    """

    as_of: int
    seen: Seen
    sought: Sequence[Key]
    numbers: frozenset[str]
    placed: Placed
    reason: Reason


def look(conn: Connection, entity: str, asker: Asker, asked: Asked, plan: Plan) -> Seen:
    """What the plan depends on, as it is now: the record itself, the records that share a key with it, and all that
    bear the numbers of its masters.
    """
    found = sharing(conn, entity, asker.version, plan.sought)
    others = live_among(conn, {*found, *members_of(conn, entity, plan.numbers)})
    itself = _itself(conn, entity, asked)
    own = None if itself is None else itself.id
    said = said_of(conn, entity, own), said_of(conn, entity, own, (each.id for each in others))
    return Seen(itself, others, (said[0].told(), said[1].told()))


def _itself(conn: Connection, entity: str, asked: Asked) -> Known | None:
    return lookup(conn, entity, asked.source, [asked.key]).get(asked.key)


def make_plan(conn: Connection, entity: str, asker: Asker, asked: Asked, sought: Sequence[Key]) -> Plan:
    """Read and judge. What the plan is checked by is read before what it is made of, which may only be newer."""
    as_of = head(conn)
    itself = _itself(conn, entity, asked)
    own = None if itself is None else itself.id
    shared = sharing(conn, entity, asker.version, sought)
    found = live_among(conn, shared)
    others = {each.id: shared[each.id] for each in found if each.id != own}
    near = asker.near(asked, others, partial(records_by_id, conn))
    said = said_of(conn, entity, own)
    bound = _bound(said, own)
    told = {*bound, *(record.id for record, _ in near)}
    before = None if own is None else number_of(conn, own)  # it bears that also where it was withdrawn
    numbers = frozenset(filter(None, [before, *(each.number for each in live_among(conn, told))]))
    around = found | live_among(conn, members_of(conn, entity, numbers))
    # What differs from one also differs from all that are the same as it, be it by way of one that was withdrawn.
    of_all = said_of(conn, entity, own, (each.id for each in around))
    seen = Seen(itself, around, (said.told(), of_all.told()))
    held = _Held(conn, seen, own, before, bound)
    masters = held.standing(near)
    placed, weight, reason = _place(asker, asked, of_all, own, held, masters)
    return Plan(
        as_of, seen, sought, numbers, placed, _reason(asker, asked, len(others), masters, placed, weight, reason)
    )


class _Held:
    """Who bears which number, the record itself left out."""

    def __init__(self, conn: Connection, seen: Seen, own: int | None, before: str | None, bound: Iterable[int]) -> None:
        self._conn = conn
        self.bears = {found.id: found.number for found in seen.others}
        self._of: dict[str, set[int]] = {}
        for id_, number in self.bears.items():
            if number is not None and id_ != own:
                self._of.setdefault(number, set()).add(id_)
        self.siblings = frozenset(self._of.get(before or "", ()))
        live = live_among(conn, bound)
        self.bound = frozenset(id_ for found in live for id_ in {found.id, *self._of.get(found.number or "", ())})

    def standing(self, near: Sequence[tuple[SourceRecord, int]]) -> list[Standing]:
        """The masters of these records, best first, each with all its live records."""
        best: dict[object, tuple[SourceRecord, int]] = {}
        for record, weight in near:
            best.setdefault(self.bears.get(record.id) or record.id, (record, weight))
        return [
            Standing(
                number, record, weight, tuple(records_by_id(self._conn, self._of[number])) if number else (record,)
            )
            for record, weight in best.values()
            for number in [self.bears.get(record.id)]
        ]


def _bound(said: Answers, own: int | None) -> frozenset[int]:
    """The records that stewards called the same as this one."""
    if own is None:
        return frozenset()
    same = {id_ for id_ in said.parent if said.end(id_) == said.end(own)}
    return frozenset((same | {said.end(own)}) - {own})


def _apart(said: Answers, own: int | None, records: Iterable[SourceRecord]) -> bool:
    """Whether stewards called one of these records another than this one."""
    if own is None:
        return False
    pairs = (sorted((said.end(own), said.end(record.id))) for record in records)
    return any((low, high) in said.apart for low, high in pairs)


def _place(
    asker: Asker, asked: Asked, said: Answers, own: int | None, held: _Held, masters: Sequence[Standing]
) -> tuple[Placed, int | None, str]:
    """Where it shall stand, with the odds and the reason."""
    if held.bound:
        return _placed(held.bound, held), None, DECIDED
    free = [one for one in masters if not _apart(said, own, one.records)]
    strangers = [one for one in free if another(asked.payload, (record.payload for record in one.records))]
    free = [one for one in free if one not in strangers]
    judged = asker.judge(asked, free)
    for one in free:
        if the_same(asked.payload, (record.payload for record in one.records)):
            return _placed(_ids(one), held), judged.weight, NEWBORN
    if judged.master is not None:
        return _placed(_ids(free[judged.master]), held), judged.weight, judged.reason
    doubts = [*_doubts(asker, free, judged), *((DOUBTFUL, one.best.id, one.weight) for one in strangers)]
    return _placed(frozenset(), held, tuple(doubts)), judged.weight, judged.reason


def _placed(beside: frozenset[int], held: _Held, doubts: tuple[tuple[str, int, int], ...] = ()) -> Placed:
    return Placed(beside, held.siblings if held.siblings.isdisjoint(beside) else frozenset(), doubts)


def _ids(one: Standing) -> frozenset[int]:
    return frozenset(record.id for record in one.records)


def _doubts(asker: Asker, masters: Sequence[Standing], judged: Judgement) -> Iterator[tuple[str, int, int]]:
    """What a steward is to be asked of a record that joins none of these: pairs between the thresholds, and likely ones
    that the judgement, near the line, held against each other.
    """
    learned = asker.learned
    for one, evidence in zip(masters, judged.evidence, strict=True):
        if evidence is None:  # something forbids it
            continue
        if one.weight < learned.match:
            yield DOUBTFUL, one.best.id, one.weight
        elif judged.weight is not None and judged.weight >= learned.review:
            yield CUT, one.best.id, judged.weight


def _reason(
    asker: Asker,
    asked: Asked,
    compared: int,
    masters: Sequence[Standing],
    placed: Placed,
    weight: int | None,
    reason: str,
) -> Reason:
    shown = [one for place, one in enumerate(masters) if place < _EXPLAINED or one.best.id in placed.beside]
    told = [_near(one, waterfall) for one, waterfall in zip(shown, asker.explain(asked, shown), strict=True)]
    return Reason(compared, weight, reason, tuple(told))


def _near(one: Standing, waterfall: Waterfall) -> Near:
    steps = [step for step in waterfall.steps if step.weight]
    return Near(
        number=one.number,
        record=f"{one.best.source}:{one.best.source_key}",
        weight=waterfall.weight,
        probability=waterfall.probability,
        verdict=waterfall.verdict,
        why=tuple(step.english for step in steps),
        mengapa=tuple(step.indonesian for step in steps),
    )
