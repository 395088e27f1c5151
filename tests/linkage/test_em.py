from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.training.em import Floats, Kind, Way, fit, maximise, monotone, posteriors

Ints = npt.NDArray[np.int64]


def random_ways(rng: np.random.Generator, sizes: list[int], count: int) -> list[Way]:
    """Ways with random rows; each may leave out blocks, hold more pairs than its rows, and cap its lambda."""
    ways = []
    for _ in range(count):
        rows = int(rng.integers(1, 30))
        levels = np.stack([rng.integers(0, size, rows) for size in sizes], axis=1)
        left_out = rng.random(len(sizes)) < 0.3
        left_out[int(rng.integers(len(sizes)))] = False
        levels[:, left_out] = -1
        counts = rng.integers(1, 50, rows).astype(np.float64)
        log_u = -rng.random(rows) * 15
        total = float(counts.sum() * rng.choice([1, 1, 3, 50]))
        ways.append(Way(levels, counts, log_u, total, float(rng.choice([1.0, 0.5, 0.05, 0.001]))))
    return ways


def random_m(rng: np.random.Generator, classes: list[Ints]) -> list[Floats]:
    found = []
    for kinds in classes:
        raw = rng.random(len(kinds)) + 0.01
        found.append(raw / np.bincount(kinds, weights=raw)[kinds])
    return found


def plain_likelihood(way: Way, m: list[Floats], share: float) -> float:
    """log2 of the likelihood of a way's rows, one row after the other."""
    share = min(max(share, 1e-12), 1 - 1e-12)
    total = (way.total - way.counts.sum()) * math.log2(1 - share)
    for levels, count, log_u in zip(way.levels.tolist(), way.counts.tolist(), way.log_u.tolist(), strict=True):
        match = share * math.prod(max(m[b][level], 1e-12) for b, level in enumerate(levels) if level >= 0)
        total += count * math.log2(match + (1 - share) * 2.0**log_u)
    return float(total)


