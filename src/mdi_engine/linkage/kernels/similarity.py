"""Jaro, Jaro-Winkler, Levenshtein and OSA on laid-out texts, as whole numbers. The truth: `weights.distances`.

A text is given by where it begins in `symbols` and its length. Bit-parallel in blocks of 64 characters, after
Myers (1999) and Hyyrö (2003); what the vectors mean is said in Hyyrö's paper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import inlined, kernel, lowest, ones, whole
from mdi_engine.linkage.kernels.letters import WORDS, Symbols

Bits = npt.NDArray[np.uint64]
ZERO, ONE, LAST = np.uint64(0), np.uint64(1), np.uint64(63)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_HALF = 20
_LOW = (1 << _HALF) - 1


@inlined
def mark(symbols: Symbols, begin: int, length: int, bits: Bits) -> None:
    """Write where each symbol of the text stands."""
    for i in range(length):
        bits[symbols[begin + i] * WORDS + (i >> 6)] |= ONE << np.uint64(i & 63)


@inlined
def wipe(symbols: Symbols, begin: int, length: int, bits: Bits) -> None:
    """Take back what `mark` wrote."""
    for i in range(length):
        bits[symbols[begin + i] * WORDS + (i >> 6)] = ZERO


@kernel
def edits(symbols: Symbols, a: int, la: int, b: int, lb: int, swaps: bool, bits: Bits, rows: Bits) -> int:
    """Levenshtein distance; with `swaps` OSA: two neighbours that changed places are one edit."""
    while la > 0 and lb > 0 and symbols[a] == symbols[b]:
        a, b, la, lb = a + 1, b + 1, la - 1, lb - 1
    while la > 0 and lb > 0 and symbols[a + la - 1] == symbols[b + lb - 1]:
        la, lb = la - 1, lb - 1
    if la == 0 or lb == 0:
        return la + lb
    mark(symbols, a, la, bits)
    distance = (
        _few_edits(symbols, la, b, lb, swaps, bits) if la <= 64 else _edits(symbols, la, b, lb, swaps, bits, rows)
    )
    wipe(symbols, a, la, bits)
    return distance


@kernel
def within(symbols: Symbols, a: int, la: int, b: int, lb: int, swaps: bool, most: int, bits: Bits, rows: Bits) -> bool:
    """Whether at most `most` edits are needed: of one or two, what is alike at both ends nearly always tells."""
    while la > 0 and lb > 0 and symbols[a] == symbols[b]:
        a, b, la, lb = a + 1, b + 1, la - 1, lb - 1
    while la > 0 and lb > 0 and symbols[a + la - 1] == symbols[b + lb - 1]:
        la, lb = la - 1, lb - 1
    if max(la, lb) <= most:
        return True
    if abs(la - lb) > most or most < 1:
        return False
    if most == 1:
        return swaps and la == 2 and lb == 2 and symbols[a] == symbols[b + 1] and symbols[a + 1] == symbols[b]
    return edits(symbols, a, la, b, lb, swaps, bits, rows) <= most


@inlined
def _few_edits(symbols: Symbols, la: int, b: int, lb: int, swaps: bool, bits: Bits) -> int:
    """One block: the marked text has at most 64 characters."""
    plus, minus, diagonal, before = ALL, ZERO, ZERO, ZERO
    end = ONE << np.uint64(la - 1)
    distance = la
    for j in range(lb):
        here = bits[symbols[b + j] * WORDS]
        swapped = ((~diagonal & here) << ONE) & before if swaps else ZERO
        diagonal = (((here & plus) + plus) ^ plus) | here | minus | swapped
        up, down = minus | ~(diagonal | plus), diagonal & plus
        distance += whole((up & end) != ZERO) - whole((down & end) != ZERO)
        up, down = (up << ONE) | ONE, down << ONE
        plus, minus, before = down | ~(diagonal | up), up & diagonal, here
    return distance


@inlined
def _edits(symbols: Symbols, la: int, b: int, lb: int, swaps: bool, bits: Bits, rows: Bits) -> int:
    """Several blocks, low to high: what leaves one at the top enters the next at the bottom."""
    blocks = (la + 63) >> 6
    for w in range(blocks):
        rows[0, w], rows[1, w], rows[2, w], rows[3, w] = ALL, ZERO, ZERO, ZERO
    end = ONE << np.uint64((la - 1) & 63)
    distance = la
    for j in range(lb):
        up_in, down_in, diagonal_below, here_below = ONE, ZERO, ZERO, ZERO
        for w in range(blocks):
            plus, minus, old, before = rows[0, w], rows[1, w], rows[2, w], rows[3, w]
            here = bits[symbols[b + j] * WORDS + w]
            swapped = ZERO
            if swaps:
                swapped = (((~old & here) << ONE) | ((~diagonal_below & here_below) >> LAST)) & before
            entering = here | down_in
            diagonal = (((entering & plus) + plus) ^ plus) | entering | minus | swapped
            up, down = minus | ~(diagonal | plus), diagonal & plus
            if w == blocks - 1:
                distance += whole((up & end) != ZERO) - whole((down & end) != ZERO)
            up_out, down_out = up >> LAST, down >> LAST
            up, down = (up << ONE) | up_in, (down << ONE) | down_in
            rows[0, w], rows[1, w], rows[2, w], rows[3, w] = down | ~(diagonal | up), up & diagonal, diagonal, here
            up_in, down_in, diagonal_below, here_below = up_out, down_out, old, here
    return distance


@inlined
def fewest_edits(la: int, lb: int, sign_a: np.uint64, sign_b: np.uint64) -> int:
    """No fewer edits than this are needed: each takes away one kind of letter at most, and brings one at most."""
    return max(abs(la - lb), ones(sign_a & ~sign_b), ones(sign_b & ~sign_a))


@kernel
def jaro_counts(symbols: Symbols, a: int, la: int, b: int, lb: int, bits: Bits, rows: Bits) -> tuple[int, int]:
    """Matching characters, and half the matches that are out of order."""
    reach = max(max(la, lb) // 2 - 1, 0)
    for w in range((lb + 63) >> 6):
        rows[0, w] = ZERO
    for w in range((la + 63) >> 6):
        rows[1, w] = ZERO
    mark(symbols, b, lb, bits)
    matches = 0
    for i in range(la):
        low, high = max(i - reach, 0), min(i + reach, lb - 1)
        for w in range(low >> 6, (high >> 6) + 1):
            window = ALL << np.uint64(max(low - (w << 6), 0))
            window &= ALL >> np.uint64(63 - min(high - (w << 6), 63))
            free = bits[symbols[a + i] * WORDS + w] & window & ~rows[0, w]
            if free != ZERO:
                rows[0, w] |= free & (~free + ONE)
                rows[1, i >> 6] |= ONE << np.uint64(i & 63)
                matches += 1
                break
    wipe(symbols, b, lb, bits)
    return matches, _moved(symbols, a, b, matches, rows) // 2


@inlined
def _moved(symbols: Symbols, a: int, b: int, matches: int, rows: Bits) -> int:
    """How many of the matched letters differ from those of the same number on the other side."""
    moved, wa, wb = 0, 0, 0
    left, right = rows[1, 0], rows[0, 0]
    for _ in range(matches):
        while left == ZERO:
            wa += 1
            left = rows[1, wa]
        while right == ZERO:
            wb += 1
            right = rows[0, wb]
        i, j = (wa << 6) + lowest(left), (wb << 6) + lowest(right)
        moved += whole(symbols[a + i] != symbols[b + j])
        left &= left - ONE
        right &= right - ONE
    return moved


@inlined
def most_matches(la: int, lb: int, sign_a: np.uint64, sign_b: np.uint64) -> int:
    """No more characters than this can match: each kind that the other side lacks costs one at least."""
    return min(la - ones(sign_a & ~sign_b), lb - ones(sign_b & ~sign_a))


@inlined
def prefix(symbols: Symbols, a: int, la: int, b: int, lb: int) -> int:
    """Equal leading characters, at most 4."""
    same = 0
    while same < min(la, lb, 4) and symbols[a + same] == symbols[b + same]:
        same += 1
    return same


@kernel
def similar(matches: int, moved: int, la: int, lb: int, same: int, winkler: bool, top: int, bottom: int) -> bool:
    """Whether Jaro's similarity (with Winkler's bonus for `same` leading characters) is at least `top / bottom`."""
    n, d = 0, 1
    if la == 0 and lb == 0:
        n = 1
    elif matches > 0:
        n, d = matches * matches * (la + lb) + (matches - moved) * la * lb, 3 * la * lb * matches
    if winkler and 10 * n > 7 * d:
        n, d = 10 * n + same * (d - n), 10 * d
    return not less(n, bottom, top, d)


@inlined
def less(a: int, b: int, c: int, d: int) -> bool:
    """Whether a * b < c * d, for whole numbers from 0 to 2^40: the products do not fit into 64 bits."""
    left, right = (a & _LOW) * b, (c & _LOW) * d
    high_left, high_right = (a >> _HALF) * b + (left >> _HALF), (c >> _HALF) * d + (right >> _HALF)
    return high_left < high_right or (high_left == high_right and (left & _LOW) < (right & _LOW))
