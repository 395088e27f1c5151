"""One record against others: the same candidates and weights as a batch, found through few of its keys."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.entities import ENTITIES
from mdi_engine.jobs.asking import Asked, Asker
from mdi_engine.jobs.home import from_columns
from mdi_engine.ledger.records import SourceRecord
from mdi_engine.linkage.models.model import load_model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.searching.asking import Key
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import score

Said = dict[str, str | None]
NAMES = ("wiryo", "sumarsih", "dewi", "ratna sari", "budi wiryo", "dewi ratna")
_FIELDS = {
    "nik": ("9901011708850001", "9901011708850002", "9901014102900001"),
    "name_core": NAMES,
    "birth_date": ("1985-08-17", "1985-08-18", "1990-02-01", "1990"),
    "sex": ("male", "female"),
    "mother_name": NAMES,
    "kabkota": ("3578", "3204"),
}
people = st.lists(
    st.fixed_dictionaries({name: st.sampled_from((None, *values)) for name, values in _FIELDS.items()}),
    min_size=2,
    max_size=12,
)


def as_records(said: list[Said]) -> Records:
    model = load_model(ENTITIES["patient"].model_path)
    columns = {name: [one.get(str(f.column_in(""))) for one in said] for name, f in model.fields.items()}
    return from_columns(["rs"] * len(said), [f"{place:03d}" for place in range(len(said))], columns)


@lru_cache
def learned() -> Parameters:
    drawn = np.random.default_rng(1)
    said: list[Said] = [{n: values[drawn.integers(len(values))] for n, values in _FIELDS.items()} for _ in range(150)]
    return train(as_records(said + said[:75]), load_model(ENTITIES["patient"].model_path))


def shared(left: list[Key], right: list[Key]) -> list[Key]:
    return sorted(set(left) & set(right))


@settings(max_examples=60)
@given(people)
def test_what_is_asked_for_finds_what_the_batch_finds(said: list[Said]) -> None:
    asker = Asker(1, learned())
    edges = score(as_records(said), learned())
    batch = {
        (a, b): w for a, b, w in zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), strict=True)
    }
    keys = [asker.keys(one) for one in said]
    records = [
        SourceRecord(place, "patient", "rs", f"{place:03d}", 1, {k: v for k, v in one.items() if v})
        for place, one in enumerate(said)
    ]
    for one, other in combinations(range(len(said)), 2):
        told = shared(asker.seeking(keys[other]), keys[one])
        asked = Asked("rs", f"{other:03d}", said[other])
        near = asker.near(asked, {one: told} if told else {}, lambda ids: [records[place] for place in ids])
        reached = batch.get((one, other), batch.get((other, one)))
        assert [weight for _, weight in near] == ([] if reached is None or reached < learned().review else [reached])


@settings(max_examples=60)
@given(people)
def test_two_candidates_have_a_key_in_common_that_both_are_sought_by(said: list[Said]) -> None:
    asker = Asker(1, learned())
    edges = score(as_records(said), learned())
    for one, other in zip(edges.left.tolist(), edges.right.tolist(), strict=True):
        assert shared(asker.seeking(asker.keys(said[one])), asker.seeking(asker.keys(said[other])))
