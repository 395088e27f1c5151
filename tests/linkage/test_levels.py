"""The fast kernels against the slow truth, at the danger zones; the slow truth against the textbook."""

from __future__ import annotations

import datetime
import functools
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.models.expressions import parse_level
from mdi_engine.linkage.weights import distances
from mdi_engine.linkage.weights.levels import levels_of

LENGTHS = (0, 1, 2, 63, 64, 65, 130)
letters = st.sampled_from("aab\u0101\u4e2d\U0001f600\x00\ud800")


@st.composite
def near_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """A text of a dangerous length and the same text with a few edits, or another one."""
    length = draw(st.sampled_from(LENGTHS))
    left = "".join(draw(st.lists(letters, min_size=length, max_size=length)))
    right = left
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(right)))
        middle = draw(st.sampled_from([right[at : at + 2][::-1], draw(letters), "", right[at : at + 2] + "b"]))
        right = right[:at] + middle + right[at + 2 :]
    if draw(st.booleans()):
        right = "".join(draw(st.lists(letters, max_size=66)))
    return left, right


def bounds_round(exact: Fraction) -> list[Fraction]:
    """The value itself and its closest decimal neighbours: what a bound in a model can be."""
    near = Fraction(round(exact * 10**9), 10**9)
    return [exact, near, near + Fraction(1, 10**9), near - Fraction(1, 10**9), Fraction(9, 10)]


def reaches(test: str, left: str, right: str, bound: Fraction) -> bool:
    level = parse_level(f"{test} {'>=' if test.startswith('jaro') else '<='} 1", "text")
    found = levels_of([left], [right], [type(level)(level.text, level.test, bound)])
    return bool(found[0] == 2)


@pytest.mark.parametrize("test", ["jaro", "jaro_winkler"])
@given(pair=near_pairs())
@example(pair=("ABCxy", "ABCzwv"))  # Jaro exactly 7/10: a float says just above, and adds Winkler's bonus
@example(pair=("", ""))
@example(pair=("", "a"))
@settings(max_examples=120, deadline=None)
def test_similarities_are_exact_at_every_bound(test: str, pair: tuple[str, str]) -> None:
    truth = {"jaro": distances.jaro, "jaro_winkler": distances.jaro_winkler}[test](*pair)
    for bound in [*bounds_round(truth), Fraction(3, 4), Fraction(7, 10)]:
        assert reaches(test, *pair, bound) == (truth >= bound), (pair, bound)
        assert reaches(test, pair[1], pair[0], bound) == reaches(test, *pair, bound)


@pytest.mark.parametrize("test", ["levenshtein", "osa"])
@given(pair=near_pairs())
@example(pair=("", ""))
@settings(max_examples=120, deadline=None)
def test_distances_are_exact_at_every_bound(test: str, pair: tuple[str, str]) -> None:
    truth = {"levenshtein": distances.levenshtein, "osa": distances.osa}[test](*pair)
    for bound in (truth - 1, truth, truth + 1):
        assert reaches(test, *pair, Fraction(bound)) == (truth <= bound), (pair, bound)


