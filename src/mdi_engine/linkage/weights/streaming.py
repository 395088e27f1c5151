"""Pairs scored as they are made, by compiled kernels on threads of ours; the truth is `plain`.

What each pair can weigh at most is bounded from codes alone, so that most pairs are dropped before any text is
looked at. The work is cut by the number of pairs; results come in the order of the pairs, whoever made them.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from mdi_engine.linkage.candidates.blocking import Ways
from mdi_engine.linkage.candidates.keys import Held, groups, key_codes
from mdi_engine.linkage.candidates.rarity import Features
from mdi_engine.linkage.kernels import stream
from mdi_engine.linkage.kernels.brief import SLOTS
from mdi_engine.linkage.kernels.scratch import TILE, Scratch
from mdi_engine.linkage.weights.arrays import Pair
from mdi_engine.linkage.weights.compare import Ints, Small
from mdi_engine.linkage.weights.laid import Laid

# Pairs that one thread takes at a time, at least, and kept pairs that it hands over at a time.
TASK = 500_000
ROOM = 1 << 16
NONE = np.empty(0, dtype=np.int32)

Scored = tuple[Ints, Ints, Ints, int]
Note = Callable[[int], None]
Columns = tuple[Small, Small, Small]
Run = Callable[[Ints, Any, Scratch], None]
Made = Iterator[tuple[Columns, int]]


def score_all(
    pairs: list[Pair], prior: int, ways: Ways, least: int, note: Note = lambda _: None, threads: int = 1
) -> Scored:
    """Left rows, right rows and weights of the candidates that reach `least`, and how many candidates there were.

    On at most `threads` threads.
    """
    laid = Laid(pairs, prior)
    cuts = laid.cuts(least)
    parts: list[Columns] = []
    seen = 0
    rows = 0 if ways.rarity is None else laid.code.shape[1]

    def room() -> tuple[stream.Out, Scratch]:
        return stream.Out(*(np.empty(max(ROOM, TILE), dtype=np.int32) for _ in range(3))), laid.scratch(rows)

    with Crew(threads, room) as crew:
        for way in range(ways.count):
            for kept, count in _way(laid, ways, way, cuts, crew):
                parts.append(kept)
                seen += count
                note(count)
    joined = [np.concatenate([NONE, *(part[k] for part in parts)]).astype(np.int64) for k in range(3)]
    return joined[0], joined[1], joined[2], seen


@dataclass(frozen=True)
class Work:
    """A stretch of entries, and the kernel that makes their pairs, called until it is through."""

    begin: int
    end: int
    run: Run


class Crew:
    """Threads, each with a `room` of its own: three columns to write to, and scratch.

    Work is done in any order and handed over in its own.
    """

    def __init__(self, threads: int, room: Callable[[], tuple[Any, Scratch]]) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pairs")
        self.threads = threads
        self._rooms: queue.SimpleQueue[tuple[Any, Scratch]] = queue.SimpleQueue()
        for _ in range(threads):
            self._rooms.put(room())

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def do(self, works: Sequence[Work]) -> Made:
        """What each work kept, and how many candidates it saw, in the order of the works."""
        return self._pool.map(self._one, works)

    def _one(self, work: Work) -> tuple[Columns, int]:
        out, room = self._rooms.get()
        try:
            state = np.zeros(stream.STATE, dtype=np.int64)
            state[stream.ENTRY], state[stream.STOP] = work.begin, work.end
            parts, seen = [], 0
            while state[stream.ENTRY] < work.end:
                work.run(state, out, room)
                parts.append([column[: state[stream.WRITTEN]].copy() for column in out])
                seen += int(state[stream.SEEN])
            left, right, weight = (np.concatenate([NONE, *(part[k] for part in parts)]) for k in range(3))
            return (left, right, weight), seen
        finally:
            self._rooms.put((out, room))


def _way(laid: Laid, ways: Ways, way: int, cuts: stream.Cuts, crew: Crew) -> Made:
    if way == len(ways.postings) and ways.rarity is not None:
        return _rare_way(laid, ways, ways.rarity, cuts, crew)
    return _rule(laid, ways, way, cuts, crew)


def _rule(laid: Laid, ways: Ways, way: int, cuts: stream.Cuts, crew: Crew) -> Made:
    layout = lay_out(ways, way, ways.postings[way].rows, laid)
    end, mine, others = rule_index(ways, way)

    def run(state: Ints, out: stream.Out, room: Scratch) -> None:
        stream.rule_pairs(laid.tables, layout, end, mine, others, cuts, state, out, room)

    # Several stretches for each thread.
    cost = end - np.arange(len(end)) - 1
    return crew.do(cut(cost, max(TASK, int(cost.sum()) // (crew.threads * 16)), run))


def _rare_way(laid: Laid, ways: Ways, found: Features, cuts: stream.Cuts, crew: Crew) -> Made:
    rows = laid.code.shape[1]
    layout = lay_out(ways, len(ways.postings), np.arange(rows, dtype=np.int64), laid)
    others = shared_keys(several(ways, len(ways.postings)))
    rare, cost = rare_index(found, ways.cut, rows)

    def run(state: Ints, out: stream.Out, room: Scratch) -> None:
        stream.rare_pairs(laid.tables, layout, NONE, rare, others, cuts, state, out, room)

    return crew.do(cut(cost, max(TASK, int(cost.sum()) // (crew.threads * 16)), run))


def cut(cost: Ints, size: int, run: Run) -> list[Work]:
    """Entries in stretches that cost about `size` (gross pairs) each."""
    done = np.cumsum(cost)
    if not len(done) or done[-1] == 0:
        return []
    wanted = np.arange(size, int(done[-1]) + size, size)
    ends = np.unique(np.append(np.searchsorted(done, wanted[:-1]) + 1, len(cost)))
    return [Work(int(a), int(b), run) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def lay_out(ways: Ways, way: int, rows: Ints, laid: Laid | None) -> stream.Layout:
    """Records in the order of a way's entries, so that memory is read in sequence; nothing to weigh without `laid`."""
    single = [held.single[rows].astype(np.int32) for held in ways.held[:way] if held.single is not None]
    nothing = np.empty((0, len(rows)), dtype=np.int32)
    return stream.Layout(
        rows.astype(np.int32),
        nothing if laid is None else np.take(laid.code, rows, axis=1),
        nothing if laid is None else np.take(laid.bound, rows, axis=1),
        np.empty((0, len(rows), SLOTS), dtype=np.uint64) if laid is None else laid.briefs(rows),
        np.stack(single) if single else nothing,
        NONE if ways.source is None else ways.source[rows],
    )


