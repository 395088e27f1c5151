"""`import mdi_engine`: tables of every kind give the same, results show themselves, and what was learned is kept."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mdi_engine
from mdi_engine.errors import NotFound, UsageError

MODEL = """
name = "people & <b>"
[fields.name]
column = "name"
type = "tokens"
[fields.town]
column = "town"
[fields.born]
column = "born"
type = "date"
[fields.who]
column = "who"
[[blocking]]
keys = ["first(name, 3)"]
[[blocking]]
keys = ["born"]
[[comparisons]]
field = "name"
levels = ["same", "similar", "overlap"]
[[comparisons]]
field = "town"
levels = ["exact"]
[[comparisons]]
field = "born"
levels = ["exact", "one_digit", "same_year"]
"""
COLUMNS = ("name", "town", "born", "who")


def columns() -> dict[str, list[str | None]]:
    """Eighty invented people, half of them twice with a slip; some fields empty."""
    rng = random.Random(7)
    given, last = ("siti", "budi", "agus", "dewi", "rina", "tono"), ("aminah", "santoso", "lestari", "wijaya")
    rows: list[tuple[str | None, ...]] = []
    for n in range(80):
        name = (
            f"{rng.choice(given)} {rng.choice('bcdfghjk')}{rng.choice('aiu')}{rng.choice('lmnr')}ono {rng.choice(last)}"
        )
        town = rng.choice(("Ambon", "Blora", "Ciamis", "Demak"))
        born = f"{rng.randint(1950, 1999)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        rows.append((name, town, born, f"p{n}"))
        if n % 2:
            rows.append((name[:-1], town if n % 3 else None, born, f"p{n}"))
    return {name: [row[k] for row in rows] for k, name in enumerate(COLUMNS)}


@pytest.fixture(scope="module")
def model() -> mdi_engine.Model:
    return mdi_engine.parse_model(MODEL)


@pytest.fixture(scope="module")
def linked(model: mdi_engine.Model) -> mdi_engine.Linked:
    return mdi_engine.link(pa.table(columns()), model, truth="who")


def parquet(folder: Path) -> Path:
    path = folder / "table.parquet"
    pq.write_table(pa.table({**columns(), "more": [1.5] * len(columns()["name"])}), path)
    return path


def csv(folder: Path) -> str:
    path = folder / "table.csv"
    pd.DataFrame(columns()).to_csv(path, index=False)
    return str(path)


KINDS: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda folder: pd.DataFrame(columns()),
    "polars": lambda folder: pl.DataFrame(columns()),
    "Arrow reader": lambda folder: pa.table(columns()).to_reader(),
    "DuckDB": lambda folder: duckdb.connect().read_parquet(str(parquet(folder))),
    "dictionaries": lambda folder: pa.table(columns()).to_pylist(),
    "Parquet": parquet,
    "CSV": csv,
}


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_every_kind_give_the_same(
    kind: str, tmp_path: Path, model: mdi_engine.Model, linked: mdi_engine.Linked
) -> None:
    given = KINDS[kind](tmp_path)
    again = mdi_engine.link(given, model)
    assert again.clusters_table().equals(linked.clusters_table())
    assert again.parameters.digest() == linked.parameters.digest()


def test_rows_may_lack_keys_and_hold_numbers_and_dates(model: mdi_engine.Model) -> None:
    rows: list[dict[str, object]] = [
        {"name": "siti aminah", "town": 7, "born": datetime.date(1985, 8, 17), "who": None},
        {"town": 7, "name": "budi santoso", "extra": "x", "born": None},
        {"name": "siti aminah", "town": 7, "born": datetime.date(1985, 8, 17)},
    ]
    records = mdi_engine.link(rows, model).records
    assert [records.columns[name].text(0) for name in COLUMNS] == ["siti aminah", "7", "1985-08-17", None]
    assert records.columns["born"].text(1) is None


@pytest.mark.parametrize(
    "given",
    [[], [1], {"a": [{}, 3]}, pl.LazyFrame({"name": ["a"]}), [{"name": "a"}, {"name": 3}]],
    ids=["empty", "numbers", "half", "lazy", "mixed"],
)
def test_what_is_no_table_is_refused_without_its_values(given: Any, model: mdi_engine.Model) -> None:
    with pytest.raises(UsageError, match=r"not a table|several types"):
        mdi_engine.link(given, model)


def test_what_was_learned_is_kept_and_used_again(
    tmp_path: Path, model: mdi_engine.Model, linked: mdi_engine.Linked
) -> None:
    table = pa.table(columns())
    learned = mdi_engine.train(table, model)
    assert learned.digest() == linked.parameters.digest()
    mdi_engine.save_parameters(learned, tmp_path / "kept")
    kept = mdi_engine.load_parameters(tmp_path / "kept")
    again = mdi_engine.link(table, parameters=kept)
    assert again.clusters_table().equals(linked.clusters_table())
    assert "train" not in again.seconds
    with pytest.raises(UsageError, match="neither a model nor parameters"):
        mdi_engine.link(table)


def test_doubtful_pairs_stand_between_the_thresholds_nearest_to_even_odds_first(linked: mdi_engine.Linked) -> None:
    table = linked.doubtful_table()
    weights = table.column("match_weight").to_pylist()
    assert table.num_rows == linked.pairs_to_review > 0
    assert weights == sorted(weights, key=abs)
    assert all(-4 <= weight < 0 for weight in weights)
    pairs = set(map(tuple, (row.values() for row in linked.pairs_table().to_pylist())))
    assert set(map(tuple, (row.values() for row in table.to_pylist()))) <= pairs


def test_explain_says_what_a_pair_weighs(linked: mdi_engine.Linked) -> None:
    row = linked.pairs_table().to_pylist()[0]
    names = [f"{row[f'source_{side}']}:{row[f'record_id_{side}']}" for side in "lr"]
    why = linked.explain(*names)
    assert why.weight == round(row["match_weight"] * 1000)
    with pytest.raises(NotFound):
        linked.explain(names[0], "table:0")


def test_results_show_themselves_short_and_escaped(linked: mdi_engine.Linked) -> None:
    shown = linked._repr_html_()
    assert "people &amp; &lt;b&gt;" in shown
    assert len(shown) < 1000
    assert repr(linked).startswith("<Linked model people & <b>, records 120")
    assert len(repr(linked)) < 200
    hostile = [{"name": "<script>x", "town": "A", "born": "1990-01-01", "who": None}] * 3
    why = mdi_engine.link(hostile, parameters=linked.parameters).explain("table:1", "table:2")
    assert "&lt;script&gt;x" in why._repr_html_()
    assert "<script>" not in why._repr_html_()
    assert why._repr_html_().count("<tr>") == len(why.steps) + 2


def test_a_report_is_one_page(tmp_path: Path, linked: mdi_engine.Linked) -> None:
    linked.report(tmp_path / "out.html")
    text = (tmp_path / "out.html").read_text("utf-8")
    assert "Measured precision" in text
    assert "santoso" not in text
    linked.report(str(tmp_path / "out.html"), show_values=True)
    with pytest.raises(UsageError, match="must end in"):
        linked.report(tmp_path / "out.pdf")


def test_everything_named_is_there_and_typed() -> None:
    assert sorted(mdi_engine.__all__) == list(mdi_engine.__all__)
    assert all(getattr(mdi_engine, name) is not None for name in mdi_engine.__all__)
    assert (Path(mdi_engine.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError):
        mdi_engine.nothing  # noqa: B018