@given(seed=st.integers(0, 10**9), sizes=st.lists(st.integers(2, 5), min_size=1, max_size=4), count=st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_em_never_lowers_the_likelihood(seed: int, sizes: list[int], count: int) -> None:
    rng = np.random.default_rng(seed)
    ways = random_ways(rng, sizes, count)
    # Level 0 (missing) is a class of its own, as in training; so are two halves of a large joint level.
    classes = [np.array([0] + [1 + (level > 3) for level in range(1, size)]) for size in sizes]
    start = [float(rng.choice([0.5, 0.01, 1e-6])) for _ in ways]
    result = fit(ways, random_m(rng, classes), classes, start, steps=40, tolerance=-1.0)
    assert len(result.history) == 40
    for before, after in itertools.pairwise(result.history):
        assert after >= before - 1e-7 * (1 + abs(before))
    for block, kinds in zip(result.m, classes, strict=True):
        assert np.allclose(np.bincount(kinds, weights=block), 1.0)
    assert all(share <= way.most for share, way in zip(result.lambdas, ways, strict=True))


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_expectation_is_bayes_rule_row_by_row(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (way,) = random_ways(rng, [3, 4], 1)
    m, share = random_m(rng, [np.zeros(3, np.int64), np.zeros(4, np.int64)]), 0.3
    (posterior,), likelihood = posteriors(way, [(m, share)])
    assert likelihood == pytest.approx(plain_likelihood(way, m, share))
    for row, found in enumerate(posterior.tolist()):
        match = share * math.prod(m[b][level] for b, level in enumerate(way.levels[row].tolist()) if level >= 0)
        stranger = (1 - share) * 2.0 ** way.log_u[row]
        assert found == pytest.approx(match / (match + stranger))


def simulate(rng: np.random.Generator, m: list[Floats], u: list[Floats], share: float, pairs: int) -> Way:
    match = rng.random(pairs) < share
    columns = []
    for shares_m, shares_u in zip(m, u, strict=True):
        of_match = rng.choice(len(shares_m), pairs, p=shares_m)
        columns.append(np.where(match, of_match, rng.choice(len(shares_u), pairs, p=shares_u)))
    rows, counts = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    log_u = sum(np.log2(shares_u)[rows[:, b]] for b, shares_u in enumerate(u))
    return Way(rows, counts.astype(np.float64), np.asarray(log_u), float(pairs), 1.0)


@pytest.mark.parametrize("share", [0.3, 0.02])
def test_em_finds_known_parameters(share: float) -> None:
    """100,000 simulated pairs: m within 0.02 (0.05 where matches are few), lambda within 5 % of itself."""
    rng = np.random.default_rng(7)
    m = [np.array([0.1, 0.2, 0.7]), np.array([0.05, 0.95]), np.array([0.15, 0.25, 0.6]), np.array([0.1, 0.9])]
    u = [np.array([0.9, 0.08, 0.02]), np.array([0.9, 0.1]), np.array([0.8, 0.15, 0.05]), np.array([0.95, 0.05])]
    flat = [np.full(len(block), 1 / len(block)) for block in m]
    start = [0.5 * block + 0.5 * np.eye(len(block))[-1] for block in flat]
    way = simulate(rng, m, u, share, 100_000)
    result = fit([way], start, [np.zeros(len(block), np.int64) for block in m], [0.5], steps=500, tolerance=1e-12)
    assert result.lambdas[0] == pytest.approx(share, rel=0.05)
    for found, truth in zip(result.m, m, strict=True):
        assert np.abs(found - truth).max() < (0.02 if share > 0.1 else 0.05)


def test_several_ways_share_m_but_not_lambda() -> None:
    rng = np.random.default_rng(3)
    m = [np.array([0.1, 0.9]), np.array([0.2, 0.8]), np.array([0.05, 0.95])]
    u = [np.array([0.95, 0.05]), np.array([0.9, 0.1]), np.array([0.97, 0.03])]
    ways = [simulate(rng, m, u, share, 50_000) for share in (0.6, 0.05)]
    classes = [np.zeros(2, np.int64)] * 3
    result = fit(ways, [np.array([0.3, 0.7])] * 3, classes, [0.5, 0.5], steps=500, tolerance=1e-12)
    assert result.lambdas == pytest.approx((0.6, 0.05), rel=0.05)
    for found, truth in zip(result.m, m, strict=True):
        assert np.abs(found - truth).max() < 0.02


def test_a_class_nobody_fell_into_keeps_its_m() -> None:
    old = np.array([1.0, 0.4, 0.6, 0.3, 0.7])
    found = maximise(np.array([0.0, 1.0, 3.0, 0.0, 0.0]), old, np.array([0, 1, 1, 2, 2]))
    assert found.tolist() == [1.0, 0.25, 0.75, 0.3, 0.7]


def chain(levels: int) -> Ints:
    return np.stack([np.arange(levels - 1), np.arange(1, levels)], axis=1)


def plain_monotone(m: list[float], u: list[float]) -> list[float]:
    """The slopes of the greatest convex minorant of the points (sum of u, sum of m), by looking at every segment."""
    x, y = [0.0], [0.0]
    for share, chance in zip(m, u, strict=True):
        x.append(x[-1] + chance)
        y.append(y[-1] + share)
    slopes = []
    for k in range(len(m)):
        # Min-max formula of isotonic regression: max over starts of min over ends of the mean ratio.
        slopes.append(max(min((y[e] - y[s]) / (x[e] - x[s]) for e in range(k + 1, len(m) + 1)) for s in range(k + 1)))
    return [slope * chance for slope, chance in zip(slopes, u, strict=True)]


@given(
    shares=st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=8),
)
@settings(max_examples=300, deadline=None)
def test_monotone_is_isotonic_regression(shares: list[tuple[int, int]]) -> None:
    m, u = [float(a) for a, _ in shares], [float(b) for _, b in shares]
    found = monotone(np.array(m), np.array(u), chain(len(m)))
    assert found.tolist() == pytest.approx(plain_monotone(m, u))
    assert found.sum() == pytest.approx(sum(m))
    ratio = found / np.array(u)
    assert all(b >= a * (1 - 1e-12) for a, b in itertools.pairwise(ratio))


def test_monotone_leaves_what_already_rises() -> None:
    m, u = np.array([0.1, 0.2, 0.7]), np.array([0.8, 0.15, 0.05])
    assert monotone(m, u, chain(3)).tolist() == pytest.approx(m.tolist())


@given(seed=st.integers(0, 10**9), sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_joint_levels_become_monotone_and_keep_their_sum(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    cells = list(itertools.product(*map(range, sizes)))
    comparable = [
        (a, b)
        for (a, low), (b, high) in itertools.permutations(enumerate(cells), 2)
        if all(x <= y for x, y in zip(low, high, strict=True))
    ]
    order = np.array([(a, b) for a, b in comparable if sum(cells[b]) == sum(cells[a]) + 1], dtype=np.int64).reshape(
        -1, 2
    )
    m, u = rng.integers(0, 20, len(cells)).astype(float), rng.integers(1, 20, len(cells)).astype(float)
    found = monotone(m, u, order)
    ratio = found / u
    assert all(ratio[b] >= ratio[a] * (1 - 1e-12) for a, b in comparable)
    assert found.sum() == pytest.approx(m.sum())
    assert monotone(found, u, order) == pytest.approx(found)
    # Nothing leaves the range it had.
    assert ratio.min() >= (m / u).min() * (1 - 1e-12)
    assert ratio.max() <= (m / u).max() * (1 + 1e-12)


def expected_counts(kinds: list[tuple[float, list[float]]], total: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """All rows of levels 0 and 1, and how many pairs of each there are: kinds as share and chances of level 1."""
    levels = np.array(list(itertools.product((0, 1), repeat=len(kinds[0][1]))), dtype=np.int64)
    counts = np.zeros(len(levels))
    for share, chances in kinds:
        each = np.where(levels == 1, chances, 1 - np.array(chances))
        counts += total * share * each.prod(axis=1)
    return levels, counts


def test_pairs_alike_for_another_reason_are_not_taken_for_matches() -> None:
    u, m, family = [0.01, 0.05, 0.001, 0.002], [0.95, 0.9, 0.85, 0.9], [0.9, 0.5, 0.02, 0.01]
    levels, counts = expected_counts([(1e-4, m), (1e-2, family), (1 - 1e-2 - 1e-4, u)], 1e7)
    log_u = np.log2(np.where(levels == 1, u, 1 - np.array(u))).sum(axis=1)
    way = Way(levels, counts, log_u, 1e7)
    first, classes = [np.array([0.1, 0.9])] * 4, [np.zeros(2, np.int64)] * 4

    misled = fit([way], first, classes, [1e-5], steps=2000, tolerance=1e-12)
    assert misled.lambdas[0] > 50e-4  # the danger is real

    beside = Kind(tuple(np.array([1 - chance, chance]) for chance in (0.8, 0.4, 0.05, 0.05)), (0.02,))
    found = fit([way], first, classes, [1e-5], beside=beside, steps=2000, tolerance=1e-12)
    assert found.lambdas[0] == pytest.approx(1e-4, rel=0.02)
    assert [block[1] for block in found.m] == pytest.approx(m, abs=0.01)
    assert found.beside is not None
    assert [block[1] for block in found.beside.m] == pytest.approx(family, abs=0.01)
