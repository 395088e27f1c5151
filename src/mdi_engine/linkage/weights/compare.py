"""From pairs of records to levels and per-value evidence: each distinct pair of values is compared once.

A **block** is one comparison, or a group weighed together by one joint level (levels in mixed radix, so that one
whole number names the combination). Missing on either side is level 0 and weighs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.expressions import Level, words
from mdi_engine.linkage.models.model import ComparisonSpec, Model
from mdi_engine.linkage.models.parameters import FrequencyTable
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.levels import levels_of
from mdi_engine.linkage.weights.tokens import BagMatch, bag_evidence, bag_level, match_bags

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

# Between the texts of a group's parts, in a table.
BESIDE = "\x1f"


@dataclass(frozen=True)
class Part:
    """One comparison inside a block, with the codes of all records and the dictionary they point into.

    `tabled`: u may be per value. Never for an identifier: a table of it would be a list of persons.
    """

    spec: ComparisonSpec
    kind: str
    levels: tuple[Level, ...]
    tabled: bool
    codes: npt.NDArray[np.int32]
    values: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many level numbers there are, missing and else included."""
        return len(self.levels) + 2

    @property
    def equals(self) -> bool:
        """Whether the best level is equality of values."""
        return self.kind != "tokens" and self.levels[0].test == "exact"

    @property
    def names(self) -> tuple[str, ...]:
        """Level names by number: missing, else, …, the best last."""
        return ("missing", "else", *(level.text for level in reversed(self.levels)))


@dataclass(frozen=True)
class Block:
    """One comparison or one group, on the records at hand."""

    label: str
    parts: tuple[Part, ...]
    codes: Ints
    members: tuple[Ints, ...]

    @property
    def size(self) -> int:
        """How many joint levels there are."""
        return int(np.prod([part.size for part in self.parts]))

    @property
    def level_names(self) -> tuple[str, ...]:
        """Names of the joint levels by number."""
        names = [[f"{p.spec.label}: {n}" if len(self.parts) > 1 else n for n in p.names] for p in self.parts]
        # Mixed radix with the first part as the fastest digit.
        return tuple(", ".join(reversed(combo)) for combo in itertools.product(*reversed(names)))

    @property
    def bag(self) -> bool:
        """A single tokens comparison, whose table is by word."""
        return len(self.parts) == 1 and self.parts[0].kind == "tokens"

    @property
    def distinct(self) -> int:
        """How many distinct (combined) values there are."""
        return len(self.members[0]) if self.members else 0

    @property
    def tabled(self) -> bool:
        """Whether u may be per value."""
        return all(part.tabled for part in self.parts)

    def digits(self, level: int) -> tuple[int, ...]:
        """The level numbers of the parts at a joint level."""
        found = []
        for part in self.parts:
            level, own = divmod(level, part.size)
            found.append(own)
        return tuple(found)

    def alike(self, level: int) -> tuple[int, ...]:
        """The parts that hold equal values at a joint level: what both records share, word for word."""
        digits = enumerate(zip(self.parts, self.digits(level), strict=True))
        return tuple(k for k, (part, own) in digits if part.equals and own == part.size - 1)

    def shared(self, parts: Sequence[int]) -> tuple[Ints, tuple[str, ...]]:
        """What each (combined) value holds in some parts: a code per value (-1: one is missing), the sorted texts."""
        stacked = np.stack([self.members[k] for k in parts], axis=1)
        codes = np.full(self.distinct, -1, dtype=np.int64)
        present = np.flatnonzero((stacked >= 0).all(axis=1))
        rows, inverse = np.unique(stacked[present], axis=0, return_inverse=True)
        texts = [BESIDE.join(self.parts[k].values[c] for k, c in zip(parts, row, strict=True)) for row in rows.tolist()]
        order = np.array(sorted(range(len(texts)), key=texts.__getitem__), dtype=np.int64)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        codes[present] = place[inverse.reshape(-1)]
        return codes, tuple(texts[k] for k in order)


