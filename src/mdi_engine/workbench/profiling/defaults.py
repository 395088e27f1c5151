"""Which values are too frequent to be values: defaults, and what people type to get past a required field.

The rule. Order the distinct values of a column by their rows, the most frequent at rank 1. In real columns, whether
of names, places, birth dates or amounts, the counts near the top lie about a straight line when both rank and count are
drawn logarithmically (Zipf's law). The line through the counts at rank `NEAR` and rank `FAR` says what to expect at the
ranks before them. A value is flagged if its rows exceed both `LEAST` and `TIMES` what is expected; `TIMES_UNIQUE` in a
column as good as unique, whose line nothing else bends. Columns of less than `FEWEST` values have no such line: a sex
or a class may well be on half of the rows.

Long numbers as good as unique (phones, cards) follow no such line: a few rows are a family's or a patient's who came
again, each further one as much rarer, and what a desk types stands far above, however many desks do so. There the rows
that no more than one value in `ODD` exceeds are usual, and `TIMES` as many are the bound: where each further row is as
much rarer, one value in `ODD` to the power of `TIMES` (300 million) exceeds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import NamedTuple

NEAR, FAR, FEWEST = 20, 200, 40
LEAST, TIMES, TIMES_UNIQUE = 20, 5, 3
ODD, FEW = 50, 5


class Excess(NamedTuple):
    """The flagged values: how many, their rows in all, the most and the least rows of one, and the bound that the most
    frequent one exceeded.
    """

    values: int
    rows: int
    most: int
    least: int
    bound: int

    def facts(self) -> dict[str, int]:
        """What a sentence says of them."""
        return {"values": self.values, "most": self.most, "bound": self.bound}


def excess(counts: Sequence[int], times: int) -> Excess | None:
    """What stands out among the counts of the `FAR` most frequent values, descending; None if nothing does.

    >>> excess([300, 25, *[2] * 100], TIMES)
    Excess(values=2, rows=325, most=300, least=25, bound=20)
    >>> excess([10_000 // rank for rank in range(1, 201)], TIMES) is None
    True
    """
    if len(counts) < FEWEST:
        return None
    bounds = [_bound(counts, rank, times) for rank in range(1, NEAR)]
    flagged = 0
    while flagged < len(bounds) and counts[flagged] > bounds[flagged]:
        flagged += 1
    if not flagged:
        return None
    return Excess(flagged, sum(counts[:flagged]), counts[0], counts[flagged - 1], int(bounds[0]))


def shared(counts: Sequence[int], distinct: int) -> Excess | None:
    """What stands out among long numbers as good as unique; None if nothing does. `counts` are those of the
    `how_many(distinct)` most frequent of the `distinct` values, descending, or of more.

    >>> shared([70, 54, *[3] * 40, *[1] * 1_000], 1_042)
    Excess(values=2, rows=124, most=70, least=54, bound=20)
    """
    if distinct < FEWEST:
        return None
    bound = max(LEAST, TIMES * counts[how_many(distinct) - 1])
    flagged = [count for count in counts if count > bound]
    return Excess(len(flagged), sum(flagged), flagged[0], flagged[-1], bound) if flagged else None


def how_many(distinct: int) -> int:
    """How many of the most frequent values `shared` wants to see: one in `ODD` may be anything, of few values `FEW`."""
    return max(FEW, distinct // ODD) + 1


def _bound(counts: Sequence[int], rank: int, times: int) -> float:
    """The rows that a value at this rank (from 1) may have, as the line has it."""
    last = min(FAR, len(counts))
    near, far = counts[NEAR - 1], counts[last - 1]
    steepness = log(near / far) / log(last / NEAR)
    return max(LEAST, times * near * float((NEAR / rank) ** steepness))
