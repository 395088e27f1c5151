"""Fragments judged by their profiles: against the same rules said plainly, and whatever the order."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linkage_tables import Row, copy_of, people, people_model, person, table, trained

from mdi_engine.linkage.clustering import hazard, profiles
from mdi_engine.linkage.clustering.cluster import cluster
from mdi_engine.linkage.clustering.collective import COMPLETE, MERGED, RIVAL, Rounds, choose, judge, unite
from mdi_engine.linkage.clustering.decisions import ONE_PER_SOURCE, Decision, Forbidden, Members
from mdi_engine.linkage.clustering.logs import log_sums, stretches
from mdi_engine.linkage.models.model import Model, VetoSpec
from mdi_engine.linkage.models.parameters import Completeness, Parameters
from mdi_engine.linkage.records import Records
from mdi_engine.linkage.training.train import train
from mdi_engine.linkage.weights.compare import blocks
from mdi_engine.linkage.weights.plain import PlainScorer
from mdi_engine.linkage.weights.score import Edges, score

Fragment = tuple[int, ...]
VETO = "two cities"


def plain_log_mean(bits: list[int]) -> float:
    """log2 of the mean of 2^x, in millibits."""
    return 1000 * math.log2(math.fsum(2 ** (x / 1000) for x in bits) / len(bits))


def plain_evidence(records: Records, parameters: Parameters, one: Fragment, other: Fragment) -> float:
    """The profile score, said plainly with floating point."""
    pairs = list(zip(blocks(records, parameters.model), parameters.blocks, strict=True))

    def side(mine: Fragment, theirs: Fragment) -> float:
        total = 0.0
        for block, learned in pairs:
            scorer = PlainScorer([(block, learned)], 0)
            for i in mine:
                bits = [
                    int(scorer.weights(np.array([min(i, j)]), np.array([max(i, j)]))[0])
                    for j in theirs
                    if any(part.codes[i] >= 0 and part.codes[j] >= 0 for part in block.parts)
                ]
                total += plain_log_mean(bits) if bits else 0.0
        return total / len(mine)

    return (side(one, other) + side(other, one)) / 2


def members_of(records: Records, groups: list[Fragment]) -> Members:
    rows = [sorted(group, key=lambda row: records.rank[row]) for group in groups]
    return Members(np.array([row for group in rows for row in group]), np.cumsum([0, *map(len, rows)]))


def split(count: int, rng: random.Random) -> list[Fragment]:
    """Rows in random fragments."""
    groups: dict[int, list[int]] = {}
    for row in range(count):
        groups.setdefault(rng.randrange(max(count // 2, 1)), []).append(row)
    return [tuple(group) for group in groups.values()]


def family(seed: int, model: Model, most: int = 12) -> Records:
    """A few persons written down several times, in two lists."""
    rng = random.Random(seed)
    rows: list[Row] = []
    for _ in range(rng.randint(1, 3)):
        first = person(rng)
        rows += [first, *(copy_of(first, rng) for _ in range(rng.randint(0, 3)))]
    rows = rows[:most]
    keys = [str(k) for k in rng.sample(range(100, 999), len(rows))]
    return table(rows, model, [rng.choice("ab") for _ in rows], keys)


@given(
    values=st.lists(st.lists(st.integers(-70_000, 70_000), min_size=1, max_size=9), max_size=6),
)
def test_sums_of_odds_are_right_to_a_millibit_and_do_not_depend_on_the_order(values: list[list[int]]) -> None:
    start = np.cumsum([0, *map(len, values)])[:-1]
    flat = np.array([x for group in values for x in group], dtype=np.int64)
    found = log_sums(flat, start).tolist()
    for group, bits in zip(values, found, strict=True):
        most = max(group)
        exact = most + 1000 * math.log2(sum(2 ** ((x - most) / 1000) for x in group))
        assert abs(bits - exact) <= 0.51
    flat = np.array([x for group in values for x in group[::-1]], dtype=np.int64)
    assert log_sums(flat, start).tolist() == found
    assert stretches(np.repeat(np.arange(len(values)), list(map(len, values)))).tolist() == start.tolist()


@given(seed=st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_evidence_between_fragments_is_the_plain_one(seed: int) -> None:
    _, parameters = trained()
    records = family(seed, parameters.model)
    groups = split(len(records), random.Random(seed))
    members = members_of(records, groups)
    pairs = np.array(list(itertools.combinations(range(len(groups)), 2)), dtype=np.int64).reshape(-1, 2)
    found = profiles.Profiles(records, parameters).scores(members, pairs[:, 0], pairs[:, 1])
    for (x, y), bits in zip(pairs.tolist(), found.tolist(), strict=True):
        # Each block's mean is rounded to a millibit, twice.
        assert abs(bits - plain_evidence(records, parameters, groups[x], groups[y])) <= 1 + 1.1 * len(parameters.blocks)
    turned = profiles.Profiles(records, parameters).scores(members, pairs[:, 1], pairs[:, 0])
    assert turned.tolist() == found.tolist()


def test_compiled_and_chunked_evidence_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    records, parameters = trained()
    members = members_of(records, split(len(records), random.Random(3)))
    left, right = np.triu_indices(min(len(members.size), 30), 1)
    here = profiles.Profiles(records, parameters).scores(members, left, right)
    monkeypatch.setattr(profiles, "MANY", 1)
    monkeypatch.setattr(profiles, "CHUNK", 7)
    assert profiles.Profiles(records, parameters).scores(members, left, right).tolist() == here.tolist()


def test_a_huge_fragment_speaks_through_some_of_its_records(monkeypatch: pytest.MonkeyPatch) -> None:
    records, parameters = trained()
    monkeypatch.setattr(profiles, "SPEAKERS", 3)
    order = np.argsort(records.rank)
    members, fewer = (members_of(records, [tuple(order[:n]), tuple(order[20:22])]) for n in (9, 3))
    found = [
        profiles.Profiles(records, parameters).scores(which, np.array([0]), np.array([1])).tolist()
        for which in (members, fewer)
    ]
    assert found[0] == found[1]


def model_with(one_per_source: bool, veto: bool) -> Model:
    vetoes = (VetoSpec(field="city", reason=VETO),) if veto else ()
    return people_model().model_copy(update={"one_per_source": one_per_source, "vetoes": vetoes})


@pytest.mark.parametrize("one_per_source", [False, True])
@pytest.mark.parametrize("veto", [False, True])
@given(seed=st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_what_is_forbidden_is_the_same_for_many_pairs_as_for_one(one_per_source: bool, veto: bool, seed: int) -> None:
    model = model_with(one_per_source, veto)
    records = family(seed, model)
    groups = split(len(records), random.Random(seed))
    members, forbidden = members_of(records, groups), Forbidden(records, model)
    left, right = np.triu_indices(len(groups), 1)
    found = forbidden.reasons(members, left, right).tolist()
    pairs = itertools.combinations([np.array(group) for group in groups], 2)
    assert found == [forbidden.reason(x, y) for x, y in pairs]


def plain_unite(
    records: Records, edges: Edges, parameters: Parameters, label: list[int]
) -> tuple[list[int], list[Decision]]:
    """The rounds said plainly: everything is looked at again in each."""
    rank, model, learned = records.rank, parameters.model, parameters.completeness
    forbidden, evidence = Forbidden(records, model), profiles.Profiles(records, parameters)
    decisions = []
    while True:
        groups = {first: tuple(row for row in range(len(label)) if label[row] == first) for first in set(label)}
        near = {
            tuple(sorted((label[a], label[b]), key=lambda row: rank[row]))
            for a, b, w in zip(edges.left.tolist(), edges.right.tolist(), edges.weight.tolist(), strict=True)
            if w >= parameters.review and label[a] != label[b]
        }
        options: dict[int, dict[int, int]] = {}
        for x, y in near:
            if forbidden.reason(np.array(groups[x]), np.array(groups[y])) is None:
                members = members_of(records, [groups[x], groups[y]])
                bits = int(evidence.scores(members, np.array([0]), np.array([1]))[0])
                options.setdefault(x, {})[y] = options.setdefault(y, {})[x] = bits
        wishes = []
        for x, partners in options.items():
            place = min(len(groups[x]), len(learned.done)) - 1
            value = {y: bits - learned.clusters + learned.open[place] for y, bits in partners.items()}
            best = min(value, key=lambda y: (-value[y], rank[y]))
            rest = [learned.done[place], *(bits for y, bits in value.items() if y != best)]
            weight = value[best] - int(log_sums(np.array(rest), np.array([0]))[0])
            if weight > parameters.match and len(groups[x]) <= len(groups[best]):
                wishes.append((-weight, rank[x], rank[best], x, best))
        used: set[int] = set()
        for minus, _, _, x, y in sorted(wishes):
            if not used & {x, y}:
                used |= {x, y}
                low, high = sorted((x, y), key=lambda row: rank[row])
                label = [low if first == high else first for first in label]
                decisions.append(Decision(low, high, -minus, True, MERGED))
        if not used:
            return label, decisions


@pytest.mark.parametrize("one_per_source", [False, True])
@pytest.mark.parametrize("veto", [False, True])
@given(seed=st.integers(0, 10**9))
@settings(max_examples=40, deadline=None)
def test_rounds_are_the_plain_ones(one_per_source: bool, veto: bool, seed: int) -> None:
    rng = random.Random(seed)
    model = model_with(one_per_source, veto)
    records = family(seed, model)
    done = tuple(rng.choice([-6_000, -1_000, -300]) for _ in range(3))
    learned = Completeness(rng.choice([0, 4_000, 9_000]), done, (-100, -1_000, -1_000))
    parameters = dataclasses.replace(trained()[1], model=model, completeness=learned)
    left, right = np.triu_indices(len(records), 1)
    weight = np.array([rng.choice([-9_000, -4_000, 500]) for _ in left], dtype=np.int64)
    edges = Edges(left, right, weight, len(left))
    start = np.arange(len(records))
    label, decisions = unite(records, edges, parameters, start)
    wanted, merges = plain_unite(records, edges, parameters, start.tolist())
    assert label.tolist() == wanted
    assert [d for d in decisions if d.merged] == merges
    for d in decisions:
        if not d.merged:
            assert label[d.left] != label[d.right]
            assert d.reason in (COMPLETE, RIVAL, ONE_PER_SOURCE, f"veto: {VETO}")
            sides = [np.flatnonzero(label == row) for row in (d.left, d.right)]
            assert d.weight <= parameters.match or Forbidden(records, model).reason(*sides) == d.reason


@given(seed=st.integers(0, 10**9), parts=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_clusters_do_not_depend_on_row_order_or_on_which_components_are_there(seed: int, parts: int) -> None:
    """Each component alone gives what the whole gives: so a batch, however it is split, and one look-up agree."""
    _, parameters = trained()
    rows, _ = people(40, seed)
    keys = [f"k{i:03}" for i in range(len(rows))]
    records = table(rows, parameters.model, ["a"] * len(rows), keys)
    edges = score(records, parameters)
    whole = cluster(records, edges, parameters)
    named = {records.keys[row]: records.keys[first] for row, first in enumerate(whole.label.tolist())}
    component = dict(enumerate(range(len(rows))))
    for a, b in zip(edges.left.tolist(), edges.right.tolist(), strict=True):
        old, new = component[b], component[a]
        component = {row: new if c == old else c for row, c in component.items()}
    rng = random.Random(seed)
    for part in range(parts):
        some = [row for row in range(len(rows)) if component[row] % parts == part]
        rng.shuffle(some)
        if not some:
            continue
        records = table([rows[i] for i in some], parameters.model, ["a"] * len(some), [keys[i] for i in some])
        found = cluster(records, score(records, parameters), parameters)
        for row, first in enumerate(found.label.tolist()):
            assert named[records.keys[row]] == records.keys[first]


def test_a_fragment_between_two_equal_rivals_stays_where_it_is() -> None:
    learned = Completeness(0, (-5_000,), (0,))
    chooser, partner = np.array([0, 0, 1, 2]), np.array([1, 2, 0, 0])
    evidence = np.array([9_000, 9_000, 9_000, 9_000])
    found = choose(chooser, partner, evidence, np.array([1, 2, 2]), learned)
    assert found.weight.tolist()[0] <= 0
    assert found.rival.tolist() == [True, False, False]
    assert found.weight.tolist()[1] == 14_000
    one_better = choose(chooser, partner, np.array([9_000, 7_000, 9_000, 7_000]), np.array([1, 2, 2]), learned)
    assert one_better.weight.tolist()[0] == 2_000


def test_judging_one_record_is_the_choice_of_a_fragment_of_one() -> None:
    records, parameters = trained()
    found = cluster(records, score(records, parameters), parameters)
    sizes = np.bincount(found.label, minlength=len(records))
    firsts = np.flatnonzero(sizes > 1).tolist()
    assert firsts
    agreed = 0
    for first in firsts:
        rows = np.flatnonzero(found.label == first)
        masters = [rows[rows != first], *(np.flatnonzero(found.label == other) for other in firsts if other != first)]
        verdict = judge(records, parameters, first, masters)
        agreed += verdict.master == 0
        assert verdict.evidence[0] is not None
        assert verdict.weight is not None
        assert (verdict.master is not None) == (verdict.weight > parameters.match)
    assert agreed >= 0.9 * len(firsts)


def test_a_record_that_may_join_nobody_founds_a_master_and_says_why() -> None:
    model = model_with(one_per_source=True, veto=False)
    rows = people(30, 5)[0]
    records = table(rows, model, ["a"] * len(rows), [str(i) for i in range(len(rows))])
    parameters = dataclasses.replace(trained()[1], model=model)
    verdict = judge(records, parameters, 0, [np.array([1]), np.array([2, 3])])
    assert (verdict.master, verdict.weight, verdict.reason) == (None, None, ONE_PER_SOURCE)
    assert verdict.evidence == (None, None)
    assert judge(records, parameters, 0, []).reason == COMPLETE


def test_the_hazard_is_learned_from_how_often_fragments_stop() -> None:
    """Every person stands three times: fragments of one are not complete, those of three are more likely so."""
    rng = random.Random(8)
    rows: list[Row] = []
    for _ in range(150):
        first = person(rng)
        rows += [first, copy_of(first, rng), copy_of(first, rng)]
    model = people_model()
    parameters = train(table(rows, model), model)
    learned = parameters.completeness
    share = [2 ** (bits / 1000) for bits in learned.done]
    assert share[0] < 0.1
    assert share[2] > 0.8
    assert abs(2 ** (learned.clusters / 1000) - 150) < 15
    assert len(learned.done) == len(learned.open) == hazard.SIZES + 1
    assert all(
        abs(2 ** (a / 1000) + 2 ** (b / 1000) - 1) < 0.01 for a, b in zip(learned.done, learned.open, strict=True)
    )


def test_where_there_is_nothing_to_find_nearly_everybody_is_complete() -> None:
    """The levels are known from elsewhere; here everybody stands once."""
    rng = random.Random(9)
    model = people_model()
    records = table([person(rng) for _ in range(300)], model)
    parameters = trained()[1]
    parameters = dataclasses.replace(parameters, completeness=hazard.learn(records, parameters))
    assert 2 ** (parameters.completeness.done[0] / 1000) > 0.9
    found = cluster(records, score(records, parameters), parameters)
    assert len(np.unique(found.label)) >= 297


def test_evidence_known_from_the_round_before_is_the_evidence() -> None:
    """What is kept between rounds is what would be found again."""
    records, parameters = trained()
    edges = score(records, parameters)
    rounds = Rounds(records, edges, parameters, np.arange(len(records)))
    while rounds.merge(rounds.choices(parameters.completeness)):
        fresh = profiles.Profiles(records, parameters).scores(rounds.members, rounds.left, rounds.right)
        assert fresh.tolist() == rounds.evidence.tolist()


def test_a_sample_of_components_teaches_about_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(8)
    persons = [person(rng) for _ in range(400)]
    rows = [row for first in persons for row in (first, *(copy_of(first, rng) for _ in range(rng.randint(0, 2))))]
    keys = [f"{rng.randrange(10**9):09}" for _ in rows]
    records, parameters = table(rows, people_model(), ["a"] * len(rows), keys), trained()[1]
    whole = hazard.learn(records, parameters)
    monkeypatch.setattr(hazard, "MOST", 400)
    part = hazard.learn(records, parameters)
    assert part != whole
    assert abs(part.clusters - whole.clusters) < 200
    for one, other in zip(part.done[:3], whole.done[:3], strict=True):
        assert abs(2 ** (one / 1000) - 2 ** (other / 1000)) < 0.12
    order = rng.sample(range(len(rows)), len(rows))
    moved = table([rows[i] for i in order], people_model(), ["a"] * len(rows), [keys[i] for i in order])
    assert hazard.learn(moved, parameters) == part
