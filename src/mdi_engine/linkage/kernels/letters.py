"""Texts as numbers: every character a symbol, every text a slice of symbols with a signature of which it holds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mdi_engine.linkage.kernels.compiled import kernel, whole
from mdi_engine.linkage.models.expressions import MOST_LETTERS

# A text of the longest kind in 64-bit words, and one more for what overflows.
WORDS = (MOST_LETTERS + 63) // 64

START, SIGN = 0, 1

Symbols = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class Texts(NamedTuple):
    """Text v is `symbols[head[v, START]:head[v + 1, START]]`; bit s % 64 of `head[v, SIGN]` says it holds symbol s.

    Both in one array: what is asked for together lies together.
    """

    symbols: Symbols
    head: npt.NDArray[np.uint64]


class Alphabet(NamedTuple):
    """Symbols are places in `points`, the sorted code points of all texts; `digit[symbol]` is 0 to 9, or -1."""

    points: Symbols
    digit: npt.NDArray[np.int8]


def flat(texts: Sequence[str], most: int = MOST_LETTERS) -> tuple[Symbols, Offsets]:
    """Code points of the first `most` characters of all texts in a row, and where each begins (one more at the end)."""
    try:
        packed = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:  # lone surrogates, which are no characters
        return _flat(texts, most)
    start = np.zeros(len(texts) + 1, dtype=np.int64)
    if not len(texts):
        return np.empty(0, dtype=np.uint32), start
    _, offsets, data = (np.frombuffer(part or b"", kind) for part, kind in zip(packed.buffers(), "bqB", strict=True))
    _count(data, offsets, most, start)
    points = np.empty(np.cumsum(start, out=start)[-1], dtype=np.uint32)
    _decode(data, offsets, start, points)
    return points, start


def _flat(texts: Sequence[str], most: int) -> tuple[Symbols, Offsets]:
    texts = [text[:most] for text in texts]
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    start = np.array([0, *itertools.accumulate(map(len, texts))], dtype=np.int64)
    return np.frombuffer(joined, dtype=np.uint32).copy(), start


@kernel
def _count(data: Bytes, offsets: Offsets, most: int, start: Offsets) -> None:
    """Into `start[k + 1]` how many characters the text k keeps. A character begins at each byte but 10xxxxxx."""
    for k in range(len(start) - 1):
        count = 0
        for at in range(offsets[k], offsets[k + 1]):
            count += 1 if data[at] & 0xC0 != 0x80 else 0
        start[k + 1] = min(count, most)


@kernel
def _decode(data: Bytes, offsets: Offsets, start: Offsets, points: Symbols) -> None:
    """UTF-8 to code points, as many of each text as are kept."""
    for k in range(len(start) - 1):
        at = offsets[k]
        for place in range(start[k], start[k + 1]):
            first = whole(data[at])
            more = 0 if first < 0x80 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3
            point = first if more == 0 else first & (0x3F >> more)
            for _ in range(more):
                at += 1
                point = (point << 6) | (whole(data[at]) & 0x3F)
            points[place] = point
            at += 1


def alphabet(*points: Symbols) -> Alphabet:
    """The alphabet of these texts."""
    used = np.zeros(0x110000, dtype=bool)
    for some in points:
        used[some] = True
    found = np.flatnonzero(used).astype(np.uint32)
    digit = found.astype(np.int64) - ord("0")
    return Alphabet(found, np.where((digit >= 0) & (digit <= 9), digit, -1).astype(np.int8))


def lay_out(points: Symbols, start: Offsets, letters: Alphabet) -> Texts:
    """Code points as symbols of an alphabet that holds them all."""
    table = np.zeros(0x110000, dtype=np.uint32)
    table[letters.points] = np.arange(len(letters.points), dtype=np.uint32)
    symbols, head = np.empty(len(points), dtype=np.uint32), np.zeros((len(start), 2), dtype=np.uint64)
    _lay(points, start, table, symbols, head)
    return Texts(symbols, head)


@kernel
def _lay(points: Symbols, start: Offsets, table: Symbols, symbols: Symbols, head: npt.NDArray[np.uint64]) -> None:
    for k in range(len(start)):
        head[k, START] = start[k]
        for at in range(start[k], start[k + 1] if k + 1 < len(start) else start[k]):
            symbols[at] = table[points[at]]
            head[k, SIGN] |= np.uint64(1) << np.uint64(symbols[at] & 63)
