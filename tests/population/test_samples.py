from __future__ import annotations

from pathlib import Path

from mdi_engine.population.generate import Order, generate
from mdi_engine.settings import shipped


def test_the_samples_are_what_the_generator_writes(tmp_path: Path) -> None:
    """`mdi generate data/samples --people 1200 --seed 9`, to the byte."""
    generate(tmp_path / "made", Order(people=1200, seed=9))
    made, kept = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "made", shipped("samples"))
    )
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == []
