from __future__ import annotations

import functools
import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdi_engine.linkage.clerical import (
    Answer,
    Figures,
    Judged,
    Population,
    Sample,
    allot,
    belief,
    borders,
    estimate,
    priorities,
    sample,
)

Ints = npt.NDArray[np.int64]
STARTS = borders(0, -4_000)
DRAWS = 150
CONFIDENCE = 0.9


@dataclass(frozen=True)
class World:
    """Pairs of which the truth is known. `ids` are the two records of each."""

    population: Population
    same: npt.NDArray[np.bool_]
    left: Ints
    right: Ints


@functools.cache
def world(overconfident: bool) -> World:
    """About 20,000 pairs shaped like those of a patient list; the model's chances are right, or far too extreme."""
    rng = np.random.default_rng(5)
    pieces = [(2_000, 20_000, 3_000), (600, 5_000, 6_000), (800, -6_000, 4_000), (16_000, -20_000, 5_000)]
    weight = np.concatenate([rng.normal(middle, width, size) for size, middle, width in pieces]).astype(np.int64)
    same = rng.random(len(weight)) < belief(weight // (4 if overconfident else 1))
    joined = (weight >= 0) ^ (rng.random(len(weight)) < 0.02)
    few = rng.random(len(weight)) < 0.04
    groups = {"few": few, "half": rng.random(len(weight)) < 0.5, "none": np.zeros(len(weight), bool)}
    left, right = np.arange(len(weight)) * 2, np.arange(len(weight)) * 2 + 1
    return World(Population(weight, joined, groups, priorities(0, left, right)), same, left, right)


def judge(made: World, seed: int, pairs: int) -> tuple[Sample, list[Judged]]:
    """A sample of the world, answered by somebody who knows."""
    population = made.population
    seeded = Population(
        population.weight, population.joined, population.groups, priorities(seed, made.left, made.right)
    )
    drawn = sample(seeded, STARTS, pairs)
    judged = []
    for place, stratum in zip(drawn.place.tolist(), drawn.stratum.tolist(), strict=True):
        groups = frozenset(name for name, of in population.groups.items() if of[place])
        judged.append(Judged(stratum, groups, "same" if made.same[place] else "different"))
    return drawn, judged


def truth(made: World, taken: npt.NDArray[np.bool_], group: str) -> tuple[float, float, float]:
    """Precision, recall within reach, recall of all candidates, counted."""
    of = made.population.groups[group] if group else np.ones(len(taken), bool)
    reach = (made.population.weight >= STARTS[0]) | made.population.joined
    right = float((made.same & taken & of).sum())
    return (
        right / float((taken & of).sum()),
        right / float((made.same & of & reach).sum()),
        right / float((made.same & of).sum()),
    )


def figures(drawn: Sample, judged: list[Judged], what: str, group: str, confidence: float = CONFIDENCE) -> Figures:
    taken = [s.joined if what == "joined" else s.at_least(int(what)) for s in drawn.strata]
    return estimate(drawn.strata, judged, taken, confidence, group)


@functools.cache
def many(overconfident: bool) -> list[tuple[Sample, list[Judged]]]:
    return [judge(world(overconfident), seed, 200) for seed in range(DRAWS)]


@pytest.mark.parametrize(
    ("what", "group"),
    [("joined", ""), ("joined", "few"), ("joined", "half"), ("0", ""), ("-4000", ""), ("4000", "few")],
)
@pytest.mark.parametrize("overconfident", [False, True], ids=["honest", "overconfident"])
def test_intervals_cover_what_is_true_and_are_not_beside_it(overconfident: bool, what: str, group: str) -> None:
    """Of 150 samples the 90 % intervals hold the truth in 90 % of them less 4.9 % (two standard errors) at least."""
    made = world(overconfident)
    taken = made.population.joined if what == "joined" else made.population.weight >= int(what)
    true = truth(made, taken, group)
    least = CONFIDENCE - 2 * math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / DRAWS)
    found = [figures(drawn, judged, what, group) for drawn, judged in many(overconfident)]
    for number, name in enumerate(("precision", "recall", "recall_of_candidates")):
        bounds = [getattr(each, name) for each in found]
        covered = np.mean([each is not None and each.lower <= true[number] <= each.upper for each in bounds])
        assert covered >= least, (name, covered)
        assert all(0 <= each.lower <= each.low <= each.high <= each.upper <= 1 for each in bounds)


