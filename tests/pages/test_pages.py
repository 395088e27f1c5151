"""Pages: everything in them is escaped, drawn where it should be, and written whole or not at all."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from mdi_engine.errors import MdiError, UsageError
from mdi_engine.linkage.figures.curves import Histogram, Point, Unlinkable
from mdi_engine.pages import charts, shell, svg
from mdi_engine.pages.report import grouped, thinned

texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=20)
finite = st.floats(-1e6, 1e6)


@given(texts, texts)
def test_no_text_leaves_its_element(inside: str, value: str) -> None:
    found: list[tuple[str, list[tuple[str, str | None]]]] = []
    said: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, attrs))

        def handle_data(self, data: str) -> None:
            said.append(data)

    Reader().feed(svg.tag("text", inside, class_=value) + Markup("<i></i>"))
    assert found == [("text", [("class", value)]), ("i", [])]
    assert "".join(said) == inside


@given(finite, finite, finite)
def test_nothing_is_drawn_outside_the_box(low: float, high: float, value: float) -> None:
    plot = svg.Plot(low, high, 1)
    assert plot.left <= plot.x(value) <= plot.width - plot.right
    assert plot.top <= plot.y(value) <= plot.height - plot.bottom


@given(st.integers(-500, 500), st.integers(1, 500))
def test_ticks_are_round_and_few(low: int, span: int) -> None:
    found = svg.ticks(low, low + span)
    assert len(found) <= 12
    assert all(low <= tick <= low + span and tick == int(tick) for tick in found)
    assert len({round(b - a, 6) for a, b in itertools.pairwise(found)}) <= 1


def test_a_histogram_has_a_column_per_bin_in_its_colour() -> None:
    drawn = ElementTree.fromstring(charts.weights(Histogram(-8, 2, (5, 0, 10_000, 1, 3), True, 0), -4, 0, "a"))
    kinds = [rect.get("class") for rect in drawn.findall("rect")]
    assert kinds == ["band", "apart", "review", "review", "match"]
    heights = [float(rect.get("height", 0)) for rect in drawn.findall("rect")[1:]]
    assert heights[1] == max(heights)
    assert min(heights) > 0


def test_curves_fall_from_left_to_right_as_their_points_do() -> None:
    points = [Point(bits, 10, 0.9, 1 - bits / 40) for bits in range(-4, 20)]
    drawn = ElementTree.fromstring(charts.precision_recall(points, points[:3], -4, 0, "a"))
    lines = {line.get("class", ""): line.get("points", "") for line in drawn.findall("polyline")}
    assert set(lines) == {f"curve {what} {how}" for what in ("precision", "recall") for how in ("guess", "sure")}
    ys = [float(pair.split(",")[1]) for pair in lines["curve recall guess"].split()]
    assert ys == sorted(ys)
    alone = ElementTree.fromstring(charts.unlinkables([Unlinkable(-4, 0), Unlinkable(3, 1)], -4, 0, "a"))
    assert len(alone.findall("polyline")) == 1


@given(st.dictionaries(st.integers(1, 400), st.integers(1, 9)))
def test_grouped_sizes_lose_no_record(sizes: dict[int, int]) -> None:
    told = grouped(sorted(sizes.items()))
    assert sum(count for _, count, _ in told) == sum(sizes.values())
    assert sum(rows for _, _, rows in told) == sum(size * count for size, count in sizes.items())


def test_a_long_curve_is_told_in_few_rows() -> None:
    assert len(thinned(range(80))) <= 17
    assert thinned([1, 2]) == [1, 2]


@pytest.mark.parametrize("name", ["page.txt", "page", "page.html.gz"])
def test_a_page_is_called_so(name: str) -> None:
    with pytest.raises(UsageError, match=r"--html page.*: the name must end in \.html"):
        shell.check_page(Path(name), "--html")


def test_a_page_takes_no_input_s_place_and_leaves_no_part(tmp_path: Path) -> None:
    given = tmp_path / "a.html"
    given.write_text("old")
    with pytest.raises(UsageError, match="to be read"):
        shell.check_page(tmp_path / "." / "a.html", "--html", [tmp_path / "none", given])
    with pytest.raises(MdiError, match="cannot be written"):
        shell.write_page("new", tmp_path / "no" / "a.html", "--html")
    shell.write_page("new", given, "--html")
    assert given.read_text() == "new"
    assert list(tmp_path.iterdir()) == [given]


def test_templates_trust_nothing_but_the_style_and_pictures() -> None:
    folder = Path(shell.__file__).parent
    for template in folder.glob("*.jinja"):
        trusted = re.findall(r"\{\{[^}]*\|\s*safe[^}]*\}\}", template.read_text("utf-8"))
        assert trusted in ([], ["{{ style | safe }}"]), template.name
