"""Distance on the globe without a float per pair: places become whole numbers once, then only these are compared.

A place is a point on a sphere of radius 2^30 units (6,371,008.8 m, the mean radius of the Earth; 1 unit is 6 mm), and
the distance of two places is that of the straight line between them, squared: a whole number, and the longer the
longer the way over the ground is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.kernels.compiled import kernel

RADIUS = 1 << 30
_METRES = 6_371_008.8


def points(latitude: Sequence[float], longitude: Sequence[float]) -> npt.NDArray[np.int64]:
    """Places in degrees as rows of three coordinates."""
    rows = []
    for north, east in zip(map(math.radians, latitude), map(math.radians, longitude), strict=True):
        flat = math.cos(north)
        rows.append([round(RADIUS * x) for x in (flat * math.cos(east), flat * math.sin(east), math.sin(north))])
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def squared_line(metres: float) -> int:
    """The squared straight line (units) under a way of so many metres (0 to half round the globe), rounded down."""
    return math.floor((2 * RADIUS * math.sin(min(metres / _METRES, math.pi) / 2)) ** 2)


@kernel
def squared(places: npt.NDArray[np.int64], a: int, b: int) -> int:
    """The squared straight line between two places, in units: below 2^63, as no line is longer than two radii."""
    x, y, z = places[a, 0] - places[b, 0], places[a, 1] - places[b, 1], places[a, 2] - places[b, 2]
    return int(x * x + y * y + z * z)
