from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdi_engine.workbench.export import write_csv, write_json_lines, write_parquet
from mdi_engine.workbench.safe import safe_cell, safe_terminal

HOSTILE = ["=1+1", "+62", "-1", "@x", "\tx", "\rx", '"', "\x00", "\u202eRS", "a\nb", "z" * 10_000_000, None]
TABLE = pa.table({"=nama": pa.array(HOSTILE, pa.string()), "n": pa.array([-1] * len(HOSTILE), pa.int64())})


def test_csv_for_people_is_safe_in_a_spreadsheet_and_loses_nothing() -> None:
    out = io.StringIO(newline="")
    assert write_csv(TABLE.to_batches(), TABLE.column_names, out) == len(HOSTILE)
    csv.field_size_limit(64 << 20)
    header, *rows = csv.reader(io.StringIO(out.getvalue(), newline=""))
    assert header == ["'=nama", "n"]
    assert [row[0] for row in rows] == ["'" + str(text) if text in HOSTILE[:6] else text or "" for text in HOSTILE]
    assert {row[1] for row in rows} == {"-1"}


@given(st.text())
def test_no_text_cell_starts_a_formula(text: str) -> None:
    assert not safe_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe_cell(text).endswith(text)


@given(st.text())
def test_a_terminal_gets_no_control_and_no_turn_of_direction(text: str) -> None:
    shown = safe_terminal(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202a\u202e\u2066\u2069\u200f\u2028" for c in shown)
    shown.encode()


@pytest.mark.parametrize("text", ["RSUD dr. Soetomo", "病院", "Ñandú – 3"])
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert safe_terminal(text) == text


def test_programs_get_the_values_untouched(tmp_path: Path) -> None:
    out = io.StringIO()
    assert write_json_lines(TABLE.to_batches(), out) == len(HOSTILE)
    assert [json.loads(line)["=nama"] for line in out.getvalue().splitlines()] == HOSTILE
    write_parquet(TABLE, tmp_path / "t.parquet")
    assert pq.read_table(tmp_path / "t.parquet").equals(TABLE)
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
