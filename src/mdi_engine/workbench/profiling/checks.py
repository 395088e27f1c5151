"""What is wrong with one column, asked of `counted` and `masks` (see `columns`): damage, cases, lengths.

Each check yields findings; a clean column yields none. Where a bound is a matter of chance it is said beside the check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

import duckdb

from mdi_engine.workbench.database import quoted
from mdi_engine.workbench.profiling.columns import ColumnProfile
from mdi_engine.workbench.profiling.dates import date_findings, is_dated
from mdi_engine.workbench.profiling.defaults import (
    FAR,
    FEWEST,
    LEAST,
    TIMES,
    TIMES_UNIQUE,
    excess,
    how_many,
    shared,
)
from mdi_engine.workbench.profiling.findings import Finding, check_finding, finding

# From this share of distinct values on, a column is taken for one of numbers that are as good as unique.
_UNIQUE = 0.5
# A column is one of words if so many of its values hold letters and no digit.
_WORDS = 0.8
# So many digits on average make a column one of numbers in which 0 stands for nothing.
_LONG_NUMBER = 5
# The least digits of a phone's number.
_PHONE = 8
# A key is of one form, and few of its values are doubled.
_ONE_FORM, _FEW = 0.9, 0.02
# Shorter values are not cut; and where nearly all are of one length, that is their form.
_CUT_FROM, _ONE_LENGTH = 10, 0.95
_CASE_SHARE = 0.02

_BLANK = r"[\s\x{a0}]"
_SEEN_IN_MASKS = {
    "spaces": rf"^{_BLANK}|{_BLANK}$|{_BLANK}{{2}}",
    "control_characters": r"[\x00-\x1f\x7f-\x9f\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]",
    "trailing_underscore": "_$",
    "leading_apostrophe": "^'[-+=@9]",
}
# In UTF-8 read as cp1252, an accented letter becomes Ã or Â and a character that is no letter (JOÃO is a name).
_BROKEN = r"Ã[^A-Za-z\s]|Ã$|Â[\x{80}-\x{bf}]|â€|ï»¿|\x{fffd}"
_SCIENTIFIC = r"\d([.,]\d+)?[eE]\+\d+"


def column_findings(con: duckdb.DuckDBPyConnection, column: ColumnProfile, checks: Sequence[str]) -> Iterator[Finding]:
    """All that is found in the counted column. `checks` are registered normalisers that say what is wrong with a value;
    those whose name ends in `_warning` say what may be wrong.
    """
    if not column.filled:
        rows = column.empty + column.placeholders
        if rows:
            yield finding("empty_column", column.name, rows, rows)
        return
    if is_dated(con, column):
        yield from date_findings(con, column)
    else:
        yield from _frequent(con, column)
        yield from _fillers(con, column)
    yield from _nearly_unique(con, column)
    yield from _damage(con, column)
    yield from _faults(con, column, checks)
    yield from _lengths(con, column)
    yield from _words(con, column)


def _frequent(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    unique = column.distinct >= _UNIQUE * column.filled
    numbers = unique and _is_of_numbers(con)
    seen = how_many(column.distinct) if numbers else FAR
    rows = con.execute("SELECT n FROM counted WHERE kind = 'filled' ORDER BY n DESC LIMIT ?", [seen]).fetchall()
    counts = [n for (n,) in rows]
    found = shared(counts, column.distinct) if numbers else excess(counts, TIMES_UNIQUE if unique else TIMES)
    if found:
        code = "shared_value" if unique else "default_value"
        yield finding(code, column.name, found.rows, column.filled, **found.facts())


def _is_of_numbers(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether most different values are numbers as long as a phone's, however they are divided."""
    of_numbers = con.execute(
        "SELECT sum(d) FILTER (length(mask) - length(replace(mask, '9', '')) >= ? "
        "AND NOT regexp_matches(mask, '[Aa]')) > 0.5 * sum(d) FROM masks",
        [_PHONE],
    ).fetchall()[0][0]
    return bool(of_numbers)


