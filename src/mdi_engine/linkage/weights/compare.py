"""From pairs of records to levels and per-value evidence: each distinct pair of values is compared once.

A **block** is one comparison, or a group weighed together by one joint level (levels in mixed radix, so that one
whole number names the combination). Missing on either side is level 0 and weighs nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.expressions import Level, words
from mdi_engine.linkage.models.model import ComparisonSpec, Model
from mdi_engine.linkage.models.parameters import FrequencyTable
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.levels import levels_of
from mdi_engine.linkage.weights.tokens import EXACT, WHOLE, BagMatch, bag_level, match_bags

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


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


def bag_evidence(match: BagMatch, table: FrequencyTable) -> int:
    """Millibits of log2 of the chance that a stranger holds the same words as meet in this pair.

    Where the two bags are the same, the chance to hold just these words and no others, which is never larger.
    """
    total = 0
    for how, left, right in match.meetings:
        listed, floor = table.listed[how], table.floor[how]
        total += (listed.get(left, floor) + listed.get(right, floor)) // 2
    met = sorted(left for how, left, _ in match.meetings if how == EXACT)
    total += carried(met, table.together) if len(met) > 1 else 0
    if len(met) == match.left == match.right:
        total = min(total, table.listed[WHOLE].get(" ".join(met), table.floor[WHOLE]))
    return total


def carried(words: Sequence[str], together: Mapping[tuple[str, str], int]) -> int:
    """What the words share beyond chance, over a spanning forest of the strongest bonds (Chow and Liu, 1968)."""
    bonds = sorted(
        ((together[a, b], a, b) for a, b in itertools.combinations(words, 2) if (a, b) in together),
        key=lambda bond: (-bond[0], bond[1], bond[2]),
    )
    tree = {word: word for word in words}
    total = 0
    for bits, a, b in bonds:
        if tree[a] != tree[b]:
            total += bits
            old, new = tree[b], tree[a]
            tree = {word: new if root == old else root for word, root in tree.items()}
    return total
