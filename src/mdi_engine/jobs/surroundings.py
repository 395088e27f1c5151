"""The components around some records: all that their clustering depends on, found through the ledger's match keys.

Two records belong to one component if a path of pairs from the review threshold up, or of pairs that a steward called
the same, leads from one to the other. What a component's clusters are depends on nothing outside of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from mdi_engine.jobs.home import from_columns
from mdi_engine.jobs.keys import key_postings
from mdi_engine.ledger.matchkeys import holders
from mdi_engine.ledger.neighbourhood import living, members_of, numbers_of
from mdi_engine.ledger.records import SourceRecord, records_by_id
from mdi_engine.ledger.touched import before
from mdi_engine.linkage.candidates.blocking import covers, prepare
from mdi_engine.linkage.candidates.keys import Keys, Posting
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.score import Edges, Scorer

SLICE = 2_000  # records whose pairs are scored in one go: bounds the memory, changes nothing else
_IDS = 1 << 44  # more than there will be record ids; with a row of a slice below it, a pair is one 64-bit number
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Surroundings:
    """Whole components: `ids[row]` is the record id of a row, `edges` all pairs from the review threshold up."""

    records: Records
    ids: Ids
    edges: Edges


class Forgotten(Exception):
    """What a record said is gone, and with it the way to those that it was next to: everything must be read."""


def surroundings(
    conn: Connection,
    entity: str,
    version: int,
    learned: Parameters,
    touched: Set[int],
    since: int,
    same: Iterable[tuple[int, int]],
) -> Surroundings:
    """The components that hold a touched record, or held one as of event `since`; live records only.

    All live records but the touched ones must have their match keys of parameters `version`. `same`: pairs that
    stewards called the same. Raises `Forgotten` if what a touched record said as of `since` is gone.
    """
    finder = _Finder(conn, entity, version, learned, touched)
    former, lost = before(conn, touched, since)
    if lost:
        raise Forgotten
    # Where a record was, its old neighbours may now part, or belong elsewhere.
    company = set(members_of(conn, entity, numbers_of(conn, touched)))
    start = touched | company | finder.next_to(former)
    beside = _adjacent(same)
    inside: set[int] = set()
    frontier = _reached(start, beside)
    while fresh := living(conn, frontier - inside):
        inside |= fresh
        frontier = _reached(finder.expand(sorted(fresh)), beside)
    return finder.taken(inside)


def _adjacent(same: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    beside: dict[int, set[int]] = {}
    for left, right in same:
        beside.setdefault(left, set()).add(right)
        beside.setdefault(right, set()).add(left)
    return beside


def _reached(records: Set[int], beside: dict[int, set[int]]) -> set[int]:
    """These records and all that are the same, be it by way of one that was withdrawn."""
    reached, waiting = set(records), [record for record in records if record in beside]
    while waiting:
        fresh = beside[waiting.pop()] - reached
        reached |= fresh
        waiting += fresh
    return reached


class _Row(NamedTuple):
    """What a record says, field by field of the model."""

    id: int
    source: str
    key: str
    values: tuple[str | None, ...]


class _Finder:
    """Scores records against all that share a key with them. What it has read it keeps."""

    def __init__(self, conn: Connection, entity: str, version: int, learned: Parameters, touched: Set[int]) -> None:
        self._conn, self._entity, self._version, self._learned = conn, entity, version, learned
        self._fields = {name: str(field.column_in("")) for name, field in learned.model.fields.items()}
        self._held: dict[int, _Row] = {}
        self._pairs: list[Ids] = []
        self._compared = 0
        # The touched ones may have no keys in the ledger yet.
        fresh = sorted(living(conn, touched))
        ids = np.array(fresh, dtype=np.int64)
        postings = key_postings(self._records(self._read(fresh)), learned) if fresh else []
        self._late = [Posting(ids[posting.rows], posting.keys) for posting, _ in postings]

    def expand(self, ids: Sequence[int]) -> set[int]:
        """The records that share a pair with one of these; their pairs are kept."""
        found: set[int] = set()
        for begin in range(0, len(ids), SLICE):
            pairs = self._near(self._read(ids[begin : begin + SLICE]))
            self._pairs.append(pairs)
            found |= set(pairs[1].tolist())
        return found

    def next_to(self, former: Sequence[SourceRecord]) -> set[int]:
        """The records that share a pair with these, which say what the ledger's no longer say."""
        rows = [self._row(record) for record in former]
        slices = (rows[begin : begin + SLICE] for begin in range(0, len(rows), SLICE))
        return {other for some in slices for other in self._near(some)[1].tolist()}

    def taken(self, ids: set[int]) -> Surroundings:
        """These records, whole components that were expanded, with the pairs found."""
        held = sorted((self._held[id_] for id_ in ids), key=lambda row: (row.source, row.key))
        at = np.array([row.id for row in held], dtype=np.int64)
        order = np.argsort(at)
        pairs = np.concatenate([np.empty((3, 0), dtype=np.int64), *self._pairs], axis=1)
        left, right = (order[np.searchsorted(at, side, sorter=order)] for side in pairs[:2])
        rows = np.unique(np.stack([np.minimum(left, right), np.maximum(left, right), pairs[2]]), axis=1)
        return Surroundings(self._records(held), at, Edges(rows[0], rows[1], rows[2], self._compared))

    def _read(self, ids: Sequence[int]) -> list[_Row]:
        missing = [id_ for id_ in ids if id_ not in self._held]
        self._held |= {record.id: self._row(record) for record in records_by_id(self._conn, missing)}
        return [self._held[id_] for id_ in ids]

    def _row(self, record: SourceRecord) -> _Row:
        values = tuple(map(record.payload.get, self._fields.values()))
        return _Row(record.id, record.source, record.source_key, values)

    def _records(self, held: Sequence[_Row]) -> Records:
        columns = zip(*(row.values for row in held), strict=True) if held else ((),) * len(self._fields)
        named = dict(zip(self._fields, columns, strict=True))
        return from_columns([row.source for row in held], [row.key for row in held], named)

    def _near(self, asked: Sequence[_Row]) -> Ids:
        """Pairs from the review threshold up of the records asked for: their ids, the others' ids, weights."""
        if not asked:
            return np.empty((3, 0), dtype=np.int64)
        own = np.array([row.id for row in asked], dtype=np.int64)
        row, other = self._sharing(asked, own)
        others = np.unique(other)
        both = self._records([*asked, *self._read(others.tolist())])
        left, right = row, len(asked) + np.searchsorted(others, other)
        if self._learned.model.pairs == "between":
            apart = both.source[left] != both.source[right]
            left, right = left[apart], right[apart]
        self._compared += len(left)
        left, right, weight = Scorer(both, self._learned).at_least(left, right, self._learned.review)
        # Few are left of which to ask whether they are candidates at all.
        found = self._covered([*asked, *(self._held[id_] for id_ in others.tolist())], left, right)
        return np.stack([own[left[found]], others[right[found] - len(asked)], weight[found]])

    def _covered(self, held: Sequence[_Row], left: Ids, right: Ids) -> npt.NDArray[np.bool_]:
        """Which of these pairs some blocking way makes."""
        rows = np.unique(np.concatenate([left, right]))
        ways = prepare(self._records([held[row] for row in rows.tolist()]), self._learned.model, self._learned.blocking)
        left, right = np.searchsorted(rows, left), np.searchsorted(rows, right)
        found = np.zeros(len(left), dtype=bool)
        for way in range(ways.count):
            found |= covers(ways, way, left, right)
        return found

    def _sharing(self, asked: Sequence[_Row], own: Ids) -> tuple[Ids, Ids]:
        """Pairs of a row asked for and a record that may be a candidate for it, each once."""
        pairs: list[Ids] = [np.empty(0, dtype=np.int64)]
        for rule, (posting, bits) in enumerate(key_postings(self._records(asked), self._learned)):
            if bits is not None and self._learned.blocking.rarity is not None:
                posting = _telling(posting, bits, self._learned.blocking.rarity.cut)
            pairs += self._under(rule, posting)
        row, other = np.divmod(np.unique(np.concatenate(pairs)), _IDS)
        apart = own[row] != other
        return row[apart], other[apart]

    def _under(self, rule: int, posting: Posting) -> Iterator[Ids]:
        """Pairs of a row and a record under its keys, each as one number."""
        keys = np.unique(posting.keys)
        yield _joined(posting, *holders(self._conn, self._entity, self._version, rule, keys.tolist()))
        if rule < len(self._late):
            late = self._late[rule]
            held = np.isin(late.keys, keys)
            yield _joined(posting, late.keys[held], late.rows[held])


def _telling(posting: Posting, bits: Ids, cut: int) -> Posting:
    """The features that a pair cannot do without: those left out are worth less than the cut all together.

    The commonest, which tell the least, are left out; so few records need be looked at.
    """
    order = np.lexsort((bits, posting.rows))
    rows, total = posting.rows[order], np.cumsum(bits[order])
    start = np.flatnonzero(np.diff(rows, prepend=-1))
    ahead = np.repeat(total[start] - bits[order][start], np.diff(np.append(start, len(rows))))
    kept = np.sort(order[total - ahead >= cut])
    return Posting(posting.rows[kept], posting.keys[kept])


def _joined(posting: Posting, keys: Keys, ids: Ids) -> Ids:
    """Pairs (row, id) that share a key, as row * _IDS + id; `posting` is sorted by key, `keys` need not be."""
    first = np.searchsorted(posting.keys, keys, side="left")
    count = np.searchsorted(posting.keys, keys, side="right") - first
    place = np.repeat(first, count) + np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(posting.rows[place] * _IDS + np.repeat(ids, count), dtype=np.int64)
