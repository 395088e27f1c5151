"""The text of a row that the workbench makes is the one that the ledger would make."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.ledger.payloads import canonical_payload
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.landing import canonical_rows, canonical_texts

FIELDS = ("source_key", "name", "b c", "class")
VALUES = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=6))
AWKWARD = st.sampled_from(
    ["", '"', "\\", "\x7f", "\x00", "\x1b", "~", " ", "/", "é", "🏥", "\\u00e9", "a\nb", "NULL", "{}", "x" * 9_999]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.one_of(VALUES, AWKWARD)] * 3), max_size=9))
def test_texts_are_canonical(rows: list[tuple[str | None, ...]]) -> None:
    with open_scratch(Path("unused")) as con:
        con.execute(
            "CREATE TABLE canonical_shop (delivery BIGINT, source VARCHAR, row_id BIGINT, source_key VARCHAR, "
            'name VARCHAR, "b c" VARCHAR, class VARCHAR)'
        )
        for number, row in enumerate(rows):
            con.execute("INSERT INTO canonical_shop VALUES (1, 's', $1, $2, $3, $4, $5)", [number, f"k{number}", *row])
            con.execute("INSERT INTO canonical_shop VALUES (2, 's', $1, $2, $3, $4, $5)", [number, f"k{number}", *row])
        plain = [row for chunk in canonical_rows(con, "shop", 1, FIELDS, 4) for row in chunk]
        texts = [row for chunk in canonical_texts(con, "shop", 1, FIELDS, 4) for row in chunk]
    assert [key for key, _ in texts] == [key for key, _ in plain] == sorted(f"k{number}" for number in range(len(rows)))
    for (_, fields), (_, text) in zip(plain, texts, strict=True):
        expected = canonical_payload(fields)
        assert (text if isinstance(text, str) else canonical_payload(text)) == expected
        assert isinstance(text, str) == (expected.isprintable() and "\\" not in expected)


@pytest.mark.parametrize("chunk", [1, 3, 10])
def test_chunks_are_of_the_size_that_was_asked_for(chunk: int) -> None:
    with open_scratch(Path("unused")) as con:
        con.execute(
            "CREATE TABLE canonical_shop AS "
            "SELECT 1 AS delivery, 'k' || i AS source_key, 'é' AS name FROM range(7) r(i)"
        )
        sizes = [len(rows) for rows in canonical_texts(con, "shop", 1, ("source_key", "name"), chunk)]
    assert sizes == [chunk] * (7 // chunk) + ([7 % chunk] if 7 % chunk else [])