def _fillers(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    """Zeros, and eight digits or more of one kind, in a column of longer numbers."""
    rows = con.execute(
        "SELECT coalesce(sum(n), 0)::BIGINT FROM (SELECT n, regexp_replace(value, '[^0-9]', '', 'g') AS digits "
        "FROM counted WHERE kind = 'filled' AND contains(mask, '9') AND NOT regexp_matches(mask, '[Aa]')) "
        "WHERE replace(digits, digits[1], '') = '' AND (digits[1] = '0' OR length(digits) >= 8)"
    ).fetchall()[0][0]
    digits = con.execute("SELECT sum(n * (length - length(replace(mask, '9', '')))) / sum(n) FROM masks").fetchall()[0][
        0
    ]
    if rows and digits >= _LONG_NUMBER:
        yield finding("filler_value", column.name, rows, column.filled)


def _nearly_unique(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    """A column that looks like a key, always filled and of one form, and has a value twice."""
    (main,) = con.execute("SELECT max(n) FROM masks").fetchall()[0]
    doubled = column.filled - column.distinct
    if column.completeness == 1 and main >= _ONE_FORM * column.filled and 0 < doubled <= _FEW * column.filled:
        yield finding("doubled_key", column.name, doubled, column.filled)


def _damage(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    sums = [f"coalesce(sum(n) FILTER (regexp_matches(mask, ${code})), 0)::BIGINT" for code in _SEEN_IN_MASKS]
    seen = con.execute(f"SELECT {', '.join(sums)} FROM masks", _SEEN_IN_MASKS).fetchall()[0]  # noqa: S608
    for code, rows in zip(_SEEN_IN_MASKS, seen, strict=True):
        if rows:
            yield finding(code, column.name, rows, column.filled)
    broken = _rows(con, "strlen(value) > length(value) AND regexp_matches(value, ?)", _BROKEN)
    if broken:
        yield finding("broken_encoding", column.name, broken, column.filled)
    scientific = _rows(con, "contains(mask, '+') AND regexp_full_match(value, ?)", _SCIENTIFIC)
    if scientific:
        yield finding("scientific_number", column.name, scientific, column.filled)
    decimal = _rows(con, "regexp_full_match(mask, ?) AND value LIKE '%.0'", r"9{8,}\.9")
    # Where other decimals stand, the column is one of amounts.
    if decimal and decimal == _rows(con, "regexp_full_match(mask, ?)", r"9+\.9+"):
        yield finding("decimal_number", column.name, decimal, column.filled)
    yield from _rounded(con, column)


def _rows(con: duckdb.DuckDBPyConnection, condition: str, pattern: str) -> int:
    """Rows whose filled value meets the condition, in which `?` is the pattern."""
    found = con.execute(f"SELECT sum(n) FROM counted WHERE kind = 'filled' AND {condition}", [pattern]).fetchall()  # noqa: S608
    return int(found[0][0] or 0)


def _rounded(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    """By chance one number in 10 ends in 0, and one in 10,000 in 0000; five standard deviations are not chance."""
    numbers, in_zero, in_zeros, zero_rows, zeros_rows = con.execute(
        "SELECT count(*), count(*) FILTER (value LIKE '%0'), count(*) FILTER (value LIKE '%0000'), "
        "coalesce(sum(n) FILTER (value LIKE '%0'), 0)::BIGINT, coalesce(sum(n) FILTER (value LIKE '%0000'), 0)::BIGINT "
        "FROM counted WHERE kind = 'filled' AND regexp_full_match(mask, '9{16,19}')"
    ).fetchall()[0]
    if in_zero > LEAST and in_zero > max(0.15 * numbers, 0.1 * numbers + 5 * sqrt(0.09 * numbers)):
        yield finding("rounded_number", column.name, zero_rows, column.filled)
    elif in_zeros > max(5, 10 * numbers / 10_000):
        yield finding("rounded_number", column.name, zeros_rows, column.filled)


def _faults(con: duckdb.DuckDBPyConnection, column: ColumnProfile, checks: Sequence[str]) -> Iterator[Finding]:
    for check in checks:
        said = con.execute(
            f"SELECT said, sum(n)::BIGINT AS rows FROM (SELECT {quoted(check)}(value) AS said, n FROM counted "  # noqa: S608
            "WHERE kind = 'filled') WHERE said IS NOT NULL GROUP BY said ORDER BY rows DESC, said"
        ).fetchall()
        code = "warning" if check.endswith("_warning") else "fault"
        for kind, rows in said:
            yield check_finding(code, column.name, rows, column.filled, check, kind)


def _lengths(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    """Values of several words, cut at a length, which then gathers all that would have been longer."""
    found = con.execute(
        "SELECT length, sum(d)::BIGINT, sum(n)::BIGINT FROM masks WHERE regexp_matches(mask, '[Aa].* .*[Aa]') "
        "GROUP BY length ORDER BY length DESC"
    ).fetchall()
    values = {length: d for length, d, _ in found}
    for length, _, rows in found:
        if _is_cut(values, length, column.longest or 0):
            yield finding("truncated", column.name, rows, column.filled, length=length)
            return


def _is_cut(values: Mapping[int, int], length: int, longest: int) -> bool:
    """Whether distinct values of the length are far more than of those before it. Where some are longer (another system
    cut none), hardly any may be, and the lengths before must be well filled: else it is the form of a code.
    """
    here, total = values[length], sum(values.values())
    before = [values.get(length - step, 0) for step in (1, 2, 3)]
    after = [values.get(length + step, 0) for step in (1, 2, 3)]
    if length < _CUT_FROM or here <= max(LEAST, 2 * max(before)) or here >= _ONE_LENGTH * total:
        return False
    return length == longest or (min(before) >= LEAST / 2 and here > 4 * max(after))


def _words(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    words, digits, capitals, others = con.execute(
        "SELECT coalesce(sum(n) FILTER (regexp_matches(mask, '[Aa]') AND NOT contains(mask, '9')), 0)::BIGINT, "
        "coalesce(sum(n) FILTER (regexp_full_match(mask, '9{8,}')), 0)::BIGINT, "
        "coalesce(sum(n) FILTER (regexp_matches(mask, 'A{4}') AND NOT contains(mask, 'a')), 0)::BIGINT, "
        "coalesce(sum(n) FILTER (regexp_matches(mask, '[Aa]{4}') AND contains(mask, 'a')), 0)::BIGINT FROM masks"
    ).fetchall()[0]
    if digits and words > _WORDS * column.filled:
        yield finding("foreign_digits", column.name, digits, column.filled)
    fewer = min(capitals, others)
    if column.distinct >= FEWEST and fewer > max(LEAST, _CASE_SHARE * column.filled):
        yield finding("mixed_case", column.name, fewer, column.filled)
    elif fewer:
        yield from _variants(con, column)


def _variants(con: duckdb.DuckDBPyConnection, column: ColumnProfile) -> Iterator[Finding]:
    rows = con.execute(
        "SELECT coalesce(sum(fewer), 0)::BIGINT FROM (SELECT sum(n) - max(n) AS fewer FROM counted "
        "WHERE kind = 'filled' GROUP BY lower(value) HAVING count(*) > 1)"
    ).fetchall()[0][0]
    if rows:
        yield finding("case_variants", column.name, rows, column.filled)
