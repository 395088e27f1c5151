"""Dates of any writing to ISO text, and the place that shares a cell with a date of birth.

Day first, as Indonesia writes: `05-04-1990` is 5 April. `05-25-1990` is no date; it is not turned round, because a file
that holds month-first dates holds many that look like day-first ones, and those would be wrong unseen. Nor is a
spreadsheet's day count (`32995`) a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from mdi_engine.normalize.digits import is_day
from mdi_engine.normalize.places.regions import compact, has_both_kinds, place_at
from mdi_engine.normalize.spelling import modern_spelling
from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, capped, null_placeholder
from mdi_engine.reference.fillers import fillers, full_year
from mdi_engine.reference.tables import read_toml

_FOREVER = "9999-12-31"
_LAST_YEAR = 9999
_USUAL = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"[ t][0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2}(?:\.[0-9]{1,9})?)? ?(?:z|wib|wita|wit|[+-][0-9]{2}:?[0-9]{2})?$"
)
# At the end of a cell: a place may stand before.
_SIGNS = r"\-/.|_\\~"
_DAY_FIRST = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}}) ?[{_SIGNS} ] ?([0-9]{{1,2}}|[a-z]{{3,9}})\.? ?[{_SIGNS}, ] ?([0-9]{{4}}|[0-9]{{2}})$"
)
_YEAR_FIRST = re.compile(rf"(?<![0-9])([0-9]{{4}}) ?[{_SIGNS}] ?([0-9]{{1,2}}) ?[{_SIGNS}] ?([0-9]{{1,2}})$")
# `May 15, 1990`: only with the month in letters.
_MONTH_FIRST = re.compile(r"(?<![a-z])([a-z]{3,9})\.? ?([0-9]{1,2})(?:, ?| )([0-9]{4})$")
_EIGHT = re.compile(r"(?<![0-9])[0-9]{8}$")
_MONTH = re.compile(rf"(?<![a-z0-9{_SIGNS}])([a-z]{{3,9}}|[0-9]{{1,2}}) ?[{_SIGNS} ] ?([0-9]{{4}})$")
_YEAR_MONTH = re.compile(rf"(?<![0-9])([0-9]{{4}}) ?[{_SIGNS}] ?([0-9]{{2}})$")
_YEAR = re.compile(rf"(?<![0-9{_SIGNS}])([0-9]{{4}})$")
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
    return None if date in fillers().never or date == _FOREVER else date


def plain_date(text: str | None) -> str | None:
    """Any other date, as `birth_date`; `Seumur Hidup` (for life) and the year 9999 are `9999-12-31`.

    What stands behind `Seumur Hidup` makes no difference. `1970-01-01`, the empty date of computers, is NULL here (a
    person may be born then).

    >>> [plain_date(text) for text in ("31 Desember 2027", "Seumur Hidup", "9999-12-31", "1970-01-01")]
    ['2027-12-31', '9999-12-31', '9999-12-31', None]
    """
    if text is not None and _forever().match(text[:MAX_CHARS].lower()):
        return _FOREVER
    date, _ = _read(text)
    return None if date in fillers().plain_never else date


@cache
def _forever() -> re.Pattern[str]:
    return re.compile(rf"[^\w]{{0,9}}(?:{'|'.join(map(re.escape, sorted(fillers().forever)))})(?!\w)")


def birth_place(text: str | None) -> str | None:
    """Folded words of a place of birth, the date behind it and words such as Kab. off; NULL if nothing is left.

    Kabupaten and Kota stay before the name of a regency and of a city, too (Bogor, Bandung).

    >>> [birth_place(text) for text in ("Jakarta, 15-05-1990", "KAB. TANDJUNG PINANG", "Jogja", "1990-05-15")]
    ['jakarta', 'tanjung pinang', 'yogyakarta', None]
    >>> [birth_place(text) for text in ("KAB. BOGOR", "Kodya Bogor", "BOGOR", "Kab. Sleman")]
    ['kabupaten bogor', 'kota bogor', 'bogor', 'sleman']
    """
    place = _read(text)[1]
    return capped(" ".join(_place_words(_WORD.findall(place)))) if place else None


def _place_words(found: Sequence[str]) -> Iterator[str]:
    """The words: kinds of place off but where they tell two places apart, region names parted as in the table."""
    tables = _places()
    position, kind = 0, ""
    while position < len(found):
        word, length = found[position], 1
        if word in tables.kinds:
            kind = tables.regions.get(word, "")
        else:
            name, length = _place_at(found, position)
            yield f"{kind} {name}" if kind and has_both_kinds(name) else name
            kind = ""
        position += length


def _place_at(found: Sequence[str], start: int) -> tuple[str, int]:
    """What is written at a word, and how many words it takes: a short form, a region's name, or the word itself."""
    short = _places().short
    for length in (2, 1):
        name = short.get("".join(found[start : start + length]))
        if name is not None and start + length <= len(found):
            return name, length
    region = place_at(found, start)
    if region is not None and compact(region[0]) == compact("".join(found[start : start + region[1]])):
        return region
    return modern_spelling(found[start]), 1


class _Places(NamedTuple):
    """Words that say what kind of place it is, those that say regency or city, and short forms without blanks."""

    kinds: frozenset[str]
    regions: Mapping[str, str]
    short: Mapping[str, str]


@cache
def _places() -> _Places:
    places = read_toml("date_words")["places"]
    regions = {word: kind for kind, words in places["regions"].items() for word in words.split()}
    return _Places(frozenset(places["kinds"].split()) | frozenset(regions), regions, places["short"])


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
    for pattern, order in ((_YEAR_FIRST, (1, 2, 3)), (_DAY_FIRST, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2))):
        found = pattern.search(text)
        if found and (found[order[1]].isdecimal() or found[order[1]] in _months()):
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
    if not (fillers().first_year <= years <= fillers().last_year or years == _LAST_YEAR):
        return None
    if month is None:
        return f"{years}" if years != _LAST_YEAR else _FOREVER
    months = int(month) if month.isdecimal() else _months()[month]
    if not is_day(years, months, 1 if day is None else int(day)):
        return None
    if years == _LAST_YEAR:
        return _FOREVER
    return f"{years}-{months:02}" if day is None else f"{years}-{months:02}-{int(day):02}"


NORMALIZERS = (birth_date, plain_date, birth_place)
