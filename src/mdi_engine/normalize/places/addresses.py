"""Addresses: street, house number, neighbourhood (RT/RW), and the words that compare.

`Jl. Merdeka No. 5 RT 004/RW 012 Kel. Menteng Kec. Menteng`: words that only announce (Jl., No., Kel.) are left out, RT
and RW stand on their own, districts and what is above them have code columns and are left out, too. The name of a
village (kelurahan, desa) stays: often it is all there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from mdi_engine.normalize.places.regions import place_at
from mdi_engine.normalize.places.tokens import ROMAN
from mdi_engine.normalize.spelling import fold_spelling
from mdi_engine.normalize.text import MAX_CHARS, ascii_lower, capped, null_placeholder
from mdi_engine.reference.regions import kecamatan, retired_kecamatan
from mdi_engine.reference.tables import read_toml

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|[,;]")
_APOSTROPHES = str.maketrans("", "", "'’`´ʼ‘")
_NUMBERS = r"[\s.:]{0,4}([0-9]{1,3})"
_TWO = rf"{_NUMBERS}[\s./\-]{{1,3}}([0-9]{{1,3}})(?![0-9])"
_BOTH = re.compile(rf"\brt[\s./\-]{{0,3}}rw{_TWO}")
_BOTH_TURNED = re.compile(rf"\brw[\s./\-]{{0,3}}rt{_TWO}")
_RT = re.compile(rf"(?<![^\W\d_])rt{_NUMBERS}(?:\s?[/\-]\s?([0-9]{{1,3}}))?(?![0-9])[\s./,\-]{{0,4}}")
_RW = re.compile(rf"(?<![^\W\d_])rw{_NUMBERS}(?![0-9])")
# `K.H.`, `K. H.`, `R.T.`: letters with points between them are one word.
_INITIALS = re.compile(r"(?<![^\W_])[^\W\d_](?:\. ?[^\W\d_](?![^\W_]))+\.?")
_NOT_LETTER = re.compile(r"[\W\d_]+")
_ALONE = re.compile(r"([0-9]{1,3}) ?/ ?([0-9]{1,3})")
_POSTCODE = re.compile(r"(?:kode ?pos\W{0,3})?(?<![0-9])[0-9]{5}$")
_CODE = re.compile(r"[0-9][0-9.]*")
_EDGES = " ,;.-/"


@dataclass(frozen=True, slots=True)
class _Words:
    fold: Mapping[str, str]
    dropped: frozenset[str]
    village: frozenset[str]
    number: frozenset[str]
    street: frozenset[str]
    other_number: frozenset[str]
    lane: frozenset[str]
    regions: frozenset[str]
    city: frozenset[str]
    own_names: frozenset[str]


class _Address(NamedTuple):
    core: str | None = None
    rt_rw: str | None = None
    number: str | None = None


@cache
def _words() -> _Words:
    toml = read_toml("address_words")
    fold = {word: name for name, words in toml["fold"].items() for word in words.split()}
    dropped, regions = toml["dropped"], toml["regions"]
    sets = [dropped[name] for name in ("words", "village", "number", "street", "other_number", "lane")]
    sets += [regions[name] for name in ("words", "city", "street")]
    return _Words(fold, *(frozenset(words.split()) for words in sets))


@lru_cache(maxsize=65_536)
def _parse(text: str) -> _Address:
    cleaned = null_placeholder(text)
    if cleaned is None:
        return _Address()
    lower = _POSTCODE.sub("", ascii_lower(cleaned).translate(_APOSTROPHES))
    lower = _INITIALS.sub(lambda found: f"{_NOT_LETTER.sub('', found[0])} ", lower)
    rt_rw, rest = _take_rt_rw(lower)
    tokens = _without_regions(_TOKEN.findall(rest))
    return _Address(capped(" ".join(_folded(tokens))), rt_rw, _house_number(tokens))


def _take_rt_rw(lower: str) -> tuple[str | None, str]:
    """RT and RW as `004/012` (`004` without RW, none without RT), and the text without them."""
    found = _ALONE.fullmatch(lower) or _BOTH.search(lower)
    if found:
        return _neighbourhood(found[1], found[2]), _cut(lower, found)
    if turned := _BOTH_TURNED.search(lower):
        return _neighbourhood(turned[2], turned[1]), _cut(lower, turned)
    rt = _RT.search(lower)
    rest = _cut(lower, rt)
    rw = _RW.search(rest)
    return _neighbourhood(rt and rt[1], (rw and rw[1]) or (rt and rt[2])), _cut(rest, rw)


def _neighbourhood(rt: str | None, rw: str | None) -> str | None:
    return None if rt is None else "/".join(f"{int(number):03}" for number in (rt, rw) if number)


def _cut(text: str, found: re.Match[str] | None) -> str:
    return text if found is None else f"{text[: found.start()]} {text[found.end() :]}"


def _without_regions(found: list[str]) -> list[str]:
    """The words without district, regency, city and province: from the word that names the kind to its end."""
    tables = _words()
    kept: list[str] = []
    inside = False
    for place, word in enumerate(found):
        if word in tables.own_names and place and found[place - 1] in tables.street:
            inside = False  # `Jl. Kabupaten`
        elif word in tables.regions or (word in tables.city and place_at(found, place + 1) is not None):
            inside = True
        elif inside:
            inside = not (word in ",;" or word in tables.dropped or word in tables.fold or word.isdecimal())
        if not inside:
            kept.append(word)
    return kept


def _folded(found: list[str]) -> list[str]:
    tables = _words()
    fold, dropped, before = tables.fold, tables.dropped, ""
    words: list[str] = []
    letter_fits = False  # `12 A` is `12a`
    for place, word in enumerate(found):
        street_name = word in tables.village and before in tables.street  # `Jl. Desa`
        numeral = _is_numeral(found, place)
        before = word
        if (word in dropped and not street_name) or word in ",;":
            letter_fits = False
        elif word.isdecimal():
            words.append(word.lstrip("0") or "0")
            letter_fits = True
        elif letter_fits and len(word) == 1:
            words[-1] += word
            letter_fits = False
        else:
            words.append(ROMAN[word] if numeral else fold.get(word) or _folded_word(word))
            letter_fits = False
    return words


def _is_numeral(found: list[str], place: int) -> bool:
    """Whether one letter is a number: any behind Gang or Lorong; I where a name ends (`Mawar I`, not `Blok I`)."""
    tables, word, before = _words(), found[place], found[place - 1] if place else ""
    if len(word) > 1 or word not in ROMAN:
        return False
    behind = found[place + 1] if place + 1 < len(found) else ","
    ends = behind in ",;" or behind in tables.dropped or behind.isdecimal()
    named = len(before) > 1 and before.isalpha() and before not in tables.other_number | tables.dropped
    return before in tables.lane or (word == "i" and named and ends)


@lru_cache(maxsize=131_072)
def _folded_word(word: str) -> str:
    return ROMAN[word] if len(word) > 1 and word in ROMAN else fold_spelling(word)


def _house_number(found: list[str]) -> str | None:
    """The number behind No.; without one, the first number behind a street's name."""
    tables = _words()
    marked = next((n for n, word in enumerate(found) if n and found[n - 1] in tables.number and _is_no(word)), None)
    if marked is not None:
        return _with_letter(found, marked)
    street = next((n for n, word in enumerate(found) if word in tables.street), None)
    if street is None:
        return None
    for place in range(street + 2, len(found)):
        if found[place] in ",;":
            return None
        if _is_no(found[place]) and found[place - 1] not in tables.other_number:
            return _with_letter(found, place)
    return None


