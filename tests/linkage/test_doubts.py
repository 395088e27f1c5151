from __future__ import annotations

import random
from dataclasses import replace

from linkage_tables import people_model, person, table, trained

from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.records import build, encode
from mdi_engine.linkage.training.doubts import doubts
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.score import score

NEIGHBOURS = """
name = "no duplicates at all"
[fields.name]
column = "name"
type = "tokens"
[fields.town]
column = "town"
[rarity]
features = ["each(name)", "town"]
[[comparisons]]
field = "name"
levels = ["same", "similar", "subset", "overlap"]
[[comparisons]]
field = "town"
levels = ["exact"]
"""


def test_parameters_of_real_matches_raise_no_doubt() -> None:
    assert doubts(trained()[1]) == ()


def test_neighbours_are_not_taken_for_matches_and_this_is_told() -> None:
    """A list without any duplicate: what the pairs of one town share is the town."""
    dice = random.Random(5)
    names = [f"puskesmas {dice.choice('bcdfgh')}{dice.choice('aiueo')}{dice.randrange(10**6)}" for _ in range(600)]
    model = parse_model(NEIGHBOURS)
    towns = encode([f"{row % 30:04d}" for row in range(600)])
    records = build(["a"] * 600, None, {"name": encode(names), "town": towns}, ["name", "town"])
    parameters = train(records, model)
    label = cluster(records, score(records, parameters), parameters).label
    assert len(set(label.tolist())) == 600
    assert any("nothing stands here twice" in sentence for sentence in doubts(parameters))


def test_a_single_witness_is_told() -> None:
    parameters = trained()[1]
    blocks = tuple(block if block.label == "city" else replace(block, m=block.u) for block in parameters.blocks)
    assert any("only 'city' tells" in sentence for sentence in doubts(replace(parameters, blocks=blocks)))


def test_that_no_matches_showed_is_told() -> None:
    dice = random.Random(21)
    records = table([person(dice) for _ in range(700)], people_model())
    said = doubts(train(records, people_model()))
    assert any("nothing stands here twice" in sentence for sentence in said)
