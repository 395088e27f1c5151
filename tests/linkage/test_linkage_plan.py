from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import PEOPLE, Row, people, people_model, plain_combinations, plain_keys, table, trained

from mdi_engine.linkage.candidates.blocking import find_blocking
from mdi_engine.linkage.candidates.plan import plan
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.training.train import train

RULES = [["each(name)", "city"], ["year(born)", "first(street, 2)"]]


def pairs_under(keys: list[set[tuple[str | None, ...]]], sources: list[str] | None) -> int:
    """Pairs under every key, counted one by one; a pair under two keys counts twice."""
    return sum(
        len(keys[i] & keys[j])
        for i, j in combinations(range(len(keys)), 2)
        if sources is None or sources[i] != sources[j]
    )


@pytest.mark.parametrize("between", [False, True])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_pairs_per_way_are_those_of_counting(between: bool, seed: int) -> None:
    rows, _ = people(20, seed)
    sources = ["abc"[i % 3] for i in range(len(rows))]
    model = parse_model(('pairs = "between"\n' if between else "") + PEOPLE)
    records = table(rows, model, sources)
    found = plan(records, model)
    apart = sources if between else None
    for way, rule in zip(found.ways, RULES, strict=False):
        assert (
            way.pairs
            == way.pairs_before_refinement
            == pairs_under([set(plain_combinations(rule, row)) for row in rows], apart)
        )
        assert way.refined_keys == 0
        assert (way.matches, way.new_matches) == (None, None)
    rarity = find_blocking(records, model).rarity
    assert rarity is not None
    features = [
        {
            (feature, text)
            for feature in ("each(name)", "city", "born")
            for text in plain_keys(feature, row)
            if rarity.listed[feature].get(text, rarity.floor[feature]) > 0
        }
        for row in rows
    ]
    assert found.ways[2].pairs == pairs_under([set(held) for held in features], apart)
    assert found.pairs == sum(way.pairs for way in found.ways)
    assert (found.recall_lost, found.seconds) == (None, None)


def test_the_heaviest_keys_are_named_with_their_records() -> None:
    rows: list[Row] = [{"name": f"rsu siti w{i}", "city": "Medan"} for i in range(6)]
    rows += [{"name": "budi", "city": "Kupang"}] * 2 + [{"name": "alone", "city": "Jambi"}]
    model = parse_model(PEOPLE)
    heaviest = plan(table(rows, model), model).ways[0].heaviest
    assert {(key.text, key.records, key.pairs) for key in heaviest} == {
        ("rsu & Medan", 6, 15),
        ("siti & Medan", 6, 15),
        ("(in fewer than 5 records)", 2, 1),
    }


def test_the_heaviest_features_are_named_and_identifiers_are_not() -> None:
    rows: list[Row] = [{"city": "Medan" if i < 5 else f"t{i}", "code": "3273" if i < 6 else None} for i in range(12)]
    model = parse_model(PEOPLE.replace('features = ["each(name)", ', 'features = ["code", '))
    heaviest = plan(table(rows, model), model).ways[2].heaviest
    assert [(key.text, key.records, key.pairs) for key in heaviest] == [
        ("(identifier)", 6, 15),
        ("city = Medan", 5, 10),
    ]


def test_refinement_is_reported() -> None:
    rows: list[Row] = [
        {"name": "siti", "city": "Medan", "born": f"19{70 + i % 3}-01-01", "street": "x"} for i in range(12)
    ]
    model = parse_model('heavy = 5\nrefine = ["born"]\n' + PEOPLE)
    way = plan(table(rows, model), model).ways[0]
    assert (way.refined_keys, way.pairs_before_refinement, way.pairs) == (1, 66, 18)
    assert Counter(key.pairs for key in way.heaviest) == {66: 1}


def test_refinement_is_that_of_the_parameters_in_force() -> None:
    rows: list[Row] = [{"name": "siti", "city": "Medan", "born": f"19{70 + i % 3}-01-01"} for i in range(12)]
    model = parse_model('heavy = 5\nrefine = ["born"]\n' + PEOPLE)
    parameters = train(table(rows, model), model)
    # Four records are not heavy, but their key was when the parameters were written.
    way = plan(table(rows[:4], model), model, parameters).ways[0]
    assert (way.refined_keys, way.pairs_before_refinement, way.pairs) == (1, 6, 1)


def test_nothing_of_an_identifier_is_shown() -> None:
    rows: list[Row] = [{"code": "3273010101330001", "city": "Medan"}] * 9
    model = parse_model(PEOPLE.replace('keys = ["year(born)"', 'keys = ["code", "city"]\n[[blocking]]\nkeys = ["born"'))
    found = plan(table(rows, model), model)
    assert [key.text for key in found.ways[1].heaviest] == ["(identifier)"]
    assert "3273010101330001" not in repr(found)


def test_after_a_training_the_plan_knows_matches_cost_and_loss() -> None:
    records, parameters = trained()
    found = plan(records, people_model(), parameters)
    assert [way.matches for way in found.ways] == list(parameters.found.by_way)
    assert [way.new_matches for way in found.ways] == list(parameters.found.new_by_way)
    assert found.recall_lost is not None
    assert 0 <= found.recall_lost < 0.2
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.comparisons == found.pairs * 5


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_records_can_be_planned(rows: int) -> None:
    _, parameters = trained()
    found = plan(table([{"name": "siti", "city": "Medan"}] * rows, people_model()), people_model(), parameters)
    assert (found.records, found.ways[0].pairs) == (rows, 1 if rows == 2 else 0)
