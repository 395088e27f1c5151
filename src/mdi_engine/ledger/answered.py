"""Which questions stewards have answered, what follows from their answers included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from sqlalchemy import Connection, select

from mdi_engine.ledger.neighbourhood import batches
from mdi_engine.ledger.schema import constraints

SAME, DIFFERENT = "same", "different"
Told = tuple[frozenset[tuple[int, int]], frozenset[tuple[int, int]]]


@dataclass
class Answers:
    """What stewards said of some records: same is carried on from one to the next, different parts whole groups."""

    parent: dict[int, int] = field(default_factory=dict)
    apart: set[tuple[int, int]] = field(default_factory=set)

    def end(self, record: int) -> int:
        """The one record that stands for all that are the same as this."""
        while (above := self.parent.get(record, record)) != record:
            self.parent[record] = self.parent.get(above, above)
            record = above
        return record

    def told(self) -> Told:
        """All of it, to be compared: each record with the one that stands for it, and which of these differ."""
        return frozenset((record, self.end(record)) for record in list(self.parent)), frozenset(self.apart)

    def settle(self, records: Iterable[int]) -> bool:
        """Whether of every two of these records it is said that they are the same, or that they are not."""
        ends = sorted({self.end(record) for record in records})
        return all(pair in self.apart for pair in combinations(ends, 2))


def answers(conn: Connection, entity: str, records: Iterable[int]) -> Answers:
    """What stewards said of these records, directly or by way of others."""
    rows: set[tuple[int, int, str]] = set()
    seen: set[int] = set()
    frontier = set(records)
    while frontier:
        found = _touching(conn, entity, sorted(frontier))
        rows |= found
        seen |= frontier
        frontier = {end for *pair, says in found if says == SAME for end in pair} - seen
    result = Answers()
    for left, right, says in sorted(rows):
        if says == SAME:
            result.parent[result.end(right)] = result.end(left)
    for left, right, says in rows:
        if says == DIFFERENT:
            a, b = sorted((result.end(left), result.end(right)))
            result.apart.add((a, b))
    return result


def _touching(conn: Connection, entity: str, records: Sequence[int]) -> set[tuple[int, int, str]]:
    columns = constraints.c
    found: set[tuple[int, int, str]] = set()
    for some in batches(records):
        for column in (columns.record_l, columns.record_r):  # as one OR, SQLite would walk all of them
            statement = select(columns.record_l, columns.record_r, columns.says)
            rows = conn.execute(statement.where(columns.entity == entity, column.in_(some)))
            found |= {(left, right, says) for left, right, says in rows}
    return found
