"""What training looks at: every candidate pair, as ids of distinct value pairs, with the ways that cover it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.blocking import Candidates, Ways, candidates, covers
from mdi_engine.linkage.compare import Block, Ints, PairCache


@dataclass(frozen=True)
class Observed:
    """Candidate pairs: `ids[pair, block]` into each block's cache, `covered` as bits of ways, `first` its way."""

    caches: tuple[PairCache, ...]
    ids: Ints
    covered: Ints
    first: Ints
    left: Ints
    right: Ints


def observe(ways: Ways, shaped: Sequence[Block]) -> Observed:
    """One pass over all candidates. Nothing stops early here: training must see the hopeless pairs too."""
    caches = tuple(PairCache(block) for block in shaped)
    parts: list[tuple[Ints, Ints, Ints, Candidates]] = []
    for chunk in candidates(ways):
        ids = np.stack([cache.intern(chunk.left, chunk.right) for cache in caches], axis=1)
        covered = np.zeros(len(chunk), dtype=np.int64)
        for way in range(ways.count):
            covered |= covers(ways, way, chunk.left, chunk.right).astype(np.int64) << way
        parts.append((ids, covered, np.full(len(chunk), chunk.way), chunk))
    if not parts:
        none = np.empty(0, np.int64)
        return Observed(caches, np.empty((0, len(caches)), np.int64), none, none, none, none)
    return Observed(
        caches,
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
        np.concatenate([p[2] for p in parts]),
        np.concatenate([p[3].left for p in parts]),
        np.concatenate([p[3].right for p in parts]),
    )
