"""Codes of services: KPTL (the national terminology), ICD-9-CM procedures, LOINC; and prices."""

from __future__ import annotations

import re

from mdi_engine.normalize.text import null_placeholder

_KPTL = re.compile(r"([0-9]{5})(?:[.\s]?([A-Z]{2}[0-9]{3}))?")
_ICD = re.compile(r"([0-9]{2})(?:[.,]([0-9]{1,2})|([0-9]{2}))")
_LOINC = re.compile(r"(?:LOINC\W{0,3})?([0-9]{1,7})\s?[-–]\s?([0-9])")
_CURRENCY = re.compile(r"^(?:rp|idr)\.?\s*|\s*[,.]?-+$", re.IGNORECASE)
_LONGEST_PRICE = 60
_PRICE = re.compile(r"[0-9][0-9.,]{0,39}")


def kptl_code(text: str | None) -> str | None:
    """A KPTL code: 5 digits, or 5 digits, a point and a modifier of 2 letters and 3 digits; else NULL.

    >>> [kptl_code(text) for text in ("30601", " 12017.pc013 ", "12017 PC013", "30601.0", "3060")]
    ['30601', '12017.PC013', '12017.PC013', None, None]
    """
    found = _matched(_KPTL, text)
    return None if found is None else ".".join(part for part in found.groups() if part)


def icd9cm_code(text: str | None) -> str | None:
    """A procedure of ICD-9-CM, 2 digits, a point, 1 or 2 digits; written without the point too; else NULL.

    Three digits are refused: `111` is 11.1, or 01.11 without its zero. Two digits alone name a chapter's category and
    no procedure. That a code exists is not looked up.

    >>> [icd9cm_code(text) for text in ("94.4", "87,44", "8744", "64", "A15.0")]
    ['94.4', '87.44', '87.44', None, None]
    """
    found = _matched(_ICD, text)
    return None if found is None else f"{found[1]}.{found[2] or found[3]}"


def loinc_code(text: str | None) -> str | None:
    """A LOINC code whose check digit (mod 10) holds; else NULL.

    >>> [loinc_code(text) for text in ("57743-7", "LOINC: 718-7", "57743-6", "577437")]
    ['57743-7', '718-7', None, None]
    """
    found = _matched(_LOINC, text)
    return f"{found[1]}-{found[2]}" if found is not None and _check_digit(found[1]) == found[2] else None


def _check_digit(digits: str) -> str:
    """Luhn's: from the right every other digit doubled, digits of all added, what is missing to the next ten."""
    doubled = (int(digit) * (2 - at % 2) for at, digit in enumerate(reversed(digits)))
    return str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def _matched(pattern: re.Pattern[str], text: str | None) -> re.Match[str] | None:
    cleaned = null_placeholder(text)
    return None if cleaned is None else pattern.fullmatch(cleaned.upper())


def plain_number(text: str | None) -> str | None:
    """A price as digits with a point before decimals, without zeros at either end; NULL where it is no number.

    Both notations are read: where points and commas occur, the last one is the decimal sign. One sign with three
    digits behind it parts thousands, since rupiah have no smaller coin: `12.500` is twelve thousand five hundred.
    Signs that part groups of other than three digits, negative numbers and numbers with an exponent are none.

    >>> [plain_number(text) for text in ("Rp 12.500,00", "12500", "12,500.00", "12.500", "1.250.000", "Rp. 500,-")]
    ['12500', '12500', '12500', '12500', '1250000', '500']
    >>> [plain_number(text) for text in ("12500.50", "0,75", "12.50.00", "1,2E+06", "-5", "gratis")]
    ['12500.5', '0.75', None, None, None, None]
    """
    cleaned = null_placeholder(text)
    bare = "" if cleaned is None or len(cleaned) > _LONGEST_PRICE else _CURRENCY.sub("", cleaned)
    if not _PRICE.fullmatch(bare):
        return None
    sign = _decimal_sign(bare)
    whole, _, part = bare.rpartition(sign) if sign else (bare, "", "")
    groups = re.split(r"[.,]", whole)
    if len(groups) > 1 and (len({*whole} - {*"0123456789"}) > 1 or any(len(group) != 3 for group in groups[1:])):
        return None
    if len(groups) > 1 and not 1 <= len(groups[0]) <= 3:
        return None
    digits, decimals = "".join(groups).lstrip("0") or "0", part.rstrip("0")
    return f"{digits}.{decimals}" if decimals else digits


def _decimal_sign(number: str) -> str:
    """The sign before the decimals, or "" where there are none."""
    last = max(number.rfind("."), number.rfind(","))
    if last < 0:
        return ""
    sign, before, behind = number[last], number[:last], number[last + 1 :]
    if sign in before:
        return ""
    thousands = len(behind) == 3 and len(before) <= 3 and before != "0" and before.isdecimal()
    return "" if thousands else sign


NORMALIZERS = (kptl_code, icd9cm_code, loinc_code, plain_number)
