"""One record against all others: candidates from an index, each weighed or given up, in one call.

The truth: `candidates.blocking.candidates` and `weights.plain` on the same records and one more. What the one record
holds may be new: its values, words and characters then stand behind all others, and labels say where in the order of
texts they belong.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels import bags as of_bags
from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.late import Late, match
from mdi_engine.linkage.kernels.letters import SIGN, START, Symbols, Texts
from mdi_engine.linkage.kernels.scratch import Scratch
from mdi_engine.linkage.kernels.weigh import BY_WORD, NONE, Ints, Small, Tables, bag_level, value_level

NO_SYMBOL = 0xFFFFFFFF
LABEL = 32  # labels of values and words known from the start are this many bits apart


class Shelf(NamedTuple):
    """Records and what came later: `code[row, part]` names a value (-1: missing).

    Ids of part p begin at `base[p]`; those from `late[p]` on came later. `label[id - late]` orders late texts,
    `words` all words. `late_u[block, level - 2, id - late]` is log2 u of
    late values, `least_u[block, level - 2]` the least of any value (of words: of any word, then of any whole bag). Of
    parts that are `ordered` distances are taken from the text that comes first.
    """

    code: Small
    source: Small
    base: Ints
    late: Ints
    label: Ints
    late_u: Small
    least_u: Ints
    ordered: npt.NDArray[np.bool_]
    words: Late


class Index(NamedTuple):
    """Key k of way w, `first[w] <= k < first[w + 1]`, ascending, stands in rows `row[start[k]:start[k + 1]]`."""

    first: Ints
    keys: Ints
    start: Ints
    row: Small


class Asked(NamedTuple):
    """The one record: value ids by part, keys with their ways and bits, ways ascending.

    Key k also stands in the rows `more[more_start[k]:more_start[k + 1]]`, which the index does not know yet. Keys of
    the way `rare` are features, which together must reach `cut`; no row of `source` is a candidate (-1: any is).
    `alike[block, level]` is log2 u of what a group holds alike with another record that meets it at a level.
    """

    code: Small
    key: Ints
    way: Ints
    bits: Ints
    alike: Small
    more_start: Ints
    more: Small
    rare: int
    cut: int
    source: int


class Out(NamedTuple):
    """What was kept, and room for all candidates: `seen[row]` is the call that saw a row last, `tally` is 0."""

    row: Small
    weight: Ints
    way: Small
    level: Small
    found: Small
    found_way: Small
    seen: Small
    tally: Small
    ahead: Ints


@kernel
def search(
    t: Tables, shelf: Shelf, index: Index, asked: Asked, prior: int, least: int, call: int, out: Out, room: Scratch
) -> tuple[int, int]:
    """Keep all candidates that reach `least`; how many there are (more than there is room for: ask again), and seen."""
    count = _candidates(shelf, index, asked, call, out)
    blocks = len(t.blocks.part) - 1
    out.ahead[blocks] = 0
    for block in range(blocks - 1, -1, -1):
        out.ahead[block] = out.ahead[block + 1] + _most(t, shelf, asked, block)
    kept = 0
    for k in range(count):
        row, weight, block = whole(out.found[k]), prior, 0
        slot = min(kept, len(out.row) - 1)
        while block < blocks and weight + out.ahead[block] >= least:
            level, bits = _weigh(t, shelf, asked, block, row, room)
            out.level[slot, block] = level
            weight += bits
            block += 1
        if block == blocks and weight >= least:
            out.row[slot], out.weight[slot], out.way[slot] = row, weight, out.found_way[k]
            kept += 1
    return kept, count


@inlined
def _candidates(shelf: Shelf, index: Index, asked: Asked, call: int, out: Out) -> int:
    """Rows that some way finds, each once, with the first way that does."""
    count, touched, features = 0, 0, 0
    for k in range(len(asked.key)):
        way = asked.way[k]
        place = of_bags.first_place(index.keys, index.first[way], index.first[way + 1], asked.key[k])
        known = place < index.first[way + 1] and index.keys[place] == asked.key[k]
        begin, end = (index.start[place], index.start[place + 1]) if known else (0, 0)
        if way == asked.rare:
            features += 1
            touched = _tally(index.row, begin, end, asked.bits[k], touched, out)
            touched = _tally(asked.more, asked.more_start[k], asked.more_start[k + 1], asked.bits[k], touched, out)
            continue
        count = _take(index.row, begin, end, way, shelf, asked, call, count, out)
        count = _take(asked.more, asked.more_start[k], asked.more_start[k + 1], way, shelf, asked, call, count, out)
    # Rows touched stand at the far end, so that those that reach the cut can be moved to the others.
    for k in range(touched):
        row = whole(out.found[len(out.found) - 1 - k])
        bits, out.tally[row] = out.tally[row], 0
        if bits >= asked.cut and out.seen[row] != call and (asked.source < 0 or shelf.source[row] != asked.source):
            out.seen[row] = call
            out.found[count], out.found_way[count] = row, asked.rare
            count += 1
    return count


@inlined
def _take(
    rows: Small, begin: int, end: int, way: int, shelf: Shelf, asked: Asked, call: int, count: int, out: Out
) -> int:
    for k in range(begin, end):
        row = whole(rows[k])
        if out.seen[row] != call and (asked.source < 0 or shelf.source[row] != asked.source):
            out.seen[row] = call
            out.found[count], out.found_way[count] = row, way
            count += 1
    return count


@inlined
def _tally(rows: Small, begin: int, end: int, bits: int, touched: int, out: Out) -> int:
    for k in range(begin, end):
        row = whole(rows[k])
        if out.tally[row] == 0:
            out.found[len(out.found) - 1 - touched] = row
            touched += 1
        out.tally[row] += bits
    return touched


@inlined
def _log_u(t: Tables, shelf: Shelf, block: int, part: int, level: int, code: int) -> int:
    """Millibits of log2 u of a value at a level from 2 on."""
    if code >= shelf.late[part]:
        return whole(shelf.late_u[block, level - 2, code - shelf.late[part]])
    at = t.blocks.u_from[block] + (level - 2) * t.blocks.values[block] + code - shelf.base[part]
    return whole(t.blocks.log_u[at])


@inlined
def _most(t: Tables, shelf: Shelf, asked: Asked, block: int) -> int:
    """The most that a block can add to the one record and any other."""
    first, begin, end = t.blocks.part[block], t.blocks.weight_from[block], t.blocks.weight_from[block + 1]
    present = False
    for part in range(first, t.blocks.part[block + 1]):
        present = present or asked.code[part] >= 0
    most = whole(t.blocks.weight[begin])
    if not present:
        return most
    table, evidence = t.blocks.table[block], 0
    if table == BY_WORD:
        bag, least = whole(asked.code[first]), whole(shelf.least_u[block, 0])
        held = t.bags.start[bag + 1] - t.bags.start[bag]
        evidence = min(held * least, whole(shelf.least_u[block, 1]))
    for level in range(1, end - begin):
        if t.blocks.part[block + 1] - first > 1:
            evidence = whole(asked.alike[block, level])
        elif table != NONE and table != BY_WORD and level > 1:
            own = _log_u(t, shelf, block, first, level, asked.code[first])
            evidence = (own + shelf.least_u[block, level - 2]) >> 1
        most = max(most, whole(t.blocks.weight[begin + level]) - (evidence if level > 1 else 0))
    return most


@inlined
def _weigh(t: Tables, shelf: Shelf, asked: Asked, block: int, row: int, room: Scratch) -> tuple[int, int]:
    """The level of a block, and what it adds (`weigh.block_weight`)."""
    level, radix, a, b = 0, 1, 0, 0
    exact, met, na, nb = 0, 0, 0, 0
    first = t.blocks.part[block]
    for part in range(first, t.blocks.part[block + 1]):
        a, b = whole(asked.code[part]), whole(shelf.code[row, part])
        if a >= 0 and b >= 0:
            if t.levels.bag[part]:
                exact, met, na, nb = match(t.bags, t.words, shelf.words, a, b, room)
                level += radix * bag_level(t.levels, part, exact, met, na, nb)
            else:
                turned = shelf.ordered[part] and _label(shelf, part, a) > _label(shelf, part, b)
                x, y = (b, a) if turned else (a, b)
                level += radix * value_level(t, part, x, y, room)
        radix *= t.levels.size[part]
    weight = whole(t.blocks.weight[t.blocks.weight_from[block] + level])
    table = t.blocks.table[block]
    if level < 2 or table == NONE:
        return level, weight
    if table == BY_WORD:
        log_u = t.blocks.log_u[t.blocks.u_from[block] : t.blocks.u_from[block + 1]]
        return level, weight - of_bags.evidence(exact, met, na, nb, log_u, t.bonds, t.wholes, block, room)
    if t.blocks.part[block + 1] - first > 1:
        return level, weight - whole(asked.alike[block, level])
    both = _log_u(t, shelf, block, first, level, a) + _log_u(t, shelf, block, first, level, b)
    return level, weight - (both >> 1)


@inlined
def _label(shelf: Shelf, part: int, code: int) -> int:
    """Where a text stands in the order of all texts of its part."""
    later = shelf.late[part]
    return (code - shelf.base[part] + 1) << LABEL if code < later else whole(shelf.label[code - later])


@kernel
def append(points: Symbols, start: Ints, symbol: Symbols, used: int, texts: Texts, place: int) -> int:
    """Lay texts (code points) out from number `place` on; how many symbols there are then.

    `symbol[point]` is a point's symbol, or `NO_SYMBOL`: then it becomes the next one.
    """
    at = whole(texts.head[place, START])
    for k in range(len(start) - 1):
        sign = np.uint64(0)
        for p in range(start[k], start[k + 1]):
            if symbol[points[p]] == NO_SYMBOL:
                symbol[points[p]] = used
                used += 1
            texts.symbols[at] = symbol[points[p]]
            sign |= np.uint64(1) << np.uint64(texts.symbols[at] & 63)
            at += 1
        texts.head[place + k, SIGN] = sign
        texts.head[place + k + 1, START] = np.uint64(at)
        texts.head[place + k + 1, SIGN] = np.uint64(0)
    return used