@pytest.mark.parametrize("what", ["joined", "0", "-4000"])
@pytest.mark.parametrize("overconfident", [False, True], ids=["honest", "overconfident"])
def test_estimates_are_right_on_average(overconfident: bool, what: str) -> None:
    """Precision is unbiased whatever the model believes: the mean of 150 lies within 4 standard errors of the truth."""
    made = world(overconfident)
    taken = made.population.joined if what == "joined" else made.population.weight >= int(what)
    for group in ("", "half"):
        found = [figures(drawn, judged, what, group).precision for drawn, judged in many(overconfident)]
        values = np.array([each.low for each in found if each is not None])
        error = values.std() / math.sqrt(len(values))
        # A subgroup's part of a stratum may be empty of answers: then the stratum speaks for it, nearly without bias.
        slack = 0.01 if group else 1e-9
        assert abs(values.mean() - truth(made, taken, group)[0]) < 4 * error + slack


def test_matches_are_estimated_without_bias() -> None:
    """The expanded number of matches is that of Horvitz and Thompson: right on average, deep strata included."""
    made = world(True)
    totals = []
    for drawn, judged in many(True):
        answers = Counter((one.stratum, one.answer) for one in judged)
        totals.append(sum(s.pairs / s.drawn * answers[k, "same"] for k, s in enumerate(drawn.strata)))
    error = float(np.std(totals)) / math.sqrt(DRAWS)
    assert abs(float(np.mean(totals)) - float(made.same.sum())) < 4 * error


def test_more_answers_give_narrower_intervals() -> None:
    wide, narrow = (figures(*judge(world(True), 1, pairs), "joined", "").precision for pairs in (100, 1_600))
    assert wide is not None
    assert narrow is not None
    assert narrow.upper - narrow.lower < 0.5 * (wide.upper - wide.lower)


def test_judging_all_pairs_leaves_no_doubt() -> None:
    made = world(True)
    few = Population(
        made.population.weight[::50],
        made.population.joined[::50],
        {name: of[::50] for name, of in made.population.groups.items()},
        made.population.priority[::50],
    )
    drawn = sample(few, STARTS, len(few))
    assert sorted(drawn.place.tolist()) == list(range(len(few)))
    same = made.same[::50]
    judged = [
        Judged(s, frozenset(), "same" if same[p] else "different")
        for p, s in zip(drawn.place.tolist(), drawn.stratum.tolist(), strict=True)
    ]
    found = figures(drawn, judged, "joined", "")
    exact = float((same & few.joined).sum() / few.joined.sum()), float((same & few.joined).sum() / same.sum())
    for bounds, true in zip((found.precision, found.recall_of_candidates), exact, strict=True):
        assert bounds is not None
        assert [bounds.low, bounds.lower, bounds.upper] == pytest.approx([true] * 3)


def test_unsure_answers_count_both_ways() -> None:
    drawn, judged = judge(world(True), 3, 200)
    inside = next(k for k, one in enumerate(judged) if drawn.strata[one.stratum].at_least(8_000))
    outside = next(
        k
        for k, one in enumerate(judged)
        if not drawn.strata[one.stratum].at_least(-4_000) and drawn.strata[one.stratum].low is not None
    )

    def with_answers(a: Answer, b: Answer) -> Figures:
        changed = list(judged)
        changed[inside] = Judged(judged[inside].stratum, judged[inside].groups, a)
        changed[outside] = Judged(judged[outside].stratum, judged[outside].groups, b)
        return figures(drawn, changed, "-4000", "")

    unsure, worst, best = (
        with_answers("unsure", "unsure"),
        with_answers("different", "same"),
        with_answers("same", "different"),
    )
    for name in ("precision", "recall", "recall_of_candidates"):
        both, low, high = (getattr(each, name) for each in (unsure, worst, best))
        assert (both.low, both.lower) == pytest.approx((low.low, low.lower))
        assert (both.high, both.upper) == pytest.approx((high.high, high.upper))
        assert both.low < both.high


