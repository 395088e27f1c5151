"""The head of a facility's name: `RS Umum Daerah`, `RSIA`, `Klinik Pratama` … and what kind of house it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from mdi_engine.reference.facility_words import facility_words

_LONGEST_PHRASE = 4
_SHORTEST_SLIP = 4
# Heads behind which a hospital's name stands.
_HOSPITALS = frozenset({"rs", "ifrs"})


@dataclass(frozen=True, slots=True)
class Head:
    """What the head says: `base` (`rs`, `klinik` …, None without a head word), its qualifiers, the words after it."""

    base: str | None
    qualifiers: frozenset[str]
    rest: tuple[str, ...]


def read_head(words: Sequence[str]) -> Head:
    """Read head words and qualifiers from the start until a word is neither.

    >>> head = read_head(["rs", "umum", "daerah", "blora"])
    >>> head.base, sorted(head.qualifiers), head.rest
    ('rs', ['daerah', 'umum'], ('blora',))
    """
    base: str | None = None
    found: set[str] = set()
    carried: list[str] = []
    position = 0
    while position < len(words):
        step = _head_at(words, position, base)
        if step is not None:
            first, *more = step.words
            base = first if base is None else facility_words().head_joins.get((base, first), base)
            found.update(q for q in (_qualifier(word) for word in more) if q)
            carried += [word for word in more if _qualifier(word) is None]
        elif base is None or (step := _qualifier_at(words, position, base)) is None:
            break
        else:
            found.update(word for word in step.words if word)
        position += step.length
    return Head(base, frozenset(found), (*carried, *words[position:]))


@dataclass(frozen=True, slots=True)
class _Step:
    words: tuple[str, ...]
    length: int


def _qualifier(word: str) -> str | None:
    """What a word of a spelled-out head stands for; None if it is part of the identity (`rsi` = rs + islam)."""
    spelled = {"ibu": "ibu", "mulut": "gigi", "ketergantungan": "ketergantungan"}
    return spelled.get(word) or facility_words().qualifiers.get(word)


def _head_at(words: Sequence[str], position: int, base: str | None) -> _Step | None:
    heads: Mapping[str, tuple[str, ...]] = facility_words().heads
    for length in (2, 1):
        spelled = heads.get(" ".join(words[position : position + length]))
        if spelled is not None and position + length <= len(words) and _may_follow(base, spelled[0]):
            return _Step(spelled, length)
    return None


def _may_follow(base: str | None, head: str) -> bool:
    return base in (None, head) or (base, head) in facility_words().head_joins


def _qualifier_at(words: Sequence[str], position: int, base: str) -> _Step | None:
    return _hospital_qualifier(words, position) if base in _HOSPITALS else _silent(words, position, base)


def _silent(words: Sequence[str], position: int, base: str) -> _Step | None:
    phrases = facility_words().silent.get(base, frozenset())
    for length in range(min(_LONGEST_PHRASE, len(words) - position), 0, -1):
        if " ".join(words[position : position + length]) in phrases:
            return _Step(("",), length)
    return None


def _hospital_qualifier(words: Sequence[str], position: int) -> _Step | None:
    qualifiers = facility_words().qualifiers
    for length in range(min(_LONGEST_PHRASE, len(words) - position), 0, -1):
        meaning = qualifiers.get(" ".join(words[position : position + length]))
        if meaning is not None:
            return _Step((meaning,), length)
    slip = _slip(words[position])
    return None if slip is None else _Step((qualifiers[slip],), 1)


def _slip(word: str) -> str | None:
    """The head word that `word` misspells by one letter, or by one swap of neighbours; None if there is none."""
    if len(word) < _SHORTEST_SLIP:
        return None
    return next((right for right in facility_words().slips if OSA.distance(word, right, score_cutoff=1) <= 1), None)
