"""The fast paths of a profile against slow truths, and what each column is said to hold, on any text there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.normalize.text import clean_text, null_placeholder
from mdi_engine.workbench.functions import register
from mdi_engine.workbench.profiling.columns import ColumnProfile, column_profile, count_column
from mdi_engine.workbench.profiling.shapes import mask, masks, register_mask, shape

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ODD = st.sampled_from(
    ["", " ", "-", "NULL", " n/a ", "nan", "NAN", "(tidak  tercatat)", "\u200b", "0", "É", "\x00", "'"]
)
CELLS = st.lists(st.none() | TEXTS | ODD, max_size=40)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register_mask(connection)
        register(connection, NORMALIZERS)
        yield connection


def profiled(con: duckdb.DuckDBPyConnection, cells: list[str | None], personal: bool = False) -> ColumnProfile:
    con.register("arrived", pa.table({"a": pa.array(cells, pa.string())}))
    con.execute("CREATE OR REPLACE TEMP TABLE profiled AS SELECT * FROM arrived")
    con.unregister("arrived")
    count_column(con, "a")
    return column_profile(con, "a", len(cells), personal, 5)


@given(CELLS)
@example(["Émilie", None, "3171"])
def test_masks_are_the_mask_of_each(cells: list[str | None]) -> None:
    got = masks(pa.chunked_array([pa.array(cells, pa.string())]))
    assert got.to_pylist() == [None if cell is None else mask(cell) for cell in cells]


@given(CELLS)
def test_masks_of_a_slice(cells: list[str | None]) -> None:
    part = pa.array(["Rumah", *cells], pa.string()).slice(1)
    assert masks(pa.chunked_array([part])).to_pylist() == [None if cell is None else mask(cell) for cell in cells]


@given(TEXTS)
def test_a_mask_has_a_character_for_each_and_no_letter_of_the_value(text: str) -> None:
    assert len(mask(text)) == len(text)
    assert not [letter for letter in mask(text) if letter.isalpha() and letter not in "Aa"]


@given(st.text("9Aa/- ", max_size=50))
def test_a_shape_can_be_unfolded(masked: str) -> None:
    assert re.sub(r"(.)\{(\d+)\}", lambda run: run[1] * int(run[2]), shape(masked)) == masked


@given(cells=CELLS)
@example(cells=["n" + " " * 10_001 + "/a", " " * 10_001 + "x", "NaN", "Nan", "n / a", "#N/A", "tidak  ADA"])
def test_what_is_filled_is_what_the_normalisers_say(con: duckdb.DuckDBPyConnection, cells: list[str | None]) -> None:
    found = profiled(con, cells)
    filled = [cell for cell in cells if cell is not None and null_placeholder(cell) is not None]
    empty = [cell for cell in cells if clean_text(cell) is None]
    assert (found.filled, found.empty) == (len(filled), len(empty))
    assert found.filled + found.placeholders + found.empty == len(cells)
    counts = Counter(filled)
    assert found.distinct == len(counts)
    assert found.most_frequent == max(counts.values(), default=0)
    assert found.longest == max(map(len, filled), default=None)
    assert found.top == tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0].encode()))[:5])


@given(cells=CELLS)
def test_shares_are_shares_and_formats_are_of_the_filled(
    con: duckdb.DuckDBPyConnection, cells: list[str | None]
) -> None:
    found = profiled(con, cells)
    assert 0 <= found.completeness <= 1
    assert all(0 < form.share <= 1 and form.share == form.rows / found.filled for form in found.formats)
    assert sum(form.rows for form in found.formats) <= found.filled


@given(st.lists(st.text("SITIsiti ", min_size=1, max_size=12), min_size=1, max_size=20))
def test_a_personal_column_tells_neither_values_nor_lengths_of_words(names: list[str]) -> None:
    with duckdb.connect() as con:
        register_mask(con)
        register(con, NORMALIZERS)
        found = profiled(con, [*names], personal=True)
    assert found.top is None
    assert not [form for form in found.formats if re.search(r"AA|aa|\{", form.shape)]


def test_a_code_is_told_by_its_letters_and_a_text_is_not(con: duckdb.DuckDBPyConnection) -> None:
    codes = profiled(con, [f"DKL{n:010}A1" for n in range(50)])
    assert [(form.shape, form.rows) for form in codes.formats] == [("A{3}9{10}A9", 50)]
    texts = profiled(con, ["x" * (n + 1) + " " + "y" * (m + 1) for n in range(12) for m in range(12)])
    assert [(form.shape, form.rows) for form in texts.formats] == [("a a", 144)]


def test_placeholders_are_told_by_their_text(con: duckdb.DuckDBPyConnection) -> None:
    found = profiled(con, ["-", " - ", "NULL", "x", None, ""], personal=True)
    assert found.placeholder_values == (("-", 2), ("NULL", 1))
    assert (found.filled, found.placeholders, found.empty) == (1, 3, 2)


def test_one_huge_value_is_a_value(con: duckdb.DuckDBPyConnection) -> None:
    found = profiled(con, ["9" * 3_000_000, "a 1" * 20_000])
    assert (found.filled, found.longest) == (2, 3_000_000)
    assert all(len(form.shape) <= 60 for form in found.formats)
