"""What training looks at: candidate pairs, as counted rows of distinct value pairs and the ways that cover them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.blocking import Ways, candidates, covers, gross_pairs
from mdi_engine.linkage.weights.compare import Block, Ints, PairCache, Small
from mdi_engine.linkage.weights.score import MANY

Whole = npt.NDArray[np.integer]
MANY_ROWS = 100_000  # so many are told apart by a kernel


@dataclass(frozen=True)
class Pairs:
    """The candidate pairs themselves: each one's `row` among the observed rows, and its two records."""

    row: Small
    left: Small
    right: Small


@dataclass(frozen=True)
class Observed:
    """Distinct rows: `ids[block][row]` into each block's cache, `covered` as bits of ways, `first` its way.

    `count[row]` candidate pairs look like this. `pairs` only where asked for: rows are far fewer than pairs.
    """

    caches: tuple[PairCache, ...]
    ids: tuple[Whole, ...]
    covered: Whole
    first: Whole
    count: Ints
    pairs: Pairs | None

    def __len__(self) -> int:
        return len(self.count)


def observe(ways: Ways, shaped: Sequence[Block], *, keep_pairs: bool = False) -> Observed:
    """Look at the candidates, or at those drawn where there are very many, not stopping at the hopeless pairs.

    With `keep_pairs` at all of them: a pair's rivals may not be left out.
    """
    if gross_pairs(ways) < MANY:
        return plain_observe(ways, shaped, keep_pairs=keep_pairs)
    from mdi_engine.linkage.training import drawing  # numba: loaded where it is worth it
    from mdi_engine.linkage.training.compared import Compared

    found = drawing.draw(ways, None if keep_pairs else drawing.MOST, os.cpu_count() or 1)
    caches = tuple(Compared(block, found.left, found.right) for block in shaped)
    row = np.arange(len(found.left), dtype=np.int32)
    count = (1 << found.level)[found.way]
    kept = Pairs(row, found.left, found.right) if keep_pairs else None
    return Observed(caches, (row,) * len(caches), found.covered, found.way, count, kept)


def plain_observe(ways: Ways, shaped: Sequence[Block], *, keep_pairs: bool = False) -> Observed:
    """All candidates, in plain numpy: the readable truth, and the way of few pairs."""
    caches = tuple(PairCache(block) for block in shaped)
    rows: list[list[Whole]] = []
    counts: list[Ints] = []
    pairs: list[tuple[Small, Small, Small]] = []
    seen = 0
    for left, right, columns in _chunks(ways, caches):
        first, inverse = distinct(columns)
        rows.append([column[first] for column in columns])
        counts.append(np.bincount(inverse))
        if keep_pairs:
            pairs.append(((inverse + seen).astype(np.int32), left.astype(np.int32), right.astype(np.int32)))
        seen += len(first)
    # Two chunks may hold the same row.
    columns = [_joined([part[k] for part in rows]) for k in range(len(caches) + 2)]
    first, inverse = distinct(columns)
    count = np.bincount(inverse, weights=_joined(counts), minlength=len(first)).astype(np.int64)
    kept = _pairs(pairs, inverse) if keep_pairs else None
    *ids, covered, way = (column[first] for column in columns)
    return Observed(caches, tuple(ids), covered, way, count, kept)


def _pairs(parts: Sequence[tuple[Small, Small, Small]], place: Ints) -> Pairs:
    """The parts as one, every row number replaced by its `place`."""
    row, left, right = (_joined([part[k] for part in parts]).astype(np.int32, copy=False) for k in range(3))
    return Pairs(place[row].astype(np.int32), left, right)


def _chunks(ways: Ways, caches: Sequence[PairCache]) -> Iterator[tuple[Ints, Ints, list[Whole]]]:
    """Candidate pairs a chunk at a time, with their columns: an id per block, the ways that cover them, the first."""
    kind = np.min_scalar_type(-(1 << ways.count))  # the narrowest that holds a bit for each way
    for chunk in candidates(ways):
        covered = np.zeros(len(chunk), dtype=kind)
        for way in range(ways.count):
            covered |= covers(ways, way, chunk.left, chunk.right).astype(kind) << way
        ids: list[Whole] = [cache.intern(chunk.left, chunk.right) for cache in caches]
        yield chunk.left, chunk.right, [*ids, covered, np.full(len(chunk), chunk.way, dtype=np.int8)]


def _joined(parts: Sequence[Whole]) -> Whole:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def distinct(columns: Sequence[Whole]) -> tuple[Ints, Ints]:
    """One place of each distinct row of these columns, in the rows' order, and for every row which one it is.

    The columns are packed into one number as far as 63 bits go: sorting whole rows is far slower.
    """
    packed, most = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        low = int(column.min(initial=0))
        width = int(column.max(initial=0)) - low + 1
        if most * width >= 1 << 62:
            packed = np.unique(packed, return_inverse=True)[1].reshape(-1)
            most = int(packed.max(initial=0)) + 1
        packed *= width
        packed += column
        packed -= low
        most *= width
    if len(packed) >= MANY_ROWS:
        return _hashed(packed)
    _, first, inverse = np.unique(packed, return_index=True, return_inverse=True)
    return first, inverse.reshape(-1)


def _hashed(packed: Ints) -> tuple[Ints, Ints]:
    """The first place of each distinct number, in their order, and for every place which one it is."""
    from mdi_engine.linkage.kernels.grouping import number  # numba: loaded where it is worth it

    first, group = np.empty(len(packed), dtype=np.int64), np.empty(len(packed), dtype=np.int64)
    slot = np.full(2 << len(packed).bit_length(), -1, dtype=np.int32)
    first = first[: number(packed, slot, first, group)]
    order = np.argsort(packed[first])
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return first[order], rank[group]
