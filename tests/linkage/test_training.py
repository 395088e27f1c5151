from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
import pytest
from linkage_tables import PEOPLE, Row, people, people_model, person, table

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.evaluate import evaluate
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records, build, encode
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import score

CITY = """
name = "t"
[fields.city]
column = "city"
[fields.note]
column = "note"
[[comparisons]]
field = "city"
levels = ["exact", "jaro_winkler >= 0.9"]
[[comparisons]]
field = "note"
levels = ["exact"]
[[blocking]]
keys = ["note"]
[rarity]
features = ["city", "note"]
common = 1.0
cut = 0.5
"""


def sane(parameters: Parameters) -> None:
    """What must hold whatever the data: shares are shares, missing says nothing, better levels weigh no less."""
    assert 0 < parameters.lambda_ < 1
    for block in parameters.blocks:
        assert block.weight[0] == 0
        assert all(0 < share <= 1 for share in (*block.m, *block.u))
    for specs, block in zip(parameters.model.blocks(), parameters.blocks, strict=True):
        cells = list(itertools.product(*(range(len(spec.levels) + 2) for spec in reversed(specs))))
        for (a, low), (b, high) in itertools.combinations(enumerate(cells), 2):
            alike = all((x > 0) == (y > 0) and x <= y for x, y in zip(low, high, strict=True))
            if alike and not any(block.per_value):
                assert block.weight[a] <= block.weight[b], (block.label, low, high)


def link(records: Records, parameters: Parameters) -> list[int]:
    return [int(label) for label in cluster(records, score(records, parameters), parameters).label]


def test_persons_are_found_without_labels() -> None:
    rows, truth = people(250, 11)
    records = table(rows, people_model())
    parameters = train(records, people_model())
    sane(parameters)
    labels = cluster(records, score(records, parameters), parameters).label
    assert evaluate(labels, truth).pairwise.f1 > 0.95
    matches = len(truth) - len(set(truth.tolist()))
    assert parameters.lambda_ * parameters.total_pairs == pytest.approx(matches, rel=0.15)


def test_nothing_to_find_is_found() -> None:
    rows, truth = people(250, 12)
    _, first = np.unique(truth, return_index=True)
    records = table([rows[i] for i in first.tolist()], people_model())
    parameters = train(records, people_model())
    assert len(set(link(records, parameters))) >= len(records) - 2


def test_labels_give_m_and_lambda_by_counting() -> None:
    rows, truth = people(200, 13)
    records = table(rows, people_model())
    parameters = train(records, people_model(), labels=truth)
    sane(parameters)
    matches = len(truth) - len(set(truth.tolist()))
    assert parameters.lambda_ == pytest.approx(matches / parameters.total_pairs)
    column = records.columns["code"]
    pairs = [(i, j) for i, j in itertools.combinations(range(len(rows)), 2) if truth[i] == truth[j]]
    both = [(column.text(i), column.text(j)) for i, j in pairs if column.text(i) and column.text(j)]
    block = next(block for block in parameters.blocks if block.label == "code")
    assert block.m[2] == pytest.approx(sum(a == b for a, b in both) / len(both), abs=0.02)


def test_labels_of_some_rows_stand_for_all() -> None:
    rows, truth = people(300, 14)
    records = table(rows, people_model())
    whole = train(records, people_model(), labels=truth)
    known = np.isin(truth, np.arange(150))
    some = train(records, people_model(), labels=np.where(known, truth, -1))
    pairs = int(known.sum()) * (int(known.sum()) - 1) // 2
    matches = int(known.sum()) - len(set(truth[known].tolist()))
    assert some.lambda_ == pytest.approx(matches / pairs)
    assert some.blocks[1].m[-1] == pytest.approx(whole.blocks[1].m[-1], abs=0.1)


def test_labels_count_only_pairs_between_sources_where_only_these_are_compared() -> None:
    model = parse_model('pairs = "between"\n' + CITY)
    rows: list[Row] = [{"city": c, "note": "x"} for c in "aabbcd"]
    records = table(rows, model, ["one", "one", "one", "two", "two", "two"])
    # Two matches, but the first pair stands within one source.
    parameters = train(records, model, labels=np.array([1, 1, 2, 2, 3, 4]))
    assert parameters.total_pairs == 9
    assert parameters.lambda_ == pytest.approx(1 / 9)


def test_labels_that_name_no_match_are_as_good_as_none() -> None:
    rows, _ = people(60, 15)
    records = table(rows, people_model())
    assert (
        train(records, people_model(), labels=np.full(len(rows), -1)).digest()
        == train(records, people_model()).digest()
    )


