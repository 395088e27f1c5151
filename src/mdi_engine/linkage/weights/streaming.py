"""Pairs scored as they are made, by compiled kernels on threads of ours; the truth is `plain`.

What each pair can weigh at most is bounded from codes alone, so that most pairs are dropped before any text is
looked at. The work is cut by the number of pairs; results come in the order of the pairs, whoever made them.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mdi_engine.linkage.candidates.blocking import Ways
from mdi_engine.linkage.candidates.keys import Held, Posting, groups, key_codes
from mdi_engine.linkage.candidates.rarity import Features
from mdi_engine.linkage.kernels import stream
from mdi_engine.linkage.kernels.scratch import TILE, Scratch
from mdi_engine.linkage.weights.arrays import Pair
from mdi_engine.linkage.weights.compare import Ints, Small
from mdi_engine.linkage.weights.laid import Laid

# Pairs that one thread takes at a time, at least, and kept pairs that it hands over at a time.
TASK = 500_000
ROOM = 1 << 16
_NONE = np.empty(0, dtype=np.int32)

Scored = tuple[Ints, Ints, Ints, int]
Note = Callable[[int], None]
Run = Callable[[Ints, stream.Out, Scratch], None]


def score_all(
    pairs: list[Pair], prior: int, ways: Ways, least: int, note: Note = lambda _: None, threads: int = 1
) -> Scored:
    """Left rows, right rows and weights of the candidates that reach `least`, and how many candidates there were.

    On at most `threads` threads.
    """
    laid = Laid(pairs, prior)
    cuts = laid.cuts(least)
    parts: list[tuple[Small, Small, Small]] = []
    seen = 0
    rows = 0 if ways.rarity is None else laid.code.shape[1]
    with _Crew(laid, threads, rows) as crew:
        for way in range(ways.count):
            for kept, count in _way(laid, ways, way, cuts, crew):
                parts.append(kept)
                seen += count
                note(count)
    joined = [np.concatenate([_NONE, *(part[k] for part in parts)]).astype(np.int64) for k in range(3)]
    return joined[0], joined[1], joined[2], seen


@dataclass(frozen=True)
class _Work:
    """A stretch of entries, and the kernel that makes their pairs."""

    begin: int
    end: int
    run: Run


class _Crew:
    """Threads, each with scratch of its own; work is done in any order and handed over in its own."""

    def __init__(self, laid: Laid, threads: int, rows: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="score")
        self.threads = threads
        self._rooms: queue.SimpleQueue[tuple[stream.Out, Scratch]] = queue.SimpleQueue()
        for _ in range(threads):
            out = stream.Out(*(np.empty(max(ROOM, TILE), dtype=np.int32) for _ in range(3)))
            self._rooms.put((out, laid.scratch(rows)))

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def do(self, works: Sequence[_Work]) -> Iterator[tuple[tuple[Small, Small, Small], int]]:
        """What each work kept, and how many candidates it saw, in the order of the works."""
        return self._pool.map(self._one, works)

    def _one(self, work: _Work) -> tuple[tuple[Small, Small, Small], int]:
        out, room = self._rooms.get()
        try:
            state = np.array([work.begin, 0, work.end, 0, 0], dtype=np.int64)
            parts, seen = [], 0
            while state[stream.ENTRY] < work.end:
                work.run(state, out, room)
                parts.append([column[: state[stream.WRITTEN]].copy() for column in out])
                seen += int(state[stream.SEEN])
            left, right, weight = (np.concatenate([_NONE, *(part[k] for part in parts)]) for k in range(3))
            return (left, right, weight), seen
        finally:
            self._rooms.put((out, room))


Made = Iterator[tuple[tuple[Small, Small, Small], int]]


def _way(laid: Laid, ways: Ways, way: int, cuts: stream.Cuts, crew: _Crew) -> Made:
    if way == len(ways.postings) and ways.rarity is not None:
        return _rare_way(laid, ways, ways.rarity, cuts, crew)
    return _rule(laid, ways, way, cuts, crew)


def _rule(laid: Laid, ways: Ways, way: int, cuts: stream.Cuts, crew: _Crew) -> Made:
    posting, held = ways.postings[way], ways.held[way]
    end = _ends(posting)
    layout = _layout(laid, ways, way, posting.rows)
    own = [] if held.single is not None else [held]
    mine = key_codes(posting).astype(np.int32) if own else _NONE
    others = _shared([*_several(ways, way), *own])

    def run(state: Ints, out: stream.Out, room: Scratch) -> None:
        stream.rule_pairs(laid.tables, layout, end, mine, others, cuts, state, out, room)

    return crew.do(_cut(end - np.arange(len(end)) - 1, crew.threads, run))


def _rare_way(laid: Laid, ways: Ways, found: Features, cuts: stream.Cuts, crew: _Crew) -> Made:
    rows = laid.code.shape[1]
    layout = _layout(laid, ways, len(ways.postings), np.arange(rows, dtype=np.int64))
    others = _shared(_several(ways, len(ways.postings)))
    rare = _rare(found, ways.cut, rows)

    def run(state: Ints, out: stream.Out, room: Scratch) -> None:
        stream.rare_pairs(laid.tables, layout, _NONE, rare, others, cuts, state, out, room)

    met = np.zeros(len(rare.feature) + 1, dtype=np.int64)
    indexed = rare.own >= 0
    met[1:][indexed] = rare.holds[rare.feature[indexed] + 1] - rare.own[indexed]
    cost = np.diff(np.cumsum(met)[rare.start])
    return crew.do(_cut(cost, crew.threads, run))


def _cut(cost: Ints, threads: int, run: Run) -> list[_Work]:
    """Entries in stretches of about the same cost, several for each thread."""
    done = np.cumsum(cost)
    if not len(done) or done[-1] == 0:
        return []
    size = max(TASK, int(done[-1]) // (threads * 16))
    wanted = np.arange(size, int(done[-1]) + size, size)
    ends = np.unique(np.append(np.searchsorted(done, wanted[:-1]) + 1, len(cost)))
    return [_Work(int(a), int(b), run) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _ends(posting: Posting) -> Ints:
    """Where each entry's group of one key ends."""
    start, size = groups(posting)
    return np.repeat(start + size, size)


def _layout(laid: Laid, ways: Ways, way: int, rows: Ints) -> stream.Layout:
    """Records in the order of a way's entries, so that memory is read in sequence."""
    single = [held.single[rows].astype(np.int32) for held in ways.held[:way] if held.single is not None]
    return stream.Layout(
        rows.astype(np.int32),
        np.take(laid.code, rows, axis=1),
        np.take(laid.bound, rows, axis=1),
        laid.briefs(rows),
        np.stack(single) if single else np.empty((0, len(rows)), dtype=np.int32),
        _NONE if ways.source is None else ways.source[rows],
    )


def _several(ways: Ways, way: int) -> list[Held]:
    """Earlier rules with several keys per record."""
    return [held for held in ways.held[:way] if held.single is None]


def _shared(rules: Sequence[Held]) -> stream.Shared:
    base = np.cumsum([0, *(len(held.start) for held in rules)], dtype=np.int64)[:-1]
    before = np.cumsum([0, *(len(held.code) for held in rules)], dtype=np.int64)
    starts = [held.start + done for held, done in zip(rules, before.tolist(), strict=False)]
    codes = [held.code.astype(np.int32) for held in rules]
    return stream.Shared(base, np.concatenate([np.empty(0, np.int64), *starts]), np.concatenate([_NONE, *codes]))


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
