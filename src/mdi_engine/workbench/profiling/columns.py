"""One column of the table `profiled`, counted once per distinct value.

Two temporary tables hold the column under work, and the checks of `checks` ask them:

    counted    value, n (rows), kind ('empty', 'placeholder', 'filled'), mask    per distinct value, NULL too
    masks      mask, n (rows), d (distinct values), length      of filled values
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from mdi_engine.normalize.text import MAX_CHARS
from mdi_engine.reference.placeholders import placeholder_exact, placeholder_words
from mdi_engine.workbench.database import quoted
from mdi_engine.workbench.profiling.shapes import shape

# Letters of a shape are counted where that many shapes so made cover at least that share of the filled values.
_TELLING_SHAPES, _TELLING_SHARE = 10, 0.5

# Digits of one number, whatever divides them. A licence of a medicine has ten, with letters before them.
_GAP = r"[\s\p{Z}\p{Pd}.()]*"
_LONG = rf"9({_GAP}9){{11}}|(^|[^Aa9])9({_GAP}9){{9}}"
_FAIRLY_LONG = rf"(^|[^Aa9])9({_GAP}9){{7}}"
_LONG_SHARE = 0.1
_DATES = r"(9999[-.]99?[-.]99?|99?[-.]99?[-.]9999)([ T]99?[:.]99([:.]99)?)?"

_WORDS = "regexp_replace(trim(value), ' +', ' ', 'g')"
# Of plain ASCII with a letter or digit in it, the words alone decide; the rest is asked of the normalisers one by one.
_KIND = f"""
CASE WHEN value IS NULL OR value = '' THEN 'empty'
     WHEN length(value) <= {MAX_CHARS} AND regexp_full_match(value, '[ -~]*[0-9A-Za-z][ -~]*')
     THEN CASE WHEN list_contains($words, lower({_WORDS})) OR list_contains($exact, {_WORDS})
               THEN 'placeholder' ELSE 'filled' END
     WHEN clean_text(value) IS NULL THEN 'empty'
     WHEN null_placeholder(value) IS NULL THEN 'placeholder'
     ELSE 'filled' END
"""


@dataclass(frozen=True)
class Format:
    """A shape (see `shapes`), the rows whose value has it, and their share of the filled ones, 0 to 1."""

    shape: str
    rows: int
    share: float


@dataclass(frozen=True)
class ColumnProfile:
    """One column. `filled` + `placeholders` + `empty` = rows; empty is NULL, or text of which nothing is left after
    `clean_text`. `completeness` = filled ÷ rows, 0 to 1 (1 if there are no rows).

    `distinct`, `distinct_share` (distinct ÷ filled), `shortest`, `longest` (characters), `most_frequent` (rows that
    share the most frequent value), `top` (value, rows; most frequent first) and `formats` are of filled values;
    share and lengths are None if nothing is filled. `top` is None for a personal column; its formats do not count
    letters. `placeholder_values` is (text, rows): what stands there for nothing is nobody's value.
    """

    name: str
    personal: bool
    filled: int
    placeholders: int
    empty: int
    completeness: float
    distinct: int
    distinct_share: float | None
    shortest: int | None
    longest: int | None
    most_frequent: int
    top: tuple[tuple[str, int], ...] | None
    placeholder_values: tuple[tuple[str, int], ...]
    formats: tuple[Format, ...]


def count_column(con: duckdb.DuckDBPyConnection, at: str) -> None:
    """Fill `counted` and `masks` from the column `at` of `profiled`. Needs `mask` and the text normalisers in SQL."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE counted AS SELECT *, mask(value) AS mask FROM (SELECT *, {_KIND} AS kind FROM "  # noqa: S608
        f"(SELECT {quoted(at)} AS value, count(*)::BIGINT AS n FROM profiled GROUP BY value))",
        {"words": sorted(placeholder_words()), "exact": sorted(placeholder_exact())},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE masks AS SELECT mask, sum(n)::BIGINT AS n, count(*) AS d, length(mask) AS length "
        "FROM counted WHERE kind = 'filled' GROUP BY mask"
    )


def has_long_numbers(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether filled values of the counted column hold numbers as long as a NIK, a card or a phone, in pieces or not.

    One value of ten digits is enough, twelve if letters stand before them; of eight, as some phones have, a tenth of
    the rows that are not dates.
    """
    long, many = con.execute(
        "SELECT coalesce(bool_or(regexp_matches(mask, $long)), false), "
        "coalesce(sum(n) FILTER (regexp_matches(mask, $some)) >= $share * sum(n), false) "
        "FROM masks WHERE NOT regexp_full_match(mask, $dates)",
        {"long": _LONG, "some": _FAIRLY_LONG, "share": _LONG_SHARE, "dates": _DATES},
    ).fetchall()[0]
    return bool(long or many)


def column_profile(con: duckdb.DuckDBPyConnection, name: str, rows: int, personal: bool, top: int) -> ColumnProfile:
    """What `counted` and `masks` say of the column, with at most `top` values, placeholders and formats."""
    filled, placeholders, distinct, most = con.execute(
        "SELECT coalesce(sum(n) FILTER (kind = 'filled'), 0)::BIGINT, "
        "coalesce(sum(n) FILTER (kind = 'placeholder'), 0)::BIGINT, count(*) FILTER (kind = 'filled'), "
        "coalesce(max(n) FILTER (kind = 'filled'), 0) FROM counted"
    ).fetchall()[0]
    shortest, longest = con.execute("SELECT min(length), max(length) FROM masks").fetchall()[0]
    return ColumnProfile(
        name=name,
        personal=personal,
        filled=filled,
        placeholders=placeholders,
        empty=rows - filled - placeholders,
        completeness=filled / rows if rows else 1.0,
        distinct=distinct,
        distinct_share=distinct / filled if filled else None,
        shortest=shortest,
        longest=longest,
        most_frequent=most,
        top=None if personal else _values(con, "value", "filled", top),
        placeholder_values=_values(con, "clean_text(value)", "placeholder", top) if placeholders else (),
        formats=_formats(con, filled, personal, top),
    )


def _values(con: duckdb.DuckDBPyConnection, shown: str, kind: str, top: int) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a kind. `shown` is SQL; a placeholder of which nothing would be left is `''`."""
    found = con.execute(
        f"SELECT coalesce({shown}, '') AS shown, sum(n)::BIGINT AS rows FROM counted WHERE kind = ? "  # noqa: S608
        "GROUP BY shown ORDER BY rows DESC, shown LIMIT ?",
        [kind, top],
    ).fetchall()
    return tuple((value, n) for value, n in found)


def _formats(con: duckdb.DuckDBPyConnection, filled: int, personal: bool, top: int) -> tuple[Format, ...]:
    """The most frequent shapes. Those of a personal column never count letters: they could tell a name."""
    query = "SELECT mask, n FROM masks ORDER BY n DESC, mask LIMIT ?"
    telling = con.execute(query, [max(top, _TELLING_SHAPES)]).fetchall()
    if personal or sum(n for _, n in telling[:_TELLING_SHAPES]) < _TELLING_SHARE * filled:
        telling = con.execute(
            "SELECT regexp_replace(regexp_replace(mask, 'A+', 'A', 'g'), 'a+', 'a', 'g') AS folded, sum(n)::BIGINT "
            "AS n FROM masks GROUP BY folded ORDER BY n DESC, folded LIMIT ?",
            [top],
        ).fetchall()
    return tuple(Format(shape(mask), n, n / filled) for mask, n in telling[:top])
