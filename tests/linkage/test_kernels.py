"""Every kernel against its slow truth, at the danger zones: block borders, other scripts, nothing, and repetition."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from linkage_tables import WORDS, people, people_model, table
from rapidfuzz.distance import OSA, Levenshtein
from test_levels import near_pairs

from mdi_engine.linkage.candidates.keys import hash_key, match_keys
from mdi_engine.linkage.kernels import bags, brief, dates, similarity
from mdi_engine.linkage.kernels.hashing import key_hashes
from mdi_engine.linkage.kernels.letters import SIGN, START, Alphabet, Texts, alphabet, flat, lay_out
from mdi_engine.linkage.kernels.scratch import Scratch, scratch
from mdi_engine.linkage.kernels.words import split
from mdi_engine.linkage.models.expressions import parse_key, parse_level, words
from mdi_engine.linkage.weights import arrays, distances
from mdi_engine.linkage.weights.levels import levels_of
from mdi_engine.linkage.weights.tokens import match_bags, word_class


def laid(*texts: str) -> tuple[Texts, Alphabet, Scratch]:
    points, start = flat(texts)
    letters = alphabet(points)
    return lay_out(points, start, letters), letters, scratch(len(letters.points))


def places(texts: Texts) -> tuple[int, int, int, int]:
    """Where the first two texts begin, and how long they are."""
    a, b, end = texts.head[:3, START].tolist()
    return a, b - a, b, end - b


def bags_of(texts: Sequence[Sequence[str]], number: Mapping[str, int]) -> bags.Bags:
    """Bags of words by the words' numbers, said once more in plain Python."""
    rows: list[tuple[int, int, int]] = []
    for bag in texts:
        ids = [number[word] for word in bag]
        pairs = [*(number.get(a + b, -1) for a, b in itertools.pairwise(bag)), -1]
        rows += zip(ids, sorted(ids), pairs, strict=False)
    start = np.array([0, *itertools.accumulate(map(len, texts))], dtype=np.int64)
    return bags.Bags(start, np.array(rows, dtype=np.int32).reshape(-1, 3))


@given(pair=near_pairs())
@example(pair=("", ""))
@example(pair=("a", ""))
@example(pair=("a" * 1000, "ab" * 500))
@settings(max_examples=300)
def test_edits_are_those_of_the_slow_truth(pair: tuple[str, str]) -> None:
    texts, _, room = laid(*pair)
    for swaps, truth in ((False, Levenshtein.distance), (True, OSA.distance)):
        found = similarity.edits(texts.symbols, *places(texts), swaps, room.bits, room.rows)
        assert found == truth(*pair)
        assert similarity.fewest_edits(*places(texts)[1::2], *texts.head[:2, SIGN]) <= found
        for most in {0, 1, 2, 3, found - 1, found}:
            reached = similarity.within(texts.symbols, *places(texts), swaps, most, room.bits, room.rows)
            assert reached == (found <= most)
    assert not room.bits.any()


@given(pair=near_pairs())
@example(pair=("", ""))
@example(pair=("ABCxy", "ABCzwv"))
@example(pair=("a" * 1000, "ab" * 500))
@settings(max_examples=300)
def test_jaro_counts_are_those_of_the_slow_truth(pair: tuple[str, str]) -> None:
    texts, _, room = laid(*pair)
    found = similarity.jaro_counts(texts.symbols, *places(texts), room.bits, room.rows)
    assert found == distances.jaro_counts(*pair)
    assert similarity.most_matches(*places(texts)[1::2], *texts.head[:2, SIGN]) >= found[0]
    assert not room.bits.any()


@given(pair=near_pairs(), away=st.sampled_from([0, Fraction(1, 10**9), Fraction(-1, 10**9), Fraction(1, 10**25)]))
@settings(max_examples=300)
def test_similarities_are_compared_as_exact_fractions(pair: tuple[str, str], away: Fraction) -> None:
    texts, _, _ = laid(*pair)
    matches, moved = distances.jaro_counts(*pair)
    _, la, _, lb = place = places(texts)
    same = similarity.prefix(texts.symbols, *place)
    for winkler, truth in ((False, distances.jaro), (True, distances.jaro_winkler)):
        exact = truth(*pair)
        bound = min(max(exact + away, Fraction(0)), Fraction(1))
        least = arrays.at_most_fine(bound)
        found = similarity.similar(matches, moved, la, lb, same, winkler, least.numerator, least.denominator)
        assert found == (exact >= bound)


