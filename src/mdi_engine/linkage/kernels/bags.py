"""Two bags of words: which words meet, what that weighs. The truth: `weights.tokens` and `compare.bag_evidence`.

Words are numbered in the order of their texts, so that comparing numbers is comparing texts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import inlined, kernel, ones, whole
from mdi_engine.linkage.kernels.letters import SIGN, START, Texts
from mdi_engine.linkage.kernels.scratch import Scratch
from mdi_engine.linkage.kernels.similarity import within

EXACT, TYPO, INITIAL, NO = 0, 1, 2, 3
STANDS, ORDERED, PAIR = range(3)
# Rows of `Scratch.bag`: words of either side, then the words that met and how; whether a word is taken.
LEFT, RIGHT, MET_LEFT, MET_RIGHT, HOW, TAKEN_LEFT, TAKEN_RIGHT = range(7)
# Rows of `Scratch.near`.
RANK, OF_LEFT, OF_RIGHT = range(3)
_WORD = 30  # bits of a word's number inside a rank

Ids = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]


class Bags(NamedTuple):
    """Bag v is rows `start[v]:start[v + 1]` of `word`, by columns: its words as they stand, and by number.

    The column PAIR is the word that this word and the next one make together, -1 if no bag holds it.
    """

    start: Offsets
    word: Ids


class Bonds(NamedTuple):
    """Per block b: `other[k]`, `bits[k]` for k in `start[base[b] + word] : start[base[b] + word + 1]`, other > word."""

    base: Offsets
    start: Offsets
    other: Ids
    bits: Ids


class Wholes(NamedTuple):
    """Per block b, entries `base[b]:base[b + 1]` by hash; entry e is `word[start[e]:start[e + 1]]`; else `floor[b]`."""

    base: Offsets
    hash: npt.NDArray[np.uint64]
    start: Offsets
    word: Ids
    bits: Ids
    floor: Ids


@inlined
def meet(words: Texts, x: int, y: int, room: Scratch) -> int:
    """How two unequal words meet: TYPO, INITIAL, or NO."""
    a, b = whole(words.head[x, START]), whole(words.head[y, START])
    la, lb = whole(words.head[x + 1, START]) - a, whole(words.head[y + 1, START]) - b
    shorter = min(la, lb)
    if shorter == 1:
        return INITIAL if words.symbols[a] == words.symbols[b] else NO
    allowed = 2 if shorter >= 8 else 1
    if shorter < 4 or abs(la - lb) > allowed or ones(words.head[x, SIGN] ^ words.head[y, SIGN]) > 2 * allowed:
        return NO
    return TYPO if within(words.symbols, a, la, b, lb, True, allowed, room.bits, room.rows) else NO


@inlined
def _join(bags: Bags, one: int, other: int, out: npt.NDArray[np.int64]) -> int:
    """The words of a bag by number, two neighbours made one where the other bag writes them so; how many there are."""
    begin, end = bags.start[one], bags.start[one + 1]
    joins = False
    for k in range(begin, end):
        joins = joins or (bags.word[k, PAIR] >= 0 and _joined(bags, k, other))
    if not joins:
        for k in range(begin, end):
            out[k - begin] = bags.word[k, ORDERED]
        return whole(end - begin)
    count, k = 0, begin
    while k < end:
        made = bags.word[k, PAIR] >= 0 and _joined(bags, k, other)
        word = bags.word[k, PAIR] if made else bags.word[k, STANDS]
        k += 2 if made else 1
        place = count
        while place > 0 and out[place - 1] > word:
            out[place] = out[place - 1]
            place -= 1
        out[place] = word
        count += 1
    return count


@inlined
def _joined(bags: Bags, k: int, other: int) -> bool:
    """Whether the other bag holds word k and the next as one word, and neither of them alone."""
    found = False
    for j in range(bags.start[other], bags.start[other + 1]):
        word = bags.word[j, STANDS]
        if word == bags.word[k, STANDS] or word == bags.word[k + 1, STANDS]:
            return False
        found = found or word == bags.word[k, PAIR]
    return found


@inlined
def _equal(na: int, nb: int, room: Scratch) -> tuple[int, int, int]:
    """Words that both sides have, and how many of each side are free: these then stand first in its row of `room.bag`.

    Both sides come sorted by number.
    """
    own, other = room.bag[LEFT], room.bag[RIGHT]
    i, j, met, free_a, free_b = 0, 0, 0, 0, 0
    while i < na and j < nb:
        if own[i] == other[j]:
            room.bag[MET_LEFT, met], room.bag[MET_RIGHT, met], room.bag[HOW, met] = own[i], own[i], EXACT
            i, j, met = i + 1, j + 1, met + 1
        elif own[i] < other[j]:
            own[free_a] = own[i]
            i, free_a = i + 1, free_a + 1
        else:
            other[free_b] = other[j]
            j, free_b = j + 1, free_b + 1
    for k in range(i, na):
        own[free_a] = own[k]
        free_a += 1
    for k in range(j, nb):
        other[free_b] = other[k]
        free_b += 1
    return met, free_a, free_b


@inlined
def match(bags: Bags, words: Texts, left: int, right: int, room: Scratch) -> tuple[int, int, int, int]:
    """Words met exactly, words met at all, and how many words each side has after joining.

    The meetings stand in `room.bag`: the exact ones first, by number.
    """
    na, nb = _join(bags, left, right, room.bag[LEFT]), _join(bags, right, left, room.bag[RIGHT])
    met, free_a, free_b = _equal(na, nb, room)
    near = _near(words, free_a, free_b, room)
    return met, (_choose(near, free_a, free_b, met, room) if near else met), na, nb


@inlined
def _near(words: Texts, free_a: int, free_b: int, room: Scratch) -> int:
    """Free words that meet, in the order in which they may choose each other; how many pairs there are."""
    count = 0
    for i in range(free_a):
        for j in range(free_b):
            x, y = room.bag[LEFT, i], room.bag[RIGHT, j]
            how = meet(words, x, y, room)
            if how == NO:
                continue
            rank = (how << (2 * _WORD)) | (min(x, y) << _WORD) | max(x, y)
            place = count
            while place > 0 and room.near[RANK, place - 1] > rank:
                for row in range(3):
                    room.near[row, place] = room.near[row, place - 1]
                place -= 1
            room.near[RANK, place], room.near[OF_LEFT, place], room.near[OF_RIGHT, place] = rank, i, j
            count += 1
    return count


@inlined
def _choose(near: int, free_a: int, free_b: int, met: int, room: Scratch) -> int:
    """Let the pairs meet whose words are both still free; how many words have met then."""
    room.bag[TAKEN_LEFT, :free_a] = 0
    room.bag[TAKEN_RIGHT, :free_b] = 0
    for k in range(near):
        i, j = room.near[OF_LEFT, k], room.near[OF_RIGHT, k]
        if room.bag[TAKEN_LEFT, i] == 0 and room.bag[TAKEN_RIGHT, j] == 0:
            room.bag[TAKEN_LEFT, i] = room.bag[TAKEN_RIGHT, j] = 1
            room.bag[MET_LEFT, met], room.bag[MET_RIGHT, met] = room.bag[LEFT, i], room.bag[RIGHT, j]
            room.bag[HOW, met] = room.near[RANK, k] >> (2 * _WORD)
            met += 1
    return met


@inlined
def evidence(
    exact: int, met: int, na: int, nb: int, log_u: Ids, bonds: Bonds, wholes: Wholes, block: int, room: Scratch
) -> int:
    """Millibits of log2 of the chance that a stranger's words meet like this. `log_u[how * words + word]`."""
    size = len(log_u) // 3
    total = 0
    for k in range(met):
        at = room.bag[HOW, k] * size
        total += (whole(log_u[at + room.bag[MET_LEFT, k]]) + whole(log_u[at + room.bag[MET_RIGHT, k]])) >> 1
    if exact > 1:
        total += carried(bonds, block, exact, room)
    if exact == na and exact == nb:
        total = min(total, as_whole(wholes, block, exact, room))
    return total


