"""Candidates: one stream of pairs from blocking rules and rarity, each pair once, never stored as a whole.

A **way** is a blocking rule, or rarity blocking (the last way). A pair belongs to the first way that covers it,
and there to the smallest key it shares; both are tested on keys, so no DISTINCT over pairs is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.keys import (
    Held,
    Keys,
    Posting,
    by_row,
    find_refinement,
    groups,
    in_threads,
    key_codes,
    match_keys,
    shared,
)
from mdi_engine.linkage.candidates.rarity import Features, features, find_rarity
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.models.parameters import Blocking
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
    """Everything needed to make pairs and to ask whether a way covers a pair; `rank` is that of the records."""

    postings: tuple[Posting, ...]
    held: tuple[Held, ...]
    rarity: Features | None
    cut: int
    source: npt.NDArray[np.int32] | None
    rank: Keys

    @property
    def count(self) -> int:
        """How many ways there are."""
        return len(self.postings) + (self.rarity is not None)


def find_blocking(records: Records, model: Model) -> Blocking:
    """Heavy keys and rarity as they stand in these records: what training writes into parameters."""
    rarity = None if model.rarity is None else find_rarity(records, model.rarity, model.identifiers())
    return Blocking(find_refinement(records, model), rarity)


def prepare(records: Records, model: Model, blocking: Blocking, threads: int = 1) -> Ways:
    """Make the keys of all ways as the parameters in force say, on at most `threads` threads."""
    postings = match_keys(records, model, blocking.refinement, threads)
    found, cut = None, 0
    if model.rarity is not None and blocking.rarity is not None:
        found, cut = features(records, model.rarity, blocking.rarity), blocking.rarity.cut
    everything = [*postings, found.posting] if found is not None else postings
    held = tuple(in_threads(lambda posting: by_row(posting, len(records)), everything, threads))
    source = records.source if model.pairs == "between" else None
    return Ways(tuple(postings), held, found, cut, source, records.rank)


def gross_pairs(ways: Ways) -> int:
    """Pairs under all keys and features, each for itself: more than there are candidates, and known before any is made.

    Rarity pairs are counted as if every shared feature made one.
    """
    postings = [*ways.postings, *([ways.rarity.posting] if ways.rarity is not None else [])]
    sizes = [groups(posting)[1] for posting in postings]
    return sum(int((size * (size - 1) // 2).sum()) for size in sizes)


def candidates(ways: Ways) -> Iterator[Candidates]:
    """Every pair that some way covers, exactly once."""
    for way, posting in enumerate(ways.postings):
        for left, right, code in _pairs(posting, ways.source):
            keep = _smallest(ways.held[way], left, right, code) & ~_earlier(ways, way, left, right)
            yield Candidates(left[keep], right[keep], way)
    if ways.rarity is not None:
        way = len(ways.postings)
        for left, right in _rare_pairs(ways.rarity, ways.cut, ways.source):
            keep = ~_earlier(ways, way, left, right)
            yield Candidates(left[keep], right[keep], way)


def covers(ways: Ways, way: int, left: Keys, right: Keys) -> Bools:
    """Whether a way covers each pair, whatever the sources."""
    if way >= len(ways.postings):
        return shared_bits(ways, left, right) >= ways.cut
    held = ways.held[way]
    if held.single is not None:
        return np.asarray((held.single[left] == held.single[right]) & (held.single[left] >= 0), dtype=bool)
    hit = np.zeros(len(left), dtype=bool)
    for pair, _ in shared(held, left, right):
        hit[pair] = True
    return hit


def shared_bits(ways: Ways, left: Keys, right: Keys) -> npt.NDArray[np.int64]:
    """Millibits of the rarity features that each pair shares; 0 if the model has no rarity."""
    total = np.zeros(len(left), dtype=np.int64)
    if ways.rarity is not None:
        held = ways.held[-1]
        for pair, entry in shared(held, left, right):
            np.add.at(total, pair, ways.rarity.bits[held.place[entry]])
    return total


def _earlier(ways: Ways, way: int, left: Keys, right: Keys) -> Bools:
    hit = np.zeros(len(left), dtype=bool)
    for earlier in range(way):
        hit |= covers(ways, earlier, left, right)
    return hit


def _smallest(held: Held, left: Keys, right: Keys, code: Keys) -> Bools:
    """Whether `code` is the smallest key that both rows of a pair hold."""
    if held.single is not None:
        return np.ones(len(left), dtype=bool)
    least = np.full(len(left), -1, dtype=np.int64)
    for pair, entry in shared(held, left, right):
        # Entries ascend: written backwards, the first of a pair stays.
        least[pair[::-1]] = held.code[entry[::-1]]
    return np.asarray(least == code, dtype=bool)


def _pairs(posting: Posting, source: npt.NDArray[np.int32] | None) -> Iterator[tuple[Keys, Keys, Keys]]:
    """Pairs of rows under one key, in chunks; the same pair comes again under each further key it shares."""
    codes = key_codes(posting)
    for entry, other in _entry_pairs(posting, np.arange(len(posting.keys))):
        left, right = posting.rows[entry], posting.rows[other]
        if source is not None:
            keep = source[left] != source[right]
            left, right, entry = left[keep], right[keep], entry[keep]
        yield left, right, codes[entry]


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
