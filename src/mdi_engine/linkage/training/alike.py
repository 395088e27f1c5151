"""What a group's records hold alike, and how often strangers do: the raw material of u per joint value.

At a joint level some parts are equal, the others near, else or missing. Of the value that the equal parts hold we
count, over all who hold it, how many others reach the level: so the chance is that of the value, and of what goes
with it. A town that many name is common, whatever the postcode beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.keys import hash_text
from mdi_engine.linkage.candidates.rarity import LISTED_FROM
from mdi_engine.linkage.weights.compare import Block, Ints, PairCache

Floats = npt.NDArray[np.float64]

# Of one value at most so many distinct joint values are compared, and of values too rare to be listed so many.
MOST = 200
SELDOM = 1_000


@dataclass(frozen=True)
class Alike:
    """Of one joint level: `held[value]` records hold what is equal there, and `met[value]` others, on average, reach
    the level from one of them. `records` have every part that the level compares.
    """

    held: Mapping[str, int]
    met: Mapping[str, float]
    records: int


def alike_counts(block: Block) -> tuple[Alike | None, ...]:
    """Per joint level, what meets there; None where no part is equal."""
    held = np.bincount(block.codes[block.codes >= 0], minlength=block.distinct)
    wanted: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for level in range(block.size):
        alike = block.alike(level)
        if alike:
            there = tuple(k for k, own in enumerate(block.digits(level)) if own > 0)
            wanted.setdefault((alike, there), []).append(level)
    found: list[Alike | None] = [None] * block.size
    for (alike, there), levels in wanted.items():
        for level, seen in zip(levels, _counts(block, held, alike, there, levels), strict=True):
            found[level] = seen
    return tuple(found)


def _counts(
    block: Block, held: Ints, alike: tuple[int, ...], there: tuple[int, ...], levels: Sequence[int]
) -> list[Alike]:
    """Of the levels at which just the parts `alike` are equal and just the parts `there` are compared."""
    codes, texts = block.shared(alike)
    whole, _ = block.shared(there)
    usable = np.flatnonzero(whole >= 0)
    size = np.bincount(codes[usable], weights=held[usable], minlength=len(texts)).astype(np.int64)
    records = int(size.sum())
    of_value = {texts[k]: int(size[k]) for k in np.flatnonzero(size).tolist()}
    if alike == there:
        return [Alike(of_value, {text: n - 1.0 for text, n in of_value.items()}, records) for _ in levels]
    met = _met(block, held, codes, whole, texts, size, there, levels)
    return [Alike(of_value, dict(zip((texts[k] for k in met[0]), column, strict=True)), records) for column in met[1]]


def _met(
    block: Block,
    held: Ints,
    codes: Ints,
    whole: Ints,
    texts: Sequence[str],
    size: Ints,
    there: tuple[int, ...],
    levels: Sequence[int],
) -> tuple[list[int], list[list[float]]]:
    """The values looked at, and per level how many others reach it from one holder of each, on average."""
    chosen = np.flatnonzero(size >= LISTED_FROM).tolist()
    rare = np.flatnonzero((size > 0) & (size < LISTED_FROM)).tolist()
    chosen += sorted(sorted(rare, key=lambda k: hash_text("seldom", texts[k]))[:SELDOM])
    number = np.full(len(texts), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    # One value of the block for each distinct one of the parts compared, with the records that hold it.
    usable = np.flatnonzero(whole >= 0)
    usable = usable[number[codes[usable]] >= 0]
    _, first, inverse = np.unique(whole[usable], return_index=True, return_inverse=True)
    weight = np.bincount(inverse.reshape(-1), weights=held[usable])
    value = usable[first]
    of = number[codes[value]]
    order = np.lexsort((whole[value], of))
    value, of, weight = value[order], of[order], weight[order]
    reached = np.zeros((len(chosen), block.size))
    left, right, scale = _pairs(of, len(chosen))
    level = _masked(block, value[left], value[right], there)
    np.add.at(reached, (of[left], level), weight[left] * weight[right] * scale)
    met = 2.0 * reached / np.maximum(size[chosen], 1)[:, None]
    return chosen, [met[:, wanted].tolist() for wanted in levels]


def _pairs(of: Ints, count: int) -> tuple[Ints, Ints, Floats]:
    """Pairs of places with one number in `of` (sorted), and how many each stands for.

    Of one number all pairs, or those of a sample of `MOST` places, spread evenly.
    """
    left, right, scale = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    begin = np.searchsorted(of, np.arange(count + 1))
    for k in range(count):
        n = int(begin[k + 1] - begin[k])
        places = begin[k] + (np.arange(min(n, MOST)) * n) // min(max(n, 1), MOST)
        i, j = np.triu_indices(len(places), 1)
        left.append(places[i])
        right.append(places[j])
        scale.append(np.full(len(i), n * (n - 1) / max(len(places) * (len(places) - 1), 1)))
    return np.concatenate(left), np.concatenate(right), np.concatenate(scale)


def _masked(block: Block, left: Ints, right: Ints, there: tuple[int, ...]) -> Ints:
    """Joint levels of values of the block, looking only at some of its parts."""
    rows = np.empty(block.distinct, dtype=np.int64)
    present = np.flatnonzero(block.codes >= 0)
    rows[block.codes[present]] = present
    level = PairCache(block).levels(rows[left], rows[right])
    result, radix = np.zeros_like(level), 1
    for k, part in enumerate(block.parts):
        if k in there:
            result += radix * ((level // radix) % part.size)
        radix *= part.size
    return result
