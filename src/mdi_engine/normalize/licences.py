"""Health workers' papers: STR (registration certificate) and SIP (licence of practice). One person may have several."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mdi_engine.normalize.digits import is_decimal, undecorated
from mdi_engine.normalize.text import MAX_CHARS, clean_text

# Until 2023: 16 digits (one digit more is met in real data); since then also two letters and 14 digits.
_STR = re.compile("[0-9]{16,17}|[A-Z]{2}[0-9]{14}")
_STR_LABEL = re.compile(r"^[\s.:]*(?:no(?:mor)?\b[\s.:]*)?(?:str\b[\s.:]*)?(?:no(?:mor)?\b[\s.:]*)?", re.IGNORECASE)
_STR_BETWEEN = re.compile(r"[;,/|\r\n]+|\bdan\b|&")
# A SIP holds slashes and dots, and commas without a blank behind.
_SIP_BETWEEN = re.compile(r"[;|\r\n]+|, ")
_SIP_LABEL = re.compile(r"^\s*(?:sip\s)?\s*no(?:mor)?\b[\s.:]*", re.IGNORECASE)
_NOT_CAPITAL = re.compile("[^A-Z0-9]+")
_SHORTEST_SIP = 5


def str_number(text: str | None) -> str | None:
    """One STR number without its dots, blanks and dashes; NULL for other shapes.

    Shapes: 16 digits (`31.1.1.100.2.14.123456`, `14 01 5 2 2 29-1234567`), 17 digits, 2 letters and 14 digits.

    >>> [str_number(text) for text in ("31.1.1.100.2.14.123456", "14 01 5 2 2 29-1234567", "No. STR: ab12345678901234")]
    ['3111100214123456', '1401522291234567', 'AB12345678901234']
    >>> str_number("123"), str_number("0000000000000000")
    (None, None)
    """
    if text is None:
        return None
    number = undecorated(_STR_LABEL.sub("", text[:MAX_CHARS], count=1))
    return number if number is not None and _STR.fullmatch(number) and len(set(number[2:])) > 1 else None


def str_numbers(text: str | None) -> str | None:
    """All STR numbers of a cell, each once, sorted, joined by a blank; NULL if there is none.

    Numbers are parted by `;` `/` `,` `&`, `dan` or a line break; a blank parts them where each piece is a number.

    >>> str_numbers("31.1.1.100.2.14.123456 / AB 12345678901234; ; 31.1.1.100.2.14.123456")
    '3111100214123456 AB12345678901234'
    """
    if text is None or is_decimal(text[:MAX_CHARS]):
        return None
    found: set[str | None] = set()
    for part in _STR_BETWEEN.split(text[:MAX_CHARS]):
        whole = str_number(part)
        found.update({whole} if whole else (str_number(piece) for piece in part.split()))
    return _joined(found)


def sip_number(text: str | None) -> str | None:
    """One SIP number, capitals and digits only, for equality: its shape is each place's own.

    NULL if it holds no digit or fewer than five signs.

    >>> sip_number("503/123/SIP.D/DPMPTSP/2023"), sip_number("No. 446/001/SIPB/XI/2022"), sip_number("-")
    ('503123SIPDDPMPTSP2023', '446001SIPBXI2022', None)
    """
    cleaned = clean_text(text)
    if cleaned is None or is_decimal(cleaned):
        return None
    number = _NOT_CAPITAL.sub("", _SIP_LABEL.sub("", cleaned, count=1).upper())
    return number if len(number) >= _SHORTEST_SIP and any(sign.isdecimal() for sign in number) else None


def sip_numbers(text: str | None) -> str | None:
    """All SIP numbers of a cell, each once, sorted, joined by a blank; parted by `;`, `, ` or a line break.

    >>> sip_numbers("503/123/SIP.D/2023; 446/001/SIPB/2022; 503.123.SIP.D.2023")
    '446001SIPB2022 503123SIPD2023'
    """
    return None if text is None else _joined(sip_number(part) for part in _SIP_BETWEEN.split(text[:MAX_CHARS]))


def _joined(numbers: Iterable[str | None]) -> str | None:
    return " ".join(sorted({number for number in numbers if number})) or None


NORMALIZERS = (str_number, str_numbers, sip_number, sip_numbers)
