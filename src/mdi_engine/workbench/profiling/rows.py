"""What only whole rows show: rows that repeat one another, and columns that were exchanged in some rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import duckdb

from mdi_engine.workbench.database import quoted
from mdi_engine.workbench.profiling.columns import ColumnProfile
from mdi_engine.workbench.profiling.findings import Finding, finding

# A form that nearly all values of a column have, and that is telling: so many digits and letters at least.
_STRICT, _TELLING = 0.8, 6
_FEWEST, _TIMES = 5, 3
_LONG = 12
_MASKS_KEPT = 50
# A column tells rows apart if it has so many values per row, which leaves room for each row to be there a few times.
_APART = 0.2


@dataclass(frozen=True)
class Masks:
    """The most frequent masks of a column with their rows. `at` is its name in `profiled`, `name` the reported one."""

    name: str
    at: str
    filled: int
    rows: Mapping[str, int]
    distinct: int

    @property
    def main(self) -> str:
        """The most frequent mask; empty if nothing is filled."""
        return next(iter(self.rows), "")

    @property
    def strict(self) -> bool:
        """Whether the values are numbers or codes of one form."""
        telling = sum(character in "9Aa" for character in self.main)
        return telling >= _TELLING and "9" in self.main and self.rows[self.main] >= _STRICT * self.filled

    @property
    def long(self) -> bool:
        """Whether they are numbers so long that two people do not have the same by chance."""
        return self.strict and len(self.main) >= _LONG


def masks_of(con: duckdb.DuckDBPyConnection, at: str, column: ColumnProfile) -> Masks:
    """What to keep of the column counted last."""
    found = con.execute("SELECT mask, n FROM masks ORDER BY n DESC, mask LIMIT ?", [_MASKS_KEPT]).fetchall()
    return Masks(column.name, at, column.filled, dict(found), column.distinct)


def row_findings(
    con: duckdb.DuckDBPyConnection, rows: int, columns: Sequence[str], masks: Sequence[Masks]
) -> Iterator[Finding]:
    """Findings about the rows of `profiled`. Equal rows are told by a 64-bit hash of all their columns: of a million
    rows, two that differ share one with odds of 1 in 37 million. Without a column that tells most rows apart, equal
    rows are no wonder.
    """
    names = ", ".join(map(quoted, columns))
    doubled = con.execute(f"SELECT count(*) - count(DISTINCT hash({names})) FROM profiled").fetchall()[0][0]  # noqa: S608
    if doubled and max(column.distinct for column in masks) > _APART * rows:
        yield finding("doubled_rows", None, doubled, rows)
    yield from _swapped(con, rows, masks)
    for one, other in combinations([column for column in masks if column.long], 2):
        pairs = _exchanged_pairs(con, one, other) if one.main == other.main else 0
        if pairs:
            yield finding("exchanged_values", other.name, pairs, rows, other=one.name)


def _swapped(con: duckdb.DuckDBPyConnection, rows: int, masks: Sequence[Masks]) -> Iterator[Finding]:
    reported: set[frozenset[str]] = set()
    for strict, other in permutations(masks, 2):
        if strict.strict and _candidate(strict, other) and frozenset((strict.at, other.at)) not in reported:
            exchanged = _exchanged(con, strict, other, rows)
            if exchanged:
                reported.add(frozenset((strict.at, other.at)))
                yield finding("swapped_columns", other.name, exchanged, other.filled, other=strict.name)


def _candidate(strict: Masks, other: Masks) -> bool:
    return strict.main != other.main and other.rows.get(strict.main, 0) >= _FEWEST


def _exchanged(con: duckdb.DuckDBPyConnection, strict: Masks, other: Masks, rows: int) -> int:
    """Rows in which the other column has the strict one's form, and the strict one is filled in another; 0 if they are
    no more than if the two had nothing to do with each other.
    """
    both, there, missed = con.execute(
        "SELECT count(*) FILTER (there AND missed), count(*) FILTER (there), count(*) FILTER (missed) FROM "  # noqa: S608
        "(SELECT mask(y) = $main AS there, mask(x) <> $main AND regexp_matches(mask(x), '[9Aa]') AS missed FROM "
        f"(SELECT {quoted(strict.at)} AS x, {quoted(other.at)} AS y FROM profiled))",
        {"main": strict.main},
    ).fetchall()[0]
    return both if both >= _FEWEST and both > _TIMES * there * missed / rows else 0


def _exchanged_pairs(con: duckdb.DuckDBPyConnection, one: Masks, other: Masks) -> int:
    """Pairs of values that stand in the two columns one way round in one row, and the other way in another."""
    return int(
        con.execute(
            "WITH pairs AS (SELECT DISTINCT x, y FROM "  # noqa: S608
            f"(SELECT {quoted(one.at)} AS x, {quoted(other.at)} AS y FROM profiled) "
            "WHERE x <> y AND mask(x) = $main AND mask(y) = $main) "
            "SELECT count(*) FROM pairs a JOIN pairs b ON a.x = b.y AND a.y = b.x WHERE a.x < a.y",
            {"main": one.main},
        ).fetchall()[0][0]
    )
