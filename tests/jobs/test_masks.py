"""What a page that is passed on shows of a value, and what it calls a record."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.jobs.masks import masked, masks, names
from mdi_engine.jobs.tables import to_records
from mdi_engine.linkage.models.model import Model, parse_model

MODEL = """
name = "people"
key = "row"
[fields.row]
column = "row"
[fields.card]
column = "card"
identifier = true
[fields.core]
column = "core"
type = "tokens"
[fields.born]
column = "born"
type = "date"
[fields.kota]
column = "kota"
[fields.place]
column = "alamat"
[[blocking]]
keys = ["kota"]
[[comparisons]]
field = "core"
levels = ["same"]
"""
TABLE = {
    "row": [f"r{n}" for n in range(12)],
    "card": ["9901020304050607"] * 12,
    "core": ["siti aminah"] * 12,
    "born": ["1985-08-17"] * 12,
    "kota": ["Palu"] * 5 + ["Poso"] * 4 + ["Ampana", "Zulu", None],
    "alamat": ["Jl. Melati 12"] * 12,
}


def model(text: str = MODEL) -> Model:
    return parse_model(text)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("kota", "Palu", "Palu"),  # five share it
        ("kota", "Poso", "P•••"),  # four do
        ("kota", "Zulu", "Z•••"),
        ("card", "9901020304050607", "•" * 16),
        ("core", "siti aminah", "s••• a•••••"),
        ("born", "1985-08-17", "1985-••-••"),
        ("place", "Jl. Melati 12", "J•. M••••• ••"),  # its column is called as an address is
    ],
)
def test_only_what_many_share_and_nobody_owns_is_shown(field: str, value: str, shown: str) -> None:
    records = to_records({"list": pa.table(TABLE)}, model())
    assert masks(records, model())(field, value) == shown


@given(st.sampled_from(["text", "tokens", "number"]), st.text())
def test_no_digit_and_no_second_letter_of_a_word_is_left(kind: str, value: str) -> None:
    assert not re.search(r"\w\w|\d", masked(kind, value))
    assert len(masked(kind, value)) == len(value)


@given(st.one_of(st.dates().map(str), st.text(), st.from_regex(r"\d{4}-[\d-]{1,6}", fullmatch=True)))
def test_of_a_date_no_more_than_the_year_is_left(value: str) -> None:
    left = re.sub(r"^\d{4}(?=-)", "", masked("date", value))
    assert not re.search(r"\d", left)


def test_a_key_that_may_be_personal_gives_way_to_the_row() -> None:
    sources = {"a": pa.table(TABLE), "b": pa.table({**TABLE, "row": [f"9901{n:012d}" for n in range(12)]})}
    records = to_records(sources, model())
    name = names(records, model())
    assert [name(0), name(11), name(12), name(23)] == ["a:r0", "a:r11", "b #1", "b #12"]
    hidden = model(MODEL.replace('[fields.row]\ncolumn = "row"', '[fields.row]\ncolumn = "row"\nidentifier = true'))
    assert names(records, hidden)(0) == "a #1"