@pytest.mark.parametrize("count", [0, 1])
def test_no_pair_is_refused(count: int) -> None:
    model = parse_model(CITY)
    with pytest.raises(InputRefused, match="needs a pair"):
        train(table([{"city": "a"}] * count, model), model)


def test_one_source_is_refused_where_only_pairs_between_sources_count() -> None:
    model = parse_model('pairs = "between"\n' + CITY)
    with pytest.raises(InputRefused, match=r"in 1 source") as refusal:
        train(table([{"city": "a"}] * 5, model), model)
    assert "two sources" in str(refusal.value)


def test_no_candidate_is_refused() -> None:
    model = parse_model(CITY)
    with pytest.raises(InputRefused, match="single pair"):
        train(table([{"city": c, "note": None} for c in "abcdef"], model), model)


STRANGE: dict[str, Sequence[Row]] = {
    "a column of NULLs": [{"city": c, "note": None} for c in "aabbcc"],
    "one single value": [{"city": "a", "note": "b"}] * 30,
    "two records": [{"city": "a", "note": "b"}, {"city": "c", "note": "b"}],
    "NUL and surrogates": [{"city": c, "note": "\x00\x1f"} for c in ("a\x00", "a\ud800", "a\udfff", "\x00", "a\x00")]
    * 2,
    "blanks": [{"city": " ", "note": "\t"}] * 4,
    "not Latin": [{"city": c, "note": "\u202e"} for c in ("ملانغ", "玛琅", "Ма́ланг", "🏥🏥", "玛琅")] * 2,
}


@pytest.mark.parametrize("kind", ["text", "tokens"])
@pytest.mark.parametrize("rows", STRANGE.values(), ids=STRANGE.keys())
def test_strange_data_train_score_and_cluster(rows: Sequence[Row], kind: str) -> None:
    words = CITY.replace('column = "city"', 'column = "city"\ntype = "tokens"')
    words = words.replace('"exact", "jaro_winkler >= 0.9"', '"same", "similar", "overlap"')
    model = parse_model(words if kind == "tokens" else CITY)
    records = table(rows, model)
    parameters = train(records, model)
    sane(parameters)
    assert len(link(records, parameters)) == len(rows)


def test_one_per_source_with_a_single_source_finds_nothing_but_works() -> None:
    model = parse_model("one_per_source = true\n" + CITY)
    records = table([{"city": c, "note": c} for c in "aabbccdd"], model)
    assert link(records, train(records, model)) == list(range(8))


def test_lambda_never_exceeds_what_one_record_per_source_allows() -> None:
    model = parse_model('pairs = "between"\none_per_source = true\n' + PEOPLE)
    rows = [*people(40, 21)[0][:40]]
    records = table(rows * 2, model, ["a"] * 40 + ["b"] * 40)
    parameters = train(records, model)
    assert parameters.lambda_ * parameters.total_pairs <= 40 + 1e-6
    assert len(set(link(records, parameters))) == 40


def test_a_column_of_digits_and_a_column_of_nothing_encode() -> None:
    assert encode([None, ""]).values == ()
    column = encode(["b", None, "a", "b"], lambda text: text and text.upper())
    assert (column.codes.tolist(), column.values) == ([1, -1, 0, 1], ("A", "B"))
    records = build(["x"] * 4, None, {"c": column}, ["c"])
    assert records.name(2) == "x:3"
    assert (records.find("x:3"), records.find("x:9"), records.find("y:3")) == (2, None, None)


def test_names_with_colons_are_found() -> None:
    records = build(["a:b", "a"], ["1", "b:2"], {"c": encode(["x", "y"])}, ["c"])
    assert [records.find(records.name(row)) for row in range(2)] == [0, 1]


def test_where_nobody_stands_twice_nobody_is_found_twice() -> None:
    rng = random.Random(21)
    records = table([person(rng) for _ in range(700)], people_model())
    parameters = train(records, people_model())
    assert parameters.lambda_ * parameters.total_pairs < 1
    assert len(records) - len(set(link(records, parameters))) <= 2


def test_few_who_stand_twice_are_found_among_many_who_do_not() -> None:
    rng = random.Random(22)
    rows = [person(rng) for _ in range(700)]
    records = table(rows + rows[:12], people_model())
    label = link(records, train(records, people_model()))
    assert sum(label[700 + k] == label[k] for k in range(12)) >= 11
    assert len(records) - len(set(label)) <= 14
