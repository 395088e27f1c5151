"""A value in four numbers, laid out beside its record: enough to see that most pairs of values have nothing in common.

Of a bag: a number per word (its letters, and its length above them), words that two neighbours may make included. Of a
text: its signature, its length, its first and last four characters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.bags import PAIR, STANDS, Bags
from mdi_engine.linkage.kernels.compiled import inlined, kernel, ones, whole
from mdi_engine.linkage.kernels.letters import SIGN, START, Texts
from mdi_engine.linkage.kernels.similarity import fewest_edits, most_matches, similar

SLOTS = 4
Briefs = npt.NDArray[np.uint64]
_LETTERS = np.uint64((1 << 56) - 1)
_LENGTH, _BYTE, _HALF = np.uint64(56), np.uint64(0xFF), np.uint64(32)
_FIRST = np.uint64(0xFFFFFFFF)
_NONE, _ONE = np.uint64(0), np.uint64(1)
# In a bag's first number: neighbours may make one word, so its words cannot be counted.
_JOINS = np.uint64(1 << 63)
# A bag that its brief does not hold: too many words, or an initial, which meets words of any letters.
UNKNOWN = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def of_bags(bags: Bags, words: Texts, base: int, out: Briefs) -> None:
    """Briefs of the bags from `base` on: their words, then those that two neighbours may make."""
    for code in range(len(out)):
        out[code] = _NONE
        begin, end = bags.start[base + code], bags.start[base + code + 1]
        slot = 0
        for k in range(2 * (end - begin)):
            word = bags.word[begin + k, STANDS] if k < end - begin else bags.word[k + 2 * begin - end, PAIR]
            if word < 0:
                continue
            length = whole(words.head[word + 1, START] - words.head[word, START])
            if slot == SLOTS or length == 1:
                out[code, 0] = UNKNOWN
                break
            out[code, slot] = _of_word(words, word, length)
            if k >= end - begin:
                out[code, 0] |= _JOINS
            slot += 1


@inlined
def _of_word(words: Texts, word: int, length: int) -> np.uint64:
    found = np.uint64(min(length, 126)) << _LENGTH
    for k in range(whole(words.head[word, START]), whole(words.head[word + 1, START])):
        found |= _ONE << np.uint64(words.symbols[k] % 56)
    return found


@inlined
def most_met(x: Briefs, y: Briefs) -> tuple[int, int, int]:
    """No more words of two bags meet than this (by what `bags.meet` asks of letters and lengths), and their sizes.

    All are -1 if nothing is certain.
    """
    if x[0] == UNKNOWN or y[0] == UNKNOWN:
        return -1, -1, -1
    joins = (x[0] | y[0]) & _JOINS != _NONE
    met, partners, na, nb = 0, 0, 0, 0
    while nb < SLOTS and y[nb] != _NONE:
        nb += 1
    while na < SLOTS and x[na] != _NONE:
        near = 0
        for j in range(nb):
            la, lb = whole(x[na] >> _LENGTH) & 127, whole(y[j] >> _LENGTH) & 127
            shorter = min(la, lb)
            allowed = 2 if shorter >= 8 else 1 if shorter >= 4 else 0
            if abs(la - lb) <= allowed and ones((x[na] ^ y[j]) & _LETTERS) <= 2 * allowed:
                near |= 1 << j
        met += 1 if near else 0
        partners |= near
        na += 1
    met = min(met, ones(np.uint64(partners)))
    if met > 0 and joins:
        return -1, -1, -1
    return met, na, nb


@kernel
def of_texts(texts: Texts, base: int, out: Briefs) -> None:
    """Briefs of the texts from `base` on."""
    for code in range(len(out)):
        begin, end = whole(texts.head[base + code, START]), whole(texts.head[base + code + 1, START])
        ends = _NONE
        for k in range(min(end - begin, 4)):
            ends |= (np.uint64(texts.symbols[begin + k]) & _BYTE) << np.uint64(8 * k)
            ends |= (np.uint64(texts.symbols[end - 1 - k]) & _BYTE) << np.uint64(32 + 8 * k)
        out[code, 0], out[code, 1], out[code, 2] = texts.head[base + code, SIGN], np.uint64(end - begin), ends


@inlined
def too_far(winkler: bool, top: int, bottom: int, x: Briefs, y: Briefs) -> bool:
    """Whether it is certain that two texts are less similar than `top / bottom`."""
    la, lb = whole(x[1]), whole(y[1])
    same = 0
    apart = (x[2] ^ y[2]) & _FIRST
    while same < min(la, lb, 4) and (apart >> np.uint64(8 * same)) & _BYTE == _NONE:
        same += 1
    return not similar(most_matches(la, lb, x[0], y[0]), 0, la, lb, same, winkler, top, bottom)


@inlined
def too_many_edits(most: int, x: Briefs, y: Briefs) -> bool:
    """Whether it is certain that two texts are more than `most` edits apart."""
    la, lb = whole(x[1]), whole(y[1])
    if fewest_edits(la, lb, x[0], y[0]) > most:
        return True
    # One edit, were it a swap of neighbours, leaves the first four characters or the last four as they are.
    apart = x[2] ^ y[2]
    return most == 1 and min(la, lb) >= 9 and (apart & _FIRST) != _NONE and (apart >> _HALF) != _NONE
