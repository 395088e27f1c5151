"""The name of a health facility taken apart: kind of house, identity, number, place.

Hospital lists write one house in many ways: `RSUD`, `RSU Daerah`, `RS Umum Daerah`; with or without the founder's
titles, the regency, the class, the contract tail. What stays the same is compared part by part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from mdi_engine.normalize.places.head import Head, read_head
from mdi_engine.normalize.places.regions import has_both_kinds, place_at
from mdi_engine.normalize.places.tokens import ROMAN, facility_tokens, is_army_code
from mdi_engine.normalize.spelling import fold_spelling
from mdi_engine.normalize.text import capped, null_placeholder
from mdi_engine.reference.facility_words import facility_words


@dataclass(frozen=True, slots=True)
class FacilityName:
    """The parts of a facility's name, each NULL where the name says nothing.

    `type` is one token (`rsud`, `rsia`, `rsk_mata`, `klinik` …); `core`, `number` and `place` are tokens joined by a
    space: `core` in folded spelling, `number` in Arabic digits, `place` as the official name of the region (behind
    `kota` where the name says so and a regency of that name exists too). `display` is the whole name in capitals,
    the head abbreviated, titles and contract tails left out.
    """

    display: str | None
    type: str | None
    core: str | None
    number: str | None
    place: str | None


_HOSPITAL = frozenset({"hospital", "hospitals", "rs"})
# Words this short are acronyms as often as not, and acronyms are not spelled by ear.
_LONGEST_ACRONYM = 3
NOTHING = FacilityName(None, None, None, None, None)


@lru_cache(maxsize=65_536)
def parse_facility_name(text: str | None) -> FacilityName:
    """Take a name apart; NULL, placeholders and text without a word give NULL parts. Never raises.

    >>> parse_facility_name("RS Umum Daerah Dr. H. Soewondo Kab. Kendal")
    FacilityName(display='RSUD SOEWONDO KABUPATEN KENDAL', type='rsud', core='suwondo', number=None, place='kendal')
    >>> parse_facility_name("RS TK. IV 01.07.03")
    FacilityName(display='RS TNI 01.07.03', type='rstni', core=None, number='010703', place=None)
    """
    cleaned = null_placeholder(text)
    if cleaned is None:
        return NOTHING
    words = facility_tokens(cleaned)
    head = read_head(words)
    if head.base is None and not _HOSPITAL.isdisjoint(words):
        head = read_head(["rs", *words])  # `Siloam Hospitals`: the head stands behind
    if head.base is None:
        hinted = (facility_words().hints[word] for word in words if word in facility_words().hints)
        head = replace(head, base=next(hinted, None))
    return _assemble(head, _read_body(head.rest, hospital=head.base in (None, "rs", "ifrs")))


@dataclass(slots=True)
class _Body:
    """What the words after the head hold, in order. A hospital's name leaves more out than others can spare."""

    hospital: bool
    shown: list[str] = field(default_factory=list)
    core: list[str] = field(default_factory=list)
    spare: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    qualifiers: set[str] = field(default_factory=set)


def _read_body(words: Sequence[str], hospital: bool) -> _Body:
    body = _Body(hospital)
    position = 0
    region = ""
    while position < len(words):
        word = words[position]
        place = _place(words, position, region)
        if place is None:
            _keep_region(region, body)
            next_region = facility_words().region.get(word, "")
            position += _skip_or_take(words, position, body)
        else:
            name, length = place
            body.places.append(f"kota {name}" if region == "kota" and has_both_kinds(name) else name)
            body.shown += words[position : position + length]
            next_region = ""
            position += length
        region = next_region
    _keep_region(region, body)
    return body


def _keep_region(region: str, body: _Body) -> None:
    """A region word that no region followed: all that is left (`Puskesmas Kota`), or part of a name."""
    if region in facility_words().region_kept:
        (body.spare if body.hospital else body.core).append(region)


def _place(words: Sequence[str], position: int, region: str) -> tuple[str, int] | None:
    found = place_at(words, position)
    if found is None:
        return None
    end = position + found[1]
    ordinary = words[position] in facility_words().ordinary_places and found[1] == 1
    return None if ordinary and not region and end < len(words) else found


def _skip_or_take(words: Sequence[str], position: int, body: _Body) -> int:
    """Read one word, or a few that belong together, that name no region; gives how many."""
    tables = facility_words()
    word = words[position]
    following = words[position + 1] if position + 1 < len(words) else ""
    if word in tables.region:
        body.shown.append(tables.region[word])
        return 1
    grade = word in tables.grades and (following in ROMAN or following.isdecimal())
    if grade or word in tables.forces or f"{word} {following}" in tables.forces:
        body.qualifiers.add("tni")
        return 2 if grade or f"{word} {following}" in tables.forces else 1
    if _take_number(words, position, body):
        return 1
    return _take_word(word, following, body)


