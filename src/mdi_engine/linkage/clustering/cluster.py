"""Clusters by evidence, never by chaining: first pure fragments, then fragments judged by all they hold.

Clusters are a function of the records of a component and the parameters; every merge and every refusal is kept with
its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.clustering.collective import unite
from mdi_engine.linkage.clustering.decisions import Decision
from mdi_engine.linkage.clustering.fragments import fragments
from mdi_engine.linkage.clustering.stewards import DECIDED, Apart, Pairs, Stewards
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges, Scorer


@dataclass(frozen=True)
class Clusters:
    """`label[row]` is the cluster: the row of lowest rank in it. `decisions` in the order they were made."""

    label: Ints
    decisions: tuple[Decision, ...]


def cluster(
    records: Records, edges: Edges, parameters: Parameters, same: Pairs = (), different: Pairs = ()
) -> Clusters:
    """Cluster the records. The result does not depend on the order of rows or edges.

    `edges` must hold all pairs from the review threshold up; weaker ones change nothing. `same` and `different` are
    pairs of rows that stewards decided on: rows are together if they are decided to be the same, transitively and
    whatever forbids it otherwise, and never if they are decided to differ. Raises Conflict if that contradicts itself.

    The machine goes first, so that nobody loses the company it has: then what is decided to be the same is joined with
    all that is with it, then the machine looks again whether others belong to what was joined.
    """
    stewards = Stewards(records.rank, same, different)
    near = edges.weight >= parameters.review
    touched = stewards.touched(edges.left[near], edges.right[near])
    label, decisions = _plain(records, _among(edges, ~touched), parameters, stewards.apart)
    if touched.any():
        joined, made = _bound(records, _among(edges, touched), parameters, stewards)
        label, decisions = np.where(touched, joined, label), [*decisions, *made]
    return Clusters(label, tuple(decisions))


def _plain(records: Records, edges: Edges, parameters: Parameters, apart: Apart) -> tuple[Ints, list[Decision]]:
    label, pure = fragments(records, edges, parameters, apart)
    label, united = unite(records, edges, parameters, label, apart)
    return label, [*pure, *united]


def _bound(records: Records, edges: Edges, parameters: Parameters, stewards: Stewards) -> tuple[Ints, list[Decision]]:
    """As `_plain`, with what is decided to be the same joined."""
    apart = stewards.apart
    while True:
        label, made = _plain(records, edges, parameters, apart)
        joined = stewards.join(label)
        strife = stewards.strife(joined)
        if not strife:
            break
        # Joining would bring together what must be apart: hold it out of the way. In the end each chooses again.
        apart = apart.more(strife)
    label, again = unite(records, edges, parameters, joined, stewards.apart)
    return label, [*(one for one in made if one.merged), *_said(records, parameters, stewards), *again]


def _said(records: Records, parameters: Parameters, stewards: Stewards) -> list[Decision]:
    left, right = np.minimum(stewards.left, stewards.right), np.maximum(stewards.left, stewards.right)
    low = np.minimum(records.rank[left], records.rank[right])
    order = np.lexsort((np.maximum(records.rank[left], records.rank[right]), low))
    weights = Scorer(records, parameters).weights(left[order], right[order])
    ends = zip(left[order].tolist(), right[order].tolist(), weights.tolist(), strict=True)
    return [Decision(a, b, bits, True, DECIDED) for a, b, bits in ends]


def _among(edges: Edges, rows: npt.NDArray[np.bool_]) -> Edges:
    """The edges of these rows: whole components, so one end tells. Weak edges go where their left end is."""
    kept = rows[edges.left]
    if kept.all():
        return edges
    return Edges(edges.left[kept], edges.right[kept], edges.weight[kept], edges.candidate_pairs)


def in_doubt(
    records: Records, edges: Edges, clusters: Clusters, parameters: Parameters, different: Pairs = ()
) -> tuple[Ints, Ints]:
    """Pairs (left, right) that want a person: between the thresholds, and not joined.

    A pair is settled when a steward decided that something on one side differs from something on the other. Where
    every source names a thing once, also when either side has a partner in the other's source.
    """
    unsure = (edges.weight >= parameters.review) & (edges.weight < parameters.match)
    left, right = edges.left[unsure], edges.right[unsure]
    keep = clusters.label[left] != clusters.label[right]
    if len(different):
        apart = np.array([(clusters.label[a], clusters.label[b]) for a, b in different], dtype=np.int64)
        settled = np.concatenate([apart, apart[:, ::-1]]) @ (len(records), 1)
        keep &= ~np.isin(clusters.label[left] * len(records) + clusters.label[right], settled)
    if parameters.model.one_per_source is True:
        sources = len(records.sources)
        held = np.unique(clusters.label * sources + records.source)
        keep &= ~np.isin(clusters.label[left] * sources + records.source[right], held)
        keep &= ~np.isin(clusters.label[right] * sources + records.source[left], held)
    return left[keep], right[keep]
