"""Expected matches, and the rows they are counted on, against a plain reading pair by pair."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import PEOPLE, Row, people, people_model, table

from mdi_engine.linkage.candidates.blocking import candidates, covers, find_blocking, prepare
from mdi_engine.linkage.models.model import Model, parse_model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.found import among_rivals
from mdi_engine.linkage.training.observe import Pairs, observe
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import blocks

NAMES = """
pairs = "between"
one_per_source = true
name = "t"
[fields.name]
column = "name"
[fields.city]
column = "city"
[[blocking]]
keys = ["city"]
[[blocking]]
keys = ["name"]
[[comparisons]]
field = "name"
levels = ["exact"]
[[comparisons]]
field = "city"
levels = ["exact"]
"""


@pytest.mark.parametrize("same", [2, 10, 40])
def test_identical_names_on_both_sides_are_no_more_matches_than_names(same: int) -> None:
    model = parse_model(NAMES)
    side: list[Row] = [{"name": "Permata", "city": "Bogor"}] * same
    side += [{"name": f"n{i}", "city": f"c{i % 7}"} for i in range(30)]
    found = train(table(side * 2, model, ["a"] * len(side) + ["b"] * len(side)), model).found
    assert 15 < found.by_way[1] <= same + 30
    assert found.matches <= 1.05 * (same + 30)


def test_two_records_of_one_source_are_never_expected_to_match() -> None:
    model = parse_model("one_per_source = true\n" + PEOPLE)
    found = train(table(people(60, 3)[0], model), model).found
    assert (set(found.by_way), found.matches, found.recall) == ({0.0}, 0.0, None)


def plain_posteriors(pairs: Sequence[tuple[int, int]], odds: Sequence[float], source: Sequence[int]) -> list[float]:
    """Every pair against every other one."""
    shares = []
    for place, (i, j) in enumerate(pairs):
        if source[i] == source[j]:
            shares.append(0.0)
            continue
        rivals = []
        for other, ends in enumerate(pairs):
            for mine, partner in ((i, j), (j, i)):
                if other != place and mine in ends:
                    rival = ends[0] if ends[1] == mine else ends[1]
                    if source[rival] == source[partner] and source[rival] != source[mine]:
                        rivals.append(odds[other])
        shares.append(odds[place] / (1 + odds[place] + math.fsum(rivals)))
    return shares


@given(seed=st.integers(0, 10**9), sources=st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_rivals_share_their_chances_whatever_the_order(seed: int, sources: int) -> None:
    rng = random.Random(seed)
    n = rng.randint(2, 8)
    source = [rng.randrange(sources) for _ in range(n)]
    ends = [pair for pair in itertools.combinations(range(n), 2) if rng.random() < 0.7]
    odds = [2.0 ** rng.uniform(-20, 20) for _ in ends]

    def found(order: list[int], turned: bool) -> list[float]:
        sides = np.array([ends[k][::-1] if turned else ends[k] for k in order], dtype=np.int32).reshape(-1, 2)
        pairs = Pairs(np.arange(len(order), dtype=np.int32), sides[:, 0], sides[:, 1])
        shares = among_rivals(pairs, np.array([odds[k] for k in order]), np.array(source, dtype=np.int32))
        return [share for _, share in sorted(zip(order, shares.tolist(), strict=True))]

    here = found(list(range(len(ends))), False)
    assert here == pytest.approx(plain_posteriors(ends, odds, source))
    assert found(rng.sample(range(len(ends)), len(ends)), True) == here


def rows_of(records: Records, model: Model) -> list[tuple[object, ...]]:
    """What every candidate pair looks like, pair by pair."""
    ways = prepare(records, model, find_blocking(records, model))
    shaped, found = blocks(records, model), list[tuple[object, ...]]()
    for chunk in candidates(ways):
        for k in range(len(chunk)):
            i, j = chunk.left[k : k + 1], chunk.right[k : k + 1]
            covered = sum(int(covers(ways, way, i, j)[0]) << way for way in range(ways.count))
            values = [tuple(sorted((int(b.codes[i[0]]), int(b.codes[j[0]])))) for b in shaped]
            # Nothing to compare looks the same whatever the other side holds.
            found.append((*(None if low < 0 else (low, high) for low, high in values), covered, chunk.way))
    return found


@pytest.mark.parametrize("chunk", [7, 1_000_000])
def test_rows_stand_for_all_pairs(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr("mdi_engine.linkage.candidates.blocking.CHUNK", chunk)
    rows, model = people(40, 5)[0], people_model()
    records = table([*rows, *rows, *rows], model)
    ways, shaped = prepare(records, model, find_blocking(records, model)), blocks(records, model)
    seen = observe(ways, shaped, keep_pairs=True)
    plain = rows_of(records, model)
    assert seen.pairs is not None
    assert seen.count.sum() == len(plain) == len(seen.pairs.row)
    assert len(seen) == len(set(plain)) < len(plain)
    assert np.bincount(seen.pairs.row).tolist() == seen.count.tolist()
    assert len(set(zip(plain, seen.pairs.row.tolist(), strict=True))) == len(seen)
    assert [(int(seen.covered[r]), int(seen.first[r])) for r in seen.pairs.row] == [look[-2:] for look in plain]
    assert observe(ways, shaped).pairs is None


def test_a_row_costs_few_bytes() -> None:
    """Rows, not pairs; ids of 4 bytes, ways of 1: this is what bounds how many candidates training can see."""
    rows = people(60, 6)[0]
    model = people_model()
    records = table([*rows, *rows], model)
    seen = observe(prepare(records, model, find_blocking(records, model)), blocks(records, model))
    held = sum(column.nbytes for column in (*seen.ids, seen.covered, seen.first, seen.count))
    assert held <= len(seen) * (4 * len(seen.ids) + 1 + 1 + 8)
    assert len(seen) < 0.6 * seen.count.sum()
