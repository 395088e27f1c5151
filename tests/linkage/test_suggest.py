"""Proposed rules: within the budget, and worth following."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import COMPARISONS, FIELDS, Row, people, people_model, table, trained

from mdi_engine.linkage.candidates.blocking import candidates, covers, find_blocking, prepare
from mdi_engine.linkage.candidates.chances import agreement, agrees
from mdi_engine.linkage.candidates.plan import plan
from mdi_engine.linkage.candidates.suggest import Suggestion, suggest
from mdi_engine.linkage.evaluate import true_pairs
from mdi_engine.linkage.models.expressions import parse_key
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.records import Records

BARE = FIELDS + COMPARISONS


def bare(head: str = "") -> Model:
    """The model of the invented persons before anybody thought of ways to candidates."""
    return parse_model(head + BARE, ways=False)


def following(found: Suggestion, head: str = "") -> Model:
    """The model with what was printed pasted into it."""
    return parse_model(head + BARE + found.toml())


@functools.cache
def invented() -> tuple[Records, list[Row], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    rows, truth = people(1500, 3)
    return table(rows, bare()), list(rows), truth


def test_following_it_finds_nearly_all_pairs_within_the_budget() -> None:
    records, _, truth = invented()
    found = suggest(records, bare())
    model = following(found)
    ways = prepare(records, model, find_blocking(records, model))
    left, right = true_pairs(truth)
    hit = np.logical_or.reduce([covers(ways, way, left, right) for way in range(ways.count)])
    assert len(left) > 400
    assert hit.mean() >= 0.97
    assert found.recall == pytest.approx(hit.mean(), abs=0.03)
    assert found.budget == 50 * len(records)
    assert sum(map(len, candidates(ways))) <= found.pairs <= found.budget
    assert found.pairs < records.total_pairs(between=False) / 20


@given(seed=st.integers(0, 10**6), budget=st.integers(0, 3000), between=st.booleans(), heavy=st.sampled_from([4, 2000]))
@settings(max_examples=15, deadline=None)
def test_the_budget_holds_and_the_figures_are_those_of_the_plan(
    seed: int, budget: int, between: bool, heavy: int
) -> None:
    rows, _ = people(60, seed)
    head = f"heavy = {heavy}\n" + ('pairs = "between"\n' if between else "")
    records = table(rows, bare(head), ["ab"[i % 2] for i in range(len(rows))])
    found = suggest(records, bare(head), budget=budget)
    assert found.pairs <= budget
    if not found.rules:
        return
    model = following(found, head)
    told = plan(records, model)
    assert [way.pairs for way in told.ways] == [rule.pairs for rule in found.rules]
    assert sum(map(len, candidates(prepare(records, model, find_blocking(records, model))))) <= found.pairs
    assert all(0 < rule.finds <= 1 and 0 <= rule.new <= rule.finds for rule in found.rules)
    assert all(rule.largest <= heavy for rule in found.rules)
    assert found.recall <= sum(rule.new for rule in found.rules) + 1e-9


def test_more_pairs_never_find_much_less() -> None:
    records = invented()[0]
    recalls = [suggest(records, bare(), budget=budget).recall for budget in (0, 200, 2_000, 20_000)]
    assert recalls[0] == 0
    assert recalls[1] < recalls[2] <= recalls[3] + 0.01


def test_the_order_of_rows_changes_nothing() -> None:
    _, rows, _ = invented()
    some = [str(i) for i in range(len(rows))]
    there = suggest(table(rows, bare(), keys=some), bare())
    back = suggest(table(rows[::-1], bare(), keys=some[::-1]), bare())
    assert there == back


def test_a_value_that_nearly_all_share_is_not_blocked_on_alone() -> None:
    _, rows, _ = invented()
    flat = [{**row, "born": "1900-01-01"} if i % 50 else row for i, row in enumerate(rows)]
    model = bare("heavy = 100\n")
    found = suggest(table(flat, model), model)
    assert found.rules
    assert all(rule.keys not in (("born",), ("year(born)",), ("last(born, 5)",)) for rule in found.rules)
    assert found.pairs <= found.budget


@pytest.mark.parametrize("spoiled", ["alike", "missing", "all different"])
def test_a_field_that_brings_nothing_together_or_all_is_left_alone(spoiled: str) -> None:
    _, rows, _ = invented()
    of: dict[str, object] = {"alike": "x", "missing": None}
    flat: list[Row] = [
        {**row, "code": str(of.get(spoiled, i)) if spoiled != "missing" else None} for i, row in enumerate(rows)
    ]
    found = suggest(table(flat, bare()), bare())
    assert found.rules
    assert "code" not in found.fields
    assert all("code" not in rule.keys for rule in found.rules)


def test_only_fields_that_are_compared_or_named_are_blocked_on() -> None:
    """A field that nothing uses may be the truth."""
    truth = '[fields.truth]\ncolumn = "city"\n'
    model = parse_model(
        FIELDS
        + truth
        + COMPARISONS.replace('field = "city"', 'field = "street"\nname = "again"').replace(
            '"jaro_winkler >= 0.9", "osa <= 2"', '"osa <= 2"'
        ),
        ways=False,
    )
    records = table([{**row, "truth": row["city"]} for row in invented()[1]], model)
    assert not {"truth", "city"} & set(suggest(records, model).fields)
    assert "city" in suggest(records, model, fields=["city"]).fields


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_records(count: int) -> None:
    found = suggest(table([{"name": "siti", "city": "Medan"}] * count, bare()), bare())
    assert (found.rules, found.recall, found.records, found.toml()) == ((), 0.0, count, "")


def test_what_training_learned_stands_before_what_is_assumed() -> None:
    records, parameters = trained()
    learned = agreement(people_model(), parameters)
    assert suggest(records, people_model(), parameters=parameters).learned
    assert not suggest(records, people_model()).learned
    for name, shares in learned.items():
        assert sum(shares.values()) == pytest.approx(1.0), name
    born = next(block for block in parameters.blocks if block.label == "born")
    assert learned["born"]["exact"] == pytest.approx(born.m[-1])
    # Of a group, the share of a part whatever the others do: street (levels missing, else, near, exact) by beds.
    group = next(block for block in parameters.blocks if len(block.m) == 16)
    exact = sum(group.m[3 + 4 * beds] for beds in (1, 2, 3))
    everything = sum(group.m[street + 4 * beds] for street in (1, 2, 3) for beds in (1, 2, 3))
    assert learned["street"]["exact"] == pytest.approx(exact / everything)


KEYS = [
    "born",
    "year(born)",
    "last(born, 5)",
    "name",
    "each(name)",
    "first(name, 4)",
    "street",
    "first(street, 3)",
    "code",
]


@pytest.mark.parametrize("learned", [False, True])
def test_a_shorter_key_is_agreed_on_at_least_as_often(learned: bool) -> None:
    shares = agreement(people_model(), trained()[1] if learned else None)

    def chance(key: str) -> float:
        expression = parse_key(key)
        return agrees(expression, shares[expression.field])

    assert all(0 < chance(key) <= 1 for key in KEYS)
    assert chance("born") <= chance("year(born)")
    assert chance("name") <= chance("first(name, 4)") <= chance("each(name)")
    assert chance("street") <= chance("first(street, 3)")


def test_large_tables_are_screened_on_a_sample_and_told_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mdi_engine.linkage.candidates.suggest._SCREENED", 500)
    records = invented()[0]
    found = suggest(records, bare())
    told = plan(records, following(found))
    assert [way.pairs for way in told.ways] == [rule.pairs for rule in found.rules]
    assert found.recall > 0.97
    assert found.pairs <= found.budget


def test_ways_that_a_model_has_already_do_not_count() -> None:
    rows = invented()[1]
    assert suggest(table(rows, people_model()), people_model()) == suggest(table(rows, bare()), bare())
