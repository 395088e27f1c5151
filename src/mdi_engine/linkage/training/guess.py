"""u and its frequency tables, given how many matches there are and what they look like.

u is the share among all pairs less what matches explain, (p - lambda m) / (1 - lambda): per level in closed form,
per value from counts. Training solves it again in every round and holds it while EM moves m and lambda.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.rarity import LISTED_FROM
from mdi_engine.linkage.models.model import millibits
from mdi_engine.linkage.models.parameters import FrequencyTable
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.alike import Alike, alike_counts
from mdi_engine.linkage.training.frequency import LevelShares, ValueCounts, chance, level_shares, value_counts
from mdi_engine.linkage.weights.compare import Block, Ints, PairCache, evidence
from mdi_engine.linkage.weights.tokens import CLASSES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Raw:
    """What does not change while training: counts per block, and how its levels stand to one another.

    Levels of one number in `classes` have the same parts present; `order` holds rows (worse, better) of levels.
    """

    shares: LevelShares
    values: ValueCounts | tuple[Alike | None, ...] | None
    classes: Ints
    order: Ints


@dataclass(frozen=True)
class Guess:
    """The parameters as they stand in a round: u per level, tables per block, m, and lambda over all pairs."""

    u: tuple[Floats, ...]
    tables: tuple[FrequencyTable | None, ...]
    m: tuple[Floats, ...]
    share: float


def count(block: Block, records: Records, between: bool) -> Raw:
    """Count a block on these records, once."""
    values: ValueCounts | tuple[Alike | None, ...] | None = None
    if block.tabled:
        values = value_counts(block) if len(block.parts) == 1 else alike_counts(block)
    return Raw(level_shares(block, records, between), values, _classes(block), _order(block))


def _classes(block: Block) -> Ints:
    """Which parts are present at each joint level, as a number: m and u are shares within one such class."""
    levels = np.arange(block.size)
    classes = np.zeros(block.size, dtype=np.int64)
    radix = 1
    for place, part in enumerate(block.parts):
        classes += ((levels // radix) % part.size > 0) << place
        radix *= part.size
    return classes


def _order(block: Block) -> Ints:
    """Rows (worse, better) of joint levels one step apart: one part one level better, the same parts present."""
    levels = np.arange(block.size)
    steps, radix = [], 1
    for part in block.parts:
        own = (levels // radix) % part.size
        worse = levels[(own > 0) & (own < part.size - 1)]
        steps.append(np.stack([worse, worse + radix], axis=1))
        radix *= part.size
    return np.concatenate(steps)


def start(block: Block, raw: Raw) -> Floats:
    """A first m: the better a level, the likelier among matches; the best takes most."""
    rank = np.zeros(block.size)
    radix = 1
    for part in block.parts:
        level = (np.arange(block.size) // radix) % part.size
        rank += np.where(level == 0, 0.0, 3.0 * level / (part.size - 1))
        radix *= part.size
    weight = np.exp2(rank)
    return np.asarray(weight / np.bincount(raw.classes, weights=weight)[raw.classes], dtype=np.float64)


def solve(
    shaped: Sequence[Block], raws: Sequence[Raw], m: Sequence[Floats], share: float, records: int, total: int
) -> Guess:
    """u and tables as they follow from m and lambda (`share` of `total` pairs)."""
    u = tuple(_level_u(raw, shares, share, total) for raw, shares in zip(raws, m, strict=True))
    own = 2.0 * share * total / max(records, 1)
    tables = tuple(
        None if raw.values is None else _table(block, raw.values, shares, own)
        for block, raw, shares in zip(shaped, raws, m, strict=True)
    )
    return Guess(u, tables, tuple(m), share)


def _level_u(raw: Raw, m: Floats, share: float, total: int) -> Floats:
    """u = (p - lambda m) / (1 - lambda) within each class, floored at half a pair."""
    classes = raw.classes
    held = np.bincount(classes, weights=raw.shares.share)[classes]
    p = np.where(held > 0, raw.shares.share / np.where(held > 0, held, 1.0), 0.0)
    u = np.maximum((p - share * m) / (1 - share), 0.5 / np.maximum(held * total, 1.0))
    u = np.where(classes == 0, 1.0, u)
    return np.asarray(u / np.bincount(classes, weights=u)[classes], dtype=np.float64)


def _table(block: Block, values: ValueCounts | tuple[Alike | None, ...], m: Floats, own: float) -> FrequencyTable:
    """Frequencies as millibits; `own` is how many true partners a record has on average."""
    if isinstance(values, tuple):
        joint = [
            (0, {}) if seen is None else _kind(seen.met, seen.held, 1, own * float(share), seen.records)
            for seen, share in zip(values, m, strict=True)
        ]
        return FrequencyTable(tuple(k[0] for k in joint), tuple(k[1] for k in joint))
    if block.bag:
        shared = own * float(m[2:].sum())
        kinds = [_kind(values.held, values.held, 0, shared, values.records)]
        kinds += [_kind(values.near[k], values.held, 1, 0.0, values.records) for k in range(1, len(CLASSES))]
        kinds.append(_kind(values.whole, values.whole, 0, own * float(m[-1]), values.records))
        return FrequencyTable(tuple(k[0] for k in kinds), tuple(k[1] for k in kinds), _together(values, shared))
    kinds = [(0, {}), (0, {})]
    for number, level in enumerate(reversed(block.parts[0].levels), 2):
        exact = level.test == "exact"
        counts = values.held if exact else values.near[number]
        kinds.append(_kind(counts, values.held, 0 if exact else 1, own * float(m[number]), values.records))
    return FrequencyTable(tuple(k[0] for k in kinds), tuple(k[1] for k in kinds))


def _kind(
    counts: Mapping[str, float], held: Mapping[str, float], add: int, own: float, records: int
) -> tuple[int, dict[str, int]]:
    """Floor, and listed millibits of log2 u, for one kind. `add` is 1 where counts leave out the record itself."""
    listed = {
        value: millibits(math.log2(chance(count + add, own, records)))
        for value, count in counts.items()
        if held[value] >= LISTED_FROM
    }
    rare = [(held[value], count) for value, count in counts.items() if held[value] < LISTED_FROM]
    mean = sum(h * chance(c + add, own, records) for h, c in rare) / max(sum(h for h, _ in rare), 1)
    return millibits(math.log2(mean if rare else chance(0.0, 0.0, records))), listed


def _together(values: ValueCounts, own: float) -> dict[tuple[str, str], int]:
    """Words that stand together more often than chance: log2 f(a, b) / (f(a) f(b)), where positive."""
    found = {}
    for (a, b), count in values.pairs.items():
        f_a, f_b = (chance(values.held[word], own, values.records) for word in (a, b))
        bond = math.log2(chance(count, own, values.records) / (f_a * f_b))
        # No bond can make two words commoner than the rarer of them alone.
        bond = min(bond, -math.log2(max(f_a, f_b)))
        if millibits(bond) > 0:
            found[a, b] = millibits(bond)
    return found


def block_log_u(cache: PairCache, u: Floats, table: FrequencyTable | None) -> Ints:
    """Millibits of log2 u per id of a cache, from the table where it speaks, else from the level."""
    by_level = np.array([millibits(math.log2(max(share, 1e-300))) for share in u], dtype=np.int64)
    bits = by_level[cache.level]
    if table is None:
        return bits
    return np.where(per_value(cache.block)[cache.level], evidence(cache, table), bits)


def per_value(block: Block) -> npt.NDArray[np.bool_]:
    """Per level, whether a table speaks of it: of a group where some part is alike, else where anything agrees."""
    if len(block.parts) > 1:
        return np.array([bool(block.alike(level)) for level in range(block.size)])
    return np.arange(block.size) > 1
