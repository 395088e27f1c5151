"""Counting in closed form: pairs under keys, and the rows that share the commonest of them."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.keys import Posting, expand, groups
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Column, Records


def apart(records: Records, model: Model) -> npt.NDArray[np.int32] | None:
    """The records' sources where only rows of different sources are pairs, else None."""
    return records.source if model.pairs == "between" else None


def pairs_of(posting: Posting, source: npt.NDArray[np.int32] | None = None) -> int:
    """Pairs under the keys, each key counted for itself; with `source`, only those of two sources."""
    size = groups(posting)[1]
    total = int((size * (size - 1) // 2).sum())
    if source is None or not len(size):
        return total
    sources = int(source.max()) + 1
    cell = np.repeat(np.arange(len(size)), size) * sources + source[posting.rows]
    held = np.unique(cell, return_counts=True)[1]
    return total - int((held * (held - 1) // 2).sum())


def top_share(records: Records, expression: KeyExpression) -> float:
    """The share of all rows that hold the commonest key text of an expression (0..1)."""
    hashes = expand(records, expression).hashes
    return int(np.unique(hashes, return_counts=True)[1].max(initial=0)) / max(len(records), 1)


def thinned(records: Records, most: int) -> tuple[Records, int]:
    """Every so-manieth record by rank, `most` at most, whatever the order of rows; and how many each stands for."""
    times = -(-len(records) // most)
    if times <= 1:
        return records, 1
    kept = records.rank % times == 0
    columns = {name: Column(column.codes[kept], column.values) for name, column in records.columns.items()}
    keys = tuple(itertools.compress(records.keys, kept.tolist()))
    rank = records.rank[kept] // times
    return dataclasses.replace(records, source=records.source[kept], keys=keys, columns=columns, rank=rank), times
