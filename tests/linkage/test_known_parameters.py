"""Records are made from known m, u and lambda; training without labels must find these again (docs/training.md)."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from mdi_engine.linkage.models.model import parse_model
from mdi_engine.linkage.models.parameters import BlockParameters, Parameters
from mdi_engine.linkage.records import build, encode
from mdi_engine.linkage.training.train import train

Ints = npt.NDArray[np.int64]
PEOPLE, TWICE = 3_000, 0.35
# Per field: how often a second record keeps the value, and among how many values, the k-th 1/k as common as the first.
FIELDS = {"a": (0.95, 400), "b": (0.90, 300), "c": (0.80, 1_000), "d": (0.85, 60), "e": (0.70, 12)}
RULES = (["a", "d"], ["b", "e"], ["c"])


@dataclass(frozen=True)
class World:
    """Records with what made them: the chance of each value, m and u of agreement per field, and how many matches."""

    columns: dict[str, Ints]
    chance: dict[str, npt.NDArray[np.float64]]
    m: dict[str, float]
    u: dict[str, float]
    matches: int

    def train(self, extra: str = "") -> Parameters:
        """What training learns of the records, without labels."""
        text = f'name = "known"\n{extra}\n'
        text += "".join(f'[fields.{name}]\ncolumn = "{name}"\n' for name in self.columns)
        text += "".join(f"[[blocking]]\nkeys = {rule}\n" for rule in RULES)
        text += "".join(f'[[comparisons]]\nfield = "{name}"\nlevels = ["exact"]\n' for name in self.columns)
        columns = {name: encode([str(value) for value in column]) for name, column in self.columns.items()}
        records = build(["list"] * len(self.columns["a"]), None, columns, list(self.columns))
        return train(records, parse_model(text))


@functools.cache
def world(seed: int) -> World:
    """Fields are independent: an agreement on one says nothing of another, given match or not."""
    rng = np.random.default_rng(seed)
    twice = rng.random(PEOPLE) < TWICE
    columns, chances, m, u = {}, {}, {}, {}
    for name, (keep, values) in FIELDS.items():
        chance = 1.0 / np.arange(1, values + 1)
        chance /= chance.sum()
        first = rng.choice(values, PEOPLE, p=chance)
        again = np.where(rng.random(PEOPLE) < keep, first, rng.choice(values, PEOPLE, p=chance))
        columns[name], chances[name] = np.concatenate([first, again[twice]]), chance
        u[name] = float((chance**2).sum())
        m[name] = keep + (1 - keep) * u[name]  # a value drawn anew may be the old one
    return World(columns, chances, m, u, int(twice.sum()))


@functools.cache
def learned(seed: int) -> Parameters:
    return world(seed).train()


def block(parameters: Parameters, label: str) -> BlockParameters:
    return next(block for block in parameters.blocks if block.label == label)


SEEDS = pytest.mark.parametrize("seed", [1, 2])


@SEEDS
def test_lambda_is_found(seed: int) -> None:
    """Within 6 % of the matches that were made."""
    found = learned(seed)
    assert found.lambda_ * found.total_pairs == pytest.approx(world(seed).matches, rel=0.06)


@SEEDS
@pytest.mark.parametrize("name", FIELDS)
def test_m_is_found(seed: int, name: str) -> None:
    """Within 0.05: some 1,050 matches give a counted share of .8 a standard error of .012 even with labels."""
    assert block(learned(seed), name).m[2] == pytest.approx(world(seed).m[name], abs=0.05)


@SEEDS
@pytest.mark.parametrize("name", FIELDS)
def test_u_is_found(seed: int, name: str) -> None:
    """Within 12 % of itself: of some 4,000 records the commonest values are counted with an error of that order."""
    assert block(learned(seed), name).u[2] == pytest.approx(world(seed).u[name], rel=0.12)


@SEEDS
@pytest.mark.parametrize("name", FIELDS)
def test_u_per_value_is_found(seed: int, name: str) -> None:
    """Of values that 100 records or more should hold, log2 u within half a bit, and right on average."""
    table = block(learned(seed), name).table
    assert table is not None
    records = len(world(seed).columns[name])
    common = [value for value, share in enumerate(world(seed).chance[name]) if share * records >= 100]
    wrong = [table.listed[2][str(v)] / 1000 - math.log2(world(seed).chance[name][v]) for v in common]
    assert len(wrong) >= 4
    assert max(map(abs, wrong)) < 0.5
    assert abs(float(np.mean(wrong))) < 0.1


@SEEDS
def test_weights_are_those_of_the_known_parameters(seed: int) -> None:
    """log2(m/u) of agreement within 0.3 bits; of difference within 3 standard errors of as many counted differences."""
    for name in FIELDS:
        found, m, u = block(learned(seed), name), world(seed).m[name], world(seed).u[name]
        assert math.log2(found.m[2] / found.u[2]) == pytest.approx(math.log2(m / u), abs=0.3)
        error = 1 / (math.log(2) * math.sqrt(world(seed).matches * (1 - m)))
        assert math.log2(found.m[1] / found.u[1]) == pytest.approx(math.log2((1 - m) / (1 - u)), abs=3 * error)


@functools.cache
def carried() -> World:
    """The world with a sixth field that `d` carries: 95 of 100 records have the value that goes with d's."""
    made, rng = world(1), np.random.default_rng(9)
    d = made.columns["d"]
    code = np.where(rng.random(len(d)) < 0.95, d, rng.integers(60, 70, len(d)))
    return World({**made.columns, "code": code}, made.chance, made.m, made.u, made.matches)


def true_evidence(made: World) -> float:
    """log2 of how much oftener matches agree on both d and code than strangers do, counted on the records."""
    d, code, n = made.columns["d"], made.columns["code"], len(made.columns["d"])
    second = np.arange(PEOPLE, n)
    first = np.flatnonzero(np.random.default_rng(1).random(PEOPLE) < TWICE)
    m = float(((d[first] == d[second]) & (code[first] == code[second])).mean())
    sizes = np.unique(d * 1_000 + code, return_counts=True)[1].astype(float)
    agree = float((sizes * (sizes - 1) / 2).sum()) - m * made.matches
    return math.log2(m / (agree / (n * (n - 1) / 2 - made.matches)))


def test_fields_that_carry_each_other_need_a_group() -> None:
    """As a group they weigh what they should, within 0.3 bits; weighed apart they count twice, bits too much."""
    made = carried()
    true = true_evidence(made)
    joint = block(made.train('groups = [["d", "code"]]'), "d + code")
    both = joint.level_names.index(max(joint.level_names, key=lambda name: name.count("exact")))
    assert math.log2(joint.m[both] / joint.u[both]) == pytest.approx(true, abs=0.3)
    apart = made.train()
    single = [block(apart, label) for label in ("d", "code")]
    assert sum(math.log2(one.m[2] / one.u[2]) for one in single) > true + 2.0
