"""Levels and weights of value pairs, on everything laid out as arrays. The truth: `weights.levels`, `weights.plain`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels import bags as of_bags
from mdi_engine.linkage.kernels import brief, dates
from mdi_engine.linkage.kernels.bags import Bags, Bonds, Wholes
from mdi_engine.linkage.kernels.brief import Briefs
from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.letters import SIGN, START, Texts
from mdi_engine.linkage.kernels.scratch import REMEMBERED, Scratch
from mdi_engine.linkage.kernels.similarity import (
    fewest_edits,
    jaro_counts,
    most_matches,
    prefix,
    similar,
    within,
)

# Tests by number, as `Levels.test` holds them.
EXACT, JARO, JARO_WINKLER, LEVENSHTEIN, OSA, SWAPPED, ONE_DIGIT, YEARS, SAME_YEAR, SAME_DAY, WITHIN, DAYS = range(12)
TESTS = {
    "exact": EXACT,
    "jaro": JARO,
    "jaro_winkler": JARO_WINKLER,
    "levenshtein": LEVENSHTEIN,
    "osa": OSA,
    "swapped": SWAPPED,
    "one_digit": ONE_DIGIT,
    "years": YEARS,
    "same_year": SAME_YEAR,
    "same_day": SAME_DAY,
    "within": WITHIN,
    "days": DAYS,
}
SAME, SIMILAR, SUBSET, OVERLAP = range(4)
BAG_TESTS = {"same": SAME, "similar": SIMILAR, "subset": SUBSET, "overlap": OVERLAP}
# What a block's table of u is by: nothing, values, words, or what a group's records hold alike.
NONE, BY_VALUE, BY_WORD, BY_ALIKE = range(4)
_SLOT = np.uint64(64 - (REMEMBERED - 1).bit_length())

Small = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]


class Levels(NamedTuple):
    """Part p compares by levels `first[p]:first[p + 1]`, best first: `test`, bound `top / bottom`, `reach` of numbers.

    Its values stand from `base[p]` on in the texts, or in the bags where `bag[p]`; `size` counts its level numbers.
    """

    first: Ints
    test: Ints
    top: Ints
    bottom: Ints
    reach: Ints
    base: Ints
    bag: npt.NDArray[np.bool_]
    size: Ints


class Numbers(NamedTuple):
    """Numbers by `rank` (-1: none); b is near a for a level if `low[reach + a] <= rank[b] <= high[reach + a]`."""

    rank: Small
    low: Small
    high: Small


class Blocks(NamedTuple):
    """Block b weighs parts `part[b]:part[b + 1]` together: `weight[weight_from[b] + level]`, less log2 u by `table[b]`.

    `log_u` begins at `u_from[b]`: per level from 2 on and value, or per way to meet and word. Of a group, and in the
    order of its weights: what is alike at a level is a row's code in `Tables.shared[alike]` (-1: nothing is), and its
    log2 u stands at `alike_from` plus that code.
    """

    part: Ints
    weight_from: Ints
    weight: Small
    table: Ints
    u_from: Ints
    log_u: Small
    values: Ints
    alike: Ints
    alike_from: Ints


class Tables(NamedTuple):
    """Records and parameters for the kernels; `codes[part, row]`, -1 missing; `shared[k, row]` of parts together."""

    codes: Small
    shared: Small
    levels: Levels
    blocks: Blocks
    texts: Texts
    digit: npt.NDArray[np.int8]
    numbers: Numbers
    words: Texts
    bags: Bags
    bonds: Bonds
    wholes: Wholes


@inlined
def value_level(t: Tables, part: int, a: int, b: int, room: Scratch) -> int:
    """The level number (1 else, the best last) of two values, by code, of a text, date or number field."""
    levels, texts = t.levels, t.texts
    if levels.first[part + 1] - levels.first[part] == 1 and levels.test[levels.first[part]] == EXACT:
        return 2 if a == b else 1  # such a part has no texts laid out
    va, vb = levels.base[part] + a, levels.base[part] + b
    x, y = whole(texts.head[va, START]), whole(texts.head[vb, START])
    lx, ly = whole(texts.head[va + 1, START]) - x, whole(texts.head[vb + 1, START]) - y
    matches, moved, same = -1, 0, 0
    for level in range(levels.first[part], levels.first[part + 1]):
        test, top, bottom = levels.test[level], levels.top[level], levels.bottom[level]
        hit = False
        if test == EXACT:
            hit = a == b
        elif test in (JARO, JARO_WINKLER):
            if matches < 0:
                same = prefix(texts.symbols, x, lx, y, ly)
                most = most_matches(lx, ly, texts.head[va, SIGN], texts.head[vb, SIGN])
                if similar(most, 0, lx, ly, same, test == JARO_WINKLER, top, bottom):
                    matches, moved = jaro_counts(texts.symbols, x, lx, y, ly, room.bits, room.rows)
            hit = matches >= 0 and similar(matches, moved, lx, ly, same, test == JARO_WINKLER, top, bottom)
        elif test in (LEVENSHTEIN, OSA):
            least = fewest_edits(lx, ly, texts.head[va, SIGN], texts.head[vb, SIGN])
            hit = least <= top and within(texts.symbols, x, lx, y, ly, test == OSA, top, room.bits, room.rows)
        elif test == WITHIN:
            n, low, rank = t.numbers, levels.reach[level] + a, t.numbers.rank[vb]
            hit = rank >= 0 and n.low[low] <= rank <= n.high[low]
        else:
            hit = _dates(t, test, top, x, lx, y, ly)
        if hit:
            return whole(1 + levels.first[part + 1] - level)
    return 1


@inlined
def _dates(t: Tables, test: int, top: int, x: int, lx: int, y: int, ly: int) -> bool:
    symbols = t.texts.symbols
    if test == SWAPPED:
        return dates.swapped(symbols, x, lx, y, ly)
    if test == ONE_DIGIT:
        return dates.one_digit(symbols, x, lx, y, ly)
    if test == DAYS:
        return dates.days(symbols, x, lx, y, ly, top, t.digit)
    if test == YEARS:
        return dates.years(symbols, x, lx, y, ly, top, t.digit)
    if test == SAME_YEAR:
        return dates.same_year(symbols, x, lx, y, ly)
    return dates.same_day(symbols, x, lx, y, ly)


@inlined
def bag_level(levels: Levels, part: int, exact: int, met: int, na: int, nb: int) -> int:
    """The level number of two bags of which so many words met."""
    if met == 0:
        return 1
    shorter, longer = min(na, nb), max(na, nb)
    for level in range(levels.first[part], levels.first[part + 1]):
        test = levels.test[level]
        if test == SAME:
            hit = exact == longer
        elif test == SIMILAR:
            hit = met == longer
        elif test == SUBSET:
            hit = met == shorter
        else:
            hit = met * levels.bottom[level] >= shorter * levels.top[level]
        if hit:
            return whole(1 + levels.first[part + 1] - level)
    return 1


@inlined
def block_weight(t: Tables, block: int, left: int, right: int, room: Scratch) -> int:
    """Millibits that a block adds to two rows."""
    level, radix, a, b = 0, 1, 0, 0
    exact, met, na, nb = 0, 0, 0, 0
    for part in range(t.blocks.part[block], t.blocks.part[block + 1]):
        x, y = t.codes[part, left], t.codes[part, right]
        if x >= 0 and y >= 0:
            # Compared from the smaller code, whichever row holds it.
            a, b = whole(min(x, y)), whole(max(x, y))
            if t.levels.bag[part]:
                base = t.levels.base[part]
                exact, met, na, nb = of_bags.match(t.bags, t.words, base + a, base + b, room)
                level += radix * bag_level(t.levels, part, exact, met, na, nb)
            else:
                level += radix * value_level(t, part, a, b, room)
        radix *= t.levels.size[part]
    weight = whole(t.blocks.weight[t.blocks.weight_from[block] + level])
    table = t.blocks.table[block]
    if level < 2 or table == NONE:
        return weight
    if table == BY_ALIKE:
        alike = t.blocks.alike[t.blocks.weight_from[block] + level]
        if alike < 0:
            return weight
        return weight - whole(
            t.blocks.log_u[t.blocks.alike_from[t.blocks.weight_from[block] + level] + t.shared[alike, left]]
        )
    begin, end = t.blocks.u_from[block], t.blocks.u_from[block + 1]
    if table == BY_WORD:
        log_u = t.blocks.log_u[begin:end]
        return weight - of_bags.evidence(exact, met, na, nb, log_u, t.bonds, t.wholes, block, room)
    at = begin + (level - 2) * t.blocks.values[block]
    return weight - ((whole(t.blocks.log_u[at + a]) + whole(t.blocks.log_u[at + b])) >> 1)


@inlined
def known_weight(t: Tables, block: int, left: int, right: int, room: Scratch) -> int:
    """`block_weight`, remembered for the value pairs that were asked for last."""
    part = t.blocks.part[block]
    x, y = whole(t.codes[part, left]), whole(t.codes[part, right])
    key = (min(x, y) << 32) | max(x, y)
    slot = whole((np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> _SLOT)
    # Of a group the codes of one part do not tell the whole.
    if room.known[block, slot, 0] != key or t.blocks.part[block + 1] - part > 1:
        room.known[block, slot, 1] = block_weight(t, block, left, right, room)
        room.known[block, slot, 0] = key
    return whole(room.known[block, slot, 1])


@inlined
def surely_else(t: Tables, block: int, x: Briefs, y: Briefs) -> bool:
    """Whether it is certain, from the briefs of two unequal values, that they reach no level but `else`."""
    part, levels = t.blocks.part[block], t.levels
    if t.blocks.part[block + 1] - part > 1:
        return False  # a group has no brief
    if levels.bag[part]:
        met, na, nb = brief.most_met(x, y)
        return met >= 0 and bag_level(levels, part, met, met, na, nb) == 1
    for level in range(levels.first[part], levels.first[part + 1]):
        test, top, bottom = levels.test[level], levels.top[level], levels.bottom[level]
        if test in (JARO, JARO_WINKLER):
            if not brief.too_far(test == JARO_WINKLER, top, bottom, x, y):
                return False
        elif test in (LEVENSHTEIN, OSA):
            if not brief.too_many_edits(top, x, y):
                return False
        elif test != EXACT:
            return False
    return True


@kernel
def weigh(t: Tables, block: int, left: Ints, right: Ints, room: Scratch, out: Ints) -> None:
    """Add to `out[k]` what a block weighs for the rows `left[k]`, `right[k]`."""
    for k in range(len(left)):
        out[k] += block_weight(t, block, left[k], right[k], room)


@kernel
def least_evidence(t: Tables, block: int, lowest: Ints, room: Scratch, out: Ints) -> None:
    """A lower bound of the evidence that any partner gives each bag of a block.

    `lowest[how]` bounds log2 u of any word, `lowest[3]` that of any bag as a whole.
    """
    base = t.levels.base[t.blocks.part[block]]
    log_u = t.blocks.log_u[t.blocks.u_from[block] : t.blocks.u_from[block + 1]]
    words = len(log_u) // 3
    for code in range(len(out)):
        begin, end = t.bags.start[base + code], t.bags.start[base + code + 1]
        total, before, joins = 0, 0, False
        for k in range(begin, end):
            bits = _least(log_u, words, t.bags.word[k, of_bags.STANDS], lowest)
            total += bits
            if k > begin and t.bags.word[k - 1, of_bags.PAIR] >= 0:  # perhaps met as one word with the one before
                joins = True
                total += min(_least(log_u, words, t.bags.word[k - 1, of_bags.PAIR], lowest) - bits - before, 0)
            before = bits
            room.bag[of_bags.MET_LEFT, k - begin] = t.bags.word[k, of_bags.ORDERED]
        out[code] = min(total, lowest[3] if joins else of_bags.as_whole(t.wholes, block, end - begin, room))


@inlined
def _least(log_u: Small, words: int, word: int, lowest: Ints) -> int:
    least = min(whole(log_u[word]), 0)
    for how in range(1, 3):
        least = min(least, (whole(log_u[how * words + word]) + whole(lowest[how])) >> 1)
    return least
