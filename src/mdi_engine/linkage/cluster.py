"""Clusters by evidence, never by chaining.

Inside each component all pairs are scored and fragments merge by average linkage on signed weights: the two
fragments with the highest mean weight join while that mean reaches the match threshold and nothing forbids it.
Every merge and every refusal is kept with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.compare import Ints
from mdi_engine.linkage.model import Model
from mdi_engine.linkage.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.score import Edges, Scorer
from mdi_engine.linkage.unionfind import components

# One pair's weight counts within these bounds (millibits) in a mean: a single strange pair must not decide alone.
LOWEST, HIGHEST = -10_000, 15_000
# Components above this size are taken apart at their weakest edges first.
MOST_NODES = 1_000


@dataclass(frozen=True)
class Decision:
    """What was decided about two fragments, named by their first rows: `merged`, or refused and why.

    `weight` is the mean weight over all their pairs, in millibits.
    """

    left: int
    right: int
    weight: int
    merged: bool
    reason: str


@dataclass(frozen=True)
class Clusters:
    """`label[row]` is the cluster: the row of lowest rank in it. `decisions` in the order they were made."""

    label: Ints
    decisions: tuple[Decision, ...]


def cluster(records: Records, edges: Edges, parameters: Parameters) -> Clusters:
    """Cluster the records. The result does not depend on the order of rows or edges."""
    rank, row_of = records.rank, np.argsort(records.rank)
    strong = edges.weight >= parameters.match
    a, b, weight = rank[edges.left[strong]], rank[edges.right[strong]], edges.weight[strong]
    scorer, forbid = Scorer(records, parameters), _Forbidden(records, parameters.model)
    label = np.arange(len(records), dtype=np.int64)
    decisions: list[Decision] = []
    for nodes in _components(len(records), a, b, weight):
        rows = row_of[nodes]
        for first, members in _agglomerate(rows, scorer, forbid, parameters.match, decisions):
            label[members] = first
    single = np.ones(len(records), bool)
    single[row_of[np.unique(np.concatenate([a, b]))]] = False
    label[single] = np.flatnonzero(single)
    return Clusters(label, tuple(decisions))


def _components(count: int, a: Ints, b: Ints, weight: Ints) -> Iterator[Ints]:
    """Node sets of at least two, in order of their first node; a too large one is cut at its weaker half of edges."""
    if not len(a):
        return
    root = components(count, a, b)
    touched = np.unique(np.concatenate([a, b]))
    order = touched[np.argsort(root[touched], kind="stable")]
    for nodes in np.split(order, np.flatnonzero(np.diff(root[order])) + 1):
        if len(nodes) <= MOST_NODES:
            yield nodes
            continue
        inside = root[a] == root[nodes[0]]
        inside &= weight > np.sort(weight[inside])[int(inside.sum()) // 2]
        yield from _components(count, a[inside], b[inside], weight[inside])


def _agglomerate(
    rows: Ints, scorer: Scorer, forbid: _Forbidden, least: int, decisions: list[Decision]
) -> Iterator[tuple[int, Ints]]:
    """Average linkage over the rows of one component (in rank order); yields (first row, member rows)."""
    n = len(rows)
    i, j = np.triu_indices(n, 1)
    sums = np.zeros((n, n), dtype=np.int64)
    sums[i, j] = np.clip(scorer.weights(np.minimum(rows[i], rows[j]), np.maximum(rows[i], rows[j])), LOWEST, HIGHEST)
    sums += sums.T
    members = [[k] for k in range(n)]
    size = np.ones(n, dtype=np.int64)
    closed = np.eye(n, dtype=bool)
    while True:
        # Means as exact quotients rounded the same way everywhere; ties go to the fragments of lowest rank.
        mean = np.where(closed, -np.inf, sums / np.outer(size, size))
        x, y = divmod(int(np.argmax(mean)), n)
        if not mean[x, y] >= least:
            break
        left, right = rows[members[x]], rows[members[y]]
        reason = forbid.reason(left, right)
        weight = int(np.floor(mean[x, y]))
        decisions.append(Decision(int(left[0]), int(right[0]), weight, reason is None, reason or "mean weight"))
        if reason is not None:
            closed[x, y] = closed[y, x] = True
            continue
        members[x] = sorted(members[x] + members[y])
        size[x] += size[y]
        sums[x] += sums[y]
        sums[:, x] = sums[x]
        # What one part may not join, the whole may not.
        closed[x] |= closed[y]
        closed[:, x] = closed[x]
        closed[y], closed[:, y] = True, True
        members[y] = []
    for group in members:
        if group:
            yield int(rows[group[0]]), rows[group]


class _Forbidden:
    """Why two fragments may not join: two records of one source, or a veto of the model."""

    def __init__(self, records: Records, model: Model) -> None:
        self._source = records.source if model.one_per_source else None
        self._vetoes = [(records.columns[veto.field].codes, veto.reason) for veto in model.vetoes]

    def reason(self, left: Ints, right: Ints) -> str | None:
        """The reason, or None if nothing forbids the merge."""
        if self._source is not None and np.isin(self._source[left], self._source[right]).any():
            return "one record per source"
        for codes, reason in self._vetoes:
            a, b = codes[left], codes[right]
            if len(np.union1d(a[a >= 0], b[b >= 0])) > 1:
                return f"veto: {reason}"
        return None
