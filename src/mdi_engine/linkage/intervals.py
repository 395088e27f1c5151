"""Confidence intervals of counts in a sampled population: exact in one stratum, combined over several.

In one stratum n of N pairs were drawn and x of them are matches; the limits are those numbers K of matches that the
hypergeometric distribution does not rule out (Wright, "Exact Confidence Bounds when Sampling from Small Finite
Universes", 1991: Clopper and Pearson's interval, 1934, for a finite population). So a stratum without a single event
has a width, and one that was looked at as a whole has none.

Strata are combined by the method of variance estimates recovery, which takes from each stratum the distance between
its estimate and the limit that matters (Zou, Huang and Zhang, 2009; Newcombe, 1998, for a difference). Ratios whose
both parts are estimated are inverted as Fieller (1954) does: those values stay that the contrast does not rule out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 32
_DIGIT = 1e-9  # what the last digits of a fraction may be off


@dataclass(frozen=True)
class Interval:
    """An estimate with its limits, in the unit of what is estimated."""

    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Cell:
    """One stratum, or what part of it belongs to a subgroup: `same` of `answered` of its `pairs` are matches.

    `same` is a fraction where cells were pooled; its limits then are those of the whole numbers about it.
    `otherwise` is the share, 0..1, taken as the estimate where nothing was answered; the limits then are 0 and all.
    """

    pairs: int
    answered: int
    same: float
    otherwise: float = 0.0

    def total(self, confidence: float) -> Interval:
        """Matches among the pairs."""
        share = self.same / self.answered if self.answered else self.otherwise
        low, high = math.floor(self.same + _DIGIT), math.ceil(self.same - _DIGIT)
        lower, upper = (limits(x, self.answered, self.pairs, confidence)[end] for end, x in enumerate((low, high)))
        return Interval(self.pairs * share, min(lower, self.pairs * share), max(upper, self.pairs * share))


def pooled(cells: Sequence[Cell]) -> list[Cell]:
    """Cells of like pairs as one, though they were drawn at different rates; those without an answer stay apart.

    The answers count as so many as a simple random sample of the same accuracy would need, at most: the effective size
    (Kish, 1965), to which the exact limits apply (Korn and Graubard, 1998). Many small cells without an event would
    otherwise each claim a width of their own.
    """
    some, rest = ([cell for cell in cells if bool(cell.answered) is told] for told in (True, False))
    if len(some) < 2:
        return [*cells]
    pairs = sum(cell.pairs for cell in some)
    effective = pairs**2 / sum(cell.pairs**2 / cell.answered for cell in some)
    answered = max(math.floor(effective + _DIGIT), 1)
    share = sum(cell.pairs * cell.same / cell.answered for cell in some) / pairs
    return [Cell(pairs, answered, share * answered), *rest]


@lru_cache(maxsize=100_000)
def limits(same: int, answered: int, pairs: int, confidence: float) -> tuple[int, int]:
    """Lower and upper limit of the matches among `pairs`, of which `answered` were drawn and `same` are matches.

    >>> limits(0, 20, 1000, 0.95), limits(10, 10, 10, 0.95), limits(0, 0, 7, 0.95)
    ((0, 166), (10, 10), (0, 7))
    """
    # What is just as likely as the tail stays, whatever the last digit of a logarithm says.
    tail = (1.0 - confidence) / 2.0 * (1.0 - 1e-6)
    least, most = same, pairs - (answered - same)
    # Numbers of matches so small that `same` or more would hardly be drawn, and so large that so few would hardly be.
    lower = _first(lambda k: _at_most(answered - same, answered, pairs - k, pairs) > tail, least, most)
    upper = least + most - _first(lambda k: _at_most(same, answered, least + most - k, pairs) > tail, least, most)
    return lower, upper


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The least number in low..high for which `holds`, if it holds from there on and for `high`."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _at_most(x: int, drawn: int, marked: int, pairs: int) -> float:
    """The chance to draw at most `x` marked ones of `marked` among `pairs`."""
    every = _log_choose(pairs, drawn)
    first = max(0, drawn - (pairs - marked))
    terms = (
        math.exp(_log_choose(marked, k) + _log_choose(pairs - marked, drawn - k) - every)
        for k in range(first, min(x, marked) + 1)
    )
    return math.fsum(terms)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def combined(cells: Sequence[Cell], factors: Sequence[float], confidence: float) -> Interval:
    """The sum of the cells' matches, each times its factor (of any sign)."""
    return _sum(_totals(cells, confidence), np.asarray(factors, dtype=np.float64))


def share(cells: Sequence[Cell], confidence: float) -> Interval | None:
    """The share of matches among all pairs of the cells; None if there is no pair."""
    pairs = sum(cell.pairs for cell in cells)
    if not pairs:
        return None
    found = combined(cells, [1.0 / pairs] * len(cells), confidence)
    return Interval(*(min(max(end, 0.0), 1.0) for end in (found.estimate, found.lower, found.upper)))


def part(inside: Sequence[Cell], outside: Sequence[Cell], confidence: float) -> Interval | None:
    """The share of all matches that lies in `inside`; None if no match was found anywhere.

    A value r stays in the interval while the contrast (1 - r) inside - r outside may be 0.
    """
    totals = _totals([*inside, *outside], confidence)
    mine = np.arange(totals.shape[1]) < len(inside)
    if totals[0].sum() <= 0:
        return None
    if not totals[2][mine].any() or not totals[2][~mine].any():  # one side can hold no match
        return Interval(*[float(totals[2][mine].any())] * 3)

    def contrast(r: float) -> Interval:
        return _sum(totals, mine.astype(np.float64) - r)

    middle = min(float(totals[0][mine].sum() / totals[0].sum()), 1.0)
    lower = _root(lambda r: contrast(r).lower, 0.0, middle)
    upper = _root(lambda r: contrast(r).upper, middle, 1.0)
    # Halving ends beside the middle by the last digit where nothing is in doubt.
    return Interval(middle, min(lower, middle), max(upper, middle))


def _totals(cells: Sequence[Cell], confidence: float) -> Floats:
    """Rows: estimates, lower and upper limits; a column per cell."""
    found = [cell.total(confidence) for cell in cells]
    rows = [[one.estimate for one in found], [one.lower for one in found], [one.upper for one in found]]
    return np.array(rows, dtype=np.float64)


def _sum(totals: Floats, factors: Floats) -> Interval:
    """The weighted sum of estimates, its distances to the limits added as squares."""
    estimate, lower, upper = totals * factors
    low, high = np.minimum(lower, upper), np.maximum(lower, upper)
    middle = float(estimate.sum())
    below, above = (float(np.sqrt(((estimate - end) ** 2).sum())) for end in (low, high))
    return Interval(middle, middle - below, middle + above)


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a function that falls from plus to minus passes 0."""
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2.0
