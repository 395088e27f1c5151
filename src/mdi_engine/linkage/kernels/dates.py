"""Tests on dates as people write them down (YYYY-MM-DD). The truth: `weights.levels`, on arrays of letters.

What is longer than ten letters is no date and meets nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import inlined, whole
from mdi_engine.linkage.kernels.letters import Symbols

DATE, YEAR = 10, 4
Digits = npt.NDArray[np.int8]


@inlined
def same(symbols: Symbols, a: int, b: int, length: int) -> bool:
    """Whether the `length` symbols from a and from b are the same."""
    for k in range(length):  # noqa: SIM110  # numba knows no generators
        if symbols[a + k] != symbols[b + k]:
            return False
    return True


@inlined
def swapped(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same year, day and month exchanged."""
    if la != DATE or lb != DATE:
        return False
    return same(symbols, a, b, YEAR) and same(symbols, a + 5, b + 8, 2) and same(symbols, a + 8, b + 5, 2)


@inlined
def one_digit(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same length, one letter different."""
    if la != lb or la > DATE:
        return False
    apart = 0
    for k in range(la):
        apart += whole(symbols[a + k] != symbols[b + k])
    return apart == 1


@inlined
def years(symbols: Symbols, a: int, la: int, b: int, lb: int, most: int, digit: Digits) -> bool:
    """Both begin with a year, and these are at most `most` apart."""
    if min(la, lb) < YEAR or max(la, lb) > DATE:
        return False
    apart = 0
    for k in range(YEAR):
        x, y = whole(digit[symbols[a + k]]), whole(digit[symbols[b + k]])
        if x < 0 or y < 0:
            return False
        apart = 10 * apart + x - y
    return abs(apart) <= most


@inlined
def same_year(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same first four letters, or all of them where there are fewer."""
    length = min(la, YEAR)
    return la <= DATE and lb <= DATE and length == min(lb, YEAR) and same(symbols, a, b, length)


@inlined
def same_day(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same month and day, whatever the year."""
    return la == DATE and lb == DATE and same(symbols, a + YEAR, b + YEAR, DATE - YEAR)
