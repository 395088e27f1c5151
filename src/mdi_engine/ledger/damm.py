"""Damm's check digit: it catches every single wrong digit and every swap of two neighbours.

The table is a totally anti-symmetric quasigroup of order 10 (H. M. Damm, "Total anti-symmetrische Quasigruppen",
Marburg 2004): x·y ≠ y·x for x ≠ y, and also (c·x)·y ≠ (c·y)·x, with 0 on the diagonal.
"""

from __future__ import annotations

_TABLE = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def damm_digit(digits: str) -> str:
    """The digit to append to `digits`. Raises ValueError on anything but the digits 0 to 9.

    >>> damm_digit("572")
    '4'
    """
    state = 0
    for digit in digits:
        state = _TABLE[state]["0123456789".index(digit)]
    return str(state)


def is_valid(digits: str) -> bool:
    """True if the last digit is the check digit of those before it.

    >>> is_valid("5724"), is_valid("5274")
    (True, False)
    """
    return damm_digit(digits) == "0"
