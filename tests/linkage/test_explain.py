from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from linkage_tables import all_pairs, copy_of, people, people_model, person, table, trained

from mdi_engine.linkage.explain import explain
from mdi_engine.linkage.score import Scorer


def test_steps_add_up_to_the_weight_for_every_kind_of_pair() -> None:
    rng = random.Random(4)
    rows = people(12, 3)[0]
    rows += [copy_of(rows[0], rng), dict(rows[1]), {}, {"name": "siti"}, person(rng), {"street": "Melati I"}]
    rows += [{"name": "muhammad budi"}, {"name": "muhamad budi"}]
    _, parameters = trained()
    records = table(rows, people_model())
    left, right = all_pairs(records)
    weights = Scorer(records, parameters).weights(left, right).tolist()
    seen = set()
    for i, j, weight in zip(left.tolist(), right.tolist(), weights, strict=True):
        waterfall = explain(records, i, j, parameters)
        assert waterfall.weight == weight == waterfall.prior + sum(step.weight for step in waterfall.steps)
        assert explain(records, j, i, parameters).weight == weight
        cuts = {"match": weight >= parameters.match, "review": parameters.review <= weight < parameters.match}
        assert cuts.get(waterfall.verdict, weight < parameters.review)
        for step in waterfall.steps:
            seen.add((step.label, step.level))
            assert step.weight == pytest.approx(1000 * np.log2(step.m / step.u), abs=2)
            assert step.label in step.english
            assert step.label in step.indonesian
            assert (step.weight == 0) or f"{step.weight / 1000:+.1f} bits" in step.english
    assert {level for label, level in seen if label == "name"} >= {"missing", "else", "same", "similar"}


def test_what_is_missing_weighs_nothing() -> None:
    _, parameters = trained()
    waterfall = explain(table([{}, {"name": "siti"}], people_model()), 0, 1, parameters)
    assert waterfall.weight == waterfall.prior
    assert {(step.m, step.u, step.weight) for step in waterfall.steps} == {(1.0, 1.0, 0)}
    assert "says nothing" in waterfall.steps[0].english
    assert (waterfall.steps[0].left, waterfall.steps[0].right) == (None, "siti")


def test_probability_is_even_at_weight_nought_and_never_overflows() -> None:
    _, parameters = trained()
    waterfall = explain(table([{}, {}], people_model()), 0, 1, parameters)
    assert dataclasses.replace(waterfall, weight=0).probability == 0.5
    assert dataclasses.replace(waterfall, weight=3_000).probability == pytest.approx(8 / 9)
    assert dataclasses.replace(waterfall, weight=-5_000_000).probability == pytest.approx(0.0)