def textbook_edit(left: str, right: str, swaps: bool) -> int:
    """The recursive definition (Levenshtein 1966; with swaps of neighbours: optimal string alignment)."""

    @functools.cache
    def cost(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        best = min(cost(i - 1, j) + 1, cost(i, j - 1) + 1, cost(i - 1, j - 1) + (left[i - 1] != right[j - 1]))
        if swaps and i > 1 and j > 1 and left[i - 2 : i] == right[j - 2 : j][::-1]:
            best = min(best, cost(i - 2, j - 2) + 1)
        return best

    return cost(len(left), len(right))


@given(left=st.text("abc", max_size=9), right=st.text("abc", max_size=9))
@settings(max_examples=200, deadline=None)
def test_edit_distances_are_the_textbook_ones(left: str, right: str) -> None:
    assert distances.levenshtein(left, right) == textbook_edit(left, right, swaps=False)
    assert distances.osa(left, right) == textbook_edit(left, right, swaps=True)


def textbook_jaro(left: str, right: str) -> Fraction:
    """Winkler (1990): letters in common within half the longer length less one; half of those out of order."""
    if left == right:
        return Fraction(1)
    reach = max(len(left), len(right)) // 2 - 1
    free = dict(enumerate(right))
    common = {}
    for i, letter in enumerate(left):
        partner = next((j for j in sorted(free) if free[j] == letter and abs(i - j) <= max(reach, 0)), None)
        if partner is not None:
            common[i] = free.pop(partner)
    if not common:
        return Fraction(0)
    in_right = [letter for j, letter in enumerate(right) if j not in free]
    moved = sum(a != b for a, b in zip(common.values(), in_right, strict=True)) // 2
    c = len(common)
    return Fraction(1, 3) * (Fraction(c, len(left)) + Fraction(c, len(right)) + Fraction(c - moved, c))


@given(left=st.text("abcd", max_size=12), right=st.text("abcd", max_size=12))
@settings(max_examples=200, deadline=None)
def test_jaro_is_the_textbook_one(left: str, right: str) -> None:
    truth = textbook_jaro(left, right)
    assert distances.jaro(left, right) == truth
    same = next((k for k in range(4) if left[k : k + 1] != right[k : k + 1] or not left[k : k + 1]), 4)
    bonus = Fraction(same, 10) * (1 - truth) if truth > Fraction(7, 10) else 0
    assert distances.jaro_winkler(left, right) == truth + bonus


@pytest.mark.parametrize(
    ("left", "right", "jaro", "winkler"),
    [
        ("DWAYNE", "DUANE", Fraction(37, 45), Fraction(21, 25)),
        ("DIXON", "DICKSONX", Fraction(23, 30), Fraction(61, 75)),
        ("MARTHA", "MARHTA", Fraction(17, 18), Fraction(173, 180)),
    ],
)
def test_known_similarities(left: str, right: str, jaro: Fraction, winkler: Fraction) -> None:
    assert (distances.jaro(left, right), distances.jaro_winkler(left, right)) == (jaro, winkler)


def level_of(kind: str, levels: list[str], left: str, right: str) -> str:
    parsed = [parse_level(level, kind) for level in levels]
    return ["missing", "else", *reversed(levels)][int(levels_of([left], [right], parsed)[0])]


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("1980-03-04", "1980-03-04", "exact"),
        ("1980-03-04", "1980-04-03", "swapped"),
        ("1980-03-04", "1981-04-03", "years <= 1"),
        ("1980-03-04", "1980-03-07", "one_digit"),
        ("1980-03-04", "1979-12-31", "years <= 1"),
        ("1980-03-04", "1980-11-21", "years <= 1"),
        ("1980-03-04", "1970-03-04", "one_digit"),
        ("1980-03-04", "1963-03-04", "same_day"),
        ("1980-03-04", "1963-05-06", "else"),
        ("1980", "198", "else"),
        ("1980", "1981", "one_digit"),
        ("abcd", "efgh", "else"),
    ],
)
def test_dates(left: str, right: str, level: str) -> None:
    levels = ["exact", "swapped", "one_digit", "years <= 1", "same_day"]
    assert level_of("date", levels, left, right) == level
    assert level_of("date", levels, right, left) == level


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("1980-03-04", "1980-03-04", True),
        ("1980-12-20", "1981-01-19", True),
        ("1980-12-20", "1981-01-20", False),
        ("1980-02-15", "1980-03-16", True),
        ("1981-02-15", "1981-03-17", True),
        ("1981-02-15", "1981-03-18", False),
        ("0000-01-05", "0000-01-01", True),
        ("1980-13-04", "1980-13-04", False),
        ("1980-00-04", "1980-01-04", False),
        ("1980-03-32", "1980-03-31", False),
        ("1980-03-0", "1980-03-01", False),
        ("1980-03-045", "1980-03-04", False),
        ("198o-03-04", "1980-03-04", False),
        ("", "1980-03-04", False),
    ],
)
def test_dates_within_thirty_days(left: str, right: str, near: bool) -> None:
    assert (level_of("date", ["days <= 30"], left, right) == "days <= 30") is near
    assert (level_of("date", ["days <= 30"], right, left) == "days <= 30") is near


@given(st.dates(), st.integers(-500, 500), st.integers(0, 500))
def test_days_are_those_of_the_calendar(day: datetime.date, apart: int, most: int) -> None:
    other = datetime.date.fromordinal(min(max(day.toordinal() + apart, 1), datetime.date.max.toordinal()))
    near = level_of("date", [f"days <= {most}"], day.isoformat(), other.isoformat()) != "else"
    assert near is (abs((day - other).days) <= most)


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("100", "110", True),
        ("100", "111", False),
        ("0.1", "10.1", True),
        ("0.1", "10.10000000000000000001", False),
        ("-5", "+5", True),
        ("x", "5", False),
        ("1/0", "1", False),
        ("1e999999999", "1e999999999", False),
        ("9" * 5000, "9" * 5000, False),
    ],
)
def test_numbers_within_ten(left: str, right: str, near: bool) -> None:
    assert (level_of("number", ["within 10"], left, right) == "within 10") is near


def test_texts_of_ten_megabytes_are_compared_at_once() -> None:
    left, right = "ab" * 5_000_000, "ba" * 5_000_000
    for test in ("jaro_winkler", "osa"):
        assert reaches(test, left, right, Fraction(1)) is (
            test == "osa" and distances.osa(left[:1000], right[:1000]) < 2
        )
