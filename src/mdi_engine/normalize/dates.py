"""Dates of any writing to ISO text, and the place that shares a cell with a date of birth.

Day first, as Indonesia writes: `05-04-1990` is 5 April. `05-25-1990` is no date; it is not turned round, because a file
that holds month-first dates holds many that look like day-first ones, and those would be wrong unseen. Nor is a
spreadsheet's day count (`32995`) a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mdi_engine.normalize.digits import is_day
from mdi_engine.normalize.spelling import modern_spelling
from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, null_placeholder
from mdi_engine.reference.fillers import fillers, full_year
from mdi_engine.reference.tables import read_toml

_FOREVER = "9999-12-31"
_USUAL = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"[ t][0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.[0-9]{1,9})?)? ?(?:z|wib|wita|wit|[+-][0-9]{2}:?[0-9]{2})?$"
)
# At the end of a cell: a place may stand before.
_DAY_FIRST = re.compile(r"(?<![0-9])([0-9]{1,2}) ?[-/. ] ?([0-9]{1,2}|[a-z]{3,9})\.? ?[-/., ] ?([0-9]{4}|[0-9]{2})$")
_YEAR_FIRST = re.compile(r"(?<![0-9])([0-9]{4}) ?[-/.] ?([0-9]{1,2}) ?[-/.] ?([0-9]{1,2})$")
_EIGHT = re.compile(r"(?<![0-9])[0-9]{8}$")
_MONTH = re.compile(r"(?<![a-z0-9\-/.])([a-z]{3,9}|[0-9]{1,2}) ?[-/. ] ?([0-9]{4})$")
_YEAR_MONTH = re.compile(r"(?<![0-9])([0-9]{4}) ?[-/.] ?([0-9]{2})$")
_YEAR = re.compile(r"(?<![0-9\-/.])([0-9]{4})$")
_WORD = re.compile(r"[^\W\d_]+")


@cache
def _months() -> Mapping[str, int]:
    return {word: int(month) for month, words in read_toml("date_words")["months"].items() for word in words.split()}


def birth_date(text: str | None) -> str | None:
    """A date as `YYYY-MM-DD`, or `YYYY-MM`, `YYYY` where no more is known; a place before it is passed over.

    Years of two digits: 27 to 99 are of the 1900s, 00 to 26 of the 2000s. NULL for impossible dates, for years outside
    1850 to 2199, and for what stands for no date (`1900-01-01`, `0000-00-00` …).

    >>> [birth_date(text) for text in ("15-05-1990", "15/5/90", "1990-05-15 00:00:00", "19900515", "15 Mei 1990")]
    ['1990-05-15', '1990-05-15', '1990-05-15', '1990-05-15', '1990-05-15']
    >>> [birth_date(text) for text in ("Jakarta, 15-05-1990", "Mei 1990", "1990", "31-02-1990", "05/25/1990", "32995")]
    ['1990-05-15', '1990-05', '1990', None, None, None]
    """
    date = _read(text)[0]
    return None if date in fillers().never else date


def plain_date(text: str | None) -> str | None:
    """Any other date, as `birth_date`; `Seumur Hidup` (for life) and the year 9999 are `9999-12-31`.

    Also `1970-01-01`, the empty date of computers, is NULL here (a person may be born then).

    >>> [plain_date(text) for text in ("31 Desember 2027", "Seumur Hidup", "9999-12-31", "1970-01-01")]
    ['2027-12-31', '9999-12-31', '9999-12-31', None]
    """
    date, _ = _read(text)
    if date is not None:
        return None if date in fillers().plain_never else date
    lower = (null_placeholder(text) or "").lower()
    return _FOREVER if lower in fillers().forever or _TIME.sub("", lower) in (_FOREVER, "31-12-9999") else None


def birth_place(text: str | None) -> str | None:
    """Folded words of a place of birth, the date behind it and words such as Kab. off; NULL if nothing is left.

    >>> [birth_place(text) for text in ("Jakarta, 15-05-1990", "KAB. TANDJUNG PINANG", "Jogja", "1990-05-15")]
    ['jakarta', 'tanjung pinang', 'yogyakarta', None]
    """
    place = _read(text)[1]
    words = [_place_word(word) for word in _WORD.findall(place)] if place else []
    return " ".join([word for word in words if word]) or None


@cache
def _place_words() -> tuple[frozenset[str], Mapping[str, str]]:
    places = read_toml("date_words")["places"]
    return frozenset(places["kinds"].split()), places["short"]


def _place_word(word: str) -> str:
    kinds, short = _place_words()
    return "" if word in kinds else short.get(word, modern_spelling(word))


def _read(text: str | None) -> tuple[str | None, str | None]:
    """The date of a cell as ISO text, and what stands before it in lower case; None for what is not there."""
    if text is None:
        return None, None
    found = _ISO.fullmatch(text)
    if found:
        return _iso(found[1], found[2], found[3]), None
    found = _USUAL.fullmatch(text)
    if found:
        return _iso(found[3], found[2], found[1]), None
    cleaned = null_placeholder(text)
    return (None, None) if cleaned is None else _search(_TIME.sub("", ascii_lower(cleaned)[:MAX_CHARS]))


def _search(text: str) -> tuple[str | None, str | None]:
    for pattern, order in ((_YEAR_FIRST, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1))):
        found = pattern.search(text)
        if found and (found[2].isdecimal() or found[2] in _months()):
            return _iso(*(found[group] for group in order)), text[: found.start()]
    found = _EIGHT.search(text)
    if found:
        return _eight(found[0]), text[: found.start()]
    for pattern, year, month in ((_YEAR_MONTH, 1, 2), (_MONTH, 2, 1)):
        found = pattern.search(text)
        if found and (found[month].isdecimal() or found[month] in _months()):
            return _iso(found[year], found[month], None), text[: found.start()]
    found = _YEAR.search(text)
    return (_iso(found[1], None, None), text[: found.start()]) if found else (None, text)


def _eight(digits: str) -> str | None:
    """Year first or, where that is no date, day first: no eight digits are both."""
    return _iso(digits[:4], digits[4:6], digits[6:]) or _iso(digits[4:], digits[2:4], digits[:2])


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    years = full_year(int(year)) if len(year) == 2 else int(year)
    if not fillers().first_year <= years <= fillers().last_year:
        return None
    if month is None:
        return f"{years}"
    months = int(month) if month.isdecimal() else _months()[month]
    if not is_day(years, months, 1 if day is None else int(day)):
        return None
    return f"{years}-{months:02}" if day is None else f"{years}-{months:02}-{int(day):02}"


NORMALIZERS = (birth_date, plain_date, birth_place)
