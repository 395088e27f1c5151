from __future__ import annotations

import random

from linkage_tables import trained

from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.records import build, encode
from mdi_engine.linkage.training.doubts import doubts
from mdi_engine.linkage.training.train import train

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


def test_neighbours_taken_for_matches_are_told() -> None:
    """A list without any duplicate: what the pairs of one town share is the town."""
    dice = random.Random(5)
    names = [f"puskesmas {dice.choice('bcdfgh')}{dice.choice('aiueo')}{dice.randrange(10**6)}" for _ in range(600)]
    model = parse_model(NEIGHBOURS)
    towns = encode([f"{row % 30:04d}" for row in range(600)])
    records = build(["a"] * 600, None, {"name": encode(names), "town": towns}, ["name", "town"])
    said = doubts(train(records, model))
    assert any("'town' tells" in sentence for sentence in said)