def rule_index(ways: Ways, way: int) -> tuple[Ints, Small, stream.Shared]:
    """Of a rule: where each entry's group of one key ends, each entry's key (none if each record has one), others."""
    posting, held = ways.postings[way], ways.held[way]
    start, size = groups(posting)
    own = [] if held.single is not None else [held]
    mine = key_codes(posting).astype(np.int32) if own else NONE
    return np.repeat(start + size, size), mine, shared_keys([*several(ways, way), *own])


def several(ways: Ways, way: int) -> list[Held]:
    """Earlier rules with several keys per record."""
    return [held for held in ways.held[:way] if held.single is None]


def shared_keys(rules: Sequence[Held]) -> stream.Shared:
    """Rules with several keys per record, for the kernels."""
    base = np.cumsum([0, *(len(held.start) for held in rules)], dtype=np.int64)[:-1]
    before = np.cumsum([0, *(len(held.code) for held in rules)], dtype=np.int64)
    starts = [held.start + done for held, done in zip(rules, before.tolist(), strict=False)]
    codes = [held.code.astype(np.int32) for held in rules]
    return stream.Shared(base, np.concatenate([np.empty(0, np.int64), *starts]), np.concatenate([NONE, *codes]))


def rare_index(found: Features, least: int, rows: int) -> tuple[stream.Rare, Ints]:
    """Rarity for the kernels, and how many entries of the index each row meets."""
    rare = _rare(found, least, rows)
    met = np.zeros(len(rare.feature) + 1, dtype=np.int64)
    indexed = rare.own >= 0
    met[1:][indexed] = rare.holds[rare.feature[indexed] + 1] - rare.own[indexed]
    return rare, np.diff(np.cumsum(met)[rare.start])


def _rare(found: Features, cut: int, rows: int) -> stream.Rare:
    """Features by row, rarest first, and the index of those that no pair can do without."""
    codes = key_codes(found.posting)
    start, _ = groups(found.posting)
    bits = found.bits[start]
    order = np.lexsort((np.arange(len(bits)), -bits))
    rank = np.empty(len(bits), dtype=np.int64)
    rank[order] = np.arange(len(bits))
    feature = rank[codes]
    by_row = np.lexsort((feature, found.posting.rows))
    row, feature = found.posting.rows[by_row], feature[by_row]
    begin = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]).astype(np.int64)
    total = np.concatenate([[0], np.cumsum(found.bits[by_row])])
    rest = total[begin[row + 1]] - total[:-1]
    index = np.flatnonzero(rest >= cut)
    index = index[np.argsort(feature[index], kind="stable")]
    own = np.full(len(row), -1, dtype=np.int64)
    own[index] = np.arange(len(index))
    held = np.bincount(feature[index], minlength=len(bits))
    return stream.Rare(
        begin,
        feature.astype(np.int32),
        rest.astype(np.int32),
        begin[:-1] + np.bincount(row[index], minlength=rows),
        own,
        np.concatenate([[0], np.cumsum(held)]).astype(np.int64),
        row[index].astype(np.int32),
        index,
        bits[order].astype(np.int32),
        cut,
    )
