"""The numbers of a report against the same said once more in plain Python."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linkage_tables import people, people_model, table, trained

from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.explaining.explain import explain
from mdi_engine.linkage.figures import curves
from mdi_engine.linkage.figures.figures import Figures, figures
from mdi_engine.linkage.figures.near import EACH_SIDE
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import Edges, score
from mdi_engine.pages.report import report_page

Linked = tuple[Records, Parameters, Edges, np.ndarray[tuple[int], np.dtype[np.int64]]]


def linked(order: list[int]) -> Linked:
    """The invented persons in this order, linked."""
    rows, _ = people(150, 5)
    records = table([rows[n] for n in order], people_model(), keys=[f"k{n}" for n in order])
    parameters = train(records, people_model())
    edges = score(records, parameters)
    return records, parameters, edges, cluster(records, edges, parameters).label


def drawn(run: Linked, order: list[int]) -> Figures:
    records, parameters, edges, label = run
    return figures(records, parameters, edges, label, truth=people(150, 5)[1][order])


ORDER = list(range(len(people(150, 5)[0])))


@pytest.fixture(scope="module")
def run() -> Linked:
    return linked(ORDER)


@pytest.fixture(scope="module")
def found(run: Linked) -> Figures:
    return drawn(run, ORDER)


weights = st.lists(st.integers(-90_000, 130_000), max_size=60)


def edges_of(values: list[int]) -> Edges:
    rows = np.arange(len(values), dtype=np.int64)
    return Edges(rows, rows + 1, np.array(values, dtype=np.int64), len(values) + 7)


@given(weights)
def test_every_pair_is_in_the_bin_of_its_weight(values: list[int]) -> None:
    found = curves.histogram(edges_of(values), whole=False)
    assert len(found.counts) <= curves.BINS + 1
    assert sum(found.counts) == len(values)
    assert found.left_out == 7
    told = {found.low + k * found.width: count for k, count in enumerate(found.counts) if count}
    assert told == Counter(v // 1000 // found.width * found.width for v in values)


@given(weights, st.integers(0, 3))
def test_a_measured_curve_is_what_counting_gives(values: list[int], kinds: int) -> None:
    rng = random.Random(len(values) * 10 + kinds)
    labels = np.array([rng.randint(curves.UNNAMED, kinds) for _ in range(len(values) + 1)], dtype=np.int64)
    records, parameters = trained()
    edges = edges_of(values)
    named = [(v, n) for n, v in enumerate(values) if curves.UNNAMED not in (labels[n], labels[n + 1])]
    real = sum(a == b >= 0 for a, b in itertools.combinations(labels.tolist(), 2))
    for point in curves.measured(records, edges, parameters, labels):
        chosen = [n for v, n in named if v >= point.bits * 1000]
        hits = sum(labels[n] == labels[n + 1] >= 0 for n in chosen)
        assert point.pairs == len(chosen)
        assert point.precision == pytest.approx(hits / len(chosen))
        assert point.recall == pytest.approx(hits / real if real else 1.0)


def test_an_expected_curve_sums_the_chances(run: Linked, found: Figures) -> None:
    _, parameters, edges, _ = run
    chance = [1 / (1 + 2 ** (-weight / 1000)) for weight in edges.weight.tolist()]
    total = max(parameters.found.matches, sum(chance))
    assert found.expected
    for point in found.expected:
        some = [c for c, weight in zip(chance, edges.weight.tolist(), strict=True) if weight >= point.bits * 1000]
        assert point.precision == pytest.approx(sum(some) / len(some))
        assert point.recall == pytest.approx(sum(some) / total)


def test_matches_of_other_records_than_training_saw_are_the_sum_of_their_chances(run: Linked) -> None:
    records, parameters, edges, _ = run
    assert curves.expected_matches(records, edges, parameters) >= parameters.found.matches
    some = slice(0, len(edges) // 2)
    few = Edges(edges.left[some], edges.right[some], edges.weight[some], 9)
    told = curves.expected_matches(table([], parameters.model), few, parameters)
    chances = sum(1 / (1 + 2 ** (-weight / 1000)) for weight in few.weight.tolist())
    assert told == pytest.approx(chances / (parameters.found.recall or 1))


def test_rivals_for_one_partner_share_their_chances() -> None:
    """Two equal partners in a list that names a thing once: no more than one of the two pairs is a match."""
    rows, _ = people(150, 5)
    model = people_model().model_copy(update={"pairs": "between", "one_per_source": True})
    records = table([rows[0], rows[0], rows[0]], model, sources=["a", "b", "b"])
    both = Edges(np.array([0, 0]), np.array([1, 2]), np.array([20_000, 20_000]), 2)
    parameters = train(table(rows, model, sources=["ab"[n % 2] for n in ORDER]), model)
    (point, *_) = curves.expected(records, both, parameters)
    assert point.precision == pytest.approx(0.5, abs=0.01)


def test_a_record_weighs_against_itself_what_explain_says(run: Linked, found: Figures) -> None:
    records, parameters, _, _ = run
    alone = curves.self_weights(records, parameters)
    for row in range(0, len(records), 17):
        assert alone[row] == explain(records, row, row, parameters).weight
    assert found.below_match == sum(weight < parameters.match for weight in alone.tolist())
    for point in found.unlinkable:
        assert point.share == pytest.approx(np.mean(alone < point.bits * 1000))


def test_all_candidate_pairs_are_weighed_where_they_are_few(run: Linked, found: Figures) -> None:
    assert found.histogram.whole
    assert sum(found.histogram.counts) == run[2].candidate_pairs > len(run[2])


def test_waterfalls_are_the_nearest_on_both_sides(run: Linked, found: Figures) -> None:
    _, parameters, edges, _ = run
    told = [waterfall.weight for waterfall in found.waterfalls]
    above = sorted({w for w in edges.weight.tolist() if w >= parameters.match})[:EACH_SIDE]
    below = sorted({w for w in edges.weight.tolist() if w < parameters.match})[-EACH_SIDE:]
    assert told == [*above[::-1], *below[::-1]]
    for waterfall in found.waterfalls:
        assert waterfall.weight == waterfall.prior + sum(step.weight for step in waterfall.steps)


def test_no_figure_depends_on_the_order_of_rows(found: Figures) -> None:
    order = random.Random(1).sample(ORDER, len(ORDER))
    again = drawn(linked(order), order)
    assert again.waterfalls == found.waterfalls
    assert (again.histogram, again.measured, again.unlinkable) == (found.histogram, found.measured, found.unlinkable)
    assert (again.comparisons, again.sizes, again.completeness) == (found.comparisons, found.sizes, found.completeness)


def test_a_mask_changes_words_and_no_weight(run: Linked) -> None:
    records, parameters, edges, _ = run
    left, right = int(edges.left[0]), int(edges.right[0])
    plain = explain(records, left, right, parameters)
    hidden = explain(records, left, right, parameters, lambda field, value: "▒")
    assert [step.weight for step in hidden.steps] == [step.weight for step in plain.steps]
    values = [column.text(row) for column in records.columns.values() for row in (left, right)]
    told = " ".join(step.english + step.indonesian + str(step.left) + str(step.right) for step in hidden.steps)
    assert "▒" in told
    assert not [value for value in values if value and f"“{value}”" in told]


def test_completeness_and_sizes_are_counts(run: Linked, found: Figures) -> None:
    records, _, _, label = run
    assert found.clusters == len(set(label.tolist()))
    for each in found.completeness:
        column = records.columns[each.field]
        assert each.share == pytest.approx(np.mean([column.text(row) is not None for row in range(len(records))]))


def test_no_pair_and_no_record_are_no_error(run: Linked) -> None:
    _, parameters, _, _ = run
    records = table([], parameters.model)
    none = np.empty(0, np.int64)
    empty = figures(records, parameters, Edges(none, none, none, 0), none, truth=none)
    assert (empty.histogram.counts, empty.waterfalls, empty.expected, empty.unlinkable) == ((), (), (), ())
    assert "Tidak ada pasangan" in report_page(empty)
