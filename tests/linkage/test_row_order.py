"""What a run finds must not depend on the order in which rows arrived, nor on how the work was cut up."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence

import pytest
from linkage_tables import PEOPLE, Row, people, table

from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import score

Outcome = tuple[str, dict[tuple[str, str], int], set[frozenset[str]], list[tuple[str, str, int, bool, str]]]

MODELS = {
    "one list": PEOPLE,
    "between two lists": 'pairs = "between"\none_per_source = true\n' + PEOPLE,
    "refined": 'heavy = 6\nrefine = ["born"]\n' + PEOPLE,
}


@functools.cache
def model_named(name: str) -> Model:
    return parse_model(MODELS[name])


def outcome(rows: Sequence[Row], sources: Sequence[str], keys: Sequence[str] | None, model: Model) -> Outcome:
    """Digest, weights by names, partition and decisions. Without keys of their own, rows are named by content."""
    records = table(rows, model, sources, keys)
    parameters = train(records, model)
    edges = score(records, parameters)
    clusters = cluster(records, edges, parameters)
    names = [records.name(i) for i in range(len(rows))] if keys else [repr(sorted(r.items())) for r in rows]
    weights = {
        (min(names[a], names[b]), max(names[a], names[b])): w
        for a, b, w in zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), strict=True)
    }
    parts: dict[int, set[str]] = {}
    for row, label in enumerate(clusters.label.tolist()):
        parts.setdefault(label, set()).add(names[row])
    decisions = [(names[d.left], names[d.right], d.weight, d.merged, d.reason) for d in clusters.decisions]
    return parameters.digest(), weights, set(map(frozenset, parts.values())), decisions


@pytest.mark.parametrize("keyed", [True, False], ids=["keys", "no keys"])
@pytest.mark.parametrize("name", MODELS.keys())
def test_shuffled_rows_give_the_same_digest_weights_partition_and_decisions(name: str, keyed: bool) -> None:
    rows, _ = people(70, 31)
    sources = ["ab"[i % 2] for i in range(len(rows))]
    keys = [f"k{i * 7919 % 1000}" for i in range(len(rows))] if keyed else None
    model = model_named(name)
    first = outcome(rows, sources, keys, model)
    assert len(first[1]) > 5
    assert len(first[2]) < len(rows)
    for seed in range(2):
        order = random.Random(seed).sample(range(len(rows)), len(rows))
        moved_keys = [keys[i] for i in order] if keys else None
        again = outcome([rows[i] for i in order], [sources[i] for i in order], moved_keys, model)
        assert again == first


def test_doubled_keys_do_not_let_the_order_in() -> None:
    rows, _ = people(60, 32)
    keys = [f"k{i % 20}" for i in range(len(rows))]
    model = model_named("one list")
    here = outcome(rows, ["a"] * len(rows), keys, model)
    there = outcome(rows[::-1], ["a"] * len(rows), keys[::-1], model)
    assert there == here


@pytest.mark.parametrize("chunk", [3, 50])
def test_small_chunks_give_the_same_digest_weights_and_partition(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    rows, _ = people(40, 33)
    keys = [str(i) for i in range(len(rows))]
    whole = outcome(rows, ["a"] * len(rows), keys, model_named("one list"))
    monkeypatch.setattr("mdi_engine.linkage.candidates.blocking.CHUNK", chunk)
    monkeypatch.setattr("mdi_engine.linkage.candidates.keys._SLICE", max(chunk // 2, 1))
    assert outcome(rows, ["a"] * len(rows), keys, model_named("one list")) == whole


def test_columns_the_model_does_not_use_do_not_count() -> None:
    model = parse_model(PEOPLE + '[fields.remark]\ncolumn = "remark"\n')
    rows, _ = people(40, 34)
    with_remarks = [{**row, "remark": f"r{i}"} for i, row in enumerate(rows)]
    assert train(table(rows, model), model).digest() == train(table(with_remarks, model), model).digest()


def test_an_empty_value_and_a_nul_are_two_things() -> None:
    model = model_named("one list")
    rows, _ = people(40, 35)
    digests = {
        train(table([{**rows[0], "city": city}, *rows[1:]], model), model).data_digest
        for city in (None, "\x00", "\x1f")
    }
    assert len(digests) == 3
