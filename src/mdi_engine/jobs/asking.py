"""One record against those of the ledger, by the keys, levels and weights of the batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.jobs.home import from_columns
from mdi_engine.ledger.records import SourceRecord
from mdi_engine.linkage.clustering.collective import Judgement, judge
from mdi_engine.linkage.explaining.explain import Waterfall, explain
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.searching.asking import Key, KeyMaker
from mdi_engine.linkage.weights.score import Scorer

Payload = Mapping[str, str | None]
Read = Callable[[Iterable[int]], Sequence[SourceRecord]]


@dataclass(frozen=True)
class Asked:
    """A record that is asked about: whose it is, what it is called there, and what it says."""

    source: str
    key: str
    payload: Payload


@dataclass(frozen=True)
class Standing:
    """A master that may be meant. `weight`: that of the pair with its best record, in millibits; `records`: all it has.

    Records that wait for a number are not known to be one thing: each stands for itself, with no `number`.
    """

    number: str | None
    best: SourceRecord
    weight: int
    records: tuple[SourceRecord, ...]


class Asker:
    """Asks under one version of the parameters. For many threads."""

    def __init__(self, version: int, learned: Parameters) -> None:
        self.version, self.learned = version, learned
        self._keys = KeyMaker(learned)
        self._columns = {name: str(field.column_in("")) for name, field in learned.model.fields.items()}

    def keys(self, payload: Payload) -> list[Key]:
        """All match keys of a record; those that a link job writes."""
        return self._keys.keys({name: payload.get(column) or None for name, column in self._columns.items()})

    def seeking(self, keys: Sequence[Key]) -> list[Key]:
        """Of a record's keys those of which each of its candidates shares at least one.

        Two records that are candidates of each other also have one of these in common. Of the features of rarity the
        commonest are left out, as long as together they do not reach the cut: the rarest that two such records share
        is then left out for neither.
        """
        rare = sorted((key for key in keys if key.way == self._keys.rare), key=lambda key: (key.bits, key.key))
        sums = itertools.accumulate(key.bits for key in rare)
        left_out = sum(total < self._keys.cut for total in sums)
        return [key for key in keys if key.way != self._keys.rare] + rare[left_out:]

    def near(self, asked: Asked, found: Mapping[int, Sequence[Key]], read: Read) -> list[tuple[SourceRecord, int]]:
        """Which of these records (by id, with keys that they share with it) are candidates and reach the review
        threshold, with the weight of the pair; best first. `read` gives records by their ids.
        """
        own = self.keys(asked.payload)
        held = [one for one in read(found) if self._covers(own, found[one.id], one, asked)]
        if not held:
            return []
        records = self._records(held, asked)
        left = np.arange(len(held), dtype=np.int64)
        right = np.full(len(held), len(held), dtype=np.int64)
        left, _, weight = Scorer(records, self.learned).at_least(left, right, self.learned.review)
        return [(held[left[k]], int(weight[k])) for k in np.lexsort((left, -weight)).tolist()]

    def judge(self, asked: Asked, masters: Sequence[Standing]) -> Judgement:
        """By the formula of the batch: each master speaks through all its records, also those that no key finds."""
        records = self._records([record for one in masters for record in one.records], asked)
        ends = np.cumsum([0, *(len(one.records) for one in masters)])
        rows = [np.arange(a, b, dtype=np.int64) for a, b in itertools.pairwise(ends.tolist())]
        return judge(records, self.learned, len(records) - 1, rows)

    def explain(self, asked: Asked, masters: Sequence[Standing]) -> list[Waterfall]:
        """Why the record weighs what it does against the best one of each master."""
        if not masters:
            return []
        records = self._records([one.best for one in masters], asked)
        return [explain(records, row, len(masters), self.learned) for row in range(len(masters))]

    def _covers(self, own: Sequence[Key], shared: Sequence[Key], record: SourceRecord, asked: Asked) -> bool:
        """Whether a record is a candidate. The keys that it is known to share mostly tell; else all are compared."""
        if self.learned.model.pairs == "between" and record.source == asked.source:
            return False
        if self._reach(shared):
            return True
        others = {(key.way, key.key) for key in self.keys(record.payload)}
        return self._reach([key for key in own if (key.way, key.key) in others])

    def _reach(self, shared: Sequence[Key]) -> bool:
        rare = self._keys.rare
        return any(key.way != rare for key in shared) or sum(key.bits for key in shared) >= self._keys.cut

    def _records(self, found: Sequence[SourceRecord], asked: Asked) -> Records:
        """The records, and as the last row what is asked about."""
        payloads: list[Payload] = [*(record.payload for record in found), asked.payload]
        columns = {name: [said.get(column) for said in payloads] for name, column in self._columns.items()}
        sources, keys = [record.source for record in found], [record.source_key for record in found]
        return from_columns([*sources, asked.source], [*keys, asked.key], columns)
