"""The checks of a profile on any text there is: they end, count no more rows than there are, and quote nothing."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mdi_engine.normalize.registry import NORMALIZERS
from mdi_engine.workbench.profiling.findings import findings_table
from mdi_engine.workbench.profiling.overview import Asked, Profile, profile_table

DATES = st.from_regex(r"\A[0-9٠-٩]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}( [0-9]{2}:[0-9]{2})?\Z")
NUMBERS = st.from_regex(r"\A'?[0-9]{1,19}(\.0|E\+[0-9]{1,3}|_)?\Z")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
CELLS = st.none() | DATES | NUMBERS | TEXTS
USED = {name: NORMALIZERS[name] for name in ("clean_text", "null_placeholder", "nik_fault", "nik_warning")}
# A profile is some forty queries: fewer of them than is usual.
FEWER = settings(max_examples=40)
ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=30)


def profiled(rows: list[tuple[str | None, str | None]]) -> Profile:
    with duckdb.connect() as con:
        columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(2)]
        con.register("arrived", pa.table(columns, names=["c0", "c1"]))
        con.execute("CREATE TABLE profiled AS SELECT * FROM arrived")
        con.unregister("arrived")
        asked = [Asked("nik", personal=True, checks=("nik_fault", "nik_warning")), Asked("kota")]
        return profile_table(con, "a", 0, asked, USED)


@FEWER
@given(ROWS)
@example([("٠١/٠٢/١٩٩٠", "31/12/0000")] * 30)
@example([("0000-00-00", "99/99/99"), ("9999-12-31", "00.00.0000")] * 25)
@example([("'1E+999", "1E+9"), ("Ã", "Â\x80")] * 3)
def test_checks_end_and_count_rows(rows: list[tuple[str | None, str | None]]) -> None:
    found = profiled(rows)
    for each in found.findings:
        assert each.code in findings_table()
        assert 0 < each.rows <= len(rows)
        assert 0 < each.share <= 1
        assert "{" not in each.english + each.indonesian + each.advice_english + each.advice_indonesian


@FEWER
@given(st.lists(st.text("QXZqxz", min_size=6, max_size=12), min_size=1, max_size=20))
def test_no_finding_quotes_a_value(values: list[str]) -> None:
    dirty = [(value, f" {value.upper()}\x07") for value in values for _ in range(30)]
    told = str(profiled([*dirty]).findings)
    assert not [value for value in values if value in told or value.upper() in told]


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("JOÃO", set()),
        ("O'Brien", set()),
        ("RSUD Dr. Soetomo", set()),
        ("3E+15", {"scientific_number"}),
        ("3,2e+15", {"scientific_number"}),
        ("'0812", {"leading_apostrophe"}),
        ("ï»¿Budi", {"broken_encoding"}),
        ("Budi\u200b", {"control_characters"}),
        ("Budi\n", {"control_characters", "spaces"}),
        ("Budi\xa0", {"spaces"}),
        ("Budi _", {"trailing_underscore"}),
    ],
)
def test_one_value_is_judged_by_itself(value: str, codes: set[str]) -> None:
    found = profiled([(None, value)])
    assert {each.code for each in found.findings if each.column == "kota"} == codes


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        (["25/12/1990", "01/02/1990"], set()),
        (["12/25/1990", "01/02/1990"], {"month_first_dates"}),
        (["1990-12-25", "2000-02-29"], set()),
        (["1990-25-12", "2001-02-29"], {"impossible_date"}),
        (["29/02/1900", "01/02/1990"], {"impossible_date"}),
        (["29/02/00", "01/02/90"], set()),
        (["1990-12-25", "25/12/1990"], {"mixed_date_forms"}),
        (["1990-12-25 00:00:00", "1990-12-26T10:00"], set()),
        (["1990-12-25", "1990-12-26", "1990"], {"partial_date"}),
        (["1990", "1991"], set()),
    ],
)
def test_dates_are_read_as_the_calendar_has_them(texts: list[str], codes: set[str]) -> None:
    found = profiled([(None, text) for text in texts])
    assert {each.code for each in found.findings if each.column == "kota"} == codes
