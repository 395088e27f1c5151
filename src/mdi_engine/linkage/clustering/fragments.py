"""Pure fragments: average linkage on signed weights, never chaining.

Inside each component of pairs that match all pairs are scored; the two fragments with the highest mean weight join
while that mean reaches the match threshold and nothing forbids it. What joins here is beyond doubt; who belongs
together all the same is judged afterwards, fragment against fragment (`collective`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mdi_engine.linkage.clustering.decisions import Decision, Forbidden
from mdi_engine.linkage.clustering.stewards import Apart
from mdi_engine.linkage.clustering.unionfind import components
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges, Scorer

# One pair's weight counts within these bounds (millibits) in a mean: a single strange pair must not decide alone.
LOWEST, HIGHEST = -10_000, 15_000
# A component above this size is first divided along its strongest edges into pieces of at most this size.
MOST_NODES = 1_000
# Pairs scored in one go; changes nothing but the time.
BATCH = 100_000


def fragments(
    records: Records, edges: Edges, parameters: Parameters, apart: Apart | None = None
) -> tuple[Ints, list[Decision]]:
    """Per row the fragment it is in (the row of lowest rank there), and what was decided.

    No fragment holds rows that are `apart`. The result does not depend on the order of rows or edges.
    """
    rank, row_of = records.rank, np.argsort(records.rank)
    strong = edges.weight >= parameters.match
    a, b, weight = rank[edges.left[strong]], rank[edges.right[strong]], edges.weight[strong]
    scorer, forbid = Scorer(records, parameters), Forbidden(records, parameters.model, apart)
    label = np.arange(len(records), dtype=np.int64)
    decisions: list[Decision] = []
    found = (row_of[nodes] for nodes in _components(len(records), a, b, weight, row_of, decisions))
    for rows, weights in _scored(found, scorer):
        for first, members in _agglomerate(rows, weights, forbid, parameters.match, decisions):
            label[members] = first
    single = np.ones(len(records), bool)
    single[row_of[np.unique(np.concatenate([a, b]))]] = False
    label[single] = np.flatnonzero(single)
    return label, decisions


def _components(count: int, a: Ints, b: Ints, weight: Ints, row_of: Ints, decisions: list[Decision]) -> Iterator[Ints]:
    """Node sets of at least two, in order of their first node; too large ones in pieces."""
    root = components(count, a, b)
    touched = np.unique(np.concatenate([a, b]))
    order = touched[np.argsort(root[touched], kind="stable")]
    for nodes in np.split(order, np.flatnonzero(np.diff(root[order])) + 1) if len(order) else ():
        if len(nodes) <= MOST_NODES:
            yield nodes
            continue
        inside = root[a] == root[nodes[0]]
        low, high = np.minimum(a[inside], b[inside]), np.maximum(a[inside], b[inside])
        yield from _pieces(nodes, low, high, weight[inside], row_of, decisions)


def _pieces(
    nodes: Ints, low: Ints, high: Ints, weight: Ints, row_of: Ints, decisions: list[Decision]
) -> Iterator[Ints]:
    """Pieces of a large component: its edges, strongest first, join pieces while these stay small enough."""
    strongest = np.lexsort((high, low, -weight))
    edges = list(zip(low[strongest].tolist(), high[strongest].tolist(), weight[strongest].tolist(), strict=True))
    piece = {node: [node] for node in nodes.tolist()}
    for x, y, _ in edges:
        small, large = sorted((piece[x], piece[y]), key=len)
        if small is not large and len(small) + len(large) <= MOST_NODES:
            large.extend(small)
            piece.update(dict.fromkeys(small, large))
    apart: set[frozenset[int]] = set()
    for x, y, bits in edges:
        between = frozenset((id(piece[x]), id(piece[y])))
        if len(between) == 2 and between not in apart:
            apart.add(between)
            reason = f"one component of more than {MOST_NODES:,} records"
            decisions.append(Decision(int(row_of[x]), int(row_of[y]), bits, False, reason))
    found = {id(members): members for members in piece.values()}
    for members in sorted(sorted(members) for members in found.values()):
        if len(members) > 1:
            yield np.array(members, dtype=np.int64)


def _scored(found: Iterable[Ints], scorer: Scorer) -> Iterator[tuple[Ints, Ints]]:
    """Each component's rows with the weights of all its pairs (as `np.triu_indices` orders them).

    Most components are tiny, so many are scored in one go.
    """
    waiting: list[tuple[Ints, Ints, Ints]] = []
    pairs = 0
    for rows in found:
        i, j = np.triu_indices(len(rows), 1)
        waiting.append((rows, np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])))
        pairs += len(i)
        if pairs >= BATCH:
            yield from _score_all(waiting, scorer)
            waiting, pairs = [], 0
    yield from _score_all(waiting, scorer)


def _score_all(waiting: Sequence[tuple[Ints, Ints, Ints]], scorer: Scorer) -> Iterator[tuple[Ints, Ints]]:
    if not waiting:
        return
    weights = scorer.weights(np.concatenate([w[1] for w in waiting]), np.concatenate([w[2] for w in waiting]))
    ends = np.cumsum([len(left) for _, left, _ in waiting])
    for (rows, _, _), part in zip(waiting, np.split(weights, ends[:-1]), strict=True):
        yield rows, part


def _agglomerate(
    rows: Ints, weights: Ints, forbid: Forbidden, least: int, decisions: list[Decision]
) -> Iterator[tuple[int, Ints]]:
    """Average linkage over the rows of one component (in rank order); yields (first row, member rows)."""
    n = len(rows)
    i, j = np.triu_indices(n, 1)
    sums = np.zeros((n, n), dtype=np.int64)
    sums[i, j] = np.clip(weights, LOWEST, max(HIGHEST, least))
    means = _Means(sums + sums.T)
    members = [[k] for k in range(n)]
    while True:
        x, y, mean = means.highest()
        if not mean >= least:
            break
        left, right = rows[members[x]], rows[members[y]]
        reason = forbid.reason(left, right)
        decisions.append(
            Decision(int(left[0]), int(right[0]), math.floor(mean), reason is None, reason or "mean weight")
        )
        if reason is not None:
            means.close(x, y)
            continue
        means.join(x, y)
        members[x] = sorted(members[x] + members[y])
        members[y] = []
    for group in members:
        if group:
            yield int(rows[group[0]]), rows[group]


class _Means:
    """Mean weights between all pairs of fragments, with each fragment's best partner kept at hand.

    A mean is one exact quotient, so it is rounded alike everywhere; ties go to the fragments of lowest rank.
    """

    def __init__(self, sums: Ints) -> None:
        self._sums = sums
        self._size = np.ones(len(sums), dtype=np.int64)
        self._mean = sums.astype(np.float64)
        np.fill_diagonal(self._mean, -np.inf)
        self._best = self._mean.argmax(axis=1)
        self._top = self._mean.max(axis=1)

    def highest(self) -> tuple[int, int, float]:
        """The pair of fragments with the highest mean, and the mean; minus infinity if every pair is closed."""
        x = int(self._top.argmax())
        return x, int(self._best[x]), float(self._top[x])

    def close(self, x: int, y: int) -> None:
        """These two may not join, nor anything that holds them."""
        self._mean[x, y] = self._mean[y, x] = -np.inf
        self._renew(np.array([x, y]))

    def join(self, x: int, y: int) -> None:
        """Fragment `y` goes into `x`. What one part may not join, the whole may not."""
        open_ = np.isfinite(self._mean[x]) & np.isfinite(self._mean[y])
        self._size[x] += self._size[y]
        self._sums[x] += self._sums[y]
        self._sums[:, x] = self._sums[x]
        self._mean[x] = np.where(open_, self._sums[x] / (self._size[x] * self._size), -np.inf)
        self._mean[:, x] = self._mean[x]
        self._mean[y], self._mean[:, y] = -np.inf, -np.inf
        now = self._mean[:, x]
        better = (now > self._top) | ((now == self._top) & (x < self._best))
        self._best[better], self._top[better] = x, now[better]
        stale = ~better & ((self._best == x) | (self._best == y))
        stale[[x, y]] = True
        self._renew(np.flatnonzero(stale))

    def _renew(self, rows: Ints) -> None:
        self._best[rows] = self._mean[rows].argmax(axis=1)
        self._top[rows] = self._mean[rows].max(axis=1)
