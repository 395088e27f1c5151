"""Clusters that grow: new records are put in one by one or many at a time, and who is who stays as a full job has it.

A component of pairs that reach the review threshold is clustered by itself, whatever goes on in another one. So a new
record changes the components it touches and no other: they are clustered anew, together, from all their pairs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.clustering import collective
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.clustering.unionfind import components
from mdi_engine.linkage.searching.asking import Values
from mdi_engine.linkage.searching.searcher import Searcher
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges

ASKED = "?"


@dataclass(frozen=True)
class New:
    """A record to be put in. No two records of a source may have the same key."""

    source: str
    key: str
    values: Values


@dataclass(frozen=True)
class Judged:
    """The cluster that a record belongs to, by its label (None: to none of them), and why.

    `weight`: odds of the best cluster against all else, in millibits; None if there is none it may join.
    `evidence[label]` is what a cluster's profile says, None where something forbids it.
    """

    label: int | None
    weight: int | None
    reason: str
    evidence: dict[int, int | None]


class Growing:
    """Clusters of a searcher's records: `edges` are all pairs from the review threshold up, `label` as of `cluster`.

    Rows need keys of their own: their order, (source, key), is what ties are broken by.
    """

    def __init__(self, searcher: Searcher, edges: Edges, label: Ints) -> None:
        self._searcher, self._parameters = searcher, searcher.parameters
        self._label = label.tolist()
        near = edges.weight >= self._parameters.review
        low, high = np.minimum(edges.left, edges.right)[near], np.maximum(edges.left, edges.right)[near]
        order = np.argsort(high, kind="stable")
        self._other, self._weight = low[order], edges.weight[near][order]
        self._start = np.searchsorted(high[order], np.arange(len(label) + 1))
        self._late: list[tuple[Ints, Ints]] = []
        self._root, self._next = _rings(components(len(label), low, high))

    @property
    def label(self) -> Ints:
        """The cluster of each row: its row of lowest rank."""
        return np.array(self._label, dtype=np.int64)

    def add(self, records: Iterable[New]) -> list[int]:
        """Put records in; the rows whose clusters were judged anew, the new ones among them, ascending."""
        touched = set()
        for record in records:
            row = self._put(record)
            if self._next[row] == row:
                continue  # alone: there is nothing to judge
            touched.add(row)
        fresh = sorted({row for one in {self._find(row) for row in touched} for row in self._ring(one)})
        if fresh:
            self._judge_anew(fresh)
        return fresh

    def judge(self, values: Values, *, source: str = ASKED) -> Judged:
        """Which cluster a record would join, by the formula that judges fragments; it is not put in."""
        found = self._searcher.search(values, limit=None, source=source)
        labels = list(dict.fromkeys(self._label[hit.row] for hit in found.hits))
        masters = [self._members(label) for label in labels]
        rows = [row for master in masters for row in master]
        records = self._searcher.take(rows, [(source, ASKED, values)])
        ends = np.cumsum([0, *map(len, masters)])
        groups = [np.arange(a, b, dtype=np.int64) for a, b in itertools.pairwise(ends)]
        said = collective.judge(records, self._parameters, len(rows), groups)
        best = None if said.master is None else labels[said.master]
        return Judged(best, said.weight, said.reason, dict(zip(labels, said.evidence, strict=True)))

    def _put(self, record: New) -> int:
        row = len(self._searcher)
        found = self._searcher.add(record.values, source=record.source, key=record.key, limit=None)
        others = sorted((hit.row, hit.weight) for hit in found.hits)
        pairs = np.array(others, dtype=np.int64).reshape(-1, 2)
        self._late.append((pairs[:, 0], pairs[:, 1]))
        self._label.append(row)
        self._root.append(row)
        self._next.append(row)
        for other, _ in others:
            self._unite(row, other)
        return row

    def _judge_anew(self, fresh: Sequence[int]) -> None:
        rows = np.array(fresh, dtype=np.int64)
        held = [self._pairs(row) for row in fresh]
        right = np.repeat(np.arange(len(rows)), [len(other) for other, _ in held])
        left = np.searchsorted(rows, np.concatenate([other for other, _ in held]))
        edges = Edges(left, right, np.concatenate([weight for _, weight in held]), len(left))
        found = cluster(self._searcher.take(fresh), edges, self._parameters)
        for row, label in zip(fresh, rows[found.label].tolist(), strict=True):
            self._label[row] = label

    def _pairs(self, row: int) -> tuple[Ints, Ints]:
        """The pairs of a row with those before it."""
        base = len(self._start) - 1
        if row >= base:
            return self._late[row - base]
        part = slice(int(self._start[row]), int(self._start[row + 1]))
        return self._other[part], self._weight[part]

    def _members(self, label: int) -> list[int]:
        return sorted(row for row in self._ring(label) if self._label[row] == label)

    def _ring(self, row: int) -> list[int]:
        """All rows of a row's component."""
        found, at = [row], self._next[row]
        while at != row:
            found.append(at)
            at = self._next[at]
        return found

    def _find(self, row: int) -> int:
        while self._root[row] != row:
            self._root[row] = self._root[self._root[row]]
            row = self._root[row]
        return row

    def _unite(self, a: int, b: int) -> None:
        a, b = self._find(a), self._find(b)
        if a != b:
            self._root[max(a, b)] = min(a, b)
            self._next[a], self._next[b] = self._next[b], self._next[a]  # two rings become one


def _rings(root: Ints) -> tuple[list[int], list[int]]:
    """Each row's component, and the next row of it: the last is followed by the first."""
    order = np.argsort(root, kind="stable")
    last = np.append(np.flatnonzero(np.diff(root[order])), len(root) - 1)
    after = np.append(order[1:], order[:1])
    first = np.append(0, last[:-1] + 1)
    if len(root):
        after[last] = order[first]
    following = np.empty(len(root), dtype=np.int64)
    following[order] = after
    return root.tolist(), following.tolist()
