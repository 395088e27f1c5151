from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import PEOPLE, Row, people, people_model, plain_combinations, plain_keys, table, trained

from mdi_engine.linkage.candidates.blocking import candidates, covers, find_blocking, prepare
from mdi_engine.linkage.candidates.keys import groups
from mdi_engine.linkage.candidates.plan import plan
from mdi_engine.linkage.evaluate import true_pairs
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


def test_the_heaviest_keys_are_named_by_their_kind_with_their_records() -> None:
    rows: list[Row] = [{"name": f"rsu siti w{i}", "city": "Medan"} for i in range(6)]
    rows += [{"name": "budi", "city": "Kupang"}] * 2 + [{"name": "alone", "city": "Jambi"}]
    model = parse_model(PEOPLE)
    heaviest = plan(table(rows, model), model).ways[0].heaviest
    assert {(key.text, key.records, key.pairs) for key in heaviest} == {
        ("each(name): 3 letters & city: 5 letters", 6, 15),
        ("each(name): 4 letters & city: 5 letters", 6, 15),
        ("each(name): 4 letters & city: 6 letters", 2, 1),
    }


def test_the_heaviest_features_are_named_by_their_kind() -> None:
    rows: list[Row] = [{"city": "Medan" if i < 5 else f"t{i}", "code": "3273" if i < 6 else None} for i in range(12)]
    model = parse_model(PEOPLE.replace('features = ["each(name)", ', 'features = ["code", '))
    heaviest = plan(table(rows, model), model).ways[2].heaviest
    assert [(key.text, key.records, key.pairs) for key in heaviest] == [
        ("code: 4 digits", 6, 15),
        ("city: 5 letters", 5, 10),
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


def test_no_value_is_shown() -> None:
    rows: list[Row] = [{"code": "3273010101330001", "city": "Medan", "name": "quibble", "born": "1931-11-30"}] * 9
    model = parse_model(PEOPLE.replace('keys = ["year(born)"', 'keys = ["code", "city"]\n[[blocking]]\nkeys = ["born"'))
    found = plan(table(rows, model), model)
    assert [key.text for key in found.ways[1].heaviest] == ["code: 16 digits & city: 5 letters"]
    assert not [value for value in rows[0].values() if value and value in repr(found)]


def test_after_a_training_the_plan_knows_matches_cost_and_loss() -> None:
    records, parameters = trained()
    found = plan(records, people_model(), parameters)
    assert [way.matches for way in found.ways] == list(parameters.found.by_way)
    assert [way.new_matches for way in found.ways] == list(parameters.found.new_by_way)
    for way in found.ways:
        assert way.matches is not None
        assert way.missed == pytest.approx(parameters.found.matches - way.matches)
        assert way.finds == pytest.approx(way.matches / parameters.found.matches)
        assert way.missed_error is not None
        # Of n matches the share p is missed: sqrt(n p q), a little more for those that no way caught.
        n, p = parameters.found.matches, 1 - way.finds
        assert (n * p * (1 - p)) ** 0.5 <= way.missed_error <= 1.1 * (n * p * (1 - p)) ** 0.5
    assert found.recall_lost is not None
    assert 0 <= found.recall_lost < 0.2
    assert found.seconds is not None
    assert found.seconds > 0
    assert found.comparisons == found.pairs * 5


def test_before_any_training_what_is_found_is_assumed() -> None:
    """A third of the invented persons stand twice; the model has rules and rarity."""
    rows, truth = people(1200, 8)
    records = table(rows, people_model())
    found = plan(records, people_model())
    ways = prepare(records, people_model(), find_blocking(records, people_model()))
    left, right = true_pairs(truth)
    hits = [covers(ways, way, left, right) for way in range(ways.count)]
    for way, hit in zip(found.ways, hits, strict=True):
        assert (way.missed, way.missed_error) == (None, None)
        assert way.finds == pytest.approx(hit.mean(), abs=0.12)
    assert found.recall_assumed == pytest.approx(np.logical_or.reduce(hits).mean(), abs=0.05)


@pytest.mark.parametrize("between", [False, True])
@given(seed=st.integers(0, 10**6), most=st.sampled_from([200, 50_000]))
@settings(max_examples=15, deadline=None)
def test_distinct_pairs_are_estimated(between: bool, seed: int, most: int) -> None:
    """Exactly where all pairs are tried, else within the error that is told."""
    rows, _ = people(70, seed)
    model = parse_model(('pairs = "between"\n' if between else "") + PEOPLE)
    records = table(rows, model, ["abc"[i % 3] for i in range(len(rows))])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mdi_engine.linkage.candidates.trial.TRIED", most)
        found = plan(records, model)
    made = Counter[int]()
    for chunk in candidates(prepare(records, model, find_blocking(records, model))):
        made[chunk.way] += len(chunk)
    for number, way in enumerate(found.ways):
        assert way.distinct <= way.pairs + 1e-6
        assert abs(way.distinct - made[number]) <= 5 * way.distinct_error + 1e-6
    assert found.distinct == pytest.approx(sum(way.distinct for way in found.ways))


sizes = st.lists(st.integers(1, 60), min_size=1, max_size=12)


@given(names=sizes, cities=sizes, share=st.floats(0, 1), heavy=st.integers(4, 40), between=st.booleans())
@settings(max_examples=40, deadline=None)
def test_no_distribution_of_keys_makes_more_pairs_than_the_plan_told(
    names: list[int], cities: list[int], share: float, heavy: int, between: bool
) -> None:
    """Groups of any sizes, and a share of the rows alike in everything: the run keeps to the plan, no key is heavy."""
    count = sum(names)
    of_name = np.repeat(np.arange(len(names)), names)
    of_city = np.resize(np.repeat(np.arange(len(cities)), cities), count)
    rows: list[Row] = [
        {"name": "siti", "city": "Medan", "born": "1900-01-01"}
        if i < share * count
        else {"name": f"w{of_name[i]} x{of_city[i]}", "city": f"c{of_city[i]}", "born": None if i % 3 else "1900-01-01"}
        for i in range(count)
    ]
    model = parse_model(f"heavy = {heavy}\n" + ('pairs = "between"\n' if between else "") + PEOPLE)
    records = table(rows, model, ["ab"[i % 2] for i in range(count)])
    told = plan(records, model)
    ways = prepare(records, model, find_blocking(records, model))
    made = Counter[int]()
    for chunk in candidates(ways):
        made[chunk.way] += len(chunk)
    assert all(made[number] <= way.pairs for number, way in enumerate(told.ways))
    for way, posting in zip(told.ways, ways.postings, strict=False):
        assert groups(posting)[1].max(initial=0) <= heavy
        assert way.pairs <= len(posting.rows) * (heavy - 1) // 2


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_hardly_any_records_can_be_planned(rows: int) -> None:
    _, parameters = trained()
    found = plan(table([{"name": "siti", "city": "Medan"}] * rows, people_model()), people_model(), parameters)
    assert (found.records, found.ways[0].pairs) == (rows, 1 if rows == 2 else 0)