def blocks(records: Records, model: Model) -> tuple[Block, ...]:
    """The model's blocks on these records, in the order of the model."""
    return tuple(_block(records, model, specs) for specs in model.blocks())


def _block(records: Records, model: Model, specs: Sequence[ComparisonSpec]) -> Block:
    parts = []
    for spec in specs:
        column = records.columns[spec.field]
        tabled = spec.frequency and not model.fields[spec.field].identifier
        kind = model.fields[spec.field].type
        parts.append(Part(spec, kind, model.levels(spec), tabled, column.codes, column.values))
    stacked = np.stack([part.codes.astype(np.int64) for part in parts], axis=1)
    present = (stacked >= 0).any(axis=1)
    if len(parts) == 1:  # much faster than by rows
        values, inverse = np.unique(stacked[present, 0], return_inverse=True)
        rows = values[:, None]
    else:
        rows, inverse = np.unique(stacked[present], axis=0, return_inverse=True)
    codes = np.full(len(records), -1, dtype=np.int64)
    codes[present] = inverse.reshape(-1)
    members = tuple(rows[:, k].copy() for k in range(len(parts)))
    return Block(" + ".join(part.spec.label for part in parts), tuple(parts), codes, members)


@dataclass
class PairCache:
    """Distinct value pairs of one block, each evaluated once. Id 0 is "missing on a side".

    Many pairs of bags meet in the same words: `bags` numbers the distinct matches from 1, `bag[id]` is a pair's (0:
    none is kept).
    """

    block: Block
    keys: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    ids: Small = field(default_factory=lambda: np.empty(0, np.int32))
    level: Small = field(default_factory=lambda: np.zeros(1, np.int32))
    left: Small = field(default_factory=lambda: np.full(1, -1, np.int32))
    right: Small = field(default_factory=lambda: np.full(1, -1, np.int32))
    bag: Small = field(default_factory=lambda: np.zeros(1, np.int32))
    bags: dict[BagMatch, int] = field(default_factory=dict)

    def intern(self, left: Ints, right: Ints) -> Small:
        """Ids of the value pairs that the rows `left`, `right` hold; new pairs are compared now."""
        a, b = self.block.codes[left], self.block.codes[right]
        low, high = np.minimum(a, b), np.maximum(a, b)
        keys = np.where(low < 0, -1, low * max(self.block.distinct, 1) + high)
        distinct, inverse = np.unique(keys, return_inverse=True)
        found = np.zeros(len(distinct), dtype=np.int32)
        place = np.searchsorted(self.keys, distinct).clip(max=max(len(self.keys) - 1, 0))
        known = self.keys[place] == distinct if len(self.keys) else np.zeros(len(distinct), bool)
        found[known] = self.ids[place[known]] if len(self.keys) else 0
        fresh = ~known & (distinct >= 0)
        if fresh.any():
            found[fresh] = self._add(distinct[fresh])
        result: Small = found[inverse.reshape(-1)]
        return result

    def levels(self, left: Ints, right: Ints) -> Ints:
        """Level numbers of the value pairs that the rows hold."""
        ids = self.intern(left, right)  # first: it grows `level`
        return self.level[ids].astype(np.int64)

    def evidence(self, table: FrequencyTable) -> Ints:
        """Millibits of log2 u per id; 0 for missing and else, which have no per-value u."""
        if self.block.bag:
            per_match = np.array([0, *(bag_evidence(match, table) for match in self.bags)], dtype=np.int64)
            result: Ints = per_match[self.bag]
            return result
        if len(self.block.parts) > 1:
            return _shared_evidence(self, table)
        bits = np.zeros(len(self.level), dtype=np.int64)
        some = np.flatnonzero(self.level > 1)
        level = self.level[some].astype(np.int64)
        left, right = (_look_up(self.block, table, level, side[some]) for side in (self.left, self.right))
        # Two unequal values have a u each; the mean of both keeps the weight symmetric.
        bits[some] = (left + right) // 2
        return bits

    def _add(self, keys: Ints) -> Small:
        ids = np.arange(len(self.level), len(self.level) + len(keys), dtype=np.int32)
        a, b = np.divmod(keys, max(self.block.distinct, 1))
        level, bag = self._evaluate(a, b)
        self.level = _longer(self.level, level)
        if self.block.bag:
            self.bag = _longer(self.bag, bag)
        else:
            self.left, self.right = _longer(self.left, a), _longer(self.right, b)
        all_keys, all_ids = np.concatenate([self.keys, keys]), np.concatenate([self.ids, ids])
        order = np.argsort(all_keys)
        self.keys, self.ids = all_keys[order], all_ids[order]
        return ids

    def _evaluate(self, a: Ints, b: Ints) -> tuple[Ints, Ints]:
        """Joint levels of value pairs, and the numbers of their bag matches."""
        total, bag = np.zeros(len(a), dtype=np.int64), np.zeros(len(a), dtype=np.int64)
        radix = 1
        for part, member in zip(self.block.parts, self.block.members, strict=True):
            total += radix * self._part_levels(part, member[a], member[b], bag)
            radix *= part.size
        return total, bag

    def _part_levels(self, part: Part, a: Ints, b: Ints, bag: Ints) -> Ints:
        level = np.zeros(len(a), dtype=np.int64)
        present = np.flatnonzero((a >= 0) & (b >= 0))
        left, right = a[present].tolist(), b[present].tolist()
        if part.kind != "tokens":
            texts = part.values
            level[present] = levels_of([texts[i] for i in left], [texts[i] for i in right], part.levels)
            return level
        bags = {code: words(part.values[code]) for code in {*left, *right}}
        for place, x, y in zip(present.tolist(), left, right, strict=True):
            match = match_bags(bags[x], bags[y])
            level[place] = bag_level(match, part.levels)
            if self.block.bag and level[place] > 1:
                bag[place] = self.bags.setdefault(match, len(self.bags) + 1)
        return level


