"""Candidates: one stream of pairs from blocking rules and rarity, each pair once, never stored as a whole.

A **way** is a blocking rule, or rarity blocking (the last way). A pair belongs to the first way that covers it,
and there to the smallest key it shares; both are tested on keys, so no DISTINCT over pairs is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.keys import Keys, Posting, groups, match_keys, padded
from mdi_engine.linkage.model import Model
from mdi_engine.linkage.parameters import Blocking
from mdi_engine.linkage.rarity import Features, features
from mdi_engine.linkage.records import Records

CHUNK = 1_000_000
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Candidates:
    """A chunk of distinct pairs: row numbers with left < right, and the way each pair belongs to."""

    left: Keys
    right: Keys
    way: int

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True)
class Ways:
    """Everything needed to make pairs and to ask whether a way covers a pair."""

    postings: tuple[Posting, ...]
    matrices: tuple[Keys, ...]
    rarity: Features | None
    rarity_matrix: Keys
    rarity_bits: npt.NDArray[np.int64]
    cut: int
    source: npt.NDArray[np.int32] | None

    @property
    def count(self) -> int:
        """How many ways there are."""
        return len(self.postings) + (self.rarity is not None)


def prepare(records: Records, model: Model, blocking: Blocking) -> Ways:
    """Make the keys of all ways as the parameters in force say."""
    postings = tuple(match_keys(records, model, blocking.refinement))
    matrices = tuple(padded(posting, len(records), number) for number, posting in enumerate(postings))
    between = records.source if model.pairs == "between" else None
    empty = np.empty((len(records), 0), np.int64)
    if model.rarity is None or blocking.rarity is None:
        return Ways(postings, matrices, None, empty, empty, 0, between)
    found = features(records, model.rarity, blocking.rarity)
    matrix = padded(found.posting, len(records), len(postings))
    bits = _bits_beside(found, matrix)
    return Ways(postings, matrices, found, matrix, bits, blocking.rarity.cut, between)


def _bits_beside(found: Features, matrix: Keys) -> npt.NDArray[np.int64]:
    """Bits laid out like the padded key matrix; fillers carry 0."""
    if not len(found.posting.keys):
        return np.zeros(matrix.shape, np.int64)
    place = np.searchsorted(found.posting.keys, matrix).clip(max=len(found.posting.keys) - 1)
    return np.where(found.posting.keys[place] == matrix, found.bits[place], 0)


def candidates(ways: Ways) -> Iterator[Candidates]:
    """Every pair that some way covers, exactly once."""
    for way, posting in enumerate(ways.postings):
        for left, right, key in _pairs(posting, ways.source):
            keep = _smallest(ways.matrices[way], left, right, key) if ways.matrices[way].shape[1] > 1 else True
            keep = keep & ~_earlier(ways, way, left, right)
            yield Candidates(left[keep], right[keep], way)
    if ways.rarity is not None:
        way = len(ways.postings)
        for left, right in _rare_pairs(ways.rarity, ways.cut, ways.source):
            keep = ~_earlier(ways, way, left, right)
            yield Candidates(left[keep], right[keep], way)


def covers(ways: Ways, way: int, left: Keys, right: Keys) -> Bools:
    """Whether a way covers each pair."""
    if way < len(ways.postings):
        matrix = ways.matrices[way]
        hit = np.zeros(len(left), dtype=bool)
        for a in range(matrix.shape[1]):
            for b in range(matrix.shape[1]):
                hit |= matrix[left, a] == matrix[right, b]
        return hit
    return shared_bits(ways, left, right) >= ways.cut


def shared_bits(ways: Ways, left: Keys, right: Keys) -> npt.NDArray[np.int64]:
    """Millibits of the features that each pair shares."""
    total = np.zeros(len(left), dtype=np.int64)
    for a in range(ways.rarity_matrix.shape[1]):
        keys, bits = ways.rarity_matrix[left, a], ways.rarity_bits[left, a]
        for b in range(ways.rarity_matrix.shape[1]):
            total += np.where(keys == ways.rarity_matrix[right, b], bits, 0)
    return total


def _earlier(ways: Ways, way: int, left: Keys, right: Keys) -> Bools:
    hit = np.zeros(len(left), dtype=bool)
    for earlier in range(way):
        hit |= covers(ways, earlier, left, right)
    return hit


def _smallest(matrix: Keys, left: Keys, right: Keys, key: Keys) -> Bools:
    """Whether `key` is the smallest key that both rows of a pair hold."""
    least = np.full(len(left), np.iinfo(np.int64).max)
    for a in range(matrix.shape[1]):
        for b in range(matrix.shape[1]):
            same = matrix[left, a] == matrix[right, b]
            np.minimum(least, np.where(same, matrix[left, a], least), out=least)
    smallest: Bools = least == key
    return smallest


def _pairs(posting: Posting, source: npt.NDArray[np.int32] | None) -> Iterator[tuple[Keys, Keys, Keys]]:
    """Pairs of rows under one key, in chunks; the same pair comes again under each further key it shares."""
    for entry, other in _entry_pairs(posting, np.arange(len(posting.keys))):
        left, right = posting.rows[entry], posting.rows[other]
        if source is not None:
            keep = source[left] != source[right]
            left, right, entry = left[keep], right[keep], entry[keep]
        yield left, right, posting.keys[entry]


def _entry_pairs(posting: Posting, order: Keys) -> Iterator[tuple[Keys, Keys]]:
    """Pairs of entries of one key (earlier, later), entries taken in `order`, about CHUNK pairs at a time."""
    start, size = groups(posting)
    after = np.repeat(start + size, size) - np.arange(len(posting.keys)) - 1
    counts = after[order]
    reach = np.cumsum(counts)
    begin = 0
    while begin < len(order):
        done = int(reach[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(reach, done + CHUNK, side="right")))
        part = counts[begin:end]
        entry = np.repeat(order[begin:end], part)
        other = entry + 1 + np.arange(len(entry)) - np.repeat(np.cumsum(part) - part, part)
        begin = end
        if len(entry):
            yield entry, other


def _rare_pairs(found: Features, cut: int, source: npt.NDArray[np.int32] | None) -> Iterator[tuple[Keys, Keys]]:
    """Pairs whose shared features reach the cut. All entries of a row are taken together, so that sums are whole."""
    posting = found.posting
    order = np.argsort(posting.rows, kind="stable")
    carry: tuple[Keys, Keys, Keys] | None = None
    for entry, other in _entry_pairs(posting, order):
        left, right, bits = posting.rows[entry], posting.rows[other], found.bits[entry]
        if source is not None:
            keep = source[left] != source[right]
            left, right, bits = left[keep], right[keep], bits[keep]
        if carry is not None:
            left, right, bits = (np.concatenate(pair) for pair in zip(carry, (left, right, bits), strict=True))
        # The last row of a chunk may go on in the next one.
        last = left == left[-1] if len(left) else np.zeros(0, bool)
        carry = left[last], right[last], bits[last]
        yield _reaching(left[~last], right[~last], bits[~last], cut)
    if carry is not None:
        yield _reaching(*carry, cut)


def _reaching(left: Keys, right: Keys, bits: Keys, cut: int) -> tuple[Keys, Keys]:
    if not len(left):
        return left, right
    order = np.lexsort((right, left))
    left, right, bits = left[order], right[order], bits[order]
    start = np.flatnonzero(np.concatenate([[True], (left[1:] != left[:-1]) | (right[1:] != right[:-1])]))
    total = np.add.reduceat(bits, start)
    keep = start[total >= cut]
    return left[keep], right[keep]
