"""The compiled path against the plain one: the same pairs, in the same order, to the last millibit."""

from __future__ import annotations

import dataclasses
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_models import learned, some_rows
from linkage_tables import Row, all_pairs, people, table, trained

from mdi_engine.linkage.candidates.blocking import prepare
from mdi_engine.linkage.kernels import compiled
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights import plain, streaming
from mdi_engine.linkage.weights.compare import blocks
from mdi_engine.linkage.weights.laid import Laid
from mdi_engine.linkage.weights.score import Scorer, score


def agree(records: Records, parameters: Parameters, least: int | None, threads: int = 2) -> int:
    """Both ways give the same; how many pairs were kept."""
    ways = prepare(records, parameters.model, parameters.blocking)
    pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
    bound = parameters.review if least is None else least
    noted: list[int] = []
    slow = plain.score_all(pairs, parameters.prior, ways, bound, lambda _: None)
    fast = streaming.score_all(pairs, parameters.prior, ways, bound, noted.append, threads)
    assert fast[3] == slow[3] == sum(noted)
    for there, here in zip(slow[:3], fast[:3], strict=True):
        assert here.tolist() == there.tolist()
        assert here.dtype == np.int64
    return len(fast[0])


@given(model=st.integers(0, 60), seed=st.integers(0, 10**6), least=st.sampled_from([None, -(10**12), -9_000, 4_000]))
@settings(max_examples=60)
def test_any_model_gives_the_same_edges_both_ways(model: int, seed: int, least: int | None) -> None:
    parameters, rng = learned(model), random.Random(seed)
    if parameters is not None:
        rows = some_rows(rng, rng.choice([2, 17, 50]))
        agree(table(rows, parameters.model, [rng.choice("ab") for _ in rows]), parameters, least)


@given(seed=st.integers(0, 10**6), model=st.integers(0, 60))
@settings(max_examples=30)
def test_any_model_gives_any_pair_the_same_weight_both_ways(seed: int, model: int) -> None:
    parameters = learned(model)
    if parameters is not None:
        records = table(some_rows(random.Random(seed), 30), parameters.model)
        pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))
        left, right = all_pairs(records)
        truth = plain.PlainScorer(pairs, parameters.prior).weights(left, right)
        laid = Laid(pairs, parameters.prior)
        assert laid.weights(left, right).tolist() == truth.tolist()
        assert laid.weights(right, left).tolist() == truth.tolist()


@pytest.mark.parametrize(("task", "room", "threads"), [(1, 256, 1), (7, 256, 3), (500, 300, 2)])
def test_how_the_work_is_cut_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, task: int, room: int, threads: int
) -> None:
    monkeypatch.setattr(streaming, "TASK", task)
    monkeypatch.setattr(streaming, "ROOM", room)
    _, parameters = trained()
    records = table(people(150, 41)[0] * 2, parameters.model)
    assert agree(records, parameters, -(10**9), threads) > room


def test_a_key_that_all_rows_share_is_gone_through() -> None:
    _, parameters = trained()
    rows: Sequence[Row] = [{**row, "city": "Medan", "name": "siti"} for row in people(400, 42)[0]]
    assert agree(table(rows, parameters.model), parameters, 0) > 0


def test_learned_words_that_these_records_do_not_hold_are_left_out() -> None:
    _, parameters = trained()
    agree(table([{"name": "qq zz"}, {"name": "qq zz"}, {"name": "zz qq"}], parameters.model), parameters, -(10**9))


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_records_are_no_pairs(count: int) -> None:
    _, parameters = trained()
    assert agree(table([{"name": "siti"}] * count, parameters.model), parameters, None) == 0


def test_many_pairs_go_the_compiled_way_and_few_the_plain_one(monkeypatch: pytest.MonkeyPatch) -> None:
    _, parameters = trained()
    records = table(people(80, 43)[0], parameters.model)
    left, right = all_pairs(records)
    few = score(records, parameters), Scorer(records, parameters).weights(left, right)
    some = Scorer(records, parameters).at_least(left, right, 0)
    monkeypatch.setattr("mdi_engine.linkage.weights.score.MANY", 0)
    monkeypatch.setattr("mdi_engine.linkage.weights.score.MANY_AT_ONCE", 0)
    monkeypatch.setattr(plain.PlainScorer, "weights", None)
    monkeypatch.setattr(plain, "score_all", None)
    many = score(records, parameters, threads=1), Scorer(records, parameters).weights(left, right)
    assert dataclasses.astuple(many[0])[3] == dataclasses.astuple(few[0])[3]
    assert many[0].weight.tolist() == few[0].weight.tolist()
    assert many[1].tolist() == few[1].tolist()
    assert [part.tolist() for part in Scorer(records, parameters).at_least(left, right, 0)] == [
        p.tolist() for p in some
    ]


def test_kernels_are_kept_where_there_is_room_for_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = compiled._source()
    compiled.folder.cache_clear()
    try:
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        (tmp_path / "no-folder").touch()
        monkeypatch.setattr(compiled, "_HERE", tmp_path / "no-folder")
        assert compiled.folder() == tmp_path / "cache" / "mdi-engine" / source[:16]
        compiled.folder.cache_clear()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-folder"))
        monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
        found = compiled.folder()
        assert found is not None
        assert found.is_relative_to(tmp_path)
        found.chmod(0o777)  # others could put code there that we would run
        compiled.folder.cache_clear()
        assert compiled.folder() is None
    finally:
        compiled.folder.cache_clear()


def test_scoring_loads_the_kernels_only_when_there_is_much_to_do() -> None:
    asked = "import sys, mdi_engine.jobs.link, mdi_engine.linkage.weights.score; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
