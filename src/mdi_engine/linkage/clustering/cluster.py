"""Clusters by evidence, never by chaining: first pure fragments, then fragments judged by all they hold.

Clusters are a function of the records of a component and the parameters; every merge and every refusal is kept with
its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.clustering.collective import unite
from mdi_engine.linkage.clustering.decisions import Decision
from mdi_engine.linkage.clustering.fragments import fragments
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges


@dataclass(frozen=True)
class Clusters:
    """`label[row]` is the cluster: the row of lowest rank in it. `decisions` in the order they were made."""

    label: Ints
    decisions: tuple[Decision, ...]


def cluster(records: Records, edges: Edges, parameters: Parameters) -> Clusters:
    """Cluster the records. The result does not depend on the order of rows or edges.

    `edges` must hold all pairs from the review threshold up; weaker ones change nothing.
    """
    label, pure = fragments(records, edges, parameters)
    label, united = unite(records, edges, parameters, label)
    return Clusters(label, (*pure, *united))


def in_doubt(records: Records, edges: Edges, clusters: Clusters, parameters: Parameters) -> tuple[Ints, Ints]:
    """Pairs (left, right) that want a person: between the thresholds, and not joined.

    Where every source names a thing once, a pair is settled when either side has a partner in the other's source.
    """
    unsure = (edges.weight >= parameters.review) & (edges.weight < parameters.match)
    left, right = edges.left[unsure], edges.right[unsure]
    keep = clusters.label[left] != clusters.label[right]
    if parameters.model.one_per_source is True:
        sources = len(records.sources)
        held = np.unique(clusters.label * sources + records.source)
        keep &= ~np.isin(clusters.label[left] * sources + records.source[right], held)
        keep &= ~np.isin(clusters.label[right] * sources + records.source[left], held)
    return left[keep], right[keep]