@given(st.lists(st.integers(0, 1 << 40), min_size=4, max_size=4))
@example([1 << 40, 1 << 40, 1 << 40, (1 << 40) - 1])
@settings(max_examples=300)
def test_products_of_large_numbers_are_compared(numbers: list[int]) -> None:
    a, b, c, d = numbers
    assert similarity.less(a, b, c, d) == (a * b < c * d)


@given(st.integers(0, 10**40), st.integers(1, 10**40))
@settings(max_examples=300)
def test_no_fine_fraction_lies_between_a_bound_and_its_like(top: int, bottom: int) -> None:
    bound = Fraction(min(top, bottom), bottom)
    least = arrays.at_most_fine(bound)
    assert least >= bound
    assert least.denominator <= arrays.FINEST
    if least != bound:
        # The closest fine fraction from below and this one are neighbours: nothing fine lies between them.
        below = bound.limit_denominator(arrays.FINEST)
        if below < bound:
            assert least.numerator * below.denominator - below.numerator * least.denominator == 1


word = (
    st.sampled_from(WORDS)
    | st.text("ab", min_size=1, max_size=9)
    | st.text("a\u4e2d\U0001f600", min_size=1, max_size=9)
)


@given(left=word, right=word)
@example(left="a" * 65, right="a" * 64 + "b")
@settings(max_examples=300)
def test_words_meet_as_the_slow_truth_says(left: str, right: str) -> None:
    if left != right:
        texts, _, room = laid(left, right)
        how = word_class(left, right)
        assert bags.meet(texts, 0, 1, room) == (bags.NO if how is None else how)


@given(left=st.lists(word, max_size=7), right=st.lists(word, max_size=7))
@settings(max_examples=500)
def test_bags_meet_as_the_slow_truth_says(left: list[str], right: list[str]) -> None:
    meets_as_said(left, right)


def test_bags_of_as_many_words_as_there_may_be_meet() -> None:
    rng = random.Random(3)
    few = [a + b for a in "abcd" for b in "abcd"]
    for _ in range(20):
        pool = [rng.choice(few) * rng.randint(1, 5) for _ in range(64)] + rng.choices("abcd", k=64)
        meets_as_said(rng.sample(pool, 64), rng.sample(pool, rng.randint(1, 64)))


def meets_as_said(left: list[str], right: list[str]) -> None:
    vocabulary = sorted({*left, *right})
    number = {text: n for n, text in enumerate(vocabulary)}
    texts, _, room = laid(*vocabulary)
    exact, met, na, nb = bags.match(bags_of([left, right], number), texts, 0, 1, room)
    truth = match_bags(left, right)
    assert (met, na, nb) == (len(truth.meetings), truth.left, truth.right)
    assert exact == sum(meeting.how == bags.EXACT for meeting in truth.meetings)
    rows = room.bag[[bags.HOW, bags.MET_LEFT, bags.MET_RIGHT], :met].T.tolist()
    found = sorted((how, vocabulary[x], vocabulary[y]) for how, x, y in rows)
    assert found == sorted(tuple(meeting) for meeting in truth.meetings)


@pytest.mark.parametrize(
    "texts",
    [[], [""], ["", "a", ""], ["\x00"], ["a" * 2000, "\ud800"], ["z\u07ff\u0800\uffff\U00010000\U0010ffff" * 200]],
)
def test_texts_are_laid_out_whatever_they_hold(texts: list[str]) -> None:
    points, start = flat(texts)
    letters = alphabet(points)
    out = lay_out(points, start, letters)
    back = [letters.points[out.symbols[a:b]].tolist() for a, b in itertools.pairwise(out.head[:, START])]
    assert back == [[ord(letter) for letter in text[:1000]] for text in texts]
    kinds = [{int(symbol) % 64 for symbol in out.symbols[a:b]} for a, b in itertools.pairwise(start)]
    assert [int(sign) for sign in out.head[:-1, SIGN]] == [sum(1 << kind for kind in some) for some in kinds]


