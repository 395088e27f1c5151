"""The golden record: of all that a master's records say, what holds, field by field. Pure: no store, no clock.

Which way a value is chosen, each entity states (`fields.Rule`). What a steward corrected comes before all else, each
field by itself. No order of the records has any influence.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mdi_engine.entities.fields import Entity, Rule, Way

STEWARD = "steward"  # the source that holds corrections
UNOPPOSED, EVERY, LAST = "unopposed", "every", "key"


class Statement(NamedTuple):
    """What one record says: `payload` has no entry, or NULL, for a field it says nothing of. `date`: since when, as
    text that sorts by time. `confirmed`: fields of which who verifies was asked, and agreed.
    """

    source: str
    key: str
    date: str
    payload: Mapping[str, str | None]
    confirmed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """A value that did not prevail, and who says it since when."""

    value: str
    source: str
    key: str
    date: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The value of a field, who says it since when, and what made it prevail over the values in `beaten` (best first).

    `value` is None where a field goes with others, or with a correction, that say nothing of it. `rule`: the first way
    in which its record is before the best one that says otherwise; `steward` for a correction; `unopposed` if nobody
    says otherwise; `every` where all values stand side by side, each in a `Chosen` of its own; `key` where nothing but
    the order of sources and keys decided.
    """

    field: str
    value: str | None
    source: str
    key: str
    date: str
    rule: str
    beaten: tuple[Said, ...] = ()


def survive(entity: Entity, statements: Iterable[Statement]) -> tuple[Chosen, ...]:
    """The golden record of what these records of one master say: fields in the entity's order, those of which nobody
    says anything left out.
    """
    said = list(statements)
    corrections = sorted((one for one in said if one.source == STEWARD), key=_latest(said))
    others = [one for one in said if one.source != STEWARD]
    chosen = [one for rule in entity.golden for one in _by_rule(entity, rule, corrections, others)]
    return tuple(sorted(chosen, key=lambda one: entity.field_names.index(one.field)))  # stable: words keep their order


def _by_rule(
    entity: Entity, rule: Rule, corrections: Sequence[Statement], others: Sequence[Statement]
) -> Iterator[Chosen]:
    speaking = [one for one in others if any(one.payload.get(field) for field in rule.fields)]
    rank = _ranking(entity, rule, speaking)
    ranked = sorted(speaking, key=rank)
    for field in rule.fields:
        # An empty text is what a steward says of a value that is to go; NULL says nothing.
        corrected = [one for one in corrections if one.payload.get(field) is not None]
        if rule.each is not None:
            yield from _every(field, rule.each, corrected[:1], ranked)
        elif corrected or ranked:
            yield from _one(field, rule.ways, [*corrected, *ranked], rank)


def _one(
    field: str, ways: Sequence[Way], ranked: Sequence[Statement], rank: Callable[[Statement], tuple[object, ...]]
) -> Iterator[Chosen]:
    """What the first record says, and what of the others differs from it."""
    best, *others = ranked
    value = best.payload.get(field) or None
    rivals = [one for one in others if (one.payload.get(field) or value) != value]
    if value is None and not rivals:
        return
    if best.source == STEWARD:
        reason = STEWARD
    elif not rivals:
        reason = UNOPPOSED
    else:
        ahead = zip((*ways, LAST), rank(best), rank(rivals[0]), strict=False)
        reason = next(way for way, ours, theirs in ahead if ours != theirs)
    yield Chosen(field, value, best.source, best.key, best.date, reason, _beaten(field, rivals))


def _beaten(field: str, rivals: Iterable[Statement]) -> tuple[Said, ...]:
    return tuple(Said(str(one.payload[field]), one.source, one.key, one.date) for one in rivals)


def _every(field: str, separator: str, corrected: Sequence[Statement], ranked: Sequence[Statement]) -> Iterator[Chosen]:
    """Every word that a record says, with the best record that says it; a correction leaves its own words alone."""
    best: dict[str, Statement] = {}
    for one in corrected or ranked:
        for word in _words(one, field, separator):
            best.setdefault(word, one)
    gone = [
        Said(word, one.source, one.key, one.date)
        for one in (ranked if corrected else ())
        for word in _words(one, field, separator)
        if word not in best
    ]
    reason = STEWARD if corrected else EVERY
    for word, one in sorted(best.items()):
        yield Chosen(field, word, one.source, one.key, one.date, reason, tuple(gone))
    if gone and not best:
        (one,) = corrected
        yield Chosen(field, None, one.source, one.key, one.date, reason, tuple(gone))


def _words(one: Statement, field: str, separator: str) -> list[str]:
    parts = (part.strip() for part in (one.payload.get(field) or "").split(separator))
    return list(dict.fromkeys(part for part in parts if part))


def _ranking(entity: Entity, rule: Rule, speaking: Sequence[Statement]) -> Callable[[Statement], tuple[object, ...]]:
    """The place of a record by each way of the rule, the smallest first; at last its source, its key, and all of it."""
    lead = rule.fields[0]
    counted = Counter(one.payload.get(rule.alike or lead) for one in speaking)
    latest = _latest(speaking)

    def place(way: Way, one: Statement) -> object:
        match way:
            case "verified":
                if _position(entity.verifiers, one) < len(entity.verifiers):
                    return 0
                return 1 if lead in one.confirmed else 2
            case "source":
                return _position(entity.sources, one)
            case "recent":
                return latest(one)[0]
            case "frequent":
                alike = one.payload.get(rule.alike or lead)
                return -counted[alike] if alike else 0
            case "complete":
                stated = sum(bool(one.payload.get(field)) for field in rule.fields)
                return -stated, -len(one.payload.get(lead) or "")

    return lambda one: (*(place(way, one) for way in rule.ways), _identity(one))


def _latest(statements: Iterable[Statement]) -> Callable[[Statement], tuple[int, tuple[str, ...]]]:
    """A key by which the newest record is first."""
    dates = sorted({one.date for one in statements}, reverse=True)
    places = {date: place for place, date in enumerate(dates)}
    return lambda one: (places[one.date], _identity(one))


def _identity(one: Statement) -> tuple[str, ...]:
    return one.source, one.key, one.date, json.dumps(dict(one.payload), sort_keys=True)


def _position(named: Sequence[str], one: Statement) -> int:
    """The place of the first of `named` (`source`, or `source:` and how its keys begin) that the record is of; behind
    all of them if it is of none.
    """
    for place, name in enumerate(named):
        source, _, prefix = name.partition(":")
        if one.source == source and one.key.startswith(prefix):
            return place
    return len(named)