@inlined
def first_place(ordered: npt.NDArray[Any], low: int, high: int, wanted: Any) -> int:
    """The first place from `low` on whose number is not below `wanted`; `high` if there is none."""
    while low < high:
        middle = (low + high) >> 1
        if ordered[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def carried(bonds: Bonds, block: int, exact: int, room: Scratch) -> int:
    """What the words met exactly share beyond chance: the heaviest forest of their bonds (Kruskal, 1956)."""
    count = 0
    for i in range(exact - 1):
        word = room.bag[MET_LEFT, i]
        begin, end = bonds.start[bonds.base[block] + word], bonds.start[bonds.base[block] + word + 1]
        if begin == end or (i > 0 and word == room.bag[MET_LEFT, i - 1]):
            continue
        for j in range(i + 1, exact):
            place = first_place(bonds.other, begin, end, room.bag[MET_LEFT, j])
            if place < end and bonds.other[place] == room.bag[MET_LEFT, j]:
                _insert(count, bonds.bits[place], i, j, room)
                count += 1
    # Equal words are one node: a node is called by the place of its word's first appearance.
    tree = room.bag[TAKEN_LEFT]
    for i in range(exact):
        tree[i] = tree[i - 1] if i > 0 and room.bag[MET_LEFT, i] == room.bag[MET_LEFT, i - 1] else i
    total = 0
    for k in range(count):
        new, old = tree[room.near[OF_LEFT, k]], tree[room.near[OF_RIGHT, k]]
        if new != old:
            total += room.near[RANK, k]
            for i in range(exact):
                if tree[i] == old:
                    tree[i] = new
    return total


@inlined
def _insert(count: int, bits: int, i: int, j: int, room: Scratch) -> None:
    """Put a bond among the `count` others, the strongest first."""
    place = count
    while place > 0 and room.near[RANK, place - 1] < bits:
        for row in range(3):
            room.near[row, place] = room.near[row, place - 1]
        place -= 1
    room.near[RANK, place], room.near[OF_LEFT, place], room.near[OF_RIGHT, place] = bits, i, j


@inlined
def mixed(state: np.uint64, word: int) -> np.uint64:
    """The hash of a sequence of words, one word on (the finaliser of SplitMix64; Steele et al., OOPSLA 2014)."""
    z = state * np.uint64(0x9E3779B97F4A7C15) + np.uint64(word) + np.uint64(1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def hashes(start: Offsets, word: Ids, out: npt.NDArray[np.uint64]) -> None:
    """The hash of each sequence `word[start[e]:start[e + 1]]`, into `out[e]`, which begins as 0."""
    for e in range(len(out)):
        for k in range(start[e], start[e + 1]):
            out[e] = mixed(out[e], word[k])


@inlined
def as_whole(wholes: Wholes, block: int, count: int, room: Scratch) -> int:
    """Millibits of log2 of the chance to hold just the words that met, and no others."""
    wanted = np.uint64(0)
    for k in range(count):
        wanted = mixed(wanted, room.bag[MET_LEFT, k])
    end = wholes.base[block + 1]
    e = first_place(wholes.hash, wholes.base[block], end, wanted)
    while e < end and wholes.hash[e] == wanted:
        same = wholes.start[e + 1] - wholes.start[e] == count
        for k in range(count if same else 0):
            same = same and wholes.word[wholes.start[e] + k] == room.bag[MET_LEFT, k]
        if same:
            return whole(wholes.bits[e])
        e += 1
    return whole(wholes.floor[block])
