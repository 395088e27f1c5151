"""Texts as numbers: every character a symbol, every text a slice of symbols with a signature of which it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.expressions import MOST_LETTERS

# A text of the longest kind in 64-bit words, and one more for what overflows.
WORDS = (MOST_LETTERS + 63) // 64

START, SIGN = 0, 1

Symbols = npt.NDArray[np.uint32]
Offsets = npt.NDArray[np.int64]
Signs = npt.NDArray[np.uint64]


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
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    if lengths.max(initial=0) > most:
        texts = [text[:most] for text in texts]
        lengths = np.minimum(lengths, most)
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return np.frombuffer(joined, dtype=np.uint32), start


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
    symbols = table[points]
    head = np.zeros((len(start), 2), dtype=np.uint64)
    head[:, START] = start
    head[:-1, SIGN] = _signs(symbols, start)
    return Texts(symbols, head)


def _signs(symbols: Symbols, start: Offsets) -> Signs:
    signs = np.zeros(len(start) - 1, dtype=np.uint64)
    filled = np.flatnonzero(np.diff(start))
    if len(filled):
        bits = np.uint64(1) << (symbols.astype(np.uint64) & np.uint64(63))
        signs[filled] = np.bitwise_or.reduceat(bits, start[filled])
    return signs
