"""Dates that cannot be, that can be read one way only, and days that are too frequent."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from mdi_engine.reference.fillers import fillers
from mdi_engine.workbench.profiling.columns import ColumnProfile
from mdi_engine.workbench.profiling.defaults import FAR, LEAST, TIMES, Excess, excess
from mdi_engine.workbench.profiling.findings import Finding, finding

# A column is one of dates if so many of its values have the form of one, a time of day behind it or not.
_DATES = 0.5
_MASK = r"(99?[-/. ]99?[-/. ](9999|99)|9999[-/.]99?[-/.]99?)([ T]99?:99.*)?"
_PARTIAL = r"9999|9999[-/.]99|99[-/.]9999"
_DAYS_IN_A_YEAR = 365.25

# `form` is the separator and what stands first. Of a two-digit year only the day matters: any leap year will do.
# `day_first` and `month_first` are the dates so read, NULL if there is none.
_DATED = """
CREATE OR REPLACE TEMP TABLE dated AS
SELECT n, form, year_first, day, month,
    try_cast(printf('%04d-%02d-%02d', year, month, day) AS DATE) AS day_first,
    CASE WHEN NOT year_first THEN try_cast(printf('%04d-%02d-%02d', year, day, month) AS DATE) END AS month_first
FROM (SELECT n, year_first, regexp_extract(mask, '[^9]') || year_first AS form, p[2] AS month,
        CASE WHEN year_first THEN p[3] ELSE p[1] END AS day,
        CASE WHEN year_first THEN p[1] WHEN short THEN 2000 ELSE p[3] END AS year
    FROM (SELECT n, mask, mask LIKE '9999%' AS year_first,
            regexp_full_match(mask, '99?[-/. ]99?[-/. ]99([ T].*)?') AS short,
            regexp_extract_all(value, '[0-9]+')[1:3]::INTEGER[] AS p
        FROM counted WHERE kind = 'filled' AND regexp_full_match(mask, $mask)))
"""
_FOUND = """
SELECT sum(n)::BIGINT AS dates,
    coalesce(sum(n) FILTER (day_first IS NULL AND month_first IS NOT NULL), 0)::BIGINT AS only_month,
    coalesce(sum(n) FILTER (day_first IS NOT NULL AND month_first IS NULL AND NOT year_first), 0)::BIGINT AS only_day,
    coalesce(sum(n) FILTER (day_first IS NULL AND month_first IS NULL), 0)::BIGINT AS impossible,
    coalesce(sum(n) FILTER (list_contains($never, day_first::VARCHAR)), 0)::BIGINT AS never,
    count(DISTINCT form) AS forms,
    (SELECT max(rows) FROM (SELECT sum(n)::BIGINT AS rows FROM dated GROUP BY form)) AS main
FROM dated
"""


def is_dated(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> bool:
    """Whether the counted column is one of dates."""
    found = con.execute("SELECT sum(n) FROM masks WHERE regexp_full_match(mask, ?)", [_MASK]).fetchall()[0][0]
    return (found or 0) > _DATES * column.filled


def date_findings(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    """What is found in a column of dates."""
    con.execute(_DATED, {"mask": _MASK})
    dates, only_month, only_day, impossible, never, forms, main = con.execute(
        _FOUND, {"never": sorted(fillers().never)}
    ).fetchall()[0]
    if only_month:
        yield finding("month_first_dates", column.name, only_month, dates, others=only_day)
    if impossible:
        yield finding("impossible_date", column.name, impossible, dates)
    if never:
        yield finding("never_date", column.name, never, dates)
    if forms > 1:
        yield finding("mixed_date_forms", column.name, dates - main, dates, values=forms)
    partial = con.execute("SELECT sum(n)::BIGINT FROM masks WHERE regexp_full_match(mask, ?)", [_PARTIAL]).fetchall()
    if partial[0][0]:
        yield finding("partial_date", column.name, partial[0][0], column.filled)
    yield from _frequent(con, column, dates)


def _frequent(con: duckdb.DuckDBPyConnection, column: ColumnProfile, dates: int) -> Iterator[Finding]:
    """Dates, however written, that are too frequent; and 1 January, leaving those dates out."""
    counts = con.execute(
        "SELECT sum(n)::BIGINT AS rows FROM dated WHERE day_first IS NOT NULL GROUP BY day_first ORDER BY rows DESC "
        "LIMIT ?",
        [FAR],
    ).fetchall()
    frequent = excess([rows for (rows,) in counts], TIMES)
    if frequent:
        yield finding("default_date", column.name, frequent.rows, dates, **frequent.facts())
    yield from _january(con, column, frequent)


def _january(con: duckdb.DuckDBPyConnection, column: ColumnProfile, frequent: Excess | None) -> Iterator[Finding]:
    """1 January stands for "only the year is known". What begins with a month, a contract or a licence, makes the first
    of every month frequent: so it is measured against the other firsts, too.
    """
    counted, dates, other_firsts = con.execute(
        "SELECT coalesce(sum(n) FILTER (day = 1 AND month = 1), 0)::BIGINT, coalesce(sum(n), 0)::BIGINT, "
        "coalesce(sum(n) FILTER (day = 1 AND month <> 1), 0)::BIGINT FROM "
        "(SELECT *, sum(n) OVER (PARTITION BY day_first) AS so_many FROM dated) WHERE so_many < $frequent "
        "AND NOT list_contains($never, coalesce(day_first::VARCHAR, ''))",
        {"frequent": frequent.least if frequent else column.filled + 1, "never": sorted(fillers().never)},
    ).fetchall()[0]
    expected = max(dates / _DAYS_IN_A_YEAR, other_firsts / 11)
    if counted > max(LEAST, TIMES * expected):
        yield finding("first_of_january", column.name, counted, dates, expected=round(expected))
