"""How often values, and near values, meet by chance: the raw material of u.

Counts only; what matches explain is taken out in `chance`, once training knows how many matches there are.
Equality is counted in closed form. Fuzzy levels are counted over distinct values: exactly while there are few
enough, otherwise on a sample fixed by the values' hashes, so the same data always give the same sample.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA

from mdi_engine.linkage.candidates.keys import hash_text
from mdi_engine.linkage.candidates.rarity import LISTED_FROM
from mdi_engine.linkage.models.expressions import words as words_of
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Block, PairCache
from mdi_engine.linkage.weights.tokens import CLASSES, INITIAL, TYPO

PAIR_BUDGET = 2_000_000
BAG_BUDGET = 60_000
WORD_BUDGET = 60_000_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LevelShares:
    """Share of each joint level among all pairs with something to compare; `error` is its standard error."""

    share: Floats
    error: float


@dataclass(frozen=True)
class ValueCounts:
    """Near values of each value: `near[kind][value]` records hold a value that meets `value` in that kind.

    `held[value]` records hold the value itself; of bags, `pairs[a, b]` hold both words and `whole[bag]` just these.
    """

    held: Mapping[str, int]
    near: tuple[Mapping[str, float], ...]
    pairs: Mapping[tuple[str, str], int]
    whole: Mapping[str, int]
    records: int


def level_shares(block: Block, records: Records, between: bool) -> LevelShares:
    """Shares of all joint levels among the pairs of these records. Missing levels keep their own share."""
    counts = _by_source(block.codes, block.distinct, records, between)
    chosen, scale = _sample(block, BAG_BUDGET if any(p.kind == "tokens" for p in block.parts) else PAIR_BUDGET)
    total = np.zeros(block.size)
    spread = np.zeros((len(chosen), block.size))
    representative = _representatives(block)
    cache_rows = representative[chosen]
    for a in range(0, len(chosen), 256):
        left, right = _grid(chosen, a, min(a + 256, len(chosen)))
        if not len(left):
            continue
        cache = PairCache(block)
        level = cache.levels(cache_rows[left], cache_rows[right])
        weight = _meetings(counts, chosen[left], chosen[right], between)
        total += np.bincount(level, weights=weight, minlength=block.size)
        np.add.at(spread, (left, level), weight)
        np.add.at(spread, (right, level), weight)
    total *= scale
    total += _equal(block, counts, representative, between)
    grand = max(total.sum(), 1.0)
    error = 0.0 if scale == 1.0 else float((spread.std(axis=0) * scale * math.sqrt(len(chosen)) / grand).max())
    return LevelShares(total / grand, error)


def _grid(chosen: Ints, begin: int, end: int) -> tuple[Ints, Ints]:
    """All index pairs (i, j) with begin <= i < end and i < j."""
    left, right = np.meshgrid(np.arange(begin, end), np.arange(len(chosen)), indexing="ij")
    keep = left < right
    return left[keep], right[keep]


def _representatives(block: Block) -> Ints:
    """One row that holds each distinct value."""
    rows = np.empty(block.distinct, dtype=np.int64)
    present = np.flatnonzero(block.codes >= 0)
    rows[block.codes[present]] = present
    return rows


def _by_source(codes: Ints, distinct: int, records: Records, between: bool) -> Ints:
    """How many records of each source (one column if sources do not matter) hold each distinct value."""
    present = codes >= 0
    source = records.source[present].astype(np.int64) if between else np.zeros(int(present.sum()), np.int64)
    width = len(records.sources) if between else 1
    flat = np.bincount(codes[present] * width + source, minlength=distinct * width)
    return flat.reshape(distinct, width).astype(np.int64)


def _meetings(counts: Ints, left: Ints, right: Ints, between: bool) -> Floats:
    """How many record pairs a pair of different values stands for."""
    product = counts[left].sum(axis=1) * counts[right].sum(axis=1)
    if between:
        product = product - (counts[left] * counts[right]).sum(axis=1)
    result: Floats = product.astype(np.float64)
    return result


def _equal(block: Block, counts: Ints, rows: Ints, between: bool) -> Floats:
    """Pairs of records with equal values, in closed form, at the level that equality reaches (per missing part)."""
    n = counts.sum(axis=1)
    pairs = (n * n - (counts * counts).sum(axis=1)) / 2 if between else n * (n - 1) / 2
    cache = PairCache(block)
    level = cache.levels(rows, rows)
    return np.bincount(level, weights=pairs.astype(np.float64), minlength=block.size).astype(np.float64)


def _sample(block: Block, budget: int) -> tuple[Ints, float]:
    """Distinct values to enumerate, and the factor by which their unequal pairs stand for all."""
    d = block.distinct
    most = max(int(math.sqrt(2 * budget)), 2)
    if d <= most:
        return np.arange(d), 1.0
    names = ["\x1f".join(_texts(block, i)) for i in range(d)]
    order = sorted(range(d), key=lambda i: hash_text("sample", names[i]))
    chosen = np.array(sorted(order[:most]), dtype=np.int64)
    n = np.bincount(block.codes[block.codes >= 0], minlength=d).astype(np.float64)
    all_pairs = n.sum() ** 2 - (n * n).sum()
    some_pairs = n[chosen].sum() ** 2 - (n[chosen] ** 2).sum()
    return chosen, float(all_pairs / max(some_pairs, 1.0))


def _texts(block: Block, code: int) -> list[str]:
    members = zip(block.parts, block.members, strict=True)
    return [part.values[member[code]] if member[code] >= 0 else "" for part, member in members]


def value_counts(block: Block) -> ValueCounts:
    """Counts per value (or per word of a bag), with the near values of every listed one."""
    return _word_counts(block) if block.bag else _text_counts(block)


def _text_counts(block: Block) -> ValueCounts:
    part = block.parts[0]
    values = [part.values[i] for i in block.members[0]]
    n = np.bincount(block.codes[block.codes >= 0], minlength=len(values))
    near: list[dict[str, float]] = [{} for _ in range(part.size)]
    rows = _representatives(block)
    listed = [i for i in range(len(values)) if n[i] >= LISTED_FROM] + _seldom(values, n)
    others, scale = _sample(block, max(PAIR_BUDGET // max(len(listed), 1), 2) ** 2 // 2)
    fuzzy = any(level.test != "exact" for level in part.levels)
    for i in listed if fuzzy else ():
        cache = PairCache(block)
        level = cache.levels(np.full(len(others), rows[i]), rows[others])
        weight = n[others] * (others != i) * math.sqrt(scale)
        for kind, held in enumerate(np.bincount(level, weights=weight, minlength=part.size)):
            near[kind][values[i]] = float(held)
    held = {value: int(count) for value, count in zip(values, n, strict=True)}
    return ValueCounts(held, tuple(near), {}, {}, int(n.sum()))


def _seldom(values: list[str], n: Ints, most: int = 200) -> list[int]:
    """A fixed sample of the values too rare to be listed: they make the floor."""
    rare = [i for i in range(len(values)) if n[i] < LISTED_FROM]
    return sorted(sorted(rare, key=lambda i: hash_text("seldom", values[i]))[:most])


def _word_counts(block: Block) -> ValueCounts:
    part = block.parts[0]
    n = np.bincount(block.codes[block.codes >= 0], minlength=block.distinct)
    held: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    whole: Counter[str] = Counter()
    for code, count in zip(block.members[0].tolist(), n.tolist(), strict=True):
        bag = words_of(part.values[code])
        whole[" ".join(sorted(bag))] += count
        words = sorted(set(bag))
        held.update(dict.fromkeys(words, count))
        pairs.update(dict.fromkeys(itertools.combinations(words[:12], 2), count))
    words = sorted(held)
    counts = np.array([held[w] for w in words], dtype=np.float64)
    listed = [i for i, w in enumerate(words) if held[w] >= LISTED_FROM]
    listed += _seldom(words, counts.astype(np.int64))
    near: list[dict[str, float]] = [{} for _ in CLASSES]
    near[TYPO] = _typos(words, counts, listed)
    near[INITIAL] = _initials(words, counts, listed)
    often = {pair: count for pair, count in sorted(pairs.items()) if count >= LISTED_FROM}
    return ValueCounts({w: held[w] for w in words}, tuple(near), often, dict(sorted(whole.items())), int(n.sum()))


def _typos(words: list[str], counts: Floats, listed: list[int]) -> dict[str, float]:
    """How many records hold a word that differs from each listed word by a typing error (`tokens.word_class`)."""
    length = np.array([len(w) for w in words])
    near: dict[str, float] = {}
    step = max(1, WORD_BUDGET // max(len(words), 1) // 64)
    for begin in range(0, len(listed), step):
        part = listed[begin : begin + step]
        distance = process.cdist([words[i] for i in part], words, scorer=OSA.distance, score_cutoff=2, dtype=np.uint8)
        shorter = np.minimum(length[part][:, None], length[None, :])
        allowed = np.where(shorter >= 8, 2, np.where(shorter >= 4, 1, 0))
        meets = (distance > 0) & (distance <= allowed)
        near.update(zip((words[i] for i in part), (meets @ counts).tolist(), strict=True))
    return near


def _initials(words: list[str], counts: Floats, listed: list[int]) -> dict[str, float]:
    single: Counter[str] = Counter()
    longer: Counter[str] = Counter()
    for word, count in zip(words, counts.tolist(), strict=True):
        (single if len(word) == 1 else longer)[word[0]] += int(count)
    return {words[i]: float((longer if len(words[i]) == 1 else single)[words[i][0]]) for i in listed}


def chance(held: float, own: float, records: int) -> float:
    """The chance that a stranger holds a value that `held` records hold (0..1).

    The record itself and `own`, the expected number of its true partners that share the value, are taken out: so
    (p - lambda m) / (1 - lambda) per value. Never below half a record, and partners explain at most nine in ten of the
    others: a value that many share keeps some commonness even where training takes neighbours for matches.
    """
    others = held - 1.0
    return max(others - min(own, 0.9 * others), 0.5) / max(records - 1, 1)
