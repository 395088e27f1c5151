"""The figures of docs/benchmarks.md are those that were kept, and what could not be measured is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from benchmark_scripts import load

render = load("render")
ROOT = Path(__file__).parents[2]


def test_the_page_holds_the_figures_that_were_kept() -> None:
    page = render.PAGE.read_text("utf-8")
    assert all(f"<!-- figures: {name} -->" in page for name in render.PARTS)
    assert render.render(page) == page, "run `make bench-page`"


def test_other_figures_make_another_page(tmp_path: Path) -> None:
    shutil.copy(render.RESULTS / "startup.json", tmp_path)
    kept = json.loads((tmp_path / "startup.json").read_text("utf-8"))
    kept["more_seconds"]["median"] += 0.5
    (tmp_path / "startup.json").write_text(json.dumps(kept), encoding="utf-8")
    page = render.PAGE.read_text("utf-8")
    assert render.startup(tmp_path) not in page
    assert render.render(page, tmp_path) != page


def same(value: float) -> dict[str, float]:
    return {"min": value, "median": value, "max": value}


def row(**facts: Any) -> dict[str, Any]:
    fine = {"program": "one", "version": "1.2", "stopped": None, "quiet": True, "f1": same(0.5), "b_cubed": same(0.6)}
    figures = {"seconds": same(3.0), "peak_mb": same(70), "largest": 9, "quality": {"true_largest": 4}}
    return fine | figures | facts


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "| work | one 1.2 | 0.5000 | 0.6000 | 9 (4) | 3.0 | 70 |"),
        ({"quiet": False}, "| work | one 1.2 † | 0.5000 | 0.6000 | 9 (4) | 3.0 | 70 |"),
        ({"quiet": None}, "| work | one 1.2 † | 0.5000 | 0.6000 | 9 (4) | 3.0 | 70 |"),
        ({"labelled_pairs": 5}, "| work | one 1.2 (with labels) | 0.5000 | 0.6000 | 9 (4) | 3.0 | 70 |"),
        ({"stopped": "not done within 600 s"}, "| work | one | not done within 600 s |  |  |  |  |"),
        ({"stopped": "failed: a|b"}, "| work | one | failed: a/b |  |  |  |  |"),
    ],
    ids=["quiet", "noisy", "not told", "labels", "stopped", "failed"],
)
def test_rows_of_a_program(tmp_path: Path, facts: dict[str, Any], said: str) -> None:
    works = {"work": {"rows": [row(**facts)], "splink_at_thresholds": {"stopped": "not done"}}}
    (tmp_path / "peers.json").write_text(json.dumps({"works": works}), encoding="utf-8")
    assert said in render.peers(tmp_path).splitlines()


def test_what_was_not_run_is_said(tmp_path: Path) -> None:
    assert render.linking(tmp_path).count("not run yet") == len(render.SIZES)
    assert render.peers(tmp_path) == render.startup(tmp_path) == "not run yet"


def test_peers_are_pinned_and_no_dependency_of_ours() -> None:
    lock = (ROOT / "benchmarks" / "peers" / "requirements.lock").read_text("utf-8").splitlines()
    pins = [line for line in lock if line and not line.startswith("#")]
    assert all(line.count("==") == 1 for line in pins)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for peer in ("splink", "dedupe", "recordlinkage", "goldenmatch"):
        assert any(line.startswith(f"{peer}==") for line in pins)
        assert f'"{peer}' not in project


@pytest.mark.parametrize(
    ("work", "model"),
    [
        ("patients_10000", "patients"),
        ("patients_1000000_tight", "patients_tight"),
        ("febrl3", "febrl"),
        ("fake_1000", "fake_1000"),
        ("historical_50k", "historical_50k"),
    ],
    ids=["patients", "tight", "febrl", "fake", "historical"],
)
def test_every_work_has_a_model(work: str, model: str) -> None:
    found = load("run_mdi").model_of(work)
    assert found.stem == model
    assert found.exists()
