"""Pictures as inline SVG, made of escaped elements alone; the page's style sheet gives colours and sizes of letters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_NAMES = {"class_": "class", "view_box": "viewBox", "keep": "preserveAspectRatio"}


def tag(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """One element. Children that are no `Markup` and all attributes are escaped.

    >>> tag("text", "<b>", class_='a"b', x=1.25)
    Markup('<text class="a&#34;b" x="1.2">&lt;b&gt;</text>')
    """
    written = [(_NAMES.get(key, key.replace("_", "-")), _text(value)) for key, value in attributes.items()]
    given = Markup("").join(Markup(' {}="{}"').format(key, value) for key, value in written)
    return Markup("<{0}{1}>{2}</{0}>").format(name, given, Markup("").join(map(escape, children)))


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Plot:
    """The area of a plot: x and y run from `low` to `high` and are drawn in a box of fixed units."""

    x_low: float
    x_high: float
    y_high: float
    y_low: float = 0.0
    width: float = 720
    height: float = 300
    left: float = 92
    right: float = 18
    top: float = 48
    bottom: float = 44

    def x(self, value: float) -> float:
        """Where a value lies across; what is outside lies on the edge."""
        share = (value - self.x_low) / ((self.x_high - self.x_low) or 1)
        return self.left + min(max(share, 0), 1) * (self.width - self.left - self.right)

    def y(self, value: float) -> float:
        """Where a value lies up and down."""
        share = (value - self.y_low) / ((self.y_high - self.y_low) or 1)
        return self.height - self.bottom - min(max(share, 0), 1) * (self.height - self.top - self.bottom)

    def picture(self, label: str, *parts: Markup) -> Markup:
        """The whole drawing; `label` is what a screen reader says of it."""
        box = f"0 0 {self.width:.0f} {self.height:.0f}"
        return tag("svg", *parts, class_="plot", view_box=box, role="img", aria_label=label)

    def x_axis(self, unit: str) -> Markup:
        """Numbers under the plot with their unit; every second one goes on narrow screens, 0 never."""
        floor, values = self.height - self.bottom, ticks(self.x_low, self.x_high)
        step = values[1] - values[0] if len(values) > 1 else 1
        marks = [
            tag(
                "text",
                str(value).replace("-", "\N{MINUS SIGN}"),
                x=self.x(value),
                y=floor + 20,
                class_="tick mid wide" if value // step % 2 else "tick mid",
            )
            for value in values
        ]
        line = tag("line", x1=self.left, x2=self.width - self.right, y1=floor, y2=floor, class_="axis")
        return line + Markup("").join(marks) + tag("text", unit, x=self.width - self.right, y=floor + 38, class_="end")

    def y_axis(self, marks: Sequence[tuple[float, str]]) -> Markup:
        """Lines across at these heights with their words."""
        return Markup("").join(
            tag("line", x1=self.left, x2=self.width - self.right, y1=self.y(at), y2=self.y(at), class_="grid")
            + tag("text", words, x=self.left - 8, y=self.y(at) + 4, class_="tick end")
            for at, words in marks
        )

    def upright(self, value: float, words: str, side: str) -> Markup:
        """A line at a threshold, named above the plot: to the right of the line, or to the left of it (side `end`)."""
        at = self.x(value)
        text = tag("text", words, x=at + (-4 if side == "end" else 4), y=self.top - 18, class_=side)
        return tag("line", x1=at, x2=at, y1=self.top - 36, y2=self.height - self.bottom, class_="cut") + text

    def band(self, low: float, high: float, name: str) -> Markup:
        """A band between two thresholds."""
        x, floor = self.x(low), self.height - self.bottom
        return tag("rect", x=x, y=self.top, width=self.x(high) - x, height=floor - self.top, class_=name)

    def line(self, points: Sequence[tuple[float, float]], name: str) -> Markup:
        """A line through points."""
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        return tag("polyline", points=path, class_=name)


def ticks(low: float, high: float, most: int = 10) -> list[int]:
    """Round whole numbers between two numbers, about `most` of them at most.

    >>> ticks(-4, 31), ticks(0, 1)
    ([0, 5, 10, 15, 20, 25, 30], [0, 1])
    """
    rough = max((high - low) / most, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(round(next(m for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9)) * power), 1)
    return [step * n for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


def bar(share: float, name: str = "part") -> Markup:
    """A bar of a share (0..1) in a cell; the number beside it says the same, so readers aloud pass it over."""
    return _cell(
        tag("rect", width=100, height=6, class_="whole"),
        tag("rect", width=100 * min(max(share, 0), 1), height=6, class_=name),
    )


def span(begin: float, end: float, low: float, high: float, marks: Sequence[float] = ()) -> Markup:
    """A bar from `begin` to `end` on a scale from `low` to `high`, green where it rises; thin lines at `marks`."""
    scale = 100 / ((high - low) or 1)
    left, right = sorted((begin, end))
    name = "up" if end >= begin else "down"
    lines = [tag("rect", x=(mark - low) * scale - 0.2, width=0.4, height=6, class_="mark") for mark in marks]
    width = max((right - left) * scale, 0.4)
    return _cell(
        tag("rect", width=100, height=6, class_="whole"),
        *lines,
        tag("rect", x=(left - low) * scale, width=width, height=6, class_=name),
    )


def _cell(*parts: Markup) -> Markup:
    return tag("svg", *parts, view_box="0 0 100 6", keep="none", aria_hidden="true")
