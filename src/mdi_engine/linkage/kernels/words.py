"""Texts taken apart into words, each distinct word numbered once. The truth: `expressions.words`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.bags import ORDERED, PAIR, STANDS, Bags, mixed
from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.letters import Offsets, Symbols, alphabet, flat
from mdi_engine.linkage.models.expressions import MOST_WORDS

Ids = npt.NDArray[np.int32]
SLOTS = 1 << 16


class Split(NamedTuple):
    """`vocabulary` in order, and the texts as bags by its numbers."""

    vocabulary: list[str]
    bags: Bags


class _Table(NamedTuple):
    """An open hash table of distinct words: `slot` holds numbers (-1: free), `span[number]` where the word stands."""

    symbols: Symbols
    slot: Ids
    span: Offsets


def split(texts: Sequence[str]) -> Split:
    """All texts as bags of words."""
    points, start = flat(texts)
    letters = alphabet(points)
    blank = np.zeros(0x110000, dtype=bool)
    blank[[point for point in letters.points.tolist() if chr(point).isspace()]] = True
    counts = np.zeros(len(texts), dtype=np.int64)
    _count(points, start, blank, counts)
    begin = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    most = int(begin[-1])
    span, word = np.zeros((most, 2), dtype=np.int64), np.zeros((most, 3), dtype=np.int32)
    _spans(points, start, blank, begin, span)
    table = _Table(points, np.full(SLOTS, -1, dtype=np.int32), np.zeros((most, 2), dtype=np.int64))
    while (distinct := _number(table, span, word)) < 0:  # small at first: few texts hold many different words
        table = table._replace(slot=np.full(len(table.slot) * 8, -1, dtype=np.int32))
    _pairs(table, begin, span, word)
    found = [_text(points[a:b]) for a, b in table.span[:distinct].tolist()]
    place = np.array(sorted(range(distinct), key=found.__getitem__), dtype=np.int64)
    rank = np.full(distinct + 1, -1, dtype=np.int32)  # the last for -1: no word
    rank[place] = np.arange(distinct)
    _rank(rank, begin, word)
    return Split([found[k] for k in place.tolist()], Bags(begin, word))


def _text(points: Symbols) -> str:
    return points.tobytes().decode("utf-32-le", "surrogatepass")


@kernel
def _count(points: Symbols, start: Offsets, blank: npt.NDArray[np.bool_], counts: Offsets) -> None:
    for k in range(len(counts)):
        inside = False
        for at in range(start[k], start[k + 1]):
            here = not blank[points[at]]
            if here and not inside and counts[k] < MOST_WORDS:
                counts[k] += 1
            inside = here


@kernel
def _spans(
    points: Symbols, start: Offsets, blank: npt.NDArray[np.bool_], begin: Offsets, span: npt.NDArray[np.int64]
) -> None:
    """Where each counted word begins and ends."""
    for k in range(len(start) - 1):
        at = start[k]
        for place in range(begin[k], begin[k + 1]):
            while blank[points[at]]:
                at += 1
            span[place, 0] = at
            while at < start[k + 1] and not blank[points[at]]:
                at += 1
            span[place, 1] = at


@kernel
def _number(table: _Table, span: npt.NDArray[np.int64], word: Ids) -> int:
    """Number the words in the order in which they first stand; how many there are, or -1 if the table is too small."""
    distinct = 0
    for k in range(len(span)):
        place = _find(table, span[k, 0], span[k, 1], 0, 0)
        if table.slot[place] < 0:
            table.slot[place] = distinct
            table.span[distinct, 0], table.span[distinct, 1] = span[k, 0], span[k, 1]
            distinct += 1
            if 2 * distinct > len(table.slot):
                return -1
        word[k, STANDS] = table.slot[place]
    return distinct


@kernel
def _pairs(table: _Table, begin: Offsets, span: npt.NDArray[np.int64], word: Ids) -> None:
    """The word that each word makes with the next one of its bag, if any bag holds it."""
    for bag in range(len(begin) - 1):
        for k in range(begin[bag], begin[bag + 1]):
            word[k, PAIR] = -1
            if k + 1 < begin[bag + 1]:
                place = _find(table, span[k, 0], span[k, 1], span[k + 1, 0], span[k + 1, 1])
                word[k, PAIR] = table.slot[place]


@inlined
def _find(table: _Table, a: int, a_end: int, b: int, b_end: int) -> int:
    """The slot of the word made of the symbols from a and from b, or the free one where it belongs."""
    state = np.uint64(0)
    for at in range(a, a_end):
        state = mixed(state, table.symbols[at])
    for at in range(b, b_end):
        state = mixed(state, table.symbols[at])
    mask = len(table.slot) - 1
    place = whole(state >> np.uint64(1)) & mask
    while table.slot[place] >= 0 and not _same(table, table.slot[place], a, a_end, b, b_end):
        place = (place + 1) & mask
    return place


@inlined
def _same(table: _Table, number: int, a: int, a_end: int, b: int, b_end: int) -> bool:
    at = table.span[number, 0]
    if table.span[number, 1] - at != a_end - a + b_end - b:
        return False
    for k in range(a, a_end):
        if table.symbols[at] != table.symbols[k]:
            return False
        at += 1
    for k in range(b, b_end):
        if table.symbols[at] != table.symbols[k]:
            return False
        at += 1
    return True


@kernel
def _rank(rank: Ids, begin: Offsets, word: Ids) -> None:
    """Numbers by first appearance become numbers by text; each bag's are sorted into its column ORDERED."""
    for bag in range(len(begin) - 1):
        first = begin[bag]
        for k in range(first, begin[bag + 1]):
            word[k, STANDS], word[k, PAIR] = rank[word[k, STANDS]], rank[word[k, PAIR]]
            place = k
            while place > first and word[place - 1, ORDERED] > word[k, STANDS]:
                word[place, ORDERED] = word[place - 1, ORDERED]
                place -= 1
            word[place, ORDERED] = word[k, STANDS]
