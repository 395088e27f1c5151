"""Numbers as people write them: decoration off, damage named, days of a month."""

from __future__ import annotations

import re

from mdi_engine.normalize.text import MAX_CHARS, null_placeholder

_DECORATION = re.compile(r"[\s.\-'’‘`_]+")
_EXPONENT = re.compile(r"[0-9][.,]?[0-9]*[eE][+\-]?[0-9]+")
# What text columns become when a spreadsheet or a database reads them as numbers with decimals.
_DECIMAL = re.compile(r"['’‘`\s]{0,9}[+-]?[0-9]+[.,]0+")
_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def undecorated(text: str | None) -> str | None:
    """The text without blanks, dots, dashes and apostrophes, in capitals; NULL for NULL and placeholders.

    NULL, too, for a number with decimals: without its point `381510410190003.0` would be another number.

    >>> undecorated("'3801.0115 0590-0001"), undecorated(" - "), undecorated("380101150590001.0")
    ('3801011505900001', None, None)
    """
    if text is None or (text.isascii() and text.isalnum() and len(text) <= MAX_CHARS and not text.isalpha()):
        return text and text.upper()
    cleaned = null_placeholder(text)
    return None if cleaned is None or is_decimal(cleaned) else _DECORATION.sub("", cleaned).upper() or None


def is_number(text: str, length: int) -> bool:
    """Whether the text is so many digits 0-9."""
    return len(text) == length and text.isascii() and text.isdecimal()


def has_exponent(text: str) -> bool:
    """Whether a spreadsheet has made a rounded number of it: `3.2E+15`.

    >>> has_exponent("3.2E+15"), has_exponent("3,20102E15"), has_exponent("E12")
    (True, True, False)
    """
    return _EXPONENT.fullmatch(text.strip()) is not None


def is_decimal(text: str) -> bool:
    """Whether a number has nothing but zeros behind its decimal sign: a code that has passed through a number.

    >>> is_decimal("3508055.0"), is_decimal("0812345678,00"), is_decimal("3508.055"), is_decimal("A1.0")
    (True, True, False, False)
    """
    return _DECIMAL.fullmatch(text.strip()) is not None


def is_day(year: int, month: int, day: int) -> bool:
    """Whether the calendar has that day (Gregorian).

    >>> is_day(2000, 2, 29), is_day(1900, 2, 29), is_day(2024, 13, 1)
    (True, False, False)
    """
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month]):
        return False
    return month != 2 or day < 29 or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
