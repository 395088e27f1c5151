"""A small sample of pairs for a person to judge, and what the answers say of the whole: strata, sample, estimate.

The population is split by weight, by whether two records have one master, and by subgroup; within a stratum every pair
is as likely to be drawn as any other. So answers can be weighed back by pairs / answers (Horvitz and Thompson, 1952)
whatever the model believed: the model only says where to look. All functions are pure. How it is derived:
docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mdi_engine.linkage.intervals import Cell, Interval, part, pooled, share
from mdi_engine.linkage.weights.compare import Ints

Bools = npt.NDArray[np.bool_]
Answer = Literal["same", "different", "unsure"]
# Bits below the review threshold within which every candidate is known; weaker ones are a stratum of their own.
REACH = 8_000
# Of the pairs to be judged, the share that lies below that reach, and how many a subgroup's stratum should have.
BELOW_SHARE, LEAST_OF_GROUP = 0.1, 4
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True)
class Population:
    """Pairs to draw from: weights in millibits, whether both have one master, and which subgroups each is of.

    `priority` orders pairs at random; equal seeds give equal orders, whatever the order of rows (`priorities`).
    """

    weight: Ints
    joined: Bools
    groups: Mapping[str, Bools]
    priority: npt.NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True)
class Stratum:
    """Pairs of one band of weights, all joined or none, and of one subgroup (`group`, "" where none was set apart).

    `low` and `high` are millibits (low included, high not; None: no end). `expected`: matches the model believes to
    be among the `pairs`. `of_group[name]`: how many pairs each subgroup has here; None: not counted, only sampled.
    """

    low: int | None
    high: int | None
    joined: bool
    group: str
    pairs: int
    expected: float
    drawn: int
    of_group: Mapping[str, int] | None

    def at_least(self, threshold: int) -> bool:
        """Whether all its pairs reach the threshold, which must be a border of bands."""
        return self.low is not None and self.low >= threshold


@dataclass(frozen=True)
class Sample:
    """Strata, and the drawn pairs as places in the population with their strata, in random order."""

    strata: tuple[Stratum, ...]
    place: Ints
    stratum: Ints


@dataclass(frozen=True)
class Judged:
    """A pair that was looked at: its stratum (a place among the strata), the subgroups it is of, and the answer."""

    stratum: int
    groups: frozenset[str]
    answer: Answer


@dataclass(frozen=True)
class Bounds:
    """An estimate with its confidence limits, 0..1. `low` and `high` differ where answers are unsure.

    `low` takes each unsure answer against the registry, `high` for it; `lower` and `upper` are the limits of both.
    """

    low: float
    high: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Figures:
    """What the answers say of a set of pairs taken as matches: how many they are, precision, recall.

    `recall` is among the pairs within reach, `recall_of_candidates` among these and the weaker candidates. None: there
    is no pair, or no match was seen.
    """

    pairs: int
    precision: Bounds | None
    recall: Bounds | None
    recall_of_candidates: Bounds | None


def borders(match: int, review: int) -> tuple[int, ...]:
    """Where bands of weight begin, in millibits, ascending: narrow about the thresholds, wide far from them.

    >>> borders(0, -4000)
    (-12000, -8000, -4000, -2000, 0, 2000, 4000, 8000, 16000)
    """
    near = {review - REACH, review - REACH // 2, review, (match + review) // 2, match}
    return tuple(sorted(near | {match + bits for bits in (2_000, 4_000, 8_000, 16_000)}))


def priorities(seed: int, left: Ints, right: Ints) -> npt.NDArray[np.uint64]:
    """A number per pair that looks random, from the lasting ids of its records; which is left does not matter.

    Two rounds of the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
    """
    mixed = np.full(len(left), seed, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for side in (np.minimum(left, right), np.maximum(left, right)):
            mixed = (mixed ^ side.astype(np.uint64)) + _MIX[0]
            mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[1]
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[2]
            mixed ^= mixed >> np.uint64(31)
    return mixed


def belief(weight: Ints) -> npt.NDArray[np.float64]:
    """The chance of a match that a weight (millibits, prior included) stands for, 0..1."""
    return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(weight, -900_000, 900_000) / 1000.0)), dtype=np.float64)


def sample(population: Population, starts: Sequence[int], pairs: int) -> Sample:
    """Split the population by bands that begin at `starts`, and draw about `pairs` of it.

    Of each stratum the pairs of the lowest priority are taken: a simple random sample of it. Every stratum gives two
    at least, or all it has, so where strata are many, more than `pairs` may be drawn.
    """
    band = np.searchsorted(np.array(starts), population.weight, side="right") * 2 + population.joined
    cells, of_cell = np.unique(band, return_inverse=True)
    sizes = np.bincount(of_cell, minlength=len(cells))
    chance = belief(population.weight)
    believed = np.bincount(of_cell, weights=chance, minlength=len(cells)) / np.maximum(sizes, 1)
    # Widths fall fastest so: N^(2/3) where no event is seen, and more where the answer is open.
    wanted = allot(sizes, np.cbrt(sizes.astype(float)) ** 2 * (0.1 + np.sqrt(believed * (1 - believed))), pairs)
    names, rarest = _rarest(population)
    strata: list[Stratum] = []
    places: list[Ints] = []
    for cell, code in enumerate(cells.tolist()):
        rows = np.flatnonzero(of_cell == cell)
        for name, some, drawn in _by_group(rows, names, rarest[rows], int(wanted[cell])):
            some = some[np.lexsort((some, population.priority[some]))]
            strata.append(_stratum(population, starts, code, name, some, chance, drawn))
            places.append(some[:drawn])
    place = np.concatenate([np.empty(0, np.int64), *places])
    stratum = np.repeat(np.arange(len(strata)), [len(some) for some in places])
    order = np.lexsort((place, priorities(1, population.priority[place].view(np.int64), place * 0)))
    return Sample(tuple(strata), place[order], stratum[order])


def allot(sizes: Ints, importance: npt.NDArray[np.float64], pairs: int) -> Ints:
    """How many of each stratum to draw: two at least, else by importance, never more than there are.

    >>> allot(np.array([1, 100, 100]), np.array([1.0, 1.0, 3.0]), 41).tolist()
    [1, 10, 30]
    """
    given = np.minimum(sizes, 2)
    while (left := pairs - int(given.sum())) > 0 and (open_ := given < sizes).any():
        target = importance * open_
        goal = given.sum(where=open_) + left
        wish = np.maximum(target / target.sum() * goal - given, 0.0) * open_
        step = np.minimum(np.floor(wish * min(left / wish.sum(), 1.0)).astype(np.int64), sizes - given)
        if not step.any():  # less than one each: the most wanted first
            first = np.argsort(-wish, kind="stable")[:left]
            step[first] = open_[first]
        given = given + step
    return given


def _rarest(population: Population) -> tuple[list[str], Ints]:
    """Names of the subgroups, commonest first, and of each pair the rarest one it is of (-1: none)."""
    names = sorted(population.groups, key=lambda name: (-int(population.groups[name].sum()), name))
    rarest = np.full(len(population), -1, dtype=np.int64)
    for code, name in enumerate(names):
        rarest[population.groups[name]] = code
    return names, rarest


def _by_group(rows: Ints, names: Sequence[str], rarest: Ints, wanted: int) -> list[tuple[str, Ints, int]]:
    """A band's rows cut by their rarest subgroup, as far as the pairs to be drawn reach; the others stay together."""
    codes, counts = np.unique(rarest, return_counts=True)
    room = max(wanted // LEAST_OF_GROUP, 1) - 1
    apart = [int(codes[k]) for k in np.argsort(-counts, kind="stable") if codes[k] >= 0 and counts[k] > 1][:room]
    parts = [(names[code], rows[rarest == code]) for code in sorted(apart)]
    rest = rows[~np.isin(rarest, apart)]
    parts += [("", rest)] if len(rest) else []
    sizes = np.array([len(some) for _, some in parts])
    # The root of the size: small subgroups get more than their share (Bankier, 1988).
    drawn = allot(sizes, np.sqrt(sizes), wanted)
    return [(name, some, int(n)) for (name, some), n in zip(parts, drawn, strict=True)]


def _stratum(
    population: Population,
    starts: Sequence[int],
    code: int,
    name: str,
    rows: Ints,
    chance: npt.NDArray[np.float64],
    drawn: int,
) -> Stratum:
    band, joined = divmod(code, 2)
    low = starts[band - 1] if band else None
    high = starts[band] if band < len(starts) else None
    counts = {group: int(of[rows].sum()) for group, of in population.groups.items()}
    return Stratum(low, high, bool(joined), name, len(rows), float(chance[rows].sum()), drawn, counts)


def estimate(
    strata: Sequence[Stratum], judged: Sequence[Judged], taken: Sequence[bool], confidence: float, group: str = ""
) -> Figures:
    """Precision and recall if the strata of `taken` are what is called a match; of a subgroup where `group` names one.

    `taken` holds whole bands: strata that differ in their subgroup alone are of one mind.
    Unsure answers are counted both ways. Candidates beyond reach (`low` None, not joined) are left out of `recall`.
    """
    ways = (False, True) if any(one.answer == "unsure" for one in judged) else (True,)
    cells = {yes: _bands(strata, _cells(strata, judged, yes, group)) for yes in (False, True)}
    reach = [s.low is not None or s.joined for s in strata]
    inside, outside, beyond = (
        [k for k in cells[True] if taken[k] is mine and (mine or reach[k] is near)]
        for mine, near in ((True, True), (False, True), (False, False))
    )

    def of(bands: Sequence[int], yes: bool) -> list[Cell]:
        return [cell for k in bands for cell in cells[yes][k]]

    def recall(others: Sequence[int]) -> Bounds | None:
        """Against the registry: what is unsure is no match inside, and one outside."""
        return _bounds(*(part(of(inside, yes), of(others, not yes), confidence) for yes in ways))

    precision = _bounds(*(share(of(inside, yes), confidence) for yes in ways))
    pairs = sum(cell.pairs for cell in of(inside, True))
    return Figures(pairs, precision, recall(outside), recall([*outside, *beyond]))


def _bands(strata: Sequence[Stratum], cells: Sequence[Cell]) -> dict[int, list[Cell]]:
    """Cells of one band and of one kind, joined or not, pooled; by the place of the first stratum among them."""
    bands: dict[tuple[int | None, bool], list[int]] = {}
    for k, stratum in enumerate(strata):
        bands.setdefault((stratum.low, stratum.joined), []).append(k)
    return {some[0]: pooled([cells[k] for k in some if cells[k].pairs]) for some in bands.values()}


def _cells(strata: Sequence[Stratum], judged: Sequence[Judged], unsure_is_same: bool, group: str) -> list[Cell]:
    """Per stratum its cell, of all pairs or of those of a subgroup."""
    yes = {"same", "unsure"} if unsure_is_same else {"same"}
    cells = []
    for number, stratum in enumerate(strata):
        here = [one for one in judged if one.stratum == number]
        otherwise = stratum.expected / max(stratum.pairs, 1)
        whole = Cell(stratum.pairs, len(here), sum(one.answer in yes for one in here), otherwise)
        cells.append(_of_group(stratum, here, whole, yes, group) if group else whole)
    return cells


def _of_group(stratum: Stratum, here: Sequence[Judged], whole: Cell, yes: set[str], group: str) -> Cell:
    """The subgroup's part of a stratum; where its size is not known, its matches as a share of the whole stratum."""
    mine = [one for one in here if group in one.groups]
    same = sum(one.answer in yes for one in mine)
    if stratum.of_group is None:
        return Cell(whole.pairs, whole.answered, same, 0.0)
    otherwise = whole.same / whole.answered if whole.answered else whole.otherwise
    return Cell(stratum.of_group.get(group, 0), len(mine), same, otherwise)


def _bounds(*ends: Interval | None) -> Bounds | None:
    found = [one for one in ends if one is not None]
    if not found:
        return None
    return Bounds(
        min(one.estimate for one in found),
        max(one.estimate for one in found),
        min(one.lower for one in found),
        max(one.upper for one in found),
    )