def _take_number(words: Sequence[str], position: int, body: _Body) -> bool:
    word = words[position]
    if is_army_code(word):
        body.qualifiers.add("tni")
    if word[0].isdecimal():
        shown = word if "." in word else str(int(word)) if len(word) < 19 else word
        body.numbers.append(shown.replace(".", ""))
        body.shown.append(shown)
        return True
    last = position + 1 == len(words)
    if word not in ROMAN or (len(word) == 1 and not (last and (body.core or body.places))):
        return False
    body.numbers.append(ROMAN[word])
    body.shown.append(ROMAN[word])
    return True


def _take_word(word: str, following: str, body: _Body) -> int:
    tables = facility_words()
    joined = following.isalpha() and len(following) > 1 and following not in tables.region
    length = 2 if joined and (word in tables.articles or word in tables.compound_first) else 1
    whole = word + following if length == 2 else tables.synonyms.get(word, word)
    body.shown += [word, following][:length]
    if word == tables.police:
        body.qualifiers.add("polri")
    if length == 1 and (word in tables.fallback or (len(word) == 1 and (body.hospital or following))):
        body.spare.append(word)
    elif length == 2 or (word not in tables.weak and (body.hospital or word not in tables.weak_elsewhere)):
        body.core.append(whole if len(whole) <= _LONGEST_ACRONYM else fold_spelling(whole))
    return length


def _assemble(head: Head, body: _Body) -> FacilityName:
    kind, label = _type(head.base, head.qualifiers | body.qualifiers)
    display = " ".join(word for word in (label, *body.shown) if word)
    return FacilityName(
        display=capped(unicodedata.normalize("NFC", display.upper())),
        type=kind,
        core=_joined(body.core or body.spare),
        number=_joined(body.numbers),
        place=_joined(list(dict.fromkeys(body.places))),
    )


def _type(base: str | None, qualifiers: frozenset[str]) -> tuple[str | None, str]:
    if base != "rs":
        return base, base or ""
    rule = next(rule for rule in facility_words().types if rule.needs is None or rule.needs in qualifiers)
    return rule.type, rule.label


def _joined(tokens: Sequence[str]) -> str | None:
    return capped(" ".join(tokens))


def facility_name(text: str | None) -> str | None:
    """The whole name in capitals, head abbreviated, titles and contract tails left out; NULL stays NULL.

    >>> facility_name("Rumah Sakit Umum Daerah dr. Soetomo (Jst)")
    'RSUD SOETOMO'
    """
    return parse_facility_name(text).display


def facility_type(text: str | None) -> str | None:
    """What kind of house the name says, as one token; NULL if it says nothing.

    >>> [facility_type(text) for text in ("RSU Daerah X", "RS Ibu dan Anak Y", "RS Bersalin Z", "Siloam Hospitals")]
    ['rsud', 'rsia', 'rsia', 'rs']
    """
    return parse_facility_name(text).type


def facility_house(text: str | None) -> str | None:
    """What a facility can never be two of: `rs` for every hospital, else its type; NULL if the name says nothing.

    >>> [facility_house(text) for text in ("RSUD X", "RSIA Y", "Instalasi Farmasi RSUD X", "Puskesmas Z")]
    ['rs', 'rs', 'ifrs', 'puskesmas']
    """
    kind = parse_facility_name(text).type
    return "rs" if kind is not None and kind.startswith("rs") else kind


def facility_core(text: str | None) -> str | None:
    """The folded words that carry identity, without type, number and place; NULL if there are none.

    >>> facility_core("RS St. Carrolus Boromeus"), facility_core("RSUD Kab. Bangli")
    ('santo carolus boromeus', None)
    """
    return parse_facility_name(text).core


def facility_number(text: str | None) -> str | None:
    """Numbers of the name in Arabic digits, joined by a space; the grade of an army hospital is not one.

    >>> facility_number("RSU Aliyah III"), facility_number("RS Tk. IV Lahat")
    ('3', None)
    """
    return parse_facility_name(text).number


def facility_place(text: str | None) -> str | None:
    """Regions named in the name, official names in lower case joined by a space; NULL if there are none.

    >>> facility_place("RSUD Sultan Iskandar Muda Nagan Raya"), facility_place("RSUD Kota Solok")
    ('nagan raya', 'kota solok')
    """
    return parse_facility_name(text).place


NORMALIZERS = (facility_name, facility_type, facility_house, facility_core, facility_number, facility_place)
