"""Which level a pair of values reaches: vectorised, and exact at every border.

Level numbers of a comparison with k levels: 0 missing, 1 else, 2 … k + 1, the best last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA, Jaro, JaroWinkler, Levenshtein

from mdi_engine.linkage import distances
from mdi_engine.linkage.expressions import Level

Bools = npt.NDArray[np.bool_]
LevelNumbers = npt.NDArray[np.int16]
Texts = Sequence[str]

# rapidfuzz answers in floats, off by less than 1e-12; inside this band round a bound the exact fraction decides.
_BAND = 1e-9


def levels_of(left: Texts, right: Texts, levels: Sequence[Level]) -> LevelNumbers:
    """Level numbers of value pairs (both present), for text, date and number fields. `levels` are best first."""
    found = np.ones(len(left), dtype=np.int16)
    todo = np.arange(len(left))
    for place, level in enumerate(levels):
        if not len(todo):
            break
        hit = _TESTS[level.test]([left[i] for i in todo.tolist()], [right[i] for i in todo.tolist()], level.bound)
        found[todo[hit]] = len(levels) + 1 - place
        todo = todo[~hit]
    return found


def _exact(left: Texts, right: Texts, _: Fraction) -> Bools:
    return np.fromiter((a == b for a, b in zip(left, right, strict=True)), bool, len(left))


def _similar(fast: object, truth: Callable[[str, str], Fraction]) -> Callable[[Texts, Texts, Fraction], Bools]:
    def test(left: Texts, right: Texts, bound: Fraction) -> Bools:
        scores = process.cpdist(left, right, scorer=fast, dtype=np.float64)  # type: ignore[arg-type]
        hit: Bools = scores >= float(bound)
        for i in np.flatnonzero(np.abs(scores - float(bound)) < _BAND).tolist():
            hit[i] = truth(left[i], right[i]) >= bound
        return hit

    return test


def _distance(fast: object) -> Callable[[Texts, Texts, Fraction], Bools]:
    def test(left: Texts, right: Texts, bound: Fraction) -> Bools:
        hit: Bools = process.cpdist(left, right, scorer=fast, dtype=np.int64) <= int(bound)  # type: ignore[arg-type]
        return hit

    return test


def _per_pair(truth: Callable[[str, str, Fraction], bool]) -> Callable[[Texts, Texts, Fraction], Bools]:
    def test(left: Texts, right: Texts, bound: Fraction) -> Bools:
        return np.fromiter((truth(a, b, bound) for a, b in zip(left, right, strict=True)), bool, len(left))

    return test


def _swapped(left: str, right: str, _: Fraction) -> bool:
    """The same year, day and month exchanged (YYYY-MM-DD)."""
    return len(left) == len(right) == 10 and left[:4] == right[:4] and left[5:7] == right[8:] and left[8:] == right[5:7]


def _one_digit(left: str, right: str, _: Fraction) -> bool:
    return len(left) == len(right) and sum(a != b for a, b in zip(left, right, strict=True)) == 1


def _years(left: str, right: str, bound: Fraction) -> bool:
    a, b = left[:4], right[:4]
    return a.isdecimal() and b.isdecimal() and abs(int(a) - int(b)) <= bound


def _same_year(left: str, right: str, _: Fraction) -> bool:
    return left[:4] == right[:4]


def _same_day(left: str, right: str, _: Fraction) -> bool:
    """The same month and day, whatever the year."""
    return len(left) == len(right) == 10 and left[4:] == right[4:]


def _within(left: str, right: str, bound: Fraction) -> bool:
    try:
        return abs(Fraction(left) - Fraction(right)) <= bound
    except (ValueError, ZeroDivisionError):
        return False


_TESTS: dict[str, Callable[[Texts, Texts, Fraction], Bools]] = {
    "exact": _exact,
    "jaro": _similar(Jaro.similarity, distances.jaro),
    "jaro_winkler": _similar(JaroWinkler.similarity, distances.jaro_winkler),
    "levenshtein": _distance(Levenshtein.distance),
    "osa": _distance(OSA.distance),
    "swapped": _per_pair(_swapped),
    "one_digit": _per_pair(_one_digit),
    "years": _per_pair(_years),
    "same_year": _per_pair(_same_year),
    "same_day": _per_pair(_same_day),
    "within": _per_pair(_within),
}
