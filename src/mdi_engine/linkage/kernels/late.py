"""Two bags of words of which some came later: they stand behind all others, whatever their texts. The truth: `bags`.

A later word is out of order, and older bags do not know which of their neighbours make it.
"""

from __future__ import annotations

from typing import NamedTuple

from mdi_engine.linkage.kernels import bags as of_bags
from mdi_engine.linkage.kernels.bags import (
    LEFT,
    NO,
    OF_LEFT,
    OF_RIGHT,
    PAIR,
    RANK,
    RIGHT,
    Bags,
    Offsets,
)
from mdi_engine.linkage.kernels.compiled import inlined, whole
from mdi_engine.linkage.kernels.letters import START, Texts
from mdi_engine.linkage.kernels.scratch import Scratch

_HOW = 60  # where a rank of `bags` holds how two words meet


class Late(NamedTuple):
    """`label[word]` orders all words by their texts; those from `fresh` on came later; `spare` is a bag to write on."""

    label: Offsets
    fresh: int
    spare: int


@inlined
def match(bags: Bags, words: Texts, late: Late, one: int, other: int, room: Scratch) -> tuple[int, int, int, int]:
    """As `bags.match`, of bags whose words may be late."""
    other = _patched(bags, words, late, one, other)
    na, nb = of_bags._join(bags, one, other, room.bag[LEFT]), of_bags._join(bags, other, one, room.bag[RIGHT])
    met, free_a, free_b = of_bags._equal(na, nb, room)
    near = _near(words, late.label, free_a, free_b, room)
    return met, (of_bags._choose(near, free_a, free_b, met, room) if near else met), na, nb


@inlined
def _near(words: Texts, label: Offsets, free_a: int, free_b: int, room: Scratch) -> int:
    """As `bags._near`: how two words meet, then their texts, say who chooses first."""
    count = 0
    for i in range(free_a):
        for j in range(free_b):
            x, y = room.bag[LEFT, i], room.bag[RIGHT, j]
            how = of_bags.meet(words, x, y, room)
            if how == NO:
                continue
            rank = whole(how) << _HOW
            low, high = min(label[x], label[y]), max(label[x], label[y])
            place = count
            while place > 0 and _behind(label, place - 1, rank, low, high, room):
                for k in range(3):
                    room.near[k, place] = room.near[k, place - 1]
                place -= 1
            room.near[RANK, place], room.near[OF_LEFT, place], room.near[OF_RIGHT, place] = rank, i, j
            count += 1
    return count


@inlined
def _behind(label: Offsets, place: int, rank: int, low: int, high: int, room: Scratch) -> bool:
    """Whether the pair at this place comes after one of such a rank and such labels."""
    there = whole(room.near[RANK, place])
    x = whole(label[room.bag[LEFT, room.near[OF_LEFT, place]]])
    y = whole(label[room.bag[RIGHT, room.near[OF_RIGHT, place]]])
    if there != rank:
        return there > rank
    if min(x, y) != low:
        return min(x, y) > low
    return max(x, y) > high


@inlined
def _patched(bags: Bags, words: Texts, late: Late, one: int, other: int) -> int:
    """The other bag, or a copy that knows which of its neighbours make a late word of the one bag."""
    begin, end = bags.start[other], bags.start[other + 1]
    to = bags.start[late.spare]
    copied = False
    for j in range(bags.start[one], bags.start[one + 1]):
        word = whole(bags.word[j, of_bags.STANDS])
        if word < late.fresh:
            continue
        for k in range(begin, end - 1):
            if not _makes(words, bags.word[k, of_bags.STANDS], bags.word[k + 1, of_bags.STANDS], word):
                continue
            if not copied:
                for row in range(begin, end):
                    for column in range(3):
                        bags.word[to + row - begin, column] = bags.word[row, column]
                bags.start[late.spare + 1] = to + end - begin
                copied = True
            bags.word[to + k - begin, PAIR] = word
    return late.spare if copied else other


@inlined
def _makes(words: Texts, x: int, y: int, made: int) -> bool:
    """Whether two words, one behind the other, are the word `made`."""
    a, b, c = whole(words.head[x, START]), whole(words.head[y, START]), whole(words.head[made, START])
    la, lb = whole(words.head[x + 1, START]) - a, whole(words.head[y + 1, START]) - b
    same = la + lb == whole(words.head[made + 1, START]) - c
    for k in range(la if same else 0):
        same = same and words.symbols[a + k] == words.symbols[c + k]
    for k in range(lb if same else 0):
        same = same and words.symbols[b + k] == words.symbols[c + la + k]
    return same
