"""A facility's name cut into words: initials, brackets, apostrophes, titles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mdi_engine.normalize.places.regions import place_at
from mdi_engine.normalize.text import ascii_lower
from mdi_engine.reference.facility_words import facility_words

_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
# Roman numerals up to 29; higher ones are words or initials as often as numbers.
ROMAN = {tens + unit: str(10 * len(tens) + value) for tens in ("", "x", "xx") for value, unit in enumerate(_UNITS)}
del ROMAN[""]

_APOSTROPHES = re.compile("[’'`´ʼ‘]")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?")
_SPACED_LETTERS = re.compile(r"\b[^\W\d_](?: [^\W\d_]){2,}\b")
_TOKEN = re.compile(r"\d+(?:\.\d+)+|\d+|[^\W\d_]+")
_COVID = re.compile(r"\bcovid\W{0,3}19\b")
_BRACKET = re.compile(r"\(([^\W\d_]{2,6})\)")
_ARMY_CODE = re.compile(r"\d\d\.\d\d\.\d\d")
_LONGEST_LOOK_BACK = 200

# Source columns were cut at these lengths (RS Online 50, BPJS 30): a last word of one or two letters is then a stump.
_CUT_LENGTHS = (30, 50)
_LONGEST_STUMP = 2


def facility_tokens(cleaned: str) -> list[str]:
    """The words of a cleaned name in lower case without diacritics, titles and contract tails; numbers stand alone.

    >>> facility_tokens("RSUD Dr. (H.C.) Ir. Soekarno"), facility_tokens("RSU Jakarta Medical Center (JMC) MM2100")
    (['rsud', 'soekarno'], ['rsu', 'jakarta', 'medical', 'center', 'mm', '2100'])
    """
    text = _APOSTROPHES.sub("", ascii_lower(cleaned))
    text = _COVID.sub("covid", text)
    text = _INITIALS.sub(_join_initials, _BRACKET.sub(_drop_own_initials, text))
    words = _TOKEN.findall(_SPACED_LETTERS.sub(lambda match: match[0].replace(" ", ""), text))
    if len(cleaned) in _CUT_LENGTHS and len(words) > 1 and _is_stump(words[-1]):
        words.pop()
    return list(_without_titles(words))


def _is_stump(word: str) -> bool:
    return word.isalpha() and len(word) <= _LONGEST_STUMP and word not in ROMAN


def is_army_code(word: str) -> bool:
    """Whether a number is an army hospital's code, as in `RS TK. IV 01.07.03`."""
    return _ARMY_CODE.fullmatch(word) is not None


def _join_initials(match: re.Match[str]) -> str:
    """`R.S.U.D.` is one word; two letters are a person's initials unless they spell a head or a title (`H.C.`)."""
    letters = match[0].replace(".", "")
    together = len(letters) > 2 or letters in facility_words().heads or letters in facility_words().dropped
    return f" {letters} " if together else f" {' '.join(letters)} "


def _drop_own_initials(match: re.Match[str]) -> str:
    """`(JMC)` behind `Jakarta Medical Center` says nothing new."""
    before = match.string[max(0, match.start() - _LONGEST_LOOK_BACK) : match.start()]
    initials = "".join(word[0] for word in _TOKEN.findall(before))
    return " " if initials.endswith(match[1]) else f" {match[1]} "


def _without_titles(words: list[str]) -> Iterator[str]:
    tables = facility_words()
    for position, word in enumerate(words):
        if word == "al" and _is_navy(words, position):
            yield "tni"
        elif word not in tables.dropped:
            yield tables.expansions.get(word, word)


def _is_navy(words: list[str], position: int) -> bool:
    """`RS AL dr. Oetojo`, `RS AL Ambon` are the navy's; the `al` of `RS Al Huda` is an article."""
    after = position + 1
    if position == 0 or after == len(words):
        return position > 0
    return words[after] in facility_words().titles or place_at(words, after) is not None
