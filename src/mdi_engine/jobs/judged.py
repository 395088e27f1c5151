"""What a link run found out, by record ids, so that components judged again can take the place of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

import numpy as np

from mdi_engine.jobs.surroundings import Surroundings
from mdi_engine.ledger.constraints import Constraints
from mdi_engine.ledger.review import CUT, DOUBTFUL, Task
from mdi_engine.linkage.clustering.cluster import Clusters, cluster, in_doubt
from mdi_engine.linkage.clustering.decisions import ONE_PER_SOURCE, Decision
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.workbench.copies import DecisionRow

Pair = tuple[int, int]


@dataclass(frozen=True)
class Judged:
    """Whole components with their clusters.

    `groups` are clusters of record ids, each in rank order; `decisions` and `questions` say what was decided about
    them and what people are to be asked, `doubts` are the pairs in doubt. `pairs`: how many were scored for it.
    """

    scope: Set[int]
    groups: Sequence[list[int]]
    decisions: Sequence[tuple[Pair, DecisionRow]]
    questions: Sequence[Task]
    doubts: Sequence[Pair]
    pairs: int

    def amended(self, later: Judged, touched: Set[int]) -> Judged:
        """This, with the components that were judged later in place of what touches them or a touched record."""
        stale = later.scope | touched
        return Judged(
            (self.scope - touched) | later.scope,
            [*(group for group in self.groups if stale.isdisjoint(group)), *later.groups],
            [*(made for made in self.decisions if stale.isdisjoint(made[0])), *later.decisions],
            [*(asked for asked in self.questions if stale.isdisjoint(asked.records)), *later.questions],
            [*(pair for pair in self.doubts if stale.isdisjoint(pair)), *later.doubts],
            self.pairs + later.pairs,
        )


NOTHING = Judged(frozenset(), (), (), (), (), 0)


def judged(around: Surroundings, learned: Parameters, said: Constraints, event: int, version: int) -> Judged:
    """Cluster these components, as stewards allow, as of `event`."""
    same, different = said.among(around.ids.tolist())
    clusters = cluster(around.records, around.edges, learned, same, different)
    doubts = in_doubt(around.records, around.edges, clusters, learned, different)
    left, right = (around.ids[rows].tolist() for rows in doubts)
    return Judged(
        frozenset(around.ids.tolist()),
        _groups(clusters, around),
        _decisions(clusters, around, event, version),
        _questions(around, clusters, doubts, different, learned.review),
        list(zip(left, right, strict=True)),
        around.edges.candidate_pairs,
    )


def _groups(clusters: Clusters, around: Surroundings) -> list[list[int]]:
    rank = around.records.rank
    order = np.lexsort((rank, rank[clusters.label]))
    labels = clusters.label[order]
    if not len(labels):
        return []
    return [group.tolist() for group in np.split(around.ids[order], np.flatnonzero(np.diff(labels)) + 1)]


def _decisions(clusters: Clusters, around: Surroundings, event: int, version: int) -> list[tuple[Pair, DecisionRow]]:
    records, ids = around.records, around.ids.tolist()
    names = [(records.sources[code], key) for code, key in zip(records.source.tolist(), records.keys, strict=True)]
    return [
        (
            (ids[d.left], ids[d.right]),
            DecisionRow(event, version, *names[d.left], *names[d.right], d.weight, d.merged, d.reason),
        )
        for d in clusters.decisions
    ]


def _questions(
    around: Surroundings, clusters: Clusters, doubts: tuple[Ints, Ints], different: Iterable[Pair], review: int
) -> list[Task]:
    """At most one question about two clusters, about their pair of greatest weight.

    Doubtful where a pair between them is in doubt, else cut, where the odds against their union were near the line.
    """
    label, edges, rows = clusters.label, around.edges, len(around.records)
    wanted = np.isin(edges.left * rows + edges.right, doubts[0] * rows + doubts[1])
    asked = _strongest(around, label, wanted)
    settled = {_pair(label, left, right) for left, right in different}
    near = {_pair(label, d.left, d.right) for d in clusters.decisions if _near(d, review)} - settled - asked.keys()
    between = _strongest(around, label, (edges.weight >= review) & (label[edges.left] != label[edges.right]))
    found = [*((DOUBTFUL, asked[pair]) for pair in asked), *((CUT, between[pair]) for pair in near & between.keys())]
    left, right, weight = edges.left, edges.right, edges.weight
    tasks = [Task(kind, _ids(around, int(left[k]), int(right[k])), int(weight[k])) for kind, k in found]
    return sorted(tasks, key=lambda task: task.records)


def _near(decision: Decision, review: int) -> bool:
    """Parted on evidence, not on a rule of the model, and not by far."""
    ruled = decision.reason == ONE_PER_SOURCE or decision.reason.startswith("veto: ")
    return not (decision.merged or ruled) and decision.weight >= review


def _strongest(around: Surroundings, label: Ints, wanted: np.typing.NDArray[np.bool_]) -> dict[Pair, int]:
    """By two clusters, the place of the edge of greatest weight between them, among those wanted."""
    edges, rank = around.edges, around.records.rank
    some = np.flatnonzero(wanted)
    a, b = rank[edges.left[some]], rank[edges.right[some]]
    ordered = some[np.lexsort((np.maximum(a, b), np.minimum(a, b), -edges.weight[some]))]
    best: dict[Pair, int] = {}
    for place in ordered.tolist():
        best.setdefault(_pair(label, int(edges.left[place]), int(edges.right[place])), place)
    return best


def _pair(label: Ints, left: int, right: int) -> Pair:
    low, high = sorted((int(label[left]), int(label[right])))
    return low, high


def _ids(around: Surroundings, left: int, right: int) -> Pair:
    low, high = sorted((int(around.ids[left]), int(around.ids[right])))
    return low, high
