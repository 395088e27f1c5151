"""One record against many: what a batch gives each pair, and clusters that grow as those of a full job."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_models import learned, some_rows
from linkage_tables import PEOPLE, Row, copy_of, people, person, table, trained

from mdi_engine.linkage.candidates.blocking import candidates, prepare
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.searching import index, roomy
from mdi_engine.linkage.searching.growing import Growing, New
from mdi_engine.linkage.searching.labels import APART, Crowded, Labels
from mdi_engine.linkage.searching.searcher import Searcher
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import PairCache, blocks
from mdi_engine.linkage.weights.plain import PlainScorer
from mdi_engine.linkage.weights.score import score

MODEL = parse_model(PEOPLE)
EVERYTHING = -(10**12)
# Of a pair: its weight, its levels, and the way that finds it.
Pairs = dict[tuple[int, int], tuple[int, tuple[int, ...], int]]


def of_batch(records: Records, parameters: Parameters) -> Pairs:
    """What the plain batch says of all candidates."""
    shaped, found = blocks(records, parameters.model), {}
    scorer = PlainScorer(list(zip(shaped, parameters.blocks, strict=True)), parameters.prior)
    for some in candidates(prepare(records, parameters.model, parameters.blocking)):
        levels = np.stack([PairCache(block).levels(some.left, some.right) for block in shaped], axis=1).tolist()
        weights = scorer.weights(some.left, some.right).tolist()
        for a, b, weight, level in zip(some.left.tolist(), some.right.tolist(), weights, levels, strict=True):
            found[a, b] = weight, tuple(level), some.way
    return found


def one_by_one(rows: Sequence[Row], sources: Sequence[str], known: int, parameters: Parameters) -> Pairs:
    """The same, `known` rows from the start, each other one searched for, then put in."""
    searcher = Searcher(table(rows[:known], parameters.model, sources[:known]), parameters)
    found = {}
    for row in range(known, len(rows)):
        seen = searcher.search(rows[row], limit=None, least=EVERYTHING, source=sources[row])
        put = searcher.add(rows[row], source=sources[row], key=str(row), limit=None, least=EVERYTHING)
        assert (put.hits, put.row) == (seen.hits, row)
        assert seen.compared == seen.reached == len(seen.hits)
        found.update({(hit.row, row): (hit.weight, hit.levels, hit.way) for hit in put.hits})
    return found


@given(model=st.integers(0, 60), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_any_model_gives_one_record_what_the_batch_gives(model: int, seed: int) -> None:
    parameters, rng = learned(model), random.Random(seed)
    if parameters is not None:
        rows = some_rows(rng, 40)
        sources = [rng.choice("abc") for _ in rows]
        known = rng.choice([0, 1, 20, 30])
        batch = of_batch(table(rows, parameters.model, sources), parameters)
        expected = {pair: said for pair, said in batch.items() if max(pair) >= known}
        assert one_by_one(rows, sources, known, parameters) == expected


@pytest.mark.slow
def test_a_hundred_thousand_pairs_weigh_one_by_one_what_they_weigh_in_a_batch() -> None:
    parameters = trained()[1]
    rows, _ = people(1_200, 3)
    records = table(rows, parameters.model)
    searcher = Searcher(records, parameters)
    edges = score(records, parameters, keep=EVERYTHING)
    batch = {
        (a, b): w for a, b, w in zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), strict=True)
    }
    assert len(batch) >= 100_000
    found = {}
    for row, values in enumerate(rows):
        hits = searcher.search(values, limit=None, least=EVERYTHING).hits
        found.update({(row, hit.row): hit.weight for hit in hits if hit.row > row})
    assert found == batch


ODD = st.sampled_from([None, "", " ", "\x00", "\ud800", "ok", "kasih ibu", "kasihibu", "kasi h", "9" * 60, "1e3"])
VALUE = st.one_of(
    ODD, st.text(max_size=12), st.text("ab ", max_size=2_000), st.sampled_from(["1980-02-30", "0.5", "-7"])
)
HOSTILE = st.fixed_dictionaries(dict.fromkeys(("name", "city", "born", "beds", "street", "code"), VALUE))


@given(strange=st.lists(HOSTILE, min_size=1, max_size=6), model=st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_hostile_records_weigh_what_the_batch_says(strange: list[Row], model: int) -> None:
    parameters = learned(model)
    if parameters is not None:
        rows = [*some_rows(random.Random(model), 12), *strange, *strange]
        sources = ["ab"[k % 2] for k in range(len(rows))]
        batch = of_batch(table(rows, parameters.model, sources), parameters)
        expected = {pair: said for pair, said in batch.items() if max(pair) >= 12}
        assert one_by_one(rows, sources, 12, parameters) == expected


def test_a_record_of_a_huge_text_and_one_of_nothing_are_answered() -> None:
    parameters = trained()[1]
    searcher = Searcher(table(people(30, 1)[0], parameters.model), parameters)
    huge = dict.fromkeys(parameters.model.fields, "x y " * 300000)
    assert searcher.search({}).hits == searcher.search(dict.fromkeys(huge)).hits == ()
    assert searcher.search({"no such field": "x"}).compared == 0
    assert searcher.search(huge).hits == ()


def test_a_search_leaves_nothing_behind() -> None:
    parameters, rng = trained()[1], random.Random(5)
    rows = people(60, 1)[0]
    searcher = Searcher(table(rows, parameters.model), parameters)
    fresh = [copy_of(rng.choice(rows), rng) for _ in range(30)]
    before = [searcher.search(row, limit=None, least=EVERYTHING) for row in fresh]
    for seed in range(50):
        searcher.search(some_rows(random.Random(seed), 1)[0], least=EVERYTHING)
    assert [searcher.search(row, limit=None, least=EVERYTHING) for row in fresh] == before
    assert len(searcher) == len(rows)


def test_hits_come_best_first_within_limit_and_least() -> None:
    parameters = trained()[1]
    rows = people(200, 2)[0]
    searcher = Searcher(table(rows, parameters.model), parameters)
    everything = searcher.search(rows[0], limit=None, least=EVERYTHING)
    assert [hit.weight for hit in everything.hits] == sorted((h.weight for h in everything.hits), reverse=True)
    assert everything.hits[0].row == 0
    bound = everything.hits[2].weight
    some = searcher.search(rows[0], limit=2, least=bound)
    assert some.hits == everything.hits[:2]
    assert some.reached == sum(hit.weight >= bound for hit in everything.hits)


def test_with_more_candidates_than_there_is_room_for_none_is_lost() -> None:
    parameters = trained()[1]
    alike = person(random.Random(1))
    searcher = Searcher(table([alike] * 3_000, parameters.model), parameters)
    found = searcher.search(alike, limit=None)
    assert sorted(hit.row for hit in found.hits) == list(range(3_000))


def test_where_room_runs_out_everything_is_laid_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = trained()[1]
    rows = people(150, 4)[0]
    sources = ["ab"[k % 2] for k in range(len(rows))]
    expected = one_by_one(rows, sources, 20, parameters)
    monkeypatch.setattr(roomy, "LATER", 450)  # little more than one record may need
    monkeypatch.setattr(index, "FEW", 50)
    built: list[Records] = []
    build = Searcher._build

    def noted(searcher: Searcher, records: Records) -> None:
        built.append(records)
        build(searcher, records)

    monkeypatch.setattr(Searcher, "_build", noted)
    assert one_by_one(rows, sources, 20, parameters) == expected
    assert len(built) > 1


def test_labels_are_in_order_until_a_gap_is_full() -> None:
    labels = Labels(["b", "d"])
    assert [labels.put(text) for text in "bd"] == [1 << APART, 2 << APART]
    held = {text: labels.put(text) for text in ["c", "a", "e", "ca", "c", "bz"]}
    assert sorted(held, key=held.__getitem__) == sorted(held)
    labels.drop("c")
    assert labels.put("c") == held["c"]
    assert labels.span("bz", "c") == (held["bz"], held["c"])
    assert labels.span("x", "z") == (1, 0)
    for length in range(39, 9, -1):
        labels.put("c" + "a" * length)
    with pytest.raises(Crowded):
        labels.put("caaaa")


def test_a_later_word_is_seen_to_be_two_neighbours_of_an_older_record() -> None:
    parameters = trained()[1]
    rows: list[Row] = [{**person(random.Random(1)), "name": "kasih ibu"}, {**person(random.Random(1)), "name": "x"}]
    searcher = Searcher(table(rows, parameters.model), parameters)
    hit = searcher.search({**rows[0], "name": "kasihibu"}, least=EVERYTHING).hits[0]
    same = searcher.search(rows[0], least=EVERYTHING).hits[0]
    assert (hit.row, hit.levels) == (0, same.levels)


def grown(rows: Sequence[Row], known: int, parameters: Parameters, at_once: int) -> tuple[Growing, Records]:
    keys = [f"k{k:05}" for k in range(len(rows))]
    sources = ["ab"[k % 2] for k in range(len(rows))]
    old = table(rows[:known], parameters.model, sources[:known], keys[:known])
    edges = score(old, parameters)
    growing = Growing(Searcher(old, parameters), edges, cluster(old, edges, parameters).label)
    fresh = [New(sources[k], keys[k], rows[k]) for k in range(known, len(rows))]
    for begin in range(0, len(fresh), at_once):
        growing.add(fresh[begin : begin + at_once])
    return growing, table(rows, parameters.model, sources, keys)


@pytest.mark.parametrize(("seed", "at_once"), [(0, 1), (1, 7), (2, 1_000), (3, 3)])
@pytest.mark.parametrize("once", ["false", "true", '["a"]'])
def test_new_records_give_the_clusters_of_a_full_job(seed: int, at_once: int, once: str) -> None:
    model = parse_model(f"one_per_source = {once}\n" + PEOPLE)
    rows = people(150, seed)[0]
    parameters = train(table(rows, model), model)
    growing, records = grown(rows, len(rows) * 9 // 10, parameters, at_once)
    assert growing.label.tolist() == cluster(records, score(records, parameters), parameters).label.tolist()


def test_a_record_is_judged_as_the_batch_would_join_it() -> None:
    parameters, rng = trained()[1], random.Random(9)
    rows = people(150, 8)[0]
    growing, _ = grown(rows, len(rows), parameters, 1)
    joined = 0
    for k in range(0, len(rows), 14):
        values = copy_of(rows[k], rng)
        judged = growing.judge(values)
        assert judged.label is None or judged.label in growing.label.tolist()
        before = growing.label.tolist()
        again, _ = grown([*rows, values], len(rows), parameters, 1)
        after = again.label.tolist()
        # Where the record changes nothing else, the batch puts it where it was judged to belong.
        if after[: len(rows)] == before and judged.label is not None and len(set(before)) == len(set(after)):
            assert after[-1] == judged.label
            joined += 1
    assert joined >= 3
