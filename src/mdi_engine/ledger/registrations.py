"""What the registration of one record reads of the ledger, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, bindparam, select

from mdi_engine.errors import Conflict
from mdi_engine.ledger.answered import Answers, answers
from mdi_engine.ledger.apply import apply_now
from mdi_engine.ledger.deliveries import DeliveryInfo
from mdi_engine.ledger.events import head
from mdi_engine.ledger.matchkeys import holders, mark_keyed, write_match_keys
from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.payloads import Stated
from mdi_engine.ledger.records import append_versions, record_id
from mdi_engine.ledger.review import WAITING, Task, open_tasks
from mdi_engine.ledger.schema import masters, memberships, review_tasks, source_records

# What a source registers one by one is one delivery, until a file of it comes in between.
_DELIVERY = DeliveryInfo("delta", ())

# Statements that every registration runs are made once: SQLAlchemy then also knows them again at once.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_LIVE = (
    select(source_records.c.id, source_records.c.version, memberships.c.number)
    .select_from(source_records.outerjoin(memberships, memberships.c.record_id == source_records.c.id))
    .where(source_records.c.id.in_(_SOME), source_records.c.live)
)
_MEMBERS = select(memberships.c.record_id).where(
    memberships.c.entity == bindparam("of"), memberships.c.number.in_(_SOME)
)
_STANDING = (
    select(masters.c.number, masters.c.founder)
    .select_from(memberships)
    .join(masters, (masters.c.entity == memberships.c.entity) & (masters.c.number == memberships.c.number))
    .where(memberships.c.record_id == bindparam("of"))
)

RuleKey = tuple[int, int]
K = TypeVar("K", bound=tuple[int, ...])


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it stood when it was found: its newest version and its number, None while it waits for one."""

    id: int
    version: int
    number: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a record shall stand: with these records, and apart from those, which bore its number until now.

    `doubts` are records that it may be one with, each with what is to be asked and the weight in millibits.
    """

    beside: frozenset[int] = frozenset()
    without: frozenset[int] = frozenset()
    doubts: tuple[tuple[str, int, int], ...] = ()


def live_among(conn: Connection, ids: Iterable[int]) -> frozenset[Found]:
    """Those of these records that are live, as they stand."""
    found = set[Found]()
    for some in batches(sorted(set(ids))):
        found |= {Found(*row) for row in conn.execute(_LIVE, {"some": some})}
    return frozenset(found)


def sharing(conn: Connection, entity: str, version: int, keys: Iterable[K]) -> dict[int, list[K]]:
    """The records that share any of these keys (rule, key, …) of parameters `version`, each with those it shares."""
    shared: dict[int, list[K]] = {}
    by_rule: dict[int, dict[int, K]] = {}
    for key in keys:
        by_rule.setdefault(key[0], {})[key[1]] = key
    for rule, of_rule in by_rule.items():
        held = holders(conn, entity, version, rule, sorted(of_rule))
        for code, record in zip(*(side.tolist() for side in held), strict=True):
            shared.setdefault(record, []).append(of_rule[code])
    return shared


def members_of(conn: Connection, entity: str, numbers: Iterable[str]) -> set[int]:
    """The records that bear any of these numbers, live or not."""
    members: set[int] = set()
    for some in batches(sorted(set(numbers))):
        members |= set(conn.execute(_MEMBERS, {"of": entity, "some": some}).scalars())
    return members


def said_of(conn: Connection, entity: str, record: int | None, others: Iterable[int] = ()) -> Answers:
    """What stewards said of a record, and of `others` beside it; of one that never arrived, nothing."""
    return Answers() if record is None else answers(conn, entity, {record, *others})


def standing_of(conn: Connection, record: int) -> tuple[str, bool] | None:
    """The number that a record bears, and whether it was founded for it; None while it waits for one."""
    row = conn.execute(_STANDING, {"of": record}).one_or_none()
    return None if row is None else (row.number, row.founder == record)


def asked_about(conn: Connection, entity: str, record: int) -> bool:
    """Whether a review task about a record waits for its answer."""
    columns = review_tasks.c
    statement = select(columns.records).where(columns.entity == entity, columns.state.in_(WAITING))
    # The text search narrows many tasks to a few.
    texts = conn.execute(statement.where(columns.records.contains(str(record)))).scalars()
    return any(record in json.loads(text) for text in texts)


def write_registered(
    conn: Connection,
    *,
    entity: str,
    source: str,
    row: Stated,
    version: int,
    keys: Mapping[int, Sequence[RuleKey]],
    placed: Placed,
    actor: str,
) -> int:
    """Append what one record says, with its match keys by version of the parameters, and give it its number.

    `version` is the one in force, by which it was judged.
    Call it in `writing`. Returns the record's id. Raises Conflict if the record may not come back.
    """
    counts = append_versions(conn, entity=entity, source=source, delivery=_DELIVERY, rows=row)
    if counts.forgotten:
        raise Conflict(f"{source}: this person was forgotten and is not taken in again.", source=source)
    record = record_id(conn, entity, source, row.keys[0])
    if record is None:
        raise Conflict(f"{source}: the record was not written.", hint="Run `mdi verify`.", source=source)
    for of_version, pairs in keys.items():
        write_match_keys(conn, entity, of_version, sorted((rule, key, record) for rule, key in pairs))
        mark_keyed(conn, of_version, [record])
    clusters: list[Collection[int]] = [placed.beside | {record}]
    if placed.without:
        clusters.append(placed.without)
    apply_now(conn, entity=entity, parameters_version=version, as_of_event=head(conn), clusters=clusters, actor=actor)
    open_tasks(conn, entity, [Task(kind, (record, other), weight) for kind, other, weight in placed.doubts])
    return record
