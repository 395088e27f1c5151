"""Connected components."""

from __future__ import annotations

import numpy as np

from mdi_engine.linkage.weights.compare import Ints


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Component of each of `count` nodes: the smallest node number in it. Union by smallest root, paths halved."""
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        x, y = root(a), root(b)
        if x != y:
            parent[max(x, y)] = min(x, y)
    return np.array([root(node) for node in range(count)], dtype=np.int64)
