"""The pictures of a report: each takes numbers and gives one SVG. Captions and tables stand in the template."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from mdi_engine.linkage.figures.curves import Histogram, Point, Unlinkable
from mdi_engine.pages.shell import number
from mdi_engine.pages.svg import Plot, tag

_BITS = "bit"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SHARES = [(share / 4, f"{25 * share} %") for share in range(5)]


def weights(found: Histogram, review: float, match: float, label: str) -> Markup:
    """Pairs per weight, on a scale on which each line across is ten times the one below."""
    high = found.low + found.width * len(found.counts)
    decades = math.ceil(math.log10(max(*found.counts, 9) + 1))
    plot = Plot(min(found.low, review - 2), max(high, match + 2), decades)
    marks = [(math.log10(10**k + 1), _power(k)) for k in range(decades)]
    bars = [_column(plot, found, place, count, review, match) for place, count in enumerate(found.counts) if count]
    return plot.picture(
        label, plot.band(review, match, "band"), plot.y_axis(marks), *bars, *_thresholds(plot, review, match)
    )


def _column(plot: Plot, found: Histogram, place: int, count: int, review: float, match: float) -> Markup:
    low = found.low + place * found.width
    kind = "match" if low >= match else "review" if low >= review else "apart"
    x, y = plot.x(low), plot.y(math.log10(count + 1))
    width = max(plot.x(low + found.width) - x - 1, 1)
    return tag("rect", x=x, y=y, width=width, height=plot.y(0) - y, class_=kind)


def _power(exponent: int) -> str:
    """Ten to this power, short enough to stand beside a plot."""
    return number(10**exponent) if exponent < 4 else "10" + str(exponent).translate(_RAISED)


def _thresholds(plot: Plot, review: float, match: float) -> list[Markup]:
    """Both thresholds, named on either side so that the names stay apart, and the axis of bits."""
    return [plot.upright(review, "review", "end"), plot.upright(match, "match", "start"), plot.x_axis(_BITS)]


def precision_recall(
    expected: Sequence[Point], measured: Sequence[Point], review: float, match: float, label: str
) -> Markup:
    """Precision and recall over the threshold: expected ones dashed, measured ones whole."""
    both = [*expected, *measured]
    plot = Plot(review - 2, max(max(point.bits for point in both), match + 2), 1)
    lines = [
        plot.line([(point.bits, getattr(point, what)) for point in points], f"curve {what} {name}")
        for points, name in ((expected, "guess"), (measured, "sure"))
        for what in ("precision", "recall")
        if points
    ]
    return plot.picture(
        label, plot.band(review, match, "band"), plot.y_axis(_SHARES), *lines, *_thresholds(plot, review, match)
    )


def unlinkables(points: Sequence[Unlinkable], review: float, match: float, label: str) -> Markup:
    """The share of records that no threshold from here on could link, even to themselves."""
    plot = Plot(review - 2, max(points[-1].bits, match + 2), 1)
    line = plot.line([(point.bits, point.share) for point in points], "curve recall sure")
    return plot.picture(
        label, plot.band(review, match, "band"), plot.y_axis(_SHARES), line, *_thresholds(plot, review, match)
    )
