"""A few pairs near the threshold, on both sides: where a person should look first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mdi_engine.linkage.explaining.explain import Shown, Waterfall, explain
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Column, Records
from mdi_engine.linkage.weights.compare import Ints
from mdi_engine.linkage.weights.score import Edges

EACH_SIDE = 3


def as_it_is(field: str, value: str) -> str:
    """Show a value in clear."""
    return value


def near_threshold(
    records: Records, edges: Edges, parameters: Parameters, shown: Shown, named: Callable[[int], str] | None
) -> tuple[Waterfall, ...]:
    """Waterfalls of the pairs nearest to the match threshold, the strongest first; of equal weights, one.

    Which pairs these are does not depend on the order of rows.
    """
    distance = edges.weight - parameters.match
    rows = [*_nearest(records, edges, distance, distance >= 0), *_nearest(records, edges, -distance, distance < 0)]
    found = [_waterfall(records, edge, edges, parameters, shown, named) for edge in rows]
    return tuple(sorted(found, key=lambda waterfall: -waterfall.weight))


def _nearest(records: Records, edges: Edges, distance: Ints, side: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Ints:
    """Edges of one side, nearest first, one of each weight."""
    some = np.flatnonzero(side)
    if not len(some):
        return some
    near = np.unique(distance[some])[:EACH_SIDE]
    some = some[distance[some] <= near[-1]]
    ranks = np.sort(np.stack([records.rank[edges.left[some]], records.rank[edges.right[some]]]), axis=0)
    some = some[np.lexsort((ranks[1], ranks[0], distance[some]))]
    first: Ints = np.unique(distance[some], return_index=True)[1]
    nearest: Ints = some[first]
    return nearest


def _waterfall(
    records: Records,
    edge: int,
    edges: Edges,
    parameters: Parameters,
    shown: Shown,
    named: Callable[[int], str] | None,
) -> Waterfall:
    rows = np.array([edges.left[edge], edges.right[edge]])
    rows = rows[np.argsort(records.rank[rows])]
    found = explain(_only(records, rows), 0, 1, parameters, shown)
    if named is None:
        return found
    return replace(found, left=named(int(rows[0])), right=named(int(rows[1])))


def _only(records: Records, rows: Ints) -> Records:
    """These records alone: a weight is a function of two records, and of two it is soon made."""
    return Records(
        records.sources,
        records.source[rows],
        tuple(records.keys[row] for row in rows.tolist()),
        {name: Column(column.codes[rows], column.values) for name, column in records.columns.items()},
        records.rank[rows],
    )