def _is_no(word: str) -> bool:
    return word.isdecimal()


def _with_letter(found: list[str], place: int) -> str:
    letter = found[place + 1] if place + 1 < len(found) and len(found[place + 1]) == 1 else ""
    return (found[place].lstrip("0") or "0") + (letter if letter.isalpha() else "")


def address(text: str | None) -> str | None:
    """The address for display: one line, as written, without stray punctuation at its ends; NULL for placeholders.

    >>> address(" Jl. Merdeka  No. 5, "), address("-")
    ('Jl. Merdeka No. 5', None)
    """
    cleaned = null_placeholder(text)
    return None if cleaned is None else cleaned.strip(_EDGES) or None


def address_core(text: str | None) -> str | None:
    """Folded words and numbers of street, quarter and village, in their order; NULL if there are none.

    >>> address_core("Jl. Jend. Soedirman No. 05 RT 004/RW 012 Kel. Menteng Kec. Menteng Kota Jakarta Pusat 10310")
    'jenderal sudirman 5 menteng'
    >>> address_core("PERUMAHAN GRIYA ASRI BLOK C2 NO 12 A"), address_core("Jln Merdeka II Gg. Melati")
    ('perum gria asri blok c 2 12a', 'merdeka 2 gang melati')
    """
    return None if text is None else _parse(text[:MAX_CHARS]).core


def address_rt_rw(text: str | None) -> str | None:
    """Neighbourhood numbers as `004/012`, or `004` where only the RT stands; NULL without an RT.

    >>> [address_rt_rw(text) for text in ("Jl. A RT.4/RW.12", "RT/RW 004/012", "4/12", "B RT 02 RW 01", "RT 3", "A")]
    ['004/012', '004/012', '004/012', '002/001', '003', None]
    """
    return None if text is None else _parse(text[:MAX_CHARS]).rt_rw


def address_number(text: str | None) -> str | None:
    """The house number, with its letter: behind No., else the first number behind a street's name; NULL without.

    >>> [address_number(text) for text in ("Jl. Merdeka No. 05A RT 1/2", "Jl Merdeka 7 b", "Jl. Raya Km. 5", "Desa B")]
    ['5a', '7b', None, None]
    """
    return None if text is None else _parse(text[:MAX_CHARS]).number


def kecamatan_code(text: str | None) -> str | None:
    """Kemendagri code (6 digits) of a district as stated, if it is or was one, of a code of 6 digits or more; or NULL.

    A BPS code looks alike (7 digits) and means another place: only columns known to hold Kemendagri codes belong here.

    >>> [kecamatan_code(text) for text in ("320101", "32.01.01.2001", "910101", "320199", "3201")]
    ['320101', '320101', '910101', None, None]
    """
    cleaned = null_placeholder(text)
    if cleaned is None or not _CODE.fullmatch(cleaned):
        return None
    code = cleaned.replace(".", "")[:6]
    return code if code in kecamatan() or code in retired_kecamatan() else None


NORMALIZERS = (address, address_core, address_rt_rw, address_number, kecamatan_code)
