from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.population.sources import noise

CHANCE = st.floats(0, 1, exclude_max=True)
NAMES = st.lists(st.text("abcdefgijklmnoprstuwyABDEHIKMNRSTW'.", min_size=1, max_size=9), min_size=1, max_size=5).map(
    " ".join
)
WAYS = [noise.typo, noise.variant, noise.dropped, noise.reordered, noise.initial, noise.cut]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@given(name=st.text(max_size=80), u=CHANCE, v=CHANCE)
def test_no_text_makes_it_fail(way: noise.Way, name: str, u: float, v: float) -> None:
    assert isinstance(way(name, u, v), str)


@given(NAMES, CHANCE, CHANCE)
def test_a_typo_always_shows_in_one_place(name: str, u: float, v: float) -> None:
    slipped = noise.typo(name, u, v)
    assert slipped != name
    assert abs(len(slipped) - len(name)) <= 1
    assert slipped[0] == name[0]


@given(NAMES, CHANCE, CHANCE)
def test_words_are_lost_or_moved_and_nothing_else(name: str, u: float, v: float) -> None:
    tokens = name.split(" ")
    assert sorted(noise.reordered(name, u, v).split(" ")) == sorted(tokens)
    assert len(noise.dropped(name, u, v).split(" ")) == max(1, len(tokens) - 1)
    assert len(noise.initial(name, u, v).split(" ")) == len(tokens)
    assert noise.cut(name, u, v) == name[: noise.CUT]


@given(NAMES, CHANCE, CHANCE)
def test_a_variant_changes_one_word_at_most(name: str, u: float, v: float) -> None:
    before, after = name.split(" "), noise.variant(name, u, v).split(" ")
    assert len(before) == len(after)
    assert sum(one != two for one, two in zip(before, after, strict=True)) <= 1


def test_other_names_are_no_variants() -> None:
    for word in ("Dwi", "Eka", "Eko", "Tri"):
        assert noise.variants(word) == ()
    assert "Dwi" not in noise.variants("Dewi")
    assert {"Moh.", "Mochammad", "Muh."} <= set(noise.variants("Muhammad"))
    assert {"Soeharto", "Suharto"} >= {"Suharto"}
    assert "Soeharto" in noise.variants("Suharto")
    assert "Djoko" in noise.variants("Joko")


@pytest.mark.parametrize(("age", "male"), [(3, True), (3, False), (40, True), (40, False)])
def test_titles_fit(age: int, male: bool) -> None:
    forms = {noise.titled("Siti", male, age, u / 100) for u in range(100)}
    assert len(forms) >= 4
    assert all("Siti" in form and form != "Siti" for form in forms)
    women = {form for form in forms if form.startswith(("Ny.", "Hj.", "Nn."))}
    assert bool(women) == (age > 13 and not male)