def test_nothing_taken_and_nothing_found_have_no_figures() -> None:
    drawn, judged = judge(world(True), 3, 100)
    nothing = estimate(drawn.strata, judged, [False] * len(drawn.strata), 0.95)
    assert (nothing.pairs, nothing.precision) == (0, None)
    assert nothing.recall is not None
    assert nothing.recall.high == 0
    different = [Judged(one.stratum, one.groups, "different") for one in judged]
    found = figures(drawn, different, "0", "")
    assert found.recall is None
    assert found.precision is not None
    assert found.precision.low == 0
    assert found.precision.upper > 0.02  # no event is no proof
    assert figures(drawn, judged, "0", "none").precision is None


def test_a_stratum_that_lost_its_answers_keeps_its_width() -> None:
    drawn, judged = judge(world(False), 3, 100)
    top = next(k for k, stratum in enumerate(drawn.strata) if stratum.at_least(16_000) and stratum.joined)
    whole = figures(drawn, judged, "8000", "").precision
    lost = figures(drawn, [one for one in judged if one.stratum != top], "8000", "").precision
    assert whole is not None
    assert lost is not None
    assert lost.lower < whole.lower
    assert lost.low == pytest.approx(whole.low, abs=0.05)  # the model's belief stands in


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(0, 300),
    pairs=st.integers(1, 400),
    groups=st.integers(0, 6),
)
@settings(max_examples=60, deadline=None)
def test_strata_part_the_population_whatever_it_is(seed: int, count: int, pairs: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.integers(-60_000, 60_000, count)
    left = rng.permutation(count) + 1
    population = Population(
        weight,
        rng.random(count) < 0.5,
        {str(k): rng.random(count) < rng.random() for k in range(groups)},
        priorities(seed, left, left + count),
    )
    drawn = sample(population, STARTS, pairs)
    assert sum(s.pairs for s in drawn.strata) == count
    assert len(set(drawn.place.tolist())) == len(drawn.place) >= min(pairs, count)
    assert np.bincount(drawn.stratum, minlength=len(drawn.strata)).tolist() == [s.drawn for s in drawn.strata]
    for place, number in zip(drawn.place.tolist(), drawn.stratum.tolist(), strict=True):
        s = drawn.strata[number]
        assert s.low is None or s.low <= weight[place]
        assert s.high is None or weight[place] < s.high
        assert s.joined == population.joined[place]
        assert not s.group or population.groups[s.group][place]
    for s in drawn.strata:
        assert min(2, s.pairs) <= s.drawn <= s.pairs
    # The order of rows changes nothing.
    mixed = rng.permutation(count)
    again = sample(
        Population(
            weight[mixed],
            population.joined[mixed],
            {name: of[mixed] for name, of in population.groups.items()},
            population.priority[mixed],
        ),
        STARTS,
        pairs,
    )
    assert mixed[again.place].tolist() == drawn.place.tolist()
    assert again.strata == drawn.strata


def test_priorities_do_not_ask_which_record_is_left_and_differ_by_seed() -> None:
    left, right = np.arange(10_000), np.arange(10_000)[::-1] + 20_000
    one, other = priorities(1, left, right), priorities(1, right, left)
    assert one.tolist() == other.tolist()
    assert len(set(one.tolist())) == 10_000
    assert not set(one.tolist()) & set(priorities(2, left, right).tolist())
    # Even: every quarter of the range holds a quarter of them.
    assert np.bincount((one >> np.uint64(62)).astype(np.int64)) == pytest.approx([2_500] * 4, rel=0.1)


def test_doubt_and_size_are_looked_at_more() -> None:
    drawn, _ = judge(world(False), 1, 200)
    per_band = Counter[int | None]()
    pairs = Counter[int | None]()
    for stratum in drawn.strata:
        per_band[stratum.low] += stratum.drawn
        pairs[stratum.low] += stratum.pairs
    assert per_band[0] / pairs[0] > 3 * per_band[16_000] / pairs[16_000]
    assert sum(s.drawn for s in drawn.strata if s.group == "few") > 0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(1, 300))
@settings(max_examples=200, deadline=None)
def test_allotment_gives_all_there_is_to_give(sizes: list[int], pairs: int) -> None:
    found = allot(np.array(sizes), np.sqrt(np.array(sizes, dtype=float)), pairs)
    least = [min(2, size) for size in sizes]
    assert all(a <= b <= c for a, b, c in zip(least, found.tolist(), sizes, strict=True))
    assert found.sum() == max(min(pairs, sum(sizes)), sum(least))
