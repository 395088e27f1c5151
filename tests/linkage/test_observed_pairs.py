"""What training looks at, made by kernels, against the plain truth; and what is drawn where there is too much."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_models import learned, some_model, some_rows
from linkage_tables import all_pairs, people, people_model, table

from mdi_engine.errors import InputRefused
from mdi_engine.linkage.candidates.blocking import Ways, find_blocking, prepare
from mdi_engine.linkage.kernels import draw as kernels
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training import drawing
from mdi_engine.linkage.training.compared import Compared
from mdi_engine.linkage.training.drawing import Draw, draw, plain_draw, plain_zeros
from mdi_engine.linkage.training.observe import Whole, distinct, observe
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import PairCache, blocks


def ways_of(records: Records, model: Model) -> Ways:
    return prepare(records, model, find_blocking(records, model))


def some_ways(model: int, seed: int) -> Ways:
    rng = random.Random(seed)
    shape = some_model(random.Random(model))
    rows = some_rows(rng, 60)
    return ways_of(table(rows, shape, [rng.choice("ab") for _ in rows]), shape)


def by_rank(ways: Ways, found: Draw) -> list[tuple[int, int, int, int]]:
    """Drawn pairs as (lower rank, higher rank, way, ways that cover it), whatever row they stand in."""
    ranks = np.sort(np.stack([ways.rank[found.left], ways.rank[found.right]]), axis=0).tolist()
    return sorted(zip(*ranks, found.way.tolist(), found.covered.tolist(), strict=True))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=20)
def test_a_hash_begins_with_as_many_zeros_both_ways(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, rng.choice([3, 10**4, 2**31 - 1]), (2, 2000)).astype(np.int32)
    out = np.empty(2000, dtype=np.int32)
    kernels.zeros(one, other, out)
    assert out.tolist() == plain_zeros(one.astype(np.int64), other.astype(np.int64)).tolist()
    assert out.tolist() == plain_zeros(other.astype(np.int64), one.astype(np.int64)).tolist()


@given(seed=st.integers(0, 10**6), spread=st.sampled_from([1, 3, 500, 10**6, 2**61]))
@settings(max_examples=30)
def test_rows_are_told_apart_by_hashing_as_by_sorting(seed: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    columns: list[Whole] = [rng.integers(-spread, spread, 700), rng.integers(0, 3, 700).astype(np.int32)]
    first, inverse = distinct(columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mdi_engine.linkage.training.observe.MANY_ROWS", 0)
        hashed = distinct(columns)
    assert hashed[0].tolist() == first.tolist()
    assert hashed[1].tolist() == inverse.tolist()


def test_one_pair_in_two_to_the_n_is_drawn_at_level_n() -> None:
    one, other = np.triu_indices(1500, 1)
    zeros = plain_zeros(one, other)
    for level in range(1, 9):
        wanted = len(one) / 2**level
        assert abs(int((zeros >= level).sum()) - wanted) < 4 * wanted**0.5


@given(model=st.integers(0, 60), seed=st.integers(0, 10**6), most=st.sampled_from([None, 1, 7, 60]))
@settings(max_examples=60)
def test_any_model_draws_the_same_pairs_both_ways(model: int, seed: int, most: int | None) -> None:
    ways = some_ways(model, seed)
    fast, slow = draw(ways, most, 2), plain_draw(ways, most)
    for there, here in zip(vars(slow).values(), vars(fast).values(), strict=True):
        assert here.tolist() == there.tolist()


@pytest.mark.parametrize(("task", "room", "threads"), [(1, 256, 1), (7, 256, 3), (500, 300, 2)])
def test_how_the_work_is_cut_changes_no_draw(
    monkeypatch: pytest.MonkeyPatch, task: int, room: int, threads: int
) -> None:
    records = table(people(400, 51)[0], people_model())
    ways = ways_of(records, people_model())
    wanted = {most: vars(plain_draw(ways, most)) for most in (None, 700, 40)}
    monkeypatch.setattr(drawing, "TASK", task)
    monkeypatch.setattr(drawing, "ROOM", room)
    for most, truth in wanted.items():
        for there, here in zip(truth.values(), vars(draw(ways, most, threads)).values(), strict=True):
            assert here.tolist() == there.tolist()


def test_a_draw_is_no_larger_than_asked_and_none_is_made_where_there_is_little() -> None:
    ways = ways_of(table(people(300, 52)[0], people_model()), people_model())
    everything = draw(ways, None)
    size = np.bincount(everything.way, minlength=ways.count)
    assert size.min() > 200
    some = draw(ways, int(size.min()))
    drawn = np.bincount(some.way, minlength=ways.count)
    assert drawn.max() <= size.min()
    assert some.level[size.argmin()] == 0
    assert some.level[size.argmax()] > 0
    assert set(by_rank(ways, some)) < set(by_rank(ways, everything))
    # What is drawn stands for all.
    assert np.abs((drawn << some.level) / size - 1).max() < 0.5


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_the_order_of_rows_changes_no_draw(seed: int) -> None:
    rows = people(80, 53)[0]
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    keys = [str(k) for k in range(len(rows))]
    here = ways_of(table(rows, people_model(), keys=keys), people_model())
    moved = table([rows[k] for k in order], people_model(), keys=[keys[k] for k in order])
    there = ways_of(moved, people_model())
    assert by_rank(here, draw(here, 100)) == by_rank(there, draw(there, 100))


@given(model=st.integers(0, 60), seed=st.integers(0, 10**6))
@settings(max_examples=25)
def test_levels_and_evidence_of_any_pair_are_the_same_both_ways(model: int, seed: int) -> None:
    parameters = learned(model)
    if parameters is None:
        return
    records = table(some_rows(random.Random(seed), 30), parameters.model)
    left, right = all_pairs(records)
    for block, known in zip(blocks(records, parameters.model), parameters.blocks, strict=True):
        cache = PairCache(block)
        ids = cache.intern(left, right)
        fast = Compared(block, right.astype(np.int32), left.astype(np.int32))
        assert fast.level.tolist() == cache.level[ids].tolist()
        assert fast.levels(left[:9], right[:9]).tolist() == cache.levels(left[:9], right[:9]).tolist()
        if known.table is not None:
            said = np.array(known.per_value)[fast.level]
            assert fast.evidence(known.table)[said].tolist() == cache.evidence(known.table)[ids][said].tolist()


@pytest.mark.parametrize("model", range(8))
def test_training_is_the_same_both_ways(monkeypatch: pytest.MonkeyPatch, model: int) -> None:
    shape, rows = some_model(random.Random(model)), some_rows(random.Random(model), 70)
    records = table(rows, shape, ["ab"[k % 2] for k in range(len(rows))])
    try:
        slow = train(records, shape)
    except InputRefused:
        pytest.skip("this model finds no pair")
    monkeypatch.setattr("mdi_engine.linkage.training.observe.MANY", 0)
    fast = train(records, shape)
    # How many matches a way finds is a sum over pairs here and over counted rows there: its last digit may differ.
    found = [*fast.found.by_way, *fast.found.new_by_way, fast.found.matches]
    assert found == pytest.approx([*slow.found.by_way, *slow.found.new_by_way, slow.found.matches], rel=1e-12)
    assert dataclasses.replace(fast, found=slow.found).digest() == slow.digest()


def test_pairs_drawn_stand_for_others_and_rivals_are_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    model = people_model()
    records = table(people(200, 54)[0], model)
    ways, shaped = ways_of(records, model), blocks(records, model)
    everything = observe(ways, shaped)
    monkeypatch.setattr("mdi_engine.linkage.training.observe.MANY", 0)
    monkeypatch.setattr(drawing, "MOST", 300)
    some, rivals = observe(ways, shaped), observe(ways, shaped, keep_pairs=True)
    assert len(some) < len(rivals) == everything.count.sum()
    assert set(some.count.tolist()) > {1} or some.count.min() > 1
    assert rivals.pairs is not None
    assert rivals.count.sum() == everything.count.sum()
