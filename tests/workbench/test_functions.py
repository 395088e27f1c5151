from __future__ import annotations

from pathlib import Path

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
