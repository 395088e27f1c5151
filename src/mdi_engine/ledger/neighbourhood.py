"""Cutting the work of a run into parts that cannot influence each other, and reading the state of one part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, Connection, Select, bindparam, select

from mdi_engine.errors import UsageError
from mdi_engine.ledger.assignment import Cluster, Master, State
from mdi_engine.ledger.schema import masters, memberships, source_records

_BATCH = 5000  # values in one IN list; SQLite allows 32,766
_T = TypeVar("_T", int, str)

_MASTER = (
    masters.c.number,
    masters.c.founder,
    masters.c.founded,
    masters.c.status,
    masters.c.anchor,
    masters.c.merged_into,
    masters.c.redirect_to,
    masters.c.split_from,
)
# Statements that every registration runs are made once: SQLAlchemy then also knows them again at once.
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_OF = select(*_MASTER).where(masters.c.entity == bindparam("of"))
_BY = {column.name: _OF.where(column.in_(_SOME)) for column in (masters.c.number, masters.c.redirect_to)}
_BY |= {column.name: _OF.where(column.in_(_SOME)) for column in (masters.c.founder, masters.c.anchor)}
_NUMBERS = select(memberships.c.number).where(memberships.c.record_id.in_(_SOME))
_MEMBERS = select(memberships.c.record_id, memberships.c.number).where(
    memberships.c.entity == bindparam("of"), memberships.c.number.in_(_SOME)
)
# By id alone: with the entity beside it SQLite would walk all records of the entity instead.
_LIVING = select(source_records.c.id).where(source_records.c.id.in_(_SOME), source_records.c.live)


def read_state(conn: Connection, entity: str) -> State:
    """Every master and membership of an entity."""
    members = select(memberships.c.record_id, memberships.c.number).where(memberships.c.entity == entity)
    return State(
        masters={master.number: master for master in _masters(conn, _OF, {"of": entity})},
        memberships=dict(conn.execute(members).all()),
    )


def read_neighbourhood(
    conn: Connection, entity: str, clusters: Sequence[Cluster], numbers: Iterable[str], anchors: Mapping[int, str]
) -> tuple[State, list[Cluster]]:
    """What `assign` must know to give `clusters` their numbers, and the clusters it must be given.

    `numbers` are taken in whether or not a cluster touches them: records may have left them.
    See `whole_clusters` for the live records of a touched master that no cluster names.
    """
    # Another run may have merged one of the numbers since: then the master it leads to belongs to the part.
    ends = {end for some in batches(sorted(numbers)) for end in _ends(conn, entity, "number", some)}
    found = _families(conn, entity, ends)
    members = members_of(conn, entity, found)
    records = {record for cluster in clusters for record in cluster} | members.keys()
    fresh = set(records)
    while fresh:  # each round adds the masters that the last round's records tie in; almost always two rounds
        tokens = {anchors[record] for record in fresh if record in anchors}
        found |= _families(conn, entity, _tied(conn, entity, fresh, tokens) - found.keys())
        members = members_of(conn, entity, found)
        fresh = set(members) - records
        records |= fresh
    return State(found, members), whole_clusters(clusters, members, living(conn, records))


def whole_clusters(clusters: Iterable[Cluster], members: Mapping[int, str], live: Set[int]) -> list[Cluster]:
    """`clusters` less the records that are not live, and with the live members that none of them names.

    Those were linked after the run looked: they stay with most of their master's records, or, where no cluster names
    any of these, together.
    """
    whole = [set(cluster & live) for cluster in clusters]
    of_record = {record: index for index, cluster in enumerate(whole) for record in cluster}
    unnamed: dict[str, set[int]] = {}
    for record in live & members.keys() - of_record.keys():
        unnamed.setdefault(members[record], set()).add(record)
    seats: dict[str, Counter[int]] = {number: Counter() for number in unnamed}
    for record, index in of_record.items():
        if members.get(record) in seats:
            seats[members[record]][index] += 1
    for number, records in unnamed.items():
        ranked = sorted(seats[number].items(), key=lambda seat: (-seat[1], min(whole[seat[0]])))
        if ranked:
            whole[ranked[0][0]] |= records
        else:
            whole.append(records)
    return [frozenset(cluster) for cluster in whole if cluster]


@dataclass(frozen=True, slots=True)
class Part:
    """Clusters (by index) and old numbers that share no claim with those of any other part."""

    clusters: list[int]
    numbers: list[str]


def parts(state: State, clusters: Sequence[Cluster], anchors: Mapping[int, str]) -> list[Part]:
    """Clusters and numbers in parts, those with clusters first, in order of their first cluster.

    Parts may be assigned one by one, in any order, with the outcome of assigning everything at once.
    """
    forest = _Forest()
    claims: dict[int | str, str] = {}
    for master in state.masters.values():
        forest.join(claims.setdefault(master.anchor or master.founder, master.number), master.number)
        if master.redirect_to:
            forest.join(master.redirect_to, master.number)
    for index, cluster in enumerate(clusters):
        for record in cluster:
            for tie in (state.memberships.get(record), claims.get(record)):
                forest.join(index, index if tie is None else tie)
            if token := anchors.get(record):
                forest.join(index, claims.setdefault(token, "token " + token))
    grouped: dict[object, Part] = {}
    for index in range(len(clusters)):
        grouped.setdefault(forest.root(index), Part([], [])).clusters.append(index)
    for number in state.masters:
        grouped.setdefault(forest.root(number), Part([], [])).numbers.append(number)
    return list(grouped.values())


class _Forest:
    """Union-find over any hashable things."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def root(self, thing: object) -> object:
        parent = self.parent
        top = thing
        while (above := parent.get(top, top)) != top:
            top = above
        while thing != top:
            parent[thing], thing = top, parent.get(thing, thing)
        return top

    def join(self, one: object, other: object) -> None:
        top, below = self.root(one), self.root(other)
        if top != below:
            self.parent[below] = top


