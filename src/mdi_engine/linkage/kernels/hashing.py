"""BLAKE2b (RFC 7693) with a digest of 64 bits, of many texts at once. The truth: `hashlib.blake2b`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.bags import ORDERED, Bags
from mdi_engine.linkage.kernels.compiled import inlined, kernel, whole
from mdi_engine.linkage.kernels.letters import Offsets, Symbols, flat
from mdi_engine.linkage.kernels.words import split

Words = npt.NDArray[np.uint64]
# Places in the state: the message block, the working vector, the chain, bytes in the block, bytes in all.
_WORK, _CHAIN, _USED, _TOTAL, SIZE = 16, 32, 40, 41, 42
_BLOCK = 128
_START = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    dtype=np.uint64,
)
_EIGHT_BYTES = np.uint64(0x01010008)  # no key, fan-out and depth 1, digest of 8 bytes
_ORDER = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    dtype=np.int64,
)
_ZERO, _ALL, _EIGHT = np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(8)


def key_hashes(values: Sequence[str], function: str, number: int) -> tuple[Offsets, Offsets]:
    """How many key texts each value has under a key expression, and the hashes of all of them (`keys.hash_key`)."""
    salt = np.frombuffer(f"{'value' if function == 'each' else function}\x1f".encode(), dtype=np.uint8)
    if function == "each":
        found = split(values)
        points, start = flat(found.vocabulary)
        return _each(found.bags, _hashed(points, start[:-1], np.diff(start), salt))
    points, start = flat(values, most=sys.maxsize)
    length = np.diff(start)
    most = {"value": sys.maxsize, "year": 4}.get(function, number)
    kept = np.minimum(length, most)
    begin = start[:-1] + (length - kept if function == "last" else 0)
    return np.ones(len(values), dtype=np.int64), _hashed(points, begin, kept, salt)


def _each(bags: Bags, hashed: Offsets) -> tuple[Offsets, Offsets]:
    """The words of each bag, every word once."""
    word = bags.word[:, ORDERED]
    fresh = np.ones(len(word), dtype=bool)
    fresh[1:] = word[1:] != word[:-1]
    fresh[bags.start[:-1][np.diff(bags.start) > 0]] = True
    total = np.concatenate([[0], np.cumsum(fresh)])
    return np.diff(total[bags.start]), hashed[word[fresh]]


def _hashed(points: Symbols, start: Offsets, length: Offsets, salt: npt.NDArray[np.uint8]) -> Offsets:
    out = np.zeros(len(start), dtype=np.int64)
    hash_texts(points, start, length, salt, np.zeros(SIZE, dtype=np.uint64), out)
    return out


@kernel
def hash_texts(
    points: Symbols, start: Offsets, length: Offsets, salt: npt.NDArray[np.uint8], state: Words, out: Offsets
) -> None:
    """Hashes of the texts (UTF-8, each after the bytes of `salt`) that begin at `start[k]`, read big-endian, signed."""
    for k in range(len(out)):
        state[:] = _ZERO
        for i in range(8):
            state[_CHAIN + i] = _START[i]
        state[_CHAIN] ^= _EIGHT_BYTES
        for byte in salt:
            _put(state, np.uint64(byte))
        for at in range(start[k], start[k] + length[k]):
            _put_point(state, whole(points[at]))
        _compress(state, True)
        out[k] = whole(_turned(state[_CHAIN]))


@inlined
def _put_point(state: Words, point: int) -> None:
    """A code point in UTF-8."""
    if point < 0x80:
        _put(state, np.uint64(point))
        return
    more = 1 if point < 0x800 else 2 if point < 0x10000 else 3
    _put(state, np.uint64(((0xFF00 >> (more + 1)) & 0xFF) | (point >> (6 * more))))
    for k in range(more - 1, -1, -1):
        _put(state, np.uint64(0x80 | ((point >> (6 * k)) & 0x3F)))


@inlined
def _put(state: Words, byte: np.uint64) -> None:
    used = whole(state[_USED])
    if used == _BLOCK:
        _compress(state, False)
        state[:_WORK] = _ZERO
        used = 0
    state[used >> 3] |= byte << np.uint64(8 * (used & 7))
    state[_USED] = np.uint64(used + 1)
    state[_TOTAL] += np.uint64(1)


@kernel
def _compress(state: Words, last: bool) -> None:
    for i in range(8):
        state[_WORK + i], state[_WORK + 8 + i] = state[_CHAIN + i], _START[i]
    state[_WORK + 12] ^= state[_TOTAL]
    if last:
        state[_WORK + 14] ^= _ALL
    for turn in range(12):
        order = _ORDER[turn % 10]
        for i in range(4):
            _mix(state, i, 4 + i, 8 + i, 12 + i, state[order[2 * i]], state[order[2 * i + 1]])
        for i in range(4):
            x, y = state[order[2 * i + 8]], state[order[2 * i + 9]]
            _mix(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, x, y)
    for i in range(8):
        state[_CHAIN + i] ^= state[_WORK + i] ^ state[_WORK + 8 + i]


@inlined
def _mix(state: Words, a: int, b: int, c: int, d: int, x: np.uint64, y: np.uint64) -> None:
    p, q, r, s = state[_WORK + a], state[_WORK + b], state[_WORK + c], state[_WORK + d]
    p = p + q + x
    s = _right(s ^ p, np.uint64(32))
    r = r + s
    q = _right(q ^ r, np.uint64(24))
    p = p + q + y
    s = _right(s ^ p, np.uint64(16))
    r = r + s
    q = _right(q ^ r, np.uint64(63))
    state[_WORK + a], state[_WORK + b], state[_WORK + c], state[_WORK + d] = p, q, r, s


@inlined
def _right(word: np.uint64, places: np.uint64) -> np.uint64:
    return (word >> places) | (word << (np.uint64(64) - places))


@inlined
def _turned(word: np.uint64) -> np.uint64:
    """The bytes in reverse."""
    found = _ZERO
    for _ in range(8):
        found = (found << _EIGHT) | (word & np.uint64(0xFF))
        word >>= _EIGHT
    return found
