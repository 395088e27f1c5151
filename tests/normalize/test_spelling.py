import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.spelling import fold_spelling

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", max_size=30)


@given(LETTERS)
def test_folding_is_idempotent(word: str) -> None:
    assert fold_spelling(fold_spelling(word)) == fold_spelling(word)


@given(LETTERS)
def test_old_spelling_of_a_word_folds_to_its_new_spelling(word: str) -> None:
    assert fold_spelling(word.replace("u", "oe")) == fold_spelling(word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("soerojo", "surojo"), ("djoko", "joko"), ("tjipto", "cipto"), ("sjarif", "syarif"), ("achmad", "akhmad"),
        ("chandra", "candra"), ("bhakti", "bakti"), ("dewie", "dewi"), ("aziz", "azis"), ("annisah", "anisa"),
        ("carrolus", "carolus"), ("alkadrie", "alkadri"), ("evarina", "efarina"), ("latief", "latif"),
    ],
)  # fmt: skip
def test_spellings_of_one_name_meet(one: str, other: str) -> None:
    assert fold_spelling(one) == fold_spelling(other)


@pytest.mark.parametrize(("one", "other"), [("dwi", "dewi"), ("eka", "eko"), ("tri", "tria"), ("budi", "buda")])
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert fold_spelling(one) != fold_spelling(other)
