from __future__ import annotations

import dataclasses
import random
import re

import numpy as np
import pytest
from linkage_tables import all_pairs, copy_of, people, people_model, person, table, trained

from mdi_engine.linkage.explaining.explain import explain
from mdi_engine.linkage.explaining.sentences import level_words
from mdi_engine.linkage.models import expressions
from mdi_engine.linkage.models.expressions import parse_level
from mdi_engine.linkage.weights.score import Scorer


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


KINDS = [(kind, text) for kind, texts in expressions._PLAIN.items() for text in sorted(texts)]
KINDS += [
    (kind, f"{sign} {bound}" if sign == test else f"{test} {sign} {bound}")
    for kind, tests in expressions._BOUNDED.items()
    for test, sign in tests.items()
    for bound in ("0.925", "1", *(("2", "1500.5") if sign != ">=" else ()))
]
NAMES = {level.test for level in (parse_level(text, kind) for kind, text in KINDS)} | {"else", "missing"}


@pytest.mark.parametrize(("kind", "text"), KINDS)
def test_every_level_is_said_in_words(kind: str, text: str) -> None:
    said = level_words([parse_level(text, kind)], 2)
    assert said.english != said.indonesian
    for words in said:
        assert text != words
        assert not re.search(r"[<>=_{}]", words)
    # No English test name slips into the Indonesian.
    assert NAMES.isdisjoint(re.findall(r"\w+", said.indonesian))


def test_bounds_are_said_as_each_language_writes_them() -> None:
    def said(text: str, kind: str) -> tuple[str, str]:
        return level_words([parse_level(text, kind)], 2)

    english, indonesian = said("jaro_winkler >= 0.925", "text")
    assert ("92.5 %" in english, "92,5 %" in indonesian) == (True, True)
    assert said("within 1500.5", "number") == ("at most 1,500.5 apart", "selisih paling banyak 1.500,5")
    assert said("days <= 31", "date") == ("at most 31 days apart", "selisih paling banyak 31 hari")
    assert said("years <= 1", "date")[0] == "at most 1 year apart"
    assert said("years <= 2", "date") == ("at most 2 years apart", "selisih paling banyak 2 tahun")
    assert "50 % of the shorter one's words" in said("overlap >= 0.5", "tokens")[0]
    assert said("overlap", "tokens")[0] == "some words are the same"


def test_no_level_of_a_model_is_said_raw_not_even_in_a_group() -> None:
    rng = random.Random(8)
    rows = people(15, 8)[0]
    rows += [copy_of(row, rng) for row in rows for _ in range(3)] + [{"street": "Melati I"}, {"beds": "40"}]
    _, parameters = trained()
    records = table(rows, people_model())
    raw = {level for block in parameters.blocks for level in block.level_names if re.search("[<>=_]", level)}
    seen: set[str] = set()
    for i, j in zip(*(side.tolist() for side in all_pairs(records)), strict=True):
        for step in explain(records, i, j, parameters).steps:
            seen.add(step.level)
            for words in (step.english, step.indonesian):
                assert not re.search("[<>=_]|within", words)
                assert step.weight == 0 or step.left is None or step.left.split(" + ")[0] in words
            assert step.weight == 0 or re.search(r": [+-]\d+,\d bit$", step.indonesian)
    assert len(seen & raw) > 5


def test_a_group_is_one_sentence_that_names_its_parts() -> None:
    rows = [{"street": "Melati I", "beds": "100"}, {"street": "Melatu I", "beds": "104"}, {"street": "Melati I"}]
    records = table(rows, people_model())
    _, parameters = trained()
    step = next(s for s in explain(records, 0, 1, parameters).steps if s.label == "street + beds")
    assert step.english.startswith(
        "street + beds: street at most 1 letter wrong, missing or too many “Melati I” | “Melatu I”; "
        "beds at most 10 apart “100” | “104”"
    )
    step = next(s for s in explain(records, 0, 2, parameters).steps if s.label == "street + beds")
    assert "street sama persis “Melati I”; beds kosong pada salah satu atau kedua sisi “100” | “∅”" in step.indonesian
