"""Comparing two bags of words: which words meet, and what that makes of the whole.

Words meet exactly, by a typing error (OSA <= 1 from four letters on, <= 2 from eight), or as an initial. Two
neighbouring words that stand as one on the other side ("bhakti ningsih", "bhaktiningsih") count as that one word.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from mdi_engine.linkage.models.expressions import Level
from mdi_engine.linkage.models.parameters import FrequencyTable

EXACT, TYPO, INITIAL = 0, 1, 2
CLASSES = ("exact", "typo", "initial")
# One place after the classes, frequency tables hold the bag as a whole.
WHOLE = len(CLASSES)


class Meeting(NamedTuple):
    """Two words that meet, and how (an index into `CLASSES`)."""

    how: int
    left: str
    right: str


class BagMatch(NamedTuple):
    """How two bags meet: the meetings, and how many words each side has after joining."""

    meetings: tuple[Meeting, ...]
    left: int
    right: int


@lru_cache(maxsize=1 << 18)
def word_class(left: str, right: str) -> int | None:
    """How two words meet, or None.

    >>> CLASSES[word_class("muhamadiyah", "muhammadiyah")]
    'typo'
    >>> word_class("dwi", "dewi") is None
    True
    """
    if left == right:
        return EXACT
    shorter = min(len(left), len(right))
    if shorter == 1:
        return INITIAL if left[0] == right[0] else None
    allowed = 2 if shorter >= 8 else 1
    if shorter < 4 or abs(len(left) - len(right)) > allowed:
        return None
    return TYPO if OSA.distance(left, right, score_cutoff=allowed) <= allowed else None


def match_bags(left: Sequence[str], right: Sequence[str]) -> BagMatch:
    """Pair the words of two bags: exact meetings first, then typing errors, then initials; each word once.

    Symmetric: the order of the two bags does not change which words meet.
    """
    a, b = _join(left, right), _join(right, left)
    meetings: list[Meeting] = []
    free_a, free_b = [], sorted(b)
    for word in sorted(a):
        if word in free_b:
            free_b.remove(word)
            meetings.append(Meeting(EXACT, word, word))
        else:
            free_a.append(word)
    for how, _, _, x, y in _near(free_a, free_b):
        while x in free_a and y in free_b:
            free_a.remove(x)
            free_b.remove(y)
            meetings.append(Meeting(how, x, y))
    return BagMatch(tuple(meetings), len(a), len(b))


def _near(left: list[str], right: list[str]) -> list[tuple[int, str, str, str, str]]:
    """Unequal words that meet, in the order in which they may choose each other."""
    near = []
    for x in set(left):
        for y in set(right):
            # Most words are nowhere near each other: their lengths alone say so.
            if -3 < len(x) - len(y) < 3 or len(x) == 1 or len(y) == 1:
                how = word_class(x, y)
                if how is not None:
                    near.append((how, min(x, y), max(x, y), x, y))
    return sorted(near)


def _join(words: Sequence[str], other: Sequence[str]) -> list[str]:
    """The words, two neighbours made one where the other side writes them as one."""
    if len(words) < 2:
        return list(words)
    joined: list[str] = []
    i = 0
    while i < len(words):
        pair = words[i] + words[i + 1] if i + 1 < len(words) else ""
        if pair and pair in other and words[i] not in other and words[i + 1] not in other:
            joined.append(pair)
            i += 2
        else:
            joined.append(words[i])
            i += 1
    return joined


def bag_level(match: BagMatch, levels: Sequence[Level]) -> int:
    """The level number (1 else, 2 …, best last) of a bag match."""
    for place, level in enumerate(levels):
        if _reaches(match, level):
            return len(levels) + 1 - place
    return 1


def _reaches(match: BagMatch, level: Level) -> bool:
    met, shorter, longer = len(match.meetings), min(match.left, match.right), max(match.left, match.right)
    if not met:
        return False  # a bag without words holds nothing that could agree
    if level.test == "same":
        return met == longer and all(meeting.how == EXACT for meeting in match.meetings)
    if level.test == "similar":
        return met == longer
    if level.test == "subset":
        return met == shorter
    return Fraction(met, shorter) >= level.bound


def bag_evidence(match: BagMatch, table: FrequencyTable) -> int:
    """Millibits of log2 of the chance that a stranger holds the same words as meet in this pair.

    Where the two bags are the same, the chance to hold just these words and no others, which is never larger.
    """
    total = 0
    for how, left, right in match.meetings:
        listed, floor = table.listed[how], table.floor[how]
        total += (listed.get(left, floor) + listed.get(right, floor)) // 2
    met = sorted(left for how, left, _ in match.meetings if how == EXACT)
    total += carried(met, table.together) if len(met) > 1 else 0
    if len(met) == match.left == match.right:
        total = min(total, table.listed[WHOLE].get(" ".join(met), table.floor[WHOLE]))
    return total


def carried(words: Sequence[str], together: Mapping[tuple[str, str], int]) -> int:
    """What the words share beyond chance, over a spanning forest of the strongest bonds (Chow and Liu, 1968)."""
    bonds = sorted(
        ((together[a, b], a, b) for a, b in itertools.combinations(words, 2) if (a, b) in together),
        key=lambda bond: (-bond[0], bond[1], bond[2]),
    )
    tree = {word: word for word in words}
    total = 0
    for bits, a, b in bonds:
        if tree[a] != tree[b]:
            total += bits
            old, new = tree[b], tree[a]
            tree = {word: new if root == old else root for word, root in tree.items()}
    return total
