"""The benchmark of golden records counts what it says it counts, and the page shows what was kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmark_scripts import load

from mdi_engine.entities.survivorship import Statement

sys.modules.setdefault("measure", load("measure"))  # the script finds it in its own folder
golden = load("golden")
ROOT = Path(__file__).parents[2]
SHOWN = {
    "NIK": "nik",
    "family card": "kk",
    "name, folded": "name_core",
    "birth date": "birth_date",
    "sex": "sex",
    "address, regency": "kabkota",
}


def test_values_are_counted_where_the_truth_is_known_and_somebody_says_something() -> None:
    def said(source: str, key: str, sex: str | None) -> Statement:
        return Statement(source, key, "", {"sex": sex})

    people = {
        "one": [said("dukcapil", "a", "male"), said("simrs", "b", "female"), said("simrs", "c", None)],
        "two": [said("simrs", "d", "male"), said("simrs", "e", "female"), said("simrs", "f", "female")],
        "alone": [said("simrs", "g", "male")],
        "unknown": [said("simrs", "h", "male"), said("simrs", "i", "male")],
    }
    right = {"one": {"sex": "male"}, "two": {"sex": "male"}, "alone": {"sex": "male"}}
    found = golden.measure(people, right, lambda one: True)["sex"]
    assert found == {"golden": {"values": 2, "right": 0.5}, "records": {"values": 5, "right": 0.4}}
    assert golden.registered(people) == {"one": {"sex": "male"}}
    assert golden.measure(people, right, lambda one: one.source == "dukcapil")["sex"]["golden"]["values"] == 0


def test_the_page_shows_the_figures_that_were_kept() -> None:
    kept = json.loads((ROOT / "benchmarks" / "results" / "golden.json").read_text("utf-8"))
    page = (ROOT / "docs" / "golden.md").read_text("utf-8")
    for name, field in SHOWN.items():
        told = [
            kept[part][field][of]["right"]
            for part in ("all_sources", "hospitals_alone")
            for of in ("golden", "records")
        ]
        assert f"| {name} | {' | '.join(f'{share:.4f}'.removeprefix('0') for share in told)} |" in page
