from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.workbench import functions
from mdi_engine.workbench.database import open_scratch
from mdi_engine.workbench.functions import register


def test_each_distinct_value_is_normalised_once(tmp_path: Path) -> None:
    asked: list[str | None] = []

    def shout(text: str | None) -> str | None:
        asked.append(text)
        return text.upper() if text else "nothing"

    with open_scratch(tmp_path) as con:
        register(con, {"shout": shout})
        con.execute("CREATE TABLE t AS SELECT CASE WHEN i % 3 > 0 THEN 'v' || i % 3 END AS a FROM range(500000) r(i)")
        first = con.execute("SELECT DISTINCT shout(a) FROM t").fetchall()
        con.execute("SELECT count(shout(a)) FROM t").fetchall()
    assert {value for (value,) in first} == {"V1", "V2", "nothing"}
    assert sorted(asked, key=str) == [None, "v1", "v2"]


def test_hostile_text_passes_through(tmp_path: Path) -> None:
    hostile = ["\x00", "\u202e", '"', "'; DROP TABLE t; --", "z" * 10_000_000]
    with open_scratch(tmp_path) as con:
        register(con, {"same": lambda text: text})
        con.execute("CREATE TABLE t AS SELECT unnest(?) AS a", [hostile])
        assert con.execute("SELECT same(a) FROM t").fetchall() == [(text,) for text in hostile]


@given(st.lists(st.lists(st.integers(0, 60).map(str), unique=True, max_size=9), max_size=40))
def test_what_is_remembered_is_what_the_normaliser_says_and_never_too_much(asked: list[list[str | None]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, size in (("REMEMBERED", 20), ("_AT_FIRST", 5), ("_PAUSE", 15)):
            patch.setattr(functions, name, size)
        memory = functions._Memory(lambda text: f"<{text}>")
        for texts in asked:
            assert memory.normalised(texts) == [f"<{text}>" for text in texts]
            assert len(memory.new) + len(memory.old) <= 2 * (20 + 9)
