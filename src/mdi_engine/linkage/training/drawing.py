"""Which candidate pairs training looks at: all of a way while there are few, else those that their records' hash draws.

A way's level is the lowest at which it draws no more than `MOST` pairs, and a pair drawn at level n stands for 2^n.
So the draw depends on the records and the ways only, neither on the order of rows nor on who made the pairs; and it
is made in one pass, as the level rises whenever too many pairs have come (after Wegman's adaptive sampling; Flajolet,
1990).

At least half of `MOST` are drawn of such a way. If M matches are among them, log2 of a share m is off by about
1.44 * sqrt((1 - m) / (m * M)): with 50,000 matches by 0.06 bits for a level that one match in a hundred reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.blocking import Ways, candidates, covers
from mdi_engine.linkage.kernels import draw as kernels
from mdi_engine.linkage.kernels.scratch import TILE, Scratch, scratch
from mdi_engine.linkage.kernels.stream import HELD, OTHER, Rare
from mdi_engine.linkage.weights.compare import Ints, Small
from mdi_engine.linkage.weights.streaming import (
    NONE,
    ROOM,
    Columns,
    Crew,
    Run,
    cut,
    lay_out,
    rare_index,
    rule_index,
    several,
    shared_keys,
)

Cover = Callable[[int, Small, Small, Ints], None]
# Pairs that a way shows to training at most; where it has more, at least half as many are drawn.
MOST = 1 << 21
# Gross pairs made between two looks at the level: bounds memory, changes nothing else.
TASK = 500_000


@dataclass(frozen=True)
class Draw:
    """Drawn pairs in the order of ways and rows, each with its first way and, as bits, all that cover it.

    Pair k stands for `2 ** level[way[k]]` candidates.
    """

    left: Small
    right: Small
    way: npt.NDArray[np.int8]
    covered: Ints
    level: Ints


class _Kept:
    """What is drawn so far, at the level that this asks for."""

    def __init__(self, most: int | None) -> None:
        self.level = 0
        self._most = most
        self._parts: list[Columns] = []
        self._count = 0

    def add(self, part: Columns) -> None:
        """Take pairs with the zeros of their hashes; raise the level while there are too many."""
        self._parts.append(_at(part, self.level))
        self._count += len(self._parts[-1][0])
        while self._most is not None and self._count > self._most:
            self.level += 1
            self._parts = [_at(part, self.level) for part in self._parts]
            self._count = sum(len(part[0]) for part in self._parts)

    def pairs(self) -> tuple[Small, Small]:
        """All pairs, by left row, then right row."""
        left, right, _ = (np.concatenate([NONE, *(part[k] for part in self._parts)]) for k in range(3))
        order = np.argsort((left.astype(np.int64) << 32) | right)
        return left[order], right[order]


def _at(part: Columns, level: int) -> Columns:
    keep = part[2] >= level
    return part if keep.all() else (part[0][keep], part[1][keep], part[2][keep])


def draw(ways: Ways, most: int | None = MOST, threads: int = 1) -> Draw:
    """Draw at most `most` pairs of each way (None: take all), made by kernels."""
    rows, rank = len(ways.rank), ways.rank.astype(np.int32)

    def room() -> tuple[kernels.Drawn, Scratch]:
        out = kernels.Drawn(*(np.empty(max(ROOM, TILE), dtype=np.int32) for _ in range(3)))
        return out, scratch(1, 1, rows)

    kept = [_Kept(most) for _ in range(ways.count)]
    rare = None if ways.rarity is None else rare_index(ways.rarity, ways.cut, rows)
    with Crew(threads, room) as crew:
        for way, found in enumerate(kept):
            if rare is not None and way == len(ways.postings):
                cost, run = _rare(ways, *rare, rank, found)
            else:
                cost, run = _rule(ways, way, rank, found)
            for part, _ in crew.do(cut(cost, TASK, run)):
                found.add(part)

    def cover(way: int, left: Small, right: Small, covered: Ints) -> None:
        _cover(ways, None if rare is None else rare[0], way, left, right, covered)

    return _draw(kept, cover)


def plain_draw(ways: Ways, most: int | None = MOST) -> Draw:
    """The same in plain numpy, from all candidates: the readable truth."""
    kept = [_Kept(most) for _ in range(ways.count)]
    for chunk in candidates(ways):
        left, right = chunk.left.astype(np.int32), chunk.right.astype(np.int32)
        kept[chunk.way].add((left, right, plain_zeros(ways.rank[left], ways.rank[right])))

    def cover(way: int, left: Small, right: Small, covered: Ints) -> None:
        covered |= covers(ways, way, left.astype(np.int64), right.astype(np.int64)).astype(np.int64) << way

    return _draw(kept, cover)


def plain_zeros(one: Ints, other: Ints) -> Small:
    """With how many zero bits (0 to 63) the hash of each pair of ranks begins."""
    low, high = np.minimum(one, other).astype(np.uint64), np.maximum(one, other).astype(np.uint64)
    with np.errstate(over="ignore"):
        z = low * np.uint64(0x9E3779B97F4A7C15) + high + np.uint64(1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    found = np.zeros(len(z), dtype=np.int32)
    for count in range(1, 64):
        found += (z >> np.uint64(64 - count)) == 0
    return found


def _draw(kept: Sequence[_Kept], cover: Cover) -> Draw:
    pairs = [found.pairs() for found in kept]
    left, right = (np.concatenate([NONE, *(pair[k] for pair in pairs)]) for k in range(2))
    size = np.array([len(pair[0]) for pair in pairs], dtype=np.int64)
    way = np.repeat(np.arange(len(pairs), dtype=np.int8), size)
    # A pair's first way is known to cover it, and no earlier one does.
    covered = np.int64(1) << way.astype(np.int64)
    for later, before in enumerate((np.cumsum(size) - size).tolist()):
        cover(later, left[:before], right[:before], covered[:before])
    return Draw(left, right, way, covered, np.array([found.level for found in kept], dtype=np.int64))


def _cover(ways: Ways, rare: Rare | None, way: int, left: Small, right: Small, covered: Ints) -> None:
    """Set a way's bit where it covers a pair."""
    if way == len(ways.postings) and rare is not None:
        return kernels.add_rare(way, rare, left, right, covered)
    held = ways.held[way]
    if held.single is None:
        return kernels.add_several(way, shared_keys([held]), left, right, covered)
    return kernels.add_single(way, held.single.astype(np.int32), left, right, covered)


def _rule(ways: Ways, way: int, rank: Small, kept: _Kept) -> tuple[Ints, Run]:
    rows = ways.postings[way].rows
    layout = lay_out(ways, way, rows, None)
    end, mine, others = rule_index(ways, way)
    kernel = partial(kernels.rule_draw, layout, rank[rows], end, mine, others)
    return end - np.arange(len(end)) - 1, _at_level(kernel, kept)


def _rare(ways: Ways, rare: Rare, cost: Ints, rank: Small, kept: _Kept) -> tuple[Ints, Run]:
    layout = lay_out(ways, len(ways.postings), np.arange(len(rank), dtype=np.int64), None)
    others = shared_keys(several(ways, len(ways.postings)))
    return cost, _at_level(partial(kernels.rare_draw, layout, rank, rank[rare.row], NONE, rare, others), kept)


def _at_level(kernel: partial[None], kept: _Kept) -> Run:
    def run(state: Ints, out: kernels.Drawn, room: Scratch) -> None:
        if state[OTHER] == 0:  # a row once begun keeps its level: where it goes on is counted in its drawn partners
            state[HELD] = kept.level
        kernel(int(state[HELD]), state, out, room)

    return run
