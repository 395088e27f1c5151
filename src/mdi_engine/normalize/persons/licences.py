"""Health workers' papers: STR (registration certificate) and SIP (licence of practice). One person may have several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mdi_engine.normalize.digits import is_decimal, undecorated
from mdi_engine.normalize.text import MAX_CHARS, clean_text
from mdi_engine.reference.placeholders import is_placeholder

# Until 2023: 16 digits (one digit more is met in real data); since then also two letters and 14 digits.
_STR = re.compile("[0-9]{16,17}|[A-Z]{2}[0-9]{14}")
_STR_LABEL = re.compile(r"^[\s.:]*(?:no(?:mor)?\b[\s.:]*)?(?:str\b[\s.:]*)?(?:no(?:mor)?\b[\s.:]*)?", re.IGNORECASE)
_STR_BETWEEN = re.compile(r"[;,/|()\r\n]+|\bdan\b|&")
# A SIP holds slashes and dots, and commas without a blank behind.
_SIP_BETWEEN = re.compile(r"[;|\r\n]+|, ")
_LONGEST_STR = 17
_DAY = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2})")
# `SIP 446/…` and `SIPB: 446/…` announce the number; `SIP.446/…` and `SIP/446/…` begin it.
_NUMBER_LABEL = r"(?:no(?:mor)?\b[\s.:]*)?"
_SIP_LABEL = re.compile(rf"^\s*{_NUMBER_LABEL}(?:sip[a-z]{{0,4}}(?:\.?\s|\s?:)[\s.:]*)?{_NUMBER_LABEL}", re.IGNORECASE)
_NOT_LETTER = re.compile(r"[\W\d_]+")
_NUMBER = re.compile("[0-9]+")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
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
    return number if number is not None and _is_str(number) else None


def str_numbers(text: str | None) -> str | None:
    """All STR numbers of a cell, each once, sorted, joined by a blank; NULL if there is none.

    Numbers are parted by `;` `/` `,` `&`, `dan`, a bracket or a line break; blanks may part them, too, and
    stand inside. Days and words beside them are passed over.

    >>> str_numbers("31.1.1.100.2.14.123456 / AB 12345678901234; ; 31.1.1.100.2.14.123456")
    '3111100214123456 AB12345678901234'
    """
    if text is None or is_decimal(text[:MAX_CHARS]):
        return None
    found: set[str | None] = set()
    for part in _STR_BETWEEN.split(text[:MAX_CHARS]):
        whole = str_number(part)
        found.update({whole} if whole else _str_pieces(part))
    return _joined(found)


def _str_pieces(part: str) -> Iterator[str]:
    """The numbers among words parted by blanks: from each word on, the fewest words that are one together."""
    words = [undecorated(word) or "-" for word in _STR_LABEL.sub("", part, count=1).split() if not _DAY.fullmatch(word)]
    start = 0
    while start < len(words):
        joined, end = words[start], start + 1
        while len(joined) < _LONGEST_STR and end < len(words) and not _is_str(joined):
            joined, end = joined + words[end], end + 1
        if _is_str(joined):
            yield joined
        start = end if _is_str(joined) else start + 1


def _is_str(number: str) -> bool:
    return _STR.fullmatch(number) is not None and len(set(number[2:])) > 1


def sip_number(text: str | None) -> str | None:
    """One SIP number, capitals and digits only, for equality: its shape is each place's own.

    NULL if it holds no digit but those of one year, fewer than five signs, or only says that there is none.

    >>> sip_number("503/123/SIP.D/DPMPTSP/2023"), sip_number("No. 446/001/SIPB/XI/2022"), sip_number("-")
    ('503123SIPDDPMPTSP2023', '446001SIPBXI2022', None)
    """
    cleaned = clean_text(text)
    if cleaned is None or is_decimal(cleaned):
        return None
    bare = _SIP_LABEL.sub("", cleaned, count=1).upper()
    letters, digits = _NOT_LETTER.sub(" ", bare).strip(), _NUMBER.findall(bare)
    if not digits or (len(digits) == 1 and _YEAR.fullmatch(digits[0])) or (letters and is_placeholder(letters)):
        return None
    number = _NOT_CAPITAL.sub("", bare)
    return number if len(number) >= _SHORTEST_SIP else None


def sip_numbers(text: str | None) -> str | None:
    """All SIP numbers of a cell, each once, sorted, joined by a blank; parted by `;`, `, ` or a line break.

    >>> sip_numbers("503/123/SIP.D/2023; 446/001/SIPB/2022; 503.123.SIP.D.2023")
    '446001SIPB2022 503123SIPD2023'
    """
    return None if text is None else _joined(sip_number(part) for part in _SIP_BETWEEN.split(text[:MAX_CHARS]))


def _joined(numbers: Iterable[str | None]) -> str | None:
    return " ".join(sorted({number for number in numbers if number})) or None


NORMALIZERS = (str_number, str_numbers, sip_number, sip_numbers)
