import csv
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.normalize.persons.spelling import fold_name, modern_name
from mdi_engine.reference.person_words import person_words

LETTERS = st.text("abcdefghijklmnopqrstuvwxyz", max_size=20)
# Letters and pieces that the rules are about, so that chance hits them.
PIECES = st.lists(
    st.sampled_from(
        ["abdu", "l", "r", "nur", "oe", "dj", "tj", "sj", "nj", "y", "iy", "ie", "ch", "kh", "a", "i", "s", "h"]
    )
).map("".join)


@given(st.one_of(LETTERS, PIECES))
def test_folding_is_idempotent(word: str) -> None:
    folded = fold_name(word)
    assert " ".join(fold_name(part) for part in folded.split(" ")) == folded


@given(st.one_of(LETTERS, PIECES))
def test_folding_makes_no_title_of_a_name(word: str) -> None:
    parts = fold_name(word).split(" ")
    assert all(part not in person_words().special or part == word or part in word for part in parts)


@given(
    st.lists(st.sampled_from(["su", "ma", "ju", "ci", "ba", "ya", "ku", "di", "no", "to"]), min_size=2, max_size=8).map(
        "".join
    )
)
def test_old_spelling_of_a_word_folds_to_its_new_spelling(word: str) -> None:
    old = word.replace("u", "oe").replace("j", "dj").replace("c", "tj")
    if "oe" in old or "dj" in old or "tj" in old:
        assert fold_name(old.replace("y", "j")) == fold_name(word)


def test_every_spelling_of_a_family_leads_to_it() -> None:
    for word, name in person_words().families.items():
        assert fold_name(word) == fold_name(name), word


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dwi", "dewi"), ("eka", "eko"), ("tri", "tria"), ("rohman", "rahman"), ("budi", "buda"), ("ana", "ani"),
        ("yani", "yana"), ("adi", "ade"), ("desi", "des"), ("nyoman", "noman"), ("aan", "an"),
    ],
)  # fmt: skip
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_modern_name_leaves_new_spelling_alone() -> None:
    assert [modern_name(word) for word in ("tanjung", "anjani", "jaya", "wijaya")] == [
        "tanjung",
        "anjani",
        "jaya",
        "wijaya",
    ]


@pytest.mark.real_data
def test_on_real_tokens_folding_joins_spellings_and_no_names_that_differ_in_the_vowels_between(real_data: Path) -> None:
    with (real_data / "names" / "name_tokens_kpu.csv").open(encoding="utf-8", newline="") as stream:
        counts = {row["token"].lower().replace("'", ""): int(row["total"]) for row in csv.DictReader(stream)}
    groups: dict[str, list[str]] = defaultdict(list)
    for word in counts:
        groups[fold_name(word)].append(word)
    joined = [words for words in groups.values() if len(words) > 1]
    assert sum(map(len, joined)) > 0.2 * len(counts)
    assert max(map(len, joined)) <= 9  # the family of Muhammad
    together = {frozenset(pair) for words in joined for pair in ((a, b) for a in words for b in words if a < b)}
    for pair in (
        ("dwi", "dewi"),
        ("eka", "eko"),
        ("rahman", "rohman"),
        ("sari", "sri"),
        ("adi", "ade"),
        ("ani", "ana"),
    ):
        assert frozenset(pair) not in together
