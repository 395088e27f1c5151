"""Which level a pair of values reaches: vectorised, and exact at every border.

Level numbers of a comparison with k levels: 0 missing, 1 else, 2 … k + 1, the best last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import OSA, Jaro, JaroWinkler, Levenshtein

from mdi_engine.linkage.models.expressions import MOST_LETTERS, Level
from mdi_engine.linkage.weights import distances

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Letters = npt.NDArray[np.uint32]
LevelNumbers = npt.NDArray[np.int16]
Texts = Sequence[str]

# rapidfuzz answers in floats, off by less than 1e-12; inside this band round a bound the exact fraction decides.
_BAND = 1e-9
# Where a float hides on which side of 7/10 Jaro lies, it also hides whether Winkler's bonus (0 to 4 letters) is due.
_WINKLER = tuple(0.7 + 0.03 * prefix for prefix in range(5))
_DATE = 10
NUMBER_SCALE = 10**40
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")


def levels_of(left: Texts, right: Texts, levels: Sequence[Level]) -> LevelNumbers:
    """Level numbers of value pairs (both present), for text, date and number fields. `levels` are best first.

    Distances look at the first 1,000 characters of each value.
    """
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


def _similar(
    fast: object, truth: Callable[[str, str], Fraction], doubtful: Sequence[float] = ()
) -> Callable[[Texts, Texts, Fraction], Bools]:
    def test(left: Texts, right: Texts, bound: Fraction) -> Bools:
        left, right = _cut(left), _cut(right)
        scores = process.cpdist(left, right, scorer=fast, dtype=np.float64)  # type: ignore[arg-type]
        hit: Bools = scores >= float(bound)
        near = np.zeros(len(scores), dtype=bool)
        for border in (float(bound), *doubtful):
            near |= np.abs(scores - border) < _BAND
        for i in np.flatnonzero(near).tolist():
            hit[i] = truth(left[i], right[i]) >= bound
        return hit

    return test


def _cut(texts: Texts) -> Texts:
    return [text[:MOST_LETTERS] for text in texts]


def _distance(fast: object) -> Callable[[Texts, Texts, Fraction], Bools]:
    def test(left: Texts, right: Texts, bound: Fraction) -> Bools:
        left, right = _cut(left), _cut(right)
        hit: Bools = process.cpdist(left, right, scorer=fast, dtype=np.int64) <= int(bound)  # type: ignore[arg-type]
        return hit

    return test


def _dates(
    test: Callable[[Letters, Letters, Ints, Ints, Fraction], Bools],
) -> Callable[[Texts, Texts, Fraction], Bools]:
    """A test on dates as letters (YYYY-MM-DD, one column each). What is longer than ten letters is no date."""

    def on_texts(left: Texts, right: Texts, bound: Fraction) -> Bools:
        lengths = [np.fromiter(map(len, texts), np.int64, len(texts)) for texts in (left, right)]
        letters = [
            np.array([text[:_DATE] for text in texts], dtype=f"U{_DATE}").view(np.uint32).reshape(-1, _DATE)
            for texts in (left, right)
        ]
        hit: Bools = test(letters[0], letters[1], lengths[0], lengths[1], bound)
        return hit & (lengths[0] <= _DATE) & (lengths[1] <= _DATE)

    return on_texts


def _swapped(a: Letters, b: Letters, size_a: Ints, size_b: Ints, _: Fraction) -> Bools:
    """The same year, day and month exchanged."""
    crossed = (a[:, 5:7] == b[:, 8:]).all(axis=1) & (a[:, 8:] == b[:, 5:7]).all(axis=1)
    return np.asarray((a[:, :4] == b[:, :4]).all(axis=1) & crossed & (size_a == _DATE) & (size_b == _DATE))


def _one_digit(a: Letters, b: Letters, size_a: Ints, size_b: Ints, _: Fraction) -> Bools:
    return np.asarray((size_a == size_b) & ((a != b).sum(axis=1) == 1))


def _years(a: Letters, b: Letters, _a: Ints, _b: Ints, bound: Fraction) -> Bools:
    digits_a, digits_b = a[:, :4].astype(np.int64) - ord("0"), b[:, :4].astype(np.int64) - ord("0")
    are_digits = ((digits_a >= 0) & (digits_a <= 9) & (digits_b >= 0) & (digits_b <= 9)).all(axis=1)
    apart = np.abs((digits_a - digits_b) @ np.array([1000, 100, 10, 1]))
    return np.asarray(are_digits & (apart <= int(bound)))


def _days(a: Letters, b: Letters, _a: Ints, _b: Ints, bound: Fraction) -> Bools:
    """Two dates at most so many days apart; a month has up to 31 days, and 30 February is 2 March (or the first)."""
    (x, is_date), (y, is_other) = _day_number(a), _day_number(b)
    return np.asarray(is_date & is_other & (np.abs(x - y) <= int(bound)))


def _day_number(letters: Letters) -> tuple[Ints, Bools]:
    """The day of each date, counted from one fixed day, and whether it is a date at all.

    Years begin in March: then the leap day is the last, and the months before any month have days in a fixed pattern.
    """
    digits = letters[:, [0, 1, 2, 3, 5, 6, 8, 9]].astype(np.int64) - ord("0")
    year = digits[:, :4] @ np.array([1000, 100, 10, 1])
    month, day = 10 * digits[:, 4] + digits[:, 5], 10 * digits[:, 6] + digits[:, 7]
    is_date = ((digits >= 0) & (digits <= 9)).all(axis=1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    since_march = (month + 9) % 12
    year = year - (since_march >= 10)
    number = 365 * year + year // 4 - year // 100 + year // 400 + (153 * since_march + 2) // 5 + day
    return number, is_date


def _same_year(a: Letters, b: Letters, size_a: Ints, size_b: Ints, _: Fraction) -> Bools:
    same_size = np.minimum(size_a, 4) == np.minimum(size_b, 4)
    return np.asarray((a[:, :4] == b[:, :4]).all(axis=1) & same_size)


def _same_day(a: Letters, b: Letters, size_a: Ints, size_b: Ints, _: Fraction) -> Bools:
    """The same month and day, whatever the year."""
    return np.asarray((a[:, 4:] == b[:, 4:]).all(axis=1) & (size_a == _DATE) & (size_b == _DATE))


def _within(left: Texts, right: Texts, bound: Fraction) -> Bools:
    """Plain decimal numbers of at most 40 digits before and after the point, each read once."""
    whole = {text: number_of(text) for text in {*left, *right}}
    most = int(bound * NUMBER_SCALE)
    pairs = ((whole[a], whole[b]) for a, b in zip(left, right, strict=True))
    return np.fromiter((a is not None and b is not None and abs(a - b) <= most for a, b in pairs), bool, len(left))


def number_of(text: str) -> int | None:
    """A plain decimal number in units of 10^-40; None if the text is none.

    >>> number_of("-0.5") == -(10**40) // 2, number_of("1e3")
    (True, None)
    """
    return int(Fraction(text) * NUMBER_SCALE) if _NUMBER.fullmatch(text) else None


_TESTS: dict[str, Callable[[Texts, Texts, Fraction], Bools]] = {
    "exact": _exact,
    "jaro": _similar(Jaro.similarity, distances.jaro),
    "jaro_winkler": _similar(JaroWinkler.similarity, distances.jaro_winkler, _WINKLER),
    "levenshtein": _distance(Levenshtein.distance),
    "osa": _distance(OSA.distance),
    "swapped": _dates(_swapped),
    "one_digit": _dates(_one_digit),
    "days": _dates(_days),
    "years": _dates(_years),
    "same_year": _dates(_same_year),
    "same_day": _dates(_same_day),
    "within": _within,
}
