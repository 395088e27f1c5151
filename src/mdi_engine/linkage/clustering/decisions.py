"""What is decided about two fragments, and what forbids them to join."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.clustering.stewards import DECIDED, Apart
from mdi_engine.linkage.models.model import Model
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.weights.compare import Ints

ONE_PER_SOURCE = "one record per source"
_NO_VALUE = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Decision:
    """What was decided about two fragments, named by their first rows: `merged`, or refused and why.

    `weight` in millibits: with the reason `mean weight`, the mean over all their pairs; with `profiles` and its
    refusals, the odds that the smaller one belongs to the other against everything else it may be. Between two pieces
    of a component too large to be judged as a whole it is the weight of their strongest pair. What a steward joined is
    named by the two records, with what they weigh.
    """

    left: int
    right: int
    weight: int
    merged: bool
    reason: str


@dataclass(frozen=True)
class Members:
    """Fragments as rows: fragment k is `rows[start[k] : start[k + 1]]`, in rank order."""

    rows: Ints
    start: Ints

    @property
    def size(self) -> Ints:
        """How many records each holds."""
        return np.diff(self.start)

    @property
    def first(self) -> Ints:
        """The row of lowest rank of each."""
        return self.rows[self.start[:-1]]


class Forbidden:
    """Why two fragments may not join: a steward's decision, two records of one source, or a veto of the model."""

    def __init__(self, records: Records, model: Model, apart: Apart | None = None) -> None:
        self._apart = apart
        self._source = _once(records, model)
        self._sources = 0 if self._source is None else int(self._source.max(initial=0)) + 1
        self._vetoes = [(records.columns[veto.field].codes, f"veto: {veto.reason}") for veto in model.vetoes]

    def reason(self, left: Ints, right: Ints) -> str | None:
        """The reason, or None if nothing forbids the merge."""
        if self._apart is not None and self._apart.between(left, right):
            return DECIDED
        if self._source is not None and np.isin(self._source[left], self._source[right]).any():
            return ONE_PER_SOURCE
        for codes, reason in self._vetoes:
            a, b = codes[left], codes[right]
            a, b = a[a >= 0], b[b >= 0]
            if len(a) and len(b) and len(np.union1d(a, b)) > 1:
                return reason
        return None

    def reasons(self, members: Members, left: Ints, right: Ints) -> npt.NDArray[np.object_]:
        """As `reason`, for many pairs of fragments at once."""
        found = np.full(len(left), None, dtype=object)
        for codes, reason in reversed(self._vetoes):
            held = codes[members.rows].astype(np.int64)
            least = np.minimum.reduceat(np.where(held < 0, _NO_VALUE, held), members.start[:-1])
            most = np.maximum.reduceat(held, members.start[:-1])
            # Where a steward joined two values a side may hold both; a side without a value speaks against nobody.
            both = (most[left] >= 0) & (most[right] >= 0)
            found[both & (np.minimum(least[left], least[right]) < np.maximum(most[left], most[right]))] = reason
        if self._source is not None and len(left):
            found[self._share_source(self._source, members, left, right)] = ONE_PER_SOURCE
        if self._apart is not None and self._apart.pairs:
            found[self._apart.among(members, left, right)] = DECIDED
        return found

    def _share_source(self, source: Ints, members: Members, left: Ints, right: Ints) -> npt.NDArray[np.bool_]:
        """Whether some record of `left[k]` is of a source that `right[k]` has too."""
        owner = np.repeat(np.arange(len(members.size)), members.size)
        held = np.unique(owner * self._sources + source[members.rows])
        size = members.size[left]
        begin = np.cumsum(size) - size
        place = np.arange(int(size.sum())) - np.repeat(begin - members.start[left], size)
        same = np.isin(np.repeat(right, size) * self._sources + source[members.rows[place]], held)
        return np.asarray(np.logical_or.reduceat(same, begin))


def _once(records: Records, model: Model) -> Ints | None:
    """A number per row such that two rows of one cluster never share it; None if every source may repeat itself."""
    named = model.one_per_source
    if named is True:
        return records.source.astype(np.int64)
    if not named:
        return None
    once = np.array([source in named for source in records.sources])[records.source]
    # A row of another source is alone with its number.
    return np.where(once, records.source, len(records.sources) + np.arange(len(records)))
