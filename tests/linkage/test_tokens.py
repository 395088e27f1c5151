from __future__ import annotations

import itertools
import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import WORDS, Row, table

from mdi_engine.linkage.models.expressions import parse_level
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights import distances
from mdi_engine.linkage.weights.score import score
from mdi_engine.linkage.weights.tokens import CLASSES, EXACT, INITIAL, TYPO, bag_level, match_bags, word_class

word = st.sampled_from(WORDS) | st.text("ab", min_size=1, max_size=9)
bag = st.lists(word, max_size=7)
LEVELS = ["same", "similar", "subset", "overlap >= 0.5", "overlap"]


@given(left=bag, right=bag)
@settings(max_examples=400, deadline=None)
def test_matching_is_symmetric_and_uses_each_word_once(left: list[str], right: list[str]) -> None:
    there, back = match_bags(left, right), match_bags(right, left)
    assert (there.left, there.right) == (back.right, back.left)
    assert Counter((how, a, b) for how, a, b in there.meetings) == Counter((how, b, a) for how, a, b in back.meetings)
    of_left, of_right = [m.left for m in there.meetings], [m.right for m in there.meetings]
    for words, used, size in ((left, of_left, there.left), (right, of_right, there.right)):
        assert len(used) <= size <= len(words)
        # Joined neighbours aside, no word is used more often than it stands there.
        pairs = {a + b for a, b in itertools.pairwise(words)}
        assert all(count <= words.count(w) or w in pairs for w, count in Counter(used).items())
        assert sum(map(len, used)) <= sum(map(len, words))


@given(left=word, right=word)
@settings(max_examples=400, deadline=None)
def test_how_words_meet(left: str, right: str) -> None:
    shorter = min(len(left), len(right))
    wanted = None
    if left == right:
        wanted = EXACT
    elif shorter == 1:
        wanted = INITIAL if left[0] == right[0] else None
    elif shorter >= 4 and distances.osa(left, right) <= (2 if shorter >= 8 else 1):
        wanted = TYPO
    assert word_class(left, right) == wanted == word_class(right, left)


@given(left=bag, right=bag)
@settings(max_examples=200, deadline=None)
def test_exact_meetings_are_as_many_as_words_in_common(left: list[str], right: list[str]) -> None:
    match = match_bags(left, right)
    exact = sum(meeting.how == EXACT for meeting in match.meetings)
    assert exact >= (Counter(left) & Counter(right)).total()


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("bhakti ningsih", "bhaktiningsih", "same"),
        ("rsu bhakti ningsih", "bhaktiningsih rsu", "same"),
        ("bhakti bhakti ningsih", "bhaktiningsih bhakti", "overlap >= 0.5"),  # its own bhakti would be used up
        ("siti nur aini", "nur aini siti", "same"),
        ("muhammad", "muhamad", "similar"),
        ("s aini", "siti aini", "similar"),
        ("siti", "siti aini", "subset"),
        ("siti budi", "siti agus", "overlap >= 0.5"),
        ("siti budi dewi", "siti agus wahyu", "overlap"),
        ("siti siti", "siti", "subset"),
        ("siti", "agus", "else"),
        (" ", " ", "else"),
        (" ", "siti", "else"),
    ],
)
def test_levels_of_bags(left: str, right: str, level: str) -> None:
    parsed = [parse_level(text, "tokens") for text in LEVELS]
    for a, b in ((left, right), (right, left)):
        assert ["missing", "else", *reversed(LEVELS)][bag_level(match_bags(a.split(), b.split()), parsed)] == level


def test_classes_are_named_in_order() -> None:
    assert (CLASSES[EXACT], CLASSES[TYPO], CLASSES[INITIAL]) == ("exact", "typo", "initial")


HOSTILE = {
    "a million words": " ".join(str(i) for i in range(1_000_000)),
    "one endless word": "x" * 10_000_000,
    "two letters for ever": "a b " * 2_500_000,
    "only blanks": " " * 10_000_000,
}


@pytest.mark.parametrize("field", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_field_of_ten_megabytes_costs_seconds_not_minutes(field: str) -> None:
    model = parse_model("""
        name = "t"
        [fields.name]
        column = "name"
        type = "tokens"
        [fields.note]
        column = "note"
        [[blocking]]
        keys = ["each(name)"]
        [[blocking]]
        keys = ["metaphone(note)"]
        [rarity]
        features = ["each(name)"]
        [[comparisons]]
        field = "name"
        levels = ["same", "similar", "subset", "overlap"]
        [[comparisons]]
        field = "note"
        levels = ["exact", "jaro_winkler >= 0.9", "osa <= 2"]
        """)
    rows: list[Row] = [{"name": f"{WORDS[i % 9]} {WORDS[i % 5]} a", "note": WORDS[i % 7]} for i in range(60)]
    rows += [{"name": field, "note": field}, {"name": field[1:], "note": field[1:]}, {"name": field, "note": None}]
    begin = time.perf_counter()
    records = table(rows, model)
    score(records, train(records, model))
    assert time.perf_counter() - begin < 15
