from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from linkage_tables import PEOPLE, WORDS, people, people_model, table, trained

from mdi_engine.linkage.candidates.blocking import candidates, find_blocking, prepare
from mdi_engine.linkage.drawing import draw
from mdi_engine.linkage.models.model import parse_model


@pytest.mark.parametrize("pairs", ["all", "between"])
def test_every_candidate_is_as_likely_as_any_other(pairs: str) -> None:
    model = parse_model(f'pairs = "{pairs}"\n' + PEOPLE)
    rows, _ = people(40, 3)
    records = table(rows, model, ["a" if k % 3 else "b" for k in range(len(rows))])
    ways = prepare(records, model, find_blocking(records, model))
    every = {pair for chunk in candidates(ways) for pair in zip(chunk.left.tolist(), chunk.right.tolist(), strict=True)}
    drawn = Counter[tuple[int, int]]()
    for left, right in draw(ways, np.random.default_rng(1), most=400_000):
        drawn.update(zip(left.tolist(), right.tolist(), strict=True))
    assert set(drawn) == every
    # Pearson's chi-square over its degrees of freedom is about 1 if all are alike, far above if keys shared tell.
    mean = drawn.total() / len(every)
    assert mean > 50
    chi = sum((drawn[pair] - mean) ** 2 / mean for pair in every) / (len(every) - 1)
    assert chi == pytest.approx(1.0, abs=6 * np.sqrt(2 / len(every)))


def test_the_same_seed_draws_the_same_pairs() -> None:
    records, parameters = trained()
    ways = prepare(records, parameters.model, parameters.blocking)
    one, two, other = (
        [part.tolist() for pair in draw(ways, np.random.default_rng(seed), most=1_000) for part in pair]
        for seed in (1, 1, 2)
    )
    assert one == two != other


def test_where_there_is_no_candidate_none_is_drawn() -> None:
    rows = [{"name": word, "city": None} for word in WORDS[:3]]
    records = table(rows, people_model())
    ways = prepare(records, people_model(), find_blocking(records, people_model()))
    assert list(draw(ways, np.random.default_rng(1), most=1_000)) == []
