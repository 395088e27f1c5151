"""A linkage as one HTML page: pictures with a sentence each on how to read them, and the same as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from markupsafe import Markup

from mdi_engine.linkage.explaining.explain import Step, Waterfall
from mdi_engine.linkage.figures.curves import Histogram, Point
from mdi_engine.linkage.figures.figures import Figures
from mdi_engine.pages import charts, shell
from mdi_engine.pages.svg import bar, span

FLAG = "--report"
# Rows of a table that says what a curve says.
_ROWS = 16
# Clusters larger than these are counted together, up to the next of them.
_SIZES = (1, 2, 3, 4, 5, 6, 10, 20, 50, 100)
_Row = TypeVar("_Row")


@dataclass(frozen=True)
class Fall:
    """A step of a waterfall: the bits before and after it, and its bar."""

    step: Step
    before: float
    after: float
    bar: Markup


def report_page(found: Figures) -> str:
    """The page. Text of files is escaped, and rid of controls and marks of direction."""
    scale = [0.0, *(level.bits for each in found.comparisons for level in each.levels)]
    return shell.render(
        "report.html.jinja",
        ["page.css", "report.css"],
        found=found,
        charts=charts,
        bar=bar,
        level_bar=lambda value: span(0, value, min(scale), max(scale), [0]),
        falls=_falls(found),
        bins=_bins(found.histogram),
        points=_points(found),
        unlinkable=thinned(found.unlinkable),
        sizes=grouped(found.sizes),
        largest=max((size for size, _ in found.sizes), default=0),
        most_pairs=max((way.pairs for way in found.ways), default=0),
    )


def write_report(found: Figures, path: Path, flag: str = FLAG) -> None:
    """Write the page, whole or not at all. Raises `MdiError` if the place cannot be written."""
    shell.write_page(report_page(found), path, flag)


def _falls(found: Figures) -> list[tuple[Waterfall, list[Fall]]]:
    """Waterfalls with the sum before and after each step in bits, all on one scale."""
    sums = {waterfall: _sums(waterfall) for waterfall in found.waterfalls}
    every = [0.0, found.review, found.match, *(value for some in sums.values() for value in some)]

    def draw(begin: float, end: float) -> Markup:
        return span(begin, end, min(every), max(every), [found.review, found.match])

    return [(waterfall, _steps(waterfall, some, draw)) for waterfall, some in sums.items()]


def _sums(waterfall: Waterfall) -> list[float]:
    """The sum before the first step and after each."""
    sums = [waterfall.prior]
    for step in waterfall.steps:
        sums.append(sums[-1] + step.weight)
    return [value / 1000 for value in sums]


def _steps(waterfall: Waterfall, sums: Sequence[float], draw: Callable[[float, float], Markup]) -> list[Fall]:
    ends = zip(waterfall.steps, sums, sums[1:], strict=False)
    return [Fall(step, before, after, draw(before, after)) for step, before, after in ends]


def _bins(found: Histogram) -> list[tuple[int, int, int]]:
    """Bins that hold pairs: from, up to (bits), pairs."""
    lows = [found.low + place * found.width for place in range(len(found.counts))]
    return [(low, low + found.width, count) for low, count in zip(lows, found.counts, strict=True) if count]


def _points(found: Figures) -> list[tuple[Point, Point | None]]:
    """The curve of precision and recall as a table: expected, and measured where a truth is known."""
    sure = {point.bits: point for point in found.measured}
    return [(point, sure.get(point.bits)) for point in thinned(found.expected)]


def thinned(rows: Sequence[_Row]) -> list[_Row]:
    """About `_ROWS` of the rows, evenly, the first among them."""
    return list(rows[:: max(1, len(rows) // _ROWS)])


def grouped(sizes: Sequence[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Cluster sizes by group: the sizes in words, how many clusters, how many records in them.

    >>> grouped([(1, 7), (2, 3), (8, 1), (200, 1)])
    [('1', 7, 7), ('2', 3, 6), ('7–10', 1, 8), ('> 100', 1, 200)]
    """
    told = []
    for low, high in zip((0, *_SIZES), (*_SIZES, None), strict=True):
        some = [(size, count) for size, count in sizes if size > low and (high is None or size <= high)]
        words = f"> {low}" if high is None else str(high) if high == low + 1 else f"{low + 1}–{high}"
        if some:
            told.append((words, sum(count for _, count in some), sum(size * count for size, count in some)))
    return told
