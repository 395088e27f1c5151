from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mdi_engine.linkage.kernels import globe, sets

degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres over the ground (Sinnott, 1984)."""
    (north, east), (up, right) = (tuple(map(math.radians, place)) for place in (a, b))
    half = math.sin((up - north) / 2) ** 2 + math.cos(north) * math.cos(up) * math.sin((right - east) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(min(math.sqrt(half), 1.0))


@given(a=degrees, b=degrees, bound=st.floats(0, 2.1e7))
@example(a=(90.0, 0.0), b=(-90.0, 0.0), bound=20_015_114.0)
@example(a=(-6.2, 106.8), b=(-6.2, 106.8), bound=0.0)
@example(a=(-6.2, 106.8), b=(-6.2, 106.8001), bound=11.0)
@example(a=(0.0, 180.0), b=(0.0, -180.0), bound=1.0)
def test_places_are_near_when_the_way_over_the_ground_is_short(
    a: tuple[float, float], b: tuple[float, float], bound: float
) -> None:
    places = globe.points(*zip(a, b, strict=True))
    found = globe.squared(places, 0, 1)
    assert 0 <= found == globe.squared(places, 1, 0)
    # A place is known to 6 mm; half round the globe a centimetre of line is kilometres of way.
    way = haversine(a, b)
    blur = 0.05 if way < 1.9e7 else 60_000.0
    if abs(way - bound) > blur:
        assert (found <= globe.squared_line(bound)) == (way <= bound)


@pytest.mark.parametrize(("metres", "near"), [(144_500, True), (115_000, False)])
def test_jakarta_and_bandung(metres: int, near: bool) -> None:
    places = globe.points([-6.2088, -6.9175], [106.8456, 107.6191])
    assert (globe.squared(places, 0, 1) <= globe.squared_line(metres)) is near


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_sets_share_what_sets_share(a: set[int], b: set[int]) -> None:
    member = np.array([*sorted(a), *sorted(b)], dtype=np.int32)
    assert sets.shared(member, 0, len(a), len(a), len(member)) == len(a & b)