def _longer(array: Small, more: Ints) -> Small:
    return np.concatenate([array, more.astype(np.int32)])


def evidence(cache: PairCache, table: FrequencyTable) -> Ints:
    """Millibits of log2 u per id of the cache; 0 for missing and else, which have no per-value u."""
    return cache.evidence(table)


def _shared_evidence(cache: PairCache, table: FrequencyTable) -> Ints:
    """Millibits of log2 u per id of a group's cache: of what both sides hold alike, at the level they reach."""
    bits = np.zeros(len(cache.level), dtype=np.int64)
    for level in np.unique(cache.level).tolist():
        alike = cache.block.alike(level)
        if alike:
            codes, texts = cache.block.shared(alike)
            some = np.flatnonzero(cache.level == level)
            held, inverse = np.unique(codes[cache.left[some]], return_inverse=True)
            listed, floor = table.listed[level], table.floor[level]
            found = np.array([listed.get(texts[code], floor) for code in held.tolist()], dtype=np.int64)
            bits[some] = found[inverse.reshape(-1)]
    return bits


def _look_up(block: Block, table: FrequencyTable, level: Ints, codes: Small) -> Ints:
    """Millibits of log2 u of each value at each level; only the values asked for are touched."""
    part, member = block.parts[0], block.members[0]
    distinct, inverse = np.unique(level * max(block.distinct, 1) + codes, return_inverse=True)
    levels, values = np.divmod(distinct, max(block.distinct, 1))
    found = [
        table.listed[kind].get(part.values[code], table.floor[kind])
        for kind, code in zip(levels.tolist(), member[values].tolist(), strict=True)
    ]
    result: Ints = np.array(found, dtype=np.int64)[inverse.reshape(-1)]
    return result
