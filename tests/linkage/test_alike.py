"""What a group's records hold alike, counted once more record by record."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from linkage_tables import Row, table

from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.models.parameters import Parameters, load, save
from mdi_engine.linkage.training.alike import Alike, alike_counts
from mdi_engine.linkage.training.guess import count, per_value
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import blocks
from mdi_engine.linkage.weights.score import Scorer

HOUSES = """
name = "houses"
groups = [["town", "code"]]
[fields.name]
column = "name"
type = "tokens"
[fields.town]
column = "town"
[fields.code]
column = "code"
[fields.born]
column = "born"
type = "date"
[rarity]
features = ["each(name)", "town", "code", "born"]
common = 0.9
cut = 1.0
[[comparisons]]
field = "name"
levels = ["same", "overlap"]
[[comparisons]]
field = "born"
levels = ["exact", "same_year"]
[[comparisons]]
field = "town"
levels = ["exact", "jaro_winkler >= 0.8"]
[[comparisons]]
field = "code"
levels = ["exact", "osa <= 1"]
"""
TOWNS = ("Kota Lama",) * 8 + ("Kota Lima", "Tepi Sungai", "Bukit Batu")


def houses(count_: int, seed: int) -> list[Row]:
    """One town that most name, codes of few digits that are near one another, gaps."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for n in range(count_):
        row = {"name": f"nama{n} kel{n % 17}", "born": f"19{n % 70 + 20}-0{n % 9 + 1}-1{n % 7}"}
        if rng.random() < 0.9:
            row["town"] = rng.choice(TOWNS)
        if rng.random() < 0.8:
            row["code"] = f"{rng.randrange(4)}{rng.randrange(3)}1"
        rows.append(row)
    return rows


def model() -> Model:
    return parse_model(HOUSES)


@pytest.mark.parametrize("seed", range(3))
def test_what_meets_is_counted_over_all_holders(seed: int) -> None:
    rows = houses(90, seed)
    records = table(rows, model())
    block = blocks(records, model())[-1]
    raw = count(block, records, False)
    assert isinstance(raw.values, tuple)
    names = block.level_names
    seen = dict(zip(names, raw.values, strict=True))
    assert [name for name, found in seen.items() if found is None] == [n for n in names if "exact" not in n]
    both = [row for row in rows if row.get("town") and row.get("code")]
    same_town = seen["town: exact, code: osa <= 1"]
    assert same_town is not None
    assert same_town.records == len(both)
    for town in set(TOWNS):
        holders = [str(row["code"]) for row in both if row["town"] == town]
        assert same_town.held.get(town, 0) == len(holders)
        if holders:
            met = sum(one_error(a, b) for a in holders for b in holders) / len(holders)
            assert same_town.met[town] == pytest.approx(met)
    alone = seen["town: exact, code: missing"]
    assert alone is not None
    assert alone.met == {t: sum(r.get("town") == t for r in rows) - 1 for t in {r["town"] for r in rows if "town" in r}}


def test_a_sample_of_one_value_stands_for_all_its_holders() -> None:
    rows = [{"name": f"n{n}", "town": "Kota Lama", "code": f"{n:04}"} for n in range(700)]
    records = table(rows, model())
    block = blocks(records, model())[-1]
    found = alike_counts(block)[block.level_names.index("town: exact, code: osa <= 1")]
    assert isinstance(found, Alike)
    exact = sum(one_error(f"{a:04}", f"{b:04}") for a in range(700) for b in range(700)) / 700
    assert found.met["Kota Lama"] == pytest.approx(exact, rel=0.35)


def one_error(a: str, b: str) -> bool:
    """Whether codes of one length differ by one digit, or by two neighbours that changed places."""
    apart = [k for k, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    if len(apart) != 2:
        return len(apart) == 1
    first, second = apart
    return second == first + 1 and a[first] == b[second] and a[second] == b[first]


def trained() -> tuple[list[Row], Parameters]:
    rows = houses(300, 5)
    rows += [{**row, "name": str(row["name"]).split()[0]} for row in rows[:200]]
    return rows, train(table(rows, model()), model())


def test_a_town_that_many_name_weighs_less_than_a_rare_one(tmp_path: Path) -> None:
    rows, parameters = trained()
    block = blocks(table(rows, model()), model())[-1]
    assert parameters.blocks[-1].per_value == tuple(per_value(block).tolist())
    pairs = [{"town": "Kota Lama", "code": "001"}, {"town": "Kota Lama", "code": "321"}]
    pairs += [{"town": "Bukit Batu", "code": "001"}, {"town": "Bukit Batu", "code": "321"}]
    weights = Scorer(table(pairs, model()), parameters).weights(np.array([0, 2]), np.array([1, 3])).tolist()
    assert weights[0] + 1500 < weights[1]
    save(parameters, tmp_path)
    assert load(tmp_path) == parameters
