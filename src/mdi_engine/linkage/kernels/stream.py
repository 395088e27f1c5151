"""Candidate pairs made, told apart, bounded, weighed and dropped or kept, none of them stored on the way.

The truth: `candidates.blocking.candidates` and `weights.plain`. Kernels stop when there is no room for one more tile of
kept pairs and go on where `state` says: [entry, next other, entry to stop at, pairs written, candidates seen,
what a caller holds].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.brief import Briefs
from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.scratch import TILE, Scratch
from mdi_engine.linkage.kernels.weigh import Ints, Small, Tables, known_weight, surely_else

ENTRY, OTHER, STOP, WRITTEN, SEEN, HELD = range(6)
STATE = 6


class Layout(NamedTuple):
    """Records in the order in which their pairs are made: `row[entry]`, and per block the code and the upper bound.

    `bound[block, entry]` is the most that the block can add with an unequal partner, `brief[k, entry]` the brief of the
    value of the block `dear[k]`. `single[k, entry]` are the keys of earlier rules of one key per record (-1: none);
    `source` is empty where pairs within a source count too.
    """

    row: Small
    code: Small
    bound: Small
    brief: Briefs
    single: Small
    source: Small


class Cuts(NamedTuple):
    """`gain[gain_from[b] + code]` is what a block adds for equal values, `missing[b]` where one is missing.

    `dear` are the blocks whose unequal values need a comparison, those that settle most first; `other[b]` is what
    values with nothing in common add.
    """

    gain_from: Ints
    gain: Small
    missing: Ints
    other: Ints
    dear: Ints
    prior: int
    least: int


class Shared(NamedTuple):
    """Rules with several keys per record: rule k, row r holds `code[start[base[k] + r] : start[base[k] + r + 1]]`."""

    base: Ints
    start: Ints
    code: Small


class Rare(NamedTuple):
    """Row r holds features `feature[start[r]:start[r + 1]]`, rarest first; `rest` is what those from there on weigh.

    Only the first ones, which no pair can do without, are in the index: feature f stands in rows
    `row[holds[f]:holds[f + 1]]`, at the place `at` of their features; `own` is an indexed entry's place in it.
    """

    start: Ints
    feature: Small
    rest: Small
    first: Ints
    own: Ints
    holds: Ints
    row: Small
    at: Ints
    bits: Small
    cut: int


class Out(NamedTuple):
    """Kept pairs."""

    left: Small
    right: Small
    weight: Small


@kernel
def rule_pairs(
    t: Tables, lay: Layout, end: Ints, mine: Small, others: Shared, cuts: Cuts, state: Ints, out: Out, room: Scratch
) -> None:
    """Pairs of a rule. The partners of an entry are those after it up to `end[entry]`; all hold the key `mine[entry]`.

    The last of `others` is this rule itself if its records have several keys (`mine` is empty if not).
    """
    total, taken = room.total, room.taken
    entry, other = whole(state[ENTRY]), whole(state[OTHER])
    written, seen = 0, 0
    while entry < state[STOP]:
        other = max(other, entry + 1)
        while other < end[entry]:
            tile = min(TILE, end[entry] - other)
            if written + tile > len(out.left):
                state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, other, written, seen
                return
            _bounds(lay, cuts, entry, other, tile, total)
            mark_taken(lay, entry, other, tile, taken)
            left = lay.row[entry]
            for k in range(tile):
                right = lay.row[other + k]
                if taken[k] or not is_first(others, left, right, mine, entry):
                    continue
                seen += 1
                weight = _settle(t, lay, cuts, entry, other + k, whole(total[k]), room)
                if weight >= cuts.least:
                    out.left[written], out.right[written], out.weight[written] = left, right, weight
                    written += 1
            other += tile
        entry, other = entry + 1, 0
    state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, 0, written, seen


@inlined
def _bounds(lay: Layout, cuts: Cuts, entry: int, other: int, tile: int, total: Small) -> None:
    """The most that each pair can weigh, by looking at codes alone."""
    total[:tile] = cuts.prior
    for block in range(len(lay.code)):
        own, missing = lay.code[block, entry], cuts.missing[block]
        if own < 0:
            for k in range(tile):
                total[k] += missing
            continue
        gain, bound = cuts.gain[cuts.gain_from[block] + own], lay.bound[block, entry]
        codes, bounds = lay.code[block, other : other + tile], lay.bound[block, other : other + tile]
        for k in range(tile):
            unequal = missing if codes[k] < 0 else min(bound, bounds[k])
            total[k] += gain if codes[k] == own else unequal


@inlined
def mark_taken(lay: Layout, entry: int, other: int, tile: int, taken: npt.NDArray[np.uint8]) -> None:
    """Which pairs an earlier rule of one key per record has found, or are of one source where that does not count."""
    taken[:tile] = 0
    for rule in range(len(lay.single)):
        own = lay.single[rule, entry]
        if own >= 0:
            codes = lay.single[rule, other : other + tile]
            for k in range(tile):
                taken[k] |= np.uint8(codes[k] == own)
    if len(lay.source):
        for k in range(tile):
            taken[k] |= np.uint8(lay.source[entry] == lay.source[other + k])


@inlined
def is_first(others: Shared, left: int, right: int, mine: Small, entry: int) -> bool:
    """Whether no earlier rule of several keys covers the pair, and its smallest shared key of this rule is `mine`."""
    earlier = len(others.base) - (1 if len(mine) else 0)
    for rule in range(earlier):
        if smallest_shared(others, rule, left, right) >= 0:
            return False
    return len(mine) == 0 or smallest_shared(others, earlier, left, right) == mine[entry]


@inlined
def smallest_shared(others: Shared, rule: int, left: int, right: int) -> int:
    """The smallest key that both rows hold, -1 if there is none."""
    base = others.base[rule]
    i, i_end = others.start[base + left], others.start[base + left + 1]
    j, j_end = others.start[base + right], others.start[base + right + 1]
    while i < i_end and j < j_end:
        if others.code[i] == others.code[j]:
            return whole(others.code[i])
        if others.code[i] < others.code[j]:
            i += 1
        else:
            j += 1
    return -1


@inlined
def _settle(t: Tables, lay: Layout, cuts: Cuts, entry: int, other: int, total: int, room: Scratch) -> int:
    """The pair's weight, or some weight below `least`: bounds give way to truth until that is certain.

    First what briefs can tell, in memory that is read in sequence; then the texts themselves.
    """
    left = 0
    for k in range(len(cuts.dear)):
        if total < cuts.least:
            return total
        block = cuts.dear[k]
        a, b = lay.code[block, entry], lay.code[block, other]
        if a >= 0 and b >= 0 and a != b:
            if surely_else(t, block, lay.brief[k, entry], lay.brief[k, other]):
                total += cuts.other[block] - min(lay.bound[block, entry], lay.bound[block, other])
            else:
                room.open[left] = block
                left += 1
    for k in range(left):
        if total < cuts.least:
            return total
        block = room.open[k]
        bound = min(lay.bound[block, entry], lay.bound[block, other])
        total += known_weight(t, block, lay.row[entry], lay.row[other], room) - bound
    return total


@kernel
def rare_pairs(
    t: Tables, lay: Layout, none: Small, rare: Rare, others: Shared, cuts: Cuts, state: Ints, out: Out, room: Scratch
) -> None:
    """Pairs whose shared features reach the cut, by row; `none` is empty.

    The layout is in the order of rows. A pair shares a feature of both rows' first ones, or it misses the cut.
    """
    total, taken = room.total, room.taken
    entry, written, seen = whole(state[ENTRY]), 0, 0
    if state[OTHER] > 0:  # a row to be gone on with: its partners are asked for again
        room.stamp[:] = -1
    while entry < state[STOP]:
        count = _partners(rare, entry, room.stamp, room.partner)
        for place in range(state[OTHER], count):
            if written == len(out.left):
                state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, place, written, seen
                return
            other = whole(room.partner[place])
            mark_taken(lay, entry, other, 1, taken)
            if taken[0] or not is_first(others, entry, other, none, entry):
                continue
            seen += 1
            _bounds(lay, cuts, entry, other, 1, total)
            weight = _settle(t, lay, cuts, entry, other, whole(total[0]), room)
            if weight >= cuts.least:
                out.left[written], out.right[written], out.weight[written] = entry, other, weight
                written += 1
        entry += 1
        state[OTHER] = 0
    state[ENTRY], state[OTHER], state[WRITTEN], state[SEEN] = entry, 0, written, seen


@inlined
def _partners(rare: Rare, row: int, stamp: Small, found: Small) -> int:
    """Later rows whose shared features reach the cut, ascending, into `found`; how many there are."""
    count = 0
    for place in range(rare.start[row], rare.first[row]):
        feature = rare.feature[place]
        for k in range(rare.own[place] + 1, rare.holds[feature + 1]):
            other = rare.row[k]
            if stamp[other] == row:
                continue
            stamp[other] = row
            if reaches(rare, place, rare.start[row + 1], rare.at[k], rare.start[other + 1]):
                found[count] = other
                count += 1
    _sort(found, count)
    return count


@inlined
def _sort(numbers: Small, count: int) -> None:
    """Sort the first numbers in place (Shell, 1959; gaps by 9/4)."""
    gap = 1
    while gap < count:
        gap = gap * 9 // 4 + 1
    while gap > 1:
        gap = max(gap * 4 // 9, 1)
        for k in range(gap, count):
            number, place = numbers[k], k
            while place >= gap and numbers[place - gap] > number:
                numbers[place] = numbers[place - gap]
                place -= gap
            numbers[place] = number


@inlined
def reaches(rare: Rare, i: int, i_end: int, j: int, j_end: int) -> bool:
    """Whether the features that two rows share from these places on reach the cut."""
    total = 0
    while i < i_end and j < j_end:
        if total + min(rare.rest[i], rare.rest[j]) < rare.cut:
            return False
        if rare.feature[i] == rare.feature[j]:
            total += rare.bits[rare.feature[i]]
            if total >= rare.cut:
                return True
            i, j = i + 1, j + 1
        elif rare.feature[i] < rare.feature[j]:
            i += 1
        else:
            j += 1
    return total >= rare.cut
