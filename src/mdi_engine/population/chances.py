"""Chances: one of several, and whether something happens at a noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from numpy.random import Generator

from mdi_engine.population.draws import MOST

T = TypeVar("T")


def pick(rng: Generator, options: Sequence[T]) -> T:
    """One of the options, each as likely as the next."""
    return options[int(rng.integers(len(options)))]


def likely(share: float, noise: float) -> float:
    """The share of rows to which something happens: `noise` times `share`, never beyond 95 %.

    >>> likely(0.25, 2), likely(0.5, 20)
    (0.5, 0.95)
    """
    return min(MOST, share * noise)


def happens(rng: Generator, share: float, noise: float) -> bool:
    """Whether it happens to one row."""
    return bool(rng.random() < likely(share, noise))
