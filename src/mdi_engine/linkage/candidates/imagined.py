"""Imagined matches: pairs of records of one thing, of which each field is present, and agrees, by chance.

Whatever rules are asked about, they are tried on the same imagined pairs, so that what several find together can be
counted. The expressions of one field fail together: what agrees on a value agrees on its year, its letters and its
words. And errors come together: some matches have more of them than others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.candidates.chances import agreement, agrees
from mdi_engine.linkage.candidates.counts import apart, pairs_of
from mdi_engine.linkage.candidates.keys import Posting
from mdi_engine.linkage.models.expressions import KeyExpression
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.models.parameters import Parameters
from mdi_engine.linkage.records import Records

Bools = npt.NDArray[np.bool_]

IMAGINED = 20_000  # a share of them has a standard error of at most .0035
# A quarter of the matches have two and a half times as many errors as the average, the others half.
_SLOPPY, _MORE = 0.25, 2.5


class Imagined:
    """So many matches; `agree` says which of them agree on an expression.

    A field's chance of being there on both sides is that of any pair of these records.
    """

    def __init__(self, records: Records, model: Model, fields: Sequence[str], parameters: Parameters | None) -> None:
        dice = np.random.default_rng(0)
        self._faulty = np.where(dice.random(IMAGINED) < _SLOPPY, _MORE, (1 - _SLOPPY * _MORE) / (1 - _SLOPPY))
        self._shares = agreement(model, parameters)
        self._lot = {field: dice.random(IMAGINED) for field in fields}
        self._present = {field: dice.random(IMAGINED) < _both(records, model, field) for field in fields}
        self._crowd = dice.random(IMAGINED)

    def agree(self, expression: KeyExpression) -> Bools:
        """The matches that agree on an expression."""
        fails = (1.0 - agrees(expression, self._shares[expression.field])) * self._faulty
        return np.asarray(self._present[expression.field] & (self._lot[expression.field] >= fails), dtype=bool)

    def outside(self, crowded: float) -> Bools:
        """The matches that do not stand under the keys of this share of all records (0..1)."""
        return np.asarray(self._crowd >= crowded, dtype=bool)


def _both(records: Records, model: Model, field: str) -> float:
    """The share of all pairs that hold a value on both sides."""
    rows = np.flatnonzero(records.columns[field].codes >= 0)
    total = records.total_pairs(model.pairs == "between")
    return pairs_of(Posting(rows, np.zeros_like(rows)), apart(records, model)) / total if total else 0.0