def _tied(conn: Connection, entity: str, records: Iterable[int], tokens: Iterable[str]) -> set[str]:
    """The numbers that these records bear, founded or anchor; in place of a merged one, where it leads."""
    records = sorted(records)
    tied = numbers_of(conn, records)
    for ids in batches(records):
        tied |= _ends(conn, entity, "founder", ids)
    for some in batches(sorted(tokens)):
        tied |= _ends(conn, entity, "anchor", some)
    return tied


def names_of(conn: Connection, records: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Source and key of these records."""
    columns, names = source_records.c, dict[int, tuple[str, str]]()
    for some in batches(sorted(records)):
        found = conn.execute(select(columns.id, columns.source, columns.source_key).where(columns.id.in_(some)))
        names |= {id_: (source, key) for id_, source, key in found}
    return names


def numbers_of(conn: Connection, records: Iterable[int]) -> set[str]:
    """The numbers that these records bear."""
    found: set[str] = set()
    for some in batches(sorted(records)):
        found |= set(conn.execute(_NUMBERS, {"some": some}).scalars())
    return found


def _ends(conn: Connection, entity: str, column: str, some: Sequence[int] | Sequence[str]) -> set[str]:
    """Where the masters lead of which `column` is one of these."""
    found = _masters(conn, _BY[column], {"of": entity, "some": some})
    return {master.redirect_to or master.number for master in found}


def _families(conn: Connection, entity: str, numbers: Iterable[str]) -> dict[str, Master]:
    """The masters with these numbers and all that redirect to them."""
    families: dict[str, Master] = {}
    for some in batches(sorted(numbers)):
        for column in ("number", "redirect_to"):  # as one OR, SQLite would walk all masters
            found = _masters(conn, _BY[column], {"of": entity, "some": some})
            families |= {master.number: master for master in found}
    return families


def members_of(conn: Connection, entity: str, numbers: Iterable[str]) -> dict[int, str]:
    """The records that bear one of these numbers, live or not, with their number."""
    members: dict[int, str] = {}
    for batch in batches(sorted(numbers)):
        members |= dict(conn.execute(_MEMBERS, {"of": entity, "some": batch}).all())
    return members


def living(conn: Connection, records: Iterable[int]) -> set[int]:
    """Those of these records that are live."""
    live: set[int] = set()
    for some in batches(sorted(records)):
        live |= set(conn.execute(_LIVING, {"some": some}).scalars())
    return live


def require_known(conn: Connection, entity: str, clusters: Sequence[Sequence[int]]) -> None:
    """Raises UsageError on clusters that are not made of the entity's records, once each."""
    named = [record for cluster in clusters for record in cluster]
    distinct, columns, known = sorted(set(named)), source_records.c, 0
    for some in batches(distinct):
        found = conn.execute(select(columns.entity).where(columns.id.in_(some))).scalars()
        known += sum(of == entity for of in found)
    if known < len(distinct) or len(distinct) < len(named):
        raise UsageError(
            f"Clusters of {entity}: {len(distinct) - known} records are unknown, {len(named) - len(distinct)} are "
            "named twice.",
            hint="Give each record of the entity at most once.",
            unknown=len(distinct) - known,
        )


def batches(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`values` in slices that fit one IN list."""
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))


def _masters(conn: Connection, statement: Select[Any], given: Mapping[str, Any]) -> Iterator[Master]:
    return (Master(*row) for row in conn.execute(statement, given))
