"""Candidate pairs made and told apart as in `stream`, but not weighed: those that a hash of their records draws.

A pair's hash is of its two ranks, whichever comes first. It is drawn at level n if its hash begins with n zero bits:
one pair in 2^n, and every pair that is drawn at a level is drawn at the levels below.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.scratch import TILE, Scratch
from mdi_engine.linkage.kernels.stream import (
    ENTRY,
    OTHER,
    SEEN,
    STOP,
    WRITTEN,
    Layout,
    Rare,
    Shared,
    is_first,
    mark_taken,
    reaches,
    smallest_shared,
)

Small = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
_LAST = np.uint64(63)


class Drawn(NamedTuple):
    """Drawn pairs, and with how many zero bits the hash of each begins."""

    left: Small
    right: Small
    zeros: Small


@inlined
def _hash(one: int, other: int) -> np.uint64:
    """The hash of two ranks (the finaliser of SplitMix64)."""
    z = np.uint64(min(one, other)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(max(one, other)) + np.uint64(1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inlined
def _drawn(one: int, other: int, level: int) -> bool:
    """Whether a level (0 to 63) draws the pair of these ranks."""
    return bool((_hash(one, other) >> np.uint64(1)) >> np.uint64(63 - level) == np.uint64(0))


@inlined
def _zeros(one: int, other: int) -> int:
    """With how many zero bits (0 to 63) the hash of two ranks begins."""
    z, count = _hash(one, other), 0
    while count < 63 and (z >> (_LAST - np.uint64(count))) & np.uint64(1) == np.uint64(0):
        count += 1
    return count


@kernel
def zeros(one: Small, other: Small, out: Small) -> None:
    """With how many zero bits the hash of each pair of ranks begins, into `out`."""
    for k in range(len(out)):
        out[k] = _zeros(whole(one[k]), whole(other[k]))


@kernel
def rule_draw(
    lay: Layout, rank: Small, end: Ints, mine: Small, others: Shared, level: int, state: Ints, out: Drawn, room: Scratch
) -> None:
    """Pairs of a rule that `level` draws; `rank[entry]`, the rest as in `stream.rule_pairs`."""
    entry, other = whole(state[ENTRY]), whole(state[OTHER])
    written = 0
    while entry < state[STOP]:
        other = max(other, entry + 1)
        while other < end[entry]:
            tile = min(TILE, end[entry] - other)
            if written + tile > len(out.left):
                state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, other, written, written
                return
            mark_taken(lay, entry, other, tile, room.taken)
            left = lay.row[entry]
            for k in range(tile):
                one, two = whole(rank[entry]), whole(rank[other + k])
                if room.taken[k] or not _drawn(one, two, level):
                    continue
                if is_first(others, left, lay.row[other + k], mine, entry):
                    out.left[written], out.right[written] = left, lay.row[other + k]
                    out.zeros[written] = _zeros(one, two)
                    written += 1
            other += tile
        entry, other = entry + 1, 0
    state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, 0, written, written


@kernel
def rare_draw(
    lay: Layout,
    rank: Small,
    held: Small,
    none: Small,
    rare: Rare,
    others: Shared,
    level: int,
    state: Ints,
    out: Drawn,
    room: Scratch,
) -> None:
    """Pairs of rarity that `level` draws; `rank[row]`, `held` that of each row in the index.

    The rest is as in `stream.rare_pairs`.
    """
    entry, written = whole(state[ENTRY]), 0
    if state[OTHER] > 0:  # a row to be gone on with: its partners are asked for again
        room.stamp[:] = -1
    while entry < state[STOP]:
        count = _partners(rare, entry, whole(rank[entry]), held, level, room)
        for place in range(state[OTHER], count):
            if written == len(out.left):
                state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, place, written, written
                return
            other = whole(room.partner[place])
            mark_taken(lay, entry, other, 1, room.taken)
            if room.taken[0] == 0 and is_first(others, entry, other, none, entry):
                out.left[written], out.right[written] = entry, other
                out.zeros[written] = _zeros(whole(rank[entry]), whole(rank[other]))
                written += 1
        entry += 1
        state[OTHER] = 0
    state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, 0, written, written


@inlined
def _partners(rare: Rare, row: int, rank: int, held: Small, level: int, room: Scratch) -> int:
    """Later rows that the level draws and whose shared features reach the cut, into `room.partner`; how many."""
    count = 0
    for place in range(rare.start[row], rare.first[row]):
        feature = rare.feature[place]
        for k in range(rare.own[place] + 1, rare.holds[feature + 1]):
            if not _drawn(rank, whole(held[k]), level):  # first, as it reads memory in sequence
                continue
            other = rare.row[k]
            if room.stamp[other] == row:
                continue
            room.stamp[other] = row
            if reaches(rare, place, rare.start[row + 1], rare.at[k], rare.start[other + 1]):
                room.partner[count] = other
                count += 1
    return count


@kernel
def add_single(way: int, code: Small, left: Small, right: Small, out: Ints) -> None:
    """Set the bit of a rule in `out[k]` where both rows hold the same key; `code[row]`, -1 none."""
    for k in range(len(out)):
        if code[left[k]] >= 0 and code[left[k]] == code[right[k]]:
            out[k] |= 1 << way


@kernel
def add_several(way: int, others: Shared, left: Small, right: Small, out: Ints) -> None:
    """Set the bit of the one rule in `others` in `out[k]` where both rows share a key."""
    for k in range(len(out)):
        if smallest_shared(others, 0, left[k], right[k]) >= 0:
            out[k] |= 1 << way


@kernel
def add_rare(way: int, rare: Rare, left: Small, right: Small, out: Ints) -> None:
    """Set the bit of rarity in `out[k]` where the features that both rows share reach the cut."""
    for k in range(len(out)):
        a, b = left[k], right[k]
        if rare.start[a] == rare.start[a + 1] or rare.start[b] == rare.start[b + 1]:
            continue
        if reaches(rare, rare.start[a], rare.start[a + 1], rare.start[b], rare.start[b + 1]):
            out[k] |= 1 << way
