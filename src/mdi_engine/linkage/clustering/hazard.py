"""The learned chance that a fragment is complete already, by its size.

A hazard, as in a table of mortality: of all records in fragments that reached size s, the share in those that stop
there. All records count, not only those left over: what is left over is a selection, and would call itself complete.
How sure each fragment is that nothing is missing follows from its choices, and these from the hazard: both are
solved together, round by round. No labels are used.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.clustering.collective import Rounds
from mdi_engine.linkage.clustering.fragments import fragments
from mdi_engine.linkage.clustering.unionfind import components
from mdi_engine.linkage.models.model import millibits
from mdi_engine.linkage.models.parameters import Completeness, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges, score

# Sizes told apart; of a larger fragment nothing is known, it is complete with even odds.
SIZES = 7
# Believed at least, and at most one less it: what fragments think of themselves is no better known than that.
FLOOR = 0.01
TURNS = 50
# Records looked at, about: beyond it whole components are drawn by a hash of their first record's rank.
MOST = 200_000
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
# Odds in millibits to shares, as whole numbers: sums do not depend on the order.
_ONE = 1 << 30
_FAR = 32_000
_SHARE = np.array([round(_ONE / (1 + 2 ** (-d / 1000))) for d in range(-_FAR, _FAR + 1)], dtype=np.int64)


def learn(records: Records, parameters: Parameters) -> Completeness:
    """The hazard by size and the number of clusters, as they come out of clustering these records.

    Of more than 200,000 records, out of clustering a fixed sample of their components.
    """
    drawn, edges = _draw(records, score(records, parameters))
    label, _ = fragments(records, edges, parameters)
    rounds = Rounds(records, edges, parameters, label)
    learned = even(rounds.count)
    while True:
        learned = _settle(rounds, drawn, learned)
        if not rounds.merge(rounds.choices(learned)):
            return learned


def _draw(records: Records, edges: Edges) -> tuple[npt.NDArray[np.bool_], Edges]:
    """Which rows are looked at, and the edges between them: whole components, whatever the order of rows."""
    rows, rank = len(records), records.rank
    if rows <= MOST:
        return np.ones(rows, dtype=bool), edges
    root = components(rows, rank[edges.left], rank[edges.right])[rank].astype(np.uint64)
    drawn = (root * _SPREAD) >> np.uint64(32) < np.uint64((1 << 32) * MOST // rows)
    kept = drawn[edges.left]
    return drawn, Edges(edges.left[kept], edges.right[kept], edges.weight[kept], edges.candidate_pairs)


def even(clusters: int) -> Completeness:
    """Complete or not with even odds, whatever the size."""
    return _rounded(clusters, [0.5] * (SIZES + 1))


def _settle(rounds: Rounds, drawn: npt.NDArray[np.bool_], learned: Completeness) -> Completeness:
    """The hazard with which the fragments of the rows drawn, as they stand, agree."""
    sizes = np.bincount(rounds.label[drawn])
    sizes = sizes[sizes > 0]
    clusters = round(len(sizes) * len(drawn) / max(int(drawn.sum()), 1))
    for _ in range(TURNS):
        before, learned = learned, _hazard(rounds, sizes, clusters, learned)
        if learned == before:
            break
    return learned


def _hazard(rounds: Rounds, sizes: Ints, clusters: int, learned: Completeness) -> Completeness:
    choices = rounds.choices(learned)
    of_choosers = rounds.members.size[choices.chooser]
    shares = _SHARE[np.clip(choices.none, -_FAR, _FAR) + _FAR]
    hazard = []
    for size in range(1, SIZES + 1):
        choosing = of_choosers == size
        # Who has nobody to choose is complete.
        sure = int((sizes == size).sum()) - int(choosing.sum())
        complete = size * (sure + int(shares[choosing].sum()) / _ONE)
        reached = int(sizes[sizes >= size].sum())
        # One imagined record, half of it complete, keeps sizes never seen at even odds.
        hazard.append(min(max((complete + 0.5) / (reached + 1), FLOOR), 1 - FLOOR))
    return _rounded(clusters, [*hazard, 0.5])


def _rounded(clusters: int, hazard: list[float]) -> Completeness:
    return Completeness(
        millibits(math.log2(max(clusters, 1))),
        tuple(millibits(math.log2(share)) for share in hazard),
        tuple(millibits(math.log2(1 - share)) for share in hazard),
    )
