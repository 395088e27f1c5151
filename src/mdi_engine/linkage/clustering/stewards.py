"""What stewards decided about pairs of records, as the clustering honours it: together, or never together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mdi_engine.errors import Conflict
from mdi_engine.linkage.clustering.unionfind import components
from mdi_engine.linkage.weights.compare import Ints

if TYPE_CHECKING:
    from mdi_engine.linkage.clustering.decisions import Members

Pairs = Sequence[tuple[int, int]]

DECIDED = "a steward's decision"


@dataclass(frozen=True)
class Apart:
    """Rows that may not be together. `head[row]` stands for all rows decided to be one; `pairs` are of heads."""

    head: Ints
    pairs: frozenset[tuple[int, int]]

    def between(self, left: Ints, right: Ints) -> bool:
        """Whether some row on the left may not be with some row on the right."""
        if not self.pairs:
            return False
        there = set(self.head[right].tolist())
        return any(not there.isdisjoint(self._others.get(head, ())) for head in set(self.head[left].tolist()))

    def among(self, members: Members, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
        """As `between`, for many pairs of fragments at once."""
        count = len(members.size)
        holders: dict[int, set[int]] = {}
        owner = np.repeat(np.arange(count), members.size)
        heads = self.head[members.rows]
        for place in np.flatnonzero(np.isin(heads, list(self._others))).tolist():
            holders.setdefault(int(heads[place]), set()).add(int(owner[place]))
        keys = {
            x * count + y for one, other in self.pairs for x in holders.get(one, ()) for y in holders.get(other, ())
        }
        both = np.array([left * count + right, right * count + left])
        return np.asarray(np.isin(both, list(keys)).any(axis=0))

    def more(self, pairs: Iterable[tuple[int, int]]) -> Apart:
        """These pairs of heads as well."""
        return replace(self, pairs=self.pairs | frozenset(pairs))

    @cached_property
    def _others(self) -> dict[int, set[int]]:
        others: dict[int, set[int]] = {}
        for one, other in self.pairs:
            others.setdefault(one, set()).add(other)
            others.setdefault(other, set()).add(one)
        return others


class Stewards:
    """Decisions on pairs of rows: `same` ones hold transitively, and what differs from one differs from all of it.

    Raises Conflict where two rows are decided to be one and to be two.
    """

    def __init__(self, rank: Ints, same: Pairs, different: Pairs) -> None:
        self._rank, self._row_of = rank, np.argsort(rank)
        self.left, self.right = _ends(same)
        head = self.join(np.arange(len(rank), dtype=np.int64))
        one, other = (head[ends] for ends in _ends(different))
        if (one == other).any():
            raise Conflict(
                f"{int((one == other).sum())} pairs of records are decided to be different and the same.",
                hint="Undo one of the decisions.",
            )
        self.apart = Apart(head, frozenset(zip(one.tolist(), other.tolist(), strict=True)))
        self._bound = np.unique(head[self.left])  # heads of more than one row

    def touched(self, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
        """Rows of the components, of these edges and the decisions, in which rows are decided to be one."""
        if not len(self.left):
            return np.zeros(len(self._rank), dtype=bool)
        ends = np.concatenate([left, self.left]), np.concatenate([right, self.right])
        root = components(len(self._rank), *ends)
        return np.isin(root, root[self.left])

    def join(self, label: Ints) -> Ints:
        """Labels of fragments (the row of lowest rank in each) after all that is decided to be one was joined."""
        if not len(self.left):
            return label
        rank = self._rank
        root = components(len(rank), rank[label[self.left]], rank[label[self.right]])
        return np.asarray(self._row_of[root[rank[label]]], dtype=np.int64)

    def strife(self, label: Ints) -> set[tuple[int, int]]:
        """Pairs of heads to hold apart for a while, since `label` has together what must not be.

        Whoever is in strife is parted from all that is bound there. None: no strife.
        """
        found: set[tuple[int, int]] = set()
        for pair in self.apart.pairs:
            if label[pair[0]] == label[pair[1]]:
                bound = self._bound[label[self._bound] == label[pair[0]]].tolist()
                found |= {(end, head) for end in pair for head in bound if end != head}
        return found


def _ends(pairs: Pairs) -> tuple[Ints, Ints]:
    rows = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]