@given(pair=near_pairs(), least=st.fractions(0, 1, max_denominator=100), most=st.integers(0, 5))
@settings(max_examples=300)
def test_briefs_of_texts_rule_out_only_what_is_out(pair: tuple[str, str], least: Fraction, most: int) -> None:
    texts, _, _ = laid(*pair)
    both = np.zeros((2, brief.SLOTS), dtype=np.uint64)
    brief.of_texts(texts, 0, both)
    for winkler, truth in ((False, distances.jaro), (True, distances.jaro_winkler)):
        if brief.too_far(winkler, least.numerator, least.denominator, both[0], both[1]):
            assert truth(*pair) < least
    if brief.too_many_edits(most, both[0], both[1]):
        assert OSA.distance(*pair) > most


@given(left=st.lists(word, max_size=5), right=st.lists(word, max_size=5))
@settings(max_examples=500)
def test_briefs_of_bags_rule_out_only_what_is_out(left: list[str], right: list[str]) -> None:
    vocabulary = sorted({*left, *right})
    texts, _, _ = laid(*vocabulary)
    both = np.zeros((2, brief.SLOTS), dtype=np.uint64)
    brief.of_bags(bags_of([left, right], {text: n for n, text in enumerate(vocabulary)}), texts, 0, both)
    met, na, nb = brief.most_met(both[0], both[1])
    truth = match_bags(left, right)
    assert met < 0 or met >= len(truth.meetings)
    assert met <= 0 or (na, nb) == (truth.left, truth.right)


hostile = st.text("ab \u2003\x1c\x85\u4e2d\U0001f600\ud800", max_size=20) | st.sampled_from(
    ["", "b " * 700, " " * 1200]
)


@given(st.lists(hostile, max_size=12), st.sampled_from([2, 1 << 16]))
@settings(max_examples=200)
def test_texts_are_split_into_the_words_of_the_slow_truth(texts: list[str], slots: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mdi_engine.linkage.kernels.words.SLOTS", slots)
        found = split(texts)
    truth = [words(text) for text in texts]
    assert found.vocabulary == sorted({word for bag in truth for word in bag})
    wanted = bags_of(truth, {word: n for n, word in enumerate(found.vocabulary)})
    assert found.bags.start.tolist() == wanted.start.tolist()
    assert found.bags.word.tolist() == wanted.word.tolist()


long = st.text("a\u00e9\u4e2d\U0001f600\ud800 ", min_size=1, max_size=300)


@given(st.lists(long | hostile.filter(bool), max_size=8), st.sampled_from(["NAME", "first(NAME, 3)", "last(NAME, 2)"]))
@example(["a" * n for n in (1, 121, 122, 123, 250)], "NAME")
@settings(max_examples=200)
def test_keys_are_hashed_as_hashlib_does(texts: list[str], key: str) -> None:
    for expression in (parse_key(key), parse_key("each(NAME)"), parse_key("year(NAME)")):
        wanted = [[hash_key(expression, text) for text in expression.keys(value)] for value in texts]
        lengths, hashed = key_hashes(texts, expression.function, expression.number)
        assert lengths.tolist() == [len(hashes) for hashes in wanted]
        assert hashed.tolist() == [h for hashes in wanted for h in hashes]


def test_many_values_make_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    model = people_model()
    records = table(people(60, 44)[0], model)
    few = [posting.keys.tolist() for posting in match_keys(records, model, {})]
    monkeypatch.setattr("mdi_engine.linkage.candidates.keys.MANY_VALUES", 0)
    assert [posting.keys.tolist() for posting in match_keys(records, model, {})] == few


NEAR_DATES = st.builds(
    lambda year, month, day, end: f"{year:04}-{month:02}-{day:02}{end}",
    st.sampled_from([0, 1899, 1900, 1999, 2000]),
    st.integers(0, 13),
    st.sampled_from([0, 1, 27, 28, 29, 30, 31, 32]),
    st.sampled_from(["", "", "", "x"]),
) | st.sampled_from(["", "1900", "19oo-01-01", "1900-01-\u0661\u0662"])


@given(NEAR_DATES, NEAR_DATES, st.sampled_from([0, 1, 3, 31, 366]))
@example("1900-02-28", "1900-03-01", 1)
@example("2000-02-28", "2000-03-01", 1)
def test_days_apart_are_counted_as_the_truth_counts_them(left: str, right: str, most: int) -> None:
    texts, letters, _ = laid(left, right)
    a, la, b, lb = places(texts)
    found = dates.days(texts.symbols, a, la, b, lb, most, letters.digit)
    assert found is bool(levels_of([left], [right], [parse_level(f"days <= {most}", "date")])[0] == 2)
