"""How likely two records of one thing agree on a key: learned where a comparison was trained, else assumed.

The assumed shares are those of ordinary registers, one value in ten or so written otherwise; whoever uses them says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import ComparisonSpec, Model
from mdi_engine.linkage.models.parameters import BlockParameters, Parameters

Chances = Mapping[str, float]

# Of the pairs of one thing that hold a value on both sides, the share at each level, where nothing was learned.
_ASSUMED: Mapping[str, Chances] = {
    "identifier": {"exact": 0.93, "osa": 0.04},
    "text": {"exact": 0.88, "osa": 0.07},
    "tokens": {"same": 0.75, "similar": 0.1, "subset": 0.08, "overlap": 0.04},
    "date": {"exact": 0.93, "one_digit": 0.02, "swapped": 0.01, "same_year": 0.02},
    "number": {"exact": 0.9},
}
# The share of pairs at a level that agree on what a key function takes of the value; where nothing stands, none do.
_SURVIVES: Mapping[str, Chances] = {
    "value": {"exact": 1.0, "same": 0.9},
    "first": {"exact": 1.0, "same": 0.95, "similar": 0.6, "subset": 0.6, "overlap": 0.4},
    "last": {
        "exact": 1.0,
        "same": 0.9,
        "similar": 0.5,
        "subset": 0.4,
        "overlap": 0.3,
        "one_digit": 0.5,
        "same_day": 1.0,
    },
    "each": {"exact": 1.0, "same": 1.0, "similar": 0.7, "subset": 1.0, "overlap": 1.0},
    "year": {"exact": 1.0, "swapped": 1.0, "one_digit": 0.7, "same_year": 1.0, "years": 0.3},
    "metaphone": {"exact": 1.0, "same": 0.9, "similar": 0.4},
}
_NEAR = {"first": 0.7, "last": 0.7, "metaphone": 0.5}  # of text that is near, by whatever measure of letters
_LETTERS = frozenset({"jaro", "jaro_winkler", "levenshtein", "osa"})


def agreement(model: Model, parameters: Parameters | None = None) -> dict[str, Chances]:
    """Per field of the model, the share of matches at each kind of level (`exact`, `osa` …), both values present."""
    found = {name: _ASSUMED["identifier" if spec.identifier else spec.type] for name, spec in model.fields.items()}
    return {**found, **(_learned(parameters) if parameters else {})}


def agrees(expression: KeyExpression, shares: Chances) -> float:
    """The chance (0..1) that a match agrees on a key of the expression, where both hold a value.

    >>> agrees(KeyExpression("name"), {"exact": 0.9, "osa": 0.1})
    0.9
    >>> agrees(KeyExpression("name", "first", 4), {"exact": 0.9, "osa": 0.1})
    0.97
    """
    survives = _SURVIVES[expression.function]
    near = _NEAR.get(expression.function, 0.0)
    parts = (share * survives.get(test, near if test in _LETTERS else 0.0) for test, share in shares.items())
    return min(math.fsum(parts), 1.0)


def _learned(parameters: Parameters) -> dict[str, Chances]:
    """What training learned of each compared field; of two comparisons of one field, what the last one says."""
    found: dict[str, Chances] = {}
    for specs, block in zip(parameters.model.blocks(), parameters.blocks, strict=True):
        for place in range(len(specs)):
            found[specs[place].field] = _marginal(parameters.model, specs, place, block)
    return found


def _marginal(model: Model, specs: tuple[ComparisonSpec, ...], place: int, block: BlockParameters) -> Chances:
    """The shares of one part of a block among the joint levels at which every part is present."""
    levels = [model.levels(spec) for spec in specs]
    sizes = [len(some) + 2 for some in levels]
    joint: npt.NDArray[np.float64] = np.array(block.m).reshape(sizes[::-1])[(slice(1, None),) * len(specs)]
    axis = len(specs) - 1 - place  # the first part is the fastest digit
    shares = joint.sum(axis=tuple(other for other in range(len(specs)) if other != axis))
    tests = ["else", *(level.test for level in reversed(levels[place]))]
    found: dict[str, float] = {}
    for test, share in zip(tests, (shares / shares.sum()).tolist(), strict=True):
        found[test] = found.get(test, 0.0) + share
    return found
