"""Numbers that say how things stand in order, for things that come one by one, too."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T", str, int)
APART = 32  # bits between the labels of things known from the start


class Crowded(Exception):
    """There is no room left: lay everything out anew."""


class Labels(Generic[T]):
    """Thing k of `known` (ascending, distinct) has the label (k + 1) * 2^32; one that comes later, one between.

    `kernels.one` counts on the labels of known things.
    """

    def __init__(self, known: Sequence[T]) -> None:
        self._known: Sequence[T] = known
        self._late: list[T] = []
        self._labels: list[int] = []

    def __len__(self) -> int:
        """How many things came later."""
        return len(self._late)

    def put(self, thing: T) -> int:
        """The label of a thing, which is remembered. Raises `Crowded` between two neighbours without a gap."""
        place = bisect_left(self._known, thing)
        if place < len(self._known) and self._known[place] == thing:
            return (place + 1) << APART
        at = bisect_left(self._late, thing)
        if at < len(self._late) and self._late[at] == thing:
            return self._labels[at]
        low, high = place << APART, (place + 1) << APART
        if at > 0:
            low = max(low, self._labels[at - 1])
        if at < len(self._late):
            high = min(high, self._labels[at])
        label = (low + high) >> 1
        if label == low:
            raise Crowded
        self._late.insert(at, thing)
        self._labels.insert(at, label)
        return label

    def drop(self, thing: T) -> None:
        """Forget a thing that came later."""
        at = bisect_left(self._late, thing)
        if at < len(self._late) and self._late[at] == thing:
            del self._late[at], self._labels[at]

    def span(self, low: T, high: T) -> tuple[int, int]:
        """The least and the greatest label of what lies from `low` to `high`; an empty span if nothing does."""
        known = self._span(self._known, low, high)
        late = self._span(self._late, low, high)
        labels = [(place + 1) << APART for place in known] + [self._labels[place] for place in late]
        return (min(labels), max(labels)) if labels else (1, 0)

    @staticmethod
    def _span(things: Sequence[T], low: T, high: T) -> tuple[int, ...]:
        begin = bisect_left(things, low)
        end = bisect_left(things, high)
        end += end < len(things) and things[end] == high
        return (begin, end - 1) if begin < end else ()
