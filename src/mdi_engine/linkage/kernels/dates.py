"""Tests on dates as people write them down (YYYY-MM-DD). The truth: `weights.levels`, on arrays of letters.

What is longer than ten letters is no date and meets nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import inlined, whole
from mdi_engine.linkage.kernels.letters import Symbols

DATE, YEAR = 10, 4
NO_DAY = -1_000_000
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
def days(symbols: Symbols, a: int, la: int, b: int, lb: int, most: int, digit: Digits) -> bool:
    """Both are dates, and these are at most `most` days apart on the calendar."""
    if la != DATE or lb != DATE:
        return False
    x, y = day_number(symbols, a, digit), day_number(symbols, b, digit)
    return x != NO_DAY and y != NO_DAY and abs(x - y) <= most


@inlined
def day_number(symbols: Symbols, a: int, digit: Digits) -> int:
    """Which day the ten letters from a on name, counted from one fixed day; `NO_DAY` if they are no date.

    Years begin in March: then the leap day is the last, and the months before any month have days in a fixed pattern.
    """
    year, month, day = number(symbols, a, 4, digit), number(symbols, a + 5, 2, digit), number(symbols, a + 8, 2, digit)
    if year < 0 or month < 1 or month > 12 or day < 1 or day > 31:
        return NO_DAY
    since_march = (month + 9) % 12
    year -= whole(since_march >= 10)
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * since_march + 2) // 5 + day


@inlined
def number(symbols: Symbols, a: int, length: int, digit: Digits) -> int:
    """The number that `length` digits from a on make; -1 if one of them is no digit."""
    found = 0
    for k in range(length):
        here = whole(digit[symbols[a + k]])
        if here < 0:
            return -1
        found = 10 * found + here
    return found


@inlined
def same_year(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same first four letters, or all of them where there are fewer."""
    length = min(la, YEAR)
    return la <= DATE and lb <= DATE and length == min(lb, YEAR) and same(symbols, a, b, length)


@inlined
def same_day(symbols: Symbols, a: int, la: int, b: int, lb: int) -> bool:
    """The same month and day, whatever the year."""
    return la == DATE and lb == DATE and same(symbols, a + YEAR, b + YEAR, DATE - YEAR)
